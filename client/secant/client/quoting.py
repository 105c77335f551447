"""Quoting: a wallet's orders in a book become exactly the levels it wants, by few changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from secant import exchange
from secant.errors import AccountNotFound, InputError
from secant.units import price_of, shares_of

from .book_past import taken
from .books import BookMethods
from .events import outcome_of
from .levels import (
    LevelChanges,
    LevelKey,
    OwnOrder,
    level_changes,
    rounded_order,
    slid_levels,
    summed,
)
from .orders import (
    ORDER_KINDS,
    OrderKind,
    OrderReceipt,
    mirrored_ticks,
    order_price_ticks,
    order_side,
    placed_receipt,
    resting_orders,
)
from .requests import expiry_of, order_lots, require_future
from .results import EventView, Side
from .seats import seat_at
from .session import ACCOUNT_MISSING, decoded
from .views import seconds_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime
    from decimal import Decimal

    from solders.instruction import Instruction
    from solders.pubkey import Pubkey
    from solders.signature import Signature

    from secant.chain import Chain, Landed
    from secant.units import Number
    from secant.wallet import Wallet

    from .events import EventRef

__all__ = ["QuoteReceipt", "QuotedOrder", "QuotingMethods"]

_BINARY: Final = 2
_NO_HINT: Final = 2**16 - 1
_CLIENT_ID_MAX: Final = 2**64 - 1
_NEVER: Final = 2**64
_KINDS: Final = (OrderKind.POST_ONLY_SLIDE, OrderKind.POST_ONLY, OrderKind.LIMIT)
# A quote meets only expired orders of others, which it clears away; one that trades, as many as an order.
_MEETS_POSTED: Final = 8
_MEETS_TRADING: Final = 64
_CREATE_BOOK: Final = "create one: `secant book create EVENT`, or `client.create_book(event)`"


@dataclass(frozen=True, slots=True)
class QuotedOrder:
    """An order of the wallet's, as seen from the outcome quoted.

    Attributes:
        order_id: Its number, unique in its book.
        side: Whether it buys or sells the outcome.
        price: Price of a share, from 0 to 1.
        shares: Shares open.
    """

    order_id: int
    side: Side
    price: Decimal
    shares: Decimal


@dataclass(frozen=True, slots=True)
class QuoteReceipt:
    """What became of a wallet's orders in a book.

    Attributes:
        signatures: The transactions; none if everything stood already.
        book: The book.
        outcome: Label of the outcome quoted.
        kept: Orders that stayed as they were, with their priority.
        cancelled: Orders that were taken out.
        gone: Orders that were to be taken out and were gone already: filled, or swept once expired.
        placed: Orders that rest now.
        traded: What orders took at once; none unless their kind is limit.
    """

    signatures: tuple[Signature, ...]
    book: Pubkey
    outcome: str
    kept: tuple[QuotedOrder, ...]
    cancelled: tuple[QuotedOrder, ...]
    gone: tuple[QuotedOrder, ...]
    placed: tuple[QuotedOrder, ...]
    traded: tuple[OrderReceipt, ...]


@dataclass(frozen=True, slots=True)
class _Desk:
    """Where a wallet quotes."""

    event: Pubkey
    book: Pubkey
    label: str
    mirrored: bool

    def level(self, side: Side, price_ticks: int) -> LevelKey:
        """A level of the outcome quoted in the book's own, or the other way."""
        if not self.mirrored:
            return LevelKey(side, price_ticks)
        return LevelKey(Side.SELL if side is Side.BUY else Side.BUY, mirrored_ticks(price_ticks))

    def seen(self, order_id: int, lots: int) -> QuotedOrder:
        side, price_ticks = self.level(order_side(order_id), order_price_ticks(order_id))
        return QuotedOrder(order_id, side, price_of(price_ticks), shares_of(lots))


