"""Who is liquidatable: one pass over all accounts, or over some of them.

An account is liquidatable if and only if its maintenance surplus is below zero. One thread does it: a second
one gains less than half as much again, and the reader and the sender need that core.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from secant_keeper.perps.margin import maintenance_part

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from secant_keeper.perps.columns import Bools, Columns, Ints, Legs
    from secant_keeper.perps.market import Market, Schedule, Sides

RUN_LEGS: Final = 16_384
"""Legs marked at once: a column of them is 128 KB, so that what a run needs stays in a core's caches."""

View: TypeAlias = "tuple[Sides, Schedule]"
"""Where a market's positions count, and what they require."""


@dataclass(frozen=True, slots=True)
class Surpluses:
    """What accounts have beyond what keeping their positions requires.

    Attributes:
        atoms: By row, int64; negative where it is missing. Means nothing where unknown.
        is_unknown: By row: the account left the mirror's bounds, or has a leg in a market that is not known.
    """

    atoms: Ints
    is_unknown: Bools

    def liquidatable(self) -> NDArray[np.intp]:
        """Rows that the program would liquidate, rising."""
        return np.flatnonzero((self.atoms < 0) & ~self.is_unknown)

    def unknown(self) -> NDArray[np.intp]:
        """Rows of which the program must be asked, rising; nobody else is liquidatable."""
        return np.flatnonzero(self.is_unknown)


def at_marks(markets: Sequence[Market | None]) -> list[View | None]:
    """The markets at their marks, by index; None for one whose state is not known."""
    return [None if market is None else (market.at_mark(), market.schedule) for market in markets]


def mark_all(columns: Columns, views: Sequence[View | None]) -> Surpluses:
    """The surpluses of all rows; those without an account have none, 0.

    Args:
        columns: The accounts.
        views: The markets by index; those that are missing or None are not known.
    """
    rows = slice(columns.row_count)
    return _marked(columns.free_atoms[rows], columns.is_unbounded[rows], columns.runs(RUN_LEGS), views)


def mark_rows(columns: Columns, views: Sequence[View | None], rows: Ints) -> Surpluses:
    """The surpluses of some rows, by their places in `rows`, where none is named twice."""
    return _marked(columns.free_atoms[rows], columns.is_unbounded[rows], columns.legs_of(rows), views)


def _marked(
    free_atoms: Ints, is_unbounded: Bools, runs: Iterable[tuple[int, Legs]], views: Sequence[View | None]
) -> Surpluses:
    atoms, is_unknown = free_atoms.copy(), is_unbounded.copy()
    for market, legs in runs:
        view = views[market] if market < len(views) else None
        if view is None:
            is_unknown[legs.rows] = True
            continue
        part, is_outside = maintenance_part(legs, *view)
        # No account has two legs in a market, so no row is there twice.
        atoms[legs.rows] += part
        if is_outside.any():
            is_unknown[legs.rows[is_outside]] = True
    return Surpluses(atoms, is_unknown)
