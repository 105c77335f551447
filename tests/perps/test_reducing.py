"""Orders that only reduce: open to anybody at any price that brings the account nearer to health."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from secant import exchange
from world import User, ask, bid, order

from .scene import FOK, PRICE_TICKS, PerpScene

if TYPE_CHECKING:
    from solders.instruction import Instruction

LOTS = 10_000
UNIT_ATOMS = 10**6
BID, ASK = exchange.SIDE_BID, exchange.SIDE_ASK
IOC = exchange.ORDER_IMMEDIATE_OR_CANCEL
POST = exchange.ORDER_POST_ONLY


def reducing(
    scene: PerpScene, user: User, side: int, price: int, lots: int = LOTS, kind: int = IOC
) -> Instruction:
    return scene.trade(user, order(side, price, lots, kind=kind, reduce_only=True))


def sunk(scene: PerpScene, price_ticks: int, deposit_atoms: int = 11_000_000) -> User:
    """Somebody long 10,000 lots at 10,000 with 11, once the price is another."""
    user = scene.user(deposit_atoms)
    scene.open(user, LOTS)
    scene.price(price_ticks)
    return user


@pytest.mark.parametrize(("lots", "side", "price"), [(30, ASK, 9_900), (-30, BID, 10_100)])
@pytest.mark.parametrize("kind", [exchange.ORDER_LIMIT, IOC, FOK])
def test_is_cut_down_to_the_position(scene: PerpScene, lots: int, side: int, price: int, kind: int) -> None:
    scene.open(scene.alice, lots)
    scene.rest(scene.mallory, order(1 - side, price, 500))
    (changed,) = scene.run(reducing(scene, scene.alice, side, price, 500, kind))
    assert (changed.placed[0].filled_lots, changed.placed[0].rested_lots) == (30, 0)
    assert scene.held(scene.alice)[0] == 0
    scene.assert_whole()


@pytest.mark.parametrize(("lots", "side", "price"), [(30, ASK, 10_200), (-30, BID, 9_800)])
def test_open_orders_that_reduce_count(scene: PerpScene, lots: int, side: int, price: int) -> None:
    scene.open(scene.alice, lots)
    scene.rest(scene.alice, order(side, price, 20))
    (changed,) = scene.run(reducing(scene, scene.alice, side, price, 500, POST))
    assert changed.placed[0].rested_lots == 10
    scene.assert_refused("NothingToReduce", reducing(scene, scene.alice, side, price, 1, POST))
    scene.assert_whole()


def test_counts_what_the_seat_has_been_filled(scene: PerpScene) -> None:
    scene.rest(scene.alice, bid(9_900, 40))
    scene.placed(scene.liquidator, ask(9_900, 25))
    scene.rest(scene.mallory, bid(9_899, 500))
    (changed,) = scene.run(reducing(scene, scene.alice, ASK, 9_899, 500))
    assert changed.placed[0].filled_lots == 25
    assert scene.held(scene.alice)[0] == 0
    scene.assert_whole()


@pytest.mark.parametrize("wrong", ["stale", "long stale", "uncertain", "volatile"])
def test_no_price_stops_it(scene: PerpScene, wrong: str) -> None:
    scene.open(scene.alice, LOTS)
    scene.rest(scene.mallory, bid(PRICE_TICKS, LOTS))
    seconds = {"stale": 61, "long stale": 361}.get(wrong, 1)
    scene.world.set_time(scene.world.now + seconds)
    if "stale" not in wrong:
        says = -1 if wrong == "uncertain" else 15_001
        scene.world.publish_price(scene.world.feeds[scene.market], says)
    price = 15_001 * 95 // 100 if wrong == "volatile" else PRICE_TICKS
    scene.assert_refused("PriceUnfit", scene.trade(scene.alice, ask(price, 1)))
    (changed,) = scene.run(reducing(scene, scene.alice, ASK, price))
    assert (changed.placed[0].filled_lots == LOTS) == (wrong != "volatile")
    scene.assert_whole()


def test_an_account_below_what_opening_requires_reduces(scene: PerpScene) -> None:
    """Healthy, but without free collateral: it may not raise, and sell at the mark."""
    user = sunk(scene, 9_500)
    stated = scene.health(user)
    assert stated.maintenance_atoms < stated.equity_atoms < stated.initial_atoms
    scene.rest(scene.mallory, ask(9_500, 1))
    scene.assert_refused("InsolventAccount", scene.trade(user, bid(9_500, 1)))
    scene.rest(scene.mallory, bid(9_499, LOTS // 2))
    scene.run(reducing(scene, user, ASK, 9_499))
    assert scene.held(user)[0] == LOTS // 2
    assert scene.health(user).equity_atoms > scene.health(user).maintenance_atoms
    scene.assert_whole()


@pytest.mark.parametrize(("price", "refused"), [(9_258, ""), (9_257, "InsolventAccount")])
def test_an_unhealthy_account_reduces_for_no_more_than_a_liquidation_costs(
    scene: PerpScene, price: int, refused: str
) -> None:
    """50 bps of what is sold, the fee of 4.5 bps included: from a mark of 9,300 down to 9,257.9."""
    user = sunk(scene, 9_300)
    stated = scene.health(user)
    assert stated.equity_atoms < stated.maintenance_atoms
    scene.rest(scene.mallory, bid(price, 1_000))
    assert scene.world.refused(user, reducing(scene, user, ASK, price, 1_000)) == refused
    scene.assert_whole()


def test_an_unhealthy_account_may_rest_what_reduces(scene: PerpScene) -> None:
    user = sunk(scene, 9_300)
    scene.run(reducing(scene, user, ASK, 9_400, LOTS, POST))
    assert scene.resting() == [(9_400, LOTS)]
    scene.rest(scene.mallory, bid(9_400, LOTS))
    scene.run(scene.draw(user))
    assert scene.held(user)[0] == 0
    assert scene.health(user).equity_atoms == 11_000_000 - 45_000 - LOTS * 600 + LOTS * 9_400 * 50 // 10**6
    scene.assert_whole()


def test_what_reduces_by_lots_and_not_by_risk_is_refused(scene: PerpScene) -> None:
    """Selling a long 5% below the mark leaves less than nothing: nobody may be left with the debt."""
    user = sunk(scene, 9_300)
    scene.rest(scene.mallory, bid(8_900, LOTS))
    scene.assert_refused("InsolventAccount", reducing(scene, user, ASK, 8_900))
    scene.run(scene.cancel_all(scene.mallory))
    scene.assert_whole()


def test_a_healthy_account_reduces_at_any_price_that_leaves_it_healthy(scene: PerpScene) -> None:
    """At the band's edge it loses 475 a lot; all of it is closed, and something is left."""
    user = sunk(scene, 9_500)
    scene.rest(scene.mallory, bid(9_025, LOTS))
    scene.run(reducing(scene, user, ASK, 9_025))
    fee = -(-LOTS * 9_025 * 450 // 10**6)
    assert scene.held(user) == (0, -LOTS * 975 - 45_000 - fee)
    assert scene.health(user).equity_atoms == 11_000_000 - LOTS * 975 - 45_000 - fee
    scene.assert_whole()


def lost_here_and_won_elsewhere(scene: PerpScene) -> tuple[User, User]:
    """Long 30,000 lots in each of two markets with 71: 120 lost to a friend in one, 120 won in the other."""
    user, friend = scene.user(71 * UNIT_ATOMS), scene.user(1_000 * UNIT_ATOMS)
    scene.open(user, 3 * LOTS, against=friend)
    scene.open(user, 3 * LOTS, market=scene.other_market)
    for fallen in range(1_000, 4_001, 1_000):
        scene.prices(PRICE_TICKS - fallen, PRICE_TICKS + fallen)
        scene.prices(PRICE_TICKS - fallen, PRICE_TICKS + fallen, seconds=301)
    return user, friend


def test_the_last_lot_does_not_go_before_its_loss_is_paid(scene: PerpScene) -> None:
    """A loss of 120 that 71 do not pay is nobody's debt: what it goes with can be taken over."""
    user, friend = lost_here_and_won_elsewhere(scene)
    scene.rest(friend, bid(6_000, 3 * LOTS))
    scene.assert_refused("InsolventAccount", reducing(scene, user, ASK, 6_000, 3 * LOTS))
    scene.run(scene.settle(scene.mallory, scene.other_market))
    scene.run(scene.settle(user, scene.other_market))
    scene.run(reducing(scene, user, ASK, 6_000, 3 * LOTS))
    assert scene.held(user)[0] == 0
    scene.assert_whole()


def test_a_debt_is_not_left_with_a_lot(scene: PerpScene) -> None:
    """What free collateral does not pay of a loss stays with lots worth as much.

    So no lot bears more than its price, and the reward for resolving it, once the profit elsewhere is gone.
    """
    innocent = scene.user(30 * UNIT_ATOMS)
    scene.open(innocent, -10, against=scene.liquidator)
    user, friend = lost_here_and_won_elsewhere(scene)
    scene.rest(friend, bid(6_000, 3 * LOTS))
    scene.assert_refused("InsolventAccount", reducing(scene, user, ASK, 6_000, 3 * LOTS - 1))
    fee = 21_000 * 6_000 * 450 // 10**6
    unpaid = -(scene.health(user).free_atoms + scene.held(user)[0] * 6_000 + scene.held(user)[1])
    assert unpaid < 9_000 * 6_000 - fee
    scene.run(reducing(scene, user, ASK, 6_000, 21_000))
    left = (unpaid + fee) // 6_000 + 1
    scene.assert_refused("InsolventAccount", reducing(scene, user, ASK, 6_000, 9_000 - left + 20))
    scene.run(reducing(scene, user, ASK, 6_000, 9_000 - left - 20))
    scene.run(scene.draw(friend))
    before = scene.health(innocent).equity_atoms
    scene.prices(6_000, 9_500)
    scene.run(scene.resolve(user))
    assert 0 < before - scene.health(innocent).equity_atoms <= 10 * (6_000 + 30)
    scene.assert_whole()
