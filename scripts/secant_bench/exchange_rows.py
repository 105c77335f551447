"""Rows of the exchange's instructions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from solders.instruction import AccountMeta

from secant import exchange, oracle
from world import User, terms

from .measuring import Meter
from .seeded_world import SeededWorld, keys_of

if TYPE_CHECKING:
    from solders.pubkey import Pubkey

LOCK_S = 1_000
LABEL = bytes(16)


def exchange_rows() -> dict[str, int]:
    """Compute units of every instruction of the exchange."""
    meter = Meter(SeededWorld.start("exchange rows"))
    trader = _account_rows(meter)
    maker = meter.world.new_user(deposit_atoms=10**10)
    _pause_rows(meter)
    _create_rows(meter, maker)
    for outcomes in (2, 16):
        _set_rows(meter, maker, trader, outcomes)
    _pool_rows(meter, maker, trader)
    _settlement_rows(meter, maker, trader)
    return meter.figures


def _account_rows(meter: Meter) -> User:
    """Initialize, and the life of a margin account; returns a user with a deposit."""
    world = meter.world
    admin = keys_of("measured admin")
    world.fund(admin.pubkey())
    treasury = world.new_token_account(world.mint, admin.pubkey())
    desk = exchange.initialize(
        admin=admin.pubkey(), mint=world.mint, treasury=treasury, pauser=admin.pubkey(), fee_bps=700
    )
    meter.measure("initialize", desk, admin)
    user = world.new_user(deposit_atoms=10**10)
    key, address = user.key, world.exchange_address
    second = exchange.open_account(payer=key, exchange=address, owner=key, index=1)
    meter.measure("open_account", second, user.keys)
    account = second.accounts[2].pubkey
    meter.measure("close_account", exchange.close_account(owner=key, account=account), user.keys)
    meter.measure("deposit", world.deposit(user, 10**9), user.keys)
    meter.measure("withdraw", world.withdraw(user, 10**6), user.keys)
    return user


def _pause_rows(meter: Meter) -> None:
    world = meter.world
    address = world.exchange_address
    world.fund(world.pauser.pubkey())
    pause = exchange.pause(pauser=world.pauser.pubkey(), exchange=address, pause_bits=exchange.PAUSE_TRADE)
    meter.measure("pause", pause, world.pauser)
    unpause = exchange.unpause(admin=world.admin.pubkey(), exchange=address, pause_bits=exchange.PAUSE_TRADE)
    meter.measure("unpause", unpause, world.admin)


def _create_rows(meter: Meter, maker: User) -> None:
    world = meter.world
    for outcomes in (2, 16):
        create = exchange.create_event(
            creator=maker.key,
            exchange=world.exchange_address,
            resolver=maker.key,
            event_id=outcomes.to_bytes(32, "little"),
            resolver_kind=exchange.RESOLVER_AUTHORITY,
            lock_time=world.now + LOCK_S,
            settlement_deadline=world.now + 2 * LOCK_S,
            title=bytes(64),
            labels=[LABEL] * outcomes,
        )
        meter.measure(f"create_event n={outcomes}", create, maker.keys)
        event = create.accounts[3].pubkey
        for kind, name in ((exchange.POOL_LMSR, "LMSR"), (exchange.POOL_PM_AMM, "pm-AMM")):
            if outcomes == 16 and kind == exchange.POOL_PM_AMM:
                continue
            pool = exchange.create_pool(
                creator=maker.key,
                exchange=world.exchange_address,
                account=maker.account,
                event=event,
                kind=kind,
                liquidity_lots=10_000,
            )
            meter.measure(f"create_pool {name} n={outcomes}", pool, maker.keys)
            _close_pool(meter, f"close_pool {name} n={outcomes}, event open", maker, event)
    mint = exchange.create_outcome_mint(payer=maker.key, event=event, outcome=0)
    meter.measure("create_outcome_mint", mint, maker.keys)
    locker = exchange.lock_event(locker=maker.key, event=event)
    meter.measure("lock_event", locker, maker.keys)


def _close_pool(meter: Meter, row: str, maker: User, event: Pubkey) -> None:
    close = exchange.close_pool(
        creator=maker.key,
        exchange=meter.world.exchange_address,
        account=maker.account,
        event=event,
        pool=exchange.find_pool(event=event, creator=maker.key),
    )
    meter.measure(row, close, maker.keys)


def _set_rows(meter: Meter, maker: User, trader: User, outcomes: int) -> None:
    """Sets and tokens of one outcome, then the shares of a settled event."""
    world = meter.world
    event = world.new_event(maker, outcomes, name=f"sets {outcomes}", lock_s=LOCK_S)
    owner, account, address = trader.key, trader.account, world.exchange_address
    for order in ("first position", "further position"):
        mint_set = exchange.mint_set(owner=owner, exchange=address, account=account, event=event, lots=1_000)
        meter.measure(f"mint_set n={outcomes}, {order}", mint_set, trader.keys)
    merge_set = exchange.merge_set(owner=owner, account=account, event=event, lots=100)
    meter.measure(f"merge_set n={outcomes}", merge_set, trader.keys)
    mint = world.new_outcome_mint(maker, event, 1)
    tokens = world.new_token_account(mint, owner)
    tokenize = exchange.tokenize(
        owner=owner,
        exchange=address,
        account=account,
        event=event,
        outcome_mint=mint,
        destination=tokens,
        outcome=1,
        lots=100,
    )
    meter.measure(f"tokenize n={outcomes}", tokenize, trader.keys)
    detokenize = exchange.detokenize(
        owner=owner, account=account, event=event, outcome_mint=mint, source=tokens, outcome=1, lots=40
    )
    meter.measure(f"detokenize n={outcomes}", detokenize, trader.keys)
    _settled_rows(meter, maker, trader, (event, mint, tokens, outcomes))


def _settled_rows(meter: Meter, maker: User, trader: User, held: tuple[Pubkey, Pubkey, Pubkey, int]) -> None:
    world = meter.world
    event, mint, tokens, outcomes = held
    world.set_time(world.now + LOCK_S)
    payout = [5_000, 5_000] + [0] * 14
    resolve = exchange.resolve_event(authority=maker.key, event=event, payout_ticks=payout)
    meter.measure(f"resolve_event n={outcomes}", resolve, maker.keys)
    redeem = exchange.redeem(account=trader.account, event=event)
    meter.measure(f"redeem, n={outcomes}", redeem, trader.keys)
    redeem_tokens = exchange.redeem_tokens(
        holder=trader.key,
        exchange=world.exchange_address,
        event=event,
        outcome_mint=mint,
        source=tokens,
        vault=world.vault,
        destination=trader.wallet,
        outcome=1,
        lots=60,
    )
    meter.measure(f"redeem_tokens n={outcomes}", redeem_tokens, trader.keys)


def _pool_rows(meter: Meter, maker: User, trader: User) -> None:
    """Trades of a fresh and of a used pool, fees of one pool, and a pool of a settled event."""
    world = meter.world
    kinds = (
        ("LMSR n=2", exchange.POOL_LMSR, 2),
        ("LMSR n=16", exchange.POOL_LMSR, 16),
        ("pm-AMM", exchange.POOL_PM_AMM, 2),
    )
    for name, kind, outcomes in kinds:
        event = world.new_event(maker, outcomes, name=f"traded {name}", lock_s=LOCK_S, deadline_s=2 * LOCK_S)
        pool = world.new_pool(maker, event, kind)
        rows = (
            ("first buy", 0, 1_000),
            ("further buy", 0, 250),
            ("buy of another outcome", 1, 777),
            ("sell", 0, -400),
        )
        for row, outcome, lots in rows:
            instruction = world.trade(trader, event, pool, outcome, lots)
            meter.measure(f"trade_pool {name}, {row}", instruction, trader.keys)
        _buy_rest(world, trader, (event, pool, outcomes))
        net = exchange.net_pool(event=event, pool=pool)
        meter.measure(f"net_pool {name}", net, trader.keys)
        pair = [
            AccountMeta(pool, is_signer=False, is_writable=True),
            AccountMeta(event, is_signer=False, is_writable=False),
        ]
        collect = exchange.collect_fees(
            exchange=world.exchange_address,
            vault=world.vault,
            treasury=world.treasury,
            remaining_accounts=pair,
        )
        meter.measure(f"collect_fees, 1 {name} pool", collect, world.admin)
        world.set_time(world.now + 2 * LOCK_S + 1)
        void = exchange.void_event(event=event, resolver=maker.key)
        meter.measure(f"void_event, {name} by authority", void, maker.keys)
        _close_pool(meter, f"close_pool {name}, event settled", maker, event)


def _buy_rest(world: SeededWorld, trader: User, traded: tuple[Pubkey, Pubkey, int]) -> None:
    """Leaves a pool short of every outcome, so that it can be netted."""
    event, pool, outcomes = traded
    for outcome in range(2, outcomes):
        world.run(world.trade(trader, event, pool, outcome, 10), signers=[trader.keys])


def _settlement_rows(meter: Meter, maker: User, trader: User) -> None:
    """Settling by a record, decided for YES or void."""
    world = meter.world
    publisher = keys_of("settling publisher")
    world.fund(publisher.pubkey())
    for name, value in (("decided", 600_000), ("void", None)):
        feed = world.new_feed([publisher], name=f"settling {name}")
        question = terms(oracle.STATISTIC_LAST, world.now, world.now + LOCK_S, low=500_000)
        record = world.new_record(publisher, feed, question)
        event = world.new_event(
            maker, resolver=record, resolver_kind=exchange.RESOLVER_RECORD, name=f"settled {name}"
        )
        world.set_time(question.end)
        if value is not None:
            reading = world.publish(publisher, [feed], [(world.now, value, value)])
            world.run(reading, oracle.observe(feed=feed, record=record), signers=[publisher])
        world.set_time(question.end + LOCK_S)
        world.run(oracle.observe(feed=feed, record=record), signers=[publisher])
        settle = exchange.settle_event(event=event, record=record)
        meter.measure(f"settle_event, record {name}", settle, trader.keys)
