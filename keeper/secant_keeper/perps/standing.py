"""Some accounts marked again and again: each time only the legs of markets that moved since."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from secant_keeper.perps.at_risk import Surpluses
from secant_keeper.perps.margin import Bounded, maintenance_part

if TYPE_CHECKING:
    from collections.abc import Sequence

    from secant_keeper.perps.columns import Columns, Ints, Legs
    from secant_keeper.perps.market import Market


class Standing:
    """Accounts as they are now, with what each of their legs last added to their surpluses."""

    def __init__(self, columns: Columns, rows: Ints) -> None:
        """Copy some rows, none named twice; later writes to them are not seen."""
        self._atoms = columns.free_atoms[rows]
        # How many reasons there are not to know an account: a mask could not be taken back leg by leg.
        self._reasons = columns.is_unbounded[rows].astype(np.int64)
        self._legs: dict[int, Legs] = dict(columns.legs_of(rows))
        self._parts: dict[int, Bounded] = {}
        self._marked: dict[int, Market | None] = {}

    def mark(self, markets: Sequence[Market | None]) -> Surpluses:
        """Their surpluses as `mark_rows` has them, valid until the next time.

        Args:
            markets: The markets as they are, by index; None for one whose state is not known.
        """
        for index, legs in self._legs.items():
            market = markets[index] if index < len(markets) else None
            if index not in self._marked or self._marked[index] != market:
                self._replace(index, legs, market)
        return Surpluses(self._atoms, self._reasons > 0)

    def _replace(self, index: int, legs: Legs, market: Market | None) -> None:
        if market is None:
            part = Bounded(np.zeros_like(legs.rows), np.ones(len(legs.rows), dtype=np.bool_))
        else:
            part = maintenance_part(legs, market.at_mark(), market.schedule)
        before = self._parts.get(index)
        # Sums of 64 bits wrap, so what an unknown leg added is taken back exactly too.
        self._atoms[legs.rows] += part.atoms if before is None else part.atoms - before.atoms
        self._reasons[legs.rows] += part.is_unknown
        if before is not None:
            self._reasons[legs.rows] -= before.is_unknown
        self._parts[index] = part
        self._marked[index] = market
