"""Leaves work alone for a while when it keeps failing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from solders.pubkey import Pubkey

PAUSE_BASE_S: Final = 1.0
PAUSE_CAP_S: Final = 300.0
HOPE_FAILURES_MAX: Final = 6
"""Failures in a row after which nothing waits for the work any more."""


class Throttle:
    """Pauses that double with every failure in a row, by job and account.

    Args:
        clock: Monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._failures: dict[tuple[str, Pubkey], int] = {}
        self._until: dict[tuple[str, Pubkey], float] = {}

    def failed(self, job: str, keys: Iterable[Pubkey]) -> None:
        """Count a failure of some accounts' work and begin their pause."""
        self._forget_what_is_over()
        for key in keys:
            count = self._failures[job, key] = self._failures.get((job, key), 0) + 1
            pause_s = min(PAUSE_CAP_S, PAUSE_BASE_S * 2 ** min(count - 1, 20))
            self._until[job, key] = self._clock() + pause_s

    def succeeded(self, job: str, keys: Iterable[Pubkey]) -> None:
        """Forget the failures of some accounts' work."""
        for key in keys:
            self._failures.pop((job, key), None)
            self._until.pop((job, key), None)

    def _forget_what_is_over(self) -> None:
        """Work that nobody planned for so long after its pause is gone with its account."""
        over = [key for key, until in self._until.items() if until + PAUSE_CAP_S < self._clock()]
        for key in over:
            del self._failures[key], self._until[key]

    def is_paused(self, job: str, keys: Iterable[Pubkey]) -> bool:
        """Whether any of the accounts is to be left alone."""
        now = self._clock()
        return any(self._until.get((job, key), now) > now for key in keys)

    def is_hopeful(self, job: str, keys: Iterable[Pubkey]) -> bool:
        """Whether the accounts' work has not failed so often that nothing should wait for it."""
        return all(self._failures.get((job, key), 0) <= HOPE_FAILURES_MAX for key in keys)

    @property
    def paused(self) -> int:
        """How many pauses there are at present."""
        now = self._clock()
        return sum(until > now for until in self._until.values())
