use {
    crate::{
        clock::{unix_timestamp, CLOCK_ID},
        error::OracleError,
        Feed, FeedReading, DRIFT_MAX_S,
    },
    anchor_lang::{accounts::SlabSchema, prelude::*},
    secant_engine::feed::{NO_ASK, NO_BID},
};

/// Bytes of one reading in the argument: source time, bid, ask, each an i64.
const READING_LEN: usize = 24;

/// Further feeds to write, each writable, follow as remaining accounts.
#[derive(Accounts)]
pub struct Publish {
    pub publisher: Signer,
    /// The clock's sysvar.
    #[account(address = CLOCK_ID @ OracleError::ClockInvalid)]
    pub clock: UncheckedAccount,
    /// A feed, checked as all the further ones are.
    #[account(mut)]
    pub feed: UncheckedAccount,
}

impl Publish {
    pub fn run(ctx: &mut Context<Self>, readings: &[u8]) -> Result<()> {
        let now = unix_timestamp(ctx.accounts.clock.account())?;
        let Some((first, further)) = readings.split_at_checked(READING_LEN) else {
            return Err(OracleError::ReadingCountMismatch.into());
        };
        let publisher = *ctx.accounts.publisher.address();
        write(
            *ctx.accounts.feed.account(),
            &publisher,
            bytemuck::pod_read_unaligned(first),
            now,
        )?;
        let feeds = ctx.remaining_accounts()?;
        require!(
            further.len() == feeds.len() * READING_LEN,
            OracleError::ReadingCountMismatch
        );
        for (view, bytes) in feeds.into_iter().zip(further.chunks_exact(READING_LEN)) {
            write(view, &publisher, bytemuck::pod_read_unaligned(bytes), now)?;
        }
        Ok(())
    }
}

#[inline(always)] // a call costs more than it saves: this runs once per feed of the hottest instruction
fn write(mut view: AccountView, publisher: &Address, reading: FeedReading, now: i64) -> Result<()> {
    require!(
        view.is_writable() && view.owned_by(&crate::ID),
        OracleError::FeedInvalid
    );
    // SAFETY: no other reference to the account's data lives while this function runs.
    let data = unsafe { view.borrow_unchecked_mut() };
    require!(
        data.len() == Feed::MIN_DATA_LEN && data[..8] == *Feed::DISCRIMINATOR,
        OracleError::FeedInvalid
    );
    let feed: &mut Feed = bytemuck::from_bytes_mut(&mut data[8..]);
    let place = feed.publishers[..usize::from(feed.publisher_count)]
        .iter()
        .position(|key| anchor_lang::address_eq(key, publisher))
        .ok_or(OracleError::PublisherUnknown)?;
    let last = &mut feed.readings[place];
    require!(
        reading.source_time > last.source_time,
        OracleError::SourceTimeNotIncreasing
    );
    require!(
        reading.source_time <= now.saturating_add(DRIFT_MAX_S),
        OracleError::SourceTimeInFuture
    );
    require!(
        reading.source_time >= now.saturating_sub(i64::from(feed.staleness_s)),
        OracleError::ReadingStale
    );
    require!(
        reading.bid <= reading.ask && reading.bid != NO_ASK && reading.ask != NO_BID,
        OracleError::ReadingCrossed
    );
    *last = reading;
    Ok(())
}
