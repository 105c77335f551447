"""Methods about slots, blocks and blockhashes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from secant.localnet.errors import (
    BLOCK_CLEANED_UP,
    BLOCK_NOT_AVAILABLE,
    SLOT_SKIPPED,
    RpcError,
    invalid_params,
)
from secant.localnet.params import Config, Params, read_hash
from secant.localnet.transaction_encoding import ENCODINGS, transaction_json

if TYPE_CHECKING:
    from secant.localnet.history import Block
    from secant.localnet.node import Node

BLOCKS_MAX: Final = 500_000
DETAILS: Final = ("full", "accounts", "signatures", "none")


def get_slot(node: Node, params: Params) -> Any:
    """``getSlot``: the slot being built."""
    node.check_min_context_slot(params.config(0))
    return node.ledger.slot


def get_block_height(node: Node, params: Params) -> Any:
    """``getBlockHeight``: blocks before the slot being built."""
    node.check_min_context_slot(params.config(0))
    return node.ledger.block_height


def get_latest_blockhash(node: Node, params: Params) -> Any:
    """``getLatestBlockhash``: the newest blockhash and the last block height it is good at."""
    node.check_min_context_slot(params.config(0))
    ledger = node.ledger
    return node.with_context(
        {
            "blockhash": str(ledger.latest_blockhash),
            "lastValidBlockHeight": ledger.latest_last_valid_block_height,
        }
    )


def is_blockhash_valid(node: Node, params: Params) -> Any:
    """``isBlockhashValid``: whether a transaction may name the blockhash now."""
    blockhash = read_hash(params.get(0), "blockhash")
    node.check_min_context_slot(params.config(1))
    return node.with_context(node.ledger.last_valid_block_height(blockhash) is not None)


def _first_available(node: Node) -> int:
    first = node.ledger.history.first_slot()
    return node.ledger.first_slot if first is None else first


def get_first_available_block(node: Node, _params: Params) -> Any:
    """``getFirstAvailableBlock``: the oldest slot whose transactions are remembered."""
    return _first_available(node)


def minimum_ledger_slot(node: Node, _params: Params) -> Any:
    """``minimumLedgerSlot``: the same as the first available block."""
    return _first_available(node)


def _block(node: Node, slot: int) -> Block:
    block = node.ledger.history.block(slot)
    if block is not None:
        return block
    if slot >= node.ledger.slot:
        raise RpcError(BLOCK_NOT_AVAILABLE, f"Block not available for slot {slot}")
    first = _first_available(node)
    if slot < first:
        raise RpcError(
            BLOCK_CLEANED_UP,
            f"Block {slot} cleaned up, does not exist on node. First available block: {first}",
        )
    raise RpcError(SLOT_SKIPPED, f"Slot {slot} was skipped, or missing due to ledger jump to recent snapshot")


def get_block_time(node: Node, params: Params) -> Any:
    """``getBlockTime``: Unix seconds of a block; of the slot being built, the present time."""
    slot = params.integer(0, "slot")
    return node.ledger.unix_timestamp if slot == node.ledger.slot else _block(node, slot).time


def get_blocks(node: Node, params: Params) -> Any:
    """``getBlocks``: slots of [start, end] that held transactions, ascending; end defaults to the present."""
    start = params.integer(0, "startSlot")
    second = params.get(1)
    # The end may be left out before the configuration.
    is_config = isinstance(second, dict)
    Params(params.values[1:] if is_config else params.values[2:], 0, 1).config(0)
    end = node.ledger.slot if second is None or is_config else params.integer(1, "endSlot")
    if end - start > BLOCKS_MAX:
        raise invalid_params(f"slot range too large; max {BLOCKS_MAX}")
    return node.ledger.history.slots(start, end)


def _block_transactions(node: Node, block: Block, config: Config, encoding: str) -> list[dict[str, Any]]:
    version_max = config.integer("maxSupportedTransactionVersion", 0, 127)
    wires = []
    for signature in block.signatures:
        record = node.ledger.history.get(signature)
        if record is not None:
            wires.append(transaction_json(record, encoding, version_max))
    return wires


def _accounts_only(wire: dict[str, Any]) -> dict[str, Any]:
    body = wire["transaction"]
    kept = {"signatures": body["signatures"], "accountKeys": body["message"]["accountKeys"]}
    return wire | {"transaction": kept}


def get_block(node: Node, params: Params) -> Any:
    """``getBlock``: a slot that held transactions, in the detail asked."""
    slot = params.integer(0, "slot")
    value = params.get(1)
    config = Config({"encoding": value}) if isinstance(value, str) else params.config(1)
    encoding = config.choice("encoding", ENCODINGS, "json")
    details = config.choice("transactionDetails", DETAILS, "full")
    block = _block(node, slot)
    wire: dict[str, Any] = {
        "blockHeight": block.height,
        "blockTime": block.time,
        "blockhash": str(block.blockhash),
        "parentSlot": block.parent_slot,
        "previousBlockhash": str(block.previous_blockhash),
    }
    if details == "full":
        wire["transactions"] = _block_transactions(node, block, config, encoding)
    elif details == "accounts":
        parsed = _block_transactions(node, block, config, "jsonParsed")
        wire["transactions"] = [_accounts_only(transaction) for transaction in parsed]
    elif details == "signatures":
        wire["signatures"] = [str(signature) for signature in block.signatures]
    if config.get("rewards") is None or config.boolean("rewards"):
        wire["rewards"] = []
    return wire
