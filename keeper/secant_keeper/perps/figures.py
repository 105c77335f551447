"""Figures of a perpetual beyond its account: what its hour leads to, who holds it, where positions end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from secant_keeper.perps.health import liquidation_ticks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from solders.pubkey import Pubkey

    from secant import exchange
    from secant_keeper.books import Depth
    from secant_keeper.perps.columns import Columns, Ints
    from secant_keeper.perps.market import Market

RATE_BITS: Final = 16
"""Fraction bits of a funding rate."""

TOP_SHARE: Final = 10
"""The largest positions are one in so many."""

FAR_TIMES: Final = 3
"""Clusters go as far as so many times the mark."""

_HOUR_S: Final = 3_600
_ALL_BPS: Final = 10_000
_WORD: Final = 1 << 63


class Crowd(NamedTuple):
    """Who holds a perpetual; as `PerpSnapshot` has it."""

    long_accounts: int = 0
    short_accounts: int = 0
    long_lots: int = 0
    short_lots: int = 0
    long_top_lots: int = 0
    short_top_lots: int = 0


class Prices(NamedTuple):
    """Where positions would be liquidated, as arrays of one length, int64.

    Attributes:
        lots: Their signed sizes.
        ticks: The prices; 0 where none does it, or where that is not known.
    """

    lots: Ints
    ticks: Ints


@dataclass(frozen=True, slots=True)
class Positions:
    """What everybody has at a time, as a copy that no other thread changes.

    Attributes:
        columns: The accounts.
        keys: The markets, by index.
        markets: What is known of each, by index.
    """

    columns: Columns
    keys: list[Pubkey]
    markets: list[Market | None]

    def liquidation_prices(self) -> dict[Pubkey, Prices]:
        """Where positions would be liquidated, all else unchanged, by market."""
        found = {}
        ticks = liquidation_ticks(self.columns, self.markets, np.arange(self.columns.row_count))
        for index, key in enumerate(self.keys):
            legs = self.columns.legs(index)
            slot = np.argmax(self.columns.leg_market[legs.rows] == index, axis=1)
            found[key] = Prices(legs.position_lots, ticks[legs.rows, slot])
        return found


class Cluster(NamedTuple):
    """As the history's cluster, without market and time."""

    from_ticks: int
    long_accounts: int
    long_lots: int
    long_atoms: int
    short_accounts: int
    short_lots: int
    short_atoms: int


def predicted_rate(market: exchange.PerpMarket) -> int:
    """The rate that the present hour's premium leads to, as far as it was seen, in 2⁻¹⁶ ticks a day.

    The engine's `Funding::predicted_rate`, within the market's cap, to which the next hour's rate keeps.
    """
    scaled = market.premium_seconds << RATE_BITS
    rate = scaled // _HOUR_S if scaled >= 0 else -(-scaled // _HOUR_S)
    rules = market.rules
    cap = (rules.funding_ticks + -(-market.index_ticks * rules.funding_bps // _ALL_BPS)) << RATE_BITS
    return max(-cap, min(rate, cap))


def crowd_of(lots: Ints) -> Crowd:
    """Who holds positions of these signed sizes."""
    held = lots[lots != 0]
    if not len(held):
        return Crowd()
    sizes = np.abs(held)
    place = len(held) - -(-len(held) // TOP_SHARE)
    top = held[sizes >= np.partition(sizes, place)[place]]
    return Crowd(
        int((held > 0).sum()),
        int((held < 0).sum()),
        int(held[held > 0].sum()),
        int(-held[held < 0].sum()),
        int(top[top > 0].sum()),
        int(-top[top < 0].sum()),
    )


def depth_lots(depth: Depth, mark_ticks: int, bps: int) -> tuple[int, int]:
    """Lots that buy and lots that sell within so many bps of the mark."""
    distance = mark_ticks * bps // _ALL_BPS
    low, high = mark_ticks - distance, mark_ticks + distance
    bids = sum(level.lots for level in depth.bids if level.price_ticks >= low)
    asks = sum(level.lots for level in depth.asks if level.price_ticks <= high)
    return bids, asks


def cluster_width(mark_ticks: int) -> int:
    """How wide clusters are: the greatest of 1, 2, 5, 10, 20, 50, … ticks within 1 % of the mark.

    So clusters of one scan are those of the next, unless the mark has moved far.
    """
    most = max(mark_ticks // 100, 1)
    decade = int("1".ljust(len(str(most)), "0"))
    return next(step * decade for step in (5, 2, 1) if step * decade <= most)


def clusters_of(prices: Prices, mark_ticks: int) -> Iterator[Cluster]:
    """The positions that some price up to `FAR_TIMES` the mark brings down, by that price, lowest first."""
    near = (prices.ticks > 0) & (prices.ticks <= FAR_TIMES * mark_ticks)
    lots, ticks = prices.lots[near], prices.ticks[near]
    width = cluster_width(mark_ticks)
    starts, places = np.unique(ticks // width * width, return_inverse=True)
    sizes = np.abs(lots)
    # Beyond 64 bits sums are those of Python's integers, which have no end, and cost more.
    is_small = int(sizes.sum()) * FAR_TIMES * mark_ticks < _WORD
    kind = np.int64 if is_small else np.object_
    values = sizes.astype(kind) * ticks.astype(kind)
    sides = []
    for side in (lots > 0, lots < 0):
        for amounts in (np.ones_like(sizes), sizes, values):
            total = np.zeros(len(starts), dtype=amounts.dtype)
            np.add.at(total, places[side], amounts[side])
            sides.append(total)
    for row in zip(starts, *sides, strict=True):
        yield Cluster(*(int(one) for one in row))
