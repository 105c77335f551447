"""Which refusals the test files of a folder expect, read from their tables, and what these lack."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING, Any

from .refusals import SHAPES, Refusal, Substitution, shape_named

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import ModuleType

    from solders.pubkey import Pubkey


def instructions_of(program: Pubkey) -> set[str]:
    """The names of a program's instructions."""
    return {shape.name for (owner, _), shape in SHAPES.items() if owner == program}


def modules(package: ModuleType) -> Iterator[tuple[str, Any]]:
    """The instruction each test file of a package is named for, and the file's module."""
    for found in pkgutil.iter_modules(package.__path__):
        if found.name.startswith("test_"):
            yield (
                found.name.removeprefix("test_"),
                importlib.import_module(f"{package.__name__}.{found.name}"),
            )


def expected_names(package: ModuleType) -> set[str]:
    """Every refusal that a package's tables expect."""
    names: set[str] = set()
    for _, module in modules(package):
        refused: Sequence[Refusal[Any]] = getattr(module, "REFUSED", ())
        substituted: Sequence[Substitution] = getattr(module, "SUBSTITUTED", ())
        names |= {refusal.name for refusal in refused} | {row.name for row in substituted}
    return names


def missing_substitutions(instruction: str, rows: Sequence[Substitution]) -> set[tuple[str, str]]:
    """The substitutions that an instruction's table owes by what the IDL says of its accounts.

    An address without an account for each account, no signature for each signer, no right to write for each
    writable account, and each account in place of each other where one of the two is writable.
    """
    shape = shape_named(instruction)
    done = {(row.account, row.by) for row in rows}
    owed = {(account, "nobody") for account in shape.accounts}
    owed |= {(account, "unsigned") for account in shape.signers}
    owed |= {(account, "read_only") for account in shape.writable}
    owed |= {
        (account, f"={other}")
        for account in shape.accounts
        for other in shape.accounts
        if account != other and account not in shape.signers and {account, other} & shape.writable
    }
    return owed - done
