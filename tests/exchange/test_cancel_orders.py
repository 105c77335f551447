from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from secant import exchange
from world import ask, bid

from .refusals import Refusal, Substitution, substitutions
from .substitutes import BOOK, MARGIN_ACCOUNT, SIGNER

if TYPE_CHECKING:
    from solders.instruction import Instruction

    from .scene import Scene


def arrange(scene: Scene) -> None:
    scene.rest(scene.alice, bid(4_000, 10), bid(4_100, 20), ask(6_000, 30))
    scene.rest(scene.mallory, bid(4_050, 40), ask(6_050, 50))


def numbers(scene: Scene, *prices: int) -> list[int]:
    """The numbers of the orders at prices, of which each has one."""
    return [
        order.id for price in prices for order in scene.world.orders(scene.book) if order.id >> 40 == price
    ]


def call(scene: Scene, *prices: int) -> Instruction:
    return scene.cancel(scene.alice, *numbers(scene, *(prices or (4_100, 6_000))))


SUBSTITUTED = substitutions(
    "cancel_orders",
    {
        "owner": SIGNER | {"nobody": "OwnerMismatch", "mallory": "OwnerMismatch", "admin": "OwnerMismatch"},
        "account": MARGIN_ACCOUNT | {"mallory_account": "OwnerMismatch"},
        "book": BOOK,
    },
)

REFUSED: list[Refusal[Scene]] = [
    Refusal("another's order", "OrderNotOwned", lambda s: call(s, 4_050)),
    Refusal("an own order and another's", "OrderNotOwned", lambda s: call(s, 4_100, 4_050)),
    Refusal("another's, by its place", "OrderNotOwned", lambda s: _by_place(s, 4_050, 1)),
]


def _by_place(scene: Scene, price: int, hint: int) -> Instruction:
    (number,) = numbers(scene, price)
    return exchange.cancel_orders(
        owner=scene.alice.key,
        account=scene.alice.account,
        book=scene.book,
        cancellations=[exchange.Cancellation(order_id=number, hint=hint)],
    )


def test_frees_what_the_orders_reserved(arranged: Scene) -> None:
    scene = arranged
    free = scene.free(scene.alice)
    (cancelled_bid, cancelled_ask) = numbers(scene, 4_100, 6_000)
    changes = scene.world.book(scene.book).changes
    assert scene.run(call(scene)) == [
        exchange.BookChanged(
            book=scene.book,
            changes=changes,
            fills=(),
            dropped=(
                exchange.OrderLots(order_id=cancelled_bid, lots=20),
                exchange.OrderLots(order_id=cancelled_ask, lots=30),
            ),
            placed=(),
        )
    ]
    assert scene.resting() == [(4_000, 10), (4_050, 40), (6_050, 50)]
    # The worse of 20 · 4,100 + 10 · 4,000 and 30 · 4,000 before, 10 · 4,000 after.
    assert scene.free(scene.alice) - free == 122_000 - 40_000
    seat = scene.seat(scene.alice)
    assert seat is not None
    assert (seat.bid_lots, seat.bid_atoms, seat.ask_lots, seat.ask_atoms, seat.orders) == (
        10,
        40_000,
        0,
        0,
        1,
    )
    assert (seat.bid_reserved_atoms, seat.ask_reserved_atoms) == (40_000, 0)
    assert scene.world.book(scene.book).changes == changes + 1


def test_the_last_order_gives_up_seat_and_leg(arranged: Scene) -> None:
    scene = arranged
    scene.run(call(scene, 4_000, 4_100, 6_000))
    assert scene.seat(scene.alice) is None
    assert scene.leg(scene.alice) is None
    assert scene.world.margin(scene.alice).floor_atoms == 0
    head = scene.world.book(scene.book)
    assert (head.seats_taken, head.seat_free, head.seats_used) == (1, 1, 2)
    scene.rest(scene.new_user(10**6), bid(1, 1))
    head = scene.world.book(scene.book)
    assert (head.seats_taken, head.seat_free, head.seats_used) == (2, 0, 2)


@pytest.mark.parametrize("hint", [0, 1, 2, 61, 62, 63, 64, 65_535])
@pytest.mark.parametrize("price", [4_000, 4_100, 6_000])
def test_a_wrong_hint_finds_the_order_all_the_same(arranged: Scene, price: int, hint: int) -> None:
    scene = arranged
    before = scene.resting()
    scene.run(_by_place(scene, price, hint))
    assert scene.resting() == [row for row in before if row[0] != price]


def test_orders_that_are_gone_are_passed_over(arranged: Scene) -> None:
    scene = arranged
    gone = call(scene)
    scene.run(gone)
    (changed,) = scene.run(gone)
    assert changed.dropped == ()
    twice = numbers(scene, 4_000) * 2
    (changed,) = scene.run(scene.cancel(scene.alice, *twice))
    assert [row.lots for row in changed.dropped] == [10]


@pytest.mark.parametrize("number", [0, 1, 2**64 - 1, 2**63, 4_100 << 40, 6_000 << 40 | 1])
def test_a_number_that_no_order_has_is_passed_over(arranged: Scene, number: int) -> None:
    before = arranged.resting()
    (changed,) = arranged.run(arranged.cancel(arranged.alice, number))
    assert changed.dropped == ()
    assert arranged.resting() == before


def test_draws_what_the_seat_holds(arranged: Scene) -> None:
    scene = arranged
    scene.trade_book(scene.mallory, ask(4_100, 15))
    cash = scene.cash(scene.alice)
    rebate = 15 * 4_100 * 5_900 * 175 // 10**8
    seat = scene.seat(scene.alice)
    assert seat is not None
    assert (seat.cash_atoms, seat.lots) == (rebate - 15 * 4_100, 15)
    scene.run(call(scene, 4_100))
    assert scene.cash(scene.alice) == cash + rebate - 15 * 4_100
    assert scene.lots(scene.alice) == (15, 0)
    scene.assert_funded()


def test_works_under_every_pause_after_the_lock_and_after_settlement(arranged: Scene) -> None:
    scene = arranged
    scene.run(scene.pause(15))
    scene.run(call(scene, 4_000))
    scene.world.set_time(scene.world.event(scene.event).lock_time)
    scene.run(call(scene, 4_100))
    scene.settle(10_000)
    scene.run(call(scene, 6_000))
    assert scene.seat(scene.alice) is None


@pytest.mark.parametrize("book", ["other_book", "foreign_book"])
def test_without_a_seat_there_is_nothing_to_cancel(arranged: Scene, book: str) -> None:
    """A book of another event or exchange: nothing is drawn, nothing cancelled, no leg opened."""
    scene = arranged
    watched = (scene.alice.account, scene.book)
    before = scene.states(watched)
    assert scene.run(scene.cancel(scene.alice, *numbers(scene, 4_000), book=scene.addresses[book])) == []
    assert scene.states(watched) == before


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: Scene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: Scene, refusal: Refusal[Scene]) -> None:
    refusal.check(arranged)
