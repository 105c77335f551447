"""What of an order neither traded nor rests, and why: told by the market as the order left it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from secant import exchange
from secant.perp_margin import holding_of, near_ticks

from .orders import (
    ORDER_KINDS,
    SELF_TRADES,
    OrderKind,
    SelfTrade,
    order_price_ticks,
    order_side,
    resting_orders,
)
from .results import Side

if TYPE_CHECKING:
    from solders.pubkey import Pubkey

    from .perp_orders import PerpOrderReceipt
    from .perp_state import PerpState

__all__ = ["AfterOrder", "with_missing"]

_SLIPPAGE_DECIMALS: Final = 4  # that a remedy names


@dataclass(frozen=True, slots=True)
class AfterOrder:
    """An account and a market's book as an order left them.

    Attributes:
        state: The market, brought up to date.
        account: The margin account's address.
        margin: The margin account.
        book: The book's bytes.
        now: The time, in Unix seconds.
    """

    state: PerpState
    account: Pubkey
    margin: exchange.MarginAccount
    book: bytes
    now: int

    def held_lots(self) -> int:
        """Signed lots of the position, what its seat brought included."""
        for leg in self.margin.perp_legs:
            if leg.market == self.state.address:
                return holding_of(leg, self._seat(leg), self.state.stored).lots
        return 0

    def own_lots(self, side: Side) -> int:
        """Lots of the account's open orders on a side, expired ones too: those count until they are gone."""
        return sum(
            order.lots
            for _, order, owner in resting_orders(self.book)[1]
            if owner == self.account and order_side(order.id) is side
        )

    def best(self, side: Side) -> tuple[int, Pubkey] | None:
        """The best price of a side in ticks, and whose it is; None without orders that still trade."""
        found = [
            (order_price_ticks(order.id), owner)
            for _, order, owner in resting_orders(self.book)[1]
            if order_side(order.id) is side and not 0 < order.expires_at <= self.now
        ]
        pick = min if side is Side.SELL else max
        return pick(found, key=lambda row: row[0], default=None)

    def _seat(self, leg: exchange.PerpLeg) -> exchange.Seat | None:
        if not leg.seat:
            return None
        at = exchange.Book.SIZE + (leg.seat - 1) * exchange.Seat.SIZE
        seat = exchange.Seat.decode(self.book[at : at + exchange.Seat.SIZE])
        return seat if seat.account == self.account else None


def with_missing(
    receipt: PerpOrderReceipt, request: exchange.OrderRequest, after: AfterOrder, *, by_mark: bool
) -> PerpOrderReceipt:
    """A receipt that says what is missing, and why.

    Args:
        receipt: The order's.
        request: The order.
        after: What it left.
        by_mark: Whether its price was the mark with a slippage.
    """
    scale, name = after.state.scale, after.state.name
    filled, rested = (
        int(Fraction(size) / Fraction(scale.lot_size)) for size in (receipt.filled, receipt.rested)
    )
    wanted, kept = request.lots, 0
    if request.reduce_only:
        held = after.held_lots() * (-1 if receipt.side is Side.BUY else 1) + filled
        wanted = min(wanted, max(held, 0))
        kept = max(wanted - max(held - (after.own_lots(receipt.side) - rested), 0), 0)
    left = max(wanted - kept - filled - rested, 0)
    whys, remedies = [], []
    if kept:
        whys.append(f"{scale.size_of(kept):,f} is left to your own open orders that reduce it")
        remedies.append(f"`secant perp cancel {name} --all`, then once more")
    if left:
        why, remedy = _of_the_book(receipt, request, after, by_mark=by_mark)
        whys.append(why)
        remedies.append(remedy)
    if kept + left and receipt.dropped:
        count = len(receipt.dropped)
        went = f"{count} order{'' if count == 1 else 's'} left the book on the way"
        whys.append(f"{went}: own, expired, or left behind by the mark")
    return replace(
        receipt, missing=scale.size_of(kept + left), why="; ".join(whys), remedy="; or ".join(remedies)
    )


def _of_the_book(
    receipt: PerpOrderReceipt, request: exchange.OrderRequest, after: AfterOrder, *, by_mark: bool
) -> tuple[str, str]:
    """Why the book did not take all of an order, and what to do."""
    buys = receipt.side is Side.BUY
    low, high = near_ticks(after.state.stored)
    limit = min(request.price_ticks, high) if buys else max(request.price_ticks, low)
    best = after.best(Side.SELL if buys else Side.BUY)
    if best is not None and (best[0] <= limit if buys else best[0] >= limit):
        if best[1] == after.account and request.self_trade == SELF_TRADES[SelfTrade.CANCEL_TAKE]:
            why = "it met an order of your own, and `cancel-take` drops what is left"
            return why, "cancel that order first"
        return f"it met {request.meets_max} orders, or the book has changed since", "send it again"
    if request.kind == ORDER_KINDS[OrderKind.LIMIT]:
        return _of_resting(request, after, is_near=limit == request.price_ticks)
    return _of_the_price(receipt, request, after, None if best is None else best[0], by_mark=by_mark)


def _of_resting(request: exchange.OrderRequest, after: AfterOrder, *, is_near: bool) -> tuple[str, str]:
    """Why what is left of a limit order does not rest, and what to do."""
    mark, lowest, highest = _mark_and_band(after)
    if not is_near:
        why = f"no order rests so far beyond the mark of {mark}"
        return why, f"bid at most {highest}, ask at least {lowest}"
    if request.self_trade == SELF_TRADES[SelfTrade.DECREMENT]:
        return "own orders that it met were taken off it: `decrement`", "they are as much smaller themselves"
    return "the book has no place for it", f"`secant perp expand {after.state.name} --orders 32 --seats 4`"


def _of_the_price(
    receipt: PerpOrderReceipt,
    request: exchange.OrderRequest,
    after: AfterOrder,
    best_ticks: int | None,
    *,
    by_mark: bool,
) -> tuple[str, str]:
    """Why nobody trades at an order's price, and what to do."""
    scale, buys = after.state.scale, receipt.side is Side.BUY
    who = "asks" if buys else "bids"
    waiting = f"let one wait: `secant perp order {after.state.name} {receipt.side} SIZE PRICE"
    waiting += " --reduce-only`" if request.reduce_only else "`"
    if best_ticks is None:
        return f"nobody {who}{' any more' if receipt.filled else ''}", waiting
    why = f"the best of who {who} is {scale.price_of(best_ticks):,f}"
    low, high = near_ticks(after.state.stored)
    if best_ticks > high if buys else best_ticks < low:
        mark, lowest, highest = _mark_and_band(after)
        band = f"by the mark of {mark} nothing trades outside {lowest} to {highest}"
        return f"{why}, and {band}", f"wait until they meet, or {waiting}"
    edge = "pays at most" if buys else "takes at least"
    why += f", and the order {edge} {scale.price_of(request.price_ticks):,f}"
    remedy = f"give a price of {scale.price_of(best_ticks):,f}"
    if not by_mark:
        return why, remedy
    mark_ticks = after.state.stored.mark_ticks
    away = Fraction(abs(best_ticks - mark_ticks), mark_ticks)
    share = Decimal(-(-away * 10**_SLIPPAGE_DECIMALS // 1)).scaleb(-_SLIPPAGE_DECIMALS)
    return why, f"allow more slippage, {share:f} at least, or {remedy}"


def _mark_and_band(after: AfterOrder) -> tuple[str, ...]:
    low, high = near_ticks(after.state.stored)
    ticks = (after.state.stored.mark_ticks, low, high)
    return tuple(f"{after.state.scale.price_of(each):,f}" for each in ticks)
