"""Rows of perpetuals: trading, funding, margin, liquidation, and everything around them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from solders.litesvm import LiteSVM

from exchange.scene import signed
from perp_world import RULES, UNIT_ATOMS, PerpWorld
from secant import exchange
from world import ask, bid

from .measuring import Meter
from .seeded_world import SeededWorld, keys_of

if TYPE_CHECKING:
    from solders.instruction import Instruction
    from solders.pubkey import Pubkey

    from world import User

_PRICE_TICKS: Final = 10_000
_LOTS: Final = 1_000
_RESTING: Final = 16
_LEGS_MAX: Final = 8
_FILL_OR_KILL: Final = exchange.ORDER_FILL_OR_KILL


@dataclass
class SeededPerpWorld(PerpWorld, SeededWorld):
    """A world with perpetuals whose n-th key is the same in every run."""

    @classmethod
    def start(cls, seed: str, svm: LiteSVM | None = None) -> Self:
        """A new world, on a chain of its own unless one is given."""
        world = cls(
            svm=LiteSVM() if svm is None else svm,
            admin=keys_of(f"{seed} admin"),
            pauser=keys_of(f"{seed} pauser"),
            publisher=keys_of(f"{seed} publisher"),
            seed=seed,
        )
        world.fund(world.publisher.pubkey())
        return world


def perp_rows() -> dict[str, int]:
    """Compute units of every instruction of perpetuals."""
    figures: dict[str, int] = {}
    for measure in (_trading_rows, _ending_rows, _admin_rows, _trigger_rows):
        figures |= measure()
    for legs in (1, _LEGS_MAX):
        figures |= _margin_rows(legs)
    return figures


class _Market:
    """A market with a quoted book, a maker, a taker who holds a position, and somebody with collateral."""

    def __init__(self, seed: str) -> None:
        self.world = SeededPerpWorld.start(seed)
        self.meter = Meter(self.world)
        self.maker, self.taker, self.other = (self.world.user(10**12) for _ in range(3))
        self.market = self.world.new_perp("SOL", _PRICE_TICKS)
        self.quote(self.market)

    def quote(self, market: Pubkey) -> None:
        """Rests orders of the maker on both sides of the mark, and asks enough to be taken."""
        for step in range(1, _RESTING // 2 + 1):
            for request in (bid(_PRICE_TICKS - step, _LOTS), ask(_PRICE_TICKS + step, _LOTS)):
                self.world.land(self.maker, self.world.trade_perp(self.maker, market, request))

    def take(self, user: User, market: Pubkey, lots: int = _LOTS) -> None:
        """A user buys; the maker asks for as much again."""
        taking = bid(_PRICE_TICKS + _RESTING, lots, kind=_FILL_OR_KILL)
        self.world.land(user, self.world.trade_perp(user, market, taking))

    def without_quotes(self) -> Instruction:
        """Takes the maker's orders out, which would hold the mark near them."""
        return exchange.cancel_all_perp(
            trader=self.maker.key,
            account=self.maker.account,
            market=self.market,
            book=self.world.books[self.market],
            side=None,
        )

    def measure(self, row: str, user: User, instruction: Instruction) -> None:
        self.meter.measure(row, instruction, user.keys)

    def trade(self, row: str, request: exchange.OrderRequest) -> None:
        self.measure(row, self.taker, self.world.trade_perp(self.taker, self.market, request))


def _trading_rows() -> dict[str, int]:
    found = _Market("perp trading")
    world, market = found.world, found.market
    found.meter.measure("update_funding, 16 resting", world.update(market), world.publisher)
    found.trade("trade_perp, resting", bid(_PRICE_TICKS - 1, _LOTS))
    found.trade("trade_perp, one fill, position opened", bid(_PRICE_TICKS + 1, 10, kind=_FILL_OR_KILL))
    found.trade("trade_perp, one fill", bid(_PRICE_TICKS + 1, 10, kind=_FILL_OR_KILL))
    closing = ask(_PRICE_TICKS - 1, 10, kind=_FILL_OR_KILL, reduce_only=True)
    found.trade("trade_perp, one fill, reducing", closing)
    found.trade("trade_perp, 5 fills", bid(_PRICE_TICKS + 8, 4_500, kind=_FILL_OR_KILL))
    (mine,) = (order for order in world.orders(world.books[market]) if order.seat == 1)
    cancelled = exchange.cancel_perp_orders(
        trader=found.taker.key,
        account=found.taker.account,
        market=market,
        book=world.books[market],
        cancellations=[exchange.Cancellation(order_id=mine.id, hint=65_535)],
    )
    found.measure("cancel_perp_orders 1", found.taker, cancelled)
    found.measure("draw_perp_seat", found.maker, world.draw_perp(found.maker, market))
    found.measure("cancel_all_perp, 11 of 11 orders", found.maker, found.without_quotes())
    for _ in range(2):
        world.tick(market, 10_500, 301)
    found.measure("settle_pnl, a loss", found.maker, world.settle(found.maker, market))
    found.measure("settle_pnl, a profit", found.taker, world.settle(found.taker, market))
    world.run(world.update(market), signers=[world.publisher])
    collected = exchange.collect_perp_fees(exchange=world.exchange_address, market=market)
    found.measure("collect_perp_fees", found.taker, collected)
    return found.meter.figures


