from __future__ import annotations

import json
import socket
import subprocess
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from typer.main import get_command

from secant import cli, exchange, oracle
from secant.cli import main

from .conftest import COMMAND, environment

if TYPE_CHECKING:
    from collections.abc import Iterator
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
    (["deposit", "-5"], "-5 is negative — amounts, shares and prices are positive"),
    (["pool", "buy", "e", "YES", "-0.5"], "-0.5 is negative"),
    (["pool", "buy", "e", "YES", "--spend", "-5"], "amount '-5' is not a number from 0"),
    (["deposit", "1_000"], "write it in plain digits"),
    (["deposit", "１０"], "write it in plain digits"),  # noqa: RUF001 - full width is the point
    (["deposit", "−5"], "write it in plain digits"),  # noqa: RUF001 - a minus sign is the point
    (["deposit", "1,000"], "amount '1,000' is not"),
    (["deposit", ""], "amount '' is not"),
    (["deposit", "1e999999999"], "is not a number from 0"),
    (["deposit", "0x10"], "amount '0x10' is not"),
    (["mint-set", "e", "9" * 30], "is not a number from 0"),
    (["deposit", "1", "--json=1"], "No such option: --json"),
    (["account", "shwo"], "see `secant account --help`"),
    (["deposit", "x"], "amount 'x' is not a number from 0"),
    (["deposit", "0.0000001"], "at most 6 decimals"),
    (["withdraw", "nan"], "amount 'nan' is not"),
    (["airdrop", "--sol", "x"], "sol 'x' is not"),
    (["airdrop", "--collateral", "-1"], "collateral '-1' is not"),
    (["--url", "nope", "account"], "'nope' is no cluster"),
    (["--url", "", "account"], "'' is no cluster"),
    (["--url", "http://127.0.0.1:99999", "account"], "is no cluster"),
    (["--url"], "requires an argument"),
    (["--exchange", "x", "account"], "--exchange 'x' is no address — use 32 bytes in base58"),
    (["--exchange", KEY, "account"], f"no exchange at {KEY}"),
    (["--account-index", "256", "account"], "— use 0 to 255"),
    (["--account-index", "x", "account"], "— use 0 to 255"),
    (["event", "create", "x" * 33], "is not valid"),
    (["event", "create", ""], "name '' is not valid"),
    (["event", "create", "e", "--title", "x" * 2_000], f"title '{'x' * 37}...' is not valid"),
    (["event", "create", "e", "--title", ""], "title '' is not valid"),
    (["event", "create", "e", "--locks", "soon"], "--locks 'soon' is no time"),
    (["event", "create", "e", "--locks", ""], "--locks '' is no time"),
    (["event", "create", "e", "--locks", "٢d"], "is no time"),
    (["event", "create", "e", "--locks", "-5d"], "is no time"),
    (["event", "create", "e", "--locks", "0001-01-01"], "is out of range — use a time from 1970 to 9999"),
    (["event", "create", "e", "--deadline", "999999999w"], "--deadline '999999999w' is out of range"),
    (["event", "create", "e", "--deadline", "2026-99-99"], "is no time"),
    (["event", "create", "e", "--outcomes", "YES"], "2 to 16 labels"),
    (["event", "create", "e", "--outcomes", "a,A"], "not all different"),
    (["event", "create", "e", "--outcomes", ","], "--outcomes ',' has an empty label — use 2 to 16 labels"),
    (["event", "create", "e", "--outcomes", "YES,"], "has an empty label"),
    (["event", "create", "e", "--outcomes", ""], "has an empty label"),
    (["event", "create", "e", "--record", KEY, "--authority", KEY], "not both"),
    (["event", "create", "e", "--record", "x"], "--record 'x' is no address"),
    (["event", "create", "e", "--record", KEY], f"no record at {KEY}"),
    (["event", "create", "e", "--authority", "x"], "--authority 'x' is no address"),
    (["event", "show", "no-such-event"], "none is named 'no-such-event'"),
    (["event", "show", KEY], f"no event at {KEY}"),
    (["feed", "show", "no-such-feed"], "none is named 'no-such-feed'"),
    (["feed", "show", KEY], f"no feed at {KEY}"),
    (["record", "show", KEY], f"no record at {KEY}"),
    (["event", "show", ""], "event '' is not valid"),
    (
        ["event", "resolve", "e", "--payouts", "0.5,0.6"],
        "the payouts 0.5,0.6 sum to 1.1000 — give payouts that",
    ),
    (["event", "resolve", "e", "--payouts", "0.5,x"], "payout 'x' is not"),
    (["event", "resolve", "e", "--payouts", "0.33333,0.66667"], "at most 4 decimals"),
    (["pool", "list", "no-such-event"], "none is named 'no-such-event'"),
    (["pool", "quote", "e", "YES", "1", "--pool", "x"], "--pool 'x' is no address"),
    (["pool", "close", "e", "--pool", "x"], "--pool 'x' is no address"),
    (["redeem", KEY], f"no event at {KEY}"),
    (["redeem", "e", "--owner", "x"], "--owner 'x' is no address"),
    (["redeem", "e", "--owner", KEY], f"--owner {KEY} has no margin account — name the wallet"),
    (["event", "resolve", "e"], "one winner or by payouts"),
    (["event", "resolve", "e", "YES", "--payouts", "1,0"], "one winner or by payouts"),
    (["pool", "buy", "e", "YES"], "give SHARES or --spend"),
    (["pool", "buy", "e", "YES", "1", "--spend", "1"], "give SHARES or --spend"),
    (["pool", "buy", "e", "YES", "--spend", "1", "--max-cost", "1"], "leave --max-cost out"),
    (["pool", "quote", "e", "YES", "--sell", "--spend", "1"], "a sale spends nothing"),
    (["pool", "create", "e", "--kind", "cpmm"], "for '--kind': 'cpmm' is not one of 'lmsr', 'pm-amm'"),
    (["pool", "create", "e", "--liquidity", "1.001"], "liquidity '1.001' is not"),
    (["pool", "sell", "e", "YES"], "Missing argument 'SHARES'"),
    (["localnet", "--port", "99999"], "'--port'"),
    (["localnet", "--port", "x"], "— use 0 to 65534"),
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
    folder = ["--keypair", str(shell.keypair.parent)]
    assert "cannot be read: Is a directory — name a file that can be" in shell.fail(1, [*folder, "wallet"])
    assert "nobody's home folder" in shell.fail(1, ["--keypair", "~no-such-user/id.json", "event", "list"])
    assert "File name too long" in shell.fail(1, ["--keypair", "x" * 300, "event", "list"])


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
        (
            ["withdraw", "100.000001"],
            "Not enough free collateral: 100.000000 is free, 100.000001 is asked for — deposit more",
        ),
        (["deposit", "5000"], "The wallet holds less than the amount: 900.000000 — ask for less"),
        (["account", "open"], "there is a margin account with index 0 already"),
        (["account", "close"], "the account still holds 100.000000 — take it out: `secant withdraw all`"),
        (["--account-index", "3", "account"], "open one: `secant account open`"),
        (["wallet", "create"], "never overwritten"),
        (["airdrop", "--sol", "18446744073"], "the faucet holds less — ask for less with --sol, or later"),
    ],
)
def test_failures_are_one_line_and_exit_1(funded: Shell, arguments: list[str], text: str) -> None:
    assert text in funded.fail(1, arguments)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["deposit", "0"], "must be greater than zero — give more than 0"),
        (["event", "create", "e", "--locks", "9d", "--deadline", "8d"], " (--locks), the deadline is "),
        (
            ["event", "create", "e", "--locks", "2020-01-01"],
            "trading stops 2020-01-01 00:00:00 UTC (--locks), the deadline is 2020-01-08 00:00:00 UTC",
        ),
        (["event", "create", "e", "--deadline", "1000w"], "at most three years ahead"),
    ],
)
def test_what_a_program_says_of_an_argument_is_usage(funded: Shell, arguments: list[str], text: str) -> None:
    assert text in funded.fail(2, arguments)


