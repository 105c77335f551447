"""Orders that take from a book and a pool beside it, and what they traded."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from secant import exchange
from world import order

from .scene import POOL_LOTS, Scene

if TYPE_CHECKING:
    from collections.abc import Sequence

    from solders.instruction import Instruction

IOC = exchange.ORDER_IMMEDIATE_OR_CANCEL
FOK = exchange.ORDER_FILL_OR_KILL
BID, ASK = SIDES = [exchange.SIDE_BID, exchange.SIDE_ASK]


def taking(side: int, price: int, lots: int, **changes: Any) -> exchange.OrderRequest:
    """An order that takes what it can at once."""
    return order(side, price, lots, **{"kind": IOC, **changes})


def placed(events: Sequence[Any]) -> tuple[int, int, int]:
    """Lots, atoms paid or received, and the fee of the one order in a transaction, with book and pool."""
    ((row,),) = [event.placed for event in events if isinstance(event, exchange.BookChanged)]
    lots, paid, fee = row.filled_lots, row.paid_atoms, row.fee_atoms
    if (pooled := pool_trade(events)) is None:
        return lots, paid, fee
    return lots + abs(pooled.lots), paid + abs(pooled.cost_atoms), fee + pooled.fee_atoms


def pool_trade(events: Sequence[Any]) -> exchange.PoolTraded | None:
    """What a pool had of a transaction's one order."""
    found = [event for event in events if isinstance(event, exchange.PoolTraded)]
    assert len(found) <= 1
    return found[0] if found else None


class Market:
    """An event of Mallory's with the book of one outcome and a pool of some kind beside it."""

    def __init__(
        self, scene: Scene, kind: int, outcomes: int, outcome: int, liquidity_lots: int = POOL_LOTS
    ) -> None:
        world = scene.world
        self.scene, self.kind, self.outcomes, self.outcome = scene, kind, outcomes, outcome
        self.liquidity_lots = liquidity_lots
        self.event = world.new_event(scene.mallory, outcomes, resolver=scene.judge.pubkey(), name="market")
        self.pool = world.new_pool(scene.mallory, self.event, kind, liquidity_lots)
        self.book = world.new_book(scene.mallory, self.event, outcome)
        self.middle_ticks = 10_000 // outcomes

    def rest(self, requests: Sequence[exchange.OrderRequest]) -> None:
        """Mallory's orders, as one."""
        scene = self.scene
        scene.run(scene.world.replace(scene.mallory, self.event, self.book, [], requests))

    def take(self, request: exchange.OrderRequest) -> Instruction:
        """Alice's order, from both."""
        return self.scene.world.take(self.scene.alice, self.event, self.book, request, self.pool)

    def trade_pool(self, request: exchange.OrderRequest, lots: int) -> Instruction:
        """Some of the order's lots with the pool alone."""
        signed = lots if request.side == BID else -lots
        return self.scene.world.trade(self.scene.alice, self.event, self.pool, self.outcome, signed)

    def place(self, request: exchange.OrderRequest, lots: int) -> Instruction:
        """Some of the order's lots with the book alone."""
        return self.scene.world.place(self.scene.alice, self.event, self.book, replace(request, lots=lots))

    def sold_at(self, price_ticks: int) -> float:
        """What a pool that has traded no other outcome has sold of this one at a price."""
        price = price_ticks / 10_000
        if self.kind == exchange.POOL_LMSR:
            return self.liquidity_lots * (math.log(price / (1 - price)) + math.log(self.outcomes - 1))
        return self.liquidity_lots * NormalDist().inv_cdf(price)

    def sold(self) -> int:
        """What the pool has sold of the outcome."""
        lots: int = self.scene.world.pool(self.pool).sold_lots[self.outcome]
        return lots

    def prices(self, side: int) -> list[int]:
        """Prices of a side's resting orders, rising."""
        return [row.id >> 40 for row in self.scene.world.orders(self.book) if row.id & 1 == side]

    def assert_funded(self) -> None:
        self.scene.assert_funded(event=self.event, pools=[self.pool])
