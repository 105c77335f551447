use {
    crate::{error::ExchangeError, Exchange, PerpMarket},
    anchor_lang::prelude::*,
};

#[derive(Accounts)]
pub struct CollectPerpFees {
    #[account(mut, address = market.exchange @ ExchangeError::ExchangeMismatch)]
    pub exchange: Account<Exchange>,
    #[account(mut)]
    pub market: Account<PerpMarket>,
}

impl CollectPerpFees {
    pub fn run(ctx: &mut Context<Self>) -> Result<()> {
        let Self { exchange, market } = &mut ctx.accounts;
        market.pay_dues();
        let fees_atoms = core::mem::take(&mut market.fees_atoms);
        require!(fees_atoms > 0, ExchangeError::AmountZero);
        exchange.fees_atoms = exchange
            .fees_atoms
            .checked_add(fees_atoms)
            .ok_or(ExchangeError::Overflow)?;
        Ok(())
    }
}
