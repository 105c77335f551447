"""Recorded series as the replay reads them: whole seconds, ppm, in the file's order."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from heapq import merge
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from secant_keeper.venues import (
    VENUES,
    Item,
    Observation,
    Quote,
    Reason,
    Rejection,
    Rejections,
    UnknownSeriesError,
    UnknownVenueError,
    open_recorded,
    recorded_series,
)
from secant_keeper.venues.observation import RefusalError
from secant_keeper.venues.recording import RecordedFile, recorded_format

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

_ROW_REASONS = frozenset({Reason.CROSSED, Reason.DUPLICATE, Reason.TIME_BACKWARDS})
"""Rejections of rows that are sound in themselves: they count as seen."""


BREAK_OFFS = (Reason.TRUNCATED, Reason.CORRUPT)
"""Rejections after which nothing more of a file can be read."""


class Reading(NamedTuple):
    """One quote or price.

    Attributes:
        time: Unix seconds at the source, rounded down.
        bid_ppm: Lower end in ppm; None without a bid.
        ask_ppm: Upper end in ppm; None without an ask.
    """

    time: int
    bid_ppm: int | None
    ask_ppm: int | None


@dataclass(slots=True)
class RecordedSeries:
    """What a recording says about one series.

    Attributes:
        name: The series.
        readings: Its quotes and prices, in the file's order.
        seen_times: Times of all its sound rows, those among them that gave no reading because they repeat,
            go back or cross.
        rejections: Why rows gave no reading.
        path: The file it was read from; None if that is none or several.
        parts: What each of several files says.
    """

    name: str
    readings: list[Reading] = field(default_factory=list)
    seen_times: list[int] = field(default_factory=list)
    rejections: Rejections = field(default_factory=Rejections)
    path: Path | None = None
    parts: tuple[RecordedSeries, ...] = ()

    @property
    def break_off(self) -> Rejection | None:
        """Why the recording could not be read to its end; None if it could."""
        found = (self.rejections.last.get(reason) for reason in BREAK_OFFS)
        return next((one for one in found if one is not None), None)

    @property
    def span(self) -> tuple[int, int] | None:
        """Times of its earliest and latest sound row; None without any."""
        return (min(self.seen_times), max(self.seen_times)) if self.seen_times else None

    def count_seen(self, start: int, end: int) -> int:
        """Rows with a time from `start` to `end`, both included."""
        return sum(start <= time <= end for time in self.seen_times)


class _LinesInMemory(RecordedFile):
    """A recording read once for many series, which shows each only the lines that can concern it.

    A line whose first cell is the name of one series is not shown to another: that is how tables with a
    column for the series are laid out. Every other line is shown to all.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._chosen: bytes | None = None

    def choose(self, series: str | None) -> None:
        """Show the lines of one series from now on, or all of them."""
        self._chosen = None if series is None else series.encode()

    @cached_property
    def _every_line(self) -> tuple[list[bytes], RefusalError | None]:
        found: list[bytes] = []
        try:
            found.extend(super().lines())
        except RefusalError as refusal:
            return found, refusal
        return found, None

    def index(self, series: Iterable[str]) -> None:
        """Sort the lines by the series they begin with."""
        own: dict[bytes, list[int]] = {name.encode(): [] for name in series}
        shared: list[int] = []
        for place, line in enumerate(self._every_line[0]):
            own.get(line.partition(b",")[0], shared).append(place)
        self._places = {name: sorted(shared + places) for name, places in own.items()}

    def lines(self) -> Iterator[bytes]:
        """The lines shown at present; as `RecordedFile.lines`."""
        every, refusal = self._every_line
        if self._chosen is None:
            yield from every
        else:
            yield from (every[place] for place in self._places[self._chosen])
        if refusal is not None:
            raise refusal


