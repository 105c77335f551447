"""From what the programs store to what people read, and text the other way."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Context, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from solders.pubkey import Pubkey

from secant import exchange, oracle
from secant.errors import ClientOutdated, InputError
from secant.units import TICKS_PER_UNIT, collateral_of, feed_value_of, price_of, shares_of

from .fees import fee_share, worn_down
from .results import (
    AccountView,
    EventStatus,
    EventView,
    ExchangeView,
    FeedView,
    Outcome,
    Pausable,
    PoolKind,
    PoolView,
    Position,
    Reading,
    RecordStatus,
    RecordView,
    ResolverKind,
    Statistic,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .seats import HeldSeat

__all__ = [
    "NO_ASK",
    "NO_BID",
    "PAUSE_BITS",
    "POOL_KINDS",
    "PPM",
    "STATISTICS",
    "account_view",
    "event_status",
    "event_view",
    "exchange_view",
    "feed_view",
    "free_of",
    "moment_of",
    "moment_text",
    "padded",
    "paused",
    "pool_view",
    "record_view",
    "seconds_of",
    "text_of",
    "token_amount",
]

_STATUSES: Final = {
    exchange.EVENT_OPEN: EventStatus.OPEN,
    exchange.EVENT_LOCKED: EventStatus.LOCKED,
    exchange.EVENT_RESOLVED: EventStatus.RESOLVED,
    exchange.EVENT_VOID: EventStatus.VOID,
}
_RESOLVERS: Final = {
    exchange.RESOLVER_RECORD: ResolverKind.RECORD,
    exchange.RESOLVER_AUTHORITY: ResolverKind.AUTHORITY,
}
POOL_KINDS: Final = {exchange.POOL_LMSR: PoolKind.LMSR, exchange.POOL_PM_AMM: PoolKind.PM_AMM}
_RECORD_STATUSES: Final = {
    oracle.RECORD_OPEN: RecordStatus.OPEN,
    oracle.RECORD_DECIDED: RecordStatus.DECIDED,
    oracle.RECORD_VOID: RecordStatus.VOID,
}
STATISTICS: Final = {
    oracle.STATISTIC_FIRST: Statistic.FIRST,
    oracle.STATISTIC_LAST: Statistic.LAST,
    oracle.STATISTIC_AVERAGE: Statistic.TWAP,
    oracle.STATISTIC_TOUCH_UP: Statistic.TOUCH_UP,
    oracle.STATISTIC_TOUCH_DOWN: Statistic.TOUCH_DOWN,
    oracle.STATISTIC_RANGE: Statistic.RANGE,
    oracle.STATISTIC_CHANGE: Statistic.CHANGE,
    oracle.STATISTIC_VARIANCE: Statistic.VARIANCE,
}
PAUSE_BITS: Final = {
    Pausable.DEPOSIT: exchange.PAUSE_DEPOSIT,
    Pausable.CREATE: exchange.PAUSE_CREATE,
    Pausable.TRADE: exchange.PAUSE_TRADE,
    Pausable.TOKENIZE: exchange.PAUSE_TOKENIZE,
}
NO_BID: Final = -(2**63)
NO_ASK: Final = 2**63 - 1
PPM: Final = 1_000_000
_NEVER: Final = -(2**63)
_AVERAGE_DECIMALS: Final = 12
_WIDE: Final = Context(prec=100)
_TOKEN_AMOUNT_AT: Final = 64  # after mint and owner
_SHOWN_MAX: Final = 40  # characters of what was given, in an error
_SECONDS_MAX: Final = 253_402_300_799  # the last second of the year 9999


def text_of(data: bytes) -> str:
    """UTF-8 text padded with zeros; hexadecimal if it is no printable text."""
    content = data.rstrip(b"\0")
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return content.hex()
    # What a stranger wrote goes to a terminal: nothing in it may move the cursor.
    return text if text.isprintable() else content.hex()


def padded(text: str, length: int, name: str) -> bytes:
    """Text as UTF-8 padded with zeros.

    Raises:
        InputError: empty, not printable, or longer than `length` bytes.
    """
    content = text.encode(errors="replace") if isinstance(text, str) else b""
    if not content or not text.isprintable() or text != text.strip() or len(content) > length:
        given = str(text)
        shown = f"{given[: _SHOWN_MAX - 3]}..." if len(given) > _SHOWN_MAX else given
        raise InputError(
            f"{name} {shown!r} is not valid",
            f"use 1 to {length} bytes of printable text without outer spaces",
        )
    return content.ljust(length, b"\0")


def moment_of(seconds: int) -> datetime:
    """Unix seconds as a time in UTC, at most the end of the year 9999."""
    return datetime.fromtimestamp(min(max(seconds, 0), _SECONDS_MAX), UTC)


def moment_text(seconds: int) -> str:
    """Unix seconds as errors show them, in UTC."""
    return f"{moment_of(seconds):%Y-%m-%d %H:%M:%S} UTC"


def seconds_of(moment: datetime | int, name: str) -> int:
    """A time as whole Unix seconds, rounded down.

    Raises:
        InputError: a time without a time zone, or no time at all.
    """
    if isinstance(moment, datetime):
        if moment.tzinfo is None:
            raise InputError(f"{name} {moment} has no time zone", "pass one, such as datetime.UTC")
        return int(moment.timestamp() // 1)
    if isinstance(moment, bool) or not isinstance(moment, int) or not 0 <= moment <= _SECONDS_MAX:
        raise InputError(f"{name} {moment!r} is no time", "pass a datetime with a time zone, or Unix seconds")
    return moment


def event_status(status: int) -> EventStatus:
    """The status that a program stores as a number.

    Raises:
        ClientOutdated: a status this client does not know.
    """
    if status not in _STATUSES:
        raise ClientOutdated(f"an event has the unknown status {status}")
    return _STATUSES[status]


def exchange_view(address: Pubkey, stored: exchange.Exchange) -> ExchangeView:
    """An exchange for people."""
    return ExchangeView(
        address=address,
        mint=stored.mint,
        vault=stored.vault,
        treasury=stored.treasury,
        admin=stored.admin,
        pauser=stored.pauser,
        fee_bps=stored.fee_bps,
        fees=collateral_of(stored.fees_atoms),
        paused=paused(stored.pause_bits),
    )


def paused(pause_bits: int) -> tuple[Pausable, ...]:
    """What an exchange's pause bits say is paused."""
    return tuple(pausable for pausable, bit in PAUSE_BITS.items() if pause_bits & bit)


