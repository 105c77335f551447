//! exp and ln by two tables of 7 bits each and a short series for what is left.

use super::exponential_tables::{
    CUBIC, LN_2_HIGH, LN_2_LOW, LN_2_MULTIPLES, LOG2_E, LOG2_E_HIGH, LOG2_E_LOW, LOG_STEPS, POWERS,
    POWER_COMPLEMENTS, RECIPROCALS,
};
use super::{div_wide, leading_zeros, mul_high, mul_wide, ARGUMENT_BITS, ONE};
use crate::Fault;

/// Fraction bits of the values of [`ln`].
pub const LN_BITS: u32 = 58;

/// Where e^(−t) is under 2⁻⁶⁴: t in Q57.
const ARGUMENT_NEGLIGIBLE: u64 = 45 << ARGUMENT_BITS;

/// A positive number: significand·2^(exponent − 63).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Power {
    /// Q63, in (½, 1].
    pub significand: u64,
    /// From −92 to 93.
    pub exponent: i32,
}

/// e^x for x in Q57, any `i64`. Relative error under 2⁻⁵⁶ (1.4e−17), exact at 0, monotone.
pub fn exp(x: i64) -> Power {
    let (high, low) = mul_wide(x.unsigned_abs(), LOG2_E);
    // |x|·log₂ e < 92.4 in Q57: 64 bits of it, so its fraction is whole.
    let (whole, fraction) = (high >> 56, (high << 1 | low >> 63) & FRACTION_MASK);
    let exponent = whole as i32;
    if x <= 0 {
        return Power {
            significand: exp2_neg_fraction(fraction),
            exponent: -exponent,
        };
    }
    if fraction == 0 {
        return Power {
            significand: ONE,
            exponent,
        };
    }
    Power {
        significand: exp2_neg_fraction((1 << ARGUMENT_BITS) - fraction),
        exponent: exponent + 1,
    }
}

/// e^(−t) in Q63 for t in Q57. Absolute error under 2⁻⁵⁷ (7e−18), exact at 0, monotone.
#[inline]
pub fn exp_neg(t: u64) -> u64 {
    if t >= ARGUMENT_NEGLIGIBLE {
        return 0;
    }
    exp2_neg(mul_high(t << 1, LOG2_E))
}

const FRACTION_MASK: u64 = (1 << ARGUMENT_BITS) - 1;

/// 2^(−t) in Q63 for t in Q57.
#[inline(always)]
fn exp2_neg(t: u64) -> u64 {
    let whole = t >> ARGUMENT_BITS;
    if whole > 63 {
        return 0;
    }
    exp2_neg_fraction(t & FRACTION_MASK).wrapping_shr(whole as u32)
}

/// 2^(−f) in Q63 for f in Q57 below one. Error under 4 units.
///
/// Neighbouring f lie 22 units or more apart in the result, so the error cannot make it rise.
#[inline]
fn exp2_neg_fraction(f: u64) -> u64 {
    let power = POWERS[(f >> 50) as usize & 127];
    let power = power.wrapping_sub(mul_high(power, POWER_COMPLEMENTS[(f >> 43) as usize & 127]));
    let r = f & ((1 << 43) - 1);
    // u = r·ln 2 in Q64, under 2⁻¹⁴·⁵.
    let u = (r.wrapping_mul(LN_2_HIGH) >> 13).wrapping_add((r >> 11).wrapping_mul(LN_2_LOW) >> 34);
    // u² in Q92 from its upper 32 and lower 18 bits.
    let (upper, lower) = (u >> 18, u & ((1 << 18) - 1));
    let square = upper
        .wrapping_mul(upper)
        .wrapping_add(upper.wrapping_mul(lower) >> 17);
    let cube = ((square >> 32).wrapping_mul(upper) >> 32).wrapping_mul(CUBIC) >> 42;
    // 1 − e^(−u) = u − u²/2 + u³/6 − …
    let complement = u.wrapping_sub(square >> 29).wrapping_add(cube);
    power.wrapping_sub(mul_high(power, complement))
}

