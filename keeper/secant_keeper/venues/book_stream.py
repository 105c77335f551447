"""Order books over a WebSocket: connect, subscribe, keep alive, and read books again by REST."""

from __future__ import annotations

import asyncio
import contextlib
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, Protocol

import aiohttp

from secant_keeper.venues.errors import AuthenticationError, VenueError
from secant_keeper.venues.observation import Item, Outcome, Reason, RefusalError, Rejection, Rejections, shown
from secant_keeper.venues.rest import AUTHENTICATION_STATUSES
from secant_keeper.venues.staleness import BookState
from secant_keeper.venues.stream import (
    ConnectionEndedError,
    Session,
    Timing,
    VenueStream,
    connection_outage,
    unix_ms,
)

if TYPE_CHECKING:
    import random
    from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping

    from secant_keeper.venues.depth import Depth
    from secant_keeper.venues.stream import FrameRecorder

_GOODBYES = frozenset(
    {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSING, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR}
)
FRAME_BYTES_MAX = 1 << 26
_CLOSE_TIMEOUT = aiohttp.ClientWSTimeout(ws_close=1.0)
_DATA = frozenset({aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY})


class BookSession(Session, Protocol):
    """The protocol of a venue whose books are read from a WebSocket, without its I/O."""

    @property
    def heartbeat(self) -> str | None:
        """The text frame the client sends as heartbeat; None where the venue pings."""

    def opening(self) -> list[str]:
        """Frames to send on a new connection."""

    def is_heartbeat(self, frame: bytes) -> bool:
        """Whether the frame answers the client's heartbeat."""

    def add(self, names: Iterable[str]) -> list[str]:
        """Follow more series; frames to send if connected."""

    def remove(self, names: Iterable[str]) -> list[str]:
        """Follow fewer series; frames to send if connected."""

    def ask(self, names: Iterable[str]) -> list[str]:
        """Frames that ask for fresh snapshots of series; none if the venue's socket cannot be asked."""

    def rest_snapshot(self, series: str, payload: object, recv_ms: int) -> list[Item]:
        """Items of a REST book."""

    def depth(self, series: str) -> Depth | None:
        """What rests in a series; None while its book awaits a snapshot."""

    def announced(self, series: str) -> Outcome | None:
        """The result announced on the stream, None before."""


class BookStream(VenueStream):
    """Live books of event markets, with the venue's own results."""

    def __init__(
        self,
        url: str,
        session: BookSession,
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
        super().__init__(session, rejections, timing=timing, record=record, rng=rng, now_ms=now_ms)
        self._books = session
        self._url = url
        self._outage = connection_outage(url)
        self._fetch_book = fetch_book
        self._headers = headers
        self._socket: aiohttp.ClientWebSocketResponse | None = None

    async def add_series(self, *names: str) -> None:
        """Follow more series, on the open connection if there is one."""
        await self._send(self._books.add(names))

    async def remove_series(self, *names: str) -> None:
        """Follow fewer series, on the open connection if there is one."""
        await self._send(self._books.remove(names))

    def depth(self, series: str) -> Depth | None:
        """What rests in a series at the venue; None while its book awaits a snapshot, or is not followed."""
        return self._books.depth(series)

    @abstractmethod
    async def outcome(self, series: str) -> Outcome:
        """The venue's own result of a series, as announced on the stream or else as REST gives it.

        Raises:
            VenueError: REST gives no usable answer.
        """

    def _duties(self) -> Iterable[Coroutine[Any, Any, None]]:
        return (
            self._connect_forever(self._connect_once, self._outage),
            self._refresh_forever(self._read_again),
        )

    async def _send(self, frames: list[str]) -> None:
        socket = self._socket
        if socket is None:
            return  # `opening` subscribes to everything followed by then.
        for frame in frames:
            await socket.send_str(frame)

    async def _connect_once(self) -> None:
        async with aiohttp.ClientSession() as http:
            try:
                await self._connected(http)
            except aiohttp.WSServerHandshakeError as error:
                if error.status in AUTHENTICATION_STATUSES:
                    raise AuthenticationError(
                        f"{self._url} refused the connection: HTTP {error.status} {error.message}.",
                        "Check the API key id, its key file and the clock.",
                    ) from error
                raise ConnectionEndedError(f"HTTP {error.status}") from error

    async def _connected(self, http: aiohttp.ClientSession) -> None:
        headers = dict(self._headers()) if self._headers is not None else None
        # Pings are answered in `_read`, which must see them as signs of life.
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
            await self._send(self._books.opening())
            if self._books.heartbeat is not None:
                pinging = asyncio.create_task(self._ping_forever(socket, self._books.heartbeat))
            await self._read(socket)
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

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        loop, dead_after_s = asyncio.get_running_loop(), self._timing.dead_after_s
        deadline = loop.time() + dead_after_s
        only_heartbeats = self._books.heartbeat is not None
        while True:
            left_s = deadline - loop.time()
            if left_s <= 0:
                raise ConnectionEndedError(f"no sign of life for {dead_after_s} s")
            try:
                message = await socket.receive(timeout=left_s)
            except TimeoutError:
                continue
            if message.type in _GOODBYES:
                raise ConnectionEndedError(f"closed by the venue, code {socket.close_code}")
            is_alive = not only_heartbeats
            if message.type is aiohttp.WSMsgType.PING:
                await socket.pong(message.data)
            elif message.type in _DATA:
                frame = message.data.encode() if isinstance(message.data, str) else bytes(message.data)
                if self._books.is_heartbeat(frame):
                    is_alive = True
                else:
                    await self._react(frame)
            if is_alive:
                deadline = loop.time() + dead_after_s

    async def _react(self, frame: bytes) -> None:
        reaction = self._receive(frame, self._outage)
        await self._send(reaction.send)
        if reaction.refresh:
            self._refresh_now.set()
        if reaction.reconnect is not None:
            raise ConnectionEndedError(reaction.reconnect)

    async def _read_again(self, due: frozenset[str]) -> None:
        asked = self._books.ask(due) if self._socket is not None else []
        try:
            await self._send(asked)
        except (aiohttp.ClientError, OSError) as error:
            self.last_ended = f"{type(error).__name__}: {error}"  # the receiver sees the socket's end itself
        for name in sorted(due):
            if name in self.series and self._needs_rest(name, asked):
                await self._refresh(name)

    def _needs_rest(self, name: str, asked: list[str]) -> bool:
        return not asked or self._session.freshness(name).state is not BookState.LIVE

    async def _refresh(self, name: str) -> None:
        try:
            payload = await self._fetch_book(name)
            if name in self.series:
                self._take(self._books.rest_snapshot(name, payload, self._now_ms()))
        except RefusalError as refusal:
            self.rejections.count(refusal.rejection(name))
        except AuthenticationError:
            raise
        except VenueError as error:
            self.rejections.count(Rejection(Reason.VENUE_ERROR, shown(str(error)), name))
