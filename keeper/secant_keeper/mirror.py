"""A venue's depth as the orders of one margin account: what to cancel and to place so that a book shows it.

A book of two outcomes is of YES, so both venues' YES bids and asks fit it as they are. The rules:

* One post-only order a level. A level whose one order has the right size is left alone, and keeps its place
  in the queue; of several orders at a level the first of the right size stays, the others go.
* Levels that cross at the venue are left out on both sides (`Depth.uncrossed`): a book cannot rest crossed.
* Levels of less than the book's least lots are left out, and so are those beyond the best `levels_max`.
* Everything that goes is cancelled before anything is placed, the best prices first. Where that takes several
  transactions, what rests between them is part of what the venue had before, or has now; never do the two
  meet, so the account never crosses itself.

Orders of others are not looked at. One that crosses the venue's best price makes the program refuse the
order (`OrderWouldTake`), and its transaction; whoever mirrors may take it instead.
"""

from __future__ import annotations

from itertools import chain, zip_longest
from typing import TYPE_CHECKING, Final, NamedTuple

from secant import exchange
from secant.client import Side
from secant.units import price_of, shares_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from secant.client import OrderView
    from secant_keeper.venues.depth import Depth, Level

LEVELS_MAX: Final = 1_024
"""Orders that a side of a book holds at most."""

CANCELLATION_BYTES: Final = 10
REQUEST_BYTES: Final = 30
CHANGES_BYTES_MAX: Final = 756
"""What a transaction has room for besides its accounts, two compute budget instructions and two signatures:
25 orders placed, or 75 cancelled."""

_MEETS_MAX: Final = 8
"""Expired orders of others that each order may clear away from before it."""


class Replacement(NamedTuple):
    """The arguments of one `exchange.replace_orders`.

    Attributes:
        cancellations: What goes.
        requests: What comes, after that.
    """

    cancellations: tuple[exchange.Cancellation, ...]
    requests: tuple[exchange.OrderRequest, ...]


def mirror(
    depth: Depth, orders: Iterable[OrderView], *, lots_min: int = 1, levels_max: int = LEVELS_MAX
) -> tuple[Replacement, ...]:
    """What makes a margin account's orders in a book those of a venue, to be sent in this order.

    Args:
        depth: What rests at the venue now.
        orders: All that the account has resting in the book.
        lots_min: The book's least lots of an order.
        levels_max: Levels to show on each side at most, 1 to 1,024.

    Returns:
        One replacement for each transaction; none if the book shows the depth already.

    Raises:
        ValueError: `lots_min` or `levels_max` is out of range.
    """
    if lots_min < 1 or not 1 <= levels_max <= LEVELS_MAX:
        asked = f"no mirror of {levels_max} levels of at least {lots_min} lots"
        raise ValueError(f"{asked}: use 1 to {LEVELS_MAX} levels of at least 1 lot")
    shown = depth.uncrossed()
    sides = (
        [(side, level) for level in levels if level.lots >= lots_min][:levels_max]
        for side, levels in ((Side.BUY, shown.bids), (Side.SELL, shown.asks))
    )
    by_rank = chain.from_iterable(zip_longest(*sides))
    wanted = {(one[0], price_of(one[1].price_ticks)): one[1] for one in by_rank if one is not None}
    cancellations = []
    for order in orders:
        level = wanted.get((order.side, order.price))
        if level is not None and shares_of(level.lots) == order.shares:
            del wanted[order.side, order.price]
        else:
            cancellations.append(exchange.Cancellation(order_id=order.id, hint=order.place))
    return _split(cancellations, [_request(side, level) for (side, _), level in wanted.items()])


def _request(side: Side, level: Level) -> exchange.OrderRequest:
    return exchange.OrderRequest(
        client_id=0,
        lots=level.lots,
        expires_at=0,
        price_ticks=level.price_ticks,
        meets_max=_MEETS_MAX,
        side=exchange.SIDE_BID if side is Side.BUY else exchange.SIDE_ASK,
        kind=exchange.ORDER_POST_ONLY,
        self_trade=exchange.SELF_TRADE_CANCEL_PROVIDE,
        reduce_only=False,
    )


def _split(
    cancellations: list[exchange.Cancellation], requests: list[exchange.OrderRequest]
) -> tuple[Replacement, ...]:
    """Cancellations first, as many as fit; the last of them share their transaction with the first orders.

    A transaction full of cancellations has no room for an order, so none is placed before the last one.
    """
    found = []
    while cancellations or requests:
        going = cancellations[: CHANGES_BYTES_MAX // CANCELLATION_BYTES]
        del cancellations[: len(going)]
        left = CHANGES_BYTES_MAX - CANCELLATION_BYTES * len(going)
        coming = requests[: left // REQUEST_BYTES]
        del requests[: len(coming)]
        found.append(Replacement(tuple(going), tuple(coming)))
    return tuple(found)
