"""What a history asks of its database, and what may become of it.

Statements are plain SQL with a `?` for each parameter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from secant_keeper.errors import InputError, KeeperError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager


class HistoryFileError(InputError):
    """The place is no history that can be used; the message names it and what to do."""


class HistoryUnavailableError(KeeperError):
    """The history can be used, but not now; the message is what the database said."""


class Database(Protocol):
    """A connection to a history; every method may raise `HistoryUnavailableError`.

    Attributes:
        version: Of which schema the history is.
    """

    version: int

    def transaction(self) -> AbstractContextManager[None]:
        """Whatever is done in it lands whole, or not at all."""

    def first(self, statement: str, parameters: Sequence[object] = ()) -> tuple[Any, ...]:
        """Run a statement; the first row it returns, empty if it returns none."""

    def many(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        """Run a statement once for each row of parameters."""

    def rows(self, query: str, parameters: Sequence[object] = ()) -> Iterator[tuple[Any, ...]]:
        """What a query finds, without all of it in memory."""

    def close(self) -> None:
        """Let go of the history, and of the lock of its writer."""
