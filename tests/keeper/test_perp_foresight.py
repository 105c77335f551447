"""A market's prices foreseen are those that the program then states, to the tick."""

from __future__ import annotations

import random

import pytest
from perp_keeper_world import ASK, BID, PRICE, PerpKeeperWorld
from perp_world import UNIT_ATOMS

from secant import exchange
from secant_keeper.perps.foresight import foreseen
from secant_keeper.perps.sample import sample_of

PRICES = ("index_ticks", "mark_ticks", "index_average", "basis_average", "agreed_at", "is_uncertain")


@pytest.mark.parametrize("seed", range(4))
def test_foreseen_prices_are_the_programs(seed: int) -> None:
    rng = random.Random(seed)
    world = PerpKeeperWorld(changes={"shock_bps": rng.choice([300, 5_000]), "near_bps": rng.choice([100, 500])})
    maker, taker = (world.open(10**7 * UNIT_ATOMS) for _ in range(2))
    apart, price = 0, PRICE
    for _ in range(60):
        price = max(1_000, price + rng.randint(-price // 40, price // 40))
        world.ledger.set_unix_timestamp(world.now + rng.choice([1, 1, 5, 61, 400]))
        known = _state_of(world)
        if rng.random() < 0.8:
            world.say(price)
        known_feed, book = _state_of(world)[1:]
        before = world.perp()
        expected = foreseen(before, sample_of(known_feed), book, world.now)
        world.update()
        after = world.perp()
        assert [getattr(expected, name) for name in PRICES] == [getattr(after, name) for name in PRICES]
        apart += after.mark_ticks != after.index_ticks
        assert known[0] == before
        _stir(world, rng, maker, taker, after.mark_ticks)
    assert apart > 5


def _state_of(world: PerpKeeperWorld):  # noqa: ANN202
    state = world.take_in()
    feed, book = state.feed(world.feeds[world.market]), state.book(world.book)
    assert feed is not None
    return state.perp(world.market), feed, book


def _stir(world: PerpKeeperWorld, rng: random.Random, maker, taker, mark: int) -> None:  # noqa: ANN001
    """Somebody quotes, or trades, or lets an order lapse."""
    if world.now - world.perp().agreed_at > 60:
        return
    near = mark * 90 // 10_000
    for side, sign in ((BID, -1), (ASK, 1)):
        if rng.random() < 0.7:
            expires_at = rng.choice([0, world.now + rng.randrange(1, 100)])
            price = mark + sign * rng.randint(1, near) + rng.randint(0, near // 2)
            _try(world, maker, side, rng.choice([4, 12, 50]), price, expires_at=expires_at)
    if rng.random() < 0.4:
        side, sign = rng.choice([(BID, 1), (ASK, -1)])
        _try(world, taker, side, rng.randrange(1, 30), mark + sign * near, kind=exchange.ORDER_IMMEDIATE_OR_CANCEL)


def _try(world: PerpKeeperWorld, account, side: int, lots: int, price: int, **more: int) -> None:  # noqa: ANN001
    """Place an order; in prices that are not good enough for it none is."""
    try:
        world.place(account, side, lots, price, **more)
    except AssertionError as error:
        assert "PriceUnfit" in str(error) or "0x179" in str(error) or "0x17" in str(error)
