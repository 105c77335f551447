"""Keeping perpetuals: insurance, fees, pauses, rules, and their end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from solders.pubkey import Pubkey

from secant import exchange
from secant.errors import InputError, ProgramError
from secant.units import atoms_of, collateral_of

from .perp_accounts import updating
from .perp_changes import PerpChanges, changed_rules
from .perp_results import PerpPausable
from .perp_state import PerpRef, PerpStateMethods
from .perp_unfit import unfit_rules
from .perp_views import PERP_PAUSE_BITS, perp_paused
from .receipts import CashReceipt, Receipt
from .session import address_of, emitted
from .views import moment_text, seconds_of

if TYPE_CHECKING:
    from datetime import datetime

    from solders.instruction import Instruction
    from solders.signature import Signature

    from secant.chain import Landed
    from secant.units import Number

__all__ = ["PerpKeepingMethods", "PerpPauseReceipt"]

_DAY_S: Final = 86_400
_WHOLE_BPS: Final = 10_000
_NOTICE_DAYS: Final = exchange.NOTICE_S // 86_400


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


class PerpKeepingMethods(PerpStateMethods):
    """What keeps perpetuals. One is named by its address, its name, or its view."""

    async def insure_perp(self, market: PerpRef, amount: Number) -> CashReceipt:
        """Gives collateral of the margin account to a perpetual's insurance, for good.

        Raises:
            UnitError: no such amount. AccountNotFound: there is no such market or account.
            ProgramError: AmountZero, InsolventAccount. Others as of `Chain.send`.
        """
        state = await self._perp_as_stored(market)
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
        state = await self._perp_as_stored(market)
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
        state, bits = await self._perp_as_stored(market), _pause_bits(operations)
        instruction = exchange.pause_perp(
            pauser=self.wallet.address,
            exchange=self.exchange.address,
            market=state.address,
            pause_bits=bits,
        )
        keys = " or ".join(str(key) for key in dict.fromkeys((self.exchange.pauser, self.exchange.admin)))
        refusal = ("only the exchange's pauser or admin may pause", f"sign with the key of {keys}")
        landed = await self._send(instruction, explains={"PauserMismatch": refusal})
        changed = emitted(landed, exchange.PerpPauseChanged)
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
        state, bits = await self._perp_as_stored(market), _pause_bits(operations)
        instruction = exchange.unpause_perp(
            admin=self.wallet.address,
            exchange=self.exchange.address,
            market=state.address,
            pause_bits=bits,
        )
        refusal = ("only the exchange's admin may lift a pause", f"sign with {self.exchange.admin}")
        landed = await self._send(instruction, explains={"AdminMismatch": refusal})
        changed = emitted(landed, exchange.PerpPauseChanged)
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

    async def remove_insurance(self, market: PerpRef, amount: Number) -> CashReceipt:
        """Takes insurance that nobody needs into the admin's margin account: at most a tenth of it a day.

        A tenth of what is open stays, and in a market with a face what the worst jump costs.

        Raises:
            UnitError: no such amount. AccountNotFound: there is no such market or account.
            ProgramError: AdminMismatch, AmountZero, InsuranceInsufficient. Others as of `Chain.send`.
        """
        state = await self._perp_as_stored(market)
        remove = exchange.remove_insurance(
            admin=self.wallet.address,
            exchange=self.exchange.address,
            market=state.address,
            account=self.account_address,
            amount_atoms=atoms_of(amount),
        )
        try:
            # What must stay is counted at the mark.
            landed = await self._send_as_admin(updating(state.address, state.stored), remove)
        except ProgramError as error:
            if error.name == "InsuranceInsufficient":
                state, now = await self._perp(market), await self.chain.clock_time()
                error.message, error.remedy = _removable(state.stored, now)
            raise
        removed = emitted(landed, exchange.InsuranceRemoved)
        return CashReceipt(landed.signature, removed.account, collateral_of(removed.amount_atoms))

    async def propose_perp_rules(self, market: PerpRef, rules: PerpChanges | exchange.PerpRules) -> Receipt:
        """Proposes other rules for a perpetual, as the exchange's admin: to come into force in two days.

        Args:
            market: The perpetual.
            rules: What is to change; or all of the rules. Ticks, faces and least orders stay as they are.

        Raises:
            UnitError, InputError: a number is not valid, or nothing would change.
            AccountNotFound: there is no such market.
            ProgramError: AdminMismatch, PerpRulesInvalid. Others as of `Chain.send`.
        """
        state = await self._perp_as_stored(market)
        proposed = changed_rules(state, rules) if isinstance(rules, PerpChanges) else rules
        landed = await self._send_as_admin(
            exchange.propose_perp_rules(
                admin=self.wallet.address,
                exchange=self.exchange.address,
                market=state.address,
                rules=proposed,
            ),
            explains={"PerpRulesInvalid": unfit_rules(proposed)},
        )
        return Receipt(landed.signature, state.address)

    async def apply_perp_rules(self, market: PerpRef) -> Receipt:
        """Brings a perpetual's proposed rules into force, two days after their proposal. Anyone may.

        Raises:
            AccountNotFound: there is no such market. ProgramError: NoticeRunning. Others as of `Chain.send`.
        """
        state = await self._perp_as_stored(market)
        due = state.stored.rules_time
        when = (
            f"those proposed may come into force from {moment_text(due)} on" if due else "none are proposed"
        )
        landed = await self._send(
            exchange.apply_perp_rules(market=state.address),
            explains={
                "NoticeRunning": (f"the rules of {state.name} stay: {when}", "`secant perp show` says")
            },
        )
        return Receipt(landed.signature, state.address)

    async def close_perp(self, market: PerpRef, closes: datetime | int) -> Receipt:
        """Sets when a perpetual closes for all, once, as the exchange's admin; at least two days ahead.

        To close a position of one's own: `reduce_perp`.

        In its last hour positions only get smaller; then `settle_perp` fixes the price that all settles at.

        Raises:
            InputError: no time. AccountNotFound: there is no such market.
            ProgramError: AdminMismatch, NoticeRunning, PerpClosed. Others as of `Chain.send`.
        """
        state = await self._perp_as_stored(market)
        close_time = seconds_of(closes, "close")
        set_already = (
            f"{state.name} closes at {moment_text(state.stored.close_time)} already",
            "a close is set once",
        )
        landed = await self._send_as_admin(
            exchange.close_perp(
                admin=self.wallet.address,
                exchange=self.exchange.address,
                market=state.address,
                close_time=close_time,
            ),
            explains={
                "NoticeRunning": (f"a close takes {_NOTICE_DAYS} days' notice", "give a later time"),
                "PerpClosed": set_already,
            },
        )
        return Receipt(landed.signature, state.address)

    async def settle_perp(self, market: PerpRef) -> Receipt:
        """Fixes the price at which a closed perpetual settles: its index's average over the last hour.

        Anyone may. Losers then pay, and from a day after the close winners are paid: `settle_pnl`, which also
        moves one account's profit or loss of a market that goes on.

        Raises:
            AccountNotFound: there is no such market.
            ProgramError: SettlementUnfit. Others as of `Chain.send`.
        """
        state = await self._perp_as_stored(market)
        end = state.stored.close_time
        when = f"closes at {moment_text(end)}" if end else "has no close"
        said = f"{state.name} is settled" if state.stored.settlement_ticks else f"{state.name} {when}"
        landed = await self._send(
            exchange.settle_perp(market=state.address, feed=state.stored.feed, book=state.book),
            explains={"SettlementUnfit": (said, "a market settles once, after its close")},
        )
        return Receipt(landed.signature, state.address)

    async def return_haircut(self, market: PerpRef) -> CashReceipt:
        """Gives back to a perpetual's winners what they bore of losers' debts, as fast as insurance may.

        Anyone may. It is credited to each position when that is next touched.

        Returns:
            How much was given back, to the market as a whole.

        Raises:
            AccountNotFound: there is no such market.
            ProgramError: NothingToReturn. Others as of `Chain.send`.
        """
        address = (await self._perp_as_stored(market)).address
        landed = await self._send(exchange.return_haircut(market=address))
        given = emitted(landed, exchange.HaircutReturned)
        return CashReceipt(landed.signature, address, collateral_of(given.amount_atoms))

    async def waive_haircut(self, market: PerpRef) -> CashReceipt:
        """Gives up what the account's position has borne and was not given back, so that its leg is free.

        The others who bore a part get it.

        Raises:
            AccountNotFound: there is no such market or account.
            ProgramError: NothingToReturn, PerpLegAbsent. Others as of `Chain.send`.
        """
        address = (await self._perp_as_stored(market)).address
        landed = await self._send(
            exchange.waive_haircut(owner=self.wallet.address, account=self.account_address, market=address)
        )
        waived = emitted(landed, exchange.HaircutWaived)
        return CashReceipt(landed.signature, waived.account, collateral_of(waived.amount_atoms))

    async def _send_as_admin(
        self, *instructions: Instruction, explains: dict[str, tuple[str, str]] | None = None
    ) -> Landed:
        refusal = ("only the exchange's admin may do this", f"sign with {self.exchange.admin}")
        return await self._send(*instructions, explains={"AdminMismatch": refusal, **(explains or {})})


def _removable(market: exchange.PerpMarket, now: int) -> tuple[str, str]:
    """What stands in the way of taking more insurance out of a market, and how much may be taken."""
    share, day = exchange.INSURANCE_REMOVABLE_BPS, market.insurance_window_start + _DAY_S
    held, paid = market.insurance_window_atoms, market.insurance_paid_atoms
    if now >= day:
        held, paid = market.insurance_atoms, 0
    rules = market.rules
    uncovered_bps = _WHOLE_BPS - rules.tiers[0].maintenance_bps
    stays = max(
        -(-market.open_lots * market.mark_ticks * share // _WHOLE_BPS),
        -(-market.open_lots * rules.face_ticks * uncovered_bps // _WHOLE_BPS),
    )
    by_day = max(-(-held * share // _WHOLE_BPS) - paid, 0)
    most = max(min(by_day, market.insurance_atoms - stays), 0)
    more = f", and more from {moment_text(day)} on" if by_day == most and now < day else ""
    said = f"a tenth of the {collateral_of(held):,f} that insurance held as the day began may be taken in it"
    said += (
        f", and {collateral_of(stays):,f} of {collateral_of(market.insurance_atoms):,f} stay for positions"
    )
    return said, f"ask for at most {collateral_of(most):,f} now{more}"


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
