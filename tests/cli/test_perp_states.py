"""What the command line says of perpetuals in states that a test reaches by its own clock."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from client.conftest import market
from client.perp_markets import HOUR_S, PerpMarkets
from client.test_perp_triggers import DAY_S, long, meet, perps, short
from secant.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    from secant import Client

__all__ = ["long", "market", "perps", "short"]  # fixtures


class Typist:
    """Types commands with a client's wallet, while the chain's clock stands where the test sets it."""

    def __init__(self, url: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.url, self.folder, self.capsys = url, folder, capsys

    async def run(self, client: Client, *arguments: str) -> tuple[int, str]:
        path = self.folder / f"{client.wallet.address}.json"
        if not path.exists():
            client.wallet.save(path)
        given = ["--url", self.url, "--keypair", str(path), *arguments]
        code = await asyncio.to_thread(main, given)
        said = self.capsys.readouterr()
        return code, said.out + said.err


@pytest.fixture
def typist(perps: PerpMarkets, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Typist:
    return Typist(perps.market.net.url, tmp_path, capsys)


async def test_a_market_that_has_closed(
    perps: PerpMarkets, long: Client, short: Client, typist: Typist
) -> None:
    await meet(long, short, 100, "1.0000")
    end = perps.now + 3 * DAY_S
    await perps.admin.close_perp("SOL", end)
    await perps.go_on(end - perps.now - HOUR_S)
    await perps.say("SOL", "0.9500")
    code, said = await typist.run(long, "perp", "order", "SOL", "buy", "2", "0.95")
    assert (code, "in its last hour positions only get smaller" in said) == (1, True)
    assert "`--reduce-only`" in said
    while perps.now < end - 600:
        await perps.say("SOL", "0.9500", seconds=600)
        await perps.admin.update_perp("SOL")
    await perps.go_on(end - perps.now)
    await short.settle_perp("SOL")
    row = next(line for line in (await typist.run(long, "perp", "list"))[1].splitlines() if "SOL" in line)
    assert "  settled  " in row
    assert "good" not in row
    code, said = await typist.run(short, "perp", "close", "SOL")
    assert (code, "nothing trades there — `secant perp settle SOL`" in said) == (1, True)
    _, said = await typist.run(short, "account", "close")
    assert "settle it from 20" in said
    assert "on, when winners are paid: `secant perp settle SOL`" in said
    assert "settle it: `secant perp settle SOL`" in (await typist.run(long, "account", "close"))[1]
    _, said = await typist.run(short, "perp", "health")
    assert "the position requires until then what opening it would" in said
    _, said = await typist.run(short, "perp", "show", "SOL")
    assert "settled: losers pay now" in said
    assert "next hour" not in said
    assert "by the mark now" not in said


async def test_what_was_borne_is_shown_before_it_is_given_up(
    perps: PerpMarkets, long: Client, short: Client, typist: Typist
) -> None:
    await meet(long, short, 4_500, "1.0000")
    await short.draw_perp("SOL")
    async for stranger in perps.trader(900):
        await perps.settle_down("SOL", "0.8800")
        await perps.say("SOL", "0.8800")
        await stranger.resolve_perp("SOL", long.account_address)
    await short.reduce_perp("SOL", 1, "0.95")
    (position,) = (await short.perp_health()).positions
    assert f"SOL bore {position.borne} of losers' debts" in (await typist.run(short, "perp", "position"))[1]
    code, said = await typist.run(short, "perp", "waive", "SOL")
    assert (code, f"this gives up {position.borne} for good" in said) == (2, True)
    assert (await typist.run(short, "perp", "waive", "SOL", "--yes")) == (0, f"waived {position.borne}\n")


async def test_rules_and_pauses_are_shown(
    perps: PerpMarkets, long: Client, short: Client, typist: Typist
) -> None:
    _, said = await typist.run(long, "perp", "show", "SOL")
    assert "from 0.9500 to 1.0500 by the mark now: within 5 %" in said
    assert "by readings of the last 60 s, within 50 % of the five-minute average" in said
    assert "reward 0.5 % to 2.5 %, insurance 0.5 %; whole if worth less than 10.000000 after it" in said
    assert "of which 30 % pays in a day" in said
    assert "paused        nothing" in said
    assert "last trade" not in said
    rules = (await long.perp("SOL")).rules
    assert (rules.near, rules.shock, rules.reward_max) == (Decimal("0.05"), Decimal("0.5"), Decimal("0.025"))
    await meet(long, short, 1, "1.0000")
    assert "last trade 1.0000" in (await typist.run(long, "perp", "show", "SOL"))[1]
    await perps.admin.pause("trade")
    code, said = await typist.run(long, "perp", "long", "SOL", "1")
    assert (code, "Trading is paused on the whole exchange" in said) == (1, True)
    assert "`secant exchange show` says what is paused" in said
    assert "on the whole exchange: trade" in (await typist.run(long, "perp", "show", "SOL"))[1]
    await perps.admin.pause_perp("SOL", "open")
    assert "open; on the whole exchange: trade" in (await typist.run(long, "perp", "show", "SOL"))[1]
    assert "`secant perp show SOL` says" in (await typist.run(long, "perp", "long", "SOL", "1"))[1]


async def test_a_price_that_leapt(perps: PerpMarkets, long: Client, short: Client, typist: Typist) -> None:
    await meet(long, short, 1, "1.0000")
    await perps.say("SOL", "2.5000")
    code, said = await typist.run(long, "perp", "long", "SOL", "1", "2.5")
    assert (code, "volatile: the index" in said) == (1, True)
    assert "wait until its five-minute average is near enough" in said


async def test_trigger_orders_outlive_their_account(
    perps: PerpMarkets, long: Client, short: Client, typist: Typist
) -> None:
    await meet(long, short, 10, "1.0000")
    await long.place_trigger("SOL", "stop-loss", "0.9")
    await long.place_trigger("SOL", "stop-loss", "0.8", expires=perps.now + HOUR_S)
    await perps.say("SOL", "1.0000", seconds=HOUR_S)
    assert (await typist.run(long, "perp", "triggers"))[1].count("  expired 20") == 1
    await meet(short, long, 10, "1.0000")
    await long.settle_pnl("SOL")
    await long.withdraw("all")
    _, said = await typist.run(long, "account", "close")
    assert "2 trigger orders are void: `secant perp cancel-trigger --all` returns their rent" in said
    code, said = await typist.run(long, "perp", "cancel-trigger", "--all")
    assert (code, said.count("cancelled trigger order ")) == (0, 2)
