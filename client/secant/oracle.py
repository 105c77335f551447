# Generated from idl/oracle.json by scripts/bindings: do not edit.
# ruff: noqa: A001, A002, C901, D205, D400, D415, E501, ERA001, FBT001, PLR0911, RUF002, RUF100
"""The oracle program: its accounts, events, errors, addresses and instructions."""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeAlias

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from . import _wire

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "ACCOUNTS",
    "ERRORS",
    "EVENTS",
    "PAYOUT_DIGITAL",
    "PAYOUT_LINEAR",
    "PROGRAM_ID",
    "RECORD_DECIDED",
    "RECORD_OPEN",
    "RECORD_VOID",
    "STATISTIC_AVERAGE",
    "STATISTIC_CHANGE",
    "STATISTIC_FIRST",
    "STATISTIC_LAST",
    "STATISTIC_RANGE",
    "STATISTIC_TOUCH_DOWN",
    "STATISTIC_TOUCH_UP",
    "STATISTIC_VARIANCE",
    "AnyAccount",
    "AnyEvent",
    "Feed",
    "FeedClosed",
    "FeedCreated",
    "FeedReading",
    "FeedRules",
    "Record",
    "RecordCreated",
    "RecordDecided",
    "RecordTerms",
    "close_feed",
    "create_feed",
    "create_record",
    "decode_account",
    "decode_event",
    "find_feed",
    "find_record",
    "observe",
    "publish",
]

PROGRAM_ID: Final = Pubkey.from_string("5vi7GCmyA17r3Pr83pfGSvwEn6JFy8oqqGDtiTedsGuL")
PAYOUT_DIGITAL: Final = 0
PAYOUT_LINEAR: Final = 1
RECORD_DECIDED: Final = 1
RECORD_OPEN: Final = 0
RECORD_VOID: Final = 2
STATISTIC_AVERAGE: Final = 2
STATISTIC_CHANGE: Final = 6
STATISTIC_FIRST: Final = 0
STATISTIC_LAST: Final = 1
STATISTIC_RANGE: Final = 5
STATISTIC_TOUCH_DOWN: Final = 4
STATISTIC_TOUCH_UP: Final = 3
STATISTIC_VARIANCE: Final = 7
ERRORS: Final[dict[int, _wire.ProgramErrorInfo]] = {
    6000: _wire.ProgramErrorInfo(
        6000,
        "AuthorityMismatch",
        "The signer is not the feed's authority; sign with the key that created the feed",
    ),
    6001: _wire.ProgramErrorInfo(6001, "PublisherUnknown", "The signer is not one of the feed's publishers"),
    6002: _wire.ProgramErrorInfo(
        6002,
        "ReadingCountMismatch",
        "The readings do not match the feeds: pass one 24-byte reading per feed account, at least one",
    ),
    6003: _wire.ProgramErrorInfo(6003, "ReadingCrossed", "The reading's bid is above its ask"),
    6004: _wire.ProgramErrorInfo(
        6004,
        "SourceTimeNotIncreasing",
        "The reading's source time is not later than this publisher's last one",
    ),
    6005: _wire.ProgramErrorInfo(
        6005,
        "SourceTimeInFuture",
        "The reading's source time lies in the future of the chain's clock by more than 15 seconds",
    ),
    6006: _wire.ProgramErrorInfo(
        6006, "ReadingStale", "The reading is older than the feed's staleness limit"
    ),
    6007: _wire.ProgramErrorInfo(
        6007,
        "PublishersInvalid",
        "A feed takes 1 to 8 publishers, all different, and a quorum between 1 and their number",
    ),
    6008: _wire.ProgramErrorInfo(
        6008,
        "FeedRulesInvalid",
        "Feed rules out of range: staleness 1 to 86400 s, exponent -12 to 0, width limit and step at least 1",
    ),
    6009: _wire.ProgramErrorInfo(
        6009, "RulesHashMismatch", "The rules hash is not the SHA-256 of the rules' bytes"
    ),
    6010: _wire.ProgramErrorInfo(
        6010, "FeedInvalid", "The account is not a feed of this program, or is not writable"
    ),
    6011: _wire.ProgramErrorInfo(6011, "ClockInvalid", "The account is not the clock sysvar"),
    6012: _wire.ProgramErrorInfo(6012, "FeedMismatch", "The record belongs to another feed"),
    6013: _wire.ProgramErrorInfo(
        6013, "TermsInvalid", "Record terms out of range: see create_record's documentation for each limit"
    ),
    6014: _wire.ProgramErrorInfo(
        6014, "TermsHashMismatch", "The terms hash is not the SHA-256 of the terms' bytes"
    ),
    6015: _wire.ProgramErrorInfo(
        6015,
        "WindowInvalid",
        "The window must end after now, within two years, and leave time enough for its coverage",
    ),
    6016: _wire.ProgramErrorInfo(
        6016,
        "FeedInUse",
        "A record over this feed may still need it; close it 30 days after the last window has ended",
    ),
    6017: _wire.ProgramErrorInfo(6017, "Overflow", "A sum left its integer type"),
    6018: _wire.ProgramErrorInfo(
        6018, "RecordCorrupt", "The record would break one of its own rules; nothing was written"
    ),
}


