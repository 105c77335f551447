"""Where accounts stand with their perpetuals: equity, what is required, and at which prices they end."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from secant import exchange
from secant.perp_margin import Health, Holding, health_with, holding_of, liquidation_ticks, prices_of
from secant.units import collateral_of

from .perp_accounts import held_markets
from .perp_results import PerpHealth, PerpPosition, PositionSide
from .perp_state import PerpState, PerpStateMethods
from .perp_views import pays_from, quality_of, share_of, status_of
from .session import decoded
from .views import moment_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from solders.pubkey import Pubkey

__all__ = ["HeldPerp", "PerpHealthMethods", "health_view", "held_perps"]

_RATIO = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class HeldPerp:
    """One leg of an account with its market.

    Attributes:
        state: The market.
        held: The position.
        elsewhere: The account's health without it.
        has_seat: Whether it has a seat in the market's book.
        wants_draw: Whether that holds fills.
    """

    state: PerpState
    held: Holding
    elsewhere: Health
    has_seat: bool
    wants_draw: bool

    @property
    def liquidation_ticks(self) -> int | None:
        """Return the mark at which the account is liquidated, all other prices as they are."""
        return liquidation_ticks(self.elsewhere, self.held, self.state.stored)


class PerpHealthMethods(PerpStateMethods):
    """What one asks about accounts that hold perpetuals."""

    async def perp_health(self, *, owner: Pubkey | str | None = None) -> PerpHealth:
        """Where a margin account stands with its perpetuals, markets brought up to date and seats drawn.

        Args:
            owner: Whose; the wallet's unless given.

        Raises:
            AccountNotFound: it is not open.
        """
        return await self._health_at(self._account_for(owner))

    async def _health_at(self, account: Pubkey) -> PerpHealth:
        stored = await self._margin(account)
        legs = {account: [leg for leg in stored.perp_legs if leg.market in held_markets(stored)]}
        states, seats, now = await asyncio.gather(
            self._perps_at(held_markets(stored)), self._seats_of(legs), self.chain.clock_time()
        )
        return health_view(account, stored, held_perps(account, stored, seats, states, now), now)

    async def perp_accounts(self) -> tuple[PerpHealth, ...]:
        """Every margin account of the exchange that holds perpetuals, the least healthy first.

        Raises:
            RpcUnreachable, RpcRefused: the node does not answer, or answers no scans.
        """
        holders, states, seats, now = await self._all_holders()
        views = [
            health_view(account, stored, held_perps(account, stored, seats, states, now), now)
            for account, stored in holders.items()
        ]
        return tuple(sorted(views, key=lambda view: (view.maintenance_surplus, str(view.account))))

    async def _all_holders(
        self,
    ) -> tuple[
        dict[Pubkey, exchange.MarginAccount],
        dict[Pubkey, PerpState],
        dict[tuple[Pubkey, Pubkey], exchange.Seat],
        int,
    ]:
        """All accounts that hold perpetuals, all perpetuals, all their seats, and the time."""
        kind = exchange.MarginAccount
        fields = {kind.OFFSETS["exchange"]: bytes(self.exchange.address)}
        found, states, now = await asyncio.gather(
            self.chain.program_accounts(exchange.PROGRAM_ID, kind.DISCRIMINATOR, fields),
            self._all_perps(),
            self.chain.clock_time(),
        )
        every = {address: decoded(kind, data) for address, data in found.items()}
        holders = {address: stored for address, stored in every.items() if stored.perps}
        legs = {address: [leg for leg in stored.perp_legs if leg.seat] for address, stored in holders.items()}
        return holders, states, await self._seats_of(legs), now


def held_perps(
    account: Pubkey,
    stored: exchange.MarginAccount,
    seats: Mapping[tuple[Pubkey, Pubkey], exchange.Seat],
    states: Mapping[Pubkey, PerpState],
    now: int,
) -> tuple[HeldPerp, ...]:
    """The legs of an account with their markets, at a time in Unix seconds."""
    legs = [leg for leg in stored.perp_legs if leg.market in states]
    held = [holding_of(leg, seats.get((account, leg.market)), states[leg.market].stored) for leg in legs]
    free_atoms = stored.cash_atoms + stored.floor_atoms

    def health_but(apart: int) -> Health:
        health = Health(free_atoms)
        for place, (leg, holding) in enumerate(zip(legs, held, strict=True)):
            if place != apart:
                health = _with(health, holding, states[leg.market], now)
        return health

    found = []
    for place, (leg, holding) in enumerate(zip(legs, held, strict=True)):
        seat = seats.get((account, leg.market))
        came = seat is not None and bool(seat.lots or seat.cash_atoms or seat.haircut_atoms)
        found.append(HeldPerp(states[leg.market], holding, health_but(place), seat is not None, came))
    return tuple(found)


def _with(health: Health, held: Holding, state: PerpState, now: int) -> Health:
    doubtful = not quality_of(state.stored, state.scale, now).opens
    return health_with(health, held, prices_of(state.stored, is_doubtful=doubtful), state.stored, now)


def health_view(
    account: Pubkey, stored: exchange.MarginAccount, legs: tuple[HeldPerp, ...], now: int
) -> PerpHealth:
    """An account's health for people."""
    free_atoms = stored.cash_atoms + stored.floor_atoms
    health = Health(free_atoms)
    for leg in legs:
        health = _with(health, leg.held, leg.state, now)
    equity = health.equity_atoms
    value = sum(abs(leg.held.lots) * leg.state.stored.mark_ticks for leg in legs)
    return PerpHealth(
        account=account,
        owner=stored.owner,
        free=collateral_of(free_atoms),
        equity=collateral_of(equity),
        initial=collateral_of(health.initial_atoms),
        maintenance=collateral_of(health.maintenance_atoms),
        initial_surplus=collateral_of(health.initial_surplus_atoms),
        maintenance_surplus=collateral_of(health.maintenance_surplus_atoms),
        withdrawable=collateral_of(max(min(health.initial_surplus_atoms, free_atoms), 0)),
        margin_ratio=share_of(health.maintenance_atoms, equity, _RATIO) if value and equity > 0 else None,
        leverage=share_of(value, equity, Decimal("0.01")) if equity > 0 else None,
        is_liquidatable=health.maintenance_surplus_atoms < 0,
        positions=tuple(sorted((_position(leg, now) for leg in legs), key=lambda view: view.name)),
    )


