"""Results of sending and of simulating a transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from solders.account import Account
    from solders.pubkey import Pubkey
    from solders.signature import Signature
    from solders.transaction_metadata import TransactionMetadata
    from solders.transaction_status import TransactionErrorType


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a sent transaction.

    Attributes:
        signature: Its first signature.
        slot: The slot it ran in.
        err: Why it failed, or None.
        landed: Whether it is on the ledger: it was executed and paid its fee, even if it failed. One refused
            before execution (unknown blockhash, bad signature, no fee payer, ...) left no trace.
        meta: Logs, compute units, inner instructions and return data; None when the ledger itself refused.
    """

    signature: Signature
    slot: int
    err: TransactionErrorType | None
    landed: bool
    meta: TransactionMetadata | None

    @property
    def logs(self) -> list[str]:
        """Return the program log."""
        return [] if self.meta is None else self.meta.logs()

    @property
    def compute_units(self) -> int:
        """Return the compute units consumed."""
        return 0 if self.meta is None else self.meta.compute_units_consumed()

    @property
    def fee_lamports(self) -> int:
        """Return the fee paid, in lamports; 0 when it did not land."""
        return self.meta.fee() if self.landed and self.meta is not None else 0

    @property
    def return_data(self) -> bytes:
        """Return the data the last program returned, empty when none."""
        return b"" if self.meta is None else self.meta.return_data().data


@dataclass(frozen=True, slots=True)
class Simulation:
    """What a transaction would do.

    Attributes:
        outcome: As for a sent transaction; ``landed`` is false.
        post_accounts: The transaction's accounts as it would leave them; None when it would fail.
    """

    outcome: Outcome
    post_accounts: Mapping[Pubkey, Account] | None
