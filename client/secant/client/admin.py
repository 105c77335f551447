"""What keeps an exchange: pausing, and paying its fees to the treasury."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from solders.instruction import AccountMeta

from secant import exchange
from secant.bootstrap import faucet_keypair
from secant.errors import InputError
from secant.units import collateral_of

from .pools import PoolMethods
from .receipts import FeesReceipt, PauseReceipt
from .results import Pausable
from .session import address_of, decoded, emitted
from .views import PAUSE_BITS, paused

if TYPE_CHECKING:
    from solders.pubkey import Pubkey

    from secant.chain import Landed

__all__ = ["AdminMethods"]

_FAUCET_ADDRESS: Final = faucet_keypair().pubkey()
_PAIRS_MAX: Final = 12  # pools with their events that fit into one transaction
_LIST_POOLS: Final = "`secant pool list EVENT` shows what there is"
_NO_FEES: Final = ("there are no fees to collect", "collect once there were trades")
_OPEN_TREASURY: Final = "its owner must open it again: it is where the exchange's fees go"


class AdminMethods(PoolMethods):
    """What one does with the exchange itself."""

    async def pause(self, *operations: Pausable | str) -> PauseReceipt:
        """Pauses operations, as the exchange's pauser or admin; those that are paused already stay so.

        Args:
            operations: One or more of deposit, create, trade, tokenize.

        Raises:
            InputError: none, or no such operation.
            ProgramError: PauserMismatch. Others as of `Chain.send`.
        """
        view = self.exchange
        instruction = exchange.pause(
            pauser=self.wallet.address, exchange=view.address, pause_bits=_pause_bits(operations)
        )
        keys = {view.pauser: None, view.admin: None}
        refusal = ("only the exchange's pauser or admin may pause", _sign_with(*keys))
        return _pause_receipt(await self._send(instruction, explains={"PauserMismatch": refusal}))

    async def unpause(self, *operations: Pausable | str) -> PauseReceipt:
        """Lifts the pause of operations, as the exchange's admin.

        Args:
            operations: One or more of deposit, create, trade, tokenize.

        Raises:
            InputError: none, or no such operation.
            ProgramError: AdminMismatch. Others as of `Chain.send`.
        """
        view = self.exchange
        instruction = exchange.unpause(
            admin=self.wallet.address, exchange=view.address, pause_bits=_pause_bits(operations)
        )
        refusal = ("only the exchange's admin may lift a pause", _sign_with(view.admin))
        return _pause_receipt(await self._send(instruction, explains={"AdminMismatch": refusal}))

    async def collect_fees(self, *pools: Pubkey | str) -> FeesReceipt:
        """Pays fees to the exchange's treasury: those of closed pools, and of open ones. Anyone may.

        A transaction takes 12 pools; more take several, each done for good once it has landed.

        Args:
            pools: Which open pools; all of the exchange's unless given.

        Raises:
            AccountNotFound: there is no such pool, or no treasury.
            ProgramError: AmountZero, ExchangeMismatch. Others as of `Chain.send`.
        """
        pairs = await self._pools_with_fees(pools)
        signatures, amount_atoms = [], 0
        for first in range(0, max(len(pairs), 1), _PAIRS_MAX):
            landed = await self._collect(pairs[first : first + _PAIRS_MAX])
            signatures.append(landed.signature)
            amount_atoms += emitted(landed, exchange.FeesCollected).amount_atoms
        return FeesReceipt(tuple(signatures), self.exchange.treasury, collateral_of(amount_atoms))

    async def _pools_with_fees(self, pools: tuple[Pubkey | str, ...]) -> list[tuple[Pubkey, Pubkey]]:
        """Pools that have earned fees, each with its event."""
        if pools:
            addresses = dict.fromkeys(address_of(pool, "pool") for pool in pools)
            found = {
                address: await self._read("pool", address, exchange.Pool, _LIST_POOLS)
                for address in addresses
            }
        else:
            events = await self._scan_events()
            scanned = await self.chain.program_accounts(exchange.PROGRAM_ID, exchange.Pool.DISCRIMINATOR)
            every = {address: decoded(exchange.Pool, data) for address, data in scanned.items()}
            found = {address: pool for address, pool in every.items() if pool.event in events}
        return [(address, pool.event) for address, pool in found.items() if pool.fees_atoms]

    async def _collect(self, pairs: list[tuple[Pubkey, Pubkey]]) -> Landed:
        view = self.exchange
        metas = [
            AccountMeta(address, is_signer=False, is_writable=is_pool)
            for pair in pairs
            for address, is_pool in zip(pair, (True, False), strict=True)
        ]
        instruction = exchange.collect_fees(
            exchange=view.address, vault=view.vault, treasury=view.treasury, remaining_accounts=metas
        )
        return await self._send(
            instruction,
            expects={view.treasury: ("treasury", _OPEN_TREASURY)},
            explains={"AmountZero": _NO_FEES},
        )


def _sign_with(*keys: Pubkey) -> str:
    listed = " or ".join(str(key) for key in keys)
    where = ", which `secant wallet create --faucet` writes to a file" if _FAUCET_ADDRESS in keys else ""
    return f"sign with the key of {listed}{where}"


def _pause_bits(operations: tuple[Pausable | str, ...]) -> int:
    allowed = f"use one or more of {', '.join(Pausable)}"
    if not operations:
        raise InputError("no operation is named", allowed)
    bits = 0
    for operation in operations:
        if operation not in list(Pausable):
            raise InputError(f"no operation {operation!r} to pause", allowed)
        bits |= PAUSE_BITS[Pausable(operation)]
    return bits


def _pause_receipt(landed: Landed) -> PauseReceipt:
    changed = emitted(landed, exchange.PauseChanged)
    return PauseReceipt(landed.signature, changed.exchange, paused(changed.pause_bits))
