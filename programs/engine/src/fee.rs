//! Trade fees: proportional to p(1 − p), so nothing at the edges where nothing is uncertain.

use crate::{
    fixed::mul_div_up,
    quantity::{Atoms, Bps, Lots},
    Fault,
};

/// Bps in one.
const BPS_PER_UNIT: u64 = 10_000;

/// `fee · size · p · (1 − p)` rounded up, where p is the trade's average price `gross / face value`.
///
/// # Errors
/// [`Fault::Overflow`] if the size's face value leaves 64 bits; [`Fault::Domain`] if the size is 0.
pub fn taker_fee_up(gross: Atoms, size: Lots, fee: Bps) -> Result<Atoms, Fault> {
    let face = size.face_value()?;
    // A rounded cost can exceed the face value by an atom: then there is nothing left to charge on.
    let complement = face.0.saturating_sub(gross.0);
    let variance = mul_div_up(gross.0, complement, face.0)?;
    mul_div_up(variance, u64::from(fee.0), BPS_PER_UNIT).map(Atoms)
}
