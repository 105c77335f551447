"""A market as the next instruction will bring it up to date: a price counts as soon as the feed says it.

Every instruction that trades, draws or liquidates takes in the feed by itself. So whoever has too little by
what the feed says can be liquidated at once. The prices are those of `PerpMarket::accrue` and the engine's
`mark.rs`, to the tick; funding is left as it was last stated.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from secant.client import Side
from secant.client.orders import order_price_ticks
from secant_keeper.perps.bounds import PRICE_MAX_TICKS
from secant_keeper.perps.prices import AVERAGE_BITS, price_max_ticks
from secant_keeper.perps.sample import index_ticks

if TYPE_CHECKING:
    from secant import exchange
    from secant_keeper.books import BookAccount
    from secant_keeper.perps.sample import Sample

AVERAGE_WINDOW_S: Final = 300
LAST_HOLDS_S: Final = 60
IMPACT_ORDERS_MAX: Final = 8
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
    moved = replace(
        market,
        index_average=_averaged(market.index_average, market.index_ticks, elapsed_s),
        basis_average=_averaged(market.basis_average, market.basis_ticks, elapsed_s),
    )
    is_new = sample is not None and sample.time >= market.agreed_at
    if sample is not None and is_new and not 0 < market.close_time < sample.time:
        ticks = index_ticks(sample, market.rules)
        if ticks is None:
            moved = replace(moved, is_uncertain=1)
        else:
            moved = replace(moved, is_uncertain=0, index_ticks=ticks, agreed_at=sample.time)
    return replace(moved, mark_ticks=_mark_ticks(moved, book, at))


def _averaged(average: int, value_ticks: int, elapsed_s: int) -> int:
    weighted = ((value_ticks << AVERAGE_BITS) - average) * min(elapsed_s, AVERAGE_WINDOW_S)
    step = abs(weighted) // AVERAGE_WINDOW_S
    return average - step if weighted < 0 else average + step


def _mark_ticks(market: exchange.PerpMarket, book: BookAccount | None, at: int) -> int:
    rules, index = market.rules, market.index_ticks
    low, high = _around(rules.near_ticks, rules.near_bps, index)
    impact_bid, impact_ask = (
        None if book is None else _impact_ticks(book, side, rules.impact_lots, at)
        for side in (Side.BUY, Side.SELL)
    )
    own = index
    if impact_bid is not None and impact_ask is not None:
        last = impact_bid // 2 + impact_ask // 2
        if at - market.traded_at <= LAST_HOLDS_S:
            last = market.last_ticks
        own = _median(impact_bid, impact_ask, last)
    based = index + (market.basis_average >> AVERAGE_BITS)
    mark = _median(index, _clamp(own, low, high), _clamp(based, low, high))
    average = market.index_average >> AVERAGE_BITS
    mark = _clamp(mark, *_around(rules.shock_ticks, rules.shock_bps, average))
    return min(mark, price_max_ticks(rules))


def _impact_ticks(book: BookAccount, side: Side, lots: int, at: int) -> int | None:
    """The price of the order with which a side has so many lots to offer, among its best eight."""
    offered = 0
    for order in book.best(side, IMPACT_ORDERS_MAX):
        if not 0 < order.expires_at <= at:
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