@dataclass(frozen=True, slots=True)
class _Placing:
    """How orders are placed."""

    kind: OrderKind
    expires_at: int
    client_id: int

    def request(self, level: LevelKey, lots: int) -> exchange.OrderRequest:
        return exchange.OrderRequest(
            client_id=self.client_id,
            lots=order_lots(lots),
            expires_at=self.expires_at,
            price_ticks=level.price_ticks,
            meets_max=_MEETS_TRADING if self.kind is OrderKind.LIMIT else _MEETS_POSTED,
            side=exchange.SIDE_BID if level.side is Side.BUY else exchange.SIDE_ASK,
            kind=ORDER_KINDS[self.kind],
            self_trade=exchange.SELF_TRADE_CANCEL_PROVIDE,
            reduce_only=False,
        )


class QuotingMethods(BookMethods):
    """What market makers do at books."""

    def __init__(
        self, chain: Chain, wallet: Wallet | None, *, exchange: Pubkey | None, account_index: int
    ) -> None:
        super().__init__(chain, wallet, exchange=exchange, account_index=account_index)
        self._desks: dict[tuple[Pubkey | str, str | int], _Desk] = {}

    async def quote(
        self,
        event: EventRef,
        outcome: str | int = 0,
        *,
        bids: Iterable[tuple[Number, Number]] = (),
        asks: Iterable[tuple[Number, Number]] = (),
        kind: OrderKind | str = OrderKind.POST_ONLY_SLIDE,
        expires: datetime | int | None = None,
        expires_from: datetime | int | None = None,
        client_id: int = 0,
        expand: bool = False,
    ) -> QuoteReceipt:
        """Makes the wallet's resting orders in a book exactly these levels; without any, cancels all.

        Orders that stand at a price wanted with the size wanted stay, with their priority. A level that grows
        keeps its orders and gets one more for the difference. A level that shrinks keeps its oldest orders as
        far as they fit into it; the rest is placed anew and loses its priority. The changes are one
        transaction if they fit into one, as 20 orders replaced by 20 others do; otherwise several, with all
        cancellations before any order is placed. If a later one of several fails, what the earlier ones did
        stays done, and quoting again completes it.

        An order that fills after the book was read and before the changes land is not known here: its level
        is restored by this quote if it was to change, and by the next one otherwise.

        Args:
            event: The event.
            outcome: Which outcome. Of two, the second is quoted in the first one's book, mirrored.
            bids: Prices and shares to buy at. Prices are rounded down to 0.0001, sizes to 0.01; levels that
                meet at one price become one.
            asks: Prices and shares to sell at; prices are rounded up.
            kind: post-only-slide rests beside others' orders where it would trade with them; post-only is
                refused there, all of the transaction; limit trades.
            expires: When the orders stop trading; never unless given.
            expires_from: Orders that expire from then on up to `expires` may stay; `expires` unless given, so
                that others are replaced.
            client_id: Your own mark for what is placed, 0 to 2**64 - 1.
            expand: Whether a full book is expanded first: about 0.007 SOL, for the book's creator in the end.

        Raises:
            UnitError: a price outside 0.0001 to 0.9999 or a size under 0.01 shares, once rounded.
            InputError: a bid at or above an ask, a level under the book's least order, times out of order, or
                no such outcome or kind.
            AccountNotFound: there is no such event or book.
            ProgramError: BookFull, SeatsFull, InsolventAccount, OrderWouldTake, EventNotOpen, Paused.
                Others as of `Chain.send`.
        """
        placing, stays_from = _placing(kind, expires, expires_from, client_id)
        desk = await self._desk(event, outcome)
        wanted = summed(
            (desk.level(order.side, order.price_ticks), order.lots)
            for side, levels in ((Side.BUY, bids), (Side.SELL, asks))
            for order in (rounded_order(side, price, shares) for price, shares in levels)
        )
        changes = await self._changes(desk, wanted, placing, stays_from)
        landed = [
            await self._at_book(desk.book, instruction, expand=orders if expand else 0)
            for instruction, orders in self._instructions(desk, changes, placing)
        ]
        return _receipt(desk, changes, landed)

    async def inventory(self, event: EventRef, outcome: str | int = 0) -> Decimal:
        """Shares of an outcome that the wallet holds, fills in its book that are not drawn yet included.

        Negative if it is short. Of two outcomes, shares of the other one are deducted: one of each is cash.

        Raises:
            AccountNotFound: there is no such event. InputError: no such outcome.
        """
        address, stored = await self._event(event)
        index, _ = outcome_of(stored, outcome)
        count = 1 if stored.outcomes == _BINARY else stored.outcomes
        books = [exchange.find_book(event=address, outcome=place) for place in range(count)]
        own, *found = await self.chain.accounts([self.account_address, *books])
        if own is None:
            raise AccountNotFound(
                "margin account", self.account_address, "there is no account", ACCOUNT_MISSING
            )
        account = decoded(exchange.MarginAccount, own.data)
        leg = next((leg for leg in account.event_legs if leg.event == address), None)
        if leg is None:
            return shares_of(0)
        lots = list(leg.lots[: stored.outcomes])
        for place, book in enumerate(found):
            if book is not None and leg.seats[place]:
                lots[place] += seat_at(book.data, leg.seats[place] - 1).lots
        other = lots[1 - index] if stored.outcomes == _BINARY else 0
        return shares_of(lots[index] - other)

    # --- for the methods above ------------------------------------------------------------------------------

    async def _desk(self, event: EventRef, outcome: str | int) -> _Desk:
        """Where an outcome is quoted: asked for once, as an event's outcomes never change."""
        asked = (event.address if isinstance(event, EventView) else event, outcome)
        if asked not in self._desks:
            self._desks[asked] = _desk_at(*await self._event(event), outcome)
        return self._desks[asked]

    async def _changes(
        self, desk: _Desk, wanted: dict[LevelKey, int], placing: _Placing, stays_from: int
    ) -> LevelChanges:
        """Reads the book, and finds what must change in it."""
        (found,), now = await self.chain.accounts_and_time([desk.book])
        if found is None:
            raise AccountNotFound("book", desk.book, "there is no account", _CREATE_BOOK)
        require_future(placing.expires_at, now)
        head, orders = resting_orders(found.data)
        own: list[OwnOrder] = []
        others: dict[Side, list[int]] = {Side.BUY: [], Side.SELL: []}
        latest = placing.expires_at or _NEVER
        for place, order, account in orders:
            side, price_ticks = order_side(order.id), order_price_ticks(order.id)
            expires_at = order.expires_at or _NEVER
            if account == self.account_address:
                stands = expires_at > now and stays_from <= expires_at <= latest
                own.append(OwnOrder(order.id, LevelKey(side, price_ticks), order.lots, stands, place))
            elif expires_at > now:
                others[side].append(price_ticks)
        if placing.kind is OrderKind.POST_ONLY_SLIDE:
            best_bid = max(others[Side.BUY], default=None)
            wanted = slid_levels(wanted, best_bid, min(others[Side.SELL], default=None))
        return level_changes(own, wanted, lots_min=head.lots_min)

    def _instructions(
        self, desk: _Desk, changes: LevelChanges, placing: _Placing
    ) -> Iterator[tuple[Instruction, int]]:
        """The changes, as many in a transaction as fit, each with how many orders it places."""
        cancellations = [
            exchange.Cancellation(order_id=order.order_id, hint=min(order.place, _NO_HINT))
            for order in changes.cancelled
        ]
        requests = [placing.request(level, lots) for level, lots in changes.placed.items()]
        room = exchange.expand_book(payer=self.wallet.address, book=desk.book, seats=0, orders=0)
        while cancellations or requests:
            dropped = placed = 0
            # Cancellations first: an order is placed only once all that must go is gone.
            for dropped in range(len(cancellations), -1, -1):
                if self._fits(desk, room, cancellations[:dropped], []):
                    break
            if dropped == len(cancellations):
                for placed in range(len(requests), -1, -1):
                    if self._fits(desk, room, cancellations, requests[:placed]):
                        break
            yield self._replacing(desk, cancellations[:dropped], requests[:placed]), placed
            cancellations, requests = cancellations[dropped:], requests[placed:]

    def _fits(
        self,
        desk: _Desk,
        room: Instruction,
        cancellations: Sequence[exchange.Cancellation],
        requests: Sequence[exchange.OrderRequest],
    ) -> bool:
        instruction = self._replacing(desk, cancellations, requests)
        return self.chain.fits([room, instruction], self.wallet.address)

    def _replacing(
        self,
        desk: _Desk,
        cancellations: Sequence[exchange.Cancellation],
        requests: Sequence[exchange.OrderRequest],
    ) -> Instruction:
        if not requests:  # cancelling is possible at any time, replacing while the event trades
            return exchange.cancel_orders(
                owner=self.wallet.address,
                account=self.account_address,
                book=desk.book,
                cancellations=cancellations,
            )
        return exchange.replace_orders(
            owner=self.wallet.address,
            exchange=self.exchange.address,
            account=self.account_address,
            event=desk.event,
            book=desk.book,
            cancellations=cancellations,
            requests=requests,
        )


