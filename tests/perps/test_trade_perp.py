from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from solders.instruction import Instruction

from exchange.refusals import Refusal, Substitution, emitted, substitutions
from secant import exchange
from world import RefusedError, ask, bid, order

from .scene import BOUNDED, COVER_TICKS, DEPOSIT_ATOMS, FOK, PRICE_TICKS, PerpScene
from .substitutes import BOOK, EXCHANGE, FEED, MARGIN_ACCOUNT, MARKET, SIGNER

IOC = exchange.ORDER_IMMEDIATE_OR_CANCEL
POST = exchange.ORDER_POST_ONLY
SLIDE = exchange.ORDER_POST_ONLY_SLIDE
BID, ASK = exchange.SIDE_BID, exchange.SIDE_ASK
TICKS_MAX = 2**24 - 1
LOTS_MAX = 2**34
VALUE_ATOMS = 100 * 10_100
FEE_ATOMS = 455
REBATE_ATOMS = 50


def arrange(scene: PerpScene) -> None:
    """Mallory bids 9,900 and asks 10,100 for 100 lots each: the mark is 10,000."""
    scene.rest(scene.mallory, bid(9_900, 100), ask(10_100, 100))


def call(
    scene: PerpScene, side: int = BID, price: int = 10_100, lots: int = 100, **changes: Any
) -> Instruction:
    return scene.trade(scene.alice, order(side, price, lots, **changes))


def _with(fields: dict[str, Any]) -> Any:
    return lambda scene: scene.trade(scene.alice, replace(bid(10_000, 1), **fields))


def _foreign_market(scene: PerpScene) -> Instruction:
    trading = call(scene)
    for account in ("market", "feed", "book"):
        trading = scene.substitute(trading, account, f"foreign_{account}")
    return trading


def _bare(scene: PerpScene) -> Instruction:
    """Without the markets that must follow."""
    trading = call(scene)
    return Instruction(trading.program_id, bytes(trading.data), trading.accounts[:6])


def _say(scene: PerpScene, price_ticks: int, seconds: int = 1) -> None:
    """What the feed says is not in the market before somebody trades there."""
    scene.world.set_time(scene.world.now + seconds)
    scene.world.publish_price(scene.world.feeds[scene.market], price_ticks)


def _fill_legs(scene: PerpScene) -> None:
    for number in range(8):
        scene.rest(scene.alice, bid(9_000, 1), market=scene.world.new_perp(f"leg {number}"))


def _take_all_seats(scene: PerpScene) -> None:
    for _ in range(15):
        scene.rest(scene.user(10**6), bid(10, 1))


def _closing(scene: PerpScene, seconds: int) -> None:
    scene.run(scene.close(scene.world.now + 172_800))
    scene.price(PRICE_TICKS, seconds)


def _bounded(scene: PerpScene, insured_atoms: int) -> None:
    """A market of a probability: a lot is worth 20,000 at most, and all that it may lose is required."""
    scene.market = scene.world.new_perp("bounded", close_time=scene.world.now + 864_000, **BOUNDED)
    scene.run(scene.insure(scene.mallory, insured_atoms))


def _small(scene: PerpScene, **rules: int) -> None:
    """The market is one of few lots, in which Alice is long 50 and bids for 30."""
    scene.market = scene.world.new_perp("small", **rules)
    scene.open(scene.alice, 50)
    scene.rest(scene.alice, bid(9_000, 30))


