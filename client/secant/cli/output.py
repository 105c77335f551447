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

__all__ = ["amount", "answer", "facts", "moment", "note", "say", "table"]

_PIPED_WIDTH: Final = 200


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
        return {field.name: jsonable(getattr(value, field.name)) for field in dataclasses.fields(value)}
    match value:
        case None | bool() | int():
            plain: object = value
        case dict():
            plain = {str(key): jsonable(item) for key, item in value.items()}
        case tuple() | list():
            plain = [jsonable(item) for item in value]
        case datetime():
            plain = value.isoformat()
        case Decimal():
            plain = f"{value:f}"
        case _:
            plain = str(value)
    return plain


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


def moment(value: datetime | None) -> str:
    """A time in UTC."""
    return "—" if value is None else f"{value:%Y-%m-%d %H:%M:%S} UTC"


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Prints a table. Columns of decimals are aligned at their right, where equal decimals meet.

    Args:
        columns: Headings.
        rows: Cells; decimals, times and text.
    """
    listed = [list(row) for row in rows]
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
