"""Taking over the positions of accounts that do not have what keeping them requires."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypedDict

from secant import exchange
from secant.errors import InputError, ProgramError
from secant.units import collateral_of

from .perp_accounts import other_markets, perp_seats, updating
from .perp_crowd import PerpCrowdMethods
from .perp_results import PositionSide
from .perp_trading import PerpTradeMethods
from .session import address_of, emitted

if TYPE_CHECKING:
    from decimal import Decimal

    from solders.instruction import AccountMeta, Instruction
    from solders.pubkey import Pubkey
    from solders.signature import Signature

    from secant.units import Number

    from .perp_state import PerpRef, PerpState

__all__ = ["LiquidationReceipt", "PerpLiquidationMethods"]

_ALL_LOTS: Final = 2**64 - 1
_ACCOUNT_AT: Final = 3  # among those of a takeover
_REFUSED: Final = {
    "AccountBankrupt": (
        "the account is worth less than the least reward of its liquidation",
        "resolve its bankruptcy: `secant perp liquidate MARKET ACCOUNT --resolve`, `client.resolve_perp`",
    ),
    "AccountSolvent": (
        "the account can still pay for its liquidation",
        "liquidate it: `secant perp liquidate MARKET ACCOUNT`, `client.liquidate_perp`",
    ),
    "NothingToLiquidate": (
        "the account has no position in this perpetual to take over",
        "`secant perp liquidate` lists who can be liquidated, and where",
    ),
    "OrdersOpen": (
        "the account still has orders in perpetuals",
        "send it again: each attempt takes up to 256 of them out",
    ),
}


@dataclass(frozen=True, slots=True)
class LiquidationReceipt:
    """A position was taken over at the mark.

    Attributes:
        signature: The transaction's.
        market: The perpetual.
        account: Whose position it was.
        taker: The margin account that holds it now.
        side: What was taken over; flat where only a debt was left.
        size: Base units.
        price: The mark.
        reward: What the taker earned, part of its position's cost.
        insurance: What insurance earned.
        shortfall: What a bankrupt account was short of.
        haircut: How much of that those on the other side bore.
    """

    signature: Signature
    market: Pubkey
    account: Pubkey
    taker: Pubkey
    side: PositionSide
    size: Decimal
    price: Decimal
    reward: Decimal
    insurance: Decimal
    shortfall: Decimal
    haircut: Decimal


class _Takeover(TypedDict):
    """What liquidating and resolving have in common."""

    liquidator: Pubkey
    exchange: Pubkey
    taker: Pubkey
    account: Pubkey
    market: Pubkey
    feed: Pubkey
    book: Pubkey
    remaining_accounts: list[AccountMeta]


class PerpLiquidationMethods(PerpTradeMethods, PerpCrowdMethods):
    """What liquidators do. The wallet's margin account takes over, and must afford what it takes."""

    async def liquidate_perp(
        self, market: PerpRef, account: Pubkey | str, size: Number | None = None
    ) -> LiquidationReceipt:
        """Takes over as much of an unhealthy account's position as restores it, at the mark less a reward.

        The account's orders in all perpetuals are cancelled first.

        Args:
            market: The perpetual.
            account: The unhealthy margin account, as `perp_accounts` lists it.
            size: Base units at most; as many as the program allows unless given.

        Raises:
            UnitError: a size off the lot. AccountNotFound: there is no such market or account.
            ProgramError: AccountHealthy, AccountBankrupt, NothingToLiquidate, InsolventAccount,
                PositionTooLarge, PriceUnfit, Paused. Others as of `Chain.send`.
        """
        state = await self._perp_as_stored(market)
        lots_max = _ALL_LOTS if size is None else state.scale.lots_of(size)
        takeover, before = await self._takeover(state, address_of(account, "account"))
        return await self._taken(state, before, exchange.liquidate(**takeover, lots_max=lots_max))

    async def resolve_perp(
        self, market: PerpRef, account: Pubkey | str, size: Number | None = None
    ) -> LiquidationReceipt:
        """Takes over the position of an account that cannot pay for its liquidation, in part or whole.

        Insurance, then those on the other side of the market, pay what is missing.

        Args:
            market: The perpetual.
            account: The bankrupt margin account.
            size: Base units at most; all of them unless given.

        Raises:
            UnitError: a size off the lot. AccountNotFound: there is no such market or account.
            ProgramError: AccountHealthy, AccountSolvent, InsuranceInsufficient, InsolventAccount,
                PositionTooLarge, PriceUnfit, Paused. Others as of `Chain.send`.
        """
        state = await self._perp_as_stored(market)
        lots_max = _ALL_LOTS if size is None else state.scale.lots_of(size)
        takeover, before = await self._takeover(state, address_of(account, "account"))
        return await self._taken(state, before, exchange.resolve_bankruptcy(**takeover, lots_max=lots_max))

    # --- for the methods above ------------------------------------------------------------------------------

    async def _takeover(self, state: PerpState, account: Pubkey) -> tuple[_Takeover, list[Instruction]]:
        """The accounts of a takeover, and what must be done before it."""
        if account == self.account_address:
            raise InputError("no account takes its own position over", "name another account")
        stored, taker = await self._margin(account), await self._margin(self.account_address)
        seated = (await self._perps_at(perp_seats(stored))).values()
        before = await self._updating_others(state, stored, taker)
        if seated:
            before.append(updating(state.address, state.stored))
            before += [self._drawing_perp(each, account, stored) for each in seated]
        return {
            "liquidator": self.wallet.address,
            "exchange": self.exchange.address,
            "taker": self.account_address,
            "account": account,
            "market": state.address,
            "feed": state.stored.feed,
            "book": state.book,
            "remaining_accounts": other_markets(state.address, stored, taker),
        }, before

    async def _taken(
        self, state: PerpState, before: list[Instruction], takeover: Instruction
    ) -> LiquidationReceipt:
        account = takeover.accounts[_ACCOUNT_AT].pubkey
        lots = await self._position_lots(state, account)
        try:
            landed = await self._send_about(state, *before, takeover, explains=_REFUSED)
        except ProgramError as error:
            if error.name in {"AccountHealthy", "OrdersOpen"}:
                await self._explain_healthy(account, error)
            raise
        done = emitted(landed, exchange.Liquidated)
        side = PositionSide.LONG if lots > 0 else PositionSide.SHORT
        return LiquidationReceipt(
            signature=landed.signature,
            market=state.address,
            account=account,
            taker=self.account_address,
            side=side if done.lots else PositionSide.FLAT,
            size=state.scale.size_of(done.lots),
            price=state.scale.price_of(done.mark_ticks),
            reward=collateral_of(done.reward_atoms),
            insurance=collateral_of(done.insurance_atoms),
            shortfall=collateral_of(done.shortfall_atoms),
            haircut=collateral_of(done.haircut_atoms),
        )

    async def _explain_healthy(self, account: Pubkey, error: ProgramError) -> None:
        """Writes into an error that the account is healthy, if it is: its orders then stay where they are."""
        view = await self._health_at(account)
        if not view.is_liquidatable:
            surplus = view.maintenance_surplus
            error.message = f"the account has {surplus:,f} more than keeping its positions requires"
            error.remedy = "`secant perp liquidate` lists those that have less"
