//! The standard normal distribution: Φ by a polynomial on each eighth, φ by the exponential, Φ⁻¹ by
//! Newton's iteration on Φ.

pub use super::normal_tables::{DENSITY_AT_ZERO_UP, VARIANCE_AT_ZERO};

use super::normal_tables::{INV_SQRT_PI, INV_SQRT_TAU, SQRT_2, TAIL_EXPONENTS, TAIL_POLYNOMIALS};
use super::{exp_neg, mul_div_down, mul_high, mul_high_signed, mul_wide, ARGUMENT_BITS, ONE};
use crate::Fault;

/// The largest |x|, in Q57: eight, beyond which Φ is within 6.3e−16 of 0 or 1.
const ARGUMENT_MAX: u64 = 8 << ARGUMENT_BITS;

/// Bits of an eighth in Q57.
const EIGHTH_BITS: u32 = ARGUMENT_BITS - 3;

/// Newton steps from an eighth's end to the last bit take fewer.
const NEWTON_STEPS_MAX: usize = 12;

/// Φ(x) in Q63 for x in Q57, |x| ≤ 8.
///
/// Absolute error under 2⁻⁶⁰ (1e−18). Monotone, and Φ(−x) = 1 − Φ(x) exactly.
///
/// # Errors
/// [`Fault::Domain`] for |x| > 8.
#[inline]
pub fn normal_cdf(x: i64) -> Result<u64, Fault> {
    let tail = normal_tail(x.unsigned_abs())?;
    Ok(if x < 0 { tail } else { ONE - tail })
}

/// φ(x) in Q63 for x in Q57, |x| ≤ 8. Absolute error under 2⁻⁵⁷ (7e−18).
///
/// # Errors
/// [`Fault::Domain`] for |x| > 8.
#[inline]
pub fn normal_pdf(x: i64) -> Result<u64, Fault> {
    let x = x.unsigned_abs();
    if x > ARGUMENT_MAX {
        return Err(Fault::Domain);
    }
    // x² in Q56 is x²/2 in Q57.
    Ok(mul_high(exp_neg(mul_high(x << 3, x << 3)), INV_SQRT_TAU))
}

/// The standard normal distribution beyond one argument x, 0 ≤ x ≤ 8.
pub struct UpperTail {
    /// x in Q57.
    x: u64,
    /// 1 − Φ(x) in Q63.
    mass: u64,
    /// φ(x) in Q63.
    density: u64,
}

impl UpperTail {
    /// For x in Q57.
    ///
    /// # Errors
    /// [`Fault::Domain`] for x > 8.
    #[inline(always)]
    pub fn at(x: u64) -> Result<Self, Fault> {
        Ok(Self {
            x,
            mass: normal_tail(x)?,
            density: normal_pdf(x as i64)?,
        })
    }

    /// E[(Z − x)⁺] = φ(x) − x·(1 − Φ(x)) in Q63; Z is standard normal.
    ///
    /// The unit normal loss function of inventory theory. Absolute error under 1e−17.
    #[inline(always)]
    pub fn loss(&self) -> u64 {
        self.density.saturating_sub(self.times_x(self.mass))
    }

    /// ∫ Φ(1 − Φ) from x to infinity in Q63, at most 1/(2√π) = [`VARIANCE_AT_ZERO`]. Absolute error under 1e−17.
    ///
    /// With T = 1 − Φ it is φ(x)·(1 − 2T(x)) + T(√2·x)/√π − x·T(x)·(1 − T(x)), by parts.
    /// √2·x beyond 8 counts as 8, which adds less than 3.6e−16.
    ///
    /// # Errors
    /// None for what [`Self::at`] makes.
    #[inline(always)]
    pub fn variance(&self) -> Result<u64, Fault> {
        let wider = mul_high(self.x << 1, SQRT_2).min(ARGUMENT_MAX);
        let central = mul_high(self.density, (ONE - 2 * self.mass) << 1);
        let diagonal = mul_high(normal_tail(wider)?, INV_SQRT_PI);
        let product = mul_high(self.mass << 1, ONE - self.mass);
        Ok((central + diagonal).saturating_sub(self.times_x(product)))
    }

    /// x times a value in Q63.
    #[inline(always)]
    fn times_x(&self, value: u64) -> u64 {
        let (high, low) = mul_wide(self.x, value);
        high << (64 - ARGUMENT_BITS) | low >> ARGUMENT_BITS
    }
}

/// Φ⁻¹(p) in Q57 for p in Q63.
///
/// Error under 1e−12, and under 1e−16 for |x| ≤ 4; Φ of the result is within 2⁻⁵⁷ of p.
/// Φ⁻¹(1 − p) = −Φ⁻¹(p) exactly.
///
/// # Errors
/// [`Fault::Domain`] unless Φ(−8) < p < Φ(8).
pub fn normal_quantile(p: u64) -> Result<i64, Fault> {
    let tail = p.min(ONE.checked_sub(p).ok_or(Fault::Domain)?);
    if tail <= normal_tail(ARGUMENT_MAX)? {
        return Err(Fault::Domain);
    }
    let (mut left, mut right) = (0, ARGUMENT_MAX >> EIGHTH_BITS);
    while right - left > 1 {
        let middle = (left + right) / 2;
        if normal_tail(middle << EIGHTH_BITS)? >= tail {
            left = middle;
        } else {
            right = middle;
        }
    }
    // The tail is convex, so that steps from the left of its root stay there.
    let mut x = left << EIGHTH_BITS;
    for _ in 0..NEWTON_STEPS_MAX {
        let (scaled, exponent) = normal_tail_scaled(x)?;
        let excess = scaled.saturating_sub(tail << exponent);
        // A density that is not too low keeps the step from passing the root.
        let density = normal_pdf(x as i64)? + 1;
        let step = mul_div_down(excess, 1 << (ARGUMENT_BITS - exponent), density)?;
        if step == 0 {
            break;
        }
        x = (x + step).min(ARGUMENT_MAX);
    }
    Ok(if p < ONE / 2 { -(x as i64) } else { x as i64 })
}

/// 1 − Φ(x) in Q63, for x ≥ 0 in Q57.
#[inline(always)]
fn normal_tail(x: u64) -> Result<u64, Fault> {
    let (scaled, exponent) = normal_tail_scaled(x)?;
    Ok(scaled >> exponent)
}

/// 2^(63 + e)·(1 − Φ(x)) and e, for x ≥ 0 in Q57. Error under 4 units plus a relative 1.2e−14.
///
/// Neighbouring x lie 16 units or more apart: the scale keeps rounding below what the function falls.
#[inline]
fn normal_tail_scaled(x: u64) -> Result<(u64, u32), Fault> {
    if x > ARGUMENT_MAX {
        return Err(Fault::Domain);
    }
    if x == 0 {
        return Ok((ONE / 2, 0));
    }
    let x = x.min(ARGUMENT_MAX - 1);
    let eighth = (x >> EIGHTH_BITS) as usize & 63;
    // 8x − j − ½ in Q64: the offset within the eighth with its top bit turned.
    let offset = (x << (64 - EIGHTH_BITS)) as i64 ^ i64::MIN;
    let [constant, coefficients @ ..] = &TAIL_POLYNOMIALS[eighth];
    let mut value = 0;
    for coefficient in coefficients.iter().rev() {
        value = mul_high_signed(coefficient.wrapping_add(value), offset);
    }
    Ok((constant.wrapping_add(value) as u64, TAIL_EXPONENTS[eighth] as u32))
}
