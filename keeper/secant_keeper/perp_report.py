"""The perps command: what a history says of perpetuals, as tables and bars or as JSON."""

from __future__ import annotations

import json
import sys
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from rich.table import Table
from rich.text import Text

from secant_keeper.evidence import iso_time, plain
from secant_keeper.perp_figures import perp_figures
from secant_keeper.perp_units import Texts, rounded, scale_of
from secant_keeper.perps.figures import RATE_BITS
from secant_keeper.replay_report import Report
from secant_keeper.reports import NothingToReportError, period, reading

if TYPE_CHECKING:
    from secant_keeper.history_rows import Cluster, PerpLink, PerpSnapshot, Scan
    from secant_keeper.history_store import HistoryReader
    from secant_keeper.perp_figures import Hour, PerpFigures
    from secant_keeper.stores.place import HistoryPlace

HOURS_MAX: Final = 48
"""Hours that the table shows, the last ones; JSON has all."""
CLUSTERS_MAX: Final = 5
"""Clusters of a side that the table shows, those worth most."""
BAR: Final = 10
"""Cells of a bar to either side."""
BAR_NARROW: Final = 6
"""That in a narrow table."""
WIDE: Final = 100
"""Columns of a terminal from which on the table of hours is shown whole."""

_PAYERS: Final = "shorts | longs pay"
_COLUMNS: Final = {
    "hour UTC": True,
    "known s": False,
    "a day": False,
    "a year": False,
    _PAYERS: True,
    "basis": False,
    "held": False,
    "long/\nshort": False,
    "largest": False,
}
"""The columns of the table of hours, and which of them are texts."""
_ONLY_WIDE: Final = frozenset({"a day", "largest"})


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
    console.print("means over the time that is known", markup=False)
    for one in figures:
        texts = Texts(scale_of(one.perp))
        console.print()
        console.print(Text(f"{one.perp.name}  {one.perp.market}"))
        console.print(_last(one, texts))
        console.print()
        hidden = len(one.hours) - HOURS_MAX
        if hidden > 0:
            console.print(Text(f"the last {HOURS_MAX} hours; --json has {hidden} more"))
        is_wide = console.width >= WIDE
        console.print(_hours(one.hours[-HOURS_MAX:], texts, is_wide=is_wide))
        if one.hours and not is_wide:
            console.print(Text(f"from {WIDE} columns on: funding a day and the largest positions, too"))
        if one.scan is not None:
            console.print()
            _print_scan(console, one, texts, *one.scan)


def _last(figures: PerpFigures, texts: Texts) -> Table:
    last, shown = figures.last, figures.as_json()["last"]
    day, predicted = (texts.price(Fraction(rate, 1 << RATE_BITS), 2) for rate in _rates(last))
    rows = {
        "known": f"{iso_time(figures.begun)} to {iso_time(figures.ended)}",
        "units": texts.legend,
        "prices": f"index {texts.price(last.index_ticks)}, mark {texts.price(last.mark_ticks)}, "
        f"last {texts.price(last.last_ticks) if last.last_ticks else '-'}: {last.quality}",
        "funding": f"{day} a day, {_percent(shown['funding_annualised'])} a year; "
        f"predicted {predicted} a day, {_percent(shown['predicted_annualised'])} a year",
        "open": f"{texts.size(last.open_lots)}{_undrawn(figures, texts)}; "
        f"{last.long_accounts} accounts long, {last.short_accounts} short",
        "depth": f"{texts.size(last.bids_1pct_lots)} / {texts.size(last.asks_1pct_lots)} within 1 %, "
        f"{texts.size(last.bids_5pct_lots)} / {texts.size(last.asks_5pct_lots)} within 5 %",
        "pool": f"{texts.amount(last.pool_atoms)}; insurance {texts.amount(last.insurance_atoms)}, "
        f"haircuts in all {texts.amount(last.haircut_atoms)}, "
        f"not returned {texts.amount(last.haircut_open_atoms)}",
    }
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column()
    table.add_column(overflow="fold")
    for name, value in rows.items():
        table.add_row(name, Text(value))
    return table


def _rates(last: PerpSnapshot) -> tuple[int, int]:
    return last.funding_rate, last.predicted_rate


