"""`/metrics`, `/livez` and `/healthz`, and the checks behind them."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from secant.units import TICKS_PER_UNIT
from secant_keeper.errors import InputError
from secant_keeper.outage import Outage
from secant_keeper.replay_chain import NO_ASK, NO_BID
from secant_keeper.rpc import SHAPE_ERRORS, RpcError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from solders.pubkey import Pubkey

    from secant_keeper.config import Settings
    from secant_keeper.loop import Loop
    from secant_keeper.metrics import Metrics
    from secant_keeper.perps.auditor import Auditor
    from secant_keeper.perps.overdue import Overdue
    from secant_keeper.reader import Reader
    from secant_keeper.rpc import Rpc
    from secant_keeper.sources import Sources
    from secant_keeper.state import State

WATCH_S: Final = 5.0
TURN_STALE_S: Final = 30.0
"""On top of the poll interval: a loop that has not turned for longer hangs."""

log = structlog.get_logger("health")


def mid_differences(state: State) -> Iterator[tuple[Pubkey, Fraction]]:
    """Events with a two-sided first book and a feed this key has published to, and how far apart the two are.

    In ticks, positive where the book is dearer, as of the reading's time.
    """
    for book in state.books():
        event = state.event(book.head.event)
        address = None if event is None or book.head.outcome else state.feed_of(event)
        feed = None if address is None else state.feed(address)
        reading = None if feed is None else state.published(feed)
        if feed is None or reading is None or not reading.source_time:
            continue
        depth = book.depth(reading.source_time)
        if depth.bids and depth.asks and reading.bid != NO_BID and reading.ask != NO_ASK:
            book_mid = Fraction(depth.bids[0].price_ticks + depth.asks[0].price_ticks, 2)
            unit_ticks = Fraction(TICKS_PER_UNIT, 10**-feed.exponent)
            yield book.head.event, book_mid - Fraction(reading.bid + reading.ask, 2) * unit_ticks


class Health:
    """Judges whether the keeper lives and does its work.

    Args:
        settings: The limits.
        state: The accounts known.
        reader: When a slot was last heard of.
        loop: When it last turned.
        sources: Which live series are stale.
        metrics: Where gauges are kept current.
        clock: Monotonic seconds.
        auditor: Whether the exchange adds up; None if nobody looks.
        overdue: Whether accounts at risk are taken over; None if nobody is to.
    """

    def __init__(
        self,
        settings: Settings,
        state: State,
        reader: Reader,
        loop: Loop,
        sources: Sources,
        metrics: Metrics,
        clock: Callable[[], float] = time.monotonic,
        auditor: Auditor | None = None,
        overdue: Overdue | None = None,
    ) -> None:
        self._settings = settings
        self._state = state
        self._reader = reader
        self._loop = loop
        self._sources = sources
        self._metrics = metrics
        self._clock = clock
        self._auditor = auditor
        self._overdue = overdue
        self._begun = clock()
        self.balance_lamports: int | None = None

    @property
    def is_live(self) -> bool:
        """Whether the loop turns; it does not before the accounts have been read once."""
        if not self._reader.synced.is_set():
            return True
        limit_s = TURN_STALE_S + self._settings.poll_interval_s
        return self._clock() - max(self._loop.turned_at, self._begun) <= limit_s

    def problems(self) -> list[str]:
        """What keeps the keeper from its work; empty if nothing does."""
        found = []
        if not self.is_live:
            found.append("the loop does not turn")
        age_s = self._slot_age_s()
        if not self._reader.synced.is_set():
            found.append("the accounts have not been read yet")
        elif age_s > self._settings.slot_stale_s:
            found.append(f"no new slot for {age_s:.0f} s: the node stands still, as an idle localnet does")
        found += [f"{venue} refuses the key and is followed no more" for venue in self._sources.refused]
        stale = self._sources.stale(self._settings.venue_stale_s)
        if stale:
            found.append(f"no news of {', '.join(stale)}")
        found += [] if self._auditor is None else self._auditor.problems()
        found += [] if self._overdue is None else self._overdue.problems()
        balance, least = self.balance_lamports, self._settings.balance_min_lamports
        if balance is not None and balance < least:
            found.append(f"the balance is {balance} lamports, under {least}")
        return found

    def _slot_age_s(self) -> float:
        return self._clock() - (self._reader.slot_heard_at or self._begun)

    async def watch(self, rpc: Rpc, payer: Pubkey) -> None:
        """Keep the gauges and the balance current until cancelled."""
        outage = Outage(log, "balance unknown")
        while True:
            counts = Counter(type(account).__name__ for account in self._state.accounts.values())
            counts["undecodable"] = len(self._state.undecodable)
            for kind, count in counts.items():
                self._metrics.accounts.labels(kind).set(count)
            self._compare_books()
            self._metrics.near_risk.set(self._state.watch.found.near)
            self._metrics.at_risk.set(len(self._state.watch.found.accounts))
            self._metrics.slot.set(self._state.slot)
            self._metrics.slot_age.set(self._slot_age_s())
            try:
                self.balance_lamports = int((await rpc.call("getBalance", str(payer)))["value"])
                self._metrics.balance.set(self.balance_lamports)
                outage.over()
            except (RpcError, *SHAPE_ERRORS) as error:
                outage.tell(str(error))
            await asyncio.sleep(WATCH_S)

    def _compare_books(self) -> None:
        self._metrics.mid_difference.clear()
        for event, ticks in mid_differences(self._state):
            self._metrics.mid_difference.labels(str(event)).set(float(ticks))

    async def serve(self, host: str, port: int) -> web.AppRunner:
        """Serve the three pages.

        Raises:
            InputError: The port cannot be had.
        """
        application = web.Application()
        application.router.add_get("/metrics", self._serve_metrics)
        application.router.add_get("/livez", self._serve_livez)
        application.router.add_get("/healthz", self._serve_healthz)
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError as error:
            await runner.cleanup()
            raise InputError(f"metrics_port {port} on {host}: {error.strerror}") from error
        addresses = runner.addresses
        log.info("serving", host=host, port=addresses[0][1] if addresses else port)
        return runner

    async def _serve_metrics(self, _request: web.Request) -> web.Response:
        body = generate_latest(self._metrics.registry)
        return web.Response(body=body, headers={"content-type": CONTENT_TYPE_LATEST})

    async def _serve_livez(self, _request: web.Request) -> web.Response:
        return web.Response(text="ok\n") if self.is_live else web.Response(status=503, text="hangs\n")

    async def _serve_healthz(self, _request: web.Request) -> web.Response:
        problems = self.problems()
        body = {"healthy": not problems, "problems": problems, "slot": self._state.slot}
        return web.json_response(body, status=503 if problems else 200)
