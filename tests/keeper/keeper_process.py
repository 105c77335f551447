"""The keeper as a process of its own."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from pathlib import Path

TIMEOUT_S = 60


async def start(config: Path) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "secant_keeper", "run", "--config", str(config)),
        stderr=asyncio.subprocess.PIPE,
    )


async def end(process: Process) -> tuple[int | None, list[dict[str, Any]]]:
    """Wait for the end: the exit code and what was logged."""
    _, errors = await asyncio.wait_for(process.communicate(), TIMEOUT_S)
    return process.returncode, [json.loads(line) for line in errors.splitlines()]
