"""Audits an exchange on a clock, from one consistent read each time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import structlog

from secant import exchange
from secant._wire import DecodeError
from secant_keeper.outage import Outage
from secant_keeper.perps.audit import audit
from secant_keeper.reader import program_accounts
from secant_keeper.rpc import COMMITMENT, ENCODING, RpcError, RpcUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from solders.pubkey import Pubkey

    from secant_keeper.metrics import Metrics
    from secant_keeper.perps.audit import Audit
    from secant_keeper.rpc import Rpc
    from secant_keeper.state import State

READS_MAX: Final = 20
"""Reads of one audit, each begun anew because a slot passed between its two halves."""

log = structlog.get_logger("audit")


class SlotMovedError(Exception):
    """No read of the vault and of the accounts fell into one slot."""


class Auditor:
    """Audits one exchange for as long as it runs; what it found is in `State.audit`.

    Args:
        rpc: The node.
        state: Where the findings are left.
        metrics: Where audits are counted.
        address: The exchange.
        interval_s: Seconds between two audits.
        changed: Called after each.
    """

    def __init__(
        self,
        rpc: Rpc,
        state: State,
        metrics: Metrics,
        address: Pubkey,
        *,
        interval_s: float,
        changed: Callable[[], None],
    ) -> None:
        self._rpc = rpc
        self._state = state
        self._metrics = metrics
        self._address = address
        self._vault = exchange.find_vault(exchange=address)
        self._interval_s = interval_s
        self._changed = changed
        self._failure = ""
        self._outage = Outage(log, "audit not done")

    async def run(self) -> None:
        """Audit until cancelled."""
        while True:
            try:
                self._note(await self.audit())
                self._failure = ""
                self._outage.over()
            except (RpcError, SlotMovedError, DecodeError) as error:
                self._failure = f"the audit is not done: {error}"
                self._outage.tell(str(error))
            self._changed()
            await asyncio.sleep(self._interval_s)

    def problems(self) -> list[str]:
        """What does not add up, and why nobody knows whether it does; empty if all is well."""
        faults = () if self._state.audit is None else self._state.audit.faults
        return [*faults, *([self._failure] if self._failure else [])]

    async def audit(self) -> Audit:
        """One audit.

        Raises:
            RpcError: The node does not answer as it should.
            DecodeError: An account is none that this keeper knows.
            SlotMovedError: Slots passed during every read.
        """
        for _ in range(READS_MAX):
            # Together, so that on a node whose slots pass quickly both halves may fall into one.
            (slot, accounts), (vault_slot, read) = await asyncio.gather(
                self._accounts(), self._rpc.accounts([self._vault])
            )
            vault = read[0][2]
            if vault is None:
                raise RpcUnavailableError(f"there is no vault {self._vault}")
            if slot == vault_slot:
                # Beside everything else: no price may wait for a hundred thousand accounts to be added up.
                return await asyncio.to_thread(audit, self._address, slot, vault, accounts)
            self._metrics.audit_repeats.inc()
        raise SlotMovedError(f"the slot moved during each of {READS_MAX} reads")

    async def _accounts(self) -> tuple[int, dict[Pubkey, bytes]]:
        config = {"encoding": ENCODING, "commitment": COMMITMENT, "withContext": True}
        answer = await self._rpc.call("getProgramAccounts", str(exchange.PROGRAM_ID), config)
        return await asyncio.to_thread(program_accounts, answer)

    def _note(self, found: Audit) -> None:
        before, self._state.audit = self._state.audit, found
        self._metrics.audits.labels("red" if found.faults else "green").inc()
        self._metrics.audit_surplus.set(found.vault_atoms - found.owed_atoms)
        for market, atoms in found.dust_atoms.items():
            self._metrics.audit_dust.labels(str(market)).set(atoms)
        if found.faults and (before is None or before.faults != found.faults):
            log.error("the exchange does not add up", slot=found.slot, faults=found.faults)
        elif before is None or (before.faults and not found.faults):
            log.info("the exchange adds up", slot=found.slot, owed_atoms=found.owed_atoms)
