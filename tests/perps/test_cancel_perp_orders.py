from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from exchange.refusals import Refusal, Substitution, substitutions
from secant import exchange
from world import ask, bid

from .substitutes import BOOK, MARGIN_ACCOUNT, MARKET, SIGNER

if TYPE_CHECKING:
    from solders.instruction import Instruction

    from .scene import PerpScene


def arrange(scene: PerpScene) -> None:
    scene.rest(scene.alice, bid(9_700, 10), bid(9_800, 20), ask(10_200, 30))
    scene.rest(scene.mallory, bid(9_750, 40), ask(10_250, 50))


def numbers(scene: PerpScene, *prices: int) -> list[int]:
    """The numbers of the orders at prices, of which each has one."""
    orders = scene.world.orders(scene.book)
    return [order.id for price in prices for order in orders if order.id >> 40 == price]


def call(scene: PerpScene, *prices: int) -> Instruction:
    return scene.cancel(scene.alice, *numbers(scene, *(prices or (9_800, 10_200))))


SUBSTITUTED = substitutions(
    "cancel_perp_orders",
    {
        "trader": SIGNER,
        "account": MARGIN_ACCOUNT | {"mallory_account": "OwnerMismatch", "foreign_account": "PerpLegAbsent"},
        "market": MARKET | dict.fromkeys(("other_market", "foreign_market"), "BookInvalid"),
        "book": BOOK,
    },
)

REFUSED: list[Refusal[PerpScene]] = [
    Refusal("another's order", "OrderNotOwned", lambda s: call(s, 9_750)),
    Refusal("an own order and another's", "OrderNotOwned", lambda s: call(s, 9_800, 9_750)),
    Refusal("without a leg", "PerpLegAbsent", lambda s: s.cancel(s.liquidator, *numbers(s, 9_800))),
    Refusal(
        "in a market without a leg", "PerpLegAbsent", lambda s: s.cancel(s.alice, 1, market=s.other_market)
    ),
]


def test_takes_the_orders_named_out(arranged: PerpScene) -> None:
    scene = arranged
    changes = scene.world.book(scene.book).changes
    first, second = numbers(scene, 9_800, 10_200)
    assert scene.run(call(scene)) == [
        exchange.BookChanged(
            book=scene.book,
            changes=changes,
            fills=(),
            dropped=(
                exchange.OrderLots(order_id=first, lots=20),
                exchange.OrderLots(order_id=second, lots=30),
            ),
            placed=(),
        )
    ]
    assert scene.resting() == [(9_700, 10), (9_750, 40), (10_250, 50)]
    leg, seat = scene.leg(scene.alice), scene.seat(scene.alice)
    assert leg is not None
    assert seat is not None
    assert (leg.bid_lots, leg.bid_atoms, leg.ask_lots, leg.ask_atoms) == (10, 98_000, 0, 0)
    assert (seat.bid_lots, seat.bid_atoms, seat.ask_lots, seat.orders) == (10, 97_000, 0, 1)
    scene.assert_whole()


def test_the_last_one_gives_up_seat_and_leg(arranged: PerpScene) -> None:
    scene = arranged
    scene.run(call(scene, 9_700, 9_800, 10_200))
    assert scene.leg(scene.alice) is None
    assert scene.seat(scene.alice) is None
    assert scene.world.margin(scene.alice).perps == 0
    scene.assert_whole()


def test_what_has_traded_since_stays_a_position(arranged: PerpScene) -> None:
    """5 of 20 lots were sold to Alice at 9,800: they cost 49,000, less a rebate of 2."""
    scene = arranged
    scene.placed(scene.liquidator, ask(9_800, 5))
    scene.run(call(scene, 9_700, 9_800, 10_200))
    assert scene.held(scene.alice) == (5, -49_000 + 2)
    assert scene.seat(scene.alice) is None
    assert scene.perp().open_lots == 5
    scene.assert_whole()


def test_an_order_that_is_gone_is_passed_over(arranged: PerpScene) -> None:
    scene = arranged
    gone = numbers(scene, 9_800)
    scene.run(call(scene, 9_800))
    (changed,) = scene.run(scene.cancel(scene.alice, *gone, *numbers(scene, 9_700)))
    assert [row.lots for row in changed.dropped] == [10]


def test_what_was_stated_of_the_margin_is_void(arranged: PerpScene) -> None:
    scene = arranged
    scene.next_slot()
    withdrawing = scene.world.withdraw(scene.alice, 1)
    drawing = scene.draw(scene.alice)
    scene.assert_refused("MarginStale", drawing, scene.fresh(scene.alice), call(scene), withdrawing)
    scene.run(call(scene), scene.fresh(scene.alice), withdrawing)
    scene.assert_whole()


def test_every_pause_and_every_price_leave_it_open(arranged: PerpScene) -> None:
    scene = arranged
    scene.run(scene.pause(15), scene.pause_perp(7))
    scene.world.set_time(scene.world.now + 10**6)
    scene.run(call(scene))
    assert len(scene.resting()) == 3


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: PerpScene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: PerpScene, refusal: Refusal[PerpScene]) -> None:
    refusal.check(arranged)
