"""Commands about orders of perpetuals: long, short, close, order, quote, orders, cancel, draw, settle."""

from decimal import Decimal
from typing import Annotated

import typer
from solders.pubkey import Pubkey

from secant.client import (
    Client,
    DropReceipt,
    OrderKind,
    PerpFillsPage,
    PerpHealth,
    PerpOrderReceipt,
    PerpPosition,
    PerpSettlement,
    PositionSide,
    SelfTrade,
    Side,
)
from secant.errors import InputError, RpcRefused, SecantError

from .moments import seconds_from
from .order import OwnMet, ReduceOnly, TradeSide
from .output import amount, answer, counted, fields, moment, note, plain, say, table
from .settings import address_in, settings_of, with_client

__all__ = [
    "MaybePrice",
    "Perp",
    "Size",
    "Slippage",
    "held_in",
    "orders",
    "standing_of",
    "times",
    "void_triggers",
]

orders = typer.Typer()

Perp = Annotated[str, typer.Argument(metavar="MARKET", help="The perpetual's name or address.")]
Owner = Annotated[
    str | None, typer.Option(help="Whose account, if you are its delegate; yours unless given.")
]
AnyOwner = Annotated[str | None, typer.Option(help="Whose account; yours unless given. Anyone may.")]
Size = Annotated[str, typer.Argument(metavar="SIZE", help="How many base units.")]
MaybePrice = Annotated[
    str | None,
    typer.Argument(metavar="[PRICE]", help="The worst price, before fees; the mark's unless given."),
]
Slippage = Annotated[str, typer.Option(help="Without PRICE: how much worse than the mark, as a fraction.")]


@orders.command("long")
def go_long(
    context: typer.Context,
    market: Perp,
    size: Size,
    price: MaybePrice = None,
    slippage: Slippage = "0.01",
    owner: Owner = None,
) -> None:
    """Buy at once: go long, or close what is short; nothing rests."""
    _trade_now(context, market, Side.BUY, size, price, slippage, owner)


@orders.command("short")
def go_short(
    context: typer.Context,
    market: Perp,
    size: Size,
    price: MaybePrice = None,
    slippage: Slippage = "0.01",
    owner: Owner = None,
) -> None:
    """Sell at once: go short, or close what is long; nothing rests."""
    _trade_now(context, market, Side.SELL, size, price, slippage, owner)


def _trade_now(
    context: typer.Context,
    market: str,
    side: Side,
    size: str,
    price: str | None,
    slippage: str,
    owner: str | None,
) -> None:
    of = address_in(owner, "--owner")

    async def work(client: Client) -> tuple[PerpOrderReceipt, PerpHealth]:
        receipt = await client.trade_perp(
            market, side, size, price, kind=OrderKind.IMMEDIATE_OR_CANCEL, slippage=slippage, owner=of
        )
        return receipt, await client.perp_health(owner=of)

    _say_traded(context, market, *with_client(context, work))


@orders.command("close")
def close(
    context: typer.Context,
    market: Perp,
    size: Annotated[str | None, typer.Argument(metavar="[SIZE]", help="How many; all unless given.")] = None,
    price: Annotated[str | None, typer.Option(help="The worst price, before fees.")] = None,
    slippage: Slippage = "0.01",
    owner: Owner = None,
) -> None:
    """Close a position at once, in part or whole; never paused."""
    of = address_in(owner, "--owner")

    async def work(client: Client) -> tuple[PerpOrderReceipt, PerpHealth, str]:
        try:
            receipt = await client.reduce_perp(market, size, price, slippage=slippage, owner=of)
        except InputError as error:
            position = held_in(await client.perp_health(owner=of), market)
            if position is not None and position.side is not PositionSide.FLAT:
                raise
            # Nothing is to be done, which no argument is to blame for.
            left = filter(None, [error.remedy, await void_triggers(client, market, of)])
            raise SecantError(error.message, "; ".join(left)) from error
        return receipt, await client.perp_health(owner=of), await void_triggers(client, market, of)

    receipt, health, void = with_client(context, work)
    _say_traded(context, market, receipt, health)
    if void and not settings_of(context).is_json:
        say(void)


async def void_triggers(client: Client, market: str | None, owner: Pubkey | None) -> str:
    """What becomes of trigger orders whose position is gone; nothing if there are none, or no node says."""
    try:
        views = await client.triggers(market, owner=owner)
    except RpcRefused as error:
        note(f"whether trigger orders are left is not known: {error}")
        return ""
    count = sum(1 for view in views if view.is_void)
    if not count:
        return ""
    where = "" if market is None else f" {market}"
    void = f"{counted(count, 'trigger order')} {'is' if count == 1 else 'are'} void"
    return f"{void}: `secant perp cancel-trigger --all{where}` returns their rent"


