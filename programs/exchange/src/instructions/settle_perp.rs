use {
    crate::{
        error::ExchangeError, event::PerpSettled, require_book, BookParts, PerpMarket, CLOSING_WINDOW_S,
    },
    anchor_lang::prelude::*,
    secant_engine::mark::AVERAGE_BITS,
};

#[derive(Accounts)]
pub struct SettlePerp {
    #[account(mut)]
    pub market: Account<PerpMarket>,
    /// The feed that the market follows.
    #[account(address = market.feed @ ExchangeError::FeedMismatch)]
    pub feed: UncheckedAccount,
    /// The market's book.
    #[account(mut)]
    pub book: UncheckedAccount,
}

impl SettlePerp {
    pub fn run(ctx: &mut Context<Self>) -> Result<()> {
        let Self { market, feed, book } = &mut ctx.accounts;
        let clock = Clock::get()?;
        let now = clock.unix_timestamp;
        require!(
            market.is_closed(now) && market.settlement_ticks == 0,
            ExchangeError::SettlementUnfit
        );
        require_book(book.account())?;
        let mut view = *book.account();
        let mut data = view.try_borrow_mut()?;
        let parts = BookParts::of(&mut data, market.address())?;
        market.accrue(feed.account(), &parts.ladder, &clock)?;
        // Seen for less than half of the hour, its last price stands.
        let ticks = if market.closing_seconds * 2 >= CLOSING_WINDOW_S as u64 {
            (market.closing_sum / market.closing_seconds) as u32
        } else {
            market.index_ticks
        };
        market.settlement_ticks = ticks;
        market.settled_time = now;
        market.index_ticks = ticks;
        market.mark_ticks = ticks;
        market.index_average = i64::from(ticks) << AVERAGE_BITS;
        market.assert_invariants()?;
        emit!(PerpSettled {
            market: *market.address(),
            settlement_ticks: ticks,
        });
        Ok(())
    }
}
