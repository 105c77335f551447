"""Commands about orders: placing, taking, listing, cancelling."""

from decimal import Decimal
from typing import Annotated

import typer

from secant.client import (
    Builder,
    Client,
    DroppedOrder,
    DropReceipt,
    OrderKind,
    OrderReceipt,
    OrderView,
    SelfTrade,
    Side,
    TakeQuote,
    TakeReceipt,
)
from secant.errors import InputError

from .event import Event
from .moments import seconds_from
from .output import amount, answer, counted, facts, moment, say, table
from .pool import Outcome, pool_in
from .settings import address_in, with_client

__all__ = ["Owner", "orders"]

orders = typer.Typer()

Owner = Annotated[str | None, typer.Option(help="Whose account; yours unless given.")]
TradeSide = Annotated[Side, typer.Argument(metavar="SIDE", case_sensitive=False, help="buy or sell.")]
SharesAtMost = Annotated[str, typer.Argument(metavar="SHARES", help="How many at most.")]
Price = Annotated[
    str, typer.Argument(metavar="PRICE", help="The worst price, before fees: 0.0001 to 0.9999.")
]
BuilderOwner = Annotated[
    str | None, typer.Option("--builder", help="Wallet of the front end's builder, who gets a fee.")
]
BuilderFee = Annotated[
    int | None,
    typer.Option(min=1, max=100, help="The builder's fee on what is taken, in bps of shares * p * (1 - p)."),
]
PoolBeside = Annotated[
    str | None, typer.Option("--pool", help="Which pool; the one with the most liquidity unless given.")
]
BookOnly = Annotated[bool, typer.Option("--book-only", help="Leave the pools alone.")]
AsTokens = Annotated[
    bool, typer.Option("--as-tokens", help="Tokens against collateral in the wallet, without an account.")
]
ReduceOnly = Annotated[
    bool, typer.Option("--reduce-only", help="Cut it down to the position that it reduces.")
]
OwnMet = Annotated[
    SelfTrade,
    typer.Option(
        case_sensitive=False,
        help="Own orders it meets: cancel-provide cancels those; cancel-take drops what is left of this one;"
        " decrement takes the smaller one's shares off both. None of them trades.",
    ),
]


@orders.command("place")
def place_order(
    context: typer.Context,
    event: Event,
    side: TradeSide,
    outcome: Outcome,
    shares: Annotated[str, typer.Argument(metavar="SHARES", help="How many.")],
    price: Price,
    kind: Annotated[
        OrderKind, typer.Option(case_sensitive=False, help="What becomes of what it does not take at once.")
    ] = OrderKind.LIMIT,
    expires: Annotated[
        str | None, typer.Option(help="When it stops trading: 10m, 2h, or a UTC time; never unless given.")
    ] = None,
    self_trade: OwnMet = SelfTrade.CANCEL_PROVIDE,
    client_id: Annotated[int, typer.Option(min=0, help="Your own mark.")] = 0,
    builder: BuilderOwner = None,
    builder_fee_bps: BuilderFee = None,
    *,
    reduce_only: ReduceOnly = False,
    expand: Annotated[
        bool, typer.Option("--expand", help="Pay for more room in a full book; see `secant book expand`.")
    ] = False,
) -> None:
    """Place an order."""
    named = _builder(builder, builder_fee_bps)

    async def work(client: Client) -> OrderReceipt:
        now = await client.chain.clock_time()
        return await client.place_order(
            event,
            outcome,
            side,
            shares,
            price,
            kind=kind,
            expires=None if expires is None else seconds_from(expires, now, "--expires"),
            reduce_only=reduce_only,
            self_trade=self_trade,
            client_id=client_id,
            builder=named,
            expand=expand,
        )

    receipt = with_client(context, work)
    if answer(context, receipt):
        return
    parts = [_traded(receipt, receipt.filled)] if receipt.filled else []
    if receipt.rested:
        resting_price = amount(receipt.resting_price or Decimal())
        parts.append(
            f"{amount(receipt.rested)} {receipt.outcome} rest at {resting_price} as order {receipt.order_id}"
        )
    parts = parts or ["nothing was there to trade with; nothing rests"]
    say("; ".join(parts + _own_dropped(receipt)))


@orders.command("take")
def take(
    context: typer.Context,
    event: Event,
    side: TradeSide,
    outcome: Outcome,
    shares: SharesAtMost,
    price: Price,
    pool: PoolBeside = None,
    self_trade: OwnMet = SelfTrade.CANCEL_PROVIDE,
    builder: BuilderOwner = None,
    builder_fee_bps: BuilderFee = None,
    *,
    book_only: BookOnly = False,
    whole: Annotated[bool, typer.Option("--whole", help="All of the shares, or nothing.")] = False,
    as_tokens: AsTokens = False,
    reduce_only: ReduceOnly = False,
) -> None:
    """Buy or sell at once, each share from the book or a pool, whichever is cheaper; nothing rests."""
    named = _builder(builder, builder_fee_bps)

    async def work(client: Client) -> TakeReceipt:
        return await client.take(
            event,
            outcome,
            side,
            shares,
            price,
            pool=await pool_in(client, event, pool),
            book_only=book_only,
            whole=whole,
            as_tokens=as_tokens,
            reduce_only=reduce_only,
            self_trade=self_trade,
            builder=named,
        )

    receipt = with_client(context, work)
    if answer(context, receipt):
        return
    done = "nothing was there to trade with at this price"
    if receipt.shares:
        done = _traded(receipt, receipt.shares) + _pooled(receipt)
    say("; ".join([done, *_own_dropped(receipt)]))


