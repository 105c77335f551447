//! The one module that rounds: products over a divisor, roots, exponentials, logarithms and the normal
//! distribution in binary fixed point.
//!
//! | quantity | type | format | one is |
//! | --- | --- | --- | --- |
//! | arguments of exp, Φ, φ; value of Φ⁻¹ | `i64` | Q57: (−64, 64) by 2⁻⁵⁷ | [`ARGUMENT_ONE`] |
//! | values in [0, 1]: exp of a negative, Φ, φ | `u64` | Q63 | [`ONE`] |
//! | values of ln | `u64` | Q58 | 2⁵⁸ |
//!
//! The chain's machine has neither a 128-bit product nor a count of leading zeros, and the compiler's calls
//! for them cost more than the formulas themselves. The primitives here are written for it; they wrap where
//! a comment or the range of the operands shows that nothing is lost.

mod exponential;
mod exponential_tables;
mod normal;
mod normal_tables;

pub use exponential::{exp, exp_neg, ln, Decay, Power, LN_BITS};
pub use normal::{normal_cdf, normal_pdf, normal_quantile, UpperTail, DENSITY_AT_ZERO_UP, VARIANCE_AT_ZERO};

use crate::Fault;

/// Fraction bits of values in [0, 1].
pub const ONE_BITS: u32 = 63;

/// One, as a probability or an exponential is written.
pub const ONE: u64 = 1 << ONE_BITS;

/// Fraction bits of the arguments of exp, Φ and φ.
pub const ARGUMENT_BITS: u32 = 57;

/// One, as an argument of exp, Φ or φ is written.
pub const ARGUMENT_ONE: i64 = 1 << ARGUMENT_BITS;

const LOW_HALF: u64 = 0xffff_ffff;

/// a·b as (high, low) words.
#[inline(always)]
fn mul_wide(a: u64, b: u64) -> (u64, u64) {
    let (a1, a0, b1, b0) = (a >> 32, a & LOW_HALF, b >> 32, b & LOW_HALF);
    let low = a0.wrapping_mul(b0);
    let middle = a1.wrapping_mul(b0).wrapping_add(low >> 32);
    let carry = a0.wrapping_mul(b1).wrapping_add(middle & LOW_HALF);
    let high = a1
        .wrapping_mul(b1)
        .wrapping_add(middle >> 32)
        .wrapping_add(carry >> 32);
    (high, (carry << 32) | (low & LOW_HALF))
}

/// ⌊a·b / 2⁶⁴⌋.
#[inline(always)]
fn mul_high(a: u64, b: u64) -> u64 {
    mul_wide(a, b).0
}

/// a·b / 2⁶⁴, at most 3 too low: the product of the low halves is left out.
#[inline(always)]
fn mul_high_signed(a: i64, b: i64) -> i64 {
    let (a1, a0, b1, b0) = (a >> 32, a & LOW_HALF as i64, b >> 32, b & LOW_HALF as i64);
    let cross = (a1.wrapping_mul(b0) >> 32).wrapping_add(a0.wrapping_mul(b1) >> 32);
    a1.wrapping_mul(b1).wrapping_add(cross)
}

/// Zero bits above the highest set bit; 63 for zero.
#[inline(always)]
fn leading_zeros(value: u64) -> u32 {
    let (mut value, mut zeros) = (value, 0);
    for half in [32, 16, 8, 4, 2, 1] {
        if value >> (64 - half) == 0 {
            value <<= half;
            zeros += half;
        }
    }
    zeros
}

/// Quotient and remainder of (high·2⁶⁴ + low) / divisor, for high < divisor.
///
/// Knuth, The Art of Computer Programming, volume 2, algorithm 4.3.1 D, in base 2³².
#[inline]
fn div_wide(high: u64, low: u64, divisor: u64) -> (u64, u64) {
    let shift = leading_zeros(divisor);
    let divisor = divisor.wrapping_shl(shift);
    // (low >> 1) >> (63 − shift) is low >> (64 − shift), and zero for a shift of zero.
    let high = high.wrapping_shl(shift) | (low >> 1).wrapping_shr(63 - shift);
    let low = low.wrapping_shl(shift);
    let (upper, rest) = div_digit(high, low >> 32, divisor);
    let (lower, rest) = div_digit(rest, low & LOW_HALF, divisor);
    (upper << 32 | lower, rest.wrapping_shr(shift))
}

/// One digit of the long division: (high·2³² + digit) / divisor, for high < divisor and a set top bit.
#[inline(always)]
fn div_digit(high: u64, digit: u64, divisor: u64) -> (u64, u64) {
    let (divisor1, divisor0) = (divisor >> 32, divisor & LOW_HALF);
    let mut quotient = high / divisor1;
    let mut rest = high.wrapping_sub(quotient.wrapping_mul(divisor1));
    // The estimate is at most two too high.
    while quotient > LOW_HALF || quotient.wrapping_mul(divisor0) > (rest << 32 | digit) {
        quotient = quotient.wrapping_sub(1);
        rest = rest.wrapping_add(divisor1);
        if rest > LOW_HALF {
            break;
        }
    }
    (
        quotient,
        (high << 32 | digit).wrapping_sub(quotient.wrapping_mul(divisor)),
    )
}

/// Quotient and remainder of a·b / d.
#[inline]
fn mul_div(a: u64, b: u64, d: u64) -> Result<(u64, u64), Fault> {
    if d == 0 {
        return Err(Fault::Domain);
    }
    let (high, low) = mul_wide(a, b);
    if high == 0 {
        return Ok((low / d, low % d));
    }
    if high >= d {
        return Err(Fault::Overflow);
    }
    Ok(div_wide(high, low, d))
}

