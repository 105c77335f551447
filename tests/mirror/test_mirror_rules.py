"""Each rule of the mirror, on a book of the real program."""

from __future__ import annotations

from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING

import pytest
from mirrored_book import UNITS_MAX, Levels, MirroredBook

from secant import exchange
from secant.client import Side
from secant.units import price_of, shares_of
from secant_keeper.mirror import LEVELS_MAX, mirror
from secant_keeper.venues import Depth, Level
from world import RefusedError, order

if TYPE_CHECKING:
    from secant_keeper.mirror import Replacement

Sides = dict[int, int]


def depth(bids: Sides, asks: Sides) -> Depth:
    """A depth of lots by ticks."""
    return Depth(
        "market",
        None,
        tuple(Level(*level) for level in sorted(bids.items(), reverse=True)),
        tuple(Level(*level) for level in sorted(asks.items())),
    )


def levels(bids: Sides, asks: Sides) -> Levels:
    first, second = (
        {price_of(ticks): shares_of(lots) for ticks, lots in side.items()} for side in (bids, asks)
    )
    return Levels(first, second)


def test_a_level_is_one_post_only_order() -> None:
    book = MirroredBook()
    assert book.show(depth({4_500: 700, 4_000: 1}, {5_500: 300})) == 1
    assert book.levels == levels({4_500: 700, 4_000: 1}, {5_500: 300})
    ((_, requests),) = mirror(depth({4_500: 700}, {5_500: 300}), ())
    assert {request.kind for request in requests} == {exchange.ORDER_POST_ONLY}
    assert not any(request.expires_at or request.reduce_only for request in requests)


def test_levels_that_stay_keep_their_orders() -> None:
    book = MirroredBook()
    book.show(depth({4_500: 700, 4_000: 100}, {5_500: 300, 6_000: 100}))
    ids = {(order.side, order.price): order.id for order in book.orders}
    assert book.show(depth({4_500: 700, 4_000: 200}, {5_500: 300})) == 1
    kept = {(order.side, order.price): order.id for order in book.orders if order.id in ids.values()}
    assert kept == {
        level: ids[level] for level in ((Side.BUY, Decimal("0.45")), (Side.SELL, Decimal("0.55")))
    }
    assert book.levels == levels({4_500: 700, 4_000: 200}, {5_500: 300})
    assert book.show(depth({4_500: 700, 4_000: 200}, {5_500: 300})) == 0


def test_an_order_taken_in_part_is_made_whole() -> None:
    book = MirroredBook()
    shown = depth({4_500: 700}, {5_500: 300})
    book.show(shown)
    taker = book.world.new_user(10**9, 10**9)
    book.send(book.world.place(taker, book.event, book.address, order(exchange.SIDE_BID, 5_500, 100)))
    book.refresh()
    assert book.levels == levels({4_500: 700}, {5_500: 200})
    assert book.show(shown) == 1
    assert book.levels == levels({4_500: 700}, {5_500: 300})


def test_of_several_orders_at_a_level_one_stays() -> None:
    book = MirroredBook()
    for lots in (100, 300, 300):
        request = order(exchange.SIDE_ASK, 5_500, lots)
        book.send(book.world.place(book.maker, book.event, book.address, request))
    book.refresh()
    stays = next(order for order in book.orders if order.shares == 3)
    book.show(depth({}, {5_500: 300}))
    assert [order.id for order in book.orders] == [stays.id]


@pytest.mark.parametrize("ask", [5_000, 4_800])
def test_levels_that_lock_or_cross_are_left_out_on_both_sides(ask: int) -> None:
    book = MirroredBook()
    book.show(depth({4_500: 700, 4_400: 600}, {5_500: 300}))
    shown = depth({5_000: 100, 4_900: 100, 4_500: 700}, {ask: 100, 5_500: 300})
    assert shown.is_crossed
    assert not shown.uncrossed().is_crossed
    book.show(shown)
    below = {price: lots for price, lots in {4_900: 100, 4_500: 700}.items() if price < ask}
    assert book.levels == levels(below, {5_500: 300})


