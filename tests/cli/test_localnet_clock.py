"""A localnet's clock from the command line: it is told, set, and let run again."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

import pytest

from secant.chain import Chain

from .conftest import Shell, start_localnet, stop_localnet

if TYPE_CHECKING:
    from pathlib import Path

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


def test_a_clock_is_set_to_the_past_and_to_come(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    process, said = start_localnet()
    shell = Shell(said["url"], tmp_path / "id.json", capsys)
    stands = "the clock stands still at {}: `secant localnet-clock run` lets it run\n"
    assert shell.say("localnet-clock", "set", "2024-10-27T03:33:20") == stands.format(SHOWN)
    assert shell.json("localnet-clock") == {"unixTimestamp": MOMENT, "driven": True}
    # From the clock's present, wherever that is; a zone is heeded.
    assert shell.json("localnet-clock", "set", "2h")["unixTimestamp"] == MOMENT + 7_200
    assert shell.json("localnet-clock", "set", "2024-10-27T04:33:20+01:00")["unixTimestamp"] == MOMENT
    for time in ("9999-12-31T23:59:59", "1970-01-01"):
        assert time[:10] in shell.say("localnet-clock", "set", time)
    shell.say("localnet-clock", "run")
    assert shell.json("localnet-clock")["driven"] is False
    stop_localnet(process)


@pytest.mark.parametrize(
    ("time", "complaint"),
    [
        (
            "1969-12-31T23:59:59",
            "the time '1969-12-31T23:59:59' is out of range — use a time from 1970 to 9999",
        ),
        ("999999999w", "is out of range"),
        ("noon", "the time 'noon' is no time — use a duration such as 90s, 2h or 7d, or a UTC time"),
    ],
)
def test_a_time_no_clock_goes_to(shell: Shell, time: str, complaint: str) -> None:
    assert complaint in shell.fail(2, ["localnet-clock", "set", time])
    assert shell.json("localnet-clock")["driven"] is False
