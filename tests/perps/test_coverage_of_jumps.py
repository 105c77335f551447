"""What insurance is for in a market of a probability: what funding takes of a margin before a jump."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from world import bid

from .scene import BOUNDED, COVER_TICKS, PRICE_TICKS

if TYPE_CHECKING:
    from secant import exchange
    from world import User

    from .scene import PerpScene

LOTS = 10_000
COVER_ATOMS = LOTS * COVER_TICKS
DAY_S = 86_400
HOUR_S = 3_600


def bounded(scene: PerpScene) -> None:
    """Longs may pay 2,000 ticks a day."""
    rules = {**BOUNDED, "near_ticks": 2_000, "funding_ticks": 2_000, "funding_bps": 0}
    scene.market = scene.world.new_perp("bounded", close_time=scene.world.now + 10 * DAY_S, **rules)


def drained(scene: PerpScene, hours: int) -> User:
    """Long 10,000 lots with all that they cost, which pays funding for so long: 83 ticks an hour."""
    scene.run(scene.insure(scene.alice, COVER_ATOMS))
    victim = scene.user(LOTS * PRICE_TICKS + 45_000)
    scene.open(victim, LOTS, against=scene.liquidator)
    scene.rest(scene.mallory, bid(12_000, 8))
    scene.price(PRICE_TICKS, HOUR_S - scene.world.now % HOUR_S)
    for _ in range((hours + 1) * 12):
        scene.price(PRICE_TICKS, 300)
    scene.run(scene.cancel_all(scene.mallory))
    return victim


def jump(scene: PerpScene, price_ticks: int) -> None:
    """Within quarters of an hour, and nobody is liquidated on the way."""
    for _ in range(3):
        scene.price(price_ticks, 301)


def resolved(scene: PerpScene, victim: User) -> exchange.Liquidated:
    (landed,) = scene.run(scene.resolve(victim, scene.alice))
    scene.assert_whole()
    return landed


def test_what_funding_has_taken_is_covered(scene: PerpScene) -> None:
    """103 of 10,000 are gone until the end, and nothing is left: insurance of 200 a lot pays it."""
    bounded(scene)
    victim = drained(scene, 1)
    stated = scene.health(victim)
    assert stated.equity_atoms >= stated.maintenance_atoms
    jump(scene, 1)
    landed = resolved(scene, victim)
    assert 102 * LOTS < landed.shortfall_atoms < 104 * LOTS
    assert landed.haircut_atoms == 0


def small_bankruptcy(scene: PerpScene) -> None:
    """A position of one lot is resolved: a day of insurance begins, with what it holds then."""
    scene.run(scene.insure(scene.alice, 1_000))
    small = scene.user(1_010)
    scene.open(small, 1)
    jump(scene, 6_000)
    scene.run(scene.resolve(small))
    assert scene.perp().insurance_atoms == 0


def test_what_is_added_on_a_day_with_a_bankruptcy_before_pays(scene: PerpScene) -> None:
    """What lies there may be paid, whenever it was added: anybody's bankruptcy of one lot begins the day."""
    small_bankruptcy(scene)
    scene.run(scene.fresh(scene.alice), scene.insure(scene.alice, 10_000_000))
    victim = scene.user(7_000_000)
    scene.open(victim, LOTS, 6_000)
    scene.price(5_000)
    landed = resolved(scene, victim)
    assert landed.shortfall_atoms == LOTS * 1_000 + 27_000 + landed.reward_atoms - 7_000_000
    assert landed.haircut_atoms == 0


def test_the_cover_is_not_removed(scene: PerpScene) -> None:
    """At a price of 1 a tenth of what is open is next to nothing, and the cover of 200 a lot stays."""
    bounded(scene)
    scene.run(scene.insure(scene.alice, COVER_ATOMS + 1))
    scene.open(scene.mallory, LOTS, against=scene.liquidator)
    jump(scene, 1)
    scene.assert_refused("InsuranceInsufficient", scene.remove_insurance(2))
    scene.run(scene.remove_insurance(1))
    scene.assert_whole()


@pytest.mark.parametrize("spare_atoms", [0, 1_000])
def test_the_cover_is_not_given_back(scene: PerpScene, spare_atoms: int) -> None:
    """After five hours of it insurance does not suffice: nothing borne comes back out of its cover."""
    bounded(scene)
    victim = drained(scene, 5)
    jump(scene, 1)
    landed = resolved(scene, victim)
    assert landed.shortfall_atoms > COVER_ATOMS
    assert landed.haircut_atoms > 0
    assert scene.perp().insurance_atoms == 0
    scene.price(1, DAY_S)
    scene.run(scene.fresh(scene.alice), scene.insure(scene.alice, COVER_ATOMS + spare_atoms))
    scene.world.refused(scene.alice, scene.return_haircut())
    assert scene.perp().open_lots == LOTS
    assert scene.perp().insurance_atoms == COVER_ATOMS
    scene.assert_whole()
