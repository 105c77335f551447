from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from secant import exchange, oracle

from .refusals import Refusal, Substitution, substitutions
from .substitutes import EVENT_WRITABLE

if TYPE_CHECKING:
    from solders.instruction import Instruction

    from .scene import Scene


def arrange(scene: Scene) -> None:
    scene.world.set_time(scene.world.event(scene.event).settlement_deadline + 1)


def call(scene: Scene) -> Instruction:
    return exchange.void_event(event=scene.event, resolver=scene.judge.pubkey())


def void_by_record(scene: Scene) -> Instruction:
    return exchange.void_event(event=scene.record_event, resolver=scene.record)


SUBSTITUTED = substitutions(
    "void_event",
    {
        "event": EVENT_WRITABLE | {"record_event": "ResolverMismatch"},
        "resolver": dict.fromkeys(
            ("nobody", "alice", "mallory", "record", "other_event", "exchange"), "ResolverMismatch"
        ),
    },
)


def _decide(scene: Scene) -> None:
    late = scene.world.now
    scene.world.set_time(late - 400_000)
    scene.decide_record()
    scene.world.set_time(late)


REFUSED: list[Refusal[Scene]] = [
    Refusal("settled", "EventSettled", call, lambda s: s.run(call(s))),
    Refusal(
        "at the deadline",
        "DeadlineNotPassed",
        call,
        lambda s: s.world.set_time(s.world.event(s.event).settlement_deadline),
    ),
    Refusal("a decided record", "RecordDecided", void_by_record, _decide),
]


def test_pays_every_outcome_alike(arranged: Scene) -> None:
    payout = (5_000, 5_000, *[0] * 14)
    assert arranged.run(call(arranged)) == [
        exchange.EventSettled(event=arranged.event, status=exchange.EVENT_VOID, payout_ticks=payout)
    ]
    event = arranged.world.event(arranged.event)
    assert (event.status, event.settled_time) == (exchange.EVENT_VOID, arranged.world.now)


@pytest.mark.parametrize(("outcomes", "shares"), [(3, (3_333, 3_333, 3_334)), (7, (1_428,) * 6 + (1_432,))])
def test_the_last_outcome_takes_the_ticks_left_over(
    scene: Scene, outcomes: int, shares: tuple[int, ...]
) -> None:
    event = scene.world.new_event(scene.alice, outcomes, resolver=scene.judge.pubkey(), name="many")
    scene.world.set_time(scene.world.event(event).settlement_deadline + 1)
    scene.run(exchange.void_event(event=event, resolver=scene.judge.pubkey()))
    assert scene.world.event(event).payout_ticks[:outcomes] == shares


@pytest.mark.parametrize("status", [oracle.RECORD_OPEN, oracle.RECORD_VOID])
def test_a_record_that_decides_nothing_does_not_hold_up_a_void(arranged: Scene, status: int) -> None:
    if status == oracle.RECORD_VOID:
        arranged.run(arranged.observe())
    assert arranged.world.record(arranged.record).status == status
    arranged.run(void_by_record(arranged))
    assert arranged.world.event(arranged.record_event).payout_ticks[:2] == (5_000, 5_000)


def test_a_decided_record_settles_even_then(arranged: Scene) -> None:
    _decide(arranged)
    arranged.run(exchange.settle_event(event=arranged.record_event, record=arranged.record))
    arranged.assert_refused("EventSettled", void_by_record(arranged))


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: Scene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: Scene, refusal: Refusal[Scene]) -> None:
    refusal.check(arranged)
