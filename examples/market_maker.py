"""A market maker to copy: quotes a ladder around a reference price, leaning against its inventory.

    python examples/market_maker.py EVENT OUTCOME --feed FEED [--url URL] [--keypair FILE]

It ends when it is told to, or when its event trades no more (exit code 0), or at an error (1).

The reference is the newest reading of an oracle feed; `make_market` takes any other prices. The centre of the
ladder is Avellaneda and Stoikov's reservation price for a payout of 0 or 1, whose variance is p(1 - p):
centre = p - aversion * inventory * p(1 - p). The further from flat, the wider the ladder; a side that could
take the inventory past its bound is cut. Orders expire: if this program or its network dies, they go.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import sys
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from secant import Client, ProgramError, SecantError, Wallet
from secant.errors import RpcRefused, RpcUnreachable, TransactionExpired, TransactionUnconfirmed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from secant.client import EventRef, FeedRef

Levels = list[tuple[Decimal, Decimal]]
Shown = tuple[Decimal, Decimal, int]  # fair price, inventory and time that the last quote was made for
TICK, LOT = Decimal("0.0001"), Decimal("0.01")
# What may be over in a moment. Anything else ends the program.
PASSING = (RpcUnreachable, RpcRefused, TransactionExpired, TransactionUnconfirmed)


@dataclass(frozen=True)
class Strategy:
    """How to quote. Prices are from 0 to 1, inventories in shares."""

    levels: int = 3
    shares: Decimal = Decimal(20)  # of one level
    step: Decimal = Decimal("0.01")  # from one level to the next
    half_spread: Decimal = Decimal("0.01")  # when flat
    aversion: Decimal = Decimal("0.001")  # by how much of p(1 - p) a share of inventory moves the centre
    inventory_max: Decimal = Decimal(200)  # long or short
    tolerance: Decimal = Decimal("0.002")  # a price that moved less is no reason to quote anew
    lifetime_s: int = 60  # of an order; renewed at half of it

    def ladder(self, fair: Decimal, inventory: Decimal) -> tuple[Levels, Levels]:
        """Bids and asks around a fair price, the best first."""
        lean = self.aversion * inventory * fair * (1 - fair)
        half = self.half_spread + abs(lean) / 2
        bids = [fair - lean - half - place * self.step for place in range(self.levels)]
        asks = [fair - lean + half + place * self.step for place in range(self.levels)]
        room = self.inventory_max
        return self._sized(bids, room - inventory), self._sized(asks, room + inventory)

    def _sized(self, prices: list[Decimal], room: Decimal) -> Levels:
        """Levels that a book can show and that all together take no more than there is room for."""
        levels: Levels = []
        for price in prices:
            shares = min(self.shares, room)
            if TICK <= price <= 1 - TICK and shares >= LOT:
                levels.append((price, shares))
                room -= shares
        return levels


async def make_market(
    client: Client,
    event: EventRef,
    outcome: str | int,
    prices: AsyncIterator[Decimal | None],
    strategy: Strategy,
) -> None:
    """Quotes around each price as it comes, or withdraws where there is none; cancels all at the end.

    Returns when the prices end, or the event trades no more.
    """
    shown: Shown | None = None
    try:
        async for fair in prices:
            try:
                shown = await requote(client, event, outcome, fair, strategy, shown)
            except PASSING as error:
                print(f"quoting again at the next price: {error}", file=sys.stderr)
                shown = None
    except ProgramError as error:
        if error.name != "EventNotOpen":
            raise
        print("the event trades no more")
    finally:
        await client.quote(event, outcome)


async def requote(
    client: Client,
    event: EventRef,
    outcome: str | int,
    fair: Decimal | None,
    strategy: Strategy,
    shown: Shown | None,
) -> Shown | None:
    """Quotes if the price, the inventory or the orders' age asks for it; what the book then shows."""
    if fair is None:
        await client.quote(event, outcome)
        return None
    inventory = await client.inventory(event, outcome)
    now, half_life_s = await client.chain.clock_time(), strategy.lifetime_s // 2
    if shown is not None:
        shown_fair, shown_inventory, shown_time = shown
        is_near = abs(fair - shown_fair) < strategy.tolerance and now < shown_time + half_life_s
        if is_near and inventory == shown_inventory:
            return shown
    bids, asks = strategy.ladder(fair, inventory)
    expires = now + strategy.lifetime_s
    receipt = await client.quote(
        event, outcome, bids=bids, asks=asks, expires=expires, expires_from=expires - half_life_s
    )
    best = [f"{levels[0][0]:.4f}" if levels else "none" for levels in (bids, asks)]
    print(f"fair {fair:.4f}, inventory {inventory}: best bid {best[0]}, ask {best[1]}", flush=True)
    # Orders that were filled meanwhile have changed the inventory: quote anew at the next price.
    return None if receipt.gone else (fair, inventory, now)


async def feed_prices(
    client: Client, feed: FeedRef, stop: asyncio.Event, every_s: float = 1.0
) -> AsyncIterator[Decimal | None]:
    """The middle of a feed's newest reading, again and again until stopped; None while none is fresh."""
    while not stop.is_set():
        fresh = []
        try:
            view, now = await client.feed(feed), await client.chain.clock_time()
            fresh = [
                (reading.source_time, (reading.bid + reading.ask) / 2)
                for reading in view.readings
                if reading.source_time is not None and reading.bid is not None and reading.ask is not None
                if now - reading.source_time.timestamp() <= view.staleness_s
            ]
        except PASSING as error:
            print(f"no price: {error}", file=sys.stderr)
        yield max(fresh)[1] if fresh else None
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), every_s)


async def main() -> None:
    """Makes a market until SIGINT or SIGTERM; what is under way then is finished before all is cancelled."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("event")
    parser.add_argument("outcome")
    parser.add_argument("--feed", required=True, help="name or address")
    parser.add_argument("--url", default=os.environ.get("SECANT_URL", "localnet"))
    parser.add_argument("--keypair", type=Path, help="the wallet; Solana's own default unless given")
    options = parser.parse_args()
    wallet = Wallet.load() if options.keypair is None else Wallet.load(options.keypair)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with Client.connect(options.url, wallet) as client:
        prices = feed_prices(client, options.feed, stop)
        await make_market(client, options.event, options.outcome, prices, Strategy())


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except SecantError as problem:
        sys.exit(f"error: {problem}")
