"""The job that takes over what accounts hold that have less than keeping it requires."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest
from perp_keeper_world import ASK, BID, PRICE, PerpKeeperWorld
from solders.compute_budget import set_compute_unit_limit, set_compute_unit_price
from solders.hash import Hash
from solders.message import MessageV0
from solders.transaction import VersionedTransaction

from perp_world import UNIT_ATOMS
from secant import exchange
from secant_keeper.jobs import liquidate
from secant_keeper.perps.account import health_of, holdings
from secant_keeper.perps.closing import closing_lots
from secant_keeper.perps.prices import prices_of

if TYPE_CHECKING:
    from solders.pubkey import Pubkey

    from secant_keeper.jobs import Work

LOTS = 1_000_000
"""Worth 10,000 units at the first price."""
DEPOSIT = 1_100 * UNIT_ATOMS
"""Nine times leverage: unhealthy once the price has fallen by seven hundredths."""


@pytest.fixture
def world() -> PerpKeeperWorld:
    return PerpKeeperWorld()


def is_unhealthy(world: PerpKeeperWorld, account: Pubkey) -> bool:
    state = world.take_in()
    known = world.holder(account)
    held = holdings(state, account, known)
    assert held is not None
    return health_of(known, held, world.now).maintenance_surplus_atoms < 0


def test_a_healthy_account_is_left_alone(world: PerpKeeperWorld) -> None:
    world.position(LOTS, DEPOSIT)
    world.tick(9_500)
    assert not list(liquidate.plan(world.take_in(), world.now, world.task()))


@pytest.mark.parametrize("sign", [1, -1])
def test_an_unhealthy_account_is_liquidated_until_it_is_healthy(world: PerpKeeperWorld, sign: int) -> None:
    user = world.position(sign * LOTS, DEPOSIT)
    world.tick(PRICE - sign * 700)
    state = world.take_in()
    (work,) = liquidate.plan(state, world.now, world.task())
    assert work.keys == (user,)
    world.land([work])
    assert 0 < sign * world.lots(user) < LOTS
    assert world.lots(user) + world.lots(world.taker) == sign * LOTS
    world.take_in(state)
    assert not list(liquidate.plan(state, world.now, world.task()))


def test_open_orders_are_cancelled_and_drawn_first(world: PerpKeeperWorld) -> None:
    user = world.position(LOTS, DEPOSIT)
    world.place(user, ASK, 1_000, 10_400)
    world.place(user, ASK, 1_000, 10_450)
    world.tick(9_300)
    state = world.take_in()
    (draws,) = liquidate.plan(state, world.now, world.task())
    assert draws.instructions[-1].accounts[0].pubkey == user
    world.land([draws])
    assert world.leg(user).seat == 0
    world.take_in(state)
    assert world.land(liquidate.plan(state, world.now, world.task())) == 1
    assert 0 < world.lots(user) < LOTS


def test_what_fills_have_brought_counts_before_anybody_draws_it(world: PerpKeeperWorld) -> None:
    # A maker of its own: nothing of what its order has sold is in its leg yet.
    seller = world.open(DEPOSIT)
    world.place(seller, ASK, LOTS, PRICE)
    buyer = world.open(10 * DEPOSIT)
    world.place(buyer, BID, LOTS - 1, PRICE, kind=exchange.ORDER_FILL_OR_KILL)
    assert world.lots(seller) == 0
    world.tick(10_300)
    assert not list(liquidate.plan(world.take_in(), world.now, world.task()))
    world.tick(10_700)
    state = world.take_in()
    (draws,) = liquidate.plan(state, world.now, world.task())
    assert draws.keys == (seller,)
    world.land([draws])
    assert world.lots(seller) == 1 - LOTS
    world.land(liquidate.plan(world.take_in(state), world.now, world.task()))
    assert 1 - LOTS < world.lots(seller) < 0


def test_a_bankrupt_account_is_resolved(world: PerpKeeperWorld) -> None:
    user = world.position(LOTS, DEPOSIT)
    world.draw(world.maker)
    world.tick(8_800)
    state = world.take_in()
    (work,) = liquidate.plan(state, world.now, world.task())
    resolve = exchange.resolve_bankruptcy(
        liquidator=user,
        exchange=user,
        taker=user,
        account=user,
        market=user,
        feed=user,
        book=user,
        lots_max=LOTS,
    )
    assert work.instructions[-1].data == resolve.data
    world.land([work])
    assert world.lots(user) == 0
    assert world.perp().haircut_atoms > 0


def test_the_largest_shortfall_comes_first(world: PerpKeeperWorld) -> None:
    small = world.position(LOTS // 10, DEPOSIT // 10)
    large = world.position(LOTS, DEPOSIT)
    middle = world.position(LOTS // 2, DEPOSIT // 2)
    world.tick(9_300)
    works = list(liquidate.plan(world.take_in(), world.now, world.task()))
    assert [work.keys[0] for work in works] == [large, middle, small]
    world.land(works)


def test_no_more_is_taken_over_than_the_takers_margin_affords(world: PerpKeeperWorld) -> None:
    poor = world.open(500 * UNIT_ATOMS, owner=world.keeper.pubkey(), index=1)
    users = [world.position(LOTS, DEPOSIT - 1_000_000), world.position(LOTS, DEPOSIT)]
    world.tick(9_300)
    task = world.task(account_index=1)
    works = list(liquidate.plan(world.take_in(), world.now, task))
    assert [work.keys[0] for work in works] == users
    most = [int.from_bytes(work.instructions[-1].data[-8:], "little") for work in works]
    # 500 units of margin carry 5,000 of positions: of the second account what the first one leaves.
    assert LOTS > most[0] > most[1] > 0
    world.land(works)
    taken = world.lots(poor)
    assert taken == sum(LOTS - world.lots(user) for user in users)
    assert LOTS - world.lots(users[0]) < most[0]  # the least that restores it, all of it affordable
    assert LOTS - world.lots(users[1]) == most[1]
    assert 0 <= 500 * UNIT_ATOMS - taken * 9_300 // 10 < 10_000
    assert not list(liquidate.plan(world.take_in(), world.now, task))


def test_what_is_taken_over_is_foreseen_to_the_lot(world: PerpKeeperWorld) -> None:
    for sign, extra in product((1, -1), (0, 20_000_000)):
        world.position(sign * LOTS, DEPOSIT + extra)
    seen = 0
    for price in (9_300, 10_700):
        world.tick(price)
        for case in liquidate.find_cases(world.take_in(), world.now, world.task()):
            (held,) = case.held
            prices = prices_of(held.market, world.now)
            expected = closing_lots(held.position, held.market.rules, prices, case.health)
            before = world.lots(case.address)
            works = list(liquidate.plan(world.take_in(), world.now, world.task()))
            world.land(work for work in works if work.keys == (case.address,))
            assert abs(before) - abs(world.lots(case.address)) == expected
            seen += 1
    assert seen == 4


def test_without_an_account_of_its_own_the_keeper_only_draws(world: PerpKeeperWorld) -> None:
    user = world.position(LOTS, DEPOSIT)
    other = world.position(LOTS, DEPOSIT)
    world.place(other, ASK, 1, 10_400)
    world.tick(9_300)
    works = list(liquidate.plan(world.take_in(), world.now, world.task(account_index=None)))
    assert [work.keys for work in works] == [(other,)]
    assert user not in works[0].keys


def test_several_markets_are_brought_up_to_date_with_it(world: PerpKeeperWorld) -> None:
    second = world.new_perp("SOL", PRICE)
    user = world.position(LOTS, 2 * DEPOSIT)
    world.position(-LOTS, 0, second, account=user)
    world.tick(9_500)
    world.tick(10_900, second)
    state = world.take_in()
    for _ in range(8):
        works = list(liquidate.plan(state, world.now, world.task()))
        if not works:
            break
        world.land(works)
        state = world.take_in(state)
    assert not is_unhealthy(world, user)
    assert abs(world.lots(user)) + abs(world.lots(user, second)) < 2 * LOTS


def test_what_the_price_is_not_good_enough_for_waits(world: PerpKeeperWorld) -> None:
    world.position(LOTS, DEPOSIT)
    world.tick(9_300)
    world.ledger.set_unix_timestamp(world.now + 6 * 60 + 1)
    assert not list(liquidate.plan(world.take_in(), world.now, world.task()))
    world.tick(9_300)
    assert list(liquidate.plan(world.take_in(), world.now, world.task()))


def test_a_paused_market_is_left_alone(world: PerpKeeperWorld) -> None:
    world.position(LOTS, DEPOSIT)
    world.tick(9_300)
    world.run(
        exchange.pause_perp(
            pauser=world.admin.pubkey(),
            exchange=world.exchange,
            market=world.market,
            pause_bits=exchange.PERP_PAUSE_LIQUIDATE,
        )
    )
    assert not list(liquidate.plan(world.take_in(), world.now, world.task()))


def test_another_exchanges_accounts_are_left_alone(world: PerpKeeperWorld) -> None:
    user = world.position(LOTS, DEPOSIT)
    world.tick(9_300)
    assert not list(liquidate.plan(world.take_in(), world.now, world.task(exchange=user)))


def test_what_work_rests_on_changes_with_the_account_the_market_and_the_taker(world: PerpKeeperWorld) -> None:
    user = world.position(LOTS, DEPOSIT)
    world.tick(9_300)
    state = world.take_in()

    def once() -> tuple[int, ...] | None:
        (work,) = liquidate.plan(world.take_in(state), world.now, world.task())
        return work.once

    first = once()
    assert once() == first  # read again, unchanged
    world.tick(9_300)
    second = once()
    assert second != first
    world.run(
        exchange.deposit(
            depositor=world.admin.pubkey(),
            exchange=world.exchange,
            account=world.taker,
            source=world.purse,
            vault=exchange.find_vault(exchange=world.exchange),
            amount_atoms=1,
        )
    )
    assert once() not in {first, second}
    assert user in state.accounts


@pytest.mark.parametrize(("slots", "rounds"), [(1, 2), (1_000, 4)])
def test_orders_in_eight_markets_put_nothing_off(world: PerpKeeperWorld, slots: int, rounds: int) -> None:
    """Four seats are drawn at a time; if none was drawn lately, the first two only make the account known."""
    markets = [world.market, *(world.new_perp(f"M{number}", PRICE) for number in range(7))]
    user = world.open(8 * DEPOSIT)
    for market in markets:
        world.position(LOTS, 0, market, account=user)
        world.place(user, ASK, 10, 10_400, market)
    world.ledger.warp_to_slot(world.ledger.slot + slots)
    for market in markets:
        world.tick(9_300, market)
    state, landed = world.take_in(), []
    while works := list(liquidate.plan(state, world.now, world.task())):
        landed += works
        world.land(works)
        world.take_in(state)
    draws = [work for work in landed if len(work.instructions) > len(markets)]
    assert len(draws) == rounds
    assert len(landed) > rounds
    assert max(size_of(world, work) for work in landed) <= 1_232
    assert not is_unhealthy(world, user)


def size_of(world: PerpKeeperWorld, work: Work) -> int:
    """Bytes of the transaction that the sender makes of a piece of work."""
    budget = (set_compute_unit_limit(1_400_000), set_compute_unit_price(10**6))
    message = MessageV0.try_compile(world.keeper.pubkey(), [*budget, *work.instructions], [], Hash.default())
    return len(bytes(VersionedTransaction(message, [world.keeper])))


def test_what_does_not_fit_into_a_transaction_waits(world: PerpKeeperWorld) -> None:
    markets = [world.new_perp(f"M{number}", PRICE) for number in range(8)]
    user = world.position(LOTS, 2 * DEPOSIT)
    world.maker = world.open(10**9 * UNIT_ATOMS)  # the other has a leg for this market
    for market in markets:
        debtor = world.position(LOTS, DEPOSIT, market)
        world.tick(9_300, market)
        world.land(liquidate.plan(world.take_in(), world.now, world.task()))
        assert world.lots(debtor, market) < LOTS
    assert world.leg(world.taker) is None
    assert world.holder(world.taker).perps == 8
    world.tick(8_200)
    assert is_unhealthy(world, user)
    assert not list(liquidate.plan(world.take_in(), world.now, world.task()))
