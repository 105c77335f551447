"""What every live venue shares: one consumer, reconnecting with jittered waits, reading again what is silent.

What a venue's frames mean is decided by its `Session`, a pure state machine: frames in, items out. This
module holds the clock; how frames come in is the subclass's part.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from abc import ABC, abstractmethod
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import aiohttp
import structlog

from secant_keeper.outage import Outage
from secant_keeper.venues.observation import Item, Observation, Reason, Rejection, Rejections
from secant_keeper.venues.rest import full_jitter_s
from secant_keeper.venues.staleness import BookState, Freshness

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterable

    from secant_keeper.venues.errors import VenueError

    FrameRecorder: TypeAlias = Callable[[bytes, int], None]
    """Called with each raw frame and its receive time in Unix milliseconds, before it is decoded."""

log = structlog.get_logger("venues")


@dataclass(frozen=True, slots=True)
class Timing:
    """The times of a live stream, in seconds.

    Attributes:
        connect_s: Limit of one connection attempt.
        heartbeat_s: How often the client's own heartbeat is sent, where the venue wants one.
        dead_after_s: Silence (of heartbeats, where the client sends them) after which the socket is given up.
        backoff_base_s: The first wait before reconnecting is uniform in 0 to this; it doubles with each
            failure.
        backoff_cap_s: Limit of that wait.
        healthy_after_s: A connection that lasted this long starts the waits over.
        refresh_after_s: A series without a message for this long has its book read again.
        refresh_check_s: How often that is looked for; also how long a first snapshot is waited for before
            REST is asked.
        refresh_pause_s: Least time between two rounds of reading books again, whatever calls for them.
    """

    connect_s: float = 10.0
    heartbeat_s: float = 10.0
    dead_after_s: float = 30.0
    backoff_base_s: float = 0.5
    backoff_cap_s: float = 30.0
    healthy_after_s: float = 60.0
    refresh_after_s: float = 30.0
    refresh_check_s: float = 5.0
    refresh_pause_s: float = 1.0


@dataclass(slots=True)
class Reaction:
    """What a frame calls for.

    Attributes:
        items: Observations and rejections.
        send: Frames to send, in order.
        reconnect: Why the connection must be given up, None to keep it.
        fatal: An error no reconnecting can mend, None without one.
        refresh: Whether books must be read again by REST without delay.
    """

    items: list[Item] = field(default_factory=list)
    send: list[str] = field(default_factory=list)
    reconnect: str | None = None
    fatal: VenueError | None = None
    refresh: bool = False


class Session(Protocol):
    """A venue's protocol without its I/O."""

    @property
    def series(self) -> frozenset[str]:
        """The followed series."""

    def received(self, frame: bytes, recv_ms: int) -> Reaction:
        """React to a data frame."""

    def closed(self) -> None:
        """Take note that the connection ended."""

    def freshness(self, series: str) -> Freshness:
        """How fresh a series is."""


class _Outbox:
    """Observations on their way to the one consumer; the oldest give way when it is too slow."""

    SIZE_MAX = 65_536

    def __init__(self, rejections: Rejections) -> None:
        self._items: deque[Observation] = deque()
        self._filled = asyncio.Event()
        self._rejections = rejections

    def put(self, observation: Observation) -> None:
        if len(self._items) >= self.SIZE_MAX:
            dropped = self._items.popleft()
            detail = f"the consumer is {self.SIZE_MAX} observations behind"
            self._rejections.count(Rejection(Reason.OVERFLOW, detail, dropped.series, dropped.source_time_ms))
        self._items.append(observation)
        self._filled.set()

    def wake(self) -> None:
        self._filled.set()

    async def get(self) -> Observation | None:
        """The next observation, None if woken without one."""
        if not self._items:
            await self._filled.wait()
            self._filled.clear()
        return self._items.popleft() if self._items else None


class ConnectionEndedError(Exception):
    """The connection is to be given up and opened anew."""


def unix_ms() -> int:
    """The local clock in Unix milliseconds."""
    return time.time_ns() // 1_000_000


