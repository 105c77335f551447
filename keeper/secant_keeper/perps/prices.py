"""A perpetual's prices as the program counts them, and what they are good enough for.

As `programs/exchange/src/state/perp.rs` and `programs/engine/src/{mark,quality}.rs` have it, at the time at
which an instruction would bring the market up to date.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from secant_keeper.perps.bounds import PRICE_MAX_TICKS
from secant_keeper.perps.market import Market, Schedule, Tier

if TYPE_CHECKING:
    from secant import exchange

AVERAGE_BITS: Final = 16
"""Fraction bits of averages."""

LONG_STALE_TIMES: Final = 6
"""How long a reading that is stale for opening still serves for liquidating, as a multiple."""

_ALL_BPS: Final = 10_000


class Prices(NamedTuple):
    """At what a market's positions count.

    Attributes:
        mark_ticks: The mark.
        low_ticks: Strict price of what is long.
        high_ticks: Strict price of what is short.
        face_ticks: What a lot is worth at most if the price is bounded; 0 otherwise.
        is_doubtful: Whether they do not permit opening.
        may_liquidate: Whether they permit liquidating, and moving losses.
    """

    mark_ticks: int
    low_ticks: int
    high_ticks: int
    face_ticks: int
    is_doubtful: bool
    may_liquidate: bool

    def value_ticks(self, lots: int) -> int:
        """What a lot of a position counts for in what it requires."""
        if lots < 0 and self.face_ticks:
            return max(self.face_ticks - self.mark_ticks, 0)
        return self.mark_ticks

    def value_atoms(self, lots: int) -> int:
        """What a position counts for in what it requires."""
        return abs(lots) * self.value_ticks(lots)


def prices_of(market: exchange.PerpMarket, now: int) -> Prices:
    """A market's prices.

    Args:
        market: The market.
        now: Chain time, Unix seconds.
    """
    average = market.index_average >> AVERAGE_BITS
    may_open, may_liquidate = _permits(market, average, now)
    return Prices(
        market.mark_ticks,
        min(market.mark_ticks, market.index_ticks, average),
        max(market.mark_ticks, market.index_ticks, average),
        market.rules.face_ticks,
        not may_open,
        may_liquidate,
    )


def _permits(market: exchange.PerpMarket, average_ticks: int, now: int) -> tuple[bool, bool]:
    if market.settlement_ticks:
        return True, True
    rules = market.rules
    # Bringing the market up to date is part of every instruction: only its reading can be old then.
    age_s = now - market.agreed_at
    if market.is_uncertain or age_s > LONG_STALE_TIMES * rules.stale_s:
        return False, False
    shock = rules.shock_ticks + -(-average_ticks * rules.shock_bps // _ALL_BPS)
    is_volatile = abs(market.index_ticks - average_ticks) > shock
    return not is_volatile and age_s <= rules.stale_s, True


def mirrored(market: exchange.PerpMarket, now: int) -> Market:
    """A market as the mirror of margin takes it."""
    rules, prices = market.rules, prices_of(market, now)
    tiers = tuple(
        Tier(tier.from_atoms, tier.initial_bps, tier.maintenance_bps)
        for tier in rules.tiers[: rules.tier_count]
    )
    return Market(
        mark_ticks=prices.mark_ticks,
        low_ticks=prices.low_ticks,
        high_ticks=prices.high_ticks,
        is_doubtful=prices.is_doubtful,
        schedule=Schedule(tiers, rules.size_premium_ppb),
        funding_index=market.funding_index,
        loss_long_index=market.loss_long_index,
        loss_short_index=market.loss_short_index,
        face_ticks=prices.face_ticks,
    )


def is_closed(market: exchange.PerpMarket, now: int) -> bool:
    """Whether nothing trades at `now` any more."""
    return market.close_time != 0 and now >= market.close_time


def near_mark(market: exchange.PerpMarket) -> tuple[int, int]:
    """The lowest and the highest price at which the book trades."""
    distance = market.rules.near_ticks + -(-market.mark_ticks * market.rules.near_bps // _ALL_BPS)
    high_ticks = min(market.mark_ticks + distance, price_max_ticks(market.rules))
    return max(market.mark_ticks - distance, 1), high_ticks


def price_max_ticks(rules: exchange.PerpRules) -> int:
    """The highest price."""
    return rules.face_ticks - 1 if rules.face_ticks else PRICE_MAX_TICKS
