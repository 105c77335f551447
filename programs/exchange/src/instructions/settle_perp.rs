use {
    crate::{error::ExchangeError, event::PerpSettled, require_book, BookParts, PerpMarket},
    anchor_lang::prelude::*,
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
        market.assert_invariants()?;
        emit!(PerpSettled {
            market: *market.address(),
            settlement_ticks: market.settlement_ticks,
        });
        Ok(())
    }
}
