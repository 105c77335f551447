"""Commands about trigger orders of perpetuals: stop losses, take profits, trailing stops."""

from typing import Annotated

import typer

from secant.client import Client, PerpOrderReceipt, Receipt, Side, TriggerKind, TriggerView
from secant.errors import InputError, SecantError

from .feed import required_address
from .moments import seconds_from
from .output import amount, answer, moment, say, table
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

    async def work(client: Client) -> tuple[Receipt, TriggerView | None]:
        now = await client.chain.clock_time()
        placed = await client.place_trigger(
            market,
            kind,
            price,
            trail=trail,
            size=size,
            slippage=slippage,
            expires=None if expires is None else seconds_from(expires, now, "--expires"),
            owner=of,
        )
        waiting = await client.triggers(market, owner=of)
        return placed, next((view for view in waiting if view.address == placed.address), None)

    receipt, view = with_client(context, work)
    if answer(context, receipt):
        return
    said = "" if view is None else f": {_terms_of(view)}"
    say(f"{kind} of {market} waits at {receipt.address}{said}")


def _remark(view: TriggerView) -> str:
    if view.is_void:
        return " (void: its position is gone)"
    return " (reached)" if view.is_reached else ""


def _terms_of(view: TriggerView) -> str:
    done = "sells" if view.side is Side.SELL else "buys back"
    trail = "" if view.trail is None else f", {amount(view.trail)} behind the best one"
    return (
        f"{done} {amount(view.size)} at most once the mark is {amount(view.price)}{trail},"
        f" up to {amount(view.slippage)} from it"
    )


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
                ("expired " if view.is_expired else "")
                + ("never" if view.expires is None else moment(view.expires)),
                f"{view.address}{_remark(view)}",
            )
            for view in views
        ],
        empty="no trigger orders",
    )


@triggers.command("cancel-trigger")
def cancel_trigger(
    context: typer.Context,
    which: Annotated[
        str | None,
        typer.Argument(metavar="[TRIGGER]", help="The trigger order's address; with --all, a perpetual."),
    ] = None,
    owner: Owner = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="All of the account's, or of MARKET's.")] = False,
) -> None:
    """Cancel trigger orders, whose rent returns to who paid it; anyone may once one has lapsed or is void."""
    if which is None and not everything:
        raise InputError("a cancellation names a trigger order or all of them", "give TRIGGER or --all")
    of = address_in(owner, "--owner")
    address = None if everything else address_in(which, "TRIGGER")

    async def work(client: Client) -> list[Receipt]:
        if not everything:
            assert address is not None, "one of both was given"
            return [await client.cancel_trigger(address)]
        found = await client.triggers(which, owner=of)
        if not found:
            raise SecantError("no trigger order of the account waits", "`secant perp triggers` lists them")
        return [await client.cancel_trigger(view.address) for view in found]

    receipts = with_client(context, work)
    if not answer(context, receipts if everything else receipts[0]):
        for receipt in receipts:
            say(f"cancelled trigger order {receipt.address}")


@triggers.command("execute-trigger")
def execute_trigger(context: typer.Context, trigger: Trigger) -> None:
    """Place a trigger order whose mark is reached, or move a trailing stop after the mark. Anyone may."""
    address = required_address(trigger, "TRIGGER")

    async def work(client: Client) -> PerpOrderReceipt | None:
        return await client.execute_trigger(address)

    receipt = with_client(context, work)
    if answer(context, receipt):
        return
    if receipt is None:
        say("moved the trailing stop after the mark")
        return
    done = "bought" if receipt.side == "buy" else "sold"
    price = "" if receipt.price is None else f" at {amount(receipt.price)}"
    say(f"{done} {amount(receipt.filled)}{price}")
