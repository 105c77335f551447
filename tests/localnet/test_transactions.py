from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest
from solana.rpc.models import TxOpts
from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.compute_budget import set_compute_unit_limit, set_compute_unit_price
from solders.hash import Hash
from solders.instruction import Instruction
from solders.message import Message, MessageV0
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import VersionedTransaction
from solders.transaction_status import TransactionConfirmationStatus
from spl.memo.constants import MEMO_PROGRAM_ID
from spl.token import models
from spl.token.constants import TOKEN_PROGRAM_ID
from spl.token.instructions import transfer_checked

from secant.localnet import base58
from secant.localnet.transaction_keys import LOOKUP_TABLE_PROGRAM_ID

from .network import SOL, mint_tokens, signed, signed_transfer, transfer_instruction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from solana.rpc.async_api import AsyncClient
    from solders.keypair import Keypair

    from secant.localnet import Ledger, Localnet

    from .conftest import Rpc


def encoded(transaction: VersionedTransaction) -> str:
    return base64.b64encode(bytes(transaction)).decode()


BASE64 = {"encoding": "base64"}


async def test_send_confirm_and_read_back(net: Localnet, client: AsyncClient, payer: Keypair) -> None:
    dest = Pubkey.new_unique()
    transaction = signed_transfer(net.ledger, payer, dest, SOL)
    slot = net.ledger.slot
    signature = (await client.send_transaction(transaction)).value
    assert signature == transaction.signatures[0]
    (status,) = (await client.get_signature_statuses([signature])).value
    assert status is not None
    assert status.confirmation_status == TransactionConfirmationStatus.Finalized
    assert (status.confirmations, status.err, status.slot) == (None, None, slot)
    read = (await client.get_transaction(signature)).value
    assert read is not None
    meta = read.transaction.meta
    assert meta is not None
    assert (read.slot, meta.fee, meta.compute_units_consumed) == (slot, 5000, 150)
    assert meta.pre_balances[0] - meta.post_balances[0] == SOL + 5000
    (found,) = (await client.get_signatures_for_address(dest)).value
    assert (found.signature, found.slot, found.err) == (signature, slot, None)


async def test_unknown_signatures_are_null(rpc: Rpc) -> None:
    signature = str(Signature.new_unique())
    assert (await rpc.result("getSignatureStatuses", [signature]))["value"] == [None]
    assert await rpc.result("getTransaction", signature) is None
    error = await rpc.error("getSignatureStatuses", [signature] * 257)
    assert "max 256" in error["message"]
    assert (await rpc.error("getSignatureStatuses", ["abc"]))["code"] == -32602


async def test_base58_is_the_default_encoding(net: Localnet, rpc: Rpc, payer: Keypair) -> None:
    transaction = signed_transfer(net.ledger, payer, Pubkey.new_unique(), SOL)
    text = base58.encode(bytes(transaction))
    assert await rpc.result("sendTransaction", text) == str(transaction.signatures[0])


async def test_preflight_failure_tells_why(net: Localnet, rpc: Rpc, payer: Keypair) -> None:
    transaction = signed_transfer(net.ledger, payer, Pubkey.new_unique(), 10**6 * SOL)
    slot = net.ledger.slot
    error = await rpc.error("sendTransaction", encoded(transaction), BASE64)
    assert error["code"] == -32002
    assert error["message"] == (
        "Transaction simulation failed: Error processing Instruction 0: custom program error: 0x1"
    )
    assert error["data"]["err"] == {"InstructionError": [0, {"Custom": 1}]}
    assert any("insufficient lamports" in line for line in error["data"]["logs"])
    assert error["data"]["unitsConsumed"] == 150
    assert net.ledger.slot == slot


async def test_without_preflight_a_failure_lands(net: Localnet, client: AsyncClient, payer: Keypair) -> None:
    transaction = signed_transfer(net.ledger, payer, Pubkey.new_unique(), 10**6 * SOL)
    signature = (await client.send_transaction(transaction, opts=TxOpts(skip_preflight=True))).value
    (status,) = (await client.get_signature_statuses([signature])).value
    assert status is not None
    assert status.err is not None
    (found,) = (await client.get_signatures_for_address(payer.pubkey(), limit=1)).value
    assert found.err == status.err


async def test_a_repeat_is_already_processed(net: Localnet, rpc: Rpc, payer: Keypair) -> None:
    text = encoded(signed_transfer(net.ledger, payer, Pubkey.new_unique(), SOL))
    signature = await rpc.result("sendTransaction", text, BASE64)
    error = await rpc.error("sendTransaction", text, BASE64)
    assert error["code"] == -32002
    assert error["data"]["err"] == "AlreadyProcessed"
    assert "already been processed" in error["message"]
    assert await rpc.result("sendTransaction", text, BASE64 | {"skipPreflight": True}) == signature
    assert len(await rpc.result("getSignaturesForAddress", str(payer.pubkey()))) == 2


