"""Feeds: finding, creating, publishing, closing."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final, TypeAlias

from solders.pubkey import Pubkey

from secant import oracle
from secant.errors import AccountNotFound, ExchangeAmbiguous
from secant.units import feed_units_of

from .receipts import Receipt
from .results import FeedView
from .session import Session, address_of, decoded, emitted
from .views import NO_ASK, NO_BID, feed_view, moment_text, padded, seconds_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from secant.units import Number

__all__ = ["EXPONENT_DEFAULT", "SPREAD_DEFAULT", "FeedMethods", "FeedRef"]

FeedRef: TypeAlias = Pubkey | str | FeedView

EXPONENT_DEFAULT: Final = -6
SPREAD_DEFAULT: Final = "0.05"
_NAME_BYTES: Final = 32
_CREATE_FEED: Final = "`secant feed list` shows what there is, `secant feed create` makes one"


class FeedMethods(Session):
    """What one does with feeds. A feed is named by its address, its short name, or its view."""

    async def feeds(self) -> tuple[FeedView, ...]:
        """All feeds, by name.

        Raises:
            RpcUnreachable, RpcRefused: the node does not answer, or answers no scans.
        """
        views = [feed_view(address, stored) for address, stored in (await self._scan_feeds()).items()]
        return tuple(sorted(views, key=lambda view: (view.name, str(view.address))))

    async def feed(self, feed: FeedRef) -> FeedView:
        """One feed: its rules and its publishers' latest readings.

        Raises:
            AccountNotFound: there is none with this address or name.
            ExchangeAmbiguous: several feeds have this name.
        """
        return feed_view(*await self._feed(feed))

    async def create_feed(
        self,
        name: str,
        *,
        width_max: Number = SPREAD_DEFAULT,
        step_max: Number = SPREAD_DEFAULT,
        exponent: int = EXPONENT_DEFAULT,
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
        rules_hash = sha256(rules.encode("rules")).digest()
        authority = self.wallet.address
        address = oracle.find_feed(authority=authority, feed_id=feed_id, rules_hash=rules_hash)
        made = (
            "a feed of this wallet with this name and these rules",
            f"use it, or choose another name: {address}",
        )
        landed = await self._send(
            oracle.create_feed(authority=authority, feed_id=feed_id, rules_hash=rules_hash, rules=rules),
            creates=made,
        )
        return Receipt(landed.signature, emitted(landed, oracle.FeedCreated).feed)

    async def publish(
        self,
        feed: FeedRef,
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
            AccountNotFound, ExchangeAmbiguous: as of `feed`.
            UnitError: a value with more decimals than the feed has.
            ProgramError: PublisherUnknown, SourceTimeNotIncreasing, SourceTimeInFuture, ReadingStale,
                ReadingCrossed. Others as of `Chain.send`.
        """
        address, stored = await self._feed(feed)
        moment = await self.chain.clock_time() if source_time is None else source_time
        reading = oracle.FeedReading(
            source_time=seconds_of(moment, "source time"),
            bid=NO_BID if bid is None else feed_units_of(bid, stored.exponent, "bid"),
            ask=NO_ASK if ask is None else feed_units_of(ask, stored.exponent, "ask"),
        )
        landed = await self._send(
            oracle.publish(publisher=self.wallet.address, feed=address, readings=reading.encode("reading"))
        )
        return Receipt(landed.signature, address)

    async def close_feed(self, feed: FeedRef) -> Receipt:
        """Closes a feed that no record can need any more; its rent goes back to the wallet, its authority.

        Raises:
            AccountNotFound, ExchangeAmbiguous: as of `feed`.
            ProgramError: AuthorityMismatch, FeedInUse: until 30 days after the last window has ended.
                Others as of `Chain.send`.
        """
        address, stored = await self._feed(feed)
        refusals = {
            "AuthorityMismatch": (
                "only the feed's authority may close it",
                f"sign with the key of {stored.authority}",
            ),
            "FeedInUse": (
                "a record over this feed may still need it",
                f"close it 30 days after its last window, which ends {moment_text(stored.needed_until)}",
            ),
        }
        landed = await self._send(
            oracle.close_feed(authority=self.wallet.address, feed=address), explains=refusals
        )
        return Receipt(landed.signature, address)

    # --- for the methods ------------------------------------------------------------------------------------

    async def _feed(self, feed: FeedRef) -> tuple[Pubkey, oracle.Feed]:
        if isinstance(feed, str):
            try:
                address = Pubkey.from_string(feed)
            except ValueError:
                return await self._feed_named(feed)
        else:
            address = feed.address if isinstance(feed, FeedView) else feed
        return address, await self._read("feed", address, oracle.Feed, _CREATE_FEED)

    async def _feed_named(self, name: str) -> tuple[Pubkey, oracle.Feed]:
        found = await self._scan_feeds(padded(name, _NAME_BYTES, "feed"))
        if not found:
            raise AccountNotFound("feed", None, f"none is named {name!r}", _CREATE_FEED)
        if len(found) > 1:
            raise ExchangeAmbiguous(f"feeds named {name!r}", sorted(found, key=str), "use the address")
        return found.popitem()

    async def _scan_feeds(self, feed_id: bytes | None = None) -> dict[Pubkey, oracle.Feed]:
        fields = {} if feed_id is None else {oracle.Feed.OFFSETS["feed_id"]: feed_id}
        found = await self.chain.program_accounts(oracle.PROGRAM_ID, oracle.Feed.DISCRIMINATOR, fields)
        return {address: decoded(oracle.Feed, data) for address, data in found.items()}
