use {
    crate::{error::ExchangeError, event::AccountClosed, MarginAccount},
    anchor_lang::prelude::*,
};

#[derive(Accounts)]
pub struct CloseAccount {
    #[account(mut, address = account.owner @ ExchangeError::OwnerMismatch)]
    pub owner: Signer,
    #[account(mut, close = owner)]
    pub account: Account<MarginAccount>,
}

impl CloseAccount {
    pub fn run(ctx: &mut Context<Self>) -> Result<()> {
        require!(ctx.accounts.account.is_empty(), ExchangeError::AccountNotEmpty);
        emit!(AccountClosed {
            account: *ctx.accounts.account.address()
        });
        Ok(())
    }
}
