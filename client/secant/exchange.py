# Generated from idl/exchange.json by scripts/bindings: do not edit.
# ruff: noqa: A001, A002, C901, D205, D400, D415, E501, ERA001, FBT001, PLR0911, RUF002, RUF100
"""The exchange program: its accounts, events, errors, addresses and instructions."""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeAlias

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from . import _wire

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "ACCOUNTS",
    "BOUNDED_MAINTENANCE_MIN_BPS",
    "BUILDER_FEE_MAX_BPS",
    "CLOSING_WINDOW_S",
    "DUST_MAX_ATOMS",
    "ERRORS",
    "EVENTS",
    "EVENT_LOCKED",
    "EVENT_OPEN",
    "EVENT_RESOLVED",
    "EVENT_VOID",
    "FEE_MAX_BPS",
    "INSURANCE_CAP_MIN_BPS",
    "INSURANCE_REMOVABLE_BPS",
    "LOSSES_FIRST_S",
    "LOTS_MIN_MAX",
    "NOTICE_S",
    "ORDER_FILL_OR_KILL",
    "ORDER_IMMEDIATE_OR_CANCEL",
    "ORDER_LIMIT",
    "ORDER_POST_ONLY",
    "ORDER_POST_ONLY_SLIDE",
    "PAUSE_CREATE",
    "PAUSE_DEPOSIT",
    "PAUSE_TOKENIZE",
    "PAUSE_TRADE",
    "PERP_FEE_MAX_PPM",
    "PERP_PAUSE_LIQUIDATE",
    "PERP_PAUSE_OPEN",
    "PERP_PAUSE_PROFITS",
    "POOL_LMSR",
    "POOL_PM_AMM",
    "PRICE_MAX_TICKS",
    "PROFITS_WINDOW_S",
    "PROGRAM_ID",
    "RESOLVER_AUTHORITY",
    "RESOLVER_RECORD",
    "SELF_TRADE_CANCEL_PROVIDE",
    "SELF_TRADE_CANCEL_TAKE",
    "SELF_TRADE_DECREMENT",
    "SIDE_ASK",
    "SIDE_BID",
    "AccountClosed",
    "AccountOpened",
    "AnyAccount",
    "AnyEvent",
    "Book",
    "BookChanged",
    "BookClosed",
    "BookCreated",
    "BuilderPaid",
    "Cancellation",
    "CollateralMissing",
    "DelegateSet",
    "Deposited",
    "EventCreated",
    "EventLeg",
    "EventLocked",
    "EventMarket",
    "EventSettled",
    "Exchange",
    "ExchangeInitialized",
    "FeesCollected",
    "HaircutReturned",
    "HaircutWaived",
    "InsuranceAdded",
    "InsuranceRemoved",
    "Liquidated",
    "MarginAccount",
    "MarginStated",
    "Order",
    "OrderLots",
    "OrderRequest",
    "PauseChanged",
    "PerpClosing",
    "PerpCreated",
    "PerpLeg",
    "PerpMarket",
    "PerpPauseChanged",
    "PerpRules",
    "PerpRulesApplied",
    "PerpRulesProposed",
    "PerpSettled",
    "PerpTier",
    "PlacedOrder",
    "PnlSettled",
    "Pool",
    "PoolClosed",
    "PoolCreated",
    "PoolNetted",
    "PoolTraded",
    "Redeemed",
    "Seat",
    "SetsChanged",
    "TokensChanged",
    "TokensRedeemed",
    "Transferred",
    "TriggerClosed",
    "TriggerMoved",
    "TriggerOrder",
    "TriggerPlaced",
    "TriggerTerms",
    "Withdrawn",
    "add_insurance",
    "apply_perp_rules",
    "cancel_all",
    "cancel_all_perp",
    "cancel_orders",
    "cancel_perp_orders",
    "cancel_trigger",
    "close_account",
    "close_book",
    "close_perp",
    "close_pool",
    "collect_fees",
    "collect_perp_fees",
    "crank_expired",
    "create_book",
    "create_event",
    "create_outcome_mint",
    "create_perp",
    "create_pool",
    "decode_account",
    "decode_event",
    "deposit",
    "detokenize",
    "draw_perp_seat",
    "draw_seat",
    "execute_trigger",
    "expand_book",
    "find_account",
    "find_book",
    "find_book_of_create_perp",
    "find_event",
    "find_exchange",
    "find_market",
    "find_outcome_mint",
    "find_pool",
    "find_trigger",
    "find_vault",
    "initialize",
    "liquidate",
    "lock_event",
    "merge_set",
    "mint_set",
    "net_pool",
    "open_account",
    "pause",
    "pause_perp",
    "place_order",
    "place_trigger",
    "propose_perp_rules",
    "redeem",
    "redeem_tokens",
    "refresh_margin",
    "remove_insurance",
    "replace_orders",
    "resolve_bankruptcy",
    "resolve_event",
    "return_haircut",
    "set_delegate",
    "settle_event",
    "settle_perp",
    "settle_pnl",
    "take_order",
    "take_tokens",
    "tokenize",
    "trade_perp",
    "trade_pool",
    "transfer",
    "unpause",
    "unpause_perp",
    "update_funding",
    "void_event",
    "waive_haircut",
    "withdraw",
]

PROGRAM_ID: Final = Pubkey.from_string("Engr6zCXt6ZopVYw68FkaTVbX8perQcMJcmdjZa5iA3M")
BOUNDED_MAINTENANCE_MIN_BPS: Final = 9900
BUILDER_FEE_MAX_BPS: Final = 100
CLOSING_WINDOW_S: Final = 3600
DUST_MAX_ATOMS: Final = 1000000000
EVENT_LOCKED: Final = 1
EVENT_OPEN: Final = 0
EVENT_RESOLVED: Final = 2
EVENT_VOID: Final = 3
FEE_MAX_BPS: Final = 1000
INSURANCE_CAP_MIN_BPS: Final = 100
INSURANCE_REMOVABLE_BPS: Final = 1000
LOSSES_FIRST_S: Final = 86400
LOTS_MIN_MAX: Final = 1000
NOTICE_S: Final = 172800
ORDER_FILL_OR_KILL: Final = 2
ORDER_IMMEDIATE_OR_CANCEL: Final = 1
ORDER_LIMIT: Final = 0
ORDER_POST_ONLY: Final = 3
ORDER_POST_ONLY_SLIDE: Final = 4
PAUSE_CREATE: Final = 2
PAUSE_DEPOSIT: Final = 1
PAUSE_TOKENIZE: Final = 8
PAUSE_TRADE: Final = 4
PERP_FEE_MAX_PPM: Final = 10000
PERP_PAUSE_LIQUIDATE: Final = 2
PERP_PAUSE_OPEN: Final = 1
PERP_PAUSE_PROFITS: Final = 4
POOL_LMSR: Final = 0
POOL_PM_AMM: Final = 1
PRICE_MAX_TICKS: Final = 9999
PROFITS_WINDOW_S: Final = 3600
RESOLVER_AUTHORITY: Final = 1
RESOLVER_RECORD: Final = 0
SELF_TRADE_CANCEL_PROVIDE: Final = 0
SELF_TRADE_CANCEL_TAKE: Final = 1
SELF_TRADE_DECREMENT: Final = 2
SIDE_ASK: Final = 1
SIDE_BID: Final = 0
ERRORS: Final[dict[int, _wire.ProgramErrorInfo]] = {
    6000: _wire.ProgramErrorInfo(6000, "OwnerMismatch", "The signer does not own this margin account"),
    6001: _wire.ProgramErrorInfo(6001, "AdminMismatch", "Only the exchange's admin may do this"),
    6002: _wire.ProgramErrorInfo(6002, "PauserMismatch", "Only the exchange's pauser or admin may pause"),
    6003: _wire.ProgramErrorInfo(6003, "ExchangeMismatch", "The account belongs to another exchange"),
    6004: _wire.ProgramErrorInfo(6004, "VaultMismatch", "The vault is not this exchange's"),
    6005: _wire.ProgramErrorInfo(
        6005, "MintMismatch", "The token account or mint holds another token than this operation moves"
    ),
    6006: _wire.ProgramErrorInfo(6006, "DecimalsInvalid", "Collateral must be a token with 6 decimals"),
    6007: _wire.ProgramErrorInfo(
        6007, "TreasuryMismatch", "The treasury is not the token account named when the exchange was created"
    ),
    6008: _wire.ProgramErrorInfo(6008, "FeeInvalid", "The fee must be at most 1000 bps"),
    6009: _wire.ProgramErrorInfo(
        6009, "Paused", "This operation is paused; reducing, merging, redeeming and withdrawing stay open"
    ),
    6010: _wire.ProgramErrorInfo(
        6010, "PauseBitsInvalid", "No such pause bits; allowed are 1 deposit, 2 create, 4 trade, 8 tokenize"
    ),
    6011: _wire.ProgramErrorInfo(6011, "AmountZero", "The amount must be greater than zero"),
    6012: _wire.ProgramErrorInfo(
        6012,
        "InsolventAccount",
        "Not enough free collateral: deposit more, reduce a position or ask for less",
    ),
    6013: _wire.ProgramErrorInfo(
        6013, "LegsFull", "The margin account already holds positions in 8 events; redeem or close one"
    ),
    6014: _wire.ProgramErrorInfo(6014, "LegAbsent", "The margin account holds no position in this event"),
    6015: _wire.ProgramErrorInfo(
        6015, "SetsInsufficient", "Fewer complete sets are held than should be merged"
    ),
    6016: _wire.ProgramErrorInfo(
        6016, "AccountNotEmpty", "The account still holds cash or positions; withdraw and redeem first"
    ),
    6017: _wire.ProgramErrorInfo(
        6017, "OutcomesInvalid", "An event has 2 to 16 outcomes; one settled by a record has exactly 2"
    ),
    6018: _wire.ProgramErrorInfo(
        6018,
        "TimesInvalid",
        "Times must be in order: now before the lock time before the settlement deadline, at most three years ahead",
    ),
    6019: _wire.ProgramErrorInfo(6019, "OutcomeUnknown", "No such outcome in this event"),
    6020: _wire.ProgramErrorInfo(
        6020,
        "ResolverInvalid",
        "The resolver is neither an authority (1) nor a record (0) of the oracle program",
    ),
    6021: _wire.ProgramErrorInfo(
        6021, "ResolverMismatch", "The record or authority passed is not this event's resolver"
    ),
    6022: _wire.ProgramErrorInfo(
        6022,
        "RecordUnfit",
        "The record must be open, end no sooner than the lock time and at least two days before the settlement deadline",
    ),
    6023: _wire.ProgramErrorInfo(
        6023, "RecordUndecided", "The record is not decided yet; crank observe until it is"
    ),
    6024: _wire.ProgramErrorInfo(6024, "RecordDecided", "The record is decided; settle the event by it"),
    6025: _wire.ProgramErrorInfo(
        6025, "EventNotOpen", "The event no longer trades: it is locked, settled or past its lock time"
    ),
    6026: _wire.ProgramErrorInfo(6026, "EventLocked", "The event is locked or settled already"),
    6027: _wire.ProgramErrorInfo(
        6027, "LockTooEarly", "The event's lock time has not come, and only its authority may lock it sooner"
    ),
    6028: _wire.ProgramErrorInfo(6028, "EventNotSettled", "The event is not settled yet"),
    6029: _wire.ProgramErrorInfo(6029, "EventSettled", "The event is settled already"),
    6030: _wire.ProgramErrorInfo(
        6030, "DeadlinePassed", "The settlement deadline has passed; the event can only be voided"
    ),
    6031: _wire.ProgramErrorInfo(
        6031, "DeadlineNotPassed", "The settlement deadline has not passed; the event cannot be voided yet"
    ),
    6032: _wire.ProgramErrorInfo(
        6032,
        "PayoutInvalid",
        "Payouts must sum to 1 (10000 ticks) over the event's outcomes and be zero beyond",
    ),
    6033: _wire.ProgramErrorInfo(6033, "PoolMismatch", "The pool or book belongs to another event"),
    6034: _wire.ProgramErrorInfo(
        6034,
        "PoolKindInvalid",
        "No such pool kind; allowed are LMSR (0; 2 to 16 outcomes) and pm-AMM (1; 2 outcomes)",
    ),
    6035: _wire.ProgramErrorInfo(6035, "LiquidityInvalid", "Liquidity out of range for this kind of pool"),
    6036: _wire.ProgramErrorInfo(
        6036,
        "PriceOutOfRange",
        "The trade would leave the pool's range; trade less, or net the pool first if it holds many complete sets",
    ),
    6037: _wire.ProgramErrorInfo(
        6037, "LimitExceeded", "The trade costs more, or yields less, than the limit given"
    ),
    6038: _wire.ProgramErrorInfo(
        6038, "InsolventPool", "The pool could not pay its worst case; nothing was traded"
    ),
    6039: _wire.ProgramErrorInfo(
        6039, "CreatorMismatch", "Only the pool's creator may close it before the event is settled"
    ),
    6040: _wire.ProgramErrorInfo(
        6040, "AccountMismatch", "The margin account is not the one that funded the pool"
    ),
    6041: _wire.ProgramErrorInfo(
        6041, "OutcomeMintMismatch", "The outcome's mint is not the one this event creates"
    ),
    6042: _wire.ProgramErrorInfo(
        6042, "TokensInsufficient", "More tokens are given than exist of this outcome"
    ),
    6043: _wire.ProgramErrorInfo(
        6043,
        "PositionTooLarge",
        "A position can be at most 90000000000000 lots of an outcome, its open orders included",
    ),
    6044: _wire.ProgramErrorInfo(6044, "Overflow", "A number left its integer type; use smaller amounts"),
    6045: _wire.ProgramErrorInfo(
        6045,
        "OrdersOpen",
        "Orders are still open in this event's books; cancel them, or have the seats drawn, first",
    ),
    6046: _wire.ProgramErrorInfo(
        6046, "BookInvalid", "The account is no book of this event and program, or is not writable"
    ),
    6047: _wire.ProgramErrorInfo(
        6047,
        "BookOutcomeInvalid",
        "An event of two outcomes has one book, of its first; others have one for each outcome",
    ),
    6048: _wire.ProgramErrorInfo(
        6048,
        "BookFull",
        "The book's side is full, and every order there locks as much collateral as this one; place a larger order, or expand the book",
    ),
    6049: _wire.ProgramErrorInfo(6049, "SeatsFull", "The book has no free seat; expand it"),
    6050: _wire.ProgramErrorInfo(
        6050,
        "BookNotEmpty",
        "The book still holds orders or undrawn fills; sweep it and draw its seats first",
    ),
    6051: _wire.ProgramErrorInfo(
        6051,
        "BookSizeInvalid",
        "A book can have at most 2048 orders and 4096 seats, and grows by 10240 bytes at once",
    ),
    6052: _wire.ProgramErrorInfo(
        6052,
        "OrderInvalid",
        "Order out of range: price 1 to 9999 ticks (a perpetual's: 16777215, or below its face), at most 500000000000 lots and 256 orders met, expiry in the future, known side and kinds",
    ),
    6053: _wire.ProgramErrorInfo(
        6053, "OrderTooSmall", "An order that rests needs at least the book's least lots"
    ),
    6054: _wire.ProgramErrorInfo(
        6054, "OrderWouldTake", "The order would take from the book, and is to rest only"
    ),
    6055: _wire.ProgramErrorInfo(
        6055, "OrderNotFilled", "The book cannot fill the whole order at its price; nothing was done"
    ),
    6056: _wire.ProgramErrorInfo(
        6056, "LotsMinInvalid", "The least lots of an order that rests must be 1 to 1000"
    ),
    6057: _wire.ProgramErrorInfo(
        6057,
        "NothingToReduce",
        "The order is to reduce only, and there is no position that other open orders leave to reduce",
    ),
    6058: _wire.ProgramErrorInfo(6058, "SeatAbsent", "The account has no seat in this book"),
    6059: _wire.ProgramErrorInfo(
        6059, "NothingExpired", "No order of this book has expired, and its event still trades"
    ),
    6060: _wire.ProgramErrorInfo(6060, "OrderNotOwned", "The order belongs to another account"),
    6061: _wire.ProgramErrorInfo(
        6061,
        "BuilderFeeInvalid",
        "A builder's fee is at most 100 bps, and needs the builder's margin account of the same exchange",
    ),
    6062: _wire.ProgramErrorInfo(
        6062,
        "PerpLegsFull",
        "The margin account already holds positions in 8 perpetuals; close and settle one",
    ),
    6063: _wire.ProgramErrorInfo(
        6063, "PerpLegAbsent", "The margin account holds no position in this perpetual"
    ),
    6064: _wire.ProgramErrorInfo(
        6064,
        "PerpMarketMissing",
        "The market of another perpetual leg is missing; pass all of the account's markets",
    ),
    6065: _wire.ProgramErrorInfo(
        6065,
        "PerpMarketStale",
        "A market of the account is behind, or its seat undrawn: bring all of them up to date in the same slot, and draw the seats",
    ),
    6066: _wire.ProgramErrorInfo(
        6066,
        "MarginStale",
        "The account holds perpetuals; refresh its margin in the same slot before spending free collateral",
    ),
    6067: _wire.ProgramErrorInfo(
        6067,
        "PerpRulesInvalid",
        "Rules out of range: tiers rise from 0, initial above maintenance above what a liquidation and the near band cost, all limits greater than zero",
    ),
    6068: _wire.ProgramErrorInfo(
        6068, "FeedMismatch", "The feed is not this perpetual's, or contradicts itself"
    ),
    6069: _wire.ProgramErrorInfo(
        6069,
        "PriceUnfit",
        "The price is too old, uncertain or volatile for this; reducing, cancelling and depositing stay open",
    ),
    6070: _wire.ProgramErrorInfo(
        6070,
        "PerpClosed",
        "The perpetual closes within the hour, or has closed: reduce until then, settle afterwards",
    ),
    6071: _wire.ProgramErrorInfo(
        6071,
        "NoticeRunning",
        "Changes take two days' notice: the rules proposed are not in force, or the time given is too near",
    ),
    6072: _wire.ProgramErrorInfo(
        6072,
        "SettlementUnfit",
        "Not at this stage: a perpetual settles once, after its close, and pays profits a day after it",
    ),
    6073: _wire.ProgramErrorInfo(
        6073, "NothingToReturn", "Nothing that was borne is left to return, or insurance may pay nothing now"
    ),
    6074: _wire.ProgramErrorInfo(
        6074, "TriggerNotReached", "The mark has not reached the trigger, or the order has lapsed"
    ),
    6075: _wire.ProgramErrorInfo(
        6075, "OrderOffMark", "The order would rest further beyond the mark than the market allows"
    ),
    6076: _wire.ProgramErrorInfo(
        6076, "AccountHealthy", "The account has what keeping its positions requires; it cannot be liquidated"
    ),
    6077: _wire.ProgramErrorInfo(
        6077, "AccountBankrupt", "The account cannot pay for its liquidation; resolve its bankruptcy"
    ),
    6078: _wire.ProgramErrorInfo(
        6078, "AccountSolvent", "The account can still pay for its liquidation; liquidate it"
    ),
    6079: _wire.ProgramErrorInfo(
        6079, "NothingToLiquidate", "The account has no position in this perpetual to take over"
    ),
    6080: _wire.ProgramErrorInfo(
        6080,
        "NothingToSettle",
        "Nothing moves: no profit or loss, an empty pool, or the hour's limit of profits is reached",
    ),
    6081: _wire.ProgramErrorInfo(
        6081, "InsuranceInsufficient", "Insurance does not cover this: add to it, wait a day, or ask for less"
    ),
    6082: _wire.ProgramErrorInfo(
        6082,
        "TriggerVoid",
        "The position that the order was placed for is closed, or turned; anyone may cancel the order",
    ),
}


_SYSTEM_PROGRAM_ADDRESS: Final = Pubkey.from_string("11111111111111111111111111111111")
_TOKEN_PROGRAM_ADDRESS: Final = Pubkey.from_string("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA")


_ACCOUNT_CLOSED = Struct("<32s")


@dataclass(frozen=True, slots=True)
class AccountClosed:
    """The event AccountClosed.

    Attributes:
        account: key.
    """

    account: Pubkey

    DISCRIMINATOR: ClassVar[bytes] = b"\x13\xfaO\xec[P\x940"
    SIZE: ClassVar[int] = 40

    @classmethod
    def decode(cls, data: bytes) -> AccountClosed:
        """Reads an AccountClosed and checks the discriminator before it; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _account_closed(_wire.unpack(_ACCOUNT_CLOSED, data, "AccountClosed", cls.DISCRIMINATOR), 0)

    def encode(self, name: str = "account_closed") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return self.DISCRIMINATOR + _encode_account_closed(self, name)


def _account_closed(values: tuple[Any, ...], at: int) -> AccountClosed:
    return AccountClosed(Pubkey.from_bytes(values[at]))


def _encode_account_closed(value: AccountClosed, name: str) -> bytes:
    if not isinstance(value, AccountClosed):
        raise _wire.ArgumentError(name, value, "an AccountClosed")
    return b"".join((_wire.encode_pubkey(value.account, f"{name}.account"),))


_ACCOUNT_OPENED = Struct("<32s32s")


@dataclass(frozen=True, slots=True)
class AccountOpened:
    """The event AccountOpened.

    Attributes:
        account: key.
        owner: key.
    """

    account: Pubkey
    owner: Pubkey

    DISCRIMINATOR: ClassVar[bytes] = b"\xfaY'C#w~?"
    SIZE: ClassVar[int] = 72

    @classmethod
    def decode(cls, data: bytes) -> AccountOpened:
        """Reads an AccountOpened and checks the discriminator before it; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _account_opened(_wire.unpack(_ACCOUNT_OPENED, data, "AccountOpened", cls.DISCRIMINATOR), 0)

    def encode(self, name: str = "account_opened") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return self.DISCRIMINATOR + _encode_account_opened(self, name)


def _account_opened(values: tuple[Any, ...], at: int) -> AccountOpened:
    return AccountOpened(Pubkey.from_bytes(values[at]), Pubkey.from_bytes(values[at + 1]))


def _encode_account_opened(value: AccountOpened, name: str) -> bytes:
    if not isinstance(value, AccountOpened):
        raise _wire.ArgumentError(name, value, "an AccountOpened")
    return b"".join(
        (
            _wire.encode_pubkey(value.account, f"{name}.account"),
            _wire.encode_pubkey(value.owner, f"{name}.owner"),
        )
    )


_BOOK = Struct("<32s32s32sQQQQIIIIIIHHBBBBII24x")


@dataclass(frozen=True, slots=True)
class Book:
    """One per outcome of an event; of two outcomes only the first has one, as buying NO is selling YES.

    Attributes:
        exchange: The exchange whose collateral it pays.
        event: The event whose outcome it trades, or the perpetual.
        creator: Who created it and gets the rent.
        fees_atoms: Fees not yet collected, rebates deducted.
        changes: How often the orders have changed; every log carries it.
        lots_min: Least lots of an order that rests.
        age: Age of the next order.
        bids: Orders that buy, at the start of the room for orders.
        asks: Orders that sell, at its end.
        seats: How many seats there are.
        seats_taken: How many of them are taken.
        seat_free: First seat that was given up, counted from 1; 0 without.
        seats_used: How many seats were ever taken: those after are free too.
        fee_bps: Taker's fee in bps of lots × p × (1 − p).
        rebate_bps: Maker's rebate, out of that.
        outcome: The outcome traded.
        outcomes: How many outcomes the event has.
        bump: PDA bump.
        layout: Layout of this account; 1.
        face_ticks: What a lot of the outcome pays if it wins, in ticks: what an ask cannot lose more
            than, its price deducted. 0 for a perpetual, whose asks count at their price.
        price_max_ticks: The highest price of an order.
    """

    exchange: Pubkey
    event: Pubkey
    creator: Pubkey
    fees_atoms: int
    changes: int
    lots_min: int
    age: int
    bids: int
    asks: int
    seats: int
    seats_taken: int
    seat_free: int
    seats_used: int
    fee_bps: int
    rebate_bps: int
    outcome: int
    outcomes: int
    bump: int
    layout: int
    face_ticks: int
    price_max_ticks: int

    DISCRIMINATOR: ClassVar[bytes] = b'y"y#[>U\xde'
    SIZE: ClassVar[int] = 200
    OFFSETS: ClassVar[dict[str, int]] = {
        "exchange": 8,
        "event": 40,
        "creator": 72,
        "fees_atoms": 104,
        "changes": 112,
        "lots_min": 120,
        "age": 128,
        "bids": 136,
        "asks": 140,
        "seats": 144,
        "seats_taken": 148,
        "seat_free": 152,
        "seats_used": 156,
        "fee_bps": 160,
        "rebate_bps": 162,
        "outcome": 164,
        "outcomes": 165,
        "bump": 166,
        "layout": 167,
        "face_ticks": 168,
        "price_max_ticks": 172,
    }

    @classmethod
    def decode(cls, data: bytes) -> Book:
        """Reads a Book and checks the discriminator before it; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _book(_wire.unpack(_BOOK, data, "Book", cls.DISCRIMINATOR), 0)

    def encode(self, name: str = "book") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return self.DISCRIMINATOR + _encode_book(self, name)


def _book(values: tuple[Any, ...], at: int) -> Book:
    return Book(
        Pubkey.from_bytes(values[at]),
        Pubkey.from_bytes(values[at + 1]),
        Pubkey.from_bytes(values[at + 2]),
        values[at + 3],
        values[at + 4],
        values[at + 5],
        values[at + 6],
        values[at + 7],
        values[at + 8],
        values[at + 9],
        values[at + 10],
        values[at + 11],
        values[at + 12],
        values[at + 13],
        values[at + 14],
        values[at + 15],
        values[at + 16],
        values[at + 17],
        values[at + 18],
        values[at + 19],
        values[at + 20],
    )


def _encode_book(value: Book, name: str) -> bytes:
    if not isinstance(value, Book):
        raise _wire.ArgumentError(name, value, "a Book")
    return b"".join(
        (
            _wire.encode_pubkey(value.exchange, f"{name}.exchange"),
            _wire.encode_pubkey(value.event, f"{name}.event"),
            _wire.encode_pubkey(value.creator, f"{name}.creator"),
            _wire.encode_u64(value.fees_atoms, f"{name}.fees_atoms"),
            _wire.encode_u64(value.changes, f"{name}.changes"),
            _wire.encode_u64(value.lots_min, f"{name}.lots_min"),
            _wire.encode_u64(value.age, f"{name}.age"),
            _wire.encode_u32(value.bids, f"{name}.bids"),
            _wire.encode_u32(value.asks, f"{name}.asks"),
            _wire.encode_u32(value.seats, f"{name}.seats"),
            _wire.encode_u32(value.seats_taken, f"{name}.seats_taken"),
            _wire.encode_u32(value.seat_free, f"{name}.seat_free"),
            _wire.encode_u32(value.seats_used, f"{name}.seats_used"),
            _wire.encode_u16(value.fee_bps, f"{name}.fee_bps"),
            _wire.encode_u16(value.rebate_bps, f"{name}.rebate_bps"),
            _wire.encode_u8(value.outcome, f"{name}.outcome"),
            _wire.encode_u8(value.outcomes, f"{name}.outcomes"),
            _wire.encode_u8(value.bump, f"{name}.bump"),
            _wire.encode_u8(value.layout, f"{name}.layout"),
            _wire.encode_u32(value.face_ticks, f"{name}.face_ticks"),
            _wire.encode_u32(value.price_max_ticks, f"{name}.price_max_ticks"),
            bytes(24),
        )
    )


_ORDER_LOTS = Struct("<QQ")


@dataclass(frozen=True, slots=True)
class OrderLots:
    """Lots that an order lost, at its own price.

    Attributes:
        order_id: u64.
        lots: u64.
    """

    order_id: int
    lots: int

    SIZE: ClassVar[int] = 16

    @classmethod
    def decode(cls, data: bytes) -> OrderLots:
        """Reads an OrderLots from its first byte on; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _order_lots(_wire.unpack(_ORDER_LOTS, data, "OrderLots"), 0)

    def encode(self, name: str = "order_lots") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return _encode_order_lots(self, name)


