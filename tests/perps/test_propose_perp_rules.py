from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from exchange.refusals import UNSIGNED, Refusal, Substitution, substitutions
from secant import exchange

from .scene import PerpScene, changed_fields
from .substitutes import EXCHANGE, MARKET

if TYPE_CHECKING:
    from solders.instruction import Instruction

NOTICE_S = 172_800
STRANGERS = ("nobody", "alice", "pauser", "publisher", "foreign_admin")


def arrange(scene: PerpScene) -> None:
    """Nothing: the scene suffices."""


def call(scene: PerpScene, **changes: int) -> Instruction:
    return scene.propose(**(changes or {"stale_s": 30}))


SUBSTITUTED = substitutions(
    "propose_perp_rules",
    {
        "admin": {"unsigned": UNSIGNED} | dict.fromkeys(STRANGERS, "AdminMismatch"),
        "exchange": EXCHANGE | {"foreign_exchange": "AdminMismatch"},
        "market": MARKET | {"foreign_market": "ExchangeMismatch"},
    },
)

REFUSED: list[Refusal[PerpScene]] = [
    Refusal("rules out of range", "PerpRulesInvalid", lambda s: call(s, stale_s=0)),
    Refusal("another tick", "PerpRulesInvalid", lambda s: call(s, units_per_tick=99)),
    Refusal("other least lots", "PerpRulesInvalid", lambda s: call(s, lots_min=2)),
    Refusal(
        "a bound",
        "PerpRulesInvalid",
        lambda s: s.propose(face_ticks=20_000, near_bps=0, near_ticks=500, shock_bps=0, shock_ticks=5_000),
    ),
]


def test_notes_the_rules_for_two_days_later_and_changes_none(scene: PerpScene) -> None:
    before = scene.perp()
    due = scene.world.now + NOTICE_S
    assert scene.run(call(scene)) == [exchange.PerpRulesProposed(market=scene.market, rules_time=due)]
    after = scene.perp()
    assert changed_fields(before, after).keys() == {"next_rules", "rules_time"}
    assert (after.rules_time, after.rules, after.next_rules.stale_s) == (due, before.rules, 30)
    scene.assert_whole()


def test_proposing_anew_begins_the_notice_anew(scene: PerpScene) -> None:
    scene.run(call(scene))
    scene.later(NOTICE_S - 1)
    scene.run(call(scene, stale_s=40))
    scene.later(1)
    scene.assert_refused("NoticeRunning", scene.apply_rules())
    scene.later(NOTICE_S - 1)
    scene.run(scene.apply_rules())
    assert scene.perp().rules.stale_s == 40


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: PerpScene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: PerpScene, refusal: Refusal[PerpScene]) -> None:
    refusal.check(arranged)
