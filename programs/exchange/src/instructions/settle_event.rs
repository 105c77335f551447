use {
    crate::{
        error::ExchangeError, event::EventSettled, EventMarket, EVENT_RESOLVED, EVENT_VOID, RESOLVER_RECORD,
    },
    anchor_lang::prelude::*,
    secant_engine::payout,
    secant_oracle::{Record, RECORD_DECIDED, RECORD_OPEN},
};

#[derive(Accounts)]
pub struct SettleEvent {
    #[account(mut)]
    pub event: Account<EventMarket>,
    /// CHECK: the event's record; its owner and type are checked when it is read.
    #[account(address = event.resolver @ ExchangeError::ResolverMismatch)]
    pub record: UncheckedAccount,
}

impl SettleEvent {
    pub fn run(ctx: &mut Context<Self>) -> Result<()> {
        let Self { event, record } = &mut ctx.accounts;
        require!(
            event.resolver_kind == RESOLVER_RECORD,
            ExchangeError::ResolverMismatch
        );
        event.require_unsettled()?;
        let record =
            Account::<Record>::load(*record.account()).map_err(|_| ExchangeError::ResolverInvalid)?;
        require!(record.status != RECORD_OPEN, ExchangeError::RecordUndecided);
        let (status, payout_ticks) = if record.status == RECORD_DECIDED {
            (EVENT_RESOLVED, payout::binary(u64::from(record.yes_ticks)))
        } else {
            (EVENT_VOID, payout::void(event.outcome_count()))
        };
        let payout_ticks = payout_ticks.map_err(|_| ExchangeError::PayoutInvalid)?;
        event.settle(status, payout_ticks, Clock::get()?.unix_timestamp)?;
        emit!(EventSettled {
            event: *event.address(),
            status,
            payout_ticks
        });
        Ok(())
    }
}