def event_view(address: Pubkey, stored: exchange.EventMarket) -> EventView:
    """An event for people.

    Raises:
        ClientOutdated: a status or resolver this client does not know.
    """
    if stored.resolver_kind not in _RESOLVERS:
        raise ClientOutdated(f"event {address} has the unknown resolver kind {stored.resolver_kind}")
    settled = stored.settled_time != 0
    outcomes = tuple(
        Outcome(
            index=index,
            label=text_of(stored.labels[index]),
            payout=price_of(stored.payout_ticks[index]) if settled else None,
            tokenized=shares_of(stored.tokenized_lots[index]),
        )
        for index in range(stored.outcomes)
    )
    return EventView(
        address=address,
        name=text_of(stored.event_id),
        title=text_of(stored.title),
        outcomes=outcomes,
        status=event_status(stored.status),
        resolver_kind=_RESOLVERS[stored.resolver_kind],
        resolver=stored.resolver,
        creator=stored.creator,
        lock_time=moment_of(stored.lock_time),
        settlement_deadline=moment_of(stored.settlement_deadline),
        settled_time=moment_of(stored.settled_time) if settled else None,
        escrow=collateral_of(stored.escrow_atoms),
    )


def account_view(
    address: Pubkey,
    stored: exchange.MarginAccount,
    events: Mapping[Pubkey, EventView],
    seats: Sequence[HeldSeat],
    now: int,
) -> AccountView:
    """A margin account for people, at a time in Unix seconds.

    Args:
        address: Its address.
        stored: The account.
        events: Those it holds positions in, by address.
        seats: Those it has in their books.
        now: The chain's time.
    """
    positions = tuple(
        _position(leg, events[leg.event], [seat for seat in seats if seat.event == leg.event])
        for leg in stored.event_legs
        if leg.event != Pubkey.default()
    )
    reserved_atoms = sum(
        min(leg.lots[: len(events[leg.event].outcomes)]) * TICKS_PER_UNIT - leg.floor_atoms
        for leg in stored.event_legs
        if leg.event != Pubkey.default()
    )
    return AccountView(
        address=address,
        owner=stored.owner,
        index=stored.index,
        cash=collateral_of(stored.cash_atoms),
        free=free_of(stored),
        reserved=collateral_of(reserved_atoms),
        volume=collateral_of(stored.volume_atoms),
        fee_share=fee_share(worn_down(stored.volume_atoms, now - stored.volume_time)),
        positions=positions,
        perps=tuple(leg.market for leg in stored.perp_legs if leg.market != Pubkey.default()),
        delegate=None if stored.delegate == Pubkey.default() else stored.delegate,
    )


