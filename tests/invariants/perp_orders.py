"""What becomes of orders at perpetuals: who is met, who makes way, what a draw takes out, what reduces."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from account_book import Margin
from invariant import demand
from order_books import price_of
from perp_accounts import (
    BPS,
    Stake,
    ceil_div,
    health_of,
    near_band,
    price_max_ticks,
    unpaid_atoms,
)
from perp_conduct import is_known

from secant import exchange

if TYPE_CHECKING:
    from account_book import AccountBook, Change
    from order_books import OrderBook
    from perp_accounts import Health
    from perp_checks import Landed
    from solders.pubkey import Pubkey

BID, ASK = exchange.SIDE_BID, exchange.SIDE_ASK
DRAWN_RECENTLY_SLOTS = 150
SWEEP_MAX = 256
SIDE_AT = 8 + 26  # after the discriminator, in an order


def changes_at(landed: Landed, book: Pubkey) -> list[exchange.BookChanged]:
    """What an instruction logged of a book; what goes before it in its transaction has other books."""
    changes = [event for event in landed.events() if isinstance(event, exchange.BookChanged)]
    return [event for event in changes if event.book == book]


def placed_atoms(changed: exchange.BookChanged) -> int:
    """The value of what an order took, and of what it rested."""
    taken = sum(row.lots * (row.order_id >> 40) for row in changed.fills)
    return taken + sum(row.rested_lots * (row.order_id >> 40) for row in changed.placed)


def side_of(landed: Landed, changed: exchange.BookChanged) -> int:
    """The side of the order that an instruction placed; a trigger's is opposite to what it took."""
    if landed.name == "execute_trigger":
        return 1 - (changed.fills[0].order_id & 1)
    return bytes(landed.instruction.data)[SIDE_AT]


# Whom an order meets, and who makes way for it


def check_met(
    landed: Landed,
    market: exchange.PerpMarket,
    books: tuple[OrderBook, OrderBook],
    changed: exchange.BookChanged,
    account: Pubkey,
) -> None:
    """Nothing trades further from the mark than the near band, and nobody's order goes without a reason."""
    (old, new), (placed,) = books, changed.placed
    side = side_of(landed, changed)
    low, high = near_band(market, market.mark_ticks)
    high = min(high, price_max_ticks(market.rules))
    for row in changed.fills:
        demand(low <= row.order_id >> 40 <= high, "what trades is near the mark", landed.name, row, market)

    def is_behind(order: exchange.Order) -> bool:
        return price_of(order) > high if order.id & 1 == BID else price_of(order) < low

    own, others = (new.asks, new.bids) if side == ASK else (new.bids, new.asks)
    left = [order for order in others if is_behind(order)]
    full = len(changed.dropped) >= SWEEP_MAX
    demand(not left or full, "what the mark has left behind leaves the book", landed.name, left, market)
    before = {order.id: order for order in old.orders}
    ways = []
    for row in changed.dropped:
        order = before[row.order_id]
        mine = old.seats[order.seat].account == account
        expired = 0 < order.expires_at <= landed.now
        if row.order_id & 1 == side:
            ways.append(order)
            whole = row.lots == order.lots
            demand(whole and placed.rested_lots, "who makes way does for what rests", order, placed)
        else:
            why = mine or expired or is_behind(order)
            demand(why, "others' orders stay", landed.name, order, market)
    if ways:
        demand(len(ways) == 1, "one makes way for one", landed.name, ways)
        rested = next(order for order in own if order.id == placed.order_id)
        check_way(old, ways[0], rested)


