"""What a book's logs say of its past, newest first: its changes, and whose the fills among them are."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, TypeVar

from solders.signature import Signature

from secant import exchange
from secant.errors import AccountNotFound, ClientOutdated, HistoryMissing, InputError

from .orders import resting_orders
from .session import Session

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from solders.pubkey import Pubkey

    from secant.chain import PastTransaction

    from .fills import Fill
    from .perp_fills import PerpFill

__all__ = [
    "LIMIT_DEFAULT",
    "TRADER_AT",
    "BookPastMethods",
    "FillRole",
    "Found",
    "limit_of",
    "signature_of",
    "taken",
]

LIMIT_DEFAULT: Final = 50
_LIMIT_MAX: Final = 10_000
_ASKED_AT_ONCE: Final = 8
# Where the trader's account is in an instruction that takes: after a signer and the exchange, or, where
# anyone carries out a trigger, after the exchange alone.
TRADER_AT: Final = slice(1, 3)

FillT = TypeVar("FillT", "Fill", "PerpFill")


class FillRole(StrEnum):
    """What an account was in a fill."""

    TAKER = "taker"
    MAKER = "maker"


@dataclass(slots=True)
class Found:
    """A fill, what the account asked for was in it, and whether it is to be told of."""

    past: PastTransaction
    row: exchange.OrderLots
    fee_atoms: int
    role: FillRole | None
    is_counted: bool = True


class BookPastMethods(Session):
    """What one learns of a book's past."""

    async def _fills_of(
        self,
        book: Pubkey,
        *,
        limit: int,
        before: Signature | str | None,
        account: Pubkey | None,
        basis_of: Callable[[exchange.OrderLots], int],
        view_of: Callable[[Found, exchange.Book | None], FillT],
    ) -> tuple[tuple[FillT, ...], Signature | None]:
        """The newest fills of a book, and where the next page begins if there are older ones.

        Args:
            book: The book.
            limit: How many, 1 to 10,000; those of one transaction are never parted.
            before: Only those before this transaction.
            account: Only those that this margin account had a part in.
            basis_of: What of a fill the fee is charged on: an order's one fee is split over its fills by it.
            view_of: A fill for people, with the book's head if there is still one.

        Raises:
            InputError: no such limit or signature.
            AccountNotFound: an account is asked for and the book has been closed, which knew its orders.
            HistoryMissing: the node has forgotten logs before as many fills were found; it holds those found.
        """
        most = limit_of(limit, "fills")
        stored = await self.chain.account(book)
        if account is not None and stored is None:
            remedy = "ask for all fills, without an owner"
            raise AccountNotFound("book", book, "it is closed, and with it go its rebates", remedy)
        head, resting = (None, []) if stored is None else resting_orders(stored.data)
        search = _Search(account, most, {order.id: of == account for _, order, of in resting}, basis_of)
        changes = 0 if head is None else head.changes
        try:
            async for past in self._past_changes(book, changes, signature_of(before)):
                search.take(past, book)
                if search.is_enough():
                    break
        except HistoryMissing as missing:
            missing.fills = tuple(view_of(each, head) for each in search.settled())
            raise
        return tuple(view_of(each, head) for each in search.settled()), search.next_before()

    async def _past_changes(
        self, book: Pubkey, changes: int, before: Signature | None
    ) -> AsyncIterator[PastTransaction]:
        """The transactions that changed a book's orders, newest first and none left out.

        Args:
            book: The book.
            changes: How often its orders had changed, before they were asked for.
            before: Only those before this one.

        Raises:
            HistoryMissing: the node has forgotten one.
        """
        expected: int | None = None
        if before is not None:
            last = await self.chain.past(before)
            if last is None:
                raise HistoryMissing(self.chain.url, before)
            expected = min(_changes_of(last, book), default=None)
            if expected is None:
                raise InputError(f"{before} did not change this book", "pass `before` of the page before")
        latest: Signature | None = before
        async for past in self._past_of(book, before):
            numbers = _changes_of(past, book)
            if not numbers:
                continue
            # Each log says how many came before it. A first one ends the history of this book, but not that
            # of its address, if another book was there before.
            is_next = max(numbers) + 1 >= changes if expected is None else max(numbers) == expected - 1
            if expected != 0 and not is_next:
                raise HistoryMissing(self.chain.url, past.signature)
            expected, latest = min(numbers), past.signature
            yield past
        if expected or (expected is None and changes):
            raise HistoryMissing(self.chain.url, latest)

    async def _past_of(self, address: Pubkey, before: Signature | None) -> AsyncIterator[PastTransaction]:
        """The transactions that named an address, newest first; several are asked for at once.

        Raises:
            HistoryMissing: the node knows of one and has forgotten it.
        """
        while signed := await self.chain.history(address, before=before):
            before = signed[-1].signature
            succeeded = [each.signature for each in signed if each.succeeded]
            for start in range(0, len(succeeded), _ASKED_AT_ONCE):
                chunk = succeeded[start : start + _ASKED_AT_ONCE]
                found = await asyncio.gather(*map(self.chain.past, chunk))
                for signature, past in zip(chunk, found, strict=True):
                    if past is None:
                        raise HistoryMissing(self.chain.url, signature)
                    yield past


