"""Server-sent events out of bytes, by pure parsing."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

EVENT_BYTES_MAX = 1 << 24


class Event(NamedTuple):
    """One event.

    Attributes:
        kind: Its `event` field; "message" where it has none.
        data: Its `data` lines, joined by line breaks.
    """

    kind: str
    data: bytes


class EventTooLongError(Exception):
    """An event is longer than `EVENT_BYTES_MAX`."""


class EventReader:
    """Makes events of a stream's bytes, however they are cut; lines end in LF or CR LF."""

    def __init__(self) -> None:
        self._rest = b""
        self._kind = ""
        self._data: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """The events that a chunk completes.

        Raises:
            EventTooLongError: The server does not end an event.
        """
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            event = self._line(line.removesuffix(b"\r"))
            if event is not None:
                yield event
        if self._size + len(self._rest) > EVENT_BYTES_MAX:
            raise EventTooLongError(f"an event is longer than {EVENT_BYTES_MAX} bytes")

    def _line(self, line: bytes) -> Event | None:
        if line:
            name, _, value = line.partition(b":")
            value = value.removeprefix(b" ")
            if name == b"data":
                self._data.append(value)
                self._size += len(value)
            elif name == b"event":
                self._kind = value.decode("utf-8", "replace")
            return None
        event = Event(self._kind or "message", b"\n".join(self._data)) if self._data else None
        self._kind, self._data, self._size = "", [], 0
        return event