def check_way(old: OrderBook, gone: exchange.Order, rested: exchange.Order) -> None:
    """Of a full side the order with the fewest lots makes way for one with more; of equals the worst."""
    side = old.asks[::-1] if gone.id & 1 == ASK else old.bids  # the last to trade first
    demand(len(side) >= old.orders_max // 2, "who makes way is on a full side", gone, old.orders_max, side)
    least = min(side, key=lambda order: order.lots)
    demand(gone.id == least.id, "who has the fewest lots makes way", gone, least)
    demand(gone.lots < rested.lots, "it makes way for one with more", gone, rested)


# What a draw takes out


def check_draw(landed: Landed, ledger: AccountBook, old: OrderBook, by_key: dict[Pubkey, Change]) -> None:
    """The known to be unhealthy lose all orders, the exposed those that raise, anybody the expired alone."""
    account, key = landed.account(0), landed.account(1)
    market, margin = ledger.perps.found[key], ledger.margins.found[account]
    book = ledger.perp_book_of(key)
    assert book is not None
    before, after = old.orders_of(account), {order.id for order in book.orders_of(account)}
    change = by_key.get(account)
    was = margin if change is None else change.old
    assert isinstance(was, Margin)
    drawn = drawn_margin(
        replace(margin, perps={**margin.perps, key: was.perps[key]}), key, market, old, account
    )
    health = health_of(drawn, ledger.perps.found, landed.now)
    known = all(
        landed.slot - leg.drawn_slot <= DRAWN_RECENTLY_SLOTS
        for place, leg in margin.perps.items()
        if place != key and leg.seat
    )
    live = [order for order in before if not 0 < order.expires_at <= landed.now]
    if 0 < market.close_time <= landed.now or (known and health.maintenance_surplus < 0):
        live = []
    elif known and health.exposed_surplus < 0:
        leg = drawn.perps[key]
        side, lots = (BID, leg.bid_lots) if leg.position_lots < 0 else (ASK, leg.ask_lots)
        reduces = lots <= abs(leg.position_lots)
        live = [order for order in live if reduces and order.id & 1 == side]
    kept = {order.id for order in live}
    demand(kept <= after, "nobody cancels what is backed", account, health, known, kept - after)
    if len(before) <= SWEEP_MAX:
        demand(after <= kept, "what nothing backs is cancelled", account, health, known, after - kept)


# What reduces


def check_reduction(
    landed: Landed,
    ledger: AccountBook,
    change: Change,
    old: OrderBook,
    cost_max_atoms: int,
) -> None:
    """What reduces leaves an account no worse, or nearer to health for what a takeover costs; no debt.

    So it is as it stands, and so it is once all that rests on the side that reduces is filled.
    """
    key = landed.market
    margin, new = change.old, ledger.margins.found[change.key]
    assert key is not None
    assert isinstance(margin, Margin)
    market = ledger.perps.found[key]
    # Its other legs are as they are now: what goes before it in its transaction draws them.
    margin = replace(margin, perps={**new.perps, key: margin.perps[key]})
    found = [drawn_margin(margin, key, market, old, change.key), new]
    known = is_known(landed, ledger, change.key)
    elsewhere = health_of(new, ledger.perps.found, landed.now, apart=key)
    for before, after in (found, [reduced(each, key, market) for each in found]):
        healths = [health_of(each, ledger.perps.found, landed.now) for each in (before, after)]
        demand(
            is_no_worse(*healths, cost_max_atoms, known=known),
            "reducing leaves an account no worse",
            change.key,
            healths,
            cost_max_atoms,
            known,
        )
        if key in after.perps:
            stake = Stake.of(after.perps[key])
            unpaid, value = unpaid_atoms(stake, market, elsewhere), abs(stake.lots) * market.mark_ticks
            debt = (change.key, unpaid, value)
            demand(unpaid <= value, "a debt stays with lots that could lose as much", *debt)


def is_no_worse(before: Health, after: Health, cost_max_atoms: int, *, known: bool) -> bool:
    """Whether an account may be left so: of one whose other legs are not known, only nearer to health."""
    keeps = after.maintenance_surplus >= 0 and after.initial_surplus >= min(0, before.initial_surplus)
    sunk = after.equity < before.equity - cost_max_atoms
    nearer = after.equity >= 0 and after.maintenance_surplus >= before.maintenance_surplus and not sunk
    return nearer or (known and (after.initial_surplus >= 0 or keeps))


def cost_max(market: exchange.PerpMarket, changed: exchange.BookChanged) -> int:
    """What an order that reduces may cost: the least that a takeover of as much would."""
    return ceil_div(placed_atoms(changed) * market.rules.reward_bps, BPS)


def drawn_margin(
    margin: Margin, key: Pubkey, market: exchange.PerpMarket, book: OrderBook, account: Pubkey
) -> Margin:
    """The account as it is with its seat at a market drawn."""
    leg, number = margin.perps[key], book.seat_of(account)
    stake = Stake.of(leg)
    quote, lots = stake.settled_atoms(market), stake.lots
    if number is not None:
        seat = book.seats[number]
        quote, lots = quote + Stake.of_seat(seat).settled_atoms(market), lots + seat.lots
        leg = replace(
            leg,
            bid_lots=seat.bid_lots,
            bid_atoms=seat.bid_lots * seat.bid_max_ticks,
            ask_lots=seat.ask_lots,
            ask_atoms=seat.ask_lots * seat.ask_min_ticks,
        )
    return replace(margin, perps={**margin.perps, key: settled_leg(leg, lots, quote, market)})


def reduced(margin: Margin, key: Pubkey, market: exchange.PerpMarket) -> Margin:
    """The account once all that rests on the side that reduces its position is filled.

    At the dearest of its prices, and no better than the mark: what nobody may ever take earns nothing.
    """
    leg = margin.perps.get(key)
    if leg is None:
        return margin
    stake = Stake.of(leg)
    lots, quote = stake.lots, stake.settled_atoms(market)
    if lots >= 0:
        quote += min(leg.ask_atoms, leg.ask_lots * market.mark_ticks)
        lots -= leg.ask_lots
        leg = replace(leg, ask_lots=0, ask_atoms=0)
    else:
        quote -= max(leg.bid_atoms, leg.bid_lots * market.mark_ticks)
        lots += leg.bid_lots
        leg = replace(leg, bid_lots=0, bid_atoms=0)
    return replace(margin, perps={**margin.perps, key: settled_leg(leg, lots, quote, market)})


def settled_leg(
    leg: exchange.PerpLeg, lots: int, quote_atoms: int, market: exchange.PerpMarket
) -> exchange.PerpLeg:
    """A leg with so many lots and such a cost, and nothing owed or noted."""
    return replace(
        leg,
        position_lots=lots,
        quote_atoms=quote_atoms,
        funding_index=market.funding_index,
        loss_index=market.loss_short_index if lots < 0 else market.loss_long_index,
        haircut_atoms=0,
    )
