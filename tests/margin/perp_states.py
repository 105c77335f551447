"""Random states of markets and accounts, the extremes of every range among them.

`states` is the one source of them: for the mirror against the model, and for the mirror against the program.
"""

from __future__ import annotations

import random
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine_model import Refused, settled_quote, surplus_of, wrapping
from solders.pubkey import Pubkey

from secant_keeper.perps.columns import Columns, Leg
from secant_keeper.perps.market import Market, Schedule, Tier

if TYPE_CHECKING:
    from collections.abc import Iterator

LOTS_MAX = 2**34
PRICE_MAX = 2**24 - 1


@dataclass
class Account:
    free_atoms: int
    legs: list[Leg]

    def is_bounded(self, markets: list[Market]) -> bool:
        """Whether the account is within the bounds that the mirror promises to be exact in."""
        if abs(self.free_atoms) > 2**60:
            return False
        for leg in self.legs:
            lots = (leg.position_lots, leg.bid_lots, leg.ask_lots)
            stored = max(map(abs, lots)) <= LOTS_MAX and abs(leg.quote_atoms) <= 2**57
            if not stored or max(leg.bid_atoms, leg.ask_atoms) > 2**58:
                return False
            market = markets[leg.market]
            loss_index = market.loss_short_index if leg.position_lots < 0 else market.loss_long_index
            moved = (
                wrapping(market.funding_index - leg.funding_index),
                wrapping(loss_index - leg.loss_index),
            )
            if leg.position_lots and max(map(abs, moved)) > 2**59:
                return False
            if abs(settled_quote(leg, market)) > 2**58:
                return False
        return True


@dataclass
class State:
    markets: list[Market]
    accounts: list[Account]


def states(seed: int, count: int) -> Iterator[State]:
    """So many states, the same for the same seed."""
    rng = random.Random(seed)
    return (random_state(rng) for _ in range(count))


def random_state(rng: random.Random) -> State:
    markets = [random_market(rng) for _ in range(rng.randint(1, 10))]
    return State(markets, [random_account(rng, markets) for _ in range(rng.randint(1, 6))])


def random_market(rng: random.Random) -> Market:
    mark, other, third = (1 + sized(rng, PRICE_MAX - 1) for _ in range(3))
    return Market(
        mark_ticks=mark,
        low_ticks=min(mark, other),
        high_ticks=max(mark, third),
        is_doubtful=rng.random() < 0.3,
        schedule=random_schedule(rng),
        funding_index=random_index(rng),
        loss_long_index=random_index(rng),
        loss_short_index=random_index(rng),
        face_ticks=rng.choice([0, min(mark + sized(rng, PRICE_MAX), PRICE_MAX), sized(rng, PRICE_MAX)]),
    )


def random_schedule(rng: random.Random) -> Schedule:
    count = rng.randint(1, 4)
    starts = sorted({0, *(1 + sized(rng, 2**64 - 2) for _ in range(count - 1))})
    shares = sorted(rng.sample(range(1, 10_001), 2 * len(starts)))
    tiers = [Tier(start, shares[2 * at + 1], shares[2 * at]) for at, start in enumerate(starts)]
    return Schedule(tuple(tiers), rng.choice([0, sized(rng, 2**32 - 1)]))


def random_account(rng: random.Random, markets: list[Market]) -> Account:
    """Half of the accounts that can be stand within two atoms of liquidation."""
    chosen = rng.sample(range(len(markets)), rng.randint(0, min(8, len(markets))))
    account = Account(either(rng, 2**60), [random_leg(rng, at, markets[at]) for at in chosen])
    if rng.random() < 0.5:
        with suppress(Refused):
            over = surplus_of(account.free_atoms, account.legs, markets)
            brink = account.free_atoms - over + rng.randint(-2, 2)
            if abs(brink) <= 2**60:
                account.free_atoms = brink
    # One in twenty leaves the bounds, now and then in what is free.
    return replace(account, free_atoms=either(rng, 2**63 - 1)) if rng.random() < 0.05 else account


def random_leg(rng: random.Random, index: int, market: Market) -> Leg:
    far = rng.random() < 0.02
    lots = either(rng, LOTS_MAX * (2 if far else 1))
    loss_index = market.loss_short_index if lots < 0 else market.loss_long_index
    has_orders = rng.random() < 0.5
    bid_lots, ask_lots = ((sized(rng, LOTS_MAX) if has_orders else 0) for _ in range(2))
    # A payment of more than an account can owe is rare, so that most states are within the bounds.
    moved_max = 2**63 - 1 if far else min(2**59, 2**88 // max(abs(lots), 1))
    return Leg(
        market=index,
        position_lots=lots,
        quote_atoms=either(rng, 2**63 - 1 if far else 2**57),
        funding_index=wrapping(market.funding_index - either(rng, moved_max)),
        loss_index=wrapping(loss_index - either(rng, moved_max)),
        bid_lots=bid_lots,
        bid_atoms=sized(rng, (bid_lots or 1) * PRICE_MAX),
        ask_lots=ask_lots,
        ask_atoms=sized(rng, (ask_lots or 1) * PRICE_MAX),
    )


def random_index(rng: random.Random) -> int:
    """Near the wrap, or anywhere."""
    return wrapping(2**63 + either(rng, 2**40)) if rng.random() < 0.2 else either(rng, 2**63 - 1)


def sized(rng: random.Random, most: int) -> int:
    """0 to `most`, of any size alike, both ends more often than by chance."""
    choice = rng.randint(0, 15)
    if choice == 0:
        return 0
    if choice == 1:
        return most
    return min(rng.randint(0, 2 ** rng.randint(0, most.bit_length())), most)


def either(rng: random.Random, most: int) -> int:
    """As `sized`, of either sign."""
    return sized(rng, most) * rng.choice([-1, 1])


def address_of(number: int) -> Pubkey:
    return Pubkey.from_bytes(number.to_bytes(32, "big"))


def columns_of(state: State) -> Columns:
    """The state's accounts, in rows of their order."""
    columns = Columns()
    for _ in state.markets:
        columns.add_market()
    for number, account in enumerate(state.accounts):
        assert columns.put(address_of(number), account.free_atoms, account.legs) == number
    return columns
