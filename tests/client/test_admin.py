from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from solders.account import Account
from solders.pubkey import Pubkey

from secant import Client, Wallet, exchange
from secant.bootstrap import faucet_keypair
from secant.client import Pausable
from secant.errors import AccountNotFound, InputError, ProgramError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from secant.client import EventView

    from .conftest import Market

ADMIN = Wallet(faucet_keypair())


@pytest.fixture
async def admin(market: Market) -> AsyncIterator[Client]:
    """The exchange's admin and pauser."""
    async with market.connect(ADMIN) as connected:
        yield connected


async def test_pause_and_unpause(market: Market, client: Client, admin: Client) -> None:
    done = await admin.pause("deposit", Pausable.TRADE)
    assert (done.exchange, done.paused) == (market.local.exchange, (Pausable.DEPOSIT, Pausable.TRADE))
    async with market.connect(client.wallet) as fresh:
        assert fresh.exchange.paused == ("deposit", "trade")
        with pytest.raises(ProgramError) as caught:
            await fresh.deposit(1)
        assert caught.value.name == "Paused"
        assert (await fresh.withdraw(1)).amount == 1
    assert (await admin.pause("create")).paused == ("deposit", "create", "trade")
    assert (await admin.unpause("deposit", "trade")).paused == ("create",)
    assert (await client.deposit(1)).amount == 1
    assert (await admin.unpause(*Pausable)).paused == ()


@pytest.mark.parametrize(
    ("operations", "problem"),
    [
        ((), "no operation is named"),
        (("deposit", "withdraw"), "no operation 'withdraw'"),
        ((1,), "no operation 1"),
    ],
)
async def test_no_such_operation(admin: Client, operations: tuple[str, ...], problem: str) -> None:
    for attempt in (admin.pause(*operations), admin.unpause(*operations)):
        with pytest.raises(InputError, match=problem) as caught:
            await attempt
        assert caught.value.remedy == "use one or more of deposit, create, trade, tokenize"


async def test_only_the_admin_pauses(client: Client) -> None:
    view = client.exchange
    assert view.admin == view.pauser == ADMIN.address
    with pytest.raises(ProgramError) as pausing:
        await client.pause("trade")
    assert (pausing.value.name, pausing.value.signature) == ("PauserMismatch", None)
    assert str(view.pauser) in pausing.value.remedy
    with pytest.raises(ProgramError) as lifting:
        await client.unpause("trade")
    assert lifting.value.name == "AdminMismatch"
    assert str(view.admin) in lifting.value.remedy


async def test_a_pauser_pauses_and_lifts_no_pause(market: Market) -> None:
    admin, pauser = await market.funded_wallet(), await market.funded_wallet()
    made = exchange.initialize(
        admin=admin.address,
        mint=market.local.mint,
        treasury=market.local.treasury,
        pauser=pauser.address,
        fee_bps=0,
    )
    await market.chain.send([made], [admin.keypair])
    address = exchange.find_exchange(mint=market.local.mint, admin=admin.address)
    async with market.connect(pauser, exchange=str(address)) as guard:
        assert (guard.exchange.admin, guard.exchange.pauser) == (admin.address, pauser.address)
        assert (await guard.pause("tokenize")).paused == ("tokenize",)
        with pytest.raises(ProgramError) as caught:
            await guard.unpause("tokenize")
        assert caught.value.name == "AdminMismatch"
    async with market.connect(admin, exchange=str(address)) as owner:
        assert (await owner.unpause("tokenize")).paused == ()


async def test_collects_from_open_and_closed_pools(market: Market, client: Client, rain: EventView) -> None:
    with pytest.raises(ProgramError) as none:
        await client.collect_fees()
    assert (none.value.name, none.value.message) == ("AmountZero", "there are no fees to collect")
    closed_fee = (await client.buy(rain, "YES", 10)).trade.fee
    await client.close_pool(rain)
    async with market.connect(client.wallet) as fresh:
        assert fresh.exchange.fees == closed_fee
    now = await client.chain.clock_time()
    await client.create_event("snow", lock_time=now + 1000, settlement_deadline=now + 2000)
    await client.create_pool("snow", 100)
    open_fee = (await client.buy("snow", "YES", 10)).trade.fee
    collected = await client.collect_fees()
    assert (collected.amount, collected.treasury) == (closed_fee + open_fee, market.local.treasury)
    assert len(collected.signatures) == 1
    assert await client.collateral(owner=ADMIN.address) == closed_fee + open_fee > 0
    assert (await client.pools("snow"))[0].fees == 0