@orders.command("quote")
def quote_take(
    context: typer.Context,
    event: Event,
    side: TradeSide,
    outcome: Outcome,
    shares: SharesAtMost,
    price: Price,
    pool: PoolBeside = None,
    *,
    book_only: BookOnly = False,
    as_tokens: AsTokens = False,
) -> None:
    """What taking would trade now, without trading."""

    async def work(client: Client) -> TakeQuote:
        named = await pool_in(client, event, pool)
        return await client.quote_take(
            event, outcome, side, shares, price, pool=named, book_only=book_only, as_tokens=as_tokens
        )

    quote = with_client(context, work)
    if answer(context, quote):
        return
    own = _own_dropped(quote)
    facts(
        [
            ("shares", f"{amount(quote.shares)} {quote.outcome}" + _pooled(quote)),
            ("price", "nothing at this price" if quote.price is None else amount(quote.price)),
            ("amount", amount(quote.amount)),
            ("fee", amount(quote.fee)),
            ("total", amount(quote.total)),
            *((("own orders", "; ".join(own)),) if own else ()),
        ]
    )


@orders.command("orders")
def list_orders(context: typer.Context, event: Event, owner: Owner = None) -> None:
    """Orders of an account that rest in the books of an event, expired ones too."""
    of = address_in(owner, "--owner")
    views = with_client(context, lambda client: client.orders(event, owner=of), signs=of is None)
    if answer(context, views):
        return
    table(
        ("order", "side", "outcome", "shares", "price", "expires", "mark"),
        [
            (
                view.id,
                view.side,
                view.outcome,
                view.shares,
                view.price,
                ("expired " if view.is_expired else "")
                + ("never" if view.expires is None else moment(view.expires)),
                view.client_id,
            )
            for view in views
        ],
        empty="no orders",
    )
    if any(view.is_expired for view in views):
        say(f"expired orders reserve collateral until they are cancelled: `secant book cancel {event} ORDER`")


@orders.command("cancel")
def cancel_orders(
    context: typer.Context,
    event: Event,
    orders: Annotated[list[int] | None, typer.Argument(metavar="[ORDER]...", help="Their numbers.")] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="All of the event's.")] = False,
) -> None:
    """Cancel orders, expired ones too; those that are gone already are passed over."""
    if bool(orders) == everything:
        raise InputError("a cancellation names orders or all of them", "give ORDER or --all")

    async def work(client: Client) -> tuple[DropReceipt, ...]:
        wanted = [view for view in await client.orders(event) if everything or view.id in (orders or ())]
        by_book: dict[str, list[OrderView]] = {}
        for view in wanted:
            by_book.setdefault(str(view.book), []).append(view)
        return tuple([await client.cancel_orders(views) for views in by_book.values()])

    receipts = with_client(context, work)
    if not answer(context, receipts):
        say(f"cancelled {counted(sum(len(receipt.order_ids) for receipt in receipts), 'order')}")


def _traded(receipt: OrderReceipt | TakeQuote, shares: Decimal) -> str:
    """What was bought or sold, and what that took out of the account, or brought into it."""
    done, gave = ("bought", "for") if receipt.side is Side.BUY else ("sold", "and received")
    builder = f", builder's fee {amount(receipt.builder_fee)}" if receipt.builder_fee else ""
    return (
        f"{done} {amount(shares)} {receipt.outcome} {gave} {amount(receipt.total)}"
        f" (price {amount(receipt.price or Decimal())}, fee {amount(receipt.fee)}{builder})"
    )


def _own_dropped(receipt: OrderReceipt | TakeQuote) -> list[str]:
    """Own orders that made way, or would, one part each."""
    became = "was" if isinstance(receipt, OrderReceipt | TakeReceipt) else "would be"
    return [_cut(order, receipt.outcome, became) for order in receipt.own_dropped]


def _cut(order: DroppedOrder, outcome: str, became: str) -> str:
    what = f"own order {order.order_id} ({order.side} {outcome} at {amount(order.price)})"
    if order.left:
        return f"{what} {became} cut by {amount(order.shares)}, with {amount(order.left)} left"
    return f"{what} {became} cancelled"


def _pooled(quote: TakeQuote) -> str:
    return f"; {amount(quote.pool_shares)} of them with a pool" if quote.pool_shares else ""


def _builder(owner: str | None, fee_bps: int | None) -> Builder | None:
    """The builder that both options name together.

    Raises:
        InputError: one of them without the other.
    """
    wallet = address_in(owner, "--builder")
    if wallet is None and fee_bps is None:
        return None
    if wallet is None or fee_bps is None:
        raise InputError(
            "a builder has a wallet and a fee", "give --builder and --builder-fee-bps, or neither"
        )
    return Builder(wallet, fee_bps)
