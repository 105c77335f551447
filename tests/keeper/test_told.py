"""What a keeper tells: what it left undone, decided records, a refused key, outages."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import structlog
from keeper_running import TIMEOUT_S, run_keeper, settings_of
from keeper_world import BEGIN, TWAP, World, write_quotes
from structlog.testing import capture_logs

from secant_keeper import jobs
from secant_keeper.config import FeedSettings, Settings, SourceSettings
from secant_keeper.errors import EXIT_INCOMPLETE
from secant_keeper.metrics import Metrics
from secant_keeper.outage import Outage
from secant_keeper.sources import Sources
from secant_keeper.state import State
from secant_keeper.venues import AuthenticationError, PolymarketStream

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    import pytest
    from node_proxy import NodeProxy

    from secant.localnet import Localnet
    from secant_keeper.venues import Observation


async def test_a_job_that_stumbles_stops_no_other(
    tmp_path: Path, world: World, net: Localnet, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(_state: State, _now: int) -> Any:
        raise ValueError("a poisoned account")

    stumbling = ("redeem", stumble)
    monkeypatch.setattr(jobs, "JOBS", (stumbling, *jobs.JOBS[:-1]))
    record = world.add_record(BEGIN, BEGIN + 100, TWAP, low=1)
    quotes = write_quotes(tmp_path / "q.csv", [(BEGIN + 1, "0.5", "0.52")])
    metrics = Metrics()
    with capture_logs() as logs:
        await run_keeper(world, settings_of(world, net, net.url, quotes), metrics, code=EXIT_INCOMPLETE)
    assert world.record(record).accepted == 1
    assert metrics.turn_errors._value.get() >= 1
    assert [entry["job"] for entry in logs if entry["event"] == "a job cannot plan"] == ["redeem"]
    assert logs[-1]["undone"] == ["redeem: cannot plan"]


async def test_work_that_fails_for_good_is_not_done(
    tmp_path: Path, world: World, net: Localnet, proxy: NodeProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("secant_keeper.throttle.PAUSE_BASE_S", 0.001)
    proxy.hooks["simulateTransaction"] = lambda _: {
        "context": {"slot": 1},
        "value": {"err": {"InstructionError": [2, {"Custom": 6000}]}, "unitsConsumed": 1},
    }
    quotes = write_quotes(tmp_path / "q.csv", [(BEGIN, "0.5", "0.52")])
    with capture_logs() as logs:
        await run_keeper(world, settings_of(world, net, proxy.url, quotes), Metrics(), code=EXIT_INCOMPLETE)
    assert logs[-1]["undone"] == [f"publish {world.feed}: failed again and again"]


async def test_a_record_decided_by_a_reading_is_logged(tmp_path: Path, world: World, net: Localnet) -> None:
    record = world.add_record(BEGIN, BEGIN + 100, barrier=500_000)
    quotes = write_quotes(tmp_path / "q.csv", [(BEGIN + 1, "0.5", "0.52")])
    with capture_logs() as logs:
        await run_keeper(world, settings_of(world, net, net.url, quotes), Metrics())
    decided = [entry for entry in logs if entry["event"] == "record decided"]
    assert [(entry["record"], entry["status"], entry["samples"]) for entry in decided] == [
        (str(record), "decided", 1)
    ]


async def test_a_venue_that_refuses_the_key_is_asked_once(world: World) -> None:
    class Refusing(PolymarketStream):
        async def observations(self) -> AsyncGenerator[Observation, None]:
            raise AuthenticationError("The venue refused the key.", "Check it.")
            yield

    source = SourceSettings(venue="polymarket", series="1")
    settings = Settings(feeds=(FeedSettings(address=world.feed, source=source),))
    sources = Sources(
        settings,
        State(),
        Metrics(),
        {},
        changed=lambda: None,
        streams=lambda _venue, series, _kalshi: Refusing(series),
    )
    with capture_logs() as logs:
        async with asyncio.timeout(TIMEOUT_S):
            await sources.run()
    (error,) = logs
    assert error["log_level"] == "error"
    assert "Check it." in error["reason"]
    assert sources.refused == ["polymarket"]
    assert sources.finished.is_set()


async def test_an_outage_is_told_once_a_minute() -> None:
    moment = [0.0]
    outage = Outage(structlog.get_logger(), "node does not answer", clock=lambda: moment[0])
    with capture_logs() as logs:
        outage.over()
        for moment[0] in range(61):
            outage.tell("nobody answers there")
        outage.tell("HTTP 503")
        outage.over()
        outage.over()
    assert [entry.get("reason") or entry["fault"] for entry in logs] == [
        "nobody answers there",
        "nobody answers there",
        "HTTP 503",
        "node does not answer",
    ]
