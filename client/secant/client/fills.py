"""What traded in a book, newest first, from the logs that a node remembers."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from solders.signature import Signature

from secant import exchange
from secant.errors import AccountNotFound, ClientOutdated, HistoryMissing, InputError
from secant.units import TICKS_PER_UNIT, collateral_of, price_of, shares_of

from .books import BookMethods
from .events import outcome_of
from .orders import mirrored_ticks, order_price_ticks, order_side, resting_orders
from .results import Side
from .session import address_of
from .views import moment_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence
    from datetime import datetime
    from decimal import Decimal

    from solders.pubkey import Pubkey

    from secant.chain import PastTransaction

    from .events import EventRef

__all__ = ["Fill", "FillRole", "FillsMethods", "FillsPage", "rebate_atoms_down", "taken"]

_BINARY: Final = 2
_LIMIT_DEFAULT: Final = 50
_LIMIT_MAX: Final = 10_000
_ASKED_AT_ONCE: Final = 8
_BPS: Final = 10_000
# Which account of an instruction that takes is its trader's; a builder's may follow.
_TRADER_AT: Final = 2


class FillRole(StrEnum):
    """What an account was in a fill."""

    TAKER = "taker"
    MAKER = "maker"


@dataclass(frozen=True, slots=True)
class Fill:
    """A resting order that traded, or a part of it.

    Attributes:
        signature: The transaction.
        time: When, UTC; None where the node does not know.
        order_id: Number of the order that rested.
        outcome: Label of the outcome.
        taker_side: Whether the taker bought or sold the outcome.
        price: Price of a share, from 0 to 1.
        shares: How many.
        amount: Price times shares.
        role: What the account asked for was; None if none was asked for.
        fee: What it paid as the taker; an order's one fee is split over its fills so that the
            parts add up to it. None if no account was asked for.
        rebate: What it got as the maker. None if no account was asked for.
    """

    signature: Signature
    time: datetime | None
    order_id: int
    outcome: str
    taker_side: Side
    price: Decimal
    shares: Decimal
    amount: Decimal
    role: FillRole | None
    fee: Decimal | None
    rebate: Decimal | None

    @property
    def side(self) -> Side | None:
        """Whether the account asked for bought or sold the outcome; None if none was asked for."""
        if self.role is None:
            return None
        is_buy = (self.taker_side is Side.BUY) == (self.role is FillRole.TAKER)
        return Side.BUY if is_buy else Side.SELL


@dataclass(frozen=True, slots=True)
class FillsPage:
    """A stretch of a book's fills.

    Attributes:
        fills: The newest first.
        before: Where the next page begins, to be passed on; None once there are no older fills.
    """

    fills: tuple[Fill, ...]
    before: Signature | None


@dataclass(slots=True)
class _Found:
    """A fill, what the account asked for was in it, and whether it is to be told of."""

    past: PastTransaction
    row: exchange.OrderLots
    fee_atoms: int
    role: FillRole | None
    is_counted: bool = True


class FillsMethods(BookMethods):
    """What one learns of a book's past."""

    async def fills(
        self,
        event: EventRef,
        outcome: str | int = 0,
        *,
        limit: int = _LIMIT_DEFAULT,
        before: Signature | str | None = None,
        owner: Pubkey | str | None = None,
    ) -> FillsPage:
        """What traded in the book of an outcome, newest first, as the logs of its transactions say.

        The fills of a transaction are never parted, so that a page may hold a few more than `limit`. With an
        owner, the logs are read back to where the orders that traded were placed: an old order costs many
        requests.

        Args:
            event: The event.
            outcome: Which outcome. Of two, the second one's fills are the first one's, mirrored.
            limit: How many, 1 to 10,000.
            before: Only what traded before this transaction: `before` of the page before.
            owner: Only the fills of this owner's margin account, with its part in them, fees and rebates.

        Raises:
            InputError: no such outcome, limit or signature. AccountNotFound: there is no such event, or an
                owner is given and the book has been closed, which knew the rebates.
            HistoryMissing: the node has forgotten logs before as many fills were found; it holds those found.
            RpcUnreachable, RpcRefused, ClientOutdated: as of `Chain.past`.
        """
        if isinstance(limit, bool) or not 1 <= limit <= _LIMIT_MAX:
            raise InputError(f"no {limit!r} fills", f"use 1 to {_LIMIT_MAX:,}")
        address, stored = await self._event(event)
        index, label = outcome_of(stored, outcome)
        mirrored = stored.outcomes == _BINARY and index == 1
        book = exchange.find_book(event=address, outcome=0 if mirrored else index)
        account = None if owner is None else self._account_of(address_of(owner, "owner"))
        stored_book = await self.chain.account(book)
        if account is not None and stored_book is None:
            remedy = "ask for all fills, without an owner"
            raise AccountNotFound("book", book, "it is closed, and with it go its rebates", remedy)
        head, resting = (None, []) if stored_book is None else resting_orders(stored_book.data)
        search = _Search(account, limit, {order.id: of == account for _, order, of in resting})
        rebate_bps = 0 if head is None else head.rebate_bps

        def seen() -> tuple[Fill, ...]:
            return tuple(
                _fill(each, label, rebate_bps, is_asked=account is not None, mirrored=mirrored)
                for each in search.settled()
            )

        changes = 0 if head is None else head.changes
        try:
            async for past in self._past_changes(book, changes, _signature_of(before)):
                search.take(past, book)
                if search.is_enough():
                    break
        except HistoryMissing as missing:
            missing.fills = seen()
            raise
        return FillsPage(seen(), search.next_before())

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

    def __init__(self, account: Pubkey | None, limit: int, resting: dict[int, bool]) -> None:
        self._account = account
        self._limit = limit
        self._is_own = resting
        self._found: list[_Found] = []
        self._end = 0
        self._count = 0
        self._enough = False

    def take(self, past: PastTransaction, book: Pubkey) -> None:
        """Takes in a transaction, older than all before."""
        for call in reversed(past.calls):
            is_own = call.accounts[_TRADER_AT : _TRADER_AT + 1] == (self._account,)
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
    ) -> list[_Found]:
        role = FillRole.TAKER if is_taker else None
        return [
            _Found(past, row, fee_atoms, role)
            for placed, rows in taken(changed)
            for row, fee_atoms in zip(rows, _fees(placed.fee_atoms, rows), strict=True)
        ][::-1]

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

    def settled(self) -> list[_Found]:
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


