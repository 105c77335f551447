"""The one reader: snapshots and subscriptions of both programs' accounts, into the `State`.

Subscribe first, note the slot, then read every account at or after it: what changes in between arrives by the
subscription, and the slot kept with each account lets the newer word win, whichever comes first. Silence,
faults and a timer lead back to a snapshot.
"""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import aiohttp
import orjson
import structlog
from solders.pubkey import Pubkey

from secant import exchange, oracle
from secant_keeper.outage import Outage
from secant_keeper.rpc import (
    COMMITMENT,
    ENCODING,
    SHAPE_ERRORS,
    Rpc,
    RpcError,
    RpcUnavailableError,
    account_data,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from secant_keeper.metrics import Metrics
    from secant_keeper.state import State

PROGRAMS: Final = (oracle.PROGRAM_ID, exchange.PROGRAM_ID)
BACKOFF_BASE_S: Final = 0.25
BACKOFF_CAP_S: Final = 15.0
CONNECT_S: Final = 10.0
TAKEN_AT_ONCE_MAX: Final = 64
"""Accounts of a snapshot that are taken in before somebody else may go on."""
ACCOUNT_MESSAGE_BYTES_MAX: Final = 16 * 1024 * 1024
_TEXT: Final = frozenset({aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY})

log = structlog.get_logger("reader")


class ReaderFaultError(Exception):
    """The connection is to be given up and made anew."""


class ReaderSilenceError(ReaderFaultError):
    """Nothing has come for so long that the connection may be dead."""


class Reader:
    """Keeps a `State` current for as long as it runs.

    Attributes:
        slot_heard_at: Monotonic time of the last new slot; 0.0 before any.
        synced: Set once a snapshot has been taken.

    Args:
        rpc: The node.
        session: The session for the WebSocket.
        ws_url: The node's WebSocket URL.
        state: What is kept current.
        metrics: Where snapshots, messages and restarts are counted.
        changed: Called after every change of the state.
        silence_s: After so long without a message the subscriptions are renewed.
        snapshot_interval_s: How often every account is read again.
        may_be_silent: Whether silence is no trouble: a localnet makes no slots without transactions.
    """

    def __init__(
        self,
        rpc: Rpc,
        session: aiohttp.ClientSession,
        ws_url: str,
        state: State,
        metrics: Metrics,
        *,
        changed: Callable[[], None],
        silence_s: float,
        snapshot_interval_s: float,
        may_be_silent: bool = False,
    ) -> None:
        self._rpc = rpc
        self._session = session
        self._ws_url = ws_url
        self._state = state
        self._metrics = metrics
        self._changed = changed
        self._silence_s = silence_s
        self._snapshot_interval_s = snapshot_interval_s
        self._may_be_silent = may_be_silent
        self._told_silence = False
        self._outage = Outage(log, "connection ended")
        self.slot_heard_at = 0.0
        self.synced = asyncio.Event()

    async def run(self) -> None:
        """Follow the chain until cancelled, over whatever number of connections it takes."""
        failures = 0
        while True:
            begun = time.monotonic()
            try:
                await self._follow()
            except (aiohttp.ClientError, OSError, RpcError, ReaderFaultError) as error:
                self._metrics.reader_restarts.inc()
                self._tell(error)
            failures = 0 if time.monotonic() - begun > BACKOFF_CAP_S else failures + 1
            await asyncio.sleep(backoff_s(failures))

    def _tell(self, error: Exception) -> None:
        if not self._may_be_silent or not isinstance(error, ReaderSilenceError):
            self._outage.tell(f"{type(error).__name__}: {error}"[:200])
        elif not self._told_silence:
            log.info("nothing happens on the localnet: subscriptions are renewed now and then")
            self._told_silence = True

    async def snapshot(self, slot_min: int = 0) -> None:
        """Read every account of both programs, at or after a slot.

        Raises:
            RpcError: The node does not answer as it should.
        """
        for program in PROGRAMS:
            config = {
                "encoding": ENCODING,
                "commitment": COMMITMENT,
                "withContext": True,
                "minContextSlot": slot_min,
            }
            answer = await self._rpc.call("getProgramAccounts", str(program), config)
            # A hundred thousand accounts take seconds, for which no price may wait.
            slot, read = await asyncio.to_thread(program_accounts, answer)
            self._hear_slot(slot)
            for count, (address, data) in enumerate(read.items()):
                self._state.apply(address, program, data, slot)
                if count % TAKEN_AT_ONCE_MAX == 0:
                    await asyncio.sleep(0)
            self._state.forget_missing(program, read, slot)
        self._metrics.snapshots.inc()
        self.synced.set()
        self._changed()

    async def refresh(self, addresses: list[Pubkey], slot_min: int) -> None:
        """Read some accounts again, at or after a slot.

        Raises:
            RpcError: The node does not answer as it should.
        """
        slot, read = await self._rpc.accounts(addresses, slot_min)
        self._hear_slot(slot)
        for address, owner, data in read:
            if owner in PROGRAMS or address in self._state.accounts:
                self._state.apply(address, owner, data, slot)
        self._changed()

    def _hear_slot(self, slot: int) -> None:
        # The same slot again is no news: a node that stands still answers too.
        if slot > self._state.slot or not self.slot_heard_at:
            self.slot_heard_at = time.monotonic()
        self._state.slot = max(self._state.slot, slot)

    async def _follow(self) -> None:
        try:
            # Not wait_for: Python 3.11's forgets a cancellation that comes with the connection.
            async with asyncio.timeout(CONNECT_S):
                socket = await self._session.ws_connect(self._ws_url, max_msg_size=ACCOUNT_MESSAGE_BYTES_MAX)
        except TimeoutError as error:
            raise ReaderFaultError("no WebSocket connection in time") from error
        try:
            await self._subscribe(socket)
            slot = await self._rpc.call("getSlot", {"commitment": COMMITMENT})
            if not isinstance(slot, int):
                raise ReaderFaultError("getSlot: an answer of no known shape")
            await self.snapshot(slot)
            self._outage.over()
            due = time.monotonic() + self._snapshot_interval_s
            while True:
                left_s = due - time.monotonic()
                if left_s <= 0:
                    await self.snapshot(self._state.slot)
                    due = time.monotonic() + self._snapshot_interval_s
                    continue
                await self._receive_one(socket, left_s)
        finally:
            # The library gives every further message its own patience: a node that talks on would hold it.
            with suppress(TimeoutError):
                async with asyncio.timeout(CONNECT_S):
                    await socket.close()

    async def _receive_one(self, socket: aiohttp.ClientWebSocketResponse, left_s: float) -> None:
        try:
            message = await socket.receive(timeout=min(left_s, self._silence_s))
        except TimeoutError as error:
            if left_s <= self._silence_s:
                return  # no silence: the next snapshot is due
            raise ReaderSilenceError(f"silent for {self._silence_s:g} s") from error
        if message.type not in _TEXT:
            raise ReaderFaultError(f"closed by the node, code {socket.close_code}")
        self._take(message.data)

    async def _subscribe(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Subscribe to both programs and the slots."""
        config = {"encoding": ENCODING, "commitment": COMMITMENT}
        requests: list[tuple[str, list[Any]]] = [
            ("programSubscribe", [str(program), config]) for program in PROGRAMS
        ]
        requests.append(("slotSubscribe", []))
        for place, (method, params) in enumerate(requests):
            request = {"jsonrpc": "2.0", "id": place, "method": method, "params": params}
            await socket.send_str(orjson.dumps(request).decode())
        try:
            async with asyncio.timeout(CONNECT_S):
                early = await self._confirmed(socket, set(range(len(requests))))
        except TimeoutError as error:
            raise ReaderFaultError("the node does not answer a subscription") from error
        for data in early:
            self._take(data)

    async def _confirmed(self, socket: aiohttp.ClientWebSocketResponse, waiting: set[int]) -> list[Any]:
        """Wait for the answers to subscriptions; what came between them."""
        early: list[Any] = []
        while waiting:
            message = await socket.receive()
            if message.type not in _TEXT:
                raise ReaderFaultError(f"closed by the node, code {socket.close_code}")
            answer = _loads(message.data)
            number = answer.get("id")
            if not isinstance(number, int) or number not in waiting:
                early.append(message.data)
                continue
            if "result" not in answer:
                raise ReaderFaultError(f"a subscription was refused: {answer.get('error')}")
            waiting.discard(number)
        return early

    def _take(self, data: str | bytes) -> None:
        message = _loads(data)
        method = message.get("method")
        try:
            if method == "slotNotification":
                self._hear_slot(int(message["params"]["result"]["slot"]))
                return
            if method != "programNotification":
                return
            self._metrics.notifications.inc()
            result = message["params"]["result"]
            slot, value = int(result["context"]["slot"]), result["value"]
            owner = Pubkey.from_string(value["account"]["owner"])
            address, account = Pubkey.from_string(value["pubkey"]), value["account"]
            content = account_data(account) if owner in PROGRAMS and account["lamports"] else None
        except SHAPE_ERRORS as error:
            raise ReaderFaultError(f"a notification that cannot be read: {error}") from error
        self._hear_slot(slot)
        if self._state.apply(address, owner, content, slot):
            self._changed()


def program_accounts(answer: Any) -> tuple[int, dict[Pubkey, bytes]]:
    """The slot and the accounts of an answer to getProgramAccounts.

    Raises:
        RpcUnavailableError: It is none.
    """
    try:
        read = {
            Pubkey.from_string(entry["pubkey"]): account_data(entry["account"]) for entry in answer["value"]
        }
        return int(answer["context"]["slot"]), read
    except SHAPE_ERRORS as error:
        raise RpcUnavailableError(f"getProgramAccounts: an answer of no known shape: {error}") from error


def backoff_s(failures: int) -> float:
    """A random wait that grows with the failures in a row."""
    ceiling = min(BACKOFF_CAP_S, BACKOFF_BASE_S * 2 ** min(failures, 10))
    return random.uniform(0, ceiling)  # noqa: S311  jitter, no secret


def _loads(data: str | bytes) -> dict[str, Any]:
    try:
        message = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise ReaderFaultError("a message that is no JSON") from error
    if not isinstance(message, dict):
        raise ReaderFaultError("a message that is no object")
    return message
