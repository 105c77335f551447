"""Sweeps books: takes out expired orders while the event trades, and the rest once it is settled; anyone may.

An expired order trades no more, but it takes room in its book, for which others would have to pay, and
counts against how many orders a taker may meet. That is worth a transaction once there are several of them,
or once one has lain there for minutes; it is not worth one every second, which whoever places orders that
expire one by one could otherwise have the keeper pay for.

Between its last trade and its settlement nobody trades at a book: one sweep after the settlement does it all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from secant import exchange
from secant_keeper.jobs.settle import SETTLED
from secant_keeper.jobs.work import Work

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secant_keeper.books import BookAccount
    from secant_keeper.state import State

NAME = "sweep"
SWEEP_MAX: Final = 256
"""Orders that one instruction takes out at most, a sweep as well as a draw."""
EXPIRED_MIN: Final = 16
"""So many expired orders are swept at once: each then costs a sixteenth of a transaction at most."""
EXPIRED_AGE_S: Final = 300
"""Fewer are swept once the oldest expired so long ago: at most 288 sweeps of a book a day are for fewer."""


def trades(event: exchange.EventMarket, now: int) -> bool:
    """Whether the event trades at `now`, as the program sees it."""
    return event.status == exchange.EVENT_OPEN and now < event.lock_time


def is_due(book: BookAccount, event: exchange.EventMarket, now: int) -> bool:
    """Whether sweeping is worth its transaction.

    Args:
        book: The book.
        event: Its event.
        now: Chain time, Unix seconds.
    """
    if event.status in SETTLED:
        return book.orders > SWEEP_MAX  # fewer leave with the draws, which every account needs anyway
    if not trades(event, now):
        return False
    expired = book.count_expired(now)
    return expired >= EXPIRED_MIN or (expired > 0 and now - book.expiries[0] >= EXPIRED_AGE_S)


def plan(state: State, now: int) -> Iterator[Work]:
    """One piece of work for each book that is worth sweeping at `now`; a fuller one is planned again."""
    for book in state.books():
        event = state.event(book.head.event)
        if event is not None and is_due(book, event, now):
            instruction = exchange.crank_expired(event=book.head.event, book=book.address)
            yield Work(NAME, (book.address,), (instruction,))
