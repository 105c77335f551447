"""Commands about perpetuals as a whole: finding, reading, creating, keeping them."""

from decimal import Decimal
from typing import Annotated

import typer

from secant.client import Client, ExchangeView, PerpBookView, PerpStatus, PerpView

from .output import amount, answer, facts, fields, moment, plain, say, table
from .perp_create import creating
from .perp_keep import keeping
from .perp_order import Perp, orders
from .perp_quote import quotes
from .perp_stand import standing
from .perp_trigger import triggers
from .settings import with_client

perps = typer.Typer(
    help="Perpetuals: list, show, book, create, long, short, close, order, quote, orders, cancel, position,"
    " health, fills, history, draw, settle, trigger, triggers, cancel-trigger, execute-trigger, funding,"
    " clusters, liquidate, insure, remove-insurance, expand, delegate, collect-fees, pause, unpause, end,"
    " settle-market, propose-rules, apply-rules, return-haircuts, waive."
)
perps.add_typer(creating)
perps.add_typer(orders)
perps.add_typer(quotes)
perps.add_typer(standing)
perps.add_typer(triggers)
perps.add_typer(keeping)


_STATUSES = {
    PerpStatus.OPEN: "open",
    PerpStatus.CLOSING: "closing: orders with `--reduce-only`, and `secant perp close`, alone trade",
    PerpStatus.CLOSED: "closed: nothing trades; `secant perp settle-market` fixes the price of all positions",
    PerpStatus.SETTLED: "settled: losers pay now, `secant perp settle`; until winners are paid, positions"
    " require what opening them would",
    PerpStatus.PAYING: "paying: `secant perp settle` pays winners too",
}
_FEED_CLOSED = ", which is closed: prices and sizes are in its units"


@perps.command("list")
def list_perps(context: typer.Context) -> None:
    """Perpetuals of the exchange, brought up to date."""
    views = with_client(context, lambda client: client.perps(), signs=False)
    if answer(context, views):
        return
    table(
        (
            "name",
            "index",
            "mark",
            "basis",
            "funding a day",
            "a year",
            "open",
            "value",
            "leverage",
            "status",
            "price",
        ),
        [
            (
                view.name,
                view.index,
                view.mark,
                view.basis,
                _percent(view.funding.day),
                _percent(view.funding.year),
                view.open_size,
                view.open_value,
                f"{plain(view.tiers[0].leverage)}x",
                view.status,
                _fitness(view),
            )
            for view in views
        ],
        empty="no perpetuals",
    )


@perps.command("show")
def show_perp(context: typer.Context, market: Perp) -> None:
    """A perpetual's prices, funding, what is open, what it requires and what it allows."""

    async def work(client: Client) -> tuple[PerpView, ExchangeView]:
        return await client.perp(market), client.exchange

    view, exchange = with_client(context, work, signs=False)
    if answer(context, {**fields(view), "exchange_paused": exchange.paused}):
        return
    trades = view.status in {PerpStatus.OPEN, PerpStatus.CLOSING}
    facts(
        [
            ("perpetual", f"{view.name} at {view.address}"),
            ("follows", f"feed {view.feed}{'' if view.exponent is not None else _FEED_CLOSED}"),
            ("status", _STATUSES[view.status]),
            *(_price_facts(view) if trades else []),
            ("open", f"{amount(view.open_size)} ({view.open_lots:,} lots), worth {amount(view.open_value)}"),
            ("pool", f"{amount(view.pool)}, fees {amount(view.fees)}"),
            (
                "insurance",
                (
                    f"{amount(view.insurance)}, of which {_share(view.rules.insurance_day)} pays in a day;"
                    f" winners have borne {amount(view.haircuts)} in all"
                ),
            ),
            ("fees", f"taker {_percent(view.taker_fee)}, of which makers get {_percent(view.maker_rebate)}"),
            ("tick and lot", f"{view.tick_size:f} and {view.lot_size:f}"),
            ("least order", amount(view.limits.min_order)),
            *(_rule_facts(view) if trades else []),
            (
                "at most",
                (
                    f"{amount(view.limits.position)} an account, {amount(view.limits.open)} in all;"
                    f" profits of {amount(view.limits.profits_hour)} an hour"
                ),
            ),
            ("paused", _paused(view, exchange)),
            *_end_facts(view),
            ("as of", view.updated),
        ]
    )
    if trades:
        _tiers_table(view)


def _tiers_table(view: PerpView) -> None:
    table(
        ("from value", "leverage", "to open", "to keep"),
        [
            (tier.from_value, f"{plain(tier.leverage)}x", _percent(tier.initial), _percent(tier.maintenance))
            for tier in view.tiers
        ],
    )


def _price_facts(view: PerpView) -> list[tuple[str, object]]:
    last = "" if view.last is None else f", last trade {amount(view.last)}"
    return [
        ("index", f"{amount(view.index)}, five-minute average {amount(view.average)}"),
        ("mark", f"{amount(view.mark)}, basis {view.basis:+,f}{last}"),
        ("price", _fitness(view)),
        *_funding_facts(view),
    ]


