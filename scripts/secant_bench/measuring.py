"""Compute units of instructions in stated states: the measuring, the budgets, and the snapshot's file."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from solders.instruction import Instruction
    from solders.keypair import Keypair

    from .seeded_world import SeededWorld

ROOT: Final = Path(__file__).resolve().parents[2]
SNAPSHOT: Final = ROOT / "tests" / "snapshots" / "cu.json"

PUBLISH_BUDGET: Final = 500
PUBLISH_BUDGET_FURTHER_FEED: Final = 200
"""What each feed after the first may add to a publish."""

# The most that rows whose name starts so may cost, in compute units; the longest start that fits counts.
BUDGETS: Final = {
    "publish 1 feed": PUBLISH_BUDGET,
    "publish 2 feeds": PUBLISH_BUDGET + PUBLISH_BUDGET_FURTHER_FEED,
    "publish 8 feeds": PUBLISH_BUDGET + 7 * PUBLISH_BUDGET_FURTHER_FEED,
    "observe": 1_200,
    "deposit": 4_500,
    "withdraw": 4_500,
    "mint_set": 1_500,
    "merge_set": 1_500,
    "trade_pool LMSR n=2": 3_500,
    "trade_pool LMSR n=16": 14_000,
    "trade_pool pm-AMM": 4_500,
    "place_order": 2_350,
    "place_order, matching 1,": 3_300,
    "place_order, matching 5,": 8_000,
    "cancel_orders 1": 1_350,
    "replace_orders, 1 for 1": 3_000,
    "tokenize": 8_000,
    "redeem,": 1_500,
    "settle_event": 3_000,
    "trade_perp, one fill": 6_000,
    "update_funding": 2_500,
    "liquidate, 1 perpetual": 8_000,
    "refresh_margin, 8 perpetual and 8 event legs": 12_000,
}


@dataclass
class Meter:
    """A world in which single instructions are measured, each in its own transaction.

    Attributes:
        world: the chain; set-up goes through it and is not measured.
        figures: compute units by row name, the runtime's own share included.
    """

    world: SeededWorld
    figures: dict[str, int] = field(default_factory=dict)

    def measure(self, row: str, instruction: Instruction, *signers: Keypair) -> None:
        """Lands an instruction and notes what it cost."""
        assert row not in self.figures, row
        landed = self.world.run(instruction, signers=list(signers))
        self.figures[row] = landed.compute_units_consumed()


def over_budget(figures: dict[str, int]) -> list[str]:
    """A sentence for each row that costs more than its budget."""
    excesses = []
    for row, figure in figures.items():
        starts = [start for start in BUDGETS if row.startswith(start)]
        budget = BUDGETS[max(starts, key=len)] if starts else None
        if budget is not None and figure > budget:
            excesses.append(f"{row} costs {figure:,} CU, its budget is {budget:,}")
    return excesses


def read_snapshot() -> dict[str, int]:
    """The committed figures."""
    figures: dict[str, int] = json.loads(SNAPSHOT.read_text(encoding="utf-8"))
    return figures


def write_snapshot(figures: dict[str, int]) -> None:
    """Replaces the committed figures."""
    SNAPSHOT.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def differences(figures: dict[str, int], snapshot: dict[str, int]) -> list[str]:
    """A line for each row whose figure is not the committed one."""
    rows = list(dict.fromkeys([*snapshot, *figures]))
    return [
        f"{row}: {_shown(snapshot.get(row))} committed, {_shown(figures.get(row))} measured"
        for row in rows
        if snapshot.get(row) != figures.get(row)
    ]


def _shown(figure: int | None) -> str:
    return "none" if figure is None else f"{figure:,}"
