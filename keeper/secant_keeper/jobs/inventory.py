"""Hands back what the keeper's own account has taken over, at the book, near the mark.

In parts of at most what the book would take within the slip: an order that only reduces, and never rests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from secant import exchange
from secant_keeper.jobs.work import Work
from secant_keeper.perps.account import legs_of
from secant_keeper.perps.prices import is_closed, near_mark
from secant_keeper.perps.task import as_remaining, book_of, other_markets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secant_keeper.books import BookAccount
    from secant_keeper.perps.task import Task
    from secant_keeper.state import State

NAME = "inventory"
MEETS_MAX: Final = 64
"""Resting orders that one order may meet."""
ALL_BPS: Final = 10_000


def plan(state: State, now: int, task: Task) -> Iterator[Work]:
    """One order for each position of the keeper's own account that its book takes something of at `now`."""
    account = None if task.taker is None else state.margin_account(task.taker)
    if account is None or task.taker is None:
        return
    state.watch.refresh(state, now)
    for leg in legs_of(account):
        market = state.watch.market(state, leg.market)
        book = state.book(book_of(leg.market))
        if market is None or book is None or leg.seat or not leg.position_lots or is_closed(market, now):
            continue
        limit_ticks = limit_of(market, leg.position_lots, task.settings.slip_bps)
        lots = min(abs(leg.position_lots), depth_lots(book, leg.position_lots, limit_ticks, now))
        if lots == 0:
            continue
        trade = exchange.trade_perp(
            trader=task.key,
            exchange=market.exchange,
            account=task.taker,
            market=leg.market,
            feed=market.feed,
            book=book.address,
            request=_request(leg.position_lots, lots, limit_ticks),
            remaining_accounts=as_remaining(other_markets(leg.market, account)),
        )
        once = state.versions_of(task.taker, leg.market, market.feed, book.address)
        yield Work(NAME, (task.taker, leg.market), (trade,), once=once)


def limit_of(market: exchange.PerpMarket, position_lots: int, slip_bps: int) -> int:
    """The worst price at which a position is handed back: within the slip, and where the book trades."""
    slip_ticks = market.mark_ticks * slip_bps // ALL_BPS
    low_ticks, high_ticks = near_mark(market)
    if position_lots > 0:
        return max(market.mark_ticks - slip_ticks, low_ticks)
    return min(market.mark_ticks + slip_ticks, high_ticks)


def depth_lots(book: BookAccount, position_lots: int, limit_ticks: int, now: int) -> int:
    """What the book takes of a position at a price or better."""
    depth = book.depth(now)
    if position_lots > 0:
        return sum(level.lots for level in depth.bids if level.price_ticks >= limit_ticks)
    return sum(level.lots for level in depth.asks if level.price_ticks <= limit_ticks)


def _request(position_lots: int, lots: int, limit_ticks: int) -> exchange.OrderRequest:
    return exchange.OrderRequest(
        client_id=0,
        lots=lots,
        expires_at=0,
        price_ticks=limit_ticks,
        meets_max=MEETS_MAX,
        side=exchange.SIDE_ASK if position_lots > 0 else exchange.SIDE_BID,
        kind=exchange.ORDER_IMMEDIATE_OR_CANCEL,
        self_trade=exchange.SELF_TRADE_CANCEL_PROVIDE,
        reduce_only=True,
    )