def test_levels_below_the_books_least_lots_are_left_out() -> None:
    book = MirroredBook(lots_min=100)
    book.show(depth({4_500: 99, 4_400: 100}, {5_500: 1, 5_600: 101}))
    assert book.levels == levels({4_400: 100}, {5_600: 101})


def test_only_the_best_levels_are_shown() -> None:
    book = MirroredBook()
    shown = depth(dict.fromkeys(range(4000, 4010), 10), {5_500: 10})
    book.show(shown, levels_max=2)
    assert book.levels == levels({4_009: 10, 4_008: 10}, {5_500: 10})
    book.show(depth({4_009: 10}, {}), levels_max=2)
    assert book.levels == levels({4_009: 10}, {})


def test_a_large_change_takes_several_transactions_that_never_cross() -> None:
    book = MirroredBook(room=400)
    low = dict.fromkeys(range(2000, 2200), 100), dict.fromkeys(range(2300, 2500), 100)
    high = dict.fromkeys(range(7000, 7200), 200), dict.fromkeys(range(7300, 7500), 200)
    assert book.show(depth(*low)) == 16
    before, after = levels(*low), levels(*high)
    landed: list[Replacement] = []

    def meanwhile(replacement: Replacement) -> None:
        landed.append(replacement)
        now = book.levels
        assert any(
            now.bids.items() <= whole.bids.items() and now.asks.items() <= whole.asks.items()
            for whole in (before, after)
        )

    assert book.show(depth(*high), meanwhile=meanwhile) == len(landed) == 22
    assert [len(replacement.cancellations) for replacement in landed][:7] == [75, 75, 75, 75, 75, 25, 0]
    assert book.levels == after
    # The best of both sides come first.
    first = next(replacement for replacement in landed if replacement.requests)
    assert [request.price_ticks for request in first.requests[:4]] == [7_199, 7_300, 7_198, 7_301]
    assert book.units_max < UNITS_MAX


def test_an_order_of_another_that_crosses_refuses_the_change_whole() -> None:
    book = MirroredBook()
    other = book.world.new_user(10**9, 10**9)
    book.show(depth({4_000: 100}, {6_000: 100}))
    book.send(book.world.place(other, book.event, book.address, order(exchange.SIDE_ASK, 4_400, 100)))
    with pytest.raises(RefusedError, match="OrderWouldTake"):
        book.show(depth({4_500: 100}, {6_000: 100}))
    book.refresh()
    assert book.levels == levels({4_000: 100}, {4_400: 100, 6_000: 100})


def test_limits_out_of_range() -> None:
    for lots_min, levels_max in ((0, 1), (1, 0), (1, LEVELS_MAX + 1)):
        with pytest.raises(ValueError, match="use 1 to 1024 levels of at least 1 lot"):
            mirror(depth({}, {}), (), lots_min=lots_min, levels_max=levels_max)


def test_any_depth_after_any_other() -> None:
    """Depths as they come, crossed ones among them, beside the rules written down once more."""
    random, book = Random(4), MirroredBook(lots_min=3, room=100)
    crossed = 0
    for _ in range(300):
        bids, asks = (
            {random.randrange(low, high): random.randrange(1, 12) for _ in range(random.randrange(40))}
            for low, high in ((1, 60), (50, 120))
        )
        shown = depth(bids, asks)
        crossed += shown.is_crossed
        book.show(shown, levels_max=20)
        top, bottom = (max(bids), min(asks)) if shown.is_crossed else (0, 10_000)
        kept_bids = sorted(ticks for ticks, lots in bids.items() if lots >= 3 and ticks < bottom)[-20:]
        kept_asks = sorted(ticks for ticks, lots in asks.items() if lots >= 3 and ticks > top)[:20]
        assert book.levels == levels(
            {ticks: bids[ticks] for ticks in kept_bids}, {ticks: asks[ticks] for ticks in kept_asks}
        )
    assert 50 < crossed < 250
