"""The rules of a new perpetual, from decimal numbers."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from secant import exchange
from secant.errors import InputError
from secant.units import Number, PerpScale, atoms_of, bps_of, feed_units_of, feed_value_of, ppm_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .results import FeedView

__all__ = ["PerpTerms", "PerpTierTerms", "feed_price", "perp_rules", "perp_tiers"]

_TIERS_MAX: Final = 4
_LOTS_MAX: Final = 2**34
_IMPACT_ORDERS: Final = 8
_DIGITS: Final = 5  # of the first price, unless a tick is given
_FACE_TIER_BPS: Final = (10_000, exchange.BOUNDED_MAINTENANCE_MIN_BPS)
_FACE_BANDS: Final = {"near": 3, "shock": 30, "funding": 1}  # hundredths of a face
_NO_TIER: Final = exchange.PerpTier(from_atoms=0, initial_bps=0, maintenance_bps=0)


@dataclass(frozen=True, slots=True)
class PerpTierTerms:
    """What the part of a position's value from here on requires.

    Attributes:
        from_value: From which value on, in collateral; 0 for the first, rising.
        initial: Share that opening requires, such as 0.1 for ten times leverage.
        maintenance: Share that keeping requires; less than `initial`.
    """

    from_value: Number
    initial: Number
    maintenance: Number


@dataclass(frozen=True, slots=True)
class PerpTerms:
    """What is asked of a new perpetual. Shares are fractions of 1, sizes base units.

    Attributes:
        tiers: What positions require, 1 to 4 by rising value; ten times leverage unless given, and all of the
            value where there is a face (99 % of it to keep).
        tick_size: What prices are multiples of, itself one of 10^exponent of the feed; by default the price,
            or the face, has five digits.
        position_max: Most that an account holds; as much as the program can count unless given.
        open_max: Most that is open in all; eight times `position_max` unless given.
        impact_value: Value of the orders that the impact prices are for, at most eight of the least; that
            unless given.
        min_value: Least value of an order that rests, at the price now.
        dust_value: A position that a liquidation would leave worth less is closed whole.
        profits_hour: Most profits that leave the pool in an hour.
        face: What a base unit is worth at most, such as 1 for a probability; the price is not bounded unless
            given. What positions could be short of must then lie in insurance before they are opened.
        size_premium_ppb: Share of the value that opening requires at least, in 10^-9 for each root of lots.
        near: How far the book takes the mark from the index; the first tier's `maintenance` unless given, and
            nothing where there is a face.
        near_price: And so much more, as a price, for prices that have a face: 3 % of that unless given.
        shock: How far the mark may be from the index's five-minute average; a fifth unless given, and nothing
            where there is a face.
        shock_price: And so much more, as a price; 30 % of a face unless given.
        funding: Most that is paid in funding a day; 0.05 unless given, and nothing where there is a face.
        funding_price: And so much more, as a price; 1 % of a face unless given.
        stale_s: Seconds after which a reading is too old to open by, 1 to 3,600.
        taker_fee: What a taker pays.
        maker_rebate: What a maker gets out of that.
        reward: Least reward of a liquidation; a tenth of the first tier's `maintenance` unless given.
        reward_max: The reward of liquidating an account that is worth nothing; half of it unless given.
        insurance_fee: What insurance earns by a liquidation; a tenth of it unless given.
        insurance_day: Most of its balance that insurance pays in a day; 0.3 unless given, and all of it where
            there is a face.
    """

    tiers: Sequence[PerpTierTerms] | None = None
    tick_size: Number | None = None
    position_max: Number | None = None
    open_max: Number | None = None
    impact_value: Number | None = None
    min_value: Number = 1
    dust_value: Number = 10
    profits_hour: Number = 1_000_000
    face: Number | None = None
    size_premium_ppb: int = 0
    near: Number | None = None
    near_price: Number | None = None
    shock: Number | None = None
    shock_price: Number | None = None
    funding: Number | None = None
    funding_price: Number | None = None
    stale_s: int = 60
    taker_fee: Number = "0.00045"
    maker_rebate: Number = "0.00005"
    reward: Number | None = None
    reward_max: Number | None = None
    insurance_fee: Number | None = None
    insurance_day: Number | None = None


def perp_rules(feed: FeedView, terms: PerpTerms | None = None) -> exchange.PerpRules:
    """The rules of a perpetual over a feed that has a price.

    Args:
        feed: The feed.
        terms: What is asked of it; the defaults unless given.

    Raises:
        UnitError, InputError: a number is not valid, or the feed has no price. Whether the rules fit together
            the program says: PerpRulesInvalid.
    """
    asked = PerpTerms() if terms is None else terms
    asked_tiers = _tiers_of(asked)
    tiers = perp_tiers(asked_tiers)
    price = feed_price(feed)
    scale = _scale(feed, price, asked)
    ticks = int(price / scale.tick_size)
    lots_max = (
        _LOTS_MAX if asked.position_max is None else scale.lots_of(asked.position_max, "most of a position")
    )

    def lots_worth(value: Number, name: str) -> int:
        return max(1, min(atoms_of(value, name) // max(ticks, 1), lots_max))

    lots_min = lots_worth(asked.min_value, "least value")
    keeping_bps = tiers[0].maintenance_bps
    return exchange.PerpRules(
        tiers=tiers,
        tier_count=len(asked_tiers),
        units_per_tick=feed_units_of(scale.tick_size, feed.exponent, "tick size"),
        position_max_lots=lots_max,
        open_max_lots=8 * lots_max
        if asked.open_max is None
        else scale.lots_of(asked.open_max, "most open in all"),
        impact_lots=_IMPACT_ORDERS * lots_min
        if asked.impact_value is None
        else lots_worth(asked.impact_value, "impact value"),
        lots_min=lots_min,
        dust_atoms=atoms_of(asked.dust_value, "dust value"),
        profits_max_atoms=atoms_of(asked.profits_hour, "profits an hour"),
        size_premium_ppb=asked.size_premium_ppb,
        **_bands(asked, scale, keeping_bps),
        stale_s=asked.stale_s,
        taker_fee_ppm=ppm_of(asked.taker_fee, "taker fee"),
        maker_rebate_ppm=ppm_of(asked.maker_rebate, "maker rebate"),
        reward_bps=_share(asked.reward, max(keeping_bps // 10, 1), "reward"),
        reward_max_bps=_share(asked.reward_max, max(keeping_bps // 2, 1), "greatest reward"),
        insurance_bps=_share(asked.insurance_fee, keeping_bps // 10, "insurance fee"),
        insurance_cap_bps=_share(asked.insurance_day, 10_000 if asked.face else 3_000, "insurance a day"),
    )


def _tiers_of(asked: PerpTerms) -> Sequence[PerpTierTerms]:
    if asked.tiers is not None:
        return asked.tiers
    if asked.face is None:
        return (PerpTierTerms(0, "0.1", "0.05"),)
    opening, keeping = (Decimal(bps).scaleb(-4) for bps in _FACE_TIER_BPS)
    return (PerpTierTerms(0, opening, keeping),)


def _share(share: Number | None, unless_given: int, name: str) -> int:
    return unless_given if share is None else bps_of(share, name)


def _bands(asked: PerpTerms, scale: PerpScale, keeping_bps: int) -> dict[str, int]:
    """The face, and the bands around a price: parts of a face where there is one, shares of it elsewhere."""
    face_ticks = 0 if asked.face is None else scale.ticks_of(asked.face, "face")
    shares = {"near": asked.near, "shock": asked.shock, "funding": asked.funding}
    prices = {"near": asked.near_price, "shock": asked.shock_price, "funding": asked.funding_price}
    defaults = {"near": keeping_bps, "shock": 2_000, "funding": 500}
    found = {"face_ticks": face_ticks}
    for name, share in shares.items():
        price = prices[name]
        found[f"{name}_bps"] = _share(share, 0 if face_ticks else defaults[name], name)
        if price is None:
            found[f"{name}_ticks"] = -(-face_ticks * _FACE_BANDS[name] // 100)
        else:
            found[f"{name}_ticks"] = 0 if price in {0, "0"} else scale.ticks_of(price, f"{name} price")
    return found


def feed_price(feed: FeedView) -> Decimal:
    """What a feed's newest two-sided reading says, in its middle.

    Raises:
        InputError: it has none, or one that is no price.
    """
    newest = max(
        (reading for reading in feed.readings if reading.source_time is not None),
        key=lambda reading: (reading.source_time is not None, reading.source_time),
        default=None,
    )
    if newest is None or newest.bid is None or newest.ask is None or newest.bid + newest.ask <= 0:
        raise InputError(f"feed {feed.name} has no price yet", "publish one: `secant feed publish`")
    return (newest.bid + newest.ask) / 2


def _scale(feed: FeedView, price: Decimal, asked: PerpTerms) -> PerpScale:
    tick_size = asked.tick_size
    if tick_size is None:
        if asked.face is not None:
            price = feed_value_of(feed_units_of(asked.face, feed.exponent, "face", least=1), feed.exponent)
        tick_size = Decimal(1).scaleb(max(price.adjusted() - (_DIGITS - 1), feed.exponent))
    scale = PerpScale.of(feed_units_of(tick_size, feed.exponent, "tick size", least=1), feed.exponent)
    if not scale.is_exact:
        raise InputError(
            f"with ticks of {scale.tick_size:f} no lot has a size that decimals can write",
            "use a tick size of 1, 2, 2.5 or 5 times a power of ten",
        )
    return scale


def perp_tiers(tiers: Sequence[PerpTierTerms]) -> tuple[exchange.PerpTier, ...]:
    """The tiers of a market as the program has them: always four.

    Raises:
        UnitError, InputError: a number is not valid, or there are not 1 to 4.
    """
    if not 1 <= len(tiers) <= _TIERS_MAX:
        raise InputError(f"no market has {len(tiers)} tiers", f"use 1 to {_TIERS_MAX}")
    return tuple(_tier(tier) for tier in tiers) + (_NO_TIER,) * (_TIERS_MAX - len(tiers))


def _tier(tier: PerpTierTerms) -> exchange.PerpTier:
    return exchange.PerpTier(
        from_atoms=atoms_of(tier.from_value, "tier"),
        initial_bps=bps_of(tier.initial, "initial"),
        maintenance_bps=bps_of(tier.maintenance, "maintenance"),
    )
