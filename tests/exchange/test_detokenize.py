from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from secant import exchange

from .refusals import (
    TOKEN_INSUFFICIENT_FUNDS,
    TOKEN_MINT_MISMATCH,
    TOKEN_OWNER_MISMATCH,
    Refusal,
    Substitution,
    substitutions,
)
from .substitutes import EVENT_WRITABLE, MARGIN_ACCOUNT, MINT, SIGNER, TOKEN_ACCOUNT, TOKEN_PROGRAM

if TYPE_CHECKING:
    from solders.instruction import Instruction

    from .scene import Scene


def arrange(scene: Scene) -> None:
    scene.run(scene.tokenize(scene.alice, 50, scene.tokens))
    scene.run(scene.tokenize(scene.mallory, 50, scene.mallory_tokens))


def call(scene: Scene, lots: int = 10, outcome: int = 0) -> Instruction:
    return scene.detokenize(scene.alice, lots, scene.tokens, outcome)


SUBSTITUTED = substitutions(
    "detokenize",
    {
        "owner": SIGNER | {"nobody": "OwnerMismatch", "mallory": "OwnerMismatch", "admin": "OwnerMismatch"},
        "account": MARGIN_ACCOUNT
        | {"mallory_account": "OwnerMismatch", "foreign_account": "ExchangeMismatch"},
        "event": EVENT_WRITABLE | {"other_event": "OutcomeMintMismatch", "foreign_event": "ExchangeMismatch"},
        "outcome_mint": MINT
        | {
            "second_outcome_mint": "OutcomeMintMismatch",
            "other_outcome_mint": "OutcomeMintMismatch",
            "mint": "OutcomeMintMismatch",
        },
        "source": TOKEN_ACCOUNT
        | {
            "mallory_tokens": TOKEN_OWNER_MISMATCH,
            "alice_wallet": TOKEN_MINT_MISMATCH,
            "second_tokens": TOKEN_INSUFFICIENT_FUNDS,
            "vault": TOKEN_MINT_MISMATCH,
        },
        "token_program": TOKEN_PROGRAM,
    },
)


def _fill_legs(scene: Scene) -> None:
    scene.run(scene.detokenize(scene.alice, 50, scene.tokens))
    for number in range(8):
        event = scene.world.new_event(scene.mallory, name=f"leg {number}")
        scene.run(scene.mint_set(scene.alice, 1, event))
    scene.tokens = scene.world.new_token_account(scene.outcome_mint, scene.alice.key, 50)


def _other_outcome(scene: Scene) -> Instruction:
    return scene.substitute(call(scene, 1, 1), "outcome_mint", "outcome_mint")


REFUSED: list[Refusal[Scene]] = [
    Refusal("nothing", "AmountZero", lambda s: call(s, 0)),
    Refusal(
        "no such outcome",
        "OutcomeUnknown",
        lambda s: s.substitute(call(s, 1, 2), "outcome_mint", "outcome_mint"),
    ),
    Refusal("mint of another outcome", "OutcomeMintMismatch", _other_outcome),
    Refusal("more than the source holds", TOKEN_INSUFFICIENT_FUNDS, lambda s: call(s, 51)),
    Refusal("more than was issued", "TokensInsufficient", lambda s: call(s, 101)),
    Refusal("beyond 63 bits", "Overflow", lambda s: call(s, 2**63)),
    Refusal("eight other events", "LegsFull", call, _fill_legs),
]


def test_turns_tokens_into_ledger_shares(arranged: Scene) -> None:
    scene = arranged
    assert scene.run(call(scene, 10)) == [
        exchange.TokensChanged(account=scene.alice.account, event=scene.event, outcome=0, lots=-10)
    ]
    assert scene.lots(scene.alice) == (-40, 0)
    assert scene.world.margin(scene.alice).floor_atoms == -400_000
    assert scene.world.token_amount(scene.tokens) == 40
    assert scene.world.event(scene.event).tokenized_lots[0] == 90


def test_the_way_back_frees_the_leg_under_every_pause(arranged: Scene) -> None:
    arranged.run(arranged.pause(15))
    arranged.run(call(arranged, 50))
    assert arranged.lots(arranged.alice) is None


def test_works_after_settlement(arranged: Scene) -> None:
    """Tokens of a settled event may go back to the ledger and be redeemed there."""
    scene = arranged
    cash = scene.cash(scene.alice)
    scene.settle(10_000)
    scene.run(scene.redeem(scene.alice))
    scene.run(call(scene, 50), scene.redeem(scene.alice))
    assert scene.cash(scene.alice) == cash


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: Scene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: Scene, refusal: Refusal[Scene]) -> None:
    refusal.check(arranged)
