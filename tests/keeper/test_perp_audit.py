"""The audit of an exchange: what it finds, how it reads, and what the keeper does about a fault."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from keeper_running import Changes, a_reader, settings_of
from keeper_world import BEGIN, token_data, write_quotes
from node_proxy import FORWARD
from perp_keeper_world import PerpKeeperWorld
from prometheus_client import generate_latest
from solders.account import Account
from solders.keypair import Keypair
from solders.token import ID as TOKEN_PROGRAM

from perp_world import UNIT_ATOMS
from secant import exchange
from secant._wire import DecodeError
from secant_keeper.chain_clock import ChainClock
from secant_keeper.config import PerpSettings, Settings
from secant_keeper.errors import ClusterError
from secant_keeper.health import Health
from secant_keeper.jobs import audit as audit_job
from secant_keeper.loop import Loop
from secant_keeper.metrics import Metrics
from secant_keeper.perps.auditor import READS_MAX, Auditor, SlotMovedError
from secant_keeper.perps.task import Task
from secant_keeper.sender import Sender
from secant_keeper.service import check_perps
from secant_keeper.sources import Sources
from secant_keeper.state import State

if TYPE_CHECKING:
    from pathlib import Path

    import aiohttp
    from node_proxy import NodeProxy

    from secant.localnet import Localnet
    from secant_keeper.rpc import Rpc

LOTS = 100_000
DEPOSIT = 1_000 * UNIT_ATOMS


@pytest.fixture
def world() -> PerpKeeperWorld:
    """Positions in legs and in seats, an event with a book, a pool's worth of losses, fees."""
    made = PerpKeeperWorld()
    made.position(LOTS, DEPOSIT)
    made.position(-3 * LOTS, DEPOSIT)
    event = made.add_event(made.admin.pubkey(), exchange.RESOLVER_AUTHORITY, BEGIN + 9, BEGIN + 10**6)
    made.add_holder(200, event)
    made.tick(10_100)
    loser = made.accounts[-1]
    made.run(
        exchange.settle_pnl(account=loser, market=made.market, feed=made.feeds[made.market], book=made.book)
    )
    return made


def with_number(data: bytes | None, before: int, after: int) -> bytes:
    """An account with one of its numbers, which it holds once, replaced."""
    assert data is not None
    old = before.to_bytes(8, "little", signed=True)
    assert data.count(old) == 1
    return data.replace(old, after.to_bytes(8, "little", signed=True))


def test_a_whole_exchange_adds_up_to_the_atom(world: PerpKeeperWorld) -> None:
    found = world.audit()
    assert found.faults == ()
    assert found.vault_atoms == found.owed_atoms > 0
    assert set(found.dust_atoms) == {world.market}
    assert 0 <= found.dust_atoms[world.market] < 10


def test_a_gift_is_no_fault_and_a_lack_is(world: PerpKeeperWorld) -> None:
    vault = exchange.find_vault(exchange=world.exchange)
    held = world.audit().vault_atoms
    for change, faults in ((1, 0), (-1, 1)):
        data = token_data(world.mint, world.exchange, held + change)
        world.ledger.set_account(vault, Account(10**9, data, TOKEN_PROGRAM))
        found = world.audit()
        assert len(found.faults) == faults
        assert found.vault_atoms - found.owed_atoms == change
    assert found.faults == ("the vault lacks 1 atoms of what is owed",)


def test_lots_out_of_nothing_are_found(world: PerpKeeperWorld) -> None:
    data = with_number(world.ledger.account_data(world.accounts[2]), LOTS, LOTS + 1)
    differ, counted, *_ = world.audit(account_2=data).faults
    assert differ == f"perpetual {world.market}: longs and shorts differ by 1 lots"
    open_lots = world.perp().open_lots
    assert counted.endswith(f"{open_lots + 1} lots are long, and {open_lots} are counted")


def test_a_claim_out_of_nothing_is_found(world: PerpKeeperWorld) -> None:
    leg = world.leg(world.accounts[2])
    assert leg is not None
    data = with_number(world.ledger.account_data(world.accounts[2]), leg.quote_atoms, leg.quote_atoms + 1_000)
    (fault,) = world.audit(account_2=data).faults
    assert "the pool lacks" in fault


def test_the_positions_of_a_closed_market_leave_it_one_by_one(world: PerpKeeperWorld) -> None:
    close_time = world.now + exchange.NOTICE_S
    admin = world.admin.pubkey()
    world.run(
        exchange.close_perp(admin=admin, exchange=world.exchange, market=world.market, close_time=close_time)
    )
    world.ledger.set_unix_timestamp(close_time)
    named = {"market": world.market, "feed": world.feeds[world.market], "book": world.book}
    world.run(exchange.settle_perp(**named))
    assert world.audit().faults == ()
    world.draw(world.maker)
    world.ledger.set_unix_timestamp(close_time + exchange.LOSSES_FIRST_S)
    for account in (world.accounts[3], world.accounts[2], world.maker):
        world.run(exchange.settle_pnl(account=account, **named))
        assert world.audit().faults == ()


