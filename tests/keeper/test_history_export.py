"""The export as Parquet: what the files hold is what the history holds, number for number."""

from __future__ import annotations

import sys
from contextlib import closing
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest
from keeper_world import BEGIN, iso
from test_history import write_old
from test_history_stores import CLUSTERS, MARKET, READING, a_batch

from secant_keeper import history_export as module
from secant_keeper.__main__ import main
from secant_keeper.history_rows import NUMBER_MAX
from secant_keeper.history_store import HistoryReader, HistoryWriter
from secant_keeper.stores.place import PostgresPlace
from secant_keeper.stores.schema import TABLES

if TYPE_CHECKING:
    from pathlib import Path

    from secant_keeper.stores.place import HistoryPlace

needs_pyarrow = pytest.mark.skipif(
    find_spec("pyarrow") is None, reason="the package pyarrow (the extra parquet) is not installed"
)


def run(capsys: pytest.CaptureFixture[str], place: HistoryPlace, *options: str) -> tuple[int, str, str]:
    name = place.url if isinstance(place, PostgresPlace) else str(place)
    with pytest.raises(SystemExit) as ended:
        main(["export", "--history", name, *options])
    captured = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return ended.value.code, captured.out, captured.err


def rows_of(path: Path) -> list[tuple[Any, ...]]:
    from pyarrow import parquet

    columns = parquet.read_table(path).to_pydict()
    return list(zip(*columns.values(), strict=True))


def fill(place: HistoryPlace) -> None:
    writer = HistoryWriter(place)
    widest = MARKET._replace(funding_index=-NUMBER_MAX - 1, mark_ticks=NUMBER_MAX, open_lots=None)
    writer.write(a_batch(perp_snapshots=[widest, *(MARKET._replace(time=BEGIN + n) for n in range(1, 6))]))
    later = READING._replace(time=BEGIN + 30, bid_ppm=1)
    writer.write(a_batch(begun=BEGIN + 30, seen=BEGIN + 40, readings=[later], clusters=CLUSTERS[:1]))
    writer.close()


@needs_pyarrow
def test_every_table_is_exported_as_it_is(
    place: HistoryPlace, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from pyarrow import parquet

    monkeypatch.setattr(module, "ROWS_AT_A_TIME", 2)  # several groups
    fill(place)
    out = tmp_path / "a" / "folder"
    for _ in range(2):  # the second time over the first
        code, said, _ = run(capsys, place, "--out", str(out))
        assert code == 0
    assert sorted(path.name for path in out.iterdir()) == sorted(f"{table.name}.parquet" for table in TABLES)
    with closing(HistoryReader(place)) as reader:
        for table in TABLES:
            names = ", ".join(column.name for column in table.columns)
            order = ", ".join(table.key)
            held = list(reader.database.rows(f"SELECT {names} FROM {table.name} ORDER BY {order}"))
            assert rows_of(out / f"{table.name}.parquet") == held
            assert held
            assert f"{table.name}.parquet: {len(held)} rows\n" in said
            schema = parquet.read_schema(out / f"{table.name}.parquet")
            assert {str(kind) for kind in schema.types} <= {"int64", "string"}
            assert [field.nullable for field in schema] == [column.is_null for column in table.columns]


@needs_pyarrow
@pytest.mark.parametrize("names", [("--since", "--until"), ("--from", "--to")])
def test_a_period_is_what_is_exported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], names: tuple[str, str]
) -> None:
    place = tmp_path / "history.sqlite"
    fill(place)
    times = (names[0], iso(BEGIN + 2), names[1], str(BEGIN + 5))
    code, _, _ = run(capsys, place, "--out", str(tmp_path), *times)
    assert code == 0
    assert [row[2] - BEGIN for row in rows_of(tmp_path / "perp_snapshot.parquet")] == [2, 3, 4]
    assert [row[0] for row in rows_of(tmp_path / "stretch.parquet")] == [1]
    assert rows_of(tmp_path / "reading.parquet") == []
    assert len(rows_of(tmp_path / "perp.parquet")) == len(rows_of(tmp_path / "link.parquet")) == 1


@needs_pyarrow
@pytest.mark.parametrize(("version", "names"), [(1, ()), (2, ("", "")), (3, ("", ""))])
def test_a_history_of_an_earlier_schema_is_exported_as_far_as_it_goes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], version: int, names: tuple[str, ...]
) -> None:
    place = tmp_path / "history.sqlite"
    write_old(place, version)
    assert run(capsys, place, "--out", str(tmp_path))[0] == 0
    exported = {path.stem for path in tmp_path.glob("*.parquet")}
    perps = {"perp", "perp_snapshot", "liquidation_scan", "liquidation_cluster"} if version > 2 else set()
    assert exported == {"stretch", "link", "snapshot", "reading"} | perps
    assert rows_of(tmp_path / "link.parquet") == [("event", "book", "feed", 30, *names)]


@needs_pyarrow
def test_a_folder_that_cannot_be_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "history.sqlite"
    fill(place)
    code, _, err = run(capsys, place, "--out", str(place / "below"))
    assert code == 2
    assert "below cannot be written: Not a directory" in err
    assert err.count("\n") == 1


@needs_pyarrow
def test_what_breaks_off_leaves_what_was_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "history.sqlite"
    fill(place)
    (tmp_path / "stretch.parquet").write_text("old")
    monkeypatch.setattr(module, "_groups", _broken)
    code, _, err = run(capsys, place, "--out", str(tmp_path))
    assert (code, err.count("\n")) == (2, 1)
    assert (tmp_path / "stretch.parquet").read_text() == "old"
    assert not list(tmp_path.glob("*unfinished*"))


def _broken(_rows: Any) -> Any:
    raise OSError(28, "No space left on device")


def test_without_its_library_it_says_what_to_install(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    code, _, err = run(capsys, tmp_path / "h.sqlite", "--out", str(tmp_path / "out"))
    assert code == 2
    assert "needs the package pyarrow; in the project's folder: pip install '.[parquet]'" in err
    assert not (tmp_path / "out").exists()
