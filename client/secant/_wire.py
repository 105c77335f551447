"""Primitives that the generated modules `secant.oracle` and `secant.exchange` are written in.

Encoders check before they write: an integer outside its type's range, a key or a sequence of the wrong kind
or length raises `ArgumentError`, which names the argument and what is allowed. Decoders raise `DecodeError`,
which names the type.

    WireError (ValueError)
    ├── ArgumentError      a value that has no place on the wire
    └── DecodeError        bytes that are not what they were taken for
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final, TypeVar

from solders.pubkey import Pubkey

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from struct import Struct

__all__ = ["ArgumentError", "DecodeError", "ProgramErrorInfo", "Reader", "WireError"]

_Enum = TypeVar("_Enum", bound=IntEnum)
_Item = TypeVar("_Item")

DISCRIMINATOR_LENGTH: Final = 8
KEY_LENGTH: Final = 32
_U32_MAX: Final = 2**32 - 1


class WireError(ValueError):
    """A value and its bytes do not go together."""


class ArgumentError(WireError):
    """A value cannot be written: wrong kind, out of range, or of the wrong length."""

    def __init__(self, name: str, value: object, allowed: str) -> None:
        """Names the argument, what was given and what is allowed."""
        shown = repr(value)
        super().__init__(f"{name}: {shown[:77] + '...' if len(shown) > 80 else shown} is not {allowed}")
        self.name = name
        self.value = value
        self.allowed = allowed


class DecodeError(WireError):
    """Bytes are not what they were taken for; `type_name` is what they were taken for."""

    def __init__(self, type_name: str, problem: str) -> None:
        """Names the type and the problem."""
        super().__init__(f"{type_name}: {problem}")
        self.type_name = type_name
        self.problem = problem


@dataclass(frozen=True, slots=True)
class ProgramErrorInfo:
    """One error of a program.

    Attributes:
        code: custom program error code, as transactions report it.
        name: name in the program's source.
        message: sentence for a user.
    """

    code: int
    name: str
    message: str


# Encoders: each returns the bytes of one value.


def encode_integer(value: int, name: str, bits: int, *, signed: bool) -> bytes:
    """The little-endian bytes of an integer of 8, 16, 32, 64 or 128 bits.

    Raises:
        ArgumentError: not an integer, or out of the type's range.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        try:
            return value.to_bytes(bits // 8, "little", signed=signed)
        except OverflowError:
            pass
    low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
    raise ArgumentError(name, value, f"an integer from {low:,} to {high:,}")


def encode_bool(value: bool, name: str) -> bytes:  # noqa: FBT001 - the value is the datum
    """One byte, 0 or 1.

    Raises:
        ArgumentError: not a bool.
    """
    if not isinstance(value, bool):
        raise ArgumentError(name, value, "True or False")
    return b"\x01" if value else b"\x00"


def encode_pubkey(value: Pubkey, name: str) -> bytes:
    """The 32 bytes of a key.

    Raises:
        ArgumentError: not a `Pubkey`.
    """
    if not isinstance(value, Pubkey):
        raise ArgumentError(name, value, "a Pubkey")
    return bytes(value)


def encode_enum(value: IntEnum, name: str, enum: type[IntEnum]) -> bytes:
    """The one-byte tag of a member of `enum`.

    Raises:
        ArgumentError: not a member.
    """
    try:
        return bytes((enum(value),))
    except ValueError:
        members = ", ".join(f"{member.name} ({member.value})" for member in enum)
        raise ArgumentError(name, value, f"a {enum.__name__}: {members}") from None


def encode_fixed_bytes(value: bytes, name: str, length: int) -> bytes:
    """Exactly `length` bytes.

    Raises:
        ArgumentError: not bytes, or of another length.
    """
    if not isinstance(value, bytes | bytearray | memoryview) or len(value) != length:
        raise ArgumentError(name, value, f"{length} bytes")
    return bytes(value)


def encode_bytes(value: bytes, name: str) -> bytes:
    """Bytes behind their u32 length.

    Raises:
        ArgumentError: not bytes, or longer than a u32 counts.
    """
    if not isinstance(value, bytes | bytearray | memoryview) or len(value) > _U32_MAX:
        raise ArgumentError(name, value, "bytes")
    return len(value).to_bytes(4, "little") + bytes(value)


def encode_string(value: str, name: str) -> bytes:
    """UTF-8 behind its u32 length in bytes.

    Raises:
        ArgumentError: not a string, or not encodable.
    """
    if not isinstance(value, str):
        raise ArgumentError(name, value, "a string")
    try:
        return encode_bytes(value.encode(), name)
    except UnicodeEncodeError:
        raise ArgumentError(name, value, "a string of whole Unicode characters") from None


def encode_option(value: _Item | None, name: str, encode: Callable[[_Item, str], bytes]) -> bytes:
    """0 for None, otherwise 1 and the value.

    Raises:
        ArgumentError: the value has no place on the wire.
    """
    return b"\x00" if value is None else b"\x01" + encode(value, name)


def encode_array(
    value: Sequence[_Item], name: str, encode: Callable[[_Item, str], bytes], length: int
) -> bytes:
    """Exactly `length` items, one after another.

    Raises:
        ArgumentError: not a sequence of that length, or an item has no place on the wire.
    """
    if isinstance(value, str) or not hasattr(value, "__len__") or len(value) != length:
        raise ArgumentError(name, value, f"a sequence of {length} items")
    return b"".join([encode(item, f"{name}[{index}]") for index, item in enumerate(value)])


def encode_vec(value: Sequence[_Item], name: str, encode: Callable[[_Item, str], bytes]) -> bytes:
    """A u32 count and the items.

    Raises:
        ArgumentError: not a sequence, or an item has no place on the wire.
    """
    if isinstance(value, str) or not hasattr(value, "__len__") or len(value) > _U32_MAX:
        raise ArgumentError(name, value, "a sequence")
    return len(value).to_bytes(4, "little") + encode_array(value, name, encode, len(value))


def encode_u8(value: int, name: str) -> bytes:
    """0 to 2^8 - 1."""
    return encode_integer(value, name, 8, signed=False)


def encode_u16(value: int, name: str) -> bytes:
    """0 to 2^16 - 1."""
    return encode_integer(value, name, 16, signed=False)


def encode_u32(value: int, name: str) -> bytes:
    """0 to 2^32 - 1."""
    return encode_integer(value, name, 32, signed=False)


def encode_u64(value: int, name: str) -> bytes:
    """0 to 2^64 - 1."""
    return encode_integer(value, name, 64, signed=False)


def encode_u128(value: int, name: str) -> bytes:
    """0 to 2^128 - 1."""
    return encode_integer(value, name, 128, signed=False)


def encode_i8(value: int, name: str) -> bytes:
    """-2^7 to 2^7 - 1."""
    return encode_integer(value, name, 8, signed=True)


def encode_i16(value: int, name: str) -> bytes:
    """-2^15 to 2^15 - 1."""
    return encode_integer(value, name, 16, signed=True)


def encode_i32(value: int, name: str) -> bytes:
    """-2^31 to 2^31 - 1."""
    return encode_integer(value, name, 32, signed=True)


def encode_i64(value: int, name: str) -> bytes:
    """-2^63 to 2^63 - 1."""
    return encode_integer(value, name, 64, signed=True)


def encode_i128(value: int, name: str) -> bytes:
    """-2^127 to 2^127 - 1."""
    return encode_integer(value, name, 128, signed=True)


# Decoders. Fixed layouts are unpacked by one Struct; everything else is read in order.


def u128(value: bytes) -> int:
    """The unsigned integer of 16 little-endian bytes."""
    return int.from_bytes(value, "little")


def i128(value: bytes) -> int:
    """The signed integer of 16 little-endian bytes."""
    return int.from_bytes(value, "little", signed=True)


def member(enum: type[_Enum], value: int) -> _Enum:
    """The member of `enum` with this tag.

    Raises:
        DecodeError: no member has it.
    """
    try:
        return enum(value)
    except ValueError:
        raise DecodeError(enum.__name__, f"no member has the tag {value}") from None


def unpack(layout: Struct, data: bytes, type_name: str, discriminator: bytes = b"") -> tuple[Any, ...]:
    """The values of a fixed layout behind its discriminator; bytes after it are left alone.

    Raises:
        DecodeError: another discriminator, or too short.
    """
    start = len(discriminator)
    if data[:start] != discriminator:
        raise DecodeError(
            type_name, f"discriminator is {bytes(data[:start]).hex()}, not {discriminator.hex()}"
        )
    if len(data) < start + layout.size:
        raise DecodeError(type_name, f"{len(data)} bytes, at least {start + layout.size} expected")
    return layout.unpack_from(data, start)


def body(data: bytes, type_name: str, discriminator: bytes = b"") -> Reader:
    """A reader over what follows the discriminator.

    Raises:
        DecodeError: another discriminator.
    """
    start = len(discriminator)
    if data[:start] != discriminator:
        raise DecodeError(
            type_name, f"discriminator is {bytes(data[:start]).hex()}, not {discriminator.hex()}"
        )
    return Reader(data, start, type_name)


class Reader:
    """Reads values one after another from bytes.

    Every method raises `DecodeError` when the bytes end early or hold no value of the type.
    """

    __slots__ = ("_data", "_offset", "_type_name")

    def __init__(self, data: bytes, offset: int, type_name: str) -> None:
        """Starts at `offset`; `type_name` goes into errors."""
        self._data = data
        self._offset = offset
        self._type_name = type_name

    def take(self, length: int) -> bytes:
        """The next `length` bytes."""
        end = self._offset + length
        if end > len(self._data):
            raise DecodeError(self._type_name, f"{len(self._data)} bytes, at least {end} expected")
        taken = bytes(self._data[self._offset : end])
        self._offset = end
        return taken

    def unpack(self, layout: Struct) -> tuple[Any, ...]:
        """The values of a fixed layout."""
        return layout.unpack(self.take(layout.size))

    def u8(self) -> int:
        """An unsigned byte."""
        return self.take(1)[0]

    def u16(self) -> int:
        """An unsigned integer of 16 bits."""
        return int.from_bytes(self.take(2), "little")

    def u32(self) -> int:
        """An unsigned integer of 32 bits."""
        return int.from_bytes(self.take(4), "little")

    def u64(self) -> int:
        """An unsigned integer of 64 bits."""
        return int.from_bytes(self.take(8), "little")

    def u128(self) -> int:
        """An unsigned integer of 128 bits."""
        return int.from_bytes(self.take(16), "little")

    def i8(self) -> int:
        """A signed byte."""
        return int.from_bytes(self.take(1), "little", signed=True)

    def i16(self) -> int:
        """A signed integer of 16 bits."""
        return int.from_bytes(self.take(2), "little", signed=True)

    def i32(self) -> int:
        """A signed integer of 32 bits."""
        return int.from_bytes(self.take(4), "little", signed=True)

    def i64(self) -> int:
        """A signed integer of 64 bits."""
        return int.from_bytes(self.take(8), "little", signed=True)

    def i128(self) -> int:
        """A signed integer of 128 bits."""
        return int.from_bytes(self.take(16), "little", signed=True)

    def boolean(self) -> bool:
        """0 or 1."""
        value = self.u8()
        if value > 1:
            raise DecodeError(self._type_name, f"{value} is no bool")
        return value == 1

    def pubkey(self) -> Pubkey:
        """A key of 32 bytes."""
        return Pubkey.from_bytes(self.take(KEY_LENGTH))

    def sized_bytes(self) -> bytes:
        """Bytes behind their u32 length."""
        return self.take(self.u32())

    def string(self) -> str:
        """UTF-8 behind its u32 length."""
        try:
            return self.sized_bytes().decode()
        except UnicodeDecodeError as error:
            raise DecodeError(self._type_name, f"a string is not UTF-8: {error.reason}") from None

    def enum(self, enum: type[_Enum]) -> _Enum:
        """A member of `enum` by its one-byte tag."""
        return member(enum, self.u8())

    def option(self, read: Callable[[], _Item]) -> _Item | None:
        """None behind a 0, a value behind a 1."""
        return read() if self.boolean() else None

    def array(self, read: Callable[[], _Item], length: int) -> tuple[_Item, ...]:
        """`length` values."""
        return tuple([read() for _ in range(length)])

    def vec(self, read: Callable[[], _Item]) -> tuple[_Item, ...]:
        """Values behind their u32 count."""
        count = self.u32()
        if count > len(self._data) - self._offset:  # every value takes at least one byte
            raise DecodeError(self._type_name, f"{count} items in {len(self._data) - self._offset} bytes")
        return self.array(read, count)
