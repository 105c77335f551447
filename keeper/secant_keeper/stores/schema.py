"""The tables of a history, once for every database it may be in.

A *stretch* is a time without holes: what was noted holds until the next word on the same thing, but never
beyond the stretch in which it was noted. All numbers are integers: ticks, lots, atoms, and fixed-point words
as the program has them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

SCHEMA_VERSION: Final = 4

Kind = Literal["NUMBER", "TEXT", "ID"]
SQL_TYPES: Final = {"NUMBER": "BIGINT", "TEXT": "TEXT"}
"""How every database here calls a signed integer of 64 bits, and a text."""


class Column(NamedTuple):
    """One column.

    Attributes:
        name: Its name.
        kind: A signed integer of 64 bits, a text, or an id that the database gives.
        is_null: Whether it may be null.
        since: The schema that brought it. What a later one than its table's brings must have something for
            the rows that were there: an empty text, or null.
    """

    name: str
    kind: Kind
    is_null: bool = False
    since: int = 1

    def typed(self, *, is_later: bool) -> str:
        """Its type and constraints; `is_later` for one that its table did not begin with."""
        if self.is_null:
            return SQL_TYPES[self.kind]
        return f"{SQL_TYPES[self.kind]} NOT NULL" + (" DEFAULT ''" if is_later else "")


@dataclass(frozen=True, slots=True)
class Table:
    """One table.

    Attributes:
        name: Its name.
        key: The columns that name a row.
        columns: All columns, in the order in which rows are given.
        since: The schema that brought it.
        updates: Which columns a second word on the same key replaces; empty for all.
    """

    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    since: int = 1
    updates: tuple[str, ...] = ()

    def known(self, version: int) -> tuple[Column, ...]:
        """The columns that a history of a schema has; none if it lacks the table."""
        return tuple(one for one in self.columns if max(self.since, one.since) <= version)

    def create(self, id_type: str) -> str:
        """The statement that makes it; `id_type` is how the database calls an id it gives itself."""
        lines = []
        for column in self.columns:
            if column.kind == "ID":
                lines.append(f"{column.name} {id_type}")
            else:
                lines.append(f"{column.name} {column.typed(is_later=column.since > self.since)}")
        if not any(column.kind == "ID" for column in self.columns):
            lines.append(f"PRIMARY KEY ({', '.join(self.key)})")
        return f"CREATE TABLE {self.name} ({', '.join(lines)})"

    def put(self) -> str:
        """The statement that writes a row, or what is new of one with the same key."""
        names = [column.name for column in self.columns]
        updates = self.updates or [name for name in names if name not in self.key]
        changed = ", ".join(f"{name} = excluded.{name}" for name in updates)
        # Nothing in it comes from outside: names of columns are constants of this module.
        return (
            f"INSERT INTO {self.name} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))}) "  # noqa: S608
            f"ON CONFLICT ({', '.join(self.key)}) DO UPDATE SET {changed}"
        )


def _numbers(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, "NUMBER") for name in names)


def _nullable(*names: str, since: int = 1) -> tuple[Column, ...]:
    return tuple(Column(name, "NUMBER", is_null=True, since=since) for name in names)


def _texts(*names: str, since: int = 1) -> tuple[Column, ...]:
    return tuple(Column(name, "TEXT", since=since) for name in names)


STRETCH: Final = Table("stretch", ("id",), (Column("id", "ID"), *_numbers("begun", "seen")))
LINK: Final = Table(
    "link",
    ("event",),
    (
        *_texts("event", "book", "feed"),
        *_numbers("staleness_s"),
        *_texts("name", "title", since=2),
    ),
    updates=("name", "title"),
)
SNAPSHOT: Final = Table(
    "snapshot",
    ("book", "stretch", "time"),
    (
        *_numbers("stretch"),
        *_texts("book"),
        *_numbers("time"),
        *_texts("event"),
        *_numbers("outcome", "changes", "trades"),
        *_nullable("bid_ticks", "bid_lots", "ask_ticks", "ask_lots"),
        *_numbers("bids_lots", "asks_lots"),
        *_texts("bids", "asks"),
    ),
)
READING: Final = Table(
    "reading",
    ("feed", "stretch", "time"),
    (*_numbers("stretch"), *_texts("feed"), *_numbers("time"), *_nullable("bid_ppm", "ask_ppm")),
)
PERP: Final = Table(
    "perp",
    ("market",),
    (
        *_texts("market", "exchange", "feed", "name"),
        *_nullable("units_per_tick", "feed_exponent", since=4),
    ),
    since=3,
)
PERP_SNAPSHOT: Final = Table(
    "perp_snapshot",
    ("market", "stretch", "time"),
    (
        *_numbers("stretch"),
        *_texts("market"),
        *_numbers("time", "slot"),
        *_texts("quality"),
        *_numbers("index_ticks", "mark_ticks", "last_ticks", "settlement_ticks", "index_average"),
        *_numbers("basis_ticks", "basis_average", "premium_ticks"),
        *_numbers("funding_rate", "predicted_rate", "funding_index"),
        *_nullable("open_lots", "value_atoms", "pool_atoms", "insurance_atoms"),
        *_nullable("haircut_atoms", "haircut_open_atoms"),
        *_numbers("long_accounts", "short_accounts", "long_lots", "short_lots"),
        *_numbers("long_top_lots", "short_top_lots"),
        *_numbers("bids_1pct_lots", "asks_1pct_lots", "bids_5pct_lots", "asks_5pct_lots"),
    ),
    since=3,
)
SCAN: Final = Table(
    "liquidation_scan",
    ("market", "stretch", "time"),
    (
        *_numbers("stretch"),
        *_texts("market"),
        *_numbers("time", "mark_ticks", "width_ticks"),
        *_numbers("accounts", "far_accounts", "unreached_accounts"),
    ),
    since=3,
)
CLUSTER: Final = Table(
    "liquidation_cluster",
    ("market", "stretch", "time", "from_ticks"),
    (
        *_numbers("stretch"),
        *_texts("market"),
        *_numbers("time", "from_ticks", "long_accounts", "long_lots"),
        *_nullable("long_atoms"),
        *_numbers("short_accounts", "short_lots"),
        *_nullable("short_atoms"),
    ),
    since=3,
)

TABLES: Final = (STRETCH, LINK, SNAPSHOT, READING, PERP, PERP_SNAPSHOT, SCAN, CLUSTER)


def changes_since(version: int, id_type: str) -> list[str]:
    """The statements that bring a history of a schema, 0 for an empty one, to the present one."""
    statements = []
    for table in TABLES:
        if table.since > version:
            statements.append(table.create(id_type))
        else:
            statements += [
                f"ALTER TABLE {table.name} ADD COLUMN {one.name} {one.typed(is_later=True)}"
                for one in table.columns
                if one.since > version
            ]
    return statements
