"""One margin account's perpetuals in exact integers: of the few that are picked, and of a taker.

The formulas are the engine's (`programs/engine/src/margin.rs`, `funding.rs`, `liquidation.rs`). They choose
what is worth sending; the program decides.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isqrt
from typing import TYPE_CHECKING, Final, NamedTuple

from solders.pubkey import Pubkey

from secant_keeper.perps.bounds import INDEX_BITS
from secant_keeper.perps.market import wrapped
from secant_keeper.perps.prices import prices_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secant import exchange
    from secant_keeper.perps.prices import Prices
    from secant_keeper.state import State

_ALL_BPS: Final = 10_000
_ALL_PPB: Final = 1_000_000_000
NO_MARKET: Final = Pubkey.default()


@dataclass(frozen=True, slots=True)
class Position:
    """A position in one market, funding and losses settled.

    Attributes:
        lots: Signed size.
        quote_atoms: What was received for it, less what was paid.
        bid_lots: Lots of open bids.
        bid_atoms: What they pay at most.
        ask_lots: Lots of open asks.
        ask_atoms: What they bring at least.
    """

    lots: int = 0
    quote_atoms: int = 0
    bid_lots: int = 0
    bid_atoms: int = 0
    ask_lots: int = 0
    ask_atoms: int = 0

    def claim(self, price_ticks: int) -> int:
        """What it is worth at a price, its cost deducted."""
        return self.lots * price_ticks + self.quote_atoms

    def moved(self, lots: int, quote_atoms: int) -> Position:
        """With signed lots and atoms more."""
        return replace(self, lots=self.lots + lots, quote_atoms=self.quote_atoms + quote_atoms)


class Health(NamedTuple):
    """The engine's `Health`; all in atoms.

    Attributes:
        free_atoms: Cash less what events hold at worst.
        claims_atoms: Σ unrealised profits and losses at the marks.
        losses_atoms: Σ unrealised losses at the strict prices, none positive.
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
        """What all is worth at the marks."""
        return self.free_atoms + self.claims_atoms

    @property
    def initial_surplus_atoms(self) -> int:
        """What is left beyond what opening requires."""
        return self.free_atoms + self.losses_atoms - self.initial_atoms

    @property
    def maintenance_surplus_atoms(self) -> int:
        """What is left beyond what keeping requires; with less than nothing the account is liquidated."""
        return self.equity_atoms - self.maintenance_atoms

    def plus(self, position: Position, market: exchange.PerpMarket, prices: Prices) -> Health:
        """With one position more."""
        strict_ticks = prices.high_ticks if position.lots < 0 else prices.low_ticks
        claim_atoms = self.claims_atoms + position.claim(prices.mark_ticks)
        losses_atoms = self.losses_atoms + min(position.claim(strict_ticks), 0)
        if market.settlement_ticks:
            # What a settled position is worth is known: it requires nothing.
            return self._replace(claims_atoms=claim_atoms, losses_atoms=losses_atoms)
        initial = _position_initial_up(position, market.rules, prices)
        return Health(
            self.free_atoms,
            claim_atoms,
            losses_atoms,
            self.initial_atoms + (2 * initial if prices.is_doubtful else initial),
            self.maintenance_atoms + maintenance_up(market.rules, prices.value_atoms(position.lots)),
        )


def legs_of(account: exchange.MarginAccount) -> Iterator[exchange.PerpLeg]:
    """The legs in use."""
    return (leg for leg in account.perp_legs if leg.market != NO_MARKET)


def free_atoms(account: exchange.MarginAccount) -> int:
    """Cash less what events hold at worst."""
    return account.cash_atoms + account.floor_atoms


def owed_up(market: exchange.PerpMarket, lots: int, funding_index: int, loss_index: int) -> int:
    """What a position owes in funding and losses since its indices, against its holder."""
    loss_now = market.loss_short_index if lots < 0 else market.loss_long_index
    funding = _payment_up(lots, wrapped(market.funding_index - funding_index))
    return funding + _payment_up(abs(lots), wrapped(loss_now - loss_index))


