"""The history: what lands in it and when, and what becomes of the keeper when the file will not have it."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import threading
from collections import deque
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from book_world import ASK, BID, BookWorld, Wanted, state_of
from keeper_running import run_keeper, settings_of
from keeper_world import BEGIN, STALENESS_S, TWAP, World, write_quotes
from structlog.testing import capture_logs

from secant import exchange
from secant_keeper import history as module
from secant_keeper.__main__ import main
from secant_keeper.history import RETRY_S, UNSEEN_MAX_S, History
from secant_keeper.history_rows import Batch, Link, PerpLink, Snapshot, VenueReading
from secant_keeper.history_store import HistoryReader, HistoryWriter
from secant_keeper.metrics import Metrics
from secant_keeper.recordings import Reading
from secant_keeper.stores import sqlite as store
from secant_keeper.stores.database import HistoryFileError, HistoryUnavailableError
from secant_keeper.stores.schema import SCHEMA_VERSION
from secant_keeper.venues.depth import Level

if TYPE_CHECKING:
    from pathlib import Path

    from secant.localnet import Localnet
    from secant_keeper.state import State
    from secant_keeper.stores.place import HistoryPlace

LOCK = BEGIN + 1_000


@pytest.fixture
def books(world: World) -> BookWorld:
    record = world.add_record(BEGIN, BEGIN + 2_000, TWAP, low=1)
    event = world.add_event(record, exchange.RESOLVER_RECORD, LOCK, LOCK + 9 * 86_400)
    return BookWorld(event, world)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.sqlite"


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def a_history(place: HistoryPlace, metrics: Metrics | None = None, **more: Any) -> History:
    return History(place, metrics or Metrics(), **{"interval_s": 1, **more})


def state_with(books: BookWorld, *readings: Reading) -> State:
    state = state_of(books.world)
    state.readings[books.world.feed] = deque(readings)
    return state


def rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


TIMES = "SELECT time - 1700000000, changes, trades FROM snapshot ORDER BY stretch, time"


async def test_a_snapshot_says_what_trades(books: BookWorld, path: Path) -> None:
    books.place(*(Wanted(BID, 4_000 + place, 10 + place) for place in range(12)))
    books.place(Wanted(ASK, 6_000, 5), Wanted(ASK, 6_000, 6), Wanted(ASK, 7_000, 1, BEGIN + 5))
    history = a_history(path)
    history.note(state_with(books), BEGIN)
    await history.close()
    (row,) = rows(
        path,
        "SELECT book, event, time, outcome, changes, trades, bid_ticks, bid_lots, ask_ticks, ask_lots, "
        "bids_lots, asks_lots, asks FROM snapshot",
    )
    head = (str(books.book), str(books.event), BEGIN, 0, 2, 1, 4_011, 21, 6_000, 11)
    assert row == (*head, sum(range(10, 22)), 12, "[[6000,11],[7000,1]]")
    with closing(HistoryReader(path)) as reader:
        (snapshot,) = reader.snapshots(str(books.book), 1)
        assert snapshot.bids == tuple(Level(4_011 - place, 21 - place) for place in range(10))
        keys = (str(books.event), str(books.book), str(books.world.feed))
        name = books.world.event(books.event).event_id.hex()  # no printable text
        assert reader.links() == [Link(*keys, STALENESS_S, name, "a touch")]


async def test_a_book_is_noted_when_it_changes_and_not_before_the_interval(
    books: BookWorld, path: Path
) -> None:
    history = a_history(path, interval_s=5)
    history.note(state_with(books), BEGIN)
    history.note(state_with(books), BEGIN + 5)  # unchanged
    books.place(Wanted(BID, 4_000, 1))
    history.note(state_with(books), BEGIN + 6)
    books.place(Wanted(BID, 4_000, 1))
    history.note(state_with(books), BEGIN + 10)  # too early
    history.note(state_with(books), BEGIN + 11)
    await history.close()
    assert rows(path, TIMES) == [(0, 0, 1), (6, 1, 1), (11, 2, 1)]
    assert rows(path, "SELECT begun, seen FROM stretch") == [(BEGIN, BEGIN + 11)]


async def test_what_a_driven_clock_leaves_is_what_holds(books: BookWorld, path: Path) -> None:
    history = a_history(path)
    history.note(state_with(books), BEGIN)
    books.place(Wanted(BID, 4_000, 1))
    history.leave(state_with(books), BEGIN)
    history.note(state_with(books), BEGIN + 900)  # a jump, no hole
    await history.close()
    assert rows(path, TIMES) == [(0, 1, 1)]
    assert rows(path, "SELECT begun, seen FROM stretch") == [(BEGIN, BEGIN + 900)]


async def test_what_time_alone_changes_is_noted_at_its_time(books: BookWorld, path: Path) -> None:
    books.place(Wanted(BID, 4_000, 1, BEGIN + 20), Wanted(BID, 3_000, 1, BEGIN + 50))
    books.place(Wanted(BID, 2_000, 1, LOCK + 2))
    history = a_history(path)
    history.leave(state_with(books), BEGIN)
    history.leave(state_with(books), BEGIN + 20)
    assert [one.time for one in history._batches[0].snapshots] == [BEGIN, BEGIN + 20]
    history.note(state_with(books), LOCK + 5)
    await history.close()
    assert rows(path, "SELECT time - 1700000000, bid_ticks, trades FROM snapshot ORDER BY time") == [
        (0, 4_000, 1),
        (20, 3_000, 1),
        (50, 2_000, 1),
        (1_000, 2_000, 0),
    ]


async def test_a_closed_book_and_a_locked_event_trade_no_more(books: BookWorld, path: Path) -> None:
    admin = books.world.admin.pubkey()
    human = books.world.add_event(admin, exchange.RESOLVER_AUTHORITY, LOCK, LOCK + 9 * 86_400)
    other = BookWorld(human, books.world, holder_index=1)
    history = a_history(path)
    history.note(state_with(books), BEGIN)
    books.world.run(
        exchange.close_book(creator=admin, exchange=books.world.exchange, event=books.event, book=books.book),
        exchange.lock_event(locker=admin, event=human),
    )
    history.note(state_with(books), BEGIN + 3)
    history.note(state_with(books), BEGIN + 4)
    await history.close()
    seen = "SELECT book, time - 1700000000, trades FROM snapshot"
    expected = {(str(one.book), *row) for one in (books, other) for row in ((0, 1), (3, 0))}
    assert set(rows(path, seen)) == expected
    assert [row[0] for row in rows(path, "SELECT event FROM link")] == [str(books.event)]


async def test_readings_are_noted_as_they_come_into_force(books: BookWorld, path: Path) -> None:
    history = a_history(path)
    stale, early = Reading(BEGIN - STALENESS_S - 1, 1, 2), Reading(BEGIN, 400_000, 420_000)
    later = Reading(BEGIN + 16, None, 450_000)
    history.note(state_with(books, stale, early, later), BEGIN)
    history.note(state_with(books, early._replace(ask_ppm=410_000), later), BEGIN + 1)
    await history.close()
    feed = str(books.world.feed)
    with closing(HistoryReader(path)) as reader:
        found = list(reader.readings(feed, 1))
    assert found == [
        VenueReading(feed, BEGIN, 400_000, 410_000),
        VenueReading(feed, BEGIN + 16, None, 450_000),
    ]


async def test_silence_and_a_clock_set_back_leave_a_hole(books: BookWorld, path: Path) -> None:
    history = a_history(path)
    reading = Reading(BEGIN, 400_000, 420_000)
    history.note(state_with(books, reading), BEGIN)
    history.note(state_with(books), BEGIN + UNSEEN_MAX_S)
    history.note(state_with(books), BEGIN + 2 * UNSEEN_MAX_S + 1)
    history.note(state_with(books), BEGIN + 10)
    await history.close()
    assert rows(path, "SELECT begun - 1700000000, seen - 1700000000 FROM stretch ORDER BY id") == [
        (0, UNSEEN_MAX_S),
        (2 * UNSEEN_MAX_S + 1, 2 * UNSEEN_MAX_S + 1),
        (10, 10),
    ]
    assert rows(path, TIMES) == [(0, 0, 1), (121, 0, 1), (10, 0, 1)]
    assert rows(path, "SELECT stretch, time FROM reading") == [(1, BEGIN), (2, BEGIN), (3, BEGIN)]


async def test_a_locked_file_is_told_once_and_everything_is_noted_anew(
    books: BookWorld, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "BUSY_S", 0.05)
    clock, metrics = Clock(), Metrics()
    history = a_history(path, metrics, clock=clock)
    history.note(state_with(books), BEGIN)
    await history._write()
    with capture_logs() as logs:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            for after in (1, 2, 3):
                books.place(Wanted(BID, 3_000, 1))
                history.note(state_with(books), BEGIN + after)
                history.note(state_with(books), BEGIN + after)
                await history._write()
                history.note(state_with(books), BEGIN + after)  # left alone for a while
                assert not history._batches
                clock.now_s += RETRY_S
        history.note(state_with(books), BEGIN + 4)
        await history.close()
    assert [entry["event"] for entry in logs] == ["history is not written", "over"]
    assert metrics.history_failures._value.get() == 3
    assert metrics.history_lost._value.get() == 3
    assert metrics.history_rows.labels("snapshot")._value.get() == 2
    assert rows(path, TIMES) == [(0, 0, 1), (4, 3, 1)]
    assert rows(path, "SELECT seen - begun FROM stretch") == [(0,), (0,)]


async def test_a_full_disk_is_told_and_what_follows_is_written(books: BookWorld, path: Path) -> None:
    clock, metrics = Clock(), Metrics()
    history = a_history(path, metrics, clock=clock)
    assert history._writer is not None
    history._writer._database.first("PRAGMA max_page_count = 1")  # no page more
    many = [Reading(BEGIN - place, 1, 2) for place in range(STALENESS_S, -1, -1)]
    with capture_logs() as logs:
        for after in range(60):
            books.place(Wanted(BID, 3_000 + after, 1))
            history.leave(state_with(books, *many), BEGIN + after)
        await history._write()
        clock.now_s += RETRY_S
        history.note(state_with(books, Reading(BEGIN + 60, 3, 4)), BEGIN + 60)
        await history.close()
    assert "full" in logs[0]["reason"]
    assert [entry["event"] for entry in logs] == ["history is not written", "over"]
    assert metrics.history_lost._value.get() == 60 + STALENESS_S + 1
    assert rows(path, TIMES) == [(60, 60, 1)]
    # Of what was lost, the newest reading still holds.
    assert rows(path, "SELECT time FROM reading") == [(BEGIN,), (BEGIN + 60,)]


async def test_what_is_begun_to_be_written_is_written_whoever_is_cancelled(
    books: BookWorld, path: Path
) -> None:
    history = a_history(path)
    is_free = threading.Event()
    history._thread.submit(is_free.wait)
    history.note(state_with(books), BEGIN)
    running = asyncio.create_task(history.run())
    await asyncio.sleep(0)
    assert not history._batches  # they wait for the thread
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    is_free.set()
    await history.close()
    assert rows(path, TIMES) == [(0, 0, 1)]


async def test_rows_that_pile_up_are_given_up(
    books: BookWorld, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ROWS_MAX", 2)
    metrics = Metrics()
    history = a_history(path, metrics)
    history.note(state_with(books, Reading(BEGIN, 1, 2)), BEGIN)
    history.note(state_with(books, Reading(BEGIN, 1, 2), Reading(BEGIN + 1, 1, 2)), BEGIN + 1)
    await history.close()
    assert metrics.history_lost._value.get() == 3
    assert rows(path, "SELECT count(*) FROM stretch") == [(0,)]


async def test_a_keeper_whose_history_is_locked_keeps_its_feeds(
    tmp_path: Path, world: World, net: Localnet, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "BUSY_S", 0.05)
    HistoryWriter(path).close()
    quotes = write_quotes(tmp_path / "q.csv", [(BEGIN + after, "0.5", "0.52") for after in (5, 30)])
    metrics = Metrics()
    with closing(sqlite3.connect(path, isolation_level=None)) as other, capture_logs() as logs:
        other.execute("BEGIN IMMEDIATE")
        await run_keeper(world, settings_of(world, net, net.url, quotes, history=path), metrics)
    assert world.published_time() == BEGIN + 30
    assert [entry["event"] for entry in logs if "history" in entry["event"]] == ["history is not written"]
    assert metrics.history_failures._value.get() > 0
    assert rows(path, "SELECT count(*) FROM stretch") == [(0,)]


@pytest.mark.parametrize("fault", ["text", "another database", "newer", "no folder", "a folder", "corrupt"])
def test_a_file_that_will_not_do(path: Path, fault: str) -> None:
    target, complaint = path, "name another file"
    if fault == "text":
        path.write_text("this is no database, however long one makes it" * 100)
    elif fault == "another database":
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE notes (text)")
        complaint = "a database, but no keeper's history"
    elif fault == "newer":
        HistoryWriter(path).close()
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
        complaint = f"has the schema {SCHEMA_VERSION + 1}, and this keeper knows none later"
    elif fault == "no folder":
        target = path / "none" / "h.sqlite"
    elif fault == "a folder":
        path.mkdir()
    else:
        HistoryWriter(path).close()
        content = path.read_bytes()
        path.write_bytes(content[:100] + bytes(len(content) - 100))
    with pytest.raises(HistoryFileError, match=complaint) as caught:
        a_history(target)
    assert str(target) in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_file_that_may_not_be_written(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    HistoryWriter(path).close()
    connect = sqlite3.connect

    def only_to_read(target: str, **more: Any) -> sqlite3.Connection:
        """As for a user without the right to write, which whoever runs the tests may have."""
        return connect(target.replace("mode=rwc", "mode=ro"), **more)

    monkeypatch.setattr(store.sqlite3, "connect", only_to_read)
    with pytest.raises(HistoryFileError, match=r"attempt to write a readonly database.*name another file"):
        a_history(path)


def test_an_empty_file_becomes_a_history_and_one_is_taken_up_again(path: Path) -> None:
    path.touch()
    for _ in range(2):
        writer = HistoryWriter(path)
        writer.write(Batch(begins=True, begun=5, seen=6))
        writer.write(Batch(begins=False, begun=6, seen=9))
        writer.close()
    assert rows(path, "SELECT id, begun, seen FROM stretch") == [(1, 5, 9), (2, 5, 9)]
    assert rows(path, "PRAGMA user_version") == [(SCHEMA_VERSION,)]
    assert rows(path, "PRAGMA journal_mode") == [("wal",)]


def test_a_batch_is_written_whole_or_not_at_all(path: Path) -> None:
    writer = HistoryWriter(path)
    snapshot = Snapshot("book", 5, "event", 0, 1, True, (), (), 0, 0)
    broken = Batch(begins=True, begun=5, seen=6, snapshots=[snapshot, snapshot._replace(bids_lots=None)])  # type: ignore[arg-type]
    with pytest.raises(HistoryUnavailableError, match="NOT NULL"):
        writer.write(broken)
    writer.close()
    assert rows(path, "SELECT count(*) FROM stretch") == rows(path, "SELECT count(*) FROM snapshot") == [(0,)]


def test_a_keeper_says_at_once_that_its_history_will_not_do(
    tmp_path: Path, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "keeper.toml"
    config.write_text(
        f"keypair = '{world.write_key(tmp_path)}'\nhistory = '{tmp_path / 'none' / 'h.sqlite'}'\n"
    )
    with pytest.raises(SystemExit) as ended:
        main(["run", "--config", str(config)])
    assert ended.value.code == 2
    assert "No such file or directory; name another file" in capsys.readouterr().err


def test_a_second_keeper_does_not_start_on_a_history_that_is_written(
    tmp_path: Path, world: World, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    writer = HistoryWriter(path)
    (tmp_path / "link.sqlite").symlink_to(path)
    config = tmp_path / "keeper.toml"
    for name in (path, tmp_path / "link.sqlite"):
        config.write_text(f"keypair = '{world.write_key(tmp_path)}'\nhistory = '{name}'\n")
        with pytest.raises(SystemExit) as ended:
            main(["run", "--config", str(config)])
        assert ended.value.code == 2
        err = capsys.readouterr().err
        assert f"another keeper writes the history {name}: name another file" in err
        assert err.count("\n") == 1
    writer.write(Batch(begins=True, begun=5, seen=6))  # the first one is not disturbed
    writer.close()
    HistoryWriter(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA application_id = 1")
    for _ in range(2):  # what does not open holds no lock
        with pytest.raises(HistoryFileError, match="is a database, but no keeper's history"):
            HistoryWriter(path)


def test_a_killed_keeper_leaves_no_lock(path: Path) -> None:
    hold = (
        "import pathlib, sys; from secant_keeper.history_store import HistoryWriter; "
        "writer = HistoryWriter(pathlib.Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", hold, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(HistoryFileError, match="another keeper writes"):
            HistoryWriter(path)
        process.kill()
    HistoryWriter(path).close()


OLD_SCHEMA = """
CREATE TABLE stretch (id INTEGER PRIMARY KEY, begun BIGINT NOT NULL, seen BIGINT NOT NULL);
CREATE TABLE link (
    event TEXT NOT NULL PRIMARY KEY, book TEXT NOT NULL, feed TEXT NOT NULL,
    staleness_s BIGINT NOT NULL{names});
