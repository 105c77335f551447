"""Marking a keeper's accounts: how many a second, how long a tick takes, and how much memory they take.

Each number of accounts is measured in a process of its own, whose peak memory is thus that of its
interpreter, numpy and these accounts. The accounts are seeded: 1 to 8 legs, 2 on average, in fifty markets; a
tenth of the legs have open orders, and a tenth of the accounts were written again with other legs, so that a
market's legs no longer lie in the order of their accounts. Everything is one thread's.
"""

from __future__ import annotations

import json
import random
import resource
import statistics
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from solders.pubkey import Pubkey

from secant_keeper.perps.at_risk import at_marks, mark_all
from secant_keeper.perps.columns import Columns, Leg
from secant_keeper.perps.market import Market, Schedule, Tier
from secant_keeper.perps.near_risk import NearRisk

if TYPE_CHECKING:
    from collections.abc import Callable

_T = TypeVar("_T")

ACCOUNTS: Final = (100_000, 1_000_000)
MARKETS: Final = 50
PASSES: Final = 15
TICKS: Final = 200
_LEGS_WEIGHTS: Final = (50, 25, 12, 6, 3, 2, 1, 1)
_SCHEDULE: Final = Schedule(
    (Tier(0, 1_000, 500), Tier(10**12, 2_000, 1_000), Tier(10**13, 5_000, 2_500)), size_premium_ppb=2_000
)


def marking_figures(counts: tuple[int, ...] = ACCOUNTS) -> dict[str, float]:
    """The figures for each number of accounts, by name."""
    found = {}
    for count in counts:
        said = subprocess.run(
            [sys.executable, "-m", "secant_bench.marking", str(count)], check=True, capture_output=True
        ).stdout
        found.update({f"{count:,} accounts: {name}": figure for name, figure in json.loads(said).items()})
    return found


def measure(count: int) -> dict[str, float]:
    """The figures for so many accounts, in this process."""
    rng = random.Random(count)  # noqa: S311 - the same accounts every time, no secret
    markets = [_market(rng) for _ in range(MARKETS)]
    columns = Columns()
    for _ in markets:
        columns.add_market()
    load_s = 0.0
    for number in range(count):
        account = _account(rng, markets)
        load_s += _timed(lambda account=account, number=number: columns.put(_address(number), *account))[0]
    for number in rng.sample(range(count), count // 10):
        columns.put(_address(number), *_account(rng, markets))
    found = _passes(rng, columns, markets) | _ticks(rng, columns, markets)
    return {
        "legs an account": round(columns.leg_count / count, 2),
        "written, accounts a second": int(count / load_s),
        **found,
        "peak memory, MiB": round(_peak_bytes() / 2**20, 1),
    }


def _passes(rng: random.Random, columns: Columns, markets: list[Market]) -> dict[str, float]:
    """All accounts marked anew, with all prices and indices moved, and the liquidatable picked."""
    passes_s, found = [], 0
    for _ in range(PASSES):
        moved = [_moved(rng, market) for market in markets]
        took_s, rows = _timed(lambda moved=moved: mark_all(columns, at_marks(moved)).liquidatable())
        passes_s.append(took_s)
        found = len(rows)
    median_s = statistics.median(passes_s)
    return {
        "marked and picked, accounts a second": int(len(columns) / median_s),
        "marked and picked, ms, median": round(1_000 * median_s, 1),
        "marked and picked, ms, slowest": round(1_000 * max(passes_s), 1),
        "liquidatable at the last pass": found,
    }


def _ticks(rng: random.Random, columns: Columns, markets: list[Market]) -> dict[str, float]:
    """One market's price moves within its band, a tick after another, and who is near is marked."""
    near = NearRisk(columns)
    survey_s, _ = _timed(lambda: near.survey(markets))
    counted = len(near.near())
    ticks_s, changed_s, now = [], [], list(markets)
    for _ in range(TICKS):
        index = rng.randrange(MARKETS)
        now[index] = _moved(rng, markets[index])
        ticks_s.append(_timed(lambda: near.tick(now))[0])
    for number in rng.sample(range(len(columns)), TICKS):
        columns.put(_address(number), *_account(rng, markets))
        changed_s.append(_timed(lambda: near.tick(now))[0])
    assert near.surveys == 1, near.surveys
    ticks_s.sort()
    return {
        "accounts near": counted,
        "survey of all, ms": round(1_000 * survey_s, 1),
        "tick of one market, ms, median": round(1_000 * ticks_s[TICKS // 2], 2),
        "tick of one market, ms, 99th percentile": round(1_000 * ticks_s[TICKS * 99 // 100 - 1], 2),
        "tick after one more account changed, ms, mean": round(1_000 * statistics.mean(changed_s), 2),
    }


def _market(rng: random.Random) -> Market:
    mark = rng.randrange(1_000, 1_000_000)
    return Market(mark, mark - mark // 500, mark + mark // 500, False, _SCHEDULE, rng.getrandbits(50))  # noqa: FBT003


def _moved(rng: random.Random, market: Market) -> Market:
    """Up to 1 % off, with funding of up to a tenth of that a lot, and no losses."""
    step = max(market.mark_ticks // 100, 1)
    return replace(
        market,
        mark_ticks=market.mark_ticks + rng.randint(-step, step),
        funding_index=market.funding_index + rng.randint(-(step << 32), step << 32) // 10,
    )


def _account(rng: random.Random, markets: list[Market]) -> tuple[int, list[Leg]]:
    """Collateral of 5 to 100 % of its positions, which were entered within 2 % of the marks."""
    [legs] = rng.choices(range(1, 9), _LEGS_WEIGHTS)
    chosen = [_leg(rng, at, markets[at]) for at in rng.sample(range(MARKETS), legs)]
    value = sum(abs(leg.position_lots) * markets[leg.market].mark_ticks for leg in chosen)
    return value * rng.randrange(500, 10_000) // 10_000, chosen


def _leg(rng: random.Random, index: int, market: Market) -> Leg:
    value = 10 ** rng.randrange(7, 13)
    lots = rng.choice((-1, 1)) * max(value // market.mark_ticks, 1)
    entry = market.mark_ticks * rng.randrange(9_800, 10_200) // 10_000
    orders = abs(lots) // 2 if rng.random() < 0.1 else 0
    funding_index = market.funding_index - rng.randrange(market.mark_ticks << 22)
    low, high = market.low_ticks, market.high_ticks
    return Leg(index, lots, -lots * entry, funding_index, 0, orders, orders * low, orders, orders * high)


def _address(number: int) -> Pubkey:
    return Pubkey.from_bytes(number.to_bytes(32, "big"))


def _timed(work: Callable[[], _T]) -> tuple[float, _T]:
    started = time.perf_counter()
    done = work()
    return time.perf_counter() - started, done


def _peak_bytes() -> int:
    """The most memory this process has held, all of it: numpy's arrays and the interpreter too."""
    status = Path("/proc/self/status")
    if status.exists():
        # getrusage would also count what the parent held before this program was started.
        [line] = [
            line for line in status.read_text(encoding="utf-8").splitlines() if line.startswith("VmHWM")
        ]
        return int(line.split()[1]) * 1_024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
