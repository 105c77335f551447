//! secant oracle: feeds that k-of-n publishers write, and records of what the feeds showed.
//!
//! A *feed* holds the latest reading of each publisher. A *record* holds typed terms and the evidence
//! for them, one per (feed, terms), shared by every market with the same terms and cranked by anyone.
//! No key decides a record: its terms and the feed's accepted samples do.
#![cfg_attr(target_os = "solana", no_std)]
#![allow(unused_variables)] // the accounts derive binds every argument named for seeds a second time

extern crate alloc;

use anchor_lang::prelude::*;
#[cfg(target_arch = "bpf")]
use {sbf_libcalls as _, solana_compiler_builtins as _}; // linked for their symbols

pub mod clock;
pub mod error;
pub mod event;
pub mod state {
    pub mod feed;
    pub mod record;
}
pub mod instructions {
    pub mod close_feed;
    pub mod create_feed;
    pub mod create_record;
    pub mod observe;
    pub mod publish;
}

pub use instructions::{close_feed::*, create_feed::*, create_record::*, observe::*, publish::*};
pub use state::{feed::*, record::*};

declare_id!("5vi7GCmyA17r3Pr83pfGSvwEn6JFy8oqqGDtiTedsGuL");

#[program]
pub mod oracle {
    use super::*;

    /// Writes one publisher's reading of each feed passed, in the order of the readings.
    pub fn publish(ctx: &mut Context<Publish>, readings: &[u8]) -> Result<()> {
        Publish::run(ctx, readings)
    }

    /// Takes the feed's present sample into a record, and decides the record when it can be. Anyone may;
    /// a sample already seen changes nothing.
    pub fn observe(ctx: &mut Context<Observe>) -> Result<()> {
        Observe::run(ctx)
    }

    /// Creates a feed with its publishers and rules, which never change: `rules_hash`, the SHA-256 of the
    /// rules' bytes, is part of its address.
    pub fn create_feed(
        ctx: &mut Context<CreateFeed>,
        feed_id: [u8; 32],
        rules_hash: [u8; 32],
        rules: FeedRules,
    ) -> Result<()> {
        CreateFeed::run(ctx, feed_id, rules_hash, rules)
    }

    /// Creates the record of a feed under terms; `terms_hash` is the SHA-256 of the terms' bytes.
    pub fn create_record(
        ctx: &mut Context<CreateRecord>,
        terms_hash: [u8; 32],
        terms: RecordTerms,
    ) -> Result<()> {
        CreateRecord::run(ctx, terms_hash, terms)
    }

    /// Closes a feed that no record can need any more and returns its rent.
    pub fn close_feed(ctx: &mut Context<CloseFeed>) -> Result<()> {
        CloseFeed::run(ctx)
    }
}
