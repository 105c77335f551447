from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from secant import exchange

from .refusals import UNSIGNED, Refusal, Substitution, substitutions
from .substitutes import EXCHANGE_WRITABLE

if TYPE_CHECKING:
    from solders.instruction import Instruction

    from .scene import Scene

STRANGERS = ("nobody", "alice", "judge", "foreign_admin", "foreign_pauser")


def arrange(scene: Scene) -> None:
    """Nothing: the scene suffices."""


def call(scene: Scene, bits: int = 5) -> Instruction:
    return scene.pause(bits)


SUBSTITUTED = substitutions(
    "pause",
    {
        "pauser": {"unsigned": UNSIGNED} | dict.fromkeys(STRANGERS, "PauserMismatch"),
        "exchange": EXCHANGE_WRITABLE | {"foreign_exchange": "PauserMismatch"},
    },
)

REFUSED: list[Refusal[Scene]] = [
    Refusal("no bits", "PauseBitsInvalid", lambda s: call(s, 0)),
    Refusal("a bit beyond", "PauseBitsInvalid", lambda s: call(s, 16)),
    Refusal("a bit beyond among others", "PauseBitsInvalid", lambda s: call(s, 31)),
    Refusal("all bits", "PauseBitsInvalid", lambda s: call(s, 255)),
]


@pytest.mark.parametrize("signer", ["pauser", "admin"])
def test_adds_bits(scene: Scene, signer: str) -> None:
    scene.run(scene.pause(2))
    key = scene.addresses[signer]
    assert scene.run(scene.substitute(call(scene), "pauser", signer)) == [
        exchange.PauseChanged(exchange=scene.world.exchange_address, signer=key, pause_bits=7)
    ]
    assert scene.exchange_state().pause_bits == 7


def test_changes_nothing_else(scene: Scene) -> None:
    before = bytearray(scene.world.data(scene.world.exchange_address))
    scene.run(call(scene, 15))
    after = bytearray(scene.world.data(scene.world.exchange_address))
    assert [place for place in range(len(before)) if before[place] != after[place]] == [8 + 5 * 32 + 10]


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: Scene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: Scene, refusal: Refusal[Scene]) -> None:
    refusal.check(arranged)
