"""What a job plans."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from solders.instruction import Instruction
    from solders.pubkey import Pubkey


@dataclass(frozen=True, slots=True)
class Work:
    """Instructions to land together.

    Attributes:
        job: Name of the job, for metrics.
        keys: The accounts the work is for: one piece of work of a job is under way for each at a time, and
            accounts whose work keeps failing are left alone for a while.
        instructions: The instructions.
        required: So many of the first must be in; each of the others is left out if it fails by itself.
        source_time: Of the reading it publishes, None if it publishes none.
        once: What it rests on: it is not tried again while that is the same. None for work that may be.
    """

    job: str
    keys: tuple[Pubkey, ...]
    instructions: tuple[Instruction, ...]
    required: int = 1
    source_time: int | None = None
    once: tuple[int, ...] | None = None
