use {
    crate::{error::ExchangeError, event::Transferred, MarginAccount},
    anchor_lang::prelude::*,
    secant_oracle::event::log_event,
};

#[derive(Accounts)]
pub struct Transfer {
    #[account(address = source.owner @ ExchangeError::OwnerMismatch)]
    pub owner: Signer,
    #[account(mut)]
    pub source: Account<MarginAccount>,
    /// Of the same owner and exchange.
    #[account(mut)]
    pub destination: Account<MarginAccount>,
}

impl Transfer {
    pub fn run(ctx: &mut Context<Self>, amount_atoms: u64) -> Result<()> {
        let Self {
            owner,
            source,
            destination,
        } = &mut ctx.accounts;
        require!(
            anchor_lang::address_eq(&destination.owner, owner.address()),
            ExchangeError::OwnerMismatch
        );
        require!(
            anchor_lang::address_eq(&destination.exchange, &source.exchange),
            ExchangeError::ExchangeMismatch
        );
        require!(amount_atoms > 0, ExchangeError::AmountZero);
        let amount = i64::try_from(amount_atoms).map_err(|_| ExchangeError::Overflow)?;
        source.add_cash(-amount)?;
        source.assert_invariants()?;
        destination.add_cash(amount)?;
        destination.assert_invariants()?;
        log_event(Transferred {
            source: *source.address(),
            destination: *destination.address(),
            amount_atoms,
        });
        Ok(())
    }
}
