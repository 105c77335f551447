from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer

from secant import exchange, oracle
from world import terms

from .refusals import (
    NOT_EXECUTABLE,
    SYSTEM_ALREADY_IN_USE,
    WRONG_OWNER,
    WRONG_SEEDS,
    Refusal,
    Substitution,
    substitutions,
)
from .substitutes import EXCHANGE, NEW_ACCOUNT, PAYER, SYSTEM_PROGRAM

if TYPE_CHECKING:
    from solders.instruction import Instruction

    from .scene import Scene

THREE_YEARS_S = 3 * 366 * 86_400
TWO_DAYS_S = 2 * 86_400
EVENT_ID = hashlib.sha256(b"new").digest()
TITLE = b"a new event".ljust(64, b"\0")


def arrange(scene: Scene) -> None:
    """Nothing: the scene suffices."""


def call(
    scene: Scene,
    *,
    kind: int = exchange.RESOLVER_RECORD,
    resolver: Pubkey | None = None,
    outcomes: int = 2,
    lock_s: int = 1_000,
    deadline_s: int = 400_000,
) -> Instruction:
    """Alice's new event, settled by `record` unless told otherwise."""
    return exchange.create_event(
        creator=scene.alice.key,
        exchange=scene.world.exchange_address,
        resolver=resolver or scene.record,
        event_id=EVENT_ID,
        resolver_kind=kind,
        lock_time=scene.world.now + lock_s,
        settlement_deadline=scene.world.now + deadline_s,
        title=TITLE,
        labels=[bytes([place + 65]) * 16 for place in range(outcomes)],
    )


def by_authority(
    scene: Scene, *, outcomes: int = 2, lock_s: int = 1_000, deadline_s: int = 400_000
) -> Instruction:
    return call(
        scene,
        kind=exchange.RESOLVER_AUTHORITY,
        resolver=scene.judge.pubkey(),
        outcomes=outcomes,
        lock_s=lock_s,
        deadline_s=deadline_s,
    )


SUBSTITUTED = substitutions(
    "create_event",
    {
        "creator": PAYER | {"nobody": WRONG_SEEDS, "mallory": WRONG_SEEDS},
        "exchange": EXCHANGE | {"foreign_exchange": WRONG_SEEDS, "=creator": WRONG_OWNER},
        "resolver": dict.fromkeys(
            ("clone", "other_type", "nobody", "feed", "other_event", "mallory", "oracle_program", "=creator"),
            "ResolverInvalid",
        ),
        "event": NEW_ACCOUNT,
        "system_program": SYSTEM_PROGRAM | {"=creator": NOT_EXECUTABLE},
    },
)

REFUSED: list[Refusal[Scene]] = [
    Refusal("paused", "Paused", call, lambda s: s.run(s.pause(exchange.PAUSE_CREATE))),
    Refusal("one outcome", "OutcomesInvalid", lambda s: by_authority(s, outcomes=1)),
    Refusal("no outcome", "OutcomesInvalid", lambda s: by_authority(s, outcomes=0)),
    Refusal("seventeen outcomes", "OutcomesInvalid", lambda s: by_authority(s, outcomes=17)),
    Refusal("three outcomes by a record", "OutcomesInvalid", lambda s: call(s, outcomes=3)),
    Refusal("locks now", "TimesInvalid", lambda s: by_authority(s, lock_s=0)),
    Refusal("locked in the past", "TimesInvalid", lambda s: by_authority(s, lock_s=-1)),
    Refusal("deadline at the lock time", "TimesInvalid", lambda s: by_authority(s, lock_s=9, deadline_s=9)),
    Refusal(
        "deadline beyond three years",
        "TimesInvalid",
        lambda s: by_authority(s, deadline_s=THREE_YEARS_S + 1),
    ),
    Refusal("no such kind", "ResolverInvalid", lambda s: call(s, kind=2)),
    Refusal("a key as a record", "ResolverInvalid", lambda s: call(s, resolver=s.judge.pubkey())),
    Refusal("a decided record", "RecordUnfit", call, lambda s: s.decide_record()),
    Refusal(
        "locks after the record's end", "RecordUnfit", lambda s: call(s, lock_s=2_001, deadline_s=400_000)
    ),
    Refusal(
        "deadline a second too close to the record's end",
        "RecordUnfit",
        lambda s: call(s, deadline_s=2_000 + TWO_DAYS_S - 1),
    ),
    Refusal("created already", SYSTEM_ALREADY_IN_USE, call, lambda s: s.run(call(s))),
]


