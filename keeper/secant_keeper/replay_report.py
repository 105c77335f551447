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


def replay_command(
    venue: str, files: Sequence[Path], terms: Path, series: str | None, *, as_json: bool
) -> int:
    """Replay a recording and report what each term's record says; the exit code.

    Raises:
        InputError: The terms, the venue, a file or a series is not to be used, or nothing is recorded.
        BrokenPipeError: Nobody reads the report to its end.
    """
    if venue not in VENUES:
        raise InputError(f"there is no venue {venue!r}; name one of: {', '.join(VENUES)}")
    if len(set(files)) < len(files):
        raise InputError("a file is given twice: give each part of the recording once")
    asked = read_terms(terms, VENUES[venue].price_max)
    try:
        replay = _with_progress(venue, files, asked, series)
    except (VenueError, SecantError) as error:
        raise InputError(one_line(error)) from error
    read = list({id(one): one for one in replay.series}.values())
    for one in read:
        _report_rejections(one)
    is_cut = _report_break_off(read)
    if not is_cut and not any(one.seen_times for one in read):
        names = listed([one.name for one in read])
        raise InputError(f"{_listed(files)}: no sound row of {names}, so there is nothing to replay")
    _report_unseen(venue, files, asked, replay)
    if as_json:
        json.dump([answer.as_json() for answer in replay.answers], sys.stdout, indent=2, ensure_ascii=False)
        sys.stdout.write("\n")
    else:
        _print_answers(replay)
    sys.stdout.flush()
    return EXIT_INCOMPLETE if is_cut else 0


def _with_progress(venue: str, files: Sequence[Path], asked: Sequence[Term], series: str | None) -> Replay:
    console = Console(stderr=True)
    columns = (TextColumn("replay"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("replay", total=None)
        return replay_file(
            venue,
            files,
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


def _report_unseen(venue: str, files: Sequence[Path], asked: Sequence[Term], replay: Replay) -> None:
    """Say of every series without a row, and of every term whose window holds none, what there is instead."""
    held = dict.fromkeys(name for file in files for name in recorded_series(venue, file))
    empty: set[str] = set()
    for term, answer, series in zip(asked, replay.answers, replay.series, strict=True):
        span = series.span
        if span is None and series.name not in empty:
            empty.add(series.name)
            _tell(f"series {series.name!r} has no sound row; recorded are {listed(tuple(held))}")
        elif span is not None and not answer.samples_seen:
            _tell(
                f"{term.name}: nothing recorded from {iso_time(term.start)} to {iso_time(term.end)}; "
                f"series {series.name!r} goes from {iso_time(span[0])} to {iso_time(span[1])}; "
                f"recorded are {listed(tuple(held))}"
            )


def _report_break_off(read: Sequence[RecordedSeries]) -> bool:
    """Say how far each file could be read that could not be to its end; whether there was one."""
    by_file: dict[Path | None, list[RecordedSeries]] = {}
    for part in (part for one in read for part in one.parts or (one,)):
        by_file.setdefault(part.path, []).append(part)
    faults = {
        file: next((part.break_off for part in parts if part.break_off is not None), None)
        for file, parts in by_file.items()
    }
    for file, fault in faults.items():
        if fault is None:
            continue
        ends = [part.span[1] for part in by_file[file] if part.span is not None]
        reach = f"up to {iso_time(max(ends))}" if ends else "and that is nothing"
        _tell(
            f"warning: {file} is {fault.reason.value} ({fault.detail}): "
            f"the report holds only what could be read, {reach}"
        )
    return any(faults.values())


def _listed(files: Sequence[Path]) -> str:
    return ", ".join(map(str, files))


class Report(Console):
    """A console that leaves it to the caller what to do when nobody reads on."""

    def on_broken_pipe(self) -> None:
        """End the command instead of the process."""
        self.quiet = True
        raise BrokenPipeError


def _tell(text: str) -> None:
    sys.stderr.write(f"{one_line(text)}\n")


def _print_answers(replay: Replay) -> None:
    console = Report(highlight=False)
    exponents = ", ".join(str(-decimals) for decimals in replay.decimals)
    feeds = "1 feed" if replay.feeds == 1 else f"{replay.feeds} feeds, one for each series and max_spread"
    console.print(f"{replay.published} samples published on {feeds}; feed exponent {exponents}", markup=False)
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
