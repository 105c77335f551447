from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from secant import exchange
from world import ask, bid

from .refusals import TOO_SMALL, WRONG_TYPE, Refusal, Substitution, substitutions
from .substitutes import BOOK, EVENT, EXCHANGE, MARGIN_ACCOUNT, SIGNER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from solders.instruction import Instruction

    from .scene import Scene


def arrange(scene: Scene) -> None:
    """Quotes of Alice's, and one of Mallory's beyond each."""
    scene.rest(scene.alice, bid(4_900, 100), ask(5_100, 100))
    scene.rest(scene.mallory, bid(4_800, 50), ask(5_200, 50))


def numbers(scene: Scene, *prices: int) -> list[int]:
    """The numbers of the orders at prices, of which each has one."""
    return [
        resting.id
        for price in prices
        for resting in scene.world.orders(scene.book)
        if resting.id >> 40 == price
    ]


NEW_QUOTES = (bid(4_950, 80, client_id=1), ask(5_150, 70, client_id=2))


def call(
    scene: Scene,
    prices: Sequence[int] = (4_900, 5_100),
    requests: Sequence[exchange.OrderRequest] = NEW_QUOTES,
) -> Instruction:
    return scene.replace(scene.alice, numbers(scene, *prices), requests)


SUBSTITUTED = substitutions(
    "replace_orders",
    {
        "owner": SIGNER | {"nobody": "OwnerMismatch", "mallory": "OwnerMismatch", "admin": "OwnerMismatch"},
        "exchange": EXCHANGE | {"foreign_exchange": "ExchangeMismatch", "=event": WRONG_TYPE},
        "account": MARGIN_ACCOUNT
        | {"mallory_account": "OwnerMismatch", "foreign_account": "ExchangeMismatch"},
        "event": EVENT
        | {
            "other_event": "BookInvalid",
            "record_event": "BookInvalid",
            "foreign_event": "ExchangeMismatch",
            "=exchange": TOO_SMALL,
        },
        "book": BOOK | dict.fromkeys(("other_book", "foreign_book"), "BookInvalid"),
    },
)


def _drain(scene: Scene, left_atoms: int) -> None:
    scene.run(scene.world.withdraw(scene.alice, scene.free(scene.alice) - left_atoms))


REFUSED: list[Refusal[Scene]] = [
    Refusal(
        "market of another exchange",
        "ExchangeMismatch",
        lambda s: s.substitute(s.substitute(call(s), "event", "foreign_event"), "book", "foreign_book"),
    ),
    Refusal("at the lock time", "EventNotOpen", call, lambda s: s.world.set_time(s.world.now + 1_000)),
    Refusal("settled", "EventNotOpen", call, lambda s: s.settle(10_000)),
    Refusal("paused", "Paused", call, lambda s: s.run(s.pause(exchange.PAUSE_TRADE))),
    Refusal(
        "paused, one of them not reducing",
        "Paused",
        lambda s: call(s, requests=[ask(5_150, 70, reduce_only=True), ask(5_151, 1)]),
        lambda s: s.run(s.pause(exchange.PAUSE_TRADE)),
    ),
    Refusal("another's order cancelled", "OrderNotOwned", lambda s: call(s, [4_900, 4_800])),
    Refusal("a second order of no lots", "AmountZero", lambda s: call(s, requests=[bid(1, 1), bid(1, 0)])),
    Refusal("a second order at no price", "OrderInvalid", lambda s: call(s, requests=[bid(1, 1), bid(0, 1)])),
    Refusal(
        "a second order that would take",
        "OrderWouldTake",
        lambda s: call(s, requests=[bid(1, 1), bid(5_200, 1, kind=exchange.ORDER_POST_ONLY)]),
    ),
    Refusal(
        "a second order not filled",
        "OrderNotFilled",
        lambda s: call(s, requests=[bid(1, 1), bid(5_200, 51, kind=exchange.ORDER_FILL_OR_KILL)]),
    ),
    Refusal(
        "reducing twice",
        "NothingToReduce",
        lambda s: call(s, requests=[ask(6_000, 10, reduce_only=True), ask(6_001, 1, reduce_only=True)]),
        lambda s: s.run(s.place(s.mallory, ask(4_900, 10))),
    ),
    Refusal(
        "one atom short after all of them",
        "InsolventAccount",
        lambda s: call(s, requests=[bid(4_900, 100), bid(1, 1)]),
        lambda s: _drain(s, 0),
    ),
]