/// e^(−distance/scale) for many distances over one scale: the division is done once.
#[derive(Clone, Copy, Debug)]
pub struct Decay {
    /// log₂ e / scale as reciprocal·2^(zeros − 126), in (2⁶²·⁵, 2⁶³·⁵].
    reciprocal: u64,
    /// Leading zeros of the scale.
    zeros: u32,
}

impl Decay {
    /// Decay by one power of e each `scale`.
    ///
    /// # Errors
    /// [`Fault::Domain`] unless the scale is in 1..2⁵⁷.
    #[inline]
    pub fn over(scale: u64) -> Result<Self, Fault> {
        if scale == 0 || scale >> 57 != 0 {
            return Err(Fault::Domain);
        }
        let zeros = leading_zeros(scale);
        let (reciprocal, _) = div_wide(LOG2_E_HIGH, LOG2_E_LOW, scale.wrapping_shl(zeros));
        Ok(Self { reciprocal, zeros })
    }

    /// e^(−distance/scale) in Q63. Absolute error under 2⁻⁵⁷ (7e−18), exact at 0, monotone.
    #[inline]
    pub fn at(self, distance: u64) -> u64 {
        // From 2^(70 − zeros) on, the exponent is under −2⁶²·⁵/2⁵⁶.
        if distance.wrapping_shr(70u32.wrapping_sub(self.zeros)) != 0 {
            return 0;
        }
        let (high, low) = mul_wide(distance.wrapping_shl(self.zeros.wrapping_sub(6)), self.reciprocal);
        if high >> 62 != 0 {
            return 0;
        }
        exp2_neg(high << 1 | low >> 63)
    }
}

/// ln x for an integer x, in Q58. Absolute error under 1e−17, relative under 1.1e−17; monotone; exact at 1.
/// A fixed-point argument is 2^k too large: subtract `ln(1 << k)`.
///
/// # Errors
/// [`Fault::Domain`] for zero.
#[inline]
pub fn ln(x: u64) -> Result<u64, Fault> {
    if x == 0 {
        return Err(Fault::Domain);
    }
    let zeros = leading_zeros(x);
    // Significands are cut to 58 fraction bits: neighbours then lie 16 units or more apart in Q63, and
    // errors of 4 units cannot make the result fall.
    let m = x.wrapping_shl(zeros) >> 5 << 4;
    let (reciprocal, log) = RECIPROCALS[(m >> 55) as usize & 127];
    // m·reciprocal − 1 in Q70: the one is a multiple of 2⁶⁴ and wraps away.
    let z = m.wrapping_mul(reciprocal) as i64;
    // Times 1 − step/2¹³, which leaves |z| < 2⁻¹³.
    let step = z >> 57;
    let log = log.wrapping_add(LOG_STEPS[(step as usize).wrapping_add(64) & 127]);
    let z = z
        .wrapping_sub(step << 57)
        .wrapping_sub((z >> 7).wrapping_mul(step) >> 6);
    // z² in Q88 from its upper 32 and lower 26 bits.
    let (upper, lower) = (z >> 26, z & ((1 << 26) - 1));
    let square = upper
        .wrapping_mul(upper)
        .wrapping_add(upper.wrapping_mul(lower) >> 25);
    // z·(1/3 − z/4) in Q46.
    let tail = upper.wrapping_mul((THIRD - (upper >> 2)) >> 14) >> 28;
    let log = log
        .wrapping_add(z >> 7)
        .wrapping_sub(square >> 26)
        .wrapping_add((square >> 32).wrapping_mul(tail) >> 39);
    Ok(LN_2_MULTIPLES[(63 - zeros) as usize & 63].wrapping_add((log >> 5) as u64))
}

/// 1/3 in Q44.
const THIRD: i64 = (1 << 44) / 3;
