from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from solders.instruction import Instruction

from secant import exchange
from world import ask, bid

from .refusals import TOO_SMALL, WRONG_TYPE, Refusal, Substitution, substitutions
from .routed import ASK, BID, FOK, SIDES, placed, pool_trade, taking
from .substitutes import BOOK, EVENT, EXCHANGE, MARGIN_ACCOUNT, POOL, SIGNER

if TYPE_CHECKING:
    from collections.abc import Callable

    from solders.pubkey import Pubkey

    from .scene import Scene


def arrange(scene: Scene) -> None:
    """A pool of even odds between a bid and an ask of a hundred lots each."""
    scene.rest(scene.mallory, bid(4_900, 100), ask(5_100, 100))


def call(scene: Scene, side: int = BID, price: int = 5_100, lots: int = 500, **changes: Any) -> Instruction:
    """400 lots of the pool's and all of the ask."""
    return scene.take(scene.alice, taking(side, price, lots, **changes), scene.pool)


SUBSTITUTED = substitutions(
    "take_order",
    {
        "owner": SIGNER | {"nobody": "OwnerMismatch", "mallory": "OwnerMismatch", "admin": "OwnerMismatch"},
        "exchange": EXCHANGE
        | {"foreign_exchange": "ExchangeMismatch", "=event": WRONG_TYPE, "=pool": TOO_SMALL},
        "account": MARGIN_ACCOUNT
        | {"mallory_account": "OwnerMismatch", "foreign_account": "ExchangeMismatch"},
        "event": EVENT
        | {
            "other_event": "PoolMismatch",
            "record_event": "PoolMismatch",
            "foreign_event": "ExchangeMismatch",
            "=exchange": TOO_SMALL,
            "=pool": TOO_SMALL,
        },
        "book": BOOK | dict.fromkeys(("other_book", "foreign_book"), "BookInvalid"),
        "pool": POOL | {"other_pool": "PoolMismatch", "foreign_pool": "PoolMismatch"},
    },
)


def _alone(scene: Scene) -> Instruction:
    return scene.take(scene.alice, taking(BID, 5_100, 100))


def _foreign_market(scene: Scene) -> Instruction:
    foreign = scene.substitute(_alone(scene), "event", "foreign_event")
    return scene.substitute(foreign, "book", "foreign_book")


def _other_market(scene: Scene) -> Instruction:
    return scene.substitute(_alone(scene), "event", "other_event")


def _without_its_pool(scene: Scene, builder: Pubkey) -> Instruction:
    """The place of the pool is left out, not filled by the program's address."""
    calling = scene.take(scene.alice, taking(BID, 5_100, 10), builder=builder, builder_fee_bps=1)
    metas = list(calling.accounts)
    del metas[5]
    return Instruction(calling.program_id, bytes(calling.data), metas)


def _fill_legs(scene: Scene, legs: int = 8) -> None:
    for number in range(legs):
        event = scene.world.new_event(scene.mallory, name=f"leg {number}")
        scene.run(scene.mint_set(scene.alice, 1, event))


def _drain(scene: Scene, left_atoms: int) -> None:
    scene.run(scene.world.withdraw(scene.alice, scene.free(scene.alice) - left_atoms))


def _with(fields: dict[str, Any]) -> Callable[[Scene], Instruction]:
    return lambda scene: call(scene, **{"lots": 1, **fields})


def _long_and_paused(scene: Scene) -> None:
    scene.run(call(scene, lots=30), scene.pause(exchange.PAUSE_TRADE))


