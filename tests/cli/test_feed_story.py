"""Feeds and records from the command line: a question is asked, observed and settles a market."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    from .conftest import Shell

KEY = "So11111111111111111111111111111111111111112"
TOUCH = ["--statistic", "touch_up", "--barrier", "0.65", "--end", "2d"]
TWAP = ["--statistic", "twap", "--end", "2d"]


@pytest.fixture
def feed(funded: Shell) -> str:
    """A feed of the shell's wallet, by name."""
    name = f"price-{uuid4().hex[:12]}"
    assert funded.say("feed", "create", name).startswith(f"created feed {name} at ")
    return name


def test_a_market_on_a_price(funded: Shell, feed: str) -> None:
    record = funded.json("record", "create", feed, *TOUCH)["address"]
    event = f"touch-{uuid4().hex[:12]}"
    funded.say("event", "create", event, "--record", record)  # locks when the record's window ends
    assert funded.say("feed", "publish", feed, "0.60", "0.62").startswith("published 0.60 to 0.62 to feed ")
    observed = funded.say("record", "observe", record)
    assert observed == "a sample was accepted; 1 accepted and 0 rejected; the record is open\n"
    again = funded.say("record", "observe", record)
    assert again == "there was no new sample; 1 accepted and 0 rejected; the record is open\n"
    later = (datetime.now(UTC) + timedelta(seconds=5)).isoformat(timespec="seconds")
    funded.say("feed", "publish", feed, "0.66", "--at", later)
    observed = funded.say("record", "observe", record)
    assert (
        observed
        == "a sample was accepted; 2 accepted and 0 rejected; the record is decided: YES pays 1.0000\n"
    )
    assert f"{event} is resolved: YES pays 1, NO pays 0" in funded.say("event", "settle", event)
    shown = funded.say("record", "show", record)
    for words in (
        "YES if the value is at or above 0.65 once",
        "samples up to 600 s apart, at most 0.05 wide",
        "90 % observed",
        "decided: YES pays 1.0000",
        "average             0.61 ",
        "0.660000",
        f"reached             {datetime.fromisoformat(later):%Y-%m-%d %H:%M:%S} UTC",
    ):
        assert words in shown
    listed = funded.say("record", "list", "--feed", feed)
    assert record in listed
    assert f"  {feed}  " in listed
    assert "YES if the value is at or above 0.65 once" in listed


def test_a_sample_too_wide(funded: Shell, feed: str) -> None:
    record = funded.json("record", "create", feed, *TOUCH)["address"]
    said = funded.say("feed", "publish", feed, "0.60", "0.70")
    assert said.endswith(", too wide to count (max spread 0.05)\n")
    observed = funded.say("record", "observe", record)
    assert observed.startswith(
        "a sample was rejected: too wide, or too few publishers agree; 0 accepted and 1 "
    )


@pytest.mark.parametrize(
    ("asked", "question"),
    [
        ([*TOUCH, "--sustain", "1h"], "YES if the value is at or above 0.65 for 3600 s"),
        (
            ["--statistic", "touch_down", "--barrier", "0.2", "--end", "7d", "--max-gap", "30"],
            "YES if the value is at or below 0.2 once",
        ),
        ([*TWAP, "--strike", "0.5"], "YES if the time-weighted average is at least 0.5"),
        (
            ["--statistic", "change", "--end", "2d", "--low", "-0.1", "--high", "0.1"],
            "YES pays by the last less the first value, 0 at -0.1 to 1 at 0.1",
        ),
        (
            ["--statistic", "variance", "--end", "2d", "--strike", "0.01", "--grid", "1h"],
            "YES if the variance on a grid of 3600 s is at least 0.01",
        ),
        (["--statistic", "first", "--end", "2d", "--strike", "0"], "YES if the first value is at least 0"),
    ],
)
def test_questions_in_words(funded: Shell, feed: str, asked: list[str], question: str) -> None:
    said = funded.say("record", "create", feed, *asked)
    record = said.split()[2].removesuffix(":")
    assert said == f"created record {record}: {question}\n"
    assert question in funded.say("record", "show", record)


