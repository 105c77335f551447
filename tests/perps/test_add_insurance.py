from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from exchange.refusals import UNSIGNED, Refusal, Substitution, substitutions
from secant import exchange

from .scene import DEPOSIT_ATOMS, PerpScene, changed_fields
from .substitutes import MARGIN_ACCOUNT, MARKET

if TYPE_CHECKING:
    from solders.instruction import Instruction

AMOUNT_ATOMS = 1_000


def arrange(scene: PerpScene) -> None:
    """Nothing: the scene suffices."""


def call(scene: PerpScene, amount_atoms: int = AMOUNT_ATOMS) -> Instruction:
    return scene.insure(scene.alice, amount_atoms)


def _hold_and_age(scene: PerpScene) -> None:
    scene.open(scene.alice, 100)
    scene.next_slot()


SUBSTITUTED = substitutions(
    "add_insurance",
    {
        "owner": {"unsigned": UNSIGNED} | dict.fromkeys(("nobody", "mallory", "admin"), "OwnerMismatch"),
        "account": MARGIN_ACCOUNT
        | {"mallory_account": "OwnerMismatch", "foreign_account": "ExchangeMismatch"},
        "market": MARKET | {"foreign_market": "ExchangeMismatch"},
    },
)

REFUSED: list[Refusal[PerpScene]] = [
    Refusal("nothing", "AmountZero", lambda s: call(s, 0)),
    Refusal("beyond 63 bits", "Overflow", lambda s: call(s, 2**63)),
    Refusal("the greatest number", "Overflow", lambda s: call(s, 2**64 - 1)),
    Refusal("an atom too many", "InsolventAccount", lambda s: call(s, DEPOSIT_ATOMS + 1)),
    Refusal("beside a position of another slot", "MarginStale", call, _hold_and_age),
    Refusal(
        "what a position requires",
        "InsolventAccount",
        lambda s: (s.fresh(s.alice), call(s, s.free(s.alice) - 100_449)),
        lambda s: s.open(s.alice, 100),
    ),
]


def test_gives_cash_to_the_markets_insurance(scene: PerpScene) -> None:
    before, account = scene.perp(), scene.world.margin(scene.alice)
    assert scene.run(call(scene)) == [
        exchange.InsuranceAdded(market=scene.market, account=scene.alice.account, amount_atoms=AMOUNT_ATOMS)
    ]
    assert changed_fields(before, scene.perp()) == {
        "insurance_atoms": (0, AMOUNT_ATOMS),
        "insurance_window_atoms": (0, AMOUNT_ATOMS),
    }
    left = DEPOSIT_ATOMS - AMOUNT_ATOMS
    assert changed_fields(account, scene.world.margin(scene.alice)) == {
        "cash_atoms": (DEPOSIT_ATOMS, left),
        "checked_free_atoms": (DEPOSIT_ATOMS, left),
    }
    scene.assert_whole()


def test_gives_all_that_is_free(scene: PerpScene) -> None:
    scene.run(call(scene, DEPOSIT_ATOMS))
    assert scene.cash(scene.alice) == 0
    assert scene.perp().insurance_atoms == DEPOSIT_ATOMS
    scene.assert_whole()


def test_leaves_exactly_what_a_position_requires(scene: PerpScene) -> None:
    """10% of 1,000,000 and the fee of 450 that it has lost."""
    scene.open(scene.alice, 100)
    scene.run(scene.fresh(scene.alice), call(scene, DEPOSIT_ATOMS - 100_450))
    assert scene.free(scene.alice) == 100_450
    scene.assert_whole()


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: PerpScene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: PerpScene, refusal: Refusal[PerpScene]) -> None:
    refusal.check(arranged)
