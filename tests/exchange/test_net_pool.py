from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from secant import exchange

from .refusals import Refusal, Substitution, substitutions
from .substitutes import EVENT_WRITABLE, POOL

if TYPE_CHECKING:
    from solders.instruction import Instruction

    from .scene import Scene


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


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: Scene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: Scene, refusal: Refusal[Scene]) -> None:
    refusal.check(arranged)
