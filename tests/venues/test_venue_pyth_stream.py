"""The Pyth stream against a Hermes of our own: events however they are cut, drops, silence, refusals."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from local_venue import EventConnection, LocalVenue, eventually

from secant_keeper.errors import InputError
from secant_keeper.sources import open_stream
from secant_keeper.venues import (
    BookState,
    Observation,
    Price,
    PythRest,
    PythStream,
    Reason,
    RetryPolicy,
    SeriesNameError,
    Timing,
    open_recorded,
)
from secant_keeper.venues.sse import EVENT_BYTES_MAX, Event, EventReader, EventTooLongError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

BTC = "e62df6c8b4a85fe1a67db44dc12de5db330f7ac66b72dc658afedf0f4a415b43"
ETH = "ff61491a931112ddf1bd8147cd1b641375f79f5825126d665480874634fd0ace"
NOW_S = 1_785_901_540
NOW = NOW_S * 1000
STREAM, LATEST = "/hermes/v2/updates/price/stream", "/hermes/v2/updates/price/latest"
QUIET = Timing(backoff_base_s=0.001, backoff_cap_s=0.01, refresh_check_s=60.0, refresh_pause_s=0.001)


def stream_of(venue: LocalVenue, *series: str, timing: Timing = QUIET, **options: Any) -> PythStream:
    url = venue.url("/hermes")
    rest = PythRest(url, policy=RetryPolicy(attempts=1, timeout_s=2.0))
    options.setdefault("now_ms", lambda: NOW)
    return PythStream(series or (BTC,), url=url, rest=rest, timing=timing, rng=random.Random(1), **options)


@contextlib.asynccontextmanager
async def observing(stream: PythStream) -> AsyncIterator[AsyncIterator[Observation]]:
    try:
        async with contextlib.aclosing(stream.observations()) as observations:
            yield observations
    finally:
        await stream.close()


async def take(observations: AsyncIterator[Observation], count: int) -> list[Observation]:
    async with asyncio.timeout(5):
        return [await anext(observations) for _ in range(count)]


def said(dollars: int, at_s: int = NOW_S, feed: str = BTC) -> dict[str, Any]:
    price = {"price": str(dollars * 10**8), "conf": "100000000", "expo": -8, "publish_time": at_s}
    return {"binary": {"encoding": "hex", "data": []}, "parsed": [{"id": feed, "price": price}]}


def prices(items: list[Observation]) -> list[object]:
    assert all(isinstance(item.quote, Price) and item.quote.confidence_ppm == 1_000_000 for item in items)
    return [(item.value_ppm or 0) // 1_000_000 for item in items]


async def test_events_become_observations_and_are_recorded_as_they_came(
    venue: LocalVenue, tmp_path: Path
) -> None:
    tape: list[bytes] = []

    async def script(connection: EventConnection) -> None:
        await connection.write(b": hello\n\nretry: 5\n\n")
        await connection.say(said(60_000, NOW_S - 2))
        cut = b"data:" + json.dumps(said(60_001, NOW_S - 1)).encode() + b"\r\n\r\n"
        for byte in cut:
            await connection.write(bytes([byte]))
        await connection.say(said(2_000, feed=ETH))
        await connection.write(b"data: {oops\n\n")
        await connection.say(said(60_001, NOW_S - 1))
        await connection.say(said(60_002))
        await connection.idle()

    venue.event_scripts = [script]
    stream = stream_of(
        venue, record=lambda frame, at: tape.append(b'{"recv_ms":%d,"event":%b}' % (at, frame))
    )
    async with observing(stream) as observations:
        items = await take(observations, 3)
    assert prices(items) == [60_000, 60_001, 60_002]
    assert [item.source_time for item in items] == [NOW_S - 2, NOW_S - 1, NOW_S]
    assert stream.rejections.counts == {Reason.MALFORMED: 1}
    assert stream.rejections.ignored == {"repeated": 1}
    query = venue.event_connections[0].query
    assert query.getall("ids[]") == [BTC]
    assert (query["parsed"], query["ignore_invalid_price_ids"]) == ("true", "true")
    path = tmp_path / "tape"
    path.write_bytes(b"\n".join(tape) + b"\n")
    played = [item for item in open_recorded("pyth", path, BTC) if isinstance(item, Observation)]
    assert played == items


async def test_a_drop_makes_prices_stale_until_they_come_again(venue: LocalVenue) -> None:
    async def dropping(connection: EventConnection) -> None:
        await connection.say(said(60_000))
        await connection.drop()

    async def telling(connection: EventConnection) -> None:
        await eventually(lambda: stream.freshness(BTC).state is BookState.STALE)
        await connection.say(said(60_000))
        await eventually(lambda: stream.freshness(BTC).state is BookState.LIVE)
        await connection.say("Connection timeout reached (24h)", kind="error")
        await connection.idle()

    async def last(connection: EventConnection) -> None:
        await connection.say(said(60_003))
        await connection.idle()

    venue.event_scripts = [dropping, telling, last]
    stream = stream_of(venue)
    async with observing(stream) as observations:
        items = await take(observations, 2)
    assert prices(items) == [60_000, 60_003]
    assert stream.reconnects == 2
    assert "24h" in stream.last_ended


async def test_a_silent_connection_is_given_up(venue: LocalVenue) -> None:
    async def mute(connection: EventConnection) -> None:
        await connection.idle()

    async def telling(connection: EventConnection) -> None:
        await connection.say(said(60_000))
        await connection.idle()

    venue.event_scripts = [mute, telling]
    timing = Timing(dead_after_s=0.05, backoff_base_s=0.001, refresh_check_s=60.0)
    stream = stream_of(venue, timing=timing)
    async with observing(stream) as observations:
        assert prices(await take(observations, 1)) == [60_000]
    assert stream.reconnects == 1
    assert "Timeout" in stream.last_ended


@pytest.mark.parametrize("status", [403, 404, 429, 503])
async def test_a_refusal_is_waited_out(venue: LocalVenue, status: int) -> None:
    async def telling(connection: EventConnection) -> None:
        await connection.say(said(60_000))
        await connection.idle()

    venue.event_scripts = [telling]
    venue.refusal = status
    stream = stream_of(venue)
    async with observing(stream) as observations:
        reading = asyncio.create_task(take(observations, 1))
        await eventually(lambda: stream.reconnects > 2)
        assert stream.last_ended.startswith(f"HTTP {status}")
        venue.refusal = 0
        assert prices(await reading) == [60_000]


async def test_what_the_stream_does_not_bring_is_asked_for_in_one_request(venue: LocalVenue) -> None:
    async def mute(connection: EventConnection) -> None:
        await connection.idle()

    venue.event_scripts = [mute]
    both = said(60_000)
    venue.answers[LATEST] = [(500, "busy"), (200, both)]
    stream = stream_of(venue, BTC, ETH, timing=Timing(refresh_check_s=0.01, refresh_pause_s=0.001))
    async with observing(stream) as observations:
        assert prices(await take(observations, 1)) == [60_000]
        await eventually(lambda: stream.rejections.counts[Reason.VENUE_ERROR] >= 2)
    assert venue.requests[0].count("ids%5B%5D=") == 2
    assert stream.rejections.last[Reason.VENUE_ERROR].series == ETH
    assert "name a price feed id that it knows" in stream.rejections.last[Reason.VENUE_ERROR].detail
    assert stream.stale_series(30.0) == {BTC, ETH}, "the connection is closed"


def test_a_series_that_is_no_feed_id_is_refused_at_once() -> None:
    with pytest.raises(SeriesNameError):
        PythStream(["BTC"])
    assert isinstance(open_stream("pyth", [BTC], None), PythStream)
    with pytest.raises(InputError, match="'BTC' is no Pyth price feed id"):
        open_stream("pyth", [BTC, "BTC"], None)


async def test_an_event_without_an_end_ends_the_connection(
    venue: LocalVenue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("secant_keeper.venues.sse.EVENT_BYTES_MAX", 1_000)

    async def flooding(connection: EventConnection) -> None:
        await connection.write(b"data: " + b"x" * 2_000)
        await connection.idle()

    async def telling(connection: EventConnection) -> None:
        await connection.say(said(60_000))
        await connection.idle()

    venue.event_scripts = [flooding, telling]
    stream = stream_of(venue)
    async with observing(stream) as observations:
        assert prices(await take(observations, 1)) == [60_000]
    assert "longer than 1000 bytes" in stream.last_ended


@given(st.lists(st.integers(0, 60), max_size=8))
def test_events_are_the_same_however_they_are_cut(cuts: list[int]) -> None:
    whole = (
        b"event: a\r\ndata: 1\r\ndata:2\r\n\r\n: note\n\ndata\n\nevent: none\n\nid: 7\ndata:  x\n\ndata: cut"
    )
    reader, found, at = EventReader(), [], 0
    for cut in [*sorted(cuts), len(whole)]:
        found += reader.feed(whole[at:cut])
        at = max(at, cut)
    assert found == [Event("a", b"1\n2"), Event("message", b""), Event("message", b" x")]


def test_an_endless_event_is_given_up() -> None:
    reader = EventReader()
    line = b"data:" + b"x" * (EVENT_BYTES_MAX // 2) + b"\n"
    assert list(reader.feed(line + line)) == []
    with pytest.raises(EventTooLongError):
        list(reader.feed(b"data:x"))