def _undrawn(figures: PerpFigures, texts: Texts) -> str:
    """What of the open lots nobody holds: the program counts a seat by itself until it is drawn."""
    if not figures.undrawn_lots:
        return ""
    return f", of which {texts.size(figures.undrawn_lots)} offset by fills that nobody has drawn yet"


def _hours(hours: list[Hour], texts: Texts, *, is_wide: bool) -> Table:
    table = Table(box=None, pad_edge=False)
    cells = BAR if is_wide else BAR_NARROW
    payers = f"{'shorts':>{cells}}|longs\n{'':>{cells}} pay"
    for name, is_text in _COLUMNS.items():
        if is_wide or name not in _ONLY_WIDE:
            header = payers if name == _PAYERS else name
            table.add_column(header, justify="left" if is_text else "right", no_wrap=True)
    shares = [hour.funding_annualised() or Fraction(0) for hour in hours]
    most = max((abs(share) for share in shares), default=Fraction(0))
    for hour, share in zip(hours, shares, strict=True):
        shown = hour.as_json()
        rate = Fraction(hour.sums["funding_rate"], hour.seconds << RATE_BITS)
        row = (
            shown["hour"][: -len(":00:00Z")][0 if is_wide else len("2026-") :].replace("T", " "),
            str(hour.seconds),
            texts.price(rate, 2),
            _percent(shown["funding_annualised"]),
            _bar(share, most, cells),
            _percent(shown["basis_share"]),
            texts.size(hour.mean("long_lots")),
            _ratio(shown["long_short_accounts"]),
            _ratio(shown["long_short_top_lots"]),
        )
        table.add_row(
            *(cell for name, cell in zip(_COLUMNS, row, strict=True) if is_wide or name not in _ONLY_WIDE)
        )
    return table


def _print_scan(
    console: Report, figures: PerpFigures, texts: Texts, scan: Scan, clusters: list[Cluster]
) -> None:
    mark_ticks = figures.last.mark_ticks
    moved = figures.mark_moved or Fraction(0)
    since = "" if not moved else f" (now {texts.price(mark_ticks)}, {_percent(plain(moved))} from there)"
    console.print(
        Text(
            f"liquidations, all else unchanged, as of {iso_time(scan.time)} at the mark "
            f"{texts.price(scan.mark_ticks)}{since}: {scan.accounts} accounts in clusters of "
            f"{texts.price(scan.width_ticks)}, {scan.far_accounts} beyond, {scan.unreached_accounts} at no "
            "price; distances are from the mark now"
        )
    )
    table = Table(box=None, pad_edge=False)
    for name in ("from", "from mark", "accounts", "size"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    longs = sorted(clusters, key=lambda one: one.long_lots, reverse=True)[:CLUSTERS_MAX]
    shorts = sorted(clusters, key=lambda one: one.short_lots, reverse=True)[:CLUSTERS_MAX]
    rows = [(one.from_ticks, one.long_accounts, one.long_lots, "longs") for one in longs if one.long_lots]
    rows += [
        (one.from_ticks, one.short_accounts, one.short_lots, "shorts") for one in shorts if one.short_lots
    ]
    most = max((lots for _, _, lots, _ in rows), default=1)
    for from_ticks, accounts, lots, side in sorted(rows):
        away = "-" if not mark_ticks else _percent(plain(Fraction(from_ticks - mark_ticks, mark_ticks)))
        bar = "█" * max(2 * BAR * lots // most, 1)
        table.add_row(texts.price(from_ticks), away, str(accounts), texts.size(lots), f"{bar} {side}")
    if rows:
        console.print(table)


def _bar(share: Fraction, most: Fraction, cells_max: int) -> str:
    """A bar from a middle: to the right where longs pay."""
    cells = round(abs(share) / most * cells_max) if most else 0
    left, right = (0, cells) if share > 0 else (cells, 0)
    return f"{'█' * left:>{cells_max}}|{'█' * right:<{cells_max}}"


def _percent(text: str | None) -> str:
    return "-" if text is None else f"{rounded(Fraction(text) * 100, 2)} %"


def _ratio(text: str | None) -> str:
    return "-" if text is None else rounded(Fraction(text), 2)
