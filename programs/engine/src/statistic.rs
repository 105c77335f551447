//! What a record computes from the samples of a feed: O(1) state a sample, every definition of
//! ARCHITECTURE.md's "Observation" section, nothing carried in from before the window.
//!
//! A *gap* is two consecutive accepted samples more than `max_gap_s` apart. It earns no coverage and
//! breaks a run. Samples outside `[start, end]` are not accepted.

use crate::Fault;

/// A time or value that has not occurred.
pub const NEVER: i64 = i64::MIN;

/// The longest window, seconds: a product with [`PPM`] fits 64 bits.
const WINDOW_MAX_S: u64 = i32::MAX as u64;

/// One million: the scale of `coverage_min_ppm`.
pub const PPM: u64 = 1_000_000;

/// The question a record asks of its samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistic {
    /// The first accepted value at or after the start.
    First,
    /// The last accepted value at or before the end, if the end is no gap away.
    Last,
    /// Σ value·Δt over covered time ÷ covered time.
    Average,
    /// The value is at or above the barrier on every accepted sample for `sustain_s`.
    TouchUp,
    /// The value is at or below the barrier on every accepted sample for `sustain_s`.
    TouchDown,
    /// The greatest less the least accepted value.
    Range,
    /// The last less the first accepted value.
    Change,
    /// Σ (Δ value)² between the first accepted samples of consecutive cells of `grid_s`.
    Variance,
}

/// What is asked, over which window, and how much evidence an answer needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    pub statistic: Statistic,
    /// First second of the window.
    pub start: i64,
    /// Last second of the window, after `start`.
    pub end: i64,
    /// Level of a touch, in feed units; unused by the other statistics.
    pub barrier: i64,
    /// Seconds a touch must last; 0 is the first sample at the barrier.
    pub sustain_s: u32,
    /// The longest interval between two samples that still counts as observed, at least 1.
    pub max_gap_s: u32,
    /// Cell length of a variance, at least 1 there; unused by the other statistics.
    pub grid_s: u32,
    /// Least covered share of the window, in millionths; less voids.
    pub coverage_min_ppm: u32,
}

impl Terms {
    /// Whether the terms can be answered.
    ///
    /// # Errors
    /// [`Fault::Domain`] if the window is empty, starts at or before the epoch or lasts 2³¹ seconds or longer, `max_gap_s` is 0, the
    /// coverage exceeds one, a variance has no grid, or a first value (which is decided before the
    /// window is covered) asks for coverage.
    pub fn validate(&self) -> Result<(), Fault> {
        let window_s = self.end.checked_sub(self.start).ok_or(Fault::Domain)?;
        let sound = window_s > 0
            && window_s as u64 <= WINDOW_MAX_S // positive, so the cast keeps it
            && self.start > 0
            && self.max_gap_s > 0
            && u64::from(self.coverage_min_ppm) <= PPM
            && (self.statistic != Statistic::Variance || self.grid_s > 0)
            && (self.statistic != Statistic::First || self.coverage_min_ppm == 0);
        if sound {
            Ok(())
        } else {
            Err(Fault::Domain)
        }
    }

    fn window_s(&self) -> u64 {
        self.end.abs_diff(self.start)
    }

    fn is_gap(&self, interval_s: u64) -> bool {
        interval_s > u64::from(self.max_gap_s)
    }

    /// Whether `value` is on the touch's side of the barrier.
    fn is_reached(&self, value: i64) -> bool {
        match self.statistic {
            Statistic::TouchUp => value >= self.barrier,
            Statistic::TouchDown => value <= self.barrier,
            _ => false,
        }
    }
}

