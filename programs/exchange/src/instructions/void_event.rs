use {
    crate::{error::ExchangeError, event::EventSettled, EventMarket, EVENT_VOID, RESOLVER_RECORD},
    anchor_lang::prelude::*,
    secant_engine::payout,
    secant_oracle::{Record, RECORD_DECIDED},
};

#[derive(Accounts)]
pub struct VoidEvent {
    #[account(mut)]
    pub event: Account<EventMarket>,
    /// CHECK: the event's resolver, so that a decided record is not voided past.
    #[account(address = event.resolver @ ExchangeError::ResolverMismatch)]
    pub resolver: UncheckedAccount,
}

impl VoidEvent {
    pub fn run(ctx: &mut Context<Self>) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let Self { event, resolver } = &mut ctx.accounts;
        event.require_unsettled()?;
        require!(now > event.settlement_deadline, ExchangeError::DeadlineNotPassed);
        if event.resolver_kind == RESOLVER_RECORD {
            let record =
                Account::<Record>::load(*resolver.account()).map_err(|_| ExchangeError::ResolverInvalid)?;
            require!(record.status != RECORD_DECIDED, ExchangeError::RecordDecided);
        }
        let payout_ticks = payout::void(event.outcome_count()).map_err(|_| ExchangeError::PayoutInvalid)?;
        event.settle(EVENT_VOID, payout_ticks, now)?;
        emit!(EventSettled {
            event: *event.address(),
            status: EVENT_VOID,
            payout_ticks
        });
        Ok(())
    }
}
