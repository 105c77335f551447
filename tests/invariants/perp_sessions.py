"""Rules: much at one market in a row, as positions need to come to anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sizes
from hypothesis import strategies as st
from hypothesis.stateful import rule
from perp_conduct import insurance_needed
from perp_markets import READINGS
from perp_moves import OFFSETS, SHARES, SIDES, PerpMoves
from sizes import pick
from solders.instruction import AccountMeta

from secant import exchange
from world import ask, bid

if TYPE_CHECKING:
    from solders.pubkey import Pubkey

ACTS = st.sampled_from(
    [
        *(*["meet"] * 6, *["crash"] * 2, *["jump"] * 2, "hour", "order", "rest", "oneself"),
        *("settle", "reduce", "draw", "stop", "reorder", *["edge"] * 3, *["flee"] * 2, "partly", "crowd"),
        *("withdraw", "insure", "sets", "return", "waive", "collect", "forget"),
    ]
)
AT_MARKET = {"meet", "partly", "crowd", "crash", "jump", "hour", "order", "oneself", "rest"}


class PerpSessions(PerpMoves):
    """A market's day: positions opened, prices that jump, takeovers, settlements, with events beside them."""

    @rule(
        place=sizes.which,
        acts=st.lists(st.tuples(ACTS, sizes.which, sizes.which, OFFSETS, SHARES), min_size=6, max_size=16),
    )
    def session(self, place: int, acts: list[tuple[str, int, int, int, int]]) -> None:
        self.market.refreshes = True
        for act in acts:
            if act[0] == "forget":  # from now on nobody states anything
                self.market.refreshes = False
            elif act[0] in AT_MARKET:
                self._at_market(place, act)
            elif self._held():
                self._with_positions(place, act)

    def _at_market(self, place: int, act: tuple[str, int, int, int, int]) -> None:
        """What moves prices or opens positions."""
        name, one, two, off, share = act
        key, market = self._trading(place)
        if name == "partly":
            self._fill_partly(place, (one, two), off % 2, off // 6, share)
        elif name == "crowd":
            self._crowd(place, one, two % 2, off, share)
        elif name == "meet":
            self._meet(place, (one, two), off % 2, off, share)
        elif name == "crash":
            jump = off // 3 if share % 3 else (off * 7) % 1_200 - 600
            self._crash(place, jump, two, 1 + share % 60)
        elif name == "oneself":
            self._trade_with_oneself(place, one % 3, off % 2, off, share)
        elif name in {"jump", "hour"}:
            how = "agree" if share % 4 else READINGS[two % len(READINGS)]
            self._say(key, off // 3, how, 3_600 if name == "hour" else 1 + share % 90)
            self._update(key)
        elif accounts := self._traders(key):
            account = pick(accounts, one)
            make = bid if two % 2 else ask
            until = self.world.now + 50 if name == "rest" else 0
            lots = self._affordable(account, key, share)
            request = make(self._price(market, off), lots, expires_at=until, kind=share % 5)
            self._trade_perp(account, key, request)

    def _with_positions(self, place: int, act: tuple[str, int, int, int, int]) -> None:
        """What becomes of positions."""
        name, one, _, off, share = act
        if name == "settle":
            self._settle_all(place)
        elif name == "reduce":
            self._reduce(one, off, 1_000 * share, None)
        elif name == "flee":
            self._flee(place, one, off, share)
        elif name == "draw":
            self._draw(*pick(self._seated() or self._held(), one))
        elif name == "reorder":
            self._settle_in_any_order(place, share)
        elif name == "edge" and self._held(closed=False):
            self._edge(one, share % 3 - 1)
        elif name == "stop":
            self._place_trigger(one, (off, 50 * (share % 2), 10_000), 0, share % 2, None)
            self._execute_trigger(place, off // 3, offered=True, fault=None)
            if share % 3 == 0:
                self._cancel_triggers()
        else:
            self._with_money(place, act)

    def _with_money(self, place: int, act: tuple[str, int, int, int, int]) -> None:
        """What becomes of what is free beside positions, and of insurance."""
        name, one, _, _, share = act
        if name == "withdraw":
            self._withdraw_to_the_atom(one)
        elif name == "insure":
            self._insure(place, one, 10**6 * share, None)
        elif name == "sets":
            self._mint_sets(pick(self._held(), one)[1], share * 100)
        elif name == "return":
            self._return(one)
        elif name == "collect":
            key, perp = self._perp(place)
            collect = exchange.collect_perp_fees(exchange=perp.exchange, market=key)
            self.market.attempt("collect_perp_fees", collect)
        elif name == "waive":
            self._waive(one)

    def _return(self, place: int) -> None:
        """Insurance that the richest has filled up gives back what was borne, once its day is over."""
        perps = self.book.perps.found
        bore = [key for key, perp in perps.items() if perp.haircut_open_atoms]
        key = pick(bore or list(perps), place)
        if bore and (traders := self._traders(key)):
            self.market.refreshes = True
            spares = [self._health(account).spare for account in traders]
            which = spares.index(max(spares))
            lacking = max(0, insurance_needed(perps[key]) - perps[key].insurance_atoms)
            amount = min(max(spares) // 2, lacking + 10**7 * (1 + place))
            self._insure(list(perps).index(key), which, amount, None)
            self.world.set_time(self.world.now + 86_400)
        self.market.attempt("return_haircut", exchange.return_haircut(market=key))

    def _waive(self, place: int) -> None:
        """Who has borne something gives it up, if anybody has."""
        margins = self.book.margins.found
        held = self._held()
        bore = [(key, account) for key, account in held if margins[account].perps[key].haircut_atoms]
        key, account = pick(bore or held, place)
        owner = margins[account].owner
        waive = exchange.waive_haircut(owner=owner, account=account, market=key)
        self.market.attempt("waive_haircut", waive)

    def _cancel_triggers(self) -> None:
        """Those who paid for trigger orders take them back."""
        for key, state in list(self.book.triggers.found.items()):
            cancel = exchange.cancel_trigger(payer=state.payer, account=state.account, trigger=key)
            metas = list(cancel.accounts)
            metas[0] = AccountMeta(state.payer, is_signer=True, is_writable=True)
            self.market.attempt("cancel_trigger", type(cancel)(cancel.program_id, cancel.data, metas))

    def _mint_sets(self, account: Pubkey, lots: int) -> None:
        """Complete sets of an event, out of what perpetuals leave free."""
        margin, events = self.book.margins.found[account], self.book.events.found
        unsettled = [
            key for key, event in events.items() if not event.settled_time and event.exchange == margin.desk
        ]
        if unsettled:
            mint = exchange.mint_set(
                owner=margin.owner, exchange=margin.desk, account=account, event=unsettled[0], lots=lots
            )
            self.market.attempt("mint_set", mint)

    @rule(
        place=sizes.which,
        pair=st.tuples(sizes.which, sizes.which),
        side=SIDES,
        jump=st.one_of(st.integers(40, 110), st.integers(50, 600)),
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
        """Two accounts open all they can against each other, and the price jumps; insurance may return it."""
        self._meet(place, pair, side, 0, 960)
        self._crash(place, jump if upwards else -jump, taker, 1)
        if taker % 4 == 0:
            self._return(place)
