"""Keeping an exchange from the command line: pausing, collecting fees, netting pools."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from .conftest import Shell

if TYPE_CHECKING:
    from pathlib import Path

KEY = "So11111111111111111111111111111111111111112"


@pytest.fixture
def admin(shell: Shell, tmp_path: Path) -> Shell:
    """A shell whose wallet is the exchange's admin."""
    admin = Shell(shell.url, tmp_path / "admin.json", shell.capsys)
    admin.say("wallet", "create", "--faucet")
    return admin


@pytest.fixture
def traded(funded: Shell) -> str:
    """An event with a pool of the shell's, that has sold 10 YES and 4 NO."""
    name = f"rain-{uuid4().hex[:12]}"
    funded.say("event", "create", name)
    funded.say("pool", "create", name, "--liquidity", "50")
    funded.say("pool", "buy", name, "YES", "10")
    funded.say("pool", "buy", name, "NO", "4")
    return name


def test_show(localnet: dict[str, str], shell: Shell) -> None:
    shown = shell.say("exchange")
    assert shown == shell.say("exchange", "show")
    for words in (
        localnet["exchange"],
        localnet["mint"],
        "treasury",
        "pauser",
        "fees of closed pools",
        "nothing",
    ):
        assert words in shown
    view = shell.json("exchange")
    assert (view["address"], view["fee_bps"], view["paused"]) == (localnet["exchange"], 200, [])
    assert view["admin"] == view["pauser"] == localnet["faucet"]


def test_pause(admin: Shell, funded: Shell) -> None:
    assert admin.say("exchange", "pause", "deposit", "trade") == "paused now: deposit, trade\n"
    try:
        assert "deposit, trade" in funded.say("exchange", "show")
        assert "is paused" in funded.fail(1, ["deposit", "1"])
        assert admin.json("exchange", "pause", "all")["paused"] == ["deposit", "create", "trade", "tokenize"]
        assert admin.say("exchange", "unpause", "tokenize") == "paused now: deposit, create, trade\n"
    finally:
        lifted = admin.say("exchange", "unpause", "all")
    assert lifted == "paused now: nothing\n"
    assert funded.say("deposit", "1") == "deposited 1.000000\n"


def test_only_the_admin(localnet: dict[str, str], funded: Shell) -> None:
    line = funded.fail(1, ["exchange", "pause", "all"])
    where = "which `secant wallet create --faucet` writes to a file"
    assert f"sign with the key of {localnet['faucet']}, {where}" in line
    assert "only the exchange's admin may lift" in funded.fail(1, ["exchange", "unpause", "trade"])


def test_collect_fees(funded: Shell, traded: str) -> None:
    pool = funded.json("pool", "list", traded)[0]
    assert pool["fees"] != "0.000000"
    treasury = funded.json("exchange")["treasury"]
    said = funded.say("exchange", "collect-fees", pool["address"])
    assert said.endswith(f"in fees to the treasury {treasury}\n")
    assert funded.json("pool", "list", traded)[0]["fees"] == "0.000000"
    line = funded.fail(1, ["exchange", "collect-fees", pool["address"]])
    assert line == "error: there are no fees to collect — collect once there were trades"
    funded.say("pool", "buy", traded, "YES", "1")
    fees = funded.json("pool", "list", traded)[0]["fees"]
    collected = funded.json("exchange", "collect-fees")
    assert (collected["treasury"], len(collected["signatures"])) == (treasury, 1)
    assert collected["amount"] >= fees


def test_net_pool(funded: Shell, traded: str) -> None:
    pool = funded.json("pool", "list", traded)[0]["address"]
    assert funded.say("exchange", "net-pool", traded) == f"pool {pool} minted 4.00 complete sets\n"
    assert "no complete sets to net" in funded.fail(1, ["exchange", "net-pool", traded])
    funded.say("pool", "sell", traded, "YES", "8")
    funded.say("pool", "sell", traded, "NO", "2")
    assert funded.json("exchange", "net-pool", traded, "--pool", pool)["shares"] == "-2.00"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["pause"], "Missing argument 'OPERATION...'"),
        (["pause", "withdraw"], "no operation 'withdraw' to pause"),
        (["unpause", "all", "trade"], "no operation 'all' to pause"),
        (["collect-fees", "zz"], "POOL 'zz' is no address"),
        (["collect-fees", KEY], "no pool at"),
        (["net-pool"], "Missing argument 'EVENT'"),
        (["net-pool", "no-such-event"], "none is named 'no-such-event'"),
        (["net-pool", "e", "--pool", "zz"], "--pool 'zz' is no address"),
        (["bogus"], "No such command 'bogus'"),
    ],
)
def test_wrong_usage_is_one_line(funded: Shell, arguments: list[str], text: str) -> None:
    line = funded.fail(2, ["exchange", *arguments])
    assert line.startswith("error: ")
    assert text in line
