from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp
import pytest
import structlog
from keeper_world import World
from node_proxy import NodeProxy
from postgres_server import WHY_NOT, PostgresServer

from secant.localnet import Localnet
from secant_keeper.rpc import Rpc
from secant_keeper.stores.place import place_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from secant_keeper.stores.place import HistoryPlace


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


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    if WHY_NOT is not None:
        pytest.skip(WHY_NOT)
    server = PostgresServer()
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> HistoryPlace:
    """Where a history may be, one after the other."""
    if request.param == "sqlite":
        return tmp_path / "history.sqlite"
    server: PostgresServer = request.getfixturevalue("postgres")
    return place_of(server.database())
