"""Rules: who runs perpetuals, their insurance and ends; trigger orders, delegates and transfers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import sizes
from hypothesis import strategies as st
from hypothesis.stateful import rule
from invariant import demand
from machine import FAULT
from perp_markets import COIN, ODDS, creation
from perp_moves import JUMPS, OFFSETS, PerpMoves
from sizes import pick
from solders.instruction import AccountMeta
from solders.pubkey import Pubkey

from secant import exchange

if TYPE_CHECKING:
    from faults import Fault

PERPS_MAX = 5
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


class PerpHouseRules(PerpMoves):
    """What exchanges do with perpetuals, and owners with accounts that have some."""

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
        self._propose(key, rules, fault)

    def _propose(self, key: Pubkey, rules: exchange.PerpRules, fault: Fault | None) -> None:
        desk = self.book.perps.found[key].exchange
        instruction = exchange.propose_perp_rules(
            admin=self.book.exchanges.found[desk].admin, exchange=desk, market=key, rules=rules
        )
        self.market.attempt("propose_perp_rules", instruction, fault)

    @rule(place=sizes.which, patient=st.sampled_from([True, True, False]), fault=FAULT)
    def apply_perp_rules(self, place: int, patient: bool, fault: Fault | None) -> None:  # noqa: FBT001
        perps = self.book.perps.found
        key = pick([key for key, perp in perps.items() if perp.rules_time] or list(perps), place)
        if patient and not perps[key].rules_time:
            self._propose(key, replace(perps[key].rules, taker_fee_ppm=500 + place), None)
        if patient and perps[key].rules_time:  # which ends most events, so not often
            self.world.set_time(max(self.world.now, perps[key].rules_time))
        self.market.attempt("apply_perp_rules", exchange.apply_perp_rules(market=key), fault)

    @rule(place=sizes.which, seconds=st.sampled_from([0, 10**6, 10**7, 10**8, -1]), fault=FAULT)
    def close_perp(self, place: int, seconds: int, fault: Fault | None) -> None:
        key, state = self._perp(place)
        instruction = exchange.close_perp(
            admin=self.book.exchanges.found[state.exchange].admin,
            exchange=state.exchange,
            market=key,
            close_time=self.world.now + exchange.NOTICE_S + seconds,
        )
        self.market.attempt("close_perp", instruction, fault)

    @rule(place=sizes.which, patient=st.sampled_from([True, *[False] * 4]), last=st.booleans(), fault=FAULT)
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
            first = self.world.now + exchange.LOSSES_FIRST_S - place % 2  # the losers' day, or a second less
            self.world.set_time(first)

    @rule(place=sizes.which, which=sizes.which, amount=sizes.atoms, fault=FAULT)
    def add_insurance(self, place: int, which: int, amount: int, fault: Fault | None) -> None:
        self._insure(place, which, amount, fault)

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

    @rule(place=sizes.which, fault=FAULT)
    def collect_perp_fees(self, place: int, fault: Fault | None) -> None:
        key, state = self._perp(place)
        instruction = exchange.collect_perp_fees(exchange=state.exchange, market=key)
        self.market.attempt("collect_perp_fees", instruction, fault)

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
        self._place_trigger(place, (off, trail, slip), live_s, is_above, fault)

    @rule(place=sizes.which, by=st.sampled_from(["owner", "owner", "anyone"]), fault=FAULT)
    def cancel_trigger(self, place: int, by: str, fault: Fault | None) -> None:
        if found := list(self.book.triggers.found.items()):
            key, state = pick(found, place)
            owner = self.book.margins.found[state.account].owner
            instruction = exchange.cancel_trigger(
                payer=state.payer,
                trader=owner if by == "owner" and owner != state.payer else None,
                account=state.account,
                trigger=key,
            )
            if by == "owner" and owner == state.payer:
                metas = list(instruction.accounts)
                metas[0] = AccountMeta(owner, is_signer=True, is_writable=True)
                instruction = type(instruction)(instruction.program_id, instruction.data, metas)
            self.market.attempt("cancel_trigger", instruction, fault)

    @rule(place=sizes.which, jump=JUMPS, offered=st.booleans(), fault=FAULT)
    def execute_trigger(self, place: int, jump: int, offered: bool, fault: Fault | None) -> None:  # noqa: FBT001
        """Anyone sends it once a price has moved; mostly somebody offers the other side."""
        self._execute_trigger(place, jump, offered=offered, fault=fault)

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
