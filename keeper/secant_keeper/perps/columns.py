"""Margin accounts and their perpetual legs as standing columns: written once a change, read at every tick.

An account is a *row*. Its legs lie with the other legs of their market, so that a market's prices and tiers
are scalars of one run through adjacent numbers, and so that an account, which has at most one leg in a
market, is met at most once in each run: sums by account are then plain indexed additions, exact in integers.

| column | shape | dtype | unit, range |
| --- | --- | --- | --- |
| `free_atoms` | rows | int64 | atoms, within ±2⁶⁰: cash and what events hold at worst |
| `is_unbounded` | rows | bool | whether it left the bounds of `bounds.py`; its legs are then not kept |
| `leg_market` | rows, 8 | int32 | market of each leg, -1 for none |
| `leg_place` | rows, 8 | int64 | its place among the market's legs |
| a market's legs | 9, legs | int64 | `Legs`, one row of the array a field |
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

import numpy as np

from secant_keeper.perps.bounds import (
    FREE_MAX_ATOMS,
    LEGS_MAX,
    LOTS_MAX,
    ORDERS_MAX_ATOMS,
    QUOTE_MAX_ATOMS,
)
from secant_keeper.perps.errors import AccountInvalidError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from solders.pubkey import Pubkey

Ints: TypeAlias = "NDArray[np.int64]"
Bools: TypeAlias = "NDArray[np.bool_]"

_FIRST_CAPACITY: Final = 64


class Leg(NamedTuple):
    """One position of an account, as its margin account stores it.

    Attributes:
        market: Index of the market, as `Columns.add_market` gave it.
        position_lots: Signed size.
        quote_atoms: What was received for it, less what was paid.
        funding_index: The market's funding index when the leg was last settled, in 2⁻³² atoms a lot.
        loss_index: The loss index of the position's side then.
        bid_lots: Lots of open bids.
        bid_atoms: What they pay in all.
        ask_lots: Lots of open asks.
        ask_atoms: What they bring in all.
    """

    market: int
    position_lots: int
    quote_atoms: int
    funding_index: int = 0
    loss_index: int = 0
    bid_lots: int = 0
    bid_atoms: int = 0
    ask_lots: int = 0
    ask_atoms: int = 0

    def is_bounded(self) -> bool:
        """Whether every number of it is within the bounds in which the mirror is exact."""
        return (
            abs(self.position_lots) <= LOTS_MAX
            and abs(self.quote_atoms) <= QUOTE_MAX_ATOMS
            and 0 <= self.bid_lots <= LOTS_MAX
            and 0 <= self.ask_lots <= LOTS_MAX
            and 0 <= self.bid_atoms <= ORDERS_MAX_ATOMS
            and 0 <= self.ask_atoms <= ORDERS_MAX_ATOMS
        )


class Legs(NamedTuple):
    """Legs of one market, each field an int64 array of one length: the fields of `Leg` without its market.

    Attributes:
        rows: Where each leg's account is among the rows that are summed; none twice.
    """

    rows: Ints
    position_lots: Ints
    quote_atoms: Ints
    funding_index: Ints
    loss_index: Ints
    bid_lots: Ints
    bid_atoms: Ints
    ask_lots: Ints
    ask_atoms: Ints


@dataclass(slots=True)
class _MarketLegs:
    """The legs of a market, without holes: the last one fills the place of one that goes."""

    count: int = 0
    values: Ints = field(
        default_factory=lambda: np.zeros((len(Legs._fields), _FIRST_CAPACITY), dtype=np.int64)
    )

    def append(self, row: int, leg: Leg) -> int:
        """Adds a leg and tells its place."""
        place = self.count
        if place == self.values.shape[1]:
            # Doubling copies each leg at most once more on average, however many there come to be.
            grown = np.zeros((len(Legs._fields), 2 * place), dtype=np.int64)
            grown[:, :place] = self.values
            self.values = grown
        self.values[:, place] = (row, *leg[1:])
        self.count += 1
        return place

    def remove(self, place: int) -> int | None:
        """Takes a leg out; the row whose leg moved into its place, None if it was the last."""
        self.count -= 1
        if place == self.count:
            return None
        self.values[:, place] = self.values[:, self.count]
        return int(self.values[0, place])


class Columns:
    """The accounts.

    Attributes:
        free_atoms: By row; rows that hold no account are zero.
        is_unbounded: By row.
        leg_market: By row and leg.
        leg_place: By row and leg.
        touched: Rows written since whoever watches the accounts last emptied it.
    """

    def __init__(self) -> None:
        self.free_atoms: Ints = np.zeros(_FIRST_CAPACITY, dtype=np.int64)
        self.is_unbounded: Bools = np.zeros(_FIRST_CAPACITY, dtype=np.bool_)
        self.leg_market: NDArray[np.int32] = np.full((_FIRST_CAPACITY, LEGS_MAX), -1, dtype=np.int32)
        self.leg_place: Ints = np.zeros((_FIRST_CAPACITY, LEGS_MAX), dtype=np.int64)
        self.touched: set[int] = set()
        self._addresses: list[Pubkey | None] = []
        self._rows: dict[Pubkey, int] = {}
        self._holes: list[int] = []
        self._markets: list[_MarketLegs] = []

    def __len__(self) -> int:
        """How many accounts there are."""
        return len(self._rows)

    @property
    def row_count(self) -> int:
        """How many rows there are, those without an account included."""
        return len(self._addresses)

    @property
    def market_count(self) -> int:
        """How many markets were added."""
        return len(self._markets)

    @property
    def leg_count(self) -> int:
        """How many legs there are."""
        return sum(legs.count for legs in self._markets)

    def add_market(self) -> int:
        """Makes room for another market's legs; its index, rising from 0."""
        self._markets.append(_MarketLegs())
        return len(self._markets) - 1

    def row(self, address: Pubkey) -> int | None:
        """The row of an account; None if it is not here."""
        return self._rows.get(address)

    def address(self, row: int) -> Pubkey | None:
        """The account of a row; None for a row that holds none."""
        return self._addresses[row]

    def put(self, address: Pubkey, free_atoms: int, legs: Sequence[Leg]) -> int:
        """Writes an account as it is now, new or known, in time that grows with its legs only.

        Args:
            address: The account.
            free_atoms: Its cash and what its events hold at worst.
            legs: Its positions, at most 8, each in another market.

        Returns:
            Its row, which stays the same until it is removed.

        Raises:
            AccountInvalidError: For more legs, two in one market, or a market that was never added; nothing
            is written.
        """
        markets = [leg.market for leg in legs]
        if len(legs) > LEGS_MAX or len(set(markets)) != len(markets):
            raise AccountInvalidError(
                f"{address}: an account has at most 8 legs, each in another market, not {markets}"
            )
        if not all(0 <= market < len(self._markets) for market in markets):
            raise AccountInvalidError(
                f"{address}: add_market comes before a leg in it; there is no such one in {markets}"
            )
        row = self._rows.get(address)
        if row is None:
            row = self._new_row(address)
        bounded = abs(free_atoms) <= FREE_MAX_ATOMS and all(leg.is_bounded() for leg in legs)
        self.is_unbounded[row] = not bounded
        self.free_atoms[row] = free_atoms if bounded else 0
        self._write_legs(row, legs if bounded else ())
        self.touched.add(row)
        return row

    def remove(self, address: Pubkey) -> bool:
        """Takes an account out; whether it was here."""
        row = self._rows.pop(address, None)
        if row is None:
            return False
        self._write_legs(row, ())
        self.free_atoms[row] = 0
        self.is_unbounded[row] = False
        self._addresses[row] = None
        self._holes.append(row)
        self.touched.add(row)
        return True

    def runs(self, legs_max: int) -> Iterator[tuple[int, Legs]]:
        """All legs, as views of at most so many that lie together in one market, each with its market."""
        for market, legs in enumerate(self._markets):
            for start in range(0, legs.count, legs_max):
                yield market, Legs(*legs.values[:, start : min(start + legs_max, legs.count)])

    def legs(self, market: int) -> Legs:
        """All legs of a market, as views."""
        legs = self._markets[market]
        return Legs(*legs.values[:, : legs.count])

    def legs_of(self, rows: Ints) -> Iterator[tuple[int, Legs]]:
        """Copies of the legs of some accounts by market; `Legs.rows` are places in `rows`."""
        markets = self.leg_market[rows]
        at, slot = np.nonzero(markets >= 0)
        market_of = markets[at, slot]
        place_of = self.leg_place[rows[at], slot]
        order = np.argsort(market_of, kind="stable")
        ends = np.cumsum(np.bincount(market_of, minlength=len(self._markets)))
        start = 0
        for market, end in enumerate(ends.tolist()):
            if end > start:
                chosen = order[start:end]
                legs = self._markets[market].values.take(place_of[chosen], axis=1)
                legs[0] = at[chosen]
                yield market, Legs(*legs)
            start = end

    def _new_row(self, address: Pubkey) -> int:
        if self._holes:
            row = self._holes.pop()
            self._addresses[row] = address
        else:
            row = len(self._addresses)
            self._addresses.append(address)
            if row == len(self.free_atoms):
                self._grow()
        self._rows[address] = row
        return row

    def _grow(self) -> None:
        """Doubles the rows, so that all accounts together are copied about once."""
        rows = len(self.free_atoms)
        self.free_atoms = np.concatenate([self.free_atoms, np.zeros(rows, dtype=np.int64)])
        self.is_unbounded = np.concatenate([self.is_unbounded, np.zeros(rows, dtype=np.bool_)])
        self.leg_market = np.concatenate([self.leg_market, np.full((rows, LEGS_MAX), -1, dtype=np.int32)])
        self.leg_place = np.concatenate([self.leg_place, np.zeros((rows, LEGS_MAX), dtype=np.int64)])

    def _write_legs(self, row: int, legs: Sequence[Leg]) -> None:
        """Overwrites the legs that stay, takes out those that go and adds those that are new."""
        slots = {market: slot for slot, market in enumerate(self.leg_market[row].tolist()) if market >= 0}
        for market in slots.keys() - {leg.market for leg in legs}:
            slot = slots.pop(market)
            self._take_out(market, int(self.leg_place[row, slot]))
            self.leg_market[row, slot] = -1
        free = [slot for slot in range(LEGS_MAX) if slot not in slots.values()]
        for leg in legs:
            known = slots.get(leg.market)
            if known is not None:
                self._markets[leg.market].values[1:, self.leg_place[row, known]] = leg[1:]
                continue
            slot = free.pop(0)
            self.leg_place[row, slot] = self._markets[leg.market].append(row, leg)
            self.leg_market[row, slot] = leg.market

    def _take_out(self, market: int, place: int) -> None:
        moved = self._markets[market].remove(place)
        if moved is not None:
            slot = self.leg_market[moved].tolist().index(market)
            self.leg_place[moved, slot] = place
