"""What the client sees: frozen values, in decimal numbers, that hold no connection."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from solders.pubkey import Pubkey

__all__ = [
    "AccountView",
    "EventStatus",
    "EventView",
    "ExchangeView",
    "FeedView",
    "Outcome",
    "Pausable",
    "PoolKind",
    "PoolView",
    "Position",
    "Quote",
    "Reading",
    "RecordStatus",
    "RecordView",
    "ResolverKind",
    "Side",
    "Statistic",
    "TokenView",
]


class EventStatus(StrEnum):
    """Where an event stands."""

    OPEN = "open"
    LOCKED = "locked"
    RESOLVED = "resolved"
    VOID = "void"


class ResolverKind(StrEnum):
    """Who settles an event."""

    RECORD = "record"
    AUTHORITY = "authority"


class PoolKind(StrEnum):
    """How a pool makes its price: a logarithmic scoring rule, or a pm-AMM (2 outcomes only)."""

    LMSR = "lmsr"
    PM_AMM = "pm-amm"


class RecordStatus(StrEnum):
    """Where a record stands."""

    OPEN = "open"
    DECIDED = "decided"
    VOID = "void"


class Statistic(StrEnum):
    """What a record finds out about a feed's values inside its window."""

    FIRST = "first"
    LAST = "last"
    TWAP = "twap"
    TOUCH_UP = "touch_up"
    TOUCH_DOWN = "touch_down"
    RANGE = "range"
    CHANGE = "change"
    VARIANCE = "variance"

    @property
    def is_touch(self) -> bool:
        """Tell whether it asks for a barrier to be reached."""
        return self in {Statistic.TOUCH_UP, Statistic.TOUCH_DOWN}


class Pausable(StrEnum):
    """What can be paused; reducing, merging, redeeming and withdrawing never can."""

    DEPOSIT = "deposit"
    CREATE = "create"
    TRADE = "trade"
    TOKENIZE = "tokenize"


class Side(StrEnum):
    """Which way a trade goes."""

    BUY = "buy"
    SELL = "sell"


