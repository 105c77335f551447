"""Methods that send, simulate and find transactions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from solders.message import from_bytes_versioned
from solders.signature import Signature
from solders.transaction import VersionedTransaction

from secant.localnet.account_encoding import ENCODINGS as ACCOUNT_ENCODINGS
from secant.localnet.account_encoding import AccountEncoding
from secant.localnet.errors import (
    INTERNAL_ERROR,
    SEND_TRANSACTION_PREFLIGHT_FAILURE,
    TRANSACTION_SIGNATURE_VERIFICATION_FAILURE,
    RpcError,
    invalid_params,
    transaction_error_json,
    transaction_error_message,
)
from secant.localnet.params import (
    COMMITMENTS,
    Config,
    Params,
    read_array,
    read_pubkey,
    read_signature,
)
from secant.localnet.transaction_encoding import (
    ENCODINGS,
    inner_instructions_json,
    read_transaction,
    read_wire_bytes,
    return_data_json,
    status_json,
    transaction_json,
)
from secant.localnet.transaction_keys import resolve_keys

if TYPE_CHECKING:
    from solders.pubkey import Pubkey

    from secant.localnet.history import Record
    from secant.localnet.node import Node
    from secant.localnet.outcome import Simulation

WIRE_ENCODINGS: Final = ("base58", "base64")
SIGNATURES_MAX: Final = 256
SIGNATURES_FOR_ADDRESS_MAX: Final = 1000
PRIORITIZATION_ACCOUNTS_MAX: Final = 128


def _simulation_json(simulation: Simulation) -> dict[str, Any]:
    outcome = simulation.outcome
    sizes = (
        None
        if simulation.post_accounts is None
        else sum(len(account.data) for account in simulation.post_accounts.values())
    )
    return {
        "accounts": None,
        "err": transaction_error_json(outcome.err),
        "innerInstructions": None,
        "loadedAccountsDataSize": sizes,
        "logs": outcome.logs,
        "replacementBlockhash": None,
        "returnData": return_data_json(outcome.meta),
        "unitsConsumed": outcome.compute_units,
    }


def _check_preflight(node: Node, transaction: VersionedTransaction) -> None:
    if not all(transaction.verify_with_results()):
        raise RpcError(
            TRANSACTION_SIGNATURE_VERIFICATION_FAILURE, "Transaction signature verification failure"
        )
    simulation = node.ledger.simulate(transaction)
    err = simulation.outcome.err
    if err is not None:
        raise RpcError(
            SEND_TRANSACTION_PREFLIGHT_FAILURE,
            f"Transaction simulation failed: {transaction_error_message(err)}",
            _simulation_json(simulation),
        )


def send_transaction(node: Node, params: Params) -> Any:
    """``sendTransaction``: run it now, and answer with its signature.

    With skipPreflight the signature is the answer whatever becomes of the transaction, as on a cluster.
    """
    config = params.config(1)
    encoding = config.choice("encoding", WIRE_ENCODINGS, "base58")
    config.choice("preflightCommitment", COMMITMENTS, "finalized")
    config.integer("maxRetries")
    skips_preflight = config.boolean("skipPreflight")
    node.check_min_context_slot(config)
    transaction = read_transaction(params.text(0, "transaction"), encoding)
    if not skips_preflight:
        _check_preflight(node, transaction)
    node.ledger.send(transaction)
    return str(transaction.signatures[0])


def _simulated_accounts(node: Node, simulation: Simulation, section: Config) -> list[dict[str, Any] | None]:
    encoding = section.choice("encoding", ACCOUNT_ENCODINGS, "base64")
    if encoding in {"binary", "base58"}:
        raise invalid_params("config.accounts.encoding must be one of base64, base64+zstd, jsonParsed")
    entries = read_array(section.get("addresses"), "accounts.addresses", 100)
    addresses = [read_pubkey(entry, "accounts.addresses") for entry in entries]
    posts = simulation.post_accounts
    if posts is None:
        return [None] * len(addresses)
    wires = []
    for address in addresses:
        account = posts.get(address) or node.ledger.account(address)
        kept = None if account is None or account.lamports == 0 else account
        wires.append(node.account_json(kept, AccountEncoding(encoding)))
    return wires


def simulate_transaction(node: Node, params: Params) -> Any:
    """``simulateTransaction``: run it, keep nothing, and tell everything."""
    config = params.config(1)
    encoding = config.choice("encoding", WIRE_ENCODINGS, "base58")
    sig_verify = config.boolean("sigVerify")
    replaces = config.boolean("replaceRecentBlockhash")
    if sig_verify and replaces:
        raise invalid_params("sigVerify may not be used with replaceRecentBlockhash")
    wants_inner = config.boolean("innerInstructions")
    node.check_min_context_slot(config)
    transaction = read_transaction(params.text(0, "transaction"), encoding)
    if sig_verify and not all(transaction.verify_with_results()):
        raise RpcError(
            TRANSACTION_SIGNATURE_VERIFICATION_FAILURE, "Transaction signature verification failure"
        )
    ledger = node.ledger
    simulation = ledger.simulate(transaction, sig_verify=sig_verify, replace_blockhash=replaces)
    wire = _simulation_json(simulation)
    section = config.section("accounts")
    if section is not None:
        wire["accounts"] = _simulated_accounts(node, simulation, section)
    meta = simulation.outcome.meta
    if wants_inner and meta is not None:
        keys = resolve_keys(transaction.message, ledger.account_data).keys
        wire["innerInstructions"] = inner_instructions_json(meta, keys, parsed=True)
    if replaces:
        wire["replacementBlockhash"] = {
            "blockhash": str(ledger.latest_blockhash),
            "lastValidBlockHeight": ledger.latest_last_valid_block_height,
        }
    return node.with_context(wire)


def get_fee_for_message(node: Node, params: Params) -> Any:
    """``getFeeForMessage``: lamports a message would cost, null when its blockhash is not good."""
    data = read_wire_bytes(params.text(0, "message"), "base64", "message")
    node.check_min_context_slot(params.config(1))
    try:
        message = from_bytes_versioned(data)
        transaction = VersionedTransaction.populate(
            message, [Signature.default()] * message.header.num_required_signatures
        )
        transaction.sanitize()
    except Exception as error:  # ValueError, or solders' SanitizeError, which it does not export
        raise invalid_params(f"failed to deserialize the message: {error}") from error
    if node.ledger.last_valid_block_height(message.recent_blockhash) is None:
        return node.with_context(None)
    meta = node.ledger.simulate(transaction, sig_verify=False, replace_blockhash=True).outcome.meta
    return node.with_context(None if meta is None else meta.fee())


def get_recent_prioritization_fees(node: Node, params: Params) -> Any:
    """``getRecentPrioritizationFees``: always 0; nobody competes for a localnet's blocks."""
    if params.get(0) is not None:
        for entry in params.array(0, "addresses", PRIORITIZATION_ACCOUNTS_MAX):
            read_pubkey(entry, "address")
    return [{"prioritizationFee": 0, "slot": node.ledger.slot}]


