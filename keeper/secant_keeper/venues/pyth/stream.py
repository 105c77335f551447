"""Pyth live: Hermes' server-sent events over a `PythSession`, and its REST for what they do not bring."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aiohttp

from secant_keeper.venues.errors import VenueError
from secant_keeper.venues.observation import Reason, Rejection, Rejections, shown
from secant_keeper.venues.pyth.rest import HERMES_URL, PythRest, query
from secant_keeper.venues.pyth.session import PythSession
from secant_keeper.venues.sse import EventReader, EventTooLongError
from secant_keeper.venues.stream import (
    ConnectionEndedError,
    Timing,
    VenueStream,
    connection_outage,
    unix_ms,
)

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Coroutine, Iterable

    from secant_keeper.venues.stream import FrameRecorder


class PythStream(VenueStream):
    """Live prices of Pyth feeds; a series is a price feed id."""

    def __init__(
        self,
        series: Iterable[str],
        *,
        url: str = HERMES_URL,
        rest: PythRest | None = None,
        timing: Timing | None = None,
        record: FrameRecorder | None = None,
        rng: random.Random | None = None,
        now_ms: Callable[[], int] = unix_ms,
    ) -> None:
        """Set up the stream; nothing is connected until `observations` is iterated.

        Args:
            series: Price feed ids.
            url: Hermes' base URL.
            rest: REST client for what the stream does not bring; of the same URL by default. It is closed
                with the stream.
            timing: Timeouts and waits.
            record: Called with the data of every event before it is decoded.
            rng: Source of the jitter.
            now_ms: The local clock.

        Raises:
            SeriesNameError: A series is no feed id.
        """
        rejections = Rejections()
        self._prices = PythSession(series, rejections)
        super().__init__(self._prices, rejections, timing=timing, record=record, rng=rng, now_ms=now_ms)
        self._url = url.rstrip("/") + "/v2/updates/price/stream"
        self._outage = connection_outage(self._url)
        self.rest = rest or PythRest(url)

    async def close(self) -> None:
        """End `observations` and close the REST client."""
        await super().close()
        await self.rest.close()

    def _duties(self) -> Iterable[Coroutine[Any, Any, None]]:
        return (
            self._connect_forever(self._connect_once, self._outage),
            self._refresh_forever(self._read_again),
        )

    async def _connect_once(self) -> None:
        timing = self._timing
        timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=timing.connect_s, sock_read=timing.dead_after_s
        )
        async with aiohttp.ClientSession(timeout=timeout) as http:
            try:
                async with http.get(self._url, params=query(self._prices.feed_ids)) as answer:
                    await self._read(answer)
            finally:
                self._prices.closed()

    async def _read(self, answer: aiohttp.ClientResponse) -> None:
        # Even 403 may pass: Hermes takes no key, but refuses hosts that ask too often.
        if answer.status >= 400:
            raise ConnectionEndedError(f"HTTP {answer.status} {shown(await answer.text())}")
        reader = EventReader()
        async for chunk in answer.content.iter_any():
            try:
                for event in reader.feed(chunk):
                    if event.kind == "error":
                        raise ConnectionEndedError(f"Hermes ends the stream: {shown(event.data)}")
                    self._receive(event.data, self._outage)
            except EventTooLongError as error:
                raise ConnectionEndedError(str(error)) from error
        raise ConnectionEndedError("closed by the venue")

    async def _read_again(self, due: frozenset[str]) -> None:
        """One request for everything that is due: Hermes allows few."""
        wanted = {feed_id: name for feed_id, name in self._prices.feed_ids.items() if name in due}
        if not wanted:
            return
        try:
            payload = await self.rest.latest(wanted)
        except VenueError as error:
            self.rejections.count(Rejection(Reason.VENUE_ERROR, shown(str(error))))
            return
        self._take(self._prices.answered(payload, self._now_ms()))
        for name in sorted(self._prices.waiting() & due):
            detail = f"Hermes gives no price of {name}; name a price feed id that it knows"
            self.rejections.count(Rejection(Reason.VENUE_ERROR, detail, name))