def test_what_this_keeper_does_not_know_is_no_audit(world: PerpKeeperWorld) -> None:
    with pytest.raises(DecodeError):
        world.audit(market=b"\1" * 64)


def auditor(
    rpc: Rpc, world: PerpKeeperWorld, state: State, metrics: Metrics, changes: Changes | None = None
) -> Auditor:
    changed = Changes() if changes is None else changes
    return Auditor(rpc, state, metrics, world.exchange, interval_s=0.01, changed=changed)


async def test_a_read_in_which_the_slot_moved_is_begun_anew(
    world: PerpKeeperWorld, rpc: Rpc, proxy: NodeProxy
) -> None:
    metrics = Metrics()
    older = {"context": {"slot": 1}, "value": []}
    answers = iter([older, older, FORWARD])
    proxy.hooks["getProgramAccounts"] = lambda _: next(answers)
    found = await auditor(rpc, world, State(), metrics).audit()
    assert found.faults == ()
    assert metrics.audit_repeats._value.get() == 2
    proxy.hooks["getProgramAccounts"] = lambda _: older
    with pytest.raises(SlotMovedError, match=str(READS_MAX)):
        await auditor(rpc, world, State(), metrics).audit()


async def test_a_fault_makes_the_keeper_unhealthy_and_pauses_everything(
    tmp_path: Path,
    world: PerpKeeperWorld,
    net: Localnet,
    rpc: Rpc,
    session: aiohttp.ClientSession,
) -> None:
    state, metrics, changes = world.take_in(), Metrics(), Changes()
    one = auditor(rpc, world, state, metrics, changes)
    quotes = write_quotes(tmp_path / "q.csv", [(BEGIN, "0.5", "0.52")])
    settings = settings_of(world, net, net.url, quotes)
    sources = Sources(settings, state, metrics, {}, changed=lambda: None)
    sender = Sender(rpc, world.keeper, metrics, fee_max_micro_lamports=0, dry_run=True)
    reader = a_reader(rpc, net, state, Changes(), session)
    loop = Loop(settings, state, reader, sender, ChainClock(rpc), sources, metrics)
    health = Health(settings, state, reader, loop, sources, metrics, auditor=one)
    running = asyncio.create_task(one.run())
    await changes.until(lambda: state.audit is not None)
    assert not any("vault" in problem for problem in health.problems())
    assert not list(audit_job.plan(state, world.now, world.task(pause=True)))  # all is well
    vault = exchange.find_vault(exchange=world.exchange)
    data = token_data(world.mint, world.exchange, 1)
    world.ledger.set_account(vault, Account(10**9, data, TOKEN_PROGRAM))
    await changes.until(lambda: state.audit is not None and state.audit.faults != ())
    running.cancel()
    assert any("the vault lacks" in problem for problem in health.problems())
    assert b'secant_keeper_audits_total{outcome="red"}' in generate_latest(metrics.registry)
    assert not list(audit_job.plan(state, world.now, world.task()))  # nobody asked for a pause
    task = Task(world.admin.pubkey(), PerpSettings(exchange=world.exchange, pause=True))
    works = list(audit_job.plan(state, world.now, task))
    assert [work.keys for work in works] == [(world.exchange,), (world.market,)]
    world.run(*(instruction for work in works for instruction in work.instructions))
    assert world.perp().pause_bits == audit_job.PERP_PAUSE_ALL
    assert not list(audit_job.plan(world.take_in(state), world.now, task))


async def test_a_node_that_is_away_is_told_and_no_fault(
    world: PerpKeeperWorld, rpc: Rpc, proxy: NodeProxy
) -> None:
    state, changes = State(), Changes()
    one = auditor(rpc, world, state, Metrics(), changes)
    proxy.is_down = True
    running = asyncio.create_task(one.run())
    await changes.until(lambda: one.problems() != [])
    assert "the audit is not done" in one.problems()[0]
    proxy.is_down = False
    await changes.until(lambda: state.audit is not None)
    assert one.problems() == []
    running.cancel()


@pytest.mark.parametrize("fault", ["no exchange", "another kind", "no account", "not the pauser"])
async def test_perpetuals_that_this_key_cannot_keep(world: PerpKeeperWorld, rpc: Rpc, fault: str) -> None:
    stranger, key = Keypair().pubkey(), world.keeper.pubkey()
    chosen = {"exchange": {"no exchange": stranger, "another kind": world.market}.get(fault, world.exchange)}
    chosen |= {"account_index": 9 if fault == "no account" else 0, "pause": fault == "not the pauser"}
    with pytest.raises(ClusterError, match=r"there is no exchange|has no margin account 9|is not the pauser"):
        await check_perps(rpc, Settings(perps=PerpSettings(**chosen)), key)
    sound = PerpSettings(exchange=world.exchange, account_index=0)
    await check_perps(rpc, Settings(perps=sound), key)
    await check_perps(
        rpc, Settings(perps=PerpSettings(exchange=world.exchange, pause=True)), world.admin.pubkey()
    )
