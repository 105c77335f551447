"""Perpetuals on a localnet whose clock stands where a test sets it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from secant import Client, Wallet
from secant.bootstrap import faucet_keypair
from secant.client import PerpTerms, perp_rules

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from solders.pubkey import Pubkey

    from .conftest import Market

HOUR_S = 3_600


@dataclass
class PerpMarkets:
    """The admin of an exchange, who also publishes the prices of its perpetuals."""

    market: Market
    admin: Client
    now: int
    feeds: dict[str, Pubkey] = field(default_factory=dict)

    async def go_on(self, seconds: int = 1) -> None:
        """Sets the chain's clock."""
        self.now += seconds
        await self.market.chain.call("localnet_setClock", {"unixTimestamp": self.now})

    async def create(self, name: str = "SOL", price: str = "1.00", **rules: Any) -> Pubkey:
        """A perpetual over a feed of its own: unless said otherwise with ticks of 0.0001, at ten times."""
        feed = await self.admin.create_feed(f"feed of {name}", width_max=50)
        self.feeds[name] = feed.address
        await self.say(name, price)
        view = await self.admin.feed(feed.address)
        wanted = {"near": "0.05", "shock": "0.5", **rules}
        return (await self.admin.create_perp(name, view, perp_rules(view, PerpTerms(**wanted)))).address

    async def say(self, name: str, price: str, *, seconds: int = 1) -> None:
        """Time passes, and the feed says a price."""
        await self.go_on(seconds)
        await self.admin.publish(self.feeds[name], price, price)

    async def settle_down(self, name: str, price: str) -> None:
        """A price that stays: averages follow it."""
        for seconds in (1, 300):
            await self.say(name, price, seconds=seconds)
            await self.admin.update_perp(name)

    async def trader(self, collateral: int = 500) -> AsyncIterator[Client]:
        """Another wallet with an account."""
        async with self.market.connect(await self.market.funded_wallet()) as connected:
            await connected.open_account()
            await connected.deposit(collateral)
            yield connected


async def perp_markets(market: Market) -> AsyncIterator[PerpMarkets]:
    """The admin, connected."""
    async with market.connect(Wallet(faucet_keypair())) as admin:
        now = await admin.chain.clock_time()
        yield PerpMarkets(market, admin, now // HOUR_S * HOUR_S + HOUR_S)
