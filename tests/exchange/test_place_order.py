from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from secant import exchange
from world import RefusedError, ask, bid, order

from .refusals import TOO_SMALL, WRONG_TYPE, Refusal, Substitution, emitted, substitutions
from .substitutes import BOOK, EVENT, EXCHANGE, MARGIN_ACCOUNT, SIGNER

if TYPE_CHECKING:
    from collections.abc import Callable

    from solders.instruction import Instruction

    from .scene import Scene

IOC = exchange.ORDER_IMMEDIATE_OR_CANCEL
FOK = exchange.ORDER_FILL_OR_KILL
POST = exchange.ORDER_POST_ONLY
SLIDE = exchange.ORDER_POST_ONLY_SLIDE
SIDES = [exchange.SIDE_BID, exchange.SIDE_ASK]
SEAT_LOTS_MAX = 500_000_000_000


def arrange(scene: Scene) -> None:
    scene.rest(scene.mallory, bid(4_000, 100), ask(5_000, 100))


def call(scene: Scene, side: int = 0, price: int = 5_000, lots: int = 100, **changes: Any) -> Instruction:
    return scene.place(scene.alice, order(side, price, lots, **changes))


SUBSTITUTED = substitutions(
    "place_order",
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


def _foreign_market(scene: Scene) -> Instruction:
    return scene.substitute(scene.substitute(call(scene), "event", "foreign_event"), "book", "foreign_book")


def _fill_legs(scene: Scene) -> None:
    for number in range(8):
        event = scene.world.new_event(scene.mallory, name=f"leg {number}")
        scene.run(scene.mint_set(scene.alice, 1, event))


def _drain(scene: Scene, left_atoms: int) -> None:
    scene.run(scene.world.withdraw(scene.alice, scene.free(scene.alice) - left_atoms))


def _long(scene: Scene, lots: int = 30) -> None:
    """Gives Alice a position in the first outcome: long, or short if negative."""
    side, price = (0, 5_000) if lots > 0 else (1, 4_000)
    scene.run(call(scene, side, price, abs(lots), kind=IOC))


def _long_and_paused(scene: Scene) -> None:
    _long(scene)
    scene.run(scene.pause(exchange.PAUSE_TRADE))


def _long_and_asking(scene: Scene) -> None:
    _long(scene)
    scene.run(call(scene, 1, 7_000, 30))


def _rich(scene: Scene, *lots: int) -> Instruction:
    """The last of several bids at one tick by somebody who can pay for them."""
    user = scene.new_user(10**12)
    *before, last = (scene.place(user, bid(1, size)) for size in lots)
    if before:
        scene.run(*before)
    return last


def _in_a_book_of_least_lots(lots_min: int, request: exchange.OrderRequest) -> Callable[[Scene], Instruction]:
    def build(scene: Scene) -> Instruction:
        scene.world.new_book(scene.alice, scene.record_event, 0, lots_min)
        scene.run(scene.place(scene.mallory, ask(5_000, lots_min), scene.record_event))
        return scene.place(scene.alice, request, scene.record_event)

    return build


def _take_all_seats(scene: Scene) -> None:
    for _ in range(15):
        scene.rest(scene.new_user(10**6), bid(10, 1))


def _with(fields: dict[str, Any]) -> Callable[[Scene], Instruction]:
    return lambda scene: scene.place(scene.alice, replace(bid(5_000, 1), **fields))


INVALID: dict[str, dict[str, Any]] = {
    "price of nothing": {"price_ticks": 0},
    "price of one": {"price_ticks": 10_000},
    "the greatest price": {"price_ticks": 65_535},
    "one lot too many": {"lots": SEAT_LOTS_MAX + 1},
    "the most lots": {"lots": 2**64 - 1},
    "too many met": {"meets_max": 257},
    "the most met": {"meets_max": 65_535},
    "no such side": {"side": 2},
    "no such kind": {"kind": 5},
    "no such self-trade": {"self_trade": 3},
    "an expiry of now": {"expires_at": 1_700_000_000},
    "the first expiry": {"expires_at": 1},
}
REFUSED: list[Refusal[Scene]] = [
    *[Refusal(title, "OrderInvalid", _with(fields)) for title, fields in INVALID.items()],
    Refusal("no lots", "AmountZero", lambda s: call(s, lots=0)),
    Refusal("market of another exchange", "ExchangeMismatch", _foreign_market),
    Refusal("at the lock time", "EventNotOpen", call, lambda s: s.world.set_time(s.world.now + 1_000)),
    Refusal("locked early", "EventNotOpen", call, lambda s: s.run(s.lock(s.judge.pubkey()))),
    Refusal("settled", "EventNotOpen", call, lambda s: s.settle(10_000)),
    Refusal("eight other events", "LegsFull", call, _fill_legs),
    Refusal("paused", "Paused", call, lambda s: s.run(s.pause(exchange.PAUSE_TRADE))),
    Refusal(
        "paused, more of a position",
        "NothingToReduce",
        lambda s: call(s, lots=1, reduce_only=True),
        _long_and_paused,
    ),
    Refusal("reducing nothing", "NothingToReduce", lambda s: call(s, reduce_only=True)),
    Refusal(
        "reducing what an open order reduces",
        "NothingToReduce",
        lambda s: call(s, 1, 6_000, 1, reduce_only=True),
        _long_and_asking,
    ),
    Refusal("whole or nothing, a lot too many", "OrderNotFilled", lambda s: call(s, lots=101, kind=FOK)),
    Refusal("whole or nothing, a tick too cheap", "OrderNotFilled", lambda s: call(s, 0, 4_999, 1, kind=FOK)),
    Refusal("whole or nothing, too few met", "OrderNotFilled", lambda s: call(s, kind=FOK, meets_max=0)),
    Refusal("resting only, at the best ask", "OrderWouldTake", lambda s: call(s, kind=POST)),
    Refusal("resting only, at the best bid", "OrderWouldTake", lambda s: call(s, 1, 4_000, kind=POST)),
    Refusal(
        "sliding below an ask of one tick",
        "OrderWouldTake",
        lambda s: call(s, 0, 5_000, 1, kind=SLIDE),
        lambda s: s.run(s.place(s.mallory, ask(1, 101))),
    ),
    Refusal(
        "sliding above a bid of 9,999 ticks",
        "OrderWouldTake",
        lambda s: call(s, 1, 5_000, 1, kind=SLIDE),
        lambda s: s.run(s.place(s.mallory, bid(9_999, 101))),
    ),
    Refusal("smaller than rests", "OrderTooSmall", _in_a_book_of_least_lots(10, bid(4_999, 9))),
    Refusal("open orders beyond the limit", "PositionTooLarge", lambda s: _rich(s, SEAT_LOTS_MAX, 1)),
    Refusal(
        "no room", "BookFull", lambda s: call(s, 0, 1), lambda s: s.rest(s.mallory, *[bid(3_000, 1)] * 31)
    ),
    Refusal("no seat", "SeatsFull", lambda s: call(s, 0, 1), _take_all_seats),
    Refusal(
        "a resting bid one atom short",
        "InsolventAccount",
        lambda s: call(s, 0, 4_999),
        lambda s: _drain(s, 499_899),
    ),
    Refusal(
        "a resting ask one atom short",
        "InsolventAccount",
        lambda s: call(s, 1, 5_001),
        lambda s: _drain(s, 499_899),
    ),
    Refusal("a taking bid one atom short", "InsolventAccount", call, lambda s: _drain(s, 517_499)),
    Refusal(
        "a taking ask one atom short",
        "InsolventAccount",
        lambda s: call(s, 1, 4_000),
        lambda s: _drain(s, 616_799),
    ),
]


def test_a_limit_order_takes_and_rests(arranged: Scene) -> None:
    scene = arranged
    head, cash = scene.world.book(scene.book), scene.cash(scene.alice)
    (maker,) = [resting.id for resting in scene.world.orders(scene.book) if resting.id & 1]
    changed = scene.trade_book(
        scene.alice, bid(5_500, 250, client_id=2**64 - 1, expires_at=scene.world.now + 1)
    )
    assert changed == exchange.BookChanged(
        book=scene.book,
        changes=head.changes,
        fills=(exchange.OrderLots(order_id=maker, lots=100),),
        dropped=(),
        placed=(
            exchange.PlacedOrder(
                client_id=2**64 - 1,
                order_id=5_500 << 40 | 2 << 1,
                filled_lots=100,
                paid_atoms=500_000,
                fee_atoms=17_500,
                rested_lots=150,
                expires_at=scene.world.now + 1,
                seat=1,
            ),
        ),
    )
    assert scene.cash(scene.alice) == cash - 517_500
    assert scene.lots(scene.alice) == (100, 0)
    assert scene.resting() == [(4_000, 100), (5_500, 150)]
    rested = scene.world.orders(scene.book)[-1]
    assert (rested.client_id, rested.expires_at, rested.seat) == (2**64 - 1, scene.world.now + 1, 1)
    seat = scene.seat(scene.mallory)
    assert seat is not None
    assert (seat.cash_atoms, seat.lots, seat.ask_lots, seat.ask_atoms) == (500_000 + 4_375, -100, 0, 0)
    assert scene.world.book(scene.book).fees_atoms == 17_500 - 4_375
    scene.assert_funded()


@pytest.mark.parametrize("kind", [IOC, FOK])
@pytest.mark.parametrize(("side", "price", "best"), [(0, 5_500, 5_000), (1, 3_000, 4_000)])
def test_taking_kinds_take_at_the_maker_s_price(
    arranged: Scene, kind: int, side: int, price: int, best: int
) -> None:
    scene = arranged
    cash = scene.cash(scene.alice)
    (placed,) = scene.trade_book(scene.alice, order(side, price, 40, kind=kind)).placed
    fee = -(-40 * best * (10_000 - best) * 700 // 10**8)
    assert (placed.filled_lots, placed.paid_atoms, placed.fee_atoms) == (40, 40 * best, fee)
    assert (placed.order_id, placed.rested_lots) == (0, 0)
    bought = 1 - 2 * side
    assert scene.cash(scene.alice) == cash - bought * 40 * best - fee
    assert scene.lots(scene.alice) == (bought * 40, 0)
    assert scene.seat(scene.alice) is None
    scene.assert_funded()


@pytest.mark.parametrize("side", SIDES)
def test_what_cannot_be_taken_at_once_is_dropped(arranged: Scene, side: int) -> None:
    scene = arranged
    (placed,) = scene.trade_book(scene.alice, order(side, 5_000 - 1_000 * side, 1_000, kind=IOC)).placed
    assert (placed.filled_lots, placed.rested_lots) == (100, 0)
    assert len(scene.resting()) == 1
    scene.assert_funded()


def test_an_order_that_meets_nothing_leaves_no_trace(arranged: Scene) -> None:
    scene = arranged
    before = scene.states([scene.alice.account])
    (placed,) = scene.trade_book(scene.alice, bid(4_999, 1_000, kind=IOC)).placed
    assert placed.filled_lots == 0
    assert scene.states([scene.alice.account]) == before
    assert scene.resting() == [(4_000, 100), (5_000, 100)]


@pytest.mark.parametrize("kind", [POST, SLIDE])
@pytest.mark.parametrize(("side", "price"), [(0, 4_999), (0, 1), (1, 4_001), (1, 9_999)])
def test_resting_kinds_rest_whole_at_their_price(arranged: Scene, kind: int, side: int, price: int) -> None:
    changed = arranged.trade_book(arranged.alice, order(side, price, 7, kind=kind))
    assert (changed.fills, changed.placed[0].rested_lots) == ((), 7)
    assert (price, 7) in arranged.resting()


@pytest.mark.parametrize(
    ("side", "price", "slid"), [(0, 5_000, 4_999), (0, 9_999, 4_999), (1, 4_000, 4_001), (1, 1, 4_001)]
)
def test_a_sliding_order_rests_beside_the_best(arranged: Scene, side: int, price: int, slid: int) -> None:
    (placed,) = arranged.trade_book(arranged.alice, order(side, price, 7, kind=SLIDE)).placed
    assert placed.order_id >> 40 == slid
    assert (slid, 7) in arranged.resting()
    arranged.assert_funded()


@pytest.mark.parametrize(("side", "edge", "slid"), [(0, 2, 1), (1, 9_998, 9_999)])
def test_a_sliding_order_reaches_the_edge_of_the_prices(
    scene: Scene, side: int, edge: int, slid: int
) -> None:
    scene.run(scene.place(scene.mallory, order(1 - side, edge, 10)))
    scene.trade_book(scene.alice, order(side, 5_000, 7, kind=SLIDE))
    assert (slid, 7) in scene.resting()


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("price", [1, 9_999])
def test_trades_at_the_edges_of_the_prices(scene: Scene, side: int, price: int) -> None:
    scene.rest(scene.mallory, order(1 - side, price, 100))
    (placed,) = scene.trade_book(scene.alice, order(side, price, 100, kind=FOK)).placed
    assert (placed.paid_atoms, placed.fee_atoms) == (100 * price, 7)  # 100 · 9,999 · 7 % / 10,000, rounded up
    scene.run(scene.draw_seat(scene.mallory))
    scene.assert_funded()


def test_the_most_lots_trade(scene: Scene) -> None:
    maker, taker = scene.new_user(10**12), scene.world.new_user(10**16, 10**16)
    scene.own(taker.keys)
    scene.rest(maker, bid(1, SEAT_LOTS_MAX))
    (placed,) = scene.trade_book(taker, ask(1, SEAT_LOTS_MAX, kind=FOK)).placed
    assert (placed.filled_lots, placed.paid_atoms) == (SEAT_LOTS_MAX, SEAT_LOTS_MAX)
    scene.run(scene.draw_seat(maker))
    assert scene.lots(maker) == (SEAT_LOTS_MAX, 0)
    scene.assert_funded(maker, taker)


def test_the_least_lots_hold_only_for_what_rests(scene: Scene) -> None:
    scene.world.new_book(scene.alice, scene.record_event, 0, 10)
    scene.run(scene.place(scene.mallory, ask(5_000, 10), scene.record_event))
    scene.run(scene.place(scene.alice, bid(5_000, 3, kind=IOC), scene.record_event))
    scene.run(scene.place(scene.alice, bid(5_000, 3), scene.record_event))
    scene.run(scene.place(scene.alice, bid(5_000, 14), scene.record_event))
    book = exchange.find_book(event=scene.record_event, outcome=0)
    assert [resting.lots for resting in scene.world.orders(book)] == [10]
    scene.assert_funded(event=scene.record_event)


# Reducing only


@pytest.mark.parametrize(("lots", "side", "price"), [(30, 1, 4_000), (-30, 0, 5_000)])
@pytest.mark.parametrize("kind", [exchange.ORDER_LIMIT, IOC, FOK])
def test_reducing_is_cut_down_to_the_position(
    arranged: Scene, lots: int, side: int, price: int, kind: int
) -> None:
    scene = arranged
    _long(scene, lots)
    (placed,) = scene.trade_book(scene.alice, order(side, price, 500, kind=kind, reduce_only=True)).placed
    assert (placed.filled_lots, placed.rested_lots) == (30, 0)
    assert scene.leg(scene.alice) is None
    scene.assert_funded()


@pytest.mark.parametrize("kind", [POST, SLIDE])
@pytest.mark.parametrize(("lots", "side", "price"), [(30, 1, 6_000), (-30, 0, 3_000)])
def test_open_orders_that_reduce_count(arranged: Scene, lots: int, side: int, price: int, kind: int) -> None:
    scene = arranged
    _long(scene, lots)
    scene.rest(scene.alice, order(side, price, 20))
    (placed,) = scene.trade_book(scene.alice, order(side, price, 500, kind=kind, reduce_only=True)).placed
    assert placed.rested_lots == 10
    scene.assert_refused("NothingToReduce", scene.place(scene.alice, order(side, price, 1, reduce_only=True)))


def test_reducing_counts_what_the_seat_has_been_filled(arranged: Scene) -> None:
    scene = arranged
    scene.rest(scene.alice, bid(4_500, 40))
    scene.trade_book(scene.mallory, ask(4_500, 25))
    (placed,) = scene.trade_book(scene.alice, ask(4_000, 500, kind=IOC, reduce_only=True)).placed
    assert placed.filled_lots == 25
    assert scene.lots(scene.alice) is None
    scene.assert_funded()


def test_a_pause_leaves_reducing_open(arranged: Scene) -> None:
    scene = arranged
    _long(scene)
    scene.run(scene.pause(15))
    scene.assert_refused("Paused", call(scene, 1, 4_000, 30))
    scene.run(call(scene, 1, 4_000, 20, kind=IOC, reduce_only=True))
    scene.run(call(scene, 1, 6_000, 20, reduce_only=True))
    assert scene.resting() == [(4_000, 80), (5_000, 70), (6_000, 10)]
    assert scene.lots(scene.alice) == (10, 0)


# Room


def test_a_taker_needs_neither_seat_nor_room(scene: Scene) -> None:
    scene.rest(scene.mallory, *[ask(5_000, 1)] * 32)
    _take_all_seats(scene)
    scene.assert_refused("BookFull", call(scene, 1, 6_000, 1))
    scene.run(call(scene, 0, 5_000, 32))
    assert scene.lots(scene.alice) == (32, 0)


def test_a_seat_given_up_is_taken_again(scene: Scene) -> None:
    scene.rest(scene.mallory, bid(4_000, 1))
    _take_all_seats(scene)
    scene.assert_refused("SeatsFull", call(scene, 0, 10, 1))
    scene.run(scene.cancel_all(scene.mallory))
    scene.run(call(scene, 0, 10, 1))
    head = scene.world.book(scene.book)
    assert (head.seats_taken, head.seats_used, head.seat_free) == (16, 16, 0)
    assert scene.world.seats(scene.book)[0].account == scene.alice.account


def test_numbers_end_when_ages_do(arranged: Scene) -> None:
    """2³⁹ orders: the last one rests, and then nothing more does, but what rests trades and leaves."""
    scene = arranged
    last = 2**39 - 1
    _set_age(scene, last)
    (number,) = scene.rest(scene.alice, ask(6_000, 1))
    assert number == 6_000 << 40 | last << 1 | 1
    scene.assert_refused("Overflow", call(scene, 0, 4_500, 1))
    scene.run(call(scene, 0, 5_000, 100, kind=IOC), scene.cancel(scene.alice, number))
    assert scene.resting() == [(4_000, 100)]


def _set_age(scene: Scene, age: int) -> None:
    account = scene.world.svm.get_account(scene.book)
    assert account is not None
    data, at = bytearray(account.data), exchange.Book.OFFSETS["age"]
    data[at : at + 8] = age.to_bytes(8, "little")
    scene.world.svm.set_account(scene.book, type(account)(account.lamports, bytes(data), account.owner))


# Collateral


@pytest.mark.parametrize(
    ("side", "price", "atoms"),
    [(0, 5_000, 517_500), (1, 4_000, 616_800), (0, 4_999, 499_900), (1, 5_001, 499_900)],
)
def test_exactly_solvent(arranged: Scene, side: int, price: int, atoms: int) -> None:
    scene = arranged
    _drain(scene, atoms)
    scene.run(call(scene, side, price))
    assert scene.free(scene.alice) == 0


@pytest.mark.parametrize(
    ("side", "price", "atoms"), [(0, 5_000, 517_500), (0, 4_999, 499_900), (1, 5_001, 499_900)]
)
def test_a_refusal_says_what_collateral_is_missing(
    arranged: Scene, side: int, price: int, atoms: int
) -> None:
    scene = arranged
    _drain(scene, 1_000)
    with pytest.raises(RefusedError) as refused:
        scene.run(call(scene, side, price))
    assert refused.value.name == "InsolventAccount"
    assert emitted(refused.value.logs) == [exchange.CollateralMissing(amount_atoms=atoms - 1_000)]


def test_trades_until_the_second_before_the_lock_time(arranged: Scene) -> None:
    arranged.world.set_time(arranged.world.event(arranged.event).lock_time - 1)
    arranged.run(call(arranged))


def test_a_full_account_still_trades_what_it_holds(arranged: Scene) -> None:
    scene = arranged
    scene.run(call(scene, 0, 3_000, 10))
    for number in range(7):
        event = scene.world.new_event(scene.mallory, name=f"leg {number}")
        scene.run(scene.mint_set(scene.alice, 1, event))
    scene.run(call(scene, 0, 5_000, 10), call(scene, 1, 4_000, 10), scene.cancel_all(scene.alice))
    assert scene.lots(scene.alice) is None


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: Scene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: Scene, refusal: Refusal[Scene]) -> None:
    refusal.check(arranged)
