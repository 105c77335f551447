"""Commands about perpetuals as a whole: finding, reading, creating, keeping them."""

from decimal import Decimal
from typing import Annotated

import typer

from secant.client import (
    Client,
    PerpBookView,
    PerpPausable,
    PerpPauseReceipt,
    PerpTierTerms,
    PerpView,
    Receipt,
    perp_rules,
)
from secant.errors import InputError

from .exchange import unless_nothing
from .output import amount, answer, counted, facts, moment, plain, say, table
from .perp_order import Perp, orders
from .perp_stand import standing
from .settings import address_in, with_client

perps = typer.Typer(
    help="Perpetuals: list, show, book, create, long, short, close, order, quote, orders, cancel, position,"
    " health, draw, settle, funding, clusters, liquidate, insure, expand, delegate, collect-fees, pause,"
    " unpause."
)
perps.add_typer(orders)
perps.add_typer(standing)

_NOBODY = "nobody"
_Operations = Annotated[
    list[str], typer.Argument(metavar="OPERATION...", help=f"{', '.join(PerpPausable)}, or `all`.")
]


@perps.command("list")
def list_perps(context: typer.Context) -> None:
    """Perpetuals of the exchange, brought up to date."""
    views = with_client(context, lambda client: client.perps(), signs=False)
    if answer(context, views):
        return
    table(
        ("name", "index", "mark", "basis", "funding a day", "a year", "open", "value", "leverage", "price"),
        [
            (
                view.name,
                view.index,
                view.mark,
                view.basis,
                _percent(view.funding.day),
                _percent(view.funding.year),
                view.open_size,
                view.open_value,
                f"{plain(view.tiers[0].leverage)}x",
                _fitness(view),
            )
            for view in views
        ],
        empty="no perpetuals",
    )


@perps.command("show")
def show_perp(context: typer.Context, market: Perp) -> None:
    """A perpetual's prices, funding, what is open, what it requires and what it allows."""
    view = with_client(context, lambda client: client.perp(market), signs=False)
    if answer(context, view):
        return
    facts(
        [
            ("perpetual", f"{view.name} at {view.address}"),
            ("follows", f"feed {view.feed}"),
            ("index", f"{amount(view.index)}, five-minute average {amount(view.average)}"),
            ("mark", f"{amount(view.mark)}, basis {view.basis:+,f}, last trade {amount(view.last)}"),
            ("price", _fitness(view)),
            *_funding_facts(view),
            ("open", f"{amount(view.open_size)} ({view.open_lots:,} lots), worth {amount(view.open_value)}"),
            ("pool", f"{amount(view.pool)}, fees {amount(view.fees)}"),
            ("insurance", f"{amount(view.insurance)}; winners have borne {amount(view.haircuts)} in all"),
            ("fees", f"taker {_percent(view.taker_fee)}, of which makers get {_percent(view.maker_rebate)}"),
            ("tick and lot", f"{view.tick_size:f} and {view.lot_size:f}"),
            ("least order", amount(view.limits.min_order)),
            (
                "trades",
                f"from {amount(view.limits.price_min)} to {amount(view.limits.price_max)} by the mark now",
            ),
            (
                "at most",
                (
                    f"{amount(view.limits.position)} an account, {amount(view.limits.open)} in all;"
                    f" profits of {amount(view.limits.profits_hour)} an hour"
                ),
            ),
            ("paused", ", ".join(view.paused) or "nothing"),
            ("as of", view.updated),
        ]
    )
    table(
        ("from value", "leverage", "to open", "to keep"),
        [
            (tier.from_value, f"{plain(tier.leverage)}x", _percent(tier.initial), _percent(tier.maintenance))
            for tier in view.tiers
        ],
    )


@perps.command("book")
def show_book(
    context: typer.Context,
    market: Perp,
    depth: Annotated[int, typer.Option(min=1, max=2_048, help="How many prices of a side.")] = 10,
) -> None:
    """The prices of a perpetual's book, with the value from the best price down to each."""
    view = with_client(context, lambda client: client.perp_book(market), signs=False)
    if answer(context, view):
        return
    rows = [("sell", each.price, each.size, each.orders, each.depth) for each in reversed(view.asks[:depth])]
    rows += [("buy", each.price, each.size, each.orders, each.depth) for each in view.bids[:depth]]
    table(("side", "price", "size", "orders", "value down to here"), rows, empty="no orders")
    _say_spread(view)


@perps.command("funding")
def show_funding(
    context: typer.Context,
    market: Perp,
    *,
    update: Annotated[
        bool, typer.Option("--update", help="Bring the market up to date on chain first. Anyone may.")
    ] = False,
) -> None:
    """What longs pay shorts: at present, a year, and in the next hour by what this one has shown."""

    async def work(client: Client) -> PerpView:
        if update:
            await client.update_perp(market)
        return await client.perp(market)

    view = with_client(context, work, signs=update)
    if not answer(context, view.funding):
        facts(_funding_facts(view))


