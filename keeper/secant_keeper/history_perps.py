"""What of perpetuals goes into the history: each as it changes, at intervals where positions would end."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from secant import exchange
from secant.client.views import text_of
from secant.perp_margin import LONG_STALE_TIMES
from secant_keeper.history_rows import NUMBER_MAX, Cluster, PerpLink, PerpSnapshot, Scan
from secant_keeper.perps.figures import (
    FAR_TIMES,
    Crowd,
    cluster_width,
    clusters_of,
    crowd_of,
    depth_lots,
    predicted_rate,
)
from secant_keeper.perps.prices import may_liquidate, prices_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from solders.pubkey import Pubkey

    from secant_keeper.books import BookAccount
    from secant_keeper.history_rows import Batch
    from secant_keeper.perps.figures import Positions, Prices
    from secant_keeper.state import State

NEAR_BPS: Final = 100
FAR_BPS: Final = 500
"""How far from the mark depth is counted."""

OPEN: Final = "open"
DOUBTFUL: Final = "doubtful"
UNUSABLE: Final = "unusable"
SETTLED: Final = "settled"
GONE: Final = "gone"
"""Qualities of a perpetual's prices, as `PerpSnapshot.quality` has them."""


@dataclass(frozen=True, slots=True)
class _Noted:
    """A perpetual as it was last noted.

    Attributes:
        market: Its account.
        book: Its book's, None if that is not known.
        accounts: How often margin accounts had changed.
        row: What was noted.
    """

    market: exchange.PerpMarket
    book: BookAccount | None
    accounts: int
    row: PerpSnapshot

    def next_change(self) -> int | None:
        """When, by time alone, it is another one: an order expires, or its last reading is too old."""
        time, market = self.row.time, self.market
        if self.row.quality in {SETTLED, GONE}:
            return None
        stale_s = market.rules.stale_s
        moments = [market.agreed_at + stale_s + 1, market.agreed_at + LONG_STALE_TIMES * stale_s + 1]
        expiry = None if self.book is None else self.book.next_expiry(time)
        if expiry is not None:
            moments.append(expiry)
        return min((one for one in moments if one > time), default=None)

    def at(self, moment: int) -> _Noted:
        """What it is at a later moment if nothing but time has passed."""
        bids, asks, far_bids, far_asks = _depths(self.book, self.market.mark_ticks, moment)
        row = self.row._replace(
            time=moment,
            quality=_quality(self.market, moment),
            bids_1pct_lots=bids,
            asks_1pct_lots=asks,
            bids_5pct_lots=far_bids,
            asks_5pct_lots=far_asks,
        )
        return _Noted(self.market, self.book, self.accounts, row)


class PerpNotes:
    """Notes perpetuals.

    Args:
        interval_s: Least seconds between two snapshots of one.
        scan_interval_s: Least seconds between two scans of liquidations.
    """

    def __init__(self, interval_s: int, scan_interval_s: int) -> None:
        self._interval_s = interval_s
        self._scan_interval_s = scan_interval_s
        self.forget()

    def forget(self) -> None:
        """Begin anew: everything is noted again."""
        self._noted: dict[Pubkey, _Noted] = {}
        self._named: dict[Pubkey, PerpLink] = {}
        self._scanned_at: int | None = None

    def note(self, state: State, now: int, batch: Batch, *, is_last: bool) -> None:
        """Note what has changed by `now`, chain time in Unix seconds; before the interval if `is_last`."""
        present = dict(state.all_perps())
        if not present and not self._noted:
            return
        state.watch.refresh(state, now)
        for address, market in present.items():
            self._note_link(state, address, market, batch)
            self._note_one(state, address, market, now, batch, is_last=is_last)
        for address in self._noted.keys() - present.keys():
            last = self._pass_time(self._noted.pop(address), now, batch)
            batch.perp_snapshots.append(last.row._replace(time=now, quality=GONE))
        if self._scanned_at is None or now - self._scanned_at >= self._scan_interval_s:
            self._scanned_at = now
            # Their accounts are not changed but replaced, so the other thread has them as they are now.
            batch.later.append(partial(_scan, state.watch.positions(), present, now))

    def _note_link(self, state: State, address: Pubkey, market: exchange.PerpMarket, batch: Batch) -> None:
        """Note what a perpetual is, and again once more of it is known: its feed may come later."""
        feed = state.feed(market.feed)
        link = PerpLink(
            str(address),
            str(market.exchange),
            str(market.feed),
            text_of(market.market_id),
            _stored(market.rules.units_per_tick),
            None if feed is None else feed.exponent,
        )
        if link != self._named.get(address):
            self._named[address] = link
            batch.perps.append(link)

    def _note_one(
        self,
        state: State,
        address: Pubkey,
        market: exchange.PerpMarket,
        now: int,
        batch: Batch,
        *,
        is_last: bool,
    ) -> None:
        last = self._noted.get(address)
        if last is not None:
            last = self._noted[address] = self._pass_time(last, now, batch)
            if now - last.row.time < self._interval_s and not is_last:
                return
            book = state.book(exchange.find_book(event=address, outcome=0))
            if last.market is market and last.book is book and last.accounts == state.watch.changes:
                return
        noted = _noted(state, address, market, now)
        if last is None or _said(last.row) != _said(noted.row):
            batch.perp_snapshots.append(noted.row)
        else:
            # Nothing of it was noted, so the interval does not begin anew.
            noted = _Noted(noted.market, noted.book, noted.accounts, last.row)
        self._noted[address] = noted

    def _pass_time(self, last: _Noted, now: int, batch: Batch) -> _Noted:
        """Note what time alone has changed since, at the times it did."""
        while (change := last.next_change()) is not None:
            moment = max(change, last.row.time + self._interval_s)
            if moment > now:
                break
            following = last.at(moment)
            if _said(following.row) != _said(last.row):
                batch.perp_snapshots.append(following.row)
            last = following
        return last


