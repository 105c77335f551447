use {
    crate::{error::ExchangeError, event::PerpPauseChanged, Exchange, PerpMarket, PERP_PAUSE_ALL},
    anchor_lang::prelude::*,
};

#[derive(Accounts)]
pub struct PausePerp {
    /// The pauser or the admin.
    pub pauser: Signer,
    #[account(address = market.exchange @ ExchangeError::ExchangeMismatch)]
    pub exchange: Account<Exchange>,
    #[account(mut)]
    pub market: Account<PerpMarket>,
}

impl PausePerp {
    pub fn run(ctx: &mut Context<Self>, pause_bits: u8) -> Result<()> {
        let Self {
            pauser,
            exchange,
            market,
        } = &mut ctx.accounts;
        let signer = *pauser.address();
        require!(
            signer == exchange.pauser || signer == exchange.admin,
            ExchangeError::PauserMismatch
        );
        require!(
            pause_bits != 0 && pause_bits & !PERP_PAUSE_ALL == 0,
            ExchangeError::PauseBitsInvalid
        );
        market.pause_bits |= pause_bits;
        market.assert_invariants()?;
        emit!(PerpPauseChanged {
            market: *market.address(),
            signer,
            pause_bits: market.pause_bits,
        });
        Ok(())
    }
}
