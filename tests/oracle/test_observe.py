from __future__ import annotations

import hashlib
import struct
from typing import TYPE_CHECKING

import pytest

from exchange.refusals import Refusal, Substitution, substitutions
from secant import oracle
from world import NEVER, NO_BID

from .scene import BARRIER, DRIFT_MAX_S, STALENESS_S, STEP_MAX, WIDTH_MAX, WINDOW_S, Scene
from .substitutes import FEED, RECORD

if TYPE_CHECKING:
    from solders.instruction import Instruction
    from solders.pubkey import Pubkey

LAST, FIRST, AVERAGE = oracle.STATISTIC_LAST, oracle.STATISTIC_FIRST, oracle.STATISTIC_AVERAGE
DECIDED, OPEN, VOID = oracle.RECORD_DECIDED, oracle.RECORD_OPEN, oracle.RECORD_VOID


def arrange(scene: Scene) -> None:
    scene.run(scene.publish(BARRIER))


def call(scene: Scene) -> Instruction:
    return scene.observe()


SUBSTITUTED = substitutions(
    "observe",
    {
        "clock": dict.fromkeys(("clone", "nobody"), "ClockInvalid"),
        "feed": FEED | {"shared_feed": "FeedMismatch", "foreign_feed": "FeedMismatch"},
        "record": RECORD | {"foreign_record": "FeedMismatch"},
    },
)


def _overflowing(scene: Scene) -> Pubkey:
    """A variance one step away from 2^128."""
    record = scene.new_record(oracle.STATISTIC_VARIANCE, grid_s=1)
    for second, value in ((1, NO_BID + 1), (2, -NO_BID - 2)):
        scene.sample(second, value, record)
    scene.at(3)
    scene.run(scene.publish(NO_BID + 1))
    return record


REFUSED: list[Refusal[Scene]] = [
    Refusal("a sum beyond 128 bits", "Overflow", lambda s: s.observe(_overflowing(s))),
]


def result(scene: Scene, record: Pubkey | None = None) -> tuple[int, int]:
    state = scene.record_state(record)
    return state.status, state.yes_ticks


def chain(before: bytes, time: int, value: int) -> bytes:
    return hashlib.sha256(before + struct.pack("<qq", time, value)).digest()


def close_window(scene: Scene, record: Pubkey | None = None) -> None:
    """Observes once the last reading of the window cannot be fresh any more."""
    scene.at(WINDOW_S + STALENESS_S + 1)
    scene.run(scene.observe(record))


# What is taken in


def test_takes_in_every_sample(scene: Scene) -> None:
    record = scene.new_record(AVERAGE, low=1)
    for second, value in ((0, 100_000), (30, 160_000), (50, 90_000)):
        scene.sample(second, value, record)
    state = scene.record_state(record)
    assert (state.accepted, state.rejected) == (3, 0)
    assert (state.first_value, state.last_value, state.last_time) == (100_000, 90_000, scene.start + 50)
    assert (state.min_value, state.max_value, state.seen_time) == (90_000, 160_000, scene.start + 50)
    assert (state.covered_s, state.longest_gap_s) == (50, 30)
    assert state.weighted_sum == 100_000 * 30 + 160_000 * 20
    assert state.clamped_value == 120_000 - STEP_MAX
    evidence = chain(bytes(32), scene.start, 100_000)
    evidence = chain(evidence, scene.start + 30, 160_000)
    assert state.evidence_hash == chain(evidence, scene.start + 50, 90_000)
    assert (state.status, state.decided_time) == (OPEN, 0)


def test_a_sample_already_seen_changes_nothing(scene: Scene) -> None:
    scene.sample(0, 1)
    before = scene.world.data(scene.record)
    scene.at(5)
    assert scene.run(scene.observe()) == []
    assert scene.world.data(scene.record) == before


@pytest.mark.parametrize(("second", "accepted"), [(-1, 0), (0, 1), (WINDOW_S, 1), (WINDOW_S + 1, 0)])
def test_the_edges_of_the_window(scene: Scene, second: int, accepted: int) -> None:
    scene.sample(second, 1)
    assert scene.record_state().accepted == accepted


