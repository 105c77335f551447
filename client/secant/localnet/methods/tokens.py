"""Methods that read SPL token accounts and mints, of both token programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from secant.localnet.account_encoding import read_encoding
from secant.localnet.errors import invalid_params
from secant.localnet.params import Config, Params, read_object, read_pubkey
from secant.localnet.token_accounts import (
    TOKEN_PROGRAMS,
    Mint,
    TokenAccount,
    parse_mint,
    parse_token_account,
    token_amount_json,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from solders.account import Account
    from solders.pubkey import Pubkey

    from secant.localnet.node import Node

LARGEST_COUNT: Final = 20


def _token_account(node: Node, address: Pubkey) -> TokenAccount:
    account = node.ledger.account(address)
    if account is None:
        raise invalid_params("could not find account")
    token = parse_token_account(account.data) if account.owner in TOKEN_PROGRAMS else None
    if token is None:
        raise invalid_params("not a Token account")
    return token


def _mint(node: Node, address: Pubkey) -> tuple[Mint, Pubkey]:
    account = node.ledger.account(address)
    if account is None:
        raise invalid_params("could not find mint")
    mint = parse_mint(account.data) if account.owner in TOKEN_PROGRAMS else None
    if mint is None:
        raise invalid_params("not a Token mint")
    return mint, account.owner


def _token_accounts(node: Node, programs: list[Pubkey]) -> Iterator[tuple[Pubkey, Account, TokenAccount]]:
    for program_id in programs:
        for address, account in node.ledger.program_accounts(program_id):
            token = parse_token_account(account.data)
            if token is not None:
                yield address, account, token


def get_token_account_balance(node: Node, params: Params) -> Any:
    """``getTokenAccountBalance``: the amount a token account holds."""
    address = params.pubkey(0)
    params.config(1)
    token = _token_account(node, address)
    mint, _ = _mint(node, token.mint)
    return node.with_context(token_amount_json(token.amount_atoms, mint.decimals))


def get_token_supply(node: Node, params: Params) -> Any:
    """``getTokenSupply``: the supply of a mint."""
    address = params.pubkey(0, "mint")
    params.config(1)
    mint, _ = _mint(node, address)
    return node.with_context(token_amount_json(mint.supply_atoms, mint.decimals))


def get_token_largest_accounts(node: Node, params: Params) -> Any:
    """``getTokenLargestAccounts``: the 20 largest holders of a mint."""
    address = params.pubkey(0, "mint")
    params.config(1)
    mint, program_id = _mint(node, address)
    held = [
        (token.amount_atoms, holder)
        for holder, _, token in _token_accounts(node, [program_id])
        if token.mint == address
    ]
    held.sort(key=lambda pair: -pair[0])
    return node.with_context(
        [
            {"address": str(holder)} | token_amount_json(amount_atoms, mint.decimals)
            for amount_atoms, holder in held[:LARGEST_COUNT]
        ]
    )


def _read_programs(node: Node, params: Params) -> tuple[list[Pubkey], Pubkey | None]:
    """Read ``{mint}`` or ``{programId}``: the programs to scan, and the mint to keep."""
    choice = Config(read_object(params.get(1), "filter"), "filter")
    if (choice.get("mint") is None) == (choice.get("programId") is None):
        raise invalid_params("the second parameter must have exactly one of mint, programId")
    if choice.get("mint") is not None:
        mint = read_pubkey(choice.get("mint"), "mint")
        _, program_id = _mint(node, mint)
        return [program_id], mint
    program_id = read_pubkey(choice.get("programId"), "programId")
    if program_id not in TOKEN_PROGRAMS:
        raise invalid_params("unrecognized Token program id")
    return [program_id], None


def _find(node: Node, params: Params, keep: Callable[[TokenAccount], bool]) -> Any:
    config = params.config(2)
    encoding = read_encoding(config)
    node.check_min_context_slot(config)
    programs, mint = _read_programs(node, params)
    return node.with_context(
        [
            {"pubkey": str(address), "account": node.account_json(account, encoding)}
            for address, account, token in _token_accounts(node, programs)
            if keep(token) and (mint is None or token.mint == mint)
        ]
    )


def get_token_accounts_by_owner(node: Node, params: Params) -> Any:
    """``getTokenAccountsByOwner``: an owner's token accounts, of a mint or of a token program."""
    owner = params.pubkey(0, "owner")
    return _find(node, params, lambda token: token.owner == owner)


def get_token_accounts_by_delegate(node: Node, params: Params) -> Any:
    """``getTokenAccountsByDelegate``: the token accounts a delegate may spend from."""
    delegate = params.pubkey(0, "delegate")
    return _find(node, params, lambda token: token.delegate == delegate)
