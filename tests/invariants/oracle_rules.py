"""Rules: feeds, readings and records."""

from __future__ import annotations

import hashlib
import struct
from typing import TYPE_CHECKING

import sizes
from hypothesis import strategies as st
from hypothesis.stateful import rule
from machine import FAULT, Machine
from marketplace import DAY_S, identifier
from sizes import pick
from solders.instruction import AccountMeta

from secant import exchange, oracle
from world import NO_ASK, NO_BID, terms

if TYPE_CHECKING:
    from faults import Fault
    from solders.pubkey import Pubkey

FEEDS_MAX = 5
RECORDS_MAX = 12
TOUCHES = (oracle.STATISTIC_TOUCH_UP, oracle.STATISTIC_TOUCH_DOWN)
quotes = st.one_of(
    st.tuples(st.integers(0, 1_000_000), st.sampled_from([0, 100, 20_000, 60_000])).map(
        lambda quote: (quote[0], quote[0] + quote[1])
    ),
    st.sampled_from([(NO_BID, 5), (5, NO_ASK), (NO_BID, NO_ASK), (6, 5), (NO_ASK, NO_ASK)]),
)
source_ages = st.sampled_from([0, 0, 0, 0, 1, 5, -10, -15, -16, 400, 4_000])


class OracleRules(Machine):
    """What publishers and those who ask do."""

    @rule(
        authority=sizes.users,
        publishers=st.lists(sizes.users, max_size=4, unique=True),
        quorum=st.sampled_from([1, 1, 2, 0, 5]),
        staleness_s=st.sampled_from([60, 60, 3_600, 0, 100_000]),
        fault=FAULT,
    )
    def create_feed(
        self, authority: int, publishers: list[int], quorum: int, staleness_s: int, fault: Fault | None
    ) -> None:
        key = self.market.users[authority].key
        feed_id = identifier(f"feed {len(self.book.feeds.found) % FEEDS_MAX}")
        rules = oracle.FeedRules(
            width_max=50_000,
            step_max=20_000,
            staleness_s=staleness_s,
            exponent=-6,
            quorum=quorum,
            publishers=tuple(self.market.users[place].key for place in publishers),
        )
        rules_hash = hashlib.sha256(rules.encode()).digest()
        feed = oracle.find_feed(authority=key, feed_id=feed_id, rules_hash=rules_hash)
        self.book.watch(self.book.feeds, feed)
        instruction = oracle.create_feed(
            authority=key, feed_id=feed_id, rules_hash=rules_hash, rules=rules, feed=feed
        )
        self.market.attempt("create_feed", instruction, fault)

    @rule(which=sizes.which, late=st.sampled_from([True, *[False] * 5]), fault=FAULT)
    def close_feed(self, which: int, late: bool, fault: Fault | None) -> None:  # noqa: FBT001
        if not self.book.feeds.found:
            return
        unused = [key for key, feed in self.book.feeds.found.items() if feed.needed_until == 0]
        key = pick(unused or list(self.book.feeds.found), which)
        feed = self.book.feeds.found[key]
        needed_until = feed.needed_until + feed.staleness_s + 30 * DAY_S + 1
        if late:  # which ends most markets, so not often
            self.world.set_time(max(self.world.now, needed_until))
        self.market.attempt("close_feed", oracle.close_feed(authority=feed.authority, feed=key), fault)

    @rule(
        which=sizes.which,
        statistic=st.sampled_from([*range(9), 0, 3, 4]),
        start_s=st.sampled_from([-100, 0, 10, 600]),
        window_s=st.sampled_from([600, 10_000, 10_000, 50_000, 50_000, 3 * 366 * DAY_S]),
        level=st.integers(0, 1_000_000),
        payout=st.sampled_from([0, 0, 0, 1, 2]),
        coverage_ppm=st.sampled_from([0, 0, 0, 0, 500_000, 1_000_001]),
        fault=FAULT,
    )
    def create_record(
        self,
        which: int,
        statistic: int,
        start_s: int,
        window_s: int,
        level: int,
        payout: int,
        coverage_ppm: int,
        fault: Fault | None,
    ) -> None:
        if not self.book.feeds.found or len(self.book.records.found) >= RECORDS_MAX:
            return
        feed = pick(list(self.book.feeds.found), which)
        touch = statistic in TOUCHES
        question = terms(
            statistic,
            self.world.now + start_s,
            self.world.now + start_s + window_s,
            barrier=level if touch else 0,
            low=0 if touch else level,
            high=level + 100_000 if payout == oracle.PAYOUT_LINEAR else 0,
            sustain_s=level % 60 if touch else 0,
            max_gap_s=600,
            grid_s=30 if statistic == oracle.STATISTIC_VARIANCE else 0,
            coverage_min_ppm=coverage_ppm,
            payout=payout,
        )
        terms_hash = hashlib.sha256(question.encode()).digest()
        record = oracle.find_record(feed=feed, terms_hash=terms_hash)
        self.book.watch(self.book.records, record)
        instruction = oracle.create_record(
            payer=self.market.relayer, feed=feed, terms_hash=terms_hash, terms=question, record=record
        )
        self.market.attempt("create_record", instruction, fault)

    @rule(
        which=sizes.which,
        publisher=sizes.which,
        quote=quotes,
        age_s=source_ages,
        further=st.lists(sizes.which, max_size=2),
        fault=FAULT,
    )
    def publish(
        self,
        which: int,
        publisher: int,
        quote: tuple[int, int],
        age_s: int,
        further: list[int],
        fault: Fault | None,
    ) -> None:
        self._publish(which, publisher, quote, age_s, further, fault)

    @rule(which=sizes.which, value=st.integers(0, 1_000_000), seconds=st.sampled_from([1, 10, 60]))
    def publish_all_and_observe(self, which: int, value: int, seconds: int) -> None:
        """Every publisher of a feed reports, and every record over it is cranked."""
        if not self.book.feeds.found:
            return
        self.world.set_time(self.world.now + seconds)
        feed = pick(list(self.book.feeds.found), which)
        for publisher in range(self.book.feeds.found[feed].publisher_count):
            self._publish(which, publisher, (value, value), 0, [], None)
        for record, state in list(self.book.records.found.items()):
            if state.feed == feed:
                self.market.attempt("observe", oracle.observe(feed=feed, record=record))

    def _publish(
        self,
        which: int,
        publisher: int,
        quote: tuple[int, int],
        age_s: int,
        further: list[int],
        fault: Fault | None,
    ) -> None:
        feeds = list(self.book.feeds.found)
        if not feeds:
            return
        feed = pick(feeds, which)
        state = self.book.feeds.found[feed]
        key = state.publishers[publisher % state.publisher_count]
        reading = struct.pack("<qqq", self.world.now - age_s, *quote)
        others = [pick(feeds, place) for place in further]
        instruction = oracle.publish(
            publisher=key,
            feed=feed,
            readings=reading * (1 + len(others)),
            remaining_accounts=[AccountMeta(other, is_signer=False, is_writable=True) for other in others],
        )
        self.market.attempt("publish", instruction, fault)

    @rule(which=sizes.which, fault=FAULT)
    def observe(self, which: int, fault: Fault | None) -> None:
        record = pick(list(self.book.records.found), which)
        feed: Pubkey = self.book.records.found[record].feed
        self.market.attempt("observe", oracle.observe(feed=feed, record=record), fault)

    @rule(which=sizes.which)
    def observe_at_the_end(self, which: int) -> None:
        """Waits for a window to be over when that is near, so that records are decided and settle events."""
        record = pick(list(self.book.records.found), which)
        state = self.book.records.found[record]
        feed = self.book.feeds.found.get(state.feed)
        if feed is not None and 0 < state.terms.end - self.world.now < DAY_S // 4:
            self.world.set_time(state.terms.end + feed.staleness_s + 1)
        self.market.attempt("observe", oracle.observe(feed=state.feed, record=record))
        decided = self.book.records.found[record].status != oracle.RECORD_OPEN
        for event, asked in list(self.book.events.found.items()):
            if decided and asked.resolver == record and not asked.settled_time:
                self.market.attempt("settle_event", exchange.settle_event(event=event, record=record))
