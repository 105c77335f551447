from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import pytest
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction_status import (
    InstructionErrorCustom,
    InstructionErrorFieldless,
    TransactionErrorFieldless,
    TransactionErrorInstructionError,
    TransactionErrorInsufficientFundsForRent,
)

from secant import _error_texts, errors, exchange, oracle
from secant.errors import (
    FrameworkError,
    ProgramError,
    SecantError,
    TransactionFailed,
    TransactionRefused,
    transaction_error,
)

if TYPE_CHECKING:
    from types import ModuleType

TOKEN = Pubkey.from_string("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA")
SYSTEM = Pubkey.default()


def custom(code: int, *program_ids: Pubkey, logs: tuple[str, ...] = ()) -> TransactionFailed:
    err = TransactionErrorInstructionError(len(program_ids) - 1, InstructionErrorCustom(code))
    return transaction_error(err, program_ids=program_ids, logs=logs)


@pytest.mark.parametrize("program", [exchange, oracle])
def test_every_program_error(program: ModuleType) -> None:
    for code, info in program.ERRORS.items():
        error = custom(code, SYSTEM, program.PROGRAM_ID)
        assert isinstance(error, ProgramError)
        assert (error.code, error.name, error.message) == (code, info.name, info.message)
        assert error.program == program.__name__.removeprefix("secant.")
        assert error.instruction == 1


def test_hints_are_for_errors_that_exist() -> None:
    names = {
        (module.__name__.removeprefix("secant."), info.name)
        for module in (exchange, oracle)
        for info in module.ERRORS.values()
    }
    assert set(_error_texts.HINTS) <= names


@pytest.mark.parametrize(
    ("code", "program_id", "name", "program"),
    [
        (2000, exchange.PROGRAM_ID, "ConstraintMut", "exchange"),
        (2012, oracle.PROGRAM_ID, "ConstraintAddress", "oracle"),
        (2040, exchange.PROGRAM_ID, "ConstraintDuplicateMutableAccount", "exchange"),
        (1, TOKEN, "InsufficientFunds", "token"),
        (1, SYSTEM, "ResultWithNegativeLamports", "system"),
        (0, SYSTEM, "AccountAlreadyInUse", "system"),
        (9999, exchange.PROGRAM_ID, "Custom9999", "exchange"),
        (2012, TOKEN, "Custom2012", "token"),
    ],
)
def test_codes_belong_to_programs(code: int, program_id: Pubkey, name: str, program: str) -> None:
    error = custom(code, program_id)
    assert isinstance(error, FrameworkError)
    assert (error.name, error.program, error.code) == (name, program, code)


def test_innermost_program_failed() -> None:
    logs = (
        f"Program {exchange.PROGRAM_ID} invoke [1]",
        f"Program {TOKEN} invoke [2]",
        f"Program {TOKEN} failed: custom program error: 0x1",
        f"Program {exchange.PROGRAM_ID} failed: custom program error: 0x1",
    )
    error = custom(1, exchange.PROGRAM_ID, logs=logs)
    assert (error.program, error.name, error.logs) == ("token", "InsufficientFunds", logs)


def test_unknown_program_is_named_by_address() -> None:
    stranger = Pubkey.new_unique()
    assert custom(6000, stranger).program == str(stranger)
    err = TransactionErrorInstructionError(3, InstructionErrorCustom(1))
    assert transaction_error(err, program_ids=()).program == "unknown"


@pytest.mark.parametrize("name", sorted(_error_texts.INSTRUCTION))
def test_runtime_errors(name: str) -> None:
    cause = getattr(InstructionErrorFieldless, name)
    signature = Signature.new_unique()
    error = transaction_error(
        TransactionErrorInstructionError(0, cause), program_ids=[exchange.PROGRAM_ID], signature=signature
    )
    assert isinstance(error, FrameworkError)
    assert (error.name, error.code, error.signature) == (name, None, signature)
    assert error.remedy


def test_other_runtime_errors_have_words() -> None:
    err = TransactionErrorInstructionError(0, InstructionErrorFieldless.RentEpochModified)
    error = transaction_error(err, program_ids=[exchange.PROGRAM_ID])
    assert error.message == "The exchange program failed: rent epoch modified"


def test_transaction_errors() -> None:
    error = transaction_error(TransactionErrorFieldless.AccountNotFound, program_ids=())
    assert isinstance(error, TransactionRefused)
    assert error.message == "The wallet that pays the fee holds no SOL"
    assert "airdrop" in error.remedy
    rent = transaction_error(TransactionErrorInsufficientFundsForRent(1), program_ids=())
    assert rent.name == "InsufficientFundsForRent"
    other = transaction_error(TransactionErrorFieldless.TooManyAccountLocks, program_ids=())
    assert other.message == "The transaction was refused: too many account locks"


def test_tree_is_drawn_whole() -> None:
    drawn = inspect.getdoc(errors) or ""
    kinds = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, SecantError)]
    assert len(kinds) >= 16
    for kind in kinds:
        assert kind.__name__ in drawn


def test_message_and_remedy_in_one_line() -> None:
    assert str(SecantError("what", "do")) == "what — do"
    assert str(SecantError("what")) == "what"