def _position(leg: exchange.EventLeg, event: EventView, seats: Sequence[HeldSeat]) -> Position:
    undrawn = [0] * len(event.outcomes)
    for held in seats:
        undrawn[held.outcome] += held.seat.lots
    return Position(
        event=event,
        shares=tuple(shares_of(lots) for lots in leg.lots[: len(event.outcomes)]),
        undrawn_shares=tuple(shares_of(lots) for lots in undrawn),
        undrawn_cash=collateral_of(sum(held.seat.cash_atoms for held in seats)),
        wants_draw=any(held.wants_draw for held in seats),
    )


def free_of(stored: exchange.MarginAccount) -> Decimal:
    """What an account may withdraw or spend: the program's own sum, over numbers it keeps."""
    return collateral_of(stored.cash_atoms + stored.floor_atoms)


def token_amount(data: bytes) -> int:
    """The amount in an SPL token account's data, in the token's smallest unit."""
    return int.from_bytes(data[_TOKEN_AMOUNT_AT : _TOKEN_AMOUNT_AT + 8], "little")


def pool_view(address: Pubkey, stored: exchange.Pool) -> PoolView:
    """A pool for people.

    Raises:
        ClientOutdated: a kind of pool this client does not know.
    """
    if stored.kind not in POOL_KINDS:
        raise ClientOutdated(f"pool {address} is of the unknown kind {stored.kind}")
    return PoolView(
        address=address,
        event=stored.event,
        creator=stored.creator,
        kind=POOL_KINDS[stored.kind],
        liquidity=shares_of(stored.liquidity_lots),
        cash=collateral_of(stored.cash_atoms),
        fees=collateral_of(stored.fees_atoms),
        fee_bps=stored.fee_bps,
        sold=tuple(shares_of(lots) for lots in stored.sold_lots[: stored.outcomes]),
    )


def feed_view(address: Pubkey, stored: oracle.Feed) -> FeedView:
    """A feed for people."""

    def value(units: int) -> Decimal:
        return feed_value_of(units, stored.exponent)

    readings = tuple(
        Reading(
            publisher=publisher,
            source_time=moment_of(reading.source_time) if reading.source_time else None,
            bid=value(reading.bid) if reading.source_time and reading.bid != NO_BID else None,
            ask=value(reading.ask) if reading.source_time and reading.ask != NO_ASK else None,
        )
        for publisher, reading in zip(stored.publishers, stored.readings, strict=True)
    )
    return FeedView(
        address=address,
        name=text_of(stored.feed_id),
        authority=stored.authority,
        exponent=stored.exponent,
        width_max=value(stored.width_max),
        step_max=value(stored.step_max),
        staleness_s=stored.staleness_s,
        quorum=stored.quorum,
        readings=readings[: stored.publisher_count],
        needed_until=moment_of(stored.needed_until) if stored.needed_until else None,
    )


