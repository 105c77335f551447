"""The job that takes out orders nobody can trade with any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from book_world import ASK, BID, BookWorld, Wanted, state_of
from keeper_running import run_keeper, settings_of
from keeper_world import BEGIN, TWAP, World, write_quotes

from secant import exchange
from secant_keeper.books import Depth
from secant_keeper.config import Settings
from secant_keeper.jobs import draw, redeem, sweep
from secant_keeper.loop import next_moment
from secant_keeper.metrics import Metrics
from secant_keeper.state import State
from secant_keeper.venues.depth import Level

if TYPE_CHECKING:
    from pathlib import Path

    from solders.pubkey import Pubkey

    from secant.localnet import Localnet

LOCK = BEGIN + 86_400
DEADLINE = LOCK + 9 * 86_400
MIN, AGE_S, MAX = sweep.EXPIRED_MIN, sweep.EXPIRED_AGE_S, sweep.SWEEP_MAX


@pytest.fixture
def books(world: World) -> BookWorld:
    admin = world.admin.pubkey()
    return BookWorld(world.add_event(admin, exchange.RESOLVER_AUTHORITY, LOCK, DEADLINE), world)


def bids(count: int, expires_at: int = 0) -> list[Wanted]:
    return [Wanted(BID, 1_000 + place, 1, expires_at) for place in range(count)]


def planned(books: BookWorld, now: int) -> list[Pubkey]:
    return [work.keys[0] for work in sweep.plan(state_of(books.world), now)]


def test_several_expired_orders_are_swept_at_once(books: BookWorld) -> None:
    books.place(*bids(MIN - 1, BEGIN + 10), *bids(5), Wanted(ASK, 9_000, 1, BEGIN + 20))
    assert not planned(books, BEGIN + 19)  # one too few
    (work,) = sweep.plan(state_of(books.world), BEGIN + 20)
    assert work.instructions == (exchange.crank_expired(event=books.event, book=books.book),)
    assert work.keys == (books.book,)
    books.world.ledger.set_unix_timestamp(BEGIN + 20)
    books.world.run(*work.instructions)
    assert books.orders == 5
    assert not planned(books, BEGIN + 20)
    assert not planned(books, LOCK - 1)  # what never expires is never swept while the event trades


def test_a_lone_expired_order_waits_its_time(books: BookWorld) -> None:
    books.place(*bids(1, BEGIN + 10), *bids(1, BEGIN + 200), *bids(1))
    assert not planned(books, BEGIN + 10 + AGE_S - 1)
    assert planned(books, BEGIN + 10 + AGE_S) == [books.book]
    books.world.ledger.set_unix_timestamp(BEGIN + 10 + AGE_S)
    books.world.run(exchange.crank_expired(event=books.event, book=books.book))
    assert books.orders == 1


def test_more_than_one_sweep_takes_are_planned_again(books: BookWorld) -> None:
    books.expand(2 * MAX)
    books.place(*bids(MAX + MIN, BEGIN + 10))
    for left in (MIN, 0):
        assert planned(books, BEGIN + 10) == [books.book]
        books.world.ledger.set_unix_timestamp(BEGIN + 10)
        books.world.run(exchange.crank_expired(event=books.event, book=books.book))
        assert books.orders == left
    assert not planned(books, BEGIN + 10)


def test_between_trading_and_settlement_nothing_is_swept(books: BookWorld) -> None:
    books.place(*bids(MIN, BEGIN + 10))
    assert planned(books, LOCK - 1) == [books.book]
    assert not planned(books, LOCK)
    books.world.run(exchange.lock_event(locker=books.world.admin.pubkey(), event=books.event))
    assert not planned(books, LOCK - 1)


def test_a_settled_book_is_the_sweeps_or_the_draws_never_both(books: BookWorld) -> None:
    books.expand(2 * MAX)
    books.place(*bids(MAX + 1))
    assert not planned(books, BEGIN)
    books.resolve()
    state = state_of(books.world)
    (work,) = sweep.plan(state, BEGIN)
    assert not list(draw.plan(state, BEGIN))
    assert not list(redeem.plan(state, BEGIN))
    books.world.run(*work.instructions)
    assert books.orders == 1
    state = state_of(books.world)
    assert not list(sweep.plan(state, BEGIN))
    (drawing,) = draw.plan(state, BEGIN)
    books.world.run(*drawing.instructions)
    assert (books.orders, books.head.seats_taken) == (0, 0)


def test_as_many_as_a_draw_takes_are_left_to_the_draws(books: BookWorld) -> None:
    books.expand(2 * MAX)
    books.place(*bids(MAX))
    books.resolve()
    state = state_of(books.world)
    assert not list(sweep.plan(state, BEGIN))
    (drawing,) = draw.plan(state, BEGIN)
    books.world.run(*drawing.instructions)
    assert (books.orders, books.head.seats_taken) == (0, 0)


def test_a_book_whose_event_is_not_known_is_left_alone(books: BookWorld) -> None:
    books.place(*bids(MIN, BEGIN + 10))
    state = state_of(books.world)
    del state.accounts[books.event]
    assert not list(sweep.plan(state, BEGIN + 10))


def test_an_expiry_moves_no_clock(books: BookWorld) -> None:
    books.place(*bids(MIN, 2**32 - 1))
    assert next_moment(state_of(books.world), BEGIN) is None


def test_what_the_state_keeps_of_a_book(books: BookWorld) -> None:
    books.place(
        *(Wanted(BID, 4_000, 7, BEGIN + 5), Wanted(BID, 4_000, 2), Wanted(BID, 4_100, 3, BEGIN + 9)),
        *(Wanted(ASK, 6_000, 4, BEGIN + 9), Wanted(ASK, 5_900, 5)),
    )
    state = state_of(books.world)
    book = state.book(books.book)
    assert book is not None
    assert [one.address for one in state.books()] == [books.book]
    assert (book.orders, book.expiries) == (5, (BEGIN + 5, BEGIN + 9, BEGIN + 9))
    assert [book.count_expired(BEGIN + after) for after in (4, 5, 8, 9)] == [0, 1, 1, 3]
    assert [book.next_expiry(BEGIN + after) for after in (0, 5, 9)] == [BEGIN + 5, BEGIN + 9, None]
    asks = (Level(5_900, 5), Level(6_000, 4))
    assert book.depth(BEGIN) == Depth((Level(4_100, 3), Level(4_000, 9)), asks)
    assert book.depth(BEGIN + 5) == Depth((Level(4_100, 3), Level(4_000, 2)), asks)
    assert book.depth(BEGIN + 9) == Depth((Level(4_000, 2),), asks[:1])


def test_a_book_shorter_than_its_orders_is_not_kept(books: BookWorld) -> None:
    books.place(*bids(5))
    data = books.world.ledger.account_data(books.book)
    assert data is not None
    head = books.head
    least = exchange.Book.SIZE + head.seats * exchange.Seat.SIZE + 5 * exchange.Order.SIZE
    state = State()
    state.apply(books.book, exchange.PROGRAM_ID, data[:least], 1)
    assert state.book(books.book) is not None
    state.apply(books.book, exchange.PROGRAM_ID, data[: least - 1], 2)
    assert state.book(books.book) is None
    assert "shorter than its orders" in state.undecodable[books.book]
    state.apply(books.book, exchange.PROGRAM_ID, data, 3)
    state.forget_missing(exchange.PROGRAM_ID, [], 3)
    assert state.book(books.book) is None


async def test_a_keeper_sweeps_while_the_event_trades(tmp_path: Path, world: World, net: Localnet) -> None:
    record = world.add_record(BEGIN, BEGIN + 5_000, TWAP, low=1)
    event = world.add_event(record, exchange.RESOLVER_RECORD, BEGIN + 5_000, BEGIN + 30 * 86_400)
    books = BookWorld(event, world)
    books.place(*bids(MIN, BEGIN + 10), *bids(3))
    quotes = write_quotes(tmp_path / "q.csv", [(BEGIN + after, "0.5", "0.52") for after in (5, 30)])
    settings = settings_of(world, net, net.url, quotes, drive_clock_until=BEGIN + 30)
    metrics = Metrics()
    await run_keeper(world, settings, metrics)
    assert world.ledger.unix_timestamp == BEGIN + 30
    assert (books.orders, books.head.changes) == (3, 2)  # placed, swept
    assert metrics.landed.labels("sweep")._value.get() == 1
    assert metrics.landed.labels("draw")._value.get() == 0


async def test_a_keeper_empties_the_fullest_book_of_a_settled_event(world: World, net: Localnet) -> None:
    admin = world.admin.pubkey()
    books = BookWorld(world.add_event(admin, exchange.RESOLVER_AUTHORITY, LOCK, DEADLINE), world)
    other = world.add_holder(1, books.event, lots=10_000)
    books.expand(2 * MAX)
    books.place(*bids(MAX))
    books.place(*(Wanted(ASK, 9_000, 1) for _ in range(MAX + 5)), account=other)
    books.resolve()
    settings = Settings(
        url=net.url, ws_url=net.ws_url, exit_when_done=True, metrics_port=None, poll_interval_s=0.01
    )
    metrics = Metrics()
    await run_keeper(world, settings, metrics)
    assert (books.orders, books.head.seats_taken) == (0, 0)
    assert metrics.landed.labels("sweep")._value.get() == 2
    assert metrics.landed.labels("draw")._value.get() == 2
    assert [world.holder(one).cash_atoms for one in (books.maker, other)] == [10**10, 10**8]
    world.run(exchange.close_book(creator=admin, exchange=world.exchange, event=books.event, book=books.book))
