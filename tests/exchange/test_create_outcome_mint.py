from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest
from solders.system_program import TransferParams, transfer

from secant import exchange
from world import TOKEN_PROGRAM as TOKEN_PROGRAM_ID

from .refusals import (
    SYSTEM_ALREADY_IN_USE,
    SYSTEM_INSUFFICIENT_FUNDS,
    WRONG_SEEDS,
    Refusal,
    Substitution,
    substitutions,
)
from .substitutes import EVENT_WRITABLE, NEW_ACCOUNT, PAYER, SYSTEM_PROGRAM, TOKEN_PROGRAM

if TYPE_CHECKING:
    from solders.instruction import Instruction

    from .scene import Scene


def arrange(scene: Scene) -> None:
    """Nothing: the scene suffices."""


def call(scene: Scene, outcome: int = 1) -> Instruction:
    return exchange.create_outcome_mint(payer=scene.alice.key, event=scene.other_event, outcome=outcome)


SUBSTITUTED = substitutions(
    "create_outcome_mint",
    {
        "payer": PAYER | {"nobody": SYSTEM_INSUFFICIENT_FUNDS},
        "event": EVENT_WRITABLE
        | {"event": WRONG_SEEDS, "record_event": WRONG_SEEDS, "foreign_event": WRONG_SEEDS},
        "outcome_mint": NEW_ACCOUNT
        | {"outcome_mint": WRONG_SEEDS, "other_outcome_mint": WRONG_SEEDS, "mint": WRONG_SEEDS},
        "token_program": TOKEN_PROGRAM,
        "system_program": SYSTEM_PROGRAM,
    },
)

REFUSED: list[Refusal[Scene]] = [
    Refusal("no such outcome", "OutcomeUnknown", lambda s: call(s, 2)),
    Refusal("the last outcome number", "OutcomeUnknown", lambda s: call(s, 255)),
    Refusal("created already", SYSTEM_ALREADY_IN_USE, lambda s: call(s, 0)),
]


def test_the_event_alone_issues_lots(scene: Scene) -> None:
    creating = call(scene)
    assert scene.run(creating) == []
    mint = creating.accounts[2].pubkey
    account = scene.world.svm.get_account(mint)
    assert account is not None
    assert account.owner == TOKEN_PROGRAM_ID
    has_authority, authority, supply, decimals, initialized, has_freezer = struct.unpack_from(
        "<I32sQBBI", account.data
    )
    assert (has_authority, authority) == (1, bytes(scene.other_event))
    assert (supply, decimals, initialized, has_freezer) == (0, 2, 1, 0)
    bumps = scene.world.event(scene.other_event).mint_bumps
    assert bumps[1] > 0
    assert bumps[2:] == bytes(14)


def test_lamports_sent_ahead_do_not_block_it(scene: Scene) -> None:
    mint = exchange.find_outcome_mint(event=scene.other_event, outcome=1)
    scene.run(transfer(TransferParams(from_pubkey=scene.mallory.key, to_pubkey=mint, lamports=10**8)))
    scene.run(call(scene))


def test_works_for_a_settled_event(scene: Scene) -> None:
    """Harmless: tokenizing is over, and nothing else reads the mint."""
    judge = scene.judge.pubkey()
    scene.run(scene.lock(judge, scene.other_event), scene.resolve(10_000, event=scene.other_event))
    scene.run(call(scene))
    assert scene.world.event(scene.other_event).payout_ticks[0] == 10_000


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: Scene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: Scene, refusal: Refusal[Scene]) -> None:
    refusal.check(arranged)
