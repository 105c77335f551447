"""Pyth accumulator updates: the bytes that Hermes serves and on-chain receivers take.

An update is a Wormhole message over a Merkle root, and price messages each with a proof. Only the price
messages are read: neither signatures nor proofs are verified (see the package).

Layout, integers big-endian: "PNAU", major u8, minor u8, a u8-counted header tail, kind u8, the u16-counted
Wormhole message, a u8 number of messages, and for each its u16-counted bytes and a u8-counted proof of
20-byte nodes.
"""

from __future__ import annotations

from struct import Struct
from typing import Final, NamedTuple

from secant_keeper.venues.numbers import time_seconds_ms
from secant_keeper.venues.observation import Reason, RefusalError
from secant_keeper.venues.pyth.payloads import PriceUpdate

MAGIC: Final = b"PNAU"
MAJOR_VERSION: Final = 1
WORMHOLE_MERKLE: Final = 0
NODE_BYTES: Final = 20
PRICE_MESSAGE: Final = 0
KINDS: Final = {1: "twap"}

_PRICE = Struct(">32sqQiq")
"""Feed id, price, confidence, exponent, publish time; a previous time and the moving average follow."""


class Message(NamedTuple):
    """One message of an update.

    Attributes:
        kind: 0 is a price.
        content: What follows the kind.
    """

    kind: int
    content: bytes


def messages(content: bytes, start: int = 0) -> tuple[list[Message], int]:
    """The messages of the update that begins at `start`, and where it ends.

    Raises:
        RefusalError: TRUNCATED, or MALFORMED for what is no update.
    """
    read = _Cursor(content, start)
    if read.take(4) != MAGIC:
        raise RefusalError(Reason.MALFORMED, f"no update begins at byte {start}")
    major, _minor = read.byte(), read.byte()
    read.take(read.byte())
    if (major, read.byte()) != (MAJOR_VERSION, WORMHOLE_MERKLE):
        raise RefusalError(Reason.MALFORMED, f"an update of version {major} or of a kind that is not known")
    read.take(read.short())
    found = []
    for _ in range(read.byte()):
        message = read.take(read.short())
        read.take(NODE_BYTES * read.byte())
        if not message:
            raise RefusalError(Reason.MALFORMED, "a message is empty")
        found.append(Message(message[0], message[1:]))
    return found, read.at


def message_update(message: Message) -> PriceUpdate:
    """The price of a price message.

    Raises:
        RefusalError: MALFORMED for too short a message, BAD_TIME.
    """
    if len(message.content) < _PRICE.size:
        raise RefusalError(Reason.MALFORMED, f"a price message of {len(message.content)} bytes is too short")
    identifier, price, confidence, exponent, publish_time_s = _PRICE.unpack_from(message.content)
    moment_ms = time_seconds_ms(publish_time_s, "publish_time")
    return PriceUpdate(identifier.hex(), price, confidence, exponent, moment_ms)


class _Cursor:
    """Reads counted bytes in order."""

    def __init__(self, content: bytes, at: int) -> None:
        self._content = content
        self.at = at

    def take(self, count: int) -> bytes:
        taken = self._content[self.at : self.at + count]
        if len(taken) < count:
            raise RefusalError(Reason.TRUNCATED, "the update breaks off")
        self.at += count
        return taken

    def byte(self) -> int:
        return self.take(1)[0]

    def short(self) -> int:
        return int.from_bytes(self.take(2), "big")
