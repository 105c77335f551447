"""Kalshi live: the shared loop over a `KalshiSession`."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from secant_keeper.venues.book_stream import BookStream
from secant_keeper.venues.kalshi.book import NoPriceScale
from secant_keeper.venues.kalshi.rest import KalshiRest
from secant_keeper.venues.kalshi.session import KalshiSession
from secant_keeper.venues.observation import Outcome, Rejections
from secant_keeper.venues.stream import Timing, unix_ms

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterable

    from secant_keeper.venues.kalshi.auth import KalshiSigner
    from secant_keeper.venues.stream import FrameRecorder

STREAM_URL = "wss://external-api-ws.kalshi.com/trade-api/ws/v2"
DEMO_STREAM_URL = "wss://external-api-ws.demo.kalshi.co/trade-api/ws/v2"


class KalshiStream(BookStream):
    """Live quotes of Kalshi markets; a series is a market ticker. Every connection is signed."""

    def __init__(
        self,
        series: Iterable[str],
        signer: KalshiSigner,
        *,
        url: str = STREAM_URL,
        rest: KalshiRest | None = None,
        scale: NoPriceScale = NoPriceScale.NO,
        timing: Timing | None = None,
        record: FrameRecorder | None = None,
        rng: random.Random | None = None,
        now_ms: Callable[[], int] = unix_ms,
    ) -> None:
        """Set up the stream; nothing is connected until `observations` is iterated.

        Args:
            series: Market tickers.
            signer: The API key.
            url: WebSocket URL, `DEMO_STREAM_URL` for the demo venue.
            rest: REST client for start-up and results; the production one by default. It is closed with the
                stream.
            scale: The scale NO prices are asked for on (`use_yes_price`).
            timing: Timeouts and waits.
            record: Called with every raw frame before it is decoded.
            rng: Source of the jitter.
            now_ms: The local clock.
        """
        rejections = Rejections()
        session = KalshiSession(series, rejections, scale=scale)
        self.rest = rest or KalshiRest()
        path = urlsplit(url).path
        super().__init__(
            url,
            session,
            rejections,
            fetch_book=self.rest.orderbook,
            timing=timing,
            headers=lambda: signer.headers("GET", path, now_ms()),
            record=record,
            rng=rng,
            now_ms=now_ms,
        )

    async def outcome(self, series: str) -> Outcome:
        """The venue's own result: what the lifecycle channel announced as final, else what REST says.

        Raises:
            VenueError: As `KalshiRest.outcome`.
        """
        announced = self._books.announced(series)
        if announced is not None and announced.is_final:
            return announced
        return await self.rest.outcome(series)

    async def close(self) -> None:
        """End `observations` and close the REST client."""
        await super().close()
        await self.rest.close()
