"""A record in plain Python, straight from the definitions; and recordings read by plain csv, json and gzip.

Prices are `Fraction`s, a sample is (Unix seconds, bid, ask) with None for a missing side.
"""

from __future__ import annotations

import csv
import gzip
import json
import math
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

Sample = tuple[int, Fraction | None, Fraction | None]
_WIDE = Context(prec=80)


def unix(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def text(value: Fraction | None) -> str | None:
    if value is None:
        return None
    exact = _WIDE.divide(Decimal(value.numerator), Decimal(value.denominator))
    shown = format(exact.quantize(Decimal("1e-12"), ROUND_HALF_EVEN, _WIDE), "f")
    shown = shown.rstrip("0").rstrip(".")
    return "0" if shown in ("", "-0") else shown


def exact_text(value: Fraction | None) -> str | None:
    if value is None:
        return None
    shown = format(_WIDE.divide(Decimal(value.numerator), Decimal(value.denominator)), "f")
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def accepted(samples: Iterable[Sample], start: int, end: int, spread: Fraction) -> list[tuple[int, Fraction]]:
    taken: list[tuple[int, Fraction]] = []
    for time, bid, ask in samples:
        if not start <= time <= end or bid is None or ask is None or ask - bid > spread:
            continue
        if not taken or time > taken[-1][0]:
            taken.append((time, (bid + ask) / 2))
    return taken


def passage(taken: list[tuple[int, Fraction]], term: dict[str, Any], gap: int) -> int | None:
    barrier, up = Fraction(str(term["barrier"])), term["statistic"] == "touch_up"
    run: int | None = None
    before: int | None = None
    for time, value in taken:
        if before is not None and time - before > gap:
            run = None
        before = time
        if (value >= barrier) if up else (value <= barrier):
            run = time if run is None else run
            if time - run >= term.get("sustain_s", 0):
                return time
        else:
            run = None
    return None


def variance(taken: list[tuple[int, Fraction]], start: int, grid: int) -> Fraction:
    firsts: dict[int, Fraction] = {}
    for time, value in taken:
        firsts.setdefault((time - start) // grid, value)
    return sum(
        ((value - firsts[cell - 1]) ** 2 for cell, value in firsts.items() if cell - 1 in firsts), Fraction(0)
    )


def statistic(
    term: dict[str, Any], taken: list[tuple[int, Fraction]], average: Fraction | None, gap: int
) -> Fraction | None:
    start, end = unix(term["start"]), unix(term["end"])
    values = [value for _, value in taken]
    match term["statistic"]:
        case "first":
            return values[0]
        case "last":
            return values[-1] if end - taken[-1][0] <= gap else None
        case "twap":
            return average
        case "range":
            return max(values) - min(values)
        case "change":
            return values[-1] - values[0]
        case _:
            return variance(taken, start, term["grid_s"])


def expected(term: dict[str, Any], samples: list[Sample]) -> dict[str, Any]:
    start, end = unix(term["start"]), unix(term["end"])
    gap = term.get("max_gap_s", end - start)
    taken = accepted(samples, start, end, Fraction(str(term.get("max_spread", 1))))
    steps = [(after[0] - before[0], before[1]) for before, after in pairwise(taken)]
    longest = max((length for length, _ in steps), default=0)
    if taken:
        steps.append((end - taken[-1][0], taken[-1][1]))
    good = [(length, value) for length, value in steps if length <= gap]
    covered = sum(length for length, _ in good)
    average = sum((length * value for length, value in good), Fraction(0)) / covered if covered else None
    coverage = Fraction(covered, end - start)
    touch = term["statistic"].startswith("touch")
    passed = passage(taken, term, gap) if touch else None
    enough = bool(taken) and coverage >= Fraction(str(term.get("min_coverage", 0)))
    value = statistic(term, taken, average, gap) if enough and not touch else None
    outcome, payout = judge(term, value, passed, enough=enough)
    return {
        "name": term["name"],
        "outcome": outcome,
        "value": text(value) if term["statistic"] == "twap" else exact_text(value),
        "payout": payout,
        "first_passage": None if passed is None else iso(passed),
        "samples_seen": sum(start <= time <= end for time, _, _ in samples),
        "samples_accepted": len(taken),
        "min": exact_text(min((value for _, value in taken), default=None)),
        "max": exact_text(max((value for _, value in taken), default=None)),
        "average": text(average),
        "coverage": text(coverage),
        "longest_gap_s": longest,
    }


def judge(
    term: dict[str, Any], value: Fraction | None, passed: int | None, *, enough: bool
) -> tuple[str, list[str]]:
    if term["statistic"].startswith("touch"):
        if passed is not None:
            return "yes", ["1", "0"]
        return ("no", ["0", "1"]) if enough else ("void", ["0.5", "0.5"])
    if value is None:
        return "void", ["0.5", "0.5"]
    if "strike" in term:
        return ("yes", ["1", "0"]) if value >= Fraction(str(term["strike"])) else ("no", ["0", "1"])
    low, high = Fraction(str(term.get("low", 0))), Fraction(str(term.get("high", 1)))
    share = (min(max(value, low), high) - low) / (high - low)
    ticks = Fraction(math.floor(share * 10_000), 10_000)
    return "value", [str(text(ticks)), str(text(1 - ticks))]


def kalshi_candles(path: Path) -> list[Sample]:
    """Cents at the candle's close; a bid of 0 and an ask of 100 mean that no order rests."""
    with path.open(newline="") as file:
        return [
            (
                unix(row["timestamp"] + "+00:00"),
                Fraction(row["bid_close"]) / 100 if row["bid_close"] != "0" else None,
                Fraction(row["ask_close"]) / 100 if row["ask_close"] != "100" else None,
            )
            for row in csv.DictReader(file)
        ]


def polymarket_prices(path: Path, outcome: str) -> list[Sample]:
    with path.open(newline="") as file:
        return [
            (int(row["Timestamp (UTC)"]), Fraction(row[outcome]), Fraction(row[outcome]))
            for row in csv.DictReader(file)
            if row[outcome]
        ]


def oracle_prices(path: Path) -> list[Sample]:
    """The table's prices as a venue of dollars keeps them: down to six decimals."""
    with path.open(newline="") as file:
        rows = [
            (int(row["blockchainTimestamp"]), Fraction(int(Fraction(row["oraclePrice"]) * 10**6), 10**6))
            for row in csv.DictReader(file)
        ]
    return [(time, price, price) for time, price in rows]


def polymarket_quotes(path: Path) -> dict[str, list[Sample]]:
    found: dict[str, list[Sample]] = {}
    with gzip.open(path, "rt", newline="") as file:
        for row in csv.DictReader(file):
            bid, ask = (Fraction(row[side]) if row[side] else None for side in ("bid", "ask"))
            if bid is not None and ask is not None and bid >= ask:
                bid = ask = None  # a crossed book is no two-sided quote, but it was seen
            found.setdefault(row["slug"], []).append((unix(row["ts_utc"]), bid, ask))
    return found


def kalshi_tape(path: Path) -> list[Sample]:
    """Best prices after each book message: the NO side's best bid is the YES side's best ask, from one."""
    sides: dict[str, dict[str, Decimal]] = {}
    samples: list[Sample] = []
    with gzip.open(path, "rt") as file:
        for line in file:
            record = json.loads(line)
            event = record["event"]
            message = event["msg"]
            if event["type"] == "orderbook_snapshot":
                sides = {
                    side: {price: Decimal(size) for price, size in message.get(f"{side}_dollars_fp", [])}
                    for side in ("yes", "no")
                }
            elif event["type"] == "orderbook_delta" and sides:
                book, price = sides[message["side"]], message["price_dollars"]
                book[price] = book.get(price, Decimal(0)) + Decimal(message["delta_fp"])
                if not book[price]:
                    del book[price]
            else:
                continue
            moment = message.get("ts_ms", record["recv_ms"]) // 1000
            yes, no = max(sides["yes"], default=None), max(sides["no"], default=None)
            samples.append(
                (
                    moment,
                    None if yes is None else Fraction(yes),
                    None if no is None else 1 - Fraction(no),
                )
            )
    return samples
