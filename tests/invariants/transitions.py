"""What one landed instruction may do to one account: solvency, authority, and what never changes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeVar

from account_book import UNSETTLED, Change, Margin, MintSupply, Tokens
from invariant import demand
from order_books import OrderBook, age_of, check_order_book
from solders.pubkey import Pubkey

from secant import exchange, oracle
from world import SET_ATOMS

if TYPE_CHECKING:
    from account_book import AccountBook

PAYOUT_TICKS = 10_000
POSITION_MAX_LOTS = 90_000_000_000_000  # that an owner's own instructions lead to
SEAT_LOTS_MAX = 500_000_000_000  # that the fills of one book add to it before the owner comes again
T = TypeVar("T")


def check_change(book: AccountBook, change: Change, signers: set[Pubkey]) -> None:
    """Checks one changed account; `signers` are the keys that signed."""
    old, new = change.old, change.new
    present = new if new is not None else old
    if isinstance(present, Margin):
        _check_margin(book, change.key, _of(Margin, old), _of(Margin, new), signers)
    elif isinstance(present, exchange.Pool):
        _check_pool(book, change.key, _of(exchange.Pool, old), _of(exchange.Pool, new), signers)
    elif isinstance(present, OrderBook):
        _check_order_book(book, change.key, _of(OrderBook, old), _of(OrderBook, new), signers)
    elif isinstance(present, exchange.EventMarket):
        _check_event(change.key, _of(exchange.EventMarket, old), _of(exchange.EventMarket, new))
    elif isinstance(present, Tokens):
        _check_tokens(book, change.key, _of(Tokens, old), _of(Tokens, new), signers)
    elif isinstance(present, exchange.Exchange):
        _check_exchange(change.key, _of(exchange.Exchange, old), _of(exchange.Exchange, new), signers)
    elif isinstance(present, oracle.Record):
        _check_record(change.key, _of(oracle.Record, old), _of(oracle.Record, new))
    elif isinstance(present, oracle.Feed):
        _check_feed(change.key, _of(oracle.Feed, old), _of(oracle.Feed, new), signers)
    elif isinstance(present, MintSupply):
        demand(new is not None, "a mint stays", change.key)


def _of(kind: type[T], value: object | None) -> T | None:
    assert value is None or isinstance(value, kind)
    return value


def _check_margin(
    book: AccountBook, key: Pubkey, old: Margin | None, new: Margin | None, signers: set[Pubkey]
) -> None:
    if new is None:
        assert old is not None
        demand(old.owner in signers, "only its owner closes a margin account", key)
        empty = old.cash_atoms == 0 and not old.legs and not old.perps
        demand(empty, "only an empty margin account is closed", key, old)
        return
    floor_atoms = 0
    occupied = 0
    for leg in new.raw.event_legs:
        if leg.event == Pubkey.default():
            free = not any((*leg.lots, *leg.risk_atoms, *leg.seats, leg.floor_atoms))
            demand(free, "a free leg holds nothing", key, leg)
            continue
        occupied += 1
        _check_leg(key, leg, book.events.found[leg.event].outcomes)
        floor_atoms += leg.floor_atoms
    demand(occupied == len(new.legs), "one leg an event", key, occupied)
    _check_perp_legs(key, new)
    demand(new.raw.floor_atoms == floor_atoms, "floor_atoms sums the legs", key, new.raw, floor_atoms)
    demand(new.free_atoms >= 0, "a margin account is solvent in every state", key, new)
    if old is None:
        return
    demand((new.owner, new.desk) == (old.owner, old.desk), "owner and exchange stay", key)
    if new.owner not in signers and old.perps == new.perps:
        demand(new.free_atoms >= old.free_atoms, "nobody else makes an account poorer", key, old, new)
    if new.owner not in signers:
        demand(new.raw.delegate == old.raw.delegate, "its owner alone names a delegate", key, old, new)


def _check_perp_legs(key: Pubkey, margin: Margin) -> None:
    occupied = 0
    for leg in margin.raw.perp_legs:
        held = any((leg.position_lots, leg.quote_atoms, leg.seat, leg.haircut_atoms))
        if leg.market == Pubkey.default():
            demand(not held and not leg.bid_lots and not leg.ask_lots, "a free leg holds nothing", key, leg)
            continue
        occupied += 1
        demand(held, "an occupied leg holds something", key, leg)
    demand(occupied == len(margin.perps), "one leg a perpetual", key, occupied)
    demand(occupied == margin.raw.perps, "perpetual legs are counted", key, occupied, margin.raw.perps)


def _check_leg(key: Pubkey, leg: exchange.EventLeg, count: int) -> None:
    lots, risks = leg.lots[:count], leg.risk_atoms[:count]
    demand(any(lots) or any(risks), "an occupied leg holds something", key, leg)
    beyond = (*leg.lots[count:], *leg.risk_atoms[count:], *leg.seats[count:])
    demand(not any(beyond), "a leg holds nothing beyond the outcomes", key, leg)
    demand(any(risks) == any(leg.seats), "a leg with a seat has orders to reserve for", key, leg)
    largest = POSITION_MAX_LOTS + SEAT_LOTS_MAX
    demand(max(map(abs, lots)) <= largest, "a position can be redeemed", key, leg)
    worst_atoms = min(SET_ATOMS * held - risk for held, risk in zip(lots, risks, strict=True))
    demand(leg.floor_atoms == worst_atoms, "a leg's floor is its worst outcome", key, leg, worst_atoms)


def _check_order_book(
    ledger: AccountBook, key: Pubkey, old: OrderBook | None, new: OrderBook | None, signers: set[Pubkey]
) -> None:
    if new is None:
        assert old is not None
        demand(not old.orders and not old.seats, "only an empty book is closed", key, old)
        demand(old.head.event not in ledger.perps.found, "a perpetual keeps its book", key)
        settled = ledger.events.found[old.head.event].status not in UNSETTLED
        demand(settled or old.head.creator in signers, "others close a settled event's book only", key)
        return
    check_order_book(key, new)
    head = new.head
    demand(0 <= head.rebate_bps <= head.fee_bps, "a rebate is part of the fee", key, head)
    if old is None:
        demand(head.creator in signers and not new.orders and not new.seats, "a new book is empty", key, new)
        return
    kept = [
        (each.exchange, each.event, each.creator, each.lots_min, each.fee_bps, each.rebate_bps, each.outcome)
        for each in (old.head, head)
    ]
    demand(kept[0] == kept[1], "a book keeps its terms", key, kept)
    demand(head.seats >= old.head.seats and new.orders_max >= old.orders_max, "a book only grows", key)
    demand(0 <= head.changes - old.head.changes <= 1, "an instruction is one change", key, old.head, head)
    _check_orders(ledger, key, (old, new), signers)


def _check_orders(
    ledger: AccountBook, key: Pubkey, books: tuple[OrderBook, OrderBook], signers: set[Pubkey]
) -> None:
    old, new = books
    if old.orders != new.orders:
        demand(new.head.changes == old.head.changes + 1, "changed orders are counted", key, new.head)
    before = {order.id: order for order in old.orders}
    for order in new.orders:
        margin = ledger.margins.found[new.seats[order.seat].account]
        placers = {margin.owner, margin.raw.delegate} if key in ledger.perp_books.found else {margin.owner}
        was = before.get(order.id)
        if was is None:
            fresh = age_of(order) >= old.head.age
            demand(fresh and order.lots >= new.head.lots_min, "an order is new and large enough", key, order)
            demand(bool(placers & signers), "nobody else places an order", key, order)
        else:
            demand(order.lots <= was.lots, "an order only loses lots", key, was, order)
            terms = [(each.client_id, each.expires_at, each.seat) for each in (was, order)]
            demand(terms[0] == terms[1], "an order keeps its terms", key, terms)


def _check_pool(
    book: AccountBook, key: Pubkey, old: exchange.Pool | None, new: exchange.Pool | None, signers: set[Pubkey]
) -> None:
    if new is None:
        assert old is not None
        settled = book.events.found[old.event].status not in UNSETTLED
        demand(settled or old.creator in signers, "others close a pool of a settled event only", key)
        return
    sold = new.sold_lots[: new.outcomes]
    demand(new.cash_atoms >= SET_ATOMS * max(sold), "a pool pays its worst outcome", key, new)
    demand(not any(new.sold_lots[new.outcomes :]), "a pool sells nothing beyond the outcomes", key, new)
    if new.kind == exchange.POOL_LMSR and new.liquidity_lots > 0:
        demand(new.cash_atoms >= lmsr_cost_atoms(new) - 1e-3, "a pool never sells below its curve", key, new)
    if old is not None:
        kept = [
            (pool.event, pool.creator, pool.account, pool.liquidity_lots, pool.kind, pool.fee_bps)
            for pool in (old, new)
        ]
        demand(kept[0] == kept[1], "a pool keeps its terms", key, kept)


def lmsr_cost_atoms(pool: exchange.Pool) -> float:
    """b ln Σ exp(q/b): what the pool must have taken in by now, its funding included.

    Source: Hanson, "Logarithmic Market Scoring Rules for Modular Combinatorial Information Aggregation".
    """
    liquidity = pool.liquidity_lots
    sold = pool.sold_lots[: pool.outcomes]
    top = max(sold)
    total = math.fsum(math.exp((lots - top) / liquidity) for lots in sold)
    return SET_ATOMS * (top + liquidity * math.log(total))


def _check_event(key: Pubkey, old: exchange.EventMarket | None, new: exchange.EventMarket | None) -> None:
    assert new is not None, "no instruction closes an event"
    settled = new.status not in UNSETTLED
    paid_ticks = sum(new.payout_ticks[: new.outcomes])
    demand(paid_ticks == (PAYOUT_TICKS if settled else 0), "a settled event pays one", key, new.payout_ticks)
    demand(not any(new.payout_ticks[new.outcomes :]), "nothing pays beyond the outcomes", key)
    demand((new.settled_time > 0) == settled, "a settled event knows when", key, new.settled_time)
    if old is None:
        return
    kept = [
        (
            (each.exchange, each.creator, each.resolver, each.resolver_kind, each.event_id),
            (each.title, each.labels, each.outcomes, each.lock_time, each.settlement_deadline),
        )
        for each in (old, new)
    ]
    demand(kept[0] == kept[1], "an event keeps its terms", key, kept)
    demand(new.status >= old.status, "an event never goes back", key, old.status, new.status)
    if old.status not in UNSETTLED:
        fixed = [(each.status, each.payout_ticks, each.settled_time) for each in (old, new)]
        demand(fixed[0] == fixed[1], "a payout vector stands for good", key, fixed)


def _check_tokens(
    book: AccountBook, key: Pubkey, old: Tokens | None, new: Tokens | None, signers: set[Pubkey]
) -> None:
    demand(new is not None, "a token account stays", key)
    if old is None or new is None:
        return
    demand((new.mint, new.owner) == (old.mint, old.owner), "a token account keeps its owner", key)
    if new.owner not in book.exchanges.found and new.owner not in signers:
        demand(new.amount >= old.amount, "nobody else spends a wallet", key, old, new)


def _check_exchange(
    key: Pubkey, old: exchange.Exchange | None, new: exchange.Exchange | None, signers: set[Pubkey]
) -> None:
    assert new is not None, "no instruction closes an exchange"
    if old is None:
        demand(new.admin in signers, "an exchange's admin signs for it", key)
        return
    kept = [
        (each.admin, each.pauser, each.mint, each.vault, each.treasury, each.fee_bps) for each in (old, new)
    ]
    demand(kept[0] == kept[1], "an exchange keeps its keys", key, kept)
    added, removed = new.pause_bits & ~old.pause_bits, old.pause_bits & ~new.pause_bits
    demand(not added or bool(signers & {new.pauser, new.admin}), "the pauser pauses", key, added)
    demand(not removed or new.admin in signers, "the admin alone unpauses", key, removed)


def _check_record(key: Pubkey, old: oracle.Record | None, new: oracle.Record | None) -> None:
    assert new is not None, "no instruction closes a record"
    demand(new.yes_ticks <= PAYOUT_TICKS, "a record pays at most one", key, new.yes_ticks)
    demand((new.status == oracle.RECORD_OPEN) == (new.decided_time == 0), "a decision has a time", key, new)
    if old is None:
        return
    demand((new.feed, new.terms) == (old.feed, old.terms), "a record keeps its terms", key)
    demand(new.accepted >= old.accepted, "evidence is never taken back", key, old, new)
    if old.status != oracle.RECORD_OPEN:
        fixed = [(each.status, each.yes_ticks, each.decided_time) for each in (old, new)]
        demand(fixed[0] == fixed[1], "a decision stands for good", key, fixed)


def _check_feed(key: Pubkey, old: oracle.Feed | None, new: oracle.Feed | None, signers: set[Pubkey]) -> None:
    if new is None:
        assert old is not None
        demand(old.authority in signers, "only its authority closes a feed", key)
        return
    if old is None:
        return
    for place, (before, after) in enumerate(zip(old.readings, new.readings, strict=True)):
        if before != after:
            demand(new.publishers[place] in signers, "only a publisher writes its reading", key, place)
            demand(after.source_time > before.source_time, "source times increase", key, before, after)
