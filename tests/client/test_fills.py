"""What traded, from the chain's own log: of everybody, and of one account with its fees and rebates."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from solders.pubkey import Pubkey
from solders.signature import Signature

from secant import exchange
from secant.client import Builder, Client, Fill, FillRole, Side
from secant.client.book_past import taken
from secant.client.fills import rebate_atoms_down
from secant.errors import AccountNotFound, ClientOutdated, HistoryMissing, InputError
from secant.units import ATOMS_PER_UNIT

from .node import Node

if TYPE_CHECKING:
    from aiohttp import web

    from .conftest import Market

DAY = timedelta(days=1)


@pytest.fixture
async def event(client: Client) -> str:
    now = datetime.now(UTC)
    await client.create_event("rain", lock_time=now + DAY, settlement_deadline=now + 8 * DAY)
    await client.create_book("rain")
    return "rain"


def told(fill: Fill) -> tuple[str, str, str]:
    return fill.taker_side, f"{fill.price:f}", f"{fill.shares:f}"


async def seat_cash(client: Client, event: str) -> int:
    """Atoms that the fills of the wallet's orders have brought and that are not drawn yet."""
    view = await client.event(event)
    account = await client.chain.account(exchange.find_book(event=view.address, outcome=0))
    assert account is not None
    head = exchange.Book.decode(account.data)
    seats = [
        exchange.Seat.decode(account.data[at : at + exchange.Seat.SIZE])
        for at in range(
            exchange.Book.SIZE,
            exchange.Book.SIZE + head.seats * exchange.Seat.SIZE,
            exchange.Seat.SIZE,
        )
    ]
    return next(seat.cash_atoms for seat in seats if seat.account == client.account_address)


async def test_what_traded_newest_first(client: Client, taker: Client, event: str) -> None:
    assert (await client.fills(event)).fills == ()
    quoted = await client.quote(event, "YES", bids=[("0.48", 5)], asks=[("0.51", 5), ("0.52", 5)])
    await taker.place_order(event, "YES", "buy", 7, "0.52", kind="ioc")
    await taker.place_order(event, "NO", "buy", 2, "0.52", kind="ioc")
    page = await client.fills(event)
    assert [told(fill) for fill in page.fills] == [
        ("sell", "0.4800", "2.00"),
        ("buy", "0.5200", "2.00"),
        ("buy", "0.5100", "5.00"),
    ]
    assert page.before is None
    bid, best, second = quoted.placed
    assert [fill.order_id for fill in page.fills] == [bid.order_id, second.order_id, best.order_id]
    assert page.fills[1].signature == page.fills[2].signature
    assert page.fills[0].time is not None
    assert abs(page.fills[0].time - datetime.now(UTC)) < timedelta(minutes=1)
    assert {(fill.role, fill.side, fill.fee, fill.rebate) for fill in page.fills} == {(None,) * 4}
    seen = (await client.fills(event, "NO")).fills
    assert [told(fill) for fill in seen] == [
        ("buy", "0.5200", "2.00"),
        ("sell", "0.4800", "2.00"),
        ("sell", "0.4900", "5.00"),
    ]
    assert [fill.amount for fill in seen] == [Decimal("1.04"), Decimal("0.96"), Decimal("2.45")]


async def test_fees_and_rebates_are_those_of_the_seat(client: Client, taker: Client, event: str) -> None:
    """The rebates told of are what the maker's seat got, to the atom, and the fees what the takers paid."""
    rng = random.Random(11)
    bids = [
        (f"0.{30 + 3 * place}{rng.randrange(10, 100)}", f"{rng.randrange(50, 300)}.37") for place in range(4)
    ]
    asks = [
        (f"0.{50 + 4 * place}{rng.randrange(10, 100)}", f"{rng.randrange(50, 300)}.91") for place in range(4)
    ]
    await client.quote(event, "YES", bids=bids, asks=asks)
    await taker.deposit(500)
    fees = Decimal(0)
    for _ in range(12):
        side, price = rng.choice([("buy", "0.99"), ("sell", "0.01")])
        size = Decimal(rng.randrange(1, 9_999)) / 100
        took = await taker.place_order(event, "YES", side, size, price, kind="ioc")
        fees += took.fee
    mine = (await client.fills(event, owner=client.wallet.address)).fills
    assert {fill.role for fill in mine} == {FillRole.MAKER}
    assert {fill.fee for fill in mine} == {Decimal(0)}
    cash = sum(fill.rebate + (fill.amount if fill.side is Side.SELL else -fill.amount) for fill in mine)  # type: ignore[operator, misc]
    assert sum(fill.rebate for fill in mine) > 0  # type: ignore[misc]
    assert cash * ATOMS_PER_UNIT == await seat_cash(client, event)
    theirs = (await client.fills(event, owner=str(taker.wallet.address))).fills
    assert {fill.role for fill in theirs} == {FillRole.TAKER}
    assert sum(fill.fee for fill in theirs) == fees  # type: ignore[misc]
    assert {fill.rebate for fill in theirs} == {Decimal(0)}
    assert [fill.order_id for fill in mine] == [fill.order_id for fill in theirs]
    assert all(mine.side is not their.side for mine, their in zip(mine, theirs, strict=True))


