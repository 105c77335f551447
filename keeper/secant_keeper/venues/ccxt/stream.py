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
    """The asynchronous part of ccxt, which takes a second to import and changes how aiohttp inflates.

    Raises:
        MissingPackageError: It is not installed.
    """
    try:
        return import_module("ccxt.async_support")
    except ImportError as error:
        raise MissingPackageError(
            "Live sources of the venue ccxt need the package ccxt, which is not installed.",
            "Install it beside secant: pip install '.[crypto]'.",
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
        self._by_exchange: dict[str, list[str]] = {}
        for name, asked in self._prices.asked.items():
            if asked.exchange not in self._library.exchanges:
                raise SeriesNameError(
                    f"{name!r} is of no exchange that ccxt knows.", "Name one by ccxt's id, as binanceusdm."
                )
            self._by_exchange.setdefault(asked.exchange, []).append(name)

    def _duties(self) -> Iterable[Coroutine[Any, Any, None]]:
        for exchange in self._by_exchange:
            outage = connection_outage(exchange)
            yield self._connect_forever(partial(self._poll, exchange, outage), outage)

    async def _poll(self, exchange_id: str, outage: Outage) -> None:
        """Ask one exchange again and again, until it does not answer."""
        names = self._by_exchange[exchange_id]
        config = {"timeout": int(self._timing.connect_s * 1000), **self._config.get(exchange_id, {})}
        exchange = getattr(self._library, exchange_id)(config)
        exchange.number = str  # as the exchange spelled it; books come as floats, which spell it, too
        try:
            try:
                await exchange.load_markets()
            except Exception as error:
                raise ConnectionEndedError(_told(error)) from error
            if not exchange.markets:  # ccxt takes a page of HTML for an exchange without markets
                raise ConnectionEndedError("the exchange lists no markets")
            while True:
                for name in names:
                    frame = await self._frame(exchange, name)
                    if frame is not None:
                        self._receive(frame, outage)
                await asyncio.sleep(self._poll_s)
        finally:
            self._prices.closed(names)
            await exchange.close()

    async def _frame(self, exchange: Any, name: str) -> bytes | None:
        """The answer about one series; None if the exchange answers, but not this.

        Raises:
            ConnectionEndedError: The exchange does not answer.
        """
        try:
            structure = await _structure(exchange, self._prices.asked[name])
            return frame_of(name, {key: structure[key] for key in _FIELDS if key in structure})
        except self._library.NetworkError as error:
            raise ConnectionEndedError(_told(error)) from error
        except Exception as error:  # noqa: BLE001  on a strange answer ccxt raises whatever its parser runs into
            self.rejections.count(Rejection(Reason.VENUE_ERROR, _told(error), name))
            return None


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {shown(str(error))}"


async def _structure(exchange: Any, asked: Series) -> Any:
    if asked.kind == QUOTE:
        return await exchange.fetch_order_book(asked.symbol, LEVELS)
    methods = _METHODS[asked.kind]
    chosen = next((method for ability, method in methods if exchange.has.get(ability)), methods[-1][1])
    return await getattr(exchange, chosen)(asked.symbol)
