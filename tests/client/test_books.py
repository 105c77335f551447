from __future__ import annotations

import contextlib
import dataclasses
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from secant import exchange
from secant.chain import decode_events
from secant.client import Client, Level, LocalBook, OrderKind, Side
from secant.errors import AccountNotFound, InputError, ProgramError, UnitError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from solders.account import Account

    from .conftest import Market

DAY = timedelta(days=1)


@pytest.fixture
async def event(client: Client) -> str:
    now = datetime.now(UTC)
    await client.create_event("rain", lock_time=now + DAY, settlement_deadline=now + 8 * DAY)
    await client.create_book("rain")
    return "rain"


async def test_a_maker_quotes_and_a_taker_takes(client: Client, taker: Client, event: str) -> None:
    for price in ("0.61", "0.60"):
        asked = await client.place_order(event, "YES", "sell", 10, price)
        assert (asked.order_id is not None, asked.rested, asked.filled) == (True, 10, 0)
    bid = await client.place_order(event, "NO", Side.BUY, 5, "0.45")
    assert bid.rested == 5
    view = await client.book(event)
    assert view.asks == (
        Level(Decimal("0.55"), Decimal(5), 1),
        Level(Decimal("0.60"), Decimal(10), 1),
        Level(Decimal("0.61"), Decimal(10), 1),
    )
    assert (await client.book(event, "NO")).bids[0] == Level(Decimal("0.45"), Decimal(5), 1)
    bought = await taker.place_order(event, "YES", "buy", 12, "0.60", kind=OrderKind.FILL_OR_KILL)
    assert (bought.filled, bought.amount, bought.order_id) == (12, Decimal("6.95"), None)
    assert bought.price == Decimal("0.579167")
    (position,) = (await taker.account()).positions
    assert position.shares == (12, 0)
    # The maker's fills are in its seat until it is drawn, by anyone.
    assert (await client.account()).positions[0].shares == (0, 0)
    await taker.draw_seat(event, owner=client.wallet.address)
    assert (await client.account()).positions[0].shares == (-12, 0)


async def test_what_no_costs_is_the_rest_of_yes(client: Client, taker: Client, event: str) -> None:
    await client.place_order(event, "YES", "buy", 10, "0.40")
    bought = await taker.place_order(event, "NO", "buy", 10, "0.60", kind="ioc")
    assert (bought.filled, bought.amount, bought.price) == (10, 6, Decimal("0.600000"))
    (position,) = (await taker.account()).positions
    assert position.shares == (-10, 0)  # written YES is NO, and its face value is locked
    assert (await taker.account()).free == 500 - 6 - bought.fee


async def test_own_orders_are_listed_and_cancelled(client: Client, taker: Client, event: str) -> None:
    first = await client.place_order(event, "YES", "buy", 10, "0.40", client_id=7)
    later = datetime.now(UTC) + DAY / 2
    await client.place_order(event, "YES", "sell", 4, "0.70", expires=later)
    await taker.place_order(event, "YES", "buy", 1, "0.30")
    bid, ask = await client.orders(event)
    assert (bid.id, bid.side, bid.price, bid.shares, bid.client_id) == (
        first.order_id,
        Side.BUY,
        Decimal("0.40"),
        10,
        7,
    )
    assert ask.expires == later.replace(microsecond=0)
    assert [order.price for order in await taker.orders(event)] == [Decimal("0.30")]
    assert len(await client.orders(event, owner=taker.wallet.address)) == 1
    account = await client.account()
    assert (account.free, account.reserved) == (496, 4)  # 10 at 0.40, or 4 sold at 0.70: not both at once
    dropped = await client.cancel_orders([bid])
    assert dropped.order_ids == (bid.id,)
    assert (await client.cancel_orders([bid])).order_ids == ()
    assert (await client.cancel_all(event, side="sell")).order_ids == (ask.id,)
    assert await client.orders(event) == ()
    assert (await client.account()).free == 500


async def _fill_book(client: Client, event: str) -> None:
    """The book starts with room for 64 orders: 32 of a side rest whatever the rule for the other half is."""
    bids = [(Decimal(place + 1) / 1_000, "0.01") for place in range(32)]
    asks = [(1 - price, shares) for price, shares in bids]
    await client.quote(event, bids=bids, asks=asks)


