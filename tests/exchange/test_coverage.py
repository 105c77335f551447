from __future__ import annotations

import pytest

import exchange as events
import perps
from secant import exchange

from .coverage import expected_names, instructions_of, missing_substitutions, modules
from .refusals import SHAPES

# Errors that no instruction can raise from a state that instructions can bring about, and why.
UNREACHABLE = {
    "InsolventPool": "funding + costs - proceeds cover every outcome: the engine's tests prove it",
}


def test_every_instruction_has_a_file_of_its_own() -> None:
    named = [name for package in (events, perps) for name, _ in modules(package)]
    instructions = instructions_of(exchange.PROGRAM_ID)
    assert instructions <= set(named)
    assert [name for name in instructions if named.count(name) > 1] == []


def test_every_error_is_raised_by_a_test() -> None:
    errors = {error.name for error in exchange.ERRORS.values()}
    assert UNREACHABLE.keys() <= errors
    assert errors - expected_names(events) - expected_names(perps) == UNREACHABLE.keys()


@pytest.mark.parametrize(
    "instruction", sorted(shape.name for (owner, _), shape in SHAPES.items() if owner == exchange.PROGRAM_ID)
)
def test_every_account_is_substituted(instruction: str) -> None:
    rows = {name: module for package in (events, perps) for name, module in modules(package)}
    assert missing_substitutions(instruction, rows[instruction].SUBSTITUTED) == set()