def _order_lots(values: tuple[Any, ...], at: int) -> OrderLots:
    return OrderLots(values[at], values[at + 1])


def _encode_order_lots(value: OrderLots, name: str) -> bytes:
    if not isinstance(value, OrderLots):
        raise _wire.ArgumentError(name, value, "an OrderLots")
    return b"".join(
        (
            _wire.encode_u64(value.order_id, f"{name}.order_id"),
            _wire.encode_u64(value.lots, f"{name}.lots"),
        )
    )


_PLACED_ORDER = Struct("<QQQQQQIH2x")


@dataclass(frozen=True, slots=True)
class PlacedOrder:
    """What became of an order.

    Attributes:
        client_id: The owner's own mark.
        order_id: Number of what rests; 0 if nothing does.
        filled_lots: Lots that traded in the book; what a pool beside it traded, its own log says.
        paid_atoms: What they cost, or brought, fee apart.
        fee_atoms: The taker's fee, a builder's apart.
        rested_lots: Lots that rest.
        expires_at: When it stops trading, Unix seconds; 0 for never.
        seat: The seat it rests in, counted from 0.
    """

    client_id: int
    order_id: int
    filled_lots: int
    paid_atoms: int
    fee_atoms: int
    rested_lots: int
    expires_at: int
    seat: int

    SIZE: ClassVar[int] = 56

    @classmethod
    def decode(cls, data: bytes) -> PlacedOrder:
        """Reads a PlacedOrder from its first byte on; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _placed_order(_wire.unpack(_PLACED_ORDER, data, "PlacedOrder"), 0)

    def encode(self, name: str = "placed_order") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return _encode_placed_order(self, name)


def _placed_order(values: tuple[Any, ...], at: int) -> PlacedOrder:
    return PlacedOrder(
        values[at],
        values[at + 1],
        values[at + 2],
        values[at + 3],
        values[at + 4],
        values[at + 5],
        values[at + 6],
        values[at + 7],
    )


def _encode_placed_order(value: PlacedOrder, name: str) -> bytes:
    if not isinstance(value, PlacedOrder):
        raise _wire.ArgumentError(name, value, "a PlacedOrder")
    return b"".join(
        (
            _wire.encode_u64(value.client_id, f"{name}.client_id"),
            _wire.encode_u64(value.order_id, f"{name}.order_id"),
            _wire.encode_u64(value.filled_lots, f"{name}.filled_lots"),
            _wire.encode_u64(value.paid_atoms, f"{name}.paid_atoms"),
            _wire.encode_u64(value.fee_atoms, f"{name}.fee_atoms"),
            _wire.encode_u64(value.rested_lots, f"{name}.rested_lots"),
            _wire.encode_u32(value.expires_at, f"{name}.expires_at"),
            _wire.encode_u16(value.seat, f"{name}.seat"),
            bytes(2),
        )
    )


@dataclass(frozen=True, slots=True)
class BookChanged:
    """The orders of a book changed: everything one instruction did there.

    Whose instruction it was, its accounts tell.

    Attributes:
        book: key.
        changes: How often the orders had changed before: one more than in the log before, or logs are
            missing.
        fills: Resting orders that traded, best first.
        dropped: Resting orders that lost lots without a trade: cancelled, expired, evicted, or their
            owner's own.
        placed: any number of `PlacedOrder`.
    """

    book: Pubkey
    changes: int
    fills: tuple[OrderLots, ...]
    dropped: tuple[OrderLots, ...]
    placed: tuple[PlacedOrder, ...]

    DISCRIMINATOR: ClassVar[bytes] = b"\x8ay\xfe]K}r}"

    @classmethod
    def decode(cls, data: bytes) -> BookChanged:
        """Reads a BookChanged and checks the discriminator before it; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _read_book_changed(_wire.body(data, "BookChanged", cls.DISCRIMINATOR))

    def encode(self, name: str = "book_changed") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return self.DISCRIMINATOR + _encode_book_changed(self, name)


def _read_book_changed(reader: _wire.Reader) -> BookChanged:
    return BookChanged(
        book=reader.pubkey(),
        changes=reader.u64(),
        fills=reader.vec(lambda: _order_lots(reader.unpack(_ORDER_LOTS), 0)),
        dropped=reader.vec(lambda: _order_lots(reader.unpack(_ORDER_LOTS), 0)),
        placed=reader.vec(lambda: _placed_order(reader.unpack(_PLACED_ORDER), 0)),
    )


def _encode_book_changed(value: BookChanged, name: str) -> bytes:
    if not isinstance(value, BookChanged):
        raise _wire.ArgumentError(name, value, "a BookChanged")
    return b"".join(
        (
            _wire.encode_pubkey(value.book, f"{name}.book"),
            _wire.encode_u64(value.changes, f"{name}.changes"),
            _wire.encode_vec(value.fills, f"{name}.fills", _encode_order_lots),
            _wire.encode_vec(value.dropped, f"{name}.dropped", _encode_order_lots),
            _wire.encode_vec(value.placed, f"{name}.placed", _encode_placed_order),
        )
    )


_BOOK_CLOSED = Struct("<32sQ")


@dataclass(frozen=True, slots=True)
class BookClosed:
    """The event BookClosed.

    Attributes:
        book: key.
        fees_atoms: u64.
    """

    book: Pubkey
    fees_atoms: int

    DISCRIMINATOR: ClassVar[bytes] = b"RMxq\x07P\x1d)"
    SIZE: ClassVar[int] = 48

    @classmethod
    def decode(cls, data: bytes) -> BookClosed:
        """Reads a BookClosed and checks the discriminator before it; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _book_closed(_wire.unpack(_BOOK_CLOSED, data, "BookClosed", cls.DISCRIMINATOR), 0)

    def encode(self, name: str = "book_closed") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return self.DISCRIMINATOR + _encode_book_closed(self, name)


def _book_closed(values: tuple[Any, ...], at: int) -> BookClosed:
    return BookClosed(Pubkey.from_bytes(values[at]), values[at + 1])


def _encode_book_closed(value: BookClosed, name: str) -> bytes:
    if not isinstance(value, BookClosed):
        raise _wire.ArgumentError(name, value, "a BookClosed")
    return b"".join(
        (
            _wire.encode_pubkey(value.book, f"{name}.book"),
            _wire.encode_u64(value.fees_atoms, f"{name}.fees_atoms"),
        )
    )


_BOOK_CREATED = Struct("<32s32sB")


@dataclass(frozen=True, slots=True)
class BookCreated:
    """The event BookCreated.

    Attributes:
        book: key.
        event: key.
        outcome: u8.
    """

    book: Pubkey
    event: Pubkey
    outcome: int

    DISCRIMINATOR: ClassVar[bytes] = b"V\xe9\xfb\x1f\x9b\xdd\x0e="
    SIZE: ClassVar[int] = 73

    @classmethod
    def decode(cls, data: bytes) -> BookCreated:
        """Reads a BookCreated and checks the discriminator before it; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _book_created(_wire.unpack(_BOOK_CREATED, data, "BookCreated", cls.DISCRIMINATOR), 0)

    def encode(self, name: str = "book_created") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return self.DISCRIMINATOR + _encode_book_created(self, name)


def _book_created(values: tuple[Any, ...], at: int) -> BookCreated:
    return BookCreated(Pubkey.from_bytes(values[at]), Pubkey.from_bytes(values[at + 1]), values[at + 2])


def _encode_book_created(value: BookCreated, name: str) -> bytes:
    if not isinstance(value, BookCreated):
        raise _wire.ArgumentError(name, value, "a BookCreated")
    return b"".join(
        (
            _wire.encode_pubkey(value.book, f"{name}.book"),
            _wire.encode_pubkey(value.event, f"{name}.event"),
            _wire.encode_u8(value.outcome, f"{name}.outcome"),
        )
    )


_BUILDER_PAID = Struct("<32s32sQ")


@dataclass(frozen=True, slots=True)
class BuilderPaid:
    """A builder's front end earned its fee on what a trader took: a margin account, or a wallet without one.

    Attributes:
        builder: key.
        trader: key.
        amount_atoms: u64.
    """

    builder: Pubkey
    trader: Pubkey
    amount_atoms: int

    DISCRIMINATOR: ClassVar[bytes] = b"\x01\x12\xf7U\x15\xce $"
    SIZE: ClassVar[int] = 80

    @classmethod
    def decode(cls, data: bytes) -> BuilderPaid:
        """Reads a BuilderPaid and checks the discriminator before it; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _builder_paid(_wire.unpack(_BUILDER_PAID, data, "BuilderPaid", cls.DISCRIMINATOR), 0)

    def encode(self, name: str = "builder_paid") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return self.DISCRIMINATOR + _encode_builder_paid(self, name)


def _builder_paid(values: tuple[Any, ...], at: int) -> BuilderPaid:
    return BuilderPaid(Pubkey.from_bytes(values[at]), Pubkey.from_bytes(values[at + 1]), values[at + 2])


def _encode_builder_paid(value: BuilderPaid, name: str) -> bytes:
    if not isinstance(value, BuilderPaid):
        raise _wire.ArgumentError(name, value, "a BuilderPaid")
    return b"".join(
        (
            _wire.encode_pubkey(value.builder, f"{name}.builder"),
            _wire.encode_pubkey(value.trader, f"{name}.trader"),
            _wire.encode_u64(value.amount_atoms, f"{name}.amount_atoms"),
        )
    )


_CANCELLATION = Struct("<QH")


@dataclass(frozen=True, slots=True)
class Cancellation:
    """An order to be cancelled.

    Attributes:
        order_id: Its number.
        hint: Where it was last seen among the room for orders; found without it too.
    """

    order_id: int
    hint: int

    SIZE: ClassVar[int] = 10

    @classmethod
    def decode(cls, data: bytes) -> Cancellation:
        """Reads a Cancellation from its first byte on; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _cancellation(_wire.unpack(_CANCELLATION, data, "Cancellation"), 0)

    def encode(self, name: str = "cancellation") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return _encode_cancellation(self, name)


def _cancellation(values: tuple[Any, ...], at: int) -> Cancellation:
    return Cancellation(values[at], values[at + 1])


def _encode_cancellation(value: Cancellation, name: str) -> bytes:
    if not isinstance(value, Cancellation):
        raise _wire.ArgumentError(name, value, "a Cancellation")
    return b"".join(
        (
            _wire.encode_u64(value.order_id, f"{name}.order_id"),
            _wire.encode_u16(value.hint, f"{name}.hint"),
        )
    )


_COLLATERAL_MISSING = Struct("<Q")


@dataclass(frozen=True, slots=True)
class CollateralMissing:
    """What an account lacks for an instruction that is refused for it.

    Attributes:
        amount_atoms: u64.
    """

    amount_atoms: int

    DISCRIMINATOR: ClassVar[bytes] = b"!9|\x0b\xab\xabh\x8a"
    SIZE: ClassVar[int] = 16

    @classmethod
    def decode(cls, data: bytes) -> CollateralMissing:
        """Reads a CollateralMissing and checks the discriminator before it; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _collateral_missing(
            _wire.unpack(_COLLATERAL_MISSING, data, "CollateralMissing", cls.DISCRIMINATOR), 0
        )

    def encode(self, name: str = "collateral_missing") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return self.DISCRIMINATOR + _encode_collateral_missing(self, name)


def _collateral_missing(values: tuple[Any, ...], at: int) -> CollateralMissing:
    return CollateralMissing(values[at])


def _encode_collateral_missing(value: CollateralMissing, name: str) -> bytes:
    if not isinstance(value, CollateralMissing):
        raise _wire.ArgumentError(name, value, "a CollateralMissing")
    return b"".join((_wire.encode_u64(value.amount_atoms, f"{name}.amount_atoms"),))


_DELEGATE_SET = Struct("<32s32s")


@dataclass(frozen=True, slots=True)
class DelegateSet:
    """The event DelegateSet.

    Attributes:
        account: key.
        delegate: The zero address for nobody.
    """

    account: Pubkey
    delegate: Pubkey

    DISCRIMINATOR: ClassVar[bytes] = b"g~\xef\x83\xc9\x1f\xd4\xfd"
    SIZE: ClassVar[int] = 72

    @classmethod
    def decode(cls, data: bytes) -> DelegateSet:
        """Reads a DelegateSet and checks the discriminator before it; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _delegate_set(_wire.unpack(_DELEGATE_SET, data, "DelegateSet", cls.DISCRIMINATOR), 0)

    def encode(self, name: str = "delegate_set") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return self.DISCRIMINATOR + _encode_delegate_set(self, name)


def _delegate_set(values: tuple[Any, ...], at: int) -> DelegateSet:
    return DelegateSet(Pubkey.from_bytes(values[at]), Pubkey.from_bytes(values[at + 1]))


def _encode_delegate_set(value: DelegateSet, name: str) -> bytes:
    if not isinstance(value, DelegateSet):
        raise _wire.ArgumentError(name, value, "a DelegateSet")
    return b"".join(
        (
            _wire.encode_pubkey(value.account, f"{name}.account"),
            _wire.encode_pubkey(value.delegate, f"{name}.delegate"),
        )
    )


_DEPOSITED = Struct("<32sQ")


@dataclass(frozen=True, slots=True)
class Deposited:
    """The event Deposited.

    Attributes:
        account: key.
        amount_atoms: u64.
    """

    account: Pubkey
    amount_atoms: int

    DISCRIMINATOR: ClassVar[bytes] = b"o\x8d\x1a-\xa1#d9"
    SIZE: ClassVar[int] = 48

    @classmethod
    def decode(cls, data: bytes) -> Deposited:
        """Reads a Deposited and checks the discriminator before it; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _deposited(_wire.unpack(_DEPOSITED, data, "Deposited", cls.DISCRIMINATOR), 0)

    def encode(self, name: str = "deposited") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return self.DISCRIMINATOR + _encode_deposited(self, name)


def _deposited(values: tuple[Any, ...], at: int) -> Deposited:
    return Deposited(Pubkey.from_bytes(values[at]), values[at + 1])


def _encode_deposited(value: Deposited, name: str) -> bytes:
    if not isinstance(value, Deposited):
        raise _wire.ArgumentError(name, value, "a Deposited")
    return b"".join(
        (
            _wire.encode_pubkey(value.account, f"{name}.account"),
            _wire.encode_u64(value.amount_atoms, f"{name}.amount_atoms"),
        )
    )


_EVENT_CREATED = Struct("<32s32sB")


@dataclass(frozen=True, slots=True)
class EventCreated:
    """The event EventCreated.

    Attributes:
        event: key.
        creator: key.
        outcomes: u8.
    """

    event: Pubkey
    creator: Pubkey
    outcomes: int

    DISCRIMINATOR: ClassVar[bytes] = b";\xba\xc7\xaf\xf2\x19\xee^"
    SIZE: ClassVar[int] = 73

    @classmethod
    def decode(cls, data: bytes) -> EventCreated:
        """Reads an EventCreated and checks the discriminator before it; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _event_created(_wire.unpack(_EVENT_CREATED, data, "EventCreated", cls.DISCRIMINATOR), 0)

    def encode(self, name: str = "event_created") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return self.DISCRIMINATOR + _encode_event_created(self, name)


def _event_created(values: tuple[Any, ...], at: int) -> EventCreated:
    return EventCreated(Pubkey.from_bytes(values[at]), Pubkey.from_bytes(values[at + 1]), values[at + 2])


def _encode_event_created(value: EventCreated, name: str) -> bytes:
    if not isinstance(value, EventCreated):
        raise _wire.ArgumentError(name, value, "an EventCreated")
    return b"".join(
        (
            _wire.encode_pubkey(value.event, f"{name}.event"),
            _wire.encode_pubkey(value.creator, f"{name}.creator"),
            _wire.encode_u8(value.outcomes, f"{name}.outcomes"),
        )
    )


_EVENT_LEG = Struct("<32sq16q16Q16H")


@dataclass(frozen=True, slots=True)
class EventLeg:
    """Signed shares of one event's outcomes.

    Attributes:
        event: The event; the zero address if the leg is free.
        floor_atoms: What the leg is worth at worst: the least over the outcomes of 10,000 · `lots` −
            `risk_atoms`.
        lots: Lots of each outcome.
        risk_atoms: What the open orders lose at worst if the outcome wins: bids on the others filled,
            and asks on it.
        seats: Seat in the book of each outcome, counted from 1; 0 without.
    """

    event: Pubkey
    floor_atoms: int
    lots: tuple[int, ...]
    risk_atoms: tuple[int, ...]
    seats: tuple[int, ...]

    SIZE: ClassVar[int] = 328

    @classmethod
    def decode(cls, data: bytes) -> EventLeg:
        """Reads an EventLeg from its first byte on; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _event_leg(_wire.unpack(_EVENT_LEG, data, "EventLeg"), 0)

    def encode(self, name: str = "event_leg") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return _encode_event_leg(self, name)


def _event_leg(values: tuple[Any, ...], at: int) -> EventLeg:
    return EventLeg(
        Pubkey.from_bytes(values[at]),
        values[at + 1],
        values[at + 2 : at + 18],
        values[at + 18 : at + 34],
        values[at + 34 : at + 50],
    )


def _encode_event_leg(value: EventLeg, name: str) -> bytes:
    if not isinstance(value, EventLeg):
        raise _wire.ArgumentError(name, value, "an EventLeg")
    return b"".join(
        (
            _wire.encode_pubkey(value.event, f"{name}.event"),
            _wire.encode_i64(value.floor_atoms, f"{name}.floor_atoms"),
            _wire.encode_array(value.lots, f"{name}.lots", _wire.encode_i64, 16),
            _wire.encode_array(value.risk_atoms, f"{name}.risk_atoms", _wire.encode_u64, 16),
            _wire.encode_array(value.seats, f"{name}.seats", _wire.encode_u16, 16),
        )
    )


_EVENT_LOCKED = Struct("<32s32s")


@dataclass(frozen=True, slots=True)
class EventLocked:
    """The event EventLocked.

    Attributes:
        event: key.
        locker: key.
    """

    event: Pubkey
    locker: Pubkey

    DISCRIMINATOR: ClassVar[bytes] = b"\x8e\xa2\xc8\x8b\x8e\xa9\x95\xca"
    SIZE: ClassVar[int] = 72

    @classmethod
    def decode(cls, data: bytes) -> EventLocked:
        """Reads an EventLocked and checks the discriminator before it; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _event_locked(_wire.unpack(_EVENT_LOCKED, data, "EventLocked", cls.DISCRIMINATOR), 0)

    def encode(self, name: str = "event_locked") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return self.DISCRIMINATOR + _encode_event_locked(self, name)


def _event_locked(values: tuple[Any, ...], at: int) -> EventLocked:
    return EventLocked(Pubkey.from_bytes(values[at]), Pubkey.from_bytes(values[at + 1]))


def _encode_event_locked(value: EventLocked, name: str) -> bytes:
    if not isinstance(value, EventLocked):
        raise _wire.ArgumentError(name, value, "an EventLocked")
    return b"".join(
        (
            _wire.encode_pubkey(value.event, f"{name}.event"),
            _wire.encode_pubkey(value.locker, f"{name}.locker"),
        )
    )


_EVENT_MARKET = Struct("<32s32s32s32s64s" + 16 * ("16s") + "16Q16sqqq16H16sBBBBB51x")


@dataclass(frozen=True, slots=True)
class EventMarket:
    """2 to 16 mutually exclusive, exhaustive outcomes.

    Attributes:
        exchange: Exchange whose collateral it pays.
        creator: Who created it.
        resolver: The record or the authority that settles it.
        event_id: Name given at creation; unique per creator.
        title: Title for people, UTF-8 padded with zeros.
        labels: Label of each outcome, UTF-8 padded with zeros.
        tokenized_lots: Lots of each outcome that exist as tokens.
        escrow_atoms: Collateral behind the event's shares: the complete sets before settlement, what is
            left to pay after it. Negative while shorts have yet to pay in what is owed. As wide as no
            number of accounts can fill, because a full escrow would block everybody else's settlement.
        lock_time: Trades stop at this time, Unix seconds.
        settlement_deadline: After this time anyone may void, Unix seconds.
        settled_time: When it was settled; 0 before.
        payout_ticks: What a lot of each outcome pays, in atoms; sums to 10,000 once settled.
        mint_bumps: Bump of each outcome's mint; 0 while it does not exist.
        outcomes: How many outcomes there are.
        resolver_kind: 0 a record, 1 an authority.
        status: 0 open, 1 locked, 2 resolved, 3 void.
        bump: PDA bump.
        layout: Layout of this account; 1.
    """

    exchange: Pubkey
    creator: Pubkey
    resolver: Pubkey
    event_id: bytes
    title: bytes
    labels: tuple[bytes, ...]
    tokenized_lots: tuple[int, ...]
    escrow_atoms: int
    lock_time: int
    settlement_deadline: int
    settled_time: int
    payout_ticks: tuple[int, ...]
    mint_bumps: bytes
    outcomes: int
    resolver_kind: int
    status: int
    bump: int
    layout: int

    DISCRIMINATOR: ClassVar[bytes] = b"\xf7\x18/\xad\xfbV\x9c\xc0"
    SIZE: ClassVar[int] = 728
    OFFSETS: ClassVar[dict[str, int]] = {
        "exchange": 8,
        "creator": 40,
        "resolver": 72,
        "event_id": 104,
        "title": 136,
        "labels": 200,
        "tokenized_lots": 456,
        "escrow_atoms": 584,
        "lock_time": 600,
        "settlement_deadline": 608,
        "settled_time": 616,
        "payout_ticks": 624,
        "mint_bumps": 656,
        "outcomes": 672,
        "resolver_kind": 673,
        "status": 674,
        "bump": 675,
        "layout": 676,
    }

    @classmethod
    def decode(cls, data: bytes) -> EventMarket:
        """Reads an EventMarket and checks the discriminator before it; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _event_market(_wire.unpack(_EVENT_MARKET, data, "EventMarket", cls.DISCRIMINATOR), 0)

    def encode(self, name: str = "event_market") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return self.DISCRIMINATOR + _encode_event_market(self, name)


def _event_market(values: tuple[Any, ...], at: int) -> EventMarket:
    return EventMarket(
        Pubkey.from_bytes(values[at]),
        Pubkey.from_bytes(values[at + 1]),
        Pubkey.from_bytes(values[at + 2]),
        values[at + 3],
        values[at + 4],
        values[at + 5 : at + 21],
        values[at + 21 : at + 37],
        _wire.i128(values[at + 37]),
        values[at + 38],
        values[at + 39],
        values[at + 40],
        values[at + 41 : at + 57],
        values[at + 57],
        values[at + 58],
        values[at + 59],
        values[at + 60],
        values[at + 61],
        values[at + 62],
    )


def _encode_event_market(value: EventMarket, name: str) -> bytes:
    if not isinstance(value, EventMarket):
        raise _wire.ArgumentError(name, value, "an EventMarket")
    return b"".join(
        (
            _wire.encode_pubkey(value.exchange, f"{name}.exchange"),
            _wire.encode_pubkey(value.creator, f"{name}.creator"),
            _wire.encode_pubkey(value.resolver, f"{name}.resolver"),
            _wire.encode_fixed_bytes(value.event_id, f"{name}.event_id", 32),
            _wire.encode_fixed_bytes(value.title, f"{name}.title", 64),
            _wire.encode_array(
                value.labels,
                f"{name}.labels",
                lambda item, item_name: _wire.encode_fixed_bytes(item, item_name, 16),
                16,
            ),
            _wire.encode_array(value.tokenized_lots, f"{name}.tokenized_lots", _wire.encode_u64, 16),
            _wire.encode_i128(value.escrow_atoms, f"{name}.escrow_atoms"),
            _wire.encode_i64(value.lock_time, f"{name}.lock_time"),
            _wire.encode_i64(value.settlement_deadline, f"{name}.settlement_deadline"),
            _wire.encode_i64(value.settled_time, f"{name}.settled_time"),
            _wire.encode_array(value.payout_ticks, f"{name}.payout_ticks", _wire.encode_u16, 16),
            _wire.encode_fixed_bytes(value.mint_bumps, f"{name}.mint_bumps", 16),
            _wire.encode_u8(value.outcomes, f"{name}.outcomes"),
            _wire.encode_u8(value.resolver_kind, f"{name}.resolver_kind"),
            _wire.encode_u8(value.status, f"{name}.status"),
            _wire.encode_u8(value.bump, f"{name}.bump"),
            _wire.encode_u8(value.layout, f"{name}.layout"),
            bytes(51),
        )
    )


_EVENT_SETTLED = Struct("<32sB16H")


@dataclass(frozen=True, slots=True)
class EventSettled:
    """An event has its payout vector, by its record, its authority or a void.

    Attributes:
        event: key.
        status: 2 resolved, 3 void.
        payout_ticks: 16 of u16.
    """

    event: Pubkey
    status: int
    payout_ticks: tuple[int, ...]

    DISCRIMINATOR: ClassVar[bytes] = b"*\xd7\xf8?].0,"
    SIZE: ClassVar[int] = 73

    @classmethod
    def decode(cls, data: bytes) -> EventSettled:
        """Reads an EventSettled and checks the discriminator before it; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _event_settled(_wire.unpack(_EVENT_SETTLED, data, "EventSettled", cls.DISCRIMINATOR), 0)

    def encode(self, name: str = "event_settled") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return self.DISCRIMINATOR + _encode_event_settled(self, name)


def _event_settled(values: tuple[Any, ...], at: int) -> EventSettled:
    return EventSettled(Pubkey.from_bytes(values[at]), values[at + 1], values[at + 2 : at + 18])


def _encode_event_settled(value: EventSettled, name: str) -> bytes:
    if not isinstance(value, EventSettled):
        raise _wire.ArgumentError(name, value, "an EventSettled")
    return b"".join(
        (
            _wire.encode_pubkey(value.event, f"{name}.event"),
            _wire.encode_u8(value.status, f"{name}.status"),
            _wire.encode_array(value.payout_ticks, f"{name}.payout_ticks", _wire.encode_u16, 16),
        )
    )


_EXCHANGE = Struct("<32s32s32s32s32sQHBBB123x")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One per collateral mint and admin.

    Its address is the vault's authority.

    Attributes:
        admin: May remove pause bits.
        pauser: May add pause bits.
        mint: Collateral mint, 6 decimals.
        vault: Token account that holds all collateral.
        treasury: Token account that fees are paid to.
        fees_atoms: Fees of pools that are closed, not yet collected.
        fee_bps: Fee of pools created from now on, in bps of lots × p × (1 − p).
        pause_bits: Bits of what is paused: 1 deposit, 2 create, 4 trade, 8 tokenize.
        bump: PDA bump.
        layout: Layout of this account; 1.
    """

    admin: Pubkey
    pauser: Pubkey
    mint: Pubkey
    vault: Pubkey
    treasury: Pubkey
    fees_atoms: int
    fee_bps: int
    pause_bits: int
    bump: int
    layout: int

    DISCRIMINATOR: ClassVar[bytes] = b"\x1e\xc8\xdc\x95\x03=h2"
    SIZE: ClassVar[int] = 304
    OFFSETS: ClassVar[dict[str, int]] = {
        "admin": 8,
        "pauser": 40,
        "mint": 72,
        "vault": 104,
        "treasury": 136,
        "fees_atoms": 168,
        "fee_bps": 176,
        "pause_bits": 178,
        "bump": 179,
        "layout": 180,
    }

    @classmethod
    def decode(cls, data: bytes) -> Exchange:
        """Reads an Exchange and checks the discriminator before it; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _exchange(_wire.unpack(_EXCHANGE, data, "Exchange", cls.DISCRIMINATOR), 0)

    def encode(self, name: str = "exchange") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return self.DISCRIMINATOR + _encode_exchange(self, name)


