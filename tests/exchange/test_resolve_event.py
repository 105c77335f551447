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
    scene.run(scene.lock(scene.judge.pubkey()))


def call(scene: Scene, *payout_ticks: int) -> Instruction:
    return scene.resolve(*(payout_ticks or (6_000, 4_000)))


SUBSTITUTED = substitutions(
    "resolve_event",
    {
        "authority": {"unsigned": UNSIGNED}
        | dict.fromkeys(("nobody", "alice", "mallory", "admin", "pauser"), "ResolverMismatch"),
        "event": EVENT_WRITABLE
        | {
            "other_event": "LockTooEarly",
            "foreign_event": "LockTooEarly",
            "record_event": "ResolverMismatch",
        },
    },
)


def _key_as_record(scene: Scene) -> Instruction:
    """A record cannot sign, so no key is ever the resolver of a record's event."""
    return scene.substitute(call(scene), "event", "record_event")


def _reopen(scene: Scene) -> None:
    scene.event = scene.world.new_event(scene.alice, resolver=scene.judge.pubkey(), name="reopened")


def _reopen_and_wait(scene: Scene) -> None:
    _reopen(scene)
    scene.world.set_time(scene.world.now + 999)


def _void(scene: Scene) -> None:
    scene.world.set_time(scene.world.event(scene.event).settlement_deadline + 1)
    scene.run(exchange.void_event(event=scene.event, resolver=scene.judge.pubkey()))


REFUSED: list[Refusal[Scene]] = [
    Refusal("a record's event", "ResolverMismatch", _key_as_record),
    Refusal("settled already", "EventSettled", call, lambda s: s.run(call(s))),
    Refusal("void already", "EventSettled", call, _void),
    Refusal("open", "LockTooEarly", call, _reopen),
    Refusal(
        "the second before the lock time",
        "LockTooEarly",
        call,
        _reopen_and_wait,
    ),
    Refusal(
        "the second after the deadline",
        "DeadlinePassed",
        call,
        lambda s: s.world.set_time(s.world.event(s.event).settlement_deadline + 1),
    ),
    Refusal("a tick too few", "PayoutInvalid", lambda s: call(s, 5_999, 4_000)),
    Refusal("a tick too many", "PayoutInvalid", lambda s: call(s, 6_001, 4_000)),
    Refusal("nothing to anyone", "PayoutInvalid", lambda s: call(s, 0)),
    Refusal("a tick beyond the outcomes", "PayoutInvalid", lambda s: call(s, 6_000, 3_999, 1)),
    Refusal("ticks beyond the outcomes too", "PayoutInvalid", lambda s: call(s, 6_000, 4_000, 10_000)),
    Refusal("a sum that wraps 16 bits", "PayoutInvalid", lambda s: call(s, 65_535, 10_001)),
]


def test_fixes_the_payout_vector(arranged: Scene) -> None:
    payout = (6_000, 4_000, *[0] * 14)
    assert arranged.run(call(arranged)) == [
        exchange.EventSettled(event=arranged.event, status=exchange.EVENT_RESOLVED, payout_ticks=payout)
    ]
    event = arranged.world.event(arranged.event)
    assert (event.status, event.settled_time) == (exchange.EVENT_RESOLVED, arranged.world.now)
    assert event.payout_ticks == payout


def test_resolves_from_the_lock_time_to_the_deadline(scene: Scene) -> None:
    """At the lock time without a lock, and at the deadline's own second."""
    other = scene.world.new_event(scene.alice, resolver=scene.judge.pubkey(), name="at the deadline")
    scene.world.set_time(scene.world.event(scene.event).lock_time)
    scene.run(call(scene))
    scene.world.set_time(scene.world.event(other).settlement_deadline)
    scene.run(scene.resolve(10_000, event=other))


def test_sixteen_outcomes(scene: Scene) -> None:
    event = scene.world.new_event(scene.alice, 16, resolver=scene.judge.pubkey(), name="sixteen")
    scene.run(scene.lock(scene.judge.pubkey(), event), scene.resolve(*[625] * 16, event=event))
    assert scene.world.event(event).payout_ticks == (625,) * 16


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: Scene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: Scene, refusal: Refusal[Scene]) -> None:
    refusal.check(arranged)
