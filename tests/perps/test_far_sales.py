"""What rests far from the mark pays for nothing, though what reduces is judged as if it were filled."""

from __future__ import annotations

from secant import exchange
from world import ask, bid

from .scene import FOK, PRICE_TICKS, PerpScene
from .test_incidents import worth
from .test_reducing import LOTS, lost_here_and_won_elsewhere

UNIT_ATOMS = 10**6
POST = exchange.ORDER_POST_ONLY
FAR_TICKS = 2**24 - 1
FEW = 10


def test_a_far_ask_of_few_lots_pays_for_no_sale_at_the_bands_edge(scene: PerpScene) -> None:
    """Worth 0.055 at 8,910: ten lots are asked for far above, a friend buys the rest 5% below."""
    scene.run(scene.insure(scene.alice, 1_000 * UNIT_ATOMS))
    long, short, third = (
        scene.user(11 * UNIT_ATOMS),
        scene.user(100 * UNIT_ATOMS),
        scene.user(100 * UNIT_ATOMS),
    )
    owned = (long, short, third)
    scene.open(long, LOTS, against=short)
    scene.price(8_910)
    before = worth(scene, *owned, price_ticks=8_910)
    edge = 8_910 * 95 // 100 + 1
    scene.world.refused(long, scene.trade(long, ask(FAR_TICKS, FEW, kind=POST, reduce_only=True)))
    scene.rest(third, bid(edge, LOTS - FEW))
    sold = scene.trade(long, ask(edge, LOTS - FEW, kind=FOK, reduce_only=True))
    scene.world.refused(long, sold)
    scene.run(scene.cancel_all(third))
    scene.world.refused(scene.liquidator, scene.draw(long))
    scene.world.refused(scene.liquidator, scene.resolve(long))
    perp = scene.perp()
    assert worth(scene, *owned, price_ticks=8_910) <= before
    # The least reward for who resolves it, as far as it could not pay that itself, is all that is paid.
    reward_atoms = -(-LOTS * perp.mark_ticks * 50 // 10_000)
    assert perp.insurance_atoms + perp.insurance_due_atoms >= 1_000 * UNIT_ATOMS - reward_atoms
    scene.assert_whole()


def test_nor_does_a_bid_at_a_tick_for_a_short(scene: PerpScene) -> None:
    """Worth 0.055 at 11,090: 600 lots bid for at a tick, the rest bought back 5% above the mark."""
    scene.run(scene.insure(scene.alice, 1_000 * UNIT_ATOMS))
    short, long, third = (
        scene.user(11 * UNIT_ATOMS),
        scene.user(100 * UNIT_ATOMS),
        scene.user(100 * UNIT_ATOMS),
    )
    owned = (long, short, third)
    scene.open(short, -LOTS, against=long)
    scene.price(11_090)
    before = worth(scene, *owned, price_ticks=11_090)
    edge, far = 11_090 * 105 // 100 - 1, 600
    scene.world.refused(short, scene.trade(short, bid(1, far, kind=POST, reduce_only=True)))
    scene.rest(third, ask(edge, LOTS - far))
    scene.world.refused(short, scene.trade(short, bid(edge, LOTS - far, kind=FOK, reduce_only=True)))
    scene.run(scene.cancel_all(third))
    scene.world.refused(scene.liquidator, scene.draw(short))
    scene.world.refused(scene.liquidator, scene.resolve(short))
    perp = scene.perp()
    assert worth(scene, *owned, price_ticks=11_090) <= before
    # The least reward for who resolves it, as far as it could not pay that itself, is all that is paid.
    reward_atoms = -(-LOTS * perp.mark_ticks * 50 // 10_000)
    assert perp.insurance_atoms + perp.insurance_due_atoms >= 1_000 * UNIT_ATOMS - reward_atoms
    scene.assert_whole()


def test_nor_is_a_debt_left_with_a_lot(scene: PerpScene) -> None:
    """As `test_a_debt_is_not_left_with_a_lot`, ten of its lots are asked for far above.

    No lot against them bears more than it was ever worth.
    """
    innocent = scene.user(60 * UNIT_ATOMS)
    scene.open(innocent, -FEW, against=scene.liquidator)
    user, friend = lost_here_and_won_elsewhere(scene)
    few = 3 * LOTS - FEW
    scene.world.refused(user, scene.trade(user, ask(FAR_TICKS, FEW, kind=POST, reduce_only=True)))
    scene.rest(friend, bid(6_000, few))
    scene.world.refused(user, scene.trade(user, ask(6_000, few, kind=FOK, reduce_only=True)))
    scene.run(scene.cancel_all(friend))
    scene.world.refused(scene.liquidator, scene.draw(user))
    before = scene.health(innocent).equity_atoms
    scene.prices(6_000, 9_500)
    scene.world.refused(scene.liquidator, scene.draw(user))
    scene.world.refused(scene.liquidator, scene.resolve(user))
    assert before - scene.health(innocent).equity_atoms <= FEW * PRICE_TICKS
    scene.assert_whole()
