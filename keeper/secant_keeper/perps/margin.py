"""The engine's margin over arrays: the same integers, rounded the same way, for many legs at once.

All arrays are int64 unless said otherwise, of one length; amounts are atoms. The names are those of
`programs/engine/src/margin.rs` and `funding.rs`. `bounds.py` says why no step leaves 64 bits; what would is
reported in a bool array beside the result, whose numbers there mean nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from secant_keeper.perps.bounds import INDEX_BITS, MOVED_MAX, SETTLED_MAX_ATOMS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from secant_keeper.perps.columns import Bools, Ints, Legs
    from secant_keeper.perps.market import Market, Schedule, Sides

_ALL_BPS: Final = 10_000
_ALL_PPB: Final = 1_000_000_000
_LOTS_LOW_BITS: Final = 17
_FRACTION_MASK: Final = (1 << INDEX_BITS) - 1
_FROM_MAX_ATOMS: Final = 1 << 62


class Bounded(NamedTuple):
    """Numbers, and where they mean nothing.

    Attributes:
        atoms: The numbers.
        is_unknown: Where a number left the bounds in which the mirror is exact.
    """

    atoms: Ints
    is_unknown: Bools


def payment_up(position_lots: Ints, moved: Ints) -> Ints:
    """Atoms that positions pay for what an index has moved, negative if they receive: ⌈lots · moved / 2³²⌉.

    Exact for lots within ±2³⁴ and moves within ±2⁵⁹. The product has up to 93 bits, so it is taken in parts:
    the whole atoms of the move, then its fraction by the upper and by the lower bits of the lots. A ceiling
    of a ceiling is the ceiling, so rounding the lowest part up first loses nothing; `>>` rounds down,
    whatever the sign.
    """
    whole = moved >> INDEX_BITS
    fraction = moved & _FRACTION_MASK
    upper = (position_lots >> _LOTS_LOW_BITS) * fraction
    lower = (position_lots & ((1 << _LOTS_LOW_BITS) - 1)) * fraction
    part = upper - (-lower >> _LOTS_LOW_BITS)
    paid: Ints = position_lots * whole - (-part >> (INDEX_BITS - _LOTS_LOW_BITS))
    return paid


def settled_quote(legs: Legs, sides: Sides) -> Bounded:
    """Quotes once funding and losses up to the sides' indices are taken from them."""
    is_short = legs.position_lots < 0
    # Arrays of 64-bit integers wrap, as the program's indices do.
    funding = _by_side(is_short, sides.long.funding_index, sides.short.funding_index) - legs.funding_index
    loss = _by_side(is_short, sides.long.loss_index, sides.short.loss_index) - legs.loss_index
    size = np.abs(legs.position_lots)
    settled = legs.quote_atoms - payment_up(legs.position_lots, funding) - payment_up(size, loss)
    unknown = _outside(funding, MOVED_MAX) | _outside(loss, MOVED_MAX)
    # A flat position pays nothing, however far the indices went.
    unknown &= size != 0
    return Bounded(settled, unknown | _outside(settled, SETTLED_MAX_ATOMS))


def maintenance_part(legs: Legs, sides: Sides, schedule: Schedule) -> Bounded:
    """What each leg adds to its account's maintenance surplus: its claim less what keeping it requires."""
    quote, unknown = settled_quote(legs, sides)
    price = _price(legs, sides)
    return Bounded(maintenance_part_at(legs.position_lots, quote, price, schedule, sides.face_ticks), unknown)


def maintenance_part_at(
    position_lots: Ints, settled_atoms: Ints, price_ticks: Ints | int, schedule: Schedule, face_ticks: int
) -> Ints:
    """As `maintenance_part`, with settled quotes; prices 0 to 2²⁴ - 1, one for each leg or for all."""
    required = maintenance_up(schedule, value_of(position_lots, price_ticks, face_ticks))
    return position_lots * price_ticks + settled_atoms - required


