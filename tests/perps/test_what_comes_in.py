"""What comes to an account from others while it lies in a seat, or while margin is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from world import ask, bid

from .scene import FOK

if TYPE_CHECKING:
    from .scene import PerpScene

UNIT_ATOMS = 10**6
DAY_S = 86_400


def left_to_a_maker(scene: PerpScene, *, draws_first: bool) -> int:
    """What a maker who bore a haircut with 10,000 lots has, once insurance has given all of it back."""
    victim, maker, giver = scene.user(11 * UNIT_ATOMS), scene.user(40 * UNIT_ATOMS), scene.user()
    scene.open(victim, 10_000)
    scene.stay(6_000)
    scene.rest(maker, ask(6_000, 10_000))
    scene.placed(scene.alice, bid(6_000, 10_000, kind=FOK))
    scene.run(scene.resolve(victim))
    if draws_first:
        scene.run(scene.draw(maker))
    scene.run(scene.insure(giver, 500 * UNIT_ATOMS))
    scene.price(6_000, DAY_S)
    scene.run(scene.return_haircut())
    scene.run(scene.settle(maker) if draws_first else scene.draw(maker))
    leg = scene.leg(maker)
    assert leg is not None
    scene.assert_whole()
    return scene.cash(maker) + leg.quote_atoms + leg.position_lots * 6_000


@pytest.mark.parametrize("draws_first", [True, False])
def test_what_a_seat_has_borne_comes_back_drawn_or_not(scene: PerpScene, *, draws_first: bool) -> None:
    assert left_to_a_maker(scene, draws_first=draws_first) == 40_003_000


@pytest.mark.parametrize("by", ["fee", "deposit"])
def test_what_comes_in_while_margin_is_missing_stays(scene: PerpScene, by: str) -> None:
    """A long of 10,000 lots with 5 of the 9.4 units that opening requires gets 2.5."""
    world, builder, maker, taker = scene.world, scene.user(11 * UNIT_ATOMS), scene.user(), scene.user()
    scene.open(builder, 10_000)
    scene.stay(9_400)
    event = world.new_event(scene.alice, lock_s=DAY_S, deadline_s=3 * DAY_S)
    book = world.new_book(scene.alice, event)
    if by == "fee":
        scene.run(world.place(maker, event, book, ask(5_000, 100_000)))
        taking = bid(5_000, 100_000, kind=FOK)
        scene.run(world.take(taker, event, book, taking, builder=builder.account, builder_fee_bps=100))
    else:
        scene.give(builder, 2_500_000)
    scene.assert_refused("MarginStale", world.withdraw(builder, 2_500_000))
