use {
    crate::token,
    crate::{error::ExchangeError, event::Deposited, Exchange, MarginAccount, PAUSE_DEPOSIT},
    anchor_lang::prelude::*,
    anchor_spl::token::TokenAccount,
    secant_oracle::event::log_event,
};

#[derive(Accounts)]
pub struct Deposit {
    /// Authority of the source; need not own the margin account.
    pub depositor: Signer,
    #[account(address = account.exchange @ ExchangeError::ExchangeMismatch)]
    pub exchange: Account<Exchange>,
    #[account(mut)]
    pub account: Account<MarginAccount>,
    /// Token account the collateral comes from.
    #[account(mut)]
    pub source: Account<TokenAccount>,
    #[account(mut, address = exchange.vault @ ExchangeError::VaultMismatch)]
    pub vault: Account<TokenAccount>,
    pub token_program: Program<Token>,
}

impl Deposit {
    pub fn run(ctx: &mut Context<Self>, amount_atoms: u64) -> Result<()> {
        let Self {
            depositor,
            exchange,
            account,
            source,
            vault,
            ..
        } = &mut ctx.accounts;
        exchange.require_running(PAUSE_DEPOSIT)?;
        require!(amount_atoms > 0, ExchangeError::AmountZero);
        require!(
            anchor_lang::address_eq(source.mint(), &exchange.mint),
            ExchangeError::MintMismatch
        );
        let amount = i64::try_from(amount_atoms).map_err(|_| ExchangeError::Overflow)?;
        account.add_cash(amount)?;
        account.assert_invariants()?;
        log_event(Deposited {
            account: *account.address(),
            amount_atoms,
        });
        token::transfer(source, vault, depositor.cpi_handle(), &[], amount_atoms);
        Ok(())
    }
}
