"""Orders as they are asked for: checked, where what is allowed can be said, and as a book knows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from secant import exchange
from secant.errors import InputError
from secant.units import lots_of, order_ticks_of, shares_of

from .orders import ORDER_KINDS, SELF_TRADES, OrderKind, SelfTrade, mirrored_ticks
from .results import Side
from .views import moment_text, seconds_of

if TYPE_CHECKING:
    from datetime import datetime

    from secant.units import Number

__all__ = [
    "CLIENT_ID_MAX",
    "LOTS_MAX",
    "MEETS_MAX",
    "choice",
    "expiry_of",
    "order_lots",
    "order_request",
    "require_future",
    "wire_side",
]

_Choice = TypeVar("_Choice", Side, OrderKind, SelfTrade)

# No IDL tells these two: tests hold them against the program.
LOTS_MAX: Final = 500_000_000_000
MEETS_MAX: Final = 256
CLIENT_ID_MAX: Final = 2**64 - 1
_EXPIRY_MAX: Final = 2**32 - 1


def order_request(
    *,
    side: Side,
    shares: Number,
    price: Number,
    kind: OrderKind | str,
    self_trade: SelfTrade | str,
    meets_max: int,
    mirrored: bool,
    reduce_only: bool,
    client_id: int = 0,
    expires_at: int = 0,
) -> exchange.OrderRequest:
    """An order as its book knows it, or as that of the other of two outcomes does if `mirrored`.

    Raises:
        UnitError, InputError: a number or a rule is not valid.
    """
    if isinstance(client_id, bool) or not 0 <= client_id <= CLIENT_ID_MAX:
        raise InputError(f"no client id {client_id!r}", "use 0 to 2**64 - 1")
    if isinstance(meets_max, bool) or not 0 <= meets_max <= MEETS_MAX:
        raise InputError(f"an order cannot meet {meets_max!r} others", f"use a meets_max of 0 to {MEETS_MAX}")
    price_ticks = order_ticks_of(price)
    return exchange.OrderRequest(
        client_id=client_id,
        lots=order_lots(lots_of(shares)),
        expires_at=expires_at,
        price_ticks=mirrored_ticks(price_ticks) if mirrored else price_ticks,
        meets_max=meets_max,
        side=wire_side(side, mirrored=mirrored),
        kind=ORDER_KINDS[choice(OrderKind, kind, "kind")],
        self_trade=SELF_TRADES[choice(SelfTrade, self_trade, "self-trade rule")],
        reduce_only=reduce_only,
    )


def order_lots(lots: int) -> int:
    """The lots of an order.

    Raises:
        InputError: they are too many for one.
    """
    if lots > LOTS_MAX:
        raise InputError(
            f"no order is for {shares_of(lots):,f} shares", f"use at most {shares_of(LOTS_MAX):,f}"
        )
    return lots


def expiry_of(expires: datetime | int | None) -> int:
    """When an order stops trading, in Unix seconds; 0 for never.

    Raises:
        InputError: no time, or one that no order can have.
    """
    if expires is None:
        return 0
    expires_at = seconds_of(expires, "expiry")
    if not 0 < expires_at <= _EXPIRY_MAX:
        raise InputError(
            f"no order expires at {moment_text(expires_at)}",
            f"use a time in the future, up to {moment_text(_EXPIRY_MAX)}, or none",
        )
    return expires_at


def require_future(expires_at: int, now: int) -> None:
    """Refuses an expiry that has come.

    Raises:
        InputError: it has.
    """
    if 0 < expires_at <= now:
        raise InputError(
            f"the expiry {moment_text(expires_at)} is not in the future",
            f"use a later time: the chain's clock says {moment_text(now)}",
        )


def wire_side(side: Side, *, mirrored: bool) -> int:
    """A side as the book of the outcome knows it, or of the other of two if `mirrored`."""
    return exchange.SIDE_BID if (side is Side.BUY) != mirrored else exchange.SIDE_ASK


def choice(kind: type[_Choice], value: str, name: str) -> _Choice:
    """One of a kind's values, given as text in any case.

    Raises:
        InputError: it is none of them.
    """
    try:
        return kind(value.casefold())
    except ValueError:
        raise InputError(f"no {name} {value!r}", f"use one of {', '.join(kind)}") from None
