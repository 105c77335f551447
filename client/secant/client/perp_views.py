"""Perpetuals from what the program stores to what people read."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from secant import exchange
from secant.perp_margin import (
    AVERAGE_BITS,
    HOUR_S,
    LONG_STALE_TIMES,
    average_ticks,
    band_around,
    distance_up,
    is_paying,
    near_ticks,
    predicted_rate,
)
from secant.units import PerpScale, collateral_of

from .orders import order_price_ticks, order_side, resting_orders
from .perp_changes import rule_changes
from .perp_results import (
    Funding,
    PerpBookView,
    PerpLevel,
    PerpLimits,
    PerpOrderView,
    PerpPausable,
    PerpRulesView,
    PerpStatus,
    PerpTierView,
    PerpView,
    PriceProblem,
    PriceQuality,
)
from .results import Side
from .views import PPM, moment_of, moment_text

if TYPE_CHECKING:
    from solders.pubkey import Pubkey

    from .perp_state import PerpState

__all__ = [
    "PERP_PAUSE_BITS",
    "pays_from",
    "perp_book_view",
    "perp_order_views",
    "perp_paused",
    "perp_view",
    "quality_of",
    "share_of",
    "status_of",
]

PERP_PAUSE_BITS: Final = {
    PerpPausable.OPEN: exchange.PERP_PAUSE_OPEN,
    PerpPausable.LIQUIDATE: exchange.PERP_PAUSE_LIQUIDATE,
    PerpPausable.PROFITS: exchange.PERP_PAUSE_PROFITS,
}
_DAYS: Final = 365
_HOURS: Final = 24
_SHARE: Final = Decimal("0.0000000001")
_WIDE: Final = Context(prec=100, rounding=ROUND_HALF_EVEN)


def share_of(part: int | Fraction, whole: int | Fraction, step: Decimal = _SHARE) -> Decimal:
    """A part of a whole, to ten decimals: for reading, never for sending."""
    ratio = Fraction(part) / Fraction(whole)
    quotient = _WIDE.divide(Decimal(ratio.numerator), Decimal(ratio.denominator))
    return quotient.quantize(step, context=_WIDE)


def quality_of(market: exchange.PerpMarket, scale: PerpScale, now: int) -> PriceQuality:
    """How good a market's price is at a time, as it was last brought up to date."""
    fresh = min(market.agreed_at, market.updated_at)
    age_s, stale_s = max(now - fresh, 0), market.rules.stale_s
    rules, average = market.rules, average_ticks(market)
    low, high = band_around(rules.shock_ticks, rules.shock_bps, average)
    found: dict[PriceProblem, str] = {}
    if market.settlement_ticks:
        return PriceQuality((), "", moment_of(market.agreed_at), opens=True, liquidates=True)
    if age_s > stale_s:
        problem = PriceProblem.LONG_STALE if age_s > stale_s * LONG_STALE_TIMES else PriceProblem.STALE
        found[problem] = f"stale since {moment_text(fresh + stale_s)}: its last is of {moment_text(fresh)}"
    if market.is_uncertain:
        found[PriceProblem.UNCERTAIN] = (
            f"uncertain: its publishers have agreed on nothing since {moment_text(market.agreed_at)}"
        )
    if not low <= market.index_ticks <= high:
        shown = [f"{scale.price_of(ticks):,f}" for ticks in (market.index_ticks, low, high, average)]
        found[PriceProblem.VOLATILE] = (
            f"volatile: the index {shown[0]} is not from {shown[1]} to {shown[2]}, around its five-minute"
            f" average {shown[3]}"
        )
    return PriceQuality(
        problems=tuple(found),
        why="; ".join(found.values()),
        agreed=moment_of(market.agreed_at),
        opens=not found,
        liquidates=not found.keys() & {PriceProblem.LONG_STALE, PriceProblem.UNCERTAIN},
    )


