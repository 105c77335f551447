use {
    crate::{
        error::ExchangeError, event::PnlSettled, require_book, BookParts, MarginAccount, PerpMarket,
        PERP_PAUSE_PROFITS,
    },
    anchor_lang::prelude::*,
    secant_engine::quality::Action,
    secant_oracle::event::log_event,
};

#[derive(Accounts)]
pub struct SettlePnl {
    #[account(mut)]
    pub account: Account<MarginAccount>,
    #[account(mut)]
    pub market: Account<PerpMarket>,
    /// The feed that the market follows.
    #[account(address = market.feed @ ExchangeError::FeedMismatch)]
    pub feed: UncheckedAccount,
    /// The market's book.
    #[account(mut)]
    pub book: UncheckedAccount,
}

impl SettlePnl {
    pub fn run(ctx: &mut Context<Self>) -> Result<()> {
        let Self {
            account,
            market,
            feed,
            book,
        } = &mut ctx.accounts;
        let clock = Clock::get()?;
        let now = clock.unix_timestamp;
        require_book(book.account())?;
        let mut view = *book.account();
        let mut data = view.try_borrow_mut()?;
        let parts = BookParts::of(&mut data, market.address())?;
        let quality = market.accrue(feed.account(), &parts.ladder, &clock)?;
        let place = account.perp_leg(market.address())?;
        let leg = &mut account.perp_legs[place];
        market.settle_leg(leg)?;
        let position = leg.position(market)?;
        let prices = market.prices(now);
        // A profit counts at the strict price, a loss at the mark.
        let strict_ticks = if position.lots < 0 {
            prices.high_ticks
        } else {
            prices.low_ticks
        };
        let loss_atoms = position
            .claim(prices.mark_ticks)
            .map_err(ExchangeError::from)?
            .min(0);
        let profit_atoms = position.claim(strict_ticks).map_err(ExchangeError::from)?.max(0);
        if market.is_paying(now) {
            // Counted at the settlement price, the position is its claim.
            require!(leg.seat == 0, ExchangeError::OrdersOpen);
            let value_atoms = position.lots * i64::from(market.settlement_ticks);
            market.move_leg(leg, -position.lots, value_atoms)?;
        }
        let is_closed = position.lots == 0 || market.settlement_ticks != 0;
        let moved_atoms = if loss_atoms < 0 {
            require!(
                is_closed || quality.permits(Action::Liquidate),
                ExchangeError::PriceUnfit
            );
            -(market.settle_loss(account, place, loss_atoms.unsigned_abs())? as i64)
        } else {
            // What is settled is owed, and no pause keeps it back.
            let is_settled = market.settlement_ticks != 0;
            let is_paused = market.pause_bits & PERP_PAUSE_PROFITS != 0;
            require!(is_settled || !is_paused, ExchangeError::Paused);
            let may_pay = !is_settled || market.is_paying(now);
            require!(may_pay, ExchangeError::SettlementUnfit);
            require!(
                is_closed || quality.permits(Action::Open),
                ExchangeError::PriceUnfit
            );
            market.settle_profit(account, place, profit_atoms.unsigned_abs(), now)? as i64
        };
        require!(
            moved_atoms != 0 || position.lots != account.perp_legs[place].position_lots,
            ExchangeError::NothingToSettle
        );
        account.free_perp_leg(place);
        account.void_reserve()?;
        market.assert_invariants()?;
        log_event(PnlSettled {
            account: *account.address(),
            market: *market.address(),
            amount_atoms: moved_atoms,
        });
        Ok(())
    }
}