def rebate_atoms_down(price_ticks: int, lots: int, rebate_bps: int) -> int:
    """Atoms that a maker gets back on one fill: bps of lots * p * (1 - p), rounded down."""
    return _basis(price_ticks, lots) * rebate_bps // (TICKS_PER_UNIT * _BPS)


def _fees(fee_atoms: int, rows: Sequence[exchange.OrderLots]) -> list[int]:
    """An order's fee split over its fills by what it is charged on; the parts add up to it."""
    bases = [_basis(order_price_ticks(row.order_id), row.lots) for row in rows]
    total, before, parts = sum(bases), 0, []
    for basis in bases:
        parts.append(fee_atoms * (before + basis) // total - fee_atoms * before // total)
        before += basis
    return parts


def _basis(price_ticks: int, lots: int) -> int:
    return lots * price_ticks * (TICKS_PER_UNIT - price_ticks)


def _fill(found: _Found, outcome: str, rebate_bps: int, *, is_asked: bool, mirrored: bool) -> Fill:
    row = found.row
    price_ticks = order_price_ticks(row.order_id)
    rebate_atoms = rebate_atoms_down(price_ticks, row.lots, rebate_bps)
    taker_sells = (order_side(row.order_id) is Side.BUY) != mirrored
    if mirrored:
        price_ticks = mirrored_ticks(price_ticks)
    is_maker = found.role is FillRole.MAKER
    return Fill(
        signature=found.past.signature,
        time=None if found.past.time is None else moment_of(found.past.time),
        order_id=row.order_id,
        outcome=outcome,
        taker_side=Side.SELL if taker_sells else Side.BUY,
        price=price_of(price_ticks),
        shares=shares_of(row.lots),
        amount=collateral_of(price_ticks * row.lots),
        role=found.role,
        fee=collateral_of(0 if is_maker else found.fee_atoms) if is_asked else None,
        rebate=collateral_of(rebate_atoms if is_maker else 0) if is_asked else None,
    )


def _changes_of(past: PastTransaction, book: Pubkey) -> list[int]:
    return [
        event.changes
        for call in past.calls
        for event in call.events
        if isinstance(event, exchange.BookChanged) and event.book == book
    ]


def _signature_of(before: Signature | str | None) -> Signature | None:
    if before is None or isinstance(before, Signature):
        return before
    try:
        return Signature.from_string(before)
    except ValueError:
        raise InputError(f"{before!r} is no signature", "pass `before` of the page before") from None
