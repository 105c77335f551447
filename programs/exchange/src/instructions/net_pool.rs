use {
    crate::{error::ExchangeError, event::PoolNetted, EventMarket, Pool},
    anchor_lang::prelude::*,
    secant_engine::{lmsr::SOLD_MAX, quantity::signed_face_value},
    secant_oracle::event::log_event,
};

#[derive(Accounts)]
pub struct NetPool {
    #[account(mut, address = pool.event @ ExchangeError::PoolMismatch)]
    pub event: Account<EventMarket>,
    #[account(mut)]
    pub pool: Account<Pool>,
}

impl NetPool {
    pub fn run(ctx: &mut Context<Self>) -> Result<()> {
        let Self { event, pool } = &mut ctx.accounts;
        event.require_unsettled()?;
        let outcomes = event.outcome_count();
        let sets = nettable(&pool.sold_lots[..outcomes]);
        require!(sets != 0, ExchangeError::AmountZero);
        let face_atoms = signed_face_value(sets).map_err(ExchangeError::from)?;
        for sold in &mut pool.sold_lots[..outcomes] {
            *sold = sold.checked_sub(sets).ok_or(ExchangeError::Overflow)?;
        }
        pool.cash_atoms = pool
            .cash_atoms
            .checked_sub(face_atoms)
            .ok_or(ExchangeError::Overflow)?;
        event.add_escrow(face_atoms);
        pool.assert_invariants()?;
        log_event(PoolNetted {
            pool: *pool.address(),
            lots: sets,
        });
        Ok(())
    }
}

/// Complete sets among what a pool has sold (bought, if negative): all, or as many as leave every number in
/// the range of both cost functions.
fn nettable(sold_lots: &[i64]) -> i64 {
    let least = sold_lots.iter().copied().min().unwrap_or(0);
    let greatest = sold_lots.iter().copied().max().unwrap_or(0);
    // Giving back bought sets raises the others.
    least.max((greatest - SOLD_MAX as i64).min(0))
}
