use {
    crate::{error::OracleError, event::RecordCreated, Feed, Record, RecordTerms, RECORD_OPEN},
    anchor_lang::prelude::*,
    secant_engine::statistic::Evidence,
};

/// Two years: the longest a feed can be needed by a record.
const HORIZON_S: i64 = 2 * 366 * 86_400;

#[derive(Accounts)]
#[instruction(terms_hash: [u8; 32])]
pub struct CreateRecord {
    /// Pays the rent. A record is evidence and is never closed.
    #[account(mut)]
    pub payer: Signer,
    #[account(mut)]
    pub feed: Account<Feed>,
    #[account(
        init,
        payer = payer,
        space = 8 + core::mem::size_of::<Record>(),
        seeds = [b"record", feed.address().as_ref(), terms_hash.as_ref()],
        bump
    )]
    pub record: Account<Record>,
    pub system_program: Program<System>,
}

impl CreateRecord {
    pub fn run(ctx: &mut Context<Self>, terms_hash: [u8; 32], terms: RecordTerms) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let feed_address = *ctx.accounts.feed.address();
        let address = *ctx.accounts.record.address();
        terms.validate(ctx.accounts.feed.width_max)?;
        require!(
            terms.end > now && terms.end <= now.saturating_add(HORIZON_S),
            OracleError::WindowInvalid
        );
        // A window that can no longer be covered would only void, or never say No.
        let staleness_s = i64::from(ctx.accounts.feed.staleness_s);
        require!(
            terms.can_be_covered(now.saturating_sub(staleness_s)),
            OracleError::WindowInvalid
        );
        require!(
            sha256(bytemuck::bytes_of(&terms)) == terms_hash,
            OracleError::TermsHashMismatch
        );

        let feed = &mut ctx.accounts.feed;
        feed.needed_until = feed.needed_until.max(terms.end);
        let record = &mut ctx.accounts.record;
        record.feed = feed_address;
        record.terms_hash = terms_hash;
        record.terms = terms;
        record.set_evidence(&Evidence::EMPTY);
        record.status = RECORD_OPEN;
        record.bump = ctx.bumps.record;
        record.layout = 1;
        record.assert_invariants()?;
        emit!(RecordCreated {
            record: address,
            feed: feed_address
        });
        Ok(())
    }
}
