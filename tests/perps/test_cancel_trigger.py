from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from exchange.refusals import (
    NOT_WRITABLE,
    TOO_SMALL,
    TWICE,
    WRONG_OWNER,
    WRONG_TYPE,
    Refusal,
    Substitution,
    substitutions,
)
from secant import exchange
from world import ask, bid

from .substitutes import MARGIN_ACCOUNT, SIGNER

if TYPE_CHECKING:
    from solders.instruction import Instruction

    from .scene import PerpScene

STOP = exchange.TriggerTerms(
    lots=100,
    expires_at=0,
    trigger_ticks=9_500,
    trail_ticks=0,
    slip_ticks=50,
    side=exchange.SIDE_ASK,
    is_above=0,
)


def arrange(scene: PerpScene) -> None:
    """A stop that a delegate has placed for Alice, and one of Mallory's."""
    scene.open(scene.alice, 100)
    scene.run(scene.delegate(scene.alice, scene.liquidator.key))
    placing = scene.substitute(scene.place_trigger(scene.alice, STOP), "trader", "liquidator")
    scene.run(placing, scene.place_trigger(scene.mallory, STOP))
    scene.addresses["mallory_trigger"] = scene.trigger_of(scene.mallory)


def call(scene: PerpScene) -> Instruction:
    """By the owner, who has not paid for it."""
    return scene.cancel_trigger(scene.alice, scene.liquidator.key, scene.alice.key)


SUBSTITUTED = substitutions(
    "cancel_trigger",
    {
        "payer": {"read_only": NOT_WRITABLE}
        | dict.fromkeys(("nobody", "mallory", "admin", "mallory_account"), "OwnerMismatch"),
        "account": dict.fromkeys(
            [name for name in MARGIN_ACCOUNT if name != "read_only"] + ["mallory_account", "foreign_account"],
            "AccountMismatch",
        ),
        "trigger": {
            "read_only": NOT_WRITABLE,
            "clone": WRONG_OWNER,
            "other_type": WRONG_TYPE,
            "nobody": TOO_SMALL,
            "mallory_trigger": "OwnerMismatch",
            "mallory_account": WRONG_TYPE,
            "market": WRONG_TYPE,
            "mallory_wallet": TOO_SMALL,
        },
        "trader": SIGNER,
    },
)

REFUSED: list[Refusal[PerpScene]] = [
    Refusal(
        "by nobody",
        "OwnerMismatch",
        lambda s: s.substitute(s.cancel_trigger(s.alice, s.liquidator.key), "payer", "unsigned"),
    ),
    Refusal("cancelled already", TOO_SMALL, call, lambda s: s.run(call(s))),
    Refusal(
        "by a delegate who is none any more",
        "OwnerMismatch",
        lambda s: s.cancel_trigger(s.alice, s.liquidator.key),
        lambda s: s.run(s.delegate(s.alice, s.mallory.key)),
    ),
    Refusal(
        "by who paid, named twice",
        TWICE,
        lambda s: s.cancel_trigger(s.alice, s.liquidator.key, s.liquidator.key),
    ),
]


@pytest.mark.parametrize("by", ["payer", "owner", "another delegate"])
def test_gives_the_rent_back_to_who_paid(arranged: PerpScene, by: str) -> None:
    scene = arranged
    payer = scene.liquidator.key
    if by == "another delegate":
        scene.run(scene.delegate(scene.alice, scene.mallory.key))
    trader = {"payer": None, "owner": scene.alice.key, "another delegate": scene.mallory.key}[by]
    trigger = scene.trigger_of(scene.alice)
    lamports, rent = scene.world.svm.get_balance(payer), scene.world.svm.get_balance(trigger)
    assert scene.run(scene.cancel_trigger(scene.alice, payer, trader)) == [
        exchange.TriggerClosed(trigger=trigger, filled_lots=0)
    ]
    assert not scene.world.exists(trigger)
    assert scene.world.svm.get_balance(payer) == lamports + rent
    scene.assert_whole()


