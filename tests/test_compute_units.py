"""Compute units of every instruction: none changes unnoticed, none exceeds its budget."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from secant_bench.compute_units import compute_units
from secant_bench.measuring import BUDGETS, differences, over_budget, read_snapshot

IDLS = Path(__file__).parent.parent / "idl"


@pytest.fixture(scope="module")
def figures() -> dict[str, int]:
    return compute_units()


def test_figures_are_the_committed_ones(figures: dict[str, int]) -> None:
    changed = differences(figures, read_snapshot())
    assert not changed, "\n".join(
        ["compute units changed; if that is meant, run scripts/bench --update", *changed]
    )


def test_no_budget_is_exceeded(figures: dict[str, int]) -> None:
    assert not over_budget(figures)


def test_each_budget_has_a_row(figures: dict[str, int]) -> None:
    assert {prefix for prefix in BUDGETS if not any(row.startswith(prefix) for row in figures)} == set()


@pytest.mark.parametrize("program", ["exchange", "oracle"])
def test_every_instruction_is_measured(program: str, figures: dict[str, int]) -> None:
    instructions = json.loads((IDLS / f"{program}.json").read_text(encoding="utf-8"))["instructions"]
    measured = {row.split()[0].rstrip(",") for row in figures}
    assert {each["name"] for each in instructions} - measured == set()


def test_an_excess_is_named() -> None:
    assert over_budget({"deposit": 4_501, "publish 2 feeds": 700}) == [
        "deposit costs 4,501 CU, its budget is 4,500"
    ]
    assert differences({"a": 1, "b": 2_000}, {"b": 2_001, "c": 3}) == [
        "b: 2,001 committed, 2,000 measured",
        "c: 3 committed, none measured",
        "a: none committed, 1 measured",
    ]
