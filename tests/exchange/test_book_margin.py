"""What open orders reserve, what fills cost, and that both are exact."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from secant import exchange
from world import World, ask, bid, order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from solders.pubkey import Pubkey

    from .scene import Scene

IOC = exchange.ORDER_IMMEDIATE_OR_CANCEL
SIDES = [exchange.SIDE_BID, exchange.SIDE_ASK]


@dataclass(frozen=True)
class Quote:
    """An order in the book of one outcome."""

    outcome: int
    side: int
    price: int
    lots: int

    @property
    def request(self) -> exchange.OrderRequest:
        return order(self.side, self.price, self.lots)

    @property
    def opposite(self) -> exchange.OrderRequest:
        return order(1 - self.side, self.price, self.lots, kind=IOC)

    def result_atoms(self, winner: int) -> int:
        """What it brings once filled, if `winner` wins."""
        long = 1 - 2 * self.side
        return long * self.lots * ((10_000 if winner == self.outcome else 0) - self.price)


def worst_atoms(lots: Sequence[int], quotes: Sequence[Quote]) -> int:
    """What a position and open orders are worth at worst, over every winner and every set of fills."""
    return min(
        10_000 * held + sum(quote.result_atoms(winner) for quote in filled)
        for winner, held in enumerate(lots)
        for count in range(len(quotes) + 1)
        for filled in itertools.combinations(quotes, count)
    )


def event_with_books(scene: Scene, outcomes: int) -> Pubkey:
    """An event of as many outcomes with all its books."""
    event = scene.world.new_event(scene.mallory, outcomes, resolver=scene.judge.pubkey(), name="books")
    for outcome in range(1 if outcomes == 2 else outcomes):
        scene.world.new_book(scene.mallory, event, outcome)
    return event


def settle(scene: Scene, event: Pubkey, winner: int) -> None:
    ticks = [10_000 if outcome == winner else 0 for outcome in range(16)]
    scene.run(scene.lock(scene.judge.pubkey(), event), scene.resolve(*ticks, event=event))


QUOTES = [
    Quote(0, exchange.SIDE_BID, 3_000, 100),
    Quote(0, exchange.SIDE_ASK, 3_500, 70),
    Quote(1, exchange.SIDE_BID, 2_000, 50),
    Quote(1, exchange.SIDE_ASK, 2_100, 130),
    Quote(1, exchange.SIDE_ASK, 9_999, 11),
    Quote(2, exchange.SIDE_ASK, 4_000, 90),
    Quote(3, exchange.SIDE_BID, 1, 1_000),
    Quote(3, exchange.SIDE_ASK, 500, 17),
]


# What is reserved


def test_a_bid_reserves_its_price_and_an_ask_the_rest_of_one(scene: Scene) -> None:
    scene.rest(scene.alice, bid(4_000, 100))
    assert scene.free(scene.alice) == scene.cash(scene.alice) - 400_000
    scene.rest(scene.mallory, ask(7_000, 100))
    assert scene.free(scene.mallory) == scene.cash(scene.mallory) - 300_000


def test_a_maker_of_both_sides_reserves_the_worse_of_them(scene: Scene) -> None:
    scene.rest(scene.alice, bid(4_000, 100), ask(6_000, 100))
    assert scene.free(scene.alice) == scene.cash(scene.alice) - 400_000
    scene.rest(scene.alice, ask(6_500, 10))
    assert scene.free(scene.alice) == scene.cash(scene.alice) - 435_000
    leg = scene.leg(scene.alice)
    assert leg is not None
    assert (leg.risk_atoms[:2], leg.floor_atoms) == ((435_000, 400_000), -435_000)


@pytest.mark.parametrize("price", [1, 5_000, 9_000])
def test_a_holder_asks_without_more_collateral(scene: Scene, price: int) -> None:
    """100 lots held pay what 100 lots sold owe, and what an ask brings pays for more."""
    scene.run(scene.trade(scene.alice, 0, 100))
    scene.run(scene.world.withdraw(scene.alice, scene.free(scene.alice)))
    covered = 100 * 10_000 // (10_000 - price)
    assert covered >= 100
    scene.assert_refused("InsolventAccount", scene.place(scene.alice, ask(price, covered + 1)))
    scene.rest(scene.alice, ask(price, covered))
    assert scene.cash(scene.alice) == 0
    scene.trade_book(scene.mallory, bid(price, covered))
    scene.run(scene.draw_seat(scene.alice))
    assert scene.free(scene.alice) >= 0


def test_a_holder_of_the_other_outcome_bids_without_more_collateral(scene: Scene) -> None:
    """Buying YES against NO held makes complete sets."""
    scene.run(scene.trade(scene.alice, 1, 100))
    scene.run(scene.world.withdraw(scene.alice, scene.free(scene.alice)))
    scene.rest(scene.alice, bid(9_999, 100))
    scene.trade_book(scene.mallory, ask(9_999, 100))
    scene.run(scene.draw_seat(scene.alice), scene.merge_set(scene.alice, 100))
    assert scene.cash(scene.alice) >= 100
    assert scene.lots(scene.alice) is None


@pytest.mark.parametrize("outcomes", [4, 16])
@pytest.mark.parametrize("held", [(0, 0, 0, 0), (100, 0, 0, 0), (40, -30, 0, 200), (-60, -60, -60, -60)])
def test_the_reserve_is_the_worst_of_every_state_and_set_of_fills(
    scene: Scene, outcomes: int, held: tuple[int, ...]
) -> None:
    event = event_with_books(scene, outcomes)
    lots = [*held, *([0] * (outcomes - 4))]
    maker = scene.new_user(10**9)
    for outcome, wanted in enumerate(held):
        if wanted:
            side = exchange.SIDE_BID if wanted > 0 else exchange.SIDE_ASK
            for user, taken in ((scene.mallory, 1 - side), (maker, side)):
                scene.run(scene.place(user, order(taken, 5_000, abs(wanted)), event, outcome))
    for end, quote in enumerate(QUOTES, start=1):
        scene.run(scene.place(maker, quote.request, event, quote.outcome))
        leg = scene.leg(maker, event)
        assert leg is not None
        assert leg.lots[:outcomes] == tuple(lots)
        assert leg.floor_atoms == worst_atoms(lots, QUOTES[:end])
        assert scene.world.margin(maker).floor_atoms == leg.floor_atoms
    free = scene.free(maker)
    scene.assert_refused("InsolventAccount", scene.world.withdraw(maker, free + 1))
    scene.run(scene.world.withdraw(maker, free))
    scene.assert_funded(maker, event=event)


def test_books_of_an_event_net_and_events_add_up(scene: Scene) -> None:
    event = event_with_books(scene, 3)
    for outcome in range(3):
        scene.run(scene.place(scene.alice, ask(4_000, 100), event, outcome))
    # One outcome wins: of three shorts one pays.
    assert scene.free(scene.alice) == scene.cash(scene.alice) - 600_000
    scene.rest(scene.alice, ask(4_000, 100))
    assert scene.free(scene.alice) == scene.cash(scene.alice) - 1_200_000


@pytest.mark.parametrize("outcome", range(3))
def test_cancelling_gives_back_exactly_what_placing_reserved(scene: Scene, outcome: int) -> None:
    event = event_with_books(scene, 3)
    user = scene.new_user(10**9)
    for quote in QUOTES[:6]:
        scene.run(scene.place(user, quote.request, event, quote.outcome))
    book = exchange.find_book(event=event, outcome=outcome)
    scene.run(scene.cancel_all(user, book=book))
    left = [quote for quote in QUOTES[:6] if quote.outcome != outcome]
    assert scene.free(user) == 10**9 + worst_atoms([0] * 3, left)
    for other in range(3):
        scene.run(scene.cancel_all(user, book=exchange.find_book(event=event, outcome=other)))
    assert scene.free(user) == scene.cash(user) == 10**9
    assert scene.leg(user, event) is None


@pytest.mark.parametrize("exit_", ["withdraw", "mint", "pool", "tokenize"])
def test_nothing_else_spends_what_orders_reserve(scene: Scene, exit_: str) -> None:
    scene.rest(scene.alice, bid(4_000, 100), ask(6_000, 100))
    scene.run(scene.world.withdraw(scene.alice, scene.free(scene.alice)))
    spending = {
        "withdraw": scene.world.withdraw(scene.alice, 1),
        "mint": scene.mint_set(scene.alice, 10),
        "pool": scene.trade(scene.alice, 1, 1),
        "tokenize": scene.tokenize(scene.alice, 1, scene.tokens),
    }[exit_]
    if exit_ == "mint":
        scene.run(spending)  # a set is worth what it costs
        assert scene.free(scene.alice) == 0
    else:
        scene.assert_refused("InsolventAccount", spending)


# What rests can always be filled and drawn


@pytest.mark.parametrize("winner", range(4))
@pytest.mark.parametrize("end", ["drawn first", "drawn after the lock", "drawn after settlement"])
def test_a_maker_without_an_atom_free_pays_whatever_is_filled(scene: Scene, winner: int, end: str) -> None:
    """The orders that lose if `winner` wins are filled, the others not, and the maker never signs again."""
    event = event_with_books(scene, 4)
    maker, taker = scene.new_user(10**9), scene.new_user(10**9)
    for quote in QUOTES:
        scene.run(scene.place(maker, quote.request, event, quote.outcome))
    scene.run(scene.world.withdraw(maker, scene.free(maker)))
    start = scene.cash(maker)
    losing = [quote for quote in QUOTES if quote.result_atoms(winner) < 0]
    assert start >= -sum(quote.result_atoms(winner) for quote in losing)
    for quote in losing:
        (changed,) = scene.run(scene.place(taker, quote.opposite, event, quote.outcome))
        assert [row.lots for row in changed.fills] == [quote.lots]
    drawing = [scene.draw_seat(maker, event, outcome) for outcome in range(4)]
    if end == "drawn first":
        scene.run(*drawing)
        scene.assert_funded(maker, taker, event=event)
    if end == "drawn after the lock":
        scene.world.set_time(scene.world.event(event).lock_time)
        scene.run(*drawing)
        scene.assert_funded(maker, taker, event=event)
    settle(scene, event, winner)
    if end == "drawn after settlement":
        scene.assert_refused("OrdersOpen", scene.redeem(maker, event))
    for outcome in range(4):
        if scene.seat(maker, exchange.find_book(event=event, outcome=outcome)):
            scene.run(scene.draw_seat(maker, event, outcome))
    scene.run(scene.redeem(maker, event), scene.redeem(taker, event))
    assert scene.cash(maker) >= start + sum(quote.result_atoms(winner) for quote in losing) >= 0
    assert scene.world.event(event).escrow_atoms == 0
    scene.assert_funded(maker, taker, event=event)
    for outcome in range(4):
        scene.run(scene.close_book(scene.mallory, event, outcome))


@pytest.mark.parametrize("winner", [0, 1])
@pytest.mark.parametrize("side", SIDES)
def test_the_reserve_of_the_worst_case_is_spent_to_the_atom(winner: int, side: int) -> None:
    """Without rebates a maker whose fill loses ends with nothing, and one whose fill wins with all of it."""
    world = World(fee_bps=0)
    price, lots = 3_700, 123
    worst = lots * (price if side == exchange.SIDE_BID else 10_000 - price)
    maker, taker = world.new_user(deposit_atoms=worst), world.new_user(deposit_atoms=10**9)
    event = world.new_event(taker)
    book = world.new_book(taker, event)
    world.run(world.place(maker, event, book, order(side, price, lots)), signers=[maker.keys])
    world.run(world.place(taker, event, book, order(1 - side, price, lots)), signers=[taker.keys])
    ticks = [0] * 16
    ticks[winner] = 10_000
    world.run(
        exchange.lock_event(locker=taker.key, event=event),
        exchange.resolve_event(authority=taker.key, event=event, payout_ticks=ticks),
        exchange.draw_seat(account=maker.account, event=event, book=book),
        exchange.redeem(account=maker.account, event=event),
        exchange.redeem(account=taker.account, event=event),
        signers=[taker.keys],
    )
    won = (side == exchange.SIDE_BID) == (winner == 0)
    assert world.margin(maker).cash_atoms == (lots * 10_000 if won else 0)
    assert world.margin(maker).cash_atoms + world.margin(taker).cash_atoms == worst + 10**9
    assert world.book(book).fees_atoms == 0


# What a fill costs


@pytest.mark.parametrize(
    ("price", "shares", "fee_atoms"),
    [
        # Kalshi's table of 7 % of C · p · (1 - p), before its rounding up to a cent.
        (100, 1, 693), (500, 1, 3_325), (1_000, 1, 6_300), (2_500, 1, 13_125), (5_000, 1, 17_500),
        (9_900, 1, 693), (100, 100, 69_300), (500, 100, 332_500), (1_000, 100, 630_000),
        (2_500, 100, 1_312_500), (5_000, 100, 1_750_000), (7_500, 100, 1_312_500), (9_500, 100, 332_500),
    ],
)  # fmt: skip
@pytest.mark.parametrize("side", SIDES)
def test_fees_are_those_of_the_table(
    scene: Scene, price: int, shares: int, fee_atoms: int, side: int
) -> None:
    lots = 100 * shares
    scene.rest(scene.mallory, order(1 - side, price, lots))
    maker_cash = scene.cash(scene.mallory)
    (placed,) = scene.trade_book(scene.alice, order(side, price, lots)).placed
    assert placed.fee_atoms == fee_atoms
    scene.run(scene.draw_seat(scene.mallory))
    paid = lots * price * (1 - 2 * side)
    rebate = fee_atoms // 4
    assert scene.cash(scene.mallory) == maker_cash + paid + rebate
    assert scene.world.book(scene.book).fees_atoms == fee_atoms - rebate
    scene.assert_funded()


@pytest.mark.parametrize("side", SIDES)
def test_the_fee_is_rounded_up_once_and_each_rebate_down(scene: Scene, side: int) -> None:
    """Ten fills of parts of an atom: the fee is that of their sum, and what is left over is the book's."""
    away = 1 - 2 * side
    prices = [3_333 + away * 7 * step for step in range(10)]
    makers = [scene.new_user(10**9) for _ in prices[:5]]
    for place, price in enumerate(prices):
        scene.rest(makers[place % 5], order(1 - side, price, 1 + place))
    (placed,) = scene.trade_book(
        scene.alice, order(side, prices[-1], 55, kind=exchange.ORDER_FILL_OR_KILL)
    ).placed
    bases = [(1 + place) * price * (10_000 - price) for place, price in enumerate(prices)]
    fee = -(-sum(bases) * 700 // 10**8)
    rebates = [basis * 175 // 10**8 for basis in bases]
    assert fee < sum(-(-basis * 700 // 10**8) for basis in bases)
    assert placed.fee_atoms == fee
    assert placed.paid_atoms == sum((1 + place) * price for place, price in enumerate(prices))
    assert scene.world.book(scene.book).fees_atoms == fee - sum(rebates)
    for place, maker in enumerate(makers):
        seat = scene.seat(maker)
        assert seat is not None
        paid = (1 + place) * prices[place] + (6 + place) * prices[place + 5]
        assert seat.cash_atoms == away * paid + rebates[place] + rebates[place + 5]
        assert seat.lots == -away * (7 + 2 * place)
    scene.assert_funded(*makers)


@pytest.mark.parametrize("fee_bps", [0, 1, 3, exchange.FEE_MAX_BPS])
@pytest.mark.parametrize("price", [1, 4_999, 9_999])
def test_no_rebate_exceeds_its_fee(fee_bps: int, price: int) -> None:
    world = World(fee_bps=fee_bps)
    maker, taker = (world.new_user(deposit_atoms=10**9) for _ in range(2))
    event = world.new_event(maker)
    book = world.new_book(maker, event)
    for lots in (1, 1_000):
        world.run(world.place(maker, event, book, ask(price, lots)), signers=[maker.keys])
        world.run(world.place(taker, event, book, bid(price, lots)), signers=[taker.keys])
    fees = sum(-(-lots * price * (10_000 - price) * fee_bps // 10**8) for lots in (1, 1_000))
    rebates = sum(lots * price * (10_000 - price) * (fee_bps // 4) // 10**8 for lots in (1, 1_000))
    assert world.book(book).fees_atoms == fees - rebates >= 0
    assert world.margin(taker).cash_atoms == 10**9 - 1_001 * price - fees


def test_crossing_orders_make_and_undo_complete_sets(scene: Scene) -> None:
    """Two that hold nothing trade, which writes shares; going back takes them out of the world again."""
    scene.rest(scene.mallory, ask(6_000, 100))
    scene.trade_book(scene.alice, bid(6_000, 100))
    scene.run(scene.draw_seat(scene.mallory))
    assert (scene.lots(scene.alice), scene.lots(scene.mallory)) == ((100, 0), (-100, 0))
    assert scene.world.event(scene.event).escrow_atoms == 0
    scene.rest(scene.mallory, bid(6_000, 100))
    scene.trade_book(scene.alice, ask(6_000, 100))
    scene.run(scene.draw_seat(scene.mallory))
    assert scene.leg(scene.alice) is None
    assert scene.leg(scene.mallory) is None
    scene.assert_funded()
