"""Rules: order books, their orders and their seats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sizes
from account_book import book_of, outcome_mint
from hypothesis import strategies as st
from hypothesis.stateful import rule
from machine import FAULT, Machine
from sizes import outcome_index, pick
from solders.instruction import AccountMeta

from secant import exchange
from world import builders

if TYPE_CHECKING:
    from faults import Fault
    from order_books import OrderBook
    from solders.pubkey import Pubkey

SIDES = st.sampled_from([exchange.SIDE_BID, exchange.SIDE_ASK])
Ladder = list[tuple[int, int, int]]
Marks = tuple[int, int, int, int, bool]
PLAIN: Marks = (exchange.ORDER_LIMIT, exchange.SELF_TRADE_CANCEL_PROVIDE, 0, 64, False)


def requests(now: int, drawn: Ladder, marks: Marks) -> list[exchange.OrderRequest]:
    """Orders of side, price and lots that share what `sizes.order_marks` draws."""
    kind, self_trade, live_s, meets_max, reduce_only = marks
    return [
        exchange.OrderRequest(
            client_id=place,
            lots=lots,
            expires_at=max(0, now + live_s) if live_s else 0,
            price_ticks=price_ticks,
            meets_max=meets_max,
            side=side,
            kind=kind,
            self_trade=self_trade,
            reduce_only=reduce_only,
        )
        for place, (side, price_ticks, lots) in enumerate(drawn)
    ]


@dataclass(frozen=True, slots=True)
class Take:
    """What is taken: side, price and lots, and around it.

    Attributes:
        order: side, price in ticks, lots.
        marks: what `sizes.order_marks` draws.
        pool: which pool beside the book, counted round; one place is for none.
        builder: which account is the builder, and its rate.
        claim: of which outcome the tokens are; without meaning for an account.
        limit: how tight the atoms are limited; likewise.
    """

    order: tuple[int, int, int]
    marks: Marks
    pool: int
    builder: tuple[int, int]
    claim: str = "own"
    limit: str = "open"


class BookRules(Machine):
    """What people do at order books."""

    @rule(
        event=sizes.which,
        creator=sizes.users,
        outcome=sizes.outcomes,
        lots_min=st.sampled_from([1, 1, 1, 10, 1_000, 0, 1_001, sizes.U64_MAX]),
        fault=FAULT,
    )
    def create_book(self, event: int, creator: int, outcome: int, lots_min: int, fault: Fault | None) -> None:
        key = pick(self.market.settled(is_settled=False), event)
        if outcome < 12:  # mostly where a book can be
            key = pick(self._without_book() or [key], event)
        state = self.book.events.found[key]
        index = outcome_index(outcome, state.outcomes)
        address = book_of(bytes(key), index)
        self.book.watch(self.book.order_books, address)
        instruction = exchange.create_book(
            creator=self.market.users[creator].key,
            exchange=state.exchange,
            event=key,
            outcome=index,
            lots_min=lots_min,
            book=address,
        )
        self.market.attempt("create_book", instruction, fault)

    def _without_book(self) -> list[Pubkey]:
        """Unsettled events of more outcomes than two, or without any book."""
        events = self.book.events.found
        traded = {book.head.event for book in self.book.order_books.found.values()}
        unsettled = self.market.settled(is_settled=False)
        return [key for key in unsettled if key not in traded or events[key].outcomes > 2]

    def _books(self, *, trading: bool = True) -> list[Pubkey]:
        """Books whose events trade, if there are any and it is wished; else all."""
        found, events, now = self.book.order_books.found, self.book.events.found, self.world.now
        open_ = [
            key
            for key, book in found.items()
            if events[book.head.event].status == exchange.EVENT_OPEN
            and events[book.head.event].lock_time > now
        ]
        return open_ if trading and open_ else list(found)

    @rule(
        book=sizes.which,
        payer=sizes.users,
        seats=st.sampled_from([0, 0, 1, 3, 98, 99, 65_535]),
        orders=st.sampled_from([0, 1, 5, 64, 320, 321, 65_535]),
        fault=FAULT,
    )
    def expand_book(self, book: int, payer: int, seats: int, orders: int, fault: Fault | None) -> None:
        if books := self._books(trading=False):
            key, payer_key = pick(books, book), self.market.users[payer].key
            instruction = exchange.expand_book(payer=payer_key, book=key, seats=seats, orders=orders)
            self.market.attempt("expand_book", instruction, fault)

    @rule(
        book=sizes.which,
        which=sizes.which,
        side=st.sampled_from([0, 1, 0, 1, 0, 1, 2]),
        price_ticks=sizes.prices,
        lots=sizes.order_lots,
        marks=sizes.order_marks,
        builder=sizes.builders,
        fault=FAULT,
    )
    def place_order(
        self,
        book: int,
        which: int,
        side: int,
        price_ticks: int,
        lots: int,
        marks: Marks,
        builder: tuple[int, int],
        fault: Fault | None,
    ) -> None:
        self._place(book, which, (side, price_ticks, lots), marks, fault, builder)

    @rule(
        book=sizes.which,
        orders=st.lists(
            st.tuples(st.integers(0, 7), SIDES, st.integers(4_990, 5_010), st.integers(1, 500)),
            min_size=1,
            max_size=5,
        ),
    )
    def place_several(self, book: int, orders: list[tuple[int, int, int, int]]) -> None:
        """Account, side, price and lots, several times at one book."""
        for which, *order in orders:
            self._place(book, which, (order[0], order[1], order[2]), PLAIN, None)

    def _place(
        self,
        book: int,
        which: int,
        order: tuple[int, int, int],
        marks: Marks,
        fault: Fault | None,
        builder: tuple[int, int] = (0, 0),
    ) -> None:
        key, account = self._seat_for(book, which)
        if key is None or account is None:
            return
        head = self.book.order_books.found[key].head
        instruction = exchange.place_order(
            owner=self.book.margins.found[account].owner,
            exchange=head.exchange,
            account=account,
            event=head.event,
            book=key,
            request=requests(self.world.now, [order], marks)[0],
            builder_fee_bps=builder[1],
            remaining_accounts=self._builder(head.exchange, builder),
        )
        self.market.attempt("place_order", instruction, fault)

    def _builder(self, desk: Pubkey, builder: tuple[int, int]) -> list[AccountMeta]:
        place, fee_bps = builder
        accounts = self.market.accounts(desk)
        return builders(pick(accounts, place) if fee_bps and accounts else None)

    def _pool_beside(self, event: Pubkey, place: int) -> Pubkey | None:
        """A pool of the event, mostly, or none."""
        pools = [key for key, pool in self.book.pools.found.items() if pool.event == event]
        return pick([*pools, *pools, None], place)

    @rule(
        book=sizes.which,
        which=sizes.which,
        side=SIDES,
        price_ticks=sizes.prices,
        lots=sizes.order_lots,
        marks=sizes.taking_marks,
        pool=sizes.which,
        builder=sizes.builders,
        fault=FAULT,
    )
    def take_order(
        self,
        book: int,
        which: int,
        side: int,
        price_ticks: int,
        lots: int,
        marks: Marks,
        pool: int,
        builder: tuple[int, int],
        fault: Fault | None,
    ) -> None:
        self._take(book, which, Take((side, price_ticks, lots), marks, pool, builder), fault)

    @rule(
        book=sizes.which,
        who=sizes.users,
        side=SIDES,
        price_ticks=sizes.prices,
        lots=sizes.order_lots,
        marks=sizes.taking_marks,
        pool=sizes.which,
        builder=sizes.builders,
        claim=st.sampled_from(["own", "own", "own", "second", "second", "mint of another"]),
        limit=sizes.limits,
        fault=FAULT,
    )
    def take_tokens(
        self,
        book: int,
        who: int,
        side: int,
        price_ticks: int,
        lots: int,
        marks: Marks,
        pool: int,
        builder: tuple[int, int],
        claim: str,
        limit: str,
        fault: Fault | None,
    ) -> None:
        order = Take((side, price_ticks, lots), (*marks[:4], False), pool, builder, claim, limit)
        self._take_tokens(book, who, order, fault)

    @rule(
        book=sizes.which,
        takings=st.lists(
            st.tuples(
                st.integers(0, 3),
                SIDES,
                st.integers(4_900, 5_100),
                st.integers(1, 600),
                sizes.builders,
                st.sampled_from(["account", "own", "second"]),
            ),
            min_size=1,
            max_size=5,
        ),
    )
    def take_several(self, book: int, takings: list[tuple[int, int, int, int, tuple[int, int], str]]) -> None:
        """Taker, side, price, lots, builder and with what, several times at one book that trades."""
        for who, side, price_ticks, lots, builder, by in takings:
            marks = (exchange.ORDER_IMMEDIATE_OR_CANCEL, lots % 3, 0, 64, False)
            order = Take((side, price_ticks, lots), marks, lots, builder, by)
            if by == "account":
                self._take(book, who, order, None)
            else:
                self._take_tokens(book, who, order, None)

    def _take(self, book: int, which: int, order: Take, fault: Fault | None) -> None:
        key, account = self._seat_for(book, which)
        if key is None or account is None:
            return
        head = self.book.order_books.found[key].head
        instruction = exchange.take_order(
            owner=self.book.margins.found[account].owner,
            exchange=head.exchange,
            account=account,
            event=head.event,
            book=key,
            request=requests(self.world.now, [order.order], order.marks)[0],
            builder_fee_bps=order.builder[1],
            pool=self._pool_beside(head.event, order.pool),
            remaining_accounts=self._builder(head.exchange, order.builder),
        )
        self.market.attempt("take_order", instruction, fault)

    def _take_tokens(self, book: int, who: int, order: Take, fault: Fault | None) -> None:
        """The outcome is the book's or the next one; sales are mostly of no more than the wallet holds."""
        minted = [key for key in self._books() if self._mint_of(key) in self.book.supplies.found]
        if not minted:
            return
        key, user = pick(minted, book), self.market.users[who]
        head = self.book.order_books.found[key].head
        side, price_ticks, lots = order.order
        outcome = (head.outcome + (order.claim == "second")) % head.outcomes
        named = 1 - outcome % 2 if order.claim == "mint of another" else outcome
        mint = outcome_mint(bytes(head.event), named)
        tokens = self.market.token_account(mint, user.key)
        buys = (side == exchange.SIDE_BID) == (outcome == head.outcome)
        held = self.book.outcome_tokens.found[tokens].amount
        if not buys and held and lots < 10**9:
            lots = 1 + lots % held
        open_limit = sizes.U64_MAX if buys else 0
        limits = {"open": open_limit, "tight": lots * 5_000 % 2**64, "shut": sizes.U64_MAX - open_limit}
        instruction = exchange.take_tokens(
            holder=user.key,
            exchange=head.exchange,
            event=head.event,
            book=key,
            outcome_mint=mint,
            tokens=tokens,
            collateral=user.wallet,
            vault=self.book.exchanges.found[head.exchange].vault,
            outcome=outcome,
            request=requests(self.world.now, [(side, price_ticks, lots)], order.marks)[0],
            limit_atoms=limits[order.limit],
            builder_fee_bps=order.builder[1],
            pool=self._pool_beside(head.event, order.pool),
            remaining_accounts=self._builder(head.exchange, order.builder),
        )
        self.market.attempt("take_tokens", instruction, fault)

    def _mint_of(self, book: Pubkey) -> Pubkey:
        head = self.book.order_books.found[book].head
        return outcome_mint(bytes(head.event), head.outcome)

    def _seat_for(self, book: int, which: int) -> tuple[Pubkey, Pubkey] | tuple[None, None]:
        """A book that trades, if one does, and an account of its exchange."""
        if not (books := self._books()):
            return None, None
        key = pick(books, book)
        accounts = self.market.accounts(self.book.order_books.found[key].head.exchange)
        return (key, pick(accounts, which)) if accounts else (None, None)

    @rule(
        book=sizes.which,
        which=sizes.which,
        ladder=st.lists(
            st.tuples(SIDES, st.integers(4_990, 5_010), st.integers(1, 2_000)), min_size=1, max_size=8
        ),
        marks=sizes.order_marks,
        cancelled=st.integers(0, 4),
        stranger=st.integers(0, 11),
        fault=FAULT,
    )
    def replace_orders(
        self,
        book: int,
        which: int,
        ladder: Ladder,
        marks: Marks,
        cancelled: int,
        stranger: int,
        fault: Fault | None,
    ) -> None:
        key, account = self._seat_for(book, which)
        if key is None or account is None:
            return
        state = self.book.order_books.found[key]
        instruction = exchange.replace_orders(
            owner=self.book.margins.found[account].owner,
            exchange=state.head.exchange,
            account=account,
            event=state.head.event,
            book=key,
            cancellations=self._cancellations(state, account, cancelled, stranger),
            requests=requests(self.world.now, ladder, marks),
        )
        self.market.attempt("replace_orders", instruction, fault)

    def _cancellations(
        self, book: OrderBook, account: Pubkey, count: int, stranger: int
    ) -> list[exchange.Cancellation]:
        """Own orders, rarely somebody else's, with hints that are right, near or absurd."""
        chosen = book.orders_of(account)[:count]
        if stranger == 0:
            chosen += book.orders[:1]
        hints = {order.id: place for place, order in enumerate(book.bids)}
        first = book.orders_max - len(book.asks)
        hints |= {order.id: first + place for place, order in enumerate(book.asks)}
        wrong = {1: 65_535, 2: 0}
        return [
            exchange.Cancellation(order_id=order.id, hint=wrong.get(stranger, hints[order.id]))
            for order in chosen
        ]

    @rule(
        book=sizes.which, which=sizes.which, count=st.integers(0, 5), stranger=st.integers(0, 7), fault=FAULT
    )
    def cancel_orders(self, book: int, which: int, count: int, stranger: int, fault: Fault | None) -> None:
        if sitting := self._sitting():
            key, account = pick(sitting, book + which)
            instruction = exchange.cancel_orders(
                owner=self.book.margins.found[account].owner,
                account=account,
                book=key,
                cancellations=self._cancellations(self.book.order_books.found[key], account, count, stranger),
            )
            self.market.attempt("cancel_orders", instruction, fault)

    def _sitting(self, *, undrawn: bool = False) -> list[tuple[Pubkey, Pubkey]]:
        """Book and account of every seat taken; only those with something to draw if wished and found."""
        seats = [
            (key, seat) for key, book in self.book.order_books.found.items() for seat in book.seats.values()
        ]
        filled = [(key, seat) for key, seat in seats if seat.cash_atoms or seat.lots]
        return [(key, seat.account) for key, seat in (undrawn and filled) or seats]

    @rule(
        place=st.integers(0, 99),
        side=st.sampled_from([None, None, 0, 1, 2, 255]),
        fault=FAULT,
    )
    def cancel_all(self, place: int, side: int | None, fault: Fault | None) -> None:
        if sitting := self._sitting():
            key, account = pick(sitting, place)
            owner = self.book.margins.found[account].owner
            instruction = exchange.cancel_all(owner=owner, account=account, book=key, side=side)
            self.market.attempt("cancel_all", instruction, fault)

    @rule(place=st.integers(0, 99), undrawn=st.booleans(), fault=FAULT)
    def draw_seat(self, place: int, undrawn: bool, fault: Fault | None) -> None:  # noqa: FBT001
        if sitting := self._sitting(undrawn=undrawn):
            key, account = pick(sitting, place)
            event = self.book.order_books.found[key].head.event
            instruction = exchange.draw_seat(account=account, event=event, book=key)
            self.market.attempt("draw_seat", instruction, fault)

    @rule(book=sizes.which, fault=FAULT)
    def crank_expired(self, book: int, fault: Fault | None) -> None:
        found, events, now = self.book.order_books.found, self.book.events.found, self.world.now
        stale = []
        for key, state in found.items():
            event = events[state.head.event]
            trades = event.status == exchange.EVENT_OPEN and event.lock_time > now
            if any(not trades or 0 < order.expires_at <= now for order in state.orders):
                stale.append(key)
        if found:
            key = pick(stale or list(found), book)
            instruction = exchange.crank_expired(event=found[key].head.event, book=key)
            self.market.attempt("crank_expired", instruction, fault)

    @rule(
        book=st.integers(0, 99),
        empty_first=st.sampled_from([True, True, True, False]),
        signed=st.booleans(),
        fault=FAULT,
    )
    def close_book(self, book: int, empty_first: bool, signed: bool, fault: Fault | None) -> None:  # noqa: FBT001
        """Often after everybody at it has been asked to leave."""
        if not self.book.order_books.found:
            return
        key, state = pick(list(self.book.order_books.found.items()), book)
        for seat in state.seats.values() if empty_first else ():
            owner = self.book.margins.found[seat.account].owner
            leave = exchange.cancel_all(owner=owner, account=seat.account, book=key, side=None)
            self.market.attempt("cancel_all", leave)
        instruction = exchange.close_book(
            creator=state.head.creator, exchange=state.head.exchange, event=state.head.event, book=key
        )
        if signed:
            metas = list(instruction.accounts)
            metas[0] = AccountMeta(state.head.creator, is_signer=True, is_writable=True)
            instruction = type(instruction)(instruction.program_id, instruction.data, metas)
        self.market.attempt("close_book", instruction, fault)
