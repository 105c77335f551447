"""The commands that the README shows run as they stand, in order, for a wallet that begins with nothing."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

    from .conftest import Shell

README = Path(__file__).parents[2] / "README.md"


def _commands() -> list[list[str]]:
    """The lines of shell blocks that begin with `secant `, less the network itself, which runs already."""
    text = README.read_text(encoding="utf-8")
    # Every block, so that none begins where another ends.
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    lines = [line for language, block in blocks if not language for line in block.splitlines()]
    words = [shlex.split(line, comments=True) for line in lines if line.startswith("secant ")]
    return [arguments for _, *arguments in words if arguments[0] != "localnet"]


def test_commands_run(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # where other wallets of the story are written
    commands = _commands()
    assert commands, "the README shows no command"
    for arguments in commands:
        code, out, err = shell.run(*arguments)
        assert code == 0, (arguments, err)
        assert out, arguments
