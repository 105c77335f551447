"""Publishes the next reading of each feed this key may publish to, observed at once by its open records.

A reading and its observations land together, so no record misses a sample whatever happens to the keeper.
"""

from __future__ import annotations

from collections import defaultdict
from struct import Struct
from typing import TYPE_CHECKING

from secant import oracle
from secant_keeper.jobs.observe import DRIFT_MAX_S, is_due
from secant_keeper.jobs.work import Work
from secant_keeper.replay_chain import NO_ASK, NO_BID

if TYPE_CHECKING:
    from collections.abc import Iterator

    from solders.pubkey import Pubkey

    from secant_keeper.recordings import Reading
    from secant_keeper.state import State

NAME = "publish"
OBSERVES_MAX = 12
"""Observations that fit into one transaction beside the reading."""

WAITED_FOR_MAX = 4 * OBSERVES_MAX
"""Records that a feed's next reading waits for. Anyone may create records, so not for all of them."""

_READING = Struct("<qqq")
_PPM_DECIMALS = 6


def in_feed_units(price_ppm: int, exponent: int) -> tuple[int, int]:
    """A price in units of 10^exponent, rounded down and up."""
    if exponent <= -_PPM_DECIMALS:
        exact: int = price_ppm * 10 ** (-exponent - _PPM_DECIMALS)
        return exact, exact
    divisor = 10 ** (_PPM_DECIMALS + exponent)
    return price_ppm // divisor, -(-price_ppm // divisor)


def packed(reading: Reading, exponent: int) -> bytes:
    """A reading as the program takes it; on a coarser grid the interval widens, never narrows."""
    bid = NO_BID if reading.bid_ppm is None else in_feed_units(reading.bid_ppm, exponent)[0]
    ask = NO_ASK if reading.ask_ppm is None else in_feed_units(reading.ask_ppm, exponent)[1]
    return _READING.pack(reading.time, bid, ask)


def plan(state: State, now: int) -> Iterator[Work]:
    """One piece of work for each feed with a reading that the chain would take now."""
    by_feed = _records_by_feed(state)
    for address in state.readings:
        feed = state.feed(address)
        if feed is None or state.publisher is None:
            continue
        records = by_feed[address]
        if len(records) > OBSERVES_MAX and any(
            is_due(record, feed, now) and record.seen_time < record.terms.end
            for _, record in records[:WAITED_FOR_MAX]
        ):
            continue  # what does not fit beside a reading is observed before the next one replaces it
        reading = state.next_reading(address)
        if reading is None or reading.time > now + DRIFT_MAX_S:
            continue
        yield _work(state.publisher, address, feed, reading, records)


def _records_by_feed(state: State) -> defaultdict[Pubkey, list[tuple[Pubkey, oracle.Record]]]:
    """Each feed's records, those first that most collateral settles by."""
    stakes: defaultdict[Pubkey, int] = defaultdict(int)
    for _, event in state.events():
        stakes[event.resolver] += max(event.escrow_atoms, 1)
    by_feed: defaultdict[Pubkey, list[tuple[Pubkey, oracle.Record]]] = defaultdict(list)
    for key, record in sorted(state.records(), key=lambda pair: -stakes[pair[0]]):
        by_feed[record.feed].append((key, record))
    return by_feed


def _work(
    publisher: Pubkey,
    address: Pubkey,
    feed: oracle.Feed,
    reading: Reading,
    records: list[tuple[Pubkey, oracle.Record]],
) -> Work:
    publish = oracle.publish(publisher=publisher, feed=address, readings=packed(reading, feed.exponent))
    observes = [
        oracle.observe(feed=address, record=key)
        for key, record in records
        if record.terms.start <= reading.time <= record.terms.end
        or (record.status == oracle.RECORD_OPEN and reading.time > record.terms.end)
    ]
    return Work(NAME, (address,), (publish, *observes[:OBSERVES_MAX]), source_time=reading.time)