@orders.command("order")
def place_order(
    context: typer.Context,
    market: Perp,
    side: TradeSide,
    size: Size,
    price: Annotated[str, typer.Argument(metavar="PRICE", help="The worst price, before fees.")],
    kind: Annotated[
        OrderKind, typer.Option(case_sensitive=False, help="What becomes of what it does not take at once.")
    ] = OrderKind.LIMIT,
    expires: Annotated[
        str | None, typer.Option(help="When it stops trading: 10m, 2h, or a UTC time; never unless given.")
    ] = None,
    self_trade: OwnMet = SelfTrade.CANCEL_PROVIDE,
    client_id: Annotated[int, typer.Option(min=0, help="Your own number for it.")] = 0,
    owner: Owner = None,
    *,
    reduce_only: ReduceOnly = False,
) -> None:
    """Place an order at a price: it takes what is there, and the rest of it rests by its kind."""
    of = address_in(owner, "--owner")

    async def work(client: Client) -> tuple[PerpOrderReceipt, PerpHealth]:
        now = await client.chain.clock_time()
        receipt = await client.trade_perp(
            market,
            side,
            size,
            price,
            kind=kind,
            expires=None if expires is None else seconds_from(expires, now, "--expires"),
            reduce_only=reduce_only,
            self_trade=self_trade,
            client_id=client_id,
            owner=of,
        )
        return receipt, await client.perp_health(owner=of)

    _say_traded(context, market, *with_client(context, work))


@orders.command("orders")
def list_orders(
    context: typer.Context,
    market: Annotated[str | None, typer.Argument(metavar="[MARKET]", help="Only of this perpetual.")] = None,
    owner: AnyOwner = None,
) -> None:
    """Orders of an account that rest in perpetuals' books, expired ones too."""
    of = address_in(owner, "--owner")
    views = with_client(context, lambda client: client.perp_orders(market, owner=of), signs=of is None)
    if answer(context, views):
        return
    table(
        ("market", "order", "side", "size", "price", "expires", "client id"),
        [
            (
                view.name,
                view.id,
                view.side,
                view.size,
                view.price,
                ("expired " if view.is_expired else "")
                + ("never" if view.expires is None else moment(view.expires)),
                view.client_id,
            )
            for view in views
        ],
        empty="no orders",
    )


@orders.command("fills")
def list_fills(
    context: typer.Context,
    market: Perp,
    owner: Annotated[str | None, typer.Option(help="Only those of this owner's account.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many.")] = 20,
    before: Annotated[
        str | None, typer.Option(metavar="SIGNATURE", help="Only those before this transaction.")
    ] = None,
    *,
    mine: Annotated[bool, typer.Option("--mine", help="Only your own account's.")] = False,
) -> None:
    """What traded in a perpetual's book, the newest first; with an owner, also fees and rebates."""
    of = address_in(owner, "--owner")
    if mine and of is not None:
        raise InputError("--mine names the owner already", "leave out --owner, or --mine")

    async def work(client: Client) -> PerpFillsPage:
        whose = client.wallet.address if mine else of
        return await client.perp_fills(market, limit=limit, before=before, owner=whose)

    page = with_client(context, work, signs=mine)
    if answer(context, page):
        return
    is_own = mine or of is not None
    table(
        ("time", "taker", "price", "size", "value", "order")
        + (("role", "side", "fee", "rebate") if is_own else ()),
        [
            (
                *(fill.time, "buys" if fill.taker_side is Side.BUY else "sells"),
                *(fill.price, fill.size, fill.value, fill.order_id),
                *((fill.role, fill.side, fill.fee, fill.rebate) if is_own else ()),
            )
            for fill in page.fills
        ],
        empty="no fills",
    )
    if page.before is not None:
        say(f"older ones: --before {page.before}")


@orders.command("history")
def show_history(
    context: typer.Context,
    owner: AnyOwner = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many.")] = 20,
    before: Annotated[
        str | None, typer.Option(metavar="SIGNATURE", help="Only what happened before this transaction.")
    ] = None,
) -> None:
    """What happened to an account's perpetuals: trades it took, settlements, liquidations, triggers.

    What its resting orders did: `secant perp fills MARKET --mine`.
    """
    of = address_in(owner, "--owner")
    page = with_client(
        context,
        lambda client: client.perp_history(owner=of, limit=limit, before=before),
        signs=of is None,
    )
    if answer(context, page):
        return
    table(
        ("time", "market", "what", "size", "price", "amount", "fee", "short of"),
        [
            (past.time, past.name, past.kind, past.size, past.price, past.amount, past.fee, past.shortfall)
            for past in page.past
        ],
        empty="nothing happened to this account's perpetuals",
    )
    if page.before is not None:
        say(f"older: --before {page.before}")


