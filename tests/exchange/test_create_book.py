from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer

from secant import exchange
from world import World

from .refusals import (
    SYSTEM_ALREADY_IN_USE,
    SYSTEM_INSUFFICIENT_FUNDS,
    TOO_SMALL,
    WRONG_SEEDS,
    WRONG_TYPE,
    Refusal,
    Substitution,
    substitutions,
)
from .substitutes import EVENT, EXCHANGE, NEW_ACCOUNT, PAYER, SYSTEM_PROGRAM

if TYPE_CHECKING:
    from solders.instruction import Instruction

    from .scene import Scene


def arrange(scene: Scene) -> None:
    """Nothing: `record_event` has no book."""


def call(scene: Scene, outcome: int = 0, lots_min: int = 1, event: Pubkey | None = None) -> Instruction:
    return exchange.create_book(
        creator=scene.alice.key,
        exchange=scene.world.exchange_address,
        event=event or scene.record_event,
        outcome=outcome,
        lots_min=lots_min,
    )


SUBSTITUTED = substitutions(
    "create_book",
    {
        "creator": PAYER | {"nobody": SYSTEM_INSUFFICIENT_FUNDS},
        "exchange": EXCHANGE | {"foreign_exchange": "ExchangeMismatch", "=event": WRONG_TYPE},
        "event": EVENT
        | {
            "event": WRONG_SEEDS,
            "other_event": WRONG_SEEDS,
            "foreign_event": WRONG_SEEDS,
            "=exchange": TOO_SMALL,
        },
        "book": NEW_ACCOUNT | dict.fromkeys(("book", "other_book", "foreign_book"), WRONG_SEEDS),
        "system_program": SYSTEM_PROGRAM,
    },
)


def _of_a_locked_event(scene: Scene) -> Instruction:
    event = scene.world.new_event(scene.alice, resolver=scene.judge.pubkey(), name="locked")
    scene.run(scene.lock(scene.judge.pubkey(), event))
    return call(scene, event=event)


def _of_a_foreign_event(scene: Scene) -> Instruction:
    return call(scene, event=scene.foreign.new_event(scene.foreign_alice, name="bookless"))


def _lots_min(scene: Scene, lots_min: int) -> Instruction:
    return call(scene, 0, lots_min)


REFUSED: list[Refusal[Scene]] = [
    Refusal("paused", "Paused", call, lambda s: s.run(s.pause(exchange.PAUSE_CREATE))),
    Refusal("at the lock time", "EventNotOpen", call, lambda s: s.world.set_time(s.world.now + 1_000)),
    Refusal("locked early", "EventNotOpen", _of_a_locked_event),
    Refusal("the second of two outcomes", "BookOutcomeInvalid", lambda s: call(s, 1)),
    Refusal("no such outcome", "OutcomeUnknown", lambda s: call(s, 2)),
    Refusal("least lots of none", "LotsMinInvalid", lambda s: _lots_min(s, 0)),
    Refusal(
        "least lots beyond the limit",
        "LotsMinInvalid",
        lambda s: _lots_min(s, exchange.LOTS_MIN_MAX + 1),
    ),
    Refusal("least lots of 64 bits", "LotsMinInvalid", lambda s: _lots_min(s, 2**64 - 1)),
    Refusal("created already", SYSTEM_ALREADY_IN_USE, call, lambda s: s.run(call(s))),
    Refusal("an event of another exchange", "ExchangeMismatch", _of_a_foreign_event),
]


def test_opens_empty_with_the_exchange_s_rates(scene: Scene) -> None:
    book = exchange.find_book(event=scene.record_event, outcome=0)
    assert scene.run(call(scene, 0, 25)) == [
        exchange.BookCreated(book=book, event=scene.record_event, outcome=0)
    ]
    head = scene.world.book(book)
    assert (head.exchange, head.event) == (scene.world.exchange_address, scene.record_event)
    assert (head.creator, head.outcome, head.outcomes) == (scene.alice.key, 0, 2)
    assert (head.fee_bps, head.rebate_bps, head.lots_min, head.layout) == (700, 175, 25, 1)
    counters = (head.bids, head.asks, head.seats_taken, head.seat_free, head.seats_used, head.age)
    assert counters == (0, 0, 0, 0, 0, 0)
    assert (head.seats, head.changes, head.fees_atoms) == (16, 0, 0)
    assert {seat.account for seat in scene.world.seats(book)} == {Pubkey.default()}
    assert scene.world.orders(book) == []


@pytest.mark.parametrize(("fee_bps", "rebate_bps"), [(0, 0), (3, 0), (7, 1), (exchange.FEE_MAX_BPS, 250)])
def test_a_rebate_is_a_quarter_of_the_fee(fee_bps: int, rebate_bps: int) -> None:
    world = World(fee_bps=fee_bps)
    user = world.new_user()
    head = world.book(world.new_book(user, world.new_event(user)))
    assert (head.fee_bps, head.rebate_bps) == (fee_bps, rebate_bps)


@pytest.mark.parametrize("outcomes", [3, 16])
def test_each_of_more_outcomes_has_a_book(scene: Scene, outcomes: int) -> None:
    event = scene.world.new_event(scene.mallory, outcomes, name="many")
    for outcome in range(outcomes):
        scene.run(call(scene, outcome, exchange.LOTS_MIN_MAX, event))
        head = scene.world.book(exchange.find_book(event=event, outcome=outcome))
        assert (head.outcome, head.outcomes) == (outcome, outcomes)
    scene.assert_refused("OutcomeUnknown", call(scene, outcomes, 1, event))


def test_anyone_creates_the_book_of_anyone_s_event(scene: Scene) -> None:
    """And every pause but the one for creating lets them."""
    event = scene.world.new_event(scene.mallory, name="mallory's")
    scene.run(scene.pause(15 & ~exchange.PAUSE_CREATE))
    scene.run(call(scene, event=event))
    head = scene.world.book(exchange.find_book(event=event, outcome=0))
    assert head.creator == scene.alice.key != scene.world.event(event).creator


def test_lamports_at_its_address_do_not_stop_it(scene: Scene) -> None:
    book = exchange.find_book(event=scene.record_event, outcome=0)
    gift = TransferParams(from_pubkey=scene.mallory.key, to_pubkey=book, lamports=10**6)
    scene.run(transfer(gift))
    scene.run(call(scene))
    assert scene.world.book(book).creator == scene.alice.key


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: Scene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: Scene, refusal: Refusal[Scene]) -> None:
    refusal.check(arranged)
