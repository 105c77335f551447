"""The history's file: what books and venues quoted, in SQLite, written by one keeper and read by reports.

The statements are plain SQL with upserts, so that another database takes them as they are. A *stretch* is a
time without holes: what a book or a venue said holds until it says something else, but never beyond the
stretch in which it was said.
"""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from secant_keeper.errors import InputError
from secant_keeper.venues.depth import Level

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCHEMA_VERSION: Final = 2
APPLICATION_ID: Final = 0x73_65_63_61
"""Marks a SQLite file as a history."""
BUSY_S: Final = 2.0
"""Longest wait for a file that another process has locked."""

_NOT_USABLE: Final = frozenset(
    {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY}
)
_PRIMARY_CODE: Final = 0xFF
_SCHEMA: Final = (
    """CREATE TABLE stretch (
        id INTEGER PRIMARY KEY, begun BIGINT NOT NULL, seen BIGINT NOT NULL)""",
    """CREATE TABLE link (
        event TEXT NOT NULL PRIMARY KEY, book TEXT NOT NULL, feed TEXT NOT NULL,
        staleness_s BIGINT NOT NULL, name TEXT NOT NULL DEFAULT '', title TEXT NOT NULL DEFAULT '')""",
    """CREATE TABLE snapshot (
        stretch BIGINT NOT NULL, book TEXT NOT NULL, time BIGINT NOT NULL, event TEXT NOT NULL,
        outcome BIGINT NOT NULL, changes BIGINT NOT NULL, trades BIGINT NOT NULL,
        bid_ticks BIGINT, bid_lots BIGINT, ask_ticks BIGINT, ask_lots BIGINT,
        bids_lots BIGINT NOT NULL, asks_lots BIGINT NOT NULL, bids TEXT NOT NULL, asks TEXT NOT NULL,
        PRIMARY KEY (book, stretch, time))""",
    """CREATE TABLE reading (
        stretch BIGINT NOT NULL, feed TEXT NOT NULL, time BIGINT NOT NULL, bid_ppm BIGINT, ask_ppm BIGINT,
        PRIMARY KEY (feed, stretch, time))""",
)
_NAME_LINKS: Final = (
    "ALTER TABLE link ADD COLUMN name TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE link ADD COLUMN title TEXT NOT NULL DEFAULT ''",
)
"""What a history of schema 1 lacks: its events are named when they are seen again."""
_BEGIN_STRETCH: Final = "INSERT INTO stretch (begun, seen) VALUES (?, ?) RETURNING id"
_SEE: Final = "UPDATE stretch SET seen = ? WHERE id = ?"
_PUT_LINK: Final = """INSERT INTO link (event, book, feed, staleness_s, name, title) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (event) DO UPDATE SET name = excluded.name, title = excluded.title"""
_LINKS: Final = "SELECT event, book, feed, staleness_s, name, title FROM link ORDER BY event"
_LINKS_UNNAMED: Final = "SELECT event, book, feed, staleness_s FROM link ORDER BY event"
"""Of a history of schema 1."""
_PUT_SNAPSHOT: Final = """INSERT INTO snapshot (stretch, book, time, event, outcome, changes, trades,
    bid_ticks, bid_lots, ask_ticks, ask_lots, bids_lots, asks_lots, bids, asks)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (book, stretch, time) DO UPDATE SET changes = excluded.changes, trades = excluded.trades,
    bid_ticks = excluded.bid_ticks, bid_lots = excluded.bid_lots, ask_ticks = excluded.ask_ticks,
    ask_lots = excluded.ask_lots, bids_lots = excluded.bids_lots, asks_lots = excluded.asks_lots,
    bids = excluded.bids, asks = excluded.asks"""
_PUT_READING: Final = """INSERT INTO reading (stretch, feed, time, bid_ppm, ask_ppm) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (feed, stretch, time) DO UPDATE SET bid_ppm = excluded.bid_ppm, ask_ppm = excluded.ask_ppm"""


class HistoryFileError(InputError):
    """The file is no history that can be used; the message names it and what to do."""


class Stretch(NamedTuple):
    """A time without holes: `begun` to `seen`, Unix seconds."""

    id: int
    begun: int
    seen: int


class Link(NamedTuple):
    """The feed whose record settles an event, and the event's first book.

    Attributes:
        event: The event.
        book: The book of its first outcome.
        feed: The feed.
        staleness_s: How long a reading of the feed holds at most.
        name: The event's name, unique only per creator; empty if it is not known.
        title: Its title, empty if it has none or it is not known.
    """

    event: str
    book: str
    feed: str
    staleness_s: int
    name: str = ""
    title: str = ""


class Snapshot(NamedTuple):
    """What traded at a book from a time on.

    Attributes:
        book: The book.
        time: Chain time, Unix seconds.
        event: Its event.
        outcome: The outcome traded.
        changes: How often its orders had changed.
        trades: Whether the event traded.
        bids: The best levels that buy, the best first.
        asks: The best levels that sell, the best first.
        bids_lots: Lots that buy in all.
        asks_lots: Lots that sell in all.
    """

    book: str
    time: int
    event: str
    outcome: int
    changes: int
    trades: bool
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    bids_lots: int
    asks_lots: int


class VenueReading(NamedTuple):
    """What a venue said from a time on.

    Attributes:
        feed: The feed the keeper reads it for.
        time: Source time, Unix seconds.
        bid_ppm: Lower end in ppm; None without a bid.
        ask_ppm: Upper end in ppm; None without an ask.
    """

    feed: str
    time: int
    bid_ppm: int | None
    ask_ppm: int | None


