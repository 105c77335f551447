"""The JSON-RPC methods: every one there is, by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from . import accounts, blocks, cluster, control, tokens, transactions

if TYPE_CHECKING:
    from collections.abc import Callable

    from secant.localnet.node import Node
    from secant.localnet.params import Params


@dataclass(frozen=True, slots=True)
class Method:
    """A method and how many positional parameters it takes."""

    run: Callable[[Node, Params], Any]
    params_min: int
    params_max: int


METHODS: Final[dict[str, Method]] = {
    "getAccountInfo": Method(accounts.get_account_info, 1, 2),
    "getBalance": Method(accounts.get_balance, 1, 2),
    "getMinimumBalanceForRentExemption": Method(accounts.get_minimum_balance_for_rent_exemption, 1, 2),
    "getMultipleAccounts": Method(accounts.get_multiple_accounts, 1, 2),
    "getProgramAccounts": Method(accounts.get_program_accounts, 1, 2),
    "getTokenAccountBalance": Method(tokens.get_token_account_balance, 1, 2),
    "getTokenAccountsByDelegate": Method(tokens.get_token_accounts_by_delegate, 2, 3),
    "getTokenAccountsByOwner": Method(tokens.get_token_accounts_by_owner, 2, 3),
    "getTokenLargestAccounts": Method(tokens.get_token_largest_accounts, 1, 2),
    "getTokenSupply": Method(tokens.get_token_supply, 1, 2),
    "getFeeForMessage": Method(transactions.get_fee_for_message, 1, 2),
    "getRecentPrioritizationFees": Method(transactions.get_recent_prioritization_fees, 0, 1),
    "getSignatureStatuses": Method(transactions.get_signature_statuses, 1, 2),
    "getSignaturesForAddress": Method(transactions.get_signatures_for_address, 1, 2),
    "getTransaction": Method(transactions.get_transaction, 1, 2),
    "getTransactionCount": Method(transactions.get_transaction_count, 0, 1),
    "requestAirdrop": Method(transactions.request_airdrop, 2, 3),
    "sendTransaction": Method(transactions.send_transaction, 1, 2),
    "simulateTransaction": Method(transactions.simulate_transaction, 1, 2),
    "getBlock": Method(blocks.get_block, 1, 2),
    "getBlockHeight": Method(blocks.get_block_height, 0, 1),
    "getBlockTime": Method(blocks.get_block_time, 1, 1),
    "getBlocks": Method(blocks.get_blocks, 1, 3),
    "getFirstAvailableBlock": Method(blocks.get_first_available_block, 0, 0),
    "getLatestBlockhash": Method(blocks.get_latest_blockhash, 0, 1),
    "getSlot": Method(blocks.get_slot, 0, 1),
    "isBlockhashValid": Method(blocks.is_blockhash_valid, 1, 2),
    "minimumLedgerSlot": Method(blocks.minimum_ledger_slot, 0, 0),
    "getClusterNodes": Method(cluster.get_cluster_nodes, 0, 0),
    "getEpochInfo": Method(cluster.get_epoch_info, 0, 1),
    "getEpochSchedule": Method(cluster.get_epoch_schedule, 0, 0),
    "getGenesisHash": Method(cluster.get_genesis_hash, 0, 0),
    "getHealth": Method(cluster.get_health, 0, 0),
    "getIdentity": Method(cluster.get_identity, 0, 0),
    "getLeaderSchedule": Method(cluster.get_leader_schedule, 0, 2),
    "getSlotLeader": Method(cluster.get_slot_leader, 0, 1),
    "getSupply": Method(cluster.get_supply, 0, 1),
    "getVersion": Method(cluster.get_version, 0, 0),
    "getVoteAccounts": Method(cluster.get_vote_accounts, 0, 1),
    "localnet_addProgram": Method(control.add_program, 2, 2),
    "localnet_getClock": Method(control.get_clock, 0, 0),
    "localnet_runClock": Method(control.run_clock, 0, 0),
    "localnet_setAccount": Method(control.set_account, 1, 1),
    "localnet_setClock": Method(control.set_clock, 1, 1),
    "localnet_setSlot": Method(control.set_slot, 1, 1),
    "localnet_warpSlots": Method(control.warp_slots, 1, 1),
}
