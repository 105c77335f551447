"""What the client says of an account is the engine's, to the atom and to the tick."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine_model import health_of, surplus_of
from hypothesis import given
from hypothesis import strategies as st
from perp_states import PRICE_MAX, State, random_state, states
from solders.pubkey import Pubkey
from test_liquidation_ticks import is_known

from secant import exchange
from secant.perp_margin import Health, Holding, Prices, health_with, holding_of, liquidation_ticks
from secant.units import PERP_TICKS_MAX

if TYPE_CHECKING:
    import random

    from perp_states import Account

    from secant_keeper.perps.columns import Leg
    from secant_keeper.perps.market import Market, Schedule

BLANK = exchange.PerpMarket.decode(
    exchange.PerpMarket.DISCRIMINATOR
    + bytes(exchange.PerpMarket.SIZE - len(exchange.PerpMarket.DISCRIMINATOR))
)
NO_TIER = exchange.PerpTier(from_atoms=0, initial_bps=0, maintenance_bps=0)


def rules_of(schedule: Schedule, face_ticks: int) -> exchange.PerpRules:
    tiers = [
        exchange.PerpTier(
            from_atoms=tier.from_atoms, initial_bps=tier.initial_bps, maintenance_bps=tier.maintenance_bps
        )
        for tier in schedule.tiers
    ]
    return replace(
        BLANK.rules,
        tiers=(*tiers, *[NO_TIER] * (4 - len(tiers))),
        tier_count=len(tiers),
        size_premium_ppb=schedule.size_premium_ppb,
        face_ticks=face_ticks,
    )


def stored_market(market: Market) -> exchange.PerpMarket:
    return replace(
        BLANK,
        rules=rules_of(market.schedule, market.face_ticks),
        mark_ticks=market.mark_ticks,
        funding_index=market.funding_index,
        loss_long_index=market.loss_long_index,
        loss_short_index=market.loss_short_index,
    )


def stored_leg(leg: Leg) -> exchange.PerpLeg:
    return exchange.PerpLeg(
        market=bytes_key(leg.market),
        position_lots=leg.position_lots,
        quote_atoms=leg.quote_atoms,
        funding_index=leg.funding_index,
        loss_index=leg.loss_index,
        bid_lots=leg.bid_lots,
        bid_atoms=leg.bid_atoms,
        ask_lots=leg.ask_lots,
        ask_atoms=leg.ask_atoms,
        seat=0,
        opening=0,
        haircut_atoms=0,
        recovery_share=0,
        recovery_epoch=0,
        drawn_slot=0,
    )


def bytes_key(number: int) -> Pubkey:
    return Pubkey.from_bytes(bytes([number + 1] * 32))


def health_but(
    account: Account, held: list[Holding], markets: list[Market], *, apart: int | None = None
) -> Health:
    found = Health(account.free_atoms)
    for place, (leg, holding) in enumerate(zip(account.legs, held, strict=True)):
        market = markets[leg.market]
        if place != apart:
            prices = Prices(
                market.mark_ticks, market.low_ticks, market.high_ticks, market.face_ticks, market.is_doubtful
            )
            found = health_with(found, holding, prices, stored_market(market), 0)
    return found


def assert_the_engines(state: State) -> int:
    """Every known account of a state; how many prices of liquidation it has."""
    markets = state.markets
    prices = 0
    for account in state.accounts:
        if not is_known(account, markets):
            continue
        held = [holding_of(stored_leg(leg), None, stored_market(markets[leg.market])) for leg in account.legs]

        found = health_but(account, held, markets)
        model = health_of(account.free_atoms, account.legs, markets)
        for name in ("free", "claims", "losses", "initial", "maintenance"):
            assert getattr(found, f"{name}_atoms") == getattr(model, f"{name}_atoms")
        assert found.maintenance_surplus_atoms == model.maintenance_surplus()
        for place, (leg, holding) in enumerate(zip(account.legs, held, strict=True)):
            market = stored_market(markets[leg.market])
            ticks = liquidation_ticks(health_but(account, held, markets, apart=place), holding, market)
            assert_leg(account.free_atoms, account.legs, markets, leg, ticks)
            prices += ticks is not None
    return prices


def assert_leg(free_atoms: int, legs: list[Leg], markets: list[Market], leg: Leg, ticks: int | None) -> None:
    def is_below(price_ticks: int) -> bool:
        moved = list(markets)
        moved[leg.market] = replace(markets[leg.market], mark_ticks=price_ticks)
        return surplus_of(free_atoms, legs, moved) < 0

    highest = markets[leg.market].price_max_ticks
    best, worst = (highest, 1) if leg.position_lots > 0 else (1, highest)
    if leg.position_lots == 0:
        assert ticks is None
    elif ticks is None:
        assert not is_below(worst)
    else:
        assert is_below(ticks)
        assert is_below(worst)
        if ticks != best:
            assert not is_below(ticks + (1 if best > worst else -1))


@given(st.randoms(use_true_random=False))
def test_health_and_prices_are_the_engines(rng: random.Random) -> None:
    assert_the_engines(random_state(rng))


def test_health_and_prices_are_the_engines_on_many_states() -> None:
    assert sum(assert_the_engines(state) for state in states(seed=11, count=400)) > 1_000
    assert PERP_TICKS_MAX == PRICE_MAX
