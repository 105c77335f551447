"""Order books as they stand on chain, and what holds over orders, seats and the accounts that sit there."""

from __future__ import annotations

import struct
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from invariant import demand
from solders.pubkey import Pubkey

from secant import exchange

if TYPE_CHECKING:
    from account_book import AccountBook

NOBODY = Pubkey.default()
SET_ATOMS = 10_000
_SEAT = struct.Struct("<32sqqQQQQQQIIqqQII")
_FREE = slice(1, 9)  # what a free seat holds nothing of; how it was last settled stays
_ORDERS = 9
_BORNE = 13


@dataclass(frozen=True, slots=True)
class Open:
    """What the open orders of a seat are in all."""

    bid_lots: int = 0
    ask_lots: int = 0
    bid_atoms: int = 0
    ask_atoms: int = 0
    orders: int = 0


@dataclass(frozen=True, slots=True)
class OrderBook:
    """A book; `bids` and `asks` as they lie in the account, `seats` the taken ones by their number."""

    head: exchange.Book
    seats: dict[int, exchange.Seat]
    given_up: dict[int, int]
    bids: tuple[exchange.Order, ...]
    asks: tuple[exchange.Order, ...]
    orders_max: int

    @classmethod
    def decode(cls, data: bytes) -> OrderBook:
        head = exchange.Book.decode(data)
        seats, given_up = {}, {}
        tail = exchange.Book.SIZE + head.seats * exchange.Seat.SIZE
        for number, fields in enumerate(_SEAT.iter_unpack(data[exchange.Book.SIZE : tail])):
            account = Pubkey.from_bytes(fields[0])
            if account != NOBODY:
                seats[number] = exchange.Seat(account, *fields[1:])
            elif any(fields[1:]) or number < head.seats_used:
                demand(not any(fields[_FREE]), "a free seat holds nothing", number, fields)
                demand(fields[_ORDERS] == 0, "a free seat has no orders", number, fields)
                demand(fields[_BORNE] == 0, "a free seat owes nobody what it bore", number, fields)
                given_up[number] = fields[_ORDERS + 1]
        size = exchange.Order.SIZE
        orders_max, odd = divmod(len(data) - tail, size)
        demand(odd == 0, "a book has whole orders only", len(data))
        demand(head.bids + head.asks <= orders_max, "a book has room for its orders", head)
        first = len(data) - head.asks * size
        return cls(
            head,
            seats,
            given_up,
            tuple(exchange.Order.decode(data[at:]) for at in range(tail, tail + head.bids * size, size)),
            tuple(exchange.Order.decode(data[at:]) for at in range(first, len(data), size)),
            orders_max,
        )

    @property
    def orders(self) -> tuple[exchange.Order, ...]:
        """All that rest."""
        return self.bids + self.asks

    def seat_of(self, account: Pubkey) -> int | None:
        """The number of an account's seat."""
        return next((number for number, seat in self.seats.items() if seat.account == account), None)

    def orders_of(self, account: Pubkey) -> list[exchange.Order]:
        """What an account has resting here."""
        own = self.seat_of(account)
        return [order for order in self.orders if order.seat == own]


def price_of(order: exchange.Order) -> int:
    return order.id >> 40


def age_of(order: exchange.Order) -> int:
    return (order.id >> 1) & (2**39 - 1)


def check_order_book(key: Pubkey, book: OrderBook) -> None:
    """One book by itself: order, prices, counts, totals, free seats."""
    head = book.head
    for side, orders in enumerate((book.bids, book.asks)):
        younger_first = -1 if side == exchange.SIDE_BID else 1
        ranks = [(price_of(order), younger_first * age_of(order)) for order in orders]
        demand(ranks == sorted(set(ranks)), "orders lie by price, then age", key, side, ranks)
        for order in orders:
            demand(order.id & 1 == side, "a side holds its own orders", key, side, order)
            demand(order.lots > 0, "an order has lots", key, order)
            in_range = 1 <= price_of(order) <= head.price_max_ticks
            demand(in_range, "a price is within the book's", key, order)
            demand(age_of(order) < head.age, "an order is older than the next", key, order)
    if book.bids and book.asks:
        best = price_of(book.bids[-1]), price_of(book.asks[0])
        demand(best[0] < best[1], "no bid rests at or above an ask", key, best)
    totals = _totals(key, book)
    for number, seat in book.seats.items():
        counted = Open(seat.bid_lots, seat.ask_lots, seat.bid_atoms, seat.ask_atoms, seat.orders)
        summed = totals.get(number, Open())
        demand(counted == summed, "a seat's totals are its open orders", key, number, counted, summed)
    _check_seats(key, book)


