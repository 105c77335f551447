use {
    crate::{error::ExchangeError, event::PauseChanged, Exchange, PAUSE_ALL},
    anchor_lang::prelude::*,
};

#[derive(Accounts)]
pub struct Pause {
    /// The pauser or the admin.
    pub pauser: Signer,
    #[account(mut)]
    pub exchange: Account<Exchange>,
}

impl Pause {
    pub fn run(ctx: &mut Context<Self>, pause_bits: u8) -> Result<()> {
        let signer = *ctx.accounts.pauser.address();
        let address = *ctx.accounts.exchange.address();
        let exchange = &mut ctx.accounts.exchange;
        require!(
            signer == exchange.pauser || signer == exchange.admin,
            ExchangeError::PauserMismatch
        );
        require!(
            pause_bits != 0 && pause_bits & !PAUSE_ALL == 0,
            ExchangeError::PauseBitsInvalid
        );
        exchange.pause_bits |= pause_bits;
        exchange.assert_invariants()?;
        emit!(PauseChanged {
            exchange: address,
            signer,
            pause_bits: exchange.pause_bits
        });
        Ok(())
    }
}