def test_json_answers(funded: Shell, feed: str) -> None:
    far = ["--statistic", "last", "--strike", "0.5", "--end", "800d"]
    assert "choose a later end, at most two years ahead" in funded.fail(2, ["record", "create", feed, *far])
    terms = [
        "--max-gap",
        "1h",
        "--min-coverage",
        "0.5",
        "--max-spread",
        "0.02",
        "--low",
        "0.2",
        "--high",
        "0.8",
    ]
    record = funded.json("record", "create", feed, *TWAP, *terms)["address"]
    view = funded.json("record", "show", record)
    assert [view for view in funded.json("record", "list") if view["address"] == record] == [view]
    assert (view["statistic"], view["low"], view["high"]) == ("twap", "0.200000", "0.800000")
    assert (view["max_gap_s"], view["min_coverage"], view["max_spread"]) == (3600, "0.500000", "0.020000")
    assert (view["status"], view["yes_payout"], view["accepted"]) == ("open", None, 0)
    shown = funded.json("feed", "show", feed)
    assert (shown["name"], shown["exponent"], shown["width_max"]) == (feed, -6, "0.050000")
    assert shown["needed_until"] == view["window_end"]
    assert view["feed"] in [other["address"] for other in funded.json("feed", "list")]
    funded.say("feed", "publish", feed, "0.4")
    observed = funded.json("record", "observe", record)
    assert (observed["record"]["accepted"], observed["record"]["max_value"]) == (1, "0.400000")
    assert observed["receipt"]["address"] == record


def test_a_feed_of_another_unit(funded: Shell) -> None:
    name = f"celsius-{uuid4().hex[:12]}"
    other = funded.json("wallet")["address"]
    options = ["--decimals", "1", "--max-spread", "2", "--max-step", "10", "--staleness", "10m"]
    funded.say("feed", "create", name, *options, "--publisher", KEY, "--publisher", other)
    funded.say("feed", "publish", name, "-5.5", "-4.5")
    shown = funded.say("feed", "show", name)
    for words in (KEY, "-5.5", "-4.5", "600 s", "1 of 2"):
        assert words in shown
    assert "1 of 2" in funded.say("feed", "list")
    record = funded.json("record", "create", name, *TWAP, "--strike", "-3.5")["address"]
    assert "at least -3.5" in funded.say("record", "show", record)
    assert "at most 1 decimal" in funded.fail(2, ["record", "create", name, *TWAP, "--strike", "0.55"])
    one_sided = (datetime.now(UTC) + timedelta(seconds=3)).isoformat(timespec="seconds")
    funded.say("feed", "publish", name, "none", "4", "--at", one_sided)
    assert funded.json("feed", "show", name)["readings"][1]["bid"] is None


