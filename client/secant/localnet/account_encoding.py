"""Accounts on the wire: encodings, data slices and the filters of program scans."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import zstandard
from solders.pubkey import Pubkey

from . import base58
from .errors import INVALID_REQUEST, RpcError, invalid_params
from .params import (
    Config,
    read_array,
    read_base64,
    read_choice,
    read_integer,
    read_object,
    read_text,
)
from .token_accounts import (
    TOKEN_PROGRAMS,
    mint_json,
    parse_mint,
    parse_token_account,
    token_account_json,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from solders.account import Account

ENCODINGS: Final = ("binary", "base58", "base64", "base64+zstd", "jsonParsed")
BASE58_BYTES_MAX: Final = 128
MEMCMP_BYTES_MAX: Final = 128
FILTERS_MAX: Final = 4
UPGRADEABLE_LOADER_ID: Final = Pubkey.from_string("BPFLoaderUpgradeab1e11111111111111111111111")


@dataclass(frozen=True, slots=True)
class AccountEncoding:
    """How a request wants account data.

    Attributes:
        name: One of ENCODINGS; ``binary`` is the bare base58 string of old clients.
        data_slice: (offset, length) in bytes, or None for all of it; jsonParsed of a known type ignores it.
    """

    name: str
    data_slice: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Memcmp:
    """Keeps accounts whose data holds the pattern at the offset (bytes)."""

    offset: int
    pattern: bytes

    def matches(self, data: bytes) -> bool:
        """Tell whether the pattern stands there in full."""
        return data[self.offset : self.offset + len(self.pattern)] == self.pattern


@dataclass(frozen=True, slots=True)
class DataSize:
    """Keeps accounts of exactly this many bytes."""

    size: int

    def matches(self, data: bytes) -> bool:
        """Tell whether the data has this size."""
        return len(data) == self.size


@dataclass(frozen=True, slots=True)
class TokenAccountState:
    """Keeps initialized token accounts."""

    def matches(self, data: bytes) -> bool:
        """Tell whether the data is a token account."""
        return parse_token_account(data) is not None


AccountFilter = Memcmp | DataSize | TokenAccountState


def read_encoding(config: Config, default: str = "binary") -> AccountEncoding:
    """Read ``encoding`` and ``dataSlice`` of a request's configuration."""
    name = config.choice("encoding", ENCODINGS, default)
    section = config.section("dataSlice")
    if section is None:
        return AccountEncoding(name)
    offset, length = section.integer("offset"), section.integer("length")
    if offset is None or length is None:
        raise invalid_params("config.dataSlice must have offset and length, both integers of bytes")
    return AccountEncoding(name, (offset, length))


def _read_memcmp(value: object) -> Memcmp:
    section = read_object(value, "memcmp")
    offset = read_integer(section.get("offset"), "memcmp.offset")
    raw = section.get("bytes")
    if isinstance(raw, list):
        read_array(raw, "memcmp.bytes", MEMCMP_BYTES_MAX)
        return Memcmp(offset, bytes(read_integer(byte, "memcmp.bytes", 0, 255) for byte in raw))
    text = read_text(raw, "memcmp.bytes")
    encoding = section.get("encoding")
    name = "base58" if encoding is None else read_choice(encoding, "memcmp.encoding", ("base58", "base64"))
    # 175 base58 characters and 172 of base64 are what 128 bytes can take.
    if len(text) > 175:
        raise invalid_params(f"memcmp.bytes must encode at most {MEMCMP_BYTES_MAX} bytes")
    if name == "base64":
        pattern = read_base64(text, "memcmp.bytes")
    else:
        try:
            pattern = base58.decode(text)
        except ValueError as error:
            raise invalid_params(f"memcmp.bytes: {error}") from error
    if len(pattern) > MEMCMP_BYTES_MAX:
        raise invalid_params(f"memcmp.bytes must encode at most {MEMCMP_BYTES_MAX} bytes, got {len(pattern)}")
    return Memcmp(offset, pattern)


def read_filters(value: object) -> tuple[AccountFilter, ...]:
    """Read the ``filters`` of a program scan: memcmp, dataSize, tokenAccountState, at most four."""
    if value is None:
        return ()
    filters: list[AccountFilter] = []
    for entry in read_array(value, "filters", FILTERS_MAX):
        if entry == "tokenAccountState":
            filters.append(TokenAccountState())
            continue
        members = read_object(entry, "filter")
        if set(members) == {"dataSize"}:
            filters.append(DataSize(read_integer(members["dataSize"], "dataSize")))
        elif set(members) == {"memcmp"}:
            filters.append(_read_memcmp(members["memcmp"]))
        elif set(members) == {"tokenAccountState"}:
            filters.append(TokenAccountState())
        else:
            raise invalid_params("a filter must be one of memcmp, dataSize, tokenAccountState")
    return tuple(filters)


def _parsed_data(
    account: Account, data: bytes, mint_decimals: Callable[[Pubkey], int | None]
) -> dict[str, Any] | None:
    program = TOKEN_PROGRAMS.get(account.owner)
    if program is not None:
        mint = parse_mint(data)
        if mint is not None:
            return {"parsed": mint_json(mint), "program": program, "space": len(data)}
        token = parse_token_account(data)
        decimals = None if token is None else mint_decimals(token.mint)
        if token is not None and decimals is not None:
            return {"parsed": token_account_json(token, decimals), "program": program, "space": len(data)}
    if account.owner == UPGRADEABLE_LOADER_ID and len(data) == 36 and data[:4] == b"\x02\0\0\0":
        info = {"programData": str(Pubkey.from_bytes(data[4:36]))}
        parsed = {"info": info, "type": "program"}
        return {"parsed": parsed, "program": "bpf-upgradeable-loader", "space": len(data)}
    return None


def _encode_data(data: bytes, name: str) -> Any:
    if name in {"binary", "base58"}:
        if len(data) > BASE58_BYTES_MAX:
            raise RpcError(
                INVALID_REQUEST,
                f"Encoded binary (base 58) data should be less than {BASE58_BYTES_MAX} bytes, "
                "please use Base64 encoding.",
            )
        text = base58.encode(data)
        return text if name == "binary" else [text, name]
    if name == "base64+zstd":
        return [base64.b64encode(zstandard.compress(data)).decode(), name]
    return [base64.b64encode(data).decode(), "base64"]


def account_json(
    account: Account, encoding: AccountEncoding, mint_decimals: Callable[[Pubkey], int | None]
) -> dict[str, Any]:
    """Return the wire form of an account.

    Args:
        account: The account.
        encoding: How its data is wanted; jsonParsed falls back to base64 for types it does not know.
        mint_decimals: Gives the decimals of a mint, or None when there is no such mint.

    Raises:
        RpcError: base58 was asked for more than 128 bytes (-32600).
    """
    data = account.data
    wire = _parsed_data(account, data, mint_decimals) if encoding.name == "jsonParsed" else None
    if wire is None:
        sliced = data
        if encoding.data_slice is not None:
            offset, length = encoding.data_slice
            sliced = data[offset : offset + length]
        wire = _encode_data(sliced, encoding.name)
    return {
        "data": wire,
        "executable": account.executable,
        "lamports": account.lamports,
        "owner": str(account.owner),
        "rentEpoch": account.rent_epoch,
        "space": len(data),
    }
