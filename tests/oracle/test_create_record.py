from __future__ import annotations

import hashlib

import pytest
from solders.instruction import Instruction
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer

from exchange.refusals import (
    SYSTEM_ALREADY_IN_USE,
    SYSTEM_INSUFFICIENT_FUNDS,
    WRONG_SEEDS,
    Refusal,
    Substitution,
    substitutions,
)
from exchange.substitutes import PAYER
from secant import oracle
from world import NEVER

from .scene import STALENESS_S, WIDTH_MAX, Scene
from .substitutes import FEED_WRITABLE, NEW_ACCOUNT, SYSTEM_PROGRAM

TWO_YEARS_S = 2 * 366 * 86_400
LAST = oracle.STATISTIC_LAST
FIRST = oracle.STATISTIC_FIRST
VARIANCE = oracle.STATISTIC_VARIANCE
LINEAR = oracle.PAYOUT_LINEAR


def arrange(scene: Scene) -> None:
    """Nothing: the scene suffices."""


def call(scene: Scene, statistic: int = LAST, **others: int) -> Instruction:
    others.setdefault("low", 7)
    return creating(scene, scene.terms(statistic, **others))


def creating(scene: Scene, terms: oracle.RecordTerms, terms_hash: bytes | None = None) -> Instruction:
    return oracle.create_record(
        payer=scene.stranger.pubkey(),
        feed=scene.feed,
        terms_hash=terms_hash or hashlib.sha256(terms.encode()).digest(),
        terms=terms,
    )


SUBSTITUTED = substitutions(
    "create_record",
    {
        "payer": PAYER | {"nobody": SYSTEM_INSUFFICIENT_FUNDS},
        "feed": FEED_WRITABLE | {"shared_feed": WRONG_SEEDS, "foreign_feed": WRONG_SEEDS},
        "record": NEW_ACCOUNT | {"record": WRONG_SEEDS},
        "system_program": SYSTEM_PROGRAM,
    },
)


def _reserved_bytes(scene: Scene) -> Instruction:
    """Terms that differ from sound ones in a reserved byte, with the hash that goes with it."""
    terms = scene.terms(LAST, low=7)
    odd = terms.encode()[:-1] + b"\x01"
    odd_hash = hashlib.sha256(odd).digest()
    base = creating(scene, terms, odd_hash)
    return Instruction(base.program_id, bytes(base.data)[: -len(odd)] + odd, list(base.accounts))


def _invalid(title: str, statistic: int, **others: int) -> Refusal[Scene]:
    return Refusal(title, "TermsInvalid", lambda s: creating(s, s.terms(statistic, **others)))


REFUSED: list[Refusal[Scene]] = [
    _invalid("no such statistic", 8),
    _invalid("no such payout", LAST, payout=2),
    _invalid("no gap", LAST, max_gap_s=0),
    _invalid("coverage above one", LAST, coverage_min_ppm=1_000_001),
    _invalid("coverage of a first value", FIRST, coverage_min_ppm=1),
    _invalid("a variance without cells", VARIANCE),
    _invalid("cells of another statistic", LAST, grid_s=1),
    _invalid("a touch that lasts of another statistic", LAST, sustain_s=1),
    _invalid("a digital payout with an upper bound", LAST, high=1),
    _invalid("a touch with a strike", oracle.STATISTIC_TOUCH_UP, low=1),
    _invalid("a linear touch", oracle.STATISTIC_TOUCH_UP, payout=LINEAR, low=1, high=2),
    _invalid("linear bounds that meet", LAST, payout=LINEAR, low=1, high=1),
    _invalid("wider than the feed allows", LAST, width_max=WIDTH_MAX + 1),
    _invalid("a start of zero", LAST, start=0),
    _invalid("a window longer than 31 bits", LAST, start=1, end=2**31 + 1),
    Refusal("a window of nothing", "TermsInvalid", lambda s: call(s, start=s.end)),
    Refusal("a window backwards", "TermsInvalid", lambda s: call(s, start=s.end + 1)),
    Refusal(
        "a barrier of another statistic",
        "TermsInvalid",
        lambda s: creating(s, _with_barrier(s)),
    ),
    Refusal("a reserved byte", "TermsInvalid", _reserved_bytes),
    Refusal("ends now", "WindowInvalid", call, lambda s: s.world.set_time(s.end)),
    Refusal("ends beyond two years", "WindowInvalid", lambda s: call(s, end=s.world.now + TWO_YEARS_S + 1)),
    Refusal(
        "the hash of other terms",
        "TermsHashMismatch",
        lambda s: creating(s, s.terms(LAST, low=7), hashlib.sha256(s.terms(LAST, low=8).encode()).digest()),
    ),
    Refusal("created already", SYSTEM_ALREADY_IN_USE, lambda s: creating(s, s.terms())),
]


