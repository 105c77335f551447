"""From what the programs store to what people read, and text the other way."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from solders.pubkey import Pubkey

from secant import exchange, oracle
from secant.errors import ClientOutdated, InputError
from secant.units import collateral_of, price_of, shares_of

from .results import (
    AccountView,
    EventStatus,
    EventView,
    ExchangeView,
    Outcome,
    PoolKind,
    PoolView,
    Position,
    RecordStatus,
    RecordView,
    ResolverKind,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


__all__ = [
    "POOL_KINDS",
    "account_view",
    "event_status",
    "event_view",
    "exchange_view",
    "moment_of",
    "padded",
    "pool_view",
    "record_view",
    "seconds_of",
    "text_of",
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
_PAUSES: Final = {
    exchange.PAUSE_DEPOSIT: "deposit",
    exchange.PAUSE_CREATE: "create",
    exchange.PAUSE_TRADE: "trade",
    exchange.PAUSE_TOKENIZE: "tokenize",
}
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
        raise InputError(
            f"{name} {text!r} is not valid", f"use 1 to {length} bytes of printable text without outer spaces"
        )
    return content.ljust(length, b"\0")


def moment_of(seconds: int) -> datetime:
    """Unix seconds as a time in UTC, at most the end of the year 9999."""
    return datetime.fromtimestamp(min(max(seconds, 0), _SECONDS_MAX), UTC)


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
        fee_bps=stored.fee_bps,
        paused=tuple(name for bit, name in _PAUSES.items() if stored.pause_bits & bit),
    )


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
    address: Pubkey, stored: exchange.MarginAccount, events: Mapping[Pubkey, EventView]
) -> AccountView:
    """A margin account for people; `events` are those it holds positions in, by address."""
    # The program's own sum, over numbers it keeps: see MarginAccount::free_atoms.
    free_atoms = stored.cash_atoms + stored.floor_lots * 10_000 - stored.orders_reserve_atoms
    positions = tuple(
        Position(
            events[leg.event],
            tuple(shares_of(lots) for lots in leg.lots[: len(events[leg.event].outcomes)]),
        )
        for leg in stored.event_legs
        if leg.event != Pubkey.default()
    )
    return AccountView(
        address=address,
        owner=stored.owner,
        index=stored.index,
        cash=collateral_of(stored.cash_atoms),
        free=collateral_of(free_atoms),
        positions=positions,
    )


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


def record_view(address: Pubkey, stored: oracle.Record) -> RecordView:
    """A record for people.

    Raises:
        ClientOutdated: a status this client does not know.
    """
    if stored.status not in _RECORD_STATUSES:
        raise ClientOutdated(f"record {address} has the unknown status {stored.status}")
    status = _RECORD_STATUSES[stored.status]
    return RecordView(
        address=address,
        feed=stored.feed,
        status=status,
        yes_payout=price_of(stored.yes_ticks) if status is RecordStatus.DECIDED else None,
        accepted=stored.accepted,
        rejected=stored.rejected,
        window_start=moment_of(stored.terms.start),
        window_end=moment_of(stored.terms.end),
    )
