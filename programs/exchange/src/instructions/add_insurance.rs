use {
    crate::{error::ExchangeError, event::InsuranceAdded, MarginAccount, PerpMarket},
    anchor_lang::prelude::*,
    secant_oracle::event::log_event,
};

#[derive(Accounts)]
pub struct AddInsurance {
    #[account(address = account.owner @ ExchangeError::OwnerMismatch)]
    pub owner: Signer,
    /// Gives the collateral, for good.
    #[account(mut)]
    pub account: Account<MarginAccount>,
    #[account(mut)]
    pub market: Account<PerpMarket>,
}

impl AddInsurance {
    pub fn run(ctx: &mut Context<Self>, amount_atoms: u64) -> Result<()> {
        let Self { account, market, .. } = &mut ctx.accounts;
        require!(
            anchor_lang::address_eq(&market.exchange, &account.exchange),
            ExchangeError::ExchangeMismatch
        );
        require!(amount_atoms > 0, ExchangeError::AmountZero);
        let amount = i64::try_from(amount_atoms).map_err(|_| ExchangeError::Overflow)?;
        account.add_cash(-amount)?;
        account.assert_invariants()?;
        market.add_insurance(amount_atoms)?;
        log_event(InsuranceAdded {
            market: *market.address(),
            account: *account.address(),
            amount_atoms,
        });
        Ok(())
    }
}
