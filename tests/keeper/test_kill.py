"""The keeper as a process: killed at random points it loses nothing and repeats nothing."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import random
import signal
from typing import TYPE_CHECKING, Any

from keeper_process import TIMEOUT_S, end, start
from keeper_world import BEGIN, RANGE, TOUCH_UP, TWAP, World, settlements, write_quotes
from solders.pubkey import Pubkey

from secant.localnet import Localnet

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from pathlib import Path

    import pytest

    from secant import oracle

SAMPLES = 120
STEP_S = 20
LENGTH_S = SAMPLES * STEP_S
DEADLINE = BEGIN + LENGTH_S + 10 * 86_400


def prices() -> list[tuple[int, str, str]]:
    rng = random.Random(7)
    walk, found = 50, []
    for place in range(SAMPLES):
        walk = min(80, max(20, walk + rng.randrange(-3, 4)))
        found.append((BEGIN + STEP_S * place + rng.randrange(STEP_S), f"0.{walk}", f"0.{walk + 2}"))
    return found


def a_world() -> World:
    world = World()
    end = BEGIN + LENGTH_S
    records = [
        world.add_record(BEGIN, end - 500, TWAP, low=500_000),
        world.add_record(BEGIN, end - 900, TOUCH_UP, barrier=520_000, sustain_s=60),
        world.add_record(BEGIN + 300, end, TOUCH_UP, barrier=990_000),
        world.add_record(BEGIN + 600, end - 100, RANGE, low=50_000),
    ]
    events = [world.add_event(record, 0, BEGIN + 400, DEADLINE) for record in records]
    for index in range(3):
        world.add_holder(index, *events)
    return world


def write_config(folder: Path, world: World, net: Localnet, **settings: Any) -> Path:
    quotes = write_quotes(folder / "quotes.csv", prices())
    chosen = {
        "url": net.url,
        "ws_url": net.ws_url,
        "keypair": str(world.write_key(folder)),
        "drive_clock": True,
        "exit_when_done": True,
        "metrics_port": 0,
        **settings,
    }
    lines = [f"{key} = {json.dumps(value)}" for key, value in chosen.items()]
    speed = json.dumps(settings.get("speed", 0))
    source = f'{{ venue = "polymarket", file = "{quotes}", speed = {speed} }}'
    lines = [line for line in lines if not line.startswith("speed")]
    path = folder / "keeper.toml"
    path.write_text("\n".join([*lines, "[[feeds]]", f'address = "{world.feed}"', f"source = {source}", ""]))
    return path


async def until(process: Process, event: asyncio.Event) -> asyncio.Task[tuple[bytes, bytes]]:
    """Wait for an event, or for the process to end; what will be its output."""
    ended = asyncio.create_task(process.communicate())
    reached = asyncio.create_task(event.wait())
    await asyncio.wait({reached, ended}, timeout=TIMEOUT_S, return_when=asyncio.FIRST_COMPLETED)
    reached.cancel()
    return ended


def accepted_event(world: World, count: int) -> asyncio.Event:
    """Set once the second transaction after the sample of that number has landed, or thereabouts."""
    reached = asyncio.Event()

    def look(*_: object) -> None:
        if sum(world.record(record).accepted for record in world.records) >= count:
            reached.set()

    world.ledger.on_outcome(look)
    look()
    return reached


def evidence(world: World) -> list[oracle.Record]:
    """The records without what differs between worlds: the feed's address."""
    return [dataclasses.replace(world.record(one), feed=Pubkey.default(), bump=0) for one in world.records]


async def whole_run(folder: Path) -> World:
    world = a_world()
    async with Localnet(port=0, ledger=world.ledger) as net:
        code, _ = await end(await start(write_config(folder, world, net)))
        assert code == 0
    return world


def check_settled_once(world: World) -> None:
    counts = settlements(world.ledger)
    assert set(counts.values()) == {1}
    settled = [name for name in counts if name.startswith("settle ")]
    redeemed = [name for name in counts if name.startswith("redeem ")]
    assert len(settled) == len(world.events)
    assert len(redeemed) == len(world.events) * len(world.holders)
    for holder in world.holders:
        account = world.holder(holder)
        assert account.cash_atoms == 100 * 10_000 * len(world.events)
        assert all(leg.event == Pubkey.default() for leg in account.event_legs)


async def test_killed_at_random_points_it_ends_like_an_uninterrupted_run(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    undisturbed = await whole_run(tmp_path_factory.mktemp("undisturbed"))
    world = a_world()
    total = sum(record.accepted for record in evidence(undisturbed))
    rng = random.Random()
    points = sorted(rng.sample(range(1, total), 5))
    async with Localnet(port=0, ledger=world.ledger) as net:
        config = write_config(tmp_path, world, net)
        for point in points:
            process = await start(config)
            ended = await until(process, accepted_event(world, point))
            for _ in range(rng.randrange(40)):
                await asyncio.sleep(0)  # a few turns of the server, so that the kill falls anywhere
            if process.returncode is None:
                process.kill()
            _, errors = await ended
            assert process.returncode == -signal.SIGKILL, (points, errors.decode())
        code, _ = await end(await start(config))
        assert code == 0, points
    assert evidence(world) == evidence(undisturbed), points
    check_settled_once(world)
    check_settled_once(undisturbed)


async def test_sigterm_drains_and_exits_well(tmp_path: Path) -> None:
    world = a_world()
    async with Localnet(port=0, ledger=world.ledger) as net:
        process = await start(write_config(tmp_path, world, net, exit_when_done=False))
        ended = await until(process, accepted_event(world, 20))
        if process.returncode is None:
            process.terminate()
        _, errors = await asyncio.wait_for(ended, TIMEOUT_S)
    assert process.returncode == 0, errors.decode()
    logs = [json.loads(line) for line in errors.splitlines()]
    assert logs[-1]["event"] == "stopped"
    landed = [line for line in logs if line["event"] == "landed" and line["job"] == "publish"]
    published = [record.accepted for record in evidence(world)]
    assert len(landed) == max(published)


async def test_run_once_turns_once(tmp_path: Path) -> None:
    world = a_world()
    world.ledger.set_unix_timestamp(BEGIN + STEP_S)
    async with Localnet(port=0, ledger=world.ledger) as net:
        code, logs = await end(await start(write_config(tmp_path, world, net, run_once=True)))
    assert code == 0
    assert sum(line["event"] == "landed" for line in logs) == 1
    assert max(record.accepted for record in evidence(world)) == 1


async def test_a_dry_run_leaves_no_trace(tmp_path: Path) -> None:
    world = a_world()
    world.ledger.set_unix_timestamp(BEGIN + STEP_S)
    before = world.ledger.transaction_count
    async with Localnet(port=0, ledger=world.ledger) as net:
        config = write_config(tmp_path, world, net, dry_run=True, run_once=True, drive_clock=False)
        code, _ = await end(await start(config))
    assert code == 0
    assert world.ledger.transaction_count == before
