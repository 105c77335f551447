"""What became of an account's perpetuals, newest first, from the logs that a node remembers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from secant import exchange
from secant.units import collateral_of

from .book_past import LIMIT_DEFAULT, TRADER_AT, BookPastMethods, limit_of, signature_of, taken
from .orders import order_side
from .perp_orders import average_price
from .perp_state import PerpStateMethods
from .results import Side
from .views import moment_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from decimal import Decimal

    from solders.pubkey import Pubkey
    from solders.signature import Signature

    from secant.chain import PastTransaction

    from .perp_state import PerpState

__all__ = ["PerpHistoryMethods", "PerpHistoryPage", "PerpPast", "PerpPastKind"]


class PerpPastKind(StrEnum):
    """What happened to an account's perpetuals.

    Attributes:
        BOUGHT: It took what others offered, by an order or a trigger order of its own.
        SOLD: Likewise.
        SETTLED: A profit was paid into its cash, or a loss out of it.
        LIQUIDATED: A part of its position, or all, was taken over, as it had less than keeping required.
        BANKRUPT: Likewise, and it could not pay for it.
        TOOK_OVER: It took over what was another's.
        TRIGGER_PLACED: A trigger order of its own began to wait.
        WAIVED: It gave up what it had borne of losers' debts.
    """

    BOUGHT = "bought"
    SOLD = "sold"
    SETTLED = "settled"
    LIQUIDATED = "liquidated"
    BANKRUPT = "bankrupt"
    TOOK_OVER = "took over"
    TRIGGER_PLACED = "trigger placed"
    WAIVED = "waived"


_TAKEN_OVER: Final = {PerpPastKind.LIQUIDATED, PerpPastKind.BANKRUPT, PerpPastKind.TOOK_OVER}


@dataclass(frozen=True, slots=True)
class PerpPast:
    """One thing that happened to an account's perpetuals.

    Attributes:
        signature: The transaction.
        time: When, UTC; None where the node does not know.
        kind: What.
        market: The perpetual's address.
        name: Its name.
        size: Base units that changed hands; None where none did.
        price: At which price, on average; of what was taken over, the mark.
        amount: What the account's cash got, negative for what it paid, when a position was settled; what a
            takeover brought it, or cost it beyond the mark; what it waived. None for what was traded.
        fee: What it paid as the taker; None where nothing was traded.
        shortfall: What a bankrupt account was short of; None for any other.
    """

    signature: Signature
    time: datetime | None
    kind: PerpPastKind
    market: Pubkey
    name: str
    size: Decimal | None = None
    price: Decimal | None = None
    amount: Decimal | None = None
    fee: Decimal | None = None
    shortfall: Decimal | None = None

    @property
    def is_takeover(self) -> bool:
        """Return whether a position changed hands without a trade."""
        return self.kind in _TAKEN_OVER


@dataclass(frozen=True, slots=True)
class PerpHistoryPage:
    """A stretch of an account's past.

    Attributes:
        past: The newest first.
        before: Where the next page begins, to be passed on; None once there is nothing older.
    """

    past: tuple[PerpPast, ...]
    before: Signature | None


class PerpHistoryMethods(PerpStateMethods, BookPastMethods):
    """What one learns of what happened to an account."""

    async def perp_history(
        self,
        *,
        owner: Pubkey | str | None = None,
        limit: int = LIMIT_DEFAULT,
        before: Signature | str | None = None,
    ) -> PerpHistoryPage:
        """What happened to an account's perpetuals, newest first: trades it took, settlements, takeovers.

        What its resting orders did is not in it, as others' transactions do not name it: `perp_fills` with an
        owner has that. A transaction is never parted, so that a page may hold a few more than `limit`.

        Args:
            owner: Whose account; the wallet's unless given.
            limit: How many, 1 to 10,000.
            before: Only what happened before this transaction: `before` of the page before.

        Raises:
            InputError: no such limit or signature.
            HistoryMissing: the node has forgotten a transaction that it knows of.
            RpcUnreachable, RpcRefused, ClientOutdated: as of `Chain.past`.
        """
        most, start = limit_of(limit, "entries"), signature_of(before)
        account, states = self._account_for(owner), await self._all_perps()
        found: list[PerpPast] = []
        async for past in self._past_of(account, start):
            if len(found) >= most:
                return PerpHistoryPage(tuple(found), found[-1].signature)
            found += reversed(list(_told(past, account, states)))
        return PerpHistoryPage(tuple(found), None)


def _told(past: PastTransaction, account: Pubkey, states: Mapping[Pubkey, PerpState]) -> Iterator[PerpPast]:
    """What a transaction did to an account's perpetuals, in order."""
    by_book = {state.book: state for state in states.values()}
    for call in past.calls:
        for event in call.events:
            if isinstance(event, exchange.BookChanged) and event.book in by_book:
                if account in call.accounts[TRADER_AT]:
                    yield from _traded(past, event, by_book[event.book])
            elif isinstance(event, exchange.Liquidated):
                state = states.get(event.market)
                if state is not None and account in {event.account, event.taker}:
                    yield _taken_over(past, event, account, state)
            else:
                yield from _moved(past, event, account, states)


def _traded(past: PastTransaction, changed: exchange.BookChanged, state: PerpState) -> Iterator[PerpPast]:
    for placed, rows in taken(changed):
        sells = order_side(rows[0].order_id) is Side.BUY
        yield PerpPast(
            *_head(past),
            PerpPastKind.SOLD if sells else PerpPastKind.BOUGHT,
            state.address,
            state.name,
            size=state.scale.size_of(placed.filled_lots),
            price=average_price(placed, state.scale),
            fee=collateral_of(placed.fee_atoms),
        )


def _taken_over(
    past: PastTransaction, event: exchange.Liquidated, account: Pubkey, state: PerpState
) -> PerpPast:
    is_taker = account == event.taker
    is_bankrupt = event.shortfall_atoms > 0
    cost_atoms = event.reward_atoms + event.insurance_atoms
    kind = PerpPastKind.BANKRUPT if is_bankrupt else PerpPastKind.LIQUIDATED
    return PerpPast(
        *_head(past),
        PerpPastKind.TOOK_OVER if is_taker else kind,
        event.market,
        state.name,
        size=state.scale.size_of(event.lots),
        price=state.scale.price_of(event.mark_ticks),
        amount=collateral_of(event.reward_atoms if is_taker else -cost_atoms),
        shortfall=collateral_of(event.shortfall_atoms) if is_bankrupt and not is_taker else None,
    )


def _moved(
    past: PastTransaction, event: object, account: Pubkey, states: Mapping[Pubkey, PerpState]
) -> Iterator[PerpPast]:
    """A settlement, a trigger order or a waiver, if it is the account's."""
    if isinstance(event, exchange.PnlSettled | exchange.HaircutWaived):
        settled = isinstance(event, exchange.PnlSettled)
        kind = PerpPastKind.SETTLED if settled else PerpPastKind.WAIVED
        amount = collateral_of(event.amount_atoms)
    elif isinstance(event, exchange.TriggerPlaced):
        kind, amount = PerpPastKind.TRIGGER_PLACED, None
    else:
        return
    if event.account == account and event.market in states:
        yield PerpPast(*_head(past), kind, event.market, states[event.market].name, amount=amount)


def _head(past: PastTransaction) -> tuple[Signature, datetime | None]:
    return past.signature, None if past.time is None else moment_of(past.time)
