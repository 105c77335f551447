"""How much a taker can take over: as much as its own initial margin still covers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from secant.perp_margin import Health, Holding, health_with
from secant_keeper.perps.account import free_atoms, holdings
from secant_keeper.perps.prices import prices_of

if TYPE_CHECKING:
    from solders.pubkey import Pubkey

    from secant import exchange
    from secant_keeper.state import State


class Room:
    """A taker's margin, of which every planned takeover uses up a part.

    Attributes:
        address: The taker's address.
        account: The taker.
    """

    def __init__(self, state: State, address: Pubkey, account: exchange.MarginAccount, now: int) -> None:
        """A taker as it is at a chain time, Unix seconds."""
        self.address = address
        self.account = account
        self._now = now
        held = holdings(state, address, account)
        # With a market that is not known nothing is known of what the taker affords.
        self._positions = (
            None if held is None else {one.leg.market: (one.position, one.market) for one in held}
        )
        self._free_atoms = free_atoms(account)

    def lots(self, address: Pubkey, market: exchange.PerpMarket, lots: int) -> int:
        """How many of signed lots of a market can be taken over at its mark, without their sign."""
        low, high = 0, abs(lots)
        if self._surplus(address, market, lots) >= 0:
            return high
        while high - low > 1:
            middle = (low + high) // 2
            taken = middle if lots > 0 else -middle
            low, high = (middle, high) if self._surplus(address, market, taken) >= 0 else (low, middle)
        return low

    def take(self, address: Pubkey, market: exchange.PerpMarket, lots: int) -> None:
        """Count signed lots as taken over."""
        if self._positions is not None:
            self._positions[address] = (self._with(address, market, lots), market)

    def _with(self, address: Pubkey, market: exchange.PerpMarket, lots: int) -> Holding:
        held = (self._positions or {}).get(address, (Holding(), market))[0]
        quote_atoms = held.quote_atoms - lots * market.mark_ticks
        return replace(held, lots=held.lots + lots, quote_atoms=quote_atoms)

    def _surplus(self, address: Pubkey, market: exchange.PerpMarket, lots: int) -> int:
        if self._positions is None:
            return -1
        after = self._positions | {address: (self._with(address, market, lots), market)}
        if abs(after[address][0].lots) > market.rules.position_max_lots:
            return -1
        health = Health(self._free_atoms)
        for position, of in after.values():
            health = health_with(health, position, prices_of(of, self._now), of, self._now)
        return health.initial_surplus_atoms
