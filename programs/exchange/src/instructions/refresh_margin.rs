use {
    crate::{
        error::ExchangeError,
        event::MarginStated,
        perp_margin::{health_elsewhere, Known},
        MarginAccount,
    },
    anchor_lang::prelude::*,
    secant_oracle::event::log_event,
};

/// The markets of all of the account's perpetual legs follow as remaining accounts, in any order, each brought up to
/// date in this slot.
#[derive(Accounts)]
pub struct RefreshMargin {
    #[account(mut)]
    pub account: Account<MarginAccount>,
}

impl RefreshMargin {
    pub fn run(ctx: &mut Context<Self>) -> Result<()> {
        let markets = ctx.remaining_accounts()?;
        let account = &mut ctx.accounts.account;
        let clock = Clock::get()?;
        let health = health_elsewhere(account, None, &markets, &clock, Known::All)?;
        account.state_reserve(&health, clock.slot);
        log_event(MarginStated {
            account: *account.address(),
            equity_atoms: health.equity().map_err(ExchangeError::from)?,
            free_atoms: health.free_atoms,
            losses_atoms: health.losses_atoms,
            initial_atoms: health.initial_atoms,
            maintenance_atoms: health.maintenance_atoms,
        });
        Ok(())
    }
}
