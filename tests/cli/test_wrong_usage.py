from __future__ import annotations

import json
import socket
import subprocess
from typing import TYPE_CHECKING

import pytest

from secant.cli import main

from .conftest import COMMAND, environment

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Shell

KEY = "So11111111111111111111111111111111111111112"

USAGE = [
    ([], "Missing command"),
    (["bogus"], "No such command 'bogus'"),
    (["account", "bogus"], "No such command 'bogus'"),
    (["event"], "Missing command"),
    (["deposit"], "Missing argument 'AMOUNT'"),
    (["deposit", "1", "2"], "unexpected extra argument"),
    (["deposit", "1", "--bogus"], "No such option: --bogus"),
    (["deposit", "-5"], "No such option: -5"),
    (["deposit", "x"], "amount 'x' is not a number from 0"),
    (["deposit", "0.0000001"], "at most 6 decimals"),
    (["withdraw", "nan"], "amount 'nan' is not"),
    (["airdrop", "--sol", "x"], "sol 'x' is not"),
    (["airdrop", "--collateral", "-1"], "collateral '-1' is not"),
    (["--url", "nope", "account"], "'nope' is no cluster"),
    (["--url"], "requires an argument"),
    (["--account-index", "256", "account"], "'--account-index'"),
    (["--account-index", "x", "account"], "'--account-index'"),
    (["event", "create", "x" * 33], "is not valid"),
    (["event", "create", "e", "--locks", "soon"], "lock time 'soon' is no time"),
    (["event", "create", "e", "--deadline", "2026-99-99"], "is no time"),
    (["event", "create", "e", "--outcomes", "YES"], "2 to 16 labels"),
    (["event", "create", "e", "--outcomes", "a,A"], "not all different"),
    (["event", "create", "e", "--record", KEY, "--authority", KEY], "not both"),
    (["event", "resolve", "e"], "one winner or by payouts"),
    (["event", "resolve", "e", "YES", "--payouts", "1,0"], "one winner or by payouts"),
    (["pool", "buy", "e", "YES"], "give SHARES or --spend"),
    (["pool", "buy", "e", "YES", "1", "--spend", "1"], "give SHARES or --spend"),
    (["pool", "buy", "e", "YES", "--spend", "1", "--max-cost", "1"], "leave --max-cost out"),
    (["pool", "quote", "e", "YES", "--sell", "--spend", "1"], "a sale spends nothing"),
    (["pool", "create", "e", "--kind", "cpmm"], "'--kind'"),
    (["pool", "create", "e", "--liquidity", "1.001"], "liquidity '1.001' is not"),
    (["pool", "sell", "e", "YES"], "Missing argument 'SHARES'"),
    (["localnet", "--port", "99999"], "'--port'"),
    (["localnet", "--reset"], "give --ledger too"),
]


@pytest.mark.parametrize(("arguments", "text"), USAGE, ids=[" ".join(arguments) for arguments, _ in USAGE])
def test_usage_is_one_line_and_exit_2(funded_once: Shell, arguments: list[str], text: str) -> None:
    line = funded_once.fail(2, arguments)
    assert line.startswith("error: ")
    assert text in line


@pytest.fixture
def funded_once(shell: Shell) -> Shell:
    """A shell with a wallet, and no money: nothing here is to reach the programs."""
    shell.say("wallet", "create")
    return shell


def test_unreachable(shell: Shell) -> None:
    shell.say("wallet", "create")
    code, out, err = shell.run("account", url="http://127.0.0.1:1")
    assert (code, out) == (1, "")
    assert err.startswith("error: no Solana RPC at http://127.0.0.1:1: ")
    assert "`secant localnet` starts a network" in err


def test_missing_and_malformed_keypair(shell: Shell) -> None:
    line = shell.fail(1, ["account"])
    assert f"no key pair file at {shell.keypair}" in line
    assert "secant wallet create" in line
    shell.keypair.write_text("[1, 2, 3]")
    assert "is no key pair file: it is no array of 64 numbers" in shell.fail(1, ["account"])


def test_no_key_pair_is_made_for_a_foreign_network(shell: Shell) -> None:
    code, _, err = shell.run("airdrop", url="http://192.0.2.1:1")
    assert code == 1
    assert "no key pair file" in err
    assert not shell.keypair.exists()


def test_not_open(shell: Shell) -> None:
    shell.run("airdrop")
    assert "open one: `secant account open`" in shell.fail(1, ["account"])


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["withdraw", "100.000001"], "Not enough free collateral"),
        (["deposit", "0"], "must be greater than zero"),
        (["deposit", "5000"], "holds less than the amount"),
        (["event", "show", "no-such-event"], "none is named 'no-such-event'"),
        (["event", "create", "e", "--locks", "9d"], "Times must be in order"),
        (["redeem", KEY], "no event at"),
        (["account", "open"], "there is a margin account with index 0 already"),
        (["account", "close"], "withdraw and redeem first"),
    ],
)
def test_failures_are_one_line_and_exit_1(funded: Shell, arguments: list[str], text: str) -> None:
    assert text in funded.fail(1, arguments)


def test_errors_in_json(funded: Shell) -> None:
    error = json.loads(funded.fail(1, ["withdraw", "101", "--json"]))
    assert (error["error"], error["name"], error["program"]) == (
        "ProgramError",
        "InsolventAccount",
        "exchange",
    )
    assert error["code"] >= 6000
    assert error["signature"] is None
    assert error["logs"]
    usage = json.loads(funded.fail(2, ["deposit", "--json"]))
    assert (usage["error"], usage["message"]) == ("InputError", "Missing argument 'AMOUNT'")


def test_port_in_use(shell: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        line = shell.fail(1, ["localnet", "--port", str(taken.getsockname()[1])])
    assert "choose another --port" in line


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    for command in ("localnet", "airdrop", "account", "deposit", "withdraw", "event", "pool", "redeem"):
        assert command in shown
    assert main(["pool", "buy", "--help"]) == 0
    assert "--slippage" in capsys.readouterr().out


@pytest.mark.parametrize("redirection", [">&-", ">/dev/full"])
def test_nowhere_to_write(tmp_path: Path, redirection: str) -> None:
    done = subprocess.run(
        f"{' '.join(COMMAND)} --keypair {tmp_path}/id.json wallet create {redirection}",
        shell=True,
        env=environment(),
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr


def test_a_ledger_that_cannot_be_written(shell: Shell) -> None:
    code, _, err = shell.run("localnet", "--ledger", "/nonexistent/ledger")
    assert code == 2
    assert "cannot be written" in err
