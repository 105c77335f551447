"""Draws seats of books whose event trades no more: orders are cancelled, fills come home; anyone may.

A draw cancels its account's orders on the way, so a book is left to the draws as soon as it has no more
orders than one of them takes out. Until then it is the sweeps': the two never work at one book at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from secant import exchange
from secant_keeper.jobs.settle import SETTLED
from secant_keeper.jobs.sweep import SWEEP_MAX
from secant_keeper.jobs.work import Work

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secant_keeper.state import State

NAME = "draw"


def plan(state: State, now: int) -> Iterator[Work]:
    """One piece of work for each seat an account has in a book of an event that no longer trades at `now`."""
    del now  # settled is late enough: until then the orders are in nobody's way
    for address, account in state.margin_accounts():
        for leg in account.event_legs:
            event = state.event(leg.event)
            if event is None or event.status not in SETTLED:
                continue
            for outcome, seat in enumerate(leg.seats):
                book = exchange.find_book(event=leg.event, outcome=outcome) if seat else None
                known = None if book is None else state.book(book)
                if book is None or (known is not None and known.orders > SWEEP_MAX):
                    continue
                instruction = exchange.draw_seat(account=address, event=leg.event, book=book)
                yield Work(NAME, (address, book), (instruction,))