@orders.command("cancel")
def cancel_orders(
    context: typer.Context,
    market: Perp,
    numbers: Annotated[list[int] | None, typer.Argument(metavar="[ORDER]...", help="Their numbers.")] = None,
    owner: Owner = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="All of the market's.")] = False,
) -> None:
    """Cancel orders, expired ones too; those that are gone already are passed over."""
    if bool(numbers) == everything:
        raise InputError("a cancellation names orders or all of them", "give ORDER or --all")
    of = address_in(owner, "--owner")

    async def work(client: Client) -> DropReceipt:
        resting = await client.perp_orders(market, owner=of)
        wanted = resting if everything else [view for view in resting if view.id in (numbers or ())]
        if not wanted:
            which = "no order" if everything else "none of these orders"
            raise SecantError(
                f"{which} of the account rests in {market}", f"`secant perp orders {market}` lists them"
            )
        if everything:
            return await client.cancel_all_perp(market, owner=of)
        return await client.cancel_perp_orders(wanted)

    receipt = with_client(context, work)
    if not answer(context, receipt):
        gone = len(set(numbers or ())) - len(receipt.order_ids)
        left = f"; {counted(gone, 'other')} rested no more" if gone > 0 else ""
        say(f"cancelled {counted(len(receipt.order_ids), 'order')}{left}")


@orders.command("draw")
def draw(context: typer.Context, market: Perp, owner: AnyOwner = None) -> None:
    """Move what an account's orders have brought into its position. Anyone may, for anyone."""
    of = address_in(owner, "--owner")

    async def work(client: Client) -> tuple[DropReceipt, PerpHealth]:
        receipt = await client.draw_perp(market, owner=of)
        return receipt, await client.perp_health(owner=of)

    receipt, health = with_client(context, work)
    if not answer(context, receipt):
        cancelled = f"; {counted(len(receipt.order_ids), 'order')} cancelled" if receipt.order_ids else ""
        say(f"drawn: {standing_of(held_in(health, market))}{cancelled}")


@orders.command("settle")
def settle(context: typer.Context, market: Perp, owner: AnyOwner = None) -> None:
    """Move a loss out of the cash, or a profit that losers have paid in into it. Anyone may, for anyone.

    An open position stays; its break-even moves to the mark, and its profit begins anew.
    """
    of = address_in(owner, "--owner")

    async def work(client: Client) -> PerpSettlement:
        return await client.settle_pnl(market, owner=of)

    receipt = with_client(context, work)
    if answer(context, receipt):
        return
    done = "received" if receipt.amount > 0 else "paid"
    left = f"; {amount(abs(receipt.left))} is left" if receipt.left else ""
    say(f"{done} {amount(abs(receipt.amount))}{left}")


def standing_of(position: PerpPosition | None) -> str:
    """A position in a few words."""
    if position is None or position.side is PositionSide.FLAT:
        left = f", {position.profit:+,f} to settle" if position is not None and position.profit else ""
        return f"flat{left}"
    ends = position.liquidation_price
    end = "no price of this market alone liquidates it" if ends is None else f"liquidated at {amount(ends)}"
    even = plain((position.break_even or Decimal()).quantize(Decimal("0.00000001")))
    return (
        f"{position.side} {amount(position.size)} worth {amount(position.value)}, break-even {even} from here"
        f" on, unsettled profit {position.profit:+,f}, {end}"
    )


def held_in(health: PerpHealth, market: str) -> PerpPosition | None:
    """The position in a perpetual, named by its name or address."""
    named = (view for view in health.positions if market in {view.name, str(view.market)})
    return next(named, None)


def times(leverage: Decimal | None) -> str:
    """A leverage."""
    return "—" if leverage is None else f"{plain(leverage)}x"


def _say_traded(context: typer.Context, market: str, receipt: PerpOrderReceipt, health: PerpHealth) -> None:
    if not receipt.filled and not receipt.rested:
        why = receipt.why or "the position was gone"
        raise SecantError(f"nothing traded, and nothing rests: {why}", receipt.remedy or "look at it anew")
    position = held_in(health, market)
    if answer(context, {**fields(receipt), "position": position, "leverage": health.leverage}):
        return
    parts = []
    if receipt.filled:
        done = "bought" if receipt.side is Side.BUY else "sold"
        parts.append(
            f"{done} {amount(receipt.filled)} at {amount(receipt.price or Decimal())}"
            f" (value {amount(receipt.value)}, fee {amount(receipt.fee)})"
        )
    if receipt.rested:
        price = amount(receipt.resting_price or Decimal())
        parts.append(f"{amount(receipt.rested)} rest at {price} as order {receipt.order_id}")
    say("; ".join(parts))
    if receipt.missing:
        say(f"{amount(receipt.missing)} did not trade: {receipt.why} — {receipt.remedy}")
    say(f"now {standing_of(position)}; leverage {times(health.leverage)} in all")
    if position is not None and position.side is PositionSide.FLAT and position.profit:
        say(f"`secant perp settle {market}` moves that into the account's cash, or out of it")
