"""Who trades with whom in a book, and what becomes of the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from solders.compute_budget import set_compute_unit_limit

from secant import exchange
from world import ask, bid, order

from .refusals import emitted

if TYPE_CHECKING:
    from .scene import Scene

IOC = exchange.ORDER_IMMEDIATE_OR_CANCEL
FOK = exchange.ORDER_FILL_OR_KILL
SIDES = [exchange.SIDE_BID, exchange.SIDE_ASK]
MEETS_MAX = 256
SIDE_ORDERS_MAX = 1_024


def rows(lots: tuple[exchange.OrderLots, ...]) -> list[tuple[int, int]]:
    """Price and lots of each."""
    return [(row.order_id >> 40, row.lots) for row in lots]


# Priority


@pytest.mark.parametrize(("side", "prices"), [(0, (5_000, 4_900, 5_000)), (1, (5_000, 5_100, 5_000))])
def test_the_best_price_trades_first_then_the_oldest(
    scene: Scene, side: int, prices: tuple[int, int, int]
) -> None:
    makers = [scene.new_user(10**9) for _ in prices]
    numbers = [
        scene.rest(maker, order(1 - side, price, 10))[0] for maker, price in zip(makers, prices, strict=True)
    ]
    changed = scene.trade_book(scene.alice, order(side, 5_000, 25))
    assert [(row.order_id, row.lots) for row in changed.fills] == [
        (numbers[1], 10), (numbers[0], 10), (numbers[2], 5)
    ]  # fmt: skip
    assert scene.resting() == [(5_000, 5)]
    assert [seat.lots for seat in scene.world.seats(scene.book)[:3]] == [
        lots * (2 * side - 1) for lots in (10, 10, 5)
    ]
    scene.assert_funded(*makers)


@pytest.mark.parametrize("side", SIDES)
def test_a_partly_filled_order_keeps_its_place(scene: Scene, side: int) -> None:
    first, second = scene.rest(scene.mallory, order(1 - side, 5_000, 10), order(1 - side, 5_000, 10))
    for _ in range(3):
        scene.trade_book(scene.alice, order(side, 5_000, 3, kind=IOC))
    changed = scene.trade_book(scene.alice, order(side, 5_000, 3, kind=IOC))
    assert [(row.order_id, row.lots) for row in changed.fills] == [(first, 1), (second, 2)]


@pytest.mark.parametrize("side", SIDES)
def test_nothing_beyond_the_limit_trades(scene: Scene, side: int) -> None:
    away = 1 - 2 * side
    scene.rest(scene.mallory, *[order(1 - side, 5_000 + away * step, 10) for step in range(5)])
    changed = scene.trade_book(scene.alice, order(side, 5_000 + away * 2, 100))
    assert [price for price, _ in rows(changed.fills)] == [5_000, 5_000 + away, 5_000 + away * 2]
    assert changed.placed[0].rested_lots == 70
    assert len(scene.resting()) == 3


# Owners that meet themselves


def _own_between(scene: Scene, side: int) -> None:
    """Alice's 20 lots between Mallory's 10 better ones and 30 worse ones."""
    away = 1 - 2 * side
    scene.rest(scene.mallory, order(1 - side, 5_000, 10))
    scene.rest(scene.alice, order(1 - side, 5_000 + away, 20))
    scene.rest(scene.mallory, order(1 - side, 5_000 + 2 * away, 30))


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(
    ("mode", "lots", "filled", "dropped", "rested"),
    [
        (exchange.SELF_TRADE_CANCEL_PROVIDE, 25, [10, 15], [20], 0),
        (exchange.SELF_TRADE_CANCEL_PROVIDE, 60, [10, 30], [20], 20),
        (exchange.SELF_TRADE_CANCEL_PROVIDE, 10, [10], [], 0),
        (exchange.SELF_TRADE_CANCEL_TAKE, 25, [10], [], 0),
        (exchange.SELF_TRADE_CANCEL_TAKE, 60, [10], [], 0),
        (exchange.SELF_TRADE_DECREMENT, 25, [10], [15], 0),
        (exchange.SELF_TRADE_DECREMENT, 30, [10], [20], 0),
        (exchange.SELF_TRADE_DECREMENT, 60, [10, 30], [20], 0),
        (exchange.SELF_TRADE_DECREMENT, 61, [10, 30], [20], 1),
    ],
)
def test_an_order_that_meets_its_owner_s(
    scene: Scene, side: int, mode: int, lots: int, filled: list[int], dropped: list[int], rested: int
) -> None:
    _own_between(scene, side)
    limit = 5_000 + 2 * (1 - 2 * side)
    changed = scene.trade_book(scene.alice, order(side, limit, lots, self_trade=mode))
    assert [lots for _, lots in rows(changed.fills)] == filled
    assert [lots for _, lots in rows(changed.dropped)] == dropped
    (placed,) = changed.placed
    assert (placed.filled_lots, placed.rested_lots) == (sum(filled), rested)
    assert (placed.order_id != 0) == (rested > 0)
    seat = scene.seat(scene.alice)
    left = 20 - sum(dropped)
    if left + rested == 0:
        assert seat is None
    else:
        assert seat is not None
        own_lots = (seat.ask_lots, seat.bid_lots) if side == 0 else (seat.bid_lots, seat.ask_lots)
        assert own_lots == (left, rested)
        assert seat.orders == (left > 0) + (rested > 0)
    scene.assert_funded()


@pytest.mark.parametrize("mode", [exchange.SELF_TRADE_CANCEL_TAKE, exchange.SELF_TRADE_DECREMENT])
def test_whole_or_nothing_counts_trades_only(scene: Scene, mode: int) -> None:
    _own_between(scene, 0)
    scene.assert_refused(
        "OrderNotFilled", scene.place(scene.alice, bid(5_002, 25, kind=FOK, self_trade=mode))
    )
    scene.run(scene.place(scene.alice, bid(5_002, 40, kind=FOK)))
    assert scene.lots(scene.alice) == (40, 0)


def test_other_accounts_of_an_owner_are_others(scene: Scene) -> None:
    second = exchange.find_account(exchange=scene.world.exchange_address, owner=scene.alice.key, index=1)
    scene.run(
        exchange.open_account(
            payer=scene.alice.key, exchange=scene.world.exchange_address, owner=scene.alice.key, index=1
        )
    )
    user = type(scene.alice)(scene.alice.keys, scene.alice.wallet, second)
    scene.run(scene.world.deposit(user, 10**6))
    scene.rest(scene.alice, ask(5_000, 10))
    changed = scene.trade_book(user, bid(5_000, 10))
    assert rows(changed.fills) == [(5_000, 10)]
    scene.assert_funded(user)


# Expiry


@pytest.mark.parametrize("kind", [exchange.ORDER_LIMIT, IOC, FOK])
@pytest.mark.parametrize("side", SIDES)
def test_expired_orders_met_on_the_way_leave(scene: Scene, side: int, kind: int) -> None:
    soon, away = scene.world.now + 10, 1 - 2 * side
    maker = scene.new_user(10**9)
    scene.rest(maker, *[order(1 - side, 5_000, lots, expires_at=soon) for lots in (1, 2)])
    scene.rest(scene.mallory, order(1 - side, 5_000 + away, 10, expires_at=soon + 1))
    scene.rest(maker, order(1 - side, 5_000 + 2 * away, 3, expires_at=soon))
    scene.world.set_time(soon)
    changed = scene.trade_book(scene.alice, order(side, 5_000 + 2 * away, 10, kind=kind))
    assert rows(changed.dropped) == [(5_000, 1), (5_000, 2)]
    assert rows(changed.fills) == [(5_000 + away, 10)]
    assert scene.resting() == [(5_000 + 2 * away, 3)]  # beyond what it met
    scene.run(scene.draw_seat(maker))
    seat = scene.seat(maker)
    assert seat is not None
    assert seat.orders == 1
    scene.assert_funded(maker)


@pytest.mark.parametrize("kind", [exchange.ORDER_POST_ONLY, exchange.ORDER_POST_ONLY_SLIDE])
@pytest.mark.parametrize("side", SIDES)
def test_expired_orders_do_not_stand_in_the_way_of_resting(scene: Scene, side: int, kind: int) -> None:
    soon = scene.world.now + 10
    scene.rest(scene.mallory, *[order(1 - side, 5_000, 5, expires_at=soon)] * 2)
    scene.assert_refused(
        "OrderWouldTake", scene.place(scene.alice, order(side, 5_000, 1, kind=exchange.ORDER_POST_ONLY))
    )
    scene.world.set_time(soon)
    changed = scene.trade_book(scene.alice, order(side, 5_000, 1, kind=kind))
    assert rows(changed.dropped) == [(5_000, 5)] * 2
    assert scene.resting() == [(5_000, 1)]


def test_an_own_expired_order_is_no_own_trade(scene: Scene) -> None:
    scene.rest(scene.alice, ask(5_000, 5, expires_at=scene.world.now + 1))
    scene.rest(scene.mallory, ask(5_000, 5))
    scene.world.set_time(scene.world.now + 1)
    changed = scene.trade_book(
        scene.alice, bid(5_000, 5, self_trade=exchange.SELF_TRADE_CANCEL_TAKE, kind=FOK)
    )
    assert (rows(changed.dropped), rows(changed.fills)) == ([(5_000, 5)], [(5_000, 5)])


# The bound of what one order meets


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(
    ("meets_max", "met", "rested"), [(0, 0, 0), (1, 1, 0), (9, 9, 0), (10, 10, 90), (11, 10, 90)]
)
def test_what_still_crosses_beyond_the_bound_is_dropped(
    scene: Scene, side: int, meets_max: int, met: int, rested: int
) -> None:
    """A wall of single lots keeps nobody from trading, and no order ever rests across the other side."""
    scene.rest(scene.mallory, *[order(1 - side, 5_000, 1)] * 10)
    changed = scene.trade_book(scene.alice, order(side, 5_000, 100, meets_max=meets_max))
    assert len(changed.fills) == met
    assert changed.placed[0].rested_lots == rested
    assert len(scene.resting()) == 10 - met + (rested > 0)
    scene.assert_funded()


def test_the_bound_counts_expired_and_own_orders(scene: Scene) -> None:
    scene.rest(scene.mallory, ask(5_000, 1, expires_at=scene.world.now + 1))
    scene.rest(scene.alice, ask(5_000, 1))
    scene.rest(scene.mallory, *[ask(5_000, 1)] * 3)
    scene.world.set_time(scene.world.now + 1)
    changed = scene.trade_book(scene.alice, bid(5_000, 9, meets_max=4))
    assert (len(changed.dropped), len(changed.fills), changed.placed[0].rested_lots) == (2, 2, 0)
    assert scene.resting() == [(5_000, 1)]


def test_an_order_that_crosses_nothing_needs_to_meet_nothing(scene: Scene) -> None:
    scene.rest(scene.mallory, ask(5_000, 1))
    assert scene.trade_book(scene.alice, bid(4_999, 5, meets_max=0)).placed[0].rested_lots == 5


def _wall(scene: Scene, side: int, count: int, makers: int, **changes: Any) -> None:
    """So many single lots at two prices, of as many makers by turns."""
    users = [scene.new_user(10**9) for _ in range(makers)]
    scene.run(scene.expand_book(makers, 0), scene.expand_book(0, 320))
    scene.run(scene.expand_book(0, 320))
    requests = [order(side, 5_000 + place % 2, 1, meets_max=0, **changes) for place in range(20)]
    for batch in range(-(-count // 20)):
        size = min(20, count - 20 * batch)
        scene.run(scene.replace(users[batch % makers], [], requests[:size]))


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("met", ["fills", "dropped"])
def test_the_greatest_bound_is_within_a_transaction(scene: Scene, side: int, met: str) -> None:
    """256 orders of 16 makers, good or expired, are met by one order, with its log whole."""
    soon = scene.world.now + 10
    _wall(scene, 1 - side, 300, 16, expires_at=soon if met == "dropped" else 0)
    scene.world.set_time(soon)
    limit = 5_000 + (1 - side)
    placing = scene.place(scene.alice, order(side, limit, 1_000, meets_max=MEETS_MAX))
    budget = set_compute_unit_limit(1_400_000)
    signers = scene.signers_of([placing])
    landed = scene.world.run(budget, placing, signers=signers)
    assert landed.compute_units_consumed() < 80_000  # of 1,400,000: 66,317 to 68,871 when it was written
    assert len(scene.resting()) == 300 - MEETS_MAX
    (changed,) = emitted([line for line in landed.logs() if "ComputeBudget" not in line])
    assert len(getattr(changed, met)) == MEETS_MAX
    assert changed.placed[0].rested_lots == 0


# A full side


def _fill_side(scene: Scene, side: int) -> list[int]:
    """1,024 orders on a side: Alice's locks 3 atoms at the worst price, Mallory's 4; the last two numbers."""
    worst, better = (1, 2) if side == exchange.SIDE_BID else (9_999, 9_998)
    for orders in (320, 320, 320, 320, 320, 320, 64):
        scene.run(scene.expand_book(0, orders))
    (victim,) = scene.rest(scene.alice, order(side, worst, 3))
    for count in (*(20,) * 51, 3):
        (changed,) = scene.run(scene.replace(scene.mallory, [], [order(side, better, 2)] * count))
    return [victim, changed.placed[-1].order_id]


@pytest.mark.parametrize("side", SIDES)
def test_what_locks_least_on_a_full_side_makes_way_for_what_locks_more(scene: Scene, side: int) -> None:
    victim, youngest = _fill_side(scene, side)
    better = 1 if side == exchange.SIDE_BID else -1
    worst = victim >> 40
    user = scene.new_user(10**9)
    # As much, or a better price alone, puts nobody out.
    for price, lots in ((worst, 3), (worst + better, 1), (worst + 2 * better, 1)):
        scene.assert_refused("BookFull", scene.place(user, order(side, price, lots)))
    assert len(scene.resting()) == SIDE_ORDERS_MAX

    changed = scene.trade_book(user, order(side, worst, 4))
    assert changed.dropped == (exchange.OrderLots(order_id=victim, lots=3),)
    assert len(scene.resting()) == SIDE_ORDERS_MAX

    # Its owner is made whole by anyone's draw.
    free = scene.free(scene.alice)
    scene.run(scene.draw_seat(scene.alice))
    assert scene.free(scene.alice) == free + 3
    assert scene.free(scene.alice) == scene.cash(scene.alice)
    assert scene.seat(scene.alice) is None

    # Of those that lock as much, the one that trades last: the order just placed, then Mallory's youngest.
    own = changed.placed[0].order_id
    changed = scene.trade_book(scene.alice, order(side, worst + 2 * better, 2))
    assert [row.order_id for row in changed.dropped] == [own]
    changed = scene.trade_book(scene.alice, order(side, worst + 2 * better, 2))
    assert [row.order_id for row in changed.dropped] == [youngest]
    scene.run(scene.draw_seat(user))
    assert scene.seat(user) is None
    scene.assert_funded(user)


def test_a_full_side_leaves_the_other_its_room(scene: Scene) -> None:
    _fill_side(scene, exchange.SIDE_BID)
    scene.rest(scene.alice, ask(9_000, 1), bid(3, 100))
    assert len(scene.resting()) == SIDE_ORDERS_MAX + 1
    assert scene.world.book(scene.book).asks == 1


def test_an_own_order_makes_way_too(scene: Scene) -> None:
    victim, _ = _fill_side(scene, exchange.SIDE_BID)
    changed = scene.trade_book(scene.alice, bid(5_000, 100))
    assert [row.order_id for row in changed.dropped] == [victim]
    seat = scene.seat(scene.alice)
    assert seat is not None
    assert (seat.orders, seat.bid_atoms, seat.bid_reserved_atoms) == (1, 500_000, 500_000)
    assert scene.free(scene.alice) == scene.cash(scene.alice) - 500_000
