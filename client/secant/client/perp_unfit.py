"""Why the program would refuse a perpetual's rules, in words; what is refused only the program decides."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from secant import exchange
from secant.units import PERP_TICKS_MAX

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["UNFIT_REMEDY", "unfit_rules"]

UNFIT_REMEDY: Final = "`secant perp create --help` says what fits together"
_WHOLE_BPS: Final = 10_000
_SHOCK_MAX_BPS: Final = 9_000
_FUNDING_MAX_BPS: Final = 2_000
_STALE_MAX_S: Final = 3_600
_IMPACT_ORDERS_MAX: Final = 8
_LOTS_MAX: Final = 2**34


def unfit_rules(rules: exchange.PerpRules) -> tuple[str, str]:
    """What of a perpetual's rules does not fit, and the remedy."""
    found = [*_of_tiers(rules), *_of_bands(rules), *_of_face(rules), *_of_costs(rules), *_of_sizes(rules)]
    said = "; ".join(found) or "a number is outside of its range"
    return f"the rules do not fit together: {said}", UNFIT_REMEDY


def _of_tiers(rules: exchange.PerpRules) -> Iterator[str]:
    tiers = rules.tiers[: rules.tier_count]
    if len(tiers) != rules.tier_count or not tiers:
        yield "there are 1 to 4 tiers"
    if not all(0 < tier.maintenance_bps < tier.initial_bps <= _WHOLE_BPS for tier in tiers):
        yield "keeping requires more than nothing and less than opening, which is at most all of the value"
    if tiers and tiers[0].from_atoms:
        yield "the first tier must begin at 0"
    numbers = [(tier.from_atoms, tier.initial_bps, tier.maintenance_bps) for tier in tiers]
    if any(not all(low < high for low, high in zip(one, two, strict=True)) for one, two in pairwise(numbers)):
        yield "each tier must begin later and require more than the one before"


def _of_bands(rules: exchange.PerpRules) -> Iterator[str]:
    keeping = rules.tiers[0].maintenance_bps
    if rules.near_bps > keeping:
        yield f"near {_share(rules.near_bps)} is more than the {_share(keeping)} that keeping requires"
    if not rules.near_ticks + rules.near_bps or not rules.shock_ticks + rules.shock_bps:
        yield "near and shock must be more than nothing"
    if rules.shock_bps > _SHOCK_MAX_BPS:
        yield f"shock {_share(rules.shock_bps)} is more than {_share(_SHOCK_MAX_BPS)}"
    if rules.funding_bps > _FUNDING_MAX_BPS:
        yield f"funding {_share(rules.funding_bps)} is more than {_share(_FUNDING_MAX_BPS)} a day"
    if max(rules.near_ticks, rules.shock_ticks, rules.funding_ticks) > PERP_TICKS_MAX:
        yield "a band is wider than any price"


def _of_face(rules: exchange.PerpRules) -> Iterator[str]:
    first = rules.tiers[0]
    if not rules.face_ticks:
        return
    if rules.face_ticks > PERP_TICKS_MAX:
        yield "the face is beyond all prices: use a larger tick"
    if first.initial_bps != _WHOLE_BPS or first.maintenance_bps < exchange.BOUNDED_MAINTENANCE_MIN_BPS:
        least = _share(exchange.BOUNDED_MAINTENANCE_MIN_BPS)
        yield f"with a face opening requires all of the value and keeping {least} at least"
    if rules.near_bps or rules.shock_bps:
        yield "with a face near and shock are prices, not shares"
    if rules.insurance_cap_bps != _WHOLE_BPS:
        yield "with a face insurance pays all of its balance in a day"


def _of_costs(rules: exchange.PerpRules) -> Iterator[str]:
    keeping = rules.tiers[0].maintenance_bps
    if not 0 < rules.reward_bps <= rules.reward_max_bps:
        yield "the least reward must be more than nothing and at most the greatest"
    if rules.reward_max_bps + rules.insurance_bps > keeping:
        both, least = _share(rules.reward_max_bps + rules.insurance_bps), _share(keeping)
        yield f"greatest reward and insurance fee, {both}, are more than the {least} that keeping requires"
    if not exchange.INSURANCE_CAP_MIN_BPS <= rules.insurance_cap_bps <= _WHOLE_BPS:
        yield f"insurance must pay {_share(exchange.INSURANCE_CAP_MIN_BPS)} to 1 of its balance in a day"
    if rules.taker_fee_ppm > exchange.PERP_FEE_MAX_PPM:
        yield "the taker fee is at most 0.01"
    if rules.maker_rebate_ppm > rules.taker_fee_ppm:
        yield "the maker rebate is more than the taker fee"


def _of_sizes(rules: exchange.PerpRules) -> Iterator[str]:
    if not rules.units_per_tick:
        yield "a tick is more than nothing"
    if not 0 < rules.lots_min <= rules.position_max_lots <= _LOTS_MAX:
        yield "a position is at least the least order, and at most 2^34 lots"
    if not 0 < rules.open_max_lots <= _LOTS_MAX << 4:
        yield "what is open in all is at most 2^38 lots"
    if not 0 < rules.impact_lots <= rules.lots_min * _IMPACT_ORDERS_MAX:
        yield "the impact value is at most eight of the least order's"
    if not 1 <= rules.stale_s <= _STALE_MAX_S:
        yield f"readings serve 1 to {_STALE_MAX_S} s"
    if rules.dust_atoms > exchange.DUST_MAX_ATOMS:
        yield "dust is worth at most 1,000"
    if not 2 <= rules.profits_max_atoms <= 10**13:
        yield "profits an hour are 0.000002 to 10,000,000"


def _share(bps: int) -> str:
    return f"{Decimal(bps).scaleb(-4).normalize():f}"
