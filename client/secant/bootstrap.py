"""A fresh localnet made usable: a test collateral, an exchange over it, and a faucet.

The keys are derived from fixed words, so that every command on this machine finds them without a file.
Everybody knows them: they are for networks whose money is worth nothing, and `bootstrap` refuses the public
clusters.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final

from solders.keypair import Keypair
from solders.system_program import CreateAccountParams, create_account
from spl.token.constants import TOKEN_PROGRAM_ID
from spl.token.instructions import (
    create_idempotent_associated_token_account,
    get_associated_token_address,
    initialize_mint2,
    mint_to,
)
from spl.token.models import InitializeMint2Params, MintToParams

from . import exchange, oracle
from .errors import AccountNotFound, InputError, WrongCluster
from .units import LAMPORTS_PER_SOL, atoms_of

if TYPE_CHECKING:
    from solders.pubkey import Pubkey
    from solders.signature import Signature

    from .chain import Chain
    from .units import Number

__all__ = [
    "LocalExchange",
    "artifact_path",
    "bootstrap",
    "collateral_mint",
    "faucet",
    "faucet_keypair",
    "programs",
]

FEE_BPS_DEFAULT: Final = 200
_DECIMALS: Final = 6
_MINT_BYTES: Final = 82
_FAUCET_LAMPORTS: Final = 100 * LAMPORTS_PER_SOL
_PUBLIC_CLUSTERS: Final = {
    "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d": "mainnet",
    "EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG": "devnet",
    "4uhcVJyU9pJkvQyS88uRDiswHXSCkY3zQawwpjk2NsNY": "testnet",
}


@dataclass(frozen=True, slots=True)
class LocalExchange:
    """What `bootstrap` made or found.

    Attributes:
        exchange: Address of the exchange.
        mint: The test collateral's mint, 6 decimals.
        vault: The token account that holds all collateral.
        treasury: The token account that fees are paid to.
        faucet: The address that mints test collateral; it is the exchange's admin too.
    """

    exchange: Pubkey
    mint: Pubkey
    vault: Pubkey
    treasury: Pubkey
    faucet: Pubkey


def artifact_path(name: str) -> Path:
    """The built program, in a checkout or in an installed package.

    Args:
        name: `oracle` or `exchange`.

    Raises:
        AccountNotFound: there is no such program.
    """
    installed = Path(str(files("secant"))) / "artifacts" / f"{name}.so"
    in_checkout = Path(__file__).resolve().parents[2] / "artifacts" / f"{name}.so"
    for path in (in_checkout, installed):
        if path.is_file():
            return path
    raise AccountNotFound(
        f"program {name!r}", None, f"neither {in_checkout} nor {installed} is a file", "reinstall the package"
    )


def programs() -> dict[Pubkey, Path]:
    """The two programs for a `Localnet`: ELF files by program address.

    Raises:
        AccountNotFound: a file is missing.
    """
    return {
        oracle.PROGRAM_ID: artifact_path("oracle"),
        exchange.PROGRAM_ID: artifact_path("exchange"),
    }


def faucet_keypair() -> Keypair:
    """The key that mints test collateral on every localnet. It is no secret."""
    return Keypair.from_seed(sha256(b"secant localnet collateral faucet").digest())


def _mint_keypair() -> Keypair:
    return Keypair.from_seed(sha256(b"secant localnet collateral mint").digest())


def collateral_mint() -> Pubkey:
    """The mint of the test collateral, the same on every localnet."""
    return _mint_keypair().pubkey()


async def bootstrap(chain: Chain, *, fee_bps: int = FEE_BPS_DEFAULT) -> LocalExchange:
    """Creates the test collateral and the exchange over it, unless they are there already.

    Args:
        chain: A localnet with both programs and an airdrop.
        fee_bps: Fee of the exchange's pools, 0 to 1,000 bps of shares * p * (1 - p).

    Raises:
        WrongCluster: the URL is a public cluster's.
        TransactionFailed, RpcUnreachable, RpcRefused: as of `Chain.send` and `Chain.airdrop`.
    """
    cluster = _PUBLIC_CLUSTERS.get(str(await chain.genesis_hash()))
    if cluster is not None:
        raise WrongCluster(chain.url, "exchange", exchange.PROGRAM_ID, f"on {cluster}, not on a localnet")
    admin, mint = faucet_keypair(), _mint_keypair()
    address = exchange.find_exchange(mint=mint.pubkey(), admin=admin.pubkey())
    treasury = get_associated_token_address(admin.pubkey(), mint.pubkey())
    found = LocalExchange(
        exchange=address,
        mint=mint.pubkey(),
        vault=exchange.find_vault(exchange=address),
        treasury=treasury,
        faucet=admin.pubkey(),
    )
    mint_account, exchange_account = await chain.accounts([mint.pubkey(), address])
    if exchange_account is not None:
        return found
    await chain.airdrop(admin.pubkey(), _FAUCET_LAMPORTS)
    if mint_account is None:
        await _create_mint(chain, admin, mint)
    await chain.send(
        [
            create_idempotent_associated_token_account(admin.pubkey(), admin.pubkey(), mint.pubkey()),
            exchange.initialize(
                admin=admin.pubkey(),
                mint=mint.pubkey(),
                treasury=treasury,
                pauser=admin.pubkey(),
                fee_bps=fee_bps,
            ),
        ],
        [admin],
    )
    return found


async def _create_mint(chain: Chain, admin: Keypair, mint: Keypair) -> None:
    lamports = await chain.rent_lamports(_MINT_BYTES)
    await chain.send(
        [
            create_account(
                CreateAccountParams(
                    from_pubkey=admin.pubkey(),
                    to_pubkey=mint.pubkey(),
                    lamports=lamports,
                    space=_MINT_BYTES,
                    owner=TOKEN_PROGRAM_ID,
                )
            ),
            initialize_mint2(
                InitializeMint2Params(
                    decimals=_DECIMALS,
                    program_id=TOKEN_PROGRAM_ID,
                    mint=mint.pubkey(),
                    mint_authority=admin.pubkey(),
                )
            ),
        ],
        [admin, mint],
    )


async def faucet(chain: Chain, mint: Pubkey, owner: Pubkey, amount: Number) -> Signature:
    """Mints test collateral into a wallet's token account, made if need be.

    Args:
        chain: A localnet that `bootstrap` was run on.
        mint: The exchange's collateral.
        owner: Whose wallet.
        amount: How much, at most 6 decimals.

    Raises:
        UnitError: no such amount.
        InputError: the collateral is not this localnet's test collateral.
        TransactionFailed, RpcUnreachable, RpcRefused: as of `Chain.send`.
    """
    amount_atoms = atoms_of(amount)
    if mint != collateral_mint():
        raise InputError(
            f"the exchange's collateral {mint} is no test collateral, so no faucet can mint it",
            "obtain it as others do; only `secant localnet` has a faucet",
        )
    admin = faucet_keypair()
    landed = await chain.send(
        [
            create_idempotent_associated_token_account(admin.pubkey(), owner, mint),
            mint_to(
                MintToParams(
                    program_id=TOKEN_PROGRAM_ID,
                    mint=mint,
                    dest=get_associated_token_address(owner, mint),
                    mint_authority=admin.pubkey(),
                    amount=amount_atoms,
                )
            ),
        ],
        [admin],
    )
    return landed.signature
