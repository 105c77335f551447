"""What reports on a history share: the time they are asked for, and how they read."""

from __future__ import annotations

from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from secant_keeper.errors import EXIT_EMPTY, InputError, KeeperError
from secant_keeper.history_store import HistoryReader
from secant_keeper.stores.database import HistoryFileError, HistoryUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secant_keeper.stores.place import HistoryPlace


class NothingToReportError(KeeperError):
    """The history is sound, but says nothing of what was asked."""

    exit_code = EXIT_EMPTY


@contextmanager
def reading(place: HistoryPlace) -> Iterator[HistoryReader]:
    """The history at a place while it is read.

    Raises:
        HistoryFileError: It cannot be read, at first or later on.
    """
    with closing(HistoryReader(place)) as history:
        try:
            yield history
        except HistoryUnavailableError as error:
            raise HistoryFileError(f"the history {place} cannot be read: {error}") from error


def period(start: str | None, end: str | None) -> tuple[int | None, int | None]:
    """The time between two options, Unix seconds; None for without an end there.

    Raises:
        InputError: One of them is no time, or the first is not before the second.
    """
    first, last = _moment("--from", start), _moment("--to", end)
    if first is not None and last is not None and first >= last:
        raise InputError(f"--from {start} is not before --to {end}")
    return first, last


def _moment(option: str, text: str | None) -> int | None:
    """Unix seconds of an ISO 8601 time with its zone, or of themselves."""
    if text is None:
        return None
    if text.isascii() and text.isdigit():
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or moment.microsecond:
        raise InputError(
            f'{option} {text!r} is no time: give one such as "2024-11-05T00:00:00Z", or Unix seconds'
        )
    return int(moment.astimezone(UTC).timestamp())