async def test_a_full_book_is_expanded_only_when_asked(client: Client, taker: Client, event: str) -> None:
    await _fill_book(client, event)
    size = len((await _book_data(client, event)).data)
    with pytest.raises(ProgramError, match=r"secant book expand EVENT OUTCOME --orders 32.*expand=True"):
        await taker.place_order(event, "YES", "buy", "0.01", "0.0001")
    with pytest.raises(ProgramError) as caught:
        await taker.quote(event, bids=[("0.0001", "0.01")])
    assert caught.value.name == "BookFull"
    assert len((await _book_data(client, event)).data) == size
    assert (await taker.place_order(event, "YES", "buy", "0.01", "0.0001", expand=True)).rested > 0
    await taker.quote(event, bids=[("0.0001", "0.01"), ("0.0002", "0.01")], expand=True)
    assert len(await taker.orders(event)) == 2


async def test_room_is_paid_for_and_has_limits(client: Client, taker: Client, event: str) -> None:
    """Up to the very limits that the program sets, by as many instructions as it takes."""
    before = await taker.chain.balance(taker.wallet.address)
    some = await taker.expand_book(event, seats=1, orders=2)
    rent = await taker.chain.rent_lamports(136 + 64) - await taker.chain.rent_lamports(0)
    assert (some.seats, some.orders, some.sol * 10**9) == (1, 2, rent)
    assert some.creator == client.wallet.address
    assert before - await taker.chain.balance(taker.wallet.address) - 5_000 == rent
    head = exchange.Book.decode((await _book_data(client, event)).data)
    for arguments, text in (
        ({}, "nothing to add"),
        ({"orders": 2_048}, "room for 0 to 1,982 more"),
        ({"seats": 4_096}, f"room for 0 to {4_096 - head.seats:,} more"),
        ({"seats": -1}, "by -1 seats"),
    ):
        with pytest.raises(InputError, match=text):
            await taker.expand_book(event, **arguments)
    await taker.expand_book(event, seats=4_096 - head.seats, orders=1_982)
    data = (await _book_data(client, event)).data
    assert len(data) == exchange.Book.SIZE + 4_096 * exchange.Seat.SIZE + 2_048 * exchange.Order.SIZE
    for seats, orders in ((1, 0), (0, 1)):
        more = exchange.expand_book(payer=taker.wallet.address, book=some.book, seats=seats, orders=orders)
        with pytest.raises(ProgramError, match="at most 2048 orders and 4096 seats"):
            await taker.chain.send([more], [taker.wallet.keypair])


async def _book_data(client: Client, event: str) -> Account:
    found = await client.chain.account((await client.book(event)).address)
    assert found is not None
    return found


async def test_a_book_at_its_limit_says_full(client: Client, event: str) -> None:
    """No expansion helps any more: the refusal is the order's, not the expansion's."""
    view = await client.event(event)
    book = (await client.book(event)).address
    keys = [client.wallet.keypair]
    for orders in (320,) * 6 + (64,):
        more = exchange.expand_book(payer=client.wallet.address, book=book, seats=0, orders=orders)
        await client.chain.send([more], keys)
    request = exchange.OrderRequest(
        client_id=0,
        lots=1,
        expires_at=0,
        price_ticks=100,
        meets_max=0,
        side=exchange.SIDE_BID,
        kind=exchange.ORDER_LIMIT,
        self_trade=exchange.SELF_TRADE_CANCEL_PROVIDE,
        reduce_only=False,
    )
    for count in (16,) * 64:
        filling = exchange.replace_orders(
            owner=client.wallet.address,
            exchange=client.exchange.address,
            account=client.account_address,
            event=view.address,
            book=book,
            cancellations=[],
            requests=[request] * count,
        )
        await client.chain.send([filling], keys)
    with pytest.raises(ProgramError, match="side is full"):
        await client.place_order(event, "YES", "buy", "0.01", "0.0001", expand=True)


