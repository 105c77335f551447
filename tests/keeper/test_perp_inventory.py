"""The job that hands back what the keeper's own account has taken over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from perp_keeper_world import ASK, BID, PRICE, PerpKeeperWorld

from perp_world import UNIT_ATOMS
from secant_keeper.jobs import inventory, liquidate

if TYPE_CHECKING:
    from secant_keeper.jobs import Work

LOTS = 1_000_000
DEPOSIT = 1_100 * UNIT_ATOMS


@pytest.fixture(params=[1, -1])
def sign(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def world(sign: int) -> PerpKeeperWorld:
    """A world in which the keeper has taken something over."""
    made = PerpKeeperWorld()
    made.position(sign * LOTS, DEPOSIT)
    made.tick(PRICE - sign * 700)
    made.land(liquidate.plan(made.take_in(), made.now, made.task()))
    assert sign * made.lots(made.taker) > 0
    return made


def planned(world: PerpKeeperWorld, **settings: object) -> list[Work]:
    return list(inventory.plan(world.take_in(), world.now, world.task(**settings)))


def test_nothing_is_sent_to_an_empty_book(world: PerpKeeperWorld) -> None:
    assert not planned(world)


def test_what_was_taken_over_is_handed_back_within_the_slip(world: PerpKeeperWorld, sign: int) -> None:
    taken, mark = abs(world.lots(world.taker)), world.perp().mark_ticks
    side = BID if sign > 0 else ASK
    world.place(world.maker, side, taken // 4, mark)
    world.place(world.maker, side, taken // 4, mark - sign * (mark // 100))
    world.place(world.maker, side, 10 * taken, mark - sign * (mark // 100 + 1))
    (work,) = planned(world)
    assert work.keys == (world.taker, world.market)
    world.land([work])
    assert abs(world.lots(world.taker)) == taken - 2 * (taken // 4)
    assert not planned(world)  # what is left in the book is beyond the slip
    (work,) = planned(world, slip_bps=102)
    world.land([work])
    assert world.lots(world.taker) == 0
    assert not planned(world)


def test_no_more_is_sold_than_is_held(world: PerpKeeperWorld, sign: int) -> None:
    side = BID if sign > 0 else ASK
    world.place(world.maker, side, 10 * LOTS, world.perp().mark_ticks)
    world.land(planned(world))
    assert world.lots(world.taker) == 0


def test_it_trades_nowhere_that_the_book_does_not(world: PerpKeeperWorld) -> None:
    low, high = (inventory.limit_of(world.perp(), lots, slip_bps=1_000) for lots in (1, -1))
    mark = world.perp().mark_ticks
    assert (low, high) == (mark - -(-mark * 500 // 10_000), mark + -(-mark * 500 // 10_000))


def test_without_an_account_nothing_is_handed_back(world: PerpKeeperWorld, sign: int) -> None:
    world.place(world.maker, BID if sign > 0 else ASK, LOTS, world.perp().mark_ticks)
    assert planned(world)
    assert not planned(world, account_index=None)
