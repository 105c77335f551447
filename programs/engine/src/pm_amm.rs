//! Static pm-AMM on two outcomes, as a cost function.
//!
//! With q the lots of each outcome the pool has sold (negative: bought), z = q_yes − q_no and the scale L in
//! lots, C(q) = q_no + L·(φ(z/L) + (z/L)·Φ(z/L)), and the price of YES is Φ(z/L). C. Moallemi and
//! D. Robinson, pm-AMM (2024), whose invariant this is: its reserves are C(q) − q_yes and C(q) − q_no.
//!
//! Computed as C(q) = max q + L·h(|z|/L), where h(u) = φ(u) − u·(1 − Φ(u)) is the unit normal loss: the same
//! number without cancellation, and the same for both outcomes. C(q) ≥ max q, so that funding of
//! C(0) = L·φ(0) covers either outcome.
//!
//! Every amount is the true one, widened by the bound of the arithmetic's error and then rounded to a whole
//! atom, both against the trader. Hence no sequence of trades that returns to its start has a profit, and
//! funding + costs − proceeds ≥ 10,000·max q after any sequence. The widening is under 2⁻⁵⁴ of the face
//! value of L: 0.006 atom at L = 10¹⁰, 0.6 atom at the most.
//!
//! A fee on p(1 − p) over the path of a trade is the rate times L·∫ Φ(1 − Φ) du between its ends, which has a
//! closed form: the same however the trade is split.
//!
//! Lots in range have a face value under 2⁵⁵ atoms: such products wrap unchecked, since a checked one is a
//! 128-bit product on chain.

use crate::fee::Charge;
use crate::fixed::{
    mul_div_down, normal_cdf, normal_quantile, scale_down, scale_up, UpperTail, ARGUMENT_BITS, ARGUMENT_ONE,
    DENSITY_AT_ZERO_UP, ONE, ONE_BITS, VARIANCE_AT_ZERO,
};
use crate::quantity::{Atoms, Bps, Lots, TICKS_PER_UNIT};
use crate::Fault;

/// The most liquidity (scale L) of a pool.
pub const LIQUIDITY_MAX: Lots = Lots(1_000_000_000_000);

/// The most lots of an outcome a pool may have sold, or bought.
pub const SOLD_MAX: u64 = 1_000_000_000_000;

/// A trade must leave |z|/L ≤ 3.72, a price within [1e−4, 1 − 1e−4], written 93/25.
const IMBALANCE_MAX: (u64, u64) = (93, 25);

/// Beyond |z|/L = 8 a pool has no price.
const IMBALANCE_LIMIT: u64 = 8;

/// Bound of the error of a difference of two losses, 2⁻⁵⁵ in Q63: each has up to 1e−17 of its own and 2⁻⁵⁸
/// from its argument, 2.7e−17 for two.
const LOSS_ERROR: i64 = 1 << 8;

/// What a pool must be given at its start: L·φ(0), its greatest loss.
///
/// # Errors
/// [`Fault::Domain`] unless 1 ≤ liquidity ≤ [`LIQUIDITY_MAX`].
pub fn funding_up(liquidity: Lots) -> Result<Atoms, Fault> {
    let face = liquidity_face(liquidity)?;
    Ok(Atoms(
        scale_up::<ONE_BITS>(DENSITY_AT_ZERO_UP as i64, face)? as u64
    ))
}

