"""Perpetuals in the history: every figure against a second reckoning of it, and when a row is noted."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest
from keeper_world import BEGIN
from perp_keeper_world import ASK, BID, PRICE, UNITS_PER_TICK, PerpKeeperWorld
from test_history import a_history

from perp_world import UNIT_ATOMS
from secant import exchange
from secant.perp_margin import health_with
from secant_keeper.books import Depth
from secant_keeper.history_rows import PerpLink
from secant_keeper.history_store import HistoryReader
from secant_keeper.perps.account import health_of, holdings
from secant_keeper.perps.figures import (
    Prices,
    cluster_width,
    clusters_of,
    crowd_of,
    depth_lots,
    predicted_rate,
)
from secant_keeper.perps.prices import prices_of
from secant_keeper.venues.depth import Level

if TYPE_CHECKING:
    from solders.pubkey import Pubkey

    from secant_keeper.history import History
    from secant_keeper.history_rows import Cluster, PerpSnapshot, Scan, Snapshot
    from secant_keeper.state import State
    from secant_keeper.stores.place import HistoryPlace

LOTS = 100_000


@pytest.fixture
def world() -> PerpKeeperWorld:
    return PerpKeeperWorld()


class Found(NamedTuple):
    """What a history holds of the world's perpetual."""

    rows: list[PerpSnapshot]
    scans: list[tuple[Scan, list[Cluster]]]
    books: list[Snapshot]


async def written(world: PerpKeeperWorld, history: History, place: HistoryPlace) -> Found:
    await history.close()
    market = str(world.market)
    with closing(HistoryReader(place)) as reader:
        stretches = [stretch.id for stretch in reader.stretches()]
        times = [row[0] for row in reader.database.rows("SELECT time FROM liquidation_scan ORDER BY time")]
        scans = [reader.last_scan(market, time, time + 1) for time in times]
        return Found(
            [row for stretch in stretches for row in reader.perp_snapshots(market, stretch)],
            [scan for scan in scans if scan is not None],
            [row for stretch in stretches for row in reader.snapshots(str(world.book), stretch)],
        )