def test_close(funded: Shell, feed: str) -> None:
    name = f"unused-{uuid4().hex[:12]}"
    address = funded.json("feed", "create", name)["address"]
    assert funded.say("feed", "close", name) == f"closed feed {address}\n"
    assert f"none is named '{name}'" in funded.fail(2, ["feed", "show", name])
    funded.say("record", "create", feed, *TOUCH)
    line = funded.fail(1, ["feed", "close", feed])
    assert "a record over this feed may still need it — close it 30 days after its last window" in line


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["record", "create"], "Missing argument 'FEED'"),
        (["record", "create", "FEED", "--statistic", "touch_up"], "Missing option '--end'"),
        (["record", "create", "FEED", "--statistic", "median", "--end", "1d"], "'--statistic'"),
        (["record", "create", "FEED", "--statistic", "touch_up", "--end", "1d"], "touch_up needs a barrier"),
        (["record", "create", "FEED", *TOUCH, "--strike", "0.5"], "touch_up takes a barrier alone"),
        (["record", "create", "FEED", *TOUCH, "--barrier", "65%"], "barrier '65%' is not a number"),
        (["record", "create", "FEED", *TOUCH, "--sustain", "3d"], "does not fit into a window of 172800 s"),
        (["record", "create", "FEED", *TOUCH, "--sustain", "soon"], "--sustain 'soon' is no duration"),
        (["record", "create", "FEED", *TOUCH, "--max-gap", "0"], "max gap 0 is out of range"),
        (
            ["record", "create", "FEED", *TOUCH, "--max-gap", "2026-01-01"],
            "--max-gap '2026-01-01' is no duration",
        ),
        (["record", "create", "FEED", *TOUCH, "--min-coverage", "90"], "min coverage '90' is not"),
        (["record", "create", "FEED", *TOUCH, "--max-spread", "0.06"], "use at most 0.05"),
        (["record", "create", "FEED", *TOUCH, "--end", "0s"], "its end is not after its start"),
        (["record", "create", "FEED", *TOUCH, "--end", "later"], "--end 'later' is no time"),
        (["record", "create", "FEED", *TOUCH, "--grid", "1h"], "touch_up takes no grid"),
        (["record", "create", "FEED", *TWAP], "twap pays at a strike, or between two bounds"),
        (["record", "create", "FEED", *TWAP, "--barrier", "1"], "twap takes no barrier"),
        (["record", "show", "zz"], "RECORD 'zz' is no address"),
        (["record", "observe", "zz"], "RECORD 'zz' is no address"),
        (["record", "show", KEY], "no record at"),
        (["feed", "create", "f", "--staleness", "1y"], "--staleness '1y' is no duration"),
        (["feed", "create", "f", "--staleness", "2d"], "staleness 1 to 86400 s"),
        (["feed", "create", "f", "--max-spread", "0"], "width limit and step at least 1"),
        (["feed", "create", "f", "--decimals", "13"], "— use 0 to 12"),
        (
            ["feed", "create", "f", "--quorum", "2"],
            "their number — name more publishers, or choose a smaller",
        ),
        (["feed", "create", "f", "--publisher", "zz"], "--publisher 'zz' is no address"),
        (["feed", "create", "f" * 33], "is not valid"),
        (["feed", "publish", "FEED", "none"], "a reading has a bid or an ask"),
        (["feed", "publish", "FEED", "0.7", "0.6"], "bid is above its ask — give the lower end first"),
        (["feed", "publish", "FEED", "x"], "bid 'x' is not a number"),
        (["feed", "publish", "FEED", "0.5", "--at", "noon"], "--at 'noon' is no time"),
        (["feed", "show", KEY], "no feed at"),
    ],
)
def test_wrong_usage_is_one_line(funded: Shell, feed: str, arguments: list[str], text: str) -> None:
    line = funded.fail(2, [feed if argument == "FEED" else argument for argument in arguments])
    assert line.startswith("error: ")
    assert text in line


def test_refusals(funded: Shell, feed: str) -> None:
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat(timespec="seconds")
    line = funded.fail(1, ["feed", "publish", feed, "0.5", "--at", soon])
    assert "publish it when its time has come" in line
    at = "2020-01-01T00:00"
    assert "older than the feed's staleness" in funded.fail(1, ["feed", "publish", feed, "0.5", "--at", at])
    start = datetime.now(UTC)
    end = (start + timedelta(days=9)).isoformat(timespec="seconds")
    started = ["--start", start.isoformat(timespec="seconds"), "--end"]
    fixed = ["--statistic", "touch_up", "--barrier", "0.5", *started]
    record = funded.json("record", "create", feed, *fixed, end)["address"]
    line = funded.fail(1, ["record", "create", feed, *fixed, end])
    assert f"use it, equal terms share one record: {record}" in line