def test_names_of_argument_errors_are_the_programs() -> None:
    known = {info.name for module in (exchange, oracle) for info in module.ERRORS.values()}
    assert known >= cli._ARGUMENT_REFUSED


def test_pools_that_are_none(funded: Shell) -> None:
    rain, snow = (f"{name}-{uuid4().hex[:12]}" for name in ("rain", "snow"))
    funded.say("event", "create", rain)
    funded.say("event", "create", snow, "--outcomes", "a,b,c")
    line = funded.fail(1, ["pool", "close", rain])
    assert line.startswith(f"error: you have no pool for event {rain} — there is nothing to close")
    assert "name an event with 2 outcomes" in funded.fail(2, ["pool", "create", snow, "--kind", "pm-amm"])
    other = funded.json("pool", "create", snow, "--liquidity", "20")["pool"]
    for address in (KEY, funded.json("account")["address"], other):
        for command in (["quote", rain, "YES", "1"], ["buy", rain, "YES", "1"], ["sell", rain, "NO", "1"]):
            line = funded.fail(2, ["pool", *command, "--pool", address])
            assert f"--pool {address} is no pool of event {rain} — `secant pool list {rain}`" in line
        assert "is no pool of event" in funded.fail(2, ["pool", "close", rain, "--pool", address])
    for liquidity in ("0", "1e11"):
        line = funded.fail(2, ["pool", "create", rain, "--liquidity", liquidity])
        assert "choose liquidity from 0.01 to 10,000,000,000 shares" in line
    assert "no outcome '' in this event" in funded.fail(2, ["pool", "quote", snow, "", "1"])
    assert "there is an event named" in funded.fail(1, ["event", "create", rain])
    assert "settle` by its record" in funded.fail(1, ["event", "settle", rain])
    assert "lists what it holds" in funded.fail(1, ["merge-set", rain, "1"])
    assert "holds no tokens of this outcome" in funded.fail(1, ["redeem-tokens", rain, "YES", "1"])
    funded.say("mint-set", rain, "1")
    assert "merge fewer" in funded.fail(1, ["merge-set", rain, "2"])
    line = funded.fail(1, ["account", "close"])
    assert f"still holds shares of {rain} — `secant merge-set {rain} 1.00`, then withdraw" in line


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words of every command there is."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name)


