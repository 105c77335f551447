use {
    crate::{error::ExchangeError, require_book, BookParts, PerpMarket},
    anchor_lang::prelude::*,
};

#[derive(Accounts)]
pub struct UpdateFunding {
    #[account(mut)]
    pub market: Account<PerpMarket>,
    /// The feed that the market follows.
    #[account(address = market.feed @ ExchangeError::FeedMismatch)]
    pub feed: UncheckedAccount,
    /// The market's book.
    #[account(mut)]
    pub book: UncheckedAccount,
}

impl UpdateFunding {
    pub fn run(ctx: &mut Context<Self>) -> Result<()> {
        let Self { market, feed, book } = &mut ctx.accounts;
        let clock = Clock::get()?;
        require_book(book.account())?;
        let mut view = *book.account();
        let mut data = view.try_borrow_mut()?;
        let parts = BookParts::of(&mut data, market.address())?;
        market.accrue(feed.account(), &parts.ladder, &clock)?;
        market.pay_dues();
        market.assert_invariants()
    }
}
