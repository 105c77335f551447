"""A ledger with an exchange, feeds, records, events and holders, all made by real instructions."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from struct import pack
from typing import TYPE_CHECKING

from solders.account import Account
from solders.keypair import Keypair
from solders.message import Message
from solders.pubkey import Pubkey
from solders.token import ID as TOKEN_PROGRAM
from solders.transaction import Transaction

from secant import exchange, oracle
from secant.bootstrap import artifact_path
from secant.localnet import Ledger

if TYPE_CHECKING:
    from pathlib import Path

    from solders.instruction import Instruction

BEGIN = 1_700_000_000
SOL = 10**9
STALENESS_S = 30
EVENT_VOID = exchange.EVENT_VOID

TOUCH_UP, TWAP, RANGE = oracle.STATISTIC_TOUCH_UP, oracle.STATISTIC_AVERAGE, oracle.STATISTIC_RANGE


def mint_data(authority: Pubkey) -> bytes:
    return pack("<I32sQBBI32s", 1, bytes(authority), 10**12, 6, 1, 0, bytes(32))


def token_data(mint: Pubkey, owner: Pubkey, amount_atoms: int) -> bytes:
    head = bytes(mint) + bytes(owner) + pack("<Q", amount_atoms)
    return head + pack("<I32sBIQQI32s", 0, bytes(32), 1, 0, 0, 0, 0, bytes(32))


def padded(text: str, size: int) -> bytes:
    return text.encode().ljust(size, b"\0")


@dataclass
class World:
    ledger: Ledger = field(default_factory=Ledger)
    keeper: Keypair = field(default_factory=Keypair)
    admin: Keypair = field(default_factory=Keypair)
    records: list[Pubkey] = field(default_factory=list)
    events: list[Pubkey] = field(default_factory=list)
    holders: list[Pubkey] = field(default_factory=list)

    def __post_init__(self) -> None:
        ledger = self.ledger
        ledger.add_program(oracle.PROGRAM_ID, artifact_path("oracle"))
        ledger.add_program(exchange.PROGRAM_ID, artifact_path("exchange"))
        ledger.set_unix_timestamp(BEGIN - 100)
        for key in (self.keeper, self.admin):
            ledger.airdrop(key.pubkey(), 100 * SOL)
        self.feed = self.new_feed("main")
        self._make_exchange()

    def run(self, *instructions: Instruction) -> None:
        blockhash = self.ledger.latest_blockhash
        message = Message.new_with_blockhash(list(instructions), self.admin.pubkey(), blockhash)
        outcome = self.ledger.send(Transaction([self.admin], message, blockhash))
        assert outcome.err is None, outcome.logs

    def new_feed(self, name: str, *publishers: Pubkey, quorum: int = 1, exponent: int = -6) -> Pubkey:
        feed_id = padded(name, 32)
        rules = oracle.FeedRules(
            width_max=10**6,
            step_max=10**6,
            staleness_s=STALENESS_S,
            exponent=exponent,
            quorum=quorum,
            publishers=publishers or (self.keeper.pubkey(),),
        )
        rules_hash = sha256(rules.encode()).digest()
        key = self.admin.pubkey()
        self.run(oracle.create_feed(authority=key, feed_id=feed_id, rules_hash=rules_hash, rules=rules))
        return oracle.find_feed(authority=key, feed_id=feed_id, rules_hash=rules_hash)

    def _token_account(self, owner: Pubkey, amount_atoms: int) -> Pubkey:
        address = Keypair().pubkey()
        data = token_data(self.mint, owner, amount_atoms)
        self.ledger.set_account(address, Account(SOL, data, TOKEN_PROGRAM))
        return address

    def _make_exchange(self) -> None:
        admin = self.admin.pubkey()
        self.mint = Keypair().pubkey()
        self.ledger.set_account(self.mint, Account(SOL, mint_data(admin), TOKEN_PROGRAM))
        self.purse = self._token_account(admin, 10**11)
        self.run(
            exchange.initialize(admin=admin, mint=self.mint, treasury=self.purse, pauser=admin, fee_bps=0)
        )
        self.exchange = exchange.find_exchange(mint=self.mint, admin=admin)

    def add_record(
        self,
        start: int,
        end: int,
        statistic: int = TOUCH_UP,
        *,
        barrier: int = 0,
        sustain_s: int = 0,
        low: int = 0,
        feed: Pubkey | None = None,
    ) -> Pubkey:
        address = self.feed if feed is None else feed
        terms = oracle.RecordTerms(
            start=start,
            end=end,
            barrier=barrier,
            low=low,
            high=0,
            width_max=10**6,
            sustain_s=sustain_s,
            max_gap_s=600,
            grid_s=0,
            coverage_min_ppm=0,
            statistic=statistic,
            payout=0,
        )
        terms_hash = sha256(terms.encode()).digest()
        self.run(
            oracle.create_record(payer=self.admin.pubkey(), feed=address, terms_hash=terms_hash, terms=terms)
        )
        record = oracle.find_record(feed=address, terms_hash=terms_hash)
        self.records.append(record)
        return record

    def add_event(self, resolver: Pubkey, kind: int, lock_time: int, deadline: int) -> Pubkey:
        event_id = sha256(bytes(resolver)).digest()
        creator = self.admin.pubkey()
        self.run(
            exchange.create_event(
                creator=creator,
                exchange=self.exchange,
                resolver=resolver,
                event_id=event_id,
                resolver_kind=kind,
                lock_time=lock_time,
                settlement_deadline=deadline,
                title=padded("a touch", 64),
                labels=[padded("yes", 16), padded("no", 16)],
            )
        )
        event = exchange.find_event(exchange=self.exchange, creator=creator, event_id=event_id)
        self.events.append(event)
        return event

    def add_holder(self, index: int, *events: Pubkey, lots: int = 100) -> Pubkey:
        """A margin account that holds complete sets of each event."""
        admin = self.admin.pubkey()
        account = exchange.find_account(exchange=self.exchange, owner=admin, index=index)
        self.run(
            exchange.open_account(payer=admin, exchange=self.exchange, owner=admin, index=index),
            exchange.deposit(
                depositor=admin,
                exchange=self.exchange,
                account=account,
                source=self.purse,
                vault=exchange.find_vault(exchange=self.exchange),
                amount_atoms=lots * 10_000 * len(events),
            ),
            *(
                exchange.mint_set(
                    owner=admin, exchange=self.exchange, account=account, event=event, lots=lots
                )
                for event in events
            ),
        )
        self.holders.append(account)
        return account

    def record(self, address: Pubkey) -> oracle.Record:
        data = self.ledger.account_data(address)
        assert data is not None
        return oracle.Record.decode(data)

    def published_time(self) -> int:
        """Source time of the keeper's last reading of the main feed."""
        data = self.ledger.account_data(self.feed)
        assert data is not None
        return oracle.Feed.decode(data).readings[0].source_time

    def event(self, address: Pubkey) -> exchange.EventMarket:
        data = self.ledger.account_data(address)
        assert data is not None
        return exchange.EventMarket.decode(data)

    def holder(self, address: Pubkey) -> exchange.MarginAccount:
        data = self.ledger.account_data(address)
        assert data is not None
        return exchange.MarginAccount.decode(data)

    def write_key(self, folder: Path) -> Path:
        path = folder / "keeper.json"
        path.write_text(json.dumps(list(bytes(self.keeper))))
        return path


