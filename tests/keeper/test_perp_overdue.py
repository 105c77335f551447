"""Accounts that stay at risk: why nobody takes them over, said in the log and by /healthz."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from keeper_running import TIMEOUT_S
from keeper_world import BEGIN
from perp_keeper_world import ASK, PRICE, PerpKeeperWorld
from structlog.testing import capture_logs
from test_history import Clock

from perp_world import UNIT_ATOMS
from secant import exchange
from secant.localnet import Localnet
from secant_keeper.config import PerpSettings, Settings
from secant_keeper.jobs import liquidate
from secant_keeper.metrics import Metrics
from secant_keeper.perps import overdue
from secant_keeper.perps.overdue import EXAMINED_MAX, HINDERED_S, TRIED_S, Overdue
from secant_keeper.service import keep

if TYPE_CHECKING:
    import aiohttp
    from solders.pubkey import Pubkey

    from secant_keeper.perps.task import Task
    from secant_keeper.state import State

LOTS = 1_000_000
DEPOSIT = 1_100 * UNIT_ATOMS
"""Nine times leverage: unhealthy once the price has fallen by seven hundredths."""


@pytest.fixture
def world() -> PerpKeeperWorld:
    return PerpKeeperWorld()


def seen_for(world: PerpKeeperWorld, state: State, task: Task, *seconds: float) -> list[list[str]]:
    """What is told of one state some seconds after it was first seen."""
    clock = Clock()
    watching = Overdue(state, Metrics(), task, clock)
    list(liquidate.plan(state, world.now, task))
    found = []
    for clock.now_s in seconds:
        watching.look()
        found.append(watching.problems())
    return found


FAULTS = {
    "not asked for": "no margin account takes over: give account_index in [perps]",
    "not there": "is not there: open it and deposit",
    "no room": "affords nothing of LUNA: deposit, or reduce what it holds",
    "paused": "liquidating is paused in LUNA",
    "stale": "the price of LUNA is too old, or its publishers disagree",
    "closed": "LUNA has closed and is not settled yet",
    "too many markets": "do not fit into a transaction: reduce those, or give another account_index",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_keeps_an_account_at_risk_is_named(fault: str) -> None:
    world = PerpKeeperWorld(close_time=BEGIN + exchange.NOTICE_S if fault == "closed" else 0)
    world.position(LOTS, DEPOSIT)
    task = world.task(
        **{"not asked for": {"account_index": None}, "not there": {"account_index": 9}}.get(fault, {})
    )
    if fault == "no room":
        world.open(1, owner=world.keeper.pubkey(), index=1)
        task = world.task(account_index=1)
    if fault == "too many markets":
        world.maker = world.open(10**9 * UNIT_ATOMS)
        for number in range(8):
            market = world.new_perp(f"M{number}", PRICE)
            world.position(LOTS, DEPOSIT, market)
            world.tick(9_300, market)
            world.land(liquidate.plan(world.take_in(), world.now, world.task()))
    if fault == "closed":
        world.ledger.set_unix_timestamp(world.now + exchange.NOTICE_S - exchange.CLOSING_WINDOW_S)
    world.tick(8_200 if fault == "too many markets" else 9_300)
    if fault == "paused":
        bits = {"market": world.market, "pause_bits": exchange.PERP_PAUSE_LIQUIDATE}
        world.run(exchange.pause_perp(pauser=world.admin.pubkey(), exchange=world.exchange, **bits))
    elif fault in {"stale", "closed"}:
        world.ledger.set_unix_timestamp(world.now + (361 if fault == "stale" else exchange.CLOSING_WINDOW_S))
    early, late = seen_for(world, world.take_in(), task, 0.0, HINDERED_S)
    assert early == []
    (problem,) = late
    assert problem.startswith("accounts at risk not taken over, 1: ")
    assert problem.endswith(FAULTS[fault])


def test_what_is_tried_in_vain_is_told_later(world: PerpKeeperWorld) -> None:
    world.position(LOTS, DEPOSIT)
    world.tick(9_300)
    found = seen_for(world, world.take_in(), world.task(), 0.0, HINDERED_S, TRIED_S)
    assert found[:2] == [[], []]
    assert found[2] == [
        "accounts at risk not taken over, 1: what is sent for it does not restore it: the log says why"
    ]


def test_the_keepers_own_account_is_nobodys_to_take_over_here(world: PerpKeeperWorld) -> None:
    own = world.open(100 * UNIT_ATOMS, owner=world.keeper.pubkey(), index=1)
    world.position(LOTS, DEPOSIT)
    world.tick(9_300)
    task = world.task(account_index=1)
    world.land(liquidate.plan(world.take_in(), world.now, task))
    assert world.lots(own) > 0
    world.tick(8_400)
    world.tick(7_600)
    _, late = seen_for(world, world.take_in(), task, 0.0, HINDERED_S)
    assert any("it is the keeper's own" in problem for problem in late)


def test_a_state_is_told_once_and_its_end_too(world: PerpKeeperWorld) -> None:
    users = [world.position(LOTS, DEPOSIT) for _ in range(EXAMINED_MAX + 2)]
    clock, metrics, task, state = Clock(), Metrics(), world.task(account_index=None), world.take_in()
    watching = Overdue(state, metrics, task, clock)
    with capture_logs() as logs:
        for step in range(3):
            world.tick(9_300)
            list(liquidate.plan(world.take_in(state), world.now, task))
            clock.now_s = step * HINDERED_S
            watching.look()
        assert watching.problems() == [
            f"accounts at risk for over {HINDERED_S:g} s beside those, 2",
            f"accounts at risk not taken over, {EXAMINED_MAX}: {FAULTS['not asked for']}",
        ]
        assert metrics.overdue._value.get() == len(users)
        world.tick(PRICE)
        list(liquidate.plan(world.take_in(state), world.now, task))
        watching.look()
    assert watching.problems() == []
    assert metrics.overdue._value.get() == 0
    assert [entry["event"] for entry in logs] == ["accounts at risk are not taken over", "over"]
    assert logs[0]["reason"] == FAULTS["not asked for"]


def test_orders_to_be_cancelled_first_are_no_hindrance(world: PerpKeeperWorld) -> None:
    user = world.position(LOTS, DEPOSIT)
    world.place(user, ASK, 1, 10_400)
    world.tick(9_300)
    assert seen_for(world, world.take_in(), world.task(account_index=None), 0.0, HINDERED_S) == [[], []]


async def test_a_running_keeper_is_unhealthy_while_its_account_is_empty(
    world: PerpKeeperWorld, session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HINDERED_S", "LOOK_S"):
        monkeypatch.setattr(overdue, name, 0.01)
    poor = world.open(1, owner=world.keeper.pubkey(), index=1)
    user = world.position(LOTS, DEPOSIT)
    world.tick(9_300)
    with capture_logs() as logs:
        async with Localnet(port=0, ledger=world.ledger) as net, asyncio.timeout(TIMEOUT_S):
            chosen: dict[str, Any] = {"url": net.url, "ws_url": net.ws_url, "metrics_port": 0}
            perps = PerpSettings(exchange=world.exchange, account_index=1)
            settings = Settings(**chosen, jobs=("liquidate",), perps=perps, poll_interval_s=0.01)
            running = asyncio.create_task(keep(settings, world.keeper, Metrics(), {}))
            problems: list[str] = []
            while not any(str(poor) in problem for problem in problems):
                problems = await healthz(session, logs)
            deposit(world, poor)
            while problems or world.lots(user) == LOTS:
                problems = await healthz(session, logs)
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running
    event = "accounts at risk are not taken over"
    told = [entry["event"] for entry in logs if event in {entry["event"], entry.get("fault")}]
    assert told == [event, "over"]


async def healthz(session: aiohttp.ClientSession, logs: list[Any]) -> list[str]:
    """The problems that the page names, once it is served."""
    port = next((entry["port"] for entry in logs if entry["event"] == "serving"), None)
    if port is None:
        await asyncio.sleep(0)
        return []
    async with session.get(f"http://127.0.0.1:{port}/healthz") as response:
        told = await response.json()
        assert (response.status == 200) == told["healthy"] == (not told["problems"])
        return list(told["problems"])


def deposit(world: PerpKeeperWorld, account: Pubkey) -> None:
    world.run(
        exchange.deposit(
            depositor=world.admin.pubkey(),
            exchange=world.exchange,
            account=account,
            source=world.purse,
            vault=exchange.find_vault(exchange=world.exchange),
            amount_atoms=10**5 * UNIT_ATOMS,
        )
    )


@pytest.mark.parametrize("account_index", [None, 0])
async def test_at_the_start_it_says_what_it_does_not_do(
    world: PerpKeeperWorld, account_index: int | None
) -> None:
    async with Localnet(port=0, ledger=world.ledger) as net:
        chosen: dict[str, Any] = {"url": net.url, "ws_url": net.ws_url, "metrics_port": None}
        perps = PerpSettings(exchange=world.exchange, account_index=account_index)
        with capture_logs() as logs:
            assert (
                await keep(Settings(**chosen, perps=perps, run_once=True), world.keeper, Metrics(), {}) == 0
            )
    (published,) = [entry for entry in logs if entry["event"] == "no feeds: nothing is published"]
    assert "publish" not in published["jobs"]
    assert {"funding", "liquidate", "settle", "draw"} <= set(published["jobs"])
    told = [entry["remedy"] for entry in logs if entry["event"].startswith("nothing is liquidated")]
    expected = 'account_index = 0 in [perps], or jobs without "liquidate"'
    assert told == ([expected] if account_index is None else [])
