from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from solders.account import Account
from solders.pubkey import Pubkey
from solders.token import ID as TOKEN_PROGRAM_ID
from solders.token.state import Mint as SolderMint
from solders.token.state import TokenAccount as SolderTokenAccount
from solders.token.state import TokenAccountState as SolderState
from solders.transaction_status import (
    InstructionErrorCustom,
    InstructionErrorFieldless,
    TransactionErrorDuplicateInstruction,
    TransactionErrorFieldless,
    TransactionErrorInstructionError,
    TransactionErrorInsufficientFundsForRent,
    TransactionErrorProgramExecutionTemporarilyRestricted,
)

from secant.localnet import base58
from secant.localnet.account_encoding import AccountEncoding, DataSize, Memcmp, account_json, read_filters
from secant.localnet.errors import RpcError, transaction_error_json, transaction_error_message
from secant.localnet.token_accounts import (
    native_mint_data,
    parse_mint,
    parse_token_account,
    token_amount_json,
)

pubkeys = st.binary(min_size=32, max_size=32).map(Pubkey.from_bytes)
u64 = st.integers(0, 2**64 - 1)


@given(st.binary(max_size=200))
def test_base58_round_trip(data: bytes) -> None:
    assert base58.decode(base58.encode(data)) == data


@given(pubkeys)
def test_base58_agrees_with_addresses(key: Pubkey) -> None:
    assert base58.encode(bytes(key)) == str(key)


# Vectors of the base58 draft (draft-msporny-base58-03, section 5).
@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"Hello World!", "2NEpo7TZRRrLZSi2U"),
        (
            b"The quick brown fox jumps over the lazy dog.",
            "USm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z",
        ),
        (bytes.fromhex("0000287fb4cd"), "11233QC4"),
    ],
)
def test_base58_vectors(data: bytes, text: str) -> None:
    assert base58.encode(data) == text
    assert base58.decode(text) == data


def test_base58_names_the_bad_character() -> None:
    with pytest.raises(ValueError, match="'0' at 2 is not base58"):
        base58.decode("ab0")


@given(pubkeys, pubkeys, u64, st.none() | pubkeys, st.none() | u64, u64, st.none() | pubkeys, st.booleans())
def test_token_accounts_agree_with_solders(
    mint: Pubkey,
    owner: Pubkey,
    amount: int,
    delegate: Pubkey | None,
    reserve: int | None,
    delegated: int,
    closer: Pubkey | None,
    frozen: bool,  # noqa: FBT001
) -> None:
    state = SolderState.Frozen if frozen else SolderState.Initialized
    data = bytes(SolderTokenAccount(mint, owner, amount, delegate, state, reserve, delegated, closer))
    parsed = parse_token_account(data)
    assert parsed is not None
    assert (parsed.mint, parsed.owner, parsed.amount_atoms) == (mint, owner, amount)
    assert (parsed.delegate, parsed.close_authority) == (delegate, closer)
    assert (parsed.native_reserve_lamports, parsed.delegated_amount_atoms) == (reserve, delegated)
    assert parsed.state == ("frozen" if frozen else "initialized")
    assert parse_mint(data) is None


@given(st.none() | pubkeys, u64, st.integers(0, 255), st.none() | pubkeys)
def test_mints_agree_with_solders(
    authority: Pubkey | None, supply: int, decimals: int, freezer: Pubkey | None
) -> None:
    data = bytes(SolderMint(authority, supply, decimals, is_initialized=True, freeze_authority=freezer))
    parsed = parse_mint(data)
    assert parsed is not None
    assert (parsed.mint_authority, parsed.supply_atoms) == (authority, supply)
    assert (parsed.decimals, parsed.freeze_authority) == (decimals, freezer)
    assert parse_token_account(data) is None


@given(st.binary(max_size=400))
def test_no_bytes_break_the_token_parsers(data: bytes) -> None:
    parse_mint(data)
    parse_token_account(data)


def test_the_native_mint_has_nine_decimals() -> None:
    mint = parse_mint(native_mint_data())
    assert mint is not None
    assert mint.decimals == 9


@pytest.mark.parametrize(
    ("atoms", "decimals", "text"),
    [
        (0, 6, "0"),
        (1_500_000, 6, "1.5"),
        (100, 0, "100"),
        (1, 9, "0.000000001"),
        (2**64 - 1, 0, str(2**64 - 1)),
    ],
)
def test_token_amounts(atoms: int, decimals: int, text: str) -> None:
    wire = token_amount_json(atoms, decimals)
    assert wire["uiAmountString"] == text
    assert wire["amount"] == str(atoms)


