"""An order that nobody will ever take pays no loss: neither where it reduces, nor on the side beyond it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from secant import exchange
from world import ask, bid

from .test_incidents import worth
from .test_reducing import IOC, LOTS, lost_here_and_won_elsewhere, sunk

if TYPE_CHECKING:
    from .scene import PerpScene

UNIT_ATOMS = 10**6
FAR_TICKS = 2**24 - 1
POST = exchange.ORDER_POST_ONLY


def test_far_asks_make_no_loss_good(scene: PerpScene) -> None:
    """Worth 0.055, ten lots of it asked for 168: the rest is not sold to a friend 5% below the mark."""
    scene.run(scene.insure(scene.alice, 1_000 * UNIT_ATOMS))
    user, friend = sunk(scene, 8_910), scene.user(1_000 * UNIT_ATOMS)
    edge = 8_910 * 95 // 100 + 1
    before = worth(scene, user, friend, price_ticks=8_910)
    scene.world.refused(user, scene.trade(user, ask(FAR_TICKS, 10, kind=POST, reduce_only=True)))
    scene.world.refused(friend, scene.trade(friend, bid(edge, LOTS)))
    scene.world.refused(user, scene.trade(user, ask(edge, LOTS, kind=IOC, reduce_only=True)))
    scene.world.refused(user, scene.cancel_all(user))
    assert scene.health(user).equity_atoms >= 0
    scene.world.refused(friend, scene.cancel_all(friend))
    scene.price(8_910)
    scene.world.refused(scene.liquidator, scene.resolve(user))
    assert worth(scene, user, friend, price_ticks=8_910) <= before
    scene.assert_whole()


def test_far_asks_pay_no_debt(scene: PerpScene) -> None:
    """Of a loss of 120, 71 are paid: ten lots do not bear the rest because they are asked for 168."""
    user, friend = lost_here_and_won_elsewhere(scene)
    scene.world.refused(user, scene.trade(user, ask(FAR_TICKS, 10, kind=POST, reduce_only=True)))
    scene.rest(friend, bid(6_000, 3 * LOTS))
    scene.world.refused(user, scene.trade(user, ask(6_000, 3 * LOTS - 10, kind=IOC, reduce_only=True)))
    scene.world.refused(user, scene.cancel_all(user))
    lots, quote_atoms = scene.held(user)
    unpaid = -(quote_atoms + lots * 6_000 + scene.health(user).free_atoms)
    assert unpaid <= lots * 6_000
    scene.assert_whole()


@pytest.mark.parametrize("lots", [1, 100])
def test_orders_that_would_turn_a_position_pay_no_debt(scene: PerpScene, lots: int) -> None:
    """A short whose last lot is bought is none; what is asked for beyond it is no profit yet."""
    user, friend = scene.user(11 * UNIT_ATOMS), scene.user(1_000 * UNIT_ATOMS)
    scene.open(user, -(LOTS - lots))
    scene.rest(user, ask(FAR_TICKS, lots))
    scene.stay(11_080)
    edge = 11_080 * 105 // 100 - 1
    scene.world.refused(friend, scene.trade(friend, ask(edge, LOTS)))
    scene.world.refused(user, scene.trade(user, bid(edge, LOTS, kind=IOC, reduce_only=True)))
    scene.world.refused(user, scene.cancel_all(user))
    assert scene.health(user).equity_atoms >= 0
    scene.assert_whole()


def test_bids_at_next_to_nothing_make_no_loss_good(scene: PerpScene) -> None:
    """The same of a short: bids for a tenth of it at a tick each are worth nine tenths of nothing."""
    user, friend = scene.user(11 * UNIT_ATOMS), scene.user(1_000 * UNIT_ATOMS)
    scene.open(user, -LOTS)
    scene.stay(11_080)
    edge = 11_080 * 105 // 100 - 1
    before = scene.health(user).equity_atoms
    assert 0 < before < scene.health(user).maintenance_atoms
    scene.world.refused(user, scene.trade(user, bid(1, LOTS // 10, kind=POST, reduce_only=True)))
    scene.world.refused(friend, scene.trade(friend, ask(edge, LOTS)))
    scene.world.refused(user, scene.trade(user, bid(edge, LOTS, kind=IOC, reduce_only=True)))
    scene.world.refused(user, scene.cancel_all(user))
    assert scene.health(user).equity_atoms >= 0
    scene.assert_whole()
