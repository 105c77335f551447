"""What perpetuals require of an account, in the program's own integers: a test holds them to it.

Nothing here is sent: it says where an account stands, and at which price it would be liquidated.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isqrt
from typing import TYPE_CHECKING, Final

from secant.units import PERP_TICKS_MAX

if TYPE_CHECKING:
    from secant import exchange

__all__ = [
    "AVERAGE_BITS",
    "HOUR_S",
    "LONG_STALE_TIMES",
    "Health",
    "Holding",
    "Prices",
    "average_ticks",
    "band_around",
    "cost_of",
    "distance_up",
    "health_with",
    "holding_of",
    "initial_up",
    "liquidation_ticks",
    "maintenance_up",
    "near_ticks",
    "predicted_rate",
    "price_max_ticks",
    "prices_of",
    "value_ticks",
]

# As the engine has them.
AVERAGE_BITS: Final = 16
_INDEX_BITS: Final = 32
HOUR_S: Final = 3_600
LONG_STALE_TIMES: Final = 6
_BPS: Final = 10_000
_PPB: Final = 10**9
_BAND_MAX: Final = 2**25


@dataclass(frozen=True, slots=True)
class Holding:
    """A position in one market: what its seat holds is drawn, funding and losses of its side are settled.

    Attributes:
        lots: Signed size.
        quote_atoms: What was received for it, less what was paid.
        owed_atoms: What of that was funding and losses not settled on chain yet; negative if it was received.
        bid_lots: Lots of open bids.
        bid_atoms: What they pay at most: all of them at the highest of their prices.
        ask_lots: Lots of open asks.
        ask_atoms: What they bring at least: all of them at the lowest of their prices.
        borne_atoms: What it has borne of losers' debts, and was not given back.
        returned_atoms: What was given back of that, to be credited when the leg is next touched.
    """

    lots: int
    quote_atoms: int
    owed_atoms: int = 0
    bid_lots: int = 0
    bid_atoms: int = 0
    ask_lots: int = 0
    ask_atoms: int = 0
    borne_atoms: int = 0
    returned_atoms: int = 0

    def claim_atoms(self, price_ticks: int) -> int:
        """What it is worth at a price, its cost deducted: its unrealised profit."""
        return self.lots * price_ticks + self.quote_atoms


@dataclass(frozen=True, slots=True)
class Prices:
    """The prices at which a market's positions count.

    Attributes:
        mark_ticks: The mark.
        low_ticks: Strict price of what is long.
        high_ticks: Strict price of what is short.
        face_ticks: What a lot is worth at most, where the price is bounded; 0 where it is not.
        is_doubtful: Whether opening is not permitted at these prices: it then requires twice as much.
    """

    mark_ticks: int
    low_ticks: int
    high_ticks: int
    face_ticks: int
    is_doubtful: bool

    def value_atoms(self, lots: int) -> int:
        """What a position counts for in what it requires: a short in a bounded market, what it can lose."""
        return abs(lots) * value_ticks(lots, self.mark_ticks, self.face_ticks)


@dataclass(frozen=True, slots=True)
class Health:
    """An account's perpetuals against its free collateral, in atoms.

    Attributes:
        free_atoms: Cash less what events hold at worst.
        claims_atoms: Unrealised profits and losses at the marks.
        losses_atoms: Unrealised losses at the strict prices, none positive.
        initial_atoms: What opening requires.
        maintenance_atoms: What keeping requires.
    """

    free_atoms: int
    claims_atoms: int = 0
    losses_atoms: int = 0
    initial_atoms: int = 0
    maintenance_atoms: int = 0

    @property
    def equity_atoms(self) -> int:
        """Return what all is worth at the marks."""
        return self.free_atoms + self.claims_atoms

    @property
    def initial_surplus_atoms(self) -> int:
        """Return what is left beyond what opening requires."""
        return self.free_atoms + self.losses_atoms - self.initial_atoms

    @property
    def maintenance_surplus_atoms(self) -> int:
        """Return what is left beyond what keeping requires; below 0 the account is liquidated."""
        return self.equity_atoms - self.maintenance_atoms


def value_ticks(lots: int, mark_ticks: int, face_ticks: int) -> int:
    """What a lot of a position counts for at a mark, in a market of this face."""
    return max(face_ticks - mark_ticks, 0) if lots < 0 and face_ticks else mark_ticks


def cost_of(lots: int, index_before: int, index_now: int) -> int:
    """Atoms that a position owes between two values of a cumulative index, rounded against its holder."""
    moved = (index_now - index_before + 2**63) % 2**64 - 2**63  # the indices wrap
    return -(-lots * moved >> _INDEX_BITS)


def holding_of(leg: exchange.PerpLeg, seat: exchange.Seat | None, market: exchange.PerpMarket) -> Holding:
    """A leg with what its seat holds, as drawing and settling would leave it."""
    settled = _settled(leg.position_lots, leg.quote_atoms, leg.funding_index, leg.loss_index, market)
    held = replace(settled, **_borne(leg, market))
    if seat is None:
        return replace(
            held,
            bid_lots=leg.bid_lots,
            bid_atoms=leg.bid_atoms,
            ask_lots=leg.ask_lots,
            ask_atoms=leg.ask_atoms,
        )
    came = _settled(seat.lots, seat.cash_atoms, seat.funding_index, seat.loss_index, market)
    return Holding(
        lots=held.lots + came.lots,
        quote_atoms=held.quote_atoms + came.quote_atoms,
        owed_atoms=held.owed_atoms + came.owed_atoms,
        bid_lots=seat.bid_lots,
        bid_atoms=seat.bid_lots * seat.bid_max_ticks,
        ask_lots=seat.ask_lots,
        ask_atoms=seat.ask_lots * seat.ask_min_ticks,
        borne_atoms=held.borne_atoms + seat.haircut_atoms,
        returned_atoms=held.returned_atoms,
    )


def _borne(leg: exchange.PerpLeg, market: exchange.PerpMarket) -> dict[str, int]:
    """What a leg bore of losers' debts and was not given back, and what was since it was last touched."""
    if not leg.haircut_atoms:
        return {}
    if leg.recovery_epoch != market.recovery_epoch:
        return {"returned_atoms": leg.haircut_atoms}
    left, rest = divmod(leg.haircut_atoms * market.recovery_share, leg.recovery_share)
    return {"borne_atoms": left, "returned_atoms": leg.haircut_atoms - left - (rest > 0)}


