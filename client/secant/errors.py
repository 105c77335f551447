"""What can go wrong, one type each. Every message says what was wrong; `remedy` says what to do about it.

SecantError
├── UnitError (ValueError)        a number that is no amount, size or price
├── InputError (ValueError)       another argument that has no meaning here
├── WalletError                   the key pair file is missing, malformed or in the way
├── RpcUnreachable                nobody answers at the URL, or nobody who speaks JSON-RPC
├── RpcRefused                    the node answered with an error of its own, or its server limits or bars us
├── WrongCluster                  the programs are not at this URL
├── AccountNotFound               an account is missing, or is something else
├── ExchangeAmbiguous             several exchanges, events, pools or feeds fit, and none was named
├── ClientOutdated                the programs store or log what this client does not know
├── TransactionFailed             refused, by the simulation (no signature) or on chain (signature)
│   ├── ProgramError              by one of the two programs, for a reason of its own
│   ├── FrameworkError            by the runtime, an account check or a token program
│   └── TransactionRefused        before it ran: fee, blockhash, size
├── TransactionExpired            never landed, and never will: sending anew is safe
├── TransactionUnconfirmed        may still land: look before sending anew
├── ResultUnavailable             landed, but its log cannot be read
└── HistoryMissing                the node has forgotten transactions that were asked for
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from solders.pubkey import Pubkey
from solders.transaction_status import (
    InstructionErrorCustom,
    TransactionErrorFieldless,
    TransactionErrorInstructionError,
)

from . import _error_texts, exchange, oracle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from solders.signature import Signature
    from solders.transaction_status import InstructionErrorType, TransactionErrorType

    from .client.fills import Fill
    from .client.perp_fills import PerpFill

__all__ = [
    "AccountNotFound",
    "ClientOutdated",
    "ExchangeAmbiguous",
    "FrameworkError",
    "HistoryMissing",
    "InputError",
    "ProgramError",
    "ResultUnavailable",
    "RpcRefused",
    "RpcUnreachable",
    "SecantError",
    "TransactionExpired",
    "TransactionFailed",
    "TransactionRefused",
    "TransactionUnconfirmed",
    "UnitError",
    "WalletError",
    "WrongCluster",
    "transaction_error",
]


class SecantError(Exception):
    """Anything that this package refuses or fails at.

    Args:
        message: What was wrong.
        remedy: What to do about it; empty where the message says it.

    Attributes:
        message: As given.
        remedy: As given.
    """

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} — {self.remedy}" if self.remedy else self.message


class UnitError(SecantError, ValueError):
    """A number that is no amount, size or price: a float, NaN, too many decimals, or out of range.

    Attributes:
        name: Which argument.
        value: What was given.
        allowed: What is allowed.
    """

    def __init__(self, name: str, value: object, allowed: str) -> None:
        shown = str(value) if len(str(value)) <= 40 else f"{str(value)[:37]}..."
        super().__init__(f"{name} {shown!r} is not {allowed}")
        self.name = name
        self.value = value
        self.allowed = allowed


class InputError(SecantError, ValueError):
    """An argument that has no meaning here: an unknown outcome, a title too long, times out of order."""


class WalletError(SecantError):
    """The key pair file is missing, malformed, or already there."""


class RpcUnreachable(SecantError):  # noqa: N818 - says what is so
    """Nobody answers at the URL, or what answers does not speak JSON-RPC.

    Attributes:
        url: The URL.
    """

    def __init__(self, url: str, reason: str) -> None:
        remedy = "check the URL; `secant localnet` starts a network on this machine"
        super().__init__(f"no Solana RPC at {url}: {reason}", remedy)
        self.url = url


class RpcRefused(SecantError):  # noqa: N818 - says what is so
    """The node answered with an error of its own, or its server limits the rate of requests or bars them."""


class WrongCluster(SecantError):  # noqa: N818 - says what is so
    """The programs are not at this URL.

    Attributes:
        url: The URL.
        program: The program's name.
        found: What is at its address.
    """

    def __init__(self, url: str, program: str, address: Pubkey, found: str) -> None:
        super().__init__(
            f"the {program} program is not at {url}: {address} is {found}",
            "use the URL of a network that has it, or start one with `secant localnet`",
        )
        self.url = url
        self.program = program
        self.found = found


class AccountNotFound(SecantError):  # noqa: N818 - says what is so
    """An account is missing, or is another kind of account.

    Attributes:
        kind: What was looked for.
        address: Where; None when it was looked for by other means.
    """

    def __init__(self, kind: str, address: Pubkey | None, problem: str, remedy: str) -> None:
        super().__init__(f"no {kind}{f' at {address}' if address else ''}: {problem}", remedy)
        self.kind = kind
        self.address = address


class ExchangeAmbiguous(SecantError):  # noqa: N818 - says what is so
    """Several exchanges, events, pools or feeds fit, and none was named.

    Attributes:
        kind: Of what there are several.
        addresses: Those that fit.
    """

    def __init__(self, kind: str, addresses: Sequence[Pubkey], remedy: str) -> None:
        listed = ", ".join(str(address) for address in addresses)
        super().__init__(f"{len(addresses)} {kind} fit: {listed}", remedy)
        self.kind = kind
        self.addresses = tuple(addresses)


class ClientOutdated(SecantError):  # noqa: N818 - says what is so
    """The programs store or log something that this client does not know."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem, "update the client")


