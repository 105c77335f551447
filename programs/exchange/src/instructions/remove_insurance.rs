use {
    crate::{error::ExchangeError, event::InsuranceRemoved, Exchange, MarginAccount, PerpMarket},
    anchor_lang::prelude::*,
};

#[derive(Accounts)]
pub struct RemoveInsurance {
    #[account(address = exchange.admin @ ExchangeError::AdminMismatch)]
    pub admin: Signer,
    #[account(address = market.exchange @ ExchangeError::ExchangeMismatch)]
    pub exchange: Account<Exchange>,
    #[account(mut)]
    pub market: Account<PerpMarket>,
    /// The admin's, of the same exchange.
    #[account(mut)]
    pub account: Account<MarginAccount>,
}

impl RemoveInsurance {
    pub fn run(ctx: &mut Context<Self>, amount_atoms: u64) -> Result<()> {
        let Self {
            admin,
            exchange,
            market,
            account,
        } = &mut ctx.accounts;
        require!(
            anchor_lang::address_eq(&account.exchange, exchange.address()),
            ExchangeError::ExchangeMismatch
        );
        require!(
            anchor_lang::address_eq(&account.owner, admin.address()),
            ExchangeError::OwnerMismatch
        );
        require!(amount_atoms > 0, ExchangeError::AmountZero);
        let now = Clock::get()?.unix_timestamp;
        let removed_atoms = market.remove_insurance(amount_atoms, now)?;
        require!(
            removed_atoms == amount_atoms,
            ExchangeError::InsuranceInsufficient
        );
        account.add_cash(amount_atoms as i64)?;
        account.assert_invariants()?;
        emit!(InsuranceRemoved {
            market: *market.address(),
            account: *account.address(),
            amount_atoms,
        });
        Ok(())
    }
}
