from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from secant import exchange, oracle

from .refusals import Refusal, Substitution, substitutions
from .scene import RECORD_END_S, Scene
from .substitutes import EVENT_WRITABLE

if TYPE_CHECKING:
    from solders.instruction import Instruction


def arrange(scene: Scene) -> None:
    scene.decide_record()


def call(scene: Scene) -> Instruction:
    return exchange.settle_event(event=scene.record_event, record=scene.record)


SUBSTITUTED = substitutions(
    "settle_event",
    {
        "event": EVENT_WRITABLE
        | {
            "event": "ResolverMismatch",
            "other_event": "ResolverMismatch",
            "foreign_event": "ResolverMismatch",
        },
        "record": dict.fromkeys(
            ("clone", "other_type", "nobody", "other_record", "feed", "event", "judge", "exchange"),
            "ResolverMismatch",
        ),
    },
)


def _authority_event(scene: Scene) -> Instruction:
    return exchange.settle_event(event=scene.event, record=scene.judge.pubkey())


def _other_undecided(scene: Scene) -> Instruction:
    event = scene.world.new_event(
        scene.alice, resolver=scene.other_record, resolver_kind=exchange.RESOLVER_RECORD, name="undecided"
    )
    return exchange.settle_event(event=event, record=scene.other_record)


REFUSED: list[Refusal[Scene]] = [
    Refusal("an authority's event", "ResolverMismatch", _authority_event),
    Refusal("settled already", "EventSettled", call, lambda s: s.run(call(s))),
    Refusal("an undecided record", "RecordUndecided", _other_undecided),
]


def test_pays_what_the_record_says(arranged: Scene) -> None:
    scene = arranged
    payout = (10_000, *[0] * 15)
    assert scene.run(call(scene)) == [
        exchange.EventSettled(event=scene.record_event, status=exchange.EVENT_RESOLVED, payout_ticks=payout)
    ]
    event = scene.world.event(scene.record_event)
    assert (event.status, event.settled_time) == (exchange.EVENT_RESOLVED, scene.world.now)
    assert event.payout_ticks == payout


def test_an_untouched_barrier_pays_the_other_side(scene: Scene) -> None:
    scene.world.set_time(scene.record_end)
    scene.decide_record(value=599_999)
    scene.assert_refused("RecordUndecided", call(scene))
    scene.world.set_time(scene.record_end + 61)
    scene.run(scene.observe(), call(scene))
    assert scene.world.event(scene.record_event).payout_ticks[:2] == (0, 10_000)


def test_a_void_record_voids_the_event(scene: Scene) -> None:
    scene.world.set_time(scene.world.now + RECORD_END_S + 61)
    scene.run(scene.observe())
    assert scene.world.record(scene.record).status == oracle.RECORD_VOID
    scene.run(call(scene))
    event = scene.world.event(scene.record_event)
    assert (event.status, event.payout_ticks[:2]) == (exchange.EVENT_VOID, (5_000, 5_000))


def test_settles_before_the_lock_and_after_the_deadline(arranged: Scene) -> None:
    """A proven touch settles at once; a record decided late settles as long as nobody has voided."""
    arranged.world.set_time(arranged.world.event(arranged.record_event).settlement_deadline + 1)
    arranged.run(call(arranged))


def test_settling_ends_trading(arranged: Scene) -> None:
    scene = arranged
    pool = scene.world.new_pool(scene.mallory, scene.record_event)
    scene.run(call(scene))
    scene.assert_refused("EventNotOpen", scene.world.trade(scene.alice, scene.record_event, pool, 0, 1))
    scene.assert_refused("EventNotOpen", scene.mint_set(scene.alice, 1, scene.record_event))


def test_what_the_feed_shows_later_changes_nothing(arranged: Scene) -> None:
    scene = arranged
    scene.run(call(scene))
    scene.world.set_time(scene.world.now + 30)
    scene.decide_record(value=0)
    scene.assert_refused("EventSettled", call(scene))
    assert scene.world.event(scene.record_event).payout_ticks[:2] == (10_000, 0)


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: Scene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: Scene, refusal: Refusal[Scene]) -> None:
    refusal.check(arranged)