def _placing(
    kind: OrderKind | str, expires: datetime | int | None, expires_from: datetime | int | None, client_id: int
) -> tuple[_Placing, int]:
    """How to place orders, and from which expiry on standing ones may stay."""
    if kind not in _KINDS:
        raise InputError(f"no quotes are {kind!r}", f"use one of {', '.join(_KINDS)}")
    if isinstance(client_id, bool) or not 0 <= client_id <= _CLIENT_ID_MAX:
        raise InputError(f"no client id {client_id!r}", "use 0 to 2**64 - 1")
    expires_at = expiry_of(expires)
    stays_from = expires_at or _NEVER
    if expires_from is not None:
        first = seconds_of(expires_from, "expires_from")
        if first > stays_from:
            raise InputError("expires_from is after expires", "give a time up to `expires`")
        stays_from = first
    return _Placing(OrderKind(kind), expires_at, client_id), stays_from


def _desk_at(address: Pubkey, stored: exchange.EventMarket, outcome: str | int) -> _Desk:
    index, label = outcome_of(stored, outcome)
    mirrored = stored.outcomes == _BINARY and index == 1
    book = exchange.find_book(event=address, outcome=0 if mirrored else index)
    return _Desk(address, book, label, mirrored)


def _receipt(desk: _Desk, changes: LevelChanges, landed: Sequence[Landed]) -> QuoteReceipt:
    placed: list[QuotedOrder] = []
    traded: list[OrderReceipt] = []
    dropped: dict[int, int] = {}
    for each in landed:
        for changed in each.events:
            if not isinstance(changed, exchange.BookChanged) or changed.book != desk.book:
                continue
            dropped |= {row.order_id: row.lots for row in changed.dropped}
            placed += [desk.seen(row.order_id, row.rested_lots) for row in changed.placed if row.order_id]
            traded += [_trade(desk, each.signature, *took) for took in taken(changed)]
    cancelled: list[QuotedOrder] = []
    gone: list[QuotedOrder] = []
    for order in changes.cancelled:
        lots = dropped.get(order.order_id)
        (gone if lots is None else cancelled).append(desk.seen(order.order_id, lots or order.lots))
    return QuoteReceipt(
        signatures=tuple(each.signature for each in landed),
        book=desk.book,
        outcome=desk.label,
        kept=tuple(desk.seen(order.order_id, order.lots) for order in changes.kept),
        cancelled=tuple(cancelled),
        gone=tuple(gone),
        # A full side of the book makes room for an order by another one, which may be this wallet's.
        placed=tuple(order for order in placed if order.order_id not in dropped),
        traded=tuple(traded),
    )


def _trade(
    desk: _Desk,
    signature: Signature,
    placed: exchange.PlacedOrder,
    fills: Sequence[exchange.OrderLots],
) -> OrderReceipt:
    # Which side took follows from what it met.
    took_bids = order_side(fills[0].order_id) is Side.BUY
    side = Side.SELL if took_bids != desk.mirrored else Side.BUY
    return placed_receipt(signature, desk.book, placed, desk.label, side, mirrored=desk.mirrored)
