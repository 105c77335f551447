"""Exchanges' prices: ccxt's structures, raw captures, candles and asset contexts, each recomputed here."""

from __future__ import annotations

import gzip
import json
from datetime import datetime
from decimal import ROUND_DOWN, ROUND_UP, Decimal
from typing import TYPE_CHECKING, Any

import pytest

from secant_keeper.venues import (
    Item,
    NoDepthError,
    Observation,
    Price,
    Quote,
    Reason,
    Rejection,
    Rejections,
    SeriesNameError,
    UnknownFormatError,
    open_recorded,
    recorded_depth,
    recorded_series,
)
from secant_keeper.venues.ccxt.payloads import Series, parse_series, reading
from secant_keeper.venues.observation import RefusalError

if TYPE_CHECKING:
    from pathlib import Path

NOW = 1_785_901_540_000
MARKET = "binanceusdm:BTC/USDT:USDT"


def ppm(price: str, rounding: str) -> int:
    return int((Decimal(price) * 10**6).to_integral_value(rounding))


def quote(bid: str, ask: str) -> Quote:
    return Quote(ppm(bid, ROUND_DOWN), ppm(ask, ROUND_UP))


def reasons(items: list[Item]) -> list[Reason | None]:
    return [item.reason if isinstance(item, Rejection) else None for item in items]


def book(bids: Any, asks: Any, timestamp: object = NOW) -> dict[str, Any]:
    return {"bids": bids, "asks": asks, "timestamp": timestamp}


def test_a_series_names_an_exchange_a_symbol_and_a_kind() -> None:
    assert parse_series(MARKET) == Series("binanceusdm", "BTC/USDT:USDT", "quote")
    assert parse_series("kraken:ETH/USD@last") == Series("kraken", "ETH/USD", "last")
    for name in ("", "binance", "BTC/USDT", ":BTC/USDT", "Binance:BTC/USDT", "kraken:ETH/USD@close", "a:b c"):
        with pytest.raises(SeriesNameError, match="with one of: quote, last, mark, index, funding_ppm"):
            parse_series(name)


@pytest.mark.parametrize(
    ("kind", "structure", "expected"),
    [
        ("quote", book([[1.5, 1], ["10.25", "2"]], [[99, 1], [11.125, 0.1]]), quote("10.25", "11.125")),
        ("quote", book([["0.00001234", "9"]], [["0.0000124", 1]]), Quote(12, 13)),
        ("quote", book([[7, 0], [5, 1]], []), Quote(5_000_000, None)),
        ("quote", book([], []), Quote(None, None)),
        ("last", {"last": "117043.49999999", "timestamp": NOW}, Price(117_043_499_999)),
        ("mark", {"markPrice": 117017.51732609, "timestamp": NOW}, Price(117_017_517_326)),
        ("index", {"indexPrice": "1", "timestamp": str(NOW)}, Price(1_000_000)),
        ("funding_ppm", {"fundingRate": "-0.0000015186", "timestamp": NOW}, Price(-1_518_600)),
        ("funding_ppm", {"fundingRate": 1.25e-05, "timestamp": NOW}, Price(12_500_000)),
    ],
)
def test_a_structure_is_read_exactly(kind: str, structure: object, expected: Quote | Price) -> None:
    assert reading(kind, structure) == (NOW, expected)


@pytest.mark.parametrize(
    ("kind", "structure", "reason"),
    [
        ("quote", 5, Reason.MALFORMED),
        ("quote", {}, Reason.MISSING_FIELD),
        ("quote", book([5], []), Reason.MALFORMED),
        ("quote", book([[5]], []), Reason.MALFORMED),
        ("quote", book([[None, 1]], []), Reason.MISSING_FIELD),
        ("quote", book([["x", 1]], []), Reason.NOT_A_NUMBER),
        ("quote", book([[1, float("nan")]], []), Reason.NOT_FINITE),
        ("quote", book([[0, 1]], []), Reason.OUT_OF_RANGE),
        ("quote", book([], [[9_000_000.1, 1]]), Reason.OUT_OF_RANGE),
        ("quote", book([["0.0000009", 1]], []), Reason.PRECISION),
        ("quote", book([["0.00001235", 1]], [["0.00001235", 1]]), Reason.CROSSED),
        ("quote", book([[2, 1]], [[1, 1]]), Reason.CROSSED),
        ("quote", book([], [], "soon"), Reason.BAD_TIME),
        ("quote", book([], [], 1.5), Reason.BAD_TIME),
        ("last", {"last": 1}, Reason.BAD_TIME),
        ("last", {"last": None, "timestamp": NOW}, Reason.MISSING_FIELD),
        ("mark", {"last": 1}, Reason.MISSING_FIELD),
        ("funding_ppm", {"fundingRate": "1.1"}, Reason.OUT_OF_RANGE),
        ("funding_ppm", {"fundingRate": "0.0000000000001"}, Reason.PRECISION),
    ],
)
def test_a_structure_that_is_none_is_refused(kind: str, structure: object, reason: Reason) -> None:
    with pytest.raises(RefusalError) as caught:
        reading(kind, structure)
    assert caught.value.reason is reason


