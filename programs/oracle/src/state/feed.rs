//! A feed: the latest reading of each of its publishers.
use {alloc::vec::Vec, anchor_lang::prelude::*, secant_engine::feed::Reading};

/// Seconds by which a source's clock may run ahead of the chain's.
pub const DRIFT_MAX_S: i64 = 15;

/// Latest readings of 1 to 8 publishers, and the rules by which they become a sample.
#[account]
pub struct Feed {
    /// Who may close the feed once no record needs it.
    pub authority: Address,
    /// Name given at creation, UTF-8 padded with zeros; with the rules, unique per authority.
    pub feed_id: [u8; 32],
    /// Widest reading that passes: the ask less the bid (twice the confidence), in feed units.
    pub width_max: u64,
    /// Most that the clamped track of a record moves per accepted sample, in feed units.
    pub step_max: u64,
    /// End of the latest window of any record over this feed, Unix seconds; 0 without records.
    pub needed_until: i64,
    /// Seconds after which a reading is stale.
    pub staleness_s: u32,
    /// A value v means v · 10^exponent.
    pub exponent: i32,
    /// How many of `publishers` are set.
    pub publisher_count: u8,
    /// How many must agree on a time for a sample.
    pub quorum: u8,
    /// PDA bump.
    pub bump: u8,
    /// Layout of this account; 1.
    pub layout: u8,
    pub reserved: [u8; 4],
    /// Keys that may publish.
    pub publishers: [Address; 8],
    /// Their latest readings, in the same order.
    pub readings: [FeedReading; 8],
}

/// One publisher's latest reading. A quote is `[bid, ask]`, a price with confidence c is `[p − c, p + c]`.
#[derive(Clone, Copy, IdlType, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct FeedReading {
    /// Unix seconds at the source; 0 before the first reading.
    pub source_time: i64,
    /// Lower end in feed units; the least i64 if the book has no bid.
    pub bid: i64,
    /// Upper end in feed units; the greatest i64 if the book has no ask.
    pub ask: i64,
}

/// The rules of a feed, fixed for its life.
#[derive(Clone, AnchorDeserialize, AnchorSerialize, IdlType)]
pub struct FeedRules {
    /// Widest reading that passes, at least 1.
    pub width_max: u64,
    /// Most that the clamped track moves per sample, at least 1.
    pub step_max: u64,
    /// 1 to 86,400.
    pub staleness_s: u32,
    /// −12 to 0.
    pub exponent: i32,
    /// 1 to the number of publishers.
    pub quorum: u8,
    /// 1 to 8 different keys.
    pub publishers: Vec<Address>,
}

impl FeedRules {
    /// SHA-256 of the rules as an instruction carries them.
    pub fn hash(&self) -> [u8; 32] {
        let mut bytes = Vec::with_capacity(29 + 32 * self.publishers.len());
        bytes.extend_from_slice(&self.width_max.to_le_bytes());
        bytes.extend_from_slice(&self.step_max.to_le_bytes());
        bytes.extend_from_slice(&self.staleness_s.to_le_bytes());
        bytes.extend_from_slice(&self.exponent.to_le_bytes());
        bytes.push(self.quorum);
        bytes.extend_from_slice(&(self.publishers.len() as u32).to_le_bytes());
        for publisher in &self.publishers {
            bytes.extend_from_slice(publisher.as_ref());
        }
        sha256(&bytes)
    }
}

impl Feed {
    /// The latest readings of the publishers that are set.
    pub fn readings_set(&self) -> &[FeedReading] {
        &self.readings[..usize::from(self.publisher_count)]
    }
}

impl From<FeedReading> for Reading {
    fn from(reading: FeedReading) -> Self {
        Self {
            source_time: reading.source_time,
            bid: reading.bid,
            ask: reading.ask,
        }
    }
}
