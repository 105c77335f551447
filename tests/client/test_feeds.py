from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from solders.account import Account
from solders.pubkey import Pubkey

from secant import Client, oracle
from secant.client import FeedView, RecordStatus, Statistic, record_terms
from secant.errors import (
    AccountNotFound,
    ClientOutdated,
    ExchangeAmbiguous,
    FrameworkError,
    InputError,
    ProgramError,
    UnitError,
)

if TYPE_CHECKING:
    from .conftest import Market

DAY_S = 86_400
FEED = FeedView(
    address=Pubkey.new_unique(),
    name="price",
    authority=Pubkey.new_unique(),
    exponent=-6,
    width_max=Decimal("0.05"),
    step_max=Decimal("0.05"),
    staleness_s=60,
    quorum=1,
    readings=(),
    needed_until=None,
)
TOUCH: dict[str, Any] = {"statistic": "touch_up", "start": 1_000, "end": 5_000, "barrier": "0.65"}
AVERAGE: dict[str, Any] = {"statistic": "twap", "start": 1_000, "end": 5_000, "strike": "0.55"}
FIELDS = {
    "start": 1_000,
    "end": 5_000,
    "barrier": 0,
    "low": 0,
    "high": 0,
    "width_max": 50_000,
    "sustain_s": 0,
    "max_gap_s": 600,
    "grid_s": 0,
    "coverage_min_ppm": 900_000,
    "payout": oracle.PAYOUT_DIGITAL,
}


@pytest.fixture
async def feed(client: Client) -> FeedView:
    """A feed of the client's that takes hour-old readings, and a clock that stands still."""
    await client.create_feed("price", width_max="0.05", step_max="0.05", exponent=-6, staleness_s=3_600)
    return await client.feed("price")


@pytest.mark.parametrize(
    ("asked", "fields"),
    [
        (TOUCH, {"statistic": oracle.STATISTIC_TOUCH_UP, "barrier": 650_000}),
        (
            TOUCH | {"statistic": Statistic.TOUCH_DOWN, "sustain_s": 60, "max_gap_s": 1, "max_spread": 0},
            {
                "statistic": oracle.STATISTIC_TOUCH_DOWN,
                "barrier": 650_000,
                "sustain_s": 60,
                "max_gap_s": 1,
                "width_max": 0,
            },
        ),
        (
            AVERAGE | {"min_coverage": "0.123456", "max_spread": Decimal("0.049999")},
            {
                "statistic": oracle.STATISTIC_AVERAGE,
                "low": 550_000,
                "coverage_min_ppm": 123_456,
                "width_max": 49_999,
            },
        ),
        (
            AVERAGE | {"strike": None, "low": "-0.2", "high": 1},
            {
                "statistic": oracle.STATISTIC_AVERAGE,
                "low": -200_000,
                "high": 1_000_000,
                "payout": oracle.PAYOUT_LINEAR,
            },
        ),
        (
            AVERAGE | {"statistic": "first"},
            {"statistic": oracle.STATISTIC_FIRST, "low": 550_000, "coverage_min_ppm": 0},
        ),
        (
            AVERAGE | {"statistic": "variance", "strike": "0.0000000004", "grid_s": 60},
            {"statistic": oracle.STATISTIC_VARIANCE, "low": 400, "grid_s": 60},
        ),
        (
            AVERAGE | {"start": datetime.fromtimestamp(1_000, UTC), "statistic": "last"},
            {"statistic": oracle.STATISTIC_LAST, "low": 550_000},
        ),
        (AVERAGE | {"statistic": "range"}, {"statistic": oracle.STATISTIC_RANGE, "low": 550_000}),
        (
            AVERAGE | {"statistic": "change", "strike": -1},
            {"statistic": oracle.STATISTIC_CHANGE, "low": -1_000_000},
        ),
    ],
)
def test_terms_in_feed_units(asked: dict[str, Any], fields: dict[str, int]) -> None:
    assert record_terms(FEED, **asked) == oracle.RecordTerms(**{**FIELDS, **fields})


def test_a_touch_may_last_the_whole_window() -> None:
    assert record_terms(FEED, **TOUCH | {"sustain_s": 4_000}).sustain_s == 4_000


async def test_a_feed_by_default_is_the_command_lines(client: Client) -> None:
    await client.create_feed("plain")
    view = await client.feed("plain")
    assert (view.exponent, view.width_max, view.step_max) == (-6, Decimal("0.05"), Decimal("0.05"))


