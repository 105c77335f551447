"""Taking from books and pools at once, with a margin account or with tokens."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final, TypedDict

from spl.token.instructions import create_idempotent_associated_token_account, get_associated_token_address

from secant import exchange
from secant.errors import FrameworkError, InputError, ProgramError
from secant.units import collateral_of

from .books import NO_BOOK, BookMethods, no_builder
from .events import book_index, labels_of
from .orders import (
    Builder,
    OrderKind,
    SelfTrade,
    TakeQuote,
    TakeReceipt,
    take_quote,
)
from .pools import PoolMethods
from .requests import MEETS_MAX, choice, order_request
from .results import Side
from .session import address_of
from .tokens import say_tokens_held
from .views import token_amount

if TYPE_CHECKING:
    from solders.instruction import AccountMeta, Instruction
    from solders.pubkey import Pubkey

    from secant.chain import Landed, Simulated
    from secant.units import Number

    from .events import EventRef

__all__ = ["TakeMethods"]

_ATOMS_MAX: Final = 2**64 - 1
_POOL_ONLY: Final = {
    "BookInvalid": (
        "this outcome has no book",
        "trade with the pool: `secant pool buy`, `secant pool sell`; or `secant book create EVENT`",
    )
}


class _Taking(TypedDict):
    """What taking from an account and taking with tokens have in common."""

    exchange: Pubkey
    event: Pubkey
    book: Pubkey
    request: exchange.OrderRequest
    pool: Pubkey | None
    builder_fee_bps: int
    remaining_accounts: list[AccountMeta]


@dataclass(frozen=True, slots=True)
class _Order:
    """An order that never rests, as it was asked for."""

    event: EventRef
    outcome: str | int
    side: Side | str
    shares: Number
    price: Number
    pool: Pubkey | str | None
    builder: Builder | None
    book_only: bool
    as_tokens: bool
    whole: bool = False
    reduce_only: bool = False
    self_trade: SelfTrade | str = SelfTrade.CANCEL_PROVIDE
    meets_max: int = MEETS_MAX

    def request(self, side: Side, *, mirrored: bool) -> exchange.OrderRequest:
        """The order as its book knows it.

        Raises:
            UnitError, InputError: a number or a rule is not valid.
        """
        if self.as_tokens and self.reduce_only:
            raise InputError("tokens have no position to reduce", "leave out as_tokens, or reduce_only")
        return order_request(
            side=side,
            shares=self.shares,
            price=self.price,
            kind=OrderKind.FILL_OR_KILL if self.whole else OrderKind.IMMEDIATE_OR_CANCEL,
            self_trade=self.self_trade,
            meets_max=self.meets_max,
            mirrored=mirrored,
            reduce_only=self.reduce_only,
        )


@dataclass(frozen=True, slots=True)
class _Plan:
    """How to take an order, and what its log then means."""

    instructions: tuple[Instruction, ...]
    expects: dict[Pubkey, tuple[str, str]]
    label: str
    side: Side
    mirrored: bool
    own: dict[int, exchange.Order]
    explains: dict[str, tuple[str, str]]

    def quote(self, done: Landed | Simulated) -> TakeQuote:
        return take_quote(done, self.label, self.side, self.own, mirrored=self.mirrored)


class TakeMethods(BookMethods, PoolMethods):
    """What one does at a book and a pool together."""

    async def take(
        self,
        event: EventRef,
        outcome: str | int,
        side: Side | str,
        shares: Number,
        price: Number,
        *,
        pool: Pubkey | str | None = None,
        book_only: bool = False,
        whole: bool = False,
        as_tokens: bool = False,
        reduce_only: bool = False,
        self_trade: SelfTrade | str = SelfTrade.CANCEL_PROVIDE,
        meets_max: int = MEETS_MAX,
        builder: Builder | None = None,
    ) -> TakeReceipt:
        """Buys or sells at once, each lot from a book or a pool, whichever is cheaper; nothing rests.

        Args:
            event: The event.
            outcome: Which outcome, by label or index.
            side: `buy` or `sell`.
            shares: How many at most, at most 2 decimals.
            price: The worst price of any of them, before fees: 0.0001 to 0.9999, at most 4 decimals.
            pool: Which pool; the one with the most liquidity unless given.
            book_only: Whether to leave the pools alone.
            whole: Whether it trades all of its shares or nothing.
            as_tokens: Whether to trade SPL tokens against collateral, both in the wallet; a margin account is
                not needed then.
            reduce_only: Whether it is cut down to the position that it reduces; not with tokens.
            self_trade: What happens to own resting orders that it meets; tokens have no own orders.
            meets_max: How many resting orders it meets at most, up to 256.
            builder: Whose front end it comes from, and the fee that this earns.

        Raises:
            UnitError, InputError: an argument is not valid.
            AccountNotFound: there is no such event or pool, or the wallet holds no tokens to sell.
            ProgramError: BookInvalid, InsolventAccount, OrderNotFilled, NothingToReduce, EventNotOpen,
                Paused, BuilderFeeInvalid. FrameworkError: InsufficientFunds. Others as of `Chain.send`.
        """
        order = _Order(
            event,
            outcome,
            side,
            shares,
            price,
            pool,
            builder,
            book_only,
            as_tokens,
            whole,
            reduce_only,
            self_trade,
            meets_max,
        )
        plan = await self._plan(order)
        try:
            landed = await self._send(*plan.instructions, expects=plan.expects, explains=plan.explains)
        except (FrameworkError, ProgramError) as error:
            await self._say_held(plan, error)
            raise
        quote = plan.quote(landed)
        traded = {each.name: getattr(quote, each.name) for each in fields(quote)}
        return TakeReceipt(**traded, signature=landed.signature)

    async def quote_take(
        self,
        event: EventRef,
        outcome: str | int,
        side: Side | str,
        shares: Number,
        price: Number,
        *,
        pool: Pubkey | str | None = None,
        book_only: bool = False,
        as_tokens: bool = False,
        builder: Builder | None = None,
    ) -> TakeQuote:
        """What `take` would trade now: the program's own answer, from a simulation. Nothing is sent.

        Raises:
            As of `take`, ResultUnavailable aside.
        """
        order = _Order(event, outcome, side, shares, price, pool, builder, book_only, as_tokens)
        plan = await self._plan(order)
        try:
            done = await self._simulate(*plan.instructions, expects=plan.expects, explains=plan.explains)
        except (FrameworkError, ProgramError) as error:
            await self._say_held(plan, error)
            raise
        return plan.quote(done)

    # --- for the methods above ------------------------------------------------------------------------------

    async def _plan(self, order: _Order) -> _Plan:
        (event, stored), (account, _) = await self._event_and_account(order.event)
        index, seen, mirrored = book_index(stored, order.outcome)
        side = choice(Side, order.side, "side")
        fee_bps, accounts = self._builder(order.builder)
        taking: _Taking = {
            "exchange": self.exchange.address,
            "event": event,
            "book": exchange.find_book(event=event, outcome=index),
            "request": order.request(side, mirrored=mirrored),
            "pool": await self._pool_beside(event, order),
            "builder_fee_bps": fee_bps,
            "remaining_accounts": accounts,
        }
        if order.as_tokens:
            instructions, expects = self._taking_tokens(stored, seen, side, taking)
        else:
            take = exchange.take_order(owner=self.wallet.address, account=self.account_address, **taking)
            instructions, expects = (take,), {}
        return _Plan(
            instructions=instructions,
            expects=expects,
            label=labels_of(stored)[seen],
            side=side,
            mirrored=mirrored,
            own=await self._own_orders(taking["book"], event, index, account),
            explains={**(NO_BOOK if taking["pool"] is None else _POOL_ONLY), **no_builder(order.builder)},
        )

    async def _say_held(self, plan: _Plan, error: FrameworkError | ProgramError) -> None:
        """Writes into the error how much the wallet holds, if that is too little."""
        for source in plan.expects:
            if plan.side is Side.SELL:
                await say_tokens_held(self.chain, source, plan.label, error)
            elif error.name == "InsufficientFunds" and error.program == "token":
                found = await self.chain.account(source)
                held = collateral_of(0 if found is None else token_amount(found.data))
                error.message = f"the wallet holds {held:,f} collateral, and this costs more"
                error.remedy = "take less, or send the wallet collateral"

    async def _pool_beside(self, event: Pubkey, order: _Order) -> Pubkey | None:
        if order.pool is not None and order.book_only:
            raise InputError("a pool is named and pools are to be left alone", "give one of the two")
        if order.pool is not None:
            return address_of(order.pool, "pool")
        pools = () if order.book_only else await self._pools(event)
        return pools[0].address if pools else None

    def _taking_tokens(
        self, stored: exchange.EventMarket, outcome: int, side: Side, taking: _Taking
    ) -> tuple[tuple[Instruction, ...], dict[Pubkey, tuple[str, str]]]:
        """Trades tokens of an outcome; makes the mint and the token accounts if need be."""
        owner, event = self.wallet.address, taking["event"]
        mint = exchange.find_outcome_mint(event=event, outcome=outcome)
        tokens = get_associated_token_address(owner, mint)
        made = mint if side is Side.BUY else self.exchange.mint
        before = [create_idempotent_associated_token_account(owner, owner, made)]
        if side is Side.BUY and stored.mint_bumps[outcome] == 0:
            create = exchange.create_outcome_mint(
                payer=owner, event=event, outcome_mint=mint, outcome=outcome
            )
            before.insert(0, create)
        instruction = exchange.take_tokens(
            holder=owner,
            outcome_mint=mint,
            tokens=tokens,
            collateral=self.collateral_address,
            vault=self.exchange.vault,
            outcome=outcome,
            # The price binds every lot, and so the sum.
            limit_atoms=_ATOMS_MAX if side is Side.BUY else 0,
            **taking,
        )
        # What it receives is made above: only what pays may be missing.
        if side is Side.SELL:
            missing = f"the wallet holds no tokens of {labels_of(stored)[outcome]}"
            return (*before, instruction), {tokens: ("token account", missing)}
        missing = "the wallet holds no collateral: send it some"
        return (*before, instruction), {self.collateral_address: ("collateral token account", missing)}
