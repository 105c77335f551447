"""Orders that the mark has left behind: no margin is kept for what they lose, and no draw takes them out."""

from __future__ import annotations

from world import ask, bid

from .scene import FOK, PRICE_TICKS, PerpScene
from .test_incidents import worth

UNIT_ATOMS = 10**6
LOTS = 90_000


def left_behind(scene: PerpScene) -> tuple[int, int]:
    """An ask at 10,400 with 100, and a price that rises a percent every ten minutes to 13,000.

    Then another account of the same owner takes it. What both are worth at 13,000 before and after.
    """
    scene.run(scene.insure(scene.alice, 1_000 * UNIT_ATOMS))
    loser, winner = scene.user(100 * UNIT_ATOMS), scene.user(200 * UNIT_ATOMS)
    scene.rest(loser, ask(10_400, LOTS))
    price = PRICE_TICKS
    while price < 13_000:
        price = min(13_000, price * 101 // 100)
        scene.price(price, 600)
        scene.world.refused(scene.liquidator, scene.draw(loser))
    scene.stay(price)
    before = worth(scene, loser, winner, price_ticks=price)
    scene.world.refused(winner, scene.trade(winner, bid(price * 95 // 100, LOTS, kind=FOK)))
    scene.world.refused(scene.liquidator, scene.draw(loser))
    scene.world.refused(scene.liquidator, scene.resolve(loser))
    after = worth(scene, loser, winner, price_ticks=price)
    scene.assert_whole()
    return before, after


def test_no_order_trades_further_from_the_mark_than_the_near_band(scene: PerpScene) -> None:
    scene.rest(scene.alice, ask(10_400, 10))
    scene.stay(12_000)
    scene.world.refused(scene.mallory, scene.trade(scene.mallory, bid(12_000, 10)))
    assert scene.held(scene.mallory)[0] == 0


def test_an_order_left_behind_draws_no_insurance(scene: PerpScene) -> None:
    """No step is more than a percent: whoever loses has all the time that a liquidation needs."""
    before, after = left_behind(scene)
    assert scene.perp().insurance_atoms >= 1_000 * UNIT_ATOMS
    assert after <= before


def test_orders_that_nothing_backs_any_more_are_cancelled(scene: PerpScene) -> None:
    """30 of 100 back a long, 70 bids elsewhere; the long loses 89, and is healthy: the bids are not.

    One of the same owner sells to them when the price there has fallen by 4%: all that is lost is others'.
    """
    user, friend = scene.user(101 * UNIT_ATOMS), scene.user(1_000 * UNIT_ATOMS)
    scene.open(user, 30_000)
    scene.rest(user, bid(PRICE_TICKS, 70_000), market=scene.other_market)
    for price in range(9_900, 7_000, -100):
        scene.prices(price, PRICE_TICKS, 301)
        scene.world.refused(scene.liquidator, scene.draw(user, scene.other_market))
    scene.prices(7_000, 9_600)
    selling = scene.trade(friend, ask(9_600, 70_000, kind=FOK), scene.other_market)
    scene.world.refused(friend, selling)
    scene.world.refused(scene.liquidator, scene.draw(user, scene.other_market))
    scene.next_slot()
    scene.world.refused(scene.liquidator, scene.draw(user, scene.other_market))
    assert scene.health(user).equity_atoms >= 0
    scene.assert_whole()
