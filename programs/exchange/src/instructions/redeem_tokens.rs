use {
    crate::token,
    crate::{
        error::ExchangeError, event::TokensRedeemed, instructions::tokenize::require_outcome_mint,
        EventMarket, Exchange,
    },
    anchor_lang::prelude::*,
    anchor_spl::token::{Mint, TokenAccount},
};

#[derive(Accounts)]
pub struct RedeemTokens {
    /// Authority of the source.
    pub holder: Signer,
    #[account(address = event.exchange @ ExchangeError::ExchangeMismatch)]
    pub exchange: Account<Exchange>,
    #[account(mut)]
    pub event: Account<EventMarket>,
    #[account(mut)]
    pub outcome_mint: Account<Mint>,
    /// Token account the outcome tokens are burned from.
    #[account(mut)]
    pub source: Account<TokenAccount>,
    #[account(mut, address = exchange.vault @ ExchangeError::VaultMismatch)]
    pub vault: Account<TokenAccount>,
    /// Token account the collateral goes to.
    #[account(mut)]
    pub destination: Account<TokenAccount>,
    pub token_program: Program<Token>,
}

impl RedeemTokens {
    pub fn run(ctx: &mut Context<Self>, outcome: u8, lots: u64) -> Result<()> {
        let Self {
            holder,
            exchange,
            event,
            outcome_mint,
            source,
            vault,
            destination,
            ..
        } = &mut ctx.accounts;
        event.require_settled()?;
        let index = event.outcome_index(outcome)?;
        require_outcome_mint(event, outcome, outcome_mint.address())?;
        require!(lots > 0, ExchangeError::AmountZero);
        require!(
            anchor_lang::address_eq(destination.mint(), &exchange.mint),
            ExchangeError::MintMismatch
        );
        let amount_atoms = lots
            .checked_mul(u64::from(event.payout_ticks[index]))
            .ok_or(ExchangeError::Overflow)?;
        let paid = i64::try_from(amount_atoms).map_err(|_| ExchangeError::Overflow)?;

        event.tokenized_lots[index] = event.tokenized_lots[index]
            .checked_sub(lots)
            .ok_or(ExchangeError::TokensInsufficient)?;
        event.add_escrow(-paid);
        event.assert_invariants()?;
        emit!(TokensRedeemed {
            event: *event.address(),
            holder: *holder.address(),
            outcome,
            lots,
            amount_atoms
        });
        token::burn(source, outcome_mint, holder.cpi_handle(), lots);
        if amount_atoms == 0 {
            return Ok(());
        }
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
