from __future__ import annotations

import pytest

import oracle as package
from exchange.coverage import expected_names, instructions_of, missing_substitutions, modules
from exchange.refusals import SHAPES
from secant import oracle

# Errors that no instruction can raise from a state that instructions can bring about, and why.
UNREACHABLE = {
    "RecordCorrupt": "guards the program's own writes: the engine orders evidence and bounds ticks",
}


def test_every_instruction_has_a_file_of_its_own() -> None:
    named = {name for name, _ in modules(package)}
    assert instructions_of(oracle.PROGRAM_ID) <= named


def test_every_error_is_raised_by_a_test() -> None:
    errors = {error.name for error in oracle.ERRORS.values()}
    assert UNREACHABLE.keys() <= errors
    assert errors - expected_names(package) == UNREACHABLE.keys()


@pytest.mark.parametrize(
    "instruction", sorted(shape.name for (owner, _), shape in SHAPES.items() if owner == oracle.PROGRAM_ID)
)
def test_every_account_is_substituted(instruction: str) -> None:
    rows = dict(modules(package))[instruction].SUBSTITUTED
    assert missing_substitutions(instruction, rows) == set()
