from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from solders.account import Account
from solders.pubkey import Pubkey

from secant import Client, Wallet, exchange, oracle
from secant.client import EventStatus, PoolKind, ResolverKind, Side
from secant.errors import (
    AccountNotFound,
    ExchangeAmbiguous,
    FrameworkError,
    InputError,
    ProgramError,
    TransactionFailed,
    TransactionRefused,
    UnitError,
    WalletError,
    WrongCluster,
)
from secant.localnet import Localnet

if TYPE_CHECKING:
    from secant.client import EventView

    from .conftest import Market


async def test_deposit_and_withdraw(client: Client) -> None:
    assert await client.collateral() == 500
    deposited = await client.deposit("0.000001")
    assert deposited.amount == Decimal("0.000001")
    assert deposited.account == client.account_address
    view = await client.account()
    assert (view.cash, view.free, view.positions) == (Decimal("500.000001"), Decimal("500.000001"), ())
    assert view.owner == client.wallet.address
    with pytest.raises(ProgramError) as caught:
        await client.withdraw(view.free + Decimal("0.000001"))
    assert caught.value.name == "InsolventAccount"
    assert (await client.withdraw(view.free)).amount == view.free
    closed = await client.close_account()
    assert closed.address == view.address
    assert await client.collateral() == 1000


async def test_withdraw_makes_the_token_account(market: Market, client: Client) -> None:
    other = Wallet.generate()
    await market.chain.airdrop(other.address, 10**9)
    async with market.connect(other) as second:
        await second.open_account()
        assert await second.collateral() == 0
        with pytest.raises(AccountNotFound, match="no collateral token account"):
            await second.deposit(1)
    assert (await client.account()).free == 500


async def test_account_is_not_open(market: Market) -> None:
    async with market.connect(await market.funded_wallet()) as client:
        for attempt in (client.account(), client.deposit(1), client.withdraw(1), client.close_account()):
            with pytest.raises(AccountNotFound, match="no margin account") as caught:
                await attempt
            assert "account open" in caught.value.remedy


async def test_account_is_open_already(client: Client) -> None:
    with pytest.raises(FrameworkError) as caught:
        await client.open_account()
    assert caught.value.name in {"AccountAlreadyInUse", "ConstraintZero", "AccountAlreadyInitialized"}


async def test_accounts_by_index_and_owner(market: Market, client: Client) -> None:
    async with Client.connect(market.net.url, client.wallet, account_index=7) as seventh:
        opened = await seventh.open_account()
        assert opened.address != client.account_address
        assert (await seventh.account()).index == 7
    gift = Wallet.generate().address
    await client.open_account(owner=gift)
    assert (await client.account(owner=str(gift))).owner == gift


@pytest.mark.parametrize("refused", [0.5, "1.0000001", -1, "x"])
async def test_amounts_are_checked_first(client: Client, refused: str) -> None:
    with pytest.raises(UnitError):
        await client.deposit(refused)


async def test_zero_is_refused_by_the_program(client: Client) -> None:
    with pytest.raises(ProgramError) as caught:
        await client.deposit(0)
    assert (caught.value.name, caught.value.program) == ("AmountZero", "exchange")
    assert caught.value.signature is None


async def test_too_little_collateral(client: Client) -> None:
    with pytest.raises(FrameworkError) as caught:
        await client.deposit(501)
    assert (caught.value.program, caught.value.name) == ("token", "InsufficientFunds")


async def test_wallet_without_sol(market: Market) -> None:
    async with market.connect(Wallet.generate()) as client:
        with pytest.raises(TransactionRefused) as caught:
            await client.open_account()
        assert caught.value.name == "AccountNotFound"


async def test_reads_without_wallet(market: Market, rain: EventView) -> None:
    async with market.connect(None) as reader:
        assert [event.address for event in await reader.events()] == [rain.address]
        assert len(await reader.pools("rain")) == 1
        with pytest.raises(WalletError, match="no wallet"):
            await reader.account()


