"""A market as the next instruction will bring it up to date: a price counts as soon as the feed says it.

Every instruction that trades, draws or liquidates takes in the feed by itself. So whoever has too little by
what the feed says can be liquidated at once. The prices are those of `PerpMarket::accrue` and the engine's
`mark.rs`, to the tick; funding is left as it was last stated.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Final

from secant import exchange
from secant.client import Side
from secant.client.orders import order_price_ticks
from secant.perp_margin import AVERAGE_BITS, LONG_STALE_TIMES, price_max_ticks
from secant_keeper.perps.bounds import PRICE_MAX_TICKS
from secant_keeper.perps.sample import index_ticks

if TYPE_CHECKING:
    from secant_keeper.books import BookAccount
    from secant_keeper.perps.sample import Sample

AVERAGE_WINDOW_S: Final = 300
LAST_HOLDS_S: Final = 60
IMPACT_ORDERS_MAX: Final = 8
IMPACT_PLACES_MAX: Final = 64
_DISTANCE_MAX_TICKS: Final = 1 << 25
_ALL_BPS: Final = 10_000


def foreseen(
    market: exchange.PerpMarket, sample: Sample | None, book: BookAccount | None, now: int
) -> exchange.PerpMarket:
    """A market with its prices as of a time.

    Args:
        market: The market as it was last brought up to date.
        sample: What its feed says; None before it has said anything, and once it is closed.
        book: The market's, None if it is not known.
        now: Chain time, Unix seconds.
    """
    if market.settlement_ticks:
        return market
    at = min(now, market.close_time) if market.close_time else now
    elapsed_s = max(at - market.updated_at, 0)
    average = _averaged(market.index_average, market.index_ticks, elapsed_s)
    moved = replace(market, index_average=average)
    is_new = sample is not None and sample.time >= market.agreed_at
    if sample is not None and is_new and not 0 < market.close_time < sample.time:
        ticks = index_ticks(sample, market.rules)
        if ticks is None:
            moved = replace(moved, is_uncertain=1)
        else:
            moved = replace(moved, is_uncertain=0, index_ticks=ticks, agreed_at=sample.time)
    impact = _impact(book, moved.rules.impact_lots, at)
    moved = replace(moved, basis_average=_averaged(market.basis_average, _held(moved, impact), elapsed_s))
    if market.close_time and at >= market.close_time - exchange.CLOSING_WINDOW_S:
        return replace(moved, mark_ticks=max(_closing_ticks(market, moved.index_ticks, at), 1))
    return replace(moved, mark_ticks=_mark_ticks(moved, impact, at))


def _averaged(average: int, value_ticks: int, elapsed_s: int) -> int:
    weighted = ((value_ticks << AVERAGE_BITS) - average) * min(elapsed_s, AVERAGE_WINDOW_S)
    step = abs(weighted) // AVERAGE_WINDOW_S
    return average - step if weighted < 0 else average + step


def _held(market: exchange.PerpMarket, impact: tuple[int, int] | None) -> int:
    """By how much the book's middle is above the index, as far as it was before too: the one nearer zero."""
    before, after = market.basis_ticks, 0
    if impact is not None:
        near = _around(market.rules.near_ticks, market.rules.near_bps, market.index_ticks)
        after = _clamp(sum(impact) // 2, *near) - market.index_ticks
    return max(before, min(after, 0)) if before < 0 else min(before, max(after, 0))


def _closing_ticks(market: exchange.PerpMarket, index: int, at: int) -> int:
    """What the market settles at if its index stays: the average of the hour before its close."""
    start = max(market.updated_at, market.close_time - exchange.CLOSING_WINDOW_S)
    seen_s = min(at - start, market.rules.stale_s)
    age_s = market.updated_at - min(market.agreed_at, market.updated_at)
    is_known = not market.is_uncertain and age_s <= LONG_STALE_TIMES * market.rules.stale_s
    counted_s = seen_s if seen_s > 0 and is_known else 0
    left_s = max(market.close_time - at, 0)
    total = market.closing_sum + market.index_ticks * counted_s + index * left_s
    seconds = market.closing_seconds + counted_s + left_s
    return total // seconds if seconds else index


def _mark_ticks(market: exchange.PerpMarket, impact: tuple[int, int] | None, at: int) -> int:
    rules, index = market.rules, market.index_ticks
    low, high = _around(rules.near_ticks, rules.near_bps, index)
    own = index
    if impact is not None:
        is_fresh = at - market.traded_at <= LAST_HOLDS_S
        own = _median(*impact, market.last_ticks if is_fresh else sum(impact) // 2)
    based = index + (market.basis_average >> AVERAGE_BITS)
    mark = _median(index, _clamp(own, low, high), _clamp(based, low, high))
    average = market.index_average >> AVERAGE_BITS
    mark = _clamp(mark, *_around(rules.shock_ticks, rules.shock_bps, average))
    return min(mark, price_max_ticks(rules))


def _impact(book: BookAccount | None, lots: int, at: int) -> tuple[int, int] | None:
    """Both sides' impact prices, if both have one."""
    if book is None:
        return None
    found = [_impact_ticks(book, side, lots, at) for side in (Side.BUY, Side.SELL)]
    return None if None in found else (found[0] or 0, found[1] or 0)


def _impact_ticks(book: BookAccount, side: Side, lots: int, at: int) -> int | None:
    """The price of the order with which a side has so many lots to offer, among its best eight that trade."""
    resting = (one for one in book.best(side, IMPACT_PLACES_MAX) if not 0 < one.expires_at <= at)
    offered = 0
    for order in islice(resting, IMPACT_ORDERS_MAX):
        offered += order.lots
        if offered >= lots:
            return order_price_ticks(order.id)
    return None


def _around(ticks: int, bps: int, centre_ticks: int) -> tuple[int, int]:
    distance = min(ticks + -(-centre_ticks * min(bps, _ALL_BPS) // _ALL_BPS), _DISTANCE_MAX_TICKS)
    centre = _clamp(centre_ticks, 1, PRICE_MAX_TICKS)
    return max(centre - distance, 1), min(centre + distance, PRICE_MAX_TICKS)


def _clamp(value: int, low: int, high: int) -> int:
    return min(max(value, low), high)


def _median(*three: int) -> int:
    return sorted(three)[1]
