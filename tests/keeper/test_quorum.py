"""Three keepers with keys of their own on one feed that needs two of them; one is killed in the middle."""

from __future__ import annotations

import asyncio
import json
import signal
from typing import TYPE_CHECKING

from keeper_process import TIMEOUT_S, end, start
from keeper_world import BEGIN, STALENESS_S, TWAP, World, settlements, write_quotes
from solders.keypair import Keypair

from secant import exchange, oracle
from secant.localnet import Localnet

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from solders.pubkey import Pubkey

SAMPLES = 12
STEP_S = 20
END = BEGIN + SAMPLES * STEP_S
PRICES = ("0.58", "0.60", "0.62")
KILLED = 0


class Landings:
    """Waits for a condition that is looked at after every landed transaction."""

    def __init__(self, world: World) -> None:
        self._landed = asyncio.Event()
        world.ledger.on_outcome(lambda *_: self._landed.set())

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(TIMEOUT_S):
            while not condition():
                self._landed.clear()
                await self._landed.wait()


def write_config(folder: Path, net: Localnet, feed: Pubkey, key: Keypair, price: str) -> Path:
    folder.mkdir()
    quotes = [(BEGIN + STEP_S * place, price, f"{price}1") for place in range(SAMPLES)]
    source = write_quotes(folder / "quotes.csv", quotes)
    (folder / "key.json").write_text(json.dumps(list(bytes(key))))
    config = folder / "keeper.toml"
    config.write_text(
        f'url = "{net.url}"\nws_url = "{net.ws_url}"\nkeypair = "{folder}/key.json"\nmetrics_port = 0\n'
        f'poll_interval_s = 0.02\n[[feeds]]\naddress = "{feed}"\n'
        f'source = {{ venue = "polymarket", file = "{source}", speed = 0 }}\n'
    )
    return config


async def test_two_of_three_keepers_carry_a_feed_to_its_settlement(tmp_path: Path) -> None:
    world = World()
    keys = [Keypair() for _ in PRICES]
    for key in keys:
        world.ledger.airdrop(key.pubkey(), 10**10)
    feed = world.new_feed("several", *(key.pubkey() for key in keys), quorum=2)
    record = world.add_record(BEGIN, END, TWAP, low=590_000, feed=feed)
    event = world.add_event(record, exchange.RESOLVER_RECORD, END, END + 10 * 86_400)
    holder = world.add_holder(0, event)
    landings = Landings(world)

    def published(place: int, moment: int) -> bool:
        data = world.ledger.account_data(feed)
        assert data is not None
        return oracle.Feed.decode(data).readings[place].source_time == moment

    async with Localnet(port=0, ledger=world.ledger) as net:
        living = {}
        for place, (key, price) in enumerate(zip(keys, PRICES, strict=True)):
            living[place] = await start(write_config(tmp_path / str(place), net, feed, key, price))
        for sample in range(SAMPLES):
            moment = BEGIN + STEP_S * sample
            world.ledger.set_unix_timestamp(moment)
            await landings.until(lambda moment=moment: all(published(place, moment) for place in living))
            if sample == SAMPLES // 2:
                killed = living.pop(KILLED)
                killed.kill()
                code, _ = await end(killed)
                assert code == -signal.SIGKILL
        assert world.record(record).status == oracle.RECORD_OPEN
        world.ledger.set_unix_timestamp(END + STALENESS_S + 1)
        await landings.until(lambda: world.holder(holder).cash_atoms == 100 * 10_000)
        for process in living.values():
            process.terminate()
            code, logs = await end(process)
            assert (code, logs[-1]["event"]) == (0, "stopped")

    decided = world.record(record)
    assert (decided.status, decided.yes_ticks, decided.accepted) == (oracle.RECORD_DECIDED, 10_000, SAMPLES)
    assert not published(KILLED, BEGIN + STEP_S * (SAMPLES - 1))
    assert world.event(event).status == exchange.EVENT_RESOLVED
    assert settlements(world.ledger) == {
        f"settle {event} {record}": 1,
        f"redeem {holder} {event}": 1,
    }
