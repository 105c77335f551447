"""What traded in a book, newest first, from the logs that a node remembers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from secant import exchange
from secant.units import TICKS_PER_UNIT, collateral_of, price_of, shares_of

from .book_past import LIMIT_DEFAULT, BookPastMethods, FillRole, Found
from .books import BookMethods
from .events import outcome_of
from .orders import mirrored_ticks, order_price_ticks, order_side
from .results import Side
from .session import address_of
from .views import moment_of

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from solders.pubkey import Pubkey
    from solders.signature import Signature

    from .events import EventRef

__all__ = ["Fill", "FillsMethods", "FillsPage", "rebate_atoms_down"]

_BINARY: Final = 2
_BPS: Final = 10_000


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


class FillsMethods(BookMethods, BookPastMethods):
    """What one learns of a book's past."""

    async def fills(
        self,
        event: EventRef,
        outcome: str | int = 0,
        *,
        limit: int = LIMIT_DEFAULT,
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
        address, stored = await self._event(event)
        index, label = outcome_of(stored, outcome)
        mirrored = stored.outcomes == _BINARY and index == 1
        account = None if owner is None else self._account_of(address_of(owner, "owner"))

        def view_of(found: Found, head: exchange.Book | None) -> Fill:
            rebate_bps = 0 if head is None else head.rebate_bps
            return _fill(found, label, rebate_bps, is_asked=account is not None, mirrored=mirrored)

        fills, older = await self._fills_of(
            exchange.find_book(event=address, outcome=0 if mirrored else index),
            limit=limit,
            before=before,
            account=account,
            basis_of=_basis_of,
            view_of=view_of,
        )
        return FillsPage(fills, older)


def rebate_atoms_down(price_ticks: int, lots: int, rebate_bps: int) -> int:
    """Atoms that a maker gets back on one fill: bps of lots * p * (1 - p), rounded down."""
    return _basis(price_ticks, lots) * rebate_bps // (TICKS_PER_UNIT * _BPS)


def _basis_of(row: exchange.OrderLots) -> int:
    return _basis(order_price_ticks(row.order_id), row.lots)


def _basis(price_ticks: int, lots: int) -> int:
    return lots * price_ticks * (TICKS_PER_UNIT - price_ticks)


def _fill(found: Found, outcome: str, rebate_bps: int, *, is_asked: bool, mirrored: bool) -> Fill:
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
