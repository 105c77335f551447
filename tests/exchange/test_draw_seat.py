from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from secant import exchange
from world import ask, bid

from .refusals import Refusal, Substitution, substitutions
from .substitutes import BOOK, EVENT, MARGIN_ACCOUNT

if TYPE_CHECKING:
    from solders.instruction import Instruction

    from .scene import Scene

SWEEP_MAX = 256
REBATE_ATOMS = 30 * 4_000 * 6_000 * 175 // 10**8


def arrange(scene: Scene) -> None:
    """A bid of Alice's, of which Mallory has filled 30 lots of 100."""
    scene.rest(scene.alice, bid(4_000, 100))
    scene.trade_book(scene.mallory, ask(4_000, 30))


def call(scene: Scene) -> Instruction:
    return scene.draw_seat(scene.alice)


SUBSTITUTED = substitutions(
    "draw_seat",
    {
        "account": MARGIN_ACCOUNT | {"mallory_account": "SeatAbsent", "foreign_account": "SeatAbsent"},
        "event": EVENT | dict.fromkeys(("other_event", "record_event", "foreign_event"), "BookInvalid"),
        "book": BOOK | dict.fromkeys(("other_book", "foreign_book"), "BookInvalid"),
    },
)


REFUSED: list[Refusal[Scene]] = [
    Refusal("without a seat", "SeatAbsent", lambda s: s.draw_seat(s.mallory)),
    Refusal("given up already", "SeatAbsent", call, lambda s: s.run(s.cancel_all(s.alice))),
    Refusal(
        "drawn for the last time already",
        "SeatAbsent",
        call,
        lambda s: s.run(s.place(s.mallory, ask(4_000, 70)), call(s)),
    ),
]


def test_moves_what_the_fills_have_brought(arranged: Scene) -> None:
    scene = arranged
    cash, free = scene.cash(scene.alice), scene.free(scene.alice)
    changes = scene.world.book(scene.book).changes
    assert scene.lots(scene.alice) == (0, 0)
    assert scene.run(call(scene)) == [
        exchange.BookChanged(book=scene.book, changes=changes, fills=(), dropped=(), placed=())
    ]
    assert scene.cash(scene.alice) == cash - 30 * 4_000 + REBATE_ATOMS
    assert scene.lots(scene.alice) == (30, 0)
    assert scene.free(scene.alice) == free + REBATE_ATOMS
    leg, seat = scene.leg(scene.alice), scene.seat(scene.alice)
    assert leg is not None
    assert seat is not None
    assert leg.risk_atoms[:2] == (0, 70 * 4_000)
    assert (seat.cash_atoms, seat.lots, seat.bid_lots, seat.orders) == (0, 0, 70, 1)
    assert seat.bid_atoms == seat.bid_reserved_atoms == 70 * 4_000
    assert scene.resting() == [(4_000, 70)]
    scene.assert_funded()


def test_nothing_new_moves_nothing(arranged: Scene) -> None:
    scene = arranged
    scene.run(call(scene))
    before = scene.states([scene.alice.account])
    scene.run(call(scene))
    assert scene.states([scene.alice.account]) == before


def test_the_last_fill_gives_up_the_seat(arranged: Scene) -> None:
    scene = arranged
    scene.trade_book(scene.mallory, ask(4_000, 70))
    assert scene.seat(scene.alice) is not None
    scene.run(call(scene))
    assert scene.seat(scene.alice) is None
    leg = scene.leg(scene.alice)
    assert leg is not None
    assert (leg.lots[:2], leg.risk_atoms[:2], leg.seats[0]) == ((100, 0), (0, 0), 0)
    scene.assert_funded()


@pytest.mark.parametrize("end", ["lock time", "locked", "settled"])
def test_once_the_event_trades_no_more_its_orders_go(arranged: Scene, end: str) -> None:
    scene = arranged
    scene.rest(scene.alice, ask(9_000, 5))
    scene.rest(scene.mallory, bid(3_000, 7))
    if end == "lock time":
        scene.world.set_time(scene.world.event(scene.event).lock_time)
    elif end == "locked":
        scene.run(scene.lock(scene.judge.pubkey()))
    else:
        scene.settle(10_000)
    (changed,) = scene.run(call(scene))
    assert sorted((row.order_id >> 40, row.lots) for row in changed.dropped) == [(4_000, 70), (9_000, 5)]
    assert scene.resting() == [(3_000, 7)]
    assert scene.seat(scene.alice) is None
    assert scene.free(scene.alice) == scene.cash(scene.alice)
    scene.run(scene.draw_seat(scene.mallory))
    assert scene.resting() == []
    scene.assert_funded()


def test_the_second_before_the_lock_time_they_stay(arranged: Scene) -> None:
    arranged.world.set_time(arranged.world.event(arranged.event).lock_time - 1)
    arranged.run(call(arranged))
    assert arranged.resting() == [(4_000, 70)]


def test_more_orders_than_one_draw_takes_out(arranged: Scene) -> None:
    scene = arranged
    scene.run(scene.expand_book(0, 320))
    scene.run(scene.expand_book(0, 320))
    for _ in range(13):
        scene.run(scene.replace(scene.alice, [], [ask(6_000, 1)] * 20))
    scene.settle(10_000)
    scene.run(call(scene))
    assert len(scene.resting()) == 261 - SWEEP_MAX
    scene.assert_refused("OrdersOpen", scene.redeem(scene.alice))
    scene.run(call(scene), scene.redeem(scene.alice))
    assert scene.leg(scene.alice) is None


def test_anyone_draws_under_every_pause(arranged: Scene) -> None:
    """Nobody but the fee payer signs, and the owner is no poorer."""
    scene = arranged
    scene.run(scene.pause(15))
    free = scene.free(scene.alice)
    scene.run(call(scene))
    assert scene.free(scene.alice) >= free


def test_a_full_account_is_drawn(arranged: Scene) -> None:
    """Eight legs: the seat's own is one of them since the order rested."""
    scene = arranged
    for number in range(7):
        event = scene.world.new_event(scene.mallory, name=f"leg {number}")
        scene.run(scene.mint_set(scene.alice, 1, event))
    scene.run(call(scene))
    assert scene.lots(scene.alice) == (30, 0)


@pytest.mark.parametrize("price", [1, 5_000, 9_999])
@pytest.mark.parametrize("side", [exchange.SIDE_BID, exchange.SIDE_ASK])
def test_the_last_atom_behind_an_order_suffices(scene: Scene, side: int, price: int) -> None:
    """An account that has put up all it has is filled and drawn without a word of its owner's."""
    placing, taking = (bid, ask) if side == exchange.SIDE_BID else (ask, bid)
    worst_atoms = 100 * (price if side == exchange.SIDE_BID else 10_000 - price)
    maker = scene.new_user(worst_atoms)
    scene.rest(maker, placing(price, 100))
    assert scene.free(maker) == 0
    scene.assert_refused("InsolventAccount", scene.world.withdraw(maker, 1))
    scene.trade_book(scene.mallory, taking(price, 100))
    scene.run(scene.draw_seat(maker))
    rebate = 100 * price * (10_000 - price) * 175 // 10**8
    assert scene.free(maker) == rebate
    scene.settle(*((0, 10_000) if side == exchange.SIDE_BID else (10_000, 0)))
    scene.run(scene.redeem(maker))
    assert scene.cash(maker) == rebate
    scene.run(scene.redeem(scene.mallory))
    scene.assert_funded(maker)


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: Scene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: Scene, refusal: Refusal[Scene]) -> None:
    refusal.check(arranged)
