"""A recorded crash on the real programs, against many leveraged accounts, with every balance audited."""

from __future__ import annotations

import csv
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from exchange.refusals import emitted
from perp_world import RULES, PerpWorld, owed_up, returned_down
from secant import exchange
from world import RefusedError, User, ask, bid

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from solders.pubkey import Pubkey

UNIT_ATOMS = 10**6
TICKS_PER_USD = 10_000
INSURANCE_ATOMS = 20_000 * UNIT_ATOMS


class Tick(NamedTuple):
    """One reading of the recorded oracle."""

    time: int
    price_ticks: int


def ticks(path: Path, *, least_move: float = 0.0, most_s: int = 0) -> Iterator[Tick]:
    """The recording, thinned: a reading counts if it moved by `least_move`, or `most_s` after the last."""
    last: Tick | None = None
    with path.open() as file:
        for row in csv.DictReader(file):
            tick = Tick(int(row["blockchainTimestamp"]), round(float(row["oraclePrice"]) * TICKS_PER_USD))
            moved = last is None or abs(tick.price_ticks / last.price_ticks - 1) >= least_move
            if moved or (last is not None and tick.time - last.time >= most_s):
                last = tick
                yield tick


@dataclass
class Holding:
    """What the audit knows of one account, as it was read last."""

    user: User
    free_atoms: int
    cash_atoms: int
    lots: int
    quote_atoms: int
    funding_index: int
    loss_index: int


@dataclass
class Report:
    """What a crash did."""

    ticks: int = 0
    liquidations: int = 0
    bankruptcies: int = 0
    liquidated_atoms: int = 0
    rewards_atoms: int = 0
    shortfall_atoms: int = 0
    haircut_atoms: int = 0
    insurance_paid_atoms: int = 0
    units_max: int = 0


