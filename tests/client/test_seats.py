"""What lies in books for an account: shown, drawn, and no obstacle to redeeming."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from secant import exchange
from secant.client.seats import HeldSeat, drawing
from secant.errors import AccountNotFound, ProgramError

if TYPE_CHECKING:
    from secant.client import Client

    from .conftest import Market

DAY = timedelta(days=1)
LABELS = ("SUN", "RAIN", "SNOW")


@pytest.fixture
async def event(client: Client) -> str:
    now = datetime.now(UTC)
    await client.create_event("rain", lock_time=now + DAY, settlement_deadline=now + 8 * DAY)
    await client.create_book("rain")
    return "rain"


@pytest.fixture
async def sky(client: Client) -> str:
    """An event with three books."""
    now = datetime.now(UTC)
    await client.create_event("sky", outcomes=LABELS, lock_time=now + DAY, settlement_deadline=now + 8 * DAY)
    for label in LABELS:
        await client.create_book("sky", label)
    return "sky"


async def test_fills_in_books_are_shown_and_drawn(client: Client, taker: Client, sky: str) -> None:
    for label in LABELS[:2]:
        await client.place_order(sky, label, "sell", 10, "0.50")
    await client.place_order(sky, "SNOW", "buy", 5, "0.20")
    await taker.take(sky, "SUN", "buy", 10, "0.50")
    await taker.take(sky, "RAIN", "buy", 4, "0.50")
    before = await client.account()
    (position,) = before.positions
    assert (position.shares, position.wants_draw) == ((0, 0, 0), True)
    assert position.undrawn_shares == (-10, -4, 0)
    assert 7 < position.undrawn_cash < Decimal("7.02"), "with rebates"
    drawn = await taker.draw_seats(sky, "RAIN", owner=client.wallet.address)
    assert (drawn.shares, len(drawn.signatures), drawn.order_ids) == ((0, -4, 0), 1, ())
    rest = await client.draw_seats(sky)
    assert (rest.shares, drawn.cash + rest.cash) == ((-10, 0, 0), position.undrawn_cash)
    after = await client.account()
    assert (after.cash, after.positions[0].shares) == (before.cash + position.undrawn_cash, (-10, -4, 0))
    assert (after.positions[0].undrawn_shares, after.positions[0].wants_draw) == ((0, 0, 0), False)
    with pytest.raises(AccountNotFound, match="neither orders nor fills"):
        await client.draw_seats(sky, "SUN")


async def test_redeeming_draws_first_whoever_asks(client: Client, taker: Client, sky: str) -> None:
    for label in LABELS:
        await client.place_order(sky, label, "sell", 10, "0.50")
    await taker.take(sky, "SUN", "buy", 10, "0.50")
    await taker.place_order(sky, "SNOW", "buy", 1, "0.01")
    await client.resolve_event(sky, "SUN")
    cash = (await client.account()).cash
    paid = await taker.redeem(sky, owner=client.wallet.address)
    assert (paid.amount, 5 < paid.drawn < Decimal("5.02")) == (-10, True)
    account = await client.account()
    assert (account.cash, account.positions, account.free) == (cash + paid.drawn - 10, (), account.cash)
    own = await taker.redeem(sky)
    assert (own.amount, own.drawn) == (10, 0)


async def test_redeeming_draws_seats_of_more_orders_than_one_draw_takes_out(
    client: Client, event: str
) -> None:
    """300 orders, 256 a draw: two transactions, whose logs a node gives out whole; nothing to redeem."""
    await client.expand_book(event, orders=250)
    levels = [(Decimal(place + 1) / 10_000, "0.01") for place in range(150)]
    await client.quote(event, bids=levels, asks=[(1 - price, shares) for price, shares in levels])
    await client.resolve_event(event, "YES")
    assert (await client.redeem(event)).amount == 0
    assert await client.orders(event) == ()
    assert (await client.account()).free == 500


def test_drawing_stays_within_what_a_node_logs() -> None:
    account = exchange.PROGRAM_ID

    def held(orders: int) -> HeldSeat:
        seat = replace(exchange.Seat.decode(bytes(exchange.Seat.SIZE)), account=account, orders=orders)
        return HeldSeat(account, 0, account, seat)

    assert [len(draws) for draws in drawing(account, [held(0)] * 16)] == [16]
    assert [len(draws) for draws in drawing(account, [held(256), held(256)])] == [1, 1]
    assert [len(draws) for draws in drawing(account, [held(257), held(1)])] == [3]
    assert [len(draws) for draws in drawing(account, [held(1_024)])] == [1, 1, 1, 1]
    assert drawing(account, []) == []


async def test_redeeming_before_the_end_is_refused_as_ever(client: Client, event: str) -> None:
    await client.place_order(event, "YES", "buy", 1, "0.5")
    with pytest.raises(ProgramError, match="not settled yet"):
        await client.redeem(event)


async def test_expired_orders_are_listed_and_cancelled(client: Client, market: Market, event: str) -> None:
    now = await client.chain.clock_time()
    for price in ("0.20", "0.30"):
        await client.place_order(event, "YES", "buy", 10, price, expires=now + 30)
    await client.place_order(event, "YES", "buy", 10, "0.10")
    market.net.ledger.set_unix_timestamp(now + 30)
    orders = await client.orders(event)
    assert [order.is_expired for order in orders] == [False, True, True]
    assert (await client.account()).reserved == 6
    assert (await client.cancel_orders([orders[1]])).order_ids == (orders[1].id,)
    assert (await client.account()).reserved == 4
    # Swept, they reserve until somebody draws the seat.
    await client.sweep_book(event)
    account = await client.account()
    assert (account.reserved, account.positions[0].wants_draw) == (4, True)
    drawn = await client.draw_seats(event)
    assert (drawn.shares, drawn.cash) == ((0, 0), 0)
    assert (await client.account()).reserved == 1


async def test_a_volume_lowers_the_fee_as_the_program_does(
    client: Client, market: Market, event: str
) -> None:
    """At 0.5 a share adds 0.25 to the volume, and costs 2 % of that unless it is lowered."""
    async with market.connect(await market.funded_wallet("3000000")) as other:
        await client.deposit(await client.collateral())
        await other.open_account()
        await other.deposit("all")
        async with market.connect(await market.funded_wallet("3000000")) as maker:
            await maker.open_account()
            await maker.deposit("all")
            await maker.place_order(event, "YES", "sell", 4_100_000, "0.50")
        seen = []
        for taken in (39_999, 1_100, 358_800, 1_000, 3_598_000, 6_000):
            account = await other.account()
            receipt = await other.take(event, "YES", "buy", taken, "0.50")
            assert receipt.fee == Decimal(taken) / 4 * Decimal("0.02") * account.fee_share
            seen.append(account.fee_share)
        account = await other.account()
    shares = [*seen, account.fee_share]
    assert shares == [Decimal(tenths) / 10 for tenths in (10, 10, 9, 9, 8, 8, 7)]
    async with market.connect(await market.funded_wallet()) as stranger:
        now = await stranger.chain.clock_time()
        market.net.ledger.set_unix_timestamp(now + 15 * 86_400)
        assert (await stranger.account(owner=account.owner)).fee_share == Decimal("0.8")
        market.net.ledger.set_unix_timestamp(now + 31 * 86_400)
        assert (await stranger.account(owner=account.owner)).fee_share == 1
