"""A history in either database: what is written is read, by one writer, whole or not at all."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from book_world import state_of
from keeper_world import BEGIN, World
from postgres_server import WHY_NOT
from structlog.testing import capture_logs
from test_history import Clock, a_history

from secant_keeper.__main__ import main
from secant_keeper.config import Settings
from secant_keeper.history import RETRY_S
from secant_keeper.history_rows import (
    NUMBER_MAX,
    Batch,
    Cluster,
    Link,
    PerpLink,
    PerpSnapshot,
    Scan,
    Snapshot,
    VenueReading,
)
from secant_keeper.history_store import HistoryReader, HistoryWriter, database_at
from secant_keeper.metrics import Metrics
from secant_keeper.stores.database import HistoryFileError, HistoryUnavailableError
from secant_keeper.stores.place import PostgresPlace, place_of
from secant_keeper.stores.schema import SCHEMA_VERSION, TABLES
from secant_keeper.venues.depth import Level

if TYPE_CHECKING:
    from pathlib import Path

    from postgres_server import PostgresServer

    from secant_keeper.stores.place import HistoryPlace

LINK = Link("event", "book", "feed", 30, "rain", "Regnet's? 雨 ? %s")
BOOK = Snapshot("book", BEGIN, "event", 0, 7, True, (Level(4_000, 1),), (), 1, 0)
READING = VenueReading("feed", BEGIN, None, 400_000)
PERP = PerpLink("market", "exchange", "feed", "SOL", 100, -6)
MARKET = PerpSnapshot("market", BEGIN, 5, "open", *range(6, 33))
SCAN = Scan("market", BEGIN + 2, 10_000, 100, 3, 2, 1)
CLUSTERS = [Cluster("market", BEGIN + 2, at, 1, 2, 3, 4, 5, None) for at in (8_000, 12_000)]


def a_batch(**more: Any) -> Batch:
    whole = {
        "links": [LINK],
        "snapshots": [BOOK],
        "readings": [READING],
        "perps": [PERP],
        "perp_snapshots": [MARKET],
        "scans": [SCAN],
        "clusters": CLUSTERS,
    }
    return Batch(**{"begins": True, "begun": BEGIN, "seen": BEGIN + 5, **whole, **more})


def count(place: HistoryPlace, table: str) -> int:
    with closing(HistoryReader(place)) as reader:
        return int(reader.database.first(f"SELECT count(*) FROM {table}")[0])


def test_what_is_written_is_read(place: HistoryPlace) -> None:
    writer = HistoryWriter(place)
    writer.write(a_batch())
    changed = MARKET._replace(
        quality="gone", mark_ticks=NUMBER_MAX, funding_index=-NUMBER_MAX, open_lots=None
    )
    named = LINK._replace(title="new")
    again = {"links": [named], "readings": [READING._replace(bid_ppm=1)], "perp_snapshots": [changed]}
    writer.write(a_batch(begins=False, seen=BEGIN + 9, **again))
    writer.write(Batch(begins=True, begun=BEGIN + 20, seen=BEGIN + 20))
    writer.close()
    with closing(HistoryReader(place)) as reader:
        assert reader.stretches() == [(1, BEGIN, BEGIN + 9), (2, BEGIN + 20, BEGIN + 20)]
        assert reader.links() == [named]
        assert list(reader.snapshots("book", 1)) == [BOOK]
        assert list(reader.readings("feed", 1)) == [READING._replace(bid_ppm=1)]
        assert reader.perps() == [PERP]
        assert list(reader.perp_snapshots("market", 1)) == [changed]
        assert list(reader.perp_snapshots("market", 2)) == []
        assert reader.last_scan("market", BEGIN, BEGIN + 3) == (SCAN, CLUSTERS)
        assert reader.last_scan("market", BEGIN, BEGIN + 2) is None
    with closing(database_at(place, is_writer=True)) as database:
        assert database.version == SCHEMA_VERSION
        assert database.first("SELECT begun FROM stretch WHERE id = ?", (9,)) == ()


def test_a_batch_is_written_whole_or_not_at_all(place: HistoryPlace) -> None:
    writer = HistoryWriter(place)
    broken = CLUSTERS[0]._replace(time=BEGIN + 3, long_lots=None)  # type: ignore[arg-type]
    with pytest.raises(HistoryUnavailableError, match=r"(?i)not.null"):
        writer.write(a_batch(clusters=[*CLUSTERS, broken]))
    writer.write(Batch(begins=True, begun=BEGIN, seen=BEGIN))
    writer.close()
    assert [count(place, table.name) for table in TABLES] == [1, *[0] * (len(TABLES) - 1)]


def test_a_report_reads_as_of_its_first_read(place: HistoryPlace) -> None:
    writer = HistoryWriter(place)
    writer.write(a_batch())
    with closing(HistoryReader(place)) as reader:
        assert len(reader.stretches()) == 1
        writer.write(a_batch(perp_snapshots=[MARKET, MARKET._replace(time=BEGIN + 1)]))
        assert len(reader.stretches()) == 1
        assert list(reader.perp_snapshots("market", 2)) == []
        with pytest.raises(HistoryUnavailableError, match=r"(?i)read.?only"):
            reader.database.first("DELETE FROM stretch")
    writer.close()
    assert count(place, "stretch") == 2


def test_one_writes_and_whoever_is_killed_leaves_no_lock(place: HistoryPlace) -> None:
    hold = (
        "import sys; from secant_keeper.history_store import HistoryWriter; "
        "from secant_keeper.stores.place import place_of; "
        "writer = HistoryWriter(place_of(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
    )
    name = place.url if isinstance(place, PostgresPlace) else str(place)
    process = subprocess.Popen(
        [sys.executable, "-c", hold, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        for _ in range(2):
            with pytest.raises(HistoryFileError, match=r"another keeper writes the history .*: name another"):
                HistoryWriter(place)
        process.kill()
    writer = _once_free(place)
    writer.write(a_batch())
    writer.close()


def _once_free(place: HistoryPlace) -> HistoryWriter:
    """A server hears of a dead session when the system tells it, which is soon."""
    for _ in range(1_000):
        try:
            return HistoryWriter(place)
        except HistoryFileError:
            assert isinstance(place, PostgresPlace)
    raise AssertionError("the lock is still held")


def test_the_reports_are_the_same(place: HistoryPlace, capsys: pytest.CaptureFixture[str]) -> None:
    writer = HistoryWriter(place)
    writer.write(a_batch())
    writer.close()
    name = place.url if isinstance(place, PostgresPlace) else str(place)
    said = []
    for command in ("spread", "perps"):
        with pytest.raises(SystemExit) as ended:
            main([command, "--history", name, "--json"])
        assert ended.value.code == 0
        said.append(capsys.readouterr().out)
    assert '"observed_s": 5' in said[0]
    assert '"name": "SOL"' in said[1]
    assert '"mark_ticks": "7"' in said[1]


# --- PostgreSQL -------------------------------------------------------------------------------------------


async def test_a_lost_connection_is_told_once_and_everything_is_noted_anew(
    world: World, postgres: PostgresServer
) -> None:
    place = place_of(postgres.database())
    clock, metrics = Clock(), Metrics()
    history = a_history(place, metrics, clock=clock)
    state = state_of(world)
    history.note(state, BEGIN)
    await history._write()
    with closing(HistoryReader(place)) as other:
        other.database.first(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    with capture_logs() as logs:
        history.note(state, BEGIN + 1)
        await history._write()
        clock.now_s += RETRY_S
        history.note(state, BEGIN + 2)
        await history.close()
    assert [entry["event"] for entry in logs] == ["history is not written", "over"]
    assert metrics.history_failures._value.get() == 1
    with closing(HistoryReader(place)) as reader:
        assert [stretch[1:] for stretch in reader.stretches()] == [(BEGIN, BEGIN), (BEGIN + 2, BEGIN + 2)]


@pytest.mark.parametrize("fault", ["newer", "tables", "no schema", "no rights", "nothing to read"])
def test_a_database_that_will_not_do(postgres: PostgresServer, fault: str) -> None:
    url = postgres.database()
    place = place_of(url)
    complaint = "name another database"
    if fault != "nothing to read":
        HistoryWriter(place).close()
    with closing(_admin(url)) as admin:
        if fault == "newer":
            admin.execute("UPDATE secant_history SET version = %s", (SCHEMA_VERSION + 1,))
            complaint = f"has the schema {SCHEMA_VERSION + 1}, and this keeper knows none later"
        elif fault == "tables":
            admin.execute("DROP TABLE secant_history")
            complaint = "has tables of a history's names, but holds none"
        elif fault == "no schema":
            place = place_of(f"{url}&options=-csearch_path%3Dnone")
            complaint = "no schema has been selected to create in; name another database or schema"
        elif fault == "no rights":
            admin.execute("CREATE ROLE guest LOGIN")
            place = place_of(url.replace(f"{postgres.user}@", "guest@"))
            complaint = "permission denied for table secant_history; name another database or schema"
    if fault != "nothing to read":
        with pytest.raises(HistoryFileError, match=complaint) as caught:
            HistoryWriter(place)
        assert caught.value.exit_code == 2
    else:
        with pytest.raises(HistoryFileError, match="holds no history; a keeper writes one"):
            HistoryReader(place)
    if fault == "no rights":
        with closing(_admin(url)) as admin:
            admin.execute("DROP ROLE guest")


def _admin(url: str) -> Any:
    psycopg = pytest.importorskip("psycopg", reason=WHY_NOT or "")
    return psycopg.connect(url, autocommit=True)


def test_a_database_of_an_earlier_schema_is_taken_up(postgres: PostgresServer) -> None:
    url = postgres.database()
    HistoryWriter(place_of(url)).close()
    with closing(_admin(url)) as admin:
        admin.execute("ALTER TABLE perp DROP COLUMN units_per_tick, DROP COLUMN feed_exponent")
        admin.execute("INSERT INTO perp VALUES ('market', 'exchange', 'feed', 'SOL')")
        admin.execute("UPDATE secant_history SET version = 3")
    unscaled = PERP._replace(units_per_tick=None, feed_exponent=None)
    for expected in (unscaled, PERP):
        with closing(HistoryReader(place_of(url))) as reader:
            assert reader.perps() == [expected]
        writer = HistoryWriter(place_of(url))
        writer.write(a_batch())
        writer.close()


def test_two_histories_in_schemas_of_their_own(postgres: PostgresServer) -> None:
    url = postgres.database()
    with closing(_admin(url)) as admin:
        admin.execute("CREATE SCHEMA other")
    first, second = (place_of(f"{url}{more}") for more in ("", "&options=-csearch_path%3Dother"))
    writers = [HistoryWriter(first), HistoryWriter(second)]
    writers[0].write(a_batch())
    for writer in writers:
        writer.close()
    assert (count(first, "perp"), count(second, "perp")) == (1, 0)


def test_a_server_that_does_not_answer_is_waited_for(postgres: PostgresServer, tmp_path: Path) -> None:
    place = place_of(postgres.database().replace("/tmp/secant-pg", f"{tmp_path}/none"))
    metrics = Metrics()
    with capture_logs() as logs:
        a_history(place, metrics)
    assert [entry["event"] for entry in logs] == ["history is not written"]
    assert metrics.history_failures._value.get() == 1
    with pytest.raises(HistoryFileError, match=r"cannot be read: .*; try again"):
        HistoryReader(place)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("postgresql://u:hush@[::1/db", "the URL of the history is none"),
        ("postgresql://u:hush@h:99999/db", "the URL of the history is none"),
        ("mysql://u:hush@h/db", "a history has no URL of the kind mysql://"),
        ("postgresql://u:hu%sh@h/db", "none that PostgreSQL takes: postgresql://USER@HOST"),
        ("postgresql://u:hush@h/db?nonsense=1", "none that PostgreSQL takes"),
    ],
)
def test_a_url_that_will_not_do_is_not_shown(
    capsys: pytest.CaptureFixture[str], text: str, complaint: str
) -> None:
    if "PostgreSQL takes" in complaint and WHY_NOT is not None and "psycopg" in WHY_NOT:
        pytest.skip(WHY_NOT)
    with pytest.raises(SystemExit) as ended:
        main(["perps", "--history", text])
    assert ended.value.code == 2
    err = capsys.readouterr().err
    assert complaint in err
    assert "hush" not in err
    assert "hu%" not in err
    assert err.count("\n") == 1


def test_a_setting_names_either(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert Settings(history=str(tmp_path)).history == tmp_path  # type: ignore[arg-type]
    monkeypatch.setenv("SECANT_KEEPER_HISTORY", "postgresql://u:hush@h:5/db?host=x")
    place = Settings().history
    assert isinstance(place, PostgresPlace)
    assert (str(place), repr(place)) == ("postgresql://h:5/db",) * 2
    assert "hush" not in repr(Settings())


def test_without_its_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    monkeypatch.delitem(sys.modules, "secant_keeper.stores.postgres", raising=False)
    with pytest.raises(HistoryFileError, match=r"needs the package psycopg; .*pip install '.\[postgres\]'"):
        HistoryWriter(place_of("postgresql://u@h/db"))
