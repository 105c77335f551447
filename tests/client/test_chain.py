from __future__ import annotations

import asyncio
import base64
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.system_program import TransferParams, transfer
from solders.transaction import VersionedTransaction

from secant import exchange
from secant.bootstrap import faucet_keypair
from secant.chain import Chain, cluster_url, decode_events, websocket_url
from secant.errors import (
    ClientOutdated,
    FrameworkError,
    InputError,
    ResultUnavailable,
    RpcRefused,
    RpcUnreachable,
    TransactionExpired,
    TransactionRefused,
    TransactionUnconfirmed,
)

from .node import Node

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from solders.instruction import Instruction

    from .conftest import Market

SOL = 10**9
EXCHANGE = str(exchange.PROGRAM_ID)


@pytest.fixture
async def node(market: Market) -> AsyncIterator[Node]:
    async with Node(market.net.url) as running:
        yield running


@pytest.fixture
async def payer(market: Market) -> Keypair:
    keypair = Keypair()
    await market.chain.airdrop(keypair.pubkey(), SOL)
    return keypair


def pay(source: Keypair, lamports: int = 1_000_000, dest: Pubkey | None = None) -> Instruction:
    return transfer(
        TransferParams(from_pubkey=source.pubkey(), to_pubkey=dest or Pubkey.new_unique(), lamports=lamports)
    )


async def test_reads_accounts(market: Market) -> None:
    chain, local = market.chain, market.local
    missing = Pubkey.new_unique()
    assert await chain.account(missing) is None
    found = await chain.accounts([local.exchange, missing, local.mint] * 50)
    assert len(found) == 150
    assert [account is None for account in found[:3]] == [False, True, False]
    scanned = await chain.program_accounts(exchange.PROGRAM_ID, exchange.Exchange.DISCRIMINATOR)
    assert list(scanned) == [local.exchange]
    assert exchange.Exchange.decode(scanned[local.exchange]).mint == local.mint
    assert not await chain.program_accounts(exchange.PROGRAM_ID, exchange.Exchange.DISCRIMINATOR, {8: b"\0"})
    before = market.net.ledger.unix_timestamp
    assert before <= await chain.clock_time() <= market.net.ledger.unix_timestamp


