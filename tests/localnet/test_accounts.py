from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest
import zstandard
from solana.rpc.models import DataSliceOpts, MemcmpOpts, TokenAccountOpts
from solders.account import Account
from solders.pubkey import Pubkey
from spl.token import models
from spl.token.constants import TOKEN_PROGRAM_ID
from spl.token.instructions import approve

from secant.localnet import base58

from .network import SOL, mint_tokens, signed

if TYPE_CHECKING:
    from solana.rpc.async_api import AsyncClient
    from solders.keypair import Keypair

    from secant.localnet import Localnet

    from .conftest import Rpc


async def test_balance_and_airdrop(client: AsyncClient) -> None:
    address = Pubkey.new_unique()
    assert (await client.get_balance(address)).value == 0
    signature = (await client.request_airdrop(address, 3 * SOL)).value
    await client.confirm_transaction(signature)
    assert (await client.get_balance(address)).value == 3 * SOL


async def test_an_airdrop_the_faucet_cannot_pay(rpc: Rpc) -> None:
    error = await rpc.error("requestAirdrop", str(Pubkey.new_unique()), 2**63)
    assert error["code"] == -32603
    assert error["message"] == "airdrop request failed: the faucet holds less"
    error = await rpc.error("requestAirdrop", str(Pubkey.new_unique()), 1)
    assert "insufficient funds for rent" in error["message"]


async def test_account_info_in_every_encoding(net: Localnet, rpc: Rpc) -> None:
    address, owner = Pubkey.new_unique(), Pubkey.new_unique()
    data = bytes(range(100))
    net.ledger.set_account(address, Account(SOL, data, owner))

    async def read(**config: Any) -> Any:
        answer = await rpc.result("getAccountInfo", str(address), config)
        assert answer["context"]["slot"] == net.ledger.slot
        assert answer["value"]["owner"] == str(owner)
        assert answer["value"]["space"] == 100
        return answer["value"]["data"]

    assert await read() == base58.encode(data)
    assert await read(encoding="base58") == [base58.encode(data), "base58"]
    assert await read(encoding="base64") == [base64.b64encode(data).decode(), "base64"]
    assert await read(encoding="jsonParsed") == [base64.b64encode(data).decode(), "base64"]
    text, name = await read(encoding="base64+zstd")
    assert name == "base64+zstd"
    assert zstandard.decompress(base64.b64decode(text)) == data
    sliced = await read(encoding="base64", dataSlice={"offset": 10, "length": 5})
    assert base64.b64decode(sliced[0]) == data[10:15]
    assert (await read(encoding="base64", dataSlice={"offset": 200, "length": 5}))[0] == ""
    assert (await rpc.result("getAccountInfo", str(Pubkey.new_unique())))["value"] is None


async def test_base58_is_for_small_accounts(net: Localnet, rpc: Rpc) -> None:
    address = Pubkey.new_unique()
    net.ledger.set_account(address, Account(SOL, bytes(129), Pubkey.new_unique()))
    error = await rpc.error("getAccountInfo", str(address))
    assert error["code"] == -32600
    assert "128 bytes" in error["message"]
    sliced = {"encoding": "base58", "dataSlice": {"offset": 0, "length": 2}}
    assert (await rpc.result("getAccountInfo", str(address), sliced))["value"]["data"] == ["11", "base58"]


async def test_solana_py_reads_accounts(net: Localnet, client: AsyncClient) -> None:
    address, owner = Pubkey.new_unique(), Pubkey.new_unique()
    net.ledger.set_account(address, Account(SOL, b"secret", owner))
    account = (await client.get_account_info(address, data_slice=DataSliceOpts(offset=1, length=3))).value
    assert account is not None
    assert account.data == b"ecr"
    several = (await client.get_multiple_accounts([address, Pubkey.new_unique(), address])).value
    assert [None if entry is None else entry.data for entry in several] == [b"secret", None, b"secret"]
    rent = (await client.get_minimum_balance_for_rent_exemption(165)).value
    assert rent == net.ledger.svm.minimum_balance_for_rent_exemption(165)


