"""Commands about wallets, margin accounts and collateral."""

import asyncio
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

import typer

from secant.bootstrap import collateral_mint, faucet, faucet_keypair
from secant.chain import Chain
from secant.client import (
    AccountView,
    CashReceipt,
    Client,
    PerpHealth,
    PerpPosition,
    PerpStatus,
    Position,
    PositionSide,
    Receipt,
    TokenView,
)
from secant.errors import InputError, ProgramError, RpcRefused, SecantError
from secant.units import atoms_of, collateral_of, lamports_of, sol_of
from secant.wallet import Wallet

from .output import amount, answer, facts, fields, moment, note, say, table
from .perp_order import void_triggers
from .settings import Settings, settings_of, with_client

accounts = typer.Typer(help="The margin account: show (default), open, close.", invoke_without_command=True)
wallets = typer.Typer(help="The wallet: show (default), create.", invoke_without_command=True)

_SOL_DEFAULT = "10"
_COLLATERAL_DEFAULT = "1000"


@accounts.callback()
def account(context: typer.Context) -> None:
    """The margin account: show (default), open, close."""
    if context.invoked_subcommand is None:
        show_account(context)


@accounts.command("show")
def show_account(context: typer.Context) -> None:
    """Cash, what is free, and positions."""

    async def work(client: Client) -> tuple[AccountView, PerpHealth | None, _Held]:
        found = await client.account()
        return found, await client.perp_health() if found.perps else None, await _held(client)

    view, health, held = with_client(context, work)
    if answer(context, {**fields(view), "wallet": held}):
        return
    facts(
        [
            ("account", view.address),
            ("owner", view.owner),
            ("cash", view.cash),
            ("free", view.free),
            *_behind_free(view),
            *_perpetuals(health),
            *([] if view.delegate is None else [("delegate", f"{view.delegate} may trade its perpetuals")]),
            *_in_books(view),
            *_volume(view),
            ("wallet", f"{amount(held.collateral)} collateral, {amount(held.sol)} SOL"),
        ]
    )
    rows = [
        (position.event.name, outcome.label, shares, outcome.payout, position.event.status)
        for position in view.positions
        for outcome, shares in zip(position.event.outcomes, position.shares, strict=True)
    ]
    if rows:
        table(("event", "outcome", "shares", "payout", "status"), rows)
    _show_tokens(held)


@dataclass(frozen=True, slots=True)
class _Held:
    """What the wallet holds outside of its margin accounts."""

    sol: Decimal
    collateral: Decimal
    tokens: tuple[TokenView, ...]


async def _held(client: Client) -> _Held:
    lamports = await client.chain.balance(client.wallet.address)
    return _Held(sol_of(lamports), await client.collateral(), await client.tokens())


def _show_tokens(held: _Held) -> None:
    if held.tokens:
        table(
            ("event", "outcome", "tokens", "status"),
            [(view.event.name, view.outcome, view.shares, view.event.status) for view in held.tokens],
        )


def _behind_free(view: AccountView) -> list[tuple[str, str]]:
    """Why `free` is not the cash, if it is not: every event counts at its worst outcome."""
    worst = [min(position.shares) for position in view.positions]
    sets = sum((shares for shares in worst if shares > 0), Decimal(0))
    shorts = sum((-shares for shares in worst if shares < 0), Decimal(0))
    parts = []
    if sets:
        parts.append(f"plus {amount(sets)} for complete sets, which pay 1 each whichever outcome wins")
    if shorts:
        parts.append(f"less {amount(shorts)} that shares sold short may cost")
    if view.reserved:
        parts.append(f"less {amount(view.reserved)} that open orders may cost")
    return [("", f"the cash, {', '.join(parts)}")] if parts else []


def _perpetuals(health: PerpHealth | None) -> list[tuple[str, str]]:
    """What an account has in perpetuals, and what they leave of what is free."""
    if health is None:
        return []
    names = ", ".join(position.name for position in health.positions)
    return [
        ("perpetuals", f"{names} (`secant perp health`)"),
        ("", f"they bring equity to {amount(health.equity)}, and {amount(health.withdrawable)} may leave"),
    ]


def _in_books(view: AccountView) -> list[tuple[str, str]]:
    """What the account's orders brought and nobody has drawn yet, by event."""
    lines = []
    for position in view.positions:
        event = position.event
        came = [
            f"{shares:+,f} {outcome.label}"
            for outcome, shares in zip(event.outcomes, position.undrawn_shares, strict=True)
            if shares
        ]
        if came or position.undrawn_cash:
            what = ", ".join([*came, f"{position.undrawn_cash:+,f}"])
            lines.append(("in books", f"not drawn yet: {what} (`secant book draw {event.name}`)"))
        elif position.wants_draw:
            what = f"orders of {event.name} are gone, and what they reserved is not free yet"
            lines.append(("in books", f"{what} (`secant book draw {event.name}`)"))
    return lines