@perps.command("create")
def create_perp(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="1 to 32 bytes, unique on the exchange.")],
    feed: Annotated[str, typer.Argument(metavar="FEED", help="The feed it follows, by name or address.")],
    tick: Annotated[
        str | None, typer.Option(help="What prices are multiples of; by default the price has five digits.")
    ] = None,
    leverage: Annotated[int, typer.Option(min=1, max=100, help="The greatest.")] = 10,
    position_max: Annotated[str | None, typer.Option(help="Most that an account holds.")] = None,
    open_max: Annotated[str | None, typer.Option(help="Most that is open in all.")] = None,
    taker_fee: Annotated[str, typer.Option(help="What a taker pays, as a share of the value.")] = "0.00045",
    maker_rebate: Annotated[str, typer.Option(help="What a maker gets out of that.")] = "0.00005",
    near: Annotated[
        str | None,
        typer.Option(help="How far from the mark orders trade, as a share; what keeping requires, or less."),
    ] = None,
    stale: Annotated[int, typer.Option(min=1, max=3_600, help="Seconds a reading serves to open by.")] = 60,
) -> None:
    """Create a perpetual over a feed that has a price, as the exchange's admin."""

    async def work(client: Client) -> Receipt:
        view = await client.feed(feed)
        opening = (Decimal(1) / leverage).quantize(Decimal("0.0001"))
        rules = perp_rules(
            view,
            tiers=(PerpTierTerms(0, opening, (opening / 2).quantize(Decimal("0.0001"))),),
            tick_size=tick,
            position_max=position_max,
            open_max=open_max,
            taker_fee=taker_fee,
            maker_rebate=maker_rebate,
            near=near,
            stale_s=stale,
        )
        return await client.create_perp(name, view, rules)

    receipt = with_client(context, work)
    if not answer(context, receipt):
        say(f"created perpetual {name} at {receipt.address}")


@perps.command("insure")
def insure(
    context: typer.Context,
    market: Perp,
    collateral: Annotated[str, typer.Argument(metavar="AMOUNT", help="How much, for good.")],
) -> None:
    """Give collateral of the margin account to a perpetual's insurance."""
    receipt = with_client(context, lambda client: client.insure_perp(market, collateral))
    if not answer(context, receipt):
        say(f"gave {amount(receipt.amount)} to the insurance of {market}")


@perps.command("expand")
def expand_book(
    context: typer.Context,
    market: Perp,
    seats: Annotated[int, typer.Option(min=0, max=4_096, help="For how many more accounts.")] = 0,
    orders: Annotated[int, typer.Option(min=0, max=2_048, help="For how many more orders.")] = 0,
) -> None:
    """Make room in a perpetual's book. You pay the rent."""
    receipt = with_client(context, lambda client: client.expand_perp_book(market, seats=seats, orders=orders))
    if not answer(context, receipt):
        room = f"{counted(receipt.seats, 'seat')} and {counted(receipt.orders, 'order')}"
        say(f"made room for {room} for {amount(receipt.sol)} SOL")


@perps.command("delegate")
def set_delegate(
    context: typer.Context,
    wallet: Annotated[
        str, typer.Argument(metavar="WALLET", help=f"Who may trade for you; `{_NOBODY}` for nobody.")
    ],
) -> None:
    """Name who else may trade your account's perpetuals, and never withdraw."""
    delegate = None if wallet.casefold() == _NOBODY else address_in(wallet, "WALLET")
    receipt = with_client(context, lambda client: client.set_delegate(delegate))
    if not answer(context, receipt):
        say(f"{delegate or _NOBODY} may trade the perpetuals of account {receipt.address}")


@perps.command("collect-fees")
def collect_fees(context: typer.Context, market: Perp) -> None:
    """Move a perpetual's fees to those that the exchange collects. Anyone may."""
    receipt = with_client(context, lambda client: unless_nothing(client.collect_perp_fees(market)))
    if not answer(context, receipt):
        say(f"moved the fees of {market} to the exchange; `secant exchange collect-fees` pays them out")


@perps.command("pause")
def pause(context: typer.Context, market: Perp, operations: _Operations) -> None:
    """Pause operations of a perpetual, as the pauser or the admin; reducing stays open."""
    _say_paused(context, with_client(context, lambda client: client.pause_perp(market, *_named(operations))))


@perps.command("unpause")
def unpause(context: typer.Context, market: Perp, operations: _Operations) -> None:
    """Lift the pause of operations of a perpetual, as the admin."""
    _say_paused(
        context, with_client(context, lambda client: client.unpause_perp(market, *_named(operations)))
    )


def _named(operations: list[str]) -> list[str]:
    """The operations that were named; `all` names each.

    Raises:
        InputError: `all` beside others.
    """
    if "all" not in operations:
        return operations
    if operations != ["all"]:
        raise InputError("`all` names every operation", "leave out the others")
    return list(PerpPausable)


def _say_paused(context: typer.Context, receipt: PerpPauseReceipt) -> None:
    if not answer(context, receipt):
        say(f"paused: {', '.join(receipt.paused) or 'nothing'}")


def _funding_facts(view: PerpView) -> list[tuple[str, object]]:
    funding = view.funding
    payer = (
        "longs pay shorts" if funding.day > 0 else "shorts pay longs" if funding.day < 0 else "nobody pays"
    )
    now = f"{_percent(funding.day)} a day, {_percent(funding.hour)} an hour, {_percent(funding.year)} a year"
    later = (
        f"{_percent(funding.predicted_day)} a day by what this hour has shown, from {moment(funding.next)}"
    )
    most = f"at most {_percent(funding.max_day)}"
    return [("funding", f"{now}: {payer}"), ("next hour", f"{later}; {most}")]


def _fitness(view: PerpView) -> str:
    return view.quality.why or "good"


def _percent(share: Decimal) -> str:
    return f"{share:.4%}"


def _say_spread(view: PerpBookView) -> None:
    if view.spread is not None:
        say(f"spread {amount(view.spread)}")
