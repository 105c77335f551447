//! The price at which a perpetual's positions are valued: the median of three, held near its index.
//!
//! Prices are ticks of 1 to [`PRICE_MAX`]. One lot moves one atom a tick, so `atoms = lots × ticks` holds exactly.
//! Distances are a [`Band`]: ticks, for prices bounded by themselves such as probabilities, plus a share of the
//! price, for the others.

use crate::{
    fixed::{div_towards_zero, portion_up},
    matching::{Ladder, Resting, Side, PRICE_MAX},
};

/// Fraction bits of averages.
pub const AVERAGE_BITS: u32 = 16;

/// Seconds over which the index and the basis are averaged.
pub const AVERAGE_WINDOW_S: u32 = 300;

/// Seconds for which a trade speaks for the price.
pub const LAST_HOLDS_S: i64 = 60;

/// How many orders of a side count towards its impact price.
pub const IMPACT_ORDERS_MAX: usize = 8;

/// How many are looked at for that, the expired ones among them.
const IMPACT_PLACES_MAX: usize = 64;

/// How far one price may be from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Band {
    /// Ticks, whatever the price.
    pub ticks: u32,
    /// And so many bps of the price.
    pub bps: u16,
}

impl Band {
    /// The greatest distance from `price_ticks`, rounded up; 2²⁵ for a band of more than the price itself.
    #[inline(always)]
    pub fn distance_up(self, price_ticks: u32) -> u32 {
        let share = portion_up(u64::from(price_ticks), u64::from(self.bps.min(10_000)), 10_000);
        let ticks = u64::from(self.ticks) + share.unwrap_or_default();
        ticks.min(1 << 25) as u32
    }

    /// `price_ticks` moved to within the band around `centre_ticks`, and to a valid price.
    #[inline(always)]
    pub fn clamp(self, price_ticks: i64, centre_ticks: u32) -> u32 {
        let (low, high) = self.around(centre_ticks);
        price_ticks.clamp(i64::from(low), i64::from(high)) as u32
    }

    /// The lowest and the highest valid price in the band.
    #[inline(always)]
    pub fn around(self, centre_ticks: u32) -> (u32, u32) {
        let distance = self.distance_up(centre_ticks);
        let centre_ticks = centre_ticks.clamp(1, PRICE_MAX);
        (
            centre_ticks.saturating_sub(distance).max(1),
            (centre_ticks + distance).min(PRICE_MAX),
        )
    }
}

/// A feed's value as a price, rounded down, the nearest one where it is below a tick or above [`PRICE_MAX`]: what is worth
/// next to nothing has a price. `None` for a negative value, and for no units a tick.
#[inline(always)]
pub fn index_ticks_down(value: i64, units_per_tick: u64) -> Option<u32> {
    let ticks = u64::try_from(value).ok()?.checked_div(units_per_tick)?;
    Some(ticks.clamp(1, u64::from(PRICE_MAX)) as u32)
}

/// An exponential average, in 2⁻¹⁶ ticks, after `value_ticks` held for `elapsed_s`; all of the value from
/// [`AVERAGE_WINDOW_S`] on.
#[inline(always)]
pub fn average(average: i64, value_ticks: i64, elapsed_s: u32) -> i64 {
    let step = (value_ticks << AVERAGE_BITS).wrapping_sub(average);
    // Prices below 2²⁵ and times below 2⁹ leave room in 64 bits.
    let weighted = step.wrapping_mul(i64::from(elapsed_s.min(AVERAGE_WINDOW_S)));
    average + div_towards_zero(weighted, u64::from(AVERAGE_WINDOW_S))
}

/// The price of the order with which a side has `lots` to offer, among its best eight; `None` if it has fewer.
/// Expired orders do not count, up to so many that their owners are better swept.
#[inline(always)]
pub fn impact_ticks<T: Resting>(ladder: &Ladder<T>, side: Side, lots: u64, now: i64) -> Option<u32> {
    let (mut offered, mut counted) = (0u64, 0);
    for place in 0..IMPACT_PLACES_MAX {
        let order = ladder.nth_best(side, place)?;
        if order.is_expired(now) {
            continue;
        }
        counted += 1;
        if counted > IMPACT_ORDERS_MAX {
            return None;
        }
        offered = offered.saturating_add(order.lots());
        if offered >= lots {
            return Some(order.id().price_ticks());
        }
    }
    None
}

/// What a mark is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sources {
    /// The feed's price.
    pub index_ticks: u32,
    /// Its average over five minutes.
    pub average_ticks: u32,
    /// The book's impact prices, if both sides have one.
    pub impact_ticks: Option<(u32, u32)>,
    /// What last traded, if that was within [`LAST_HOLDS_S`].
    pub last_ticks: Option<u32>,
    /// By how much the book's middle has been above the index, averaged over five minutes.
    pub basis_ticks: i64,
}

impl Sources {
    /// The mark: the median of the index, the index with its averaged basis, and the book's own price (the median of
    /// its impact prices and the last trade), each within `near` of the index; and no further than `shock` from the
    /// index's average.
    ///
    /// Whoever fills a thin book, or trades with himself, moves the mark no further than to the basis that the book
    /// has held for minutes; whoever moves the index for a moment, no further than the shock.
    #[inline(always)]
    pub fn mark(&self, near: Band, shock: Band) -> u32 {
        let (low, high) = near.around(self.index_ticks);
        let anchored = |ticks: i64| ticks.clamp(i64::from(low), i64::from(high));
        let index = i64::from(self.index_ticks);
        let book = self.impact_ticks.map_or(index, |(bid, ask)| {
            let last = self.last_ticks.unwrap_or((bid + ask) / 2);
            median(i64::from(bid), i64::from(ask), i64::from(last))
        });
        let based = anchored(index + self.basis_ticks);
        shock.clamp(median(index, anchored(book), based), self.average_ticks)
    }
}

/// Of two values seen at the ends of an interval, the one nearer zero; zero if they differ in sign: what counts for
/// the interval must have stood at both ends.
#[inline(always)]
pub fn nearer_zero(before: i64, after: i64) -> i64 {
    if before < 0 {
        before.max(after.min(0))
    } else {
        before.min(after.max(0))
    }
}

/// The middle one of three.
#[inline(always)]
pub fn median(a: i64, b: i64, c: i64) -> i64 {
    a.min(b).max(a.max(b).min(c))
}
