from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from secant import exchange
from world import ask, bid

from .refusals import Refusal, Substitution, substitutions
from .substitutes import EVENT_WRITABLE, MARGIN_ACCOUNT, SIGNER

if TYPE_CHECKING:
    from solders.instruction import Instruction

    from .scene import Scene


def arrange(scene: Scene) -> None:
    scene.run(scene.mint_set(scene.alice, 100), scene.mint_set(scene.mallory, 100))


def call(scene: Scene, lots: int = 100) -> Instruction:
    return scene.merge_set(scene.alice, lots)


SUBSTITUTED = substitutions(
    "merge_set",
    {
        "owner": SIGNER | {"nobody": "OwnerMismatch", "mallory": "OwnerMismatch", "admin": "OwnerMismatch"},
        "account": MARGIN_ACCOUNT | {"mallory_account": "OwnerMismatch", "foreign_account": "LegAbsent"},
        "event": EVENT_WRITABLE
        | {"other_event": "LegAbsent", "record_event": "LegAbsent", "foreign_event": "LegAbsent"},
    },
)

REFUSED: list[Refusal[Scene]] = [
    Refusal("nothing", "AmountZero", lambda s: call(s, 0)),
    Refusal("one lot too many", "SetsInsufficient", lambda s: call(s, 101)),
    Refusal("beyond 63 bits", "Overflow", lambda s: call(s, 2**63)),
    Refusal("face value beyond 63 bits", "Overflow", lambda s: call(s, (2**63 - 1) // 10_000 + 1)),
    Refusal(
        "one outcome sold",
        "SetsInsufficient",
        lambda s: call(s, 100),
        lambda s: s.run(s.trade(s.alice, 0, -1)),
    ),
    Refusal("settled", "EventSettled", call, lambda s: s.settle(10_000)),
    Refusal("merged already", "LegAbsent", call, lambda s: s.run(call(s))),
]


def test_turns_sets_into_cash(arranged: Scene) -> None:
    cash = arranged.cash(arranged.alice)
    assert arranged.run(call(arranged, 40)) == [
        exchange.SetsChanged(account=arranged.alice.account, event=arranged.event, lots=-40)
    ]
    assert arranged.cash(arranged.alice) == cash + 400_000
    assert arranged.lots(arranged.alice) == (60, 60)
    assert arranged.world.margin(arranged.alice).floor_atoms == 600_000
    assert arranged.world.event(arranged.event).escrow_atoms == 1_600_000


def test_the_last_set_frees_the_leg(arranged: Scene) -> None:
    arranged.run(call(arranged, 100))
    assert arranged.lots(arranged.alice) is None
    assert arranged.world.margin(arranged.alice).floor_atoms == 0


def test_works_after_the_lock_and_under_every_pause(arranged: Scene) -> None:
    arranged.run(arranged.pause(15))
    arranged.world.set_time(arranged.world.event(arranged.event).settlement_deadline + 1)
    arranged.run(call(arranged, 50))
    arranged.run(arranged.lock(arranged.mallory.key))
    arranged.run(call(arranged, 50))
    assert arranged.lots(arranged.alice) is None


def test_sets_bought_outcome_by_outcome_merge(scene: Scene) -> None:
    """The pool is short what it sold; the event's escrow goes negative until the pool pays in."""
    scene.run(scene.trade(scene.mallory, 0, 30), scene.trade(scene.mallory, 1, 30))
    scene.run(scene.merge_set(scene.mallory, 30))
    assert scene.lots(scene.mallory) is None
    assert scene.world.event(scene.event).escrow_atoms == -300_000
    scene.settle(2_500, 7_500)
    scene.run(scene.close_pool(scene.alice))
    assert scene.world.event(scene.event).escrow_atoms == 0


def test_what_open_orders_reserve_stays(arranged: Scene) -> None:
    """The last set goes, the orders' leg does not, and the cash is free but for what they could lose."""
    scene = arranged
    scene.rest(scene.alice, bid(4_000, 100))
    scene.run(scene.world.withdraw(scene.alice, scene.free(scene.alice)))
    assert scene.cash(scene.alice) == 400_000 - 1_000_000
    scene.run(call(scene))
    leg = scene.leg(scene.alice)
    assert leg is not None
    assert (leg.lots[:2], leg.risk_atoms[:2], leg.floor_atoms) == ((0, 0), (0, 400_000), -400_000)
    assert (scene.cash(scene.alice), scene.free(scene.alice)) == (400_000, 0)
    scene.run(scene.cancel_all(scene.alice))
    assert scene.leg(scene.alice) is None
    assert scene.free(scene.alice) == 400_000


def test_the_sets_an_ask_sells_from_merge_if_cash_covers_it(arranged: Scene) -> None:
    scene = arranged
    scene.rest(scene.alice, ask(6_000, 100))
    scene.run(scene.world.withdraw(scene.alice, scene.free(scene.alice)))
    scene.run(call(scene))
    assert scene.free(scene.alice) == 0
    scene.trade_book(scene.mallory, bid(6_000, 100))
    scene.run(scene.draw_seat(scene.alice))
    assert scene.lots(scene.alice) == (-100, 0)
    assert scene.free(scene.alice) == 100 * 6_000 * 4_000 * 175 // 10**8
    scene.assert_funded()


def test_fills_not_yet_drawn_are_no_sets_yet(arranged: Scene) -> None:
    scene = arranged
    scene.run(call(scene), scene.trade(scene.alice, 1, 50))
    scene.rest(scene.alice, bid(4_000, 50))
    scene.trade_book(scene.mallory, ask(4_000, 50))
    scene.assert_refused("SetsInsufficient", call(scene, 50))
    scene.run(scene.draw_seat(scene.alice), call(scene, 50))
    assert scene.leg(scene.alice) is None


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: Scene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: Scene, refusal: Refusal[Scene]) -> None:
    refusal.check(arranged)
