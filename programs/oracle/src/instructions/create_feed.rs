use {
    crate::{error::OracleError, event::FeedCreated, Feed, FeedReading, FeedRules},
    anchor_lang::prelude::*,
    secant_engine::feed::{Reading, PUBLISHERS_MAX},
};

#[derive(Accounts)]
#[instruction(feed_id: [u8; 32], rules_hash: [u8; 32])]
pub struct CreateFeed {
    /// Pays the rent; may close the feed later.
    #[account(mut)]
    pub authority: Signer,
    #[account(
        init,
        payer = authority,
        space = 8 + core::mem::size_of::<Feed>(),
        seeds = [b"feed", authority.address().as_ref(), feed_id.as_ref(), rules_hash.as_ref()],
        bump
    )]
    pub feed: Account<Feed>,
    pub system_program: Program<System>,
}

impl CreateFeed {
    pub fn run(
        ctx: &mut Context<Self>,
        feed_id: [u8; 32],
        rules_hash: [u8; 32],
        rules: FeedRules,
    ) -> Result<()> {
        check(&rules)?;
        require!(rules.hash() == rules_hash, OracleError::RulesHashMismatch);
        let address = *ctx.accounts.feed.address();
        let authority = *ctx.accounts.authority.address();
        let feed = &mut ctx.accounts.feed;
        feed.authority = authority;
        feed.feed_id = feed_id;
        feed.width_max = rules.width_max;
        feed.step_max = rules.step_max;
        feed.staleness_s = rules.staleness_s;
        feed.exponent = rules.exponent;
        feed.publisher_count = rules.publishers.len() as u8; // at most 8, checked
        feed.quorum = rules.quorum;
        feed.bump = ctx.bumps.feed;
        feed.layout = 1;
        feed.publishers[..rules.publishers.len()].copy_from_slice(&rules.publishers);
        feed.readings = [FeedReading {
            source_time: Reading::NONE.source_time,
            bid: Reading::NONE.bid,
            ask: Reading::NONE.ask,
        }; PUBLISHERS_MAX];
        emit!(FeedCreated {
            feed: address,
            authority,
            feed_id
        });
        Ok(())
    }
}

fn check(rules: &FeedRules) -> Result<()> {
    let publishers = &rules.publishers;
    let distinct = publishers
        .iter()
        .enumerate()
        .all(|(place, key)| !publishers[..place].contains(key));
    require!(
        distinct
            && (1..=PUBLISHERS_MAX).contains(&publishers.len())
            && (1..=publishers.len()).contains(&usize::from(rules.quorum)),
        OracleError::PublishersInvalid
    );
    require!(
        (1..=86_400).contains(&rules.staleness_s)
            && (-12..=0).contains(&rules.exponent)
            && rules.width_max > 0
            && rules.step_max > 0,
        OracleError::FeedRulesInvalid
    );
    Ok(())
}
