"""What the client did: frozen values, each with the signature of its transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from decimal import Decimal

    from solders.pubkey import Pubkey
    from solders.signature import Signature

    from .results import EventStatus, Pausable, Quote

__all__ = [
    "CashReceipt",
    "DrawReceipt",
    "ExpandReceipt",
    "FeesReceipt",
    "NetReceipt",
    "PauseReceipt",
    "PoolReceipt",
    "Receipt",
    "RedemptionReceipt",
    "SetReceipt",
    "SettlementReceipt",
    "TokenReceipt",
    "TokenRedemptionReceipt",
    "TradeReceipt",
]


@dataclass(frozen=True, slots=True)
class Receipt:
    """Something was done to one account.

    Attributes:
        signature: The transaction's.
        address: What was created, changed or closed.
    """

    signature: Signature
    address: Pubkey


@dataclass(frozen=True, slots=True)
class CashReceipt:
    """Collateral was deposited or withdrawn.

    Attributes:
        signature: The transaction's.
        account: The margin account.
        amount: How much.
    """

    signature: Signature
    account: Pubkey
    amount: Decimal


@dataclass(frozen=True, slots=True)
class DrawReceipt:
    """What a margin account's orders had brought was moved into it.

    Attributes:
        signatures: The transactions', in order.
        account: The margin account.
        shares: What came, of each outcome, in order: as it stood in the books just before.
        cash: What came with it, rebates included; negative for what the shares cost.
        order_ids: Orders that were cancelled on the way, as their event trades no more.
    """

    signatures: tuple[Signature, ...]
    account: Pubkey
    shares: tuple[Decimal, ...]
    cash: Decimal
    order_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ExpandReceipt:
    """A book has more room.

    Attributes:
        signatures: The transactions', in order.
        book: The book.
        seats: How many seats were added.
        orders: How many orders more it holds.
        sol: Rent that the wallet paid; it goes to the book's creator when the book is closed.
        creator: Who that is.
    """

    signatures: tuple[Signature, ...]
    book: Pubkey
    seats: int
    orders: int
    sol: Decimal
    creator: Pubkey


@dataclass(frozen=True, slots=True)
class TradeReceipt:
    """A trade with a pool was done.

    Attributes:
        signature: The transaction's.
        trade: What it cost or yielded.
    """

    signature: Signature
    trade: Quote


@dataclass(frozen=True, slots=True)
class PoolReceipt:
    """A pool was created or closed.

    Attributes:
        signature: The transaction's.
        pool: The pool.
        amount: What the pool was funded with, or what it returned.
        shares: What closing it moved into the margin account, of each outcome, in order: its position, as
            long as the event is not settled. Empty for a pool created, or closed afterwards.
    """

    signature: Signature
    pool: Pubkey
    amount: Decimal
    shares: tuple[Decimal, ...] = ()


@dataclass(frozen=True, slots=True)
class NetReceipt:
    """A pool's complete sets were netted.

    Attributes:
        signature: The transaction's.
        pool: The pool.
        shares: How many sets it had sold, and minted now; negative for those it had bought, and merged.
    """

    signature: Signature
    pool: Pubkey
    shares: Decimal


@dataclass(frozen=True, slots=True)
class FeesReceipt:
    """Fees were paid to the treasury.

    Attributes:
        signatures: The transactions', in order.
        treasury: The token account they went to.
        amount: How much.
    """

    signatures: tuple[Signature, ...]
    treasury: Pubkey
    amount: Decimal


@dataclass(frozen=True, slots=True)
class PauseReceipt:
    """Something was paused, or a pause was lifted.

    Attributes:
        signature: The transaction's.
        exchange: The exchange.
        paused: All that is paused now.
    """

    signature: Signature
    exchange: Pubkey
    paused: tuple[Pausable, ...]


@dataclass(frozen=True, slots=True)
class SetReceipt:
    """Complete sets were minted or merged.

    Attributes:
        signature: The transaction's.
        event: The event.
        shares: How many sets; negative when merged.
    """

    signature: Signature
    event: Pubkey
    shares: Decimal


@dataclass(frozen=True, slots=True)
class TokenReceipt:
    """Ledger shares became tokens, or tokens ledger shares.

    Attributes:
        signature: The transaction's.
        event: The event.
        outcome: The outcome's label.
        shares: How many became tokens; negative the other way.
        mint: The outcome's mint, 2 decimals.
        token_account: The token account.
    """

    signature: Signature
    event: Pubkey
    outcome: str
    shares: Decimal
    mint: Pubkey
    token_account: Pubkey


@dataclass(frozen=True, slots=True)
class RedemptionReceipt:
    """A settled event's shares were paid into a margin account.

    Attributes:
        signature: The transaction's.
        event: The event.
        account: The margin account.
        amount: What they paid; negative where a short position pays.
        drawn: Cash that came from the event's books on the way; negative for what fills there cost.
    """

    signature: Signature
    event: Pubkey
    account: Pubkey
    amount: Decimal
    drawn: Decimal


@dataclass(frozen=True, slots=True)
class TokenRedemptionReceipt:
    """A settled event's tokens were burned for what they pay.

    Attributes:
        signature: The transaction's.
        event: The event.
        outcome: The outcome's label.
        shares: How many tokens, in shares.
        amount: What they paid.
    """

    signature: Signature
    event: Pubkey
    outcome: str
    shares: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class SettlementReceipt:
    """An event was settled.

    Attributes:
        signature: The transaction's.
        event: The event.
        status: Resolved or void.
        payouts: What a share of each outcome pays, in order.
    """

    signature: Signature
    event: Pubkey
    status: EventStatus
    payouts: tuple[Decimal, ...]