def test_the_owner_who_paid_cancels(scene: PerpScene) -> None:
    scene.open(scene.alice, 100)
    scene.run(scene.place_trigger(scene.alice, STOP))
    scene.run(scene.cancel_trigger(scene.alice))
    assert not scene.world.exists(scene.trigger_of(scene.alice))


def test_anyone_clears_what_has_lapsed_for_who_paid(scene: PerpScene) -> None:
    scene.open(scene.alice, 100)
    scene.run(scene.place_trigger(scene.alice, replace(STOP, expires_at=scene.world.now + 10)))
    clearing = scene.substitute(scene.cancel_trigger(scene.alice), "payer", "unsigned")
    lamports = scene.world.svm.get_balance(scene.alice.key)
    scene.later(9)
    scene.assert_refused("OwnerMismatch", clearing)
    scene.later(1)
    scene.run(clearing)
    assert scene.world.svm.get_balance(scene.alice.key) > lamports
    scene.assert_whole()


@pytest.mark.parametrize("end", ["flat", "turned", "freed", "opened again"])
def test_anyone_clears_what_was_placed_for_another_position(scene: PerpScene, end: str) -> None:
    """Neither does it sell what is held after it, at whatever price."""
    scene.open(scene.alice, 100)
    scene.run(scene.place_trigger(scene.alice, STOP))
    trigger = scene.trigger_of(scene.alice)
    clearing = scene.substitute(scene.cancel_trigger(scene.alice), "payer", "unsigned")
    scene.open(scene.alice, -60)
    scene.assert_refused("OwnerMismatch", clearing)
    scene.open(scene.alice, -100 if end == "turned" else -40)
    if end in {"freed", "opened again"}:
        scene.run(scene.settle(scene.alice))
        assert scene.leg(scene.alice) is None
    if end == "opened again":
        scene.open(scene.alice, 100)
    scene.price(9_500)
    scene.rest(scene.mallory, bid(9_490, 1_000))
    scene.assert_refused("TriggerVoid", scene.execute(scene.alice))
    lamports, rent = scene.world.svm.get_balance(scene.alice.key), scene.world.svm.get_balance(trigger)
    scene.run(clearing)
    assert scene.world.svm.get_balance(scene.alice.key) == lamports + rent
    scene.assert_whole()


def test_what_is_placed_before_the_position_stands(scene: PerpScene) -> None:
    """A stop for what an order will bring, and for all that is added to it."""
    scene.rest(scene.alice, bid(9_900, 50))
    scene.run(scene.place_trigger(scene.alice, STOP))
    scene.placed(scene.mallory, ask(9_900, 50))
    scene.run(scene.draw(scene.alice))
    scene.open(scene.alice, 30)
    scene.price(9_500)
    scene.rest(scene.mallory, bid(9_490, 1_000))
    scene.run(scene.execute(scene.alice))
    assert scene.held(scene.alice)[0] == 0
    scene.assert_whole()


def test_a_closed_account_leaves_no_rent_behind(scene: PerpScene) -> None:
    """Anyone clears its triggers, and the rent is his who paid it."""
    user = scene.user(1_000_000)
    scene.open(user, 10)
    scene.run(scene.place_trigger(user, STOP))
    scene.open(user, -10)
    scene.run(scene.settle(user))
    scene.run(scene.world.withdraw(user, scene.free(user)))
    clearing = scene.substitute(scene.cancel_trigger(user), "payer", "unsigned")
    scene.run(exchange.close_account(owner=user.key, account=user.account))
    trigger = scene.trigger_of(user)
    lamports, rent = scene.world.svm.get_balance(user.key), scene.world.svm.get_balance(trigger)
    scene.run(clearing)
    assert not scene.world.exists(trigger)
    assert scene.world.svm.get_balance(user.key) == lamports + rent


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: PerpScene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: PerpScene, refusal: Refusal[PerpScene]) -> None:
    refusal.check(arranged)
