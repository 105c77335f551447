"""The one sender: prices, signs, sends and follows transactions to their end.

What became of a transaction is read from its status, never assumed: landed, failed for a named reason, or
expired, which alone makes sending anew safe. A dry run ends here, after the simulation, and nowhere else.
"""

from __future__ import annotations

import asyncio
import base64
import time
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

import structlog
from solders.compute_budget import set_compute_unit_limit, set_compute_unit_price
from solders.hash import Hash
from solders.message import MessageV0
from solders.transaction import VersionedTransaction

from secant import exchange, oracle
from secant_keeper.outage import Outage
from secant_keeper.rpc import COMMITMENT, SHAPE_ERRORS, Rpc, RpcError, RpcRefusedError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from solders.instruction import Instruction
    from solders.keypair import Keypair
    from solders.signature import Signature

    from secant_keeper.jobs import Work
    from secant_keeper.metrics import Metrics

UNITS_MAX: Final = 1_400_000
UNITS_MARGIN_PERCENT: Final = 15
UNITS_EXTRA: Final = 1_000
"""On top of the margin: the two compute budget instructions themselves take 150 each."""

REBROADCAST_S: Final = 2.0
POLL_FIRST_S: Final = 0.005
POLL_CAP_S: Final = 0.5
FEE_KEPT_S: Final = 10.0
ATTEMPTS_MAX: Final = 3
"""Blockhashes a piece of work is given before the loop is to plan it anew."""

_BUDGET_INSTRUCTIONS: Final = 2
_ERRORS: Final = {oracle.PROGRAM_ID: oracle.ERRORS, exchange.PROGRAM_ID: exchange.ERRORS}

_DONE_ALREADY: Final = {
    "publish": {"SourceTimeNotIncreasing"},
    "settle": {"EventSettled"},
    "draw": {"SeatAbsent", "LegAbsent"},
    "redeem": {"LegAbsent"},
    # The second is what the program says of an account that is there no more: a trigger placed or cancelled.
    "triggers": {"TriggerNotReached", "AccountDataTooSmall"},
    "liquidate": {"AccountHealthy", "SeatAbsent", "PerpLegAbsent", "NothingToLiquidate"},
    "exposure": {"SeatAbsent", "PerpLegAbsent"},
    "settle_pnl": {"NothingToSettle", "PerpLegAbsent", "AmountZero", "SeatAbsent", "NothingToReturn"},
    "inventory": {"NothingToReduce", "PerpLegAbsent"},
}
"""Errors, by job, that can only mean that what was planned has been done by somebody else since."""

log = structlog.get_logger("sender")


