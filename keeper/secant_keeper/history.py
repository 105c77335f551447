"""What goes into the history, and when: books as they change, readings as they come to be in force.

The loop tells what it knows at every turn; a thread of its own writes. Whatever becomes of the file, the
keeper goes on: what could not be written leaves a hole between two stretches, which nothing fills.
"""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, Final

import structlog

from secant.client.views import text_of
from secant_keeper.errors import KeeperError, one_line
from secant_keeper.history_perps import PerpNotes
from secant_keeper.history_rows import Batch, Link, Snapshot, VenueReading
from secant_keeper.history_store import HistoryWriter
from secant_keeper.jobs.observe import DRIFT_MAX_S
from secant_keeper.jobs.sweep import trades
from secant_keeper.outage import Outage
from secant_keeper.perps.prices import is_closed
from secant_keeper.stores.database import HistoryUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from solders.pubkey import Pubkey

    from secant_keeper.books import BookAccount
    from secant_keeper.metrics import Metrics
    from secant_keeper.recordings import Reading
    from secant_keeper.state import State
    from secant_keeper.stores.place import HistoryPlace

LEVELS_MAX: Final = 10
"""Levels of a side that a snapshot holds; its lots in all are of every level."""
UNSEEN_MAX_S: Final = 60
"""On top of the poll interval: after a longer silence of the loop nobody knows what was in between."""
RETRY_S: Final = 5.0
"""Pause after a failed write."""
SCAN_INTERVAL_S: Final = 300
"""Least seconds between two scans of where positions of perpetuals would be liquidated, unless told."""
ROWS_MAX: Final = 100_000
"""Rows that wait to be written, at most."""

log = structlog.get_logger("history")


@dataclass(frozen=True, slots=True)
class _Noted:
    """A book as it was last noted, and what is needed to say what it was after that.

    Attributes:
        book: The book.
        ends: Until when it trades, Unix seconds, if nobody ends it before; None for without an end.
        time: When it was noted.
        is_trading: Whether it traded then.
    """

    book: BookAccount
    ends: int | None
    time: int
    is_trading: bool

    @property
    def next_change(self) -> int | None:
        """When, by time alone, something else trades: an order expires, or the whole of it ends."""
        if not self.is_trading:
            return None
        moments = (self.book.next_expiry(self.time), self.ends)
        return min((moment for moment in moments if moment is not None), default=None)


