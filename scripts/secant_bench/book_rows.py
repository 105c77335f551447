"""Rows of the order books, at several depths."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from secant import exchange

from .measuring import Meter
from .seeded_world import SeededWorld

if TYPE_CHECKING:
    from solders.instruction import Instruction
    from solders.pubkey import Pubkey
    from solders.transaction_metadata import TransactionMetadata

    from world import User

DEPTHS: Final = (0, 32, 200, 1_000)
"""Resting orders, half of them on a side, whose costs are measured."""

_LOTS: Final = 100
_BATCH: Final = 20  # orders that fit into one transaction
_MIDDLE_TICKS: Final = 5_000


def book_rows() -> dict[str, int]:
    """Compute units of every instruction at a book."""
    meter = Meter(SeededWorld.start("book rows"))
    for depth in DEPTHS:
        _depth_rows(meter, depth)
    _eviction_row(meter)
    _life_rows(meter)
    return meter.figures


@dataclass
class _Bench:
    """A book with a maker, whose orders fill it, and a taker."""

    meter: Meter
    name: str
    maker: User = field(init=False)
    taker: User = field(init=False)
    event: Pubkey = field(init=False)
    book: Pubkey = field(init=False)

    def __post_init__(self) -> None:
        world = self.meter.world
        self.maker, self.taker = (world.new_user(10**13, 10**12) for _ in range(2))
        self.event = world.new_event(self.maker, name=self.name)
        self.book = exchange.find_book(event=self.event, outcome=0)

    def created(self) -> Instruction:
        return exchange.create_book(
            creator=self.maker.key,
            exchange=self.meter.world.exchange_address,
            event=self.event,
            outcome=0,
            lots_min=1,
        )

    def expanded(self, seats: int, orders: int) -> Instruction:
        return exchange.expand_book(payer=self.maker.key, book=self.book, seats=seats, orders=orders)

    def placed(self, user: User, request: exchange.OrderRequest) -> Instruction:
        return exchange.place_order(
            owner=user.key,
            exchange=self.meter.world.exchange_address,
            account=user.account,
            event=self.event,
            book=self.book,
            request=request,
            builder_fee_bps=0,
        )

    def replaced(
        self, user: User, cancelled: list[int], requests: list[exchange.OrderRequest]
    ) -> Instruction:
        return exchange.replace_orders(
            owner=user.key,
            exchange=self.meter.world.exchange_address,
            account=user.account,
            event=self.event,
            book=self.book,
            cancellations=self.hinted(cancelled),
            requests=requests,
        )

    def cancelled(self, user: User, orders: list[int]) -> Instruction:
        return exchange.cancel_orders(
            owner=user.key, account=user.account, book=self.book, cancellations=self.hinted(orders)
        )

    def hinted(self, orders: list[int]) -> list[exchange.Cancellation]:
        """Cancellations with the places where the orders lie."""
        bids, _ = self.resting()
        places = {order.id: place for place, order in enumerate(bids)}
        return [exchange.Cancellation(order_id=order, hint=places[order]) for order in orders]

    def resting(self) -> tuple[list[exchange.Order], list[exchange.Order]]:
        """Bids and asks by rising price."""
        data = self.meter.world.data(self.book)
        head = exchange.Book.decode(data)
        start, size = exchange.Book.SIZE + head.seats * exchange.Seat.SIZE, exchange.Order.SIZE
        slots = [
            exchange.Order.decode(data[at : at + size]) for at in range(start, len(data) - size + 1, size)
        ]
        return slots[: head.bids], slots[len(slots) - head.asks :]

    def run(self, user: User, *instructions: Instruction) -> TransactionMetadata:
        return self.meter.world.run(*instructions, signers=[user.keys])

    def fill(self, depth: int) -> None:
        """Rests `depth` orders, half on a side, ten ticks and more from the middle."""
        requests = [
            _request(side, _MIDDLE_TICKS + (10 + place) * (1 if side else -1))
            for place in range(depth // 2)
            for side in (exchange.SIDE_BID, exchange.SIDE_ASK)
        ]
        for start in range(0, depth, _BATCH):
            self.run(self.maker, self.replaced(self.maker, [], requests[start : start + _BATCH]))


def _request(
    side: int, price_ticks: int, lots: int = _LOTS, kind: int = exchange.ORDER_LIMIT
) -> exchange.OrderRequest:
    return exchange.OrderRequest(
        client_id=1,
        lots=lots,
        expires_at=0,
        price_ticks=price_ticks,
        meets_max=32,
        side=side,
        kind=kind,
        self_trade=exchange.SELF_TRADE_CANCEL_PROVIDE,
        reduce_only=False,
    )


def _depth_rows(meter: Meter, depth: int) -> None:
    bench = _Bench(meter, f"depth {depth}")
    bench.run(bench.maker, bench.created())
    for _ in range(6 if depth > DEPTHS[1] else 0):
        bench.run(bench.maker, bench.expanded(0, 320))
    bench.fill(depth)
    bid, maker = exchange.SIDE_BID, bench.maker
    first = bench.placed(maker, _request(bid, _MIDDLE_TICKS - 5))
    meter.measure(f"place_order, {depth} resting, best", first, maker.keys)
    if depth == 0:
        second = bench.placed(maker, _request(bid, _MIDDLE_TICKS - 6))
        meter.measure("place_order, 1 resting", second, maker.keys)
    else:
        middle = bench.placed(maker, _request(bid, _MIDDLE_TICKS - 10 - depth // 4))
        meter.measure(f"place_order, {depth} resting, middle", middle, maker.keys)
        worst = bench.placed(maker, _request(bid, 1))
        meter.measure(f"place_order, {depth} resting, worst", worst, maker.keys)
    bids, _ = bench.resting()
    best, half = bids[-1].id, bids[len(bids) // 2].id
    replaced = bench.replaced(maker, [best], [_request(bid, _MIDDLE_TICKS - 4)])
    meter.measure(f"replace_orders, 1 for 1, {depth} resting", replaced, maker.keys)
    if half != best:
        cancelled = bench.cancelled(maker, [half])
        meter.measure(f"cancel_orders 1, {depth} resting, middle", cancelled, maker.keys)
    newest = bench.resting()[0][-1].id
    meter.measure(f"cancel_orders 1, {depth} resting, best", bench.cancelled(maker, [newest]), maker.keys)
    if depth:
        for matches in (1, 5):
            lots = matches * _LOTS
            buy = _request(bid, _MIDDLE_TICKS * 2 - 1, lots, exchange.ORDER_IMMEDIATE_OR_CANCEL)
            row = f"place_order, matching {matches}, {depth} resting"
            meter.measure(row, bench.placed(bench.taker, buy), bench.taker.keys)


def _eviction_row(meter: Meter) -> None:
    """A side of 1,024 orders, one of which makes way."""
    bench = _Bench(meter, "full side")
    bench.run(bench.maker, bench.created())
    for orders in (320,) * 6 + (64,):
        bench.run(bench.maker, bench.expanded(0, orders))
    bid = exchange.SIDE_BID
    requests = [_request(bid, _MIDDLE_TICKS - 10)] * 1_024
    for start in range(0, len(requests), _BATCH):
        bench.run(bench.maker, bench.replaced(bench.maker, [], requests[start : start + _BATCH]))
    evicting = bench.placed(bench.maker, _request(bid, _MIDDLE_TICKS - 5))
    meter.measure("eviction by place_order, 1024 on the side", evicting, bench.maker.keys)


def _life_rows(meter: Meter) -> None:
    """What is not about depth: a book from its creation to its close."""
    bench = _Bench(meter, "life")
    world, maker = meter.world, bench.maker
    meter.measure("create_book", bench.created(), maker.keys)
    meter.measure("expand_book, 16 seats and 200 orders", bench.expanded(16, 200), maker.keys)
    bench.fill(40)
    taking = _request(exchange.SIDE_BID, 9_999, _LOTS, exchange.ORDER_IMMEDIATE_OR_CANCEL)
    bench.run(bench.taker, bench.placed(bench.taker, taking))
    draw = exchange.draw_seat(account=maker.account, event=bench.event, book=bench.book)
    meter.measure("draw_seat, a fill", draw, bench.taker.keys)
    one_side = exchange.cancel_all(
        owner=maker.key, account=maker.account, book=bench.book, side=exchange.SIDE_ASK
    )
    meter.measure("cancel_all, 19 of 39 orders", one_side, maker.keys)
    world.set_time(world.event(bench.event).lock_time)
    sweep = exchange.crank_expired(event=bench.event, book=bench.book)
    meter.measure("crank_expired, 20 orders", sweep, bench.taker.keys)
    bench.run(bench.taker, exchange.draw_seat(account=maker.account, event=bench.event, book=bench.book))
    payouts = [10_000, *[0] * 15]
    resolve = exchange.resolve_event(authority=maker.key, event=bench.event, payout_ticks=payouts)
    bench.run(maker, exchange.lock_event(locker=maker.key, event=bench.event), resolve)
    close = exchange.close_book(
        creator=maker.key, exchange=world.exchange_address, event=bench.event, book=bench.book
    )
    meter.measure("close_book", close, maker.keys)
