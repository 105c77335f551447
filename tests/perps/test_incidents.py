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


def test_a_thin_book_does_not_liquidate_who_is_healthy_at_the_index(scene: PerpScene) -> None:
    """JELLY: who is alone in the book trades and quotes 5% below the index, and the mark stays.

    Held for minutes the book's basis does move the mark; whoever holds it must stand there for everybody.
    """
    victim = scene.user(11_050_000)
    scene.open(victim, 10_000)
    scene.stay(9_600)
    stated = scene.health(victim)
    assert (stated.equity_atoms, stated.maintenance_atoms) == (7_005_000, 4_800_000)
    _, attacker = thin_mark(scene, exchange.SIDE_ASK, 9_120)
    assert scene.perp().mark_ticks == 9_600
    scene.assert_refused("AccountHealthy", scene.liquidate(victim, taker=attacker))
    scene.price(9_600, 60)
    assert scene.perp().mark_ticks == 9_600 - 480 * 60 // 300
    scene.assert_refused("AccountHealthy", scene.liquidate(victim, taker=attacker))
    scene.assert_whole()


def test_a_stale_mark_lets_nothing_out(scene: PerpScene) -> None:
    """The feed has published the fall, but the market has not seen it: its old mark does not count."""
    world, loser, winner = scene.world, scene.user(100 * UNIT_ATOMS), scene.user(100 * UNIT_ATOMS)
    scene.open(loser, 10_000, against=winner)
    scene.later(59)
    world.publish_price(world.feeds[scene.market], 6_000)
    withdrawing = world.withdraw(loser, 89 * UNIT_ATOMS)
    scene.assert_refused("MarginStale", withdrawing)
    scene.assert_refused("PerpMarketStale", scene.fresh(loser), withdrawing)
    scene.assert_refused("InsolventAccount", scene.update(), scene.fresh(loser), withdrawing)
    scene.assert_whole()


def test_a_stale_mark_opens_nothing_elsewhere(scene: PerpScene) -> None:
    world, user = scene.world, scene.user(11 * UNIT_ATOMS)
    scene.open(user, 5_000)
    scene.later(59)
    world.publish_price(world.feeds[scene.market], 9_000)
    opening = scene.trade(user, bid(9_999, 5_000), scene.other_market)
    scene.assert_refused("PerpMarketStale", opening)
    scene.assert_refused("InsolventAccount", scene.update(), opening)
    scene.assert_whole()


def test_a_stale_mark_elsewhere_liquidates_nobody(scene: PerpScene) -> None:
    """A liquidator leaves the market in which his victim has won as it was, and takes over in the other."""
    world, victim = scene.world, scene.user(25 * UNIT_ATOMS)
    scene.open(victim, 10_000)
    scene.open(victim, 10_000, market=scene.other_market)
    scene.prices(10_000, 9_000)
    scene.later(3_000)
    world.publish_price(world.feeds[scene.other_market], 15_000)
    scene.price(9_400)
    liquidating = scene.liquidate(victim)
    scene.assert_refused("PerpMarketStale", liquidating)
    scene.assert_refused("PerpMarketStale", scene.resolve(victim))
    scene.assert_refused("AccountHealthy", scene.update(scene.other_market), liquidating)
    scene.assert_whole()


def test_an_order_in_a_dead_market_does_not_stop_a_liquidation(scene: PerpScene) -> None:
    """A bid where the feed has been silent for ten minutes is cancelled by whoever draws the seat."""
    sinking = scene.user(11 * UNIT_ATOMS)
    scene.open(sinking, 10_000)
    scene.rest(sinking, bid(1, 1), market=scene.other_market)
    scene.price(9_000)
    scene.price(9_000, 600)
    drawn = scene.draw(sinking, scene.other_market)
    scene.assert_refused("OrdersOpen", scene.update(scene.other_market), scene.liquidate(sinking))
    scene.run(drawn, scene.liquidate(sinking))
    assert scene.held(scene.liquidator)[0] > 0
    scene.assert_whole()


def test_an_order_in_a_paused_market_does_not_stop_a_liquidation(scene: PerpScene) -> None:
    sinking = scene.user(11 * UNIT_ATOMS)
    scene.open(sinking, 10_000, market=scene.other_market)
    scene.rest(sinking, bid(1, 1))
    scene.run(scene.pause(15), scene.pause_perp(7))
    scene.prices(PRICE_TICKS, 9_000)
    liquidating = scene.world.liquidate(scene.liquidator, sinking, scene.other_market)
    scene.run(scene.draw(sinking), liquidating)
    scene.assert_whole()


