//! Funding: what longs pay shorts, so that a perpetual keeps to its index.
//!
//! The premium of the book over the index is averaged over each clock hour; in the next hour a long lot pays that
//! average a day, second by second. One lot moves one atom a tick, so a premium in ticks is a payment in atoms.
//! Payments are differences of a cumulative index: what one side pays the other receives, but for the rounding of
//! each position against its holder.

use crate::{
    fixed::{div_towards_zero, scale_up},
    Fault,
};

/// Seconds of an hour: how long the premium is averaged, and how long its average is paid.
pub const HOUR_S: i64 = 3_600;

/// Seconds for which a premium counts after it was seen; what no one sees counts as none.
pub const PREMIUM_HOLDS_S: i64 = 300;

/// Fraction bits of the cumulative index.
pub const INDEX_BITS: u32 = 32;

/// Fraction bits of the rate.
pub const RATE_BITS: u32 = 16;

/// The state of a market's funding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Funding {
    /// What a long lot has paid since the beginning, in 2⁻³² atoms; it wraps.
    pub index: i64,
    /// What a long lot pays a day at present, in 2⁻¹⁶ ticks.
    pub rate: i64,
    /// Σ premium × seconds of the present hour.
    pub premium_seconds: i64,
    /// The premium as it was last seen, in ticks.
    pub premium_ticks: i64,
    /// When that was, Unix seconds.
    pub updated_at: i64,
}

/// How far the book is from the index: its impact bid above it, or its impact ask below it.
///
/// As Hyperliquid's and dYdX's premium index, in ticks instead of a share. A side without an impact price adds none:
/// an empty book cannot be made to pay.
#[inline(always)]
pub fn premium_ticks(index_ticks: u32, impact_bid: Option<u32>, impact_ask: Option<u32>) -> i64 {
    let above = impact_bid.map_or(0, |bid| bid.saturating_sub(index_ticks));
    let below = impact_ask.map_or(0, |ask| index_ticks.saturating_sub(ask));
    i64::from(above) - i64::from(below)
}

impl Funding {
    /// The state at `now`, from which on the premium is `premium_ticks`; rates stay within ±`cap_ticks` a day. A `now`
    /// before the last update changes nothing but the premium.
    #[inline(always)]
    pub fn advanced(self, now: i64, premium_ticks: i64, cap_ticks: u32) -> Self {
        let cap = i64::from(cap_ticks);
        let premium_ticks = premium_ticks.clamp(-cap, cap);
        let elapsed_s = now.saturating_sub(self.updated_at);
        if elapsed_s <= 0 {
            return Self {
                premium_ticks,
                ..self
            };
        }
        let (hour, into_s) = hour_of(now);
        let (hour_before, into_before_s) = hour_of(self.updated_at);
        let hours = hour - hour_before;
        if hours == 0 {
            return Self {
                index: self.index_after(self.rate, elapsed_s),
                premium_seconds: self.premium_seconds + self.premium_ticks * elapsed_s.min(PREMIUM_HOLDS_S),
                premium_ticks,
                updated_at: now,
                ..self
            };
        }
        let rest_s = HOUR_S - into_before_s;
        let held_s = rest_s.min(PREMIUM_HOLDS_S);
        // After more than one hour the last one was seen by nobody.
        let (rate, carried_s) = if hours == 1 {
            let average = averaged(self.premium_seconds + self.premium_ticks * held_s);
            let cap = cap << RATE_BITS;
            (
                average.clamp(-cap, cap),
                into_s.min(PREMIUM_HOLDS_S.saturating_sub(rest_s).max(0)),
            )
        } else {
            (0, 0)
        };
        let at_hour = self.index_after(self.rate, rest_s);
        Self {
            index: Self {
                index: at_hour,
                ..self
            }
            .index_after(rate, if hours == 1 { into_s } else { 0 }),
            rate,
            premium_seconds: self.premium_ticks * carried_s,
            premium_ticks,
            updated_at: now,
        }
    }

    /// The rate that the present hour's premium leads to, as far as it has been seen, in 2⁻¹⁶ ticks a day.
    pub fn predicted_rate(&self) -> i64 {
        averaged(self.premium_seconds)
    }

    #[inline(always)]
    fn index_after(&self, rate: i64, seconds: i64) -> i64 {
        // 2¹⁶ / 86,400 = 512 / 675; a rate below 2⁴¹ for at most an hour leaves room in 64 bits.
        self.index
            .wrapping_add(div_towards_zero(rate.wrapping_mul(seconds * 512), 675))
    }
}

/// The clock hour of a time, and the seconds into it; times before 1970 are taken for that.
#[inline(always)]
fn hour_of(unix_seconds: i64) -> (i64, i64) {
    let seconds = unix_seconds.max(0) as u64;
    let hour = seconds / HOUR_S as u64;
    (hour as i64, (seconds - hour * HOUR_S as u64) as i64)
}

/// An hour's average as a rate.
#[inline(always)]
fn averaged(premium_seconds: i64) -> i64 {
    div_towards_zero(premium_seconds << RATE_BITS, HOUR_S as u64)
}

/// Atoms that a position pays between two values of a cumulative index a lot, negative if it receives; rounded
/// against its holder.
///
/// # Errors
/// [`Fault::Overflow`] from 2⁶³ atoms on.
#[inline(always)]
pub fn payment_up(position_lots: i64, index_before: i64, index_now: i64) -> Result<i64, Fault> {
    let moved = index_now.wrapping_sub(index_before);
    if moved == 0 || position_lots == 0 {
        return Ok(0);
    }
    let owed = if position_lots < 0 {
        moved.checked_neg().ok_or(Fault::Overflow)?
    } else {
        moved
    };
    scale_up::<INDEX_BITS>(owed, position_lots.unsigned_abs())
}
