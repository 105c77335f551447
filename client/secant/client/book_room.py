"""Room in books, an event's and a perpetual's: what it takes to add some."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from secant import exchange
from secant.errors import InputError
from secant.units import sol_of

from .receipts import ExpandReceipt
from .session import Session

if TYPE_CHECKING:
    from solders.pubkey import Pubkey

__all__ = ["BookRoomMethods"]

# No IDL tells these: a test holds them against the program.
_SEATS_MAX: Final = 4_096
_ORDERS_MAX: Final = 2_048
_GROWTH_MAX: Final = 10_240  # bytes that one instruction adds
_GROWTHS_PER_TRANSACTION: Final = 8


class BookRoomMethods(Session):
    """What makes room in a book."""

    async def _expand(self, book: Pubkey, data: bytes, *, seats: int, orders: int) -> ExpandReceipt:
        """Makes room in the book that holds this data; the wallet pays the rent.

        Raises:
            InputError: nothing to add, or more than a book can have. Others as of `Chain.send`.
        """
        head = exchange.Book.decode(data)
        room = (len(data) - exchange.Book.SIZE - head.seats * exchange.Seat.SIZE) // exchange.Order.SIZE
        _check_growth("seats", seats, _SEATS_MAX - head.seats)
        _check_growth("orders", orders, _ORDERS_MAX - room)
        if seats == orders == 0:
            raise InputError("nothing to add to the book", "give a number of seats, of orders, or of both")
        growths = [
            exchange.expand_book(payer=self.wallet.address, book=book, seats=more_seats, orders=more_orders)
            for more_seats, more_orders in _growths(seats, orders)
        ]
        before = await self.chain.balance(book)
        landed = [
            await self._send(*growths[start : start + _GROWTHS_PER_TRANSACTION])
            for start in range(0, len(growths), _GROWTHS_PER_TRANSACTION)
        ]
        return ExpandReceipt(
            signatures=tuple(each.signature for each in landed),
            book=book,
            seats=seats,
            orders=orders,
            sol=sol_of(await self.chain.balance(book) - before),
            creator=head.creator,
        )


def _check_growth(name: str, more: int, most: int) -> None:
    if isinstance(more, bool) or not isinstance(more, int) or not 0 <= more <= most:
        raise InputError(f"no book grows by {more!r} {name}", f"this one has room for 0 to {most:,} more")


def _growths(seats: int, orders: int) -> list[tuple[int, int]]:
    """Seats and orders to add, by instruction."""
    parts = []
    while seats or orders:
        more_seats = min(seats, _GROWTH_MAX // exchange.Seat.SIZE)
        left = _GROWTH_MAX - more_seats * exchange.Seat.SIZE
        more_orders = min(orders, left // exchange.Order.SIZE)
        parts.append((more_seats, more_orders))
        seats, orders = seats - more_seats, orders - more_orders
    return parts
