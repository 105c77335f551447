"""A draw looks at orders as they are left, not as they were before what it draws filled them."""

from __future__ import annotations

import pytest

from world import ask, bid

from .scene import FOK, PRICE_TICKS, PerpScene

UNIT_ATOMS = 10**6
LOTS = 10_000


@pytest.mark.parametrize("draws", [1, 2])
def test_a_partly_filled_order_is_not_counted_twice(scene: PerpScene, draws: int) -> None:
    """With 9.2, and 4.9 required once the last tenth is filled, it stays: 19,000 lots would require 9.3."""
    user = scene.user(11 * UNIT_ATOMS)
    scene.rest(user, bid(PRICE_TICKS, LOTS))
    scene.placed(scene.alice, ask(PRICE_TICKS, LOTS * 9 // 10, kind=FOK))
    if draws == 2:
        scene.run(scene.draw(user))
    scene.price(9_800)
    scene.run(scene.draw(user))
    assert scene.resting() == [(PRICE_TICKS, LOTS // 10)]
    scene.assert_whole()


@pytest.mark.parametrize("draws", [1, 2])
def test_what_still_only_reduces_stays(scene: PerpScene, draws: int) -> None:
    """Long 6,000 lots with as many asks left of 10,000: they raise nothing; the bids do, and go."""
    user = scene.user(25 * UNIT_ATOMS)
    scene.open(user, LOTS)
    scene.rest(user, bid(9_600, LOTS), ask(PRICE_TICKS + 100, LOTS))
    scene.placed(scene.alice, bid(PRICE_TICKS + 100, LOTS * 2 // 5, kind=FOK))
    if draws == 2:
        scene.run(scene.draw(user))
    scene.stay(6_300)
    scene.run(scene.draw(user))
    assert scene.resting() == [(PRICE_TICKS + 100, LOTS * 3 // 5)]
    scene.assert_whole()
