"""The vault identity, read from the chain's accounts."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from secant import exchange

if TYPE_CHECKING:
    from secant.chain import Chain
    from secant.client import ExchangeView

_TOKEN_AMOUNT_AT = 64


@dataclass(frozen=True, slots=True)
class VaultIdentity:
    """What the vault holds and what it is held for, in atoms.

    Attributes:
        vault: Balance of the token account.
        cash: Sum over margin accounts.
        pools: Sum of pools' cash.
        fees: Fees in pools and on the exchange, not collected.
        escrow: Sum over events.
    """

    vault: int
    cash: int
    pools: int
    fees: int
    escrow: int

    @property
    def holds(self) -> bool:
        """Tell whether both sides are equal to the atom."""
        return self.vault == self.cash + self.pools + self.fees + self.escrow

    def __str__(self) -> str:
        sign = "=" if self.holds else "≠"
        return (
            f"vault {self.vault:,} {sign} cash {self.cash:,} + pools {self.pools:,} + fees {self.fees:,}"
            f" + escrow {self.escrow:,} atoms"
        )


async def read_identity(chain: Chain, view: ExchangeView) -> VaultIdentity:
    """The identity of the only exchange on a chain."""
    stored, vault = await chain.accounts([view.address, view.vault])
    assert stored is not None
    assert vault is not None
    accounts = await chain.program_accounts(exchange.PROGRAM_ID, exchange.MarginAccount.DISCRIMINATOR)
    pools = await chain.program_accounts(exchange.PROGRAM_ID, exchange.Pool.DISCRIMINATOR)
    events = await chain.program_accounts(exchange.PROGRAM_ID, exchange.EventMarket.DISCRIMINATOR)
    pools_decoded = [exchange.Pool.decode(data) for data in pools.values()]
    uncollected = exchange.Exchange.decode(bytes(stored.data)).fees_atoms
    return VaultIdentity(
        vault=struct.unpack_from("<Q", bytes(vault.data), _TOKEN_AMOUNT_AT)[0],
        cash=sum(exchange.MarginAccount.decode(data).cash_atoms for data in accounts.values()),
        pools=sum(pool.cash_atoms for pool in pools_decoded),
        fees=uncollected + sum(pool.fees_atoms for pool in pools_decoded),
        escrow=sum(exchange.EventMarket.decode(data).escrow_atoms for data in events.values()),
    )
