"""Remembers what was tried, so that nothing is tried again before anything about it has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

    from solders.pubkey import Pubkey

    from secant_keeper.jobs import Work

Attempt: TypeAlias = "tuple[str, tuple[Pubkey, ...]]"


class Attempts:
    """What each piece of work rested on when it was last tried."""

    def __init__(self) -> None:
        self._tried: dict[Attempt, tuple[int, ...]] = {}

    def made(self, work: Work) -> None:
        """Note that a piece of work was seen through, whatever came of it."""
        if work.once is not None:
            self._tried[work.job, work.keys] = work.once

    def is_spent(self, work: Work) -> bool:
        """Whether the same was tried, and nothing it rests on has changed since."""
        return work.once is not None and self._tried.get((work.job, work.keys)) == work.once

    def forget_others(self, planned: Iterable[Work]) -> None:
        """Forget what is planned no more: it is done, or its account is gone."""
        kept = {(work.job, work.keys) for work in planned}
        self._tried = {key: once for key, once in self._tried.items() if key in kept}