CREATE TABLE snapshot (
    stretch BIGINT NOT NULL, book TEXT NOT NULL, time BIGINT NOT NULL, event TEXT NOT NULL,
    outcome BIGINT NOT NULL, changes BIGINT NOT NULL, trades BIGINT NOT NULL,
    bid_ticks BIGINT, bid_lots BIGINT, ask_ticks BIGINT, ask_lots BIGINT,
    bids_lots BIGINT NOT NULL, asks_lots BIGINT NOT NULL, bids TEXT NOT NULL, asks TEXT NOT NULL,
    PRIMARY KEY (book, stretch, time));
CREATE TABLE reading (
    stretch BIGINT NOT NULL, feed TEXT NOT NULL, time BIGINT NOT NULL, bid_ppm BIGINT, ask_ppm BIGINT,
    PRIMARY KEY (feed, stretch, time));
INSERT INTO stretch VALUES (1, 5, 6);
INSERT INTO link (event, book, feed, staleness_s) VALUES ('event', 'book', 'feed', 30);
INSERT INTO reading VALUES (1, 'feed', 5, NULL, 7);
PRAGMA user_version = {version};
PRAGMA application_id = {application};
"""
"""What keepers wrote that knew no perpetuals; in the first schema events had no names."""
OLD_PERPS = """
CREATE TABLE perp (
    market TEXT NOT NULL, exchange TEXT NOT NULL, feed TEXT NOT NULL, name TEXT NOT NULL,
    PRIMARY KEY (market));