def test_a_pumped_index_pays_no_more_than_others_have_lost(scene: PerpScene) -> None:
    """Mango: long and short are one owner's, and the feed itself doubles: the profit buys nothing.

    What leaves is what the losers had: the own other account, and an innocent short's loss.
    """
    world = scene.world
    long, short = scene.user(500 * UNIT_ATOMS), scene.user(500 * UNIT_ATOMS)
    innocent = scene.user(20 * UNIT_ATOMS)
    scene.open(long, 400_000, against=short)
    scene.open(scene.alice, 1_000, against=innocent)
    scene.rest(scene.mallory, ask(15_000, 1))
    scene.price(20_000)
    assert scene.perp().mark_ticks == 15_000
    for refused, instruction in (
        ("PriceUnfit", scene.settle(long)),
        ("PriceUnfit", scene.trade(long, bid(15_000, 1))),
        ("InsolventAccount", world.withdraw(long, 500 * UNIT_ATOMS)),
    ):
        scene.assert_refused(refused, scene.fresh(long), instruction)
    scene.stay(20_000)
    scene.assert_refused("NothingToSettle", scene.settle(long))
    scene.run(scene.settle(short))
    scene.run(scene.settle(innocent))
    (settled,) = scene.run(scene.settle(long))
    assert settled.amount_atoms <= 500 * UNIT_ATOMS + 10 * UNIT_ATOMS
    stated = scene.health(long)
    before = worth(scene, long, short, price_ticks=PRICE_TICKS)
    assert stated.free_atoms - (stated.initial_atoms - stated.losses_atoms) <= 510 * UNIT_ATOMS
    assert before <= 1_000 * UNIT_ATOMS
    scene.assert_whole()


# Profits before losses


def test_winners_wait_for_losers(scene: PerpScene) -> None:
    """LUNA: winners settle first, and get nothing; then what one loser has paid, and nobody's cash."""
    winner, payer, absent = (scene.user(100 * UNIT_ATOMS) for _ in range(3))
    scene.open(payer, 20_000, against=winner)
    scene.open(absent, 70_000, against=winner)
    cash = scene.world.token_amount(scene.world.vault)
    scene.stay(8_700)
    scene.assert_refused("NothingToSettle", scene.settle(winner))
    scene.run(scene.settle(payer))
    (settled,) = scene.run(scene.settle(winner))
    assert settled.amount_atoms == 20_000 * 1_300 + 90_000
    scene.assert_refused("NothingToSettle", scene.settle(winner))
    assert scene.perp().pool_atoms == 0
    assert scene.world.token_amount(scene.world.vault) == cash
    scene.assert_whole()


def test_a_runaway_price_drains_no_more_than_the_hours_limit(scene: PerpScene) -> None:
    """A feed that is wrong for an hour costs no more than the limit, whoever settles how often."""
    scene.market = scene.world.new_perp("limited", profits_max_atoms=5 * UNIT_ATOMS)
    winners = [scene.user(100 * UNIT_ATOMS) for _ in range(3)]
    loser = scene.user(1_000 * UNIT_ATOMS)
    for winner in winners:
        scene.open(loser, 20_000, against=winner)
    scene.stay(8_000)
    scene.run(scene.settle(loser))
    paid = 0
    for _ in range(3):
        for winner in winners:
            cash = scene.cash(winner)
            scene.world.refused(scene.liquidator, scene.settle(winner))
            paid += scene.cash(winner) - cash
        scene.price(8_000, 1_000)
    at_once = 5 * UNIT_ATOMS // 2
    assert paid == at_once + at_once * 2_000 // 3_600
    scene.assert_whole()


def test_a_profit_that_is_not_paid_leaves_by_no_way(scene: PerpScene) -> None:
    """Unrealised profit is no collateral, neither for what leaves nor for another perpetual."""
    world, user = scene.world, scene.user(11 * UNIT_ATOMS)
    scene.open(user, 10_000)
    scene.stay(14_000)
    scene.stay(19_000)
    scene.prices(19_000)
    stated = scene.health(user)
    assert stated.equity_atoms == 11 * UNIT_ATOMS - 45_000 + 90 * UNIT_ATOMS
    free = max(0, stated.free_atoms - stated.initial_atoms)
    assert free == 0
    for instruction in (world.withdraw(user, 1_000_000), scene.insure(user, 1_000_000)):
        scene.assert_refused("InsolventAccount", scene.fresh(user), instruction)
    scene.assert_refused("InsolventAccount", scene.trade(user, bid(9_999, 1), scene.other_market))
    scene.assert_whole()


# Self-trades against insurance and others' profits


def test_far_orders_do_not_hide_a_dear_one(scene: PerpScene) -> None:
    """Orders of a side count at their dearest: asks at the highest price make up for none below the index."""
    loser = scene.user(100 * UNIT_ATOMS)
    scene.rest(loser, ask(FAR_TICKS, 8))
    lots, price_ticks = 60_000, 9_501
    required = (lots + 8) * PRICE_TICKS // 10 + (lots + 8) * (PRICE_TICKS - price_ticks)
    scene.rest(loser, ask(price_ticks, lots))
    assert scene.health(loser).initial_atoms == required
    more = (100 * UNIT_ATOMS - required) // (PRICE_TICKS // 10 + PRICE_TICKS - price_ticks)
    scene.assert_refused("InsolventAccount", scene.trade(loser, ask(price_ticks, more + 1)))
    scene.rest(loser, ask(price_ticks, more))
    winner = scene.user(1_000 * UNIT_ATOMS)
    scene.placed(winner, bid(price_ticks, lots + more, kind=FOK))
    scene.run(scene.draw(loser), scene.cancel_all(loser))
    scene.price(PRICE_TICKS, 61)
    stated = scene.health(loser)
    assert stated.equity_atoms >= stated.maintenance_atoms
    scene.assert_whole()


