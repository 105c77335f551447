from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import secant
from secant.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

COMMAND = [sys.executable, "-m", "secant.cli"]


def environment() -> dict[str, str]:
    """The process's own, with the package on the path and no settings of the user's."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("SECANT_")}
    return {**own, "PYTHONPATH": str(Path(secant.__file__).parents[1])}


def start_localnet(*options: str) -> tuple[subprocess.Popen[str], dict[str, str]]:
    """Runs `secant localnet` and waits until it says where it is."""
    process = subprocess.Popen(
        [*COMMAND, "--json", "localnet", "--port", "0", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise AssertionError(process.communicate()[1])
    return process, json.loads(line)


def stop_localnet(process: subprocess.Popen[str], number: int = signal.SIGINT) -> None:
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (0, "", "")


@pytest.fixture(scope="session")
def localnet() -> Iterator[dict[str, str]]:
    process, said = start_localnet()
    yield said
    stop_localnet(process)


@dataclass
class Shell:
    """Types commands with one wallet against one network."""

    url: str
    keypair: Path
    capsys: pytest.CaptureFixture[str]

    def run(self, *arguments: str, url: str | None = None) -> tuple[int, str, str]:
        options = ["--url", url or self.url, "--keypair", str(self.keypair)]
        code = main([*options, *arguments])
        captured = self.capsys.readouterr()
        return code, captured.out, captured.err

    def say(self, *arguments: str) -> str:
        """What a command that succeeds prints."""
        code, out, err = self.run(*arguments)
        assert (code, err) == (0, "")
        return out

    def json(self, *arguments: str) -> Any:
        """What a command that succeeds answers in JSON."""
        return json.loads(self.say(*arguments, "--json"))

    def fail(self, code: int, arguments: Sequence[str]) -> str:
        """The one line of a command that fails."""
        failed, out, err = self.run(*arguments)
        assert (failed, out) == (code, "")
        assert err.count("\n") == 1
        assert err.endswith("\n")
        assert "Traceback" not in err
        return err.removesuffix("\n")


@pytest.fixture
def shell(
    localnet: dict[str, str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Shell:
    for name in ("SECANT_URL", "SECANT_KEYPAIR", "SECANT_EXCHANGE"):
        monkeypatch.delenv(name, raising=False)
    return Shell(localnet["url"], tmp_path / "id.json", capsys)


@pytest.fixture
def funded(shell: Shell) -> Shell:
    """A shell whose wallet has an account with 100."""
    shell.run("airdrop")
    shell.say("account", "open")
    shell.say("deposit", "100")
    return shell