INVALID: dict[str, dict[str, Any]] = {
    "price of nothing": {"price": 0},
    "price of one": {"price": 10_000},
    "one lot too many": {"lots": 500_000_000_001},
    "too many met": {"meets_max": 257},
    "no such side": {"side": 2},
    "no such self-trade": {"self_trade": 3},
    "an expiry of now": {"expires_at": 1_700_000_000},
    "an order that rests": {"kind": exchange.ORDER_LIMIT},
    "an order that only rests": {"kind": exchange.ORDER_POST_ONLY},
    "an order that slides": {"kind": exchange.ORDER_POST_ONLY_SLIDE},
    "no such kind": {"kind": 5},
}
REFUSED: list[Refusal[Scene]] = [
    *[Refusal(title, "OrderInvalid", _with(fields)) for title, fields in INVALID.items()],
    Refusal("no lots", "AmountZero", lambda s: call(s, lots=0)),
    Refusal("market of another exchange", "ExchangeMismatch", _foreign_market),
    Refusal("book of another event", "BookInvalid", _other_market),
    Refusal("at the lock time", "EventNotOpen", call, lambda s: s.world.set_time(s.world.now + 1_000)),
    Refusal("locked early", "EventNotOpen", call, lambda s: s.run(s.lock(s.judge.pubkey()))),
    Refusal("settled", "EventNotOpen", call, lambda s: s.settle(10_000)),
    Refusal("eight other events", "LegsFull", call, _fill_legs),
    Refusal("paused", "Paused", call, lambda s: s.run(s.pause(exchange.PAUSE_TRADE))),
    Refusal("paused, more of a position", "Paused", lambda s: call(s, lots=1), _long_and_paused),
    Refusal(
        "paused, to reduce what it would raise",
        "NothingToReduce",
        lambda s: call(s, lots=1, reduce_only=True),
        _long_and_paused,
    ),
    Refusal("reducing nothing", "NothingToReduce", lambda s: call(s, reduce_only=True)),
    Refusal(
        "whole or nothing, a lot more than both have", "OrderNotFilled", lambda s: call(s, lots=501, kind=FOK)
    ),
    Refusal(
        "whole or nothing, a tick too cheap", "OrderNotFilled", lambda s: call(s, BID, 5_099, 500, kind=FOK)
    ),
    Refusal(
        "whole or nothing, nothing met", "OrderNotFilled", lambda s: call(s, lots=500, kind=FOK, meets_max=0)
    ),
    Refusal(
        "whole or nothing, without the pool",
        "OrderNotFilled",
        lambda s: s.take(s.alice, taking(BID, 5_100, 101, kind=FOK)),
    ),
    Refusal(
        "a builder where the pool stands",
        WRONG_TYPE,
        lambda s: _without_its_pool(s, builder=s.mallory.account),
    ),
    Refusal("one atom short", "InsolventAccount", call, lambda s: _drain(s, _cost(s) - 1)),
    Refusal(
        "short one atom short",
        "InsolventAccount",
        lambda s: call(s, ASK, 4_900, 500),
        lambda s: _drain(s, 5_000_000 + _cost(s, ASK, 4_900) - 1),
    ),
]


def _cost(scene: Scene, side: int = BID, price: int = 5_100) -> int:
    """What the call costs in cash, fees included; negative for a sale."""
    paid, fee = placed(scene.quoted(call(scene, side, price)))[1:]
    return paid + fee if side == BID else fee - paid


def test_takes_each_lot_from_whichever_is_cheaper(arranged: Scene) -> None:
    scene = arranged
    head, cash = scene.world.book(scene.book), scene.cash(scene.alice)
    (maker,) = [resting.id for resting in scene.world.orders(scene.book) if resting.id & 1]
    (apart,) = scene.quoted(scene.trade(scene.alice, 0, 400))
    traded, changed = scene.run(call(scene, client_id=2**64 - 1))
    assert traded == apart
    paid, fee = traded.cost_atoms + 510_000, traded.fee_atoms + 17_493  # 100 · 5,100 · 4,900 · 7 % / 10,000
    assert changed == exchange.BookChanged(
        book=scene.book,
        changes=head.changes,
        fills=(exchange.OrderLots(order_id=maker, lots=100),),
        dropped=(),
        placed=(
            exchange.PlacedOrder(
                client_id=2**64 - 1,
                order_id=0,
                filled_lots=100,
                paid_atoms=510_000,
                fee_atoms=17_493,
                rested_lots=0,
                expires_at=0,
                seat=0,
            ),
        ),
    )
    assert scene.cash(scene.alice) == cash - paid - fee
    assert (scene.lots(scene.alice), scene.seat(scene.alice)) == ((500, 0), None)
    assert scene.resting() == [(4_900, 100)]
    assert scene.world.pool(scene.pool).sold_lots[:2] == (400, 0)
    assert scene.world.book(scene.book).fees_atoms == 17_493 - 4_373
    scene.assert_funded()


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("kind", [exchange.ORDER_IMMEDIATE_OR_CANCEL, FOK])
def test_without_a_pool_it_is_an_order_that_does_not_rest(arranged: Scene, side: int, kind: int) -> None:
    scene = arranged
    request = taking(side, 9_999 if side == BID else 1, 70, kind=kind, client_id=5)
    placing = scene.place(scene.alice, request)
    expected = scene.quoted(placing)
    assert scene.run(scene.take(scene.alice, request)) == expected
    assert placed(expected)[0] == 70
    scene.assert_funded()


