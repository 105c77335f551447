"""Accounts' health as the program would state it, and the price of each leg that would bring them down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from secant_keeper.perps.at_risk import at_marks, mark_rows
from secant_keeper.perps.bounds import LEGS_MAX
from secant_keeper.perps.margin import (
    Bounded,
    maintenance_part_at,
    maintenance_up,
    position_initial_up,
    settled_quote,
    value_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from secant_keeper.perps.columns import Bools, Columns, Ints, Legs
    from secant_keeper.perps.market import Market

Words: TypeAlias = "NDArray[np.uint64]"

_HALF_WORD: Final = np.uint64(1 << 63)


@dataclass(frozen=True, slots=True)
class Health:
    """The engine's `Health` of many accounts, by their places in the rows asked for; atoms.

    Attributes:
        free_atoms: int64. Free collateral.
        claims_atoms: int64. Σ unrealised profits and losses at the marks.
        losses_atoms: int64. Σ unrealised losses at the strict prices, none positive.
        initial_atoms: uint64. What opening requires.
        maintenance_atoms: int64, never negative. What keeping requires.
        is_unknown: bool. Where the account left the mirror's bounds, or has a leg in a market that is not
            known: its other numbers mean nothing.
    """

    free_atoms: Ints
    claims_atoms: Ints
    losses_atoms: Ints
    initial_atoms: Words
    maintenance_atoms: Ints
    is_unknown: Bools

    def equity(self) -> Ints:
        """What all is worth at the marks."""
        return self.free_atoms + self.claims_atoms

    def maintenance_surplus(self) -> Ints:
        """What is left beyond what keeping requires; whoever has less than nothing left is liquidated."""
        return self.equity() - self.maintenance_atoms

    def initial_surplus(self) -> Bounded:
        """What is left beyond what opening requires; unknown also where the program refuses (64 bits)."""
        collateral = self.free_atoms + self.losses_atoms
        # Both words are unsigned: a collateral less -2⁶³ is the most that can be taken from it.
        most = collateral.view(np.uint64) ^ _HALF_WORD
        left = (collateral.view(np.uint64) - self.initial_atoms).view(np.int64)
        return Bounded(left, self.is_unknown | (self.initial_atoms > most))


def health(columns: Columns, markets: Sequence[Market | None], rows: Ints) -> Health:
    """The health of some rows, none named twice, with the markets by index, None for one not known."""
    found = Health(
        free_atoms=columns.free_atoms[rows],
        claims_atoms=np.zeros(len(rows), dtype=np.int64),
        losses_atoms=np.zeros(len(rows), dtype=np.int64),
        initial_atoms=np.zeros(len(rows), dtype=np.uint64),
        maintenance_atoms=np.zeros(len(rows), dtype=np.int64),
        is_unknown=columns.is_unbounded[rows],
    )
    for index, legs in columns.legs_of(rows):
        market = markets[index] if index < len(markets) else None
        if market is None:
            found.is_unknown[legs.rows] = True
        else:
            _add(found, legs, market)
    return found


def _add(found: Health, legs: Legs, market: Market) -> None:
    quote, is_outside = settled_quote(legs, market.at_mark())
    strict_ticks = np.where(legs.position_lots < 0, market.high_ticks, market.low_ticks)
    claim = legs.position_lots * market.mark_ticks + quote
    value = value_of(legs.position_lots, market.mark_ticks, market.face_ticks)
    # No account has two legs in a market, so no row is there twice.
    found.claims_atoms[legs.rows] += claim
    found.losses_atoms[legs.rows] += np.minimum(legs.position_lots * strict_ticks + quote, 0)
    found.initial_atoms[legs.rows] += position_initial_up(legs, market).view(np.uint64)
    found.maintenance_atoms[legs.rows] += maintenance_up(market.schedule, value)
    found.is_unknown[legs.rows] |= is_outside


def liquidation_ticks(columns: Columns, markets: Sequence[Market | None], rows: Ints) -> NDArray[np.int64]:
    """The price of each leg's market at which its account becomes liquidatable, all else unchanged.

    For a long leg the highest such price, for a short one the lowest: from there on it is liquidatable at
    every further price, and before it at none. It may lie behind the mark, for an account that is
    liquidatable already.

    Args:
        columns: The accounts.
        markets: The markets by index, None for one whose state is not known.
        rows: Some rows, none named twice.

    Returns:
        Ticks of shape (rows, 8) as `Columns.leg_market`, 1 to the market's highest; 0 without a leg, for a
        flat one, where no price does it, and where the account's health is unknown.
    """
    surpluses = mark_rows(columns, at_marks(markets), rows)
    found = np.zeros((len(rows), LEGS_MAX), dtype=np.int64)
    for index, legs in columns.legs_of(rows):
        market = markets[index] if index < len(markets) else None
        if market is None:
            continue
        quote = settled_quote(legs, market.at_mark()).atoms
        part = maintenance_part_at(
            legs.position_lots, quote, market.mark_ticks, market.schedule, market.face_ticks
        )
        ticks = _first_below_zero(legs.position_lots, surpluses.atoms[legs.rows] - part + quote, market)
        ticks[surpluses.is_unknown[legs.rows]] = 0
        slot = np.argmax(columns.leg_market[rows[legs.rows]] == index, axis=1)
        found[legs.rows, slot] = ticks
    return found


def _first_below_zero(position_lots: Ints, base_atoms: Ints, market: Market) -> Ints:
    """Where base and claim less maintenance fall below zero, by halving.

    Going away from its side's best price a surplus never rises (`near_risk`), so *below* is a half-line. A
    distance from the best price is looked for: the greatest price for a long, the least for a short.
    """
    is_short = position_lots < 0
    most = market.price_max_ticks
    low = np.zeros_like(position_lots)
    # One more than there are distances: where it stays, no price is below.
    high = np.full_like(position_lots, most)
    for _ in range(most.bit_length()):
        middle = (low + high) >> 1
        price = np.where(is_short, 1 + middle, most - middle)
        part = maintenance_part_at(position_lots, base_atoms, price, market.schedule, market.face_ticks)
        below = part < 0
        high = np.where(below, middle, high)
        low = np.where(below, low, middle + 1)
    ticks = np.where(is_short, 1 + high, most - high)
    return np.where((high < most) & (position_lots != 0), ticks, 0)