async def test_events(client: Client, rain: EventView) -> None:
    assert (rain.name, rain.title, rain.status) == ("rain", "Will it rain?", EventStatus.OPEN)
    assert [outcome.label for outcome in rain.outcomes] == ["YES", "NO"]
    assert (rain.resolver_kind, rain.resolver) == (ResolverKind.AUTHORITY, client.wallet.address)
    soon = datetime.now(UTC) + timedelta(minutes=5)
    made = await client.create_event(
        "score", outcomes=["home", "draw", "away"], lock_time=soon, settlement_deadline=soon + timedelta(1)
    )
    listed = await client.events()
    assert [event.name for event in listed] == ["score", "rain"]
    assert listed[0] == await client.event(made.address) == await client.event(listed[0])
    assert listed[0].lock_time == soon.replace(microsecond=0)
    assert await client.event(str(rain.address)) == rain


async def test_event_refs(client: Client, taker: Client, rain: EventView) -> None:
    for missing in ("snow", Pubkey.new_unique(), client.account_address, client.exchange.mint):
        with pytest.raises(AccountNotFound, match="no event"):
            await client.event(missing)
    now = await client.chain.clock_time()
    await taker.create_event("rain", lock_time=now + 10, settlement_deadline=now + 20)
    with pytest.raises(ExchangeAmbiguous, match="2 events named 'rain'") as caught:
        await client.event("rain")
    assert rain.address in caught.value.addresses


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 33}, "name"),
        ({"name": "tab\t"}, "name"),
        ({"title": "é" * 33}, "title"),
        ({"outcomes": ["one"]}, "2 to 16 labels"),
        ({"outcomes": "YES"}, "2 to 16 labels"),
        ({"outcomes": ["x" * 17, "y"]}, "label"),
        ({"outcomes": ["Yes", "YES"]}, "different"),
        ({"lock_time": datetime(2030, 1, 1)}, "time zone"),  # noqa: DTZ001 - the point
        ({"lock_time": "soon"}, "no time"),
        ({"record": "x", "authority": "y"}, "not both"),
    ],
)
async def test_create_event_refuses(client: Client, changes: dict[str, object], problem: str) -> None:
    arguments = {"name": "e", "lock_time": 2_000_000_000, "settlement_deadline": 2_000_000_001, **changes}
    with pytest.raises(InputError) as caught:
        await client.create_event(**arguments)  # type: ignore[arg-type]
    assert problem in str(caught.value)


async def test_create_event_refused_by_the_program(client: Client, rain: EventView) -> None:
    now = await client.chain.clock_time()
    with pytest.raises(ProgramError) as caught:
        await client.create_event("late", lock_time=now - 1, settlement_deadline=now + 9)
    assert caught.value.name == "TimesInvalid"
    with pytest.raises(FrameworkError):
        await client.create_event(rain.name, lock_time=now + 1, settlement_deadline=now + 9)
    with pytest.raises(AccountNotFound, match="no resolver"):
        await client.create_event("e", lock_time=now + 1, settlement_deadline=now + 9, authority="zz")


async def test_trades(client: Client, taker: Client, rain: EventView) -> None:
    quote = await taker.quote_buy(rain, "yes", 10)
    assert (quote.outcome, quote.side, quote.shares) == ("YES", Side.BUY, Decimal(10))
    assert quote.total == quote.amount + quote.fee
    bought = await taker.buy(rain, "YES", 10)
    assert bought.trade == quote
    assert (await taker.account()).cash == 500 - quote.total
    sale = await taker.quote_sell(rain, 0, 4)
    assert sale.total == sale.amount - sale.fee
    assert sale.side is Side.SELL
    assert (await taker.sell(rain, "0", 4)).trade == sale
    position = (await taker.account()).positions[0]
    assert position.event.address == rain.address
    assert position.shares == (Decimal(6), Decimal(0))
    (pool,) = await client.pools(rain)
    assert (pool.sold, pool.kind, pool.liquidity) == ((Decimal(6), Decimal(0)), PoolKind.LMSR, Decimal(100))
    assert pool.fees == quote.fee + sale.fee
    assert pool.fee_bps == client.exchange.fee_bps == 200


async def test_short_sale_is_reserved(taker: Client, rain: EventView) -> None:
    sold = (await taker.sell(rain, "NO", 10)).trade
    view = await taker.account()
    assert view.cash == 500 + sold.total
    assert view.free == view.cash - 10