def _settled(
    lots: int, quote_atoms: int, funding_index: int, loss_index: int, market: exchange.PerpMarket
) -> Holding:
    loss_now = market.loss_short_index if lots < 0 else market.loss_long_index
    owed = cost_of(lots, funding_index, market.funding_index) + cost_of(abs(lots), loss_index, loss_now)
    return Holding(lots, quote_atoms - owed, owed)


def average_ticks(market: exchange.PerpMarket) -> int:
    """The index's average over five minutes, as prices are compared with it."""
    return market.index_average >> AVERAGE_BITS


def distance_up(ticks: int, bps: int, price_ticks: int) -> int:
    """The greatest distance from a price that a band of ticks and bps of the price allows."""
    return min(ticks + _portion_up(price_ticks, min(bps, _BPS), _BPS), _BAND_MAX)


def band_around(ticks: int, bps: int, centre_ticks: int) -> tuple[int, int]:
    """The lowest and the highest price within a distance of ticks and bps of the price."""
    distance = distance_up(ticks, bps, centre_ticks)
    centre = max(1, min(centre_ticks, PERP_TICKS_MAX))
    return max(1, centre - distance), min(PERP_TICKS_MAX, centre + distance)


def near_ticks(market: exchange.PerpMarket) -> tuple[int, int]:
    """The lowest and the highest price at which anything is bought or sold on purpose."""
    return band_around(market.rules.near_ticks, market.rules.near_bps, market.mark_ticks)


def prices_of(market: exchange.PerpMarket, *, is_doubtful: bool) -> Prices:
    """The prices at which a market's positions count, as it was last brought up to date."""
    all_three = (market.mark_ticks, market.index_ticks, average_ticks(market))
    return Prices(market.mark_ticks, min(all_three), max(all_three), market.rules.face_ticks, is_doubtful)


def price_max_ticks(rules: exchange.PerpRules) -> int:
    """The highest price of a market."""
    return rules.face_ticks - 1 if rules.face_ticks > 1 else PERP_TICKS_MAX


