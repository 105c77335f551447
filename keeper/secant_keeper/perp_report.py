"""The perps command: what a history says of perpetuals, as tables and bars or as JSON."""

from __future__ import annotations

import json
import sys
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from rich.table import Table
from rich.text import Text

from secant_keeper.evidence import iso_time
from secant_keeper.perp_figures import perp_figures
from secant_keeper.perps.figures import RATE_BITS
from secant_keeper.replay_report import Report
from secant_keeper.reports import NothingToReportError, period, reading

if TYPE_CHECKING:
    from secant_keeper.history_rows import Cluster, PerpLink, Scan
    from secant_keeper.history_store import HistoryReader
    from secant_keeper.perp_figures import Hour, PerpFigures
    from secant_keeper.stores.place import HistoryPlace

HOURS_MAX: Final = 48
"""Hours that the table shows, the last ones; JSON has all."""
CLUSTERS_MAX: Final = 5
"""Clusters of a side that the table shows, those worth most."""
BAR: Final = 10
"""Cells of a bar to either side."""


def perps_command(
    place: HistoryPlace, market: str | None, start: str | None, end: str | None, *, as_json: bool
) -> int:
    """Report on the perpetuals of a history; the exit code.

    Raises:
        InputError: The history, the market or a time will not do.
        NothingToReportError: Nothing is known of them.
        BrokenPipeError: Nobody reads the report to its end.
    """
    first, last = period(start, end)
    with reading(place) as history:
        perps = _perps(history, place, market)
        found = [perp_figures(history, perp, first, last) for perp in perps]
        figures = [one for one in found if one is not None]
    if not figures:
        raise NothingToReportError(f"{place}: no perpetual was seen in that time")
    if as_json:
        json.dump([one.as_json() for one in figures], sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        _print(figures)
    sys.stdout.flush()
    return 0


def _perps(history: HistoryReader, place: HistoryPlace, market: str | None) -> list[PerpLink]:
    perps = history.perps()
    if not perps:
        raise NothingToReportError(f"{place} holds no perpetual: no keeper that writes it has seen one")
    # Several exchanges may have used a name: all of them are meant.
    chosen = [perp for perp in perps if market in (None, perp.market) or (market and market == perp.name)]
    if not chosen:
        known = ", ".join(f"{perp.name} ({perp.market})" for perp in perps)
        raise NothingToReportError(f"{place} has no perpetual {market}; it has {known}")
    return chosen


def _print(figures: list[PerpFigures]) -> None:
    console = Report(highlight=False)
    console.print("prices in ticks, sizes in lots; means over the time that is known", markup=False)
    for one in figures:
        console.print()
        console.print(Text(f"{one.perp.name}  {one.perp.market}"))
        console.print(_last(one))
        console.print()
        hidden = len(one.hours) - HOURS_MAX
        if hidden > 0:
            console.print(Text(f"the last {HOURS_MAX} hours; --json has {hidden} more"))
        console.print(_hours(one.hours[-HOURS_MAX:]))
        if one.scan is not None:
            console.print()
            _print_scan(console, *one.scan)


def _last(figures: PerpFigures) -> Table:
    last, shown = figures.last, figures.as_json()["last"]
    rows = {
        "known": f"{iso_time(figures.begun)} to {iso_time(figures.ended)}",
        "prices": f"index {last.index_ticks}, mark {last.mark_ticks}, last {last.last_ticks}: {last.quality}",
        "funding": f"{_rate(last.funding_rate)} a day, {_percent(shown['funding_annualised'])} a year; "
        f"predicted {_rate(last.predicted_rate)} a day, {_percent(shown['predicted_annualised'])} a year",
        "open": f"{_number(last.open_lots)} lots; {last.long_accounts} accounts long, "
        f"{last.short_accounts} short",
        "depth": f"{last.bids_1pct_lots} / {last.asks_1pct_lots} within 1 %, "
        f"{last.bids_5pct_lots} / {last.asks_5pct_lots} within 5 %",
        "pool": f"{_number(last.pool_atoms)} atoms; insurance {_number(last.insurance_atoms)}, "
        f"haircuts in all {_number(last.haircut_atoms)}, not returned {_number(last.haircut_open_atoms)}",
    }
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column()
    table.add_column(overflow="fold")
    for name, value in rows.items():
        table.add_row(name, Text(value))
    return table


def _hours(hours: list[Hour]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("hour")
    for name in ("known s", "a day", "a year"):
        table.add_column(name, justify="right")
    table.add_column("shorts pay | longs pay")
    for name in ("basis", "open lots", "long/short", "largest"):
        table.add_column(name, justify="right")
    shares = [hour.funding_annualised() or Fraction(0) for hour in hours]
    most = max((abs(share) for share in shares), default=Fraction(0))
    for hour, share in zip(hours, shares, strict=True):
        shown = hour.as_json()
        table.add_row(
            shown["hour"].removesuffix(":00:00Z") + "Z",
            str(hour.seconds),
            _rounded(shown["funding_ticks_a_day"], 2),
            _percent(shown["funding_annualised"]),
            _bar(share, most),
            _percent(shown["basis_share"]),
            _rounded(shown["open_lots"], 0),
            _rounded(shown["long_short_accounts"], 2),
            _rounded(shown["long_short_top_lots"], 2),
        )
    return table


def _print_scan(console: Report, scan: Scan, clusters: list[Cluster]) -> None:
    console.print(
        Text(
            f"liquidations, all else unchanged, as of {iso_time(scan.time)} at the mark {scan.mark_ticks}: "
            f"{scan.accounts} accounts in clusters of {scan.width_ticks} ticks, {scan.far_accounts} beyond, "
            f"{scan.unreached_accounts} at no price"
        )
    )
    table = Table(box=None, pad_edge=False)
    for name in ("from", "from mark", "accounts", "lots"):
        table.add_column(name, justify="right")
    table.add_column("")
    longs = sorted(clusters, key=lambda one: one.long_lots, reverse=True)[:CLUSTERS_MAX]
    shorts = sorted(clusters, key=lambda one: one.short_lots, reverse=True)[:CLUSTERS_MAX]
    rows = [(one.from_ticks, one.long_accounts, one.long_lots, "longs") for one in longs if one.long_lots]
    rows += [
        (one.from_ticks, one.short_accounts, one.short_lots, "shorts") for one in shorts if one.short_lots
    ]
    most = max((lots for _, _, lots, _ in rows), default=1)
    for from_ticks, accounts, lots, side in sorted(rows):
        away = _percent(str(Fraction(from_ticks - scan.mark_ticks, scan.mark_ticks)))
        bar = "█" * max(2 * BAR * lots // most, 1)
        table.add_row(str(from_ticks), away, str(accounts), str(lots), f"{bar} {side}")
    if rows:
        console.print(table)


def _bar(share: Fraction, most: Fraction) -> str:
    """A bar from a middle: to the right where longs pay."""
    cells = round(abs(share) / most * BAR) if most else 0
    left, right = (0, cells) if share > 0 else (cells, 0)
    return f"{'█' * left:>{BAR}}|{'█' * right:<{BAR}}"


def _rate(rate: int) -> str:
    return _rounded(str(Fraction(rate, 1 << RATE_BITS)), 2)


def _percent(text: str | None) -> str:
    return "-" if text is None else f"{_rounded(str(Fraction(text) * 100), 2)} %"


def _rounded(text: str | None, decimals: int) -> str:
    """What the table shows, rounded half to even; JSON is exact."""
    if text is None:
        return "-"
    value = round(Fraction(text), decimals) if decimals else Fraction(round(Fraction(text)))
    whole, part = divmod(abs(value) * 10**decimals, 10**decimals)
    sign = "-" if value < 0 else ""
    return f"{sign}{int(whole)}.{int(part):0{decimals}}" if decimals else f"{sign}{int(whole)}"


def _number(value: int | None) -> str:
    return "beyond 63 bits" if value is None else str(value)
