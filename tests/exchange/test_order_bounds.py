"""What bounds an instruction's work, an account's position, and what counts as reducing it."""

from __future__ import annotations

import pytest
from solders.compute_budget import set_compute_unit_limit

from secant import exchange
from world import ask, bid

from .refusals import emitted
from .scene import Scene

POSITION_MAX_LOTS = 90_000_000_000_000


def _wall(scene: Scene, count: int) -> None:
    """So many single lots for sale."""
    for _ in range(-(-count // 320)):
        scene.run(scene.expand_book(0, 320))
    for _ in range(count // 20):
        scene.run(scene.replace(scene.mallory, [], [ask(5_000, 1, meets_max=0)] * 20))


@pytest.mark.parametrize("requests", [2, 3])
def test_one_replace_orders_meets_256_orders_at_most(requests: int) -> None:
    scene = Scene()
    _wall(scene, 800)
    replacing = scene.replace(scene.alice, [], [bid(5_000, 256, meets_max=256)] * requests)
    signers = scene.signers_of([replacing])
    landed = scene.world.run(set_compute_unit_limit(1_400_000), replacing, signers=signers)
    (changed,) = emitted([line for line in landed.logs() if "ComputeBudget" not in line])
    assert len(changed.fills) <= 256


@pytest.mark.parametrize("kind", [exchange.ORDER_POST_ONLY, exchange.ORDER_POST_ONLY_SLIDE])
def test_a_resting_kind_refuses_an_unknown_self_trade(kind: int) -> None:
    scene = Scene()
    scene.assert_refused("OrderInvalid", scene.place(scene.alice, bid(4_000, 1, kind=kind, self_trade=3)))


def test_a_holder_at_the_limit_asks() -> None:
    scene = Scene()
    scene.run(scene.mint_set(scene.alice, POSITION_MAX_LOTS))  # needs no cash
    scene.run(scene.place(scene.alice, ask(9_999, 1)))


def test_a_holder_of_no_reduces_at_the_book_under_a_pause() -> None:
    scene = Scene()
    scene.run(scene.trade(scene.alice, 1, 100))
    scene.rest(scene.mallory, ask(4_000, 100))
    scene.run(scene.pause(exchange.PAUSE_TRADE))
    scene.run(scene.place(scene.alice, bid(4_000, 100, reduce_only=True)))


def test_a_holder_of_sets_opens_nothing_under_a_pause() -> None:
    """To sell YES out of a set opens NO."""
    scene = Scene()
    scene.run(scene.mint_set(scene.alice, 100))
    scene.rest(scene.mallory, bid(5_000, 100))
    scene.run(scene.pause(exchange.PAUSE_TRADE))
    selling = ask(5_000, 100, kind=exchange.ORDER_IMMEDIATE_OR_CANCEL, reduce_only=True)
    scene.assert_refused("NothingToReduce", scene.place(scene.alice, selling))


@pytest.mark.parametrize("draw", [True, False])
def test_a_full_account_without_a_seat_is_told_so(*, draw: bool) -> None:
    scene = Scene()
    for number in range(8):
        event = scene.world.new_event(scene.mallory, name=f"leg {number}")
        scene.run(scene.mint_set(scene.alice, 1, event))
    if draw:
        scene.assert_refused("SeatAbsent", scene.draw_seat(scene.alice))
    else:
        scene.run(scene.cancel_all(scene.alice))


def test_a_rest_too_small_to_rest_is_dropped_after_a_trade() -> None:
    """Nobody can spoil an order by leaving it a rest."""
    scene = Scene()
    event = scene.world.new_event(scene.mallory, name="least lots")
    book = scene.world.new_book(scene.mallory, event, lots_min=10)
    for user, order in ((scene.mallory, ask(5_000, 10)), (scene.alice, bid(5_000, 19))):
        (changed,) = scene.run(scene.world.place(user, event, book, order))
    (placed,) = changed.placed
    assert (placed.filled_lots, placed.rested_lots, placed.order_id) == (10, 0, 0)


def test_dust_evicts_nobody() -> None:
    """A better order of fewer lots than the worst one's finds no room on a full side."""
    scene = Scene()
    for _ in range(4):
        scene.run(scene.expand_book(0, 320))
    for count in [20] * 51 + [4]:
        scene.run(scene.replace(scene.mallory, [], [bid(2_000, 10, meets_max=0)] * count))
    assert scene.world.book(scene.book).bids == 1_024
    scene.assert_refused("BookFull", scene.place(scene.alice, bid(3_000, 9)))
    (changed,) = scene.run(scene.place(scene.alice, bid(3_000, 10)))
    assert [row.lots for row in changed.dropped] == [10]


def test_what_a_seat_has_not_paid_out_is_no_position_to_reduce() -> None:
    """Shares sold in the book, not drawn yet: no pool sale under a pause, no tokens after the lock."""
    scene = Scene()
    scene.run(scene.mint_set(scene.alice, 100))
    scene.run(scene.place(scene.alice, ask(5_000, 100)))
    scene.run(scene.place(scene.mallory, bid(5_000, 60)))
    scene.run(scene.pause(exchange.PAUSE_TRADE | exchange.PAUSE_CREATE))
    scene.assert_refused("OrdersOpen", scene.trade(scene.alice, 0, -60))
    scene.assert_refused("OrdersOpen", scene.mint_set(scene.alice, 1))
    scene.world.set_time(scene.world.event(scene.event).lock_time)
    scene.assert_refused("EventNotOpen", scene.tokenize(scene.alice, 60, scene.tokens))
    scene.run(scene.draw_seat(scene.alice))
    scene.run(scene.tokenize(scene.alice, 40, scene.tokens))
