use {
    crate::{
        clock::{unix_timestamp, CLOCK_ID},
        error::OracleError,
        event::{log_event, RecordDecided},
        Feed, Record, DRIFT_MAX_S, RECORD_DECIDED, RECORD_OPEN, RECORD_VOID,
    },
    anchor_lang::prelude::*,
    secant_engine::{
        feed::{aggregate, clamp_step, Sample},
        statistic::{Evidence, Finding, Terms},
    },
};

#[derive(Accounts)]
pub struct Observe {
    /// The clock's sysvar.
    #[account(address = CLOCK_ID @ OracleError::ClockInvalid)]
    pub clock: UncheckedAccount,
    pub feed: Account<Feed>,
    #[account(mut)]
    pub record: Account<Record>,
}

impl Observe {
    pub fn run(ctx: &mut Context<Self>) -> Result<()> {
        let Self { clock, feed, record } = &mut ctx.accounts;
        require!(
            anchor_lang::address_eq(&record.feed, feed.address()),
            OracleError::FeedMismatch
        );
        let now = unix_timestamp(clock.account())?;
        let terms = record.terms.statistic_terms()?;
        let width_max = record.terms.width_max;
        let sample = aggregate(feed.readings_set(), usize::from(feed.quorum), width_max)
            .map_err(OracleError::of_fault)?;

        let staleness_s = i64::from(feed.staleness_s);
        let is_fresh = |sample: &Sample| {
            sample.time >= now.saturating_sub(staleness_s) && sample.time <= now.saturating_add(DRIFT_MAX_S)
        };
        let fresh = sample.filter(is_fresh);
        let mut evidence = record.evidence();
        if let Some(sample) = fresh {
            take_in(record, &mut evidence, &terms, sample, feed.step_max)?;
        }
        // A fresh sample from after the window, or a clock beyond any that could still be fresh, proves
        // that no further sample of the window can come.
        let over = fresh.is_some_and(|sample| sample.time > terms.end)
            || now > terms.end.saturating_add(staleness_s);
        if record.status == RECORD_OPEN {
            decide(record, &evidence, &terms, over, now)?;
        }
        record.assert_invariants()
    }
}

fn take_in(
    record: &mut Account<Record>,
    evidence: &mut Evidence,
    terms: &Terms,
    sample: Sample,
    step_max: u64,
) -> Result<()> {
    if sample.time < terms.start || sample.time > terms.end || sample.time <= evidence.last_time {
        return Ok(());
    }
    let newly_seen = sample.time > record.seen_time;
    record.seen_time = record.seen_time.max(sample.time);
    let Some(value) = sample.value else {
        record.rejected += u64::from(newly_seen);
        return Ok(());
    };
    let first = evidence.accepted == 0;
    if evidence
        .accept(terms, sample.time, value)
        .map_err(OracleError::of_fault)?
    {
        record.clamped_value = if first {
            value
        } else {
            clamp_step(record.clamped_value, value, step_max)
        };
        if !newly_seen {
            record.rejected -= 1; // it was refused before, with fewer readings
        }
        record.evidence_hash = chain(&record.evidence_hash, sample.time, value);
        record.set_evidence(evidence);
    }
    Ok(())
}

fn chain(before: &[u8; 32], time: i64, value: i64) -> [u8; 32] {
    let mut bytes = [0; 48];
    bytes[..32].copy_from_slice(before);
    bytes[32..40].copy_from_slice(&time.to_le_bytes());
    bytes[40..].copy_from_slice(&value.to_le_bytes());
    sha256(&bytes)
}

fn decide(
    record: &mut Account<Record>,
    evidence: &Evidence,
    terms: &Terms,
    over: bool,
    now: i64,
) -> Result<()> {
    // A statistic beyond its integer voids: every record can be decided.
    let finding = match evidence.finding_early(terms) {
        Some(finding) => finding,
        None if over => evidence.finding_at_end(terms).unwrap_or(Finding::Void),
        None => return Ok(()),
    };
    let yes_ticks = record.terms.payout_rule()?.yes_ticks(finding).unwrap_or(None);
    (record.status, record.yes_ticks) = match yes_ticks {
        Some(ticks) => (RECORD_DECIDED, ticks as u16), // at most 10,000
        None => (RECORD_VOID, 0),
    };
    record.decided_time = now.max(1);
    log_event(RecordDecided {
        record: *record.address(),
        status: u32::from(record.status),
        yes_ticks: u32::from(record.yes_ticks),
    });
    Ok(())
}
