"""Commands about events."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

import typer
from solders.pubkey import Pubkey

from secant.client import (
    BookView,
    Client,
    EventStatus,
    EventView,
    Outcome,
    PoolView,
    Receipt,
    ResolverKind,
    SettlementReceipt,
)
from secant.errors import InputError, ProgramError, TransactionFailed, WalletError
from secant.units import TICKS_PER_UNIT, price_of, ticks_of

from .moments import seconds_from
from .output import amount, answer, facts, moment, note, plain, say, table
from .settings import address_in, with_client

events = typer.Typer(help="Events: list, show, create, lock, resolve, settle, void.")

_BINARY = 2
_LOCKS_AFTER_S = 86_400
_SETTLES_AFTER_S = 7 * 86_400
Event = Annotated[str, typer.Argument(metavar="EVENT", help="The event's name or address.")]


@events.command("list")
def list_events(
    context: typer.Context,
    feed: Annotated[
        str | None, typer.Option(help="Those settled by a record over this feed, by name or address.")
    ] = None,
    status: Annotated[EventStatus | None, typer.Option(help="Those that stand so.")] = None,
) -> None:
    """Events of the exchange, the soonest lock time first."""

    async def work(client: Client) -> list[EventView]:
        found = await client.events()
        if feed is not None:
            records = {record.address for record in await client.records(feed)}
            found = tuple(view for view in found if view.resolver in records)
        return [view for view in found if status is None or view.status is status]

    views = with_client(context, work, signs=False)
    if not answer(context, views):
        rows = [
            (
                view.name,
                view.title,
                view.status,
                _paid(view) if view.is_settled else None,
                moment(view.lock_time),
                view.resolver if view.resolver_kind is ResolverKind.RECORD else None,
                view.address,
            )
            for view in views
        ]
        table(
            ("name", "title", "status", "result", "trades until", "record", "address"),
            rows,
            empty="no events",
        )


@events.command("show")
def show_event(context: typer.Context, event: Event) -> None:
    """One event with its pools and books; prices are the largest pool's, or else the middle of the book."""

    async def work(
        client: Client,
    ) -> tuple[EventView, tuple[PoolView, ...], tuple[Decimal, ...] | None, tuple[BookView, ...]]:
        view = await client.event(event)
        pools = await client.pools(view)
        prices = await prices_of(client, view, pools[0].address) if pools else None
        return view, pools, prices, await client.books(view)

    view, pools, prices, books = with_client(context, work, signs=False)
    if answer(context, {"event": view, "pools": pools, "prices": prices, "books": books}):
        return
    facts(
        [
            ("event", view.address),
            ("name", view.name),
            ("title", view.title),
            ("status", view.status),
            ("resolver", f"{view.resolver_kind} {view.resolver}"),
            ("creator", view.creator),
            ("trades until", view.lock_time),
            ("deadline", view.settlement_deadline),
            ("settled at", view.settled_time),
        ]
    )
    table(
        ("outcome", "price", "payout", "as tokens"),
        [
            (
                outcome.label,
                _middle(view, books, outcome) if prices is None else prices[outcome.index],
                outcome.payout,
                outcome.tokenized,
            )
            for outcome in view.outcomes
        ],
    )
    if pools:
        table(
            ("pool", "kind", "liquidity", "cash", "fee bps"),
            [(pool.address, pool.kind, pool.liquidity, pool.cash, pool.fee_bps) for pool in pools],
        )
    if books:
        books_table(books)


def books_table(books: Sequence[BookView]) -> None:
    """Prints books with their best prices, one a line."""
    rows = []
    for view in books:
        bid, ask = next(iter(view.bids), None), next(iter(view.asks), None)
        rows.append(
            (
                *(view.address, view.outcome),
                *((None, None) if bid is None else (bid.price, bid.shares)),
                *((None, None) if ask is None else (ask.price, ask.shares)),
                *(view.fee_bps, view.min_shares),
            )
        )
    columns = ("book", "outcome", "bid", "shares", "ask", "shares", "fee bps", "least order")
    table(columns, rows, empty="no books: `secant book create EVENT` creates one")


def _middle(event: EventView, books: Sequence[BookView], outcome: Outcome) -> Decimal | None:
    """Between the best bid and ask for an outcome, where its event trades and its book has both."""
    for view in books:
        if event.status is EventStatus.OPEN and view.bids and view.asks:
            middle = (view.bids[0].price + view.asks[0].price) / 2
            if view.outcome == outcome.label:
                return middle
            if len(event.outcomes) == _BINARY:
                return 1 - middle
    return None