def _position(leg: HeldPerp, now: int) -> PerpPosition:
    market, scale, held = leg.state.stored, leg.state.scale, leg.held
    alone = _with(Health(0), held, leg.state, now)
    ends_at = leg.liquidation_ticks
    side = PositionSide.FLAT if not held.lots else PositionSide.LONG if held.lots > 0 else PositionSide.SHORT
    price_of_lots = scale.tick_size
    return PerpPosition(
        market=leg.state.address,
        name=leg.state.name,
        side=side,
        size=scale.size_of(abs(held.lots)),
        value=collateral_of(abs(held.lots) * market.mark_ticks),
        mark=scale.price_of(market.mark_ticks),
        status=status_of(market, now),
        pays=moment_of(pays_from(market)) if market.settlement_ticks else None,
        break_even=share_of(-held.quote_atoms, held.lots) * price_of_lots if held.lots else None,
        profit=collateral_of(held.claim_atoms(market.mark_ticks)),
        unsettled=collateral_of(-held.owed_atoms),
        initial=collateral_of(alone.initial_atoms),
        maintenance=collateral_of(alone.maintenance_atoms),
        liquidation_price=None if ends_at is None else scale.price_of(ends_at),
        borne=collateral_of(held.borne_atoms),
        returned=collateral_of(held.returned_atoms),
        bid_size=scale.size_of(held.bid_lots),
        ask_size=scale.size_of(held.ask_lots),
        wants_draw=leg.wants_draw,
        has_seat=leg.has_seat,
    )
