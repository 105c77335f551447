"""From a price to a signed liquidation: a keeper that knows 100,000 leveraged accounts, without a network.

A tick is the bytes of a market with another mark, as a node's notification brings them. Measured is what the
keeper does then: it decodes the market, marks who is near, works out whoever is at risk, plans and signs.
What a keeper waits for besides is the node's: the simulation before it sends, and the chain.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Final

from solders.compute_budget import set_compute_unit_limit, set_compute_unit_price
from solders.hash import Hash
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from secant import exchange
from secant_keeper.config import PerpSettings, Settings
from secant_keeper.jobs import jobs_of, liquidate
from secant_keeper.perps.task import Task
from secant_keeper.state import State

if TYPE_CHECKING:
    from secant_keeper.jobs import Work

ACCOUNTS: Final = 100_000
MARKETS: Final = 20
TICKS: Final = 200
NOW: Final = 1_700_000_000
_UNIT_ATOMS: Final = 10**6
_NOBODY: Final = Pubkey.default()
_TIER: Final = exchange.PerpTier(from_atoms=0, initial_bps=1_000, maintenance_bps=500)
_NO_TIER: Final = exchange.PerpTier(from_atoms=0, initial_bps=0, maintenance_bps=0)
_RULES: Final = exchange.PerpRules(
    tiers=(_TIER, _NO_TIER, _NO_TIER, _NO_TIER),
    tier_count=1,
    units_per_tick=100,
    position_max_lots=2**34,
    open_max_lots=2**36,
    impact_lots=8,
    lots_min=1,
    dust_atoms=_UNIT_ATOMS,
    profits_max_atoms=10**13,
    size_premium_ppb=0,
    near_ticks=0,
    near_bps=500,
    shock_ticks=0,
    shock_bps=5_000,
    funding_ticks=0,
    funding_bps=500,
    stale_s=60,
    taker_fee_ppm=450,
    maker_rebate_ppm=50,
    face_ticks=0,
    reward_bps=50,
    reward_max_bps=250,
    insurance_bps=50,
    insurance_cap_bps=10_000,
)
_FREE_EVENT_LEG: Final = exchange.EventLeg(
    event=_NOBODY, floor_atoms=0, lots=(0,) * 16, risk_atoms=(0,) * 16, seats=(0,) * 16
)


def _zeros(kind: type[Any]) -> dict[str, Any]:
    """Every field of a type as 0."""
    return dict.fromkeys((one.name for one in fields(kind)), 0)


_FREE_LEG: Final = exchange.PerpLeg(**{**_zeros(exchange.PerpLeg), "market": _NOBODY})


def liquidating_figures(accounts: int = ACCOUNTS, ticks: int = TICKS) -> dict[str, float]:
    """The figures by name, measured in a process of its own."""
    command = [sys.executable, "-m", "secant_bench.liquidating", str(accounts), str(ticks)]
    found: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return found


@dataclass
class _Bench:
    """A keeper's state: accounts of one or two positions, with 5.6 to 30 % of their value as margin."""

    accounts: int
    rng: random.Random = field(default_factory=lambda: random.Random(17))  # noqa: S311 - the same every time
    state: State = field(default_factory=State)
    key: Keypair = field(default_factory=Keypair)
    slot: int = 1

    def __post_init__(self) -> None:
        self.exchange = Keypair().pubkey()
        self.task = Task(self.key.pubkey(), PerpSettings(exchange=self.exchange, account_index=0))
        self.marks = {Keypair().pubkey(): self.rng.randrange(10_000, 1_000_000) for _ in range(MARKETS)}
        self.keys = list(self.marks)
        for key in self.keys:
            self.tick(key, self.marks[key])
        assert self.task.taker is not None
        self._put(self.task.taker, 10**9 * _UNIT_ATOMS, [])
        for _ in range(self.accounts):
            self._open()

    def tick(self, key: Pubkey, mark_ticks: int) -> None:
        """A market's bytes come in."""
        self.slot += 1
        self.state.apply(key, exchange.PROGRAM_ID, market_bytes(self.exchange, mark_ticks), self.slot)

    def _open(self) -> None:
        legs, value = [], 0
        for key in self.rng.sample(self.keys, self.rng.choice((1, 1, 2))):
            mark = self.marks[key]
            lots = self.rng.choice((-1, 1)) * max(10 ** self.rng.randrange(8, 12) // mark, 1)
            legs.append(replace(_FREE_LEG, market=key, position_lots=lots, quote_atoms=-lots * mark))
            value += abs(lots) * mark
        self._put(Pubkey(self.rng.randbytes(32)), value * self.rng.randrange(560, 3_000) // 10_000, legs)

    def _put(self, address: Pubkey, cash_atoms: int, legs: list[exchange.PerpLeg]) -> None:
        account = exchange.MarginAccount(
            exchange=self.exchange,
            owner=address,
            cash_atoms=cash_atoms,
            floor_atoms=0,
            volume_atoms=0,
            volume_time=0,
            reserve_atoms=0,
            reserve_slot=0,
            checked_free_atoms=cash_atoms,
            delegate=_NOBODY,
            index=0,
            bump=0,
            layout=1,
            perps=len(legs),
            openings=0,
            event_legs=(_FREE_EVENT_LEG,) * 8,
            perp_legs=(*legs, *(_FREE_LEG,) * (8 - len(legs))),
        )
        self.state.apply(address, exchange.PROGRAM_ID, account.encode(), self.slot)

    def signed(self, work: Work) -> bytes:
        """A piece of work as it is sent."""
        budget = (set_compute_unit_limit(200_000), set_compute_unit_price(1))
        instructions = [*budget, *work.instructions]
        message = MessageV0.try_compile(self.key.pubkey(), instructions, [], Hash.default())
        return bytes(VersionedTransaction(message, [self.key]))


def market_bytes(exchange_address: Pubkey, mark_ticks: int) -> bytes:
    """A market at a mark."""
    prices = dict.fromkeys(("index_ticks", "mark_ticks", "last_ticks"), mark_ticks)
    times = dict.fromkeys(("agreed_at", "updated_at", "traded_at"), NOW)
    keys = {"exchange": exchange_address, "feed": exchange_address, "market_id": bytes(32)}
    rules = {"rules": _RULES, "next_rules": _RULES, "index_average": mark_ticks << 16, "layout": 1}
    market = exchange.PerpMarket(**{**_zeros(exchange.PerpMarket), **prices, **times, **keys, **rules})
    return market.encode()


def measure(accounts: int, ticks: int) -> dict[str, float]:
    """The figures, in this process."""
    bench = _Bench(accounts)
    begun = time.perf_counter()
    bench.state.watch.pick(bench.state, NOW, 10**9)
    loaded_s = time.perf_counter() - begun
    first_s, all_s, planned = [], [], 0
    for number in range(ticks):
        key = bench.keys[number % MARKETS]
        # Each price goes a little further than it has been: with every tick a few more have too little.
        reach = 20 + 120 * number // ticks
        mark = bench.marks[key] * (10_000 + bench.rng.choice((-reach, reach))) // 10_000
        data = market_bytes(bench.exchange, mark)
        bench.slot += 1
        begun = time.perf_counter()
        bench.state.apply(key, exchange.PROGRAM_ID, data, bench.slot)
        works = liquidate.plan(bench.state, NOW, bench.task)
        first = next(works, None)
        if first is None:
            continue
        bench.signed(first)
        first_s.append(time.perf_counter() - begun)
        rest = [bench.signed(work) for work in works]
        all_s.append(time.perf_counter() - begun)
        planned += 1 + len(rest)
        bench.tick(key, bench.marks[key])
        bench.state.watch.pick(bench.state, NOW, 10**9)
    return {
        "accounts taken in, s": round(loaded_s, 2),
        "ticks with somebody at risk": len(first_s),
        "liquidations a tick, mean": round(planned / max(len(first_s), 1), 1),
        **_percentiles("price in to first signed liquidation out, ms", first_s),
        **_percentiles("price in to all of its liquidations signed, ms", all_s),
        "a whole turn of all jobs, ms": round(1_000 * _turn_s(bench), 2),
    }


def _turn_s(bench: _Bench) -> float:
    """How long the jobs take to plan when nothing has changed, the median of some turns."""
    jobs = jobs_of(Settings(perps=bench.task.settings), bench.key.pubkey())
    took = []
    for _ in range(15):
        begun = time.perf_counter()
        for _, plan in jobs:
            list(plan(bench.state, NOW))
        took.append(time.perf_counter() - begun)
    return sorted(took)[len(took) // 2]


def _percentiles(name: str, took_s: list[float]) -> dict[str, float]:
    ordered = sorted(took_s)
    return {
        f"{name}, {label}": round(1_000 * ordered[min(len(ordered) * share // 100, len(ordered) - 1)], 2)
        for label, share in (("p50", 50), ("p99", 99))
    }


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]), int(sys.argv[2]))))
