"""A localnet's clock from the command line: it is told, and let run again."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

from secant.chain import Chain

from .conftest import Shell, start_localnet, stop_localnet

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

MOMENT = 1_730_000_000
SHOWN = "2024-10-27 03:33:20 UTC"


async def drive(url: str) -> None:
    async with Chain(url) as chain:
        await chain.call("localnet_setClock", {"unixTimestamp": MOMENT})


def test_a_clock_that_stands_still_is_told_and_let_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = str(tmp_path / "ledger")
    process, said = start_localnet("--ledger", ledger)
    shell = Shell(said["url"], tmp_path / "id.json", capsys)
    assert "runs" in shell.say("localnet-clock")
    asyncio.run(drive(said["url"]))
    assert shell.json("localnet-clock", "show") == {"unixTimestamp": MOMENT, "driven": True}
    told = shell.say("localnet-clock")
    assert SHOWN in told
    assert "stands still, as it was set: `secant localnet-clock run` lets it run" in told
    stop_localnet(process)

    process, said = start_localnet("--ledger", ledger)
    shell = Shell(said["url"], shell.keypair, capsys)
    assert shell.say("localnet-clock", "run").startswith("the clock runs: it is 2")
    assert shell.json("localnet-clock")["driven"] is False
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert err == f"the ledger's clock stands still at {SHOWN}: `secant localnet-clock run` lets it run\n"

    process, said = start_localnet("--ledger", ledger)
    assert Shell(said["url"], shell.keypair, capsys).json("localnet-clock")["driven"] is False
    stop_localnet(process)