def value_of(position_lots: Ints, price_ticks: Ints | int, face_ticks: int) -> Ints:
    """What up to 2³⁵ lots count for in what they require: with a face, shorts for what they can lose."""
    value: Ints = np.abs(position_lots * price_ticks)
    if face_ticks == 0:
        return value
    left_ticks = np.maximum(face_ticks - price_ticks, 0)
    return np.where(position_lots < 0, -position_lots * left_ticks, value)


def maintenance_up(schedule: Schedule, value_atoms: Ints) -> Ints:
    """What keeping positions worth 0 to 2⁵⁹ atoms requires."""
    return _tiered_up(
        value_atoms, [(tier.from_atoms, tier.maintenance_bps) for tier in reversed(schedule.tiers)]
    )


def initial_up(schedule: Schedule, lots: Ints, value_atoms: Ints) -> Ints:
    """What opening positions of 0 to 2³⁵ lots worth 0 to 2⁵⁹ atoms requires: the more of tiers and size.

    The root is of a float. Lots below 2⁵² are floats exactly, and IEEE 754 rounds a root correctly: below a
    whole number k the nearest root is √(k² - 1) < k - 1/(2k), and for k up to 2¹⁸ that is 2⁻¹⁹ away from k,
    many spacings of floats (2⁻³⁵). So no root is rounded up to a whole number, and cutting it off is ⌊√lots⌋.
    """
    tiered = _tiered_up(
        value_atoms, [(tier.from_atoms, tier.initial_bps) for tier in reversed(schedule.tiers)]
    )
    if schedule.size_premium_ppb == 0:
        return tiered
    root = np.sqrt(lots.astype(np.float64)).astype(np.int64)
    share = np.minimum(root * schedule.size_premium_ppb, _ALL_PPB)
    wholes = value_atoms // _ALL_PPB
    rest = (value_atoms - wholes * _ALL_PPB) * share
    premium: Ints = wholes * share - (-rest // _ALL_PPB)
    return np.maximum(tiered, premium)


def position_initial_up(legs: Legs, market: Market) -> Ints:
    """What opening requires of each leg: a side's orders filled, and what they give away at strict prices."""
    required = np.maximum(
        _position_required(legs.position_lots + legs.bid_lots, market),
        _position_required(legs.position_lots - legs.ask_lots, market),
    )
    given = np.maximum(legs.bid_atoms - legs.bid_lots * market.low_ticks, 0)
    given += np.maximum(legs.ask_lots * market.high_ticks - legs.ask_atoms, 0)
    required += np.where((legs.bid_lots | legs.ask_lots) == 0, 0, given)
    return required * 2 if market.is_doubtful else required


def _position_required(position_lots: Ints, market: Market) -> Ints:
    value = value_of(position_lots, market.mark_ticks, market.face_ticks)
    return initial_up(market.schedule, np.abs(position_lots), value)


def _tiered_up(value_atoms: Ints, from_atoms_and_bps: Sequence[tuple[int, int]]) -> Ints:
    """Shares of the parts of values that lie in each tier, the highest first; rounded up once, over all."""
    whole = np.zeros_like(value_atoms)
    parts = np.zeros_like(value_atoms)
    top = value_atoms
    for from_atoms, bps in from_atoms_and_bps:
        start = min(from_atoms, _FROM_MAX_ATOMS)
        part = np.maximum(top - start, 0)
        if start:
            top = np.minimum(top, start)
        wholes = part // _ALL_BPS
        whole += wholes * bps
        parts += (part - wholes * _ALL_BPS) * bps
    required: Ints = whole + (parts + (_ALL_BPS - 1)) // _ALL_BPS
    return required


def _price(legs: Legs, sides: Sides) -> Ints | int:
    if sides.long.price_ticks == sides.short.price_ticks:
        return sides.long.price_ticks
    return _by_side(legs.position_lots < 0, sides.long.price_ticks, sides.short.price_ticks)


def _by_side(is_short: Bools, long: int, short: int) -> Ints:
    return np.where(is_short, np.int64(short), np.int64(long))


def _outside(values: Ints, bound: int) -> Bools:
    return (values > bound) | (values < -bound)
