"""The spread report: figures over a history against a second reckoning of them, second by second."""

from __future__ import annotations

import json
import re
import sqlite3
from collections import deque
from contextlib import closing
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from book_world import ASK, BID, BookWorld, Wanted, state_of
from keeper_running import run_keeper, settings_of
from keeper_world import BEGIN, STALENESS_S, TWAP, World, iso, write_quotes
from node_proxy import FORWARD
from solders.keypair import Keypair

from secant import exchange, oracle
from secant_keeper.__main__ import main
from secant_keeper.evidence import plain
from secant_keeper.health import mid_differences
from secant_keeper.history_rows import Batch, Link, Snapshot, VenueReading
from secant_keeper.history_store import HistoryReader, HistoryWriter
from secant_keeper.jobs.sweep import EXPIRED_MIN
from secant_keeper.metrics import Metrics
from secant_keeper.recordings import Reading
from secant_keeper.spread import Spread, spread_of
from secant_keeper.stores.schema import SCHEMA_VERSION
from secant_keeper.stores.sqlite import APPLICATION_ID
from secant_keeper.venues.depth import Level

if TYPE_CHECKING:
    from pathlib import Path

    from node_proxy import NodeProxy

    from secant.localnet import Localnet

EVENT, BOOK, FEED = (str(Keypair.from_seed(bytes([place] * 32)).pubkey()) for place in (1, 2, 3))
LINK = Link(EVENT, BOOK, FEED, STALENESS_S, "rain", "Will it rain?")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.sqlite"


def snapshot(time: int, bid: int | None, ask: int | None, *, trades: bool = True) -> Snapshot:
    bids = () if bid is None else (Level(bid, 1),)
    asks = () if ask is None else (Level(ask, 1),)
    return Snapshot(BOOK, BEGIN + time, EVENT, 0, 0, trades, bids, asks, len(bids), len(asks))


def reading(time: int, bid_ppm: int | None, ask_ppm: int | None) -> VenueReading:
    return VenueReading(FEED, BEGIN + time, bid_ppm, ask_ppm)


def stretch(begun: int, seen: int, *said: Snapshot | VenueReading) -> Batch:
    batch = Batch(begins=True, begun=BEGIN + begun, seen=BEGIN + seen, links=[LINK])
    for one in said:
        if isinstance(one, Snapshot):
            batch.snapshots.append(one)
        else:
            batch.readings.append(one)
    return batch


def write(path: Path, *batches: Batch) -> None:
    writer = HistoryWriter(path)
    for batch in batches:
        writer.write(batch)
    writer.close()


def spread(path: Path, start: int | None = None, end: int | None = None) -> Spread | None:
    limits = (None if one is None else BEGIN + one for one in (start, end))
    with closing(HistoryReader(path)) as history:
        return spread_of(history, LINK, *limits)


def shown(numerator: int, denominator: int = 1) -> str:
    return plain(Fraction(numerator, denominator))


def test_each_value_weighs_as_long_as_it_held(path: Path) -> None:
    write(
        path,
        stretch(
            *(0, 20),
            *(snapshot(0, 4_000, 4_200), snapshot(5, 4_000, 4_500), snapshot(15, None, 4_500)),
            *(reading(2, 400_000, 420_000), reading(10, 430_000, 440_000)),
        ),
    )
    found = spread(path)
    assert found is not None
    assert (found.begun, found.ended) == (iso(BEGIN), iso(BEGIN + 20))
    assert (found.snapshots, found.observed_s, found.compared_s) == (3, 20, 18)
    # Book and venue middles: 4100 and 4100 for 3 s, 4250 and 4100 for 5 s, 4250 and 4350 for 5 s.
    assert found.mid_difference_mean == shown(150 * 5 - 100 * 5, 13)
    assert found.mid_difference_abs_mean == shown(150 * 5 + 100 * 5, 13)
    assert (found.book_spread_mean, found.book_spread_max) == (shown(200 * 5 + 500 * 10, 15), "500")
    assert (found.venue_spread_mean, found.venue_spread_max) == (shown(200 * 8 + 100 * 10, 18), "200")
    assert found.two_sided_share == "0.75"
    assert found.crossed_share == "0"


