//! Newtypes for quantities in motion; at rest they are plain integers.
//!
//! One share pays one collateral unit (10⁶ atoms) if its outcome wins. A lot is 0.01 share, a tick
//! is 1/10,000 of a collateral unit, so `atoms = lots × ticks` holds exactly.

use crate::Fault;

/// Ticks in a price of one: a complete set of one lot is worth this many atoms.
pub const TICKS_PER_UNIT: u64 = 10_000;

/// The most outcomes an event can have.
pub const OUTCOMES_MAX: usize = 16;

/// Collateral in its smallest unit (10⁻⁶ of a collateral unit).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Atoms(pub u64);

/// Shares in hundredths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lots(pub u64);

/// Hundredths of a percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bps(pub u16);

/// Atoms that signed complete sets are worth, exactly.
///
/// # Errors
/// [`Fault::Overflow`] outside 64 bits.
pub fn signed_face_value(lots: i64) -> Result<i64, Fault> {
    if lots.unsigned_abs() > i64::MAX as u64 / TICKS_PER_UNIT {
        return Err(Fault::Overflow);
    }
    Ok(lots * TICKS_PER_UNIT as i64)
}

impl Lots {
    /// Atoms that a complete set of this size is worth, exactly.
    ///
    /// # Errors
    /// [`Fault::Overflow`] from 2⁶⁴ atoms on.
    pub fn face_value(self) -> Result<Atoms, Fault> {
        // Compared first, because on chain a checked product is a 128-bit one.
        if self.0 > u64::MAX / TICKS_PER_UNIT {
            return Err(Fault::Overflow);
        }
        Ok(Atoms(self.0 * TICKS_PER_UNIT))
    }
}
