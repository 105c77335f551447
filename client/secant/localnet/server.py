"""The localnet as a server: JSON-RPC over HTTP on one port, WebSocket on the next and on the first too."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from typing import TYPE_CHECKING, Final, Self

import orjson
from aiohttp import WSCloseCode, WSMsgType, web

from .dispatch import dispatch, error_reply
from .errors import INVALID_REQUEST, LocalnetError, RpcError
from .ledger import HISTORY_LIMIT, Ledger
from .methods import METHODS
from .node import Node
from .persistence import dump, load
from .subscriptions import Connection, Subscriptions

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType

    from solders.pubkey import Pubkey

logger = logging.getLogger(__name__)

DEFAULT_PORT: Final = 8899
PORT_MAX: Final = 65_535
REQUEST_BYTES_MAX: Final = 16 * 1024 * 1024
OUTBOX_MESSAGES_MAX: Final = 10_000
OUTBOX_BYTES_MAX: Final = 64 * 1024 * 1024
_PORT_ATTEMPTS: Final = 50
_CLOSE_TIMEOUT_S: Final = 1.0


class _Outbox:
    """What waits to be sent to one WebSocket client; a client that lets it fill is cut off."""

    def __init__(self, request: web.Request) -> None:
        self._request = request
        self._queue: asyncio.Queue[bytes] = asyncio.Queue(OUTBOX_MESSAGES_MAX)
        self._bytes = 0
        self._is_cut_off = False

    async def reply(self, content: bytes, sender: asyncio.Task[None]) -> bool:
        """Queue a reply, waiting for room: a client that does not read its replies holds up only itself.

        Returns:
            Whether it was queued; false when the sender ended, so that there is nobody to read it.
        """
        self._bytes += len(content)
        if not self._queue.full():
            self._queue.put_nowait(content)
            return True
        putting = asyncio.create_task(self._queue.put(content))
        await asyncio.wait({putting, sender}, return_when=asyncio.FIRST_COMPLETED)
        return putting.done() or not putting.cancel()

    def push(self, content: bytes) -> None:
        """Queue a notification, or cut the client off when there is no room."""
        if self._is_cut_off:
            return
        if self._queue.full() or self._bytes + len(content) > OUTBOX_BYTES_MAX:
            self._is_cut_off = True
            logger.warning(
                "client %s cut off: %d notifications (%d bytes) unread",
                self._request.remote,
                self._queue.qsize(),
                self._bytes,
            )
            if self._request.transport is not None:
                self._request.transport.abort()
            return
        self._queue.put_nowait(content)
        self._bytes += len(content)

    async def send_to(self, websocket: web.WebSocketResponse) -> None:
        """Send what is queued, as it comes, until cancelled or the client is gone."""
        with contextlib.suppress(ConnectionError):
            while True:
                content = await self._queue.get()
                self._bytes -= len(content)
                await websocket.send_str(content.decode())


def _bind(host: str, port: int, ws_port: int | None) -> tuple[socket.socket, socket.socket]:
    """Bind both ports; port 0 finds a free one whose successor is free too."""
    for name, number in (("port", port), ("ws_port", port + 1 if ws_port is None else ws_port)):
        if not 0 <= number <= PORT_MAX:
            raise LocalnetError(f"{name} must be from 0 to {PORT_MAX}, got {number}")
    attempts = _PORT_ATTEMPTS if port == 0 else 1
    for attempt in range(attempts):
        http = web_socket = None
        try:
            http = socket.create_server((host, port))
            bound: int = http.getsockname()[1]
            web_socket = socket.create_server((host, 1 + bound % PORT_MAX if ws_port is None else ws_port))
        except OSError as error:
            if http is not None:
                http.close()
            if attempt + 1 == attempts:
                raise LocalnetError(
                    f"ports {port} and {ws_port or 'the next'} on {host}: {error.strerror}"
                ) from error
        else:
            return http, web_socket
    raise AssertionError


class Localnet:
    """A local Solana network over JSON-RPC, for as long as the context lasts.

    ``async with Localnet(port=0, programs={program_id: path}) as net: ... net.url, net.ws_url, net.ledger``

    Args:
        host: Address to listen on.
        port: HTTP port, which takes WebSocket upgrades too; 0 takes a free pair.
        ws_port: WebSocket port; the one after ``port`` unless given, as of a validator.
        programs: ELF files to deploy, by program id.
        ledger: A ledger to serve; a fresh one unless given.
        slot_ms: Milliseconds a slot lasts; None gives each landed transaction its own slot at once.
        history_limit: Landed transactions to remember, for a fresh ledger.
        ledger_path: File the accounts are read from at start, if it exists, and written to at the end.

    Raises:
        LocalnetError: A program, a port or the ledger file will not do (from ``start``), or the arguments
            contradict each other.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = DEFAULT_PORT,
        ws_port: int | None = None,
        programs: Mapping[Pubkey, Path] | None = None,
        ledger: Ledger | None = None,
        slot_ms: int | None = None,
        history_limit: int = HISTORY_LIMIT,
        ledger_path: Path | None = None,
    ) -> None:
        if slot_ms is not None and slot_ms < 1:
            raise LocalnetError(f"slot_ms must be 1 or more, got {slot_ms}")
        if ledger is None:
            ledger = Ledger(history_limit=history_limit, slot_per_transaction=slot_ms is None)
        elif ledger.slot_per_transaction != (slot_ms is None):
            raise LocalnetError("slot_ms is for a ledger with slot_per_transaction=False, and only for it")
        self.ledger = ledger
        self.node = Node(ledger)
        self.host = host
        self.port = port
        self.ws_port = ws_port
        self._programs = dict(programs or {})
        self._slot_ms = slot_ms
        self._ledger_path = ledger_path
        self._subscriptions = Subscriptions(self.node)
        self._websockets: set[web.WebSocketResponse] = set()
        self._runner: web.AppRunner | None = None
        self._timer: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Return the HTTP URL."""
        return f"http://{self.host}:{self.port}"

    @property
    def ws_url(self) -> str:
        """Return the WebSocket URL."""
        return f"ws://{self.host}:{self.ws_port}"

    async def start(self) -> None:
        """Load the ledger file and the programs, and listen."""
        if self._runner is not None:
            raise LocalnetError("the localnet is started already")
        if self._ledger_path is not None and await asyncio.to_thread(self._ledger_path.exists):
            load(self.ledger, self._ledger_path)
        for program_id, path in self._programs.items():
            self.ledger.add_program(program_id, path)
        http, web_socket = _bind(self.host, self.port, self.ws_port)
        self.port, self.ws_port = http.getsockname()[1], web_socket.getsockname()[1]
        self.node.rpc_address = f"{self.host}:{self.port}"
        self._runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=_CLOSE_TIMEOUT_S)
        await self._runner.setup()
        for listener in (http, web_socket):
            await web.SockSite(self._runner, listener).start()
        if self._slot_ms is not None:
            self._timer = asyncio.create_task(self._keep_slots(self._slot_ms / 1000), name="slot timer")

    async def stop(self) -> None:
        """Close every connection, stop listening, and write the ledger file."""
        if self._runner is None:
            return
        if self._timer is not None:
            await _end(self._timer)
            self._timer = None
        closing = [
            websocket.close(code=WSCloseCode.GOING_AWAY, message=b"localnet stops")
            for websocket in tuple(self._websockets)
        ]
        # A client that is gone already cannot be told, and need not be.
        await asyncio.gather(*closing, return_exceptions=True)
        await self._runner.cleanup()
        self._runner = None
        if self._ledger_path is not None:
            dump(self.ledger, self._ledger_path)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _keep_slots(self, slot_s: float) -> None:
        while True:
            await asyncio.sleep(slot_s)
            self.ledger.advance_slot()

    def _application(self) -> web.Application:
        application = web.Application()
        application.on_response_prepare.append(_allow_any_origin)
        application.router.add_post("/{path:.*}", self._post)
        application.router.add_get("/{path:.*}", self._get)
        application.router.add_options("/{path:.*}", _preflight)
        return application

    async def _post(self, request: web.Request) -> web.StreamResponse:
        chunks: list[bytes] = []
        size = 0
        async for chunk in request.content.iter_chunked(65_536):
            size += len(chunk)
            if size > REQUEST_BYTES_MAX:
                refusal = RpcError(
                    INVALID_REQUEST, f"Invalid request: body of more than {REQUEST_BYTES_MAX} bytes"
                )
                response = web.Response(
                    body=orjson.dumps(error_reply(refusal)), status=413, content_type="application/json"
                )
                response.force_close()
                return response
            chunks.append(chunk)
        reply = dispatch(self.node, b"".join(chunks), METHODS)
        if reply is None:
            return web.Response(status=204)
        return web.Response(body=reply, content_type="application/json")

    async def _get(self, request: web.Request) -> web.StreamResponse:
        if web.WebSocketResponse().can_prepare(request):
            return await self._websocket(request)
        if request.path == "/health":
            return web.Response(text="ok")
        return web.Response(
            status=405, text="POST a JSON-RPC request, or open a WebSocket\n", headers={"Allow": "POST"}
        )

    async def _websocket(self, request: web.Request) -> web.WebSocketResponse:
        websocket = web.WebSocketResponse(max_msg_size=REQUEST_BYTES_MAX, timeout=_CLOSE_TIMEOUT_S)
        await websocket.prepare(request)
        outbox = _Outbox(request)
        connection = Connection(self._subscriptions, outbox.push)
        sender = asyncio.create_task(outbox.send_to(websocket), name="websocket sender")
        self._websockets.add(websocket)
        try:
            async for message in websocket:
                if message.type not in {WSMsgType.TEXT, WSMsgType.BINARY}:
                    continue
                reply = dispatch(self.node, message.data, connection.methods)
                if reply is not None and not await outbox.reply(reply, sender):
                    break
                connection.start()
        finally:
            connection.close()
            self._websockets.discard(websocket)
            await _end(sender)
        return websocket


async def _end(task: asyncio.Task[None]) -> None:
    """Cancel a task and wait for its end; a fault it ended with is logged."""
    task.cancel()
    await asyncio.wait({task})
    if not task.cancelled() and task.exception() is not None:
        logger.error("%s failed", task.get_name(), exc_info=task.exception())


async def _allow_any_origin(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers["Access-Control-Allow-Origin"] = "*"


async def _preflight(request: web.Request) -> web.Response:
    asked = request.headers.get("Access-Control-Request-Headers", "*")
    headers = {
        "Access-Control-Allow-Headers": asked,
        "Access-Control-Allow-Methods": "POST, GET, OPTIONS",
        "Access-Control-Max-Age": "86400",
    }
    return web.Response(status=204, headers=headers)


async def serve(
    *,
    host: str = "127.0.0.1",
    port: int = DEFAULT_PORT,
    ws_port: int | None = None,
    programs: Mapping[Pubkey, Path] | None = None,
    slot_ms: int | None = None,
    history_limit: int = HISTORY_LIMIT,
    ledger_path: Path | None = None,
    started: asyncio.Future[Localnet] | None = None,
) -> None:
    """Serve a localnet until cancelled; arguments and errors as of ``Localnet``.

    Args:
        host: Address to listen on.
        port: HTTP port.
        ws_port: WebSocket port.
        programs: ELF files to deploy, by program id.
        slot_ms: Milliseconds a slot lasts.
        history_limit: Landed transactions to remember.
        ledger_path: File the accounts are kept in.
        started: Resolved with the localnet once it listens.
    """
    localnet = Localnet(
        host=host,
        port=port,
        ws_port=ws_port,
        programs=programs,
        slot_ms=slot_ms,
        history_limit=history_limit,
        ledger_path=ledger_path,
    )
    async with localnet:
        if started is not None:
            started.set_result(localnet)
        await asyncio.Event().wait()
