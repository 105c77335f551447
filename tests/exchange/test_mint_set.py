from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from secant import exchange
from world import RefusedError

from .refusals import Refusal, Substitution, substitutions
from .substitutes import EVENT_WRITABLE, EXCHANGE, MARGIN_ACCOUNT, SIGNER

if TYPE_CHECKING:
    from solders.instruction import Instruction

    from .scene import Scene

# The most lots of one outcome that a settled event values: 2^63 / 2^16, rounded down.
POSITION_MAX_LOTS = 90_000_000_000_000


def arrange(scene: Scene) -> None:
    """Nothing: the scene suffices."""


def call(scene: Scene, lots: int = 100) -> Instruction:
    return scene.mint_set(scene.alice, lots)


SUBSTITUTED = substitutions(
    "mint_set",
    {
        "owner": SIGNER | {"nobody": "OwnerMismatch", "mallory": "OwnerMismatch", "admin": "OwnerMismatch"},
        "exchange": EXCHANGE | {"foreign_exchange": "ExchangeMismatch"},
        "account": MARGIN_ACCOUNT
        | {"mallory_account": "OwnerMismatch", "foreign_account": "ExchangeMismatch"},
        "event": EVENT_WRITABLE | {"foreign_event": "ExchangeMismatch"},
    },
)


def _fill_legs(scene: Scene) -> None:
    for number in range(8):
        event = scene.world.new_event(scene.mallory, name=f"leg {number}")
        scene.run(scene.mint_set(scene.alice, 1, event))


REFUSED: list[Refusal[Scene]] = [
    Refusal("paused", "Paused", call, lambda s: s.run(s.pause(exchange.PAUSE_CREATE))),
    Refusal("nothing", "AmountZero", lambda s: call(s, 0)),
    Refusal("beyond 63 bits", "Overflow", lambda s: call(s, 2**63)),
    Refusal("beyond a position's limit", "PositionTooLarge", lambda s: call(s, POSITION_MAX_LOTS + 1)),
    Refusal("face value beyond 63 bits", "Overflow", lambda s: call(s, (2**63 - 1) // 10_000 + 1)),
    Refusal("at the lock time", "EventNotOpen", call, lambda s: s.world.set_time(s.world.now + 1_000)),
    Refusal("locked early", "EventNotOpen", call, lambda s: s.run(s.lock(s.judge.pubkey()))),
    Refusal("settled", "EventNotOpen", call, lambda s: s.settle(10_000)),
    Refusal("eight other events", "LegsFull", call, _fill_legs),
]


def test_turns_cash_into_every_outcome(scene: Scene) -> None:
    cash = scene.cash(scene.alice)
    assert scene.run(call(scene)) == [
        exchange.SetsChanged(account=scene.alice.account, event=scene.event, lots=100)
    ]
    assert scene.cash(scene.alice) == cash - 1_000_000
    assert scene.lots(scene.alice) == (100, 100)
    assert scene.world.margin(scene.alice).floor_atoms == 1_000_000
    assert scene.world.event(scene.event).escrow_atoms == 1_000_000


def test_sets_free_the_reserve_of_a_short(scene: Scene) -> None:
    scene.run(scene.trade(scene.alice, 0, -100))
    scene.run(call(scene, 100))
    assert scene.lots(scene.alice) == (0, 100)
    assert scene.world.margin(scene.alice).floor_atoms == 0


def test_closing_a_short_of_every_outcome_frees_the_leg(scene: Scene) -> None:
    scene.run(scene.trade(scene.alice, 0, -100), scene.trade(scene.alice, 1, -100))
    assert scene.lots(scene.alice) == (-100, -100)
    scene.run(call(scene, 100))
    assert scene.lots(scene.alice) is None
    assert scene.world.margin(scene.alice).floor_atoms == 0


def test_a_pause_leaves_closing_a_short_of_every_outcome_open(scene: Scene) -> None:
    """A pause never stops reducing, and sets are what reduces a short of every outcome at once."""
    scene.run(scene.trade(scene.alice, 0, -100), scene.trade(scene.alice, 1, -100))
    scene.run(scene.pause(exchange.PAUSE_CREATE))
    scene.run(call(scene, 100))
    assert scene.lots(scene.alice) is None


def test_whatever_is_minted_can_be_redeemed(scene: Scene) -> None:
    """Sets need no cash beyond their face, so the limit of a position is what bounds a settlement."""
    cash = scene.cash(scene.alice)
    scene.assert_refused("PositionTooLarge", call(scene, POSITION_MAX_LOTS + 1))
    scene.run(call(scene, POSITION_MAX_LOTS))
    scene.assert_refused("PositionTooLarge", call(scene, 1))
    scene.settle(5_000, 5_000)
    scene.run(scene.redeem(scene.alice))
    assert scene.cash(scene.alice) == cash


def _crowd_out(scene: Scene) -> None:
    """Eight accounts mint, without deposits of that size, all the sets that they are let."""
    for user in (scene.mallory, *(scene.new_user() for _ in range(7))):
        lots = (2**63 - 1 - scene.world.event(scene.event).escrow_atoms) // 10_000
        while lots > 0:
            try:
                scene.run(scene.mint_set(user, lots))
                break
            except RefusedError:
                lots //= 2


def test_nobody_crowds_out_the_minting_of_others(scene: Scene) -> None:
    _crowd_out(scene)
    scene.run(call(scene, 1))


def test_nobody_crowds_out_the_settlement_of_a_pool(scene: Scene) -> None:
    scene.run(scene.trade(scene.mallory, 0, 100))
    _crowd_out(scene)
    scene.settle(10_000)
    scene.run(scene.close_pool(scene.alice))


def test_nobody_crowds_out_the_redemption_of_a_short(scene: Scene) -> None:
    scene.run(scene.trade(scene.alice, 0, -100))
    _crowd_out(scene)
    scene.settle(10_000)
    scene.run(scene.redeem(scene.alice))


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: Scene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: Scene, refusal: Refusal[Scene]) -> None:
    refusal.check(arranged)
