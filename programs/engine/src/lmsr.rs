//! Logarithmic market scoring rule on 2 to 16 outcomes, as a cost function.
//!
//! With q_i the lots of outcome i the pool has sold (negative: bought) and b its liquidity in lots, the pool
//! has been paid C(q) − C(0) in all, where C(q) = b·ln Σ e^(q_i/b). R. Hanson, Combinatorial Information
//! Market Design (2003). C(q) ≥ max q_i, so that funding of C(0) = b·ln n covers every outcome.
//!
//! Every amount is the true one, widened by the bound of the arithmetic's error and then rounded to a whole
//! atom, both against the trader. Hence no sequence of trades that returns to its start has a profit, and
//! funding + costs − proceeds ≥ 10,000·max q_i after any sequence. The widening is under 2⁻⁵³ of the face
//! value of b: 0.01 atom at b = 10¹⁰, 1.2 atoms at the most.
//!
//! Along a trade dp/dq = p(1 − p)/b, so that a fee on p(1 − p) over the path is the rate times b·|Δp|: the
//! same however the trade is split.
//!
//! Lots in range have a face value under 2⁵⁵ atoms: such products wrap unchecked, since a checked one is a
//! 128-bit product on chain.

use crate::fee::Charge;
use crate::fixed::{ln, mul_div_down, scale_down, scale_up, Decay, LN_BITS, ONE};
use crate::quantity::{Atoms, Bps, Lots, OUTCOMES_MAX, TICKS_PER_UNIT};
use crate::Fault;

/// The most liquidity of a pool.
pub const LIQUIDITY_MAX: Lots = Lots(1_000_000_000_000);

/// The most lots of an outcome a pool may have sold, or bought.
pub const SOLD_MAX: u64 = 1_000_000_000_000;

/// Bound of the error of a difference of two logarithms of sums, in Q58.
///
/// Each has up to 2⁻⁵⁶·⁵ from the exponents, as those of a product add up, 2⁻⁵⁷·⁷ from the exponentials and
/// their sum, and 2⁻⁵⁶·⁴ from the logarithm: 2⁻⁵⁵·¹ for one, 2⁻⁵⁴·¹ for two.
const LOG_RATIO_ERROR: i64 = 16;

/// Fraction bits of a sum of up to 16 exponentials, and what they are short of Q63.
const SUM_BITS: u32 = 59;
const SUM_SHIFT: u32 = 4;

/// What a pool must be given at its start: b·ln n, its greatest loss.
///
/// # Errors
/// [`Fault::Domain`] unless 2 ≤ outcomes ≤ 16 and 1 ≤ liquidity ≤ [`LIQUIDITY_MAX`].
pub fn funding_up(liquidity: Lots, outcomes: usize) -> Result<Atoms, Fault> {
    if !(2..=OUTCOMES_MAX).contains(&outcomes) {
        return Err(Fault::Domain);
    }
    let face = liquidity_face(liquidity)?;
    let log = ln(outcomes as u64)? as i64 + LOG_RATIO_ERROR;
    Ok(Atoms(scale_up::<LN_BITS>(log, face)? as u64))
}

/// What a trader pays for `size` lots of `outcome`: at most their face value, and the fee apart.
///
/// # Errors
/// [`Fault::Domain`] for a liquidity of zero or above [`LIQUIDITY_MAX`], other than 2 to 16 outcomes, an
/// `outcome` that is none, or anything sold beyond ±[`SOLD_MAX`] before or after.
pub fn buy_up(sold: &[i64], liquidity: Lots, outcome: usize, size: Lots, fee: Bps) -> Result<Charge, Fault> {
    let before = *sold.get(outcome).ok_or(Fault::Domain)?;
    let after = before.checked_add_unsigned(size.0).ok_or(Fault::Domain)?;
    let rise = Rise::new(sold, liquidity, outcome, before, after)?;
    let cost = rise.atoms + scale_up::<LN_BITS>(rise.log_ratio + LOG_RATIO_ERROR, rise.liquidity_face)?;
    Charge::along(
        rise.price_rise,
        liquidity,
        Atoms((cost as u64).min(size.0.wrapping_mul(TICKS_PER_UNIT))),
        fee,
    )
}