def _volume(view: AccountView) -> list[tuple[str, str]]:
    if not view.volume:
        return []
    return [("volume", f"{amount(view.volume)}: pays {view.fee_share:.0%} of fees")]


@accounts.command("open")
def open_account(context: typer.Context) -> None:
    """Open the margin account."""
    receipt = with_client(context, lambda client: client.open_account())
    if not answer(context, receipt):
        say(f"opened account {receipt.address}")


@accounts.command("close")
def close_account(context: typer.Context) -> None:
    """Close the empty margin account; its rent returns to the wallet."""

    async def work(client: Client) -> tuple[Receipt, str]:
        try:
            return await client.close_account(), await void_triggers(client, None, None)
        except ProgramError as error:
            if error.name == "AccountNotEmpty":
                view = await client.account()
                error.message, error.remedy = (
                    _perps_left(await client.perp_health()) if view.perps else _what_is_left(view)
                )
            raise

    receipt, void = with_client(context, work)
    if answer(context, receipt):
        return
    say(f"closed account {receipt.address}")
    if void:
        say(void)


def _perps_left(health: PerpHealth) -> tuple[str, str]:
    """Why an account with perpetuals cannot be closed, and what to do about it."""
    names = ", ".join(position.name for position in health.positions)
    ways = ", ".join(_way_out_of(position) for position in health.positions)
    return f"the account still holds perpetuals: {names}", f"{ways}, then withdraw"


def _way_out_of(position: PerpPosition) -> str:
    """What rids the account of a perpetual."""
    name = position.name
    if position.status not in {PerpStatus.OPEN, PerpStatus.CLOSING}:
        return _way_out_of_closed(position)
    if position.side is not PositionSide.FLAT or position.has_seat:
        return f"close it: `secant perp close {name}`, `secant perp cancel {name} --all`"
    if position.borne and not position.profit:
        return (
            f"wait for the {amount(position.borne)} that it bore, or give that up: `secant perp waive {name}`"
        )
    return f"settle it: `secant perp settle {name}`"


def _way_out_of_closed(position: PerpPosition) -> str:
    """What rids the account of a perpetual that trades no more."""
    name, settle = position.name, f"`secant perp settle {position.name}`"
    if position.status is PerpStatus.CLOSED:
        return f"settle its market, `secant perp settle-market {name}`, then it: {settle}"
    if position.status is PerpStatus.SETTLED and position.profit > 0:
        return f"settle it from {moment(position.pays)} on, when winners are paid: {settle}"
    return f"settle it: {settle}"


def _what_is_left(view: AccountView) -> tuple[str, str]:
    """Why an account cannot be closed, and what to do about it."""
    if view.positions:
        names = ", ".join(position.event.name for position in view.positions)
        ways = ", ".join(_way_out(position) for position in view.positions)
        what = "shares" if any(any(position.shares) for position in view.positions) else "orders"
        return f"the account still holds {what} of {names}", f"{ways}, then withdraw"
    return f"the account still holds {amount(view.cash)}", "take it out: `secant withdraw all`"


def _way_out(position: Position) -> str:
    """What rids the account of a position, or of the complete sets in it."""
    name, least, greatest = position.event.name, min(position.shares), max(position.shares)
    if position.event.is_settled:
        return f"`secant redeem {name}`"
    if not any(position.shares):
        return f"`secant book cancel {name} --all`, or `secant book draw {name}` if none is open"
    if least > 0:
        return f"`secant merge-set {name} {least}`"
    if greatest < 0:
        return f"`secant mint-set {name} {-greatest}`"
    return f"sell or buy back {name}, or redeem it once it is settled"


def deposit(
    context: typer.Context,
    collateral: Annotated[str, typer.Argument(metavar="AMOUNT", help="How much, or `all`.")],
) -> None:
    """Move collateral from the wallet into the margin account."""
    receipt = with_client(context, lambda client: client.deposit(collateral))
    if not answer(context, receipt):
        say(f"deposited {amount(receipt.amount)}")


def withdraw(
    context: typer.Context,
    collateral: Annotated[str, typer.Argument(metavar="AMOUNT", help="How much, or `all` that is free.")],
) -> None:
    """Move free collateral from the margin account into the wallet."""

    async def work(client: Client) -> CashReceipt:
        if collateral.casefold() == "all":
            view = await client.account()
            if view.free == 0:
                remedy = "redeem, sell or merge what the account holds"
                raise SecantError("nothing is free to withdraw", remedy)
            if view.perps and (await client.perp_health()).withdrawable == 0:
                remedy = "`secant perp health` says what they need; deposit, or reduce one"
                raise SecantError("perpetuals need all that is free", remedy)
        return await client.withdraw(collateral)

    receipt = with_client(context, work)
    if not answer(context, receipt):
        say(f"withdrew {amount(receipt.amount)}")


