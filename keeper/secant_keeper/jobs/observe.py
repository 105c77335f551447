"""Cranks records: takes samples in, decides what can be decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secant import oracle
from secant_keeper.jobs.work import Work

if TYPE_CHECKING:
    from collections.abc import Iterator

    from solders.pubkey import Pubkey

    from secant_keeper.state import State

NAME = "observe"
DRIFT_MAX_S = 15
"""Seconds by which a source's clock may run ahead of the chain's."""


def sample_time(feed: oracle.Feed) -> int:
    """The newest time that a quorum of the feed's publishers has reached; 0 before one has."""
    times = sorted(reading.source_time for reading in feed.readings[: feed.publisher_count])
    return times[feed.publisher_count - feed.quorum]


def is_due(record: oracle.Record, feed: oracle.Feed, now: int) -> bool:
    """Whether observing would change the record.

    Args:
        record: The record.
        feed: Its feed.
        now: Chain time, Unix seconds.
    """
    terms, time = record.terms, sample_time(feed)
    is_fresh = time > 0 and now - feed.staleness_s <= time <= now + DRIFT_MAX_S
    if is_fresh and terms.start <= time <= terms.end and time > record.seen_time:
        return True
    is_over = (is_fresh and time > terms.end) or now > terms.end + feed.staleness_s
    return record.status == oracle.RECORD_OPEN and is_over


def plan(state: State, now: int) -> Iterator[Work]:
    """One piece of work for each record that has something to take in or to decide."""
    for address, record in state.records():
        feed = state.feed(record.feed)
        if feed is not None and is_due(record, feed, now):
            yield work(record.feed, address)


def work(feed: Pubkey, record: Pubkey) -> Work:
    """Observing one record."""
    return Work(NAME, (record,), (oracle.observe(feed=feed, record=record),))
