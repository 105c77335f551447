from __future__ import annotations

import time
from typing import TYPE_CHECKING

from solana.rpc.async_api import AsyncClient
from solders.hash import Hash
from solders.pubkey import Pubkey

from secant.localnet import Localnet

from .network import SOL, signed_transfer

if TYPE_CHECKING:
    from solders.keypair import Keypair

    from .conftest import Rpc


async def test_slots_heights_and_blockhashes(
    net: Localnet, client: AsyncClient, rpc: Rpc, payer: Keypair
) -> None:
    slot = (await client.get_slot()).value
    height = (await client.get_block_height()).value
    latest = (await client.get_latest_blockhash()).value
    assert latest.last_valid_block_height == height + 150
    assert (await rpc.result("isBlockhashValid", str(latest.blockhash)))["value"]
    assert not (await rpc.result("isBlockhashValid", str(Hash.new_unique())))["value"]
    net.ledger.send(signed_transfer(net.ledger, payer, Pubkey.new_unique(), SOL))
    assert (await client.get_slot()).value == slot + 1
    assert (await client.get_block_height()).value == height + 1
    assert (await client.get_latest_blockhash()).value.blockhash != latest.blockhash
    info = (await client.get_epoch_info()).value
    assert (info.absolute_slot, info.block_height) == (slot + 1, height + 1)
    schedule = (await client.get_epoch_schedule()).value
    assert info.epoch == net.ledger.epoch()
    assert info.slots_in_epoch == schedule.slots_per_epoch


async def test_blocks(net: Localnet, client: AsyncClient, rpc: Rpc, payer: Keypair) -> None:
    net.ledger.advance_slot(5)
    first = net.ledger.send(signed_transfer(net.ledger, payer, Pubkey.new_unique(), SOL))
    net.ledger.advance_slot(3)
    second = net.ledger.send(signed_transfer(net.ledger, payer, Pubkey.new_unique(), SOL))
    block = (await client.get_block(second.slot, max_supported_transaction_version=0)).value
    assert block is not None
    assert block.transactions is not None
    assert len(block.transactions) == 1
    assert block.parent_slot == first.slot + 1
    assert (await client.get_blocks(first.slot, second.slot)).value == [first.slot, second.slot]
    assert (await rpc.result("getBlocks", second.slot, {"commitment": "confirmed"})) == [second.slot]
    assert (await rpc.result("getBlocks", second.slot + 1)) == []
    moment = (await client.get_block_time(second.slot)).value
    assert moment is not None
    assert abs(moment - time.time()) < 60
    assert (await client.get_block_time(net.ledger.slot)).value is not None
    detail = {"transactionDetails": "signatures", "rewards": False}
    wire = await rpc.result("getBlock", second.slot, detail)
    assert wire["signatures"] == [str(second.signature)]
    assert "rewards" not in wire
    wire = await rpc.result("getBlock", second.slot, {"transactionDetails": "accounts"})
    assert wire["transactions"][0]["transaction"]["accountKeys"][0]["pubkey"] == str(payer.pubkey())
    assert "transactions" not in await rpc.result("getBlock", second.slot, {"transactionDetails": "none"})
    assert (await client.get_first_available_block()).value == net.ledger.history.first_slot()


async def test_blocks_that_are_not_there(net: Localnet, rpc: Rpc, payer: Keypair) -> None:
    outcome = net.ledger.send(signed_transfer(net.ledger, payer, Pubkey.new_unique(), SOL))
    net.ledger.advance_slot(3)
    assert (await rpc.error("getBlock", outcome.slot + 1))["code"] == -32007
    assert (await rpc.error("getBlock", net.ledger.slot))["code"] == -32004
    assert (await rpc.error("getBlockTime", net.ledger.slot + 5))["code"] == -32004
    assert (await rpc.error("getBlock", 3))["code"] == -32001
    assert "max 500000" in (await rpc.error("getBlocks", 0))["message"]


async def test_the_cluster_is_one_node(net: Localnet, client: AsyncClient, rpc: Rpc) -> None:
    assert await client.is_connected()
    identity = (await client.get_identity()).value.identity
    assert (await client.get_slot_leader()).value == identity
    (node,) = (await client.get_cluster_nodes()).value
    assert (node.pubkey, node.rpc) == (identity, f"127.0.0.1:{net.port}")
    assert (await client.get_vote_accounts()).value.current == []
    assert (await client.get_leader_schedule()).value is None
    assert (await client.get_genesis_hash()).value == net.ledger.genesis_hash
    assert (await client.get_version()).value.solana_core
    assert await rpc.result("getHealth") == "ok"
    before = (await client.get_supply()).value
    await client.request_airdrop(Pubkey.new_unique(), SOL)
    after = (await client.get_supply()).value
    assert after.circulating == before.circulating + SOL
    assert after.total == after.circulating + after.non_circulating
    assert (await client.get_minimum_ledger_slot()).value <= net.ledger.slot


async def test_timed_slots_advance_by_themselves() -> None:
    async with Localnet(port=0, slot_ms=1) as net, AsyncClient(net.url) as client:
        start = (await client.get_slot()).value
        while (await client.get_slot()).value < start + 3:
            pass
        latest = (await client.get_latest_blockhash()).value
        assert latest.last_valid_block_height >= 150
