use {
    crate::{error::ExchangeError, event::ExchangeInitialized, Exchange},
    anchor_lang::prelude::*,
    anchor_spl::token::{self, Mint, TokenAccount},
};

#[derive(Accounts)]
pub struct Initialize {
    /// Becomes the admin and pays the rent.
    #[account(mut)]
    pub admin: Signer,
    pub mint: Account<Mint>,
    #[account(
        init,
        payer = admin,
        space = 8 + core::mem::size_of::<Exchange>(),
        seeds = [b"exchange", mint.address().as_ref(), admin.address().as_ref()],
        bump
    )]
    pub exchange: Account<Exchange>,
    #[account(
        init,
        payer = admin,
        token::mint = mint,
        token::authority = exchange,
        seeds = [b"vault", exchange.address().as_ref()],
        bump
    )]
    pub vault: Account<TokenAccount>,
    /// Token account that fees are paid to.
    pub treasury: Account<TokenAccount>,
    pub token_program: Program<Token>,
    pub system_program: Program<System>,
}

impl Initialize {
    pub fn run(ctx: &mut Context<Self>, pauser: Address, fee_bps: u16) -> Result<()> {
        let mint = *ctx.accounts.mint.address();
        let vault = *ctx.accounts.vault.address();
        let treasury = *ctx.accounts.treasury.address();
        require!(ctx.accounts.mint.decimals() == 6, ExchangeError::DecimalsInvalid);
        require!(*ctx.accounts.treasury.mint() == mint, ExchangeError::MintMismatch);
        require!(treasury != vault, ExchangeError::TreasuryMismatch);

        let admin = *ctx.accounts.admin.address();
        let exchange_address = *ctx.accounts.exchange.address();
        let exchange = &mut ctx.accounts.exchange;
        exchange.admin = admin;
        exchange.pauser = pauser;
        exchange.mint = mint;
        exchange.vault = vault;
        exchange.treasury = treasury;
        exchange.fee_bps = fee_bps;
        exchange.bump = ctx.bumps.exchange;
        exchange.layout = 1;
        exchange.assert_invariants()?;
        emit!(ExchangeInitialized {
            exchange: exchange_address,
            admin,
            mint
        });
        Ok(())
    }
}
