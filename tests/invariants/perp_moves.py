"""What traders, liquidators and publishers do at perpetuals, step by step; the rules draw with what."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import sizes
from account_book import Margin
from hypothesis import strategies as st
from invariant import demand
from machine import Machine
from perp_accounts import (
    Health,
    Stake,
    Takeover,
    health_of,
    may_liquidate,
    may_open,
    near_band,
    price_max_ticks,
    value_ticks,
)
from perp_markets import READINGS, others, places, readings, update
from sizes import pick
from solders.pubkey import Pubkey

from secant import exchange
from world import ask, bid

if TYPE_CHECKING:
    from faults import Fault

TAKE = exchange.ORDER_IMMEDIATE_OR_CANCEL
AVERAGED_S = 301
"""After so many seconds an index is its own average."""
JUMPS = st.one_of(*[st.integers(-20, 20)] * 3, st.integers(-100, 100), st.integers(-600, 600))
"""Thousandths by which a price moves."""
SAID = st.sampled_from([*["agree"] * 12, *READINGS])
OFFSETS = st.one_of(*[st.integers(-300, 300)] * 3, st.integers(-700, 700), st.sampled_from([0, 0, 10**6]))
"""Ten-thousandths of the mark that a price is off it."""
SHARES = st.one_of(st.integers(1, 300), st.integers(500, 1_050), st.sampled_from([950, 980, 999]))
"""Thousandths of what an account can afford to open."""
SIDES = st.sampled_from([exchange.SIDE_BID, exchange.SIDE_ASK])


class PerpMoves(Machine):
    """The steps that rules are made of."""

    def _perp(self, place: int) -> tuple[Pubkey, exchange.PerpMarket]:
        return pick(list(self.book.perps.found.items()), place)

    def _trading(self, place: int) -> tuple[Pubkey, exchange.PerpMarket]:
        """A market that opens positions, if there is one."""
        latest = self.world.now + exchange.CLOSING_WINDOW_S
        trading = [
            (key, perp)
            for key, perp in self.book.perps.found.items()
            if not perp.pause_bits and (not perp.close_time or latest < perp.close_time)
        ]
        return pick(trading or list(self.book.perps.found.items()), place)

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

    def _all_drawn(self, *accounts: Pubkey) -> None:
        """Brings the markets of some accounts up to now, and draws all that their orders have brought."""
        self.world.next_slot()  # in the slot of a haircut no seat is known
        self._updated(*accounts)
        for market, account in self._seated():
            if account in accounts:
                self._draw(market, account)
        self._updated(*accounts)

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

    def _say(self, key: Pubkey, jump: int, how: str = "agree", seconds: int = 1) -> None:
        """The price of a market's feed jumps by thousandths."""
        price = self.book.perps.found[key].index_ticks * (1_000 + jump) // 1_000
        self._say_ticks(key, price, how, seconds)

    def _say_ticks(self, key: Pubkey, price: int, how: str = "agree", seconds: int = 1) -> None:
        perp = self.book.perps.found[key]
        self.world.set_time(self.world.now + seconds)
        low, high = self.market.ranges[perp.feed]
        price = min(high, max(low, price))
        for reading in readings(self.market, perp.feed, price, how):
            self.market.attempt("publish", reading)

    def _update(self, key: Pubkey, fault: Fault | None = None) -> None:
        self.market.attempt("update_funding", update(self.market, key), fault)

    def _freshen(self, key: Pubkey) -> None:
        """Brings a market to a state in which it opens, if a price that stays does."""
        for seconds in (1, AVERAGED_S):
            if not may_open(self.book.perps.found[key], self.world.now):
                self._say(key, 0, "agree", seconds)
                self._update(key)

    def _price(self, market: exchange.PerpMarket, off: int) -> int:
        return min(2**24, max(0, market.mark_ticks + market.mark_ticks * off // 10_000))

    def _affordable(self, account: Pubkey, key: Pubkey, share: int) -> int:
        """So many thousandths of the lots that an account can open, no less than can rest."""
        market = self.book.perps.found[key]
        each = market.mark_ticks * market.rules.tiers[0].initial_bps
        lots = self._health(account).spare * 10 * share // max(1, each)
        return max(market.rules.lots_min, lots)

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

    def _draw(self, key: Pubkey, account: Pubkey, fault: Fault | None = None) -> None:
        instruction = exchange.draw_perp_seat(
            account=account,
            remaining_accounts=others(self.market, account, apart=key),
            **self._places(key),
        )
        self.market.attempt("draw_perp_seat", instruction, fault)

    def _settle(self, key: Pubkey, account: Pubkey, fault: Fault | None = None) -> bool:
        instruction = exchange.settle_pnl(account=account, **self._places(key))
        return self.market.attempt("settle_pnl", instruction, fault)

    def _take_over(
        self,
        leg: tuple[Pubkey, Pubkey],
        taker: int,
        lots_max: int = sizes.U64_MAX,
        fault: Fault | None = None,
        *,
        bankrupt: bool,
    ) -> str:
        """Sends a takeover; by what name it was refused, "" if it landed."""
        key, account = leg
        takers = [each for each in self._traders(key) if each != account]
        if not takers:
            return "nobody"
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
        landed = self.market.attempt(name, instruction, fault)
        refusal = self.market.refusal
        if not landed and fault is None:
            self._check_refused(key, account, refusal)
        return refusal

    def _check_refused(self, key: Pubkey, account: Pubkey, refusal: str) -> None:
        """Whoever is said to be healthy is, by an exact computation at prices brought up to now."""
        self._updated(account)
        margin, market = self.book.margins.found[account], self.book.perps.found[key]
        health = health_of(margin, self.book.perps.found, self.world.now, settled=key)
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
                quote = 0 if leg is None else Stake.of(leg).settled_atoms(market)
                worth[account] = (margin.cash_atoms + quote, 0 if leg is None else leg.position_lots)
        return worth

    def _meet(self, place: int, pair: tuple[int, int], side: int, off: int, share: int) -> None:
        """One account takes what another offers, as much as both can afford."""
        key, _ = self._trading(place)
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

    def _fill_partly(self, place: int, pair: tuple[int, int], side: int, jump: int, share: int) -> None:
        """Most of what one account offers is taken, the price moves against it, and anybody draws it."""
        key, _ = self._trading(place)
        accounts = self._traders(key)
        maker, taker = pick(accounts or [key], pair[0]), pick(accounts or [key], pair[1])
        if maker == taker or not accounts:
            return
        self._freshen(key)
        price, lots = self.book.perps.found[key].mark_ticks, self._affordable(maker, key, 980)
        makes, takes = (bid, ask) if side == exchange.SIDE_BID else (ask, bid)
        self._trade_perp(maker, key, makes(price, lots))
        self._trade_perp(taker, key, takes(price, lots * (share % 10) // 10, kind=TAKE))
        self._say(key, -abs(jump) if side == exchange.SIDE_BID else abs(jump))
        if key in self.book.margins.found[maker].perps:
            self._draw(key, maker)

    def _crowd(self, place: int, which: int, side: int, off: int, share: int) -> None:
        """One account fills a side with small orders, and others rest some with more and with less there."""
        key, _ = self._trading(place)
        book, accounts = self.book.perp_book_of(key), self._traders(key)
        if book is None or not accounts:
            return
        self._freshen(key)
        market, make = self.book.perps.found[key], bid if side == exchange.SIDE_BID else ask
        away = -1 if side == exchange.SIDE_BID else 1
        crowd = max(accounts, key=lambda each: self._health(each).spare)
        room = book.orders_max // 2 - len(book.bids if side == exchange.SIDE_BID else book.asks)
        least, mark = market.rules.lots_min, market.mark_ticks
        for step in range(room):
            # The far ones are worth most, and not all of them are as large.
            ticks = mark + away * (mark // 50 + step * (1 + share % 40))
            self._trade_perp(crowd, key, make(min(2**24 - 1, max(1, ticks)), least + step % 3))
        for lots in (least, least + 1, least + 2 + share):
            self._trade_perp(pick(accounts, which), key, make(self._price(market, away * abs(off)), lots))

    def _crash(self, place: int, jump: int, taker: int, seconds: int) -> None:
        """A price jumps, and everybody who is unhealthy then is taken over."""
        key, _ = self._trading(place)
        self._say(key, jump, "agree", seconds)
        self._update(key)
        for account in [account for market, account in self._held() if market == key]:
            if self._health(account).maintenance_surplus >= 0:
                continue
            self._cancel_of_unhealthy(account)
            if key in self.book.margins.found[account].perps:
                leg = (key, account)
                refusal = self._take_over(leg, taker, bankrupt=False)
                if refusal in {"AccountBankrupt", "NothingToLiquidate"}:
                    if taker % 3 == 0:  # all but a few lots
                        lots = abs(self.book.margins.found[account].perps[key].position_lots)
                        self._take_over(leg, taker, lots * 99 // 100, bankrupt=True)
                    self._take_over(leg, taker, bankrupt=True)

    def _cancel_of_unhealthy(self, account: Pubkey) -> None:
        """Whoever draws all seats of an unhealthy account cancels its orders, in however many markets."""
        for _ in range(4):  # the first ones only once the others are known, and each moves its market's mark
            seats = [market for market, seated in self._seated() if seated == account]
            if not seats or self._health(account).maintenance_surplus >= 0:
                return
            for market in seats:
                self._draw(market, account)
        if self.market.refreshes:
            left = [market for market, seated in self._seated() if seated == account]
            health = self._health(account)
            demand(not left or health.maintenance_surplus >= 0, "orders keep nobody", account, left, health)

    def _edge(self, place: int, off_ticks: int) -> None:
        """The price goes to where an account just keeps its positions, or a tick off; a takeover is tried."""
        key, account = pick(self._held(closed=False), place)
        perps, margin = self.book.perps.found, self.book.margins.found[account]
        sign = -1 if margin.perps[key].position_lots < 0 else 1

        def surplus(price: int) -> int:
            market = replace(perps[key], mark_ticks=price, index_ticks=price)
            return health_of(margin, {**perps, key: market}, self.world.now).maintenance_surplus

        low, high = self.market.ranges[perps[key].feed]
        while high - low > 1:
            middle = (low + high) // 2
            is_safe = surplus(middle) >= 0
            low, high = (low, middle) if is_safe == (sign > 0) else (middle, high)
        self._say_ticks(key, high + off_ticks)
        self._update(key)
        for market, seated in self._seated():
            if seated == account:
                self._cancel_all(market, account)
        if key in self.book.margins.found[account].perps:
            self._take_over((key, account), 0, bankrupt=False)

    def _settle_all(self, place: int) -> None:
        """Everybody in a market, so that what losers pay in reaches winners."""
        key, _ = self._perp(place)
        for market, account in self._held():
            if market == key:
                self._settle(key, account)

    def _withdraw_to_the_atom(self, which: int) -> None:
        """What an exact computation says is free can leave, and not an atom more."""
        accounts = [key for key, margin in self.book.margins.found.items() if margin.perps]
        if not accounts:
            return
        account, self.market.refreshes = pick(accounts, which), True
        self._all_drawn(account)
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

    def _reduce(self, place: int, off: int, lots: int, fault: Fault | None) -> None:
        """Whatever the oracle says, and whatever is paused."""
        if held := self._held(closed=False):
            key, account = pick(held, place)
            make = ask if self.book.margins.found[account].perps[key].position_lots > 0 else bid
            price = self._price(self.book.perps.found[key], off)
            self._trade_perp(account, key, make(price, lots, reduce_only=True), fault)

    def _flee(self, place: int, one: int, off: int, share: int) -> None:
        """Who may be unhealthy asks a fancy price for some lots, and sells the rest to who pays least.

        What a short buys back is the same the other way round.
        """
        if not (held := self._held(closed=False)):
            return
        key, account = pick(held, one)
        perps, margins = self.book.perps.found, self.book.margins.found
        lots = margins[account].perps[key].position_lots
        leaves, meets = (ask, bid) if lots > 0 else (bid, ask)
        fancy = self._price(perps[key], abs(off) * (100 if off % 2 else 1)) if lots > 0 else 1 + abs(off)
        rested = max(perps[key].rules.lots_min, abs(lots) * share // 2_000)
        request = leaves(fancy, rested, kind=exchange.ORDER_POST_ONLY, reduce_only=True)
        self._trade_perp(account, key, request)
        friends = [each for each in self._traders(key) if each != account]
        low, high = near_band(perps[key], perps[key].mark_ticks)
        edge = low if lots > 0 else min(high, price_max_ticks(perps[key].rules))
        if friends:
            friend = max(friends, key=lambda each: self._health(each).spare)
            self._trade_perp(friend, key, meets(edge, abs(lots)))
        if place % 2:
            self._trade_perp(account, key, leaves(edge, abs(lots), kind=TAKE, reduce_only=True))
        else:
            kind = exchange.ORDER_POST_ONLY_SLIDE
            self._trade_perp(account, key, leaves(edge, abs(lots), kind=kind, reduce_only=True))

    def _trade_with_oneself(self, place: int, who: int, side: int, off: int, share: int) -> None:
        """Two accounts of one owner that hold nothing in a market cannot, by trading there, take out more."""
        key, market = self._trading(place)
        owner, margins = self.market.users[who].key, self.book.margins.found
        own = [
            account
            for account, margin in margins.items()
            if margin.owner == owner and margin.desk == market.exchange and key not in margin.perps
        ][:2]
        if len(own) < 2:
            return
        self._freshen(key)
        self._all_drawn(*own)
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

    def _settle_in_any_order(self, place: int, drawn: int) -> None:
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

    def _insure(self, place: int, which: int, amount: int, fault: Fault | None) -> None:
        """An account gives to a market's insurance."""
        key, _ = self._perp(place)
        if accounts := self._traders(key):
            account = pick(accounts, which)
            owner = self.book.margins.found[account].owner
            instruction = exchange.add_insurance(
                owner=owner, account=account, market=key, amount_atoms=amount
            )
            self.market.attempt("add_insurance", instruction, fault)

    def _place_trigger(
        self, place: int, ticks: tuple[int, int, int], live_s: int, is_above: int, fault: Fault | None
    ) -> None:
        """A trigger so far off the mark, that far behind it, with so much slip."""
        off, trail, slip = ticks
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

    def _execute_trigger(self, place: int, jump: int, *, offered: bool, fault: Fault | None) -> None:
        """A price jumps, somebody may offer the other side of a trigger order, and anyone sends it."""
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