def maintenance_up(rules: exchange.PerpRules, value_atoms: int) -> int:
    """What keeping a position of a value requires."""
    return _tiered_up(rules, value_atoms, [tier.maintenance_bps for tier in rules.tiers])


def initial_up(rules: exchange.PerpRules, lots: int, value_atoms: int) -> int:
    """What opening a position of a size and value requires."""
    tiered = _tiered_up(rules, value_atoms, [tier.initial_bps for tier in rules.tiers])
    share = min(rules.size_premium_ppb * isqrt(lots), _PPB)
    return max(tiered, _portion_up(value_atoms, share, _PPB))


def _tiered_up(rules: exchange.PerpRules, value_atoms: int, bps: list[int]) -> int:
    whole, top = 0, value_atoms
    for tier, share in reversed(list(zip(rules.tiers, bps, strict=True))[: rules.tier_count]):
        if top > tier.from_atoms:
            whole += (top - tier.from_atoms) * share
            top = tier.from_atoms
    return -(-whole // _BPS)


def _portion_up(amount: int, share: int, whole: int) -> int:
    return -(-amount * share // whole)


def health_with(health: Health, held: Holding, prices: Prices, rules: exchange.PerpRules) -> Health:
    """The health with one position more."""
    strict_ticks = prices.high_ticks if held.lots < 0 else prices.low_ticks
    initial = _initial_of(held, prices, rules) * (2 if prices.is_doubtful else 1)
    return Health(
        free_atoms=health.free_atoms,
        claims_atoms=health.claims_atoms + held.claim_atoms(prices.mark_ticks),
        losses_atoms=health.losses_atoms + min(held.claim_atoms(strict_ticks), 0),
        initial_atoms=health.initial_atoms + initial,
        maintenance_atoms=health.maintenance_atoms + maintenance_up(rules, prices.value_atoms(held.lots)),
    )


def _initial_of(held: Holding, prices: Prices, rules: exchange.PerpRules) -> int:
    required = max(
        initial_up(rules, abs(lots), prices.value_atoms(lots))
        for lots in (held.lots + held.bid_lots, held.lots - held.ask_lots)
    )
    if not held.bid_lots and not held.ask_lots:
        return required
    dear = max(held.bid_atoms - held.bid_lots * prices.low_ticks, 0)
    cheap = max(held.ask_lots * prices.high_ticks - held.ask_atoms, 0)
    return required + dear + cheap


def liquidation_ticks(elsewhere: Health, held: Holding, rules: exchange.PerpRules) -> int | None:
    """The mark nearest to now, on the losing side, at which an account is liquidated; None if there is none.

    All other prices stay as they are. For what is long it is the highest such price, for what is short the
    lowest: as a price moves against a position, what is left falls at every tick.

    Args:
        elsewhere: The account's health without the position.
        held: The position.
        rules: Those of its market.
    """

    def is_unhealthy(ticks: int) -> bool:
        value = abs(held.lots) * value_ticks(held.lots, ticks, rules.face_ticks)
        required = elsewhere.maintenance_atoms + maintenance_up(rules, value)
        return elsewhere.equity_atoms + held.claim_atoms(ticks) < required

    if held.lots == 0:
        return None
    is_long = held.lots > 0
    highest = price_max_ticks(rules)
    worst, best = (1, highest) if is_long else (highest, 1)
    if not is_unhealthy(worst):
        return None
    if is_unhealthy(best):
        return best
    while abs(best - worst) > 1:  # `worst` stays unhealthy, `best` healthy
        middle = (worst + best) // 2
        worst, best = (middle, best) if is_unhealthy(middle) else (worst, middle)
    return worst


def predicted_rate(market: exchange.PerpMarket) -> int:
    """The rate that the present hour's premium leads to, as far as it was seen, in 2^-16 ticks a day."""
    average = (abs(market.premium_seconds) << AVERAGE_BITS) // HOUR_S
    cap = distance_up(market.rules.funding_ticks, market.rules.funding_bps, market.index_ticks)
    capped = min(average, cap << AVERAGE_BITS)
    return -capped if market.premium_seconds < 0 else capped
