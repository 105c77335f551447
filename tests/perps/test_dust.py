"""Decoys, dust and roundings: nothing is too small to be closed, and nobody earns by what is rounded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from world import User, bid

from .scene import PRICE_TICKS, PerpScene

if TYPE_CHECKING:
    from solders.pubkey import Pubkey

UNIT_ATOMS = 10**6


def worth(scene: PerpScene, *users: User, market: Pubkey | None = None, price_ticks: int) -> int:
    """What users would have in all if their positions were closed at a price; their orders are cancelled."""
    total = 0
    for user in users:
        lots, quote_atoms = scene.held(user, market)
        total += scene.cash(user) + lots * price_ticks + quote_atoms
    return total


def test_a_decoy_without_a_position_is_not_liquidated(scene: PerpScene) -> None:
    """What has a leg and no lots earns nobody a reward, moves no mark, and pays nothing."""
    decoy = scene.user(11 * UNIT_ATOMS)
    scene.open(decoy, 10_000)
    scene.open(decoy, -10_000)
    before = scene.perp()
    for lots_max in (0, 1, 2**64 - 1):
        scene.assert_refused("AccountHealthy", scene.liquidate(decoy, lots_max))
    scene.assert_refused("AccountHealthy", scene.resolve(decoy))
    assert scene.perp() == before


def test_liquidations_among_friends_move_no_mark(scene: PerpScene) -> None:
    """Takeovers at the mark leave the price where it was: none makes the next account unhealthy."""
    friends = [scene.user(11 * UNIT_ATOMS) for _ in range(3)]
    for friend in friends:
        scene.open(friend, 10_000)
    scene.price(9_300)
    bystander = scene.user(100 * UNIT_ATOMS)
    scene.open(bystander, 10_000, 9_300)
    equity = scene.health(bystander).equity_atoms
    for friend in friends:
        scene.run(scene.liquidate(friend, taker=scene.alice))
        scene.run(scene.update())
        assert scene.perp().mark_ticks == 9_300
    assert scene.health(bystander).equity_atoms == equity
    scene.assert_whole()


@pytest.mark.parametrize("price_ticks", [1, 2, 7, 199, 201, 10_000])
@pytest.mark.parametrize("lots", [1, 2, 3])
def test_no_dust_is_too_small_to_be_closed(scene: PerpScene, lots: int, price_ticks: int) -> None:
    """A position of a few atoms sinks by thirds: it is closed as soon as it is unhealthy."""
    scene.market = scene.world.new_perp("dust", price_ticks * 2, near_ticks=1, impact_lots=1)
    victim = scene.user(lots * price_ticks + 10)
    scene.open(victim, lots, price_ticks * 2)
    while scene.held(victim)[0] and scene.perp().index_ticks > 1:
        scene.stay(max(1, scene.perp().index_ticks * 2 // 3))
        stated = scene.health(victim)
        refusals = [
            scene.world.refused(scene.liquidator, closing)
            for closing in (scene.liquidate(victim), scene.resolve(victim))
        ]
        assert ("" in refusals) == (stated.equity_atoms < stated.maintenance_atoms)
        stated = scene.health(victim)
        assert stated.equity_atoms >= stated.maintenance_atoms
        scene.assert_whole()


def test_dust_liquidations_earn_nobody_more_than_the_share(scene: PerpScene) -> None:
    """A lot at a time earns no atom more than the share of all: what is rounded stays with the account."""
    scene.market = scene.world.new_perp("dust", 20, near_ticks=1, dust_atoms=0)
    victim = scene.user(96_000)
    scene.open(victim, 20_000, 20)
    scene.stay(16)
    before = scene.health(victim).equity_atoms
    taken = 0
    while taken < 50 and not scene.world.refused(scene.liquidator, scene.liquidate(victim, 1)):
        taken += 1
    assert taken == 50
    assert scene.health(victim).equity_atoms == before
    scene.assert_whole()


# Roundings


def test_settling_often_earns_nothing(scene: PerpScene) -> None:
    """Dust positions through hours of funding, settled each minute: nobody gets more than its share."""
    longs = [scene.user(10**6) for _ in range(3)]
    for long in longs:
        scene.open(long, 1)
    scene.open(scene.alice, 7)
    scene.rest(scene.mallory, bid(10_200, 10))
    everyone = [*longs, scene.alice, scene.mallory]
    before = worth(scene, *everyone, price_ticks=PRICE_TICKS)
    for _ in range(150):
        scene.price(PRICE_TICKS, 60)
        for user in everyone:
            scene.world.refused(user, scene.settle(user))
    assert scene.perp().funding_index > 2**32
    after = worth(scene, *everyone, price_ticks=PRICE_TICKS)
    assert after <= before
    per_lot = scene.perp().funding_index / 2**32
    for long in longs:
        assert worth(scene, long, price_ticks=PRICE_TICKS) <= 10**6 - 5 - per_lot + 1
    scene.assert_whole()


def test_haircuts_are_the_deficits_to_the_dust(scene: PerpScene) -> None:
    """ADL overshot by millions: 12 bankruptcies of odd sizes take what is missing and an atom a holder."""
    holders = [scene.user(10**10) for _ in range(5)]
    victims = []
    for number in range(12):
        lots = 997 + 1_013 * number
        victim = scene.user(lots * 1_100)
        scene.open(victim, lots, against=holders[number % 5])
        victims.append(victim)
    scene.price(8_850)
    for holder in holders:
        scene.world.refused(holder, scene.settle(holder))
    before = {holder.account: scene.health(holder).equity_atoms for holder in holders}
    deficits = 0
    for victim in victims:
        (landed,) = scene.run(scene.resolve(victim))
        assert landed.haircut_atoms == landed.shortfall_atoms
        deficits += landed.haircut_atoms
        scene.assert_whole()
    borne = sum(before[holder.account] - scene.health(holder).equity_atoms for holder in holders)
    assert 0 <= borne - deficits <= len(holders)
    assert scene.perp().haircut_atoms == deficits
