"""Commands about where accounts stand: positions, health, clusters of liquidations, and taking over."""

from decimal import Decimal
from typing import Annotated

import typer

from secant.client import (
    Client,
    LiquidationReceipt,
    PerpCluster,
    PerpCrowd,
    PerpHealth,
    PerpPosition,
    PerpStatus,
)

from .output import amount, answer, facts, moment, plain, say, table
from .perp_order import AnyOwner, Perp
from .settings import address_in, with_client

__all__ = ["standing"]

standing = typer.Typer()

_BAR = 30


@standing.command("position")
def list_positions(context: typer.Context, owner: AnyOwner = None) -> None:
    """An account's positions in perpetuals, what its orders brought included.

    Break-even and profit count from where the position was last settled: settling moves profit or loss into
    the cash, and the break-even to the mark.
    """
    of = address_in(owner, "--owner")
    view = with_client(context, lambda client: client.perp_health(owner=of), signs=of is None)
    if not answer(context, view.positions):
        _positions_table(view)


@standing.command("health")
def show_health(context: typer.Context, owner: AnyOwner = None) -> None:
    """What an account is worth, what its perpetuals require, and at which price each ends."""
    of = address_in(owner, "--owner")
    view = with_client(context, lambda client: client.perp_health(owner=of), signs=of is None)
    if answer(context, view):
        return
    ratio = "—" if view.margin_ratio is None else f"{view.margin_ratio:.2%} (liquidated above 100%)"
    facts(
        [
            ("account", view.account),
            ("equity", f"{amount(view.equity)}, free {amount(view.free)}"),
            ("to open", f"{amount(view.initial)} required, {amount(view.initial_surplus)} left"),
            ("to keep", f"{amount(view.maintenance)} required, {amount(view.maintenance_surplus)} left"),
            ("may leave", view.withdrawable),
            ("margin ratio", ratio),
            ("leverage", "—" if view.leverage is None else f"{plain(view.leverage)}x"),
            *([("", "anyone may take its positions over")] if view.is_liquidatable else []),
        ]
    )
    _positions_table(view)


@standing.command("clusters")
def show_clusters(
    context: typer.Context,
    market: Perp,
    bucket: Annotated[
        str, typer.Option(help="How wide a range of prices is, as a share of the mark.")
    ] = "0.01",
) -> None:
    """Longs against shorts, and the value of positions by the price that liquidates them."""
    crowd = with_client(context, lambda client: client.perp_crowd(market, bucket=bucket), signs=False)
    if answer(context, crowd):
        return
    facts(
        [
            ("mark", crowd.mark),
            ("accounts", f"{crowd.longs:,} long, {crowd.shorts:,} short{_ratio(crowd.ratio_by_accounts)}"),
            (
                "size",
                (
                    f"{amount(crowd.size)} either way; a long holds {_mean(crowd.long_mean, crowd.size)} on"
                    f" average, a short {_mean(crowd.short_mean, crowd.size)}"
                ),
            ),
            ("never liquidated", f"{amount(crowd.safe_value)} by this market alone"),
        ]
    )
    _clusters_table(crowd)


@standing.command("liquidate")
def liquidate(
    context: typer.Context,
    market: Annotated[str | None, typer.Argument(metavar="[MARKET]", help="The perpetual.")] = None,
    account: Annotated[
        str | None, typer.Argument(metavar="[ACCOUNT]", help="The margin account; lists those there are.")
    ] = None,
    size: Annotated[str | None, typer.Argument(metavar="[SIZE]", help="At most so many.")] = None,
    *,
    resolve: Annotated[
        bool, typer.Option("--resolve", help="Of a bankrupt account, which cannot pay for its liquidation.")
    ] = False,
) -> None:
    """Take over an unhealthy account's position at the mark less a reward; without ACCOUNT, list them."""
    if market is None or account is None:
        _list_unhealthy(context, market)
        return
    address = address_in(account, "ACCOUNT")
    assert address is not None

    async def work(client: Client) -> LiquidationReceipt:
        if resolve:
            return await client.resolve_perp(market, address, size)
        return await client.liquidate_perp(market, address, size)

    receipt = with_client(context, work)
    if answer(context, receipt):
        return
    short = (
        f"; {amount(receipt.shortfall)} was missing, of which the other side bore {amount(receipt.haircut)}"
        if receipt.shortfall
        else ""
    )
    say(
        f"took over {receipt.side} {amount(receipt.size)} at {amount(receipt.price)},"
        f" reward {amount(receipt.reward)}, insurance {amount(receipt.insurance)}{short}"
    )


