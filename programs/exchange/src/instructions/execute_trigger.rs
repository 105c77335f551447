use {
    crate::{
        error::ExchangeError,
        event::{TriggerClosed, TriggerMoved},
        perp_trade::PerpTrade,
        require_book, BookParts, Exchange, MarginAccount, PerpMarket, TriggerOrder,
    },
    anchor_lang::prelude::*,
};

/// The markets of the account's other perpetual legs follow as remaining accounts, in any order.
#[derive(Accounts)]
pub struct ExecuteTrigger {
    #[account(address = account.exchange @ ExchangeError::ExchangeMismatch)]
    pub exchange: Account<Exchange>,
    #[account(mut, address = trigger.account @ ExchangeError::AccountMismatch)]
    pub account: Account<MarginAccount>,
    #[account(mut, address = trigger.market @ ExchangeError::AccountMismatch)]
    pub market: Account<PerpMarket>,
    /// The feed that the market follows.
    #[account(address = market.feed @ ExchangeError::FeedMismatch)]
    pub feed: UncheckedAccount,
    /// The market's book.
    #[account(mut)]
    pub book: UncheckedAccount,
    #[account(mut)]
    pub trigger: Account<TriggerOrder>,
    /// CHECK: gets the rent when the order is done.
    #[account(mut, address = trigger.payer @ ExchangeError::OwnerMismatch)]
    pub payer: UncheckedAccount,
}

impl ExecuteTrigger {
    pub fn run(ctx: &mut Context<Self>) -> Result<()> {
        let markets = ctx.remaining_accounts()?;
        let clock = Clock::get()?;
        let now = clock.unix_timestamp;
        let accounts = &mut ctx.accounts;
        // A delegate's orders do not outlive his delegation.
        accounts.account.require_trader(&accounts.trigger.payer)?;
        require!(
            !accounts.trigger.is_void(&accounts.account),
            ExchangeError::TriggerVoid
        );
        let mark_ticks = accounts.mark(&clock)?;
        let moved = accounts.trigger.terms.trail(mark_ticks);
        let Self {
            exchange,
            account,
            market,
            feed,
            book,
            trigger,
            payer,
        } = accounts;
        if !trigger.terms.is_reached(mark_ticks, now) {
            require!(moved, ExchangeError::TriggerNotReached);
            emit!(TriggerMoved {
                trigger: *trigger.address(),
                trigger_ticks: trigger.terms.trigger_ticks,
            });
            return Ok(());
        }
        let terms = trigger.terms;
        let trade = PerpTrade {
            exchange,
            account,
            market,
            feed: feed.account(),
            book,
            markets: &markets,
        };
        let placed = trade.run(|market| Ok(terms.order(market)))?;
        require!(placed.filled_lots > 0, ExchangeError::OrderNotFilled);
        trigger.terms.lots -= placed.filled_lots;
        let is_done = trigger.terms.lots == 0
            || account
                .perp_leg(market.address())
                .map_or(true, |leg| account.perp_legs[leg].position_lots == 0);
        if is_done {
            emit!(TriggerClosed {
                trigger: *trigger.address(),
                filled_lots: placed.filled_lots,
            });
            trigger.close(*payer.account())?;
        }
        Ok(())
    }

    /// The mark, brought up to date: a stop must not rest on an old price.
    fn mark(&mut self, clock: &Clock) -> Result<u32> {
        let Self {
            market, feed, book, ..
        } = self;
        require_book(book.account())?;
        let mut view = *book.account();
        let mut data = view.try_borrow_mut()?;
        let parts = BookParts::of(&mut data, market.address())?;
        let quality = market.accrue(feed.account(), &parts.ladder, clock)?;
        PerpMarket::require_quality(quality, secant_engine::quality::Action::Liquidate)?;
        Ok(market.mark_ticks)
    }
}
