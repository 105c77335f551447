"""Staleness as a state of the book, not of the socket."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from secant_keeper.venues.observation import TIME_MS_MAX, Reason, RefusalError

if TYPE_CHECKING:
    from secant_keeper.venues.observation import Price, Quote

CLOCK_LEAD_MS_MAX = 60_000
"""How far a source time may lie ahead of receipt: beyond it one false stamp would block the series."""


class BookState(Enum):
    """Whether a book may be read."""

    WAITING = "waiting"
    """No snapshot yet."""
    LIVE = "live"
    STALE = "stale"
    """A change was missed, could not be read, or the connection ended: a new snapshot must come."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """How fresh one series is.

    Attributes:
        state: Whether its book may be read.
        source_time_ms: The latest source time taken, None before any.
        received_ms: When the latest message about it arrived by the local clock, None before any.
    """

    state: BookState
    source_time_ms: int | None
    received_ms: int | None


class Track:
    """The state every venue keeps of one series.

    Attributes:
        state: Whether its book may be read.
        source_time_ms: The latest source time taken.
        received_ms: When the latest message about it arrived.
    """

    __slots__ = ("received_ms", "source_time_ms", "state")

    def __init__(self) -> None:
        self.state = BookState.WAITING
        self.source_time_ms: int | None = None
        self.received_ms: int | None = None

    @property
    def is_live(self) -> bool:
        """Whether the book may be read."""
        return self.state is BookState.LIVE

    @property
    def latest_ms(self) -> int | None:
        """The latest source time taken, or the receive time before any."""
        return self.received_ms if self.source_time_ms is None else self.source_time_ms

    def distrust(self) -> None:
        """Mark a book that had a snapshot as stale."""
        if self.state is BookState.LIVE:
            self.state = BookState.STALE

    def trust(self) -> None:
        """Mark the book as read from a snapshot."""
        self.state = BookState.LIVE

    def take_time(self, moment_ms: int, recv_ms: int | None) -> None:
        """Take the source time of a message.

        Raises:
            RefusalError: TIME_BACKWARDS, TIME_AHEAD (of the receive time by more than a minute), BAD_TIME.
        """
        if not 0 < moment_ms < TIME_MS_MAX:
            raise RefusalError(Reason.BAD_TIME, f"{moment_ms} ms is no time between 1970 and 2100")
        last = self.source_time_ms
        if last is not None and moment_ms < last:
            raise RefusalError(Reason.TIME_BACKWARDS, f"source time {moment_ms} ms is before {last} ms")
        if recv_ms is not None and moment_ms > recv_ms + CLOCK_LEAD_MS_MAX:
            raise RefusalError(
                Reason.TIME_AHEAD, f"source time {moment_ms} ms is ahead of receipt at {recv_ms} ms"
            )
        self.source_time_ms = moment_ms
        self.received_ms = recv_ms if recv_ms is not None else moment_ms

    def freshness(self) -> Freshness:
        """A reading of this state."""
        return Freshness(self.state, self.source_time_ms, self.received_ms)


class PriceTrack(Track):
    """One series of a venue that prints prices, and what it printed last.

    Attributes:
        quote: The latest quote or price; None before any.
    """

    __slots__ = ("quote",)

    def __init__(self) -> None:
        super().__init__()
        self.quote: Quote | Price | None = None

    def take(self, moment_ms: int, quote: Quote | Price, recv_ms: int | None) -> bool:
        """Take a quote; False if it only says again what is known, which makes the series no fresher.

        Two different prices of one moment are two readings.

        Raises:
            RefusalError: As `take_time`.
        """
        is_news = moment_ms != self.source_time_ms or quote != self.quote
        if is_news:
            self.take_time(moment_ms, recv_ms)
            self.quote = quote
        self.trust()
        return is_news
