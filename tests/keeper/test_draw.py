"""The job that brings home what orders have done, so that everybody can redeem."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from book_world import ASK, BID, BookWorld, Wanted, state_of
from keeper_running import run_keeper, settings_of
from keeper_world import BEGIN, TWAP, World, write_quotes

from secant import exchange
from secant_keeper.jobs import draw, redeem
from secant_keeper.jobs.sweep import EXPIRED_AGE_S
from secant_keeper.metrics import Metrics

if TYPE_CHECKING:
    from pathlib import Path

    from solders.pubkey import Pubkey

    from secant.localnet import Localnet

DAY_S = 86_400
EXPIRY = BEGIN + 10


@pytest.fixture
def books(world: World) -> BookWorld:
    admin = world.admin.pubkey()
    return BookWorld(
        world.add_event(admin, exchange.RESOLVER_AUTHORITY, BEGIN + DAY_S, BEGIN + 9 * DAY_S), world
    )


def sweep(books: BookWorld) -> None:
    books.world.ledger.set_unix_timestamp(EXPIRY)
    books.world.run(exchange.crank_expired(event=books.event, book=books.book))


def take(books: BookWorld, taker: Pubkey, side: int, price_ticks: int, lots: int) -> None:
    request = exchange.OrderRequest(
        client_id=0,
        lots=lots,
        expires_at=0,
        price_ticks=price_ticks,
        meets_max=8,
        side=side,
        kind=exchange.ORDER_IMMEDIATE_OR_CANCEL,
        self_trade=0,
        reduce_only=False,
    )
    books.world.run(
        exchange.place_order(
            owner=books.world.admin.pubkey(),
            exchange=books.world.exchange,
            account=taker,
            event=books.event,
            book=books.book,
            request=request,
            builder_fee_bps=0,
        )
    )


def free_atoms(books: BookWorld, account: Pubkey) -> int:
    held = books.world.holder(account)
    return held.cash_atoms + held.floor_atoms


@pytest.mark.parametrize("side", [BID, ASK])
@pytest.mark.parametrize("stays", [0, 1])
def test_what_a_sweep_took_out_is_drawn_once(books: BookWorld, side: int, stays: int) -> None:
    # The fewest lots whose worst case is a unit of collateral.
    price_ticks, lots = (4_000, 250) if side == BID else (7_500, 400)
    books.place(Wanted(side, price_ticks, lots, EXPIRY), *[Wanted(side, price_ticks, 10)] * stays)
    assert not list(draw.plan(state_of(books.world), BEGIN))
    assert not list(draw.plan(state_of(books.world), EXPIRY))  # it is the sweeps'
    sweep(books)
    (drawing,) = draw.plan(state_of(books.world), EXPIRY)
    assert drawing.keys == (books.maker, books.book)
    assert drawing.instructions == (
        exchange.draw_seat(account=books.maker, event=books.event, book=books.book),
    )
    before = free_atoms(books, books.maker)
    books.world.run(*drawing.instructions)
    assert free_atoms(books, books.maker) - before == draw.FREED_MIN_ATOMS
    assert (books.orders, books.head.seats_taken) == (stays, stays)
    assert not list(draw.plan(state_of(books.world), EXPIRY))


def test_what_is_less_than_a_unit_waits(books: BookWorld) -> None:
    books.place(Wanted(BID, 3_999, 250, EXPIRY))
    sweep(books)
    assert not list(draw.plan(state_of(books.world), EXPIRY))


def test_what_frees_nothing_is_not_drawn(books: BookWorld) -> None:
    # Either outcome costs the two sides the same: without the bid the ask still reserves all of it.
    books.place(Wanted(ASK, 5_000, 1_000))
    books.place(Wanted(BID, 4_000, 500, EXPIRY), account=books.maker)
    before = free_atoms(books, books.maker)
    sweep(books)
    assert not list(draw.plan(state_of(books.world), EXPIRY))
    books.world.run(exchange.draw_seat(account=books.maker, event=books.event, book=books.book))
    assert free_atoms(books, books.maker) == before


@pytest.mark.parametrize("side", [BID, ASK])
def test_fills_are_left_to_their_owner(books: BookWorld, side: int) -> None:
    taker = books.world.add_holder(1, books.event, lots=10_000)
    against = ASK if side == BID else BID
    books.place(Wanted(side, 5_000, 1_000, EXPIRY), Wanted(side, 5_000, 1_000))
    take(books, taker, against, 5_000, 100)
    assert not list(draw.plan(state_of(books.world), BEGIN))
    sweep(books)
    assert not list(draw.plan(state_of(books.world), EXPIRY))  # the other order may fill at any time
    take(books, taker, against, 5_000, 1_000)
    (drawing,) = draw.plan(state_of(books.world), EXPIRY)  # nothing may any more, and 900 lots never did
    books.world.run(*drawing.instructions)
    books.place(Wanted(side, 5_000, 1_000))
    take(books, taker, against, 5_000, 1_000)
    assert books.orders == 0
    assert not list(draw.plan(state_of(books.world), EXPIRY))  # all of it was a fill


def test_an_event_that_trades_no_more_is_left_until_it_is_settled(books: BookWorld) -> None:
    books.place(Wanted(BID, 4_000, 250, EXPIRY), Wanted(BID, 4_000, 250))
    sweep(books)
    state = state_of(books.world)
    assert list(draw.plan(state, BEGIN + DAY_S - 1))
    assert not list(draw.plan(state, BEGIN + DAY_S))
    for missing in (books.maker, books.event):
        state = state_of(books.world)
        del state.accounts[missing]
        assert not list(draw.plan(state, EXPIRY))
    books.world.run(exchange.lock_event(locker=books.world.admin.pubkey(), event=books.event))
    assert not list(draw.plan(state_of(books.world), EXPIRY))


@pytest.mark.parametrize("seed", range(6))
def test_what_a_draw_frees_is_known_to_the_atom(books: BookWorld, seed: int) -> None:
    rng = random.Random(seed)
    taker = books.world.add_holder(1, books.event, lots=10_000)
    for _ in range(8):
        books.place(
            *(
                Wanted(side, rng.randrange(low, low + 3_000), rng.randrange(1, 900), rng.choice((0, EXPIRY)))
                for side, low in ((BID, 1_000), (ASK, 6_000))
                for _ in range(2)
            )
        )
        take(books, taker, *rng.choice(((BID, 9_000), (ASK, 1_000))), rng.randrange(1, 1_500))
    sweep(books)
    state = state_of(books.world)
    book = state.book(books.book)
    assert book is not None
    loosened = [(place, seat) for place, seat in book.loosened if seat.account == books.maker]
    ((place, seat),) = loosened
    leg = next(leg for leg in books.world.holder(books.maker).event_legs if leg.event == books.event)
    assert leg.seats[0] == place + 1
    before = free_atoms(books, books.maker)
    books.world.run(exchange.draw_seat(account=books.maker, event=books.event, book=books.book))
    assert free_atoms(books, books.maker) - before == draw.freed_atoms(seat, leg, book)
    book = state_of(books.world).book(books.book)
    assert book is not None
    assert books.maker not in [one.account for _, one in book.loosened]


async def test_a_keeper_sweeps_and_draws_while_the_event_trades(
    tmp_path: Path, world: World, net: Localnet
) -> None:
    record = world.add_record(BEGIN, BEGIN + 5_000, TWAP, low=1)
    event = world.add_event(record, exchange.RESOLVER_RECORD, BEGIN + 5_000, BEGIN + 30 * DAY_S)
    books = BookWorld(event, world)
    before = free_atoms(books, books.maker)
    books.place(Wanted(BID, 4_000, 1_000, EXPIRY))
    assert free_atoms(books, books.maker) == before - 4_000_000
    end = EXPIRY + EXPIRED_AGE_S
    quotes = write_quotes(tmp_path / "q.csv", [(BEGIN, "0.5", "0.52"), (end, "0.5", "0.52")])
    metrics = Metrics()
    await run_keeper(world, settings_of(world, net, net.url, quotes, drive_clock_until=end), metrics)
    assert (books.orders, books.head.seats_taken) == (0, 0)
    assert free_atoms(books, books.maker) == before
    assert metrics.landed.labels("draw")._value.get() == 1


def test_seats_are_drawn_before_their_accounts_redeem(world: World) -> None:
    admin = world.admin.pubkey()
    event = world.add_event(admin, exchange.RESOLVER_AUTHORITY, BEGIN + DAY_S, BEGIN + 9 * DAY_S)
    maker, holder = (world.add_holder(index, event) for index in range(2))
    book = exchange.find_book(event=event, outcome=0)
    order = exchange.OrderRequest(
        client_id=0,
        lots=50,
        expires_at=0,
        price_ticks=6_000,
        meets_max=0,
        side=exchange.SIDE_ASK,
        kind=exchange.ORDER_LIMIT,
        self_trade=0,
        reduce_only=False,
    )
    world.run(
        exchange.create_book(creator=admin, exchange=world.exchange, event=event, outcome=0, lots_min=1),
        exchange.place_order(
            owner=admin,
            exchange=world.exchange,
            account=maker,
            event=event,
            book=book,
            request=order,
            builder_fee_bps=0,
        ),
    )
    assert not list(draw.plan(state_of(world), BEGIN))
    world.run(
        exchange.lock_event(locker=admin, event=event),
        exchange.resolve_event(authority=admin, event=event, payout_ticks=[10_000, *[0] * 15]),
    )
    state = state_of(world)
    (drawing,) = draw.plan(state, BEGIN)
    assert drawing.instructions == (exchange.draw_seat(account=maker, event=event, book=book),)
    (redeeming,) = redeem.plan(state, BEGIN)
    assert redeeming.instructions == (exchange.redeem(account=holder, event=event),)
    world.run(*drawing.instructions)
    state = state_of(world)
    assert not list(draw.plan(state, BEGIN))
    (redeeming,) = redeem.plan(state, BEGIN)
    world.run(*redeeming.instructions)
    assert world.holder(maker).cash_atoms == world.holder(holder).cash_atoms == 100 * 10_000
