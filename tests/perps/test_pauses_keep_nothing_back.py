"""A pause takes nothing from a settled market's winners."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secant import exchange

from .test_reducing import LOTS, UNIT_ATOMS
from .test_settle_perp import DAY_S, close_after

if TYPE_CHECKING:
    from .scene import PerpScene


def test_a_pause_of_liquidations_does_not_make_winners_race(scene: PerpScene) -> None:
    """Bankrupts of a settled market are resolved in the losers' day: else the first takes what both won."""
    loser, first, second = (scene.user(12 * UNIT_ATOMS) for _ in range(3))
    scene.open(loser, LOTS // 2, against=first)
    scene.open(loser, LOTS // 2, against=second)
    close_after(scene, 8_000)
    scene.run(scene.settle_market(), scene.pause_perp(exchange.PERP_PAUSE_LIQUIDATE))
    scene.run(scene.settle(loser))
    scene.world.refused(scene.liquidator, scene.resolve(loser))
    scene.later(DAY_S)
    scene.run(scene.settle(loser))
    won = []
    for winner in (first, second):
        cash = scene.cash(winner)
        scene.run(scene.settle(winner))
        won.append(scene.cash(winner) - cash)
    assert abs(won[0] - won[1]) <= 1
    scene.assert_whole()
