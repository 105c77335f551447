use {
    crate::{event::AccountOpened, Exchange, MarginAccount},
    anchor_lang::prelude::*,
};

#[derive(Accounts)]
#[instruction(owner: Address, index: u8)]
pub struct OpenAccount {
    #[account(mut)]
    pub payer: Signer,
    pub exchange: Account<Exchange>,
    #[account(
        init,
        payer = payer,
        space = 8 + core::mem::size_of::<MarginAccount>(),
        seeds = [b"margin", exchange.address().as_ref(), owner.as_ref(), &index.to_le_bytes()],
        bump
    )]
    pub account: Account<MarginAccount>,
    pub system_program: Program<System>,
}

impl OpenAccount {
    pub fn run(ctx: &mut Context<Self>, owner: Address, index: u8) -> Result<()> {
        let exchange = *ctx.accounts.exchange.address();
        let address = *ctx.accounts.account.address();
        let account = &mut ctx.accounts.account;
        account.exchange = exchange;
        account.owner = owner;
        account.index = index;
        account.bump = ctx.bumps.account;
        account.layout = 1;
        account.assert_invariants()?;
        emit!(AccountOpened {
            account: address,
            owner
        });
        Ok(())
    }
}
