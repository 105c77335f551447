use {
    crate::{
        error::ExchangeError, event::EventCreated, EventMarket, Exchange, EVENT_OPEN, PAUSE_CREATE,
        RESOLVER_AUTHORITY, RESOLVER_RECORD,
    },
    anchor_lang::prelude::*,
    secant_engine::quantity::OUTCOMES_MAX,
    secant_oracle::{Record, RECORD_OPEN},
};

/// Two days between a record's end and the settlement deadline: one for the last sample to grow stale,
/// one to settle.
const SETTLEMENT_NOTICE_S: i64 = 2 * 86_400;

/// Three years: the farthest settlement deadline.
const HORIZON_S: i64 = 3 * 366 * 86_400;

#[derive(Accounts)]
#[instruction(event_id: [u8; 32])]
pub struct CreateEvent {
    /// Pays the rent; may be the resolver too.
    #[account(unsafe(dup))]
    pub creator: Signer,
    pub exchange: Account<Exchange>,
    /// CHECK: a record of the oracle program, or any key that will sign the payout vector.
    pub resolver: UncheckedAccount,
    #[account(
        init,
        payer = creator,
        space = 8 + core::mem::size_of::<EventMarket>(),
        seeds = [b"event", exchange.address().as_ref(), creator.address().as_ref(), event_id.as_ref()],
        bump
    )]
    pub event: Account<EventMarket>,
    pub system_program: Program<System>,
}

impl CreateEvent {
    #[allow(clippy::too_many_arguments)] // one an instruction argument
    pub fn run(
        ctx: &mut Context<Self>,
        event_id: [u8; 32],
        resolver_kind: u8,
        lock_time: i64,
        settlement_deadline: i64,
        title: [u8; 64],
        labels: &[[u8; 16]],
    ) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        ctx.accounts.exchange.require_running(PAUSE_CREATE)?;
        require!(
            (2..=OUTCOMES_MAX).contains(&labels.len()),
            ExchangeError::OutcomesInvalid
        );
        require!(
            now < lock_time
                && lock_time < settlement_deadline
                && settlement_deadline <= now.saturating_add(HORIZON_S),
            ExchangeError::TimesInvalid
        );
        check_resolver(
            &ctx.accounts.resolver,
            resolver_kind,
            labels.len(),
            lock_time,
            settlement_deadline,
        )?;

        let creator = *ctx.accounts.creator.address();
        let exchange = *ctx.accounts.exchange.address();
        let resolver = *ctx.accounts.resolver.address();
        let address = *ctx.accounts.event.address();
        let event = &mut ctx.accounts.event;
        event.exchange = exchange;
        event.creator = creator;
        event.resolver = resolver;
        event.event_id = event_id;
        event.title = title;
        event.labels[..labels.len()].copy_from_slice(labels);
        event.lock_time = lock_time;
        event.settlement_deadline = settlement_deadline;
        event.outcomes = labels.len() as u8; // at most 16, checked
        event.resolver_kind = resolver_kind;
        event.status = EVENT_OPEN;
        event.bump = ctx.bumps.event;
        event.layout = 1;
        event.assert_invariants()?;
        emit!(EventCreated {
            event: address,
            creator,
            outcomes: event.outcomes
        });
        Ok(())
    }
}

fn check_resolver(
    resolver: &UncheckedAccount,
    resolver_kind: u8,
    outcomes: usize,
    lock_time: i64,
    settlement_deadline: i64,
) -> Result<()> {
    match resolver_kind {
        RESOLVER_AUTHORITY => Ok(()),
        RESOLVER_RECORD => {
            let record =
                Account::<Record>::load(*resolver.account()).map_err(|_| ExchangeError::ResolverInvalid)?;
            require!(outcomes == 2, ExchangeError::OutcomesInvalid);
            require!(
                record.status == RECORD_OPEN
                    && lock_time <= record.terms.end
                    && record.terms.end.saturating_add(SETTLEMENT_NOTICE_S) <= settlement_deadline,
                ExchangeError::RecordUnfit
            );
            Ok(())
        }
        _ => Err(ExchangeError::ResolverInvalid.into()),
    }
}
