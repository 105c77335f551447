"""Trigger orders of perpetuals: stop losses, take profits and trailing stops, which anyone places in time."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from secant import exchange
from secant.errors import AccountNotFound, InputError

from .perp_accounts import held_markets, other_markets
from .perp_orders import PerpOrderReceipt, perp_receipt
from .perp_results import PositionSide
from .perp_trading import PerpTradeMethods
from .receipts import Receipt
from .requests import expiry_of, require_future
from .results import Side
from .session import address_of, decoded, emitted
from .views import moment_of

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from solders.pubkey import Pubkey

    from secant.units import Number

    from .perp_state import PerpRef, PerpState

__all__ = ["PerpTriggerMethods", "TriggerKind", "TriggerView"]

_IDS: Final = 256
_ANYBODY_CANCELS: Final = "anyone may cancel it: `secant perp cancel-trigger TRIGGER`"
_LIST: Final = "`secant perp triggers` lists them"


class TriggerKind(StrEnum):
    """What a trigger order waits for."""

    STOP_LOSS = "stop-loss"
    TAKE_PROFIT = "take-profit"
    TRAILING_STOP = "trailing-stop"


@dataclass(frozen=True, slots=True)
class TriggerView:
    """A trigger order: it reduces a position once the mark reaches its price.

    Attributes:
        address: Its address.
        id: Its number among the account's in this market.
        market: The perpetual.
        name: Its name.
        account: The margin account whose position it reduces.
        kind: What it waits for.
        side: Whether it buys a short back, or sells a long.
        size: Base units at most.
        price: The mark at which it is placed; of a trailing stop, as it has moved so far.
        trail: How far a trailing stop stays behind the best mark seen; None for the others.
        slippage: How far from the mark it may trade, as a price.
        mark: The mark now.
        is_reached: Whether anyone may place it now.
        expires: When it lapses, UTC; None for never.
        is_expired: Whether that has come: nobody places it any more, and anyone may cancel it.
        is_void: Whether the position that it was placed for is gone: likewise.
    """

    address: Pubkey
    id: int
    market: Pubkey
    name: str
    account: Pubkey
    kind: TriggerKind
    side: Side
    size: Decimal
    price: Decimal
    trail: Decimal | None
    slippage: Decimal
    mark: Decimal
    is_reached: bool
    expires: datetime | None
    is_expired: bool
    is_void: bool


class PerpTriggerMethods(PerpTradeMethods):
    """What one does with trigger orders. A delegate names whose account: `owner`."""

    async def place_trigger(
        self,
        market: PerpRef,
        kind: TriggerKind | str,
        price: Number | None = None,
        *,
        trail: Number | None = None,
        size: Number | None = None,
        slippage: Number = "0.02",
        expires: datetime | int | None = None,
        owner: Pubkey | str | None = None,
    ) -> Receipt:
        """Leaves an order that reduces the position, for anyone to place once the mark reaches its price.

        Args:
            market: The perpetual, in which the account has a position.
            kind: stop-loss, take-profit or trailing-stop.
            price: The mark at which it is placed; a trailing stop's first one, `trail` behind the mark unless
                given.
            trail: How far a trailing stop stays behind the best mark, as a price.
            size: Base units at most; all of the position unless given.
            slippage: How much worse than the mark it may trade then, as a fraction of the mark now.
            expires: When it lapses; never unless given.
            owner: Whose account, as its delegate; the wallet's unless given.

        Raises:
            UnitError: a price off the tick, or a size off the lot. InputError: another argument is not valid,
                or there is no position.
            AccountNotFound: there is no such market or account.
            ProgramError: OwnerMismatch. Others as of `Chain.send`.
        """
        state, account = await self._perp(market), self._account_for(owner)
        lots = await self._position_lots(state, account)
        if not lots:
            raise InputError(f"the account holds no position in {state.name}", "`secant perp position` says")
        expires_at = expiry_of(expires)
        if expires_at:
            require_future(expires_at, await self.chain.clock_time())
        terms = _terms(state, _kind_of(kind), lots, price=price, trail=trail, size=size, slippage=slippage)
        number = await self._free_number(account, state.address)
        # It is for the position as the leg has it: what orders have brought is drawn first.
        drawing = await self._drawing_own(state, account, await self._margin(account))
        landed = await self._send(
            *drawing,
            exchange.place_trigger(
                trader=self.wallet.address,
                account=account,
                market=state.address,
                id=number,
                terms=exchange.TriggerTerms(**terms, expires_at=expires_at),
            ),
        )
        return Receipt(landed.signature, emitted(landed, exchange.TriggerPlaced).trigger)

    async def triggers(
        self, market: PerpRef | None = None, *, owner: Pubkey | str | None = None
    ) -> tuple[TriggerView, ...]:
        """Trigger orders of an account, by market and number.

        Args:
            market: Only those of this perpetual.
            owner: Whose; the wallet's unless given.

        Raises:
            AccountNotFound: there is no such market.
            RpcUnreachable, RpcRefused: the node does not answer, or answers no scans.
        """
        only = None if market is None else (await self._perp_as_stored(market)).address
        account = self._account_for(owner)
        found = await self._scan_triggers(account, only)
        openings = await self._openings(account)
        states = await self._perps_at([stored.market for stored in found.values()])
        now = await self.chain.clock_time()
        views = [
            _view(address, stored, states[stored.market], now, openings.get(stored.market))
            for address, stored in found.items()
        ]
        return tuple(sorted(views, key=lambda view: (view.name, view.id)))

    async def cancel_trigger(self, trigger: Pubkey | str) -> Receipt:
        """Cancels a trigger order, as the account's owner or delegate; anyone may once it has lapsed.

        Raises:
            AccountNotFound: there is none at this address.
            ProgramError: OwnerMismatch. Others as of `Chain.send`.
        """
        address, stored = await self._trigger(trigger)
        # Who paid signs as such: no account may be passed twice.
        trader = None if stored.payer == self.wallet.address else self.wallet.address
        instruction = exchange.cancel_trigger(
            payer=stored.payer, account=stored.account, trigger=address, trader=trader
        )
        return Receipt((await self._send(instruction)).signature, address)

    async def execute_trigger(self, trigger: Pubkey | str) -> PerpOrderReceipt | None:
        """Places a trigger order whose mark is reached, or moves a trailing stop after the mark. Anyone may.

        Returns:
            What became of the order; None for a trailing stop that was only moved.

        Raises:
            AccountNotFound: there is none at this address.
            ProgramError: TriggerNotReached, OrderNotFilled, PriceUnfit. Others as of `Chain.send`.
        """
        address, stored = await self._trigger(trigger)
        state = (await self._perps_at([stored.market]))[stored.market]
        margin = await self._margin(stored.account)
        others = await self._updating_others(state, margin)
        instruction = exchange.execute_trigger(
            exchange=self.exchange.address,
            account=stored.account,
            market=state.address,
            feed=state.stored.feed,
            book=state.book,
            trigger=address,
            payer=stored.payer,
            remaining_accounts=other_markets(state.address, margin),
        )
        mark, wanted = (
            f"{state.scale.price_of(ticks):,f}"
            for ticks in (state.stored.mark_ticks, stored.terms.trigger_ticks)
        )
        slip = f"{state.scale.price_of(stored.terms.slip_ticks):,f}"
        cancels = "its owner cancels it: `secant perp cancel-trigger`"
        explains = {
            "TriggerNotReached": (f"the mark is {mark}, the trigger {wanted}", "wait, or cancel it"),
            "OrderNotFilled": (
                f"the book has nothing for it within {slip} of the mark of {mark}, which its slippage allows",
                f"try once more when `secant perp book {state.name}` has",
            ),
            "TriggerVoid": ("the position that it was placed for is closed, or turned", _ANYBODY_CANCELS),
            "NothingToReduce": (f"its account holds nothing in {state.name} that it would reduce", cancels),
            "PerpLegAbsent": (f"its account holds nothing in {state.name} that it would reduce", cancels),
        }
        landed = await self._send_about(state, *others, instruction, explains=explains)
        if any(isinstance(event, exchange.TriggerMoved) for event in landed.events):
            return None
        return perp_receipt(landed, state, _side_of(stored.terms), landed.signature)

    # --- for the methods above ------------------------------------------------------------------------------

    async def _trigger(self, trigger: Pubkey | str) -> tuple[Pubkey, exchange.TriggerOrder]:
        address = address_of(trigger, "trigger")
        return address, await self._read("trigger order", address, exchange.TriggerOrder, _LIST)

    async def _scan_triggers(
        self, account: Pubkey, market: Pubkey | None
    ) -> dict[Pubkey, exchange.TriggerOrder]:
        kind = exchange.TriggerOrder
        fields = {kind.OFFSETS["account"]: bytes(account)}
        if market is not None:
            fields[kind.OFFSETS["market"]] = bytes(market)
        found = await self.chain.program_accounts(exchange.PROGRAM_ID, kind.DISCRIMINATOR, fields)
        return {address: decoded(kind, data) for address, data in found.items()}

    async def _openings(self, account: Pubkey) -> dict[Pubkey, int]:
        """Which of an account's positions in each market stands now; none of an account that is closed."""
        try:
            stored = await self._margin(account)
        except AccountNotFound:
            return {}
        return {leg.market: leg.opening for leg in stored.perp_legs if leg.market in held_markets(stored)}

    async def _free_number(self, account: Pubkey, market: Pubkey) -> int:
        taken = {stored.id for stored in (await self._scan_triggers(account, market)).values()}
        free = next((number for number in range(_IDS) if number not in taken), None)
        if free is None:
            raise InputError(f"the account has {_IDS} trigger orders in this market", "cancel one")
        return free


