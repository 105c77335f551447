"""ccxt's unified structures (order books, tickers, funding rates), parsed purely.

A rate has no dollars: a funding rate is given in parts per million of the position, so that the six decimals
of a price hold twelve of the rate.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from secant_keeper.venues.errors import SeriesNameError
from secant_keeper.venues.numbers import (
    EXPONENT_MAX,
    decimal,
    dollars_ppm,
    field,
    list_of,
    object_of,
    scaled_dollars_ppm,
    time_ms,
)
from secant_keeper.venues.observation import Price, Quote, Reason, RefusalError, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

QUOTE: Final = "quote"
FUNDING: Final = "funding_ppm"
RATE_DECIMALS: Final = 12

_SERIES = re.compile(r"([a-z0-9]+):([^@\s]+)(?:@([a-z_]+))?", re.ASCII)


class Series(NamedTuple):
    """What a live series' name means.

    Attributes:
        exchange: ccxt's id of the exchange.
        symbol: ccxt's unified symbol of the market.
        kind: One of `LIVE_KINDS`.
    """

    exchange: str
    symbol: str
    kind: str


def parse_series(name: str) -> Series:
    """The exchange, market and kind of a live series.

    Raises:
        SeriesNameError: The name is of another form, or of no kind.
    """
    match = _SERIES.fullmatch(name)
    if match is None or (match[3] or QUOTE) not in LIVE_KINDS:
        raise SeriesNameError(
            f"{shown(name)!r} names no market of an exchange.",
            f'Write it as "binanceusdm:BTC/USDT:USDT@mark", with one of: {", ".join(LIVE_KINDS)}.',
        )
    return Series(match[1], match[2], match[3] or QUOTE)


def reading(kind: str, structure: Any) -> tuple[int | None, Quote | Price]:
    """The exchange's time in Unix milliseconds, None where it gives none, and the value of a structure.

    An answer without a time states the present, but for a last price, which may be of any age.

    Raises:
        RefusalError: The structure is not of the unified shape, or its value is none.
    """
    stated = object_of(structure, "a unified structure")
    moment = stated.get("timestamp")
    if moment is None and kind == "last":
        raise RefusalError(Reason.BAD_TIME, "a last price without its time may be of any age")
    return None if moment is None else time_ms(moment, "timestamp"), LIVE_KINDS[kind](stated)


def stated_or_received(moment_ms: int | None, recv_ms: int | None) -> int:
    """The exchange's time, or where it gives none the receive time.

    Raises:
        RefusalError: BAD_TIME if there is neither.
    """
    found = recv_ms if moment_ms is None else moment_ms
    if found is None:
        raise RefusalError(Reason.BAD_TIME, "neither the exchange nor the recording gives a time")
    return found


def two_sided(bid: Any, ask: Any) -> Quote:
    """A quote in ppm, the bid rounded down and the ask up; None for a side without orders.

    Raises:
        RefusalError: CROSSED if the bid is not below the ask; else as `dollars_ppm`.
    """
    quote = Quote(
        None if bid is None else dollars_ppm(bid, "bid")[0],
        None if ask is None else dollars_ppm(ask, "ask")[1],
    )
    if bid is not None and ask is not None and _exact(bid, "bid") >= _exact(ask, "ask"):
        raise RefusalError(Reason.CROSSED, f"bid {shown(bid)} is not below ask {shown(ask)}")
    return quote


def price_down(value: Any, name: str) -> Price:
    """A price rounded down to a ppm.

    Raises:
        RefusalError: As `dollars_ppm`.
    """
    return Price(dollars_ppm(value, name)[0])


def funding_rate(value: Any, name: str) -> Price:
    """A rate of one interval, from -1 to 1, in parts per million.

    Raises:
        RefusalError: OUT_OF_RANGE; PRECISION beyond `RATE_DECIMALS`; else as `decimal`.
    """
    rate = decimal(value, RATE_DECIMALS, name)
    if abs(rate) > 10**RATE_DECIMALS:
        raise RefusalError(Reason.OUT_OF_RANGE, f"{name} {shown(value)} is beyond 1")
    return Price(rate)


def _exact(value: Any, name: str) -> int:
    return decimal(value, EXPONENT_MAX, name)


def _quote(book: dict[str, Any]) -> Quote:
    bid = max(_levels(field(book, "bids"), "bids"), default=None)
    ask = min(_levels(field(book, "asks"), "asks"), default=None)
    if bid is not None and ask is not None and bid >= ask:
        raise RefusalError(Reason.CROSSED, "the best bid is not below the best ask")
    return Quote(
        None if bid is None else scaled_dollars_ppm(bid, -EXPONENT_MAX, "bid")[0],
        None if ask is None else scaled_dollars_ppm(ask, -EXPONENT_MAX, "ask")[1],
    )


def _levels(levels: Any, name: str) -> Iterable[int]:
    """The exact prices at which something rests; how they are sorted does not matter."""
    for level in list_of(levels, name):
        parts = list_of(level, f"a level of {name}")
        if len(parts) < 2:
            raise RefusalError(Reason.MALFORMED, f"a level of {name} is {shown(level)}")
        if _exact(parts[1], f"size of {name}") > 0:
            yield _exact(parts[0], f"price of {name}")


def _of(name: str, read: Callable[[Any, str], Price]) -> Callable[[dict[str, Any]], Quote | Price]:
    return lambda structure: read(structure.get(name), name)


LIVE_KINDS: Final[dict[str, Callable[[dict[str, Any]], Quote | Price]]] = {
    QUOTE: _quote,
    "last": _of("last", price_down),
    "mark": _of("markPrice", price_down),
    "index": _of("indexPrice", price_down),
    FUNDING: _of("fundingRate", funding_rate),
}
"""How the value of each kind of series is read from its structure."""
