"""Typed reading of JSON-RPC parameters: every reader returns a checked value or raises -32602."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any, Final

from solders.hash import Hash
from solders.pubkey import Pubkey
from solders.signature import Signature

from . import base58
from .errors import invalid_params

if TYPE_CHECKING:
    from collections.abc import Sequence

U64_MAX: Final = 2**64 - 1
COMMITMENTS: Final = ("processed", "confirmed", "finalized")


def type_name(value: object) -> str:
    """Return the JSON name of a parsed value's type."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "a string"
    return "an array" if isinstance(value, list) else "an object"


def read_text(value: object, name: str) -> str:
    """Return a string."""
    if not isinstance(value, str):
        raise invalid_params(f"{name} must be a string, got {type_name(value)}")
    return value


def read_integer(value: object, name: str, low: int = 0, high: int = U64_MAX) -> int:
    """Return an integer of [low, high]."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise invalid_params(f"{name} must be an integer, got {type_name(value)}")
    if not low <= value <= high:
        raise invalid_params(f"{name} must be from {low} to {high}, got {value}")
    return value


def read_boolean(value: object, name: str) -> bool:
    """Return a boolean."""
    if not isinstance(value, bool):
        raise invalid_params(f"{name} must be a boolean, got {type_name(value)}")
    return value


def read_object(value: object, name: str) -> dict[str, Any]:
    """Return an object."""
    if not isinstance(value, dict):
        raise invalid_params(f"{name} must be an object, got {type_name(value)}")
    return value


def read_array(value: object, name: str, max_count: int) -> list[Any]:
    """Return an array of at most max_count entries."""
    if not isinstance(value, list):
        raise invalid_params(f"{name} must be an array, got {type_name(value)}")
    if len(value) > max_count:
        raise invalid_params(f"too many {name} provided: {len(value)}; max {max_count}")
    return value


def read_choice(value: object, name: str, allowed: Sequence[str]) -> str:
    """Return one of the allowed strings."""
    text = read_text(value, name)
    if text not in allowed:
        raise invalid_params(f"{name} must be one of {', '.join(allowed)}, got {text[:40]!r}")
    return text


def _read_base58_bytes(value: object, name: str, length: int, text_max: int) -> bytes:
    text = read_text(value, name)
    if len(text) > text_max:
        raise invalid_params(f"{name} must be at most {text_max} base58 characters, got {len(text)}")
    try:
        data = base58.decode(text)
    except ValueError as error:
        raise invalid_params(f"{name}: {error}") from error
    if len(data) != length:
        raise invalid_params(f"{name} must be {length} bytes in base58, got {len(data)}")
    return data


def read_pubkey(value: object, name: str) -> Pubkey:
    """Return an address: 32 bytes in base58."""
    return Pubkey.from_bytes(_read_base58_bytes(value, name, 32, 44))


def read_hash(value: object, name: str) -> Hash:
    """Return a hash: 32 bytes in base58."""
    return Hash.from_bytes(_read_base58_bytes(value, name, 32, 44))


def read_signature(value: object, name: str) -> Signature:
    """Return a signature: 64 bytes in base58."""
    return Signature.from_bytes(_read_base58_bytes(value, name, 64, 88))


def read_base64(value: object, name: str) -> bytes:
    """Return the bytes of a standard base64 string."""
    try:
        return base64.b64decode(read_text(value, name), validate=True)
    except (binascii.Error, ValueError) as error:
        raise invalid_params(f"{name} must be base64: {error}") from error


class Config:
    """The optional object of a request; members it does not know are ignored, as validators ignore them."""

    __slots__ = ("name", "values")

    def __init__(self, values: dict[str, Any], name: str = "config") -> None:
        self.values = values
        self.name = name

    def get(self, key: str) -> Any:
        """Return a member, or None when absent."""
        return self.values.get(key)

    def choice(self, key: str, allowed: Sequence[str], default: str) -> str:
        """Return one of the allowed strings, the default when absent."""
        value = self.values.get(key)
        return default if value is None else read_choice(value, f"{self.name}.{key}", allowed)

    def boolean(self, key: str) -> bool:
        """Return a boolean, false when absent."""
        value = self.values.get(key)
        return value is not None and read_boolean(value, f"{self.name}.{key}")

    def integer(self, key: str, low: int = 0, high: int = U64_MAX) -> int | None:
        """Return an integer of [low, high], None when absent."""
        value = self.values.get(key)
        return None if value is None else read_integer(value, f"{self.name}.{key}", low, high)

    def section(self, key: str) -> Config | None:
        """Return a nested object, None when absent."""
        value = self.values.get(key)
        path = f"{self.name}.{key}"
        return None if value is None else Config(read_object(value, path), path)

    def commitment(self) -> str:
        """Return the commitment level; all three mean the same here, so it is only checked."""
        return self.choice("commitment", COMMITMENTS, "finalized")


class Params:
    """The positional parameters of one request."""

    __slots__ = ("values",)

    def __init__(self, values: list[Any], count_min: int, count_max: int) -> None:
        if not count_min <= len(values) <= count_max:
            allowed = f"{count_min}" if count_min == count_max else f"from {count_min} to {count_max}"
            raise invalid_params(f"expected {allowed} parameters, got {len(values)}")
        self.values = values

    def get(self, index: int) -> Any:
        """Return a parameter, or None when absent."""
        return self.values[index] if index < len(self.values) else None

    def pubkey(self, index: int, name: str = "address") -> Pubkey:
        """Return an address."""
        return read_pubkey(self.get(index), name)

    def text(self, index: int, name: str) -> str:
        """Return a string."""
        return read_text(self.get(index), name)

    def integer(self, index: int, name: str, low: int = 0, high: int = U64_MAX) -> int:
        """Return an integer of [low, high]."""
        return read_integer(self.get(index), name, low, high)

    def array(self, index: int, name: str, max_count: int) -> list[Any]:
        """Return an array of at most max_count entries."""
        return read_array(self.get(index), name, max_count)

    def config(self, index: int) -> Config:
        """Return the configuration object with its commitment checked; empty when absent."""
        value = self.get(index)
        config = Config({} if value is None else read_object(value, "config"))
        config.commitment()
        return config
