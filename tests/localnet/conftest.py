from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

import aiohttp
import orjson
import pytest
from solana.rpc.async_api import AsyncClient
from solana.rpc.websocket_api import SolanaWsClient

from secant.localnet import Localnet

from .network import funded_keypair

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from solders.keypair import Keypair


@pytest.fixture
async def net() -> AsyncIterator[Localnet]:
    async with Localnet(port=0) as localnet:
        yield localnet


@pytest.fixture
async def client(net: Localnet) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(net.url) as connected:
        yield connected


@pytest.fixture
async def ws(net: Localnet) -> AsyncIterator[SolanaWsClient]:
    async with SolanaWsClient(net.ws_url) as connected:
        yield connected


@pytest.fixture
def payer(net: Localnet) -> Keypair:
    return funded_keypair(net.ledger)


@dataclass
class Rpc:
    session: aiohttp.ClientSession
    url: str

    async def post(self, body: bytes) -> tuple[int, bytes]:
        async with self.session.post(self.url, data=BytesIO(body)) as response:
            return response.status, await response.read()

    async def call(self, method: str, *params: Any) -> Any:
        request = {"jsonrpc": "2.0", "id": 7, "method": method, "params": list(params)}
        _, body = await self.post(orjson.dumps(request))
        reply = orjson.loads(body)
        assert reply["jsonrpc"] == "2.0"
        assert reply["id"] == 7
        return reply

    async def result(self, method: str, *params: Any) -> Any:
        return (await self.call(method, *params))["result"]

    async def error(self, method: str, *params: Any) -> Any:
        return (await self.call(method, *params))["error"]


@pytest.fixture
async def rpc(net: Localnet) -> AsyncIterator[Rpc]:
    async with aiohttp.ClientSession() as session:
        yield Rpc(session, net.url)
