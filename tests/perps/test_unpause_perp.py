from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from exchange.refusals import UNSIGNED, Refusal, Substitution, substitutions
from secant import exchange

from .scene import PerpScene, changed_fields
from .substitutes import EXCHANGE, MARKET

if TYPE_CHECKING:
    from solders.instruction import Instruction

STRANGERS = ("nobody", "alice", "publisher", "pauser", "foreign_admin", "foreign_pauser")


def arrange(scene: PerpScene) -> None:
    """Everything is paused."""
    scene.run(scene.pause_perp(7))


def call(scene: PerpScene, bits: int = 5) -> Instruction:
    return scene.unpause_perp(bits)


SUBSTITUTED = substitutions(
    "unpause_perp",
    {
        "admin": {"unsigned": UNSIGNED} | dict.fromkeys(STRANGERS, "AdminMismatch"),
        "exchange": EXCHANGE | {"foreign_exchange": "AdminMismatch"},
        "market": MARKET | {"foreign_market": "ExchangeMismatch"},
    },
)

REFUSED: list[Refusal[PerpScene]] = [
    Refusal("no bits", "PauseBitsInvalid", lambda s: call(s, 0)),
    Refusal("a bit beyond", "PauseBitsInvalid", lambda s: call(s, 8)),
    Refusal("a bit beyond among others", "PauseBitsInvalid", lambda s: call(s, 15)),
    Refusal("all bits", "PauseBitsInvalid", lambda s: call(s, 255)),
]


def test_takes_bits_away_and_changes_nothing_else(arranged: PerpScene) -> None:
    scene = arranged
    before = scene.perp()
    assert scene.run(call(scene)) == [
        exchange.PerpPauseChanged(market=scene.market, signer=scene.world.admin.pubkey(), pause_bits=2)
    ]
    assert changed_fields(before, scene.perp()) == {"pause_bits": (7, 2)}
    scene.assert_whole()


def test_bits_that_are_not_set_stay_so(arranged: PerpScene) -> None:
    arranged.run(call(arranged))
    arranged.run(call(arranged))
    assert arranged.perp().pause_bits == 2


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: PerpScene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: PerpScene, refusal: Refusal[PerpScene]) -> None:
    refusal.check(arranged)
