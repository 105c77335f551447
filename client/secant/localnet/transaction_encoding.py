"""Transactions on the wire: decoding what is sent, encoding what landed."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Final

from solders.message import MessageV0, MessageV1
from solders.transaction import VersionedTransaction

from . import base58
from .errors import UNSUPPORTED_TRANSACTION_VERSION, RpcError, invalid_params, transaction_error_json
from .params import read_base64
from .parsed_instructions import parsed_instruction_json
from .token_accounts import token_amount_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from solders.instruction import CompiledInstruction
    from solders.message import VersionedMessage
    from solders.pubkey import Pubkey
    from solders.transaction_metadata import TransactionMetadata

    from .history import Record, TokenBalance

ENCODINGS: Final = ("binary", "base58", "base64", "json", "jsonParsed")
TRANSACTION_BYTES_MAX: Final = 4096
PACKET_BYTES_MAX: Final = 1232
_TEXT_MAX: Final = {"base58": 5600, "base64": 5464}


def _version(message: VersionedMessage) -> int | None:
    if isinstance(message, MessageV0):
        return 0
    return 1 if isinstance(message, MessageV1) else None


def read_wire_bytes(text: str, encoding: str, name: str) -> bytes:
    """Decode the base58 or base64 text of a transaction or message.

    Raises:
        RpcError: It is too large or not in the encoding (-32602).
    """
    if len(text) > _TEXT_MAX[encoding]:
        raise invalid_params(
            f"{encoding} encoded {name} too large: {len(text)} characters "
            f"(max: {_TEXT_MAX[encoding]}, {TRANSACTION_BYTES_MAX} bytes)"
        )
    if encoding == "base64":
        return read_base64(text, name)
    try:
        return base58.decode(text)
    except ValueError as error:
        raise invalid_params(f"{name}: {error}") from error


def read_transaction(text: str, encoding: str) -> VersionedTransaction:
    """Decode a sent transaction and check its shape.

    Raises:
        RpcError: It cannot be decoded, or its indexes do not fit its accounts (-32602).
    """
    data = read_wire_bytes(text, encoding, "transaction")
    try:
        transaction = VersionedTransaction.from_bytes(data)
    except ValueError as error:
        raise invalid_params(f"failed to deserialize the transaction: {error}") from error
    if len(data) > PACKET_BYTES_MAX and not isinstance(transaction.message, MessageV1):
        raise invalid_params(f"transaction too large: {len(data)} bytes (max: {PACKET_BYTES_MAX} bytes)")
    try:
        transaction.sanitize()
    except Exception as error:  # SanitizeError, which solders does not export
        raise invalid_params(f"invalid transaction: {error}") from error
    return transaction


def _instruction_json(instruction: CompiledInstruction, stack_height: int | None) -> dict[str, Any]:
    return {
        "accounts": list(instruction.accounts),
        "data": base58.encode(instruction.data),
        "programIdIndex": instruction.program_id_index,
        "stackHeight": stack_height,
    }


def inner_instructions_json(
    meta: TransactionMetadata, keys: Sequence[Pubkey], *, parsed: bool
) -> list[dict[str, Any]]:
    """Return the instructions programs called, grouped by the instruction that called them."""
    groups: list[dict[str, Any]] = []
    for index, group in enumerate(meta.inner_instructions()):
        instructions = [
            parsed_instruction_json(inner.instruction(), keys, inner.stack_height())
            if parsed
            else _instruction_json(inner.instruction(), inner.stack_height())
            for inner in group
        ]
        if instructions:
            groups.append({"index": index, "instructions": instructions})
    return groups


def return_data_json(meta: TransactionMetadata | None) -> dict[str, Any] | None:
    """Return the return data of a transaction, None when no program returned any."""
    if meta is None or not meta.return_data().data:
        return None
    returned = meta.return_data()
    return {
        "programId": str(returned.program_id),
        "data": [base64.b64encode(returned.data).decode(), "base64"],
    }


def _token_balance_json(balance: TokenBalance) -> dict[str, Any]:
    return {
        "accountIndex": balance.account_index,
        "mint": str(balance.mint),
        "owner": str(balance.owner),
        "programId": str(balance.program_id),
        "uiTokenAmount": token_amount_json(balance.amount_atoms, balance.decimals),
    }


def status_json(err: Any) -> dict[str, Any]:
    """Return the old ``status`` member for an error in wire form."""
    return {"Ok": None} if err is None else {"Err": err}


def meta_json(record: Record, encoding: str) -> dict[str, Any]:
    """Return the ``meta`` of a landed transaction."""
    outcome = record.outcome
    err = transaction_error_json(outcome.err)
    static_count = len(record.transaction.message.account_keys)
    loaded = record.account_keys[static_count:]
    writable_count = record.loaded_writable_count
    parsed = encoding == "jsonParsed"
    inner = (
        []
        if outcome.meta is None
        else inner_instructions_json(outcome.meta, record.account_keys, parsed=parsed)
    )
    meta: dict[str, Any] = {
        "computeUnitsConsumed": outcome.compute_units,
        "err": err,
        "fee": outcome.fee_lamports,
        "innerInstructions": inner,
        "logMessages": outcome.logs,
        "postBalances": list(record.post.lamports),
        "postTokenBalances": [_token_balance_json(balance) for balance in record.post.tokens],
        "preBalances": list(record.pre.lamports),
        "preTokenBalances": [_token_balance_json(balance) for balance in record.pre.tokens],
        "rewards": [],
        "status": status_json(err),
    }
    if not parsed:
        meta["loadedAddresses"] = {
            "writable": [str(key) for key in loaded[:writable_count]],
            "readonly": [str(key) for key in loaded[writable_count:]],
        }
    returned = return_data_json(outcome.meta)
    if returned is not None:
        meta["returnData"] = returned
    return meta


def _parsed_keys_json(record: Record) -> list[dict[str, Any]]:
    message = record.transaction.message
    static_count = len(message.account_keys)
    return [
        {
            "pubkey": str(key),
            "signer": index < message.header.num_required_signatures,
            "source": "transaction" if index < static_count else "lookupTable",
            "writable": record.writable[index],
        }
        for index, key in enumerate(record.account_keys)
    ]


def _message_json(record: Record, encoding: str) -> dict[str, Any]:
    message = record.transaction.message
    wire: dict[str, Any] = {"recentBlockhash": str(message.recent_blockhash)}
    if encoding == "jsonParsed":
        wire["accountKeys"] = _parsed_keys_json(record)
        wire["instructions"] = [
            parsed_instruction_json(instruction, record.account_keys, 1)
            for instruction in message.instructions
        ]
    else:
        wire["accountKeys"] = [str(key) for key in message.account_keys]
        wire["header"] = {
            "numRequiredSignatures": message.header.num_required_signatures,
            "numReadonlySignedAccounts": message.header.num_readonly_signed_accounts,
            "numReadonlyUnsignedAccounts": message.header.num_readonly_unsigned_accounts,
        }
        wire["instructions"] = [_instruction_json(instruction, 1) for instruction in message.instructions]
    if isinstance(message, MessageV0):
        wire["addressTableLookups"] = [
            {
                "accountKey": str(lookup.account_key),
                "writableIndexes": list(lookup.writable_indexes),
                "readonlyIndexes": list(lookup.readonly_indexes),
            }
            for lookup in message.address_table_lookups
        ]
    return wire


def _transaction_body(record: Record, encoding: str) -> Any:
    if encoding in {"binary", "base58"}:
        text = base58.encode(bytes(record.transaction))
        return text if encoding == "binary" else [text, encoding]
    if encoding == "base64":
        return [base64.b64encode(bytes(record.transaction)).decode(), encoding]
    signatures = [str(signature) for signature in record.transaction.signatures]
    return {"signatures": signatures, "message": _message_json(record, encoding)}


def transaction_json(record: Record, encoding: str, version_max: int | None) -> dict[str, Any]:
    """Return ``transaction``, ``meta`` and ``version`` of a landed transaction.

    Args:
        record: The transaction.
        encoding: One of ENCODINGS.
        version_max: The caller's maxSupportedTransactionVersion; None is a caller that knows legacy ones
            only, and gets no ``version`` member.

    Raises:
        RpcError: The transaction's version is above version_max (-32015).
    """
    version = _version(record.transaction.message)
    if version is not None and (version_max is None or version > version_max):
        raise RpcError(
            UNSUPPORTED_TRANSACTION_VERSION,
            f"Transaction version ({version}) is not supported by the requesting client. Please try the "
            "request again with the following configuration parameter: "
            f'"maxSupportedTransactionVersion": {version}',
        )
    wire: dict[str, Any] = {
        "meta": meta_json(record, encoding),
        "transaction": _transaction_body(record, encoding),
    }
    if version_max is not None:
        wire["version"] = "legacy" if version is None else version
    return wire