def a_crowd(world: PerpKeeperWorld) -> list[Pubkey]:
    """Five accounts with positions, of which the third's are not drawn from its seat, and orders."""
    sizes = (LOTS, 3 * LOTS, -LOTS, -7 * LOTS, LOTS // 2)
    users = [world.position(lots, 2_000 * UNIT_ATOMS) for lots in sizes]
    world.draw(world.maker)
    resting = world.open(10**5 * UNIT_ATOMS)
    for side, price, lots in ((BID, 9_950, 10), (BID, 9_899, 20), (BID, 9_500, 40), (BID, 9_499, 80)):
        world.place(resting, side, lots, price)
    for price, lots in ((10_100, 1), (10_101, 2), (10_500, 4), (10_501, 8)):
        world.place(resting, ASK, lots, price)
    # The rest of what the maker sells stays in its seat: it is long or short without having drawn.
    world.place(world.maker, ASK, LOTS, 10_000)
    world.place(users[0], BID, LOTS, 10_000, kind=exchange.ORDER_FILL_OR_KILL)
    return users


def held_lots(world: PerpKeeperWorld, state: State) -> list[int]:
    """What every account holds, one account at a time."""
    state.watch.refresh(state, world.now)
    lots = []
    for address in world.accounts:
        held = holdings(state, address, world.holder(address))
        assert held is not None
        lots += [one.position.lots for one in held]
    return [one for one in lots if one]


async def test_a_row_says_what_the_market_is(world: PerpKeeperWorld, place: HistoryPlace) -> None:
    users = a_crowd(world)
    world.tick(10_010)
    state = world.take_in()
    history = a_history(place)
    history.note(state, world.now)
    (row,), _, (book,) = await written(world, history, place)
    market = world.perp()
    lots = held_lots(world, state)
    assert len(lots) == len(users) + 1  # the maker too
    longs, shorts = [one for one in lots if one > 0], [-one for one in lots if one < 0]
    assert (row.time, row.quality) == (world.now, "open")
    assert row.slot == world.ledger.slot
    assert (row.index_ticks, row.mark_ticks, row.last_ticks) == (10_010, market.mark_ticks, 10_000)
    assert (row.basis_ticks, row.basis_average) == (market.basis_ticks, market.basis_average)
    assert (row.premium_ticks, row.funding_rate) == (market.premium_ticks, market.funding_rate)
    assert row.index_average == market.index_average
    assert sum(longs) == sum(shorts)
    # Of the maker leg and seat are apart: what he bought and what he sold since.
    assert row.open_lots == market.open_lots == sum(longs) + LOTS
    assert row.value_atoms == market.open_lots * market.mark_ticks
    assert (row.pool_atoms, row.insurance_atoms) == (market.pool_atoms, market.insurance_atoms)
    assert (row.long_accounts, row.short_accounts) == (len(longs), len(shorts))
    assert (row.long_lots, row.short_lots) == (sum(longs), sum(shorts))
    assert (row.long_top_lots, row.short_top_lots) == (0, 7 * LOTS)
    low, high = (market.mark_ticks * 99 // 100, market.mark_ticks * 101 // 100)
    assert 9_899 < low < 9_950
    assert 10_101 <= high < 10_500
    assert (row.bids_1pct_lots, row.asks_1pct_lots) == (10, 1 + 2)
    assert (row.bids_5pct_lots, row.asks_5pct_lots) == (10 + 20, 1 + 2 + 4 + 8)
    assert book.trades
    with closing(HistoryReader(place)) as reader:
        keys = (str(world.market), str(world.exchange), str(world.feeds[world.market]))
        assert reader.perps() == [PerpLink(*keys, "LUNA", UNITS_PER_TICK, -6)]


async def test_it_is_noted_when_it_changes_and_not_before_the_interval(
    world: PerpKeeperWorld, place: HistoryPlace
) -> None:
    history = a_history(place, interval_s=5)
    state = world.take_in()
    begin = world.now
    history.note(state, begin)
    history.note(state, begin + 5)  # unchanged
    user = world.position(LOTS, 2_000 * UNIT_ATOMS)
    history.note(world.take_in(state), begin + 6)
    world.draw(world.maker)
    history.note(world.take_in(state), begin + 20)  # nobody holds more or less for it, nor owes
    world.place(world.maker, BID, LOTS, PRICE)
    history.note(world.take_in(state), begin + 21)
    world.place(user, ASK, LOTS, PRICE, kind=exchange.ORDER_FILL_OR_KILL)
    history.note(world.take_in(state), begin + 23)  # too early
    history.leave(world.take_in(state), begin + 24)  # but what a driven clock leaves
    rows = (await written(world, history, place)).rows
    assert [(row.time - begin, row.long_accounts, row.bids_1pct_lots) for row in rows] == [
        (0, 0, 0),
        (6, 1, 0),
        (21, 1, LOTS),
        (24, 0, 0),
    ]


async def test_accounts_that_are_heard_of_later_are_noted(
    world: PerpKeeperWorld, place: HistoryPlace
) -> None:
    history = a_history(place)
    begin = world.now
    before = world.take_in()
    world.position(LOTS, 2_000 * UNIT_ATOMS)
    after = world.take_in()
    for address in (world.market, world.book):
        data = world.ledger.account_data(address)
        before.apply(address, exchange.PROGRAM_ID, data, world.ledger.slot)
    history.note(before, begin)
    for address, account in world.ledger.program_accounts(exchange.PROGRAM_ID):
        before.apply(address, exchange.PROGRAM_ID, account.data, world.ledger.slot)
    assert before.perp(world.market) == after.perp(world.market)
    history.note(before, begin + 1)
    rows = (await written(world, history, place)).rows
    assert [(row.time - begin, row.open_lots, row.long_accounts) for row in rows] == [
        (0, LOTS, 0),
        (1, LOTS, 1),
    ]


async def test_what_time_alone_changes_is_noted_at_its_time(
    world: PerpKeeperWorld, place: HistoryPlace
) -> None:
    resting = world.open(10**5 * UNIT_ATOMS)
    begin = world.now
    world.place(resting, BID, 5, 9_950, expires_at=begin + 30)
    world.place(resting, BID, 7, 9_940)
    market = world.perp()
    assert (market.agreed_at, market.rules.stale_s) == (begin, 60)
    history = a_history(place)
    history.leave(world.take_in(), begin)
    history.note(world.take_in(), begin + 5_000)  # a driven clock's jump
    rows = (await written(world, history, place)).rows
    assert [(row.time - begin, row.quality, row.bids_1pct_lots) for row in rows] == [
        (0, "open", 12),
        (30, "open", 7),
        (61, "doubtful", 7),
        (361, "unusable", 7),
    ]


async def test_one_that_is_gone_or_settled(world: PerpKeeperWorld, place: HistoryPlace) -> None:
    history = a_history(place)
    state = world.take_in()
    history.note(state, world.now)
    market = state.accounts[world.market] = replace(world.perp(), settlement_ticks=9_000, open_lots=2**63)
    history.note(state, world.now + 1)
    state._drop(world.market)
    history.note(state, world.now + 2)
    history.note(state, world.now + 400)  # silence: all anew, and nothing is there
    rows = (await written(world, history, place)).rows
    assert market.mark_ticks
    assert [(row.quality, row.open_lots, row.value_atoms) for row in rows] == [
        ("open", 0, 0),
        ("settled", None, None),
        ("gone", None, None),
    ]


def the_first_below(world: PerpKeeperWorld, state: State, address: Pubkey) -> tuple[int, int]:
    """An account's lots, and the price at which it has less than keeping requires, from price to price."""
    account = world.holder(address)
    held = holdings(state, address, account)
    assert held is not None
    ((_, market, position),) = held
    others = health_of(account, [], world.now)

    def is_below(price_ticks: int) -> bool:
        at = replace(prices_of(market, world.now), mark_ticks=price_ticks)
        return health_with(others, position, at, market, world.now).maintenance_surplus_atoms < 0

    step = -1 if position.lots > 0 else 1
    ends = (40_000, 0) if position.lots > 0 else (1, 200_000)
    far = next((price for price in range(*ends, 500 * step) if is_below(price)), None)
    if far is None:
        return position.lots, next((price for price in (1, 2) if is_below(price)), 0)
    return position.lots, next(price for price in range(far - 500 * step, ends[1], step) if is_below(price))


async def test_a_scan_says_where_positions_end(world: PerpKeeperWorld, place: HistoryPlace) -> None:
    longs = ((LOTS, 200), (LOTS, 201), (3 * LOTS, 400), (LOTS, 2_000))
    shorts = ((-LOTS, 150), (-LOTS, 900), (-LOTS, 2_700), (-LOTS, 9_000))
    users = [world.position(lots, deposit * UNIT_ATOMS) for lots, deposit in (*longs, *shorts)]
    world.tick(10_050)
    state = world.take_in()
    history = a_history(place, scan_interval_s=60)
    history.note(state, world.now)
    history.note(state, world.now + 59)
    history.note(state, world.now + 60)
    _, ((scan, clusters), (again, _)), _ = await written(world, history, place)
    assert again.time == scan.time + 60
    mark, width = world.perp().mark_ticks, 100
    ends = [the_first_below(world, state, user) for user in users]
    reached = [(lots, price) for lots, price in ends if 0 < price <= 3 * mark]
    assert sum(price == 0 for _, price in ends) == 1  # a long that has all it costs and more
    far = [price for _, price in ends if price > 3 * mark]
    assert [price < 4 * mark for price in far] == [True, False]
    # The maker has so much that no price brings him down.
    assert scan[2:] == (mark, width, len(reached), 2, 2)
    counted: dict[int, Counter[str]] = {}
    for lots, price in reached:
        side = "long" if lots > 0 else "short"
        amounts = {f"{side}_accounts": 1, f"{side}_lots": abs(lots), f"{side}_atoms": abs(lots) * price}
        counted.setdefault(price // width * width, Counter()).update(amounts)
    named: list[dict[str, Any]] = [cluster._asdict() for cluster in clusters]
    assert [one["from_ticks"] for one in named] == sorted(counted)
    for one in named:
        expected = counted[one["from_ticks"]]
        assert {
            name: value for name, value in one.items() if name.startswith(("long", "short")) and value
        } == (dict(expected))
    assert max(one["long_accounts"] for one in named) == 2


def test_sums_beyond_64_bits_are_exact() -> None:
    many = Prices(np.full(40, 2**34), np.full(40, 2**24 - 1))
    (cluster,) = clusters_of(many, 2**23)
    assert cluster.long_atoms == 40 * 2**34 * (2**24 - 1) > 2**63


@pytest.mark.parametrize(
    ("mark", "width"), [(1, 1), (199, 1), (200, 2), (499, 2), (500, 5), (10_000, 100), (2**24 - 1, 100_000)]
)
def test_clusters_are_as_wide_as_one_in_hundred_at_most(mark: int, width: int) -> None:
    assert cluster_width(mark) == width


def test_depth_is_what_is_as_near_as_asked() -> None:
    bids = (Level(9_900, 8), Level(9_899, 16))
    asks = (Level(10_100, 32), Level(10_101, 64))
    assert depth_lots(Depth(bids, asks), 10_000, 100) == (8, 32)
    assert depth_lots(Depth(bids, asks), 10_000, 101) == (8 + 16, 32 + 64)


def test_the_predicted_rate_keeps_to_the_cap(world: PerpKeeperWorld) -> None:
    """Which is a share of the index, and so may have come down since the premium was seen."""
    market = replace(world.perp(), premium_seconds=600 * 3_600, index_ticks=9_001)
    cap = 451  # 5 % of it, rounded up
    assert predicted_rate(market) == cap << 16
    assert predicted_rate(replace(market, premium_seconds=-600 * 3_600)) == -(cap << 16)
    assert predicted_rate(replace(market, premium_seconds=-1)) == -(2**16 // 3_600)


def test_the_largest_tenth_has_all_that_are_as_large() -> None:
    assert crowd_of(np.array([0, 0], dtype=np.int64)) == (0, 0, 0, 0, 0, 0)
    assert crowd_of(np.array([5, 0, -5, 1], dtype=np.int64)) == (2, 1, 6, 5, 5, 5)
    assert crowd_of(np.arange(-10, 11, dtype=np.int64)) == (10, 10, 55, 55, 10, 10)


async def test_the_predicted_rate_is_the_next_hours(world: PerpKeeperWorld, place: HistoryPlace) -> None:
    """A premium for half an hour, then none: what is predicted is what is paid."""
    resting = world.open(10**6 * UNIT_ATOMS)
    start = BEGIN - BEGIN % 3_600 + 3_600
    world.tick(PRICE, seconds=start - world.now)
    world.place(resting, BID, 1_000, 10_100)
    while world.now < start + 1_800:
        world.tick(PRICE, seconds=100)
    world.run(
        exchange.cancel_all_perp(
            trader=world.admin.pubkey(), account=resting, market=world.market, book=world.book, side=None
        )
    )
    world.tick(PRICE, seconds=1)
    state = world.take_in()
    history = a_history(place)
    history.note(state, world.now)
    world.tick(PRICE, seconds=start + 3_600 - world.now)
    history.note(world.take_in(state), world.now)
    before, after = (await written(world, history, place)).rows
    assert (before.premium_ticks, before.funding_rate) == (0, 0)
    # A hundred ticks for 1700 seconds of 3600: while it was seen at both ends of what passed between updates.
    assert before.predicted_rate == 100 * 1_700 * 2**16 // 3_600 == after.funding_rate
    assert after.predicted_rate == 0


async def test_what_a_tick_is_is_noted_once_its_feed_is_known(
    world: PerpKeeperWorld, place: HistoryPlace
) -> None:
    state, history = world.take_in(), a_history(place)
    feed = world.feeds[world.market]
    known = state.accounts.pop(feed)
    history.note(state, world.now)
    history.note(state, world.now + 1)
    state.accounts[feed] = known
    await history._write()
    with closing(HistoryReader(place)) as reader:
        assert [link.feed_exponent for link in reader.perps()] == [None]
    history.note(state, world.now + 2)
    await history.close()
    with closing(HistoryReader(place)) as reader:
        (link,) = reader.perps()
    assert (link.units_per_tick, link.feed_exponent) == (UNITS_PER_TICK, -6)
