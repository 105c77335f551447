use {
    crate::{
        error::ExchangeError, event::EventSettled, EventMarket, EVENT_LOCKED, EVENT_RESOLVED,
        RESOLVER_AUTHORITY,
    },
    anchor_lang::prelude::*,
};

#[derive(Accounts)]
pub struct ResolveEvent {
    #[account(address = event.resolver @ ExchangeError::ResolverMismatch)]
    pub authority: Signer,
    #[account(mut)]
    pub event: Account<EventMarket>,
}

impl ResolveEvent {
    pub fn run(ctx: &mut Context<Self>, payout_ticks: [u16; 16]) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let address = *ctx.accounts.event.address();
        let event = &mut ctx.accounts.event;
        require!(
            event.resolver_kind == RESOLVER_AUTHORITY,
            ExchangeError::ResolverMismatch
        );
        event.require_unsettled()?;
        require!(
            event.status == EVENT_LOCKED || now >= event.lock_time,
            ExchangeError::LockTooEarly
        );
        require!(now <= event.settlement_deadline, ExchangeError::DeadlinePassed);
        event.settle(EVENT_RESOLVED, payout_ticks, now)?;
        emit!(EventSettled {
            event: address,
            status: EVENT_RESOLVED,
            payout_ticks
        });
        Ok(())
    }
}