class History:
    """Notes what the state says, and has it written.

    Args:
        place: Where it is written.
        metrics: Where rows and failures are counted.
        interval_s: Least seconds between two snapshots of a book or a perpetual.
        scan_interval_s: Least seconds between two scans of perpetuals' liquidations.
        unseen_max_s: So long nothing may be noted before a new stretch begins.
        clock: Monotonic seconds.

    Raises:
        HistoryFileError: The place cannot be used without the operator's help.
    """

    def __init__(
        self,
        place: HistoryPlace,
        metrics: Metrics,
        *,
        interval_s: int,
        scan_interval_s: int = SCAN_INTERVAL_S,
        unseen_max_s: float = UNSEEN_MAX_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._place = place
        self._metrics = metrics
        self._interval_s = interval_s
        self._unseen_max_s = unseen_max_s
        self._clock = clock
        self._outage = Outage(log, "history is not written", clock)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="history")
        self._woken = asyncio.Event()
        self._retry_at = 0.0
        self._batches: list[Batch] = []
        self._writer: HistoryWriter | None = None
        self._readings: dict[Pubkey, Reading] = {}
        self._perps = PerpNotes(interval_s, scan_interval_s)
        self._forget()
        try:
            self._writer = HistoryWriter(place)
        except HistoryUnavailableError as error:
            self._fail(str(error))

    def _forget(self) -> None:
        """Begin anew: everything is noted again, in another stretch."""
        self._is_continued = False
        self._may_jump = False
        self._seen = 0
        self._books: dict[Pubkey, _Noted] = {}
        self._linked: set[Pubkey] = set()
        self._perps.forget()

    def note(self, state: State, now: int) -> None:
        """Note what has changed by `now`, chain time in Unix seconds; of a book, only after the interval."""
        self._note_or_fail(state, now, is_last=False)

    def leave(self, state: State, now: int) -> None:
        """Note what has changed, as a driven clock is about to leave `now`: it holds for what is skipped."""
        self._note_or_fail(state, now, is_last=True)
        self._may_jump = True

    async def run(self) -> None:
        """Write what is noted until cancelled."""
        while True:
            await self._woken.wait()
            self._woken.clear()
            await self._write()

    async def close(self) -> None:
        """Write what is left, and let go of the place."""
        await self._write()
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._let_go)
        except HistoryUnavailableError as error:
            self._outage.tell(one_line(error))
        self._thread.shutdown()

    # --- noting ---------------------------------------------------------------------------------------------

    def _note_or_fail(self, state: State, now: int, *, is_last: bool) -> None:
        if self._clock() < self._retry_at:
            return
        try:
            self._note(state, now, is_last=is_last)
        except Exception as error:
            # One account that is not as it should be must not stop the keeper.
            log.exception("cannot note")
            self._fail(f"{type(error).__name__}: {one_line(error)}")

    def _note(self, state: State, now: int, *, is_last: bool) -> None:
        is_whole = now >= self._seen and (self._may_jump or now - self._seen <= self._unseen_max_s)
        if self._is_continued and not is_whole:
            self._forget()
        if not self._is_continued or not self._batches:
            self._batches.append(Batch(begins=not self._is_continued, begun=now, seen=now))
        batch = self._batches[-1]
        if not self._is_continued:
            self._note_last_readings(now, batch)
        self._is_continued, self._may_jump, self._seen = True, False, now
        batch.seen = now
        self._note_links(state, batch)
        self._note_readings(state, now, batch)
        self._note_books(state, now, batch, is_last=is_last)
        self._perps.note(state, now, batch, is_last=is_last)
        if sum(one.rows for one in self._batches) > ROWS_MAX:
            self._fail("the disk does not keep up")
        self._woken.set()

    def _note_links(self, state: State, batch: Batch) -> None:
        for book in state.books():
            event = state.event(book.head.event)
            if book.head.outcome or event is None or book.head.event in self._linked:
                continue
            address = state.feed_of(event)
            feed = None if address is None else state.feed(address)
            if address is None or feed is None or address not in state.readings:
                continue
            self._linked.add(book.head.event)
            keys = (str(book.head.event), str(book.address), str(address))
            names = (text_of(event.event_id), text_of(event.title))
            batch.links.append(Link(*keys, feed.staleness_s, *names))

    def _note_last_readings(self, now: int, batch: Batch) -> None:
        """What venues said before a stretch began may hold in it."""
        self._readings = {key: one for key, one in self._readings.items() if one.time <= now + DRIFT_MAX_S}
        batch.readings += [VenueReading(str(key), *one) for key, one in self._readings.items()]

    def _note_readings(self, state: State, now: int, batch: Batch) -> None:
        for address, queue in state.readings.items():
            feed = state.feed(address)
            if feed is None:
                continue
            last = self._readings.get(address)
            for reading in takewhile(lambda one: one.time <= now + DRIFT_MAX_S, queue):
                is_news = (
                    last is None
                    or reading.time > last.time
                    or (reading.time == last.time and reading != last)
                )
                if is_news and reading.time >= now - feed.staleness_s:
                    batch.readings.append(VenueReading(str(address), *reading))
                    last = self._readings[address] = reading

    def _note_books(self, state: State, now: int, batch: Batch, *, is_last: bool) -> None:
        present = {book.address: book for book in state.books()}
        for address, book in present.items():
            last = self._books.get(address)
            if last is not None:
                last = self._pass_time(last, now, batch)
            noted = _noted(state, book, now)
            is_early = last is not None and now - last.time < self._interval_s and not is_last
            if last is None or (_differs(last, noted) and not is_early):
                self._put(noted, batch)
        for address in self._books.keys() - present.keys():
            last = self._pass_time(self._books[address], now, batch)
            if last.is_trading:
                self._put(_Noted(last.book, last.ends, now, is_trading=False), batch)
            del self._books[address]

    def _pass_time(self, last: _Noted, now: int, batch: Batch) -> _Noted:
        """Note what time alone has changed since, at the times it did."""
        while (change := last.next_change) is not None:
            moment = max(change, last.time + self._interval_s)
            if moment > now:
                break
            last = _Noted(last.book, last.ends, moment, last.ends is None or moment < last.ends)
            self._put(last, batch)
        return last

    def _put(self, noted: _Noted, batch: Batch) -> None:
        batch.snapshots.append(_snapshot(noted))
        self._books[noted.book.address] = noted

    # --- writing --------------------------------------------------------------------------------------------

    async def _write(self) -> None:
        batches, self._batches = self._batches, []
        if not batches:
            return
        try:
            # Shielded: cancelling would take back a write that the thread has not begun.
            await asyncio.shield(
                asyncio.get_running_loop().run_in_executor(self._thread, self._write_all, batches)
            )
        except Exception as error:
            if not isinstance(error, KeeperError):
                log.exception("cannot write")
            self._metrics.history_lost.inc(sum(one.rows for one in batches))
            self._fail(one_line(error))
            return
        self._outage.over()

    def _write_all(self, batches: list[Batch]) -> None:
        """In the history's own thread; what is written is taken out, and counted whoever is cancelled."""
        try:
            if self._writer is None:
                self._writer = HistoryWriter(self._place)
            while batches:
                batches[0].complete()
                self._writer.write(batches[0])
                for kind, count in batches.pop(0).counts.items():
                    self._metrics.history_rows.labels(kind).inc(count)
        except Exception:
            self._let_go()  # it may have been replaced: the next try opens it anew
            raise

    def _let_go(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()

    def _fail(self, reason: str) -> None:
        """What is noted but not written is given up, and everything is noted anew after a pause."""
        self._metrics.history_failures.inc()
        self._metrics.history_lost.inc(sum(one.rows for one in self._batches))
        self._outage.tell(reason)
        self._batches = []
        self._forget()
        self._retry_at = self._clock() + RETRY_S


def _noted(state: State, book: BookAccount, now: int) -> _Noted:
    """A book as it is, of an event or of a perpetual."""
    event, perp = state.event(book.head.event), state.perp(book.head.event)
    if event is not None:
        return _Noted(book, event.lock_time, now, trades(event, now))
    if perp is not None:
        return _Noted(book, perp.close_time or None, now, not is_closed(perp, now))
    return _Noted(book, None, now, is_trading=False)


def _differs(last: _Noted, noted: _Noted) -> bool:
    return (last.book.head.changes, last.is_trading) != (noted.book.head.changes, noted.is_trading)


def _snapshot(noted: _Noted) -> Snapshot:
    depth = noted.book.depth(noted.time)
    head = noted.book.head
    return Snapshot(
        book=str(noted.book.address),
        time=noted.time,
        event=str(head.event),
        outcome=head.outcome,
        changes=head.changes,
        trades=noted.is_trading,
        bids=depth.bids[:LEVELS_MAX],
        asks=depth.asks[:LEVELS_MAX],
        bids_lots=sum(level.lots for level in depth.bids),
        asks_lots=sum(level.lots for level in depth.asks),
    )
