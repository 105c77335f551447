"""The programs on an in-process chain, with a mint, an exchange and users: what program tests start from."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from solders.account import Account
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.litesvm import LiteSVM
from solders.message import Message
from solders.pubkey import Pubkey
from solders.transaction import Transaction
from solders.transaction_metadata import FailedTransactionMetadata, TransactionMetadata

from secant import exchange, oracle

if TYPE_CHECKING:
    from collections.abc import Sequence

ARTIFACTS = Path(__file__).parent.parent / "artifacts"
TOKEN_PROGRAM = Pubkey.from_string("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA")
GENESIS_TIME = 1_700_000_000
SET_ATOMS = 10_000
BOOK_HEAD_LEN = exchange.Book.SIZE
NEVER = -(2**63)
NO_BID = -(2**63)
NO_ASK = 2**63 - 1


class RefusedError(Exception):
    """A transaction failed; `name` is the program's error name, or the runtime's."""

    def __init__(self, name: str, logs: list[str]) -> None:
        super().__init__(name + "\n" + "\n".join(logs))
        self.name = name
        self.logs = logs


def error_name(failed: FailedTransactionMetadata) -> str:
    """The name by which the failing program knows the error, else the runtime's text."""
    text = str(failed.err())
    logs = failed.meta().logs()
    program = next((line.split()[1] for line in reversed(logs) if " failed: " in line), "")
    table = {str(exchange.PROGRAM_ID): exchange.ERRORS, str(oracle.PROGRAM_ID): oracle.ERRORS}.get(
        program, {}
    )
    if "InstructionErrorCustom(" in text:
        code = int(text.split("InstructionErrorCustom(")[1].split(")", maxsplit=1)[0])
        return table[code].name if code in table else f"Custom({code})"
    return (
        next(line.split(" failed: ")[1] for line in reversed(logs) if " failed: " in line)
        if program
        else text
    )


@dataclass
class User:
    """A wallet with collateral and a margin account."""

    keys: Keypair
    wallet: Pubkey
    account: Pubkey

    @property
    def key(self) -> Pubkey:
        return self.keys.pubkey()