def tape(path: Path, *rows: tuple[int | None, object]) -> Path:
    with path.open("w") as file:
        for recv_ms, frame in rows:
            line = frame if recv_ms is None else {"recv_ms": recv_ms, "event": frame}
            file.write(f"{json.dumps(line)}\n")
    return path


def test_a_tape_of_structures_is_read_with_its_receive_times(tmp_path: Path) -> None:
    def frame(bid: str, timestamp: int | None, series: str = MARKET) -> dict[str, Any]:
        return {"series": series, "data": book([[bid, 1]], [["12", 1]], timestamp)}

    path = tape(
        tmp_path / "tape",
        (NOW, frame("10", NOW - 50)),
        (NOW + 1, frame("10", NOW - 50)),
        (NOW + 2, frame("10.5", NOW - 50)),
        (NOW + 3, frame("10.5", NOW - 51)),
        (NOW + 4, frame("10.5", None)),
        (None, frame("11", None)),
        (NOW + 5, frame("11", NOW + 70_000)),
        (NOW + 6, frame("11", None, "kraken:ETH/USD")),
        (NOW + 7, {"series": MARKET}),
        (NOW + 8, "noise"),
    )
    assert recorded_series("ccxt", path) == (MARKET, "kraken:ETH/USD")
    rejections = Rejections()
    items = list(open_recorded("ccxt", path, MARKET, rejections=rejections))
    assert reasons(items) == [
        None,
        Reason.DUPLICATE,
        None,
        Reason.TIME_BACKWARDS,
        None,
        Reason.BAD_TIME,
        Reason.TIME_AHEAD,
        Reason.MISSING_FIELD,
        Reason.MALFORMED,
    ]
    assert items[4] == Observation.at(MARKET, NOW + 4, Quote(10_500_000, 12_000_000))
    assert rejections.total == 6
    with pytest.raises(NoDepthError):
        recorded_depth("ccxt", path, MARKET)


def capture(data: Path, name: str) -> Path:
    return data / "exchange_ws_cryptofeed" / name


def captured(path: Path) -> list[tuple[float, Any]]:
    with gzip.open(path, "rt") as file:
        parts = [line.split(": ", 1) for line in file if line[:1].isdigit()]
    return [(float(at), json.loads(message)) for at, message in parts]


def test_binances_best_prices_are_those_it_printed(data: Path) -> None:
    path = capture(data, "BINANCE_FUTURES.ws.1.0.gz")
    printed: dict[str, list[Observation]] = {}
    for _, message in captured(path):
        one = message["data"]
        if one["e"] == "bookTicker":
            series = f"{one['s']}@quote"
            printed.setdefault(series, []).append(Observation.at(series, one["T"], quote(one["b"], one["a"])))
    assert recorded_series("ccxt", path) == tuple(printed)
    assert sum(map(len, printed.values())) == 613
    for series, expected in printed.items():
        rejections = Rejections()
        assert list(open_recorded("ccxt", path, series, rejections=rejections)) == expected
        assert rejections.total == 0
        assert rejections.ignored == {"recorder": 1, "depthUpdate": 764, "kline": 67, "aggTrade": 91}


def naive_coinbase(path: Path, product: str) -> tuple[list[Observation], list[Observation]]:
    """Quotes after each change of a book, and last prices, without any kept best."""
    sides: dict[str, dict[str, str]] = {}
    quotes, trades = [], []
    for _, message in captured(path):
        if message.get("product_id") != product:
            continue
        if message["type"] == "snapshot":
            sides = {"buy": dict(message["bids"]), "sell": dict(message["asks"])}
        if message["type"] not in ("l2update", "ticker"):
            continue
        moment = datetime.fromisoformat(message["time"])
        at_ms = int(moment.timestamp()) * 1000 + moment.microsecond // 1000
        if message["type"] == "ticker":
            price = Price(ppm(message["price"], ROUND_DOWN))
            trades.append(Observation.at(f"{product}@last", at_ms, price))
            continue
        for side, price_text, size in message["changes"]:
            sides[side][price_text] = size
        resting = {
            side: [price_text for price_text, size in levels.items() if Decimal(size)]
            for side, levels in sides.items()
        }
        best = quote(max(resting["buy"], key=Decimal), min(resting["sell"], key=Decimal))
        quotes.append(Observation.at(f"{product}@quote", at_ms, best))
    return quotes, trades