_CLOCK_ADDRESS: Final = Pubkey.from_string("SysvarC1ock11111111111111111111111111111111")
_SYSTEM_PROGRAM_ADDRESS: Final = Pubkey.from_string("11111111111111111111111111111111")


_FEED_READING = Struct("<qqq")


@dataclass(frozen=True, slots=True)
class FeedReading:
    """One publisher's latest reading.

    A quote is `[bid, ask]`, a price with confidence c is `[p − c, p + c]`.

    Attributes:
        source_time: Unix seconds at the source; 0 before the first reading.
        bid: Lower end in feed units; the least i64 if the book has no bid.
        ask: Upper end in feed units; the greatest i64 if the book has no ask.
    """

    source_time: int
    bid: int
    ask: int

    SIZE: ClassVar[int] = 24

    @classmethod
    def decode(cls, data: bytes) -> FeedReading:
        """Reads a FeedReading from its first byte on; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _feed_reading(_wire.unpack(_FEED_READING, data, "FeedReading"), 0)

    def encode(self, name: str = "feed_reading") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return _encode_feed_reading(self, name)


def _feed_reading(values: tuple[Any, ...], at: int) -> FeedReading:
    return FeedReading(values[at], values[at + 1], values[at + 2])


def _encode_feed_reading(value: FeedReading, name: str) -> bytes:
    if not isinstance(value, FeedReading):
        raise _wire.ArgumentError(name, value, "a FeedReading")
    return b"".join(
        (
            _wire.encode_i64(value.source_time, f"{name}.source_time"),
            _wire.encode_i64(value.bid, f"{name}.bid"),
            _wire.encode_i64(value.ask, f"{name}.ask"),
        )
    )


_FEED = Struct("<32s32sQQqIiBBBB4x" + 8 * ("32s") + 8 * (_FEED_READING.format[1:]))


@dataclass(frozen=True, slots=True)
class Feed:
    """Latest readings of 1 to 8 publishers, and the rules by which they become a sample.

    Attributes:
        authority: Who may close the feed once no record needs it.
        feed_id: Name given at creation, UTF-8 padded with zeros; with the rules, unique per authority.
        width_max: Widest reading that passes: the ask less the bid (twice the confidence), in feed
            units.
        step_max: Most that the clamped track of a record moves per accepted sample, in feed units.
        needed_until: End of the latest window of any record over this feed, Unix seconds; 0 without
            records.
        staleness_s: Seconds after which a reading is stale.
        exponent: A value v means v · 10^exponent.
        publisher_count: How many of `publishers` are set.
        quorum: How many must agree on a time for a sample.
        bump: PDA bump.
        layout: Layout of this account; 1.
        publishers: Keys that may publish.
        readings: Their latest readings, in the same order.
    """

    authority: Pubkey
    feed_id: bytes
    width_max: int
    step_max: int
    needed_until: int
    staleness_s: int
    exponent: int
    publisher_count: int
    quorum: int
    bump: int
    layout: int
    publishers: tuple[Pubkey, ...]
    readings: tuple[FeedReading, ...]

    DISCRIMINATOR: ClassVar[bytes] = b"E\xbf\x10\xe3\x84\xbbT\xe3"
    SIZE: ClassVar[int] = 560
    OFFSETS: ClassVar[dict[str, int]] = {
        "authority": 8,
        "feed_id": 40,
        "width_max": 72,
        "step_max": 80,
        "needed_until": 88,
        "staleness_s": 96,
        "exponent": 100,
        "publisher_count": 104,
        "quorum": 105,
        "bump": 106,
        "layout": 107,
        "publishers": 112,
        "readings": 368,
    }

    @classmethod
    def decode(cls, data: bytes) -> Feed:
        """Reads a Feed and checks the discriminator before it; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _feed(_wire.unpack(_FEED, data, "Feed", cls.DISCRIMINATOR), 0)

    def encode(self, name: str = "feed") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return self.DISCRIMINATOR + _encode_feed(self, name)


