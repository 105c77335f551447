"""Records: what is asked of a feed, and what it has shown."""

from __future__ import annotations

from decimal import Context, Decimal
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from secant import oracle
from secant.errors import InputError, UnitError
from secant.units import FEED_EXPONENT_MIN, feed_units_of

from .feeds import FeedMethods
from .receipts import Receipt
from .results import FeedView, RecordView, Statistic
from .session import address_of, decoded, emitted
from .views import PPM, STATISTICS, record_view, seconds_of

if TYPE_CHECKING:
    from datetime import datetime

    from solders.pubkey import Pubkey

    from secant.units import Number

    from .feeds import FeedRef

__all__ = ["MAX_GAP_S_DEFAULT", "MIN_COVERAGE_DEFAULT", "RecordMethods", "record_terms"]

MAX_GAP_S_DEFAULT: Final = 600
MIN_COVERAGE_DEFAULT: Final = Decimal("0.9")
_CREATE_RECORD: Final = "create one: `secant record create FEED`, or `client.create_record(feed, terms)`"
_U32_MAX: Final = 2**32 - 1
_I64_MAX: Final = 2**63 - 1
_WIDE: Final = Context(prec=100)


class RecordMethods(FeedMethods):
    """What one does with records. A record is named by its address."""

    async def records(self, feed: FeedRef | None = None) -> tuple[RecordView, ...]:
        """Records, the soonest end of their windows first.

        Args:
            feed: Those over this feed; all unless given.

        Raises:
            AccountNotFound, ExchangeAmbiguous: as of `feed`.
            RpcUnreachable, RpcRefused: the node does not answer, or answers no scans.
        """
        fields = {}
        if feed is not None:
            fields[oracle.Record.OFFSETS["feed"]] = bytes((await self._feed(feed))[0])
        scanned = await self.chain.program_accounts(oracle.PROGRAM_ID, oracle.Record.DISCRIMINATOR, fields)
        views = await self._record_views(
            {address: decoded(oracle.Record, data) for address, data in scanned.items()}
        )
        return tuple(sorted(views, key=lambda view: (view.window_end, str(view.address))))

    async def record(self, record: Pubkey | str) -> RecordView:
        """A record: its terms, its evidence, and whether it is decided.

        Raises:
            AccountNotFound: there is no such record.
        """
        address = address_of(record, "record")
        stored = await self._read("record", address, oracle.Record, _CREATE_RECORD)
        (view,) = await self._record_views({address: stored})
        return view

    async def create_record(self, feed: FeedRef, terms: oracle.RecordTerms) -> Receipt:
        """Creates the record of a feed under terms, which events may then be settled by.

        Args:
            feed: The feed.
            terms: What is asked, in feed units; `record_terms` makes them from decimal numbers. Equal terms
                over one feed share one record.

        Raises:
            AccountNotFound, ExchangeAmbiguous: as of `feed`.
            ProgramError: TermsInvalid, WindowInvalid. FrameworkError: there is such a record already.
                Others as of `Chain.send`.
        """
        feed_address, _ = await self._feed(feed)
        terms_hash = sha256(terms.encode("terms")).digest()
        instruction = oracle.create_record(
            payer=self.wallet.address, feed=feed_address, terms_hash=terms_hash, terms=terms
        )
        address = oracle.find_record(feed=feed_address, terms_hash=terms_hash)
        made = ("a record with these very terms", f"use it, equal terms share one record: {address}")
        landed = await self._send(instruction, creates=made)
        return Receipt(landed.signature, emitted(landed, oracle.RecordCreated).record)

    async def observe(self, record: Pubkey | str) -> Receipt:
        """Takes the feed's present sample into a record, and decides the record when it can be. Anyone may.

        Raises:
            AccountNotFound: there is no such record. Others as of `Chain.send`.
        """
        address = address_of(record, "record")
        stored = await self._read("record", address, oracle.Record, _CREATE_RECORD)
        landed = await self._send(oracle.observe(feed=stored.feed, record=address))
        return Receipt(landed.signature, address)

    async def _record_views(self, records: dict[Pubkey, oracle.Record]) -> list[RecordView]:
        feeds = list(dict.fromkeys(stored.feed for stored in records.values()))
        accounts = dict(zip(feeds, await self.chain.accounts(feeds), strict=True))
        open_feeds = {
            address: decoded(oracle.Feed, account.data)
            for address, account in accounts.items()
            if account is not None and account.owner == oracle.PROGRAM_ID
        }
        return [
            record_view(address, stored, open_feeds.get(stored.feed)) for address, stored in records.items()
        ]


