"""The mirror states what the program states of random accounts, written into a chain with their markets."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
from perp_states import Account, State, columns_of, states
from solders.account import Account as ChainAccount
from solders.instruction import AccountMeta
from solders.pubkey import Pubkey

from exchange.refusals import emitted
from perp_world import PerpWorld
from secant import exchange
from secant.perp_margin import Health, health_with, holding_of
from secant_keeper.perps.health import health
from secant_keeper.perps.prices import prices_of
from world import RefusedError

if TYPE_CHECKING:
    from secant_keeper.perps.market import Market, Schedule

STATES = 1_000
PRICE_MAX = 2**24 - 1
NO_TIER = exchange.PerpTier(from_atoms=0, initial_bps=0, maintenance_bps=0)


@cache
def chain() -> PerpWorld:
    """A chain with one market and one account, the forms that the states are written in."""
    world = PerpWorld()
    world.fund(world.publisher.pubkey())
    world.new_perp()
    world.user(1)
    return world


@cache
def empty_account() -> exchange.MarginAccount:
    """The one account as it was opened."""
    return chain().margin(chain().users[0])


def rules_of(schedule: Schedule, market: Market) -> exchange.PerpRules:
    (form,) = chain().feeds
    tiers = [
        exchange.PerpTier(tier.from_atoms, tier.initial_bps, tier.maintenance_bps) for tier in schedule.tiers
    ]
    return replace(
        chain().perp(form).rules,
        tiers=(*tiers, *[NO_TIER] * (4 - len(tiers))),
        tier_count=len(tiers),
        size_premium_ppb=schedule.size_premium_ppb,
        face_ticks=market.face_ticks,
        shock_ticks=PRICE_MAX,
    )


def write_market(market: Market, key: Pubkey, **more: int) -> exchange.PerpMarket:
    """A market with these prices and indices: its index is the low price, its average the high one."""
    world = chain()
    (form,) = world.feeds
    stale_s = 10_000 if market.is_doubtful else 0
    perp = replace(
        world.perp(form),
        rules=rules_of(market.schedule, market),
        mark_ticks=market.mark_ticks,
        index_ticks=market.low_ticks,
        index_average=market.high_ticks << 16,
        funding_index=market.funding_index,
        loss_long_index=market.loss_long_index,
        loss_short_index=market.loss_short_index,
        updated_at=world.now,
        updated_slot=world.svm.get_clock().slot,
        agreed_at=world.now - stale_s,
        **more,
    )
    world.svm.set_account(key, ChainAccount(10**9, perp.encode(), exchange.PROGRAM_ID))
    return perp


def write_account(account: Account, keys: list[Pubkey]) -> Pubkey:
    world = chain()
    user = world.users[0]
    form = empty_account()
    free_leg = form.perp_legs[0]
    legs = [
        replace(
            free_leg,
            market=keys[leg.market],
            position_lots=leg.position_lots,
            quote_atoms=leg.quote_atoms,
            funding_index=leg.funding_index,
            loss_index=leg.loss_index,
            bid_lots=leg.bid_lots,
            bid_atoms=leg.bid_atoms,
            ask_lots=leg.ask_lots,
            ask_atoms=leg.ask_atoms,
        )
        for leg in account.legs
    ]
    margin = replace(
        form,
        cash_atoms=account.free_atoms,
        perps=len(legs),
        perp_legs=(*legs, *[free_leg] * (8 - len(legs))),
    )
    world.svm.set_account(user.account, ChainAccount(10**9, margin.encode(), exchange.PROGRAM_ID))
    return user.account


def stated(account: Account, keys: list[Pubkey]) -> exchange.MarginStated | None:
    """What the program says of an account; None if it says that a sum leaves 64 bits."""
    world = chain()
    key = write_account(account, keys)
    metas = [AccountMeta(keys[leg.market], is_signer=False, is_writable=False) for leg in account.legs]
    refresh = exchange.refresh_margin(account=key, remaining_accounts=metas)
    try:
        landed = world.run(refresh, signers=[world.users[0].keys])
    except RefusedError as refusal:
        if refusal.name != "Overflow":
            raise
        return None
    (event,) = emitted(landed.logs())
    assert isinstance(event, exchange.MarginStated)
    return event


def check(state: State) -> int:
    """Fails where the mirror and the program differ; how many accounts were compared."""
    keys = [Pubkey.new_unique() for _ in state.markets]
    for market, key in zip(state.markets, keys, strict=True):
        write_market(market, key)
    columns = columns_of(state)
    mirrored = health(columns, state.markets, np.arange(len(state.accounts)))
    compared = 0
    for row, account in enumerate(state.accounts):
        said = stated(account, keys)
        if mirrored.is_unknown[row]:
            continue
        assert said is not None, "the mirror knows an account that the program refuses"
        compared += 1
        assert (said.free_atoms, said.losses_atoms) == (mirrored.free_atoms[row], mirrored.losses_atoms[row])
        assert (said.initial_atoms, said.maintenance_atoms) == (
            mirrored.initial_atoms[row],
            mirrored.maintenance_atoms[row],
        )
        assert said.equity_atoms == mirrored.equity()[row]
    return compared


def test_the_mirror_is_the_program_bit_for_bit() -> None:
    assert sum(map(check, states(seed=5, count=STATES))) > 2 * STATES


@pytest.mark.parametrize("waited_s", [0, exchange.LOSSES_FIRST_S - 1, exchange.LOSSES_FIRST_S])
def test_settled_markets_require_what_the_program_says(waited_s: int) -> None:
    """Exact integers, those of the client and of the keeper alike; other markets beside the settled ones."""
    world, compared = chain(), 0
    settled = {"settlement_ticks": 1, "settled_time": world.now - waited_s}
    for state in states(seed=9, count=100):
        keys = [Pubkey.new_unique() for _ in state.markets]
        both = zip(state.markets, keys, strict=True)
        markets = [
            write_market(market, key, **(settled if at % 2 else {})) for at, (market, key) in enumerate(both)
        ]
        for account in state.accounts:
            said = stated(account, keys)
            if said is None:
                continue
            found = Health(account.free_atoms)
            for leg, of in zip(world.margin(world.users[0]).perp_legs, account.legs, strict=False):
                market = markets[of.market]
                prices = prices_of(market, world.now)
                found = health_with(found, holding_of(leg, None, market), prices, market, world.now)
            assert (said.equity_atoms, said.losses_atoms) == (found.equity_atoms, found.losses_atoms)
            assert said.initial_atoms == found.initial_atoms
            assert said.maintenance_atoms == found.maintenance_atoms
            compared += any(of.market % 2 for of in account.legs)
    assert compared > 100
