from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp
import pytest
import structlog
from keeper_world import World
from node_proxy import NodeProxy

from secant.localnet import Localnet
from secant_keeper.rpc import Rpc

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    """What a command configures ends with its test."""
    yield
    structlog.reset_defaults()


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def net(world: World) -> AsyncIterator[Localnet]:
    async with Localnet(port=0, ledger=world.ledger) as localnet:
        yield localnet


@pytest.fixture
async def proxy(net: Localnet) -> AsyncIterator[NodeProxy]:
    async with NodeProxy(net.url) as running:
        yield running


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


@pytest.fixture
def rpc(session: aiohttp.ClientSession, proxy: NodeProxy) -> Rpc:
    return Rpc(session, proxy.url)
