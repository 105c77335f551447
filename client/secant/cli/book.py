"""Commands about order books: reading, placing and cancelling."""

from contextlib import aclosing
from decimal import Decimal
from typing import Annotated

import typer

from secant.client import (
    BookView,
    Builder,
    Client,
    DropReceipt,
    FillsPage,
    OrderKind,
    OrderReceipt,
    OrderView,
    SelfTrade,
    Side,
    TakeQuote,
)
from secant.errors import InputError

from .event import Event
from .moments import seconds_from
from .output import amount, answer, facts, moment, say, table
from .settings import address_in, with_client

books = typer.Typer(
    help="Order books: show, watch, create, place, quote, take, orders, fills, cancel, draw, sweep, close."
)

Outcome = Annotated[str, typer.Argument(metavar="OUTCOME", help="The outcome's label or number.")]
MaybeOutcome = Annotated[
    str, typer.Argument(metavar="[OUTCOME]", help="The outcome; the first unless given.")
]
Owner = Annotated[str | None, typer.Option(help="Whose account; yours unless given.")]
BuilderOwner = Annotated[
    str | None, typer.Option("--builder", help="Wallet of the front end's builder, who gets a fee.")
]
BuilderFee = Annotated[
    int | None,
    typer.Option(min=1, max=100, help="The builder's fee on what is taken, in bps of shares * p * (1 - p)."),
]
PoolBeside = Annotated[
    str | None, typer.Option("--pool", help="Which pool; the one with the most liquidity unless given.")
]
BookOnly = Annotated[bool, typer.Option("--book-only", help="Leave the pools alone.")]
AsTokens = Annotated[
    bool, typer.Option("--as-tokens", help="Tokens against collateral in the wallet, without an account.")
]
ReduceOnly = Annotated[
    bool, typer.Option("--reduce-only", help="Cut it down to the position that it reduces.")
]


@books.command("show")
def show_book(
    context: typer.Context,
    event: Event,
    outcome: MaybeOutcome = "0",
    depth: Annotated[int, typer.Option(min=1, max=2_048, help="How many prices of a side.")] = 10,
) -> None:
    """The prices of a book, the best beside the middle."""

    async def work(client: Client) -> BookView:
        return await client.book(event, outcome)

    view = with_client(context, work, signs=False)
    if answer(context, view):
        return
    rows = [("sell", level.price, level.shares, level.orders) for level in reversed(view.asks[:depth])]
    rows += [("buy", level.price, level.shares, level.orders) for level in view.bids[:depth]]
    table(("side", f"price of {view.outcome}", "shares", "orders"), rows)
    facts(
        [
            ("book", view.address),
            ("taker's fee", f"{view.fee_bps} bps of shares * p * (1 - p); makers get {view.rebate_bps}"),
            ("least order", f"{amount(view.min_shares)} shares"),
        ]
    )


@books.command("watch")
def watch_book(
    context: typer.Context,
    event: Event,
    outcome: MaybeOutcome = "0",
    updates: Annotated[
        int | None, typer.Option(min=1, help="How many states to print; until interrupted unless given.")
    ] = None,
) -> None:
    """Print the best prices of a book, now and after every change; with --json, whole books, one a line."""

    async def work(client: Client) -> None:
        printed = 0
        async with aclosing(client.watch_book(event, outcome)) as views:
            async for view in views:
                if not answer(context, view):
                    say(_touch(view))
                printed += 1
                if printed == updates:
                    return

    with_client(context, work, signs=False)


@books.command("create")
def create_book(
    context: typer.Context,
    event: Event,
    outcome: MaybeOutcome = "0",
    min_shares: Annotated[str, typer.Option(help="Least shares of an order that rests.")] = "0.01",
) -> None:
    """Create the book of an outcome; of two outcomes one book serves both."""
    receipt = with_client(context, lambda client: client.create_book(event, outcome, min_shares=min_shares))
    if not answer(context, receipt):
        say(f"created book {receipt.address}")


