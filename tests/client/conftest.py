from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from secant import Client, Wallet
from secant.bootstrap import LocalExchange, bootstrap, faucet, programs
from secant.chain import Chain
from secant.localnet import Localnet

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from secant.client import EventView

SOL = 10**9


@dataclass
class Market:
    """A localnet with an exchange, and wallets on it as tests want them."""

    net: Localnet
    chain: Chain
    local: LocalExchange

    async def funded_wallet(self, collateral: str = "1000") -> Wallet:
        wallet = Wallet.generate()
        await self.chain.airdrop(wallet.address, 10 * SOL)
        await faucet(self.chain, self.local.mint, wallet.address, collateral)
        return wallet

    def connect(self, wallet: Wallet | None, **options: str) -> Client:
        return Client.connect(self.net.url, wallet, **options)  # type: ignore[arg-type]


@pytest.fixture
async def market() -> AsyncIterator[Market]:
    async with Localnet(port=0, programs=programs()) as net, Chain(net.url, ws_url=net.ws_url) as chain:
        yield Market(net, chain, await bootstrap(chain))


@pytest.fixture
async def client(market: Market) -> AsyncIterator[Client]:
    """A wallet with an account that holds 500."""
    async with market.connect(await market.funded_wallet()) as connected:
        await connected.open_account()
        await connected.deposit(500)
        yield connected


@pytest.fixture
async def taker(market: Market, client: Client) -> AsyncIterator[Client]:  # noqa: ARG001 - after it
    """Another wallet with an account that holds 500."""
    async with market.connect(await market.funded_wallet()) as connected:
        await connected.open_account()
        await connected.deposit(500)
        yield connected


@pytest.fixture
async def rain(client: Client) -> EventView:
    """An event of the client's, with a pool of 100."""
    now = await client.chain.clock_time()
    await client.create_event(
        "rain", title="Will it rain?", lock_time=now + 1000, settlement_deadline=now + 2000
    )
    await client.create_pool("rain", 100)
    return await client.event("rain")