async def test_a_settled_book_is_swept_drawn_and_closed(client: Client, taker: Client, event: str) -> None:
    await client.place_order(event, "YES", "sell", 10, "0.60")
    await taker.place_order(event, "YES", "buy", 4, "0.60")
    await client.resolve_event(event, "YES")
    with pytest.raises(ProgramError, match="still holds"):
        await client.close_book(event)
    assert len((await taker.sweep_book(event)).order_ids) == 1
    await taker.draw_seat(event, owner=client.wallet.address)
    await client.close_book(event)
    await client.redeem(event)
    await taker.redeem(event)
    fees = 500 + 500 - (await client.account()).cash - (await taker.account()).cash
    assert 0 <= fees < Decimal("0.1")


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        (("YES", "hold", 1, "0.5"), InputError, "use one of buy, sell"),
        (("MAYBE", "buy", 1, "0.5"), InputError, "use one of YES, NO"),
        (("YES", "buy", 1, 0), UnitError, "0.0001 to 0.9999"),
        (("YES", "buy", 1, 1), UnitError, "0.0001 to 0.9999"),
        (("YES", "buy", 1, "1.5"), UnitError, "0.0001 to 0.9999"),
        (("YES", "buy", "5000000000.01", "0.5"), InputError, "use at most 5,000,000,000.00"),
        (("YES", "buy", 5_000_000_000, "0.5"), ProgramError, "free collateral"),
        (("YES", "buy", "0.001", "0.5"), UnitError, "shares"),
        (("YES", "buy", 1, "0.50001"), UnitError, "price"),
        (("YES", "buy", 0, "0.5"), ProgramError, "greater than zero"),
        (("YES", "buy", 10_000, "0.5"), ProgramError, "free collateral"),
    ],
)
async def test_orders_refused(
    client: Client, event: str, arguments: tuple[str, str, int, str], error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        await client.place_order(event, *arguments)


async def test_wrong_options(client: Client, event: str) -> None:
    for options, text in (
        ({"kind": "market"}, "use one of limit, ioc"),
        ({"self_trade": "allow"}, "use one of cancel-provide"),
        ({"client_id": -1}, "client id"),
        ({"meets_max": 257}, "0 to 256"),
        ({"expires": 1_000_000_000}, "the chain's clock says 20"),
        ({"expires": 0}, "use a time in the future, up to 2106-02-07"),
        ({"expires": 2**32}, "use a time in the future, up to 2106-02-07"),
    ):
        with pytest.raises(InputError, match=text):
            await client.place_order(event, "YES", "buy", 1, "0.5", **options)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="orders of one book"):
        await client.cancel_orders([])
    with pytest.raises(ProgramError, match="cannot fill"):
        await client.place_order(event, "YES", "buy", 1, "0.5", kind="fok")


async def test_a_missing_book_is_named(client: Client, market: Market) -> None:
    now = datetime.now(UTC)
    await client.create_event("dry", lock_time=now + DAY, settlement_deadline=now + 8 * DAY)
    with pytest.raises(ProgramError, match="secant book create"):
        await client.place_order("dry", "YES", "buy", 1, "0.5")
    with pytest.raises(AccountNotFound, match="secant book create"):
        await client.book("dry")
    assert await client.orders("dry") == ()
    assert market.net.url


async def test_a_watched_book_is_the_book(client: Client, taker: Client, event: str) -> None:
    """After every kind of change the copy kept from the logs is what the account says."""
    changes: list[Callable[[], Awaitable[object]]] = [
        lambda: client.place_order(event, "YES", "sell", 10, "0.60"),
        lambda: client.place_order(event, "YES", "sell", 10, "0.61"),
        lambda: client.place_order(event, "NO", "buy", 5, "0.50"),
        lambda: taker.place_order(event, "YES", "buy", 7, "0.60"),
        lambda: taker.place_order(event, "YES", "buy", "0.5", "0.30"),
        # Own orders in its way are decremented.
        lambda: client.place_order(event, "YES", "buy", 9, "0.60", self_trade="decrement"),
        lambda: client.cancel_all(event),
    ]
    async with contextlib.aclosing(client.watch_book(event)) as views:
        assert (await anext(views)).asks == ()
        for change in changes:
            await change()
            # Logs do not tell of fees: a copy says nothing rather than what was.
            assert await anext(views) == dataclasses.replace(await client.book(event), fees=None)
    assert ((await client.book(event)).fees or 0) > 0


async def test_a_copy_says_when_logs_are_missing(client: Client, event: str) -> None:
    book = (await client.book(event)).address
    before = await client.chain.account(book)
    assert before is not None
    placed = [await client.place_order(event, "YES", "buy", 1, price) for price in ("0.1", "0.2")]
    logs = [
        one
        for receipt in placed
        for one in decode_events(await client.chain._logs(receipt.signature))
        if isinstance(one, exchange.BookChanged)
    ]
    local = LocalBook(book, before.data)
    assert not local.apply(logs[1])
    assert local.apply(logs[0])
    assert local.apply(logs[0])
    assert local.apply(logs[1])
    assert local.view(("YES", "NO"), 0, 0) == dataclasses.replace(await client.book(event), fees=None)


async def test_an_expanded_book_is_closed_only_after_settlement(client: Client, event: str) -> None:
    """What others may have paid for its room is no prize."""
    await client.expand_book(event, orders=1)
    with pytest.raises(ProgramError, match="was expanded, its event is not settled") as refused:
        await client.close_book(event)
    assert refused.value.remedy == "close it once the event is settled"
    await client.resolve_event(event, "YES")
    await client.close_book(event)
    with pytest.raises(AccountNotFound):
        await client.book(event)
