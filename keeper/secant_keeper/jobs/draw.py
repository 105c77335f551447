"""Draws seats of books, which brings home what orders have done; anyone may.

Once its event is settled every seat is drawn, as nobody can redeem before. A draw cancels its account's
orders on the way, so a book is left to the draws as soon as it has no more orders than one of them takes out.
Until then it is the sweeps': the two never work at one book at a time.

While the event trades a draw cancels nothing. Whoever let orders expire has their collateral reserved, though
a sweep has taken them out, until somebody draws: that is worth it where it frees enough. Fills are left to
their owners, who draw them with whatever they do next at the book: the keeper would pay for every fill.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from secant import exchange
from secant_keeper.jobs.settle import SETTLED
from secant_keeper.jobs.sweep import SWEEP_MAX, trades
from secant_keeper.jobs.work import Work

if TYPE_CHECKING:
    from collections.abc import Iterator

    from solders.pubkey import Pubkey

    from secant_keeper.books import BookAccount
    from secant_keeper.state import State

NAME = "draw"
FREED_MIN_ATOMS: Final = 1_000_000
"""One unit of collateral: a draw that frees less is not worth its fee."""
TICKS_PER_UNIT: Final = 10_000


def plan(state: State, now: int) -> Iterator[Work]:
    """One piece of work for each seat that is worth drawing at `now`: see above."""
    yield from _settled(state)
    for book in state.books():
        event = state.event(book.head.event)
        if event is None or not trades(event, now):
            continue
        for place, seat in book.loosened:
            if untraded_atoms(seat) < FREED_MIN_ATOMS:
                continue
            leg = _seated(state, book, place, seat)
            if leg is not None and freed_atoms(seat, leg, book) >= FREED_MIN_ATOMS:
                yield _work(seat.account, book.head.event, book.address)


def _settled(state: State) -> Iterator[Work]:
    for address, account in state.event_holders():
        for leg in account.event_legs:
            event = state.event(leg.event)
            if event is None or event.status not in SETTLED:
                continue
            for outcome, seat in enumerate(leg.seats):
                book = exchange.find_book(event=leg.event, outcome=outcome) if seat else None
                known = None if book is None else state.book(book)
                if book is not None and (known is None or known.orders <= SWEEP_MAX):
                    yield _work(address, leg.event, book)


def untraded_atoms(seat: exchange.Seat) -> int:
    """What is reserved for orders that left the book without trading; 0 if some traded and others still may.

    A bid that fills pays what was reserved for it; an ask that fills brings 10,000 atoms a lot less that.
    What both sides traded against each other counts as untraded, as do rebates: both are as free.
    """
    if seat.orders and (seat.cash_atoms or seat.lots):
        return 0  # its owner is still at it
    loose = seat.bid_reserved_atoms - seat.bid_atoms + seat.ask_reserved_atoms - seat.ask_atoms
    return loose + seat.cash_atoms - TICKS_PER_UNIT * max(0, -seat.lots)


def freed_atoms(seat: exchange.Seat, leg: exchange.EventLeg, book: BookAccount) -> int:
    """By how much a draw raises what its account may withdraw: its cash, and its leg at worst."""
    worths = []
    for outcome in range(book.head.outcomes):
        if outcome == book.head.outcome:
            lots, loose = leg.lots[outcome] + seat.lots, seat.ask_reserved_atoms - seat.ask_atoms
        else:
            lots, loose = leg.lots[outcome], seat.bid_reserved_atoms - seat.bid_atoms
        worths.append(TICKS_PER_UNIT * lots - leg.risk_atoms[outcome] + loose)
    return seat.cash_atoms + min(worths) - leg.floor_atoms


def _seated(state: State, book: BookAccount, place: int, seat: exchange.Seat) -> exchange.EventLeg | None:
    """The leg of the account in a seat; None if it is not known, or not as it was when it sat there."""
    account = state.margin_account(seat.account)
    legs = () if account is None else account.event_legs
    of_event = (leg for leg in legs if leg.event == book.head.event)
    return next((leg for leg in of_event if leg.seats[book.head.outcome] == place + 1), None)


def _work(account: Pubkey, event: Pubkey, book: Pubkey) -> Work:
    return Work(NAME, (account, book), (exchange.draw_seat(account=account, event=event, book=book),))
