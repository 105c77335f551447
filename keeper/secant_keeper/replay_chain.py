"""A chain in this process for replays: the real oracle program, with a clock that follows source times.

Signatures, blockhashes and history are switched off: the only key there is publishes and pays, and what
counts is the program's account data.
"""

from __future__ import annotations

from hashlib import sha256
from struct import Struct
from typing import TYPE_CHECKING, Final

from solders.account import Account
from solders.hash import Hash
from solders.keypair import Keypair
from solders.litesvm import LiteSVM
from solders.message import Message
from solders.signature import Signature
from solders.system_program import ID as SYSTEM_PROGRAM_ID
from solders.transaction import Transaction
from solders.transaction_metadata import FailedTransactionMetadata

from secant import oracle
from secant.bootstrap import artifact_path

if TYPE_CHECKING:
    from solders.instruction import Instruction
    from solders.pubkey import Pubkey

NO_BID: Final = -(2**63)
"""The bid of a reading without one."""

NO_ASK: Final = 2**63 - 1
"""The ask of a reading without one."""

STALENESS_S: Final = 1
"""Of the replay's feeds. Samples arrive at their own time, so none is older."""

_PAYER_LAMPORTS: Final = 10**17
_OBSERVES_PER_TRANSACTION_MAX: Final = 16
_READING: Final = Struct("<qqq")
_MARK: Final = _READING.pack(-0x5EC4A7, -0x5EC4A7, -0x5EC4A7)
_NO_SIGNATURE: Final = Signature.default()


class ReplayError(Exception):
    """The program refused what the replay must be able to do: a fault of the replay, not of its input."""


class ReplayFeed:
    """One feed, and the transactions that publish to it and crank its open records."""

    def __init__(self, chain: ReplayChain, address: Pubkey) -> None:
        self._chain = chain
        self.address = address
        self.records: dict[Pubkey, None] = {}
        self._publishing: bytearray | None = None
        self._readings_at: tuple[int, ...] = ()
        self._observing: list[Transaction] = []

    def open_record(self, record: Pubkey) -> None:
        """Observe a record with every sample from now on."""
        self.records[record] = None
        self._publishing = None

    def close_record(self, record: Pubkey) -> None:
        """Observe a record no more."""
        self.records.pop(record, None)
        self._publishing = None

    def _prepare(self) -> bytearray:
        chain, key = self._chain, self._chain.payer.pubkey()
        observes = [oracle.observe(feed=self.address, record=record) for record in self.records]
        publish = oracle.publish(publisher=key, feed=self.address, readings=_MARK)
        raw = bytes(chain.transaction([publish, *observes[:_OBSERVES_PER_TRANSACTION_MAX]]))
        self._readings_at = (raw.index(_MARK), raw.index(_MARK) + len(_MARK))
        rest = observes[_OBSERVES_PER_TRANSACTION_MAX:]
        size = _OBSERVES_PER_TRANSACTION_MAX
        self._observing = [chain.transaction(rest[at : at + size]) for at in range(0, len(rest), size)]
        self._publishing = bytearray(raw)
        return self._publishing

    def publish(self, time: int, bid: int, ask: int) -> None:
        """Publish one reading at its own time and observe it in every open record."""
        chain = self._chain
        chain.set_time(time)
        raw = self._publishing if self._publishing is not None else self._prepare()
        start, end = self._readings_at
        raw[start:end] = _READING.pack(time, bid, ask)
        chain.run(Transaction.from_bytes(bytes(raw)))
        for transaction in self._observing:
            chain.run(transaction)


class ReplayChain:
    """The chain: one publisher, any number of feeds and records, a clock that only moves forward.

    Raises:
        SecantError: The oracle program's ELF is missing.
    """

    def __init__(self) -> None:
        svm = LiteSVM().with_blockhash_check(check=False).with_sigverify(sigverify=False)
        self._svm = svm.with_transaction_history(0)
        self._svm.add_program(oracle.PROGRAM_ID, artifact_path("oracle").read_bytes())
        self.payer = Keypair.from_seed(sha256(b"replay publisher").digest())
        self._svm.set_account(self.payer.pubkey(), Account(_PAYER_LAMPORTS, b"", SYSTEM_PROGRAM_ID))
        self._clock = self._svm.get_clock()
        self._time = 0
        self.transactions = 0

    def set_time(self, time: int) -> None:
        """Move the clock to a Unix time; an earlier one is a fault.

        Raises:
            ReplayError: The time is before the present one.
        """
        if time == self._time:
            return
        if time < self._time:
            raise ReplayError(f"the clock would run back from {self._time} to {time}")
        self._time = time
        self._clock.unix_timestamp = time
        self._svm.set_clock(self._clock)

    def create_feed(self, name: str, exponent: int, width_max: int) -> ReplayFeed:
        """Create a feed whose only publisher is the replay; `width_max` is in feed units."""
        key = self.payer.pubkey()
        feed_id = sha256(name.encode()).digest()
        rules = oracle.FeedRules(
            width_max=width_max,
            step_max=NO_ASK,
            staleness_s=STALENESS_S,
            exponent=exponent,
            quorum=1,
            publishers=(key,),
        )
        rules_hash = sha256(rules.encode()).digest()
        feed = oracle.find_feed(authority=key, feed_id=feed_id, rules_hash=rules_hash)
        create = oracle.create_feed(
            authority=key, feed=feed, feed_id=feed_id, rules_hash=rules_hash, rules=rules
        )
        self.run(self.transaction([create]))
        return ReplayFeed(self, feed)

    def create_record(self, feed: ReplayFeed, terms: oracle.RecordTerms) -> Pubkey:
        """Create a record, unless these very terms have one already."""
        terms_hash = sha256(terms.encode()).digest()
        record = oracle.find_record(feed=feed.address, terms_hash=terms_hash)
        if self._svm.get_account(record) is None:
            self.run(
                self.transaction(
                    [
                        oracle.create_record(
                            payer=self.payer.pubkey(),
                            feed=feed.address,
                            terms_hash=terms_hash,
                            terms=terms,
                            record=record,
                        )
                    ]
                )
            )
        return record

    def observe(self, feed: ReplayFeed, record: Pubkey) -> None:
        """Crank one record without a new sample."""
        self.run(self.transaction([oracle.observe(feed=feed.address, record=record)]))

    def record(self, address: Pubkey) -> oracle.Record:
        """Read a record.

        Raises:
            ReplayError: There is none.
        """
        account = self._svm.get_account(address)
        if account is None:
            raise ReplayError(f"there is no record {address}")
        return oracle.Record.decode(account.data)

    def transaction(self, instructions: list[Instruction]) -> Transaction:
        """A transaction of the publisher, unsigned."""
        message = Message.new_with_blockhash(instructions, self.payer.pubkey(), Hash.default())
        return Transaction.populate(message, [_NO_SIGNATURE])

    def run(self, transaction: Transaction) -> None:
        """Run a transaction.

        Raises:
            ReplayError: It failed.
        """
        result = self._svm.send_transaction(transaction)
        self.transactions += 1
        if isinstance(result, FailedTransactionMetadata):
            logs = " / ".join(result.meta().logs())
            raise ReplayError(f"a transaction failed at {self._time}: {result.err()}: {logs}")
