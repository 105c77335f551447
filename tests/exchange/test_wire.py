"""What every instruction makes of too few accounts and too little data."""

from __future__ import annotations

from typing import Any

import pytest
from solders.instruction import Instruction

import exchange as events
import perps
from perps.scene import PerpScene
from secant import exchange

from .coverage import instructions_of, modules
from .refusals import Stage, shape_named
from .scene import Scene

TOO_FEW_ACCOUNTS = "insufficient account keys for instruction"
BAD_DATA = "invalid instruction data"
NAMES = sorted(instructions_of(exchange.PROGRAM_ID))
TABLES: dict[str, tuple[type[Scene | PerpScene], Any]] = {
    name: (stage, module)
    for package, stage in ((events, Scene), (perps, PerpScene))
    for name, module in modules(package)
}


def landing(instruction: str) -> tuple[Stage, Instruction]:
    """A scene and a call that would land on it."""
    stage, module = TABLES[instruction]
    scene = stage()
    module.arrange(scene)
    return scene, module.call(scene)


@pytest.mark.parametrize("instruction", NAMES)
def test_the_call_of_each_table_lands(instruction: str) -> None:
    """Else its substitutions would be refused for another reason than the one they are there for."""
    scene, call = landing(instruction)
    scene.run(call)


@pytest.mark.parametrize("instruction", NAMES)
def test_too_few_accounts_are_refused(instruction: str) -> None:
    scene, call = landing(instruction)
    for count in range(len(shape_named(instruction).accounts)):
        scene.assert_refused(
            TOO_FEW_ACCOUNTS, Instruction(call.program_id, bytes(call.data), call.accounts[:count])
        )


@pytest.mark.parametrize("instruction", NAMES)
def test_data_cut_short_is_refused(instruction: str) -> None:
    scene, call = landing(instruction)
    data = bytes(call.data)
    for length in {0, 1, 7, *range(8, len(data))}:
        scene.assert_refused(BAD_DATA, Instruction(call.program_id, data[:length], call.accounts))


def test_no_such_instruction_is_refused() -> None:
    scene, call = landing("pause")
    for discriminator in (bytes(8), b"\xff" * 8):
        scene.assert_refused(
            BAD_DATA, Instruction(call.program_id, discriminator + bytes(call.data[8:]), call.accounts)
        )
