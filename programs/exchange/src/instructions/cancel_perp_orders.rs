use {
    crate::{
        event::BookChanged, perp_desk::PerpDesk, require_book, BookParts, Cancellation, MarginAccount,
        PerpMarket,
    },
    anchor_lang::prelude::*,
};

#[derive(Accounts)]
pub struct CancelPerpOrders {
    /// The account's owner or delegate.
    pub trader: Signer,
    #[account(mut)]
    pub account: Account<MarginAccount>,
    #[account(mut)]
    pub market: Account<PerpMarket>,
    /// The market's book.
    #[account(mut)]
    pub book: UncheckedAccount,
}

impl CancelPerpOrders {
    pub fn run(ctx: &mut Context<Self>, cancellations: &[Cancellation]) -> Result<()> {
        let Self {
            trader,
            account,
            market,
            book,
        } = &mut ctx.accounts;
        account.require_trader(trader.address())?;
        require_book(book.account())?;
        let mut view = *book.account();
        let mut data = view.try_borrow_mut()?;
        let parts = BookParts::of(&mut data, market.address())?;
        let log = BookChanged::new(book.address(), parts.head.changes, 0, cancellations.len(), 0);
        let leg = account.perp_leg(market.address())?;
        let mut desk = PerpDesk::open(account, market, parts, leg, log)?;
        desk.cancel_each(cancellations)?;
        desk.note_orders();
        desk.close().log();
        account.void_reserve()
    }
}
