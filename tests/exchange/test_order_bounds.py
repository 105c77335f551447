"""What bounds an instruction's work, an account's position, and what counts as reducing it."""

from __future__ import annotations

import pytest
from solders.compute_budget import set_compute_unit_limit

from secant import exchange
from world import ask, bid, order

from .refusals import emitted
from .scene import Scene

POSITION_MAX_LOTS = 90_000_000_000_000


def _wall(scene: Scene, count: int) -> None:
    """So many single lots for sale."""
    for _ in range(-(-2 * count // 320)):
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
    for user, request in ((scene.mallory, ask(5_000, 10)), (scene.alice, bid(5_000, 19))):
        (changed,) = scene.run(scene.world.place(user, event, book, request))
    (placed,) = changed.placed
    assert (placed.filled_lots, placed.rested_lots, placed.order_id) == (10, 0, 0)


@pytest.mark.parametrize("side", [exchange.SIDE_BID, exchange.SIDE_ASK])
def test_dust_keeps_nobody_out(side: int) -> None:
    """A side full of single lots at better prices, in a book that could grow: what locks more rests."""
    scene = Scene()
    better, fair = (4_000, 3_900) if side == exchange.SIDE_BID else (6_000, 6_100)
    scene.rest(scene.mallory, *[order(side, better, 1)] * 32)
    scene.assert_refused("BookFull", scene.place(scene.alice, order(side, fair, 1)))
    changed = scene.trade_book(scene.alice, order(side, fair, 2))
    assert ([row.lots for row in changed.dropped], changed.placed[0].rested_lots) == ([1], 2)
    # The other half of the book's room is the other side's.
    scene.rest(scene.alice, order(1 - side, 10_000 - fair, 1))


def test_heavy_orders_at_the_worst_price_keep_nobody_out() -> None:
    """100,000 lots at one tick lock a tenth of a unit: an order of ten lots at a fair price locks more."""
    scene = Scene()
    rich = scene.new_user(10**9)
    scene.run(scene.replace(rich, [], [bid(1, 100_000)] * 16))
    scene.run(scene.replace(rich, [], [bid(1, 100_000)] * 16))
    scene.assert_refused("BookFull", scene.place(scene.alice, bid(4_000, 25)))
    changed = scene.trade_book(scene.alice, bid(4_000, 26))
    assert [row.lots for row in changed.dropped] == [100_000]


def test_a_passing_order_puts_out_only_dust() -> None:
    """Large and cancelled at once, in turn with dust that takes its place: others' orders stay."""
    scene = Scene()
    victims = scene.rest(scene.alice, *[bid(4_000, 1_000)] * 16)
    dust = scene.rest(scene.mallory, *[bid(4_001, 1)] * 16)
    rich = scene.new_user(10**10)
    for _ in range(20):
        (passing,) = scene.rest(rich, bid(4_002, 1_001))
        (replaced,) = scene.run(scene.replace(rich, [passing], [bid(4_001, 1)]))
        dust.append(replaced.placed[0].order_id)
    resting = {row.id for row in scene.world.orders(scene.book)}
    assert set(victims) <= resting
    assert len(resting) == 32


def test_a_side_without_room_spoils_no_trade() -> None:
    """What a limit order took stands; the rest that finds no room is dropped."""
    scene = Scene()
    rich = scene.new_user(10**10)
    scene.run(scene.replace(rich, [], [bid(4_000, 10_000)] * 16))
    scene.run(scene.replace(rich, [], [bid(4_000, 10_000)] * 16))
    scene.rest(scene.mallory, ask(5_000, 999))
    changed = scene.trade_book(scene.alice, bid(5_000, 1_000))
    (placed,) = changed.placed
    assert (placed.filled_lots, placed.rested_lots, placed.order_id) == (999, 0, 0)
    assert changed.dropped == ()


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
