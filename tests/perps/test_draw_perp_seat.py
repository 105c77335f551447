from __future__ import annotations

import pytest
from solders.instruction import Instruction

from exchange.refusals import Refusal, Substitution, substitutions
from secant import exchange
from world import ask, bid

from .scene import PRICE_TICKS, PerpScene
from .substitutes import BOOK, FEED, MARGIN_ACCOUNT, MARKET

LOTS = 10_000
RECENT_SLOTS = 150
"""How long ago the other seats may have been drawn when orders are cancelled."""
COMPUTE_UNITS_MAX = 1_400_000


def arrange(scene: PerpScene) -> None:
    """A bid of Alice's, of which Mallory has filled 30 lots of 100."""
    scene.rest(scene.alice, bid(9_900, 100))
    scene.placed(scene.mallory, ask(9_900, 30))


def call(scene: PerpScene) -> Instruction:
    return scene.draw(scene.alice)


def _bare(scene: PerpScene) -> Instruction:
    """Without the markets that must follow."""
    drawing = call(scene)
    return Instruction(drawing.program_id, bytes(drawing.data), drawing.accounts[:4])


SUBSTITUTED = substitutions(
    "draw_perp_seat",
    {
        "account": MARGIN_ACCOUNT
        | {
            "mallory_account": "SeatAbsent",
            "liquidator_account": "PerpLegAbsent",
            "foreign_account": "PerpLegAbsent",
        },
        "market": MARKET | {"other_market": "FeedMismatch", "foreign_market": "FeedMismatch"},
        "feed": FEED,
        "book": BOOK,
    },
)

REFUSED: list[Refusal[PerpScene]] = [
    Refusal("without a leg", "PerpLegAbsent", lambda s: s.draw(s.liquidator)),
    Refusal("with a leg, without a seat", "SeatAbsent", lambda s: s.draw(s.mallory)),
    Refusal("given up already", "SeatAbsent", call, lambda s: s.run(s.cancel_all(s.alice))),
    Refusal(
        "the market of another leg a slot behind",
        "PerpMarketStale",
        call,
        lambda s: s.rest(s.alice, bid(9_000, 1), market=s.other_market) and s.price(PRICE_TICKS),
    ),
    Refusal(
        "without the market of another leg",
        "PerpMarketMissing",
        _bare,
        lambda s: s.rest(s.alice, bid(9_000, 1), market=s.other_market),
    ),
]


def test_moves_what_the_fills_have_brought(arranged: PerpScene) -> None:
    """30 lots cost 297,000, less a rebate of 14."""
    scene = arranged
    changes = scene.world.book(scene.book).changes
    assert scene.held(scene.alice) == (0, 0)
    seat = scene.seat(scene.alice)
    assert seat is not None
    assert (seat.lots, seat.cash_atoms) == (30, -297_000 + 14)
    assert scene.perp().open_lots == 30
    scene.assert_whole()
    assert scene.run(call(scene)) == [
        exchange.BookChanged(book=scene.book, changes=changes, fills=(), dropped=(), placed=())
    ]
    assert scene.held(scene.alice) == (30, -297_000 + 14)
    leg, seat = scene.leg(scene.alice), scene.seat(scene.alice)
    assert leg is not None
    assert seat is not None
    assert (leg.bid_lots, leg.bid_atoms) == (70, 693_000)
    assert (seat.lots, seat.cash_atoms, seat.bid_lots, seat.orders) == (0, 0, 70, 1)
    assert scene.perp().open_lots == 30
    scene.assert_whole()


def test_the_last_fill_gives_up_the_seat(arranged: PerpScene) -> None:
    scene = arranged
    scene.placed(scene.mallory, ask(9_900, 70))
    scene.run(call(scene))
    assert scene.seat(scene.alice) is None
    assert scene.resting() == []
    leg = scene.leg(scene.alice)
    assert leg is not None
    assert (leg.position_lots, leg.bid_lots, leg.bid_atoms, leg.seat) == (100, 0, 0, 0)
    scene.assert_whole()


def test_fills_of_both_sides_add_up(arranged: PerpScene) -> None:
    """Bought 30 at 9,900 and sold 30 at 10,100: nothing is open, and 6,029 are won."""
    scene = arranged
    scene.rest(scene.alice, ask(10_100, 50))
    scene.placed(scene.mallory, bid(10_100, 30))
    scene.run(call(scene))
    assert scene.held(scene.alice) == (0, 30 * 200 + 14 + 15)
    assert scene.perp().open_lots == 0
    scene.assert_whole()


