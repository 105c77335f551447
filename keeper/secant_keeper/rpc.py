"""JSON-RPC over HTTP: one call, its answer or a typed error."""

from __future__ import annotations

import base64
import itertools
from typing import TYPE_CHECKING, Any

import aiohttp
import orjson
import zstandard
from solders.pubkey import Pubkey

from secant_keeper.errors import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMITMENT = "confirmed"
METHOD_NOT_FOUND = -32601
"""JSON-RPC's error code of a method that the node does not have."""

ENCODING = "base64+zstd"
ACCOUNTS_MAX = 100
ACCOUNT_BYTES_MAX = 10 * 1024 * 1024

SHAPE_ERRORS = (KeyError, TypeError, ValueError, IndexError)
"""What reading an answer raises that is not of the documented shape."""


class RpcError(Exception):
    """The node did not answer as it should."""


class RpcUnavailableError(RpcError):
    """Nobody answers, or not in JSON-RPC."""


class RpcRefusedError(RpcError):
    """The node answered with an error.

    Attributes:
        code: The JSON-RPC error code.
        data: What it adds, None if nothing.
    """

    def __init__(self, message: str, code: int, data: Any) -> None:
        super().__init__(message)
        self.code = code
        self.data = data


class Rpc:
    """A node. Its URL appears in no error: it may hold a key.

    Args:
        session: The HTTP session to use.
        url: The node's URL.
        timeout_s: Longest wait for an answer.
    """

    def __init__(self, session: aiohttp.ClientSession, url: str, timeout_s: float = 15.0) -> None:
        self._session = session
        self._url = url
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._ids = itertools.count(1)

    async def call(self, method: str, *params: Any) -> Any:
        """Call a method.

        Raises:
            RpcUnavailableError: No answer, or none in JSON-RPC.
            RpcRefusedError: The node answered with an error.
        """
        request = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": list(params)}
        headers = {"content-type": "application/json"}
        try:
            async with self._session.post(
                self._url, data=orjson.dumps(request), headers=headers, timeout=self._timeout
            ) as response:
                status, body = response.status, await response.read()
        except TimeoutError as error:
            raise RpcUnavailableError(f"no answer within {self._timeout.total:g} s") from error
        except (aiohttp.ClientConnectionError, OSError) as error:
            raise RpcUnavailableError("nobody answers there") from error
        except (aiohttp.ClientError, ValueError) as error:
            raise RpcUnavailableError(f"{method}: not HTTP, or no URL that can be asked") from error
        try:
            answer = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise RpcUnavailableError(f"{method}: HTTP {status} without JSON") from error
        if not isinstance(answer, dict) or ("result" not in answer and "error" not in answer):
            raise RpcUnavailableError(f"{method}: HTTP {status} without a JSON-RPC answer")
        if answer.get("error") is not None:
            fault = answer["error"] if isinstance(answer["error"], dict) else {}
            message = one_line(f"{method}: {fault.get('message', 'refused')}")
            code = fault.get("code")
            raise RpcRefusedError(message, code if isinstance(code, int) else 0, fault.get("data"))
        return answer["result"]

    async def value(self, method: str, *params: Any) -> dict[str, Any]:
        """Call a method whose answer is an object beside the slot it holds at: the object.

        Raises:
            RpcError: As `call`, or the answer has another shape.
        """
        answer = await self.call(method, *params)
        found = answer.get("value") if isinstance(answer, dict) else None
        if not isinstance(found, dict):
            raise RpcUnavailableError(f"{method}: an answer of no known shape")
        return found

    async def accounts(
        self, addresses: Sequence[Pubkey], slot_min: int = 0
    ) -> tuple[int, list[tuple[Pubkey, Pubkey, bytes | None]]]:
        """Read accounts: the slot, and of each its address, owner and data (None if there is none).

        Raises:
            RpcError: As `call`.
        """
        read: list[tuple[Pubkey, Pubkey, bytes | None]] = []
        slot = 0
        for at in range(0, len(addresses), ACCOUNTS_MAX):
            part = addresses[at : at + ACCOUNTS_MAX]
            config = {"encoding": ENCODING, "commitment": COMMITMENT, "minContextSlot": slot_min}
            answer = await self.call("getMultipleAccounts", [str(key) for key in part], config)
            try:
                # The oldest of the slots is what holds for all of them.
                slot = min(slot or int(answer["context"]["slot"]), int(answer["context"]["slot"]))
                read += [_account(key, entry) for key, entry in zip(part, answer["value"], strict=True)]
            except SHAPE_ERRORS as error:
                raise RpcUnavailableError(
                    f"getMultipleAccounts: an answer of no known shape: {error}"
                ) from error
        return slot, read


def _account(address: Pubkey, account: dict[str, Any] | None) -> tuple[Pubkey, Pubkey, bytes | None]:
    if account is None:
        return address, Pubkey.default(), None
    return address, Pubkey.from_string(account["owner"]), account_data(account)


def account_data(account: dict[str, Any]) -> bytes:
    """The bytes of an account as the node sends them.

    Raises:
        RpcUnavailableError: The encoding is none of base64 and base64+zstd, or broken.
    """
    try:
        text, encoding = account["data"]
        raw = base64.b64decode(text, validate=True)
        if encoding == "base64":
            return raw
        if encoding == ENCODING:
            return zstandard.ZstdDecompressor().decompress(raw, max_output_size=ACCOUNT_BYTES_MAX)
    except (KeyError, TypeError, ValueError, zstandard.ZstdError) as error:
        raise RpcUnavailableError(f"an account that cannot be read: {error}") from error
    raise RpcUnavailableError(f"an account in the encoding {encoding!r}")
