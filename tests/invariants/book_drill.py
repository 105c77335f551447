"""A chain and the reference model side by side: every instruction goes to both, and they must agree."""

from __future__ import annotations

import struct
from base64 import b64decode
from collections import Counter
from typing import TYPE_CHECKING

from invariant import demand
from order_books import OrderBook, check_order_book
from reference_book import ASK, BID, SET_ATOMS, Account, Book, Log, Refused, Resting
from secant_bench.seeded_world import SeededWorld
from solders.hash import Hash
from solders.litesvm import LiteSVM
from solders.message import Message
from solders.signature import Signature
from solders.transaction import Transaction
from solders.transaction_metadata import FailedTransactionMetadata, TransactionMetadata

from secant import exchange
from world import error_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from solders.instruction import Instruction
    from solders.pubkey import Pubkey

    from world import User

NO_SIGNATURE = Signature.default()
RICH_ATOMS, POOR_ATOMS = 10**11, 3 * 10**6
WHALE_ATOMS = 3 * 10**18
WHALES = (16, 17)
WHOLESALE_ATOMS = 10**16
WHOLESALERS = (18, 19, 20)  # their volumes pass through every tier
ACCOUNTS = 21  # more than a new book has seats
TRANSACTION_BYTES_MAX = 1_232
_ORDER = struct.Struct("<QQQIH2x")


