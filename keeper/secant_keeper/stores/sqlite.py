"""A history in a SQLite file, written by one keeper and read by reports meanwhile."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, Final

from secant_keeper.errors import one_line
from secant_keeper.stores.database import HistoryFileError, HistoryUnavailableError
from secant_keeper.stores.schema import SCHEMA_VERSION, changes_since

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

APPLICATION_ID: Final = 0x73_65_63_61
"""Marks a SQLite file as a history."""
BUSY_S: Final = 2.0
"""Longest wait for a file that another process has locked."""

_ID_TYPE: Final = "INTEGER PRIMARY KEY"
_NOT_USABLE: Final = frozenset(
    {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY}
)
_PRIMARY_CODE: Final = 0xFF


class SqliteDatabase:
    """A connection to a file.

    It may go from thread to thread, but not be used by two at once.

    Args:
        path: The file.
        is_writer: Whether it is written: then it is made if there is none, and locked against other writers
            for as long as this lives, however it ends.

    Raises:
        HistoryFileError: The file cannot be used, now or without the operator's help, or another writes it.
        HistoryUnavailableError: It can be used, but not now.
    """

    def __init__(self, path: Path, *, is_writer: bool) -> None:
        self._lock = _locked(path) if is_writer else None
        try:
            with _told():
                self._connection = _open(path, is_writer=is_writer)
                (self.version,) = self.first("PRAGMA user_version")
                if not is_writer:
                    self._connection.execute("BEGIN")
        except BaseException:
            self._unlock()
            raise

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """As `Database.transaction`."""
        with _told(), self._connection:
            yield

    def first(self, statement: str, parameters: Sequence[object] = ()) -> tuple[Any, ...]:
        """As `Database.first`."""
        with _told():
            return self._connection.execute(statement, parameters).fetchone() or ()

    def many(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        """As `Database.many`."""
        with _told():
            self._connection.executemany(statement, rows)

    def rows(self, query: str, parameters: Sequence[object] = ()) -> Iterator[tuple[Any, ...]]:
        """As `Database.rows`."""
        with _told():
            yield from self._connection.execute(query, parameters)

    def close(self) -> None:
        """As `Database.close`; if it cannot, what is in the log beside the file stays there."""
        try:
            with _told():
                self._connection.close()
        finally:
            self._unlock()

    def _unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise HistoryUnavailableError(one_line(error)) from error


def _locked(path: Path) -> int:
    """The descriptor that holds the lock of the one writer; the system lets go of it with the process.

    The lock is on a file of its own: a second descriptor of the database would end SQLite's locks on closing.
    """
    target = path.resolve()
    try:
        descriptor = os.open(target.with_name(f"{target.name}-lock"), os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise _not_usable(path, f"no lock file beside it: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        if isinstance(error, BlockingIOError):
            raise HistoryFileError(
                f"another keeper writes the history {path}: name another file, as each keeper needs its own"
            ) from error
        raise _not_usable(path, f"no lock file beside it: {error.strerror}") from error
    return descriptor


def _not_usable(path: Path, reason: object) -> HistoryFileError:
    return HistoryFileError(
        f"the history {path} cannot be used: {reason}; name another file, in a folder that can be written"
    )


def _open(path: Path, *, is_writer: bool) -> sqlite3.Connection:
    if not is_writer and not path.is_file():
        raise HistoryFileError(f'there is no history {path}; a keeper writes one with history = "..."')
    mode = "rwc" if is_writer else "ro"
    try:
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=BUSY_S, check_same_thread=False
        )
        try:
            _check(connection, path, is_writer=is_writer)
        except BaseException:
            connection.close()
            raise
    except sqlite3.Error as error:
        if error.sqlite_errorcode & _PRIMARY_CODE not in _NOT_USABLE:
            raise
        raise _not_usable(path, error) from error
    return connection


def _check(connection: sqlite3.Connection, path: Path, *, is_writer: bool) -> None:
    """See that the file is a history of this schema; make an empty one into it."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if not tables and not application and not version and is_writer:
        _change(connection, [*changes_since(0, _ID_TYPE), f"PRAGMA application_id = {APPLICATION_ID}"])
    elif application != APPLICATION_ID:
        raise HistoryFileError(f"{path} is a database, but no keeper's history; name another file")
    elif version > SCHEMA_VERSION:
        raise HistoryFileError(
            f"the history {path} has the schema {version}, and this keeper knows none later than "
            f"{SCHEMA_VERSION}; use the keeper that wrote it, or name another file"
        )
    if is_writer:
        if 0 < version < SCHEMA_VERSION:
            _change(connection, changes_since(version, _ID_TYPE))
        # Reports read while the keeper writes, and a commit waits for no disk.
        connection.execute("PRAGMA journal_mode = WAL").fetchone()
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("DELETE FROM stretch WHERE id = 0")  # a file that cannot be written says so now
        connection.commit()


def _change(connection: sqlite3.Connection, statements: Sequence[str]) -> None:
    """Bring a file to this schema, all of it or nothing."""
    with connection, closing(connection.cursor()) as cursor:
        cursor.execute("BEGIN IMMEDIATE")
        for statement in statements:
            cursor.execute(statement)
        cursor.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
