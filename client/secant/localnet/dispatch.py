"""From the bytes of a JSON-RPC request to the bytes of its reply; no sockets here."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Final

import orjson

from .errors import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    RpcError,
)
from .params import Params, type_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .methods import Method
    from .node import Node

logger = logging.getLogger(__name__)

BATCH_MAX: Final = 1000
_NO_ID: Final = object()


def error_reply(error: RpcError, request_id: Any = None) -> dict[str, Any]:
    """Return the response object of a refused request; the id is null when the request's is not known."""
    return {"jsonrpc": "2.0", "error": error.to_json(), "id": request_id}


def _read_params(value: Any, method: Method) -> Params:
    if value is None:
        value = []
    if not isinstance(value, list):
        raise RpcError(INVALID_PARAMS, f"`params` should be an array, got {type_name(value)}")
    return Params(value, method.params_min, method.params_max)


def _call(node: Node, request: dict[str, Any], methods: Mapping[str, Method]) -> Any:
    name = request.get("method")
    if request.get("jsonrpc") != "2.0":
        raise RpcError(INVALID_REQUEST, 'Invalid request: jsonrpc must be "2.0"')
    if not isinstance(name, str):
        raise RpcError(INVALID_REQUEST, f"Invalid request: method must be a string, got {type_name(name)}")
    method = methods.get(name)
    if method is None:
        raise RpcError(METHOD_NOT_FOUND, "Method not found")
    return method.run(node, _read_params(request.get("params"), method))


def _answer(node: Node, request: Any, methods: Mapping[str, Method]) -> dict[str, Any] | None:
    """Answer one request object; None for a notification, which wants no answer."""
    if not isinstance(request, dict):
        return error_reply(
            RpcError(INVALID_REQUEST, f"Invalid request: must be an object, got {type_name(request)}")
        )
    request_id = request.get("id", _NO_ID)
    if isinstance(request_id, bool | list | dict):
        return error_reply(
            RpcError(INVALID_REQUEST, "Invalid request: id must be a string, a number or null")
        )
    reply_id = None if request_id is _NO_ID else request_id
    try:
        reply = {"jsonrpc": "2.0", "result": _call(node, request, methods), "id": reply_id}
    except RpcError as error:
        reply = error_reply(error, reply_id)
    except (asyncio.CancelledError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException:  # a panic inside the VM is no Exception
        logger.exception("request %r failed", request.get("method"))
        reply = error_reply(RpcError(INTERNAL_ERROR, "Internal error; see the server's log"), reply_id)
    # A malformed request is answered even without an id, so that its sender learns of it.
    is_notification = request_id is _NO_ID and reply.get("error", {}).get("code") != INVALID_REQUEST
    return None if is_notification else reply


def dispatch(node: Node, body: bytes | str, methods: Mapping[str, Method]) -> bytes | None:
    """Answer a request or a batch.

    Args:
        node: What the methods work on.
        body: The request, JSON in UTF-8.
        methods: The methods there are.

    Returns:
        The reply, or None when nothing in the body wants one. Never raises for a bad request.
    """
    try:
        request = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        return orjson.dumps(error_reply(RpcError(PARSE_ERROR, f"Parse error: {error}")))
    if not isinstance(request, list):
        reply = _answer(node, request, methods)
        return None if reply is None else orjson.dumps(reply)
    if not 1 <= len(request) <= BATCH_MAX:
        refusal = f"Invalid request: a batch holds from 1 to {BATCH_MAX} requests, got {len(request)}"
        return orjson.dumps(error_reply(RpcError(INVALID_REQUEST, refusal)))
    replies = [reply for entry in request if (reply := _answer(node, entry, methods)) is not None]
    return orjson.dumps(replies) if replies else None
