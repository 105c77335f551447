"""Recordings of Pyth: updates of Hermes as JSON or as bytes, and tables of an oracle's prices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import orjson

from secant_keeper.venues.numbers import dollars_ppm, time_seconds_ms
from secant_keeper.venues.observation import Item, Origin, Price, RefusalError, Rejection, Rejections
from secant_keeper.venues.pyth.accumulator import KINDS, MAGIC, PRICE_MESSAGE, message_update, messages
from secant_keeper.venues.pyth.payloads import entries, entry_id
from secant_keeper.venues.pyth.reducer import PythReducer
from secant_keeper.venues.recording import RecordedFile, RecordedFormat, json_lines
from secant_keeper.venues.table import header, observations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secant_keeper.venues.pyth.accumulator import Message

ORACLE_COLUMNS = ("blockchainTimestamp", "oraclePrice")
ORACLE_SUFFIX = "_oracle"

Frame: TypeAlias = tuple[Any, int | None] | Rejection
"""A decoded update with its receive time, or why a line is none."""


def _is_update(value: Any) -> bool:
    if isinstance(value, dict) and "recv_ms" in value:
        value = value.get("event")
    return isinstance(value, dict) and isinstance(value.get("parsed"), list)


def _is_update_line(line: bytes) -> bool:
    try:
        return _is_update(orjson.loads(line))
    except orjson.JSONDecodeError:
        return False


def _is_json(file: RecordedFile) -> bool:
    return any(_is_update_line(line) for line in file.head_lines) or _is_update(file.document)


def _frames(file: RecordedFile) -> Iterator[Frame]:
    """The updates of a file with one a line, or the one update a document of several lines is."""
    if any(_is_update_line(line) for line in file.head_lines) or not _is_update(file.document):
        yield from json_lines(file)
    else:
        yield file.document, None


def _json_series(file: RecordedFile) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for frame in _frames(file):
        if isinstance(frame, Rejection):
            continue
        try:
            found |= dict.fromkeys(entry_id(entry) for entry in entries(frame[0]))
        except RefusalError:
            continue  # reading the file rejects it
    return tuple(found)


def _read_json(file: RecordedFile, series: str, rejections: Rejections) -> Iterator[Item]:
    reducer = PythReducer((series,), rejections, origin=Origin.RECORDED)
    for frame in _frames(file):
        if isinstance(frame, Rejection):
            yield frame
        else:
            yield from reducer.apply(*frame)


def _is_accumulator(file: RecordedFile) -> bool:
    return file.head.startswith(MAGIC)


def _messages(file: RecordedFile) -> Iterator[Message | RefusalError]:
    """The messages of all updates of a file, which follow each other without anything between."""
    content, refusal = file.content()
    at = 0
    try:
        while at < len(content):
            found, at = messages(content, at)
            yield from found
    except RefusalError as error:
        yield refusal or error
        return
    if refusal is not None:
        yield refusal


def _accumulator_series(file: RecordedFile) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for message in _messages(file):
        if isinstance(message, RefusalError) or message.kind != PRICE_MESSAGE:
            continue
        try:
            found[message_update(message).feed_id] = None
        except RefusalError:
            continue  # reading the file rejects it
    return tuple(found)


def _read_accumulator(file: RecordedFile, series: str, rejections: Rejections) -> Iterator[Item]:
    reducer = PythReducer((series,), rejections, origin=Origin.RECORDED)
    for message in _messages(file):
        if isinstance(message, RefusalError):
            yield message.rejection()
        elif message.kind != PRICE_MESSAGE:
            rejections.ignore(KINDS.get(message.kind, f"kind {message.kind}"))
        else:
            try:
                item = reducer.take_update(message_update(message))
            except RefusalError as refusal:
                item = refusal.rejection(example=message.content)
            if item is not None:
                yield item


def _is_oracle_table(file: RecordedFile) -> bool:
    return set(ORACLE_COLUMNS) <= set(header(file))


def _oracle_series(file: RecordedFile) -> tuple[str, ...]:
    return (file.path.name.split(ORACLE_SUFFIX)[0].split(".")[0],)


def _read_oracle_table(file: RecordedFile, series: str, _rejections: Rejections) -> Iterator[Item]:
    columns = header(file)
    at, price = (columns.index(name) for name in ORACLE_COLUMNS)
    return observations(
        file,
        series,
        lambda row: time_seconds_ms(row[at], ORACLE_COLUMNS[0]),
        lambda row: Price(dollars_ppm(row[price], ORACLE_COLUMNS[1])[0]),
    )


FORMATS = (
    RecordedFormat(
        "Hermes price updates in JSON, a line each or one document", _is_json, _json_series, _read_json
    ),
    RecordedFormat(
        "Pyth accumulator updates, bytes", _is_accumulator, _accumulator_series, _read_accumulator
    ),
    RecordedFormat(
        f"oracle price CSV with {', '.join(ORACLE_COLUMNS)} (dollars, Unix seconds)",
        _is_oracle_table,
        _oracle_series,
        _read_oracle_table,
    ),
)
