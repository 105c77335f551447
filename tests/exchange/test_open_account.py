from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer

from secant import exchange

from .refusals import (
    SYSTEM_ALREADY_IN_USE,
    SYSTEM_INSUFFICIENT_FUNDS,
    WRONG_SEEDS,
    Refusal,
    Substitution,
    substitutions,
)
from .substitutes import EXCHANGE, NEW_ACCOUNT, PAYER, SYSTEM_PROGRAM

if TYPE_CHECKING:
    from solders.instruction import Instruction

    from .scene import Scene


def arrange(scene: Scene) -> None:
    """Nothing: the scene suffices."""


def call(scene: Scene, index: int = 1) -> Instruction:
    return exchange.open_account(
        payer=scene.alice.key, exchange=scene.world.exchange_address, owner=scene.alice.key, index=index
    )


SUBSTITUTED = substitutions(
    "open_account",
    {
        "payer": PAYER | {"nobody": SYSTEM_INSUFFICIENT_FUNDS},
        "exchange": EXCHANGE | {"foreign_exchange": WRONG_SEEDS},
        "account": NEW_ACCOUNT,
        "system_program": SYSTEM_PROGRAM,
    },
)


def _other_index(scene: Scene) -> Instruction:
    return exchange.open_account(
        payer=scene.alice.key,
        exchange=scene.world.exchange_address,
        owner=scene.alice.key,
        index=2,
        account=exchange.find_account(exchange=scene.world.exchange_address, owner=scene.alice.key, index=3),
    )


REFUSED: list[Refusal[Scene]] = [
    Refusal("open already", SYSTEM_ALREADY_IN_USE, lambda s: call(s, 0)),
    Refusal("twice in one transaction", SYSTEM_ALREADY_IN_USE, lambda s: (call(s), call(s))),
    Refusal("the address of another index", WRONG_SEEDS, _other_index),
]


def test_opens_an_empty_account(scene: Scene) -> None:
    address, bump = Pubkey.find_program_address(
        [b"margin", bytes(scene.world.exchange_address), bytes(scene.alice.key), b"\x01"],
        exchange.PROGRAM_ID,
    )
    assert scene.run(call(scene)) == [exchange.AccountOpened(account=address, owner=scene.alice.key)]
    account = exchange.MarginAccount.decode(scene.world.data(address))
    assert (account.exchange, account.owner) == (scene.world.exchange_address, scene.alice.key)
    assert (account.index, account.bump, account.layout) == (1, bump, 1)
    assert (account.cash_atoms, account.floor_atoms) == (0, 0)
    assert (account.volume_atoms, account.volume_time) == (0, 0)
    reserved = exchange.MarginAccount.OFFSETS["layout"] + 1
    assert not any(scene.world.data(address)[reserved:])


def test_anyone_opens_for_anyone_and_gains_no_right(scene: Scene) -> None:
    opening = exchange.open_account(
        payer=scene.mallory.key, exchange=scene.world.exchange_address, owner=scene.alice.key, index=255
    )
    scene.run(opening)
    account = opening.accounts[2].pubkey
    closing = exchange.close_account(owner=scene.mallory.key, account=account)
    scene.assert_refused("OwnerMismatch", closing)
    scene.run(exchange.close_account(owner=scene.alice.key, account=account))


def test_works_under_every_pause(scene: Scene) -> None:
    scene.run(scene.pause(15))
    scene.run(call(scene))


@pytest.mark.parametrize("lamports", [1, 10**9])
def test_lamports_sent_ahead_do_not_block_it(scene: Scene, lamports: int) -> None:
    address = call(scene).accounts[2].pubkey
    ahead = transfer(
        TransferParams(from_pubkey=scene.mallory.key, to_pubkey=address, lamports=10**6 + lamports)
    )
    scene.run(ahead)
    scene.run(call(scene))
    assert exchange.MarginAccount.decode(scene.world.data(address)).owner == scene.alice.key


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: Scene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: Scene, refusal: Refusal[Scene]) -> None:
    refusal.check(arranged)