@pytest.mark.parametrize(
    ("book", "venue", "is_crossed"),
    [
        ((4_201, None), (400_000, 420_000), True),
        ((4_200, None), (400_000, 420_000), False),
        ((None, 3_999), (400_000, 420_000), True),
        ((None, 4_000), (400_000, 420_000), False),
        ((4_201, None), (400_000, None), False),
        ((None, 3_999), (None, 420_000), False),
        ((4_201, None), (None, 420_099), True),
        ((4_201, None), (None, 420_100), False),
    ],
)
def test_a_book_is_crossed_where_one_could_buy_here_and_sell_there(
    path: Path, book: tuple[int | None, int | None], venue: tuple[int | None, int | None], *, is_crossed: bool
) -> None:
    write(path, stretch(0, 10, snapshot(0, *book), reading(0, *venue)))
    found = spread(path)
    assert found is not None
    assert found.crossed_share == ("1" if is_crossed else "0")
    assert found.mid_difference_mean is None
    assert found.two_sided_share == "0"


def test_a_reading_holds_until_its_feed_would_call_it_stale(path: Path) -> None:
    last = 2 * STALENESS_S + 10
    write(path, stretch(0, last, snapshot(0, 4_000, 4_200), reading(5, 400_000, 420_000)))
    found = spread(path)
    assert found is not None
    assert (found.observed_s, found.compared_s) == (last, STALENESS_S + 1)


def test_nothing_holds_in_a_hole_or_after_the_last_trade(path: Path) -> None:
    write(
        path,
        stretch(0, 10, snapshot(0, 4_000, 4_200), reading(-5, 400_000, 420_000)),
        stretch(100, 130, snapshot(110, 4_000, 4_100), snapshot(120, 4_000, 4_100, trades=False)),
    )
    found = spread(path)
    assert found is not None
    assert (found.begun, found.ended) == (iso(BEGIN), iso(BEGIN + 120))
    assert (found.snapshots, found.observed_s, found.compared_s) == (2, 20, 10)
    assert found.book_spread_mean == "150"


def test_only_the_time_asked_for_counts(path: Path) -> None:
    said = (snapshot(0, 4_000, 4_200), snapshot(10, 4_000, 4_400), reading(0, 400_000, 400_000))
    write(path, stretch(0, 20, *said))
    found = spread(path, 5, 12)
    assert found is not None
    assert (found.begun, found.ended, found.observed_s) == (iso(BEGIN + 5), iso(BEGIN + 12), 7)
    assert found.snapshots == 1
    assert found.mid_difference_mean == shown(100 * 5 + 200 * 2, 7)
    found = spread(path, 5, 10)
    assert found is not None
    assert (found.snapshots, found.observed_s) == (0, 5)  # what held was said before
    assert spread(path, 20) is None
    assert spread(path, None, 0) is None


# --- a whole run ------------------------------------------------------------------------------------------


class Resting(NamedTuple):
    """An order as the second reckoning knows it; times after `BEGIN`."""

    side: int
    price_ticks: int
    placed: int
    expires: int


QUOTES = {0: ("0.50", "0.52"), 20: ("0.51", "0.53"), 40: ("0.47", "0.48"), 60: ("0.50", "0.54")} | {
    140: ("0.60", "0.61"),
    160: ("0.505", "0.5152"),
    180: ("0.50", "0.55"),
}
LOCK, END, NEVER = 170, 180, 10**6
FIRST = -100
"""When the world begins: the keeper has seen the book since."""
ORDERS = [
    Resting(BID, 4_950, FIRST, 45),
    *(Resting(BID, 4_000 + place, FIRST, 45) for place in range(EXPIRED_MIN)),
    Resting(BID, 4_700, FIRST, NEVER),
    Resting(ASK, 5_300, FIRST, 130),
    Resting(ASK, 5_601, FIRST, NEVER),
    Resting(BID, 5_250, 60, NEVER),
]


