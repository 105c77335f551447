"""The command that says what an order of a perpetual would do."""

from dataclasses import dataclass
from decimal import ROUND_UP, Decimal

import typer

from secant.client import Client, PerpOrderReceipt, PerpQuote, Side
from secant.errors import AccountNotFound, ProgramError, SecantError
from secant.units import slippage_of

from .order import ReduceOnly, TradeSide
from .output import amount, answer, facts
from .perp_order import MaybePrice, Perp, Size, Slippage, held_in, standing_of, times
from .settings import with_client

__all__ = ["quotes"]

quotes = typer.Typer()

_ATOM = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class _BookQuote:
    """What the book alone would do with an order, whoever sends it."""

    side: Side
    filled: Decimal
    value: Decimal
    price: Decimal | None
    fee: Decimal


@quotes.command("quote")
def quote(
    context: typer.Context,
    market: Perp,
    side: TradeSide,
    size: Size,
    price: MaybePrice = None,
    slippage: Slippage = "0.01",
    *,
    reduce_only: ReduceOnly = False,
) -> None:
    """What an order would trade now, and where the account would stand, without trading.

    Without an account, or one that cannot afford it, what the book would trade.
    """

    async def work(client: Client) -> PerpQuote | tuple[_BookQuote, SecantError]:
        try:
            return await client.quote_perp(
                market, side, size, price, slippage=slippage, reduce_only=reduce_only
            )
        except (ProgramError, AccountNotFound) as error:
            is_about_account = isinstance(error, AccountNotFound) and error.kind == "margin account"
            if not is_about_account and getattr(error, "name", "") != "InsolventAccount":
                raise
            return await _of_the_book(client, market, side, size, price, slippage), error

    quoted = with_client(context, work)
    if isinstance(quoted, PerpQuote):
        if not answer(context, quoted):
            _say_quote(quoted, market)
        return
    book, error = quoted
    refused = {"error": type(error).__name__, "message": error.message, "remedy": error.remedy}
    if answer(context, {"order": book, "before": None, "after": None, "refused": refused}):
        return
    facts([*_traded(book), ("not yours", str(error))])


async def _of_the_book(
    client: Client, market: str, side: Side, size: str, price: str | None, slippage: str
) -> _BookQuote:
    view, book = await client.perp(market), await client.perp_book(market)
    buys, away = side is Side.BUY, slippage_of(slippage)
    worst = view.mark * (1 + away if buys else 1 - away) if price is None else Decimal(price)
    left, value = Decimal(size), Decimal(0)
    for level in book.asks if buys else book.bids:
        edge = view.limits.price_max if buys else view.limits.price_min
        if level.price > min(worst, edge) if buys else level.price < max(worst, edge):
            break
        taken = min(left, level.size)
        left, value = left - taken, value + taken * level.price
    filled = Decimal(size) - left
    return _BookQuote(
        side=side,
        filled=filled,
        value=value.quantize(_ATOM),
        price=(value / filled).quantize(view.mark) if filled else None,
        fee=(value * view.taker_fee).quantize(_ATOM, ROUND_UP),
    )


def _traded(order: PerpOrderReceipt | _BookQuote) -> list[tuple[str, object]]:
    return [
        ("size", order.filled),
        ("price", "nothing at this price" if order.price is None else amount(order.price)),
        ("value", order.value),
        ("fee", order.fee),
    ]


def _say_quote(quoted: PerpQuote, market: str) -> None:
    order, after = quoted.order, quoted.after
    facts(
        [
            *_traded(order),
            ("rests", order.rested),
            *([("missing", f"{amount(order.missing)}: {order.why}")] if order.missing else []),
            ("leverage", f"{times(quoted.before.leverage)} now, {times(after.leverage)} after"),
            (
                "left to open more",
                f"{amount(quoted.before.initial_surplus)} now, {amount(after.initial_surplus)} after",
            ),
            ("then", standing_of(held_in(after, market))),
        ]
    )
