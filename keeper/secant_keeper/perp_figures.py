"""What a history says of a perpetual, by the hour and exactly.

A snapshot holds until the next one of its perpetual, and never beyond the stretch it was noted in: a time in
which nobody looked counts for nothing. Time after a perpetual was settled, or was not known, does not count.
Every mean is weighted with the seconds for which its value held.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from secant_keeper.evidence import iso_time, plain
from secant_keeper.history_perps import GONE, SETTLED
from secant_keeper.perp_units import scale_of, with_units
from secant_keeper.perps.figures import RATE_BITS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from secant_keeper.history_rows import Cluster, PerpLink, PerpSnapshot, Scan, Stretch
    from secant_keeper.history_store import HistoryReader

HOUR_S: Final = 3_600
DAYS_A_YEAR: Final = 365

_MEANS: Final = (
    "index_ticks",
    "mark_ticks",
    "basis_ticks",
    "premium_ticks",
    "funding_rate",
    "open_lots",
    "value_atoms",
    "long_accounts",
    "short_accounts",
    "long_lots",
    "short_lots",
    "long_top_lots",
    "short_top_lots",
    "bids_1pct_lots",
    "asks_1pct_lots",
    "bids_5pct_lots",
    "asks_5pct_lots",
)
"""Fields of a snapshot that are averaged."""


@dataclass(slots=True)
class Hour:
    """What held in a clock hour, as sums over its seconds; integers, so that all is exact.

    Attributes:
        begun: When the hour begins, Unix seconds.
        seconds: For how many of its seconds the perpetual is known.
        sums: Of each averaged field, its values times the seconds they held.
    """

    begun: int
    seconds: int = 0
    sums: Counter[str] = field(default_factory=Counter)
    _missing: set[str] = field(default_factory=set)

    def add(self, snapshot: PerpSnapshot, seconds: int) -> None:
        """Count a snapshot that held for so many seconds."""
        self.seconds += seconds
        for name in _MEANS:
            value = getattr(snapshot, name)
            if value is None:
                self._missing.add(name)
            else:
                self.sums[name] += value * seconds

    def mean(self, name: str) -> Fraction | None:
        """The mean of a field over the time that is known."""
        return None if name in self._missing else Fraction(self.sums[name], self.seconds)

    def funding_annualised(self) -> Fraction | None:
        """What a long lot paid as a share of the index, were it paid for 365 days."""
        return _annualised(self.sums["funding_rate"], self.sums["index_ticks"])

    def as_json(self) -> dict[str, Any]:
        """The hour as a JSON object, in ticks, lots and atoms."""
        rate = self.mean("funding_rate")
        named = {name: _shown(self.mean(name)) for name in _MEANS if name != "funding_rate"}
        return {
            "hour": iso_time(self.begun),
            "observed_s": self.seconds,
            "funding_ticks_a_day": None if rate is None else plain(rate / (1 << RATE_BITS)),
            "funding_annualised": _shown(self.funding_annualised()),
            "basis_share": _shown(_share(self.sums["basis_ticks"], self.sums["index_ticks"])),
            "long_short_accounts": _shown(_share(self.sums["long_accounts"], self.sums["short_accounts"])),
            "long_short_top_lots": _shown(_share(self.sums["long_top_lots"], self.sums["short_top_lots"])),
            **named,
        }


@dataclass(frozen=True, slots=True)
class PerpFigures:
    """What a history says of one perpetual.

    Attributes:
        perp: Which.
        begun: When the time counted begins, Unix seconds.
        ended: When it ends; holes in it are not counted.
        hours: Every hour of which something is known, in order.
        last: The last snapshot, of whatever quality.
        scan: The last scan of liquidations with its clusters; None without one.
    """

    perp: PerpLink
    begun: int
    ended: int
    hours: list[Hour]
    last: PerpSnapshot
    scan: tuple[Scan, list[Cluster]] | None

    @property
    def undrawn_lots(self) -> int | None:
        """What of the open lots offsets itself: fills that nobody has drawn from their seats yet."""
        open_lots = self.last.open_lots
        return None if open_lots is None else max(open_lots - self.last.long_lots, 0)

    @property
    def mark_moved(self) -> Fraction | None:
        """By what share of it the last mark is above that of the scan; None without one."""
        if self.scan is None:
            return None
        before = self.scan[0].mark_ticks
        return _share(self.last.mark_ticks - before, before)

    def as_json(self) -> dict[str, Any]:
        """The figures as a JSON object; ratios, means and rates are decimal strings, the rest integers.

        What ends in `_ticks`, `_lots` or `_atoms` is there in prices, base units and collateral too, as
        `with_units` has it.
        """
        scale = scale_of(self.perp)
        document = self._in_integers()
        for name in ("last", "liquidations"):
            if document[name] is not None:
                document[name] = with_units(document[name], scale)
        document["hours"] = [with_units(hour, scale) for hour in document["hours"]]
        return document

    def _in_integers(self) -> dict[str, Any]:
        last, scale = self.last, scale_of(self.perp)
        sizes = ("tick_size", "lot_size")
        return {
            **self.perp._asdict(),
            **{name: None if scale is None else f"{getattr(scale, name):f}" for name in sizes},
            "begun": iso_time(self.begun),
            "ended": iso_time(self.ended),
            "observed_s": sum(hour.seconds for hour in self.hours),
            "last": {
                **{name: value for name, value in last._asdict().items() if name != "market"},
                "time": iso_time(last.time),
                "undrawn_lots": self.undrawn_lots,
                "funding_ticks_a_day": plain(Fraction(last.funding_rate, 1 << RATE_BITS)),
                "funding_annualised": _shown(_annualised(last.funding_rate, last.index_ticks)),
                "predicted_ticks_a_day": plain(Fraction(last.predicted_rate, 1 << RATE_BITS)),
                "predicted_annualised": _shown(_annualised(last.predicted_rate, last.index_ticks)),
            },
            "liquidations": None
            if self.scan is None
            else {**_scan_json(*self.scan, last.mark_ticks), "mark_moved": _shown(self.mark_moved)},
            "hours": [hour.as_json() for hour in self.hours],
        }


def perp_figures(
    history: HistoryReader, perp: PerpLink, start: int | None, end: int | None
) -> PerpFigures | None:
    """The figures of one perpetual from `start` until before `end`, Unix seconds; None if it was not seen.

    Raises:
        HistoryUnavailableError: The history cannot be read.
    """
    hours: dict[int, Hour] = {}
    counted: list[tuple[int, int]] = []
    last: PerpSnapshot | None = None
    for stretch in history.stretches():
        for since, to, snapshot in _held(history.perp_snapshots(perp.market, stretch.id), stretch):
            begins = since if start is None else max(since, start)
            ends = to if end is None else min(to, end)
            # One of the last second a keeper ran held for no time, but tells how things stand.
            if begins > ends or begins == end or (since < begins == ends):
                continue
            last = snapshot
            if snapshot.quality in {SETTLED, GONE}:
                continue
            counted.append((begins, ends))
            for moment, seconds in _by_hour(begins, ends):
                hours.setdefault(moment, Hour(moment)).add(snapshot, seconds)
    if last is None:
        return None
    begun = min((begins for begins, _ in counted), default=last.time)
    ended = max((ends for _, ends in counted), default=last.time)
    scan = history.last_scan(perp.market, begun, ended + 1 if end is None else end)
    return PerpFigures(perp, begun, ended, [hours[moment] for moment in sorted(hours)], last, scan)


def _held(snapshots: Iterable[PerpSnapshot], stretch: Stretch) -> Iterator[tuple[int, int, PerpSnapshot]]:
    """From when to when each snapshot of a stretch held."""
    before: PerpSnapshot | None = None
    for snapshot in snapshots:
        if before is not None:
            yield before.time, snapshot.time, before
        before = snapshot
    if before is not None:
        yield before.time, stretch.seen, before


def _by_hour(begins: int, ends: int) -> Iterator[tuple[int, int]]:
    """The clock hours that a time is in, each with how many seconds of it are."""
    while begins < ends:
        hour = begins - begins % HOUR_S
        until = min(hour + HOUR_S, ends)
        yield hour, until - begins
        begins = until


def _share(part: int, of: int) -> Fraction | None:
    return Fraction(part, of) if of else None


def _annualised(rate: int, index_ticks: int) -> Fraction | None:
    share = _share(rate, index_ticks)
    return None if share is None else share * DAYS_A_YEAR / (1 << RATE_BITS)


def _shown(value: Fraction | None) -> str | None:
    return None if value is None else plain(value)


def _scan_json(scan: Scan, clusters: list[Cluster], mark_ticks: int) -> dict[str, Any]:
    def without(row: Scan | Cluster, *names: str) -> dict[str, Any]:
        return {name: value for name, value in row._asdict().items() if name not in names}

    return {
        **without(scan, "market"),
        "time": iso_time(scan.time),
        "clusters": [
            {
                **without(cluster, "market", "time"),
                "from_mark": _shown(_share(cluster.from_ticks - mark_ticks, mark_ticks)),
            }
            for cluster in clusters
        ],
    }
