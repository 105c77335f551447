"""The transport: accounts, transactions and events of one Solana RPC node, over solana-py.

A transaction is simulated first, which finds most errors for free and sizes its compute budget; then sent
again and again until it is confirmed or its blockhash has expired. It counts as done only if it landed
without an error.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, Self, TypeVar
from urllib.parse import urlsplit, urlunsplit

from solana.exceptions import SolanaRpcException
from solana.rpc.async_api import AsyncClient
from solana.rpc.commitment import Commitment
from solana.rpc.core import RPCException
from solana.rpc.jsonrpc import JsonRpcRequest, SolanaJsonRpcError
from solana.rpc.models import MemcmpOpts, TxOpts
from solana.rpc.websocket_api import SolanaWsClient
from solders.compute_budget import set_compute_unit_limit, set_compute_unit_price
from solders.hash import Hash
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.rpc.config import RpcTransactionLogsFilterMentions
from solders.rpc.responses import AccountNotification, LogsNotification
from solders.signature import Signature
from solders.transaction import VersionedTransaction

from ._messages import TRANSACTION_BYTES_MAX, compiled, program_ids, transaction_bytes
from ._past import PastReading, PastTransaction, Signed
from ._program_logs import AnyEvent, decode_events
from .errors import (
    AccountNotFound,
    ClientOutdated,
    InputError,
    ResultUnavailable,
    RpcRefused,
    RpcUnreachable,
    SecantError,
    TransactionExpired,
    TransactionFailed,
    TransactionUnconfirmed,
    transaction_error,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
    from types import TracebackType

    from solders.account import Account
    from solders.instruction import Instruction
    from solders.keypair import Keypair
    from solders.transaction_status import TransactionStatus

__all__ = [
    "CLUSTER_URLS",
    "AnyEvent",
    "Chain",
    "Landed",
    "PastTransaction",
    "Signed",
    "Simulated",
    "cluster_url",
    "decode_events",
    "websocket_url",
]

_Answer = TypeVar("_Answer")

CLUSTER_URLS: Final = {
    "localnet": "http://127.0.0.1:8899",
    "devnet": "https://api.devnet.solana.com",
    "testnet": "https://api.testnet.solana.com",
    "mainnet": "https://api.mainnet-beta.solana.com",
}
_LEVELS: Final = ("processed", "confirmed", "finalized")
UNITS_MAX: Final = 1_400_000
_ACCOUNTS_PER_REQUEST: Final = 100
_ATTEMPTS: Final = 4
_BACKOFF_S: Final = 0.5
_BLOCKS_VALID: Final = 150
_LIMITED: Final = 429
_BUSY: Final = frozenset({_LIMITED, 502, 503, 504})
_BARRED: Final = frozenset({401, 403})
_POLL_MIN_S: Final = 0.02
_POLL_MAX_S: Final = 0.5
_REBROADCAST_S: Final = 2.0
_LOG_WAIT_S: Final = 20.0
_CLOCK_ADDRESS: Final = Pubkey.from_string("SysvarC1ock11111111111111111111111111111111")
_BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Simulated:
    """What a transaction would do now.

    Attributes:
        error: Why it would fail, or None.
        logs: Its log.
        units: Compute units it used.
        events: Events it would emit.
        accounts: Data of the accounts asked for, as it would leave them; None for one that is not there.
    """

    error: TransactionFailed | None
    logs: tuple[str, ...]
    units: int
    events: tuple[AnyEvent, ...]
    accounts: tuple[bytes | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Landed:
    """A transaction that landed and succeeded.

    Attributes:
        signature: Its signature.
        slot: The slot it landed in.
        events: The events it emitted.
    """

    signature: Signature
    slot: int
    events: tuple[AnyEvent, ...]


def cluster_url(name_or_url: str) -> str:
    """The URL of a cluster by its name (localnet, devnet, testnet, mainnet), or the URL itself.

    Raises:
        InputError: neither a name nor an http or https URL.
    """
    url = CLUSTER_URLS.get(name_or_url, name_or_url)
    try:
        parts = urlsplit(url)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid:
        raise InputError(
            f"{name_or_url!r} is no cluster", f"use an http(s) URL or one of {', '.join(CLUSTER_URLS)}"
        )
    return url


def websocket_url(url: str) -> str:
    """The WebSocket URL that goes with an HTTP URL: the port after it, if it has one, as of a validator."""
    parts = urlsplit(url)
    netloc = parts.netloc
    if parts.port is not None:
        netloc = f"{netloc.rpartition(':')[0]}:{parts.port + 1}"
    return urlunsplit(("wss" if parts.scheme == "https" else "ws", netloc, parts.path, parts.query, ""))


def _base58(data: bytes) -> str:
    number, text = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = _BASE58[digit] + text
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + text


class Chain(PastReading):
    """One RPC node. An async context manager; connections open at their first use.

    Args:
        url: HTTP URL of the node.
        ws_url: WebSocket URL; by default the one that goes with `url`.
        commitment: What counts as done: processed, confirmed or finalized.
        priority_fee_microlamports: Extra fee per compute unit, in millionths of a lamport.
        confirm_timeout_s: Seconds to wait for a transaction before its fate counts as unknown.
        request_timeout_s: Seconds to wait for one answer.

    Attributes:
        url: As given.
        ws_url: As given or derived.
    """

    def __init__(
        self,
        url: str,
        *,
        ws_url: str | None = None,
        commitment: str = "confirmed",
        priority_fee_microlamports: int = 0,
        confirm_timeout_s: float = 90.0,
        request_timeout_s: float = 10.0,
    ) -> None:
        self.url = url
        self.ws_url = websocket_url(url) if ws_url is None else ws_url
        try:
            self._commitment = Commitment(commitment)
        except ValueError:
            allowed = ", ".join(Commitment)
            raise InputError(f"{commitment!r} is no commitment", f"use one of {allowed}") from None
        if not 0 <= priority_fee_microlamports < 2**64:
            raise InputError(
                f"the priority fee {priority_fee_microlamports} is out of range", "use 0 to 2^64 - 1"
            )
        self._priority_fee_microlamports = priority_fee_microlamports
        self._confirm_timeout_s = confirm_timeout_s
        self._rpc = AsyncClient(url, commitment=self._commitment, timeout=request_timeout_s, http2=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes every connection."""
        await self._rpc.close()

    # --- reading --------------------------------------------------------------------------------------------

    async def account(self, address: Pubkey) -> Account | None:
        """An account, or None if there is none.

        Raises:
            RpcUnreachable, RpcRefused: the node does not answer, or not with an account.
        """
        answer = await self._ask(lambda: self._rpc.get_account_info(address, encoding="base64"))
        return answer.value

    async def accounts(self, addresses: Sequence[Pubkey]) -> list[Account | None]:
        """Accounts in the order of their addresses, None where there is none; 100 a request.

        Raises:
            RpcUnreachable, RpcRefused: the node does not answer, or not with accounts.
        """
        found: list[Account | None] = []
        for start in range(0, len(addresses), _ACCOUNTS_PER_REQUEST):
            chunk = list(addresses[start : start + _ACCOUNTS_PER_REQUEST])
            request = partial(self._rpc.get_multiple_accounts, chunk, encoding="base64")
            answer = await self._ask(request)
            found.extend(answer.value)
        return found

    async def program_accounts(
        self, program_id: Pubkey, discriminator: bytes, fields: Mapping[int, bytes] | None = None
    ) -> dict[Pubkey, bytes]:
        """The data of a program's accounts of one type, by address.

        Asked for compressed: the accounts are mostly zeros, and their answer shrinks to a tenth.

        Args:
            program_id: The program.
            discriminator: First 8 bytes of the accounts' data.
            fields: Bytes that must be found at an offset, by offset.

        Raises:
            RpcUnreachable, RpcRefused: the node does not answer, or not with accounts.
        """
        wanted = {0: discriminator, **(fields or {})}
        filters = [MemcmpOpts(offset=offset, bytes=_base58(data)) for offset, data in wanted.items()]
        answer = await self._ask(
            lambda: self._rpc.get_program_accounts(program_id, encoding="base64+zstd", filters=filters)
        )
        return {keyed.pubkey: bytes(keyed.account.data) for keyed in answer.value}

    async def clock_time(self) -> int:
        """The chain's time in Unix seconds, as a program would see it.

        Raises:
            RpcUnreachable, RpcRefused: the node does not answer.
            AccountNotFound: the node has no clock.
        """
        return (await self.accounts_and_time([]))[1]

    async def accounts_and_time(self, addresses: Sequence[Pubkey]) -> tuple[list[Account | None], int]:
        """Accounts as of `accounts`, and the chain's time as of `clock_time`, in one request.

        Raises:
            RpcUnreachable, RpcRefused: the node does not answer, or not with accounts.
            AccountNotFound: the node has no clock.
        """
        *found, clock = await self.accounts([*addresses, _CLOCK_ADDRESS])
        if clock is None:
            raise AccountNotFound("clock", _CLOCK_ADDRESS, "the node has none", "use another node")
        return found, int.from_bytes(clock.data[32:40], "little", signed=True)

    async def balance(self, address: Pubkey) -> int:
        """Lamports of an address.

        Raises:
            RpcUnreachable, RpcRefused: the node does not answer.
        """
        return (await self._ask(lambda: self._rpc.get_balance(address))).value

    async def rent_lamports(self, data_length: int) -> int:
        """Lamports that an account of this many bytes must hold.

        Raises:
            RpcUnreachable, RpcRefused: the node does not answer.
        """
        return (await self._ask(lambda: self._rpc.get_minimum_balance_for_rent_exemption(data_length))).value

    async def genesis_hash(self) -> Hash:
        """The hash that tells one cluster from another.

        Raises:
            RpcUnreachable, RpcRefused: the node does not answer.
        """
        return (await self._ask(self._rpc.get_genesis_hash)).value

    async def call(self, method: str, *params: object) -> object:
        """The result of a JSON-RPC method that Solana's nodes do not have, such as a localnet's own.

        Raises:
            RpcUnreachable, RpcRefused: the node does not answer, or does not know the method.
        """
        request = JsonRpcRequest(method=method, params=list(params))
        return await self._ask(lambda: self._rpc.send_rpc_request(request, object))

    # --- sending --------------------------------------------------------------------------------------------

    async def airdrop(self, address: Pubkey, lamports: int) -> Signature:
        """SOL from the cluster's faucet, confirmed.

        Raises:
            RpcRefused: the cluster has no faucet, or it gives no more.
            RpcUnreachable, TransactionExpired, TransactionUnconfirmed, TransactionFailed: as of `send`.
        """
        blockhash = (await self._ask(self._rpc.get_latest_blockhash)).value
        signature = (await self._ask(lambda: self._rpc.request_airdrop(address, lamports))).value
        # The node took a blockhash of its own, at most a whole lifetime younger than this one.
        status = await self._settle(signature, None, blockhash.last_valid_block_height + _BLOCKS_VALID)
        if status.err is not None:
            raise transaction_error(status.err, program_ids=(), signature=signature)
        return signature

    async def simulate(
        self, instructions: Sequence[Instruction], payer: Pubkey, *, accounts: Sequence[Pubkey] = ()
    ) -> Simulated:
        """Runs instructions without sending them; no signature is needed.

        Args:
            instructions: What to run.
            payer: Who would pay the fee.
            accounts: Of which accounts among theirs to tell what they would hold.

        Raises:
            RpcUnreachable, RpcRefused: the node does not answer, or not with a result.
            InputError: the instructions do not fit into one transaction.
        """
        budget = self._with_budget(instructions, UNITS_MAX)
        message = compiled(budget, payer, Hash.default())
        unsigned = [Signature.default()] * message.header.num_required_signatures
        transaction = VersionedTransaction.populate(message, unsigned)
        answer = await self._ask(
            lambda: self._rpc.simulate_transaction(
                transaction,
                sig_verify=False,
                replace_recent_blockhash=True,
                commitment=self._commitment,
                accounts_addresses=list(accounts) or None,
            )
        )
        value = answer.value
        logs = tuple(value.logs or ())
        error = None
        if value.err is not None:
            error = transaction_error(value.err, program_ids=program_ids(message), logs=logs)
        events = () if error is not None else decode_events(logs)
        left = tuple(None if each is None else bytes(each.data) for each in value.accounts or ())
        return Simulated(error, logs, value.units_consumed or 0, events, left)

    async def send(self, instructions: Sequence[Instruction], signers: Sequence[Keypair]) -> Landed:
        """Simulates, sends and confirms a transaction; returns once it has landed and succeeded.

        Args:
            instructions: What to run.
            signers: The keys that sign; the first pays the fee.

        Raises:
            ProgramError, FrameworkError, TransactionRefused: it was refused. With a signature it landed
                and cost its fee; without one it was never sent.
            TransactionExpired: it never landed, and never will.
            TransactionUnconfirmed: it may still land.
            ResultUnavailable: it succeeded, but its log cannot be read.
            RpcUnreachable, RpcRefused: the node does not answer; nothing was sent.
            InputError: the instructions do not fit into one transaction.
        """
        payer = signers[0].pubkey()
        # Neither needs the other: a node far away is waited for once.
        simulated, answer = await asyncio.gather(
            self.simulate(instructions, payer), self._ask(self._rpc.get_latest_blockhash)
        )
        if simulated.error is not None:
            raise simulated.error
        units = min(simulated.units * 11 // 10 + 1_000, UNITS_MAX)
        latest = answer.value
        message = compiled(self._with_budget(instructions, units), payer, latest.blockhash)
        transaction = VersionedTransaction(message, list(signers))
        signature = transaction.signatures[0]
        status = await self._settle(signature, bytes(transaction), latest.last_valid_block_height)
        if status.err is not None:
            logs = await self._logs(signature)
            raise transaction_error(
                status.err, program_ids=program_ids(message), logs=logs, signature=signature
            )
        try:
            events = decode_events(await self._logs(signature))
        except ClientOutdated as error:
            raise ResultUnavailable(signature, error.message) from error
        return Landed(signature, status.slot, events)

    def fits(self, instructions: Sequence[Instruction], payer: Pubkey) -> bool:
        """Whether instructions fit into one transaction, with the compute budget that `send` adds."""
        budget = self._with_budget(instructions, UNITS_MAX)
        message = MessageV0.try_compile(payer, budget, [], Hash.default())
        return transaction_bytes(message) <= TRANSACTION_BYTES_MAX

    def _with_budget(self, instructions: Sequence[Instruction], units: int) -> list[Instruction]:
        budget = [set_compute_unit_limit(units)]
        if self._priority_fee_microlamports:
            budget.append(set_compute_unit_price(self._priority_fee_microlamports))
        return [*budget, *instructions]

    async def _settle(
        self, signature: Signature, wire: bytes | None, last_valid_height: int
    ) -> TransactionStatus:
        """Sends (if there is something to send) and waits until the transaction's fate is known."""
        loop = asyncio.get_running_loop()
        start = loop.time()
        next_send, pause_s, reason = start, _POLL_MIN_S, "no answer in time"
        while loop.time() - start < self._confirm_timeout_s:
            try:
                if wire is not None and loop.time() >= next_send:
                    next_send = loop.time() + _REBROADCAST_S
                    await self._send_raw(wire)
                status = await self._status(signature)
                if status is None:
                    # A status that is missing after the height has passed is missing for good.
                    height = (await self._ask(self._rpc.get_block_height)).value
                    is_over = height > last_valid_height
                    status = await self._status(signature) if is_over else None
            except (RpcUnreachable, RpcRefused) as error:
                reason = error.message
            else:
                if status is not None:
                    return status
                if is_over:
                    raise TransactionExpired(signature)
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, _POLL_MAX_S)
        raise TransactionUnconfirmed(signature, f"{reason} ({self._confirm_timeout_s:g} s)")

    async def _send_raw(self, wire: bytes) -> None:
        # Simulated already, and sent again by us: the node need do neither.
        options = TxOpts(skip_preflight=True, max_retries=0)
        await self._ask(lambda: self._rpc.send_raw_transaction(wire, options))

    async def _status(self, signature: Signature) -> TransactionStatus | None:
        """The status at the wanted commitment; None while there is none."""
        answer = await self._ask(lambda: self._rpc.get_signature_statuses([signature]))
        status = answer.value[0]
        if status is None or status.confirmation_status is None:
            return None
        reached = str(status.confirmation_status).rpartition(".")[2].lower()
        return status if _LEVELS.index(reached) >= _LEVELS.index(self._commitment.value) else None

    async def _logs(self, signature: Signature) -> Sequence[str]:
        """The log of a landed transaction; a node may know its status a little earlier."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + min(_LOG_WAIT_S, self._confirm_timeout_s)
        reason, pause_s = "the node does not know it", _POLL_MIN_S
        while True:
            try:
                answer = await self._ask(
                    lambda: self._rpc.get_transaction(signature, "base64", self._past_commitment(), 0)
                )
            except (RpcUnreachable, RpcRefused) as error:
                reason = error.message
            else:
                meta = None if answer.value is None else answer.value.transaction.meta
                if meta is not None and meta.log_messages is not None:
                    return meta.log_messages
            if loop.time() >= deadline:
                raise ResultUnavailable(signature, reason)
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, _POLL_MAX_S)

    async def _ask(self, request: Callable[[], Awaitable[_Answer]]) -> _Answer:
        """One request; a node that is busy is asked again, a little later each time."""
        for attempt in range(_ATTEMPTS):
            try:
                answer = await request()
            except SolanaRpcException as error:
                cause = error.__cause__
                code = getattr(getattr(cause, "response", None), "status_code", None)
                if code not in _BUSY or attempt + 1 == _ATTEMPTS:
                    reason = f"HTTP status {code}" if code else (str(cause) or type(cause).__name__)
                    refused = _turned_away(self.url, code)
                    raise refused or RpcUnreachable(self.url, reason) from error
            except (RPCException, SolanaJsonRpcError) as error:
                raise RpcRefused(f"the node refused: {_reason(error)}") from error
            except Exception as error:  # solders' SerdeJSONError, which it does not export
                raise RpcUnreachable(self.url, f"the answer is not what was asked for ({error})") from error
            else:
                if not isinstance(answer, int):
                    return answer
                # solders reads an error whose code it does not know as that code.
                if answer not in _BUSY or attempt + 1 == _ATTEMPTS:
                    refused = _turned_away(self.url, answer)
                    raise refused or RpcRefused(f"the node refused with its error {answer}")
            await asyncio.sleep(_BACKOFF_S * 2**attempt)
        raise AssertionError

    # --- watching -------------------------------------------------------------------------------------------

    async def watch_account(self, address: Pubkey) -> AsyncIterator[Account]:
        """Yields an account's new state whenever it changes, until the caller stops.

        Raises:
            RpcUnreachable: the WebSocket cannot be opened, or closed.
        """
        async for notification in self._watch(
            lambda socket: socket.account_subscribe(
                pubkey=address, commitment=self._commitment, encoding="base64"
            )
        ):
            if isinstance(notification, AccountNotification):
                yield notification.result.value

    async def watch_events(
        self, mentioned: Pubkey, on_subscribed: Callable[[], None] | None = None
    ) -> AsyncIterator[tuple[Signature, tuple[AnyEvent, ...]]]:
        """Yields the events of every successful transaction that names an address, until the caller stops.

        Args:
            mentioned: The address.
            on_subscribed: Called once the node has said that events will come from now on.

        Raises:
            RpcUnreachable: the WebSocket cannot be opened, or closed.
            ClientOutdated: one of the two programs logged an event this client does not know.
        """
        async for notification in self._watch(
            lambda socket: socket.logs_subscribe(
                filter_=RpcTransactionLogsFilterMentions(mentioned), commitment=self._commitment
            ),
            on_subscribed,
        ):
            if isinstance(notification, LogsNotification) and notification.result.value.err is None:
                value = notification.result.value
                yield value.signature, decode_events(value.logs)

    async def _watch(
        self,
        subscribe: Callable[[SolanaWsClient], Awaitable[object]],
        on_subscribed: Callable[[], None] | None = None,
    ) -> AsyncIterator[object]:
        try:
            async with SolanaWsClient(self.ws_url) as socket:
                await subscribe(socket)
                if on_subscribed is not None:
                    on_subscribed()
                async for notification in socket:
                    yield notification
        except SecantError:
            raise
        except Exception as error:  # of websockets or solana-py, a dozen kinds
            raise RpcUnreachable(self.ws_url, str(error) or type(error).__name__) from error
        raise RpcUnreachable(self.ws_url, "the WebSocket was closed")


def _turned_away(url: str, status: int | None) -> RpcRefused | None:
    """The refusal by the server in front of a node that an HTTP status tells of, if it tells of one."""
    if status == _LIMITED:
        return RpcRefused(
            f"the RPC server at {url} limits the rate of requests (status {status})",
            "wait a minute, or use another --url",
        )
    if status in _BARRED:
        return RpcRefused(
            f"the RPC server at {url} refuses requests from here (status {status})",
            "use another --url, or the one with your access key",
        )
    return None


def _reason(error: RPCException | SolanaJsonRpcError) -> str:
    first = error.args[0] if isinstance(error, RPCException) and error.args else error
    message = getattr(first, "message", None)
    return str(first) if message is None else str(message)
