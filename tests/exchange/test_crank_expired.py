from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from world import ask, bid

from .refusals import Refusal, Substitution, substitutions
from .substitutes import BOOK, EVENT

if TYPE_CHECKING:
    from solders.instruction import Instruction

    from .scene import Scene

SWEEP_MAX = 256


def arrange(scene: Scene) -> None:
    """Two orders of Alice's and one of Mallory's that expire in ten seconds, and others that do not."""
    soon, late = scene.world.now + 10, scene.world.now + 11
    scene.rest(scene.alice, bid(4_000, 10, expires_at=soon), bid(4_100, 20), ask(6_000, 30, expires_at=soon))
    scene.rest(scene.mallory, bid(4_050, 40, expires_at=late), ask(6_050, 50, expires_at=soon))
    scene.world.set_time(soon)


def call(scene: Scene) -> Instruction:
    return scene.crank_expired()


SUBSTITUTED = substitutions(
    "crank_expired",
    {
        "event": EVENT | dict.fromkeys(("other_event", "record_event", "foreign_event"), "BookInvalid"),
        "book": BOOK | dict.fromkeys(("other_book", "foreign_book"), "BookInvalid"),
    },
)


def _swept_and_settled(scene: Scene) -> None:
    scene.settle(10_000)
    scene.run(call(scene))


REFUSED: list[Refusal[Scene]] = [
    Refusal("cranked already", "NothingExpired", call, lambda s: s.run(call(s))),
    Refusal("a second too soon", "NothingExpired", call, lambda s: s.world.set_time(s.world.now - 1)),
    Refusal("an empty book", "NothingExpired", lambda s: s.crank_expired(s.other_event)),
    Refusal("an empty book of a settled event", "NothingExpired", call, _swept_and_settled),
]


def test_takes_out_what_has_expired(arranged: Scene) -> None:
    scene = arranged
    changes = scene.world.book(scene.book).changes
    (changed,) = scene.run(call(scene))
    assert (changed.book, changed.changes, changed.fills, changed.placed) == (scene.book, changes, (), ())
    dropped = [(row.order_id >> 40, row.lots) for row in changed.dropped]
    assert sorted(dropped) == [(4_000, 10), (6_000, 30), (6_050, 50)]
    assert scene.resting() == [(4_050, 40), (4_100, 20)]
    assert scene.world.book(scene.book).changes == changes + 1
    seat = scene.seat(scene.alice)
    assert seat is not None
    assert (seat.orders, seat.bid_lots, seat.ask_lots, seat.ask_atoms) == (1, 20, 0, 0)


def test_what_was_reserved_comes_back_when_the_seat_is_drawn(arranged: Scene) -> None:
    """The margin accounts are not in the crank, so it takes their next instruction, or anyone's draw."""
    scene = arranged
    free = scene.free(scene.alice)
    scene.run(call(scene))
    assert scene.free(scene.alice) == free
    scene.run(scene.draw_seat(scene.alice))
    # The worse of 10 · 4,000 + 20 · 4,100 and 30 · 4,000 before.
    assert scene.free(scene.alice) - free == 122_000 - 82_000
    scene.assert_funded()


@pytest.mark.parametrize("end", ["lock time", "locked", "settled"])
def test_once_the_event_trades_no_more_everything_goes(arranged: Scene, end: str) -> None:
    scene = arranged
    if end == "lock time":
        scene.world.set_time(scene.world.event(scene.event).lock_time)
    elif end == "locked":
        scene.run(scene.lock(scene.judge.pubkey()))
    else:
        scene.settle(10_000)
    (changed,) = scene.run(call(scene))
    assert len(changed.dropped) == 5
    assert scene.resting() == []
    assert scene.world.book(scene.book).seats_taken == 2
    scene.run(scene.draw_seat(scene.alice), scene.draw_seat(scene.mallory))
    assert scene.world.book(scene.book).seats_taken == 0
    assert scene.leg(scene.alice) is None


def test_at_most_256_at_once(scene: Scene) -> None:
    scene.run(scene.expand_book(0, 320))
    scene.run(scene.expand_book(0, 320))
    soon = scene.world.now + 10
    for request in [bid(4_000, 1, expires_at=soon)] * 10 + [ask(6_000, 1, expires_at=soon)] * 5:
        scene.run(scene.replace(scene.alice, [], [request] * 20))
    scene.world.set_time(soon)
    counts = [len(scene.run(call(scene))[0].dropped) for _ in range(2)]
    assert counts == [SWEEP_MAX, 300 - SWEEP_MAX]
    assert scene.resting() == []
    scene.assert_refused("NothingExpired", call(scene))
    scene.run(scene.draw_seat(scene.alice))
    assert scene.seat(scene.alice) is None


def test_works_under_every_pause(arranged: Scene) -> None:
    arranged.run(arranged.pause(15))
    arranged.run(call(arranged))
    assert len(arranged.resting()) == 2


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: Scene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: Scene, refusal: Refusal[Scene]) -> None:
    refusal.check(arranged)
