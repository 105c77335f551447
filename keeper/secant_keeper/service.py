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
from secant_keeper.chain_clock import RUN_AGAIN, ChainClock
from secant_keeper.config import Settings, read_keypair, read_settings
from secant_keeper.errors import EXIT_INCOMPLETE, ClusterError
from secant_keeper.evidence import iso_time
from secant_keeper.health import Health
from secant_keeper.history import UNSEEN_MAX_S, History
from secant_keeper.jobs import audit, liquidate, publish
from secant_keeper.loop import Loop
from secant_keeper.metrics import Metrics
from secant_keeper.perps.auditor import Auditor
from secant_keeper.perps.overdue import Overdue
from secant_keeper.perps.task import Task
from secant_keeper.reader import Reader
from secant_keeper.rpc import Rpc, RpcError, RpcRefusedError
from secant_keeper.sender import Sender
from secant_keeper.sources import Sources, load_recordings
from secant_keeper.state import State

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

    from solders.keypair import Keypair
    from solders.pubkey import Pubkey

    from secant_keeper.chain_clock import LocalClock
    from secant_keeper.config import FeedSettings
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


async def check_cluster(rpc: Rpc, clock: ChainClock, settings: Settings) -> LocalClock | None:
    """See that the cluster answers and has the programs; its clock if it is a localnet.

    Raises:
        ClusterError: It does not, or has not, or its clock is to be driven and cannot be.
    """
    addresses = [oracle.PROGRAM_ID, exchange.PROGRAM_ID]
    try:
        _, found = await rpc.accounts(addresses)
        local = await clock.local()
    except RpcRefusedError as error:
        raise ClusterError(f"{settings.shown_url} refuses: {error}") from error
    except RpcError as error:
        raise ClusterError(f"no Solana RPC at {settings.shown_url}: {error}") from error
    for name, (address, _, data) in zip(("oracle", "exchange"), found, strict=True):
        if data is None:
            raise ClusterError(f"the {name} program {address} is not at {settings.shown_url}: wrong cluster?")
    if settings.drive_clock and local is None:
        raise ClusterError(
            f"{settings.shown_url} is no localnet, and only a localnet's clock can be driven: "
            "drop drive_clock, and play a recording with rebase = true in its source"
        )
    return local