def test_a_variance_has_twice_the_decimals() -> None:
    fine = dataclasses.replace(FEED, exponent=-8)
    asked = AVERAGE | {"statistic": "variance", "grid_s": 60}
    assert record_terms(fine, **asked | {"strike": "0.000000000003"}).low == 30_000
    with pytest.raises(UnitError, match="small enough for a feed whose variance has 24 decimals"):
        record_terms(dataclasses.replace(FEED, exponent=-12), **asked | {"strike": 1})


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        (TOUCH | {"statistic": "median"}, "no statistic 'median' — use one of first, last, twap"),
        (TOUCH | {"end": 1_000}, "its end is not after its start"),
        (TOUCH | {"start": 0}, "its end is not after its start"),
        (TOUCH | {"start": "soon"}, "start 'soon' is no time"),
        (TOUCH | {"barrier": None}, "touch_up needs a barrier"),
        (TOUCH | {"strike": 1}, "touch_up takes a barrier alone"),
        (TOUCH | {"low": 0, "high": 1}, "touch_up takes a barrier alone"),
        (TOUCH | {"barrier": 0.65}, "floats are not exact"),
        (TOUCH | {"barrier": "0.6500001"}, "barrier '0.6500001' is not a number"),
        (TOUCH | {"sustain_s": 4_001}, "a touch of 4001 s does not fit into a window of 4000 s"),
        (TOUCH | {"sustain_s": -1}, "sustain -1 is out of range"),
        (TOUCH | {"sustain_s": 2**32}, "sustain 4294967296 is out of range"),
        (TOUCH | {"max_gap_s": 0}, "max gap 0 is out of range — use 1 to"),
        (TOUCH | {"max_gap_s": "10m"}, "max gap '10m' is out of range"),
        (TOUCH | {"grid_s": 60}, "touch_up takes no grid"),
        (
            TOUCH | {"max_spread": "0.06"},
            "max spread 0.06 is not from 0 to the feed's own limit — use at most 0.05",
        ),
        (TOUCH | {"max_spread": "-0.01"}, "not from 0 to the feed's own limit"),
        (TOUCH | {"max_spread": "x"}, "max spread 'x' is not a number"),
        (TOUCH | {"min_coverage": 2}, "min coverage '2' is not a number from 0 to 1"),
        (TOUCH | {"min_coverage": "-0.1"}, "min coverage '-0.1' is not a number from 0 to 1"),
        (TOUCH | {"min_coverage": "0.0000001"}, "with at most 6 decimals"),
        (AVERAGE | {"barrier": 1}, "twap takes no barrier"),
        (AVERAGE | {"sustain_s": 1}, "twap takes no sustain"),
        (AVERAGE | {"strike": None}, "twap pays at a strike, or between two bounds"),
        (AVERAGE | {"low": 0}, "give a strike alone, or a low and a high"),
        (AVERAGE | {"strike": None, "high": 1}, "give a strike alone, or a low and a high"),
        (AVERAGE | {"strike": None, "low": 1, "high": 1}, "low 1 is not below high 1"),
        (AVERAGE | {"strike": "1e-7"}, "strike '1e-7' is not a number"),
        (AVERAGE | {"statistic": "first", "min_coverage": "0.5"}, "first takes no min coverage"),
        (AVERAGE | {"statistic": "variance"}, "variance needs grid"),
        (AVERAGE | {"statistic": "variance", "grid_s": 0}, "grid 0 is out of range"),
    ],
)
def test_terms_refused(asked: dict[str, Any], problem: str) -> None:
    with pytest.raises((InputError, UnitError)) as caught:
        record_terms(FEED, **asked)
    assert problem in str(caught.value)


async def test_feeds(client: Client, taker: Client, feed: FeedView) -> None:
    second = await client.create_feed(
        "other",
        width_max=1,
        step_max=5,
        exponent=-2,
        publishers=[client.wallet.address, str(taker.wallet.address)],
        quorum=2,
    )
    assert [view.name for view in await client.feeds()] == ["other", "price"]
    other = await client.feed(str(second.address))
    assert (other.exponent, other.width_max, other.step_max) == (-2, Decimal(1), Decimal(5))
    assert (other.staleness_s, other.quorum, other.needed_until) == (60, 2, None)
    assert other.authority == client.wallet.address
    assert [reading.publisher for reading in other.readings] == [client.wallet.address, taker.wallet.address]
    now = await client.chain.clock_time()
    await taker.publish("other", "-0.5", None, source_time=now)
    empty, told = (await client.feed(other)).readings
    assert (empty.source_time, empty.bid, empty.ask) == (None, None, None)
    assert (told.source_time, told.bid, told.ask) == (datetime.fromtimestamp(now, UTC), Decimal("-0.5"), None)
    assert await client.feed(feed) == feed


