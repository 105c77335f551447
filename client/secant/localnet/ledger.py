"""The ledger: a Solana VM in this process, with what a cluster has around it.

One commitment level: a transaction is processed, confirmed and finalized at once. Unless told otherwise every
landed transaction closes its slot, so each has a slot, a block and a blockhash of its own.
"""

from __future__ import annotations

import time
from collections import deque
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from solders.account import Account
from solders.keypair import Keypair
from solders.litesvm import LiteSVM
from solders.message import Message
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.system_program import ID as SYSTEM_PROGRAM_ID
from solders.system_program import TransferParams, transfer
from solders.token import ID as TOKEN_PROGRAM_ID
from solders.transaction import Transaction, VersionedTransaction
from solders.transaction_metadata import (
    FailedTransactionMetadata,
    SimulatedTransactionInfo,
)
from solders.transaction_status import TransactionErrorFieldless

from .blockhashes import BLOCKS_VALID, RecentBlockhashes
from .errors import LocalnetError
from .history import Balances, Block, History, Record, TokenBalance
from .outcome import Outcome, Simulation
from .token_accounts import (
    NATIVE_MINT,
    TOKEN_PROGRAMS,
    native_mint_data,
    parse_mint,
    parse_token_account,
)
from .transaction_keys import LOOKUP_TABLE_PROGRAM_ID, TransactionKeys, resolve_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from solders.hash import Hash

FAUCET_LAMPORTS: Final = 500_000_000 * 10**9
HISTORY_LIMIT: Final = 20_000
I64_MAX: Final = 2**63 - 1
SLOT_MAX: Final = 2**53 - 1
_SLOT_HASHES_COUNT: Final = 512
_NO_SIGNATURE: Final = Signature.default()
_CLOCK: Final = Pubkey.from_string("SysvarC1ock11111111111111111111111111111111")
_LOADERS: Final = (
    "NativeLoader1111111111111111111111111111111",
    "BPFLoader2111111111111111111111111111111111",
    "BPFLoaderUpgradeab1e11111111111111111111111",
    "Sysvar1111111111111111111111111111111111111",
)

AnyTransaction = Transaction | VersionedTransaction