/// What a trader receives for `size` lots of `outcome`, before the fee.
///
/// # Errors
/// As [`buy_up`].
pub fn sell_down(
    sold: &[i64],
    liquidity: Lots,
    outcome: usize,
    size: Lots,
    fee: Bps,
) -> Result<Charge, Fault> {
    let before = *sold.get(outcome).ok_or(Fault::Domain)?;
    let after = before.checked_sub_unsigned(size.0).ok_or(Fault::Domain)?;
    let rise = Rise::new(sold, liquidity, outcome, after, before)?;
    let proceeds = rise.atoms + scale_down::<LN_BITS>(rise.log_ratio - LOG_RATIO_ERROR, rise.liquidity_face)?;
    Charge::along(rise.price_rise, liquidity, Atoms(proceeds.max(0) as u64), fee)
}

/// The price of one outcome in Q63, in (0, 1). Error under 2⁻⁵⁵ (2.8e−17).
///
/// # Errors
/// As [`buy_up`].
pub fn price(sold: &[i64], liquidity: Lots, outcome: usize) -> Result<u64, Fault> {
    let mut prices = [0; OUTCOMES_MAX];
    let prices = prices.get_mut(..sold.len()).ok_or(Fault::Domain)?;
    let sum = weights(sold, liquidity, prices)?;
    share(*prices.get(outcome).ok_or(Fault::Domain)?, sum)
}

/// The prices of all outcomes in Q63, each in (0, 1), together 1 within 2⁻⁵⁸. Error under 2⁻⁵⁵ (2.8e−17).
///
/// # Errors
/// As [`buy_up`], and [`Fault::Domain`] unless `prices` is as long as `sold`.
pub fn prices(sold: &[i64], liquidity: Lots, prices: &mut [u64]) -> Result<(), Fault> {
    if prices.len() != sold.len() {
        return Err(Fault::Domain);
    }
    let sum = weights(sold, liquidity, prices)?;
    for price in prices {
        *price = share(*price, sum)?;
    }
    Ok(())
}

/// Where a pool has which price: at price p of the outcome it has sold q = b·(ln Σ_{j≠i} e^(q_j/b) + ln(p/(1 − p))).
pub struct Depth {
    own: i64,
    /// Of the other outcomes: the greatest q_j, and ln Σ e^((q_j − max)/b) in Q58.
    max: i64,
    log: i64,
    liquidity: u64,
}

impl Depth {
    /// The pool as it is, for one of its outcomes.
    ///
    /// # Errors
    /// As [`buy_up`].
    #[inline(always)]
    pub fn new(sold: &[i64], liquidity: Lots, outcome: usize) -> Result<Self, Fault> {
        liquidity_face(liquidity)?;
        check_sold(sold)?;
        let own = *sold.get(outcome).ok_or(Fault::Domain)?;
        let others = Others::new(sold, Decay::over(liquidity.0)?, outcome);
        Ok(Self {
            own,
            max: others.max,
            log: ln(others.sum)? as i64 - ln(1 << SUM_BITS)? as i64,
            liquidity: liquidity.0,
        })
    }

    /// How many lots can be bought before the price passes `price_ticks`, 1 to 9,999, rounded down; none beyond
    /// it. Where the true number is next to a whole one, it may be that one or the one before.
    ///
    /// # Errors
    /// [`Fault::Domain`] for another price.
    #[inline(always)]
    pub fn buyable_down(&self, price_ticks: u64) -> Result<u64, Fault> {
        let target = self.max + scale_down::<LN_BITS>(self.log + log_odds(price_ticks)?, self.liquidity)?;
        Ok((target.min(SOLD_MAX as i64) - self.own).max(0) as u64)
    }

    /// How many lots can be sold before the price passes `price_ticks`, as [`Self::buyable_down`].
    ///
    /// # Errors
    /// As [`Self::buyable_down`].
    #[inline(always)]
    pub fn sellable_down(&self, price_ticks: u64) -> Result<u64, Fault> {
        let target = self.max + scale_up::<LN_BITS>(self.log + log_odds(price_ticks)?, self.liquidity)?;
        Ok((self.own - target.max(-(SOLD_MAX as i64))).max(0) as u64)
    }
}

/// ln(p/(1 − p)) in Q58.
#[inline(always)]
fn log_odds(price_ticks: u64) -> Result<i64, Fault> {
    if !(1..TICKS_PER_UNIT).contains(&price_ticks) {
        return Err(Fault::Domain);
    }
    Ok(ln(price_ticks)? as i64 - ln(TICKS_PER_UNIT - price_ticks)? as i64)
}

/// C with `high` lots of an outcome sold less C with `low`: `atoms` + `log_ratio`·`liquidity_face`/2⁵⁸; and
/// the same difference of the outcome's price, in Q63.
struct Rise {
    atoms: i64,
    log_ratio: i64,
    price_rise: u64,
    liquidity_face: u64,
}

