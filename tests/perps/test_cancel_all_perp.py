from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from exchange.refusals import Refusal, Substitution, substitutions
from secant import exchange
from world import ask, bid

from .scene import PRICE_TICKS, PerpScene
from .substitutes import BOOK, MARGIN_ACCOUNT, MARKET, SIGNER

if TYPE_CHECKING:
    from solders.instruction import Instruction


def arrange(scene: PerpScene) -> None:
    scene.rest(scene.alice, bid(9_700, 10), bid(9_800, 20), ask(10_200, 30))
    scene.rest(scene.mallory, bid(9_750, 40), ask(10_250, 50))


def call(scene: PerpScene, side: int | None = None) -> Instruction:
    return scene.cancel_all(scene.alice, side)


SUBSTITUTED = substitutions(
    "cancel_all_perp",
    {
        "trader": SIGNER,
        "account": MARGIN_ACCOUNT | {"mallory_account": "OwnerMismatch", "foreign_account": "PerpLegAbsent"},
        "market": MARKET | dict.fromkeys(("other_market", "foreign_market"), "BookInvalid"),
        "book": BOOK,
    },
)

REFUSED: list[Refusal[PerpScene]] = [
    Refusal("no such side", "OrderInvalid", lambda s: call(s, 2)),
    Refusal("without a leg", "PerpLegAbsent", lambda s: s.cancel_all(s.liquidator)),
    Refusal("again", "PerpLegAbsent", call, lambda s: s.run(call(s))),
]


@pytest.mark.parametrize(
    ("side", "left"),
    [
        (None, []),
        (exchange.SIDE_BID, [(10_200, 30)]),
        (exchange.SIDE_ASK, [(9_700, 10), (9_800, 20)]),
    ],
)
def test_takes_all_of_a_side_or_of_both_out(
    arranged: PerpScene, side: int | None, left: list[tuple[int, int]]
) -> None:
    scene = arranged
    changes = scene.world.book(scene.book).changes
    (changed,) = scene.run(call(scene, side))
    assert (changed.book, changed.changes, changed.fills, changed.placed) == (scene.book, changes, (), ())
    dropped = {(row.order_id >> 40, row.lots) for row in changed.dropped}
    assert dropped == {(9_700, 10), (9_800, 20), (10_200, 30)} - set(left)
    assert scene.resting() == sorted([*left, (9_750, 40), (10_250, 50)])
    leg = scene.leg(scene.alice)
    assert (leg is None) == (not left)
    if leg is not None:
        bids = [(price, lots) for price, lots in left if price < PRICE_TICKS]
        assert leg.bid_lots == sum(lots for _, lots in bids)
        assert leg.bid_atoms == sum(lots for _, lots in bids) * max([price for price, _ in bids], default=0)
        assert leg.ask_lots == sum(lots for _, lots in left) - leg.bid_lots
    scene.assert_whole()


def test_what_has_traded_since_stays_a_position(arranged: PerpScene) -> None:
    """5 of 30 lots were bought from Alice at 10,200: they brought 51,000, and a rebate of 2."""
    scene = arranged
    scene.placed(scene.liquidator, bid(10_200, 5))
    scene.run(call(scene))
    assert scene.held(scene.alice) == (-5, 51_000 + 2)
    assert scene.seat(scene.alice) is None
    scene.run(call(scene))
    assert scene.held(scene.alice) == (-5, 51_000 + 2)
    scene.assert_whole()


def test_what_was_stated_of_the_margin_is_void(arranged: PerpScene) -> None:
    scene = arranged
    scene.next_slot()
    withdrawing = scene.world.withdraw(scene.alice, 1)
    cancelling = call(scene, exchange.SIDE_BID)
    drawing = scene.draw(scene.alice)
    scene.assert_refused("MarginStale", drawing, scene.fresh(scene.alice), cancelling, withdrawing)
    scene.run(cancelling, scene.fresh(scene.alice), withdrawing)
    scene.assert_whole()


def test_every_pause_and_every_price_leave_it_open(arranged: PerpScene) -> None:
    scene = arranged
    scene.run(scene.pause(15), scene.pause_perp(7))
    scene.world.set_time(scene.world.now + 10**6)
    scene.run(call(scene))
    assert scene.resting() == [(9_750, 40), (10_250, 50)]


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: PerpScene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: PerpScene, refusal: Refusal[PerpScene]) -> None:
    refusal.check(arranged)
