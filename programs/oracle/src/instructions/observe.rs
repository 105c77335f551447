use {
    crate::{
        error::OracleError, event::RecordDecided, Feed, Record, DRIFT_MAX_S, RECORD_DECIDED, RECORD_OPEN,
        RECORD_VOID,
    },
    anchor_lang::prelude::*,
    secant_engine::{
        feed::{aggregate, clamp_step, Sample},
        statistic::{Evidence, Terms},
    },
};

#[derive(Accounts)]
pub struct Observe {
    pub feed: Account<Feed>,
    #[account(mut)]
    pub record: Account<Record>,
}

impl Observe {
    pub fn run(ctx: &mut Context<Self>) -> Result<()> {
        let Self { feed, record } = &mut ctx.accounts;
        require!(
            anchor_lang::address_eq(&record.feed, feed.address()),
            OracleError::FeedMismatch
        );
        let now = Clock::get()?.unix_timestamp;
        let terms = record.terms.statistic_terms()?;
        let width_max = record.terms.width_max;
        let sample = aggregate(
            feed.readings_set(),
            usize::from(feed.quorum),
            feed.staleness_s,
            width_max,
        )
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
    let finding = if over {
        evidence.finding_at_end(terms)
    } else {
        match evidence.finding_early(terms) {
            Some(finding) => Ok(finding),
            None => return Ok(()),
        }
    };
    let payout = record.terms.payout_rule()?;
    // A statistic beyond its integer voids: every record can be decided.
    let yes_ticks = finding
        .and_then(|finding| payout.yes_ticks(finding))
        .unwrap_or(None);
    record.status = if yes_ticks.is_some() {
        RECORD_DECIDED
    } else {
        RECORD_VOID
    };
    record.yes_ticks = yes_ticks.unwrap_or(0) as u16; // at most 10,000
    record.decided_time = now.max(1);
    emit!(RecordDecided {
        record: *record.address(),
        status: u64::from(record.status),
        yes_ticks: u64::from(record.yes_ticks),
        decided_time: record.decided_time,
    });
    Ok(())
}
