"""Each leg's liquidation price is exact to the tick."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from engine_model import Refused, surplus_of
from hypothesis import given
from hypothesis import strategies as st
from perp_states import PRICE_MAX, Account, State, address_of, columns_of, random_state, states

from secant_keeper.perps.columns import Columns, Leg
from secant_keeper.perps.health import liquidation_ticks
from secant_keeper.perps.market import Market, Schedule, Tier

if TYPE_CHECKING:
    import random


def assert_exact(state: State) -> int:
    """Every leg's price by the model at it, before it and at the ends; how many there are."""
    columns = columns_of(state)
    found = liquidation_ticks(columns, state.markets, np.arange(len(state.accounts)))
    prices = 0
    for row, account in enumerate(state.accounts):
        ticks = dict(zip(columns.leg_market[row].tolist(), found[row].tolist(), strict=True))
        if not is_known(account, state.markets):
            assert set(ticks.values()) <= {0}
            continue
        for leg in account.legs:
            assert_leg(account, state.markets, leg, ticks[leg.market])
            prices += ticks[leg.market] > 0
    return prices


def is_known(account: Account, markets: list[Market]) -> bool:
    try:
        return account.is_bounded(markets)
    except Refused:
        return False


def assert_leg(account: Account, markets: list[Market], leg: Leg, ticks: int) -> None:
    def is_below(price_ticks: int) -> bool:
        moved = list(markets)
        moved[leg.market] = replace(markets[leg.market], mark_ticks=price_ticks)
        return surplus_of(account.free_atoms, account.legs, moved) < 0

    face = markets[leg.market].face_ticks
    highest = face - 1 if face > 1 else PRICE_MAX
    best, worst = (highest, 1) if leg.position_lots > 0 else (1, highest)
    if leg.position_lots == 0:
        assert ticks == 0
    elif ticks == 0:
        assert not is_below(worst)
    else:
        assert is_below(ticks)
        assert is_below(worst)
        if ticks != best:
            assert not is_below(ticks + (1 if best > worst else -1))
            assert not is_below(best)


@given(st.randoms(use_true_random=False))
def test_prices_are_exact(rng: random.Random) -> None:
    assert_exact(random_state(rng))


def test_prices_are_exact_on_many_states() -> None:
    assert sum(assert_exact(state) for state in states(seed=7, count=400)) > 1_000


def test_a_short_that_holds_all_it_can_lose_has_no_price() -> None:
    tiers = Schedule((Tier(0, 1_000, 500),))
    market = Market(4_000, 4_000, 4_000, is_doubtful=False, schedule=tiers, face_ticks=10_000)
    columns = Columns()
    columns.add_market()
    for number, free in enumerate((6_000, 1_000)):
        columns.put(address_of(number), free, [Leg(0, -1, 4_000)])
    # 1,000 less the rise covers a twentieth of what is left up to the face: up to 4,736 ticks.
    assert liquidation_ticks(columns, [market], np.array([0, 1]))[:, 0].tolist() == [0, 4_737]


def test_prices_of_a_hedged_account() -> None:
    tiers = Schedule((Tier(0, 1_000, 500),))
    market = Market(10_000, 10_000, 10_000, is_doubtful=False, schedule=tiers)
    columns = Columns()
    for _ in range(3):
        columns.add_market()
    columns.put(address_of(0), 2_000, [Leg(2, 1, -10_000), Leg(0, -1, 10_000)])
    columns.put(address_of(1), 10**6, [Leg(1, 1, -10_000)])
    columns.put(address_of(2), 10**6, [Leg(1, 1, -10_000)])
    ticks = liquidation_ticks(columns, [market, None, market], np.array([1, 0]))
    # 2,000 less 500 for the other leg, against the price's move and what the leg requires there.
    assert ticks[1, :3].tolist() == [8_947, 10_953, 0]
    assert ticks[0].tolist() == [0] * 8
