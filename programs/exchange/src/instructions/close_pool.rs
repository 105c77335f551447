use {
    crate::{error::ExchangeError, event::PoolClosed, EventMarket, Exchange, MarginAccount, Pool},
    anchor_lang::prelude::*,
    secant_engine::payout,
};

#[derive(Accounts)]
pub struct ClosePool {
    /// CHECK: gets the rent; must sign unless the event is settled.
    #[account(mut, address = pool.creator @ ExchangeError::CreatorMismatch)]
    pub creator: UncheckedAccount,
    #[account(mut, address = account.exchange @ ExchangeError::ExchangeMismatch)]
    pub exchange: Account<Exchange>,
    /// The margin account that funded the pool; it and the pool's event are of one exchange since then.
    #[account(mut, address = pool.account @ ExchangeError::AccountMismatch)]
    pub account: Account<MarginAccount>,
    #[account(mut, address = pool.event @ ExchangeError::PoolMismatch)]
    pub event: Account<EventMarket>,
    #[account(mut, close = creator)]
    pub pool: Account<Pool>,
}

impl ClosePool {
    pub fn run(ctx: &mut Context<Self>) -> Result<()> {
        let Self {
            creator,
            exchange,
            account,
            event,
            pool,
        } = &mut ctx.accounts;
        let outcomes = event.outcome_count();
        let returned_atoms = if event.is_settled() {
            let owed_atoms = payout::value_atoms(&pool.sold_lots[..outcomes], &event.payout_ticks)
                .map_err(ExchangeError::from)?;
            event.add_escrow(owed_atoms);
            pool.cash_atoms
                .checked_sub(owed_atoms)
                .ok_or(ExchangeError::Overflow)?
        } else {
            require!(creator.account().is_signer(), ExchangeError::CreatorMismatch);
            take_over(account, event.address(), &pool.sold_lots, outcomes)?;
            pool.cash_atoms
        };
        account.add_cash(returned_atoms)?;
        exchange.fees_atoms = exchange
            .fees_atoms
            .checked_add(pool.fees_atoms)
            .ok_or(ExchangeError::Overflow)?;
        account.assert_invariants()?;
        emit!(PoolClosed {
            pool: *pool.address(),
            returned_atoms
        });
        Ok(())
    }
}

/// Gives the account the pool's position: short what the pool has sold.
fn take_over(account: &mut MarginAccount, event: &Address, sold_lots: &[i64], outcomes: usize) -> Result<()> {
    if sold_lots.iter().all(|lots| *lots == 0) {
        return Ok(());
    }
    let leg = account.leg_or_open(event)?;
    account.sub_outcomes(leg, outcomes, sold_lots)
}
