"""Random instructions of both programs, right and wrong, with every invariant checked after each one.

SECANT_INVARIANT_EXAMPLES sets how many marketplaces each seed starts (250); more look further.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from book_rules import BookRules
from event_rules import EventRules
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test
from marketplace import Tally
from oracle_rules import OracleRules
from perp_house_rules import PerpHouseRules
from perp_rules import PerpetualRules
from perp_sessions import PerpSessions
from trading_rules import TradingRules

if TYPE_CHECKING:
    from machine import Machine

EXAMPLES = int(os.environ.get("SECANT_INVARIANT_EXAMPLES", "250"))
STEPS = 100
INSTRUCTIONS_MIN = 20_000
LANDED_MIN = 1
LATE = {
    "liquidate",
    "resolve_bankruptcy",
    "execute_trigger",
    "cancel_trigger",
    "return_haircut",
    "waive_haircut",
    "collect_perp_fees",
}
"""What needs positions, and prices that have moved against them."""
IDLS = Path(__file__).parents[2] / "idl"
INSTRUCTIONS = {
    each["name"]
    for program in ("exchange", "oracle")
    for each in json.loads((IDLS / f"{program}.json").read_text(encoding="utf-8"))["instructions"]
}


class EveryInstruction(TradingRules, BookRules, PerpetualRules, PerpHouseRules, EventRules, OracleRules):
    """All rules together."""


class PerpetualDays(PerpSessions):
    """Perpetuals alone, with sets of events beside them: long enough for positions to fail."""


def run(machine: type[Machine], number: int, examples: int) -> Tally:
    """Draws so many marketplaces by a seed; what they sent."""
    drawn = Tally(Counter(), Counter())

    @seed(number)
    class Seeded(machine):  # type: ignore[misc,valid-type]
        tally = drawn

    run_state_machine_as_test(
        Seeded,
        settings=settings(
            max_examples=examples,
            stateful_step_count=STEPS,
            phases=[Phase.generate, Phase.shrink],
            derandomize=False,  # the seed decides
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    return drawn


@pytest.mark.parametrize("number", [1, 2])
def test_every_instruction_keeps_every_invariant(number: int) -> None:
    drawn = run(EveryInstruction, number, EXAMPLES)
    assert drawn.sent >= INSTRUCTIONS_MIN * EXAMPLES // 250, drawn
    rare = {name: drawn.landed[name] for name in INSTRUCTIONS - LATE if drawn.landed[name] < LANDED_MIN}
    assert not rare, f"hardly ever landed: {rare}"
    unspoilt = {name for name in INSTRUCTIONS - LATE if not drawn.refused[name]}
    assert not unspoilt, f"never refused: {unspoilt}"


def test_perpetuals_keep_every_invariant_day_after_day() -> None:
    drawn = run(PerpetualDays, 3, EXAMPLES // 8)
    assert drawn.sent >= INSTRUCTIONS_MIN * EXAMPLES // 250, drawn
    rare = {name: drawn.landed[name] for name in LATE if drawn.landed[name] < LANDED_MIN}
    assert not rare, f"hardly ever landed: {rare}"
