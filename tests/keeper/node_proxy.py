"""A proxy before a localnet whose calls a test can watch, drop or answer itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import aiohttp
import orjson
from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Callable

    Hook = Callable[[list[Any]], Any]


@dataclass(frozen=True)
class Refusal:
    """What a hook returns to answer with an error."""

    error: Any


FORWARD = object()
"""What a hook returns to let the call through."""


class NodeProxy:
    def __init__(self, url: str) -> None:
        self._target = url
        self.calls: list[str] = []
        self.hooks: dict[str, Hook] = {}
        self.is_down = False
        self.url = ""

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession()
        application = web.Application()
        application.router.add_post("/", self._forward)
        self._runner = web.AppRunner(application)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()
        await self._session.close()

    async def _forward(self, request: web.Request) -> web.Response:
        body = await request.read()
        call = orjson.loads(body)
        self.calls.append(call["method"])
        if self.is_down:
            return web.Response(status=503, text="down")
        hook = self.hooks.get(call["method"])
        result = FORWARD if hook is None else hook(call["params"])
        if isinstance(result, Refusal):
            return web.json_response({"jsonrpc": "2.0", "id": call["id"], "error": result.error})
        if result is not FORWARD:
            return web.json_response({"jsonrpc": "2.0", "id": call["id"], "result": result})
        async with self._session.post(self._target, data=body) as response:
            return web.Response(body=await response.read(), content_type="application/json")
