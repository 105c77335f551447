//! Why an instruction is refused; the messages are for users and reach clients through the IDL.
use anchor_lang::prelude::*;

#[error_code]
pub enum OracleError {
    #[msg("The signer is not the feed's authority; sign with the key that created the feed")]
    AuthorityMismatch,
    #[msg("The signer is not one of the feed's publishers")]
    PublisherUnknown,
    #[msg("The readings do not match the feeds: pass one 24-byte reading per feed account, at least one")]
    ReadingCountMismatch,
    #[msg("The reading's bid is above its ask")]
    ReadingCrossed,
    #[msg("The reading's source time is not later than this publisher's last one")]
    SourceTimeNotIncreasing,
    #[msg("The reading's source time lies in the future of the chain's clock by more than 15 seconds")]
    SourceTimeInFuture,
    #[msg("The reading is older than the feed's staleness limit")]
    ReadingStale,
    #[msg("A feed takes 1 to 8 publishers, all different, and a quorum between 1 and their number")]
    PublishersInvalid,
    #[msg(
        "Feed rules out of range: staleness 1 to 86400 s, exponent -12 to 0, width limit and step at least 1"
    )]
    FeedRulesInvalid,
    #[msg("The rules hash is not the SHA-256 of the rules' bytes")]
    RulesHashMismatch,
    #[msg("The account is not a feed of this program, or is not writable")]
    FeedInvalid,
    #[msg("The account is not the clock sysvar")]
    ClockInvalid,
    #[msg("The record belongs to another feed")]
    FeedMismatch,
    #[msg("Record terms out of range: see create_record's documentation for each limit")]
    TermsInvalid,
    #[msg("The terms hash is not the SHA-256 of the terms' bytes")]
    TermsHashMismatch,
    #[msg("The window must end after now, within two years, and leave time enough for its coverage")]
    WindowInvalid,
    #[msg("A record over this feed may still need it; close it 30 days after the last window has ended")]
    FeedInUse,
    #[msg("A sum left its integer type")]
    Overflow,
    #[msg("The record would break one of its own rules; nothing was written")]
    RecordCorrupt,
}

impl OracleError {
    /// The error for an engine fault in record arithmetic.
    pub fn of_fault(fault: secant_engine::Fault) -> Error {
        match fault {
            secant_engine::Fault::Overflow => Self::Overflow.into(),
            secant_engine::Fault::Domain => Self::TermsInvalid.into(),
        }
    }
}
