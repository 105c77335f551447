"""What commands print: tables and sentences for people, JSON for programs."""

from __future__ import annotations

import dataclasses
import json
import sys
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from .settings import settings_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import typer
    from _typeshed import DataclassInstance

__all__ = ["amount", "answer", "counted", "facts", "fields", "moment", "note", "plain", "say", "table"]

_PIPED_WIDTH: Final = 400  # nothing folds where nobody reads columns


def answer(context: typer.Context, result: object) -> bool:
    """Prints a result as JSON if that was asked for; tells whether it did."""
    if not settings_of(context).is_json:
        return False
    sys.stdout.write(json.dumps(jsonable(result), ensure_ascii=False) + "\n")
    sys.stdout.flush()
    return True


def jsonable(value: object) -> object:
    """Decimals, addresses and signatures as text, times in ISO 8601, values by their fields."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {name: jsonable(item) for name, item in fields(value).items()}
    match value:
        case None | bool() | int():
            wire: object = value
        case dict():
            wire = {str(key): jsonable(item) for key, item in value.items()}
        case tuple() | list():
            wire = [jsonable(item) for item in value]
        case datetime():
            wire = value.isoformat()
        case Decimal():
            wire = f"{value:f}"
        case _:
            wire = str(value)
    return wire


def fields(value: DataclassInstance) -> dict[str, object]:
    """The fields of a value by name."""
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}


def say(sentence: str) -> None:
    """Prints a sentence to the standard output."""
    sys.stdout.write(sentence + "\n")
    sys.stdout.flush()


def note(sentence: str) -> None:
    """Prints a remark to the standard error, where it disturbs no pipe."""
    sys.stderr.write(sentence + "\n")
    sys.stderr.flush()


def amount(value: Decimal) -> str:
    """A decimal number with its thousands marked."""
    return f"{value:,f}"


def plain(value: Decimal) -> str:
    """A decimal number with its thousands marked, and without zeros behind its last digit."""
    text = amount(value)
    return text.rstrip("0").rstrip(".") if "." in text else text


def moment(value: datetime | None) -> str:
    """A time in UTC."""
    return "—" if value is None else f"{value:%Y-%m-%d %H:%M:%S} UTC"


def counted(count: int, name: str) -> str:
    """So many of something that takes an s."""
    return f"{count:,} {name}{'' if count == 1 else 's'}"


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str | None = None) -> None:
    """Prints a table. Columns of decimals are aligned at their right, where equal decimals meet.

    Args:
        columns: Headings.
        rows: Cells; decimals, times and text.
        empty: What is said instead where there are no rows.
    """
    listed = [list(row) for row in rows]
    if not listed and empty is not None:
        say(empty)
        return
    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for place, heading in enumerate(columns):
        is_number = any(isinstance(row[place], Decimal | int) for row in listed)
        grid.add_column(heading, justify="right" if is_number else "left", overflow="fold")
    for row in listed:
        grid.add_row(*[_cell(cell) for cell in row])
    _console().print(grid)


def facts(pairs: Iterable[tuple[str, object]]) -> None:
    """Prints names and values, one pair a line."""
    grid = Table(box=None, show_header=False, pad_edge=False)
    grid.add_column()
    grid.add_column(overflow="fold")
    for name, value in pairs:
        grid.add_row(Text(name), _cell(value))
    _console().print(grid)


def _cell(value: object) -> Text:
    # Text and not markup: a title may hold square brackets.
    if isinstance(value, Decimal):
        return Text(amount(value))
    if isinstance(value, datetime):
        return Text(moment(value))
    return Text("—" if value is None else str(value))


def _console() -> Console:
    return Console() if sys.stdout.isatty() else Console(width=_PIPED_WIDTH)
