"""What errors that no IDL describes mean, and what to do about those that one does."""

from __future__ import annotations

from typing import Final

PROGRAM_NAMES: Final = {
    "11111111111111111111111111111111": "system",
    "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA": "token",
    "ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL": "associated token",
    "ComputeBudget111111111111111111111111111111": "compute budget",
}

_OTHER_ADDRESS: Final = "check the addresses and that they belong to the same exchange and event"
_REPORT: Final = "client and program disagree: update the client, and report it if that does not help"

# Custom codes of the framework's account checks, as of anchor-lang 2: code -> name, message, remedy.
FRAMEWORK_CUSTOM: Final = {
    2000: ("ConstraintMut", "An account that must be writable was passed read-only", _REPORT),
    2001: ("ConstraintHasOne", "An account does not belong to the one passed with it", _OTHER_ADDRESS),
    2003: ("ConstraintRaw", "An account does not meet a condition of the instruction", _OTHER_ADDRESS),
    2005: ("ConstraintRentExempt", "An account does not hold its rent", "fund the account"),
    2007: ("ConstraintExecutable", "An account that must be a program is none", _OTHER_ADDRESS),
    2011: ("ConstraintClose", "An account may not be closed into itself", _OTHER_ADDRESS),
    2012: ("ConstraintAddress", "An account is not the one this instruction takes", _OTHER_ADDRESS),
    2013: ("ConstraintZero", "An account to be created holds data already", _OTHER_ADDRESS),
    2014: ("ConstraintTokenMint", "A token account is of another mint than expected", _OTHER_ADDRESS),
    2015: ("ConstraintTokenOwner", "A token account belongs to somebody else", _OTHER_ADDRESS),
    2016: ("ConstraintMintMintAuthority", "A mint has another mint authority than expected", _OTHER_ADDRESS),
    2018: ("ConstraintMintDecimals", "A mint has other decimals than expected", _OTHER_ADDRESS),
    2019: ("ConstraintSpace", "An account has another size than expected", _REPORT),
    2020: ("ConstraintAccountIsNone", "An account that this instruction needs was left out", _REPORT),
    2040: (
        "ConstraintDuplicateMutableAccount",
        "The same account was passed twice where two different ones are written",
        _OTHER_ADDRESS,
    ),
    2500: ("RequireViolated", "A condition of the instruction does not hold", _REPORT),
    2501: ("RequireEqViolated", "Two values that must be equal are not", _REPORT),
    2502: ("RequireKeysEqViolated", "Two addresses that must be equal are not", _OTHER_ADDRESS),
    2503: ("RequireNeqViolated", "Two values that must differ do not", _REPORT),
    2504: ("RequireKeysNeqViolated", "Two addresses that must differ do not", _OTHER_ADDRESS),
    2505: ("RequireGtViolated", "A value is not greater than it must be", _REPORT),
    2506: ("RequireGteViolated", "A value is less than it must be", _REPORT),
}

_FUND_SOL: Final = "add SOL to the wallet: `secant airdrop` on a test network"
_TOKEN: Final = {
    0: ("NotRentExempt", "A token account does not hold its rent", _FUND_SOL),
    1: (
        "InsufficientFunds",
        "The token account holds less than the amount",
        "ask for less, or fund the token account; `secant airdrop --collateral` on a localnet",
    ),
    2: ("InvalidMint", "The mint is not valid", _OTHER_ADDRESS),
    3: ("MintMismatch", "The token account is of another mint", _OTHER_ADDRESS),
    4: ("OwnerMismatch", "The signer does not own the token account", "sign with the key that owns it"),
    5: ("FixedSupply", "The mint's supply is fixed, so no tokens can be minted", "use another mint"),
    6: ("AlreadyInUse", "The token account or mint exists already", "use it, or another address"),
    9: ("UninitializedState", "The token account or mint does not exist yet", "create it first"),
    13: ("InvalidState", "The token account or mint is in a state that forbids this", _OTHER_ADDRESS),
    14: ("Overflow", "The amount is out of the token program's range", "use a smaller amount"),
    17: ("AccountFrozen", "The token account is frozen by its mint's authority", "use another token account"),
}
_SYSTEM: Final = {
    0: ("AccountAlreadyInUse", "The account exists already", "use it, or choose another name or index"),
    1: ("ResultWithNegativeLamports", "The wallet holds too little SOL for the rent or transfer", _FUND_SOL),
}
_ASSOCIATED: Final = {
    0: ("InvalidOwner", "The associated token account belongs to another wallet", _OTHER_ADDRESS)
}
# Custom codes of programs that have their own; those of any other program are the framework's.
CUSTOM: Final = {"token": _TOKEN, "system": _SYSTEM, "associated token": _ASSOCIATED}