@books.command("place")
def place_order(
    context: typer.Context,
    event: Event,
    side: Annotated[Side, typer.Argument(metavar="SIDE", help="buy or sell.")],
    outcome: Outcome,
    shares: Annotated[str, typer.Argument(metavar="SHARES", help="How many.")],
    price: Annotated[str, typer.Argument(metavar="PRICE", help="The worst price: 0.0001 to 0.9999.")],
    kind: Annotated[OrderKind, typer.Option(help="What becomes of what it does not take at once.")] = (
        OrderKind.LIMIT
    ),
    expires: Annotated[
        str | None, typer.Option(help="When it stops trading: 10m, 2h, or a UTC time; never unless given.")
    ] = None,
    self_trade: Annotated[SelfTrade, typer.Option(help="What happens to own orders it meets.")] = (
        SelfTrade.CANCEL_PROVIDE
    ),
    client_id: Annotated[int, typer.Option(min=0, help="Your own mark.")] = 0,
    builder: BuilderOwner = None,
    builder_fee_bps: BuilderFee = None,
    *,
    reduce_only: ReduceOnly = False,
) -> None:
    """Place an order."""
    named = _builder(builder, builder_fee_bps)

    async def work(client: Client) -> OrderReceipt:
        now = await client.chain.clock_time()
        return await client.place_order(
            event,
            outcome,
            side,
            shares,
            price,
            kind=kind,
            expires=None if expires is None else seconds_from(expires, now, "--expires"),
            reduce_only=reduce_only,
            self_trade=self_trade,
            client_id=client_id,
            builder=named,
        )

    receipt = with_client(context, work)
    if answer(context, receipt):
        return
    parts = [_traded(receipt, receipt.filled)] if receipt.filled else []
    if receipt.rested:
        parts.append(f"{amount(receipt.rested)} {receipt.outcome} rest as order {receipt.order_id}")
    say("; ".join(parts) or "nothing was there to trade with; nothing rests")


@books.command("take")
def take(
    context: typer.Context,
    event: Event,
    side: Annotated[Side, typer.Argument(metavar="SIDE", help="buy or sell.")],
    outcome: Outcome,
    shares: Annotated[str, typer.Argument(metavar="SHARES", help="How many at most.")],
    price: Annotated[str, typer.Argument(metavar="PRICE", help="The worst price: 0.0001 to 0.9999.")],
    pool: PoolBeside = None,
    builder: BuilderOwner = None,
    builder_fee_bps: BuilderFee = None,
    *,
    book_only: BookOnly = False,
    whole: Annotated[bool, typer.Option("--whole", help="All of the shares, or nothing.")] = False,
    as_tokens: AsTokens = False,
    reduce_only: ReduceOnly = False,
) -> None:
    """Buy or sell at once, each share from the book or a pool, whichever is cheaper; nothing rests."""
    named = _builder(builder, builder_fee_bps)
    receipt = with_client(
        context,
        lambda client: client.take(
            event,
            outcome,
            side,
            shares,
            price,
            pool=pool,
            book_only=book_only,
            whole=whole,
            as_tokens=as_tokens,
            reduce_only=reduce_only,
            builder=named,
        ),
    )
    if answer(context, receipt):
        return
    if not receipt.shares:
        say("nothing was there to trade with at this price")
        return
    say(_traded(receipt, receipt.shares) + _pooled(receipt))


@books.command("quote")
def quote_take(
    context: typer.Context,
    event: Event,
    side: Annotated[Side, typer.Argument(metavar="SIDE", help="buy or sell.")],
    outcome: Outcome,
    shares: Annotated[str, typer.Argument(metavar="SHARES", help="How many at most.")],
    price: Annotated[str, typer.Argument(metavar="PRICE", help="The worst price: 0.0001 to 0.9999.")],
    pool: PoolBeside = None,
    *,
    book_only: BookOnly = False,
    as_tokens: AsTokens = False,
) -> None:
    """What taking would trade now, without trading."""
    quote = with_client(
        context,
        lambda client: client.quote_take(
            event, outcome, side, shares, price, pool=pool, book_only=book_only, as_tokens=as_tokens
        ),
    )
    if answer(context, quote):
        return
    total = quote.amount + quote.fee if quote.side is Side.BUY else quote.amount - quote.fee
    facts(
        [
            ("shares", f"{amount(quote.shares)} {quote.outcome}" + _pooled(quote)),
            ("price", "nothing at this price" if quote.price is None else amount(quote.price)),
            ("amount", amount(quote.amount)),
            ("fee", amount(quote.fee)),
            ("total", amount(total)),
        ]
    )


@books.command("orders")
def list_orders(context: typer.Context, event: Event, owner: Owner = None) -> None:
    """Open orders of an account in all books of an event."""
    of = address_in(owner, "--owner")
    views = with_client(context, lambda client: client.orders(event, owner=of), signs=of is None)
    if not answer(context, views):
        table(
            ("order", "side", "outcome", "shares", "price", "expires", "mark"),
            [
                (
                    view.id,
                    view.side,
                    view.outcome,
                    view.shares,
                    view.price,
                    "never" if view.expires is None else moment(view.expires),
                    view.client_id,
                )
                for view in views
            ],
        )


