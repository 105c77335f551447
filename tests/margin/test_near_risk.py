"""Marking the few that are near finds everybody whom a pass over all finds."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from perp_states import (
    PRICE_MAX,
    State,
    address_of,
    columns_of,
    either,
    random_account,
    random_index,
    random_market,
    random_schedule,
    random_state,
)

from secant_keeper.perps.at_risk import at_marks, mark_all
from secant_keeper.perps.columns import Columns, Leg
from secant_keeper.perps.market import Market, Schedule, Tier, wrapped
from secant_keeper.perps.near_risk import CHANGED_MAX, NearRisk

if TYPE_CHECKING:
    from collections.abc import Sequence

FLAT = Schedule((Tier(0, 1_000, 500),))


def assert_found(near: NearRisk, columns: Columns, markets: Sequence[Market | None]) -> None:
    """A tick finds what a pass over all accounts finds: no fewer, and no more."""
    picked = near.tick(markets)
    everybody = mark_all(columns, at_marks(markets))
    assert picked.liquidatable.tolist() == everybody.liquidatable().tolist()
    assert picked.unknown.tolist() == everybody.unknown().tolist()


def stepped(rng: random.Random, market: Market) -> Market:
    """The market a moment later: within its band, at its edge, or anywhere."""
    edge = -(-market.mark_ticks * 200 // 10_000)
    by = rng.choice([-edge, -1, 0, 1, edge, rng.randint(-edge, edge), either(rng, PRICE_MAX)])
    step = edge << 28
    moves = [rng.choice([0, 0, -step, step, rng.randint(-step, step)]) for _ in range(3)]
    if rng.random() < 0.05:
        moves[0] = random_index(rng)
    return replace(
        market,
        mark_ticks=min(max(market.mark_ticks + by, 1), PRICE_MAX),
        funding_index=wrapped(market.funding_index + moves[0]),
        loss_long_index=wrapped(market.loss_long_index + moves[1]),
        loss_short_index=wrapped(market.loss_short_index + moves[2]),
        schedule=random_schedule(rng) if rng.random() < 0.05 else market.schedule,
        face_ticks=either(rng, PRICE_MAX) % PRICE_MAX if rng.random() < 0.05 else market.face_ticks,
    )


@given(st.randoms(use_true_random=False))
def test_no_tick_misses_anybody(rng: random.Random) -> None:
    walk(rng, random_state(rng), steps=12)


def test_no_tick_misses_anybody_on_long_walks() -> None:
    for seed in range(60):
        rng = random.Random(seed)
        markets = [random_market(rng) for _ in range(3)]
        walk(rng, State(markets, [random_account(rng, markets) for _ in range(40)]), steps=40)


def walk(rng: random.Random, state: State, steps: int) -> None:
    columns, markets = columns_of(state), list[Market | None](state.markets)
    known = list(state.markets)
    near = NearRisk(columns)
    for _ in range(steps):
        for _ in range(rng.randint(0, 3)):
            index = rng.randrange(len(known))
            known[index] = stepped(rng, known[index])
            markets[index] = None if rng.random() < 0.05 else known[index]
        for _ in range(rng.randint(0, 2)):
            address = address_of(rng.randint(0, len(state.accounts) + 2))
            if rng.random() < 0.2:
                columns.remove(address)
            else:
                account = random_account(rng, known)
                columns.put(address, account.free_atoms, account.legs)
        assert_found(near, columns, markets)


def market_at(mark_ticks: int) -> Market:
    return Market(mark_ticks, mark_ticks, mark_ticks, is_doubtful=False, schedule=FLAT)


def ladder() -> Columns:
    """A hundred longs of one lot from 10,000 ticks, ever further from liquidation: by ten ticks each."""
    columns = Columns()
    columns.add_market()
    for number in range(100):
        columns.put(address_of(number), 500 + 10 * number, [Leg(0, 1, -10_000)])
    return columns


def test_who_is_far_is_not_marked_again_until_the_price_leaves_its_band() -> None:
    columns = ladder()
    near = NearRisk(columns)
    # A tick costs 1 and frees a twentieth: number n falls short once 0.95 · (10,000 - price) > 10 · n.
    assert near.tick([market_at(10_000)]).liquidatable.tolist() == []
    # Near is who would at 9,800, with 12.5 more for funding and for losses each.
    assert near.near().tolist() == list(range(22))
    assert near.tick([market_at(9_900)]).liquidatable.tolist() == list(range(10))
    assert near.tick([market_at(9_800)]).liquidatable.tolist() == list(range(19))
    assert near.surveys == 1
    assert near.tick([market_at(9_799)]).liquidatable.tolist() == list(range(20))
    assert near.surveys == 2


def test_whoever_changed_is_near_until_the_next_survey() -> None:
    columns = ladder()
    near = NearRisk(columns)
    near.tick([market_at(10_000)])
    columns.put(address_of(99), 0, [Leg(0, 1, -10_000)])
    columns.put(address_of(100), 0, [Leg(0, -1, 10_000)])
    columns.put(address_of(98), 10**6, [Leg(0, 1, -10_000)])
    assert near.tick([market_at(10_001)]).liquidatable.tolist() == [99, 100]
    assert set(near.near().tolist()) > {98, 99, 100}
    near.survey([market_at(10_001)])
    assert 98 not in near.near()
    assert near.tick([market_at(10_001)]).liquidatable.tolist() == [99, 100]


def test_many_changes_are_taken_in_without_a_survey() -> None:
    columns = ladder()
    near = NearRisk(columns)
    market = market_at(10_000)
    near.tick([market])
    for number in range(100, 400):
        columns.put(address_of(number), 499 if number % 3 else 501, [Leg(0, 1, -10_000)])
        assert_found(near, columns, [market])
        assert len(columns.touched) <= CHANGED_MAX
    columns.remove(address_of(100))
    assert_found(near, columns, [market])
    assert near.surveys == 1


def test_a_second_market_alone_can_bring_an_account_down_that_the_first_never_could() -> None:
    columns = Columns()
    for _ in range(2):
        columns.add_market()
    columns.put(address_of(0), 1_300, [Leg(0, 1, -10_000), Leg(1, -1, 10_000)])
    near = NearRisk(columns)
    calm, fallen, risen = market_at(10_000), market_at(9_850), market_at(10_150)
    assert near.tick([calm, calm]).liquidatable.tolist() == []
    assert near.tick([fallen, calm]).liquidatable.tolist() == []
    assert near.tick([fallen, risen]).liquidatable.tolist() == [0]
    assert near.surveys == 1


def test_an_index_that_wraps_is_still_in_its_band() -> None:
    columns = ladder()
    near = NearRisk(columns)
    markets = [replace(market_at(10_000), funding_index=index) for index in (2**63 - 1, -(2**63) + 5)]
    for market in markets:
        assert near.tick([market]).liquidatable.tolist() == []
    assert near.surveys == 1


def test_nobody_there_is_nobody_found() -> None:
    picked = NearRisk(Columns()).tick([])
    assert picked.liquidatable.dtype == np.int64
    assert picked.liquidatable.tolist() == picked.unknown.tolist() == []
