"""The chain's clock: found, driven, left as it was, and named when it stands still."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from keeper_running import TIMEOUT_S, run_keeper, settings_of
from keeper_world import BEGIN, World, iso, write_quotes
from node_proxy import Refusal
from structlog.testing import capture_logs

from secant_keeper.chain_clock import ChainClock
from secant_keeper.config import FeedSettings, Settings, SourceSettings
from secant_keeper.errors import EXIT_INCOMPLETE, ClusterError
from secant_keeper.metrics import Metrics
from secant_keeper.recordings import Reading
from secant_keeper.service import check_cluster, check_feeds

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


async def test_a_clock_does_not_go_back_to_what_is_played_at_the_present(
    tmp_path: Path, world: World, rpc: Rpc
) -> None:
    source = SourceSettings(venue="polymarket", file=tmp_path / "q.csv", rebase=True)
    settings = Settings(feeds=(FeedSettings(address=world.feed, source=source),), drive_clock=True)
    world.ledger.set_unix_timestamp(BEGIN + 10**6)
    readings = {world.feed: [Reading(BEGIN + 5, 1, 2)]}
    await check_feeds(rpc, ChainClock(rpc), settings, world.keeper.pubkey(), readings)
    assert await ChainClock(rpc).now() == BEGIN + 10**6


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
    ledger.follow_wall_clock()
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
    world.ledger.follow_wall_clock()
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
    world.ledger.follow_wall_clock()
    await run_keeper(world, settings, Metrics())
    assert abs(world.published_time() - time.time()) < TIMEOUT_S


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
