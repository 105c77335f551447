"""Complete sets, outcome tokens and redemption."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from spl.token.instructions import create_idempotent_associated_token_account, get_associated_token_address

from secant import exchange
from secant.errors import AccountNotFound, FrameworkError, InputError, ProgramError
from secant.units import collateral_of, lots_of, shares_of

from .accounts import is_all
from .events import outcome_of
from .receipts import RedemptionReceipt, SetReceipt, TokenReceipt, TokenRedemptionReceipt
from .results import TokenView
from .seats import HeldSeat, SeatMethods, drawing
from .session import ACCOUNT_MISSING, address_of, emitted
from .views import event_view, token_amount

if TYPE_CHECKING:
    from collections.abc import Sequence

    from solders.instruction import Instruction
    from solders.pubkey import Pubkey

    from secant.chain import Chain, Landed
    from secant.units import Number

    from .events import EventRef

__all__ = ["TokenMethods", "say_tokens_held"]

_TOO_MANY: Final = frozenset({"InsufficientFunds", "TokensInsufficient"})
_NO_TOKENS: Final = "the wallet holds no tokens of this outcome; `tokenize` makes some from ledger shares"


class TokenMethods(SeatMethods):
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

    async def tokens(self) -> tuple[TokenView, ...]:
        """The outcome tokens that the wallet holds, by event.

        Raises:
            RpcUnreachable, RpcRefused: the node does not answer, or answers no scans.
        """
        owner = self.wallet.address
        sources = {
            get_associated_token_address(owner, exchange.find_outcome_mint(event=address, outcome=index)): (
                event_view(address, stored),
                index,
            )
            for address, stored in (await self._scan_events()).items()
            for index in range(stored.outcomes)
            if stored.tokenized_lots[index]
        }
        found = await self.chain.accounts(list(sources))
        views = [
            TokenView(view, view.outcomes[index].label, shares_of(token_amount(account.data)), source)
            for (source, (view, index)), account in zip(sources.items(), found, strict=True)
            if account is not None and token_amount(account.data)
        ]
        return tuple(sorted(views, key=lambda view: (view.event.name, view.outcome)))

    async def tokenize(
        self, event: EventRef, outcome: str | int, shares: Number, *, short: bool = False
    ) -> TokenReceipt:
        """Turns ledger shares into SPL tokens in the wallet; makes the mint and token account if need be.

        Args:
            event: The event.
            outcome: Which outcome, by label or index.
            shares: How many, at most 2 decimals.
            short: Whether to write shares that are not held: the margin account is short of them then, and
                reserves what they may cost. The program does so only while the event trades.

        Raises:
            UnitError, InputError: no such number of shares or outcome; more than are held, without `short`.
            AccountNotFound: the margin account does not exist.
            ProgramError: InsolventAccount, EventNotOpen, EventSettled, AmountZero, Paused. Others as of
                `Chain.send`.
        """
        lots = lots_of(shares)
        address, stored = await self._event(event)
        index, label = outcome_of(stored, outcome)
        if not short:
            await self._check_held(address, index, label, lots)
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
        landed = await self._send_tokens(instruction, source=source, label=label)
        return self._token_receipt(landed, label)

    async def redeem(self, event: EventRef, *, owner: Pubkey | str | None = None) -> RedemptionReceipt:
        """Pays a settled event's ledger shares into a margin account. Anyone may, for anyone.

        What its orders brought, and left open, in the event's books is drawn first.

        Args:
            event: The event.
            owner: Whose margin account; the wallet's unless given.

        Raises:
            AccountNotFound: there is no such event, or the margin account does not exist.
            ProgramError: EventNotSettled, LegAbsent. Others as of `Chain.send`.
        """
        address, stored = await self._event(event)
        account = self._account_of(self.wallet.address if owner is None else address_of(owner, "owner"))
        leg, held = await self._leg_and_seats(account, address) if stored.settled_time else (None, ())
        transactions = drawing(account, held) or [[]]
        # Orders without a position leave nothing to redeem once they are drawn.
        redeems = not held or _is_position(leg, held)
        if redeems:
            transactions[-1].append(exchange.redeem(account=account, event=address))
        for instructions in transactions:
            landed = await self._send(*instructions)
        amount_atoms = emitted(landed, exchange.Redeemed).amount_atoms if redeems else 0
        return RedemptionReceipt(
            signature=landed.signature,
            event=address,
            account=account,
            amount=collateral_of(amount_atoms),
            drawn=collateral_of(sum(each.seat.cash_atoms for each in held)),
        )

    async def redeem_tokens(
        self, event: EventRef, outcome: str | int, shares: Number
    ) -> TokenRedemptionReceipt:
        """Burns a settled event's tokens for what they pay, into the wallet's collateral token account.

        No margin account is needed; the token account is made if need be.

        Args:
            event: The event.
            outcome: Which outcome, by label or index.
            shares: How many, at most 2 decimals; ``"all"`` for what the wallet holds.

        Raises:
            UnitError, InputError: no such number of shares or outcome.
            AccountNotFound: the wallet has no token account for this outcome.
            ProgramError: EventNotSettled, AmountZero. FrameworkError: InsufficientFunds. Others as of
                `Chain.send`.
        """
        lots = 0 if is_all(shares) else lots_of(shares)
        address, stored = await self._event(event)
        index, label = outcome_of(stored, outcome)
        owner, mint = self.wallet.address, exchange.find_outcome_mint(event=address, outcome=index)
        source = get_associated_token_address(owner, mint)
        if is_all(shares):
            found = await self.chain.account(source)
            lots = 0 if found is None else token_amount(found.data)
            if not lots:
                raise AccountNotFound("tokens", source, f"the wallet holds none of {label}", _NO_TOKENS)
        landed = await self._send_tokens(
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
            source=source,
            label=label,
        )
        paid = emitted(landed, exchange.TokensRedeemed)
        return TokenRedemptionReceipt(
            landed.signature, paid.event, label, shares_of(paid.lots), collateral_of(paid.amount_atoms)
        )

    # --- for the methods ------------------------------------------------------------------------------------

    async def _check_held(self, event: Pubkey, index: int, label: str, lots: int) -> None:
        """Refuses to make tokens of shares that the margin account does not hold.

        Raises:
            InputError: it holds fewer.
        """
        account = await self._read(
            "margin account", self.account_address, exchange.MarginAccount, ACCOUNT_MISSING
        )
        held = next((leg.lots[index] for leg in account.event_legs if leg.event == event), 0)
        if lots > max(held, 0):
            raise InputError(
                f"you hold {shares_of(max(held, 0)):,f} {label}: more tokens would be shares sold short",
                "make fewer, or say so: `--short`, or `short=True`",
            )

    async def _send_tokens(self, *instructions: Instruction, source: Pubkey, label: str) -> Landed:
        """Sends what burns outcome tokens.

        Raises:
            AccountNotFound: there is no token account. Others as of `Chain.send`.
        """
        try:
            return await self._send(*instructions, expects={source: ("outcome token account", _NO_TOKENS)})
        except (FrameworkError, ProgramError) as error:
            await say_tokens_held(self.chain, source, label, error)
            raise

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


def _is_position(leg: exchange.EventLeg | None, held: Sequence[HeldSeat]) -> bool:
    """Whether anything is held of an event once these seats are drawn."""
    lots = list(leg.lots) if leg is not None else [0] * len(held)
    for each in held:
        lots[each.outcome] += each.seat.lots
    return any(lots)


async def say_tokens_held(
    chain: Chain, source: Pubkey, label: str, error: FrameworkError | ProgramError
) -> None:
    """Writes into the error how many tokens of an outcome there are, if they were too few."""
    if error.name in _TOO_MANY:
        account = await chain.account(source)
        held = 0 if account is None else token_amount(account.data)
        error.message = f"you hold {shares_of(held):,f} tokens of {label}"
        error.remedy = "give at most that many"


def _set_receipt(landed: Landed) -> SetReceipt:
    changed = emitted(landed, exchange.SetsChanged)
    return SetReceipt(landed.signature, changed.event, shares_of(changed.lots))
