"""Rounding to prices and sizes that orders can have, and the fewest changes to the levels wanted."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secant.client import Side, rounded_order
from secant.client.levels import LEVEL_ORDERS_MAX, LevelKey, OwnOrder, level_changes, slid_levels
from secant.errors import InputError, UnitError
from secant.units import ask_ticks_up, bid_ticks_down, lots_down

TICK, LOT = Decimal("0.0001"), Decimal("0.01")
anything = st.decimals(min_value=-2, max_value=2, allow_nan=False)


@given(price=anything)
def test_prices_are_rounded_in_the_owners_favour_or_refused(price: Decimal) -> None:
    exact = Fraction(price) * 10_000
    floor, ceiling = math.floor(exact), math.ceil(exact)
    for rounded, to_ticks in ((floor, bid_ticks_down), (ceiling, ask_ticks_up)):
        if 1 <= rounded <= 9_999:
            assert to_ticks(price) == rounded
        else:
            with pytest.raises(UnitError, match="rounded"):
                to_ticks(price)


@given(shares=st.decimals(min_value=-1, max_value=10**6, allow_nan=False))
def test_sizes_are_rounded_down_or_refused(shares: Decimal) -> None:
    lots = math.floor(Fraction(shares) * 100)
    if lots >= 1:
        assert lots_down(shares) == lots
    else:
        with pytest.raises(UnitError, match=r"0\.01"):
            lots_down(shares)


@given(side=st.sampled_from(Side), price=anything, shares=st.decimals(0, 1000, allow_nan=False))
def test_an_order_is_never_worse_nor_larger_than_asked(side: Side, price: Decimal, shares: Decimal) -> None:
    try:
        order = rounded_order(side, price, shares)
    except UnitError:
        return
    assert TICK <= order.price <= 1 - TICK
    assert LOT <= order.shares <= shares < order.shares + LOT
    if side is Side.BUY:
        assert order.price <= price < order.price + TICK
    else:
        assert order.price - TICK < price <= order.price
    assert rounded_order(side, order.price, order.shares) == order, "what can be ordered is left as it is"


@pytest.mark.parametrize("wrong", [0.5, float("nan"), "NaN", "x", None, True, "1e999999999", "Infinity"])
def test_what_is_no_number_is_refused(wrong: object) -> None:
    for refused in (
        lambda: rounded_order("buy", wrong, 1),  # type: ignore[arg-type]
        lambda: rounded_order("sell", "0.5", wrong),  # type: ignore[arg-type]
    ):
        with pytest.raises(UnitError):
            refused()
    with pytest.raises(InputError, match="use one of buy, sell"):
        rounded_order("hold", "0.5", 1)


# --- levels -------------------------------------------------------------------------------------------------

sides = st.sampled_from(Side)


@st.composite
def uncrossed(draw: st.DrawFn) -> dict[LevelKey, int]:
    middle = draw(st.integers(2, 9_998))
    bids = draw(st.dictionaries(st.integers(max(1, middle - 5), middle - 1), st.integers(1, 40), max_size=4))
    asks = draw(st.dictionaries(st.integers(middle, min(9_999, middle + 5)), st.integers(1, 40), max_size=4))
    return {LevelKey(Side.BUY, ticks): lots for ticks, lots in bids.items()} | {
        LevelKey(Side.SELL, ticks): lots for ticks, lots in asks.items()
    }


@st.composite
def books(draw: st.DrawFn) -> tuple[list[OwnOrder], dict[LevelKey, int], int]:
    """Own orders about the levels wanted, the levels, and the least lots of an order."""
    lots_min = draw(st.integers(1, 5))
    wanted = {level: max(lots, lots_min) for level, lots in draw(uncrossed()).items()}
    about = [*wanted, LevelKey(Side.BUY, 1), LevelKey(Side.SELL, 9_999)]
    own = [
        OwnOrder(order_id, level, lots, stands, place=order_id)
        for order_id, (level, lots, stands) in enumerate(
            draw(
                st.lists(
                    st.tuples(st.sampled_from(about), st.integers(1, 40), st.booleans()),
                    max_size=12,
                )
            )
        )
    ]
    return draw(st.permutations(own)), wanted, lots_min


@given(books())
def test_exactly_the_levels_wanted_stand(case: tuple[list[OwnOrder], dict[LevelKey, int], int]) -> None:
    own, wanted, lots_min = case
    changes = level_changes(own, wanted, lots_min=lots_min)
    shown: dict[LevelKey, int] = {}
    counts: dict[LevelKey, int] = {}
    for level, lots in [*((order.level, order.lots) for order in changes.kept), *changes.placed.items()]:
        shown[level] = shown.get(level, 0) + lots
        counts[level] = counts.get(level, 0) + 1
    assert shown == wanted
    assert max(counts.values(), default=0) <= LEVEL_ORDERS_MAX
    assert all(order.stands for order in changes.kept)
    assert all(lots >= lots_min for lots in changes.placed.values())
    ids = [order.order_id for order in (*changes.kept, *changes.cancelled)]
    assert sorted(ids) == sorted(order.order_id for order in own), "each is kept or cancelled"
    again = [
        *changes.kept,
        *(
            OwnOrder(100 + place, level, lots, stands=True, place=0)
            for place, (level, lots) in enumerate(changes.placed.items())
        ),
    ]
    settled = level_changes(again, wanted, lots_min=lots_min)
    assert (settled.cancelled, settled.placed) == ((), {}), "and then nothing is left to do"


@given(books())
def test_no_change_that_need_not_be(case: tuple[list[OwnOrder], dict[LevelKey, int], int]) -> None:
    """A level that stands is left alone, and each level costs one placement at most."""
    own, wanted, lots_min = case
    changes = level_changes(own, wanted, lots_min=lots_min)
    for level, lots in wanted.items():
        there = [order for order in own if order.level == level and order.stands]
        total = sum(order.lots for order in there)
        cancelled = [order for order in changes.cancelled if order in there]
        if total == lots and len(there) <= LEVEL_ORDERS_MAX:
            assert not cancelled
            assert level not in changes.placed
        if lots - total >= lots_min and len(there) < LEVEL_ORDERS_MAX:
            assert not cancelled
            assert changes.placed[level] == lots - total
    assert all(order.level not in wanted or order.stands for order in changes.kept)


def test_a_smaller_level_keeps_its_oldest_orders() -> None:
    level = LevelKey(Side.SELL, 6_000)
    oldest, second, youngest = (OwnOrder(place, level, 10, stands=True, place=place) for place in range(3))
    changes = level_changes([youngest, oldest, second], {level: 25})
    assert changes.kept == (oldest, second)
    assert changes.cancelled == (youngest,)
    assert changes.placed == {level: 5}


def test_what_would_be_dust_joins_its_neighbour() -> None:
    level = LevelKey(Side.BUY, 4_000)
    order = OwnOrder(0, level, 10, stands=True, place=0)
    changes = level_changes([order], {level: 12}, lots_min=5)
    assert (changes.kept, changes.cancelled, changes.placed) == ((), (order,), {level: 12})


def test_quotes_that_cross_or_are_too_small_are_refused() -> None:
    bid, ask = LevelKey(Side.BUY, 5_000), LevelKey(Side.SELL, 5_000)
    for refused in (
        lambda: level_changes([], {bid: 1, ask: 1}),
        lambda: slid_levels({bid: 1, ask: 1}, None, None),
    ):
        with pytest.raises(InputError, match="bid below every ask"):
            refused()
    with pytest.raises(InputError, match=r"quote at least 0\.05"):
        level_changes([], {bid: 4}, lots_min=5)


@given(uncrossed(), st.integers(1, 9_998), st.integers(1, 9_999))
def test_slid_levels_rest_as_near_as_they_can(wanted: dict[LevelKey, int], bid: int, width: int) -> None:
    ask = min(9_999, bid + width)
    try:
        slid = slid_levels(wanted, bid, ask)
    except InputError:
        assert (ask == 1 and any(side is Side.BUY for side, _ in wanted)) or (
            bid == 9_999 and any(side is Side.SELL for side, _ in wanted)
        )
        return
    for side in Side:
        assert sum(lots for level, lots in slid.items() if level.side is side) == sum(
            lots for level, lots in wanted.items() if level.side is side
        )
    for level, lots in wanted.items():
        takes = level.price_ticks >= ask if level.side is Side.BUY else level.price_ticks <= bid
        beside = LevelKey(level.side, ask - 1 if level.side is Side.BUY else bid + 1)
        assert slid[beside if takes else level] >= lots
    level_changes([], slid)


def test_there_is_no_price_under_the_lowest_ask() -> None:
    with pytest.raises(InputError, match="quote one side only"):
        slid_levels({LevelKey(Side.BUY, 1): 1}, None, 1)
    with pytest.raises(InputError, match="quote one side only"):
        slid_levels({LevelKey(Side.SELL, 9_999): 1}, 9_999, None)
    assert slid_levels({LevelKey(Side.SELL, 9_999): 1}, None, 1) == {LevelKey(Side.SELL, 9_999): 1}


def test_digits_beyond_the_context_count() -> None:
    """Decimal's own arithmetic would round these to 28 digits."""
    above, below = Decimal("0.5" + "0" * 40 + "1"), Decimal("0.4" + "9" * 40)
    assert (bid_ticks_down(above), ask_ticks_up(above)) == (5_000, 5_001)
    assert (bid_ticks_down(below), ask_ticks_up(below)) == (4_999, 5_000)
    assert lots_down(below) == 49
