from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any

import aiohttp
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from solders.account import Account
from solders.pubkey import Pubkey

from secant.localnet import Localnet, server
from secant.localnet.dispatch import BATCH_MAX, dispatch
from secant.localnet.methods import METHODS, Method
from secant.localnet.node import Node

from .conftest import Rpc

NODE = Node()
HEALTH = b'{"jsonrpc":"2.0","id":1,"method":"getHealth"}'

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
configs = st.fixed_dictionaries(
    {},
    optional={
        "encoding": st.sampled_from(["base58", "base64", "jsonParsed", "json"]) | json_values,
        "commitment": st.sampled_from(["processed", "finalized"]) | json_values,
        "filters": json_values,
        "dataSlice": json_values,
        "limit": json_values,
        "minContextSlot": json_values,
        "accounts": json_values,
        "unixTimestamp": json_values,
        "address": st.just("1" * 32) | json_values,
        "lamports": json_values,
        "mint": st.just("1" * 32) | json_values,
    },
)
method_names = st.sampled_from(sorted(METHODS))
params = st.lists(st.just("1" * 32) | st.just("1" * 64) | configs | json_values, max_size=3)
requests = st.fixed_dictionaries(
    {
        "jsonrpc": st.just("2.0"),
        "method": method_names,
        "params": params,
        "id": st.integers(-(2**63), 2**64 - 1) | st.text(max_size=5),
    }
)


def check_reply(reply: Any) -> None:
    assert isinstance(reply, dict)
    assert reply["jsonrpc"] == "2.0"
    assert "id" in reply
    assert ("result" in reply) != ("error" in reply)
    if "error" in reply:
        assert isinstance(reply["error"]["code"], int)
        assert isinstance(reply["error"]["message"], str)
        assert reply["error"]["code"] != -32603 or "airdrop" in reply["error"]["message"]


def check_answer(answer: bytes | None) -> None:
    if answer is None:
        return
    replies = orjson.loads(answer)
    for reply in replies if isinstance(replies, list) else [replies]:
        check_reply(reply)


@settings(max_examples=400)
@given(requests)
def test_no_parameters_break_a_method(request: Any) -> None:
    answer = dispatch(NODE, orjson.dumps(request), METHODS)
    check_answer(answer)
    assert answer is not None
    assert orjson.loads(answer)["id"] == request["id"]


@settings(max_examples=200)
@given(json_values)
def test_any_json_is_answered_or_a_notification(value: Any) -> None:
    check_answer(dispatch(NODE, orjson.dumps(value), METHODS))


@settings(max_examples=200)
@given(st.binary(max_size=200) | st.text(max_size=100))
def test_any_bytes_are_answered(body: bytes | str) -> None:
    try:
        check_answer(dispatch(NODE, body, METHODS))
    except UnicodeEncodeError:
        assert isinstance(body, str)  # no WebSocket text frame holds a lone surrogate


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", -32700),
        (b"{", -32700),
        (b"\xff\xfe", -32700),
        (b"[" * 100_000, -32700),
        (b"NaN", -32700),
        (b"[]", -32600),
        (b"5", -32600),
        (b'"getHealth"', -32600),
        (b"null", -32600),
        (b"{}", -32600),
        (b'{"jsonrpc":"1.0","id":1,"method":"getHealth"}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":5}', -32600),
        (b'{"jsonrpc":"2.0","id":[1],"method":"getHealth"}', -32600),
        (b'{"jsonrpc":"2.0","id":true,"method":"getHealth"}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":"getInflationRate"}', -32601),
        (b'{"jsonrpc":"2.0","id":1,"method":"getSlot","params":{}}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"getSlot","params":5}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"getHealth","params":[1]}', -32602),
    ],
)
async def test_protocol_errors(rpc: Rpc, body: bytes, code: int) -> None:
    status, answer = await rpc.post(body)
    assert status == 200
    assert orjson.loads(answer)["error"]["code"] == code
    assert await rpc.result("getHealth") == "ok"


@pytest.mark.parametrize("request_id", [0, -1, 1.5, 2**63, "", "abc", "7", None])
async def test_ids_come_back_as_they_were(rpc: Rpc, request_id: Any) -> None:
    body = {"jsonrpc": "2.0", "id": request_id, "method": "getHealth"}
    _, answer = await rpc.post(orjson.dumps(body))
    reply = orjson.loads(answer)
    assert reply["id"] == request_id
    assert type(reply["id"]) is type(request_id)


async def test_batches(rpc: Rpc) -> None:
    entries = [
        {"jsonrpc": "2.0", "id": "a", "method": "getHealth"},
        {"jsonrpc": "2.0", "method": "getHealth"},
        7,
        {"jsonrpc": "2.0", "id": 2, "method": "nothing"},
    ]
    _, answer = await rpc.post(orjson.dumps(entries))
    first, second, third = orjson.loads(answer)
    assert (first["id"], first["result"]) == ("a", "ok")
    assert (second["id"], second["error"]["code"]) == (None, -32600)
    assert (third["id"], third["error"]["code"]) == (2, -32601)
    _, answer = await rpc.post(orjson.dumps(entries[:1] * (BATCH_MAX + 1)))
    assert f"from 1 to {BATCH_MAX}" in orjson.loads(answer)["error"]["message"]


