"""Orders for which their account no longer has the margin: whoever draws the seat takes them out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from secant.perp_margin import Health, health_with, holding_of, prices_of
from world import User, ask, bid

if TYPE_CHECKING:
    from .scene import PerpScene

UNIT_ATOMS = 10**6
LOTS = 10_000
DEPOSIT_ATOMS = 24 * UNIT_ATOMS


def exposed(scene: PerpScene, *, more: int) -> User:
    """Long 10,000 lots with 24, and bids for as many and `more` far below."""
    user = scene.user(DEPOSIT_ATOMS)
    scene.open(user, LOTS)
    scene.rest(user, bid(8_000, LOTS), ask(10_400, LOTS // 2, reduce_only=True))
    scene.rest(user, bid(8_100, more))
    return user


def exposed_surplus_atoms(scene: PerpScene, user: User) -> int:
    """As the client has it, in exact integers."""
    market, leg = scene.perp(), scene.leg(user)
    assert leg is not None
    prices = prices_of(market, is_doubtful=False)
    free = Health(DEPOSIT_ATOMS)
    held = holding_of(leg, None, market)
    return health_with(free, held, prices, market, scene.world.now).exposed_surplus_atoms


@pytest.mark.parametrize("more", [1, 2_000])
def test_what_raises_goes_and_what_reduces_stays(scene: PerpScene, more: int) -> None:
    user = exposed(scene, more=more)
    for price in range(10_000, 8_000, -10):
        scene.stay(price)
        if exposed_surplus_atoms(scene, user) < 0:
            break
        scene.run(scene.draw(user))
        assert len(scene.resting()) == 3
    scene.run(scene.draw(user))
    assert scene.resting() == [(10_400, LOTS // 2)]
    stated = scene.health(user)
    assert stated.maintenance_atoms < stated.equity_atoms
    scene.run(scene.draw(user))
    assert scene.resting() == [(10_400, LOTS // 2)]
    scene.assert_whole()


def test_without_a_position_all_of_a_side_raises(scene: PerpScene) -> None:
    """What an ask would bring less than the mark counts as well as what keeping would require."""
    user = scene.user(DEPOSIT_ATOMS)
    scene.rest(user, ask(10_400, LOTS))
    for price in range(10_000, 23_000, 50):
        scene.stay(price)
        mark = scene.perp().mark_ticks
        surplus_atoms = exposed_surplus_atoms(scene, user)
        assert surplus_atoms == DEPOSIT_ATOMS - LOTS * mark // 20 - LOTS * max(mark - 10_400, 0)
        if surplus_atoms < 0:
            break
        scene.run(scene.draw(user))
        assert scene.resting() == [(10_400, LOTS)]
    scene.run(scene.draw(user))
    assert scene.resting() == []
    assert scene.leg(user) is None
    scene.assert_whole()


def test_known_only_with_its_other_seats_drawn_lately(scene: PerpScene) -> None:
    user = exposed(scene, more=2_000)
    scene.next_slot()
    scene.run(scene.draw(user))
    scene.rest(user, bid(9_000, 1), market=scene.other_market)
    for fallen in range(9_900, 8_000, -100):
        scene.prices(fallen, seconds=301)
    scene.world.svm.warp_to_slot(scene.world.svm.get_clock().slot + 151)
    scene.next_slot()
    scene.run(scene.draw(user))
    assert len(scene.resting()) == 3
    scene.run(scene.draw(user, scene.other_market), scene.draw(user))
    assert scene.resting() == [(10_400, LOTS // 2)]
    scene.assert_whole()