INVALID: dict[str, dict[str, Any]] = {
    "price of nothing": {"price_ticks": 0},
    "a price beyond all": {"price_ticks": TICKS_MAX + 1},
    "the greatest price": {"price_ticks": 2**32 - 1},
    "one lot too many": {"lots": 500_000_000_001},
    "the most lots": {"lots": 2**64 - 1},
    "too many met": {"meets_max": 257},
    "no such side": {"side": 2},
    "no such kind": {"kind": 5},
    "no such self-trade": {"self_trade": 3},
    "an expiry of now": {"expires_at": 1_700_000_000},
}
SUBSTITUTED = substitutions(
    "trade_perp",
    {
        "trader": SIGNER,
        "exchange": EXCHANGE | {"foreign_exchange": "ExchangeMismatch"},
        "account": MARGIN_ACCOUNT
        | {"mallory_account": "OwnerMismatch", "foreign_account": "ExchangeMismatch"},
        "market": MARKET | {"other_market": "FeedMismatch", "foreign_market": "FeedMismatch"},
        "feed": FEED,
        "book": BOOK,
    },
)
REFUSED: list[Refusal[PerpScene]] = [
    *[Refusal(title, "OrderInvalid", _with(fields)) for title, fields in INVALID.items()],
    Refusal("no lots", "AmountZero", lambda s: call(s, lots=0)),
    Refusal("a market of another exchange", "ExchangeMismatch", _foreign_market),
    Refusal("paused on all of the exchange", "Paused", call, lambda s: s.run(s.pause(exchange.PAUSE_TRADE))),
    Refusal("paused here", "Paused", call, lambda s: s.run(s.pause_perp(exchange.PERP_PAUSE_OPEN))),
    Refusal("a stale price", "PriceUnfit", call, lambda s: s.world.set_time(s.world.now + 61)),
    Refusal("an uncertain price", "PriceUnfit", call, lambda s: _say(s, -1)),
    Refusal("a price far above its average", "PriceUnfit", call, lambda s: _say(s, 15_001)),
    Refusal("a price far below its average", "PriceUnfit", call, lambda s: _say(s, 4_999)),
    Refusal("positions in eight other markets", "PerpLegsFull", call, _fill_legs),
    Refusal(
        "without the market of another leg",
        "PerpMarketMissing",
        _bare,
        lambda s: s.rest(s.alice, bid(9_000, 1), market=s.other_market),
    ),
    Refusal(
        "the market of another leg a slot behind",
        "PerpMarketStale",
        call,
        lambda s: s.rest(s.alice, bid(9_000, 1), market=s.other_market) and s.price(PRICE_TICKS),
    ),
    Refusal(
        "a lot more than insurance covers",
        "InsuranceInsufficient",
        lambda s: s.trade(s.alice, bid(10_000, 1)),
        lambda s: _bounded(s, COVER_TICKS - 1) or s.rest(s.mallory, ask(10_000, 1)),
    ),
    Refusal("an hour before it closes", "PerpClosed", call, lambda s: _closing(s, 169_200)),
    Refusal(
        "reducing once it has closed",
        "PerpClosed",
        lambda s: call(s, ASK, 9_900, 1, reduce_only=True),
        lambda s: (s.run(call(s)), _closing(s, 172_800)),
    ),
    Refusal("reducing nothing", "NothingToReduce", lambda s: call(s, reduce_only=True)),
    Refusal(
        "reducing by buying more",
        "NothingToReduce",
        lambda s: call(s, lots=1, reduce_only=True),
        lambda s: s.run(call(s, lots=10)),
    ),
    Refusal(
        "reducing what an open order reduces",
        "NothingToReduce",
        lambda s: call(s, ASK, 10_300, 1, reduce_only=True),
        lambda s: s.run(call(s), call(s, ASK, 10_200)),
    ),
    Refusal("whole or nothing, a lot too many", "OrderNotFilled", lambda s: call(s, lots=101, kind=FOK)),
    Refusal(
        "whole or nothing, a tick too cheap", "OrderNotFilled", lambda s: call(s, BID, 10_099, 1, kind=FOK)
    ),
    Refusal("whole or nothing, too few met", "OrderNotFilled", lambda s: call(s, kind=FOK, meets_max=0)),
    Refusal("resting only, at the best ask", "OrderWouldTake", lambda s: call(s, kind=POST)),
    Refusal("resting only, at the best bid", "OrderWouldTake", lambda s: call(s, ASK, 9_900, kind=POST)),
    Refusal("resting only, a bid beyond the band", "OrderOffMark", lambda s: call(s, BID, 10_501, kind=POST)),
    Refusal("resting only, an ask beyond the band", "OrderOffMark", lambda s: call(s, ASK, 9_499, kind=POST)),
    Refusal("sliding from beyond the band", "OrderOffMark", lambda s: call(s, BID, 10_501, kind=SLIDE)),
    Refusal(
        "smaller than rests",
        "OrderTooSmall",
        lambda s: s.trade(s.alice, bid(9_000, 9)),
        lambda s: setattr(s, "market", s.world.new_perp("coarse", lots_min=10)),
    ),
    Refusal(
        "no room",
        "BookFull",
        lambda s: call(s, BID, 1, 1),
        lambda s: s.rest(s.mallory, *[bid(9_000, 1)] * 31),
    ),
    Refusal("no seat", "SeatsFull", lambda s: call(s, BID, 1, 1), _take_all_seats),
    Refusal(
        "more lots than an account may hold", "PositionTooLarge", lambda s: call(s, BID, 1, LOTS_MAX + 1)
    ),
    Refusal(
        "a lot more with what it has open",
        "PositionTooLarge",
        lambda s: call(s, BID, 9_000, 21),
        lambda s: _small(s, position_max_lots=100),
    ),
    Refusal(
        "a lot more on the other side",
        "PositionTooLarge",
        lambda s: call(s, ASK, 11_000, 100, kind=POST),
        lambda s: _small(s, position_max_lots=100) or s.rest(s.alice, ask(11_000, 51)),
    ),
    Refusal(
        "a lot more than may be open in all",
        "PositionTooLarge",
        lambda s: s.trade(s.liquidator, bid(10_000, 51)),
        lambda s: _small(s, open_max_lots=100) or s.rest(s.mallory, ask(10_000, 60)),
    ),
    Refusal(
        "a resting bid one atom short",
        "InsolventAccount",
        lambda s: call(s, BID, 10_000),
        lambda s: s.drain(s.alice, 99_999),
    ),
    Refusal(
        "a resting ask one atom short",
        "InsolventAccount",
        lambda s: call(s, ASK, 10_000),
        lambda s: s.drain(s.alice, 99_999),
    ),
    Refusal(
        "a taking bid one atom short",
        "InsolventAccount",
        call,
        lambda s: s.drain(s.alice, 100_000 + 10_000 + FEE_ATOMS - 1),
    ),
]


