use {
    crate::{error::ExchangeError, event::PauseChanged, Exchange, PAUSE_ALL},
    anchor_lang::prelude::*,
};

#[derive(Accounts)]
pub struct Unpause {
    #[account(address = exchange.admin @ ExchangeError::AdminMismatch)]
    pub admin: Signer,
    #[account(mut)]
    pub exchange: Account<Exchange>,
}

impl Unpause {
    pub fn run(ctx: &mut Context<Self>, pause_bits: u8) -> Result<()> {
        let signer = *ctx.accounts.admin.address();
        let address = *ctx.accounts.exchange.address();
        require!(
            pause_bits != 0 && pause_bits & !PAUSE_ALL == 0,
            ExchangeError::PauseBitsInvalid
        );
        let exchange = &mut ctx.accounts.exchange;
        exchange.pause_bits &= !pause_bits;
        exchange.assert_invariants()?;
        emit!(PauseChanged {
            exchange: address,
            signer,
            pause_bits: exchange.pause_bits
        });
        Ok(())
    }
}