@pytest.mark.parametrize(("age_s", "accepted"), [(STALENESS_S, 1), (STALENESS_S + 1, 0)])
def test_a_sample_is_fresh_up_to_the_staleness(scene: Scene, age_s: int, accepted: int) -> None:
    scene.run(scene.publish(1))
    scene.at(age_s)
    scene.run(scene.observe())
    assert scene.record_state().accepted == accepted


@pytest.mark.parametrize(("width", "accepted"), [(100, 1), (101, 0)])
def test_a_record_may_ask_for_narrower_quotes_than_its_feed(scene: Scene, width: int, accepted: int) -> None:
    record = scene.new_record(LAST, width_max=100)
    scene.run(scene.publish(0, ask=width), scene.observe(record), scene.observe(record))
    state = scene.record_state(record)
    assert (state.accepted, state.rejected) == (accepted, 1 - accepted)
    assert state.seen_time == scene.start


@pytest.mark.parametrize(("bid", "ask"), [(NO_BID, 5), (0, WIDTH_MAX + 1)])
def test_a_quote_without_quality_earns_nothing(scene: Scene, bid: int, ask: int) -> None:
    scene.run(scene.publish(bid, ask=ask), scene.observe())
    state = scene.record_state()
    assert (state.accepted, state.rejected, state.last_time) == (0, 1, NEVER)


def test_a_middle_between_units_rounds_down(scene: Scene) -> None:
    scene.run(scene.publish(-3, ask=0), scene.observe())
    assert scene.record_state().last_value == -2


# When it is decided


def test_a_touch_is_decided_at_once_and_for_good(scene: Scene) -> None:
    scene.at(7)
    (decided,) = scene.run(scene.publish(BARRIER), scene.observe())
    assert decided == oracle.RecordDecided(record=scene.record, status=DECIDED, yes_ticks=10_000)
    state = scene.record_state()
    assert (state.status, state.yes_ticks, state.decided_time) == (DECIDED, 10_000, scene.start + 7)
    scene.at(8)
    assert scene.run(scene.publish(0), scene.observe()) == []
    close_window(scene)
    later = scene.record_state()
    assert (later.status, later.yes_ticks, later.decided_time) == (DECIDED, 10_000, scene.start + 7)
    assert later.passage_time == scene.start + 7


def test_a_touch_one_unit_short_is_none(scene: Scene) -> None:
    scene.sample(0, BARRIER - 1)
    assert result(scene) == (OPEN, 0)
    close_window(scene)
    assert result(scene) == (DECIDED, 0)


def test_a_touch_must_last(scene: Scene) -> None:
    record = scene.new_record(sustain_s=60)
    scene.sample(0, BARRIER, record)
    scene.sample(59, BARRIER, record)
    assert result(scene, record) == (OPEN, 0)
    scene.sample(60, BARRIER, record)
    assert result(scene, record) == (DECIDED, 10_000)


def test_a_first_value_is_decided_by_the_first_sample(scene: Scene) -> None:
    record = scene.new_record(FIRST, start=scene.start + 10, low=5)
    scene.sample(9, 99, record)
    assert result(scene, record) == (OPEN, 0)
    scene.sample(10, 5, record)
    assert result(scene, record) == (DECIDED, 10_000)
    scene.sample(11, 4, record)
    assert result(scene, record) == (DECIDED, 10_000)


def test_a_last_value_waits_until_no_sample_can_come(scene: Scene) -> None:
    record = scene.new_record(LAST, low=5)
    scene.sample(WINDOW_S, 5, record)
    scene.at(WINDOW_S + STALENESS_S)
    scene.run(scene.observe(record))
    assert result(scene, record) == (OPEN, 0)
    close_window(scene, record)
    assert result(scene, record) == (DECIDED, 10_000)
    assert scene.record_state(record).decided_time == scene.world.now


def test_a_sample_after_the_window_ends_it_at_once(scene: Scene) -> None:
    record = scene.new_record(LAST, low=5)
    scene.sample(WINDOW_S - 20, 5, record)
    scene.at(WINDOW_S - DRIFT_MAX_S + 1)
    scene.run(scene.publish(0, second=WINDOW_S + 1), scene.observe(record))
    assert result(scene, record) == (DECIDED, 10_000)
    assert scene.record_state(record).last_value == 5


