from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from secant import exchange
from world import ask, bid

from .refusals import NOT_WRITABLE, TOO_SMALL, Refusal, Substitution, substitutions
from .scene import signed
from .substitutes import EVENT, EXCHANGE_WRITABLE, POOL

if TYPE_CHECKING:
    from solders.instruction import Instruction

    from .scene import Scene


def arrange(scene: Scene) -> None:
    """A book that has traded, empty, and its event settled: anyone may close it."""
    scene.rest(scene.mallory, bid(4_000, 100))
    scene.trade_book(scene.alice, ask(4_000, 100))
    scene.settle(10_000)
    scene.run(scene.draw_seat(scene.mallory))


def call(scene: Scene) -> Instruction:
    """Closes Alice's book without her signature."""
    return exchange.close_book(
        creator=scene.alice.key,
        exchange=scene.world.exchange_address,
        event=scene.event,
        book=scene.book,
    )


SUBSTITUTED = substitutions(
    "close_book",
    {
        "creator": {"read_only": NOT_WRITABLE}
        | dict.fromkeys(("clone", "nobody", "mallory", "admin", "mallory_account"), "CreatorMismatch"),
        "exchange": EXCHANGE_WRITABLE | {"foreign_exchange": "ExchangeMismatch"},
        "event": EVENT | dict.fromkeys(("other_event", "record_event"), "BookInvalid"),
        "book": POOL | {"other_book": "CreatorMismatch", "foreign_book": "BookInvalid"},
    },
)


def _unsettled(scene: Scene) -> Instruction:
    """Mallory's book of an open event, without her signature."""
    return exchange.close_book(
        creator=scene.mallory.key,
        exchange=scene.world.exchange_address,
        event=scene.other_event,
        book=scene.other_book,
    )


def _foreign_market(scene: Scene) -> Instruction:
    """A book of the foreign exchange, its fees paid out on this one."""
    scene.run(
        scene.lock(scene.judge.pubkey(), scene.foreign_event),
        scene.resolve(10_000, event=scene.foreign_event),
    )
    closing = scene.substitute(call(scene), "event", "foreign_event")
    return scene.substitute(closing, "book", "foreign_book")


def _other_book(scene: Scene, *requests: exchange.OrderRequest) -> None:
    for user, request in zip((scene.mallory, scene.alice), requests, strict=False):
        scene.run(scene.place(user, request, scene.other_event))


def _closing_by_creator(scene: Scene) -> Instruction:
    return scene.close_book(scene.mallory, scene.other_event)


REFUSED: list[Refusal[Scene]] = [
    Refusal("unsigned before settlement", "CreatorMismatch", _unsettled),
    Refusal(
        "unsigned after the lock",
        "CreatorMismatch",
        _unsettled,
        lambda s: s.run(s.lock(s.judge.pubkey(), s.other_event)),
    ),
    Refusal(
        "signed by another",
        "CreatorMismatch",
        lambda s: signed(s.substitute(_unsettled(s), "creator", "alice"), s.alice.key),
    ),
    Refusal("a market of another exchange", "ExchangeMismatch", _foreign_market),
    Refusal("a bid", "BookNotEmpty", _closing_by_creator, lambda s: _other_book(s, bid(4_000, 1))),
    Refusal("an ask", "BookNotEmpty", _closing_by_creator, lambda s: _other_book(s, ask(4_000, 1))),
    Refusal(
        "fills not drawn",
        "BookNotEmpty",
        _closing_by_creator,
        lambda s: _other_book(s, ask(4_000, 1), bid(4_000, 1)),
    ),
    Refusal("closed already", TOO_SMALL, call, lambda s: s.run(call(s))),
]


def test_moves_the_fees_and_returns_the_rent(arranged: Scene) -> None:
    scene = arranged
    head = scene.world.book(scene.book)
    fee = 100 * 4_000 * 6_000 * 700 // 10**8
    assert head.fees_atoms == fee - fee // 4
    lamports = scene.world.svm.get_balance(scene.alice.key) or 0
    rent = scene.world.svm.get_balance(scene.book) or 0
    assert scene.run(call(scene)) == [exchange.BookClosed(book=scene.book, fees_atoms=head.fees_atoms)]
    assert scene.exchange_state().fees_atoms == head.fees_atoms
    assert scene.world.svm.get_balance(scene.alice.key) == lamports + rent
    assert not scene.world.exists(scene.book)
    scene.run(scene.redeem(scene.alice), scene.redeem(scene.mallory))
    scene.assert_funded()


def test_its_creator_closes_an_empty_one_of_an_open_event(scene: Scene) -> None:
    scene.run(scene.close_book(scene.alice))
    assert not scene.world.exists(scene.book)


def test_a_swept_and_drawn_one_closes(scene: Scene) -> None:
    """Nobody who has an order or a fill in a book can keep its creator's rent."""
    scene.rest(scene.mallory, bid(4_000, 100), ask(6_000, 10))
    scene.settle(0, 10_000)
    scene.assert_refused("BookNotEmpty", call(scene))
    scene.run(scene.crank_expired())
    scene.assert_refused("BookNotEmpty", call(scene))
    scene.run(scene.draw_seat(scene.mallory), call(scene))
    assert not scene.world.exists(scene.book)


def test_rent_of_an_expansion_is_the_creators_once_the_event_is_settled(scene: Scene) -> None:
    """Not before: else a creator could pocket at once what others pay to expand."""
    scene.run(scene.expand_book(10, 100))
    scene.assert_refused("EventNotSettled", scene.close_book(scene.alice))
    scene.settle(10_000)
    lamports = scene.world.svm.get_balance(scene.alice.key) or 0
    rent = scene.world.svm.get_balance(scene.book) or 0
    scene.run(scene.close_book(scene.alice))
    assert scene.world.svm.get_balance(scene.alice.key) == lamports + rent


def test_opens_again_as_new(scene: Scene) -> None:
    """Seats of before are nobody's, and a leg that knew one knows none."""
    scene.rest(scene.mallory, bid(4_000, 100))
    scene.trade_book(scene.alice, ask(4_000, 100))
    scene.run(scene.draw_seat(scene.mallory), scene.close_book(scene.alice))
    assert scene.world.new_book(scene.mallory, scene.event) == scene.book
    scene.rest(scene.mallory, bid(4_000, 100))
    head = scene.world.book(scene.book)
    assert (head.creator, head.age, head.changes, head.fees_atoms) == (scene.mallory.key, 1, 1, 0)
    scene.assert_refused("SeatAbsent", scene.draw_seat(scene.alice))
    scene.assert_funded()


def test_works_under_every_pause_and_past_the_deadline(scene: Scene) -> None:
    scene.run(scene.pause(15))
    scene.world.set_time(scene.world.event(scene.event).settlement_deadline + 1)
    scene.run(scene.close_book(scene.alice))


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: Scene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: Scene, refusal: Refusal[Scene]) -> None:
    refusal.check(arranged)
