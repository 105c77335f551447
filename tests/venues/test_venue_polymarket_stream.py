"""The Polymarket stream against a venue of our own: heartbeats, drops, doubtful books, results."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from typing import TYPE_CHECKING, Any

from local_venue import Connection, LocalVenue, eventually
from structlog.testing import capture_logs

from secant_keeper.venues import (
    BookState,
    Observation,
    PolymarketRest,
    PolymarketStream,
    Quote,
    Reason,
    RetryPolicy,
    Timing,
    open_recorded,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

NOW = 1_790_658_661_234
QUIET = Timing(backoff_base_s=0.001, backoff_cap_s=0.01, refresh_check_s=60.0, refresh_pause_s=0.001)


def stream_of(venue: LocalVenue, *series: str, timing: Timing = QUIET, **options: Any) -> PolymarketStream:
    rest = PolymarketRest(
        venue.url("/clob"), venue.url("/gamma"), policy=RetryPolicy(attempts=1, timeout_s=2.0)
    )
    options.setdefault("now_ms", lambda: NOW)
    url = venue.ws_url("/ws/market")
    return PolymarketStream(
        series or ("7",), url=url, rest=rest, timing=timing, rng=random.Random(1), **options
    )


@contextlib.asynccontextmanager
async def observing(stream: PolymarketStream) -> AsyncIterator[AsyncIterator[Observation]]:
    try:
        async with contextlib.aclosing(stream.observations()) as observations:
            yield observations
    finally:
        await stream.close()


async def take(observations: AsyncIterator[Observation], count: int) -> list[Observation]:
    async with asyncio.timeout(5):
        return [await anext(observations) for _ in range(count)]


def book(bid: str = "0.30", at: int = NOW, token: str = "7") -> dict[str, Any]:
    levels = {"bids": [{"price": bid, "size": "5"}], "asks": [{"price": "0.60", "size": "5"}]}
    return {"event_type": "book", "market": "0x1", "asset_id": token, "timestamp": str(at), **levels}


def change(price: str, at: int = NOW, **extra: object) -> dict[str, Any]:
    level = {"asset_id": "7", "price": price, "size": "1", "side": "BUY", **extra}
    return {"event_type": "price_change", "market": "0x1", "timestamp": str(at), "price_changes": [level]}


def quotes(items: list[Observation]) -> list[object]:
    return [item.quote for item in items]


async def test_the_subscription_and_the_recorded_burst(venue: LocalVenue, data: Path) -> None:
    path = data / "polymarket_ws_rest_captured" / "ws_market_price_change_crossing_burst.json"
    frames = json.loads(path.read_text())
    token = frames[0]["asset_id"]
    expected = [item for item in open_recorded("polymarket", path, token) if isinstance(item, Observation)]
    opened: list[Any] = []

    async def script(connection: Connection) -> None:
        opened.append(await connection.hear())
        for frame in frames:
            await connection.say([frame])
        await connection.idle()

    venue.scripts = [script]
    stream = stream_of(venue, token, now_ms=lambda: 1_790_658_827_000)
    async with observing(stream) as observations:
        assert await take(observations, len(expected)) == expected
    assert stream.rejections.counts == {Reason.CROSSED: 2}
    assert opened == [{"type": "market", "assets_ids": [token], "custom_feature_enabled": True}]


async def test_the_client_pings_and_lives_by_the_pongs(venue: LocalVenue) -> None:
    async def answering(connection: Connection) -> None:
        await connection.say(book())
        while connection.received.count("PING") < 10:
            connection.received.append(await connection.socket.receive_str())
            if connection.received[-1] == "PING":
                await connection.say("PONG")
        await connection.say(change("0.31"))
        while True:  # data flow on, but no heartbeat is answered any more
            await connection.say(change("0.31"))
            await asyncio.sleep(0.01)

    async def next_one(connection: Connection) -> None:
        await connection.say(book("0.33"))
        await connection.idle()

    venue.scripts = [answering, next_one]
    timing = Timing(heartbeat_s=0.02, dead_after_s=0.15, backoff_base_s=0.001, refresh_check_s=60.0)
    stream = stream_of(venue, timing=timing)
    async with observing(stream) as observations:
        async with asyncio.timeout(5):
            read = []
            async for item in observations:
                read.append(item.quote)
                if item.quote == Quote(330_000, 600_000):
                    break
    assert read[:2] == [Quote(300_000, 600_000), Quote(310_000, 600_000)]
    assert venue.connections[0].received.count("PING") >= 10
    assert stream.reconnects == 1
    assert "no sign of life" in stream.last_ended


async def test_a_drop_discards_the_book_and_waits_for_the_next(venue: LocalVenue) -> None:
    async def first(connection: Connection) -> None:
        await connection.say(book())
        await connection.hear()
        await connection.drop()

    async def second(connection: Connection) -> None:
        await connection.say(change("0.35"))
        await connection.say(book("0.32", NOW + 1))
        await connection.say(change("0.33", NOW + 2))
        await connection.idle()

    venue.scripts = [first, second]
    stream = stream_of(venue)
    async with observing(stream) as observations:
        items = await take(observations, 3)
    assert quotes(items) == [Quote(bid, 600_000) for bid in (300_000, 320_000, 330_000)]
    assert stream.rejections.counts == {Reason.STALE_BOOK: 1}


async def test_a_doubtful_book_is_read_again_by_rest(venue: LocalVenue) -> None:
    doubts = [
        change("0.31", best_bid="0.35", best_ask="0.60"),
        {"event_type": "tick_size_change", "asset_id": "7", "new_tick_size": "0.001"},
        change("x", NOW + 3),
    ]

    async def script(connection: Connection) -> None:
        await connection.say(book())
        for number, doubt in enumerate(doubts):
            await connection.say(doubt)
            await eventually(lambda wanted=number + 1: len(venue.requests) >= wanted)  # type: ignore[misc]
            await eventually(lambda: stream.freshness("7").state is BookState.LIVE)
        await connection.say(change("0.42", NOW + 9))
        await connection.idle()

    venue.scripts = [script]
    venue.answers["/clob/book"] = [(200, book("0.41", NOW + number)) for number in (1, 2, 3)]
    stream = stream_of(venue)
    async with observing(stream) as observations:
        items = await take(observations, 5)
    assert quotes(items) == [Quote(bid, 600_000) for bid in (300_000, 410_000, 410_000, 410_000, 420_000)]
    assert venue.requests == ["/clob/book?token_id=7"] * 3
    assert stream.rejections.counts == {Reason.BOOK_MISMATCH: 1, Reason.NOT_A_NUMBER: 1}


async def test_rest_gives_the_first_book_and_changes_join_it(venue: LocalVenue) -> None:
    ready = asyncio.Event()

    async def script(connection: Connection) -> None:
        await ready.wait()
        await connection.say(change("0.31", NOW - 1))
        await connection.say(change("0.32", NOW + 1))
        await connection.idle()

    venue.scripts = [script]
    venue.answers["/clob/book"] = [(200, book())]
    timing = Timing(refresh_check_s=0.01, refresh_pause_s=60.0)
    stream = stream_of(venue, timing=timing)
    async with observing(stream) as observations:
        first = await take(observations, 1)
        ready.set()
        second = await take(observations, 1)
    assert quotes([*first, *second]) == [Quote(300_000, 600_000), Quote(320_000, 600_000)]
    assert stream.rejections.counts == {Reason.TIME_BACKWARDS: 1}


async def test_a_book_of_another_token_is_refused(venue: LocalVenue) -> None:
    async def mute(connection: Connection) -> None:
        await connection.idle()

    venue.scripts = [mute]
    venue.answers["/clob/book"] = [(200, book(token="8")), (200, {"bids": 5}), (200, book())]
    stream = stream_of(venue, timing=Timing(refresh_check_s=0.01, refresh_pause_s=0.001))
    async with observing(stream) as observations:
        assert quotes(await take(observations, 1)) == [Quote(300_000, 600_000)]
    assert stream.rejections.counts == {Reason.CONTRADICTION: 1, Reason.MISSING_FIELD: 1}


async def test_garbage_is_counted_and_the_stream_goes_on(venue: LocalVenue) -> None:
    async def script(connection: Connection) -> None:
        for garbage in ("{oops", "", b"\xff", "[[]]", '"x"'):
            await connection.say(garbage)
        await connection.say(book())
        await connection.idle()

    venue.scripts = [script]
    stream = stream_of(venue)
    async with observing(stream) as observations:
        assert quotes(await take(observations, 1)) == [Quote(300_000, 600_000)]
    assert stream.rejections.counts == {Reason.MALFORMED: 5}


async def test_series_are_added_and_removed_on_the_open_connection(venue: LocalVenue) -> None:
    commands: list[Any] = []

    async def script(connection: Connection) -> None:
        await connection.say(book())
        while True:
            commands.append(await connection.hear())

    venue.scripts = [script]
    stream = stream_of(venue)
    async with observing(stream) as observations:
        await take(observations, 1)
        await eventually(lambda: len(commands) == 1)
        await stream.add_series("8", "7")
        await stream.remove_series("7", "9")
        await eventually(lambda: len(commands) == 3)
    assert stream.series == {"8"}
    assert [(command["operation"], command["assets_ids"]) for command in commands[1:]] == [
        ("subscribe", ["8"]),
        ("unsubscribe", ["7"]),
    ]


async def test_a_stream_may_begin_with_nothing_to_follow(venue: LocalVenue) -> None:
    opened: list[Any] = []

    async def script(connection: Connection) -> None:
        opened.append(await connection.hear())
        await connection.say(book())
        await connection.idle()

    venue.scripts = [script]
    stream = stream_of(venue, "7")
    await stream.remove_series("7")
    async with observing(stream) as observations:
        waiting = asyncio.create_task(take(observations, 1))
        await eventually(lambda: bool(venue.connections))
        await stream.add_series("7")
        await waiting
    assert opened[0]["assets_ids"] == ["7"]


async def test_results_come_from_the_channel_or_from_rest(venue: LocalVenue) -> None:
    async def script(connection: Connection) -> None:
        await connection.say(
            {
                "event_type": "market_resolved",
                "assets_ids": ["7", "8"],
                "winning_asset_id": "7",
                "winning_outcome": "Yes",
            }
        )
        await connection.say(book())
        await connection.idle()

    venue.scripts = [script]
    market = {
        "outcomes": '["Yes","No"]',
        "clobTokenIds": '["9","10"]',
        "closed": True,
        "outcomePrices": '["0","1"]',
    }
    venue.answers["/gamma/markets"] = [(200, [market])]
    stream = stream_of(venue, "7", "9")
    async with observing(stream) as observations:
        await take(observations, 1)
        assert (await stream.outcome("7")).payout_ppm == 1_000_000
        assert (await stream.outcome("9")).payout_ppm == 0


async def test_a_venue_that_does_not_answer_is_told_once_and_when_it_does_again(
    venue: LocalVenue,
) -> None:
    async def refuse(connection: Connection) -> None:
        await connection.drop()

    async def serve(connection: Connection) -> None:
        await connection.hear()
        await connection.say([book()])
        await connection.idle()

    venue.scripts = [refuse, refuse, refuse, serve]
    stream = stream_of(venue)
    with capture_logs() as logs:
        async with observing(stream) as observations:
            await take(observations, 1)
    assert stream.reconnects == 3
    warning, over = logs
    assert (warning["event"], warning["log_level"]) == ("venue connection ended", "warning")
    assert warning["url"] == venue.ws_url("/ws/market")
    assert "closed by the venue" in warning["reason"]
    assert over["event"] == "over"