def _with_barrier(scene: Scene) -> oracle.RecordTerms:
    touch = scene.terms()
    return oracle.RecordTerms.decode(touch.encode()[:64] + bytes([LAST]) + touch.encode()[65:])


def test_stands_open_and_empty(scene: Scene) -> None:
    terms = scene.terms(LAST, low=7)
    terms_hash = hashlib.sha256(terms.encode()).digest()
    address, bump = Pubkey.find_program_address([b"record", bytes(scene.feed), terms_hash], oracle.PROGRAM_ID)
    assert scene.run(call(scene)) == [oracle.RecordCreated(record=address, feed=scene.feed)]
    record = scene.record_state(address)
    assert (record.feed, record.terms_hash, record.terms) == (scene.feed, terms_hash, terms)
    assert (record.accepted, record.rejected, record.seen_time) == (0, 0, 0)
    assert (record.last_time, record.run_start, record.passage_time, record.cell) == (NEVER,) * 4
    assert (record.covered_s, record.longest_gap_s, record.weighted_sum, record.squares) == (0,) * 4
    assert record.evidence_hash == bytes(32)
    assert (record.status, record.decided_time, record.yes_ticks) == (oracle.RECORD_OPEN, 0, 0)
    assert (record.bump, record.layout) == (bump, 1)


def test_the_feed_is_needed_until_the_latest_end(scene: Scene) -> None:
    assert scene.feed_state().needed_until == scene.end
    scene.run(call(scene, end=scene.end + 5))
    assert scene.feed_state().needed_until == scene.end + 5
    scene.run(call(scene, end=scene.end - 5))
    assert scene.feed_state().needed_until == scene.end + 5


def test_the_edges_of_the_window(scene: Scene) -> None:
    scene.run(call(scene, end=scene.world.now + 1, start=1))
    scene.run(call(scene, end=scene.world.now + TWO_YEARS_S))


def test_one_record_for_the_same_question(scene: Scene) -> None:
    """Anyone may create it first; whoever does gains no right, and the second market shares it."""
    scene.run(call(scene))
    again = scene.substitute(call(scene), "payer", "publisher")
    scene.assert_refused(SYSTEM_ALREADY_IN_USE, again)


def test_lamports_sent_ahead_do_not_block_it(scene: Scene) -> None:
    address = call(scene).accounts[2].pubkey
    ahead = TransferParams(from_pubkey=scene.publisher.pubkey(), to_pubkey=address, lamports=10**8)
    scene.run(transfer(ahead))
    scene.run(call(scene))


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: Scene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize(("late_s", "accepted"), [(100, True), (101, False)])
def test_a_window_must_leave_time_for_its_coverage(scene: Scene, late_s: int, *, accepted: bool) -> None:
    """A sample may be as old as the staleness; what lies before it can never be covered any more."""
    scene.at(late_s + STALENESS_S)
    creation = call(scene, coverage_min_ppm=900_000)
    if accepted:
        scene.run(creation)
    else:
        scene.assert_refused("WindowInvalid", creation)


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: Scene, refusal: Refusal[Scene]) -> None:
    refusal.check(arranged)
