"""The chain's clock: found, driven, left as it was, and named when it stands still."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from keeper_running import TIMEOUT_S, run_keeper, settings_of
from keeper_world import BEGIN, TWAP, World, iso, write_quotes
from node_proxy import FORWARD, Refusal
from structlog.testing import capture_logs

from secant import oracle
from secant_keeper.chain_clock import ChainClock
from secant_keeper.config import FeedSettings, Settings, SourceSettings
from secant_keeper.errors import EXIT_INCOMPLETE, ClusterError
from secant_keeper.metrics import Metrics
from secant_keeper.recordings import Reading
from secant_keeper.service import check_cluster, check_feeds
from secant_keeper.sources import Sources
from secant_keeper.state import State

if TYPE_CHECKING:
    from pathlib import Path

    from node_proxy import NodeProxy

    from secant.localnet import Localnet
    from secant_keeper.rpc import Rpc


async def test_a_driven_clock_goes_back_to_the_recording(world: World, rpc: Rpc) -> None:
    feed = FeedSettings(address=world.feed, source=SourceSettings(venue="polymarket", series="x"))
    settings = Settings(feeds=(feed,), drive_clock=True)
    world.ledger.set_unix_timestamp(BEGIN + 10**6)
    await check_feeds(
        rpc, ChainClock(rpc), settings, world.keeper.pubkey(), {world.feed: [Reading(BEGIN + 5, 1, 2)]}
    )
    assert await ChainClock(rpc).now() == BEGIN + 5
    await check_feeds(
        rpc, ChainClock(rpc), settings, world.keeper.pubkey(), {world.feed: [Reading(BEGIN + 50, 1, 2)]}
    )
    assert await ChainClock(rpc).now() == BEGIN + 5


async def test_a_clock_near_the_wall_clock_only_lags(world: World, rpc: Rpc, proxy: NodeProxy) -> None:
    moment = world.ledger.unix_timestamp
    proxy.hooks["localnet_getClock"] = lambda _: Refusal({"code": -32601, "message": "no such method"})
    assert await ChainClock(rpc, wall=lambda: moment + 50).now() == moment + 50
    assert await ChainClock(rpc, wall=lambda: moment - 50).now() == moment
    assert await ChainClock(rpc, wall=lambda: moment + 10**6).now() == moment
    cluster = ChainClock(rpc)
    assert await cluster.local() is None
    assert await cluster.local() is None
    assert proxy.calls.count("localnet_getClock") == 4  # what is no localnet is asked once


async def test_a_driver_leaves_the_clock_as_it_found_it(tmp_path: Path, world: World, net: Localnet) -> None:
    ledger = world.ledger
    quotes = write_quotes(tmp_path / "q.csv", [(BEGIN + 1, "0.5", "0.52")])
    settings = settings_of(world, net, net.url, quotes)
    assert ledger.is_clock_driven
    await run_keeper(world, settings, Metrics())
    assert ledger.is_clock_driven
    ledger.run_clock()
    with capture_logs() as logs:
        await run_keeper(world, settings, Metrics())
    assert not ledger.is_clock_driven
    assert not [entry for entry in logs if "runs again" in entry["event"]]  # nothing was left to play
    quotes = write_quotes(quotes, [(BEGIN + 50, "0.5", "0.52")])
    with capture_logs() as logs:
        await run_keeper(world, settings, Metrics())
    assert world.published_time() == BEGIN + 50
    assert not ledger.is_clock_driven
    assert logs[-1]["event"] == "the localnet's clock runs again"


async def test_looking_for_a_localnet_does_not_stop_its_clock(
    world: World, rpc: Rpc, proxy: NodeProxy
) -> None:
    world.ledger.run_clock()
    clock, settings = ChainClock(rpc), Settings(drive_clock=True)
    local = await check_cluster(rpc, clock, settings)
    assert local is not None
    assert not local.is_driven
    assert not world.ledger.is_clock_driven
    assert abs(await clock.now() - time.time()) < 5
    proxy.hooks["localnet_getClock"] = lambda _: Refusal({"code": -32601, "message": "no such method"})
    with pytest.raises(ClusterError, match=r"127\.0\.0\.1:8899 is no localnet.* rebase = true in its source"):
        await check_cluster(rpc, ChainClock(rpc), settings)


async def test_a_rebased_recording_on_a_clock_that_stands_still(
    tmp_path: Path, world: World, net: Localnet
) -> None:
    quotes = write_quotes(tmp_path / "q.csv", [(BEGIN, "0.5", "0.52")])
    source = SourceSettings(venue="polymarket", file=quotes, rebase=True)
    feeds = (FeedSettings(address=world.feed, source=source),)
    settings = settings_of(world, net, net.url, quotes, drive_clock=False, feeds=feeds)
    with capture_logs() as logs:
        await run_keeper(world, settings, Metrics(), code=EXIT_INCOMPLETE)
    (warning,) = (entry for entry in logs if "stands still" in entry["event"])
    assert warning["clock"] == iso(BEGIN - 100)
    assert "secant localnet-clock run" in warning["remedy"]
    assert any("stands still" in reason for reason in logs[-1]["undone"])
    world.ledger.run_clock()
    await run_keeper(world, settings, Metrics())
    assert abs(world.published_time() - time.time()) < TIMEOUT_S


async def test_a_paced_recording_is_not_outrun(tmp_path: Path, world: World, net: Localnet) -> None:
    record = world.add_record(BEGIN, BEGIN + 60, TWAP, low=1)
    between = world.add_record(BEGIN, BEGIN + 45, TWAP, low=1)
    times = [BEGIN + after for after in (0, 20, 40, 80, 100)]
    quotes = write_quotes(tmp_path / "q.csv", [(time, "0.5", "0.52") for time in times])
    source = SourceSettings(venue="polymarket", file=quotes, speed=200)
    feeds = (FeedSettings(address=world.feed, source=source),)
    with capture_logs() as logs:
        await run_keeper(world, settings_of(world, net, net.url, quotes, feeds=feeds), Metrics())
    assert [world.record(one).accepted for one in (record, between)] == [3, 3]
    assert {world.record(one).status for one in (record, between)} == {oracle.RECORD_DECIDED}
    assert world.published_time() == times[-1]
    assert not [entry for entry in logs if "too old" in entry["event"]]


@pytest.mark.parametrize("speeds", [(200, 0), (0, 200), (100, 400)])
async def test_the_slowest_of_several_recordings_sets_the_pace(
    tmp_path: Path, world: World, net: Localnet, speeds: tuple[int, int]
) -> None:
    other = world.new_feed("other")
    records = [world.add_record(BEGIN, BEGIN + 50, TWAP, low=1, feed=feed) for feed in (world.feed, other)]
    feeds = []
    # The second begins later and goes on for longer than the first.
    for number, (feed, speed) in enumerate(zip((world.feed, other), speeds, strict=True)):
        times = [BEGIN + number + after for after in (0, 20, 40, *(100 * number,) * number)]
        path = write_quotes(tmp_path / f"{number}.csv", [(time, "0.5", "0.52") for time in times])
        source = SourceSettings(venue="polymarket", file=path, speed=speed)
        feeds.append(FeedSettings(address=feed, source=source))
    settings = settings_of(world, net, net.url, tmp_path / "0.csv", feeds=tuple(feeds))
    with capture_logs() as logs:
        await run_keeper(world, settings, Metrics())
    assert [world.record(one).accepted for one in records] == [3, 3]
    assert {world.record(one).status for one in records} == {oracle.RECORD_DECIDED}
    assert not [entry for entry in logs if "too old" in entry["event"]]


async def test_no_clock_is_driven_past_its_limit_however_paced(
    tmp_path: Path, world: World, net: Localnet
) -> None:
    record = world.add_record(BEGIN, BEGIN + 30, TWAP, low=1)
    times = [BEGIN + after for after in (0, 20, 60)]
    quotes = write_quotes(tmp_path / "q.csv", [(time, "0.5", "0.52") for time in times])
    source = SourceSettings(venue="polymarket", file=quotes, speed=400)
    feeds = (FeedSettings(address=world.feed, source=source),)
    settings = settings_of(world, net, net.url, quotes, feeds=feeds, drive_clock_until=BEGIN + 20)
    await run_keeper(world, settings, Metrics())
    assert world.ledger.unix_timestamp == BEGIN + 20
    assert (world.record(record).accepted, world.record(record).status) == (2, oracle.RECORD_OPEN)


def test_which_reading_may_still_come(world: World, tmp_path: Path) -> None:
    feeds = [
        FeedSettings(address=address, source=source)
        for address, source in (
            (world.feed, SourceSettings(venue="polymarket", file=tmp_path / "q.csv")),
            (world.new_feed("live"), SourceSettings(venue="polymarket", series="x")),
        )
    ]

    def sources(count: int, *readings: Reading) -> Sources:
        settings = Settings(feeds=tuple(feeds[:count]))
        recordings = {world.feed: list(readings)}
        return Sources(
            settings, State(), Metrics(), recordings, changed=lambda: None, wall=lambda: BEGIN + 7.5
        )

    assert sources(1).next_time() is None
    assert sources(1, Reading(BEGIN + 5, 1, 2), Reading(BEGIN + 9, 1, 2)).next_time() == BEGIN + 5
    assert sources(2, Reading(BEGIN + 5, 1, 2)).next_time() == BEGIN + 5
    assert sources(2, Reading(BEGIN + 9, 1, 2)).next_time() == BEGIN + 7  # a live venue speaks of the present
    refused = sources(2)
    refused.refused.append("polymarket")
    assert refused.next_time() is None


@pytest.mark.parametrize(
    ("is_driven", "remedy"), [(True, "something else sets"), (False, "drive_clock = true")]
)
async def test_the_remedy_names_no_setting_that_is_on(
    tmp_path: Path, world: World, net: Localnet, proxy: NodeProxy, remedy: str, *, is_driven: bool
) -> None:
    times = [BEGIN, BEGIN + 40]
    quotes = write_quotes(tmp_path / "q.csv", [(time, "0.5", "0.52") for time in times])

    def set_ahead(_params: list[Any]) -> Any:
        world.ledger.set_unix_timestamp(BEGIN + 10_000)
        return FORWARD

    # Whoever else sets the clock does so after the keeper has set it to the recording's beginning.
    proxy.hooks["getProgramAccounts"] = set_ahead
    settings = settings_of(world, net, proxy.url, quotes, drive_clock=is_driven)
    with capture_logs() as logs:
        await run_keeper(world, settings, Metrics())
    (warning,) = (entry for entry in logs if "too old" in entry["event"])
    assert remedy in warning["remedy"]


async def test_a_recording_older_than_the_feed_says_so(tmp_path: Path, world: World, net: Localnet) -> None:
    quotes = write_quotes(tmp_path / "q.csv", [(BEGIN, "0.5", "0.52"), (BEGIN + 60, "0.5", "0.52")])
    settings = settings_of(world, net, net.url, quotes)
    with capture_logs() as logs:
        await run_keeper(world, settings, Metrics())
    assert not [entry for entry in logs if "nothing in the recording" in entry["event"]]
    assert [entry["readings"] for entry in logs if entry["event"] == "recording played out"] == [2]
    with capture_logs() as logs:
        await run_keeper(world, settings, Metrics())
    (warning,) = (entry for entry in logs if "nothing in the recording" in entry["event"])
    assert (warning["feed_at"], warning["file"]) == (iso(BEGIN + 60), str(quotes))
    assert "rebase = true" in warning["remedy"]