@dataclass
class World:
    """A chain with both programs and one exchange."""

    svm: LiteSVM = field(default_factory=LiteSVM)
    admin: Keypair = field(default_factory=Keypair)
    pauser: Keypair = field(default_factory=Keypair)
    mint: Pubkey = field(init=False)
    treasury: Pubkey = field(init=False)
    exchange_address: Pubkey = field(init=False)
    vault: Pubkey = field(init=False)
    fee_bps: int = 700
    now: int = GENESIS_TIME

    def __post_init__(self) -> None:
        for module, name in ((exchange, "exchange"), (oracle, "oracle")):
            self.svm.add_program(module.PROGRAM_ID, (ARTIFACTS / f"{name}.so").read_bytes())
        self.set_time(self.now)
        self.fund(self.admin.pubkey())
        self.mint = self.new_mint()
        self.treasury = self.new_token_account(self.mint, self.admin.pubkey())
        self.exchange_address = exchange.find_exchange(mint=self.mint, admin=self.admin.pubkey())
        self.vault = exchange.find_vault(exchange=self.exchange_address)
        self.run(
            exchange.initialize(
                admin=self.admin.pubkey(),
                mint=self.mint,
                exchange=self.exchange_address,
                vault=self.vault,
                treasury=self.treasury,
                pauser=self.pauser.pubkey(),
                fee_bps=self.fee_bps,
            ),
            signers=[self.admin],
        )

    # The chain

    def set_time(self, unix_seconds: int) -> None:
        clock = self.svm.get_clock()
        clock.unix_timestamp = unix_seconds
        self.svm.set_clock(clock)
        self.now = unix_seconds

    def fund(self, key: Pubkey) -> None:
        self.svm.airdrop(key, 10**12)

    def send(
        self, *instructions: Instruction, signers: list[Keypair]
    ) -> TransactionMetadata | FailedTransactionMetadata:
        self.svm.expire_blockhash()
        message = Message(list(instructions), signers[0].pubkey())
        return self.svm.send_transaction(Transaction(signers, message, self.svm.latest_blockhash()))

    def run(self, *instructions: Instruction, signers: list[Keypair]) -> TransactionMetadata:
        """Lands the transaction or raises RefusedError."""
        outcome = self.send(*instructions, signers=signers)
        if isinstance(outcome, FailedTransactionMetadata):
            raise RefusedError(error_name(outcome), outcome.meta().logs())
        return outcome

    def data(self, key: Pubkey) -> bytes:
        account = self.svm.get_account(key)
        assert account is not None, key
        return bytes(account.data)

    def exists(self, key: Pubkey) -> bool:
        account = self.svm.get_account(key)
        return account is not None and account.lamports > 0

    # Tokens, written straight into the chain

    def new_mint(self, authority: Pubkey | None = None, decimals: int = 6) -> Pubkey:
        key = Keypair().pubkey()
        has_authority = authority is not None
        data = struct.pack("<I32sQBB", has_authority, bytes(authority or Pubkey.default()), 0, decimals, 1)
        self.svm.set_account(key, Account(10**9, data + bytes(36), TOKEN_PROGRAM))
        return key

    def new_token_account(self, mint: Pubkey, owner: Pubkey, amount: int = 0) -> Pubkey:
        key = Keypair().pubkey()
        data = bytes(mint) + bytes(owner) + struct.pack("<Q", amount) + bytes(36) + b"\x01" + bytes(56)
        self.svm.set_account(key, Account(10**9, data, TOKEN_PROGRAM))
        return key

    def token_amount(self, key: Pubkey) -> int:
        amount: int = struct.unpack_from("<Q", self.data(key), 64)[0]
        return amount

    # Users and markets

    def new_user(self, collateral_atoms: int = 10**12, deposit_atoms: int = 0) -> User:
        keys = Keypair()
        self.fund(keys.pubkey())
        wallet = self.new_token_account(self.mint, keys.pubkey(), collateral_atoms)
        account = exchange.find_account(exchange=self.exchange_address, owner=keys.pubkey(), index=0)
        user = User(keys, wallet, account)
        self.run(
            exchange.open_account(
                payer=user.key, exchange=self.exchange_address, account=account, owner=user.key, index=0
            ),
            signers=[keys],
        )
        if deposit_atoms:
            self.run(self.deposit(user, deposit_atoms), signers=[keys])
        return user

    def deposit(self, user: User, amount_atoms: int) -> Instruction:
        return exchange.deposit(
            depositor=user.key,
            exchange=self.exchange_address,
            account=user.account,
            source=user.wallet,
            vault=self.vault,
            amount_atoms=amount_atoms,
        )

    def withdraw(self, user: User, amount_atoms: int) -> Instruction:
        return exchange.withdraw(
            owner=user.key,
            exchange=self.exchange_address,
            account=user.account,
            vault=self.vault,
            destination=user.wallet,
            amount_atoms=amount_atoms,
        )

    def new_event(
        self,
        creator: User,
        outcomes: int = 2,
        *,
        resolver: Pubkey | None = None,
        resolver_kind: int = exchange.RESOLVER_AUTHORITY,
        name: str = "event",
        lock_s: int = 1_000,
        deadline_s: int = 400_000,
    ) -> Pubkey:
        event_id = hashlib.sha256(name.encode()).digest()
        event = exchange.find_event(exchange=self.exchange_address, creator=creator.key, event_id=event_id)
        self.run(
            exchange.create_event(
                creator=creator.key,
                exchange=self.exchange_address,
                resolver=resolver or creator.key,
                event=event,
                event_id=event_id,
                resolver_kind=resolver_kind,
                lock_time=self.now + lock_s,
                settlement_deadline=self.now + deadline_s,
                title=name.encode().ljust(64, b"\0"),
                labels=[f"outcome {place}".encode().ljust(16, b"\0") for place in range(outcomes)],
            ),
            signers=[creator.keys],
        )
        return event

    def new_pool(
        self, creator: User, event: Pubkey, kind: int = exchange.POOL_LMSR, liquidity_lots: int = 10_000
    ) -> Pubkey:
        pool = exchange.find_pool(event=event, creator=creator.key)
        self.run(
            exchange.create_pool(
                creator=creator.key,
                exchange=self.exchange_address,
                account=creator.account,
                event=event,
                pool=pool,
                kind=kind,
                liquidity_lots=liquidity_lots,
            ),
            signers=[creator.keys],
        )
        return pool

    def new_book(self, creator: User, event: Pubkey, outcome: int = 0, lots_min: int = 1) -> Pubkey:
        book = exchange.find_book(event=event, outcome=outcome)
        self.run(
            exchange.create_book(
                creator=creator.key,
                exchange=self.exchange_address,
                event=event,
                book=book,
                outcome=outcome,
                lots_min=lots_min,
            ),
            signers=[creator.keys],
        )
        return book

    def place(
        self,
        user: User,
        event: Pubkey,
        book: Pubkey,
        request: exchange.OrderRequest,
        builder: Pubkey | None = None,
        builder_fee_bps: int = 0,
    ) -> Instruction:
        return exchange.place_order(
            owner=user.key,
            exchange=self.exchange_address,
            account=user.account,
            event=event,
            book=book,
            request=request,
            builder_fee_bps=builder_fee_bps,
            remaining_accounts=builders(builder),
        )

    def take(
        self,
        user: User,
        event: Pubkey,
        book: Pubkey,
        request: exchange.OrderRequest,
        pool: Pubkey | None = None,
        builder: Pubkey | None = None,
        builder_fee_bps: int = 0,
    ) -> Instruction:
        return exchange.take_order(
            owner=user.key,
            exchange=self.exchange_address,
            account=user.account,
            event=event,
            book=book,
            request=request,
            pool=pool,
            builder_fee_bps=builder_fee_bps,
            remaining_accounts=builders(builder),
        )

    def replace(
        self,
        user: User,
        event: Pubkey,
        book: Pubkey,
        cancellations: Sequence[exchange.Cancellation],
        requests: Sequence[exchange.OrderRequest],
    ) -> Instruction:
        return exchange.replace_orders(
            owner=user.key,
            exchange=self.exchange_address,
            account=user.account,
            event=event,
            book=book,
            cancellations=cancellations,
            requests=requests,
        )

    def new_outcome_mint(self, payer: User, event: Pubkey, outcome: int) -> Pubkey:
        outcome_mint = exchange.find_outcome_mint(event=event, outcome=outcome)
        self.run(
            exchange.create_outcome_mint(
                payer=payer.key, event=event, outcome_mint=outcome_mint, outcome=outcome
            ),
            signers=[payer.keys],
        )
        return outcome_mint

    def trade(
        self, user: User, event: Pubkey, pool: Pubkey, outcome: int, lots: int, limit_atoms: int | None = None
    ) -> Instruction:
        unlimited = 2**64 - 1 if lots > 0 else 0
        return exchange.trade_pool(
            owner=user.key,
            exchange=self.exchange_address,
            account=user.account,
            event=event,
            pool=pool,
            outcome=outcome,
            lots=lots,
            limit_atoms=unlimited if limit_atoms is None else limit_atoms,
        )

    def new_feed(
        self,
        publishers: list[Keypair],
        quorum: int = 1,
        *,
        name: str = "feed",
        staleness_s: int = 60,
        width_max: int = 50_000,
    ) -> Pubkey:
        """A feed of prices in millionths whose authority is the first publisher."""
        authority = publishers[0]
        self.fund(authority.pubkey())
        feed_id = hashlib.sha256(name.encode()).digest()
        rules = oracle.FeedRules(
            width_max=width_max,
            step_max=20_000,
            staleness_s=staleness_s,
            exponent=-6,
            quorum=quorum,
            publishers=tuple(keys.pubkey() for keys in publishers),
        )
        rules_hash = hashlib.sha256(rules.encode()).digest()
        feed = oracle.find_feed(authority=authority.pubkey(), feed_id=feed_id, rules_hash=rules_hash)
        self.run(
            oracle.create_feed(
                authority=authority.pubkey(), feed=feed, feed_id=feed_id, rules_hash=rules_hash, rules=rules
            ),
            signers=[authority],
        )
        return feed

    def publish(
        self, publisher: Keypair, feeds: list[Pubkey], readings: list[tuple[int, int, int]]
    ) -> Instruction:
        return oracle.publish(
            publisher=publisher.pubkey(),
            feed=feeds[0],
            readings=b"".join(struct.pack("<qqq", *reading) for reading in readings),
            remaining_accounts=[AccountMeta(feed, is_signer=False, is_writable=True) for feed in feeds[1:]],
        )

    def new_record(self, payer: Keypair, feed: Pubkey, terms: oracle.RecordTerms) -> Pubkey:
        terms_hash = hashlib.sha256(terms.encode()).digest()
        record = oracle.find_record(feed=feed, terms_hash=terms_hash)
        self.run(
            oracle.create_record(
                payer=payer.pubkey(), feed=feed, record=record, terms_hash=terms_hash, terms=terms
            ),
            signers=[payer],
        )
        return record

    # Decoded state

    def margin(self, user: User) -> exchange.MarginAccount:
        return exchange.MarginAccount.decode(self.data(user.account))

    def event(self, key: Pubkey) -> exchange.EventMarket:
        return exchange.EventMarket.decode(self.data(key))

    def pool(self, key: Pubkey) -> exchange.Pool:
        return exchange.Pool.decode(self.data(key))

    def book(self, key: Pubkey) -> exchange.Book:
        """The head of a book."""
        return exchange.Book.decode(self.data(key))

    def seats(self, key: Pubkey) -> list[exchange.Seat]:
        """Every seat of a book, the free ones too."""
        data, size = self.data(key), exchange.Seat.SIZE
        return [
            exchange.Seat.decode(data[BOOK_HEAD_LEN + place * size :])
            for place in range(self.book(key).seats)
        ]

    def orders(self, key: Pubkey) -> list[exchange.Order]:
        """What rests in a book by rising price: bids from the worst to the best, asks from the best on."""
        data, head, size = self.data(key), self.book(key), exchange.Order.SIZE
        first = BOOK_HEAD_LEN + head.seats * exchange.Seat.SIZE
        room = (len(data) - first) // size
        return [
            exchange.Order.decode(data[first + place * size :])
            for place in (*range(head.bids), *range(room - head.asks, room))
        ]

    def record(self, key: Pubkey) -> oracle.Record:
        return oracle.Record.decode(self.data(key))


