"""Commands that keep perpetuals: insurance, fees, pauses, and their end."""

from decimal import Decimal
from typing import Annotated

import typer

from secant.client import (
    CashReceipt,
    Client,
    PerpChanges,
    PerpPausable,
    PerpPauseReceipt,
    PerpTierTerms,
    PerpView,
    Receipt,
)
from secant.errors import InputError

from .exchange import unless_nothing
from .moments import seconds_from
from .output import amount, answer, counted, fields, moment, say
from .perp_order import Perp
from .settings import address_in, with_client

__all__ = ["keeping", "tier_of"]

keeping = typer.Typer()

_NOBODY = "nobody"
_Operations = Annotated[
    list[str], typer.Argument(metavar="OPERATION...", help=f"{', '.join(PerpPausable)}, or `all`.")
]


@keeping.command("insure")
def insure(
    context: typer.Context,
    market: Perp,
    collateral: Annotated[str, typer.Argument(metavar="AMOUNT", help="How much, for good.")],
) -> None:
    """Give collateral of the margin account to a perpetual's insurance."""
    receipt = with_client(context, lambda client: client.insure_perp(market, collateral))
    if not answer(context, receipt):
        say(f"gave {amount(receipt.amount)} to the insurance of {market}")


@keeping.command("expand")
def expand_book(
    context: typer.Context,
    market: Perp,
    seats: Annotated[int, typer.Option(min=0, max=4_096, help="For how many more accounts.")] = 0,
    orders: Annotated[int, typer.Option(min=0, max=2_048, help="For how many more orders.")] = 0,
) -> None:
    """Make room in a perpetual's book. You pay the rent."""
    receipt = with_client(context, lambda client: client.expand_perp_book(market, seats=seats, orders=orders))
    if not answer(context, receipt):
        room = f"{counted(receipt.seats, 'seat')} and {counted(receipt.orders, 'order')}"
        say(f"made room for {room} for {amount(receipt.sol)} SOL")


@keeping.command("delegate")
def set_delegate(
    context: typer.Context,
    wallet: Annotated[
        str, typer.Argument(metavar="WALLET", help=f"Who may trade for you; `{_NOBODY}` for nobody.")
    ],
) -> None:
    """Name who else may trade your account's perpetuals, and never withdraw."""
    delegate = None if wallet.casefold() == _NOBODY else address_in(wallet, "WALLET")
    receipt = with_client(context, lambda client: client.set_delegate(delegate))
    if not answer(context, receipt):
        say(f"{delegate or _NOBODY} may trade the perpetuals of account {receipt.address}")


@keeping.command("collect-fees")
def collect_fees(context: typer.Context, market: Perp) -> None:
    """Move a perpetual's fees to those that the exchange collects. Anyone may."""

    async def work(client: Client) -> tuple[Receipt, Decimal]:
        before = (await client.perp(market)).fees
        receipt = await unless_nothing(client.collect_perp_fees(market))
        return receipt, before - (await client.perp(market)).fees

    receipt, fees = with_client(context, work)
    if not answer(context, {**fields(receipt), "amount": fees}):
        say(f"moved fees of {amount(fees)} to the exchange; `secant exchange collect-fees` pays them out")


@keeping.command("pause")
def pause(context: typer.Context, market: Perp, operations: _Operations) -> None:
    """Pause operations of a perpetual, as the pauser or the admin; reducing stays open."""
    _say_paused(context, with_client(context, lambda client: client.pause_perp(market, *_named(operations))))


@keeping.command("unpause")
def unpause(context: typer.Context, market: Perp, operations: _Operations) -> None:
    """Lift the pause of operations of a perpetual, as the admin."""
    _say_paused(
        context, with_client(context, lambda client: client.unpause_perp(market, *_named(operations)))
    )


def _named(operations: list[str]) -> list[str]:
    """The operations that were named; `all` names each.

    Raises:
        InputError: `all` beside others.
    """
    if "all" not in operations:
        return operations
    if operations != ["all"]:
        raise InputError("`all` names every operation", "leave out the others")
    return list(PerpPausable)


def _say_paused(context: typer.Context, receipt: PerpPauseReceipt) -> None:
    if not answer(context, receipt):
        say(f"paused: {', '.join(receipt.paused) or 'nothing'}")


@keeping.command("remove-insurance")
def remove_insurance(
    context: typer.Context,
    market: Perp,
    collateral: Annotated[str, typer.Argument(metavar="AMOUNT", help="How much; at most a tenth a day.")],
) -> None:
    """Take insurance that nobody needs into the admin's margin account, as the admin."""
    receipt = with_client(context, lambda client: client.remove_insurance(market, collateral))
    if not answer(context, receipt):
        say(f"took {amount(receipt.amount)} out of the insurance of {market}")


@keeping.command("end")
def end(
    context: typer.Context,
    market: Perp,
    at: Annotated[
        str, typer.Argument(metavar="TIME", help="3d, 2w, or a UTC time; two days ahead at least.")
    ],
) -> None:
    """Set when a perpetual closes, once, as the admin."""

    async def work(client: Client) -> PerpView:
        await client.close_perp(market, seconds_from(at, await client.chain.clock_time(), "TIME"))
        return await client.perp(market)

    view = with_client(context, work)
    if not answer(context, view):
        say(f"{view.name} closes at {moment(view.closes)}; in the hour before, positions only get smaller")