async def test_an_expired_blockhash(net: Localnet, rpc: Rpc, payer: Keypair) -> None:
    transaction = signed_transfer(net.ledger, payer, Pubkey.new_unique(), SOL)
    net.ledger.advance_slot(151)
    error = await rpc.error("sendTransaction", encoded(transaction), BASE64)
    assert error["data"]["err"] == "BlockhashNotFound"
    await rpc.result("sendTransaction", encoded(transaction), BASE64 | {"skipPreflight": True})
    signature = str(transaction.signatures[0])
    assert (await rpc.result("getSignatureStatuses", [signature]))["value"] == [None]


async def test_a_bad_signature(net: Localnet, rpc: Rpc, payer: Keypair) -> None:
    good = signed_transfer(net.ledger, payer, Pubkey.new_unique(), SOL)
    bad = VersionedTransaction.populate(good.message, [Signature.new_unique()])
    assert (await rpc.error("sendTransaction", encoded(bad), BASE64))["code"] == -32003
    config = BASE64 | {"sigVerify": True}
    assert (await rpc.error("simulateTransaction", encoded(bad), config))["code"] == -32003
    assert (await rpc.result("simulateTransaction", encoded(bad), BASE64))["value"]["err"] is None


def _unsanitary(ledger: Ledger, payer: Keypair) -> str:
    data = bytearray(bytes(signed_transfer(ledger, payer, Pubkey.new_unique(), SOL)))
    data[-14] = 200  # the destination's index: before it stand only the data and its length
    return base64.b64encode(data).decode()


async def test_what_is_no_transaction(net: Localnet, rpc: Rpc, payer: Keypair) -> None:
    filler = Instruction(MEMO_PROGRAM_ID, bytes(1200), [])
    large = encoded(signed([filler], [payer], net.ledger.latest_blockhash))
    for text, message in [
        ("!!!", "must be base64"),
        ("AAAA", "failed to deserialize"),
        ("A" * 6000, "too large"),
        (large, "max: 1232 bytes"),
        (_unsanitary(net.ledger, payer), "invalid transaction"),
        (5, "must be a string"),
    ]:
        for method in ("sendTransaction", "simulateTransaction"):
            error = await rpc.error(method, text, BASE64)
            assert error["code"] == -32602, text
            assert message in error["message"]
    assert "base58" in (await rpc.error("sendTransaction", "0"))["message"]
    assert "base58, base64" in (await rpc.error("sendTransaction", "1", {"encoding": "hex"}))["message"]


async def test_simulation(net: Localnet, rpc: Rpc, payer: Keypair) -> None:
    dest = Pubkey.new_unique()
    instruction = transfer_instruction(payer.pubkey(), dest, SOL)
    transaction = signed([instruction], [payer], Hash.new_unique())
    absent = str(Pubkey.new_unique())
    config: dict[str, Any] = BASE64 | {
        "replaceRecentBlockhash": True,
        "innerInstructions": True,
        "accounts": {"encoding": "base64", "addresses": [str(dest), absent]},
    }
    value = (await rpc.result("simulateTransaction", encoded(transaction), config))["value"]
    assert value["err"] is None
    assert value["unitsConsumed"] == 150
    assert value["accounts"][0]["lamports"] == SOL
    assert value["accounts"][1] is None
    assert value["innerInstructions"] == []
    assert value["replacementBlockhash"]["blockhash"] == str(net.ledger.latest_blockhash)
    plain = (await rpc.result("simulateTransaction", encoded(transaction), BASE64))["value"]
    assert plain["err"] == "BlockhashNotFound"
    assert net.ledger.account(dest) is None


async def test_a_failing_simulation_has_no_accounts(net: Localnet, rpc: Rpc, payer: Keypair) -> None:
    transaction = signed_transfer(net.ledger, payer, Pubkey.new_unique(), 10**6 * SOL)
    config = BASE64 | {"accounts": {"addresses": [str(payer.pubkey())]}}
    value = (await rpc.result("simulateTransaction", encoded(transaction), config))["value"]
    assert value["err"] == {"InstructionError": [0, {"Custom": 1}]}
    assert value["accounts"] == [None]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"sigVerify": True, "replaceRecentBlockhash": True}, "may not be used with"),
        ({"accounts": {"encoding": "base58", "addresses": []}}, "base64, base64+zstd, jsonParsed"),
        ({"accounts": {}}, "must be an array"),
        ({"accounts": {"addresses": ["x"]}}, "32 bytes"),
    ],
)
async def test_bad_simulations(
    net: Localnet, rpc: Rpc, payer: Keypair, config: dict[str, Any], message: str
) -> None:
    text = encoded(signed_transfer(net.ledger, payer, Pubkey.new_unique(), SOL))
    error = await rpc.error("simulateTransaction", text, BASE64 | config)
    assert error["code"] == -32602
    assert message in error["message"]


