"""Recordings of exchanges: polled structures, raw WebSocket messages, candles as freqtrade keeps them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

import orjson

from secant_keeper.venues.ccxt.captures import CONTEXTS, CaptureReducer, is_message, products
from secant_keeper.venues.ccxt.payloads import FUNDING, funding_rate, parse_series, price_down
from secant_keeper.venues.ccxt.session import CcxtSession
from secant_keeper.venues.errors import SeriesNameError
from secant_keeper.venues.numbers import decimal_text, list_of, time_ms
from secant_keeper.venues.observation import (
    Item,
    Observation,
    Origin,
    Reason,
    RefusalError,
    Rejection,
    Rejections,
    shown,
)
from secant_keeper.venues.recording import RecordedFile, RecordedFormat, json_lines
from secant_keeper.venues.table import RowClock

if TYPE_CHECKING:
    from collections.abc import Iterator

Message: TypeAlias = tuple[Any, int | None] | Rejection
"""A decoded message with its receive time, or why a line is none."""


def _event(line: bytes) -> Any:
    try:
        value: Any = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return value.get("event") if isinstance(value, dict) and "recv_ms" in value else value


def _is_frame(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("series"), str) and "data" in value


def _tape_series(file: RecordedFile) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for entry in json_lines(file):
        if isinstance(entry, Rejection) or not _is_frame(entry[0]):
            continue
        try:
            parse_series(entry[0]["series"])
        except SeriesNameError:
            continue
        found[entry[0]["series"]] = None
    return tuple(found)


def _read_tape(file: RecordedFile, series: str, rejections: Rejections) -> Iterator[Item]:
    session = CcxtSession((series,), rejections, origin=Origin.RECORDED)
    for entry in json_lines(file):
        item = entry if isinstance(entry, Rejection) else session.apply(*entry)
        if item is not None:
            yield item


_CAPTURED: Final = re.compile(rb"(\d{1,12}(?:\.\d{1,9})?): ([\[{].*)", re.DOTALL)
"""Receive time in Unix seconds, and the message; other lines are the recorder's own."""


def _is_capture(file: RecordedFile) -> bool:
    lines = filter(None, map(_CAPTURED.fullmatch, file.head_lines))
    return any(is_message(_event(line[2])) for line in lines)


def _captured(file: RecordedFile, rejections: Rejections) -> Iterator[Message]:
    try:
        for line in file.lines():
            match = _CAPTURED.fullmatch(line)
            if match is None:
                rejections.ignore("recorder")
                continue
            try:
                message: Any = orjson.loads(match[2])
            except orjson.JSONDecodeError as error:
                is_cut = line is file.unended
                reason = Reason.TRUNCATED if is_cut else Reason.MALFORMED
                yield Rejection(reason, f"a message is not JSON: {error}", example=shown(line))
            else:
                yield message, decimal_text(match[1].decode(), 9) // 10**6
    except RefusalError as refusal:
        yield refusal.rejection()


CONTEXTS_HEAD_BYTES: Final = 256


def _is_contexts(value: Any) -> bool:
    return isinstance(value, dict) and value.get("channel") == CONTEXTS


def _is_contexts_tape(file: RecordedFile) -> bool:
    # A frame is longer than the head, which so holds no whole line.
    return f'"{CONTEXTS}"'.encode() in file.head[:CONTEXTS_HEAD_BYTES]


def _contexts(file: RecordedFile, _rejections: Rejections) -> Iterator[Message]:
    """The frames of a file with one a line, or the one frame a document of several lines is."""
    if _is_contexts(file.document):
        yield file.document, None
    else:
        yield from json_lines(file)


def _product_series(messages: Iterator[Message]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for entry in messages:
        if not isinstance(entry, Rejection):
            found |= dict.fromkeys(products(entry[0]))
    return tuple(found)


def _reduced(messages: Iterator[Message], series: str, rejections: Rejections) -> Iterator[Item]:
    reducer = CaptureReducer(series, rejections)
    for entry in messages:
        item = entry if isinstance(entry, Rejection) else reducer.apply(*entry)
        if item is not None:
            yield item


_CANDLES: Final = re.compile(
    r"([A-Z0-9]+)_([A-Z0-9]+)_([A-Z0-9]+)-(\d{1,3})([mhd])-(futures|mark|funding_rate)(?:\.json.*)?"
)
CANDLE_CELLS: Final = 6
"""Unix milliseconds, open, high, low, close, volume."""

_UNIT_MS: Final = {"m": 60_000, "h": 3_600_000, "d": 86_400_000}
_KINDS: Final = {"futures": "last", "mark": "mark", "funding_rate": FUNDING}


class _Candles(NamedTuple):
    """What the name of a candle file says.

    Attributes:
        series: Its only series.
        kind: The series' kind.
        length_ms: How long a candle lasts.
    """

    series: str
    kind: str
    length_ms: int


def _candles(file: RecordedFile) -> _Candles | None:
    match = _CANDLES.fullmatch(file.path.name)
    if match is None:
        return None
    kind = _KINDS[match[6]]
    return _Candles(f"{match[1]}/{match[2]}:{match[3]}@{kind}", kind, int(match[4]) * _UNIT_MS[match[5]])


def _is_candle_file(file: RecordedFile) -> bool:
    rows = file.document if _candles(file) is not None else None
    return isinstance(rows, list) and any(isinstance(row, list) and len(row) == CANDLE_CELLS for row in rows)


def _candle_series(file: RecordedFile) -> tuple[str, ...]:
    named = _candles(file)
    return () if named is None else (named.series,)


def _read_candles(file: RecordedFile, _series: str, _rejections: Rejections) -> Iterator[Item]:
    named = _candles(file)
    if named is not None:
        clock = RowClock()
        yield from (_candle_item(row, named, clock) for row in file.document)


def _candle_item(row: Any, named: _Candles, clock: RowClock) -> Item:
    """A close is known when its candle ends; a funding rate, in the first column, at the row's own time."""
    moment_ms = None
    try:
        moment, first, _, _, close, *_ = _cells(row)
        moment_ms = time_ms(moment, "time")
        if named.kind == FUNDING:
            price = funding_rate(first, "rate")
        else:
            moment_ms += named.length_ms
            price = price_down(close, "close")
        clock.take(moment_ms)
    except RefusalError as refusal:
        return refusal.rejection(named.series, moment_ms, example=row)
    return Observation.at(named.series, moment_ms, price)


def _cells(row: Any) -> list[Any]:
    cells = list_of(row, "a row")
    if len(cells) != CANDLE_CELLS:
        raise RefusalError(Reason.MALFORMED, f"a row has {len(cells)} cells, not {CANDLE_CELLS}")
    return cells


FORMATS = (
    RecordedFormat(
        "ccxt structures with their series, a line each",
        lambda file: any(_is_frame(_event(line)) for line in file.head_lines),
        _tape_series,
        _read_tape,
    ),
    RecordedFormat(
        "WebSocket messages of Binance or Coinbase after their receive times",
        _is_capture,
        lambda file: _product_series(_captured(file, Rejections())),
        lambda file, series, rejections: _reduced(_captured(file, rejections), series, rejections),
    ),
    RecordedFormat(
        "Hyperliquid asset contexts, a line each or one document",
        _is_contexts_tape,
        lambda file: _product_series(_contexts(file, Rejections())),
        lambda file, series, rejections: _reduced(_contexts(file, rejections), series, rejections),
    ),
    RecordedFormat(
        "candles or funding rates as JSON, named as BTC_USDT_USDT-5m-futures.json",
        _is_candle_file,
        _candle_series,
        _read_candles,
    ),
)
