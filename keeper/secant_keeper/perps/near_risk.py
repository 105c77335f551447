"""The few accounts that can become liquidatable before prices leave a band: they alone are marked every tick.

A *survey* looks at all accounts with every market at once at the worst end of its band: longs at its lowest
price and shorts at its highest, with the dearest funding and losses. A surplus never falls when a price moves
a position's way, nor when it pays less (below), so who keeps a surplus there keeps one at any prices inside
all bands, however the markets move together. The others, and whoever changed since, are *near*, and every
tick marks them exactly, as far as their markets moved. The first tick with a market outside its band surveys
anew. So nothing is missed, and a tick costs what is near and moved, not what there is.

Why a surplus never falls: with each atom of value a long position gains one atom of claim and requires at
most one more, as every tier asks for less than all and rounding up keeps order; a short one loses an atom
as its price rises, and requires more, or in a market with a bounded price at most one atom less.

Prices that trigger each account, sorted by market, would do with fewer accounts a tick, but each of them
rests on the prices of all other markets standing still.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from secant_keeper.perps.at_risk import at_marks, mark_all, mark_rows
from secant_keeper.perps.bounds import INDEX_BITS, PRICE_MAX_TICKS
from secant_keeper.perps.market import Sides, SideView, wrapped
from secant_keeper.perps.standing import Standing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from secant_keeper.perps.columns import Columns, Ints
    from secant_keeper.perps.market import Market

BAND_BPS: Final = 200
"""How far a price may go from where it was surveyed, in bps of it."""

CHANGED_MAX: Final = 64
"""Accounts written since they were copied; with more of them, all that are near are copied anew."""

_INDEX_SHARE_BITS: Final = 4
"""Indices may move by a 16th of what prices may, an atom a lot being a tick: funding takes hours for that."""


class Picked(NamedTuple):
    """What a tick found; rows of the columns, rising.

    Attributes:
        liquidatable: Accounts that the program would liquidate.
        unknown: Accounts of which the program must be asked.
    """

    liquidatable: Ints
    unknown: Ints


class Band(NamedTuple):
    """How far a market may go until the next survey.

    Attributes:
        market: The market as it was surveyed.
        price_ticks: How far its mark may be from that, at least 1.
        index_moves: How far each of its cumulative indices may be, in 2⁻³² atoms.
    """

    market: Market
    price_ticks: int
    index_moves: int

    @classmethod
    def around(cls, market: Market, bps: int) -> Band:
        """So many bps of the mark to either side, rounded up."""
        price_ticks = -(-market.mark_ticks * bps // 10_000)
        return cls(market, price_ticks, price_ticks << (INDEX_BITS - _INDEX_SHARE_BITS))

    def holds(self, market: Market) -> bool:
        """Whether the market, as it is now, lies within."""
        then = self.market
        moved = (
            market.funding_index - then.funding_index,
            market.loss_long_index - then.loss_long_index,
            market.loss_short_index - then.loss_short_index,
        )
        return (
            (market.schedule, market.face_ticks) == (then.schedule, then.face_ticks)
            and abs(market.mark_ticks - then.mark_ticks) <= self.price_ticks
            and all(abs(wrapped(one)) <= self.index_moves for one in moved)
        )

    def worst(self) -> Sides:
        """For either side the end at which its positions are worth least."""
        return self._end(-1)

    def best(self) -> Sides:
        """The end at which they are worth most."""
        return self._end(1)

    def _end(self, sign: int) -> Sides:
        then = self.market
        price, index = sign * self.price_ticks, sign * self.index_moves
        return Sides(
            SideView(
                _price(then.mark_ticks + price),
                wrapped(then.funding_index - index),
                wrapped(then.loss_long_index - index),
            ),
            SideView(
                _price(then.mark_ticks - price),
                wrapped(then.funding_index + index),
                wrapped(then.loss_short_index - index),
            ),
            then.face_ticks,
        )


class NearRisk:
    """Watches the accounts of columns; their only watcher, as it empties `Columns.touched`.

    Attributes:
        surveys: How many surveys there have been.
    """

    def __init__(self, columns: Columns, band_bps: int = BAND_BPS) -> None:
        """Watch these accounts, from the first tick on, with bands of 1 to 2,500 bps."""
        assert 1 <= band_bps <= 2_500
        self._columns = columns
        self._band_bps = band_bps
        self._bands: list[Band | None] = []
        self._near: Ints = np.zeros(0, dtype=np.int64)
        self._standing: Standing | None = None
        self.surveys = 0

    def survey(self, markets: Sequence[Market | None]) -> None:
        """Looks at all accounts and centres the bands on the markets as they are, None for one not known.

        A tick does this by itself as soon as a band is left; on a clock it keeps `near` small.
        """
        self._bands = [None if market is None else Band.around(market, self._band_bps) for market in markets]
        worst = mark_all(
            self._columns, [band and (band.worst(), band.market.schedule) for band in self._bands]
        )
        # Known at both ends is known in between: indices and what they cost lie between their ends.
        best = mark_all(self._columns, [band and (band.best(), band.market.schedule) for band in self._bands])
        self._near = np.flatnonzero((worst.atoms < 0) | worst.is_unknown | best.is_unknown)
        self._columns.touched.clear()
        self._standing = None
        self.surveys += 1

    def near(self) -> Ints:
        """Rows that are marked at a tick, rising: who is near, and who changed since the survey."""
        return np.union1d(self._near, self._changed())

    def tick(self, markets: Sequence[Market | None]) -> Picked:
        """Who is liquidatable with the markets as they are: no more and no fewer than a pass over all finds.

        Args:
            markets: All markets by index, None for one whose state is not known.
        """
        if self.surveys == 0 or not self._holds(markets):
            self.survey(markets)
        elif len(self._columns.touched) > CHANGED_MAX:
            self._near, self._standing = self.near(), None
            self._columns.touched.clear()
        self._standing = self._standing or Standing(self._columns, self._near)
        before = self._standing.mark(markets)
        if not self._columns.touched:
            return Picked(self._near[before.liquidatable()], self._near[before.unknown()])
        changed = self._changed()
        after = mark_rows(self._columns, at_marks(markets), changed)
        return Picked(
            self._merged(before.liquidatable(), changed, after.liquidatable()),
            self._merged(before.unknown(), changed, after.unknown()),
        )

    def _changed(self) -> Ints:
        touched = self._columns.touched
        return np.sort(np.fromiter(touched, dtype=np.int64, count=len(touched)))

    def _merged(self, before: Ints, changed: Ints, after: Ints) -> Ints:
        """Rows by places among the near and among the changed, whose word counts where they are both."""
        return np.union1d(np.setdiff1d(self._near[before], changed, assume_unique=True), changed[after])

    def _holds(self, markets: Sequence[Market | None]) -> bool:
        return all(
            market is None if band is None else market is not None and band.holds(market)
            for band, market in zip_longest(self._bands, markets)
        )


def _price(price_ticks: int) -> int:
    return min(max(price_ticks, 1), PRICE_MAX_TICKS)
