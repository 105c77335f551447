"""Order books: creating, reading, placing and cancelling orders."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Final, TypeVar

from solders.instruction import AccountMeta

from secant import exchange
from secant.errors import AccountNotFound, InputError, ProgramError
from secant.units import TICKS_PER_UNIT, lots_of, ticks_of

from .events import EventMethods, outcome_of
from .orders import (
    ORDER_KINDS,
    SELF_TRADES,
    BookView,
    Builder,
    DropReceipt,
    LocalBook,
    OrderKind,
    OrderReceipt,
    OrderView,
    SelfTrade,
    mirrored_ticks,
    order_receipt,
    order_views,
)
from .receipts import Receipt
from .results import Side
from .session import address_of, emitted
from .views import seconds_of, text_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence
    from datetime import datetime

    from solders.instruction import Instruction
    from solders.pubkey import Pubkey

    from secant.chain import Landed
    from secant.units import Number

    from .events import EventRef

__all__ = [
    "MEETS_DEFAULT",
    "NO_BOOK",
    "BookMethods",
    "book_index",
    "book_ticks",
    "choice",
    "labels_of",
    "wire_side",
]

_Choice = TypeVar("_Choice", Side, OrderKind, SelfTrade)

_BINARY: Final = 2
_NO_HINT: Final = 2**16 - 1
MEETS_DEFAULT: Final = 64
_CLIENT_ID_MAX: Final = 2**64 - 1
_CREATE_BOOK: Final = "create one: `secant book create EVENT`, or `client.create_book(event)`"
NO_BOOK: Final = {"BookInvalid": ("this outcome has no book", _CREATE_BOOK)}
# What a program says when the book is too small for one more order, and the seats and orders to add then.
_MORE: Final = {"BookFull": (0, 32), "SeatsFull": (4, 0)}


class BookMethods(EventMethods):
    """What one does at books.

    An outcome is named by label or index. Of two outcomes the second is traded in the first one's book,
    mirrored: buying NO at p is selling YES at 1 - p.
    """

    async def create_book(
        self, event: EventRef, outcome: str | int = 0, *, min_shares: Number = "0.01"
    ) -> Receipt:
        """Creates the book of an outcome; its rent returns to the wallet when it is closed.

        Args:
            event: The event.
            outcome: Which outcome; of two, the book is of the first.
            min_shares: Least shares of an order that rests, 0.01 to 10.

        Raises:
            UnitError, InputError: no such number of shares or outcome.
            ProgramError: EventNotOpen, LotsMinInvalid, Paused. Others as of `Chain.send`.
        """
        address, stored = await self._event(event)
        index, _, _ = book_index(stored, outcome)
        instruction = exchange.create_book(
            creator=self.wallet.address,
            exchange=self.exchange.address,
            event=address,
            outcome=index,
            lots_min=lots_of(min_shares, "least shares"),
        )
        landed = await self._send(instruction, creates=("a book of this outcome", "place orders in it"))
        return Receipt(landed.signature, emitted(landed, exchange.BookCreated).book)

    async def book(self, event: EventRef, outcome: str | int = 0) -> BookView:
        """The book of an outcome, as levels.

        Raises:
            AccountNotFound: there is no such event or book. InputError: no such outcome.
        """
        address, stored = await self._event(event)
        index, seen, _ = book_index(stored, outcome)
        book, data = await self._book_data(address, index)
        return LocalBook(book, data).view(labels_of(stored), seen, await self.chain.clock_time())

    async def watch_book(self, event: EventRef, outcome: str | int = 0) -> AsyncGenerator[BookView, None]:
        """Yields the book of an outcome as it is, and again after every change, until the caller stops.

        The copy is kept from the logs of the book; where one is missing, the account is read anew.

        Raises:
            AccountNotFound: there is no such event or book. InputError: no such outcome.
            RpcUnreachable: the WebSocket cannot be opened, or closed.
        """
        address, stored = await self._event(event)
        index, seen, _ = book_index(stored, outcome)
        book, _ = await self._book_data(address, index)
        logs: asyncio.Queue[exchange.BookChanged | None] = asyncio.Queue()
        pump = asyncio.create_task(self._pump(book, logs))
        try:
            await logs.get()  # subscribed, or failed: from here on no change goes unheard
            local = LocalBook(*await self._book_data(address, index))
            while True:
                yield local.view(labels_of(stored), seen, await self.chain.clock_time())
                changed = await logs.get()
                if changed is None:
                    await pump
                elif not local.apply(changed):
                    local = LocalBook(*await self._book_data(address, index))
        finally:
            pump.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await pump

    async def _pump(self, book: Pubkey, logs: asyncio.Queue[exchange.BookChanged | None]) -> None:
        """Passes on a book's logs; None once they can come, and once they no longer do."""
        try:
            async for _, events in self.chain.watch_events(book, on_subscribed=lambda: logs.put_nowait(None)):
                for changed in events:
                    if isinstance(changed, exchange.BookChanged) and changed.book == book:
                        logs.put_nowait(changed)
        finally:
            logs.put_nowait(None)

    async def orders(self, event: EventRef, *, owner: Pubkey | str | None = None) -> tuple[OrderView, ...]:
        """Open orders in all books of an event, by outcome and rising price.

        Args:
            event: The event.
            owner: Whose; the wallet's unless given.

        Raises:
            AccountNotFound: there is no such event.
        """
        address, stored = await self._event(event)
        owner_address = self.wallet.address if owner is None else address_of(owner, "owner")
        account = self._account_of(owner_address)
        books = [exchange.find_book(event=address, outcome=index) for index in range(_book_count(stored))]
        now = await self.chain.clock_time()
        return tuple(
            view
            for book, found in zip(books, await self.chain.accounts(books), strict=True)
            if found is not None
            for view in order_views(book, found.data, labels_of(stored), account, now)
        )

    async def place_order(
        self,
        event: EventRef,
        outcome: str | int,
        side: Side | str,
        shares: Number,
        price: Number,
        *,
        kind: OrderKind | str = OrderKind.LIMIT,
        expires: datetime | int | None = None,
        reduce_only: bool = False,
        self_trade: SelfTrade | str = SelfTrade.CANCEL_PROVIDE,
        client_id: int = 0,
        meets_max: int = MEETS_DEFAULT,
        builder: Builder | None = None,
    ) -> OrderReceipt:
        """Places an order. A book without room for it is expanded first, for about 0.007 SOL of rent.

        Args:
            event: The event.
            outcome: Which outcome, by label or index.
            side: `buy` or `sell`; shares that are not held are sold short.
            shares: How many, at most 2 decimals.
            price: The worst price it takes, and where it rests: 0.0001 to 0.9999, at most 4 decimals.
            kind: limit, ioc, fok, post-only or post-only-slide.
            expires: When it stops trading; never unless given.
            reduce_only: Whether it is cut down to the position that it reduces.
            self_trade: What happens to own orders that it meets.
            client_id: Your own mark, 0 to 2**64 - 1.
            meets_max: How many resting orders it meets at most, up to 256; what still crosses is dropped.
            builder: Whose front end it comes from, and the fee that this earns on what it takes at once.

        Raises:
            UnitError, InputError: an argument is not valid. AccountNotFound: there is no such event.
            ProgramError: BookInvalid, InsolventAccount, OrderWouldTake, OrderNotFilled, OrderTooSmall,
                NothingToReduce, EventNotOpen, Paused, BuilderFeeInvalid. Others as of `Chain.send`.
        """
        address, stored = await self._event(event)
        index, seen, mirrored = book_index(stored, outcome)
        wanted = choice(Side, side, "side")
        if isinstance(client_id, bool) or not 0 <= client_id <= _CLIENT_ID_MAX:
            raise InputError(f"no client id {client_id!r}", "use 0 to 2**64 - 1")
        fee_bps, accounts = self._builder(builder)
        request = exchange.OrderRequest(
            client_id=client_id,
            lots=lots_of(shares),
            expires_at=0 if expires is None else seconds_of(expires, "expiry"),
            price_ticks=book_ticks(price, mirrored=mirrored),
            meets_max=meets_max,
            side=wire_side(wanted, mirrored=mirrored),
            kind=ORDER_KINDS[choice(OrderKind, kind, "kind")],
            self_trade=SELF_TRADES[choice(SelfTrade, self_trade, "self-trade rule")],
            reduce_only=reduce_only,
        )
        book = exchange.find_book(event=address, outcome=index)
        instruction = exchange.place_order(
            owner=self.wallet.address,
            exchange=self.exchange.address,
            account=self.account_address,
            event=address,
            book=book,
            request=request,
            builder_fee_bps=fee_bps,
            remaining_accounts=accounts,
        )
        landed = await self._at_book(book, instruction)
        return order_receipt(landed, labels_of(stored)[seen], wanted, mirrored=mirrored)

    async def cancel_orders(self, orders: Sequence[OrderView]) -> DropReceipt:
        """Cancels orders of one book; those that are gone already are passed over.

        Args:
            orders: At least one, as `orders` returns them.

        Raises:
            InputError: none, or orders of several books.
            ProgramError: OrderNotOwned. Others as of `Chain.send`.
        """
        books = {order.book for order in orders}
        if len(books) != 1:
            raise InputError("a cancellation is of orders of one book", "cancel book by book")
        book = books.pop()
        instruction = exchange.cancel_orders(
            owner=self.wallet.address,
            account=self.account_address,
            book=book,
            cancellations=[
                exchange.Cancellation(order_id=order.id, hint=min(order.place, _NO_HINT)) for order in orders
            ],
        )
        return await self._dropping(book, instruction)

    async def cancel_all(
        self, event: EventRef, outcome: str | int = 0, *, side: Side | str | None = None
    ) -> DropReceipt:
        """Cancels all orders in the book of an outcome, at most 256.

        Args:
            event: The event.
            outcome: Which outcome.
            side: Only those that buy, or sell, this outcome.

        Raises:
            AccountNotFound: there is no such event or book. InputError: no such outcome or side.
        """
        address, stored = await self._event(event)
        index, _, mirrored = book_index(stored, outcome)
        only = None if side is None else wire_side(choice(Side, side, "side"), mirrored=mirrored)
        book = exchange.find_book(event=address, outcome=index)
        return await self._dropping(
            book,
            exchange.cancel_all(
                owner=self.wallet.address, account=self.account_address, book=book, side=only
            ),
        )

    async def draw_seat(
        self, event: EventRef, outcome: str | int = 0, *, owner: Pubkey | str | None = None
    ) -> DropReceipt:
        """Moves what an account's orders have brought into it; cancels them once the event trades no more.

        Args:
            event: The event.
            outcome: Which outcome.
            owner: Whose account; the wallet's unless given. Anyone may, for anyone.

        Raises:
            AccountNotFound: there is no such event or book.
            ProgramError: SeatAbsent, if the account has neither orders nor fills there.
        """
        address, stored = await self._event(event)
        index, _, _ = book_index(stored, outcome)
        owner_address = self.wallet.address if owner is None else address_of(owner, "owner")
        book = exchange.find_book(event=address, outcome=index)
        account = self._account_of(owner_address)
        return await self._dropping(book, exchange.draw_seat(account=account, event=address, book=book))

    async def sweep_book(self, event: EventRef, outcome: str | int = 0) -> DropReceipt:
        """Takes expired orders out of a book, at most 256; all once its event trades no more. Anyone may.

        Raises:
            AccountNotFound: there is no such event or book. ProgramError: NothingExpired.
        """
        address, stored = await self._event(event)
        index, _, _ = book_index(stored, outcome)
        book = exchange.find_book(event=address, outcome=index)
        return await self._dropping(book, exchange.crank_expired(event=address, book=book))

    async def close_book(self, event: EventRef, outcome: str | int = 0) -> Receipt:
        """Closes an empty book: its creator at any time, anyone once the event is settled.

        Raises:
            AccountNotFound: there is no such event or book.
            ProgramError: BookNotEmpty, CreatorMismatch. Others as of `Chain.send`.
        """
        address, stored = await self._event(event)
        index, _, _ = book_index(stored, outcome)
        book, data = await self._book_data(address, index)
        instruction = exchange.close_book(
            creator=exchange.Book.decode(data).creator,
            exchange=self.exchange.address,
            event=address,
            book=book,
        )
        landed = await self._send(instruction)
        return Receipt(landed.signature, emitted(landed, exchange.BookClosed).book)

    # --- for the methods above ------------------------------------------------------------------------------

    async def _book_data(self, event: Pubkey, index: int) -> tuple[Pubkey, bytes]:
        book = exchange.find_book(event=event, outcome=index)
        found = await self.chain.account(book)
        if found is None:
            raise AccountNotFound("book", book, "there is no account", _CREATE_BOOK)
        return book, found.data

    async def _at_book(self, book: Pubkey, instruction: Instruction) -> Landed:
        try:
            return await self._send(instruction, explains=NO_BOOK)
        except ProgramError as error:
            if error.name not in _MORE or error.signature is not None:
                raise
            seats, orders = _MORE[error.name]
            more = exchange.expand_book(payer=self.wallet.address, book=book, seats=seats, orders=orders)
            try:
                return await self._send(more, instruction)
            except ProgramError as too_large:
                raise error if too_large.name == "BookSizeInvalid" else too_large from None

    def _builder(self, builder: Builder | None) -> tuple[int, list[AccountMeta]]:
        """A builder's fee, and the account that gets it."""
        if builder is None:
            return 0, []
        if isinstance(builder.fee_bps, bool) or not 0 < builder.fee_bps <= exchange.BUILDER_FEE_MAX_BPS:
            limit = exchange.BUILDER_FEE_MAX_BPS
            raise InputError(f"no builder's fee of {builder.fee_bps!r} bps", f"use 1 to {limit}")
        owner = address_of(builder.owner, "builder")
        account = exchange.find_account(exchange=self.exchange.address, owner=owner, index=0)
        return builder.fee_bps, [AccountMeta(account, is_signer=False, is_writable=True)]

    async def _dropping(self, book: Pubkey, instruction: Instruction) -> DropReceipt:
        landed = await self._send(instruction, explains=NO_BOOK)
        # An account without a seat has nothing to cancel, and nothing is logged.
        logged = [event for event in landed.events if isinstance(event, exchange.BookChanged)]
        dropped = tuple(each.order_id for changed in logged for each in changed.dropped)
        return DropReceipt(landed.signature, book, dropped)