def transfer(
    context: typer.Context,
    collateral: Annotated[str, typer.Argument(metavar="AMOUNT", help="How much, or `all` that is free.")],
    to: Annotated[
        int, typer.Argument(metavar="INDEX", min=0, max=255, help="Which account of yours gets it.")
    ],
) -> None:
    """Move free collateral to another margin account of the wallet."""

    async def work(client: Client) -> CashReceipt:
        if collateral.casefold() != "all":
            return await client.transfer(collateral, to)
        view = await client.account()
        most = (await client.perp_health()).withdrawable if view.perps else view.free
        if most <= 0:
            raise SecantError("nothing is free to move", "`secant account` says what holds it")
        return await client.transfer(most, to)

    receipt = with_client(context, work)
    if not answer(context, receipt):
        say(f"moved {amount(receipt.amount)} to account {receipt.account}")


def airdrop(
    context: typer.Context,
    sol: Annotated[str, typer.Option(help="SOL to ask for; 0 for none.")] = _SOL_DEFAULT,
    collateral: Annotated[
        str | None,
        typer.Option(help=f"Test collateral to ask for; {_COLLATERAL_DEFAULT} on a localnet unless given."),
    ] = None,
) -> None:
    """Ask a test network's faucet for SOL, and a localnet's for test collateral too."""
    settings = settings_of(context)
    lamports = lamports_of(sol)
    wanted = None if collateral is None else atoms_of(collateral, "collateral")
    wallet = _wallet_or_new(settings)
    given = asyncio.run(_airdrop(settings, wallet, lamports, wanted))
    result = {"address": wallet.address, "sol": sol_of(lamports), "collateral": given}
    if not answer(context, result):
        say(f"{wallet.address} received {amount(sol_of(lamports))} SOL and {amount(given)} collateral")


async def _airdrop(settings: Settings, wallet: Wallet, lamports: int, atoms: int | None) -> Decimal:
    async with settings.chain() as chain:
        mint = await chain.account(collateral_mint())
        if mint is None and atoms:
            raise InputError(
                f"there is no test collateral at {chain.url}", "only `secant localnet` has a faucet for it"
            )
        if lamports:
            await _airdrop_sol(chain, wallet, lamports)
        if mint is None:
            return collateral_of(0)
        given = collateral_of(atoms_of(_COLLATERAL_DEFAULT) if atoms is None else atoms)
        if given:
            await faucet(chain, collateral_mint(), wallet.address, given)
        return given


async def _airdrop_sol(chain: Chain, wallet: Wallet, lamports: int) -> None:
    try:
        await chain.airdrop(wallet.address, lamports)
    except RpcRefused as error:
        error.remedy = error.remedy or "ask for less with --sol, or later"
        raise


def _wallet_or_new(settings: Settings) -> Wallet:
    """The wallet; on this machine's own network a new one is made if there is none."""
    if settings.has_wallet or not settings.is_on_this_machine:
        return settings.wallet()
    wallet = Wallet.generate()
    note(f"no key pair yet: created {wallet.save(settings.keypair)} for {wallet.address}")
    return wallet


@wallets.callback()
def wallet(context: typer.Context) -> None:
    """The wallet: show (default), create."""
    if context.invoked_subcommand is None:
        show_wallet(context)


@wallets.command("show")
def show_wallet(context: typer.Context) -> None:
    """The wallet's address and file, and what it holds outside of margin accounts."""
    settings = settings_of(context)
    address = settings.wallet().address
    try:
        held = with_client(context, _held)
    except SecantError as error:
        held = None
        note(f"what it holds is not known: {error}")
    if answer(context, {"address": address, "keypair": settings.keypair, "holds": held}):
        return
    known = [] if held is None else [("SOL", held.sol), ("collateral", held.collateral)]
    facts([("address", address), ("keypair", settings.keypair), *known])
    if held is not None:
        _show_tokens(held)


@wallets.command("create")
def create_wallet(
    context: typer.Context,
    *,
    is_faucet: Annotated[
        bool,
        typer.Option("--faucet", help="The key of a localnet's faucet and admin, which everybody knows."),
    ] = False,
) -> None:
    """Create a new key pair file; never overwrites one."""
    settings = settings_of(context)
    created = Wallet(faucet_keypair()) if is_faucet else Wallet.generate()
    path = created.save(settings.keypair)
    if not answer(context, {"address": created.address, "keypair": path}):
        say(f"created {path} for {created.address}")
