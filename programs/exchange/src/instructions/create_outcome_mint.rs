use {
    crate::EventMarket,
    anchor_lang::prelude::*,
    anchor_spl::mint::{self, Mint},
};

#[derive(Accounts)]
#[instruction(outcome: u8)]
pub struct CreateOutcomeMint {
    #[account(mut)]
    pub payer: Signer,
    #[account(mut)]
    pub event: Account<EventMarket>,
    #[account(
        init,
        payer = payer,
        mint::decimals = 2,
        mint::authority = event,
        seeds = [b"outcome", event.address().as_ref(), &outcome.to_le_bytes()],
        bump
    )]
    pub outcome_mint: Account<Mint>,
    pub token_program: Program<Token>,
    pub system_program: Program<System>,
}

impl CreateOutcomeMint {
    pub fn run(ctx: &mut Context<Self>, outcome: u8) -> Result<()> {
        let event = &mut ctx.accounts.event;
        let outcome = event.outcome_index(outcome)?;
        event.mint_bumps[outcome] = ctx.bumps.outcome_mint;
        event.assert_invariants()
    }
}
