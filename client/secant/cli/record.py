"""Commands about records: what is asked of a feed, and what it has shown."""

from decimal import Decimal
from typing import Annotated

import typer
from solders.pubkey import Pubkey

from secant.client import Client, Receipt, RecordStatus, RecordView, Statistic, record_terms

from .feed import Feed, duration_s, required_address
from .moments import seconds_from
from .output import amount, answer, facts, plain, say, table
from .settings import with_client

records = typer.Typer(help="Records: list, show, create, observe.")

Record = Annotated[str, typer.Argument(metavar="RECORD", help="The record's address.")]
_NOUNS = {
    Statistic.FIRST: "the first value",
    Statistic.LAST: "the last value",
    Statistic.TWAP: "the time-weighted average",
    Statistic.TOUCH_UP: "the value",
    Statistic.TOUCH_DOWN: "the value",
    Statistic.RANGE: "the greatest less the least value",
    Statistic.CHANGE: "the last less the first value",
    Statistic.VARIANCE: "the variance",
}


@records.command("list")
def list_records(
    context: typer.Context,
    feed: Annotated[
        str | None, typer.Option(help="Those over this feed, by name or address; all unless given.")
    ] = None,
    status: Annotated[RecordStatus | None, typer.Option(help="Those that stand so.")] = None,
) -> None:
    """Records, the soonest end first."""

    async def work(client: Client) -> tuple[list[RecordView], dict[Pubkey, str]]:
        found = await client.records(feed)
        views = [view for view in found if status is None or view.status is status]
        return views, {view.address: view.name for view in await client.feeds()}

    views, names = with_client(context, work, signs=False)
    if not answer(context, views):
        table(
            ("question", "feed", "ends", "status", "accepted", "address"),
            [
                (
                    question_of(view),
                    names.get(view.feed, "closed"),
                    view.window_end,
                    view.status,
                    view.accepted,
                    view.address,
                )
                for view in views
            ],
            empty="no records",
        )


@records.command("show")
def show_record(context: typer.Context, record: Record) -> None:
    """One record: its terms, its evidence, and whether it is decided."""
    address = required_address(record, "RECORD")
    view = with_client(context, lambda client: client.record(address), signs=False)
    if answer(context, view):
        return
    so_far = " if no further sample comes" if view.status is RecordStatus.OPEN else ""
    facts(
        [
            ("record", view.address),
            ("feed", view.feed if view.exponent is not None else f"{view.feed}, closed: values in its units"),
            ("question", question_of(view)),
            ("from", view.window_start),
            ("to", view.window_end),
            (
                "counts as observed",
                f"samples up to {view.max_gap_s} s apart, at most {plain(view.max_spread)} wide",
            ),
            ("void below", f"{_percent(view.min_coverage)} observed"),
            ("status", _status_of(view)),
            ("accepted", view.accepted),
            ("rejected", view.rejected),
            ("last sample", view.last_time),
            ("coverage", f"{_percent(view.coverage)}{so_far}"),
            ("longest gap", f"{view.longest_gap_s} s"),
            ("least", view.min_value),
            ("greatest", view.max_value),
            ("average", None if view.average is None else plain(view.average)),
            ("reached", view.passage_time) if view.statistic.is_touch else ("statistic", _value_of(view)),
        ]
    )


@records.command("create")
def create_record(
    context: typer.Context,
    feed: Feed,
    statistic: Annotated[Statistic, typer.Option(help="What is asked.")],
    end: Annotated[str, typer.Option(help="When the window ends: 2h, 7d, or a UTC time.")],
    start: Annotated[str, typer.Option(help="When it begins: 10m, or a UTC time; 0s is now.")] = "0s",
    barrier: Annotated[str | None, typer.Option(help="Level of a touch.")] = None,
    sustain: Annotated[str, typer.Option(help="How long a touch must last; 0 is the first sample.")] = "0",
    strike: Annotated[str | None, typer.Option(help="YES pays 1 at or above it, else nothing.")] = None,
    low: Annotated[str | None, typer.Option(help="Instead of a strike: where YES pays nothing.")] = None,
    high: Annotated[str | None, typer.Option(help="And where it pays 1, in proportion between.")] = None,
    grid: Annotated[str | None, typer.Option(help="Cell of a variance, such as 1h.")] = None,
    max_gap: Annotated[str, typer.Option(help="Longest interval that counts as observed.")] = "10m",
    min_coverage: Annotated[
        str | None, typer.Option(help="Least share of the window; less voids. 0.9, for a first value 0.")
    ] = None,
    max_spread: Annotated[
        str | None, typer.Option(help="Widest sample that passes; the feed's own limit unless given.")
    ] = None,
) -> None:
    """Create a record: a question to a feed, that events may be settled by."""
    sustain_s, max_gap_s = duration_s(sustain, "--sustain"), duration_s(max_gap, "--max-gap")
    grid_s = None if grid is None else duration_s(grid, "--grid")

    async def work(client: Client) -> tuple[Receipt, RecordView]:
        view = await client.feed(feed)
        now = await client.chain.clock_time()
        terms = record_terms(
            view,
            statistic,
            start=seconds_from(start, now, "--start"),
            end=seconds_from(end, now, "--end"),
            barrier=barrier,
            strike=strike,
            low=low,
            high=high,
            sustain_s=sustain_s,
            grid_s=grid_s,
            max_gap_s=max_gap_s,
            min_coverage=min_coverage,
            max_spread=max_spread,
        )
        receipt = await client.create_record(view, terms)
        return receipt, await client.record(receipt.address)

    receipt, made = with_client(context, work)
    if not answer(context, receipt):
        say(f"created record {receipt.address}: {question_of(made)}")


@records.command("observe")
def observe(context: typer.Context, record: Record) -> None:
    """Take the feed's present sample into a record; decide it, if it can be."""
    address = required_address(record, "RECORD")

    async def work(client: Client) -> tuple[RecordView, Receipt, RecordView]:
        before = await client.record(address)
        receipt = await client.observe(address)
        return before, receipt, await client.record(address)

    before, receipt, view = with_client(context, work)
    if answer(context, {"receipt": receipt, "record": view}):
        return
    taken = "there was no new sample"
    if view.accepted > before.accepted:
        taken = "a sample was accepted"
    elif view.rejected > before.rejected:
        taken = "a sample was rejected: too wide, or too few publishers agree"
    say(f"{taken}; {view.accepted} accepted and {view.rejected} rejected; the record is {_status_of(view)}")


def question_of(view: RecordView) -> str:
    """A record's statistic and payout in words."""
    noun = _NOUNS[view.statistic]
    if view.grid_s is not None:
        noun += f" on a grid of {view.grid_s} s"
    if view.barrier is not None:
        side = "above" if view.statistic is Statistic.TOUCH_UP else "below"
        lasting = f" for {view.sustain_s} s" if view.sustain_s else " once"
        return f"YES if {noun} is at or {side} {plain(view.barrier)}{lasting}"
    if view.strike is not None:
        return f"YES if {noun} is at least {plain(view.strike)}"
    assert view.low is not None
    assert view.high is not None
    return f"YES pays by {noun}, 0 at {plain(view.low)} to 1 at {plain(view.high)}"


def _status_of(view: RecordView) -> str:
    if view.status is RecordStatus.VOID:
        return "void: too little was observed"
    return view.status if view.yes_payout is None else f"{view.status}: YES pays {amount(view.yes_payout)}"


def _value_of(view: RecordView) -> str | None:
    return None if view.value is None else f"{view.statistic} {plain(view.value)}"


def _percent(share: Decimal) -> str:
    return f"{plain(share * 100)} %"
