from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from secant import exchange
from world import ask, bid

from .refusals import Refusal, Substitution, emitted, substitutions
from .substitutes import BOOK, MARGIN_ACCOUNT, SIGNER

if TYPE_CHECKING:
    from solders.instruction import Instruction

    from .scene import Scene

SWEEP_MAX = 256


def arrange(scene: Scene) -> None:
    scene.rest(scene.alice, bid(4_000, 10), bid(4_100, 20), ask(6_000, 30))
    scene.rest(scene.mallory, bid(4_050, 40), ask(6_050, 50))


def call(scene: Scene, side: int | None = None) -> Instruction:
    return scene.cancel_all(scene.alice, side)


SUBSTITUTED = substitutions(
    "cancel_all",
    {
        "owner": SIGNER | {"nobody": "OwnerMismatch", "mallory": "OwnerMismatch", "admin": "OwnerMismatch"},
        "account": MARGIN_ACCOUNT | {"mallory_account": "OwnerMismatch"},
        "book": BOOK,
    },
)

REFUSED: list[Refusal[Scene]] = [
    Refusal("no such side", "OrderInvalid", lambda s: call(s, 2)),
    Refusal("the greatest side", "OrderInvalid", lambda s: call(s, 255)),
]


@pytest.mark.parametrize(
    ("side", "left"),
    [
        (None, [(4_050, 40), (6_050, 50)]),
        (exchange.SIDE_BID, [(4_050, 40), (6_000, 30), (6_050, 50)]),
        (exchange.SIDE_ASK, [(4_000, 10), (4_050, 40), (4_100, 20), (6_050, 50)]),
    ],
)
def test_cancels_own_orders_of_the_sides_named(
    arranged: Scene, side: int | None, left: list[tuple[int, int]]
) -> None:
    scene = arranged
    before = scene.resting()
    (changed,) = scene.run(call(scene, side))
    assert scene.resting() == left
    cancelled = [(row.order_id >> 40, row.lots) for row in changed.dropped]
    assert sorted([*left, *cancelled]) == before
    assert (scene.seat(scene.alice) is None) == (side is None)
    scene.assert_funded()


def test_frees_everything(arranged: Scene) -> None:
    scene = arranged
    scene.run(call(scene))
    assert scene.leg(scene.alice) is None
    assert scene.free(scene.alice) == scene.cash(scene.alice)


def test_at_most_256_at_once(scene: Scene) -> None:
    scene.run(scene.expand_book(0, 320))
    scene.run(scene.expand_book(0, 320))
    for _ in range(15):
        scene.run(scene.replace(scene.alice, [], [bid(4_000, 1)] * 20))
    scene.rest(scene.alice, ask(6_000, 1))
    (changed,) = scene.run(call(scene))
    assert len(changed.dropped) == SWEEP_MAX
    assert len(scene.resting()) == 301 - SWEEP_MAX
    seat = scene.seat(scene.alice)
    assert seat is not None
    assert (seat.orders, seat.bid_atoms, seat.bid_reserved_atoms) == (45, 44 * 4_000, 44 * 4_000)
    (changed,) = scene.run(call(scene))
    assert len(changed.dropped) == 45
    assert scene.seat(scene.alice) is None


def _fill_both_sides(scene: Scene) -> None:
    """2,048 orders, Alice's and Mallory's by turns, that expire in ten seconds."""
    for orders in (320, 320, 320, 320, 320, 320, 64):
        scene.run(scene.expand_book(0, orders))
    for placing, price in ((bid, 4_000), (ask, 6_000)):
        request = placing(price, 1, meets_max=0, expires_at=scene.world.now + 10)
        for _ in range(32):
            for user in (scene.alice, scene.mallory):
                scene.run(scene.replace(user, [], [request] * 16))


def test_a_sweep_of_the_fullest_book_is_within_a_transaction(scene: Scene) -> None:
    """The three sweeps, each by itself under the 200,000 units that an instruction has unasked."""
    _fill_both_sides(scene)
    for sweeping in (call, lambda s: s.crank_expired(), lambda s: s.draw_seat(s.alice)):
        instruction = sweeping(scene)
        landed = scene.world.run(instruction, signers=scene.signers_of([instruction]))
        assert landed.compute_units_consumed() < 90_000  # 77,528 to 78,034 when it was written
        (changed,) = emitted(landed.logs())
        assert len(changed.dropped) == SWEEP_MAX
        scene.world.set_time(scene.world.event(scene.event).lock_time)
    assert len(scene.resting()) == 2_048 - 3 * SWEEP_MAX


def test_draws_what_the_seat_holds_and_gives_it_up(arranged: Scene) -> None:
    scene = arranged
    scene.trade_book(scene.mallory, bid(6_000, 30))
    cash = scene.cash(scene.alice)
    scene.run(call(scene))
    assert scene.cash(scene.alice) == cash + 30 * 6_000 + 30 * 6_000 * 4_000 * 175 // 10**8
    assert scene.lots(scene.alice) == (-30, 0)
    assert scene.seat(scene.alice) is None
    scene.assert_funded()


def test_works_under_every_pause_after_the_lock_and_after_settlement(arranged: Scene) -> None:
    scene = arranged
    scene.run(scene.pause(15))
    scene.run(call(scene, exchange.SIDE_BID))
    scene.settle(10_000)
    scene.run(call(scene))
    assert scene.resting() == [(4_050, 40), (6_050, 50)]


@pytest.mark.parametrize("book", ["other_book", "foreign_book"])
def test_without_a_seat_there_is_nothing_to_cancel(arranged: Scene, book: str) -> None:
    scene = arranged
    watched = (scene.alice.account, scene.book)
    before = scene.states(watched)
    assert scene.run(scene.cancel_all(scene.alice, book=scene.addresses[book])) == []
    assert scene.states(watched) == before


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: Scene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: Scene, refusal: Refusal[Scene]) -> None:
    refusal.check(arranged)
