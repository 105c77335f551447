"""What tests of a running keeper share: settings, a reader, a whole run."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from secant_keeper.config import FeedSettings, Settings, SourceSettings
from secant_keeper.metrics import Metrics
from secant_keeper.reader import Reader
from secant_keeper.service import keep
from secant_keeper.sources import load_recordings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import aiohttp
    from keeper_world import World

    from secant.localnet import Localnet
    from secant_keeper.rpc import Rpc
    from secant_keeper.state import State

TIMEOUT_S = 30


class Changes:
    """Waits for a condition that is looked at after every change."""

    def __init__(self) -> None:
        self._changed = asyncio.Event()

    def __call__(self) -> None:
        self._changed.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(TIMEOUT_S):
            while not condition():
                self._changed.clear()
                await self._changed.wait()


def a_reader(
    rpc: Rpc, net: Localnet, state: State, changes: Changes, session: aiohttp.ClientSession, **more: Any
) -> Reader:
    chosen = {"silence_s": 30.0, "snapshot_interval_s": 300.0, **more}
    return Reader(rpc, session, net.ws_url, state, Metrics(), changed=changes, **chosen)


def settings_of(world: World, net: Localnet, url: str, quotes: Path, **more: Any) -> Settings:
    source = SourceSettings(venue="polymarket", file=quotes, speed=0)
    chosen = {
        "url": url,
        "ws_url": net.ws_url,
        "drive_clock": True,
        "exit_when_done": True,
        "metrics_port": None,
        "poll_interval_s": 0.01,
        "feeds": (FeedSettings(address=world.feed, source=source),),
        **more,
    }
    return Settings(**chosen)


async def run_keeper(world: World, settings: Settings, metrics: Metrics, *, code: int = 0) -> None:
    recordings = load_recordings(settings, metrics)
    async with asyncio.timeout(TIMEOUT_S):
        assert await keep(settings, world.keeper, metrics, recordings) == code
