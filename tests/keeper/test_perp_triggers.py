"""The job that places trigger orders, moves trailing stops and clears lapsed ones away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from perp_keeper_world import ASK, BID, PRICE, PerpKeeperWorld

from perp_world import UNIT_ATOMS
from secant import exchange
from secant_keeper.jobs import triggers

if TYPE_CHECKING:
    from solders.pubkey import Pubkey

LOTS = 100_000
DEPOSIT = 1_000 * UNIT_ATOMS


@pytest.fixture
def world() -> PerpKeeperWorld:
    return PerpKeeperWorld()


def leave(world: PerpKeeperWorld, account: Pubkey, side: int, trigger_ticks: int, **more: int) -> Pubkey:
    """A trigger order of an account: to sell at the trigger or below, to buy back at it or above."""
    chosen = {"lots": LOTS, "expires_at": 0, "trail_ticks": 0, "slip_ticks": 500, **more}
    terms = exchange.TriggerTerms(trigger_ticks=trigger_ticks, side=side, is_above=int(side == BID), **chosen)
    world.run(
        exchange.place_trigger(
            trader=world.admin.pubkey(), account=account, market=world.market, id=0, terms=terms
        )
    )
    return exchange.find_trigger(account=account, market=world.market, id=0)


def planned(world: PerpKeeperWorld, **settings: object) -> list[tuple[Pubkey, ...]]:
    return [work.keys for work in triggers.plan(world.take_in(), world.now, world.task(**settings))]


@pytest.mark.parametrize("sign", [1, -1])
def test_a_stop_is_placed_when_the_mark_reaches_it(world: PerpKeeperWorld, sign: int) -> None:
    user = world.position(sign * LOTS, DEPOSIT)
    stop = leave(world, user, ASK if sign > 0 else BID, PRICE - sign * 100)
    world.tick(PRICE - sign * 99)
    assert not planned(world)
    world.tick(PRICE - sign * 100)
    world.place(world.maker, BID if sign > 0 else ASK, LOTS, world.perp().mark_ticks)
    (work,) = triggers.plan(world.take_in(), world.now, world.task())
    assert work.keys == (stop,)
    world.land([work])
    assert world.lots(user) == 0
    assert world.ledger.account_data(stop) is None
    assert not planned(world)


def test_a_stop_is_tried_once_for_each_state_of_the_book(world: PerpKeeperWorld) -> None:
    user = world.position(LOTS, DEPOSIT)
    leave(world, user, ASK, PRICE - 100)
    world.tick(PRICE - 100)
    state = world.take_in()
    (first,) = triggers.plan(state, world.now, world.task())
    (again,) = triggers.plan(world.take_in(state), world.now, world.task())
    assert first.once == again.once
    world.place(world.maker, BID, LOTS, world.perp().mark_ticks)
    (then,) = triggers.plan(world.take_in(state), world.now, world.task())
    assert then.once != first.once


def test_a_stop_whose_position_is_closed_is_cleared_away(world: PerpKeeperWorld) -> None:
    user = world.position(LOTS, DEPOSIT)
    stop = leave(world, user, ASK, PRICE)
    price = world.perp().mark_ticks
    world.place(world.maker, BID, LOTS, price)
    assert planned(world)
    world.place(user, ASK, LOTS, price, kind=exchange.ORDER_FILL_OR_KILL, reduce_only=True)
    world.position(LOTS, 0, account=user)
    (work,) = triggers.plan(world.take_in(), world.now, world.task())
    world.land([work])
    assert world.ledger.account_data(stop) is None
    assert world.lots(user) == LOTS


def test_a_stop_whose_position_is_closed_by_an_order_that_was_not_drawn_waits(world: PerpKeeperWorld) -> None:
    user = world.position(LOTS, DEPOSIT)
    leave(world, user, ASK, PRICE - 100)
    world.place(user, ASK, LOTS, PRICE, reduce_only=True)
    world.place(world.maker, BID, LOTS, PRICE)
    world.tick(PRICE - 100)
    assert not planned(world)


@pytest.mark.parametrize(("step_bps", "rise", "moves"), [(10, 9, False), (10, 11, True), (0, 1, True)])
def test_a_trailing_stop_is_moved_by_steps(
    world: PerpKeeperWorld, step_bps: int, rise: int, *, moves: bool
) -> None:
    user = world.position(LOTS, DEPOSIT)
    stop = leave(world, user, ASK, PRICE - 200, trail_ticks=200)
    world.tick(PRICE + rise)
    works = list(triggers.plan(world.take_in(), world.now, world.task(trail_step_bps=step_bps)))
    assert bool(works) == moves
    world.land(works)
    data = world.ledger.account_data(stop)
    assert data is not None
    trigger_ticks = exchange.TriggerOrder.decode(data).terms.trigger_ticks
    assert trigger_ticks == PRICE - 200 + (rise if moves else 0)
    assert not planned(world, trail_step_bps=step_bps)


def test_a_trailing_stop_that_has_followed_is_placed(world: PerpKeeperWorld) -> None:
    user = world.position(-LOTS, DEPOSIT)
    leave(world, user, BID, PRICE + 200, trail_ticks=200)
    world.tick(PRICE - 300)
    world.land(triggers.plan(world.take_in(), world.now, world.task()))
    world.tick(PRICE - 100)
    world.place(world.maker, ASK, LOTS, world.perp().mark_ticks)
    world.land(triggers.plan(world.take_in(), world.now, world.task()))
    assert world.lots(user) == 0


def test_a_lapsed_order_is_cleared_away(world: PerpKeeperWorld) -> None:
    user = world.position(LOTS, DEPOSIT)
    stop = leave(world, user, ASK, PRICE - 100, expires_at=world.now + 10)
    world.ledger.set_unix_timestamp(world.now + 9)
    assert not planned(world)
    world.ledger.set_unix_timestamp(world.now + 1)
    (work,) = triggers.plan(world.take_in(), world.now, world.task())
    world.land([work])
    assert world.ledger.account_data(stop) is None


def test_a_stop_waits_for_a_price_that_is_good_enough(world: PerpKeeperWorld) -> None:
    user = world.position(LOTS, DEPOSIT)
    leave(world, user, ASK, PRICE)
    assert planned(world)
    world.ledger.set_unix_timestamp(world.now + 6 * 60 + 1)
    assert not planned(world)
    assert not planned(world, exchange=world.market)