def _exchange(values: tuple[Any, ...], at: int) -> Exchange:
    return Exchange(
        Pubkey.from_bytes(values[at]),
        Pubkey.from_bytes(values[at + 1]),
        Pubkey.from_bytes(values[at + 2]),
        Pubkey.from_bytes(values[at + 3]),
        Pubkey.from_bytes(values[at + 4]),
        values[at + 5],
        values[at + 6],
        values[at + 7],
        values[at + 8],
        values[at + 9],
    )


def _encode_exchange(value: Exchange, name: str) -> bytes:
    if not isinstance(value, Exchange):
        raise _wire.ArgumentError(name, value, "an Exchange")
    return b"".join(
        (
            _wire.encode_pubkey(value.admin, f"{name}.admin"),
            _wire.encode_pubkey(value.pauser, f"{name}.pauser"),
            _wire.encode_pubkey(value.mint, f"{name}.mint"),
            _wire.encode_pubkey(value.vault, f"{name}.vault"),
            _wire.encode_pubkey(value.treasury, f"{name}.treasury"),
            _wire.encode_u64(value.fees_atoms, f"{name}.fees_atoms"),
            _wire.encode_u16(value.fee_bps, f"{name}.fee_bps"),
            _wire.encode_u8(value.pause_bits, f"{name}.pause_bits"),
            _wire.encode_u8(value.bump, f"{name}.bump"),
            _wire.encode_u8(value.layout, f"{name}.layout"),
            bytes(123),
        )
    )


_EXCHANGE_INITIALIZED = Struct("<32s32s32s")


@dataclass(frozen=True, slots=True)
class ExchangeInitialized:
    """The event ExchangeInitialized.

    Attributes:
        exchange: key.
        admin: key.
        mint: key.
    """

    exchange: Pubkey
    admin: Pubkey
    mint: Pubkey

    DISCRIMINATOR: ClassVar[bytes] = b"\xc8\x9a\xbb\xa0\x1d\xf3\xe6h"
    SIZE: ClassVar[int] = 104

    @classmethod
    def decode(cls, data: bytes) -> ExchangeInitialized:
        """Reads an ExchangeInitialized and checks the discriminator before it; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _exchange_initialized(
            _wire.unpack(_EXCHANGE_INITIALIZED, data, "ExchangeInitialized", cls.DISCRIMINATOR), 0
        )

    def encode(self, name: str = "exchange_initialized") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return self.DISCRIMINATOR + _encode_exchange_initialized(self, name)


def _exchange_initialized(values: tuple[Any, ...], at: int) -> ExchangeInitialized:
    return ExchangeInitialized(
        Pubkey.from_bytes(values[at]), Pubkey.from_bytes(values[at + 1]), Pubkey.from_bytes(values[at + 2])
    )


def _encode_exchange_initialized(value: ExchangeInitialized, name: str) -> bytes:
    if not isinstance(value, ExchangeInitialized):
        raise _wire.ArgumentError(name, value, "an ExchangeInitialized")
    return b"".join(
        (
            _wire.encode_pubkey(value.exchange, f"{name}.exchange"),
            _wire.encode_pubkey(value.admin, f"{name}.admin"),
            _wire.encode_pubkey(value.mint, f"{name}.mint"),
        )
    )


_FEES_COLLECTED = Struct("<32sQ")


@dataclass(frozen=True, slots=True)
class FeesCollected:
    """The event FeesCollected.

    Attributes:
        exchange: key.
        amount_atoms: u64.
    """

    exchange: Pubkey
    amount_atoms: int

    DISCRIMINATOR: ClassVar[bytes] = b"\xe9\x17u\xe1k\xb2\xfe\x08"
    SIZE: ClassVar[int] = 48

    @classmethod
    def decode(cls, data: bytes) -> FeesCollected:
        """Reads a FeesCollected and checks the discriminator before it; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _fees_collected(_wire.unpack(_FEES_COLLECTED, data, "FeesCollected", cls.DISCRIMINATOR), 0)

    def encode(self, name: str = "fees_collected") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return self.DISCRIMINATOR + _encode_fees_collected(self, name)


def _fees_collected(values: tuple[Any, ...], at: int) -> FeesCollected:
    return FeesCollected(Pubkey.from_bytes(values[at]), values[at + 1])


def _encode_fees_collected(value: FeesCollected, name: str) -> bytes:
    if not isinstance(value, FeesCollected):
        raise _wire.ArgumentError(name, value, "a FeesCollected")
    return b"".join(
        (
            _wire.encode_pubkey(value.exchange, f"{name}.exchange"),
            _wire.encode_u64(value.amount_atoms, f"{name}.amount_atoms"),
        )
    )


_HAIRCUT_RETURNED = Struct("<32sQ")


@dataclass(frozen=True, slots=True)
class HaircutReturned:
    """Insurance gave back a part of what a market's winners had borne.

    Attributes:
        market: key.
        amount_atoms: u64.
    """

    market: Pubkey
    amount_atoms: int

    DISCRIMINATOR: ClassVar[bytes] = b"\xb0\xfb'\xcc1\x1f\xcc\xb3"
    SIZE: ClassVar[int] = 48

    @classmethod
    def decode(cls, data: bytes) -> HaircutReturned:
        """Reads a HaircutReturned and checks the discriminator before it; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _haircut_returned(
            _wire.unpack(_HAIRCUT_RETURNED, data, "HaircutReturned", cls.DISCRIMINATOR), 0
        )

    def encode(self, name: str = "haircut_returned") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return self.DISCRIMINATOR + _encode_haircut_returned(self, name)


def _haircut_returned(values: tuple[Any, ...], at: int) -> HaircutReturned:
    return HaircutReturned(Pubkey.from_bytes(values[at]), values[at + 1])


def _encode_haircut_returned(value: HaircutReturned, name: str) -> bytes:
    if not isinstance(value, HaircutReturned):
        raise _wire.ArgumentError(name, value, "a HaircutReturned")
    return b"".join(
        (
            _wire.encode_pubkey(value.market, f"{name}.market"),
            _wire.encode_u64(value.amount_atoms, f"{name}.amount_atoms"),
        )
    )


_HAIRCUT_WAIVED = Struct("<32s32sQ")


@dataclass(frozen=True, slots=True)
class HaircutWaived:
    """An account gave up what it had borne and not had returned.

    Attributes:
        account: key.
        market: key.
        amount_atoms: u64.
    """

    account: Pubkey
    market: Pubkey
    amount_atoms: int

    DISCRIMINATOR: ClassVar[bytes] = b"\xfc\xa0\x06\xc9\xc6\x01j\x98"
    SIZE: ClassVar[int] = 80

    @classmethod
    def decode(cls, data: bytes) -> HaircutWaived:
        """Reads a HaircutWaived and checks the discriminator before it; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _haircut_waived(_wire.unpack(_HAIRCUT_WAIVED, data, "HaircutWaived", cls.DISCRIMINATOR), 0)

    def encode(self, name: str = "haircut_waived") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return self.DISCRIMINATOR + _encode_haircut_waived(self, name)


def _haircut_waived(values: tuple[Any, ...], at: int) -> HaircutWaived:
    return HaircutWaived(Pubkey.from_bytes(values[at]), Pubkey.from_bytes(values[at + 1]), values[at + 2])


def _encode_haircut_waived(value: HaircutWaived, name: str) -> bytes:
    if not isinstance(value, HaircutWaived):
        raise _wire.ArgumentError(name, value, "a HaircutWaived")
    return b"".join(
        (
            _wire.encode_pubkey(value.account, f"{name}.account"),
            _wire.encode_pubkey(value.market, f"{name}.market"),
            _wire.encode_u64(value.amount_atoms, f"{name}.amount_atoms"),
        )
    )


_INSURANCE_ADDED = Struct("<32s32sQ")


@dataclass(frozen=True, slots=True)
class InsuranceAdded:
    """The event InsuranceAdded.

    Attributes:
        market: key.
        account: key.
        amount_atoms: u64.
    """

    market: Pubkey
    account: Pubkey
    amount_atoms: int

    DISCRIMINATOR: ClassVar[bytes] = b"\xc5\r\x13\x13#\xe1\xe1\x00"
    SIZE: ClassVar[int] = 80

    @classmethod
    def decode(cls, data: bytes) -> InsuranceAdded:
        """Reads an InsuranceAdded and checks the discriminator before it; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _insurance_added(_wire.unpack(_INSURANCE_ADDED, data, "InsuranceAdded", cls.DISCRIMINATOR), 0)

    def encode(self, name: str = "insurance_added") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return self.DISCRIMINATOR + _encode_insurance_added(self, name)


def _insurance_added(values: tuple[Any, ...], at: int) -> InsuranceAdded:
    return InsuranceAdded(Pubkey.from_bytes(values[at]), Pubkey.from_bytes(values[at + 1]), values[at + 2])


def _encode_insurance_added(value: InsuranceAdded, name: str) -> bytes:
    if not isinstance(value, InsuranceAdded):
        raise _wire.ArgumentError(name, value, "an InsuranceAdded")
    return b"".join(
        (
            _wire.encode_pubkey(value.market, f"{name}.market"),
            _wire.encode_pubkey(value.account, f"{name}.account"),
            _wire.encode_u64(value.amount_atoms, f"{name}.amount_atoms"),
        )
    )


_INSURANCE_REMOVED = Struct("<32s32sQ")


@dataclass(frozen=True, slots=True)
class InsuranceRemoved:
    """The event InsuranceRemoved.

    Attributes:
        market: key.
        account: key.
        amount_atoms: u64.
    """

    market: Pubkey
    account: Pubkey
    amount_atoms: int

    DISCRIMINATOR: ClassVar[bytes] = b"\x06\x1a\x10\x10\x8e\xb8*;"
    SIZE: ClassVar[int] = 80

    @classmethod
    def decode(cls, data: bytes) -> InsuranceRemoved:
        """Reads an InsuranceRemoved and checks the discriminator before it; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _insurance_removed(
            _wire.unpack(_INSURANCE_REMOVED, data, "InsuranceRemoved", cls.DISCRIMINATOR), 0
        )

    def encode(self, name: str = "insurance_removed") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return self.DISCRIMINATOR + _encode_insurance_removed(self, name)


def _insurance_removed(values: tuple[Any, ...], at: int) -> InsuranceRemoved:
    return InsuranceRemoved(Pubkey.from_bytes(values[at]), Pubkey.from_bytes(values[at + 1]), values[at + 2])


def _encode_insurance_removed(value: InsuranceRemoved, name: str) -> bytes:
    if not isinstance(value, InsuranceRemoved):
        raise _wire.ArgumentError(name, value, "an InsuranceRemoved")
    return b"".join(
        (
            _wire.encode_pubkey(value.market, f"{name}.market"),
            _wire.encode_pubkey(value.account, f"{name}.account"),
            _wire.encode_u64(value.amount_atoms, f"{name}.amount_atoms"),
        )
    )


_LIQUIDATED = Struct("<32s32s32sQQQQQQ")


@dataclass(frozen=True, slots=True)
class Liquidated:
    """A position was taken over at the mark.

    Attributes:
        account: key.
        taker: key.
        market: key.
        lots: u64.
        mark_ticks: u64.
        reward_atoms: What the taker earned.
        insurance_atoms: What insurance earned.
        shortfall_atoms: What a bankrupt account was short of.
        haircut_atoms: How much of that the other side bore.
    """

    account: Pubkey
    taker: Pubkey
    market: Pubkey
    lots: int
    mark_ticks: int
    reward_atoms: int
    insurance_atoms: int
    shortfall_atoms: int
    haircut_atoms: int

    DISCRIMINATOR: ClassVar[bytes] = b"\xe797K\x00\xaa\xf6D"
    SIZE: ClassVar[int] = 152

    @classmethod
    def decode(cls, data: bytes) -> Liquidated:
        """Reads a Liquidated and checks the discriminator before it; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _liquidated(_wire.unpack(_LIQUIDATED, data, "Liquidated", cls.DISCRIMINATOR), 0)

    def encode(self, name: str = "liquidated") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return self.DISCRIMINATOR + _encode_liquidated(self, name)


def _liquidated(values: tuple[Any, ...], at: int) -> Liquidated:
    return Liquidated(
        Pubkey.from_bytes(values[at]),
        Pubkey.from_bytes(values[at + 1]),
        Pubkey.from_bytes(values[at + 2]),
        values[at + 3],
        values[at + 4],
        values[at + 5],
        values[at + 6],
        values[at + 7],
        values[at + 8],
    )


def _encode_liquidated(value: Liquidated, name: str) -> bytes:
    if not isinstance(value, Liquidated):
        raise _wire.ArgumentError(name, value, "a Liquidated")
    return b"".join(
        (
            _wire.encode_pubkey(value.account, f"{name}.account"),
            _wire.encode_pubkey(value.taker, f"{name}.taker"),
            _wire.encode_pubkey(value.market, f"{name}.market"),
            _wire.encode_u64(value.lots, f"{name}.lots"),
            _wire.encode_u64(value.mark_ticks, f"{name}.mark_ticks"),
            _wire.encode_u64(value.reward_atoms, f"{name}.reward_atoms"),
            _wire.encode_u64(value.insurance_atoms, f"{name}.insurance_atoms"),
            _wire.encode_u64(value.shortfall_atoms, f"{name}.shortfall_atoms"),
            _wire.encode_u64(value.haircut_atoms, f"{name}.haircut_atoms"),
        )
    )


_PERP_LEG = Struct("<32sqqqqQQQQQQQIHH")


@dataclass(frozen=True, slots=True)
class PerpLeg:
    """A position in one perpetual.

    Attributes:
        market: The market; the zero address if the leg is free.
        position_lots: Signed size in the market's lots.
        quote_atoms: What was received for it, less what was paid.
        funding_index: The market's cumulative funding index when the leg was last settled.
        loss_index: The loss index of the position's side then.
        bid_lots: Lots of open bids, as the leg last knew them.
        bid_atoms: What they pay at most: all of them at the highest of their prices.
        ask_lots: Lots of open asks, as the leg last knew them.
        ask_atoms: What they bring at least: all of them at the lowest of their prices.
        haircut_atoms: What it has borne of losers' debts, and not had returned.
        recovery_share: The market's `recovery_share` when that was noted.
        drawn_slot: The slot in which its seat was last drawn.
        recovery_epoch: The market's `recovery_epoch` then.
        seat: Seat in the market's book, counted from 1; 0 without.
        opening: Another number for each position that the account has had here, one after the other.
    """

    market: Pubkey
    position_lots: int
    quote_atoms: int
    funding_index: int
    loss_index: int
    bid_lots: int
    bid_atoms: int
    ask_lots: int
    ask_atoms: int
    haircut_atoms: int
    recovery_share: int
    drawn_slot: int
    recovery_epoch: int
    seat: int
    opening: int

    SIZE: ClassVar[int] = 128

    @classmethod
    def decode(cls, data: bytes) -> PerpLeg:
        """Reads a PerpLeg from its first byte on; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _perp_leg(_wire.unpack(_PERP_LEG, data, "PerpLeg"), 0)

    def encode(self, name: str = "perp_leg") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return _encode_perp_leg(self, name)


def _perp_leg(values: tuple[Any, ...], at: int) -> PerpLeg:
    return PerpLeg(
        Pubkey.from_bytes(values[at]),
        values[at + 1],
        values[at + 2],
        values[at + 3],
        values[at + 4],
        values[at + 5],
        values[at + 6],
        values[at + 7],
        values[at + 8],
        values[at + 9],
        values[at + 10],
        values[at + 11],
        values[at + 12],
        values[at + 13],
        values[at + 14],
    )


def _encode_perp_leg(value: PerpLeg, name: str) -> bytes:
    if not isinstance(value, PerpLeg):
        raise _wire.ArgumentError(name, value, "a PerpLeg")
    return b"".join(
        (
            _wire.encode_pubkey(value.market, f"{name}.market"),
            _wire.encode_i64(value.position_lots, f"{name}.position_lots"),
            _wire.encode_i64(value.quote_atoms, f"{name}.quote_atoms"),
            _wire.encode_i64(value.funding_index, f"{name}.funding_index"),
            _wire.encode_i64(value.loss_index, f"{name}.loss_index"),
            _wire.encode_u64(value.bid_lots, f"{name}.bid_lots"),
            _wire.encode_u64(value.bid_atoms, f"{name}.bid_atoms"),
            _wire.encode_u64(value.ask_lots, f"{name}.ask_lots"),
            _wire.encode_u64(value.ask_atoms, f"{name}.ask_atoms"),
            _wire.encode_u64(value.haircut_atoms, f"{name}.haircut_atoms"),
            _wire.encode_u64(value.recovery_share, f"{name}.recovery_share"),
            _wire.encode_u64(value.drawn_slot, f"{name}.drawn_slot"),
            _wire.encode_u32(value.recovery_epoch, f"{name}.recovery_epoch"),
            _wire.encode_u16(value.seat, f"{name}.seat"),
            _wire.encode_u16(value.opening, f"{name}.opening"),
        )
    )


_MARGIN_ACCOUNT = Struct(
    "<32s32sqqQqQQq32sBBBBH2x" + 8 * (_EVENT_LEG.format[1:]) + 8 * (_PERP_LEG.format[1:])
)


@dataclass(frozen=True, slots=True)
class MarginAccount:
    """What one owner holds.

    Positions are signed: a short is a negative number of lots.

    Attributes:
        exchange: Exchange whose collateral this is.
        owner: Who may trade and withdraw.
        cash_atoms: Collateral; negative only as far as complete sets or better back it.
        floor_atoms: Σ over event legs of `floor_atoms`.
        volume_atoms: What it has taken, Σ lots × p × (1 − p), as it was at `volume_time`; it wears off
            in 30 days.
        volume_time: When it last took something, Unix seconds.
        reserve_atoms: What its perpetuals need of its free collateral to open more, as it was in
            `reserve_slot`.
        reserve_slot: The slot in which that was stated.
        checked_free_atoms: Free collateral as it was last checked.
        delegate: May trade for the owner, and not withdraw; the zero address for nobody.
        index: Which of the owner's accounts this is.
        bump: PDA bump.
        layout: Layout of this account; 1.
        perps: How many perpetual legs are in use.
        openings: Greater than the `opening` of any leg that was given up.
        event_legs: Positions in events; a free leg has the zero address.
        perp_legs: Positions in perpetuals; a free leg has the zero address.
    """

    exchange: Pubkey
    owner: Pubkey
    cash_atoms: int
    floor_atoms: int
    volume_atoms: int
    volume_time: int
    reserve_atoms: int
    reserve_slot: int
    checked_free_atoms: int
    delegate: Pubkey
    index: int
    bump: int
    layout: int
    perps: int
    openings: int
    event_legs: tuple[EventLeg, ...]
    perp_legs: tuple[PerpLeg, ...]

    DISCRIMINATOR: ClassVar[bytes] = b"\x85\xdc\xad\xd5\xb3\xd3+\xee"
    SIZE: ClassVar[int] = 3816
    OFFSETS: ClassVar[dict[str, int]] = {
        "exchange": 8,
        "owner": 40,
        "cash_atoms": 72,
        "floor_atoms": 80,
        "volume_atoms": 88,
        "volume_time": 96,
        "reserve_atoms": 104,
        "reserve_slot": 112,
        "checked_free_atoms": 120,
        "delegate": 128,
        "index": 160,
        "bump": 161,
        "layout": 162,
        "perps": 163,
        "openings": 164,
        "event_legs": 168,
        "perp_legs": 2792,
    }

    @classmethod
    def decode(cls, data: bytes) -> MarginAccount:
        """Reads a MarginAccount and checks the discriminator before it; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _margin_account(_wire.unpack(_MARGIN_ACCOUNT, data, "MarginAccount", cls.DISCRIMINATOR), 0)

    def encode(self, name: str = "margin_account") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return self.DISCRIMINATOR + _encode_margin_account(self, name)


def _margin_account(values: tuple[Any, ...], at: int) -> MarginAccount:
    return MarginAccount(
        Pubkey.from_bytes(values[at]),
        Pubkey.from_bytes(values[at + 1]),
        values[at + 2],
        values[at + 3],
        values[at + 4],
        values[at + 5],
        values[at + 6],
        values[at + 7],
        values[at + 8],
        Pubkey.from_bytes(values[at + 9]),
        values[at + 10],
        values[at + 11],
        values[at + 12],
        values[at + 13],
        values[at + 14],
        tuple([_event_leg(values, at_) for at_ in range(at + 15, at + 415, 50)]),
        tuple([_perp_leg(values, at_) for at_ in range(at + 415, at + 535, 15)]),
    )


def _encode_margin_account(value: MarginAccount, name: str) -> bytes:
    if not isinstance(value, MarginAccount):
        raise _wire.ArgumentError(name, value, "a MarginAccount")
    return b"".join(
        (
            _wire.encode_pubkey(value.exchange, f"{name}.exchange"),
            _wire.encode_pubkey(value.owner, f"{name}.owner"),
            _wire.encode_i64(value.cash_atoms, f"{name}.cash_atoms"),
            _wire.encode_i64(value.floor_atoms, f"{name}.floor_atoms"),
            _wire.encode_u64(value.volume_atoms, f"{name}.volume_atoms"),
            _wire.encode_i64(value.volume_time, f"{name}.volume_time"),
            _wire.encode_u64(value.reserve_atoms, f"{name}.reserve_atoms"),
            _wire.encode_u64(value.reserve_slot, f"{name}.reserve_slot"),
            _wire.encode_i64(value.checked_free_atoms, f"{name}.checked_free_atoms"),
            _wire.encode_pubkey(value.delegate, f"{name}.delegate"),
            _wire.encode_u8(value.index, f"{name}.index"),
            _wire.encode_u8(value.bump, f"{name}.bump"),
            _wire.encode_u8(value.layout, f"{name}.layout"),
            _wire.encode_u8(value.perps, f"{name}.perps"),
            _wire.encode_u16(value.openings, f"{name}.openings"),
            bytes(2),
            _wire.encode_array(value.event_legs, f"{name}.event_legs", _encode_event_leg, 8),
            _wire.encode_array(value.perp_legs, f"{name}.perp_legs", _encode_perp_leg, 8),
        )
    )


_MARGIN_STATED = Struct("<32sqqqQQ")


@dataclass(frozen=True, slots=True)
class MarginStated:
    """What an account's perpetuals amount to.

    Attributes:
        account: key.
        equity_atoms: Free collateral with unrealised profits and losses at the marks.
        free_atoms: Cash less what events hold at worst.
        losses_atoms: Unrealised losses at the strict prices, none positive.
        initial_atoms: What opening requires.
        maintenance_atoms: What keeping requires.
    """

    account: Pubkey
    equity_atoms: int
    free_atoms: int
    losses_atoms: int
    initial_atoms: int
    maintenance_atoms: int

    DISCRIMINATOR: ClassVar[bytes] = b"O\xa2\xf9\xf4\x05\xc1\xb08"
    SIZE: ClassVar[int] = 80

    @classmethod
    def decode(cls, data: bytes) -> MarginStated:
        """Reads a MarginStated and checks the discriminator before it; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _margin_stated(_wire.unpack(_MARGIN_STATED, data, "MarginStated", cls.DISCRIMINATOR), 0)

    def encode(self, name: str = "margin_stated") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return self.DISCRIMINATOR + _encode_margin_stated(self, name)


def _margin_stated(values: tuple[Any, ...], at: int) -> MarginStated:
    return MarginStated(
        Pubkey.from_bytes(values[at]),
        values[at + 1],
        values[at + 2],
        values[at + 3],
        values[at + 4],
        values[at + 5],
    )


def _encode_margin_stated(value: MarginStated, name: str) -> bytes:
    if not isinstance(value, MarginStated):
        raise _wire.ArgumentError(name, value, "a MarginStated")
    return b"".join(
        (
            _wire.encode_pubkey(value.account, f"{name}.account"),
            _wire.encode_i64(value.equity_atoms, f"{name}.equity_atoms"),
            _wire.encode_i64(value.free_atoms, f"{name}.free_atoms"),
            _wire.encode_i64(value.losses_atoms, f"{name}.losses_atoms"),
            _wire.encode_u64(value.initial_atoms, f"{name}.initial_atoms"),
            _wire.encode_u64(value.maintenance_atoms, f"{name}.maintenance_atoms"),
        )
    )


_ORDER = Struct("<QQQIH2x")


@dataclass(frozen=True, slots=True)
class Order:
    """An order that rests.

    Attributes:
        id: Price in ticks (24 bits), age (39 bits), 1 for an ask: unique in its book.
        lots: Lots still open.
        client_id: The owner's own mark.
        expires_at: When it stops trading, Unix seconds; 0 for never.
        seat: The owner's seat, counted from 0.
    """

    id: int
    lots: int
    client_id: int
    expires_at: int
    seat: int

    SIZE: ClassVar[int] = 32

    @classmethod
    def decode(cls, data: bytes) -> Order:
        """Reads an Order from its first byte on; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _order(_wire.unpack(_ORDER, data, "Order"), 0)

    def encode(self, name: str = "order") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return _encode_order(self, name)


def _order(values: tuple[Any, ...], at: int) -> Order:
    return Order(values[at], values[at + 1], values[at + 2], values[at + 3], values[at + 4])


def _encode_order(value: Order, name: str) -> bytes:
    if not isinstance(value, Order):
        raise _wire.ArgumentError(name, value, "an Order")
    return b"".join(
        (
            _wire.encode_u64(value.id, f"{name}.id"),
            _wire.encode_u64(value.lots, f"{name}.lots"),
            _wire.encode_u64(value.client_id, f"{name}.client_id"),
            _wire.encode_u32(value.expires_at, f"{name}.expires_at"),
            _wire.encode_u16(value.seat, f"{name}.seat"),
            bytes(2),
        )
    )


_ORDER_REQUEST = Struct("<QQIIHBBB?")


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """An order to be placed.

    Attributes:
        client_id: The owner's own mark; any number.
        lots: How much.
        expires_at: When it stops trading, Unix seconds; 0 for never.
        price_ticks: The worst price it takes, and where it rests: 1 to 9,999; at a perpetual, to
            16,777,215.
        meets_max: How many resting orders it may meet, at most 256. What still crosses then is dropped,
            never rested.
        side: One of the SIDE constants.
        kind: One of the ORDER constants.
        self_trade: One of the SELF_TRADE constants.
        reduce_only: Whether it is cut down to the position that it reduces.
    """

    client_id: int
    lots: int
    expires_at: int
    price_ticks: int
    meets_max: int
    side: int
    kind: int
    self_trade: int
    reduce_only: bool

    SIZE: ClassVar[int] = 30

    @classmethod
    def decode(cls, data: bytes) -> OrderRequest:
        """Reads an OrderRequest from its first byte on; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _order_request(_wire.unpack(_ORDER_REQUEST, data, "OrderRequest"), 0)

    def encode(self, name: str = "order_request") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return _encode_order_request(self, name)


def _order_request(values: tuple[Any, ...], at: int) -> OrderRequest:
    return OrderRequest(
        values[at],
        values[at + 1],
        values[at + 2],
        values[at + 3],
        values[at + 4],
        values[at + 5],
        values[at + 6],
        values[at + 7],
        values[at + 8],
    )


def _encode_order_request(value: OrderRequest, name: str) -> bytes:
    if not isinstance(value, OrderRequest):
        raise _wire.ArgumentError(name, value, "an OrderRequest")
    return b"".join(
        (
            _wire.encode_u64(value.client_id, f"{name}.client_id"),
            _wire.encode_u64(value.lots, f"{name}.lots"),
            _wire.encode_u32(value.expires_at, f"{name}.expires_at"),
            _wire.encode_u32(value.price_ticks, f"{name}.price_ticks"),
            _wire.encode_u16(value.meets_max, f"{name}.meets_max"),
            _wire.encode_u8(value.side, f"{name}.side"),
            _wire.encode_u8(value.kind, f"{name}.kind"),
            _wire.encode_u8(value.self_trade, f"{name}.self_trade"),
            _wire.encode_bool(value.reduce_only, f"{name}.reduce_only"),
        )
    )


