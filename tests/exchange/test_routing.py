"""A book and a pool beside it: how an order is split between them, and that no other split is cheaper."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from solders.compute_budget import set_compute_unit_limit

from secant import exchange
from world import order

from .routed import ASK, BID, FOK, SIDES, Market, placed, pool_trade, taking

if TYPE_CHECKING:
    from .scene import Scene

# Kind, outcomes, and the outcome whose book is traded.
CURVES = [(exchange.POOL_LMSR, 2, 0), (exchange.POOL_LMSR, 16, 3), (exchange.POOL_PM_AMM, 2, 0)]
AWAY_TICKS = (40, 90, 160)
LEVEL_LOTS = 100
CU_MAX = 1_400_000
CU_UNASKED = 200_000
ORDERS_MET_MAX = 256

curves = pytest.mark.parametrize("curve", CURVES, ids=["LMSR-2", "LMSR-16", "pm-AMM"])


def quoted(scene: Scene, curve: tuple[int, int, int]) -> Market:
    """A market with three levels on either side of the pool's price."""
    market = Market(scene, *curve)
    rows = [
        order(side, market.middle_ticks + (away if side == ASK else -away), LEVEL_LOTS)
        for away in AWAY_TICKS
        for side in SIDES
    ]
    market.rest(rows)
    return market


@curves
@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("levels", [1, 2, 3])
def test_splits_over_levels(scene: Scene, curve: tuple[int, int, int], side: int, levels: int) -> None:
    """The pool up to the last level's price, every level before it whole, and all at what each asks alone."""
    market = quoted(scene, curve)
    limit = market.middle_ticks + (1 - 2 * side) * AWAY_TICKS[levels - 1]
    pool_lots, book_lots = int(abs(market.sold_at(limit))), levels * LEVEL_LOTS - 7
    request = taking(side, limit, pool_lots + book_lots)
    with_pool, with_book = scene.quoted(
        market.trade_pool(request, pool_lots), market.place(request, book_lots)
    )
    cash = scene.cash(scene.alice)
    events = scene.run(market.take(request))
    assert pool_trade(events) == with_pool
    assert events[-1].fills == with_book.fills
    (lots, paid, fee), (_, book_paid, book_fee) = placed(events), placed([with_book])
    assert lots == pool_lots + book_lots
    assert (paid, fee) == (abs(with_pool.cost_atoms) + book_paid, with_pool.fee_atoms + book_fee)
    assert scene.cash(scene.alice) == cash - (paid if side == BID else -paid) - fee
    market.assert_funded()


@curves
@pytest.mark.parametrize("side", SIDES)
def test_the_limit_holds_for_both_parts(scene: Scene, curve: tuple[int, int, int], side: int) -> None:
    """At any limit: all that either has within it, and nothing beyond."""
    market = quoted(scene, curve)
    sign = 1 - 2 * side
    for away in (1, 2, 39, 40, 41, 89, 90, 91, 160, 161, 300):
        limit = market.middle_ticks + sign * away
        before = market.sold()
        resting = market.prices(1 - side)
        lots, paid, _ = placed(scene.run(market.take(taking(side, limit, 10**9))))
        assert sign * paid <= sign * lots * limit
        assert -1 <= sign * (market.sold() - market.sold_at(limit)) <= 1e-6
        assert sign * (market.sold() - before) <= lots
        assert market.prices(1 - side) == [price for price in resting if sign * price > sign * limit]
    market.assert_funded()