def _list_unhealthy(context: typer.Context, market: str | None) -> None:
    async def work(client: Client) -> list[PerpHealth]:
        address = None if market is None else (await client.perp(market)).address
        return [
            view
            for view in await client.perp_accounts()
            if view.is_liquidatable
            and (address is None or any(each.market == address for each in view.positions))
        ]

    found = with_client(context, work, signs=False)
    if not answer(context, found):
        table(
            ("account", "equity", "required", "missing", "positions"),
            [
                (
                    view.account,
                    view.equity,
                    view.maintenance,
                    -view.maintenance_surplus,
                    ", ".join(f"{each.side} {amount(each.size)} {each.name}" for each in view.positions),
                )
                for view in found
            ],
            empty="no account can be liquidated",
        )


def _positions_table(view: PerpHealth) -> None:
    table(
        (
            "market",
            "side",
            "size",
            "value",
            "mark",
            "break-even from here",
            "unsettled profit",
            "keeping",
            "liquidated at",
            "orders",
        ),
        [
            (
                each.name,
                each.side,
                each.size,
                each.value,
                each.mark,
                None if each.break_even is None else each.break_even.quantize(Decimal("0.00000001")),
                each.profit,
                each.maintenance,
                each.liquidation_price,
                f"{amount(each.bid_size)} bid, {amount(each.ask_size)} asked",
            )
            for each in view.positions
        ],
        empty="no positions in perpetuals",
    )
    for each in view.positions:
        for remark in _remarks(each):
            say(remark)


def _remarks(position: PerpPosition) -> list[str]:
    """What of a position the table does not show: its market has ended, or it bore debts of others."""
    name, found = position.name, []
    if position.status is PerpStatus.CLOSED:
        found.append(f"{name} has closed: `secant perp settle-market {name}` fixes its price")
    if position.status is PerpStatus.SETTLED:
        paid = f"{name} has settled: losers pay now, winners are paid from {moment(position.pays)} on"
        found.append(f"{paid}, and the position requires until then what opening it would")
    if position.borne or position.returned:
        back = f", {amount(position.returned)} came back" if position.returned else ""
        found.append(
            f"{name} bore {amount(position.borne + position.returned)} of losers' debts{back}: insurance"
            f" returns it as it can, `secant perp return-haircuts {name}`"
        )
    return found


def _mean(size: Decimal, lot: Decimal) -> str:
    """An average size, with the decimals that sizes have."""
    return amount(size.quantize(lot))


def _ratio(ratio: Decimal | None) -> str:
    return "" if ratio is None else f" (long/short {plain(ratio)})"


def _clusters_table(crowd: PerpCrowd) -> None:
    greatest = max((each.long_value + each.short_value for each in crowd.clusters), default=Decimal(0))
    rows = [_cluster_row(each, greatest) for each in reversed(crowd.clusters)]
    at = sum(1 for each in crowd.clusters if each.low > crowd.mark)
    if rows:
        rows.insert(at, (f"mark {amount(crowd.mark)}", None, None, None, ""))
    table(("liquidated from", "longs", "shorts", "accounts", ""), rows, empty="nothing would be liquidated")


def _cluster_row(cluster: PerpCluster, greatest: Decimal) -> tuple[object, ...]:
    """One range of prices with its bar: full blocks are longs, light ones shorts."""

    def bar(value: Decimal, mark: str) -> str:
        return mark * int((value * _BAR / greatest).to_integral_value(rounding="ROUND_CEILING"))

    prices = f"{amount(cluster.low)} to {amount(cluster.high)}"
    drawn = bar(cluster.long_value, "█") + bar(cluster.short_value, "░")
    return prices, cluster.long_value, cluster.short_value, cluster.accounts, drawn
