"""An order book as the keeper keeps it: its bytes, and what the jobs and the history ask of them.

A book has up to 500 KB, and most of its changes concern no job: nothing but the head is decoded before
somebody asks.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from secant import exchange
from secant._wire import DecodeError
from secant.client.orders import LocalBook
from secant.units import lots_of, ticks_of

if TYPE_CHECKING:
    from solders.pubkey import Pubkey

    from secant.client.orders import Level as DecimalLevel

_NO_LABELS: Final = ("",) * 16


class Level(NamedTuple):
    """All orders of a price.

    Attributes:
        price_ticks: The price, 1 to 9,999.
        lots: Lots open in all.
    """

    price_ticks: int
    lots: int


@dataclass(frozen=True, slots=True)
class Depth:
    """What of a book trades at a time.

    Attributes:
        bids: Levels that buy, the best first.
        asks: Levels that sell, the best first.
    """

    bids: tuple[Level, ...]
    asks: tuple[Level, ...]


@dataclass(frozen=True)
class BookAccount:
    """A book's account.

    Attributes:
        address: Its address.
        data: Its bytes.
        head: What stands before its seats and orders.
    """

    address: Pubkey
    data: bytes
    head: exchange.Book

    @classmethod
    def decode(cls, address: Pubkey, data: bytes) -> BookAccount:
        """The book in an account's bytes.

        Raises:
            DecodeError: They are no book, or fewer than its orders take.
        """
        head = exchange.Book.decode(data)
        found = cls(address, data, head)
        if len(data) < found._orders_start + found.orders * exchange.Order.SIZE:
            raise DecodeError("Book", "shorter than its orders")
        return found

    @property
    def orders(self) -> int:
        """How many orders rest, the expired ones among them."""
        return self.head.bids + self.head.asks

    @property
    def _orders_start(self) -> int:
        return exchange.Book.SIZE + self.head.seats * exchange.Seat.SIZE

    @cached_property
    def expiries(self) -> tuple[int, ...]:
        """When its orders expire, in order, Unix seconds; those that never do are left out."""
        size, start = exchange.Order.SIZE, self._orders_start
        room = (len(self.data) - start) // size
        places = (*range(self.head.bids), *range(room - self.head.asks, room))
        orders = (
            exchange.Order.decode(self.data[at : at + size]) for at in (start + p * size for p in places)
        )
        return tuple(sorted(order.expires_at for order in orders if order.expires_at))

    def count_expired(self, now: int) -> int:
        """How many orders have expired at `now`, Unix seconds."""
        return bisect_right(self.expiries, now)

    def next_expiry(self, now: int) -> int | None:
        """When the next of the orders that still trade at `now` expires; None if none ever does."""
        place = self.count_expired(now)
        return self.expiries[place] if place < len(self.expiries) else None

    def depth(self, now: int) -> Depth:
        """The levels that trade at `now`, on the book's own outcome."""
        view = LocalBook(self.address, self.data).view(_NO_LABELS, self.head.outcome, now)
        return Depth(_levels(view.bids), _levels(view.asks))


def _levels(levels: tuple[DecimalLevel, ...]) -> tuple[Level, ...]:
    return tuple(Level(ticks_of(level.price), lots_of(level.shares)) for level in levels)
