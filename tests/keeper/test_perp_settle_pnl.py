"""The job that moves losses into a perpetual's pool, pays the winners of a closed one, and collects fees."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from perp_keeper_world import ASK, BID, PRICE, PerpKeeperWorld

from perp_world import UNIT_ATOMS
from secant import exchange
from secant_keeper.jobs import funding, inventory, liquidate, settle_pnl

if TYPE_CHECKING:
    from solders.pubkey import Pubkey

LOTS = 100_000
DEPOSIT = 1_000 * UNIT_ATOMS
NO_FEES = 10**12


@pytest.fixture
def world() -> PerpKeeperWorld:
    return PerpKeeperWorld(changes={"taker_fee_ppm": 0, "maker_rebate_ppm": 0})


def planned(world: PerpKeeperWorld, **settings: object) -> list[Pubkey]:
    chosen = {"fees_min_atoms": NO_FEES, **settings}
    return [work.keys[0] for work in settle_pnl.plan(world.take_in(), world.now, world.task(**chosen))]


def turn(world: PerpKeeperWorld, **settings: object) -> int:
    chosen = {"fees_min_atoms": NO_FEES, **settings}
    return world.land(settle_pnl.plan(world.take_in(), world.now, world.task(**chosen)))


def leave(world: PerpKeeperWorld, account: Pubkey) -> None:
    """An account closes its position with the maker, at the mark."""
    lots, price = world.lots(account), world.perp().mark_ticks
    world.place(world.maker, BID if lots > 0 else ASK, abs(lots), price)
    kind = exchange.ORDER_FILL_OR_KILL
    world.place(account, ASK if lots > 0 else BID, abs(lots), price, kind=kind, reduce_only=True)


def test_nobody_is_settled_while_nobody_waits(world: PerpKeeperWorld) -> None:
    world.position(LOTS, DEPOSIT)
    world.position(-LOTS, DEPOSIT)
    world.tick(10_300)
    assert not planned(world)


def test_the_greatest_losers_pay_for_profits_that_were_taken(world: PerpKeeperWorld) -> None:
    winner = world.position(LOTS, DEPOSIT)
    small = world.position(-LOTS // 10, DEPOSIT)
    large = world.position(-2 * LOTS, 2 * DEPOSIT)
    world.draw(world.maker)
    world.tick(10_300)
    leave(world, winner)
    world.draw(world.maker)
    profit = world.leg(winner).quote_atoms
    assert profit == LOTS * 300
    assert planned(world) == [large]
    assert planned(world, settle_min_atoms=profit + 1) == []
    turn(world)
    assert world.perp().pool_atoms == 2 * LOTS * 300
    assert world.leg(small).quote_atoms != 0
    assert not planned(world)


def test_a_loser_with_fills_that_were_not_drawn_draws_them_first(world: PerpKeeperWorld) -> None:
    winner = world.position(LOTS, DEPOSIT)
    world.tick(10_300)
    leave(world, winner)
    assert planned(world) == [world.maker]
    assert turn(world) == 1
    assert world.leg(world.maker).seat == 0
    assert planned(world) == [world.maker]
    turn(world)
    assert world.perp().pool_atoms == world.leg(winner).quote_atoms
    assert not planned(world)


def test_the_keepers_own_profit_is_brought_home(world: PerpKeeperWorld) -> None:
    world.position(10 * LOTS, 1_100 * UNIT_ATOMS)
    world.draw(world.maker)
    world.tick(9_300)
    world.land(liquidate.plan(world.take_in(), world.now, world.task()))
    world.place(world.maker, BID, 10 * LOTS, world.perp().mark_ticks)
    before = world.holder(world.taker).cash_atoms
    _hand_back(world)
    earned = world.leg(world.taker).quote_atoms
    assert earned > 0
    for _ in range(4):
        turn(world)
    assert world.leg(world.taker) is None
    assert world.holder(world.taker).cash_atoms == before + earned


def _hand_back(world: PerpKeeperWorld) -> None:
    world.land(inventory.plan(world.take_in(), world.now, world.task()))


def test_fees_are_collected_once_they_are_enough() -> None:
    world = PerpKeeperWorld()
    world.position(LOTS, DEPOSIT)
    world.draw(world.maker)
    world.tick(10_100)
    due = world.perp().fees_due_atoms
    assert due > 0
    least = world.task(fees_min_atoms=due, settle_min_atoms=due)
    for _ in range(4):
        world.land(settle_pnl.plan(world.take_in(), world.now, least))
    assert world.perp().fees_due_atoms == 0
    data = world.ledger.account_data(world.exchange)
    assert data is not None
    assert exchange.Exchange.decode(data).fees_atoms == due


def test_fees_that_the_pool_cannot_pay_are_not_collected(world: PerpKeeperWorld) -> None:
    market = world.perp()
    assert settle_pnl.collectible_atoms(market) == 0


def close(world: PerpKeeperWorld, price_ticks: int) -> None:
    """The market closes and is settled at a price."""
    close_time = world.now + exchange.NOTICE_S
    world.run(
        exchange.close_perp(
            admin=world.admin.pubkey(),
            exchange=world.exchange,
            market=world.market,
            close_time=close_time,
        )
    )
    for before_s in (exchange.CLOSING_WINDOW_S, 1):
        world.ledger.set_unix_timestamp(close_time - before_s)
        world.say(price_ticks)
        world.update()
    world.ledger.set_unix_timestamp(close_time + 100)
    assert not planned(world)  # before it is settled nobody is
    world.land(funding.plan(world.take_in(), world.now, world.task()))
    assert world.perp().settlement_ticks == price_ticks


def test_of_a_closed_market_losers_pay_first_and_everybody_leaves(world: PerpKeeperWorld) -> None:
    users = [world.position(LOTS, DEPOSIT), world.position(-2 * LOTS, DEPOSIT), world.position(LOTS, DEPOSIT)]
    world.place(users[2], ASK, 5, 10_001)
    close(world, 10_200)
    for _ in range(4):
        turn(world)
    # The maker's fills were drawn, and whoever lost has paid; nobody has been paid.
    assert [world.leg(user).quote_atoms for user in users] == [
        -LOTS * PRICE,
        2 * LOTS * 10_200,
        -LOTS * PRICE,
    ]
    assert world.perp().pool_atoms == 2 * LOTS * 200
    world.ledger.set_unix_timestamp(world.now + exchange.LOSSES_FIRST_S - 1)
    assert not planned(world)
    world.ledger.set_unix_timestamp(world.now + 1)
    for _ in range(4):
        turn(world)
    assert all(world.leg(user) is None for user in users)
    gains = [world.holder(user).cash_atoms - DEPOSIT for user in users]
    assert gains == [LOTS * 200, -2 * LOTS * 200, LOTS * 200]
    assert world.perp().pool_atoms == 0
    assert not planned(world)


def test_who_cannot_pay_in_a_closed_market_is_resolved_before_winners_are_paid(
    world: PerpKeeperWorld,
) -> None:
    debtor = world.position(-10 * LOTS, 1_010 * UNIT_ATOMS)
    winner = world.position(LOTS, DEPOSIT)
    close(world, 11_500)
    for _ in range(4):
        turn(world)
    (work,) = liquidate.plan(world.take_in(), world.now, world.task())
    assert work.keys == (debtor,)
    world.land([work])
    assert world.perp().haircut_atoms > 0
    assert not list(liquidate.plan(world.take_in(), world.now, world.task()))
    world.ledger.set_unix_timestamp(world.now + exchange.LOSSES_FIRST_S)
    for _ in range(6):
        turn(world)
    assert world.leg(debtor) is None
    assert 0 < world.holder(winner).cash_atoms - DEPOSIT < LOTS * 1_500
    assert 0 <= world.perp().pool_atoms < 10
    assert not planned(world)
    sponsor = world.open(10**6 * UNIT_ATOMS)
    world.run(
        exchange.add_insurance(
            owner=world.admin.pubkey(), account=sponsor, market=world.market, amount_atoms=10**6 * UNIT_ATOMS
        )
    )
    for _ in range(8):
        turn(world)
        world.ledger.set_unix_timestamp(world.now + settle_pnl.INSURANCE_WINDOW_S)
    # What the winners bore has come back to them, to the atom but for the dust of roundings.
    assert 0 <= LOTS * 1_500 - (world.holder(winner).cash_atoms - DEPOSIT) < 10
    assert world.perp().haircut_open_atoms == 0
    assert not planned(world)


@pytest.mark.parametrize(
    ("profit", "pool", "held", "paused", "expected"),
    [
        (100, 1_000, 0, False, 100),
        (100, 60, 0, False, 60),
        (100, 1_000, 470, False, 30),
        (100, 1_000, 500, False, 0),
        (100, 1_000, 0, True, 0),
    ],
)
def test_profits_are_paid_as_far_as_pool_and_hour_allow(
    world: PerpKeeperWorld, profit: int, pool: int, held: int, expected: int, *, paused: bool
) -> None:
    market = replace(
        world.perp(),
        pool_atoms=pool,
        profits_held_atoms=held,
        profits_let_go_at=world.now,
        rules=replace(world.perp().rules, profits_max_atoms=1_000),
        pause_bits=exchange.PERP_PAUSE_PROFITS if paused else 0,
    )
    assert settle_pnl.payable_atoms(market, profit, world.now) == expected
    if not paused:
        later = world.now + 72
        assert settle_pnl.payable_atoms(market, profit, later) == min(profit, pool, 500 - held + 10)
    settled = replace(market, settlement_ticks=1)
    assert settle_pnl.payable_atoms(settled, profit, world.now) == min(profit, pool)


def test_a_loss_that_its_few_lots_could_not_lose_is_paid_at_once(world: PerpKeeperWorld) -> None:
    """Though nobody waits for it: else what is lost elsewhere later could be paid first."""
    user = world.position(LOTS, DEPOSIT)
    world.tick(PRICE - 1_000)
    price = world.perp().mark_ticks
    world.place(world.maker, BID, LOTS, price)
    for kept, due in ((LOTS // 5, False), (10, True)):
        lots = world.lots(user) - kept
        kind = exchange.ORDER_FILL_OR_KILL
        world.place(user, ASK, lots, price, kind=kind, reduce_only=True)
        assert planned(world) == ([user] if due else [])
    cash = world.holder(user).cash_atoms
    turn(world)
    assert cash - world.holder(user).cash_atoms == LOTS * (PRICE - price)
    assert not planned(world)