def _feed(values: tuple[Any, ...], at: int) -> Feed:
    return Feed(
        Pubkey.from_bytes(values[at]),
        values[at + 1],
        values[at + 2],
        values[at + 3],
        values[at + 4],
        values[at + 5],
        values[at + 6],
        values[at + 7],
        values[at + 8],
        values[at + 9],
        values[at + 10],
        tuple([Pubkey.from_bytes(value) for value in values[at + 11 : at + 19]]),
        tuple([_feed_reading(values, at_) for at_ in range(at + 19, at + 43, 3)]),
    )


def _encode_feed(value: Feed, name: str) -> bytes:
    if not isinstance(value, Feed):
        raise _wire.ArgumentError(name, value, "a Feed")
    return b"".join(
        (
            _wire.encode_pubkey(value.authority, f"{name}.authority"),
            _wire.encode_fixed_bytes(value.feed_id, f"{name}.feed_id", 32),
            _wire.encode_u64(value.width_max, f"{name}.width_max"),
            _wire.encode_u64(value.step_max, f"{name}.step_max"),
            _wire.encode_i64(value.needed_until, f"{name}.needed_until"),
            _wire.encode_u32(value.staleness_s, f"{name}.staleness_s"),
            _wire.encode_i32(value.exponent, f"{name}.exponent"),
            _wire.encode_u8(value.publisher_count, f"{name}.publisher_count"),
            _wire.encode_u8(value.quorum, f"{name}.quorum"),
            _wire.encode_u8(value.bump, f"{name}.bump"),
            _wire.encode_u8(value.layout, f"{name}.layout"),
            bytes(4),
            _wire.encode_array(value.publishers, f"{name}.publishers", _wire.encode_pubkey, 8),
            _wire.encode_array(value.readings, f"{name}.readings", _encode_feed_reading, 8),
        )
    )


_FEED_CLOSED = Struct("<32s")


@dataclass(frozen=True, slots=True)
class FeedClosed:
    """A feed is gone.

    Attributes:
        feed: key.
    """

    feed: Pubkey

    DISCRIMINATOR: ClassVar[bytes] = b"\xac\xb1J\x12w`\xc4\xcf"
    SIZE: ClassVar[int] = 40

    @classmethod
    def decode(cls, data: bytes) -> FeedClosed:
        """Reads a FeedClosed and checks the discriminator before it; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _feed_closed(_wire.unpack(_FEED_CLOSED, data, "FeedClosed", cls.DISCRIMINATOR), 0)

    def encode(self, name: str = "feed_closed") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return self.DISCRIMINATOR + _encode_feed_closed(self, name)


def _feed_closed(values: tuple[Any, ...], at: int) -> FeedClosed:
    return FeedClosed(Pubkey.from_bytes(values[at]))


def _encode_feed_closed(value: FeedClosed, name: str) -> bytes:
    if not isinstance(value, FeedClosed):
        raise _wire.ArgumentError(name, value, "a FeedClosed")
    return b"".join((_wire.encode_pubkey(value.feed, f"{name}.feed"),))


_FEED_CREATED = Struct("<32s32s32s")


@dataclass(frozen=True, slots=True)
class FeedCreated:
    """A feed exists.

    Attributes:
        feed: key.
        authority: key.
        feed_id: 32 bytes.
    """

    feed: Pubkey
    authority: Pubkey
    feed_id: bytes

    DISCRIMINATOR: ClassVar[bytes] = b"0rV\xfdqB\xfab"
    SIZE: ClassVar[int] = 104

    @classmethod
    def decode(cls, data: bytes) -> FeedCreated:
        """Reads a FeedCreated and checks the discriminator before it; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _feed_created(_wire.unpack(_FEED_CREATED, data, "FeedCreated", cls.DISCRIMINATOR), 0)

    def encode(self, name: str = "feed_created") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return self.DISCRIMINATOR + _encode_feed_created(self, name)


def _feed_created(values: tuple[Any, ...], at: int) -> FeedCreated:
    return FeedCreated(Pubkey.from_bytes(values[at]), Pubkey.from_bytes(values[at + 1]), values[at + 2])


def _encode_feed_created(value: FeedCreated, name: str) -> bytes:
    if not isinstance(value, FeedCreated):
        raise _wire.ArgumentError(name, value, "a FeedCreated")
    return b"".join(
        (
            _wire.encode_pubkey(value.feed, f"{name}.feed"),
            _wire.encode_pubkey(value.authority, f"{name}.authority"),
            _wire.encode_fixed_bytes(value.feed_id, f"{name}.feed_id", 32),
        )
    )