/// Everything a record remembers of its accepted samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Accepted samples.
    pub accepted: u64,
    /// Value of the first accepted sample.
    pub first_value: i64,
    /// Source time of the last accepted sample, [`NEVER`] before any.
    pub last_time: i64,
    /// Value of the last accepted sample.
    pub last_value: i64,
    /// Least accepted value.
    pub min_value: i64,
    /// Greatest accepted value.
    pub max_value: i64,
    /// Σ value·Δt over covered intervals.
    pub weighted_sum: i128,
    /// Seconds of covered intervals, without the tail.
    pub covered_s: u64,
    /// Longest interval between consecutive accepted samples.
    pub longest_gap_s: u64,
    /// Source time at which the present run at the barrier began, or [`NEVER`].
    pub run_start: i64,
    /// Source time at which the touch was proven, or [`NEVER`].
    pub passage_time: i64,
    /// Cell of the grid that the last chained sample opened, [`NEVER`] before any.
    pub cell: i64,
    /// First value of that cell.
    pub cell_value: i64,
    /// Σ (Δ value)² over chained cells.
    pub squares: u128,
}

impl Evidence {
    /// No sample yet.
    pub const EMPTY: Self = Self {
        accepted: 0,
        first_value: 0,
        last_time: NEVER,
        last_value: 0,
        min_value: 0,
        max_value: 0,
        weighted_sum: 0,
        covered_s: 0,
        longest_gap_s: 0,
        run_start: NEVER,
        passage_time: NEVER,
        cell: NEVER,
        cell_value: 0,
        squares: 0,
    };

    /// Takes in one sample whose quality has passed. `Ok(false)` leaves the evidence as it was: the
    /// sample lies outside the window or is not newer than the last.
    ///
    /// # Errors
    /// [`Fault::Overflow`] if a sum leaves its integer; the evidence is then unchanged.
    #[inline(always)]
    pub fn accept(&mut self, terms: &Terms, time: i64, value: i64) -> Result<bool, Fault> {
        if time < terms.start || time > terms.end || time <= self.last_time {
            return Ok(false);
        }
        // Whatever can fail comes before whatever is written.
        let accepted = self.accepted.checked_add(1).ok_or(Fault::Overflow)?;
        let chained = self.chained(terms, time, value)?;
        if self.accepted == 0 {
            self.first_value = value;
            self.min_value = value;
            self.max_value = value;
        } else {
            self.extend(terms, time, value)?;
        }
        if let Some((cell, squares)) = chained {
            self.cell = cell;
            self.cell_value = value;
            self.squares = squares;
        }
        self.track_run(terms, time, value);
        self.accepted = accepted;
        self.last_time = time;
        self.last_value = value;
        Ok(true)
    }

    /// The interval from the last sample to this one.
    fn extend(&mut self, terms: &Terms, time: i64, value: i64) -> Result<(), Fault> {
        let interval_s = time.abs_diff(self.last_time);
        if terms.is_gap(interval_s) {
            self.run_start = NEVER;
        } else {
            self.weighted_sum = self
                .weighted_sum
                .checked_add(weight(self.last_value, interval_s))
                .ok_or(Fault::Overflow)?;
            self.covered_s += interval_s;
        }
        self.longest_gap_s = self.longest_gap_s.max(interval_s);
        self.min_value = self.min_value.min(value);
        self.max_value = self.max_value.max(value);
        Ok(())
    }

    fn track_run(&mut self, terms: &Terms, time: i64, value: i64) {
        if !terms.is_reached(value) {
            self.run_start = NEVER;
            return;
        }
        if self.run_start == NEVER {
            self.run_start = time;
        }
        if self.passage_time == NEVER && time.abs_diff(self.run_start) >= u64::from(terms.sustain_s) {
            self.passage_time = time;
        }
    }

    /// The cell that a variance's sample opens and the sum of squares with it; `None` within the same
    /// cell, and for other statistics.
    fn chained(&self, terms: &Terms, time: i64, value: i64) -> Result<Option<(i64, u128)>, Fault> {
        if terms.statistic != Statistic::Variance {
            return Ok(None);
        }
        // Unsigned, because the chain's machine has no signed division; time is at or after the start.
        let cell = (time.abs_diff(terms.start) / u64::from(terms.grid_s.max(1))) as i64;
        if cell == self.cell {
            return Ok(None);
        }
        let mut squares = self.squares;
        if self.cell != NEVER && self.cell.checked_add(1) == Some(cell) {
            let step = u128::from(value.abs_diff(self.cell_value));
            let square = step.checked_mul(step).ok_or(Fault::Overflow)?;
            squares = squares.checked_add(square).ok_or(Fault::Overflow)?;
        }
        Ok(Some((cell, squares)))
    }