class _Search:
    """Collects fills, newest first, until there are enough of which it is known whose they are."""

    def __init__(
        self,
        account: Pubkey | None,
        limit: int,
        resting: dict[int, bool],
        basis_of: Callable[[exchange.OrderLots], int],
    ) -> None:
        self._account = account
        self._basis_of = basis_of
        self._limit = limit
        self._is_own = resting
        self._found: list[Found] = []
        self._end = 0
        self._count = 0
        self._enough = False

    def take(self, past: PastTransaction, book: Pubkey) -> None:
        """Takes in a transaction, older than all before."""
        for call in reversed(past.calls):
            is_own = self._account in call.accounts[TRADER_AT]
            for changed in reversed(call.events):
                if isinstance(changed, exchange.BookChanged) and changed.book == book:
                    self._found += self._fills_of(past, changed, is_taker=is_own)
                    for row in changed.placed:
                        self._is_own.setdefault(row.order_id, is_own)
                    if changed.changes == 0:
                        self._settle()
                        self._is_own.clear()  # another book at the same address counts anew

    def _fills_of(
        self, past: PastTransaction, changed: exchange.BookChanged, *, is_taker: bool
    ) -> list[Found]:
        role = FillRole.TAKER if is_taker else None
        return [
            Found(past, row, fee_atoms, role)
            for placed, rows in taken(changed)
            for row, fee_atoms in zip(rows, self._fees(placed.fee_atoms, rows), strict=True)
        ][::-1]

    def _fees(self, fee_atoms: int, rows: list[exchange.OrderLots]) -> list[int]:
        """An order's fee split over its fills by what it is charged on; the parts add up to it."""
        bases = [self._basis_of(row) for row in rows]
        total, before, parts = sum(bases), 0, []
        for basis in bases:
            parts.append(fee_atoms * (before + basis) // total - fee_atoms * before // total)
            before += basis
        return parts

    def is_enough(self) -> bool:
        """Whether the page is full, and all on it is known."""
        self._settle()
        return self._enough

    def _settle(self) -> None:
        """Finds whose the fills are, from the newest on, as far as that is known."""
        while self._end < len(self._found) and not self._enough:
            each = self._found[self._end]
            if self._account is not None and each.role is None:
                is_maker = self._is_own.get(each.row.order_id)
                if is_maker is None:
                    return
                each.role = FillRole.MAKER if is_maker else None
                each.is_counted = is_maker
            self._end += 1
            self._count += each.is_counted
            following = self._found[self._end : self._end + 1]
            is_whole = all(other.past is not each.past for other in following)
            self._enough = self._count >= self._limit and is_whole

    def settled(self) -> list[Found]:
        """The fills to be told of that are known so far."""
        return [each for each in self._found[: self._end] if each.is_counted]

    def next_before(self) -> Signature | None:
        """The transaction before which the next page begins; None if there is none."""
        return self._found[self._end - 1].past.signature if self._enough else None


def taken(
    changed: exchange.BookChanged,
) -> Iterator[tuple[exchange.PlacedOrder, list[exchange.OrderLots]]]:
    """The orders of a log that traded, each with the fills that were its own, best first.

    Raises:
        ClientOutdated: the log tells of fills that no order of it took, or of fewer than its orders took.
    """
    fills = list(changed.fills)
    for placed in changed.placed:
        rows: list[exchange.OrderLots] = []
        while fills and sum(row.lots for row in rows) < placed.filled_lots:
            rows.append(fills.pop(0))
        if sum(row.lots for row in rows) != placed.filled_lots:
            raise ClientOutdated("a book's log tells of other fills than its orders took")
        if rows:
            yield placed, rows
    if fills:
        raise ClientOutdated("a book's log tells of fills that none of its orders took")


def _changes_of(past: PastTransaction, book: Pubkey) -> list[int]:
    return [
        event.changes
        for call in past.calls
        for event in call.events
        if isinstance(event, exchange.BookChanged) and event.book == book
    ]


def limit_of(limit: int, what: str) -> int:
    """A limit that is one.

    Raises:
        InputError: it is not from 1 to 10,000.
    """
    if isinstance(limit, bool) or not 1 <= limit <= _LIMIT_MAX:
        raise InputError(f"no {limit!r} {what}", f"use 1 to {_LIMIT_MAX:,}")
    return limit


def signature_of(before: Signature | str | None) -> Signature | None:
    """A signature that may be text.

    Raises:
        InputError: it is none.
    """
    if before is None or isinstance(before, Signature):
        return before
    try:
        return Signature.from_string(before)
    except ValueError:
        raise InputError(f"{before!r} is no signature", "pass `before` of the page before") from None