/// What a trader pays for `size` lots of `outcome`: at most their face value, and the fee apart.
///
/// # Errors
/// [`Fault::Domain`] for a liquidity of zero or above [`LIQUIDITY_MAX`], an `outcome` above 1, anything sold
/// beyond ±[`SOLD_MAX`] before or after, |z|/L above 8 before or above 3.72 after.
pub fn buy_up(
    sold: &[i64; 2],
    liquidity: Lots,
    outcome: usize,
    size: Lots,
    fee: Bps,
) -> Result<Charge, Fault> {
    let pool = Pool::new(sold, liquidity, outcome)?;
    let after = pool.own.checked_add_unsigned(size.0).ok_or(Fault::Domain)?;
    pool.check_after(after)?;
    let rise = pool.rise(pool.own, after)?;
    let cost = rise.atoms + scale_up::<ONE_BITS>(rise.losses + LOSS_ERROR, pool.liquidity_face)?;
    Charge::along(
        rise.variance,
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
    sold: &[i64; 2],
    liquidity: Lots,
    outcome: usize,
    size: Lots,
    fee: Bps,
) -> Result<Charge, Fault> {
    let pool = Pool::new(sold, liquidity, outcome)?;
    let after = pool.own.checked_sub_unsigned(size.0).ok_or(Fault::Domain)?;
    pool.check_after(after)?;
    let rise = pool.rise(after, pool.own)?;
    let proceeds = rise.atoms + scale_down::<ONE_BITS>(rise.losses - LOSS_ERROR, pool.liquidity_face)?;
    Charge::along(rise.variance, liquidity, Atoms(proceeds.max(0) as u64), fee)
}

/// The price of one outcome in Q63, in (0, 1); both together are one exactly. Error under 2⁻⁵⁸ (3.5e−18).
///
/// # Errors
/// As [`buy_up`].
pub fn price(sold: &[i64; 2], liquidity: Lots, outcome: usize) -> Result<u64, Fault> {
    let pool = Pool::new(sold, liquidity, outcome)?;
    let imbalance = pool.imbalance(pool.own)? as i64;
    normal_cdf(if pool.own < pool.other {
        -imbalance
    } else {
        imbalance
    })
}

/// Where a pool has which price: at price p of the outcome it has sold q = q_other + L·Φ⁻¹(p).
pub struct Depth(Pool);

impl Depth {
    /// The pool as it is, for one of its outcomes.
    ///
    /// # Errors
    /// As [`buy_up`].
    #[inline(always)]
    pub fn new(sold: &[i64; 2], liquidity: Lots, outcome: usize) -> Result<Self, Fault> {
        Pool::new(sold, liquidity, outcome).map(Self)
    }

    /// How many lots can be bought before the price passes `price_ticks`, 1 to 9,999, rounded down; none beyond
    /// it. Where the true number is next to a whole one, it may be that one or the one before.
    ///
    /// # Errors
    /// [`Fault::Domain`] for another price.
    #[inline(always)]
    pub fn buyable_down(&self, price_ticks: u64) -> Result<u64, Fault> {
        let Self(pool) = self;
        let target = pool.other + scale_down::<ARGUMENT_BITS>(quantile(price_ticks)?, pool.liquidity)?;
        Ok((target.min(SOLD_MAX as i64) - pool.own).max(0) as u64)
    }

    /// How many lots can be sold before the price passes `price_ticks`, as [`Self::buyable_down`].
    ///
    /// # Errors
    /// As [`Self::buyable_down`].
    #[inline(always)]
    pub fn sellable_down(&self, price_ticks: u64) -> Result<u64, Fault> {
        let Self(pool) = self;
        let target = pool.other + scale_up::<ARGUMENT_BITS>(quantile(price_ticks)?, pool.liquidity)?;
        Ok((pool.own - target.max(-(SOLD_MAX as i64))).max(0) as u64)
    }
}

/// Φ⁻¹ of a price in ticks, in Q57.
#[inline(always)]
fn quantile(price_ticks: u64) -> Result<i64, Fault> {
    if !(1..TICKS_PER_UNIT).contains(&price_ticks) {
        return Err(Fault::Domain);
    }
    normal_quantile(mul_div_down(price_ticks, ONE, TICKS_PER_UNIT)?)
}

/// A pool seen from the traded outcome.
struct Pool {
    own: i64,
    other: i64,
    liquidity: u64,
    liquidity_face: u64,
}

impl Pool {
    #[inline(always)]
    fn new(sold: &[i64; 2], liquidity: Lots, outcome: usize) -> Result<Self, Fault> {
        let liquidity_face = liquidity_face(liquidity)?;
        let (own, other) = match outcome {
            0 => (sold[0], sold[1]),
            1 => (sold[1], sold[0]),
            _ => return Err(Fault::Domain),
        };
        if own.unsigned_abs() > SOLD_MAX || other.unsigned_abs() > SOLD_MAX {
            return Err(Fault::Domain);
        }
        Ok(Self {
            own,
            other,
            liquidity: liquidity.0,
            liquidity_face,
        })
    }

    /// Whether a trade may leave `own` lots of the traded outcome sold.
    #[inline(always)]
    fn check_after(&self, own: i64) -> Result<(), Fault> {
        let (numerator, denominator) = IMBALANCE_MAX;
        if own.unsigned_abs() > SOLD_MAX
            || own.abs_diff(self.other).wrapping_mul(denominator) > self.liquidity.wrapping_mul(numerator)
        {
            return Err(Fault::Domain);
        }
        Ok(())
    }

    /// |z|/L in Q57 with `own` lots of the traded outcome sold, rounded down.
    #[inline(always)]
    fn imbalance(&self, own: i64) -> Result<u64, Fault> {
        let distance = own.abs_diff(self.other);
        if distance > self.liquidity.wrapping_mul(IMBALANCE_LIMIT) {
            return Err(Fault::Domain);
        }
        mul_div_down(distance, ARGUMENT_ONE as u64, self.liquidity)
    }

    #[inline(always)]
    fn rise(&self, low: i64, high: i64) -> Result<Rise, Fault> {
        let atoms = (high.max(self.other) - low.max(self.other)).wrapping_mul(TICKS_PER_UNIT as i64);
        let low_tail = UpperTail::at(self.imbalance(low)?)?;
        let high_tail = UpperTail::at(self.imbalance(high)?)?;
        let (low_variance, high_variance) = (low_tail.variance()?, high_tail.variance()?);
        // From the one side of even odds to the other the path is both halves less what lies beyond its ends.
        let variance = if low < self.other && self.other < high {
            (2 * VARIANCE_AT_ZERO).saturating_sub(low_variance + high_variance)
        } else {
            low_variance.abs_diff(high_variance)
        };
        Ok(Rise {
            atoms,
            losses: high_tail.loss() as i64 - low_tail.loss() as i64,
            variance,
        })
    }
}

/// C with `high` lots of the traded outcome sold less C with `low`: `atoms` + `losses`·L/2⁶³; and ∫ Φ(1 − Φ)
/// between them in Q63.
struct Rise {
    atoms: i64,
    losses: i64,
    variance: u64,
}

/// Atoms that a complete set of the liquidity's size is worth.
#[inline(always)]
fn liquidity_face(liquidity: Lots) -> Result<u64, Fault> {
    if liquidity.0 == 0 || liquidity > LIQUIDITY_MAX {
        return Err(Fault::Domain);
    }
    Ok(liquidity.0.wrapping_mul(TICKS_PER_UNIT))
}