@dataclass(slots=True)
class Batch:
    """What is written in one transaction.

    Attributes:
        begins: Whether a stretch begins with it; else it continues the one written last.
        begun: When the first of its rows was noted.
        seen: Until when its stretch is known, both Unix seconds.
        links: New links.
        snapshots: Snapshots of books.
        readings: Readings of venues.
    """

    begins: bool
    begun: int
    seen: int
    links: list[Link] = field(default_factory=list)
    snapshots: list[Snapshot] = field(default_factory=list)
    readings: list[VenueReading] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """How many snapshots and readings it holds."""
        return len(self.snapshots) + len(self.readings)


class HistoryWriter:
    """The one writer of a history, which it locks against others for as long as it lives, however it ends.

    It may go from thread to thread, but not be used by two at once.

    Args:
        path: The file; made if there is none.

    Raises:
        HistoryFileError: The file cannot be used, now or without the operator's help, or another has it.
        sqlite3.Error: It can be used, but not now.
    """

    def __init__(self, path: Path) -> None:
        self._lock = _locked(path)
        try:
            self._connection = _open(path, is_writer=True)
        except BaseException:
            os.close(self._lock)
            raise
        self._stretch: int | None = None

    def write(self, batch: Batch) -> None:
        """Write all of a batch or nothing of it.

        Raises:
            sqlite3.Error: It cannot be written now.
        """
        with self._connection as transaction:
            stretch = self._stretch
            if batch.begins or stretch is None:
                (stretch,) = transaction.execute(_BEGIN_STRETCH, (batch.begun, batch.seen)).fetchone()
            transaction.execute(_SEE, (batch.seen, stretch))
            transaction.executemany(_PUT_LINK, batch.links)
            transaction.executemany(_PUT_SNAPSHOT, (_stored(stretch, one) for one in batch.snapshots))
            transaction.executemany(_PUT_READING, ((stretch, *one) for one in batch.readings))
        self._stretch = stretch

    def close(self) -> None:
        """Let go of the file.

        Raises:
            sqlite3.Error: What is in the log beside it stays there.
        """
        try:
            self._connection.close()
        finally:
            os.close(self._lock)


class HistoryReader:
    """A history as a report reads it, as of the first read.

    Args:
        path: The file.

    Raises:
        HistoryFileError: It is missing, no history, or cannot be read.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._connection = _open(path, is_writer=False)
            self._connection.execute("BEGIN")
        except sqlite3.Error as error:
            raise HistoryFileError(f"the history {path} cannot be read: {error}; try again") from error

    def links(self) -> list[Link]:
        """All links, in order of their events."""
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        rows = self._connection.execute(_LINKS if version >= SCHEMA_VERSION else _LINKS_UNNAMED)
        return [Link(*row) for row in rows]

    def stretches(self) -> list[Stretch]:
        """All stretches, in the order they were written."""
        return [
            Stretch(*row)
            for row in self._connection.execute("SELECT id, begun, seen FROM stretch ORDER BY id")
        ]

    def snapshots(self, book: str, stretch: int) -> Iterator[Snapshot]:
        """A book's snapshots of a stretch, in order of time."""
        rows = self._connection.execute(
            "SELECT book, time, event, outcome, changes, trades, bids, asks, bids_lots, asks_lots "
            "FROM snapshot WHERE book = ? AND stretch = ? ORDER BY time",
            (book, stretch),
        )
        for of_book, time, event, outcome, changes, trades, bids, asks, bids_lots, asks_lots in rows:
            sides = (_levels(bids), _levels(asks))
            yield Snapshot(of_book, time, event, outcome, changes, bool(trades), *sides, bids_lots, asks_lots)

    def readings(self, feed: str, stretch: int) -> Iterator[VenueReading]:
        """A feed's readings of a stretch, in order of time."""
        rows = self._connection.execute(
            "SELECT feed, time, bid_ppm, ask_ppm FROM reading WHERE feed = ? AND stretch = ? ORDER BY time",
            (feed, stretch),
        )
        return (VenueReading(*row) for row in rows)

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


def _stored(stretch: int, one: Snapshot) -> tuple[object, ...]:
    bid: tuple[int, int] | tuple[None, None] = one.bids[0] if one.bids else (None, None)
    ask: tuple[int, int] | tuple[None, None] = one.asks[0] if one.asks else (None, None)
    head = (stretch, one.book, one.time, one.event, one.outcome, one.changes, int(one.trades))
    texts = (json.dumps(side, separators=(",", ":")) for side in (one.bids, one.asks))
    return (*head, *bid, *ask, one.bids_lots, one.asks_lots, *texts)


def _levels(text: str) -> tuple[Level, ...]:
    return tuple(Level(*pair) for pair in json.loads(text))


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
        _change(connection, (*_SCHEMA, f"PRAGMA application_id = {APPLICATION_ID}"))
    elif application != APPLICATION_ID:
        raise HistoryFileError(f"{path} is a database, but no keeper's history; name another file")
    elif version > SCHEMA_VERSION:
        raise HistoryFileError(
            f"the history {path} has the schema {version}, and this keeper knows none later than "
            f"{SCHEMA_VERSION}; use the keeper that wrote it, or name another file"
        )
    if is_writer:
        if 0 < version < SCHEMA_VERSION:
            _change(connection, _NAME_LINKS)
        # Reports read while the keeper writes, and a commit waits for no disk.
        connection.execute("PRAGMA journal_mode = WAL").fetchone()
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(_SEE, (0, 0))  # a file that cannot be written says so now
        connection.commit()


def _change(connection: sqlite3.Connection, statements: tuple[str, ...]) -> None:
    """Bring a file to this schema, all of it or nothing."""
    with connection, closing(connection.cursor()) as cursor:
        cursor.execute("BEGIN IMMEDIATE")
        for statement in statements:
            cursor.execute(statement)
        cursor.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
