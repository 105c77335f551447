use {
    crate::{
        error::ExchangeError,
        event::BookChanged,
        order_request::BOTH_SIDES,
        require_book,
        trade::{sweep, SWEEP_MAX},
        BookParts, EventMarket,
    },
    anchor_lang::prelude::*,
    secant_engine::matching::Resting,
};

#[derive(Accounts)]
pub struct CrankExpired {
    pub event: Account<EventMarket>,
    /// A book of the event.
    #[account(mut)]
    pub book: UncheckedAccount,
}

impl CrankExpired {
    pub fn run(ctx: &mut Context<Self>) -> Result<()> {
        let Self { event, book } = &mut ctx.accounts;
        let now = Clock::get()?.unix_timestamp;
        let trades = event.trades(now);
        require_book(book.account())?;
        let mut view = *book.account();
        let mut data = view.try_borrow_mut()?;
        let mut parts = BookParts::of(&mut data, event.address())?;
        let mut log = BookChanged::new(book.address(), parts.head.changes, 0, SWEEP_MAX, 0);
        sweep(&mut parts, BOTH_SIDES, &mut log.dropped, |order| {
            !trades || order.is_expired(now)
        })?;
        require!(!log.dropped.is_empty(), ExchangeError::NothingExpired);
        parts.close();
        log.log();
        Ok(())
    }
}
