"""What the jobs for perpetuals are told, and the instructions several of them send."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from solders.instruction import AccountMeta

from secant import exchange
from secant_keeper.perps.account import legs_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from solders.instruction import Instruction
    from solders.pubkey import Pubkey

    from secant_keeper.config import PerpSettings


class Task(NamedTuple):
    """Whose perpetuals are kept, and by whom.

    Attributes:
        key: The key that signs.
        settings: What its operator decides.
    """

    key: Pubkey
    settings: PerpSettings

    @property
    def taker(self) -> Pubkey | None:
        """The margin account that takes positions over; None if there is none."""
        index = self.settings.account_index
        return None if index is None else _account(self.settings.exchange, self.key, index)


@lru_cache(maxsize=16)
def _account(exchange_address: Pubkey, owner: Pubkey, index: int) -> Pubkey:
    return exchange.find_account(exchange=exchange_address, owner=owner, index=index)


@lru_cache(maxsize=4_096)
def book_of(market: Pubkey) -> Pubkey:
    """A perpetual's book."""
    return exchange.find_book(event=market, outcome=0)


def update(address: Pubkey, market: exchange.PerpMarket) -> Instruction:
    """Brings a market up to date."""
    return exchange.update_funding(market=address, feed=market.feed, book=book_of(address))


def other_markets(but: Pubkey | None, *accounts: exchange.MarginAccount) -> list[Pubkey]:
    """The markets of accounts' legs, each once, without one of them."""
    found = (leg.market for account in accounts for leg in legs_of(account))
    return [key for key in dict.fromkeys(found) if key != but]


def as_remaining(markets: Iterable[Pubkey]) -> list[AccountMeta]:
    """Markets as remaining accounts."""
    return [AccountMeta(key, is_signer=False, is_writable=False) for key in markets]
