"""Feeds and records, for those who build on them: creating, publishing, observing."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final

from secant import oracle
from secant.units import feed_units_of

from .results import Receipt, RecordView
from .session import Session, address_of, emitted
from .views import padded, record_view, seconds_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from solders.pubkey import Pubkey

    from secant.units import Number

__all__ = ["FeedMethods"]

_NAME_BYTES: Final = 32
_NO_BID: Final = -(2**63)
_NO_ASK: Final = 2**63 - 1
_CREATE_FEED: Final = "create one with `client.create_feed`"
_CREATE_RECORD: Final = "create one with `client.create_record`"


class FeedMethods(Session):
    """What one does with feeds and records."""

    async def create_feed(
        self,
        name: str,
        *,
        width_max: Number,
        step_max: Number,
        exponent: int = -4,
        staleness_s: int = 60,
        publishers: Sequence[Pubkey | str] = (),
        quorum: int = 1,
    ) -> Receipt:
        """Creates a feed with its publishers and rules, which never change.

        Args:
            name: Short name, 1 to 32 bytes, unique among the wallet's feeds.
            width_max: Widest reading that passes: ask less bid, as a value.
            step_max: Most that a record's clamped track moves per sample, as a value.
            exponent: Values are stored as multiples of 10^exponent, -12 to 0.
            staleness_s: Seconds after which a reading is stale, 1 to 86,400.
            publishers: 1 to 8 different keys that may publish; the wallet unless given.
            quorum: How many must agree on a time for a sample.

        Raises:
            InputError, UnitError: an argument is not valid.
            ProgramError: PublishersInvalid, FeedRulesInvalid. Others as of `Chain.send`.
        """
        keys = [address_of(key, "publisher") for key in publishers] or [self.wallet.address]
        rules = oracle.FeedRules(
            width_max=feed_units_of(width_max, exponent, "width max"),
            step_max=feed_units_of(step_max, exponent, "step max"),
            staleness_s=staleness_s,
            exponent=exponent,
            quorum=quorum,
            publishers=tuple(keys),
        )
        feed_id = padded(name, _NAME_BYTES, "name")
        landed = await self._send(
            oracle.create_feed(
                authority=self.wallet.address,
                feed_id=feed_id,
                rules_hash=sha256(rules.encode("rules")).digest(),
                rules=rules,
            ),
            creates=(
                "a feed of this wallet with this name and these rules",
                "use it, or choose another name",
            ),
        )
        return Receipt(landed.signature, emitted(landed, oracle.FeedCreated).feed)

    async def create_record(self, feed: Pubkey | str, terms: oracle.RecordTerms) -> Receipt:
        """Creates the record of a feed under terms, which events may then be settled by.

        Args:
            feed: The feed.
            terms: What is asked, in feed units. Equal terms over one feed share one record.

        Raises:
            ProgramError: TermsInvalid, WindowInvalid. FrameworkError: there is such a record already.
                Others as of `Chain.send`.
        """
        feed_address = address_of(feed, "feed")
        instruction = oracle.create_record(
            payer=self.wallet.address,
            feed=feed_address,
            terms_hash=sha256(terms.encode("terms")).digest(),
            terms=terms,
        )
        made = ("a record with these very terms", "use it: equal terms share one record")
        landed = await self._send(instruction, expects={feed_address: ("feed", _CREATE_FEED)}, creates=made)
        return Receipt(landed.signature, emitted(landed, oracle.RecordCreated).record)

    async def publish(
        self,
        feed: Pubkey | str,
        bid: Number | None,
        ask: Number | None,
        *,
        source_time: datetime | int | None = None,
    ) -> Receipt:
        """Publishes a reading, as one of the feed's publishers.

        Args:
            feed: The feed.
            bid: Lower end as a value, or None if the book has no bid.
            ask: Upper end as a value, or None if the book has no ask; for a price of which no more is known,
                the same as `bid`.
            source_time: When the source said so; the chain's time unless given.

        Raises:
            AccountNotFound: there is no such feed.
            UnitError: a value with more decimals than the feed has.
            ProgramError: PublisherUnknown, SourceTimeNotIncreasing, SourceTimeInFuture, ReadingStale,
                ReadingCrossed. Others as of `Chain.send`.
        """
        address = address_of(feed, "feed")
        stored = await self._read("feed", address, oracle.Feed, _CREATE_FEED)
        moment = await self.chain.clock_time() if source_time is None else source_time
        reading = oracle.FeedReading(
            source_time=seconds_of(moment, "source time"),
            bid=_NO_BID if bid is None else feed_units_of(bid, stored.exponent, "bid"),
            ask=_NO_ASK if ask is None else feed_units_of(ask, stored.exponent, "ask"),
        )
        landed = await self._send(
            oracle.publish(publisher=self.wallet.address, feed=address, readings=reading.encode("reading"))
        )
        return Receipt(landed.signature, address)

    async def observe(self, record: Pubkey | str) -> Receipt:
        """Takes the feed's present sample into a record, and decides the record when it can be. Anyone may.

        Raises:
            AccountNotFound: there is no such record. Others as of `Chain.send`.
        """
        address = address_of(record, "record")
        stored = await self._read("record", address, oracle.Record, _CREATE_RECORD)
        landed = await self._send(oracle.observe(feed=stored.feed, record=address))
        return Receipt(landed.signature, address)

    async def record(self, record: Pubkey | str) -> RecordView:
        """A record, and whether it is decided.

        Raises:
            AccountNotFound: there is no such record.
        """
        address = address_of(record, "record")
        return record_view(address, await self._read("record", address, oracle.Record, _CREATE_RECORD))
