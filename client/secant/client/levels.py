"""The orders that make a book show certain levels: pure, from what stands and what is wanted."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from secant.errors import InputError
from secant.units import (
    TICKS_PER_UNIT,
    ask_ticks_up,
    bid_ticks_down,
    lots_down,
    price_of,
    shares_of,
)

from .results import Side

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from decimal import Decimal

    from secant.units import Number

__all__ = [
    "LEVEL_ORDERS_MAX",
    "LevelChanges",
    "LevelKey",
    "OwnOrder",
    "RoundedOrder",
    "level_changes",
    "rounded_order",
    "slid_levels",
    "summed",
]

# Orders that may stand for one level: each growth of a level adds one, each would cost a cancellation later.
LEVEL_ORDERS_MAX: Final = 4


@dataclass(frozen=True, slots=True)
class RoundedOrder:
    """A price and a size that an order can have.

    Attributes:
        side: Whether it buys or sells.
        price_ticks: The price in ticks of 0.0001, 1 to 9,999.
        lots: The size in lots of 0.01 shares, at least 1.
    """

    side: Side
    price_ticks: int
    lots: int

    @property
    def price(self) -> Decimal:
        """The price as `place_order` takes it."""
        return price_of(self.price_ticks)

    @property
    def shares(self) -> Decimal:
        """The size as `place_order` takes it."""
        return shares_of(self.lots)


def rounded_order(side: Side | str, price: Number, shares: Number) -> RoundedOrder:
    """Any price and size, rounded to what an order can have, never to its owner's harm.

    A bid's price is rounded down and an ask's up, to 0.0001; the size down, to 0.01 shares.

    Raises:
        UnitError: a float, no number, or nothing is left: a price outside 0.0001 to 0.9999 or a size under
            0.01 shares once rounded.
        InputError: no such side.
    """
    if side not in tuple(Side):
        raise InputError(f"no side {side!r}", f"use one of {', '.join(Side)}")
    side = Side(side)
    price_ticks = bid_ticks_down(price) if side is Side.BUY else ask_ticks_up(price)
    return RoundedOrder(side, price_ticks, lots_down(shares))


class LevelKey(NamedTuple):
    """A price on a side of a book, in the book's own outcome."""

    side: Side
    price_ticks: int


@dataclass(frozen=True, slots=True)
class OwnOrder:
    """An order of one's own that rests.

    Attributes:
        order_id: Its number; of two at a price, the lower one stands before the other.
        level: Where it rests.
        lots: What is open of it.
        stands: Whether it may stay: it has not expired, and expires when it should.
        place: Where it lay in the book when it was read.
    """

    order_id: int
    level: LevelKey
    lots: int
    stands: bool
    place: int


@dataclass(frozen=True, slots=True)
class LevelChanges:
    """What makes a book show the levels wanted.

    Attributes:
        kept: Orders that stay as they are, with their priority.
        cancelled: Orders that go.
        placed: Lots to be placed by level, bids first, the best of a side first.
    """

    kept: tuple[OwnOrder, ...]
    cancelled: tuple[OwnOrder, ...]
    placed: Mapping[LevelKey, int]


