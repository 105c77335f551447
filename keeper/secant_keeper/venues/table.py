"""Rows of recorded CSV tables. Lines before the header that begin with `#` are comments."""

from __future__ import annotations

import csv
from itertools import dropwhile
from typing import TYPE_CHECKING

from secant_keeper.venues.observation import Observation, Reason, RefusalError, Rejection, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from secant_keeper.venues.observation import Item, Price, Quote
    from secant_keeper.venues.recording import RecordedFile


def split_row(line: bytes) -> list[str]:
    """The cells of one line; the tables read here have no line breaks within cells.

    Raises:
        RefusalError: MALFORMED: not UTF-8, or a quoted cell that does not close.
    """
    try:
        text = line.decode("utf-8")
        if '"' not in text:
            return text.split(",")
        rows = list(csv.reader([text], strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise RefusalError(Reason.MALFORMED, f"a row is not CSV: {error}") from error
    return rows[0] if rows else []


BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def _is_comment(line: bytes) -> bool:
    return line.removeprefix(BYTE_ORDER_MARK).startswith(b"#")


def header(file: RecordedFile) -> list[str]:
    """The column names of a table; empty if its first line is no row."""
    first = next((line for line in file.head_lines if not _is_comment(line)), b"")
    try:
        return split_row(first.removeprefix(BYTE_ORDER_MARK))
    except RefusalError:
        return []


def rows(file: RecordedFile) -> Iterator[list[str] | Rejection]:
    """The rows under the header, each with as many cells as the header; a rejection for any other line.

    A last line without its line break is taken only if its last cell is quoted: of an unquoted number nobody
    can tell whether digits are missing.
    """
    width = len(header(file))
    lines = file.lines()
    try:
        next(dropwhile(_is_comment, lines), None)
        for line in lines:
            if line is file.unended and not line.endswith(b'"'):
                detail = "the last line has no line break and may be cut; add one if it is whole"
                yield Rejection(Reason.TRUNCATED, detail, example=shown(line))
                continue
            try:
                cells = split_row(line)
            except RefusalError as refusal:
                yield refusal.rejection(example=line)
                continue
            if len(cells) == width:
                yield cells
            else:
                detail = f"a row has {len(cells)} cells, the header {width}"
                yield Rejection(Reason.MALFORMED, detail, example=shown(line))
    except RefusalError as refusal:
        yield refusal.rejection()


def observations(
    file: RecordedFile,
    series: str,
    time_ms: Callable[[list[str]], int],
    quote: Callable[[list[str]], Quote | Price],
    *,
    concerns: Callable[[list[str]], bool] = lambda _row: True,
) -> Iterator[Item]:
    """The observations of one series; a refused row gives a rejection with its time, if that is sound.

    Args:
        file: The table.
        series: The series.
        time_ms: The source time of a row, which must rise from observation to observation.
        quote: The quote or price of a row.
        concerns: Whether a row is of the series.
    """
    clock = RowClock()
    for row in rows(file):
        if isinstance(row, Rejection):
            yield row
            continue
        if not concerns(row):
            continue
        moment_ms = None
        try:
            moment_ms = time_ms(row)
            read = quote(row)
            clock.take(moment_ms)
        except RefusalError as refusal:
            yield refusal.rejection(series, moment_ms, example=",".join(row))
        else:
            yield Observation.at(series, moment_ms, read)


class RowClock:
    """Source times of a table's rows, which must rise."""

    __slots__ = ("_last_ms",)

    def __init__(self) -> None:
        self._last_ms: int | None = None

    def take(self, moment_ms: int) -> None:
        """Take a time that is after the last.

        Raises:
            RefusalError: DUPLICATE for the same time again, TIME_BACKWARDS for an earlier one.
        """
        last = self._last_ms
        if last is not None and moment_ms <= last:
            if moment_ms == last:
                raise RefusalError(Reason.DUPLICATE, f"a second row at {moment_ms} ms")
            raise RefusalError(Reason.TIME_BACKWARDS, f"a row at {moment_ms} ms after one at {last} ms")
        self._last_ms = moment_ms