@dataclass(frozen=True, slots=True)
class FeedRules:
    """The rules of a feed, fixed for its life.

    Attributes:
        width_max: Widest reading that passes, at least 1.
        step_max: Most that the clamped track moves per sample, at least 1.
        staleness_s: 1 to 86,400.
        exponent: −12 to 0.
        quorum: 1 to the number of publishers.
        publishers: 1 to 8 different keys.
    """

    width_max: int
    step_max: int
    staleness_s: int
    exponent: int
    quorum: int
    publishers: tuple[Pubkey, ...]

    @classmethod
    def decode(cls, data: bytes) -> FeedRules:
        """Reads a FeedRules from its first byte on; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _read_feed_rules(_wire.body(data, "FeedRules"))

    def encode(self, name: str = "feed_rules") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return _encode_feed_rules(self, name)


def _read_feed_rules(reader: _wire.Reader) -> FeedRules:
    return FeedRules(
        width_max=reader.u64(),
        step_max=reader.u64(),
        staleness_s=reader.u32(),
        exponent=reader.i32(),
        quorum=reader.u8(),
        publishers=reader.vec(reader.pubkey),
    )


def _encode_feed_rules(value: FeedRules, name: str) -> bytes:
    if not isinstance(value, FeedRules):
        raise _wire.ArgumentError(name, value, "a FeedRules")
    return b"".join(
        (
            _wire.encode_u64(value.width_max, f"{name}.width_max"),
            _wire.encode_u64(value.step_max, f"{name}.step_max"),
            _wire.encode_u32(value.staleness_s, f"{name}.staleness_s"),
            _wire.encode_i32(value.exponent, f"{name}.exponent"),
            _wire.encode_u8(value.quorum, f"{name}.quorum"),
            _wire.encode_vec(value.publishers, f"{name}.publishers", _wire.encode_pubkey),
        )
    )


_RECORD_TERMS = Struct("<qqqqqQIIIIBB6x")


@dataclass(frozen=True, slots=True)
class RecordTerms:
    """What a record is to find out.

    Values are in feed units, times in Unix seconds at the source.

    Attributes:
        start: First second of the window, so late that the coverage can still be reached.
        end: Last second of the window, at most two years from now.
        barrier: Level of a touch; 0 for other statistics.
        low: Strike of a digital payout (0 for a touch), lower bound of a linear one.
        high: Upper bound of a linear payout; 0 for a digital one.
        width_max: Widest sample that passes; at most the feed's own limit.
        sustain_s: Seconds that a touch must last; 0 for other statistics.
        max_gap_s: Longest interval between samples that counts as observed, at least 1.
        grid_s: Cell of a variance, at least 1; 0 for other statistics.
        coverage_min_ppm: Least covered share of the window in millionths; less voids. 0 for a first
            value.
        statistic: One of the STATISTIC constants.
        payout: One of the PAYOUT constants.
    """

    start: int
    end: int
    barrier: int
    low: int
    high: int
    width_max: int
    sustain_s: int
    max_gap_s: int
    grid_s: int
    coverage_min_ppm: int
    statistic: int
    payout: int

    SIZE: ClassVar[int] = 72

    @classmethod
    def decode(cls, data: bytes) -> RecordTerms:
        """Reads a RecordTerms from its first byte on; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _record_terms(_wire.unpack(_RECORD_TERMS, data, "RecordTerms"), 0)

    def encode(self, name: str = "record_terms") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return _encode_record_terms(self, name)


def _record_terms(values: tuple[Any, ...], at: int) -> RecordTerms:
    return RecordTerms(
        values[at],
        values[at + 1],
        values[at + 2],
        values[at + 3],
        values[at + 4],
        values[at + 5],
        values[at + 6],
        values[at + 7],
        values[at + 8],
        values[at + 9],
        values[at + 10],
        values[at + 11],
    )