class TransactionFailed(SecantError):  # noqa: N818 - says what is so
    """A transaction was refused: by the simulation before it was sent, or on chain.

    Attributes:
        name: Name of the error.
        program: Name or address of the program that refused; empty when none ran.
        code: Its custom error code; None for the runtime's own errors.
        instruction: Index of the instruction; None when none ran.
        logs: The log.
        signature: The transaction's, if it landed; None if it was never sent, and cost nothing.
    """

    def __init__(
        self,
        message: str,
        remedy: str = "",
        *,
        name: str = "",
        program: str = "",
        code: int | None = None,
        instruction: int | None = None,
        logs: Sequence[str] = (),
        signature: Signature | None = None,
    ) -> None:
        super().__init__(message, remedy)
        self.name = name
        self.program = program
        self.code = code
        self.instruction = instruction
        self.logs = tuple(logs)
        self.signature = signature


class ProgramError(TransactionFailed):
    """One of the two programs refused, for a reason of its own; the message is the program's."""


class FrameworkError(TransactionFailed):
    """The runtime, an account check or a token program refused."""


class TransactionRefused(TransactionFailed):
    """The transaction was refused before any instruction ran."""


class TransactionExpired(SecantError):  # noqa: N818 - says what is so
    """The transaction never landed, and never will: its blockhash is too old. Sending anew is safe.

    Attributes:
        signature: The transaction's.
    """

    def __init__(self, signature: Signature) -> None:
        super().__init__(
            f"transaction {signature} never landed: its blockhash expired",
            "nothing was done; send it anew, with a priority fee if the network is busy",
        )
        self.signature = signature


class TransactionUnconfirmed(SecantError):  # noqa: N818 - says what is so
    """Whether the transaction landed is unknown: it may still. Look it up before sending anew.

    Attributes:
        signature: The transaction's.
    """

    def __init__(self, signature: Signature, reason: str) -> None:
        super().__init__(
            f"transaction {signature} may or may not have landed: {reason}",
            "look it up before sending anew, or it may be done twice",
        )
        self.signature = signature


class ResultUnavailable(SecantError):  # noqa: N818 - says what is so
    """The transaction landed and succeeded, but the node does not give out its log.

    Attributes:
        signature: The transaction's.
    """

    def __init__(self, signature: Signature, reason: str) -> None:
        super().__init__(
            f"transaction {signature} succeeded, but its result cannot be read: {reason}",
            "do not send it anew; look at the account",
        )
        self.signature = signature