@events.command("create")
def create_event(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Short name, unique among your events.")],
    title: Annotated[str | None, typer.Option(help="The question; the name unless given.")] = None,
    outcomes: Annotated[str, typer.Option(help="Labels, separated by commas.")] = "YES,NO",
    locks: Annotated[
        str | None,
        typer.Option(help="When trading stops: 2h, 7d, or a UTC time; in 1d, or with its record's window."),
    ] = None,
    deadline: Annotated[
        str | None,
        typer.Option(help="When anyone may void it: 8d, or a UTC time; 7d after that unless given."),
    ] = None,
    record: Annotated[str | None, typer.Option(help="The record that settles it.")] = None,
    authority: Annotated[
        str | None, typer.Option(help="The key that settles it; yours unless given.")
    ] = None,
) -> None:
    """Create an event."""
    if record is not None and authority is not None:
        raise InputError("an event has one resolver", "give --record or --authority, not both")
    by_record = address_in(record, "--record")
    by_key = address_in(authority, "--authority")
    labels = [label.strip() for label in outcomes.split(",")]
    if not all(labels):
        raise InputError(f"--outcomes {outcomes!r} has an empty label", "use 2 to 16 labels, such as YES,NO")

    async def work(client: Client) -> Receipt:
        now = await client.chain.clock_time()
        lock_time = now + _LOCKS_AFTER_S
        if by_record is not None:
            lock_time = int((await client.record(by_record)).window_end.timestamp())
        if locks is not None:
            lock_time = seconds_from(locks, now, "--locks")
        settlement_deadline = lock_time + _SETTLES_AFTER_S
        if deadline is not None:
            settlement_deadline = seconds_from(deadline, now, "--deadline")
        try:
            return await client.create_event(
                name,
                title=title,
                outcomes=labels,
                lock_time=lock_time,
                settlement_deadline=settlement_deadline,
                record=by_record,
                authority=by_key,
            )
        except ProgramError as error:
            if error.name == "TimesInvalid":
                moments = [
                    moment(datetime.fromtimestamp(at, UTC)) for at in (now, lock_time, settlement_deadline)
                ]
                error.remedy = "it is {}, trading stops {} (--locks), the deadline is {} (--deadline)".format(
                    *moments
                )
            raise

    receipt = with_client(context, work)
    if not answer(context, receipt):
        say(f"created event {name} at {receipt.address}")


@events.command("lock")
def lock_event(context: typer.Context, event: Event) -> None:
    """Stop an event's trading: its authority at any time, anyone from its lock time on."""
    receipt = with_client(context, lambda client: client.lock_event(event))
    if not answer(context, receipt):
        say(f"locked event {receipt.address}")


@events.command("resolve")
def resolve_event(
    context: typer.Context,
    event: Event,
    winner: Annotated[str | None, typer.Argument(metavar="[OUTCOME]", help="The outcome that won.")] = None,
    payouts: Annotated[
        str | None, typer.Option(help="Instead: what a share of each outcome pays, such as 0.5,0.5.")
    ] = None,
) -> None:
    """Settle an event as its authority; stops its trading first."""
    if (winner is None) == (payouts is None):
        raise InputError("an event pays one winner or by payouts", "give an OUTCOME or --payouts")
    shares = None if payouts is None else _shares_paid(payouts)
    _settle(context, event, lambda client: client.resolve_event(event, winner, payouts=shares))


@events.command("settle")
def settle_event(context: typer.Context, event: Event) -> None:
    """Settle an event by its record, once that is decided."""
    _settle(context, event, lambda client: client.settle_event(event))


@events.command("void")
def void_event(context: typer.Context, event: Event) -> None:
    """Void an event that nobody settled before its deadline."""
    _settle(context, event, lambda client: client.void_event(event))


async def prices_of(client: Client, event: EventView, pool: Pubkey) -> tuple[Decimal, ...] | None:
    """A pool's prices; None for an event that does not trade, or without a wallet that could trade."""
    if event.status is not EventStatus.OPEN:
        return None
    try:
        return await client.prices(event, pool=pool)
    except (TransactionFailed, WalletError) as error:
        note(f"no prices: {error.message}")
        return None


def _shares_paid(payouts: str) -> list[str]:
    """What a share of each outcome pays, as typed.

    Raises:
        UnitError: one of them is not from 0 to 1 with at most 4 decimals.
        InputError: they do not sum to 1.
    """
    shares = [payout.strip() for payout in payouts.split(",")]
    paid_ticks = sum(ticks_of(share, "payout") for share in shares)
    if paid_ticks != TICKS_PER_UNIT:
        raise InputError(
            f"the payouts {payouts} sum to {amount(price_of(paid_ticks))}", "give payouts that sum to 1"
        )
    return shares


def _settle(
    context: typer.Context, event: str, settling: Callable[[Client], Awaitable[SettlementReceipt]]
) -> None:
    """Settles an event and says what its shares pay."""

    async def work(client: Client) -> tuple[SettlementReceipt, EventView]:
        return await settling(client), await client.event(event)

    receipt, view = with_client(context, work)
    if not answer(context, receipt):
        say(f"{view.name} is {view.status}: {_paid(view)}")


def _paid(view: EventView) -> str:
    """What a share of each outcome pays."""
    return ", ".join(
        f"{outcome.label} pays {plain(outcome.payout)}"
        for outcome in view.outcomes
        if outcome.payout is not None
    )
