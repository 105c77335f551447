from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from exchange.refusals import Refusal, Substitution, substitutions
from secant import exchange

from .scene import PRICE_TICKS, PerpScene, changed_fields
from .substitutes import MARKET

if TYPE_CHECKING:
    from solders.instruction import Instruction

NOTICE_S = 172_800


def arrange(scene: PerpScene) -> None:
    """Rules have been proposed two days ago."""
    scene.run(scene.propose(stale_s=30, taker_fee_ppm=900))
    scene.later(NOTICE_S)


def call(scene: PerpScene) -> Instruction:
    return scene.apply_rules()


SUBSTITUTED = substitutions(
    "apply_perp_rules",
    {"market": MARKET | {"other_market": "NoticeRunning", "foreign_market": "NoticeRunning"}},
)

REFUSED: list[Refusal[PerpScene]] = [
    Refusal("none proposed", "NoticeRunning", call, lambda s: s.run(call(s))),
    Refusal("proposed anew", "NoticeRunning", call, lambda s: s.run(s.propose(stale_s=40))),
]


def test_brings_the_rules_into_force(arranged: PerpScene) -> None:
    scene = arranged
    before = scene.perp()
    assert scene.run(call(scene)) == [exchange.PerpRulesApplied(market=scene.market)]
    after = scene.perp()
    assert changed_fields(before, after).keys() == {"rules", "rules_time"}
    assert (after.rules, after.rules_time) == (before.next_rules, 0)
    scene.assert_whole()


def test_not_a_second_sooner(scene: PerpScene) -> None:
    scene.run(scene.propose(stale_s=30))
    scene.later(NOTICE_S - 1)
    scene.assert_refused("NoticeRunning", call(scene))
    scene.later(1)
    scene.run(call(scene))


def test_what_is_open_counts_by_them_from_then_on(scene: PerpScene) -> None:
    """A dearer tier takes nothing from anybody: an account below it is liquidated as any other."""
    scene.open(scene.alice, 1_000)
    tiers = list(scene.perp().rules.tiers)
    tiers[0] = exchange.PerpTier(from_atoms=0, initial_bps=1_500, maintenance_bps=700)
    scene.run(scene.propose(tiers=tuple(tiers)))
    scene.price(PRICE_TICKS, NOTICE_S)
    assert scene.health(scene.alice).maintenance_atoms == 500_000
    scene.run(call(scene))
    stated = scene.health(scene.alice)
    assert (stated.initial_atoms, stated.maintenance_atoms) == (1_500_000, 700_000)
    scene.assert_whole()


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: PerpScene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: PerpScene, refusal: Refusal[PerpScene]) -> None:
    refusal.check(arranged)
