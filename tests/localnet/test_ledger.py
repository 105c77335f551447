from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from solders.account import Account
from solders.hash import Hash
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.message import Message
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.system_program import ID as SYSTEM_PROGRAM_ID
from solders.system_program import advance_nonce_account, create_nonce_account
from solders.transaction import Transaction, VersionedTransaction
from solders.transaction_status import TransactionErrorFieldless
from spl.memo.constants import MEMO_PROGRAM_ID

from secant.localnet import Ledger, LocalnetError

from .network import SOL, funded_keypair, mint_tokens, signed, signed_transfer, transfer_instruction

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def payer(ledger: Ledger) -> Keypair:
    return funded_keypair(ledger)


def test_each_landed_transaction_has_its_own_slot_and_blockhash(ledger: Ledger, payer: Keypair) -> None:
    dest = Pubkey.new_unique()
    slots, hashes = [], []
    for lamports in (SOL, 2 * SOL):
        hashes.append(ledger.latest_blockhash)
        outcome = ledger.send(signed_transfer(ledger, payer, dest, lamports))
        assert outcome.landed
        assert outcome.fee_lamports == 5000
        slots.append(outcome.slot)
    assert slots[1] == slots[0] + 1
    assert ledger.slot == slots[1] + 1
    assert hashes[0] != hashes[1]
    account = ledger.account(dest)
    assert account is not None
    assert account.lamports == 3 * SOL


def test_legacy_and_versioned_objects_are_both_taken(ledger: Ledger, payer: Keypair) -> None:
    instruction = transfer_instruction(payer.pubkey(), Pubkey.new_unique(), SOL)
    message = Message.new_with_blockhash([instruction], payer.pubkey(), ledger.latest_blockhash)
    outcome = ledger.send(Transaction([payer], message, ledger.latest_blockhash))
    record = ledger.history.get(outcome.signature)
    assert record is not None
    assert isinstance(record.transaction, VersionedTransaction)


def test_a_blockhash_is_good_for_150_blocks_and_no_longer(ledger: Ledger, payer: Keypair) -> None:
    early = signed_transfer(ledger, payer, Pubkey.new_unique(), SOL)
    late = signed_transfer(ledger, payer, Pubkey.new_unique(), SOL)
    blockhash = ledger.latest_blockhash
    assert ledger.last_valid_block_height(blockhash) == ledger.latest_last_valid_block_height
    for _ in range(149):
        ledger.advance_slot()
    assert ledger.send(early).err is None
    assert ledger.last_valid_block_height(blockhash) == ledger.block_height
    ledger.advance_slot()
    assert ledger.last_valid_block_height(blockhash) is None
    outcome = ledger.send(late)
    assert outcome.err == TransactionErrorFieldless.BlockhashNotFound
    assert not outcome.landed


def test_warping_expires_blockhashes_as_if_every_slot_had_a_block(ledger: Ledger) -> None:
    blockhash = ledger.latest_blockhash
    ledger.advance_slot(151)
    assert ledger.last_valid_block_height(blockhash) is None
    assert ledger.last_valid_block_height(ledger.latest_blockhash) == ledger.block_height + 150


def test_an_unknown_blockhash_is_refused_without_a_fee(ledger: Ledger, payer: Keypair) -> None:
    before = ledger.svm.get_balance(payer.pubkey())
    slot = ledger.slot
    instruction = transfer_instruction(payer.pubkey(), Pubkey.new_unique(), SOL)
    outcome = ledger.send(signed([instruction], [payer], Hash.new_unique()))
    assert outcome.err == TransactionErrorFieldless.BlockhashNotFound
    assert (outcome.fee_lamports, outcome.logs, outcome.return_data, outcome.compute_units) == (0, [], b"", 0)
    assert ledger.svm.get_balance(payer.pubkey()) == before
    assert ledger.slot == slot


