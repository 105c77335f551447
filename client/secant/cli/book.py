"""Commands about order books: reading them, making room, and moving fills into accounts."""

from contextlib import aclosing
from typing import Annotated

import typer

from secant.client import BookView, Client, DrawReceipt, EventView, Fill, FillsPage, Side
from secant.errors import InputError

from .event import Event, books_table
from .order import Owner, orders
from .output import amount, answer, counted, facts, fields, say, table
from .settings import address_in, with_client

books = typer.Typer(
    help="Order books: list, show, watch, create, place, quote, take, orders, fills, cancel, draw, sweep,"
    " expand, close."
)
books.add_typer(orders)

MaybeOutcome = Annotated[
    str, typer.Argument(metavar="[OUTCOME]", help="The outcome; the first unless given.")
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


@books.command("list")
def list_books(context: typer.Context, event: Event) -> None:
    """The books of an event with their best prices."""
    views = with_client(context, lambda client: client.books(event), signs=False)
    if not answer(context, views):
        books_table(views)


@books.command("fills")
def list_fills(
    context: typer.Context,
    event: Event,
    outcome: Annotated[
        str | None, typer.Argument(metavar="[OUTCOME]", help="The outcome; all books unless given.")
    ] = None,
    owner: Annotated[str | None, typer.Option(help="Only those of this owner's account.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many.")] = 20,
    before: Annotated[
        str | None, typer.Option(metavar="SIGNATURE", help="Only those before this transaction.")
    ] = None,
    *,
    mine: Annotated[bool, typer.Option("--mine", help="Only your own account's.")] = False,
) -> None:
    """What traded in the books of an event, the newest first; with an owner, also fees and rebates."""
    of = address_in(owner, "--owner")
    if mine and of is not None:
        raise InputError("--mine names the owner already", "leave out --owner, or --mine")

    async def work(client: Client) -> tuple[FillsPage, list[str]]:
        whose = client.wallet.address if mine else of
        asked = [outcome] if outcome is not None else await _outcomes_with_books(client, event)
        if len(asked) > 1 and before is not None:
            raise InputError("a page of several books has no next one", "name the OUTCOME with --before")
        pages = {
            each: await client.fills(event, each, limit=limit, before=before, owner=whose) for each in asked
        }
        return _merged(pages, limit)

    page, older = with_client(context, work, signs=mine)
    if answer(context, {**fields(page), "older": older}):
        return
    is_own = mine or of is not None
    table(
        ("time", "outcome", "taker", "price", "shares", "amount", "order")
        + (("role", "side", "fee", "rebate") if is_own else ()),
        [
            (
                *(fill.time, fill.outcome, "buys" if fill.taker_side is Side.BUY else "sells"),
                *(fill.price, fill.shares, fill.amount, fill.order_id),
                *((fill.role, fill.side, fill.fee, fill.rebate) if is_own else ()),
            )
            for fill in page.fills
        ],
        empty="no fills",
    )
    if page.before is not None:
        say(f"older ones: --before {page.before}")
    elif older:
        say(f"older ones: name the outcome, {' or '.join(older)}")


async def _outcomes_with_books(client: Client, event: str) -> list[str]:
    """The labels of the outcomes that have books of their own; of one, as it always was, the first."""
    found = [view.outcome for view in await client.books(event)]
    return found or [(await client.event(event)).outcomes[0].label]


def _merged(pages: dict[str, FillsPage], limit: int) -> tuple[FillsPage, list[str]]:
    """The newest fills of several books, and of which of them there are older ones."""
    if len(pages) == 1:
        ((outcome, page),) = pages.items()
        return page, [] if page.before is None else [outcome]
    fills: list[Fill] = [fill for page in pages.values() for fill in page.fills]
    # A node that does not know a time does not know any: they stay in the order of their books then.
    newest = sorted(fills, key=lambda fill: 0 if fill.time is None else -fill.time.timestamp())
    left_out = {fill.outcome for fill in newest[limit:]}
    older = [each for each, page in pages.items() if page.before is not None or each in left_out]
    return FillsPage(tuple(newest[:limit]), None), older


@books.command("draw")
def draw_seats(
    context: typer.Context,
    event: Event,
    outcome: Annotated[
        str | None, typer.Argument(metavar="[OUTCOME]", help="The outcome; all books unless given.")
    ] = None,
    owner: Owner = None,
) -> None:
    """Move what an account's orders have brought into it. Anyone may, for anyone."""
    of = address_in(owner, "--owner")

    async def work(client: Client) -> tuple[EventView, DrawReceipt]:
        market = await client.event(event)
        return market, await client.draw_seats(market, outcome, owner=of)

    market, receipt = with_client(context, work)
    if answer(context, receipt):
        return
    came = [
        f"{shares:+,f} {each.label}"
        for each, shares in zip(market.outcomes, receipt.shares, strict=True)
        if shares
    ]
    if came or receipt.cash:
        said = f"drew {', '.join([*came, f'{receipt.cash:+,f} cash'])} into the account"
    else:
        said = "drew no fills; what open orders reserve is up to date"
    cancelled = f"; {counted(len(receipt.order_ids), 'order')} cancelled" if receipt.order_ids else ""
    say(said + cancelled)


@books.command("sweep")
def sweep_book(context: typer.Context, event: Event, outcome: MaybeOutcome = "0") -> None:
    """Take expired orders out of a book; all of them once its event trades no more."""
    receipt = with_client(context, lambda client: client.sweep_book(event, outcome))
    if not answer(context, receipt):
        said = f"swept {counted(len(receipt.order_ids), 'order')}"
        say(f"{said}; what they reserved comes free once their owners draw: `secant book draw {event}`")


@books.command("expand")
def expand_book(
    context: typer.Context,
    event: Event,
    outcome: MaybeOutcome = "0",
    seats: Annotated[int, typer.Option(min=0, max=4_096, help="For how many more accounts.")] = 0,
    orders: Annotated[int, typer.Option(min=0, max=2_048, help="For how many more orders.")] = 0,
) -> None:
    """Make room in a book. You pay the rent; its creator gets it when the book is closed."""
    receipt = with_client(
        context, lambda client: client.expand_book(event, outcome, seats=seats, orders=orders)
    )
    if not answer(context, receipt):
        say(
            f"made room for {counted(receipt.seats, 'seat')} and {counted(receipt.orders, 'order')} for"
            f" {amount(receipt.sol)} SOL, which goes to the book's creator at its end, {receipt.creator}"
        )


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
