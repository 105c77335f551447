from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from solders.pubkey import Pubkey

from exchange.refusals import UNSIGNED, Refusal, Substitution, substitutions
from secant import exchange
from world import bid

from .scene import PerpScene, changed_fields
from .substitutes import MARGIN_ACCOUNT

if TYPE_CHECKING:
    from solders.instruction import Instruction

NOBODY = Pubkey.default()


def arrange(scene: PerpScene) -> None:
    """Nothing: the scene suffices."""


def call(scene: PerpScene) -> Instruction:
    return scene.delegate(scene.alice, scene.liquidator.key)


SUBSTITUTED = substitutions(
    "set_delegate",
    {
        "owner": {"unsigned": UNSIGNED} | dict.fromkeys(("nobody", "mallory", "admin"), "OwnerMismatch"),
        "account": MARGIN_ACCOUNT | {"mallory_account": "OwnerMismatch"},
    },
)

REFUSED: list[Refusal[PerpScene]] = [
    Refusal(
        "by the delegate himself",
        "OwnerMismatch",
        lambda s: s.traded_by(s.mallory.key, call(s)),
        lambda s: s.run(s.delegate(s.alice, s.mallory.key)),
    ),
]


def signed_by_delegate(scene: PerpScene, instruction: Instruction) -> Instruction:
    return scene.traded_by(scene.liquidator.key, instruction)


def test_names_a_delegate_and_changes_nothing_else(scene: PerpScene) -> None:
    before = scene.world.margin(scene.alice)
    assert scene.run(call(scene)) == [
        exchange.DelegateSet(account=scene.alice.account, delegate=scene.liquidator.key)
    ]
    after = scene.world.margin(scene.alice)
    assert changed_fields(before, after) == {"delegate": (NOBODY, scene.liquidator.key)}
    scene.run(scene.delegate(scene.alice, NOBODY))
    assert scene.world.margin(scene.alice) == before
    scene.assert_whole()


def test_a_delegate_trades_and_cancels_until_it_is_none_any_more(scene: PerpScene) -> None:
    placing = signed_by_delegate(scene, scene.trade(scene.alice, bid(9_000, 1)))
    scene.assert_refused("OwnerMismatch", placing)
    scene.run(call(scene))
    (changed,) = scene.run(placing)
    scene.run(signed_by_delegate(scene, scene.cancel(scene.alice, changed.placed[0].order_id)))
    scene.run(placing)
    scene.run(signed_by_delegate(scene, scene.cancel_all(scene.alice)))
    assert scene.resting() == []
    scene.run(scene.delegate(scene.alice, NOBODY))
    scene.assert_refused("OwnerMismatch", placing)


def test_a_delegate_takes_a_position_over_for_the_account(scene: PerpScene) -> None:
    sinking = scene.user(11_000_000)
    scene.open(sinking, 10_000)
    scene.price(9_300)
    scene.run(call(scene))
    scene.run(signed_by_delegate(scene, scene.liquidate(sinking, taker=scene.alice)))
    assert scene.held(scene.alice)[0] > 0
    scene.assert_whole()


def test_a_delegate_neither_withdraws_nor_gives_away_nor_trades_events(scene: PerpScene) -> None:
    scene.run(call(scene))
    world = scene.world
    event = world.new_event(scene.mallory)
    pool = world.new_pool(scene.mallory, event)
    book = world.new_book(scene.mallory, event)
    alice = scene.alice
    minting = exchange.mint_set(
        owner=alice.key, exchange=world.exchange_address, account=alice.account, event=event, lots=1
    )
    for instruction in (
        world.withdraw(alice, 1),
        scene.insure(alice, 1),
        scene.delegate(alice, scene.mallory.key),
        world.trade(alice, event, pool, 0, 1),
        world.place(alice, event, book, bid(5_000, 1)),
        minting,
    ):
        scene.assert_refused("OwnerMismatch", signed_by_delegate(scene, instruction))


def test_who_signs_for_the_zero_address_is_nobody(scene: PerpScene) -> None:
    """An account without a delegate has the zero address there, which the system program's is too."""
    unsigned = scene.substitute(scene.trade(scene.alice, bid(9_000, 1)), "trader", "unsigned")
    scene.assert_refused(UNSIGNED, unsigned)


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: PerpScene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: PerpScene, refusal: Refusal[PerpScene]) -> None:
    refusal.check(arranged)
