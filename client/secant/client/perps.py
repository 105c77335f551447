"""Perpetuals: finding, creating, reading, insuring, keeping."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from solders.pubkey import Pubkey

from secant import exchange
from secant.errors import InputError
from secant.units import atoms_of, collateral_of

from .book_room import BookRoomMethods
from .perp_accounts import updating
from .perp_results import PerpBookView, PerpPausable, PerpView
from .perp_state import PerpRef, PerpStateMethods
from .perp_views import PERP_PAUSE_BITS, perp_book_view, perp_paused, perp_view
from .receipts import CashReceipt, Receipt
from .session import address_of, emitted
from .views import padded

if TYPE_CHECKING:
    from solders.signature import Signature

    from secant.units import Number

    from .feeds import FeedRef
    from .receipts import ExpandReceipt

__all__ = ["PerpMethods", "PerpPauseReceipt"]

_NAME_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class PerpPauseReceipt:
    """Something of a perpetual was paused, or a pause was lifted.

    Attributes:
        signature: The transaction's.
        market: The perpetual.
        paused: All that is paused now.
    """

    signature: Signature
    market: Pubkey
    paused: tuple[PerpPausable, ...]


class PerpMethods(PerpStateMethods, BookRoomMethods):
    """What one does with perpetuals as a whole. One is named by its address, its name, or its view."""

    async def perps(self) -> tuple[PerpView, ...]:
        """All perpetuals of the exchange, by name, brought up to date.

        Raises:
            RpcUnreachable, RpcRefused: the node does not answer, or answers no scans.
            AccountNotFound: the feed of one was closed.
        """
        found, now = await asyncio.gather(self._all_perps(), self.chain.clock_time())
        views = [perp_view(address, state.stored, state.scale, now) for address, state in found.items()]
        return tuple(sorted(views, key=lambda view: view.name))

    async def perp(self, market: PerpRef) -> PerpView:
        """One perpetual, brought up to date: prices, funding, what is open, and what it allows.

        Raises:
            AccountNotFound: there is no such market, or its feed was closed.
        """
        state = await self._perp(market)
        return perp_view(state.address, state.stored, state.scale, await self.chain.clock_time())

    async def perp_book(self, market: PerpRef) -> PerpBookView:
        """The order book of a perpetual, as levels with the value down to each.

        Raises:
            AccountNotFound: there is no such market.
        """
        state = await self._perp(market)
        (book,), now = await self.chain.accounts_and_time([state.book])
        assert book is not None, "a market is created with its book"
        return perp_book_view(state.book, book.data, state.address, state.scale, now)

    async def create_perp(self, name: str, feed: FeedRef, rules: exchange.PerpRules) -> Receipt:
        """Creates a perpetual over a feed, and its book, as the exchange's admin.

        Args:
            name: Short name, 1 to 32 bytes, unique on the exchange.
            feed: The feed that it follows; it must have a fresh price.
            rules: Its rules; `perp_rules` makes them.

        Raises:
            InputError: no such name. AccountNotFound: there is no such feed.
            ProgramError: AdminMismatch, PerpRulesInvalid, PriceUnfit, Paused. Others as of `Chain.send`.
        """
        address, stored = await self._feed(feed)
        instruction = exchange.create_perp(
            admin=self.wallet.address,
            exchange=self.exchange.address,
            feed=address,
            market_id=padded(name, _NAME_BYTES, "name"),
            rules=rules,
        )
        admin = self.exchange.admin
        newest = max(reading.source_time for reading in stored.readings)
        said = "has no reading" if newest == 0 else f"is older than {rules.stale_s} s, or agreed by too few"
        landed = await self._send(
            instruction,
            creates=("a perpetual of this name", "use it, or choose another name"),
            explains={
                "AdminMismatch": ("only the exchange's admin creates perpetuals", f"sign with {admin}"),
                "PriceUnfit": (f"the price of the feed {said}", "publish one, then create the perpetual"),
            },
        )
        return Receipt(landed.signature, emitted(landed, exchange.PerpCreated).market)

    async def expand_perp_book(self, market: PerpRef, *, seats: int = 0, orders: int = 0) -> ExpandReceipt:
        """Makes room in a perpetual's book. The wallet pays the rent, and the admin gets it in the end.

        Args:
            market: The perpetual.
            seats: How many accounts more may have orders in it, 120 bytes each; a book has at most 4,096.
            orders: How many orders more it holds, 32 bytes each; a book has at most 2,048.

        Raises:
            InputError: nothing to add, or more than a book can have.
            AccountNotFound: there is no such market. Others as of `Chain.send`.
        """
        state = await self._perp(market)
        book = await self.chain.account(state.book)
        assert book is not None, "a market is created with its book"
        return await self._expand(state.book, book.data, seats=seats, orders=orders)

    async def update_perp(self, market: PerpRef) -> Receipt:
        """Brings a perpetual's index, mark and funding up to date, for good. Anyone may.

        Raises:
            AccountNotFound: there is no such market. Others as of `Chain.send`.
        """
        state = await self._perp(market)
        landed = await self._send(updating(state.address, state.stored))
        return Receipt(landed.signature, state.address)

    async def insure_perp(self, market: PerpRef, amount: Number) -> CashReceipt:
        """Gives collateral of the margin account to a perpetual's insurance, for good.

        Raises:
            UnitError: no such amount. AccountNotFound: there is no such market or account.
            ProgramError: AmountZero, InsolventAccount. Others as of `Chain.send`.
        """
        state = await self._perp(market)
        amount_atoms = atoms_of(amount)
        instruction = exchange.add_insurance(
            owner=self.wallet.address,
            account=self.account_address,
            market=state.address,
            amount_atoms=amount_atoms,
        )
        landed = await self._send(instruction, needs=collateral_of(amount_atoms))
        added = emitted(landed, exchange.InsuranceAdded)
        return CashReceipt(landed.signature, added.account, collateral_of(added.amount_atoms))

    async def collect_perp_fees(self, market: PerpRef) -> Receipt:
        """Moves a perpetual's fees to those that the exchange collects. Anyone may.

        Raises:
            AccountNotFound: there is no such market.
            ProgramError: AmountZero. Others as of `Chain.send`.
        """
        state = await self._perp(market)
        collect = exchange.collect_perp_fees(exchange=self.exchange.address, market=state.address)
        nothing = (f"{state.name} has no fees that its pool could pay", "collect once there were trades")
        landed = await self._send(
            updating(state.address, state.stored), collect, explains={"AmountZero": nothing}
        )
        return Receipt(landed.signature, state.address)

    async def pause_perp(self, market: PerpRef, *operations: PerpPausable | str) -> PerpPauseReceipt:
        """Pauses operations of a perpetual, as the exchange's pauser or admin. Reducing stays open.

        Args:
            market: The perpetual.
            operations: One or more of open, liquidate, profits.

        Raises:
            InputError: none, or no such operation.
            ProgramError: PauserMismatch. Others as of `Chain.send`.
        """
        state, bits = await self._perp(market), _pause_bits(operations)
        instruction = exchange.pause_perp(
            pauser=self.wallet.address,
            exchange=self.exchange.address,
            market=state.address,
            pause_bits=bits,
        )
        keys = " or ".join(str(key) for key in dict.fromkeys((self.exchange.pauser, self.exchange.admin)))
        refusal = ("only the exchange's pauser or admin may pause", f"sign with the key of {keys}")
        landed = await self._send(instruction, explains={"PauserMismatch": refusal})
        changed = emitted(landed, exchange.PauseChanged)
        return PerpPauseReceipt(landed.signature, state.address, perp_paused(changed.pause_bits))

    async def unpause_perp(self, market: PerpRef, *operations: PerpPausable | str) -> PerpPauseReceipt:
        """Lifts the pause of operations of a perpetual, as the exchange's admin.

        Args:
            market: The perpetual.
            operations: One or more of open, liquidate, profits.

        Raises:
            InputError: none, or no such operation.
            ProgramError: AdminMismatch. Others as of `Chain.send`.
        """
        state, bits = await self._perp(market), _pause_bits(operations)
        instruction = exchange.unpause_perp(
            admin=self.wallet.address,
            exchange=self.exchange.address,
            market=state.address,
            pause_bits=bits,
        )
        refusal = ("only the exchange's admin may lift a pause", f"sign with {self.exchange.admin}")
        landed = await self._send(instruction, explains={"AdminMismatch": refusal})
        changed = emitted(landed, exchange.PauseChanged)
        return PerpPauseReceipt(landed.signature, state.address, perp_paused(changed.pause_bits))

    async def set_delegate(self, delegate: Pubkey | str | None) -> Receipt:
        """Names who else may trade the margin account's perpetuals, and never withdraw; None for nobody.

        Raises:
            AccountNotFound: the account is not open, or no address was given. Others as of `Chain.send`.
        """
        key = Pubkey.default() if delegate is None else address_of(delegate, "delegate")
        landed = await self._send(
            exchange.set_delegate(owner=self.wallet.address, account=self.account_address, delegate=key)
        )
        return Receipt(landed.signature, self.account_address)


def _pause_bits(operations: tuple[PerpPausable | str, ...]) -> int:
    allowed = f"use one or more of {', '.join(PerpPausable)}"
    if not operations:
        raise InputError("no operation is named", allowed)
    bits = 0
    for operation in operations:
        if operation not in list(PerpPausable):
            raise InputError(f"no operation {operation!r} to pause", allowed)
        bits |= PERP_PAUSE_BITS[PerpPausable(operation)]
    return bits