CREATE TABLE perp_snapshot (
    stretch BIGINT NOT NULL, market TEXT NOT NULL, time BIGINT NOT NULL, slot BIGINT NOT NULL,
    quality TEXT NOT NULL, index_ticks BIGINT NOT NULL, mark_ticks BIGINT NOT NULL,
    last_ticks BIGINT NOT NULL, settlement_ticks BIGINT NOT NULL, index_average BIGINT NOT NULL,
    basis_ticks BIGINT NOT NULL, basis_average BIGINT NOT NULL, premium_ticks BIGINT NOT NULL,
    funding_rate BIGINT NOT NULL, predicted_rate BIGINT NOT NULL, funding_index BIGINT NOT NULL,
    open_lots BIGINT, value_atoms BIGINT, pool_atoms BIGINT, insurance_atoms BIGINT,
    haircut_atoms BIGINT, haircut_open_atoms BIGINT, long_accounts BIGINT NOT NULL,
    short_accounts BIGINT NOT NULL, long_lots BIGINT NOT NULL, short_lots BIGINT NOT NULL,
    long_top_lots BIGINT NOT NULL, short_top_lots BIGINT NOT NULL, bids_1pct_lots BIGINT NOT NULL,
    asks_1pct_lots BIGINT NOT NULL, bids_5pct_lots BIGINT NOT NULL, asks_5pct_lots BIGINT NOT NULL,
    PRIMARY KEY (market, stretch, time));
