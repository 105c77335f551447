"""Methods that read accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from secant.localnet.account_encoding import read_encoding, read_filters
from secant.localnet.params import Params, read_pubkey

if TYPE_CHECKING:
    from secant.localnet.node import Node

ACCOUNTS_MAX: Final = 100
ACCOUNT_BYTES_MAX: Final = 10 * 1024 * 1024


def get_account_info(node: Node, params: Params) -> Any:
    """``getAccountInfo``: an account, or null."""
    address, config = params.pubkey(0), params.config(1)
    encoding = read_encoding(config)
    node.check_min_context_slot(config)
    return node.with_context(node.account_json(node.ledger.account(address), encoding))


def get_multiple_accounts(node: Node, params: Params) -> Any:
    """``getMultipleAccounts``: accounts or nulls, in the order asked, at most 100."""
    addresses = [read_pubkey(entry, "address") for entry in params.array(0, "addresses", ACCOUNTS_MAX)]
    config = params.config(1)
    encoding = read_encoding(config, "base64")
    node.check_min_context_slot(config)
    return node.with_context(
        [node.account_json(node.ledger.account(address), encoding) for address in addresses]
    )


def get_program_accounts(node: Node, params: Params) -> Any:
    """``getProgramAccounts``: the accounts a program owns that pass every filter, by address."""
    program_id, config = params.pubkey(0, "programId"), params.config(1)
    encoding = read_encoding(config)
    filters = read_filters(config.get("filters"))
    node.check_min_context_slot(config)
    found = []
    for address, account in node.ledger.program_accounts(program_id):
        if filters:
            data = account.data
            if not all(keep.matches(data) for keep in filters):
                continue
        found.append({"pubkey": str(address), "account": node.account_json(account, encoding)})
    return node.with_context(found) if config.boolean("withContext") else found


def get_balance(node: Node, params: Params) -> Any:
    """``getBalance``: lamports, 0 for no account."""
    address, config = params.pubkey(0), params.config(1)
    node.check_min_context_slot(config)
    return node.with_context(node.ledger.svm.get_balance(address) or 0)


def get_minimum_balance_for_rent_exemption(node: Node, params: Params) -> Any:
    """``getMinimumBalanceForRentExemption``: lamports for an account of so many bytes."""
    size = params.integer(0, "dataLength", 0, ACCOUNT_BYTES_MAX)
    params.config(1)
    return node.ledger.svm.minimum_balance_for_rent_exemption(size)
