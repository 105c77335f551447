"""The spread command: what a history says of books and the venues of their feeds."""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from rich.table import Table
from rich.text import Text

from secant_keeper.evidence import iso_time
from secant_keeper.replay_report import Report
from secant_keeper.reports import NothingToReportError, period, reading
from secant_keeper.spread import spread_of

if TYPE_CHECKING:
    from secant_keeper.history_rows import Link
    from secant_keeper.history_store import HistoryReader
    from secant_keeper.spread import Spread
    from secant_keeper.stores.place import HistoryPlace


_TICKS_STEP: Final = Decimal("0.01")
_SHARE_STEP: Final = Decimal("0.0001")
"""What the table rounds to, half to even; JSON is exact."""


def spread_command(
    place: HistoryPlace, event: str | None, start: str | None, end: str | None, *, as_json: bool
) -> int:
    """Report on the events of a history; the exit code.

    Raises:
        InputError: The history, the event or a time will not do.
        NothingToReportError: There is nothing to compare.
        BrokenPipeError: Nobody reads the report to its end.
    """
    first, last = period(start, end)
    with reading(place) as history:
        links = _links(history, place, event)
        found = [spread_of(history, link, first, last) for link in links]
        spreads = [spread for spread in found if spread is not None]
        if not spreads:
            raise NothingToReportError(f"{place}: {_why_empty(history, links)}")
    if as_json:
        json.dump([spread.as_json() for spread in spreads], sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        _print(spreads)
    sys.stdout.flush()
    return 0


def _links(history: HistoryReader, place: HistoryPlace, event: str | None) -> list[Link]:
    links = history.links()
    if not links:
        raise NothingToReportError(
            f"{place} links no event to a feed: it needs an event with a book, whose record is of a feed "
            "that the keeper publishes to"
        )
    # Several creators may have used a name: all of them are meant.
    chosen = [link for link in links if event in (None, link.event) or (event and event == link.name)]
    if not chosen:
        known = [f"{link.name} ({link.event})" if link.name else link.event for link in links]
        raise NothingToReportError(
            f"{place} has no event {event} with a book and a feed that the keeper publishes to; "
            f"it has {', '.join(known)}"
        )
    return chosen


def _why_empty(history: HistoryReader, links: list[Link]) -> str:
    traded = [
        one.time
        for stretch in history.stretches()
        for link in links
        for one in history.snapshots(link.book, stretch.id)
        if one.trades
    ]
    if not traded:
        return "no book was seen while its event traded"
    until = max(stretch.seen for stretch in history.stretches())
    return f"no book was seen in that time; recorded is {iso_time(min(traded))} to {iso_time(until)}"


def _print(spreads: list[Spread]) -> None:
    console = Report(highlight=False)
    console.print("prices in ticks of 0.0001, rounded to 0.01; means over time", markup=False)
    for spread in spreads:
        table = Table(show_header=False, box=None, pad_edge=False)
        table.add_column()
        table.add_column(overflow="fold")  # a title is long
        for name, value in spread.as_json().items():
            if value != "":
                table.add_row(Text(name), Text(_shown(name, value)))
        console.print()
        console.print(table)


def _shown(name: str, value: Any) -> str:
    if value is None:
        return "-"
    if not name.endswith(("_mean", "_max", "_share")):
        return str(value)
    step, exact = _SHARE_STEP if name.endswith("_share") else _TICKS_STEP, Decimal(value)
    # What is exact stays as it is: 0 is none at all, 0.0000 less than is shown.
    return f"{exact if exact == exact.quantize(step) else exact.quantize(step):f}"