async def test_limits(taker: Client, rain: EventView) -> None:
    quote = await taker.quote_buy(rain, "YES", 10)
    for attempt in (
        taker.buy(rain, "YES", 10, max_cost=quote.total - Decimal("0.000001")),
        taker.sell(rain, "YES", 10, min_proceeds=quote.total),
    ):
        with pytest.raises(ProgramError) as caught:
            await attempt
        assert caught.value.name == "LimitExceeded"
    assert (await taker.buy(rain, "YES", 10, max_cost=quote.total)).trade == quote
    with pytest.raises(UnitError, match="slippage"):
        await taker.buy(rain, "YES", 1, slippage="2")


async def test_prices(market: Market, taker: Client, rain: EventView) -> None:
    assert await taker.prices("rain") == (Decimal("0.5001"), Decimal("0.5001"))
    await taker.buy(rain, "YES", 50)
    yes, no = await taker.prices(rain)
    last = await taker.quote_buy(rain, "YES", "0.01")
    assert last.amount == yes / 100
    assert 0.6 < yes < 0.65
    assert 1 <= yes + no <= 1 + Decimal("0.0002")
    async with market.connect(await market.funded_wallet()) as newcomer:
        assert await newcomer.prices(rain) == (yes, no)


async def test_spend(taker: Client, rain: EventView) -> None:
    quote = await taker.quote_spend(rain, "YES", 20)
    assert quote.total <= 20
    assert (await taker.quote_buy(rain, "YES", quote.shares + Decimal("0.01"))).total > 20
    assert (await taker.spend(rain, "YES", 20)).trade == quote
    with pytest.raises(InputError, match=r"not even 0\.01 share"):
        await taker.spend(rain, "YES", "0.001")
    with pytest.raises(ProgramError) as caught:
        await taker.spend(rain, "YES", 490)
    assert caught.value.name == "InsolventAccount"


async def test_trade_refusals(taker: Client, rain: EventView) -> None:
    with pytest.raises(InputError, match="use one of YES, NO"):
        await taker.buy(rain, "MAYBE", 1)
    with pytest.raises(InputError, match="no outcome 2"):
        await taker.buy(rain, 2, 1)
    with pytest.raises(UnitError):
        await taker.buy(rain, "YES", "0.001")
    with pytest.raises(ProgramError) as caught:
        await taker.buy(rain, "YES", 1_000)
    assert caught.value.name == "InsolventAccount"
    with pytest.raises(AccountNotFound, match="no pool"):
        await taker.buy(rain, "YES", 1, pool="zz")


async def test_quote_needs_no_money(market: Market, client: Client, taker: Client, rain: EventView) -> None:
    wallet = Wallet.generate()
    await market.chain.airdrop(wallet.address, 10**9)
    async with market.connect(wallet) as poor:
        assert await poor.quote_buy(rain, "YES", 10) == await taker.quote_buy(rain, "YES", 10)
        assert await poor.quote_sell(rain, "NO", 10) == await taker.quote_sell(rain, "NO", 10)
        with pytest.raises(AccountNotFound, match="no margin account"):
            await poor.buy(rain, "YES", 10)
        await poor.open_account()
        assert await poor.quote_buy(rain, "NO", 10) == await taker.quote_buy(rain, "NO", 10)
        with pytest.raises(ProgramError) as caught:
            await poor.buy(rain, "YES", 10)
        assert caught.value.name == "InsolventAccount"
        await client.lock_event(rain)
        with pytest.raises(ProgramError) as locked:
            await poor.quote_buy(rain, "NO", 10)
        assert locked.value.name == "EventNotOpen"


async def test_best_of_several_pools(client: Client, taker: Client, rain: EventView) -> None:
    await client.buy(rain, "YES", 50)
    await taker.create_pool(rain, 20, "pm-amm")
    cheap, dear = (exchange.find_pool(event=rain.address, creator=c.wallet.address) for c in (taker, client))
    assert (await taker.quote_buy(rain, "YES", 1)).pool == cheap
    assert (await taker.quote_sell(rain, "YES", 1)).pool == dear
    assert (await taker.quote_buy(rain, "YES", 1, pool=dear)).pool == dear
    assert (await taker.buy(rain, "YES", 1, max_cost=1)).trade.pool == cheap