def test_the_same_transaction_lands_once(ledger: Ledger, payer: Keypair) -> None:
    dest = Pubkey.new_unique()
    transaction = signed_transfer(ledger, payer, dest, SOL)
    assert ledger.send(transaction).err is None
    again = ledger.send(transaction)
    assert again.err == TransactionErrorFieldless.AlreadyProcessed
    assert not again.landed
    assert ledger.simulate(transaction).outcome.err == TransactionErrorFieldless.AlreadyProcessed
    assert ledger.svm.get_balance(dest) == SOL


def test_a_failed_transaction_lands_and_pays_its_fee(ledger: Ledger, payer: Keypair) -> None:
    before = ledger.svm.get_balance(payer.pubkey())
    assert before is not None
    outcome = ledger.send(signed_transfer(ledger, payer, Pubkey.new_unique(), 10**6 * SOL))
    assert outcome.err is not None
    assert outcome.landed
    assert any("insufficient lamports" in line for line in outcome.logs)
    assert ledger.svm.get_balance(payer.pubkey()) == before - 5000
    assert ledger.history.get(outcome.signature) is not None


@pytest.mark.parametrize("fault", ["signature", "payer"])
def test_what_a_cluster_drops_leaves_no_trace(ledger: Ledger, payer: Keypair, fault: str) -> None:
    count = ledger.transaction_count
    if fault == "signature":
        good = signed_transfer(ledger, payer, Pubkey.new_unique(), SOL)
        outcome = ledger.send(VersionedTransaction.populate(good.message, [Signature.new_unique()]))
        assert outcome.err == TransactionErrorFieldless.SignatureFailure
    else:
        outcome = ledger.send(signed_transfer(ledger, Keypair(), Pubkey.new_unique(), SOL))
        assert outcome.err == TransactionErrorFieldless.AccountNotFound
    assert not outcome.landed
    assert ledger.transaction_count == count
    assert ledger.history.get(outcome.signature) is None


def test_simulation_keeps_nothing(ledger: Ledger, payer: Keypair) -> None:
    dest = Pubkey.new_unique()
    transaction = signed_transfer(ledger, payer, dest, SOL)
    simulation = ledger.simulate(transaction)
    assert simulation.outcome.err is None
    assert simulation.post_accounts is not None
    assert simulation.post_accounts[dest].lamports == SOL
    assert ledger.account(dest) is None
    assert ledger.send(transaction).err is None


def test_simulation_can_do_without_signature_and_blockhash(ledger: Ledger, payer: Keypair) -> None:
    instruction = transfer_instruction(payer.pubkey(), Pubkey.new_unique(), SOL)
    message = Message.new_with_blockhash([instruction], payer.pubkey(), Hash.new_unique())
    unsigned = VersionedTransaction.populate(message, [Signature.default()])
    assert ledger.simulate(unsigned).outcome.err == TransactionErrorFieldless.BlockhashNotFound
    assert ledger.simulate(unsigned, sig_verify=False, replace_blockhash=True).outcome.err is None
    refused = ledger.simulate(unsigned, replace_blockhash=True)
    assert refused.outcome.err == TransactionErrorFieldless.SignatureFailure


def test_the_clock_follows_the_wall_clock_until_driven(ledger: Ledger, payer: Keypair) -> None:
    before = int(time.time())
    ledger.send(signed_transfer(ledger, payer, Pubkey.new_unique(), SOL))
    assert before <= ledger.svm.get_clock().unix_timestamp <= int(time.time())
    assert not ledger.is_clock_driven
    ledger.set_unix_timestamp(1_730_000_000)
    assert ledger.svm.get_clock().unix_timestamp == 1_730_000_000
    outcome = ledger.send(signed_transfer(ledger, payer, Pubkey.new_unique(), SOL))
    record = ledger.history.get(outcome.signature)
    assert record is not None
    assert record.block_time == 1_730_000_000
    assert ledger.svm.get_clock().unix_timestamp == 1_730_000_000
    ledger.set_unix_timestamp(5)
    assert ledger.unix_timestamp == 5
    ledger.run_clock()
    assert ledger.svm.get_clock().unix_timestamp >= before