def _book_count(stored: exchange.EventMarket) -> int:
    return 1 if stored.outcomes == _BINARY else stored.outcomes


def book_index(stored: exchange.EventMarket, outcome: str | int) -> tuple[int, int, bool]:
    """Whose book an outcome trades in, its own index, and whether the book is mirrored."""
    index, _ = outcome_of(stored, outcome)
    mirrored = stored.outcomes == _BINARY and index == 1
    return (0 if mirrored else index), index, mirrored


def labels_of(stored: exchange.EventMarket) -> tuple[str, ...]:
    """The labels of an event's outcomes, in order."""
    return tuple(text_of(label) for label in stored.labels[: stored.outcomes])


def wire_side(side: Side, *, mirrored: bool) -> int:
    """A side as the book of the outcome knows it, or of the other of two if `mirrored`."""
    return exchange.SIDE_BID if (side is Side.BUY) != mirrored else exchange.SIDE_ASK


def book_ticks(price: Number, *, mirrored: bool) -> int:
    """A price of an order as its book knows it, in ticks.

    Raises:
        UnitError, InputError: no such price.
    """
    price_ticks = ticks_of(price, "price")
    if not 0 < price_ticks < TICKS_PER_UNIT:
        raise InputError(f"no order at {price}", "use a price from 0.0001 to 0.9999")
    return mirrored_ticks(price_ticks) if mirrored else price_ticks


def choice(kind: type[_Choice], value: str, name: str) -> _Choice:
    """One of a kind's values, given as text.

    Raises:
        InputError: it is none of them.
    """
    try:
        return kind(value)
    except ValueError:
        raise InputError(f"no {name} {value!r}", f"use one of {', '.join(kind)}") from None
