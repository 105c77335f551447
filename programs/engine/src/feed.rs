//! From the readings of k-of-n publishers to one sample.
//!
//! A reading is an interval `[bid, ask]` with one source time: a two-sided quote as it stands, or a
//! price ± its confidence. A missing bid is [`NO_BID`], a missing ask [`NO_ASK`]; such a reading is
//! infinitely wide and never passes.

use crate::Fault;

/// The most publishers a feed can have.
pub const PUBLISHERS_MAX: usize = 8;

/// The bid of a book without bids.
pub const NO_BID: i64 = i64::MIN;

/// The ask of a book without asks.
pub const NO_ASK: i64 = i64::MAX;

/// One publisher's latest reading; `source_time` 0 means none yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// When the source says the quote held, Unix seconds.
    pub source_time: i64,
    /// Lower end, in feed units.
    pub bid: i64,
    /// Upper end, in feed units.
    pub ask: i64,
}

impl Reading {
    /// No reading yet.
    pub const NONE: Self = Self {
        source_time: 0,
        bid: NO_BID,
        ask: NO_ASK,
    };

    /// `ask − bid`, or `None` if a side is missing.
    pub fn width(&self) -> Option<u64> {
        (self.bid != NO_BID && self.ask != NO_ASK && self.bid <= self.ask)
            .then(|| self.ask.abs_diff(self.bid))
    }

    /// The middle, rounded down.
    fn mid_down(&self) -> i64 {
        midpoint_down(self.bid, self.ask)
    }
}

/// What the quorum says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The newest time that at least a quorum of publishers has reached.
    pub time: i64,
    /// Median of the readings of that time or later that pass, or `None` unless a quorum of them agrees with it.
    pub value: Option<i64>,
}

/// The sample that `readings` amount to: its time is the `quorum`-th newest source time, so no minority
/// moves it; its value the median middle of the readings that have reached that time and are no wider than
/// `width_max`, if a quorum of them lies within `width_max` of it. Fewer than a quorum cannot take it further
/// than that from an honest reading of that time or later: what a publisher said before counts for nothing.
/// `None` before a quorum has published.
///
/// # Errors
/// [`Fault::Domain`] unless `1 ≤ quorum ≤ readings.len() ≤ 8`.
pub fn aggregate<R: Copy + Into<Reading>>(
    readings: &[R],
    quorum: usize,
    width_max: u64,
) -> Result<Option<Sample>, Fault> {
    if quorum == 0 || quorum > readings.len() || readings.len() > PUBLISHERS_MAX {
        return Err(Fault::Domain);
    }
    if let [reading] = readings {
        return Ok(sample_of_one((*reading).into(), width_max));
    }
    let time = newest_of_quorum(readings, quorum);
    if time <= 0 {
        return Ok(None);
    }
    let mut passing = [0; PUBLISHERS_MAX];
    let mut count = 0;
    for reading in readings {
        let reading: Reading = (*reading).into();
        let reached = reading.source_time >= time;
        if reached && reading.width().is_some_and(|width| width <= width_max) {
            insert_sorted(&mut passing, count, reading.mid_down());
            count += 1;
        }
    }
    let value = agreed_median(&passing[..count], quorum, width_max);
    Ok(Some(Sample { time, value }))
}

/// What a feed with one publisher shows, without the sorting: the common case, and the cheap one on chain.
fn sample_of_one(reading: Reading, width_max: u64) -> Option<Sample> {
    let passes = reading.width().is_some_and(|width| width <= width_max);
    (reading.source_time > 0).then(|| Sample {
        time: reading.source_time,
        value: passes.then(|| reading.mid_down()),
    })
}

/// The median of ascending values, if a quorum of them lies within `width_max` of it. Without that, some
/// honest readings missing would leave the middle to publishers who are fewer than a quorum.
fn agreed_median(ascending: &[i64], quorum: usize, width_max: u64) -> Option<i64> {
    let low = *ascending.get(ascending.len().checked_sub(1)? / 2)?;
    let high = *ascending.get(ascending.len() / 2)?;
    let median = midpoint_down(low, high);
    let agrees = |value: &&i64| value.abs_diff(median) <= width_max;
    // Most often all agree, which the two ends show.
    let all = [ascending.first(), ascending.last()].iter().flatten().all(agrees);
    let count = if all {
        ascending.len()
    } else {
        ascending.iter().filter(agrees).count()
    };
    (count >= quorum).then_some(median)
}

fn newest_of_quorum<R: Copy + Into<Reading>>(readings: &[R], quorum: usize) -> i64 {
    let mut times = [0; PUBLISHERS_MAX];
    for (count, reading) in readings.iter().enumerate() {
        insert_sorted(&mut times, count, (*reading).into().source_time);
    }
    times[readings.len() - quorum]
}

/// Inserts `value` into the ascending first `count` entries.
fn insert_sorted(sorted: &mut [i64; PUBLISHERS_MAX], count: usize, value: i64) {
    let mut place = count;
    while place > 0 && sorted[place - 1] > value {
        sorted[place] = sorted[place - 1];
        place -= 1;
    }
    sorted[place] = value;
}

/// `⌊(a + b) / 2⌋` without overflow.
fn midpoint_down(a: i64, b: i64) -> i64 {
    (a & b) + ((a ^ b) >> 1)
}

/// `value` moved towards `target` by at most `step_max`.
pub fn clamp_step(value: i64, target: i64, step_max: u64) -> i64 {
    if target.abs_diff(value) <= step_max {
        target
    } else if target > value {
        value.saturating_add_unsigned(step_max)
    } else {
        value.saturating_sub_unsigned(step_max)
    }
}
