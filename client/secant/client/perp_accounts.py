"""What perpetuals bring into transactions: their markets, and their margin stated in the same slot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from solders.instruction import AccountMeta
from solders.pubkey import Pubkey

from secant import exchange
from secant._wire import DecodeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from solders.account import Account
    from solders.instruction import Instruction

    from secant.chain import Chain

__all__ = [
    "held_markets",
    "other_markets",
    "perp_seats",
    "stating_margin",
    "updating",
]


def held_markets(stored: exchange.MarginAccount) -> tuple[Pubkey, ...]:
    """The markets that an account has legs in."""
    return tuple(leg.market for leg in stored.perp_legs if leg.market != Pubkey.default())


def perp_seats(stored: exchange.MarginAccount) -> tuple[Pubkey, ...]:
    """The markets in whose books an account has a seat."""
    return tuple(leg.market for leg in stored.perp_legs if leg.market != Pubkey.default() and leg.seat)


def other_markets(market: Pubkey | None, *accounts: exchange.MarginAccount) -> list[AccountMeta]:
    """The markets of the accounts' legs but for one market's, as an instruction's remaining accounts."""
    found = dict.fromkeys(key for stored in accounts for key in held_markets(stored) if key != market)
    return [AccountMeta(key, is_signer=False, is_writable=False) for key in found]


def updating(address: Pubkey, market: exchange.PerpMarket) -> Instruction:
    """What brings a market up to date."""
    book = exchange.find_book_of_create_perp(market=address)
    return exchange.update_funding(market=address, feed=market.feed, book=book)


async def stating_margin(chain: Chain, instructions: Sequence[Instruction]) -> list[Instruction]:
    """Instructions with what states the margin of the accounts that they write and that hold perpetuals.

    Their markets are brought up to date first: they count only as they are in the same slot.

    Raises:
        RpcUnreachable, RpcRefused: the node does not answer.
    """
    written = dict.fromkeys(
        meta.pubkey for instruction in instructions for meta in instruction.accounts if meta.is_writable
    )
    found = await chain.accounts(list(written))
    holders = {
        address: stored
        for address, account in zip(written, found, strict=True)
        if (stored := _margin_account(account)) is not None and held_markets(stored)
    }
    refreshing = [
        exchange.refresh_margin(account=address, remaining_accounts=other_markets(None, stored))
        for address, stored in holders.items()
    ]
    markets = await _markets(chain, [key for stored in holders.values() for key in held_markets(stored)])
    updates = [updating(address, market) for address, market in markets.items()]
    return [*updates, *refreshing, *instructions]


def _margin_account(account: Account | None) -> exchange.MarginAccount | None:
    if account is None or account.owner != exchange.PROGRAM_ID:
        return None
    try:
        return exchange.MarginAccount.decode(account.data)
    except DecodeError:
        return None


async def _markets(chain: Chain, addresses: Iterable[Pubkey]) -> Mapping[Pubkey, exchange.PerpMarket]:
    keys = list(dict.fromkeys(addresses))
    found = await chain.accounts(keys)
    return {
        key: exchange.PerpMarket.decode(account.data)
        for key, account in zip(keys, found, strict=True)
        if account is not None
    }
