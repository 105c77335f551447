"""What landed, by signature, address and slot: bounded, and constant work a transaction and account."""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from solders.hash import Hash
    from solders.pubkey import Pubkey
    from solders.signature import Signature
    from solders.transaction import VersionedTransaction

    from .outcome import Outcome


@dataclass(frozen=True, slots=True)
class TokenBalance:
    """A token account's amount (atoms) before or after a transaction."""

    account_index: int
    mint: Pubkey
    owner: Pubkey
    program_id: Pubkey
    amount_atoms: int
    decimals: int


@dataclass(frozen=True, slots=True)
class Balances:
    """Lamports of every account of a transaction in key order, and the token balances among them."""

    lamports: tuple[int, ...]
    tokens: tuple[TokenBalance, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """One landed transaction.

    Attributes:
        transaction: As it was sent.
        outcome: Its result.
        block_time: Unix seconds of the clock it ran under.
        account_keys: Static keys, then looked-up writable, then looked-up readonly ones.
        writable: Whether each key was locked for writing.
        loaded_writable_count: How many of the keys are looked-up writable ones.
        pre: Balances before.
        post: Balances after.
    """

    transaction: VersionedTransaction
    outcome: Outcome
    block_time: int
    account_keys: tuple[Pubkey, ...]
    writable: tuple[bool, ...]
    loaded_writable_count: int
    pre: Balances
    post: Balances


@dataclass(slots=True)
class Block:
    """A slot that held transactions."""

    slot: int
    height: int
    time: int
    blockhash: Hash
    previous_blockhash: Hash
    parent_slot: int
    signatures: list[Signature] = field(default_factory=list)


class History:
    """The last ``limit`` landed transactions; with a limit of 0, nothing is kept."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._records: OrderedDict[Signature, Record] = OrderedDict()
        self._by_address: dict[Pubkey, deque[Signature]] = {}
        self._blocks: OrderedDict[int, Block] = OrderedDict()

    def add(self, record: Record, block: Block) -> None:
        """Keep a record in its block, and forget the oldest one past the limit."""
        signature = record.outcome.signature
        self._records[signature] = record
        for key in dict.fromkeys(record.account_keys):
            self._by_address.setdefault(key, deque()).append(signature)
        self._blocks.setdefault(block.slot, block).signatures.append(signature)
        if len(self._records) > self.limit:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        _, record = self._records.popitem(last=False)
        # Addresses and blocks list signatures in landing order, so the oldest record is the first entry of
        # each.
        for key in dict.fromkeys(record.account_keys):
            signatures = self._by_address[key]
            signatures.popleft()
            if not signatures:
                del self._by_address[key]
        block = self._blocks[record.outcome.slot]
        del block.signatures[0]
        if not block.signatures:
            del self._blocks[record.outcome.slot]

    def get(self, signature: Signature) -> Record | None:
        """Return a record, or None when it never landed or is forgotten."""
        return self._records.get(signature)

    def newest_first(self, address: Pubkey) -> Iterator[Record]:
        """Give the records that name an address, newest first."""
        for signature in reversed(self._by_address.get(address, ())):
            yield self._records[signature]

    def block(self, slot: int) -> Block | None:
        """Return the block of a slot, or None when it held no transaction or is forgotten."""
        return self._blocks.get(slot)

    def slots(self, start: int, end: int) -> list[int]:
        """Return the slots of [start, end] that held transactions, ascending."""
        return [slot for slot in self._blocks if start <= slot <= end]

    def first_slot(self) -> int | None:
        """Return the oldest slot kept, None when nothing is."""
        return next(iter(self._blocks), None)