def _totals(key: Pubkey, book: OrderBook) -> dict[int, Open]:
    totals: dict[int, Open] = {}
    for order in book.orders:
        demand(order.seat in book.seats, "an order's seat is taken", key, order)
        of, price = totals.get(order.seat, Open()), price_of(order)
        is_bid = order.id & 1 == exchange.SIDE_BID
        totals[order.seat] = Open(
            of.bid_lots + is_bid * order.lots,
            of.ask_lots + (not is_bid) * order.lots,
            of.bid_atoms + is_bid * order.lots * price,
            of.ask_atoms + (not is_bid) * order.lots * abs(book.head.face_ticks - price),
            of.orders + 1,
        )
    return totals


def _check_seats(key: Pubkey, book: OrderBook) -> None:
    head = book.head
    demand(len(book.seats) == head.seats_taken, "taken seats are counted", key, head, len(book.seats))
    demand(head.seats_used <= head.seats, "no more seats are used than there are", key, head)
    accounts = [seat.account for seat in book.seats.values()]
    demand(len(set(accounts)) == len(accounts), "an account has one seat in a book", key, accounts)
    chain: list[int] = []
    follower = head.seat_free
    while follower:
        demand(follower - 1 in book.given_up, "a free seat leads to a free one", key, chain, follower)
        demand(follower - 1 not in chain, "free seats come once", key, chain, follower)
        chain.append(follower - 1)
        follower = book.given_up[follower - 1]
    demand(len(chain) == len(book.given_up), "every seat given up is found again", key, chain, book.given_up)
    used = {*book.seats, *chain}
    demand(used == set(range(head.seats_used)), "used seats are taken or free", key, head, used)


def check_reserves(ledger: AccountBook) -> None:
    """Legs and seats: each knows the other, and a leg's risk is what its seats have reserved."""
    sitting: dict[tuple[Pubkey, Pubkey], dict[int, int]] = defaultdict(dict)
    risks: dict[tuple[Pubkey, Pubkey], list[int]] = defaultdict(lambda: [0] * 16)
    for book in ledger.order_books.found.values():
        outcome, count = book.head.outcome, book.head.outcomes
        for number, seat in book.seats.items():
            place = (seat.account, book.head.event)
            sitting[place][outcome] = number + 1
            risk = risks[place]
            for state in range(count):
                own = state == outcome
                risk[state] += seat.ask_reserved_atoms if own else seat.bid_reserved_atoms
    for key, margin in ledger.margins.found.items():
        for leg in margin.raw.event_legs:
            if leg.event == NOBODY:
                continue
            place = (key, leg.event)
            known = {outcome: number for outcome, number in enumerate(leg.seats) if number}
            found = sitting.pop(place, {})
            demand(known == found, "a leg's seats are the seats taken", key, leg.event, known, found)
            risk = risks[place]
            demand(list(leg.risk_atoms) == risk, "a leg's risk is what is reserved", key, leg, risk)
    demand(not sitting, "who sits in a book has a leg for it", dict(sitting))


def worths_atoms(ledger: AccountBook) -> dict[Pubkey, int]:
    """Free collateral of every account with its seats drawn and only its open orders reserved."""
    cash = {key: margin.cash_atoms for key, margin in ledger.margins.found.items()}
    states: dict[tuple[Pubkey, Pubkey], list[int]] = {}
    for key, margin in ledger.margins.found.items():
        for event, lots in margin.legs.items():
            count = ledger.events.found[event].outcomes
            states[key, event] = [SET_ATOMS * held for held in lots[:count]]
    for book in ledger.order_books.found.values():
        head = book.head
        for seat in book.seats.values():
            cash[seat.account] += seat.cash_atoms
            worth = states[seat.account, head.event]
            for state in range(head.outcomes):
                own = state == head.outcome
                worth[state] += SET_ATOMS * seat.lots - seat.ask_atoms if own else -seat.bid_atoms
    for (key, _), worth in states.items():
        cash[key] += min(worth)
    return cash