async def test_return_data_and_inner_instructions(net: Localnet, rpc: Rpc, payer: Keypair) -> None:
    minted = mint_tokens(net.ledger, payer)
    record = next(net.ledger.history.newest_first(minted.mint))
    signature = str(record.outcome.signature)
    wire = await rpc.result("getTransaction", signature)
    groups = wire["meta"]["innerInstructions"]
    assert [group["index"] for group in groups] == [2]
    assert all(inner["stackHeight"] == 2 for inner in groups[0]["instructions"])
    assert wire["meta"]["preTokenBalances"] == []
    assert wire["meta"]["postTokenBalances"][0]["uiTokenAmount"]["uiAmountString"] == "1.5"
    size = Instruction(TOKEN_PROGRAM_ID, bytes([21]), [])
    keyed = Instruction(TOKEN_PROGRAM_ID, size.data, [_readonly(minted.mint)])
    transaction = signed([keyed], [payer], net.ledger.latest_blockhash)
    value = (await rpc.result("simulateTransaction", encoded(transaction), BASE64))["value"]
    assert value["returnData"]["programId"] == str(TOKEN_PROGRAM_ID)
    assert int.from_bytes(base64.b64decode(value["returnData"]["data"][0]), "little") == 165
    sent = await rpc.result("sendTransaction", encoded(transaction), BASE64)
    assert (await rpc.result("getTransaction", sent))["meta"]["returnData"] == value["returnData"]


def _readonly(key: Pubkey) -> Any:
    from solders.instruction import AccountMeta

    return AccountMeta(key, is_signer=False, is_writable=False)


async def test_transactions_in_every_encoding(net: Localnet, rpc: Rpc, payer: Keypair) -> None:
    minted = mint_tokens(net.ledger, payer)
    checked = transfer_checked(
        models.TransferCheckedParams(
            program_id=TOKEN_PROGRAM_ID,
            source=minted.holder,
            mint=minted.mint,
            dest=minted.holder,
            owner=payer.pubkey(),
            amount=5,
            decimals=6,
        )
    )
    memo = Instruction(MEMO_PROGRAM_ID, "grüezi".encode(), [])
    pay = transfer_instruction(payer.pubkey(), Pubkey.new_unique(), SOL)
    limit = set_compute_unit_limit(200_000)
    transaction = signed([pay, checked, memo, limit], [payer], net.ledger.latest_blockhash)
    outcome = net.ledger.send(transaction)
    assert outcome.err is None, outcome.logs
    signature = str(outcome.signature)

    async def read(encoding: str) -> Any:
        return (await rpc.result("getTransaction", signature, {"encoding": encoding}))["transaction"]

    assert await read("base64") == [encoded(transaction), "base64"]
    assert await read("base58") == [base58.encode(bytes(transaction)), "base58"]
    assert await rpc.result("getTransaction", signature, "base64")
    raw = (await read("json"))["message"]
    assert raw["recentBlockhash"] == str(transaction.message.recent_blockhash)
    assert raw["header"]["numRequiredSignatures"] == 1
    assert base58.decode(raw["instructions"][2]["data"]) == "grüezi".encode()
    parsed = (await read("jsonParsed"))["message"]
    assert parsed["accountKeys"][0] == {
        "pubkey": str(payer.pubkey()),
        "signer": True,
        "source": "transaction",
        "writable": True,
    }
    first, second, third, fourth = parsed["instructions"]
    assert first["parsed"]["info"]["lamports"] == SOL
    assert second["parsed"]["info"]["tokenAmount"]["amount"] == "5"
    assert third["parsed"] == "grüezi"
    assert base58.decode(fourth["data"]) == limit.data


async def _lookup_table(ledger: Ledger, payer: Keypair, addresses: Sequence[Pubkey]) -> Pubkey:
    slot = ledger.slot
    seeds = [bytes(payer.pubkey()), slot.to_bytes(8, "little")]
    table, bump = Pubkey.find_program_address(seeds, LOOKUP_TABLE_PROGRAM_ID)
    from solders.instruction import AccountMeta
    from solders.system_program import ID as SYSTEM_PROGRAM_ID

    metas = [
        AccountMeta(table, is_signer=False, is_writable=True),
        AccountMeta(payer.pubkey(), is_signer=True, is_writable=False),
        AccountMeta(payer.pubkey(), is_signer=True, is_writable=True),
        AccountMeta(SYSTEM_PROGRAM_ID, is_signer=False, is_writable=False),
    ]
    create = (0).to_bytes(4, "little") + slot.to_bytes(8, "little") + bytes([bump])
    extend = (
        (2).to_bytes(4, "little") + len(addresses).to_bytes(8, "little") + b"".join(map(bytes, addresses))
    )
    instructions = [Instruction(LOOKUP_TABLE_PROGRAM_ID, data, metas) for data in (create, extend)]
    outcome = ledger.send(signed(instructions, [payer], ledger.latest_blockhash))
    assert outcome.err is None, outcome.logs
    return table