def test_cancels_and_places_in_one_step(arranged: Scene) -> None:
    scene = arranged
    head = scene.world.book(scene.book)
    old = numbers(scene, 4_900, 5_100)
    (changed,) = scene.run(call(scene))
    assert (changed.book, changed.changes, changed.fills) == (scene.book, head.changes, ())
    assert changed.dropped == tuple(exchange.OrderLots(order_id=number, lots=100) for number in old)
    assert [(row.client_id, row.order_id >> 40, row.rested_lots) for row in changed.placed] == [
        (1, 4_950, 80), (2, 5_150, 70)
    ]  # fmt: skip
    assert scene.resting() == [(4_800, 50), (4_950, 80), (5_150, 70), (5_200, 50)]
    assert scene.free(scene.alice) == scene.cash(scene.alice) - 80 * 4_950
    after = scene.world.book(scene.book)
    assert (after.changes, after.seats_taken, after.seats_used) == (head.changes + 1, 2, 2)
    scene.assert_funded()


def test_the_whole_counts_not_the_order_of_it(arranged: Scene) -> None:
    """An account with nothing free moves its quotes: what is cancelled pays for what is placed."""
    scene = arranged
    _drain(scene, 0)
    scene.run(call(scene, requests=[bid(4_899, 100), ask(5_101, 100)]))
    assert scene.free(scene.alice) == 100
    scene.run(call(scene, [4_899, 5_101], [ask(5_150, 98), bid(4_900, 100)]))
    assert scene.free(scene.alice) == 0


def test_orders_of_one_request_see_each_other(arranged: Scene) -> None:
    scene = arranged
    (changed,) = scene.run(call(scene, requests=[ask(5_000, 10), bid(5_000, 15), bid(5_200, 20)]))
    assert [row.filled_lots for row in changed.placed] == [0, 0, 20]
    assert [(row.order_id >> 40, row.lots) for row in changed.dropped] == [
        (4_900, 100), (5_100, 100), (5_000, 10)
    ]  # fmt: skip
    assert scene.resting() == [(4_800, 50), (5_000, 15), (5_200, 30)]
    scene.assert_funded()


def test_each_order_pays_its_own_fee(arranged: Scene) -> None:
    scene = arranged
    (changed,) = scene.run(call(scene, requests=[bid(5_200, 1)] * 3))
    assert [row.fee_atoms for row in changed.placed] == [175] * 3  # 174.72 each
    rebates = 3 * (5_200 * 4_800 * 175 // 10**8)
    assert scene.world.book(scene.book).fees_atoms == 3 * 175 - rebates
    scene.assert_funded()


def test_draws_before_it_places(arranged: Scene) -> None:
    scene = arranged
    scene.trade_book(scene.mallory, ask(4_900, 60))
    (changed,) = scene.run(call(scene, requests=[ask(5_150, 500, reduce_only=True)]))
    assert changed.placed[0].rested_lots == 60
    assert scene.lots(scene.alice) == (60, 0)
    scene.assert_funded()


def test_what_is_gone_is_passed_over(arranged: Scene) -> None:
    scene = arranged
    moving = call(scene)
    scene.trade_book(scene.mallory, ask(4_900, 100))
    (changed,) = scene.run(moving)
    assert [row.lots for row in changed.dropped] == [100]
    assert [row.rested_lots for row in changed.placed] == [80, 70]
    scene.assert_funded()


def test_cancels_only_and_places_only(arranged: Scene) -> None:
    scene = arranged
    scene.run(call(scene, requests=()))
    assert scene.seat(scene.alice) is None
    scene.run(call(scene, prices=()))
    assert scene.resting() == [(4_800, 50), (4_950, 80), (5_150, 70), (5_200, 50)]
    scene.run(call(scene, (), ()))


def test_a_pause_leaves_cancelling_and_reducing_open(arranged: Scene) -> None:
    scene = arranged
    scene.trade_book(scene.mallory, ask(4_900, 60))
    scene.run(scene.pause(15))
    scene.run(call(scene, requests=[ask(5_150, 20, reduce_only=True), ask(5_160, 99, reduce_only=True)]))
    assert scene.resting() == [(4_800, 50), (5_150, 20), (5_160, 40), (5_200, 50)]
    scene.run(call(scene, [5_150, 5_160], ()))
    assert scene.resting() == [(4_800, 50), (5_200, 50)]


@pytest.mark.parametrize("count", [1, 10, 24])
def test_as_many_as_a_transaction_carries(arranged: Scene, count: int) -> None:
    scene = arranged
    (changed,) = scene.run(call(scene, (), [bid(1_000 + place, 1) for place in range(count)]))
    assert len(changed.placed) == count
    placed = [row.order_id for row in changed.placed]
    (changed,) = scene.run(scene.replace(scene.alice, placed, []))
    assert [row.order_id for row in changed.dropped] == placed


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: Scene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: Scene, refusal: Refusal[Scene]) -> None:
    refusal.check(arranged)