def test_a_limit_order_takes_and_rests(arranged: PerpScene) -> None:
    scene = arranged
    head, before = scene.world.book(scene.book), scene.perp()
    (maker,) = [resting.id for resting in scene.world.orders(scene.book) if resting.id & 1]
    changed = scene.changed(
        scene.alice, bid(10_200, 250, client_id=2**64 - 1, expires_at=scene.world.now + 1)
    )
    assert changed == exchange.BookChanged(
        book=scene.book,
        changes=head.changes,
        fills=(exchange.OrderLots(order_id=maker, lots=100),),
        dropped=(),
        placed=(
            exchange.PlacedOrder(
                client_id=2**64 - 1,
                order_id=10_200 << 40 | 2 << 1,
                filled_lots=100,
                paid_atoms=VALUE_ATOMS,
                fee_atoms=FEE_ATOMS,
                rested_lots=150,
                expires_at=scene.world.now + 1,
                seat=1,
            ),
        ),
    )
    after = scene.perp()
    assert (after.open_lots, after.last_ticks, after.traded_at) == (100, 10_100, scene.world.now)
    assert after.fees_due_atoms == FEE_ATOMS - REBATE_ATOMS
    assert (after.pool_atoms, after.fees_atoms, after.haircut_atoms) == (0, 0, 0)
    assert after.mark_ticks == before.mark_ticks == PRICE_TICKS
    leg, seat = scene.leg(scene.alice), scene.seat(scene.mallory)
    assert leg is not None
    assert seat is not None
    assert (leg.position_lots, leg.quote_atoms) == (100, -VALUE_ATOMS - FEE_ATOMS)
    assert (leg.bid_lots, leg.bid_atoms, leg.ask_lots, leg.seat) == (150, 150 * 10_200, 0, 2)
    assert (seat.lots, seat.cash_atoms, seat.ask_lots) == (-100, VALUE_ATOMS + REBATE_ATOMS, 0)
    assert scene.cash(scene.alice) == DEPOSIT_ATOMS
    margin = scene.world.margin(scene.alice)
    assert margin.perps == 1
    assert margin.reserve_atoms == 250_000 + 150 * 200 + 100 * 100 + FEE_ATOMS
    assert scene.resting() == [(9_900, 100), (10_200, 150)]
    scene.assert_whole()