async def test_one_owner_among_others(client: Client, taker: Client, event: str) -> None:
    """Orders that are gone are traced to where they were placed; others at the price are not told of."""
    await taker.place_order(event, "YES", "sell", 3, "0.60")
    await client.place_order(event, "YES", "sell", 3, "0.60")
    await taker.place_order(event, "YES", "buy", 1, "0.59")
    await client.place_order(event, "NO", "buy", 1, "0.41")
    await taker.quote(event, "YES", bids=[("0.60", 1)], kind="limit")
    both = (await client.fills(event)).fills
    own = (await client.fills(event, owner=client.wallet.address)).fills
    assert [(told(fill), fill.role) for fill in own] == [
        (("buy", "0.6000", "1.00"), FillRole.MAKER),
        (("sell", "0.5900", "1.00"), FillRole.TAKER),
    ]
    assert len(both) == 2
    theirs = (await client.fills(event, "NO", owner=taker.wallet.address)).fills
    assert [(told(fill), fill.role, fill.side) for fill in theirs] == [
        (("sell", "0.4000", "1.00"), FillRole.TAKER, Side.SELL),
        (("buy", "0.4100", "1.00"), FillRole.MAKER, Side.SELL),
    ]


async def test_pages_meet_without_a_gap(client: Client, taker: Client, event: str) -> None:
    await client.quote(event, "YES", asks=[("0.51", 4), ("0.52", 40)])
    for size in (1, 2, 5, 1, 1):
        await taker.place_order(event, "YES", "buy", size, "0.52", kind="ioc")
    await client.cancel_all(event)
    for owner in (None, client.wallet.address, taker.wallet.address):
        whole = await client.fills(event, owner=owner)
        assert [f"{fill.shares:f}" for fill in whole.fills] == [
            "1.00",
            "1.00",
            "4.00",
            "1.00",
            "2.00",
            "1.00",
        ]
        assert whole.before is None
        for limit in (1, 2, 3):
            found: list[Fill] = []
            page = await client.fills(event, limit=limit, owner=owner)
            while page.fills:
                assert len(page.fills) >= limit or page.before is None
                found += page.fills
                if page.before is None:
                    break
                page = await client.fills(event, limit=limit, owner=owner, before=str(page.before))
            assert tuple(found) == whole.fills
    third = await client.fills(event, limit=3)
    assert len(third.fills) == 4, "the fills of one transaction stay together"


async def test_a_book_made_anew_at_the_same_address(client: Client, taker: Client, event: str) -> None:
    for price in ("0.51", "0.52"):
        await client.quote(event, "YES", asks=[(price, 2)])
        await taker.place_order(event, "YES", "buy", 1, price, kind="ioc")
        await client.quote(event)
        if price == "0.51":
            await client.close_book(event)
            with pytest.raises(AccountNotFound, match="without an owner"):
                await client.fills(event, owner=client.wallet.address)
            assert len((await client.fills(event)).fills) == 1
            await client.create_book(event)
    for owner in (None, client.wallet.address):
        fills = (await client.fills(event, owner=owner)).fills
        assert [told(fill) for fill in fills] == [("buy", "0.5200", "1.00"), ("buy", "0.5100", "1.00")]


async def test_numbers_of_an_earlier_book_are_not_boughtfor_those_of_a_later_one(
    client: Client, taker: Client, event: str
) -> None:
    """The first order at a price has the same number in either book, and another owner."""
    for maker, other in ((client, taker), (taker, client)):
        await maker.place_order(event, "YES", "sell", 1, "0.51")
        await other.place_order(event, "YES", "buy", 1, "0.51", kind="ioc")
        await client.draw_seat(event, owner=maker.wallet.address)
        await client.close_book(event)
        await client.create_book(event)
    later, earlier = (await client.fills(event)).fills
    assert later.order_id == earlier.order_id
    for owner, roles in ((client, ["taker", "maker"]), (taker, ["maker", "taker"])):
        fills = (await client.fills(event, owner=owner.wallet.address)).fills
        assert [fill.role for fill in fills] == roles


