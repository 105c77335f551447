"""What closing costs is a share of what a position counts for: of a bounded short what it can lose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .scene import BOUNDED, PRICE_TICKS
from .test_free_counted_once import follow

if TYPE_CHECKING:
    from .scene import PerpScene

UNIT_ATOMS = 10**6
ODDS_TICKS = 1_000
LOTS = 1_000
ELSEWHERE_LOTS = 4_000
DAY_S = 86_400


def test_closing_a_bounded_short_leaves_no_debt_without_lots(scene: PerpScene) -> None:
    """Short 1,000 lots at 5%, each to lose 19 prices; 28 lost and paid elsewhere, 0.6 won in a third market.

    Closing costs up to 3% of 19, and 3% of 1 is not enough to keep back for it.
    """
    world = scene.world
    odds = world.new_perp("odds", ODDS_TICKS, close_time=world.now + 30 * DAY_S, **BOUNDED)
    scene.run(scene.insure(scene.alice, 100 * UNIT_ATOMS, odds))
    user, friend = scene.user(28 * UNIT_ATOMS), scene.user(1_000 * UNIT_ATOMS)
    scene.open(user, -LOTS, ODDS_TICKS, against=friend, market=odds)
    for market in (scene.market, scene.other_market):
        scene.open(user, ELSEWHERE_LOTS, against=friend, market=market)
    price = PRICE_TICKS
    while price > 3_050:
        price = max(3_050, price * 7 // 10)
        for seconds in (1, 301):
            follow(scene, {scene.market: price, scene.other_market: 10_150, odds: ODDS_TICKS}, seconds)
    scene.run(scene.settle(user))
    follow(scene, {scene.market: price, scene.other_market: 10_150, odds: ODDS_TICKS})
    stated = scene.health(user)
    assert 0 < stated.free_atoms + scene.held(user, odds)[1] - LOTS * ODDS_TICKS < UNIT_ATOMS // 2
    assert 0 < stated.equity_atoms < stated.maintenance_atoms
    refused = world.refused(scene.liquidator, world.liquidate(scene.liquidator, user, odds, 2**64 - 1))
    lots, quote_atoms = scene.held(user, odds)
    assert refused == ""
    unpaid = -(quote_atoms + lots * ODDS_TICKS + scene.free(user))
    assert unpaid <= abs(lots) * ODDS_TICKS
    scene.assert_whole()
