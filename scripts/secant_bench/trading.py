"""Trading on a localnet: orders a second, and how long a taker waits from its call to its confirmed fill.

Three processes share this machine: a localnet, a keeper with all its jobs that publishes a price a second,
and this one, in which three makers quote and three takers trade at once, each through a client of its own. A
call counts as done when the client has confirmed its transaction and read its log. So the figures are of the
programs, the localnet and the client together; a cluster adds its own time to land.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from secant import Client, Wallet
from secant.bootstrap import faucet
from secant.client import OrderKind, Side

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import AsyncIterator, Awaitable, Callable

    from solders.pubkey import Pubkey

MAKERS: Final = 3
TAKERS: Final = 3
LEVELS: Final = 3
WARM_UP_S: Final = 1.0
MEASURED_S: Final = 8.0
_SOL: Final = 10**9
_QUOTES: Final = 120
_TICK: Final = Decimal("0.0001")


@dataclass
class Tally:
    """What was done in the time measured.

    Attributes:
        placed: Orders that makers placed.
        cancelled: Orders that makers cancelled.
        quotes_s: How long each of their quotes took that changed something.
        fills_s: How long each taker's order took that filled.
        missed: Takers' orders that found nothing at their price.
    """

    placed: int = 0
    cancelled: int = 0
    missed: int = 0
    quotes_s: list[float] = field(default_factory=list)
    fills_s: list[float] = field(default_factory=list)

    def figures(self, seconds: float) -> dict[str, float]:
        """Rates a second and times in milliseconds, by name."""
        taken = len(self.fills_s) + self.missed
        return {
            "orders placed, makers' and takers', a second": round((self.placed + taken) / seconds, 1),
            "orders cancelled by makers, a second": round(self.cancelled / seconds, 1),
            "fills by takers, a second": round(len(self.fills_s) / seconds, 1),
            "taker, call to confirmed fill, ms, median": _milliseconds(self.fills_s, 50),
            "taker, call to confirmed fill, ms, 99th percentile": _milliseconds(self.fills_s, 99),
            "maker, call to confirmed quote, ms, median": _milliseconds(self.quotes_s, 50),
            "maker, call to confirmed quote, ms, 99th percentile": _milliseconds(self.quotes_s, 99),
        }


def trading_figures(seconds: float = MEASURED_S) -> dict[str, float]:
    """Runs the market for so many seconds and tells what it bore."""
    return asyncio.run(_trade(seconds))


async def _trade(seconds: float) -> dict[str, float]:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        url, mint = await stack.enter_async_context(_localnet())
        clients = [await _trader(stack, url, mint) for _ in range(MAKERS + TAKERS)]
        event = await _open_market(stack, clients[0], folder, url)
        tally, fair = Tally(), [Decimal("0.5")]
        end = time.perf_counter() + WARM_UP_S + seconds
        works = [
            *(_make(client, event, _rng(place), fair) for place, client in enumerate(clients[:MAKERS])),
            *(_take(client, event, _rng(place), fair) for place, client in enumerate(clients[MAKERS:])),
        ]
        await asyncio.gather(*(_repeat(work, tally, end - seconds, end) for work in works))
        return tally.figures(seconds)


async def _repeat(
    work: Callable[[], Awaitable[Callable[[Tally, float], None]]], tally: Tally, begin: float, end: float
) -> None:
    """Does it again and again; what began and ended within the time measured is counted."""
    while (started := time.perf_counter()) < end:
        count = await work()
        now = time.perf_counter()
        if started >= begin and now <= end:
            count(tally, now - started)


def _make(
    client: Client, event: Pubkey, rng: random.Random, fair: list[Decimal]
) -> Callable[[], Awaitable[Callable[[Tally, float], None]]]:
    async def quote() -> Callable[[Tally, float], None]:
        fair[0] = min(Decimal("0.8"), max(Decimal("0.2"), fair[0] + rng.randrange(-20, 21) * _TICK))
        offsets = [Decimal(rng.randrange(20, 60) + 50 * place) * _TICK for place in range(LEVELS)]
        receipt = await client.quote(
            event,
            bids=[(fair[0] - offset, 5) for offset in offsets],
            asks=[(fair[0] + offset, 5) for offset in offsets],
        )

        def count(tally: Tally, took_s: float) -> None:
            tally.placed += len(receipt.placed)
            tally.cancelled += len(receipt.cancelled)
            if receipt.signatures:
                tally.quotes_s.append(took_s)

        return count

    return quote


def _take(
    client: Client, event: Pubkey, rng: random.Random, fair: list[Decimal]
) -> Callable[[], Awaitable[Callable[[Tally, float], None]]]:
    async def order() -> Callable[[Tally, float], None]:
        side = rng.choice(list(Side))
        limit = fair[0] + (Decimal("0.05") if side is Side.BUY else Decimal("-0.05"))
        receipt = await client.place_order(
            event, 0, side, rng.randrange(1, 4), limit, kind=OrderKind.IMMEDIATE_OR_CANCEL
        )

        def count(tally: Tally, took_s: float) -> None:
            if receipt.filled:
                tally.fills_s.append(took_s)
            else:
                tally.missed += 1

        return count

    return order


@asynccontextmanager
async def _localnet() -> AsyncIterator[tuple[str, Pubkey]]:
    """A localnet in a process of its own: its URL and its collateral."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "secant.cli", "--json", "localnet", "--port", "0"),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        said = json.loads(await process.stdout.readline())
        async with Client.connect(said["url"]) as client:
            yield said["url"], client.exchange.mint
    finally:
        await _end(process)


