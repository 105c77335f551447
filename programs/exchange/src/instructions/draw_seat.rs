use {
    crate::{
        desk::Desk, error::ExchangeError, event::BookChanged, order_request::BOTH_SIDES, require_book,
        trade::SWEEP_MAX, BookParts, EventMarket, MarginAccount,
    },
    anchor_lang::prelude::*,
};

#[derive(Accounts)]
pub struct DrawSeat {
    #[account(mut)]
    pub account: Account<MarginAccount>,
    pub event: Account<EventMarket>,
    /// A book of the event in which the account has a seat.
    #[account(mut)]
    pub book: UncheckedAccount,
}

impl DrawSeat {
    pub fn run(ctx: &mut Context<Self>) -> Result<()> {
        let Self { account, event, book } = &mut ctx.accounts;
        let trades = event.trades(Clock::get()?.unix_timestamp);
        require_book(book.account())?;
        let mut view = *book.account();
        let mut data = view.try_borrow_mut()?;
        let parts = BookParts::of(&mut data, event.address())?;
        let drops = if trades { 0 } else { SWEEP_MAX };
        let log = BookChanged::new(book.address(), parts.head.changes, 0, drops, 0);
        let leg = account.leg_at(parts.head).ok_or(ExchangeError::SeatAbsent)?;
        let mut desk = Desk::open(account, parts, leg, log)?;
        if !trades {
            desk.cancel_all(BOTH_SIDES)?;
        }
        desk.close()?.log();
        Ok(())
    }
}