def level_changes(
    own: Sequence[OwnOrder], wanted: Mapping[LevelKey, int], *, lots_min: int = 1
) -> LevelChanges:
    """The cancellations and placements after which exactly the levels wanted stand.

    At a level of the right size nothing changes. One that must grow keeps its orders and gets one more for
    the difference; one that must shrink keeps its oldest orders as far as they fit into it, cancels the
    others and gets one order for the rest, as no order can shrink in its place. At most `LEVEL_ORDERS_MAX`
    orders stand for a level: beyond that its youngest become one.

    Args:
        own: One's own orders in the book.
        wanted: Lots by level.
        lots_min: Least lots of an order that rests.

    Raises:
        InputError: a bid is not below every ask, or a level has less than the book's least order.
    """
    _check_uncrossed(wanted)
    _check_sizes(wanted, lots_min)
    standing: dict[LevelKey, list[OwnOrder]] = defaultdict(list)
    for order in sorted(own, key=lambda order: order.order_id):
        if order.stands and order.level in wanted:
            standing[order.level].append(order)
    kept: list[OwnOrder] = []
    placed: dict[LevelKey, int] = {}
    for level, lots in sorted(wanted.items(), key=lambda item: _from_the_best(item[0])):
        stays, missing = _kept_at(standing[level], lots, lots_min)
        kept += stays
        if missing:
            placed[level] = missing
    kept_ids = {order.order_id for order in kept}
    cancelled = tuple(order for order in own if order.order_id not in kept_ids)
    return LevelChanges(tuple(kept), cancelled, placed)


def slid_levels(
    wanted: Mapping[LevelKey, int], best_bid_ticks: int | None, best_ask_ticks: int | None
) -> dict[LevelKey, int]:
    """Levels as they rest once none of them takes from others; those that slide to one price become one.

    Args:
        wanted: Lots by level.
        best_bid_ticks: The best bid of others; None without.
        best_ask_ticks: The best ask of others; None without.

    Raises:
        InputError: a bid is not below every ask, or an order would slide off the prices there are.
    """
    _check_uncrossed(wanted)
    bid_max = TICKS_PER_UNIT if best_ask_ticks is None else best_ask_ticks - 1
    ask_min = 0 if best_bid_ticks is None else best_bid_ticks + 1
    if any(bid_max < 1 if side is Side.BUY else ask_min >= TICKS_PER_UNIT for side, _ in wanted):
        raise InputError(
            "others have taken the last price of the other side: an order would trade with them",
            "quote one side only",
        )
    return summed(
        (
            LevelKey(side, min(price_ticks, bid_max) if side is Side.BUY else max(price_ticks, ask_min)),
            lots,
        )
        for (side, price_ticks), lots in wanted.items()
    )


def summed(levels: Iterable[tuple[LevelKey, int]]) -> dict[LevelKey, int]:
    """Lots by level; those at one price become one level."""
    total: dict[LevelKey, int] = defaultdict(int)
    for level, lots in levels:
        total[level] += lots
    return dict(total)


def _check_uncrossed(wanted: Mapping[LevelKey, int]) -> None:
    bids = [price_ticks for side, price_ticks in wanted if side is Side.BUY]
    asks = [price_ticks for side, price_ticks in wanted if side is Side.SELL]
    if bids and asks and max(bids) >= min(asks):
        raise InputError(
            f"the quotes cross: a bid at {price_of(max(bids))} and an ask at {price_of(min(asks))}",
            "bid below every ask, by at least 0.0001",
        )


def _check_sizes(wanted: Mapping[LevelKey, int], lots_min: int) -> None:
    for level, lots in wanted.items():
        if lots < lots_min:
            raise InputError(
                f"{shares_of(lots)} shares at {price_of(level.price_ticks)} are too few to rest in this book",
                f"quote at least {shares_of(lots_min)}",
            )


def _kept_at(oldest_first: Sequence[OwnOrder], lots: int, lots_min: int) -> tuple[list[OwnOrder], int]:
    """The orders of a level that stay, and the lots that are then missing."""
    stays: list[OwnOrder] = []
    missing = lots
    for order in oldest_first:
        if order.lots <= missing:
            stays.append(order)
            missing -= order.lots
    # What is missing becomes an order of its own: it must be large enough, and not one too many.
    while stays and (0 < missing < lots_min or len(stays) + bool(missing) > LEVEL_ORDERS_MAX):
        missing += stays.pop().lots
    return stays, missing


def _from_the_best(level: LevelKey) -> tuple[bool, int]:
    is_ask = level.side is Side.SELL
    return is_ask, level.price_ticks if is_ask else -level.price_ticks