def _signature_status(record: Record | None) -> dict[str, Any] | None:
    if record is None:
        return None
    err = transaction_error_json(record.outcome.err)
    return {
        "confirmationStatus": "finalized",
        "confirmations": None,
        "err": err,
        "slot": record.outcome.slot,
        "status": status_json(err),
    }


def get_signature_statuses(node: Node, params: Params) -> Any:
    """``getSignatureStatuses``: statuses or nulls, at most 256; all that is remembered is searched."""
    entries = params.array(0, "signatures", SIGNATURES_MAX)
    signatures = [read_signature(entry, "signature") for entry in entries]
    params.config(1).boolean("searchTransactionHistory")
    history = node.ledger.history
    return node.with_context([_signature_status(history.get(signature)) for signature in signatures])


def get_transaction(node: Node, params: Params) -> Any:
    """``getTransaction``: a landed transaction, or null."""
    signature = read_signature(params.get(0), "signature")
    value = params.get(1)
    config = Config({"encoding": value}) if isinstance(value, str) else params.config(1)
    encoding = config.choice("encoding", ENCODINGS, "json")
    version_max = config.integer("maxSupportedTransactionVersion", 0, 127)
    record = node.ledger.history.get(signature)
    if record is None:
        return None
    times = {"blockTime": record.block_time, "slot": record.outcome.slot}
    return times | transaction_json(record, encoding, version_max)


def _optional_signature(config: Config, key: str) -> Signature | None:
    value = config.get(key)
    return None if value is None else read_signature(value, f"config.{key}")


def get_signatures_for_address(node: Node, params: Params) -> Any:
    """``getSignaturesForAddress``: newest first, after ``before`` and down to ``until``, at most 1000."""
    address, config = params.pubkey(0), params.config(1)
    limit = config.integer("limit", 1, SIGNATURES_FOR_ADDRESS_MAX) or SIGNATURES_FOR_ADDRESS_MAX
    before, until = _optional_signature(config, "before"), _optional_signature(config, "until")
    node.check_min_context_slot(config)
    found: list[dict[str, Any]] = []
    for record in node.ledger.history.newest_first(address):
        signature = record.outcome.signature
        if signature == until or len(found) == limit:
            break
        if before is not None:
            before = None if signature == before else before
            continue
        found.append(
            {
                "blockTime": record.block_time,
                "confirmationStatus": "finalized",
                "err": transaction_error_json(record.outcome.err),
                "memo": None,
                "signature": str(signature),
                "slot": record.outcome.slot,
            }
        )
    return found


def get_transaction_count(node: Node, params: Params) -> Any:
    """``getTransactionCount``: landed transactions."""
    node.check_min_context_slot(params.config(0))
    return node.ledger.transaction_count


def request_airdrop(node: Node, params: Params) -> Any:
    """``requestAirdrop``: lamports from the faucet, by a transaction whose signature is the answer."""
    address: Pubkey = params.pubkey(0)
    lamports = params.integer(1, "lamports")
    params.config(2)
    outcome = node.ledger.airdrop(address, lamports)
    if outcome.err is not None:
        holds = node.ledger.svm.get_balance(node.ledger.faucet.pubkey()) or 0
        reason = "the faucet holds less" if lamports > holds else transaction_error_message(outcome.err)
        raise RpcError(
            INTERNAL_ERROR,
            f"airdrop request failed: {reason}",
            {"err": transaction_error_json(outcome.err), "logs": outcome.logs},
        )
    return str(outcome.signature)
