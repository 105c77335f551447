"""Margin accounts: opening, funding, reading, closing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from solders.pubkey import Pubkey
from spl.token.instructions import create_idempotent_associated_token_account, get_associated_token_address

from secant import exchange
from secant.errors import AccountNotFound, FrameworkError, InputError
from secant.units import atoms_of, collateral_of

from .perp_accounts import stating_margin
from .receipts import CashReceipt, Receipt
from .seats import held_seats
from .session import ACCOUNT_INDEX_MAX, ACCOUNT_MISSING, Session, address_of, decoded, emitted
from .views import account_view, event_view, token_amount

if TYPE_CHECKING:
    from decimal import Decimal

    from solders.instruction import Instruction

    from secant.units import Number

    from .results import AccountView

__all__ = ["AccountMethods", "is_all"]

_FUND: Final = "send the exchange's collateral to the wallet; `secant airdrop --collateral` on a localnet"
_EVERYTHING: Final = 2**64 - 1  # an amount of `withdraw`


class AccountMethods(Session):
    """What one does with a margin account."""

    async def open_account(self, *, owner: Pubkey | str | None = None) -> Receipt:
        """Opens the margin account and pays its rent.

        Args:
            owner: Who it is for; the wallet unless given.

        Raises:
            FrameworkError: it is open already, or the wallet lacks SOL. Others as of `Chain.send`.
        """
        owner_address = self.wallet.address if owner is None else address_of(owner, "owner")
        account = self._account_of(owner_address)
        instruction = exchange.open_account(
            payer=self.wallet.address,
            owner=owner_address,
            exchange=self.exchange.address,
            account=account,
            index=self.account_index,
        )
        made = (f"a margin account with index {self.account_index}", "use it, or choose another index")
        landed = await self._send(instruction, creates=made)
        return Receipt(landed.signature, account)

    async def account(self, *, owner: Pubkey | str | None = None) -> AccountView:
        """The margin account: cash, what is free, positions by event, and what waits in books.

        Args:
            owner: Whose; the wallet's unless given.

        Raises:
            AccountNotFound: it is not open.
            RpcUnreachable, RpcRefused: the node does not answer.
        """
        owner_address = self.wallet.address if owner is None else address_of(owner, "owner")
        address = self._account_of(owner_address)
        stored = await self._read("margin account", address, exchange.MarginAccount, ACCOUNT_MISSING)
        events = {}
        held = [leg.event for leg in stored.event_legs if leg.event != Pubkey.default()]
        found, now = await self.chain.accounts_and_time(held)
        for event, account in zip(held, found, strict=True):
            if account is None:
                raise AccountNotFound(
                    "event", event, "the node does not know it", "ask again, or another node"
                )
            events[event] = event_view(event, decoded(exchange.EventMarket, account.data))
        seats = await held_seats(self.chain, address, stored.event_legs)
        return account_view(address, stored, events, seats, now)

    async def close_account(self) -> Receipt:
        """Closes the empty margin account; its rent goes back to the wallet.

        Raises:
            ProgramError: AccountNotEmpty. Others as of `Chain.send`.
        """
        address = self.account_address
        landed = await self._send(exchange.close_account(owner=self.wallet.address, account=address))
        return Receipt(landed.signature, address)

    async def deposit(self, amount: Number) -> CashReceipt:
        """Moves collateral from the wallet's token account into the margin account.

        Args:
            amount: How much, at most 6 decimals; ``"all"`` for what the token account holds.

        Raises:
            UnitError: no such amount.
            AccountNotFound: the margin account or the token account does not exist.
            ProgramError: AmountZero, Paused. FrameworkError: InsufficientFunds. Others as of `Chain.send`.
        """
        source = self.collateral_address
        wanted = await self.collateral() if is_all(amount) else amount
        instruction = exchange.deposit(
            depositor=self.wallet.address,
            exchange=self.exchange.address,
            account=self.account_address,
            source=source,
            vault=self.exchange.vault,
            amount_atoms=atoms_of(wanted),
        )
        try:
            landed = await self._send(instruction, expects={source: ("collateral token account", _FUND)})
        except FrameworkError as error:
            if error.name == "InsufficientFunds" and error.program == "token":
                error.message = f"The wallet holds less than the amount: {await self.collateral():,f}"
            raise
        moved = emitted(landed, exchange.Deposited)
        return CashReceipt(landed.signature, moved.account, collateral_of(moved.amount_atoms))

    async def withdraw(self, amount: Number) -> CashReceipt:
        """Moves free collateral from the margin account to the wallet's token account, made if need be.

        Args:
            amount: How much, at most 6 decimals; ``"all"`` for what is free when it lands.

        Raises:
            UnitError: no such amount.
            AccountNotFound: the margin account does not exist.
            ProgramError: AmountZero, InsolventAccount. Others as of `Chain.send`.
        """
        owner = self.wallet.address
        amount_atoms = await self._all_atoms() if is_all(amount) else atoms_of(amount)
        landed = await self._send(
            create_idempotent_associated_token_account(owner, owner, self.exchange.mint),
            self._withdrawing(amount_atoms),
            needs=None if amount_atoms == _EVERYTHING else collateral_of(amount_atoms),
        )
        moved = emitted(landed, exchange.Withdrawn)
        return CashReceipt(landed.signature, moved.account, collateral_of(moved.amount_atoms))

    async def transfer(self, amount: Number, to: int) -> CashReceipt:
        """Moves free collateral to another margin account of the wallet.

        Args:
            amount: How much, at most 6 decimals.
            to: The other account's index, 0 to 255.

        Raises:
            UnitError, InputError: no such amount or account index.
            AccountNotFound: one of the accounts is not open.
            ProgramError: AmountZero, InsolventAccount. Others as of `Chain.send`.
        """
        if isinstance(to, bool) or not 0 <= to <= ACCOUNT_INDEX_MAX or to == self.account_index:
            raise InputError(
                f"nothing moves to account index {to!r}", f"use another one, 0 to {ACCOUNT_INDEX_MAX}"
            )
        owner, amount_atoms = self.wallet.address, atoms_of(amount)
        destination = exchange.find_account(exchange=self.exchange.address, owner=owner, index=to)
        landed = await self._send(
            exchange.transfer(
                owner=owner, source=self.account_address, destination=destination, amount_atoms=amount_atoms
            ),
            expects={destination: ("margin account", f"open it: `secant account open --account-index {to}`")},
            needs=collateral_of(amount_atoms),
        )
        moved = emitted(landed, exchange.Transferred)
        return CashReceipt(landed.signature, moved.destination, collateral_of(moved.amount_atoms))

    def _withdrawing(self, amount_atoms: int) -> Instruction:
        return exchange.withdraw(
            owner=self.wallet.address,
            exchange=self.exchange.address,
            account=self.account_address,
            vault=self.exchange.vault,
            destination=self.collateral_address,
            amount_atoms=amount_atoms,
        )

    async def _all_atoms(self) -> int:
        """What may be withdrawn: whatever the program finds, or what perpetuals leave by their margin now."""
        stating = await stating_margin(self.chain, [self._withdrawing(_EVERYTHING)])
        if len(stating) == 1:
            return _EVERYTHING
        stated = emitted(await self._simulate(*stating[:-1]), exchange.MarginStated)
        return max(stated.free_atoms + stated.losses_atoms - stated.initial_atoms, 0)

    async def collateral(self, *, owner: Pubkey | str | None = None) -> Decimal:
        """Collateral in a wallet's token account, outside of the exchange; 0 if it has none.

        Args:
            owner: Whose; the wallet's unless given.

        Raises:
            RpcUnreachable, RpcRefused: the node does not answer.
        """
        owner_address = self.wallet.address if owner is None else address_of(owner, "owner")
        account = await self.chain.account(get_associated_token_address(owner_address, self.exchange.mint))
        if account is None:
            return collateral_of(0)
        return collateral_of(token_amount(account.data))


def is_all(amount: Number) -> bool:
    """Whether an amount is all that there is."""
    return isinstance(amount, str) and amount.casefold() == "all"