_PAUSE_CHANGED = Struct("<32s32sB")


@dataclass(frozen=True, slots=True)
class PauseChanged:
    """The event PauseChanged.

    Attributes:
        exchange: key.
        signer: key.
        pause_bits: All bits now set.
    """

    exchange: Pubkey
    signer: Pubkey
    pause_bits: int

    DISCRIMINATOR: ClassVar[bytes] = b"\xee\xbc\xd5N\x86\xd1\xb2\xda"
    SIZE: ClassVar[int] = 73

    @classmethod
    def decode(cls, data: bytes) -> PauseChanged:
        """Reads a PauseChanged and checks the discriminator before it; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _pause_changed(_wire.unpack(_PAUSE_CHANGED, data, "PauseChanged", cls.DISCRIMINATOR), 0)

    def encode(self, name: str = "pause_changed") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return self.DISCRIMINATOR + _encode_pause_changed(self, name)


def _pause_changed(values: tuple[Any, ...], at: int) -> PauseChanged:
    return PauseChanged(Pubkey.from_bytes(values[at]), Pubkey.from_bytes(values[at + 1]), values[at + 2])


def _encode_pause_changed(value: PauseChanged, name: str) -> bytes:
    if not isinstance(value, PauseChanged):
        raise _wire.ArgumentError(name, value, "a PauseChanged")
    return b"".join(
        (
            _wire.encode_pubkey(value.exchange, f"{name}.exchange"),
            _wire.encode_pubkey(value.signer, f"{name}.signer"),
            _wire.encode_u8(value.pause_bits, f"{name}.pause_bits"),
        )
    )


_PERP_CLOSING = Struct("<32sq")


@dataclass(frozen=True, slots=True)
class PerpClosing:
    """The event PerpClosing.

    Attributes:
        market: key.
        close_time: i64.
    """

    market: Pubkey
    close_time: int

    DISCRIMINATOR: ClassVar[bytes] = b"v\xf8\x90\xc5\x05@\x99o"
    SIZE: ClassVar[int] = 48

    @classmethod
    def decode(cls, data: bytes) -> PerpClosing:
        """Reads a PerpClosing and checks the discriminator before it; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _perp_closing(_wire.unpack(_PERP_CLOSING, data, "PerpClosing", cls.DISCRIMINATOR), 0)

    def encode(self, name: str = "perp_closing") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return self.DISCRIMINATOR + _encode_perp_closing(self, name)


def _perp_closing(values: tuple[Any, ...], at: int) -> PerpClosing:
    return PerpClosing(Pubkey.from_bytes(values[at]), values[at + 1])


def _encode_perp_closing(value: PerpClosing, name: str) -> bytes:
    if not isinstance(value, PerpClosing):
        raise _wire.ArgumentError(name, value, "a PerpClosing")
    return b"".join(
        (
            _wire.encode_pubkey(value.market, f"{name}.market"),
            _wire.encode_i64(value.close_time, f"{name}.close_time"),
        )
    )


_PERP_CREATED = Struct("<32s32s")


@dataclass(frozen=True, slots=True)
class PerpCreated:
    """The event PerpCreated.

    Attributes:
        market: key.
        feed: key.
    """

    market: Pubkey
    feed: Pubkey

    DISCRIMINATOR: ClassVar[bytes] = b"\xe0X\xf5x\n\xcf\x92\x82"
    SIZE: ClassVar[int] = 72

    @classmethod
    def decode(cls, data: bytes) -> PerpCreated:
        """Reads a PerpCreated and checks the discriminator before it; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _perp_created(_wire.unpack(_PERP_CREATED, data, "PerpCreated", cls.DISCRIMINATOR), 0)

    def encode(self, name: str = "perp_created") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return self.DISCRIMINATOR + _encode_perp_created(self, name)


def _perp_created(values: tuple[Any, ...], at: int) -> PerpCreated:
    return PerpCreated(Pubkey.from_bytes(values[at]), Pubkey.from_bytes(values[at + 1]))


def _encode_perp_created(value: PerpCreated, name: str) -> bytes:
    if not isinstance(value, PerpCreated):
        raise _wire.ArgumentError(name, value, "a PerpCreated")
    return b"".join(
        (
            _wire.encode_pubkey(value.market, f"{name}.market"),
            _wire.encode_pubkey(value.feed, f"{name}.feed"),
        )
    )


_PERP_TIER = Struct("<QHH4x")


@dataclass(frozen=True, slots=True)
class PerpTier:
    """One leverage tier: what the part of a position's value from here on requires.

    Attributes:
        from_atoms: From which value on, in atoms.
        initial_bps: Share that opening requires.
        maintenance_bps: Share that keeping requires.
    """

    from_atoms: int
    initial_bps: int
    maintenance_bps: int

    SIZE: ClassVar[int] = 16

    @classmethod
    def decode(cls, data: bytes) -> PerpTier:
        """Reads a PerpTier from its first byte on; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _perp_tier(_wire.unpack(_PERP_TIER, data, "PerpTier"), 0)

    def encode(self, name: str = "perp_tier") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return _encode_perp_tier(self, name)


def _perp_tier(values: tuple[Any, ...], at: int) -> PerpTier:
    return PerpTier(values[at], values[at + 1], values[at + 2])


def _encode_perp_tier(value: PerpTier, name: str) -> bytes:
    if not isinstance(value, PerpTier):
        raise _wire.ArgumentError(name, value, "a PerpTier")
    return b"".join(
        (
            _wire.encode_u64(value.from_atoms, f"{name}.from_atoms"),
            _wire.encode_u16(value.initial_bps, f"{name}.initial_bps"),
            _wire.encode_u16(value.maintenance_bps, f"{name}.maintenance_bps"),
            bytes(4),
        )
    )


_PERP_RULES = Struct("<" + 4 * (_PERP_TIER.format[1:]) + "QQQQQQQIIIIIIIIHHHHHHHB1x")


@dataclass(frozen=True, slots=True)
class PerpRules:
    """The rules of a perpetual.

    Attributes:
        tiers: Leverage tiers by rising value, the first from 0; those after `tier_count` are zero.
        units_per_tick: Feed units in a tick.
        position_max_lots: Most lots that an account holds, its open orders included; at most 2³⁴.
        open_max_lots: Most lots that are open in all, counted on one side.
        impact_lots: How many lots the impact prices are for; at most eight orders of `lots_min`, so
            that no dust hides a book.
        lots_min: Least lots of an order that rests.
        dust_atoms: A position that a liquidation would leave worth less is closed whole, in atoms.
        profits_max_atoms: Most atoms of profits that leave the pool in any hour, half of them at once;
            2 to 10¹³.
        size_premium_ppb: Share of the value that opening requires at least, in 10⁻⁹ for each √lot.
        near_ticks: How far the book and the last trade take the mark from the index: ticks, plus
            `near_bps` of it.
        shock_ticks: How far the mark may be from the index's five-minute average: ticks, plus
            `shock_bps` of it.
        funding_ticks: Most that a lot pays in funding a day: ticks, plus `funding_bps` of the index.
        stale_s: Seconds after which a reading is too old to open by; 1 to 3,600.
        taker_fee_ppm: What a taker pays, in millionths of the value.
        maker_rebate_ppm: What a maker gets out of that.
        face_ticks: What a lot is worth at most, in ticks, if the price is a probability; 0 if it is
            not. Such a market lends nothing, and what positions could be short of whatever the price
            jumps to must lie in insurance before they are opened.
        near_bps: Share of the index added to `near_ticks`; at most what keeping a position requires.
        shock_bps: Share of the index's average added to `shock_ticks`; at most 9,000.
        funding_bps: Share of the index added to `funding_ticks`; at most 2,000.
        reward_bps: Least reward of a liquidation, in bps of the value.
        reward_max_bps: The reward of liquidating an account that is worth nothing.
        insurance_bps: What insurance earns by a liquidation, in bps of the value.
        insurance_cap_bps: Most of its balance that insurance pays in a day; 100 to 10,000.
        tier_count: How many tiers there are, 1 to 4.
    """

    tiers: tuple[PerpTier, ...]
    units_per_tick: int
    position_max_lots: int
    open_max_lots: int
    impact_lots: int
    lots_min: int
    dust_atoms: int
    profits_max_atoms: int
    size_premium_ppb: int
    near_ticks: int
    shock_ticks: int
    funding_ticks: int
    stale_s: int
    taker_fee_ppm: int
    maker_rebate_ppm: int
    face_ticks: int
    near_bps: int
    shock_bps: int
    funding_bps: int
    reward_bps: int
    reward_max_bps: int
    insurance_bps: int
    insurance_cap_bps: int
    tier_count: int

    SIZE: ClassVar[int] = 168

    @classmethod
    def decode(cls, data: bytes) -> PerpRules:
        """Reads a PerpRules from its first byte on; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _perp_rules(_wire.unpack(_PERP_RULES, data, "PerpRules"), 0)

    def encode(self, name: str = "perp_rules") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return _encode_perp_rules(self, name)


def _perp_rules(values: tuple[Any, ...], at: int) -> PerpRules:
    return PerpRules(
        tuple([_perp_tier(values, at_) for at_ in range(at, at + 12, 3)]),
        values[at + 12],
        values[at + 13],
        values[at + 14],
        values[at + 15],
        values[at + 16],
        values[at + 17],
        values[at + 18],
        values[at + 19],
        values[at + 20],
        values[at + 21],
        values[at + 22],
        values[at + 23],
        values[at + 24],
        values[at + 25],
        values[at + 26],
        values[at + 27],
        values[at + 28],
        values[at + 29],
        values[at + 30],
        values[at + 31],
        values[at + 32],
        values[at + 33],
        values[at + 34],
    )


def _encode_perp_rules(value: PerpRules, name: str) -> bytes:
    if not isinstance(value, PerpRules):
        raise _wire.ArgumentError(name, value, "a PerpRules")
    return b"".join(
        (
            _wire.encode_array(value.tiers, f"{name}.tiers", _encode_perp_tier, 4),
            _wire.encode_u64(value.units_per_tick, f"{name}.units_per_tick"),
            _wire.encode_u64(value.position_max_lots, f"{name}.position_max_lots"),
            _wire.encode_u64(value.open_max_lots, f"{name}.open_max_lots"),
            _wire.encode_u64(value.impact_lots, f"{name}.impact_lots"),
            _wire.encode_u64(value.lots_min, f"{name}.lots_min"),
            _wire.encode_u64(value.dust_atoms, f"{name}.dust_atoms"),
            _wire.encode_u64(value.profits_max_atoms, f"{name}.profits_max_atoms"),
            _wire.encode_u32(value.size_premium_ppb, f"{name}.size_premium_ppb"),
            _wire.encode_u32(value.near_ticks, f"{name}.near_ticks"),
            _wire.encode_u32(value.shock_ticks, f"{name}.shock_ticks"),
            _wire.encode_u32(value.funding_ticks, f"{name}.funding_ticks"),
            _wire.encode_u32(value.stale_s, f"{name}.stale_s"),
            _wire.encode_u32(value.taker_fee_ppm, f"{name}.taker_fee_ppm"),
            _wire.encode_u32(value.maker_rebate_ppm, f"{name}.maker_rebate_ppm"),
            _wire.encode_u32(value.face_ticks, f"{name}.face_ticks"),
            _wire.encode_u16(value.near_bps, f"{name}.near_bps"),
            _wire.encode_u16(value.shock_bps, f"{name}.shock_bps"),
            _wire.encode_u16(value.funding_bps, f"{name}.funding_bps"),
            _wire.encode_u16(value.reward_bps, f"{name}.reward_bps"),
            _wire.encode_u16(value.reward_max_bps, f"{name}.reward_max_bps"),
            _wire.encode_u16(value.insurance_bps, f"{name}.insurance_bps"),
            _wire.encode_u16(value.insurance_cap_bps, f"{name}.insurance_cap_bps"),
            _wire.encode_u8(value.tier_count, f"{name}.tier_count"),
            bytes(1),
        )
    )


_PERP_MARKET = Struct(
    "<32s32s32s"
    + _PERP_RULES.format[1:]
    + _PERP_RULES.format[1:]
    + "qqQQqQQQQQQQQqQqQQQQqqqqqQQqqqqqqqIIIIIIBBBBB219x"
)


@dataclass(frozen=True, slots=True)
class PerpMarket:
    """One perpetual.

    Attributes:
        exchange: Exchange whose collateral it pays.
        feed: The oracle program's feed that it follows.
        market_id: Name given at creation, UTF-8 padded with zeros; unique on the exchange.
        rules: The rules in force.
        next_rules: The rules from `rules_time` on.
        rules_time: When `next_rules` may come into force, Unix seconds; 0 while none are proposed.
        close_time: When the market closes, Unix seconds; 0 for never.
        closing_sum: Σ index × seconds of the last hour before that.
        closing_seconds: Seconds that sum is over.
        settled_time: When the price it settles at was fixed, Unix seconds; 0 before.
        open_lots: Lots open on either side; both are the same.
        pool_atoms: Losses paid in, less profits paid out.
        fees_atoms: Fees that the pool has paid, not yet collected.
        fees_due_atoms: Fees that the pool owes.
        insurance_due_atoms: What the pool owes insurance.
        insurance_atoms: What insurance holds.
        insurance_window_atoms: What it held when its window began.
        insurance_paid_atoms: What it has paid since.
        insurance_window_start: When its window began, Unix seconds.
        profits_held_atoms: Profits paid out that still count towards the hour's limit.
        profits_let_go_at: Until when time has made them count less, Unix seconds.
        haircut_atoms: What the winners of this market have borne of its losers' debts in all.
        haircut_open_atoms: What of that is not returned.
        recovery_share: Which share of it is not returned since the epoch began, in 2⁻⁶³.
        haircut_share: That share when something was last borne.
        funding_index: What a long lot has paid in funding since the beginning, in 2⁻³² atoms; it wraps.
        funding_rate: What a long lot pays a day at present, in 2⁻¹⁶ ticks.
        premium_seconds: Σ premium × seconds of the present hour.
        premium_ticks: The premium as it was last seen, in ticks.
        updated_at: When the market was last brought up to date, Unix seconds.
        updated_slot: The slot in which that was.
        loss_slot: The slot in which somebody's debt was last borne by others.
        loss_long_index: What a long lot has borne of losers' debts, in 2⁻³² atoms; it wraps.
        loss_short_index: What a short lot has.
        index_average: The index's average over five minutes, in 2⁻¹⁶ ticks.
        basis_average: By how much the book's middle has been above the index, averaged over five
            minutes, in 2⁻¹⁶ ticks.
        basis_ticks: By how much it was when the market was last brought up to date.
        agreed_at: When the feed's last agreed reading was taken, Unix seconds.
        traded_at: When anything last traded, Unix seconds.
        index_ticks: The feed's last agreed reading.
        mark_ticks: The mark.
        last_ticks: What last traded.
        settlement_ticks: At what positions are settled, once the market has closed; 0 before.
        recovery_epoch: How often all that was borne has been returned.
        haircut_epoch: How often it had been when something was last borne.
        is_uncertain: 1 while the feed's publishers do not agree.
        pause_bits: 1 open, 2 liquidate, 4 profits.
        bump: PDA bump.
        book_bump: Bump of its book.
        layout: Layout of this account; 1.
    """

    exchange: Pubkey
    feed: Pubkey
    market_id: bytes
    rules: PerpRules
    next_rules: PerpRules
    rules_time: int
    close_time: int
    closing_sum: int
    closing_seconds: int
    settled_time: int
    open_lots: int
    pool_atoms: int
    fees_atoms: int
    fees_due_atoms: int
    insurance_due_atoms: int
    insurance_atoms: int
    insurance_window_atoms: int
    insurance_paid_atoms: int
    insurance_window_start: int
    profits_held_atoms: int
    profits_let_go_at: int
    haircut_atoms: int
    haircut_open_atoms: int
    recovery_share: int
    haircut_share: int
    funding_index: int
    funding_rate: int
    premium_seconds: int
    premium_ticks: int
    updated_at: int
    updated_slot: int
    loss_slot: int
    loss_long_index: int
    loss_short_index: int
    index_average: int
    basis_average: int
    basis_ticks: int
    agreed_at: int
    traded_at: int
    index_ticks: int
    mark_ticks: int
    last_ticks: int
    settlement_ticks: int
    recovery_epoch: int
    haircut_epoch: int
    is_uncertain: int
    pause_bits: int
    bump: int
    book_bump: int
    layout: int

    DISCRIMINATOR: ClassVar[bytes] = b"\n\xdf\x0c,k\xf57\xf7"
    SIZE: ClassVar[int] = 960
    OFFSETS: ClassVar[dict[str, int]] = {
        "exchange": 8,
        "feed": 40,
        "market_id": 72,
        "rules": 104,
        "next_rules": 272,
        "rules_time": 440,
        "close_time": 448,
        "closing_sum": 456,
        "closing_seconds": 464,
        "settled_time": 472,
        "open_lots": 480,
        "pool_atoms": 488,
        "fees_atoms": 496,
        "fees_due_atoms": 504,
        "insurance_due_atoms": 512,
        "insurance_atoms": 520,
        "insurance_window_atoms": 528,
        "insurance_paid_atoms": 536,
        "insurance_window_start": 544,
        "profits_held_atoms": 552,
        "profits_let_go_at": 560,
        "haircut_atoms": 568,
        "haircut_open_atoms": 576,
        "recovery_share": 584,
        "haircut_share": 592,
        "funding_index": 600,
        "funding_rate": 608,
        "premium_seconds": 616,
        "premium_ticks": 624,
        "updated_at": 632,
        "updated_slot": 640,
        "loss_slot": 648,
        "loss_long_index": 656,
        "loss_short_index": 664,
        "index_average": 672,
        "basis_average": 680,
        "basis_ticks": 688,
        "agreed_at": 696,
        "traded_at": 704,
        "index_ticks": 712,
        "mark_ticks": 716,
        "last_ticks": 720,
        "settlement_ticks": 724,
        "recovery_epoch": 728,
        "haircut_epoch": 732,
        "is_uncertain": 736,
        "pause_bits": 737,
        "bump": 738,
        "book_bump": 739,
        "layout": 740,
    }

    @classmethod
    def decode(cls, data: bytes) -> PerpMarket:
        """Reads a PerpMarket and checks the discriminator before it; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _perp_market(_wire.unpack(_PERP_MARKET, data, "PerpMarket", cls.DISCRIMINATOR), 0)

    def encode(self, name: str = "perp_market") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return self.DISCRIMINATOR + _encode_perp_market(self, name)


def _perp_market(values: tuple[Any, ...], at: int) -> PerpMarket:
    return PerpMarket(
        Pubkey.from_bytes(values[at]),
        Pubkey.from_bytes(values[at + 1]),
        values[at + 2],
        _perp_rules(values, at + 3),
        _perp_rules(values, at + 38),
        values[at + 73],
        values[at + 74],
        values[at + 75],
        values[at + 76],
        values[at + 77],
        values[at + 78],
        values[at + 79],
        values[at + 80],
        values[at + 81],
        values[at + 82],
        values[at + 83],
        values[at + 84],
        values[at + 85],
        values[at + 86],
        values[at + 87],
        values[at + 88],
        values[at + 89],
        values[at + 90],
        values[at + 91],
        values[at + 92],
        values[at + 93],
        values[at + 94],
        values[at + 95],
        values[at + 96],
        values[at + 97],
        values[at + 98],
        values[at + 99],
        values[at + 100],
        values[at + 101],
        values[at + 102],
        values[at + 103],
        values[at + 104],
        values[at + 105],
        values[at + 106],
        values[at + 107],
        values[at + 108],
        values[at + 109],
        values[at + 110],
        values[at + 111],
        values[at + 112],
        values[at + 113],
        values[at + 114],
        values[at + 115],
        values[at + 116],
        values[at + 117],
    )


def _encode_perp_market(value: PerpMarket, name: str) -> bytes:
    if not isinstance(value, PerpMarket):
        raise _wire.ArgumentError(name, value, "a PerpMarket")
    return b"".join(
        (
            _wire.encode_pubkey(value.exchange, f"{name}.exchange"),
            _wire.encode_pubkey(value.feed, f"{name}.feed"),
            _wire.encode_fixed_bytes(value.market_id, f"{name}.market_id", 32),
            _encode_perp_rules(value.rules, f"{name}.rules"),
            _encode_perp_rules(value.next_rules, f"{name}.next_rules"),
            _wire.encode_i64(value.rules_time, f"{name}.rules_time"),
            _wire.encode_i64(value.close_time, f"{name}.close_time"),
            _wire.encode_u64(value.closing_sum, f"{name}.closing_sum"),
            _wire.encode_u64(value.closing_seconds, f"{name}.closing_seconds"),
            _wire.encode_i64(value.settled_time, f"{name}.settled_time"),
            _wire.encode_u64(value.open_lots, f"{name}.open_lots"),
            _wire.encode_u64(value.pool_atoms, f"{name}.pool_atoms"),
            _wire.encode_u64(value.fees_atoms, f"{name}.fees_atoms"),
            _wire.encode_u64(value.fees_due_atoms, f"{name}.fees_due_atoms"),
            _wire.encode_u64(value.insurance_due_atoms, f"{name}.insurance_due_atoms"),
            _wire.encode_u64(value.insurance_atoms, f"{name}.insurance_atoms"),
            _wire.encode_u64(value.insurance_window_atoms, f"{name}.insurance_window_atoms"),
            _wire.encode_u64(value.insurance_paid_atoms, f"{name}.insurance_paid_atoms"),
            _wire.encode_i64(value.insurance_window_start, f"{name}.insurance_window_start"),
            _wire.encode_u64(value.profits_held_atoms, f"{name}.profits_held_atoms"),
            _wire.encode_i64(value.profits_let_go_at, f"{name}.profits_let_go_at"),
            _wire.encode_u64(value.haircut_atoms, f"{name}.haircut_atoms"),
            _wire.encode_u64(value.haircut_open_atoms, f"{name}.haircut_open_atoms"),
            _wire.encode_u64(value.recovery_share, f"{name}.recovery_share"),
            _wire.encode_u64(value.haircut_share, f"{name}.haircut_share"),
            _wire.encode_i64(value.funding_index, f"{name}.funding_index"),
            _wire.encode_i64(value.funding_rate, f"{name}.funding_rate"),
            _wire.encode_i64(value.premium_seconds, f"{name}.premium_seconds"),
            _wire.encode_i64(value.premium_ticks, f"{name}.premium_ticks"),
            _wire.encode_i64(value.updated_at, f"{name}.updated_at"),
            _wire.encode_u64(value.updated_slot, f"{name}.updated_slot"),
            _wire.encode_u64(value.loss_slot, f"{name}.loss_slot"),
            _wire.encode_i64(value.loss_long_index, f"{name}.loss_long_index"),
            _wire.encode_i64(value.loss_short_index, f"{name}.loss_short_index"),
            _wire.encode_i64(value.index_average, f"{name}.index_average"),
            _wire.encode_i64(value.basis_average, f"{name}.basis_average"),
            _wire.encode_i64(value.basis_ticks, f"{name}.basis_ticks"),
            _wire.encode_i64(value.agreed_at, f"{name}.agreed_at"),
            _wire.encode_i64(value.traded_at, f"{name}.traded_at"),
            _wire.encode_u32(value.index_ticks, f"{name}.index_ticks"),
            _wire.encode_u32(value.mark_ticks, f"{name}.mark_ticks"),
            _wire.encode_u32(value.last_ticks, f"{name}.last_ticks"),
            _wire.encode_u32(value.settlement_ticks, f"{name}.settlement_ticks"),
            _wire.encode_u32(value.recovery_epoch, f"{name}.recovery_epoch"),
            _wire.encode_u32(value.haircut_epoch, f"{name}.haircut_epoch"),
            _wire.encode_u8(value.is_uncertain, f"{name}.is_uncertain"),
            _wire.encode_u8(value.pause_bits, f"{name}.pause_bits"),
            _wire.encode_u8(value.bump, f"{name}.bump"),
            _wire.encode_u8(value.book_bump, f"{name}.book_bump"),
            _wire.encode_u8(value.layout, f"{name}.layout"),
            bytes(219),
        )
    )


_PERP_PAUSE_CHANGED = Struct("<32s32sB")


@dataclass(frozen=True, slots=True)
class PerpPauseChanged:
    """The event PerpPauseChanged.

    Attributes:
        market: key.
        signer: key.
        pause_bits: All bits of the market now set.
    """

    market: Pubkey
    signer: Pubkey
    pause_bits: int

    DISCRIMINATOR: ClassVar[bytes] = b"\xec\xaen\x8b\x0f\xe6z\xeb"
    SIZE: ClassVar[int] = 73

    @classmethod
    def decode(cls, data: bytes) -> PerpPauseChanged:
        """Reads a PerpPauseChanged and checks the discriminator before it; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _perp_pause_changed(
            _wire.unpack(_PERP_PAUSE_CHANGED, data, "PerpPauseChanged", cls.DISCRIMINATOR), 0
        )

    def encode(self, name: str = "perp_pause_changed") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return self.DISCRIMINATOR + _encode_perp_pause_changed(self, name)


def _perp_pause_changed(values: tuple[Any, ...], at: int) -> PerpPauseChanged:
    return PerpPauseChanged(Pubkey.from_bytes(values[at]), Pubkey.from_bytes(values[at + 1]), values[at + 2])


def _encode_perp_pause_changed(value: PerpPauseChanged, name: str) -> bytes:
    if not isinstance(value, PerpPauseChanged):
        raise _wire.ArgumentError(name, value, "a PerpPauseChanged")
    return b"".join(
        (
            _wire.encode_pubkey(value.market, f"{name}.market"),
            _wire.encode_pubkey(value.signer, f"{name}.signer"),
            _wire.encode_u8(value.pause_bits, f"{name}.pause_bits"),
        )
    )


_PERP_RULES_APPLIED = Struct("<32s")


@dataclass(frozen=True, slots=True)
class PerpRulesApplied:
    """The event PerpRulesApplied.

    Attributes:
        market: key.
    """

    market: Pubkey

    DISCRIMINATOR: ClassVar[bytes] = b"\xf0Tv:$\xe8\x8bk"
    SIZE: ClassVar[int] = 40

    @classmethod
    def decode(cls, data: bytes) -> PerpRulesApplied:
        """Reads a PerpRulesApplied and checks the discriminator before it; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _perp_rules_applied(
            _wire.unpack(_PERP_RULES_APPLIED, data, "PerpRulesApplied", cls.DISCRIMINATOR), 0
        )

    def encode(self, name: str = "perp_rules_applied") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return self.DISCRIMINATOR + _encode_perp_rules_applied(self, name)


def _perp_rules_applied(values: tuple[Any, ...], at: int) -> PerpRulesApplied:
    return PerpRulesApplied(Pubkey.from_bytes(values[at]))


def _encode_perp_rules_applied(value: PerpRulesApplied, name: str) -> bytes:
    if not isinstance(value, PerpRulesApplied):
        raise _wire.ArgumentError(name, value, "a PerpRulesApplied")
    return b"".join((_wire.encode_pubkey(value.market, f"{name}.market"),))


_PERP_RULES_PROPOSED = Struct("<32sq")


