"""Tells of accounts that stay at risk, and of what keeps anybody from taking them over."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import TYPE_CHECKING, Final

import structlog

from secant_keeper.jobs import liquidate
from secant_keeper.outage import Outage

if TYPE_CHECKING:
    from collections.abc import Callable

    from solders.pubkey import Pubkey

    from secant_keeper.metrics import Metrics
    from secant_keeper.perps.task import Task
    from secant_keeper.state import State

HINDERED_S: Final = 5.0
"""After so long an account of which nothing can be taken over is told."""
TRIED_S: Final = 30.0
"""After so long it is told though something is sent for it again and again."""
LOOK_S: Final = 1.0
"""Seconds between two looks."""
EXAMINED_MAX: Final = 8
"""Accounts asked for their reason at a look, those longest at risk: a crash must not wait for it."""

_TRIED: Final = "what is sent for it does not restore it: the log says why"
_OWN: Final = "it is the keeper's own, and has less than its positions require: deposit, or reduce them"

log = structlog.get_logger("liquidate")


class Overdue:
    """Watches what the liquidations leave at risk.

    Args:
        state: The accounts, and who of them is at risk as the job last found it.
        metrics: Where they are counted.
        task: Whose perpetuals are kept, and by whom.
        clock: Monotonic seconds.
    """

    def __init__(
        self, state: State, metrics: Metrics, task: Task, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._state = state
        self._metrics = metrics
        self._task = task
        self._clock = clock
        self._since: dict[Pubkey, float] = {}
        self._found: Counter[str] = Counter()
        self._more = 0
        self._outage = Outage(log, "accounts at risk are not taken over", clock)

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            self.look()
            await asyncio.sleep(LOOK_S)

    def look(self) -> None:
        """See who is at risk still, and why; tell when that changes."""
        found, clock = self._state.watch.found, self._clock()
        self._since = {key: self._since.get(key, clock) for key in found.accounts}
        late = [key for key, since in self._since.items() if clock - since >= HINDERED_S]
        late.sort(key=self._since.__getitem__)
        reasons = (self._reason(key, found.time, clock) for key in late[:EXAMINED_MAX])
        self._found = Counter(one for one in reasons if one is not None)
        self._more = max(len(late) - EXAMINED_MAX, 0)
        self._metrics.overdue.set(self._found.total() + self._more if self._found else 0)
        if self._found:
            self._outage.tell("; ".join(sorted(self._found)))
        else:
            self._outage.over()

    def problems(self) -> list[str]:
        """Why accounts at risk are not taken over, with how many are concerned; empty if none is overdue."""
        told = [f"accounts at risk not taken over, {count}: {text}" for text, count in self._found.items()]
        if told and self._more:
            told.append(f"accounts at risk for over {HINDERED_S:g} s beside those, {self._more}")
        return sorted(told)

    def _reason(self, address: Pubkey, now: int, clock: float) -> str | None:
        """Why an account is still at risk; None if it is not, or if work for it is under way."""
        case = liquidate.case_of(self._state, address, now, self._task)
        if case is None:
            return None
        if address == self._task.taker:
            return _OWN
        room = liquidate.room_of(self._state, now, self._task)
        found = liquidate.takeover(self._state, case, room, now, self._task)
        if isinstance(found, liquidate.Hindrance):
            return found.reason
        return _TRIED if clock - self._since[address] >= TRIED_S else None
