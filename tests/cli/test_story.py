"""What a newcomer types, in order, and what else the commands do."""

from __future__ import annotations

import json
import signal
import subprocess
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from .conftest import COMMAND, environment, start_localnet, stop_localnet

if TYPE_CHECKING:
    import pytest

    from .conftest import Shell


def named() -> str:
    """A name that no other test used on the shared network."""
    return f"rain-{uuid4().hex[:12]}"


def test_first_story(shell: Shell) -> None:
    code, out, err = shell.run("airdrop")
    assert code == 0
    assert "no key pair yet: created" in err
    assert "received 10.000000000 SOL and 1,000.000000 collateral" in out
    rain = named()
    assert shell.say("account", "open").startswith("opened account ")
    assert shell.say("deposit", "100") == "deposited 100.000000\n"
    assert "created event" in shell.say("event", "create", rain, "--title", "Will it rain?")
    assert "funded with 69.314719" in shell.say("pool", "create", rain)
    bought = shell.say("pool", "buy", rain, "YES", "10")
    assert bought == "bought 10.00 YES for 5.174907 (price 0.517491, fee 0.049959)\n"
    account = shell.say("account")
    assert "25.510374" in account
    assert rain in account
    assert shell.say("event", "resolve", rain, "YES") == f"{rain} is resolved: YES pays 1, NO pays 0\n"
    assert shell.say("redeem", rain) == "redeemed 10.000000\n"
    assert "which returned" in shell.say("pool", "close", rain)
    assert shell.say("withdraw", "all").startswith("withdrew 99.9")
    code, _, err = shell.run("withdraw", "all")
    assert (code, err.startswith("error: nothing is free to withdraw")) == (1, True)
    assert "closed account" in shell.say("account", "close")


def test_json_answers(funded: Shell) -> None:
    rain = named()
    event = funded.json("event", "create", rain, "--outcomes", "home, draw, away")["address"]
    pool = funded.json("pool", "create", event, "--liquidity", "40")["pool"]
    quote = funded.json("pool", "quote", event, "draw", "5")
    assert funded.json("pool", "buy", event, "draw", "5")["trade"] == quote
    assert Decimal(quote["total"]) == Decimal(quote["amount"]) + Decimal(quote["fee"])
    sold = funded.json("pool", "sell", event, "1", "5", "--min-proceeds", "0.5")["trade"]
    assert (sold["side"], sold["shares"], sold["outcome"]) == ("sell", "5.00", "draw")
    spent = funded.json("pool", "buy", event, "home", "--spend", "3")["trade"]
    assert Decimal("2.9") < Decimal(spent["total"]) <= 3
    assert funded.json("pool", "quote", event, "home", "1", "--sell")["side"] == "sell"
    assert funded.json("pool", "quote", event, "home", "--spend", "1")["side"] == "buy"
    assert [view["address"] for view in funded.json("pool", "list", event)] == [pool]
    shown = funded.json("event", "show", rain)
    assert [outcome["label"] for outcome in shown["event"]["outcomes"]] == ["home", "draw", "away"]
    assert shown["event"]["lock_time"].endswith("+00:00")
    assert event in [view["address"] for view in funded.json("event", "list")]
    position = funded.json("account")["positions"][0]
    assert position["shares"] == [spent["shares"], "0.00", "0.00"]


def test_sets_and_tokens(funded: Shell) -> None:
    rain = named()
    funded.say("event", "create", rain)
    assert funded.say("mint-set", rain, "5") == "minted 5.00 complete sets\n"
    assert funded.say("merge-set", rain, "2") == "merged 2.00 complete sets\n"
    assert funded.say("tokenize", rain, "yes", "3").startswith("made 3.00 tokens of YES, mint ")
    assert funded.say("detokenize", rain, "YES", "1") == "returned 1.00 tokens of YES to the account\n"
    assert "is resolved" in funded.say("event", "resolve", rain, "--payouts", "0.25,0.75")
    assert funded.say("redeem-tokens", rain, "YES", "2") == "redeemed 2.00 tokens of YES for 0.500000\n"
    assert funded.say("redeem", rain) == "redeemed 2.500000\n"


def test_account_says_what_is_behind_free(funded: Shell) -> None:
    rain, snow = named(), named()
    for event in (rain, snow):
        funded.say("event", "create", event)
    assert "complete sets" not in funded.say("account")
    funded.say("mint-set", rain, "5")
    funded.say("pool", "create", snow, "--liquidity", "20")
    funded.say("pool", "sell", snow, "YES", "3")
    view = funded.json("account")
    assert Decimal(view["free"]) == Decimal(view["cash"]) + 5 - 3
    shown = funded.say("account")
    line = "the cash, plus 5.00 for complete sets, which pay 1 each whichever outcome wins, less 3.00 that"
    assert line in shown
    funded.say("merge-set", rain, "5")
    assert "complete sets" not in funded.say("account")