async def test_pools(client: Client, rain: EventView) -> None:
    with pytest.raises(InputError, match="lmsr, pm-amm"):
        await client.create_pool(rain, 1, "cpmm")
    with pytest.raises(FrameworkError):
        await client.create_pool(rain, 100)
    closed = await client.close_pool(rain)
    assert closed.amount == Decimal("69.314719")
    assert (await client.account()).cash == 500
    with pytest.raises(AccountNotFound, match="no pool"):
        await client.close_pool(rain)
    with pytest.raises(AccountNotFound, match="has none"):
        await client.quote_buy(rain, "YES", 1)
    with pytest.raises(ProgramError) as caught:
        await client.create_pool(rain, 0)
    assert caught.value.name == "LiquidityInvalid"


async def test_close_somebody_elses_pool(client: Client, taker: Client, rain: EventView) -> None:
    pool = exchange.find_pool(event=rain.address, creator=client.wallet.address)
    with pytest.raises(ProgramError) as caught:
        await taker.close_pool(rain, pool)
    assert caught.value.name == "CreatorMismatch"
    await client.resolve_event(rain, "NO")
    assert (await taker.close_pool(rain, str(pool))).pool == pool


async def test_sets(client: Client, rain: EventView) -> None:
    assert (await client.mint_set(rain, 5)).shares == 5
    view = await client.account()
    assert view.positions[0].shares == (Decimal(5), Decimal(5))
    assert view.free == view.cash + 5
    assert (await client.event(rain)).escrow == 5
    assert (await client.merge_set(rain, "2.5")).shares == Decimal("-2.5")
    with pytest.raises(ProgramError) as caught:
        await client.merge_set(rain, 3)
    assert caught.value.name == "SetsInsufficient"


async def test_tokens(client: Client, rain: EventView) -> None:
    await client.mint_set(rain, 5)
    with pytest.raises(AccountNotFound, match="outcome token account"):
        await client.detokenize(rain, "YES", 1)
    first = await client.tokenize(rain, "YES", 3)
    again = await client.tokenize(rain, "YES", 1)
    assert (first.shares, first.outcome, first.mint) == (Decimal(3), "YES", again.mint)
    assert (await client.event(rain)).outcomes[0].tokenized == 4
    assert (await client.detokenize(rain, "YES", 1)).shares == -1
    with pytest.raises(TransactionFailed):
        await client.detokenize(rain, "YES", 4)
    with pytest.raises(ProgramError) as unsettled:
        await client.redeem_tokens(rain, "YES", 3)
    assert unsettled.value.name == "EventNotSettled"
    await client.resolve_event(rain, payouts=["0.25", "0.75"])
    paid = await client.redeem_tokens(rain, "YES", 3)
    assert (paid.amount, paid.shares) == (Decimal("0.75"), Decimal(3))


async def test_only_held_shares_become_tokens_unless_said_so(client: Client, rain: EventView) -> None:
    with pytest.raises(InputError, match=r"you hold 0\.00 YES: more tokens would be shares sold short"):
        await client.tokenize(rain, "YES", "0.01")
    await client.mint_set(rain, 5)
    with pytest.raises(InputError, match=r"you hold 5\.00 YES"):
        await client.tokenize(rain, "YES", 6)
    await client.tokenize(rain, "YES", 6, short=True)
    await client.tokenize(rain, "NO", 2)
    (position,) = (await client.account()).positions
    assert position.shares == (Decimal(-1), Decimal(3))
    held = await client.tokens()
    assert [(view.outcome, view.shares) for view in held] == [("NO", 2), ("YES", 6)]
    assert held[0].event == await client.event(rain)
    await client.detokenize(rain, "NO", 2)
    assert [view.outcome for view in await client.tokens()] == ["YES"]


async def test_a_pool_closed_early_leaves_its_position(
    client: Client, taker: Client, rain: EventView
) -> None:
    await taker.buy(rain, "YES", 20)
    await taker.sell(rain, "NO", 5)
    closed = await client.close_pool(rain)
    (position,) = (await client.account()).positions
    assert closed.shares == position.shares == (Decimal(-20), Decimal(5))
    await client.create_event("snow", lock_time=rain.lock_time, settlement_deadline=rain.settlement_deadline)
    assert (await client.create_pool("snow", 10)).shares == ()
    await taker.buy("snow", "YES", 1)
    await client.resolve_event("snow", "YES")
    assert (await client.close_pool("snow")).shares == ()


