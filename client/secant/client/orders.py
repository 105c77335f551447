"""What a book holds and what becomes of orders, in decimal numbers, and the way to them from the wire."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from secant import exchange
from secant.errors import ClientOutdated
from secant.units import TICKS_PER_UNIT, collateral_of, price_of, shares_of

from .results import Side
from .session import emitted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from solders.pubkey import Pubkey
    from solders.signature import Signature

    from secant.chain import Landed, Simulated

__all__ = [
    "ORDER_KINDS",
    "SELF_TRADES",
    "BookView",
    "Builder",
    "DropReceipt",
    "DroppedOrder",
    "Level",
    "LocalBook",
    "OrderKind",
    "OrderReceipt",
    "OrderView",
    "SelfTrade",
    "TakeQuote",
    "TakeReceipt",
    "mirrored_ticks",
    "order_price_ticks",
    "order_receipt",
    "order_side",
    "order_views",
    "placed_receipt",
    "resting_orders",
    "take_quote",
]


class OrderKind(StrEnum):
    """What becomes of what an order does not take at once."""

    LIMIT = "limit"
    IMMEDIATE_OR_CANCEL = "ioc"
    FILL_OR_KILL = "fok"
    POST_ONLY = "post-only"
    POST_ONLY_SLIDE = "post-only-slide"


class SelfTrade(StrEnum):
    """What happens when an order meets one of the same margin account."""

    CANCEL_PROVIDE = "cancel-provide"
    CANCEL_TAKE = "cancel-take"
    DECREMENT = "decrement"


ORDER_KINDS: Final = {
    OrderKind.LIMIT: exchange.ORDER_LIMIT,
    OrderKind.IMMEDIATE_OR_CANCEL: exchange.ORDER_IMMEDIATE_OR_CANCEL,
    OrderKind.FILL_OR_KILL: exchange.ORDER_FILL_OR_KILL,
    OrderKind.POST_ONLY: exchange.ORDER_POST_ONLY,
    OrderKind.POST_ONLY_SLIDE: exchange.ORDER_POST_ONLY_SLIDE,
}
SELF_TRADES: Final = {
    SelfTrade.CANCEL_PROVIDE: exchange.SELF_TRADE_CANCEL_PROVIDE,
    SelfTrade.CANCEL_TAKE: exchange.SELF_TRADE_CANCEL_TAKE,
    SelfTrade.DECREMENT: exchange.SELF_TRADE_DECREMENT,
}
_PRICE_BITS: Final = 40
_ASK: Final = 1


@dataclass(frozen=True, slots=True)
class Builder:
    """Whose front end an order comes from, and what that earns.

    Attributes:
        owner: The builder's wallet; its first margin account gets the fee.
        fee_bps: The fee on what the order takes, in bps of shares * p * (1 - p): 1 to 100.
    """

    owner: Pubkey | str
    fee_bps: int


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order that rests.

    Attributes:
        id: Its number, unique in its book.
        book: The book.
        account: The margin account it belongs to.
        outcome: Label of the outcome.
        side: Whether it buys or sells it.
        price: Price of a share, from 0 to 1.
        shares: Shares still open.
        client_id: Its owner's own mark.
        expires: When it stops trading, UTC; None for never.
        is_expired: Whether that has come: it trades no more, and reserves collateral until it is cancelled.
        place: Where it lay in the book when it was read.
    """

    id: int
    book: Pubkey
    account: Pubkey
    outcome: str
    side: Side
    price: Decimal
    shares: Decimal
    client_id: int
    expires: datetime | None
    is_expired: bool
    place: int


@dataclass(frozen=True, slots=True)
class Level:
    """All orders of a price.

    Attributes:
        price: Price of a share, from 0 to 1.
        shares: Shares open in all.
        orders: How many orders.
    """

    price: Decimal
    shares: Decimal
    orders: int


@dataclass(frozen=True, slots=True)
class BookView:
    """A book as seen from one outcome. Of two outcomes, the second sees the first one's book mirrored.

    Attributes:
        address: Its address.
        event: The event.
        outcome: Label of the outcome.
        bids: Levels that buy, the best first; expired orders are left out.
        asks: Levels that sell, the best first.
        fee_bps: A taker's fee, in bps of shares * p * (1 - p).
        rebate_bps: What makers get of it, in the same unit.
        min_shares: Least shares of an order that rests.
        fees: Fees not collected yet; None in a copy that is kept from logs, which do not tell.
        changes: How often its orders have changed.
    """

    address: Pubkey
    event: Pubkey
    outcome: str
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    fee_bps: int
    rebate_bps: int
    min_shares: Decimal
    fees: Decimal | None
    changes: int


