"""The export command: a history as Parquet, one file a table."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from secant_keeper.errors import InputError
from secant_keeper.reports import period, reading
from secant_keeper.stores.schema import LINK, PERP, STRETCH, TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from types import ModuleType

    from secant_keeper.stores.database import Database
    from secant_keeper.stores.place import HistoryPlace
    from secant_keeper.stores.schema import Column, Table

ROWS_AT_A_TIME: Final = 65_536
"""Rows of a group of a file, and so most in memory."""

_TIMELESS: Final = (LINK, PERP)
"""Tables that are exported whole: the others refer to them."""


class ExportUnavailableError(InputError):
    """This installation cannot write Parquet; the message names what is missing."""


def export_command(place: HistoryPlace, folder: Path, start: str | None, end: str | None) -> int:
    """Write every table of a history to `<table>.parquet` in a folder, of one moment; the exit code.

    Rows are those from `start` until before `end`; of stretches, those that overlap it. Numbers are signed
    64-bit integers as the history holds them.

    Raises:
        ExportUnavailableError: The library for Parquet is not installed.
        InputError: The history, the folder or a time will not do.
    """
    first, last = period(start, end)
    library = _library()
    with reading(place) as history:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for table in TABLES:
                columns = table.known(history.database.version)
                if columns:
                    rows = _rows(history.database, table, columns, first, last)
                    count = _write(library, folder / f"{table.name}.parquet", columns, rows)
                    sys.stdout.write(f"{table.name}.parquet: {count} rows\n")
        except OSError as error:
            raise InputError(f"{folder} cannot be written: {error.strerror or error}") from error
    sys.stdout.flush()
    return 0


def _library() -> ModuleType:
    try:
        # Imported here because only this command needs it, and it is large.
        library = import_module("pyarrow")
        import_module("pyarrow.parquet")
    except ImportError as error:
        raise ExportUnavailableError(
            "an export needs the package pyarrow; in the project's folder: pip install '.[parquet]'"
        ) from error
    return library


def _rows(
    database: Database, table: Table, columns: tuple[Column, ...], start: int | None, end: int | None
) -> Iterator[tuple[Any, ...]]:
    from_column, to_column = ("seen", "begun") if table is STRETCH else ("time", "time")
    limits = [(f"{from_column} >= ?", start), (f"{to_column} < ?", end)]
    limits = [] if table in _TIMELESS else [limit for limit in limits if limit[1] is not None]
    where = f" WHERE {' AND '.join(condition for condition, _ in limits)}" if limits else ""
    # Nothing in it comes from outside: names of tables and columns are the schema's.
    query = f"SELECT {', '.join(one.name for one in columns)} FROM {table.name}{where}"  # noqa: S608
    return database.rows(f"{query} ORDER BY {', '.join(table.key)}", [value for _, value in limits])


def _write(
    library: ModuleType, path: Path, columns: tuple[Column, ...], rows: Iterable[tuple[Any, ...]]
) -> int:
    """Write a file whole, or leave what was there; how many rows it has."""
    kinds = [library.string() if one.kind == "TEXT" else library.int64() for one in columns]
    schema = library.schema(
        [
            library.field(one.name, kind, nullable=one.is_null)
            for one, kind in zip(columns, kinds, strict=True)
        ]
    )
    count, unfinished = 0, path.with_name(f"{path.name}-unfinished")
    try:
        with library.parquet.ParquetWriter(unfinished, schema) as writer:
            for group in _groups(rows):
                arrays = zip(*group, strict=True)
                typed = [library.array(values, kind) for values, kind in zip(arrays, kinds, strict=True)]
                writer.write_batch(library.record_batch(typed, schema=schema))
                count += len(group)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return count


def _groups(rows: Iterable[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    group = []
    for row in rows:
        group.append(row)
        if len(group) == ROWS_AT_A_TIME:
            yield group
            group = []
    if group:
        yield group
