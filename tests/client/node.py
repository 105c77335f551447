"""A node in front of a localnet that can be made to behave as bad nodes do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import aiohttp
import orjson
from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import TracebackType


class Node:
    """Forwards JSON-RPC to `upstream`, unless a method has an answer of its own.

    An answer is a function from the request to a response, or to None to forward the request after all.
    """

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream
        self.answers: dict[str, Callable[[Any], Awaitable[web.Response | None]]] = {}
        self.asked: list[str] = []
        self.url = ""

    async def __aenter__(self) -> Self:
        application = web.Application()
        application.router.add_post("/", self._post)
        self._session = aiohttp.ClientSession()
        self._runner = web.AppRunner(application, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()
        await self._runner.cleanup()

    def answer(self, method: str, status: int = 200, body: str = "", **reply: Any) -> None:
        """Answers a method always the same: with this body, or this JSON-RPC result or error."""

        async def fixed(request: Any) -> web.Response:
            text = body or orjson.dumps({"jsonrpc": "2.0", "id": request["id"], **reply}).decode()
            return web.Response(status=status, text=text)

        self.answers[method] = fixed

    @staticmethod
    def reply(request: Any, result: object) -> web.Response:
        """A JSON-RPC result to a request."""
        return web.Response(
            text=orjson.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}).decode()
        )

    async def _post(self, request: web.Request) -> web.Response:
        body = await request.read()
        parsed = orjson.loads(body)
        self.asked.append(parsed["method"])
        own = self.answers.get(parsed["method"])
        response = None if own is None else await own(parsed)
        if response is not None:
            return response
        async with self._session.post(self.upstream, data=body) as forwarded:
            return web.Response(body=await forwarded.read(), content_type="application/json")