@dataclass(frozen=True, slots=True)
class DroppedOrder:
    """An own order that an order took out of its way, or cut.

    Attributes:
        order_id: Its number.
        side: Whether it bought or sold the outcome asked for.
        price: Price of a share, from 0 to 1.
        shares: Shares that it lost.
        left: Shares that it still has; 0 if it is gone.
    """

    order_id: int
    side: Side
    price: Decimal
    shares: Decimal
    left: Decimal


@dataclass(frozen=True, slots=True)
class OrderReceipt:
    """What became of an order.

    Attributes:
        signature: The transaction.
        book: The book.
        outcome: Label of the outcome.
        side: Whether it buys or sells it.
        order_id: Number of what rests; None if nothing does.
        filled: Shares that traded.
        amount: What they cost, or brought, before fees.
        total: What was paid, both fees included, or received, both deducted.
        price: Their average price, before fees; None if nothing traded.
        fee: The fee.
        builder_fee: What a builder got on top.
        rested: Shares that rest.
        resting_price: At which price, from 0 to 1; None if nothing rests.
        own_dropped: Own orders that it cancelled or cut, as far as they were there before it was sent.
    """

    signature: Signature
    book: Pubkey
    outcome: str
    side: Side
    order_id: int | None
    filled: Decimal
    amount: Decimal
    total: Decimal
    price: Decimal | None
    fee: Decimal
    builder_fee: Decimal
    rested: Decimal
    resting_price: Decimal | None
    own_dropped: tuple[DroppedOrder, ...]


@dataclass(frozen=True, slots=True)
class TakeQuote:
    """What an order that never rests would trade now.

    Attributes:
        book: The book.
        outcome: Label of the outcome.
        side: Whether it is bought or sold.
        shares: How much.
        pool_shares: How much of that with a pool.
        amount: What it costs, or brings, before fees.
        total: What is paid, both fees included, or received, both deducted.
        price: The average price, before fees; None if nothing trades.
        fee: The fee.
        builder_fee: What a builder gets on top.
        own_dropped: Own orders that it cancels or cuts, as far as they were there before.
    """

    book: Pubkey
    outcome: str
    side: Side
    shares: Decimal
    pool_shares: Decimal
    amount: Decimal
    total: Decimal
    price: Decimal | None
    fee: Decimal
    builder_fee: Decimal
    own_dropped: tuple[DroppedOrder, ...]


@dataclass(frozen=True, slots=True)
class TakeReceipt(TakeQuote):
    """What an order that never rests has traded.

    Attributes:
        signature: The transaction.
    """

    signature: Signature


@dataclass(frozen=True, slots=True)
class DropReceipt:
    """Orders were cancelled or swept.

    Attributes:
        signature: The transaction.
        book: The book.
        order_ids: The numbers of those that were still there.
    """

    signature: Signature
    book: Pubkey
    order_ids: tuple[int, ...]


def mirrored_ticks(price_ticks: int) -> int:
    """The price of NO for one of YES, and the other way."""
    return TICKS_PER_UNIT - price_ticks


def order_price_ticks(order_id: int) -> int:
    """The price of an order in its book's own outcome, from its number."""
    return order_id >> _PRICE_BITS


def order_side(order_id: int) -> Side:
    """Whether an order buys or sells its book's own outcome, from its number."""
    return _side_of(order_id)


def resting_orders(data: bytes) -> tuple[exchange.Book, list[tuple[int, exchange.Order, Pubkey]]]:
    """A book's head, and its orders by rising price, each with its place and its margin account.

    Raises:
        ClientOutdated: the account is not laid out as this client knows it.
    """
    head = exchange.Book.decode(data)
    seat_size, order_size = exchange.Seat.SIZE, exchange.Order.SIZE
    seats_start = exchange.Book.SIZE
    start = seats_start + head.seats * seat_size
    room = (len(data) - start) // order_size
    if room < head.bids + head.asks:
        raise ClientOutdated("a book is shorter than its orders")
    found = []
    for place in (*range(head.bids), *range(room - head.asks, room)):
        at = start + place * order_size
        order = exchange.Order.decode(data[at : at + order_size])
        seat_at = seats_start + order.seat * seat_size
        seat = exchange.Seat.decode(data[seat_at : seat_at + seat_size])
        found.append((place, order, seat.account))
    return head, found


