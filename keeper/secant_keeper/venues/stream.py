"""The live loop every venue shares: connect, subscribe, keep alive, reconnect, refresh.

What a venue's frames mean is decided by its `Session`, a pure state machine: frames in, items and frames to
send out. This module holds the clock and the socket.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from abc import ABC, abstractmethod
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeAlias

import aiohttp
import structlog

from secant_keeper.outage import Outage
from secant_keeper.venues.errors import AuthenticationError, VenueError
from secant_keeper.venues.observation import (
    Item,
    Observation,
    Outcome,
    Reason,
    RefusalError,
    Rejection,
    Rejections,
    shown,
)
from secant_keeper.venues.rest import AUTHENTICATION_STATUSES, full_jitter_s
from secant_keeper.venues.staleness import BookState, Freshness

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping

    from secant_keeper.venues.depth import Depth

    FrameRecorder: TypeAlias = Callable[[bytes, int], None]
    """Called with each raw frame and its receive time in Unix milliseconds, before it is decoded."""

_GOODBYES = frozenset(
    {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSING, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR}
)
FRAME_BYTES_MAX = 1 << 26
_CLOSE_TIMEOUT = aiohttp.ClientWSTimeout(ws_close=1.0)
_DATA = frozenset({aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY})


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
    def heartbeat(self) -> str | None:
        """The text frame the client sends as heartbeat; None where the venue pings."""

    @property
    def series(self) -> frozenset[str]:
        """The followed series."""

    def opening(self) -> list[str]:
        """Frames to send on a new connection."""

    def received(self, frame: bytes, recv_ms: int) -> Reaction:
        """React to a data frame."""

    def is_heartbeat(self, frame: bytes) -> bool:
        """Whether the frame answers the client's heartbeat."""

    def closed(self) -> None:
        """Take note that the connection ended."""

    def add(self, names: Iterable[str]) -> list[str]:
        """Follow more series; frames to send if connected."""

    def remove(self, names: Iterable[str]) -> list[str]:
        """Follow fewer series; frames to send if connected."""

    def ask(self, names: Iterable[str]) -> list[str]:
        """Frames that ask for fresh snapshots of series; none if the venue's socket cannot be asked."""

    def rest_snapshot(self, series: str, payload: object, recv_ms: int) -> list[Item]:
        """Items of a REST book."""

    def freshness(self, series: str) -> Freshness:
        """How fresh a series is."""

    def depth(self, series: str) -> Depth | None:
        """What rests in a series; None while its book awaits a snapshot."""

    def announced(self, series: str) -> Outcome | None:
        """The result announced on the stream, None before."""


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