def load_series(venue: str, path: Path, names: Iterable[str | None]) -> dict[str | None, RecordedSeries]:
    """The named series of a recording; None stands for the only one it holds.

    Raises:
        VenueError: No such venue or series, or the file is unreadable, empty or of no known format.
    """
    wanted = tuple(names)
    if len(wanted) == 1 and wanted[0] is not None:
        counted = Rejections()
        items = open_recorded(venue, path, wanted[0], rejections=counted)
        return {wanted[0]: _load(items, wanted[0], counted, path)}
    if venue not in VENUES:
        raise UnknownVenueError(f"There is no venue {venue!r}.", f"Name one of: {', '.join(VENUES)}.")
    file = _LinesInMemory(path)
    found = recorded_format(venue, VENUES[venue].formats, file)
    available = found.series(file)
    chosen = {name: _resolve(name, available, path) for name in wanted}
    file.index(available)
    loaded: dict[str, RecordedSeries] = {}
    for series in dict.fromkeys(chosen.values()):
        file.choose(series)
        counted = Rejections()
        loaded[series] = _load(_counted(found.read(file, series, counted), counted), series, counted, path)
    return {name: loaded[series] for name, series in chosen.items()}


def _counted(items: Iterable[Item], rejections: Rejections) -> Iterator[Item]:
    for item in items:
        if isinstance(item, Rejection):
            rejections.count(item)
        yield item


def load_files(
    venue: str, paths: Sequence[Path], names: Iterable[str | None]
) -> dict[str | None, RecordedSeries]:
    """The named series of one recording, or of several that together are one, in the order of their times.

    Raises:
        VenueError: As `load_series`, of any of the files.
    """
    if len(paths) == 1:
        return load_series(venue, paths[0], names)
    held = {path: recorded_series(venue, path) for path in paths}
    available = tuple(dict.fromkeys(name for found in held.values() for name in found))
    shown = ", ".join(map(str, paths))
    chosen = {name: _resolve(name, available, shown) for name in names}
    parts: dict[str, list[RecordedSeries]] = {series: [] for series in chosen.values()}
    for path, found in held.items():
        here = [series for series in parts if series in found]
        for part in load_series(venue, path, here).values() if here else ():
            parts[part.name].append(part)
    joined = {series: _joined(found) for series, found in parts.items()}
    return {name: joined[series] for name, series in chosen.items()}


def _joined(parts: list[RecordedSeries]) -> RecordedSeries:
    if len(parts) == 1:
        return parts[0]
    readings = merge(*(part.readings for part in parts), key=itemgetter(0))
    seen = [time for part in parts for time in part.seen_times]
    whole = RecordedSeries(parts[0].name, list(readings), seen, parts=tuple(parts))
    for part in parts:
        whole.rejections.add(part.rejections)
    return whole


def _resolve(name: str | None, available: tuple[str, ...], path: object) -> str:
    if name is None and len(available) == 1:
        return available[0]
    if name is None or name not in available:
        raise UnknownSeriesError(name, path, available)
    return name


def _load(items: Iterable[Item], series: str, rejections: Rejections, path: Path) -> RecordedSeries:
    """The series' items; whoever yields them counts the rejections, some only when they are exhausted."""
    loaded = RecordedSeries(series, rejections=rejections, path=path)
    last = 0
    for item in items:
        time = _time_of(item, series, last)
        if time is None:
            continue
        loaded.seen_times.append(time)
        last = time
        if isinstance(item, Observation):
            loaded.readings.append(reading_of(item))
    return loaded


def _time_of(item: Item, series: str, last: int) -> int | None:
    if isinstance(item, Observation):
        return item.source_time
    if item.series != series or item.reason not in _ROW_REASONS:
        return None
    if item.source_time_ms is not None:
        return item.source_time_ms // 1000
    # A repeated message has the time of the one before it.
    return last if item.reason is Reason.DUPLICATE and last else None


def reading_of(observation: Observation) -> Reading:
    """A quote as it stands, or a price with its confidence on both sides."""
    quote = observation.quote
    if isinstance(quote, Quote):
        return Reading(observation.source_time, quote.bid_ppm, quote.ask_ppm)
    half = quote.confidence_ppm
    return Reading(observation.source_time, quote.price_ppm - half, quote.price_ppm + half)
