"""Rules: money in and out, complete sets, trades, tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sizes
from account_book import outcome_mint
from hypothesis import strategies as st
from hypothesis.stateful import rule
from machine import FAULT, Machine
from marketplace import find_account
from sizes import outcome_index, pick, portion_of

from secant import exchange

if TYPE_CHECKING:
    from faults import Fault
    from solders.pubkey import Pubkey


class TradingRules(Machine):
    """What users do with their own money."""

    def _desk(self, account: Pubkey) -> tuple[Pubkey, exchange.Exchange]:
        key = self.book.margins.found[account].desk
        return key, self.book.exchanges.found[key]

    def _any_account(self, which: int) -> Pubkey | None:
        return pick(list(self.book.margins.found), which) if self.book.margins.found else None

    @rule(payer=sizes.users, desk=sizes.which, owner=sizes.users, index=st.integers(0, 1), fault=FAULT)
    def open_account(self, payer: int, desk: int, owner: int, index: int, fault: Fault | None) -> None:
        key, owner_key = pick(list(self.book.exchanges.found), desk), self.market.users[owner].key
        account = find_account(bytes(key), bytes(owner_key), index)
        self.book.watch(self.book.margins, account)
        instruction = exchange.open_account(
            payer=self.market.users[payer].key, exchange=key, owner=owner_key, index=index, account=account
        )
        self.market.attempt("open_account", instruction, fault)

    @rule(which=sizes.which, empty_first=st.booleans(), fault=FAULT)
    def close_account(self, which: int, empty_first: bool, fault: Fault | None) -> None:  # noqa: FBT001
        account = self._any_account(which)
        if account is None:
            return
        if empty_first:
            self._withdraw(account, "all", None)
        owner = self.book.margins.found[account].owner
        self.market.attempt("close_account", exchange.close_account(owner=owner, account=account), fault)

    @rule(depositor=sizes.users, which=sizes.which, amount=sizes.atoms, fault=FAULT)
    def deposit(self, depositor: int, which: int, amount: int, fault: Fault | None) -> None:
        account = self._any_account(which)
        if account is None:
            return
        user = self.market.users[depositor]
        key, desk = self._desk(account)
        instruction = exchange.deposit(
            depositor=user.key,
            exchange=key,
            account=account,
            source=user.wallet,
            vault=desk.vault,
            amount_atoms=amount,
        )
        self.market.attempt("deposit", instruction, fault)

    @rule(which=sizes.which, portion=sizes.portions, fault=FAULT)
    def withdraw(self, which: int, portion: str, fault: Fault | None) -> None:
        funded = [key for key, margin in self.book.margins.found.items() if margin.free_atoms > 0]
        account = pick(funded, which) if funded else self._any_account(which)
        if account is not None:
            self._withdraw(account, portion, fault)

    def _withdraw(self, account: Pubkey, portion: str, fault: Fault | None) -> None:
        margin = self.book.margins.found[account]
        key, desk = self._desk(account)
        instruction = exchange.withdraw(
            owner=margin.owner,
            exchange=key,
            account=account,
            vault=desk.vault,
            destination=self.market.token_accounts[self.world.mint, margin.owner],
            amount_atoms=portion_of(margin.free_atoms, portion),
        )
        self.market.attempt("withdraw", instruction, fault)

    @rule(event=sizes.which, which=sizes.which, lots=sizes.lots, fault=FAULT)
    def mint_set(self, event: int, which: int, lots: int, fault: Fault | None) -> None:
        key = pick(self.market.settled(is_settled=False), event)
        desk = self.book.events.found[key].exchange
        if accounts := self.market.accounts(desk):
            account = pick(accounts, which)
            owner = self.book.margins.found[account].owner
            instruction = exchange.mint_set(owner=owner, exchange=desk, account=account, event=key, lots=lots)
            self.market.attempt("mint_set", instruction, fault)

    @rule(event=sizes.which, which=sizes.which, portion=sizes.portions, fault=FAULT)
    def merge_set(self, event: int, which: int, portion: str, fault: Fault | None) -> None:
        key = pick(self.market.settled(is_settled=False), event)
        if not (holders := self.market.holders(key)):
            return
        account = pick(holders, which)
        margin = self.book.margins.found[account]
        count = self.book.events.found[key].outcomes
        lots = portion_of(min(margin.legs.get(key, (0,))[:count]), portion)
        instruction = exchange.merge_set(owner=margin.owner, account=account, event=key, lots=lots)
        self.market.attempt("merge_set", instruction, fault)

    @rule(
        pool=sizes.which,
        which=sizes.which,
        outcome=sizes.outcomes,
        size=sizes.trades,
        limit=sizes.limits,
        fault=FAULT,
    )
    def trade_pool(
        self, pool: int, which: int, outcome: int, size: int, limit: str, fault: Fault | None
    ) -> None:
        if not self.book.pools.found:
            return
        key = pick(list(self.book.pools.found), pool)
        state = self.book.pools.found[key]
        lots = size if abs(size) > 5_000 else size * max(1, state.liquidity_lots // 1_000)
        self._trade(key, which, outcome_index(outcome, state.outcomes), (lots, limit), fault)

    @rule(
        pool=sizes.which,
        orders=st.lists(
            st.tuples(st.integers(0, 7), st.integers(0, 15), st.integers(-400, 400)), min_size=1, max_size=5
        ),
    )
    def trade_several(self, pool: int, orders: list[tuple[int, int, int]]) -> None:
        """Account, outcome and thousandths of the liquidity, several times at one pool that still trades."""
        trading = [
            key
            for key, state in self.book.pools.found.items()
            if self.book.events.found[state.event].status == exchange.EVENT_OPEN
            and self.book.events.found[state.event].lock_time > self.world.now
        ]
        if not trading:
            return
        key = pick(trading, pool)
        state = self.book.pools.found[key]
        for which, outcome, size in orders:
            lots = size * max(1, state.liquidity_lots // 1_000)
            self._trade(key, which, outcome % state.outcomes, (lots, "open"), None)

    @rule(pool=sizes.which, which=sizes.which, outcome=st.integers(0, 15), fault=FAULT)
    def trade_out(self, pool: int, which: int, outcome: int, fault: Fault | None) -> None:
        """Closes one position of a holder, which no pause forbids."""
        if not self.book.pools.found:
            return
        key = pick(list(self.book.pools.found), pool)
        state = self.book.pools.found[key]
        holders = self.market.holders(state.event)
        if not holders:
            return
        place = which % len(holders)
        held = self.book.margins.found[holders[place]].legs.get(state.event, (0,) * 16)
        index = outcome % state.outcomes
        self._trade(key, place, index, (-held[index], "open"), fault, holders)

    def _trade(
        self,
        pool: Pubkey,
        which: int,
        outcome: int,
        order: tuple[int, str],
        fault: Fault | None,
        among: list[Pubkey] | None = None,
    ) -> None:
        lots, limit = order
        event = self.book.pools.found[pool].event
        desk = self.book.events.found[event].exchange
        accounts = self.market.accounts(desk) if among is None else among
        if not accounts:
            return
        account = pick(accounts, which)
        open_limit = sizes.U64_MAX if lots > 0 else 0
        limits = {"open": open_limit, "tight": abs(lots) * 5_000 % 2**64, "shut": sizes.U64_MAX - open_limit}
        instruction = exchange.trade_pool(
            owner=self.book.margins.found[account].owner,
            exchange=desk,
            account=account,
            event=event,
            pool=pool,
            outcome=outcome,
            lots=lots,
            limit_atoms=limits[limit],
        )
        self.market.attempt("trade_pool", instruction, fault)

    @rule(
        event=sizes.which,
        which=sizes.which,
        to=sizes.users,
        outcome=sizes.outcomes,
        portion=sizes.portions,
        claim=sizes.claims,
        fault=FAULT,
    )
    def tokenize(
        self, event: int, which: int, to: int, outcome: int, portion: str, claim: str, fault: Fault | None
    ) -> None:
        """Portions are of what is held, or of 1,000 lots to go short by."""
        key = pick(self.market.settled(is_settled=False), event)
        if not (holders := self.market.holders(key)):
            return
        account = pick(holders, which)
        margin = self.book.margins.found[account]
        index = outcome_index(outcome, self.book.events.found[key].outcomes)
        held = margin.legs.get(key, (0,) * 16)[index % 16]
        minted_event, minted_outcome = self._claimed(key, index, claim)
        mint = outcome_mint(bytes(minted_event), minted_outcome)
        instruction = exchange.tokenize(
            owner=margin.owner,
            exchange=margin.desk,
            account=account,
            event=key,
            outcome_mint=mint,
            destination=self.market.token_account(mint, self.market.users[to].key),
            outcome=index,
            lots=portion_of(held if held > 0 else 1_000, portion),
        )
        self.market.attempt("tokenize", instruction, fault)

    def _claimed(self, event: Pubkey, outcome: int, claim: str) -> tuple[Pubkey, int]:
        """The event and outcome themselves, or others to pass them off as."""
        events = self.book.events.found
        if claim == "other outcome":
            return event, (outcome + 1) % events[event].outcomes
        if claim == "other event":
            alike = self.market.settled(is_settled=events[event].settled_time > 0)
            others = [key for key in alike if key != event] or [event]
            other = others[outcome % len(others)]
            return other, outcome % events[other].outcomes
        return event, outcome

    def _token_holding(
        self, which: int, *, settled: bool = False
    ) -> tuple[Pubkey, Pubkey, int, Pubkey] | None:
        """Source, event, outcome and holder of tokens in a wallet, of a settled event if wished and found."""
        places = {
            outcome_mint(bytes(event), outcome): (event, outcome)
            for event, state in self.book.events.found.items()
            for outcome in range(state.outcomes)
        }
        held = [
            (source, *places[tokens.mint], tokens.owner)
            for source, tokens in self.book.outcome_tokens.found.items()
            if tokens.amount > 0 and tokens.mint in places
        ]
        paid = [each for each in held if self.book.events.found[each[1]].settled_time]
        chosen = paid if settled and paid else held
        return pick(chosen, which) if chosen else None

    @rule(
        which=sizes.which,
        account=sizes.which,
        portion=sizes.portions,
        claim=sizes.claims,
        fault=FAULT,
    )
    def detokenize(self, which: int, account: int, portion: str, claim: str, fault: Fault | None) -> None:
        holding = self._token_holding(which)
        if holding is None:
            return
        source, true_event, true_outcome, owner = holding
        event, outcome = self._claimed(true_event, true_outcome, claim)
        own = [key for key, margin in self.book.margins.found.items() if margin.owner == owner]
        if not own:
            return
        instruction = exchange.detokenize(
            owner=owner,
            account=pick(own, account),
            event=event,
            outcome_mint=outcome_mint(bytes(true_event), true_outcome),
            source=source,
            outcome=outcome,
            lots=portion_of(self.book.outcome_tokens.found[source].amount, portion),
        )
        self.market.attempt("detokenize", instruction, fault)

    @rule(
        which=sizes.which,
        to=sizes.users,
        portion=sizes.portions,
        claim=sizes.claims,
        patient=st.sampled_from([True, True, False]),
        fault=FAULT,
    )
    def redeem_tokens(
        self,
        which: int,
        to: int,
        portion: str,
        claim: str,
        patient: bool,  # noqa: FBT001
        fault: Fault | None,
    ) -> None:
        """Mostly once the event is resolved, if anybody can resolve it by now."""
        holding = self._token_holding(which, settled=True)
        if holding is None:
            return
        source, true_event, true_outcome, owner = holding
        state = self.book.events.found[true_event]
        if patient and not state.settled_time and state.resolver in self.market.keys:
            lock = exchange.lock_event(locker=state.resolver, event=true_event)
            self.market.attempt("lock_event", lock)
            split = exchange.resolve_event(
                authority=state.resolver, event=true_event, payout_ticks=[5_000, 5_000, *[0] * 14]
            )
            self.market.attempt("resolve_event", split)
        event, outcome = self._claimed(true_event, true_outcome, claim)
        desk = self.book.events.found[event].exchange
        instruction = exchange.redeem_tokens(
            holder=owner,
            exchange=desk,
            event=event,
            outcome_mint=outcome_mint(bytes(true_event), true_outcome),
            source=source,
            vault=self.book.exchanges.found[desk].vault,
            destination=self.market.users[to].wallet,
            outcome=outcome,
            lots=portion_of(self.book.outcome_tokens.found[source].amount, portion),
        )
        self.market.attempt("redeem_tokens", instruction, fault)

    @rule(which=sizes.which, to=sizes.users, portion=sizes.portions)
    def send_tokens(self, which: int, to: int, portion: str) -> None:
        """Outcome tokens go from wallet to wallet, as any token."""
        holding = self._token_holding(which)
        if holding is None:
            return
        source, _, _, owner = holding
        tokens = self.book.outcome_tokens.found[source]
        destination = self.market.token_account(tokens.mint, self.market.users[to].key)
        amount = portion_of(tokens.amount, portion)
        self.market.attempt("send_tokens", self.market.transfer(source, destination, owner, amount))

    @rule(event=sizes.which, which=sizes.which, drawn=st.sampled_from([True, True, True, False]), fault=FAULT)
    def redeem(self, event: int, which: int, drawn: bool, fault: Fault | None) -> None:  # noqa: FBT001
        """Mostly once what the account has in the event's books is drawn."""
        paid = self.market.paid_legs()
        key = pick(self.market.settled(is_settled=True), event)
        holders = self.market.holders(key)
        if paid or holders:
            account, leg = pick(paid, which) if paid else (pick(holders, which), key)
            for book, state in list(self.book.order_books.found.items()) if drawn else ():
                if state.head.event == leg and state.seat_of(account) is not None:
                    draw = exchange.draw_seat(account=account, event=leg, book=book)
                    self.market.attempt("draw_seat", draw)
            self.market.attempt("redeem", exchange.redeem(account=account, event=leg), fault)