@keeping.command("settle-market")
def settle_market(context: typer.Context, market: Perp) -> None:
    """Fix the price at which a closed perpetual settles. Anyone may."""

    async def work(client: Client) -> PerpView:
        await client.settle_perp(market)
        return await client.perp(market)

    view = with_client(context, work)
    if not answer(context, view):
        assert view.settlement is not None, "it was settled just now"
        say(f"{view.name} settles at {amount(view.settlement)}: losers pay now, winners are paid in a day")


@keeping.command("return-haircuts")
def return_haircuts(context: typer.Context, market: Perp) -> None:
    """Give back to winners what they bore of losers' debts, as fast as insurance may. Anyone may."""
    receipt = with_client(context, lambda client: client.return_haircut(market))
    if not answer(context, receipt):
        say(f"gave back {amount(receipt.amount)}; each position is credited when it is next touched")


@keeping.command("waive")
def waive(
    context: typer.Context,
    market: Perp,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without it, it is only said how much.")] = False,
) -> None:
    """Give up for good what your position bore of losers' debts, which insurance may still give back.

    The others who bore a part get it. It frees the position's leg, without which no account is closed.
    """

    async def work(client: Client) -> CashReceipt:
        state = await client.perp(market)
        held = (each for each in (await client.perp_health()).positions if each.market == state.address)
        position = next(held, None)
        if not yes and position is not None and position.borne:
            raise InputError(
                f"this gives up {amount(position.borne)} for good, which insurance may still give back",
                f"wait for it, `secant perp return-haircuts {market}`, or give --yes",
            )
        return await client.waive_haircut(market)

    receipt = with_client(context, work)
    if not answer(context, receipt):
        say(f"waived {amount(receipt.amount)}")


def tier_of(leverage: int) -> PerpTierTerms:
    """What every position requires at a greatest leverage: half of it to keep it."""
    opening = (Decimal(1) / leverage).quantize(Decimal("0.0001"))
    return PerpTierTerms(0, opening, (opening / 2).quantize(Decimal("0.0001")))


@keeping.command("propose-rules")
def propose_rules(
    context: typer.Context,
    market: Perp,
    leverage: Annotated[
        int | None, typer.Option(min=1, max=100, help="The greatest, in place of all tiers.")
    ] = None,
    position_max: Annotated[str | None, typer.Option(help="Most that an account holds.")] = None,
    open_max: Annotated[str | None, typer.Option(help="Most that is open in all.")] = None,
    profits_hour: Annotated[str | None, typer.Option(help="Most profits that leave in an hour.")] = None,
    taker_fee: Annotated[str | None, typer.Option(help="What a taker pays, as a share.")] = None,
    maker_rebate: Annotated[str | None, typer.Option(help="What a maker gets out of that.")] = None,
    near: Annotated[str | None, typer.Option(help="How far from the mark orders trade, as a share.")] = None,
    shock: Annotated[
        str | None, typer.Option(help="How far prices may be from their five-minute average, as a share.")
    ] = None,
    funding: Annotated[str | None, typer.Option(help="Most funding a day, as a share.")] = None,
    stale: Annotated[
        int | None, typer.Option(min=1, max=3_600, help="Seconds a reading serves to open by.")
    ] = None,
    reward: Annotated[str | None, typer.Option(help="Least reward of a liquidation, as a share.")] = None,
    reward_max: Annotated[str | None, typer.Option(help="Its greatest reward.")] = None,
    insurance_fee: Annotated[
        str | None, typer.Option(help="What insurance earns by one, as a share.")
    ] = None,
    insurance_day: Annotated[
        str | None, typer.Option(help="Most of its balance that insurance pays in a day.")
    ] = None,
) -> None:
    """Propose other rules, as the admin: what is not named stays, and two days pass before they may apply."""
    changes = PerpChanges(
        tiers=None if leverage is None else (tier_of(leverage),),
        position_max=position_max,
        open_max=open_max,
        profits_hour=profits_hour,
        taker_fee=taker_fee,
        maker_rebate=maker_rebate,
        near=near,
        shock=shock,
        funding=funding,
        stale_s=stale,
        reward=reward,
        reward_max=reward_max,
        insurance_fee=insurance_fee,
        insurance_day=insurance_day,
    )

    async def work(client: Client) -> PerpView:
        await client.propose_perp_rules(market, changes)
        return await client.perp(market)

    view = with_client(context, work)
    if not answer(context, view):
        names = ", ".join(change.rule for change in view.rule_changes)
        say(f"proposed for {view.name}: {names}; `secant perp apply-rules` from {moment(view.new_rules)} on")


@keeping.command("apply-rules")
def apply_rules(context: typer.Context, market: Perp) -> None:
    """Bring proposed rules into force, two days after their proposal. Anyone may."""

    async def work(client: Client) -> Receipt:
        return await client.apply_perp_rules(market)

    receipt = with_client(context, work)
    if not answer(context, receipt):
        say(f"the rules of {market} are in force")