async def test_notifications_are_not_answered(rpc: Rpc) -> None:
    notification = b'{"jsonrpc":"2.0","method":"getHealth"}'
    assert await rpc.post(notification) == (204, b"")
    assert await rpc.post(b"[" + notification + b"]") == (204, b"")


async def test_a_huge_body_is_refused(rpc: Rpc, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "REQUEST_BYTES_MAX", 100_000)
    status, answer = await rpc.post(b" " * 100_001)
    assert status == 413
    assert "more than 100000 bytes" in orjson.loads(answer)["error"]["message"]
    assert (await rpc.post(b" " * (100_000 - len(HEALTH)) + HEALTH))[0] == 200


async def test_a_fault_inside_is_logged_and_answered(caplog: pytest.LogCaptureFixture) -> None:
    def fail(_node: Node, _params: Any) -> None:
        raise ZeroDivisionError

    with caplog.at_level(logging.ERROR):
        answer = dispatch(NODE, HEALTH, {"getHealth": Method(fail, 0, 0)})
    assert answer is not None
    assert orjson.loads(answer)["error"]["code"] == -32603
    assert "ZeroDivisionError" in caplog.text


async def test_a_cancelled_request_stays_cancelled() -> None:
    def cancel(_node: Node, _params: Any) -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        dispatch(NODE, HEALTH, {"getHealth": Method(cancel, 0, 0)})


async def test_browsers_are_welcome(net: Localnet) -> None:
    async with aiohttp.ClientSession() as session:
        headers = {
            "Origin": "http://app.example",
            "Access-Control-Request-Headers": "content-type,solana-client",
        }
        async with session.options(net.url, headers=headers) as response:
            assert response.status == 204
            assert response.headers["Access-Control-Allow-Origin"] == "*"
            assert response.headers["Access-Control-Allow-Headers"] == "content-type,solana-client"
            assert "POST" in response.headers["Access-Control-Allow-Methods"]
        async with session.post(net.url, data=HEALTH) as response:
            assert response.headers["Access-Control-Allow-Origin"] == "*"
            assert response.content_type == "application/json"
        async with session.get(f"{net.url}/health") as response:
            assert await response.text() == "ok"
        async with session.get(net.url) as response:
            assert response.status == 405


async def test_websocket_frames_of_all_sorts(net: Localnet, rpc: Rpc) -> None:
    async with aiohttp.ClientSession() as session, session.ws_connect(net.ws_url) as websocket:
        await websocket.send_bytes(HEALTH)
        assert (await websocket.receive_json())["result"] == "ok"
        await websocket.send_bytes(b"\xff\x00")
        assert (await websocket.receive_json())["error"]["code"] == -32700
        await websocket.send_str("[" * 5000)
        assert (await websocket.receive_json())["error"]["code"] == -32700
        await websocket.send_str('{"jsonrpc":"2.0","method":"getHealth"}')
        await websocket.ping()
        await websocket.send_bytes(b"[" + HEALTH + b"," + HEALTH + b"]")
        assert [reply["result"] for reply in await websocket.receive_json()] == ["ok", "ok"]
    assert await rpc.result("getHealth") == "ok"


async def test_many_requests_without_reading(net: Localnet) -> None:
    count = 300
    async with aiohttp.ClientSession() as session, session.ws_connect(net.ws_url) as websocket:
        for number in range(count):
            await websocket.send_json({"jsonrpc": "2.0", "id": number, "method": "getSlot"})
        assert [(await websocket.receive_json())["id"] for _ in range(count)] == list(range(count))


UPGRADE = b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
KEY = b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: "


@pytest.mark.parametrize(
    "raw",
    [
        POST + b"100\r\n\r\n{",
        POST + str(len(HEALTH)).encode() + b"\r\n\r\n" + HEALTH,
        b"\x00\x01\x02\r\n\r\n",
        UPGRADE + KEY + b"\x81\x85\x00\x00\x00\x00\xff\xff\xff\xff\xff",
        UPGRADE + b"\r\n",
    ],
    ids=["short body", "gone before the reply", "not HTTP", "text frame of no UTF-8", "no key"],
)
async def test_rude_clients_harm_nobody(net: Localnet, rpc: Rpc, raw: bytes) -> None:
    for _ in range(3):
        _, writer = await asyncio.open_connection("127.0.0.1", net.port)
        writer.write(raw)
        await writer.drain()
        writer.transport.abort()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        assert await rpc.result("getHealth") == "ok"


def masked_text_frame(payload: bytes) -> bytes:
    return b"\x81\xfe" + len(payload).to_bytes(2, "big") + bytes(4) + payload


async def test_a_client_that_reads_no_replies_and_leaves(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(server, "OUTBOX_MESSAGES_MAX", 2)
    async with Localnet(port=0) as net, aiohttp.ClientSession() as session:
        rpc = Rpc(session, net.url)
        address = Pubkey.new_unique()
        net.ledger.set_account(address, Account(1, bytes(4_000_000), Pubkey.new_unique()))
        request = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "getAccountInfo",
            "params": [str(address), {"encoding": "base64"}],
        }
        reader, writer = await asyncio.open_connection("127.0.0.1", net.port)
        writer.write(UPGRADE + KEY + masked_text_frame(orjson.dumps(request)) * 8)
        await reader.readuntil(b"\r\n\r\n")
        assert await rpc.result("getHealth") == "ok"
        writer.transport.abort()
        async with asyncio.timeout(5):
            while net._websockets:
                assert await rpc.result("getHealth") == "ok"
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
