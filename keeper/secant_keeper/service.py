"""The run command: checks what it starts with, then keeps everything running until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import aiohttp
import structlog

from secant import exchange, oracle
from secant._wire import DecodeError
from secant_keeper.chain_clock import ChainClock
from secant_keeper.config import Settings, read_keypair, read_settings
from secant_keeper.errors import ClusterError
from secant_keeper.health import Health
from secant_keeper.loop import Loop
from secant_keeper.metrics import Metrics
from secant_keeper.reader import Reader
from secant_keeper.rpc import Rpc, RpcError, RpcRefusedError
from secant_keeper.sender import Sender
from secant_keeper.sources import Sources, load_recordings
from secant_keeper.state import State

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from pathlib import Path

    from solders.keypair import Keypair
    from solders.pubkey import Pubkey

    from secant_keeper.recordings import Reading

log = structlog.get_logger("keeper")


def configure_logging() -> None:
    """One JSON object a line on stderr."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.dict_tracebacks,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )


def run_command(config: Path) -> int:
    """Run the keeper; the exit code.

    Raises:
        KeeperError: A setting, a key, a recording or the cluster is not to be used.
    """
    settings = read_settings(config)
    payer = read_keypair(settings.keypair)
    metrics = Metrics()
    configure_logging()
    recordings = load_recordings(settings, metrics)
    return asyncio.run(keep(settings, payer, metrics, recordings))


async def check_cluster(rpc: Rpc, settings: Settings) -> None:
    """See that the cluster answers and has the programs.

    Raises:
        ClusterError: It does not, or has not.
    """
    addresses = [oracle.PROGRAM_ID, exchange.PROGRAM_ID]
    try:
        _, found = await rpc.accounts(addresses)
        if settings.drive_clock:
            await rpc.call("localnet_setClock", {"unixTimestamp": await ChainClock(rpc).now()})
    except RpcRefusedError as error:
        raise ClusterError(f"{settings.shown_url} refuses: {error}") from error
    except RpcError as error:
        raise ClusterError(f"no Solana RPC at {settings.shown_url}: {error}") from error
    for name, (address, _, data) in zip(("oracle", "exchange"), found, strict=True):
        if data is None:
            raise ClusterError(f"the {name} program {address} is not at {settings.shown_url}: wrong cluster?")


async def check_feeds(
    rpc: Rpc, settings: Settings, publisher: Pubkey, recordings: dict[Pubkey, list[Reading]]
) -> None:
    """See that every feed is there and takes this key's readings; set a driven clock to the first of them.

    Raises:
        ClusterError: A feed is missing, is none, or has other publishers.
        RpcError: The node does not answer.
    """
    if not settings.feeds:
        return
    _, found = await rpc.accounts([feed.address for feed in settings.feeds])
    pending: list[int] = []
    for address, _, data in found:
        if data is None:
            raise ClusterError(f"there is no feed {address} at {settings.shown_url}")
        try:
            feed = oracle.Feed.decode(data)
        except DecodeError:
            raise ClusterError(f"the account {address} is no feed") from None
        publishers = feed.publishers[: feed.publisher_count]
        if publisher not in publishers:
            raise ClusterError(f"the key {publisher} is not among the publishers of the feed {address}")
        published = feed.readings[publishers.index(publisher)].source_time
        pending += [one.time for one in recordings.get(address, ()) if one.time > published][:1]
    clock = ChainClock(rpc)
    if settings.drive_clock and pending and min(pending) < await clock.now():
        await clock.drive(min(pending))


async def keep(
    settings: Settings, payer: Keypair, metrics: Metrics, recordings: dict[Pubkey, list[Reading]]
) -> int:
    """Run until stopped or done; the exit code.

    Raises:
        KeeperError: As `check_cluster` and `check_feeds`, or a port or a venue's key is not to be used.
    """
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        rpc = Rpc(session, settings.url.get_secret_value())
        await check_cluster(rpc, settings)
        try:
            await check_feeds(rpc, settings, payer.pubkey(), recordings)
        except RpcError as error:
            raise ClusterError(f"no Solana RPC at {settings.shown_url}: {error}") from error
        state = State(publisher=payer.pubkey())
        woken = _Relay()
        reader = Reader(
            rpc,
            session,
            settings.websocket_url,
            state,
            metrics,
            changed=woken,
            silence_s=settings.silence_s,
            snapshot_interval_s=settings.snapshot_interval_s,
        )
        sender = Sender(
            rpc,
            payer,
            metrics,
            fee_max_micro_lamports=settings.priority_fee_max_micro_lamports,
            dry_run=settings.dry_run,
        )
        sources = Sources(settings, state, metrics, recordings, changed=woken)
        loop = Loop(settings, state, reader, sender, ChainClock(rpc), sources, metrics)
        woken.target = loop
        health = Health(settings, state, reader, loop, sources, metrics)
        if settings.metrics_port is not None:
            runner = await health.serve(settings.metrics_host, settings.metrics_port)
            stack.push_async_callback(runner.cleanup)
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, loop.stop)
        log.info("started", cluster=settings.shown_url, payer=str(payer.pubkey()), dry_run=settings.dry_run)
        await _run(reader, sources, loop, health.watch(rpc, payer.pubkey()))
        log.info("stopped")
    return 0


class _Relay:
    """Wakes the loop, which is made after those that wake it."""

    target: Loop | None = None

    def __call__(self) -> None:
        if self.target is not None:
            self.target.wake()


async def _run(reader: Reader, sources: Sources, loop: Loop, watching: Coroutine[Any, Any, None]) -> None:
    """The loop once the accounts are known, beside everything it lives on; a fault of any ends all."""
    async with asyncio.TaskGroup() as tasks:
        beside = [tasks.create_task(reader.run()), tasks.create_task(watching)]
        waits = [asyncio.create_task(event.wait()) for event in (reader.synced, loop.stopped)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        beside.append(tasks.create_task(sources.run()))
        await loop.run()
        for task in beside:
            task.cancel()