def record_terms(
    feed: FeedView,
    statistic: Statistic | str,
    *,
    start: datetime | int,
    end: datetime | int,
    barrier: Number | None = None,
    strike: Number | None = None,
    low: Number | None = None,
    high: Number | None = None,
    sustain_s: int = 0,
    grid_s: int | None = None,
    max_gap_s: int = MAX_GAP_S_DEFAULT,
    min_coverage: Number | None = None,
    max_spread: Number | None = None,
) -> oracle.RecordTerms:
    """The terms of a record in feed units, from decimal numbers in the feed's own unit.

    Args:
        feed: The feed; its exponent is the scale of the values, twice over for a variance's bounds.
        statistic: first, last, twap, touch_up, touch_down, range, change or variance.
        start: First second of the window.
        end: Last second of the window, after the start; at most two years from now.
        barrier: Level of a touch, which takes no strike and no bounds.
        strike: YES pays 1 if the statistic is at least this, else nothing.
        low: Instead of a strike: where YES pays nothing.
        high: Where YES pays 1, in proportion between the two; above `low`.
        sustain_s: Seconds that a touch must last, at most the window's.
        grid_s: Cell of a variance, in seconds.
        max_gap_s: Longest interval between samples that counts as observed.
        min_coverage: Least covered share of the window, 0 to 1 with at most 6 decimals; less voids. 0.9
            unless given; 0 for a first value, which takes none.
        max_spread: Widest sample that passes; the feed's own limit unless given, and never more.

    Raises:
        InputError: arguments that do not go together, or are out of range.
        UnitError: a number with more decimals than the feed has, or out of range.
    """
    if statistic not in list(Statistic):
        raise InputError(f"no statistic {statistic!r}", f"use one of {', '.join(Statistic)}")
    asked = Statistic(statistic)
    start_s, end_s = seconds_of(start, "start"), seconds_of(end, "end")
    if not 0 < start_s < end_s:
        raise InputError("the window is empty: its end is not after its start", "choose a later end")
    _check_touch(asked, barrier, (strike, low, high), sustain_s)
    if (asked is Statistic.VARIANCE) != (grid_s is not None):
        wanted = "needs" if grid_s is None else "takes no"
        raise InputError(
            f"{asked} {wanted} grid", "give the cell of the grid with a variance, and only there"
        )
    if _seconds("sustain", sustain_s, 0) > end_s - start_s:
        raise InputError(
            f"a touch of {sustain_s} s does not fit into a window of {end_s - start_s} s",
            "choose a shorter sustain or a later end",
        )
    payout, low_units, high_units = _payout(feed, asked, strike, low, high)
    return oracle.RecordTerms(
        start=start_s,
        end=end_s,
        barrier=0 if barrier is None else feed_units_of(barrier, feed.exponent, "barrier"),
        low=low_units,
        high=high_units,
        width_max=_width_max(feed, max_spread),
        sustain_s=sustain_s,
        max_gap_s=_seconds("max gap", max_gap_s, 1),
        grid_s=0 if grid_s is None else _seconds("grid", grid_s, 1),
        coverage_min_ppm=_coverage_min_ppm(asked, min_coverage),
        statistic=next(number for number, known in STATISTICS.items() if known is asked),
        payout=payout,
    )


def _check_touch(
    asked: Statistic, barrier: Number | None, bounds: tuple[Number | None, ...], sustain_s: int
) -> None:
    if asked.is_touch:
        if barrier is None:
            raise InputError(f"{asked} needs a barrier", "give the level to be reached")
        if bounds != (None, None, None):
            raise InputError(f"{asked} takes a barrier alone", "leave out the strike and the bounds")
        return
    if barrier is not None:
        raise InputError(f"{asked} takes no barrier", "give a strike, or a low and a high")
    if sustain_s:
        raise InputError(f"{asked} takes no sustain", "leave it out: only a touch can last")


def _payout(
    feed: FeedView, asked: Statistic, strike: Number | None, low: Number | None, high: Number | None
) -> tuple[int, int, int]:
    """The kind of payout, and its two bounds in feed units."""
    if asked.is_touch:
        return oracle.PAYOUT_DIGITAL, 0, 0
    # A variance is in squared units, which have twice the decimals.
    places = -2 * feed.exponent if asked is Statistic.VARIANCE else -feed.exponent
    if strike is not None and low is None and high is None:
        return oracle.PAYOUT_DIGITAL, _bound(strike, places, "strike"), 0
    if strike is not None or low is None or high is None:
        raise InputError(
            f"{asked} pays at a strike, or between two bounds", "give a strike alone, or a low and a high"
        )
    low_units, high_units = _bound(low, places, "low"), _bound(high, places, "high")
    if low_units >= high_units:
        raise InputError(f"low {low} is not below high {high}", "give the lower bound as low")
    return oracle.PAYOUT_LINEAR, low_units, high_units


def _bound(value: Number, places: int, name: str) -> int:
    written = min(places, -FEED_EXPONENT_MIN)
    units: int = feed_units_of(value, -written, name) * 10 ** (places - written)
    if abs(units) > _I64_MAX:
        raise UnitError(name, value, f"small enough for a feed whose variance has {places} decimals")
    return units


def _width_max(feed: FeedView, max_spread: Number | None) -> int:
    limit = int(_WIDE.scaleb(feed.width_max, -feed.exponent))
    if max_spread is None:
        return limit
    units = feed_units_of(max_spread, feed.exponent, "max spread")
    if not 0 <= units <= limit:
        raise InputError(
            f"max spread {max_spread} is not from 0 to the feed's own limit",
            f"use at most {feed.width_max:f}",
        )
    return units


def _coverage_min_ppm(asked: Statistic, min_coverage: Number | None) -> int:
    if min_coverage is None:
        min_coverage = 0 if asked is Statistic.FIRST else MIN_COVERAGE_DEFAULT
    allowed = "a number from 0 to 1 with at most 6 decimals"
    try:
        ppm = feed_units_of(min_coverage, -6, "min coverage")
    except UnitError:
        raise UnitError("min coverage", min_coverage, allowed) from None
    if not 0 <= ppm <= PPM:
        raise UnitError("min coverage", min_coverage, allowed)
    if asked is Statistic.FIRST and ppm:
        raise InputError("first takes no min coverage", "leave it out: one sample decides a first value")
    return ppm


def _seconds(name: str, value: int, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= _U32_MAX:
        raise InputError(f"{name} {value!r} is out of range", f"use {least} to {_U32_MAX} whole seconds")
    return value
