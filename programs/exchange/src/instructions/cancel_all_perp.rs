use {
    crate::{
        event::BookChanged, order_request::sides, perp_desk::PerpDesk, require_book, trade::SWEEP_MAX,
        BookParts, MarginAccount, PerpMarket,
    },
    anchor_lang::prelude::*,
};

#[derive(Accounts)]
pub struct CancelAllPerp {
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

impl CancelAllPerp {
    pub fn run(ctx: &mut Context<Self>, side: Option<u8>) -> Result<()> {
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
        let log = BookChanged::new(book.address(), parts.head.changes, 0, SWEEP_MAX, 0);
        let leg = account.perp_leg(market.address())?;
        let mut desk = PerpDesk::open(account, market, parts, leg, log)?;
        desk.cancel_all(sides(side)?, |_| true)?;
        desk.note_orders();
        desk.close().log();
        account.void_reserve()
    }
}
