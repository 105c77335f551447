"""What only reduces and rests is filled without another look: it is judged by what its fill would leave."""

from __future__ import annotations

from secant import exchange
from world import ask, bid

from .scene import FOK, PRICE_TICKS, PerpScene
from .test_incidents import worth
from .test_reducing import LOTS, lost_here_and_won_elsewhere, sunk

UNIT_ATOMS = 10**6
POST = exchange.ORDER_POST_ONLY


def test_an_unhealthy_account_does_not_rest_itself_into_debt(scene: PerpScene) -> None:
    """Worth 0.055 at 8,910, it may not sell by taking at the band's edge; nor rest there for a friend."""
    user, friend = sunk(scene, 8_910), scene.user(1_000 * UNIT_ATOMS)
    edge = 8_910 * 95 // 100 + 1
    stated = scene.health(user)
    assert 0 < stated.equity_atoms < stated.maintenance_atoms
    resting = scene.trade(user, ask(edge, LOTS, kind=POST, reduce_only=True))
    scene.world.refused(user, resting)
    scene.world.refused(friend, scene.trade(friend, bid(edge, LOTS, kind=FOK)))
    scene.world.refused(scene.liquidator, scene.draw(user))
    assert scene.health(user).equity_atoms >= 0
    scene.assert_whole()


def test_no_insurance_is_won_by_reducing_against_oneself(scene: PerpScene) -> None:
    """Long, short and a third account are one owner's: a fall of 9.5% gains him no insurance."""
    scene.run(scene.insure(scene.alice, 1_000 * UNIT_ATOMS))
    long, short, third = (
        scene.user(11 * UNIT_ATOMS),
        scene.user(100 * UNIT_ATOMS),
        scene.user(100 * UNIT_ATOMS),
    )
    scene.open(long, LOTS, against=short)
    owned = (long, short, third)
    scene.stay(9_050)
    before = worth(scene, *owned, price_ticks=9_050)
    edge = 9_050 * 95 // 100 + 1
    scene.world.refused(long, scene.trade(long, ask(edge, LOTS, kind=POST, reduce_only=True)))
    scene.world.refused(third, scene.trade(third, bid(edge, LOTS, kind=FOK)))
    scene.world.refused(scene.liquidator, scene.draw(long))
    scene.world.refused(long, scene.settle(long))
    scene.price(9_050)
    scene.world.refused(scene.liquidator, scene.resolve(long))
    for user in owned:
        scene.world.refused(user, scene.settle(user))
    assert scene.perp().insurance_atoms + scene.perp().insurance_due_atoms >= 1_000 * UNIT_ATOMS
    assert worth(scene, *owned, price_ticks=9_050) <= before
    scene.assert_whole()


def test_a_debt_does_not_lose_its_lots_to_a_resting_order(scene: PerpScene) -> None:
    """As by taking: a loss of 120 that 71 do not pay is nobody's debt."""
    user, friend = lost_here_and_won_elsewhere(scene)
    scene.world.refused(user, scene.trade(user, ask(6_000, 3 * LOTS, kind=POST, reduce_only=True)))
    scene.world.refused(friend, scene.trade(friend, bid(6_000, 3 * LOTS, kind=FOK)))
    scene.world.refused(scene.liquidator, scene.draw(user))
    lots, quote_atoms = scene.held(user)
    unpaid = -(quote_atoms + lots * 6_000 + scene.health(user).free_atoms)
    assert unpaid <= lots * 6_000
    scene.assert_whole()


def test_a_debt_is_not_left_with_a_lot_by_resting(scene: PerpScene) -> None:
    """As `test_a_debt_is_not_left_with_a_lot`: ten lots worth 0.06 do not bear 49."""
    innocent = scene.user(60 * UNIT_ATOMS)
    scene.open(innocent, -10, against=scene.liquidator)
    user, friend = lost_here_and_won_elsewhere(scene)
    few = 3 * LOTS - 10
    scene.world.refused(user, scene.trade(user, ask(6_000, few, kind=POST, reduce_only=True)))
    scene.world.refused(friend, scene.trade(friend, bid(6_000, few, kind=FOK)))
    scene.world.refused(scene.liquidator, scene.draw(user))
    scene.world.refused(scene.liquidator, scene.draw(friend))
    before = scene.health(innocent).equity_atoms
    scene.prices(6_000, 9_500)
    scene.world.refused(scene.liquidator, scene.draw(user))
    scene.world.refused(scene.liquidator, scene.resolve(user))
    assert before - scene.health(innocent).equity_atoms <= 10 * PRICE_TICKS
    scene.assert_whole()
