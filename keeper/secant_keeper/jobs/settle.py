"""Settles events by their decided records, and voids those nobody settled in time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secant import exchange, oracle
from secant_keeper.jobs.work import Work

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secant_keeper.state import State

NAME = "settle"
SETTLED = frozenset({exchange.EVENT_RESOLVED, exchange.EVENT_VOID})
"""Statuses of an event whose payout stands."""


def plan(state: State, now: int) -> Iterator[Work]:
    """One piece of work for each event that can be settled or voided at `now`."""
    for address, event in state.events():
        if event.status in SETTLED:
            continue
        by_record = event.resolver_kind == exchange.RESOLVER_RECORD
        record = state.record(event.resolver) if by_record else None
        if record is not None and record.status != oracle.RECORD_OPEN:
            instruction = exchange.settle_event(event=address, record=event.resolver)
            yield Work(NAME, (address,), (instruction,))
        elif now > event.settlement_deadline:
            instruction = exchange.void_event(event=address, resolver=event.resolver)
            yield Work(NAME, (address,), (instruction,))
