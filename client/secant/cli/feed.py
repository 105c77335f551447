"""Commands about feeds: rules, publishers, readings."""

from decimal import Decimal
from typing import Annotated

import typer
from solders.pubkey import Pubkey

from secant.client import Client, FeedView, Receipt
from secant.client.feeds import EXPONENT_DEFAULT, SPREAD_DEFAULT
from secant.errors import InputError

from .moments import seconds_from
from .output import answer, facts, plain, say, table
from .settings import address_in, with_client

feeds = typer.Typer(help="Feeds: list, show, create, publish, close.")

Feed = Annotated[str, typer.Argument(metavar="FEED", help="The feed's name or address.")]
_NO_SIDE = "none"
_UNITS = ("s", "m", "h", "d", "w")


@feeds.command("list")
def list_feeds(context: typer.Context) -> None:
    """All feeds."""
    views = with_client(context, lambda client: client.feeds(), signs=False)
    if not answer(context, views):
        rows = [
            (
                view.name,
                f"{view.quorum} of {len(view.readings)}",
                max((reading.source_time for reading in view.readings if reading.source_time), default=None),
                view.address,
            )
            for view in views
        ]
        table(("name", "quorum", "last reading", "address"), rows, empty="no feeds")


@feeds.command("show")
def show_feed(context: typer.Context, feed: Feed) -> None:
    """One feed: its rules and its publishers' latest readings."""
    view = with_client(context, lambda client: client.feed(feed), signs=False)
    if answer(context, view):
        return
    facts(
        [
            ("feed", view.address),
            ("name", view.name),
            ("authority", view.authority),
            ("decimals", -view.exponent),
            ("max spread", view.width_max),
            ("max step", view.step_max),
            ("stale after", f"{view.staleness_s} s"),
            ("quorum", f"{view.quorum} of {len(view.readings)}"),
            ("needed until", view.needed_until),
        ]
    )
    table(
        ("publisher", "source time", "bid", "ask"),
        [(reading.publisher, reading.source_time, reading.bid, reading.ask) for reading in view.readings],
    )


@feeds.command("create")
def create_feed(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Short name, unique among your feeds.")],
    max_spread: Annotated[
        str, typer.Option(help="Widest reading that passes: ask less bid.")
    ] = SPREAD_DEFAULT,
    max_step: Annotated[
        str, typer.Option(help="Most that a record's clamped track moves per sample.")
    ] = SPREAD_DEFAULT,
    decimals: Annotated[
        int, typer.Option(min=0, max=12, help="Decimals that values have.")
    ] = -EXPONENT_DEFAULT,
    staleness: Annotated[str, typer.Option(help="When a reading is stale: 60s, 10m, at most 1d.")] = "60s",
    publisher: Annotated[
        list[str] | None, typer.Option(help="A key that may publish, up to 8 times; yours unless given.")
    ] = None,
    quorum: Annotated[int, typer.Option(min=1, max=8, help="How many publishers must agree on a time.")] = 1,
) -> None:
    """Create a feed, whose rules never change."""
    staleness_s = duration_s(staleness, "--staleness")
    publishers = [required_address(key, "--publisher") for key in publisher or ()]

    async def work(client: Client) -> Receipt:
        return await client.create_feed(
            name,
            width_max=max_spread,
            step_max=max_step,
            exponent=-decimals,
            staleness_s=staleness_s,
            publishers=publishers,
            quorum=quorum,
        )

    receipt = with_client(context, work)
    if not answer(context, receipt):
        say(f"created feed {name} at {receipt.address}")


# A value below zero begins as an option does: what is no option of this command is a value.
@feeds.command("publish", context_settings={"ignore_unknown_options": True})
def publish(
    context: typer.Context,
    feed: Feed,
    bid: Annotated[str, typer.Argument(metavar="BID", help="Lower end, or `none`.")],
    ask: Annotated[
        str | None, typer.Argument(metavar="[ASK]", help="Upper end, or `none`; the BID unless given.")
    ] = None,
    at: Annotated[
        str | None, typer.Option(help="When the source said so, a UTC time; now unless given.")
    ] = None,
) -> None:
    """Publish a reading, as one of the feed's publishers."""
    upper = bid if ask is None else ask
    if bid == upper == _NO_SIDE:
        raise InputError("a reading has a bid or an ask", "give at least one of the two")

    async def work(client: Client) -> tuple[FeedView, Receipt]:
        view = await client.feed(feed)
        receipt = await client.publish(
            view,
            None if bid == _NO_SIDE else bid,
            None if upper == _NO_SIDE else upper,
            source_time=None if at is None else seconds_from(at, await client.chain.clock_time(), "--at"),
        )
        return view, receipt

    view, receipt = with_client(context, work)
    if not answer(context, receipt):
        wide = (
            "" if _counts(view, bid, upper) else f", too wide to count (max spread {plain(view.width_max)})"
        )
        say(f"published {bid} to {upper} to feed {receipt.address}{wide}")


@feeds.command("close")
def close_feed(context: typer.Context, feed: Feed) -> None:
    """Close your feed, once no record can need it; its rent returns to the wallet."""
    receipt = with_client(context, lambda client: client.close_feed(feed))
    if not answer(context, receipt):
        say(f"closed feed {receipt.address}")


def _counts(feed: FeedView, bid: str, ask: str) -> bool:
    """Tell whether a published reading is narrow enough for a sample; one without a side never is."""
    return _NO_SIDE not in {bid, ask} and Decimal(ask) - Decimal(bid) <= feed.width_max


def required_address(text: str, name: str) -> Pubkey:
    """The address that an argument is.

    Raises:
        InputError: it is none.
    """
    address = address_in(text, name)
    assert address is not None
    return address


def duration_s(text: str, name: str) -> int:
    """Seconds of ``90s``, ``10m``, ``2h``, ``7d`` or ``4w``; a plain number is seconds.

    Raises:
        InputError: it is none.
    """
    duration = f"{text}s" if text.isascii() and text.isdigit() else text
    if not duration.endswith(_UNITS):
        raise InputError(f"{name} {text!r} is no duration", "use seconds, or such as 90s, 10m, 2h or 7d")
    return seconds_from(duration, 0, name)
