"""Two feeds, one of them of three publishers, and a record over the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.sysvar import CLOCK

from exchange.refusals import Stage
from secant import oracle
from world import TOKEN_PROGRAM, World, terms

if TYPE_CHECKING:
    from solders.instruction import Instruction

STALENESS_S = 60
WIDTH_MAX = 50_000
STEP_MAX = 20_000
BARRIER = 600_000
WINDOW_S = 1_000
DRIFT_MAX_S = 15


class Scene(Stage):
    """`feed` is written by `publisher`, `shared_feed` by any two of three; `record` is a touch of `feed`.

    The records' windows open at `start` and close at `end`.
    """

    def __init__(self) -> None:
        super().__init__(World())
        world = self.world
        self.publisher, self.second, self.third, self.stranger = (Keypair() for _ in range(4))
        self.own(self.publisher, self.second, self.third, self.stranger)
        self.trio = [self.publisher, self.second, self.third]
        self.feed = world.new_feed([self.publisher], name="feed")
        self.shared_feed = world.new_feed(self.trio, quorum=2, name="shared")
        self.foreign_feed = world.new_feed([self.stranger], name="foreign")
        self.start, self.end = world.now, world.now + WINDOW_S
        self.record = self.new_record()
        self.foreign_record = self.new_record(feed=self.foreign_feed)
        self.margin_account = world.new_user().account
        self.addresses |= {
            "publisher": self.publisher.pubkey(),
            "second": self.second.pubkey(),
            "stranger": self.stranger.pubkey(),
            "feed": self.feed,
            "shared_feed": self.shared_feed,
            "foreign_feed": self.foreign_feed,
            "record": self.record,
            "foreign_record": self.foreign_record,
            "margin_account": self.margin_account,
            "exchange": world.exchange_address,
            "token_program": TOKEN_PROGRAM,
            "oracle_program": oracle.PROGRAM_ID,
            "clock": CLOCK,
            "rent": Pubkey.from_string("SysvarRent111111111111111111111111111111111"),
        }

    def terms(
        self, statistic: int = oracle.STATISTIC_TOUCH_UP, barrier: int = BARRIER, **others: int
    ) -> oracle.RecordTerms:
        """A touch of the barrier in the window, unless told otherwise."""
        touch = statistic in (oracle.STATISTIC_TOUCH_UP, oracle.STATISTIC_TOUCH_DOWN)
        start, end = others.pop("start", self.start), others.pop("end", self.end)
        return terms(statistic, start, end, barrier=barrier if touch else 0, **others)

    def new_record(
        self, statistic: int = oracle.STATISTIC_TOUCH_UP, feed: Pubkey | None = None, **others: int
    ) -> Pubkey:
        return self.world.new_record(self.publisher, feed or self.feed, self.terms(statistic, **others))

    def at(self, second: int) -> None:
        """Sets the clock to `second` seconds after the window's start."""
        self.world.set_time(self.start + second)

    def publish(
        self,
        value: int,
        *,
        ask: int | None = None,
        second: int | None = None,
        by: Keypair | None = None,
        feed: Pubkey | None = None,
    ) -> Instruction:
        """A reading from `value` to `ask` (`value` too), at `second` of the window (or the clock's)."""
        time = self.world.now if second is None else self.start + second
        return self.world.publish(
            by or self.publisher, [feed or self.feed], [(time, value, value if ask is None else ask)]
        )

    def observe(self, record: Pubkey | None = None, feed: Pubkey | None = None) -> Instruction:
        return oracle.observe(feed=feed or self.feed, record=record or self.record)

    def sample(self, second: int, value: int, record: Pubkey | None = None) -> None:
        """Sets the clock, publishes and observes."""
        self.at(second)
        self.run(self.publish(value), self.observe(record))

    def feed_state(self, feed: Pubkey | None = None) -> oracle.Feed:
        return oracle.Feed.decode(self.world.data(feed or self.feed))

    def record_state(self, record: Pubkey | None = None) -> oracle.Record:
        return self.world.record(record or self.record)