def _encode_record_terms(value: RecordTerms, name: str) -> bytes:
    if not isinstance(value, RecordTerms):
        raise _wire.ArgumentError(name, value, "a RecordTerms")
    return b"".join(
        (
            _wire.encode_i64(value.start, f"{name}.start"),
            _wire.encode_i64(value.end, f"{name}.end"),
            _wire.encode_i64(value.barrier, f"{name}.barrier"),
            _wire.encode_i64(value.low, f"{name}.low"),
            _wire.encode_i64(value.high, f"{name}.high"),
            _wire.encode_u64(value.width_max, f"{name}.width_max"),
            _wire.encode_u32(value.sustain_s, f"{name}.sustain_s"),
            _wire.encode_u32(value.max_gap_s, f"{name}.max_gap_s"),
            _wire.encode_u32(value.grid_s, f"{name}.grid_s"),
            _wire.encode_u32(value.coverage_min_ppm, f"{name}.coverage_min_ppm"),
            _wire.encode_u8(value.statistic, f"{name}.statistic"),
            _wire.encode_u8(value.payout, f"{name}.payout"),
            bytes(6),
        )
    )


_RECORD = Struct("<32s32s" + _RECORD_TERMS.format[1:] + "32sQQqqqqqqqQQqqqqq16s16sHBBB3x")


@dataclass(frozen=True, slots=True)
class Record:
    """The evidence of one feed under one set of terms.

    Attributes:
        feed: The feed observed.
        terms_hash: SHA-256 of the terms' bytes; with the feed, the address of the record.
        terms: What is asked.
        evidence_hash: Hash chain over accepted samples: SHA-256 of the hash before, time and value.
        accepted: Samples accepted.
        rejected: Times seen inside the window whose sample was refused for its quality, and never
            accepted later.
        seen_time: Source time of the last sample seen inside the window.
        first_value: Value of the first accepted sample.
        last_time: Source time of the last accepted sample; the least i64 before any.
        last_value: Value of the last accepted sample.
        clamped_value: The accepted values, each step limited to the feed's `step_max`.
        min_value: Least accepted value.
        max_value: Greatest accepted value.
        covered_s: Covered seconds between samples; the tail to the window's end comes on top.
        longest_gap_s: Longest interval between consecutive accepted samples.
        run_start: Source time at which the present run at the barrier began; the least i64 if none.
        passage_time: Source time at which the touch was proven; the least i64 if not.
        cell: Grid cell of the last chained sample; the least i64 if none.
        cell_value: First value of that cell.
        decided_time: Chain time of the decision; 0 before it.
        weighted_sum: Σ value·Δt over covered intervals.
        squares: Σ (Δ value)² over chained cells.
        yes_ticks: Ticks of 1/10,000 that YES pays, once decided.
        status: 0 open, 1 decided, 2 void.
        bump: PDA bump.
        layout: Layout of this account; 1.
    """

    feed: Pubkey
    terms_hash: bytes
    terms: RecordTerms
    evidence_hash: bytes
    accepted: int
    rejected: int
    seen_time: int
    first_value: int
    last_time: int
    last_value: int
    clamped_value: int
    min_value: int
    max_value: int
    covered_s: int
    longest_gap_s: int
    run_start: int
    passage_time: int
    cell: int
    cell_value: int
    decided_time: int
    weighted_sum: int
    squares: int
    yes_ticks: int
    status: int
    bump: int
    layout: int

    DISCRIMINATOR: ClassVar[bytes] = b"\xfe\xe9u\xfcL\xa6\x92\x8b"
    SIZE: ClassVar[int] = 344
    OFFSETS: ClassVar[dict[str, int]] = {
        "feed": 8,
        "terms_hash": 40,
        "terms": 72,
        "evidence_hash": 144,
        "accepted": 176,
        "rejected": 184,
        "seen_time": 192,
        "first_value": 200,
        "last_time": 208,
        "last_value": 216,
        "clamped_value": 224,
        "min_value": 232,
        "max_value": 240,
        "covered_s": 248,
        "longest_gap_s": 256,
        "run_start": 264,
        "passage_time": 272,
        "cell": 280,
        "cell_value": 288,
        "decided_time": 296,
        "weighted_sum": 304,
        "squares": 320,
        "yes_ticks": 336,
        "status": 338,
        "bump": 339,
        "layout": 340,
    }

    @classmethod
    def decode(cls, data: bytes) -> Record:
        """Reads a Record and checks the discriminator before it; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _record(_wire.unpack(_RECORD, data, "Record", cls.DISCRIMINATOR), 0)

    def encode(self, name: str = "record") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return self.DISCRIMINATOR + _encode_record(self, name)


def _record(values: tuple[Any, ...], at: int) -> Record:
    return Record(
        Pubkey.from_bytes(values[at]),
        values[at + 1],
        _record_terms(values, at + 2),
        values[at + 14],
        values[at + 15],
        values[at + 16],
        values[at + 17],
        values[at + 18],
        values[at + 19],
        values[at + 20],
        values[at + 21],
        values[at + 22],
        values[at + 23],
        values[at + 24],
        values[at + 25],
        values[at + 26],
        values[at + 27],
        values[at + 28],
        values[at + 29],
        values[at + 30],
        _wire.i128(values[at + 31]),
        _wire.u128(values[at + 32]),
        values[at + 33],
        values[at + 34],
        values[at + 35],
        values[at + 36],
    )


def _encode_record(value: Record, name: str) -> bytes:
    if not isinstance(value, Record):
        raise _wire.ArgumentError(name, value, "a Record")
    return b"".join(
        (
            _wire.encode_pubkey(value.feed, f"{name}.feed"),
            _wire.encode_fixed_bytes(value.terms_hash, f"{name}.terms_hash", 32),
            _encode_record_terms(value.terms, f"{name}.terms"),
            _wire.encode_fixed_bytes(value.evidence_hash, f"{name}.evidence_hash", 32),
            _wire.encode_u64(value.accepted, f"{name}.accepted"),
            _wire.encode_u64(value.rejected, f"{name}.rejected"),
            _wire.encode_i64(value.seen_time, f"{name}.seen_time"),
            _wire.encode_i64(value.first_value, f"{name}.first_value"),
            _wire.encode_i64(value.last_time, f"{name}.last_time"),
            _wire.encode_i64(value.last_value, f"{name}.last_value"),
            _wire.encode_i64(value.clamped_value, f"{name}.clamped_value"),
            _wire.encode_i64(value.min_value, f"{name}.min_value"),
            _wire.encode_i64(value.max_value, f"{name}.max_value"),
            _wire.encode_u64(value.covered_s, f"{name}.covered_s"),
            _wire.encode_u64(value.longest_gap_s, f"{name}.longest_gap_s"),
            _wire.encode_i64(value.run_start, f"{name}.run_start"),
            _wire.encode_i64(value.passage_time, f"{name}.passage_time"),
            _wire.encode_i64(value.cell, f"{name}.cell"),
            _wire.encode_i64(value.cell_value, f"{name}.cell_value"),
            _wire.encode_i64(value.decided_time, f"{name}.decided_time"),
            _wire.encode_i128(value.weighted_sum, f"{name}.weighted_sum"),
            _wire.encode_u128(value.squares, f"{name}.squares"),
            _wire.encode_u16(value.yes_ticks, f"{name}.yes_ticks"),
            _wire.encode_u8(value.status, f"{name}.status"),
            _wire.encode_u8(value.bump, f"{name}.bump"),
            _wire.encode_u8(value.layout, f"{name}.layout"),
            bytes(3),
        )
    )


_RECORD_CREATED = Struct("<32s32s")


@dataclass(frozen=True, slots=True)
class RecordCreated:
    """A record exists.

    Attributes:
        record: key.
        feed: key.
    """

    record: Pubkey
    feed: Pubkey

    DISCRIMINATOR: ClassVar[bytes] = b"\x07\x02 B\x87\xa8h\xe1"
    SIZE: ClassVar[int] = 72

    @classmethod
    def decode(cls, data: bytes) -> RecordCreated:
        """Reads a RecordCreated and checks the discriminator before it; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _record_created(_wire.unpack(_RECORD_CREATED, data, "RecordCreated", cls.DISCRIMINATOR), 0)

    def encode(self, name: str = "record_created") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return self.DISCRIMINATOR + _encode_record_created(self, name)


