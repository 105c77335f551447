from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from exchange.refusals import UNSIGNED, Refusal, Substitution, substitutions
from secant import exchange

from .scene import PerpScene, changed_fields
from .substitutes import EXCHANGE, MARKET

if TYPE_CHECKING:
    from solders.instruction import Instruction

STRANGERS = ("nobody", "alice", "publisher", "foreign_admin", "foreign_pauser")


def arrange(scene: PerpScene) -> None:
    """Nothing: the scene suffices."""


def call(scene: PerpScene, bits: int = 5) -> Instruction:
    return scene.pause_perp(bits)


SUBSTITUTED = substitutions(
    "pause_perp",
    {
        "pauser": {"unsigned": UNSIGNED} | dict.fromkeys(STRANGERS, "PauserMismatch"),
        "exchange": EXCHANGE | {"foreign_exchange": "ExchangeMismatch"},
        "market": MARKET | {"foreign_market": "ExchangeMismatch"},
    },
)

REFUSED: list[Refusal[PerpScene]] = [
    Refusal("no bits", "PauseBitsInvalid", lambda s: call(s, 0)),
    Refusal("a bit beyond", "PauseBitsInvalid", lambda s: call(s, 8)),
    Refusal("a bit beyond among others", "PauseBitsInvalid", lambda s: call(s, 15)),
    Refusal("all bits", "PauseBitsInvalid", lambda s: call(s, 255)),
]


@pytest.mark.parametrize("signer", ["pauser", "admin"])
def test_adds_bits_and_changes_nothing_else(scene: PerpScene, signer: str) -> None:
    scene.run(scene.pause_perp(exchange.PERP_PAUSE_LIQUIDATE))
    before, other = scene.perp(), scene.perp(scene.other_market)
    assert scene.run(scene.substitute(call(scene), "pauser", signer)) == [
        exchange.PerpPauseChanged(market=scene.market, signer=scene.addresses[signer], pause_bits=7)
    ]
    assert changed_fields(before, scene.perp()) == {"pause_bits": (2, 7)}
    assert scene.perp(scene.other_market) == other
    scene.assert_whole()


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: PerpScene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: PerpScene, refusal: Refusal[PerpScene]) -> None:
    refusal.check(arranged)
