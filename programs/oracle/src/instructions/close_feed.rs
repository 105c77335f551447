use {
    crate::{error::OracleError, event::FeedClosed, Feed},
    anchor_lang::prelude::*,
};

/// Thirty days in which the last record over a feed can still be cranked to its decision.
const NOTICE_S: i64 = 30 * 86_400;

#[derive(Accounts)]
pub struct CloseFeed {
    #[account(mut, address = feed.authority @ OracleError::AuthorityMismatch)]
    pub authority: Signer,
    #[account(mut, close = authority)]
    pub feed: Account<Feed>,
}

impl CloseFeed {
    pub fn run(ctx: &mut Context<Self>) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let feed = &ctx.accounts.feed;
        let needed_until = feed
            .needed_until
            .saturating_add(i64::from(feed.staleness_s))
            .saturating_add(NOTICE_S);
        require!(
            feed.needed_until == 0 || now > needed_until,
            OracleError::FeedInUse
        );
        emit!(FeedClosed {
            feed: *feed.address()
        });
        Ok(())
    }
}