def _record_created(values: tuple[Any, ...], at: int) -> RecordCreated:
    return RecordCreated(Pubkey.from_bytes(values[at]), Pubkey.from_bytes(values[at + 1]))


def _encode_record_created(value: RecordCreated, name: str) -> bytes:
    if not isinstance(value, RecordCreated):
        raise _wire.ArgumentError(name, value, "a RecordCreated")
    return b"".join(
        (
            _wire.encode_pubkey(value.record, f"{name}.record"),
            _wire.encode_pubkey(value.feed, f"{name}.feed"),
        )
    )


_RECORD_DECIDED = Struct("<32sII")


@dataclass(frozen=True, slots=True)
class RecordDecided:
    """A record is decided, for good.

    Attributes:
        record: key.
        status: 1 decided, 2 void.
        yes_ticks: Ticks of 1/10,000 that YES pays.
    """

    record: Pubkey
    status: int
    yes_ticks: int

    DISCRIMINATOR: ClassVar[bytes] = b"\x90\x05B\x89]\xe8Yj"
    SIZE: ClassVar[int] = 48

    @classmethod
    def decode(cls, data: bytes) -> RecordDecided:
        """Reads a RecordDecided and checks the discriminator before it; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _record_decided(_wire.unpack(_RECORD_DECIDED, data, "RecordDecided", cls.DISCRIMINATOR), 0)

    def encode(self, name: str = "record_decided") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return self.DISCRIMINATOR + _encode_record_decided(self, name)


def _record_decided(values: tuple[Any, ...], at: int) -> RecordDecided:
    return RecordDecided(Pubkey.from_bytes(values[at]), values[at + 1], values[at + 2])


def _encode_record_decided(value: RecordDecided, name: str) -> bytes:
    if not isinstance(value, RecordDecided):
        raise _wire.ArgumentError(name, value, "a RecordDecided")
    return b"".join(
        (
            _wire.encode_pubkey(value.record, f"{name}.record"),
            _wire.encode_u32(value.status, f"{name}.status"),
            _wire.encode_u32(value.yes_ticks, f"{name}.yes_ticks"),
        )
    )


AnyAccount: TypeAlias = Feed | Record


ACCOUNTS: Final[dict[bytes, type[Feed | Record]]] = {Feed.DISCRIMINATOR: Feed, Record.DISCRIMINATOR: Record}


def decode_account(data: bytes) -> AnyAccount:
    """Reads an account of this program, whichever it is.

    Raises:
        DecodeError: no account of this program, or too few bytes.
    """
    discriminator = bytes(data[: _wire.DISCRIMINATOR_LENGTH])
    found = ACCOUNTS.get(discriminator)
    if found is None:
        raise _wire.DecodeError("account", f"no account of this program begins with {discriminator.hex()}")
    return found.decode(data)


AnyEvent: TypeAlias = FeedClosed | FeedCreated | RecordCreated | RecordDecided


EVENTS: Final[dict[bytes, type[FeedClosed | FeedCreated | RecordCreated | RecordDecided]]] = {
    FeedClosed.DISCRIMINATOR: FeedClosed,
    FeedCreated.DISCRIMINATOR: FeedCreated,
    RecordCreated.DISCRIMINATOR: RecordCreated,
    RecordDecided.DISCRIMINATOR: RecordDecided,
}


def decode_event(data: bytes) -> AnyEvent:
    """Reads an event of this program, whichever it is.

    Raises:
        DecodeError: no event of this program, or too few bytes.
    """
    discriminator = bytes(data[: _wire.DISCRIMINATOR_LENGTH])
    found = EVENTS.get(discriminator)
    if found is None:
        raise _wire.DecodeError("event", f"no event of this program begins with {discriminator.hex()}")
    return found.decode(data)


def find_feed(*, authority: Pubkey, feed_id: bytes, rules_hash: bytes) -> Pubkey:
    """The address of the feed.

    Args:
        authority: key.
        feed_id: 32 bytes.
        rules_hash: 32 bytes.

    Raises:
        ArgumentError: a seed is out of its range.
    """
    return Pubkey.find_program_address(
        [
            b"feed",
            _wire.encode_pubkey(authority, "authority"),
            _wire.encode_fixed_bytes(feed_id, "feed_id", 32),
            _wire.encode_fixed_bytes(rules_hash, "rules_hash", 32),
        ],
        PROGRAM_ID,
    )[0]


def find_record(*, feed: Pubkey, terms_hash: bytes) -> Pubkey:
    """The address of the record.

    Args:
        feed: key.
        terms_hash: 32 bytes.

    Raises:
        ArgumentError: a seed is out of its range.
    """
    return Pubkey.find_program_address(
        [
            b"record",
            _wire.encode_pubkey(feed, "feed"),
            _wire.encode_fixed_bytes(terms_hash, "terms_hash", 32),
        ],
        PROGRAM_ID,
    )[0]


def close_feed(
    *, authority: Pubkey, feed: Pubkey, remaining_accounts: Sequence[AccountMeta] = ()
) -> Instruction:
    """Closes a feed that no record can need any more and returns its rent.

    Args:
        authority: the authority. [signer, writable]
        feed: the feed. [writable]
        remaining_accounts: appended after the accounts above.
    """
    return Instruction(
        PROGRAM_ID,
        b"\x99\x0e\\Y\x13N\xd3.",
        [
            AccountMeta(authority, is_signer=True, is_writable=True),
            AccountMeta(feed, is_signer=False, is_writable=True),
            *remaining_accounts,
        ],
    )


def create_feed(
    *,
    authority: Pubkey,
    feed_id: bytes,
    rules_hash: bytes,
    rules: FeedRules,
    feed: Pubkey | None = None,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Creates a feed with its publishers and rules, which never change: `rules_hash`, the SHA-256 of the
    rules' bytes, is part of its address.

    Args:
        authority: Pays the rent; may close the feed later. [signer, writable]
        feed_id: 32 bytes.
        rules_hash: 32 bytes.
        rules: `FeedRules`.
        feed: the feed. [writable] Left out: `find_feed(authority=authority, feed_id=feed_id,
            rules_hash=rules_hash)`.
        remaining_accounts: appended after the accounts above.

    Raises:
        ArgumentError: an argument is out of its range.
    """
    if feed is None:
        feed = find_feed(authority=authority, feed_id=feed_id, rules_hash=rules_hash)
    return Instruction(
        PROGRAM_ID,
        b"\xadV_^\r\xc1C\xb4"
        + _wire.encode_fixed_bytes(feed_id, "feed_id", 32)
        + _wire.encode_fixed_bytes(rules_hash, "rules_hash", 32)
        + _encode_feed_rules(rules, "rules"),
        [
            AccountMeta(authority, is_signer=True, is_writable=True),
            AccountMeta(feed, is_signer=False, is_writable=True),
            AccountMeta(_SYSTEM_PROGRAM_ADDRESS, is_signer=False, is_writable=False),
            *remaining_accounts,
        ],
    )


