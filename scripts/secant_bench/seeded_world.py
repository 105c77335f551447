"""`world.World` with keys that come from a seed: the same addresses, bumps and figures every time."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from typing import Self

from solders.account import Account
from solders.keypair import Keypair
from solders.litesvm import LiteSVM
from solders.pubkey import Pubkey

from secant import exchange
from world import TOKEN_PROGRAM, User, World

TOKEN_LAMPORTS = 10**9


def keys_of(seed: str) -> Keypair:
    """The keypair of a seed."""
    return Keypair.from_seed(hashlib.sha256(seed.encode()).digest())


@dataclass
class SeededWorld(World):
    """A world whose n-th key is the same in every run."""

    seed: str = "world"
    keys_made: int = 0

    @classmethod
    def start(cls, seed: str, svm: LiteSVM | None = None) -> Self:
        """A new world, on a chain of its own unless one is given."""
        return cls(
            svm=LiteSVM() if svm is None else svm,
            admin=keys_of(f"{seed} admin"),
            pauser=keys_of(f"{seed} pauser"),
            seed=seed,
        )

    def next_keys(self) -> Keypair:
        """The next keypair."""
        self.keys_made += 1
        return keys_of(f"{self.seed} {self.keys_made}")

    def new_mint(self, authority: Pubkey | None = None, decimals: int = 6) -> Pubkey:
        """A mint, written straight into the chain."""
        key = self.next_keys().pubkey()
        owner = bytes(authority or Pubkey.default())
        data = struct.pack("<I32sQBB", authority is not None, owner, 0, decimals, 1)
        self.svm.set_account(key, Account(TOKEN_LAMPORTS, data + bytes(36), TOKEN_PROGRAM))
        return key

    def new_token_account(self, mint: Pubkey, owner: Pubkey, amount: int = 0) -> Pubkey:
        """A token account, written straight into the chain."""
        key = self.next_keys().pubkey()
        data = bytes(mint) + bytes(owner) + struct.pack("<Q", amount) + bytes(36) + b"\x01" + bytes(56)
        self.svm.set_account(key, Account(TOKEN_LAMPORTS, data, TOKEN_PROGRAM))
        return key

    def new_user(self, collateral_atoms: int = 10**12, deposit_atoms: int = 0) -> User:
        """A wallet with collateral, its margin account open."""
        keys = self.next_keys()
        self.fund(keys.pubkey())
        wallet = self.new_token_account(self.mint, keys.pubkey(), collateral_atoms)
        account = exchange.find_account(exchange=self.exchange_address, owner=keys.pubkey(), index=0)
        user = User(keys, wallet, account)
        self.run(
            exchange.open_account(
                payer=user.key, exchange=self.exchange_address, owner=user.key, index=0, account=account
            ),
            signers=[keys],
        )
        if deposit_atoms:
            self.run(self.deposit(user, deposit_atoms), signers=[keys])
        return user
