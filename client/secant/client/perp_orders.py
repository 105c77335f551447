"""Orders of perpetuals as they are asked for, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from secant import exchange
from secant.errors import InputError
from secant.units import PERP_TICKS_MAX, PerpScale, collateral_of

from .orders import ORDER_KINDS, SELF_TRADES, OrderKind, SelfTrade, order_price_ticks
from .perp_views import share_of
from .requests import CLIENT_ID_MAX, MEETS_MAX, choice, wire_side
from .results import Side
from .session import emitted

if TYPE_CHECKING:
    from solders.pubkey import Pubkey
    from solders.signature import Signature

    from secant.chain import Landed, Simulated
    from secant.units import Number

    from .perp_results import PerpHealth
    from .perp_state import PerpState

__all__ = ["PerpOrder", "PerpOrderReceipt", "PerpQuote", "average_price", "perp_receipt"]

_PRICE_STEP: Final = Decimal("0.000001")  # of a tick


@dataclass(frozen=True, slots=True)
class PerpOrderReceipt:
    """What became of an order. What it costs is the position's: no cash moves until that is settled.

    Attributes:
        signature: The transaction; None for one that was only quoted.
        market: The perpetual.
        side: Whether it buys or sells.
        order_id: Number of what rests; None if nothing does.
        filled: Base units that traded.
        value: At the prices they traded at, before fees.
        price: Their average price, before fees; None if nothing traded.
        fee: The fee.
        rested: Base units that rest.
        resting_price: At which price; None if nothing rests.
        dropped: Numbers of orders that left the book on the way: own ones it met, expired and evicted ones.
        missing: Base units of it that neither traded nor rest; those of a trigger order go on waiting.
        why: Why they do not; empty if nothing is missing.
        remedy: What to do about it; empty if nothing is missing.
    """

    signature: Signature | None
    market: Pubkey
    side: Side
    order_id: int | None
    filled: Decimal
    value: Decimal
    price: Decimal | None
    fee: Decimal
    rested: Decimal
    resting_price: Decimal | None
    dropped: tuple[int, ...]
    missing: Decimal = Decimal(0)
    why: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class PerpQuote:
    """What an order would do now.

    Attributes:
        order: What would become of it.
        before: Where the account stands.
        after: Where it would stand: what would be left, at which leverage, and where it would be liquidated.
    """

    order: PerpOrderReceipt
    before: PerpHealth
    after: PerpHealth


@dataclass(frozen=True, slots=True)
class PerpOrder:
    """An order of a perpetual, as it is asked for.

    Attributes:
        side: `buy` or `sell`.
        size: Base units.
        price: The worst price it takes, and where it rests; None for a market order.
        kind: What becomes of what it does not take at once; None for `limit`, or `ioc` without a price.
        slippage: How much worse than the mark a market order takes, as a fraction.
        reduce_only: Whether it is cut down to the position that it reduces.
        expires_at: When it stops trading, in Unix seconds; 0 for never.
        self_trade: What happens to own orders that it meets.
        client_id: Your own mark, 0 to 2**64 - 1.
        meets_max: How many resting orders it meets at most, up to 256.
    """

    side: Side | str
    size: Number
    price: Number | None
    kind: OrderKind | str | None
    slippage: Number
    reduce_only: bool
    expires_at: int
    self_trade: SelfTrade | str
    client_id: int
    meets_max: int

    def request(self, state: PerpState) -> exchange.OrderRequest:
        """The order as a market knows it.

        Raises:
            UnitError: a price off the tick, or a size off the lot.
            InputError: an argument is not valid.
        """
        if isinstance(self.client_id, bool) or not 0 <= self.client_id <= CLIENT_ID_MAX:
            raise InputError(f"no client id {self.client_id!r}", "use 0 to 2**64 - 1")
        if isinstance(self.meets_max, bool) or not 0 <= self.meets_max <= MEETS_MAX:
            raise InputError(
                f"an order cannot meet {self.meets_max!r} others", f"use a meets_max of 0 to {MEETS_MAX}"
            )
        side, kind = choice(Side, self.side, "side"), self._kind()
        return exchange.OrderRequest(
            client_id=self.client_id,
            lots=self._lots(state),
            expires_at=self.expires_at,
            price_ticks=self._price_ticks(state, side),
            meets_max=self.meets_max,
            side=wire_side(side, mirrored=False),
            kind=ORDER_KINDS[kind],
            self_trade=SELF_TRADES[choice(SelfTrade, self.self_trade, "self-trade rule")],
            reduce_only=self.reduce_only,
        )

    def _kind(self) -> OrderKind:
        if self.kind is None:
            return OrderKind.LIMIT if self.price is not None else OrderKind.IMMEDIATE_OR_CANCEL
        kind = choice(OrderKind, self.kind, "kind")
        at_once = {OrderKind.IMMEDIATE_OR_CANCEL, OrderKind.FILL_OR_KILL}
        if self.price is None and kind not in at_once:
            raise InputError(f"a {kind} order needs a price", "give one, or use ioc or fok")
        return kind

    def _lots(self, state: PerpState) -> int:
        most = state.stored.rules.position_max_lots
        lots = state.scale.lots_of(self.size, most_lots=most)
        if lots > most:
            raise InputError(
                f"an account holds at most {state.scale.size_of(most):,f} of {state.name}", "order less"
            )
        return lots

    def _price_ticks(self, state: PerpState, side: Side) -> int:
        if self.price is not None:
            return state.scale.ticks_of(self.price)
        buys = side is Side.BUY
        ticks = state.scale.limit_ticks(state.stored.mark_ticks, self.slippage, buys=buys)
        return min(ticks, PERP_TICKS_MAX)


def perp_receipt(
    done: Landed | Simulated, state: PerpState, side: Side, signature: Signature | None
) -> PerpOrderReceipt:
    """What the log says of the one order of a transaction.

    Raises:
        ResultUnavailable: it says nothing of it.
    """
    changed = emitted(done, exchange.BookChanged)
    (placed,) = changed.placed
    scale, order_id = state.scale, placed.order_id or None
    price = None
    if placed.filled_lots:
        price = average_price(placed, scale)
    return PerpOrderReceipt(
        signature=signature,
        market=state.address,
        side=side,
        order_id=order_id,
        filled=scale.size_of(placed.filled_lots),
        value=collateral_of(placed.paid_atoms),
        price=price,
        fee=collateral_of(placed.fee_atoms),
        rested=scale.size_of(placed.rested_lots),
        resting_price=None if order_id is None else scale.price_of(order_price_ticks(order_id)),
        dropped=tuple(row.order_id for row in changed.dropped),
    )


def average_price(placed: exchange.PlacedOrder, scale: PerpScale) -> Decimal:
    """What an order that traded paid or got on average, before fees, with at least the tick's decimals."""
    mean = share_of(placed.paid_atoms, placed.filled_lots, _PRICE_STEP) * scale.tick_size
    on_tick = mean.quantize(scale.price_of(1))
    return on_tick if mean == on_tick else mean.normalize()
