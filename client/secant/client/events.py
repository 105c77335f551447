"""Events: finding, creating, locking, settling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from solders.pubkey import Pubkey

from secant import exchange, oracle
from secant.errors import AccountNotFound, ExchangeAmbiguous, InputError, ProgramError
from secant.units import TICKS_PER_UNIT, price_of, ticks_of

from .receipts import Receipt, SettlementReceipt
from .results import EventView
from .session import Session, address_of, decoded, emitted
from .views import event_status, event_view, moment_text, padded, seconds_of, text_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from secant.chain import Landed
    from secant.units import Number

__all__ = ["EventMethods", "EventRef", "book_count", "book_index", "labels_of", "outcome_of"]

EventRef: TypeAlias = Pubkey | str | EventView

_BINARY: Final = 2
_NAME_BYTES: Final = 32
_TITLE_BYTES: Final = 64
_LABEL_BYTES: Final = 16
_OUTCOMES_MAX: Final = 16
_LIST_RECORDS: Final = "`secant record list` shows what there is"
_NOTICE_S: Final = 2 * 86_400  # from a record's end to its events' deadlines, at least
_LIST: Final = "`secant event list` shows what there is"


class EventMethods(Session):
    """What one does with events. An event is named by its address, its short name, or its view."""

    async def events(self) -> tuple[EventView, ...]:
        """All events of the exchange, the soonest lock time first.

        Raises:
            RpcUnreachable, RpcRefused: the node does not answer, or answers no scans.
        """
        views = [event_view(address, stored) for address, stored in (await self._scan_events()).items()]
        return tuple(sorted(views, key=lambda view: (view.lock_time, str(view.address))))

    async def event(self, event: EventRef) -> EventView:
        """One event.

        Raises:
            AccountNotFound: there is none with this address or name.
            ExchangeAmbiguous: several creators used this name.
        """
        return event_view(*await self._event(event))

    async def create_event(
        self,
        name: str,
        *,
        title: str | None = None,
        outcomes: Sequence[str] = ("YES", "NO"),
        lock_time: datetime | int,
        settlement_deadline: datetime | int,
        record: Pubkey | str | None = None,
        authority: Pubkey | str | None = None,
    ) -> Receipt:
        """Creates an event.

        Args:
            name: Short name, 1 to 32 bytes, unique among the wallet's events.
            title: The question, 1 to 64 bytes; the name unless given.
            outcomes: 2 to 16 different labels of 1 to 16 bytes, mutually exclusive and exhaustive.
            lock_time: When trading stops.
            settlement_deadline: When anyone may void it if it is not settled; after the lock time, at most
                three years ahead.
            record: The record that settles it, for events with 2 outcomes: the first is its YES. The program
                says how its window must lie to the two times.
            authority: The key that settles it; the wallet unless a record or another key is given.

        Raises:
            InputError: a name, title or label that does not fit, or both a record and an authority.
            ProgramError: TimesInvalid, RecordUnfit, OutcomesInvalid, Paused.
            FrameworkError: the wallet has an event of this name. Others as of `Chain.send`.
        """
        if record is not None and authority is not None:
            raise InputError("an event has one resolver", "give a record or an authority, not both")
        by_record = record is not None
        given = record if record is not None else authority
        resolver = self.wallet.address if given is None else address_of(given, "resolver")
        event_id = padded(name, _NAME_BYTES, "name")
        address = exchange.find_event(
            exchange=self.exchange.address, creator=self.wallet.address, event_id=event_id
        )
        instruction = exchange.create_event(
            creator=self.wallet.address,
            exchange=self.exchange.address,
            resolver=resolver,
            event_id=event_id,
            resolver_kind=exchange.RESOLVER_RECORD if by_record else exchange.RESOLVER_AUTHORITY,
            lock_time=seconds_of(lock_time, "lock time"),
            settlement_deadline=seconds_of(settlement_deadline, "settlement deadline"),
            title=padded(name if title is None else title, _TITLE_BYTES, "title"),
            labels=_labels(outcomes),
            event=address,
        )
        made = (f"an event named {name} of this wallet", "choose another name")
        try:
            landed = await self._send(instruction, creates=made)
        except ProgramError as error:
            if error.name == "RecordUnfit":
                stored = await self._read("record", resolver, oracle.Record, _LIST_RECORDS)
                lock_s = seconds_of(lock_time, "lock time")
                error.message, error.remedy = _why_unfit(stored, lock_s)
            raise
        return Receipt(landed.signature, emitted(landed, exchange.EventCreated).event)

    async def lock_event(self, event: EventRef) -> Receipt:
        """Stops an event's trading: anyone from its lock time on, its authority at any time.

        Raises:
            AccountNotFound, ExchangeAmbiguous: as of `event`.
            ProgramError: EventLocked, LockTooEarly. Others as of `Chain.send`.
        """
        address, _ = await self._event(event)
        landed = await self._send(exchange.lock_event(locker=self.wallet.address, event=address))
        return Receipt(landed.signature, address)

    async def resolve_event(
        self, event: EventRef, winner: str | int | None = None, *, payouts: Sequence[Number] | None = None
    ) -> SettlementReceipt:
        """Settles an event as its authority; locks it first, if it still trades.

        Args:
            event: The event.
            winner: The outcome that won, by label or index.
            payouts: Instead of a winner: what a share of each outcome pays, summing to 1.

        Raises:
            InputError: no such outcome, not one payout an outcome, or both or neither given.
            UnitError: a payout that is not from 0 to 1 with at most 4 decimals.
            ProgramError: ResolverMismatch, PayoutInvalid, EventSettled, DeadlinePassed. Others as of
                `Chain.send`.
        """
        address, stored = await self._event(event)
        ticks = _payout_ticks(stored, winner, payouts)
        signer = self.wallet.address
        instructions = [exchange.resolve_event(authority=signer, event=address, payout_ticks=ticks)]
        by_signer = stored.resolver_kind == exchange.RESOLVER_AUTHORITY and stored.resolver == signer
        if stored.status == exchange.EVENT_OPEN and by_signer:
            instructions.insert(0, exchange.lock_event(locker=signer, event=address))
        return _settlement(await self._send(*instructions), stored.outcomes)

    async def settle_event(self, event: EventRef) -> SettlementReceipt:
        """Settles an event by its record, once that is decided. Anyone may.

        Raises:
            AccountNotFound, ExchangeAmbiguous: as of `event`.
            ProgramError: RecordUndecided, ResolverMismatch, EventSettled. Others as of `Chain.send`.
        """
        address, stored = await self._event(event)
        landed = await self._send(exchange.settle_event(event=address, record=stored.resolver))
        return _settlement(landed, stored.outcomes)

    async def void_event(self, event: EventRef) -> SettlementReceipt:
        """Voids an event that nobody settled before its deadline: every outcome pays alike. Anyone may.

        Raises:
            AccountNotFound, ExchangeAmbiguous: as of `event`.
            ProgramError: DeadlineNotPassed, EventSettled, RecordDecided. Others as of `Chain.send`.
        """
        address, stored = await self._event(event)
        landed = await self._send(exchange.void_event(event=address, resolver=stored.resolver))
        return _settlement(landed, stored.outcomes)

    # --- for the methods ------------------------------------------------------------------------------------

    async def _scan_events(self, name: bytes | None = None) -> dict[Pubkey, exchange.EventMarket]:
        fields = {exchange.EventMarket.OFFSETS["exchange"]: bytes(self.exchange.address)}
        if name is not None:
            fields[exchange.EventMarket.OFFSETS["event_id"]] = name
        found = await self.chain.program_accounts(
            exchange.PROGRAM_ID, exchange.EventMarket.DISCRIMINATOR, fields
        )
        return {address: decoded(exchange.EventMarket, data) for address, data in found.items()}

    async def _event(self, event: EventRef) -> tuple[Pubkey, exchange.EventMarket]:
        if isinstance(event, str):
            try:
                address = Pubkey.from_string(event)
            except ValueError:
                return await self._event_named(event)
        else:
            address = event.address if isinstance(event, EventView) else event
        stored = await self._read("event", address, exchange.EventMarket, _LIST)
        if stored.exchange != self.exchange.address:
            raise AccountNotFound("event", address, f"it is of another exchange, {stored.exchange}", _LIST)
        return address, stored

    async def _event_named(self, name: str) -> tuple[Pubkey, exchange.EventMarket]:
        found = await self._scan_events(padded(name, _NAME_BYTES, "event"))
        if not found:
            raise AccountNotFound("event", None, f"none is named {name!r}", _LIST)
        if len(found) > 1:
            raise ExchangeAmbiguous(f"events named {name!r}", sorted(found, key=str), "use the address")
        return found.popitem()


def outcome_of(stored: exchange.EventMarket, outcome: str | int) -> tuple[int, str]:
    """The index and label of an outcome given by either; labels are compared without regard to case.

    Raises:
        InputError: there is no such outcome.
    """
    labels = [text_of(label) for label in stored.labels[: stored.outcomes]]
    if isinstance(outcome, str):
        for fold in (str, str.casefold):
            matches = [index for index, label in enumerate(labels) if fold(label) == fold(outcome)]
            if len(matches) == 1:
                return matches[0], labels[matches[0]]
        if outcome.isascii() and outcome.isdigit():
            outcome = int(outcome[:3])
    if isinstance(outcome, int) and not isinstance(outcome, bool) and 0 <= outcome < len(labels):
        return outcome, labels[outcome]
    raise InputError(f"no outcome {outcome!r} in this event", f"use one of {', '.join(labels)}")


def book_count(stored: exchange.EventMarket) -> int:
    """How many books an event can have: of two outcomes one book serves both."""
    return 1 if stored.outcomes == _BINARY else stored.outcomes


def book_index(stored: exchange.EventMarket, outcome: str | int) -> tuple[int, int, bool]:
    """Whose book an outcome trades in, its own index, and whether the book is mirrored.

    Raises:
        InputError: there is no such outcome.
    """
    index, _ = outcome_of(stored, outcome)
    mirrored = stored.outcomes == _BINARY and index == 1
    return (0 if mirrored else index), index, mirrored


def labels_of(stored: exchange.EventMarket) -> tuple[str, ...]:
    """The labels of an event's outcomes, in order."""
    return tuple(text_of(label) for label in stored.labels[: stored.outcomes])


