"""The jobs: pure functions from what is known to what should be sent. They send nothing.

To add one, write its file and add its line to `JOBS`, or to `PERP_JOBS` for one that keeps perpetuals.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

from secant_keeper.jobs import (
    audit,
    draw,
    exposure,
    funding,
    inventory,
    liquidate,
    observe,
    publish,
    redeem,
    settle,
    settle_pnl,
    sweep,
    triggers,
)
from secant_keeper.jobs.work import Work
from secant_keeper.perps.task import Task

if TYPE_CHECKING:
    from collections.abc import Iterator

    from solders.pubkey import Pubkey

    from secant_keeper.config import Settings
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


class PerpPlan(Protocol):
    """What a job for perpetuals is."""

    def __call__(self, state: State, now: int, task: Task) -> Iterator[Work]:
        """Plan work from the state at a chain time, Unix seconds, for whom the task says."""


PERP_JOBS: Final[tuple[tuple[str, PerpPlan], ...]] = (
    (audit.NAME, audit.plan),
    (liquidate.NAME, liquidate.plan),
    (exposure.NAME, exposure.plan),
    (triggers.NAME, triggers.plan),
    (funding.NAME, funding.plan),
    (inventory.NAME, inventory.plan),
    (settle_pnl.NAME, settle_pnl.plan),
)
"""The jobs for perpetuals, the most urgent first: each brings the market it acts in up to date by itself."""


def jobs_of(settings: Settings, key: Pubkey | None) -> list[tuple[str, Plan]]:
    """The jobs that run, in the order they are planned.

    Args:
        settings: What the operator asked for; jobs for perpetuals need its section for them.
        key: The keeper's own, None for a keeper without one.
    """
    found: list[tuple[str, Plan]] = list(JOBS)
    if settings.perps is not None and key is not None:
        task = Task(key, settings.perps)
        # After the prices that they depend on, before what can wait.
        found[2:2] = [(name, partial(plan, task=task)) for name, plan in PERP_JOBS]
    return [(name, plan) for name, plan in found if name in settings.jobs]


__all__ = ["JOBS", "PERP_JOBS", "Plan", "Work", "jobs_of"]