@pytest.mark.parametrize("kind", [exchange.ORDER_LIMIT, IOC, FOK])
@pytest.mark.parametrize(("side", "price", "best"), [(BID, 10_300, 10_100), (ASK, 9_700, 9_900)])
def test_taking_takes_at_the_makers_price(
    arranged: PerpScene, kind: int, side: int, price: int, best: int
) -> None:
    scene = arranged
    placed = scene.placed(scene.alice, order(side, price, 40, kind=kind))
    fee = -(-40 * best * 450 // 10**6)
    assert (placed.filled_lots, placed.paid_atoms, placed.fee_atoms) == (40, 40 * best, fee)
    assert (placed.order_id, placed.rested_lots) == (0, 0)
    bought = 1 - 2 * side
    assert scene.held(scene.alice) == (bought * 40, -bought * 40 * best - fee)
    assert scene.seat(scene.alice) is None
    scene.assert_whole()


def test_what_cannot_be_taken_at_once_is_dropped(arranged: PerpScene) -> None:
    placed = arranged.placed(arranged.alice, bid(10_100, 1_000, kind=IOC))
    assert (placed.filled_lots, placed.rested_lots) == (100, 0)
    assert arranged.resting() == [(9_900, 100)]
    arranged.assert_whole()


def test_an_order_that_meets_nothing_leaves_no_leg(arranged: PerpScene) -> None:
    scene = arranged
    placed = scene.placed(scene.alice, bid(10_099, 1_000, kind=IOC))
    assert placed.filled_lots == 0
    assert scene.leg(scene.alice) is None
    assert scene.world.margin(scene.alice).perps == 0


@pytest.mark.parametrize("kind", [POST, SLIDE])
@pytest.mark.parametrize(("side", "price"), [(BID, 10_099), (BID, 1), (ASK, 9_901), (ASK, TICKS_MAX)])
def test_resting_kinds_rest_whole_at_their_price(
    arranged: PerpScene, kind: int, side: int, price: int
) -> None:
    changed = arranged.changed(arranged.alice, order(side, price, 7, kind=kind))
    assert (changed.fills, changed.placed[0].rested_lots) == ((), 7)
    assert (price, 7) in arranged.resting()
    arranged.assert_whole()


@pytest.mark.parametrize(("side", "price", "slid"), [(BID, 10_500, 10_099), (ASK, 9_500, 9_901)])
def test_a_sliding_order_rests_beside_the_best(arranged: PerpScene, side: int, price: int, slid: int) -> None:
    arranged.placed(arranged.alice, order(side, price, 7, kind=SLIDE))
    assert (slid, 7) in arranged.resting()


# The band


@pytest.mark.parametrize(("side", "edge"), [(BID, 10_500), (ASK, 9_500)])
def test_nothing_is_taken_beyond_the_band(scene: PerpScene, side: int, edge: int) -> None:
    """The maker's order at the edge trades, the one a tick beyond does not, whatever the taker would pay."""
    beyond = edge + (1 if side == BID else -1)
    limit = TICKS_MAX if side == BID else 1
    scene.rest(scene.mallory, order(1 - side, edge, 10), order(1 - side, beyond, 10, kind=POST))
    placed = scene.placed(scene.alice, order(side, limit, 20))
    assert (placed.filled_lots, placed.rested_lots) == (10, 0)
    assert scene.resting() == [(beyond, 10)]
    scene.assert_whole()


@pytest.mark.parametrize(
    ("side", "price", "rests"), [(BID, 10_500, 1), (BID, 10_501, 0), (ASK, 9_500, 1), (ASK, 9_499, 0)]
)
def test_a_limit_order_beyond_the_band_does_not_rest(
    scene: PerpScene, side: int, price: int, rests: int
) -> None:
    placed = scene.placed(scene.alice, order(side, price, 1))
    assert placed.rested_lots == rests
    assert len(scene.resting()) == rests


# One's own orders


@pytest.mark.parametrize(
    ("rule", "filled", "left", "dropped"),
    [
        (exchange.SELF_TRADE_CANCEL_PROVIDE, 100, [], [70]),
        (exchange.SELF_TRADE_CANCEL_TAKE, 0, [(10_050, 70), (10_100, 100)], []),
        (exchange.SELF_TRADE_DECREMENT, 60, [(10_100, 40)], [70]),
    ],
)
def test_nobody_trades_with_himself(
    scene: PerpScene, rule: int, filled: int, left: list[tuple[int, int]], dropped: list[int]
) -> None:
    """An own ask of 70 lots at 10,050 is in the way of a bid for 130 to an ask of 100 at 10,100."""
    scene.rest(scene.alice, ask(10_050, 70))
    scene.rest(scene.mallory, ask(10_100, 100))
    changed = scene.changed(scene.alice, bid(10_100, 130, self_trade=rule, kind=IOC))
    assert changed.placed[0].filled_lots == filled
    assert [row.lots for row in changed.dropped] == dropped
    assert scene.resting() == left
    assert scene.held(scene.alice)[0] == filled
    scene.assert_whole()


# Prices


def test_every_trade_brings_the_price_up_to_date(scene: PerpScene) -> None:
    _say(scene, 10_100)
    scene.rest(scene.alice, bid(9_000, 1))
    perp = scene.perp()
    assert (perp.index_ticks, perp.mark_ticks, perp.agreed_at) == (10_100, 10_100, scene.world.now)


def test_a_fresh_reading_suffices_whenever_the_market_was_last_used(arranged: PerpScene) -> None:
    _say(arranged, PRICE_TICKS, 61)
    arranged.run(call(arranged))


def test_a_reading_as_old_as_allowed_serves(arranged: PerpScene) -> None:
    arranged.world.set_time(arranged.world.now + 60)
    arranged.run(call(arranged))


@pytest.mark.parametrize("price_ticks", [14_999, 5_000])
def test_a_price_within_the_shock_serves(scene: PerpScene, price_ticks: int) -> None:
    _say(scene, price_ticks)
    scene.rest(scene.alice, bid(1, 1))


# Limits


def test_positions_and_orders_up_to_the_limit(scene: PerpScene) -> None:
    _small(scene, position_max_lots=100)
    scene.run(call(scene, BID, 9_000, 20), call(scene, ASK, 11_000, 100), call(scene, ASK, 11_000, 50))
    scene.assert_refused("PositionTooLarge", call(scene, ASK, 11_000, 1))
    scene.assert_whole()


def test_all_that_is_open_up_to_the_limit(scene: PerpScene) -> None:
    """Whoever only passes lots on from another opens nothing."""
    _small(scene, open_max_lots=50)
    scene.rest(scene.liquidator, bid(10_000, 10))
    scene.placed(scene.alice, ask(10_000, 10))
    scene.rest(scene.mallory, ask(10_000, 1))
    scene.assert_refused("PositionTooLarge", scene.trade(scene.user(), bid(10_000, 1)))
    assert scene.perp().open_lots == 50
    scene.assert_whole()


def test_a_taker_needs_neither_seat_nor_room(scene: PerpScene) -> None:
    scene.rest(scene.mallory, *[ask(10_000, 1)] * 32)
    _take_all_seats(scene)
    scene.assert_refused("BookFull", call(scene, ASK, 10_000, 1))
    scene.run(call(scene, BID, 10_000, 32))
    assert scene.held(scene.alice)[0] == 32
    scene.assert_whole()


# Collateral


@pytest.mark.parametrize(
    ("side", "price", "atoms"),
    [(BID, 10_000, 100_000), (ASK, 10_000, 100_000), (BID, 10_099, 109_900), (BID, 10_100, 110_455)],
)
def test_exactly_enough(arranged: PerpScene, side: int, price: int, atoms: int) -> None:
    scene = arranged
    scene.drain(scene.alice, atoms)
    scene.run(call(scene, side, price))
    stated = scene.health(scene.alice)
    assert stated.free_atoms + stated.losses_atoms == stated.initial_atoms


def test_a_refusal_says_what_collateral_is_missing(arranged: PerpScene) -> None:
    scene = arranged
    scene.drain(scene.alice, 1_000)
    with pytest.raises(RefusedError) as refused:
        scene.run(call(scene))
    assert refused.value.name == "InsolventAccount"
    assert emitted(refused.value.logs) == [exchange.CollateralMissing(amount_atoms=109_455)]


def test_a_profit_that_is_not_settled_opens_nothing(scene: PerpScene) -> None:
    """Long 1,000 lots with 1.1, and the price doubles: the profit of 10 is no collateral for a lot more."""
    user = scene.user(1_104_500)
    scene.open(user, 1_000)
    for price_ticks in (14_000, 18_000, 20_000):
        scene.stay(price_ticks)
    assert scene.health(user).equity_atoms == 1_100_000 + 10_000_000
    scene.rest(scene.mallory, ask(20_000, 1))
    scene.assert_refused("InsolventAccount", scene.trade(user, bid(20_000, 1)))
    scene.assert_whole()


def test_other_markets_count(scene: PerpScene) -> None:
    """What is required elsewhere, and lost there, is not free here."""
    scene.open(scene.alice, 1_000, market=scene.other_market)
    scene.prices(PRICE_TICKS, 9_000)
    elsewhere = 1_000 * 9_000 // 10 + 1_000_000 + 4_500
    stated = scene.health(scene.alice)
    assert stated.initial_atoms - stated.losses_atoms == elsewhere
    free = DEPOSIT_ATOMS - elsewhere
    lots = free // (PRICE_TICKS // 10)
    scene.assert_refused("InsolventAccount", call(scene, BID, 9_999, lots + 1_000_000))
    scene.run(scene.fresh(scene.alice), scene.world.withdraw(scene.alice, free - 100_000))
    scene.assert_refused("InsolventAccount", call(scene, BID, 10_000, 101))
    scene.run(call(scene, BID, 10_000, 100))
    scene.assert_whole()


# A price with a bound


def test_no_more_is_open_than_insurance_covers_whatever_it_jumps_to(scene: PerpScene) -> None:
    """1% of the bound for each lot."""
    _bounded(scene, 100 * COVER_TICKS)
    scene.rest(scene.mallory, ask(10_000, 101))
    scene.run(call(scene, BID, 10_000, 100))
    scene.assert_refused("InsuranceInsufficient", call(scene, BID, 10_000, 1))
    scene.run(scene.fresh(scene.alice), scene.insure(scene.alice, COVER_TICKS - 1))
    scene.assert_refused("InsuranceInsufficient", call(scene, BID, 10_000, 1))
    scene.run(scene.fresh(scene.alice), scene.insure(scene.alice, 1))
    scene.run(call(scene, BID, 10_000, 1))
    scene.assert_whole()


@pytest.mark.parametrize(("side", "price", "jump"), [(BID, 12_000, 1), (ASK, 12_000, 19_999)])
def test_a_jump_to_either_end_is_paid_by_who_lost(scene: PerpScene, side: int, price: int, jump: int) -> None:
    """He has put up all that it may lose: nobody is bankrupt, and insurance pays nobody."""
    _bounded(scene, 1_000 * COVER_TICKS)
    scene.stay(price)
    at_stake = price if side == BID else 20_000 - price
    fee = -(-1_000 * price * 450 // 10**6)
    user = scene.user(1_000 * at_stake + fee)
    scene.rest(scene.mallory, order(1 - side, price, 1_000))
    scene.placed(user, order(side, price, 1_000, kind=FOK))
    stated = scene.health(user)
    assert (stated.initial_atoms, stated.maintenance_atoms) == (1_000 * at_stake, 990 * at_stake)
    scene.run(scene.draw(scene.mallory))
    winner = scene.health(scene.mallory).equity_atoms
    for _ in range(3):
        scene.price(jump, 301)
        scene.assert_refused("AccountHealthy", scene.liquidate(user))
        scene.assert_refused("AccountHealthy", scene.resolve(user))
    assert scene.perp().mark_ticks == jump
    assert scene.health(user).equity_atoms == 1_000
    assert scene.health(scene.mallory).equity_atoms == winner + 1_000 * (at_stake - 1)
    assert scene.perp().insurance_atoms == 1_000 * COVER_TICKS
    scene.assert_whole()


@pytest.mark.parametrize(("says", "mark_ticks"), [(20_000, 19_999), (2**24, 19_999), (1, 1), (0, 1)])
def test_a_bounded_price_stays_below_its_bound(scene: PerpScene, says: int, mark_ticks: int) -> None:
    _bounded(scene, 1)
    for _ in range(3):
        scene.price(says, 301)
    assert (scene.perp().index_ticks, scene.perp().mark_ticks) == (mark_ticks, mark_ticks)
    scene.assert_refused("OrderInvalid", call(scene, BID, 20_000, 1))


@pytest.mark.xfail(
    strict=True,
    reason="a resting order that closes its maker's position counts as opened until its seat is drawn: "
    "where all that is insured is open, nobody new can buy what somebody else gives up",
)
def test_a_maker_passes_its_position_on_where_no_more_may_be_open(scene: PerpScene) -> None:
    _bounded(scene, 100 * COVER_TICKS)
    scene.open(scene.alice, 100)
    scene.rest(scene.alice, ask(10_100, 10))
    scene.run(scene.trade(scene.liquidator, bid(10_100, 10)))


def test_a_pause_leaves_reducing_open(arranged: PerpScene) -> None:
    scene = arranged
    scene.run(call(scene))
    scene.run(scene.pause(15), scene.pause_perp(7))
    scene.assert_refused("Paused", call(scene, ASK, 9_900, 1))
    scene.run(call(scene, ASK, 9_900, 40, kind=IOC, reduce_only=True))
    scene.run(call(scene, ASK, 10_300, 100, reduce_only=True))
    assert scene.held(scene.alice)[0] == 60
    assert (10_300, 60) in scene.resting()
    scene.assert_whole()


def test_expired_orders_in_the_way_are_dropped(scene: PerpScene) -> None:
    scene.rest(scene.mallory, ask(10_000, 5, expires_at=scene.world.now + 10), ask(10_050, 5))
    scene.price(PRICE_TICKS, 10)
    changed = scene.changed(scene.alice, bid(10_050, 5))
    assert [(row.order_id >> 40, row.lots) for row in changed.dropped] == [(10_000, 5)]
    assert [(row.order_id >> 40, row.lots) for row in changed.fills] == [(10_050, 5)]
    scene.assert_whole()


def test_a_smaller_order_makes_way_in_a_full_book(scene: PerpScene) -> None:
    """A side of 32: the order of least value goes for one of more."""
    scene.rest(scene.mallory, *[bid(9_000, 2)] * 31, bid(9_100, 1))
    changed = scene.changed(scene.alice, bid(9_000, 2))
    assert [(row.order_id >> 40, row.lots) for row in changed.dropped] == [(9_100, 1)]
    assert len(scene.resting()) == 32
    scene.assert_whole()


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: PerpScene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: PerpScene, refusal: Refusal[PerpScene]) -> None:
    refusal.check(arranged)
