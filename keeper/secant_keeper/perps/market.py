"""What a market says that margin depends on: its prices, its cumulative indices and its leverage tiers."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

from secant_keeper.perps.bounds import PRICE_MAX_TICKS, TIERS_MAX
from secant_keeper.perps.errors import MarketInvalidError

_BPS_MAX: Final = 10_000
_WORD: Final = 1 << 64
_HALF_WORD: Final = 1 << 63


@dataclass(frozen=True, slots=True)
class Tier:
    """What the part of a position's value from here on requires.

    Attributes:
        from_atoms: From which value on, 0 for the first tier.
        initial_bps: Share that opening requires, at most 10,000.
        maintenance_bps: Share that keeping requires, less than that.
    """

    from_atoms: int
    initial_bps: int
    maintenance_bps: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """What positions in a market require.

    Attributes:
        tiers: 1 to 4, each from a higher value on and asking for more than the one before.
        size_premium_ppb: Share of the value that opening requires at least, in 10⁻⁹ for each √lot, 32 bits.

    Raises:
        MarketInvalidError: For tiers that the program would not have taken: margin that does not rise evenly
        has no
            single liquidation price.
    """

    tiers: tuple[Tier, ...]
    size_premium_ppb: int = 0

    def __post_init__(self) -> None:
        tiers = self.tiers
        sound = all(0 < tier.maintenance_bps < tier.initial_bps <= _BPS_MAX for tier in tiers)
        rising = all(
            before.from_atoms < after.from_atoms
            and before.initial_bps < after.initial_bps
            and before.maintenance_bps < after.maintenance_bps
            for before, after in pairwise(tiers)
        )
        counted = 1 <= len(tiers) <= TIERS_MAX and tiers[0].from_atoms == 0 and tiers[-1].from_atoms < _WORD
        if not (counted and sound and rising and 0 <= self.size_premium_ppb < 1 << 32):
            raise MarketInvalidError(
                "a schedule has 1 to 4 tiers, the first from 0, each from more and asking for more than the"
                " one before, opening for more than keeping and up to 10,000 bps; a size premium has 32 bits"
            )


class SideView(NamedTuple):
    """Where the positions of one side count.

    Attributes:
        price_ticks: The price, 0 to 2²⁴ - 1.
        funding_index: What a long lot has paid in funding, in 2⁻³² atoms; signed 64 bits, it wraps.
        loss_index: What a lot of this side has borne of losses, in 2⁻³² atoms; signed 64 bits, it wraps.
    """

    price_ticks: int
    funding_index: int
    loss_index: int


class Sides(NamedTuple):
    """Where longs and where shorts count: alike at a mark, apart at the two ends of a band.

    Attributes:
        long: Where longs do.
        short: Where shorts do.
        face_ticks: As `Market.face_ticks`.
    """

    long: SideView
    short: SideView
    face_ticks: int = 0


@dataclass(frozen=True, slots=True)
class Market:
    """A market as the program states it.

    Attributes:
        mark_ticks: The mark, 1 to 2²⁴ - 1.
        low_ticks: Strict price of what is long, 0 to 2²⁴ - 1.
        high_ticks: Strict price of what is short, 0 to 2²⁴ - 1.
        is_doubtful: Whether opening is not permitted at these prices: what it requires is then doubled.
        schedule: The leverage tiers.
        funding_index: What a long lot has paid in funding, in 2⁻³² atoms; signed 64 bits, it wraps.
        loss_long_index: What a long lot has borne of losses, likewise.
        loss_short_index: What a short lot has.
        face_ticks: What a lot is worth at most, 0 to 2²⁴ - 1, in a market whose price is bounded: a short lot
            then requires margin on this less the mark, which is what it can lose. 0 without a bound.

    Raises:
        MarketInvalidError: For a price or an index outside these ranges.
    """

    mark_ticks: int
    low_ticks: int
    high_ticks: int
    is_doubtful: bool
    schedule: Schedule
    funding_index: int = 0
    loss_long_index: int = 0
    loss_short_index: int = 0
    face_ticks: int = 0

    def __post_init__(self) -> None:
        prices = (self.mark_ticks, self.low_ticks, self.high_ticks, self.face_ticks)
        if self.mark_ticks == 0 or not all(0 <= price <= PRICE_MAX_TICKS for price in prices):
            raise MarketInvalidError(
                f"a mark is 1 to 2^24 - 1 ticks, strict prices and face 0 to that, not {prices}"
            )
        indices = (self.funding_index, self.loss_long_index, self.loss_short_index)
        if not all(-_HALF_WORD <= index < _HALF_WORD for index in indices):
            raise MarketInvalidError(f"cumulative indices are signed words of 64 bits, not {indices}")

    @property
    def price_max_ticks(self) -> int:
        """The highest price there can be."""
        return self.face_ticks - 1 if self.face_ticks > 1 else PRICE_MAX_TICKS

    def at_mark(self) -> Sides:
        """Both sides at the mark, as keeping and closing count."""
        return Sides(
            SideView(self.mark_ticks, self.funding_index, self.loss_long_index),
            SideView(self.mark_ticks, self.funding_index, self.loss_short_index),
            self.face_ticks,
        )


def wrapped(value: int) -> int:
    """A number as a signed word of 64 bits, as the program's indices wrap."""
    return (value + _HALF_WORD) % _WORD - _HALF_WORD
