"""Rows of orders that only take: from a book, a pool beside it, and for tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from secant import exchange
from world import ask, bid

from .measuring import Meter
from .seeded_world import SeededWorld

if TYPE_CHECKING:
    from solders.instruction import Instruction
    from solders.pubkey import Pubkey

    from world import User

_LOTS: Final = 100
_LEVELS: Final = 30
_STEP_TICKS: Final = 10
_BUILDER_BPS: Final = 50
# Name, kind of pool, and how many outcomes the event has.
_POOLS: Final = (
    ("LMSR n=2", exchange.POOL_LMSR, 2),
    ("LMSR n=16", exchange.POOL_LMSR, 16),
    ("pm-AMM", exchange.POOL_PM_AMM, 2),
)


def taking_rows() -> dict[str, int]:
    """Compute units of take_order and take_tokens, and of a builder's fee."""
    meter = Meter(SeededWorld.start("taking rows"))
    for name, kind, outcomes in _POOLS:
        _routed_rows(meter, name, kind, outcomes)
    _plain_rows(meter)
    _token_rows(meter)
    return meter.figures


class _Market:
    """A book with levels every ten ticks on both sides of the middle, and a taker who has none of them."""

    def __init__(self, meter: Meter, name: str, outcomes: int = 2) -> None:
        world = self.world = meter.world
        self.maker, self.taker, self.builder = (world.new_user(10**13, 10**12) for _ in range(3))
        self.event = world.new_event(self.maker, outcomes, name=name)
        self.book = world.new_book(self.maker, self.event)
        self.middle_ticks = 10_000 // outcomes
        for start in range(1, _LEVELS, 10):
            rows = [
                request(self.middle_ticks + sign * _STEP_TICKS * level, _LOTS)
                for level in range(start, start + 10)
                for request, sign in ((bid, -1), (ask, 1))
            ]
            replaced = world.replace(self.maker, self.event, self.book, [], rows)
            world.run(replaced, signers=[self.maker.keys])

    def taking(self, levels: int, pool_lots: int = 0) -> exchange.OrderRequest:
        """Buys so many levels, and what a pool has before the last."""
        return bid(
            9_999,
            levels * _LOTS + pool_lots,
            kind=exchange.ORDER_IMMEDIATE_OR_CANCEL,
            meets_max=32,
        )


def _routed_rows(meter: Meter, name: str, kind: int, outcomes: int) -> None:
    """The pool has some lots before each level; what it sells does not change what the next row costs."""
    for levels in (1, 5):
        market = _Market(meter, f"{name} {levels}", outcomes)
        world = market.world
        pool = world.new_pool(market.maker, market.event, kind, 10_000)
        last_ticks = market.middle_ticks + levels * _STEP_TICKS
        request = bid(last_ticks, 10**6, kind=exchange.ORDER_IMMEDIATE_OR_CANCEL, meets_max=32)
        taken = world.take(market.taker, market.event, market.book, request, pool)
        row = f"take_order, book and {name} pool, {levels} level{'s' * (levels > 1)}"
        meter.measure(row, taken, market.taker.keys)
        sold = world.pool(pool).sold_lots[0]
        left = [order for order in world.orders(market.book) if order.id & 1]
        assert sold > 0, row
        assert len(left) == _LEVELS - levels, row


def _plain_rows(meter: Meter) -> None:
    market = _Market(meter, "plain")
    world, taker = market.world, market.taker
    for levels in (1, 5):
        taken = world.take(taker, market.event, market.book, market.taking(levels))
        row = f"take_order, book alone, {levels} level{'s' * (levels > 1)}"
        meter.measure(row, taken, taker.keys)
    for levels in (1, 5):
        placed = world.place(
            taker, market.event, market.book, market.taking(levels), market.builder.account, _BUILDER_BPS
        )
        meter.measure(f"place_order, matching {levels}, with a builder", placed, taker.keys)


def _token_rows(meter: Meter) -> None:
    market = _Market(meter, "tokens")
    world = market.world
    pool = world.new_pool(market.maker, market.event, exchange.POOL_LMSR, 10_000)
    mints = [world.new_outcome_mint(market.maker, market.event, outcome) for outcome in (0, 1)]
    tokens = [world.new_token_account(mint, market.taker.key) for mint in mints]
    kind = exchange.ORDER_IMMEDIATE_OR_CANCEL
    buy, sell = bid(9_999, _LOTS, kind=kind, meets_max=32), ask(1, _LOTS, kind=kind, meets_max=32)
    rows = [
        ("buy", 0, buy, None),
        ("sell", 0, sell, None),
        ("buy of the second outcome", 1, sell, None),
        ("sell of the second outcome", 1, buy, None),
        ("buy, book and LMSR n=2 pool", 0, bid(5_030, 10**6, kind=kind, meets_max=32), pool),
    ]
    for name, outcome, request, beside in rows:
        taken = _tokens_taken(market, outcome, (mints[outcome], tokens[outcome]), request, beside)
        meter.measure(f"take_tokens, {name}", taken, market.taker.keys)


def _tokens_taken(
    market: _Market,
    outcome: int,
    accounts: tuple[Pubkey, Pubkey],
    request: exchange.OrderRequest,
    pool: Pubkey | None,
) -> Instruction:
    taker: User = market.taker
    mint, tokens = accounts
    buys = (request.side == exchange.SIDE_BID) == (outcome == 0)
    return exchange.take_tokens(
        holder=taker.key,
        exchange=market.world.exchange_address,
        event=market.event,
        book=market.book,
        outcome_mint=mint,
        tokens=tokens,
        collateral=taker.wallet,
        vault=market.world.vault,
        outcome=outcome,
        request=request,
        limit_atoms=2**64 - 1 if buys else 0,
        builder_fee_bps=0,
        pool=pool,
    )
