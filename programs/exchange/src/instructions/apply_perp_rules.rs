use {
    crate::{error::ExchangeError, event::PerpRulesApplied, PerpMarket},
    anchor_lang::prelude::*,
};

#[derive(Accounts)]
pub struct ApplyPerpRules {
    #[account(mut)]
    pub market: Account<PerpMarket>,
}

impl ApplyPerpRules {
    pub fn run(ctx: &mut Context<Self>) -> Result<()> {
        let market = &mut ctx.accounts.market;
        let now = Clock::get()?.unix_timestamp;
        let is_due = market.rules_time != 0 && now >= market.rules_time;
        require!(is_due, ExchangeError::NoticeRunning);
        market.rules = market.next_rules;
        market.rules_time = 0;
        emit!(PerpRulesApplied {
            market: *market.address(),
        });
        Ok(())
    }
}
