"""Positions in perpetuals by exact integers, without the engine: what they owe, are worth and require."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from solders.pubkey import Pubkey

from secant import exchange

if TYPE_CHECKING:
    from collections.abc import Mapping

    from account_book import AccountBook, Margin

    from secant import oracle

ONE = 1 << 32
"""An atom, as the cumulative indices count."""
BPS = 10_000
PPM = 1_000_000
PPB = 10**9
AVERAGE_BITS = 16
LONG_STALE_TIMES = 6
PRICE_MAX_TICKS = 2**24 - 1
NOBODY = Pubkey.default()
NO_BID, NO_ASK = -(2**63), 2**63 - 1


def ceil_div(value: int, divisor: int) -> int:
    return -(-value // divisor)


def moved(before: int, now: int) -> int:
    """By how much a cumulative index, which wraps, has moved."""
    return (now - before + 2**63) % 2**64 - 2**63


def given_back(market: exchange.PerpMarket, atoms: int, share: int, epoch: int) -> int:
    """What is given back by now of atoms borne when a share of an epoch was left, rounded down."""
    if not atoms or epoch != market.recovery_epoch:
        return atoms
    return atoms - ceil_div(atoms * market.recovery_share, share)


def uncovered(old: exchange.PerpMarket, new: exchange.PerpMarket) -> exchange.PerpMarket:
    """A market as it was before others bore a debt: the bankrupt is settled by that."""
    return replace(new, haircut_share=old.haircut_share, haircut_epoch=old.haircut_epoch)


@dataclass(frozen=True, slots=True)
class Stake:
    """Signed lots and what was received for them less what was paid, as last settled: of a leg or a seat.

    A leg notes what it has borne of others' debts, at the share of it that was not returned yet. What it has
    borne since, it has at the share of the last time that anybody bore something.
    """

    lots: int
    quote_atoms: int
    funding_index: int
    loss_index: int
    borne_atoms: int = 0
    share: int = 0
    epoch: int = 0
    is_leg: bool = False

    @classmethod
    def of(cls, leg: exchange.PerpLeg) -> Stake:
        borne = (leg.haircut_atoms, leg.recovery_share, leg.recovery_epoch)
        return cls(leg.position_lots, leg.quote_atoms, leg.funding_index, leg.loss_index, *borne, is_leg=True)

    @classmethod
    def of_seat(cls, seat: exchange.Seat) -> Stake:
        return cls(seat.lots, seat.cash_atoms, seat.funding_index, seat.loss_index, seat.haircut_atoms)

    def owed(self, market: exchange.PerpMarket) -> tuple[int, int]:
        """Funding and losses since it was settled, in 2⁻³² atoms, exact."""
        side = market.loss_short_index if self.lots < 0 else market.loss_long_index
        funding = self.lots * moved(self.funding_index, market.funding_index)
        return funding, abs(self.lots) * moved(self.loss_index, side)

    def net_atoms(self, market: exchange.PerpMarket) -> int:
        """Its cost with what it owes, each rounded against the holder."""
        return self.quote_atoms - sum(ceil_div(part, ONE) for part in self.owed(market))

    def excess(self, market: exchange.PerpMarket) -> int:
        """What those roundings take from the holder, in 2⁻³² atoms."""
        return sum(-part % ONE for part in self.owed(market))

    def loss_excess(self, market: exchange.PerpMarket) -> int:
        """What of that the rounding of losses takes."""
        return -self.owed(market)[1] % ONE

    def returned_atoms(self, market: exchange.PerpMarket) -> int:
        """What insurance has given back of what it bore, noted or not."""
        fresh_atoms = max(0, ceil_div(self.owed(market)[1], ONE))
        if not self.is_leg:  # a seat notes when it is drawn
            borne_atoms = self.borne_atoms + fresh_atoms
            return given_back(market, borne_atoms, market.haircut_share, market.haircut_epoch)
        noted = given_back(market, self.borne_atoms, self.share, self.epoch)
        return noted + given_back(market, fresh_atoms, market.haircut_share, market.haircut_epoch)

    def settled_atoms(self, market: exchange.PerpMarket) -> int:
        """Its cost as it will be once it is settled."""
        return self.net_atoms(market) + self.returned_atoms(market)

    def claim_atoms(self, market: exchange.PerpMarket, price_ticks: int) -> int:
        """What it is worth at a price once it is settled."""
        return self.lots * price_ticks + self.settled_atoms(market)


Place = tuple[str, Pubkey]


def stakes(ledger: AccountBook, key: Pubkey) -> dict[Place, Stake]:
    """All positions in a market, by where they lie and whose they are."""
    found: dict[Place, Stake] = {}
    for account, margin in ledger.margins.found.items():
        if key in margin.perps:
            found["leg", account] = Stake.of(margin.perps[key])
    book = ledger.perp_book_of(key)
    for seat in book.seats.values() if book is not None else ():
        found["seat", seat.account] = Stake.of_seat(seat)
    return found


# The oracle, and what it is good enough for


@dataclass(frozen=True, slots=True)
class Sample:
    """What a feed's publishers agree on; no value if they do not."""

    time: int
    value: int | None


