use {
    crate::{
        desk::Desk, error::ExchangeError, event::BookChanged, order_request::sides, require_book,
        trade::SWEEP_MAX, BookParts, MarginAccount,
    },
    anchor_lang::prelude::*,
};

#[derive(Accounts)]
pub struct CancelAll {
    #[account(address = account.owner @ ExchangeError::OwnerMismatch)]
    pub owner: Signer,
    #[account(mut)]
    pub account: Account<MarginAccount>,
    /// A book in which the account has a seat.
    #[account(mut)]
    pub book: UncheckedAccount,
}

impl CancelAll {
    pub fn run(ctx: &mut Context<Self>, side: Option<u8>) -> Result<()> {
        let Self { account, book, .. } = &mut ctx.accounts;
        require_book(book.account())?;
        let mut view = *book.account();
        let mut data = view.try_borrow_mut()?;
        let parts = BookParts::of_any(&mut data)?;
        let log = BookChanged::new(book.address(), parts.head.changes, 0, SWEEP_MAX, 0);
        let Some(leg) = account.leg_at(parts.head) else {
            return Ok(()); // without a seat, no order is left
        };
        let mut desk = Desk::open(account, parts, leg, log)?;
        desk.cancel_all(sides(side)?)?;
        desk.close()?.log();
        Ok(())
    }
}