def write_quotes(path: Path, prices: list[tuple[int, str, str]]) -> Path:
    """A recorded quote table: Unix seconds, bid, ask."""
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(("slug", "ts_utc", "bid", "ask", "mid"))
        for moment, bid, ask in prices:
            table.writerow(("test", iso(moment), bid, ask, ""))
    return path


def iso(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def settlements(ledger: Ledger) -> dict[str, int]:
    """How often each instruction that must happen once succeeded, by name and its first account."""
    names = {
        bytes(exchange.settle_event(event=Pubkey.default(), record=Pubkey.default()).data): "settle",
        bytes(exchange.void_event(event=Pubkey.default(), resolver=Pubkey.default()).data): "void",
        bytes(exchange.redeem(account=Pubkey.default(), event=Pubkey.default()).data): "redeem",
    }
    counts: dict[str, int] = {}
    for record in ledger.history.newest_first(exchange.PROGRAM_ID):
        if record.outcome.err is not None:
            continue
        message = record.transaction.message
        for instruction in message.instructions:
            name = names.get(bytes(instruction.data))
            if name is not None:
                keys = [message.account_keys[place] for place in instruction.accounts]
                label = f"{name} {' '.join(map(str, keys))}"
                counts[label] = counts.get(label, 0) + 1
    return counts