/// ⌊a·b / d⌋ by way of 128 bits.
///
/// # Errors
/// [`Fault::Domain`] for d = 0, [`Fault::Overflow`] from 2⁶⁴ on.
#[inline]
pub fn mul_div_down(a: u64, b: u64, d: u64) -> Result<u64, Fault> {
    Ok(mul_div(a, b, d)?.0)
}

/// ⌈a·b / d⌉ by way of 128 bits.
///
/// # Errors
/// [`Fault::Domain`] for d = 0, [`Fault::Overflow`] from 2⁶⁴ on.
#[inline]
pub fn mul_div_up(a: u64, b: u64, d: u64) -> Result<u64, Fault> {
    let (quotient, rest) = mul_div(a, b, d)?;
    quotient.checked_add((rest != 0) as u64).ok_or(Fault::Overflow)
}

/// value / divisor towards zero: the chain's machine divides no signed numbers.
///
/// # Errors
/// None: a `divisor` of zero is taken for one, and a quotient of −2⁶³ is none of any product here.
#[inline(always)]
pub fn div_towards_zero(value: i64, divisor: u64) -> i64 {
    let quotient = (value.unsigned_abs() / divisor.max(1)) as i64;
    if value < 0 {
        quotient.wrapping_neg()
    } else {
        quotient
    }
}

/// ⌈amount·parts / whole⌉ in 64 bits.
///
/// # Errors
/// [`Fault::Domain`] unless 0 < whole ≤ 2³² and parts ≤ whole.
#[inline(always)]
pub fn portion_up(amount: u64, parts: u64, whole: u64) -> Result<u64, Fault> {
    if whole == 0 || whole > 1 << 32 || parts > whole {
        return Err(Fault::Domain);
    }
    let (wholes, rest) = (amount / whole, amount % whole);
    // At most `amount`: parts ≤ whole.
    Ok(wholes
        .wrapping_mul(parts)
        .wrapping_add(rest.wrapping_mul(parts).div_ceil(whole)))
}

/// ⌊amount·parts / whole⌋ in 64 bits.
///
/// # Errors
/// As [`portion_up`].
#[inline(always)]
pub fn portion_down(amount: u64, parts: u64, whole: u64) -> Result<u64, Fault> {
    if whole == 0 || whole > 1 << 32 || parts > whole {
        return Err(Fault::Domain);
    }
    let (wholes, rest) = (amount / whole, amount % whole);
    Ok(wholes.wrapping_mul(parts) + rest.wrapping_mul(parts) / whole)
}

/// ⌊factor·amount / 2^`BITS`⌋, for `BITS` in 1..=63.
///
/// # Errors
/// [`Fault::Overflow`] outside ±(2⁶³ − 1).
#[inline]
pub fn scale_down<const BITS: u32>(factor: i64, amount: u64) -> Result<i64, Fault> {
    let (quotient, inexact) = scale_magnitude::<BITS>(factor, amount)?;
    Ok(if factor < 0 { -quotient - inexact } else { quotient })
}

/// ⌈factor·amount / 2^`BITS`⌉, for `BITS` in 1..=63.
///
/// # Errors
/// [`Fault::Overflow`] outside ±(2⁶³ − 1).
#[inline]
pub fn scale_up<const BITS: u32>(factor: i64, amount: u64) -> Result<i64, Fault> {
    let (quotient, inexact) = scale_magnitude::<BITS>(factor, amount)?;
    Ok(if factor < 0 { -quotient } else { quotient + inexact })
}

/// ⌊|factor|·amount / 2^`BITS`⌋, below 2⁶³ − 1, and one if that is not exact.
#[inline(always)]
fn scale_magnitude<const BITS: u32>(factor: i64, amount: u64) -> Result<(i64, i64), Fault> {
    let (high, low) = mul_wide(factor.unsigned_abs(), amount);
    if high >> (BITS - 1) != 0 {
        return Err(Fault::Overflow);
    }
    let quotient = (high << (64 - BITS) | low >> BITS) as i64;
    if quotient == i64::MAX {
        return Err(Fault::Overflow);
    }
    Ok((quotient, (low << (64 - BITS) != 0) as i64))
}

/// ⌊√value⌋.
///
/// P. Zimmermann, Karatsuba Square Root (INRIA RR-3805): the root of the upper half, one division for the
/// lower half, and a correction of at most one.
pub fn sqrt_down(value: u128) -> u64 {
    let (high, low) = ((value >> 64) as u64, value as u64);
    if high == 0 {
        return sqrt_word_down(low);
    }
    let shift = leading_zeros(high) & !1;
    let high_normal = high.wrapping_shl(shift) | (low >> 1).wrapping_shr(63 - shift);
    let low_normal = low.wrapping_shl(shift);
    let root = sqrt_word_down(high_normal);
    let rest = high_normal.wrapping_sub(root.wrapping_mul(root));
    // rest ≤ 2·root < 2³³, so the dividend stays under 2⁶⁴ and the quotient under 2³² + 1.
    let digit = ((rest << 31) | (low_normal >> 33)) / root;
    let estimate = (root << 32).saturating_add(digit);
    let too_high = mul_wide(estimate, estimate) > (high_normal, low_normal);
    estimate.wrapping_sub(too_high as u64).wrapping_shr(shift / 2)
}

/// ⌊√value⌋ by Newton's iteration from above, where it falls until it has arrived.
pub fn sqrt_word_down(value: u64) -> u64 {
    if value == 0 {
        return 0;
    }
    let mut root = u64::MAX >> 32 >> (leading_zeros(value) / 2);
    loop {
        let next = (root + value / root) / 2;
        if next >= root {
            return root;
        }
        root = next;
    }
}