@pytest.mark.parametrize("command", list(commands(get_command(cli.app))), ids=" ".join)
def test_wrong_usage_of_every_command_in_json(funded_once: Shell, command: tuple[str, ...]) -> None:
    usage = json.loads(funded_once.fail(2, [*command, "--no-such-option", "--json"]))
    assert set(usage) == {"error", "message", "remedy"}
    assert usage["error"] == "InputError"
    assert usage["remedy"] == f"see `secant {' '.join(command)} --help`"


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
    assert "Exit codes: 0 done; 1 " in shown
    for command in ("localnet", "airdrop", "account", "deposit", "withdraw", "event", "pool", "redeem"):
        assert command in shown
    assert main(["pool", "buy", "--help"]) == 0
    assert "--slippage" in capsys.readouterr().out
    assert main(["pool", "create", "--help"]) == 0
    assert "a pm-AMM 0.399 times it" in " ".join(capsys.readouterr().out.split())


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


def test_a_ledger_that_cannot_be_written(shell: Shell, tmp_path: Path) -> None:
    for place in ("/nonexistent/ledger", str(tmp_path), "~no-such-user/ledger"):
        for options in ([], ["--reset"]):
            line = shell.fail(1, ["localnet", "--ledger", place, *options])
            assert f"the ledger file {place} cannot be written — name a file" in line


def test_what_is_no_ledger_is_left_alone(shell: Shell, tmp_path: Path) -> None:
    thesis = tmp_path / "thesis"
    thesis.write_text("of many years")
    for options, text in ((["--reset"], "is no ledger file, and is not deleted"), ([], "cannot be read")):
        line = shell.fail(1, ["localnet", "--port", "0", "--ledger", str(thesis), *options])
        assert text in line
        assert thesis.read_text() == "of many years"
