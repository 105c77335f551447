"""Readers against the recorded files, with every figure recomputed here by other means."""

from __future__ import annotations

import csv
import gzip
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from secant_keeper.venues import (
    Observation,
    Price,
    Quote,
    Reason,
    Rejection,
    Rejections,
    UnknownSeriesError,
    open_recorded,
    recorded_series,
)

if TYPE_CHECKING:
    from pathlib import Path

GOLD = (
    ("KXGOLD15M-26AUG050000-00", "2026-08-05", 37_094),
    ("KXGOLD15M-26AUG050800-00", "2026-08-05", 28_616),
    ("KXGOLD15M-26AUG051300-00", "2026-08-05", 35_134),
    ("KXGOLD15M-26AUG102000-00", "2026-08-10", 46_360),
    ("KXGOLD15M-26AUG102130-30", "2026-08-11", 196_012),
)


def gold(data: Path, ticker: str, day: str) -> Path:
    return data / "kalshi_gold15m_ws" / "events" / ticker / f"{day}.ndjson.gz"


def e4(price: str) -> int:
    return round(float(price) * 10_000)


def naive_replay(path: Path) -> list[tuple[int, int | None, int | None]]:
    """Time, best bid and best ask in ppm after each book message, without any kept best."""
    sides: dict[str, dict[int, int]] = {}
    read = []
    with gzip.open(path, "rt") as file:
        for line in file:
            record = json.loads(line)
            kind, message = record["event"]["type"], record["event"]["msg"]
            if kind == "orderbook_snapshot":
                for side in ("yes", "no"):
                    rows = message.get(f"{side}_dollars_fp", [])
                    sides[side] = {e4(price): round(float(size) * 100) for price, size in rows}
            elif kind == "orderbook_delta":
                side, at = sides[message["side"]], e4(message["price_dollars"])
                side[at] = side.get(at, 0) + round(float(message["delta_fp"]) * 100)
                if side[at] <= 0:
                    del side[at]
            else:
                continue
            bid, no_bid = max(sides["yes"], default=None), max(sides["no"], default=None)
            at_ms = message.get("ts_ms", record["recv_ms"])
            read.append(
                (
                    at_ms,
                    None if bid is None else bid * 100,
                    None if no_bid is None else 1_000_000 - no_bid * 100,
                )
            )
    return read


def ppm(price: Decimal | None) -> int | None:
    return None if price is None else int(price * 1_000_000)


@pytest.mark.parametrize(("ticker", "day", "count"), GOLD)
def test_kalshi_tapes_equal_a_naive_replay(data: Path, ticker: str, day: str, count: int) -> None:
    path = gold(data, ticker, day)
    rejections = Rejections()
    items = list(open_recorded("kalshi", path, ticker, rejections=rejections))
    assert len(items) == count
    assert rejections.total == 0
    read = [
        (item.source_time_ms, item.quote.bid_ppm, item.quote.ask_ppm)
        for item in items
        if isinstance(item, Observation) and isinstance(item.quote, Quote)
    ]
    assert read == naive_replay(path)


def test_the_last_mid_of_each_tape_is_on_the_side_that_won(data: Path) -> None:
    with (data / "kalshi_gold15m_ws" / "MARKETS.csv").open() as file:
        results = {row["window"]: row["result"] for row in csv.DictReader(file)}
    for ticker, day, _ in GOLD:
        items = open_recorded("kalshi", gold(data, ticker, day), None)
        mids = [item.value_ppm for item in items if isinstance(item, Observation) and item.is_two_sided]
        assert mids[-1] is not None
        assert (mids[-1] > 500_000) == (results[ticker] == "yes"), ticker


def test_a_tape_that_begins_in_the_middle_waits_for_its_snapshot(data: Path) -> None:
    items = list(open_recorded("kalshi", gold(data, "KXGOLD15M-26AUG102000-00", "2026-08-11"), ""))
    assert [item.reason for item in items if isinstance(item, Rejection)] == [Reason.NO_SNAPSHOT] * 4
    assert items[-1] == Observation.at("KXGOLD15M-26AUG102000-00", 1_786_406_400_797, Quote(None, None))