def _margin_rows(legs: int) -> dict[str, int]:
    """An account with so many perpetual legs, and as many of events: stated, liquidated, resolved."""
    found = _Market(f"perp margin {legs}")
    world = found.world
    markets = [found.market]
    for place in range(1, legs):
        markets.append(world.new_perp(f"market {place}", _PRICE_TICKS))
        found.quote(markets[-1])
    weak, bankrupt = world.user(legs * 1_010_000 + UNIT_ATOMS), world.user(legs * 1_010_000 + UNIT_ATOMS)
    for user in (weak, bankrupt):
        for market in markets:
            found.take(user, market)
    for place in range(legs):
        event = world.new_event(found.maker, name=f"event {place}")
        for user in (weak, bankrupt):
            minted = exchange.mint_set(
                owner=user.key, exchange=world.exchange_address, account=user.account, event=event, lots=1
            )
            world.run(world.refresh(user), minted, signers=[user.keys])
    shape = f"{legs} perpetual and {legs} event legs"
    world.run(world.update(found.market), signers=[world.publisher])
    found.measure(f"refresh_margin, {shape}", weak, world.refresh(weak))
    world.land(found.maker, found.without_quotes())
    for price_ticks in (8_200, 8_200):
        world.tick(found.market, price_ticks, 301)
    if legs == 1:
        found.measure(f"liquidate, {shape}", found.other, world.liquidate(found.other, weak, found.market))
        world.tick(found.market, 7_000)
        resolved = world.resolve_bankruptcy(found.other, bankrupt, found.market)
        found.measure(f"resolve_bankruptcy, {shape}", found.other, resolved)
        _haircut_rows(found)
    else:
        for _ in range(2):
            world.tick(found.market, 2_000, 301)
        for market in markets[1:]:
            world.publish_price(world.feeds[market], _PRICE_TICKS)
            world.run(world.update(market), signers=[world.publisher])
        found.measure(f"liquidate, {shape}", found.other, world.liquidate(found.other, weak, found.market))
    return found.meter.figures


def _haircut_rows(found: _Market) -> None:
    """The maker, who has won, bore what the bankrupt was short of; a part comes back."""
    world, market, maker = found.world, found.market, found.maker
    world.land(maker, world.settle(maker, market))
    world.run(world.refresh(maker), world.insure(maker, market, UNIT_ATOMS), signers=[maker.keys])
    world.set_time(world.now + 86_400)
    returned = exchange.return_haircut(market=market)
    found.meter.measure("return_haircut", returned, world.publisher)
    waived = exchange.waive_haircut(owner=maker.key, account=maker.account, market=market)
    found.measure("waive_haircut", maker, waived)


def _ending_rows() -> dict[str, int]:
    found = _Market("perp ending")
    world, market = found.world, found.market
    found.take(found.taker, market)
    admin = {"admin": world.admin.pubkey(), "exchange": world.exchange_address, "market": market}
    closing = exchange.close_perp(**admin, close_time=world.now + exchange.NOTICE_S)
    found.meter.measure("close_perp", closing, world.admin)
    world.set_time(world.now + exchange.NOTICE_S)
    accounts = {"market": market, "feed": world.feeds[market], "book": world.books[market]}
    found.meter.measure("settle_perp", exchange.settle_perp(**accounts), world.publisher)
    return found.meter.figures


