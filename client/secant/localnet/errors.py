"""JSON-RPC errors with Solana's codes, and the wire form and wording of transaction errors."""

from __future__ import annotations

import re
from typing import Any, Final

from solders.transaction_status import (
    InstructionErrorCustom,
    InstructionErrorType,
    TransactionErrorDuplicateInstruction,
    TransactionErrorFieldless,
    TransactionErrorInstructionError,
    TransactionErrorType,
)

PARSE_ERROR: Final = -32700
INVALID_REQUEST: Final = -32600
METHOD_NOT_FOUND: Final = -32601
INVALID_PARAMS: Final = -32602
INTERNAL_ERROR: Final = -32603
BLOCK_CLEANED_UP: Final = -32001
SEND_TRANSACTION_PREFLIGHT_FAILURE: Final = -32002
TRANSACTION_SIGNATURE_VERIFICATION_FAILURE: Final = -32003
BLOCK_NOT_AVAILABLE: Final = -32004
NODE_UNHEALTHY: Final = -32005
SLOT_SKIPPED: Final = -32007
LONG_TERM_STORAGE_SLOT_SKIPPED: Final = -32009
UNSUPPORTED_TRANSACTION_VERSION: Final = -32015
MIN_CONTEXT_SLOT_NOT_REACHED: Final = -32016


class LocalnetError(Exception):
    """Something the localnet was asked in process, outside JSON-RPC, that it cannot do."""


class RpcError(Exception):
    """A request answered with a JSON-RPC error object.

    Attributes:
        code: JSON-RPC or Solana code (module constants).
        message: What was wrong and what is allowed.
        data: JSON value of the error's ``data`` member, or None for an error without one.
    """

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data

    def to_json(self) -> dict[str, Any]:
        """Return the error object of a JSON-RPC response."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.data is not None:
            error["data"] = self.data
        return error


def invalid_params(message: str) -> RpcError:
    """Return a -32602 error; the message says what is wrong and what is allowed."""
    return RpcError(INVALID_PARAMS, f"Invalid params: {message}")


_MESSAGES: Final = {
    "AccountNotFound": "Attempt to debit an account but found no record of a prior credit.",
    "AlreadyProcessed": "This transaction has already been processed",
    "BlockhashNotFound": "Blockhash not found",
    "InsufficientFundsForFee": "Insufficient funds for fee",
    "InvalidAccountForFee": "This account may not be used to pay transaction fees",
    "InvalidProgramForExecution": "Attempt to load a program that does not exist",
    "SanitizeFailure": "Transaction failed to sanitize accounts offsets correctly",
    "SignatureFailure": "Transaction did not pass signature verification",
}


def _name(fieldless: object) -> str:
    return str(fieldless).rpartition(".")[2]


def _words(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).lower()


def instruction_error_json(err: InstructionErrorType) -> str | dict[str, Any]:
    """Return the wire form of an instruction error: ``{"Custom": 1}``, ``"InvalidArgument"``, and so on."""
    if isinstance(err, InstructionErrorCustom):
        return {"Custom": err.code}
    return _name(err)


def transaction_error_json(err: TransactionErrorType | None) -> str | dict[str, Any] | None:
    """Return the wire form of a transaction error, as a cluster puts it into ``err``; None stays None."""
    if err is None:
        return None
    if isinstance(err, TransactionErrorFieldless):
        return _name(err)
    if isinstance(err, TransactionErrorInstructionError):
        return {"InstructionError": [err.index, instruction_error_json(err.err)]}
    if isinstance(err, TransactionErrorDuplicateInstruction):
        return {"DuplicateInstruction": err.index}
    return {type(err).__name__.removeprefix("TransactionError"): {"account_index": err.account_index}}


def transaction_error_message(err: TransactionErrorType) -> str:
    """Return the sentence a validator writes for a transaction error."""
    if isinstance(err, TransactionErrorInstructionError):
        cause = err.err
        if isinstance(cause, InstructionErrorCustom):
            text = f"custom program error: {cause.code:#x}"
        else:
            text = _words(str(instruction_error_json(cause)))
        return f"Error processing Instruction {err.index}: {text}"
    if isinstance(err, TransactionErrorFieldless):
        name = _name(err)
        return _MESSAGES.get(name, _words(name))
    if isinstance(err, TransactionErrorDuplicateInstruction):
        return f"Transaction contains a duplicate instruction ({err.index}) that is not allowed"
    if type(err).__name__.endswith("InsufficientFundsForRent"):
        return f"Transaction results in an account ({err.account_index}) with insufficient funds for rent"
    return f"Execution of the program referenced by account at index {err.account_index} is restricted"
