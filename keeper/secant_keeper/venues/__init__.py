"""Venue adapters: payloads of outside markets in, `Observation` values out, live or from recordings.

Parsing is pure (`*/payloads.py`, `*/book.py`, `*/reducer.py`, `*/session.py`); `*stream.py` and `rest.py`
hold the I/O. Nothing a venue sends raises out of a stream: it becomes an observation or a counted rejection.
To add a venue, write its package and add its line to `VENUES`.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from secant_keeper.venues import ccxt, kalshi, polymarket, pyth
from secant_keeper.venues.ccxt import CcxtStream
from secant_keeper.venues.depth import Depth, Level
from secant_keeper.venues.errors import (
    AuthenticationError,
    BrokenFileError,
    EmptyFileError,
    KeyFileError,
    MissingPackageError,
    NoDepthError,
    PayloadError,
    RequestError,
    SeriesNameError,
    UnavailableError,
    UnknownFormatError,
    UnknownSeriesError,
    UnknownVenueError,
    UnreadableFileError,
    VenueError,
    listed,
)
from secant_keeper.venues.kalshi import KalshiRest, KalshiSigner, KalshiStream
from secant_keeper.venues.numbers import DOLLARS_MAX
from secant_keeper.venues.observation import (
    Item,
    Observation,
    Outcome,
    OutcomeState,
    Price,
    Quote,
    Reason,
    Rejection,
    Rejections,
)
from secant_keeper.venues.polymarket import PolymarketRest, PolymarketStream
from secant_keeper.venues.pyth import PythRest, PythStream
from secant_keeper.venues.recording import (
    RecordedFile,
    RecordedFormat,
    open_depth,
    open_items,
    recorded_format,
)
from secant_keeper.venues.rest import RetryPolicy
from secant_keeper.venues.staleness import BookState, Freshness
from secant_keeper.venues.stream import Timing, VenueStream

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Mapping


@dataclass(frozen=True, slots=True)
class Venue:
    """One venue.

    Attributes:
        stream: Opens the live stream of a list of series; Kalshi's wants a key, too.
        formats: Its recorded formats.
        price_max: The highest price that can be asked about, in dollars.
    """

    stream: Callable[..., VenueStream]
    formats: tuple[RecordedFormat, ...]
    price_max: int = 1


VENUES: Final[Mapping[str, Venue]] = MappingProxyType(
    {
        "kalshi": Venue(KalshiStream, kalshi.FORMATS),
        "polymarket": Venue(PolymarketStream, polymarket.FORMATS),
        "pyth": Venue(PythStream, pyth.FORMATS, DOLLARS_MAX),
        "ccxt": Venue(CcxtStream, ccxt.FORMATS, DOLLARS_MAX),
    }
)
"""The venues by name."""


def _formats(venue: str) -> tuple[RecordedFormat, ...]:
    if venue not in VENUES:
        raise UnknownVenueError(f"There is no venue {venue!r}.", f"Name one of: {', '.join(VENUES)}.")
    return VENUES[venue].formats


def open_recorded(
    venue: str,
    path: str | os.PathLike[str],
    series: str | None = None,
    *,
    rejections: Rejections | None = None,
) -> Iterator[Item]:
    """Items of one series of a recording, in the file's order.

    Every message or row that carries a quote or price of the series gives exactly one item, so counting items
    counts what was seen. A line that cannot be attributed to a series gives a `Rejection` with the series "".

    Args:
        venue: A key of `VENUES`.
        path: The recording, plain or gzip; its format is found by its content.
        series: The series, or None or "" for the only one the file holds.
        rejections: Counts the rejections yielded, and the messages passed over because they carry no quote.

    Raises:
        UnknownVenueError, UnreadableFileError, EmptyFileError, UnknownFormatError, BrokenFileError,
            UnknownSeriesError: At the call, before the first item.
    """
    return open_items(venue, _formats(venue), path, series, rejections or Rejections())


def recorded_depth(
    venue: str,
    path: str | os.PathLike[str],
    series: str | None = None,
    *,
    rejections: Rejections | None = None,
) -> Iterator[tuple[Item, Depth | None]]:
    """As `open_recorded`, each item with what rests at the venue after its message.

    The depth is None while the book awaits a snapshot. Beside a rejection it is the book as the adapter keeps
    it: a change that crosses the book is in it, one that cannot be read is not.

    Raises:
        NoDepthError: The recording holds prices only. Others as `open_recorded`.
    """
    return open_depth(venue, _formats(venue), path, series, rejections or Rejections())


def recorded_series(venue: str, path: str | os.PathLike[str]) -> tuple[str, ...]:
    """The series a recording holds, in order of appearance; errors as `open_recorded`."""
    file = RecordedFile(path)
    return recorded_format(venue, _formats(venue), file).series(file)


__all__ = [
    "VENUES",
    "AuthenticationError",
    "BookState",
    "BrokenFileError",
    "CcxtStream",
    "Depth",
    "EmptyFileError",
    "Freshness",
    "Item",
    "KalshiRest",
    "KalshiSigner",
    "KalshiStream",
    "KeyFileError",
    "Level",
    "MissingPackageError",
    "NoDepthError",
    "Observation",
    "Outcome",
    "OutcomeState",
    "PayloadError",
    "PolymarketRest",
    "PolymarketStream",
    "Price",
    "PythRest",
    "PythStream",
    "Quote",
    "Reason",
    "RecordedFormat",
    "Rejection",
    "Rejections",
    "RequestError",
    "RetryPolicy",
    "SeriesNameError",
    "Timing",
    "UnavailableError",
    "UnknownFormatError",
    "UnknownSeriesError",
    "UnknownVenueError",
    "UnreadableFileError",
    "Venue",
    "VenueError",
    "VenueStream",
    "listed",
    "open_recorded",
    "recorded_depth",
    "recorded_series",
]
