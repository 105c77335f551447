"""Rows of the oracle's instructions."""

from __future__ import annotations

import hashlib
import struct
from typing import TYPE_CHECKING, Final

from solders.instruction import AccountMeta

from secant import oracle
from world import terms

from .measuring import Meter
from .seeded_world import SeededWorld, keys_of

if TYPE_CHECKING:
    from solders.instruction import Instruction
    from solders.keypair import Keypair
    from solders.pubkey import Pubkey

STATISTICS: Final = {
    "first": oracle.STATISTIC_FIRST,
    "last": oracle.STATISTIC_LAST,
    "average": oracle.STATISTIC_AVERAGE,
    "touch up": oracle.STATISTIC_TOUCH_UP,
    "touch down": oracle.STATISTIC_TOUCH_DOWN,
    "range": oracle.STATISTIC_RANGE,
    "change": oracle.STATISTIC_CHANGE,
    "variance": oracle.STATISTIC_VARIANCE,
}
TOUCHES: Final = (oracle.STATISTIC_TOUCH_UP, oracle.STATISTIC_TOUCH_DOWN)
STEP_S: Final = 10
WINDOW_S: Final = 60
CLOSING_NOTICE_S: Final = 31 * 86_400


def oracle_rows() -> dict[str, int]:
    """Compute units of publish, observe and the life of feeds and records."""
    meter = Meter(SeededWorld.start("oracle rows"))
    publisher = meter.world.next_keys()
    meter.world.fund(publisher.pubkey())
    _publish_rows(meter, publisher)
    _quorum_rows(meter)
    for name, statistic in STATISTICS.items():
        _observe_rows(meter, publisher, name, statistic)
    _life_rows(meter, publisher)
    return meter.figures


def _readings(meter: Meter, feeds: int, value: int) -> bytes:
    return struct.pack("<qqq", meter.world.now, value - 50, value + 50) * feeds


def _publish_rows(meter: Meter, publisher: Keypair) -> None:
    world = meter.world
    feeds = [world.new_feed([publisher], name=f"feed {place}") for place in range(8)]
    for count in (1, 2, 8):
        world.set_time(world.now + 1)
        further = [AccountMeta(feed, is_signer=False, is_writable=True) for feed in feeds[1:count]]
        instruction = oracle.publish(
            publisher=publisher.pubkey(),
            feed=feeds[0],
            readings=_readings(meter, count, 500_000),
            remaining_accounts=further,
        )
        row = f"publish {count} feed" + ("s" if count > 1 else "")
        meter.measure(row, instruction, publisher)


def _quorum_rows(meter: Meter) -> None:
    """Five publishers of whom three must agree: the third one's and the last one's reading, and a sample."""
    world = meter.world
    publishers = [keys_of(f"publisher {place}") for place in range(5)]
    for keys in publishers:
        world.fund(keys.pubkey())
    feed = world.new_feed(publishers, quorum=3, name="quorum")
    question = terms(oracle.STATISTIC_AVERAGE, world.now, world.now + 600, low=500_000)
    record = world.new_record(publishers[0], feed, question)
    world.set_time(world.now + 1)
    for place, keys in enumerate(publishers):
        instruction = world.publish(keys, [feed], [(world.now, 499_950 + place, 500_050 + place)])
        meter.measure(f"publish 1 feed, publisher {place + 1} of 5", instruction, keys)
    observe = oracle.observe(feed=feed, record=record)
    meter.measure("observe average, 3 of 5 publishers, first sample", observe, publishers[0])


def _observe_rows(meter: Meter, publisher: Keypair, name: str, statistic: int) -> None:
    """A first sample, a second one, one seen already, and the one that decides."""
    world = meter.world
    feed = world.new_feed([publisher], name=f"observed {name}")
    touch = statistic in TOUCHES
    level = 700_000 if statistic == oracle.STATISTIC_TOUCH_UP else 300_000
    start = world.now
    question = terms(
        statistic,
        start,
        start + WINDOW_S,
        barrier=level if touch else 0,
        low=0 if touch else 400_000,
        grid_s=STEP_S if statistic == oracle.STATISTIC_VARIANCE else 0,
    )
    record = world.new_record(publisher, feed, question)

    def observe(row: str) -> None:
        meter.measure(f"observe {name}, {row}", oracle.observe(feed=feed, record=record), publisher)

    def publish(value: int, after_s: int) -> None:
        world.set_time(world.now + after_s)
        world.run(world.publish(publisher, [feed], [(world.now, value, value)]), signers=[publisher])

    publish(500_000, 1)
    observe("first sample" if statistic != oracle.STATISTIC_FIRST else "deciding")
    if statistic == oracle.STATISTIC_FIRST:
        publish(510_000, STEP_S)
        observe("sample after the decision")
        return
    publish(510_000, STEP_S)
    observe("next sample")
    observe("sample seen already")
    publish(level if touch else 520_000, STEP_S if touch else 2 * WINDOW_S)
    observe("deciding")
    assert world.record(record).status != oracle.RECORD_OPEN


def _life_rows(meter: Meter, publisher: Keypair) -> None:
    world = meter.world
    feed_id = b"measured".ljust(32, b"\0")
    key = publisher.pubkey()
    rules = oracle.FeedRules(50_000, 20_000, 60, -6, 1, (key,))
    rules_hash = hashlib.sha256(rules.encode()).digest()
    feed = oracle.find_feed(authority=key, feed_id=feed_id, rules_hash=rules_hash)
    meter.measure(
        "create_feed, 1 publisher",
        oracle.create_feed(authority=key, feed=feed, feed_id=feed_id, rules_hash=rules_hash, rules=rules),
        publisher,
    )
    meter.measure("create_record", _create_record(world, publisher, feed), publisher)
    world.set_time(world.now + WINDOW_S + CLOSING_NOTICE_S)
    meter.measure("close_feed", oracle.close_feed(authority=key, feed=feed), publisher)


def _create_record(world: SeededWorld, payer: Keypair, feed: Pubkey) -> Instruction:
    question = terms(oracle.STATISTIC_LAST, world.now, world.now + WINDOW_S, low=500_000)
    terms_hash = hashlib.sha256(question.encode()).digest()
    return oracle.create_record(payer=payer.pubkey(), feed=feed, terms_hash=terms_hash, terms=question)
