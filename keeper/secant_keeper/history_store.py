"""What a history holds, and how it is written and read; where it is, is the business of `stores`.

A *stretch* is a time without holes: what a book or a venue said holds until it says something else, but never
beyond the stretch in which it was said.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from secant_keeper.history_rows import (
    Cluster,
    Link,
    PerpLink,
    PerpSnapshot,
    Scan,
    Snapshot,
    Stretch,
    VenueReading,
)
from secant_keeper.stores.database import HistoryFileError, HistoryUnavailableError
from secant_keeper.stores.place import PostgresPlace
from secant_keeper.stores.schema import (
    CLUSTER,
    LINK,
    PERP,
    PERP_SNAPSHOT,
    READING,
    SCAN,
    SNAPSHOT,
    Table,
)
from secant_keeper.stores.sqlite import SqliteDatabase
from secant_keeper.venues.depth import Level

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from secant_keeper.history_rows import Batch
    from secant_keeper.stores.database import Database
    from secant_keeper.stores.place import HistoryPlace

_BEGIN_STRETCH: Final = "INSERT INTO stretch (begun, seen) VALUES (?, ?) RETURNING id"
_SEE: Final = "UPDATE stretch SET seen = ? WHERE id = ?"


class HistoryWriter:
    """The one writer of a history, which it locks against others for as long as it lives, however it ends.

    It may go from thread to thread, but not be used by two at once.

    Args:
        place: Where; made if there is none.

    Raises:
        HistoryFileError: The place cannot be used, now or without the operator's help, or another has it.
        HistoryUnavailableError: It can be used, but not now.
    """

    def __init__(self, place: HistoryPlace) -> None:
        self._database = database_at(place, is_writer=True)
        self._stretch: int | None = None

    def write(self, batch: Batch) -> None:
        """Write all of a batch or nothing of it.

        Raises:
            HistoryUnavailableError: It cannot be written now.
        """
        database = self._database
        with database.transaction():
            stretch = self._stretch
            if batch.begins or stretch is None:
                (stretch,) = database.first(_BEGIN_STRETCH, (batch.begun, batch.seen))
            database.first(_SEE, (batch.seen, stretch))
            for table, rows in _stored(stretch, batch):
                if rows:
                    database.many(table.put(), rows)
        self._stretch = stretch

    def close(self) -> None:
        """Let go of it.

        Raises:
            HistoryUnavailableError: What a file's log beside it holds stays there.
        """
        self._database.close()


class HistoryReader:
    """A history as a report reads it, as of the first read.

    Args:
        place: Where it is.

    Attributes:
        database: The connection.

    Raises:
        HistoryFileError: It is missing, no history, or cannot be read.
    """

    def __init__(self, place: HistoryPlace) -> None:
        try:
            self.database = database_at(place, is_writer=False)
        except HistoryUnavailableError as error:
            raise HistoryFileError(f"the history {place} cannot be read: {error}; try again") from error

    def links(self) -> list[Link]:
        """All links, in order of their events."""
        return [Link(*row) for row in self._select(LINK, order="event")]

    def stretches(self) -> list[Stretch]:
        """All stretches, in the order they were written."""
        return [
            Stretch(*row) for row in self.database.rows("SELECT id, begun, seen FROM stretch ORDER BY id")
        ]

    def snapshots(self, book: str, stretch: int) -> Iterator[Snapshot]:
        """A book's snapshots of a stretch, in order of time."""
        rows = self.database.rows(
            "SELECT book, time, event, outcome, changes, trades, bids, asks, bids_lots, asks_lots "
            "FROM snapshot WHERE book = ? AND stretch = ? ORDER BY time",
            (book, stretch),
        )
        for of_book, time, event, outcome, changes, trades, bids, asks, bids_lots, asks_lots in rows:
            sides = (_levels(bids), _levels(asks))
            yield Snapshot(of_book, time, event, outcome, changes, bool(trades), *sides, bids_lots, asks_lots)

    def readings(self, feed: str, stretch: int) -> Iterator[VenueReading]:
        """A feed's readings of a stretch, in order of time."""
        rows = self.database.rows(
            "SELECT feed, time, bid_ppm, ask_ppm FROM reading WHERE feed = ? AND stretch = ? ORDER BY time",
            (feed, stretch),
        )
        return (VenueReading(*row) for row in rows)

    def perps(self) -> list[PerpLink]:
        """All perpetuals, in order of their names."""
        return [PerpLink(*row) for row in self._select(PERP, order="name, market")]

    def perp_snapshots(self, market: str, stretch: int) -> Iterator[PerpSnapshot]:
        """A perpetual's snapshots of a stretch, in order of time."""
        found = self._select(PERP_SNAPSHOT, "market = ? AND stretch = ?", (market, stretch), order="time")
        return (PerpSnapshot(*row[1:]) for row in found)

    def last_scan(self, market: str, start: int, end: int) -> tuple[Scan, list[Cluster]] | None:
        """The last scan of a perpetual from `start` until before `end`, with its clusters by price."""
        within = "market = ? AND time >= ? AND time < ?"
        # A later stretch may tell of an earlier time, if the clock was set back.
        last = "stretch DESC, time DESC"
        row = next(self._select(SCAN, within, (market, start, end), order=f"{last} LIMIT 1"), None)
        if row is None:
            return None
        scan = Scan(*row[1:])
        of_it = "market = ? AND stretch = ? AND time = ?"
        found = self._select(CLUSTER, of_it, (market, row[0], scan.time), order="from_ticks")
        return scan, [Cluster(*one[1:]) for one in found]

    def close(self) -> None:
        """Let go of the history."""
        self.database.close()

    def _select(
        self, table: Table, where: str = "", parameters: tuple[object, ...] = (), *, order: str
    ) -> Iterator[tuple[Any, ...]]:
        """Rows of a table with the columns that this history has of it; none if it lacks the table."""
        names = [column.name for column in table.known(self.database.version)]
        if not names:
            return iter(())
        condition = f" WHERE {where}" if where else ""
        query = f"SELECT {', '.join(names)} FROM {table.name}{condition} ORDER BY {order}"  # noqa: S608
        return self.database.rows(query, parameters)