@dataclass(frozen=True, slots=True)
class ExchangeView:
    """An exchange.

    Attributes:
        address: Its address.
        mint: The collateral's mint.
        vault: The token account that holds all collateral.
        treasury: The token account that fees are paid to.
        admin: Who may pause, and lift a pause.
        pauser: Who else may pause.
        fee_bps: Fee of new pools, in bps of shares * p * (1 - p).
        fees: Fees of closed pools that are not collected yet.
        paused: What is paused.
    """

    address: Pubkey
    mint: Pubkey
    vault: Pubkey
    treasury: Pubkey
    admin: Pubkey
    pauser: Pubkey
    fee_bps: int
    fees: Decimal
    paused: tuple[Pausable, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One outcome of an event.

    Attributes:
        index: Its place, from 0.
        label: Its label.
        payout: What a share pays, from 0 to 1; None until the event is settled.
        tokenized: Shares that exist as tokens.
    """

    index: int
    label: str
    payout: Decimal | None
    tokenized: Decimal


@dataclass(frozen=True, slots=True)
class EventView:
    """An event market.

    Attributes:
        address: Its address.
        name: Short name, unique per creator; hexadecimal if it is no text.
        title: The question.
        outcomes: Its outcomes, in order.
        status: Where it stands. An open event past its lock time trades no more.
        resolver_kind: Who settles it.
        resolver: The record, or the authority.
        creator: Who created it.
        lock_time: When trading stops, UTC.
        settlement_deadline: When anyone may void it if it is not settled, UTC.
        settled_time: When it was settled, UTC; None before.
        escrow: Collateral behind its shares.
    """

    address: Pubkey
    name: str
    title: str
    outcomes: tuple[Outcome, ...]
    status: EventStatus
    resolver_kind: ResolverKind
    resolver: Pubkey
    creator: Pubkey
    lock_time: datetime
    settlement_deadline: datetime
    settled_time: datetime | None
    escrow: Decimal

    @property
    def is_settled(self) -> bool:
        """Tell whether the payouts stand."""
        return self.status in {EventStatus.RESOLVED, EventStatus.VOID}


@dataclass(frozen=True, slots=True)
class Position:
    """What an account holds in one event.

    Attributes:
        event: The event.
        shares: Shares of each outcome, in order; negative for a short.
        undrawn_shares: Shares that fills of its orders have brought, of each outcome, in order: they lie in
            the event's books until they are drawn.
        undrawn_cash: Cash of those fills, rebates included; negative for what they cost.
        wants_draw: Whether a draw would bring something: fills, or what orders that are gone reserved.
    """

    event: EventView
    shares: tuple[Decimal, ...]
    undrawn_shares: tuple[Decimal, ...]
    undrawn_cash: Decimal
    wants_draw: bool


@dataclass(frozen=True, slots=True)
class AccountView:
    """A margin account.

    Attributes:
        address: Its address.
        owner: Who may trade and withdraw.
        index: Which of the owner's accounts it is.
        cash: Collateral; negative only as far as complete sets back it.
        free: What may be withdrawn or spent: the cash with every event at its worst outcome and order fill.
        reserved: How much more would be free without open orders.
        volume: What it has taken, as shares * p * (1 - p), as of its last trade; it wears off in 30 days, and
            lowers the fee from 10,000 on.
        fee_share: The share of the full fee that it pays for this, as of now, from 0 to 1.
        positions: What it holds, by event.
        perps: The perpetuals that it holds something in: `perp_health` says what they leave of `free`.
        delegate: Who else may trade its perpetuals; None for nobody.
    """

    address: Pubkey
    owner: Pubkey
    index: int
    cash: Decimal
    free: Decimal
    reserved: Decimal
    volume: Decimal
    fee_share: Decimal
    positions: tuple[Position, ...]
    perps: tuple[Pubkey, ...]
    delegate: Pubkey | None


@dataclass(frozen=True, slots=True)
class TokenView:
    """Shares that a wallet holds as tokens of one outcome.

    Attributes:
        event: The event.
        outcome: The outcome's label.
        shares: How many.
        token_account: Where they are.
    """

    event: EventView
    outcome: str
    shares: Decimal
    token_account: Pubkey


@dataclass(frozen=True, slots=True)
class PoolView:
    """A pool.

    Attributes:
        address: Its address.
        event: The event it trades.
        creator: Who funded it.
        kind: How it makes its price.
        liquidity: Scale of its cost function, in shares: the b of an LMSR, the L of a pm-AMM.
        cash: Its collateral.
        fees: Fees it has earned that are not collected yet.
        fee_bps: Its fee, in bps of shares * p * (1 - p).
        sold: Net shares sold of each outcome.
    """

    address: Pubkey
    event: Pubkey
    creator: Pubkey
    kind: PoolKind
    liquidity: Decimal
    cash: Decimal
    fees: Decimal
    fee_bps: int
    sold: tuple[Decimal, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """One publisher's latest reading.

    Attributes:
        publisher: Who published it.
        source_time: When its source said so, UTC; None before the first reading.
        bid: Lower end; None if the book had no bid, or before the first reading.
        ask: Upper end; None if the book had no ask, or before the first reading.
    """

    publisher: Pubkey
    source_time: datetime | None
    bid: Decimal | None
    ask: Decimal | None


@dataclass(frozen=True, slots=True)
class FeedView:
    """A feed: its rules, which never change, and its publishers' latest readings.

    Attributes:
        address: Its address.
        name: Short name; hexadecimal if it is no text.
        authority: Who created it and may close it.
        exponent: Values have this many decimals, negated: -6 is six.
        width_max: Widest reading that passes: ask less bid.
        step_max: Most that a record's clamped track moves per sample.
        staleness_s: Seconds after which a reading is stale.
        quorum: How many publishers must agree on a time for a sample.
        readings: One for each publisher.
        needed_until: End of the latest window of any record over it, UTC; None without records.
    """

    address: Pubkey
    name: str
    authority: Pubkey
    exponent: int
    width_max: Decimal
    step_max: Decimal
    staleness_s: int
    quorum: int
    readings: tuple[Reading, ...]
    needed_until: datetime | None


@dataclass(frozen=True, slots=True)
class RecordView:
    """A record: its terms, and what its feed has shown under them so far.

    Values have the feed's decimals, those of a variance twice as many. `average`, `coverage` and `value`
    are what they would be at the window's end if no further sample came.

    Attributes:
        address: Its address.
        feed: The feed observed.
        exponent: The feed's; None once the feed is closed: values are then in feed units.
        statistic: What is asked.
        barrier: Level of a touch; None for others.
        strike: YES pays 1 if the statistic is at least this, else nothing; None for a touch or for bounds.
        low: Where YES pays nothing; None for a touch or a strike.
        high: Where YES pays 1; None for a touch or a strike.
        sustain_s: Seconds that a touch must last.
        grid_s: Cell of a variance in seconds; None for others.
        max_gap_s: Longest interval between samples that counts as observed.
        min_coverage: Least covered share of the window, from 0 to 1; less voids.
        max_spread: Widest sample that passes.
        window_start: First moment of its window, UTC.
        window_end: Last moment of its window, UTC.
        status: Where it stands.
        yes_payout: What a share of YES pays, from 0 to 1; None until decided.
        decided_time: When it was decided or voided, UTC; None before.
        accepted: Samples accepted.
        rejected: Samples refused for their quality.
        last_time: Source time of the last accepted sample, UTC; None before any.
        min_value: Least accepted value; None before any.
        max_value: Greatest accepted value; None before any.
        average: Time-weighted average over covered time, to 12 decimals; None without any.
        value: The statistic; None for a touch, or before any sample.
        coverage: Covered share of the window, from 0 to 1, rounded down to 6 decimals.
        longest_gap_s: Longest interval between consecutive accepted samples.
        passage_time: Source time at which a touch was proven, UTC; None if it is not.
    """

    address: Pubkey
    feed: Pubkey
    exponent: int | None
    statistic: Statistic
    barrier: Decimal | None
    strike: Decimal | None
    low: Decimal | None
    high: Decimal | None
    sustain_s: int
    grid_s: int | None
    max_gap_s: int
    min_coverage: Decimal
    max_spread: Decimal
    window_start: datetime
    window_end: datetime
    status: RecordStatus
    yes_payout: Decimal | None
    decided_time: datetime | None
    accepted: int
    rejected: int
    last_time: datetime | None
    min_value: Decimal | None
    max_value: Decimal | None
    average: Decimal | None
    value: Decimal | None
    coverage: Decimal
    longest_gap_s: int
    passage_time: datetime | None


@dataclass(frozen=True, slots=True)
class Quote:
    """What a trade with a pool would cost or yield now.

    Attributes:
        event: The event.
        pool: The pool.
        outcome: The outcome's label.
        side: Buy or sell.
        shares: How many.
        amount: What they cost or yield before the fee.
        fee: The fee.
        total: What would be paid, fee included, or received, fee deducted.
        price: `total` per share, to 6 decimals.
    """

    event: Pubkey
    pool: Pubkey
    outcome: str
    side: Side
    shares: Decimal
    amount: Decimal
    fee: Decimal
    total: Decimal
    price: Decimal
