"""The job that takes out orders that their accounts no longer have the margin for."""

from __future__ import annotations

import pytest
from perp_keeper_world import BID, PRICE, PerpKeeperWorld

from perp_world import UNIT_ATOMS
from secant_keeper.jobs import exposure, liquidate
from secant_keeper.perps.account import health_of, holdings

LOTS = 100_000


@pytest.fixture
def world() -> PerpKeeperWorld:
    return PerpKeeperWorld()


def test_orders_go_before_their_fills_leave_an_account_unhealthy(world: PerpKeeperWorld) -> None:
    user = world.position(LOTS, 210 * UNIT_ATOMS)
    world.place(user, BID, LOTS, PRICE - 2_000)
    state, price = world.take_in(), PRICE
    while not (works := list(exposure.plan(state, world.now, world.task()))):
        price -= 50
        assert price > PRICE - 2_000
        world.tick(price)
        state = world.take_in(state)
    held = holdings(state, user, world.holder(user))
    assert held is not None
    health = health_of(world.holder(user), held, world.now)
    assert health.exposed_surplus_atoms < 0 < health.maintenance_surplus_atoms
    assert not list(liquidate.plan(state, world.now, world.task()))
    world.land(works)
    leg = world.leg(user)
    assert leg is not None
    assert (leg.seat, leg.bid_lots, leg.position_lots) == (0, 0, LOTS)
    assert not list(exposure.plan(world.take_in(state), world.now, world.task()))


def test_everybody_is_looked_at_in_turn(world: PerpKeeperWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exposure, "EXAMINED_MAX", 1)
    users = [world.position(LOTS, 210 * UNIT_ATOMS) for _ in range(3)]
    for user in users:
        world.place(user, BID, LOTS, PRICE - 2_000)
    for price in range(PRICE, PRICE - 1_500, -100):
        world.tick(price)
    state = world.take_in()
    turns = [[work.keys[0] for work in exposure.plan(state, world.now, world.task())] for _ in range(8)]
    assert turns[:4] == turns[4:]
    # The maker has a seat, too, and margin for it.
    assert sorted(key for turn in turns[:4] for key in turn) == sorted(users)
