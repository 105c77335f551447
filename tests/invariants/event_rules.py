"""Rules: exchanges, events, pools, their settlement, and pauses."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import sizes
from account_book import outcome_mint
from hypothesis import strategies as st
from hypothesis.stateful import rule
from machine import FAULT, Machine
from marketplace import DAY_S, find_event, find_pool, identifier
from sizes import outcome_index, pick
from solders.instruction import AccountMeta

from secant import exchange, oracle

if TYPE_CHECKING:
    from faults import Fault
    from solders.pubkey import Pubkey

EVENTS_MAX = 10
WRONG_ACCOUNT_FROM = 11  # of what is drawn to choose an account by
PAYOUTS = {
    "first": (10_000,),
    "second": (0, 10_000),
    "split": (3_333, 6_667),
    "three": (1, 9_998, 1),
    "short": (9_999,),
    "over": (10_000, 1),
    "beyond": (0,) * 15 + (10_000,),
    "huge": (65_535,) * 16,
}


class EventRules(Machine):
    """What the people who run exchanges and events do."""

    @rule(
        admin=sizes.users,
        fee_bps=st.sampled_from([0, 700, 1_000, 1_000, 1_001, 65_535]),
        right_mint=st.sampled_from([True, True, True, False]),
        fault=FAULT,
    )
    def initialize(self, admin: int, fee_bps: int, right_mint: bool, fault: Fault | None) -> None:  # noqa: FBT001
        user = self.market.users[admin]
        mint = self.world.mint if right_mint else self.market.other_mint
        desk = exchange.find_exchange(mint=mint, admin=user.key)
        vault = exchange.find_vault(exchange=desk)
        self.book.watch(self.book.exchanges, desk)
        self.book.watch(self.book.collateral, vault)
        instruction = exchange.initialize(
            admin=user.key,
            mint=mint,
            treasury=user.wallet,
            pauser=self.world.pauser.pubkey(),
            fee_bps=fee_bps,
            exchange=desk,
            vault=vault,
        )
        self.market.attempt("initialize", instruction, fault)

    @rule(desk=sizes.which, bits=sizes.pause_bits, by_admin=st.booleans(), fault=FAULT)
    def pause(self, desk: int, bits: int, by_admin: bool, fault: Fault | None) -> None:  # noqa: FBT001
        key, state = pick(list(self.book.exchanges.found.items()), desk)
        pauser = state.admin if by_admin else state.pauser
        instruction = exchange.pause(pauser=pauser, exchange=key, pause_bits=bits)
        self.market.attempt("pause", instruction, fault)

    @rule(desk=sizes.which, bits=sizes.pause_bits, by_admin=st.sampled_from([True, True, False]), fault=FAULT)
    def unpause(self, desk: int, bits: int, by_admin: bool, fault: Fault | None) -> None:  # noqa: FBT001
        key, state = pick(list(self.book.exchanges.found.items()), desk)
        admin = state.admin if by_admin else state.pauser
        self.market.attempt("unpause", exchange.unpause(admin=admin, exchange=key, pause_bits=bits), fault)

    @rule(desk=sizes.which)
    def unpause_all(self, desk: int) -> None:
        """Keeps paused exchanges from being the rule."""
        key, state = pick(list(self.book.exchanges.found.items()), desk)
        self.market.attempt("unpause", exchange.unpause(admin=state.admin, exchange=key, pause_bits=15))

    @rule(
        creator=sizes.users,
        desk=sizes.which,
        outcomes=st.sampled_from([2, 2, 2, 2, 3, 4, 16, 16, 0, 1, 17]),
        resolver=sizes.users,
        lock_s=st.sampled_from([60, 60, 1_000, 20_000, 20_000, -1]),
        notice_s=st.sampled_from([1, 600, DAY_S, DAY_S, DAY_S, 4 * 366 * DAY_S, 0]),
        fault=FAULT,
    )
    def create_event(
        self,
        creator: int,
        desk: int,
        outcomes: int,
        resolver: int,
        lock_s: int,
        notice_s: int,
        fault: Fault | None,
    ) -> None:
        """An event that an authority settles."""
        lock_time = self.world.now + lock_s
        self._create_event(
            (creator, desk, outcomes),
            (exchange.RESOLVER_AUTHORITY, self.market.users[resolver].key),
            (lock_time, lock_time + notice_s),
            fault,
        )

    @rule(
        creator=sizes.users,
        desk=sizes.which,
        outcomes=st.sampled_from([2, 2, 2, 2, 2, 3]),
        record=sizes.which,
        lock_s=st.sampled_from([60, 600, 10_000, 10_000, 10**6]),
        notice_s=st.sampled_from([2 * DAY_S, 2 * DAY_S, 2 * DAY_S - 1]),
        fault=FAULT,
    )
    def create_record_event(
        self,
        creator: int,
        desk: int,
        outcomes: int,
        record: int,
        lock_s: int,
        notice_s: int,
        fault: Fault | None,
    ) -> None:
        """An event that a record settles."""
        is_open = {
            key: state for key, state in self.book.records.found.items() if state.terms.end > self.world.now
        }
        key, state = pick(list((is_open or self.book.records.found).items()), record)
        self._create_event(
            (creator, desk, outcomes),
            (exchange.RESOLVER_RECORD, key),
            (self.world.now + lock_s, state.terms.end + notice_s),
            fault,
        )

    def _create_event(
        self,
        who: tuple[int, int, int],
        resolver: tuple[int, Pubkey],
        times: tuple[int, int],
        fault: Fault | None,
    ) -> None:
        creator, desk, count = who
        key, creator_key = pick(list(self.book.exchanges.found), desk), self.market.users[creator].key
        event_id = identifier(f"event {len(self.book.events.found) % EVENTS_MAX}")
        event = find_event(bytes(key), bytes(creator_key), event_id)
        self.book.watch(self.book.events, event)
        for outcome in range(min(16, count)):
            self.book.watch(self.book.supplies, outcome_mint(bytes(event), outcome))
        instruction = exchange.create_event(
            creator=creator_key,
            exchange=key,
            resolver=resolver[1],
            event_id=event_id,
            resolver_kind=resolver[0],
            lock_time=times[0],
            settlement_deadline=times[1],
            title=bytes(64),
            labels=[bytes(16)] * count,
            event=event,
        )
        self.market.attempt("create_event", instruction, fault)

    @rule(payer=sizes.users, event=sizes.which, outcome=sizes.outcomes, fault=FAULT)
    def create_outcome_mint(self, payer: int, event: int, outcome: int, fault: Fault | None) -> None:
        key = pick(list(self.book.events.found), event)
        index = outcome_index(outcome, self.book.events.found[key].outcomes)
        mint = outcome_mint(bytes(key), index)
        self.book.watch(self.book.supplies, mint)
        instruction = exchange.create_outcome_mint(
            payer=self.market.users[payer].key, event=key, outcome=index, outcome_mint=mint
        )
        self.market.attempt("create_outcome_mint", instruction, fault)

    @rule(
        event=sizes.which,
        which=sizes.which,
        kind=st.sampled_from([0, 0, 1, 1, 2]),
        liquidity=sizes.liquidity,
        fault=FAULT,
    )
    def create_pool(self, event: int, which: int, kind: int, liquidity: int, fault: Fault | None) -> None:
        key = pick(self.market.settled(is_settled=False), event)
        desk = self.book.events.found[key].exchange
        accounts = self.market.accounts(desk)
        if not accounts:
            return
        funded = {pool.creator for pool in self.book.pools.found.values() if pool.event == key}
        margins = self.book.margins.found
        account = pick([each for each in accounts if margins[each].owner not in funded] or accounts, which)
        creator = self.book.margins.found[account].owner
        pool = find_pool(bytes(key), bytes(creator))
        self.book.watch(self.book.pools, pool)
        instruction = exchange.create_pool(
            creator=creator,
            exchange=desk,
            account=account,
            event=key,
            kind=kind,
            liquidity_lots=liquidity,
            pool=pool,
        )
        self.market.attempt("create_pool", instruction, fault)

    @rule(pool=sizes.which, account=sizes.which, signed=st.booleans(), fault=FAULT)
    def close_pool(self, pool: int, account: int, signed: bool, fault: Fault | None) -> None:  # noqa: FBT001
        pools = list(self.book.pools.found.items())
        if not pools or not self.book.margins.found:
            return
        key, state = pick(pools, pool)
        desk = self.book.events.found[state.event].exchange
        others = self.market.accounts(desk)
        instruction = exchange.close_pool(
            creator=state.creator,
            exchange=desk,
            account=pick(others, account) if account > WRONG_ACCOUNT_FROM else state.account,
            event=state.event,
            pool=key,
        )
        if signed:
            metas = list(instruction.accounts)
            metas[0] = AccountMeta(state.creator, is_signer=True, is_writable=True)
            instruction = type(instruction)(instruction.program_id, instruction.data, metas)
        self.market.attempt("close_pool", instruction, fault)

    @rule(pool=sizes.which, fault=FAULT)
    def net_pool(self, pool: int, fault: Fault | None) -> None:
        pools = self.book.pools.found
        uneven = [key for key, state in pools.items() if min(state.sold_lots[: state.outcomes]) != 0]
        if pools:
            key = pick(uneven or list(pools), pool)
            instruction = exchange.net_pool(event=pools[key].event, pool=key)
            self.market.attempt("net_pool", instruction, fault)

    @rule(desk=sizes.which, holders=st.lists(st.integers(0, 31), max_size=4), fault=FAULT)
    def collect_fees(self, desk: int, holders: list[int], fault: Fault | None) -> None:
        """Pools and books may come twice, or from another exchange."""
        key, state = pick(list(self.book.exchanges.found.items()), desk)
        events = {pool: found.event for pool, found in self.book.pools.found.items()}
        events |= {book: found.head.event for book, found in self.book.order_books.found.items()}
        pairs = []
        for place in holders if events else ():
            holder = pick(list(events), place)
            pairs.append(AccountMeta(holder, is_signer=False, is_writable=True))
            pairs.append(AccountMeta(events[holder], is_signer=False, is_writable=False))
        instruction = exchange.collect_fees(
            exchange=key, vault=state.vault, treasury=state.treasury, remaining_accounts=pairs
        )
        self.market.attempt("collect_fees", instruction, fault)

    @rule(event=sizes.which, locker=st.sampled_from(["resolver", "resolver", "anyone"]), fault=FAULT)
    def lock_event(self, event: int, locker: str, fault: Fault | None) -> None:
        key = pick(self.market.settled(is_settled=False), event)
        resolver = self.book.events.found[key].resolver
        signer = resolver if locker == "resolver" and resolver in self.market.keys else self.market.relayer
        self.market.attempt("lock_event", exchange.lock_event(locker=signer, event=key), fault)

    @rule(
        event=sizes.which,
        payout=st.sampled_from([*sorted(PAYOUTS), "first", "second", "split", "split", "split"]),
        patiently=st.sampled_from([True, True, True, False]),
        fault=FAULT,
    )
    def resolve_event(self, event: int, payout: str, patiently: bool, fault: Fault | None) -> None:  # noqa: FBT001
        events = self.book.events.found
        asked = [key for key, state in events.items() if state.resolver in self.market.keys]
        unsettled = [key for key in asked if not events[key].settled_time]
        if not asked:
            return
        key = pick(unsettled or asked, event)
        state = events[key]
        if patiently and state.status == exchange.EVENT_OPEN:
            locker = exchange.lock_event(locker=state.resolver, event=key)
            self.market.attempt("lock_event", locker)
        ticks = [*PAYOUTS[payout], *[0] * 16][:16]
        instruction = exchange.resolve_event(authority=state.resolver, event=key, payout_ticks=ticks)
        self.market.attempt("resolve_event", instruction, fault)

    @rule(
        event=sizes.which,
        value=st.one_of(st.integers(0, 1_000_000), st.integers(600_000, 1_000_000)),
        fault=FAULT,
    )
    def decide_and_settle(self, event: int, value: int, fault: Fault | None) -> None:
        """Brings the record of an event to its decision, by a last reading or by the end of its window."""
        asked = [
            key
            for key in self.market.settled(is_settled=False)
            if self.book.events.found[key].resolver in self.book.records.found
        ]
        if not asked:
            return
        key = pick(asked, event)
        resolver = self.book.events.found[key].resolver
        record = self.book.records.found[resolver]
        feed = self.book.feeds.found.get(record.feed)
        if feed is None:
            return
        self.world.set_time(self.world.now + 1)
        for publisher in feed.publishers[: feed.publisher_count]:
            reading = struct.pack("<qqq", self.world.now, value, value)
            instruction = oracle.publish(publisher=publisher, feed=record.feed, readings=reading)
            self.market.attempt("publish", instruction)
        self.market.attempt("observe", oracle.observe(feed=record.feed, record=resolver))
        if 0 <= record.terms.end - self.world.now < DAY_S // 4:
            self.world.set_time(record.terms.end + feed.staleness_s + 1)
            self.market.attempt("observe", oracle.observe(feed=record.feed, record=resolver))
        self.market.attempt("settle_event", exchange.settle_event(event=key, record=resolver), fault)

    @rule(event=sizes.which, fault=FAULT)
    def settle_event(self, event: int, fault: Fault | None) -> None:
        key = pick(self._ready(), event)
        record = self.book.events.found[key].resolver
        self.market.attempt("settle_event", exchange.settle_event(event=key, record=record), fault)

    def _ready(self) -> list[Pubkey]:
        """Unsettled events whose record is decided, or all unsettled ones."""
        unsettled = self.market.settled(is_settled=False)
        records = self.book.records.found
        ready = []
        for key in unsettled:
            record = records.get(self.book.events.found[key].resolver)
            if record is not None and record.status != oracle.RECORD_OPEN:
                ready.append(key)
        return ready or unsettled

    @rule(event=sizes.which, past_deadline=st.sampled_from([True, True, False, False]), fault=FAULT)
    def void_event(self, event: int, past_deadline: bool, fault: Fault | None) -> None:  # noqa: FBT001
        unsettled = self.market.settled(is_settled=False)
        now, events = self.world.now, self.book.events.found
        overdue = [key for key in unsettled if events[key].settlement_deadline < now]
        key = pick(overdue or unsettled, event)
        if past_deadline and not overdue:
            key = min(unsettled, key=lambda each: events[each].settlement_deadline)
            if events[key].settlement_deadline - now < DAY_S + 1_000:
                self.world.set_time(events[key].settlement_deadline + 1)
        state = events[key]
        instruction = exchange.void_event(event=key, resolver=state.resolver)
        self.market.attempt("void_event", instruction, fault)
