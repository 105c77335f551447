"""Recorded files: lines out of plain or gzip files, format detection, and the readers' contract.

A reader never stops at a bad line: it yields a `Rejection` for it and goes on. What is wrong with the file as
a whole is raised when it is opened, before the first item.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import orjson

from secant_keeper.venues.depth import Depth
from secant_keeper.venues.errors import (
    BrokenFileError,
    EmptyFileError,
    NoDepthError,
    UnknownFormatError,
    UnknownSeriesError,
    UnreadableFileError,
)
from secant_keeper.venues.observation import Item, Reason, RefusalError, Rejection, Rejections, shown

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator

CHUNK_BYTES = 1 << 18
HEAD_BYTES = 1 << 16
DOCUMENT_BYTES_MAX = 1 << 28
GZIP_MAGIC = b"\x1f\x8b"
_GZIP_WINDOW_BITS = 31
_CUT = "unexpected end of data"
"""What orjson says of a document that is sound as far as it goes."""


class RecordedFile:
    """One recording, opened for reading any number of times.

    Attributes:
        path: Where it is.
        unended: The last line, if it has no line break and `lines` has come to it: it may be cut.

    Raises:
        UnreadableFileError: It is missing, a folder, or may not be read.
        EmptyFileError: It has no content.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.unended: bytes | None = None
        remedy = "Give the path of a recorded file that this user may read."
        try:
            with self.path.open("rb") as file:
                start = file.read(HEAD_BYTES)
        except OSError as error:
            raise UnreadableFileError(f"{self.path} cannot be read: {error.strerror}.", remedy) from error
        self._is_gzip = start.startswith(GZIP_MAGIC)
        if not start or not self.head.strip():
            raise EmptyFileError(
                f"{self.path} is empty.", "Give a recording that holds at least one message."
            )

    @cached_property
    def head(self) -> bytes:
        """The first decompressed bytes, as many as can be read up to 64 KiB."""
        head = b""
        try:
            for chunk in self._chunks():
                head += chunk
                if len(head) >= HEAD_BYTES:
                    break
        except RefusalError:
            pass  # What could be read before the fault is the head; `lines` reports the fault itself.
        return head[:HEAD_BYTES]

    @cached_property
    def head_lines(self) -> list[bytes]:
        """The non-empty lines of the head; the last may be cut."""
        return [line for line in self.head.splitlines() if line.strip()]

    @property
    def document(self) -> Any:
        """The whole file as one JSON document; None if it is none."""
        return self._document[0]

    @property
    def is_cut_document(self) -> bool:
        """Whether the file begins as one JSON document and ends before that does."""
        return self._document[1]

    @cached_property
    def _document(self) -> tuple[Any, bool]:
        """The JSON document the file is, and whether it is one that breaks off."""
        if self.head.lstrip()[:1] not in (b"{", b"["):
            return None, False
        content, refusal = self.content()
        if refusal is not None and refusal.reason is Reason.OUT_OF_RANGE:
            return None, False
        # What could be read before a fault tells whether it is one document.
        try:
            return orjson.loads(content), False
        except orjson.JSONDecodeError as error:
            return None, error.msg.startswith(_CUT)

    def content(self) -> tuple[bytes, RefusalError | None]:
        """The decompressed bytes, and why there are no more: as `lines`, or OUT_OF_RANGE if too large."""
        content = bytearray()
        try:
            for chunk in self._chunks():
                content += chunk
                if len(content) > DOCUMENT_BYTES_MAX:
                    detail = f"{self.path.name} is larger than {DOCUMENT_BYTES_MAX} bytes"
                    return bytes(content), RefusalError(Reason.OUT_OF_RANGE, detail)
        except RefusalError as refusal:
            return bytes(content), refusal
        return bytes(content), None

    def lines(self) -> Iterator[bytes]:
        """The lines without their ends, empty ones left out.

        Raises:
            RefusalError: TRUNCATED or CORRUPT, after the last good line, when the compressed stream breaks
                off. A cut line before the break is not yielded.
        """
        rest = b""
        for chunk in self._chunks():
            parts = (rest + chunk).split(b"\n")
            rest = parts.pop()
            yield from filter(None, (part.rstrip(b"\r") for part in parts))
        if rest.strip():
            line = rest.rstrip(b"\r")
            self.unended = line if line == rest else None
            yield line

    def _chunks(self) -> Iterator[bytes]:
        try:
            with self.path.open("rb") as file:
                if not self._is_gzip:
                    while chunk := file.read(CHUNK_BYTES):
                        yield chunk
                    return
                yield from _gunzip(iter(lambda: file.read(CHUNK_BYTES), b""))
        except OSError as error:
            raise RefusalError(
                Reason.TRUNCATED, f"reading {self.path.name} failed: {error.strerror}"
            ) from error


def _gunzip(chunks: Iterator[bytes]) -> Iterator[bytes]:
    inflate = zlib.decompressobj(_GZIP_WINDOW_BITS)
    started = False
    for chunk in chunks:
        data = chunk
        while data:
            if inflate.eof:
                # A gzip file may hold several members; zero padding after the last is allowed.
                data = data.lstrip(b"\0")
                if not data:
                    break
                inflate, started = zlib.decompressobj(_GZIP_WINDOW_BITS), False
            before = inflate.copy()
            try:
                out = inflate.decompress(data)
            except zlib.error as error:
                yield from _salvaged(before, data)
                raise RefusalError(Reason.CORRUPT, f"the gzip stream is corrupt: {error}") from error
            started = True
            if out:
                yield out
            data = inflate.unused_data if inflate.eof else b""
    if started and not inflate.eof:
        raise RefusalError(Reason.TRUNCATED, "the gzip stream ends before its end mark")


