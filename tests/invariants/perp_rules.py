"""Rules: perpetuals, their prices, orders, margins and takeovers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sizes
from hypothesis import strategies as st
from hypothesis.stateful import rule
from machine import FAULT
from perp_markets import others
from perp_moves import JUMPS, OFFSETS, SAID, SHARES, SIDES, PerpMoves
from sizes import pick

from secant import exchange
from world import ask, bid

if TYPE_CHECKING:
    from book_rules import Marks
    from faults import Fault


class PerpetualRules(PerpMoves):
    """What traders, liquidators and publishers do, one thing at a time."""

    @rule(
        place=sizes.which, jump=JUMPS, how=SAID, seconds=st.sampled_from([1, 1, 5, 20, 61, 400]), fault=FAULT
    )
    def say_price(self, place: int, jump: int, how: str, seconds: int, fault: Fault | None) -> None:
        key, _ = self._perp(place)
        self._say(key, jump, how, seconds)
        self._update(key, fault)

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
        key, market = self._trading(place)
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
        key, _ = self._trading(place)
        self._freshen(key)
        for which, side, off, share in orders:
            if accounts := self._traders(key):
                account = pick(accounts, which)
                make = bid if side == exchange.SIDE_BID else ask
                price = self._price(self.book.perps.found[key], off)
                self._trade_perp(account, key, make(price, self._affordable(account, key, share)))

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

    @rule(place=sizes.which, fault=FAULT)
    def draw_perp_seat(self, place: int, fault: Fault | None) -> None:
        if held := self._seated() or self._held():
            self._draw(*pick(held, place), fault)

    @rule(place=sizes.which, fault=FAULT)
    def settle_pnl(self, place: int, fault: Fault | None) -> None:
        if held := self._held():
            self._settle(*pick(held, place), fault)

    @rule(which=sizes.which, whole=st.sampled_from([True, True, False]), fault=FAULT)
    def refresh_margin(self, which: int, whole: bool, fault: Fault | None) -> None:  # noqa: FBT001
        """Of an account with perpetuals if there is one, now and then without their markets."""
        if margins := self.book.margins.found:
            account = pick([key for key in margins if margins[key].perps] or list(margins), which)
            markets = others(self.market, account) if whole else []
            instruction = exchange.refresh_margin(account=account, remaining_accounts=markets)
            self.market.attempt("refresh_margin", instruction, fault)

    @rule(refreshes=st.sampled_from([*[True] * 5, False]))
    def state_margins(self, refreshes: bool) -> None:  # noqa: FBT001
        """From now on clients state margins before what needs it, or forget to."""
        self.market.refreshes = refreshes

    @rule(place=sizes.which, taker=sizes.which, some=st.booleans(), bankrupt=st.booleans(), fault=FAULT)
    def take_over(self, place: int, taker: int, some: bool, bankrupt: bool, fault: Fault | None) -> None:  # noqa: FBT001
        """The unhealthy first, if there are any; now and then by the wrong one of the two instructions."""
        held = self._held()
        unhealthy = [each for each in held if self._health(each[1]).maintenance_surplus < 0]
        if held:
            key, account = pick(unhealthy or held, place)
            lots_max = 1_000 if some else sizes.U64_MAX
            self._take_over((key, account), taker, lots_max, fault, bankrupt=bankrupt)

    @rule(place=sizes.which, pair=st.tuples(sizes.which, sizes.which), side=SIDES, off=OFFSETS, share=SHARES)
    def meet(self, place: int, pair: tuple[int, int], side: int, off: int, share: int) -> None:
        self._meet(place, pair, side, off, share)

    @rule(
        place=sizes.which,
        jump=st.integers(-600, 600),
        taker=sizes.which,
        seconds=st.sampled_from([1, 30, 61]),
    )
    def crash(self, place: int, jump: int, taker: int, seconds: int) -> None:
        self._crash(place, jump, taker, seconds)

    @rule(place=sizes.which, off=OFFSETS, lots=st.sampled_from([1, 1_000, 2**26]), fault=FAULT)
    def reduce(self, place: int, off: int, lots: int, fault: Fault | None) -> None:
        self._reduce(place, off, lots, fault)

    @rule(place=sizes.which, one=sizes.which, off=OFFSETS, share=SHARES)
    def flee(self, place: int, one: int, off: int, share: int) -> None:
        self._flee(place, one, off, share)

    @rule(place=sizes.which)
    def settle_all(self, place: int) -> None:
        self._settle_all(place)

    @rule(which=sizes.which)
    def withdraw_to_the_atom(self, which: int) -> None:
        self._withdraw_to_the_atom(which)

    @rule(place=sizes.which, drawn=st.integers(0, 719))
    def settle_in_any_order(self, place: int, drawn: int) -> None:
        self._settle_in_any_order(place, drawn)

    @rule(place=sizes.which, who=st.integers(0, 2), side=SIDES, off=OFFSETS, share=SHARES)
    def trade_with_oneself(self, place: int, who: int, side: int, off: int, share: int) -> None:
        self._trade_with_oneself(place, who, side, off, share)
