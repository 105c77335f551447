from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer

from secant import exchange

from .refusals import (
    SYSTEM_ALREADY_IN_USE,
    TOO_SMALL,
    WRONG_SEEDS,
    WRONG_TYPE,
    Refusal,
    Substitution,
    substitutions,
)
from .substitutes import EVENT, EXCHANGE, MARGIN_ACCOUNT, NEW_ACCOUNT, PAYER, SYSTEM_PROGRAM

if TYPE_CHECKING:
    from solders.instruction import Instruction

    from .scene import Scene

LIQUIDITY_MAX_LOTS = 10**12


def arrange(scene: Scene) -> None:
    """Nothing: the scene suffices."""


def call(
    scene: Scene, kind: int = exchange.POOL_LMSR, liquidity_lots: int = 1_000, event: Pubkey | None = None
) -> Instruction:
    return exchange.create_pool(
        creator=scene.alice.key,
        exchange=scene.world.exchange_address,
        account=scene.alice.account,
        event=event or scene.other_event,
        kind=kind,
        liquidity_lots=liquidity_lots,
    )


SUBSTITUTED = substitutions(
    "create_pool",
    {
        "creator": PAYER | {"nobody": WRONG_SEEDS, "mallory": WRONG_SEEDS},
        "exchange": EXCHANGE | {"foreign_exchange": "ExchangeMismatch", "=event": WRONG_TYPE},
        "account": MARGIN_ACCOUNT
        | {"mallory_account": "OwnerMismatch", "foreign_account": "ExchangeMismatch"},
        "event": EVENT
        | {
            "event": WRONG_SEEDS,
            "record_event": WRONG_SEEDS,
            "foreign_event": WRONG_SEEDS,
            "=exchange": TOO_SMALL,
        },
        "pool": NEW_ACCOUNT | {"pool": WRONG_SEEDS, "other_pool": WRONG_SEEDS},
        "system_program": SYSTEM_PROGRAM,
    },
)


def _with_account_of_another(scene: Scene) -> Instruction:
    """Mallory's pool, paid for by Alice's account."""
    return exchange.create_pool(
        creator=scene.mallory.key,
        exchange=scene.world.exchange_address,
        account=scene.alice.account,
        event=scene.event,
        kind=exchange.POOL_LMSR,
        liquidity_lots=1,
    )


def _drain(scene: Scene, left_atoms: int) -> None:
    scene.run(scene.world.withdraw(scene.alice, scene.cash(scene.alice) - left_atoms))


def _three_outcomes(scene: Scene) -> Instruction:
    event = scene.world.new_event(scene.alice, 3, name="three outcomes")
    return call(scene, exchange.POOL_PM_AMM, 1_000, event)


REFUSED: list[Refusal[Scene]] = [
    Refusal("paused", "Paused", call, lambda s: s.run(s.pause(exchange.PAUSE_CREATE))),
    Refusal("an account of another", "OwnerMismatch", _with_account_of_another),
    Refusal(
        "an event of another exchange",
        "ExchangeMismatch",
        lambda s: exchange.create_pool(
            creator=s.mallory.key,
            exchange=s.world.exchange_address,
            account=s.mallory.account,
            event=s.foreign_event,
            kind=exchange.POOL_LMSR,
            liquidity_lots=1,
        ),
    ),
    Refusal("at the lock time", "EventNotOpen", call, lambda s: s.world.set_time(s.world.now + 1_000)),
    Refusal("locked early", "EventNotOpen", call, lambda s: s.run(s.lock(s.judge.pubkey(), s.other_event))),
    Refusal("no such kind", "PoolKindInvalid", lambda s: call(s, 2)),
    Refusal("pm-AMM of three outcomes", "PoolKindInvalid", _three_outcomes),
    Refusal("no liquidity", "LiquidityInvalid", lambda s: call(s, 0, 0)),
    Refusal("no liquidity of a pm-AMM", "LiquidityInvalid", lambda s: call(s, 1, 0)),
    Refusal("too much liquidity", "LiquidityInvalid", lambda s: call(s, 0, LIQUIDITY_MAX_LOTS + 1)),
    Refusal(
        "too much liquidity of a pm-AMM", "LiquidityInvalid", lambda s: call(s, 1, LIQUIDITY_MAX_LOTS + 1)
    ),
    Refusal("beyond the account", "InsolventAccount", lambda s: call(s, 0, LIQUIDITY_MAX_LOTS)),
    Refusal("one atom short", "InsolventAccount", call, lambda s: _drain(s, 6_931_471)),
    Refusal("created already", SYSTEM_ALREADY_IN_USE, lambda s: call(s, 0, 1, s.event)),
]


@pytest.mark.parametrize(
    ("kind", "loss"), [(exchange.POOL_LMSR, math.log(2)), (exchange.POOL_PM_AMM, 1 / math.sqrt(2 * math.pi))]
)
def test_funds_the_greatest_loss_rounded_up(scene: Scene, kind: int, loss: float) -> None:
    cash = scene.cash(scene.alice)
    address, bump = Pubkey.find_program_address(
        [b"pool", bytes(scene.other_event), bytes(scene.alice.key)], exchange.PROGRAM_ID
    )
    funding = math.ceil(1_000 * 10_000 * loss)
    assert scene.run(call(scene, kind)) == [
        exchange.PoolCreated(pool=address, event=scene.other_event, funding_atoms=funding)
    ]
    pool = scene.world.pool(address)
    assert (pool.event, pool.creator) == (scene.other_event, scene.alice.key)
    assert (pool.cash_atoms, pool.fees_atoms, pool.liquidity_lots) == (funding, 0, 1_000)
    assert (pool.kind, pool.outcomes, pool.fee_bps) == (kind, 2, scene.world.fee_bps)
    assert (pool.bump, pool.layout, pool.sold_lots) == (bump, 1, (0,) * 16)
    assert scene.cash(scene.alice) == cash - funding


def test_exactly_solvent(scene: Scene) -> None:
    _drain(scene, 6_931_472)
    scene.run(call(scene))
    assert scene.cash(scene.alice) == 0


def test_sets_fund_a_pool(scene: Scene) -> None:
    """Sets are worth their face in every state, so they back the funding as cash does."""
    scene.run(scene.mint_set(scene.alice, 1_000))
    _drain(scene, 0)
    scene.run(call(scene))
    assert scene.cash(scene.alice) == -6_931_472
    scene.run(scene.merge_set(scene.alice, 1_000))


def test_lamports_sent_ahead_do_not_block_it(scene: Scene) -> None:
    address = exchange.find_pool(event=scene.other_event, creator=scene.alice.key)
    scene.run(transfer(TransferParams(from_pubkey=scene.mallory.key, to_pubkey=address, lamports=10**8)))
    scene.run(call(scene))


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: Scene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: Scene, refusal: Refusal[Scene]) -> None:
    refusal.check(arranged)