def _scan(positions: Positions, present: dict[Pubkey, exchange.PerpMarket], now: int, batch: Batch) -> None:
    """Add to a batch where positions would be liquidated: half a second for a hundred thousand accounts."""
    found = positions.liquidation_prices()
    for address, market in present.items():
        prices = found.get(address)
        clusters = [] if prices is None else list(_clusters(address, market, prices, now))
        batch.clusters += clusters
        batch.scans.append(_scan_row(address, market, prices, clusters, now))


def _noted(state: State, address: Pubkey, market: exchange.PerpMarket, now: int) -> _Noted:
    book = state.book(exchange.find_book(event=address, outcome=0))
    claims = state.watch.claims(address)
    crowd = Crowd() if claims is None else crowd_of(claims.lots)
    bids, asks, far_bids, far_asks = _depths(book, market.mark_ticks, now)
    row = PerpSnapshot(
        market=str(address),
        time=now,
        slot=state.slots.get(address, state.slot),
        quality=_quality(market, now),
        index_ticks=market.index_ticks,
        mark_ticks=market.mark_ticks,
        last_ticks=market.last_ticks,
        settlement_ticks=market.settlement_ticks,
        index_average=market.index_average,
        basis_ticks=market.basis_ticks,
        basis_average=market.basis_average,
        premium_ticks=market.premium_ticks,
        funding_rate=market.funding_rate,
        predicted_rate=predicted_rate(market),
        funding_index=market.funding_index,
        open_lots=_stored(market.open_lots),
        value_atoms=_stored(market.open_lots * market.mark_ticks),
        pool_atoms=_stored(market.pool_atoms),
        insurance_atoms=_stored(market.insurance_atoms),
        haircut_atoms=_stored(market.haircut_atoms),
        haircut_open_atoms=_stored(market.haircut_open_atoms),
        **crowd._asdict(),
        bids_1pct_lots=bids,
        asks_1pct_lots=asks,
        bids_5pct_lots=far_bids,
        asks_5pct_lots=far_asks,
    )
    return _Noted(market, book, state.watch.changes, row)


def _said(row: PerpSnapshot) -> PerpSnapshot:
    """The row but for when it was noted."""
    return row._replace(time=0, slot=0)


def _stored(value: int) -> int | None:
    return value if value <= NUMBER_MAX else None


def _quality(market: exchange.PerpMarket, now: int) -> str:
    if market.settlement_ticks:
        return SETTLED
    if not prices_of(market, now).is_doubtful:
        return OPEN
    return DOUBTFUL if may_liquidate(market, now) else UNUSABLE


def _depths(book: BookAccount | None, mark_ticks: int, now: int) -> tuple[int, int, int, int]:
    """Lots that buy and that sell near the mark, then those further off."""
    if book is None:
        return 0, 0, 0, 0
    depth = book.depth(now)
    return (*depth_lots(depth, mark_ticks, NEAR_BPS), *depth_lots(depth, mark_ticks, FAR_BPS))


def _clusters(address: Pubkey, market: exchange.PerpMarket, prices: Prices, now: int) -> Iterator[Cluster]:
    for one in clusters_of(prices, market.mark_ticks):
        atoms = {"long_atoms": _stored(one.long_atoms), "short_atoms": _stored(one.short_atoms)}
        yield Cluster(str(address), now, **{**one._asdict(), **atoms})


def _scan_row(
    address: Pubkey, market: exchange.PerpMarket, prices: Prices | None, clusters: list[Cluster], now: int
) -> Scan:
    accounts = sum(one.long_accounts + one.short_accounts for one in clusters)
    far = unreached = 0
    if prices is not None:
        far = int((prices.ticks > FAR_TIMES * market.mark_ticks).sum())
        unreached = int(((prices.ticks == 0) & (prices.lots != 0)).sum())
    width = cluster_width(market.mark_ticks)
    return Scan(str(address), now, market.mark_ticks, width, accounts, far, unreached)