@dataclass(frozen=True, slots=True)
class PerpRulesProposed:
    """The event PerpRulesProposed.

    Attributes:
        market: key.
        rules_time: From when on they may come into force.
    """

    market: Pubkey
    rules_time: int

    DISCRIMINATOR: ClassVar[bytes] = b"\x1c`SWU_\x1b\xe8"
    SIZE: ClassVar[int] = 48

    @classmethod
    def decode(cls, data: bytes) -> PerpRulesProposed:
        """Reads a PerpRulesProposed and checks the discriminator before it; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _perp_rules_proposed(
            _wire.unpack(_PERP_RULES_PROPOSED, data, "PerpRulesProposed", cls.DISCRIMINATOR), 0
        )

    def encode(self, name: str = "perp_rules_proposed") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return self.DISCRIMINATOR + _encode_perp_rules_proposed(self, name)


def _perp_rules_proposed(values: tuple[Any, ...], at: int) -> PerpRulesProposed:
    return PerpRulesProposed(Pubkey.from_bytes(values[at]), values[at + 1])


def _encode_perp_rules_proposed(value: PerpRulesProposed, name: str) -> bytes:
    if not isinstance(value, PerpRulesProposed):
        raise _wire.ArgumentError(name, value, "a PerpRulesProposed")
    return b"".join(
        (
            _wire.encode_pubkey(value.market, f"{name}.market"),
            _wire.encode_i64(value.rules_time, f"{name}.rules_time"),
        )
    )


_PERP_SETTLED = Struct("<32sI")


@dataclass(frozen=True, slots=True)
class PerpSettled:
    """The event PerpSettled.

    Attributes:
        market: key.
        settlement_ticks: u32.
    """

    market: Pubkey
    settlement_ticks: int

    DISCRIMINATOR: ClassVar[bytes] = b"\xb5\r\x11\xe5\x93\x04\xce\xf9"
    SIZE: ClassVar[int] = 44

    @classmethod
    def decode(cls, data: bytes) -> PerpSettled:
        """Reads a PerpSettled and checks the discriminator before it; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _perp_settled(_wire.unpack(_PERP_SETTLED, data, "PerpSettled", cls.DISCRIMINATOR), 0)

    def encode(self, name: str = "perp_settled") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return self.DISCRIMINATOR + _encode_perp_settled(self, name)


def _perp_settled(values: tuple[Any, ...], at: int) -> PerpSettled:
    return PerpSettled(Pubkey.from_bytes(values[at]), values[at + 1])


def _encode_perp_settled(value: PerpSettled, name: str) -> bytes:
    if not isinstance(value, PerpSettled):
        raise _wire.ArgumentError(name, value, "a PerpSettled")
    return b"".join(
        (
            _wire.encode_pubkey(value.market, f"{name}.market"),
            _wire.encode_u32(value.settlement_ticks, f"{name}.settlement_ticks"),
        )
    )


_PNL_SETTLED = Struct("<32s32sq")


@dataclass(frozen=True, slots=True)
class PnlSettled:
    """A perpetual's profit was paid into an account's cash, or its loss out of it, if negative.

    Attributes:
        account: key.
        market: key.
        amount_atoms: i64.
    """

    account: Pubkey
    market: Pubkey
    amount_atoms: int

    DISCRIMINATOR: ClassVar[bytes] = b"\x18qh\xfe\x87._\xcb"
    SIZE: ClassVar[int] = 80

    @classmethod
    def decode(cls, data: bytes) -> PnlSettled:
        """Reads a PnlSettled and checks the discriminator before it; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _pnl_settled(_wire.unpack(_PNL_SETTLED, data, "PnlSettled", cls.DISCRIMINATOR), 0)

    def encode(self, name: str = "pnl_settled") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return self.DISCRIMINATOR + _encode_pnl_settled(self, name)


def _pnl_settled(values: tuple[Any, ...], at: int) -> PnlSettled:
    return PnlSettled(Pubkey.from_bytes(values[at]), Pubkey.from_bytes(values[at + 1]), values[at + 2])


def _encode_pnl_settled(value: PnlSettled, name: str) -> bytes:
    if not isinstance(value, PnlSettled):
        raise _wire.ArgumentError(name, value, "a PnlSettled")
    return b"".join(
        (
            _wire.encode_pubkey(value.account, f"{name}.account"),
            _wire.encode_pubkey(value.market, f"{name}.market"),
            _wire.encode_i64(value.amount_atoms, f"{name}.amount_atoms"),
        )
    )


_POOL = Struct("<32s32s32sqQQ16qHBBBB34x")


@dataclass(frozen=True, slots=True)
class Pool:
    """One per event and creator.

    Attributes:
        event: The event whose outcomes it trades.
        creator: Who funded it and gets its rent.
        account: The margin account that funded it and gets back what is left.
        cash_atoms: Collateral, at least what the worst outcome costs.
        fees_atoms: Fees not yet collected.
        liquidity_lots: Scale of the cost function: LMSR's b, pm-AMM's L.
        sold_lots: Net lots sold of each outcome.
        fee_bps: Trade fee in bps of lots × p × (1 − p), over the path of the price.
        kind: 0 LMSR, 1 pm-AMM.
        outcomes: How many outcomes the event has.
        bump: PDA bump.
        layout: Layout of this account; 1.
    """

    event: Pubkey
    creator: Pubkey
    account: Pubkey
    cash_atoms: int
    fees_atoms: int
    liquidity_lots: int
    sold_lots: tuple[int, ...]
    fee_bps: int
    kind: int
    outcomes: int
    bump: int
    layout: int

    DISCRIMINATOR: ClassVar[bytes] = b"\xf1\x9am\x04\x11\xb1m\xbc"
    SIZE: ClassVar[int] = 296
    OFFSETS: ClassVar[dict[str, int]] = {
        "event": 8,
        "creator": 40,
        "account": 72,
        "cash_atoms": 104,
        "fees_atoms": 112,
        "liquidity_lots": 120,
        "sold_lots": 128,
        "fee_bps": 256,
        "kind": 258,
        "outcomes": 259,
        "bump": 260,
        "layout": 261,
    }

    @classmethod
    def decode(cls, data: bytes) -> Pool:
        """Reads a Pool and checks the discriminator before it; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _pool(_wire.unpack(_POOL, data, "Pool", cls.DISCRIMINATOR), 0)

    def encode(self, name: str = "pool") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return self.DISCRIMINATOR + _encode_pool(self, name)


def _pool(values: tuple[Any, ...], at: int) -> Pool:
    return Pool(
        Pubkey.from_bytes(values[at]),
        Pubkey.from_bytes(values[at + 1]),
        Pubkey.from_bytes(values[at + 2]),
        values[at + 3],
        values[at + 4],
        values[at + 5],
        values[at + 6 : at + 22],
        values[at + 22],
        values[at + 23],
        values[at + 24],
        values[at + 25],
        values[at + 26],
    )


def _encode_pool(value: Pool, name: str) -> bytes:
    if not isinstance(value, Pool):
        raise _wire.ArgumentError(name, value, "a Pool")
    return b"".join(
        (
            _wire.encode_pubkey(value.event, f"{name}.event"),
            _wire.encode_pubkey(value.creator, f"{name}.creator"),
            _wire.encode_pubkey(value.account, f"{name}.account"),
            _wire.encode_i64(value.cash_atoms, f"{name}.cash_atoms"),
            _wire.encode_u64(value.fees_atoms, f"{name}.fees_atoms"),
            _wire.encode_u64(value.liquidity_lots, f"{name}.liquidity_lots"),
            _wire.encode_array(value.sold_lots, f"{name}.sold_lots", _wire.encode_i64, 16),
            _wire.encode_u16(value.fee_bps, f"{name}.fee_bps"),
            _wire.encode_u8(value.kind, f"{name}.kind"),
            _wire.encode_u8(value.outcomes, f"{name}.outcomes"),
            _wire.encode_u8(value.bump, f"{name}.bump"),
            _wire.encode_u8(value.layout, f"{name}.layout"),
            bytes(34),
        )
    )


_POOL_CLOSED = Struct("<32sq")


@dataclass(frozen=True, slots=True)
class PoolClosed:
    """The event PoolClosed.

    Attributes:
        pool: key.
        returned_atoms: i64.
    """

    pool: Pubkey
    returned_atoms: int

    DISCRIMINATOR: ClassVar[bytes] = b"j.\x1d\xe7*,Iw"
    SIZE: ClassVar[int] = 48

    @classmethod
    def decode(cls, data: bytes) -> PoolClosed:
        """Reads a PoolClosed and checks the discriminator before it; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _pool_closed(_wire.unpack(_POOL_CLOSED, data, "PoolClosed", cls.DISCRIMINATOR), 0)

    def encode(self, name: str = "pool_closed") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return self.DISCRIMINATOR + _encode_pool_closed(self, name)


def _pool_closed(values: tuple[Any, ...], at: int) -> PoolClosed:
    return PoolClosed(Pubkey.from_bytes(values[at]), values[at + 1])


def _encode_pool_closed(value: PoolClosed, name: str) -> bytes:
    if not isinstance(value, PoolClosed):
        raise _wire.ArgumentError(name, value, "a PoolClosed")
    return b"".join(
        (
            _wire.encode_pubkey(value.pool, f"{name}.pool"),
            _wire.encode_i64(value.returned_atoms, f"{name}.returned_atoms"),
        )
    )


_POOL_CREATED = Struct("<32s32sQ")


@dataclass(frozen=True, slots=True)
class PoolCreated:
    """The event PoolCreated.

    Attributes:
        pool: key.
        event: key.
        funding_atoms: u64.
    """

    pool: Pubkey
    event: Pubkey
    funding_atoms: int

    DISCRIMINATOR: ClassVar[bytes] = b"\xca,)Xh\xdc\x9dR"
    SIZE: ClassVar[int] = 80

    @classmethod
    def decode(cls, data: bytes) -> PoolCreated:
        """Reads a PoolCreated and checks the discriminator before it; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _pool_created(_wire.unpack(_POOL_CREATED, data, "PoolCreated", cls.DISCRIMINATOR), 0)

    def encode(self, name: str = "pool_created") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return self.DISCRIMINATOR + _encode_pool_created(self, name)


def _pool_created(values: tuple[Any, ...], at: int) -> PoolCreated:
    return PoolCreated(Pubkey.from_bytes(values[at]), Pubkey.from_bytes(values[at + 1]), values[at + 2])


def _encode_pool_created(value: PoolCreated, name: str) -> bytes:
    if not isinstance(value, PoolCreated):
        raise _wire.ArgumentError(name, value, "a PoolCreated")
    return b"".join(
        (
            _wire.encode_pubkey(value.pool, f"{name}.pool"),
            _wire.encode_pubkey(value.event, f"{name}.event"),
            _wire.encode_u64(value.funding_atoms, f"{name}.funding_atoms"),
        )
    )


_POOL_NETTED = Struct("<32sq")


@dataclass(frozen=True, slots=True)
class PoolNetted:
    """A pool minted the complete sets it had sold (merged those it had bought, if negative).

    Attributes:
        pool: key.
        lots: i64.
    """

    pool: Pubkey
    lots: int

    DISCRIMINATOR: ClassVar[bytes] = b"\xf6\xfc\xca\x97\xfb\xe8\x9b\xa4"
    SIZE: ClassVar[int] = 48

    @classmethod
    def decode(cls, data: bytes) -> PoolNetted:
        """Reads a PoolNetted and checks the discriminator before it; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _pool_netted(_wire.unpack(_POOL_NETTED, data, "PoolNetted", cls.DISCRIMINATOR), 0)

    def encode(self, name: str = "pool_netted") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return self.DISCRIMINATOR + _encode_pool_netted(self, name)


def _pool_netted(values: tuple[Any, ...], at: int) -> PoolNetted:
    return PoolNetted(Pubkey.from_bytes(values[at]), values[at + 1])


def _encode_pool_netted(value: PoolNetted, name: str) -> bytes:
    if not isinstance(value, PoolNetted):
        raise _wire.ArgumentError(name, value, "a PoolNetted")
    return b"".join(
        (
            _wire.encode_pubkey(value.pool, f"{name}.pool"),
            _wire.encode_i64(value.lots, f"{name}.lots"),
        )
    )


_POOL_TRADED = Struct("<32s32sqqQQ")


@dataclass(frozen=True, slots=True)
class PoolTraded:
    """A pool sold `lots` of `outcome` (bought, if negative) for `cost_atoms`, fee apart.

    Attributes:
        pool: key.
        account: key.
        lots: i64.
        cost_atoms: i64.
        fee_atoms: u64.
        outcome: u64.
    """

    pool: Pubkey
    account: Pubkey
    lots: int
    cost_atoms: int
    fee_atoms: int
    outcome: int

    DISCRIMINATOR: ClassVar[bytes] = b"f\xfc3\xf3\xe3\x08qN"
    SIZE: ClassVar[int] = 104

    @classmethod
    def decode(cls, data: bytes) -> PoolTraded:
        """Reads a PoolTraded and checks the discriminator before it; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _pool_traded(_wire.unpack(_POOL_TRADED, data, "PoolTraded", cls.DISCRIMINATOR), 0)

    def encode(self, name: str = "pool_traded") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return self.DISCRIMINATOR + _encode_pool_traded(self, name)


def _pool_traded(values: tuple[Any, ...], at: int) -> PoolTraded:
    return PoolTraded(
        Pubkey.from_bytes(values[at]),
        Pubkey.from_bytes(values[at + 1]),
        values[at + 2],
        values[at + 3],
        values[at + 4],
        values[at + 5],
    )


def _encode_pool_traded(value: PoolTraded, name: str) -> bytes:
    if not isinstance(value, PoolTraded):
        raise _wire.ArgumentError(name, value, "a PoolTraded")
    return b"".join(
        (
            _wire.encode_pubkey(value.pool, f"{name}.pool"),
            _wire.encode_pubkey(value.account, f"{name}.account"),
            _wire.encode_i64(value.lots, f"{name}.lots"),
            _wire.encode_i64(value.cost_atoms, f"{name}.cost_atoms"),
            _wire.encode_u64(value.fee_atoms, f"{name}.fee_atoms"),
            _wire.encode_u64(value.outcome, f"{name}.outcome"),
        )
    )


_REDEEMED = Struct("<32s32sq")


@dataclass(frozen=True, slots=True)
class Redeemed:
    """The event Redeemed.

    Attributes:
        account: key.
        event: key.
        amount_atoms: Negative where a short position pays.
    """

    account: Pubkey
    event: Pubkey
    amount_atoms: int

    DISCRIMINATOR: ClassVar[bytes] = b"\x0e\x1d\xb7G\x1f\xa5k&"
    SIZE: ClassVar[int] = 80

    @classmethod
    def decode(cls, data: bytes) -> Redeemed:
        """Reads a Redeemed and checks the discriminator before it; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _redeemed(_wire.unpack(_REDEEMED, data, "Redeemed", cls.DISCRIMINATOR), 0)

    def encode(self, name: str = "redeemed") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return self.DISCRIMINATOR + _encode_redeemed(self, name)


def _redeemed(values: tuple[Any, ...], at: int) -> Redeemed:
    return Redeemed(Pubkey.from_bytes(values[at]), Pubkey.from_bytes(values[at + 1]), values[at + 2])


def _encode_redeemed(value: Redeemed, name: str) -> bytes:
    if not isinstance(value, Redeemed):
        raise _wire.ArgumentError(name, value, "a Redeemed")
    return b"".join(
        (
            _wire.encode_pubkey(value.account, f"{name}.account"),
            _wire.encode_pubkey(value.event, f"{name}.event"),
            _wire.encode_i64(value.amount_atoms, f"{name}.amount_atoms"),
        )
    )


_SEAT = Struct("<32sqqQQQQQQIIqqQII")


@dataclass(frozen=True, slots=True)
class Seat:
    """What the orders of one margin account have done and may yet do.

    Attributes:
        account: The margin account; the zero address if the seat is free.
        cash_atoms: Cash of fills not yet drawn, rebates included; a perpetual's: their signed cost.
        lots: Lots of fills not yet drawn.
        bid_lots: Lots of open bids.
        ask_lots: Lots of open asks.
        bid_atoms: What open bids pay in all.
        ask_atoms: What open asks lose in all if the outcome wins; a perpetual's: what they bring.
        bid_reserved_atoms: `bid_atoms` as the margin account reserves them.
        ask_reserved_atoms: `ask_atoms` as the margin account reserves them.
        orders: Open orders.
        seat_free: Next seat that was given up, counted from 1, while this one is.
        funding_index: A perpetual's: its cumulative funding index when the lots were last settled.
        loss_index: A perpetual's: the loss index of the lots' side then.
        haircut_atoms: A perpetual's: what the lots have borne of losers' debts since they were last
            drawn.
        bid_max_ticks: The highest price of its bids since it last had none.
        ask_min_ticks: The lowest price of its asks since it last had none.
    """

    account: Pubkey
    cash_atoms: int
    lots: int
    bid_lots: int
    ask_lots: int
    bid_atoms: int
    ask_atoms: int
    bid_reserved_atoms: int
    ask_reserved_atoms: int
    orders: int
    seat_free: int
    funding_index: int
    loss_index: int
    haircut_atoms: int
    bid_max_ticks: int
    ask_min_ticks: int

    SIZE: ClassVar[int] = 136

    @classmethod
    def decode(cls, data: bytes) -> Seat:
        """Reads a Seat from its first byte on; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _seat(_wire.unpack(_SEAT, data, "Seat"), 0)

    def encode(self, name: str = "seat") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return _encode_seat(self, name)


def _seat(values: tuple[Any, ...], at: int) -> Seat:
    return Seat(
        Pubkey.from_bytes(values[at]),
        values[at + 1],
        values[at + 2],
        values[at + 3],
        values[at + 4],
        values[at + 5],
        values[at + 6],
        values[at + 7],
        values[at + 8],
        values[at + 9],
        values[at + 10],
        values[at + 11],
        values[at + 12],
        values[at + 13],
        values[at + 14],
        values[at + 15],
    )


def _encode_seat(value: Seat, name: str) -> bytes:
    if not isinstance(value, Seat):
        raise _wire.ArgumentError(name, value, "a Seat")
    return b"".join(
        (
            _wire.encode_pubkey(value.account, f"{name}.account"),
            _wire.encode_i64(value.cash_atoms, f"{name}.cash_atoms"),
            _wire.encode_i64(value.lots, f"{name}.lots"),
            _wire.encode_u64(value.bid_lots, f"{name}.bid_lots"),
            _wire.encode_u64(value.ask_lots, f"{name}.ask_lots"),
            _wire.encode_u64(value.bid_atoms, f"{name}.bid_atoms"),
            _wire.encode_u64(value.ask_atoms, f"{name}.ask_atoms"),
            _wire.encode_u64(value.bid_reserved_atoms, f"{name}.bid_reserved_atoms"),
            _wire.encode_u64(value.ask_reserved_atoms, f"{name}.ask_reserved_atoms"),
            _wire.encode_u32(value.orders, f"{name}.orders"),
            _wire.encode_u32(value.seat_free, f"{name}.seat_free"),
            _wire.encode_i64(value.funding_index, f"{name}.funding_index"),
            _wire.encode_i64(value.loss_index, f"{name}.loss_index"),
            _wire.encode_u64(value.haircut_atoms, f"{name}.haircut_atoms"),
            _wire.encode_u32(value.bid_max_ticks, f"{name}.bid_max_ticks"),
            _wire.encode_u32(value.ask_min_ticks, f"{name}.ask_min_ticks"),
        )
    )


_SETS_CHANGED = Struct("<32s32sq")


@dataclass(frozen=True, slots=True)
class SetsChanged:
    """Complete sets were minted (positive) or merged (negative).

    Attributes:
        account: key.
        event: key.
        lots: i64.
    """

    account: Pubkey
    event: Pubkey
    lots: int

    DISCRIMINATOR: ClassVar[bytes] = b"\x8a\x05*\xc0\x15\x9b\xe5\x1d"
    SIZE: ClassVar[int] = 80

    @classmethod
    def decode(cls, data: bytes) -> SetsChanged:
        """Reads a SetsChanged and checks the discriminator before it; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _sets_changed(_wire.unpack(_SETS_CHANGED, data, "SetsChanged", cls.DISCRIMINATOR), 0)

    def encode(self, name: str = "sets_changed") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return self.DISCRIMINATOR + _encode_sets_changed(self, name)


def _sets_changed(values: tuple[Any, ...], at: int) -> SetsChanged:
    return SetsChanged(Pubkey.from_bytes(values[at]), Pubkey.from_bytes(values[at + 1]), values[at + 2])


def _encode_sets_changed(value: SetsChanged, name: str) -> bytes:
    if not isinstance(value, SetsChanged):
        raise _wire.ArgumentError(name, value, "a SetsChanged")
    return b"".join(
        (
            _wire.encode_pubkey(value.account, f"{name}.account"),
            _wire.encode_pubkey(value.event, f"{name}.event"),
            _wire.encode_i64(value.lots, f"{name}.lots"),
        )
    )


_TOKENS_CHANGED = Struct("<32s32sBq")


@dataclass(frozen=True, slots=True)
class TokensChanged:
    """Ledger shares became tokens (positive) or tokens ledger shares (negative).

    Attributes:
        account: key.
        event: key.
        outcome: u8.
        lots: i64.
    """

    account: Pubkey
    event: Pubkey
    outcome: int
    lots: int

    DISCRIMINATOR: ClassVar[bytes] = b"\x8d'=\xdc\xcc\xe5lQ"
    SIZE: ClassVar[int] = 81

    @classmethod
    def decode(cls, data: bytes) -> TokensChanged:
        """Reads a TokensChanged and checks the discriminator before it; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _tokens_changed(_wire.unpack(_TOKENS_CHANGED, data, "TokensChanged", cls.DISCRIMINATOR), 0)

    def encode(self, name: str = "tokens_changed") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return self.DISCRIMINATOR + _encode_tokens_changed(self, name)


def _tokens_changed(values: tuple[Any, ...], at: int) -> TokensChanged:
    return TokensChanged(
        Pubkey.from_bytes(values[at]), Pubkey.from_bytes(values[at + 1]), values[at + 2], values[at + 3]
    )


def _encode_tokens_changed(value: TokensChanged, name: str) -> bytes:
    if not isinstance(value, TokensChanged):
        raise _wire.ArgumentError(name, value, "a TokensChanged")
    return b"".join(
        (
            _wire.encode_pubkey(value.account, f"{name}.account"),
            _wire.encode_pubkey(value.event, f"{name}.event"),
            _wire.encode_u8(value.outcome, f"{name}.outcome"),
            _wire.encode_i64(value.lots, f"{name}.lots"),
        )
    )


_TOKENS_REDEEMED = Struct("<32s32sBQQ")


@dataclass(frozen=True, slots=True)
class TokensRedeemed:
    """The event TokensRedeemed.

    Attributes:
        event: key.
        holder: key.
        outcome: u8.
        lots: u64.
        amount_atoms: u64.
    """

    event: Pubkey
    holder: Pubkey
    outcome: int
    lots: int
    amount_atoms: int

    DISCRIMINATOR: ClassVar[bytes] = b"-N\x94\xf6t\xc9\x03\r"
    SIZE: ClassVar[int] = 89

    @classmethod
    def decode(cls, data: bytes) -> TokensRedeemed:
        """Reads a TokensRedeemed and checks the discriminator before it; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _tokens_redeemed(_wire.unpack(_TOKENS_REDEEMED, data, "TokensRedeemed", cls.DISCRIMINATOR), 0)

    def encode(self, name: str = "tokens_redeemed") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return self.DISCRIMINATOR + _encode_tokens_redeemed(self, name)


def _tokens_redeemed(values: tuple[Any, ...], at: int) -> TokensRedeemed:
    return TokensRedeemed(
        Pubkey.from_bytes(values[at]),
        Pubkey.from_bytes(values[at + 1]),
        values[at + 2],
        values[at + 3],
        values[at + 4],
    )


def _encode_tokens_redeemed(value: TokensRedeemed, name: str) -> bytes:
    if not isinstance(value, TokensRedeemed):
        raise _wire.ArgumentError(name, value, "a TokensRedeemed")
    return b"".join(
        (
            _wire.encode_pubkey(value.event, f"{name}.event"),
            _wire.encode_pubkey(value.holder, f"{name}.holder"),
            _wire.encode_u8(value.outcome, f"{name}.outcome"),
            _wire.encode_u64(value.lots, f"{name}.lots"),
            _wire.encode_u64(value.amount_atoms, f"{name}.amount_atoms"),
        )
    )


_TRANSFERRED = Struct("<32s32sQ")


@dataclass(frozen=True, slots=True)
class Transferred:
    """Collateral moved between two margin accounts of one owner.

    Attributes:
        source: key.
        destination: key.
        amount_atoms: u64.
    """

    source: Pubkey
    destination: Pubkey
    amount_atoms: int

    DISCRIMINATOR: ClassVar[bytes] = b"\x15\x84\xef@\x92\xef\xa6D"
    SIZE: ClassVar[int] = 80

    @classmethod
    def decode(cls, data: bytes) -> Transferred:
        """Reads a Transferred and checks the discriminator before it; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _transferred(_wire.unpack(_TRANSFERRED, data, "Transferred", cls.DISCRIMINATOR), 0)

    def encode(self, name: str = "transferred") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return self.DISCRIMINATOR + _encode_transferred(self, name)


def _transferred(values: tuple[Any, ...], at: int) -> Transferred:
    return Transferred(Pubkey.from_bytes(values[at]), Pubkey.from_bytes(values[at + 1]), values[at + 2])


def _encode_transferred(value: Transferred, name: str) -> bytes:
    if not isinstance(value, Transferred):
        raise _wire.ArgumentError(name, value, "a Transferred")
    return b"".join(
        (
            _wire.encode_pubkey(value.source, f"{name}.source"),
            _wire.encode_pubkey(value.destination, f"{name}.destination"),
            _wire.encode_u64(value.amount_atoms, f"{name}.amount_atoms"),
        )
    )


_TRIGGER_CLOSED = Struct("<32sQ")


@dataclass(frozen=True, slots=True)
class TriggerClosed:
    """A trigger order is done, or was cancelled.

    Attributes:
        trigger: key.
        filled_lots: u64.
    """

    trigger: Pubkey
    filled_lots: int

    DISCRIMINATOR: ClassVar[bytes] = b"L\xea\x0c\x04\xf0\x19y\x84"
    SIZE: ClassVar[int] = 48

    @classmethod
    def decode(cls, data: bytes) -> TriggerClosed:
        """Reads a TriggerClosed and checks the discriminator before it; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _trigger_closed(_wire.unpack(_TRIGGER_CLOSED, data, "TriggerClosed", cls.DISCRIMINATOR), 0)

    def encode(self, name: str = "trigger_closed") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return self.DISCRIMINATOR + _encode_trigger_closed(self, name)


def _trigger_closed(values: tuple[Any, ...], at: int) -> TriggerClosed:
    return TriggerClosed(Pubkey.from_bytes(values[at]), values[at + 1])


def _encode_trigger_closed(value: TriggerClosed, name: str) -> bytes:
    if not isinstance(value, TriggerClosed):
        raise _wire.ArgumentError(name, value, "a TriggerClosed")
    return b"".join(
        (
            _wire.encode_pubkey(value.trigger, f"{name}.trigger"),
            _wire.encode_u64(value.filled_lots, f"{name}.filled_lots"),
        )
    )


_TRIGGER_MOVED = Struct("<32sI")


@dataclass(frozen=True, slots=True)
class TriggerMoved:
    """A trailing stop has followed the mark.

    Attributes:
        trigger: key.
        trigger_ticks: u32.
    """

    trigger: Pubkey
    trigger_ticks: int

    DISCRIMINATOR: ClassVar[bytes] = b"\x0b\xea\x00\xc06\x9dfe"
    SIZE: ClassVar[int] = 44

    @classmethod
    def decode(cls, data: bytes) -> TriggerMoved:
        """Reads a TriggerMoved and checks the discriminator before it; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _trigger_moved(_wire.unpack(_TRIGGER_MOVED, data, "TriggerMoved", cls.DISCRIMINATOR), 0)

    def encode(self, name: str = "trigger_moved") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return self.DISCRIMINATOR + _encode_trigger_moved(self, name)


def _trigger_moved(values: tuple[Any, ...], at: int) -> TriggerMoved:
    return TriggerMoved(Pubkey.from_bytes(values[at]), values[at + 1])


