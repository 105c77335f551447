from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from exchange.refusals import (
    NOT_EXECUTABLE,
    SYSTEM_ALREADY_IN_USE,
    SYSTEM_INSUFFICIENT_FUNDS,
    UNINITIALIZED,
    UNSIGNED,
    WRONG_OWNER,
    WRONG_PROGRAM,
    WRONG_SEEDS,
    Refusal,
    Substitution,
    substitutions,
)
from secant import exchange

from .substitutes import MARGIN_ACCOUNT, MARKET, NEW_ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Callable

    from solders.instruction import Instruction

    from .scene import PerpScene

TICKS_MAX = 2**24 - 1
TERMS = exchange.TriggerTerms(
    lots=100,
    expires_at=0,
    trigger_ticks=9_500,
    trail_ticks=0,
    slip_ticks=50,
    side=exchange.SIDE_ASK,
    is_above=0,
)


def arrange(scene: PerpScene) -> None:
    """Alice is long 100 lots."""
    scene.open(scene.alice, 100)


def call(scene: PerpScene, **changes: int) -> Instruction:
    return scene.place_trigger(scene.alice, replace(TERMS, **changes))


SUBSTITUTED = substitutions(
    "place_trigger",
    {
        "trader": {
            "unsigned": UNSIGNED,
            "read_only": UNSIGNED,
            "nobody": SYSTEM_INSUFFICIENT_FUNDS,
            "mallory": "OwnerMismatch",
            "admin": "OwnerMismatch",
        },
        "account": {name: refused for name, refused in MARGIN_ACCOUNT.items() if name != "read_only"}
        | {
            "nobody": UNINITIALIZED,
            "mallory_wallet": WRONG_OWNER,
            "foreign_account": WRONG_SEEDS,
        },
        "market": {name: refused for name, refused in MARKET.items() if name != "read_only"}
        | {
            "nobody": UNINITIALIZED,
            "mallory_wallet": WRONG_OWNER,
            "other_feed": WRONG_OWNER,
            "other_market": WRONG_SEEDS,
            "foreign_market": WRONG_SEEDS,
        },
        "trigger": {name: refused for name, refused in NEW_ACCOUNT.items() if name != "market"}
        | {"other_market": WRONG_SEEDS},
        "system_program": {
            "token_program": WRONG_PROGRAM,
            "oracle_program": WRONG_PROGRAM,
            "nobody": NOT_EXECUTABLE,
            "foreign_exchange": NOT_EXECUTABLE,
        },
    },
)


def _with(changes: dict[str, int]) -> Callable[[PerpScene], Instruction]:
    return lambda scene: call(scene, **changes)


INVALID: dict[str, dict[str, int]] = {
    "no trigger": {"trigger_ticks": 0},
    "a trigger beyond all prices": {"trigger_ticks": TICKS_MAX + 1},
    "a trail beyond all prices": {"trail_ticks": TICKS_MAX + 1},
    "a slip beyond all prices": {"slip_ticks": TICKS_MAX + 1},
    "no such side": {"side": 2},
    "no such direction": {"is_above": 2},
    "a trail that sells above": {"trail_ticks": 1, "is_above": 1},
    "a trail that buys below": {"trail_ticks": 1, "side": exchange.SIDE_BID},
    "an expiry of now": {"expires_at": 1_700_000_000},
    "an expiry before all time": {"expires_at": -1},
}
REFUSED: list[Refusal[PerpScene]] = [
    *[Refusal(title, "OrderInvalid", _with(changes)) for title, changes in INVALID.items()],
    Refusal("no lots", "AmountZero", lambda s: call(s, lots=0)),
    Refusal("without a leg", "PerpLegAbsent", lambda s: s.place_trigger(s.liquidator, TERMS)),
    Refusal("one of that number", SYSTEM_ALREADY_IN_USE, call, lambda s: s.run(call(s))),
]


@pytest.mark.parametrize("by_delegate", [False, True])
def test_notes_terms_and_who_paid(arranged: PerpScene, *, by_delegate: bool) -> None:
    scene = arranged
    placing = call(scene)
    payer = scene.alice.key
    if by_delegate:
        payer = scene.liquidator.key
        scene.run(scene.delegate(scene.alice, payer))
        placing = scene.substitute(placing, "trader", "liquidator")
    trigger = scene.trigger_of(scene.alice)
    account = scene.world.margin(scene.alice)
    assert scene.run(placing) == [
        exchange.TriggerPlaced(trigger=trigger, account=scene.alice.account, market=scene.market)
    ]
    placed = exchange.TriggerOrder.decode(scene.world.data(trigger))
    assert (placed.account, placed.market, placed.payer) == (scene.alice.account, scene.market, payer)
    assert (placed.terms, placed.id, placed.layout) == (TERMS, 0, 1)
    assert scene.world.margin(scene.alice) == account
    scene.assert_whole()


def test_many_at_once(arranged: PerpScene) -> None:
    """A stop, a target and a trailing stop beside each other."""
    scene = arranged
    kinds = (
        TERMS,
        replace(TERMS, trigger_ticks=11_000, is_above=1),
        replace(TERMS, trail_ticks=300, expires_at=scene.world.now + 1),
        replace(TERMS, side=exchange.SIDE_BID, is_above=1, trail_ticks=TICKS_MAX),
    )
    for number, terms in enumerate(kinds):
        scene.run(scene.place_trigger(scene.alice, terms, 255 - number))
    for number, terms in enumerate(kinds):
        trigger = scene.trigger_of(scene.alice, 255 - number)
        assert exchange.TriggerOrder.decode(scene.world.data(trigger)).terms == terms


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: PerpScene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: PerpScene, refusal: Refusal[PerpScene]) -> None:
    refusal.check(arranged)
