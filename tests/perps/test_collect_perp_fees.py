from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from exchange.refusals import Refusal, Substitution, substitutions
from secant import exchange

from .scene import PerpScene, changed_fields
from .substitutes import EXCHANGE_WRITABLE, MARKET

if TYPE_CHECKING:
    from solders.instruction import Instruction


def arrange(scene: PerpScene) -> None:
    """A trade has left fees of 4,000, and the taker has paid what it has lost: 4,500."""
    scene.open(scene.alice, 1_000)
    scene.run(scene.settle(scene.alice))


def call(scene: PerpScene) -> Instruction:
    return scene.collect()


SUBSTITUTED = substitutions(
    "collect_perp_fees",
    {
        "exchange": EXCHANGE_WRITABLE | {"foreign_exchange": "ExchangeMismatch"},
        "market": MARKET | {"other_market": "AmountZero", "foreign_market": "ExchangeMismatch"},
    },
)

REFUSED: list[Refusal[PerpScene]] = [
    Refusal("collected already", "AmountZero", call, lambda s: s.run(call(s))),
    Refusal("no trade yet", "AmountZero", lambda s: s.collect(s.other_market)),
    Refusal(
        "an empty pool",
        "AmountZero",
        lambda s: s.collect(s.other_market),
        lambda s: s.open(s.alice, 1_000, market=s.other_market),
    ),
]


def exchange_fees(scene: PerpScene) -> int:
    return exchange.Exchange.decode(scene.world.data(scene.world.exchange_address)).fees_atoms


def test_moves_what_the_pool_has_to_the_exchange(arranged: PerpScene) -> None:
    scene = arranged
    before = scene.perp()
    assert (before.pool_atoms, before.fees_due_atoms, before.fees_atoms) == (4_500, 4_000, 0)
    assert scene.run(call(scene)) == []
    assert changed_fields(before, scene.perp()) == {
        "pool_atoms": (4_500, 500),
        "fees_due_atoms": (4_000, 0),
    }
    assert exchange_fees(scene) == 4_000
    scene.assert_whole()


def test_moves_as_much_as_the_pool_reaches(scene: PerpScene) -> None:
    """Two takers have paid nothing yet but the 450 of one of them; insurance and fees wait for the others."""
    scene.open(scene.alice, 1_000)
    scene.open(scene.liquidator, 100)
    scene.run(scene.settle(scene.liquidator))
    scene.run(call(scene))
    assert exchange_fees(scene) == 450
    assert scene.perp().fees_due_atoms == 4_400 - 450
    scene.assert_whole()


def test_the_treasury_gets_it_as_other_fees(arranged: PerpScene) -> None:
    scene = arranged
    world = scene.world
    before = world.token_amount(world.treasury)
    collecting = exchange.collect_fees(
        exchange=world.exchange_address, vault=world.vault, treasury=world.treasury
    )
    scene.run(call(scene), collecting)
    assert world.token_amount(world.treasury) == before + 4_000
    scene.assert_whole()


def test_every_pause_leaves_it_open(arranged: PerpScene) -> None:
    arranged.run(arranged.pause(15), arranged.pause_perp(7))
    arranged.run(call(arranged))
    assert exchange_fees(arranged) == 4_000


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: PerpScene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: PerpScene, refusal: Refusal[PerpScene]) -> None:
    refusal.check(arranged)