async def test_all_that_the_wallet_holds(client: Client) -> None:
    assert (await client.deposit("all")).amount == 500
    with pytest.raises(FrameworkError, match=r"The wallet holds less than the amount: 0\.000000"):
        await client.deposit(1)
    assert (await client.withdraw("ALL")).amount == 1000


async def test_resolve_and_redeem(client: Client, taker: Client, rain: EventView) -> None:
    await taker.buy(rain, "YES", 10)
    with pytest.raises(ProgramError) as caught:
        await taker.redeem(rain)
    assert caught.value.name == "EventNotSettled"
    with pytest.raises(ProgramError) as stranger:
        await taker.resolve_event(rain, "YES")
    assert stranger.value.name == "ResolverMismatch"
    settled = await client.resolve_event(rain, "YES")
    assert (settled.status, settled.payouts) == (EventStatus.RESOLVED, (Decimal(1), Decimal(0)))
    view = await client.event(rain)
    assert view.is_settled
    assert view.settled_time is not None
    assert [outcome.payout for outcome in view.outcomes] == [Decimal(1), Decimal(0)]
    redeemed = await client.redeem(rain, owner=taker.wallet.address)
    assert (redeemed.amount, redeemed.account) == (Decimal(10), taker.account_address)
    with pytest.raises(ProgramError) as twice:
        await taker.redeem(rain)
    assert twice.value.name == "LegAbsent"
    with pytest.raises(ProgramError) as late:
        await taker.buy(rain, "YES", 1, max_cost=1)
    assert late.value.name == "EventNotOpen"


@pytest.mark.parametrize(
    ("winner", "payouts"),
    [(None, None), ("YES", [1, 0]), (None, [1]), ("MAYBE", None)],
)
async def test_resolve_refuses(
    client: Client, rain: EventView, winner: str | None, payouts: list[int] | None
) -> None:
    with pytest.raises(InputError):
        await client.resolve_event(rain, winner, payouts=payouts)


async def test_payouts_must_sum_to_one(client: Client, rain: EventView) -> None:
    with pytest.raises(ProgramError) as caught:
        await client.resolve_event(rain, payouts=["0.5", "0.4"])
    assert caught.value.name == "PayoutInvalid"


async def test_lock(client: Client, taker: Client, rain: EventView) -> None:
    with pytest.raises(ProgramError) as early:
        await taker.lock_event(rain)
    assert early.value.name == "LockTooEarly"
    assert (await client.lock_event(rain)).address == rain.address
    assert (await client.event(rain)).status is EventStatus.LOCKED
    assert (await client.resolve_event(rain, "NO")).payouts == (Decimal(0), Decimal(1))


async def test_void(market: Market, taker: Client, rain: EventView) -> None:
    with pytest.raises(ProgramError) as caught:
        await taker.void_event(rain)
    assert caught.value.name == "DeadlineNotPassed"
    market.net.ledger.set_unix_timestamp(int(rain.settlement_deadline.timestamp()) + 1)
    voided = await taker.void_event(rain)
    assert (voided.status, voided.payouts) == (EventStatus.VOID, (Decimal("0.5"), Decimal("0.5")))


