"""What brought others down, played on the programs: no attack gains more than is stated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from secant import exchange
from world import User, ask, bid

from .scene import FOK, PRICE_TICKS, PerpScene

if TYPE_CHECKING:
    from solders.pubkey import Pubkey

UNIT_ATOMS = 10**6
FAR_TICKS = 2**24 - 1
NO_TIER = exchange.PerpTier(from_atoms=0, initial_bps=0, maintenance_bps=0)


def worth(scene: PerpScene, *users: User, market: Pubkey | None = None, price_ticks: int) -> int:
    """What users would have in all if their positions were closed at a price; their orders are cancelled."""
    total = 0
    for user in users:
        lots, quote_atoms = scene.held(user, market)
        total += scene.cash(user) + lots * price_ticks + quote_atoms
    return total


def thin_mark(scene: PerpScene, side: int, price_ticks: int, market: Pubkey | None = None) -> list[User]:
    """Two accounts of one owner trade a lot with each other and quote around it, alone in the book."""
    first, second = scene.user(1_000 * UNIT_ATOMS), scene.user(1_000 * UNIT_ATOMS)
    makes, takes = (ask, bid) if side == exchange.SIDE_BID else (bid, ask)
    away = 1 if side == exchange.SIDE_BID else -1
    scene.rest(first, makes(price_ticks, 1), market=market)
    scene.placed(second, takes(price_ticks, 1, kind=FOK), market)
    scene.rest(second, takes(price_ticks - away, 10), market=market)
    scene.rest(first, makes(price_ticks + away, 10), market=market)
    scene.run(scene.update(market))
    return [first, second]


# The mark, and what is stale


@pytest.mark.xfail(
    strict=True,
    reason="an account that is worth 7.0 at the index, where keeping requires 4.8, is liquidated at a mark"
    " 5% below that only its liquidator has traded at: he gains 5.5 of the 7.0 for fees of less "
    "than 0.001",
)
def test_a_thin_book_does_not_liquidate_who_is_healthy_at_the_index(scene: PerpScene) -> None:
    """The JELLY pattern: who alone is in the book moves the mark by the near band, and takes over at it."""
    victim = scene.user(11_050_000)
    scene.open(victim, 10_000)
    scene.stay(9_600)
    stated = scene.health(victim)
    assert (stated.equity_atoms, stated.maintenance_atoms) == (7_005_000, 4_800_000)
    _, attacker = thin_mark(scene, exchange.SIDE_ASK, 9_120)
    assert scene.perp().mark_ticks == 9_120
    scene.assert_refused("AccountHealthy", scene.liquidate(victim, taker=attacker))


@pytest.mark.xfail(
    strict=True,
    reason="at the market's last mark, which the feed has left behind, 89 of 100 leave under a position "
    "that is worth 60 less than nothing: 29 are missing, and the other account of the same owner "
    "has won 40",
)
def test_a_stale_mark_lets_nothing_out(scene: PerpScene) -> None:
    """The feed has published the fall, but the market has not seen it: the old mark still counts."""
    world, loser, winner = scene.world, scene.user(100 * UNIT_ATOMS), scene.user(100 * UNIT_ATOMS)
    scene.open(loser, 10_000, against=winner)
    world.set_time(world.now + 59)
    world.publish_price(world.feeds[scene.market], 6_000)
    world.svm.warp_to_slot(1_000)
    landed = world.refused(loser, scene.fresh(loser), world.withdraw(loser, 89 * UNIT_ATOMS))
    scene.run(scene.update())
    assert (landed, scene.health(loser).equity_atoms >= 0) == ("MarginStale", True)


@pytest.mark.xfail(
    strict=True,
    reason="the other market counts at a mark 50 minutes old: 2,900 of 10,000 lots are taken from an "
    "account worth 43.6 above what keeping requires once that market is brought up to date",
)
def test_a_stale_mark_elsewhere_liquidates_nobody(scene: PerpScene) -> None:
    """A liquidator leaves the market in which his victim has won as it was, and takes over in the other."""
    world, victim = scene.world, scene.user(25 * UNIT_ATOMS)
    scene.open(victim, 10_000)
    scene.open(victim, 10_000, market=scene.other_market)
    scene.prices(10_000, 9_000)
    world.set_time(world.now + 3_000)
    world.publish_price(world.feeds[scene.other_market], 15_000)
    scene.price(9_400)
    landed = world.refused(scene.liquidator, scene.liquidate(victim))
    scene.run(scene.update(scene.other_market))
    assert (landed, scene.health(victim).equity_atoms >= 53 * UNIT_ATOMS) == ("PriceUnfit", True)


@pytest.mark.xfail(
    strict=True,
    reason="a bid of one lot in a market whose feed is 10 minutes old keeps an account from being "
    "liquidated in every other: drawing its seat cancels nothing there, and OrdersOpen is all that "
    "liquidating says",
)
def test_an_order_in_a_dead_market_does_not_stop_a_liquidation(scene: PerpScene) -> None:
    """The account sinks from 0.955 of equity to a debt of 39 while nobody can take it over."""
    sinking = scene.user(11 * UNIT_ATOMS)
    scene.open(sinking, 10_000)
    scene.rest(sinking, bid(1, 1), market=scene.other_market)
    scene.price(9_000)
    scene.price(9_000, 600)
    stated = scene.health(sinking)
    assert (stated.equity_atoms, stated.maintenance_atoms) == (955_000, 4_500_000)
    drawn = scene.draw(sinking, scene.other_market)
    assert scene.world.refused(scene.liquidator, drawn, scene.liquidate(sinking)) == ""


# Self-trades against insurance and others' profits


@pytest.mark.xfail(
    strict=True,
    reason="8 asks at the highest price hide that 105,243 others sell 9.75% below the index: the maker of "
    "a position of 1,052 loses 102.35 with 100 of collateral, and his two other accounts have won "
    "101.97",
)
def test_far_orders_do_not_hide_a_dear_one(scene: PerpScene) -> None:
    """Orders of a side count by their average price: one far away makes up for many at a loss."""
    thin = thin_mark(scene, exchange.SIDE_ASK, 9_500)
    scene.run(scene.cancel_all(thin[0]))
    scene.rest(thin[0], bid(9_026, 10))
    scene.run(scene.update())
    loser = scene.user(100 * UNIT_ATOMS)
    price_ticks = 9_027
    lots = 1_000 * UNIT_ATOMS // scene.perp().mark_ticks - 20
    scene.rest(loser, ask(FAR_TICKS, 8))
    scene.rest(loser, ask(price_ticks, lots))
    scene.placed(thin[1], bid(price_ticks, lots, kind=FOK))
    scene.run(scene.draw(loser), *[scene.cancel_all(user) for user in (loser, *thin)])
    scene.price(PRICE_TICKS, 61)
    assert scene.health(loser).equity_atoms >= 0


@pytest.mark.xfail(
    strict=True,
    reason="with 19.9 times leverage, which the rules allow, bids at one tick hide dear ones too: 60 of "
    "collateral lose 105, and 44 more than that have been won",
)
def test_low_bids_do_not_hide_a_dear_one(scene: PerpScene) -> None:
    tier = exchange.PerpTier(from_atoms=0, initial_bps=501, maintenance_bps=500)
    market = scene.world.new_perp("steep", tiers=(tier, NO_TIER, NO_TIER, NO_TIER), tier_count=1)
    thin = thin_mark(scene, exchange.SIDE_BID, 10_500, market)
    loser = scene.user(60 * UNIT_ATOMS)
    scene.run(scene.cancel_all(thin[0], market=market))
    scene.rest(thin[0], ask(11_019, 10), market=market)
    scene.rest(loser, bid(1, 10_517), market=market)
    scene.rest(loser, bid(11_018, 103_200), market=market)
    scene.placed(thin[1], ask(11_018, 103_200, kind=FOK), market)
    scene.run(*[scene.cancel_all(user, market=market) for user in (loser, *thin)])
    scene.price(PRICE_TICKS, 61, market)
    assert scene.health(loser).equity_atoms >= 0


@pytest.mark.xfail(
    strict=True,
    reason="after a fall from 10,000 to 4,000 the loser reduces against the winner of the same owner: his "
    "debt of 440.6 is borne half by each side's others, and the winner, who holds nothing now, "
    "keeps 540.1: 221.1 more",
)
def test_a_winner_does_not_escape_its_haircut_through_the_loser(scene: PerpScene) -> None:
    """Two accounts of one owner open opposite positions; the price gaps through the margin of both sides."""
    loser, winner = scene.user(100 * UNIT_ATOMS), scene.user(100 * UNIT_ATOMS)
    scene.open(scene.alice, 90_000)
    scene.open(loser, 90_000, against=winner)
    scene.stay(4_000)
    assert scene.health(loser).equity_atoms < -440 * UNIT_ATOMS
    scene.rest(winner, bid(4_000, 90_000, reduce_only=True))
    scene.assert_refused(
        "InsolventAccount", scene.trade(loser, ask(4_000, 90_000, kind=FOK, reduce_only=True))
    )


# Free collateral through events


@pytest.mark.xfail(
    strict=True,
    reason="what a builder earns is free collateral that no check has seen: 10 of 20 leave under a "
    "position of 180 that requires 18",
)
def test_builder_fees_do_not_hide_a_withdrawal(scene: PerpScene) -> None:
    """An account with 10 earns 10 in builder fees, opens a position with all of 20, and takes 10 out."""
    world, builder, payer = scene.world, scene.user(10 * UNIT_ATOMS), scene.user()
    event = world.new_event(scene.mallory)
    book = world.new_book(scene.mallory, event)
    scene.run(world.place(scene.mallory, event, book, ask(5_000, 400_000)))
    taking = bid(5_000, 50_000, kind=FOK)
    for _ in range(8):
        scene.run(
            world.take(payer, event, book, taking, builder=builder.account, builder_fee_bps=100),
        )
    assert scene.free(builder) == 20 * UNIT_ATOMS
    scene.open(builder, 18_000)
    assert scene.health(builder).initial_atoms == 18_000 * PRICE_TICKS // 10
    world.svm.warp_to_slot(1_000)
    scene.assert_refused("MarginStale", world.withdraw(builder, 10 * UNIT_ATOMS))