class Ledger:
    """A cluster of one, in process and synchronous.

    Blockhashes follow a cluster's rule: a transaction may name any hash of the last 150 blocks, and one
    already processed under a good hash is refused as ``AlreadyProcessed``.

    The clock follows the wall clock, between transactions too, until ``set_unix_timestamp`` drives it,
    and again after ``run_clock``: as far ahead of the wall clock as it was set.

    Args:
        history_limit: How many landed transactions to remember with balances and logs. 0 remembers none and
            is fastest; ``outcome`` objects are complete either way.
        slot_per_transaction: Whether a landed transaction closes its slot. Otherwise ``advance_slot`` must be
            called by whoever keeps the time.

    Attributes:
        svm: The VM. Reading from it is free; what is written to it directly is not seen by ``dump``.
        slot: The slot being built; transactions run in it.
        block_height: Blocks before the slot being built.
        transaction_count: Landed transactions.
        history: The landed transactions remembered.
        faucet: The key pair airdrops come from.
    """

    def __init__(self, *, history_limit: int = HISTORY_LIMIT, slot_per_transaction: bool = True) -> None:
        if history_limit < 0:
            raise LocalnetError(f"history_limit must be 0 or more, got {history_limit}")
        # The VM's own checks know one blockhash and a handful of signatures; RecentBlockhashes knows all of
        # them.
        self.svm = LiteSVM().with_blockhash_check(check=False).with_transaction_history(0)
        self.slot_per_transaction = slot_per_transaction
        self.slot = self.svm.get_clock().slot
        self.first_slot = self.slot
        self.block_height = 0
        self.transaction_count = 0
        self.history = History(history_limit)
        self.faucet = Keypair.from_seed(sha256(b"localnet faucet").digest())
        self._epoch_schedule = self.svm.get_epoch_schedule()
        self._blockhashes = RecentBlockhashes()
        self._latest_blockhash = self.svm.latest_blockhash()
        self._previous_blockhash = self._latest_blockhash
        self._genesis_hash = self._latest_blockhash
        self._parent_slot = self.slot
        self._slot_hashes: deque[tuple[int, Hash]] = deque(maxlen=_SLOT_HASHES_COUNT)
        self._unix_timestamp: int | None = None
        self._ahead_s = 0
        self._start_timestamp = int(time.time())
        self._clock_written = (-1, 0)
        self._built_in = frozenset(self._built_in_keys())
        self._keys: set[Pubkey] = set()
        self._slot_listeners: list[Callable[[int, int], None]] = []
        self._outcome_listeners: list[Callable[[Outcome, TransactionKeys], None]] = []
        self._account_listeners: list[Callable[[list[Pubkey]], None]] = []
        self.set_account(self.faucet.pubkey(), Account(FAUCET_LAMPORTS, b"", SYSTEM_PROGRAM_ID))
        if self.svm.get_account(NATIVE_MINT) is None:
            lamports = self.svm.minimum_balance_for_rent_exemption(82)
            self.set_account(NATIVE_MINT, Account(lamports, native_mint_data(), TOKEN_PROGRAM_ID))
        self._open_slot(self.slot)

    # --- time -----------------------------------------------------------------------------------------------

    @property
    def unix_timestamp(self) -> int:
        """Return the clock's Unix time in seconds, as the next transaction sees it."""
        if self._unix_timestamp is not None:
            return self._unix_timestamp
        return min(int(time.time()) + self._ahead_s, I64_MAX)

    @property
    def is_clock_driven(self) -> bool:
        """Tell whether the clock stands still where it was set, rather than running."""
        return self._unix_timestamp is not None

    @property
    def ahead_s(self) -> int:
        """Return by how many seconds a clock that runs is ahead of the wall clock."""
        return self._ahead_s

    def set_unix_timestamp(self, unix_timestamp: int) -> None:
        """Drive the clock: it stands at these Unix seconds until set again. Going back is allowed.

        Raises:
            LocalnetError: The time is not of [0, 2^63).
        """
        if not 0 <= unix_timestamp <= I64_MAX:
            raise LocalnetError(f"unix_timestamp must be from 0 to {I64_MAX} seconds, got {unix_timestamp}")
        self._unix_timestamp = unix_timestamp
        self._write_clock()

    def run_clock(self, ahead_s: int = 0) -> None:
        """Let the clock run: with the wall clock, or on from where it was set if that is later.

        What has been written at a time to come would refuse everything until then, so no clock goes back by
        running. Set to an earlier time first, it does.

        Args:
            ahead_s: By how many seconds at least it is to be ahead of the wall clock.
        """
        stood = self.unix_timestamp
        self._unix_timestamp = None
        self._ahead_s = max(stood - int(time.time()), ahead_s, 0)
        self._write_clock()

    def advance_slot(self, slots: int = 1) -> None:
        """Close the slot being built and open a later one; every slot between counts as an empty block.

        Raises:
            LocalnetError: slots is not positive, or the slot would leave [0, 2^53).
        """
        if slots < 1 or self.slot + slots > SLOT_MAX:
            raise LocalnetError(
                f"slots must be positive and end below {SLOT_MAX}: at {self.slot}, got {slots}"
            )
        parent = self.slot
        self._parent_slot = parent
        self.block_height += slots
        self._previous_blockhash = self._latest_blockhash
        self.svm.expire_blockhash()
        self._latest_blockhash = self.svm.latest_blockhash()
        self._open_slot(parent + slots)
        for notify in self._slot_listeners:
            notify(self.slot, parent)

    def warp_to_slot(self, slot: int) -> None:
        """Advance to a slot.

        Raises:
            LocalnetError: The slot is not after the present one.
        """
        if slot <= self.slot:
            raise LocalnetError(f"slot must be after the present one, {self.slot}, got {slot}")
        self.advance_slot(slot - self.slot)

    def epoch(self) -> int:
        """Return the epoch of the slot being built."""
        return self._epoch_schedule.get_epoch(self.slot)

    def _open_slot(self, slot: int) -> None:
        self.slot = slot
        self._blockhashes.add(self._latest_blockhash, self.block_height)
        self._slot_hashes.appendleft((slot, self._latest_blockhash))
        self._write_clock()

    def _write_clock(self) -> None:
        moment = self.unix_timestamp
        if self._clock_written == (self.slot, moment):
            return
        self._clock_written = (self.slot, moment)
        clock = self.svm.get_clock()
        clock.slot = self.slot
        clock.epoch = self._epoch_schedule.get_epoch(self.slot)
        clock.leader_schedule_epoch = self._epoch_schedule.get_leader_schedule_epoch(self.slot)
        clock.epoch_start_timestamp = min(self._start_timestamp, moment)
        clock.unix_timestamp = moment
        self.svm.set_clock(clock)

    def _prepare_sysvars(self, transaction: AnyTransaction) -> None:
        self._write_clock()
        # Only lookup table instructions read SlotHashes here, and writing it costs more than a transfer.
        if LOOKUP_TABLE_PROGRAM_ID in transaction.message.account_keys:
            self.svm.set_slot_hashes(list(self._slot_hashes))

    # --- blockhashes ----------------------------------------------------------------------------------------

    @property
    def latest_blockhash(self) -> Hash:
        """Return the newest blockhash."""
        return self._latest_blockhash

    @property
    def genesis_hash(self) -> Hash:
        """Return the first blockhash; the same for every localnet."""
        return self._genesis_hash

    def last_valid_block_height(self, blockhash: Hash) -> int | None:
        """Return the last block height at which a blockhash is good, None when it is not good now."""
        return self._blockhashes.last_valid_height(blockhash)

    @property
    def latest_last_valid_block_height(self) -> int:
        """Return the last block height at which the newest blockhash is good."""
        return self.block_height + BLOCKS_VALID

    # --- accounts -------------------------------------------------------------------------------------------

    def account(self, address: Pubkey) -> Account | None:
        """Return an account, None when there is none (or none with lamports)."""
        if address == _CLOCK:
            self._write_clock()  # the time goes on while nobody sends anything
        account = self.svm.get_account(address)
        return None if account is None or account.lamports == 0 else account

    def account_data(self, address: Pubkey) -> bytes | None:
        """Return the data of an account, None when there is none."""
        account = self.svm.get_account(address)
        return None if account is None else account.data

    def program_accounts(self, program_id: Pubkey) -> list[tuple[Pubkey, Account]]:
        """Return the accounts a program owns, in the order of their addresses."""
        found = [pair for pair in self.svm.get_program_accounts(program_id) if pair[1].lamports]
        found.sort(key=lambda pair: bytes(pair[0]))
        return found

    def mint_decimals(self, mint: Pubkey) -> int | None:
        """Return the decimals of a mint, None when there is no such mint."""
        account = self.svm.get_account(mint)
        if account is None or account.owner not in TOKEN_PROGRAMS:
            return None
        parsed = parse_mint(account.data)
        return None if parsed is None else parsed.decimals

    def set_account(self, address: Pubkey, account: Account) -> None:
        """Write an account as no transaction could.

        Raises:
            LocalnetError: The VM refuses it, for example an executable account whose data is no program.
        """
        try:
            self.svm.set_account(address, account)
        except Exception as error:  # LiteSVMError, which solders does not export
            raise LocalnetError(f"account {address} was refused: {error}") from error
        self._keys.add(address)
        for notify in self._account_listeners:
            notify([address])

    def add_program(self, program_id: Pubkey, elf: bytes | Path) -> None:
        """Deploy a program from the bytes or the file of its ELF.

        Raises:
            LocalnetError: The file cannot be read, or it is no program the VM accepts.
        """
        try:
            content = elf if isinstance(elf, bytes) else elf.read_bytes()
            self.svm.add_program(program_id, content)
        except Exception as error:  # OSError, or LiteSVMError, which solders does not export
            raise LocalnetError(f"program {program_id} was refused: {error}") from error
        loader = Pubkey.from_string(_LOADERS[2])
        self._keys.add(program_id)
        self._keys.add(Pubkey.find_program_address([bytes(program_id)], loader)[0])

    def keys_touched(self) -> Iterable[Pubkey]:
        """Return every address written here or named by a landed transaction, less the VM's own."""
        return self._keys - self._built_in

    def _built_in_keys(self) -> Iterable[Pubkey]:
        for loader in _LOADERS:
            for address, _ in self.svm.get_program_accounts(Pubkey.from_string(loader)):
                yield address

    # --- transactions ---------------------------------------------------------------------------------------

    def send(self, transaction: AnyTransaction) -> Outcome:
        """Run a transaction and keep what it did. Never raises for a transaction that fails: see ``err``."""
        signature = transaction.signatures[0] if transaction.signatures else _NO_SIGNATURE
        blockhash = transaction.message.recent_blockhash
        refusal = self._age_error(transaction, signature)
        if refusal is not None:
            return Outcome(signature, self.slot, refusal, landed=False, meta=None)
        self._prepare_sysvars(transaction)
        keys = resolve_keys(transaction.message, self.account_data)
        keeps_history = self.history.limit > 0
        pre = self._balances(transaction, keys) if keeps_history else None
        result = self.svm.send_transaction(transaction)
        if isinstance(result, FailedTransactionMetadata):
            meta = result.meta()
            # The VM fills in the signature of what it executed, and only of that.
            outcome = Outcome(signature, self.slot, result.err(), meta.signature() != _NO_SIGNATURE, meta)
        else:
            outcome = Outcome(signature, self.slot, None, landed=True, meta=result)
        if not outcome.landed:
            return outcome
        self.transaction_count += 1
        self._keys.update(keys.keys)
        self._blockhashes.record(blockhash, signature)
        if pre is not None:
            self._remember(transaction, outcome, keys, pre)
        for notify in self._outcome_listeners:
            notify(outcome, keys)
        if self.slot_per_transaction:
            self.advance_slot()
        return outcome

    def simulate(
        self, transaction: AnyTransaction, *, sig_verify: bool = True, replace_blockhash: bool = False
    ) -> Simulation:
        """Run a transaction and keep nothing of it.

        Args:
            transaction: The transaction.
            sig_verify: Whether its signatures must be good.
            replace_blockhash: Whether to run it whatever its blockhash, even if it was processed before.
        """
        signature = transaction.signatures[0] if transaction.signatures else _NO_SIGNATURE
        refusal = None if replace_blockhash else self._age_error(transaction, signature)
        if refusal is not None:
            return Simulation(Outcome(signature, self.slot, refusal, landed=False, meta=None), None)
        self._prepare_sysvars(transaction)
        if not sig_verify:
            self.svm.with_sigverify(sigverify=False)
        try:
            result = self.svm.simulate_transaction(transaction)
        finally:
            if not sig_verify:
                self.svm.with_sigverify(sigverify=True)
        if isinstance(result, SimulatedTransactionInfo):
            outcome = Outcome(signature, self.slot, None, landed=False, meta=result.meta())
            return Simulation(outcome, dict(result.post_accounts()))
        return Simulation(Outcome(signature, self.slot, result.err(), landed=False, meta=result.meta()), None)

    def airdrop(self, address: Pubkey, lamports: int) -> Outcome:
        """Send lamports from the faucet, by an ordinary transaction."""
        blockhash = self._latest_blockhash
        instruction = transfer(
            TransferParams(from_pubkey=self.faucet.pubkey(), to_pubkey=address, lamports=lamports)
        )
        message = Message.new_with_blockhash([instruction], self.faucet.pubkey(), blockhash)
        transaction = Transaction([self.faucet], message, blockhash)
        if self._blockhashes.is_processed(blockhash, transaction.signatures[0]):
            # The same airdrop in the same slot has the same signature; the next slot's blockhash tells them
            # apart.
            self.advance_slot()
            return self.airdrop(address, lamports)
        return self.send(transaction)

    def _age_error(
        self, transaction: AnyTransaction, signature: Signature
    ) -> TransactionErrorFieldless | None:
        blockhash = transaction.message.recent_blockhash
        if self._blockhashes.is_processed(blockhash, signature):
            return TransactionErrorFieldless.AlreadyProcessed
        if self._blockhashes.last_valid_height(blockhash) is not None:
            return None
        return None if self._names_good_nonce(transaction) else TransactionErrorFieldless.BlockhashNotFound

    def _names_good_nonce(self, transaction: AnyTransaction) -> bool:
        if not transaction.uses_durable_nonce():
            return False
        message = transaction.message
        advance = message.instructions[0]
        if not advance.accounts or advance.accounts[0] >= len(message.account_keys):
            return False
        account = self.svm.get_account(message.account_keys[advance.accounts[0]])
        if account is None or account.owner != SYSTEM_PROGRAM_ID:
            return False
        # Nonce account: version u32, state u32, authority 32 bytes, then the nonce, which stands for the
        # blockhash.
        return account.data[40:72] == bytes(message.recent_blockhash)

    def _balances(self, transaction: AnyTransaction, keys: TransactionKeys) -> Balances:
        programs = {instruction.program_id_index for instruction in transaction.message.instructions}
        lamports: list[int] = []
        tokens: list[TokenBalance] = []
        for index, key in enumerate(keys.keys):
            if index in programs:
                # A program's account carries its ELF: too much to copy for its lamports.
                lamports.append(self.svm.get_balance(key) or 0)
                continue
            account = self.svm.get_account(key)
            lamports.append(0 if account is None else account.lamports)
            if account is not None and account.owner in TOKEN_PROGRAMS:
                token = parse_token_account(account.data)
                decimals = None if token is None else self.mint_decimals(token.mint)
                if token is not None and decimals is not None:
                    balance = TokenBalance(
                        index, token.mint, token.owner, account.owner, token.amount_atoms, decimals
                    )
                    tokens.append(balance)
        return Balances(tuple(lamports), tuple(tokens))

    def _remember(
        self, transaction: AnyTransaction, outcome: Outcome, keys: TransactionKeys, pre: Balances
    ) -> None:
        if isinstance(transaction, Transaction):
            transaction = VersionedTransaction.from_legacy(transaction)
        post = self._balances(transaction, keys)
        moment = self.unix_timestamp
        block = Block(
            slot=self.slot,
            height=self.block_height,
            time=moment,
            blockhash=self._latest_blockhash,
            previous_blockhash=self._previous_blockhash,
            parent_slot=self._parent_slot,
        )
        record = Record(
            transaction=transaction,
            outcome=outcome,
            block_time=moment,
            account_keys=keys.keys,
            writable=keys.writable,
            loaded_writable_count=keys.loaded_writable_count,
            pre=pre,
            post=post,
        )
        self.history.add(record, block)

    # --- listeners ------------------------------------------------------------------------------------------

    def on_slot(self, listener: Callable[[int, int], None]) -> None:
        """Call the listener with (slot, parent) whenever a slot opens."""
        self._slot_listeners.append(listener)

    def on_outcome(self, listener: Callable[[Outcome, TransactionKeys], None]) -> None:
        """Call the listener for every landed transaction, after its accounts are written."""
        self._outcome_listeners.append(listener)

    def on_account(self, listener: Callable[[list[Pubkey]], None]) -> None:
        """Call the listener with addresses written by ``set_account``."""
        self._account_listeners.append(listener)