def perp_view(state: PerpState, now: int) -> PerpView:
    """A perpetual for people, at a time in Unix seconds."""
    market, scale = state.stored, state.scale
    open_atoms = market.open_lots * market.mark_ticks
    return PerpView(
        address=state.address,
        name=state.name,
        feed=market.feed,
        exponent=state.exponent,
        book=state.book,
        tick_size=scale.tick_size,
        lot_size=scale.lot_size,
        index=scale.price_of(market.index_ticks),
        mark=scale.price_of(market.mark_ticks),
        last=scale.price_of(market.last_ticks) if market.traded_at else None,
        average=scale.price_of(average_ticks(market)),
        basis=scale.price_of(market.mark_ticks - market.index_ticks),
        funding=_funding(market, scale, now),
        open_lots=market.open_lots,
        open_size=scale.size_of(market.open_lots),
        open_value=collateral_of(open_atoms),
        pool=collateral_of(market.pool_atoms),
        insurance=collateral_of(market.insurance_atoms),
        fees=collateral_of(market.fees_atoms + market.fees_due_atoms),
        haircuts=collateral_of(market.haircut_atoms),
        taker_fee=share_of(market.rules.taker_fee_ppm, PPM, Decimal("0.000001")),
        maker_rebate=share_of(market.rules.maker_rebate_ppm, PPM, Decimal("0.000001")),
        tiers=_tiers(market.rules),
        limits=_limits(market, scale),
        rules=_rules(market.rules, scale),
        quality=quality_of(market, scale, now),
        paused=perp_paused(market.pause_bits),
        face=scale.price_of(market.rules.face_ticks) if market.rules.face_ticks else None,
        status=status_of(market, now),
        closes=moment_of(market.close_time) if market.close_time else None,
        settlement=scale.price_of(market.settlement_ticks) if market.settlement_ticks else None,
        pays=moment_of(pays_from(market)) if market.settlement_ticks else None,
        new_rules=moment_of(market.rules_time) if market.rules_time else None,
        rule_changes=rule_changes(market),
        updated=moment_of(market.updated_at),
    )


def pays_from(market: exchange.PerpMarket) -> int:
    """When a settled market begins to pay its winners, in Unix seconds."""
    return market.settled_time + exchange.LOSSES_FIRST_S


def status_of(market: exchange.PerpMarket, now: int) -> PerpStatus:
    """Where a market stands at a time in Unix seconds."""
    end = market.close_time
    if market.settlement_ticks:
        return PerpStatus.PAYING if is_paying(market, now) else PerpStatus.SETTLED
    if not end or now < end - exchange.CLOSING_WINDOW_S:
        return PerpStatus.OPEN
    return PerpStatus.CLOSED if now >= end else PerpStatus.CLOSING


def perp_paused(pause_bits: int) -> tuple[PerpPausable, ...]:
    """What a market's pause bits say is paused."""
    return tuple(pausable for pausable, bit in PERP_PAUSE_BITS.items() if pause_bits & bit)


def _tiers(rules: exchange.PerpRules) -> tuple[PerpTierView, ...]:
    basis_point = Decimal("0.0001")
    return tuple(
        PerpTierView(
            from_value=collateral_of(tier.from_atoms),
            initial=share_of(tier.initial_bps, 10_000, basis_point),
            maintenance=share_of(tier.maintenance_bps, 10_000, basis_point),
            leverage=share_of(10_000, max(tier.initial_bps, 1), Decimal("0.01")),
        )
        for tier in rules.tiers[: rules.tier_count]
    )


def _limits(market: exchange.PerpMarket, scale: PerpScale) -> PerpLimits:
    rules = market.rules
    lowest, highest = near_ticks(market)
    return PerpLimits(
        position=scale.size_of(rules.position_max_lots),
        open=scale.size_of(rules.open_max_lots),
        min_order=scale.size_of(rules.lots_min),
        price_min=scale.price_of(lowest),
        price_max=scale.price_of(highest),
        profits_hour=collateral_of(rules.profits_max_atoms),
        stale_s=rules.stale_s,
    )


