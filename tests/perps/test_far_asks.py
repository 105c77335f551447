"""Who puts others' orders out of a full side has more at stake than they."""

from __future__ import annotations

from secant import exchange
from world import ask

from .scene import PRICE_TICKS, PerpScene

FAR_TICKS = 2**24 - 1
HONEST_LOTS = 1_000
UNIT_ATOMS = 10**6


def test_asks_far_from_the_mark_put_nobody_out(scene: PerpScene) -> None:
    """A lot at 1,677 times the mark requires what one at the mark does, and puts out a thousand of them."""
    honest, griefer = scene.user(100 * UNIT_ATOMS), scene.user(1 * UNIT_ATOMS)
    scene.rest(honest, *[ask(PRICE_TICKS + 1 + place, HONEST_LOTS) for place in range(8)])
    required = scene.health(honest).initial_atoms
    for _ in range(64):
        scene.world.svm.expire_blockhash()
        scene.world.refused(griefer, scene.trade(griefer, ask(FAR_TICKS, 1)))
    mine = [lots for ticks, lots in scene.resting() if ticks < FAR_TICKS]
    at_stake = scene.health(griefer).initial_atoms
    assert mine == [HONEST_LOTS] * 8 or at_stake > required
    scene.assert_whole()


def test_a_side_full_of_far_asks_takes_an_order_that_requires_more(scene: PerpScene) -> None:
    """32 far asks of 10 lots, 0.32 at stake, keep 16,000 lots out, which 16 are at stake for."""
    honest, griefer = scene.user(100 * UNIT_ATOMS), scene.user(1 * UNIT_ATOMS)
    for _ in range(32):
        scene.world.svm.expire_blockhash()
        scene.rest(griefer, ask(FAR_TICKS, 10))
    assert scene.health(griefer).initial_atoms == 32 * 10 * PRICE_TICKS // 10
    landed = scene.world.refused(
        honest, scene.trade(honest, ask(PRICE_TICKS, 16_000, kind=exchange.ORDER_POST_ONLY))
    )
    assert landed == ""
