from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from secant import exchange

from .refusals import UNSIGNED, Refusal, Substitution, substitutions
from .substitutes import EVENT_WRITABLE

if TYPE_CHECKING:
    from solders.instruction import Instruction

    from .scene import Scene


def arrange(scene: Scene) -> None:
    """Nothing: the judge may lock early."""


def call(scene: Scene) -> Instruction:
    return scene.lock(scene.judge.pubkey())


SUBSTITUTED = substitutions(
    "lock_event",
    {
        "locker": {"unsigned": UNSIGNED}
        | dict.fromkeys(("nobody", "alice", "mallory", "admin", "pauser"), "LockTooEarly"),
        "event": EVENT_WRITABLE | {"record_event": "LockTooEarly"},
    },
)

REFUSED: list[Refusal[Scene]] = [
    Refusal("locked already", "EventLocked", call, lambda s: s.run(call(s))),
    Refusal("settled", "EventLocked", call, lambda s: s.settle(10_000)),
    Refusal(
        "the second before the lock time",
        "LockTooEarly",
        lambda s: s.lock(s.mallory.key),
        lambda s: s.world.set_time(s.world.event(s.event).lock_time - 1),
    ),
    Refusal(
        "the creator before the lock time", "LockTooEarly", lambda s: s.lock(s.alice.key, s.record_event)
    ),
]


def test_the_authority_locks_early(scene: Scene) -> None:
    assert scene.run(call(scene)) == [exchange.EventLocked(event=scene.event, locker=scene.judge.pubkey())]
    assert scene.world.event(scene.event).status == exchange.EVENT_LOCKED
    scene.assert_refused("EventNotOpen", scene.trade(scene.alice, 0, 1))


@pytest.mark.parametrize("which", ["event", "record_event"])
def test_anyone_locks_from_the_lock_time_on(scene: Scene, which: str) -> None:
    event = scene.addresses[which]
    scene.world.set_time(scene.world.event(event).lock_time)
    scene.run(scene.lock(scene.mallory.key, event))
    assert scene.world.event(event).status == exchange.EVENT_LOCKED


def test_a_locked_record_event_still_settles(scene: Scene) -> None:
    scene.world.set_time(scene.world.event(scene.record_event).lock_time)
    scene.run(scene.lock(scene.mallory.key, scene.record_event))
    scene.decide_record()
    scene.run(exchange.settle_event(event=scene.record_event, record=scene.record))


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: Scene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: Scene, refusal: Refusal[Scene]) -> None:
    refusal.check(arranged)