def _rules(rules: exchange.PerpRules, scale: PerpScale) -> PerpRulesView:
    def share(bps: int) -> Decimal:
        return share_of(bps, 10_000, Decimal("0.0001"))

    return PerpRulesView(
        near=share(rules.near_bps),
        near_price=scale.price_of(rules.near_ticks),
        shock=share(rules.shock_bps),
        shock_price=scale.price_of(rules.shock_ticks),
        funding=share(rules.funding_bps),
        funding_price=scale.price_of(rules.funding_ticks),
        reward=share(rules.reward_bps),
        reward_max=share(rules.reward_max_bps),
        insurance_fee=share(rules.insurance_bps),
        insurance_day=share(rules.insurance_cap_bps),
        dust_value=collateral_of(rules.dust_atoms),
        impact_size=scale.size_of(rules.impact_lots),
        size_premium_ppb=rules.size_premium_ppb,
    )


def _funding(market: exchange.PerpMarket, scale: PerpScale, now: int) -> Funding:
    index = market.index_ticks << AVERAGE_BITS
    cap = distance_up(market.rules.funding_ticks, market.rules.funding_bps, market.index_ticks)
    rate = Fraction(market.funding_rate, 2**AVERAGE_BITS)
    return Funding(
        day=share_of(market.funding_rate, index),
        hour=share_of(market.funding_rate, index * _HOURS),
        year=share_of(market.funding_rate * _DAYS, index),
        predicted_day=share_of(predicted_rate(market), index),
        amount_day=share_of(rate * Fraction(scale.tick_size), 1),
        max_day=share_of(cap << AVERAGE_BITS, index),
        next=moment_of((now // HOUR_S + 1) * HOUR_S),
    )


def perp_book_view(address: Pubkey, data: bytes, market: Pubkey, scale: PerpScale, now: int) -> PerpBookView:
    """A perpetual's book as levels, at a time in Unix seconds."""
    head, found = resting_orders(data)
    sides: dict[Side, dict[int, tuple[int, int]]] = {Side.BUY: {}, Side.SELL: {}}
    for _, order, _ in found:
        if 0 < order.expires_at <= now:
            continue
        levels, ticks = sides[order_side(order.id)], order_price_ticks(order.id)
        lots, count = levels.get(ticks, (0, 0))
        levels[ticks] = lots + order.lots, count + 1
    bids, asks = (_levels(sides[side], scale, reverse=side is Side.BUY) for side in (Side.BUY, Side.SELL))
    return PerpBookView(
        address=address,
        market=market,
        bids=bids,
        asks=asks,
        spread=asks[0].price - bids[0].price if bids and asks else None,
        changes=head.changes,
    )


def _levels(levels: dict[int, tuple[int, int]], scale: PerpScale, *, reverse: bool) -> tuple[PerpLevel, ...]:
    views, depth_atoms = [], 0
    for ticks, (lots, count) in sorted(levels.items(), reverse=reverse):
        depth_atoms += lots * ticks
        views.append(PerpLevel(scale.price_of(ticks), scale.size_of(lots), count, collateral_of(depth_atoms)))
    return tuple(views)


def perp_order_views(
    state: PerpState, data: bytes, account: Pubkey | None, now: int
) -> tuple[PerpOrderView, ...]:
    """The orders of a perpetual's book, expired ones too; one margin account's, if it is named."""
    _, found = resting_orders(data)
    return tuple(
        PerpOrderView(
            id=order.id,
            market=state.address,
            name=state.name,
            account=owner,
            side=order_side(order.id),
            price=state.scale.price_of(order_price_ticks(order.id)),
            size=state.scale.size_of(order.lots),
            client_id=order.client_id,
            expires=datetime.fromtimestamp(order.expires_at, UTC) if order.expires_at else None,
            is_expired=0 < order.expires_at <= now,
            place=place,
        )
        for place, order, owner in found
        if account is None or owner == account
    )
