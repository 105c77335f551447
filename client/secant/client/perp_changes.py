"""Other rules for a perpetual: a few numbers of those in force changed; and what proposed rules change."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from secant import exchange
from secant.errors import InputError
from secant.units import Number, atoms_of, bps_of, ppm_of

from .perp_results import PerpRuleChange
from .perp_rules import perp_tiers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from .perp_rules import PerpTierTerms
    from .perp_state import PerpState

__all__ = ["PerpChanges", "changed_rules", "rule_changes"]

_ATOMS: Final = {"dust_value": "dust_atoms", "profits_hour": "profits_max_atoms"}
_LOTS: Final = {"position_max": "position_max_lots", "open_max": "open_max_lots"}
_BPS: Final = {
    "near": "near_bps",
    "shock": "shock_bps",
    "funding": "funding_bps",
    "reward": "reward_bps",
    "reward_max": "reward_max_bps",
    "insurance_fee": "insurance_bps",
    "insurance_day": "insurance_cap_bps",
}
_PPM: Final = {"taker_fee": "taker_fee_ppm", "maker_rebate": "maker_rebate_ppm"}


@dataclass(frozen=True, slots=True)
class PerpChanges:
    """What of a perpetual's rules is to be other than it is; None for what stays.

    Each means what it does in `PerpTerms`. Tick, face and least order never change.
    """

    tiers: Sequence[PerpTierTerms] | None = None
    position_max: Number | None = None
    open_max: Number | None = None
    dust_value: Number | None = None
    profits_hour: Number | None = None
    near: Number | None = None
    shock: Number | None = None
    funding: Number | None = None
    stale_s: int | None = None
    taker_fee: Number | None = None
    maker_rebate: Number | None = None
    reward: Number | None = None
    reward_max: Number | None = None
    insurance_fee: Number | None = None
    insurance_day: Number | None = None


def changed_rules(state: PerpState, changes: PerpChanges) -> exchange.PerpRules:
    """The rules of a perpetual with what is asked for changed.

    Raises:
        UnitError, InputError: a number is not valid, or nothing would change.
    """
    fields: dict[str, Any] = {}

    def take(names: dict[str, str], integer_of: Callable[[Number, str], int]) -> None:
        for name, field in names.items():
            asked = getattr(changes, name)
            if asked is not None:
                fields[field] = integer_of(asked, name.replace("_", " "))

    take(_ATOMS, atoms_of)
    take(_LOTS, state.scale.lots_of)
    take(_BPS, bps_of)
    take(_PPM, ppm_of)
    if changes.tiers is not None:
        fields["tiers"], fields["tier_count"] = perp_tiers(changes.tiers), len(changes.tiers)
    if changes.stale_s is not None:
        fields["stale_s"] = changes.stale_s
    rules = replace(state.stored.rules, **fields)
    if rules == state.stored.rules:
        raise InputError(
            f"the rules of {state.name} are that already", "name a rule and another number for it"
        )
    return rules


def rule_changes(market: exchange.PerpMarket) -> tuple[PerpRuleChange, ...]:
    """What the rules that are proposed would change of those in force; nothing while none are."""
    if not market.rules_time:
        return ()
    before, after = dict(_numbers(market.rules)), dict(_numbers(market.next_rules))
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return tuple(PerpRuleChange(name, before.get(name), after.get(name)) for name in names)


def _numbers(rules: exchange.PerpRules) -> Iterator[tuple[str, int]]:
    """The rules by name as the program has them, tier by tier."""
    for at, tier in enumerate(rules.tiers[: rules.tier_count]):
        yield f"tiers[{at}].from_atoms", tier.from_atoms
        yield f"tiers[{at}].initial_bps", tier.initial_bps
        yield f"tiers[{at}].maintenance_bps", tier.maintenance_bps
    for name in exchange.PerpRules.__dataclass_fields__:
        if name not in {"tiers", "tier_count", "reserved"}:
            yield name, getattr(rules, name)