async def test_what_a_node_has_forgotten_is_said(
    client: Client, taker: Client, market: Market, event: str
) -> None:
    quoted = await client.quote(event, "YES", asks=[("0.51", 10)])
    signatures = [
        (await taker.place_order(event, "YES", "buy", 1, "0.51", kind="ioc")).signature for _ in range(3)
    ]
    async with Node(market.net.url) as node, Client.connect(node.url, client.wallet) as far:
        forgotten = {str(quoted.signatures[0]), str(signatures[0])}

        async def without_the_oldest(request: Any) -> web.Response | None:
            if request["params"][0] in forgotten:
                return node.reply(request, None)
            return None

        node.answers["getTransaction"] = without_the_oldest
        assert len((await far.fills(event, limit=2)).fills) == 2
        for owner in (None, client.wallet.address):
            with pytest.raises(HistoryMissing, match="keeps more of the past") as caught:
                await far.fills(event, limit=3, owner=owner)
            assert [fill.signature for fill in caught.value.fills] == signatures[:0:-1]
            assert caught.value.signature == signatures[0]
        with pytest.raises(HistoryMissing):
            await far.fills(event, before=signatures[0])
        node.answers.clear()

        async def without_one_in_the_middle(request: Any) -> web.Response | None:
            found = await client.chain.history(Pubkey.from_string(request["params"][0]))
            listed = [
                {"signature": str(each.signature), "slot": each.slot, "err": None, "memo": None}
                for each in found
                if each.signature != signatures[1]
            ]
            return node.reply(request, listed)

        node.answers["getSignaturesForAddress"] = without_one_in_the_middle
        with pytest.raises(HistoryMissing) as caught:
            await far.fills(event)
        assert [fill.signature for fill in caught.value.fills] == signatures[2:]
        node.answers.clear()
        node.answer("getSignaturesForAddress", result=[])
        with pytest.raises(HistoryMissing, match="newest"):
            await far.fills(event)
        with pytest.raises(HistoryMissing, match="or older"):
            await far.fills(event, before=signatures[0])


async def test_arguments_refused(client: Client, event: str) -> None:
    for options, text in (
        ({"limit": 0}, "1 to 10,000"),
        ({"limit": True}, "1 to 10,000"),
        ({"before": "x"}, "no signature"),
    ):
        with pytest.raises(InputError, match=text):
            await client.fills(event, **options)  # type: ignore[arg-type]
    deposit = await client.deposit(1)
    with pytest.raises(InputError, match="did not change this book"):
        await client.fills(event, before=deposit.signature)
    with pytest.raises(HistoryMissing):
        await client.fills(event, before=Signature.new_unique())


@given(ticks=st.integers(1, 9_999), lots=st.integers(1, 5 * 10**11), bps=st.integers(0, 10_000))
def test_rebates_are_rounded_down(ticks: int, lots: int, bps: int) -> None:
    exact = Decimal(lots * bps) * ticks * (10_000 - ticks) / 10**8
    assert 0 <= exact - rebate_atoms_down(ticks, lots, bps) < 1


def test_roles_have_sides() -> None:
    for role, taker_side in itertools.product(FillRole, Side):
        fill = Fill(
            Signature.default(), None, 1, "YES", taker_side, *[Decimal(1)] * 3, role, Decimal(0), Decimal(0)
        )
        assert (fill.side is taker_side) == (role is FillRole.TAKER)


def test_a_log_that_does_not_add_up_is_not_guessed_at() -> None:
    fill = exchange.OrderLots(order_id=1, lots=3)
    order = exchange.PlacedOrder(
        client_id=0,
        order_id=0,
        filled_lots=3,
        paid_atoms=1,
        fee_atoms=1,
        rested_lots=0,
        expires_at=0,
        seat=0,
    )
    log = exchange.BookChanged(book=Pubkey.default(), changes=0, fills=(fill,), dropped=(), placed=(order,))
    assert list(taken(log)) == [(order, [fill])]
    for wrong in (
        replace(log, placed=()),
        replace(log, fills=()),
        replace(log, placed=(replace(order, filled_lots=2),)),
    ):
        with pytest.raises(ClientOutdated, match="fills"):
            list(taken(wrong))


async def test_a_pools_part_is_no_fill_of_the_book(client: Client, taker: Client, event: str) -> None:
    await client.create_pool(event, 100)
    await client.quote(event, "YES", bids=[], asks=[("0.52", 20)])
    bought = await taker.take(event, "YES", "buy", 12, "0.60")
    (fill,) = (await client.fills(event, owner=taker.wallet.address)).fills
    assert (fill.role, fill.shares) == (FillRole.TAKER, 12 - bought.pool_shares)
    assert fill.fee is not None
    assert 0 < fill.fee < bought.fee


async def test_what_tokens_took_is_nobodys_but_the_makers(client: Client, taker: Client, event: str) -> None:
    await client.quote(event, "YES", bids=[], asks=[("0.52", 20)])
    await taker.take(event, "YES", "buy", 12, "0.60", as_tokens=True)
    assert (await client.fills(event, owner=taker.wallet.address)).fills == ()
    (fill,) = (await client.fills(event, owner=client.wallet.address)).fills
    assert fill.role is FillRole.MAKER


async def test_a_builder_is_no_taker(client: Client, taker: Client, event: str, market: Market) -> None:
    async with market.connect(await market.funded_wallet()) as builder:
        await builder.open_account()
        await client.quote(event, "YES", bids=[], asks=[("0.52", 20)])
        named = Builder(builder.wallet.address, 100)
        await taker.place_order(event, "YES", "buy", 12, "0.60", builder=named)
        assert (await client.fills(event, owner=builder.wallet.address)).fills == ()
        assert len((await client.fills(event, owner=taker.wallet.address)).fills) == 1
