"""Rules: perpetuals, their prices, orders, margins and takeovers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import sizes
from account_book import Margin
from hypothesis import strategies as st
from hypothesis.stateful import rule
from invariant import demand
from machine import FAULT, Machine
from perp_accounts import Health, Stake, Takeover, health_of, may_liquidate, may_open, value_ticks
from perp_markets import COIN, ODDS, READINGS, creation, others, places, readings, update
from sizes import pick
from solders.pubkey import Pubkey

from secant import exchange
from world import ask, bid

if TYPE_CHECKING:
    from book_rules import Marks
    from faults import Fault

PERPS_MAX = 5
OPEN = exchange.ORDER_LIMIT
TAKE = exchange.ORDER_IMMEDIATE_OR_CANCEL
JUMPS = st.one_of(*[st.integers(-20, 20)] * 3, st.integers(-100, 100), st.integers(-600, 600))
"""Thousandths by which a price moves."""
SAID = st.sampled_from([*["agree"] * 12, *READINGS])
OFFSETS = st.one_of(*[st.integers(-300, 300)] * 3, st.integers(-700, 700), st.sampled_from([0, 0, 10**6]))
"""Ten-thousandths of the mark that a price is off it."""
SHARES = st.one_of(st.integers(1, 300), st.integers(500, 1_050), st.sampled_from([950, 980, 999]))
"""Thousandths of what an account can afford to open."""
SIDES = st.sampled_from([exchange.SIDE_BID, exchange.SIDE_ASK])
RULES_DRAWN = st.sampled_from(
    [
        COIN,
        COIN,
        ODDS,
        replace(ODDS, stale_s=3_600, size_premium_ppb=10_000_000),
        replace(COIN, tier_count=0),
        replace(COIN, near_bps=600),
        replace(COIN, position_max_lots=2**34 + 1),
    ]
)


class PerpetualRules(Machine):
    """What traders, liquidators and publishers do at perpetuals."""

    # Who and what there is

    def _perp(self, place: int) -> tuple[Pubkey, exchange.PerpMarket]:
        return pick(list(self.book.perps.found.items()), place)

    def _health(self, account: Pubkey) -> Health:
        return health_of(self.book.margins.found[account], self.book.perps.found, self.world.now)

    def _traders(self, market: Pubkey) -> list[Pubkey]:
        return self.market.accounts(self.book.perps.found[market].exchange)

    def _places(self, market: Pubkey) -> dict[str, Pubkey]:
        return places(self.market, market)

    def _updated(self, *accounts: Pubkey) -> None:
        """Brings the markets of some accounts up to now."""
        margins = self.book.margins.found
        for key in {key: None for account in accounts for key in margins[account].perps}:
            self._update(key)

    def _held(self, *, closed: bool = True) -> list[tuple[Pubkey, Pubkey]]:
        """Market and account of every leg, those without lots only if wished."""
        return [
            (market, account)
            for account, margin in self.book.margins.found.items()
            for market, leg in margin.perps.items()
            if closed or leg.position_lots
        ]

    def _trader(self, account: Pubkey, *, delegated: bool) -> Pubkey:
        margin = self.book.margins.found[account]
        return margin.raw.delegate if delegated and margin.raw.delegate != Pubkey.default() else margin.owner

    # Prices

    @rule(
        place=sizes.which, jump=JUMPS, how=SAID, seconds=st.sampled_from([1, 1, 5, 20, 61, 400]), fault=FAULT
    )
    def say_price(self, place: int, jump: int, how: str, seconds: int, fault: Fault | None) -> None:
        key, _ = self._perp(place)
        self._say(key, jump, how, seconds)
        self._update(key, fault)

    def _say(self, key: Pubkey, jump: int, how: str = "agree", seconds: int = 1) -> None:
        """The price of a market's feed jumps by thousandths."""
        perp = self.book.perps.found[key]
        self.world.set_time(self.world.now + seconds)
        low, high = self.market.ranges[perp.feed]
        price = min(high, max(low, perp.index_ticks * (1_000 + jump) // 1_000))
        for reading in readings(self.market, perp.feed, price, how):
            self.market.attempt("publish", reading)

    def _update(self, key: Pubkey, fault: Fault | None = None) -> None:
        self.market.attempt("update_funding", update(self.market, key), fault)

    @rule(place=sizes.which, fault=FAULT)
    def update_funding(self, place: int, fault: Fault | None) -> None:
        self._update(self._perp(place)[0], fault)

    @rule(place=sizes.which, hours=st.integers(1, 3), steps=st.integers(1, 4), fault=FAULT)
    def hours_pass(self, place: int, hours: int, steps: int, fault: Fault | None) -> None:
        """With a price and an update now and then, so that premiums become rates."""
        key, _ = self._perp(place)
        for _ in range(steps):
            self._say(key, 0, "agree", hours * 3_600 // steps)
            self._update(key, fault)

    # Orders

    @rule(
        place=sizes.which,
        which=sizes.which,
        side=st.sampled_from([0, 1, 0, 1, 0, 1, 2]),
        off=OFFSETS,
        share=SHARES,
        marks=sizes.order_marks,
        delegated=st.booleans(),
        fault=FAULT,
    )
    def trade_perp(
        self,
        place: int,
        which: int,
        side: int,
        off: int,
        share: int,
        marks: Marks,
        delegated: bool,  # noqa: FBT001
        fault: Fault | None,
    ) -> None:
        key, market = self._perp(place)
        if not (accounts := self._traders(key)):
            return
        account = pick(accounts, which)
        kind, self_trade, live_s, meets_max, reduce_only = marks
        request = exchange.OrderRequest(
            client_id=place,
            lots=self._affordable(account, key, share),
            expires_at=max(0, self.world.now + live_s) if live_s else 0,
            price_ticks=self._price(market, off),
            meets_max=meets_max,
            side=side,
            kind=kind,
            self_trade=self_trade,
            reduce_only=reduce_only,
        )
        self._trade_perp(account, key, request, fault, delegated=delegated)

    @rule(
        place=sizes.which,
        orders=st.lists(st.tuples(sizes.which, SIDES, OFFSETS, SHARES), min_size=2, max_size=5),
    )
    def trade_perp_several(self, place: int, orders: list[tuple[int, int, int, int]]) -> None:
        """Account, side, price and share of what it affords, several times at one fresh market."""
        key, _ = self._perp(place)
        self._freshen(key)
        for which, side, off, share in orders:
            if accounts := self._traders(key):
                account = pick(accounts, which)
                make = bid if side == exchange.SIDE_BID else ask
                price = self._price(self.book.perps.found[key], off)
                self._trade_perp(account, key, make(price, self._affordable(account, key, share)))

    @rule(place=sizes.which, pair=st.tuples(sizes.which, sizes.which), side=SIDES, off=OFFSETS, share=SHARES)
    def meet(self, place: int, pair: tuple[int, int], side: int, off: int, share: int) -> None:
        """One account takes what another offers, as much as both can afford."""
        key, _ = self._perp(place)
        accounts = self._traders(key)
        maker, taker = pick(accounts or [key], pair[0]), pick(accounts or [key], pair[1])
        if maker == taker or not accounts:
            return
        self._freshen(key)
        lots = min(self._affordable(maker, key, share), self._affordable(taker, key, share))
        price = self._price(self.book.perps.found[key], off)
        makes, takes = (bid, ask) if side == exchange.SIDE_BID else (ask, bid)
        self._trade_perp(maker, key, makes(price, lots))
        self._trade_perp(taker, key, takes(price, lots, kind=TAKE))

    @rule(place=sizes.which, off=OFFSETS, lots=st.sampled_from([1, 1_000, 2**26]), fault=FAULT)
    def reduce(self, place: int, off: int, lots: int, fault: Fault | None) -> None:
        """Whatever the oracle says, and whatever is paused."""
        if held := self._held(closed=False):
            key, account = pick(held, place)
            make = ask if self.book.margins.found[account].perps[key].position_lots > 0 else bid
            price = self._price(self.book.perps.found[key], off)
            self._trade_perp(account, key, make(price, lots, reduce_only=True), fault)

    def _freshen(self, key: Pubkey) -> None:
        """Brings a market to a state in which it opens, if a price that stays does."""
        if not may_open(self.book.perps.found[key], self.world.now):
            self._say(key, 0)
            self._update(key)

    def _price(self, market: exchange.PerpMarket, off: int) -> int:
        return min(2**24, max(0, market.mark_ticks + market.mark_ticks * off // 10_000))

    def _affordable(self, account: Pubkey, key: Pubkey, share: int) -> int:
        """So many thousandths of the lots that an account can open, at least 1."""
        market = self.book.perps.found[key]
        each = market.mark_ticks * market.rules.tiers[0].initial_bps
        return max(1, self._health(account).spare * 10 * share // max(1, each))

    def _trade_perp(
        self,
        account: Pubkey,
        key: Pubkey,
        request: exchange.OrderRequest,
        fault: Fault | None = None,
        *,
        delegated: bool = False,
    ) -> bool:
        """Sends an order; if it opens, the same one would have been allowed to reduce."""
        instruction, twin = (
            exchange.trade_perp(
                trader=self._trader(account, delegated=delegated),
                exchange=self.book.perps.found[key].exchange,
                account=account,
                request=each,
                remaining_accounts=others(self.market, account, apart=key),
                **self._places(key),
            )
            for each in (request, replace(request, reduce_only=True))
        )
        opens = not request.reduce_only and fault is None
        refusal = self.market.refusal_of("trade_perp", twin) if opens else ""
        landed = self.market.attempt("trade_perp", instruction, fault)
        demand(not landed or refusal not in {"PriceUnfit", "Paused"}, "what opens may reduce", refusal)
        return landed

    @rule(place=sizes.which, count=st.integers(0, 4), stranger=st.integers(0, 7), fault=FAULT)
    def cancel_perp_orders(self, place: int, count: int, stranger: int, fault: Fault | None) -> None:
        """Own orders, rarely somebody else's."""
        if not (held := self._held()):
            return
        key, account = pick(held, place)
        book = self.book.perp_book_of(key)
        assert book is not None
        chosen = book.orders_of(account)[:count] + (list(book.orders[:1]) if stranger == 0 else [])
        instruction = exchange.cancel_perp_orders(
            trader=self._trader(account, delegated=stranger > 5),
            account=account,
            market=key,
            book=self._places(key)["book"],
            cancellations=[exchange.Cancellation(order_id=order.id, hint=stranger) for order in chosen],
        )
        self.market.attempt("cancel_perp_orders", instruction, fault)

    @rule(place=sizes.which, side=st.sampled_from([None, None, 0, 1, 2]), fault=FAULT)
    def cancel_all_perp(self, place: int, side: int | None, fault: Fault | None) -> None:
        if held := self._seated() or self._held():
            self._cancel_all(*pick(held, place), side, fault)

    def _cancel_all(
        self, key: Pubkey, account: Pubkey, side: int | None = None, fault: Fault | None = None
    ) -> None:
        instruction = exchange.cancel_all_perp(
            trader=self.book.margins.found[account].owner,
            account=account,
            market=key,
            book=self._places(key)["book"],
            side=side,
        )
        self.market.attempt("cancel_all_perp", instruction, fault)

    def _seated(self) -> list[tuple[Pubkey, Pubkey]]:
        margins = self.book.margins.found
        return [(key, account) for key, account in self._held() if margins[account].perps[key].seat]

    @rule(place=sizes.which, fault=FAULT)
    def draw_perp_seat(self, place: int, fault: Fault | None) -> None:
        if held := self._seated() or self._held():
            self._draw(*pick(held, place), fault)

    def _draw(self, key: Pubkey, account: Pubkey, fault: Fault | None = None) -> None:
        instruction = exchange.draw_perp_seat(
            account=account,
            remaining_accounts=others(self.market, account, apart=key),
            **self._places(key),
        )
        self.market.attempt("draw_perp_seat", instruction, fault)

    # Money

    @rule(place=sizes.which, fault=FAULT)
    def settle_pnl(self, place: int, fault: Fault | None) -> None:
        if held := self._held():
            self._settle(*pick(held, place), fault)

    def _settle(self, key: Pubkey, account: Pubkey, fault: Fault | None = None) -> bool:
        instruction = exchange.settle_pnl(account=account, **self._places(key))
        return self.market.attempt("settle_pnl", instruction, fault)

    @rule(place=sizes.which)
    def settle_all(self, place: int) -> None:
        """Everybody in a market, so that what losers pay in reaches winners."""
        key, _ = self._perp(place)
        for market, account in self._held():
            if market == key:
                self._settle(key, account)

    @rule(which=sizes.which, fault=FAULT)
    def refresh_margin(self, which: int, fault: Fault | None) -> None:
        if accounts := list(self.book.margins.found):
            account = pick(accounts, which)
            instruction = exchange.refresh_margin(
                account=account, remaining_accounts=others(self.market, account)
            )
            self.market.attempt("refresh_margin", instruction, fault)

    @rule(refreshes=st.sampled_from([True, True, True, False]))
    def state_margins(self, refreshes: bool) -> None:  # noqa: FBT001
        """From now on clients state margins before what needs it, or forget to."""
        self.market.refreshes = refreshes

    @rule(which=sizes.which)
    def withdraw_to_the_atom(self, which: int) -> None:
        """What an exact computation says is free can leave, and not an atom more."""
        accounts = [key for key, margin in self.book.margins.found.items() if margin.perps]
        if not accounts:
            return
        account, self.market.refreshes = pick(accounts, which), True
        self._updated(account)
        spare = self._health(account).spare
        margin = self.book.margins.found[account]
        desk = self.book.exchanges.found[margin.desk]
        for amount, lands in ((spare + 1, False), (spare, spare > 0)):
            instruction = exchange.withdraw(
                owner=margin.owner,
                exchange=margin.desk,
                account=account,
                vault=desk.vault,
                destination=self.market.token_accounts[self.world.mint, margin.owner],
                amount_atoms=amount,
            )
            landed = self.market.attempt("withdraw", instruction)
            demand(landed == lands, "what is free leaves, to the atom", amount, spare, self.market.refusal)

    @rule(place=sizes.which, which=sizes.which, amount=sizes.atoms, fault=FAULT)
    def add_insurance(self, place: int, which: int, amount: int, fault: Fault | None) -> None:
        key, _ = self._perp(place)
        if accounts := self._traders(key):
            account = pick(accounts, which)
            instruction = exchange.add_insurance(
                owner=self.book.margins.found[account].owner,
                account=account,
                market=key,
                amount_atoms=amount,
            )
            self.market.attempt("add_insurance", instruction, fault)

    @rule(place=sizes.which, fault=FAULT)
    def collect_perp_fees(self, place: int, fault: Fault | None) -> None:
        key, state = self._perp(place)
        instruction = exchange.collect_perp_fees(exchange=state.exchange, market=key)
        self.market.attempt("collect_perp_fees", instruction, fault)

    # Takeovers

    @rule(place=sizes.which, taker=sizes.which, some=st.booleans(), bankrupt=st.booleans(), fault=FAULT)
    def take_over(self, place: int, taker: int, some: bool, bankrupt: bool, fault: Fault | None) -> None:  # noqa: FBT001
        """The unhealthy first, if there are any; now and then by the wrong one of the two instructions."""
        held = self._held()
        unhealthy = [each for each in held if self._health(each[1]).maintenance_surplus < 0]
        if held:
            key, account = pick(unhealthy or held, place)
            lots_max = 1_000 if some else sizes.U64_MAX
            self._take_over((key, account), taker, lots_max, fault, bankrupt=bankrupt)

    def _take_over(
        self,
        leg: tuple[Pubkey, Pubkey],
        taker: int,
        lots_max: int = sizes.U64_MAX,
        fault: Fault | None = None,
        *,
        bankrupt: bool,
    ) -> bool:
        key, account = leg
        takers = [each for each in self._traders(key) if each != account]
        if not takers:
            return False
        by = pick(sorted(takers, key=lambda each: -self._health(each).spare), taker % 3)
        named = {
            "liquidator": self._trader(by, delegated=lots_max % 2 == 0),
            "exchange": self.book.perps.found[key].exchange,
            "taker": by,
            "account": account,
            "remaining_accounts": others(self.market, by, account, apart=key),
            **self._places(key),
        }
        name = "resolve_bankruptcy" if bankrupt else "liquidate"
        build = exchange.resolve_bankruptcy if bankrupt else exchange.liquidate
        instruction = build(**named, lots_max=lots_max)
        if fault is None:
            # A market that has not been touched for long calls a fresh price stale.
            self._update(key)
        landed = self.market.attempt(name, instruction, fault)
        if not landed and fault is None:
            self._check_refused(key, account)
        return landed

    def _check_refused(self, key: Pubkey, account: Pubkey) -> None:
        """Whoever is said to be healthy is, by an exact computation at prices brought up to now."""
        refusal = self.market.refusal
        self._update(key)
        health, market = self._health(account), self.book.perps.found[key]
        if refusal == "AccountHealthy":
            demand(health.maintenance_surplus >= 0, "who is unhealthy can be taken over", account, health)
        elif refusal == "PriceUnfit":
            fit = may_liquidate(market, self.world.now)
            demand(not fit, "a fair price suffices for taking over", account, market)
        elif refusal in {"AccountBankrupt", "AccountSolvent"}:
            lots = self.book.margins.found[account].perps[key].position_lots
            rules = replace(market.rules, reward_bps=0) if market.settlement_ticks else market.rules
            case = Takeover(rules, health.equity, 0, abs(lots), value_ticks(market, lots))
            said = refusal == "AccountBankrupt"
            demand(case.is_bankrupt == said, "a bankrupt is who cannot pay a reward", account, health)

    @rule(
        place=sizes.which,
        jump=st.integers(-600, 600),
        taker=sizes.which,
        seconds=st.sampled_from([1, 30, 61]),
    )
    def crash(self, place: int, jump: int, taker: int, seconds: int) -> None:
        """A price jumps, and everybody who is unhealthy then is taken over."""
        key, _ = self._perp(place)
        self._say(key, jump, "agree", seconds)
        self._update(key)
        for account in [account for market, account in self._held() if market == key]:
            if self._health(account).maintenance_surplus >= 0:
                continue
            for market, seated in self._seated():
                if seated == account:
                    self._draw(market, account)
            if key in self.book.margins.found[account].perps:
                leg = (key, account)
                if not self._take_over(leg, taker, bankrupt=False) and self.market.refusal in {
                    "AccountBankrupt",
                    "NothingToLiquidate",
                }:
                    self._take_over(leg, taker, bankrupt=True)

    @rule(
        place=sizes.which,
        pair=st.tuples(sizes.which, sizes.which),
        side=SIDES,
        jump=st.integers(50, 600),
        upwards=st.booleans(),
        taker=sizes.which,
    )
    def blow_up(
        self,
        place: int,
        pair: tuple[int, int],
        side: int,
        jump: int,
        upwards: bool,  # noqa: FBT001
        taker: int,
    ) -> None:
        """Two accounts open all they can against each other, and the price jumps."""
        self.meet(place, pair, side, 0, 960)
        self.crash(place, jump if upwards else -jump, taker, 1)

    @rule(place=sizes.which, drawn=st.integers(0, 719))
    def settle_in_any_order(self, place: int, drawn: int) -> None:
        """Haircuts and funding are the same to the atom in whatever order positions are settled."""
        key, _ = self._perp(place)
        self._update(key)
        accounts = [account for market, account in self._held() if market == key]
        order = list(accounts)
        for step in range(len(order) - 1, 0, -1):
            drawn, swap = divmod(drawn, step + 1)
            order[step], order[swap] = order[swap], order[step]
        outcomes = [self._settled(key, each) for each in (accounts, order)]
        demand(outcomes[0] == outcomes[1], "the order of settling makes no difference", outcomes)

    def _settled(self, key: Pubkey, accounts: list[Pubkey]) -> dict[Pubkey, tuple[int, int]]:
        """What everybody's cash and cost come to, drawn and settled one after the other on a fork."""
        worth = {}
        with self.market.fork():
            for account in accounts:
                for name in ("draw_perp_seat", "settle_pnl"):
                    build = getattr(exchange, name)
                    rest = others(self.market, account, apart=key)
                    extra = {"remaining_accounts": rest} if "draw" in name else {}
                    instruction = build(account=account, **extra, **self._places(key))
                    first = self.market.statements(name, instruction)
                    self.world.svm.send_transaction(self.market.transaction([*first, instruction]))
            market = exchange.PerpMarket.decode(self.world.data(key))
            for account in accounts:
                margin = Margin.decode(self.world.data(account))
                leg = margin.perps.get(key)
                quote = 0 if leg is None else Stake.of(leg).net_atoms(market)
                worth[account] = (margin.cash_atoms + quote, 0 if leg is None else leg.position_lots)
        return worth

    # One owner with two accounts

    @rule(place=sizes.which, who=st.integers(0, 2), side=SIDES, off=OFFSETS, share=SHARES)
    def trade_with_oneself(self, place: int, who: int, side: int, off: int, share: int) -> None:
        """Two accounts of one owner that hold nothing in a market cannot, by trading there, take out more."""
        key, market = self._perp(place)
        owner, margins = self.market.users[who].key, self.book.margins.found
        own = [
            account
            for account, margin in margins.items()
            if margin.owner == owner and margin.desk == market.exchange and key not in margin.perps
        ][:2]
        if len(own) < 2:
            return
        self._freshen(key)
        self._updated(*own)
        before = sum(self._health(account).spare for account in own)
        lots = min(self._affordable(account, key, share) for account in own)
        price = self._price(self.book.perps.found[key], off)
        makes, takes = (bid, ask) if side == exchange.SIDE_BID else (ask, bid)
        self._trade_perp(own[0], key, makes(price, lots))
        others_first = self.book.perp_book_of(key)
        assert others_first is not None
        alone = all(order in others_first.orders_of(own[0]) for order in others_first.orders)
        self._trade_perp(own[1], key, takes(price, lots, kind=TAKE))
        for account in own:
            if account in margins and key in margins[account].perps:
                self._cancel_all(key, account)
        for account in own:
            if key in margins[account].perps:
                self._settle(key, account)
        after = sum(self._health(account).spare for account in own)
        if alone:
            demand(after <= before, "trading with oneself frees no collateral", own, before, after)

    # Trigger orders

    @rule(
        place=sizes.which,
        off=OFFSETS,
        trail=st.sampled_from([0, 0, 50, 500]),
        slip=st.sampled_from([0, 500, 500, 10_000]),
        live_s=st.sampled_from([0, 0, 60, -1]),
        is_above=st.integers(0, 2),
        fault=FAULT,
    )
    def place_trigger(
        self, place: int, off: int, trail: int, slip: int, live_s: int, is_above: int, fault: Fault | None
    ) -> None:
        if not (held := self._held(closed=False)):
            return
        key, account = pick(held, place)
        perp, leg = self.book.perps.found[key], self.book.margins.found[account].perps[key]
        side = exchange.SIDE_ASK if leg.position_lots > 0 else exchange.SIDE_BID
        trigger = exchange.find_trigger(account=account, market=key, id=place % 3)
        self.book.watch(self.book.triggers, trigger)
        terms = exchange.TriggerTerms(
            lots=1 + abs(leg.position_lots) // (1 + place % 3),
            expires_at=self.world.now + live_s if live_s else 0,
            trigger_ticks=min(self._price(perp, off), 2**24 - 1),
            trail_ticks=trail,
            slip_ticks=slip,
            side=side,
            is_above=int(side == exchange.SIDE_BID) if trail else is_above,
        )
        instruction = exchange.place_trigger(
            trader=self._trader(account, delegated=place % 4 == 0),
            account=account,
            market=key,
            id=place % 3,
            terms=terms,
            trigger=trigger,
        )
        self.market.attempt("place_trigger", instruction, fault)

    @rule(place=sizes.which, by=st.sampled_from(["owner", "owner", "anyone"]), fault=FAULT)
    def cancel_trigger(self, place: int, by: str, fault: Fault | None) -> None:
        if found := list(self.book.triggers.found.items()):
            key, state = pick(found, place)
            owner = self.book.margins.found[state.account].owner
            instruction = exchange.cancel_trigger(
                canceller=owner if by == "owner" else self.market.relayer,
                payer=state.payer,
                account=state.account,
                trigger=key,
            )
            self.market.attempt("cancel_trigger", instruction, fault)

    @rule(place=sizes.which, jump=JUMPS, offered=st.booleans(), fault=FAULT)
    def execute_trigger(self, place: int, jump: int, offered: bool, fault: Fault | None) -> None:  # noqa: FBT001
        """Anyone sends it once a price has moved; mostly somebody offers the other side."""
        triggers = {
            key: state
            for key, state in self.book.triggers.found.items()
            if state.account in self.book.margins.found
        }
        if not triggers:
            return
        key, state = pick(list(triggers.items()), place)
        self._say(state.market, jump)
        self._update(state.market)
        if offered:
            makers = [each for each in self._traders(state.market) if each != state.account]
            make = bid if state.terms.side == exchange.SIDE_ASK else ask
            mark = self.book.perps.found[state.market].mark_ticks
            self._trade_perp(pick(makers, place), state.market, make(mark, state.terms.lots))
        instruction = exchange.execute_trigger(
            exchange=self.book.perps.found[state.market].exchange,
            account=state.account,
            trigger=key,
            payer=state.payer,
            remaining_accounts=others(self.market, state.account, apart=state.market),
            **self._places(state.market),
        )
        self.market.attempt("execute_trigger", instruction, fault)

    # Who runs it

    @rule(place=sizes.which, rules=RULES_DRAWN, wider=st.booleans(), fault=FAULT)
    def propose_perp_rules(
        self,
        place: int,
        rules: exchange.PerpRules,
        wider: bool,  # noqa: FBT001
        fault: Fault | None,
    ) -> None:
        """Mostly with another fee, or at twice the funding; now and then others altogether."""
        key, state = self._perp(place)
        if place % 4:
            ppm = 450 + 100 * (place % 3)
            funding = min(2_000, 2 * state.rules.funding_bps) if wider else state.rules.funding_bps
            rules = replace(state.rules, taker_fee_ppm=ppm, funding_bps=funding)
        instruction = exchange.propose_perp_rules(
            admin=self.book.exchanges.found[state.exchange].admin,
            exchange=state.exchange,
            market=key,
            rules=rules,
        )
        self.market.attempt("propose_perp_rules", instruction, fault)

    @rule(place=sizes.which, patient=st.sampled_from([True, False, False]), fault=FAULT)
    def apply_perp_rules(self, place: int, patient: bool, fault: Fault | None) -> None:  # noqa: FBT001
        perps = self.book.perps.found
        key = pick([key for key, perp in perps.items() if perp.rules_time] or list(perps), place)
        if patient and perps[key].rules_time:  # which ends most events, so not often
            self.world.set_time(max(self.world.now, perps[key].rules_time))
        self.market.attempt("apply_perp_rules", exchange.apply_perp_rules(market=key), fault)

    @rule(place=sizes.which, seconds=st.sampled_from([0, 0, 3_600, -1]), fault=FAULT)
    def close_perp(self, place: int, seconds: int, fault: Fault | None) -> None:
        key, state = self._perp(place)
        instruction = exchange.close_perp(
            admin=self.book.exchanges.found[state.exchange].admin,
            exchange=state.exchange,
            market=key,
            close_time=self.world.now + exchange.NOTICE_S + seconds,
        )
        self.market.attempt("close_perp", instruction, fault)

    @rule(place=sizes.which, patient=st.sampled_from([True, False, False]), last=st.booleans(), fault=FAULT)
    def settle_perp(self, place: int, patient: bool, last: bool, fault: Fault | None) -> None:  # noqa: FBT001
        """At a market's end, mostly after its price was said within its last hour."""
        perps = self.book.perps.found
        ending = [key for key, perp in perps.items() if perp.close_time and not perp.settlement_ticks]
        key = pick(ending or list(perps), place)
        perp = perps[key]
        if patient and ending:
            last_hour = perp.close_time - exchange.CLOSING_WINDOW_S
            if last and self.world.now < last_hour:
                self.world.set_time(last_hour)
                for _ in range(3):
                    self._say(key, 5, "agree", 1_000)
                    self._update(key)
            self.world.set_time(max(self.world.now, perp.close_time))
        instruction = exchange.settle_perp(**self._places(key))
        if self.market.attempt("settle_perp", instruction, fault) and last:
            self.world.set_time(max(self.world.now, perp.close_time + exchange.LOSSES_FIRST_S - place % 2))

    @rule(place=sizes.which, which=sizes.which, percent=st.sampled_from([1, 5, 10, 11, 200]), fault=FAULT)
    def remove_insurance(self, place: int, which: int, percent: int, fault: Fault | None) -> None:
        key, state = self._perp(place)
        admin = self.book.exchanges.found[state.exchange].admin
        accounts = self._traders(key)
        own = [each for each in accounts if self.book.margins.found[each].owner == admin]
        if not accounts:
            return
        instruction = exchange.remove_insurance(
            admin=admin,
            exchange=state.exchange,
            market=key,
            account=pick(own or accounts, which),
            amount_atoms=state.insurance_atoms * percent // 100,
        )
        self.market.attempt("remove_insurance", instruction, fault)

    @rule(which=sizes.which, to=sizes.which, amount=sizes.atoms, fault=FAULT)
    def transfer(self, which: int, to: int, amount: int, fault: Fault | None) -> None:
        """Between two accounts, of one owner if there are any."""
        margins = self.book.margins.found
        pairs = [
            (one, two)
            for one, first in margins.items()
            for two, second in margins.items()
            if one != two and (first.owner == second.owner or to == 0)
        ]
        if pairs:
            source, destination = pick(pairs, 16 * to + which)
            instruction = exchange.transfer(
                owner=margins[source].owner, source=source, destination=destination, amount_atoms=amount
            )
            self.market.attempt("transfer", instruction, fault)

    @rule(
        desk=sizes.which,
        feed=sizes.which,
        name=st.sampled_from(["third", "fourth", "fifth", "coin"]),
        rules=RULES_DRAWN,
        open_s=st.sampled_from([0, 0, 10_000, 200_000, 3_600]),
        fault=FAULT,
    )
    def create_perp(
        self, desk: int, feed: int, name: str, rules: exchange.PerpRules, open_s: int, fault: Fault | None
    ) -> None:
        if len(self.book.perps.found) >= PERPS_MAX:
            return
        exchange_key = pick(list(self.book.exchanges.found), desk)
        feed_key = pick(list(self.book.perp_feeds.found), feed)
        self._say_at(feed_key)
        close_time = self.world.now + open_s if open_s else 0
        instruction, key = creation(self.market, exchange_key, name, (feed_key, rules, close_time))
        self.book.watch(self.book.perps, key)
        self.book.watch(self.book.perp_books, exchange.find_book(event=key, outcome=0))
        self.market.attempt("create_perp", instruction, fault)

    def _say_at(self, feed: Pubkey) -> None:
        """A price for a new market: that of one which has the feed already."""
        known = next(key for key, perp in self.book.perps.found.items() if perp.feed == feed)
        self._say(known, 0)

    @rule(place=sizes.which, bits=st.sampled_from([1, 2, 4, 7, 0, 8]), by_admin=st.booleans(), fault=FAULT)
    def pause_perp(self, place: int, bits: int, by_admin: bool, fault: Fault | None) -> None:  # noqa: FBT001
        key, state = self._perp(place)
        desk = self.book.exchanges.found[state.exchange]
        pauser = desk.admin if by_admin else desk.pauser
        instruction = exchange.pause_perp(pauser=pauser, exchange=state.exchange, market=key, pause_bits=bits)
        self.market.attempt("pause_perp", instruction, fault)

    @rule(place=sizes.which, bits=st.sampled_from([7, 7, 7, 7, 1, 2, 4, 0, 8]), fault=FAULT)
    def unpause_perp(self, place: int, bits: int, fault: Fault | None) -> None:
        """The one that is paused, if one is: pauses are not the rule."""
        perps = self.book.perps.found
        key = pick([key for key, perp in perps.items() if perp.pause_bits] or list(perps), place)
        state = perps[key]
        admin = self.book.exchanges.found[state.exchange].admin
        instruction = exchange.unpause_perp(admin=admin, exchange=state.exchange, market=key, pause_bits=bits)
        self.market.attempt("unpause_perp", instruction, fault)

    @rule(which=sizes.which, to=st.sampled_from([0, 1, 2, 3, None]), fault=FAULT)
    def set_delegate(self, which: int, to: int | None, fault: Fault | None) -> None:
        if accounts := list(self.book.margins.found):
            account = pick(accounts, which)
            delegate = Pubkey.default() if to is None else self.market.users[to].key
            owner = self.book.margins.found[account].owner
            instruction = exchange.set_delegate(owner=owner, account=account, delegate=delegate)
            self.market.attempt("set_delegate", instruction, fault)

    @rule(which=sizes.which, amount=sizes.atoms)
    def withdraw_by_delegate(self, which: int, amount: int) -> None:
        """A delegate trades, and takes nothing out."""
        named = [
            key for key, margin in self.book.margins.found.items() if margin.raw.delegate != Pubkey.default()
        ]
        if not named:
            return
        account = pick(named, which)
        margin = self.book.margins.found[account]
        instruction = exchange.withdraw(
            owner=margin.raw.delegate,
            exchange=margin.desk,
            account=account,
            vault=self.book.exchanges.found[margin.desk].vault,
            destination=self.market.token_accounts[self.world.mint, margin.raw.delegate],
            amount_atoms=amount,
        )
        landed = self.market.attempt("withdraw", instruction)
        owns = margin.raw.delegate == margin.owner
        demand(owns or not landed, "a delegate takes nothing out", account)
