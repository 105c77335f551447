"""A trigger order for a position that its owner's orders have made, and nobody has drawn yet."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from secant import exchange
from world import ask, bid

from .scene import FOK
from .test_cancel_trigger import STOP

if TYPE_CHECKING:
    from .scene import PerpScene


@pytest.mark.xfail(
    strict=True,
    reason="a trigger order is placed for the leg as it was last drawn, not as its orders have made it",
)
def test_a_stop_of_a_short_that_a_resting_order_made_is_not_void(scene: PerpScene) -> None:
    """Long 100, 200 sold by a resting ask: who is short 100 then keeps his stop when he is drawn."""
    scene.open(scene.alice, 100)
    scene.rest(scene.alice, ask(10_100, 200))
    scene.placed(scene.mallory, bid(10_100, 200, kind=FOK))
    stop = replace(STOP, side=exchange.SIDE_BID, trigger_ticks=10_500, is_above=1)
    scene.run(scene.place_trigger(scene.alice, stop))
    scene.run(scene.draw(scene.alice))
    assert scene.held(scene.alice)[0] == -100
    by_anyone = scene.substitute(scene.cancel_trigger(scene.alice), "payer", "unsigned")
    scene.assert_refused("OwnerMismatch", by_anyone)
    scene.price(10_600)
    scene.rest(scene.mallory, ask(10_600, 100))
    scene.run(scene.execute(scene.alice))
    assert scene.held(scene.alice)[0] == 0