def create_record(
    *,
    payer: Pubkey,
    feed: Pubkey,
    terms_hash: bytes,
    terms: RecordTerms,
    record: Pubkey | None = None,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Creates the record of a feed under terms; `terms_hash` is the SHA-256 of the terms' bytes.

    Args:
        payer: Pays the rent. A record is evidence and is never closed. [signer, writable]
        feed: the feed. [writable]
        terms_hash: 32 bytes.
        terms: `RecordTerms`.
        record: the record. [writable] Left out: `find_record(feed=feed, terms_hash=terms_hash)`.
        remaining_accounts: appended after the accounts above.

    Raises:
        ArgumentError: an argument is out of its range.
    """
    if record is None:
        record = find_record(feed=feed, terms_hash=terms_hash)
    return Instruction(
        PROGRAM_ID,
        b"t|?:~\xcc\xb2\n"
        + _wire.encode_fixed_bytes(terms_hash, "terms_hash", 32)
        + _encode_record_terms(terms, "terms"),
        [
            AccountMeta(payer, is_signer=True, is_writable=True),
            AccountMeta(feed, is_signer=False, is_writable=True),
            AccountMeta(record, is_signer=False, is_writable=True),
            AccountMeta(_SYSTEM_PROGRAM_ADDRESS, is_signer=False, is_writable=False),
            *remaining_accounts,
        ],
    )


def observe(*, feed: Pubkey, record: Pubkey, remaining_accounts: Sequence[AccountMeta] = ()) -> Instruction:
    """Takes the feed's present sample into a record, and decides the record when it can be.

    Anyone may; a sample already seen changes nothing.

    Args:
        feed: the feed.
        record: the record. [writable]
        remaining_accounts: appended after the accounts above.
    """
    return Instruction(
        PROGRAM_ID,
        b"\xccN\xb2s\xc2\x93AJ",
        [
            AccountMeta(_CLOCK_ADDRESS, is_signer=False, is_writable=False),
            AccountMeta(feed, is_signer=False, is_writable=False),
            AccountMeta(record, is_signer=False, is_writable=True),
            *remaining_accounts,
        ],
    )


def publish(
    *, publisher: Pubkey, feed: Pubkey, readings: bytes, remaining_accounts: Sequence[AccountMeta] = ()
) -> Instruction:
    """Writes one publisher's reading of each feed passed, in the order of the readings.

    Args:
        publisher: the publisher. [signer]
        feed: A feed, checked as all the further ones are. [writable]
        readings: bytes.
        remaining_accounts: appended after the accounts above.

    Raises:
        ArgumentError: an argument is out of its range.
    """
    return Instruction(
        PROGRAM_ID,
        b"\x81\xb1\xb6\xa0\xb8\xe0\xdb\x05" + _wire.encode_bytes(readings, "readings"),
        [
            AccountMeta(publisher, is_signer=True, is_writable=False),
            AccountMeta(_CLOCK_ADDRESS, is_signer=False, is_writable=False),
            AccountMeta(feed, is_signer=False, is_writable=True),
            *remaining_accounts,
        ],
    )
