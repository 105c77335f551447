from __future__ import annotations

import asyncio
import inspect
import threading
import time
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from secant import Client, SyncClient, Wallet
from secant.errors import ProgramError, RpcUnreachable

if TYPE_CHECKING:
    from .conftest import Market


def _story(url: str, wallet: Wallet) -> None:
    now = int(time.time())
    with SyncClient.connect(url, wallet) as client:
        client.open_account()
        client.deposit(100)
        client.create_event("sync", lock_time=now + 100, settlement_deadline=now + 200)
        client.create_pool("sync", 50)
        client.create_book("sync")
        views = client.watch_book("sync")
        assert next(views).bids == ()
        client.place_order("sync", "YES", "buy", 3, "0.40")
        assert next(views).bids[0].shares == Decimal(3)
        views.close()
        client.cancel_all("sync")
        left = client.watch_book("sync")
        assert next(left).bids == ()
        bought = client.buy("sync", "YES", 3)
        assert bought.trade.shares == Decimal(3)
        assert client.account().positions[0].shares[0] == 3
        with pytest.raises(ProgramError) as caught:
            client.withdraw(1000)
        assert caught.value.name == "InsolventAccount"
        assert client.exchange.fee_bps == 200
        assert client.wallet is wallet
        assert client.account_address == client.account().address
        assert client.collateral_address != client.account_address
    with pytest.raises(RuntimeError, match="with SyncClient"):
        client.account()
    left.close()  # the client has ended it already


async def test_story(market: Market) -> None:
    await asyncio.to_thread(_story, market.net.url, await market.funded_wallet())


def test_same_methods_and_signatures() -> None:
    asynchronous = {
        name: member
        for name, member in inspect.getmembers(Client, inspect.iscoroutinefunction)
        if not name.startswith("_")
    }
    for name, member in asynchronous.items():
        forwarded = getattr(SyncClient, name)
        assert inspect.signature(forwarded) == inspect.signature(member), name
        assert forwarded.__doc__ == member.__doc__
        assert not inspect.iscoroutinefunction(inspect.unwrap(forwarded, stop=lambda _: True))
    watching = {name for name, _ in inspect.getmembers(Client, inspect.isasyncgenfunction) if name[0] != "_"}
    assert watching == {"watch_book"}
    given = [inspect.signature(each.watch_book).parameters for each in (Client, SyncClient)]
    assert given[0] == given[1]
    properties = {name for name, _ in inspect.getmembers(Client, lambda item: isinstance(item, property))}
    assert properties <= set(dir(SyncClient))
    assert inspect.signature(SyncClient.connect) == inspect.signature(Client.connect)


def test_failed_connection_leaves_no_thread() -> None:
    with pytest.raises(RpcUnreachable), SyncClient.connect("http://127.0.0.1:1"):
        pass
    assert all(thread.name != "secant client" for thread in threading.enumerate())
