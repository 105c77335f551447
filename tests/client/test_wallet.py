from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

import pytest
from solders.keypair import Keypair

from secant import Wallet
from secant.errors import WalletError

if TYPE_CHECKING:
    from pathlib import Path


def test_saved_as_the_solana_tools_do(tmp_path: Path) -> None:
    wallet = Wallet.generate()
    path = wallet.save(tmp_path / "deep" / "id.json")
    content = json.loads(path.read_text())
    assert bytes(content) == bytes(wallet.keypair)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Wallet.load(path).address == wallet.address


def test_never_overwrites(tmp_path: Path) -> None:
    path = Wallet.generate().save(tmp_path / "id.json")
    before = path.read_bytes()
    with pytest.raises(WalletError, match="never overwritten"):
        Wallet.generate().save(path)
    assert path.read_bytes() == before


def test_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(WalletError, match=r"no key pair file at .*/\.config/solana/id\.json"):
        Wallet.load()
    saved = Wallet.generate()
    assert saved.save() == tmp_path / ".config/solana/id.json"
    assert Wallet.load().address == saved.address


def _mismatched() -> str:
    return json.dumps(list(bytes(Keypair())[:32] + bytes(Keypair())[32:]))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "not JSON"),
        ("{}", "no array of 64"),
        ("[1,2]", "no array of 64"),
        (json.dumps([256] * 64), "from 0 to 255"),
        (json.dumps([1.5] * 64), "from 0 to 255"),
        (json.dumps([True] * 64), "from 0 to 255"),
        (_mismatched(), "does not belong"),
    ],
)
def test_malformed(tmp_path: Path, content: str, problem: str) -> None:
    path = tmp_path / "id.json"
    path.write_text(content)
    with pytest.raises(WalletError, match=problem) as caught:
        Wallet.load(path)
    assert caught.value.remedy
    assert content[:12] not in str(caught.value) or not content


def test_unreadable(tmp_path: Path) -> None:
    with pytest.raises(WalletError, match=r"cannot be read: Is a directory — name a file that can be$"):
        Wallet.load(tmp_path)
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(WalletError, match="is no key pair file: it is no text"):
        Wallet.load(tmp_path / "binary")


def test_nobodys_home_folder() -> None:
    for use in (Wallet.load, Wallet.generate().save):
        with pytest.raises(WalletError, match="nobody's home folder — write the path out"):
            use("~no-such-user/id.json")


def test_unwritable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WalletError, match="cannot be made"):
        Wallet.generate().save(tmp_path / "file" / "id.json")
    with pytest.raises(WalletError, match="cannot be written"):
        Wallet.generate().save(tmp_path / ("x" * 300))


def test_secret_is_not_shown() -> None:
    wallet = Wallet.generate()
    assert repr(wallet) == f"Wallet({wallet.address})"
