"""What a venue says, in values: quotes, prices, observations, outcomes, and counted rejections.

Every price is an integer number of parts per million of a dollar (ppm: 0.56 dollars is 560,000), every
time an integer number of milliseconds since the Unix epoch. No float is stored.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

PPM = 1_000_000
"""Parts per million in one dollar, the payout of one winning share."""

TIME_MS_MAX = 4_102_444_800_000
"""Source times at or beyond 2100-01-01 UTC are refused."""

EXAMPLE_CHARACTERS_MAX = 200


class Reason(Enum):
    """Why a venue's message gave no observation. The value is a stable metric label."""

    MALFORMED = "malformed"
    """Not JSON, not UTF-8, not a row of the table, or of a shape the format does not have."""
    TRUNCATED = "truncated"
    """The file ends in the middle of a line or of its compressed stream."""
    CORRUPT = "corrupt"
    """The compressed stream fails its own checks."""
    MISSING_FIELD = "missing_field"
    NOT_A_NUMBER = "not_a_number"
    NOT_FINITE = "not_finite"
    """NaN or an infinity where a number is due."""
    OUT_OF_RANGE = "out_of_range"
    """A price outside what the venue's can be, a negative size, a number too long to be one."""
    PRECISION = "precision"
    """More decimals than the venue's grid, so that keeping it would need rounding; or less than a ppm."""
    BAD_TIME = "bad_time"
    """No source time, or one that is no time."""
    TIME_BACKWARDS = "time_backwards"
    """An earlier source time than one already taken for the series."""
    TIME_AHEAD = "time_ahead"
    """A source time further ahead of the receive time than clocks differ."""
    DUPLICATE = "duplicate"
    """The sequence number or row time was seen before."""
    UNKNOWN_SIDE = "unknown_side"
    """A direction outside the documented ones: guessing it would turn the book over."""
    CROSSED = "crossed"
    """Best bid at or above best ask: such a book cannot rest, so it is a state in between."""
    BOOK_MISMATCH = "book_mismatch"
    """The book kept here disagrees with the best bid and ask the venue states beside its change."""
    SEQUENCE_GAP = "sequence_gap"
    NO_SNAPSHOT = "no_snapshot"
    """A change of a book whose snapshot has not arrived."""
    STALE_BOOK = "stale_book"
    """A change of a book that awaits a new snapshot."""
    NEGATIVE_SIZE = "negative_size"
    """A change that takes a level below zero: an earlier change is missing."""
    VENUE_ERROR = "venue_error"
    """The venue answered with an error message."""
    CONTRADICTION = "contradiction"
    """A result whose parts disagree."""
    OVERFLOW = "overflow"
    """The consumer was too slow; the oldest observation in the queue was dropped."""


@dataclass(frozen=True, slots=True)
class Quote:
    """Best bid and ask in ppm of a dollar; None where no order rests."""

    bid_ppm: int | None
    ask_ppm: int | None

    @property
    def is_two_sided(self) -> bool:
        """Whether both a bid and an ask rest."""
        return self.bid_ppm is not None and self.ask_ppm is not None

    @property
    def is_crossed(self) -> bool:
        """Whether the best bid is above the best ask."""
        return self.bid_ppm is not None and self.ask_ppm is not None and self.bid_ppm > self.ask_ppm

    @property
    def is_locked(self) -> bool:
        """Whether the best bid is the best ask. A quote may be; a book only is while it is being changed."""
        return self.bid_ppm is not None and self.bid_ppm == self.ask_ppm

    @property
    def value_ppm(self) -> int | None:
        """The mid, (bid + ask) / 2: exact up to five decimals of price, else rounded down by half a ppm."""
        if self.bid_ppm is None or self.ask_ppm is None:
            return None
        return (self.bid_ppm + self.ask_ppm) // 2

    @property
    def width_ppm(self) -> int | None:
        """Ask less bid; None unless two-sided."""
        if self.bid_ppm is None or self.ask_ppm is None:
            return None
        return self.ask_ppm - self.bid_ppm


@dataclass(frozen=True, slots=True)
class Price:
    """A bare price in ppm of a dollar, and the half-width of its confidence interval (0: none is given)."""

    price_ppm: int
    confidence_ppm: int = 0

    @property
    def is_two_sided(self) -> bool:
        """Always False: no orders stand behind a bare price."""
        return False

    @property
    def is_crossed(self) -> bool:
        """Always False."""
        return False

    @property
    def value_ppm(self) -> int | None:
        """The price."""
        return self.price_ppm

    @property
    def width_ppm(self) -> int | None:
        """The whole confidence interval, 2 x confidence: 0 for a bare price."""
        return 2 * self.confidence_ppm


