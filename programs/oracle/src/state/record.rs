//! A record: terms, and the evidence for them.
use {
    crate::error::OracleError,
    anchor_lang::prelude::*,
    secant_engine::{
        payout::Payout,
        statistic::{Evidence, Statistic, Terms, PPM},
    },
};

/// `Record::status`: samples are still wanted.
#[constant]
pub const RECORD_OPEN: u8 = 0;
/// `Record::status`: `yes_ticks` holds the result.
#[constant]
pub const RECORD_DECIDED: u8 = 1;
/// `Record::status`: too little was observed.
#[constant]
pub const RECORD_VOID: u8 = 2;

/// `RecordTerms::statistic`: first accepted value at or after `start`; `end` is the deadline.
#[constant]
pub const STATISTIC_FIRST: u8 = 0;
/// `RecordTerms::statistic`: last accepted value at or before `end`.
#[constant]
pub const STATISTIC_LAST: u8 = 1;
/// `RecordTerms::statistic`: time-weighted average.
#[constant]
pub const STATISTIC_AVERAGE: u8 = 2;
/// `RecordTerms::statistic`: at or above `barrier` for `sustain_s`.
#[constant]
pub const STATISTIC_TOUCH_UP: u8 = 3;
/// `RecordTerms::statistic`: at or below `barrier` for `sustain_s`.
#[constant]
pub const STATISTIC_TOUCH_DOWN: u8 = 4;
/// `RecordTerms::statistic`: greatest less least value.
#[constant]
pub const STATISTIC_RANGE: u8 = 5;
/// `RecordTerms::statistic`: last less first value.
#[constant]
pub const STATISTIC_CHANGE: u8 = 6;
/// `RecordTerms::statistic`: sum of squared steps between cells of `grid_s`.
#[constant]
pub const STATISTIC_VARIANCE: u8 = 7;

/// `RecordTerms::payout`: one if the value is at or above `low`, or the touch is proven; else nothing.
#[constant]
pub const PAYOUT_DIGITAL: u8 = 0;
/// `RecordTerms::payout`: from nothing at `low` to one at `high`.
#[constant]
pub const PAYOUT_LINEAR: u8 = 1;

/// What a record is to find out. Values are in feed units, times in Unix seconds at the source.
#[derive(Clone, Copy, AnchorDeserialize, AnchorSerialize, IdlType, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct RecordTerms {
    /// First second of the window, so late that the coverage can still be reached.
    pub start: i64,
    /// Last second of the window, at most two years from now.
    pub end: i64,
    /// Level of a touch; 0 for other statistics.
    pub barrier: i64,
    /// Strike of a digital payout (0 for a touch), lower bound of a linear one.
    pub low: i64,
    /// Upper bound of a linear payout; 0 for a digital one.
    pub high: i64,
    /// Widest sample that passes; at most the feed's own limit.
    pub width_max: u64,
    /// Seconds that a touch must last; 0 for other statistics.
    pub sustain_s: u32,
    /// Longest interval between samples that counts as observed, at least 1.
    pub max_gap_s: u32,
    /// Cell of a variance, at least 1; 0 for other statistics.
    pub grid_s: u32,
    /// Least covered share of the window in millionths; less voids. 0 for a first value.
    pub coverage_min_ppm: u32,
    /// One of the STATISTIC constants.
    pub statistic: u8,
    /// One of the PAYOUT constants.
    pub payout: u8,
    /// Zeros.
    pub reserved: [u8; 6],
}

/// The evidence of one feed under one set of terms.
#[account]
pub struct Record {
    /// The feed observed.
    pub feed: Address,
    /// SHA-256 of the terms' bytes; with the feed, the address of the record.
    pub terms_hash: [u8; 32],
    /// What is asked.
    pub terms: RecordTerms,
    /// Hash chain over accepted samples: SHA-256 of the hash before, time and value.
    pub evidence_hash: [u8; 32],
    /// Samples accepted.
    pub accepted: u64,
    /// Times seen inside the window whose sample was refused for its quality, and never accepted later.
    pub rejected: u64,
    /// Source time of the last sample seen inside the window.
    pub seen_time: i64,
    /// Value of the first accepted sample.
    pub first_value: i64,
    /// Source time of the last accepted sample; the least i64 before any.
    pub last_time: i64,
    /// Value of the last accepted sample.
    pub last_value: i64,
    /// The accepted values, each step limited to the feed's `step_max`.
    pub clamped_value: i64,
    /// Least accepted value.
    pub min_value: i64,
    /// Greatest accepted value.
    pub max_value: i64,
    /// Covered seconds between samples; the tail to the window's end comes on top.
    pub covered_s: u64,
    /// Longest interval between consecutive accepted samples.
    pub longest_gap_s: u64,
    /// Source time at which the present run at the barrier began; the least i64 if none.
    pub run_start: i64,
    /// Source time at which the touch was proven; the least i64 if not.
    pub passage_time: i64,
    /// Grid cell of the last chained sample; the least i64 if none.
    pub cell: i64,
    /// First value of that cell.
    pub cell_value: i64,
    /// Chain time of the decision; 0 before it.
    pub decided_time: i64,
    /// Σ value·Δt over covered intervals.
    pub weighted_sum: PodI128,
    /// Σ (Δ value)² over chained cells.
    pub squares: PodU128,
    /// Ticks of 1/10,000 that YES pays, once decided.
    pub yes_ticks: u16,
    /// 0 open, 1 decided, 2 void.
    pub status: u8,
    /// PDA bump.
    pub bump: u8,
    /// Layout of this account; 1.
    pub layout: u8,
    pub reserved: [u8; 3],
}

