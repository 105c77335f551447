"""Runs the demo and shows what came of it."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from contextlib import AsyncExitStack
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from secant import exchange
from secant.units import collateral_of
from secant_demo.ledger import VaultIdentity, read_identity
from secant_demo.markets import ACTS, PARENT_NAME, PARENT_WINNER
from secant_demo.plot import render
from secant_demo.quotes import recorded_quotes
from secant_demo.report import Report, make_report, summary
from secant_demo.stage import MAKER, MAKER_DEPOSIT, TRADER_DEPOSIT, Stage, quotes_of_act, raise_curtain

if TYPE_CHECKING:
    from secant_demo.quotes import HourlyQuote

_TITLE = "Kalshi's 2024 presidential market, and markets on its price"


class DemoError(Exception):
    """Something that must hold did not."""


async def play(
    console: Console, quotes: tuple[HourlyQuote, ...]
) -> tuple[Report, VaultIdentity, VaultIdentity]:
    """The whole story; the identities are those at settlement and after everyone has left.

    Raises:
        DemoError: The results and the fees do not cancel out, or somebody did not get what they won.
    """
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        console.print("a chain, an exchange, a feed, seven markets with pools, four traders")
        stage = await raise_curtain(stack, folder)
        for act in range(len(ACTS)):
            printed = quotes_of_act(quotes, act)
            console.print(f"{ACTS[act].title}: {len(ACTS[act].orders)} trades, then {len(printed)} hours")
            await stage.trade(ACTS[act].orders)
            await stage.keep(printed, ACTS[act].until)
        console.print("the venue's result is signed; the keeper redeems what is left")
        await stage.maker.resolve_event(PARENT_NAME, PARENT_WINNER)
        await stage.keep([], ACTS[-1].until)
        report = await make_report(stage)
        for event in await stage.maker.events():
            await stage.maker.close_pool(event.address)
        report.gains[MAKER] = (await stage.maker.account()).free - MAKER_DEPOSIT
        settled = await read_identity(stage.maker.chain, stage.maker.exchange)
        if sum(report.gains.values()) + collateral_of(settled.fees) != 0:
            raise DemoError(f"{report.gains} and fees of {collateral_of(settled.fees)} do not cancel out")
        await leave(stage, report)
        return report, settled, await read_identity(stage.maker.chain, stage.maker.exchange)


async def leave(stage: Stage, report: Report) -> None:
    """Everyone withdraws everything, fees go to the treasury, accounts close.

    Raises:
        DemoError: A wallet does not hold the deposit and the gains to the atom.
    """
    for name, client in stage.clients.items():
        free = (await client.account()).free
        if free > 0:
            await client.withdraw(free)
        await client.close_account()
        deposit = MAKER_DEPOSIT if name == MAKER else TRADER_DEPOSIT
        gained = await client.collateral() - deposit
        if gained != report.gains.get(name, Decimal(0)):
            raise DemoError(f"{name} won {report.gains.get(name, 0)} but left with {gained}")
    view = stage.maker.exchange
    collect = exchange.collect_fees(exchange=view.address, vault=view.vault, treasury=view.treasury)
    await stage.maker.chain.send([collect], [stage.maker.wallet.keypair])


def show(console: Console, report: Report, settled: VaultIdentity, left: VaultIdentity) -> None:
    """The table and the summary."""
    table = Table(title=_TITLE, show_lines=True)
    for heading in ("market", "terms", "evidence on chain", "result", "who won what"):
        table.add_column(heading)
    for row in report.rows:
        table.add_row(row.market, row.terms, row.evidence, row.result, row.winners)
    console.print(table)
    for line in summary(report, settled, left):
        console.print(line)


def main() -> None:
    """Plays the demo, writes the page, and exits with 1 if anything that must hold did not."""
    parser = argparse.ArgumentParser(prog="scripts/demo", description=_TITLE)
    parser.add_argument("--page", type=Path, default=Path("demo.html"), help="where the plot goes")
    options = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 140)
    started = time.monotonic()
    quotes = recorded_quotes()
    try:
        options.page.touch()
    except OSError as error:
        sys.exit(f"{options.page} cannot be written: {error.strerror}")
    report, settled, left = asyncio.run(play(console, quotes))
    show(console, report, settled, left)
    prices = [(quote.time, quote.mid) for quote in quotes]
    subtitle = (
        "Hourly middle of bid and ask, 4 October to 6 November 2024, with the levels that markets watch."
    )
    page = render(_TITLE, subtitle, prices, report.barriers, report.rows, summary(report, settled, left))
    options.page.write_text(page, encoding="utf-8")
    console.print(f"the price with its levels and passage times: {options.page.resolve()}")
    console.print(f"{len(quotes)} hours of quotes, 7 markets, in {time.monotonic() - started:.1f} s")
    if not (settled.holds and left.holds and left.vault == 0):
        sys.exit("the vault identity does not hold")
