"""A perpetual's prices as the program counts them, and what they are good enough for.

As `programs/exchange/src/state/perp.rs` and `programs/engine/src/{mark,quality}.rs` have it, at the time at
which an instruction would bring the market up to date.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from secant import perp_margin
from secant.perp_margin import (
    LONG_STALE_TIMES,
    Prices,
    average_ticks,
    band_around,
    near_ticks,
    price_max_ticks,
)
from secant_keeper.perps.market import Market, Schedule, Tier

if TYPE_CHECKING:
    from secant import exchange


def prices_of(market: exchange.PerpMarket, now: int) -> Prices:
    """A market's prices at a chain time, Unix seconds."""
    return perp_margin.prices_of(market, is_doubtful=not _permits(market, now)[0])


def may_liquidate(market: exchange.PerpMarket, now: int) -> bool:
    """Whether a market's price at a chain time permits liquidating, and moving losses."""
    return _permits(market, now)[1]


def _permits(market: exchange.PerpMarket, now: int) -> tuple[bool, bool]:
    """Whether the price permits opening, and liquidating."""
    if market.settlement_ticks:
        return True, True
    rules = market.rules
    # Bringing the market up to date is part of every instruction: only its reading can be old then.
    age_s = now - market.agreed_at
    if market.is_uncertain or age_s > LONG_STALE_TIMES * rules.stale_s:
        return False, False
    low, high = band_around(rules.shock_ticks, rules.shock_bps, average_ticks(market))
    is_volatile = not low <= market.index_ticks <= high
    return not is_volatile and age_s <= rules.stale_s, True


def mirrored(market: exchange.PerpMarket, now: int) -> Market:
    """A market as the mirror of margin takes it.

    A settled one still as if it required margin: who is picked for that is found healthy by itself.
    """
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
    low_ticks, high_ticks = near_ticks(market)
    return low_ticks, min(high_ticks, price_max_ticks(market.rules))