async def test_program_accounts_with_filters(net: Localnet, client: AsyncClient, rpc: Rpc) -> None:
    owner = Pubkey.new_unique()
    addresses = sorted((Pubkey.new_unique() for _ in range(4)), key=bytes)
    for index, address in enumerate(addresses):
        net.ledger.set_account(address, Account(SOL, bytes([index, 7]) + bytes(index), owner))
    found = (await client.get_program_accounts(owner)).value
    assert [keyed.pubkey for keyed in found] == addresses
    found = (await client.get_program_accounts(owner, filters=[4])).value
    assert [keyed.pubkey for keyed in found] == [addresses[2]]
    memcmp = MemcmpOpts(offset=0, bytes=base58.encode(bytes([3, 7])))
    found = (await client.get_program_accounts(owner, encoding="base64", filters=[memcmp])).value
    assert [keyed.pubkey for keyed in found] == [addresses[3]]
    wrapped = await rpc.result("getProgramAccounts", str(owner), {"withContext": True, "encoding": "base64"})
    assert wrapped["context"]["slot"] == net.ledger.slot
    assert len(wrapped["value"]) == 4
    sliced = {"encoding": "base64", "dataSlice": {"offset": 0, "length": 0}}
    assert (await rpc.result("getProgramAccounts", str(owner), sliced))[0]["account"]["data"][0] == ""
    assert (await client.get_program_accounts(Pubkey.new_unique())).value == []


async def test_token_methods(net: Localnet, client: AsyncClient, payer: Keypair) -> None:
    minted = mint_tokens(net.ledger, payer)
    mint_tokens(net.ledger, payer, amount_atoms=9)
    owner = payer.pubkey()
    balance = (await client.get_token_account_balance(minted.holder)).value
    assert (balance.amount, balance.decimals, balance.ui_amount_string) == ("1500000", 6, "1.5")
    assert (await client.get_token_supply(minted.mint)).value.amount == "1500000"
    largest = (await client.get_token_largest_accounts(minted.mint)).value
    assert [(entry.address, entry.amount.amount) for entry in largest] == [(minted.holder, "1500000")]
    by_mint = (await client.get_token_accounts_by_owner(owner, TokenAccountOpts(mint=minted.mint))).value
    assert [keyed.pubkey for keyed in by_mint] == [minted.holder]
    opts = TokenAccountOpts(program_id=TOKEN_PROGRAM_ID)
    parsed: Any = (await client.get_token_accounts_by_owner_json_parsed(owner, opts)).value
    amounts = {keyed.account.data.parsed["info"]["tokenAmount"]["amount"] for keyed in parsed}
    assert amounts == {"1500000", "9"}


async def test_token_accounts_by_delegate(net: Localnet, client: AsyncClient, payer: Keypair) -> None:
    minted = mint_tokens(net.ledger, payer)
    delegate = Pubkey.new_unique()
    params = models.ApproveParams(
        program_id=TOKEN_PROGRAM_ID, source=minted.holder, delegate=delegate, owner=payer.pubkey(), amount=12
    )
    assert net.ledger.send(signed([approve(params)], [payer], net.ledger.latest_blockhash)).err is None
    opts = TokenAccountOpts(mint=minted.mint)
    found: Any = (await client.get_token_accounts_by_delegate_json_parsed(delegate, opts)).value
    assert len(found) == 1
    assert found[0].account.data.parsed["info"]["delegatedAmount"]["amount"] == "12"


async def test_parsed_mints_accounts_and_programs(net: Localnet, rpc: Rpc, payer: Keypair) -> None:
    minted = mint_tokens(net.ledger, payer)
    config = {"encoding": "jsonParsed"}
    mint = (await rpc.result("getAccountInfo", str(minted.mint), config))["value"]["data"]
    assert mint["program"] == "spl-token"
    assert mint["parsed"]["type"] == "mint"
    assert mint["parsed"]["info"]["mintAuthority"] == str(payer.pubkey())
    holder = (await rpc.result("getAccountInfo", str(minted.holder), config))["value"]["data"]["parsed"]
    assert holder["info"]["state"] == "initialized"
    program = (await rpc.result("getAccountInfo", str(TOKEN_PROGRAM_ID), config))["value"]
    assert program["executable"]
    assert program["data"]["parsed"]["type"] == "program"


