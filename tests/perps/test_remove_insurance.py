from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from exchange.refusals import UNSIGNED, Refusal, Substitution, substitutions
from secant import exchange

from .scene import DEPOSIT_ATOMS, PRICE_TICKS, PerpScene, changed_fields
from .substitutes import EXCHANGE, MARGIN_ACCOUNT, MARKET

if TYPE_CHECKING:
    from solders.instruction import Instruction

HELD_ATOMS = 10**9
STRANGERS = ("nobody", "alice", "pauser", "publisher", "foreign_admin")


def arrange(scene: PerpScene) -> None:
    """Insurance holds 1,000, and nothing is open."""
    scene.run(scene.insure(scene.alice, HELD_ATOMS))


def call(scene: PerpScene, amount_atoms: int = HELD_ATOMS // 10) -> Instruction:
    return scene.remove_insurance(amount_atoms)


def _open(scene: PerpScene, lots: int) -> None:
    scene.open(scene.alice, lots)


SUBSTITUTED = substitutions(
    "remove_insurance",
    {
        "admin": {"unsigned": UNSIGNED} | dict.fromkeys(STRANGERS, "AdminMismatch"),
        "exchange": EXCHANGE | {"foreign_exchange": "AdminMismatch"},
        "market": MARKET | {"other_market": "InsuranceInsufficient", "foreign_market": "ExchangeMismatch"},
        "account": MARGIN_ACCOUNT
        | {
            "alice_account": "OwnerMismatch",
            "mallory_account": "OwnerMismatch",
            "foreign_account": "ExchangeMismatch",
        },
    },
)

REFUSED: list[Refusal[PerpScene]] = [
    Refusal("nothing", "AmountZero", lambda s: call(s, 0)),
    Refusal("an atom beyond a tenth", "InsuranceInsufficient", lambda s: call(s, HELD_ATOMS // 10 + 1)),
    Refusal("all", "InsuranceInsufficient", lambda s: call(s, 2**64 - 1)),
    Refusal("again within the day", "InsuranceInsufficient", lambda s: call(s, 1), lambda s: s.run(call(s))),
    Refusal(
        "a tenth of what is open would not stay",
        "InsuranceInsufficient",
        call,
        lambda s: _open(s, 900_001),
    ),
]


def test_moves_a_tenth_to_the_admins_account(arranged: PerpScene) -> None:
    scene = arranged
    amount = HELD_ATOMS // 10
    before = scene.perp()
    assert scene.run(call(scene)) == [
        exchange.InsuranceRemoved(market=scene.market, account=scene.admin_account, amount_atoms=amount)
    ]
    assert changed_fields(before, scene.perp()) == {
        "insurance_atoms": (HELD_ATOMS, HELD_ATOMS - amount),
        "insurance_paid_atoms": (0, amount),
        "insurance_window_start": (0, scene.world.now),
    }
    assert scene.perp().insurance_window_atoms == HELD_ATOMS
    account = exchange.MarginAccount.decode(scene.world.data(scene.admin_account))
    assert (account.cash_atoms, account.checked_free_atoms) == (amount, amount)
    scene.assert_whole()


def test_a_tenth_of_what_is_left_the_next_day(arranged: PerpScene) -> None:
    scene = arranged
    scene.run(call(scene))
    scene.later(86_399)
    scene.assert_refused("InsuranceInsufficient", call(scene, 1))
    scene.later(1)
    left = HELD_ATOMS - HELD_ATOMS // 10
    scene.assert_refused("InsuranceInsufficient", call(scene, left // 10 + 1))
    scene.run(call(scene, left // 10))
    scene.assert_whole()


def test_what_insurance_has_paid_counts(arranged: PerpScene) -> None:
    """A bankruptcy of the day leaves less to remove."""
    scene = arranged
    victim = scene.user(11_000_000)
    scene.open(victim, 10_000)
    scene.price(8_900)
    scene.run(scene.resolve(victim))
    paid = HELD_ATOMS - scene.perp().insurance_atoms
    assert paid == 490_000
    scene.assert_refused("InsuranceInsufficient", call(scene, HELD_ATOMS // 10 - paid + 1))
    scene.run(call(scene, HELD_ATOMS // 10 - paid))
    scene.assert_whole()


def test_of_what_was_just_added_a_tenth_is_removed(arranged: PerpScene) -> None:
    """A gift raises the day's allowance by a tenth of itself, and by no more."""
    scene = arranged
    scene.run(call(scene, 1))
    scene.run(scene.insure(scene.alice, DEPOSIT_ATOMS // 2))
    tenth = (HELD_ATOMS + DEPOSIT_ATOMS // 2) // 10
    scene.assert_refused("InsuranceInsufficient", call(scene, tenth))
    scene.run(call(scene, tenth - 1))
    scene.assert_whole()


def test_exactly_a_tenth_of_what_is_open_stays(arranged: PerpScene) -> None:
    scene = arranged
    _open(scene, 900_000)
    scene.run(call(scene))
    assert scene.perp().insurance_atoms == 900_000 * PRICE_TICKS // 10
    scene.assert_whole()


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: PerpScene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: PerpScene, refusal: Refusal[PerpScene]) -> None:
    refusal.check(arranged)
