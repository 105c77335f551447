"""Rates of this machine: transactions through the runtime, replayed samples, decoded accounts."""

from __future__ import annotations

import json
import struct
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from solders.litesvm import LiteSVM

from secant import exchange, oracle
from secant_keeper.recordings import Reading, RecordedSeries
from secant_keeper.replay import replay_terms
from secant_keeper.terms import parse_terms
from world import terms

from .seeded_world import SeededWorld

if TYPE_CHECKING:
    from collections.abc import Callable

TRANSACTIONS: Final = 3_000
READINGS: Final = 10_000
DECODES: Final = 10_000
START: Final = 1_700_000_000
PRICES_PPM: Final = (480_000, 497_000, 503_000, 516_000, 509_000, 495_000, 488_000)


def rates() -> dict[str, int]:
    """Operations a second by what is done, rounded down."""
    return {
        "publish + observe, transactions": publish_and_observe_rate(),
        "replay, observations": replay_rate(),
        **decode_rates(),
    }


def publish_and_observe_rate() -> int:
    """Transactions of one publish and one observe, built, signed, verified and run."""
    world = SeededWorld.start("rates", LiteSVM().with_transaction_history(0))
    publisher = world.next_keys()
    feed = world.new_feed([publisher])
    question = terms(oracle.STATISTIC_AVERAGE, world.now, world.now + 10 * TRANSACTIONS, low=1)
    record = world.new_record(publisher, feed, question)
    observe = oracle.observe(feed=feed, record=record)
    started = time.perf_counter()
    for place in range(TRANSACTIONS):
        world.set_time(world.now + 1)
        price = PRICES_PPM[place % len(PRICES_PPM)]
        publish = world.publish(publisher, [feed], [(world.now, price - 50, price + 50)])
        world.run(publish, observe, signers=[publisher])
    return _rate(TRANSACTIONS, started)


def replay_rate() -> int:
    """Quotes of one series through the keeper's replay under one average."""
    readings = [
        Reading(START + place, PRICES_PPM[place % len(PRICES_PPM)] - 50, PRICES_PPM[place % len(PRICES_PPM)])
        for place in range(READINGS)
    ]
    series = RecordedSeries("bench", readings, [reading.time for reading in readings])
    asked = {
        "name": "average",
        "statistic": "twap",
        "start": _iso(START),
        "end": _iso(START + READINGS),
        "max_gap_s": 60,
        "max_spread": "0.05",
    }
    [term] = parse_terms(json.dumps([asked]), "bench")
    started = time.perf_counter()
    replayed = replay_terms([(term, series)])
    assert replayed.published == READINGS, replayed.published
    return _rate(READINGS, started)


def decode_rates() -> dict[str, int]:
    """Accounts of each kind decoded by the bindings."""
    world = SeededWorld.start("decoded")
    user = world.new_user(deposit_atoms=10**10)
    event = world.new_event(user, 16)
    pool = world.new_pool(user, event)
    publisher = world.next_keys()
    feed = world.new_feed([publisher])
    record = world.new_record(publisher, feed, terms(oracle.STATISTIC_LAST, world.now, world.now + 60))
    mint_set = exchange.mint_set(
        owner=user.key, exchange=world.exchange_address, account=user.account, event=event, lots=5
    )
    world.run(mint_set, signers=[user.keys])
    decoders: dict[str, tuple[Callable[[bytes], object], bytes]] = {
        "MarginAccount": (exchange.MarginAccount.decode, world.data(user.account)),
        "EventMarket": (exchange.EventMarket.decode, world.data(event)),
        "Pool": (exchange.Pool.decode, world.data(pool)),
        "Feed": (oracle.Feed.decode, world.data(feed)),
        "Record": (oracle.Record.decode, world.data(record)),
        "FeedReading": (oracle.FeedReading.decode, struct.pack("<qqq", 1, 2, 3)),
    }
    found = {}
    for name, (decode, data) in decoders.items():
        started = time.perf_counter()
        for _ in range(DECODES):
            decode(data)
        found[f"decode {name}"] = _rate(DECODES, started)
    return found


def _iso(unix_seconds: int) -> str:
    return datetime.fromtimestamp(unix_seconds, UTC).isoformat()


def _rate(count: int, started: float) -> int:
    return int(count / (time.perf_counter() - started))
