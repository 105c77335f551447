from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from solders.pubkey import Pubkey

from secant import exchange, oracle
from secant.bootstrap import artifact_path, bootstrap, collateral_mint, faucet, faucet_keypair, programs
from secant.chain import Chain
from secant.errors import AccountNotFound, InputError, UnitError, WrongCluster

from .node import Node

if TYPE_CHECKING:
    from .conftest import Market


async def test_addresses(market: Market) -> None:
    local = market.local
    assert local.faucet == faucet_keypair().pubkey()
    assert local.mint == collateral_mint()
    account = await market.chain.account(local.exchange)
    assert account is not None
    stored = exchange.Exchange.decode(account.data)
    assert (stored.admin, stored.mint, stored.vault, stored.treasury) == (
        local.faucet,
        local.mint,
        local.vault,
        local.treasury,
    )
    assert stored.fee_bps == 200


async def test_twice_is_once(market: Market) -> None:
    count = market.net.ledger.transaction_count
    assert await bootstrap(market.chain) == market.local
    assert market.net.ledger.transaction_count == count


async def test_faucet_refuses(market: Market) -> None:
    with pytest.raises(InputError, match="no test collateral"):
        await faucet(market.chain, Pubkey.new_unique(), Pubkey.new_unique(), 1)
    with pytest.raises(UnitError):
        await faucet(market.chain, market.local.mint, Pubkey.new_unique(), "1.0000001")


async def test_public_clusters_are_refused(market: Market) -> None:
    async with Node(market.net.url) as node:
        node.answer("getGenesisHash", result="5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d")
        async with Chain(node.url) as chain:
            with pytest.raises(WrongCluster, match="on mainnet"):
                await bootstrap(chain)


def test_artifacts() -> None:
    assert set(programs()) == {exchange.PROGRAM_ID, oracle.PROGRAM_ID}
    assert artifact_path("exchange").read_bytes()[:4] == b"\x7fELF"
    with pytest.raises(AccountNotFound, match="program 'nothing'"):
        artifact_path("nothing")
