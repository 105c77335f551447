use {
    crate::{error::ExchangeError, event::HaircutReturned, PerpMarket},
    anchor_lang::prelude::*,
    secant_oracle::event::log_event,
};

#[derive(Accounts)]
pub struct ReturnHaircut {
    #[account(mut)]
    pub market: Account<PerpMarket>,
}

impl ReturnHaircut {
    pub fn run(ctx: &mut Context<Self>) -> Result<()> {
        let market = &mut ctx.accounts.market;
        let amount_atoms = market.return_haircut(Clock::get()?.unix_timestamp)?;
        require!(amount_atoms > 0, ExchangeError::NothingToReturn);
        market.assert_invariants()?;
        log_event(HaircutReturned {
            market: *market.address(),
            amount_atoms,
        });
        Ok(())
    }
}
