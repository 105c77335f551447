from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from solana.rpc.models import MemcmpOpts
from solana.rpc.websocket_api import SolanaWsClient
from solders.account import Account
from solders.pubkey import Pubkey
from solders.rpc.config import RpcTransactionLogsFilterMentions
from solders.rpc.responses import (
    AccountNotification,
    LogsNotification,
    ProgramNotification,
    ProgramNotificationJsonParsed,
    RootNotification,
    SignatureNotification,
    SlotNotification,
)
from solders.system_program import ID as SYSTEM_PROGRAM_ID
from spl.token.constants import TOKEN_PROGRAM_ID
from websockets.exceptions import ConnectionClosedError

from secant.localnet import Localnet, server

from .network import SOL, funded_keypair, mint_tokens, signed_transfer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from solana.rpc.async_api import AsyncClient
    from solders.keypair import Keypair


class Socket:
    """A bare WebSocket client: requests answered in turn, notifications in order."""

    def __init__(self, websocket: aiohttp.ClientWebSocketResponse) -> None:
        self.websocket = websocket

    async def read(self) -> Any:
        async with asyncio.timeout(5):
            return await self.websocket.receive_json()

    async def ask(self, method: str, *params: Any) -> Any:
        await self.websocket.send_json({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        return await self.read()


@pytest.fixture
async def bare(net: Localnet) -> AsyncIterator[Socket]:
    async with aiohttp.ClientSession() as session, session.ws_connect(net.ws_url) as websocket:
        yield Socket(websocket)


async def test_account(net: Localnet, ws: SolanaWsClient, payer: Keypair) -> None:
    dest = Pubkey.new_unique()
    subscription = await ws.account_subscribe(pubkey=dest, encoding="base64")
    outcome = net.ledger.send(signed_transfer(net.ledger, payer, dest, SOL))
    note = await ws.recv()
    assert isinstance(note, AccountNotification)
    assert note.subscription == subscription.subscription_id
    assert note.result.value.lamports == SOL
    assert note.result.context.slot == outcome.slot
    net.ledger.set_account(dest, Account(0, b"", SYSTEM_PROGRAM_ID))
    note = await ws.recv()
    assert isinstance(note, AccountNotification)
    assert note.result.value.lamports == 0


async def test_a_failed_transaction_tells_of_its_payer_only(
    net: Localnet, ws: SolanaWsClient, payer: Keypair
) -> None:
    dest = Pubkey.new_unique()
    await ws.account_subscribe(pubkey=dest)
    of_payer = await ws.account_subscribe(pubkey=payer.pubkey())
    net.ledger.send(signed_transfer(net.ledger, payer, dest, 10**6 * SOL))
    net.ledger.send(signed_transfer(net.ledger, payer, Pubkey.new_unique(), SOL))
    for _ in range(2):
        note = await ws.recv()
        assert isinstance(note, AccountNotification)
        assert note.subscription == of_payer.subscription_id


async def test_program_with_filters(net: Localnet, ws: SolanaWsClient, payer: Keypair) -> None:
    of_accounts = await ws.program_subscribe(program_id=TOKEN_PROGRAM_ID, encoding="base64", filters=[165])
    minted = mint_tokens(net.ledger, payer)
    note = await ws.recv()
    assert isinstance(note, ProgramNotification)
    assert note.result.value.pubkey == minted.holder
    await ws.unsubscribe(of_accounts)
    memcmp = MemcmpOpts(offset=0, bytes=str(minted.mint))
    await ws.program_subscribe(program_id=TOKEN_PROGRAM_ID, encoding="jsonParsed", filters=[memcmp])
    mint_tokens(net.ledger, payer)
    account = net.ledger.account(minted.holder)
    assert account is not None
    net.ledger.set_account(minted.holder, account)
    note = await ws.recv()
    assert isinstance(note, ProgramNotificationJsonParsed)
    parsed: Any = note.result.value.account.data.parsed
    assert parsed["info"]["mint"] == str(minted.mint)


async def test_logs_of_all_and_of_one(net: Localnet, ws: SolanaWsClient, payer: Keypair) -> None:
    dest = Pubkey.new_unique()
    of_all = await ws.logs_subscribe()
    of_dest = await ws.logs_subscribe(filter_=RpcTransactionLogsFilterMentions(dest))
    elsewhere = net.ledger.send(signed_transfer(net.ledger, payer, Pubkey.new_unique(), SOL))
    there = net.ledger.send(signed_transfer(net.ledger, payer, dest, 10**6 * SOL))
    seen = []
    for _ in range(3):
        note = await ws.recv()
        assert isinstance(note, LogsNotification)
        value = note.result.value
        seen.append((note.subscription, value.signature, value.err is None))
        assert value.logs[0].endswith("invoke [1]")
    assert seen == [
        (of_all.subscription_id, elsewhere.signature, True),
        (of_all.subscription_id, there.signature, False),
        (of_dest.subscription_id, there.signature, False),
    ]


async def test_signature_to_come(
    net: Localnet, ws: SolanaWsClient, client: AsyncClient, payer: Keypair
) -> None:
    transaction = signed_transfer(net.ledger, payer, Pubkey.new_unique(), SOL)
    subscription = await ws.signature_subscribe(signature=transaction.signatures[0])
    await client.send_transaction(transaction)
    note = await ws.recv()
    assert isinstance(note, SignatureNotification)
    assert note.subscription == subscription.subscription_id
    assert note.result.value.err is None


async def test_signature_processed_already(net: Localnet, ws: SolanaWsClient, payer: Keypair) -> None:
    outcome = net.ledger.send(signed_transfer(net.ledger, payer, Pubkey.new_unique(), SOL))
    net.ledger.advance_slot(5)
    await ws.signature_subscribe(signature=outcome.signature)
    note = await ws.recv()
    assert isinstance(note, SignatureNotification)
    assert note.result.value.err is None
    assert note.result.context.slot == outcome.slot


async def test_signature_of_a_failure(net: Localnet, bare: Socket, payer: Keypair) -> None:
    # solders 0.29 cannot parse a custom program error in this notification, so solana-py cannot be asked.
    transaction = signed_transfer(net.ledger, payer, Pubkey.new_unique(), 10**6 * SOL)
    await bare.ask("signatureSubscribe", str(transaction.signatures[0]))
    net.ledger.send(transaction)
    value = (await bare.read())["params"]["result"]["value"]
    assert value == {"err": {"InstructionError": [0, {"Custom": 1}]}}


async def test_a_signature_subscription_ends_when_it_fires(
    net: Localnet, bare: Socket, payer: Keypair
) -> None:
    transaction = signed_transfer(net.ledger, payer, Pubkey.new_unique(), SOL)
    config = {"commitment": "processed", "enableReceivedNotification": True}
    number = (await bare.ask("signatureSubscribe", str(transaction.signatures[0]), config))["result"]
    net.ledger.send(transaction)
    values = [(await bare.read())["params"]["result"]["value"] for _ in range(2)]
    assert values == ["receivedSignature", {"err": None}]
    assert (await bare.ask("signatureUnsubscribe", number))["error"]["code"] == -32602


async def test_slots_and_roots(net: Localnet, ws: SolanaWsClient) -> None:
    await ws.slot_subscribe()
    await ws.root_subscribe()
    parent = net.ledger.slot
    net.ledger.advance_slot(4)
    slot, root = await ws.recv(), await ws.recv()
    assert isinstance(slot, SlotNotification)
    assert (slot.result.slot, slot.result.parent, slot.result.root) == (parent + 4, parent, parent)
    assert isinstance(root, RootNotification)
    assert root.result == parent


KINDS: list[tuple[str, list[Any]]] = [
    ("account", ["1" * 32]),
    ("program", ["1" * 32]),
    ("logs", ["allWithVotes"]),
    ("signature", ["1" * 64]),
    ("slot", []),
    ("root", []),
]


@pytest.mark.parametrize(("kind", "params"), KINDS)
async def test_each_kind_is_unsubscribed(net: Localnet, bare: Socket, kind: str, params: list[Any]) -> None:
    number = (await bare.ask(f"{kind}Subscribe", *params))["result"]
    assert (await bare.ask(f"{kind}Unsubscribe", number))["result"] is True
    net.ledger.airdrop(Pubkey.default(), SOL)
    assert (await bare.ask(f"{kind}Unsubscribe", number))["error"]["code"] == -32602
    assert (await bare.ask("getHealth"))["result"] == "ok"


async def test_a_kind_unsubscribes_its_own_only(bare: Socket) -> None:
    number = (await bare.ask("slotSubscribe"))["result"]
    error = (await bare.ask("rootUnsubscribe", number))["error"]
    assert "no root subscription" in error["message"]
    assert (await bare.ask("slotUnsubscribe", number))["result"] is True


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("accountSubscribe", []),
        ("accountSubscribe", ["zz"]),
        ("programSubscribe", ["1" * 32, {"filters": [1]}]),
        ("logsSubscribe", ["some"]),
        ("logsSubscribe", [{}]),
        ("logsSubscribe", [{"mentions": []}]),
        ("logsSubscribe", [{"mentions": ["1" * 32] * 2}]),
        ("signatureSubscribe", ["1" * 32]),
        ("slotSubscribe", [1]),
        ("slotUnsubscribe", ["a"]),
    ],
)
async def test_bad_subscriptions(bare: Socket, method: str, params: list[Any]) -> None:
    assert (await bare.ask(method, *params))["error"]["code"] == -32602


