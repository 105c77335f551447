use {
    crate::token,
    crate::{
        error::ExchangeError, event::TokensChanged, instructions::tokenize::require_outcome_mint,
        EventMarket, MarginAccount,
    },
    anchor_lang::prelude::*,
    anchor_spl::token::{Mint, TokenAccount},
};

#[derive(Accounts)]
pub struct Detokenize {
    /// Authority of the source too: nobody can fill another's legs with tokens.
    #[account(address = account.owner @ ExchangeError::OwnerMismatch)]
    pub owner: Signer,
    #[account(mut)]
    pub account: Account<MarginAccount>,
    #[account(mut)]
    pub event: Account<EventMarket>,
    #[account(mut)]
    pub outcome_mint: Account<Mint>,
    /// Token account the outcome tokens are burned from.
    #[account(mut)]
    pub source: Account<TokenAccount>,
    pub token_program: Program<Token>,
}

impl Detokenize {
    pub fn run(ctx: &mut Context<Self>, outcome: u8, lots: u64) -> Result<()> {
        let Self {
            owner,
            account,
            event,
            outcome_mint,
            source,
            ..
        } = &mut ctx.accounts;
        require!(
            anchor_lang::address_eq(&event.exchange, &account.exchange),
            ExchangeError::ExchangeMismatch
        );
        let index = event.outcome_index(outcome)?;
        require_outcome_mint(event, outcome, outcome_mint.address())?;
        require!(lots > 0, ExchangeError::AmountZero);
        let signed_lots = i64::try_from(lots).map_err(|_| ExchangeError::Overflow)?;

        let leg = account.leg_or_open(event.address())?;
        account.add_outcome(leg, event.outcome_count(), index, signed_lots)?;
        event.tokenized_lots[index] = event.tokenized_lots[index]
            .checked_sub(lots)
            .ok_or(ExchangeError::TokensInsufficient)?;
        account.assert_invariants()?;
        emit!(TokensChanged {
            account: *account.address(),
            event: *event.address(),
            outcome,
            lots: -signed_lots
        });
        token::burn(source, outcome_mint, owner.cpi_handle(), lots);
        Ok(())
    }
}
