"""What perpetuals require of an account, in the program's own integers: a test holds them to it.

Nothing here is sent: it says where an account stands, and at which price it would be liquidated. The
formulas are the engine's (`programs/engine/src/margin.rs`, `funding.rs`, `mark.rs`); the program decides.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isqrt
from typing import Final

from secant import exchange
from secant.units import PERP_TICKS_MAX

__all__ = [
    "AVERAGE_BITS",
    "HOUR_S",
    "LONG_STALE_TIMES",
    "Health",
    "Holding",
    "Prices",
    "average_ticks",
    "band_around",
    "distance_up",
    "health_with",
    "holding_of",
    "initial_up",
    "is_paying",
    "liquidation_ticks",
    "maintenance_up",
    "near_ticks",
    "owed_up",
    "predicted_rate",
    "price_max_ticks",
    "prices_of",
    "returned_down",
    "seat_returned_down",
    "unpaid_atoms",
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

    lots: int = 0
    quote_atoms: int = 0
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
        exposed_atoms: What keeping would require, were every order of a side filled.
    """

    free_atoms: int
    claims_atoms: int = 0
    losses_atoms: int = 0
    initial_atoms: int = 0
    maintenance_atoms: int = 0
    exposed_atoms: int = 0

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

    @property
    def exposed_surplus_atoms(self) -> int:
        """Return what is left beyond that were every order of a side filled; below 0 the orders go."""
        return self.equity_atoms - self.exposed_atoms


def value_ticks(lots: int, mark_ticks: int, face_ticks: int) -> int:
    """What a lot of a position counts for at a mark, in a market of this face."""
    return max(face_ticks - mark_ticks, 0) if lots < 0 and face_ticks else mark_ticks


def owed_up(market: exchange.PerpMarket, lots: int, funding_index: int, loss_index: int) -> int:
    """What a position owes in funding and in losses since its indices, each rounded against its holder."""
    loss_now = market.loss_short_index if lots < 0 else market.loss_long_index
    return _cost_up(lots, funding_index, market.funding_index) + _cost_up(abs(lots), loss_index, loss_now)


def _cost_up(lots: int, index_before: int, index_now: int) -> int:
    moved = (index_now - index_before + 2**63) % 2**64 - 2**63  # the indices wrap
    return -(-lots * moved >> _INDEX_BITS)


def returned_down(leg: exchange.PerpLeg, market: exchange.PerpMarket) -> int:
    """What insurance has given back of what a leg has borne, and the leg has once it is next touched."""
    noted = _given_back_down(market, leg.haircut_atoms, leg.recovery_share, leg.recovery_epoch)
    fresh_atoms = _borne_up(market, leg.position_lots, leg.loss_index)
    return noted + _given_back_down(market, fresh_atoms, market.haircut_share, market.haircut_epoch)


def seat_returned_down(seat: exchange.Seat, market: exchange.PerpMarket) -> int:
    """As `returned_down`, of what a seat has borne: its leg has it once the seat is drawn."""
    borne_atoms = seat.haircut_atoms + _borne_up(market, seat.lots, seat.loss_index)
    return _given_back_down(market, borne_atoms, market.haircut_share, market.haircut_epoch)


def _borne_up(market: exchange.PerpMarket, lots: int, loss_index: int) -> int:
    """What a position has borne since its index."""
    loss_now = market.loss_short_index if lots < 0 else market.loss_long_index
    return max(_cost_up(abs(lots), loss_index, loss_now), 0)


