"""Settings, keys and clusters that will not do: one line and an exit code; what is secret is not shown."""

from __future__ import annotations

import asyncio
import json
import socket
from typing import TYPE_CHECKING, Any

import pytest
from keeper_world import World
from solders.keypair import Keypair

from secant.localnet import Localnet
from secant_keeper.__main__ import main
from secant_keeper.config import SECTIONS, read_settings
from secant_keeper.errors import InputError
from secant_keeper.jobs import JOBS, PERP_JOBS
from secant_keeper.settings_help import EXAMPLE

if TYPE_CHECKING:
    from pathlib import Path

ADDRESS = str(Keypair.from_seed(bytes(32)).pubkey())
REBASED = "venue = 'polymarket'\nfile = 'f'\nrebase = true"


def write(folder: Path, text: str) -> Path:
    path = folder / "keeper.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("urll = 1", "urll: unknown key; did you mean url?"),
        ("xyz = 1", "xyz: unknown key; there are url, ws_url, "),
        ("rebase = true", "rebase: stands in the wrong place: it belongs in a feed's source = { }"),
        ("key_file = 'x'", "key_file: stands in the wrong place: it belongs in [kalshi]"),
        (
            f"[[feeds]]\naddress = '{ADDRESS}'\ndrive_clock = true\nsource = {{venue = 'kalshi'}}",
            "feeds.0.drive_clock: stands in the wrong place: it belongs at the top level",
        ),
        (
            f"[[feeds]]\naddress = '{ADDRESS}'\nsource = {{venue = 'kalshi', exit_when_done = true}}",
            "feeds.0.source.exit_when_done: stands in the wrong place: it belongs at the top level",
        ),
        ("kalshi = {key_idd = 'x', key_file = 'y'}", "kalshi.key_idd: unknown key; did you mean key_id?"),
        ("url = 'http://h:99999'", "url is no URL, or its port is not from 0 to 65535"),
        ("url = 'http://h:port'", "its port is not from 0 to 65535"),
        ("url = 'http://[::1'", "url is no URL"),
        ("url = 'http://'", "url names no host"),
        ("url = 'http://h:65535'", "give ws_url"),
        ("ws_url = 'http://h'", "ws_url must begin with ws://"),
        ("ws_url = 'ws://h:70000'", "its port is not from 0 to 65535"),
        ("url = 'ftp://x'", "url must begin with http"),
        ("dry_run = 'perhaps'", "dry_run: "),
        ("metrics_port = 70000", "metrics_port: must be less than or equal to 65535, not 70000"),
        ("metrics_port = -1", "metrics_port: must be greater than or equal to 0, not -1"),
        ("in_flight_max = 0", "in_flight_max: must be greater than or equal to 1, not 0"),
        ("priority_fee_max_micro_lamports = -1", "priority_fee_max_micro_lamports: "),
        ("jobs = ['dance']", "jobs.0: "),
        (
            "jobs = ['publish', 'funding', 'liquidate']",
            "jobs has funding, liquidate, and lacks the section [perps]: add that, or take them out of jobs",
        ),
        (
            f"jobs = ['funding', 'liquidate', 'inventory']\n[perps]\nexchange = '{ADDRESS}'",
            "jobs has liquidate, inventory, and lacks account_index in [perps]: add that, or take",
        ),
        ("account_index = 0", "account_index: stands in the wrong place: it belongs in [perps]"),
        ("[perps]\naccount_index = 0", "perps.exchange: "),
        (f"[perps]\nexchange = '{ADDRESS}'\naccount_index = 256", "perps.account_index: must be less than"),
        (f"[perps]\nexchange = '{ADDRESS}'\nslip = 3", "perps.slip: unknown key; did you mean slip_bps?"),
        (f"[perps]\nexchange = '{ADDRESS}'\nslip_bps = -1", "perps.slip_bps: must be greater than"),
        (f"[perps]\nexchange = '{ADDRESS}'\naudit_interval_s = 0", "perps.audit_interval_s: must be greater"),
        ("[perps]\nexchange = 'x'", "perps.exchange: 'x'"),
        ("url = ", "is not TOML"),
        ("[[feeds]]\naddress = 'x'\nsource = {venue = 'kalshi', series = 'a'}", "feeds.0.address: 'x'"),
        (
            f"[[feeds]]\naddress = '{ADDRESS}'\nsource = {{venue = 'kalshi', series = 'a', rebase = true}}",
            "rebase needs a file",
        ),
        (
            f"drive_clock = true\n[[feeds]]\naddress = '{ADDRESS}'\n[feeds.source]\n{REBASED}",
            "drive_clock plays a recording at its own times, and rebase at the present: give one of the two",
        ),
        (f"[[feeds]]\naddress = '{ADDRESS}'\nsource = {{venue = 'betfair'}}", "there is no venue 'betfair'"),
        (f"[[feeds]]\naddress = '{ADDRESS}'\nsource = {{venue = 'polymarket'}}", "needs a series"),
        (f"[[feeds]]\naddress = '{ADDRESS}'\nsource = {{venue = 'kalshi', series = 'a'}}", "[kalshi]"),
        (
            f"[[feeds]]\naddress = '{ADDRESS}'\nsource = {{venue = 'polymarket', file = 'f', speed = -1}}",
            "speed: ",
        ),
        (
            f"[[feeds]]\naddress = '{ADDRESS}'\nsource = {{venue = 'polymarket', sped = 1}}",
            "feeds.0.source.sped: unknown key; did you mean speed?",
        ),
    ],
)
def test_a_setting_that_is_not_sound(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(InputError) as caught:
        read_settings(write(tmp_path, text))
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_of_jobs_that_nobody_named_those_run_that_have_what_they_need(tmp_path: Path) -> None:
    without = read_settings(write(tmp_path, ""))
    assert without.running == tuple(name for name, _ in JOBS)
    kept = read_settings(write(tmp_path, f"[perps]\nexchange = '{ADDRESS}'"))
    assert set(kept.running) == {name for name, _ in (*JOBS, *PERP_JOBS)}
    asked = f"jobs = ['funding', 'observe']\n[perps]\nexchange = '{ADDRESS}'"
    assert read_settings(write(tmp_path, asked)).running == ("funding", "observe")


def test_the_environment_overrides_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECANT_KEEPER_DRY_RUN", "true")
    assert read_settings(write(tmp_path, "dry_run = false")).dry_run


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("SECANT_KEEPER_DRYRUN", "true", "SECANT_KEEPER_DRYRUN: unknown key; did you mean dry_run?"),
        ("SECANT_KEEPER_FEEDS", "none", 'SECANT_KEEPER_...: error parsing value for field "feeds"'),
        ("SECANT_KEEPER_METRICS_PORT", "99999", "metrics_port: must be less than or equal to 65535"),
    ],
)
def test_a_variable_that_will_not_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, complaint: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InputError) as caught:
        read_settings(write(tmp_path, ""))
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_urls_and_secrets(tmp_path: Path) -> None:
    text = "url = 'https://node.example/?api-key=hush'\n[kalshi]\nkey_id = 'hush'\nkey_file = 'k.pem'"
    settings = read_settings(write(tmp_path, text))
    assert "hush" not in repr(settings)
    assert settings.websocket_url == "wss://node.example/?api-key=hush"
    assert settings.shown_url == "node.example"
    assert read_settings(write(tmp_path, "url = 'http://h:8899'")).websocket_url == "ws://h:8900"