async def test_versioned_transactions_with_a_lookup_table(
    net: Localnet, rpc: Rpc, client: AsyncClient, payer: Keypair
) -> None:
    dest = Pubkey.new_unique()
    table = await _lookup_table(net.ledger, payer, [dest])
    message = MessageV0.try_compile(
        payer.pubkey(),
        [transfer_instruction(payer.pubkey(), dest, SOL)],
        [AddressLookupTableAccount(table, [dest])],
        net.ledger.latest_blockhash,
    )
    signature = str((await client.send_transaction(VersionedTransaction(message, [payer]))).value)
    error = await rpc.error("getTransaction", signature)
    assert error["code"] == -32015
    assert "maxSupportedTransactionVersion" in error["message"]
    config = {"maxSupportedTransactionVersion": 0}
    wire = await rpc.result("getTransaction", signature, config)
    assert wire["version"] == 0
    assert wire["meta"]["loadedAddresses"] == {"writable": [str(dest)], "readonly": []}
    assert wire["transaction"]["message"]["addressTableLookups"][0]["accountKey"] == str(table)
    assert wire["meta"]["postBalances"][-1] == SOL
    parsed = await rpc.result("getTransaction", signature, config | {"encoding": "jsonParsed"})
    loaded = parsed["transaction"]["message"]["accountKeys"][-1]
    assert loaded == {"pubkey": str(dest), "signer": False, "source": "lookupTable", "writable": True}
    (found,) = (await client.get_signatures_for_address(dest)).value
    assert str(found.signature) == signature
    legacy = await rpc.result("getTransaction", str(found.signature), config | {"encoding": "base64"})
    assert legacy["version"] == 0


async def test_signatures_for_address_pages(net: Localnet, client: AsyncClient, payer: Keypair) -> None:
    dest = Pubkey.new_unique()
    sent = [net.ledger.send(signed_transfer(net.ledger, payer, dest, SOL + i)).signature for i in range(5)]

    async def page(**config: Any) -> list[int]:
        found = (await client.get_signatures_for_address(dest, **config)).value
        return [sent.index(entry.signature) for entry in found]

    assert await page() == [4, 3, 2, 1, 0]
    assert await page(limit=2) == [4, 3]
    assert await page(before=sent[3], limit=2) == [2, 1]
    assert await page(until=sent[2]) == [4, 3]
    assert await page(before=sent[4], until=sent[1]) == [3, 2]
    assert await page(before=Signature.new_unique()) == []


async def test_fees(net: Localnet, client: AsyncClient, rpc: Rpc, payer: Keypair) -> None:
    pay = transfer_instruction(payer.pubkey(), Pubkey.new_unique(), SOL)
    blockhash = net.ledger.latest_blockhash
    message = MessageV0.try_compile(payer.pubkey(), [pay], [], blockhash)
    assert (await client.get_fee_for_message(message)).value == 5000
    priced = [set_compute_unit_limit(100_000), set_compute_unit_price(2_000_000), pay]
    text = base64.b64encode(bytes(Message.new_with_blockhash(priced, payer.pubkey(), blockhash))).decode()
    assert (await rpc.result("getFeeForMessage", text))["value"] == 5000 + 200_000
    stale = MessageV0.try_compile(payer.pubkey(), [pay], [], Hash.new_unique())
    assert (await client.get_fee_for_message(stale)).value is None
    assert (await rpc.error("getFeeForMessage", "AAAA"))["code"] == -32602
    (fee,) = (await client.get_recent_prioritization_fees([payer.pubkey()])).value
    assert fee.prioritization_fee == 0
    assert (await client.get_transaction_count()).value == net.ledger.transaction_count


async def test_history_off_keeps_the_rest_working(payer: Keypair) -> None:
    from solana.rpc.async_api import AsyncClient

    from secant.localnet import Localnet

    from .network import funded_keypair

    async with Localnet(port=0, history_limit=0) as net, AsyncClient(net.url) as client:
        sender = funded_keypair(net.ledger)
        transaction = signed_transfer(net.ledger, sender, payer.pubkey(), SOL)
        signature = (await client.send_transaction(transaction)).value
        assert (await client.get_balance(payer.pubkey())).value == SOL
        assert (await client.get_transaction(signature)).value is None
