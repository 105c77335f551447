"""The engine's margin in Python's own integers, from its definitions: what the mirror is held against.

Nothing here is shared with the mirror: no arrays, no bounds, no tricks; a share is a fraction, rounded once.
`Refused` is raised exactly where the engine returns a fault.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, isqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from secant_keeper.perps.columns import Leg
    from secant_keeper.perps.market import Market, Schedule


class Refused(Exception):  # noqa: N818 - what the engine calls a fault
    """A number left its 64 bits."""


def signed(value: int) -> int:
    if not -(2**63) <= value < 2**63:
        raise Refused(value)
    return value


def unsigned(value: int) -> int:
    if not 0 <= value < 2**64:
        raise Refused(value)
    return value


def wrapping(value: int) -> int:
    low = value & (2**64 - 1)
    return low - 2**64 if low >= 2**63 else low


def payment_up(lots: int, index_before: int, index_now: int) -> int:
    moved = wrapping(index_now - index_before)
    if moved == 0 or lots == 0:
        return 0
    owed = signed(-moved) if lots < 0 else moved
    if abs(owed) * abs(lots) >> 32 >= 2**63 - 1:
        raise Refused
    return ceil(Fraction(owed * abs(lots), 2**32))


def tiered(schedule: Schedule, value_atoms: int, shares_bps: Sequence[int]) -> int:
    starts = [tier.from_atoms for tier in schedule.tiers]
    required = Fraction(0)
    for start, end, bps in zip(starts, [*starts[1:], None], shares_bps, strict=True):
        top = value_atoms if end is None else min(value_atoms, end)
        required += Fraction(max(top - start, 0) * bps, 10_000)
    return ceil(required)


def maintenance_up(schedule: Schedule, value_atoms: int) -> int:
    return tiered(schedule, value_atoms, [tier.maintenance_bps for tier in schedule.tiers])


def initial_up(schedule: Schedule, lots: int, value_atoms: int) -> int:
    share = min(Fraction(schedule.size_premium_ppb * isqrt(lots), 10**9), Fraction(1))
    return max(
        tiered(schedule, value_atoms, [tier.initial_bps for tier in schedule.tiers]),
        ceil(value_atoms * share),
    )


@dataclass
class ModelHealth:
    free_atoms: int
    claims_atoms: int = 0
    losses_atoms: int = 0
    initial_atoms: int = 0
    maintenance_atoms: int = 0

    def add(self, leg: Leg, market: Market) -> None:
        lots = leg.position_lots
        quote = settled_quote(leg, market)
        strict = market.high_ticks if lots < 0 else market.low_ticks
        claim = signed(lots * market.mark_ticks + quote)
        loss = min(signed(lots * strict + quote), 0)
        initial = initial_of(leg, market)
        self.claims_atoms = signed(self.claims_atoms + claim)
        self.losses_atoms = signed(self.losses_atoms + loss)
        self.initial_atoms = unsigned(self.initial_atoms + initial)
        self.maintenance_atoms += maintenance_up(market.schedule, value_of(lots, market))

    def equity(self) -> int:
        return signed(self.free_atoms + self.claims_atoms)

    def initial_surplus(self) -> int:
        return signed(signed(self.free_atoms + self.losses_atoms) - self.initial_atoms)

    def maintenance_surplus(self) -> int:
        return signed(self.equity() - self.maintenance_atoms)


def settled_quote(leg: Leg, market: Market) -> int:
    loss_index = market.loss_short_index if leg.position_lots < 0 else market.loss_long_index
    funding = payment_up(leg.position_lots, leg.funding_index, market.funding_index)
    loss = payment_up(abs(leg.position_lots), leg.loss_index, loss_index)
    return signed(leg.quote_atoms - signed(funding + loss))


def initial_of(leg: Leg, market: Market) -> int:
    ends = (leg.position_lots + leg.bid_lots, leg.position_lots - leg.ask_lots)
    required = max(initial_up(market.schedule, abs(lots), value_of(lots, market)) for lots in ends)
    if leg.bid_lots or leg.ask_lots:
        required += max(leg.bid_atoms - leg.bid_lots * market.low_ticks, 0)
        required += max(leg.ask_lots * market.high_ticks - leg.ask_atoms, 0)
    return unsigned(2 * required if market.is_doubtful else required)


def value_of(lots: int, market: Market) -> int:
    """What can be lost of it, in a market with a face."""
    if lots < 0 and market.face_ticks:
        return -lots * max(market.face_ticks - market.mark_ticks, 0)
    return abs(lots) * market.mark_ticks


def health_of(free_atoms: int, legs: Sequence[Leg], markets: Sequence[Market]) -> ModelHealth:
    found = ModelHealth(free_atoms)
    for leg in legs:
        found.add(leg, markets[leg.market])
    return found


def surplus_of(free_atoms: int, legs: Sequence[Leg], markets: Sequence[Market]) -> int:
    """The maintenance surplus alone."""
    return health_of(free_atoms, legs, markets).maintenance_surplus()
