"""The loop: plans from the state, hands work to the sender, learns what became of it."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import structlog

from secant import oracle
from secant_keeper.attempts import Attempts
from secant_keeper.chain_clock import RUN_AGAIN
from secant_keeper.evidence import iso_time
from secant_keeper.jobs import jobs_of, publish
from secant_keeper.jobs.observe import DRIFT_MAX_S
from secant_keeper.outage import Outage
from secant_keeper.rpc import RpcError, RpcRefusedError
from secant_keeper.sender import Fate, Result
from secant_keeper.throttle import Throttle

if TYPE_CHECKING:
    from solders.pubkey import Pubkey

    from secant_keeper.chain_clock import ChainClock
    from secant_keeper.config import Settings
    from secant_keeper.history import History
    from secant_keeper.jobs import Plan, Work
    from secant_keeper.metrics import Metrics
    from secant_keeper.reader import Reader
    from secant_keeper.sender import Sender
    from secant_keeper.sources import Sources
    from secant_keeper.state import State

DRAIN_S: Final = 90.0
"""Longest wait for work under way at the end: a blockhash lives about a minute."""

REFRESHES_MAX: Final = 5
REFRESH_PAUSE_S: Final = 0.4
"""About a slot."""

_DRIVEN_AWAY: Final = "something else sets the localnet's clock: let only this keeper, and start it again"
_NOT_DRIVEN: Final = (
    "a recording needs drive_clock = true on a localnet, rebase = true in its source elsewhere"
)
_LATE: Final = "the venue is quiet, or its clock or the chain's is off"

log = structlog.get_logger("loop")


def next_moment(state: State, now: int) -> int | None:
    """The next time at which a driven clock gives a job something to do; None if there is none.

    An order's expiry is none: anyone may place one that expires in fifty years, and no clock is to go there.

    Args:
        state: What is known.
        now: Chain time, Unix seconds.
    """
    moments = []
    for address in state.readings:
        reading = state.next_reading(address)
        if reading is not None and reading.time > now + DRIFT_MAX_S:
            moments.append(reading.time)
    for _, record in state.records():
        feed = state.feed(record.feed)
        if feed is not None and record.status == oracle.RECORD_OPEN:
            moments.append(record.terms.end + feed.staleness_s + 1)
    return min((moment for moment in moments if moment > now), default=None)


class Loop:
    """Turns until told to stop.

    Attributes:
        turned_at: Monotonic time of the last turn; 0.0 before any.
        stopped: Set once it is told to stop.
        undone: What kept it from all there was to do, as of the end of `run`; empty if nothing did.

    Args:
        settings: Which jobs run, and how much at a time.
        state: What the jobs plan from.
        reader: Reads accounts again after their work has landed.
        sender: Sends.
        clock: Chain time.
        sources: Tells when all recordings are played.
        metrics: Where turns are counted.
        history: Where books and readings are noted at every turn; None for nowhere.
    """

    def __init__(
        self,
        settings: Settings,
        state: State,
        reader: Reader,
        sender: Sender,
        clock: ChainClock,
        sources: Sources,
        metrics: Metrics,
        history: History | None = None,
    ) -> None:
        self._settings = settings
        self._state = state
        self._reader = reader
        self._sender = sender
        self._clock = clock
        self._sources = sources
        self._metrics = metrics
        self._history = history
        self._jobs = jobs_of(settings, state.publisher)
        self._throttle = Throttle(time.monotonic)
        self._attempts = Attempts()
        self._busy: set[tuple[str, Pubkey]] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._woken = asyncio.Event()
        self._warned_of_stale = False
        self._is_held_up = False
        self._given_up: set[tuple[str, tuple[Pubkey, ...]]] = set()
        self._stumbling: set[str] = set()
        self.undone: list[str] = []
        self._outage = Outage(log, "node does not answer")
        self.stopped = asyncio.Event()
        self.turned_at = 0.0

    def wake(self) -> None:
        """Turn soon: something has changed."""
        self._woken.set()

    def stop(self) -> None:
        """Plan nothing more; `run` returns once the work under way is done. Told again, it gives that up."""
        if self.stopped.is_set():
            self._give_up(self._tasks)
        self.stopped.set()
        self._woken.set()

    async def run(self) -> None:
        """Turn until stopped, or until done if the settings say so; then wait for what is under way."""
        while not self.stopped.is_set():
            self._woken.clear()
            try:
                is_done = await self._turn() or self._settings.run_once
                self._metrics.turns.inc()
                self._outage.over()
            except RpcError as error:
                self._outage.tell(str(error))
                is_done = False
            self.turned_at = time.monotonic()
            if is_done:
                self._sum_up()
                break
            # Not wait_for: Python 3.11's forgets a cancellation that comes with the wake.
            with suppress(TimeoutError):
                async with asyncio.timeout(self._settings.poll_interval_s):
                    await self._woken.wait()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=DRAIN_S)
            self._give_up(late)

    def _give_up(self, tasks: set[asyncio.Task[None]]) -> None:
        if tasks:
            log.warning("work given up; whether it lands, the chain will say", count=len(tasks))
        for task in tasks:
            task.cancel()

    async def _turn(self) -> bool:
        """Start what is to be done; whether there is nothing left to do, ever."""
        now = await self._clock.now()
        if self._history is not None:
            self._history.note(self._state, now)
        stale = self._state.drop_readings(now)
        if stale:
            if not self._warned_of_stale:
                log.warning(
                    "readings too old for the chain's clock are dropped", count=stale, remedy=self._remedy()
                )
                self._warned_of_stale = True
            self._metrics.readings_dropped.inc(stale)
        planned = self._start_what_is_due(now)
        if planned or self._tasks or self._settings.dry_run:
            return False
        if self._settings.drive_clock:
            if self._history is not None:
                self._history.leave(self._state, now)
            moment = next_moment(self._state, now)
            if moment is not None and self._may_drive_to(moment):
                await self._clock.drive(moment)
                self.wake()
                return False
        elif self._count_waiting(now) and self._clock.frozen_at is None:
            return False  # the clock runs towards them
        return self._settings.exit_when_done and self._sources.finished.is_set()

    def _may_drive_to(self, moment: int) -> bool:
        """Whether the settings allow it, and no reading is still to come that it would leave behind."""
        limits = (self._settings.drive_clock_until, self._sources.next_time())
        return all(limit is None or moment <= limit for limit in limits)

    def _remedy(self) -> str:
        """What to do about readings that are too old."""
        if self._settings.drive_clock:
            return _DRIVEN_AWAY
        sources = [feed.source for feed in self._settings.feeds]
        return _NOT_DRIVEN if any(one.file and not one.rebase for one in sources) else _LATE

    def _start_what_is_due(self, now: int) -> bool:
        """Start all work that is planned; whether there is any that did not fail for good."""
        planned, given_up, works = False, set(), []
        for name, plan in self._jobs:
            for work in self._planned(name, plan, now):
                works.append(work)
                if self._attempts.is_spent(work):
                    given_up.add((work.job, work.keys))
                    continue
                is_hopeful = self._throttle.is_hopeful(work.job, work.keys)
                if not is_hopeful:
                    given_up.add((work.job, work.keys))
                if self._throttle.is_paused(work.job, work.keys):
                    # A clock driven past work that is paused would make its reading stale.
                    planned |= is_hopeful
                else:
                    planned = True
                    self._start(work)
        self._attempts.forget_others(works)
        # A reading that nobody published is lost, even when a driven clock has passed it since.
        self._given_up = given_up | {one for one in self._given_up if one[0] == publish.NAME}
        self._metrics.throttled.set(self._throttle.paused)
        return planned

    def _count_waiting(self, now: int) -> int:
        """Feeds whose next reading is from after the chain's clock; said once if that clock stands still."""
        limit = now + DRIFT_MAX_S
        following = (self._state.next_reading(address) for address in self._state.readings)
        times = [reading.time for reading in following if reading is not None and reading.time > limit]
        frozen_at = self._clock.frozen_at
        was_held_up, self._is_held_up = self._is_held_up, bool(times) and frozen_at is not None
        if frozen_at is not None and self._is_held_up and not was_held_up:
            log.warning(
                "the localnet's clock stands still: readings from after it are refused as SourceTimeInFuture",
                clock=iso_time(frozen_at),
                reading=iso_time(min(times)),
                remedy=RUN_AGAIN,
            )
        return len(times)

    def _sum_up(self) -> None:
        """Tell what is left undone for good."""
        self.undone = [f"{name}: cannot plan" for name in sorted(self._stumbling)]
        for name, keys in sorted(self._given_up, key=str):
            self.undone.append(f"{name} {', '.join(map(str, keys))}: failed again and again")
        if self._is_held_up:
            self.undone.append(f"readings from after the localnet's clock, which stands still: {RUN_AGAIN}")
        self.undone += [f"{venue}: refuses the key" for venue in self._sources.refused]

    def _planned(self, name: str, plan: Plan, now: int) -> list[Work]:
        try:
            works = list(plan(self._state, now))
        except Exception:
            # One account that a job stumbles over must not stop the other jobs.
            self._metrics.turn_errors.inc()
            if name not in self._stumbling:
                log.exception("a job cannot plan", job=name)
            self._stumbling.add(name)
            return []
        self._stumbling.discard(name)
        return works

    def _start(self, work: Work) -> None:
        busy = {(work.job, key) for key in work.keys}
        if not self._busy.isdisjoint(busy) or len(self._tasks) >= self._settings.in_flight_max:
            return
        self._busy |= busy
        task = asyncio.create_task(self._see_through(work))
        self._tasks.add(task)
        self._metrics.pending.set(len(self._tasks))
        task.add_done_callback(lambda ended: self._ended(ended, busy))

    def _ended(self, task: asyncio.Task[None], busy: set[tuple[str, Pubkey]]) -> None:
        self._tasks.discard(task)
        self._busy -= busy
        self._metrics.pending.set(len(self._tasks))
        if not task.cancelled() and task.exception() is not None:
            self._metrics.turn_errors.inc()
            log.error("work ended in an error", exc_info=task.exception())
        self.wake()

    async def _see_through(self, work: Work) -> None:
        result = Result(Fate.FAILED)
        undecided = self._undecided(work)
        try:
            result = await self._sender.send(work)
            if result.fate in {Fate.LANDED, Fate.FAILED}:
                self._attempts.made(work)
            # Until the state shows what was done, it would be planned again.
            await self._refresh(work, result.slot)
            self._tell_decided(undecided)
        except RpcError as error:
            self._outage.tell(str(error))
        finally:
            if result.fate is Fate.LANDED:
                self._throttle.succeeded(work.job, work.keys)
                self._given_up.discard((work.job, work.keys))
                if work.source_time is not None:
                    self._metrics.source_time.labels(str(work.keys[0])).set(work.source_time)
            elif result.fate is not Fate.FAILED or not self._attempts.is_spent(work):
                self._throttle.failed(work.job, work.keys)

    def _undecided(self, work: Work) -> list[Pubkey]:
        """The open records that a piece of work observes."""
        found = [(key, self._state.record(key)) for key in _written(work)]
        return [key for key, one in found if one is not None and one.status == oracle.RECORD_OPEN]

    def _tell_decided(self, undecided: list[Pubkey]) -> None:
        """Log each record that is open no more, whether a reading or an observation decided it."""
        for key in undecided:
            record = self._state.record(key)
            if record is not None and record.status != oracle.RECORD_OPEN:
                status = "void" if record.status == oracle.RECORD_VOID else "decided"
                log.info("record decided", record=str(key), status=status, samples=record.accepted)

    async def _refresh(self, work: Work, slot: int) -> None:
        """Read what the work wrote; another node behind the same URL may lag behind its slot."""
        for attempt in range(REFRESHES_MAX):
            try:
                await self._reader.refresh(_written(work), slot)
            except RpcRefusedError:
                if attempt + 1 == REFRESHES_MAX:
                    raise
                await asyncio.sleep(REFRESH_PAUSE_S)
            else:
                return


def _written(work: Work) -> list[Pubkey]:
    metas = (meta for instruction in work.instructions for meta in instruction.accounts)
    return list(dict.fromkeys(meta.pubkey for meta in metas if meta.is_writable))
