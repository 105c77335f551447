"""Complete sets, outcome tokens and redemption."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from spl.token.instructions import create_idempotent_associated_token_account, get_associated_token_address

from secant import exchange
from secant.units import collateral_of, lots_of, shares_of

from .events import EventMethods, outcome_of
from .results import RedemptionReceipt, SetReceipt, TokenReceipt, TokenRedemptionReceipt
from .session import address_of, emitted

if TYPE_CHECKING:
    from solders.pubkey import Pubkey

    from secant.chain import Landed
    from secant.units import Number

    from .events import EventRef

__all__ = ["TokenMethods"]

_NO_TOKENS: Final = "the wallet holds no tokens of this outcome; `tokenize` makes some from ledger shares"


class TokenMethods(EventMethods):
    """What one does with shares: as complete sets, as tokens, and once their event is settled."""

    async def mint_set(self, event: EventRef, shares: Number) -> SetReceipt:
        """Turns cash into complete sets: 1 collateral unit buys a share of every outcome.

        Raises:
            UnitError: no such number of shares.
            ProgramError: InsolventAccount, EventNotOpen, AmountZero, Paused. Others as of `Chain.send`.
        """
        lots = lots_of(shares)
        address, _ = await self._event(event)
        instruction = exchange.mint_set(
            owner=self.wallet.address,
            exchange=self.exchange.address,
            account=self.account_address,
            event=address,
            lots=lots,
        )
        return _set_receipt(await self._send(instruction))

    async def merge_set(self, event: EventRef, shares: Number) -> SetReceipt:
        """Turns complete sets back into cash, 1 collateral unit each.

        Raises:
            UnitError: no such number of shares.
            ProgramError: SetsInsufficient, LegAbsent, EventSettled, AmountZero. Others as of `Chain.send`.
        """
        lots = lots_of(shares)
        address, _ = await self._event(event)
        instruction = exchange.merge_set(
            owner=self.wallet.address, account=self.account_address, event=address, lots=lots
        )
        return _set_receipt(await self._send(instruction))

    async def tokenize(self, event: EventRef, outcome: str | int, shares: Number) -> TokenReceipt:
        """Turns ledger shares into SPL tokens in the wallet; makes the mint and token account if need be.

        Raises:
            UnitError, InputError: no such number of shares or outcome.
            ProgramError: InsolventAccount, EventSettled, AmountZero, Paused. Others as of `Chain.send`.
        """
        lots = lots_of(shares)
        address, stored = await self._event(event)
        index, label = outcome_of(stored, outcome)
        owner, mint = self.wallet.address, exchange.find_outcome_mint(event=address, outcome=index)
        instructions = [
            create_idempotent_associated_token_account(owner, owner, mint),
            exchange.tokenize(
                owner=owner,
                exchange=self.exchange.address,
                account=self.account_address,
                event=address,
                outcome_mint=mint,
                destination=get_associated_token_address(owner, mint),
                outcome=index,
                lots=lots,
            ),
        ]
        if stored.mint_bumps[index] == 0:
            create = exchange.create_outcome_mint(
                payer=owner, event=address, outcome_mint=mint, outcome=index
            )
            instructions.insert(0, create)
        return self._token_receipt(await self._send(*instructions), label)

    async def detokenize(self, event: EventRef, outcome: str | int, shares: Number) -> TokenReceipt:
        """Turns SPL tokens in the wallet back into ledger shares.

        Raises:
            UnitError, InputError: no such number of shares or outcome.
            AccountNotFound: the wallet has no token account for this outcome.
            FrameworkError: InsufficientFunds. ProgramError: AmountZero, LegsFull. Others as of `Chain.send`.
        """
        lots = lots_of(shares)
        address, stored = await self._event(event)
        index, label = outcome_of(stored, outcome)
        mint = exchange.find_outcome_mint(event=address, outcome=index)
        source = get_associated_token_address(self.wallet.address, mint)
        instruction = exchange.detokenize(
            owner=self.wallet.address,
            account=self.account_address,
            event=address,
            outcome_mint=mint,
            source=source,
            outcome=index,
            lots=lots,
        )
        landed = await self._send(instruction, expects={source: ("outcome token account", _NO_TOKENS)})
        return self._token_receipt(landed, label)

    async def redeem(self, event: EventRef, *, owner: Pubkey | str | None = None) -> RedemptionReceipt:
        """Pays a settled event's ledger shares into a margin account. Anyone may, for anyone.

        Args:
            event: The event.
            owner: Whose margin account; the wallet's unless given.

        Raises:
            ProgramError: EventNotSettled, LegAbsent. Others as of `Chain.send`.
        """
        address, _ = await self._event(event)
        holder = self.wallet.address if owner is None else address_of(owner, "owner")
        landed = await self._send(exchange.redeem(account=self._account_of(holder), event=address))
        redeemed = emitted(landed, exchange.Redeemed)
        amount = collateral_of(redeemed.amount_atoms)
        return RedemptionReceipt(landed.signature, redeemed.event, redeemed.account, amount)

    async def redeem_tokens(
        self, event: EventRef, outcome: str | int, shares: Number
    ) -> TokenRedemptionReceipt:
        """Burns a settled event's tokens for what they pay, into the wallet's collateral token account.

        No margin account is needed; the token account is made if need be.

        Raises:
            UnitError, InputError: no such number of shares or outcome.
            AccountNotFound: the wallet has no token account for this outcome.
            ProgramError: EventNotSettled, AmountZero. FrameworkError: InsufficientFunds. Others as of
                `Chain.send`.
        """
        lots = lots_of(shares)
        address, stored = await self._event(event)
        index, label = outcome_of(stored, outcome)
        owner, mint = self.wallet.address, exchange.find_outcome_mint(event=address, outcome=index)
        source = get_associated_token_address(owner, mint)
        landed = await self._send(
            create_idempotent_associated_token_account(owner, owner, self.exchange.mint),
            exchange.redeem_tokens(
                holder=owner,
                exchange=self.exchange.address,
                event=address,
                outcome_mint=mint,
                source=source,
                vault=self.exchange.vault,
                destination=self.collateral_address,
                outcome=index,
                lots=lots,
            ),
            expects={source: ("outcome token account", _NO_TOKENS)},
        )
        paid = emitted(landed, exchange.TokensRedeemed)
        return TokenRedemptionReceipt(
            landed.signature, paid.event, label, shares_of(paid.lots), collateral_of(paid.amount_atoms)
        )

    def _token_receipt(self, landed: Landed, label: str) -> TokenReceipt:
        changed = emitted(landed, exchange.TokensChanged)
        mint = exchange.find_outcome_mint(event=changed.event, outcome=changed.outcome)
        return TokenReceipt(
            signature=landed.signature,
            event=changed.event,
            outcome=label,
            shares=shares_of(changed.lots),
            mint=mint,
            token_account=get_associated_token_address(self.wallet.address, mint),
        )


def _set_receipt(landed: Landed) -> SetReceipt:
    changed = emitted(landed, exchange.SetsChanged)
    return SetReceipt(landed.signature, changed.event, shares_of(changed.lots))