async def test_feeds_by_name(client: Client, taker: Client, feed: FeedView) -> None:
    for missing in ("prices", Pubkey.new_unique(), client.account_address, client.exchange.mint):
        with pytest.raises(AccountNotFound, match="no feed"):
            await client.feed(missing)
    with pytest.raises(InputError, match="feed"):
        await client.feed("")
    theirs = await taker.create_feed("price", width_max=1, step_max=1)
    with pytest.raises(ExchangeAmbiguous, match="2 feeds named 'price'") as caught:
        await client.publish("price", "0.5", "0.5")
    assert set(caught.value.addresses) == {feed.address, theirs.address}


async def test_feed_refusals(client: Client, taker: Client, feed: FeedView) -> None:
    with pytest.raises(ProgramError) as caught:
        await taker.publish(feed, "0.5", "0.51")
    assert (caught.value.program, caught.value.name) == ("oracle", "PublisherUnknown")
    with pytest.raises(UnitError, match="at most 6 decimals"):
        await client.publish(feed, "0.5000001", None)
    with pytest.raises(ProgramError) as future:
        await client.publish(feed, None, "0.5", source_time=datetime.now(UTC) + timedelta(hours=1))
    assert future.value.name == "SourceTimeInFuture"
    with pytest.raises(ProgramError) as rules:
        await client.create_feed("g", width_max=1, step_max=1, quorum=2)
    assert rules.value.name == "PublishersInvalid"
    with pytest.raises(FrameworkError) as again:
        await client.create_feed("price", width_max="0.05", step_max="0.05", exponent=-6, staleness_s=3_600)
    assert str(feed.address) in again.value.remedy
    for attempt in (
        client.publish(Pubkey.new_unique(), 1, 1),
        client.observe(feed.address),
        client.record("zz"),
    ):
        with pytest.raises(AccountNotFound):
            await attempt


async def test_close_feed(market: Market, client: Client, taker: Client, feed: FeedView) -> None:
    with pytest.raises(ProgramError) as stranger:
        await taker.close_feed(feed)
    assert (stranger.value.name, stranger.value.signature) == ("AuthorityMismatch", None)
    assert str(client.wallet.address) in stranger.value.remedy
    now = await client.chain.clock_time()
    record = (
        await client.create_record(feed, record_terms(feed, "last", start=now, end=now + 60, strike="0.5"))
    ).address
    with pytest.raises(ProgramError) as needed:
        await client.close_feed("price")
    assert needed.value.name == "FeedInUse"
    ends = (await client.feed(feed)).needed_until
    assert ends == datetime.fromtimestamp(now + 60, UTC)
    assert f"{ends:%Y-%m-%d %H:%M:%S} UTC" in needed.value.remedy
    assert (await client.record(record)).max_spread == Decimal("0.05")
    market.net.ledger.set_unix_timestamp(now + 60 + 3_600 + 30 * DAY_S + 1)
    closed = await client.close_feed("price")
    assert closed.address == feed.address
    assert await client.feeds() == ()
    left = await client.record(record)
    assert (left.exponent, left.max_spread, left.strike) == (None, Decimal(50_000), Decimal(500_000))
    with pytest.raises(AccountNotFound, match="no feed"):
        await client.close_feed(feed)


async def _observed(market: Market, client: Client, feed: FeedView, samples: dict[int, str]) -> None:
    """Publishes a price at each time, and takes it into every record."""
    for moment, price in samples.items():
        market.net.ledger.set_unix_timestamp(moment)
        await client.publish(feed, price, price, source_time=moment)
        for view in await client.records(feed):
            await client.observe(view.address)


