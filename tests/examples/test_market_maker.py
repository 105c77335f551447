"""The reference market maker, against random flow through the real programs."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import random
import signal
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secant.client import Client, FillRole, Side, rounded_order
from secant.client.views import token_amount
from secant.units import collateral_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from client.conftest import Market

SCRIPT = Path(__file__).parents[2] / "examples" / "market_maker.py"
DAY = timedelta(days=1)
STEPS, TAKERS_A_STEP = 100, 4


def load() -> Any:
    spec = importlib.util.spec_from_file_location("market_maker", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["market_maker"] = module  # its dataclasses look themselves up there
    spec.loader.exec_module(module)
    return module


market_maker = load()
STRATEGY = market_maker.Strategy(
    levels=3, shares=Decimal(7), inventory_max=Decimal(30), aversion=Decimal("0.005")
)


@pytest.fixture
async def event(client: Client) -> str:
    now = datetime.now(UTC)
    await client.create_event("rain", lock_time=now + DAY, settlement_deadline=now + 8 * DAY)
    await client.create_book("rain")
    return "rain"


@given(
    fair=st.decimals("0.0001", "0.9999", places=6),
    inventory=st.decimals(-60, 60, places=2),
    levels=st.integers(1, 9),
)
def test_ladders_are_sound_at_any_price_and_inventory(fair: Decimal, inventory: Decimal, levels: int) -> None:
    strategy = market_maker.Strategy(levels=levels, shares=Decimal(7), inventory_max=Decimal(30))
    bids, asks = strategy.ladder(fair, inventory)
    rounded = [
        [rounded_order(side, price, shares) for price, shares in levels_of]
        for side, levels_of in ((Side.BUY, bids), (Side.SELL, asks))
    ]
    if bids and asks:
        assert max(order.price for order in rounded[0]) < min(order.price for order in rounded[1])
    assert inventory + sum(shares for _, shares in bids) <= max(inventory, 30)
    assert inventory - sum(shares for _, shares in asks) >= min(inventory, -30)
    flat_bids, flat_asks = strategy.ladder(fair, Decimal(0))
    if len(bids) == len(asks) == levels == len(flat_bids) == len(flat_asks):
        (bid, _), (ask, _) = bids[0], asks[0]
        assert (bid + ask) / 2 == fair - strategy.aversion * inventory * fair * (1 - fair)
        assert ask - bid >= flat_asks[0][0] - flat_bids[0][0] == 2 * strategy.half_spread
        assert inventory == 0 or ask - bid > 2 * strategy.half_spread, "the further from flat, the wider"


async def flow(
    maker: Client, taker: Client, event: str, seen: list[Decimal]
) -> AsyncIterator[Decimal | None]:
    """A walk of the fair price; after each quote random takers, and what must then hold."""
    rng = random.Random(2024)
    fair = Decimal("0.5")
    for step in range(STEPS):
        fair = min(Decimal("0.97"), max(Decimal("0.03"), fair + Decimal(rng.randrange(-250, 251)) / 10_000))
        yield fair if step % 25 else None
        book = await taker.book(event)
        assert not book.bids or not book.asks or book.bids[0].price < book.asks[0].price
        if step % 25 == 0:
            assert (book.bids, book.asks) == ((), ()), "without a price, no quotes"
        for _ in range(TAKERS_A_STEP):
            outcome = rng.choice(["YES", "NO"])
            side = rng.choice(["buy", "sell"])
            size = Decimal(rng.randrange(1, 900)) / 100
            limit = rng.choice(["0.99", "0.90", "0.60"]) if side == "buy" else rng.choice(["0.01", "0.40"])
            await taker.place_order(event, outcome, side, size, limit, kind="ioc")
        inventory = await maker.inventory(event)
        assert abs(inventory) <= STRATEGY.inventory_max
        seen.append(inventory)


async def test_against_random_flow_it_keeps_its_bounds_and_every_atom_is_accounted_for(
    client: Client, taker: Client, event: str
) -> None:
    await taker.deposit(500)
    inventories: list[Decimal] = []
    await market_maker.make_market(client, event, "YES", flow(client, taker, event, inventories), STRATEGY)
    assert await client.orders(event) == ()
    assert len(inventories) == STEPS
    assert max(inventories) > 20, "the bound was tried"
    assert min(inventories) < -20
    page = await client.fills(event, limit=10_000, owner=client.wallet.address)
    assert page.before is None
    assert len(page.fills) > STEPS
    assert {fill.role for fill in page.fills} == {FillRole.MAKER}
    held = sum(fill.shares if fill.side is Side.BUY else -fill.shares for fill in page.fills)
    assert held == inventories[-1]
    cash = sum(
        (fill.rebate or 0) + (-fill.amount if fill.side is Side.BUY else fill.amount) for fill in page.fills
    )

    await client.resolve_event(event, "YES")
    await client.close_book(event)
    for each in (client, taker):
        await each.redeem(event)
    assert (await client.account()).cash == 500 + cash + held
    for each in (client, taker):
        await each.withdraw((await each.account()).cash)
        await each.close_account()
    assert await client.collateral() == 1000 + cash + held
    vault = await client.chain.account(client.exchange.vault)
    assert vault is not None
    theirs = (await client.fills(event, limit=10_000)).fills
    assert len(theirs) == len(page.fills)
    assert (
        await client.collateral() + await taker.collateral() + collateral_of(token_amount(vault.data)) == 2000
    ), "what the takers paid in fees, less the rebates, is all that is left"
    await client.collect_fees()
    vault = await client.chain.account(client.exchange.vault)
    assert vault is not None
    assert token_amount(vault.data) == 0


async def test_it_cancels_all_when_told_to_end(
    client: Client, market: Market, event: str, tmp_path: Path
) -> None:
    """As a script, on a feed's price: quotes, and takes its orders with it at SIGTERM."""
    await client.create_feed("sky", staleness_s=600)
    await client.publish("sky", "0.60", "0.62")
    keypair = tmp_path / "id.json"
    client.wallet.save(keypair)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(SCRIPT), event, "YES", "--feed", "sky"),
        *("--url", market.net.url, "--keypair", str(keypair)),
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(30):
        views = client.watch_book(event)
        try:
            async for view in views:
                if view.bids and view.asks:
                    break
        finally:
            await views.aclose()
        assert (view.bids[0].price, view.asks[0].price) == (Decimal("0.6000"), Decimal("0.6200"))
        assert {order.expires is None for order in await client.orders(event)} == {False}
        process.send_signal(signal.SIGTERM)
        _, errors = await process.communicate()
    assert (process.returncode, errors.decode()) == (0, "")
    assert await client.orders(event) == ()


