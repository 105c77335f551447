"""Within which bounds the mirror's 64-bit integers hold every step, and what it calls unknown beyond them.

They lie far beyond any collateral there is: 2⁵⁷ atoms are 144 billion units. The sums they rest on:

- |lots · price| < 2³⁴ · 2²⁴ = 2⁵⁸ is a position's value; with open orders its lots are at most 2³⁵ and its
  value below 2⁵⁹.
- A payment is at most 2³⁴ · 2⁵⁹ / 2³² = 2⁶¹. Two of them and a quote stay below 2⁶³, and are only then
  compared with `SETTLED_MAX_ATOMS`.
- A leg adds at most 2⁵⁸ (value) + 2⁵⁸ (quote) + 2⁵⁸ (maintenance) to a surplus: eight legs 3 · 2⁶¹, and with
  the free collateral less than 2⁶³. So the program refuses nothing here for a claim, an equity or a
  maintenance surplus.
- A leg requires less than 2 · (2⁵⁹ + 2⁵⁸ + 2⁵⁸) = 2⁶¹ for opening, and eight legs less than 2⁶⁴, which is why
  these sums are unsigned. Taking them from the collateral can leave 64 bits: `Health.initial_surplus` says
  where.
"""

from __future__ import annotations

from typing import Final

PRICE_MAX_TICKS: Final = (1 << 24) - 1
"""The highest price of a book, so the highest mark."""

LEGS_MAX: Final = 8
"""Perpetual legs of a margin account."""

TIERS_MAX: Final = 4
"""Leverage tiers of a market."""

INDEX_BITS: Final = 32
"""Fraction bits of the cumulative indices of funding and losses, which are atoms a lot."""

LOTS_MAX: Final = 1 << 34
"""Most lots of a position, of its open bids, and of its open asks: the engine's PERP_LOTS_MAX."""

QUOTE_MAX_ATOMS: Final = 1 << 57
"""Greatest amount of a leg's stored quote."""

ORDERS_MAX_ATOMS: Final = 1 << 58
"""Most that the open orders of one side of a leg pay or bring in all."""

FREE_MAX_ATOMS: Final = 1 << 60
"""Greatest amount of an account's free collateral."""

MOVED_MAX: Final = 1 << 59
"""Furthest that a cumulative index may have moved since a leg was settled, in 2⁻³² atoms a lot: eight times
the highest price."""

SETTLED_MAX_ATOMS: Final = 1 << 58
"""Greatest amount of a leg's quote once funding and losses are taken from it."""
