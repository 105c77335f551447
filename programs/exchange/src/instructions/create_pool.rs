use {
    crate::{
        error::ExchangeError, event::PoolCreated, EventMarket, Exchange, MarginAccount, Pool, PAUSE_CREATE,
    },
    anchor_lang::prelude::*,
    secant_engine::quantity::Lots,
};

#[derive(Accounts)]
pub struct CreatePool {
    /// Owner of the margin account that funds the pool; pays the rent.
    #[account(mut, address = account.owner @ ExchangeError::OwnerMismatch)]
    pub creator: Signer,
    #[account(address = account.exchange @ ExchangeError::ExchangeMismatch)]
    pub exchange: Account<Exchange>,
    #[account(mut)]
    pub account: Account<MarginAccount>,
    pub event: Account<EventMarket>,
    #[account(
        init,
        payer = creator,
        space = 8 + core::mem::size_of::<Pool>(),
        seeds = [b"pool", event.address().as_ref(), creator.address().as_ref()],
        bump
    )]
    pub pool: Account<Pool>,
    pub system_program: Program<System>,
}

impl CreatePool {
    pub fn run(ctx: &mut Context<Self>, kind: u8, liquidity_lots: u64) -> Result<()> {
        let bump = ctx.bumps.pool;
        let Self {
            creator,
            exchange,
            account,
            event,
            pool,
            ..
        } = &mut ctx.accounts;
        exchange.require_running(PAUSE_CREATE)?;
        require!(
            anchor_lang::address_eq(&event.exchange, exchange.address()),
            ExchangeError::ExchangeMismatch
        );
        event.require_open(Clock::get()?.unix_timestamp)?;
        let funding_atoms = Pool::funding_up(kind, Lots(liquidity_lots), event.outcome_count())?.0;
        let funding = i64::try_from(funding_atoms).map_err(|_| ExchangeError::Overflow)?;

        pool.event = *event.address();
        pool.creator = *creator.address();
        pool.account = *account.address();
        pool.cash_atoms = funding;
        pool.liquidity_lots = liquidity_lots;
        pool.fee_bps = exchange.fee_bps;
        pool.kind = kind;
        pool.outcomes = event.outcomes;
        pool.bump = bump;
        pool.layout = 1;
        account.add_cash(-funding)?;
        pool.assert_invariants()?;
        account.assert_invariants()?;
        emit!(PoolCreated {
            pool: *pool.address(),
            event: *event.address(),
            funding_atoms
        });
        Ok(())
    }
}
