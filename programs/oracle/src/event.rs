//! What happened, for indexers.
use anchor_lang::prelude::*;

/// A feed exists.
#[event]
pub struct FeedCreated {
    pub feed: Address,
    pub authority: Address,
    pub feed_id: [u8; 32],
}

/// A feed is gone.
#[event]
pub struct FeedClosed {
    pub feed: Address,
}

/// A record exists.
#[event]
pub struct RecordCreated {
    pub record: Address,
    pub feed: Address,
}

/// A record is decided, for good.
#[event(bytemuck)]
pub struct RecordDecided {
    pub record: Address,
    /// 1 decided, 2 void.
    pub status: u64,
    /// Ticks of 1/10,000 that YES pays.
    pub yes_ticks: u64,
    /// Chain time of the decision, Unix seconds.
    pub decided_time: i64,
}
