from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from secant import exchange

from .refusals import Refusal, Substitution, substitutions
from .substitutes import EXCHANGE, MARGIN_ACCOUNT, SIGNER, TOKEN_ACCOUNT, TOKEN_PROGRAM

if TYPE_CHECKING:
    from solders.instruction import Instruction

    from .scene import Scene

ALL_PAUSES = 15


ALL = 2**64 - 1


def arrange(scene: Scene) -> None:
    """Nothing: the scene suffices."""


def call(scene: Scene, amount_atoms: int = 5) -> Instruction:
    return scene.world.withdraw(scene.alice, amount_atoms)


SUBSTITUTED = substitutions(
    "withdraw",
    {
        "owner": SIGNER | {"nobody": "OwnerMismatch", "mallory": "OwnerMismatch", "admin": "OwnerMismatch"},
        "exchange": EXCHANGE | {"foreign_exchange": "ExchangeMismatch"},
        "account": MARGIN_ACCOUNT
        | {"mallory_account": "OwnerMismatch", "foreign_account": "ExchangeMismatch"},
        "vault": TOKEN_ACCOUNT
        | {
            "foreign_vault": "VaultMismatch",
            "mallory_wallet": "VaultMismatch",
            "treasury": "VaultMismatch",
        },
        "destination": TOKEN_ACCOUNT | {"foreign_wallet": "MintMismatch", "tokens": "MintMismatch"},
        "token_program": TOKEN_PROGRAM,
    },
)

REFUSED: list[Refusal[Scene]] = [
    Refusal("nothing", "AmountZero", lambda s: call(s, 0)),
    Refusal("beyond 63 bits", "Overflow", lambda s: call(s, 2**63)),
    Refusal("just not everything", "Overflow", lambda s: call(s, ALL - 1)),
    Refusal("one atom too many", "InsolventAccount", lambda s: call(s, s.cash(s.alice) + 1)),
    Refusal(
        "the reserve of a short",
        "InsolventAccount",
        lambda s: call(s, s.cash(s.alice) - 50 * 10_000 + 1),
        lambda s: s.run(s.tokenize(s.alice, 50, s.tokens)),
    ),
    Refusal(
        "what the sets are worth and an atom",
        "InsolventAccount",
        lambda s: call(s, s.cash(s.alice) + 50 * 10_000 + 1),
        lambda s: s.run(s.mint_set(s.alice, 50)),
    ),
]


def test_moves_collateral_and_debits_cash(scene: Scene) -> None:
    cash, wallet = scene.cash(scene.alice), scene.world.token_amount(scene.alice.wallet)
    assert scene.run(call(scene, 7)) == [exchange.Withdrawn(account=scene.alice.account, amount_atoms=7)]
    assert scene.cash(scene.alice) == cash - 7
    assert scene.world.token_amount(scene.alice.wallet) == wallet + 7


def test_the_last_free_atom_leaves_while_everything_is_paused(scene: Scene) -> None:
    scene.run(scene.tokenize(scene.alice, 50, scene.tokens))
    scene.run(scene.pause(ALL_PAUSES))
    scene.run(call(scene, scene.cash(scene.alice) - 50 * 10_000))
    assert scene.cash(scene.alice) == 50 * 10_000
    scene.assert_refused("InsolventAccount", call(scene, 1))


def test_sets_back_negative_cash(scene: Scene) -> None:
    """Minted sets are worth their face in every state, so their collateral may leave before the merge."""
    scene.run(scene.mint_set(scene.alice, 50))
    scene.run(call(scene, scene.cash(scene.alice) + 50 * 10_000))
    assert scene.cash(scene.alice) == -50 * 10_000
    scene.assert_refused("InsolventAccount", call(scene, 1))
    scene.assert_refused("InsolventAccount", scene.tokenize(scene.alice, 1, scene.tokens))
    scene.run(scene.merge_set(scene.alice, 50))
    assert scene.cash(scene.alice) == 0


def test_everything_is_what_is_free_when_it_lands(scene: Scene) -> None:
    """A stranger's deposit in between leaves no rest behind, nor do shares sold short leave with it."""
    scene.run(scene.trade(scene.alice, 0, -10))
    free = scene.cash(scene.alice) - 10 * 10_000
    assert scene.run(call(scene, ALL)) == [exchange.Withdrawn(account=scene.alice.account, amount_atoms=free)]
    assert scene.cash(scene.alice) == 10 * 10_000
    scene.assert_refused("AmountZero", call(scene, ALL))


def test_the_owner_may_pay_out_to_another(scene: Scene) -> None:
    before = scene.world.token_amount(scene.mallory.wallet)
    scene.run(scene.substitute(call(scene), "destination", "mallory_wallet"))
    assert scene.world.token_amount(scene.mallory.wallet) == before + 5


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: Scene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: Scene, refusal: Refusal[Scene]) -> None:
    refusal.check(arranged)