async def _ends(
    market: Market, keypair: Path, *arguments: str, url: str | None = None
) -> tuple[int, str, str]:
    """The exit code and what was printed by the script on its own."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(SCRIPT), *arguments, "--keypair", str(keypair)),
        env={**os.environ, "SECANT_URL": url or market.net.url},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(30):
        out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def test_its_errors_are_one_line(client: Client, market: Market, event: str, tmp_path: Path) -> None:
    keypair = tmp_path / "id.json"
    client.wallet.save(keypair)
    await client.create_feed("sky", staleness_s=600)
    await client.publish("sky", "0.60", "0.62")
    asked = [event, "YES", "--feed", "sky"]
    for arguments, key, url, said in (
        (asked, tmp_path / "none.json", None, "none.json"),
        (asked, keypair, "http://127.0.0.1:1", "no Solana RPC"),
        ([event, "YES", "--feed", "sea"], keypair, None, "no feed"),
        (["snow", "YES", "--feed", "sky"], keypair, None, "none is named 'snow'"),
    ):
        code, out, err = await _ends(market, key, *arguments, url=url)
        assert (code, out) == (1, "")
        assert err.startswith("error: ")
        assert said in err
        assert err.count("\n") == 1
    await client.lock_event(event)
    code, out, err = await _ends(market, keypair, *asked)
    assert (code, out, err) == (0, "the event trades no more\n", "")


async def test_it_says_what_it_quotes(client: Client, event: str, capsys: pytest.CaptureFixture[str]) -> None:
    async def prices() -> AsyncIterator[Decimal]:
        for fair in ("0.5", "0.5001", "0.6"):
            yield Decimal(fair)

    await market_maker.make_market(client, event, "YES", prices(), STRATEGY)
    assert capsys.readouterr().out.splitlines() == [
        "fair 0.5000, inventory 0.00: best bid 0.4900, ask 0.5100",
        "fair 0.6000, inventory 0.00: best bid 0.5900, ask 0.6100",
    ]


async def test_orders_outlive_their_maker_by_a_minute_at_most(
    client: Client, market: Market, event: str
) -> None:
    """The dead man's switch: what stands expires, and is renewed before it does."""

    async def prices() -> AsyncIterator[Decimal]:
        for place in range(3):
            yield Decimal("0.5")
            orders = await client.orders(event)
            now = market.net.ledger.unix_timestamp
            assert len(orders) == 6
            assert {31 <= order.expires.timestamp() - now <= 60 for order in orders} == {True}  # type: ignore[union-attr]
            ids.append({order.id for order in orders})
            if place < 2:
                market.net.ledger.set_unix_timestamp(now + 20)
        market.net.ledger.set_unix_timestamp(now + 60)
        assert (await client.book(event)).bids == ()

    ids: list[set[int]] = []
    await market_maker.make_market(client, event, "YES", prices(), market_maker.Strategy())
    assert ids[0] == ids[1]
    assert not ids[1] & ids[2]
