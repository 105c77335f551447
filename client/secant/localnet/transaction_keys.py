"""Which accounts a transaction touches, address lookup tables resolved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from solders.message import MessageV0
from solders.pubkey import Pubkey

if TYPE_CHECKING:
    from collections.abc import Callable

    from solders.message import VersionedMessage

LOOKUP_TABLE_PROGRAM_ID: Final = Pubkey.from_string("AddressLookupTab1e1111111111111111111111111")
LOOKUP_TABLE_HEADER_BYTES: Final = 56


@dataclass(frozen=True, slots=True)
class TransactionKeys:
    """All keys of a transaction in the order its instructions index them.

    Attributes:
        keys: Static keys, then looked-up writable, then looked-up readonly ones.
        writable: Whether each key is locked for writing, by the message's own header.
        signer_count: How many of the first keys sign.
        static_count: How many of the first keys stand in the message itself.
        loaded_writable_count: How many of the keys are looked-up writable ones.
    """

    keys: tuple[Pubkey, ...]
    writable: tuple[bool, ...]
    signer_count: int
    static_count: int
    loaded_writable_count: int

    def writable_keys(self) -> list[Pubkey]:
        """Return the keys locked for writing."""
        return [key for key, writable in zip(self.keys, self.writable, strict=True) if writable]


def _looked_up(data: bytes | None, indexes: bytes) -> list[Pubkey]:
    if data is None:
        return []
    starts = [LOOKUP_TABLE_HEADER_BYTES + 32 * index for index in indexes]
    return [Pubkey.from_bytes(data[start : start + 32]) for start in starts if start + 32 <= len(data)]


def resolve_keys(message: VersionedMessage, table_data: Callable[[Pubkey], bytes | None]) -> TransactionKeys:
    """Resolve the keys of a message.

    Args:
        message: A sanitized message of any version.
        table_data: Gives the data of a lookup table account, None when there is no such account. Entries that
            do not exist are left out: such a transaction does not land.
    """
    static = message.account_keys
    header = message.header
    signers = header.num_required_signatures
    signed_writable = signers - header.num_readonly_signed_accounts
    unsigned_writable = len(static) - header.num_readonly_unsigned_accounts
    flags = [
        index < signed_writable if index < signers else index < unsigned_writable
        for index in range(len(static))
    ]
    loaded_writable: list[Pubkey] = []
    loaded_readonly: list[Pubkey] = []
    if isinstance(message, MessageV0):
        for lookup in message.address_table_lookups:
            data = table_data(lookup.account_key)
            loaded_writable += _looked_up(data, bytes(lookup.writable_indexes))
            loaded_readonly += _looked_up(data, bytes(lookup.readonly_indexes))
    return TransactionKeys(
        keys=(*static, *loaded_writable, *loaded_readonly),
        writable=(*flags, *[True] * len(loaded_writable), *[False] * len(loaded_readonly)),
        signer_count=signers,
        static_count=len(static),
        loaded_writable_count=len(loaded_writable),
    )
