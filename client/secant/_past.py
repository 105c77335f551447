"""What a node remembers: the transactions of an address, and what each of them logged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from solana.rpc.commitment import Commitment
from solders.transaction import VersionedTransaction

from ._program_logs import AnyEvent, events_by_instruction
from .errors import RpcRefused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from solana.rpc.async_api import AsyncClient
    from solders.pubkey import Pubkey
    from solders.signature import Signature

__all__ = ["PastReading", "PastTransaction", "Signed"]

HISTORY_PAGE_MAX: Final = 1_000
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Signed:
    """A transaction in an address's history.

    Attributes:
        signature: Its signature.
        slot: The slot it landed in.
        succeeded: Whether it did what it was to do.
    """

    signature: Signature
    slot: int
    succeeded: bool


@dataclass(frozen=True, slots=True)
class Call:
    """An instruction that logged events.

    Attributes:
        accounts: The accounts it named, in order.
        events: What it logged, in order.
    """

    accounts: tuple[Pubkey, ...]
    events: tuple[AnyEvent, ...]


@dataclass(frozen=True, slots=True)
class PastTransaction:
    """A transaction that landed, as the node remembers it.

    Attributes:
        signature: Its signature.
        slot: The slot it landed in.
        time: When, in Unix seconds; None where the node does not know.
        calls: Its instructions that logged events, in order.
    """

    signature: Signature
    slot: int
    time: int | None
    calls: tuple[Call, ...]


class PastReading:
    """The part of `Chain` that asks for the past."""

    _rpc: AsyncClient
    _commitment: Commitment

    async def _ask(self, request: Callable[[], Awaitable[_Answer]]) -> _Answer:
        raise NotImplementedError

    def _past_commitment(self) -> Commitment:
        """What the past is asked at: nodes keep no transaction that is merely processed."""
        return Commitment.FINALIZED if self._commitment is Commitment.FINALIZED else Commitment.CONFIRMED

    async def history(
        self, address: Pubkey, *, before: Signature | None = None, limit: int = HISTORY_PAGE_MAX
    ) -> list[Signed]:
        """Transactions that named an address, the newest first, as far back as the node remembers.

        Args:
            address: The address.
            before: Only those before this one.
            limit: How many at most, 1 to 1,000.

        Raises:
            RpcUnreachable, RpcRefused: the node does not answer, or not with signatures.
        """
        commitment = self._past_commitment()
        answer = await self._ask(
            lambda: self._rpc.get_signatures_for_address(
                address, before=before, limit=limit, commitment=commitment
            )
        )
        return [Signed(found.signature, found.slot, found.err is None) for found in answer.value]

    async def past(self, signature: Signature) -> PastTransaction | None:
        """A transaction that landed; None if the node does not know it, or no longer has its log.

        Raises:
            RpcUnreachable, RpcRefused: the node does not answer, or not with a transaction.
            ClientOutdated: one of the two programs logged an event this client does not know.
        """
        commitment = self._past_commitment()
        answer = await self._ask(lambda: self._rpc.get_transaction(signature, "base64", commitment, 0))
        found = answer.value
        meta = None if found is None else found.transaction.meta
        if found is None or meta is None or meta.log_messages is None:
            return None
        transaction = found.transaction.transaction
        if not isinstance(transaction, VersionedTransaction):
            raise RpcRefused("the node answered with a transaction in another encoding")
        keys = list(transaction.message.account_keys)
        if meta.loaded_addresses is not None:
            keys += [*meta.loaded_addresses.writable, *meta.loaded_addresses.readonly]
        instructions = transaction.message.instructions
        logged = events_by_instruction(
            meta.log_messages, [keys[each.program_id_index] for each in instructions]
        )
        calls = tuple(
            Call(tuple(keys[place] for place in instruction.accounts), events)
            for instruction, events in zip(instructions, logged, strict=True)
            if events
        )
        return PastTransaction(signature, found.slot, found.block_time, calls)
