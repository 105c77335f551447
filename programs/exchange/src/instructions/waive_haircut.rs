use {
    crate::{error::ExchangeError, event::HaircutWaived, MarginAccount, PerpMarket},
    anchor_lang::prelude::*,
    secant_oracle::event::log_event,
};

#[derive(Accounts)]
pub struct WaiveHaircut {
    #[account(address = account.owner @ ExchangeError::OwnerMismatch)]
    pub owner: Signer,
    #[account(mut)]
    pub account: Account<MarginAccount>,
    #[account(mut)]
    pub market: Account<PerpMarket>,
}

impl WaiveHaircut {
    pub fn run(ctx: &mut Context<Self>) -> Result<()> {
        let Self { account, market, .. } = &mut ctx.accounts;
        let leg = account.perp_leg(market.address())?;
        let amount_atoms = market.waive_haircut(&mut account.perp_legs[leg])?;
        require!(amount_atoms > 0, ExchangeError::NothingToReturn);
        account.free_perp_leg(leg);
        account.void_reserve()?;
        market.assert_invariants()?;
        log_event(HaircutWaived {
            account: *account.address(),
            market: *market.address(),
            amount_atoms,
        });
        Ok(())
    }
}
