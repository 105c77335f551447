from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from solders.instruction import AccountMeta, Instruction

from exchange.refusals import TWICE, UNSIGNED, Refusal, Substitution, substitutions
from secant import oracle
from world import NO_ASK, NO_BID

from .scene import DRIFT_MAX_S, STALENESS_S, WINDOW_S, Scene

if TYPE_CHECKING:
    from solders.pubkey import Pubkey


def arrange(scene: Scene) -> None:
    """Nothing: the scene suffices."""


def call(scene: Scene, value: int = 500_000) -> Instruction:
    return scene.publish(value)


SUBSTITUTED = substitutions(
    "publish",
    {
        "publisher": {"unsigned": UNSIGNED, "nobody": "PublisherUnknown", "stranger": "PublisherUnknown"},
        "clock": dict.fromkeys(("clone", "nobody", "rent", "foreign_feed", "oracle_program"), "ClockInvalid"),
        "feed": {"read_only": "Custom(2000)", "foreign_feed": "PublisherUnknown"}
        | dict.fromkeys(
            ("clone", "other_type", "nobody", "record", "margin_account", "exchange"), "FeedInvalid"
        ),
    },
)


def batch(
    scene: Scene, feeds: list[Pubkey], readings: int | None = None, *, is_writable: bool = True
) -> Instruction:
    """The same reading of each feed; `readings` of them if told."""
    count = len(feeds) if readings is None else readings
    base = scene.world.publish(scene.publisher, feeds[:1], [(scene.world.now, 1, 2)] * count)
    metas = [AccountMeta(feed, is_signer=False, is_writable=is_writable) for feed in feeds[1:]]
    return Instruction(base.program_id, bytes(base.data), [*base.accounts, *metas])


def _raw(scene: Scene, readings: bytes) -> Instruction:
    return oracle.publish(publisher=scene.publisher.pubkey(), feed=scene.feed, readings=readings)


REFUSED: list[Refusal[Scene]] = [
    Refusal("no reading", "ReadingCountMismatch", lambda s: _raw(s, b"")),
    Refusal("a byte short of a reading", "ReadingCountMismatch", lambda s: _raw(s, bytes(23))),
    Refusal(
        "a byte more than a reading",
        "ReadingCountMismatch",
        lambda s: _raw(s, s.world.now.to_bytes(8, "little") + bytes(17)),
    ),
    Refusal("two readings of one feed", "ReadingCountMismatch", lambda s: batch(s, [s.feed], 2)),
    Refusal(
        "three readings of two feeds", "ReadingCountMismatch", lambda s: batch(s, [s.feed, s.shared_feed], 3)
    ),
    Refusal(
        "two readings of three feeds",
        "ReadingCountMismatch",
        lambda s: batch(s, [s.feed, s.shared_feed, s.foreign_feed], 2),
    ),
    Refusal(
        "one reading of two feeds", "ReadingCountMismatch", lambda s: batch(s, [s.feed, s.shared_feed], 1)
    ),
    Refusal("bid above ask", "ReadingCrossed", lambda s: s.publish(2, ask=1)),
    Refusal("a bid at the mark of no ask", "ReadingCrossed", lambda s: s.publish(NO_ASK, ask=NO_ASK)),
    Refusal("an ask at the mark of no bid", "ReadingCrossed", lambda s: s.publish(NO_BID, ask=NO_BID)),
    Refusal("the same source time", "SourceTimeNotIncreasing", call, lambda s: s.run(call(s))),
    Refusal(
        "an earlier source time",
        "SourceTimeNotIncreasing",
        lambda s: s.publish(1, second=-1),
        lambda s: s.run(call(s)),
    ),
    Refusal("a second too far ahead", "SourceTimeInFuture", lambda s: s.publish(1, second=DRIFT_MAX_S + 1)),
    Refusal("a second too old", "ReadingStale", lambda s: s.publish(1, second=-STALENESS_S - 1)),
    Refusal("not a publisher of this feed", "PublisherUnknown", lambda s: s.publish(1, by=s.second)),
    Refusal("a further feed of others", "PublisherUnknown", lambda s: batch(s, [s.feed, s.foreign_feed])),
    Refusal("a further account that is no feed", "FeedInvalid", lambda s: batch(s, [s.feed, s.record])),
    Refusal(
        "a further feed under another program", "FeedInvalid", lambda s: batch(s, [s.feed, s.clone(s.feed)])
    ),
    Refusal(
        "a read-only further feed",
        "FeedInvalid",
        lambda s: batch(s, [s.feed, s.shared_feed], is_writable=False),
    ),
    Refusal("the same feed again", TWICE, lambda s: batch(s, [s.feed, s.feed])),
    Refusal(
        "the same further feed again",
        "SourceTimeNotIncreasing",
        lambda s: batch(s, [s.feed, s.shared_feed, s.shared_feed]),
    ),
]