async def test_collects_from_more_pools_than_fit_into_one_transaction(client: Client) -> None:
    now = await client.chain.clock_time()
    earned = Decimal(0)
    for number in range(13):
        name = f"event {number}"
        await client.create_event(name, lock_time=now + 1000, settlement_deadline=now + 2000)
        await client.create_pool(name, 1)
        for trade in (client.buy, client.sell):
            earned += (await trade(name, "YES", 1)).trade.fee
    collected = await client.collect_fees()
    assert (collected.amount, len(collected.signatures)) == (earned, 2)


async def test_collects_from_the_pools_named(client: Client, taker: Client, rain: EventView) -> None:
    await taker.create_pool(rain, 100)
    mine, theirs = (exchange.find_pool(event=rain.address, creator=c.wallet.address) for c in (client, taker))
    fees = [(await taker.buy(rain, "YES", 5, pool=pool)).trade.fee for pool in (mine, theirs)]
    collected = await client.collect_fees(mine, str(mine))
    assert collected.amount == fees[0]
    with pytest.raises(ProgramError, match="no fees to collect"):
        await client.collect_fees(mine)
    for missing in (Pubkey.new_unique(), rain.address, "zz"):
        with pytest.raises(AccountNotFound, match="no pool"):
            await client.collect_fees(missing)
    assert (await client.collect_fees()).amount == fees[1]


async def test_fees_of_another_exchange_stay(market: Market, client: Client, rain: EventView) -> None:
    await client.buy(rain, "YES", 10)
    second = await market.funded_wallet()
    made = exchange.initialize(
        admin=second.address,
        mint=market.local.mint,
        treasury=market.local.treasury,
        pauser=second.address,
        fee_bps=0,
    )
    await market.chain.send([made], [second.keypair])
    other = exchange.find_exchange(mint=market.local.mint, admin=second.address)
    async with market.connect(second, exchange=str(other)) as elsewhere:
        with pytest.raises(ProgramError, match="no fees to collect"):
            await elsewhere.collect_fees()
        with pytest.raises(ProgramError) as caught:
            await elsewhere.collect_fees((await client.pools(rain))[0].address)
        assert caught.value.name == "ExchangeMismatch"


async def test_no_treasury(market: Market, client: Client, rain: EventView) -> None:
    await client.buy(rain, "YES", 10)
    market.net.ledger.set_account(market.local.treasury, Account(0, b"", Pubkey.default()))
    with pytest.raises(AccountNotFound, match="no treasury") as caught:
        await client.collect_fees()
    assert "open it again" in caught.value.remedy


async def test_net_pool(client: Client, taker: Client, rain: EventView) -> None:
    pool = exchange.find_pool(event=rain.address, creator=client.wallet.address)
    with pytest.raises(ProgramError) as none:
        await client.net_pool(rain)
    assert (none.value.name, none.value.message) == ("AmountZero", "the pool has no complete sets to net")
    await taker.buy(rain, "YES", 10)
    await taker.buy(rain, "NO", 4)
    quoted = await taker.quote_buy(rain, "YES", 5)
    netted = await taker.net_pool(rain, str(pool))
    assert (netted.pool, netted.shares) == (pool, Decimal(4))
    (view,) = await client.pools(rain)
    assert view.sold == (Decimal(6), Decimal(0))
    assert await taker.quote_buy(rain, "YES", 5) == quoted
    await taker.sell(rain, "YES", 12)
    await taker.sell(rain, "NO", 6)
    assert (await client.net_pool(rain)).shares == Decimal(-6)


async def test_net_pool_refusals(client: Client, taker: Client, rain: EventView) -> None:
    pool = exchange.find_pool(event=rain.address, creator=client.wallet.address)
    for attempt in (taker.net_pool(rain), client.net_pool(rain, "zz"), client.net_pool(rain, rain.address)):
        with pytest.raises(AccountNotFound, match="no pool"):
            await attempt
    with pytest.raises(AccountNotFound, match="no event"):
        await client.net_pool("snow")
    now = await client.chain.clock_time()
    await client.create_event("snow", lock_time=now + 10, settlement_deadline=now + 20)
    with pytest.raises(ProgramError, match="belongs to another event"):
        await client.net_pool("snow", pool)
    await taker.buy(rain, "YES", 10)
    await taker.buy(rain, "NO", 4)
    await client.resolve_event(rain, "YES")
    with pytest.raises(ProgramError) as settled:
        await client.net_pool(rain)
    assert settled.value.name == "EventSettled"