async def test_records(market: Market, client: Client, feed: FeedView) -> None:
    now = await client.chain.clock_time()
    market.net.ledger.set_unix_timestamp(now)
    window: dict[str, Any] = {"start": now, "end": now + 400, "max_gap_s": 100}
    questions: dict[Statistic, dict[str, Any]] = {
        Statistic.FIRST: {"low": "0.25", "high": "0.75"},
        Statistic.LAST: {"strike": "0.7"},
        Statistic.TWAP: {"low": 0, "high": 1, "min_coverage": "0.75"},
        Statistic.TOUCH_UP: {"barrier": "0.65", "sustain_s": 10},
        Statistic.TOUCH_DOWN: {"barrier": "0.3"},
        Statistic.RANGE: {"strike": "0.3"},
        Statistic.CHANGE: {"strike": "-0.1"},
        Statistic.VARIANCE: {"strike": "0.05", "grid_s": 100, "min_coverage": 0},
    }
    records = {
        asked: (await client.create_record(feed, record_terms(feed, asked, **window, **bounds))).address
        for asked, bounds in questions.items()
    }
    before = await client.record(records[Statistic.TWAP])
    assert (before.accepted, before.value, before.average, before.coverage) == (0, None, None, 0)
    assert (before.last_time, before.min_value, before.yes_payout) == (None, None, None)
    # Covered: 100 s of 0.4 and 100 s of 0.6, a gap of 150 s, and a tail of 50 s of 0.7.
    samples = {now: "0.4", now + 100: "0.6", now + 200: "0.6", now + 350: "0.7", now + 401: "0.9"}
    await _observed(market, client, feed, samples)
    views = {view.statistic: view for view in await client.records()}
    assert {asked: view.address for asked, view in views.items()} == records
    twap = views[Statistic.TWAP]
    assert twap == await client.record(str(records[Statistic.TWAP]))
    assert (twap.coverage, twap.longest_gap_s, twap.accepted, twap.rejected) == (Decimal("0.625"), 150, 4, 0)
    assert twap.average == twap.value == Decimal("0.54")
    assert (twap.min_value, twap.max_value) == (Decimal("0.4"), Decimal("0.7"))
    assert twap.last_time == datetime.fromtimestamp(now + 350, UTC)
    assert (twap.status, twap.yes_payout) == (RecordStatus.VOID, None)
    assert (twap.low, twap.high, twap.strike, twap.min_coverage) == (0, 1, None, Decimal("0.75"))
    first = views[Statistic.FIRST]
    assert (first.status, first.value, first.yes_payout) == ("decided", Decimal("0.4"), Decimal("0.3"))
    assert first.decided_time == datetime.fromtimestamp(now, UTC)
    assert views[Statistic.LAST].value == Decimal("0.7")
    assert views[Statistic.RANGE].value == Decimal("0.3")
    assert views[Statistic.CHANGE].value == Decimal("0.3")
    variance = views[Statistic.VARIANCE]
    assert (variance.value, variance.strike, variance.grid_s) == (Decimal("0.05"), Decimal("0.05"), 100)
    touch = views[Statistic.TOUCH_UP]
    assert (touch.barrier, touch.sustain_s, touch.strike) == (Decimal("0.65"), 10, None)
    assert (touch.value, touch.passage_time) == (None, None)


async def test_a_touch_proven(market: Market, client: Client, feed: FeedView) -> None:
    now = await client.chain.clock_time()
    market.net.ledger.set_unix_timestamp(now)
    terms = record_terms(feed, "touch_up", start=now, end=now + 400, barrier="0.65")
    record = (await client.create_record(feed, terms)).address
    await _observed(market, client, feed, {now + 5: "0.64", now + 9: "0.65"})
    view = await client.record(record)
    assert (view.status, view.yes_payout) == ("decided", Decimal(1))
    assert view.passage_time == datetime.fromtimestamp(now + 9, UTC)


async def test_record_refusals(client: Client, feed: FeedView) -> None:
    now = await client.chain.clock_time()
    terms = record_terms(feed, "touch_up", start=now, end=now + 400, barrier="0.65")
    record = (await client.create_record("price", terms)).address
    with pytest.raises(FrameworkError, match="these very terms") as again:
        await client.create_record(feed.address, terms)
    assert str(record) in again.value.remedy
    for changes in ({"start": now - 9, "end": now - 1}, {"end": now + 3 * 366 * DAY_S}):
        with pytest.raises(ProgramError) as window:
            await client.create_record(feed, dataclasses.replace(terms, **changes))
        assert window.value.name == "WindowInvalid"
    with pytest.raises(ProgramError) as invalid:
        await client.create_record(feed, dataclasses.replace(terms, width_max=50_001))
    assert invalid.value.name == "TermsInvalid"
    for attempt in (
        client.create_record("prices", terms),
        client.records("prices"),
        client.record(feed.address),
        client.observe("zz"),
    ):
        with pytest.raises(AccountNotFound):
            await attempt
    assert [view.address for view in await client.records("price")] == [record]


@pytest.mark.parametrize(
    ("offset", "problem"), [("status", "unknown status 9"), ("terms", "unknown statistic 9")]
)
async def test_a_record_of_a_later_program(
    market: Market, client: Client, feed: FeedView, offset: str, problem: str
) -> None:
    now = await client.chain.clock_time()
    terms = record_terms(feed, "touch_up", start=now, end=now + 400, barrier="0.65")
    record = (await client.create_record(feed, terms)).address
    account = market.net.ledger.account(record)
    assert account is not None
    data = bytearray(account.data)
    data[oracle.Record.OFFSETS[offset] + (64 if offset == "terms" else 0)] = 9
    market.net.ledger.set_account(record, Account(account.lamports, bytes(data), account.owner))
    with pytest.raises(ClientOutdated, match=problem):
        await client.record(record)
