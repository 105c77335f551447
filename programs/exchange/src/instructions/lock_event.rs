use {
    crate::{
        error::ExchangeError, event::EventLocked, EventMarket, EVENT_LOCKED, EVENT_OPEN, RESOLVER_AUTHORITY,
    },
    anchor_lang::prelude::*,
};

#[derive(Accounts)]
pub struct LockEvent {
    /// Anyone from the lock time on; before it the event's authority.
    pub locker: Signer,
    #[account(mut)]
    pub event: Account<EventMarket>,
}

impl LockEvent {
    pub fn run(ctx: &mut Context<Self>) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let locker = *ctx.accounts.locker.address();
        let address = *ctx.accounts.event.address();
        let event = &mut ctx.accounts.event;
        require!(event.status == EVENT_OPEN, ExchangeError::EventLocked);
        let authority = event.resolver_kind == RESOLVER_AUTHORITY && locker == event.resolver;
        require!(now >= event.lock_time || authority, ExchangeError::LockTooEarly);
        event.status = EVENT_LOCKED;
        event.assert_invariants()?;
        emit!(EventLocked {
            event: address,
            locker
        });
        Ok(())
    }
}
