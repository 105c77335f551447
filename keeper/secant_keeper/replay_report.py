"""The replay command: its report on stdout, its progress and what it rejected on stderr."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from secant_keeper.errors import InputError, one_line
from secant_keeper.replay import Replay, replay_file
from secant_keeper.terms import read_terms
from secant_keeper.venues import VENUES, VenueError

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


def replay_command(venue: str, file: Path, terms: Path, series: str | None, *, as_json: bool) -> None:
    """Replay a recording and report what each term's record says.

    Raises:
        InputError: The terms, the venue, the file or a series is not to be used.
    """
    if venue not in VENUES:
        raise InputError(f"there is no venue {venue!r}; name one of: {', '.join(VENUES)}")
    asked = read_terms(terms)
    try:
        replay = _with_progress(venue, file, asked, series, as_json=as_json)
    except VenueError as error:
        raise InputError(one_line(error)) from error
    for read in replay.series:
        _report_rejections(read)
    if as_json:
        json.dump([answer.as_json() for answer in replay.answers], sys.stdout, indent=2, ensure_ascii=False)
        sys.stdout.write("\n")
    else:
        _print_answers(replay)


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
        last = read.rejections.last.get(reason)
        detail = f": {last.detail}" if last is not None else ""
        line = one_line(f"{read.name}: {count} rejected as {reason.value}{detail}")
        sys.stderr.write(f"{line}\n")


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