def _kind_of(kind: TriggerKind | str) -> TriggerKind:
    try:
        return TriggerKind(kind.casefold())
    except ValueError:
        raise InputError(f"no kind {kind!r} of trigger", f"use one of {', '.join(TriggerKind)}") from None


def _terms(
    state: PerpState,
    kind: TriggerKind,
    lots: int,
    *,
    price: Number | None,
    trail: Number | None,
    size: Number | None,
    slippage: Number,
) -> dict[str, int]:
    """A trigger order's terms as the program knows them, its expiry aside.

    Raises:
        UnitError, InputError: an argument is not valid.
    """
    scale, mark, is_long = state.scale, state.stored.mark_ticks, lots > 0
    trails = kind is TriggerKind.TRAILING_STOP
    if trails and trail is None:
        raise InputError("a trailing stop has a trail, and none is given", "give --trail, `trail=`")
    if trail is not None and not trails:
        raise InputError(f"a {kind} with a trail of {trail}", "a trailing stop has one, others have none")
    trail_ticks = 0 if trail is None else scale.ticks_of(trail, "trail")
    if price is None and not trails:
        raise InputError(f"a {kind} has a price", "give the mark at which it is placed")
    is_above = int((kind is TriggerKind.TAKE_PROFIT) == is_long)
    first = mark - trail_ticks if is_long else mark + trail_ticks
    if first < 1:
        raise InputError(
            f"the trail of {scale.price_of(trail_ticks):,f} is not below the mark {scale.price_of(mark):,f}",
            "give a trail that is less than the mark",
        )
    ticks = first if price is None else scale.ticks_of(price)
    if mark >= ticks if is_above else mark <= ticks:
        side = PositionSide.LONG if is_long else PositionSide.SHORT
        raise InputError(
            f"the mark of {scale.price_of(mark):,f} has reached that {kind} of what is {side}",
            f"give a price {'above' if is_above else 'below'} it, or close the position",
        )
    return {
        "lots": abs(lots) if size is None else scale.lots_of(size),
        "trigger_ticks": ticks,
        "trail_ticks": trail_ticks,
        "slip_ticks": abs(scale.limit_ticks(mark, slippage, buys=True) - mark),
        "side": exchange.SIDE_ASK if is_long else exchange.SIDE_BID,
        "is_above": is_above,
    }