def best(second: int) -> tuple[int | None, int | None]:
    live = [one for one in ORDERS if one.placed <= second < one.expires]
    bids = [one.price_ticks for one in live if one.side == BID]
    asks = [one.price_ticks for one in live if one.side == ASK]
    return max(bids, default=None), min(asks, default=None)


def quoted(second: int) -> tuple[Fraction, Fraction] | None:
    time = max((one for one in QUOTES if one <= second), default=None)
    if time is None or second - time > STALENESS_S:
        return None
    bid, ask = (Fraction(text) * 10_000 for text in QUOTES[time])
    return bid, ask


def mean(values: list[Fraction]) -> str:
    return plain(sum(values, Fraction(0)) / len(values))


def reckoned() -> dict[str, Any]:
    """The report, one second after the other."""
    seconds = range(FIRST, LOCK)
    both = [(best(one), quoted(one)) for one in seconds]
    two_sided = [Fraction(ask - bid) for (bid, ask), _ in both if bid is not None and ask is not None]
    venue = [ask - bid for _, quote in both if quote is not None for bid, ask in [quote]]
    differences = [
        Fraction(bid + ask, 2) - (quote[0] + quote[1]) / 2
        for (bid, ask), quote in both
        if bid is not None and ask is not None and quote is not None
    ]
    crossed = [
        (bid is not None and bid > quote[1]) or (ask is not None and ask < quote[0])
        for (bid, ask), quote in both
        if quote is not None
    ]
    return {
        "begun": iso(BEGIN + FIRST),
        "ended": iso(BEGIN + LOCK),
        "observed_s": len(seconds),
        "compared_s": len(venue),
        "mid_difference_mean": mean(differences),
        "mid_difference_abs_mean": mean([abs(one) for one in differences]),
        "book_spread_mean": mean(two_sided),
        "book_spread_max": plain(max(two_sided)),
        "venue_spread_mean": mean(venue),
        "venue_spread_max": plain(max(venue)),
        "two_sided_share": shown(len(two_sided), len(seconds)),
        "crossed_share": shown(sum(crossed), len(crossed)),
    }


def wanted(placed: int) -> list[Wanted]:
    return [
        Wanted(one.side, one.price_ticks, 10, 0 if one.expires == NEVER else BEGIN + one.expires)
        for one in ORDERS
        if one.placed == placed
    ]


