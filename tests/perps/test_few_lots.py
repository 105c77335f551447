"""What few lots bear: no more than they were ever worth, however the bankrupt came to hold as few."""

from __future__ import annotations

from .scene import PRICE_TICKS, PerpScene
from .test_reducing import LOTS, UNIT_ATOMS


def test_ten_lots_do_not_bear_what_a_takeover_has_left_with_ten(scene: PerpScene) -> None:
    """120 lost here, 71 free, 60 won elsewhere: who takes all but ten lots over leaves the loss with those.

    The price elsewhere falls by 4%, and ten lots worth 0.06 against them bear what is then missing.
    """
    innocent = scene.user(60 * UNIT_ATOMS)
    user, friend = scene.user(71 * UNIT_ATOMS), scene.user(1_000 * UNIT_ATOMS)
    scene.open(innocent, -10, against=scene.liquidator)
    scene.open(user, 3 * LOTS, against=friend)
    scene.open(user, 3 * LOTS, market=scene.other_market)
    for fallen in range(1_000, 4_001, 1_000):
        scene.prices(PRICE_TICKS - fallen, PRICE_TICKS + fallen)
        scene.prices(PRICE_TICKS - fallen, PRICE_TICKS + fallen, seconds=301)
    scene.prices(6_000, 12_000)
    scene.world.refused(friend, scene.liquidate(user, 3 * LOTS - 10, taker=friend))
    before = scene.health(innocent).equity_atoms
    scene.prices(6_000, 11_500)
    scene.world.refused(scene.liquidator, scene.resolve(user))
    assert before - scene.health(innocent).equity_atoms <= 10 * PRICE_TICKS
    scene.assert_whole()