async def test_the_time_goes_on_without_transactions(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    later = await market.chain.clock_time() + 1_000
    monkeypatch.setattr("secant.localnet.ledger.time", SimpleNamespace(time=lambda: later))
    assert await market.chain.clock_time() == later


async def test_calls_what_only_some_nodes_have(market: Market) -> None:
    told = await market.chain.call("localnet_setClock", {"unixTimestamp": 5})
    assert told == {"slot": market.net.ledger.slot, "unixTimestamp": 5}
    with pytest.raises(RpcRefused, match=r"^the node refused: Method not found$"):
        await market.chain.call("localnet_bogus")
    async with Chain("http://127.0.0.1:1") as nobody:
        with pytest.raises(RpcUnreachable):
            await nobody.call("localnet_getClock")


async def test_send_sizes_its_budget(market: Market, payer: Keypair) -> None:
    landed = await market.chain.send([pay(payer)], [payer])
    record = market.net.ledger.history.get(landed.signature)
    assert record is not None
    limit = record.transaction.message.instructions[0].data
    assert limit[0] == 2
    used = record.outcome.compute_units
    assert int.from_bytes(limit[1:5], "little") == used * 11 // 10 + 1_000


async def test_priority_fee_is_paid(market: Market, payer: Keypair) -> None:
    async with Chain(market.net.url, priority_fee_microlamports=10**6) as chain:
        before = await chain.balance(payer.pubkey())
        await chain.send([pay(payer)], [payer])
        paid = before - await chain.balance(payer.pubkey())
    # 300 units used by the budget and the transfer, then a lamport a unit of the limit.
    assert paid > 1_000_000 + 5_000 + 1_000


async def test_refused_by_simulation_costs_nothing(market: Market, payer: Keypair) -> None:
    before = await market.chain.balance(payer.pubkey())
    with pytest.raises(FrameworkError) as caught:
        await market.chain.send([pay(payer, 2 * SOL)], [payer])
    assert caught.value.name == "ResultWithNegativeLamports"
    assert caught.value.signature is None
    assert await market.chain.balance(payer.pubkey()) == before


async def test_wallet_without_sol(market: Market) -> None:
    poor = Keypair()
    with pytest.raises(TransactionRefused, match="holds no SOL"):
        await market.chain.send([pay(poor)], [poor])


async def test_fails_on_chain_after_simulation(market: Market, payer: Keypair, node: Node) -> None:
    thief = payer.pubkey()

    async def spend_first(_request: Any) -> None:
        if (market.net.ledger.svm.get_balance(thief) or 0) > SOL // 2:
            await market.chain.send([pay(payer, 800_000_000)], [payer])

    node.answers["sendTransaction"] = spend_first  # type: ignore[assignment]
    async with Chain(node.url) as chain:
        with pytest.raises(FrameworkError) as caught:
            await chain.send([pay(payer, 700_000_000)], [payer])
    assert caught.value.name == "ResultWithNegativeLamports"
    assert caught.value.signature is not None
    assert caught.value.logs


def _swallow(node: Node) -> None:
    async def accept(request: Any) -> web.Response:
        wire = VersionedTransaction.from_bytes(base64.b64decode(request["params"][0]))
        reply = {"jsonrpc": "2.0", "id": request["id"], "result": str(wire.signatures[0])}
        return web.json_response(reply)

    node.answers["sendTransaction"] = accept


async def test_expired(market: Market, payer: Keypair, node: Node) -> None:
    _swallow(node)

    async def pass_time(_request: Any) -> None:
        market.net.ledger.advance_slot(200)

    node.answers["getSignatureStatuses"] = pass_time  # type: ignore[assignment]
    async with Chain(node.url) as chain:
        with pytest.raises(TransactionExpired, match="never landed"):
            await chain.send([pay(payer)], [payer])


async def test_lost_transaction_is_sent_again(
    market: Market, payer: Keypair, node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("secant.chain._REBROADCAST_S", 0.01)
    _swallow(node)
    swallow = node.answers["sendTransaction"]

    async def only_once(request: Any) -> web.Response | None:
        del node.answers["sendTransaction"]
        return await swallow(request)

    node.answers["sendTransaction"] = only_once
    async with Chain(node.url) as chain:
        landed = await chain.send([pay(payer)], [payer])
    assert node.asked.count("sendTransaction") >= 2
    assert market.net.ledger.history.get(landed.signature) is not None


async def test_unconfirmed(payer: Keypair, node: Node) -> None:
    _swallow(node)
    async with Chain(node.url, confirm_timeout_s=0.05) as chain:
        with pytest.raises(TransactionUnconfirmed, match="may or may not have landed"):
            await chain.send([pay(payer)], [payer])


async def test_node_fails_while_confirming(payer: Keypair, node: Node) -> None:
    node.answer("getSignatureStatuses", status=500)
    async with Chain(node.url, confirm_timeout_s=0.05) as chain:
        with pytest.raises(TransactionUnconfirmed, match="HTTP status 500"):
            await chain.send([pay(payer)], [payer])


async def test_landed_but_log_is_missing(payer: Keypair, node: Node) -> None:
    node.answer("getTransaction", result=None)
    async with Chain(node.url, confirm_timeout_s=0.2) as chain:
        with pytest.raises(ResultUnavailable, match="succeeded"):
            await chain.send([pay(payer)], [payer])


async def test_waits_for_the_wanted_commitment(market: Market, payer: Keypair) -> None:
    async with Chain(market.net.url, commitment="finalized") as chain:
        assert (await chain.send([pay(payer)], [payer])).slot > 0


async def test_nobody_answers() -> None:
    async with Chain("http://127.0.0.1:1") as chain:
        with pytest.raises(RpcUnreachable, match=r"no Solana RPC at http://127\.0\.0\.1:1") as caught:
            await chain.clock_time()
    assert "secant localnet" in caught.value.remedy


@pytest.mark.parametrize(
    ("answer", "kind", "text"),
    [
        ({"body": "<html>"}, RpcUnreachable, "not what was asked for"),
        ({"body": "{}"}, RpcUnreachable, "not what was asked for"),
        ({"status": 404}, RpcUnreachable, "HTTP status 404"),
        ({"status": 401}, RpcRefused, r"refuses requests from here \(status 401\) — use another --url"),
        ({"status": 403}, RpcRefused, r"refuses requests from here \(status 403\) — use another --url"),
        ({"error": {"code": 403, "message": "no"}}, RpcRefused, r"refuses requests from here \(status 403\)"),
        ({"error": {"code": -32601, "message": "Method not found"}}, RpcRefused, "Method not found"),
        ({"error": {"code": -32099, "message": "of its own"}}, RpcRefused, "-32099"),
    ],
)
async def test_node_answers_badly(
    node: Node, answer: dict[str, Any], kind: type[Exception], text: str
) -> None:
    node.answer("getAccountInfo", **answer)
    async with Chain(node.url) as chain:
        with pytest.raises(kind, match=text):
            await chain.account(Pubkey.default())


@pytest.mark.parametrize("busy", [{"status": 429}, {"error": {"code": 429, "message": "slow down"}}])
async def test_busy_node_is_asked_again(
    node: Node, busy: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("secant.chain._BACKOFF_S", 0.001)
    node.answer("getAccountInfo", **busy)
    async with Chain(node.url) as chain:
        with pytest.raises(RpcRefused, match=r"limits the rate of requests \(status 429\)") as caught:
            await chain.account(Pubkey.default())
        assert caught.value.remedy == "wait a minute, or use another --url"
        assert node.asked.count("getAccountInfo") == 4
        refuse, left = node.answers["getAccountInfo"], [1, 1]

        async def twice(request: Any) -> web.Response | None:
            return await refuse(request) if left and left.pop() else None

        node.answers["getAccountInfo"] = twice
        assert await chain.account(Pubkey.default()) is not None


async def test_airdrop_refused(market: Market, node: Node) -> None:
    with pytest.raises(RpcRefused, match="airdrop"):
        await market.chain.airdrop(Pubkey.new_unique(), 2**63)
    node.answer("requestAirdrop", error={"code": -32601, "message": "Method not found"})
    async with Chain(node.url) as chain:
        with pytest.raises(RpcRefused, match="Method not found"):
            await chain.airdrop(Pubkey.new_unique(), 1)


async def test_too_large(market: Market, payer: Keypair) -> None:
    with pytest.raises(InputError, match="of 1232"):
        await market.chain.send([pay(payer) for _ in range(40)], [payer])


async def test_watches_accounts_and_events(market: Market, payer: Keypair) -> None:
    dest = Pubkey.new_unique()
    async with asyncio.timeout(10):
        accounts, events = market.chain.watch_account(dest), market.chain.watch_events(payer.pubkey())
        changed, logged = asyncio.ensure_future(anext(accounts)), asyncio.ensure_future(anext(events))
        account = exchange.open_account(
            payer=payer.pubkey(),
            owner=dest,
            exchange=market.local.exchange,
            account=_margin(market, dest),
            index=0,
        )
        while not changed.done() or not logged.done():
            await market.chain.send([pay(payer, dest=dest)], [payer])
            if await market.chain.account(_margin(market, dest)) is None and _subscribed(market, 2):
                await market.chain.send([account], [payer])
        assert changed.result().lamports >= 1_000_000
        assert isinstance(logged.result()[0], Signature)
        await accounts.aclose()
        await events.aclose()


def _margin(market: Market, owner: Pubkey) -> Pubkey:
    return exchange.find_account(exchange=market.local.exchange, owner=owner, index=0)


def _subscribed(market: Market, count: int) -> bool:
    return len(market.net._websockets) >= count


async def test_watching_nobody() -> None:
    async with Chain("http://127.0.0.1:1") as chain:
        with pytest.raises(RpcUnreachable, match=r"ws://127\.0\.0\.1:2"):
            await anext(chain.watch_account(Pubkey.default()))


def test_urls() -> None:
    assert cluster_url("devnet") == "https://api.devnet.solana.com"
    assert websocket_url("http://127.0.0.1:8899") == "ws://127.0.0.1:8900"
    assert websocket_url("https://rpc.example/key?a=1") == "wss://rpc.example/key?a=1"
    assert websocket_url("http://[::1]:80/") == "ws://[::1]:81/"


@pytest.mark.parametrize("url", ["", "nope", "ftp://x", "http://", "http://x:99999", "ws://x"])
def test_no_url(url: str) -> None:
    with pytest.raises(InputError, match="is no cluster"):
        cluster_url(url)


def test_arguments() -> None:
    with pytest.raises(InputError, match="no commitment"):
        Chain("http://x", commitment="later")
    with pytest.raises(InputError, match="priority fee"):
        Chain("http://x", priority_fee_microlamports=-1)


def _data(event: exchange.AnyEvent) -> str:
    return "Program data: " + base64.b64encode(event.encode()).decode()


def test_events_are_the_logging_programs() -> None:
    deposited = exchange.Deposited(Pubkey.new_unique(), 7)
    stranger = Pubkey.new_unique()
    logs = [
        f"Program {stranger} invoke [1]",
        _data(deposited),
        f"Program {EXCHANGE} invoke [2]",
        _data(deposited),
        f"Program {stranger} invoke [3]",
        _data(deposited),
        f"Program {stranger} success",
        _data(deposited),
        f"Program {EXCHANGE} success",
        _data(deposited),
        f"Program {stranger} success",
        _data(deposited),
    ]
    assert decode_events(logs) == (deposited, deposited)


@pytest.mark.parametrize("data", ["AAAAAAAAAAA=", "!", ""])
def test_unknown_events(data: str) -> None:
    with pytest.raises(ClientOutdated) as caught:
        decode_events([f"Program {EXCHANGE} invoke [1]", f"Program data: {data}"])
    assert caught.value.remedy == "update the client"


async def test_the_past_of_an_address(market: Market, payer: Keypair) -> None:
    chain, dest = market.chain, Pubkey.new_unique()
    assert await chain.history(dest) == []
    landed = [await chain.send([pay(payer, 1_000_000 + place, dest)], [payer]) for place in range(3)]
    signatures = [each.signature for each in reversed(landed)]
    found = await chain.history(dest)
    assert [(each.signature, each.succeeded) for each in found] == [(each, True) for each in signatures]
    assert [each.signature for each in await chain.history(dest, limit=2)] == signatures[:2]
    assert [each.signature for each in await chain.history(dest, before=signatures[0])] == signatures[1:]
    past = await chain.past(signatures[0])
    assert past is not None
    assert (past.slot, past.calls) == (landed[-1].slot, ())
    assert past.time is not None
    assert abs(past.time - market.net.ledger.unix_timestamp) < 10
    assert await chain.past(Signature.new_unique()) is None


async def test_the_past_says_which_instruction_logged(market: Market) -> None:
    admin, local = faucet_keypair(), market.local
    calls = [
        exchange.open_account(
            payer=admin.pubkey(), exchange=local.exchange, owner=admin.pubkey(), index=index
        )
        for index in range(2)
    ]
    accounts = [
        exchange.find_account(exchange=local.exchange, owner=admin.pubkey(), index=index)
        for index in range(2)
    ]
    landed = await market.chain.send([calls[0], pay(admin), calls[1]], [admin])
    past = await market.chain.past(landed.signature)
    assert past is not None
    assert len(past.calls) == len(landed.events) == 2
    for call, account in zip(past.calls, accounts, strict=True):
        assert account in call.accounts
        assert [event.account for event in call.events] == [account]  # type: ignore[union-attr]
    assert tuple(event for call in past.calls for event in call.events) == landed.events


async def test_what_fits_into_a_transaction(market: Market, payer: Keypair) -> None:
    chain = market.chain
    count = next(count for count in range(1, 60) if not chain.fits([pay(payer)] * count, payer.pubkey()))
    assert (await chain.simulate([pay(payer, 1)] * (count - 1), payer.pubkey())).units > 0
    with pytest.raises(InputError, match="of 1232"):
        await chain.simulate([pay(payer)] * count, payer.pubkey())


async def test_accounts_with_the_time_in_one_request(market: Market, node: Node) -> None:
    async with Chain(node.url) as chain:
        missing = Pubkey.new_unique()
        (found, absent), now = await chain.accounts_and_time([market.local.exchange, missing])
        assert (found is None, absent) == (False, None)
        assert abs(now - market.net.ledger.unix_timestamp) <= 1
    assert node.asked == ["getMultipleAccounts"]


async def test_a_transaction_that_lands_at_once_costs_five_requests(node: Node, payer: Keypair) -> None:
    async with Chain(node.url) as chain:
        await chain.send([pay(payer)], [payer])
    assert sorted(node.asked) == [
        "getLatestBlockhash",
        "getSignatureStatuses",
        "getTransaction",
        "sendTransaction",
        "simulateTransaction",
    ]


async def test_a_simulation_tells_what_it_would_leave(market: Market, payer: Keypair) -> None:
    """Of the accounts asked for, and nothing of it is kept."""
    there, nowhere = market.local.exchange, Pubkey.new_unique()
    update = exchange.pause(pauser=faucet_keypair().pubkey(), exchange=there, pause_bits=1)
    chain = market.chain
    done = await chain.simulate([update], faucet_keypair().pubkey(), accounts=[there, nowhere])
    left, missing = done.accounts
    assert left is not None
    assert (exchange.Exchange.decode(left).pause_bits, missing) == (1, None)
    stored = await chain.account(there)
    assert stored is not None
    assert exchange.Exchange.decode(stored.data).pause_bits == 0
    assert (await chain.simulate([pay(payer)], payer.pubkey())).accounts == ()
