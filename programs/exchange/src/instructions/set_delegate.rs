use {
    crate::{error::ExchangeError, event::DelegateSet, MarginAccount},
    anchor_lang::prelude::*,
};

#[derive(Accounts)]
pub struct SetDelegate {
    #[account(address = account.owner @ ExchangeError::OwnerMismatch)]
    pub owner: Signer,
    #[account(mut)]
    pub account: Account<MarginAccount>,
}

impl SetDelegate {
    pub fn run(ctx: &mut Context<Self>, delegate: Address) -> Result<()> {
        let account = &mut ctx.accounts.account;
        account.delegate = delegate;
        emit!(DelegateSet {
            account: *account.address(),
            delegate,
        });
        Ok(())
    }
}
