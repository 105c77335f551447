"""Exchanges live: their REST APIs, polled through ccxt."""

from __future__ import annotations

import asyncio
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from secant_keeper.venues.ccxt.payloads import FUNDING, QUOTE, Series
from secant_keeper.venues.ccxt.session import CcxtSession, frame_of
from secant_keeper.venues.errors import MissingPackageError, SeriesNameError
from secant_keeper.venues.observation import Reason, Rejection, Rejections, shown
from secant_keeper.venues.stream import (
    ConnectionEndedError,
    Timing,
    VenueStream,
    connection_outage,
    unix_ms,
)

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Coroutine, Iterable, Mapping
    from types import ModuleType

    from secant_keeper.outage import Outage
    from secant_keeper.venues.stream import FrameRecorder

POLL_S: Final = 1.0
LEVELS: Final = 20
"""Levels asked of a book: the least that every exchange allows."""

_METHODS: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "last": (("fetchTicker", "fetch_ticker"),),
    "mark": (
        ("fetchMarkPrice", "fetch_mark_price"),
        ("fetchFundingRate", "fetch_funding_rate"),
        ("fetchTicker", "fetch_ticker"),
    ),
    "index": (
        ("fetchFundingRate", "fetch_funding_rate"),
        ("fetchMarkPrice", "fetch_mark_price"),
        ("fetchTicker", "fetch_ticker"),
    ),
    FUNDING: (("fetchFundingRate", "fetch_funding_rate"),),
}
"""What gives each kind, by ccxt's name of the ability and of the method; the first that an exchange has."""

_FIELDS: Final = ("timestamp", "bids", "asks", "last", "markPrice", "indexPrice", "fundingRate")


def library() -> ModuleType:
    """The asynchronous part of ccxt, which takes a second to import.

    Raises:
        MissingPackageError: It is not installed.
    """
    try:
        return import_module("ccxt.async_support")
    except ImportError as error:
        raise MissingPackageError(
            "Live sources of the venue ccxt need the package ccxt, which is not installed.",
            "Install it: pip install 'secant[crypto]'.",
        ) from error


class CcxtStream(VenueStream):
    """Live prices of exchanges; a series is "exchange:symbol@kind". Each exchange is polled on its own."""

    def __init__(
        self,
        series: Iterable[str],
        *,
        poll_s: float = POLL_S,
        config: Mapping[str, Mapping[str, Any]] | None = None,
        timing: Timing | None = None,
        record: FrameRecorder | None = None,
        rng: random.Random | None = None,
        now_ms: Callable[[], int] = unix_ms,
    ) -> None:
        """Set up the stream; nothing is sent until `observations` is iterated.

        Args:
            series: Exchanges' markets and kinds.
            poll_s: Pause between two rounds of questions to one exchange.
            config: ccxt's settings of exchanges, by exchange.
            timing: Timeouts and waits.
            record: Called with every structure as a frame, before it is read.
            rng: Source of the jitter.
            now_ms: The local clock.

        Raises:
            SeriesNameError: A series is of another form, or of no exchange that ccxt knows.
            MissingPackageError: ccxt is not installed.
        """
        rejections = Rejections()
        self._prices = CcxtSession(series, rejections)
        super().__init__(self._prices, rejections, timing=timing, record=record, rng=rng, now_ms=now_ms)
        self._library = library()
        self._poll_s = poll_s
        self._config = config or {}
        self._by_exchange: dict[str, dict[str, Series]] = {}
        for name, asked in self._prices.asked.items():
            if asked.exchange not in self._library.exchanges:
                raise SeriesNameError(
                    f"{name!r} is of no exchange that ccxt knows.", "Name one by ccxt's id, as binanceusdm."
                )
            self._by_exchange.setdefault(asked.exchange, {})[name] = asked

    def _duties(self) -> Iterable[Coroutine[Any, Any, None]]:
        for exchange in self._by_exchange:
            outage = connection_outage(exchange)
            yield self._connect_forever(partial(self._poll, exchange, outage), outage)

    async def _poll(self, exchange_id: str, outage: Outage) -> None:
        """Ask one exchange again and again, until it does not answer."""
        timeout_ms = int(self._timing.connect_s * 1000)
        config = {"enableRateLimit": True, "timeout": timeout_ms, **self._config.get(exchange_id, {})}
        exchange = getattr(self._library, exchange_id)(config)
        exchange.number = str  # as the exchange spelled it, not as a float
        try:
            await exchange.load_markets()
            while True:
                for name, asked in self._by_exchange[exchange_id].items():
                    await self._ask(exchange, name, asked, outage)
                await asyncio.sleep(self._poll_s)
        except self._library.BaseError as error:
            raise ConnectionEndedError(f"{type(error).__name__}: {shown(str(error))}") from error
        finally:
            self._prices.closed(self._by_exchange[exchange_id])
            await exchange.close()

    async def _ask(self, exchange: Any, name: str, asked: Series, outage: Outage) -> None:
        try:
            structure = await _structure(exchange, asked)
        except self._library.NetworkError:
            raise
        except self._library.BaseError as error:
            # The exchange answers, but not this: an unknown symbol, a market that is closed.
            detail = f"{type(error).__name__}: {shown(str(error))}"
            self.rejections.count(Rejection(Reason.VENUE_ERROR, detail, name))
            return
        self._receive(frame_of(name, {key: structure[key] for key in _FIELDS if key in structure}), outage)


async def _structure(exchange: Any, asked: Series) -> Any:
    if asked.kind == QUOTE:
        return await exchange.fetch_order_book(asked.symbol, LEVELS)
    methods = _METHODS[asked.kind]
    chosen = next((method for ability, method in methods if exchange.has.get(ability)), methods[-1][1])
    return await getattr(exchange, chosen)(asked.symbol)