def _side_of(terms: exchange.TriggerTerms) -> Side:
    return Side.BUY if terms.side == exchange.SIDE_BID else Side.SELL


def _view(
    address: Pubkey, stored: exchange.TriggerOrder, state: PerpState, now: int, opening: int | None
) -> TriggerView:
    terms, scale, mark = stored.terms, state.scale, state.stored.mark_ticks
    side = _side_of(terms)
    profits = bool(terms.is_above) == (side is Side.SELL)
    kind = TriggerKind.TAKE_PROFIT if profits else TriggerKind.STOP_LOSS
    reached = mark >= terms.trigger_ticks if terms.is_above else mark <= terms.trigger_ticks
    has_lapsed = 0 < terms.expires_at <= now
    return TriggerView(
        address=address,
        id=stored.id,
        market=stored.market,
        name=state.name,
        account=stored.account,
        kind=TriggerKind.TRAILING_STOP if terms.trail_ticks else kind,
        side=side,
        size=scale.size_of(terms.lots),
        price=scale.price_of(terms.trigger_ticks),
        trail=scale.price_of(terms.trail_ticks) if terms.trail_ticks else None,
        slippage=scale.price_of(terms.slip_ticks),
        mark=scale.price_of(mark),
        is_reached=reached and not has_lapsed and stored.opening == opening,
        expires=moment_of(terms.expires_at) if terms.expires_at else None,
        is_expired=has_lapsed,
        is_void=stored.opening != opening,
    )
