"""One margin account's perpetuals: of the few that are picked, and of a taker.

The formulas are `secant.perp_margin`'s. They choose what is worth sending; the program decides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from solders.pubkey import Pubkey

from secant.perp_margin import Health, Holding, health_with, holding_of
from secant_keeper.perps.prices import prices_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secant import exchange
    from secant_keeper.state import State

_ALL_BPS: Final = 10_000
NO_MARKET: Final = Pubkey.default()


def legs_of(account: exchange.MarginAccount) -> Iterator[exchange.PerpLeg]:
    """The legs in use."""
    return (leg for leg in account.perp_legs if leg.market != NO_MARKET)


def free_atoms(account: exchange.MarginAccount) -> int:
    """Cash less what events hold at worst."""
    return account.cash_atoms + account.floor_atoms


class Held(NamedTuple):
    """One leg of an account, with what its seat's fills have brought.

    Attributes:
        leg: The leg.
        market: Its market.
        position: Leg and seat together, settled.
    """

    leg: exchange.PerpLeg
    market: exchange.PerpMarket
    position: Holding


def holdings(state: State, address: Pubkey, account: exchange.MarginAccount) -> list[Held] | None:
    """An account's legs; None if one of its markets is not known."""
    found = []
    for leg in legs_of(account):
        market = state.watch.market(state, leg.market)
        if market is None:
            return None
        seat = state.watch.seat(address, leg.market) if leg.seat else None
        found.append(Held(leg, market, holding_of(leg, seat, market)))
    return found


def health_of(account: exchange.MarginAccount, held: list[Held], now: int) -> Health:
    """An account's health at a chain time, Unix seconds."""
    health = Health(free_atoms(account))
    for one in held:
        health = health_with(health, one.position, prices_of(one.market, now), one.market, now)
    return health


def least_reward_up(rules: exchange.PerpRules, value_atoms: int) -> int:
    """The least reward for taking over a position worth so much."""
    return -(-value_atoms * rules.reward_bps // _ALL_BPS)
