"""Taking from a book and a pool beside it, with a margin account or with tokens alone."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from secant import exchange
from secant.client import Builder, Client, TakeReceipt
from secant.errors import AccountNotFound, InputError, ProgramError

DAY = timedelta(days=1)


@pytest.fixture
async def event(client: Client) -> str:
    now = datetime.now(UTC)
    await client.create_event("rain", lock_time=now + DAY, settlement_deadline=now + 8 * DAY)
    await client.create_book("rain")
    return "rain"


async def _two_levels(client: Client, event: str) -> None:
    for price in ("0.52", "0.56"):
        await client.place_order(event, "YES", "sell", 20, price)


async def test_each_share_comes_from_where_it_is_cheaper(client: Client, taker: Client, event: str) -> None:
    """LMSR at 0.5, b = 100 shares: it reaches 0.52 after b * ln(0.52 / 0.48) = 8.00 shares."""
    await client.create_pool(event, 100)
    await _two_levels(client, event)
    bought = await taker.take(event, "YES", "buy", 25, "0.60")
    assert (bought.shares, bought.pool_shares) == (25, 8)
    # The next 20 are the book's at 0.52; up to 0.56 the pool has 16.11 more.
    bought = await taker.take(event, "YES", "buy", 24, "0.60")
    assert bought.shares == 24
    assert Decimal("16.11") <= bought.pool_shares <= Decimal("16.12")
    assert Decimal("0.52") < (bought.price or 0) < Decimal("0.56")


async def test_the_split_costs_no_more_than_either_alone(client: Client, taker: Client, event: str) -> None:
    await client.create_pool(event, 100)
    await _two_levels(client, event)
    quoted = await taker.quote_buy(event, "YES", 30)
    both = await taker.take(event, "YES", "buy", 30, "0.60", whole=True)
    assert both.amount + both.fee < quoted.amount + quoted.fee
    assert both.amount < 20 * Decimal("0.52") + 10 * Decimal("0.56")


async def test_selling_and_the_other_outcome_are_routed_too(
    client: Client, taker: Client, event: str
) -> None:
    await client.create_pool(event, 100)
    await client.place_order(event, "YES", "buy", 20, "0.48")
    sold = await taker.take(event, "YES", "sell", 10, "0.40")
    assert (sold.shares, sold.pool_shares) == (10, 8)
    no = await taker.take(event, "NO", "buy", 10, "0.60")
    assert (no.shares, no.pool_shares, no.price) == (10, 0, Decimal("0.520000"))
    (position,) = (await taker.account()).positions
    assert position.shares == (-20, 0)


async def test_the_book_alone_or_a_pool_by_name(client: Client, taker: Client, event: str) -> None:
    pool = await client.create_pool(event, 100)
    await _two_levels(client, event)
    alone = await taker.take(event, "YES", "buy", 10, "0.60", book_only=True)
    assert (alone.pool_shares, alone.price) == (0, Decimal("0.520000"))
    named = await taker.take(event, "YES", "buy", 5, "0.60", pool=pool.pool)
    assert named.pool_shares == 5
    with pytest.raises(InputError, match="give one of the two"):
        await taker.take(event, "YES", "buy", 5, "0.60", pool=pool.pool, book_only=True)


async def test_a_quote_is_what_taking_then_does(client: Client, taker: Client, event: str) -> None:
    await client.create_pool(event, 100)
    await _two_levels(client, event)
    quote = await taker.quote_take(event, "NO", "sell", 25, "0.40")
    done = await taker.take(event, "NO", "sell", 25, "0.40")
    assert quote.pool_shares > 0
    for each in dataclasses.fields(quote):
        assert getattr(done, each.name) == getattr(quote, each.name)
    with pytest.raises(AccountNotFound, match="the wallet holds no tokens of YES"):
        await taker.quote_take(event, "YES", "sell", 1, "0.40", as_tokens=True)
    await taker.withdraw((await taker.account()).free - 1)
    with pytest.raises(ProgramError, match="more is needed"):
        await taker.quote_take(event, "YES", "buy", 50, "0.99")


async def test_nothing_rests_and_nothing_is_no_error(client: Client, taker: Client, event: str) -> None:
    nothing = await taker.take(event, "YES", "buy", 10, "0.60")
    assert (nothing.shares, nothing.amount, nothing.price) == (0, 0, None)
    assert (await client.book(event)).bids == ()
    with pytest.raises(ProgramError, match="cannot fill"):
        await taker.take(event, "YES", "buy", 10, "0.60", whole=True)


async def test_a_book_is_needed(client: Client, taker: Client) -> None:
    now = datetime.now(UTC)
    await client.create_event("bare", lock_time=now + DAY, settlement_deadline=now + 8 * DAY)
    with pytest.raises(ProgramError, match="has no book"):
        await taker.take("bare", "YES", "buy", 10, "0.60")


async def test_a_wallet_trades_tokens_without_an_account(client: Client, taker: Client, event: str) -> None:
    """All four ways, and the tokens pay once the event is settled."""
    await client.place_order(event, "YES", "sell", 20, "0.60")
    await client.place_order(event, "YES", "buy", 20, "0.55")
    await taker.withdraw("all")
    await taker.close_account()
    before = await taker.collateral()

    async def held() -> dict[str, Decimal]:
        return {token.outcome: token.shares for token in await taker.tokens()}

    async def spent(receipt: TakeReceipt) -> Decimal:
        nonlocal before
        now = await taker.collateral()
        before, difference = now, before - now
        return difference if receipt.side == "buy" else -difference

    bought = await taker.take(event, "YES", "buy", 10, "0.60", as_tokens=True)
    assert (await held(), bought.amount) == ({"YES": 10}, 6)
    assert await spent(bought) == 6 + bought.fee
    bought = await taker.take(event, "NO", "buy", 10, "0.45", as_tokens=True)
    assert (await held(), bought.amount) == ({"YES": 10, "NO": 10}, Decimal("4.50"))
    assert await spent(bought) == Decimal("4.50") + bought.fee
    sold = await taker.take(event, "YES", "sell", 4, "0.55", as_tokens=True)
    assert (await held(), sold.amount) == ({"YES": 6, "NO": 10}, Decimal("2.20"))
    assert await spent(sold) == Decimal("2.20") - sold.fee
    sold = await taker.take(event, "NO", "sell", 3, "0.40", as_tokens=True)
    assert (await held(), sold.amount) == ({"YES": 6, "NO": 7}, Decimal("1.20"))
    assert await spent(sold) == Decimal("1.20") - sold.fee
    await client.resolve_event(event, "NO")
    assert (await taker.redeem_tokens(event, "NO", 7)).amount == 7


async def test_tokens_that_are_not_there_are_not_sold(client: Client, taker: Client, event: str) -> None:
    await client.place_order(event, "YES", "buy", 20, "0.55")
    with pytest.raises(AccountNotFound, match="the wallet holds no tokens of YES"):
        await taker.take(event, "YES", "sell", 4, "0.55", as_tokens=True)


async def test_a_builder_earns_on_what_is_taken(client: Client, taker: Client, event: str) -> None:
    """100 bps of 10 * 0.6 * 0.4 = 2.4 is 0.024."""
    await client.place_order(event, "YES", "sell", 20, "0.60")
    builder = Builder(client.wallet.address, 100)
    cash = (await client.account()).cash
    bought = await taker.take(event, "YES", "buy", 10, "0.60", builder=builder)
    assert bought.builder_fee == Decimal("0.024000")
    placed = await taker.place_order(event, "YES", "buy", 10, "0.60", builder=Builder(str(builder.owner), 50))
    assert placed.builder_fee == Decimal("0.012000")
    assert (await client.account()).cash == cash + Decimal("0.036")
    assert (await taker.account()).cash == 500 - 12 - bought.fee - placed.fee - Decimal("0.036")


@pytest.mark.parametrize("fee_bps", [0, 101, -1, True])
async def test_a_builders_fee_has_a_range(client: Client, event: str, fee_bps: int) -> None:
    with pytest.raises(InputError, match="use 1 to 100"):
        await client.take(event, "YES", "buy", 1, "0.5", builder=Builder(client.wallet.address, fee_bps))


async def test_a_builder_without_an_account_is_named(client: Client, taker: Client, event: str) -> None:
    await client.place_order(event, "YES", "sell", 20, "0.60")
    stranger = Builder(exchange.PROGRAM_ID, 10)
    with pytest.raises(
        ProgramError, match=f"{exchange.PROGRAM_ID} has no margin account here.* account open"
    ):
        await taker.take(event, "YES", "buy", 1, "0.60", builder=stranger)


async def test_a_refusal_says_what_is_missing(taker: Client, event: str) -> None:
    with pytest.raises(ProgramError, match=r"500\.00.* is free, 100\.00.* more is needed"):
        await taker.place_order(event, "YES", "buy", 1_000, "0.60")


async def test_a_volume_is_shown(client: Client, taker: Client, event: str) -> None:
    await client.place_order(event, "YES", "sell", 20, "0.60")
    await taker.take(event, "YES", "buy", 10, "0.60")
    assert (await taker.account()).volume == Decimal("2.4")
    assert (await client.account()).volume == 0
