"""A marketplace under test: users, exchanges, events, pools and feeds, and the way to send an instruction."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from account_book import AccountBook, Change, book_of, outcome_mint
from faults import Cast, Fault, spoil
from invariant import demand
from perp_checks import (
    ACCOUNT_AT,
    ACCRUING,
    MARKET_AT,
    TAKEOVERS,
    Landed,
    PerpAudit,
    check_refusal,
    reduces,
)
from perp_markets import open_perps, others, places, update
from perp_takeovers import TAKER_AT
from secant_bench.seeded_world import SeededWorld
from solders.hash import Hash
from solders.instruction import AccountMeta, Instruction
from solders.litesvm import LiteSVM
from solders.message import Message
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.sysvar import CLOCK
from solders.transaction import Transaction
from solders.transaction_metadata import FailedTransactionMetadata
from takings import check_taking
from transitions import check_change

from secant import exchange, oracle
from world import TOKEN_PROGRAM, User, error_name, terms

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator

NO_SIGNATURE = Signature.default()
SYSTEM_PROGRAM = Pubkey.default()
WALLET_ATOMS = 10**12
DEPOSITS_ATOMS = (10**10, 10**10, 10**9, 5 * 10**6)
DAY_S = 86_400
SETS_LOTS = 600
QUOTE_LOTS = 100
PURSE_ATOMS = 10**15  # what somebody rich has, who pays all losses in the end
SECOND = 2  # which of an owner's accounts the second one is; the rules open those before it
SECOND_DEPOSIT_ATOMS = 2 * 10**9


class RefusedInstructionError(AssertionError):
    """An instruction that must land was refused."""


@lru_cache(maxsize=4096)
def find_event(desk: bytes, creator: bytes, event_id: bytes) -> Pubkey:
    return exchange.find_event(
        exchange=Pubkey.from_bytes(desk), creator=Pubkey.from_bytes(creator), event_id=event_id
    )


@lru_cache(maxsize=4096)
def find_pool(event: bytes, creator: bytes) -> Pubkey:
    return exchange.find_pool(event=Pubkey.from_bytes(event), creator=Pubkey.from_bytes(creator))


@lru_cache(maxsize=1024)
def find_account(desk: bytes, owner: bytes, index: int) -> Pubkey:
    return exchange.find_account(
        exchange=Pubkey.from_bytes(desk), owner=Pubkey.from_bytes(owner), index=index
    )


UNTOUCHED = {
    "set_delegate", "close_account", "open_account", "update_funding", "place_trigger", "cancel_trigger",
    "cancel_perp_orders", "cancel_all_perp", "waive_haircut", "remove_insurance", "execute_trigger",
    "settle_pnl",
}  # fmt: skip
"""Instructions for which no market need be up to date: what reduces, and what moves no collateral out."""
UNSTATED = UNTOUCHED | ({*ACCOUNT_AT, "refresh_margin"} - {"add_insurance"})
"""Instructions that need no margin stated before them."""
STRICT = {"trade_perp", "refresh_margin"} | TAKEOVERS
"""Those of them that count with the whole account, as it is in the same slot."""


def identifier(name: str) -> bytes:
    """32 bytes for a name."""
    return hashlib.sha256(name.encode()).digest()


@dataclass(frozen=True, slots=True)
class Tally:
    """What a run has sent: instructions landed and refused by name."""

    landed: Counter[str]
    refused: Counter[str]

    @property
    def sent(self) -> int:
        return self.landed.total() + self.refused.total()


class SlottedWorld(SeededWorld):
    """A world whose slots pass as time does."""

    def set_time(self, unix_seconds: int) -> None:
        super().set_time(unix_seconds)
        self.next_slot()

    def next_slot(self) -> None:
        clock = self.svm.get_clock()
        clock.slot += 1
        self.svm.set_clock(clock)


class Marketplace:
    """A chain, everything on it, and the checks after every instruction."""

    def __init__(self, tally: Tally) -> None:
        svm = LiteSVM().with_sigverify(sigverify=False).with_blockhash_check(check=False)
        self.world = SlottedWorld.start("marketplace", svm.with_transaction_history(0))
        self.tally = tally
        self.broken = False
        self.sent = 0
        self.book = AccountBook(self.world.svm)
        self.relayer = self.world.next_keys().pubkey()
        self.world.fund(self.relayer)
        self.users: list[User] = []
        self.keys: dict[Pubkey, None] = {}
        self.token_accounts: dict[tuple[Pubkey, Pubkey], Pubkey] = {}
        self.perps = PerpAudit(self.book)
        self.ranges: dict[Pubkey, tuple[int, int]] = {}
        """Between which prices in ticks the feed of a perpetual stays."""
        self.refreshes = True
        """Whether margins are stated before what may need it."""
        self._open_the_desk()
        self._open_users()
        self.book.refresh()
        self.collateral_atoms = self.book.collateral_total()
        self._open_markets()

    # Setting up

    def _open_the_desk(self) -> None:
        world, book = self.world, self.book
        book.watch(book.exchanges, world.exchange_address)
        book.watch(book.collateral, world.vault)
        book.watch(book.collateral, world.treasury)
        for keys in (world.admin, world.pauser):
            world.fund(keys.pubkey())
            self.keys[keys.pubkey()] = None
        self.other_mint = world.new_mint(decimals=9)
        self.purse = world.new_token_account(world.mint, self.relayer, PURSE_ATOMS)
        book.watch(book.collateral, self.purse)

    def _open_users(self) -> None:
        for deposit_atoms in DEPOSITS_ATOMS:
            user = self.world.new_user(WALLET_ATOMS, deposit_atoms)
            self.users.append(user)
            self.keys[user.key] = None
            self.token_accounts[self.world.mint, user.key] = user.wallet
            self.book.watch(self.book.collateral, user.wallet)
            self.book.watch(self.book.margins, user.account)
        for user in self.users[:3]:
            self._open_second(user)
        self._open_account_of_admin()

    def _open_account_of_admin(self) -> None:
        """Where what is removed from insurance goes."""
        world, admin = self.world, self.world.admin
        wallet = world.new_token_account(world.mint, admin.pubkey(), WALLET_ATOMS)
        desk = world.exchange_address
        account = exchange.find_account(exchange=desk, owner=admin.pubkey(), index=0)
        user = User(admin, wallet, account)
        open_ = exchange.open_account(payer=user.key, exchange=desk, owner=user.key, index=0, account=account)
        world.run(open_, world.deposit(user, SECOND_DEPOSIT_ATOMS), signers=[admin])
        self.users.append(user)
        self.token_accounts[world.mint, user.key] = wallet
        self.book.watch(self.book.collateral, wallet)
        self.book.watch(self.book.margins, account)

    def _open_second(self, user: User) -> None:
        """Another account of the same owner, to trade with himself."""
        desk = self.world.exchange_address
        account = find_account(bytes(desk), bytes(user.key), SECOND)
        open_ = exchange.open_account(
            payer=user.key, exchange=desk, owner=user.key, index=SECOND, account=account
        )
        other = User(user.keys, user.wallet, account)
        self.world.run(open_, self.world.deposit(other, SECOND_DEPOSIT_ATOMS), signers=[user.keys])
        self.book.watch(self.book.margins, account)

    def _open_markets(self) -> None:
        world, book, users = self.world, self.book, self.users
        publishers = [user.keys for user in users[:3]]
        feeds = [
            world.new_feed(publishers, quorum=2, name="quorum", staleness_s=600),
            world.new_feed(publishers[1:2], name="single", staleness_s=600),
        ]
        now = world.now
        asked = [
            terms(oracle.STATISTIC_TOUCH_UP, now, now + 90_000, barrier=600_000, max_gap_s=600),
            terms(
                oracle.STATISTIC_AVERAGE,
                now,
                now + 60_000,
                low=0,
                high=1_000_000,
                payout=oracle.PAYOUT_LINEAR,
            ),
        ]
        for feed, question in zip(feeds, asked, strict=True):
            book.watch(book.feeds, feed)
            record = world.new_record(users[0].keys, feed, question)
            book.watch(book.records, record)
            deadline_s = question.end - now + 3 * DAY_S
            self._open_market(2, record, exchange.RESOLVER_RECORD, deadline_s)
        self._open_market(2, users[0].key, exchange.RESOLVER_AUTHORITY, 2 * DAY_S)
        self._open_market(5, users[1].key, exchange.RESOLVER_AUTHORITY, 3 * DAY_S)
        self._open_market(16, users[2].key, exchange.RESOLVER_AUTHORITY, 5 * DAY_S)
        open_perps(self)
        self.perps.check(None, self.check())

    def _open_market(self, outcomes: int, resolver: Pubkey, kind: int, deadline_s: int) -> None:
        world, book = self.world, self.book
        place = len(book.events.found)
        creator = self.users[place % 2]
        event = world.new_event(
            creator,
            outcomes,
            resolver=resolver,
            resolver_kind=kind,
            name=f"event {place}",
            lock_s=15_000 + 8_000 * place,
            deadline_s=deadline_s,
        )
        book.watch(book.events, event)
        pool_kind = exchange.POOL_PM_AMM if place in (1, 2) else exchange.POOL_LMSR
        book.watch(book.pools, world.new_pool(creator, event, pool_kind, 1_000))
        for outcome in range(outcomes):
            mint = outcome_mint(bytes(event), outcome)
            if outcome < 2:
                assert world.new_outcome_mint(creator, event, outcome) == mint
            book.watch(book.supplies, mint)
        for outcome, user in enumerate(self.users[1:3]):
            self._hold(user, event, outcome)
        for outcome in (0, 1) if 2 < outcomes < 16 else (0,):
            self._open_book(creator, event, outcome)

    def _open_book(self, creator: User, event: Pubkey, outcome: int) -> None:
        """A book in which two users quote."""
        world, key = self.world, book_of(bytes(event), outcome)
        create = exchange.create_book(
            creator=creator.key,
            exchange=world.exchange_address,
            event=event,
            outcome=outcome,
            lots_min=1 + 4 * outcome,
            book=key,
        )
        world.run(create, signers=[creator.keys])
        for side, user in enumerate(self.users[1:3]):
            requests = [
                exchange.OrderRequest(
                    client_id=step,
                    lots=QUOTE_LOTS * step,
                    expires_at=0,
                    price_ticks=5_000 - step if side == exchange.SIDE_BID else 5_000 + step,
                    meets_max=8,
                    side=side,
                    kind=exchange.ORDER_LIMIT,
                    self_trade=exchange.SELF_TRADE_CANCEL_PROVIDE,
                    reduce_only=False,
                )
                for step in (1, 5)
            ]
            quote = exchange.replace_orders(
                owner=user.key,
                exchange=world.exchange_address,
                account=user.account,
                event=event,
                book=key,
                cancellations=[],
                requests=requests,
            )
            world.run(quote, signers=[user.keys])
        self.book.watch(self.book.order_books, key)

    def _hold(self, user: User, event: Pubkey, outcome: int) -> None:
        """Gives a user complete sets and some of one outcome's tokens."""
        desk, mint = self.world.exchange_address, outcome_mint(bytes(event), outcome)
        sets = exchange.mint_set(
            owner=user.key, exchange=desk, account=user.account, event=event, lots=SETS_LOTS
        )
        tokens = exchange.tokenize(
            owner=user.key,
            exchange=desk,
            account=user.account,
            event=event,
            outcome_mint=mint,
            destination=self.token_account(mint, user.key),
            outcome=outcome,
            lots=SETS_LOTS // 3,
        )
        self.world.run(sets, tokens, signers=[user.keys])

    # Who and what there is

    def user_of(self, key: Pubkey) -> User | None:
        return next((user for user in self.users if user.key == key), None)

    def token_account(self, mint: Pubkey, owner: Pubkey) -> Pubkey:
        """The owner's token account of a mint, made when first asked for."""
        place = (mint, owner)
        if place not in self.token_accounts:
            key = self.world.new_token_account(mint, owner)
            self.token_accounts[place] = key
            self.book.watch(self.book.outcome_tokens, key)
        return self.token_accounts[place]

    def paid_legs(self) -> list[tuple[Pubkey, Pubkey]]:
        """Account and event of every leg that can be redeemed."""
        events = self.book.events.found
        return [
            (key, event)
            for key, margin in self.book.margins.found.items()
            for event in margin.legs
            if events[event].settled_time
        ]

    def holders(self, event: Pubkey) -> list[Pubkey]:
        """Margin accounts with a leg in an event; if none has, all of its exchange; else all there are."""
        margins = self.book.margins.found
        desk = self.book.events.found[event].exchange
        holding = [key for key, margin in margins.items() if event in margin.legs]
        return holding or self.accounts(desk)

    def accounts(self, desk: Pubkey) -> list[Pubkey]:
        """Margin accounts of an exchange, or all there are when it has none."""
        margins = self.book.margins.found
        return [key for key, margin in margins.items() if margin.desk == desk] or list(margins)

    def settled(self, *, is_settled: bool) -> list[Pubkey]:
        """Events that are settled or not; all of them when there are none such."""
        events = self.book.events.found
        chosen = [key for key, event in events.items() if (event.settled_time > 0) == is_settled]
        return chosen or list(events)

    # Sending

    def cast(self) -> Cast:
        addresses = [*self.book.known(), *self.keys, CLOCK, SYSTEM_PROGRAM, TOKEN_PROGRAM, self.world.mint]
        return Cast(addresses, self._kind_of, self.keys.__contains__)

    def _kind_of(self, key: Pubkey) -> str | None:
        return "key" if key in self.keys else self.book.kind_of(key)

    def attempt(self, name: str, instruction: Instruction, fault: Fault | None = None) -> bool:
        """Sends one instruction, spoilt by the fault, and checks everything; whether it landed.

        Before it, in the same transaction, go the statements that it may need. Two transactions share a slot.
        """
        if fault is not None:
            instruction = spoil(instruction, fault, self.cast())
        self.sent += 1
        if self.sent % 2:
            self.world.next_slot()
        first = self.statements(name, instruction) if self.refreshes else []
        outcome = self.world.svm.send_transaction(self.transaction([*first, instruction]))
        refused = isinstance(outcome, FailedTransactionMetadata)
        (self.tally.refused if refused else self.tally.landed)[name] += 1
        self.refusal = error_name(outcome) if isinstance(outcome, FailedTransactionMetadata) else ""
        try:
            if refused:
                changed = self.book.changed()
                demand(not changed, "a refused instruction changes nothing", name, changed)
                check_refusal(name, instruction, self.refusal)
            else:
                signers = {meta.pubkey for meta in instruction.accounts if meta.is_signer}
                changes = self.check(signers, {meta.pubkey for meta in instruction.accounts})
                updated = frozenset(
                    meta.pubkey
                    for each in first
                    for meta in each.accounts
                    if meta.is_writable and meta.pubkey in self.book.perps.found
                )
                slot = self.world.svm.get_clock().slot
                brought = frozenset(each.accounts[0].pubkey for each in first) & updated
                landed = Landed(
                    name, instruction, outcome.logs(), signers, self.world.now, slot, brought, updated
                )
                self.perps.check(landed, changes)
                check_taking(self.book, (name, instruction, outcome.logs()), changes, self.world.now)
        except Exception:
            self.broken = True
            raise
        return not refused

    def transaction(self, instructions: list[Instruction]) -> Transaction:
        """A transaction whose signatures nobody checks."""
        message = Message.new_with_blockhash(instructions, self.relayer, Hash.default())
        return Transaction.populate(message, [NO_SIGNATURE] * message.header.num_required_signatures)

    def refusal_of(self, name: str, instruction: Instruction) -> str:
        """By what name an instruction would be refused now; "" if it would land. Nothing comes of it."""
        first = self.statements(name, instruction)
        outcome = self.world.svm.simulate_transaction(self.transaction([*first, instruction]))
        return error_name(outcome) if isinstance(outcome, FailedTransactionMetadata) else ""

    @contextmanager
    def fork(self) -> Iterator[None]:
        """A chain to try things on: all that is watched becomes again what it was."""
        svm = self.world.svm
        seen = {key: svm.get_account(key) for key in self.book.known()}
        try:
            yield
        finally:
            for key, account in seen.items():
                if svm.get_account(key) != account and account is not None:
                    svm.set_account(key, account)

    def statements(self, name: str, instruction: Instruction) -> list[Instruction]:
        """What an instruction needs to go before it, in the order in which clients send it.

        Markets are brought up to date, seats elsewhere drawn, and margins stated anew. What only reduces
        goes without as often as not.
        """
        margins, perps = self.book.margins.found, self.book.perps.found
        if name in UNTOUCHED or (reduces(name, instruction) and self.sent % 4 < 2):
            return []
        metas = instruction.accounts
        keys = {meta.pubkey: None for meta in metas if meta.pubkey in margins}
        apart = metas[MARKET_AT[name]].pubkey if name in ACCRUING else None
        if name not in UNSTATED:  # who pays comes first
            keys = dict(list(keys.items())[:1])
        held = {key: None for account in keys for key in margins[account].perps}
        if name in TAKEOVERS:  # the other account must have no seats at all
            keys = {metas[TAKER_AT].pubkey: None} if metas[TAKER_AT].pubkey in margins else {}
        draws = [
            self.drawing(key, account)
            for account in keys
            for key, leg in margins[account].perps.items()
            if leg.seat and key != apart
        ]
        if name in UNSTATED - STRICT:
            draws = []
        behind = {key: None for key in held if key != apart or draws}  # a draw needs them all
        if name == "refresh_margin":
            behind |= {meta.pubkey: None for meta in metas if meta.pubkey in perps}
        first = [*[update(self, key) for key in behind], *draws]
        if name in UNSTATED:
            return first
        return first + [
            exchange.refresh_margin(account=key, remaining_accounts=others(self, key))
            for key in keys
            if margins[key].perps
        ]

    def drawing(self, key: Pubkey, account: Pubkey) -> Instruction:
        """Draws an account's seat at a perpetual."""
        rest = others(self, account, apart=key)
        return exchange.draw_perp_seat(account=account, remaining_accounts=rest, **places(self, key))

    def must(self, name: str, instruction: Instruction) -> None:
        """Sends one instruction that must land."""
        if not self.attempt(name, instruction):
            self.broken = True
            raise RefusedInstructionError(f"{name} was refused: {self.refusal}")

    def check(self, signers: set[Pubkey] | None = None, passed: set[Pubkey] | None = None) -> list[Change]:
        """Takes in what changed, checks it, alone and together, and returns it."""
        changes = self.book.refresh()
        for change in changes:
            check_change(self.book, change, set(self.keys) if signers is None else signers)
            self.book.note_gift(change, passed)
        self.book.check_order_books(changes, signers)
        self.book.check_identities()
        total = self.book.collateral_total()
        demand(
            total == self.collateral_atoms, "no collateral appears or is lost", total, self.collateral_atoms
        )
        return changes

    def transfer(self, source: Pubkey, destination: Pubkey, owner: Pubkey, amount: int) -> Instruction:
        """The token program's transfer."""
        metas = [
            AccountMeta(source, is_signer=False, is_writable=True),
            AccountMeta(destination, is_signer=False, is_writable=True),
            AccountMeta(owner, is_signer=True, is_writable=False),
        ]
        return Instruction(TOKEN_PROGRAM, b"\x03" + amount.to_bytes(8, "little"), metas)
