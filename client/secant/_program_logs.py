"""The events of the two programs in a transaction's log."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Final, TypeAlias

from . import exchange, oracle
from .errors import ClientOutdated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from solders.pubkey import Pubkey

__all__ = ["AnyEvent", "decode_events", "events_by_instruction"]

AnyEvent: TypeAlias = exchange.AnyEvent | oracle.AnyEvent

_DECODERS: Final[dict[str, tuple[Mapping[bytes, object], Callable[[bytes], AnyEvent]]]] = {
    str(exchange.PROGRAM_ID): (exchange.EVENTS, exchange.decode_event),
    str(oracle.PROGRAM_ID): (oracle.EVENTS, oracle.decode_event),
}
_INVOKED: Final = re.compile(r"^Program (\w+) invoke \[(\d+)\]$")
_DATA: Final = "Program data: "


def decode_events(logs: Iterable[str]) -> tuple[AnyEvent, ...]:
    """The events of the two programs in a log, in order. Data that other programs log is passed over.

    Raises:
        ClientOutdated: one of the two programs logged an event this client does not know.
    """
    events: list[AnyEvent] = []
    stack: list[str] = []
    for line in logs:
        invoked = _INVOKED.match(line)
        if invoked:
            # The depth, not the count of lines, says who runs: a truncated log may have lost some.
            del stack[int(invoked[2]) - 1 :]
            stack.append(invoked[1])
        elif line.startswith(_DATA) and stack and stack[-1] in _DECODERS:
            known, decode = _DECODERS[stack[-1]]
            data = _event_data(line)
            if data[:8] not in known:
                raise ClientOutdated(f"the {stack[-1]} program logged the unknown event {data[:8].hex()}")
            events.append(decode(data))
        elif stack and line.startswith(f"Program {stack[-1]} ") and _ends(line):
            stack.pop()
    return tuple(events)


def events_by_instruction(logs: Sequence[str], program_ids: Sequence[Pubkey]) -> list[tuple[AnyEvent, ...]]:
    """The events in a log by the instruction during which they were logged.

    Args:
        logs: The log of a whole transaction.
        program_ids: The program of each instruction, in order.

    Raises:
        ClientOutdated: one of the two programs logged an event this client does not know.
    """
    parts: list[list[str]] = [[] for _ in program_ids]
    place = -1
    for line in logs:
        invoked = _INVOKED.match(line)
        if invoked and invoked[2] == "1":
            # Precompiles log nothing: an instruction whose program is not the one that runs is passed over.
            names = [str(program_id) for program_id in program_ids[place + 1 :]]
            if invoked[1] not in names:
                raise ClientOutdated(f"a log names the program {invoked[1]}, which no instruction runs")
            place += 1 + names.index(invoked[1])
        if place >= 0:
            parts[place].append(line)
    return [decode_events(part) for part in parts]


def _event_data(line: str) -> bytes:
    try:
        return base64.b64decode(line.removeprefix(_DATA), validate=True)
    except binascii.Error as error:
        raise ClientOutdated(f"an event in the log is no base64: {error}") from None


def _ends(line: str) -> bool:
    return line.endswith(" success") or " failed: " in line