def builders(builder: Pubkey | None) -> list[AccountMeta]:
    """What follows an instruction's own accounts when a builder is paid."""
    return [] if builder is None else [AccountMeta(builder, is_signer=False, is_writable=True)]


def order(side: int, price_ticks: int, lots: int, **changes: Any) -> exchange.OrderRequest:
    """A limit order that never expires and meets 64 others at most, but for `changes`."""
    limit = exchange.OrderRequest(
        client_id=0,
        lots=lots,
        expires_at=0,
        price_ticks=price_ticks,
        meets_max=64,
        side=side,
        kind=exchange.ORDER_LIMIT,
        self_trade=exchange.SELF_TRADE_CANCEL_PROVIDE,
        reduce_only=False,
    )
    return replace(limit, **changes)


def bid(price_ticks: int, lots: int, **changes: Any) -> exchange.OrderRequest:
    return order(exchange.SIDE_BID, price_ticks, lots, **changes)


def ask(price_ticks: int, lots: int, **changes: Any) -> exchange.OrderRequest:
    return order(exchange.SIDE_ASK, price_ticks, lots, **changes)


def terms(
    statistic: int,
    start: int,
    end: int,
    *,
    barrier: int = 0,
    low: int = 0,
    high: int = 0,
    width_max: int = 50_000,
    sustain_s: int = 0,
    max_gap_s: int = 60,
    grid_s: int = 0,
    coverage_min_ppm: int = 0,
    payout: int = oracle.PAYOUT_DIGITAL,
) -> oracle.RecordTerms:
    """Record terms with the unused fields zero."""
    return oracle.RecordTerms(
        start=start,
        end=end,
        barrier=barrier,
        low=low,
        high=high,
        width_max=width_max,
        sustain_s=sustain_s,
        max_gap_s=max_gap_s,
        grid_s=grid_s,
        coverage_min_ppm=coverage_min_ppm,
        statistic=statistic,
        payout=payout,
    )