@dataclass(frozen=True, slots=True)
class Observation:
    """One reading of a series at the source's own time.

    Attributes:
        series: The venue's name of what was read: a market ticker, a token id, a column.
        source_time: Whole Unix seconds: `source_time_ms` rounded down.
        source_time_ms: Unix milliseconds, greater than 0.
        quote: A `Quote` (either side may be absent) or a bare `Price`.

    Raises:
        ValueError: The two times disagree.
    """

    series: str
    source_time: int
    source_time_ms: int
    quote: Quote | Price

    def __post_init__(self) -> None:
        if self.source_time != self.source_time_ms // 1000:
            raise ValueError(
                f"source_time {self.source_time} is not source_time_ms {self.source_time_ms} in whole seconds"
            )

    @classmethod
    def at(cls, series: str, source_time_ms: int, quote: Quote | Price) -> Observation:
        """Build an observation from its time in milliseconds."""
        return cls(series, source_time_ms // 1000, source_time_ms, quote)

    @property
    def is_two_sided(self) -> bool:
        """Whether the reading is a quote with both a bid and an ask."""
        return self.quote.is_two_sided

    @property
    def value_ppm(self) -> int | None:
        """The mid of a two-sided quote, or the price; None for a quote that lacks a side."""
        return self.quote.value_ppm

    @property
    def width_ppm(self) -> int | None:
        """Ask less bid, or the confidence interval of a price; None for a quote that lacks a side."""
        return self.quote.width_ppm


@dataclass(frozen=True, slots=True)
class Rejection:
    """A message or row that gave no observation.

    Attributes:
        reason: Why.
        detail: One sentence for an operator.
        series: The series concerned, "" when the message does not get as far as naming one.
        source_time_ms: The time it carries, None when it carries none that can be read.
        example: The start of the message.
    """

    reason: Reason
    detail: str
    series: str = ""
    source_time_ms: int | None = None
    example: str = ""


Item: TypeAlias = Observation | Rejection


class Rejections:
    """Counts of what gave no observation, with the last example of each.

    Attributes:
        counts: Rejections by reason.
        last: The latest rejection of each reason.
        ignored: Messages of kinds that carry no quote (trades, acknowledgements, unknown kinds), by kind.
            They are no faults and are counted apart.
    """

    __slots__ = ("counts", "ignored", "last")

    KINDS_MAX = 256

    def __init__(self) -> None:
        self.counts: Counter[Reason] = Counter()
        self.last: dict[Reason, Rejection] = {}
        self.ignored: Counter[str] = Counter()

    def count(self, rejection: Rejection) -> None:
        """Add one rejection."""
        self.counts[rejection.reason] += 1
        self.last[rejection.reason] = rejection

    def ignore(self, kind: object) -> None:
        """Add one message of a kind without a quote; kinds beyond `KINDS_MAX` share the label "other"."""
        label = kind[:64] if isinstance(kind, str) else "unnamed"
        if label not in self.ignored and len(self.ignored) >= self.KINDS_MAX:
            label = "other"
        self.ignored[label] += 1

    def add(self, other: Rejections) -> None:
        """Add what another recording of the same series was counted."""
        self.counts += other.counts
        self.last |= other.last
        self.ignored += other.ignored

    @property
    def total(self) -> int:
        """All rejections, ignored messages not among them."""
        return self.counts.total()


class RefusalError(Exception):
    """A payload refused while it is parsed; readers and reducers turn it into a `Rejection`."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail

    def rejection(
        self, series: str = "", source_time_ms: int | None = None, example: object = ""
    ) -> Rejection:
        """The rejection this refusal is counted as."""
        return Rejection(self.reason, self.detail, series, source_time_ms, shown(example))


def shown(example: object) -> str:
    """The first `EXAMPLE_CHARACTERS_MAX` characters of a message, for a log line."""
    if isinstance(example, bytes):
        return example[:EXAMPLE_CHARACTERS_MAX].decode("utf-8", "replace")
    if isinstance(example, str):
        return example[:EXAMPLE_CHARACTERS_MAX]
    return repr(example)[:EXAMPLE_CHARACTERS_MAX]


class OutcomeState(Enum):
    """How far a venue has come in resolving a market."""

    OPEN = "open"
    CLOSED = "closed"
    """Trading has ended, no result is announced."""
    DETERMINED = "determined"
    """A result is announced and may still be disputed or amended."""
    DISPUTED = "disputed"
    FINAL = "final"
    UNKNOWN = "unknown"
    """The venue used a status this adapter does not know: not final."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The venue's own result of a market.

    Attributes:
        series: The series asked about; its share is the one `payout_ppm` is of.
        state: How far resolution has come.
        labels: The outcomes' names in the venue's order, e.g. ("yes", "no").
        payouts_ppm: What one share of each outcome pays, summing to 1,000,000; None before a result.
        payout_ppm: What one share of `series` pays; None before a result.
    """

    series: str
    state: OutcomeState
    labels: tuple[str, ...]
    payouts_ppm: tuple[int, ...] | None
    payout_ppm: int | None

    @property
    def is_final(self) -> bool:
        """Whether the venue has settled and will not change the result."""
        return self.state is OutcomeState.FINAL

    @property
    def winner(self) -> str | None:
        """The outcome that pays everything; None without one (no result yet, or a split payout)."""
        if self.payouts_ppm is None or PPM not in self.payouts_ppm:
            return None
        return self.labels[self.payouts_ppm.index(PPM)]


class Origin(Enum):
    """Where messages come from, which decides what doubt does to a book."""

    LIVE = "live"
    """Sequence numbers are complete: a hole, or an unreadable change, makes books stale until a snapshot."""
    RECORDED = "recorded"
    """A recording of one market out of a subscription: holes are normal, only the faulty message is lost."""
