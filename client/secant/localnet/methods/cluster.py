"""Methods about the cluster, which is one node without stake."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from solders.system_program import ID as SYSTEM_PROGRAM_ID

from secant.localnet.node import API_VERSION

if TYPE_CHECKING:
    from secant.localnet.node import Node
    from secant.localnet.params import Params

FEATURE_SET: Final = 0


def get_version(_node: Node, _params: Params) -> Any:
    """``getVersion``: the version of the interface this follows."""
    return {"feature-set": FEATURE_SET, "solana-core": API_VERSION}


def get_health(_node: Node, _params: Params) -> Any:
    """``getHealth``: always ``ok``."""
    return "ok"


def get_genesis_hash(node: Node, _params: Params) -> Any:
    """``getGenesisHash``: the first blockhash."""
    return str(node.ledger.genesis_hash)


def get_identity(node: Node, _params: Params) -> Any:
    """``getIdentity``: the node's key."""
    return {"identity": str(node.identity)}


def get_cluster_nodes(node: Node, _params: Params) -> Any:
    """``getClusterNodes``: this node."""
    return [
        {
            "featureSet": FEATURE_SET,
            "gossip": None,
            "pubkey": str(node.identity),
            "pubsub": None,
            "rpc": node.rpc_address,
            "shredVersion": 0,
            "tpu": None,
            "version": API_VERSION,
        }
    ]


def get_epoch_schedule(node: Node, _params: Params) -> Any:
    """``getEpochSchedule``: the VM's epoch schedule."""
    schedule = node.ledger.svm.get_epoch_schedule()
    return {
        "firstNormalEpoch": schedule.first_normal_epoch,
        "firstNormalSlot": schedule.first_normal_slot,
        "leaderScheduleSlotOffset": schedule.leader_schedule_slot_offset,
        "slotsPerEpoch": schedule.slots_per_epoch,
        "warmup": schedule.warmup,
    }


def get_epoch_info(node: Node, params: Params) -> Any:
    """``getEpochInfo``: where the present slot stands in its epoch."""
    node.check_min_context_slot(params.config(0))
    ledger = node.ledger
    schedule = ledger.svm.get_epoch_schedule()
    epoch, slot_index = schedule.get_epoch_and_slot_index(ledger.slot)
    return {
        "absoluteSlot": ledger.slot,
        "blockHeight": ledger.block_height,
        "epoch": epoch,
        "slotIndex": slot_index,
        "slotsInEpoch": schedule.get_slots_in_epoch(epoch),
        "transactionCount": ledger.transaction_count,
    }


def get_leader_schedule(_node: Node, _params: Params) -> Any:
    """``getLeaderSchedule``: null; nobody is elected."""
    return None


def get_slot_leader(node: Node, params: Params) -> Any:
    """``getSlotLeader``: this node."""
    node.check_min_context_slot(params.config(0))
    return str(node.identity)


def get_vote_accounts(_node: Node, params: Params) -> Any:
    """``getVoteAccounts``: none."""
    params.config(0)
    return {"current": [], "delinquent": []}


def get_supply(node: Node, params: Params) -> Any:
    """``getSupply``: the lamports of all wallets; the faucet's do not circulate."""
    params.config(0)
    ledger = node.ledger
    total = sum(account.lamports for _, account in ledger.program_accounts(SYSTEM_PROGRAM_ID))
    idle = ledger.svm.get_balance(ledger.faucet.pubkey()) or 0
    return node.with_context(
        {
            "circulating": total - idle,
            "nonCirculating": idle,
            "nonCirculatingAccounts": [str(ledger.faucet.pubkey())],
            "total": total,
        }
    )
