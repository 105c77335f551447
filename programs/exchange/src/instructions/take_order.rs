use {
    crate::{
        desk::Desk, error::ExchangeError, event::BookChanged, require_book, trade::SWEEP_MAX, BookParts,
        EventMarket, Exchange, MarginAccount, OrderRequest, Pool, PAUSE_TRADE,
    },
    anchor_lang::prelude::*,
};

/// The margin account of a builder whose fee is not zero follows as a remaining account, writable.
#[derive(Accounts)]
pub struct TakeOrder {
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
    /// A pool of the event, to trade with wherever it is better than the book.
    #[account(mut)]
    pub pool: Option<Account<Pool>>,
}

impl TakeOrder {
    pub fn run(ctx: &mut Context<Self>, request: OrderRequest, builder_fee_bps: u16) -> Result<()> {
        let builders = ctx.remaining_accounts()?;
        let Self {
            exchange,
            account,
            event,
            book,
            pool,
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
        require_pool(pool.as_ref(), event)?;
        require_book(book.account())?;
        let mut view = *book.account();
        let mut data = view.try_borrow_mut()?;
        let parts = BookParts::of(&mut data, event.address())?;
        let meets = usize::from(request.meets_max).min(SWEEP_MAX);
        let log = BookChanged::new(book.address(), parts.head.changes, meets, meets, 1);
        let leg = account.leg_or_open(event.address())?;
        let mut desk = Desk::open(account, parts, leg, log)?;
        desk.take(&request, pool.as_mut(), now)?;
        desk.pay_builder(&builders, builder_fee_bps, exchange.address())?;
        desk.close()?.log();
        Ok(())
    }
}

/// Refuses a pool of another event.
pub(crate) fn require_pool(pool: Option<&Account<Pool>>, event: &Account<EventMarket>) -> Result<()> {
    require!(
        pool.is_none_or(|pool| anchor_lang::address_eq(&pool.event, event.address())),
        ExchangeError::PoolMismatch
    );
    Ok(())
}
