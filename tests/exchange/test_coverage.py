from __future__ import annotations

import pytest

import exchange as package
from secant import exchange

from .coverage import expected_names, instructions_of, missing_substitutions, modules
from .refusals import SHAPES

# Errors that no instruction can raise from a state that instructions can bring about, and why.
UNREACHABLE = {
    "InsolventPool": "funding + costs - proceeds cover every outcome: the engine's tests prove it",
}


def test_every_instruction_has_a_file_of_its_own() -> None:
    named = {name for name, _ in modules(package)}
    assert instructions_of(exchange.PROGRAM_ID) <= named


def test_every_error_is_raised_by_a_test() -> None:
    errors = {error.name for error in exchange.ERRORS.values()}
    assert UNREACHABLE.keys() <= errors
    assert errors - expected_names(package) == UNREACHABLE.keys()


@pytest.mark.parametrize(
    "instruction", sorted(shape.name for (owner, _), shape in SHAPES.items() if owner == exchange.PROGRAM_ID)
)
def test_every_account_is_substituted(instruction: str) -> None:
    rows = dict(modules(package))[instruction].SUBSTITUTED
    assert missing_substitutions(instruction, rows) == set()