def _given_back_down(market: exchange.PerpMarket, borne_atoms: int, share: int, epoch: int) -> int:
    """What was given back of what was borne when the market's recovery stood at a share and an epoch."""
    if not share:
        return 0  # nobody has borne anything
    if epoch != market.recovery_epoch or not borne_atoms:
        return borne_atoms
    return borne_atoms - -(-borne_atoms * market.recovery_share // share)


def holding_of(leg: exchange.PerpLeg, seat: exchange.Seat | None, market: exchange.PerpMarket) -> Holding:
    """A leg with what its seat holds, as drawing and settling would leave it."""
    settled = _settled(leg.position_lots, leg.quote_atoms, leg.funding_index, leg.loss_index, market)
    returned = returned_down(leg, market)
    borne = leg.haircut_atoms + _borne_up(market, leg.position_lots, leg.loss_index)
    held = replace(settled, borne_atoms=borne - returned, returned_atoms=returned)
    if seat is None:
        return replace(
            held,
            bid_lots=leg.bid_lots,
            bid_atoms=leg.bid_atoms,
            ask_lots=leg.ask_lots,
            ask_atoms=leg.ask_atoms,
        )
    seat_returned = seat_returned_down(seat, market)
    seat_borne = seat.haircut_atoms + _borne_up(market, seat.lots, seat.loss_index)
    came = _settled(seat.lots, seat.cash_atoms, seat.funding_index, seat.loss_index, market)
    return Holding(
        lots=held.lots + came.lots,
        quote_atoms=held.quote_atoms + came.quote_atoms,
        owed_atoms=held.owed_atoms + came.owed_atoms,
        bid_lots=seat.bid_lots,
        bid_atoms=seat.bid_lots * seat.bid_max_ticks,
        ask_lots=seat.ask_lots,
        ask_atoms=seat.ask_lots * seat.ask_min_ticks,
        borne_atoms=held.borne_atoms + seat_borne - seat_returned,
        returned_atoms=held.returned_atoms + seat_returned,
    )


def _settled(
    lots: int, quote_atoms: int, funding_index: int, loss_index: int, market: exchange.PerpMarket
) -> Holding:
    owed = owed_up(market, lots, funding_index, loss_index)
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


def health_with(
    health: Health, held: Holding, prices: Prices, market: exchange.PerpMarket, now: int
) -> Health:
    """The health with one position more, at a time in Unix seconds.

    What a settled position is worth is known, but for what its side may yet bear until winners are paid:
    until then it requires what opening does, and nothing for keeping.
    """
    rules = market.rules
    strict_ticks = prices.high_ticks if held.lots < 0 else prices.low_ticks
    initial = 0 if is_paying(market, now) else _required_up(held, prices, rules)
    initial += _misplaced(held, prices.low_ticks, prices.high_ticks)
    ends = (held.lots, held.lots + held.bid_lots, held.lots - held.ask_lots)
    kept, long, short = (
        0 if market.settlement_ticks else maintenance_up(rules, prices.value_atoms(lots)) for lots in ends
    )
    return Health(
        free_atoms=health.free_atoms,
        claims_atoms=health.claims_atoms + held.claim_atoms(prices.mark_ticks),
        losses_atoms=health.losses_atoms + min(held.claim_atoms(strict_ticks), 0),
        initial_atoms=health.initial_atoms + initial * (2 if prices.is_doubtful else 1),
        maintenance_atoms=health.maintenance_atoms + kept,
        exposed_atoms=health.exposed_atoms
        + max(long, short)
        + _misplaced(held, prices.mark_ticks, prices.mark_ticks),
    )


def is_paying(market: exchange.PerpMarket, now: int) -> bool:
    """Whether a settled market pays its winners at a time in Unix seconds."""
    return market.settlement_ticks != 0 and now >= market.settled_time + exchange.LOSSES_FIRST_S


def _required_up(held: Holding, prices: Prices, rules: exchange.PerpRules) -> int:
    """What the larger of the positions that all bids or all asks would lead to requires for opening."""
    ends = {held.lots + held.bid_lots, held.lots - held.ask_lots}
    return max(initial_up(rules, abs(lots), prices.value_atoms(lots)) for lots in ends)


def _misplaced(held: Holding, low_ticks: int, high_ticks: int) -> int:
    """What open bids would pay beyond one price, and open asks bring less than another."""
    if not held.bid_lots and not held.ask_lots:
        return 0
    dear = max(held.bid_atoms - held.bid_lots * low_ticks, 0)
    return dear + max(held.ask_lots * high_ticks - held.ask_atoms, 0)


def unpaid_atoms(held: Holding, mark_ticks: int, elsewhere: Health) -> int:
    """Of a loss what only a profit stands for: free collateral pays those elsewhere first."""
    free_atoms = max(elsewhere.free_atoms + elsewhere.losses_atoms, 0)
    return -min(held.claim_atoms(mark_ticks) + free_atoms, 0)


def liquidation_ticks(elsewhere: Health, held: Holding, market: exchange.PerpMarket) -> int | None:
    """The mark nearest to now, on the losing side, at which an account is liquidated; None if there is none.

    All other prices stay as they are; that of a settled market moves no more. For what is long it is the
    highest such price, for what is short the lowest: as a price moves against a position, what is left falls
    at every tick.

    Args:
        elsewhere: The account's health without the position.
        held: The position.
        market: Its market.
    """
    rules = market.rules

    def is_unhealthy(ticks: int) -> bool:
        value = abs(held.lots) * value_ticks(held.lots, ticks, rules.face_ticks)
        required = elsewhere.maintenance_atoms + maintenance_up(rules, value)
        return elsewhere.equity_atoms + held.claim_atoms(ticks) < required

    if held.lots == 0 or market.settlement_ticks:
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