async def test_the_report_over_a_whole_run(
    tmp_path: Path, world: World, net: Localnet, proxy: NodeProxy, path: Path, capsys: Any
) -> None:
    record = world.add_record(BEGIN, BEGIN + END, TWAP, low=1)
    event = world.add_event(record, exchange.RESOLVER_RECORD, BEGIN + LOCK, BEGIN + 30 * 86_400)
    books = BookWorld(event, world)
    books.place(*wanted(FIRST))

    def trade_at_sixty(params: list[Any]) -> Any:
        # The clock still stands where it is about to be moved from: the book changes as it moves.
        if params[0]["unixTimestamp"] == BEGIN + 60:
            books.place(*wanted(60))
        return FORWARD

    proxy.hooks["localnet_setClock"] = trade_at_sixty
    quotes = write_quotes(tmp_path / "q.csv", [(BEGIN + time, *quote) for time, quote in QUOTES.items()])
    metrics = Metrics()
    await run_keeper(world, settings_of(world, net, proxy.url, quotes, history=path), metrics)
    assert world.event(event).status == exchange.EVENT_RESOLVED
    assert metrics.landed.labels("sweep")._value.get() == 1
    assert metrics.history_lost._value.get() == 0
    with closing(sqlite3.connect(path)) as connection:
        times = [row[0] - BEGIN for row in connection.execute("SELECT time FROM snapshot ORDER BY time")]
        changes = connection.execute("SELECT max(changes) FROM snapshot").fetchone()[0]
        read = [row[0] - BEGIN for row in connection.execute("SELECT time FROM reading ORDER BY time")]
    # First seen, an expiry, swept and placed, another expiry, locked.
    assert times[:5] == [FIRST, 45, 60, 130, LOCK]
    assert changes >= 3
    assert read == sorted(QUOTES)
    capsys.readouterr()  # what the keeper logged
    code, out, _ = run(capsys, "--history", str(path), "--json")
    assert code == 0
    (report,) = json.loads(out)
    own = {"event": str(event), "name": world.event(event).event_id.rstrip(b"\0").hex(), "title": "a touch"}
    own |= {"book": str(books.book), "feed": str(world.feed), "snapshots": 4}
    assert report == own | reckoned()
    code, out, _ = run(capsys, "--history", str(path), "--event", str(event))
    assert code == 0
    unfolded = re.sub(r" *\n +", "", out)
    printed = dict(line.strip().split(maxsplit=1) for line in unfolded.splitlines()[2:])
    assert printed.keys() == report.keys()
    for key, value in report.items():
        if key.endswith(("_mean", "_max", "_share")):
            step = Fraction(1, 10_000) if key.endswith("_share") else Fraction(1, 100)
            assert abs(Fraction(printed[key]) - Fraction(value)) <= step / 2
            assert len(printed[key].partition(".")[2]) <= (4 if key.endswith("_share") else 2)
        else:
            assert printed[key] == str(value)


def test_the_gauge_says_how_far_book_and_venue_are_apart(world: World) -> None:
    record = world.add_record(BEGIN, BEGIN + 500, TWAP, low=1)
    event = world.add_event(record, exchange.RESOLVER_RECORD, BEGIN + 500, BEGIN + 30 * 86_400)
    books = BookWorld(event, world)
    state = state_of(world)
    state.readings[world.feed] = deque([Reading(BEGIN, 1, 2)])
    assert not list(mid_differences(state))  # nothing published, nothing placed
    books.place(Wanted(BID, 4_000, 1), Wanted(BID, 4_500, 1, BEGIN + 5), Wanted(ASK, 4_601, 1))
    state = state_of(world)
    assert not list(mid_differences(state))
    feed = state.feed(world.feed)
    assert feed is not None
    for time, expected in ((BEGIN, Fraction(1, 2)), (BEGIN + 5, Fraction(-499, 2))):
        one = oracle.FeedReading(time, 440_000, 470_000)
        state.accounts[world.feed] = _published(feed, one)
        assert list(mid_differences(state)) == [(event, expected)]
    state.accounts[world.feed] = _published(feed, oracle.FeedReading(BEGIN, -(2**63), 470_000))
    assert not list(mid_differences(state))


def _published(feed: oracle.Feed, reading: oracle.FeedReading) -> oracle.Feed:
    return replace(feed, readings=(reading, *feed.readings[1:]))


# --- the command ------------------------------------------------------------------------------------------


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(["spread", *arguments])
    captured = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return ended.value.code, captured.out, captured.err


@pytest.fixture
def sound(path: Path) -> Path:
    write(path, stretch(0, 20, snapshot(0, 4_000, 4_200), reading(0, 400_000, 420_000)))
    return path


@pytest.mark.parametrize(
    ("options", "code", "complaint"),
    [
        (("--event", "nonsense"), 5, "has no event nonsense with a book and a feed that the keeper"),
        (("--event", "nonsense"), 5, f"it has rain ({EVENT})"),
        (("--event", ""), 5, "has no event "),
        (("--event", FEED), 5, f"has no event {FEED}"),
        (("--from", "yesterday"), 2, "--from 'yesterday' is no time"),
        (("--from", "2024-11-05T00:00:00"), 2, "is no time"),
        (("--to", "2024-11-05T00:00:00.5Z"), 2, "is no time"),
        (("--from", str(BEGIN + 5), "--to", iso(BEGIN + 5)), 2, "is not before --to"),
        (("--from", str(BEGIN + 20)), 5, f"recorded is {iso(BEGIN)} to {iso(BEGIN + 20)}"),
        (("--nonsense",), 2, "unrecognized arguments: --nonsense"),
    ],
)
def test_options_that_will_not_do(
    capsys: pytest.CaptureFixture[str], sound: Path, options: tuple[str, ...], code: int, complaint: str
) -> None:
    ended, out, err = run(capsys, "--history", str(sound), *options)
    assert (ended, out, err.count("\n")) == (code, "", 1)
    assert complaint in err


