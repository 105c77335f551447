"""A band of ticks is wider than what is kept where a price is low: an order there costs more than is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from world import User, ask, bid

from .scene import BOUNDED, COVER_TICKS, FOK, PRICE_TICKS, PerpScene

if TYPE_CHECKING:
    from solders.pubkey import Pubkey

UNIT_ATOMS = 10**6
LOTS = 20_000
HELD = 10_000
FACE = 20_000


def wealth(scene: PerpScene, bounded: Pubkey, *users: User) -> int:
    """What users would have in all if their positions were closed at the marks."""
    total = 0
    for user in users:
        total += scene.cash(user)
        for market in (scene.market, bounded):
            lots, quote_atoms = scene.held(user, market)
            total += lots * scene.perp(market).mark_ticks + quote_atoms
    return total


def follow(scene: PerpScene, bounded: Pubkey, user: User, price: int, bounded_price: int) -> None:
    """Both markets stay at a price, and a keeper draws what the user has in the bounded one."""
    for seconds in (1, 301):
        scene.later(seconds)
        for market, ticks in ((scene.market, price), (bounded, bounded_price)):
            scene.world.publish_price(scene.world.feeds[market], ticks)
            scene.run(scene.update(market))
        scene.world.refused(scene.liquidator, scene.draw(user, bounded))


@pytest.mark.parametrize("side", ["bid", "ask"])
def test_what_an_order_would_lose_by_its_fill_is_exposed(scene: PerpScene, side: str) -> None:
    """A bid at 599 for what has fallen to 100, with no more than 100 a lot left: a friend sells to it.

    A bounded market's maintenance is 99 a lot there, its band 500 ticks; an ask is the same by the other end.
    """
    start, end, edge = (600, 100, 599) if side == "bid" else (FACE - 600, FACE - 100, FACE - 599)
    makes, takes = (bid, ask) if side == "bid" else (ask, bid)
    close_time = scene.world.now + 864_000
    bounded = scene.world.new_perp("bounded", start, close_time=close_time, **BOUNDED)
    insured = LOTS * COVER_TICKS
    scene.run(scene.insure(scene.alice, insured, bounded))
    user, friend = scene.user(22_200_000), scene.user(1_000 * UNIT_ATOMS)
    scene.open(user, HELD, against=friend)
    scene.rest(user, makes(edge, LOTS), market=bounded)
    follow(scene, bounded, user, PRICE_TICKS, end)
    for price in range(PRICE_TICKS - 100, 8_450, -100):
        follow(scene, bounded, user, price, end)
    follow(scene, bounded, user, 8_450, end)
    before = wealth(scene, bounded, user, friend)
    scene.rest(friend, bid(8_030, HELD))
    scene.world.refused(user, scene.trade(user, ask(8_030, HELD, kind=FOK, reduce_only=True)))
    scene.run(scene.draw(friend))
    scene.world.refused(scene.liquidator, scene.draw(user, bounded))
    scene.run(scene.settle(user))
    scene.world.refused(friend, scene.trade(friend, takes(edge, LOTS, kind=FOK), bounded))
    scene.next_slot()
    scene.world.refused(scene.liquidator, scene.draw(user, bounded))
    resolving = scene.world.resolve_bankruptcy(scene.liquidator, user, bounded)
    scene.world.refused(scene.liquidator, resolving)
    assert scene.perp(bounded).insurance_atoms >= insured
    assert wealth(scene, bounded, user, friend) <= before
    scene.assert_whole()
