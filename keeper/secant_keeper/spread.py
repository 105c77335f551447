"""How far an event's book lies from the venue that its feed is read from, over time and exactly.

A snapshot holds until the next one of its book, a reading until the next one of its feed or until the feed
would call it stale, and neither beyond the stretch it was written in. Only time in which the event traded
counts. Every mean is weighted with the seconds for which its value held.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from fractions import Fraction
from heapq import merge
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from secant_keeper.evidence import iso_time, plain
from secant_keeper.history_rows import Snapshot, VenueReading

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from secant_keeper.history_rows import Link, Stretch
    from secant_keeper.history_store import HistoryReader

PPM_PER_TICK: Final = 100


@dataclass(frozen=True, slots=True)
class Spread:
    """What a report says of one event. Prices are ticks and shares fractions, as plain decimal strings.

    Attributes:
        event: The event.
        name: Its name, unique only per creator; empty if the history does not know it.
        title: Its title, empty without one.
        book: The book of its first outcome.
        feed: The feed that settles it.
        begun: When the time reported on begins, ISO 8601 UTC; holes in it are not counted.
        ended: When it ends.
        snapshots: Snapshots of the book in it while the event traded.
        observed_s: Seconds for which the book is known and the event traded.
        compared_s: Seconds of them in which a reading of the venue was in force.
        mid_difference_mean: Mean of the book's middle less the venue's, while both had two sides.
        mid_difference_abs_mean: Mean of its amount.
        book_spread_mean: Mean of the book's ask less its bid, while it had both.
        book_spread_max: The greatest.
        venue_spread_mean: Mean of the venue's ask less its bid, while it had both.
        venue_spread_max: The greatest.
        two_sided_share: Share of the observed time in which the book had two sides.
        crossed_share: Share of the compared time in which the book's bid was above the venue's ask, or its
            ask below the venue's bid.
    """

    event: str
    name: str
    title: str
    book: str
    feed: str
    begun: str
    ended: str
    snapshots: int
    observed_s: int
    compared_s: int
    mid_difference_mean: str | None
    mid_difference_abs_mean: str | None
    book_spread_mean: str | None
    book_spread_max: str | None
    venue_spread_mean: str | None
    venue_spread_max: str | None
    two_sided_share: str
    crossed_share: str | None

    def as_json(self) -> dict[str, Any]:
        """The report as a JSON object."""
        return asdict(self)


@dataclass(slots=True)
class _Mean:
    """A mean of integers over time, and the greatest of them."""

    seconds: int = 0
    total: int = 0
    greatest: int = 0

    def add(self, value: int, seconds: int) -> None:
        self.greatest = max(self.greatest, value) if self.seconds else value
        self.seconds += seconds
        self.total += value * seconds

    def mean(self, per_tick: int) -> str | None:
        return plain(Fraction(self.total, self.seconds * per_tick)) if self.seconds else None

    def max(self, per_tick: int) -> str | None:
        return plain(Fraction(self.greatest, per_tick)) if self.seconds else None


@dataclass(slots=True)
class _Tally:
    """What has been counted of an event; prices in ppm, middles in half ppm, so that all is whole."""

    begun: int | None = None
    ended: int = 0
    snapshots: int = 0
    observed_s: int = 0
    compared_s: int = 0
    crossed_s: int = 0
    difference: _Mean = field(default_factory=_Mean)
    difference_abs: _Mean = field(default_factory=_Mean)
    book_spread: _Mean = field(default_factory=_Mean)
    venue_spread: _Mean = field(default_factory=_Mean)

    def add(self, start: int, end: int, snapshot: Snapshot, reading: VenueReading | None) -> None:
        """Count the time from `start` to `end`, in which the two held."""
        seconds = end - start
        self.begun = start if self.begun is None else min(self.begun, start)
        self.ended = max(self.ended, end)
        self.observed_s += seconds
        bid = snapshot.bids[0].price_ticks * PPM_PER_TICK if snapshot.bids else None
        ask = snapshot.asks[0].price_ticks * PPM_PER_TICK if snapshot.asks else None
        if bid is not None and ask is not None:
            self.book_spread.add(ask - bid, seconds)
        if reading is None:
            return
        self.compared_s += seconds
        venue_bid, venue_ask = reading.bid_ppm, reading.ask_ppm
        if (bid is not None and venue_ask is not None and bid > venue_ask) or (
            ask is not None and venue_bid is not None and ask < venue_bid
        ):
            self.crossed_s += seconds
        if venue_bid is None or venue_ask is None:
            return
        self.venue_spread.add(venue_ask - venue_bid, seconds)
        if bid is not None and ask is not None:
            difference = (bid + ask) - (venue_bid + venue_ask)
            self.difference.add(difference, seconds)
            self.difference_abs.add(abs(difference), seconds)

    def spread(self, link: Link) -> Spread | None:
        """The report; None if no time was counted."""
        if self.begun is None:
            return None
        return Spread(
            event=link.event,
            name=link.name,
            title=link.title,
            book=link.book,
            feed=link.feed,
            begun=iso_time(self.begun),
            ended=iso_time(self.ended),
            snapshots=self.snapshots,
            observed_s=self.observed_s,
            compared_s=self.compared_s,
            mid_difference_mean=self.difference.mean(2 * PPM_PER_TICK),
            mid_difference_abs_mean=self.difference_abs.mean(2 * PPM_PER_TICK),
            book_spread_mean=self.book_spread.mean(PPM_PER_TICK),
            book_spread_max=self.book_spread.max(PPM_PER_TICK),
            venue_spread_mean=self.venue_spread.mean(PPM_PER_TICK),
            venue_spread_max=self.venue_spread.max(PPM_PER_TICK),
            two_sided_share=plain(Fraction(self.book_spread.seconds, self.observed_s)),
            crossed_share=plain(Fraction(self.crossed_s, self.compared_s)) if self.compared_s else None,
        )


def spread_of(history: HistoryReader, link: Link, start: int | None, end: int | None) -> Spread | None:
    """The report on one event, from `start` until before `end`, Unix seconds; None without any time.

    Raises:
        HistoryUnavailableError: The history cannot be read.
    """
    tally = _Tally()
    for stretch in history.stretches():
        first = stretch.begun if start is None else max(start, stretch.begun)
        last = stretch.seen if end is None else min(end, stretch.seen)
        if first >= last:
            continue
        said: Iterator[Snapshot | VenueReading] = merge(
            history.snapshots(link.book, stretch.id),
            history.readings(link.feed, stretch.id),
            key=attrgetter("time"),
        )
        for begun, ended, snapshot, reading in _held(said, stretch, link.staleness_s):
            if snapshot.trades and max(begun, first) < min(ended, last):
                tally.add(max(begun, first), min(ended, last), snapshot, reading)
        tally.snapshots += sum(
            one.trades and first <= one.time < last for one in history.snapshots(link.book, stretch.id)
        )
    return tally.spread(link)


def _held(
    said: Iterable[Snapshot | VenueReading], stretch: Stretch, staleness_s: int
) -> Iterator[tuple[int, int, Snapshot, VenueReading | None]]:
    """From when to when which snapshot and reading held together."""
    snapshot: Snapshot | None = None
    reading: VenueReading | None = None
    since = stretch.begun
    for moment, one in _until(said, stretch.seen):
        if reading is not None and moment > (stale_at := reading.time + staleness_s + 1):
            if snapshot is not None and since < stale_at:
                yield since, stale_at, snapshot, reading
            since, reading = max(since, stale_at), None
        if snapshot is not None and since < moment:
            yield since, moment, snapshot, reading
        since = max(since, moment)
        if isinstance(one, Snapshot):
            snapshot = one
        elif one is not None:
            reading = one


def _until(
    said: Iterable[Snapshot | VenueReading], end: int
) -> Iterator[tuple[int, Snapshot | VenueReading | None]]:
    for one in said:
        if one.time >= end:
            break
        yield one.time, one
    yield end, None