def test_funding_and_losses_of_the_seat_are_its_own(arranged: PerpScene) -> None:
    """What has accrued since the fill is owed when it is drawn, to the atom of the audit's rounding."""
    scene = arranged
    scene.rest(scene.mallory, bid(9_899, 10))
    for _ in range(100):
        scene.price(9_700, 60)
    owed = -((-30 * scene.perp().funding_index) >> 32)
    assert owed > 0
    scene.run(call(scene))
    assert scene.held(scene.alice) == (30, -297_000 + 14 - owed)
    scene.assert_whole()


def test_the_orders_of_an_unhealthy_account_are_cancelled(scene: PerpScene) -> None:
    sinking = scene.user(11_000_000)
    scene.open(sinking, 9_000)
    scene.rest(sinking, bid(5_000, 10), ask(10_400, 20))
    scene.price(9_300)
    scene.run(scene.draw(sinking))
    stated = scene.health(sinking)
    assert stated.equity_atoms > stated.maintenance_atoms
    assert scene.resting() == [(5_000, 10), (10_400, 20)]
    scene.price(9_200)
    scene.assert_refused("PerpMarketStale", scene.fresh(sinking))
    (changed,) = scene.run(scene.draw(sinking))
    stated = scene.health(sinking)
    assert stated.equity_atoms < stated.maintenance_atoms
    assert {(row.order_id >> 40, row.lots) for row in changed.dropped} == {(5_000, 10), (10_400, 20)}
    assert scene.resting() == []
    assert scene.seat(sinking) is None
    scene.assert_whole()


@pytest.mark.parametrize("price_ticks", [9_200, -1])
def test_at_a_price_too_bad_to_liquidate_by_they_go_too(scene: PerpScene, price_ticks: int) -> None:
    sinking = scene.user(11_000_000)
    scene.open(sinking, 9_000)
    scene.rest(sinking, bid(5_000, 10))
    scene.price(9_200)
    scene.world.set_time(scene.world.now + (1 if price_ticks < 0 else 361))
    if price_ticks < 0:
        scene.world.publish_price(scene.world.feeds[scene.market], price_ticks)
    scene.run(scene.draw(sinking))
    assert scene.resting() == []


@pytest.mark.parametrize(("slots", "rounds"), [(RECENT_SLOTS, 1), (RECENT_SLOTS + 1, 2)])
def test_eight_markets_with_orders_in_each_are_drawn_and_taken_over_at_once(
    scene: PerpScene, slots: int, rounds: int
) -> None:
    """Who rests an order in every market does not put its liquidation off: one transaction does it all.

    Only with the others drawn a minute ago at most is it known to be unhealthy: else the last draw takes
    the first orders out, and the others after it.
    """
    names = [f"market {number}" for number in range(6)]
    markets = [scene.market, scene.other_market, *map(scene.world.new_perp, names)]
    sinking = scene.user(90_000_000)
    for market in markets:
        scene.open(sinking, LOTS, market=market)
    for market in markets:
        scene.rest(sinking, ask(10_400, 1, reduce_only=True), market=market)
    drawn_slot = min(leg.drawn_slot for leg in scene.world.margin(sinking).perp_legs)
    scene.world.svm.warp_to_slot(drawn_slot + slots)
    scene.world.set_time(scene.world.now + 1)
    for market in markets:
        scene.world.publish_price(scene.world.feeds[market], 9_300)
    updates = [scene.update(market) for market in markets]
    draws = [scene.draw(sinking, market) for market in markets]
    again = draws[:-1] if rounds == 2 else []
    liquidating = scene.liquidate(sinking)
    signers = scene.signers_of([liquidating])
    landed = scene.world.run(*updates, *draws, *again, liquidating, signers=signers)
    assert landed.compute_units_consumed() < COMPUTE_UNITS_MAX // 5
    assert all(scene.seat(sinking, market) is None for market in markets)
    scene.assert_whole()


def test_expired_orders_are_cancelled(scene: PerpScene) -> None:
    now = scene.world.now
    scene.rest(scene.alice, bid(9_000, 1, expires_at=now + 10), bid(9_100, 2, expires_at=now + 11))
    scene.price(PRICE_TICKS, 10)
    (changed,) = scene.run(call(scene))
    assert [(row.order_id >> 40, row.lots) for row in changed.dropped] == [(9_000, 1)]
    assert scene.resting() == [(9_100, 2)]


def test_anyone_draws_under_every_pause(arranged: PerpScene) -> None:
    arranged.run(arranged.pause(15), arranged.pause_perp(7))
    arranged.run(call(arranged))
    assert arranged.held(arranged.alice)[0] == 30


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: PerpScene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: PerpScene, refusal: Refusal[PerpScene]) -> None:
    refusal.check(arranged)
