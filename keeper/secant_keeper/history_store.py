"""What a history holds, and how it is written and read; where it is, is the business of `stores`.

A *stretch* is a time without holes: what a book or a venue said holds until it says something else, but never
beyond the stretch in which it was said.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

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
    from collections.abc import Callable, Iterable, Iterator

    from secant_keeper.stores.database import Database
    from secant_keeper.stores.place import HistoryPlace

NUMBER_MAX: Final = (1 << 63) - 1
"""The greatest number that a history holds."""

_BEGIN_STRETCH: Final = "INSERT INTO stretch (begun, seen) VALUES (?, ?) RETURNING id"
_SEE: Final = "UPDATE stretch SET seen = ? WHERE id = ?"


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


class PerpLink(NamedTuple):
    """A perpetual.

    Attributes:
        market: Its address.
        exchange: The exchange it is of.
        feed: The feed it follows.
        name: Its name, unique on its exchange.
    """

    market: str
    exchange: str
    feed: str
    name: str


class PerpSnapshot(NamedTuple):
    """What held of a perpetual from a time on.

    Attributes:
        market: The perpetual.
        time: Chain time, Unix seconds.
        slot: The slot as of which it was read.
        quality: What its prices permitted: `open` everything, `doubtful` liquidating but not opening,
            `unusable` neither; `settled` once it has its last price, `gone` once it is not known any more.
        index_ticks: The feed's last agreed reading.
        mark_ticks: The mark.
        last_ticks: What last traded, 0 before anything did.
        settlement_ticks: The last price of one that has closed, 0 before.
        index_average: The index's average over five minutes, in 2⁻¹⁶ ticks.
        basis_ticks: By how much the book's middle was above the index, as the program last saw it.
        basis_average: That over five minutes, in 2⁻¹⁶ ticks.
        premium_ticks: The premium that funding averages, as the program last saw it.
        funding_rate: What a long lot paid a day, in 2⁻¹⁶ ticks.
        predicted_rate: What the present hour's premium led to, as far as it had been seen, likewise.
        funding_index: What a long lot had paid since the beginning, in 2⁻³² atoms; signed, it wraps.
        open_lots: Lots open on either side, as the program counts them: what fills brought to an account's
            seat counts by itself until it is drawn. None, as the amounts below, for what 63 bits do not hold.
        value_atoms: What they were worth at the mark.
        pool_atoms: Losses paid in, less profits paid out.
        insurance_atoms: What insurance held.
        haircut_atoms: What winners had borne of losers' debts in all.
        haircut_open_atoms: What of that they had not had returned.
        long_accounts: Accounts that were long, what their fills brought included.
        short_accounts: Accounts that were short.
        long_lots: Lots of the long.
        short_lots: Lots of the short.
        long_top_lots: Of the largest tenth of all positions, rounded up and with all as large as its
            smallest, lots of the long.
        short_top_lots: Lots of the short among them.
        bids_1pct_lots: Lots that buy within 1 % of the mark.
        asks_1pct_lots: Lots that sell within 1 %.
        bids_5pct_lots: Lots that buy within 5 %.
        asks_5pct_lots: Lots that sell within 5 %.
    """

    market: str
    time: int
    slot: int
    quality: str
    index_ticks: int
    mark_ticks: int
    last_ticks: int
    settlement_ticks: int
    index_average: int
    basis_ticks: int
    basis_average: int
    premium_ticks: int
    funding_rate: int
    predicted_rate: int
    funding_index: int
    open_lots: int | None
    value_atoms: int | None
    pool_atoms: int | None
    insurance_atoms: int | None
    haircut_atoms: int | None
    haircut_open_atoms: int | None
    long_accounts: int
    short_accounts: int
    long_lots: int
    short_lots: int
    long_top_lots: int
    short_top_lots: int
    bids_1pct_lots: int
    asks_1pct_lots: int
    bids_5pct_lots: int
    asks_5pct_lots: int


class Scan(NamedTuple):
    """A look at where all positions of a perpetual would be liquidated.

    Attributes:
        market: The perpetual.
        time: Chain time, Unix seconds.
        mark_ticks: The mark then.
        width_ticks: How many ticks a cluster is wide.
        accounts: Accounts in clusters.
        far_accounts: Accounts whose price is further away than clusters go.
        unreached_accounts: Accounts that no price brings down, or of which none is known.
    """

    market: str
    time: int
    mark_ticks: int
    width_ticks: int
    accounts: int
    far_accounts: int
    unreached_accounts: int


class Cluster(NamedTuple):
    """Positions of a scan that prices close together would bring down, all else unchanged.

    Attributes:
        market: The perpetual.
        time: When they were scanned, chain time, Unix seconds.
        from_ticks: The lowest of these prices, a multiple of the scan's width.
        long_accounts: Accounts that are long.
        long_lots: Their lots.
        long_atoms: What these are worth each at its own price of liquidation; None beyond 63 bits.
        short_accounts: Accounts that are short.
        short_lots: Their lots, counted positive.
        short_atoms: What these are worth likewise.
    """

    market: str
    time: int
    from_ticks: int
    long_accounts: int
    long_lots: int
    long_atoms: int | None
    short_accounts: int
    short_lots: int
    short_atoms: int | None


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
        perps: Perpetuals not seen before.
        perp_snapshots: Snapshots of perpetuals.
        scans: Scans of liquidations.
        clusters: What they found.
        later: What takes long to work out, and the thread that writes adds before it does.
    """

    begins: bool
    begun: int
    seen: int
    links: list[Link] = field(default_factory=list)
    snapshots: list[Snapshot] = field(default_factory=list)
    readings: list[VenueReading] = field(default_factory=list)
    perps: list[PerpLink] = field(default_factory=list)
    perp_snapshots: list[PerpSnapshot] = field(default_factory=list)
    scans: list[Scan] = field(default_factory=list)
    clusters: list[Cluster] = field(default_factory=list)
    later: list[Callable[[Batch], None]] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """How many rows it holds that grow in number with time, by kind."""
        return {
            "snapshot": len(self.snapshots),
            "reading": len(self.readings),
            "perp": len(self.perp_snapshots),
            "liquidation": len(self.scans) + len(self.clusters),
        }

    @property
    def rows(self) -> int:
        """How many these are in all."""
        return sum(self.counts.values())

    def complete(self) -> None:
        """Add what was left for later."""
        later, self.later = self.later, []
        for add in later:
            add(self)


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
