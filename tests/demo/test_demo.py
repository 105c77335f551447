"""The demo's story, its figures and its page."""

from __future__ import annotations

import asyncio
import csv
import io
import os
import re
import signal
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rich.console import Console
from secant_demo.markets import TRADERS
from secant_demo.play import play, show
from secant_demo.plot import render
from secant_demo.quotes import recorded_quotes
from secant_demo.report import summary
from secant_demo.stage import MAKER

if TYPE_CHECKING:
    from secant_demo.ledger import VaultIdentity
    from secant_demo.report import Report

SCRIPTS = Path(__file__).parents[2] / "scripts"
RAW = Path(__file__).parents[3] / "shared/data/election2024_history/kalshi/PRES-2024-DJT_candlesticks.csv"


@pytest.fixture(scope="module")
def story() -> tuple[Report, VaultIdentity, VaultIdentity]:
    return asyncio.run(play(Console(file=io.StringIO()), recorded_quotes()))


def test_every_market_settles_as_the_recorded_prices_say(
    story: tuple[Report, VaultIdentity, VaultIdentity],
) -> None:
    report, _, _ = story
    results = [row.result for row in report.rows]
    # From the table by hand: 65 % on 29 October, 90 % on 6 November 04:00, 49.5 % to 65.5 % in October.
    assert results == ["YES", "YES", "NO", "YES", "YES", "NO", "YES"]
    assert "29 Oct 19:00" in report.rows[1].evidence
    assert "6 Nov 04:00" in report.rows[3].evidence
    assert "range 16.0 points" in report.rows[4].evidence
    assert "average 56.0683%" in report.rows[6].evidence


def test_the_vault_comes_out_to_the_atom(story: tuple[Report, VaultIdentity, VaultIdentity]) -> None:
    report, settled, left = story
    assert settled.holds
    assert settled.vault == 9_000_000_000
    assert left.holds
    assert left.vault == 0
    out = io.StringIO()
    show(Console(file=out, width=140), report, settled, left)
    assert "vault 0 = cash 0 + pools 0 + fees 0 + escrow 0 atoms" in out.getvalue()


def test_the_results_of_all_are_zero_less_the_fees(
    story: tuple[Report, VaultIdentity, VaultIdentity],
) -> None:
    report, settled, left = story
    assert set(report.gains) == {*TRADERS, MAKER}
    assert settled.fees > 0
    assert sum(report.gains.values()) == -Decimal(settled.fees) / 10**6
    out = io.StringIO()
    show(Console(file=out, width=140), report, settled, left)
    assert f"maker {report.gains[MAKER]:+,.6f}" in out.getvalue()
    assert f"zero less the fees of {Decimal(settled.fees) / 10**6:,.6f}" in out.getvalue()


@pytest.mark.parametrize("found", [r"/secant_demo/(__pycache__/)?play\.", r"/solders/"])
def test_ctrl_c_during_the_imports_is_one_line(found: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-v", "-m", "secant_demo", "--page", os.devnull],
        env={**os.environ, "PYTHONPATH": str(SCRIPTS)},
        stderr=subprocess.PIPE,
        text=True,
        # As from a terminal, wherever these tests run: what a shell starts behind it ignores the signal.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads here
    )
    assert process.stderr is not None
    for line in process.stderr:  # -v tells of every module that is found, before it runs
        if line.startswith("# code object from") and re.search(found, line):
            break
    process.send_signal(signal.SIGINT)
    rest = process.stderr.read()
    process.stderr.close()
    assert process.wait() == 130
    assert "Traceback" not in rest
    assert rest.count("scripts/demo: interrupted\n") == 1


def test_the_page_needs_no_network(story: tuple[Report, VaultIdentity, VaultIdentity]) -> None:
    report, _, _ = story
    prices = [(quote.time, quote.mid) for quote in recorded_quotes()]
    page = render("A <title>", "a subtitle", prices, report.barriers, report.rows, ["a <note>"])
    assert not re.search(r"https?:|src=|@import|url\(", page)
    assert "A &lt;title&gt;" in page
    assert page.count("<circle") == 2  # one passage at 65 %, one at 90 %
    assert page.count("<tr>") == 1 + len(report.rows)
    assert page.count("<p>a &lt;note&gt;</p>") == 1
    assert page.count(">65 %</text>") == 1
    assert page.count(">90 %</text>") == 2  # on the axis, and once for both markets that watch it


def test_the_page_and_the_console_close_with_the_same_sums(
    story: tuple[Report, VaultIdentity, VaultIdentity],
) -> None:
    report, settled, left = story
    lines = summary(report, settled, left)
    assert lines[0].startswith("ada, ben, cyd and dan are the traders, with 1,000 each; the maker funded")
    assert str(left) in lines[-1]
    out = io.StringIO()
    show(Console(file=out, width=1000), report, settled, left)
    assert out.getvalue().splitlines()[-len(lines) :] == lines


def test_the_table_says_why_hours_without_a_quote_are_covered(
    story: tuple[Report, VaultIdentity, VaultIdentity],
) -> None:
    report, _, _ = story
    for row in report.rows[1:]:
        assert row.terms.endswith("gaps up to 12 h count as covered")
        assert "samples, longest gap 11 h, 100% covered" in row.evidence


def test_the_table_is_what_the_venue_printed() -> None:
    if not RAW.parents[3].is_dir():
        pytest.skip("the folder with the recorded data is not beside the project")
    with RAW.open(encoding="utf-8") as file:
        printed = [
            (row["timestamp"], int(row["bid_close"]), int(row["ask_close"])) for row in csv.DictReader(file)
        ]
    assert [(quote.timestamp, quote.bid_cents, quote.ask_cents) for quote in recorded_quotes()] == printed