impl RecordTerms {
    /// The engine's form of the terms.
    pub fn statistic_terms(&self) -> Result<Terms> {
        let statistic = match self.statistic {
            STATISTIC_FIRST => Statistic::First,
            STATISTIC_LAST => Statistic::Last,
            STATISTIC_AVERAGE => Statistic::Average,
            STATISTIC_TOUCH_UP => Statistic::TouchUp,
            STATISTIC_TOUCH_DOWN => Statistic::TouchDown,
            STATISTIC_RANGE => Statistic::Range,
            STATISTIC_CHANGE => Statistic::Change,
            STATISTIC_VARIANCE => Statistic::Variance,
            _ => return Err(OracleError::TermsInvalid.into()),
        };
        Ok(Terms {
            statistic,
            start: self.start,
            end: self.end,
            barrier: self.barrier,
            sustain_s: self.sustain_s,
            max_gap_s: self.max_gap_s,
            grid_s: self.grid_s,
            coverage_min_ppm: self.coverage_min_ppm,
        })
    }

    /// The engine's form of the payout.
    pub fn payout_rule(&self) -> Result<Payout> {
        match self.payout {
            PAYOUT_DIGITAL => Ok(Payout::Digital { strike: self.low }),
            PAYOUT_LINEAR => Ok(Payout::Linear {
                low: self.low,
                high: self.high,
            }),
            _ => Err(OracleError::TermsInvalid.into()),
        }
    }

    /// Whether the window's part from `since` on is enough for the coverage asked.
    pub fn can_be_covered(&self, since: i64) -> bool {
        let open_s = self.end.saturating_sub(self.start.max(since)).max(0) as u128;
        let window_s = self.end.abs_diff(self.start) as u128;
        open_s * u128::from(PPM) >= window_s * u128::from(self.coverage_min_ppm)
    }

    /// Whether every field is in range and every unused one zero, so that equal questions have equal
    /// bytes and share one record.
    pub fn validate(&self, feed_width_max: u64) -> Result<()> {
        let terms = self.statistic_terms()?;
        terms.validate().map_err(OracleError::of_fault)?;
        let touch = matches!(terms.statistic, Statistic::TouchUp | Statistic::TouchDown);
        let payout_sound = match self.payout_rule()? {
            Payout::Digital { strike } => self.high == 0 && (!touch || strike == 0),
            Payout::Linear { low, high } => low < high && !touch,
        };
        let unused_zero = (touch || (self.barrier == 0 && self.sustain_s == 0))
            && (terms.statistic == Statistic::Variance || self.grid_s == 0)
            && self.reserved == [0; 6];
        let width_sound = self.width_max <= feed_width_max;
        require!(
            payout_sound && unused_zero && width_sound,
            OracleError::TermsInvalid
        );
        Ok(())
    }
}

impl Record {
    /// The evidence in the engine's form.
    pub fn evidence(&self) -> Evidence {
        Evidence {
            accepted: self.accepted,
            first_value: self.first_value,
            last_time: self.last_time,
            last_value: self.last_value,
            min_value: self.min_value,
            max_value: self.max_value,
            weighted_sum: self.weighted_sum.get(),
            covered_s: self.covered_s,
            longest_gap_s: self.longest_gap_s,
            run_start: self.run_start,
            passage_time: self.passage_time,
            cell: self.cell,
            cell_value: self.cell_value,
            squares: self.squares.get(),
        }
    }

    /// Stores the engine's form of the evidence.
    pub fn set_evidence(&mut self, evidence: &Evidence) {
        self.accepted = evidence.accepted;
        self.first_value = evidence.first_value;
        self.last_time = evidence.last_time;
        self.last_value = evidence.last_value;
        self.min_value = evidence.min_value;
        self.max_value = evidence.max_value;
        self.weighted_sum = evidence.weighted_sum.into();
        self.covered_s = evidence.covered_s;
        self.longest_gap_s = evidence.longest_gap_s;
        self.run_start = evidence.run_start;
        self.passage_time = evidence.passage_time;
        self.cell = evidence.cell;
        self.cell_value = evidence.cell_value;
        self.squares = evidence.squares.into();
    }

    /// The rules this account keeps at every write.
    pub fn assert_invariants(&self) -> Result<()> {
        let ordered = self.accepted == 0
            || (self.min_value <= self.last_value
                && self.last_value <= self.max_value
                && self.terms.start <= self.last_time
                && self.last_time <= self.terms.end);
        let decided = (self.status == RECORD_OPEN) == (self.decided_time == 0);
        require!(
            ordered && decided && self.yes_ticks <= 10_000,
            OracleError::RecordCorrupt
        );
        Ok(())
    }
}
