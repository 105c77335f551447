use {
    crate::{
        desk::Desk, error::ExchangeError, event::BookChanged, require_book, trade::SWEEP_MAX, BookParts,
        Cancellation, EventMarket, Exchange, MarginAccount, OrderRequest, PAUSE_TRADE,
    },
    anchor_lang::prelude::*,
};

#[derive(Accounts)]
pub struct ReplaceOrders {
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

impl ReplaceOrders {
    pub fn run(
        ctx: &mut Context<Self>,
        cancellations: &[Cancellation],
        requests: &[OrderRequest],
    ) -> Result<()> {
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
            exchange.pause_bits & PAUSE_TRADE == 0 || requests.iter().all(|request| request.reduce_only),
            ExchangeError::Paused
        );
        require_book(book.account())?;
        let mut view = *book.account();
        let mut data = view.try_borrow_mut()?;
        let parts = BookParts::of(&mut data, event.address())?;
        let met: usize = requests
            .iter()
            .map(|request| usize::from(request.meets_max))
            .sum();
        let meets = met.min(SWEEP_MAX);
        let drops = cancellations.len() + meets + requests.len();
        let log = BookChanged::new(book.address(), parts.head.changes, meets, drops, requests.len());
        let leg = account.leg_or_open(event.address())?;
        let mut desk = Desk::open(account, parts, leg, log)?;
        desk.cancel_each(cancellations)?;
        for request in requests {
            desk.place(request, now)?;
        }
        desk.close()?.log();
        Ok(())
    }
}
