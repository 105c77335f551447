"""Seats: what an account's orders have done in books, and the way of it into the account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from solders.pubkey import Pubkey

from secant import exchange
from secant.errors import AccountNotFound
from secant.units import collateral_of, shares_of

from .events import EventMethods, book_index
from .receipts import DrawReceipt
from .session import ACCOUNT_MISSING, address_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from solders.instruction import Instruction

    from secant.chain import Chain

    from .events import EventRef

__all__ = ["HeldSeat", "SeatMethods", "drawing", "held_seats", "seat_at"]

_DROPS_MAX: Final = 256  # orders that one draw takes out of a book whose event trades no more
# Nodes cut logs off at 10,000 bytes: rows of dropped orders that one transaction may log, and what a draw
# logs besides, in rows.
_ROWS_MAX: Final = 400
_ROWS_PER_DRAW: Final = 16


@dataclass(frozen=True, slots=True)
class HeldSeat:
    """What a margin account has in a book.

    Attributes:
        event: The book's event.
        outcome: Index of the book's outcome.
        book: The book.
        seat: The seat as it was read.
    """

    event: Pubkey
    outcome: int
    book: Pubkey
    seat: exchange.Seat

    @property
    def wants_draw(self) -> bool:
        """Tell whether a draw would bring something: fills, or what orders that are gone reserved."""
        seat = self.seat
        reserved = (seat.bid_reserved_atoms, seat.ask_reserved_atoms)
        return bool(seat.cash_atoms or seat.lots or reserved != (seat.bid_atoms, seat.ask_atoms))


class SeatMethods(EventMethods):
    """What one does with seats."""

    async def draw_seats(
        self, event: EventRef, outcome: str | int | None = None, *, owner: Pubkey | str | None = None
    ) -> DrawReceipt:
        """Moves what an account's orders have brought into it, from all books of an event.

        Orders are cancelled on the way once the event trades no more.

        Args:
            event: The event.
            outcome: Only the book of this outcome.
            owner: Whose account; the wallet's unless given. Anyone may, for anyone.

        Raises:
            AccountNotFound: there is no such event or account, or it has neither orders nor fills there.
            InputError: no such outcome. Others as of `Chain.send`.
        """
        address, stored = await self._event(event)
        only = None if outcome is None else book_index(stored, outcome)[0]
        owner_address = self.wallet.address if owner is None else address_of(owner, "owner")
        account = self._account_of(owner_address)
        _, seats = await self._leg_and_seats(account, address)
        held = [seat for seat in seats if only in {None, seat.outcome}]
        if not held:
            raise AccountNotFound(
                "seat",
                None,
                "the account has neither orders nor fills in this event's books",
                "there is nothing to draw",
            )
        landed = [await self._send(*draws) for draws in drawing(account, held)]
        lots = [0] * stored.outcomes
        for each in held:
            lots[each.outcome] += each.seat.lots
        return DrawReceipt(
            signatures=tuple(each.signature for each in landed),
            account=account,
            shares=tuple(shares_of(drawn) for drawn in lots),
            cash=collateral_of(sum(each.seat.cash_atoms for each in held)),
            order_ids=tuple(
                row.order_id
                for each in landed
                for event in each.events
                if isinstance(event, exchange.BookChanged)
                for row in event.dropped
            ),
        )

    async def _leg_and_seats(
        self, account: Pubkey, event: Pubkey
    ) -> tuple[exchange.EventLeg | None, tuple[HeldSeat, ...]]:
        """What an account holds of an event, if anything, and its seats in the event's books.

        Raises:
            AccountNotFound: there is no such account.
        """
        stored = await self._read("margin account", account, exchange.MarginAccount, ACCOUNT_MISSING)
        legs = [leg for leg in stored.event_legs if leg.event == event]
        return next(iter(legs), None), await held_seats(self.chain, account, legs)


async def held_seats(
    chain: Chain, account: Pubkey, legs: Iterable[exchange.EventLeg]
) -> tuple[HeldSeat, ...]:
    """The seats of an account that its legs name.

    Raises:
        RpcUnreachable, RpcRefused: the node does not answer.
    """
    places = [
        (leg.event, outcome, place - 1)
        for leg in legs
        if leg.event != Pubkey.default()
        for outcome, place in enumerate(leg.seats)
        if place
    ]
    books = [exchange.find_book(event=event, outcome=outcome) for event, outcome, _ in places]
    held = []
    for (event, outcome, place), book, found in zip(places, books, await chain.accounts(books), strict=True):
        # The account was read before its books: a seat may be another's by now, or its book closed.
        if found is not None and (seat := seat_at(found.data, place)).account == account:
            held.append(HeldSeat(event, outcome, book, seat))
    return tuple(held)


def drawing(account: Pubkey, held: Sequence[HeldSeat]) -> list[list[Instruction]]:
    """What draws all of these seats, by transaction: as often as it takes to cancel all their orders."""
    transactions: list[list[Instruction]] = []
    room = 0
    for each in held:
        draw = exchange.draw_seat(account=account, event=each.event, book=each.book)
        left = each.seat.orders
        while True:
            rows = min(left, _DROPS_MAX) + _ROWS_PER_DRAW
            if rows > room:
                transactions.append([])
                room = _ROWS_MAX
            transactions[-1].append(draw)
            room, left = room - rows, left - _DROPS_MAX
            if left <= 0:
                break
    return transactions


def seat_at(data: bytes, place: int) -> exchange.Seat:
    """A seat in the data of a book's account, counted from 0."""
    at = exchange.Book.SIZE + place * exchange.Seat.SIZE
    return exchange.Seat.decode(data[at : at + exchange.Seat.SIZE])