def test_tables(funded: Shell) -> None:
    rain = named()
    funded.say("event", "create", rain, "--title", "[bold]not markup", "--locks", "2h")
    assert "no pool" in funded.fail(1, ["pool", "quote", rain, "YES", "1"])
    funded.say("pool", "create", rain, "--kind", "pm-amm", "--liquidity", "20")
    assert "[bold]not markup" in funded.say("event", "list")
    shown = funded.say("event", "show", rain)
    assert "deadline " in shown
    assert "settled at " in shown
    assert " UTC" in shown
    assert "pm-amm" in shown
    assert "pm-amm" in funded.say("pool", "list", rain)
    assert "total" in funded.say("pool", "quote", rain, "YES", "1")
    assert "locked event" in funded.say("event", "lock", rain)


def test_decimals_are_aligned(funded: Shell) -> None:
    rain = named()
    funded.say("event", "create", rain)
    funded.say("mint-set", rain, "7")
    funded.say("pool", "create", rain, "--liquidity", "50")
    funded.say("pool", "buy", rain, "YES", "5")
    rows = [line for line in funded.say("account").splitlines() if rain in line]
    assert len(rows) == 2
    assert rows[0].index(".00") == rows[1].index(".00")


def test_wallet(shell: Shell) -> None:
    created = shell.json("wallet", "create")
    holds = {"sol": "0.000000000", "collateral": "0.000000", "tokens": []}
    assert shell.json("wallet") == {**created, "holds": holds} == shell.json("wallet", "show")
    assert created["address"] in shell.say("wallet")
    assert "never overwritten" in shell.fail(1, ["wallet", "create"])


def test_airdrop_options(shell: Shell) -> None:
    shell.say("wallet", "create")
    assert shell.json("airdrop", "--sol", "2", "--collateral", "0")["collateral"] == "0.000000"
    assert shell.json("airdrop", "--sol", "0", "--collateral", "5.5")["collateral"] == "5.500000"


def test_settings_from_the_environment(
    localnet: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from secant.cli import main

    monkeypatch.setenv("SECANT_URL", localnet["url"])
    monkeypatch.setenv("SECANT_KEYPAIR", str(tmp_path / "env.json"))
    monkeypatch.setenv("SECANT_EXCHANGE", localnet["exchange"])
    assert main(["airdrop"]) == 0
    assert main(["account", "open"]) == 0
    assert (tmp_path / "env.json").exists()
    monkeypatch.setenv("SECANT_EXCHANGE", localnet["mint"])
    assert main(["account"]) == 2
    assert "no exchange at" in capsys.readouterr().err


def test_global_options_stand_anywhere(funded: Shell) -> None:
    from secant.cli import main

    options = [f"--url={funded.url}", "--keypair", str(funded.keypair)]
    for arguments in (["account", *options, "--json"], ["--json", *options, "account", "show"]):
        assert main(arguments) == 0
        assert json.loads(funded.capsys.readouterr().out)["cash"] == "100.000000"


def test_as_a_process(localnet: dict[str, str], tmp_path: Path) -> None:
    command = [*COMMAND, "--url", localnet["url"], "--keypair", str(tmp_path / "id.json")]
    done = subprocess.run(
        [*command, "airdrop"], capture_output=True, text=True, env=environment(), check=True
    )
    assert "1,000.000000 collateral" in done.stdout
    failed = subprocess.run(
        [*command, "deposit", "1"], capture_output=True, text=True, env=environment(), check=False
    )
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr.startswith("error: no margin account at ")
    assert failed.stderr.count("\n") == 1


def test_localnet_keeps_and_forgets_a_ledger(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from .conftest import Shell

    file = str(tmp_path / "ledger")
    shells = []
    for options in ((), (), ("--reset",)):
        process, said = start_localnet("--ledger", file, *options)
        shell = Shell(said["url"], tmp_path / "id.json", capsys)
        if not shells:
            shell.run("airdrop")
            shell.say("account", "open")
            shell.say("deposit", "7")
        code, out, _ = shell.run("account", "--json")
        shells.append((code, json.loads(out)["cash"] if out else None))
        stop_localnet(process, signal.SIGTERM)
    assert shells == [(0, "7.000000"), (0, "7.000000"), (1, None)]


def test_a_closed_terminal_saves_the_ledger(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from .conftest import Shell

    ledger = tmp_path / "ledger"
    process, said = start_localnet("--ledger", str(ledger))
    Shell(said["url"], tmp_path / "id.json", capsys).run("airdrop")
    stop_localnet(process, signal.SIGHUP)
    process, said = start_localnet("--ledger", str(ledger))
    assert Shell(said["url"], tmp_path / "id.json", capsys).run("account", "open")[0] == 0
    stop_localnet(process, signal.SIGHUP)


def test_a_localnet_under_nohup_outlives_the_terminal() -> None:
    # A child ignores what its parent ignored when it was started, as under nohup.
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        process, _ = start_localnet()
    finally:
        signal.signal(signal.SIGHUP, before)
    ignored = (
        line for line in Path(f"/proc/{process.pid}/status").read_text().splitlines() if "SigIgn" in line
    )
    assert int(next(ignored).split()[1], 16) & 1
    stop_localnet(process)


def test_localnet_says_what_it_made(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*COMMAND, "localnet", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        cwd=tmp_path,
    )
    assert process.stdout is not None
    said = [process.stdout.readline() for _ in range(6)]
    assert [line.split()[0] for line in said[:5]] == ["url", "ws_url", "exchange", "mint", "faucet"]
    assert said[5].startswith("ready: `secant airdrop`")
    stop_localnet(process)