def test_a_clock_set_ahead_runs_on_and_never_back(ledger: Ledger, payer: Keypair) -> None:
    ahead = int(time.time()) + 86_400
    ledger.set_unix_timestamp(ahead)
    ledger.run_clock()
    assert not ledger.is_clock_driven
    assert ahead <= ledger.unix_timestamp <= ahead + 60
    ledger.run_clock()  # a clock that runs goes on as it does
    assert ahead <= ledger.unix_timestamp <= ahead + 60
    ledger.send(signed_transfer(ledger, payer, Pubkey.new_unique(), SOL))
    assert ahead <= ledger.svm.get_clock().unix_timestamp
    ledger.set_unix_timestamp(5)
    ledger.run_clock()
    assert ledger.unix_timestamp <= int(time.time())
    ledger.set_unix_timestamp(2**63 - 1)
    ledger.run_clock()
    assert ledger.svm.get_clock().unix_timestamp == 2**63 - 1


@pytest.mark.parametrize("moment", [-1, 2**63])
def test_a_clock_out_of_range_is_refused(ledger: Ledger, moment: int) -> None:
    with pytest.raises(LocalnetError, match="unix_timestamp must be from 0"):
        ledger.set_unix_timestamp(moment)


def test_slots_only_advance(ledger: Ledger) -> None:
    ledger.warp_to_slot(ledger.slot + 10)
    clock = ledger.svm.get_clock()
    assert clock.slot == ledger.slot
    assert clock.epoch == ledger.epoch()
    with pytest.raises(LocalnetError, match="after the present one"):
        ledger.warp_to_slot(ledger.slot)
    for slots in (0, -1, 2**53):
        with pytest.raises(LocalnetError, match="must be positive"):
            ledger.advance_slot(slots)


def test_history_keeps_the_newest_and_forgets_the_rest() -> None:
    ledger = Ledger(history_limit=3)
    payer = funded_keypair(ledger)
    dest = Pubkey.new_unique()
    sent = [ledger.send(signed_transfer(ledger, payer, dest, SOL + i)) for i in range(6)]
    kept = [record.outcome.signature for record in ledger.history.newest_first(payer.pubkey())]
    assert kept == [outcome.signature for outcome in reversed(sent[3:])]
    assert ledger.history.get(sent[2].signature) is None
    assert ledger.history.first_slot() == sent[3].slot
    assert ledger.history.block(sent[2].slot) is None
    assert list(ledger.history.newest_first(ledger.faucet.pubkey())) == []
    assert ledger.transaction_count == 7


def test_no_history_keeps_nothing_but_still_refuses_repeats() -> None:
    ledger = Ledger(history_limit=0)
    payer = funded_keypair(ledger)
    transaction = signed_transfer(ledger, payer, Pubkey.new_unique(), SOL)
    outcome = ledger.send(transaction)
    assert outcome.landed
    assert ledger.history.get(outcome.signature) is None
    assert ledger.send(transaction).err == TransactionErrorFieldless.AlreadyProcessed
    with pytest.raises(LocalnetError, match="history_limit"):
        Ledger(history_limit=-1)


def test_timed_slots_hold_many_transactions() -> None:
    ledger = Ledger(slot_per_transaction=False)
    payer = funded_keypair(ledger)
    dest = Pubkey.new_unique()
    slot = ledger.slot
    sent = [ledger.send(signed_transfer(ledger, payer, dest, SOL + i)) for i in range(3)]
    assert {outcome.slot for outcome in sent} == {slot}
    ledger.advance_slot()
    block = ledger.history.block(slot)
    assert block is not None
    assert block.signatures[-3:] == [outcome.signature for outcome in sent]


@pytest.mark.parametrize("slot_per_transaction", [True, False])
def test_equal_airdrops_are_different_transactions(*, slot_per_transaction: bool) -> None:
    ledger = Ledger(slot_per_transaction=slot_per_transaction)
    address = Pubkey.new_unique()
    outcomes = [ledger.airdrop(address, SOL) for _ in range(3)]
    assert len({outcome.signature for outcome in outcomes}) == 3
    assert ledger.svm.get_balance(address) == 3 * SOL


