from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from secant import exchange

from .refusals import TOKEN_MINT_MISMATCH, Refusal, Substitution, substitutions
from .substitutes import EVENT_WRITABLE, EXCHANGE, MARGIN_ACCOUNT, MINT, SIGNER, TOKEN_ACCOUNT, TOKEN_PROGRAM

if TYPE_CHECKING:
    from solders.instruction import Instruction

    from .scene import Scene


def arrange(scene: Scene) -> None:
    scene.run(scene.mint_set(scene.alice, 100))


def call(scene: Scene, lots: int = 100, outcome: int = 0) -> Instruction:
    return scene.tokenize(scene.alice, lots, scene.tokens, outcome)


SUBSTITUTED = substitutions(
    "tokenize",
    {
        "owner": SIGNER | {"nobody": "OwnerMismatch", "mallory": "OwnerMismatch", "admin": "OwnerMismatch"},
        "exchange": EXCHANGE | {"foreign_exchange": "ExchangeMismatch"},
        "account": MARGIN_ACCOUNT
        | {"mallory_account": "OwnerMismatch", "foreign_account": "ExchangeMismatch"},
        "event": EVENT_WRITABLE | {"other_event": "OutcomeMintMismatch", "foreign_event": "ExchangeMismatch"},
        "outcome_mint": MINT
        | {
            "second_outcome_mint": "OutcomeMintMismatch",
            "other_outcome_mint": "OutcomeMintMismatch",
            "mint": "OutcomeMintMismatch",
        },
        "destination": TOKEN_ACCOUNT
        | {
            "second_tokens": TOKEN_MINT_MISMATCH,
            "alice_wallet": TOKEN_MINT_MISMATCH,
            "vault": TOKEN_MINT_MISMATCH,
        },
        "token_program": TOKEN_PROGRAM,
    },
)


def _fill_legs(scene: Scene) -> None:
    scene.run(scene.merge_set(scene.alice, 100))
    for number in range(8):
        event = scene.world.new_event(scene.mallory, name=f"leg {number}")
        scene.run(scene.mint_set(scene.alice, 1, event))


def _drain(scene: Scene, left_atoms: int) -> None:
    scene.run(scene.merge_set(scene.alice, 100))
    scene.run(scene.world.withdraw(scene.alice, scene.cash(scene.alice) - left_atoms))


def _other_outcome(scene: Scene) -> Instruction:
    return scene.substitute(call(scene, 1, 1), "outcome_mint", "outcome_mint")


REFUSED: list[Refusal[Scene]] = [
    Refusal("paused", "Paused", call, lambda s: s.run(s.pause(exchange.PAUSE_TOKENIZE))),
    Refusal("nothing", "AmountZero", lambda s: call(s, 0)),
    Refusal(
        "no such outcome",
        "OutcomeUnknown",
        lambda s: s.substitute(call(s, 1, 2), "outcome_mint", "outcome_mint"),
    ),
    Refusal("mint of another outcome", "OutcomeMintMismatch", _other_outcome),
    Refusal("beyond 63 bits", "Overflow", lambda s: call(s, 2**63)),
    Refusal("position beyond its limit", "PositionTooLarge", lambda s: call(s, 2**63 - 1)),
    Refusal("settled", "EventSettled", call, lambda s: s.settle(10_000)),
    Refusal(
        "written short after the lock",
        "EventNotOpen",
        lambda s: call(s, 101),
        lambda s: s.world.set_time(s.world.event(s.event).lock_time),
    ),
    Refusal("eight other events", "LegsFull", call, _fill_legs),
    Refusal("one atom short", "InsolventAccount", call, lambda s: _drain(s, 999_999)),
]


def test_what_is_held_leaves_the_ledger_after_the_lock_too(arranged: Scene) -> None:
    scene = arranged
    scene.world.set_time(scene.world.event(scene.event).lock_time)
    held = scene.lots(scene.alice)
    assert held is not None
    scene.run(call(scene, held[0]))
    scene.assert_refused("EventNotOpen", call(scene, 1))


def test_turns_ledger_shares_into_tokens(arranged: Scene) -> None:
    scene = arranged
    cash = scene.cash(scene.alice)
    assert scene.run(call(scene, 30)) == [
        exchange.TokensChanged(account=scene.alice.account, event=scene.event, outcome=0, lots=30)
    ]
    assert scene.lots(scene.alice) == (70, 100)
    assert scene.world.margin(scene.alice).floor_atoms == 700_000
    assert scene.world.token_amount(scene.tokens) == 30
    state = scene.world.event(scene.event)
    assert (state.tokenized_lots[0], state.escrow_atoms) == (30, 1_000_000)
    assert scene.cash(scene.alice) == cash


def test_a_short_issues_tokens_against_its_reserve(scene: Scene) -> None:
    """Tokens without shares are a short: exactly solvent with their face in cash."""
    scene.run(scene.world.withdraw(scene.alice, scene.cash(scene.alice) - 1_000_000))
    scene.run(call(scene, 100))
    assert scene.lots(scene.alice) == (-100, 0)
    scene.assert_refused("InsolventAccount", call(scene, 1))
    scene.assert_refused("InsolventAccount", scene.world.withdraw(scene.alice, 1))


def test_a_holder_of_tokens_and_of_their_short_gains_nothing(scene: Scene) -> None:
    cash = scene.cash(scene.alice)
    scene.run(call(scene, 100))
    scene.settle(10_000)
    wallet = scene.world.token_amount(scene.alice.wallet)
    scene.run(scene.redeem_tokens(scene.alice, 100, scene.tokens), scene.redeem(scene.alice))
    assert scene.cash(scene.alice) == cash - 1_000_000
    assert scene.world.token_amount(scene.alice.wallet) == wallet + 1_000_000


def test_works_after_the_lock(arranged: Scene) -> None:
    arranged.run(arranged.lock(arranged.judge.pubkey()), call(arranged))
    assert arranged.world.token_amount(arranged.tokens) == 100


def test_the_owner_may_pay_out_to_another(arranged: Scene) -> None:
    arranged.run(arranged.substitute(call(arranged), "destination", "mallory_tokens"))
    assert arranged.world.token_amount(arranged.mallory_tokens) == 100


def test_without_the_mint_nothing_is_issued(scene: Scene) -> None:
    """No mint at the address of an outcome that has none: nobody but the program can create one there."""
    event = scene.world.new_event(scene.alice, name="no mints")
    asking = exchange.tokenize(
        owner=scene.alice.key,
        exchange=scene.world.exchange_address,
        account=scene.alice.account,
        event=event,
        outcome_mint=exchange.find_outcome_mint(event=event, outcome=0),
        destination=scene.tokens,
        outcome=0,
        lots=1,
    )
    scene.assert_refused("account data too small for instruction", asking)


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: Scene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: Scene, refusal: Refusal[Scene]) -> None:
    refusal.check(arranged)