class Fate(Enum):
    """How a piece of work ended."""

    LANDED = "landed"
    FAILED = "failed"
    EXPIRED = "expired"
    DRY_RUN = "dry_run"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a piece of work.

    Attributes:
        fate: How it ended.
        error: Name of the error of a failure, "" otherwise.
        slot: Where it landed, 0 if it did not.
        instructions: What was in it in the end.
    """

    fate: Fate
    error: str = ""
    slot: int = 0
    instructions: tuple[Instruction, ...] = ()


def error_place(err: Any) -> int | None:
    """The instruction a transaction error is about, None if it is about none."""
    if isinstance(err, dict) and isinstance(err.get("InstructionError"), list):
        return int(err["InstructionError"][0])
    return None


def error_name(err: Any, instructions: tuple[Instruction, ...]) -> str:
    """The name of a transaction error as JSON-RPC gives it.

    Args:
        err: The error.
        instructions: The transaction's, which tell whose custom error a number is.
    """
    if isinstance(err, str):
        return err
    place = error_place(err)
    if place is None:
        return next(iter(err), "Unknown") if isinstance(err, dict) else "Unknown"
    reason = err["InstructionError"][1]
    if isinstance(reason, str):
        return reason
    if not isinstance(reason, dict) or "Custom" not in reason:
        return next(iter(reason), "Unknown") if isinstance(reason, dict) else "Unknown"
    code = int(reason["Custom"])
    program = instructions[place].program_id if place < len(instructions) else None
    known = _ERRORS.get(program, {}).get(code) if program is not None else None
    return known.name if known is not None else f"Custom{code}"


class Sender:
    """Sends work for one key.

    Args:
        rpc: The node.
        payer: The key that pays and signs.
        metrics: Where outcomes are counted.
        fee_max_micro_lamports: Most that is paid for a compute unit.
        dry_run: Whether to stop after the simulation.
        pause: Waits some seconds between two looks at a status.
    """

    def __init__(
        self,
        rpc: Rpc,
        payer: Keypair,
        metrics: Metrics,
        *,
        fee_max_micro_lamports: int,
        dry_run: bool,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._rpc = rpc
        self._payer = payer
        self._metrics = metrics
        self._fee_max = fee_max_micro_lamports
        self._dry_run = dry_run
        self._pause = pause
        self._fee = 0
        self._fee_known_until = 0.0
        self._outage = Outage(log, "node does not answer")

    async def send(self, work: Work) -> Result:
        """See a piece of work through, with a fresh blockhash whenever one expires.

        Raises:
            RpcError: The node cannot be asked; whether the work landed is then unknown until the state says.
        """
        result = Result(Fate.EXPIRED)
        for _ in range(ATTEMPTS_MAX):
            result = await self._attempt(work)
            if result.fate is not Fate.EXPIRED:
                return result
            self._metrics.expired.labels(work.job).inc()
            log.warning("expired", job=work.job, keys=[str(key) for key in work.keys])
        return result

    async def _attempt(self, work: Work) -> Result:
        instructions, units, err = await self._fit(work)
        if err is not None:
            return self._failure(work, err, _with_budget(instructions, UNITS_MAX, 0), "simulation")
        if self._dry_run:
            self._metrics.simulated.labels(work.job).inc()
            log.info("dry run", job=work.job, keys=[str(key) for key in work.keys], units=units)
            return Result(Fate.DRY_RUN, instructions=instructions)
        latest = await self._rpc.value("getLatestBlockhash", {"commitment": COMMITMENT})
        price = await self._price(instructions)
        limit = min(UNITS_MAX, units + units * UNITS_MARGIN_PERCENT // 100 + UNITS_EXTRA)
        whole = _with_budget(instructions, limit, price)
        transaction = self._signed(whole, Hash.from_string(latest["blockhash"]))
        begun = time.monotonic()
        self._metrics.sent.labels(work.job).inc()
        status = await self._follow(transaction, int(latest["lastValidBlockHeight"]))
        if status is None:
            return Result(Fate.EXPIRED)
        self._metrics.latency.observe(time.monotonic() - begun)
        if status["err"] is not None:
            return self._failure(work, status["err"], whole, "chain", transaction.signatures[0])
        self._metrics.landed.labels(work.job).inc()
        log.info("landed", job=work.job, keys=[str(key) for key in work.keys], slot=status["slot"])
        return Result(Fate.LANDED, slot=int(status["slot"]), instructions=instructions)

    def _failure(
        self,
        work: Work,
        err: Any,
        instructions: tuple[Instruction, ...],
        where: str,
        signature: Signature | None = None,
    ) -> Result:
        name = error_name(err, instructions)
        self._metrics.failed.labels(work.job, name).inc()
        is_lost = _is_done_already(work.job, name)
        (log.info if is_lost else log.warning)(
            "somebody else was faster" if is_lost else "failed",
            job=work.job,
            keys=[str(key) for key in work.keys],
            error=name,
            where=where,
            signature=None if signature is None else str(signature),
        )
        return Result(Fate.FAILED, error=name)

    def _signed(self, instructions: tuple[Instruction, ...], blockhash: Hash) -> VersionedTransaction:
        message = MessageV0.try_compile(self._payer.pubkey(), list(instructions), [], blockhash)
        return VersionedTransaction(message, [self._payer])

    async def _fit(self, work: Work) -> tuple[tuple[Instruction, ...], int, Any]:
        """Simulate, leaving out optional instructions that fail.

        Returns:
            The instructions left, the compute units they take, and the error if there is one.
        """
        instructions = work.instructions
        config = {
            "encoding": "base64",
            "commitment": COMMITMENT,
            "replaceRecentBlockhash": True,
            "sigVerify": False,
        }
        while True:
            whole = _with_budget(instructions, UNITS_MAX, 0)
            wire = _wire(self._signed(whole, Hash.default()))
            value = await self._rpc.value("simulateTransaction", wire, config)
            err, place = value.get("err"), error_place(value.get("err"))
            optional = place is not None and work.required <= place - _BUDGET_INSTRUCTIONS < len(instructions)
            if not optional or place is None or len(instructions) == 1:
                return instructions, int(value.get("unitsConsumed") or 0), err
            name = error_name(err, whole)
            self._metrics.dropped.labels(work.job, name).inc()
            tell = log.info if _is_done_already(work.job, name) else log.warning
            tell("instruction left out", job=work.job, error=name)
            at = place - _BUDGET_INSTRUCTIONS
            instructions = instructions[:at] + instructions[at + 1 :]

    async def _price(self, instructions: tuple[Instruction, ...]) -> int:
        """Micro-lamports a unit: the median of what recently landed on these accounts, up to the cap."""
        now = time.monotonic()
        if now < self._fee_known_until or self._fee_max == 0:
            return min(self._fee, self._fee_max)
        written = {
            str(meta.pubkey)
            for instruction in instructions
            for meta in instruction.accounts
            if meta.is_writable
        }
        try:
            recent = await self._rpc.call("getRecentPrioritizationFees", sorted(written)[:128])
            fees = sorted(int(entry["prioritizationFee"]) for entry in recent)
        except (RpcRefusedError, *SHAPE_ERRORS):
            fees = []  # a node without this method charges no priority fee we could know of
        self._fee = min(self._fee_max, fees[len(fees) // 2]) if fees else 0
        self._fee_known_until = now + FEE_KEPT_S
        return self._fee

    async def _follow(self, transaction: VersionedTransaction, height_max: int) -> dict[str, Any] | None:
        """Send and resend until there is a status; None once the blockhash has expired without one."""
        signature, wire = str(transaction.signatures[0]), _wire(transaction)
        config = {"encoding": "base64", "skipPreflight": True, "maxRetries": 0}
        send_at, wait_s = 0.0, POLL_FIRST_S
        while True:
            try:
                if time.monotonic() >= send_at:
                    await self._broadcast(wire, config)
                    send_at = time.monotonic() + REBROADCAST_S
                height = int(await self._rpc.call("getBlockHeight", {"commitment": COMMITMENT}))
                status = await self._status(signature)
                self._outage.over()
                if status is not None or height > height_max:
                    return status
            except (RpcError, *SHAPE_ERRORS) as error:
                # It may have landed: only a status or its expiry ends this.
                self._outage.tell(str(error))
            await self._pause(wait_s)
            wait_s = min(POLL_CAP_S, 2 * wait_s)

    async def _broadcast(self, wire: str, config: dict[str, Any]) -> None:
        try:
            await self._rpc.call("sendTransaction", wire, config)
        except RpcRefusedError as error:
            # Refused now may still have been taken before: the status decides.
            log.info("not taken", reason=str(error))

    async def _status(self, signature: str) -> dict[str, Any] | None:
        answer = await self._rpc.call("getSignatureStatuses", [signature])
        status: dict[str, Any] | None = answer["value"][0]
        if status is None or status.get("confirmationStatus") == "processed":
            return None
        return status


def _is_done_already(job: str, error: str) -> bool:
    return error in _DONE_ALREADY.get(job, ())


def _with_budget(
    instructions: tuple[Instruction, ...], units: int, price_micro_lamports: int
) -> tuple[Instruction, ...]:
    return (set_compute_unit_limit(units), set_compute_unit_price(price_micro_lamports), *instructions)


def _wire(transaction: VersionedTransaction) -> str:
    return base64.b64encode(bytes(transaction)).decode()
