from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer

from secant import exchange
from world import TOKEN_PROGRAM as TOKEN_PROGRAM_ID

from .refusals import (
    NOT_EXECUTABLE,
    SYSTEM_ALREADY_IN_USE,
    UNSIGNED,
    WRONG_OWNER,
    WRONG_SEEDS,
    WRONG_TYPE,
    Refusal,
    Substitution,
    substitutions,
)
from .substitutes import NEW_ACCOUNT, SYSTEM_PROGRAM, TOKEN_PROGRAM

if TYPE_CHECKING:
    from solders.instruction import Instruction

    from .scene import Scene

FEE_BPS = 1_000


def arrange(scene: Scene) -> None:
    """A new admin with a mint and a treasury."""
    admin = Keypair()
    scene.own(admin)
    mint = scene.world.new_mint()
    scene.addresses["new_admin"] = admin.pubkey()
    scene.addresses["new_mint"] = mint
    scene.addresses["new_treasury"] = scene.world.new_token_account(mint, scene.mallory.key)


def call(scene: Scene, fee_bps: int = FEE_BPS, mint: str = "new_mint") -> Instruction:
    return exchange.initialize(
        admin=scene.addresses["new_admin"],
        mint=scene.addresses[mint],
        treasury=scene.addresses["new_treasury"],
        pauser=scene.world.pauser.pubkey(),
        fee_bps=fee_bps,
    )


SUBSTITUTED = substitutions(
    "initialize",
    {
        "admin": {"unsigned": UNSIGNED, "read_only": UNSIGNED, "nobody": WRONG_SEEDS, "mallory": WRONG_SEEDS},
        "mint": {
            "clone": WRONG_OWNER,
            "nobody": WRONG_OWNER,
            "alice_wallet": WRONG_TYPE,
            "alice_account": WRONG_OWNER,
            "mint": WRONG_SEEDS,
            "=treasury": WRONG_TYPE,
        },
        "exchange": NEW_ACCOUNT | {"exchange": WRONG_SEEDS},
        "vault": NEW_ACCOUNT | {"vault": WRONG_SEEDS, "new_treasury": "Custom(2040)"},
        "treasury": {
            "clone": WRONG_OWNER,
            "nobody": WRONG_OWNER,
            "alice_account": WRONG_OWNER,
            "foreign_mint": WRONG_TYPE,
            "alice_wallet": "MintMismatch",
            "foreign_treasury": "MintMismatch",
            "=mint": WRONG_TYPE,
        },
        "token_program": TOKEN_PROGRAM,
        "system_program": SYSTEM_PROGRAM | {"=mint": NOT_EXECUTABLE},
    },
)


def _mint_of_nine_decimals(scene: Scene) -> None:
    scene.addresses["new_mint"] = scene.world.new_mint(decimals=9)
    scene.addresses["new_treasury"] = scene.world.new_token_account(
        scene.addresses["new_mint"], scene.mallory.key
    )


REFUSED: list[Refusal[Scene]] = [
    Refusal("a fee above the highest", "FeeInvalid", lambda s: call(s, FEE_BPS + 1)),
    Refusal("nine decimals", "DecimalsInvalid", call, _mint_of_nine_decimals),
    Refusal("initialized already", SYSTEM_ALREADY_IN_USE, call, lambda s: s.run(call(s))),
    Refusal(
        "a treasury of another token",
        "MintMismatch",
        lambda s: s.substitute(call(s), "treasury", "alice_wallet"),
    ),
]


def test_creates_the_exchange_and_its_vault(arranged: Scene) -> None:
    scene = arranged
    admin, mint = scene.addresses["new_admin"], scene.addresses["new_mint"]
    address, bump = Pubkey.find_program_address([b"exchange", bytes(mint), bytes(admin)], exchange.PROGRAM_ID)
    vault = exchange.find_vault(exchange=address)
    assert scene.run(call(scene)) == [exchange.ExchangeInitialized(exchange=address, admin=admin, mint=mint)]
    state = exchange.Exchange.decode(scene.world.data(address))
    assert (state.admin, state.pauser, state.mint) == (admin, scene.world.pauser.pubkey(), mint)
    assert (state.vault, state.treasury) == (vault, scene.addresses["new_treasury"])
    assert (state.fees_atoms, state.fee_bps, state.pause_bits) == (0, FEE_BPS, 0)
    assert (state.bump, state.layout) == (bump, 1)
    account = scene.world.svm.get_account(vault)
    assert account is not None
    assert account.owner == TOKEN_PROGRAM_ID
    assert struct.unpack_from("<32s32sQ", account.data) == (bytes(mint), bytes(address), 0)
    assert struct.unpack_from("<I", account.data, 72) == (0,), "the vault has no delegate"
    assert struct.unpack_from("<I", account.data, 129) == (0,), "the vault has no close authority"


@pytest.mark.parametrize("which", ["exchange", "vault"])
def test_lamports_sent_ahead_do_not_block_it(arranged: Scene, which: str) -> None:
    initializing = call(arranged)
    place = {"exchange": 2, "vault": 3}[which]
    key = initializing.accounts[place].pubkey
    arranged.run(transfer(TransferParams(from_pubkey=arranged.mallory.key, to_pubkey=key, lamports=10**8)))
    arranged.run(initializing)


def test_another_admin_of_the_same_mint_is_another_exchange(arranged: Scene) -> None:
    """Nobody takes an exchange's address ahead of its admin: the admin is part of it and signs."""
    arranged.run(call(arranged))
    other = exchange.find_exchange(mint=arranged.addresses["new_mint"], admin=arranged.mallory.key)
    assert not arranged.world.exists(other)


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: Scene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: Scene, refusal: Refusal[Scene]) -> None:
    refusal.check(arranged)
