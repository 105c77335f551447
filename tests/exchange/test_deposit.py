from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from secant import exchange
from world import User

from .refusals import TOKEN_INSUFFICIENT_FUNDS, TOKEN_OWNER_MISMATCH, Refusal, Substitution, substitutions
from .scene import DEPOSIT_ATOMS, Scene
from .substitutes import EXCHANGE, MARGIN_ACCOUNT, SIGNER, TOKEN_ACCOUNT, TOKEN_PROGRAM

if TYPE_CHECKING:
    from solders.instruction import Instruction

I64_MAX = 2**63 - 1


def arrange(scene: Scene) -> None:
    """Nothing: the scene suffices."""


def call(scene: Scene, amount_atoms: int = 5) -> Instruction:
    return scene.world.deposit(scene.alice, amount_atoms)


SUBSTITUTED = substitutions(
    "deposit",
    {
        "depositor": SIGNER | {"nobody": TOKEN_OWNER_MISMATCH, "mallory": TOKEN_OWNER_MISMATCH},
        "exchange": EXCHANGE | {"foreign_exchange": "ExchangeMismatch"},
        "account": MARGIN_ACCOUNT | {"foreign_account": "ExchangeMismatch"},
        "source": TOKEN_ACCOUNT
        | {
            "mallory_wallet": TOKEN_OWNER_MISMATCH,
            "foreign_wallet": "MintMismatch",
            "tokens": "MintMismatch",
        },
        "vault": TOKEN_ACCOUNT
        | {
            "foreign_vault": "VaultMismatch",
            "mallory_wallet": "VaultMismatch",
            "treasury": "VaultMismatch",
        },
        "token_program": TOKEN_PROGRAM,
    },
)


def _fill(scene: Scene) -> None:
    """Gives Alice's wallet more than an account can hold."""
    wallet = scene.world.new_token_account(scene.world.mint, scene.alice.key, 2**64 - 1)
    scene.alice = User(scene.alice.keys, wallet, scene.alice.account)


REFUSED: list[Refusal[Scene]] = [
    Refusal("paused", "Paused", call, lambda s: s.run(s.pause(exchange.PAUSE_DEPOSIT))),
    Refusal("nothing", "AmountZero", lambda s: call(s, 0)),
    Refusal("more than the wallet holds", TOKEN_INSUFFICIENT_FUNDS, lambda s: call(s, 10**12 + 1)),
    Refusal("beyond 63 bits", "Overflow", lambda s: call(s, 2**63)),
    Refusal("cash beyond 63 bits", "Overflow", lambda s: call(s, I64_MAX - s.cash(s.alice) + 1), _fill),
]


def test_moves_collateral_and_credits_cash(scene: Scene) -> None:
    wallet = scene.world.token_amount(scene.alice.wallet)
    vault = scene.world.token_amount(scene.world.vault)
    assert scene.run(call(scene, 7)) == [exchange.Deposited(account=scene.alice.account, amount_atoms=7)]
    assert scene.cash(scene.alice) == DEPOSIT_ATOMS - scene.world.pool(scene.pool).cash_atoms + 7
    assert scene.world.token_amount(scene.alice.wallet) == wallet - 7
    assert scene.world.token_amount(scene.world.vault) == vault + 7


def test_anyone_may_pay_in_for_another(scene: Scene) -> None:
    before = scene.cash(scene.mallory)
    gift = exchange.deposit(
        depositor=scene.alice.key,
        exchange=scene.world.exchange_address,
        account=scene.mallory.account,
        source=scene.alice.wallet,
        vault=scene.world.vault,
        amount_atoms=3,
    )
    scene.run(gift)
    assert scene.cash(scene.mallory) == before + 3


@pytest.mark.parametrize("bits", [exchange.PAUSE_CREATE | exchange.PAUSE_TRADE | exchange.PAUSE_TOKENIZE])
def test_other_pauses_leave_it_open(scene: Scene, bits: int) -> None:
    scene.run(scene.pause(bits))
    scene.run(call(scene))


def test_the_vault_is_no_source(scene: Scene) -> None:
    """A wallet whose authority is the exchange cannot be drawn on: only the exchange signs for it."""
    wallet = scene.world.new_token_account(scene.world.mint, scene.world.exchange_address, 100)
    drawing = exchange.deposit(
        depositor=scene.alice.key,
        exchange=scene.world.exchange_address,
        account=scene.alice.account,
        source=wallet,
        vault=scene.world.vault,
        amount_atoms=1,
    )
    scene.assert_refused(TOKEN_OWNER_MISMATCH, drawing)


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: Scene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: Scene, refusal: Refusal[Scene]) -> None:
    refusal.check(arranged)
