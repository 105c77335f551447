use {
    crate::token,
    crate::{error::ExchangeError, event::Withdrawn, Exchange, MarginAccount},
    anchor_lang::prelude::*,
    anchor_spl::token::TokenAccount,
    secant_oracle::event::log_event,
};

#[derive(Accounts)]
pub struct Withdraw {
    #[account(address = account.owner @ ExchangeError::OwnerMismatch)]
    pub owner: Signer,
    #[account(address = account.exchange @ ExchangeError::ExchangeMismatch)]
    pub exchange: Account<Exchange>,
    #[account(mut)]
    pub account: Account<MarginAccount>,
    #[account(mut, address = exchange.vault @ ExchangeError::VaultMismatch)]
    pub vault: Account<TokenAccount>,
    /// Token account the collateral goes to.
    #[account(mut)]
    pub destination: Account<TokenAccount>,
    pub token_program: Program<Token>,
}

impl Withdraw {
    pub fn run(ctx: &mut Context<Self>, amount_atoms: u64) -> Result<()> {
        let Self {
            exchange,
            account,
            vault,
            destination,
            ..
        } = &mut ctx.accounts;
        require!(
            anchor_lang::address_eq(destination.mint(), &exchange.mint),
            ExchangeError::MintMismatch
        );
        // All of it is what the chain says when it lands: nobody's gift in between leaves a rest.
        let amount_atoms = if amount_atoms == u64::MAX {
            account.spare_atoms()?
        } else {
            amount_atoms
        };
        require!(amount_atoms > 0, ExchangeError::AmountZero);
        let amount = i64::try_from(amount_atoms).map_err(|_| ExchangeError::Overflow)?;
        account.add_cash(-amount)?;
        account.assert_invariants()?;
        log_event(Withdrawn {
            account: *account.address(),
            amount_atoms,
        });
        token::transfer(
            vault,
            destination,
            exchange.cpi_handle(),
            &[&exchange.signer_seeds()],
            amount_atoms,
        );
        Ok(())
    }
}
