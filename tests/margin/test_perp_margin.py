"""The mirror's margin is the engine's, to the atom, and knows where it is not."""

from __future__ import annotations

from itertools import product
from math import isqrt
from typing import TYPE_CHECKING

import numpy as np
import pytest
from engine_model import Refused, health_of
from engine_model import initial_up as model_initial_up
from engine_model import maintenance_up as model_maintenance_up
from engine_model import payment_up as model_payment_up
from hypothesis import given
from hypothesis import strategies as st
from perp_states import PRICE_MAX, State, address_of, columns_of, random_schedule, random_state, sized, states

from secant_keeper.perps.at_risk import at_marks, mark_all, mark_rows
from secant_keeper.perps.columns import Columns, Leg
from secant_keeper.perps.errors import MarketInvalidError
from secant_keeper.perps.health import health
from secant_keeper.perps.margin import initial_up, maintenance_up, payment_up
from secant_keeper.perps.market import Market, Schedule, Tier

if TYPE_CHECKING:
    import random

    from numpy.typing import NDArray

LOTS = st.integers(-(2**34), 2**34) | st.sampled_from([-(2**34), -1, 0, 1, 2**17, 2**34])
MOVES = st.integers(-(2**59), 2**59) | st.sampled_from([-(2**59), -(2**32), -1, 0, 1, 2**32 - 1, 2**59])
TEN_TIMES = Schedule(
    (Tier(0, 1_000, 500), Tier(10**12, 2_000, 1_000), Tier(10**13, 5_000, 2_500)), size_premium_ppb=2_000
)


def ints(*values: int) -> NDArray[np.int64]:
    return np.array(values, dtype=np.int64)


@given(LOTS, MOVES)
def test_payments_are_rounded_against_the_holder_at_any_size(lots: int, moved: int) -> None:
    assert payment_up(ints(lots), ints(moved)).tolist() == [model_payment_up(lots, 0, moved)]


@given(st.randoms(use_true_random=False), st.integers(0, 2**59))
def test_tiers_are_taken_part_by_part(rng: random.Random, value: int) -> None:
    schedule = random_schedule(rng)
    borders = [min(tier.from_atoms + by, 2**59) for tier in schedule.tiers for by in (0, 1, 9_999)]
    values = [value, sized(rng, 2**59), 0, 2**59, *borders]
    found = maintenance_up(schedule, ints(*values))
    assert found.tolist() == [model_maintenance_up(schedule, one) for one in values]


@given(st.randoms(use_true_random=False), st.integers(0, 2**35), st.integers(1, isqrt(2**35)))
def test_opening_asks_for_the_more_of_tiers_and_size(rng: random.Random, lots: int, root: int) -> None:
    schedule = random_schedule(rng)
    sizes = [lots, root * root - 1, root * root, root * root + 1, 0, 2**35]
    price = 1 + sized(rng, PRICE_MAX - 1)
    found = initial_up(schedule, ints(*sizes), ints(*sizes) * price)
    assert found.tolist() == [model_initial_up(schedule, one, one * price) for one in sizes]


def test_every_root_next_to_a_square_is_exact() -> None:
    squares = np.arange(1, isqrt(2**35) + 1, dtype=np.int64) ** 2
    for by in (-1, 0, 1):
        roots = np.sqrt((squares + by).astype(np.float64)).astype(np.int64)
        assert (roots * roots <= squares + by).all()
        assert ((roots + 1) ** 2 > squares + by).all()


def assert_mirrored(state: State) -> tuple[int, int]:
    """Every account of the state as the model has it; how many are known, and liquidatable of them."""
    columns, markets = columns_of(state), state.markets
    rows = np.arange(len(state.accounts))
    found = health(columns, markets, rows)
    surpluses, some = mark_all(columns, at_marks(markets)), mark_rows(columns, at_marks(markets), rows[::-1])
    initial_surplus = found.initial_surplus()
    known = liquidatable = 0
    for row, account in enumerate(state.accounts):
        try:
            bounded = account.is_bounded(markets)
            model = health_of(account.free_atoms, account.legs, markets)
            surplus = model.maintenance_surplus()
        except Refused:
            bounded = False
        assert (
            found.is_unknown[row] == surpluses.is_unknown[row] == some.is_unknown[-1 - row] == (not bounded)
        )
        if not bounded:
            continue
        known += 1
        liquidatable += surplus < 0
        for name in ("free", "claims", "losses", "initial", "maintenance"):
            assert getattr(found, f"{name}_atoms")[row] == getattr(model, f"{name}_atoms")
        assert found.equity()[row] == model.equity()
        assert found.maintenance_surplus()[row] == surpluses.atoms[row] == some.atoms[-1 - row] == surplus
        assert (row in surpluses.liquidatable()) == (surplus < 0)
        try:
            assert initial_surplus.atoms[row] == model.initial_surplus()
        except Refused:
            assert initial_surplus.is_unknown[row]
        else:
            assert not initial_surplus.is_unknown[row]
    return known, liquidatable


@given(st.randoms(use_true_random=False))
def test_health_is_the_models(rng: random.Random) -> None:
    assert_mirrored(random_state(rng))


