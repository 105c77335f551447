"""Pauses an exchange that does not add up: with the pauser's key, and where its operator asked for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from secant import exchange
from secant_keeper.jobs.work import Work

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secant_keeper.perps.task import Task
    from secant_keeper.state import State

NAME = "audit"
PAUSE_ALL: Final = (
    exchange.PAUSE_DEPOSIT | exchange.PAUSE_CREATE | exchange.PAUSE_TRADE | exchange.PAUSE_TOKENIZE
)
PERP_PAUSE_ALL: Final = exchange.PERP_PAUSE_OPEN | exchange.PERP_PAUSE_LIQUIDATE | exchange.PERP_PAUSE_PROFITS


def plan(state: State, now: int, task: Task) -> Iterator[Work]:
    """A pause of the exchange and of each of its perpetuals, as far as they are not paused yet."""
    del now  # what does not add up is paused at any time
    if state.audit is None or not state.audit.faults or not task.settings.pause:
        return
    desk = state.desk(task.settings.exchange)
    if desk is not None and desk.pause_bits & PAUSE_ALL != PAUSE_ALL:
        pause = exchange.pause(pauser=task.key, exchange=task.settings.exchange, pause_bits=PAUSE_ALL)
        yield Work(NAME, (task.settings.exchange,), (pause,))
    for address, market in state.perps(task.settings.exchange):
        if market.pause_bits & PERP_PAUSE_ALL != PERP_PAUSE_ALL:
            pause = exchange.pause_perp(
                pauser=task.key, exchange=market.exchange, market=address, pause_bits=PERP_PAUSE_ALL
            )
            yield Work(NAME, (address,), (pause,))
