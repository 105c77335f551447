"""What traded in a perpetual's book, newest first, from the logs that a node remembers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from secant.units import collateral_of

from .book_past import LIMIT_DEFAULT, BookPastMethods, FillRole, Found
from .orders import order_price_ticks, order_side
from .perp_state import PerpRef, PerpStateMethods
from .results import Side
from .views import PPM, moment_of

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from solders.pubkey import Pubkey
    from solders.signature import Signature

    from secant import exchange

    from .perp_state import PerpState

__all__ = ["PerpFill", "PerpFillsMethods", "PerpFillsPage"]


@dataclass(frozen=True, slots=True)
class PerpFill:
    """A resting order that traded, or a part of it.

    Attributes:
        signature: The transaction.
        time: When, UTC; None where the node does not know.
        order_id: Number of the order that rested.
        taker_side: Whether the taker bought or sold.
        price: Collateral a base unit.
        size: Base units.
        value: Price times size.
        role: What the account asked for was; None if none was asked for.
        fee: What it paid as the taker; an order's one fee is split over its fills so that the parts add up to
            it. None if no account was asked for.
        rebate: What it got as the maker, by the rules as they are now. None if no account was asked for.
    """

    signature: Signature
    time: datetime | None
    order_id: int
    taker_side: Side
    price: Decimal
    size: Decimal
    value: Decimal
    role: FillRole | None
    fee: Decimal | None
    rebate: Decimal | None

    @property
    def side(self) -> Side | None:
        """Whether the account bought or sold; None if none was asked for."""
        if self.role is None:
            return None
        is_buy = (self.taker_side is Side.BUY) == (self.role is FillRole.TAKER)
        return Side.BUY if is_buy else Side.SELL


@dataclass(frozen=True, slots=True)
class PerpFillsPage:
    """A stretch of a perpetual's fills.

    Attributes:
        fills: The newest first.
        before: Where the next page begins, to be passed on; None once there are no older fills.
    """

    fills: tuple[PerpFill, ...]
    before: Signature | None


class PerpFillsMethods(PerpStateMethods, BookPastMethods):
    """What one learns of the past of a perpetual's book."""

    async def perp_fills(
        self,
        market: PerpRef,
        *,
        limit: int = LIMIT_DEFAULT,
        before: Signature | str | None = None,
        owner: Pubkey | str | None = None,
    ) -> PerpFillsPage:
        """What traded in a perpetual's book, newest first, as the logs of its transactions say.

        What was taken over from an account that was liquidated did not trade there. The fills of a
        transaction are never parted, so that a page may hold a few more than `limit`. With an owner, the logs
        are read back to where the orders that traded were placed: an old order costs many requests.

        Args:
            market: The perpetual.
            limit: How many, 1 to 10,000.
            before: Only what traded before this transaction: `before` of the page before.
            owner: Only the fills of this owner's margin account, with its part in them, fees and rebates.

        Raises:
            InputError: no such limit or signature. AccountNotFound: there is no such market.
            HistoryMissing: the node has forgotten logs before as many fills were found; it holds those found.
            RpcUnreachable, RpcRefused, ClientOutdated: as of `Chain.past`.
        """
        state = await self._perp_as_stored(market)
        account = None if owner is None else self._account_for(owner)
        fills, older = await self._fills_of(
            state.book,
            limit=limit,
            before=before,
            account=account,
            basis_of=_value_atoms,
            view_of=lambda found, _: _fill(found, state, is_asked=account is not None),
        )
        return PerpFillsPage(fills, older)


def _value_atoms(row: exchange.OrderLots) -> int:
    return order_price_ticks(row.order_id) * row.lots


def _fill(found: Found, state: PerpState, *, is_asked: bool) -> PerpFill:
    row, scale = found.row, state.scale
    rebate_atoms = _value_atoms(row) * state.stored.rules.maker_rebate_ppm // PPM
    is_maker = found.role is FillRole.MAKER
    return PerpFill(
        signature=found.past.signature,
        time=None if found.past.time is None else moment_of(found.past.time),
        order_id=row.order_id,
        taker_side=Side.SELL if order_side(row.order_id) is Side.BUY else Side.BUY,
        price=scale.price_of(order_price_ticks(row.order_id)),
        size=scale.size_of(row.lots),
        value=collateral_of(_value_atoms(row)),
        role=found.role,
        fee=collateral_of(0 if is_maker else found.fee_atoms) if is_asked else None,
        rebate=collateral_of(rebate_atoms if is_maker else 0) if is_asked else None,
    )
