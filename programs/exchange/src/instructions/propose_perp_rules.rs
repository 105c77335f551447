use {
    crate::{error::ExchangeError, event::PerpRulesProposed, Exchange, PerpMarket, PerpRules, NOTICE_S},
    anchor_lang::prelude::*,
};

#[derive(Accounts)]
pub struct ProposePerpRules {
    #[account(address = exchange.admin @ ExchangeError::AdminMismatch)]
    pub admin: Signer,
    #[account(address = market.exchange @ ExchangeError::ExchangeMismatch)]
    pub exchange: Account<Exchange>,
    #[account(mut)]
    pub market: Account<PerpMarket>,
}

impl ProposePerpRules {
    pub fn run(ctx: &mut Context<Self>, rules: PerpRules) -> Result<()> {
        let market = &mut ctx.accounts.market;
        rules.require_sound()?;
        // What positions are counted in stays as long as there are positions.
        let before = &market.rules;
        let kept = rules.units_per_tick == before.units_per_tick
            && rules.face_ticks == before.face_ticks
            && rules.lots_min == before.lots_min;
        require!(kept, ExchangeError::PerpRulesInvalid);
        let now = Clock::get()?.unix_timestamp;
        market.next_rules = rules;
        market.rules_time = now.saturating_add(NOTICE_S);
        emit!(PerpRulesProposed {
            market: *market.address(),
            rules_time: market.rules_time,
        });
        Ok(())
    }
}