CREATE TABLE liquidation_scan (
    stretch BIGINT NOT NULL, market TEXT NOT NULL, time BIGINT NOT NULL, mark_ticks BIGINT NOT NULL,
    width_ticks BIGINT NOT NULL, accounts BIGINT NOT NULL, far_accounts BIGINT NOT NULL,
    unreached_accounts BIGINT NOT NULL, PRIMARY KEY (market, stretch, time));
CREATE TABLE liquidation_cluster (
    stretch BIGINT NOT NULL, market TEXT NOT NULL, time BIGINT NOT NULL, from_ticks BIGINT NOT NULL,
    long_accounts BIGINT NOT NULL, long_lots BIGINT NOT NULL, long_atoms BIGINT,
    short_accounts BIGINT NOT NULL, short_lots BIGINT NOT NULL, short_atoms BIGINT,
    PRIMARY KEY (market, stretch, time, from_ticks));
INSERT INTO perp VALUES ('market', 'exchange', 'feed', 'SOL');
"""
"""What the third schema added: perpetuals, of which nobody could say what a tick is."""
NAMES = ", name TEXT NOT NULL DEFAULT '', title TEXT NOT NULL DEFAULT ''"


def write_old(path: Path, version: int) -> None:
    """A history of an earlier schema."""
    script = OLD_SCHEMA.format(
        names=NAMES if version > 1 else "", version=version, application=store.APPLICATION_ID
    )
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script + (OLD_PERPS if version > 2 else ""))


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_history_of_an_earlier_schema_is_read_and_taken_up(path: Path, version: int) -> None:
    write_old(path, version)
    link = Link("event", "book", "feed", 30, "rain", "Will it rain?")
    perp = PerpLink("market", "exchange", "feed", "SOL", 100, -6)
    before = [perp._replace(units_per_tick=None, feed_exponent=None)] if version > 2 else []
    for is_taken_up in (False, True):
        with closing(HistoryReader(path)) as reader:
            assert reader.links() == [link if is_taken_up else link._replace(name="", title="")]
            assert reader.perps() == ([perp] if is_taken_up else before)
            assert list(reader.perp_snapshots("market", 1)) == []
            assert reader.last_scan("market", 0, 9) is None
            assert list(reader.readings("feed", 1)) == [VenueReading("feed", 5, None, 7)]
        writer = HistoryWriter(path)
        writer.write(Batch(begins=True, begun=7, seen=8, links=[link], perps=[perp]))
        writer.close()
    assert rows(path, "PRAGMA user_version") == [(SCHEMA_VERSION,)]
