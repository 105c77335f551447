"""A book with orders in a `World`, made by real instructions."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from secant import exchange, oracle
from secant_keeper.state import State

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from keeper_world import World
    from solders.pubkey import Pubkey

BID, ASK = exchange.SIDE_BID, exchange.SIDE_ASK
REQUESTS_MAX = 20
"""Orders that fit into one transaction."""


class Wanted(NamedTuple):
    """An order to be placed."""

    side: int
    price_ticks: int
    lots: int
    expires_at: int = 0


@dataclass
class BookWorld:
    """A world with a book, and a maker who has complete sets of its event.

    Orders that cross would trade: give none that do.
    """

    event: Pubkey
    world: World
    holder_index: int = 0
    lots: int = 1_000_000
    marks: Iterator[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        admin = self.world.admin.pubkey()
        self.book = exchange.find_book(event=self.event, outcome=0)
        self.maker = self.world.add_holder(self.holder_index, self.event, lots=self.lots)
        self.world.run(
            exchange.create_book(
                creator=admin, exchange=self.world.exchange, event=self.event, outcome=0, lots_min=1
            )
        )

    def place(self, *orders: Wanted, account: Pubkey | None = None) -> None:
        for at in range(0, len(orders), REQUESTS_MAX):
            self.world.run(
                exchange.replace_orders(
                    owner=self.world.admin.pubkey(),
                    exchange=self.world.exchange,
                    account=self.maker if account is None else account,
                    event=self.event,
                    book=self.book,
                    cancellations=[],
                    requests=self._requests(orders[at : at + REQUESTS_MAX]),
                )
            )

    def _requests(self, orders: Sequence[Wanted]) -> list[exchange.OrderRequest]:
        return [
            exchange.OrderRequest(
                client_id=next(self.marks),
                lots=order.lots,
                expires_at=order.expires_at,
                price_ticks=order.price_ticks,
                meets_max=0,
                side=order.side,
                kind=exchange.ORDER_LIMIT,
                self_trade=exchange.SELF_TRADE_CANCEL_PROVIDE,
                reduce_only=False,
            )
            for order in orders
        ]

    def expand(self, orders: int) -> None:
        payer = self.world.admin.pubkey()
        while orders > 0:
            more = min(orders, 256)
            self.world.run(exchange.expand_book(payer=payer, book=self.book, seats=0, orders=more))
            orders -= more

    @property
    def head(self) -> exchange.Book:
        data = self.world.ledger.account_data(self.book)
        assert data is not None
        return exchange.Book.decode(data)

    @property
    def orders(self) -> int:
        return self.head.bids + self.head.asks

    def resolve(self) -> None:
        admin = self.world.admin.pubkey()
        self.world.run(
            exchange.lock_event(locker=admin, event=self.event),
            exchange.resolve_event(authority=admin, event=self.event, payout_ticks=[10_000, *[0] * 15]),
        )


def state_of(world: World) -> State:
    state = State(publisher=world.keeper.pubkey())
    for program in (oracle.PROGRAM_ID, exchange.PROGRAM_ID):
        for address, account in world.ledger.program_accounts(program):
            state.apply(address, program, account.data, world.ledger.slot)
    return state