class HistoryMissing(SecantError):  # noqa: N818 - says what is so
    """The node has forgotten transactions that were asked for, or does not have them yet.

    Attributes:
        signature: Where they are missing: at this transaction, or before it; None if at the newest.
        fills: The fills that were found after them, newest first.
    """

    def __init__(self, url: str, signature: Signature | None) -> None:
        where = "the newest transactions" if signature is None else f"transaction {signature}, or older ones,"
        super().__init__(
            f"the node at {url} does not remember {where} of this book",
            "ask for fewer fills, or use a node that keeps more of the past",
        )
        self.signature = signature
        self.fills: tuple[Fill | PerpFill, ...] = ()


_FAILED: Final = re.compile(r"^Program (\w+) failed: ")
_PROGRAM_NAMES: Final = {
    exchange.PROGRAM_ID: "exchange",
    oracle.PROGRAM_ID: "oracle",
    **{Pubkey.from_string(address): name for address, name in _error_texts.PROGRAM_NAMES.items()},
}
_ERRORS: Final = {exchange.PROGRAM_ID: exchange.ERRORS, oracle.PROGRAM_ID: oracle.ERRORS}


def transaction_error(
    err: TransactionErrorType,
    *,
    program_ids: Sequence[Pubkey],
    logs: Sequence[str] = (),
    signature: Signature | None = None,
) -> TransactionFailed:
    """The exception for a transaction error.

    Args:
        err: The error, as a simulation or a signature's status reports it.
        program_ids: The program of each instruction, in order.
        logs: The transaction's log. It tells which program failed when one called another.
        signature: The transaction's, if it landed.

    Returns:
        The exception, for the caller to raise.
    """
    if isinstance(err, TransactionErrorInstructionError):
        program_id = _failed_program(logs)
        if program_id is None and err.index < len(program_ids):
            program_id = program_ids[err.index]
        return _instruction_error(err.err, err.index, program_id, logs, signature)
    name = _name(err) if isinstance(err, TransactionErrorFieldless) else type(err).__name__
    name = name.removeprefix("TransactionError")
    message, remedy = _error_texts.TRANSACTION.get(name, (f"The transaction was refused: {_words(name)}", ""))
    return TransactionRefused(message, remedy, name=name, logs=logs, signature=signature)


def _instruction_error(
    cause: InstructionErrorType,
    index: int,
    program_id: Pubkey | None,
    logs: Sequence[str],
    signature: Signature | None,
) -> TransactionFailed:
    program = "unknown" if program_id is None else _PROGRAM_NAMES.get(program_id, str(program_id))
    kind: type[TransactionFailed] = FrameworkError
    code = None
    if isinstance(cause, InstructionErrorCustom):
        code = cause.code
        info = _ERRORS.get(program_id, {}).get(code) if program_id is not None else None
        if info is not None:
            kind, name, message = ProgramError, info.name, f"{info.message}"
            remedy = _error_texts.HINTS.get((program, name), "")
        else:
            table = _error_texts.CUSTOM.get(program, _error_texts.FRAMEWORK_CUSTOM)
            name, message, remedy = table.get(
                code, (f"Custom{code}", f"The {program} program refused with its error code {code}", "")
            )
    else:
        name = _name(cause)
        message, remedy = _error_texts.INSTRUCTION.get(
            name, (f"The {program} program failed: {_words(name)}", "")
        )
    return kind(
        message,
        remedy,
        name=name,
        program=program,
        code=code,
        instruction=index,
        logs=logs,
        signature=signature,
    )


def _failed_program(logs: Sequence[str]) -> Pubkey | None:
    # The innermost program fails first; the ones that called it fail after it.
    for line in logs:
        match = _FAILED.match(line)
        if match:
            return Pubkey.from_string(match[1])
    return None


def _name(fieldless: object) -> str:
    return str(fieldless).rpartition(".")[2].partition("(")[0]


def _words(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).lower()
