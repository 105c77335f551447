"""Commands that keep an exchange: pausing, collecting fees, netting pools."""

from collections.abc import Awaitable
from typing import Annotated, TypeVar

import typer

from secant.client import Client, ExchangeView, Pausable, PauseReceipt
from secant.errors import ProgramError, SecantError

from .event import Event
from .feed import required_address
from .output import amount, answer, facts, say
from .settings import address_in, with_client

exchanges = typer.Typer(
    help="The exchange: show (default), pause, unpause, collect-fees, net-pool.", invoke_without_command=True
)

_Receipt = TypeVar("_Receipt")
_ALL = "all"
_Operations = Annotated[
    list[str], typer.Argument(metavar="OPERATION...", help=f"{', '.join(Pausable)}, or `{_ALL}`.")
]


@exchanges.callback()
def exchange(context: typer.Context) -> None:
    """The exchange: show (default), pause, unpause, collect-fees, net-pool."""
    if context.invoked_subcommand is None:
        show_exchange(context)


@exchanges.command("show")
def show_exchange(context: typer.Context) -> None:
    """The exchange's keys, accounts and fee, and what is paused."""

    async def work(client: Client) -> ExchangeView:
        return client.exchange

    view = with_client(context, work, signs=False)
    if answer(context, view):
        return
    facts(
        [
            ("exchange", view.address),
            ("collateral", view.mint),
            ("vault", view.vault),
            ("treasury", view.treasury),
            ("admin", view.admin),
            ("pauser", view.pauser),
            ("fee bps", view.fee_bps),
            ("fees of closed pools", view.fees),
            ("paused", ", ".join(view.paused) or "nothing"),
        ]
    )


@exchanges.command("pause")
def pause(context: typer.Context, operations: _Operations) -> None:
    """Pause operations, as the pauser or the admin; withdrawing and redeeming stay open."""
    _say_paused(context, with_client(context, lambda client: client.pause(*_named(operations))))


@exchanges.command("unpause")
def unpause(context: typer.Context, operations: _Operations) -> None:
    """Lift the pause of operations, as the admin."""
    _say_paused(context, with_client(context, lambda client: client.unpause(*_named(operations))))


@exchanges.command("collect-fees")
def collect_fees(
    context: typer.Context,
    pools: Annotated[
        list[str] | None, typer.Argument(metavar="[POOL]...", help="Which open pools; all unless given.")
    ] = None,
) -> None:
    """Pay the fees of closed and of open pools to the treasury. Anyone may."""
    addresses = [required_address(pool, "POOL") for pool in pools or ()]
    receipt = with_client(context, lambda client: unless_nothing(client.collect_fees(*addresses)))
    if not answer(context, receipt):
        say(f"paid {amount(receipt.amount)} in fees to the treasury {receipt.treasury}")


@exchanges.command("net-pool")
def net_pool(
    context: typer.Context,
    event: Event,
    pool: Annotated[str | None, typer.Option(help="Which pool; yours unless given.")] = None,
) -> None:
    """Take the complete sets out of what a pool has sold: no price changes. Anyone may."""
    address = address_in(pool, "--pool")
    receipt = with_client(context, lambda client: unless_nothing(client.net_pool(event, address)))
    if not answer(context, receipt):
        done = "minted" if receipt.shares > 0 else "merged"
        say(f"pool {receipt.pool} {done} {amount(abs(receipt.shares))} complete sets")


async def unless_nothing(work: Awaitable[_Receipt]) -> _Receipt:
    """What the work returns.

    Raises:
        SecantError: there is nothing to do, which no argument is to blame for.
    """
    try:
        return await work
    except ProgramError as error:
        if error.name == "AmountZero":
            raise SecantError(error.message, error.remedy) from error
        raise


def _named(operations: list[str]) -> list[str]:
    return list(Pausable) if operations == [_ALL] else operations


def _say_paused(context: typer.Context, receipt: PauseReceipt) -> None:
    if not answer(context, receipt):
        say(f"paused now: {', '.join(receipt.paused) or 'nothing'}")
