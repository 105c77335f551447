"""Order books: creating, reading, placing and cancelling orders."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from solders.instruction import AccountMeta

from secant import exchange
from secant.errors import AccountNotFound, InputError, ProgramError
from secant.units import collateral_of, lots_of

from .book_room import BookRoomMethods
from .events import book_count, book_index, labels_of
from .orders import (
    BookView,
    Builder,
    DropReceipt,
    LocalBook,
    OrderKind,
    OrderReceipt,
    OrderView,
    SelfTrade,
    order_receipt,
    order_views,
    resting_orders,
)
from .receipts import Receipt
from .requests import choice, expiry_of, order_request, require_future, wire_side
from .results import Side
from .seats import SeatMethods
from .session import address_of, decoded, emitted

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence
    from datetime import datetime

    from solders.instruction import Instruction
    from solders.pubkey import Pubkey

    from secant.chain import Landed
    from secant.units import Number

    from .events import EventRef
    from .receipts import ExpandReceipt

__all__ = ["NO_BOOK", "BookMethods", "no_builder"]

_NO_HINT: Final = 2**16 - 1
_MEETS_DEFAULT: Final = 64
_CREATE_BOOK: Final = "create one: `secant book create EVENT`, or `client.create_book(event)`"
NO_BOOK: Final = {"BookInvalid": ("this outcome has no book", _CREATE_BOOK)}
_EXPANDED: Final = {
    "EventNotSettled": (
        "this book was expanded, its event is not settled",
        "close it once the event is settled",
    )
}
# What a book that is too small is made larger by on the way, at least.
_SEATS_MORE: Final = 4
_ORDERS_MORE: Final = 32


class BookMethods(SeatMethods, BookRoomMethods):
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
        return _book_view(book, data, labels_of(stored), seen, await self.chain.clock_time())

    async def books(self, event: EventRef) -> tuple[BookView, ...]:
        """The books of an event that exist, each as seen from its own outcome, in the order of outcomes.

        Raises:
            AccountNotFound: there is no such event.
        """
        address, stored = await self._event(event)
        books = [exchange.find_book(event=address, outcome=index) for index in range(book_count(stored))]
        found, now = await self.chain.accounts_and_time(books)
        return tuple(
            _book_view(book, account.data, labels_of(stored), index, now)
            for index, (book, account) in enumerate(zip(books, found, strict=True))
            if account is not None
        )

    async def expand_book(
        self, event: EventRef, outcome: str | int = 0, *, seats: int = 0, orders: int = 0
    ) -> ExpandReceipt:
        """Makes room in a book. The wallet pays the rent, and the book's creator gets it in the end.

        Args:
            event: The event.
            outcome: Which outcome.
            seats: How many accounts more may have orders in it, 136 bytes each; a book has at most 4,096.
            orders: How many orders more it holds, 32 bytes each; a book has at most 2,048.

        Raises:
            InputError: no such outcome, nothing to add, or more than a book can have.
            AccountNotFound: there is no such event or book. Others as of `Chain.send`.
        """
        address, stored = await self._event(event)
        index, _, _ = book_index(stored, outcome)
        book, data = await self._book_data(address, index)
        return await self._expand(book, data, seats=seats, orders=orders)

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
        """Orders that rest in all books of an event, expired ones too, by outcome and rising price.

        Args:
            event: The event.
            owner: Whose; the wallet's unless given.

        Raises:
            AccountNotFound: there is no such event.
        """
        address, stored = await self._event(event)
        owner_address = self.wallet.address if owner is None else address_of(owner, "owner")
        account = self._account_of(owner_address)
        books = [exchange.find_book(event=address, outcome=index) for index in range(book_count(stored))]
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
        meets_max: int = _MEETS_DEFAULT,
        builder: Builder | None = None,
        expand: bool = False,
    ) -> OrderReceipt:
        """Places an order.

        Args:
            event: The event.
            outcome: Which outcome, by label or index.
            side: `buy` or `sell`; shares that are not held are sold short.
            shares: How many, at most 2 decimals and 5,000,000,000.
            price: The worst price it takes, before fees, and where it rests: 0.0001 to 0.9999, at most 4
                decimals.
            kind: limit, ioc, fok, post-only or post-only-slide.
            expires: When it stops trading; never unless given.
            reduce_only: Whether it is cut down to the position that it reduces.
            self_trade: What happens to own orders that it meets.
            client_id: Your own mark, 0 to 2**64 - 1.
            meets_max: How many resting orders it meets at most, up to 256; what still crosses is dropped.
            builder: Whose front end it comes from, and the fee that this earns on what it takes at once.
            expand: Whether a full book is expanded first: about 0.007 SOL, for the book's creator in the end.

        Raises:
            UnitError, InputError: an argument is not valid. AccountNotFound: there is no such event.
            ProgramError: BookInvalid, BookFull, SeatsFull, InsolventAccount, OrderWouldTake, OrderNotFilled,
                OrderTooSmall, NothingToReduce, EventNotOpen, Paused, BuilderFeeInvalid. Others as of
                `Chain.send`.
        """
        (address, stored), (account, now) = await self._event_and_account(event)
        index, seen, mirrored = book_index(stored, outcome)
        wanted = choice(Side, side, "side")
        request = order_request(
            side=wanted,
            shares=shares,
            price=price,
            kind=kind,
            self_trade=self_trade,
            meets_max=meets_max,
            mirrored=mirrored,
            reduce_only=reduce_only,
            client_id=client_id,
            expires_at=expiry_of(expires),
        )
        book = exchange.find_book(event=address, outcome=index)
        instruction = self._placing_order(address, book, request, builder)
        require_future(request.expires_at, now)
        own = await self._own_orders(book, address, index, account)
        landed = await self._at_book(book, instruction, explains=no_builder(builder), expand=int(expand))
        return order_receipt(landed, labels_of(stored)[seen], wanted, own, mirrored=mirrored)

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
        """Closes an empty book: its creator unless it was expanded, anyone once its event is settled.

        Raises:
            AccountNotFound: there is no such event or book.
            ProgramError: BookNotEmpty, CreatorMismatch, EventNotSettled. Others as of `Chain.send`.
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
        landed = await self._send(instruction, explains=_EXPANDED)
        return Receipt(landed.signature, emitted(landed, exchange.BookClosed).book)

    # --- for the methods above ------------------------------------------------------------------------------

    async def _book_data(self, event: Pubkey, index: int) -> tuple[Pubkey, bytes]:
        book = exchange.find_book(event=event, outcome=index)
        found = await self.chain.account(book)
        if found is None:
            raise AccountNotFound("book", book, "there is no account", _CREATE_BOOK)
        return book, found.data

    def _placing_order(
        self, event: Pubkey, book: Pubkey, request: exchange.OrderRequest, builder: Builder | None
    ) -> Instruction:
        fee_bps, accounts = self._builder(builder)
        return exchange.place_order(
            owner=self.wallet.address,
            exchange=self.exchange.address,
            account=self.account_address,
            event=event,
            book=book,
            request=request,
            builder_fee_bps=fee_bps,
            remaining_accounts=accounts,
        )

    async def _event_and_account(
        self, event: EventRef
    ) -> tuple[tuple[Pubkey, exchange.EventMarket], tuple[exchange.MarginAccount | None, int]]:
        """An event, the wallet's margin account if it is open, and the chain's time."""
        # Neither needs the other: a node far away is waited for once.
        found, ((account,), now) = await asyncio.gather(
            self._event(event), self.chain.accounts_and_time([self.account_address])
        )
        stored = None if account is None else decoded(exchange.MarginAccount, account.data)
        return found, (stored, now)

    async def _own_orders(
        self, book: Pubkey, event: Pubkey, index: int, account: exchange.MarginAccount | None
    ) -> dict[int, exchange.Order]:
        """The wallet's orders in a book, by number, before another one is sent."""
        legs = () if account is None else account.event_legs
        # Books are large: one is read only where the account has a seat.
        if not any(leg.event == event and leg.seats[index] for leg in legs):
            return {}
        found = await self.chain.account(book)
        if found is None:
            return {}
        _, orders = resting_orders(found.data)
        return {order.id: order for _, order, of in orders if of == self.account_address}

    async def _at_book(
        self,
        book: Pubkey,
        instruction: Instruction,
        *,
        explains: Mapping[str, tuple[str, str]] | None = None,
        expand: int,
    ) -> Landed:
        """Sends an instruction that places `expand` orders in a book, which is made larger if they lack room.

        Raises:
            ProgramError: BookFull, SeatsFull if `expand` is 0. Others as of `_send`.
        """
        try:
            return await self._send(instruction, explains={**NO_BOOK, **(explains or {})})
        except ProgramError as error:
            if not expand or error.name not in {"BookFull", "SeatsFull"} or error.signature is not None:
                raise
            # Each side has half of the room.
            is_seats = error.name == "SeatsFull"
            seats, orders = (_SEATS_MORE, 0) if is_seats else (0, max(_ORDERS_MORE, 2 * expand))
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


def no_builder(builder: Builder | None) -> dict[str, tuple[str, str]]:
    """What a program's refusal of a builder means: the fee's rate was checked before."""
    if builder is None:
        return {}
    remedy = "the builder opens one with `secant account open`; --builder is the wallet"
    return {"BuilderFeeInvalid": (f"{builder.owner} has no margin account here", remedy)}


def _book_view(book: Pubkey, data: bytes, labels: tuple[str, ...], index: int, now: int) -> BookView:
    fees = collateral_of(exchange.Book.decode(data).fees_atoms)
    return replace(LocalBook(book, data).view(labels, index, now), fees=fees)
