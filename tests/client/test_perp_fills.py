"""What traded in perpetuals' books, from the chain's own log."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from secant.client import Client, FillRole, PerpFill, Side
from secant.errors import AccountNotFound, InputError

from .perp_markets import PerpMarkets, perp_markets
from .test_perps import meet

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from .conftest import Market


@pytest.fixture
async def perps(market: Market) -> AsyncIterator[PerpMarkets]:
    async for found in perp_markets(market):
        await found.create("SOL")
        yield found


@pytest.fixture
async def long(perps: PerpMarkets) -> AsyncIterator[Client]:
    async for client in perps.trader():
        yield client


@pytest.fixture
async def short(perps: PerpMarkets) -> AsyncIterator[Client]:
    async for client in perps.trader():
        yield client


def told(fill: PerpFill) -> tuple[str, str, str]:
    return fill.taker_side, f"{fill.price:f}", f"{fill.size:f}"


async def test_fills_are_told_of_newest_first(perps: PerpMarkets, long: Client, short: Client) -> None:
    assert (await long.perp_fills("SOL")).fills == ()
    await meet(long, short, 100, "1.0000")
    await meet(long, short, 40, "1.0100")
    both = (await perps.admin.perp_fills("SOL")).fills
    assert [told(fill) for fill in both] == [("buy", "1.0100", "40.00"), ("buy", "1.0000", "100.00")]
    assert [(fill.role, fill.side, fill.fee, fill.rebate) for fill in both] == [(None,) * 4] * 2
    bought = (await long.perp_fills("SOL", owner=long.wallet.address)).fills
    assert {(fill.role, fill.side) for fill in bought} == {(FillRole.TAKER, Side.BUY)}
    assert [fill.fee for fill in bought] == [Decimal("0.018180"), Decimal("0.045000")]
    sold = (await long.perp_fills("SOL", owner=str(short.wallet.address))).fills
    assert {(fill.role, fill.side, fill.fee) for fill in sold} == {(FillRole.MAKER, Side.SELL, 0)}
    assert [fill.rebate for fill in sold] == [Decimal("0.002020"), Decimal("0.005000")]
    assert (await long.perp_fills("SOL", owner=perps.admin.wallet.address)).fills == ()


async def test_a_trigger_s_fill_is_its_owner_s(perps: PerpMarkets, long: Client, short: Client) -> None:
    await meet(long, short, 100, "1.0000")
    stop = await long.place_trigger("SOL", "stop-loss", "0.9900")
    await perps.settle_down("SOL", "0.9800")
    await perps.say("SOL", "0.9800")
    await short.trade_perp("SOL", "buy", 60, "0.9790")
    await short.execute_trigger(stop.address)
    newest, *_ = (await long.perp_fills("SOL", owner=long.wallet.address)).fills
    assert (newest.role, newest.side, newest.size, newest.value) == (
        FillRole.TAKER,
        Side.SELL,
        60,
        Decimal("58.740000"),
    )


async def test_pages_follow_one_another(long: Client, short: Client) -> None:
    for price in ("1.0000", "1.0010", "1.0020"):
        await meet(long, short, 10, price)
    first = await long.perp_fills("SOL", limit=2)
    assert [f"{fill.price:f}" for fill in first.fills] == ["1.0020", "1.0010"]
    rest = await long.perp_fills("SOL", limit=2, before=first.before)
    assert ([f"{fill.price:f}" for fill in rest.fills], rest.before) == (["1.0000"], None)


async def test_wrong_questions(long: Client) -> None:
    with pytest.raises(InputError, match="use 1 to 10,000"):
        await long.perp_fills("SOL", limit=0)
    with pytest.raises(InputError, match="is no signature"):
        await long.perp_fills("SOL", before="nonsense")
    with pytest.raises(AccountNotFound, match="none is named"):
        await long.perp_fills("nowhere")
