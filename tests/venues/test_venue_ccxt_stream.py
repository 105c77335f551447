"""ccxt itself against an exchange of our own that serves what Binance answered in July 2021."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import importlib.util
import json
import random
import sys
from typing import TYPE_CHECKING, Any

import pytest
from local_venue import LocalVenue, eventually

from secant_keeper.errors import InputError
from secant_keeper.sources import open_stream
from secant_keeper.venues import (
    BookState,
    CcxtStream,
    MissingPackageError,
    Observation,
    Price,
    Quote,
    Reason,
    SeriesNameError,
    Timing,
    open_recorded,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

SUSHI, AKRO = "binanceusdm:SUSHI/USDT:USDT", "binanceusdm:AKRO/USDT:USDT"
NOW = 1_626_992_743_000
EXCHANGE_INFO, DEPTH, PREMIUM, TICKER = (
    f"/fapi/v1/{path}" for path in ("exchangeInfo", "depth", "premiumIndex", "ticker/24hr")
)
QUICK = Timing(connect_s=2.0, backoff_base_s=0.001, backoff_cap_s=0.01)
needs_ccxt = pytest.mark.skipif(
    importlib.util.find_spec("ccxt") is None, reason="ccxt, the extra crypto, is not installed"
)


def recorded_answers(data: Path, name: str) -> dict[str, bytes]:
    """What each URL of a capture answered."""
    with gzip.open(data / "exchange_ws_cryptofeed" / name, "rt") as file:
        parts = [line.split(" -> ", 1) for line in file if " -> " in line]
    return {url: answer.split(": ", 1)[1].encode() for url, answer in parts}


@pytest.fixture
def exchange(venue: LocalVenue, data: Path) -> LocalVenue:
    (info,) = recorded_answers(data, "BINANCE_FUTURES.0.gz").values()
    depths = recorded_answers(data, "BINANCE_FUTURES.http.0.0.gz")
    venue.answers[EXCHANGE_INFO] = [(200, info)]
    (venue.answers[DEPTH],) = ([(200, depth)] for url, depth in depths.items() if "SUSHIUSDT" in url)
    return venue


def stream_of(venue: LocalVenue, *series: str, **options: Any) -> CcxtStream:
    api = {"urls": {"api": {"fapiPublic": venue.url("/fapi/v1")}}, "rateLimit": 1}
    options.setdefault("now_ms", lambda: NOW)
    options.setdefault("timing", QUICK)
    return CcxtStream(series, poll_s=0.005, config={"binanceusdm": api}, rng=random.Random(1), **options)


@contextlib.asynccontextmanager
async def observing(stream: CcxtStream) -> AsyncIterator[AsyncIterator[Observation]]:
    try:
        async with contextlib.aclosing(stream.observations()) as observations:
            yield observations
    finally:
        await stream.close()


async def take(observations: AsyncIterator[Observation], count: int) -> list[Observation]:
    async with asyncio.timeout(10):
        return [await anext(observations) for _ in range(count)]


@needs_ccxt
async def test_a_recorded_book_is_polled_recorded_and_read_again(
    exchange: LocalVenue, tmp_path: Path
) -> None:
    lines: list[bytes] = []

    def record(frame: bytes, recv_ms: int) -> None:
        lines.append(b'{"recv_ms":%d,"event":%b}\n' % (recv_ms, frame))

    stream = stream_of(exchange, SUSHI, record=record)
    async with observing(stream) as observations:
        items = await take(observations, 1)
        await eventually(lambda: stream.rejections.ignored["repeated"] > 1)
        assert stream.freshness(SUSHI).state is BookState.LIVE
    assert items == [Observation.at(SUSHI, 1_626_992_741_261, Quote(7_611_000, 7_612_000))]
    assert exchange.requests[:2] == [EXCHANGE_INFO, f"{DEPTH}?symbol=SUSHIUSDT&limit=20"]
    assert stream.rejections.total == 0
    path = tmp_path / "tape"
    path.write_bytes(b"".join(lines))
    played = [item for item in open_recorded("ccxt", path, SUSHI) if isinstance(item, Observation)]
    assert played == items


@needs_ccxt
async def test_each_kind_is_asked_where_the_exchange_has_it(exchange: LocalVenue) -> None:
    premium = {
        "symbol": "SUSHIUSDT",
        "markPrice": "7.61163104",
        "indexPrice": "7.60780495",
        "lastFundingRate": "0.00038246",
        "interestRate": "0.00010000",
        "nextFundingTime": NOW + 3_600_000,
        "time": NOW - 500,
    }
    ticker = {
        "symbol": "SUSHIUSDT",
        "lastPrice": "7.6115",
        "closeTime": NOW - 700,
        "openTime": NOW - 86_400_000,
    }
    exchange.answers[PREMIUM] = [(200, premium)]
    exchange.answers[TICKER] = [(200, ticker)]
    kinds = ("mark", "index", "funding_ppm", "last")
    stream = stream_of(exchange, *(f"{SUSHI}@{kind}" for kind in kinds))
    async with observing(stream) as observations:
        items = await take(observations, 4)
    assert items == [
        Observation.at(f"{SUSHI}@mark", NOW - 500, Price(7_611_631)),
        Observation.at(f"{SUSHI}@index", NOW - 500, Price(7_607_804)),
        Observation.at(f"{SUSHI}@funding_ppm", NOW - 500, Price(382_460_000)),
        Observation.at(f"{SUSHI}@last", NOW - 700, Price(7_611_500)),
    ]


@needs_ccxt
async def test_what_an_exchange_does_not_answer_leaves_the_rest_alone(exchange: LocalVenue) -> None:
    garbage = {"symbol": "SUSHIUSDT", "time": "yesterday", "markPrice": [], "indexPrice": {}}
    exchange.answers[PREMIUM] = [(200, [garbage]), (400, {"code": -1121, "msg": "Invalid symbol."})]
    unknown, marked = "binanceusdm:NOPE/USDT:USDT", f"{SUSHI}@mark"
    stream = stream_of(exchange, unknown, marked, SUSHI)
    async with observing(stream) as observations:
        assert [item.series for item in await take(observations, 1)] == [SUSHI]
        await eventually(lambda: stream.rejections.counts[Reason.VENUE_ERROR] > 3)
        assert stream.stale_series(60.0) == {unknown, marked}
    assert stream.reconnects == 0


@needs_ccxt
async def test_an_exchange_that_does_not_answer_is_waited_for(exchange: LocalVenue) -> None:
    good = exchange.answers[DEPTH][0]
    later = {**json.loads(good[1]), "T": NOW - 100}  # type: ignore[arg-type]  the recorded bytes
    exchange.answers[EXCHANGE_INFO].insert(0, (503, "busy"))
    exchange.answers[EXCHANGE_INFO].insert(0, (200, b"<html>"))
    exchange.answers[DEPTH] = [good, (503, "busy"), (200, later)]
    stream = stream_of(exchange, SUSHI)
    async with observing(stream) as observations:
        items = await take(observations, 2)
    assert [item.source_time_ms for item in items] == [1_626_992_741_261, NOW - 100]
    assert stream.reconnects == 3
    assert "ExchangeNotAvailable" in stream.last_ended
    assert stream.freshness(SUSHI).state is BookState.STALE, "the stream is closed"


@needs_ccxt
def test_a_series_of_no_exchange_is_refused_at_once() -> None:
    with pytest.raises(SeriesNameError, match="no exchange that ccxt knows"):
        CcxtStream(["nyse:BRK/USD"])
    with pytest.raises(SeriesNameError, match="names no market"):
        CcxtStream(["BTC/USDT"])
    assert isinstance(open_stream("ccxt", [AKRO], None), CcxtStream)


def test_without_ccxt_an_operator_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ccxt", None)
    monkeypatch.setitem(sys.modules, "ccxt.async_support", None)
    with pytest.raises(MissingPackageError, match=r"pip install '\.\[crypto\]'"):
        CcxtStream([SUSHI])
    with pytest.raises(InputError, match="not installed"):
        open_stream("ccxt", [SUSHI], None)