def run(capsys: pytest.CaptureFixture[str], path: Path) -> tuple[object, str]:
    with pytest.raises(SystemExit) as ended:
        main(["run", "--config", str(path)])
    return ended.value.code, capsys.readouterr().err


def config(folder: Path, **settings: Any) -> Path:
    key = folder / "key.json"
    key.write_text(json.dumps(list(bytes(Keypair()))))
    chosen = {"keypair": str(key), "metrics_port": 0, **settings}
    return write(folder, "\n".join(f"{name} = {json.dumps(value)}" for name, value in chosen.items()))


@pytest.mark.parametrize("content", [None, "[1, 2]", "no key", "[]"])
def test_a_missing_key(capsys: pytest.CaptureFixture[str], tmp_path: Path, content: str | None) -> None:
    key = tmp_path / "none.json"
    if content is not None:
        key.write_text(content)
    code, err = run(capsys, config(tmp_path, keypair=str(key)))
    assert code == 2
    assert "none.json" in err
    assert 'name another with keypair = "...", or create one: solana-keygen new' in err
    assert err.count("\n") == 1


def test_the_help_names_every_key_with_its_meaning_and_default(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["run", "--help"])
    assert ended.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    for title, model in SECTIONS.values():
        assert f"{title}: " in text
        for key, field in model.model_fields.items():
            assert field.description
            assert f" {key} {' '.join(field.description.split())}" in text
    assert "poll_interval_s Longest pause between two turns. [1]" in text
    assert "drive_clock Set a localnet's clock" in text
    assert "SECANT_KEEPER_DRY_RUN=true" in text
    assert "4 done, but for work that failed for good" in text


def test_the_example_of_the_help_is_sound(tmp_path: Path) -> None:
    text = EXAMPLE.replace("<a feed>", ADDRESS).replace("<another feed>", str(Keypair().pubkey()))
    settings = read_settings(write(tmp_path, text))
    assert [feed.source.rebase for feed in settings.feeds] == [False, True]


def test_a_missing_config(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, err = run(capsys, tmp_path / "none.toml")
    assert code == 2
    assert err.count("\n") == 1


def test_nobody_at_the_url(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    code, err = run(capsys, config(tmp_path, url=f"http://127.0.0.1:{port}/secret-key"))
    assert code == 3
    assert err.count("\n") == 1
    assert f"no Solana RPC at 127.0.0.1:{port}: nobody answers there" in err
    assert "secret-key" not in err


@pytest.mark.parametrize(
    ("programs", "code", "complaint"), [(False, 3, "wrong cluster?"), (True, 2, "metrics_port")]
)
async def test_a_cluster_or_port_that_will_not_do(
    tmp_path: Path, *, programs: bool, code: int, complaint: str
) -> None:
    import sys

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        async with Localnet(port=0, ledger=World().ledger if programs else None) as net:
            path = config(tmp_path, url=net.url, metrics_port=port)
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "secant_keeper", "run", "--config", str(path)),
                stderr=asyncio.subprocess.PIPE,
            )
            _, err = await process.communicate()
    assert process.returncode == code
    assert complaint in err.decode()
    assert err.count(b"\n") == 1
