from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from secant import exchange
from world import World

from .refusals import Refusal, Substitution, substitutions
from .substitutes import EVENT_WRITABLE, POOL

if TYPE_CHECKING:
    from solders.instruction import Instruction

    from .scene import Scene


SOLD_MAX = 10**12


def arrange(scene: Scene) -> None:
    """Alice's pool has sold 40 lots of one outcome and 100 of the other: 40 complete sets."""
    scene.run(scene.trade(scene.mallory, 0, 100))
    scene.run(scene.trade(scene.mallory, 1, 40))


def call(scene: Scene) -> Instruction:
    return exchange.net_pool(event=scene.event, pool=scene.pool)


SUBSTITUTED = substitutions(
    "net_pool",
    {
        "event": EVENT_WRITABLE | {"other_event": "PoolMismatch", "foreign_event": "PoolMismatch"},
        "pool": POOL | {"other_pool": "PoolMismatch", "foreign_pool": "PoolMismatch"},
    },
)

REFUSED: list[Refusal[Scene]] = [
    Refusal("no complete set", "AmountZero", call, lambda s: s.run(call(s))),
    Refusal("settled", "EventSettled", call, lambda s: s.settle(6_000, 4_000)),
]


def test_takes_complete_sets_out_and_changes_no_price(arranged: Scene) -> None:
    scene = arranged
    before, escrow = scene.world.pool(scene.pool), scene.world.event(scene.event).escrow_atoms
    assert before.sold_lots[:2] == (100, 40)
    bought = [scene.run(scene.trade(scene.mallory, 0, lots))[0] for lots in (10, -10)]
    assert scene.run(call(scene)) == [exchange.PoolNetted(pool=scene.pool, lots=40)]
    bought_after = [scene.run(scene.trade(scene.mallory, 0, lots))[0] for lots in (10, -10)]
    assert bought_after == bought
    after = scene.world.pool(scene.pool)
    assert after.sold_lots[:2] == (60, 0)
    round_trips_atoms = 2 * sum(trade.cost_atoms for trade in bought)
    assert after.cash_atoms == before.cash_atoms + round_trips_atoms - 40 * 10_000
    assert scene.world.event(scene.event).escrow_atoms == escrow + 40 * 10_000


def test_merges_the_complete_sets_that_it_has_bought(scene: Scene) -> None:
    scene.run(scene.mint_set(scene.mallory, 50))
    scene.run(scene.trade(scene.mallory, 0, -50))
    scene.run(scene.trade(scene.mallory, 1, -30))
    before, escrow = scene.world.pool(scene.pool), scene.world.event(scene.event).escrow_atoms
    assert scene.run(call(scene)) == [exchange.PoolNetted(pool=scene.pool, lots=-50)]
    after = scene.world.pool(scene.pool)
    assert after.sold_lots[:2] == (0, 20)
    assert after.cash_atoms == before.cash_atoms + 50 * 10_000
    assert scene.world.event(scene.event).escrow_atoms == escrow - 50 * 10_000


@pytest.mark.parametrize("kind", [exchange.POOL_LMSR, exchange.POOL_PM_AMM])
def test_netting_never_takes_a_pool_out_of_range(kind: int) -> None:
    """Near the limit of its numbers, bought sets are given back only as far as the others may rise."""
    world = World()
    maker, taker = (world.new_user(4 * 10**16, 4 * 10**16) for _ in range(2))
    event = world.new_event(maker)
    pool = world.new_pool(maker, event, kind, liquidity_lots=SOLD_MAX)
    for outcome, lots in ((0, SOLD_MAX - 100), (1, -300)):
        world.run(world.trade(taker, event, pool, outcome, lots), signers=[taker.keys])
    world.run(exchange.net_pool(event=event, pool=pool), signers=[taker.keys])
    assert world.pool(pool).sold_lots[:2] == (SOLD_MAX, -200)
    world.run(world.trade(taker, event, pool, 0, -1_000), signers=[taker.keys])


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: Scene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: Scene, refusal: Refusal[Scene]) -> None:
    refusal.check(arranged)