def test_an_event_by_its_name(capsys: pytest.CaptureFixture[str], sound: Path) -> None:
    other = Link(FEED, BOOK, FEED, STALENESS_S)
    write(sound, Batch(begins=True, begun=BEGIN + 20, seen=BEGIN + 20, links=[other]))
    found = [
        json.loads(run(capsys, "--history", str(sound), "--json", *of)[1]) for of in ((), ("--event", "rain"))
    ]
    assert [[one["name"] for one in each] for each in found] == [["rain", ""], ["rain"]]
    _, out, _ = run(capsys, "--history", str(sound), "--event", "rain")
    assert "Will it rain?" in out
    assert "crossed_share" in out


def test_both_ways_to_write_a_time(capsys: pytest.CaptureFixture[str], sound: Path) -> None:
    found = [
        run(capsys, "--history", str(sound), "--json", "--from", start, "--to", end)
        for start, end in ((str(BEGIN + 5), str(BEGIN + 9)), (iso(BEGIN + 5), iso(BEGIN + 9)))
    ]
    assert found[0] == found[1]
    assert json.loads(found[0][1])[0]["observed_s"] == 4


@pytest.mark.parametrize(
    ("fault", "code", "complaint"),
    [
        ("missing", 2, "there is no history"),
        ("text", 2, "file is not a database; name another file"),
        ("another database", 2, "is a database, but no keeper's history"),
        ("empty", 2, "is a database, but no keeper's history"),
        ("newer", 2, f"has the schema {SCHEMA_VERSION + 1}"),
        ("without a table", 2, "no such table: stretch"),
        ("without links", 5, "links no event to a feed"),
        ("never traded", 5, "no book was seen while its event traded"),
    ],
)
def test_a_history_that_will_not_do(
    capsys: pytest.CaptureFixture[str], path: Path, fault: str, code: int, complaint: str
) -> None:
    if fault == "text":
        path.write_text("this is no database, however long one makes it" * 100)
    elif fault == "empty":
        path.touch()
    elif fault == "without links":
        write(path)
    elif fault == "never traded":
        write(path, stretch(0, 20, snapshot(0, 4_000, 4_200, trades=False)))
    elif fault != "missing":
        write(path, stretch(0, 20, snapshot(0, 4_000, 4_200)))
        statement = {
            "another database": f"PRAGMA application_id = {APPLICATION_ID + 1}",
            "newer": f"PRAGMA user_version = {SCHEMA_VERSION + 1}",
            "without a table": "DROP TABLE stretch",
        }[fault]
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(statement)
            connection.commit()
    ended, out, err = run(capsys, "--history", str(path))
    assert (ended, out, err.count("\n")) == (code, "", 1)
    assert complaint in err
    assert path.exists() == (fault != "missing")


def test_the_report_is_read_while_the_keeper_writes(capsys: pytest.CaptureFixture[str], path: Path) -> None:
    writer = HistoryWriter(path)
    writer.write(stretch(0, 20, snapshot(0, 4_000, 4_200)))
    writer._database.first("BEGIN IMMEDIATE")
    code, out, _ = run(capsys, "--history", str(path), "--json")
    assert code == 0
    (report,) = json.loads(out)
    assert (report["observed_s"], report["compared_s"], report["crossed_share"]) == (20, 0, None)
    writer.close()