def _admin_rows() -> dict[str, int]:
    found = _Market("perp admin")
    world, market, meter = found.world, found.market, found.meter
    feed = world.feeds[market]
    market_id = b"another".ljust(32, b"\0")
    another = exchange.find_market(exchange=world.exchange_address, market_id=market_id)
    created = exchange.create_perp(
        admin=world.admin.pubkey(),
        exchange=world.exchange_address,
        feed=feed,
        market=another,
        book=exchange.find_book(event=another, outcome=0),
        market_id=market_id,
        rules=RULES,
        close_time=0,
    )
    meter.measure("create_perp", created, world.admin)
    accounts = {"exchange": world.exchange_address, "market": market}
    admin = {"admin": world.admin.pubkey(), **accounts}
    meter.measure("propose_perp_rules", exchange.propose_perp_rules(**admin, rules=RULES), world.admin)
    paused = exchange.pause_perp(pauser=world.pauser.pubkey(), **accounts, pause_bits=7)
    world.fund(world.pauser.pubkey())
    meter.measure("pause_perp", paused, world.pauser)
    meter.measure("unpause_perp", exchange.unpause_perp(**admin, pause_bits=7), world.admin)
    found.measure("add_insurance", found.maker, world.insure(found.maker, market, 10**9))
    world.set_time(world.now + exchange.NOTICE_S)
    applied = exchange.apply_perp_rules(market=market)
    meter.measure("apply_perp_rules", applied, world.admin)
    own = exchange.find_account(exchange=world.exchange_address, owner=world.admin.pubkey(), index=0)
    opened = exchange.open_account(
        payer=world.admin.pubkey(),
        exchange=world.exchange_address,
        account=own,
        owner=world.admin.pubkey(),
        index=0,
    )
    world.run(opened, signers=[world.admin])
    removed = exchange.remove_insurance(**admin, account=own, amount_atoms=10**6)
    meter.measure("remove_insurance", removed, world.admin)
    second = exchange.find_account(exchange=world.exchange_address, owner=found.maker.key, index=1)
    opened = exchange.open_account(
        payer=found.maker.key,
        exchange=world.exchange_address,
        account=second,
        owner=found.maker.key,
        index=1,
    )
    world.run(opened, signers=[found.maker.keys])
    delegated = exchange.set_delegate(
        owner=found.other.key, account=found.other.account, delegate=found.taker.key
    )
    found.measure("set_delegate", found.other, delegated)
    moved = exchange.transfer(
        owner=found.maker.key, source=second, destination=found.maker.account, amount_atoms=1
    )
    world.run(_deposited(world, found.maker, second), signers=[found.maker.keys])
    found.measure("transfer", found.maker, moved)
    return meter.figures


def _deposited(world: PerpWorld, user: User, account: Pubkey) -> Instruction:
    wallet = world.new_token_account(world.mint, user.key, UNIT_ATOMS)
    return exchange.deposit(
        depositor=user.key,
        exchange=world.exchange_address,
        account=account,
        source=wallet,
        vault=world.vault,
        amount_atoms=UNIT_ATOMS,
    )


def _trigger_rows() -> dict[str, int]:
    found = _Market("perp triggers")
    world, market, taker = found.world, found.market, found.taker
    found.take(taker, market)
    for place, (row, trigger_ticks) in enumerate((("executed", 10_100), ("cancelled", 1))):
        trigger = exchange.find_trigger(account=taker.account, market=market, id=place)
        terms = exchange.TriggerTerms(
            lots=_LOTS,
            expires_at=0,
            trigger_ticks=trigger_ticks,
            trail_ticks=0,
            slip_ticks=200,
            side=exchange.SIDE_ASK,
            is_above=0,
        )
        placed = exchange.place_trigger(
            trader=taker.key,
            account=taker.account,
            market=market,
            trigger=trigger,
            id=place,
            terms=terms,
        )
        if row == "executed":
            found.measure("place_trigger", taker, placed)
            executed = exchange.execute_trigger(
                exchange=world.exchange_address,
                account=taker.account,
                market=market,
                feed=world.feeds[market],
                book=world.books[market],
                trigger=trigger,
                payer=taker.key,
            )
            found.measure("execute_trigger, one fill", found.other, executed)
            found.take(taker, market)
        else:
            world.run(placed, signers=[taker.keys])
            cancelled = exchange.cancel_trigger(payer=taker.key, account=taker.account, trigger=trigger)
            found.measure("cancel_trigger", taker, signed(cancelled, taker.key))
    return found.meter.figures
