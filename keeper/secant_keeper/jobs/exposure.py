"""Takes out orders that their accounts no longer have the margin for, before a fill leaves those unhealthy.

The program cancels them as the seat is drawn: those that raise the position, if keeping would require more
than the account is worth were every order of a side filled. Some accounts are looked at each turn, in turn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from secant_keeper.jobs.liquidate import drawing
from secant_keeper.perps.account import health_of, holdings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secant_keeper.jobs.work import Work
    from secant_keeper.perps.task import Task
    from secant_keeper.state import State

NAME = "exposure"
EXAMINED_MAX: Final = 64
"""Accounts looked at each turn."""


def plan(state: State, now: int, task: Task) -> Iterator[Work]:
    """One piece of work for each account examined whose orders it could not keep once they were filled."""
    state.watch.refresh(state, now)
    for address in state.watch.seated(EXAMINED_MAX):
        account = state.margin_account(address)
        if account is None or account.exchange != task.settings.exchange:
            continue
        held = holdings(state, address, account)
        health = None if held is None else health_of(account, held, now)
        if held is None or health is None:
            continue
        # Of the unhealthy all orders go: that is the liquidation's.
        if health.exposed_surplus_atoms < 0 <= health.maintenance_surplus_atoms:
            yield drawing(NAME, state, address, account, held)
