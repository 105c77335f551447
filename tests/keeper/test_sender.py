"""What becomes of work, against a localnet behind a proxy that can lose things."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from keeper_world import BEGIN, EVENT_VOID, World
from node_proxy import FORWARD, NodeProxy
from perp_keeper_world import ASK, PerpKeeperWorld
from prometheus_client import generate_latest
from solders.pubkey import Pubkey
from structlog.testing import capture_logs

from perp_world import UNIT_ATOMS
from secant import exchange, oracle
from secant.localnet import Localnet
from secant_keeper.jobs import Work, triggers
from secant_keeper.metrics import Metrics
from secant_keeper.rpc import Rpc
from secant_keeper.sender import ATTEMPTS_MAX, Fate, Sender, error_name

if TYPE_CHECKING:
    import aiohttp
    from solders.keypair import Keypair

LOCK, DEADLINE = BEGIN + 100, BEGIN + 200


def a_sender(rpc: Rpc, payer: Keypair, metrics: Metrics | None = None, **options: Any) -> Sender:
    chosen = {"fee_max_micro_lamports": 1_000, "dry_run": False, **options}
    return Sender(rpc, payer, metrics or Metrics(), **chosen)


@pytest.fixture
def event(world: World) -> Pubkey:
    return world.add_event(world.admin.pubkey(), 1, LOCK, DEADLINE)


def void(world: World, event: Pubkey) -> Work:
    return Work("settle", (event,), (exchange.void_event(event=event, resolver=world.admin.pubkey()),))


async def test_landing(world: World, rpc: Rpc, event: Pubkey) -> None:
    world.ledger.set_unix_timestamp(DEADLINE + 1)
    metrics = Metrics()
    result = await a_sender(rpc, world.keeper, metrics).send(void(world, event))
    assert result.fate is Fate.LANDED
    assert world.event(event).status == EVENT_VOID
    assert result.slot > 0
    page = generate_latest(metrics.registry).decode()
    assert 'secant_keeper_transactions_landed_total{job="settle"} 1.0' in page


@pytest.mark.parametrize("has_lapsed", [False, True])
async def test_a_trigger_that_is_gone_was_somebody_elses(
    session: aiohttp.ClientSession, *, has_lapsed: bool
) -> None:
    world = PerpKeeperWorld()
    user = world.position(100_000, 1_000 * UNIT_ATOMS)
    expires_at = world.now + 5 if has_lapsed else 0
    terms = exchange.TriggerTerms(
        lots=1,
        expires_at=expires_at,
        trigger_ticks=9_900,
        trail_ticks=0,
        slip_ticks=500,
        side=ASK,
        is_above=0,
    )
    key = world.admin.pubkey()
    world.run(exchange.place_trigger(trader=key, account=user, market=world.market, id=0, terms=terms))
    world.tick(9_900, seconds=5)
    (work,) = triggers.plan(world.take_in(), world.now, world.task())
    trigger = exchange.find_trigger(account=user, market=world.market, id=0)
    world.run(exchange.cancel_trigger(payer=key, account=user, trigger=trigger))
    async with Localnet(port=0, ledger=world.ledger) as net:
        with capture_logs() as logs:
            result = await a_sender(Rpc(session, net.url), world.keeper).send(work)
    assert result.fate is Fate.FAILED
    assert [(one["log_level"], one["event"]) for one in logs] == [("info", "somebody else was faster")]


async def test_a_failing_simulation_is_named_and_not_sent(
    world: World, rpc: Rpc, proxy: NodeProxy, event: Pubkey
) -> None:
    metrics = Metrics()
    result = await a_sender(rpc, world.keeper, metrics).send(void(world, event))
    assert (result.fate, result.error) == (Fate.FAILED, "DeadlineNotPassed")
    assert "sendTransaction" not in proxy.calls
    page = generate_latest(metrics.registry).decode()
    assert 'transactions_failed_total{error="DeadlineNotPassed",job="settle"} 1.0' in page


async def test_a_failure_on_chain_is_read_from_the_status(
    world: World, rpc: Rpc, proxy: NodeProxy, event: Pubkey
) -> None:
    world.ledger.set_unix_timestamp(DEADLINE + 1)
    other = void(world, event).instructions

    def somebody_is_faster(_params: list[Any]) -> object:
        world.run(*other)
        del proxy.hooks["sendTransaction"]
        return FORWARD

    proxy.hooks["sendTransaction"] = somebody_is_faster
    with capture_logs() as logs:
        result = await a_sender(rpc, world.keeper).send(void(world, event))
    assert (result.fate, result.error) == (Fate.FAILED, "EventSettled")
    assert [(one["log_level"], one["event"]) for one in logs] == [("info", "somebody else was faster")]


async def test_only_a_lost_race_is_no_trouble(world: World, rpc: Rpc, event: Pubkey) -> None:
    holders = [world.add_holder(index, event) for index in range(2)]
    redeems = tuple(exchange.redeem(account=account, event=event) for account in holders)
    works = [Work("redeem", tuple(holders), redeems, required=0), Work("redeem", (holders[0],), redeems[:1])]
    with capture_logs() as logs:
        for work in works:
            assert (await a_sender(rpc, world.keeper).send(work)).error == "EventNotSettled"
    assert {one["log_level"] for one in logs} == {"warning"}
    world.ledger.set_unix_timestamp(DEADLINE + 1)
    world.run(*void(world, event).instructions, *redeems)
    with capture_logs() as logs:
        for work in works:
            assert (await a_sender(rpc, world.keeper).send(work)).error == "LegAbsent"
    told = ["instruction left out", "somebody else was faster", "somebody else was faster"]
    assert [(one["log_level"], one["event"]) for one in logs] == [("info", line) for line in told]


async def test_a_dry_run_simulates_and_sends_nothing(
    world: World, rpc: Rpc, proxy: NodeProxy, event: Pubkey
) -> None:
    world.ledger.set_unix_timestamp(DEADLINE + 1)
    result = await a_sender(rpc, world.keeper, dry_run=True).send(void(world, event))
    assert result.fate is Fate.DRY_RUN
    assert "simulateTransaction" in proxy.calls
    assert "sendTransaction" not in proxy.calls
    assert world.event(event).status == 0


async def test_a_lost_transaction_expires_and_is_sent_anew(
    world: World, rpc: Rpc, proxy: NodeProxy, event: Pubkey
) -> None:
    world.ledger.set_unix_timestamp(DEADLINE + 1)

    def lose(_params: list[Any]) -> str:
        world.ledger.advance_slot(200)
        del proxy.hooks["sendTransaction"]
        return "lost"

    proxy.hooks["sendTransaction"] = lose
    metrics = Metrics()
    result = await a_sender(rpc, world.keeper, metrics).send(void(world, event))
    assert result.fate is Fate.LANDED
    assert b'transactions_expired_total{job="settle"} 1.0' in generate_latest(metrics.registry)


async def test_attempts_are_bounded(world: World, rpc: Rpc, proxy: NodeProxy, event: Pubkey) -> None:
    world.ledger.set_unix_timestamp(DEADLINE + 1)

    def lose(_params: list[Any]) -> str:
        world.ledger.advance_slot(200)
        return "lost"

    proxy.hooks["sendTransaction"] = lose
    result = await a_sender(rpc, world.keeper).send(void(world, event))
    assert result.fate is Fate.EXPIRED
    assert proxy.calls.count("sendTransaction") == ATTEMPTS_MAX


async def test_an_unanswered_send_is_followed_to_its_status(
    world: World, rpc: Rpc, proxy: NodeProxy, event: Pubkey
) -> None:
    world.ledger.set_unix_timestamp(DEADLINE + 1)

    def silence(_params: list[Any]) -> None:
        del proxy.hooks["getBlockHeight"]
        proxy.is_down = True

    async def recover(_wait_s: float) -> None:
        proxy.is_down = False

    proxy.hooks["getBlockHeight"] = silence
    sender = a_sender(rpc, world.keeper, pause=recover)
    assert (await sender.send(void(world, event))).fate is Fate.LANDED
    assert proxy.calls.count("sendTransaction") == 1


async def test_an_optional_instruction_that_fails_is_left_out(world: World, rpc: Rpc, event: Pubkey) -> None:
    world.ledger.set_unix_timestamp(DEADLINE + 1)
    stray = oracle.observe(feed=world.feed, record=event)
    good = void(world, event).instructions
    work = Work("settle", (event,), (*good, stray, stray))
    result = await a_sender(rpc, world.keeper).send(work)
    assert result.fate is Fate.LANDED
    assert result.instructions == good


async def test_the_price_is_the_median_up_to_the_cap(
    world: World, rpc: Rpc, proxy: NodeProxy, event: Pubkey
) -> None:
    proxy.hooks["getRecentPrioritizationFees"] = lambda _: [
        {"slot": 1, "prioritizationFee": fee} for fee in (900, 10, 700)
    ]
    works = void(world, event).instructions
    assert await a_sender(rpc, world.keeper)._price(works) == 700
    assert await a_sender(rpc, world.keeper, fee_max_micro_lamports=500)._price(works) == 500
    assert await a_sender(rpc, world.keeper, fee_max_micro_lamports=0)._price(works) == 0


@pytest.mark.parametrize("answer", [None, 5, [{"slot": 1}], [{"prioritizationFee": "x"}], [3]])
async def test_a_price_of_no_known_shape_is_none(
    world: World, rpc: Rpc, proxy: NodeProxy, event: Pubkey, answer: Any
) -> None:
    world.ledger.set_unix_timestamp(DEADLINE + 1)
    proxy.hooks["getRecentPrioritizationFees"] = lambda _: answer
    assert (await a_sender(rpc, world.keeper).send(void(world, event))).fate is Fate.LANDED


def test_error_names() -> None:
    publish = oracle.publish(publisher=Pubkey.default(), feed=Pubkey.default(), readings=bytes(24))
    assert error_name("BlockhashNotFound", ()) == "BlockhashNotFound"
    assert error_name({"InstructionError": [0, {"Custom": 6004}]}, (publish,)) == "SourceTimeNotIncreasing"
    assert error_name({"InstructionError": [0, {"Custom": 1}]}, (publish,)) == "Custom1"
    assert error_name({"InstructionError": [0, "InvalidArgument"]}, (publish,)) == "InvalidArgument"
    assert error_name({"InstructionError": [0, {"BorshIoError": "x"}]}, (publish,)) == "BorshIoError"
    assert error_name({"InsufficientFundsForRent": {"account_index": 0}}, ()) == "InsufficientFundsForRent"
    assert error_name(7, ()) == "Unknown"