async def test_settled_by_a_record(market: Market, client: Client) -> None:
    now = await client.chain.clock_time()
    market.net.ledger.set_unix_timestamp(now)
    feed = (await client.create_feed("temperature", width_max=1, step_max=5, exponent=-2)).address
    terms = oracle.RecordTerms(
        start=now,
        end=now + 100,
        barrier=3000,
        low=0,
        high=0,
        width_max=100,
        sustain_s=0,
        max_gap_s=50,
        grid_s=0,
        coverage_min_ppm=0,
        statistic=oracle.STATISTIC_TOUCH_UP,
        payout=oracle.PAYOUT_DIGITAL,
    )
    record = (await client.create_record(feed, terms)).address
    made = await client.create_event(
        "hot", lock_time=now + 100, settlement_deadline=now + 300_000, record=str(record)
    )
    assert (await client.event("hot")).resolver_kind is ResolverKind.RECORD
    with pytest.raises(ProgramError) as undecided:
        await client.settle_event("hot")
    assert undecided.value.name == "RecordUndecided"
    await client.publish(feed, "29.5", "30.0")
    await client.observe(record)
    assert (await client.record(record)).accepted == 1
    market.net.ledger.set_unix_timestamp(now + 10)
    await client.publish(str(feed), "30.2", "30.4", source_time=now + 9)
    await client.observe(str(record))
    view = await client.record(record)
    assert (view.status, view.yes_payout, view.feed) == ("decided", Decimal(1), feed)
    settled = await client.settle_event("hot")
    assert (settled.event, settled.payouts) == (made.address, (Decimal(1), Decimal(0)))


async def test_wrong_cluster() -> None:
    async with Localnet(port=0) as empty:
        with pytest.raises(WrongCluster, match="exchange program is not at") as caught:
            async with Client.connect(empty.url):
                pass
        assert "secant localnet" in caught.value.remedy
        empty.ledger.set_account(exchange.PROGRAM_ID, Account(10**9, b"", oracle.PROGRAM_ID))
        with pytest.raises(WrongCluster, match=f"no program but an account of {oracle.PROGRAM_ID}"):
            async with Client.connect(empty.url):
                pass


async def test_which_exchange(market: Market, client: Client) -> None:
    local = market.local
    for missing in (Pubkey.new_unique(), local.mint, client.account_address):
        with pytest.raises(AccountNotFound, match="no exchange"):
            async with market.connect(None, exchange=str(missing)):
                pass
    with pytest.raises(AccountNotFound, match="no address"):
        market.connect(None, exchange="zz")
    admin = await market.funded_wallet()
    second = exchange.initialize(
        admin=admin.address,
        mint=local.mint,
        treasury=local.treasury,
        pauser=admin.address,
        fee_bps=0,
    )
    await market.chain.send([second], [admin.keypair])
    with pytest.raises(ExchangeAmbiguous, match="2 exchanges fit") as caught:
        async with market.connect(None):
            pass
    assert local.exchange in caught.value.addresses
    async with market.connect(client.wallet, exchange=str(local.exchange)) as named:
        assert named.exchange.address == local.exchange
        other = exchange.find_exchange(mint=local.mint, admin=admin.address)
    async with market.connect(admin, exchange=str(other)) as elsewhere:
        now = await elsewhere.chain.clock_time()
        made = await elsewhere.create_event("e", lock_time=now + 9, settlement_deadline=now + 10)
    with pytest.raises(AccountNotFound, match="of another exchange"):
        await client.event(made.address)


async def test_no_exchange_yet() -> None:
    from secant.bootstrap import programs

    async with Localnet(port=0, programs=programs()) as net:
        with pytest.raises(AccountNotFound, match="nobody has created one"):
            async with Client.connect(net.url):
                pass


async def test_not_entered(market: Market) -> None:
    unentered = market.connect(Wallet.generate())
    with pytest.raises(RuntimeError, match="async with"):
        await unentered.account()
    await unentered.chain.close()
    with pytest.raises(InputError, match="0 to 255"):
        async with Client.connect(market.net.url, Wallet.generate(), account_index=256) as client:
            await client.account()


async def test_text_from_strangers_cannot_move_the_cursor(market: Market, client: Client) -> None:
    now = await client.chain.clock_time()
    name, title = b"\x1b[2J".ljust(32, b"\0"), b"\xff\xfe".ljust(64, b"\0")
    instruction = exchange.create_event(
        creator=client.wallet.address,
        exchange=market.local.exchange,
        resolver=client.wallet.address,
        event_id=name,
        resolver_kind=exchange.RESOLVER_AUTHORITY,
        lock_time=now + 10,
        settlement_deadline=now + 20,
        title=title,
        labels=[b"a\nb".ljust(16, b"\0"), b"NO".ljust(16, b"\0")],
    )
    await market.chain.send([instruction], [client.wallet.keypair])
    (view,) = await client.events()
    assert (view.name, view.title, view.outcomes[0].label) == ("1b5b324a", "fffe", "610a62")