def test_filters_match() -> None:
    (memcmp, size) = read_filters([{"memcmp": {"offset": 1, "bytes": base58.encode(b"bc")}}, {"dataSize": 4}])
    assert isinstance(memcmp, Memcmp)
    assert isinstance(size, DataSize)
    assert memcmp.matches(b"abcd")
    assert not memcmp.matches(b"ab")
    assert size.matches(b"abcd")
    assert read_filters([{"memcmp": {"offset": 1, "bytes": "YmM=", "encoding": "base64"}}]) == (memcmp,)
    assert read_filters([{"memcmp": {"offset": 1, "bytes": [98, 99]}}]) == (memcmp,)
    assert read_filters(None) == ()


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ({}, "filters must be an array"),
        ([{"dataSize": 1}] * 5, "max 4"),
        ([{}], "memcmp, dataSize, tokenAccountState"),
        ([{"dataSize": "1"}], "dataSize must be an integer"),
        ([{"memcmp": {"offset": 0, "bytes": "0"}}], "not base58"),
        ([{"memcmp": {"offset": -1, "bytes": "1"}}], "from 0"),
        ([{"memcmp": {"offset": 0, "bytes": "1" * 176}}], "at most 128"),
        ([{"memcmp": {"offset": 0, "bytes": "1" * 129}}], "at most 128"),
        ([{"memcmp": {"offset": 0, "bytes": [256]}}], "from 0 to 255"),
        ([{"memcmp": {"offset": 0, "bytes": "!", "encoding": "base64"}}], "must be base64"),
        ([{"memcmp": {"offset": 0, "bytes": "a", "encoding": "hex"}}], "base58, base64"),
    ],
)
def test_bad_filters_say_what_is_wrong(filters: object, message: str) -> None:
    with pytest.raises(RpcError, match=message) as caught:
        read_filters(filters)
    assert caught.value.code == -32602


def test_parsed_falls_back_to_base64_without_the_mint() -> None:
    data = bytes(
        SolderTokenAccount(
            Pubkey.new_unique(), Pubkey.new_unique(), 5, None, SolderState.Initialized, None, 0, None
        )
    )
    account = Account(1, data, TOKEN_PROGRAM_ID)
    wire = account_json(account, AccountEncoding("jsonParsed"), lambda _mint: None)
    assert wire["data"][1] == "base64"
    wire = account_json(account, AccountEncoding("jsonParsed"), lambda _mint: 1)
    assert wire["data"]["parsed"]["info"]["tokenAmount"]["uiAmountString"] == "0.5"


@pytest.mark.parametrize(
    ("err", "wire", "message"),
    [
        (TransactionErrorFieldless.AlreadyProcessed, "AlreadyProcessed", "already been processed"),
        (TransactionErrorFieldless.AccountInUse, "AccountInUse", "account in use"),
        (
            TransactionErrorInstructionError(2, InstructionErrorCustom(17)),
            {"InstructionError": [2, {"Custom": 17}]},
            "Instruction 2: custom program error: 0x11",
        ),
        (
            TransactionErrorInstructionError(0, InstructionErrorFieldless.InvalidAccountData),
            {"InstructionError": [0, "InvalidAccountData"]},
            "invalid account data",
        ),
        (
            TransactionErrorInstructionError(0, InstructionErrorFieldless.BorshIoError),
            {"InstructionError": [0, "BorshIoError"]},
            "borsh io error",
        ),
        (TransactionErrorDuplicateInstruction(3), {"DuplicateInstruction": 3}, "duplicate instruction"),
        (
            TransactionErrorInsufficientFundsForRent(1),
            {"InsufficientFundsForRent": {"account_index": 1}},
            "insufficient funds for rent",
        ),
        (
            TransactionErrorProgramExecutionTemporarilyRestricted(4),
            {"ProgramExecutionTemporarilyRestricted": {"account_index": 4}},
            "restricted",
        ),
    ],
)
def test_transaction_errors(err: object, wire: object, message: str) -> None:
    assert transaction_error_json(err) == wire  # type: ignore[arg-type]
    assert message in transaction_error_message(err)  # type: ignore[arg-type]