def _random_market(scene: Scene, curve: tuple[int, int, int], draw: random.Random) -> Market:
    """A pool that has traded and up to twelve orders, some of which it would cross."""
    market = Market(scene, *curve, liquidity_lots=draw.choice([1_000, 10_000, 300_000]))
    start = taking(draw.choice(SIDES), 1, 1)
    scene.run(market.trade_pool(start, draw.randint(1, market.liquidity_lots // 20)))
    middle, width = market.middle_ticks, market.middle_ticks // 8
    asks = [
        order(ASK, middle + draw.randint(1, width), draw.randint(1, 900)) for _ in range(draw.randint(0, 6))
    ]
    bids = [
        order(BID, middle - draw.randint(0, width), draw.randint(1, 900)) for _ in range(draw.randint(1, 6))
    ]
    market.rest(bids + asks)
    return market


def _loss_atoms(market: Market) -> int:
    """The most atoms by which another split can be cheaper.

    A trade rounds three times, each by less than an atom: the pool's amount, its fee and the book's. And the
    pool's lots are whole ones: the last piece of one that it would still have had for less than the book's
    price costs at most half of what a lot moves the price by, p(1 - p)/b <= 1/(4b) for the LMSR and
    phi(0)/L < 2/(5L) for the pm-AMM, at 10,000 ticks; of that the fee adds at most the rate of 7 %.
    """
    steepest = 10_000 // 4 if market.kind == exchange.POOL_LMSR else 10_000 * 2 // 5
    return 3 + steepest * 107 // (200 * market.liquidity_lots)


@curves
@pytest.mark.parametrize("number", range(6))
def test_no_other_split_is_cheaper(scene: Scene, curve: tuple[int, int, int], number: int) -> None:
    """Against the pool's and the book's own instructions, one after the other, each with some of the lots."""
    draw = random.Random(f"{curve} {number}")
    market, compared = _random_market(scene, curve, draw), 0
    for side in SIDES * 3:
        limit = 9_999 if side == BID else 1
        request = taking(side, limit, draw.randint(1, min(3_000, market.liquidity_lots)))
        routed = scene.quoted(market.take(request))
        lots, paid, fee = placed(routed)
        traded = pool_trade(routed)
        own = 0 if traded is None else abs(traded.lots)
        best = paid + fee if side == BID else fee - paid
        near = {own + step for step in (-40, -10, -2, -1, 1, 2, 10, 40)}
        for pool_lots in {0, lots, *near, *(draw.randint(0, lots) for _ in range(12))} - {own}:
            if not 0 <= pool_lots <= lots:
                continue
            other = _apart(scene, market, request, pool_lots, lots - pool_lots)
            if other is not None:
                compared += 1
                assert best <= other + _loss_atoms(market), (pool_lots, own, lots)
        scene.run(market.take(request))
        market.assert_funded()
    assert compared >= 20


def _apart(
    scene: Scene, market: Market, request: exchange.OrderRequest, pool_lots: int, book_lots: int
) -> int | None:
    """What both parts cost, fees included and negative for a sale; None if the book has not as much."""
    parts = [market.trade_pool(request, pool_lots)] if pool_lots else []
    parts += [market.place(request, book_lots)] if book_lots else []
    events, sign = scene.quoted(*parts), 1 - 2 * request.side
    atoms = 0
    if (traded := pool_trade(events)) is not None:
        atoms += traded.cost_atoms + traded.fee_atoms
    if book_lots:
        lots, paid, fee = placed([event for event in events if isinstance(event, exchange.BookChanged)])
        if lots < book_lots:
            return None
        atoms += sign * paid + fee
    return atoms


@curves
@pytest.mark.parametrize("side", SIDES)
def test_one_lot_at_a_time_is_no_cheaper(scene: Scene, curve: tuple[int, int, int], side: int) -> None:
    """Each part rounds against its taker: the last lots of the pool before a level, and the level's first."""
    market = quoted(scene, curve)
    limit, lots = (9_999, 1)[side], 2_000 // (AWAY_TICKS[0] + 2)
    scene.run(market.take(taking(side, limit, int(abs(market.sold_at(_first(market, side)))) - lots // 2)))
    _, paid, fee = placed(scene.quoted(market.take(taking(side, limit, lots))))
    parts = [placed(scene.run(market.take(taking(side, limit, 1)))) for _ in range(lots)]
    parts_paid, parts_fee = sum(part[1] for part in parts), sum(part[2] for part in parts)
    sign = 1 - 2 * side
    assert sign * parts_paid + parts_fee >= sign * paid + fee
    market.assert_funded()


def _first(market: Market, side: int) -> int:
    """The price of the first level that an order of a side meets."""
    return market.middle_ticks + (1 - 2 * side) * AWAY_TICKS[0]


@curves
def test_no_round_trip_pays(scene: Scene, curve: tuple[int, int, int]) -> None:
    """Out and back, in one piece each: the taker is never richer, whatever is in between."""
    draw = random.Random(f"{curve}")
    market = quoted(scene, curve)
    cash = scene.cash(scene.alice)
    for _ in range(12):
        side, lots = draw.choice(SIDES), draw.randint(1, 700)
        out, _, _ = placed(scene.run(market.take(taking(side, (9_999, 1)[side], lots))))
        back, _, _ = placed(scene.run(market.take(taking(1 - side, (1, 9_999)[side], out, kind=FOK))))
        assert (out, back) == (lots, lots)
        assert scene.cash(scene.alice) < cash
        cash = scene.cash(scene.alice)
    assert scene.leg(scene.alice, market.event) is None
    market.assert_funded()


@pytest.mark.parametrize("kind", [exchange.POOL_LMSR, exchange.POOL_PM_AMM])
@pytest.mark.parametrize("lots", [1, 2, 3, 1_000])
def test_the_deepest_pools_keep_the_limit_but_for_an_atom(scene: Scene, kind: int, lots: int) -> None:
    """A pool widens its amounts by what its arithmetic may err: an atom where it is 10^12 lots deep."""
    world, rich = scene.world, scene.world.new_user(10**18, 10**18)
    scene.own(rich.keys)
    event = world.new_event(rich, name="deep")
    pool, book = world.new_pool(rich, event, kind, 10**12), world.new_book(rich, event)
    whole = taking(BID, 5_100, 5 * 10**11)
    scene.run(world.take(rich, event, book, whole, pool), world.trade(rich, event, pool, 0, -lots))
    filled, paid, _ = placed(scene.run(world.take(rich, event, book, whole, pool)))
    assert filled == lots
    assert lots * 5_100 - 1 <= paid <= lots * 5_100 + 1


@curves
@pytest.mark.parametrize("ends", [100, 255, None], ids=["near", "far", "beyond"])
def test_the_whole_of_the_work_fits_what_an_instruction_has_unasked(
    scene: Scene, curve: tuple[int, int, int], ends: int | None
) -> None:
    """256 levels, each after some lots of the pool's; the order ends at one of them, or takes all."""
    market = Market(scene, *curve, liquidity_lots=20_000)
    for _ in range(2):
        scene.run(scene.expand_book(0, ORDERS_MET_MAX, market.book))
    last = exchange.PRICE_MAX_TICKS
    for start in range(0, ORDERS_MET_MAX, 16):
        market.rest([order(ASK, last - start - step, 1) for step in range(16)])
    lots = 10**6 if ends is None else int(market.sold_at(last - ORDERS_MET_MAX + ends)) + ends
    taken = market.take(taking(BID, last, lots, meets_max=ORDERS_MET_MAX))
    landed = scene.world.run(set_compute_unit_limit(CU_MAX), taken, signers=scene.signers_of([taken]))
    assert landed.compute_units_consumed() < CU_UNASKED  # 50,003 to 139,610 when it was written
    left = 0 if ends is None else ORDERS_MET_MAX - ends
    assert abs(scene.world.book(market.book).asks - left) <= 1
    market.assert_funded()
