"""Pays settled events' shares into the margin accounts that hold them; anyone may, for any account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secant import exchange
from secant_keeper.jobs.settle import SETTLED
from secant_keeper.jobs.work import Work

if TYPE_CHECKING:
    from collections.abc import Iterator

    from solders.instruction import Instruction
    from solders.pubkey import Pubkey

    from secant_keeper.state import State

NAME = "redeem"
REDEEMS_MAX = 10
"""Redemptions in one transaction."""


def plan(state: State, now: int) -> Iterator[Work]:
    """Redemptions of every leg without orders in a settled event, several in one transaction."""
    del now  # a settled event can be redeemed at any time
    due = sorted(_due(state), key=lambda pair: bytes(pair[0]))
    for at in range(0, len(due), REDEEMS_MAX):
        batch = due[at : at + REDEEMS_MAX]
        keys = tuple(dict.fromkeys(key for key, _ in batch))
        yield Work(NAME, keys, tuple(instruction for _, instruction in batch), required=0)


def _due(state: State) -> Iterator[tuple[Pubkey, Instruction]]:
    for address, account in state.event_holders():
        for leg in account.event_legs:
            event = state.event(leg.event)
            if event is not None and event.status in SETTLED and not any(leg.seats):
                yield address, exchange.redeem(account=address, event=leg.event)
