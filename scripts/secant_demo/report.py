"""What came of it: a row a market, and who won what."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from secant import oracle
from secant.units import collateral_of
from secant_demo.markets import (
    DERIVATIVES,
    PARENT_NAME,
    PARENT_TITLE,
    PPM,
    TRADERS,
    DerivativeMarket,
    moment_text,
)
from secant_demo.plot import Barrier, Row
from secant_demo.stage import MAKER, TRADER_DEPOSIT

if TYPE_CHECKING:
    from secant.client import EventView
    from secant_demo.ledger import VaultIdentity
    from secant_demo.stage import Stage

_NEVER = -(2**63)


@dataclass(frozen=True, slots=True)
class Report:
    """The end of the story.

    Attributes:
        rows: A row a market.
        barriers: The levels for the plot.
        gains: What each trader won, all markets together; negative is a loss. The maker's is added once the
            pools are closed.
    """

    rows: list[Row]
    barriers: list[Barrier]
    gains: dict[str, Decimal]


async def make_report(stage: Stage) -> Report:
    """Reads records and events from the chain, and sets what was paid against what was won."""
    gains: dict[str, Decimal] = defaultdict(Decimal)
    parent = await stage.maker.event(PARENT_NAME)
    rows = [
        Row(
            PARENT_TITLE,
            "the venue's result, signed by the market's authority",
            "Kalshi settled it YES",
            _result(parent),
            _winners(stage, parent, gains),
        )
    ]
    barriers = []
    for market in DERIVATIVES:
        event = await stage.maker.event(market.name)
        stored = await stage.maker.chain.account(stage.records[market.name])
        assert stored is not None
        record = oracle.Record.decode(bytes(stored.data))
        rows.append(
            Row(
                market.title,
                market.terms_text,
                evidence(market, record),
                _result(event),
                _winners(stage, event, gains),
            )
        )
        if market.is_touch:
            passed = None if record.passage_time == _NEVER else record.passage_time
            label = f"{market.level * 100:.0f} %"
            barriers.append(Barrier(label, market.level, market.start, market.end, passed))
    return Report(rows, barriers, dict(gains))


def summary(report: Report, settled: VaultIdentity, left: VaultIdentity) -> list[str]:
    """Who they are, what each of them won, and the vault identity in atoms, a line each."""
    results = [f"{name} {report.gains.get(name, 0):+,.6f}" for name in (*TRADERS, MAKER)]
    total, fees = sum(report.gains.values()), collateral_of(settled.fees)
    names = f"{', '.join(TRADERS[:-1])} and {TRADERS[-1]}"
    return [
        f"{names} are the traders, with {TRADER_DEPOSIT:,} each; the {MAKER} funded the pools they use",
        f"together: {', '.join(results)}",
        f"the sum of them is {total:+,.6f}: zero less the fees of {fees:,.6f}",
        f"all settled and paid: {settled}",
        f"everyone has left: {left}",
    ]


def evidence(market: DerivativeMarket, record: oracle.Record) -> str:
    """What the record on chain says, in a line."""
    tail_s = record.terms.end - record.last_time
    covered_s = record.covered_s + (tail_s if tail_s <= record.terms.max_gap_s else 0)
    coverage = Decimal(covered_s) / (record.terms.end - record.terms.start)
    gap = f"{Decimal(record.longest_gap_s) / 3600:.3g} h"
    seen = f"{record.accepted} samples, longest gap {gap}, {coverage:.0%} covered"
    if market.is_touch:
        if record.passage_time == _NEVER:
            return f"never touched, highest {_percent(record.max_value)}; {seen}"
        return f"touched {moment_text(record.passage_time)}; {seen}"
    if market.statistic == oracle.STATISTIC_RANGE:
        low, high = _percent(record.min_value), _percent(record.max_value)
        return f"{low} to {high}, range {_points(record.max_value - record.min_value)}; {seen}"
    weighted = record.weighted_sum + record.last_value * (covered_s - record.covered_s)
    return f"average {Decimal(weighted) / covered_s / PPM:.4%}; {seen}"


def _points(value_ppm: int) -> str:
    return f"{Decimal(value_ppm * 100) / PPM:.1f} points"


def _percent(value_ppm: int) -> str:
    return f"{Decimal(value_ppm * 100) / PPM:.1f} %"


def _result(event: EventView) -> str:
    if event.status == "void":
        return "VOID"
    return next(outcome.label for outcome in event.outcomes if outcome.payout == 1)


def _winners(stage: Stage, event: EventView, gains: dict[str, Decimal]) -> str:
    payouts = {outcome.label: outcome.payout or Decimal(0) for outcome in event.outcomes}
    by_trader: dict[str, Decimal] = defaultdict(Decimal)
    for order, receipt in stage.receipts:
        if order.market != event.name:
            continue
        paid = receipt.trade.total if order.shares > 0 else -receipt.trade.total
        by_trader[order.trader] += order.shares * payouts[order.outcome] - paid
    for trader, gain in by_trader.items():
        gains[trader] += gain
    return ", ".join(f"{trader} {gain:+,.2f}" for trader, gain in by_trader.items()) or "nobody traded"
