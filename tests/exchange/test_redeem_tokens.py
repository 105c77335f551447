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
from .substitutes import EVENT_WRITABLE, EXCHANGE, MINT, SIGNER, TOKEN_ACCOUNT, TOKEN_PROGRAM

if TYPE_CHECKING:
    from solders.instruction import Instruction

    from .scene import Scene


def arrange(scene: Scene) -> None:
    scene.run(scene.tokenize(scene.alice, 50, scene.tokens))
    scene.run(scene.tokenize(scene.mallory, 50, scene.mallory_tokens))
    scene.settle(6_000, 4_000)


def call(scene: Scene, lots: int = 10, outcome: int = 0) -> Instruction:
    return scene.redeem_tokens(scene.alice, lots, scene.tokens, outcome)


SUBSTITUTED = substitutions(
    "redeem_tokens",
    {
        "holder": SIGNER | {"nobody": TOKEN_OWNER_MISMATCH, "mallory": TOKEN_OWNER_MISMATCH},
        "exchange": EXCHANGE | {"foreign_exchange": "ExchangeMismatch"},
        "event": EVENT_WRITABLE | {"other_event": "EventNotSettled", "foreign_event": "ExchangeMismatch"},
        "outcome_mint": MINT
        | {
            "second_outcome_mint": "OutcomeMintMismatch",
            "other_outcome_mint": "OutcomeMintMismatch",
            "mint": "OutcomeMintMismatch",
        },
        "source": TOKEN_ACCOUNT
        | {
            "mallory_tokens": TOKEN_OWNER_MISMATCH,
            "mallory_wallet": TOKEN_MINT_MISMATCH,
            "second_tokens": TOKEN_INSUFFICIENT_FUNDS,
        },
        "vault": TOKEN_ACCOUNT
        | {
            "foreign_vault": "VaultMismatch",
            "mallory_wallet": "VaultMismatch",
            "treasury": "VaultMismatch",
        },
        "destination": TOKEN_ACCOUNT
        | {
            "foreign_wallet": "MintMismatch",
            "second_tokens": "MintMismatch",
            "foreign_vault": "MintMismatch",
        },
        "token_program": TOKEN_PROGRAM,
    },
)


def _settle_other(scene: Scene) -> None:
    scene.run(
        scene.lock(scene.judge.pubkey(), scene.other_event), scene.resolve(10_000, event=scene.other_event)
    )


REFUSED: list[Refusal[Scene]] = [
    Refusal("nothing", "AmountZero", lambda s: call(s, 0)),
    Refusal(
        "no such outcome",
        "OutcomeUnknown",
        lambda s: s.substitute(call(s, 1, 2), "outcome_mint", "outcome_mint"),
    ),
    Refusal("more than the source holds", TOKEN_INSUFFICIENT_FUNDS, lambda s: call(s, 51)),
    Refusal("more than was issued", "TokensInsufficient", lambda s: call(s, 101)),
    Refusal("worth beyond 64 bits", "Overflow", lambda s: call(s, 2**64 - 1)),
    Refusal("worth beyond 63 bits", "Overflow", lambda s: call(s, 2**63 // 6_000 + 1)),
    Refusal("twice", TOKEN_INSUFFICIENT_FUNDS, lambda s: (call(s, 50), call(s, 50))),
    Refusal(
        "another settled event that pays more",
        "OutcomeMintMismatch",
        lambda s: s.substitute(call(s), "event", "other_event"),
        _settle_other,
    ),
]


def test_burns_tokens_for_what_they_pay(arranged: Scene) -> None:
    scene = arranged
    wallet, vault = scene.world.token_amount(scene.alice.wallet), scene.world.token_amount(scene.world.vault)
    assert scene.run(call(scene, 10)) == [
        exchange.TokensRedeemed(
            event=scene.event, holder=scene.alice.key, outcome=0, lots=10, amount_atoms=60_000
        )
    ]
    assert scene.world.token_amount(scene.tokens) == 40
    assert scene.world.token_amount(scene.alice.wallet) == wallet + 60_000
    assert scene.world.token_amount(scene.world.vault) == vault - 60_000
    state = scene.world.event(scene.event)
    assert (state.tokenized_lots[0], state.escrow_atoms) == (90, -60_000)


def test_a_losing_token_burns_for_nothing(scene: Scene) -> None:
    scene.run(scene.tokenize(scene.alice, 50, scene.tokens))
    scene.settle(0, 10_000)
    wallet = scene.world.token_amount(scene.alice.wallet)
    (redeemed,) = scene.run(call(scene, 50))
    assert redeemed.amount_atoms == 0
    assert scene.world.token_amount(scene.alice.wallet) == wallet
    assert scene.world.token_amount(scene.tokens) == 0


def test_works_under_every_pause(arranged: Scene) -> None:
    arranged.run(arranged.pause(15))
    arranged.run(call(arranged, 50))


def test_the_holder_may_pay_out_to_another(arranged: Scene) -> None:
    before = arranged.world.token_amount(arranged.mallory.wallet)
    arranged.run(arranged.substitute(call(arranged), "destination", "mallory_wallet"))
    assert arranged.world.token_amount(arranged.mallory.wallet) == before + 60_000


def test_an_unsettled_event_pays_nothing(scene: Scene) -> None:
    scene.run(scene.tokenize(scene.alice, 50, scene.tokens))
    scene.assert_refused("EventNotSettled", call(scene))
    scene.run(scene.lock(scene.judge.pubkey()))
    scene.assert_refused("EventNotSettled", call(scene))


def test_the_last_holder_is_paid_in_full(arranged: Scene) -> None:
    """Escrow runs negative while the shorts have yet to pay, and ends at nothing."""
    scene = arranged
    scene.run(call(scene, 50), scene.redeem_tokens(scene.mallory, 50, scene.mallory_tokens))
    assert scene.world.event(scene.event).escrow_atoms == -600_000
    scene.run(scene.redeem(scene.alice), scene.redeem(scene.mallory))
    assert scene.world.event(scene.event).escrow_atoms == 0
    users = (scene.alice, scene.mallory)
    pools = (scene.pool, scene.other_pool)
    assert scene.vault_surplus(*pools, events=(scene.event,), users=users) == 0


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: Scene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: Scene, refusal: Refusal[Scene]) -> None:
    refusal.check(arranged)