@dataclass
class Crash:
    """A market, a maker on the other side of everybody, a liquidator, and the accounts."""

    first: Tick
    accounts: int
    seed: int = 7
    world: PerpWorld = field(init=False)
    market: Pubkey = field(init=False)
    holdings: dict[Pubkey, Holding] = field(default_factory=dict)
    report: Report = field(default_factory=Report)

    def __post_init__(self) -> None:
        random_number = random.Random(self.seed)
        world = self.world = PerpWorld(now=self.first.time)
        world.fund(world.publisher.pubkey())
        self.market = world.new_perp("LUNA", self.first.price_ticks, insurance_cap_bps=5_000)
        self.maker = world.user(10**9 * UNIT_ATOMS)
        self.liquidator = world.user(10**9 * UNIT_ATOMS)
        sponsor = world.user(INSURANCE_ATOMS)
        world.land(sponsor, world.insure(sponsor, self.market, INSURANCE_ATOMS))
        for _ in range(self.accounts):
            self._open(random_number)
        world.land(self.maker, world.draw_perp(self.maker, self.market))
        world.land(self.maker, self._cancel_all(self.maker))
        for user in world.users:
            self.read(user)
        self.audit()

    def _cancel_all(self, user: User) -> exchange.Instruction:
        return exchange.cancel_all_perp(
            trader=user.key,
            account=user.account,
            market=self.market,
            book=self.world.books[self.market],
            side=None,
        )

    def _open(self, random_number: random.Random) -> None:
        """An account with 100 to 20,000 and a position of 1 to 9 times that, two of three long."""
        world = self.world
        collateral = random_number.randint(100, 20_000) * UNIT_ATOMS
        user = world.user(collateral)
        leverage = random_number.uniform(1, 9)
        lots = int(collateral * leverage) // self.first.price_ticks
        is_long = random_number.random() < 2 / 3
        world.set_time(world.now)
        price = world.perp(self.market).mark_ticks
        makes, takes = (ask, bid) if is_long else (bid, ask)
        world.land(self.maker, world.trade_perp(self.maker, self.market, makes(price, lots)))
        kind = exchange.ORDER_FILL_OR_KILL
        world.land(user, world.trade_perp(user, self.market, takes(price, lots, kind=kind)))

    def read(self, *users: User) -> None:
        """Reads accounts from the chain."""
        for user in users:
            account = self.world.margin(user)
            leg = next((leg for leg in account.perp_legs if leg.market == self.market), None)
            position = (
                (0, 0, 0, 0)
                if leg is None
                else (
                    leg.position_lots,
                    leg.quote_atoms + returned_down(leg, self.world.perp(self.market)),
                    leg.funding_index,
                    leg.loss_index,
                )
            )
            free = account.cash_atoms + account.floor_atoms
            self.holdings[user.account] = Holding(user, free, account.cash_atoms, *position)

    def claim(self, held: Holding, perp: exchange.PerpMarket, price_ticks: int) -> int:
        """What a position is worth at a price, by the program's own rules in exact integers."""
        loss_now = perp.loss_short_index if held.lots < 0 else perp.loss_long_index
        owed = owed_up(held.lots, held.funding_index, perp.funding_index)
        owed += owed_up(abs(held.lots), held.loss_index, loss_now)
        return held.lots * price_ticks + held.quote_atoms - owed

    def surplus(self, held: Holding, perp: exchange.PerpMarket) -> int:
        """What an account has beyond what keeping its position requires."""
        value = abs(held.lots) * perp.mark_ticks
        required = 0
        bounds = [tier.from_atoms for tier in RULES.tiers[: RULES.tier_count]]
        for tier, end in zip(RULES.tiers, [*bounds[1:], 2**63], strict=False):
            required += max(0, min(value, end) - tier.from_atoms) * tier.maintenance_bps
        return held.free_atoms + self.claim(held, perp, perp.mark_ticks) - -(-required // 10_000)

    def audit(self) -> None:
        """The vault is what is owed, and the claims are the pool, to the atom but for stated dust."""
        perp = self.world.perp(self.market)
        holdings = self.holdings.values()
        cash = sum(held.cash_atoms for held in holdings)
        assert self.world.token_amount(self.world.vault) == (
            cash + perp.pool_atoms + perp.insurance_atoms + perp.fees_atoms
        )
        assert sum(held.lots for held in holdings) == 0
        assert sum(held.lots for held in holdings if held.lots > 0) == perp.open_lots
        claims = sum(self.claim(held, perp, perp.mark_ticks) for held in holdings)
        dust = perp.pool_atoms - claims - perp.fees_due_atoms - perp.insurance_due_atoms
        assert 0 <= dust <= 10 * (self.report.liquidations + len(self.holdings)), dust

    def play(self, tick: Tick) -> None:
        """One reading: everybody below what keeping requires is liquidated, or resolved, until nobody is."""
        world, market = self.world, self.market
        world.set_time(tick.time)
        world.publish_price(world.feeds[market], tick.price_ticks)
        world.run(world.update(market), signers=[world.publisher])
        self.report.ticks += 1
        perp = world.perp(market)
        while unhealthy := self._unhealthy(perp):
            for held in unhealthy:
                self._take_over(held)
            self._hand_back()
            perp = world.perp(market)

    def _unhealthy(self, perp: exchange.PerpMarket) -> list[Holding]:
        taker = self.liquidator.account
        return [
            held
            for key, held in self.holdings.items()
            if key != taker and (held.lots or held.quote_atoms) and self.surplus(held, perp) < 0
        ]

    def _take_over(self, held: Holding) -> None:
        world, market = self.world, self.market
        before = world.perp(market)
        surplus = self.surplus(held, before)
        try:
            landed = world.run(
                world.liquidate(self.liquidator, held.user, market), signers=[self.liquidator.keys]
            )
            self.report.liquidations += 1
        except RefusedError as refusal:
            if refusal.name != "AccountBankrupt":
                raise
            landed = world.run(
                world.resolve_bankruptcy(self.liquidator, held.user, market),
                signers=[self.liquidator.keys],
            )
            self.report.bankruptcies += 1
        assert surplus < 0, "an account was liquidated that was healthy"
        self.report.units_max = max(self.report.units_max, landed.compute_units_consumed())
        (event,) = (event for event in emitted(landed.logs()) if isinstance(event, exchange.Liquidated))
        self.report.liquidated_atoms += event.lots * event.mark_ticks
        self.report.rewards_atoms += event.reward_atoms
        self.report.shortfall_atoms += event.shortfall_atoms
        self.report.haircut_atoms += event.haircut_atoms
        self.report.insurance_paid_atoms += event.shortfall_atoms - event.haircut_atoms
        after = world.perp(market)
        assert before.insurance_atoms - after.insurance_atoms == event.shortfall_atoms - event.haircut_atoms
        self.read(held.user, self.liquidator)
        self.audit()
        assert self.holdings[held.user.account].free_atoms >= 0

    def recover(self) -> None:
        """Insurance is filled again, and gives back what the winners bore, as fast as it may."""
        world, market = self.world, self.market
        perp = world.perp(market)
        # A tenth of what is open stays for the next bankrupt.
        amount_atoms = 4 * self.report.haircut_atoms + perp.open_lots * perp.mark_ticks // 10
        sponsor = world.user(amount_atoms)
        world.land(sponsor, world.insure(sponsor, market, amount_atoms))
        for user in world.users:
            if world.perp_leg(user, market) is not None:
                # Whoever is touched has what he bore noted.
                world.refused(user, world.settle(user, market))
        self.read(*world.users)
        self.audit()
        while world.perp(market).haircut_open_atoms:
            world.set_time(world.now + 86_400)
            world.run(exchange.return_haircut(market=market), signers=[world.publisher])
            self.read(*world.users)
            self.audit()

    def _hand_back(self) -> None:
        """The liquidator sells what it took to the maker, at the mark."""
        world, market = self.world, self.market
        lots = self.holdings[self.liquidator.account].lots
        if lots == 0:
            return
        price = world.perp(market).mark_ticks
        makes, takes = (bid, ask) if lots > 0 else (ask, bid)
        world.land(self.maker, world.trade_perp(self.maker, market, makes(price, abs(lots))))
        kind = exchange.ORDER_IMMEDIATE_OR_CANCEL
        world.land(
            self.liquidator, world.trade_perp(self.liquidator, market, takes(price, abs(lots), kind=kind))
        )
        world.land(self.maker, self._cancel_all(self.maker))
        self.read(self.maker, self.liquidator)
        self.audit()
