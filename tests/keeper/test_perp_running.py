"""A keeper as a process of its own: a recorded crash against leveraged accounts, with an audit beside it."""

from __future__ import annotations

import json
import random
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from keeper_process import end, start
from keeper_running import run_keeper
from node_proxy import NodeProxy
from perp_keeper_world import BID, PerpKeeperWorld

from perp_world import UNIT_ATOMS
from secant import exchange
from secant._program_logs import decode_events
from secant.localnet import Localnet
from secant_keeper.config import PerpSettings, Settings
from secant_keeper.errors import EXIT_INCOMPLETE
from secant_keeper.metrics import Metrics
from secant_keeper.perps.account import health_of, holdings

if TYPE_CHECKING:
    from solders.pubkey import Pubkey

CRASH = (
    Path(__file__).resolve().parents[3]
    / "shared"
    / "data"
    / "drift_luna_oracle"
    / "luna_oracle_2022-05-09_10.csv"
)
FIRST, COUNT = 15_366, 100
"""The worst 100 readings of the recording: from 31.88 to 26.55 dollars in eight minutes."""
TICKS_PER_USD = 10_000
ACCOUNTS = 20


def stretch(folder: Path) -> tuple[Path, int, int]:
    """The stretch as a file of its own, and when and at what price it begins."""
    lines = CRASH.read_text().splitlines(keepends=True)
    chosen = lines[1 + FIRST : 1 + FIRST + COUNT]
    path = folder / "crash.csv"
    path.write_text(lines[0] + "".join(chosen))
    time, price = chosen[0].strip().split(",")
    return path, int(time), int(Decimal(price) * TICKS_PER_USD)


def write_config(folder: Path, world: PerpKeeperWorld, net: Localnet, crash: Path, **perps: Any) -> Path:
    chosen = {
        "url": net.url,
        "ws_url": net.ws_url,
        "keypair": str(world.write_key(folder)),
        "drive_clock": True,
        "exit_when_done": True,
        "metrics_port": 0,
    }
    kept = {"exchange": str(world.exchange), "account_index": 0, "audit_interval_s": 0.2, **perps}
    lines = [f"{key} = {json.dumps(value)}" for key, value in chosen.items()]
    lines += ["[perps]", *(f"{key} = {json.dumps(value)}" for key, value in kept.items())]
    source = f'{{ venue = "pyth", file = "{crash}", speed = 0 }}'
    lines += ["[[feeds]]", f'address = "{world.feeds[world.market]}"', f"source = {source}", ""]
    path = folder / "keeper.toml"
    path.write_text("\n".join(lines))
    return path


def open_accounts(world: PerpKeeperWorld, price_ticks: int) -> list[Pubkey]:
    """Accounts of 100 to 20,000 of collateral and positions of 3 to 9 times that, two of three long."""
    random_number = random.Random(7)
    users = []
    for place in range(ACCOUNTS):
        deposit = random_number.randint(100, 20_000) * UNIT_ATOMS
        lots = int(deposit * random_number.uniform(3, 9)) // price_ticks
        users.append(world.position(lots if place % 3 else -lots, deposit))
    world.draw(world.maker)
    return users


def liquidations(world: PerpKeeperWorld) -> list[exchange.Liquidated]:
    """What the log of the chain says of takeovers, the oldest first."""
    found = []
    for record in world.ledger.history.newest_first(exchange.PROGRAM_ID):
        if record.outcome.err is None:
            events = decode_events(record.outcome.logs)
            found += [event for event in events if isinstance(event, exchange.Liquidated)]
    return found[::-1]


async def test_a_keeper_sees_a_crash_through(tmp_path: Path) -> None:
    if not CRASH.is_file():
        pytest.skip(f"the recorded data is not at {CRASH}")
    crash, begin, price_ticks = stretch(tmp_path)
    world = PerpKeeperWorld(begin=begin - 20, price_ticks=price_ticks, keeper_publishes=True)
    users = open_accounts(world, price_ticks)
    lots_before = {user: abs(world.lots(user)) for user in users}
    for step in range(1, 5):
        world.place(world.maker, BID, 10**6, price_ticks * (100 - step) // 100)
    async with Localnet(port=0, ledger=world.ledger) as net:
        code, logs = await end(await start(write_config(tmp_path, world, net, crash)))
    assert code == 0, logs[-5:]
    state = world.take_in()
    state.watch.refresh(state, world.now)
    for user in users:
        account = world.holder(user)
        held = holdings(state, user, account)
        assert held is not None
        health = health_of(account, held, world.now)
        assert health.equity_atoms >= 0
        assert health.maintenance_surplus_atoms >= 0
    taken = liquidations(world)
    assert {event.account for event in taken} == {
        user for user in users if abs(world.lots(user)) < lots_before[user]
    }
    assert len(taken) >= 5
    assert all(event.taker == world.taker and event.shortfall_atoms == 0 for event in taken)
    assert world.lots(world.taker) < sum(event.lots for event in taken)  # some were handed back
    audits = [entry for entry in logs if entry["event"].startswith("the exchange")]
    assert [entry["event"] for entry in audits] == ["the exchange adds up"]


async def test_what_was_refused_is_not_tried_again_before_something_changes() -> None:
    world = PerpKeeperWorld()
    users = [world.position(10**6, 1_100 * UNIT_ATOMS) for _ in range(2)]
    world.tick(9_300)
    refused = {"err": {"InstructionError": [2, {"Custom": 6_000}]}, "unitsConsumed": 1}
    settings: dict[str, Any] = {
        "jobs": ("liquidate",),
        "perps": PerpSettings(exchange=world.exchange, account_index=0),
        "exit_when_done": True,
        "metrics_port": None,
        "poll_interval_s": 0.001,
    }
    async with Localnet(port=0, ledger=world.ledger) as net, NodeProxy(net.url) as proxy:
        proxy.hooks["simulateTransaction"] = lambda _: {"context": {"slot": 1}, "value": refused}
        settings |= {"url": proxy.url, "ws_url": net.ws_url}
        await run_keeper(world, Settings(**settings), Metrics(), code=EXIT_INCOMPLETE)
        assert proxy.calls.count("simulateTransaction") == len(users)
        assert "sendTransaction" not in proxy.calls
        del proxy.hooks["simulateTransaction"]
        await run_keeper(world, Settings(**settings), Metrics())
    assert all(0 < world.lots(user) < 10**6 for user in users)
