from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from secant import exchange

from .refusals import UNSIGNED, Refusal, Substitution, substitutions
from .substitutes import EXCHANGE_WRITABLE

if TYPE_CHECKING:
    from solders.instruction import Instruction

    from .scene import Scene

STRANGERS = ("nobody", "alice", "pauser", "judge", "foreign_admin")


def arrange(scene: Scene) -> None:
    scene.run(scene.pause(15))


def call(scene: Scene, bits: int = 5) -> Instruction:
    return scene.unpause(bits)


SUBSTITUTED = substitutions(
    "unpause",
    {
        "admin": {"unsigned": UNSIGNED} | dict.fromkeys(STRANGERS, "AdminMismatch"),
        "exchange": EXCHANGE_WRITABLE | {"foreign_exchange": "AdminMismatch"},
    },
)

REFUSED: list[Refusal[Scene]] = [
    Refusal("no bits", "PauseBitsInvalid", lambda s: call(s, 0)),
    Refusal("a bit beyond", "PauseBitsInvalid", lambda s: call(s, 16)),
    Refusal("all bits", "PauseBitsInvalid", lambda s: call(s, 255)),
]


def test_removes_bits(arranged: Scene) -> None:
    assert arranged.run(call(arranged)) == [
        exchange.PauseChanged(
            exchange=arranged.world.exchange_address, signer=arranged.world.admin.pubkey(), pause_bits=10
        )
    ]
    assert arranged.exchange_state().pause_bits == 10


def test_removing_what_is_not_set_is_harmless(scene: Scene) -> None:
    scene.run(scene.unpause(15))
    assert scene.exchange_state().pause_bits == 0


def test_what_was_paused_runs_again(arranged: Scene) -> None:
    arranged.assert_refused("Paused", arranged.mint_set(arranged.alice, 1))
    arranged.run(arranged.unpause(exchange.PAUSE_CREATE))
    arranged.run(arranged.mint_set(arranged.alice, 1))


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: Scene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: Scene, refusal: Refusal[Scene]) -> None:
    refusal.check(arranged)
