"""Trading perpetuals: placing, quoting, cancelling orders; drawing what they brought, and settling."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from secant import exchange
from secant.chain import decode_events
from secant.errors import InputError, ProgramError, RpcRefused, RpcUnreachable
from secant.perp_margin import holding_of
from secant.units import collateral_of

from .orders import DropReceipt, OrderKind, SelfTrade
from .perp_accounts import held_markets, other_markets, perp_seats, updating
from .perp_health import PerpHealthMethods, health_view, held_perps
from .perp_missing import AfterOrder, with_missing
from .perp_orders import PerpOrder, PerpOrderReceipt, PerpQuote, perp_receipt
from .perp_views import pays_from, perp_order_views
from .requests import choice, expiry_of, require_future, wire_side
from .results import Side
from .session import decoded, emitted
from .views import moment_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from decimal import Decimal

    from solders.instruction import Instruction
    from solders.pubkey import Pubkey
    from solders.signature import Signature

    from secant.chain import Landed
    from secant.units import Number

    from .perp_results import PerpHealth, PerpOrderView
    from .perp_state import PerpRef, PerpState

__all__ = ["PerpSettlement", "PerpTradeMethods"]

_NO_HINT: Final = 2**16 - 1
_MEETS_DEFAULT: Final = 64
_SLIPPAGE_DEFAULT: Final = "0.01"
_NO_ACCOUNT_TRADED: Final = {
    "OwnerMismatch": (
        "only the account's owner or its delegate trades it",
        "the owner names one: `secant perp delegate WALLET`",
    )
}
_NOT_IN: Final = (
    "the account has neither orders nor a position in this perpetual",
    "`secant perp position` lists what it holds",
)
_ABSENT: Final = {"PerpLegAbsent": _NOT_IN, "SeatAbsent": _NOT_IN}
_NOTHING: Final = {
    "BookFull": (
        "the book's side is full, and every order there locks as much as this one",
        "place a larger order, or make room: `secant perp expand MARKET --orders 32`",
    ),
    "SeatsFull": (
        "the book has no room for another account",
        "make room: `secant perp expand MARKET --seats 4`, `client.expand_perp_book`",
    ),
    "OrderNotFilled": (
        "the book cannot fill the whole order at its price; nothing was done",
        "`secant perp quote` says how much there is; take less, at a worse price, or without fok",
    ),
}


@dataclass(frozen=True, slots=True)
class PerpSettlement:
    """A profit left a market's pool into an account's cash, or a loss the cash into the pool.

    Attributes:
        signature: The transaction's.
        market: The perpetual.
        account: The margin account.
        amount: What its cash gained; negative for a loss.
        left: What is still unsettled of a profit, as the pool or the hour's limit did not reach further, or
            of a loss, as free collateral did not.
    """

    signature: Signature
    market: Pubkey
    account: Pubkey
    amount: Decimal
    left: Decimal


class PerpTradeMethods(PerpHealthMethods):
    """What one does in a perpetual. A delegate does it for an owner: `owner` names whose account then."""

    async def trade_perp(
        self,
        market: PerpRef,
        side: Side | str,
        size: Number,
        price: Number | None = None,
        *,
        kind: OrderKind | str | None = None,
        slippage: Number = _SLIPPAGE_DEFAULT,
        reduce_only: bool = False,
        expires: datetime | int | None = None,
        self_trade: SelfTrade | str = SelfTrade.CANCEL_PROVIDE,
        client_id: int = 0,
        meets_max: int = _MEETS_DEFAULT,
        owner: Pubkey | str | None = None,
    ) -> PerpOrderReceipt:
        """Places an order: buying goes long, or closes what is short; selling the other way.

        Args:
            market: The perpetual.
            side: `buy` or `sell`.
            size: Base units, a multiple of the market's lot.
            price: The worst price it takes, before fees, and where it rests, a multiple of the market's tick;
                left out for an order at the market's price, which never rests.
            kind: limit, ioc, fok, post-only or post-only-slide; limit with a price, ioc without.
            slippage: How much worse than the mark an order without a price takes, as a fraction.
            reduce_only: Whether it is cut down to the position that it reduces: allowed in a pause, and
                whatever the price is worth.
            expires: When it stops trading; never unless given.
            self_trade: What happens to own orders that it meets.
            client_id: Your own mark, 0 to 2**64 - 1.
            meets_max: How many resting orders it meets at most, up to 256.
            owner: Whose account, as its delegate; the wallet's unless given.

        Raises:
            UnitError: a price off the tick, or a size off the lot. InputError: another argument is not valid.
            AccountNotFound: there is no such market or account.
            ProgramError: InsolventAccount, PriceUnfit, OrderOffMark, PositionTooLarge, OrderNotFilled,
                OrderWouldTake, OrderTooSmall, BookFull, SeatsFull, NothingToReduce, PerpLegsFull,
                OwnerMismatch, Paused. Others as of `Chain.send`.
        """
        order = PerpOrder(
            side=side,
            size=size,
            price=price,
            kind=kind,
            slippage=slippage,
            reduce_only=reduce_only,
            expires_at=expiry_of(expires),
            self_trade=self_trade,
            client_id=client_id,
            meets_max=meets_max,
        )
        # The mark is asked for only where it is the price.
        state = await (self._perp(market) if price is None else self._perp_as_stored(market))
        if order.expires_at:
            require_future(order.expires_at, await self.chain.clock_time())
        return await self._trade_perp(state, order, self._account_for(owner))

    async def reduce_perp(
        self,
        market: PerpRef,
        size: Number | None = None,
        price: Number | None = None,
        *,
        slippage: Number = _SLIPPAGE_DEFAULT,
        owner: Pubkey | str | None = None,
    ) -> PerpOrderReceipt:
        """Closes a position at once, in part or whole; what nobody takes stays open: the receipt says why.

        `close_perp` ends the market.

        Args:
            market: The perpetual.
            size: How many base units at most; all of the position unless given.
            price: The worst price, before fees; the mark with `slippage` unless given.
            slippage: How much worse than the mark, as a fraction.
            owner: Whose account, as its delegate; the wallet's unless given.

        Raises:
            As of `trade_perp`. ProgramError: PerpLegAbsent, NothingToReduce, if there is no position.
        """
        state, account = await self._perp(market), self._account_for(owner)
        lots = await self._position_lots(state, account)
        if not lots:
            raise InputError(f"the account holds no position in {state.name}", "`secant perp position` says")
        order = PerpOrder(
            side=Side.SELL if lots > 0 else Side.BUY,
            size=state.scale.size_of(abs(lots)) if size is None else size,
            price=price,
            kind=OrderKind.IMMEDIATE_OR_CANCEL,
            slippage=slippage,
            reduce_only=True,
            expires_at=0,
            self_trade=SelfTrade.CANCEL_PROVIDE,
            client_id=0,
            meets_max=_MEETS_DEFAULT,
        )
        return await self._trade_perp(state, order, account)

    async def quote_perp(
        self,
        market: PerpRef,
        side: Side | str,
        size: Number,
        price: Number | None = None,
        *,
        kind: OrderKind | str | None = None,
        slippage: Number = _SLIPPAGE_DEFAULT,
        reduce_only: bool = False,
    ) -> PerpQuote:
        """What `trade_perp` would do now, and where the account would stand: the program's own answer.

        Nothing is sent.

        Raises:
            As of `trade_perp`, ResultUnavailable aside.
        """
        order = PerpOrder(
            side=side,
            size=size,
            price=price,
            kind=kind,
            slippage=slippage,
            reduce_only=reduce_only,
            expires_at=0,
            self_trade=SelfTrade.CANCEL_PROVIDE,
            client_id=0,
            meets_max=_MEETS_DEFAULT,
        )
        state, account = await self._perp(market), self.account_address
        request = order.request(state)
        stored = await self._margin(account)
        instructions = await self._trading_perp(state, account, stored, request)
        written = [account, state.address, state.book]
        done = await self.chain.simulate(instructions, self.wallet.address, accounts=written)
        if isinstance(done.error, ProgramError):
            await self._explain(instructions, {**_NO_ACCOUNT_TRADED, **_NOTHING}, None, done.error)
            await self._explain_order(state, account, request, done.error)
            await self._explain_about(state, done.error)
        if done.error is not None:
            raise done.error
        margin, perp, book = done.accounts
        assert margin is not None, "it was read, and traded"
        assert perp is not None, "it was read, and traded"
        assert book is not None, "a market is created with its book"
        traded = replace(state, stored=decoded(exchange.PerpMarket, perp))
        left = decoded(exchange.MarginAccount, margin)
        after = await self._health_after(account, left, traded, book)
        left_over = AfterOrder(traded, account, left, book, await self.chain.clock_time())
        receipt = perp_receipt(done, state, choice(Side, side, "side"), None)
        receipt = with_missing(receipt, request, left_over, by_mark=price is None)
        return PerpQuote(receipt, await self.perp_health(), after)

    async def perp_orders(
        self, market: PerpRef | None = None, *, owner: Pubkey | str | None = None
    ) -> tuple[PerpOrderView, ...]:
        """Orders of an account that rest in perpetuals' books, expired ones too, by market and rising price.

        Args:
            market: Only those of this perpetual.
            owner: Whose; the wallet's unless given.

        Raises:
            AccountNotFound: there is no such market; without one, no such account.
        """
        account = self._account_for(owner)
        if market is None:
            states = list((await self._perps_at(perp_seats(await self._margin(account)))).values())
        else:
            states = [await self._perp_as_stored(market)]
        books, now = await self.chain.accounts_and_time([state.book for state in states])
        views: list[PerpOrderView] = []
        for state, book in sorted(zip(states, books, strict=True), key=lambda row: row[0].name):
            assert book is not None, "a market is created with its book"
            views += perp_order_views(state, book.data, account, now)
        return tuple(views)

    async def cancel_perp_orders(self, orders: Sequence[PerpOrderView]) -> DropReceipt:
        """Cancels orders of one perpetual and account; those that are gone already are passed over.

        Args:
            orders: At least one, as `perp_orders` returns them.

        Raises:
            InputError: none, or orders of several markets or accounts.
            ProgramError: OrderNotOwned, OwnerMismatch. Others as of `Chain.send`.
        """
        whose = {(order.market, order.account) for order in orders}
        if len(whose) != 1:
            raise InputError("a cancellation is of one account's orders in one market", "cancel each apart")
        ((market, account),) = whose
        book = exchange.find_book_of_create_perp(market=market)
        cancel = exchange.cancel_perp_orders(
            trader=self.wallet.address,
            account=account,
            market=market,
            book=book,
            cancellations=[
                exchange.Cancellation(order_id=order.id, hint=min(order.place, _NO_HINT)) for order in orders
            ],
        )
        return _dropped(await self._send(cancel, explains=_NO_ACCOUNT_TRADED), book)

    async def cancel_all_perp(
        self, market: PerpRef, *, side: Side | str | None = None, owner: Pubkey | str | None = None
    ) -> DropReceipt:
        """Cancels all orders of an account in a perpetual, at most 256; what they had brought is drawn.

        Args:
            market: The perpetual.
            side: Only those that buy, or sell.
            owner: Whose account, as its delegate; the wallet's unless given.

        Raises:
            AccountNotFound: there is no such market or account. InputError: no such side.
            ProgramError: PerpLegAbsent, OwnerMismatch. Others as of `Chain.send`.
        """
        address = self._perp_address(market)
        book = exchange.find_book_of_create_perp(market=address)
        cancel = exchange.cancel_all_perp(
            trader=self.wallet.address,
            account=self._account_for(owner),
            market=address,
            book=book,
            side=None if side is None else wire_side(choice(Side, side, "side"), mirrored=False),
        )
        return _dropped(await self._send(cancel, explains={**_NO_ACCOUNT_TRADED, **_ABSENT}), book)

    async def draw_perp(self, market: PerpRef, *, owner: Pubkey | str | None = None) -> DropReceipt:
        """Moves what an account's orders have brought into its position; expired orders go. Anyone may.

        Args:
            market: The perpetual.
            owner: Whose account; the wallet's unless given.

        Raises:
            AccountNotFound: there is no such market or account.
            ProgramError: SeatAbsent, PerpLegAbsent, if it has neither orders nor fills there.
        """
        state, account = await self._perp_as_stored(market), self._account_for(owner)
        stored = await self._margin(account)
        updates = await self._updating_others(state, stored)
        drawing = self._drawing_perp(state, account, stored)
        return _dropped(await self._send(*updates, drawing, explains=_ABSENT), state.book)

    async def settle_pnl(self, market: PerpRef, *, owner: Pubkey | str | None = None) -> PerpSettlement:
        """Moves an account's loss in a perpetual into the market's pool, or its profit out. Anyone may.

        The position stays; `settle_perp` fixes the price at which a closed market settles for all. What the
        account's orders brought is drawn first. A profit leaves as far as losers have paid in, and as the
        hour's limit allows.

        Args:
            market: The perpetual.
            owner: Whose account; the wallet's unless given.

        Raises:
            AccountNotFound: there is no such market or account.
            ProgramError: NothingToSettle, PriceUnfit, Paused, PerpLegAbsent. Others as of `Chain.send`.
        """
        state, account = await self._perp_as_stored(market), self._account_for(owner)
        stored = await self._margin(account)
        instructions = await self._drawing_own(state, account, stored)
        settle = exchange.settle_pnl(
            account=account, market=state.address, feed=state.stored.feed, book=state.book
        )
        pays = f"{state.name} pays its winners from {moment_text(pays_from(state.stored))} on"
        landed = await self._send_about(
            state,
            *instructions,
            settle,
            explains={"SettlementUnfit": (pays, "losers have a day to pay before: settle theirs")},
        )
        settled = emitted(landed, exchange.PnlSettled)
        left = next(
            (
                position.profit
                for position in (await self.perp_health(owner=owner)).positions
                if position.market == state.address
            ),
            collateral_of(0),
        )
        return PerpSettlement(
            landed.signature, state.address, account, collateral_of(settled.amount_atoms), left
        )

    # --- for the methods above ------------------------------------------------------------------------------

    async def _trade_perp(self, state: PerpState, order: PerpOrder, account: Pubkey) -> PerpOrderReceipt:
        request = order.request(state)
        stored = await self._margin(account)
        instructions = await self._trading_perp(state, account, stored, request)
        try:
            landed = await self._send_about(state, *instructions, explains={**_NO_ACCOUNT_TRADED, **_NOTHING})
        except ProgramError as error:
            await self._explain_order(state, account, request, error)
            raise
        receipt = perp_receipt(landed, state, choice(Side, order.side, "side"), landed.signature)
        missing = state.scale.size_of(request.lots) - receipt.filled - receipt.rested
        if not missing:
            return receipt
        try:
            after = await self._after_order(state, account)
        except (RpcUnreachable, RpcRefused) as error:
            # What was done is done: the receipt is not lost with the reason.
            why = f"why is not known, as {error.message}"
            return replace(receipt, missing=missing, why=why, remedy=f"`secant perp book {state.name}` says")
        return with_missing(receipt, request, after, by_mark=order.price is None)

    async def _after_order(self, state: PerpState, account: Pubkey) -> AfterOrder:
        """An account, a market and its book as they are now."""
        fresh, stored = await self._perp(state.address), await self._margin(account)
        (book,), now = await self.chain.accounts_and_time([state.book])
        assert book is not None, "a market is created with its book"
        return AfterOrder(fresh, account, stored, book.data, now)

    async def _explain_order(
        self, state: PerpState, account: Pubkey, request: exchange.OrderRequest, error: ProgramError
    ) -> None:
        """Writes into an error what an account holds and lacks that an order needs."""
        if error.name == "NothingToReduce":
            after = await self._after_order(state, account)
            side = Side.BUY if request.side == exchange.SIDE_BID else Side.SELL
            held, own = after.held_lots() * (-1 if side is Side.BUY else 1), after.own_lots(side)
            if held > 0 and own:
                size, open_size = (f"{state.scale.size_of(lots):,f}" for lots in (held, own))
                error.message = f"your own open orders already {side} {open_size}, and the position is {size}"
                error.remedy = f"`secant perp cancel {state.name} --all`, then once more"
            else:
                error.message = f"the account holds nothing in {state.name} that this would reduce"
                error.remedy = "`secant perp position` lists what you hold"
            return
        missing = [
            event for event in decode_events(error.logs) if isinstance(event, exchange.CollateralMissing)
        ]
        if error.name != "InsolventAccount" or not missing:
            return
        health = await self._health_at(account)
        more = collateral_of(missing[-1].amount_atoms)
        error.message = (
            f"Not enough collateral to open this: {more:,f} more is needed;"
            f" {health.initial_surplus:,f} is left beside what the account's perpetuals require"
        )
        error.remedy = "deposit more, order less, or reduce a position"

    async def _trading_perp(
        self,
        state: PerpState,
        account: Pubkey,
        stored: exchange.MarginAccount,
        request: exchange.OrderRequest,
    ) -> list[Instruction]:
        trade = exchange.trade_perp(
            trader=self.wallet.address,
            exchange=self.exchange.address,
            account=account,
            market=state.address,
            feed=state.stored.feed,
            book=state.book,
            request=request,
            remaining_accounts=other_markets(state.address, stored),
        )
        whole = [
            *await self._updating_others(state, stored),
            *await self._drawing_others(state, stored),
            trade,
        ]
        # What only reduces needs no other market as it is in this slot.
        return whole if self.chain.fits(whole, self.wallet.address) or not request.reduce_only else [trade]

    async def _drawing_own(
        self, state: PerpState, account: Pubkey, stored: exchange.MarginAccount
    ) -> list[Instruction]:
        """What brings home what an account's orders in a market have done; nothing without a seat there."""
        if not any(leg.market == state.address and leg.seat for leg in stored.perp_legs):
            return []
        updates = await self._updating_others(state, stored)
        return [*updates, self._drawing_perp(state, account, stored)]

    async def _updating_others(
        self, state: PerpState, *accounts: exchange.MarginAccount
    ) -> list[Instruction]:
        """What brings the accounts' other markets up to date: they count only as of the same slot."""
        others = [meta.pubkey for meta in other_markets(state.address, *accounts)]
        return [updating(key, other.stored) for key, other in (await self._perps_at(others)).items()]

    async def _drawing_others(self, state: PerpState, stored: exchange.MarginAccount) -> list[Instruction]:
        """What draws the account's seats at other markets: fills count only as drawn in the same slot."""
        seated = [key for key in perp_seats(stored) if key != state.address]
        others = (await self._perps_at(seated)).values()
        draws = [self._drawing_perp(other, self.account_address, stored) for other in others]
        return [updating(state.address, state.stored), *draws] if draws else []

    def _drawing_perp(self, state: PerpState, account: Pubkey, stored: exchange.MarginAccount) -> Instruction:
        return exchange.draw_perp_seat(
            account=account,
            market=state.address,
            feed=state.stored.feed,
            book=state.book,
            remaining_accounts=other_markets(state.address, stored),
        )

    async def _position_lots(self, state: PerpState, account: Pubkey) -> int:
        stored = await self._margin(account)
        for leg in stored.perp_legs:
            if leg.market == state.address:
                return holding_of(leg, await self._seat_of(account, leg), state.stored).lots
        return 0

    async def _health_after(
        self, account: Pubkey, stored: exchange.MarginAccount, traded: PerpState, book: bytes
    ) -> PerpHealth:
        """Where an account stands after a trade that was only simulated."""
        others = [key for key in held_markets(stored) if key != traded.address]
        states = {**await self._perps_at(others), traded.address: traded}
        legs = [leg for leg in stored.perp_legs if leg.market in others]
        seats = await self._seats_of({account: legs})
        own = next((leg for leg in stored.perp_legs if leg.market == traded.address and leg.seat), None)
        if own is not None:
            at = exchange.Book.SIZE + (own.seat - 1) * exchange.Seat.SIZE
            seats[account, traded.address] = exchange.Seat.decode(book[at : at + exchange.Seat.SIZE])
        now = await self.chain.clock_time()
        return health_view(account, stored, held_perps(account, stored, seats, states, now), now)


def _dropped(landed: Landed, book: Pubkey) -> DropReceipt:
    logged = [event for event in landed.events if isinstance(event, exchange.BookChanged)]
    dropped = tuple(each.order_id for changed in logged for each in changed.dropped)
    return DropReceipt(landed.signature, book, dropped)