impl Rise {
    #[inline(always)]
    fn new(sold: &[i64], liquidity: Lots, outcome: usize, low: i64, high: i64) -> Result<Self, Fault> {
        let liquidity_face = liquidity_face(liquidity)?;
        check_sold(sold)?;
        if low < -(SOLD_MAX as i64) || high > SOLD_MAX as i64 {
            return Err(Fault::Domain);
        }
        let others = Others::new(sold, Decay::over(liquidity.0)?, outcome);
        let low = others.with(low)?;
        let high = others.with(high)?;
        Ok(Self {
            atoms: (high.max - low.max).wrapping_mul(TICKS_PER_UNIT as i64),
            log_ratio: high.log as i64 - low.log as i64,
            price_rise: high.price.saturating_sub(low.price),
            liquidity_face,
        })
    }
}

/// All outcomes but the traded one, which a trade leaves as they are.
struct Others {
    max: i64,
    /// Σ e^((q_j − max)/b) in Q59, from 1 to 15.
    sum: u64,
    decay: Decay,
}

impl Others {
    #[inline(always)]
    fn new(sold: &[i64], decay: Decay, outcome: usize) -> Self {
        let others = || {
            sold.iter()
                .enumerate()
                .filter(|(index, _)| *index != outcome)
                .map(|(_, q)| *q)
        };
        let max = others().fold(i64::MIN, i64::max);
        let sum = others().fold(0, |sum: u128, q| sum.wrapping_add(term(decay, max, q).into()));
        Self {
            max,
            sum: (sum >> SUM_SHIFT) as u64,
            decay,
        }
    }

    /// The pool with `own` lots of the traded outcome sold.
    #[inline(always)]
    fn with(&self, own: i64) -> Result<At, Fault> {
        let decayed = self.decay.at(own.abs_diff(self.max));
        let (max, weight, sum) = if own <= self.max {
            (self.max, decayed, self.sum + (decayed >> SUM_SHIFT))
        } else {
            let others = scale_down::<63>(self.sum as i64, decayed)? as u64;
            (own, ONE, (1 << SUM_BITS) + others)
        };
        Ok(At {
            max,
            log: ln(sum)?,
            price: mul_div_down(weight, 1 << SUM_BITS, sum)?,
        })
    }
}

/// C/b as `max`/b + `log`/2⁵⁸, the logarithm of Σ e^((q_j − max)/b); and the traded outcome's price in Q63.
struct At {
    max: i64,
    log: u64,
    price: u64,
}

/// e^((q − max)/b) in Q63.
#[inline(always)]
fn term(decay: Decay, max: i64, q: i64) -> u64 {
    if q == max {
        ONE
    } else {
        decay.at(max.abs_diff(q))
    }
}

/// Writes e^((q_i − max q)/b) in Q63 to `weights` and returns their sum in Q59.
fn weights(sold: &[i64], liquidity: Lots, weights: &mut [u64]) -> Result<u64, Fault> {
    liquidity_face(liquidity)?;
    let max = check_sold(sold)?;
    let decay = Decay::over(liquidity.0)?;
    let mut sum = 0u128;
    for (weight, q) in weights.iter_mut().zip(sold) {
        *weight = term(decay, max, *q);
        sum = sum.wrapping_add((*weight).into());
    }
    Ok((sum >> SUM_SHIFT) as u64)
}

/// A weight's share of the sum in Q63, kept inside (0, 1).
fn share(weight: u64, sum: u64) -> Result<u64, Fault> {
    Ok(mul_div_down(weight, 1 << SUM_BITS, sum)?.clamp(1, ONE - 1))
}

/// Atoms that a complete set of the liquidity's size is worth.
#[inline(always)]
fn liquidity_face(liquidity: Lots) -> Result<u64, Fault> {
    if liquidity.0 == 0 || liquidity > LIQUIDITY_MAX {
        return Err(Fault::Domain);
    }
    Ok(liquidity.0.wrapping_mul(TICKS_PER_UNIT))
}

/// The greatest q_i of a pool in range.
#[inline(always)]
fn check_sold(sold: &[i64]) -> Result<i64, Fault> {
    if !(2..=OUTCOMES_MAX).contains(&sold.len()) || sold.iter().any(|q| q.unsigned_abs() > SOLD_MAX) {
        return Err(Fault::Domain);
    }
    Ok(sold.iter().copied().fold(i64::MIN, i64::max))
}