def test_a_stale_sample_after_the_window_does_not_end_it(scene: Scene) -> None:
    """The clock does, by then."""
    record = scene.new_record(LAST, low=5)
    scene.at(WINDOW_S - 10)
    scene.run(scene.publish(5), scene.observe(record))
    assert result(scene, record) == (OPEN, 0)
    close_window(scene, record)
    assert result(scene, record) == (DECIDED, 10_000)


@pytest.mark.parametrize("statistic", [LAST, FIRST, AVERAGE, oracle.STATISTIC_TOUCH_UP])
def test_nothing_observed_is_void_and_stays_so(scene: Scene, statistic: int) -> None:
    record = scene.new_record(statistic, max_gap_s=59)
    close_window(scene, record)
    assert result(scene, record) == (VOID, 0)
    decided_time = scene.record_state(record).decided_time
    scene.at(WINDOW_S + STALENESS_S + 5)
    scene.run(scene.publish(BARRIER), scene.observe(record))
    assert result(scene, record) == (VOID, 0)
    assert scene.record_state(record).decided_time == decided_time


def test_a_statistic_beyond_its_integer_is_void(arranged: Scene) -> None:
    """So every record can be decided, and its event settled."""
    record = _overflowing(arranged)
    arranged.assert_refused("Overflow", arranged.observe(record))
    close_window(arranged, record)
    assert result(arranged, record) == (VOID, 0)


@pytest.mark.parametrize(("ppm", "status"), [(60_000, DECIDED), (60_001, VOID)])
def test_too_little_coverage_voids_and_never_means_no(scene: Scene, ppm: int, status: int) -> None:
    record = scene.new_record(coverage_min_ppm=ppm)
    scene.sample(0, 0, record)
    scene.sample(60, 0, record)
    close_window(scene, record)
    assert result(scene, record) == (status, 0)


def test_a_linear_payout_rounds_down_to_a_tick(scene: Scene) -> None:
    record = scene.new_record(LAST, payout=oracle.PAYOUT_LINEAR, low=0, high=3)
    scene.sample(WINDOW_S, 2, record)
    close_window(scene, record)
    assert result(scene, record) == (DECIDED, 6_666)


def test_evidence_after_the_decision_never_changes_it(scene: Scene) -> None:
    record = scene.new_record(FIRST, low=5)
    scene.sample(0, 5, record)
    decision = result(scene, record), scene.record_state(record).decided_time
    for second, value in ((1, 0), (2, 10**6), (3, -(10**6))):
        scene.sample(second, value, record)
        assert (result(scene, record), scene.record_state(record).decided_time) == decision
    assert scene.record_state(record).first_value == 5


# Publishers who are not alone


def shared(scene: Scene, statistic: int = oracle.STATISTIC_TOUCH_UP, **others: int) -> Pubkey:
    return scene.new_record(statistic, feed=scene.shared_feed, **others)


def publish_all(scene: Scene, *readings: tuple[int, int] | None) -> None:
    """Each publisher's (second, value), or None for one that is silent."""
    for publisher, reading in zip(scene.trio, readings, strict=True):
        if reading is not None:
            second, value = reading
            scene.run(scene.publish(value, second=second, by=publisher, feed=scene.shared_feed))


def test_one_of_three_shows_nothing(scene: Scene) -> None:
    record = shared(scene)
    publish_all(scene, (0, BARRIER), None, None)
    before = scene.world.data(record)
    scene.run(scene.observe(record, scene.shared_feed))
    assert scene.world.data(record) == before


@pytest.mark.parametrize("lie", [-(2**62), 0, 10**6, 2**62])
def test_one_liar_of_three_stays_between_the_honest(scene: Scene, lie: int) -> None:
    record = shared(scene)
    publish_all(scene, (0, 500_000), (0, 500_010), (0, lie))
    scene.run(scene.observe(record, scene.shared_feed))
    state = scene.record_state(record)
    assert 500_000 <= state.last_value <= 500_010
    assert result(scene, record) == (OPEN, 0)


def test_one_of_three_moves_no_time(scene: Scene) -> None:
    """A reading ahead of the clock neither moves the sample's time nor ends the window."""
    record = shared(scene, LAST, low=BARRIER)
    scene.at(WINDOW_S - 2)
    publish_all(scene, (WINDOW_S - 2, 5), (WINDOW_S - 2, 5), (WINDOW_S + 13, BARRIER))
    scene.run(scene.observe(record, scene.shared_feed))
    state = scene.record_state(record)
    assert (state.last_time, state.status) == (scene.start + WINDOW_S - 2, OPEN)
    assert state.last_value == 5


