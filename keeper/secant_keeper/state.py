"""What the keeper knows of the chain: decoded accounts by address, each with the slot it was read at.

The reader writes, the jobs read. Nothing is kept on disk: the chain is the truth.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from solders.pubkey import Pubkey

from secant import exchange, oracle
from secant._wire import DecodeError
from secant_keeper.books import BookAccount
from secant_keeper.perps.watch import Watch

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Iterable, Iterator

    from secant_keeper.perps.audit import Audit
    from secant_keeper.recordings import Reading

Decoded: TypeAlias = (
    oracle.Feed
    | oracle.Record
    | exchange.EventMarket
    | exchange.MarginAccount
    | exchange.Exchange
    | exchange.PerpMarket
    | exchange.TriggerOrder
    | BookAccount
)
_Kind = TypeVar(
    "_Kind",
    oracle.Record,
    exchange.EventMarket,
    exchange.PerpMarket,
    exchange.TriggerOrder,
    BookAccount,
)
_NO_EVENT: Final = Pubkey.default()
_KEPT = {
    oracle.PROGRAM_ID: (oracle.Feed, oracle.Record),
    exchange.PROGRAM_ID: (
        exchange.EventMarket,
        exchange.MarginAccount,
        exchange.Exchange,
        exchange.PerpMarket,
        exchange.TriggerOrder,
        BookAccount,
    ),
}
_PROGRAMS = {oracle.PROGRAM_ID: oracle, exchange.PROGRAM_ID: exchange}


SLOTS_LATE_MAX = 1_500
"""A word about an account arrives at most so many slots late, ten minutes."""


@dataclass(slots=True)
class State:
    """Accounts of both programs, and what the venues say.

    Attributes:
        publisher: The keeper's own key, None to publish nothing.
        accounts: The accounts the jobs look at, by address.
        slots: The slot each was read at.
        slot: The newest slot heard of.
        readings: Readings of each feed not published yet, oldest first.
        undecodable: Accounts of the programs that this client cannot read, by address.
        kinds: Their addresses by kind, in the order in which they came: no turn goes through all of them.
        holders: Margin accounts that hold something of an event.
        versions: How often each account has changed since it was first read.
        watch: Which margin accounts are at risk.
        audit: What the last audit found, None before any.
    """

    publisher: Pubkey | None = None
    accounts: dict[Pubkey, Decoded] = field(default_factory=dict)
    slots: dict[Pubkey, int] = field(default_factory=dict)
    slot: int = 0
    readings: dict[Pubkey, deque[Reading]] = field(default_factory=dict)
    undecodable: dict[Pubkey, str] = field(default_factory=dict)
    holders: dict[Pubkey, None] = field(default_factory=dict)
    versions: Counter[Pubkey] = field(default_factory=Counter)
    kinds: defaultdict[type[Decoded], dict[Pubkey, None]] = field(default_factory=lambda: defaultdict(dict))
    watch: Watch = field(default_factory=Watch)
    audit: Audit | None = None

    def apply(self, address: Pubkey, owner: Pubkey, data: bytes | None, slot: int) -> bool:
        """Take in one account as of a slot.

        Args:
            address: The account.
            owner: The program that owns it.
            data: Its bytes; None if it is gone.
            slot: When it was so. An older word than the one kept is not taken.

        Returns:
            Whether it was taken.
        """
        self.slot = max(self.slot, slot)
        if slot < self.slots.get(address, -1):
            return False
        self.slots[address] = slot
        program: Any = _PROGRAMS.get(owner)
        if data is None or program is None:
            self._drop(address)
            self.undecodable.pop(address, None)
            return True
        try:
            decoded = program.decode_account(data)
            if isinstance(decoded, exchange.Book):
                decoded = BookAccount.decode(address, data)
        except DecodeError as error:
            self._drop(address)
            self.undecodable[address] = str(error)
            return True
        self.undecodable.pop(address, None)
        # An account read again unchanged stays the one it is, with whatever was worked out of it.
        if isinstance(decoded, _KEPT[owner]) and self.accounts.get(address) != decoded:
            self.accounts[address] = decoded
            self.kinds[type(decoded)][address] = None
            self.versions[address] += 1
            self.watch.touch(address, decoded)
            if isinstance(decoded, exchange.MarginAccount):
                self._note_holder(address, decoded)
        return True

    def _note_holder(self, address: Pubkey, account: exchange.MarginAccount) -> None:
        if any(leg.event != _NO_EVENT for leg in account.event_legs):
            self.holders[address] = None
        else:
            self.holders.pop(address, None)

    def _drop(self, address: Pubkey) -> None:
        gone = self.accounts.pop(address, None)
        if gone is not None:
            self.kinds[type(gone)].pop(address, None)
            self.holders.pop(address, None)
            del self.versions[address]
            self.watch.touch(address, gone)

    def forget_missing(self, program: Pubkey, present: Iterable[Pubkey], slot: int) -> None:
        """Drop a program's accounts that a snapshot of all of them, as of a slot, does not hold."""
        kinds = _KEPT[program]
        missing = {key for key, account in self.accounts.items() if isinstance(account, kinds)}
        for address in missing.difference(present):
            if self.slots[address] <= slot:
                self._drop(address)
                del self.slots[address]
        # The slot of an account that is not kept only holds off older words, and none comes so late.
        known = self.accounts.keys() | self.undecodable.keys()
        for address in self.slots.keys() - known:
            if self.slots[address] < slot - SLOTS_LATE_MAX:
                del self.slots[address]

    def feed(self, address: Pubkey) -> oracle.Feed | None:
        """A feed, if it is known."""
        found = self.accounts.get(address)
        return found if isinstance(found, oracle.Feed) else None

    def record(self, address: Pubkey) -> oracle.Record | None:
        """A record, if it is known."""
        found = self.accounts.get(address)
        return found if isinstance(found, oracle.Record) else None

    def event(self, address: Pubkey) -> exchange.EventMarket | None:
        """An event, if it is known."""
        found = self.accounts.get(address)
        return found if isinstance(found, exchange.EventMarket) else None

    def book(self, address: Pubkey) -> BookAccount | None:
        """An order book, if it is known."""
        found = self.accounts.get(address)
        return found if isinstance(found, BookAccount) else None

    def margin_account(self, address: Pubkey) -> exchange.MarginAccount | None:
        """A margin account, if it is known."""
        found = self.accounts.get(address)
        return found if isinstance(found, exchange.MarginAccount) else None

    def desk(self, address: Pubkey) -> exchange.Exchange | None:
        """An exchange, if it is known."""
        found = self.accounts.get(address)
        return found if isinstance(found, exchange.Exchange) else None

    def perp(self, address: Pubkey) -> exchange.PerpMarket | None:
        """A perpetual, if it is known."""
        found = self.accounts.get(address)
        return found if isinstance(found, exchange.PerpMarket) else None

    def perps(self, exchange_address: Pubkey) -> Iterator[tuple[Pubkey, exchange.PerpMarket]]:
        """All perpetuals of an exchange."""
        return (pair for pair in self._all(exchange.PerpMarket) if pair[1].exchange == exchange_address)

    def triggers(self) -> Iterator[tuple[Pubkey, exchange.TriggerOrder]]:
        """All trigger orders."""
        return self._all(exchange.TriggerOrder)

    def versions_of(self, *addresses: Pubkey) -> tuple[int, ...]:
        """How often each of some accounts has changed: the same again if none of them has since."""
        return tuple(self.versions[address] for address in addresses)

    def records(self) -> Iterator[tuple[Pubkey, oracle.Record]]:
        """All records."""
        return self._all(oracle.Record)

    def events(self) -> Iterator[tuple[Pubkey, exchange.EventMarket]]:
        """All events."""
        return self._all(exchange.EventMarket)

    def event_holders(self) -> Iterator[tuple[Pubkey, exchange.MarginAccount]]:
        """Margin accounts that hold something of an event: most may hold perpetuals alone."""
        found = ((address, self.margin_account(address)) for address in self.holders)
        return ((address, account) for address, account in found if account is not None)

    def books(self) -> Iterator[BookAccount]:
        """All order books."""
        return (book for _, book in self._all(BookAccount))

    def _all(self, kind: type[_Kind]) -> Iterator[tuple[Pubkey, _Kind]]:
        found = ((address, self.accounts.get(address)) for address in self.kinds[kind])
        return ((address, one) for address, one in found if isinstance(one, kind))

    def feed_of(self, event: exchange.EventMarket) -> Pubkey | None:
        """The feed whose record settles an event; None without one, or if the record is not known."""
        if event.resolver_kind != exchange.RESOLVER_RECORD:
            return None
        record = self.record(event.resolver)
        return None if record is None else record.feed

    def published(self, feed: oracle.Feed) -> oracle.FeedReading | None:
        """This key's last reading of a feed, all zero before any; None if it may not publish to it."""
        publishers = feed.publishers[: feed.publisher_count]
        if self.publisher is None or self.publisher not in publishers:
            return None
        return feed.readings[publishers.index(self.publisher)]

    def published_time(self, feed: oracle.Feed) -> int | None:
        """Source time of this key's last reading of a feed; None if it may not publish to it."""
        reading = self.published(feed)
        return None if reading is None else reading.source_time

    def next_reading(self, address: Pubkey) -> Reading | None:
        """The first reading of a feed that is newer than what this key has published; None without one."""
        feed = self.feed(address)
        last = None if feed is None else self.published_time(feed)
        if last is None:
            return None
        return next((reading for reading in self.readings.get(address, ()) if reading.time > last), None)

    def drop_readings(self, now: int) -> int:
        """Drop readings that are published, or that the chain would refuse as stale at `now`.

        Returns:
            How many were stale.
        """
        stale = 0
        for address, queue in self.readings.items():
            feed = self.feed(address)
            last = None if feed is None else self.published_time(feed)
            if feed is None or last is None:
                continue
            while queue and (queue[0].time <= last or queue[0].time < now - feed.staleness_s):
                stale += queue.popleft().time > last
        return stale
