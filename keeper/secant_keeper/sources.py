"""Where readings come from: live venues, and recordings played as if they were live."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict, deque
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import structlog

from secant_keeper.errors import InputError, one_line
from secant_keeper.reader import backoff_s
from secant_keeper.recordings import Reading, load_series, reading_of
from secant_keeper.replay import one_a_second
from secant_keeper.venues import (
    VENUES,
    AuthenticationError,
    KalshiSigner,
    KalshiStream,
    VenueError,
    VenueStream,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from solders.pubkey import Pubkey

    from secant_keeper.config import FeedSettings, KalshiSettings, Settings
    from secant_keeper.metrics import Metrics
    from secant_keeper.state import State

ANY_SPREAD: Final = Decimal(1)
QUEUE_MAX: Final = 8
"""Live readings kept for a feed that the chain does not take yet."""

log = structlog.get_logger("sources")


def open_stream(venue: str, series: list[str], kalshi: KalshiSettings | None) -> VenueStream:
    """A live stream of a venue.

    Raises:
        InputError: The venue's key is not to be used, a series can be none of the venue's, or what the venue
            needs is not installed.
    """
    try:
        if venue != "kalshi":
            return VENUES[venue].stream(series)
        if kalshi is None:
            raise InputError("a live Kalshi source needs the section [kalshi]")
        signer = KalshiSigner.from_pem_file(kalshi.key_id.get_secret_value(), kalshi.key_file.expanduser())
    except VenueError as error:
        raise InputError(one_line(error)) from error
    return KalshiStream(series, signer)


def load_recordings(settings: Settings, metrics: Metrics) -> dict[Pubkey, list[Reading]]:
    """The readings of every recorded feed, at most one a second.

    Raises:
        InputError: A recording is not to be used.
    """
    loaded: dict[Pubkey, list[Reading]] = {}
    for feed in settings.feeds:
        source = feed.source
        if source.file is None:
            continue
        try:
            (series,) = load_series(source.venue, source.file, (source.series,)).values()
        except VenueError as error:
            raise InputError(one_line(error)) from error
        metrics.rejections.setdefault(source.venue, []).append(series.rejections)
        if series.break_off is not None:
            log.warning("recording breaks off", file=str(source.file), reason=series.break_off.detail)
        loaded[feed.address] = list(one_a_second(series.readings, ANY_SPREAD))
    return loaded


def rebased(readings: list[Reading], start: int, speed: float) -> list[Reading]:
    """A recording as if it had begun at `start`, so many times faster; of each second the first reading.

    Args:
        readings: In order of time.
        start: Unix seconds of the first one.
        speed: Above 0.
    """
    moved: dict[int, Reading] = {}
    for reading in readings:
        moment = start + int((reading.time - readings[0].time) / speed)
        moved.setdefault(moment, reading._replace(time=moment))
    return list(moved.values())


class Sources:
    """Feeds the state's readings for as long as it runs.

    Attributes:
        finished: Set once every recording has been played; never while a live source is followed.
        refused: Venues that are followed no more because they refuse the key.

    Args:
        settings: The feeds and where their readings come from.
        state: Where readings go.
        metrics: Where rejections and restarts are counted.
        recordings: What `load_recordings` gave.
        changed: Called after every new reading.
        streams: Opens a venue's live stream.
        wall: Unix seconds by the local clock.
    """

    def __init__(
        self,
        settings: Settings,
        state: State,
        metrics: Metrics,
        recordings: dict[Pubkey, list[Reading]],
        *,
        changed: Callable[[], None],
        streams: Callable[[str, list[str], KalshiSettings | None], VenueStream] = open_stream,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._state = state
        self._metrics = metrics
        self._recordings = recordings
        self._changed = changed
        self._wall = wall
        self.finished = asyncio.Event()
        self.refused: list[str] = []
        self._live: dict[str, dict[str, list[Pubkey]]] = defaultdict(lambda: defaultdict(list))
        for feed in settings.feeds:
            state.readings[feed.address] = deque()
            if feed.source.file is None and feed.source.series:
                self._live[feed.source.venue][feed.source.series].append(feed.address)
        # Before it is played, a recording's next reading is its first.
        self._upcoming = {key: readings[0].time for key, readings in recordings.items() if readings}
        self._streams = {
            venue: streams(venue, list(series), settings.kalshi) for venue, series in self._live.items()
        }
        for venue, stream in self._streams.items():
            metrics.rejections.setdefault(venue, []).append(stream.rejections)

    def stale(self, age_s: float) -> list[str]:
        """Live series without news for so long."""
        return sorted(name for stream in self._streams.values() for name in stream.stale_series(age_s))

    def next_time(self) -> int | None:
        """Before which source time, in Unix seconds, no reading will be given any more.

        None once all recordings are played, unless a live venue is followed: that one speaks of the present.
        """
        times = list(self._upcoming.values())
        if self._streams.keys() - set(self.refused):
            times.append(int(self._wall()))
        return min(times, default=None)

    async def run(self) -> None:
        """Play and follow until cancelled; the accounts must be known already."""
        async with asyncio.TaskGroup() as tasks:
            begun = [tasks.create_task(self._follow(venue)) for venue in self._streams]
            begun += [tasks.create_task(self._play(one)) for one in self._settings.feeds if one.source.file]
            await asyncio.gather(*begun)
            self.finished.set()
            self._changed()

    async def _play(self, feed: FeedSettings) -> None:
        known = self._state.feed(feed.address)
        last = (None if known is None else self._state.published_time(known)) or 0
        queue, speed = self._state.readings[feed.address], feed.source.speed
        readings = self._recordings[feed.address]
        if feed.source.rebase:
            readings, speed = rebased(readings, max(int(time.time()), last + 1), speed), 1.0
        readings = [one for one in readings if one.time > last]
        loop = asyncio.get_running_loop()
        begun = loop.time()
        for reading in readings:
            self._upcoming[feed.address] = reading.time
            if speed:
                due_s = begun + (reading.time - readings[0].time) / speed
                await asyncio.sleep(max(0.0, due_s - loop.time()))
                self._changed()
            queue.append(reading)
        self._upcoming.pop(feed.address, None)
        if readings:
            log.info("recording played out", feed=str(feed.address), readings=len(readings))
        self._changed()

    async def _follow(self, venue: str) -> None:
        failures = 0
        while True:
            stream = self._streams[venue]
            try:
                async for observation in stream.observations():
                    failures = 0
                    for address in self._live[venue].get(observation.series, ()):
                        self._offer(address, reading_of(observation))
            except AuthenticationError as error:
                self.refused.append(venue)
                log.error(  # noqa: TRY400
                    "venue refuses the key and is followed no more", venue=venue, reason=one_line(error)
                )
                return
            except VenueError as error:
                log.error("venue stream ended", venue=venue, reason=one_line(error))  # noqa: TRY400
            failures += 1
            self._metrics.source_restarts.labels(venue).inc()
            await asyncio.sleep(backoff_s(failures))

    def _offer(self, address: Pubkey, reading: Reading) -> None:
        """Queue a live reading: of one second the first with both sides, else the latest."""
        queue = self._state.readings[address]
        if queue and reading.time <= queue[-1].time:
            held = queue[-1]
            if reading.time < held.time or (held.bid_ppm is not None and held.ask_ppm is not None):
                return
            queue.pop()
        queue.append(reading)
        while len(queue) > QUEUE_MAX:
            queue.popleft()
        self._changed()
