"""The jobs: pure functions from what is known to what should be sent. They send nothing.

To add one, write its file and add its line to `JOBS`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from secant_keeper.jobs import draw, observe, publish, redeem, settle, sweep
from secant_keeper.jobs.work import Work

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secant_keeper.state import State


class Plan(Protocol):
    """What a job is."""

    def __call__(self, state: State, now: int) -> Iterator[Work]:
        """Plan work from the state at a chain time, Unix seconds."""


JOBS: Final[tuple[tuple[str, Plan], ...]] = (
    (publish.NAME, publish.plan),
    (observe.NAME, observe.plan),
    (settle.NAME, settle.plan),
    (sweep.NAME, sweep.plan),
    (draw.NAME, draw.plan),
    (redeem.NAME, redeem.plan),
)
"""The jobs by name, in the order they are planned."""

__all__ = ["JOBS", "Plan", "Work"]