def test_low_bids_do_not_hide_a_dear_one(scene: PerpScene) -> None:
    """As with far asks, at 19.9 times leverage."""
    tier = exchange.PerpTier(from_atoms=0, initial_bps=501, maintenance_bps=500)
    scene.market = scene.world.new_perp("steep", tiers=(tier, NO_TIER, NO_TIER, NO_TIER), tier_count=1)
    loser = scene.user(60 * UNIT_ATOMS)
    scene.rest(loser, bid(1, 10_517))
    scene.assert_refused("InsolventAccount", scene.trade(loser, bid(10_500, 103_200)))
    scene.rest(loser, bid(10_500, 40_000))
    assert scene.health(loser).initial_atoms == 50_517 * 501 + 50_517 * 500
    scene.assert_whole()


@pytest.mark.parametrize("side", [exchange.SIDE_BID, exchange.SIDE_ASK])
def test_trades_with_oneself_drain_no_insurance(scene: PerpScene, side: int) -> None:
    """Percolator: a cartel trades with itself as dear as it may, and would resolve its own loser.

    The loser has what the fill costs it: no trade makes it bankrupt, insurance pays nothing, and all of the
    cartel is poorer by the fees.
    """
    scene.run(scene.insure(scene.alice, 1_000 * UNIT_ATOMS))
    loser, winner = scene.user(100 * UNIT_ATOMS), scene.user(1_000 * UNIT_ATOMS)
    makes, takes = (ask, bid) if side == exchange.SIDE_BID else (bid, ask)
    edge = 10_500 if side == exchange.SIDE_BID else 9_500
    lots = 60_000
    scene.rest(winner, makes(edge, lots))
    scene.placed(loser, takes(edge, lots, kind=FOK))
    scene.run(scene.draw(winner))
    for seconds in (1, 60, 301):
        scene.price(PRICE_TICKS, seconds)
        assert scene.perp().mark_ticks == PRICE_TICKS
        scene.assert_refused("AccountHealthy", scene.resolve(loser, winner))
        scene.assert_refused("AccountHealthy", scene.liquidate(loser, taker=winner))
    assert scene.perp().insurance_atoms == 1_000 * UNIT_ATOMS
    fees = scene.perp().fees_due_atoms
    assert worth(scene, loser, winner, price_ticks=PRICE_TICKS) == 1_100 * UNIT_ATOMS - fees
    scene.assert_whole()


def test_an_own_bankruptcy_pays_its_owner_no_more_than_its_reward(scene: PerpScene) -> None:
    """Long and short are one owner's, the price gaps, and he resolves his own loser.

    What he gains over both is what the loser was short of, which a stated share of insurance bounds in a day.
    """
    scene.market = scene.world.new_perp("capped", insurance_cap_bps=1_000)
    scene.run(scene.insure(scene.alice, 100 * UNIT_ATOMS))
    scene.open(scene.alice, 90_000)
    loser, winner = scene.user(100 * UNIT_ATOMS), scene.user(1_000 * UNIT_ATOMS)
    scene.open(loser, 90_000, against=winner)
    scene.stay(8_000)
    scene.run(scene.settle(scene.alice))
    scene.run(scene.resolve(loser, winner))
    assert 100 * UNIT_ATOMS - scene.perp().insurance_atoms == 10 * UNIT_ATOMS
    scene.assert_whole()


def test_a_winner_does_not_escape_its_haircut_through_the_loser(scene: PerpScene) -> None:
    """Two accounts of one owner open opposite positions, and the price gaps through the margin of the one.

    Reducing against its own winner would leave the debt to others: who is worth less than nothing may not.
    """
    loser, winner = scene.user(100 * UNIT_ATOMS), scene.user(100 * UNIT_ATOMS)
    scene.open(scene.alice, 90_000)
    scene.open(loser, 90_000, against=winner)
    scene.stay(4_000)
    assert scene.health(loser).equity_atoms < -440 * UNIT_ATOMS
    scene.rest(winner, bid(4_000, 90_000, reduce_only=True))
    scene.assert_refused(
        "InsolventAccount", scene.trade(loser, ask(4_000, 90_000, kind=FOK, reduce_only=True))
    )
    scene.run(scene.cancel_all(winner))
    before = scene.health(winner).equity_atoms
    (landed,) = scene.run(scene.resolve(loser))
    lost = before - scene.health(winner).equity_atoms
    assert 0 <= lost - landed.haircut_atoms * 90_000 // 180_000 <= 1
    scene.assert_whole()