def test_one_of_three_without_quality_blocks_nothing(scene: Scene) -> None:
    record = shared(scene)
    publish_all(scene, (0, 7), (0, 9), None)
    scene.run(scene.publish(0, ask=10**9, by=scene.third, feed=scene.shared_feed))
    scene.run(scene.observe(record, scene.shared_feed))
    assert scene.record_state(record).last_value == 8


@pytest.mark.parametrize("silent_s", [1, STALENESS_S, STALENESS_S + 1])
def test_a_silent_publisher_s_last_word_is_no_witness(scene: Scene, silent_s: int) -> None:
    """What was true once does not make a quorum with a liar of now."""
    record = shared(scene)
    publish_all(scene, (0, 3 * WIDTH_MAX), (0, 3 * WIDTH_MAX), (0, 3 * WIDTH_MAX))
    scene.at(silent_s)
    publish_all(scene, (silent_s, 0), None, (silent_s, 3 * WIDTH_MAX))
    scene.run(scene.observe(record, scene.shared_feed))
    state = scene.record_state(record)
    assert (state.accepted, state.rejected, state.seen_time) == (0, 1, scene.start + silent_s)


def test_half_of_the_publishers_say_what_is_so_now(scene: Scene) -> None:
    """Where a quorum is half or less, the others' last words do not outvote it, lies or none."""
    feed = scene.world.new_feed(scene.trio, quorum=1, name="any of three")
    record = scene.new_record(FIRST, feed=feed, low=BARRIER, start=scene.start + 1)
    for publisher in scene.trio[1:]:
        scene.run(scene.publish(BARRIER, second=0, by=publisher, feed=feed))
    scene.at(1)
    scene.run(scene.publish(5, second=1, by=scene.trio[0], feed=feed), scene.observe(record, feed))
    assert scene.record_state(record).first_value == 5


def test_two_of_three_meet_in_the_middle(scene: Scene) -> None:
    """The limit of two of three: while one is silent, no median outvotes a liar within the width."""
    record = shared(scene)
    publish_all(scene, (0, 100), (0, 100), (0, 100))
    scene.at(STALENESS_S + 1)
    publish_all(scene, (STALENESS_S + 1, 100), None, (STALENESS_S + 1, 300))
    scene.run(scene.observe(record, scene.shared_feed))
    assert scene.record_state(record).last_value == 200


def test_a_liar_and_one_honest_publisher_prove_nothing(scene: Scene) -> None:
    """Two readings farther apart than any quote may be wide are no agreement, whatever their middle is."""
    record = shared(scene)
    publish_all(scene, (0, 100_000), None, (0, 2**62))
    scene.run(scene.observe(record, scene.shared_feed))
    assert result(scene, record) == (OPEN, 0)
    assert scene.record_state(record).accepted == 0


def test_a_time_refused_and_then_agreed_counts_as_accepted_alone(scene: Scene) -> None:
    """Two of three disagree; the third decides for one of them, at the same source time."""
    record = shared(scene)
    publish_all(scene, (5, 0), (5, far := 3 * WIDTH_MAX), None)
    scene.run(scene.observe(record, scene.shared_feed))
    refused = scene.record_state(record)
    assert (refused.rejected, refused.accepted) == (1, 0)
    publish_all(scene, None, None, (5, far))
    scene.run(scene.observe(record, scene.shared_feed))
    agreed = scene.record_state(record)
    assert (agreed.rejected, agreed.accepted, agreed.last_value) == (0, 1, far)


def test_samples_of_a_quorum_never_go_back_in_time(scene: Scene) -> None:
    record = shared(scene)
    publish_all(scene, (0, 1), (5, 1), (10, 1))
    scene.run(scene.observe(record, scene.shared_feed))
    assert scene.record_state(record).last_time == scene.start + 5
    scene.run(scene.publish(3, second=6, by=scene.publisher, feed=scene.shared_feed))
    scene.run(scene.observe(record, scene.shared_feed))
    assert scene.record_state(record).last_time == scene.start + 6


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: Scene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: Scene, refusal: Refusal[Scene]) -> None:
    refusal.check(arranged)
