"""Whatever a venue sends gives observations and rejections; files raise VenueError at most."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from secant_keeper.venues import (
    VENUES,
    Observation,
    Rejection,
    Rejections,
    VenueError,
    open_recorded,
    recorded_series,
)
from secant_keeper.venues.ccxt.captures import CONTEXT_KINDS, CaptureReducer, products
from secant_keeper.venues.ccxt.payloads import LIVE_KINDS
from secant_keeper.venues.ccxt.session import CcxtSession
from secant_keeper.venues.kalshi.payloads import event_outcomes, market_outcome, orderbook_quote
from secant_keeper.venues.kalshi.reducer import KalshiReducer
from secant_keeper.venues.kalshi.session import KalshiSession
from secant_keeper.venues.observation import Origin, RefusalError
from secant_keeper.venues.polymarket.payloads import clob_outcome, gamma_outcome
from secant_keeper.venues.polymarket.reducer import PolymarketReducer
from secant_keeper.venues.polymarket.session import PolymarketSession
from secant_keeper.venues.pyth.accumulator import MAGIC, message_update
from secant_keeper.venues.pyth.accumulator import messages as accumulator_messages
from secant_keeper.venues.pyth.reducer import PythReducer
from secant_keeper.venues.pyth.session import PythSession
from secant_keeper.venues.sse import EventReader

if TYPE_CHECKING:
    from pathlib import Path

NOW = 1_785_901_540_000
FEED = "e62df6c8b4a85fe1a67db44dc12de5db330f7ac66b72dc658afedf0f4a415b43"

words = st.sampled_from(
    [
        "A", "7", "yes", "no", "BUY", "SELL", "0.5", "0.50001", "NaN", "-1", "1", "", "book",
        "price_change", "ticker", "orderbook_delta", "orderbook_snapshot", "market_lifecycle_v2",
        "market_resolved", "best_bid_ask", "error", "tick_size_change", "subscribed", "determined",
        "settled", "scalar", str(NOW), "resolved", '["A","7"]', '["1","0"]',
    ]
)  # fmt: skip
names = st.sampled_from(
    [
        "type", "msg", "sid", "seq", "market_ticker", "price_dollars", "delta_fp", "side", "ts_ms",
        "ts", "yes_dollars_fp", "no_dollars", "yes", "event_type", "asset_id", "assets_ids", "bids",
        "asks", "price", "size", "price_changes", "timestamp", "best_bid", "best_ask",
        "winning_asset_id", "result", "settlement_value", "status", "ticker", "market", "markets",
        "event", "response", "candlesticks", "code", "channel", "tokens", "outcome", "token_id",
        "winner", "closed", "outcomes", "clobTokenIds", "outcomePrices", "orderbook", "orderbook_fp",
        "yes_bid", "yes_bid_dollars", "yes_ask", "recv_ms", "end_period_ts", "umaResolutionStatus",
        "is_50_50_outcome", "parsed", "id", "conf", "expo", "publish_time", "oraclePrice", "ctxs",
        "channel", "data", "product_id", "changes", "time", "s", "e", "T", "b", "a", "stream", "last",
        "series", "markPx", "midPx", "oraclePx", "funding", "openInterest", "markPrice", "fundingRate",
        "indexPrice",
    ]
)  # fmt: skip
leaves = st.none() | st.booleans() | st.integers() | st.floats() | words | st.text(max_size=5) | st.just(NOW)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=8),
    max_leaves=25,
)
messages = st.one_of(values, st.dictionaries(names, values, max_size=10))


@st.composite
def kalshi_messages(draw: st.DrawFn) -> Any:
    content = draw(st.dictionaries(names, values, max_size=4))
    content |= {"market_ticker": "A"} | draw(
        st.fixed_dictionaries(
            {}, optional={"price_dollars": leaves, "delta_fp": leaves, "side": leaves, "ts_ms": leaves}
        )
    )
    return {
        "type": draw(words),
        "sid": draw(st.integers(1, 2) | leaves),
        "seq": draw(st.integers(0, 9) | leaves),
        "msg": content,
    }


@st.composite
def polymarket_messages(draw: st.DrawFn) -> Any:
    levels = st.lists(
        st.fixed_dictionaries(
            {}, optional={"asset_id": st.just("7"), "price": leaves, "size": leaves, "side": words}
        ),
        max_size=3,
    )
    return draw(
        st.fixed_dictionaries(
            {"event_type": words, "asset_id": st.just("7")},
            optional={
                "timestamp": words | leaves,
                "bids": levels,
                "asks": levels,
                "price_changes": levels,
                "best_bid": leaves,
                "best_ask": leaves,
            },
        )
    )


@given(st.lists(messages | kalshi_messages(), max_size=12), st.sampled_from(Origin))
def test_kalshi_messages(stream: list[Any], origin: Origin) -> None:
    books = KalshiReducer(("A",), Rejections(), origin=origin)
    for message in stream:
        assert isinstance(books.apply(message, NOW), (Observation, Rejection, type(None)))


@given(
    st.lists(messages | polymarket_messages() | st.lists(polymarket_messages(), max_size=3), max_size=12),
    st.sampled_from(Origin),
)
def test_polymarket_frames(stream: list[Any], origin: Origin) -> None:
    books = PolymarketReducer(("7",), Rejections(), origin=origin)
    for frame in stream:
        assert all(isinstance(item, (Observation, Rejection)) for item in books.apply(frame, NOW))


@st.composite
def ccxt_frames(draw: st.DrawFn) -> Any:
    levels = st.lists(st.lists(words | leaves, max_size=3) | leaves, max_size=3) | leaves
    prices = dict.fromkeys(("last", "markPrice", "indexPrice", "fundingRate"), words | leaves)
    structure = st.fixed_dictionaries(
        {}, optional={"bids": levels, "asks": levels, "timestamp": st.just(NOW) | leaves, **prices}
    )
    kinds = st.sampled_from([f"kraken:A/B@{kind}" for kind in LIVE_KINDS])
    return {"series": draw(kinds | words), "data": draw(structure | values)}


@st.composite
def exchange_messages(draw: st.DrawFn) -> Any:
    levels = st.lists(st.lists(words | leaves, max_size=4) | leaves, max_size=3)
    sides = st.lists(st.tuples(st.sampled_from(["buy", "sell"]), words, words), max_size=3)
    coinbase = st.fixed_dictionaries(
        {"type": st.sampled_from(["ticker", "snapshot", "l2update", ["ticker"]]), "product_id": st.just("A")},
        optional={
            "time": st.just("2026-08-05T03:45:40Z") | words | leaves,
            "changes": sides | levels,
            "bids": levels,
            "asks": levels,
            "price": words | leaves,
        },
    )
    binance = st.fixed_dictionaries(
        {"e": st.just("bookTicker"), "s": st.just("A")},
        optional={"b": words | leaves, "a": words | leaves, "T": st.just(NOW) | leaves},
    )
    context = st.fixed_dictionaries(
        {}, optional=dict.fromkeys(("markPx", "midPx", "oraclePx", "funding", "openInterest"), words | leaves)
    )
    dexes = st.lists(
        st.tuples(st.just("") | leaves, st.lists(context | leaves, max_size=2) | leaves), max_size=2
    )
    return draw(
        coinbase
        | binance.map(lambda data: {"stream": "a@bookTicker", "data": data})
        | dexes.map(
            lambda ctxs: {"channel": "allDexsAssetCtxs", "data": {"ctxs": json.loads(json.dumps(ctxs))}}
        )
        | values
    )


@given(st.lists(values | ccxt_frames(), max_size=12), st.sampled_from(Origin))
def test_ccxt_frames(stream: list[Any], origin: Origin) -> None:
    prices = CcxtSession([f"kraken:A/B@{kind}" for kind in LIVE_KINDS], Rejections(), origin=origin)
    for frame in stream:
        assert isinstance(prices.apply(frame, NOW), (Observation, Rejection, type(None)))


@given(
    st.lists(exchange_messages(), max_size=12),
    st.sampled_from(["A@quote", "A@last", *(f"#0@{kind}" for kind in CONTEXT_KINDS)]),
)
def test_exchange_messages(stream: list[Any], series: str) -> None:
    reducer = CaptureReducer(series, Rejections())
    for message in stream:
        assert all(isinstance(name, str) for name in products(message))
        assert isinstance(reducer.apply(message, NOW), (Observation, Rejection, type(None)))


@st.composite
def pyth_updates(draw: st.DrawFn) -> Any:
    price = st.fixed_dictionaries(
        {},
        optional={
            "price": words | leaves,
            "conf": words | leaves,
            "expo": st.integers(-50, 50) | leaves,
            "publish_time": st.just(NOW // 1000) | leaves,
        },
    )
    entry = st.fixed_dictionaries({"id": st.just(FEED) | leaves}, optional={"price": price | leaves})
    return {"parsed": draw(st.lists(entry | values, max_size=3))}


@given(st.lists(values | pyth_updates(), max_size=12), st.sampled_from(Origin))
def test_pyth_updates(stream: list[Any], origin: Origin) -> None:
    prices = PythReducer((FEED,), Rejections(), origin=origin)
    for update in stream:
        assert all(isinstance(item, (Observation, Rejection)) for item in prices.apply(update, NOW))


@given(
    st.binary(max_size=120),
    st.integers(0, 3),
    st.lists(st.tuples(st.just(0) | st.integers(0, 255), st.binary(max_size=120)), max_size=3),
    st.integers(0, 400),
)
def test_accumulator_updates(wormhole: bytes, tail: int, contents: list[tuple[int, bytes]], cut: int) -> None:
    whole = MAGIC + bytes([1, 0, tail]) + bytes(tail) + b"\0" + len(wormhole).to_bytes(2, "big") + wormhole
    whole += bytes([len(contents)])
    for kind, content in contents:
        whole += (1 + len(content)).to_bytes(2, "big") + bytes([kind]) + content + b"\1" + bytes(20)
    found, end = accumulator_messages(whole)
    assert (found, end) == (contents, len(whole))
    for message in found:
        with contextlib.suppress(RefusalError):
            message_update(message).quote()
    if cut < len(whole):
        with contextlib.suppress(RefusalError):
            assert accumulator_messages(whole[:cut]) is None, "a cut update is none"


@given(st.lists(st.binary(max_size=40), max_size=8))
def test_bytes_of_events(chunks: list[bytes]) -> None:
    reader = EventReader()
    for chunk in chunks:
        assert all(event.data.count(b"\r\n") == 0 for event in reader.feed(chunk))


@given(st.lists(st.binary(max_size=40) | messages.map(lambda value: json.dumps(value).encode()), max_size=8))
def test_frames_of_bytes(frames: list[bytes]) -> None:
    for frame in frames:
        for session in (PythSession((FEED,), Rejections()), CcxtSession(("kraken:A/B",), Rejections())):
            items = session.received(frame, NOW).items
            assert all(isinstance(item, (Observation, Rejection)) for item in items)
    for books in (KalshiSession(("A",), Rejections()), PolymarketSession(("7",), Rejections())):
        books.opening()
        for frame in frames:
            reaction = books.received(frame, NOW)
            assert all(isinstance(item, (Observation, Rejection)) for item in reaction.items)
            assert all(isinstance(json.loads(text), dict) for text in reaction.send)


@given(messages)
def test_rest_payloads(payload: Any) -> None:
    for parse in (market_outcome, event_outcomes, orderbook_quote):
        try:
            parse(payload)
        except RefusalError:
            continue
    for result in (gamma_outcome, clob_outcome):
        try:
            result(payload, "7")
        except RefusalError:
            continue


lines = st.one_of(
    st.binary(max_size=60),
    messages.map(lambda value: json.dumps(value).encode()),
    kalshi_messages().map(lambda value: json.dumps({"recv_ms": NOW, "event": value}).encode()),
    polymarket_messages().map(lambda value: json.dumps(value).encode()),
    pyth_updates().map(lambda value: json.dumps(value).encode()),
    st.binary(max_size=60).map(lambda value: MAGIC + value),
    ccxt_frames().map(lambda value: json.dumps({"recv_ms": NOW, "event": value}).encode()),
    exchange_messages().map(lambda value: b"1785901540.5: " + json.dumps(value).encode()),
    exchange_messages().map(lambda value: json.dumps(value).encode()),
    st.sampled_from(
        [
            b"timestamp,bid_close,ask_close",
            b"slug,ts_utc,bid,ask",
            b'"Timestamp (UTC)","A"',
            b'"1","0.5"',
            b"a,b,1,2",
            b"blockchainTimestamp,oraclePrice",
            b"1652069091,61.5",
        ]
    ),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(lines, max_size=6),
    st.sampled_from([None, "A", "7", "slug", FEED, "A@quote", "A@last", "kraken:A/B@mark", "#0@mark"]),
)
def test_files(tmp_path: Path, content: list[bytes], series: str | None) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"\n".join(content))
    for venue in VENUES:
        with contextlib.suppress(VenueError):
            recorded_series(venue, path)
            items = open_recorded(venue, path, series)
            assert all(isinstance(item, (Observation, Rejection)) for item in items)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.lists(st.just(NOW) | words | leaves, min_size=6, max_size=6) | values, max_size=4),
    st.sampled_from(["futures", "mark", "funding_rate"]),
)
def test_candle_files(tmp_path: Path, rows: list[Any], kind: str) -> None:
    path = tmp_path / f"BTC_USDT_USDT-5m-{kind}.json"
    path.write_text(json.dumps(rows))
    with contextlib.suppress(VenueError):
        assert all(isinstance(item, (Observation, Rejection)) for item in open_recorded("ccxt", path))