# The runtime's own errors of an instruction: name -> message, remedy.
INSTRUCTION: Final = {
    "AccountAlreadyInitialized": ("The account exists already", "use it, or choose another name or index"),
    "AccountBorrowFailed": ("The same account was passed twice where it is written", _OTHER_ADDRESS),
    "AccountDataTooSmall": ("An account is too small to be what it was taken for", _OTHER_ADDRESS),
    "ArithmeticOverflow": ("A number left its integer type", "use smaller amounts"),
    "ComputationalBudgetExceeded": (
        "The transaction ran out of compute units",
        "send it anew; the state changed after it was simulated",
    ),
    "IllegalOwner": (
        "An account belongs to another program than the instruction takes",
        "check that the account exists and is of the right kind",
    ),
    "IncorrectProgramId": ("A program account is not the program it must be", _OTHER_ADDRESS),
    "InsufficientFunds": ("The account holds less than the amount", _FUND_SOL),
    "InvalidAccountData": (
        "An account is not of the kind this instruction takes",
        "check that the account exists and is of the right kind",
    ),
    "InvalidAccountOwner": (
        "An account belongs to another program than the instruction takes",
        "check that the account exists and is of the right kind",
    ),
    "InvalidArgument": ("An argument of the instruction is not valid", _REPORT),
    "InvalidInstructionData": ("The program does not understand the instruction", _REPORT),
    "InvalidSeeds": ("An address is not the one derived for this account", _OTHER_ADDRESS),
    "MissingRequiredSignature": ("A key that must sign did not", "sign with the key that owns the account"),
    "NotEnoughAccountKeys": ("The instruction was passed too few accounts", _REPORT),
    "PrivilegeEscalation": ("An account was to be written or signed for without being passed so", _REPORT),
    "ProgramFailedToComplete": ("The program stopped before its end", _REPORT),
    "UninitializedAccount": ("An account does not exist yet", "create it first"),
    "UnsupportedProgramId": ("The program does not exist on this network", "check the URL"),
}

# Errors of a transaction before any instruction ran: name -> message, remedy.
TRANSACTION: Final = {
    "AccountNotFound": ("The wallet that pays the fee holds no SOL", _FUND_SOL),
    "AlreadyProcessed": ("The transaction has been processed already", "look it up; do not send it anew"),
    "BlockhashNotFound": ("The transaction's blockhash is too old", "send it anew"),
    "InsufficientFundsForFee": ("The wallet holds too little SOL for the fee", _FUND_SOL),
    "InsufficientFundsForRent": ("An account would be left with less than its rent", _FUND_SOL),
    "InvalidAccountForFee": ("The wallet that pays the fee is no plain wallet", "pay from another wallet"),
    "ProgramAccountNotFound": ("A program does not exist on this network", "check the URL"),
    "SanitizeFailure": ("The transaction is malformed", _REPORT),
    "SignatureFailure": ("A signature of the transaction is not good", _REPORT),
}