class Drill:
    """The state of both sides, and what has been done."""

    def __init__(self) -> None:
        svm = LiteSVM().with_sigverify(sigverify=False).with_blockhash_check(check=False)
        self.world = SeededWorld.start("drill", svm.with_transaction_history(0))
        self.relayer = self.world.next_keys().pubkey()
        self.world.fund(self.relayer)
        self.users: list[User] = []
        self.accounts: list[Account] = []
        for number in range(ACCOUNTS):
            atoms = _wealth_atoms(number)
            self.users.append(self.world.new_user(atoms, atoms))
            self.accounts.append(Account(number, atoms))
        self.events: list[Pubkey] = []
        self.books: dict[Pubkey, Book] = {}
        self.book_fees = 0
        self.done: Counter[str] = Counter()

    # Both sides

    def agree(
        self, key: Pubkey, account: Account | None, instruction: Instruction, act: Callable[..., Log]
    ) -> str:
        """Sends an instruction and does the same in the model; the refusal's name, or nothing."""
        outcome = self.send(instruction)
        book = self.books[key]
        if isinstance(outcome, FailedTransactionMetadata):
            name, expected = error_name(outcome), ""
            try:
                act(book.clone(), account and account.clone())
            except Refused as refused:
                expected = str(refused)
            demand(name == expected, "the chain refuses as the model does", name, expected or "landed")
            self.done[name] += 1
            return name
        try:
            log = act(book, account)
        except Refused as refused:
            demand(False, "the chain refuses what the model refuses", refused)
        self._check_log(key, outcome.logs(), log)
        self.check_orders(key)
        return ""

    def send(self, instruction: Instruction) -> TransactionMetadata | FailedTransactionMetadata:
        message = Message.new_with_blockhash([instruction], self.relayer, Hash.default())
        signatures = [NO_SIGNATURE] * message.header.num_required_signatures
        transaction = Transaction.populate(message, signatures)
        demand(len(bytes(transaction)) <= TRANSACTION_BYTES_MAX, "a transaction fits a packet", instruction)
        self.done["transactions"] += 1
        return self.world.svm.send_transaction(transaction)

    def must(self, instruction: Instruction) -> None:
        outcome = self.send(instruction)
        if isinstance(outcome, FailedTransactionMetadata):
            demand(False, "the instruction lands", error_name(outcome), outcome.meta().logs())

    # Setting up

    def open_event(self, outcomes: int, traded: tuple[int, ...], lots_min: int) -> int:
        """An event with books for the outcomes named; some accounts hold sets of it."""
        creator, number = self.users[1], len(self.events)
        event = self.world.new_event(
            creator, outcomes, name=f"event {number}", lock_s=10**6, deadline_s=2 * 10**6
        )
        self.events.append(event)
        for account in self.accounts:
            account.lots[number] = [0] * outcomes
        for outcome in traded:
            key = exchange.find_book(event=event, outcome=outcome)
            self.must(
                exchange.create_book(
                    creator=creator.key,
                    exchange=self.world.exchange_address,
                    event=event,
                    outcome=outcome,
                    lots_min=lots_min,
                    book=key,
                )
            )
            head = exchange.Book.decode(self.world.data(key))
            room = OrderBook.decode(self.world.data(key)).orders_max
            self.books[key] = Book(number, outcome, lots_min, head.fee_bps, head.rebate_bps, room, head.seats)
        for number_, account in enumerate(self.accounts[1:6], 1):
            self.mint_sets(account, number, 1_000 * number_)
        return number

    def mint_sets(self, account: Account, event: int, lots: int) -> None:
        user = self.users[account.number]
        self.must(
            exchange.mint_set(
                owner=user.key,
                exchange=self.world.exchange_address,
                account=user.account,
                event=self.events[event],
                lots=lots,
            )
        )
        account.cash -= SET_ATOMS * lots
        account.lots[event] = [held + lots for held in account.lots[event]]

    def expand(self, key: Pubkey, seats: int, orders: int) -> None:
        payer = self.users[2].key
        self.must(exchange.expand_book(payer=payer, book=key, seats=seats, orders=orders))
        self.books[key].seats += seats
        self.books[key].room += orders
        self.check_orders(key)

    def trades(self, book: Book) -> bool:
        event = self.world.event(self.events[book.event])
        return bool(event.status == exchange.EVENT_OPEN and self.world.now < event.lock_time)

    # What accounts do

    def replace(
        self,
        key: Pubkey,
        account: Account,
        cancellations: list[exchange.Cancellation],
        requests: list[exchange.OrderRequest],
    ) -> str:
        """By place_order, take_order or cancel_orders where that says the same."""
        user, book, now = self.users[account.number], self.books[key], self.world.now
        event, desk = self.events[book.event], self.world.exchange_address
        instruction = exchange.replace_orders(
            owner=user.key,
            exchange=desk,
            account=user.account,
            event=event,
            book=key,
            cancellations=cancellations,
            requests=requests,
        )
        if not requests:
            instruction = exchange.cancel_orders(
                owner=user.key, account=user.account, book=key, cancellations=cancellations
            )
        elif len(requests) == 1 and not cancellations:
            instruction = exchange.place_order(
                owner=user.key,
                exchange=desk,
                account=user.account,
                event=event,
                book=key,
                request=requests[0],
                builder_fee_bps=0,
            )
        cancelled = [each.order_id for each in cancellations]

        taking = len(requests) == 1 and not cancellations and takes_only(requests[0])
        if taking:
            instruction = self.world.take(user, event, key, requests[0])
            self.done["take_order"] += 1

        def act(book: Book, who: Account) -> Log:
            if taking:
                return book.take(who, requests[0], now)
            return book.replace(who, cancelled, requests, now)

        refusal = self.agree(key, account, instruction, act)
        self.done["refused orders" if refusal else "orders"] += len(requests)
        return refusal

    def cancel_all(self, key: Pubkey, account: Account, side: int | None) -> None:
        user = self.users[account.number]
        sides = [BID, ASK] if side is None else [side]
        self.agree(
            key,
            account,
            exchange.cancel_all(owner=user.key, account=user.account, book=key, side=side),
            lambda book, who: book.cancel_all(who, sides),
        )

    def draw_seat(self, key: Pubkey, account: Account) -> None:
        book = self.books[key]
        trades, free = self.trades(book), account.free
        event, user = self.events[book.event], self.users[account.number]
        self.agree(
            key,
            account,
            exchange.draw_seat(account=user.account, event=event, book=key),
            lambda book, who: book.draw_seat(who, trades=trades),
        )
        demand(account.free >= free, "a draw makes nobody poorer", free, account)

    def crank_expired(self, key: Pubkey) -> None:
        book, now = self.books[key], self.world.now
        trades = self.trades(book)
        self.agree(
            key,
            None,
            exchange.crank_expired(event=self.events[book.event], book=key),
            lambda book, _: book.crank_expired(now, trades=trades),
        )

    def redeem(self, account: Account, event: int) -> None:
        """Pays out a settled event's leg, if there is one."""
        ticks = self.world.event(self.events[event]).payout_ticks
        lots = account.lots.pop(event)
        account.cash += sum(held * tick for held, tick in zip(lots, ticks, strict=False))
        if any(lots):
            user = self.users[account.number]
            self.must(exchange.redeem(account=user.account, event=self.events[event]))

    def close_book(self, key: Pubkey) -> None:
        book = self.books.pop(key)
        self.must(
            exchange.close_book(
                creator=self.users[1].key,
                exchange=self.world.exchange_address,
                event=self.events[book.event],
                book=key,
            )
        )
        self.book_fees += book.fees

    # Comparing

    def _check_log(self, key: Pubkey, lines: list[str], log: Log) -> None:
        data = [line.removeprefix("Program data: ") for line in lines if line.startswith("Program data: ")]
        if log.silent:
            demand(not data, "nothing happened, and nothing is logged", data)
            return
        changed = exchange.BookChanged.decode(b64decode(data[-1]))
        self.done["fills"] += len(log.fills)
        self.done["drops"] += len(log.dropped)
        fills = [(row.order_id, row.lots) for row in changed.fills]
        dropped = [(row.order_id, row.lots) for row in changed.dropped]
        placed = [
            (
                *(row.client_id, row.order_id, row.filled_lots, row.paid_atoms),
                *(row.fee_atoms, row.rested_lots, row.expires_at, row.seat),
            )
            for row in changed.placed
        ]
        demand(changed.book == key and len(data) == 1, "one log of the book", changed.book, len(data))
        demand(changed.changes == self.books[key].changes - 1, "a log counts", changed.changes)
        demand(fills == log.fills, "fills are the model's", fills, log.fills)
        demand(dropped == log.dropped, "drops are the model's", dropped, log.dropped)
        demand(placed == log.placed, "what is placed is the model's", placed, log.placed)

    def check_orders(self, key: Pubkey) -> None:
        """The resting orders, byte for byte."""
        book, data = self.books[key], self.world.data(key)
        bids, asks = (
            b"".join(map(_packed, orders)) for orders in (reversed(book.sides[BID]), book.sides[ASK])
        )
        first = exchange.Book.SIZE + exchange.Seat.SIZE * book.seats
        counts = struct.unpack_from("<II", data, exchange.Book.OFFSETS["bids"])
        demand(counts == (len(bids) // 32, len(asks) // 32), "as many orders as in the model", counts)
        same = data[first : first + len(bids)] == bids and data[len(data) - len(asks) :] == asks
        demand(same, "resting orders are the model's", key)

    def check_all(self) -> None:
        """Everything in every account, and what holds over all of them."""
        world = self.world
        seats_cash, seats_lots = 0, Counter[tuple[int, int]]()
        for key in self.books:
            cash, lots = self._check_book(key)
            seats_cash += cash
            seats_lots[self.books[key].event, self.books[key].outcome] += lots
        for account in self.accounts:
            self._check_account(account)
        escrows = 0
        for number, address in enumerate(self.events):
            event = world.event(address)
            escrows += event.escrow_atoms
            if number not in self.accounts[0].lots or event.settled_time:
                continue
            for outcome in range(event.outcomes):
                held = sum(account.lots[number][outcome] for account in self.accounts)
                lots = held + seats_lots[number, outcome]
                demand(SET_ATOMS * lots == event.escrow_atoms, "one N an event", number, outcome, lots)
        desk = exchange.Exchange.decode(world.data(world.exchange_address))
        demand(desk.fees_atoms == self.book_fees, "closed books leave their fees", desk.fees_atoms)
        fees = desk.fees_atoms + sum(book.fees for book in self.books.values())
        owed = sum(account.cash for account in self.accounts) + seats_cash + fees + escrows
        vault = world.token_amount(world.vault)
        demand(vault == owed, "the vault holds what the exchange owes", vault, owed)
        self.done["full checks"] += 1

    def _check_book(self, key: Pubkey) -> tuple[int, int]:
        """Head and seats; returns what is undrawn."""
        book, found = self.books[key], OrderBook.decode(self.world.data(key))
        check_order_book(key, found)
        head = found.head
        counted = (head.fees_atoms, head.changes, head.age, head.seats, head.seats_used, found.orders_max)
        model = (book.fees, book.changes, book.age, book.seats, book.seats_used, book.room)
        demand(counted == model, "a book's head is the model's", counted, model)
        seat_of = {self.users[number].account: seat for number, seat in book.seat_of.items()}
        demand(
            {seat.account: place for place, seat in found.seats.items()} == seat_of,
            "who sits where is the model's",
            seat_of,
        )
        for number, place in book.seat_of.items():
            seat, account = found.seats[place], self.accounts[number]
            undrawn = book.undrawn.get(number, (0, 0))
            reserved = account.reserved[book.event, book.outcome]
            demand((seat.cash_atoms, seat.lots) == undrawn, "undrawn fills are the model's", seat, undrawn)
            demand(
                (seat.bid_reserved_atoms, seat.ask_reserved_atoms) == reserved,
                "reserves are the model's",
                seat,
                reserved,
            )
        return sum(cash for cash, _ in book.undrawn.values()), sum(lots for _, lots in book.undrawn.values())

    def _check_account(self, account: Account) -> None:
        margin = self.world.margin(self.users[account.number])
        legs = {leg.event: leg.lots for leg in margin.event_legs}
        for event, lots in account.lots.items():
            found = legs.get(self.events[event], (0,) * 16)[: len(lots)]
            demand(list(found) == lots, "drawn lots are the model's", account, found)
        taken = (margin.volume_atoms, margin.volume_time)
        demand(taken == (account.volume, account.volume_time), "the volume is the model's", taken, account)
        demand(margin.cash_atoms == account.cash, "cash is the model's", margin.cash_atoms, account)
        free = margin.cash_atoms + margin.floor_atoms
        demand(free == account.free, "free collateral is the model's", free, account)
        drawn = account.clone()
        for book in self.books.values():
            if account.number in book.undrawn:
                book.clone()._draw(drawn)
            if account.number in book.seat_of:
                drawn.reserved[book.event, book.outcome] = book.open_atoms(account)
        demand(drawn.free >= max(0, free), "a draw would make nobody poorer", free, drawn)


def _wealth_atoms(number: int) -> int:
    if number in WHALES:
        return WHALE_ATOMS
    if number in WHOLESALERS:
        return WHOLESALE_ATOMS
    return RICH_ATOMS if number else POOR_ATOMS


def takes_only(request: exchange.OrderRequest) -> bool:
    """Whether an order that never rests goes to take_order: every second one."""
    kinds = {exchange.ORDER_IMMEDIATE_OR_CANCEL, exchange.ORDER_FILL_OR_KILL}
    return request.kind in kinds and request.client_id % 2 == 1


def _packed(order: Resting) -> bytes:
    return _ORDER.pack(order.id, order.lots, order.client_id, order.expires_at, order.seat)