def order_views(
    address: Pubkey, data: bytes, labels: tuple[str, ...], account: Pubkey | None, now: int
) -> tuple[OrderView, ...]:
    """The orders of a book on its own outcome, expired ones too; one margin account's, if it is named."""
    head, found = resting_orders(data)
    return tuple(
        OrderView(
            id=order.id,
            book=address,
            account=owner,
            outcome=labels[head.outcome],
            side=_side_of(order.id),
            price=price_of(order.id >> _PRICE_BITS),
            shares=shares_of(order.lots),
            client_id=order.client_id,
            expires=datetime.fromtimestamp(order.expires_at, UTC) if order.expires_at else None,
            is_expired=_is_expired(order, now),
            place=place,
        )
        for place, order, owner in found
        if account is None or owner == account
    )


class LocalBook:
    """A book kept up to date from its logs, each of which says how many came before it.

    Attributes:
        address: Its address.
        changes: How often its orders have changed, as far as this copy knows.
    """

    def __init__(self, address: Pubkey, data: bytes) -> None:
        """A copy of the account as it is now.

        Raises:
            ClientOutdated: the account is not laid out as this client knows it.
        """
        self.address = address
        self._head, found = resting_orders(data)
        self._orders = {order.id: order for _, order, _ in found}
        self.changes = self._head.changes

    def apply(self, changed: exchange.BookChanged) -> bool:
        """Takes in one log; False if logs before it are missing, and the account must be read anew.

        A log that the copy has taken in already changes nothing.
        """
        if changed.changes < self.changes:
            return True
        if changed.changes > self.changes:
            return False
        for placed in changed.placed:
            if placed.order_id:
                self._orders[placed.order_id] = exchange.Order(
                    id=placed.order_id,
                    lots=placed.rested_lots,
                    client_id=placed.client_id,
                    expires_at=placed.expires_at,
                    seat=placed.seat,
                )
        for row in (*changed.fills, *changed.dropped):
            order = self._orders.pop(row.order_id)
            if order.lots > row.lots:
                self._orders[row.order_id] = replace(order, lots=order.lots - row.lots)
        self.changes += 1
        return True

    def view(self, labels: tuple[str, ...], index: int, now: int) -> BookView:
        """The book for people, from the outcome `index`, at a time in Unix seconds."""
        head = self._head
        mirrored = index != head.outcome
        sides: dict[Side, dict[int, tuple[int, int]]] = {Side.BUY: {}, Side.SELL: {}}
        for order in self._orders.values():
            if _is_expired(order, now):
                continue
            side, ticks = _side_of(order.id), order.id >> _PRICE_BITS
            if mirrored:
                side, ticks = _opposite(side), mirrored_ticks(ticks)
            lots, count = sides[side].get(ticks, (0, 0))
            sides[side][ticks] = lots + order.lots, count + 1

        def levels(side: Side) -> tuple[Level, ...]:
            ordered = sorted(sides[side].items(), reverse=side is Side.BUY)
            return tuple(Level(price_of(ticks), shares_of(lots), count) for ticks, (lots, count) in ordered)

        return BookView(
            address=self.address,
            event=head.event,
            outcome=labels[index],
            bids=levels(Side.BUY),
            asks=levels(Side.SELL),
            fee_bps=head.fee_bps,
            rebate_bps=head.rebate_bps,
            min_shares=shares_of(head.lots_min),
            fees=None,
            changes=self.changes,
        )


def order_receipt(
    landed: Landed, outcome: str, side: Side, own: Mapping[int, exchange.Order], *, mirrored: bool
) -> OrderReceipt:
    """What the log says of the one order of a transaction; `own` are the wallet's orders before it.

    Raises:
        ResultUnavailable: the log says nothing of it.
    """
    changed = emitted(landed, exchange.BookChanged)
    receipt = placed_receipt(
        landed.signature, changed.book, changed.placed[0], outcome, side, mirrored=mirrored
    )
    builder_fee = _builder_fee(landed)
    return replace(
        receipt,
        total=_total(side, receipt.amount, receipt.fee + builder_fee),
        builder_fee=builder_fee,
        own_dropped=_own_dropped(changed, own, mirrored=mirrored),
    )


