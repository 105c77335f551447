from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from exchange.refusals import Refusal, Substitution, substitutions
from secant import exchange

from .scene import DEPOSIT_ATOMS, PerpScene
from .substitutes import MARGIN_ACCOUNT, SIGNER

if TYPE_CHECKING:
    from solders.instruction import Instruction

AMOUNT_ATOMS = 1_000


def arrange(scene: PerpScene) -> None:
    """Nothing: the scene suffices."""


def call(scene: PerpScene, amount_atoms: int = AMOUNT_ATOMS) -> Instruction:
    return exchange.transfer(
        owner=scene.alice.key,
        source=scene.alice.account,
        destination=scene.alice_second,
        amount_atoms=amount_atoms,
    )


def _hold_and_age(scene: PerpScene) -> None:
    scene.open(scene.alice, 100)
    scene.next_slot()


SUBSTITUTED = substitutions(
    "transfer",
    {
        "owner": SIGNER,
        "source": MARGIN_ACCOUNT
        | {"mallory_account": "OwnerMismatch", "foreign_account": "ExchangeMismatch"},
        "destination": MARGIN_ACCOUNT
        | {"mallory_account": "OwnerMismatch", "foreign_account": "ExchangeMismatch"},
    },
)

REFUSED: list[Refusal[PerpScene]] = [
    Refusal("nothing", "AmountZero", lambda s: call(s, 0)),
    Refusal("beyond 63 bits", "Overflow", lambda s: call(s, 2**63)),
    Refusal("an atom too many", "InsolventAccount", lambda s: call(s, DEPOSIT_ATOMS + 1)),
    Refusal("beside a position of another slot", "MarginStale", call, _hold_and_age),
    Refusal(
        "what a position requires",
        "InsolventAccount",
        lambda s: (s.fresh(s.alice), call(s, DEPOSIT_ATOMS - 100_449)),
        lambda s: s.open(s.alice, 100),
    ),
    Refusal(
        "by a delegate",
        "OwnerMismatch",
        lambda s: s.traded_by(s.mallory.key, call(s)),
        lambda s: s.run(s.delegate(s.alice, s.mallory.key)),
    ),
]


def test_moves_cash_between_accounts_of_one_owner(scene: PerpScene) -> None:
    assert scene.run(call(scene)) == [
        exchange.Transferred(
            source=scene.alice.account, destination=scene.alice_second, amount_atoms=AMOUNT_ATOMS
        )
    ]
    second = exchange.MarginAccount.decode(scene.world.data(scene.alice_second))
    assert (second.cash_atoms, second.checked_free_atoms) == (AMOUNT_ATOMS, AMOUNT_ATOMS)
    first = scene.world.margin(scene.alice)
    left = DEPOSIT_ATOMS - AMOUNT_ATOMS
    assert (first.cash_atoms, first.checked_free_atoms) == (left, left)
    scene.assert_whole()


def test_moves_all_that_is_free(scene: PerpScene) -> None:
    scene.run(call(scene, DEPOSIT_ATOMS))
    assert scene.cash(scene.alice) == 0
    scene.assert_whole()


def test_one_account_s_loss_does_not_reach_the_other(scene: PerpScene) -> None:
    """What was set apart stays apart: a bankrupt account's owner pays no more than it held."""
    scene.run(call(scene, DEPOSIT_ATOMS - 11_000_000))
    scene.open(scene.alice, 10_000)
    scene.price(8_000)
    scene.run(scene.resolve(scene.alice))
    second = exchange.MarginAccount.decode(scene.world.data(scene.alice_second))
    assert second.cash_atoms == DEPOSIT_ATOMS - 11_000_000
    assert scene.cash(scene.alice) == 0
    scene.assert_whole()


def test_no_pause_stops_it(scene: PerpScene) -> None:
    scene.run(scene.pause(15), scene.pause_perp(7))
    scene.run(call(scene))


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: PerpScene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: PerpScene, refusal: Refusal[PerpScene]) -> None:
    refusal.check(arranged)
