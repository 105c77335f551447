"""Kalshi order books, reduced from snapshots and signed changes in integers.

Both sides of a Kalshi book are lists of bids: an ask for YES at p is a bid for NO at 1 - p. The book here is
kept in YES space. Prices are in units of 1e-4 dollar, sizes in units of 0.01 contract. Format:
`orderbook_snapshot` and `orderbook_delta` of the venue's AsyncAPI 3.0.0 v2.0.0.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, Final

from secant_keeper.venues.depth import Grid
from secant_keeper.venues.numbers import decimal, decimal_text, list_of
from secant_keeper.venues.observation import Quote, Reason, RefusalError, shown

PRICE_DECIMALS = 4
SIZE_DECIMALS = 2
PRICE_MAX = 10**PRICE_DECIMALS
PPM_PER_PRICE: Final = 100
"""ppm in one price unit of 1e-4 dollar."""

GRID: Final = Grid(prices_per_tick=1, sizes_per_lot=1)
"""The venue counts as our books do."""

SIZE_MAX = 10**15


class NoPriceScale(Enum):
    """The scale NO prices are printed on, fixed by `use_yes_price` at subscription."""

    NO = "no"
    """`use_yes_price` false: the price of a NO share."""
    YES = "yes"
    """`use_yes_price` true: the YES price, 1 less the price of a NO share."""


class KalshiBook:
    """One market's book in YES space.

    Attributes:
        bids: Size in 0.01 contract by YES price in 1e-4 dollar.
        asks: The same for the asks.
    """

    __slots__ = ("_ask", "_bid", "_quote", "asks", "bids")

    def __init__(self) -> None:
        self.bids: dict[int, int] = {}
        self.asks: dict[int, int] = {}
        self._bid: int | None = None
        self._ask: int | None = None
        self._quote: Quote | None = None

    def replace(self, bids: dict[int, int], asks: dict[int, int]) -> None:
        """Take a snapshot as the whole book; the dictionaries are kept, not copied."""
        self.bids, self.asks = bids, asks
        self._bid = max(bids, default=None)
        self._ask = min(asks, default=None)
        self._quote = None

    def change_bid(self, price: int, delta: int) -> bool:
        """Add a signed size to a bid level; False if the level went below zero (it is removed)."""
        bids = self.bids
        size = bids.get(price, 0) + delta
        if size > 0:
            bids[price] = size
            if self._bid is None or price > self._bid:
                self._bid, self._quote = price, None
            return True
        bids.pop(price, None)
        if price == self._bid:
            self._bid, self._quote = max(bids, default=None), None
        return size == 0

    def change_ask(self, price: int, delta: int) -> bool:
        """Add a signed size to an ask level; False if the level went below zero (it is removed)."""
        asks = self.asks
        size = asks.get(price, 0) + delta
        if size > 0:
            asks[price] = size
            if self._ask is None or price < self._ask:
                self._ask, self._quote = price, None
            return True
        asks.pop(price, None)
        if price == self._ask:
            self._ask, self._quote = min(asks, default=None), None
        return size == 0

    def quote(self) -> Quote:
        """Best bid and ask; the same object until one of them moves."""
        if self._quote is None:
            self._quote = Quote(
                None if self._bid is None else self._bid * PPM_PER_PRICE,
                None if self._ask is None else self._ask * PPM_PER_PRICE,
            )
        return self._quote


def levels(payload: dict[str, Any], side: str) -> dict[int, int]:
    """The resting bids of one side ("yes" or "no") of a WebSocket snapshot or REST book, as printed.

    Reads `<side>_dollars_fp`, `<side>_dollars` (decimal text) or, before both existed, `<side>` (whole
    cents). An absent or null side is empty.

    Raises:
        RefusalError: A level that is no pair of price and size.
    """
    for name, price_decimals in (
        (f"{side}_dollars_fp", PRICE_DECIMALS),
        (f"{side}_dollars", PRICE_DECIMALS),
        (side, 2),
    ):
        rows = payload.get(name)
        if rows is not None:
            return _levels(list_of(rows, name), price_decimals, name)
    return {}


def _levels(rows: list[Any], price_decimals: int, name: str) -> dict[int, int]:
    read: dict[int, int] = {}
    for row in rows:
        if not isinstance(row, list) or len(row) != 2:
            raise RefusalError(Reason.MALFORMED, f"a level of {name} is {shown(row)}, not a pair")
        price = bounded_price(decimal(row[0], price_decimals, f"price of {name}"), row[0])
        size = bounded_size(decimal(row[1], SIZE_DECIMALS, f"size of {name}"), row[1])
        if size < 0:
            raise RefusalError(Reason.OUT_OF_RANGE, f"size {shown(row[1])} of {name} is negative")
        if size:
            read[price] = read.get(price, 0) + size
    return read


def bounded_price(price: int, printed: object) -> int:
    """The price, which must lie within 0 to 1 dollar.

    Raises:
        RefusalError: OUT_OF_RANGE.
    """
    if not 0 <= price <= PRICE_MAX:
        raise RefusalError(Reason.OUT_OF_RANGE, f"price {shown(printed)} is outside 0 to 1 dollar")
    return price


def bounded_size(size: int, printed: object) -> int:
    """The size, whose magnitude must be believable.

    Raises:
        RefusalError: OUT_OF_RANGE.
    """
    if not -SIZE_MAX <= size <= SIZE_MAX:
        raise RefusalError(Reason.OUT_OF_RANGE, f"size {shown(printed)} is too large")
    return size


def book_sides(payload: dict[str, Any], scale: NoPriceScale) -> tuple[dict[int, int], dict[int, int]]:
    """Bids and asks in YES space of a WebSocket snapshot or REST book.

    Raises:
        RefusalError: As `levels`.
    """
    bids, no_side = levels(payload, "yes"), levels(payload, "no")
    if scale is NoPriceScale.YES:
        return bids, no_side
    return bids, {PRICE_MAX - price: size for price, size in no_side.items()}


def change(message: dict[str, Any]) -> tuple[int, int]:
    """Price and signed size of an `orderbook_delta`, as printed.

    Reads `price_dollars` and `delta_fp`, or the older `price` (whole cents) and `delta` (contracts).

    Raises:
        RefusalError: A field that is absent, no number, or out of range.
    """
    printed = message.get("price_dollars")
    if type(printed) is str:
        price = decimal_text(printed, PRICE_DECIMALS)
    elif printed is not None:
        price = decimal(printed, PRICE_DECIMALS, "price_dollars")
    else:
        printed = message.get("price")
        price = decimal(printed, 2, "price_dollars")
    delta_printed = message.get("delta_fp")
    if delta_printed is None:
        delta_printed = message.get("delta")
    delta = decimal(delta_printed, SIZE_DECIMALS, "delta_fp")
    if not 0 <= price <= PRICE_MAX:
        bounded_price(price, printed)
    return price, bounded_size(delta, delta_printed)