class VenueStream(ABC):
    """Live observations of a set of series, over whatever number of connections it takes.

    Attributes:
        rejections: Counts of what gave no observation.
        reconnects: Connections that ended, failed attempts included.
        last_ended: Why the last of them did, "" before any.
    """

    def __init__(
        self,
        session: Session,
        rejections: Rejections,
        *,
        timing: Timing | None = None,
        record: FrameRecorder | None = None,
        rng: random.Random | None = None,
        now_ms: Callable[[], int] = unix_ms,
    ) -> None:
        """Set up the stream; nothing is connected until `observations` is iterated.

        Args:
            session: The venue's protocol.
            rejections: The counter the session shares.
            timing: Timeouts and waits.
            record: Called with every raw frame before it is decoded; what it raises ends the stream.
            rng: Source of the jitter.
            now_ms: The local clock.
        """
        self.rejections = rejections
        self.reconnects = 0
        self.last_ended = ""
        self._session = session
        self._timing = timing or Timing()
        self._record = record
        self._rng = rng or random.Random()  # noqa: S311  jitter, no secret
        self._now_ms = now_ms
        self._outbox: _Outbox | None = None
        self._refresh_now = asyncio.Event()
        self._is_closed = False

    @property
    def series(self) -> frozenset[str]:
        """The followed series."""
        return self._session.series

    def freshness(self, series: str) -> Freshness:
        """How fresh a series is: a state of its book or price, not of the connection.

        Raises:
            KeyError: The series is not followed.
        """
        return self._session.freshness(series)

    def stale_series(self, age_s_max: float) -> frozenset[str]:
        """Series whose book may not be read, or that had no message for longer than `age_s_max`."""
        oldest_ms = self._now_ms() - int(age_s_max * 1000)
        return frozenset(name for name in self.series if self._is_due(name, oldest_ms))

    def _is_due(self, name: str, oldest_ms: int) -> bool:
        fresh = self._session.freshness(name)
        return fresh.state is not BookState.LIVE or fresh.received_ms is None or fresh.received_ms < oldest_ms

    async def observations(self) -> AsyncGenerator[Observation, None]:
        """Observations until `close`; rejections are counted, not yielded. One consumer at a time.

        Raises:
            AuthenticationError: The venue refuses the credentials.
            RuntimeError: A second consumer, or a closed stream.
        """
        if self._outbox is not None or self._is_closed:
            raise RuntimeError(
                "the stream is closed" if self._is_closed else "the stream has a consumer already"
            )
        outbox = self._outbox = _Outbox(self.rejections)
        tasks = [asyncio.create_task(duty) for duty in self._duties()]
        for task in tasks:
            task.add_done_callback(lambda _: outbox.wake())
        try:
            while True:
                observation = await outbox.get()
                if observation is not None:
                    yield observation
                    continue
                for task in tasks:
                    if task.done():
                        task.result()
                if self._is_closed:
                    return
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._outbox = None

    async def close(self) -> None:
        """End `observations`; further calls change nothing."""
        self._is_closed = True
        if self._outbox is not None:
            self._outbox.wake()

    @abstractmethod
    def _duties(self) -> Iterable[Coroutine[Any, Any, None]]:
        """What runs for as long as somebody listens."""

    def _take(self, items: list[Item]) -> None:
        for item in items:
            if isinstance(item, Rejection):
                self.rejections.count(item)
            elif self._outbox is not None:
                self._outbox.put(item)

    def _receive(self, frame: bytes, outage: Outage) -> Reaction:
        """Take in one frame; what else it calls for is left to the caller."""
        recv_ms = self._now_ms()
        if self._record is not None:
            self._record(frame, recv_ms)
        reaction = self._session.received(frame, recv_ms)
        self._take(reaction.items)
        if reaction.items:
            outage.over()
        if reaction.fatal is not None:
            raise reaction.fatal
        return reaction

    async def _connect_forever(self, connect_once: Callable[[], Awaitable[None]], outage: Outage) -> None:
        timing, failures = self._timing, 0
        loop = asyncio.get_running_loop()
        while True:
            started = loop.time()
            try:
                await connect_once()
            except ConnectionEndedError as error:
                self.last_ended = str(error)
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                self.last_ended = f"{type(error).__name__}: {error}"
            outage.tell(self.last_ended)
            self.reconnects += 1
            failures = 0 if loop.time() - started >= timing.healthy_after_s else failures + 1
            wait_s = full_jitter_s(
                max(failures - 1, 0), timing.backoff_base_s, timing.backoff_cap_s, self._rng
            )
            await asyncio.sleep(wait_s)

    async def _refresh_forever(self, read_again: Callable[[frozenset[str]], Awaitable[None]]) -> None:
        """Read again what waits for a snapshot or has been silent."""
        timing = self._timing
        while True:
            # Either a book is in doubt, or it is time for the regular check.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timing.refresh_check_s):
                    await self._refresh_now.wait()
            self._refresh_now.clear()
            await read_again(self.stale_series(timing.refresh_after_s))
            await asyncio.sleep(timing.refresh_pause_s)


def connection_outage(url: str) -> Outage:
    """What tells of the failing connections of one address."""
    return Outage(log.bind(url=url), "venue connection ended")
