"""What traded in perpetuals' books, from the chain's own log."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from secant.client import Client, FillRole, PerpFill, PerpPastKind, Side
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


async def test_an_account_s_past_says_what_became_of_it(
    perps: PerpMarkets, long: Client, short: Client
) -> None:
    """A trade, a stop, a part taken over, the rest resolved, and what was settled; the newest first."""
    assert (await long.perp_history()).past == ()
    await short.trade_perp("SOL", "sell", 4_500, "1.0000")
    await long.trade_perp("SOL", "buy", 4_500, "1.0000")
    await long.place_trigger("SOL", "stop-loss", "0.9800")
    await perps.settle_down("SOL", "0.9300")
    async for stranger in perps.trader(900):
        taken = await stranger.liquidate_perp("SOL", long.account_address)
        await perps.settle_down("SOL", "0.8000")
        await stranger.resolve_perp("SOL", long.account_address)
        past = (await long.perp_history()).past
        assert [each.kind for each in past[-3:]] == [
            PerpPastKind.LIQUIDATED,
            PerpPastKind.TRIGGER_PLACED,
            PerpPastKind.BOUGHT,
        ]
        bankrupt, liquidated, bought = past[0], past[-3], past[-1]
        assert bankrupt.kind is PerpPastKind.BANKRUPT
        assert bankrupt.shortfall is not None
        assert bankrupt.shortfall > 0
        assert liquidated.size == taken.size
        assert liquidated.amount is not None
        assert liquidated.amount < -taken.reward < 0
        assert bankrupt.size == 4_500 - taken.size
        assert (bought.name, bought.size, bought.price, bought.fee) == (
            "SOL",
            4_500,
            1,
            Decimal("2.025000"),
        )
        resolved, took = (await stranger.perp_history()).past
        assert (took.kind, took.size, took.amount) == (PerpPastKind.TOOK_OVER, taken.size, taken.reward)
        assert resolved.is_takeover
        assert resolved.shortfall is None
    assert (await short.perp_history()).past == ()  # its order rested: `perp_fills` has that
    page = await long.perp_history(limit=1)
    assert page.past == past[:1]
    assert (await long.perp_history(before=page.before)).past == past[1:]


async def test_settlements_are_told_of(perps: PerpMarkets, long: Client, short: Client) -> None:
    await meet(long, short, 100, "1.0000")
    await perps.settle_down("SOL", "0.9900")
    paid = await long.settle_pnl("SOL")
    settled, _ = (await perps.admin.perp_history(owner=long.wallet.address)).past
    assert (settled.kind, settled.amount) == (PerpPastKind.SETTLED, paid.amount)
    with pytest.raises(InputError, match="use 1 to 10,000"):
        await long.perp_history(limit=0)
