//! Trade fees: proportional to p(1 − p), so nothing at the edges where nothing is uncertain.

use crate::{
    fixed::mul_div_up,
    quantity::{Atoms, Bps, Lots},
    Fault,
};

/// Bps in one.
const BPS_PER_UNIT: u64 = 10_000;

/// The highest rate: all of p(1 − p). A higher one is taken for it.
const BPS_MAX: u16 = 10_000;

/// `fee · size · p · (1 − p)` rounded up once, where p is the trade's average price `gross / face value`.
///
/// # Errors
/// [`Fault::Overflow`] from a face value of 2⁶⁴ / 10,000 atoms on; [`Fault::Domain`] if the size is 0 or
/// the gross amount exceeds its face value.
pub fn taker_fee_up(gross: Atoms, size: Lots, fee: Bps) -> Result<Atoms, Fault> {
    let face = size.face_value()?;
    if face.0 > u64::MAX / BPS_PER_UNIT {
        return Err(Fault::Overflow);
    }
    let complement = face.0.checked_sub(gross.0).ok_or(Fault::Domain)?;
    // The rate first: then one division rounds once. Neither product overflows below the limit above.
    mul_div_up(
        gross.0 * u64::from(fee.0.min(BPS_MAX)),
        complement,
        face.0 * BPS_PER_UNIT,
    )
    .map(Atoms)
}