def test_health_is_the_models_on_many_states() -> None:
    counted = [assert_mirrored(state) for state in states(seed=5, count=1_500)]
    accounts = sum(len(state.accounts) for state in states(seed=5, count=1_500))
    known, liquidatable = (sum(column) for column in zip(*counted, strict=True))
    # The states are worth something: most are known, and of these about as many below as above.
    assert 0.6 * accounts < known < 0.99 * accounts
    assert 0.3 * known < liquidatable < 0.7 * known


def test_the_largest_account_of_all_is_exact() -> None:
    half = Schedule((Tier(0, 10_000, 9_999),), size_premium_ppb=2**32 - 1)
    market = Market(PRICE_MAX, 1, PRICE_MAX, is_doubtful=True, schedule=half)
    for sign, free in product((-1, 1), (-(2**60), 2**60)):
        legs = [
            Leg(at, sign * 2**34, -(2**57), -sign * 2**54, -(2**54), 2**34, 2**58, 2**34, 0)
            for at in range(8)
        ]
        columns = Columns()
        for _ in legs:
            columns.add_market()
        columns.put(address_of(0), free, legs)
        found = health(columns, [market] * 8, ints(0))
        model = health_of(free, legs, [market] * 8)
        assert not found.is_unknown[0]
        assert found.initial_atoms.tolist() == [model.initial_atoms]
        assert model.initial_atoms > 2**63
        assert found.maintenance_surplus().tolist() == [model.maintenance_surplus()]
        with pytest.raises(Refused):
            model.initial_surplus()
        assert found.initial_surplus().is_unknown.tolist() == [True]


def test_a_short_under_a_face_requires_margin_on_what_it_can_lose() -> None:
    market = Market(9_000, 9_000, 9_000, is_doubtful=False, schedule=TEN_TIMES, face_ticks=10_000)
    columns = Columns()
    columns.add_market()
    for number, lots in enumerate((-1_000, 1_000)):
        columns.put(address_of(number), 0, [Leg(0, lots, 0)])
    found = health(columns, [market], ints(0, 1))
    assert found.maintenance_atoms.tolist() == [50_000, 450_000]
    assert found.initial_atoms.tolist() == [100_000, 900_000]


def test_an_account_with_exactly_what_keeping_requires_is_not_liquidatable() -> None:
    market = Market(1_000, 1_000, 1_000, is_doubtful=False, schedule=TEN_TIMES)
    columns = Columns()
    columns.add_market()
    for number, free in enumerate((50_000, 49_999)):
        columns.put(address_of(number), free, [Leg(0, 1_000, -1_000_000)])
    surpluses = mark_all(columns, at_marks([market]))
    assert surpluses.atoms.tolist() == [0, -1]
    assert surpluses.liquidatable().tolist() == [1]


def test_a_leg_in_a_market_that_is_not_known_makes_its_account_unknown() -> None:
    market = Market(1_000, 1_000, 1_000, is_doubtful=False, schedule=TEN_TIMES)
    columns = Columns()
    for _ in range(3):
        columns.add_market()
    for at in range(3):
        columns.put(address_of(at), 10**9, [Leg(at, 1, 0)])
    surpluses = mark_all(columns, at_marks([market, None]))
    assert surpluses.unknown().tolist() == [1, 2]
    assert surpluses.liquidatable().tolist() == []
    assert health(columns, [market, None], ints(2, 0)).is_unknown.tolist() == [True, False]


@pytest.mark.parametrize(
    "tiers",
    [
        (),
        (Tier(0, 1_000, 500),) * 5,
        (Tier(1, 1_000, 500),),
        (Tier(0, 500, 500),),
        (Tier(0, 10_001, 500),),
        (Tier(0, 500, 0),),
        (Tier(0, 1_000, 500), Tier(0, 2_000, 600)),
        (Tier(0, 1_000, 500), Tier(5, 1_000, 600)),
        (Tier(0, 1_000, 500), Tier(5, 2_000, 500)),
        (Tier(0, 1_000, 500), Tier(2**64, 2_000, 600)),
    ],
)
def test_tiers_that_the_program_would_not_take_are_refused(tiers: tuple[Tier, ...]) -> None:
    with pytest.raises(MarketInvalidError, match="a schedule has 1 to 4 tiers"):
        Schedule(tiers)


@pytest.mark.parametrize("premium", [-1, 2**32])
def test_a_size_premium_has_32_bits(premium: int) -> None:
    with pytest.raises(MarketInvalidError, match="size premium"):
        Schedule((Tier(0, 1_000, 500),), premium)


@pytest.mark.parametrize("prices", [(0, 1, 1), (2**24, 1, 1), (1, -1, 1), (1, 1, 2**24)])
def test_prices_out_of_range_are_refused(prices: tuple[int, int, int]) -> None:
    with pytest.raises(MarketInvalidError, match="a mark is"):
        Market(*prices, is_doubtful=False, schedule=TEN_TIMES)


def test_a_face_out_of_range_is_refused() -> None:
    with pytest.raises(MarketInvalidError, match="face"):
        Market(1, 1, 1, is_doubtful=False, schedule=TEN_TIMES, face_ticks=2**24)


@pytest.mark.parametrize("index", [-(2**63) - 1, 2**63])
def test_indices_out_of_range_are_refused(index: int) -> None:
    with pytest.raises(MarketInvalidError, match="64 bits"):
        Market(1, 1, 1, is_doubtful=False, schedule=TEN_TIMES, loss_short_index=index)
