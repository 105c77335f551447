"""The Kalshi stream against a venue of our own: recorded frames, drops, garbage, silence, gaps."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import gzip
import random
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from local_venue import Connection, LocalVenue, eventually

from secant_keeper.venues import (
    AuthenticationError,
    BookState,
    KalshiRest,
    KalshiSigner,
    KalshiStream,
    Observation,
    Quote,
    Reason,
    RetryPolicy,
    Timing,
    open_recorded,
)
from secant_keeper.venues.stream import _Outbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

PATH = "/trade-api/ws/v2"
NOW = 1_785_901_540_000
KEY = ed25519.Ed25519PrivateKey.generate()
FAST = Timing(
    connect_s=2.0,
    dead_after_s=5.0,
    backoff_base_s=0.001,
    backoff_cap_s=0.01,
    refresh_check_s=60.0,
    refresh_pause_s=0.001,
)


def stream_of(venue: LocalVenue, *series: str, timing: Timing = FAST, **options: Any) -> KalshiStream:
    rest = KalshiRest(venue.url("/v2"), policy=RetryPolicy(attempts=1, timeout_s=2.0))
    options.setdefault("now_ms", lambda: NOW)
    signer = KalshiSigner("id", KEY)
    return KalshiStream(
        series or ("A",),
        signer,
        url=venue.ws_url(PATH),
        rest=rest,
        timing=timing,
        rng=random.Random(1),
        **options,
    )


@contextlib.asynccontextmanager
async def observing(stream: KalshiStream) -> AsyncIterator[AsyncIterator[Observation]]:
    try:
        async with contextlib.aclosing(stream.observations()) as observations:
            yield observations
    finally:
        await stream.close()


async def take(observations: AsyncIterator[Observation], count: int) -> list[Observation]:
    async with asyncio.timeout(5):
        return [await anext(observations) for _ in range(count)]


def snapshot(seq: int, bid: str = "0.4000", ticker: str = "A") -> dict[str, Any]:
    message = {
        "market_ticker": ticker,
        "yes_dollars_fp": [[bid, "9.00"]],
        "no_dollars_fp": [["0.5000", "9.00"]],
    }
    return {"type": "orderbook_snapshot", "sid": 7, "seq": seq, "msg": message}


def delta(seq: int, price: str) -> dict[str, Any]:
    message = {
        "market_ticker": "A",
        "price_dollars": price,
        "delta_fp": "1.00",
        "side": "yes",
        "ts_ms": NOW + seq,
    }
    return {"type": "orderbook_delta", "sid": 7, "seq": seq, "msg": message}


async def accept(connection: Connection) -> list[dict[str, Any]]:
    """Take both subscriptions and acknowledge them."""
    commands = [await connection.hear(), await connection.hear()]
    for command, sid in zip(commands, (3, 7), strict=True):
        message = {"channel": command["params"]["channels"][0], "sid": sid}
        await connection.say({"id": command["id"], "type": "subscribed", "msg": message})
    return commands


async def test_the_handshake_is_signed_and_the_subscription_explicit(venue: LocalVenue) -> None:
    heard: list[Any] = []

    async def script(connection: Connection) -> None:
        heard.extend(await accept(connection))
        await connection.say(snapshot(1))
        await connection.idle()

    venue.scripts = [script]
    async with observing(stream_of(venue, "B", "A")) as observations:
        assert await take(observations, 1) == [Observation.at("A", NOW, Quote(400_000, 500_000))]
    assert heard[0]["params"] == {"channels": ["market_lifecycle_v2"]}
    assert heard[1]["params"] == {
        "channels": ["orderbook_delta"],
        "market_tickers": ["A", "B"],
        "use_yes_price": False,
    }
    signature = base64.b64decode(venue.connections[0].headers["KALSHI-ACCESS-SIGNATURE"])
    KEY.public_key().verify(signature, f"{NOW}GET{PATH}".encode())


async def test_recorded_frames_give_what_the_recording_gives(venue: LocalVenue, data: Path) -> None:
    ticker = "KXGOLD15M-26AUG050800-00"
    path = data / "kalshi_gold15m_ws" / "events" / ticker / "2026-08-05.ndjson.gz"
    with gzip.open(path) as file:
        events = [orjson.loads(line)["event"] for _, line in zip(range(400), file, strict=False)]
    books = [event for event in events if event["type"] != "trade"]
    recorded = [
        item for _, item in zip(range(len(books)), open_recorded("kalshi", path, ticker), strict=False)
    ]

    async def script(connection: Connection) -> None:
        await accept(connection)
        for seq, event in enumerate(books, start=1):
            await connection.say({**event, "sid": 7, "seq": seq})
        await connection.idle()

    venue.scripts = [script]
    stream = stream_of(venue, ticker, now_ms=lambda: 1_785_930_336_512)
    async with observing(stream) as observations:
        assert await take(observations, len(books)) == recorded
    assert stream.rejections.total == 0


async def test_a_drop_makes_books_stale_until_the_next_snapshot(venue: LocalVenue) -> None:
    resume = asyncio.Event()

    async def first(connection: Connection) -> None:
        await accept(connection)
        await connection.say(snapshot(1))
        await resume.wait()
        await connection.drop()

    async def second(connection: Connection) -> None:
        await accept(connection)
        await connection.say(delta(1, "0.4500"))
        await connection.say(snapshot(2, "0.4200"))
        await connection.say(delta(3, "0.4300"))
        await connection.idle()

    venue.scripts = [first, second]
    stream = stream_of(venue)
    async with observing(stream) as observations:
        await take(observations, 1)
        assert stream.freshness("A").state is BookState.LIVE
        resume.set()
        after = await take(observations, 2)
    assert [item.quote for item in after] == [Quote(420_000, 500_000), Quote(430_000, 500_000)]
    assert stream.rejections.counts == {Reason.STALE_BOOK: 1}
    assert stream.reconnects == 1
    assert stream.last_ended


async def test_garbage_is_counted_and_the_stream_goes_on(venue: LocalVenue) -> None:
    async def script(connection: Connection) -> None:
        await accept(connection)
        await connection.say(snapshot(1))
        for garbage in ("{oops", b"\xff\xfe", "[]", "7", '{"type":5}', '{"type":"error","msg":{"code":[]}}'):
            await connection.say(garbage)
        await connection.say(delta(2, "0.4100"))
        await connection.idle()

    venue.scripts = [script]
    stream = stream_of(venue)
    async with observing(stream) as observations:
        assert (await take(observations, 2))[1].quote == Quote(410_000, 500_000)
    assert stream.rejections.counts == {Reason.MALFORMED: 4, Reason.VENUE_ERROR: 1}
    assert stream.reconnects == 0


async def test_silence_ends_the_connection_and_pings_keep_it(venue: LocalVenue) -> None:
    pongs = 0

    async def pinging(connection: Connection) -> None:
        nonlocal pongs
        await accept(connection)
        for _ in range(8):
            await asyncio.sleep(0.02)
            await connection.socket.ping(b"heartbeat")
            message = await connection.socket.receive()
            pongs += message.data == b"heartbeat"
        await connection.idle()  # silent from here on

    async def speaking(connection: Connection) -> None:
        await accept(connection)
        await connection.say(snapshot(1))
        await connection.idle()

    venue.scripts = [pinging, speaking]
    timing = Timing(dead_after_s=0.1, backoff_base_s=0.001, refresh_check_s=60.0)
    stream = stream_of(venue, timing=timing)
    async with observing(stream) as observations:
        await take(observations, 1)
    assert pongs == 8
    assert stream.reconnects == 1
    assert "no sign of life" in stream.last_ended


async def test_a_gap_is_mended_by_asking_for_snapshots(venue: LocalVenue) -> None:
    asked: list[Any] = []

    async def script(connection: Connection) -> None:
        await accept(connection)
        await connection.say(snapshot(1))
        await connection.say(delta(3, "0.4100"))
        await connection.say(delta(4, "0.4200"))
        asked.append(await connection.hear())
        await connection.say(snapshot(5, "0.4400"))
        await connection.say(delta(6, "0.4500"))
        await connection.idle()

    venue.scripts = [script]
    stream = stream_of(venue)
    async with observing(stream) as observations:
        items = await take(observations, 3)
    assert [item.quote for item in items] == [Quote(bid, 500_000) for bid in (400_000, 440_000, 450_000)]
    assert asked[0]["params"] == {"sid": 7, "action": "get_snapshot", "market_tickers": ["A"]}
    assert stream.rejections.counts == {Reason.SEQUENCE_GAP: 1, Reason.STALE_BOOK: 2}


@pytest.mark.parametrize("code", [10, 25])
async def test_terminal_errors_resubscribe_and_then_reconnect(venue: LocalVenue, code: int) -> None:
    error = {"type": "error", "msg": {"code": code, "msg": "subscription lost"}}

    async def failing(connection: Connection) -> None:
        for _ in range(3):
            await accept(connection)
            await connection.say(error)
        await connection.idle()

    async def healthy(connection: Connection) -> None:
        await accept(connection)
        await connection.say(snapshot(1))
        await connection.say(error)
        await accept(connection)
        await connection.say(snapshot(1, "0.4400"))
        await connection.idle()

    venue.scripts = [failing, healthy]
    stream = stream_of(venue)
    async with observing(stream) as observations:
        items = await take(observations, 2)
    assert [item.quote for item in items] == [Quote(400_000, 500_000), Quote(440_000, 500_000)]
    assert stream.rejections.counts == {Reason.VENUE_ERROR: 4}
    assert stream.reconnects == 1


@pytest.mark.parametrize("status", [401, 403])
async def test_refused_credentials_end_the_stream(venue: LocalVenue, status: int) -> None:
    venue.refusal = status
    async with observing(stream_of(venue)) as observations:
        with pytest.raises(AuthenticationError, match=str(status)):
            await take(observations, 1)


async def test_an_authentication_error_message_ends_the_stream(venue: LocalVenue) -> None:
    async def script(connection: Connection) -> None:
        await connection.say({"type": "error", "msg": {"code": 9, "msg": "auth"}})
        await connection.idle()

    venue.scripts = [script]
    async with observing(stream_of(venue)) as observations:
        with pytest.raises(AuthenticationError, match="error 9"):
            await take(observations, 1)


async def test_a_failing_handshake_is_tried_again(venue: LocalVenue) -> None:
    async def script(connection: Connection) -> None:
        await accept(connection)
        await connection.say(snapshot(1))
        await connection.idle()

    venue.scripts = [script]
    venue.refusal = 503
    stream = stream_of(venue)
    async with observing(stream) as observations:
        waiting = asyncio.create_task(take(observations, 1))
        await eventually(lambda: stream.reconnects >= 3)
        assert stream.last_ended == "HTTP 503"
        venue.refusal = 0
        assert len(await waiting) == 1


async def test_rest_stands_in_until_the_first_snapshot(venue: LocalVenue) -> None:
    async def mute(connection: Connection) -> None:
        await connection.idle()

    venue.scripts = [mute]
    venue.answers["/v2/markets/A/orderbook"] = [
        (200, {"orderbook_fp": {"yes_dollars": [["0.4000", "1.00"]], "no_dollars": [["0.5500", "1.00"]]}})
    ]
    venue.answers["/v2/markets/B/orderbook"] = [(500, "broken")]
    venue.answers["/v2/markets/C/orderbook"] = [(200, {"orderbook_fp": 5})]
    stream = stream_of(venue, "A", "B", "C", timing=Timing(refresh_check_s=0.01, refresh_pause_s=0.001))
    async with observing(stream) as observations:
        assert await take(observations, 2) == [Observation.at("A", NOW, Quote(400_000, 450_000))] * 2
    assert stream.freshness("A").state is BookState.WAITING
    assert stream.rejections.counts[Reason.VENUE_ERROR] >= 1
    assert stream.rejections.counts[Reason.MALFORMED] >= 1


async def test_a_silent_book_is_asked_for_again(venue: LocalVenue) -> None:
    clock = [NOW]
    asked: list[Any] = []

    async def script(connection: Connection) -> None:
        await accept(connection)
        await connection.say(snapshot(1))
        asked.append(await connection.hear())
        await connection.say(snapshot(2))
        await connection.idle()

    venue.scripts = [script]
    timing = Timing(refresh_check_s=0.01, refresh_pause_s=0.001, refresh_after_s=30.0)
    stream = stream_of(venue, timing=timing, now_ms=lambda: clock[0])
    async with observing(stream) as observations:
        await take(observations, 1)
        assert stream.stale_series(30.0) == frozenset()
        clock[0] += 31_000
        assert stream.stale_series(30.0) == {"A"}
        assert await take(observations, 1) == [Observation.at("A", NOW + 31_000, Quote(400_000, 500_000))]
    assert asked[0]["params"]["action"] == "get_snapshot"


async def test_series_are_added_and_removed_on_the_open_connection(venue: LocalVenue) -> None:
    commands: list[Any] = []

    async def script(connection: Connection) -> None:
        await accept(connection)
        await connection.say(snapshot(1))
        while True:
            commands.append(await connection.hear())

    venue.scripts = [script]
    stream = stream_of(venue)
    async with observing(stream) as observations:
        await take(observations, 1)
        await stream.add_series("B", "A")
        await stream.remove_series("A", "Z")
        await eventually(lambda: len(commands) == 2)
        assert stream.series == {"B"}
        with pytest.raises(KeyError):
            stream.freshness("A")
    assert [command["params"] for command in commands] == [
        {"sid": 7, "action": "add_markets", "market_tickers": ["B"]},
        {"sid": 7, "action": "delete_markets", "market_tickers": ["A"]},
    ]


async def test_results_come_from_the_lifecycle_or_from_rest(venue: LocalVenue) -> None:
    async def script(connection: Connection) -> None:
        await accept(connection)
        message = {
            "market_ticker": "A",
            "event_type": "settled",
            "result": "yes",
            "settlement_value": "1.0000",
        }
        await connection.say({"type": "market_lifecycle_v2", "sid": 3, "seq": 1, "msg": message})
        await connection.say(snapshot(1))
        await connection.idle()

    venue.scripts = [script]
    venue.answers["/v2/markets/B"] = [
        (200, {"market": {"ticker": "B", "status": "finalized", "result": "no"}})
    ]
    stream = stream_of(venue, "A", "B")
    async with observing(stream) as observations:
        await take(observations, 1)
        assert (await stream.outcome("A")).winner == "yes"
        assert (await stream.outcome("B")).winner == "no"
    assert venue.requests == ["/v2/markets/B"]


async def test_raw_frames_are_recorded_before_they_are_read(venue: LocalVenue) -> None:
    frames: list[tuple[bytes, int]] = []

    async def script(connection: Connection) -> None:
        await connection.say("{oops")
        await connection.say(snapshot(1))
        await connection.idle()

    venue.scripts = [script]
    async with observing(
        stream_of(venue, record=lambda frame, at: frames.append((frame, at)))
    ) as observations:
        await take(observations, 1)
    assert [frame for frame, _ in frames] == [b"{oops", orjson.dumps(snapshot(1))]
    assert {at for _, at in frames} == {NOW}


async def test_what_the_recorder_raises_reaches_the_consumer(venue: LocalVenue) -> None:
    def full(_frame: bytes, _at: int) -> None:
        raise RuntimeError("disk full")

    async def script(connection: Connection) -> None:
        await connection.say(snapshot(1))
        await connection.idle()

    venue.scripts = [script]
    async with observing(stream_of(venue, record=full)) as observations:
        with pytest.raises(RuntimeError, match="disk full"):
            await take(observations, 1)


async def test_a_slow_consumer_loses_the_oldest(venue: LocalVenue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_Outbox, "SIZE_MAX", 2)
    begun = asyncio.Event()

    async def script(connection: Connection) -> None:
        await accept(connection)
        await connection.say(snapshot(1))
        await begun.wait()
        for seq in range(2, 6):
            await connection.say(delta(seq, f"0.4{seq}00"))
        await connection.idle()

    venue.scripts = [script]
    stream = stream_of(venue)
    async with observing(stream) as observations:
        await take(observations, 1)
        begun.set()
        await eventually(lambda: stream.rejections.counts[Reason.OVERFLOW] == 2)
        items = await take(observations, 2)
    assert [item.quote for item in items] == [Quote(440_000, 500_000), Quote(450_000, 500_000)]


async def test_one_consumer_and_none_after_the_close(venue: LocalVenue) -> None:
    async def script(connection: Connection) -> None:
        await connection.say(snapshot(1))
        await connection.idle()

    venue.scripts = [script]
    stream = stream_of(venue)
    async with observing(stream) as observations:
        await take(observations, 1)
        with pytest.raises(RuntimeError, match="consumer already"):
            await anext(stream.observations())
        await stream.close()
        assert [item async for item in observations] == []
    with pytest.raises(RuntimeError, match="closed"):
        await anext(stream.observations())
