"""The rows of a history, as they are noted and as reports read them: all integers and texts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from secant_keeper.venues.depth import Level

NUMBER_MAX: Final = (1 << 63) - 1
"""The greatest number that a history holds."""


class Stretch(NamedTuple):
    """A time without holes: `begun` to `seen`, Unix seconds."""

    id: int
    begun: int
    seen: int


class Link(NamedTuple):
    """The feed whose record settles an event, and the event's first book.

    Attributes:
        event: The event.
        book: The book of its first outcome.
        feed: The feed.
        staleness_s: How long a reading of the feed holds at most.
        name: The event's name, unique only per creator; empty if it is not known.
        title: Its title, empty if it has none or it is not known.
    """

    event: str
    book: str
    feed: str
    staleness_s: int
    name: str = ""
    title: str = ""


class Snapshot(NamedTuple):
    """What traded at a book from a time on.

    Attributes:
        book: The book.
        time: Chain time, Unix seconds.
        event: Its event.
        outcome: The outcome traded.
        changes: How often its orders had changed.
        trades: Whether the event traded.
        bids: The best levels that buy, the best first.
        asks: The best levels that sell, the best first.
        bids_lots: Lots that buy in all.
        asks_lots: Lots that sell in all.
    """

    book: str
    time: int
    event: str
    outcome: int
    changes: int
    trades: bool
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    bids_lots: int
    asks_lots: int


class VenueReading(NamedTuple):
    """What a venue said from a time on.

    Attributes:
        feed: The feed the keeper reads it for.
        time: Source time, Unix seconds.
        bid_ppm: Lower end in ppm; None without a bid.
        ask_ppm: Upper end in ppm; None without an ask.
    """

    feed: str
    time: int
    bid_ppm: int | None
    ask_ppm: int | None


class PerpLink(NamedTuple):
    """A perpetual.

    Attributes:
        market: Its address.
        exchange: The exchange it is of.
        feed: The feed it follows.
        name: Its name, unique on its exchange.
        units_per_tick: Feed units in a tick, which never changes; None if it is not known.
        feed_exponent: The feed's exponent, -12 to 0: a feed unit is 10 to it; None if it is not known. A
            tick is units_per_tick times 10^feed_exponent of collateral a base unit, and a lot a millionth of
            a base unit divided by that: it is worth an atom a tick.
    """

    market: str
    exchange: str
    feed: str
    name: str
    units_per_tick: int | None = None
    feed_exponent: int | None = None


class PerpSnapshot(NamedTuple):
    """What held of a perpetual from a time on.

    Attributes:
        market: The perpetual.
        time: Chain time, Unix seconds.
        slot: The slot as of which it was read.
        quality: What its prices permitted: `open` everything, `doubtful` liquidating but not opening,
            `unusable` neither; `settled` once it has its last price, `gone` once it is not known any more.
        index_ticks: The feed's last agreed reading.
        mark_ticks: The mark.
        last_ticks: What last traded, 0 before anything did.
        settlement_ticks: The last price of one that has closed, 0 before.
        index_average: The index's average over five minutes, in 2⁻¹⁶ ticks.
        basis_ticks: By how much the book's middle was above the index, as the program last saw it.
        basis_average: That over five minutes, in 2⁻¹⁶ ticks.
        premium_ticks: The premium that funding averages, as the program last saw it.
        funding_rate: What a long lot paid a day, in 2⁻¹⁶ ticks.
        predicted_rate: What the present hour's premium led to, as far as it had been seen, likewise.
        funding_index: What a long lot had paid since the beginning, in 2⁻³² atoms; signed, it wraps.
        open_lots: Lots open on either side, as the program counts them: what fills brought to an account's
            seat counts by itself until it is drawn. None, as the amounts below, for what 63 bits do not hold.
        value_atoms: What they were worth at the mark.
        pool_atoms: Losses paid in, less profits paid out.
        insurance_atoms: What insurance held.
        haircut_atoms: What winners had borne of losers' debts in all.
        haircut_open_atoms: What of that they had not had returned.
        long_accounts: Accounts that were long, what their fills brought included.
        short_accounts: Accounts that were short.
        long_lots: Lots of the long.
        short_lots: Lots of the short.
        long_top_lots: Of the largest tenth of all positions, rounded up and with all as large as its
            smallest, lots of the long.
        short_top_lots: Lots of the short among them.
        bids_1pct_lots: Lots that buy within 1 % of the mark.
        asks_1pct_lots: Lots that sell within 1 %.
        bids_5pct_lots: Lots that buy within 5 %.
        asks_5pct_lots: Lots that sell within 5 %.
    """

    market: str
    time: int
    slot: int
    quality: str
    index_ticks: int
    mark_ticks: int
    last_ticks: int
    settlement_ticks: int
    index_average: int
    basis_ticks: int
    basis_average: int
    premium_ticks: int
    funding_rate: int
    predicted_rate: int
    funding_index: int
    open_lots: int | None
    value_atoms: int | None
    pool_atoms: int | None
    insurance_atoms: int | None
    haircut_atoms: int | None
    haircut_open_atoms: int | None
    long_accounts: int
    short_accounts: int
    long_lots: int
    short_lots: int
    long_top_lots: int
    short_top_lots: int
    bids_1pct_lots: int
    asks_1pct_lots: int
    bids_5pct_lots: int
    asks_5pct_lots: int


class Scan(NamedTuple):
    """A look at where all positions of a perpetual would be liquidated.

    Attributes:
        market: The perpetual.
        time: Chain time, Unix seconds.
        mark_ticks: The mark then.
        width_ticks: How many ticks a cluster is wide.
        accounts: Accounts in clusters.
        far_accounts: Accounts whose price is further away than clusters go.
        unreached_accounts: Accounts that no price brings down, or of which none is known.
    """

    market: str
    time: int
    mark_ticks: int
    width_ticks: int
    accounts: int
    far_accounts: int
    unreached_accounts: int


class Cluster(NamedTuple):
    """Positions of a scan that prices close together would bring down, all else unchanged.

    Attributes:
        market: The perpetual.
        time: When they were scanned, chain time, Unix seconds.
        from_ticks: The lowest of these prices, a multiple of the scan's width.
        long_accounts: Accounts that are long.
        long_lots: Their lots.
        long_atoms: What these are worth each at its own price of liquidation; None beyond 63 bits.
        short_accounts: Accounts that are short.
        short_lots: Their lots, counted positive.
        short_atoms: What these are worth likewise.
    """

    market: str
    time: int
    from_ticks: int
    long_accounts: int
    long_lots: int
    long_atoms: int | None
    short_accounts: int
    short_lots: int
    short_atoms: int | None


@dataclass(slots=True)
class Batch:
    """What is written in one transaction.

    Attributes:
        begins: Whether a stretch begins with it; else it continues the one written last.
        begun: When the first of its rows was noted.
        seen: Until when its stretch is known, both Unix seconds.
        links: New links.
        snapshots: Snapshots of books.
        readings: Readings of venues.
        perps: Perpetuals not seen before.
        perp_snapshots: Snapshots of perpetuals.
        scans: Scans of liquidations.
        clusters: What they found.
        later: What takes long to work out, and the thread that writes adds before it does.
    """

    begins: bool
    begun: int
    seen: int
    links: list[Link] = field(default_factory=list)
    snapshots: list[Snapshot] = field(default_factory=list)
    readings: list[VenueReading] = field(default_factory=list)
    perps: list[PerpLink] = field(default_factory=list)
    perp_snapshots: list[PerpSnapshot] = field(default_factory=list)
    scans: list[Scan] = field(default_factory=list)
    clusters: list[Cluster] = field(default_factory=list)
    later: list[Callable[[Batch], None]] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """How many rows it holds that grow in number with time, by kind."""
        return {
            "snapshot": len(self.snapshots),
            "reading": len(self.readings),
            "perp": len(self.perp_snapshots),
            "liquidation": len(self.scans) + len(self.clusters),
        }

    @property
    def rows(self) -> int:
        """How many these are in all."""
        return sum(self.counts.values())

    def complete(self) -> None:
        """Add what was left for later."""
        later, self.later = self.later, []
        for add in later:
            add(self)
