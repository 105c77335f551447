"""Perpetuals through the client: markets, trading, health, settling, against the real programs."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

from secant import Client, Wallet, exchange
from secant.client import PerpTerms, PositionSide, PriceProblem, Side, perp_rules
from secant.client.perp_accounts import held_markets, other_markets, updating
from secant.errors import AccountNotFound, FrameworkError, InputError, ProgramError, UnitError, WalletError

from .node import Node
from .perp_markets import PerpMarkets, perp_markets

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from .conftest import Market


@pytest.fixture
async def perps(market: Market) -> AsyncIterator[PerpMarkets]:
    async for made in perp_markets(market):
        await made.create()
        yield made


@pytest.fixture
async def long(perps: PerpMarkets) -> AsyncIterator[Client]:
    async for client in perps.trader():
        yield client


@pytest.fixture
async def short(perps: PerpMarkets) -> AsyncIterator[Client]:
    async for client in perps.trader():
        yield client


async def meet(long: Client, short: Client, size: int | str, price: str, market: str = "SOL") -> None:
    """One sells what the other buys."""
    await short.trade_perp(market, "sell", size, price)
    await long.trade_perp(market, Side.BUY, size, price)


async def test_a_market_says_what_it_is(perps: PerpMarkets) -> None:
    (view,) = await perps.admin.perps()
    assert view == await perps.admin.perp("SOL")
    assert view == await perps.admin.perp(view.address)
    assert (view.name, view.tick_size, view.lot_size) == ("SOL", Decimal("0.0001"), Decimal("0.01"))
    assert (view.index, view.mark, view.basis) == (1, 1, 0)
    assert (view.tiers[0].leverage, view.tiers[0].maintenance) == (10, Decimal("0.05"))
    assert (view.limits.price_min, view.limits.price_max) == (Decimal("0.95"), Decimal("1.05"))
    assert (view.quality.problems, view.quality.opens, view.paused) == ((), True, ())
    with pytest.raises(AccountNotFound, match="secant perp list"):
        await perps.admin.perp("ETH")


async def test_a_long_and_a_short_meet_settle_and_leave(
    perps: PerpMarkets, long: Client, short: Client
) -> None:
    rested = await short.trade_perp("SOL", "sell", 100, "1.0010", client_id=7)
    assert (rested.rested, rested.resting_price, rested.filled) == (100, Decimal("1.001"), 0)
    (order,) = await short.perp_orders("SOL")
    assert (order.id, order.side, order.size, order.price, order.client_id) == (
        rested.order_id,
        Side.SELL,
        100,
        Decimal("1.001"),
        7,
    )
    book = await long.perp_book("SOL")
    assert [(level.price, level.size, level.depth) for level in book.asks] == [
        (Decimal("1.001"), 100, Decimal("100.1"))
    ]
    quoted = await long.quote_perp("SOL", "buy", 60)
    bought = await long.trade_perp("SOL", "buy", 60)  # at the market
    assert (bought.filled, bought.price, bought.value) == (60, Decimal("1.001"), Decimal("60.06"))
    assert bought.fee == Decimal("0.027027")
    assert (quoted.order.filled, quoted.order.fee) == (bought.filled, bought.fee)
    health = await long.perp_health()
    assert quoted.after == health
    (position,) = health.positions
    assert (position.side, position.size) == (PositionSide.LONG, 60)
    assert position.break_even == Decimal("1.001") + bought.fee / 60
    # The maker's fill is in its seat, and counts before anyone draws it.
    (against,) = (await short.perp_health()).positions
    assert (against.side, against.size, against.wants_draw) == (PositionSide.SHORT, 60, True)
    assert against.ask_size == 40
    assert (await long.perp("SOL")).open_size == 60

    await short.cancel_all_perp("SOL")
    assert await short.perp_orders("SOL") == ()
    await perps.settle_down("SOL", "0.98")
    paid = await long.settle_pnl("SOL")
    assert paid.amount < 0
    assert (await long.account()).cash == 500 + paid.amount
    view = await long.perp("SOL")
    assert view.pool + view.fees == -paid.amount
    with pytest.raises(ProgramError, match="Nothing moves"):
        await long.settle_pnl("SOL")
    await short.trade_perp("SOL", "buy", 60, "0.9800", kind="post-only")
    closed = await long.reduce_perp("SOL")
    assert (closed.filled, closed.side) == (60, Side.SELL)
    await long.settle_pnl("SOL")
    assert (await long.perp_health()).positions == ()
    won = await short.settle_pnl("SOL")
    assert won.amount > 0
    with pytest.raises(InputError, match="no position in SOL"):
        await long.reduce_perp("SOL")


async def test_a_receipt_outlives_the_node_that_would_explain_it(
    perps: PerpMarkets, long: Client, short: Client
) -> None:
    await short.trade_perp("SOL", "sell", 60, "1.0000")
    net = perps.market.net
    async with Node(net.url) as node:

        async def silent_once_sent(request: Any) -> Any:
            refused = {"jsonrpc": "2.0", "id": request["id"], "error": {"code": -32601, "message": "busy"}}
            return web.json_response(refused) if "sendTransaction" in node.asked else None

        node.answers = dict.fromkeys(("getMultipleAccounts", "getAccountInfo"), silent_once_sent)
        async with Client.connect(node.url, long.wallet, ws_url=net.ws_url) as behind:
            done = await behind.trade_perp("SOL", "buy", 100, "1.0000", kind="ioc")
    assert (done.filled, done.missing) == (60, 40)
    assert "busy" in done.why


async def test_what_lowers_free_collateral_states_its_margin(
    perps: PerpMarkets, long: Client, short: Client
) -> None:
    """Whatever it is, a withdrawal or an order of an event, it goes with the margin of the perpetuals."""
    await perps.create("ETH", "20.00")
    for market, price in (("SOL", "1.00"), ("ETH", "20.00")):
        await meet(long, short, 10, price, market)
    before = await long.perp_health()
    await long.withdraw(100)
    assert (await long.perp_health()).free == before.free - 100
    await long.create_event("rain", lock_time=perps.now + 1_000, settlement_deadline=perps.now + 2_000)
    await long.create_book("rain")
    assert (await long.place_order("rain", "YES", "buy", 10, "0.40")).rested == 10
    assert (await long.quote_take("rain", "YES", "buy", 1, "0.40", book_only=True)).shares == 0
    await long.mint_set("rain", 5)
    await long.create_pool("rain", 20)
    await long.buy("rain", "YES", 3)
    await long.insure_perp("SOL", 5)
    assert (await long.perp("SOL")).insurance == 5
    await short.place_order("rain", "YES", "sell", 4, "0.40")
    await short.draw_seats("rain", owner=long.wallet.address)  # by anyone, though it may cost collateral
    # Prices grow old: the markets are brought up to date in the same transaction, not counted as doubtful.
    await perps.say("SOL", "1.00", seconds=600)
    await perps.say("ETH", "20.00")
    await long.withdraw(1)
    health = await long.perp_health()
    with pytest.raises(ProgramError, match="is free beside the 21") as refused:
        await long.withdraw(health.withdrawable + 1)
    assert refused.value.name == "InsolventAccount"
    all_of_it = await long.withdraw("all")
    assert abs(all_of_it.amount - health.withdrawable) < Decimal("0.001")
    assert abs((await long.perp_health()).initial_surplus) < Decimal("0.001")


async def test_the_health_is_the_programs_own(perps: PerpMarkets, long: Client, short: Client) -> None:
    """Equity and what is required, to the atom, with funding, two markets, open orders and old prices."""
    await perps.create("ETH", "20.00", size_premium_ppb=3_000_000)
    await meet(long, short, 300, "1.0080")
    await meet(short, long, 7, "19.90", "ETH")
    await short.trade_perp("SOL", "buy", 500, "1.0300")
    await short.trade_perp("SOL", "buy", 3, "1.0290")
    await perps.say("SOL", "1.0100", seconds=200)
    await perps.admin.update_perp("SOL")
    for seconds in (1, 4_000):
        await perps.say("SOL", "1.0200", seconds=seconds)
        for client in (long, short):
            health = await client.perp_health()
            stated = await stated_margin(client)
            assert health.equity * 10**6 == stated.equity_atoms
            assert health.free * 10**6 == stated.free_atoms
            assert health.initial * 10**6 == stated.initial_atoms
            assert health.maintenance * 10**6 == stated.maintenance_atoms
            surplus = stated.free_atoms + stated.losses_atoms - stated.initial_atoms
            assert health.initial_surplus * 10**6 == surplus
    assert (await long.perp("SOL")).funding.day > 0


async def test_funding_as_seen_is_funding_as_paid(perps: PerpMarkets, long: Client, short: Client) -> None:
    """A premium that all of an hour shows is what the next one pays, predicted on the way."""
    await meet(long, short, 100, "1.0000")
    await long.trade_perp("SOL", "buy", 500, "1.0200")
    for _ in range(58):
        await perps.say("SOL", "1.0000", seconds=60)
        await perps.admin.update_perp("SOL")
    before = (await perps.admin.perp("SOL")).funding
    assert (before.day, before.max_day) == (0, Decimal("0.05"))
    assert Decimal("0.018") < before.predicted_day < Decimal("0.02")
    assert (before.next.minute, before.next.second) == (0, 0)
    await perps.say("SOL", "1.0000", seconds=int(before.next.timestamp()) - perps.now)
    funding = (await perps.admin.perp("SOL")).funding
    assert before.predicted_day < funding.day <= Decimal("0.02")
    assert abs(funding.hour * 24 - funding.day) < Decimal("1e-8")
    assert abs(funding.year - funding.day * 365) < Decimal("1e-6")
    assert funding.amount_day == funding.day  # of an index of one
    await perps.admin.update_perp("SOL")
    await perps.say("SOL", "1.0000", seconds=1_800)
    (paying,) = (await long.perp_health()).positions
    assert abs(paying.unsettled + 100 * funding.day / 48) < Decimal("0.0001")
    (earning,) = (await short.perp_health()).positions
    assert abs(earning.unsettled + paying.unsettled) <= Decimal("0.000002")


async def test_positions_are_liquidated_where_it_was_said(
    perps: PerpMarkets, long: Client, short: Client
) -> None:
    """One tick above the price the program calls the account healthy; at it, a stranger takes it over."""
    await perps.create("ETH", "20.00")
    await meet(long, short, 5, "20.00", "ETH")
    await meet(long, short, 4_000, "1.0000")
    await long.trade_perp("SOL", "buy", 1, "0.9600")  # its order goes first
    health = await long.perp_health()
    sol = next(position for position in health.positions if position.name == "SOL")
    price = sol.liquidation_price
    assert price is not None
    assert price < sol.mark
    assert not health.is_liquidatable
    async for stranger in perps.trader(900):
        for place, unhealthy in ((price + Decimal("0.0001"), False), (price, True)):
            await perps.settle_down("SOL", f"{place}")
            await perps.say("ETH", "20.00")
            await perps.say("SOL", f"{place}")
            view = await long.perp("SOL")
            assert view.mark == place
            found = await long.perp_health()
            assert found.is_liquidatable is unhealthy
            if not unhealthy:
                with pytest.raises(ProgramError, match=r"more than keeping.*secant perp liquidate. lists"):
                    await stranger.liquidate_perp("SOL", long.account_address)
        (worst, *_) = await stranger.perp_accounts()
        assert (worst.account, worst.is_liquidatable) == (long.account_address, True)
        with pytest.raises(ProgramError, match="can still pay"):
            await stranger.resolve_perp("SOL", long.account_address)
        done = await stranger.liquidate_perp("SOL", long.account_address)
        assert (done.side, done.price, done.taker) == (PositionSide.LONG, price, stranger.account_address)
        assert 0 < done.size < 4_000
        assert (done.reward > 0, done.shortfall) == (True, 0)
        assert not (await long.perp_health()).is_liquidatable
        assert await long.perp_orders("SOL") == ()
        (taken,) = (await stranger.perp_health()).positions
        assert (taken.side, taken.size) == (PositionSide.LONG, done.size)


async def test_a_bankrupt_account_is_resolved(perps: PerpMarkets, long: Client, short: Client) -> None:
    """Insurance pays first, those on the other side what it lacks."""
    await short.insure_perp("SOL", 3)
    await meet(long, short, 4_500, "1.0000")
    async for stranger in perps.trader(900):
        await perps.settle_down("SOL", "0.8800")
        await perps.say("SOL", "0.8800")
        with pytest.raises(ProgramError, match="--resolve"):
            await stranger.liquidate_perp("SOL", long.account_address)
        done = await stranger.resolve_perp("SOL", long.account_address)
        assert (done.side, done.size) == (PositionSide.LONG, 4_500)
        assert done.shortfall > 40
        assert done.shortfall - done.haircut == Decimal("0.9")  # 30 % of insurance a day
        assert (await long.perp_health()).positions == ()
        assert (await stranger.perp("SOL")).haircuts == done.haircut


async def test_what_winners_bore_is_given_back(perps: PerpMarkets, long: Client, short: Client) -> None:
    """In part once insurance has more, the rest waived: then the leg is free."""
    await meet(long, short, 4_500, "1.0000")
    await short.draw_perp("SOL")
    with pytest.raises(ProgramError, match="what insurance holds"):
        await short.return_haircut("SOL")
    async for stranger in perps.trader(900):
        await perps.settle_down("SOL", "0.8800")
        await perps.say("SOL", "0.8800")
        haircut = (await stranger.resolve_perp("SOL", long.account_address)).haircut
        assert haircut > 40
        await short.reduce_perp("SOL", 1, "0.95")  # booked, though nobody sells
        (position,) = (await short.perp_health()).positions
        assert abs(position.borne - haircut) < Decimal("0.01")
        await stranger.insure_perp("SOL", 420)
        await perps.say("SOL", "0.8800", seconds=86_400)
        given = (await stranger.return_haircut("SOL")).amount
        assert 0 < given < haircut  # a tenth of what is open stays
        (position,) = (await short.perp_health()).positions
        assert abs(position.returned - given) < Decimal("0.01")
        before = position.profit
        await short.reduce_perp("SOL", 1, "0.95")
        (position,) = (await short.perp_health()).positions
        assert abs(position.profit - before - given) < Decimal("0.01")
        assert position.returned == 0
        waived = await short.waive_haircut("SOL")
        assert abs(waived.amount - (haircut - given)) < Decimal("0.01")
        assert (await short.perp_health()).positions[0].borne == 0


async def test_who_holds_a_market(perps: PerpMarkets, long: Client, short: Client) -> None:
    async for third in perps.trader():
        await meet(long, short, 3_000, "1.0000")
        await meet(long, third, 1_000, "1.0000")
        crowd = await third.perp_crowd("SOL", bucket="0.02")
        assert (crowd.longs, crowd.shorts, crowd.size) == (1, 2, 4_000)
        assert (crowd.long_mean, crowd.short_mean) == (4_000, 2_000)
        assert (crowd.ratio_by_accounts, crowd.ratio_by_size) == (Decimal("0.5"), 2)
        assert sum(each.accounts for each in crowd.clusters) == 3
        assert sum(each.long_value for each in crowd.clusters) == 4_000 * crowd.mark
        ends = {view.account: view.positions[0].liquidation_price for view in await third.perp_accounts()}
        for cluster in crowd.clusters:
            inside = [price for price in ends.values() if price and cluster.low <= price < cluster.high]
            assert len(inside) == cluster.accounts
        assert next(each.long_value > 0 for each in crowd.clusters)  # longs end below the mark, shorts above
        assert crowd.clusters[-1].short_value > 0


async def test_a_delegate_trades_and_does_not_withdraw(
    perps: PerpMarkets, long: Client, short: Client
) -> None:
    owner = short.wallet.address
    with pytest.raises(ProgramError, match="secant perp delegate"):
        await long.trade_perp("SOL", "sell", 1, "1.01", owner=owner)
    await short.set_delegate(long.wallet.address)
    await long.trade_perp("SOL", "sell", 5, "1.01", owner=owner)
    (order,) = await long.perp_orders("SOL", owner=owner)
    assert (await long.cancel_perp_orders([order])).order_ids == (order.id,)
    await long.trade_perp("SOL", "sell", 5, "1.01", owner=owner)
    assert len((await long.cancel_all_perp("SOL", side="sell", owner=owner)).order_ids) == 1
    await short.set_delegate(None)
    with pytest.raises(ProgramError, match="owner names one"):
        await long.trade_perp("SOL", "sell", 1, "1.01", owner=owner)
    assert perps.admin


async def test_pauses_and_fees(perps: PerpMarkets, long: Client, short: Client) -> None:
    await meet(long, short, 100, "1.0000")
    paused = await perps.admin.pause_perp("SOL", "open", "profits")
    assert paused.paused == (await long.perp("SOL")).paused == ("open", "profits")
    with pytest.raises(ProgramError, match="secant perp show SOL"):
        await meet(long, short, 1, "1.0000")
    await short.trade_perp("SOL", "buy", 100, "1.0000", reduce_only=True)  # reducing is never paused
    assert (await long.reduce_perp("SOL")).filled == 100
    with pytest.raises(ProgramError, match="sign with the key of"):
        await long.pause_perp("SOL", "open")
    with pytest.raises(ProgramError, match="lift a pause"):
        await long.unpause_perp("SOL", "open")
    for operations in ((), ("trade",)):
        with pytest.raises(InputError, match="open, liquidate, profits"):
            await perps.admin.pause_perp("SOL", *operations)
    assert (await perps.admin.unpause_perp("SOL", "open", "profits")).paused == ()
    with pytest.raises(ProgramError, match="no fees that its pool could pay"):
        await long.collect_perp_fees("SOL")
    await long.settle_pnl("SOL")
    await long.collect_perp_fees("SOL")
    assert (await long.perp("SOL")).fees == 0


async def test_refusals_say_what_is_allowed(perps: PerpMarkets, long: Client, short: Client) -> None:
    for arguments, text in (
        (("buy", "0.001", "1.00"), "size '0.001' is not a multiple of 0.01"),
        (("buy", 1, "1.00005"), "price '1.00005' is not a multiple of 0.0001 from 0.0001 to 1,677.7215"),
        (("buy", 1, 0.5), "price '0.5' is not a multiple"),
        (("buy", -1, "1.00"), "size '-1' is not a multiple"),
    ):
        with pytest.raises(UnitError, match=text):
            await long.trade_perp("SOL", *arguments)
    with pytest.raises(InputError, match="use one of buy, sell"):
        await long.trade_perp("SOL", "hold", 1, "1.00")
    with pytest.raises(InputError, match="a limit order needs a price"):
        await long.trade_perp("SOL", "buy", 1, kind="limit")
    with pytest.raises(InputError, match=r"holds at most 171,798,691.84 of SOL"):
        await long.trade_perp("SOL", "buy", "171798691.85", "1.00")
    with pytest.raises(ProgramError, match=r"mark of 1.0000 — bid at most 1.0500, ask at least 0.9500"):
        await long.trade_perp("SOL", "buy", 1, "1.06", kind="post-only")
    with pytest.raises(ProgramError, match=r"order at least 1.00"):
        await long.trade_perp("SOL", "buy", "0.5", "1.00")
    missing = r"to open this: 4,500.000000 more is needed; 500.000000 is left beside"
    with pytest.raises(ProgramError, match=missing):
        await long.trade_perp("SOL", "buy", 50_000, "1.00")
    with pytest.raises(ProgramError, match=missing):
        await long.quote_perp("SOL", "buy", 50_000, "1.00")
    with pytest.raises(ProgramError, match="holds nothing in SOL that this would reduce"):
        await long.trade_perp("SOL", "buy", 1, "1.00", reduce_only=True)
    with pytest.raises(ProgramError, match="secant perp quote"):
        await long.trade_perp("SOL", "buy", 1, "1.00", kind="fok")
    await meet(long, short, 10, "1.0000")
    await perps.go_on(100)
    with pytest.raises(
        ProgramError, match=r"the price of SOL is stale since 20.* UTC: its last is of"
    ) as old:
        await long.trade_perp("SOL", "buy", 1, "1.00")
    assert "reducing, cancelling and depositing stay open" in old.value.remedy
    assert (await long.perp("SOL")).quality.problems == (PriceProblem.STALE,)
    await perps.say("SOL", "1.60")
    with pytest.raises(ProgramError, match=r"volatile: the index 1\.6000 is not from"):
        await long.quote_perp("SOL", "buy", 1, "1.00")
    quality = (await long.perp("SOL")).quality
    assert (quality.problems, quality.liquidates) == ((PriceProblem.VOLATILE,), True)
    await short.trade_perp("SOL", "buy", 1, "1.60", kind="ioc", reduce_only=True)  # nothing stops it


async def test_reading_needs_no_wallet_and_no_sol(perps: PerpMarkets, long: Client, short: Client) -> None:
    """Without SOL nothing can be simulated: what is stored says when it is from."""
    await meet(long, short, 10, "1.0000")
    await perps.say("SOL", "1.0200", seconds=10)
    async with perps.market.connect(None) as reader:
        (view,) = await reader.perps()
        assert (view.index, view.updated.timestamp()) == (Decimal("1.02"), perps.now)
        assert len(await reader.perp_accounts()) == 2
        assert len((await reader.perp_book("SOL")).asks) == 0
        assert (await reader.perp_health(owner=long.wallet.address)).positions[0].size == 10
        with pytest.raises(WalletError):
            await reader.trade_perp("SOL", "buy", 1, "1.00")
    async with perps.market.connect(Wallet.generate()) as poor:
        (view,) = await poor.perps()
        assert (view.index, view.updated.timestamp()) == (1, perps.now - 10)


async def test_a_market_outlives_its_feed(perps: PerpMarkets, long: Client, short: Client) -> None:
    """Its numbers are then in feed units, and positions can still be closed and settled."""
    await perps.create("ETH", "20.00")
    await meet(long, short, 100, "1.0000")
    await perps.admin.close_feed(perps.feeds["SOL"])
    eth, sol = await long.perps()
    assert (eth.exponent, sol.exponent) == (-6, None)
    assert (sol.tick_size, sol.mark, sol.open_value) == (100, 1_000_000, 100)
    (position,) = (await long.perp_health()).positions
    assert position.value == 100
    await short.trade_perp("SOL", "buy", position.size, position.mark, reduce_only=True)
    assert (await long.reduce_perp("SOL")).filled == position.size


async def test_limits_are_said(perps: PerpMarkets, long: Client, short: Client) -> None:
    await perps.create("ETH", "20.00", position_max=10, open_max=12)
    await meet(long, short, 8, "20.00", "ETH")
    with pytest.raises(ProgramError, match=r"holds at most 10.* together at most 12.*; 8.* are open"):
        await long.trade_perp("ETH", "buy", 3, "20.00")
    async for third in perps.trader():
        async for fourth in perps.trader():
            with pytest.raises(ProgramError, match="order less"):
                await meet(third, fourth, 5, "20.00", "ETH")


async def test_a_market_needs_its_admin_a_price_and_a_name(perps: PerpMarkets, long: Client) -> None:
    view = await perps.admin.feed(perps.feeds["SOL"])
    rules = perp_rules(view)
    with pytest.raises(ProgramError, match="only the exchange's admin creates"):
        await long.create_perp("BTC", view, rules)
    with pytest.raises(FrameworkError, match="a perpetual of this name already"):
        await perps.admin.create_perp("SOL", view, rules)
    await perps.go_on(100)
    with pytest.raises(ProgramError, match="older than 60 s"):
        await perps.admin.create_perp("BTC", view, rules)
    with pytest.raises(ProgramError, match=r"near 0\.2 is more than the 0\.05 that keeping"):
        await perps.admin.create_perp("BTC", view, perp_rules(view, PerpTerms(near="0.2")))
    with pytest.raises(InputError, match=r"use a tick size of 1, 2, 2\.5 or 5 times"):
        perp_rules(view, PerpTerms(tick_size="0.0003"))
    with pytest.raises(InputError, match="use 1 to 4"):
        perp_rules(view, PerpTerms(tiers=()))
    with pytest.raises(InputError, match="has no price yet"):
        perp_rules(dataclasses.replace(view, readings=()))


async def stated_margin(client: Client) -> exchange.MarginStated:
    """What the program says of an account once all is drawn and up to date."""
    stored = await client._margin(client.account_address)
    states = await client._perps_at(held_markets(stored))
    draws = [
        client._drawing_perp(states[leg.market], client.account_address, stored)
        for leg in stored.perp_legs
        if leg.seat
    ]
    refresh = exchange.refresh_margin(
        account=client.account_address, remaining_accounts=other_markets(None, stored)
    )
    updates = [updating(address, state.stored) for address, state in states.items()]
    done = await client._simulate(*updates, *draws, refresh)
    (stated,) = [event for event in done.events if isinstance(event, exchange.MarginStated)]
    return stated
