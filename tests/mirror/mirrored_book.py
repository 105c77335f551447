"""A book on an in-process chain that shows a venue's depth, and what its account holds after each change."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from secant_bench.seeded_world import SeededWorld
from solders.compute_budget import set_compute_unit_limit, set_compute_unit_price
from solders.hash import Hash
from solders.litesvm import LiteSVM
from solders.message import Message
from solders.signature import Signature
from solders.transaction import Transaction
from solders.transaction_metadata import FailedTransactionMetadata

from secant import exchange
from secant.client import Side
from secant.client.orders import order_views
from secant_keeper.mirror import mirror
from world import RefusedError, error_name

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

    from solders.instruction import Instruction

    from secant.client import OrderView
    from secant_keeper.mirror import Replacement
    from secant_keeper.venues import Depth

LABELS = ("YES", "NO")
TRANSACTION_BYTES_MAX = 1_232
UNITS_MAX = 200_000
"""What an instruction may use by default."""

_NO_SIGNATURE = Signature.default()
_DEPOSIT_ATOMS = 10**16
_ROOM_STEP = 256
"""Orders of room that one instruction adds, below what it may."""


@dataclass
class Levels:
    """Shares by price: what is compared."""

    bids: dict[Decimal, Decimal] = field(default_factory=dict)
    asks: dict[Decimal, Decimal] = field(default_factory=dict)

    @property
    def best(self) -> tuple[Decimal | None, Decimal | None]:
        return max(self.bids, default=None), min(self.asks, default=None)


class MirroredBook:
    """One event, its book, and the one account that keeps orders in it."""

    def __init__(self, lots_min: int = 1, room: int = 256) -> None:
        svm = LiteSVM().with_sigverify(sigverify=False).with_blockhash_check(check=False)
        self.world = SeededWorld.start("mirror", svm.with_transaction_history(0))
        self.lots_min = lots_min
        self.transactions = 0
        self.units_max = 0
        self.maker = self.world.new_user(_DEPOSIT_ATOMS, _DEPOSIT_ATOMS)
        self.relayer = self.world.next_keys().pubkey()
        self.world.fund(self.relayer)
        self.event = self.world.new_event(self.maker, lock_s=10**6, deadline_s=2 * 10**6)
        self.address = self.world.new_book(self.maker, self.event, lots_min=lots_min)
        for first in range(0, room, _ROOM_STEP):
            orders = min(_ROOM_STEP, room - first)
            self.send(exchange.expand_book(payer=self.maker.key, book=self.address, seats=0, orders=orders))
        self.orders: tuple[OrderView, ...] = ()
        self.refresh()

    def send(self, instruction: Instruction) -> None:
        """Lands an instruction, with another payer and a priority fee as keepers do; RefusedError if not."""
        instructions = [set_compute_unit_limit(UNITS_MAX), set_compute_unit_price(1), instruction]
        message = Message.new_with_blockhash(instructions, self.relayer, Hash.default())
        signatures = [_NO_SIGNATURE] * message.header.num_required_signatures
        transaction = Transaction.populate(message, signatures)
        assert len(bytes(transaction)) <= TRANSACTION_BYTES_MAX
        outcome = self.world.svm.send_transaction(transaction)
        if isinstance(outcome, FailedTransactionMetadata):
            raise RefusedError(error_name(outcome), outcome.meta().logs())
        self.units_max = max(self.units_max, outcome.compute_units_consumed())

    def refresh(self) -> None:
        """Reads the account of the book."""
        data = self.world.data(self.address)
        self.orders = order_views(self.address, data, LABELS, None, self.world.now)

    def show(
        self, depth: Depth, *, levels_max: int = 1_024, meanwhile: Callable[[Replacement], None] | None = None
    ) -> int:
        """Brings the book to a depth; the transactions that took."""
        replacements = mirror(depth, self.orders, lots_min=self.lots_min, levels_max=levels_max)
        for replacement in replacements:
            self.send(self.replace(replacement))
            self.transactions += 1
            if meanwhile is not None:
                self.refresh()
                meanwhile(replacement)
        if replacements:
            self.refresh()
        return len(replacements)

    def replace(self, replacement: Replacement) -> Instruction:
        return self.world.replace(
            self.maker, self.event, self.address, replacement.cancellations, replacement.requests
        )

    @property
    def levels(self) -> Levels:
        """What the account of the book held when it was read last; each level must be one order."""
        read = Levels()
        for order in self.orders:
            side = read.bids if order.side is Side.BUY else read.asks
            assert order.price not in side, "one order a level"
            side[order.price] = order.shares
        return read