def _payment_up(lots: int, moved: int) -> int:
    return -(-lots * moved >> INDEX_BITS)


def returned_down(leg: exchange.PerpLeg, market: exchange.PerpMarket) -> int:
    """What insurance has given back of what a leg has borne, and the leg will have once it is settled."""
    if leg.recovery_epoch != market.recovery_epoch or not leg.haircut_atoms:
        return leg.haircut_atoms
    return leg.haircut_atoms - -(-leg.haircut_atoms * market.recovery_share // leg.recovery_share)


def position_of(leg: exchange.PerpLeg, seat: exchange.Seat | None, market: exchange.PerpMarket) -> Position:
    """A leg together with what its seat's fills have brought, if it has a seat that was not drawn."""
    lots = leg.position_lots
    quote = leg.quote_atoms - owed_up(market, lots, leg.funding_index, leg.loss_index)
    if seat is not None:
        quote += seat.cash_atoms - owed_up(market, seat.lots, seat.funding_index, seat.loss_index)
        lots += seat.lots
    return Position(lots, quote, leg.bid_lots, leg.bid_atoms, leg.ask_lots, leg.ask_atoms)


class Held(NamedTuple):
    """One leg of an account, with what its seat's fills have brought.

    Attributes:
        leg: The leg.
        market: Its market.
        position: Leg and seat together, settled.
    """

    leg: exchange.PerpLeg
    market: exchange.PerpMarket
    position: Position


def holdings(state: State, address: Pubkey, account: exchange.MarginAccount) -> list[Held] | None:
    """An account's legs; None if one of its markets is not known."""
    found = []
    for leg in legs_of(account):
        market = state.watch.market(state, leg.market)
        if market is None:
            return None
        seat = state.watch.seat(address, leg.market) if leg.seat else None
        found.append(Held(leg, market, position_of(leg, seat, market)))
    return found


def health_of(account: exchange.MarginAccount, held: list[Held], now: int) -> Health:
    """An account's health at a chain time, Unix seconds."""
    health = Health(free_atoms(account))
    for one in held:
        health = health.plus(one.position, one.market, prices_of(one.market, now))
    return health


def maintenance_up(rules: exchange.PerpRules, value_atoms: int) -> int:
    """What keeping a position worth so much requires, rounded up."""
    return _tiered_up(rules, value_atoms, [tier.maintenance_bps for tier in rules.tiers])


def initial_up(rules: exchange.PerpRules, lots: int, value_atoms: int) -> int:
    """What opening a position of so many lots worth so much requires, rounded up."""
    tiered = _tiered_up(rules, value_atoms, [tier.initial_bps for tier in rules.tiers])
    share = min(rules.size_premium_ppb * isqrt(lots), _ALL_PPB)
    return max(tiered, -(-value_atoms * share // _ALL_PPB))


def _tiered_up(rules: exchange.PerpRules, value_atoms: int, shares_bps: list[int]) -> int:
    required, top = 0, value_atoms
    for tier, bps in reversed(list(zip(rules.tiers[: rules.tier_count], shares_bps, strict=False))):
        if top > tier.from_atoms:
            required += (top - tier.from_atoms) * bps
            top = tier.from_atoms
    return -(-required // _ALL_BPS)


def _position_initial_up(position: Position, rules: exchange.PerpRules, prices: Prices) -> int:
    def required(lots: int) -> int:
        return initial_up(rules, abs(lots), prices.value_atoms(lots))

    if not (position.bid_lots or position.ask_lots):
        return required(position.lots)
    most = max(required(position.lots + position.bid_lots), required(position.lots - position.ask_lots))
    most += max(position.bid_atoms - position.bid_lots * prices.low_ticks, 0)
    return most + max(position.ask_lots * prices.high_ticks - position.ask_atoms, 0)


def least_reward_up(rules: exchange.PerpRules, value_atoms: int) -> int:
    """The least reward for taking over a position worth so much."""
    return -(-value_atoms * rules.reward_bps // _ALL_BPS)