def _encode_trigger_moved(value: TriggerMoved, name: str) -> bytes:
    if not isinstance(value, TriggerMoved):
        raise _wire.ArgumentError(name, value, "a TriggerMoved")
    return b"".join(
        (
            _wire.encode_pubkey(value.trigger, f"{name}.trigger"),
            _wire.encode_u32(value.trigger_ticks, f"{name}.trigger_ticks"),
        )
    )


_TRIGGER_TERMS = Struct("<QqIIIBB2x")


@dataclass(frozen=True, slots=True)
class TriggerTerms:
    """What its owner asks of a trigger order.

    Attributes:
        lots: Most lots to close.
        expires_at: When it lapses, Unix seconds; 0 for never.
        trigger_ticks: At which mark it is placed; of a trailing stop, at first.
        trail_ticks: Of a trailing stop, how far the trigger stays behind the best mark seen; 0 for a
            fixed trigger.
        slip_ticks: How far from the mark the order may trade when it is placed.
        side: 0 buys a short back, 1 sells a long.
        is_above: 1 if it is placed at marks of the trigger or above, 0 at the trigger or below.
    """

    lots: int
    expires_at: int
    trigger_ticks: int
    trail_ticks: int
    slip_ticks: int
    side: int
    is_above: int

    SIZE: ClassVar[int] = 32

    @classmethod
    def decode(cls, data: bytes) -> TriggerTerms:
        """Reads a TriggerTerms from its first byte on; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _trigger_terms(_wire.unpack(_TRIGGER_TERMS, data, "TriggerTerms"), 0)

    def encode(self, name: str = "trigger_terms") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return _encode_trigger_terms(self, name)


def _trigger_terms(values: tuple[Any, ...], at: int) -> TriggerTerms:
    return TriggerTerms(
        values[at],
        values[at + 1],
        values[at + 2],
        values[at + 3],
        values[at + 4],
        values[at + 5],
        values[at + 6],
    )


def _encode_trigger_terms(value: TriggerTerms, name: str) -> bytes:
    if not isinstance(value, TriggerTerms):
        raise _wire.ArgumentError(name, value, "a TriggerTerms")
    return b"".join(
        (
            _wire.encode_u64(value.lots, f"{name}.lots"),
            _wire.encode_i64(value.expires_at, f"{name}.expires_at"),
            _wire.encode_u32(value.trigger_ticks, f"{name}.trigger_ticks"),
            _wire.encode_u32(value.trail_ticks, f"{name}.trail_ticks"),
            _wire.encode_u32(value.slip_ticks, f"{name}.slip_ticks"),
            _wire.encode_u8(value.side, f"{name}.side"),
            _wire.encode_u8(value.is_above, f"{name}.is_above"),
            bytes(2),
        )
    )


_TRIGGER_ORDER = Struct("<32s32s32s" + _TRIGGER_TERMS.format[1:] + "HBBB27x")


@dataclass(frozen=True, slots=True)
class TriggerOrder:
    """One trigger order.

    Attributes:
        account: The margin account whose position it reduces.
        market: key.
        payer: Who gets the rent.
        terms: `TriggerTerms`.
        opening: The `opening` of the leg when it was placed.
        id: Which of the account's trigger orders this is.
        bump: PDA bump.
        layout: Layout of this account; 1.
    """

    account: Pubkey
    market: Pubkey
    payer: Pubkey
    terms: TriggerTerms
    opening: int
    id: int
    bump: int
    layout: int

    DISCRIMINATOR: ClassVar[bytes] = b"\xec=*\xbe\x98\x0cjt"
    SIZE: ClassVar[int] = 168
    OFFSETS: ClassVar[dict[str, int]] = {
        "account": 8,
        "market": 40,
        "payer": 72,
        "terms": 104,
        "opening": 136,
        "id": 138,
        "bump": 139,
        "layout": 140,
    }

    @classmethod
    def decode(cls, data: bytes) -> TriggerOrder:
        """Reads a TriggerOrder and checks the discriminator before it; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _trigger_order(_wire.unpack(_TRIGGER_ORDER, data, "TriggerOrder", cls.DISCRIMINATOR), 0)

    def encode(self, name: str = "trigger_order") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return self.DISCRIMINATOR + _encode_trigger_order(self, name)


def _trigger_order(values: tuple[Any, ...], at: int) -> TriggerOrder:
    return TriggerOrder(
        Pubkey.from_bytes(values[at]),
        Pubkey.from_bytes(values[at + 1]),
        Pubkey.from_bytes(values[at + 2]),
        _trigger_terms(values, at + 3),
        values[at + 10],
        values[at + 11],
        values[at + 12],
        values[at + 13],
    )


def _encode_trigger_order(value: TriggerOrder, name: str) -> bytes:
    if not isinstance(value, TriggerOrder):
        raise _wire.ArgumentError(name, value, "a TriggerOrder")
    return b"".join(
        (
            _wire.encode_pubkey(value.account, f"{name}.account"),
            _wire.encode_pubkey(value.market, f"{name}.market"),
            _wire.encode_pubkey(value.payer, f"{name}.payer"),
            _encode_trigger_terms(value.terms, f"{name}.terms"),
            _wire.encode_u16(value.opening, f"{name}.opening"),
            _wire.encode_u8(value.id, f"{name}.id"),
            _wire.encode_u8(value.bump, f"{name}.bump"),
            _wire.encode_u8(value.layout, f"{name}.layout"),
            bytes(27),
        )
    )


_TRIGGER_PLACED = Struct("<32s32s32s")


@dataclass(frozen=True, slots=True)
class TriggerPlaced:
    """The event TriggerPlaced.

    Attributes:
        trigger: key.
        account: key.
        market: key.
    """

    trigger: Pubkey
    account: Pubkey
    market: Pubkey

    DISCRIMINATOR: ClassVar[bytes] = b"\xa8\xad\xcaL\x98\xa9\xac\xb5"
    SIZE: ClassVar[int] = 104

    @classmethod
    def decode(cls, data: bytes) -> TriggerPlaced:
        """Reads a TriggerPlaced and checks the discriminator before it; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _trigger_placed(_wire.unpack(_TRIGGER_PLACED, data, "TriggerPlaced", cls.DISCRIMINATOR), 0)

    def encode(self, name: str = "trigger_placed") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return self.DISCRIMINATOR + _encode_trigger_placed(self, name)


def _trigger_placed(values: tuple[Any, ...], at: int) -> TriggerPlaced:
    return TriggerPlaced(
        Pubkey.from_bytes(values[at]), Pubkey.from_bytes(values[at + 1]), Pubkey.from_bytes(values[at + 2])
    )


def _encode_trigger_placed(value: TriggerPlaced, name: str) -> bytes:
    if not isinstance(value, TriggerPlaced):
        raise _wire.ArgumentError(name, value, "a TriggerPlaced")
    return b"".join(
        (
            _wire.encode_pubkey(value.trigger, f"{name}.trigger"),
            _wire.encode_pubkey(value.account, f"{name}.account"),
            _wire.encode_pubkey(value.market, f"{name}.market"),
        )
    )


_WITHDRAWN = Struct("<32sQ")


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The event Withdrawn.

    Attributes:
        account: key.
        amount_atoms: u64.
    """

    account: Pubkey
    amount_atoms: int

    DISCRIMINATOR: ClassVar[bytes] = b"\x14Y\xdf\xc6\xc2|\xdb\r"
    SIZE: ClassVar[int] = 48

    @classmethod
    def decode(cls, data: bytes) -> Withdrawn:
        """Reads a Withdrawn and checks the discriminator before it; bytes after it are left alone.

        Raises:
            DecodeError: other bytes, or too few.
        """
        return _withdrawn(_wire.unpack(_WITHDRAWN, data, "Withdrawn", cls.DISCRIMINATOR), 0)

    def encode(self, name: str = "withdrawn") -> bytes:
        """The bytes that `decode` reads; `name` is its name in errors.

        Raises:
            ArgumentError: a field is out of its range.
        """
        return self.DISCRIMINATOR + _encode_withdrawn(self, name)


def _withdrawn(values: tuple[Any, ...], at: int) -> Withdrawn:
    return Withdrawn(Pubkey.from_bytes(values[at]), values[at + 1])


def _encode_withdrawn(value: Withdrawn, name: str) -> bytes:
    if not isinstance(value, Withdrawn):
        raise _wire.ArgumentError(name, value, "a Withdrawn")
    return b"".join(
        (
            _wire.encode_pubkey(value.account, f"{name}.account"),
            _wire.encode_u64(value.amount_atoms, f"{name}.amount_atoms"),
        )
    )


AnyAccount: TypeAlias = Book | EventMarket | Exchange | MarginAccount | PerpMarket | Pool | TriggerOrder


ACCOUNTS: Final[
    dict[bytes, type[Book | EventMarket | Exchange | MarginAccount | PerpMarket | Pool | TriggerOrder]]
] = {
    Book.DISCRIMINATOR: Book,
    EventMarket.DISCRIMINATOR: EventMarket,
    Exchange.DISCRIMINATOR: Exchange,
    MarginAccount.DISCRIMINATOR: MarginAccount,
    PerpMarket.DISCRIMINATOR: PerpMarket,
    Pool.DISCRIMINATOR: Pool,
    TriggerOrder.DISCRIMINATOR: TriggerOrder,
}


def decode_account(data: bytes) -> AnyAccount:
    """Reads an account of this program, whichever it is.

    Raises:
        DecodeError: no account of this program, or too few bytes.
    """
    discriminator = bytes(data[: _wire.DISCRIMINATOR_LENGTH])
    found = ACCOUNTS.get(discriminator)
    if found is None:
        raise _wire.DecodeError("account", f"no account of this program begins with {discriminator.hex()}")
    return found.decode(data)


AnyEvent: TypeAlias = (
    AccountClosed
    | AccountOpened
    | BookChanged
    | BookClosed
    | BookCreated
    | BuilderPaid
    | CollateralMissing
    | DelegateSet
    | Deposited
    | EventCreated
    | EventLocked
    | EventSettled
    | ExchangeInitialized
    | FeesCollected
    | HaircutReturned
    | HaircutWaived
    | InsuranceAdded
    | InsuranceRemoved
    | Liquidated
    | MarginStated
    | PauseChanged
    | PerpClosing
    | PerpCreated
    | PerpPauseChanged
    | PerpRulesApplied
    | PerpRulesProposed
    | PerpSettled
    | PnlSettled
    | PoolClosed
    | PoolCreated
    | PoolNetted
    | PoolTraded
    | Redeemed
    | SetsChanged
    | TokensChanged
    | TokensRedeemed
    | Transferred
    | TriggerClosed
    | TriggerMoved
    | TriggerPlaced
    | Withdrawn
)


EVENTS: Final[
    dict[
        bytes,
        type[
            AccountClosed
            | AccountOpened
            | BookChanged
            | BookClosed
            | BookCreated
            | BuilderPaid
            | CollateralMissing
            | DelegateSet
            | Deposited
            | EventCreated
            | EventLocked
            | EventSettled
            | ExchangeInitialized
            | FeesCollected
            | HaircutReturned
            | HaircutWaived
            | InsuranceAdded
            | InsuranceRemoved
            | Liquidated
            | MarginStated
            | PauseChanged
            | PerpClosing
            | PerpCreated
            | PerpPauseChanged
            | PerpRulesApplied
            | PerpRulesProposed
            | PerpSettled
            | PnlSettled
            | PoolClosed
            | PoolCreated
            | PoolNetted
            | PoolTraded
            | Redeemed
            | SetsChanged
            | TokensChanged
            | TokensRedeemed
            | Transferred
            | TriggerClosed
            | TriggerMoved
            | TriggerPlaced
            | Withdrawn
        ],
    ]
] = {
    AccountClosed.DISCRIMINATOR: AccountClosed,
    AccountOpened.DISCRIMINATOR: AccountOpened,
    BookChanged.DISCRIMINATOR: BookChanged,
    BookClosed.DISCRIMINATOR: BookClosed,
    BookCreated.DISCRIMINATOR: BookCreated,
    BuilderPaid.DISCRIMINATOR: BuilderPaid,
    CollateralMissing.DISCRIMINATOR: CollateralMissing,
    DelegateSet.DISCRIMINATOR: DelegateSet,
    Deposited.DISCRIMINATOR: Deposited,
    EventCreated.DISCRIMINATOR: EventCreated,
    EventLocked.DISCRIMINATOR: EventLocked,
    EventSettled.DISCRIMINATOR: EventSettled,
    ExchangeInitialized.DISCRIMINATOR: ExchangeInitialized,
    FeesCollected.DISCRIMINATOR: FeesCollected,
    HaircutReturned.DISCRIMINATOR: HaircutReturned,
    HaircutWaived.DISCRIMINATOR: HaircutWaived,
    InsuranceAdded.DISCRIMINATOR: InsuranceAdded,
    InsuranceRemoved.DISCRIMINATOR: InsuranceRemoved,
    Liquidated.DISCRIMINATOR: Liquidated,
    MarginStated.DISCRIMINATOR: MarginStated,
    PauseChanged.DISCRIMINATOR: PauseChanged,
    PerpClosing.DISCRIMINATOR: PerpClosing,
    PerpCreated.DISCRIMINATOR: PerpCreated,
    PerpPauseChanged.DISCRIMINATOR: PerpPauseChanged,
    PerpRulesApplied.DISCRIMINATOR: PerpRulesApplied,
    PerpRulesProposed.DISCRIMINATOR: PerpRulesProposed,
    PerpSettled.DISCRIMINATOR: PerpSettled,
    PnlSettled.DISCRIMINATOR: PnlSettled,
    PoolClosed.DISCRIMINATOR: PoolClosed,
    PoolCreated.DISCRIMINATOR: PoolCreated,
    PoolNetted.DISCRIMINATOR: PoolNetted,
    PoolTraded.DISCRIMINATOR: PoolTraded,
    Redeemed.DISCRIMINATOR: Redeemed,
    SetsChanged.DISCRIMINATOR: SetsChanged,
    TokensChanged.DISCRIMINATOR: TokensChanged,
    TokensRedeemed.DISCRIMINATOR: TokensRedeemed,
    Transferred.DISCRIMINATOR: Transferred,
    TriggerClosed.DISCRIMINATOR: TriggerClosed,
    TriggerMoved.DISCRIMINATOR: TriggerMoved,
    TriggerPlaced.DISCRIMINATOR: TriggerPlaced,
    Withdrawn.DISCRIMINATOR: Withdrawn,
}


def decode_event(data: bytes) -> AnyEvent:
    """Reads an event of this program, whichever it is.

    Raises:
        DecodeError: no event of this program, or too few bytes.
    """
    discriminator = bytes(data[: _wire.DISCRIMINATOR_LENGTH])
    found = EVENTS.get(discriminator)
    if found is None:
        raise _wire.DecodeError("event", f"no event of this program begins with {discriminator.hex()}")
    return found.decode(data)


def find_account(*, exchange: Pubkey, owner: Pubkey, index: int) -> Pubkey:
    """The address of the account.

    Args:
        exchange: key.
        owner: key.
        index: u8.

    Raises:
        ArgumentError: a seed is out of its range.
    """
    return Pubkey.find_program_address(
        [
            b"margin",
            _wire.encode_pubkey(exchange, "exchange"),
            _wire.encode_pubkey(owner, "owner"),
            _wire.encode_u8(index, "index"),
        ],
        PROGRAM_ID,
    )[0]


def find_book(*, event: Pubkey, outcome: int) -> Pubkey:
    """The address of the book.

    Args:
        event: key.
        outcome: u8.

    Raises:
        ArgumentError: a seed is out of its range.
    """
    return Pubkey.find_program_address(
        [b"book", _wire.encode_pubkey(event, "event"), _wire.encode_u8(outcome, "outcome")], PROGRAM_ID
    )[0]


def find_book_of_create_perp(*, market: Pubkey) -> Pubkey:
    """The address of the book of create perp.

    Args:
        market: key.
    """
    return Pubkey.find_program_address([b"book", _wire.encode_pubkey(market, "market"), b"\x00"], PROGRAM_ID)[
        0
    ]


def find_event(*, exchange: Pubkey, creator: Pubkey, event_id: bytes) -> Pubkey:
    """The address of the event.

    Args:
        exchange: key.
        creator: key.
        event_id: 32 bytes.

    Raises:
        ArgumentError: a seed is out of its range.
    """
    return Pubkey.find_program_address(
        [
            b"event",
            _wire.encode_pubkey(exchange, "exchange"),
            _wire.encode_pubkey(creator, "creator"),
            _wire.encode_fixed_bytes(event_id, "event_id", 32),
        ],
        PROGRAM_ID,
    )[0]


def find_exchange(*, mint: Pubkey, admin: Pubkey) -> Pubkey:
    """The address of the exchange.

    Args:
        mint: key.
        admin: key.
    """
    return Pubkey.find_program_address(
        [b"exchange", _wire.encode_pubkey(mint, "mint"), _wire.encode_pubkey(admin, "admin")], PROGRAM_ID
    )[0]


def find_market(*, exchange: Pubkey, market_id: bytes) -> Pubkey:
    """The address of the market.

    Args:
        exchange: key.
        market_id: 32 bytes.

    Raises:
        ArgumentError: a seed is out of its range.
    """
    return Pubkey.find_program_address(
        [
            b"perp",
            _wire.encode_pubkey(exchange, "exchange"),
            _wire.encode_fixed_bytes(market_id, "market_id", 32),
        ],
        PROGRAM_ID,
    )[0]


def find_outcome_mint(*, event: Pubkey, outcome: int) -> Pubkey:
    """The address of the outcome mint.

    Args:
        event: key.
        outcome: u8.

    Raises:
        ArgumentError: a seed is out of its range.
    """
    return Pubkey.find_program_address(
        [b"outcome", _wire.encode_pubkey(event, "event"), _wire.encode_u8(outcome, "outcome")], PROGRAM_ID
    )[0]


def find_pool(*, event: Pubkey, creator: Pubkey) -> Pubkey:
    """The address of the pool.

    Args:
        event: key.
        creator: key.
    """
    return Pubkey.find_program_address(
        [b"pool", _wire.encode_pubkey(event, "event"), _wire.encode_pubkey(creator, "creator")], PROGRAM_ID
    )[0]


def find_trigger(*, account: Pubkey, market: Pubkey, id: int) -> Pubkey:
    """The address of the trigger.

    Args:
        account: key.
        market: key.
        id: u8.

    Raises:
        ArgumentError: a seed is out of its range.
    """
    return Pubkey.find_program_address(
        [
            b"trigger",
            _wire.encode_pubkey(account, "account"),
            _wire.encode_pubkey(market, "market"),
            _wire.encode_u8(id, "id"),
        ],
        PROGRAM_ID,
    )[0]


def find_vault(*, exchange: Pubkey) -> Pubkey:
    """The address of the vault.

    Args:
        exchange: key.
    """
    return Pubkey.find_program_address([b"vault", _wire.encode_pubkey(exchange, "exchange")], PROGRAM_ID)[0]