def test_stands_open_with_what_was_asked(scene: Scene) -> None:
    address, bump = Pubkey.find_program_address(
        [b"event", bytes(scene.world.exchange_address), bytes(scene.alice.key), EVENT_ID],
        exchange.PROGRAM_ID,
    )
    assert scene.run(by_authority(scene, outcomes=3)) == [
        exchange.EventCreated(event=address, creator=scene.alice.key, outcomes=3)
    ]
    event = scene.world.event(address)
    assert (event.exchange, event.creator) == (scene.world.exchange_address, scene.alice.key)
    assert (event.resolver, event.resolver_kind) == (scene.judge.pubkey(), exchange.RESOLVER_AUTHORITY)
    assert (event.event_id, event.title) == (EVENT_ID, TITLE)
    assert event.labels[:3] == (b"A" * 16, b"B" * 16, b"C" * 16)
    assert not any(any(label) for label in event.labels[3:])
    assert (event.lock_time, event.settlement_deadline) == (
        scene.world.now + 1_000,
        scene.world.now + 400_000,
    )
    assert (event.status, event.outcomes, event.settled_time) == (exchange.EVENT_OPEN, 3, 0)
    assert (event.bump, event.layout, event.escrow_atoms) == (bump, 1, 0)
    assert event.payout_ticks == (0,) * 16
    assert event.tokenized_lots == (0,) * 16
    assert event.mint_bumps == bytes(16)


@pytest.mark.parametrize("outcomes", [2, 16])
def test_the_creator_may_be_the_authority(scene: Scene, outcomes: int) -> None:
    scene.run(call(scene, kind=exchange.RESOLVER_AUTHORITY, resolver=scene.alice.key, outcomes=outcomes))


def test_the_edges_of_the_times(scene: Scene) -> None:
    scene.run(by_authority(scene, lock_s=1, deadline_s=THREE_YEARS_S))


def test_the_edges_of_a_record(scene: Scene) -> None:
    """Locks at the record's last second, with exactly two days between that and the deadline."""
    scene.run(call(scene, lock_s=2_000, deadline_s=2_000 + TWO_DAYS_S))


def test_two_creators_share_an_id(scene: Scene) -> None:
    scene.run(by_authority(scene))
    scene.world.new_event(scene.mallory, name="new")


def test_lamports_sent_ahead_do_not_block_it(scene: Scene) -> None:
    address = exchange.find_event(
        exchange=scene.world.exchange_address, creator=scene.alice.key, event_id=EVENT_ID
    )
    scene.run(transfer(TransferParams(from_pubkey=scene.mallory.key, to_pubkey=address, lamports=10**8)))
    scene.run(call(scene))


def test_an_event_whose_record_waits_for_its_first_sample_can_be_settled(scene: Scene) -> None:
    now = scene.world.now
    first = terms(oracle.STATISTIC_FIRST, now + 500, now + 3_000, low=1)
    record = scene.world.new_record(scene.publisher, scene.feed, first)
    creating = call(scene, resolver=record)
    scene.run(creating)
    scene.world.set_time(now + 500)
    scene.run(scene.publish(1), oracle.observe(feed=scene.feed, record=record))
    scene.run(exchange.settle_event(event=creating.accounts[3].pubkey, record=record))


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: Scene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: Scene, refusal: Refusal[Scene]) -> None:
    refusal.check(arranged)