# What to do about errors of the two programs, where their own message does not say it.
HINTS: Final = {
    ("exchange", "AccountBankrupt"): "`secant perp liquidate MARKET ACCOUNT --resolve`",
    ("exchange", "AccountHealthy"): "`secant perp liquidate` lists those that are not",
    ("exchange", "AccountNotEmpty"): "`secant account` lists what is left",
    ("exchange", "AccountSolvent"): "`secant perp liquidate MARKET ACCOUNT`",
    ("exchange", "AmountZero"): "give more than 0",
    ("exchange", "BookFull"): (
        "expand it, for SOL: `secant book expand EVENT OUTCOME --orders 32` or `client.expand_book`, or place"
        " with `--expand` or `expand=True`"
    ),
    ("exchange", "BookNotEmpty"): (
        "cancel your orders; once the event trades no more, `secant book sweep` takes out all, and"
        " `secant book draw --owner` empties each owner's seat"
    ),
    ("exchange", "CreatorMismatch"): "sign with the key that created the pool, or wait for the settlement",
    ("exchange", "DeadlineNotPassed"): "wait for the deadline, or let the resolver settle it",
    ("exchange", "DeadlinePassed"): "void it: `secant event void EVENT`",
    ("exchange", "EventNotOpen"): "trade another event, or redeem this one once it is settled",
    ("exchange", "EventNotSettled"): "wait for its resolver: `secant event show EVENT` says who it is",
    ("exchange", "EventSettled"): "redeem your shares: `secant redeem EVENT`",
    ("exchange", "InsuranceInsufficient"): "`secant perp insure MARKET AMOUNT`",
    ("exchange", "LegAbsent"): "`secant account` lists what it holds",
    ("exchange", "LimitExceeded"): "quote anew, or allow more slippage",
    ("exchange", "LiquidityInvalid"): "choose liquidity from 0.01 to 10,000,000,000 shares",
    ("exchange", "LockTooEarly"): "wait for the lock time, or sign with the event's authority",
    ("exchange", "MarginStale"): "put `refresh_margin` with all of its markets before it",
    ("exchange", "NothingExpired"): "there is nothing to sweep; `secant book orders EVENT` lists your orders",
    ("exchange", "NothingToLiquidate"): "`secant perp liquidate` lists who can be, and where",
    (
        "exchange",
        "NothingToReturn",
    ): "`secant perp show MARKET` says what insurance holds; it may pay more in a day",
    ("exchange", "NothingToSettle"): (
        "a profit leaves once losers have paid in: `secant perp settle MARKET --owner` settles theirs; the"
        " hour's limit is in `secant perp show MARKET`"
    ),
    ("exchange", "NothingToReduce"): (
        "`secant account` lists what you hold, `secant book orders EVENT` the orders that reduce it already"
    ),
    ("exchange", "OrderNotFilled"): (
        "`secant book quote` says how much there is; take less, at a worse price, or without --whole or fok"
    ),
    ("exchange", "OrderTooSmall"): "`secant book show EVENT` says the least; order more",
    ("exchange", "OrderWouldTake"): "quote a price beyond the other side's best, or use post-only-slide",
    ("exchange", "OrdersOpen"): "`secant book cancel EVENT --all`, then `secant book draw EVENT`",
    ("exchange", "OutcomesInvalid"): "give 2 to 16 labels, and 2 of them with a record",
    ("exchange", "OwnerMismatch"): "sign with the key that owns the margin account",
    ("exchange", "Paused"): "wait until the exchange's admin lifts the pause",
    ("exchange", "PayoutInvalid"): "give payouts that sum to 1, such as 0.5 and 0.5",
    ("exchange", "PerpClosed"): "`secant perp show MARKET` says when; close what you hold, or settle it",
    ("exchange", "PerpMarketStale"): "put `update_funding` of each before it in the same transaction",
    ("exchange", "PerpLegAbsent"): "`secant perp position` lists what it holds",
    ("exchange", "PerpLegsFull"): "`secant perp close MARKET`, then `secant perp settle MARKET`",
    ("exchange", "PerpMarketMissing"): "pass the markets of all of the account's perpetual legs",
    ("exchange", "PerpRulesInvalid"): "`secant perp create --help` says what fits together",
    ("exchange", "PoolKindInvalid"): "create an LMSR pool, or name an event with 2 outcomes",
    ("exchange", "PriceOutOfRange"): "use smaller amounts",
    ("exchange", "RecordUndecided"): "`secant record observe RECORD` takes the feed's sample in",
    ("exchange", "ResolverMismatch"): (
        "`secant event show EVENT` says who settles it: `resolve` as its authority, `settle` by its record"
    ),
    ("exchange", "SeatAbsent"): "there is nothing to draw: it has neither orders nor fills there",
    ("exchange", "SeatsFull"): (
        "expand it, for SOL: `secant book expand EVENT OUTCOME --seats 4` or `client.expand_book`, or place"
        " with `--expand` or `expand=True`"
    ),
    ("exchange", "SetsInsufficient"): "merge fewer; `secant account` lists what it holds",
    ("oracle", "FeedRulesInvalid"): "choose values in range, a spread and a step above 0",
    ("oracle", "PublisherUnknown"): "sign with a publisher's key",
    ("oracle", "PublishersInvalid"): "name more publishers, or choose a smaller quorum",
    ("oracle", "ReadingCrossed"): "give the lower end first",
    ("oracle", "ReadingStale"): "publish what the source says now",
    ("oracle", "SourceTimeInFuture"): (
        "publish it when its time has come; a localnet whose clock stands still: `secant localnet-clock run`"
    ),
    ("oracle", "SourceTimeNotIncreasing"): (
        "publish a later reading; a localnet whose clock stands still: `secant localnet-clock run`"
    ),
    ("oracle", "WindowInvalid"): (
        "choose a later end, at most two years ahead; a window that has begun: less coverage or a longer gap"
    ),
}