def test_written_accounts_are_there(ledger: Ledger) -> None:
    address, owner = Pubkey.new_unique(), Pubkey.new_unique()
    ledger.set_account(address, Account(SOL, b"abc", owner))
    assert [pair[0] for pair in ledger.program_accounts(owner)] == [address]
    ledger.set_account(address, Account(0, b"", SYSTEM_PROGRAM_ID))
    assert ledger.account(address) is None
    assert ledger.program_accounts(owner) == []


def test_a_program_that_is_none_is_refused(ledger: Ledger, tmp_path: Path) -> None:
    with pytest.raises(LocalnetError, match="was refused"):
        ledger.add_program(Pubkey.new_unique(), b"no elf")
    with pytest.raises(LocalnetError, match="was refused"):
        ledger.add_program(Pubkey.new_unique(), tmp_path / "absent.so")


def test_a_program_is_deployed(ledger: Ledger, payer: Keypair, tmp_path: Path) -> None:
    elf = ledger.svm.get_account(MEMO_PROGRAM_ID)
    assert elf is not None
    path = tmp_path / "memo.so"
    path.write_bytes(elf.data)
    for content in (elf.data, path):
        program_id = Pubkey.new_unique()
        ledger.add_program(program_id, content)
        memo = Instruction(program_id, b"here", [])
        outcome = ledger.send(signed([memo], [payer], ledger.latest_blockhash))
        assert outcome.err is None
        assert any("here" in line for line in outcome.logs)


def test_a_durable_nonce_stands_for_a_blockhash(ledger: Ledger, payer: Keypair) -> None:
    nonce, dest, owner = Keypair(), Pubkey.new_unique(), payer.pubkey()
    rent = ledger.svm.minimum_balance_for_rent_exemption(80)
    create = create_nonce_account(owner, nonce.pubkey(), owner, rent)
    assert ledger.send(signed(create, [payer, nonce], ledger.latest_blockhash)).err is None
    advance = advance_nonce_account({"nonce_pubkey": nonce.pubkey(), "authorized_pubkey": owner})
    for round_count in (1, 2):
        ledger.advance_slot(200)
        account = ledger.account(nonce.pubkey())
        assert account is not None
        pay = transfer_instruction(owner, dest, SOL)
        transaction = signed([advance, pay], [payer], Hash.from_bytes(account.data[40:72]))
        assert ledger.send(transaction).err is None
        assert ledger.send(transaction).err == TransactionErrorFieldless.BlockhashNotFound
        assert ledger.svm.get_balance(dest) == round_count * SOL
    elsewhere = advance_nonce_account({"nonce_pubkey": dest, "authorized_pubkey": owner})
    outcome = ledger.send(signed([elsewhere], [payer], Hash.new_unique()))
    assert outcome.err == TransactionErrorFieldless.BlockhashNotFound


def test_token_balances_are_remembered(ledger: Ledger, payer: Keypair) -> None:
    minted = mint_tokens(ledger, payer)
    record = next(ledger.history.newest_first(minted.holder))
    assert record.pre.tokens == ()
    (balance,) = record.post.tokens
    assert record.account_keys[balance.account_index] == minted.holder
    assert (balance.amount_atoms, balance.decimals) == (minted.amount_atoms, minted.decimals)
    assert (balance.mint, balance.owner) == (minted.mint, payer.pubkey())
    assert ledger.mint_decimals(minted.mint) == minted.decimals
    assert ledger.mint_decimals(minted.holder) is None
    assert ledger.mint_decimals(payer.pubkey()) is None
    total = sum(record.pre.lamports) - record.outcome.fee_lamports
    assert sum(record.post.lamports) == total


def test_a_ledger_starts_the_same_each_time() -> None:
    first, second = Ledger(), Ledger()
    assert first.genesis_hash == second.genesis_hash
    assert first.slot == second.slot
    first.advance_slot()
    second.advance_slot()
    assert first.latest_blockhash == second.latest_blockhash