@asynccontextmanager
async def _keeper(folder: Path, url: str, feed: Pubkey, quotes: Path) -> AsyncIterator[None]:
    config = folder / "keeper.toml"
    config.write_text(
        f'url = "{url}"\nkeypair = {json.dumps(str(folder / "keeper.json"))}\nmetrics_port = 0\n'
        f'[[feeds]]\naddress = "{feed}"\n'
        f'source = {{ venue = "polymarket", file = {json.dumps(str(quotes))}, rebase = true }}\n',
        encoding="utf-8",
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "secant_keeper", "run", "--config", str(config)),
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield
        if process.returncode is not None:
            raise AssertionError(f"the keeper ended with exit code {process.returncode}")
    finally:
        await _end(process)


async def _end(process: Process) -> None:
    if process.returncode is None:
        process.terminate()
    await process.wait()


async def _trader(stack: AsyncExitStack, url: str, mint: Pubkey) -> Client:
    client = await stack.enter_async_context(Client.connect(url, Wallet.generate()))
    await client.chain.airdrop(client.wallet.address, 100 * _SOL)
    await faucet(client.chain, mint, client.wallet.address, 100_000)
    await client.open_account()
    await client.deposit(100_000)
    return client


async def _open_market(stack: AsyncExitStack, client: Client, folder: Path, url: str) -> Pubkey:
    """An event with a book, and a keeper that publishes a feed of its price."""
    keeper = Wallet.generate()
    keeper.save(folder / "keeper.json")
    await client.chain.airdrop(keeper.address, 100 * _SOL)
    feed = await client.create_feed("bench", publishers=[keeper.address])
    now = datetime.now(UTC)
    created = await client.create_event(
        "bench", lock_time=now + timedelta(days=1), settlement_deadline=now + timedelta(days=9)
    )
    await client.create_book(created.address)
    quotes = folder / "quotes.csv"
    rows = [
        f"bench,{now + timedelta(seconds=place):%Y-%m-%dT%H:%M:%SZ},0.{48 + place % 3},0.52,\n"
        for place in range(_QUOTES)
    ]
    quotes.write_text("slug,ts_utc,bid,ask,mid\n" + "".join(rows), encoding="utf-8")
    await stack.enter_async_context(_keeper(folder, url, feed.address, quotes))
    async for _ in client.chain.watch_account(feed.address):
        return created.address
    raise AssertionError


def _rng(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - the same orders every time, no secret


def _milliseconds(seconds: list[float], percentile: int) -> float:
    """A percentile by the nearest rank."""
    ordered = sorted(seconds)
    return round(1_000 * ordered[max(0, -(-len(ordered) * percentile // 100) - 1)], 1)
