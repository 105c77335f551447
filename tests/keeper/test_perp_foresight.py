"""A market's prices foreseen are those that the program then states, to the tick."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from perp_keeper_world import ASK, BID, PRICE, PerpKeeperWorld

from perp_world import UNIT_ATOMS
from secant import exchange
from secant_keeper.jobs import liquidate
from secant_keeper.perps.foresight import foreseen
from secant_keeper.perps.prices import prices_of
from secant_keeper.perps.sample import sample_of

if TYPE_CHECKING:
    from solders.pubkey import Pubkey

PRICES = ("index_ticks", "mark_ticks", "index_average", "basis_average", "agreed_at", "is_uncertain")


@pytest.mark.parametrize("seed", range(4))
def test_foreseen_prices_are_the_programs(seed: int) -> None:
    rng = random.Random(seed)
    world = PerpKeeperWorld(
        changes={"shock_bps": rng.choice([300, 5_000]), "near_bps": rng.choice([100, 500])}
    )
    maker, taker = (world.open(10**7 * UNIT_ATOMS) for _ in range(2))
    apart, price = 0, PRICE
    for _ in range(60):
        price = max(1_000, price + rng.randint(-price // 40, price // 40))
        world.ledger.set_unix_timestamp(world.now + rng.choice([1, 1, 5, 61, 400]))
        if rng.random() < 0.8:
            world.say(price)
        state, before = world.take_in(), world.perp()
        feed = state.feed(world.feeds[world.market])
        assert feed is not None
        expected = foreseen(before, sample_of(feed), state.book(world.book), world.now)
        world.update()
        after = world.perp()
        assert [getattr(expected, name) for name in PRICES] == [getattr(after, name) for name in PRICES]
        apart += after.mark_ticks != after.index_ticks
        if not prices_of(after, world.now).is_doubtful:
            stir(world, rng, maker, taker)
    assert apart > 5


def stir(world: PerpKeeperWorld, rng: random.Random, maker: Pubkey, taker: Pubkey) -> None:
    """Somebody quotes, or trades, or leaves an order that lapses."""
    mark = world.perp().mark_ticks
    near = mark * 90 // 10_000
    for side, sign in ((BID, -1), (ASK, 1)):
        if rng.random() < 0.7:
            expires_at = rng.choice([0, world.now + rng.randrange(1, 100)])
            price = mark + sign * rng.randint(1, near) + rng.randint(0, near // 2)
            world.place(maker, side, rng.choice([4, 12, 50]), price, expires_at=expires_at)
    if rng.random() < 0.4:
        side, sign = rng.choice([(BID, 1), (ASK, -1)])
        kind = exchange.ORDER_IMMEDIATE_OR_CANCEL
        world.place(taker, side, rng.randrange(1, 30), mark + sign * near, kind=kind)


def test_before_its_close_a_markets_mark_is_what_it_would_settle_at() -> None:
    world = PerpKeeperWorld()
    close_time = world.now + exchange.NOTICE_S
    world.run(
        exchange.close_perp(
            admin=world.admin.pubkey(), exchange=world.exchange, market=world.market, close_time=close_time
        )
    )
    price, apart = PRICE, 0
    for before_s in (3_700, 3_590, 3_000, 2_990, 1_000, 950, 400, 60, 5):
        world.ledger.set_unix_timestamp(close_time - before_s)
        price += 50
        world.say(price)
        state, market = world.take_in(), world.perp()
        feed = state.feed(world.feeds[world.market])
        assert feed is not None
        expected = foreseen(market, sample_of(feed), state.book(world.book), world.now)
        world.update()
        assert expected.mark_ticks == world.perp().mark_ticks
        apart += expected.mark_ticks != price
    assert apart > 5


def test_a_price_that_the_feed_alone_says_is_answered_at_once() -> None:
    world = PerpKeeperWorld()
    user = world.position(10**6, 1_100 * UNIT_ATOMS)
    world.ledger.set_unix_timestamp(world.now + 1)
    world.say(9_300)
    assert world.perp().index_ticks == PRICE
    state = world.take_in()
    (work,) = liquidate.plan(state, world.now, world.task())
    assert work.keys == (user,)
    world.land([work])
    assert 0 < world.lots(user) < 10**6