@pytest.mark.parametrize(("product", "changes", "trades"), [("SKL-GBP", 289, 2), ("BAND-BTC", 1_005, 9)])
def test_coinbases_book_equals_a_naive_replay(data: Path, product: str, changes: int, trades: int) -> None:
    path = capture(data, "COINBASE.ws.28.0.gz")
    expected = naive_coinbase(path, product)
    assert tuple(map(len, expected)) == (changes, trades)
    assert list(open_recorded("ccxt", path, f"{product}@quote")) == expected[0]
    assert list(open_recorded("ccxt", path, f"{product}@last")) == expected[1]


def test_every_series_of_the_captures_is_read_without_a_rejection(data: Path) -> None:
    path = capture(data, "COINBASE.ws.28.0.gz")
    series = recorded_series("ccxt", path)
    assert len(series) == 20
    rejections = Rejections()
    items = [len(list(open_recorded("ccxt", path, one, rejections=rejections))) for one in series]
    assert sum(items) == 9_719 + 107
    assert rejections.total == 0


def test_bad_lines_of_a_capture_are_rejected_and_the_others_read(tmp_path: Path) -> None:
    def change(*changes: list[object], at: str = "17T16:43:37Z", product: str = "A") -> str:
        return json.dumps(
            {"type": "l2update", "product_id": product, "changes": changes, "time": f"2021-04-{at}"}
        )

    snapshot = {"type": "snapshot", "product_id": "A", "bids": [["1.5", "1"]], "asks": [["2", "1"]]}
    lines = [
        change(["buy", "1", "1"]),
        json.dumps({**snapshot, "bids": 5}),
        json.dumps(snapshot),
        change(["buy", "1.6", "1"]),
        change(["bid", "1.6", "1"]),
        change(["buy", "1.7"]),
        change(["buy", "1.7", "-1"]),
        change(["buy", "2", "1"]),
        change(["buy", "2", "0"], at="17T16:43:36Z"),
        change(["sell", "2", "0"], at="then"),
        change(["sell", "1.9", "1"]),
        change(["sell", "1.9", "1"], product="B"),
        "[]",
        "{oops}",
        '{"stream": "a", "data": 5}',
        change(["sell", "1.8", "1"])[:-9],
    ]
    path = tmp_path / "capture"
    path.write_text("wss://somewhere <-> 1\n" + "\n".join(f"1618677817.061845: {line}" for line in lines))
    rejections = Rejections()
    items = list(open_recorded("ccxt", path, "A@quote", rejections=rejections))
    assert reasons(items) == [
        Reason.NO_SNAPSHOT,
        Reason.MALFORMED,
        None,
        Reason.UNKNOWN_SIDE,
        Reason.MALFORMED,
        Reason.OUT_OF_RANGE,
        Reason.CROSSED,
        Reason.TIME_BACKWARDS,
        Reason.BAD_TIME,
        None,
        Reason.MALFORMED,
        Reason.MALFORMED,
        Reason.MALFORMED,
        Reason.TRUNCATED,
    ]
    assert [item.quote for item in items if isinstance(item, Observation)] == [
        Quote(1_600_000, 2_000_000),
        Quote(1_600_000, 1_900_000),
    ]
    assert rejections.ignored == {"recorder": 1}


def candles(data: Path, name: str) -> Path:
    return data / "binance_perp_oct2025" / f"BTC_USDT_USDT-{name}.json"


@pytest.mark.parametrize(
    ("name", "kind", "length_ms", "count"),
    [
        ("5m-futures", "last", 300_000, 11_123),
        ("1h-futures", "last", 3_600_000, 838),
        ("8h-mark", "mark", 28_800_000, 115),
    ],
)
def test_a_close_is_a_price_of_its_candles_end(
    data: Path, name: str, kind: str, length_ms: int, count: int
) -> None:
    rejections = Rejections()
    items = list(open_recorded("ccxt", candles(data, name), rejections=rejections))
    rows = json.loads(candles(data, name).read_text(), parse_float=str)
    series = f"BTC/USDT:USDT@{kind}"
    assert recorded_series("ccxt", candles(data, name)) == (series,)
    assert items == [
        Observation.at(series, row[0] + length_ms, Price(ppm(row[4], ROUND_DOWN))) for row in rows
    ]
    assert (len(items), rejections.total) == (count, 0)


def test_the_crash_is_in_the_closes(data: Path) -> None:
    items = list(open_recorded("ccxt", candles(data, "5m-futures")))
    lowest = min(items, key=lambda item: item.value_ppm or 0 if isinstance(item, Observation) else 0)
    assert isinstance(lowest, Observation)
    assert lowest.source_time == datetime.fromisoformat("2025-10-10T21:20:00Z").timestamp()
    assert lowest.quote == Price(103_441_300_000)


