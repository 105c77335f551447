"""The stage: a chain, a maker who opens the markets, traders, and a keeper as a process of its own."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from secant.bootstrap import bootstrap, faucet, programs
from secant.chain import Chain
from secant.client import Client, TradeReceipt
from secant.localnet import Localnet
from secant.wallet import Wallet
from secant_demo.markets import (
    ACTS,
    DERIVATIVES,
    LOCK_TIME,
    OPENING,
    PARENT_NAME,
    PARENT_TITLE,
    SETTLEMENT_DEADLINE,
    TRADERS,
    Order,
)
from secant_demo.quotes import SERIES, HourlyQuote, write_recording

if TYPE_CHECKING:
    from contextlib import AsyncExitStack
    from pathlib import Path

    from solders.pubkey import Pubkey

MAKER: Final = "maker"
MAKER_DEPOSIT: Final = Decimal(5_000)
TRADER_DEPOSIT: Final = Decimal(1_000)
POOL_LIQUIDITY: Final = Decimal(500)
SLIPPAGE: Final = "0.01"
_LAMPORTS: Final = 10**11
_STALENESS_S: Final = 3600


class KeeperFailedError(Exception):
    """The keeper ended with an error; the message is what it said."""


@dataclass
class Stage:
    """Everything that is there once the curtain is up.

    Attributes:
        net: The chain.
        folder: For the keeper's files.
        clients: The maker and the traders by name.
        keeper: The keeper's wallet; the feed's only publisher.
        feed: The feed of the market's price.
        records: Record of each derivative market by the market's name.
        receipts: What each trader did, in order.
    """

    net: Localnet
    folder: Path
    clients: dict[str, Client]
    keeper: Wallet
    feed: Pubkey
    records: dict[str, Pubkey]
    receipts: list[tuple[Order, TradeReceipt]] = field(default_factory=list)

    @property
    def maker(self) -> Client:
        """The maker's client."""
        return self.clients[MAKER]

    async def trade(self, orders: tuple[Order, ...]) -> None:
        """Every order through a pool, one after the other."""
        for order in orders:
            client = self.clients[order.trader]
            act = client.buy if order.shares > 0 else client.sell
            receipt = await act(order.market, order.outcome, abs(order.shares), slippage=SLIPPAGE)
            self.receipts.append((order, receipt))

    async def keep(self, quotes: list[HourlyQuote], until: int) -> None:
        """Runs the keeper until it has published, recorded, settled and redeemed all there is until a moment.

        Raises:
            KeeperFailedError: It ended with an error.
        """
        source = ""
        if quotes:
            recording = write_recording(self.folder, quotes)
            played = f'venue = "kalshi", series = "{SERIES}", file = {json.dumps(str(recording))}, speed = 0'
            source = f'[[feeds]]\naddress = "{self.feed}"\nsource = {{ {played} }}\n'
        config = self.folder / "keeper.toml"
        config.write_text(
            f'url = "{self.net.url}"\nws_url = "{self.net.ws_url}"\n'
            f"keypair = {json.dumps(str(self.folder / 'keeper.json'))}\n"
            f"drive_clock = true\ndrive_clock_until = {until}\nexit_when_done = true\n"
            f"metrics_port = 0\npoll_interval_s = 0.05\n{source}",
            encoding="utf-8",
        )
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "secant_keeper", "run", "--config", str(config)),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            _, said = await process.communicate()
        finally:
            if process.returncode is None:  # interrupted: no keeper stays behind without its chain
                process.kill()
                await process.wait()
        if process.returncode != 0:
            raise KeeperFailedError(said.decode(errors="replace").strip()[-2000:])


async def raise_curtain(stack: AsyncExitStack, folder: Path) -> Stage:
    """A chain at the opening's date: exchange, funded wallets, feed, records, markets and pools."""
    net = await stack.enter_async_context(Localnet(port=0, programs=programs()))
    net.ledger.set_unix_timestamp(OPENING)
    keeper = Wallet.generate()
    keeper.save(folder / "keeper.json")
    async with Chain(net.url, ws_url=net.ws_url) as chain:
        local = await bootstrap(chain)
        await chain.airdrop(keeper.address, _LAMPORTS)
        wallets = {name: Wallet.generate() for name in (MAKER, *TRADERS)}
        for name, wallet in wallets.items():
            await chain.airdrop(wallet.address, _LAMPORTS)
            await faucet(
                chain, local.mint, wallet.address, MAKER_DEPOSIT if name == MAKER else TRADER_DEPOSIT
            )
    clients = {}
    for name, wallet in wallets.items():
        client = await stack.enter_async_context(Client.connect(net.url, wallet, ws_url=net.ws_url))
        await client.open_account()
        await client.deposit(MAKER_DEPOSIT if name == MAKER else TRADER_DEPOSIT)
        clients[name] = client
    feed, records = await _open_markets(clients[MAKER], keeper)
    return Stage(net, folder, clients, keeper, feed, records)


async def _open_markets(maker: Client, keeper: Wallet) -> tuple[Pubkey, dict[str, Pubkey]]:
    created = await maker.create_feed(
        SERIES,
        width_max="0.05",
        step_max="0.05",
        exponent=-6,
        staleness_s=_STALENESS_S,
        publishers=[keeper.address],
    )
    feed = created.address
    await maker.create_event(
        PARENT_NAME, title=PARENT_TITLE, lock_time=LOCK_TIME, settlement_deadline=SETTLEMENT_DEADLINE
    )
    await maker.create_pool(PARENT_NAME, POOL_LIQUIDITY)
    records = {}
    for market in DERIVATIVES:
        record = await maker.create_record(feed, market.terms)
        records[market.name] = record.address
        await maker.create_event(
            market.name,
            title=market.title,
            lock_time=market.end,
            settlement_deadline=SETTLEMENT_DEADLINE,
            record=record.address,
        )
        await maker.create_pool(market.name, POOL_LIQUIDITY)
    return feed, records


def quotes_of_act(quotes: tuple[HourlyQuote, ...], act: int) -> list[HourlyQuote]:
    """The quotes that are printed in an act."""
    since = ACTS[act - 1].until if act > 0 else 0
    return [quote for quote in quotes if since <= quote.time < ACTS[act].until]
