"""The replay command: its report on stdout, its progress and what it rejected on stderr."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from secant.errors import SecantError
from secant_keeper.errors import EXIT_INCOMPLETE, InputError, one_line
from secant_keeper.evidence import iso_time
from secant_keeper.recordings import BREAK_OFFS
from secant_keeper.replay import Replay, replay_file
from secant_keeper.terms import read_terms
from secant_keeper.venues import VENUES, VenueError, listed, recorded_series

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from secant_keeper.evidence import Answer
    from secant_keeper.recordings import RecordedSeries
    from secant_keeper.terms import Term

_COLUMNS = (
    "name",
    "outcome",
    "value",
    "payout",
    "first_passage",
    "samples_seen",
    "samples_accepted",
    "min",
    "max",
    "average",
    "coverage",
    "longest_gap_s",
)


def replay_command(venue: str, file: Path, terms: Path, series: str | None, *, as_json: bool) -> int:
    """Replay a recording and report what each term's record says; the exit code.

    Raises:
        InputError: The terms, the venue, the file or a series is not to be used.
    """
    if venue not in VENUES:
        raise InputError(f"there is no venue {venue!r}; name one of: {', '.join(VENUES)}")
    asked = read_terms(terms)
    try:
        replay = _with_progress(venue, file, asked, series, as_json=as_json)
    except (VenueError, SecantError) as error:
        raise InputError(one_line(error)) from error
    read = list({id(one): one for one in replay.series}.values())
    for one in read:
        _report_rejections(one)
    _report_unseen(venue, file, asked, replay)
    is_cut = _report_break_off(file, read)
    if as_json:
        json.dump([answer.as_json() for answer in replay.answers], sys.stdout, indent=2, ensure_ascii=False)
        sys.stdout.write("\n")
    else:
        _print_answers(replay)
    return EXIT_INCOMPLETE if is_cut else 0


def _with_progress(
    venue: str, file: Path, asked: Sequence[Term], series: str | None, *, as_json: bool
) -> Replay:
    console = Console(stderr=True)
    columns = (TextColumn("replay"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    disable = as_json and not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=disable) as bar:
        task = bar.add_task("replay", total=None)
        return replay_file(
            venue,
            file,
            asked,
            series,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )


def _report_rejections(read: RecordedSeries) -> None:
    for reason, count in sorted(read.rejections.counts.items(), key=lambda pair: pair[0].value):
        if reason in BREAK_OFFS:
            continue
        last = read.rejections.last.get(reason)
        detail = f": {last.detail}" if last is not None else ""
        _tell(f"{read.name}: {count} rejected as {reason.value}{detail}")


def _report_unseen(venue: str, file: Path, asked: Sequence[Term], replay: Replay) -> None:
    """Say of every term whose window holds nothing what the recording holds instead."""
    for term, answer, series in zip(asked, replay.answers, replay.series, strict=True):
        if answer.samples_seen:
            continue
        span = series.span
        held = "has no sound row" if span is None else f"goes from {iso_time(span[0])} to {iso_time(span[1])}"
        _tell(
            f"{term.name}: nothing recorded from {iso_time(term.start)} to {iso_time(term.end)}; "
            f"series {series.name!r} {held}; the file holds {listed(recorded_series(venue, file))}"
        )


def _report_break_off(file: Path, read: Sequence[RecordedSeries]) -> bool:
    """Say how far a recording could be read that could not be to its end; whether there was need to."""
    faults = [one.break_off for one in read if one.break_off is not None]
    if not faults:
        return False
    fault = faults[0]
    ends = [one.span[1] for one in read if one.span is not None]
    reach = f"up to {iso_time(max(ends))}" if ends else "and that is nothing"
    _tell(
        f"warning: {file} is {fault.reason.value} ({fault.detail}): "
        f"the report holds only what could be read, {reach}"
    )
    return True


def _tell(text: str) -> None:
    sys.stderr.write(f"{one_line(text)}\n")


def _print_answers(replay: Replay) -> None:
    console = Console(highlight=False)
    exponents = ", ".join(str(-decimals) for decimals in replay.decimals)
    console.print(f"{replay.published} samples published, feed exponent {exponents}", markup=False)
    for answer in replay.answers:
        table = Table(show_header=False, box=None, pad_edge=False)
        for column in _COLUMNS:
            table.add_row(Text(column), Text(_cell(answer, column)))
        console.print()
        console.print(table)


def _cell(answer: Answer, column: str) -> str:
    value = getattr(answer, column)
    if value is None:
        return "-"
    return " / ".join(value) if isinstance(value, tuple) else str(value)
