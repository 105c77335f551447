"""The README's Python runs as it stands, against a localnet."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Market

README = Path(__file__).parents[2] / "README.md"


def _blocks() -> list[str]:
    if not README.exists():
        return []
    return re.findall(r"^```python\n(.*?)^```", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.skipif(not _blocks(), reason="there is no README with Python yet")
async def test_python_blocks_run(
    market: Market, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wallet = await market.funded_wallet()
    monkeypatch.setenv("HOME", str(tmp_path))
    wallet.save()
    for block in _blocks():
        code = compile(block.replace('"localnet"', repr(market.net.url)), str(README), "exec")
        # In a thread: a block may run an event loop of its own.
        await asyncio.to_thread(exec, code, {"__name__": "__main__"})
    capsys.readouterr()
