"""Recordings of Kalshi: WebSocket tapes, candlestick tables, REST candlestick answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from secant_keeper.venues.kalshi.payloads import candle_item, candles_by_market, resting_quote
from secant_keeper.venues.kalshi.reducer import KalshiReducer
from secant_keeper.venues.numbers import price_cents_ppm, time_text_ms
from secant_keeper.venues.observation import (
    Item,
    Origin,
    RefusalError,
    Rejection,
    Rejections,
)
from secant_keeper.venues.recording import DepthItem, RecordedFile, RecordedFormat, json_lines
from secant_keeper.venues.table import RowClock, header, observations

if TYPE_CHECKING:
    from collections.abc import Iterator

CANDLE_COLUMNS = ("timestamp", "bid_close", "ask_close")
CANDLE_SUFFIX = "_candlesticks"


def _is_tape(file: RecordedFile) -> bool:
    return any(_is_message(line) for line in file.head_lines)


def _is_message(line: bytes) -> bool:
    try:
        value: Any = orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    if isinstance(value, dict) and "recv_ms" in value:
        value = value.get("event")
    return isinstance(value, dict) and "type" in value and isinstance(value.get("msg"), dict)


def _tape_series(file: RecordedFile) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for entry in json_lines(file):
        if isinstance(entry, Rejection) or not isinstance(entry[0], dict):
            continue
        content = entry[0].get("msg")
        name = content.get("market_ticker") if isinstance(content, dict) else None
        if isinstance(name, str) and name:
            found[name] = None
    return tuple(found)


def _tape_surely_holds(file: RecordedFile, series: str) -> bool:
    return b'"market_ticker":"' + series.encode("utf-8", "replace") + b'"' in file.head


def _reduced(file: RecordedFile, series: str, reducer: KalshiReducer) -> Iterator[Item]:
    apply = reducer.apply
    for entry in json_lines(file):
        if type(entry) is Rejection:
            yield entry
            continue
        message, recv_ms = entry  # type: ignore[misc]  # the check above is exact, which mypy cannot see
        item = apply(message, recv_ms)
        if item is not None and item.series in (series, ""):
            yield item


def _read_tape(file: RecordedFile, series: str, rejections: Rejections) -> Iterator[Item]:
    return _reduced(file, series, KalshiReducer((series,), rejections, origin=Origin.RECORDED))


def _read_tape_depth(file: RecordedFile, series: str, rejections: Rejections) -> Iterator[DepthItem]:
    reducer = KalshiReducer((series,), rejections, origin=Origin.RECORDED)
    for item in _reduced(file, series, reducer):
        yield item, reducer.depth(series)


def _is_candle_table(file: RecordedFile) -> bool:
    return set(CANDLE_COLUMNS) <= set(header(file))


def _candle_table_series(file: RecordedFile) -> tuple[str, ...]:
    return (file.path.stem.split(CANDLE_SUFFIX)[0],)


def _read_candle_table(file: RecordedFile, series: str, _rejections: Rejections) -> Iterator[Item]:
    columns = header(file)
    at, bid, ask = (columns.index(name) for name in CANDLE_COLUMNS)
    return observations(
        file,
        series,
        lambda row: time_text_ms(row[at], "timestamp"),
        lambda row: resting_quote(
            price_cents_ppm(row[bid], "bid_close") if row[bid] else None,
            price_cents_ppm(row[ask], "ask_close") if row[ask] else None,
        ),
    )


def _candles(file: RecordedFile) -> dict[str, list[Any]]:
    try:
        return candles_by_market(file.document)
    except RefusalError:
        return {}


def _is_candle_answer(file: RecordedFile) -> bool:
    return bool(_candles(file))


def _candle_answer_series(file: RecordedFile) -> tuple[str, ...]:
    return tuple(_candles(file))


def _read_candle_answer(file: RecordedFile, series: str, _rejections: Rejections) -> Iterator[Item]:
    take = RowClock().take
    return (candle_item(candle, series, take) for candle in _candles(file).get(series, []))


FORMATS = (
    RecordedFormat(
        "Kalshi WebSocket messages, one JSON a line",
        _is_tape,
        _tape_series,
        _read_tape,
        _tape_surely_holds,
        _read_tape_depth,
    ),
    RecordedFormat(
        f"Kalshi candlestick CSV with {', '.join(CANDLE_COLUMNS)} (cents, UTC)",
        _is_candle_table,
        _candle_table_series,
        _read_candle_table,
    ),
    RecordedFormat(
        "Kalshi REST candlesticks JSON", _is_candle_answer, _candle_answer_series, _read_candle_answer
    ),
)
