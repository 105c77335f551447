"""Polymarket live: the shared loop over a `PolymarketSession`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secant_keeper.venues.book_stream import BookStream
from secant_keeper.venues.observation import Outcome, Rejections
from secant_keeper.venues.polymarket.rest import PolymarketRest
from secant_keeper.venues.polymarket.session import PolymarketSession
from secant_keeper.venues.stream import Timing, unix_ms

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterable

    from secant_keeper.venues.stream import FrameRecorder

STREAM_URL = "wss://ws-subscriptions-clob.polymarket.com/ws/market"


class PolymarketStream(BookStream):
    """Live quotes of Polymarket tokens; a series is a token id (decimal text)."""

    def __init__(
        self,
        series: Iterable[str],
        *,
        url: str = STREAM_URL,
        rest: PolymarketRest | None = None,
        timing: Timing | None = None,
        record: FrameRecorder | None = None,
        rng: random.Random | None = None,
        now_ms: Callable[[], int] = unix_ms,
    ) -> None:
        """Set up the stream; nothing is connected until `observations` is iterated.

        Args:
            series: Token ids.
            url: WebSocket URL of the market channel.
            rest: REST client for books and results; the production one by default. It is closed with the
                stream.
            timing: Timeouts and waits.
            record: Called with every raw frame before it is decoded.
            rng: Source of the jitter.
            now_ms: The local clock.
        """
        rejections = Rejections()
        self.rest = rest or PolymarketRest()
        super().__init__(
            url,
            PolymarketSession(series, rejections),
            rejections,
            fetch_book=self.rest.book,
            timing=timing,
            record=record,
            rng=rng,
            now_ms=now_ms,
        )

    async def outcome(self, series: str) -> Outcome:
        """The venue's own result: what `market_resolved` announced, else what REST says.

        Raises:
            VenueError: As `PolymarketRest.outcome`.
        """
        announced = self._books.announced(series)
        return announced if announced is not None else await self.rest.outcome(series)

    async def close(self) -> None:
        """End `observations` and close the REST clients."""
        await super().close()
        await self.rest.close()
