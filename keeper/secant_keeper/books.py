"""An order book as the keeper keeps it: its bytes, and what the jobs and the history ask of them.

A book has up to 500 KB, and most of its changes concern no job: nothing but the head is decoded before
somebody asks.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from struct import Struct
from typing import TYPE_CHECKING, Final

from secant import exchange
from secant._wire import DecodeError
from secant.client import Side
from secant.client.orders import order_price_ticks, order_side
from secant_keeper.venues.depth import Level

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from solders.pubkey import Pubkey


_SEAT_ATOMS: Final = Struct(f"<64x4Q{exchange.Seat.SIZE - 96}x")
"""Of a seat, what its bids and asks lose, then what is reserved for them: thousands are read at a time."""

_SEAT_FILLS: Final = Struct(f"<32x2q{exchange.Seat.SIZE - 48}x")
"""Of a seat, the cash and the lots that its fills have brought."""


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
    def loosened(self) -> tuple[tuple[int, exchange.Seat], ...]:
        """Seats, by number from 0, whose accounts reserve more than their open orders could lose."""
        start, size = exchange.Book.SIZE, exchange.Seat.SIZE
        used = memoryview(self.data)[start : start + self.head.seats_used * size]
        return tuple(
            (place, exchange.Seat.decode(bytes(used[place * size : (place + 1) * size])))
            for place, (bid, ask, bid_reserved, ask_reserved) in enumerate(_SEAT_ATOMS.iter_unpack(used))
            if bid_reserved > bid or ask_reserved > ask
        )

    @cached_property
    def filled(self) -> tuple[tuple[int, exchange.Seat], ...]:
        """Seats, by number from 0, that hold what fills have brought and nobody has drawn yet."""
        start, size = exchange.Book.SIZE, exchange.Seat.SIZE
        used = memoryview(self.data)[start : start + self.head.seats_used * size]
        return tuple(
            (place, exchange.Seat.decode(bytes(used[place * size : (place + 1) * size])))
            for place, (cash_atoms, lots) in enumerate(_SEAT_FILLS.iter_unpack(used))
            if cash_atoms or lots
        )

    @cached_property
    def expiries(self) -> tuple[int, ...]:
        """When its orders expire, in order, Unix seconds; those that never do are left out."""
        return tuple(sorted(order.expires_at for order in self._orders() if order.expires_at))

    def count_expired(self, now: int) -> int:
        """How many orders have expired at `now`, Unix seconds."""
        return bisect_right(self.expiries, now)

    def next_expiry(self, now: int) -> int | None:
        """When the next of the orders that still trade at `now` expires; None if none ever does."""
        place = self.count_expired(now)
        return self.expiries[place] if place < len(self.expiries) else None

    def depth(self, now: int) -> Depth:
        """The levels that trade at `now`, on the book's own outcome."""
        sides: dict[Side, dict[int, int]] = {Side.BUY: {}, Side.SELL: {}}
        for order in self._orders():
            if not 0 < order.expires_at <= now:
                levels, price_ticks = sides[order_side(order.id)], order_price_ticks(order.id)
                levels[price_ticks] = levels.get(price_ticks, 0) + order.lots
        bids, asks = (
            tuple(Level(*each) for each in sorted(levels.items(), reverse=side is Side.BUY))
            for side, levels in sides.items()
        )
        return Depth(bids, asks)

    def best(self, side: Side, count: int) -> Iterator[exchange.Order]:
        """The first orders to trade on a side, at most so many, the expired ones among them."""
        bids, asks = self._places()
        return self._at((bids[::-1] if side is Side.BUY else asks)[:count])

    def _orders(self) -> Iterator[exchange.Order]:
        bids, asks = self._places()
        return self._at((*bids, *asks))

    def _places(self) -> tuple[range, range]:
        """Where bids lie, the worst first, and where asks do, the best first."""
        room = (len(self.data) - self._orders_start) // exchange.Order.SIZE
        return range(self.head.bids), range(room - self.head.asks, room)

    def _at(self, places: Iterable[int]) -> Iterator[exchange.Order]:
        size, start = exchange.Order.SIZE, self._orders_start
        for place in places:
            at = start + place * size
            yield exchange.Order.decode(self.data[at : at + size])
