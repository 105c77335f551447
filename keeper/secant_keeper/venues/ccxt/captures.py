"""Raw WebSocket messages of exchanges, as recorded before ccxt or anything else read them.

Read are Binance's `bookTicker`, Coinbase's `ticker`, `snapshot` and `l2update`, and Hyperliquid's
`allDexsAssetCtxs`. A series is "product@kind". Hyperliquid's frames name no coins: a product there is the
place in a dex's universe, "#0" or "xyz#3".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from secant_keeper.venues.ccxt.payloads import (
    FUNDING,
    QUOTE,
    funding_rate,
    price_down,
    stated_or_received,
    two_sided,
)
from secant_keeper.venues.numbers import (
    decimal,
    field,
    list_of,
    object_of,
    scaled_dollars_ppm,
    text_field,
    time_ms,
    time_text_ms,
)
from secant_keeper.venues.observation import (
    Item,
    Observation,
    Price,
    Quote,
    Reason,
    RefusalError,
    Rejections,
    shown,
)
from secant_keeper.venues.staleness import Track

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LEVEL_DECIMALS: Final = 12
CONTEXTS: Final = "allDexsAssetCtxs"
OPEN_INTEREST: Final = "open_interest_musd"
_OPEN_INTEREST_DECIMALS: Final = 16


_COINBASE_KINDS: Final = {"ticker": "last", "snapshot": QUOTE, "l2update": QUOTE}
_Reading: TypeAlias = tuple[int, Quote | Price]
"""A time in Unix milliseconds, and the value."""


def products(message: Any) -> Iterator[str]:
    """The series that a message can give something of; none for messages that are not read."""
    if not isinstance(message, dict):
        return
    if message.get("channel") == CONTEXTS:
        try:
            names = [name for name, _ in contexts(message)]
        except RefusalError:
            return  # reading the message rejects it
        yield from (f"{name}@{kind}" for name in names for kind in CONTEXT_KINDS)
        return
    data = message.get("data")
    if isinstance(data, dict) and data.get("e") == "bookTicker" and isinstance(data.get("s"), str):
        yield f"{data['s']}@{QUOTE}"
    product, kind = message.get("product_id"), message.get("type")
    if isinstance(product, str) and product and isinstance(kind, str) and kind in _COINBASE_KINDS:
        yield f"{product}@{_COINBASE_KINDS[kind]}"


def is_message(message: Any) -> bool:
    """Whether a message is one that is read."""
    return next(products(message), None) is not None


class CaptureReducer:
    """One series, kept by applying messages in order. Every message that states its value is an item."""

    def __init__(self, series: str, rejections: Rejections) -> None:
        self._series = series
        self._product, _, self._kind = series.rpartition("@")
        self._rejections = rejections
        self._track = Track()
        self._bids: dict[int, int] = {}
        self._asks: dict[int, int] = {}
        self._handlers: dict[str, Callable[[dict[str, Any], int | None], _Reading | None]] = {
            "bookTicker": _book_ticker,
            "ticker": _ticker,
            "snapshot": self._snapshot,
            "l2update": self._l2update,
            CONTEXTS: self._context,
        }

    def apply(self, message: Any, recv_ms: int | None) -> Item | None:
        """The item of a message; None for one that is of another series or gives no value."""
        series, moment_ms = "", None
        try:
            stated = object_of(message, "a message")
            if "stream" in stated:
                stated = object_of(stated.get("data"), "data")
            kind = stated.get("channel") or stated.get("e") or stated.get("type")
            if not isinstance(kind, str) or kind not in self._handlers:
                self._rejections.ignore(kind)
                return None
            if not self._is_concerned(kind, stated):
                return None
            series = self._series
            found = self._handlers[kind](stated, recv_ms)
            if found is None:
                return None
            moment_ms, quote = found
            self._track.take_time(moment_ms, recv_ms)
        except RefusalError as refusal:
            return refusal.rejection(series, moment_ms, example=message)
        return Observation.at(series, moment_ms, quote)

    def _is_concerned(self, kind: str, stated: dict[str, Any]) -> bool:
        if kind == CONTEXTS:
            return True
        product = stated.get("s", stated.get("product_id"))
        return product == self._product and (kind == "ticker") == (self._kind == "last")

    def _snapshot(self, message: dict[str, Any], _recv_ms: int | None) -> None:
        """Take the book of a snapshot; it has no time, so the first change after it tells the quote."""
        self._bids, self._asks = (
            {price: size for price, size in map(_level, list_of(field(message, side), side)) if size}
            for side in ("bids", "asks")
        )
        self._track.trust()

    def _l2update(self, message: dict[str, Any], _recv_ms: int | None) -> _Reading:
        if not self._track.is_live:
            raise RefusalError(Reason.NO_SNAPSHOT, "a change of a book whose snapshot has not come")
        for change in list_of(field(message, "changes"), "changes"):
            side, *level = list_of(change, "a change")[:3] or [None]
            price, size = _level(level)
            if side not in ("buy", "sell"):
                raise RefusalError(Reason.UNKNOWN_SIDE, f"side {shown(side)} is neither buy nor sell")
            book = self._bids if side == "buy" else self._asks
            if size:
                book[price] = size
            else:
                book.pop(price, None)
        bid, ask = max(self._bids, default=None), min(self._asks, default=None)
        if bid is not None and ask is not None and bid >= ask:
            raise RefusalError(Reason.CROSSED, "the best bid is not below the best ask")
        quote = Quote(
            None if bid is None else scaled_dollars_ppm(bid, -LEVEL_DECIMALS, "bid")[0],
            None if ask is None else scaled_dollars_ppm(ask, -LEVEL_DECIMALS, "ask")[1],
        )
        return time_text_ms(text_field(message, "time"), "time"), quote

    def _context(self, message: dict[str, Any], recv_ms: int | None) -> _Reading | None:
        found = dict(contexts(message)).get(self._product)
        if found is None:
            return None
        moment_ms = stated_or_received(None, recv_ms)
        return moment_ms, CONTEXT_KINDS[self._kind](object_of(found, "an asset context"))


def contexts(message: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Each product of a frame of asset contexts, and its context.

    Raises:
        RefusalError: The frame is not of the documented shape.
    """
    data = object_of(message.get("data"), "data")
    for entry in list_of(field(data, "ctxs"), "ctxs"):
        parts = list_of(entry, "a dex")
        if len(parts) != 2 or not isinstance(parts[0], str):
            raise RefusalError(Reason.MALFORMED, f"a dex is {shown(entry)}")
        for place, context in enumerate(list_of(parts[1], "contexts of a dex")):
            yield f"{parts[0]}#{place}", context