async def test_subscribing_needs_a_websocket(rpc: Any) -> None:
    assert (await rpc.error("slotSubscribe"))["code"] == -32601


async def test_an_account_too_large_for_base58_is_still_told(net: Localnet, bare: Socket) -> None:
    address = Pubkey.new_unique()
    await bare.ask("accountSubscribe", str(address), {"encoding": "base58"})
    net.ledger.set_account(address, Account(SOL, bytes(500), Pubkey.new_unique()))
    value = (await bare.read())["params"]["result"]["value"]
    assert (value["lamports"], value["space"]) == (SOL, 500)
    assert "too large" in value["data"][0]


async def test_a_data_slice(net: Localnet, bare: Socket) -> None:
    address = Pubkey.new_unique()
    config = {"encoding": "base64", "dataSlice": {"offset": 1, "length": 2}}
    await bare.ask("accountSubscribe", str(address), config)
    net.ledger.set_account(address, Account(SOL, b"abcd", Pubkey.new_unique()))
    value = (await bare.read())["params"]["result"]["value"]
    assert base64.b64decode(value["data"][0]) == b"bc"


async def test_websockets_are_taken_on_the_http_port_too(net: Localnet) -> None:
    async with SolanaWsClient(f"ws://127.0.0.1:{net.port}") as ws:
        await ws.slot_subscribe()
        net.ledger.advance_slot()
        assert isinstance(await ws.recv(), SlotNotification)