    /// Seconds from the last sample to the window's end that count as covered.
    fn tail_s(&self, terms: &Terms) -> u64 {
        if self.accepted == 0 {
            return 0;
        }
        let tail_s = terms.end.abs_diff(self.last_time);
        if terms.is_gap(tail_s) {
            0
        } else {
            tail_s
        }
    }

    /// Covered seconds of a window that is over.
    pub fn covered_at_end_s(&self, terms: &Terms) -> u64 {
        self.covered_s + self.tail_s(terms)
    }

    /// What is already certain before the window is over.
    pub fn finding_early(&self, terms: &Terms) -> Option<Finding> {
        // Only a touch has a passage.
        if self.passage_time != NEVER {
            Some(Finding::Touched)
        } else if terms.statistic == Statistic::First && self.accepted > 0 {
            Some(Finding::exact(self.first_value))
        } else {
            None
        }
    }

    /// The answer once no further sample of the window can come.
    ///
    /// # Errors
    /// [`Fault::Overflow`] if the statistic does not fit its integer; [`Fault::Domain`] for a window that
    /// [`Terms::validate`] refuses.
    pub fn finding_at_end(&self, terms: &Terms) -> Result<Finding, Fault> {
        if let Some(finding) = self.finding_early(terms) {
            return Ok(finding);
        }
        let (covered_s, window_s) = (self.covered_at_end_s(terms), terms.window_s());
        if window_s > WINDOW_MAX_S {
            return Err(Fault::Domain);
        }
        // Both factors are below 2⁵¹: no overflow.
        if self.accepted == 0 || covered_s * PPM < u64::from(terms.coverage_min_ppm) * window_s {
            return Ok(Finding::Void);
        }
        let difference = |high: i64, low: i64| Finding::Value {
            numerator: i128::from(high) - i128::from(low),
            denominator: 1,
        };
        Ok(match terms.statistic {
            Statistic::First => Finding::exact(self.first_value),
            Statistic::Last if terms.is_gap(terms.end.abs_diff(self.last_time)) => Finding::Void,
            Statistic::Last => Finding::exact(self.last_value),
            Statistic::Average if covered_s == 0 => Finding::Void,
            Statistic::Average => Finding::Value {
                numerator: self
                    .weighted_sum
                    .checked_add(weight(self.last_value, self.tail_s(terms)))
                    .ok_or(Fault::Overflow)?,
                denominator: covered_s,
            },
            Statistic::TouchUp | Statistic::TouchDown => Finding::Untouched,
            Statistic::Range => difference(self.max_value, self.min_value),
            Statistic::Change => difference(self.last_value, self.first_value),
            Statistic::Variance => Finding::Value {
                numerator: i128::try_from(self.squares).map_err(|_| Fault::Overflow)?,
                denominator: 1,
            },
        })
    }
}

/// `value · interval_s`; a 64-bit product where it fits, because that is the common case and the
/// cheap one on chain.
fn weight(value: i64, interval_s: u64) -> i128 {
    match i64::try_from(interval_s)
        .ok()
        .and_then(|interval_s| value.checked_mul(interval_s))
    {
        Some(product) => i128::from(product),
        None => i128::from(value) * i128::from(interval_s),
    }
}

/// The answer to a record's question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Too little was observed.
    Void,
    /// The barrier was touched and held.
    Touched,
    /// It was not, and enough was observed to say so.
    Untouched,
    /// The statistic is exactly `numerator / denominator` feed units.
    Value { numerator: i128, denominator: u64 },
}

impl Finding {
    fn exact(value: i64) -> Self {
        Self::Value {
            numerator: i128::from(value),
            denominator: 1,
        }
    }
}
