"""SPL token accounts and mints, read from their bytes.

Layouts of the token program (`state.rs` of its interface): an account is 165 bytes, a mint 82; Token-2022
extends both and writes the account type at byte 165. Extensions are not parsed.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from solders.pubkey import Pubkey
from solders.token import ID as TOKEN_PROGRAM_ID

TOKEN_2022_PROGRAM_ID: Final = Pubkey.from_string("TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb")
NATIVE_MINT: Final = Pubkey.from_string("So11111111111111111111111111111111111111112")
TOKEN_PROGRAMS: Final = {TOKEN_PROGRAM_ID: "spl-token", TOKEN_2022_PROGRAM_ID: "spl-token-2022"}

ACCOUNT_BYTES: Final = 165
MINT_BYTES: Final = 82
_MULTISIG_BYTES: Final = 355
_TYPE_MINT: Final = 1
_TYPE_ACCOUNT: Final = 2
_STATES: Final = {1: "initialized", 2: "frozen"}


@dataclass(frozen=True, slots=True)
class TokenAccount:
    """An initialized token account; amounts are in atoms of the mint."""

    mint: Pubkey
    owner: Pubkey
    amount_atoms: int
    delegate: Pubkey | None
    state: str
    native_reserve_lamports: int | None
    delegated_amount_atoms: int
    close_authority: Pubkey | None


@dataclass(frozen=True, slots=True)
class Mint:
    """An initialized mint."""

    mint_authority: Pubkey | None
    supply_atoms: int
    decimals: int
    freeze_authority: Pubkey | None


def _u64(data: bytes, offset: int) -> int:
    return int.from_bytes(data[offset : offset + 8], "little")


def _optional_pubkey(data: bytes, offset: int) -> Pubkey | None:
    if data[offset : offset + 4] == b"\0\0\0\0":
        return None
    return Pubkey.from_bytes(data[offset + 4 : offset + 36])


def _has_layout(data: bytes, base_bytes: int, account_type: int) -> bool:
    if len(data) == base_bytes:
        return True
    return len(data) > ACCOUNT_BYTES and len(data) != _MULTISIG_BYTES and data[ACCOUNT_BYTES] == account_type


def parse_token_account(data: bytes) -> TokenAccount | None:
    """Read a token account; None when the bytes are not an initialized one."""
    if not _has_layout(data, ACCOUNT_BYTES, _TYPE_ACCOUNT) or data[108] not in _STATES:
        return None
    return TokenAccount(
        mint=Pubkey.from_bytes(data[0:32]),
        owner=Pubkey.from_bytes(data[32:64]),
        amount_atoms=_u64(data, 64),
        delegate=_optional_pubkey(data, 72),
        state=_STATES[data[108]],
        native_reserve_lamports=_u64(data, 113) if data[109] else None,
        delegated_amount_atoms=_u64(data, 121),
        close_authority=_optional_pubkey(data, 129),
    )


def parse_mint(data: bytes) -> Mint | None:
    """Read a mint; None when the bytes are not an initialized one."""
    if not _has_layout(data, MINT_BYTES, _TYPE_MINT) or data[45] != 1:
        return None
    return Mint(
        mint_authority=_optional_pubkey(data, 0),
        supply_atoms=_u64(data, 36),
        decimals=data[44],
        freeze_authority=_optional_pubkey(data, 46),
    )


def native_mint_data() -> bytes:
    """Return the bytes of the mint of wrapped SOL: 9 decimals, no authorities."""
    return bytes(44) + bytes([9, 1]) + bytes(36)


def token_amount_json(amount_atoms: int, decimals: int) -> dict[str, Any]:
    """Return the wire's UiTokenAmount; ``uiAmount`` is a float only because the wire says so."""
    exact = Decimal(amount_atoms).scaleb(-decimals)
    text = f"{exact:f}"
    return {
        "amount": str(amount_atoms),
        "decimals": decimals,
        "uiAmount": float(exact),
        "uiAmountString": text.rstrip("0").rstrip(".") if "." in text else text,
    }


def _optional_text(key: Pubkey | None) -> str | None:
    return None if key is None else str(key)


def token_account_json(account: TokenAccount, decimals: int) -> dict[str, Any]:
    """Return the ``parsed`` member of a jsonParsed token account."""
    info: dict[str, Any] = {
        "isNative": account.native_reserve_lamports is not None,
        "mint": str(account.mint),
        "owner": str(account.owner),
        "state": account.state,
        "tokenAmount": token_amount_json(account.amount_atoms, decimals),
    }
    if account.delegate is not None:
        info["delegate"] = str(account.delegate)
        info["delegatedAmount"] = token_amount_json(account.delegated_amount_atoms, decimals)
    if account.native_reserve_lamports is not None:
        info["rentExemptReserve"] = token_amount_json(account.native_reserve_lamports, decimals)
    if account.close_authority is not None:
        info["closeAuthority"] = str(account.close_authority)
    return {"info": info, "type": "account"}


def mint_json(mint: Mint) -> dict[str, Any]:
    """Return the ``parsed`` member of a jsonParsed mint."""
    info = {
        "decimals": mint.decimals,
        "freezeAuthority": _optional_text(mint.freeze_authority),
        "isInitialized": True,
        "mintAuthority": _optional_text(mint.mint_authority),
        "supply": str(mint.supply_atoms),
    }
    return {"info": info, "type": "mint"}
