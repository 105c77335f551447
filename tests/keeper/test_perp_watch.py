"""Who is at risk, and what an account is worth, as the program says it; with seats counted as if drawn."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from perp_keeper_world import ASK, BID, PRICE, PerpKeeperWorld
from solders.instruction import AccountMeta

from exchange.refusals import emitted
from perp_world import UNIT_ATOMS
from secant import exchange
from secant.perp_margin import Health
from secant_keeper.attempts import Attempts
from secant_keeper.jobs import PERP_JOBS, Work
from secant_keeper.perps.account import health_of, holdings
from secant_keeper.perps.room import Room

if TYPE_CHECKING:
    from solders.pubkey import Pubkey

    from secant_keeper.state import State

SWEEP_S = 60.0


@pytest.fixture
def world() -> PerpKeeperWorld:
    return PerpKeeperWorld()


def foreseen(state: State, world: PerpKeeperWorld, account: Pubkey) -> Health:
    state.watch.refresh(state, world.now)
    known = world.holder(account)
    held = holdings(state, account, known)
    assert held is not None
    return health_of(known, held, world.now)


def stated(world: PerpKeeperWorld, account: Pubkey, *markets: Pubkey) -> Health:
    """What the program says an account is worth."""
    metas = [AccountMeta(key, is_signer=False, is_writable=False) for key in markets]
    updates = [
        exchange.update_funding(
            market=key, feed=world.feeds[key], book=exchange.find_book(event=key, outcome=0)
        )
        for key in markets
    ]
    known = (world.leg(account, key) for key in markets)
    draws = [world.drawing(account, leg.market) for leg in known if leg is not None and leg.seat]
    refresh = exchange.refresh_margin(account=account, remaining_accounts=metas)
    logs = world.land_as_keeper(*updates, *draws, refresh)
    (event,) = (event for event in emitted(logs) if isinstance(event, exchange.MarginStated))
    claims = event.equity_atoms - event.free_atoms
    return Health(event.free_atoms, claims, event.losses_atoms, event.initial_atoms, event.maintenance_atoms)


def test_an_accounts_health_is_what_the_program_states() -> None:
    rng = random.Random(3)
    world = PerpKeeperWorld(changes={"size_premium_ppb": 200_000})
    bounded = world.new_perp(
        "A PROBABILITY",
        6_000,
        close_time=world.now + 864_000,
        face_ticks=10_000,
        near_bps=0,
        near_ticks=100,
        shock_bps=0,
        shock_ticks=2_000,
        tiers=(
            exchange.PerpTier(from_atoms=0, initial_bps=10_000, maintenance_bps=9_900),
            *[exchange.PerpTier(from_atoms=0, initial_bps=0, maintenance_bps=0)] * 3,
        ),
        tier_count=1,
        insurance_cap_bps=10_000,
    )
    sponsor = world.open(10**12)
    world.run(
        exchange.add_insurance(
            owner=world.admin.pubkey(), account=sponsor, market=bounded, amount_atoms=10**12
        )
    )
    users = []
    for _ in range(6):
        user = world.position(rng.choice((-1, 1)) * rng.randrange(1_000, 10**6), 9_000 * UNIT_ATOMS)
        world.draw(world.maker)
        world.position(rng.choice((-1, 1)) * rng.randrange(1_000, 10**6), 0, bounded, account=user)
        world.draw(world.maker, bounded)
        side, mark = rng.choice([(BID, 9_800), (ASK, 10_200)])
        world.place(user, side, rng.randrange(10, 1_000), mark)
        users.append(user)
    for _ in range(8):
        world.tick(PRICE + rng.randint(-300, 300), seconds=400)
        world.tick(6_000 + rng.randint(-300, 300), bounded, seconds=rng.choice([1, 100]))
        world.update()
        state = world.take_in()
        for user in users:
            # Orders have not traded: the program counts what a seat holds only once it is drawn.
            known = replace(foreseen(state, world, user), exposed_atoms=0)  # which is not stated
            assert known == stated(world, user, world.market, bounded)
            state = world.take_in(state)


def test_a_seats_fills_count_as_if_they_were_drawn(world: PerpKeeperWorld) -> None:
    maker = world.open(10_000 * UNIT_ATOMS)
    for side in (BID, ASK):
        world.place(maker, side, 50_000, PRICE)
        taker = ASK if side == BID else BID
        other = world.open(10_000 * UNIT_ATOMS)
        world.place(other, taker, 20_000 if side == BID else 49_000, PRICE, kind=exchange.ORDER_FILL_OR_KILL)
        world.tick(PRICE + 10, seconds=1_000)
        state = world.take_in()
        before = foreseen(state, world, maker)
        world.draw(maker)
        drawn = foreseen(world.take_in(state), world, maker)
        assert (drawn.free_atoms, drawn.claims_atoms) == (before.free_atoms, before.claims_atoms)
        assert drawn.losses_atoms == before.losses_atoms


def test_the_index_finds_whom_a_look_at_everybody_finds(world: PerpKeeperWorld) -> None:
    """One state that is brought up to date again and again, against each account worked out by itself."""
    rng = random.Random(11)
    users = [
        world.position(rng.choice((-1, 1)) * 100_000, rng.randrange(102, 200) * UNIT_ATOMS) for _ in range(24)
    ]
    # Half of them rest orders, whose fills stay in their seats.
    for user in users[::2]:
        world.place(user, rng.choice((BID, ASK)), 1_000, PRICE)
    state, price, seen = world.take_in(), PRICE, set()
    for _ in range(30):
        price = max(8_500, min(11_500, price + rng.randint(-500, 500)))
        world.tick(price)
        leg = world.leg(world.maker)
        if leg is not None and leg.seat and rng.random() < 0.3:
            world.draw(world.maker)
        state = world.take_in(state)
        found = set(state.watch.pick(state, world.now, SWEEP_S).accounts)
        everybody = {
            user
            for user in (*users, world.maker)
            if foreseen(state, world, user).maintenance_surplus_atoms < 0
        }
        assert found == everybody
        seen |= found
    assert 0 < len(seen) < len(users)


def test_an_account_of_a_market_that_is_not_known_is_asked_about(world: PerpKeeperWorld) -> None:
    user = world.position(100_000, 200 * UNIT_ATOMS)
    state = world.take_in()
    state.apply(world.market, exchange.PROGRAM_ID, None, world.ledger.slot)
    assert user in state.watch.pick(state, world.now, SWEEP_S).accounts
    assert holdings(state, user, world.holder(user)) is None
    state = world.take_in(state)
    assert user not in state.watch.pick(state, world.now, SWEEP_S).accounts


def test_what_is_gone_is_watched_no_more(world: PerpKeeperWorld) -> None:
    user = world.position(100_000, 110 * UNIT_ATOMS)
    world.tick(9_300)
    state = world.take_in()
    assert state.watch.pick(state, world.now, SWEEP_S).accounts == [user]
    state.apply(user, exchange.PROGRAM_ID, None, world.ledger.slot)
    assert state.watch.pick(state, world.now, SWEEP_S).accounts == []


def test_an_account_read_again_unchanged_is_the_one_it_was(world: PerpKeeperWorld) -> None:
    state = world.take_in()
    before = state.accounts[world.market]
    versions = state.versions_of(world.market, world.book, world.taker)
    world.ledger.advance_slot()
    world.take_in(state)
    assert state.accounts[world.market] is before
    assert state.versions_of(world.market, world.book, world.taker) == versions
    world.tick(PRICE + 1)
    world.take_in(state)
    assert state.versions_of(world.market, world.book, world.taker) != versions


def test_a_taker_has_room_for_what_its_margin_covers(world: PerpKeeperWorld) -> None:
    account = world.open(100 * UNIT_ATOMS, owner=world.keeper.pubkey(), index=1)
    state, market = world.take_in(), world.perp()
    room = Room(state, account, world.holder(account), world.now)
    # Ten times leverage at a price of 10,000 ticks: 10 units for each 10,000 lots.
    assert room.lots(world.market, market, 10**6) == 100_000
    assert room.lots(world.market, market, -(10**6)) == 100_000
    assert room.lots(world.market, market, 70_000) == 70_000
    room.take(world.market, market, 70_000)
    assert room.lots(world.market, market, 10**6) == 30_000
    assert room.lots(world.market, market, -(10**6)) == 170_000
    room.take(world.market, market, 30_000)
    assert room.lots(world.market, market, 1) == 0


def test_a_taker_has_no_room_beyond_the_largest_position() -> None:
    world = PerpKeeperWorld(changes={"position_max_lots": 50_000})
    room = Room(world.take_in(), world.taker, world.holder(world.taker), world.now)
    assert room.lots(world.market, world.perp(), -80_000) == 50_000


def test_what_was_tried_is_not_tried_again_for_the_same() -> None:
    attempts = Attempts()
    first, second = (Work("liquidate", (), (), once=(one,)) for one in (1, 2))
    free = Work("liquidate", (), ())
    for work in (first, free):
        assert not attempts.is_spent(work)
        attempts.made(work)
    assert attempts.is_spent(first)
    assert not attempts.is_spent(second)
    assert not attempts.is_spent(free)
    attempts.forget_others([second])
    assert attempts.is_spent(first)
    attempts.forget_others([])
    assert not attempts.is_spent(first)


def test_planning_for_perpetuals_changes_nothing_that_is_planned(world: PerpKeeperWorld) -> None:
    for deposit in (110, 105, 300):
        world.position(100_000, deposit * UNIT_ATOMS)
    seller = world.open(200 * UNIT_ATOMS)
    world.place(seller, ASK, 50_000, PRICE)
    world.place(world.maker, BID, 10_000, PRICE, kind=exchange.ORDER_FILL_OR_KILL)
    world.ledger.set_unix_timestamp(world.now + 61)
    world.say(9_300)
    state, task = world.take_in(), world.task(fees_min_atoms=1, settle_min_atoms=1)
    accounts = dict(state.accounts)
    first, second = (
        [work for _, plan in PERP_JOBS for work in plan(state, world.now, task)] for _ in range(2)
    )
    assert {work.job for work in first} >= {"funding", "liquidate"}
    assert first == second
    assert state.accounts == accounts
