"""The client without ``await``: every method of `Client`, run on an event loop in a thread of its own."""

from __future__ import annotations

import asyncio
import functools
import threading
from typing import TYPE_CHECKING, Concatenate, ParamSpec, Self, TypeVar

from .client import Client

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
    from types import TracebackType

    from solders.pubkey import Pubkey

    from .client import BookView, EventRef, ExchangeView
    from .wallet import Wallet

__all__ = ["SyncClient"]

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


def _forward(
    method: Callable[Concatenate[Client, _Arguments], Coroutine[object, object, _Result]],
) -> Callable[Concatenate[SyncClient, _Arguments], _Result]:
    """The method of the same name and types that waits for the result."""

    def call(self: SyncClient, /, *args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Result:
        return self._run(method(self._client, *args, **kwargs))

    functools.update_wrapper(call, method)
    return call


class SyncClient:
    """`Client` for programs without an event loop; methods, arguments, results and errors are the same.

    ``with SyncClient.connect("localnet", Wallet.load()) as client: client.buy("rain", "YES", 10)``

    Methods may be called from any thread.

    Args:
        client: The client to run; not entered yet.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._watched: set[AsyncGenerator[BookView, None]] = set()  # what is to be closed with the client

    @classmethod
    def connect(
        cls,
        url: str = "localnet",
        wallet: Wallet | None = None,
        *,
        exchange: Pubkey | str | None = None,
        account_index: int = 0,
        ws_url: str | None = None,
        commitment: str = "confirmed",
        priority_fee_microlamports: int = 0,
        confirm_timeout_s: float = 90.0,
    ) -> Self:
        """A client for the exchange at a URL, to be entered with `with`; arguments as of `Client.connect`."""
        client = Client.connect(
            url,
            wallet,
            exchange=exchange,
            account_index=account_index,
            ws_url=ws_url,
            commitment=commitment,
            priority_fee_microlamports=priority_fee_microlamports,
            confirm_timeout_s=confirm_timeout_s,
        )
        return cls(client)

    def __enter__(self) -> Self:
        loop = asyncio.new_event_loop()
        self._loop = loop
        self._thread = threading.Thread(target=loop.run_forever, name="secant client", daemon=True)
        self._thread.start()
        try:
            self._run(self._client.__aenter__())
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            for views in tuple(self._watched):
                self._run(views.aclose())
            self._run(self._client.__aexit__(kind, error, trace))
        finally:
            self._watched.clear()
            self._stop()

    def _run(self, work: Coroutine[object, object, _Result]) -> _Result:
        if self._loop is None:
            work.close()
            raise RuntimeError("the client is not connected: use `with SyncClient.connect(...) as client`")
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()  # the caller was interrupted: what it waited for is not to go on unseen
            raise

    def _stop(self) -> None:
        loop, thread = self._loop, self._thread
        self._loop = self._thread = None
        if loop is not None and thread is not None:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()

    @property
    def exchange(self) -> ExchangeView:
        """Return the exchange, as it was when the client connected."""
        return self._client.exchange

    @property
    def wallet(self) -> Wallet:
        """Return the wallet."""
        return self._client.wallet

    @property
    def account_address(self) -> Pubkey:
        """Return the address of the wallet's margin account, whether it is open or not."""
        return self._client.account_address

    @property
    def collateral_address(self) -> Pubkey:
        """Return the address of the wallet's collateral token account, whether it exists or not."""
        return self._client.collateral_address

    def watch_book(self, event: EventRef, outcome: str | int = 0) -> Generator[BookView]:
        """Yields the book of an outcome as it is, and again after every change, until the caller stops.

        Errors as of `Client.watch_book`.
        """
        views = self._client.watch_book(event, outcome)
        self._watched.add(views)

        async def following() -> BookView:
            return await anext(views)

        try:
            while True:
                yield self._run(following())
        finally:
            if views in self._watched:
                self._watched.discard(views)
                self._run(views.aclose())

    account = _forward(Client.account)
    apply_perp_rules = _forward(Client.apply_perp_rules)
    book = _forward(Client.book)
    books = _forward(Client.books)
    buy = _forward(Client.buy)
    cancel_all = _forward(Client.cancel_all)
    cancel_all_perp = _forward(Client.cancel_all_perp)
    cancel_orders = _forward(Client.cancel_orders)
    cancel_perp_orders = _forward(Client.cancel_perp_orders)
    cancel_trigger = _forward(Client.cancel_trigger)
    close_account = _forward(Client.close_account)
    close_book = _forward(Client.close_book)
    close_feed = _forward(Client.close_feed)
    close_perp = _forward(Client.close_perp)
    close_pool = _forward(Client.close_pool)
    collateral = _forward(Client.collateral)
    collect_fees = _forward(Client.collect_fees)
    collect_perp_fees = _forward(Client.collect_perp_fees)
    create_book = _forward(Client.create_book)
    create_event = _forward(Client.create_event)
    create_feed = _forward(Client.create_feed)
    create_perp = _forward(Client.create_perp)
    create_pool = _forward(Client.create_pool)
    create_record = _forward(Client.create_record)
    deposit = _forward(Client.deposit)
    detokenize = _forward(Client.detokenize)
    draw_perp = _forward(Client.draw_perp)
    draw_seat = _forward(Client.draw_seat)
    draw_seats = _forward(Client.draw_seats)
    event = _forward(Client.event)
    events = _forward(Client.events)
    execute_trigger = _forward(Client.execute_trigger)
    expand_book = _forward(Client.expand_book)
    expand_perp_book = _forward(Client.expand_perp_book)
    feed = _forward(Client.feed)
    feeds = _forward(Client.feeds)
    fills = _forward(Client.fills)
    insure_perp = _forward(Client.insure_perp)
    inventory = _forward(Client.inventory)
    liquidate_perp = _forward(Client.liquidate_perp)
    lock_event = _forward(Client.lock_event)
    merge_set = _forward(Client.merge_set)
    mint_set = _forward(Client.mint_set)
    net_pool = _forward(Client.net_pool)
    observe = _forward(Client.observe)
    open_account = _forward(Client.open_account)
    orders = _forward(Client.orders)
    pause = _forward(Client.pause)
    pause_perp = _forward(Client.pause_perp)
    perp = _forward(Client.perp)
    perp_accounts = _forward(Client.perp_accounts)
    perp_book = _forward(Client.perp_book)
    perp_fills = _forward(Client.perp_fills)
    perp_history = _forward(Client.perp_history)
    perp_crowd = _forward(Client.perp_crowd)
    perp_health = _forward(Client.perp_health)
    perp_orders = _forward(Client.perp_orders)
    perps = _forward(Client.perps)
    place_order = _forward(Client.place_order)
    place_trigger = _forward(Client.place_trigger)
    pools = _forward(Client.pools)
    prices = _forward(Client.prices)
    propose_perp_rules = _forward(Client.propose_perp_rules)
    publish = _forward(Client.publish)
    quote = _forward(Client.quote)
    quote_buy = _forward(Client.quote_buy)
    quote_perp = _forward(Client.quote_perp)
    quote_sell = _forward(Client.quote_sell)
    quote_spend = _forward(Client.quote_spend)
    quote_take = _forward(Client.quote_take)
    record = _forward(Client.record)
    records = _forward(Client.records)
    redeem = _forward(Client.redeem)
    redeem_tokens = _forward(Client.redeem_tokens)
    reduce_perp = _forward(Client.reduce_perp)
    remove_insurance = _forward(Client.remove_insurance)
    resolve_event = _forward(Client.resolve_event)
    resolve_perp = _forward(Client.resolve_perp)
    return_haircut = _forward(Client.return_haircut)
    sell = _forward(Client.sell)
    set_delegate = _forward(Client.set_delegate)
    settle_event = _forward(Client.settle_event)
    settle_perp = _forward(Client.settle_perp)
    settle_pnl = _forward(Client.settle_pnl)
    spend = _forward(Client.spend)
    sweep_book = _forward(Client.sweep_book)
    take = _forward(Client.take)
    tokenize = _forward(Client.tokenize)
    tokens = _forward(Client.tokens)
    trade_perp = _forward(Client.trade_perp)
    transfer = _forward(Client.transfer)
    triggers = _forward(Client.triggers)
    unpause = _forward(Client.unpause)
    unpause_perp = _forward(Client.unpause_perp)
    update_perp = _forward(Client.update_perp)
    void_event = _forward(Client.void_event)
    waive_haircut = _forward(Client.waive_haircut)
    withdraw = _forward(Client.withdraw)
