"""The jsonParsed form of the commonest instructions; all others stay partially decoded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from solders.pubkey import Pubkey
from solders.system_program import ID as SYSTEM_PROGRAM_ID

from . import base58
from .token_accounts import TOKEN_PROGRAMS, token_amount_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from solders.instruction import CompiledInstruction

_MEMO_PROGRAMS: Final = {
    Pubkey.from_string("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr"),
    Pubkey.from_string("Memo1UhkJRfHyvLMcVucJwxXeuD728EqVDDwQDxFMNo"),
}
_SYSTEM_TRANSFER: Final = 2
_TOKEN_TRANSFER: Final = 3
_TOKEN_TRANSFER_CHECKED: Final = 12


def _parse_system(data: bytes, accounts: Sequence[str]) -> dict[str, Any] | None:
    if len(data) != 12 or int.from_bytes(data[:4], "little") != _SYSTEM_TRANSFER or len(accounts) < 2:
        return None
    lamports = int.from_bytes(data[4:12], "little")
    info = {"source": accounts[0], "destination": accounts[1], "lamports": lamports}
    return {"type": "transfer", "info": info}


def _parse_token(data: bytes, accounts: Sequence[str]) -> dict[str, Any] | None:
    if len(data) == 9 and data[0] == _TOKEN_TRANSFER and len(accounts) == 3:
        amount = str(int.from_bytes(data[1:9], "little"))
        source, destination, authority = accounts
        info = {"source": source, "destination": destination, "authority": authority, "amount": amount}
        return {"type": "transfer", "info": info}
    if len(data) == 10 and data[0] == _TOKEN_TRANSFER_CHECKED and len(accounts) == 4:
        source, mint, destination, authority = accounts
        checked = {
            "source": source,
            "mint": mint,
            "destination": destination,
            "authority": authority,
            "tokenAmount": token_amount_json(int.from_bytes(data[1:9], "little"), data[9]),
        }
        return {"type": "transferChecked", "info": checked}
    return None


def _parse_memo(data: bytes) -> str | None:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def parsed_instruction_json(
    instruction: CompiledInstruction, keys: Sequence[Pubkey], stack_height: int | None
) -> dict[str, Any]:
    """Return the jsonParsed form of an instruction whose indexes point into keys."""
    program_id = keys[instruction.program_id_index]
    accounts = [str(keys[index]) for index in instruction.accounts]
    wire: dict[str, Any] = {"programId": str(program_id), "stackHeight": stack_height}
    parsed: Any = None
    program = TOKEN_PROGRAMS.get(program_id)
    if program is not None:
        parsed = _parse_token(instruction.data, accounts)
    elif program_id == SYSTEM_PROGRAM_ID:
        program, parsed = "system", _parse_system(instruction.data, accounts)
    elif program_id in _MEMO_PROGRAMS:
        program, parsed = "spl-memo", _parse_memo(instruction.data)
    if parsed is not None:
        return wire | {"program": program, "parsed": parsed}
    return wire | {"accounts": accounts, "data": base58.encode(instruction.data)}
