//! Why an instruction is refused; the messages are for users and reach clients through the IDL.
use anchor_lang::prelude::*;

#[error_code]
pub enum ExchangeError {
    #[msg("The signer does not own this margin account")]
    OwnerMismatch,
    #[msg("Only the exchange's admin may do this")]
    AdminMismatch,
    #[msg("Only the exchange's pauser or admin may pause")]
    PauserMismatch,
    #[msg("The account belongs to another exchange")]
    ExchangeMismatch,
    #[msg("The vault is not this exchange's")]
    VaultMismatch,
    #[msg("The token account or mint holds another token than this operation moves")]
    MintMismatch,
    #[msg("Collateral must be a token with 6 decimals")]
    DecimalsInvalid,
    #[msg("The treasury is not the token account named when the exchange was created")]
    TreasuryMismatch,
    #[msg("The fee must be at most 1000 bps")]
    FeeInvalid,
    #[msg("This operation is paused; reducing, merging, redeeming and withdrawing stay open")]
    Paused,
    #[msg("No such pause bits; allowed are 1 deposit, 2 create, 4 trade, 8 tokenize")]
    PauseBitsInvalid,
    #[msg("The amount must be greater than zero")]
    AmountZero,
    #[msg("Not enough free collateral: deposit more, reduce a position or ask for less")]
    InsolventAccount,
    #[msg("The margin account already holds positions in 8 events; redeem or close one")]
    LegsFull,
    #[msg("The margin account holds no position in this event")]
    LegAbsent,
    #[msg("Fewer complete sets are held than should be merged")]
    SetsInsufficient,
    #[msg("The account still holds cash or positions; withdraw and redeem first")]
    AccountNotEmpty,
    #[msg("An event has 2 to 16 outcomes; one settled by a record has exactly 2")]
    OutcomesInvalid,
    #[msg("Times must be in order: now before the lock time before the settlement deadline, at most three years ahead")]
    TimesInvalid,
    #[msg("No such outcome in this event")]
    OutcomeUnknown,
    #[msg("The resolver is neither an authority (1) nor a record (0) of the oracle program")]
    ResolverInvalid,
    #[msg("The record or authority passed is not this event's resolver")]
    ResolverMismatch,
    #[msg("The record must be open, end no sooner than the lock time and at least two days before the settlement deadline")]
    RecordUnfit,
    #[msg("The record is not decided yet; crank observe until it is")]
    RecordUndecided,
    #[msg("The record is decided; settle the event by it")]
    RecordDecided,
    #[msg("The event no longer trades: it is locked, settled or past its lock time")]
    EventNotOpen,
    #[msg("The event is locked or settled already")]
    EventLocked,
    #[msg("The event's lock time has not come, and only its authority may lock it sooner")]
    LockTooEarly,
    #[msg("The event is not settled yet")]
    EventNotSettled,
    #[msg("The event is settled already")]
    EventSettled,
    #[msg("The settlement deadline has passed; the event can only be voided")]
    DeadlinePassed,
    #[msg("The settlement deadline has not passed; the event cannot be voided yet")]
    DeadlineNotPassed,
    #[msg("Payouts must sum to 1 (10000 ticks) over the event's outcomes and be zero beyond")]
    PayoutInvalid,
    #[msg("The pool or book belongs to another event")]
    PoolMismatch,
    #[msg("No such pool kind; allowed are LMSR (0; 2 to 16 outcomes) and pm-AMM (1; 2 outcomes)")]
    PoolKindInvalid,
    #[msg("Liquidity out of range for this kind of pool")]
    LiquidityInvalid,
    #[msg("The trade would leave the pool's range; trade less, or net the pool first if it holds many complete sets")]
    PriceOutOfRange,
    #[msg("The trade costs more, or yields less, than the limit given")]
    LimitExceeded,
    #[msg("The pool could not pay its worst case; nothing was traded")]
    InsolventPool,
    #[msg("Only the pool's creator may close it before the event is settled")]
    CreatorMismatch,
    #[msg("The margin account is not the one that funded the pool")]
    AccountMismatch,
    #[msg("The outcome's mint is not the one this event creates")]
    OutcomeMintMismatch,
    #[msg("More tokens are given than exist of this outcome")]
    TokensInsufficient,
    #[msg("A position can be at most 90000000000000 lots of an outcome, its open orders included")]
    PositionTooLarge,
    #[msg("A number left its integer type; use smaller amounts")]
    Overflow,
    #[msg("Orders are still open in this event's books; cancel them, or have the seats drawn, first")]
    OrdersOpen,
    #[msg("The account is no book of this event and program, or is not writable")]
    BookInvalid,
    #[msg("An event of two outcomes has one book, of its first; others have one for each outcome")]
    BookOutcomeInvalid,
    #[msg(
        "The book's side is full, and every order there locks as much collateral as this one; place a larger order, or expand the book"
    )]
    BookFull,
    #[msg("The book has no free seat; expand it")]
    SeatsFull,
    #[msg("The book still holds orders or undrawn fills; sweep it and draw its seats first")]
    BookNotEmpty,
    #[msg("A book can have at most 2048 orders and 4096 seats, and grows by 10240 bytes at once")]
    BookSizeInvalid,
    #[msg("Order out of range: price 1 to 9999 ticks (a perpetual's: 16777215, or below its face), at most 500000000000 lots and 256 orders met, expiry in the future, known side and kinds")]
    OrderInvalid,
    #[msg("An order that rests needs at least the book's least lots")]
    OrderTooSmall,
    #[msg("The order would take from the book, and is to rest only")]
    OrderWouldTake,
    #[msg("The book cannot fill the whole order at its price; nothing was done")]
    OrderNotFilled,
    #[msg("The least lots of an order that rests must be 1 to 1000")]
    LotsMinInvalid,
    #[msg("The order is to reduce only, and there is no position that other open orders leave to reduce")]
    NothingToReduce,
    #[msg("The account has no seat in this book")]
    SeatAbsent,
    #[msg("No order of this book has expired, and its event still trades")]
    NothingExpired,
    #[msg("The order belongs to another account")]
    OrderNotOwned,
    #[msg("A builder's fee is at most 100 bps, and needs the builder's margin account of the same exchange")]
    BuilderFeeInvalid,
    #[msg("The margin account already holds positions in 8 perpetuals; close and settle one")]
    PerpLegsFull,
    #[msg("The margin account holds no position in this perpetual")]
    PerpLegAbsent,
    #[msg("The market of another perpetual leg is missing; pass all of the account's markets")]
    PerpMarketMissing,
    #[msg("A market of the account is behind, or its seat undrawn: bring all of them up to date in the same slot, and draw the seats")]
    PerpMarketStale,
    #[msg(
        "The account holds perpetuals; refresh its margin in the same slot before spending free collateral"
    )]
    MarginStale,
    #[msg("Rules out of range: tiers rise from 0, initial above maintenance above what a liquidation and the near band cost, all limits greater than zero")]
    PerpRulesInvalid,
    #[msg("The feed is not this perpetual's, or contradicts itself")]
    FeedMismatch,
    #[msg(
        "The price is too old, uncertain or volatile for this; reducing, cancelling and depositing stay open"
    )]
    PriceUnfit,
    #[msg("The perpetual closes within the hour, or has closed: reduce until then, settle afterwards")]
    PerpClosed,
    #[msg(
        "Changes take two days' notice: the rules proposed are not in force, or the time given is too near"
    )]
    NoticeRunning,
    #[msg("Not at this stage: a perpetual settles once, after its close, and pays profits a day after it")]
    SettlementUnfit,
    #[msg("Nothing that was borne is left to return, or insurance may pay nothing now")]
    NothingToReturn,
    #[msg("The mark has not reached the trigger, or the order has lapsed")]
    TriggerNotReached,
    #[msg("The order would rest further beyond the mark than the market allows")]
    OrderOffMark,
    #[msg("The account has what keeping its positions requires; it cannot be liquidated")]
    AccountHealthy,
    #[msg("The account cannot pay for its liquidation; resolve its bankruptcy")]
    AccountBankrupt,
    #[msg("The account can still pay for its liquidation; liquidate it")]
    AccountSolvent,
    #[msg("The account has no position in this perpetual to take over")]
    NothingToLiquidate,
    #[msg("Nothing moves: no profit or loss, an empty pool, or the hour's limit of profits is reached")]
    NothingToSettle,
    #[msg("Insurance does not cover this: add to it, wait a day, or ask for less")]
    InsuranceInsufficient,
    #[msg("The position that the order was placed for is closed, or turned; anyone may cancel the order")]
    TriggerVoid,
}

impl From<secant_engine::Fault> for ExchangeError {
    fn from(fault: secant_engine::Fault) -> Self {
        match fault {
            secant_engine::Fault::Overflow => Self::Overflow,
            secant_engine::Fault::Domain => Self::PriceOutOfRange,
        }
    }
}
