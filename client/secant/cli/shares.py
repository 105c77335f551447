"""Commands that turn shares into something else: cash, sets, tokens."""

from typing import Annotated

import typer

from secant.client import Client, RedemptionReceipt
from secant.errors import AccountNotFound, InputError

from .event import Event
from .output import amount, answer, say
from .pool import Outcome, Shares
from .settings import address_in, with_client


def redeem(
    context: typer.Context,
    event: Event,
    owner: Annotated[str | None, typer.Option(help="Whose account; yours unless given.")] = None,
) -> None:
    """Turn a settled event's shares into cash; what lies in its books is drawn first."""
    holder = address_in(owner, "--owner")

    async def work(client: Client) -> RedemptionReceipt:
        if holder is not None:
            try:
                await client.account(owner=holder)
            except AccountNotFound as error:
                remedy = "name the wallet that owns one, not the account"
                raise InputError(f"--owner {holder} has no margin account", remedy) from error
        return await client.redeem(event, owner=holder)

    receipt = with_client(context, work)
    if not answer(context, receipt):
        owed = receipt.amount < 0
        drawn = f"; {receipt.drawn:+,f} came from its books" if receipt.drawn else ""
        said = (
            f"paid {amount(-receipt.amount)} for shares sold short"
            if owed
            else f"redeemed {amount(receipt.amount)}"
        )
        say(said + drawn)


def mint_set(context: typer.Context, event: Event, shares: Shares) -> None:
    """Turn cash into complete sets: a share of every outcome for 1."""
    receipt = with_client(context, lambda client: client.mint_set(event, shares))
    if not answer(context, receipt):
        say(f"minted {amount(receipt.shares)} complete sets")


def merge_set(context: typer.Context, event: Event, shares: Shares) -> None:
    """Turn complete sets back into cash."""
    receipt = with_client(context, lambda client: client.merge_set(event, shares))
    if not answer(context, receipt):
        say(f"merged {amount(-receipt.shares)} complete sets")


def tokenize(
    context: typer.Context,
    event: Event,
    outcome: Outcome,
    shares: Shares,
    *,
    short: Annotated[
        bool, typer.Option("--short", help="Sell short what you do not hold; collateral is reserved for it.")
    ] = False,
) -> None:
    """Turn shares you hold into SPL tokens in the wallet; with --short also shares you do not hold."""
    receipt = with_client(context, lambda client: client.tokenize(event, outcome, shares, short=short))
    if not answer(context, receipt):
        say(f"made {amount(receipt.shares)} tokens of {receipt.outcome}, mint {receipt.mint}")


def detokenize(context: typer.Context, event: Event, outcome: Outcome, shares: Shares) -> None:
    """Turn SPL tokens in the wallet back into shares."""
    receipt = with_client(context, lambda client: client.detokenize(event, outcome, shares))
    if not answer(context, receipt):
        say(f"returned {amount(-receipt.shares)} tokens of {receipt.outcome} to the account")


def redeem_tokens(
    context: typer.Context,
    event: Event,
    outcome: Outcome,
    shares: Annotated[str, typer.Argument(metavar="SHARES", help="How many, or `all`.")],
) -> None:
    """Turn a settled event's SPL tokens into collateral in the wallet."""
    receipt = with_client(context, lambda client: client.redeem_tokens(event, outcome, shares))
    if not answer(context, receipt):
        say(f"redeemed {amount(receipt.shares)} tokens of {receipt.outcome} for {amount(receipt.amount)}")