class _ConnectionEndedError(Exception):
    """The socket is to be given up and opened anew."""


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
        url: str,
        session: Session,
        rejections: Rejections,
        *,
        fetch_book: Callable[[str], Awaitable[object]],
        timing: Timing | None = None,
        headers: Callable[[], Mapping[str, str]] | None = None,
        record: FrameRecorder | None = None,
        rng: random.Random | None = None,
        now_ms: Callable[[], int] = unix_ms,
    ) -> None:
        """Set up the stream; nothing is connected until `observations` is iterated.

        Args:
            url: WebSocket URL.
            session: The venue's protocol.
            rejections: The counter the session's reducer shares.
            fetch_book: Reads one series' book by REST.
            timing: Timeouts and waits.
            headers: Makes the handshake's headers, anew for each connection.
            record: Called with every raw frame before it is decoded; what it raises ends the stream.
            rng: Source of the jitter.
            now_ms: The local clock.
        """
        self.rejections = rejections
        self.reconnects = 0
        self.last_ended = ""
        self._outage = Outage(log.bind(url=url), "venue connection ended")
        self._url = url
        self._session = session
        self._fetch_book = fetch_book
        self._timing = timing or Timing()
        self._headers = headers
        self._record = record
        self._rng = rng or random.Random()  # noqa: S311  jitter, no secret
        self._now_ms = now_ms
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._outbox: _Outbox | None = None
        self._refresh_now = asyncio.Event()
        self._is_closed = False

    @property
    def series(self) -> frozenset[str]:
        """The followed series."""
        return self._session.series

    async def add_series(self, *names: str) -> None:
        """Follow more series, on the open connection if there is one."""
        await self._send(self._session.add(names))

    async def remove_series(self, *names: str) -> None:
        """Follow fewer series, on the open connection if there is one."""
        await self._send(self._session.remove(names))

    def freshness(self, series: str) -> Freshness:
        """How fresh a series' book is: a state of the book, not of the socket.

        Raises:
            KeyError: The series is not followed.
        """
        return self._session.freshness(series)

    def depth(self, series: str) -> Depth | None:
        """What rests in a series at the venue; None while its book awaits a snapshot, or is not followed."""
        return self._session.depth(series)

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
        tasks = [asyncio.create_task(self._connect_forever()), asyncio.create_task(self._refresh_forever())]
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

    @abstractmethod
    async def outcome(self, series: str) -> Outcome:
        """The venue's own result of a series, as announced on the stream or else as REST gives it.

        Raises:
            VenueError: REST gives no usable answer.
        """

    async def close(self) -> None:
        """End `observations`; further calls change nothing."""
        self._is_closed = True
        if self._outbox is not None:
            self._outbox.wake()

    async def _send(self, frames: list[str]) -> None:
        socket = self._socket
        if socket is None:
            return  # `opening` subscribes to everything followed by then.
        for frame in frames:
            await socket.send_str(frame)

    def _take(self, items: list[Item]) -> None:
        for item in items:
            if isinstance(item, Rejection):
                self.rejections.count(item)
            elif self._outbox is not None:
                self._outbox.put(item)

    async def _connect_forever(self) -> None:
        timing, failures = self._timing, 0
        loop = asyncio.get_running_loop()
        async with aiohttp.ClientSession() as http:
            while True:
                started = loop.time()
                try:
                    await self._connect_once(http)
                except aiohttp.WSServerHandshakeError as error:
                    if error.status in AUTHENTICATION_STATUSES:
                        raise AuthenticationError(
                            f"{self._url} refused the connection: HTTP {error.status} {error.message}.",
                            "Check the API key id, its key file and the clock.",
                        ) from error
                    self.last_ended = f"HTTP {error.status}"
                except (aiohttp.ClientError, OSError, TimeoutError, _ConnectionEndedError) as error:
                    self.last_ended = f"{type(error).__name__}: {error}"
                self._outage.tell(self.last_ended)
                self.reconnects += 1
                failures = 0 if loop.time() - started >= timing.healthy_after_s else failures + 1
                wait_s = full_jitter_s(
                    max(failures - 1, 0), timing.backoff_base_s, timing.backoff_cap_s, self._rng
                )
                await asyncio.sleep(wait_s)

    async def _connect_once(self, http: aiohttp.ClientSession) -> None:
        headers = dict(self._headers()) if self._headers is not None else None
        # Pings are answered in `_receive`, which must see them as signs of life.
        # Nowhere wait_for: Python 3.11's forgets a cancellation that comes with the result.
        async with asyncio.timeout(self._timing.connect_s):
            socket = await http.ws_connect(
                self._url,
                headers=headers,
                autoping=False,
                max_msg_size=FRAME_BYTES_MAX,
                timeout=_CLOSE_TIMEOUT,
            )
        pinging: asyncio.Task[None] | None = None
        try:
            self._socket = socket
            await self._send(self._session.opening())
            if self._session.heartbeat is not None:
                pinging = asyncio.create_task(self._ping_forever(socket, self._session.heartbeat))
            await self._receive(socket)
        finally:
            self._socket = None
            self._session.closed()
            if pinging is not None:
                pinging.cancel()
                await asyncio.gather(pinging, return_exceptions=True)
            # The library waits anew after every further message: a venue that talks on would hold it.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._timing.connect_s):
                    await socket.close()

    async def _ping_forever(self, socket: aiohttp.ClientWebSocketResponse, heartbeat: str) -> None:
        while True:
            await socket.send_str(heartbeat)
            await asyncio.sleep(self._timing.heartbeat_s)

    async def _receive(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        loop, dead_after_s = asyncio.get_running_loop(), self._timing.dead_after_s
        deadline = loop.time() + dead_after_s
        only_heartbeats = self._session.heartbeat is not None
        while True:
            left_s = deadline - loop.time()
            if left_s <= 0:
                raise _ConnectionEndedError(f"no sign of life for {dead_after_s} s")
            try:
                message = await socket.receive(timeout=left_s)
            except TimeoutError:
                continue
            if message.type in _GOODBYES:
                raise _ConnectionEndedError(f"closed by the venue, code {socket.close_code}")
            is_alive = not only_heartbeats
            if message.type is aiohttp.WSMsgType.PING:
                await socket.pong(message.data)
            elif message.type in _DATA:
                frame = message.data.encode() if isinstance(message.data, str) else bytes(message.data)
                if self._session.is_heartbeat(frame):
                    is_alive = True
                else:
                    await self._react(frame)
            if is_alive:
                deadline = loop.time() + dead_after_s

    async def _react(self, frame: bytes) -> None:
        recv_ms = self._now_ms()
        if self._record is not None:
            self._record(frame, recv_ms)
        reaction = self._session.received(frame, recv_ms)
        self._take(reaction.items)
        if reaction.items:
            self._outage.over()
        if reaction.fatal is not None:
            raise reaction.fatal
        await self._send(reaction.send)
        if reaction.refresh:
            self._refresh_now.set()
        if reaction.reconnect is not None:
            raise _ConnectionEndedError(reaction.reconnect)

    async def _refresh_forever(self) -> None:
        """Read again what waits for a snapshot or has been silent."""
        timing = self._timing
        while True:
            # Either a book is in doubt, or it is time for the regular check.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timing.refresh_check_s):
                    await self._refresh_now.wait()
            self._refresh_now.clear()
            due = self.stale_series(timing.refresh_after_s)
            asked = self._session.ask(due) if self._socket is not None else []
            try:
                await self._send(asked)
            except (aiohttp.ClientError, OSError) as error:
                self.last_ended = (
                    f"{type(error).__name__}: {error}"  # the receiver sees the socket's end itself
                )
            for name in sorted(due):
                if name in self.series and self._needs_rest(name, asked):
                    await self._refresh(name)
            await asyncio.sleep(timing.refresh_pause_s)

    def _needs_rest(self, name: str, asked: list[str]) -> bool:
        return not asked or self._session.freshness(name).state is not BookState.LIVE

    async def _refresh(self, name: str) -> None:
        try:
            payload = await self._fetch_book(name)
            if name in self.series:
                self._take(self._session.rest_snapshot(name, payload, self._now_ms()))
        except RefusalError as refusal:
            self.rejections.count(refusal.rejection(name))
        except AuthenticationError:
            raise
        except VenueError as error:
            self.rejections.count(Rejection(Reason.VENUE_ERROR, shown(str(error)), name))