async def test_a_client_that_leaves_is_forgotten(net: Localnet, bare: Socket, payer: Keypair) -> None:
    async with SolanaWsClient(net.ws_url) as leaving:
        await leaving.account_subscribe(pubkey=payer.pubkey())
        await leaving.logs_subscribe()
    await bare.ask("logsSubscribe", "all")
    net.ledger.send(signed_transfer(net.ledger, payer, Pubkey.new_unique(), SOL))
    assert (await bare.read())["method"] == "logsNotification"


async def test_a_slow_consumer_is_cut_off_and_others_are_not(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(server, "OUTBOX_MESSAGES_MAX", 10)
    async with (
        Localnet(port=0) as net,
        SolanaWsClient(net.ws_url) as slow,
        SolanaWsClient(net.ws_url) as quick,
    ):
        payer = funded_keypair(net.ledger)
        await slow.slot_subscribe()
        await quick.account_subscribe(pubkey=payer.pubkey())
        # No await: nothing can be sent meanwhile, as to a client whose socket is full.
        for _ in range(11):
            net.ledger.advance_slot()
        assert "cut off: 10 notifications" in caplog.text
        net.ledger.send(signed_transfer(net.ledger, payer, Pubkey.new_unique(), SOL))
        assert isinstance(await quick.recv(), AccountNotification)
        with pytest.raises(ConnectionClosedError):
            await slow.recv()


async def test_subscriptions_are_limited(monkeypatch: pytest.MonkeyPatch, bare: Socket) -> None:
    from secant.localnet import subscriptions

    monkeypatch.setattr(subscriptions, "SUBSCRIPTIONS_MAX", 2)
    for _ in range(2):
        assert "result" in await bare.ask("slotSubscribe")
    assert "limit reached: 2" in (await bare.ask("slotSubscribe"))["error"]["message"]


async def test_stopping_closes_clients() -> None:
    async with aiohttp.ClientSession() as session:
        async with Localnet(port=0) as net:
            websocket = await session.ws_connect(net.ws_url)
            closing = asyncio.create_task(websocket.receive())
            await asyncio.sleep(0)
        message = await closing
        assert message.type == aiohttp.WSMsgType.CLOSE
        assert message.data == aiohttp.WSCloseCode.GOING_AWAY
