"""Recordings of Polymarket: captured frames, quote tables, price tables, Chainlink ticks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import orjson

from secant_keeper.venues.numbers import (
    decimal_text,
    price_ppm,
    scaled_dollars_ppm,
    time_ms,
    time_seconds_ms,
    time_text_ms,
)
from secant_keeper.venues.observation import (
    Item,
    Origin,
    Price,
    Quote,
    Reason,
    RefusalError,
    Rejection,
    Rejections,
)
from secant_keeper.venues.polymarket.reducer import PolymarketReducer
from secant_keeper.venues.recording import DepthItem, RecordedFile, RecordedFormat, json_lines
from secant_keeper.venues.table import header, observations, rows

if TYPE_CHECKING:
    from collections.abc import Iterator

QUOTE_COLUMNS = ("slug", "ts_utc", "bid", "ask")
PRICE_TIME_COLUMN = "Timestamp (UTC)"
PRICE_DATE_COLUMN = "Date (UTC)"
TICK_COLUMNS = ("feed_ts_ms", "full_accuracy_value")
TICK_DECIMALS = 18
TICK_SUFFIX = "-prices"

Frame: TypeAlias = tuple[Any, int | None] | Rejection
"""A decoded frame with its receive time, or why a line is none."""


def _is_frame(value: Any) -> bool:
    if isinstance(value, dict) and "recv_ms" in value:
        value = value.get("event")
    events = value if isinstance(value, list) else [value]
    return any(
        isinstance(event, dict) and ("event_type" in event or ("bids" in event and "asset_id" in event))
        for event in events
    )


def _is_frame_line(line: bytes) -> bool:
    try:
        return _is_frame(orjson.loads(line))
    except orjson.JSONDecodeError:
        return False


def _is_tape(file: RecordedFile) -> bool:
    return any(_is_frame_line(line) for line in file.head_lines)


def _is_capture(file: RecordedFile) -> bool:
    return _is_frame(file.document)


def _capture_frames(file: RecordedFile) -> Iterator[Frame]:
    """The elements of a captured array, each a frame of its own, or the one frame a document is."""
    document = file.document
    for frame in document if isinstance(document, list) else [document]:
        yield frame, None


def _tokens(frames: Iterator[Frame]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for entry in frames:
        if isinstance(entry, Rejection):
            continue
        for event in entry[0] if isinstance(entry[0], list) else [entry[0]]:
            if not isinstance(event, dict):
                continue
            changes = event.get("price_changes")
            for part in (event, *(changes if isinstance(changes, list) else ())):
                token = part.get("asset_id") if isinstance(part, dict) else None
                if isinstance(token, str) and token:
                    found[token] = None
    return tuple(found)


def _items(frames: Iterator[Frame], reducer: PolymarketReducer) -> Iterator[Item]:
    for entry in frames:
        if isinstance(entry, Rejection):
            yield entry
        else:
            yield from reducer.apply(*entry)


def _reduced(frames: Iterator[Frame], series: str, rejections: Rejections) -> Iterator[Item]:
    return _items(frames, PolymarketReducer((series,), rejections, origin=Origin.RECORDED))


def _reduced_depth(frames: Iterator[Frame], series: str, rejections: Rejections) -> Iterator[DepthItem]:
    reducer = PolymarketReducer((series,), rejections, origin=Origin.RECORDED)
    for item in _items(frames, reducer):
        yield item, reducer.depth(series)


def _is_quote_table(file: RecordedFile) -> bool:
    return set(QUOTE_COLUMNS) <= set(header(file))


def _quote_table_series(file: RecordedFile) -> tuple[str, ...]:
    slug = header(file).index("slug")
    return tuple(
        dict.fromkeys(row[slug] for row in rows(file) if not isinstance(row, Rejection) and row[slug])
    )


def _read_quote_table(file: RecordedFile, series: str, _rejections: Rejections) -> Iterator[Item]:
    columns = header(file)
    slug, at, bid, ask = (columns.index(name) for name in QUOTE_COLUMNS)

    def quote(row: list[str]) -> Quote:
        read = Quote(
            price_ppm(row[bid], "bid") if row[bid] else None, price_ppm(row[ask], "ask") if row[ask] else None
        )
        if read.is_crossed:
            raise RefusalError(Reason.CROSSED, f"bid {row[bid]} is above ask {row[ask]}")
        return read

    return observations(
        file,
        series,
        lambda row: time_text_ms(row[at], "ts_utc"),
        quote,
        concerns=lambda row: row[slug] == series,
    )


def _is_price_table(file: RecordedFile) -> bool:
    return PRICE_TIME_COLUMN in header(file)


def _price_table_series(file: RecordedFile) -> tuple[str, ...]:
    return tuple(name for name in header(file) if name not in (PRICE_TIME_COLUMN, PRICE_DATE_COLUMN))


def _read_price_table(file: RecordedFile, series: str, _rejections: Rejections) -> Iterator[Item]:
    columns = header(file)
    at, price = columns.index(PRICE_TIME_COLUMN), columns.index(series)

    return observations(
        file,
        series,
        lambda row: time_seconds_ms(row[at], PRICE_TIME_COLUMN),
        lambda row: Price(price_ppm(row[price], series)),
    )


def _is_tick_table(file: RecordedFile) -> bool:
    return set(TICK_COLUMNS) <= set(header(file))


def _tick_table_series(file: RecordedFile) -> tuple[str, ...]:
    return (file.path.name.split(TICK_SUFFIX)[0].split(".")[0],)


def _read_tick_table(file: RecordedFile, series: str, _rejections: Rejections) -> Iterator[Item]:
    columns = header(file)
    at, value = (columns.index(name) for name in TICK_COLUMNS)

    def price(row: list[str]) -> Price:
        return Price(scaled_dollars_ppm(decimal_text(row[value], 0), -TICK_DECIMALS, "price")[0])

    return observations(file, series, lambda row: time_ms(row[at], "feed_ts_ms"), price)


FORMATS = (
    RecordedFormat(
        "Polymarket market-channel frames, one JSON a line",
        _is_tape,
        lambda file: _tokens(json_lines(file)),
        lambda file, series, rejections: _reduced(json_lines(file), series, rejections),
        depth=lambda file, series, rejections: _reduced_depth(json_lines(file), series, rejections),
    ),
    RecordedFormat(
        "Polymarket market-channel frames, one JSON document",
        _is_capture,
        lambda file: _tokens(_capture_frames(file)),
        lambda file, series, rejections: _reduced(_capture_frames(file), series, rejections),
        depth=lambda file, series, rejections: _reduced_depth(_capture_frames(file), series, rejections),
    ),
    RecordedFormat(
        f"Polymarket quote CSV with {', '.join(QUOTE_COLUMNS)}",
        _is_quote_table,
        _quote_table_series,
        _read_quote_table,
    ),
    RecordedFormat(
        f'Polymarket price CSV with "{PRICE_TIME_COLUMN}" and a column an outcome',
        _is_price_table,
        _price_table_series,
        _read_price_table,
    ),
    RecordedFormat(
        f"price ticks CSV with {', '.join(TICK_COLUMNS)}",
        _is_tick_table,
        _tick_table_series,
        _read_tick_table,
    ),
)