async def test_token_methods_refuse_what_is_no_token(net: Localnet, rpc: Rpc, payer: Keypair) -> None:
    wallet, nobody = str(payer.pubkey()), str(Pubkey.new_unique())
    minted = mint_tokens(net.ledger, payer)
    cases: list[tuple[str, list[Any], str]] = [
        ("getTokenAccountBalance", [nobody], "could not find account"),
        ("getTokenAccountBalance", [wallet], "not a Token account"),
        ("getTokenAccountBalance", [str(minted.mint)], "not a Token account"),
        ("getTokenSupply", [nobody], "could not find mint"),
        ("getTokenSupply", [str(minted.holder)], "not a Token mint"),
        ("getTokenLargestAccounts", [wallet], "not a Token mint"),
        ("getTokenAccountsByOwner", [wallet, {"programId": nobody}], "unrecognized Token program"),
        ("getTokenAccountsByOwner", [wallet, {}], "exactly one of mint, programId"),
        ("getTokenAccountsByOwner", [wallet, {"mint": nobody}], "could not find mint"),
        ("getTokenAccountsByDelegate", [wallet, "mint"], "filter must be an object"),
    ]
    for method, params, message in cases:
        error = await rpc.error(method, *params)
        assert error["code"] == -32602
        assert message in error["message"]


@pytest.mark.parametrize(
    ("method", "params", "message"),
    [
        ("getAccountInfo", [], "expected from 1 to 2 parameters, got 0"),
        ("getAccountInfo", ["1" * 32, {}, 3], "expected from 1 to 2 parameters, got 3"),
        ("getAccountInfo", [5], "address must be a string, got a number"),
        ("getAccountInfo", [None], "address must be a string, got null"),
        ("getAccountInfo", ["0" * 32], "not base58"),
        ("getAccountInfo", ["111"], "must be 32 bytes in base58, got 3"),
        ("getAccountInfo", ["1" * 45], "at most 44"),
        ("getAccountInfo", ["1" * 32, []], "config must be an object, got an array"),
        ("getAccountInfo", ["1" * 32, {"encoding": "hex"}], "one of binary, base58, base64"),
        ("getAccountInfo", ["1" * 32, {"encoding": True}], "must be a string, got a boolean"),
        ("getAccountInfo", ["1" * 32, {"commitment": "max"}], "one of processed, confirmed, finalized"),
        ("getAccountInfo", ["1" * 32, {"dataSlice": {"offset": 1}}], "must have offset and length"),
        ("getAccountInfo", ["1" * 32, {"dataSlice": {"offset": -1, "length": 1}}], "from 0 to"),
        ("getAccountInfo", ["1" * 32, {"minContextSlot": 1.5}], "must be an integer"),
        ("getMultipleAccounts", [["1" * 32] * 101], "max 100"),
        ("getMultipleAccounts", ["1" * 32], "must be an array"),
        ("getProgramAccounts", ["1" * 32, {"withContext": 1}], "must be a boolean"),
        ("getMinimumBalanceForRentExemption", [10**8], "from 0 to 10485760"),
        ("requestAirdrop", ["1" * 32, -1], "from 0 to"),
        ("requestAirdrop", ["1" * 32, True], "must be an integer, got a boolean"),
    ],
)
async def test_bad_parameters_say_what_is_wrong(
    rpc: Rpc, method: str, params: list[Any], message: str
) -> None:
    error = await rpc.error(method, *params)
    assert error["code"] == -32602
    assert message in error["message"]


async def test_a_slot_to_come_is_not_reached(net: Localnet, rpc: Rpc) -> None:
    error = await rpc.error("getBalance", "1" * 32, {"minContextSlot": net.ledger.slot + 1})
    assert error["code"] == -32016
    assert error["data"] == {"contextSlot": net.ledger.slot}
    assert await rpc.result("getBalance", "1" * 32, {"minContextSlot": net.ledger.slot})
