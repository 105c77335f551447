"""A bankrupt resolved in part: what stays with the rest of his lots."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .scene import PRICE_TICKS
from .test_reducing import LOTS, UNIT_ATOMS, lost_here_and_won_elsewhere

if TYPE_CHECKING:
    from .scene import PerpScene

FEW = 10


def test_few_lots_do_not_keep_the_debt_of_those_resolved(scene: PerpScene) -> None:
    """120 lost here, 71 free, 48 won elsewhere: resolved but for ten lots, those keep a debt of 48.

    The price elsewhere falls by 4%: ten lots worth 0.06 against them bear what is then missing.
    """
    innocent = scene.user(60 * UNIT_ATOMS)
    scene.open(innocent, -FEW, against=scene.liquidator)
    user, friend = lost_here_and_won_elsewhere(scene)
    scene.prices(6_000, 11_600)
    scene.prices(6_000, 11_600, seconds=301)
    scene.world.refused(friend, scene.resolve(user, taker=friend, lots_max=3 * LOTS - FEW))
    before = scene.health(innocent).equity_atoms
    scene.prices(6_000, 11_100)
    scene.world.refused(scene.liquidator, scene.resolve(user))
    assert before - scene.health(innocent).equity_atoms <= FEW * PRICE_TICKS
    scene.assert_whole()
