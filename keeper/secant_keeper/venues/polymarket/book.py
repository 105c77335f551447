"""Polymarket CLOB books: absolute sizes, two tokens a market, no sequence numbers.

Prices are ppm of a dollar (the tick changes while a market lives, from 0.01 to 0.001 and beyond), sizes are
in units of 1e-6 share. Levels arrive in no dependable order. Format: the market channel's `book` and
`price_change` events.
"""

from __future__ import annotations

from typing import Any, Final

from secant_keeper.venues.depth import Grid
from secant_keeper.venues.numbers import decimal, list_of, object_of, price_ppm
from secant_keeper.venues.observation import Quote, Reason, RefusalError, shown

SIZE_DECIMALS = 6
SIZE_MAX = 10**18
GRID: Final = Grid(prices_per_tick=100, sizes_per_lot=10_000)


class PolymarketBook:
    """One token's book.

    Attributes:
        bids: Size in 1e-6 share by price in ppm.
        asks: The same for the asks.
    """

    __slots__ = ("asks", "bids")

    def __init__(self) -> None:
        self.bids: dict[int, int] = {}
        self.asks: dict[int, int] = {}

    def replace(self, bids: dict[int, int], asks: dict[int, int]) -> None:
        """Take a snapshot as the whole book; the dictionaries are kept, not copied."""
        self.bids, self.asks = bids, asks

    def put_bid(self, price: int, size: int) -> None:
        """Set the size of a bid level; 0 removes it."""
        _put(self.bids, price, size)

    def put_ask(self, price: int, size: int) -> None:
        """Set the size of an ask level; 0 removes it."""
        _put(self.asks, price, size)

    def quote(self) -> Quote:
        """Best bid and ask."""
        return Quote(max(self.bids, default=None), min(self.asks, default=None))


def _put(side: dict[int, int], price: int, size: int) -> None:
    if size:
        side[price] = size
    else:
        side.pop(price, None)


def size_of(value: Any, name: str) -> int:
    """An absolute size in units of 1e-6 share.

    Raises:
        RefusalError: It is negative, unbelievable or no number.
    """
    size = decimal(value, SIZE_DECIMALS, name)
    if not 0 <= size <= SIZE_MAX:
        raise RefusalError(Reason.OUT_OF_RANGE, f"{name} {shown(value)} is negative or too large")
    return size


def book_sides(payload: dict[str, Any]) -> tuple[dict[int, int], dict[int, int]]:
    """Bids and asks of a `book` event or a REST book.

    Raises:
        RefusalError: A level that is no price and size.
    """
    return _side(payload, "bids"), _side(payload, "asks")


def _side(payload: dict[str, Any], name: str) -> dict[int, int]:
    read: dict[int, int] = {}
    for entry in list_of(payload.get(name), name):
        level = object_of(entry, f"a level of {name}")
        _put(
            read,
            price_ppm(level.get("price"), f"price of {name}"),
            size_of(level.get("size"), f"size of {name}"),
        )
    return read