def placed_receipt(
    signature: Signature,
    book: Pubkey,
    placed: exchange.PlacedOrder,
    outcome: str,
    side: Side,
    *,
    mirrored: bool,
) -> OrderReceipt:
    """What a row of a book's log says of an order; of a builder's fee it says nothing."""
    amount, price = _amount_and_price(placed.filled_lots, placed.paid_atoms, mirrored=mirrored)
    fee, order_id = collateral_of(placed.fee_atoms), placed.order_id or None
    return OrderReceipt(
        signature=signature,
        book=book,
        outcome=outcome,
        side=side,
        order_id=order_id,
        filled=shares_of(placed.filled_lots),
        amount=amount,
        total=_total(side, amount, fee),
        price=price,
        fee=fee,
        builder_fee=Decimal(0),
        rested=shares_of(placed.rested_lots),
        resting_price=None if order_id is None else _seen_price(order_id, mirrored=mirrored),
        own_dropped=(),
    )


def take_quote(
    done: Landed | Simulated, outcome: str, side: Side, own: Mapping[int, exchange.Order], *, mirrored: bool
) -> TakeQuote:
    """What the log says of an order that never rests; `own` are the wallet's orders before it.

    Raises:
        ResultUnavailable: the log says nothing of it.
    """
    changed = emitted(done, exchange.BookChanged)
    placed = changed.placed[0]
    pooled = [event for event in done.events if isinstance(event, exchange.PoolTraded)]
    pool_lots = sum(abs(event.lots) for event in pooled)
    lots = placed.filled_lots + pool_lots
    paid_atoms = placed.paid_atoms + sum(abs(event.cost_atoms) for event in pooled)
    amount, price = _amount_and_price(lots, paid_atoms, mirrored=mirrored)
    fee = collateral_of(placed.fee_atoms + sum(event.fee_atoms for event in pooled))
    builder_fee = _builder_fee(done)
    return TakeQuote(
        book=changed.book,
        outcome=outcome,
        side=side,
        shares=shares_of(lots),
        pool_shares=shares_of(pool_lots),
        amount=amount,
        total=_total(side, amount, fee + builder_fee),
        price=price,
        fee=fee,
        builder_fee=builder_fee,
        own_dropped=_own_dropped(changed, own, mirrored=mirrored),
    )


def _total(side: Side, amount: Decimal, fees: Decimal) -> Decimal:
    return amount + fees if side is Side.BUY else amount - fees


def _seen_price(order_id: int, *, mirrored: bool) -> Decimal:
    ticks = order_price_ticks(order_id)
    return price_of(mirrored_ticks(ticks) if mirrored else ticks)


def _own_dropped(
    changed: exchange.BookChanged, own: Mapping[int, exchange.Order], *, mirrored: bool
) -> tuple[DroppedOrder, ...]:
    # Others' orders are dropped too, once expired or evicted; whose a row was, the log does not say.
    return tuple(
        DroppedOrder(
            order_id=row.order_id,
            side=_opposite(_side_of(row.order_id)) if mirrored else _side_of(row.order_id),
            price=_seen_price(row.order_id, mirrored=mirrored),
            shares=shares_of(row.lots),
            left=shares_of(max(own[row.order_id].lots - row.lots, 0)),
        )
        for row in changed.dropped
        if row.order_id in own
    )


def _amount_and_price(lots: int, paid_atoms: int, *, mirrored: bool) -> tuple[Decimal, Decimal | None]:
    # Selling YES at p brings p; the same trade seen from NO costs 1 - p, and the face value is locked.
    amount = collateral_of(lots * TICKS_PER_UNIT - paid_atoms if mirrored else paid_atoms)
    if not lots:
        return amount, None
    return amount, (amount / shares_of(lots)).quantize(Decimal("0.000001"))


def _builder_fee(done: Landed | Simulated) -> Decimal:
    paid = (event.amount_atoms for event in done.events if isinstance(event, exchange.BuilderPaid))
    return collateral_of(sum(paid))


def _is_expired(order: exchange.Order, now: int) -> bool:
    return 0 < order.expires_at <= now


def _side_of(order_id: int) -> Side:
    return Side.SELL if order_id & _ASK else Side.BUY


def _opposite(side: Side) -> Side:
    return Side.SELL if side is Side.BUY else Side.BUY