@books.command("fills")
def list_fills(
    context: typer.Context,
    event: Event,
    outcome: MaybeOutcome = "0",
    owner: Annotated[str | None, typer.Option(help="Only those of this owner's account.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many.")] = 20,
    before: Annotated[
        str | None, typer.Option(metavar="SIGNATURE", help="Only those before this transaction.")
    ] = None,
    *,
    mine: Annotated[bool, typer.Option("--mine", help="Only your own account's.")] = False,
) -> None:
    """What traded in a book, the newest first; with an owner, also fees and rebates."""
    of = address_in(owner, "--owner")
    if mine and of is not None:
        raise InputError("--mine names the owner already", "leave out --owner, or --mine")

    async def work(client: Client) -> FillsPage:
        whose = client.wallet.address if mine else of
        return await client.fills(event, outcome, limit=limit, before=before, owner=whose)

    page = with_client(context, work, signs=mine)
    if answer(context, page):
        return
    is_own = mine or of is not None
    table(
        ("time", "taker", "price", "shares", "amount", "order")
        + (("role", "side", "fee", "rebate") if is_own else ()),
        [
            (
                *(fill.time, "buys" if fill.taker_side is Side.BUY else "sells"),
                *(fill.price, fill.shares, fill.amount, fill.order_id),
                *((fill.role, fill.side, fill.fee, fill.rebate) if is_own else ()),
            )
            for fill in page.fills
        ],
    )
    if page.before is not None:
        say(f"older ones: --before {page.before}")


@books.command("cancel")
def cancel_orders(
    context: typer.Context,
    event: Event,
    orders: Annotated[list[int] | None, typer.Argument(metavar="[ORDER]...", help="Their numbers.")] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="All of the event's.")] = False,
) -> None:
    """Cancel orders; those that are gone already are passed over."""
    if bool(orders) == everything:
        raise InputError("a cancellation names orders or all of them", "give ORDER or --all")

    async def work(client: Client) -> tuple[DropReceipt, ...]:
        wanted = [view for view in await client.orders(event) if everything or view.id in (orders or ())]
        by_book: dict[str, list[OrderView]] = {}
        for view in wanted:
            by_book.setdefault(str(view.book), []).append(view)
        return tuple([await client.cancel_orders(views) for views in by_book.values()])

    receipts = with_client(context, work)
    if not answer(context, receipts):
        count = sum(len(receipt.order_ids) for receipt in receipts)
        say(f"cancelled {count} order{'' if count == 1 else 's'}")


@books.command("draw")
def draw_seat(context: typer.Context, event: Event, outcome: MaybeOutcome = "0", owner: Owner = None) -> None:
    """Move what an account's orders have brought into it. Anyone may, for anyone."""
    of = address_in(owner, "--owner")
    receipt = with_client(context, lambda client: client.draw_seat(event, outcome, owner=of))
    if not answer(context, receipt):
        say("the fills are in the account" + _dropped(receipt))


@books.command("sweep")
def sweep_book(context: typer.Context, event: Event, outcome: MaybeOutcome = "0") -> None:
    """Take expired orders out of a book; all of them once its event trades no more."""
    receipt = with_client(context, lambda client: client.sweep_book(event, outcome))
    if not answer(context, receipt):
        say(f"swept {len(receipt.order_ids)} orders")


@books.command("close")
def close_book(context: typer.Context, event: Event, outcome: MaybeOutcome = "0") -> None:
    """Close an empty book; its rent returns to its creator."""
    receipt = with_client(context, lambda client: client.close_book(event, outcome))
    if not answer(context, receipt):
        say(f"closed book {receipt.address}")


def _touch(view: BookView) -> str:
    """The best bid and ask with their shares."""
    bid, ask = (
        f"{amount(level.shares)} at {amount(level.price)}" if level else "none"
        for level in (next(iter(view.bids), None), next(iter(view.asks), None))
    )
    return f"{view.outcome}: bid {bid}, ask {ask}"


def _dropped(receipt: DropReceipt) -> str:
    return f"; {len(receipt.order_ids)} orders were cancelled" if receipt.order_ids else ""


def _traded(receipt: OrderReceipt | TakeQuote, shares: Decimal) -> str:
    """What was bought or sold, for how much."""
    done, gave = ("bought", "for") if receipt.side is Side.BUY else ("sold", "and received")
    builder = f", builder's fee {amount(receipt.builder_fee)}" if receipt.builder_fee else ""
    return (
        f"{done} {amount(shares)} {receipt.outcome} {gave} {amount(receipt.amount)}"
        f" (price {amount(receipt.price or Decimal())}, fee {amount(receipt.fee)}{builder})"
    )


def _pooled(quote: TakeQuote) -> str:
    return f"; {amount(quote.pool_shares)} of them with a pool" if quote.pool_shares else ""


def _builder(owner: str | None, fee_bps: int | None) -> Builder | None:
    """The builder that both options name together.

    Raises:
        InputError: one of them without the other.
    """
    wallet = address_in(owner, "--builder")
    if wallet is None and fee_bps is None:
        return None
    if wallet is None or fee_bps is None:
        raise InputError(
            "a builder has a wallet and a fee", "give --builder and --builder-fee-bps, or neither"
        )
    return Builder(wallet, fee_bps)
