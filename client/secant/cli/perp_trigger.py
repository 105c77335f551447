"""Commands about trigger orders of perpetuals: stop losses, take profits, trailing stops."""

from typing import Annotated

import typer

from secant.client import Client, PerpOrderReceipt, Receipt, TriggerKind

from .moments import seconds_from
from .output import amount, answer, moment, plain, say, table
from .perp_order import AnyOwner, Owner, Perp
from .settings import address_in, with_client

__all__ = ["triggers"]

triggers = typer.Typer()

Trigger = Annotated[str, typer.Argument(metavar="TRIGGER", help="The trigger order's address.")]


@triggers.command("trigger")
def place_trigger(
    context: typer.Context,
    market: Perp,
    kind: Annotated[TriggerKind, typer.Argument(metavar="KIND", help=f"{', '.join(TriggerKind)}.")],
    price: Annotated[
        str | None,
        typer.Argument(metavar="[PRICE]", help="The mark at which it is placed; a trailing stop needs none."),
    ] = None,
    trail: Annotated[
        str | None, typer.Option(help="How far a trailing stop stays behind the best mark, as a price.")
    ] = None,
    size: Annotated[str | None, typer.Option(help="How many base units; all unless given.")] = None,
    slippage: Annotated[str, typer.Option(help="How much worse than the mark it may trade.")] = "0.02",
    expires: Annotated[
        str | None, typer.Option(help="When it lapses: 10m, 2h, or a UTC time; never unless given.")
    ] = None,
    owner: Owner = None,
) -> None:
    """Leave an order that reduces your position, for anyone to place once the mark reaches its price."""
    of = address_in(owner, "--owner")

    async def work(client: Client) -> Receipt:
        now = await client.chain.clock_time()
        return await client.place_trigger(
            market,
            kind,
            price,
            trail=trail,
            size=size,
            slippage=slippage,
            expires=None if expires is None else seconds_from(expires, now, "--expires"),
            owner=of,
        )

    receipt = with_client(context, work)
    if not answer(context, receipt):
        say(f"{kind} of {market} waits at {receipt.address}")


@triggers.command("triggers")
def list_triggers(
    context: typer.Context,
    market: Annotated[str | None, typer.Argument(metavar="[MARKET]", help="Only of this perpetual.")] = None,
    owner: AnyOwner = None,
) -> None:
    """Trigger orders of an account."""
    of = address_in(owner, "--owner")
    views = with_client(context, lambda client: client.triggers(market, owner=of), signs=of is None)
    if answer(context, views):
        return
    table(
        ("market", "kind", "side", "size", "price", "mark", "trail", "expires", "trigger"),
        [
            (
                view.name,
                view.kind,
                view.side,
                view.size,
                view.price,
                view.mark,
                view.trail,
                "never" if view.expires is None else moment(view.expires),
                f"{view.address}{' (reached)' if view.is_reached else ''}",
            )
            for view in views
        ],
        empty="no trigger orders",
    )


@triggers.command("cancel-trigger")
def cancel_trigger(context: typer.Context, trigger: Trigger) -> None:
    """Cancel a trigger order; anyone may once it has lapsed."""
    receipt = with_client(context, lambda client: client.cancel_trigger(trigger))
    if not answer(context, receipt):
        say(f"cancelled trigger order {receipt.address}")


@triggers.command("execute-trigger")
def execute_trigger(context: typer.Context, trigger: Trigger) -> None:
    """Place a trigger order whose mark is reached, or move a trailing stop after the mark. Anyone may."""

    async def work(client: Client) -> PerpOrderReceipt | None:
        return await client.execute_trigger(trigger)

    receipt = with_client(context, work)
    if answer(context, receipt):
        return
    if receipt is None:
        say("moved the trailing stop after the mark")
        return
    done = "bought" if receipt.side == "buy" else "sold"
    price = "" if receipt.price is None else f" at {plain(receipt.price)}"
    say(f"{done} {amount(receipt.filled)}{price}")
