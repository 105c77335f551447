"""What rests at a venue, level by level, in the units of our books: ticks of 1/10,000 and lots of 0.01 share.

A venue whose grid is finer than ours is rounded so that nobody is promised more than the venue does: bids go
down to a tick, asks up, levels that meet on a tick become one, and a size loses what is less than a lot. A
level is left out where that leaves no lot, or no price from 1 to 9,999 ticks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

TICKS_PER_DOLLAR: Final = 10_000


class Level(NamedTuple):
    """Everything at one price.

    Attributes:
        price_ticks: The price, 1 to 9,999.
        lots: How much rests there, above 0.
    """

    price_ticks: int
    lots: int


@dataclass(frozen=True, slots=True)
class Depth:
    """Both sides of a venue's book.

    Attributes:
        series: The venue's name of what is traded.
        source_time_ms: The latest time that the venue gave with a message about the series, Unix
            milliseconds; the receive time where it has given none (a Kalshi snapshot has none); None where
            that is unknown too.
        bids: Who buys, the highest price first, each price once.
        asks: Who sells, the lowest price first.
    """

    series: str
    source_time_ms: int | None
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]

    @property
    def is_crossed(self) -> bool:
        """Whether the best bid is at or above the best ask, which no book can be at rest."""
        return bool(self.bids and self.asks) and self.bids[0].price_ticks >= self.asks[0].price_ticks

    def uncrossed(self) -> Depth:
        """The depth without the levels in doubt while it is crossed; the same if it is not.

        One of two levels that cross is gone already, and the depth does not tell which: neither is kept.
        """
        if not self.is_crossed:
            return self
        bid_ticks, ask_ticks = self.bids[0].price_ticks, self.asks[0].price_ticks
        return replace(
            self,
            bids=tuple(level for level in self.bids if level.price_ticks < ask_ticks),
            asks=tuple(level for level in self.asks if level.price_ticks > bid_ticks),
        )


class Grid(NamedTuple):
    """A venue's units in ours.

    Attributes:
        prices_per_tick: Its units of price in a tick.
        sizes_per_lot: Its units of size in a lot.
    """

    prices_per_tick: int
    sizes_per_lot: int

    def bids(self, sizes: Mapping[int, int]) -> tuple[Level, ...]:
        """The bids of a book kept as size by price."""
        per_tick = self.prices_per_tick
        return self._levels([(price // per_tick, size) for price, size in sizes.items()], is_falling=True)

    def asks(self, sizes: Mapping[int, int]) -> tuple[Level, ...]:
        """The asks of a book kept as size by price."""
        per_tick = self.prices_per_tick
        return self._levels([(-(-price // per_tick), size) for price, size in sizes.items()])

    def _levels(self, rounded: list[tuple[int, int]], *, is_falling: bool = False) -> tuple[Level, ...]:
        merged: dict[int, int] = {}
        for price_ticks, size in rounded:
            merged[price_ticks] = merged.get(price_ticks, 0) + size
        per_lot = self.sizes_per_lot
        return tuple(
            Level(price_ticks, size // per_lot)
            for price_ticks, size in sorted(merged.items(), reverse=is_falling)
            if 0 < price_ticks < TICKS_PER_DOLLAR and size >= per_lot
        )
