"""A ledger's accounts in a file: written whole and atomically, read back into a fresh ledger.

The file is one zstd frame with a checksum: a line of JSON (format, slot, the driven clock or null, how far a
running one is ahead, count of accounts), then for each account address, lamports u64, owner, executable u8,
rent epoch u64, data length u64, data; integers are little-endian. Transaction history is not kept.
"""

from __future__ import annotations

import os
import struct
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import orjson
import zstandard
from solders.account import Account
from solders.pubkey import Pubkey

from .errors import LocalnetError

if TYPE_CHECKING:
    from .ledger import Ledger

FORMAT: Final = "secant localnet ledger"
_ACCOUNT: Final = struct.Struct("<32sQ32sBQQ")


def _encode(ledger: Ledger) -> bytes:
    parts: list[bytes] = []
    count = 0
    for address in sorted(ledger.keys_touched(), key=bytes):
        account = ledger.account(address)
        if account is None:
            continue
        count += 1
        data = account.data
        parts.append(
            _ACCOUNT.pack(
                bytes(address),
                account.lamports,
                bytes(account.owner),
                account.executable,
                account.rent_epoch,
                len(data),
            )
        )
        parts.append(data)
    header = {
        "accounts": count,
        "format": FORMAT,
        "slot": ledger.slot,
        "unixTimestamp": ledger.unix_timestamp if ledger.is_clock_driven else None,
        "aheadS": ledger.ahead_s,
    }
    body = b"".join([orjson.dumps(header), b"\n", *parts])
    return zstandard.ZstdCompressor(write_checksum=True).compress(body)


def dump(ledger: Ledger, path: Path) -> None:
    """Write every account the ledger touched to a file, replacing it only when all is written.

    Raises:
        LocalnetError: The file cannot be written.
    """
    content = _encode(ledger)
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise LocalnetError(f"ledger file {path} cannot be written: {error.strerror}") from error


def _decode(body: bytes) -> tuple[int, int | None, int, list[tuple[Pubkey, Account]]]:
    line, _, rest = body.partition(b"\n")
    header = orjson.loads(line)
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise ValueError(f"it does not say {FORMAT!r}")
    # Files were written before clocks could run ahead.
    slot, moment, ahead_s = header["slot"], header["unixTimestamp"], header.get("aheadS", 0)
    if not isinstance(slot, int) or not isinstance(moment, int | None) or not isinstance(ahead_s, int):
        raise TypeError("its slot or clock is no integer")
    accounts: list[tuple[Pubkey, Account]] = []
    offset = 0
    for _ in range(header["accounts"]):
        address, lamports, owner, executable, rent_epoch, length = _ACCOUNT.unpack_from(rest, offset)
        offset += _ACCOUNT.size
        data = rest[offset : offset + length]
        if len(data) != length:
            raise ValueError("it ends within an account")
        offset += length
        account = Account(
            lamports, data, Pubkey.from_bytes(owner), executable=bool(executable), rent_epoch=rent_epoch
        )
        accounts.append((Pubkey.from_bytes(address), account))
    if offset != len(rest):
        raise ValueError(f"{len(rest) - offset} bytes follow the last account")
    return slot, moment, ahead_s, accounts


def forget(path: Path) -> None:
    """Delete a ledger file, if there is one. What is no ledger file is left alone.

    Raises:
        LocalnetError: The file is no ledger file, or cannot be deleted.
    """
    try:
        with path.open("rb") as file:
            if file.read(len(zstandard.FRAME_HEADER)) not in {b"", zstandard.FRAME_HEADER}:
                raise LocalnetError(f"{path} is no ledger file, and is not deleted")
        path.unlink()
    except FileNotFoundError:
        return
    except OSError as error:
        raise LocalnetError(f"ledger file {path} cannot be deleted: {error.strerror}") from error


def load(ledger: Ledger, path: Path) -> None:
    """Read a file of ``dump`` into a ledger and move it to the slot after the file's.

    Raises:
        LocalnetError: The file cannot be read, is not a ledger file, or is of a slot the ledger has passed.
    """
    try:
        body = zstandard.ZstdDecompressor().decompress(path.read_bytes())
        slot, moment, ahead_s, accounts = _decode(body)
    except OSError as error:
        raise LocalnetError(f"ledger file {path} cannot be read: {error.strerror}") from error
    except (zstandard.ZstdError, ValueError, TypeError, KeyError, struct.error) as error:
        raise LocalnetError(f"ledger file {path} cannot be read: it is none, or damaged ({error})") from error
    ledger.warp_to_slot(slot + 1)
    ledger.run_clock(ahead_s)
    if moment is not None:
        ledger.set_unix_timestamp(moment)
    # A program is loaded when its account is written, and needs the account with its code to be there
    # already.
    for address, account in sorted(accounts, key=lambda pair: pair[1].executable):
        ledger.set_account(address, account)