@pytest.mark.parametrize("side", SIDES)
def test_beside_an_empty_book_all_is_the_pool_s(scene: Scene, side: int) -> None:
    lots = 300 if side == BID else -300
    (apart,) = scene.quoted(scene.trade(scene.alice, 0, lots))
    traded, changed = scene.run(call(scene, side, 5_200 if side == BID else 4_800, 300))
    assert traded == apart
    assert placed([traded, changed]) == (300, abs(apart.cost_atoms), apart.fee_atoms)
    assert placed([changed]) == (0, 0, 0)
    assert (changed.fills, changed.dropped) == ((), ())
    assert scene.lots(scene.alice) == (lots, 0)
    scene.assert_funded()


@pytest.mark.parametrize("side", SIDES)
def test_what_neither_has_is_dropped_or_refused(arranged: Scene, side: int) -> None:
    scene, price = arranged, (5_100, 4_900)[side]
    scene.assert_refused("OrderNotFilled", call(scene, side, price, 501, kind=FOK))
    scene.run(call(scene, side, price, 500, kind=FOK))
    lots, _, _ = placed(scene.run(call(scene, side, price, 10**9)))
    assert lots == 0
    assert len(scene.resting()) == 1


@pytest.mark.parametrize(("side", "price"), [(BID, 5_000), (ASK, 5_000), (BID, 4_000), (ASK, 6_000)])
def test_an_order_that_meets_nothing_leaves_no_trace(arranged: Scene, side: int, price: int) -> None:
    scene = arranged
    before = scene.states([scene.alice.account, scene.pool])
    (changed,) = scene.run(call(scene, side, price, 1_000))
    assert changed.placed[0].filled_lots == 0
    assert scene.states(before) == before


@pytest.mark.parametrize("lots", [1, 399, 400, 401, 499])
def test_the_pool_comes_first_up_to_the_order_s_price(arranged: Scene, lots: int) -> None:
    events = arranged.run(call(arranged, lots=lots))
    traded = pool_trade(events)
    assert traded is not None
    assert (traded.lots, placed(events)[0]) == (min(400, lots), lots)
    arranged.assert_funded()


def test_an_order_better_than_the_pool_comes_first(arranged: Scene) -> None:
    scene = arranged
    scene.rest(scene.mallory, ask(5_000, 30))
    events = scene.run(call(scene, lots=30))
    assert (pool_trade(events), placed(events)[:2]) == (None, (30, 150_000))


@pytest.mark.parametrize(("meets_max", "price", "pool_lots"), [(0, 5_100, 400), (1, 5_200, 800)])
def test_once_the_bound_of_orders_is_met_the_pool_goes_no_further_than_the_next(
    arranged: Scene, meets_max: int, price: int, pool_lots: int
) -> None:
    scene = arranged
    scene.rest(scene.mallory, ask(5_200, 100))
    events = scene.run(call(scene, BID, 9_000, 10_000, meets_max=meets_max))
    traded = pool_trade(events)
    assert traded is not None
    assert (traded.lots, placed(events)[0]) == (pool_lots, pool_lots + 100 * meets_max)
    assert scene.resting()[1][0] == price


@pytest.mark.parametrize("side", SIDES)
def test_expired_orders_on_its_way_leave_the_book(arranged: Scene, side: int) -> None:
    scene, near = arranged, (5_050, 4_950)[side]
    other = ASK if side == BID else BID
    stale = scene.rest(
        scene.mallory, taking(other, near, 60, kind=exchange.ORDER_LIMIT, expires_at=scene.world.now + 1)
    )
    scene.world.set_time(scene.world.now + 1)
    events = scene.run(call(scene, side, (5_100, 4_900)[side], 500))
    changed = events[-1]
    assert changed.dropped == (exchange.OrderLots(order_id=stale[0], lots=60),)
    assert placed(events)[0] == 500
    scene.assert_funded()


# Its owner's own orders


def _asks_between(scene: Scene) -> int:
    """Alice's own ask, a hundred lots better than Mallory's; returns its number."""
    return scene.rest(scene.alice, ask(5_050, 100))[0]