def test_trades_are_passed_over_and_counted_apart(data: Path) -> None:
    rejections = Rejections()
    list(open_recorded("kalshi", gold(data, *GOLD[0][:2]), None, rejections=rejections))
    assert rejections.ignored == {"trade": 1_033}


def test_recorded_tickers(data: Path) -> None:
    path = data / "kalshi_polymarket_ssmd" / "kalshi_ticker.jsonl"
    tickers = recorded_series("kalshi", path)
    assert len(tickers) == 10
    (item,) = open_recorded("kalshi", path, "KXETHD-26FEB1217-T1779.99")
    assert item == Observation.at("KXETHD-26FEB1217-T1779.99", 1_770_897_976_000, Quote(970_000, None))
    with pytest.raises(UnknownSeriesError) as caught:
        open_recorded("kalshi", path)
    assert caught.value.available == tickers


@pytest.mark.parametrize("series", [None, "", "PRES-2024-DJT"])
def test_the_kalshi_candle_table(data: Path, series: str | None) -> None:
    path = data / "election2024_history" / "kalshi" / "PRES-2024-DJT_candlesticks.csv"
    with path.open() as file:
        rows = list(csv.DictReader(file))
    items = list(open_recorded("kalshi", path, series))
    assert len(items) == len(rows) == 612
    for row, item in zip(rows, items, strict=True):
        at = datetime.strptime(row["timestamp"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
        quote = Quote(int(row["bid_close"]) * 10_000, int(row["ask_close"]) * 10_000)
        assert item == Observation("PRES-2024-DJT", int(at.timestamp()), int(at.timestamp()) * 1000, quote)


@pytest.mark.parametrize("name", ["series_candlesticks_response.json", "candlesticks_batch_response.json"])
def test_the_kalshi_candle_answers(data: Path, name: str) -> None:
    path = data / "kalshi_rest_golden" / name
    answer = json.loads(path.read_text())["response"]
    rows = answer["candlesticks"] if "candlesticks" in answer else answer["markets"][0]["candlesticks"]
    assert recorded_series("kalshi", path) == ("KXELONMARS-99",)
    items = list(open_recorded("kalshi", path, "KXELONMARS-99"))
    assert len(items) == len(rows) == 90
    for row, item in zip(rows, items, strict=True):
        quote = Quote(row["yes_bid"]["close"] * 10_000, row["yes_ask"]["close"] * 10_000)
        assert item == Observation.at("KXELONMARS-99", row["end_period_ts"] * 1000, quote)


def test_the_polymarket_quote_table(data: Path) -> None:
    folder = data / "polymarket_us_quotes_outcomes"
    path = folder / "quotes_dev.csv.gz"
    rows: dict[str, list[dict[str, str]]] = {}
    with gzip.open(path, "rt") as file:
        for row in csv.DictReader(file):
            rows.setdefault(row["slug"], []).append(row)
    with (folder / "outcomes_dev.csv").open() as file:
        outcomes = {row["slug"]: row for row in csv.DictReader(file)}
    assert recorded_series("polymarket", path) == tuple(rows)
    assert len(rows) == 124
    crossed = {
        slug
        for slug, of in rows.items()
        if any(r["bid"] and r["ask"] and float(r["bid"]) > float(r["ask"]) for r in of)
    }
    for slug in [*list(rows)[::40], *crossed]:
        items = list(open_recorded("polymarket", path, slug))
        assert len(items) == len(rows[slug]) == int(outcomes[slug]["n_quotes"])
        mids = [item.value_ppm for item in items if isinstance(item, Observation) and item.is_two_sided]
        is_uncrossed = [not (r["bid"] and r["ask"] and float(r["bid"]) > float(r["ask"])) for r in rows[slug]]
        assert [isinstance(item, Observation) for item in items] == is_uncrossed
        printed = [
            int(Decimal(r["mid"]) * 1_000_000)
            for r, fine in zip(rows[slug], is_uncrossed, strict=True)
            if r["mid"] and fine
        ]
        # The table's mids are rounded to four decimals.
        assert all(
            mid is not None and abs(mid - other) <= 50 for mid, other in zip(mids, printed, strict=True)
        )
        for row, item in zip(rows[slug], items, strict=True):
            at = datetime.fromisoformat(row["ts_utc"])
            assert isinstance(item, Rejection) or item.source_time == int(at.timestamp())
    assert crossed


def test_the_polymarket_election_tables(data: Path) -> None:
    paths = sorted((data / "election2024_history" / "polymarket").glob("*/*.csv"))
    assert len(paths) == 20
    for path in paths:
        with path.open() as file:
            rows = list(csv.DictReader(file))
        names = recorded_series("polymarket", path)
        assert len(names) == 3
        for name in names:
            items = list(open_recorded("polymarket", path, name))
            assert len(items) == len(rows)
            for row, item in zip(rows, items, strict=True):
                price = Price(int(Decimal(row[name]) * 1_000_000))
                assert item == Observation.at(name, int(row["Timestamp (UTC)"]) * 1000, price)


def test_columns_are_found_by_name_not_by_place(data: Path) -> None:
    folder = data / "election2024_history" / "polymarket" / "csv_hour"
    first = {
        state: next(iter(open_recorded("polymarket", folder / f"{state}_hourly.csv", "Donald Trump")))
        for state in ("CA", "GA")
    }
    assert {state: item.value_ppm for state, item in first.items() if isinstance(item, Observation)} == {
        "CA": 49_000,
        "GA": 605_000,
    }
    with pytest.raises(UnknownSeriesError, match="Republican"):
        open_recorded("polymarket", folder.parent / "csv_minute" / "TX_minutely.csv", "Donald Trump")


def test_the_price_ticks(data: Path) -> None:
    path = data / "polymarket_btc5m_resolved" / "BTCUSD-prices-2026-07-24.csv.gz"
    items = list(open_recorded("polymarket", path))
    with gzip.open(path, "rt") as file:
        rows = list(csv.DictReader(file))
    assert len(items) == len(rows) == 78_515
    for row, item in list(zip(rows, items, strict=True))[::50]:
        exact = Decimal(row["full_accuracy_value"]) / 10**12
        assert item == Observation.at("BTCUSD", int(row["feed_ts_ms"]), Price(int(exact)))


def test_the_captured_burst(data: Path) -> None:
    path = data / "polymarket_ws_rest_captured" / "ws_market_price_change_crossing_burst.json"
    frames: list[dict[str, Any]] = json.loads(path.read_text())
    token = frames[0]["asset_id"]
    items = list(open_recorded("polymarket", path, token))
    assert len(items) == len(frames) == 51
    rejected = [item for item in items if isinstance(item, Rejection)]
    assert [item.reason for item in rejected] == [Reason.CROSSED, Reason.CROSSED]
    for frame, item in zip(frames, items, strict=True):
        if isinstance(item, Rejection):
            continue
        assert item.source_time_ms == int(frame["timestamp"])
        stated = next((c for c in frame.get("price_changes", []) if c["asset_id"] == token), None)
        bid = stated["best_bid"] if stated else max((entry["price"] for entry in frame["bids"]), key=float)
        ask = stated["best_ask"] if stated else min((entry["price"] for entry in frame["asks"]), key=float)
        assert item.quote == Quote(ppm(Decimal(bid)), ppm(Decimal(ask)))
    other = next(token for token in recorded_series("polymarket", path) if token != frames[0]["asset_id"])
    unseen = list(open_recorded("polymarket", path, other))
    assert {item.reason for item in unseen if isinstance(item, Rejection)} == {Reason.NO_SNAPSHOT}


def test_the_captured_single_messages(data: Path) -> None:
    folder = data / "polymarket_ws_rest_captured"
    (book,) = open_recorded("polymarket", folder / "ws_book_snapshot_captured.json")
    assert isinstance(book, Observation)
    assert (book.source_time_ms, book.quote) == (1_786_604_072_222, Quote(70_000, 80_000))
    (best,) = open_recorded("polymarket", folder / "ws_market_best_bid_ask_msg.json")
    assert isinstance(best, Observation)
    assert (best.value_ppm, best.width_ppm) == (750_000, 40_000)
    rejections = Rejections()
    trades = data / "kalshi_polymarket_ssmd" / "polymarket_trade.jsonl"
    token = recorded_series("polymarket", trades)[0]
    assert list(open_recorded("polymarket", trades, token, rejections=rejections)) == []
    assert rejections.ignored == {"last_trade_price": 10}