def database_at(place: HistoryPlace, *, is_writer: bool) -> Database:
    """A connection to the history at a place.

    Raises:
        HistoryFileError: The place cannot be used.
        HistoryUnavailableError: It can be used, but not now.
    """
    if not isinstance(place, PostgresPlace):
        return SqliteDatabase(place, is_writer=is_writer)
    # Imported here because its library is one that only this kind of history needs.
    from secant_keeper.stores.postgres import PostgresDatabase  # noqa: PLC0415

    return PostgresDatabase(place, is_writer=is_writer)


def _stored(stretch: int, batch: Batch) -> Iterable[tuple[Table, list[tuple[object, ...]]]]:
    """The rows of a batch as its tables hold them."""
    yield LINK, list(batch.links)
    yield SNAPSHOT, [_stored_snapshot(stretch, one) for one in batch.snapshots]
    yield READING, _in_stretch(stretch, batch.readings)
    yield PERP, list(batch.perps)
    yield PERP_SNAPSHOT, _in_stretch(stretch, batch.perp_snapshots)
    yield SCAN, _in_stretch(stretch, batch.scans)
    yield CLUSTER, _in_stretch(stretch, batch.clusters)


def _in_stretch(stretch: int, rows: Iterable[tuple[object, ...]]) -> list[tuple[object, ...]]:
    return [(stretch, *row) for row in rows]


def _stored_snapshot(stretch: int, one: Snapshot) -> tuple[object, ...]:
    bid: tuple[int, int] | tuple[None, None] = one.bids[0] if one.bids else (None, None)
    ask: tuple[int, int] | tuple[None, None] = one.asks[0] if one.asks else (None, None)
    head = (stretch, one.book, one.time, one.event, one.outcome, one.changes, int(one.trades))
    texts = (json.dumps(side, separators=(",", ":")) for side in (one.bids, one.asks))
    return (*head, *bid, *ask, one.bids_lots, one.asks_lots, *texts)


def _levels(text: str) -> tuple[Level, ...]:
    return tuple(Level(*pair) for pair in json.loads(text))
