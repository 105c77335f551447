use {
    crate::{
        desk::Desk, error::ExchangeError, event::BookChanged, require_book, trade::SWEEP_MAX, BookParts,
        EventMarket, Exchange, MarginAccount, OrderRequest, PAUSE_TRADE,
    },
    anchor_lang::prelude::*,
};

/// The margin account of a builder whose fee is not zero follows as a remaining account, writable.
#[derive(Accounts)]
pub struct PlaceOrder {
    #[account(address = account.owner @ ExchangeError::OwnerMismatch)]
    pub owner: Signer,
    #[account(address = account.exchange @ ExchangeError::ExchangeMismatch)]
    pub exchange: Account<Exchange>,
    #[account(mut)]
    pub account: Account<MarginAccount>,
    pub event: Account<EventMarket>,
    /// A book of the event.
    #[account(mut)]
    pub book: UncheckedAccount,
}

impl PlaceOrder {
    pub fn run(ctx: &mut Context<Self>, request: OrderRequest, builder_fee_bps: u16) -> Result<()> {
        let builders = if builder_fee_bps == 0 {
            alloc::vec::Vec::new()
        } else {
            ctx.remaining_accounts()?
        };
        let Self {
            exchange,
            account,
            event,
            book,
            ..
        } = &mut ctx.accounts;
        require!(
            anchor_lang::address_eq(&event.exchange, exchange.address()),
            ExchangeError::ExchangeMismatch
        );
        let now = Clock::get()?.unix_timestamp;
        event.require_open(now)?;
        require!(
            exchange.pause_bits & PAUSE_TRADE == 0 || request.reduce_only,
            ExchangeError::Paused
        );
        require_book(book.account())?;
        let mut view = *book.account();
        let mut data = view.try_borrow_mut()?;
        let parts = BookParts::of(&mut data, event.address())?;
        let meets = usize::from(request.meets_max).min(SWEEP_MAX);
        let log = BookChanged::new(book.address(), parts.head.changes, meets, meets + 1, 1);
        let leg = account.leg_or_open(event.address())?;
        let mut desk = Desk::open(account, parts, leg, log)?;
        desk.place(&request, now)?;
        desk.pay_builder(&builders, builder_fee_bps, exchange.address())?;
        desk.close()?.log();
        Ok(())
    }
}
