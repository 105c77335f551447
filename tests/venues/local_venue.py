"""A venue of our own on a local port that plays whatever a test scripts."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web
from aiohttp.test_utils import TestServer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


class Connection:
    """The venue's end of one WebSocket connection."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        self.socket = socket
        self.headers = request.headers
        self.received: list[str] = []

    async def say(self, message: object) -> None:
        if isinstance(message, bytes):
            await self.socket.send_bytes(message)
        else:
            await self.socket.send_str(
                message if isinstance(message, str) else orjson.dumps(message).decode()
            )

    async def hear(self) -> Any:
        """The next JSON frame of the client; other text is noted in `received`."""
        while True:
            text = await self.socket.receive_str()
            self.received.append(text)
            if text[:1] in "{[":
                return orjson.loads(text)

    async def idle(self) -> None:
        """Keep reading until the client goes."""
        async for message in self.socket:
            self.received.append(str(message.data))

    async def drop(self) -> None:
        """End the connection without the closing handshake."""
        assert self.socket._req is not None
        transport = self.socket._req.transport
        if transport is not None:
            transport.abort()


class EventConnection:
    """The venue's end of one connection for server-sent events."""

    def __init__(self, response: web.StreamResponse, request: web.Request) -> None:
        self._response = response
        self._request = request
        self.query = request.query.copy()

    async def say(self, data: object, kind: str = "") -> None:
        head = f"event: {kind}\n".encode() if kind else b""
        await self.write(head + b"data: " + orjson.dumps(data) + b"\n\n")

    async def write(self, content: bytes) -> None:
        await self._response.write(content)

    async def idle(self) -> None:
        """Wait until the client goes."""
        while (socket := self._request.transport) is not None and not socket.is_closing():  # noqa: ASYNC110
            await asyncio.sleep(0.002)  # the server tells of it nowhere else

    async def drop(self) -> None:
        """End the connection in the middle of the answer."""
        if self._request.transport is not None:
            self._request.transport.abort()


class LocalVenue:
    """A WebSocket, event and REST server; each connection runs the next script, the last again and again."""

    def __init__(self) -> None:
        self.scripts: list[Callable[[Connection], Awaitable[None]]] = []
        self.event_scripts: list[Callable[[EventConnection], Awaitable[None]]] = []
        self.event_connections: list[EventConnection] = []
        self.connections: list[Connection] = []
        self.answers: dict[str, list[tuple[int, object]]] = {}
        self.requests: list[str] = []
        self.refusal = 0
        app = web.Application()
        app.router.add_get("/{path:.*}", self._handle)
        self.server = TestServer(app)

    def url(self, path: str) -> str:
        return str(self.server.make_url(path))

    def ws_url(self, path: str) -> str:
        return self.url(path).replace("http://", "ws://")

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        if self.event_scripts and request.path.endswith("/stream"):
            return web.Response(status=self.refusal) if self.refusal else await self._events(request)
        if request.headers.get("Upgrade", "").lower() != "websocket":
            return self._answer(request)
        if self.refusal:
            return web.Response(status=self.refusal)
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        connection = Connection(socket, request)
        self.connections.append(connection)
        script = self.scripts[min(len(self.connections), len(self.scripts)) - 1]
        # What these say is that the client left in the middle of the script.
        with contextlib.suppress(TypeError, ConnectionError, RuntimeError):
            await script(connection)
        return socket

    async def _events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        connection = EventConnection(response, request)
        self.event_connections.append(connection)
        script = self.event_scripts[min(len(self.event_connections), len(self.event_scripts)) - 1]
        with contextlib.suppress(ConnectionError):
            await script(connection)
        return response

    def _answer(self, request: web.Request) -> web.Response:
        self.requests.append(request.path_qs)
        queued = self.answers.get(request.path, [])
        if not queued:
            return web.Response(status=404, text="no such thing")
        status, body = queued.pop(0) if len(queued) > 1 else queued[0]
        headers = {"Retry-After": "0"} if status == 429 else {}
        content = body if isinstance(body, bytes) else orjson.dumps(body)
        return web.Response(status=status, body=content, headers=headers)


async def eventually(condition: Callable[[], bool], limit_s: float = 5.0) -> None:
    """Wait until a condition holds that the event loop will bring about."""
    async with asyncio.timeout(limit_s):
        while not condition():  # noqa: ASYNC110  what is waited for sets no event
            await asyncio.sleep(0.002)