def sample_of(feed: oracle.Feed) -> Sample | None:
    """The quorum's time, and the median of the narrow readings since, if a quorum is near it."""
    readings = feed.readings[: feed.publisher_count]
    time = sorted(reading.source_time for reading in readings)[-feed.quorum]
    if time <= 0:
        return None
    middles = sorted(
        (reading.bid + reading.ask) // 2
        for reading in readings
        if reading.source_time >= time
        and reading.bid != NO_BID
        and reading.ask != NO_ASK
        and 0 <= reading.ask - reading.bid <= feed.width_max
    )
    if not middles:
        return Sample(time, None)
    median = (middles[(len(middles) - 1) // 2] + middles[len(middles) // 2]) // 2
    agreeing = sum(abs(middle - median) <= feed.width_max for middle in middles)
    return Sample(time, median if agreeing >= feed.quorum else None)


def average_ticks(market: exchange.PerpMarket) -> int:
    return market.index_average >> AVERAGE_BITS


def band(centre: int, ticks: int, bps: int) -> tuple[int, int]:
    """The lowest and the highest price within so many ticks and bps of a price."""
    distance = ticks + ceil_div(centre * bps, BPS)
    centre = min(max(centre, 1), PRICE_MAX_TICKS)
    return max(centre - distance, 1), min(centre + distance, PRICE_MAX_TICKS)


def price_max_ticks(rules: exchange.PerpRules) -> int:
    return rules.face_ticks - 1 if rules.face_ticks else PRICE_MAX_TICKS


def near_band(market: exchange.PerpMarket, centre: int) -> tuple[int, int]:
    return band(centre, market.rules.near_ticks, market.rules.near_bps)


def shock_band(market: exchange.PerpMarket) -> tuple[int, int]:
    return band(average_ticks(market), market.rules.shock_ticks, market.rules.shock_bps)


def flaws(market: exchange.PerpMarket, now: int) -> set[str]:
    """What is wrong with a market's price; nothing any more once it is settled."""
    if market.settlement_ticks:
        return set()
    age_s = now - min(market.agreed_at, market.updated_at)
    low, high = shock_band(market)
    wrong = {
        "stale": age_s > market.rules.stale_s,
        "long stale": age_s > market.rules.stale_s * LONG_STALE_TIMES,
        "uncertain": market.is_uncertain != 0,
        "volatile": not low <= market.index_ticks <= high,
    }
    return {name for name, is_so in wrong.items() if is_so}


def may_open(market: exchange.PerpMarket, now: int) -> bool:
    return not flaws(market, now)


def is_paying(market: exchange.PerpMarket, now: int) -> bool:
    """Whether the losers of a settled market have had their day, and its winners are paid."""
    return market.settlement_ticks != 0 and now >= market.settled_time + exchange.LOSSES_FIRST_S


def closing_ticks(market: exchange.PerpMarket) -> int:
    """What a market settles at if its index stays: the average of its last hour, as far as that was seen."""
    left_s = max(0, market.close_time - market.updated_at)
    seconds = market.closing_seconds + left_s
    total = market.closing_sum + market.index_ticks * left_s
    return max(1, total // seconds if seconds else market.index_ticks)


def may_liquidate(market: exchange.PerpMarket, now: int) -> bool:
    return not flaws(market, now) & {"long stale", "uncertain"}


# Margin


def tiered_up(rules: exchange.PerpRules, value_atoms: int, *, is_initial: bool) -> int:
    """What a value requires, each part of it by the tier that it lies in."""
    tiers = rules.tiers[: rules.tier_count]
    ends = [*[tier.from_atoms for tier in tiers[1:]], 2**127]
    shares = [tier.initial_bps if is_initial else tier.maintenance_bps for tier in tiers]
    parts = (
        max(0, min(value_atoms, end) - tier.from_atoms) * share
        for tier, end, share in zip(tiers, ends, shares, strict=True)
    )
    return ceil_div(sum(parts), BPS)


def value_ticks(market: exchange.PerpMarket, lots: int) -> int:
    """What a lot counts for: the mark, or of a short in a bounded market what it can lose."""
    if lots < 0 and market.rules.face_ticks:
        return max(0, market.rules.face_ticks - market.mark_ticks)
    return market.mark_ticks


def initial_up(market: exchange.PerpMarket, lots: int) -> int:
    """What opening so many signed lots requires: by tiers, or by the root of the size."""
    value_atoms = abs(lots) * value_ticks(market, lots)
    share = min(PPB, market.rules.size_premium_ppb * math.isqrt(abs(lots)))
    premium = ceil_div(value_atoms * share, PPB)
    return max(tiered_up(market.rules, value_atoms, is_initial=True), premium)


def misplaced_atoms(leg: exchange.PerpLeg, low_ticks: int, high_ticks: int) -> int:
    """What open bids would pay beyond one price, and open asks bring less than another."""
    dear = max(0, leg.bid_atoms - leg.bid_lots * low_ticks)
    return dear + max(0, leg.ask_lots * high_ticks - leg.ask_atoms)


def maintenance_up(market: exchange.PerpMarket, lots: int) -> int:
    """What keeping so many signed lots requires."""
    return tiered_up(market.rules, abs(lots) * value_ticks(market, lots), is_initial=False)


@dataclass(slots=True)
class Health:
    """An account's perpetuals against its free collateral, in atoms."""

    free: int
    claims: int = 0
    losses: int = 0
    initial: int = 0
    maintenance: int = 0
    exposed: int = 0
    """What keeping would require, and what would be lost, were every order of a side filled."""

    @property
    def equity(self) -> int:
        return self.free + self.claims

    @property
    def initial_surplus(self) -> int:
        return self.free + self.losses - self.initial

    @property
    def maintenance_surplus(self) -> int:
        return self.equity - self.maintenance

    @property
    def exposed_surplus(self) -> int:
        return self.equity - self.exposed

    @property
    def reserve(self) -> int:
        """What opening requires of free collateral."""
        return self.initial - self.losses

    @property
    def spare(self) -> int:
        """What can be withdrawn."""
        return max(0, min(self.free, self.initial_surplus))

    def add(self, leg: exchange.PerpLeg, market: exchange.PerpMarket, now: int, *, is_settled: bool) -> None:
        """One leg, before or after what was returned to it is settled."""
        stake, mark = Stake.of(leg), market.mark_ticks
        returned = 0 if is_settled else stake.returned_atoms(market)
        sources = (mark, market.index_ticks, average_ticks(market))
        low, high = min(sources), max(sources)
        strict = high if stake.lots < 0 else low
        self.claims += stake.claim_atoms(market, mark) - returned
        self.losses += min(0, stake.claim_atoms(market, strict) - returned)
        if not market.settlement_ticks:  # after which a position is worth what it is
            ends = (stake.lots, stake.lots + leg.bid_lots, stake.lots - leg.ask_lots)
            kept, *exposed = (maintenance_up(market, lots) for lots in ends)
            self.maintenance, self.exposed = self.maintenance + kept, self.exposed + max(exposed)
        required = 0
        if not is_paying(market, now):  # until when its side may bear what losers do not pay
            bought, sold = stake.lots + leg.bid_lots, stake.lots - leg.ask_lots
            required = max(initial_up(market, bought), initial_up(market, sold))
        required += misplaced_atoms(leg, low, high)
        self.exposed += misplaced_atoms(leg, mark, mark)
        self.initial += required if may_open(market, now) else 2 * required


def health_of(
    margin: Margin,
    markets: Mapping[Pubkey, exchange.PerpMarket],
    now: int,
    *,
    apart: Pubkey | None = None,
    settled: Pubkey | None = None,
) -> Health:
    """The health of an account, but for one market if wished, or with one of them settled."""
    health = Health(margin.free_atoms)
    for key, leg in margin.perps.items():
        if key != apart:
            health.add(leg, markets[key], now, is_settled=key == settled)
    return health


def unpaid_atoms(stake: Stake, market: exchange.PerpMarket, elsewhere: Health) -> int:
    """What of a loss neither free collateral, which pays those elsewhere first, nor anything else pays."""
    free_atoms = max(0, elsewhere.free + elsewhere.losses)
    return -min(0, stake.claim_atoms(market, market.mark_ticks) + free_atoms)


# Liquidation


@dataclass(frozen=True, slots=True)
class Takeover:
    """A position that is liquidated: what it is worth, requires and costs."""

    rules: exchange.PerpRules
    equity_atoms: int
    elsewhere_atoms: int
    lots: int
    value_ticks: int

    def least_reward_atoms(self, lots: int) -> int:
        """What is due at least for taking over so many lots."""
        return ceil_div(lots * self.value_ticks * self.rules.reward_bps, BPS)

    @property
    def is_bankrupt(self) -> bool:
        return self.equity_atoms < self.least_reward_atoms(self.lots)

    def required_atoms(self, closed: int) -> int:
        value = (self.lots - closed) * self.value_ticks
        return self.elsewhere_atoms + tiered_up(self.rules, value, is_initial=False)

    def reward_bps(self) -> int:
        """From the least to the most as the account sinks, and no more than it is worth."""
        value, required = self.lots * self.value_ticks, max(1, self.required_atoms(0))
        equity, least = max(0, self.equity_atoms), self.rules.reward_bps
        sunk = max(0, required - equity)
        ramp = (self.rules.reward_max_bps - least) * min(1_000, sunk * 1_000 // required) // 1_000
        affordable = equity // (value // BPS + 1) if value >= BPS else BPS
        return min(least + ramp, max(affordable, least))

    def is_restored_by(self, closed: int) -> bool:
        """Whether closing so many lots leaves a tenth more than keeping the rest requires."""
        cost_bps = min(BPS, self.reward_bps() + self.rules.insurance_bps)
        cost = ceil_div(closed * self.value_ticks * cost_bps, BPS)
        required = self.required_atoms(closed)
        return self.equity_atoms - cost >= required + ceil_div(required, 10)
