"""A wallet's orders become the levels it wants, on the real programs."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from secant.client import Client, Level, OrderKind, QuotedOrder, QuoteReceipt, Side
from secant.errors import AccountNotFound, InputError, ProgramError, UnitError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .conftest import Market

DAY = timedelta(days=1)
Levels = list[tuple[str, int]]
BIDS: Levels = [("0.49", 10), ("0.48", 20)]
ASKS: Levels = [("0.51", 10), ("0.52", 20)]


@pytest.fixture
async def event(client: Client) -> str:
    now = datetime.now(UTC)
    await client.create_event("rain", lock_time=now + DAY, settlement_deadline=now + 8 * DAY)
    await client.create_book("rain")
    return "rain"


async def shown(client: Client, event: str, outcome: str = "YES") -> tuple[Levels, Levels]:
    view = await client.book(event, outcome)

    def plain(levels: tuple[Level, ...]) -> Levels:
        return [(f"{level.price:.2f}", int(level.shares)) for level in levels]

    return plain(view.bids), plain(view.asks)


def prices(orders: Sequence[QuotedOrder]) -> list[str]:
    return [f"{order.price.normalize():f}" for order in orders]


async def test_what_stands_is_left_alone(client: Client, event: str) -> None:
    first = await client.quote(event, "YES", bids=BIDS, asks=ASKS, client_id=7)
    assert (len(first.signatures), first.kept, first.cancelled, first.traded) == (1, (), (), ())
    assert prices(first.placed) == ["0.49", "0.48", "0.51", "0.52"], "the best of a side first"
    assert [order.side for order in first.placed] == ["buy", "buy", "sell", "sell"]
    assert await shown(client, event) == (BIDS, ASKS)
    assert {order.client_id for order in await client.orders(event)} == {7}
    again = await client.quote(event, "YES", bids=BIDS, asks=ASKS)
    assert (again.signatures, again.cancelled, again.placed) == ((), (), ())
    assert {order.order_id for order in again.kept} == {order.order_id for order in first.placed}
    moved = await client.quote(event, "YES", bids=[("0.49", 10), ("0.47", 20)], asks=[("0.51", 15)])
    assert len(moved.signatures) == 1
    assert prices(moved.kept) == ["0.49", "0.51"]
    assert prices(moved.cancelled) == ["0.48", "0.52"]
    assert [(order.price, order.shares) for order in moved.placed] == [
        (Decimal("0.47"), 20),
        (Decimal("0.51"), 5),
    ]
    assert await shown(client, event) == ([("0.49", 10), ("0.47", 20)], [("0.51", 15)])
    none = await client.quote(event)
    assert len(none.cancelled) == 4
    assert await client.orders(event) == ()
    assert (await client.account()).free == 500


async def test_a_level_that_grew_back_keeps_its_place_in_the_queue(
    client: Client, taker: Client, event: str
) -> None:
    first = (await client.quote(event, "YES", asks=[("0.60", 10)])).placed[0]
    await taker.place_order(event, "YES", "sell", 5, "0.60")
    await taker.place_order(event, "YES", "buy", 4, "0.60", kind="ioc")
    refilled = await client.quote(event, "YES", asks=[("0.60", 10)])
    assert [(order.order_id, order.shares) for order in refilled.kept] == [(first.order_id, 6)]
    assert [order.shares for order in refilled.placed] == [4]
    smaller = await client.quote(event, "YES", asks=[("0.60", 7)])
    assert [order.order_id for order in smaller.kept] == [first.order_id]
    assert [order.shares for order in smaller.cancelled] == [4]
    assert [order.shares for order in smaller.placed] == [1]


async def test_prices_and_sizes_are_rounded(client: Client, event: str) -> None:
    third = Decimal(1) / 3
    quoted = await client.quote(event, "YES", bids=[(third, third)], asks=[(2 * third, "7.777")])
    assert [(order.price, order.shares) for order in quoted.placed] == [
        (Decimal("0.3333"), Decimal("0.33")),
        (Decimal("0.6667"), Decimal("7.77")),
    ]
    await client.quote(event)
    quoted = await client.quote(event, "NO", bids=[(third, third)], asks=[(2 * third, "7.777")])
    assert [(order.side, order.price, order.shares) for order in quoted.placed] == [
        ("sell", Decimal("0.6667"), Decimal("7.77")),
        ("buy", Decimal("0.3333"), Decimal("0.33")),
    ]
    assert (await client.book(event, "YES")).bids[0].price == Decimal("0.3333")


async def test_no_is_quoted_in_the_mirrored_book(client: Client, taker: Client, event: str) -> None:
    quoted = await client.quote(event, "NO", bids=BIDS, asks=ASKS)
    assert await shown(client, event, "NO") == (BIDS, ASKS)
    assert await shown(client, event) == (BIDS, ASKS)
    assert (await client.quote(event, "NO", bids=BIDS, asks=ASKS)).signatures == ()
    # The same levels of YES are the same orders.
    assert (await client.quote(event, "YES", bids=BIDS, asks=ASKS)).signatures == ()
    best = next(order for order in quoted.placed if order.price == Decimal("0.49"))
    bought = await taker.place_order(event, "NO", "sell", 10, "0.49")
    assert bought.filled == 10
    gone = await client.quote(event, "NO", bids=BIDS[1:], asks=ASKS)
    assert best.order_id not in {order.order_id for order in gone.kept}
    assert await client.inventory(event, "NO") == 10
    assert await client.inventory(event, "YES") == -10


async def test_the_inventory_counts_fills_that_are_not_drawn(
    client: Client, taker: Client, event: str
) -> None:
    assert await client.inventory(event) == 0
    await client.quote(event, "YES", bids=BIDS, asks=ASKS)
    await taker.place_order(event, "YES", "buy", 12, "0.52", kind="ioc")
    assert (await client.account()).positions[0].shares == (0, 0)
    assert await client.inventory(event) == -12
    assert await taker.inventory(event, "NO") == -12
    await client.quote(event)
    assert (await client.account()).positions[0].shares == (-12, 0), "a quote draws them"
    assert await client.inventory(event) == -12


async def test_quotes_slide_beside_others_and_stay_there(client: Client, taker: Client, event: str) -> None:
    await taker.place_order(event, "YES", "sell", 5, "0.50")
    crossing: Levels = [("0.55", 10), ("0.52", 5), ("0.40", 5)]
    slid = await client.quote(event, "YES", bids=crossing, asks=[("0.60", 5)])
    assert (slid.traded, prices(slid.placed)) == ((), ["0.4999", "0.4", "0.6"])
    assert slid.placed[0].shares == 15
    assert (await client.quote(event, "YES", bids=crossing, asks=[("0.60", 5)])).signatures == ()
    with pytest.raises(ProgramError, match="would take") as refused:
        await client.quote(event, "YES", bids=crossing, kind="post-only")
    assert refused.value.name == "OrderWouldTake"
    took = await client.quote(event, "YES", bids=crossing, asks=[("0.60", 5)], kind=OrderKind.LIMIT)
    (trade,) = took.traded
    assert (trade.side, trade.filled, trade.amount) == (Side.BUY, 5, Decimal("2.5"))
    assert prices(took.placed) == ["0.55", "0.52"]


async def test_both_sides_can_trade_at_once(client: Client, taker: Client, event: str) -> None:
    await taker.quote(event, "YES", bids=[("0.45", 1)], asks=[("0.50", 2)])
    took = await client.quote(event, "NO", bids=[("0.50", 5)], asks=[("0.55", 5)], kind="limit")
    assert {(trade.side, trade.filled, trade.price) for trade in took.traded} == set()
    took = await client.quote(event, "NO", bids=[("0.55", 3)], kind="limit")
    assert [(trade.outcome, trade.side, trade.filled, trade.amount) for trade in took.traded] == [
        ("NO", Side.BUY, 1, Decimal("0.55"))
    ]
    assert [(order.side, order.shares) for order in took.placed] == [(Side.BUY, 2)]


async def test_orders_that_expire_too_early_or_late_are_replaced(
    client: Client, market: Market, event: str
) -> None:
    now = market.net.ledger.unix_timestamp
    never = await client.quote(event, bids=BIDS)
    timed = await client.quote(event, bids=BIDS, expires=now + 60)
    assert [len(timed.kept), len(timed.cancelled), len(timed.placed)] == [0, 2, 2]
    assert {order.order_id for order in timed.cancelled} == {order.order_id for order in never.placed}
    later = await client.quote(event, bids=BIDS, expires=now + 90, expires_from=now + 45)
    assert [len(later.kept), len(later.signatures)] == [2, 0]
    renewed = await client.quote(event, bids=BIDS, expires=now + 120, expires_from=now + 61)
    assert [len(renewed.kept), len(renewed.cancelled), len(renewed.placed)] == [0, 2, 2]
    market.net.ledger.set_unix_timestamp(now + 120)
    after = await client.quote(event, bids=BIDS)
    assert [len(after.kept), len(after.cancelled), len(after.placed)] == [0, 2, 2]


async def test_a_ladder_too_long_for_one_transaction(client: Client, taker: Client, event: str) -> None:
    """Nothing of the new ladder rests before the old one is gone, although they overlap."""
    old = [(f"0.{30 + place}", 1) for place in range(19, -1, -1)]
    new = [(f"0.{40 + place}", 1) for place in range(39, -1, -1)]
    await client.expand_book(event, orders=32)
    first = await client.quote(event, "YES", bids=old, asks=[("0.5", 1)])
    assert len(first.signatures) == 1, "21 orders fit into one"
    second = await client.quote(event, "YES", bids=new, asks=[("0.80", 1)])
    assert len(second.signatures) > 1
    assert len(second.kept) == 10
    assert [len(second.cancelled), len(second.placed)] == [11, 31]
    assert await shown(taker, event) == (new, [("0.80", 1)])
    none = await client.quote(event)
    assert [len(none.signatures), len(none.cancelled)] == [1, 41]


async def test_more_cancellations_than_a_transaction_holds_go_before_any_order(
    client: Client, taker: Client, event: str
) -> None:
    low = [(f"0.{100 + place}", "0.01") for place in range(100)]
    await client.quote(event, "YES", bids=low, expand=True)
    # Its bid would meet the old asks, and its ask the old bids, if those were still there.
    changed = await client.quote(event, "NO", bids=[("0.95", 1)], asks=[("0.96", 1)], kind="limit")
    assert len(changed.signatures) == 2
    assert (len(changed.cancelled), changed.traded) == (100, ())
    assert await shown(taker, event, "NO") == ([("0.95", 1)], [("0.96", 1)])


async def test_a_book_too_small_is_expanded_when_asked(client: Client, taker: Client, event: str) -> None:
    """Room for 64, half of it on a side, which is full: 25 more want 50 more."""
    await taker.quote(event, "YES", bids=[(Decimal(place) / 1_000, 1) for place in range(1, 33)])
    low = [(Decimal(place) / 10_000, "0.01") for place in range(1, 26)]
    with pytest.raises(ProgramError) as caught:
        await client.quote(event, "YES", bids=low)
    assert caught.value.name == "BookFull"
    quoted = await client.quote(event, "YES", bids=low, expand=True)
    assert [len(quoted.signatures), len(quoted.placed)] == [1, 25]
    assert sum(level.orders for level in (await client.book(event)).bids) == 57


async def test_what_an_order_of_its_own_put_out_is_not_said_to_rest(client: Client, event: str) -> None:
    """A full side makes room for what locks more: of 33 levels the first goes for the last."""
    bids = [(Decimal(place) / 100, Decimal((34 - place) ** 2) / 10) for place in range(1, 34)]
    quoted = await client.quote(event, "YES", bids=bids)
    assert len(quoted.placed) == len(await client.orders(event)) == 32


async def test_orders_can_be_cancelled_when_the_event_trades_no_more(client: Client, event: str) -> None:
    await client.quote(event, "YES", bids=BIDS, asks=ASKS)
    await client.lock_event(event)
    with pytest.raises(ProgramError, match="no longer trades"):
        await client.quote(event, "YES", bids=BIDS[:1], asks=[("0.53", 1)])
    assert len((await client.quote(event)).cancelled) == 4


async def test_each_of_several_outcomes_has_its_own_book(client: Client, taker: Client) -> None:
    now = datetime.now(UTC)
    await client.create_event(
        "sky", outcomes=("SUN", "RAIN", "SNOW"), lock_time=now + DAY, settlement_deadline=now + 8 * DAY
    )
    await client.create_book("sky", "RAIN")
    await client.quote("sky", "RAIN", bids=BIDS, asks=ASKS)
    assert await shown(taker, "sky", "RAIN") == (BIDS, ASKS)
    await taker.place_order("sky", "RAIN", "sell", 12, "0.48", kind="ioc")
    assert await client.inventory("sky", "RAIN") == 12
    assert await client.inventory("sky", 2) == 0
    fills = (await client.fills("sky", "RAIN", owner=client.wallet.address)).fills
    assert [(fill.side, fill.shares) for fill in fills] == [(Side.BUY, 2), (Side.BUY, 10)]
    with pytest.raises(AccountNotFound, match="secant book create"):
        await client.quote("sky", "SNOW", bids=BIDS)


async def test_quotes_refused(client: Client, event: str) -> None:
    for options, error, text in (
        ({"bids": [("0.5", 1)], "asks": [("0.5", 1)]}, InputError, "bid below every ask"),
        ({"bids": [("0.00009", 1)]}, UnitError, "rounded down"),
        ({"asks": [("0.99991", 1)]}, UnitError, "rounded up"),
        ({"asks": [("0.5", "0.009")]}, UnitError, "sizes are rounded"),
        ({"asks": [(0.5, 1)]}, UnitError, "float"),
        ({"kind": "ioc"}, InputError, "post-only-slide, post-only, limit"),
        ({"client_id": 2**64}, InputError, "client id"),
        ({"expires": 10, "expires_from": 11}, InputError, "up to `expires`"),
    ):
        with pytest.raises(error, match=text):
            await client.quote(event, **options)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="use one of YES, NO"):
        await client.quote(event, "MAYBE")
    now = datetime.now(UTC)
    await client.create_event("dry", lock_time=now + DAY, settlement_deadline=now + 8 * DAY)
    with pytest.raises(AccountNotFound, match="secant book create"):
        await client.quote("dry", bids=BIDS)
    with pytest.raises(ProgramError, match="free collateral"):
        await client.quote(event, bids=[("0.5", 10_000)])


async def test_whatever_is_quoted_in_turn_is_what_stands(client: Client, taker: Client, event: str) -> None:
    """Random ladders from either outcome, takers in between: the book is the last ladder, never crossed."""
    rng = random.Random(4)
    for turn in range(25):
        middle = rng.randrange(30, 70)
        bids = [(f"0.{middle - place}", rng.randrange(1, 6)) for place in range(1, rng.randrange(2, 6))]
        asks = [(f"0.{middle + place}", rng.randrange(1, 6)) for place in range(1, rng.randrange(2, 6))]
        outcome = rng.choice(["YES", "NO"])
        quoted: QuoteReceipt = await client.quote(event, outcome, bids=bids, asks=asks)
        assert len(quoted.signatures) <= 1
        assert await shown(taker, event, outcome) == (bids, asks), turn
        side, price = rng.choice([("buy", "0.99"), ("sell", "0.01")])
        await taker.place_order(event, "YES", side, rng.randrange(1, 9), price, kind="ioc")