def test_own_orders_are_cancelled_on_its_way(arranged: Scene) -> None:
    scene, own = arranged, _asks_between(arranged)
    events = scene.run(call(scene, lots=500))
    assert events[-1].dropped == (exchange.OrderLots(order_id=own, lots=100),)
    assert placed(events)[0] == 500
    assert scene.seat(scene.alice) is None
    scene.assert_funded()


def test_an_own_order_stops_it(arranged: Scene) -> None:
    """What the pool has for less than the own order is still bought: 200 lots up to 5,050 ticks."""
    scene = arranged
    _asks_between(scene)
    events = scene.run(call(scene, lots=500, self_trade=exchange.SELF_TRADE_CANCEL_TAKE))
    assert (events[-1].fills, events[-1].dropped, placed(events)[0]) == ((), (), 200)
    assert (5_050, 100) in scene.resting()
    scene.assert_refused(
        "OrderNotFilled", call(scene, lots=301, kind=FOK, self_trade=exchange.SELF_TRADE_CANCEL_TAKE)
    )
    scene.assert_funded()


def test_an_own_order_loses_the_same_lots(arranged: Scene) -> None:
    scene, own = arranged, _asks_between(arranged)
    events = scene.run(call(scene, lots=560, self_trade=exchange.SELF_TRADE_DECREMENT))
    assert events[-1].dropped == (exchange.OrderLots(order_id=own, lots=100),)
    assert placed(events)[0] == 460
    assert scene.resting() == [(4_900, 100), (5_100, 40)]
    scene.assert_funded()


# Reducing only, seats, pauses


@pytest.mark.parametrize("side", SIDES)
def test_reducing_is_cut_down_to_the_position(arranged: Scene, side: int) -> None:
    scene = arranged
    scene.run(call(scene, 1 - side, (4_900, 5_100)[side], 450))
    lots, _, _ = placed(scene.run(call(scene, side, (9_999, 1)[side], 10**6, reduce_only=True)))
    assert lots == 450
    assert scene.leg(scene.alice) is None
    scene.assert_funded()


def test_reducing_counts_what_the_seat_has_been_filled_and_what_it_asks(arranged: Scene) -> None:
    scene = arranged
    scene.rest(scene.alice, bid(5_000, 40), ask(6_000, 15))
    scene.trade_book(scene.mallory, ask(5_000, 25))
    lots, _, _ = placed(scene.run(call(scene, ASK, 1, 500, reduce_only=True)))
    assert lots == 10
    seat = scene.seat(scene.alice)
    assert seat is not None
    assert (seat.cash_atoms, seat.lots, seat.orders) == (0, 0, 1)
    assert scene.lots(scene.alice) == (15, 0)
    scene.assert_funded()


def test_what_the_seat_has_been_filled_is_drawn(arranged: Scene) -> None:
    scene = arranged
    scene.rest(scene.alice, bid(5_000, 25))
    scene.trade_book(scene.mallory, ask(5_000, 25))
    assert scene.lots(scene.alice) == (0, 0)
    scene.run(call(scene, lots=10))
    assert scene.lots(scene.alice) == (35, 0)
    assert scene.seat(scene.alice) is None
    scene.assert_funded()


@pytest.mark.parametrize("side", SIDES)
def test_a_pause_leaves_reducing_open(arranged: Scene, side: int) -> None:
    scene = arranged
    scene.run(call(scene, 1 - side, (4_900, 5_100)[side], 450), scene.pause(15))
    scene.run(call(scene, side, (9_999, 1)[side], 450, kind=FOK, reduce_only=True))
    assert scene.leg(scene.alice) is None
    scene.assert_funded()


def test_other_pauses_do_not_concern_it(arranged: Scene) -> None:
    arranged.run(arranged.pause(15 & ~exchange.PAUSE_TRADE))
    arranged.run(call(arranged))


def test_trades_until_the_second_before_the_lock_time(arranged: Scene) -> None:
    arranged.world.set_time(arranged.world.event(arranged.event).lock_time - 1)
    arranged.run(call(arranged))


@pytest.mark.parametrize("side", SIDES)
def test_exactly_solvent(arranged: Scene, side: int) -> None:
    scene = arranged
    price = (5_100, 4_900)[side]
    cost = _cost(scene, side, price)
    _drain(scene, cost if side == BID else 5_000_000 + cost)
    scene.run(call(scene, side, price))
    assert scene.free(scene.alice) == 0


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: Scene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: Scene, refusal: Refusal[Scene]) -> None:
    refusal.check(arranged)
