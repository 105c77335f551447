from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from world import ask, bid

from .refusals import (
    SYSTEM_INSUFFICIENT_FUNDS,
    Refusal,
    Substitution,
    substitutions,
)
from .substitutes import BOOK, PAYER, SYSTEM_PROGRAM

if TYPE_CHECKING:
    from solders.instruction import Instruction

    from .scene import Scene

SEATS_MAX = 4_096
ORDERS_MAX = 2_048
# What one instruction adds at most: 10,240 bytes, 136 a seat and 32 an order.
SEATS_STEP = 75
ORDERS_STEP = 320


def arrange(scene: Scene) -> None:
    """Orders of both on both sides, and one of Alice's partly filled."""
    scene.rest(scene.alice, bid(4_000, 10), bid(4_100, 20), ask(6_000, 30), ask(6_100, 40))
    scene.rest(scene.mallory, bid(4_050, 50), ask(6_050, 60), ask(4_100, 5))


def call(scene: Scene, seats: int = 4, orders: int = 8) -> Instruction:
    return scene.expand_book(seats, orders)


SUBSTITUTED = substitutions(
    "expand_book",
    {
        "payer": PAYER | {"nobody": SYSTEM_INSUFFICIENT_FUNDS},
        "book": BOOK,
        "system_program": SYSTEM_PROGRAM,
    },
)


def _grow(scene: Scene, seats: int, orders: int) -> None:
    """Adds so many, in as few steps as may be."""
    while seats:
        step = min(seats, SEATS_STEP)
        scene.run(call(scene, step, 0))
        seats -= step
    while orders:
        step = min(orders, ORDERS_STEP)
        scene.run(call(scene, 0, step))
        orders -= step


REFUSED: list[Refusal[Scene]] = [
    Refusal("by nothing", "BookSizeInvalid", lambda s: call(s, 0, 0)),
    Refusal("orders beyond a step", "BookSizeInvalid", lambda s: call(s, 0, ORDERS_STEP + 1)),
    Refusal("seats beyond a step", "BookSizeInvalid", lambda s: call(s, SEATS_STEP + 1, 0)),
    Refusal("both beyond a step", "BookSizeInvalid", lambda s: call(s, SEATS_STEP, 2)),
    Refusal("the greatest numbers", "BookSizeInvalid", lambda s: call(s, 65_535, 65_535)),
    Refusal(
        "one order too many",
        "BookSizeInvalid",
        lambda s: call(s, 0, 1),
        lambda s: _grow(s, 0, ORDERS_MAX - 64),
    ),
    Refusal(
        "one seat too many",
        "BookSizeInvalid",
        lambda s: call(s, 1, 0),
        lambda s: _grow(s, SEATS_MAX - 16, 0),
    ),
]


@pytest.mark.parametrize(
    ("seats", "orders"), [(4, 8), (0, 1), (1, 0), (SEATS_STEP, 1), (SEATS_STEP - 1, 4), (0, ORDERS_STEP)]
)
def test_orders_and_seats_stay_as_they_were(arranged: Scene, seats: int, orders: int) -> None:
    scene = arranged
    orders_before, seats_before = scene.world.orders(scene.book), scene.world.seats(scene.book)
    size = len(scene.world.data(scene.book))
    assert scene.resting() == [
        (4_000, 10), (4_050, 50), (4_100, 15), (6_000, 30), (6_050, 60), (6_100, 40)
    ]  # fmt: skip
    assert scene.run(call(scene, seats, orders)) == []
    assert len(scene.world.data(scene.book)) == size + 136 * seats + 32 * orders
    assert scene.world.orders(scene.book) == orders_before
    seats_after = scene.world.seats(scene.book)
    assert seats_after[:16] == seats_before
    assert len(seats_after) == 16 + seats
    assert all(seat == seats_before[-1] for seat in seats_after[16:])


def test_what_rests_still_trades_and_cancels(arranged: Scene) -> None:
    scene = arranged
    scene.run(call(scene))
    scene.trade_book(scene.mallory, bid(6_000, 30))
    scene.run(scene.cancel_all(scene.alice), scene.cancel_all(scene.mallory))
    assert scene.resting() == []
    scene.assert_funded()


def test_grows_to_its_limits_and_not_beyond(arranged: Scene) -> None:
    scene = arranged
    orders = scene.world.orders(scene.book)
    _grow(scene, SEATS_MAX - 16, ORDERS_MAX - 64)
    assert scene.world.orders(scene.book) == orders
    assert scene.world.book(scene.book).seats == SEATS_MAX
    for seats, more in ((1, 0), (0, 1)):
        scene.assert_refused("BookSizeInvalid", call(scene, seats, more))
    scene.run(scene.cancel_all(scene.alice), scene.cancel_all(scene.mallory))
    scene.assert_funded()


def test_more_seats_seat_more(scene: Scene) -> None:
    users = [scene.new_user(10**6) for _ in range(17)]
    scene.rest(users[0], *[bid(100 + place, 1) for place in range(2)])
    for user in users[1:16]:
        scene.rest(user, bid(100, 1))
    scene.assert_refused("SeatsFull", scene.place(users[16], bid(100, 1)))
    scene.run(call(scene, 1, 0))
    scene.rest(users[16], bid(100, 1))
    assert scene.world.book(scene.book).seats_taken == 17


def test_more_room_takes_more_orders(scene: Scene) -> None:
    """Half of it on each side: a single order more changes nothing."""
    scene.rest(scene.alice, *[bid(100, 1)] * 32)
    scene.assert_refused("BookFull", scene.place(scene.alice, bid(100, 1)))
    scene.run(call(scene, 0, 1))
    scene.assert_refused("BookFull", scene.place(scene.alice, bid(100, 1)))
    scene.run(call(scene, 0, 1))
    scene.rest(scene.alice, bid(100, 1), *[ask(9_000, 1)] * 33)
    for one_more in (bid(100, 1), ask(9_000, 1)):
        scene.assert_refused("BookFull", scene.place(scene.alice, one_more))
    assert len(scene.resting()) == 66


def test_anyone_pays_under_every_pause_and_after_settlement(arranged: Scene) -> None:
    scene = arranged
    scene.run(scene.pause(15))
    scene.settle(10_000)
    paid = scene.world.svm.get_balance(scene.mallory.key) or 0
    rent = scene.world.svm.get_balance(scene.book) or 0
    scene.run(call(scene))
    added = (scene.world.svm.get_balance(scene.book) or 0) - rent
    assert added > 0
    assert scene.world.svm.get_balance(scene.mallory.key) == paid - added


def test_twice_in_one_transaction(arranged: Scene) -> None:
    """The limit of 10,240 bytes is one an instruction."""
    arranged.run(call(arranged, 0, ORDERS_STEP), call(arranged, SEATS_STEP, 0))
    assert len(arranged.resting()) == 6


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: Scene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: Scene, refusal: Refusal[Scene]) -> None:
    refusal.check(arranged)
