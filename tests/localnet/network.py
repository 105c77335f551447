"""What the localnet tests build: transfers, mints and token accounts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from solders.keypair import Keypair
from solders.message import Message
from solders.system_program import CreateAccountParams, TransferParams, create_account, transfer
from solders.transaction import VersionedTransaction
from spl.token import models
from spl.token.constants import TOKEN_PROGRAM_ID
from spl.token.instructions import (
    create_associated_token_account,
    get_associated_token_address,
    initialize_mint2,
    mint_to,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from solders.hash import Hash
    from solders.instruction import Instruction
    from solders.pubkey import Pubkey

    from secant.localnet import Ledger

SOL: Final = 10**9


def funded_keypair(ledger: Ledger, lamports: int = 100 * SOL) -> Keypair:
    keypair = Keypair()
    assert ledger.airdrop(keypair.pubkey(), lamports).err is None
    return keypair


def signed(
    instructions: Sequence[Instruction], signers: Sequence[Keypair], blockhash: Hash
) -> VersionedTransaction:
    message = Message.new_with_blockhash(instructions, signers[0].pubkey(), blockhash)
    return VersionedTransaction(message, signers)


def transfer_instruction(source: Pubkey, dest: Pubkey, lamports: int) -> Instruction:
    return transfer(TransferParams(from_pubkey=source, to_pubkey=dest, lamports=lamports))


def signed_transfer(ledger: Ledger, payer: Keypair, dest: Pubkey, lamports: int) -> VersionedTransaction:
    instruction = transfer_instruction(payer.pubkey(), dest, lamports)
    return signed([instruction], [payer], ledger.latest_blockhash)


@dataclass(frozen=True)
class Minted:
    mint: Pubkey
    holder: Pubkey
    amount_atoms: int
    decimals: int


def mint_tokens(ledger: Ledger, payer: Keypair, amount_atoms: int = 1_500_000, decimals: int = 6) -> Minted:
    mint = Keypair()
    owner = payer.pubkey()
    holder = get_associated_token_address(owner, mint.pubkey())
    instructions = [
        create_account(
            CreateAccountParams(
                from_pubkey=owner,
                to_pubkey=mint.pubkey(),
                lamports=ledger.svm.minimum_balance_for_rent_exemption(82),
                space=82,
                owner=TOKEN_PROGRAM_ID,
            )
        ),
        initialize_mint2(
            models.InitializeMint2Params(
                decimals=decimals, program_id=TOKEN_PROGRAM_ID, mint=mint.pubkey(), mint_authority=owner
            )
        ),
        create_associated_token_account(owner, owner, mint.pubkey()),
        mint_to(
            models.MintToParams(
                program_id=TOKEN_PROGRAM_ID,
                mint=mint.pubkey(),
                dest=holder,
                mint_authority=owner,
                amount=amount_atoms,
            )
        ),
    ]
    outcome = ledger.send(signed(instructions, [payer, mint], ledger.latest_blockhash))
    assert outcome.err is None, outcome.logs
    return Minted(mint.pubkey(), holder, amount_atoms, decimals)
