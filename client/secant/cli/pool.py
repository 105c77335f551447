"""Commands about pools: quoting and trading."""

from decimal import Decimal
from typing import Annotated

import typer
from solders.pubkey import Pubkey

from secant.client import Client, EventView, PoolKind, PoolReceipt, PoolView, Quote, Side, TradeReceipt
from secant.errors import AccountNotFound, InputError

from .event import Event, prices_of
from .output import amount, answer, facts, fields, plain, say, table
from .settings import address_in, with_client

pools = typer.Typer(help="Pools: list, create, quote, buy, sell, close.")

Outcome = Annotated[str, typer.Argument(metavar="OUTCOME", help="The outcome's label or number.")]
Shares = Annotated[str, typer.Argument(metavar="SHARES", help="How many.")]
MaybeShares = Annotated[str | None, typer.Argument(metavar="[SHARES]", help="How many.")]
Spend = Annotated[str | None, typer.Option(help="Instead of SHARES: spend at most this much.")]
PoolAddress = Annotated[str | None, typer.Option("--pool", help="Which pool; the best unless given.")]
Slippage = Annotated[str, typer.Option(help="How much worse than the quote is accepted, as a fraction.")]


@pools.command("list")
def list_pools(context: typer.Context, event: Event) -> None:
    """The pools of an event."""

    async def work(client: Client) -> list[tuple[PoolView, tuple[Decimal, ...] | None]]:
        market = await client.event(event)
        return [(view, await prices_of(client, market, view.address)) for view in await client.pools(market)]

    priced = with_client(context, work, signs=False)
    if not answer(context, [{**fields(view), "prices": prices} for view, prices in priced]):
        table(
            ("pool", "kind", "prices", "liquidity", "cash", "fees", "fee bps"),
            [
                (
                    view.address,
                    view.kind,
                    None if prices is None else ", ".join(plain(price) for price in prices),
                    view.liquidity,
                    view.cash,
                    view.fees,
                    view.fee_bps,
                )
                for view, prices in priced
            ],
            empty="no pools",
        )


@pools.command("create")
def create_pool(
    context: typer.Context,
    event: Event,
    liquidity: Annotated[
        str,
        typer.Option(help="Scale in shares. An LMSR risks it times ln outcomes, a pm-AMM 0.399 times it."),
    ] = "100",
    kind: Annotated[PoolKind, typer.Option(help="How the price is made.")] = PoolKind.LMSR,
) -> None:
    """Create your pool for an event, funded from the margin account."""
    receipt = with_client(context, lambda client: client.create_pool(event, liquidity, kind))
    if not answer(context, receipt):
        say(f"created pool {receipt.pool}, funded with {amount(receipt.amount)}")


@pools.command("quote")
def quote(
    context: typer.Context,
    event: Event,
    outcome: Outcome,
    shares: MaybeShares = None,
    spend: Spend = None,
    pool: PoolAddress = None,
    *,
    sell: Annotated[bool, typer.Option("--sell", help="Quote a sale.")] = False,
) -> None:
    """What a trade would cost or yield now."""
    if sell and spend is not None:
        raise InputError("a sale spends nothing", "give SHARES with --sell")
    size = _size(shares, spend)

    async def work(client: Client) -> Quote:
        named = await pool_in(client, event, pool)
        if spend is not None:
            return await client.quote_spend(event, outcome, spend, pool=named)
        if sell:
            return await client.quote_sell(event, outcome, size, pool=named)
        return await client.quote_buy(event, outcome, size, pool=named)

    found = with_client(context, work)
    if answer(context, found):
        return
    facts(
        [
            (found.side, f"{amount(found.shares)} {found.outcome}"),
            ("price", amount(found.price)),
            ("amount", amount(found.amount)),
            ("fee", amount(found.fee)),
            ("total", amount(found.total)),
            ("pool", found.pool),
        ]
    )


@pools.command("buy")
def buy(
    context: typer.Context,
    event: Event,
    outcome: Outcome,
    shares: MaybeShares = None,
    spend: Spend = None,
    max_cost: Annotated[str | None, typer.Option(help="The most to pay, fee included.")] = None,
    slippage: Slippage = "0.01",
    pool: PoolAddress = None,
) -> None:
    """Buy shares, or as many as an amount pays for."""
    if spend is not None and max_cost is not None:
        raise InputError("--spend is a limit already", "leave --max-cost out")
    size = _size(shares, spend)

    async def work(client: Client) -> TradeReceipt:
        named = await pool_in(client, event, pool)
        if spend is not None:
            return await client.spend(event, outcome, spend, pool=named)
        return await client.buy(event, outcome, size, max_cost=max_cost, slippage=slippage, pool=named)

    _say_traded(context, with_client(context, work))


@pools.command("sell")
def sell(
    context: typer.Context,
    event: Event,
    outcome: Outcome,
    shares: Shares,
    min_proceeds: Annotated[str | None, typer.Option(help="The least to receive, fee deducted.")] = None,
    slippage: Slippage = "0.01",
    pool: PoolAddress = None,
) -> None:
    """Sell shares, short if they are not held."""

    async def work(client: Client) -> TradeReceipt:
        named = await pool_in(client, event, pool)
        return await client.sell(
            event, outcome, shares, min_proceeds=min_proceeds, slippage=slippage, pool=named
        )

    _say_traded(context, with_client(context, work))


@pools.command("close")
def close_pool(context: typer.Context, event: Event, pool: PoolAddress = None) -> None:
    """Close your pool into the margin account; anyone's, once the event is settled."""

    async def work(client: Client) -> tuple[EventView, PoolReceipt]:
        named = await pool_in(client, event, pool)
        market = await client.event(event)
        try:
            return market, await client.close_pool(market, named)
        except AccountNotFound as error:
            if error.kind == "pool":
                error.message = f"you have no pool for event {event}"
                error.remedy = f"there is nothing to close; `secant pool list {event}` shows everybody's"
            raise

    market, receipt = with_client(context, work)
    if not answer(context, receipt):
        labels = [outcome.label for outcome in market.outcomes]
        moved = [
            f" and {amount(shares)} {label}"
            for label, shares in zip(labels, receipt.shares, strict=False)
            if shares
        ]
        say(f"closed pool {receipt.pool}, which returned {amount(receipt.amount)}{''.join(moved)}")


async def pool_in(client: Client, event: str, pool: str | None) -> Pubkey | None:
    """The pool that --pool names; None if it was not given.

    Raises:
        InputError: it is no address, or not of a pool of the event.
        AccountNotFound, ExchangeAmbiguous: as of `Client.event`.
    """
    address = address_in(pool, "--pool")
    if address is not None and address not in {view.address for view in await client.pools(event)}:
        raise InputError(
            f"--pool {address} is no pool of event {event}", f"`secant pool list {event}` shows its pools"
        )
    return address


def _size(shares: str | None, spend: str | None) -> str:
    if (shares is None) == (spend is None):
        raise InputError("a trade is so many shares or so much money", "give SHARES or --spend")
    return shares or ""


def _say_traded(context: typer.Context, receipt: TradeReceipt) -> None:
    if answer(context, receipt):
        return
    trade = receipt.trade
    done, gave = ("bought", "for") if trade.side is Side.BUY else ("sold", "and received")
    say(
        f"{done} {amount(trade.shares)} {trade.outcome} {gave} {amount(trade.total)}"
        f" (price {amount(trade.price)}, fee {amount(trade.fee)})"
    )
