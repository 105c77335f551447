"""What a placed or taken order says of itself: totals, where it rests, and own orders in its way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from secant import Wallet
from secant.client import Builder, Client, Side
from secant.errors import AccountNotFound, FrameworkError, InputError, ProgramError

if TYPE_CHECKING:
    from .conftest import Market

DAY = timedelta(days=1)


@pytest.fixture
async def event(client: Client) -> str:
    now = datetime.now(UTC)
    await client.create_event("rain", lock_time=now + DAY, settlement_deadline=now + 8 * DAY)
    await client.create_book("rain")
    return "rain"


async def test_a_total_is_what_left_the_account_or_came(client: Client, taker: Client, event: str) -> None:
    await client.place_order(event, "YES", "sell", 50, "0.60")
    await client.place_order(event, "YES", "buy", 50, "0.50")
    builder = Builder(client.wallet.address, 100)
    free = (await taker.account()).free
    for outcome, side, price in (
        *(("YES", "buy", "0.60"), ("YES", "sell", "0.50")),
        *(("NO", "buy", "0.50"), ("NO", "sell", "0.40")),
    ):
        quoted = await taker.quote_take(event, outcome, side, 4, price, builder=builder)
        took = await taker.take(event, outcome, side, 4, price, builder=builder)
        placed = await taker.place_order(event, outcome, side, 4, price, kind="ioc", builder=builder)
        for receipt in (took, placed):
            sign = 1 if receipt.side is Side.BUY else -1
            assert receipt.total == receipt.amount + sign * (receipt.fee + receipt.builder_fee)
        assert quoted.total == took.total
        after = (await taker.account()).free
        if side == "buy":
            # What it bought can lose all that it cost, and selling it again frees that: free is as of cash.
            assert free - after == took.total + placed.total
        else:
            assert after - free == took.total + placed.total
        free = after


async def test_a_receipt_says_where_it_rests(client: Client, event: str) -> None:
    await client.place_order(event, "YES", "buy", 5, "0.70")
    slid = await client.place_order(event, "NO", "buy", 5, "0.60", kind="post-only-slide")
    assert slid.resting_price == Decimal("0.2999"), "beside a bid of YES at 0.70, seen from NO"


async def test_a_slid_order_rests_beside(client: Client, taker: Client, event: str) -> None:
    await client.place_order(event, "YES", "sell", 5, "0.30")
    slid = await taker.place_order(event, "YES", "buy", 5, "0.50", kind="post-only-slide")
    assert slid.resting_price == Decimal("0.2999")
    no = await client.place_order(event, "NO", "buy", 5, "0.80", kind="post-only-slide")
    assert no.resting_price == Decimal("0.7000")
    nothing = await taker.take(event, "YES", "buy", 1, "0.10")
    assert nothing.total == 0
    assert (await taker.place_order(event, "YES", "buy", 1, "0.10", kind="ioc")).resting_price is None


async def test_own_orders_in_the_way_are_named(client: Client, event: str) -> None:
    own = await client.place_order(event, "YES", "sell", 10, "0.60")
    quoted = await client.quote_take(event, "NO", "sell", 4, "0.30", book_only=True)
    assert [dropped.order_id for dropped in quoted.own_dropped] == [own.order_id]
    cut = await client.place_order(event, "NO", "sell", 4, "0.30", kind="ioc", self_trade="decrement")
    (row,) = cut.own_dropped
    assert (row.order_id, row.side, row.price) == (own.order_id, Side.BUY, Decimal("0.40"))
    assert (row.shares, row.left) == (4, 6)
    kept = await client.take(event, "YES", "buy", 1, "0.90", self_trade="cancel-take")
    assert (kept.shares, kept.own_dropped) == (0, ())
    gone = await client.take(event, "YES", "buy", 1, "0.90")
    (row,) = gone.own_dropped
    assert (row.side, row.shares, row.left) == (Side.SELL, 6, 0)


async def test_what_others_lose_is_not_own(client: Client, market: Market, taker: Client, event: str) -> None:
    """An expired order of another's is swept on the way, and is none of the taker's."""
    now = await client.chain.clock_time()
    await client.place_order(event, "YES", "sell", 1, "0.55", expires=now + 20)
    own = await taker.place_order(event, "YES", "sell", 1, "0.56")
    market.net.ledger.set_unix_timestamp(now + 20)
    took = await taker.take(event, "YES", "buy", 1, "0.60")
    assert [row.order_id for row in took.own_dropped] == [own.order_id]
    assert (await client.book(event)).asks == ()


async def test_a_wall_of_dust_does_not_stop_a_take(client: Client, taker: Client, event: str) -> None:
    await client.expand_book(event, orders=150)
    wall = [(Decimal("0.5") + Decimal(place) / 10_000, "0.01") for place in range(100)]
    await client.quote(event, asks=[*wall, ("0.60", 10)])
    assert (await taker.take(event, "YES", "buy", 10, "0.60")).shares == 10


async def test_each_side_asks_for_what_it_pays_with(client: Client, market: Market, event: str) -> None:
    await client.place_order(event, "YES", "sell", 20, "0.60")
    await client.place_order(event, "YES", "buy", 20, "0.50")
    poor = await market.funded_wallet("1")
    async with market.connect(poor) as buyer:
        with pytest.raises(FrameworkError, match=r"holds 1\.000000 collateral.* take less"):
            await buyer.take(event, "YES", "buy", 10, "0.60", as_tokens=True)
        bought = await buyer.take(event, "YES", "buy", 1, "0.60", as_tokens=True)
        assert bought.shares == 1
        for ask in (buyer.take, buyer.quote_take):
            with pytest.raises(ProgramError, match=r"you hold 1\.00 tokens of YES"):
                await ask(event, "YES", "sell", 2, "0.50", as_tokens=True)
        with pytest.raises(InputError, match="no position to reduce"):
            await buyer.take(event, "YES", "sell", 1, "0.50", as_tokens=True, reduce_only=True)
        await client.resolve_event(event, "YES")
        assert (await buyer.redeem_tokens(event, "YES", "all")).amount == 1
        with pytest.raises(AccountNotFound, match="holds none of YES"):
            await buyer.redeem_tokens(event, "YES", "all")


async def test_a_wallet_without_collateral_is_told_so(client: Client, market: Market, event: str) -> None:
    await client.place_order(event, "YES", "sell", 20, "0.60")
    wallet = Wallet.generate()
    await market.chain.airdrop(wallet.address, 10**9)
    async with market.connect(wallet) as buyer:
        with pytest.raises(AccountNotFound, match="the wallet holds no collateral: send it some"):
            await buyer.take(event, "YES", "buy", 1, "0.60", as_tokens=True)


async def test_a_pool_without_a_book_is_named(client: Client, taker: Client) -> None:
    now = datetime.now(UTC)
    await client.create_event("bare", lock_time=now + DAY, settlement_deadline=now + 8 * DAY)
    await client.create_pool("bare", 50)
    with pytest.raises(ProgramError, match=r"has no book.*secant pool buy"):
        await taker.take("bare", "YES", "buy", 10, "0.60")
