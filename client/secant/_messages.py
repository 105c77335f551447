"""Transactions as messages: built, and measured against what one may take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from solders.message import MessageV0

from .errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from solders.hash import Hash
    from solders.instruction import Instruction
    from solders.pubkey import Pubkey

TRANSACTION_BYTES_MAX: Final = 1232


def compiled(instructions: Sequence[Instruction], payer: Pubkey, blockhash: Hash) -> MessageV0:
    """The message of one transaction.

    Raises:
        InputError: the instructions do not fit into one.
    """
    message = MessageV0.try_compile(payer, list(instructions), [], blockhash)
    size = transaction_bytes(message)
    if size > TRANSACTION_BYTES_MAX:
        raise InputError(
            f"the transaction would take {size} bytes of {TRANSACTION_BYTES_MAX}",
            "do less in one transaction",
        )
    return message


def transaction_bytes(message: MessageV0) -> int:
    """What a message takes with its signatures."""
    return 1 + 64 * message.header.num_required_signatures + len(bytes(message)) + 1


def program_ids(message: MessageV0) -> list[Pubkey]:
    """The program of each instruction."""
    return [message.account_keys[instruction.program_id_index] for instruction in message.instructions]