def add_insurance(
    *,
    owner: Pubkey,
    account: Pubkey,
    market: Pubkey,
    amount_atoms: int,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Gives collateral to a perpetual's insurance.

    Args:
        owner: the owner. [signer]
        account: Gives the collateral, for good. [writable]
        market: the market. [writable]
        amount_atoms: u64.
        remaining_accounts: appended after the accounts above.

    Raises:
        ArgumentError: an argument is out of its range.
    """
    return Instruction(
        PROGRAM_ID,
        b"\xaa5\xbf7\xfa\xaam\x01" + _wire.encode_u64(amount_atoms, "amount_atoms"),
        [
            AccountMeta(owner, is_signer=True, is_writable=False),
            AccountMeta(account, is_signer=False, is_writable=True),
            AccountMeta(market, is_signer=False, is_writable=True),
            *remaining_accounts,
        ],
    )


def apply_perp_rules(*, market: Pubkey, remaining_accounts: Sequence[AccountMeta] = ()) -> Instruction:
    """Brings a perpetual's proposed rules into force, two days after their proposal.

    Anyone may.

    Args:
        market: the market. [writable]
        remaining_accounts: appended after the accounts above.
    """
    return Instruction(
        PROGRAM_ID,
        b"\x0cI\x9fJ\x95\xb6z`",
        [AccountMeta(market, is_signer=False, is_writable=True), *remaining_accounts],
    )


def cancel_all(
    *,
    owner: Pubkey,
    account: Pubkey,
    book: Pubkey,
    side: int | None,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Cancels all orders of a side (0 bids, 1 asks) or of both, at most 256.

    Never paused.

    Args:
        owner: the owner. [signer]
        account: the account. [writable]
        book: A book in which the account has a seat. [writable]
        side: u8 or None.
        remaining_accounts: appended after the accounts above.

    Raises:
        ArgumentError: an argument is out of its range.
    """
    return Instruction(
        PROGRAM_ID,
        b"b\xbfK\xdcs(G\xed" + _wire.encode_option(side, "side", _wire.encode_u8),
        [
            AccountMeta(owner, is_signer=True, is_writable=False),
            AccountMeta(account, is_signer=False, is_writable=True),
            AccountMeta(book, is_signer=False, is_writable=True),
            *remaining_accounts,
        ],
    )


def cancel_all_perp(
    *,
    trader: Pubkey,
    account: Pubkey,
    market: Pubkey,
    book: Pubkey,
    side: int | None,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Cancels all orders of a side (0 bids, 1 asks) or of both at a perpetual, at most 256.

    Never paused.

    Args:
        trader: The account's owner or delegate. [signer]
        account: the account. [writable]
        market: the market. [writable]
        book: The market's book. [writable]
        side: u8 or None.
        remaining_accounts: appended after the accounts above.

    Raises:
        ArgumentError: an argument is out of its range.
    """
    return Instruction(
        PROGRAM_ID,
        b"\xc0\x03\x82\x86c\x94e\xb5" + _wire.encode_option(side, "side", _wire.encode_u8),
        [
            AccountMeta(trader, is_signer=True, is_writable=False),
            AccountMeta(account, is_signer=False, is_writable=True),
            AccountMeta(market, is_signer=False, is_writable=True),
            AccountMeta(book, is_signer=False, is_writable=True),
            *remaining_accounts,
        ],
    )


def cancel_orders(
    *,
    owner: Pubkey,
    account: Pubkey,
    book: Pubkey,
    cancellations: Sequence[Cancellation],
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Cancels orders, those that are still there.

    Never paused.

    Args:
        owner: the owner. [signer]
        account: the account. [writable]
        book: A book in which the account has a seat. [writable]
        cancellations: any number of `Cancellation`.
        remaining_accounts: appended after the accounts above.

    Raises:
        ArgumentError: an argument is out of its range.
    """
    return Instruction(
        PROGRAM_ID,
        b"\xee\xe1_\x9e\xe3g\x08\xc2"
        + _wire.encode_vec(cancellations, "cancellations", _encode_cancellation),
        [
            AccountMeta(owner, is_signer=True, is_writable=False),
            AccountMeta(account, is_signer=False, is_writable=True),
            AccountMeta(book, is_signer=False, is_writable=True),
            *remaining_accounts,
        ],
    )


def cancel_perp_orders(
    *,
    trader: Pubkey,
    account: Pubkey,
    market: Pubkey,
    book: Pubkey,
    cancellations: Sequence[Cancellation],
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Cancels orders at a perpetual, those that are still there.

    Never paused.

    Args:
        trader: The account's owner or delegate. [signer]
        account: the account. [writable]
        market: the market. [writable]
        book: The market's book. [writable]
        cancellations: any number of `Cancellation`.
        remaining_accounts: appended after the accounts above.

    Raises:
        ArgumentError: an argument is out of its range.
    """
    return Instruction(
        PROGRAM_ID,
        b"\xd2\xbf\xbck\xbcAz'" + _wire.encode_vec(cancellations, "cancellations", _encode_cancellation),
        [
            AccountMeta(trader, is_signer=True, is_writable=False),
            AccountMeta(account, is_signer=False, is_writable=True),
            AccountMeta(market, is_signer=False, is_writable=True),
            AccountMeta(book, is_signer=False, is_writable=True),
            *remaining_accounts,
        ],
    )


def cancel_trigger(
    *,
    payer: Pubkey,
    account: Pubkey,
    trigger: Pubkey,
    trader: Pubkey | None = None,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Cancels a trigger order: the account's owner or delegate, anyone once it has lapsed or is void.

    Never paused.

    Args:
        payer: CHECK: paid the rent and gets it back; signs, unless another does or the order has lapsed
            or is void. [writable]
        account: The margin account; closed, it has nothing left to reduce.
        trigger: the trigger. [writable]
        trader: The account's owner or delegate, if somebody else than him paid. [signer] May be left
            out.
        remaining_accounts: appended after the accounts above.
    """
    return Instruction(
        PROGRAM_ID,
        b"\xd0\x8b\xf94\xf7!9\xdf",
        [
            AccountMeta(payer, is_signer=False, is_writable=True),
            AccountMeta(account, is_signer=False, is_writable=False),
            AccountMeta(trigger, is_signer=False, is_writable=True),
            AccountMeta(PROGRAM_ID, is_signer=False, is_writable=False)
            if trader is None
            else AccountMeta(trader, is_signer=True, is_writable=False),
            *remaining_accounts,
        ],
    )


def close_account(
    *, owner: Pubkey, account: Pubkey, remaining_accounts: Sequence[AccountMeta] = ()
) -> Instruction:
    """Closes an empty margin account and returns its rent to its owner.

    Args:
        owner: the owner. [signer, writable]
        account: the account. [writable]
        remaining_accounts: appended after the accounts above.
    """
    return Instruction(
        PROGRAM_ID,
        b'}\xff\x95\x0en"H\x18',
        [
            AccountMeta(owner, is_signer=True, is_writable=True),
            AccountMeta(account, is_signer=False, is_writable=True),
            *remaining_accounts,
        ],
    )


def close_book(
    *,
    creator: Pubkey,
    exchange: Pubkey,
    event: Pubkey,
    book: Pubkey,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Closes an empty book: its creator as long as nobody has expanded it, anyone once the event is settled.

    Args:
        creator: CHECK: gets the rent; must sign unless the event is settled. [writable]
        exchange: the exchange. [writable]
        event: the event.
        book: the book. [writable]
        remaining_accounts: appended after the accounts above.
    """
    return Instruction(
        PROGRAM_ID,
        b"\xd8\xd1H\x9f\xd1\xce\x87B",
        [
            AccountMeta(creator, is_signer=False, is_writable=True),
            AccountMeta(exchange, is_signer=False, is_writable=True),
            AccountMeta(event, is_signer=False, is_writable=False),
            AccountMeta(book, is_signer=False, is_writable=True),
            *remaining_accounts,
        ],
    )


def close_perp(
    *,
    admin: Pubkey,
    exchange: Pubkey,
    market: Pubkey,
    close_time: int,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Sets when a perpetual closes, once, at least two days ahead: the admin alone.

    In the hour before, positions can only be reduced.

    Args:
        admin: the admin. [signer]
        exchange: the exchange.
        market: the market. [writable]
        close_time: i64.
        remaining_accounts: appended after the accounts above.

    Raises:
        ArgumentError: an argument is out of its range.
    """
    return Instruction(
        PROGRAM_ID,
        b"\xc3\x8d='\x8b\xe5p\xf5" + _wire.encode_i64(close_time, "close_time"),
        [
            AccountMeta(admin, is_signer=True, is_writable=False),
            AccountMeta(exchange, is_signer=False, is_writable=False),
            AccountMeta(market, is_signer=False, is_writable=True),
            *remaining_accounts,
        ],
    )


def close_pool(
    *,
    creator: Pubkey,
    exchange: Pubkey,
    account: Pubkey,
    event: Pubkey,
    pool: Pubkey,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Closes a pool into its creator's margin account: its creator at any time, anyone once the event is
    settled.

    Args:
        creator: CHECK: gets the rent; must sign unless the event is settled. [writable]
        exchange: the exchange. [writable]
        account: The margin account that funded the pool; it and the pool's event are of one exchange
            since then. [writable]
        event: the event. [writable]
        pool: the pool. [writable]
        remaining_accounts: appended after the accounts above.
    """
    return Instruction(
        PROGRAM_ID,
        b"\x8c\xbd\xd1\x17\xef>\xef\x0b",
        [
            AccountMeta(creator, is_signer=False, is_writable=True),
            AccountMeta(exchange, is_signer=False, is_writable=True),
            AccountMeta(account, is_signer=False, is_writable=True),
            AccountMeta(event, is_signer=False, is_writable=True),
            AccountMeta(pool, is_signer=False, is_writable=True),
            *remaining_accounts,
        ],
    )


def collect_fees(
    *, exchange: Pubkey, vault: Pubkey, treasury: Pubkey, remaining_accounts: Sequence[AccountMeta] = ()
) -> Instruction:
    """Pays the fees of closed pools, and of the pools and books passed, to the treasury.

    Anyone may.

    Args:
        exchange: the exchange. [writable]
        vault: the vault. [writable]
        treasury: the treasury. [writable]
        remaining_accounts: appended after the accounts above.
    """
    return Instruction(
        PROGRAM_ID,
        b"\xa4\x98\xcfc\x1e\xba\x13\xb6",
        [
            AccountMeta(exchange, is_signer=False, is_writable=True),
            AccountMeta(vault, is_signer=False, is_writable=True),
            AccountMeta(treasury, is_signer=False, is_writable=True),
            AccountMeta(_TOKEN_PROGRAM_ADDRESS, is_signer=False, is_writable=False),
            *remaining_accounts,
        ],
    )


def collect_perp_fees(
    *, exchange: Pubkey, market: Pubkey, remaining_accounts: Sequence[AccountMeta] = ()
) -> Instruction:
    """Moves a perpetual's fees, as far as its pool has paid them, to those the exchange collects.

    Anyone may.

    Args:
        exchange: the exchange. [writable]
        market: the market. [writable]
        remaining_accounts: appended after the accounts above.
    """
    return Instruction(
        PROGRAM_ID,
        b"\xaaBrZ\xd9'\x12v",
        [
            AccountMeta(exchange, is_signer=False, is_writable=True),
            AccountMeta(market, is_signer=False, is_writable=True),
            *remaining_accounts,
        ],
    )


def crank_expired(
    *, event: Pubkey, book: Pubkey, remaining_accounts: Sequence[AccountMeta] = ()
) -> Instruction:
    """Takes expired orders out of a book, at most 256; all of them once its event trades no more.

    Anyone may.

    Args:
        event: the event.
        book: A book of the event. [writable]
        remaining_accounts: appended after the accounts above.
    """
    return Instruction(
        PROGRAM_ID,
        b"\xf2\xd6\xc5\x8d\xbd\xaf\x96\x18",
        [
            AccountMeta(event, is_signer=False, is_writable=False),
            AccountMeta(book, is_signer=False, is_writable=True),
            *remaining_accounts,
        ],
    )


def create_book(
    *,
    creator: Pubkey,
    exchange: Pubkey,
    event: Pubkey,
    outcome: int,
    lots_min: int,
    book: Pubkey | None = None,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Creates the order book of an outcome; orders that rest in it have at least `lots_min` lots.

    Args:
        creator: Pays the rent, and gets it back. [signer, writable]
        exchange: the exchange.
        event: the event.
        outcome: u8.
        lots_min: u64.
        book: the book. [writable] Left out: `find_book(event=event, outcome=outcome)`.
        remaining_accounts: appended after the accounts above.

    Raises:
        ArgumentError: an argument is out of its range.
    """
    if book is None:
        book = find_book(event=event, outcome=outcome)
    return Instruction(
        PROGRAM_ID,
        b"\xaf\xda\xfb\x12[\x13\xc2g"
        + _wire.encode_u8(outcome, "outcome")
        + _wire.encode_u64(lots_min, "lots_min"),
        [
            AccountMeta(creator, is_signer=True, is_writable=True),
            AccountMeta(exchange, is_signer=False, is_writable=False),
            AccountMeta(event, is_signer=False, is_writable=False),
            AccountMeta(book, is_signer=False, is_writable=True),
            AccountMeta(_SYSTEM_PROGRAM_ADDRESS, is_signer=False, is_writable=False),
            *remaining_accounts,
        ],
    )


def create_event(
    *,
    creator: Pubkey,
    exchange: Pubkey,
    resolver: Pubkey,
    event_id: bytes,
    resolver_kind: int,
    lock_time: int,
    settlement_deadline: int,
    title: bytes,
    labels: Sequence[bytes],
    event: Pubkey | None = None,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Creates an event with 2 to 16 labelled outcomes and its resolver.

    Args:
        creator: Pays the rent; may be the resolver too. [signer, writable]
        exchange: the exchange.
        resolver: CHECK: a record of the oracle program, or any key that will sign the payout vector.
        event_id: 32 bytes.
        resolver_kind: u8.
        lock_time: i64.
        settlement_deadline: i64.
        title: 64 bytes.
        labels: any number of 16 bytes.
        event: the event. [writable] Left out: `find_event(exchange=exchange, creator=creator,
            event_id=event_id)`.
        remaining_accounts: appended after the accounts above.

    Raises:
        ArgumentError: an argument is out of its range.
    """
    if event is None:
        event = find_event(exchange=exchange, creator=creator, event_id=event_id)
    return Instruction(
        PROGRAM_ID,
        b"1\xdb\x1d\xcb\x16bdW"
        + _wire.encode_fixed_bytes(event_id, "event_id", 32)
        + _wire.encode_u8(resolver_kind, "resolver_kind")
        + _wire.encode_i64(lock_time, "lock_time")
        + _wire.encode_i64(settlement_deadline, "settlement_deadline")
        + _wire.encode_fixed_bytes(title, "title", 64)
        + _wire.encode_vec(
            labels, "labels", lambda item, item_name: _wire.encode_fixed_bytes(item, item_name, 16)
        ),
        [
            AccountMeta(creator, is_signer=True, is_writable=True),
            AccountMeta(exchange, is_signer=False, is_writable=False),
            AccountMeta(resolver, is_signer=False, is_writable=False),
            AccountMeta(event, is_signer=False, is_writable=True),
            AccountMeta(_SYSTEM_PROGRAM_ADDRESS, is_signer=False, is_writable=False),
            *remaining_accounts,
        ],
    )


def create_outcome_mint(
    *,
    payer: Pubkey,
    event: Pubkey,
    outcome: int,
    outcome_mint: Pubkey | None = None,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Creates the SPL mint of one outcome, once, before it is first tokenized.

    Args:
        payer: the payer. [signer, writable]
        event: the event. [writable]
        outcome: u8.
        outcome_mint: the outcome mint. [writable] Left out: `find_outcome_mint(event=event,
            outcome=outcome)`.
        remaining_accounts: appended after the accounts above.

    Raises:
        ArgumentError: an argument is out of its range.
    """
    if outcome_mint is None:
        outcome_mint = find_outcome_mint(event=event, outcome=outcome)
    return Instruction(
        PROGRAM_ID,
        b" cb\xb7\x05[\xe2\xeb" + _wire.encode_u8(outcome, "outcome"),
        [
            AccountMeta(payer, is_signer=True, is_writable=True),
            AccountMeta(event, is_signer=False, is_writable=True),
            AccountMeta(outcome_mint, is_signer=False, is_writable=True),
            AccountMeta(_TOKEN_PROGRAM_ADDRESS, is_signer=False, is_writable=False),
            AccountMeta(_SYSTEM_PROGRAM_ADDRESS, is_signer=False, is_writable=False),
            *remaining_accounts,
        ],
    )


def create_perp(
    *,
    admin: Pubkey,
    exchange: Pubkey,
    feed: Pubkey,
    market_id: bytes,
    rules: PerpRules,
    close_time: int,
    market: Pubkey | None = None,
    book: Pubkey | None = None,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Creates a perpetual over a feed, and its book: the admin alone.

    Args:
        admin: Pays the rent. [signer, writable]
        exchange: the exchange.
        feed: The oracle program's feed that the market follows.
        market_id: 32 bytes.
        rules: `PerpRules`.
        close_time: i64.
        market: the market. [writable] Left out: `find_market(exchange=exchange, market_id=market_id)`.
        book: the book. [writable] Left out: `find_book_of_create_perp(market=market)`.
        remaining_accounts: appended after the accounts above.

    Raises:
        ArgumentError: an argument is out of its range.
    """
    if market is None:
        market = find_market(exchange=exchange, market_id=market_id)
    if book is None:
        book = find_book_of_create_perp(market=market)
    return Instruction(
        PROGRAM_ID,
        b"\x9b*Q\xc3\x86&\x1f\x8c"
        + _wire.encode_fixed_bytes(market_id, "market_id", 32)
        + _encode_perp_rules(rules, "rules")
        + _wire.encode_i64(close_time, "close_time"),
        [
            AccountMeta(admin, is_signer=True, is_writable=True),
            AccountMeta(exchange, is_signer=False, is_writable=False),
            AccountMeta(feed, is_signer=False, is_writable=False),
            AccountMeta(market, is_signer=False, is_writable=True),
            AccountMeta(book, is_signer=False, is_writable=True),
            AccountMeta(_SYSTEM_PROGRAM_ADDRESS, is_signer=False, is_writable=False),
            *remaining_accounts,
        ],
    )


def create_pool(
    *,
    creator: Pubkey,
    exchange: Pubkey,
    account: Pubkey,
    event: Pubkey,
    kind: int,
    liquidity_lots: int,
    pool: Pubkey | None = None,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Creates a pool (kind 0 LMSR, 1 pm-AMM) and funds it from the creator's margin account.

    Args:
        creator: Owner of the margin account that funds the pool; pays the rent. [signer, writable]
        exchange: the exchange.
        account: the account. [writable]
        event: the event.
        kind: u8.
        liquidity_lots: u64.
        pool: the pool. [writable] Left out: `find_pool(event=event, creator=creator)`.
        remaining_accounts: appended after the accounts above.

    Raises:
        ArgumentError: an argument is out of its range.
    """
    if pool is None:
        pool = find_pool(event=event, creator=creator)
    return Instruction(
        PROGRAM_ID,
        b"\xe9\x92\xd1\x8e\xcfh@\xbc"
        + _wire.encode_u8(kind, "kind")
        + _wire.encode_u64(liquidity_lots, "liquidity_lots"),
        [
            AccountMeta(creator, is_signer=True, is_writable=True),
            AccountMeta(exchange, is_signer=False, is_writable=False),
            AccountMeta(account, is_signer=False, is_writable=True),
            AccountMeta(event, is_signer=False, is_writable=False),
            AccountMeta(pool, is_signer=False, is_writable=True),
            AccountMeta(_SYSTEM_PROGRAM_ADDRESS, is_signer=False, is_writable=False),
            *remaining_accounts,
        ],
    )


def deposit(
    *,
    depositor: Pubkey,
    exchange: Pubkey,
    account: Pubkey,
    source: Pubkey,
    vault: Pubkey,
    amount_atoms: int,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Moves collateral from a token account into a margin account.

    Args:
        depositor: Authority of the source; need not own the margin account. [signer]
        exchange: the exchange.
        account: the account. [writable]
        source: Token account the collateral comes from. [writable]
        vault: the vault. [writable]
        amount_atoms: u64.
        remaining_accounts: appended after the accounts above.

    Raises:
        ArgumentError: an argument is out of its range.
    """
    return Instruction(
        PROGRAM_ID,
        b"\xf2#\xc6\x89R\xe1\xf2\xb6" + _wire.encode_u64(amount_atoms, "amount_atoms"),
        [
            AccountMeta(depositor, is_signer=True, is_writable=False),
            AccountMeta(exchange, is_signer=False, is_writable=False),
            AccountMeta(account, is_signer=False, is_writable=True),
            AccountMeta(source, is_signer=False, is_writable=True),
            AccountMeta(vault, is_signer=False, is_writable=True),
            AccountMeta(_TOKEN_PROGRAM_ADDRESS, is_signer=False, is_writable=False),
            *remaining_accounts,
        ],
    )


def detokenize(
    *,
    owner: Pubkey,
    account: Pubkey,
    event: Pubkey,
    outcome_mint: Pubkey,
    source: Pubkey,
    outcome: int,
    lots: int,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Turns SPL tokens of one outcome back into ledger shares.

    Never paused.

    Args:
        owner: Authority of the source too: nobody can fill another's legs with tokens. [signer]
        account: the account. [writable]
        event: the event. [writable]
        outcome_mint: the outcome mint. [writable]
        source: Token account the outcome tokens are burned from. [writable]
        outcome: u8.
        lots: u64.
        remaining_accounts: appended after the accounts above.

    Raises:
        ArgumentError: an argument is out of its range.
    """
    return Instruction(
        PROGRAM_ID,
        b"\xe2\x8c\x8e\xa9\x9c\x9b \xb0"
        + _wire.encode_u8(outcome, "outcome")
        + _wire.encode_u64(lots, "lots"),
        [
            AccountMeta(owner, is_signer=True, is_writable=False),
            AccountMeta(account, is_signer=False, is_writable=True),
            AccountMeta(event, is_signer=False, is_writable=True),
            AccountMeta(outcome_mint, is_signer=False, is_writable=True),
            AccountMeta(source, is_signer=False, is_writable=True),
            AccountMeta(_TOKEN_PROGRAM_ADDRESS, is_signer=False, is_writable=False),
            *remaining_accounts,
        ],
    )


def draw_perp_seat(
    *,
    account: Pubkey,
    market: Pubkey,
    feed: Pubkey,
    book: Pubkey,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Moves what a seat's fills have brought into its margin account, and cancels its expired orders; those of
    an account to be liquidated all, at most 256.

    Anyone may; never paused.

    Remaining accounts: the markets of the account's other perpetual legs, read-only, in any order, each
    brought up to date (update_funding) in this slot.

    Args:
        account: the account. [writable]
        market: the market. [writable]
        feed: The feed that the market follows.
        book: The market's book, in which the account has a seat. [writable]
        remaining_accounts: appended after the accounts above.
    """
    return Instruction(
        PROGRAM_ID,
        b"\xc9}\xf0b\xf7\xa8\x95I",
        [
            AccountMeta(account, is_signer=False, is_writable=True),
            AccountMeta(market, is_signer=False, is_writable=True),
            AccountMeta(feed, is_signer=False, is_writable=False),
            AccountMeta(book, is_signer=False, is_writable=True),
            *remaining_accounts,
        ],
    )


def draw_seat(
    *, account: Pubkey, event: Pubkey, book: Pubkey, remaining_accounts: Sequence[AccountMeta] = ()
) -> Instruction:
    """Moves what a seat's fills have brought into its margin account; once the event trades no more, cancels
    its orders too, at most 256.

    Anyone may; never paused.

    Args:
        account: the account. [writable]
        event: the event.
        book: A book of the event in which the account has a seat. [writable]
        remaining_accounts: appended after the accounts above.
    """
    return Instruction(
        PROGRAM_ID,
        b"4\x1a8\x10\x80\x04\x95\xec",
        [
            AccountMeta(account, is_signer=False, is_writable=True),
            AccountMeta(event, is_signer=False, is_writable=False),
            AccountMeta(book, is_signer=False, is_writable=True),
            *remaining_accounts,
        ],
    )


def execute_trigger(
    *,
    exchange: Pubkey,
    account: Pubkey,
    market: Pubkey,
    feed: Pubkey,
    book: Pubkey,
    trigger: Pubkey,
    payer: Pubkey,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Places a trigger order whose mark is reached, or moves a trailing stop after the mark.

    Anyone may; never paused.

    Remaining accounts: the markets of the account's other perpetual legs, read-only, in any order.

    Args:
        exchange: the exchange.
        account: the account. [writable]
        market: the market. [writable]
        feed: The feed that the market follows.
        book: The market's book. [writable]
        trigger: the trigger. [writable]
        payer: CHECK: gets the rent when the order is done. [writable]
        remaining_accounts: appended after the accounts above.
    """
    return Instruction(
        PROGRAM_ID,
        b"\x9ec\xc9\x89\xc0\x14\xec\x88",
        [
            AccountMeta(exchange, is_signer=False, is_writable=False),
            AccountMeta(account, is_signer=False, is_writable=True),
            AccountMeta(market, is_signer=False, is_writable=True),
            AccountMeta(feed, is_signer=False, is_writable=False),
            AccountMeta(book, is_signer=False, is_writable=True),
            AccountMeta(trigger, is_signer=False, is_writable=True),
            AccountMeta(payer, is_signer=False, is_writable=True),
            *remaining_accounts,
        ],
    )


def expand_book(
    *, payer: Pubkey, book: Pubkey, seats: int, orders: int, remaining_accounts: Sequence[AccountMeta] = ()
) -> Instruction:
    """Adds room for seats and orders to a book.

    Anyone may.

    Args:
        payer: Pays the rent, which goes to the book's creator when it is closed. [signer, writable]
        book: A book. [writable]
        seats: u16.
        orders: u16.
        remaining_accounts: appended after the accounts above.

    Raises:
        ArgumentError: an argument is out of its range.
    """
    return Instruction(
        PROGRAM_ID,
        b"\xf8/:`@R\xb3g" + _wire.encode_u16(seats, "seats") + _wire.encode_u16(orders, "orders"),
        [
            AccountMeta(payer, is_signer=True, is_writable=True),
            AccountMeta(book, is_signer=False, is_writable=True),
            AccountMeta(_SYSTEM_PROGRAM_ADDRESS, is_signer=False, is_writable=False),
            *remaining_accounts,
        ],
    )


def initialize(
    *,
    admin: Pubkey,
    mint: Pubkey,
    treasury: Pubkey,
    pauser: Pubkey,
    fee_bps: int,
    exchange: Pubkey | None = None,
    vault: Pubkey | None = None,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Creates the exchange of a collateral mint under an admin, with its vault.

    Args:
        admin: Becomes the admin and pays the rent. [signer, writable]
        mint: the mint.
        treasury: Token account that fees are paid to.
        pauser: key.
        fee_bps: u16.
        exchange: the exchange. [writable] Left out: `find_exchange(mint=mint, admin=admin)`.
        vault: the vault. [writable] Left out: `find_vault(exchange=exchange)`.
        remaining_accounts: appended after the accounts above.

    Raises:
        ArgumentError: an argument is out of its range.
    """
    if exchange is None:
        exchange = find_exchange(mint=mint, admin=admin)
    if vault is None:
        vault = find_vault(exchange=exchange)
    return Instruction(
        PROGRAM_ID,
        b"\xaf\xafm\x1f\r\x98\x9b\xed"
        + _wire.encode_pubkey(pauser, "pauser")
        + _wire.encode_u16(fee_bps, "fee_bps"),
        [
            AccountMeta(admin, is_signer=True, is_writable=True),
            AccountMeta(mint, is_signer=False, is_writable=False),
            AccountMeta(exchange, is_signer=False, is_writable=True),
            AccountMeta(vault, is_signer=False, is_writable=True),
            AccountMeta(treasury, is_signer=False, is_writable=False),
            AccountMeta(_TOKEN_PROGRAM_ADDRESS, is_signer=False, is_writable=False),
            AccountMeta(_SYSTEM_PROGRAM_ADDRESS, is_signer=False, is_writable=False),
            *remaining_accounts,
        ],
    )


def liquidate(
    *,
    liquidator: Pubkey,
    exchange: Pubkey,
    taker: Pubkey,
    account: Pubkey,
    market: Pubkey,
    feed: Pubkey,
    book: Pubkey,
    lots_max: int,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Takes over as much of an unhealthy account's position as restores it, at most `lots_max`, at the mark
    less a reward.

    Anyone may who affords it.

    Remaining accounts: the markets of both accounts' other perpetual legs, read-only, in any order, each
    brought up to date (update_funding), and for the taker drawn (draw_perp_seat), in this slot.

    Args:
        liquidator: Owner or delegate of the account that takes over. [signer]
        exchange: the exchange.
        taker: Takes the position over; must afford it. [writable]
        account: The unhealthy account, without open orders at any perpetual. [writable]
        market: the market. [writable]
        feed: The feed that the market follows.
        book: The market's book. [writable]
        lots_max: u64.
        remaining_accounts: appended after the accounts above.

    Raises:
        ArgumentError: an argument is out of its range.
    """
    return Instruction(
        PROGRAM_ID,
        b"\xdf\xb3\xe2}0.'J" + _wire.encode_u64(lots_max, "lots_max"),
        [
            AccountMeta(liquidator, is_signer=True, is_writable=False),
            AccountMeta(exchange, is_signer=False, is_writable=False),
            AccountMeta(taker, is_signer=False, is_writable=True),
            AccountMeta(account, is_signer=False, is_writable=True),
            AccountMeta(market, is_signer=False, is_writable=True),
            AccountMeta(feed, is_signer=False, is_writable=False),
            AccountMeta(book, is_signer=False, is_writable=True),
            *remaining_accounts,
        ],
    )


def lock_event(
    *, locker: Pubkey, event: Pubkey, remaining_accounts: Sequence[AccountMeta] = ()
) -> Instruction:
    """Stops an event's trading: anyone from its lock time on, its authority at any time.

    Args:
        locker: Anyone from the lock time on; before it the event's authority. [signer]
        event: the event. [writable]
        remaining_accounts: appended after the accounts above.
    """
    return Instruction(
        PROGRAM_ID,
        b"9\xe3\xe3\x9f\xf7\xfc\xe6\x03",
        [
            AccountMeta(locker, is_signer=True, is_writable=False),
            AccountMeta(event, is_signer=False, is_writable=True),
            *remaining_accounts,
        ],
    )


def merge_set(
    *,
    owner: Pubkey,
    account: Pubkey,
    event: Pubkey,
    lots: int,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Turns complete sets back into cash.

    Never paused.

    Args:
        owner: the owner. [signer]
        account: the account. [writable]
        event: the event. [writable]
        lots: u64.
        remaining_accounts: appended after the accounts above.

    Raises:
        ArgumentError: an argument is out of its range.
    """
    return Instruction(
        PROGRAM_ID,
        b"\x8a\xe3\xa3\xdf\xed\xe5x:" + _wire.encode_u64(lots, "lots"),
        [
            AccountMeta(owner, is_signer=True, is_writable=False),
            AccountMeta(account, is_signer=False, is_writable=True),
            AccountMeta(event, is_signer=False, is_writable=True),
            *remaining_accounts,
        ],
    )


def mint_set(
    *,
    owner: Pubkey,
    exchange: Pubkey,
    account: Pubkey,
    event: Pubkey,
    lots: int,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Turns cash into complete sets: 10,000 atoms a lot.

    Args:
        owner: the owner. [signer]
        exchange: the exchange.
        account: the account. [writable]
        event: the event. [writable]
        lots: u64.
        remaining_accounts: appended after the accounts above.

    Raises:
        ArgumentError: an argument is out of its range.
    """
    return Instruction(
        PROGRAM_ID,
        b"[u\x01K\xc9nn\xbd" + _wire.encode_u64(lots, "lots"),
        [
            AccountMeta(owner, is_signer=True, is_writable=False),
            AccountMeta(exchange, is_signer=False, is_writable=False),
            AccountMeta(account, is_signer=False, is_writable=True),
            AccountMeta(event, is_signer=False, is_writable=True),
            *remaining_accounts,
        ],
    )


def net_pool(*, event: Pubkey, pool: Pubkey, remaining_accounts: Sequence[AccountMeta] = ()) -> Instruction:
    """Takes the complete sets out of what a pool has sold, which changes no price and keeps its numbers small.

    Anyone may; never paused.

    Args:
        event: the event. [writable]
        pool: the pool. [writable]
        remaining_accounts: appended after the accounts above.
    """
    return Instruction(
        PROGRAM_ID,
        b"\x8d\xfc\xbb\xdc)\xa9V\xb4",
        [
            AccountMeta(event, is_signer=False, is_writable=True),
            AccountMeta(pool, is_signer=False, is_writable=True),
            *remaining_accounts,
        ],
    )


def open_account(
    *,
    payer: Pubkey,
    exchange: Pubkey,
    owner: Pubkey,
    index: int,
    account: Pubkey | None = None,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Opens a margin account for any owner.

    Anyone may pay for it; that gives no right over it.

    Args:
        payer: the payer. [signer, writable]
        exchange: the exchange.
        owner: key.
        index: u8.
        account: the account. [writable] Left out: `find_account(exchange=exchange, owner=owner,
            index=index)`.
        remaining_accounts: appended after the accounts above.

    Raises:
        ArgumentError: an argument is out of its range.
    """
    if account is None:
        account = find_account(exchange=exchange, owner=owner, index=index)
    return Instruction(
        PROGRAM_ID,
        b"e\x98[\xf3\xb0$\xbde" + _wire.encode_pubkey(owner, "owner") + _wire.encode_u8(index, "index"),
        [
            AccountMeta(payer, is_signer=True, is_writable=True),
            AccountMeta(exchange, is_signer=False, is_writable=False),
            AccountMeta(account, is_signer=False, is_writable=True),
            AccountMeta(_SYSTEM_PROGRAM_ADDRESS, is_signer=False, is_writable=False),
            *remaining_accounts,
        ],
    )


def pause(
    *, pauser: Pubkey, exchange: Pubkey, pause_bits: int, remaining_accounts: Sequence[AccountMeta] = ()
) -> Instruction:
    """Adds pause bits: the pauser or the admin.

    A pause never stops reducing, redeeming or withdrawing.

    Args:
        pauser: The pauser or the admin. [signer]
        exchange: the exchange. [writable]
        pause_bits: u8.
        remaining_accounts: appended after the accounts above.

    Raises:
        ArgumentError: an argument is out of its range.
    """
    return Instruction(
        PROGRAM_ID,
        b"\xd3\x16\xdd\xfbJy\xc1/" + _wire.encode_u8(pause_bits, "pause_bits"),
        [
            AccountMeta(pauser, is_signer=True, is_writable=False),
            AccountMeta(exchange, is_signer=False, is_writable=True),
            *remaining_accounts,
        ],
    )


def pause_perp(
    *,
    pauser: Pubkey,
    exchange: Pubkey,
    market: Pubkey,
    pause_bits: int,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Adds pause bits of a perpetual: the pauser or the admin.

    Reducing and settling losses stay open.

    Args:
        pauser: The pauser or the admin. [signer]
        exchange: the exchange.
        market: the market. [writable]
        pause_bits: u8.
        remaining_accounts: appended after the accounts above.

    Raises:
        ArgumentError: an argument is out of its range.
    """
    return Instruction(
        PROGRAM_ID,
        b"\xacc\x92\xc8\xf6B`\xa5" + _wire.encode_u8(pause_bits, "pause_bits"),
        [
            AccountMeta(pauser, is_signer=True, is_writable=False),
            AccountMeta(exchange, is_signer=False, is_writable=False),
            AccountMeta(market, is_signer=False, is_writable=True),
            *remaining_accounts,
        ],
    )


def place_order(
    *,
    owner: Pubkey,
    exchange: Pubkey,
    account: Pubkey,
    event: Pubkey,
    book: Pubkey,
    request: OrderRequest,
    builder_fee_bps: int,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Places one order: takes from the other side, and rests by its kind.

    What it takes pays a builder's front end, if it names one.

    Args:
        owner: the owner. [signer]
        exchange: the exchange.
        account: the account. [writable]
        event: the event.
        book: A book of the event. [writable]
        request: `OrderRequest`.
        builder_fee_bps: u16.
        remaining_accounts: appended after the accounts above.

    Raises:
        ArgumentError: an argument is out of its range.
    """
    return Instruction(
        PROGRAM_ID,
        b"3\xc2\x9b\xafm\x82`j"
        + _encode_order_request(request, "request")
        + _wire.encode_u16(builder_fee_bps, "builder_fee_bps"),
        [
            AccountMeta(owner, is_signer=True, is_writable=False),
            AccountMeta(exchange, is_signer=False, is_writable=False),
            AccountMeta(account, is_signer=False, is_writable=True),
            AccountMeta(event, is_signer=False, is_writable=False),
            AccountMeta(book, is_signer=False, is_writable=True),
            *remaining_accounts,
        ],
    )


def place_trigger(
    *,
    trader: Pubkey,
    account: Pubkey,
    market: Pubkey,
    id: int,
    terms: TriggerTerms,
    trigger: Pubkey | None = None,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Leaves an order that reduces a perpetual position, for anyone to place once the mark reaches its
    trigger: a stop loss, a take profit, or a trailing stop.

    Args:
        trader: The account's owner or delegate; pays the rent, and gets it back. [signer, writable]
        account: the account.
        market: the market.
        id: u8.
        terms: `TriggerTerms`.
        trigger: the trigger. [writable] Left out: `find_trigger(account=account, market=market,
            id=id)`.
        remaining_accounts: appended after the accounts above.

    Raises:
        ArgumentError: an argument is out of its range.
    """
    if trigger is None:
        trigger = find_trigger(account=account, market=market, id=id)
    return Instruction(
        PROGRAM_ID,
        b"\xdbK\xc6\xacW\xe8\xcd\x15" + _wire.encode_u8(id, "id") + _encode_trigger_terms(terms, "terms"),
        [
            AccountMeta(trader, is_signer=True, is_writable=True),
            AccountMeta(account, is_signer=False, is_writable=False),
            AccountMeta(market, is_signer=False, is_writable=False),
            AccountMeta(trigger, is_signer=False, is_writable=True),
            AccountMeta(_SYSTEM_PROGRAM_ADDRESS, is_signer=False, is_writable=False),
            *remaining_accounts,
        ],
    )


def propose_perp_rules(
    *,
    admin: Pubkey,
    exchange: Pubkey,
    market: Pubkey,
    rules: PerpRules,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Proposes other rules for a perpetual, to come into force after two days: the admin alone.

    Args:
        admin: the admin. [signer]
        exchange: the exchange.
        market: the market. [writable]
        rules: `PerpRules`.
        remaining_accounts: appended after the accounts above.

    Raises:
        ArgumentError: an argument is out of its range.
    """
    return Instruction(
        PROGRAM_ID,
        b"\x85\xfe<\xa5\x05J\x81\xe2" + _encode_perp_rules(rules, "rules"),
        [
            AccountMeta(admin, is_signer=True, is_writable=False),
            AccountMeta(exchange, is_signer=False, is_writable=False),
            AccountMeta(market, is_signer=False, is_writable=True),
            *remaining_accounts,
        ],
    )


def redeem(*, account: Pubkey, event: Pubkey, remaining_accounts: Sequence[AccountMeta] = ()) -> Instruction:
    """Pays a settled event's shares into a margin account.

    Anyone may, for any account.

    Args:
        account: the account. [writable]
        event: the event. [writable]
        remaining_accounts: appended after the accounts above.
    """
    return Instruction(
        PROGRAM_ID,
        b"\xb8\x0cV\x95F\xc4a\xe1",
        [
            AccountMeta(account, is_signer=False, is_writable=True),
            AccountMeta(event, is_signer=False, is_writable=True),
            *remaining_accounts,
        ],
    )


def redeem_tokens(
    *,
    holder: Pubkey,
    exchange: Pubkey,
    event: Pubkey,
    outcome_mint: Pubkey,
    source: Pubkey,
    vault: Pubkey,
    destination: Pubkey,
    outcome: int,
    lots: int,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Burns SPL tokens of a settled event for what they pay, without a margin account.

    Never paused.

    Args:
        holder: Authority of the source. [signer]
        exchange: the exchange.
        event: the event. [writable]
        outcome_mint: the outcome mint. [writable]
        source: Token account the outcome tokens are burned from. [writable]
        vault: the vault. [writable]
        destination: Token account the collateral goes to. [writable]
        outcome: u8.
        lots: u64.
        remaining_accounts: appended after the accounts above.

    Raises:
        ArgumentError: an argument is out of its range.
    """
    return Instruction(
        PROGRAM_ID,
        b"\xf6b\x86)\x98!xE" + _wire.encode_u8(outcome, "outcome") + _wire.encode_u64(lots, "lots"),
        [
            AccountMeta(holder, is_signer=True, is_writable=False),
            AccountMeta(exchange, is_signer=False, is_writable=False),
            AccountMeta(event, is_signer=False, is_writable=True),
            AccountMeta(outcome_mint, is_signer=False, is_writable=True),
            AccountMeta(source, is_signer=False, is_writable=True),
            AccountMeta(vault, is_signer=False, is_writable=True),
            AccountMeta(destination, is_signer=False, is_writable=True),
            AccountMeta(_TOKEN_PROGRAM_ADDRESS, is_signer=False, is_writable=False),
            *remaining_accounts,
        ],
    )


def refresh_margin(*, account: Pubkey, remaining_accounts: Sequence[AccountMeta] = ()) -> Instruction:
    """States what an account's perpetuals need of its free collateral, as long as the slot lasts: before
    anything else of that is spent.

    Anyone may.

    Remaining accounts: the markets of all of the account's perpetual legs, read-only, in any order, each
    brought up to date (update_funding) and drawn (draw_perp_seat) in this slot.

    Args:
        account: the account. [writable]
        remaining_accounts: appended after the accounts above.
    """
    return Instruction(
        PROGRAM_ID,
        b"\x8b\xe7U\xd3K\x9c\x08D",
        [AccountMeta(account, is_signer=False, is_writable=True), *remaining_accounts],
    )


def remove_insurance(
    *,
    admin: Pubkey,
    exchange: Pubkey,
    market: Pubkey,
    account: Pubkey,
    amount_atoms: int,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Takes insurance that nobody needs into the admin's margin account, within limits: the admin alone.

    Args:
        admin: the admin. [signer]
        exchange: the exchange.
        market: the market. [writable]
        account: The admin's, of the same exchange. [writable]
        amount_atoms: u64.
        remaining_accounts: appended after the accounts above.

    Raises:
        ArgumentError: an argument is out of its range.
    """
    return Instruction(
        PROGRAM_ID,
        b"\x13\xdd\xacR\x92P\x9aH" + _wire.encode_u64(amount_atoms, "amount_atoms"),
        [
            AccountMeta(admin, is_signer=True, is_writable=False),
            AccountMeta(exchange, is_signer=False, is_writable=False),
            AccountMeta(market, is_signer=False, is_writable=True),
            AccountMeta(account, is_signer=False, is_writable=True),
            *remaining_accounts,
        ],
    )


def replace_orders(
    *,
    owner: Pubkey,
    exchange: Pubkey,
    account: Pubkey,
    event: Pubkey,
    book: Pubkey,
    cancellations: Sequence[Cancellation],
    requests: Sequence[OrderRequest],
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Cancels orders, those that are still there, and places others.

    Args:
        owner: the owner. [signer]
        exchange: the exchange.
        account: the account. [writable]
        event: the event.
        book: A book of the event. [writable]
        cancellations: any number of `Cancellation`.
        requests: any number of `OrderRequest`.
        remaining_accounts: appended after the accounts above.

    Raises:
        ArgumentError: an argument is out of its range.
    """
    return Instruction(
        PROGRAM_ID,
        b"\xd6\xf2'8\xdb\xee\xa71"
        + _wire.encode_vec(cancellations, "cancellations", _encode_cancellation)
        + _wire.encode_vec(requests, "requests", _encode_order_request),
        [
            AccountMeta(owner, is_signer=True, is_writable=False),
            AccountMeta(exchange, is_signer=False, is_writable=False),
            AccountMeta(account, is_signer=False, is_writable=True),
            AccountMeta(event, is_signer=False, is_writable=False),
            AccountMeta(book, is_signer=False, is_writable=True),
            *remaining_accounts,
        ],
    )


def resolve_bankruptcy(
    *,
    liquidator: Pubkey,
    exchange: Pubkey,
    taker: Pubkey,
    account: Pubkey,
    market: Pubkey,
    feed: Pubkey,
    book: Pubkey,
    lots_max: int,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Takes over the position of an account that cannot pay for its liquidation, at most `lots_max`;
    insurance, then the other side of the market, pay the part of what is missing.

    Anyone may who affords it.

    Remaining accounts: as of liquidate.

    Args:
        liquidator: Owner or delegate of the account that takes over. [signer]
        exchange: the exchange.
        taker: Takes the position over; must afford it. [writable]
        account: The unhealthy account, without open orders at any perpetual. [writable]
        market: the market. [writable]
        feed: The feed that the market follows.
        book: The market's book. [writable]
        lots_max: u64.
        remaining_accounts: appended after the accounts above.

    Raises:
        ArgumentError: an argument is out of its range.
    """
    return Instruction(
        PROGRAM_ID,
        b"R\xfd\xbb\x1df\x13#\xf8" + _wire.encode_u64(lots_max, "lots_max"),
        [
            AccountMeta(liquidator, is_signer=True, is_writable=False),
            AccountMeta(exchange, is_signer=False, is_writable=False),
            AccountMeta(taker, is_signer=False, is_writable=True),
            AccountMeta(account, is_signer=False, is_writable=True),
            AccountMeta(market, is_signer=False, is_writable=True),
            AccountMeta(feed, is_signer=False, is_writable=False),
            AccountMeta(book, is_signer=False, is_writable=True),
            *remaining_accounts,
        ],
    )


def resolve_event(
    *,
    authority: Pubkey,
    event: Pubkey,
    payout_ticks: Sequence[int],
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Settles an event by its authority's payout vector: ticks of 1/10,000 per outcome, summing to 10,000.

    Args:
        authority: the authority. [signer]
        event: the event. [writable]
        payout_ticks: 16 of u16.
        remaining_accounts: appended after the accounts above.

    Raises:
        ArgumentError: an argument is out of its range.
    """
    return Instruction(
        PROGRAM_ID,
        b"\xb87N/r&2Z" + _wire.encode_array(payout_ticks, "payout_ticks", _wire.encode_u16, 16),
        [
            AccountMeta(authority, is_signer=True, is_writable=False),
            AccountMeta(event, is_signer=False, is_writable=True),
            *remaining_accounts,
        ],
    )


def return_haircut(*, market: Pubkey, remaining_accounts: Sequence[AccountMeta] = ()) -> Instruction:
    """Gives back, as fast as insurance may pay, what a perpetual's winners have borne of its losers' debts: to
    those who bore it.

    Anyone may.

    Args:
        market: the market. [writable]
        remaining_accounts: appended after the accounts above.
    """
    return Instruction(
        PROGRAM_ID,
        b"Fa\x04\xdc\xf2\x19n\xb4",
        [AccountMeta(market, is_signer=False, is_writable=True), *remaining_accounts],
    )


def set_delegate(
    *, owner: Pubkey, account: Pubkey, delegate: Pubkey, remaining_accounts: Sequence[AccountMeta] = ()
) -> Instruction:
    """Names who else may trade a margin account's perpetuals, and never withdraw; the zero address for nobody.

    Args:
        owner: the owner. [signer]
        account: the account. [writable]
        delegate: key.
        remaining_accounts: appended after the accounts above.

    Raises:
        ArgumentError: an argument is out of its range.
    """
    return Instruction(
        PROGRAM_ID,
        b"\xf2\x1e.Ll\xeb\x80\xb5" + _wire.encode_pubkey(delegate, "delegate"),
        [
            AccountMeta(owner, is_signer=True, is_writable=False),
            AccountMeta(account, is_signer=False, is_writable=True),
            *remaining_accounts,
        ],
    )


def settle_event(
    *, event: Pubkey, record: Pubkey, remaining_accounts: Sequence[AccountMeta] = ()
) -> Instruction:
    """Settles an event by its record.

    Anyone may, once the record is decided.

    Args:
        event: the event. [writable]
        record: CHECK: the event's record; its owner and type are checked when it is read.
        remaining_accounts: appended after the accounts above.
    """
    return Instruction(
        PROGRAM_ID,
        b'+"\x06\xbf\xf6\xbe\xa3\x80',
        [
            AccountMeta(event, is_signer=False, is_writable=True),
            AccountMeta(record, is_signer=False, is_writable=False),
            *remaining_accounts,
        ],
    )


def settle_perp(
    *, market: Pubkey, feed: Pubkey, book: Pubkey, remaining_accounts: Sequence[AccountMeta] = ()
) -> Instruction:
    """Fixes the price at which a closed perpetual settles: its index's average over the last hour.

    Anyone may.

    Args:
        market: the market. [writable]
        feed: The feed that the market follows.
        book: The market's book. [writable]
        remaining_accounts: appended after the accounts above.
    """
    return Instruction(
        PROGRAM_ID,
        b"\xb0+#\xa0\x10`\x1f\x9a",
        [
            AccountMeta(market, is_signer=False, is_writable=True),
            AccountMeta(feed, is_signer=False, is_writable=False),
            AccountMeta(book, is_signer=False, is_writable=True),
            *remaining_accounts,
        ],
    )


def settle_pnl(
    *,
    account: Pubkey,
    market: Pubkey,
    feed: Pubkey,
    book: Pubkey,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Moves a perpetual's loss from an account's free collateral into the market's pool, or its profit out of
    that.

    Anyone may, for any account.

    Args:
        account: the account. [writable]
        market: the market. [writable]
        feed: The feed that the market follows.
        book: The market's book. [writable]
        remaining_accounts: appended after the accounts above.
    """
    return Instruction(
        PROGRAM_ID,
        b"+=\xea-\x0f_\x98\x99",
        [
            AccountMeta(account, is_signer=False, is_writable=True),
            AccountMeta(market, is_signer=False, is_writable=True),
            AccountMeta(feed, is_signer=False, is_writable=False),
            AccountMeta(book, is_signer=False, is_writable=True),
            *remaining_accounts,
        ],
    )


def take_order(
    *,
    owner: Pubkey,
    exchange: Pubkey,
    account: Pubkey,
    event: Pubkey,
    book: Pubkey,
    request: OrderRequest,
    builder_fee_bps: int,
    pool: Pubkey | None = None,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Takes an order that never rests (kinds 1 and 2) from a book and a pool beside it, each lot where it is
    cheaper.

    Args:
        owner: the owner. [signer]
        exchange: the exchange.
        account: the account. [writable]
        event: the event.
        book: A book of the event. [writable]
        request: `OrderRequest`.
        builder_fee_bps: u16.
        pool: A pool of the event, to trade with wherever it is better than the book. [writable] May be
            left out.
        remaining_accounts: appended after the accounts above.

    Raises:
        ArgumentError: an argument is out of its range.
    """
    return Instruction(
        PROGRAM_ID,
        b"\xa3\xd0\x14\xac\xdfA\xff\xe4"
        + _encode_order_request(request, "request")
        + _wire.encode_u16(builder_fee_bps, "builder_fee_bps"),
        [
            AccountMeta(owner, is_signer=True, is_writable=False),
            AccountMeta(exchange, is_signer=False, is_writable=False),
            AccountMeta(account, is_signer=False, is_writable=True),
            AccountMeta(event, is_signer=False, is_writable=False),
            AccountMeta(book, is_signer=False, is_writable=True),
            AccountMeta(PROGRAM_ID, is_signer=False, is_writable=False)
            if pool is None
            else AccountMeta(pool, is_signer=False, is_writable=True),
            *remaining_accounts,
        ],
    )


def take_tokens(
    *,
    holder: Pubkey,
    exchange: Pubkey,
    event: Pubkey,
    book: Pubkey,
    outcome_mint: Pubkey,
    tokens: Pubkey,
    collateral: Pubkey,
    vault: Pubkey,
    outcome: int,
    request: OrderRequest,
    limit_atoms: int,
    builder_fee_bps: int,
    pool: Pubkey | None = None,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Buys or sells SPL tokens of one outcome against collateral, without a margin account, as take_order:
    side and price are the book's outcome's.

    `limit_atoms` is the most to pay, or the least to receive, fees included. Selling is never paused.

    Args:
        holder: Authority of the token accounts that pay. [signer]
        exchange: the exchange.
        event: the event. [writable]
        book: A book of the event. [writable]
        outcome_mint: Mint of the outcome that is bought or sold. [writable]
        tokens: Token account of the outcome: gets what is bought, gives what is sold. [writable]
        collateral: Token account of the collateral: pays what is bought, gets what is sold for.
            [writable]
        vault: the vault. [writable]
        outcome: u8.
        request: `OrderRequest`.
        limit_atoms: u64.
        builder_fee_bps: u16.
        pool: A pool of the event, to trade with wherever it is better than the book. [writable] May be
            left out.
        remaining_accounts: appended after the accounts above.

    Raises:
        ArgumentError: an argument is out of its range.
    """
    return Instruction(
        PROGRAM_ID,
        b"\x86\nG\xd3\xb8\xac\xdc\x0f"
        + _wire.encode_u8(outcome, "outcome")
        + _encode_order_request(request, "request")
        + _wire.encode_u64(limit_atoms, "limit_atoms")
        + _wire.encode_u16(builder_fee_bps, "builder_fee_bps"),
        [
            AccountMeta(holder, is_signer=True, is_writable=False),
            AccountMeta(exchange, is_signer=False, is_writable=False),
            AccountMeta(event, is_signer=False, is_writable=True),
            AccountMeta(book, is_signer=False, is_writable=True),
            AccountMeta(outcome_mint, is_signer=False, is_writable=True),
            AccountMeta(tokens, is_signer=False, is_writable=True),
            AccountMeta(collateral, is_signer=False, is_writable=True),
            AccountMeta(vault, is_signer=False, is_writable=True),
            AccountMeta(_TOKEN_PROGRAM_ADDRESS, is_signer=False, is_writable=False),
            AccountMeta(PROGRAM_ID, is_signer=False, is_writable=False)
            if pool is None
            else AccountMeta(pool, is_signer=False, is_writable=True),
            *remaining_accounts,
        ],
    )


def tokenize(
    *,
    owner: Pubkey,
    exchange: Pubkey,
    account: Pubkey,
    event: Pubkey,
    outcome_mint: Pubkey,
    destination: Pubkey,
    outcome: int,
    lots: int,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Turns ledger shares of one outcome into SPL tokens (2 decimals: one unit is one lot); those that are not
    held are written short, as long as the event trades.

    Args:
        owner: the owner. [signer]
        exchange: the exchange.
        account: the account. [writable]
        event: the event. [writable]
        outcome_mint: the outcome mint. [writable]
        destination: Token account that receives the outcome tokens. [writable]
        outcome: u8.
        lots: u64.
        remaining_accounts: appended after the accounts above.

    Raises:
        ArgumentError: an argument is out of its range.
    """
    return Instruction(
        PROGRAM_ID,
        b"\x8a\xa3_\x08\xed^\xae\xea" + _wire.encode_u8(outcome, "outcome") + _wire.encode_u64(lots, "lots"),
        [
            AccountMeta(owner, is_signer=True, is_writable=False),
            AccountMeta(exchange, is_signer=False, is_writable=False),
            AccountMeta(account, is_signer=False, is_writable=True),
            AccountMeta(event, is_signer=False, is_writable=True),
            AccountMeta(outcome_mint, is_signer=False, is_writable=True),
            AccountMeta(destination, is_signer=False, is_writable=True),
            AccountMeta(_TOKEN_PROGRAM_ADDRESS, is_signer=False, is_writable=False),
            *remaining_accounts,
        ],
    )


def trade_perp(
    *,
    trader: Pubkey,
    exchange: Pubkey,
    account: Pubkey,
    market: Pubkey,
    feed: Pubkey,
    book: Pubkey,
    request: OrderRequest,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Places one order at a perpetual: takes from the other side no further than the market allows from the
    mark, and rests by its kind.

    An order that is to reduce only is never paused, and needs no fresh price.

    Remaining accounts: the markets of the account's other perpetual legs, read-only, in any order; unless
    the order only reduces, each brought up to date (update_funding) and drawn (draw_perp_seat) in this
    slot.

    Args:
        trader: The account's owner or delegate. [signer]
        exchange: the exchange.
        account: the account. [writable]
        market: the market. [writable]
        feed: The feed that the market follows.
        book: The market's book. [writable]
        request: `OrderRequest`.
        remaining_accounts: appended after the accounts above.

    Raises:
        ArgumentError: an argument is out of its range.
    """
    return Instruction(
        PROGRAM_ID,
        b"\xa2\xbe-U\xa3\xba\x04\x83" + _encode_order_request(request, "request"),
        [
            AccountMeta(trader, is_signer=True, is_writable=False),
            AccountMeta(exchange, is_signer=False, is_writable=False),
            AccountMeta(account, is_signer=False, is_writable=True),
            AccountMeta(market, is_signer=False, is_writable=True),
            AccountMeta(feed, is_signer=False, is_writable=False),
            AccountMeta(book, is_signer=False, is_writable=True),
            *remaining_accounts,
        ],
    )


def trade_pool(
    *,
    owner: Pubkey,
    exchange: Pubkey,
    account: Pubkey,
    event: Pubkey,
    pool: Pubkey,
    outcome: int,
    lots: int,
    limit_atoms: int,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Buys (positive lots) or sells (negative lots) one outcome from a pool.

    `limit_atoms` is the most to pay, or the least to receive, fee included.

    Args:
        owner: the owner. [signer]
        exchange: the exchange.
        account: the account. [writable]
        event: the event.
        pool: the pool. [writable]
        outcome: u8.
        lots: i64.
        limit_atoms: u64.
        remaining_accounts: appended after the accounts above.

    Raises:
        ArgumentError: an argument is out of its range.
    """
    return Instruction(
        PROGRAM_ID,
        b"\x95\xd5H\xc1\x90\x02[W"
        + _wire.encode_u8(outcome, "outcome")
        + _wire.encode_i64(lots, "lots")
        + _wire.encode_u64(limit_atoms, "limit_atoms"),
        [
            AccountMeta(owner, is_signer=True, is_writable=False),
            AccountMeta(exchange, is_signer=False, is_writable=False),
            AccountMeta(account, is_signer=False, is_writable=True),
            AccountMeta(event, is_signer=False, is_writable=False),
            AccountMeta(pool, is_signer=False, is_writable=True),
            *remaining_accounts,
        ],
    )


def transfer(
    *,
    owner: Pubkey,
    source: Pubkey,
    destination: Pubkey,
    amount_atoms: int,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Moves free collateral between two margin accounts of one owner.

    Args:
        owner: the owner. [signer]
        source: the source. [writable]
        destination: Of the same owner and exchange. [writable]
        amount_atoms: u64.
        remaining_accounts: appended after the accounts above.

    Raises:
        ArgumentError: an argument is out of its range.
    """
    return Instruction(
        PROGRAM_ID,
        b"\xa34\xc8\xe7\x8c\x03E\xba" + _wire.encode_u64(amount_atoms, "amount_atoms"),
        [
            AccountMeta(owner, is_signer=True, is_writable=False),
            AccountMeta(source, is_signer=False, is_writable=True),
            AccountMeta(destination, is_signer=False, is_writable=True),
            *remaining_accounts,
        ],
    )


def unpause(
    *, admin: Pubkey, exchange: Pubkey, pause_bits: int, remaining_accounts: Sequence[AccountMeta] = ()
) -> Instruction:
    """Removes pause bits: the admin alone.

    Args:
        admin: the admin. [signer]
        exchange: the exchange. [writable]
        pause_bits: u8.
        remaining_accounts: appended after the accounts above.

    Raises:
        ArgumentError: an argument is out of its range.
    """
    return Instruction(
        PROGRAM_ID,
        b"\xa9\x90\x04&\n\x8d\xbc\xff" + _wire.encode_u8(pause_bits, "pause_bits"),
        [
            AccountMeta(admin, is_signer=True, is_writable=False),
            AccountMeta(exchange, is_signer=False, is_writable=True),
            *remaining_accounts,
        ],
    )


def unpause_perp(
    *,
    admin: Pubkey,
    exchange: Pubkey,
    market: Pubkey,
    pause_bits: int,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Removes pause bits of a perpetual: the admin alone.

    Args:
        admin: the admin. [signer]
        exchange: the exchange.
        market: the market. [writable]
        pause_bits: u8.
        remaining_accounts: appended after the accounts above.

    Raises:
        ArgumentError: an argument is out of its range.
    """
    return Instruction(
        PROGRAM_ID,
        b"/\x07b\xb7\xa9\xc8w\xa9" + _wire.encode_u8(pause_bits, "pause_bits"),
        [
            AccountMeta(admin, is_signer=True, is_writable=False),
            AccountMeta(exchange, is_signer=False, is_writable=False),
            AccountMeta(market, is_signer=False, is_writable=True),
            *remaining_accounts,
        ],
    )


def update_funding(
    *, market: Pubkey, feed: Pubkey, book: Pubkey, remaining_accounts: Sequence[AccountMeta] = ()
) -> Instruction:
    """Brings a perpetual's index, mark and funding up to date, and pays what its pool owes.

    Anyone may; never paused.

    Args:
        market: the market. [writable]
        feed: The feed that the market follows.
        book: The market's book. [writable]
        remaining_accounts: appended after the accounts above.
    """
    return Instruction(
        PROGRAM_ID,
        b"\xe0B\tFKQ^X",
        [
            AccountMeta(market, is_signer=False, is_writable=True),
            AccountMeta(feed, is_signer=False, is_writable=False),
            AccountMeta(book, is_signer=False, is_writable=True),
            *remaining_accounts,
        ],
    )


def void_event(
    *, event: Pubkey, resolver: Pubkey, remaining_accounts: Sequence[AccountMeta] = ()
) -> Instruction:
    """Voids an event that nobody settled before its deadline: every outcome pays alike.

    Anyone may.

    Args:
        event: the event. [writable]
        resolver: CHECK: the event's resolver, so that a decided record is not voided past.
        remaining_accounts: appended after the accounts above.
    """
    return Instruction(
        PROGRAM_ID,
        b"\xfc\x9a\xa3\xb6\xd6\x9b<j",
        [
            AccountMeta(event, is_signer=False, is_writable=True),
            AccountMeta(resolver, is_signer=False, is_writable=False),
            *remaining_accounts,
        ],
    )


def waive_haircut(
    *, owner: Pubkey, account: Pubkey, market: Pubkey, remaining_accounts: Sequence[AccountMeta] = ()
) -> Instruction:
    """Gives up what a position has borne and not had returned, so that its leg becomes free; the others get
    it.

    Args:
        owner: the owner. [signer]
        account: the account. [writable]
        market: the market. [writable]
        remaining_accounts: appended after the accounts above.
    """
    return Instruction(
        PROGRAM_ID,
        b"*\x80\x84@\x83a\xeeh",
        [
            AccountMeta(owner, is_signer=True, is_writable=False),
            AccountMeta(account, is_signer=False, is_writable=True),
            AccountMeta(market, is_signer=False, is_writable=True),
            *remaining_accounts,
        ],
    )


def withdraw(
    *,
    owner: Pubkey,
    exchange: Pubkey,
    account: Pubkey,
    vault: Pubkey,
    destination: Pubkey,
    amount_atoms: int,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Moves free collateral from a margin account to a token account, for the greatest amount all that
    perpetuals do not need.

    Never paused.

    Args:
        owner: the owner. [signer]
        exchange: the exchange.
        account: the account. [writable]
        vault: the vault. [writable]
        destination: Token account the collateral goes to. [writable]
        amount_atoms: u64.
        remaining_accounts: appended after the accounts above.

    Raises:
        ArgumentError: an argument is out of its range.
    """
    return Instruction(
        PROGRAM_ID,
        b'\xb7\x12F\x9c\x94m\xa1"' + _wire.encode_u64(amount_atoms, "amount_atoms"),
        [
            AccountMeta(owner, is_signer=True, is_writable=False),
            AccountMeta(exchange, is_signer=False, is_writable=False),
            AccountMeta(account, is_signer=False, is_writable=True),
            AccountMeta(vault, is_signer=False, is_writable=True),
            AccountMeta(destination, is_signer=False, is_writable=True),
            AccountMeta(_TOKEN_PROGRAM_ADDRESS, is_signer=False, is_writable=False),
            *remaining_accounts,
        ],
    )