def _why_unfit(record: oracle.Record, lock_time: int) -> tuple[str, str]:
    """Why a record cannot settle an event that locks then, and what to do about it."""
    end = record.terms.end
    if record.status != oracle.RECORD_OPEN:
        return "The record is decided already", "create a record whose answer is not known yet"
    if lock_time > end:
        return (
            f"Trading would stop {moment_text(lock_time)}, after the record's window",
            f"choose a lock time up to the window's end, {moment_text(end)}",
        )
    return (
        f"The settlement deadline is less than two days after the record's window ends, {moment_text(end)}",
        f"choose a deadline from {moment_text(end + _NOTICE_S)} on",
    )


def _labels(outcomes: Sequence[str]) -> list[bytes]:
    if isinstance(outcomes, str) or not 2 <= len(outcomes) <= _OUTCOMES_MAX:
        raise InputError(f"{outcomes!r} are no outcomes", f"use 2 to {_OUTCOMES_MAX} labels")
    if len({label.casefold() for label in outcomes}) != len(outcomes):
        raise InputError(f"the labels {', '.join(outcomes)} are not all different", "use different labels")
    return [padded(label, _LABEL_BYTES, "label") for label in outcomes]


def _payout_ticks(
    stored: exchange.EventMarket, winner: str | int | None, payouts: Sequence[Number] | None
) -> list[int]:
    if (winner is None) == (payouts is None):
        raise InputError("an event pays one winner or a payout to each outcome", "give one of the two")
    ticks = [0] * len(stored.payout_ticks)
    if winner is not None:
        ticks[outcome_of(stored, winner)[0]] = TICKS_PER_UNIT
        return ticks
    given = list(payouts or ())
    if len(given) != stored.outcomes:
        raise InputError(f"{len(given)} payouts for {stored.outcomes} outcomes", "give one for each outcome")
    ticks[: len(given)] = [ticks_of(payout, "payout") for payout in given]
    return ticks


def _settlement(landed: Landed, outcomes: int) -> SettlementReceipt:
    settled = emitted(landed, exchange.EventSettled)
    payouts = tuple(price_of(ticks) for ticks in settled.payout_ticks[:outcomes])
    return SettlementReceipt(landed.signature, settled.event, event_status(settled.status), payouts)