def _salvaged(inflate: zlib._Decompress, data: bytes) -> Iterator[bytes]:
    """What comes out of a chunk before the byte at which it proves corrupt."""
    for at in range(len(data)):
        try:
            yield inflate.decompress(data[at : at + 1])
        except zlib.error:
            return


DepthItem: TypeAlias = tuple[Item, Depth | None]
"""An item, and what rests at the venue after its message; None while the book awaits a snapshot."""


@dataclass(frozen=True, slots=True)
class RecordedFormat:
    """One kind of recording.

    Attributes:
        name: What it is called in an error.
        recognises: Whether a file is of this kind, by its content.
        series: The series a file holds, in order of appearance.
        read: Items of one series. It is given the counter for messages of kinds that carry no quote.
        surely_holds: A cheap test that the file holds a series; False only means that `series` must be asked.
        depth: As `read`, each item with the depth after it; None where the format holds no levels.
    """

    name: str
    recognises: Callable[[RecordedFile], bool]
    series: Callable[[RecordedFile], tuple[str, ...]]
    read: Callable[[RecordedFile, str, Rejections], Iterator[Item]]
    surely_holds: Callable[[RecordedFile, str], bool] = lambda _file, _series: False
    depth: Callable[[RecordedFile, str, Rejections], Iterator[DepthItem]] | None = None


def recorded_format(venue: str, formats: tuple[RecordedFormat, ...], file: RecordedFile) -> RecordedFormat:
    """The format of a file.

    Raises:
        UnknownFormatError: None of the venue's formats fits.
        BrokenFileError: None does, because the file is a JSON document that breaks off.
    """
    for candidate in formats:
        if candidate.recognises(file):
            return candidate
    if file.is_cut_document:
        raise BrokenFileError(
            f"{file.path} is one JSON document that breaks off: nothing of it can be read.",
            "Record it again.",
        )
    known = "; ".join(candidate.name for candidate in formats)
    raise UnknownFormatError(
        f"{file.path} is no recording of {venue} (it begins {shown(file.head[:60])!r}).",
        f"Known formats: {known}.",
    )


def open_items(
    venue: str,
    formats: tuple[RecordedFormat, ...],
    path: str | os.PathLike[str],
    series: str | None,
    rejections: Rejections,
) -> Iterator[Item]:
    """Items of one series of a recording; faults of the file or the series are raised here, at once."""
    found, file, name = _opened(venue, formats, path, series)
    return _counted(found.read(file, name, rejections), rejections)


def open_depth(
    venue: str,
    formats: tuple[RecordedFormat, ...],
    path: str | os.PathLike[str],
    series: str | None,
    rejections: Rejections,
) -> Iterator[DepthItem]:
    """As `open_items`, each with the depth after it.

    Raises:
        NoDepthError: The recording's format holds no levels. Others as `open_items`.
    """
    found, file, name = _opened(venue, formats, path, series)
    if found.depth is None:
        having = "; ".join(each.name for each in formats if each.depth is not None)
        raise NoDepthError(f"{file.path} is a {found.name}: it holds no levels.", f"Give one of: {having}.")
    return _counted_depth(found.depth(file, name, rejections), rejections)


def _opened(
    venue: str, formats: tuple[RecordedFormat, ...], path: str | os.PathLike[str], series: str | None
) -> tuple[RecordedFormat, RecordedFile, str]:
    file = RecordedFile(path)
    found = recorded_format(venue, formats, file)
    name = series or ""
    if not name or not found.surely_holds(file, name):
        available = found.series(file)
        if not name and len(available) == 1:
            name = available[0]
        if name not in available:
            raise UnknownSeriesError(series, file.path, available)
    return found, file, name


def _counted(items: Iterator[Item], rejections: Rejections) -> Iterator[Item]:
    for item in items:
        if type(item) is Rejection:
            rejections.count(item)
        yield item


def _counted_depth(items: Iterator[DepthItem], rejections: Rejections) -> Iterator[DepthItem]:
    for item, depth in items:
        if type(item) is Rejection:
            rejections.count(item)
        yield item, depth


def json_lines(file: RecordedFile) -> Iterator[tuple[Any, int | None] | Rejection]:
    """Messages of a recording with one JSON value a line, each with its receive time if the line carries one.

    A line is `{"recv_ms": ..., "event": <message>}` or the bare message. A line that is no JSON gives a
    rejection.
    """
    loads = orjson.loads
    try:
        for line in file.lines():
            try:
                value = loads(line)
            except orjson.JSONDecodeError as error:
                # What lacks its line break and is no JSON is cut; whole JSON is whole without one.
                if line is file.unended:
                    yield Rejection(Reason.TRUNCATED, "the last line breaks off", example=shown(line))
                else:
                    yield Rejection(Reason.MALFORMED, f"a line is not JSON: {error}", example=shown(line))
                continue
            if type(value) is dict and "event" in value:
                recv_ms = value.get("recv_ms")
                yield value["event"], recv_ms if type(recv_ms) is int else None
            else:
                yield value, None
    except RefusalError as refusal:
        yield refusal.rejection()
