"""Taking from books and pools at once, with a margin account or with tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypedDict

from spl.token.instructions import create_idempotent_associated_token_account, get_associated_token_address

from secant import exchange
from secant.errors import InputError
from secant.units import lots_of

from .books import MEETS_DEFAULT, NO_BOOK, BookMethods, book_index, book_ticks, choice, labels_of, wire_side
from .orders import ORDER_KINDS, SELF_TRADES, Builder, OrderKind, SelfTrade, TakeReceipt, take_receipt
from .pools import PoolMethods
from .results import Side
from .session import address_of

if TYPE_CHECKING:
    from solders.instruction import AccountMeta
    from solders.pubkey import Pubkey

    from secant.chain import Landed
    from secant.units import Number

    from .events import EventRef

__all__ = ["TakeMethods"]

_ATOMS_MAX: Final = 2**64 - 1


class _Taking(TypedDict):
    """What taking from an account and taking with tokens have in common."""

    exchange: Pubkey
    event: Pubkey
    book: Pubkey
    request: exchange.OrderRequest
    pool: Pubkey | None
    builder_fee_bps: int
    remaining_accounts: list[AccountMeta]


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
        meets_max: int = MEETS_DEFAULT,
        builder: Builder | None = None,
    ) -> TakeReceipt:
        """Buys or sells at once, each lot from a book or a pool, whichever is cheaper; nothing rests.

        Args:
            event: The event.
            outcome: Which outcome, by label or index.
            side: `buy` or `sell`.
            shares: How many at most, at most 2 decimals.
            price: The worst price of any of them: 0.0001 to 0.9999, at most 4 decimals.
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
        address, stored = await self._event(event)
        index, seen, mirrored = book_index(stored, outcome)
        wanted = choice(Side, side, "side")
        request = exchange.OrderRequest(
            client_id=0,
            lots=lots_of(shares),
            expires_at=0,
            price_ticks=book_ticks(price, mirrored=mirrored),
            meets_max=meets_max,
            side=wire_side(wanted, mirrored=mirrored),
            kind=ORDER_KINDS[OrderKind.FILL_OR_KILL if whole else OrderKind.IMMEDIATE_OR_CANCEL],
            self_trade=SELF_TRADES[choice(SelfTrade, self_trade, "self-trade rule")],
            reduce_only=reduce_only,
        )
        beside = await self._pool_beside(address, pool, book_only=book_only)
        taking = self._taking(address, index, request, beside, builder)
        if as_tokens:
            landed = await self._take_tokens(stored, seen, wanted, taking)
        else:
            instruction = exchange.take_order(
                owner=self.wallet.address, account=self.account_address, **taking
            )
            landed = await self._send(instruction, explains=NO_BOOK)
        return take_receipt(landed, labels_of(stored)[seen], wanted, mirrored=mirrored)

    # --- for the methods above ------------------------------------------------------------------------------

    async def _pool_beside(
        self, event: Pubkey, pool: Pubkey | str | None, *, book_only: bool
    ) -> Pubkey | None:
        if pool is not None and book_only:
            raise InputError("a pool is named and pools are to be left alone", "give one of the two")
        if pool is not None:
            return address_of(pool, "pool")
        pools = () if book_only else await self._pools(event)
        return pools[0].address if pools else None

    def _taking(
        self,
        event: Pubkey,
        outcome: int,
        request: exchange.OrderRequest,
        pool: Pubkey | None,
        builder: Builder | None,
    ) -> _Taking:
        fee_bps, accounts = self._builder(builder)
        return {
            "exchange": self.exchange.address,
            "event": event,
            "book": exchange.find_book(event=event, outcome=outcome),
            "request": request,
            "pool": pool,
            "builder_fee_bps": fee_bps,
            "remaining_accounts": accounts,
        }

    async def _take_tokens(
        self, stored: exchange.EventMarket, outcome: int, side: Side, taking: _Taking
    ) -> Landed:
        """Trades tokens of an outcome; makes the mint and the token accounts if need be."""
        owner, event = self.wallet.address, taking["event"]
        mint = exchange.find_outcome_mint(event=event, outcome=outcome)
        tokens = get_associated_token_address(owner, mint)
        made = self.exchange.mint
        before = []
        if side is Side.BUY:
            made = mint
            if stored.mint_bumps[outcome] == 0:
                before.append(
                    exchange.create_outcome_mint(payer=owner, event=event, outcome_mint=mint, outcome=outcome)
                )
        before.append(create_idempotent_associated_token_account(owner, owner, made))
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
        label = labels_of(stored)[outcome]
        expects = {
            tokens: ("token account", f"the wallet holds no tokens of {label}"),
            self.collateral_address: ("token account", "the wallet holds no collateral: send it some"),
        }
        return await self._send(*before, instruction, expects=expects, explains=NO_BOOK)