def _rule_facts(view: PerpView) -> list[tuple[str, object]]:
    """What its rules allow while it trades."""
    rules, limits = view.rules, view.limits
    near = _distance(rules.near, rules.near_price)
    shock = _distance(rules.shock, rules.shock_price)
    premium = f", and {rules.size_premium_ppb:,} ppb for each root of lots" if rules.size_premium_ppb else ""
    reward = f"{_share(rules.reward)} to {_share(rules.reward_max)}"
    return [
        (
            "trades",
            f"from {amount(limits.price_min)} to {amount(limits.price_max)} by the mark now: within {near}",
        ),
        (
            "opens",
            f"by readings of the last {limits.stale_s} s, within {shock} of the five-minute average{premium}",
        ),
        (
            "liquidation",
            (
                f"reward {reward}, insurance {_share(rules.insurance_fee)}; whole if worth less than"
                f" {amount(rules.dust_value)} after it"
            ),
        ),
    ]


def _distance(share: Decimal, price: Decimal) -> str:
    """A band: a share, a price, or both."""
    parts = [*([_share(share)] if share else []), *([amount(price)] if price else [])]
    return " and ".join(parts) or "0"


def _paused(view: PerpView, exchange: ExchangeView) -> str:
    """What is paused here, and on the whole exchange."""
    everywhere = f"on the whole exchange: {', '.join(exchange.paused)}" if exchange.paused else ""
    return "; ".join(filter(None, [", ".join(view.paused), everywhere])) or "nothing"


@perps.command("book")
def show_book(
    context: typer.Context,
    market: Perp,
    depth: Annotated[int, typer.Option(min=1, max=2_048, help="How many prices of a side.")] = 10,
) -> None:
    """The prices of a perpetual's book, with the value from the best price down to each."""
    view = with_client(context, lambda client: client.perp_book(market), signs=False)
    if answer(context, view):
        return
    rows = [("sell", each.price, each.size, each.orders, each.depth) for each in reversed(view.asks[:depth])]
    rows += [("buy", each.price, each.size, each.orders, each.depth) for each in view.bids[:depth]]
    table(("side", "price", "size", "orders", "value down to here"), rows, empty="no orders")
    _say_spread(view)


@perps.command("funding")
def show_funding(
    context: typer.Context,
    market: Perp,
    *,
    update: Annotated[
        bool, typer.Option("--update", help="Bring the market up to date on chain first. Anyone may.")
    ] = False,
) -> None:
    """What longs pay shorts: at present, a year, and in the next hour by what this one has shown."""

    async def work(client: Client) -> PerpView:
        if update:
            await client.update_perp(market)
        return await client.perp(market)

    view = with_client(context, work, signs=update)
    if not answer(context, view.funding):
        facts(_funding_facts(view))


def _funding_facts(view: PerpView) -> list[tuple[str, object]]:
    funding = view.funding
    payer = (
        "longs pay shorts" if funding.day > 0 else "shorts pay longs" if funding.day < 0 else "nobody pays"
    )
    now = f"{_percent(funding.day)} a day, {_percent(funding.hour)} an hour, {_percent(funding.year)} a year"
    later = (
        f"{_percent(funding.predicted_day)} a day by what this hour has shown, from {moment(funding.next)}"
    )
    most = f"at most {_percent(funding.max_day)}"
    return [("funding", f"{now}: {payer}"), ("next hour", f"{later}; {most}")]


def _end_facts(view: PerpView) -> list[tuple[str, object]]:
    lines: list[tuple[str, object]] = []
    if view.face is not None:
        lines.append(("face", f"{amount(view.face)}: insurance covers what a jump could cost"))
    if view.new_rules is not None:
        lines.append(("new rules", f"may come into force from {moment(view.new_rules)}:"))
        lines += [
            ("", f"{each.rule}: {_number(each.before)} -> {_number(each.after)}")
            for each in view.rule_changes
        ]
    if view.closes is not None:
        settled = (
            ""
            if view.settlement is None
            else f", settled at {amount(view.settlement)}, pays winners from {moment(view.pays)}"
        )
        lines.append(("closes", f"{moment(view.closes)}: {view.status}{settled}"))
    return lines


def _number(value: int | None) -> str:
    return "none" if value is None else f"{value:,}"


def _fitness(view: PerpView) -> str:
    if view.status not in {PerpStatus.OPEN, PerpStatus.CLOSING}:
        return "—" if view.settlement is None else f"settled at {amount(view.settlement)}"
    return view.quality.why or "good"


def _share(share: Decimal) -> str:
    return f"{plain(share * 100)} %"


def _percent(share: Decimal) -> str:
    return f"{share:.4%}"


def _say_spread(view: PerpBookView) -> None:
    if view.spread is not None:
        say(f"spread {amount(view.spread)}")