def test_stores_the_reading_in_the_publisher_s_place(scene: Scene) -> None:
    before = scene.feed_state(scene.shared_feed)
    assert scene.run(scene.publish(3, ask=7, by=scene.second, feed=scene.shared_feed)) == []
    after = scene.feed_state(scene.shared_feed)
    reading = oracle.FeedReading(source_time=scene.start, bid=3, ask=7)
    assert after.readings == (before.readings[0], reading, *before.readings[2:])
    assert after.needed_until == before.needed_until


def test_writes_many_feeds_at_once(scene: Scene) -> None:
    more = [scene.world.new_feed([scene.publisher], name=f"feed {number}") for number in range(8)]
    scene.run(batch(scene, [scene.feed, *more]))
    for feed in (scene.feed, *more):
        assert scene.feed_state(feed).readings[0] == oracle.FeedReading(scene.start, 1, 2)


@pytest.mark.parametrize("second", [DRIFT_MAX_S, -STALENESS_S])
def test_the_edges_of_the_source_time(scene: Scene, second: int) -> None:
    scene.run(scene.publish(1, second=second))
    assert scene.feed_state().readings[0].source_time == scene.start + second


def test_a_time_ahead_holds_a_publisher_up_for_no_longer_than_the_drift(scene: Scene) -> None:
    scene.run(scene.publish(1, second=DRIFT_MAX_S))
    scene.at(1)
    scene.run(scene.publish(1, second=DRIFT_MAX_S + 1))
    scene.at(DRIFT_MAX_S + 2)
    scene.run(call(scene))


@pytest.mark.parametrize(
    ("bid", "ask"), [(NO_BID, 5), (5, NO_ASK), (NO_BID, NO_ASK), (NO_BID + 1, NO_ASK - 1), (0, 0)]
)
def test_one_sided_and_empty_books_are_readings(scene: Scene, bid: int, ask: int) -> None:
    scene.run(scene.publish(bid, ask=ask))
    assert scene.feed_state().readings[0] == oracle.FeedReading(scene.start, bid, ask)


def test_a_refused_reading_refuses_the_whole_batch(scene: Scene) -> None:
    scene.run(scene.publish(1, feed=scene.shared_feed))
    scene.assert_refused("SourceTimeNotIncreasing", batch(scene, [scene.feed, scene.shared_feed]))


def test_a_publisher_cannot_write_another_s_place(scene: Scene) -> None:
    scene.run(scene.publish(9, by=scene.third, feed=scene.shared_feed))
    before = scene.feed_state(scene.shared_feed).readings
    scene.at(1)
    scene.run(scene.publish(1, by=scene.publisher, feed=scene.shared_feed))
    after = scene.feed_state(scene.shared_feed).readings
    assert after[1:] == before[1:]


def test_publishing_goes_on_after_the_last_window(scene: Scene) -> None:
    scene.at(WINDOW_S * 10)
    scene.run(call(scene))


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: Scene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: Scene, refusal: Refusal[Scene]) -> None:
    refusal.check(arranged)