def _open_interest(context: dict[str, Any]) -> Price:
    """Open interest in millions of dollars: contracts at the mark price."""
    contracts = decimal(context.get("openInterest"), _OPEN_INTEREST_DECIMALS, "openInterest")
    mark = decimal(context.get("markPx"), _OPEN_INTEREST_DECIMALS, "markPx")
    exponent = -2 * _OPEN_INTEREST_DECIMALS - 6
    return Price(scaled_dollars_ppm(contracts * mark, exponent, "open interest")[0])


CONTEXT_KINDS: Final[dict[str, Callable[[dict[str, Any]], Price]]] = {
    "mark": lambda context: price_down(context.get("markPx"), "markPx"),
    "index": lambda context: price_down(context.get("oraclePx"), "oraclePx"),
    "mid": lambda context: price_down(context.get("midPx"), "midPx"),
    FUNDING: lambda context: funding_rate(context.get("funding"), "funding"),
    OPEN_INTEREST: _open_interest,
}
"""How each kind is read from an asset context."""


def _level(level: Any) -> tuple[int, int]:
    parts = list_of(level, "a level")
    if len(parts) < 2:
        raise RefusalError(Reason.MALFORMED, f"a level is {shown(level)}")
    size = decimal(parts[1], LEVEL_DECIMALS, "size")
    if size < 0:
        raise RefusalError(Reason.OUT_OF_RANGE, f"the size {shown(parts[1])} is negative")
    return decimal(parts[0], LEVEL_DECIMALS, "price"), size


def _book_ticker(message: dict[str, Any], _recv_ms: int | None) -> _Reading:
    return time_ms(message.get("T"), "T"), two_sided(field(message, "b"), field(message, "a"))


def _ticker(message: dict[str, Any], _recv_ms: int | None) -> _Reading:
    return time_text_ms(text_field(message, "time"), "time"), price_down(message.get("price"), "price")