def test_funding_rates_are_parts_per_million_at_their_own_times(data: Path) -> None:
    path = candles(data, "8h-funding_rate")
    rows = json.loads(path.read_text(), parse_float=str)
    series = "BTC/USDT:USDT@funding_ppm"
    expected = [Observation.at(series, row[0], Price(int(Decimal(row[1]) * 10**12))) for row in rows]
    assert list(open_recorded("ccxt", path)) == expected
    assert sum(item.quote.price_ppm < 0 for item in expected if isinstance(item.quote, Price)) > 0


def test_each_bad_candle_is_rejected_and_a_name_says_what_the_numbers_are(tmp_path: Path) -> None:
    rows: list[Any] = [
        [NOW, 1, 1, 1, 1.5, 0],
        [NOW, 1, 1, 1, 1.5, 0],
        [NOW - 1, 1, 1, 1, 1.5, 0],
        [NOW + 1, 1, 1, 1, None, 0],
        [NOW + 2, 1, 1, 1, -1, 0],
        ["soon", 1, 1, 1, 1, 0],
        [NOW + 3, 1],
        5,
    ]
    path = tmp_path / "SOL_USDC_USDC-15m-mark.json"
    path.write_text(json.dumps(rows))
    items = list(open_recorded("ccxt", path))
    assert items[0] == Observation.at("SOL/USDC:USDC@mark", NOW + 900_000, Price(1_500_000))
    assert reasons(items[1:]) == [
        Reason.DUPLICATE,
        Reason.TIME_BACKWARDS,
        Reason.MISSING_FIELD,
        Reason.OUT_OF_RANGE,
        Reason.BAD_TIME,
        Reason.MALFORMED,
        Reason.MALFORMED,
    ]
    for name in ("candles.json", "SOL_USDC_USDC-15m-trades.json", "SOL_USDC-15m-mark.json"):
        (tmp_path / name).write_text(json.dumps(rows))
        with pytest.raises(UnknownFormatError, match="BTC_USDT_USDT-5m-futures"):
            recorded_series("ccxt", tmp_path / name)


def hyperliquid(data: Path) -> Path:
    return data / "hyperliquid_asset_ctxs" / "ws_all_dexs_asset_ctxs.json"


def test_asset_contexts_give_every_kind_of_every_perp(data: Path, tmp_path: Path) -> None:
    frame = json.loads(hyperliquid(data).read_text())
    path = tape(tmp_path / "contexts", (NOW, frame))
    perps = {
        f"{dex}#{place}": one for dex, all_of in frame["data"]["ctxs"] for place, one in enumerate(all_of)
    }
    assert len(perps) == 412
    kinds = ("mark", "index", "mid", "funding_ppm", "open_interest_musd")
    assert recorded_series("ccxt", path) == tuple(f"{perp}@{kind}" for perp in perps for kind in kinds)
    for perp in ("#0", "#1", "#3", "#5", "xyz#0", "vntl#14"):
        one = perps[perp]
        interest = Decimal(one["openInterest"]) * Decimal(one["markPx"])
        expected = {
            "mark": ppm(one["markPx"], ROUND_DOWN),
            "index": ppm(one["oraclePx"], ROUND_DOWN),
            "mid": None if one["midPx"] is None else ppm(one["midPx"], ROUND_DOWN),
            "funding_ppm": int(Decimal(one["funding"]) * 10**12),
            "open_interest_musd": int(interest) or None,
        }
        for kind, value in expected.items():
            series = f"{perp}@{kind}"
            (item,) = open_recorded("ccxt", path, series)
            if value is None:
                assert reasons([item]) in ([Reason.MISSING_FIELD], [Reason.OUT_OF_RANGE])
            else:
                assert item == Observation.at(series, NOW, Price(value))


def test_contexts_without_a_receive_time_have_none(data: Path) -> None:
    (item,) = open_recorded("ccxt", hyperliquid(data), "#0@mark")
    assert reasons([item]) == [Reason.BAD_TIME]


def test_bad_contexts_are_rejected(tmp_path: Path) -> None:
    good = {"channel": "allDexsAssetCtxs", "data": {"ctxs": [["", [{"markPx": "1.5"}]]]}}
    bad: list[Any] = [5, {"ctxs": 5}, {"ctxs": [5]}, {"ctxs": [[5, []]]}, {"ctxs": [["", [7]]]}, {"ctxs": []}]
    rows = [(NOW + place, {**good, "data": one}) for place, one in enumerate(bad)]
    path = tape(tmp_path / "contexts", (NOW, good), *rows, (NOW, {"channel": "pong"}))
    rejections = Rejections()
    items = list(open_recorded("ccxt", path, "#0@mark", rejections=rejections))
    assert reasons(items) == [None, *[Reason.MALFORMED] * 5]
    assert rejections.ignored == {"pong": 1}
