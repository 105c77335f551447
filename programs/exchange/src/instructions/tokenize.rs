use {
    crate::token,
    crate::{
        error::ExchangeError, event::TokensChanged, EventMarket, Exchange, MarginAccount, PAUSE_TOKENIZE,
        PAUSE_TRADE,
    },
    anchor_lang::prelude::*,
    anchor_spl::token::{Mint, TokenAccount},
};

#[derive(Accounts)]
pub struct Tokenize {
    #[account(address = account.owner @ ExchangeError::OwnerMismatch)]
    pub owner: Signer,
    #[account(address = account.exchange @ ExchangeError::ExchangeMismatch)]
    pub exchange: Account<Exchange>,
    #[account(mut)]
    pub account: Account<MarginAccount>,
    #[account(mut)]
    pub event: Account<EventMarket>,
    #[account(mut)]
    pub outcome_mint: Account<Mint>,
    /// Token account that receives the outcome tokens.
    #[account(mut)]
    pub destination: Account<TokenAccount>,
    pub token_program: Program<Token>,
}

impl Tokenize {
    pub fn run(ctx: &mut Context<Self>, outcome: u8, lots: u64) -> Result<()> {
        let Self {
            exchange,
            account,
            event,
            outcome_mint,
            destination,
            ..
        } = &mut ctx.accounts;
        exchange.require_running(PAUSE_TOKENIZE)?;
        require!(
            anchor_lang::address_eq(&event.exchange, exchange.address()),
            ExchangeError::ExchangeMismatch
        );
        event.require_unsettled()?;
        let index = event.outcome_index(outcome)?;
        require_outcome_mint(event, outcome, outcome_mint.address())?;
        require!(lots > 0, ExchangeError::AmountZero);
        let signed_lots = i64::try_from(lots).map_err(|_| ExchangeError::Overflow)?;

        let leg = account.leg_or_open(event.address())?;
        let held = &account.event_legs[leg];
        if held.lots[index] < signed_lots || held.seats[index] != 0 {
            // Shares that are not held, or may be sold in a book already, are written: a new position, and
            // its tokens can be sold at once.
            event.require_open(Clock::get()?.unix_timestamp)?;
            exchange.require_running(PAUSE_TRADE)?;
        }
        account.add_outcome(leg, event.outcome_count(), index, -signed_lots)?;
        event.tokenized_lots[index] = event.tokenized_lots[index]
            .checked_add(lots)
            .ok_or(ExchangeError::Overflow)?;
        account.assert_invariants()?;
        emit!(TokensChanged {
            account: *account.address(),
            event: *event.address(),
            outcome,
            lots: signed_lots
        });
        token::mint_to(
            outcome_mint,
            destination,
            event.cpi_handle(),
            &[&event.signer_seeds()],
            lots,
        );
        Ok(())
    }
}

/// Refuses any mint but the one this event creates for the outcome.
pub(crate) fn require_outcome_mint(event: &Account<EventMarket>, outcome: u8, mint: &Address) -> Result<()> {
    let bump = event.mint_bumps[usize::from(outcome)];
    let seeds: [&[u8]; 4] = [b"outcome", event.address().as_ref(), &[outcome], &[bump]];
    anchor_lang::verify_program_address(&seeds, &crate::ID, mint)
        .map_err(|_| ExchangeError::OutcomeMintMismatch.into())
}