def record_view(address: Pubkey, stored: oracle.Record, feed: oracle.Feed | None) -> RecordView:
    """A record for people; without its feed, which may be closed, values are in feed units.

    Raises:
        ClientOutdated: a status or statistic this client does not know.
    """
    terms = stored.terms
    if stored.status not in _RECORD_STATUSES:
        raise ClientOutdated(f"record {address} has the unknown status {stored.status}")
    if terms.statistic not in STATISTICS:
        raise ClientOutdated(f"record {address} has the unknown statistic {terms.statistic}")
    status, statistic = _RECORD_STATUSES[stored.status], STATISTICS[terms.statistic]
    exponent = 0 if feed is None else feed.exponent
    bound_exponent = 2 * exponent if statistic is Statistic.VARIANCE else exponent
    is_linear = terms.payout == oracle.PAYOUT_LINEAR
    some = stored.accepted > 0
    average, coverage = _average_and_coverage(stored, exponent)
    return RecordView(
        address=address,
        feed=stored.feed,
        exponent=None if feed is None else feed.exponent,
        statistic=statistic,
        barrier=_scaled(terms.barrier, exponent) if statistic.is_touch else None,
        strike=None if is_linear or statistic.is_touch else _scaled(terms.low, bound_exponent),
        low=_scaled(terms.low, bound_exponent) if is_linear else None,
        high=_scaled(terms.high, bound_exponent) if is_linear else None,
        sustain_s=terms.sustain_s,
        grid_s=terms.grid_s or None,
        max_gap_s=terms.max_gap_s,
        min_coverage=_scaled(terms.coverage_min_ppm, -6),
        max_spread=_scaled(terms.width_max, exponent),
        window_start=moment_of(terms.start),
        window_end=moment_of(terms.end),
        status=status,
        yes_payout=price_of(stored.yes_ticks) if status is RecordStatus.DECIDED else None,
        decided_time=moment_of(stored.decided_time) if stored.decided_time else None,
        accepted=stored.accepted,
        rejected=stored.rejected,
        last_time=moment_of(stored.last_time) if some else None,
        min_value=_scaled(stored.min_value, exponent) if some else None,
        max_value=_scaled(stored.max_value, exponent) if some else None,
        average=average,
        value=_value(stored, statistic, exponent, average) if some else None,
        coverage=coverage,
        longest_gap_s=stored.longest_gap_s,
        passage_time=None if stored.passage_time == _NEVER else moment_of(stored.passage_time),
    )


def _average_and_coverage(stored: oracle.Record, exponent: int) -> tuple[Decimal | None, Decimal]:
    """As they would be at the window's end if no further sample came."""
    terms = stored.terms
    tail_s = terms.end - stored.last_time if stored.accepted else 0
    if tail_s > terms.max_gap_s:
        tail_s = 0
    covered_s = stored.covered_s + tail_s
    coverage = _scaled(covered_s * PPM // (terms.end - terms.start), -6)
    if covered_s == 0:
        return None, coverage
    average = Fraction(stored.weighted_sum + stored.last_value * tail_s, covered_s)
    return _scaled(round(average * 10 ** (_AVERAGE_DECIMALS + exponent)), -_AVERAGE_DECIMALS), coverage


def _value(
    stored: oracle.Record, statistic: Statistic, exponent: int, average: Decimal | None
) -> Decimal | None:
    match statistic:
        case Statistic.TWAP:
            return average
        case Statistic.VARIANCE:
            return _scaled(stored.squares, 2 * exponent)
        case Statistic.FIRST:
            units = stored.first_value
        case Statistic.LAST:
            units = stored.last_value
        case Statistic.RANGE:
            units = stored.max_value - stored.min_value
        case Statistic.CHANGE:
            units = stored.last_value - stored.first_value
        case _:
            return None
    return _scaled(units, exponent)


def _scaled(units: int, exponent: int) -> Decimal:
    return _WIDE.scaleb(Decimal(units), exponent)
