"""Free collateral pays one loss: not those of several markets at once, nor what another has not seen yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secant import exchange
from world import User, ask, bid

from .scene import FOK, PRICE_TICKS, PerpScene
from .test_reducing import IOC, LOTS, UNIT_ATOMS

if TYPE_CHECKING:
    from solders.pubkey import Pubkey

ASK = exchange.SIDE_ASK


def follow(scene: PerpScene, prices: dict[Pubkey, int], seconds: int = 1) -> None:
    """Every market at its price, in one slot."""
    scene.later(seconds)
    for market, ticks in prices.items():
        scene.world.publish_price(scene.world.feeds[market], ticks)
        scene.run(scene.update(market))


def lost_in_two_and_won_in_a_third(scene: PerpScene) -> tuple[User, User]:
    """Long 20,000 lots in three markets with 71: 70 lost in each of two, 200 won in the third."""
    third = scene.world.new_perp("BTC", PRICE_TICKS)
    user, friend = scene.user(71 * UNIT_ATOMS), scene.user(1_000 * UNIT_ATOMS)
    lots = 2 * LOTS
    for market in (scene.market, scene.other_market):
        scene.open(user, lots, against=friend, market=market)
    scene.open(user, lots, market=third)
    for step in range(1, 8):
        fallen, risen = 500 * step, 1_500 * step
        for seconds in (1, 301):
            follow(
                scene,
                {
                    scene.market: PRICE_TICKS - fallen,
                    scene.other_market: PRICE_TICKS - fallen,
                    third: PRICE_TICKS + risen,
                },
                seconds,
            )
    return user, friend


def test_free_collateral_pays_one_loss(scene: PerpScene) -> None:
    """It pays the loss of either market, and not of both: 69 would be nobody's debt."""
    user, friend = lost_in_two_and_won_in_a_third(scene)
    for market in (scene.market, scene.other_market):
        scene.rest(friend, bid(6_500, 2 * LOTS), market=market)
        reducing = scene.trade(user, ask(6_500, 2 * LOTS, kind=IOC, reduce_only=True), market)
        scene.world.refused(user, reducing)
    unpaid = sum(
        scene.held(user, market)[1]
        for market in (scene.market, scene.other_market)
        if scene.held(user, market)[0] == 0
    )
    assert scene.free(user) + unpaid >= 0
    scene.assert_whole()


def test_a_price_not_yet_seen_elsewhere_lets_no_collateral_out(scene: PerpScene) -> None:
    """The feed of one market has published a fall of 35%; in the other a friend buys 5% below the mark.

    With the market brought up to date that is refused: the account is worth less than nothing.
    """
    user, friend = scene.user(100 * UNIT_ATOMS), scene.user(1_000 * UNIT_ATOMS)
    scene.open(user, 4 * LOTS, against=friend)
    scene.open(user, 4 * LOTS, market=scene.other_market)
    scene.later(1)
    scene.world.publish_price(scene.world.feeds[scene.other_market], 6_500)
    scene.rest(friend, bid(9_500, 4 * LOTS))
    reducing = scene.trade(user, ask(9_500, 4 * LOTS, kind=FOK, reduce_only=True))
    scene.assert_refused("InsolventAccount", scene.update(scene.other_market), reducing)
    scene.world.refused(user, reducing)
    assert scene.held(user)[0] == 4 * LOTS
    scene.assert_whole()


def test_what_a_seat_elsewhere_has_been_filled_lets_no_collateral_out(scene: PerpScene) -> None:
    """As with a price not yet seen: a bid elsewhere was filled before the fall, and nobody has drawn it."""
    user, friend = scene.user(100 * UNIT_ATOMS), scene.user(1_000 * UNIT_ATOMS)
    scene.open(user, 4 * LOTS, against=friend)
    scene.rest(user, bid(PRICE_TICKS, 4 * LOTS), market=scene.other_market)
    scene.placed(scene.mallory, ask(PRICE_TICKS, 4 * LOTS, kind=FOK), scene.other_market)
    scene.rest(friend, bid(9_500, 4 * LOTS))
    scene.prices(PRICE_TICKS, 6_500)
    reducing = scene.trade(user, ask(9_500, 4 * LOTS, kind=FOK, reduce_only=True))
    drawn = scene.draw(user, scene.other_market)
    scene.assert_refused("InsolventAccount", drawn, reducing)
    scene.world.refused(user, reducing)
    assert scene.held(user)[0] == 4 * LOTS
    scene.assert_whole()
