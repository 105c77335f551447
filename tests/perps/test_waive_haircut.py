from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from exchange.refusals import UNSIGNED, Refusal, Substitution, substitutions
from secant import exchange
from world import ask, bid

from .scene import FOK, PerpScene, changed_fields
from .substitutes import MARGIN_ACCOUNT, MARKET

if TYPE_CHECKING:
    from solders.instruction import Instruction

BORNE_ATOMS = 490_000


def arrange(scene: PerpScene) -> None:
    """Mallory, who was short, has borne 490,000 atoms."""
    scene.haircut()


def call(scene: PerpScene) -> Instruction:
    return scene.waive_haircut(scene.mallory)


SUBSTITUTED = substitutions(
    "waive_haircut",
    {
        "owner": {"unsigned": UNSIGNED} | dict.fromkeys(("nobody", "alice", "admin"), "OwnerMismatch"),
        "account": MARGIN_ACCOUNT | {"alice_account": "OwnerMismatch", "foreign_account": "OwnerMismatch"},
        "market": MARKET | dict.fromkeys(("other_market", "foreign_market"), "PerpLegAbsent"),
    },
)

REFUSED: list[Refusal[PerpScene]] = [
    Refusal("nothing borne", "NothingToReturn", lambda s: s.waive_haircut(s.liquidator)),
    Refusal("waived already", "NothingToReturn", call, lambda s: s.run(call(s))),
    Refusal("without a leg", "PerpLegAbsent", lambda s: s.waive_haircut(s.alice)),
    Refusal(
        "by a delegate",
        "OwnerMismatch",
        lambda s: s.traded_by(s.alice.key, call(s)),
        lambda s: s.run(s.delegate(s.mallory, s.alice.key)),
    ),
]


def test_gives_up_what_was_borne_and_not_returned(arranged: PerpScene) -> None:
    scene = arranged
    before, equity = scene.perp(), scene.health(scene.mallory).equity_atoms
    assert scene.run(call(scene)) == [
        exchange.HaircutWaived(account=scene.mallory.account, market=scene.market, amount_atoms=BORNE_ATOMS)
    ]
    assert changed_fields(before, scene.perp()) == {"haircut_open_atoms": (BORNE_ATOMS, 0)}
    leg = scene.leg(scene.mallory)
    assert leg is not None
    assert leg.haircut_atoms == 0
    assert scene.health(scene.mallory).equity_atoms == equity
    scene.assert_whole()


def test_frees_the_leg_of_who_has_nothing_else_there(arranged: PerpScene) -> None:
    """Closed and settled, a leg stays for what may come back; waived, it is gone."""
    scene = arranged
    scene.price(8_900, 301)
    scene.rest(scene.liquidator, ask(8_900, 10_000))
    scene.run(scene.trade(scene.mallory, bid(8_900, 10_000, kind=FOK)))
    scene.run(scene.settle(scene.mallory))
    leg = scene.leg(scene.mallory)
    assert leg is not None
    assert (leg.position_lots, leg.quote_atoms, leg.haircut_atoms) == (0, 0, BORNE_ATOMS)
    scene.run(call(scene))
    assert scene.leg(scene.mallory) is None
    assert scene.world.margin(scene.mallory).perps == 0
    assert scene.perp().haircut_open_atoms == 0
    scene.assert_whole()


def test_what_is_waived_is_the_others(arranged: PerpScene) -> None:
    """Insurance pays what is still open, and no atom of what was given up."""
    scene = arranged
    scene.run(call(scene))
    scene.run(scene.insure(scene.alice, 10**6))
    scene.price(8_900, 86_400)
    scene.assert_refused("NothingToReturn", scene.return_haircut())
    scene.assert_whole()


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: PerpScene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: PerpScene, refusal: Refusal[PerpScene]) -> None:
    refusal.check(arranged)
