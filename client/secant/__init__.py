"""Prediction markets and derivatives of their prices, under one margin account on Solana.

- `Client` and `SyncClient` do what a user does: fund an account, trade, redeem.
- `Wallet` signs. `SecantError` is the root of everything that is raised on purpose; see `secant.errors`.
- `secant.exchange` and `secant.oracle` are the programs' generated bindings, for builders.
- `secant.chain` is the transport; `secant.units` turns decimal numbers into the chain's integers.
- `secant.localnet` is a network on this machine; `secant.bootstrap` puts an exchange on it.
"""

from .client import Builder, Client, PerpTerms, PerpTierTerms, PoolKind, Quote, perp_rules, record_terms
from .errors import ProgramError, SecantError
from .sync import SyncClient
from .wallet import Wallet

__all__ = [
    "Builder",
    "Client",
    "PerpTerms",
    "PerpTierTerms",
    "PoolKind",
    "ProgramError",
    "Quote",
    "SecantError",
    "SyncClient",
    "Wallet",
    "perp_rules",
    "record_terms",
]