async def check_feeds(
    rpc: Rpc,
    clock: ChainClock,
    settings: Settings,
    publisher: Pubkey,
    recordings: dict[Pubkey, list[Reading]],
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
    for settings_of_feed, (address, _, data) in zip(settings.feeds, found, strict=True):
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
        if address in recordings and not settings_of_feed.source.rebase:
            later = [one.time for one in recordings[address] if one.time > published]
            pending += later[:1]
            if not later:
                _warn_of_nothing_later(settings_of_feed, published)
    if settings.drive_clock and pending and min(pending) < await clock.now():
        await clock.drive(min(pending))


async def check_perps(rpc: Rpc, settings: Settings, key: Pubkey) -> None:
    """See that the exchange of the perpetuals is there, and that this key may do what it is to do at it.

    Raises:
        ClusterError: There is no such exchange, or no such margin account, or the key is not its pauser.
        RpcError: The node does not answer.
    """
    if settings.perps is None:
        return
    task = Task(key, settings.perps)
    address = settings.perps.exchange
    wanted = [address] if task.taker is None else [address, task.taker]
    _, found = await rpc.accounts(wanted)
    try:
        desk = None if found[0][2] is None else exchange.Exchange.decode(found[0][2])
    except DecodeError:
        desk = None
    if desk is None:
        raise ClusterError(f"there is no exchange {address} at {settings.shown_url}")
    if task.taker is not None and found[1][2] is None:
        raise ClusterError(
            f"the key {key} has no margin account {settings.perps.account_index} at the exchange {address}: "
            "open it and deposit, or leave account_index out"
        )
    if settings.perps.pause and key not in {desk.pauser, desk.admin}:
        raise ClusterError(f"the key {key} is not the pauser {desk.pauser} of the exchange: drop pause")


def _auditor(
    settings: Settings, rpc: Rpc, state: State, metrics: Metrics, changed: Callable[[], None]
) -> Auditor | None:
    if settings.perps is None or audit.NAME not in settings.jobs:
        return None
    interval_s = settings.perps.audit_interval_s
    return Auditor(rpc, state, metrics, settings.perps.exchange, interval_s=interval_s, changed=changed)


def _overdue(settings: Settings, state: State, metrics: Metrics, key: Pubkey) -> Overdue | None:
    """Looks after accounts at risk, where this keeper is to take them over."""
    if settings.perps is None or settings.dry_run or liquidate.NAME not in settings.jobs:
        return None
    return Overdue(state, metrics, Task(key, settings.perps))


def _warn_of_nothing_later(feed: FeedSettings, published: int) -> None:
    log.warning(
        "nothing in the recording is later than the feed's last reading: nothing will be published",
        feed=str(feed.address),
        file=str(feed.source.file),
        feed_at=iso_time(published),
        remedy="rebase = true in its source, or another feed",
    )


async def _let_run(clock: ChainClock) -> None:
    """Leave a clock that was found running as it was found."""
    try:
        local = await clock.local()
        if local is not None and local.is_driven:
            await clock.run_free()
            log.info("the localnet's clock runs again")
    except RpcError as error:
        log.warning("the localnet's clock may stand still", reason=str(error), remedy=RUN_AGAIN)


async def keep(
    settings: Settings, payer: Keypair, metrics: Metrics, recordings: dict[Pubkey, list[Reading]]
) -> int:
    """Run until stopped or done; the exit code, `EXIT_INCOMPLETE` if it ended with work undone.

    Raises:
        KeeperError: As `check_cluster`, `check_feeds` and `check_perps`, or a port, a key or the history
            will not do.
    """
    async with AsyncExitStack() as stack:
        history = _open_history(settings, metrics)
        if history is not None:
            stack.push_async_callback(history.close)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        rpc = Rpc(session, settings.url.get_secret_value())
        clock = ChainClock(rpc)
        local = await check_cluster(rpc, clock, settings)
        if settings.drive_clock and local is not None and not local.is_driven:
            stack.push_async_callback(_let_run, clock)
        try:
            await check_feeds(rpc, clock, settings, payer.pubkey(), recordings)
            await check_perps(rpc, settings, payer.pubkey())
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
            may_be_silent=local is not None,
        )
        sender = Sender(
            rpc,
            payer,
            metrics,
            fee_max_micro_lamports=settings.priority_fee_max_micro_lamports,
            dry_run=settings.dry_run,
        )
        sources = Sources(settings, state, metrics, recordings, changed=woken)
        loop = Loop(settings, state, reader, sender, clock, sources, metrics, history)
        woken.target = loop
        auditor = _auditor(settings, rpc, state, metrics, woken)
        overdue = _overdue(settings, state, metrics, payer.pubkey())
        health = Health(settings, state, reader, loop, sources, metrics, auditor=auditor, overdue=overdue)
        if settings.metrics_port is not None:
            runner = await health.serve(settings.metrics_host, settings.metrics_port)
            stack.push_async_callback(runner.cleanup)
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, loop.stop)
        _tell_what_is_left_out(settings)
        log.info("started", cluster=settings.shown_url, payer=str(payer.pubkey()), dry_run=settings.dry_run)
        beside = [reader.run(), health.watch(rpc, payer.pubkey())]
        if history is not None:
            beside.append(history.run())
        beside += [one.run() for one in (auditor, overdue) if one is not None]
        await _run(reader, sources, loop, beside)
        if loop.undone:
            log.error("ended with work undone", undone=loop.undone)
            return EXIT_INCOMPLETE
        log.info("stopped")
    return 0


def _tell_what_is_left_out(settings: Settings) -> None:
    if not settings.feeds:
        log.info(
            "no feeds: nothing is published", jobs=[job for job in settings.running if job != publish.NAME]
        )
    if (
        settings.perps is not None
        and settings.perps.account_index is None
        and liquidate.NAME in settings.jobs
    ):
        log.warning(
            "nothing is liquidated: no margin account takes over",
            remedy='account_index = 0 in [perps], or jobs without "liquidate"',
        )


def _open_history(settings: Settings, metrics: Metrics) -> History | None:
    if settings.history is None:
        return None
    return History(
        settings.history,
        metrics,
        interval_s=settings.history_interval_s,
        scan_interval_s=settings.history_scan_interval_s,
        unseen_max_s=UNSEEN_MAX_S + settings.poll_interval_s,
    )


class _Relay:
    """Wakes the loop, which is made after those that wake it."""

    target: Loop | None = None

    def __call__(self) -> None:
        if self.target is not None:
            self.target.wake()


async def _run(
    reader: Reader, sources: Sources, loop: Loop, running: list[Coroutine[Any, Any, None]]
) -> None:
    """The loop once the accounts are known, beside everything it lives on; a fault of any ends all."""
    async with asyncio.TaskGroup() as tasks:
        beside = [tasks.create_task(one) for one in running]
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
