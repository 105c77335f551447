use {
    crate::{
        error::ExchangeError, event::PoolTraded, EventMarket, Exchange, MarginAccount, Pool, PAUSE_TRADE,
    },
    anchor_lang::prelude::*,
    secant_engine::quantity::Bps,
    secant_oracle::event::log_event,
};

#[derive(Accounts)]
pub struct TradePool {
    #[account(address = account.owner @ ExchangeError::OwnerMismatch)]
    pub owner: Signer,
    #[account(address = account.exchange @ ExchangeError::ExchangeMismatch)]
    pub exchange: Account<Exchange>,
    #[account(mut)]
    pub account: Account<MarginAccount>,
    #[account(address = pool.event @ ExchangeError::PoolMismatch)]
    pub event: Account<EventMarket>,
    #[account(mut)]
    pub pool: Account<Pool>,
}

impl TradePool {
    pub fn run(ctx: &mut Context<Self>, outcome: u8, lots: i64, limit_atoms: u64) -> Result<()> {
        let Self {
            exchange,
            account,
            event,
            pool,
            ..
        } = &mut ctx.accounts;
        require!(
            anchor_lang::address_eq(&event.exchange, exchange.address()),
            ExchangeError::ExchangeMismatch
        );
        let now = Clock::get()?.unix_timestamp;
        event.require_open(now)?;
        let index = event.outcome_index(outcome)?;
        require!(lots != 0, ExchangeError::AmountZero);
        let leg = account.leg_or_open(event.address())?;
        if exchange.pause_bits & PAUSE_TRADE != 0 {
            let held = &account.event_legs[leg];
            // What a seat has not paid out yet is no position to reduce.
            require!(held.seats[index] == 0, ExchangeError::OrdersOpen);
            require!(reduces(held.lots[index], lots), ExchangeError::Paused);
        }

        let fee = account.fee_up(Bps(pool.fee_bps), now)?;
        let charge = pool.trade(index, lots, fee)?;
        let (gross_atoms, fee_atoms) = (charge.gross.0, charge.fee.0);
        let cost_atoms = if lots > 0 {
            let total_atoms = gross_atoms
                .checked_add(fee_atoms)
                .ok_or(ExchangeError::Overflow)?;
            require!(total_atoms <= limit_atoms, ExchangeError::LimitExceeded);
            gross_atoms as i64
        } else {
            require!(
                gross_atoms - fee_atoms >= limit_atoms,
                ExchangeError::LimitExceeded
            );
            -(gross_atoms as i64)
        };
        account.add_outcome(leg, event.outcome_count(), index, lots)?;
        account.add_cash(-cost_atoms)?;
        account.add_cash(-(fee_atoms as i64))?; // a fee is below the cost's face value
        account.add_volume(charge.volume, now)?;
        account.assert_invariants()?;
        log_event(PoolTraded {
            pool: *pool.address(),
            account: *account.address(),
            lots,
            cost_atoms,
            fee_atoms,
            outcome: u64::from(outcome),
        });
        Ok(())
    }
}

/// Whether a trade only brings `position` nearer to zero.
fn reduces(position: i64, lots: i64) -> bool {
    position.signum() == -lots.signum() && lots.unsigned_abs() <= position.unsigned_abs()
}
