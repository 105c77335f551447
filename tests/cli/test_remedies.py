"""Refusals name what is held, what is asked for, and the way out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    from .conftest import Shell

TOUCH = ["--statistic", "touch_up", "--barrier", "0.65"]


@pytest.fixture
def rain(funded: Shell) -> str:
    """An event of the shell's."""
    name = f"rain-{uuid4().hex[:12]}"
    funded.say("event", "create", name)
    return name


def test_tokens_of_shares_that_are_not_held(funded: Shell, rain: str) -> None:
    line = funded.fail(2, ["tokenize", rain, "YES", "5"])
    assert (
        "you hold 0.00 YES: more tokens would be shares sold short — make fewer, or say so: `--short`" in line
    )
    funded.say("mint-set", rain, "4")
    assert "you hold 4.00 YES" in funded.fail(2, ["tokenize", rain, "YES", "4.01"])
    assert funded.say("tokenize", rain, "YES", "4").startswith("made 4.00 tokens")
    assert funded.say("tokenize", rain, "YES", "1", "--short").startswith("made 1.00 tokens")
    assert funded.json("account")["positions"][0]["shares"] == ["-1.00", "4.00"]
    for command in ("detokenize", "redeem-tokens"):
        if command == "redeem-tokens":
            funded.say("event", "resolve", rain, "YES")
        line = funded.fail(1, [command, rain, "YES", "6"])
        assert line == "error: you hold 5.00 tokens of YES — give at most that many"


def test_a_short_that_lost_is_paid(funded: Shell, rain: str) -> None:
    funded.say("tokenize", rain, "YES", "3", "--short")
    funded.say("event", "resolve", rain, "YES")
    assert f"`secant redeem {rain}`" in funded.fail(1, ["account", "close"])
    assert funded.say("redeem", rain) == "paid 3.000000 for shares sold short\n"


def test_a_limit_names_the_present_price(funded: Shell, rain: str) -> None:
    funded.say("pool", "create", rain)
    line = funded.fail(1, ["pool", "buy", rain, "YES", "10", "--max-cost", "5"])
    assert "10.00 YES cost 5.174907 now, more than the max cost of 5.000000 — allow more, or buy less" in line
    line = funded.fail(1, ["pool", "sell", rain, "YES", "10", "--min-proceeds", "5"])
    assert "10.00 YES yield 4.82" in line
    assert "now, less than the min proceeds of 5.000000 — accept less, or sell less" in line
    line = funded.fail(1, ["pool", "buy", rain, "YES", "200"])
    assert "Not enough free collateral: 30.685281 is free, 1" in line
    assert " is asked for — deposit more" in line


def test_closing_a_pool_early_says_what_it_leaves(funded: Shell, rain: str) -> None:
    funded.say("pool", "create", rain, "--liquidity", "50")
    funded.say("pool", "buy", rain, "NO", "20")
    funded.say("pool", "buy", rain, "YES", "20")
    said = funded.say("pool", "close", rain)
    assert said.endswith(" and -20.00 YES and -20.00 NO\n")
    # What it sold was bought by the same account, so that nothing is left.
    assert funded.json("account")["positions"] == []


def test_the_way_out_of_a_short_set(funded: Shell, rain: str) -> None:
    for outcome in ("YES", "NO"):
        funded.say("tokenize", rain, outcome, "20", "--short")
    line = funded.fail(1, ["account", "close"])
    assert f"`secant mint-set {rain} 20.00`, then withdraw" in line
    funded.say("mint-set", rain, "20.00")
    funded.say("withdraw", "ALL")
    assert "closed account" in funded.say("account", "close")


def test_all_is_everything(funded: Shell) -> None:
    assert funded.say("deposit", "All") == "deposited 900.000000\n"
    assert funded.say("withdraw", "ALL") == "withdrew 1,000.000000\n"


def test_a_record_that_does_not_fit(funded: Shell) -> None:
    feed = f"price-{uuid4().hex[:12]}"
    funded.say("feed", "create", feed)
    end = (datetime.now(UTC) + timedelta(days=2)).replace(microsecond=0)
    asked = [*TOUCH, "--end", end.isoformat()]
    record = funded.json("record", "create", feed, *asked)["address"]
    create = ["event", "create", f"e-{uuid4().hex[:12]}", "--record", record]
    line = funded.fail(2, [*create, "--locks", "3d"])
    shown = f"{end:%Y-%m-%d %H:%M:%S} UTC"
    assert f"after the record's window — choose a lock time up to the window's end, {shown}" in line
    line = funded.fail(2, [*create, "--deadline", "3d"])
    later = f"{end + timedelta(days=2):%Y-%m-%d %H:%M:%S} UTC"
    assert (
        f"less than two days after the record's window ends, {shown} — choose a deadline from {later} on"
        in line
    )
    funded.say("feed", "publish", feed, "0.66")
    assert "decided" in funded.say("record", "observe", record)
    assert "The record is decided already — create a record" in funded.fail(2, create)
    assert "that is a wallet, not a record" in funded.fail(
        2, ["record", "show", funded.json("wallet")["address"]]
    )
