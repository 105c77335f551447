//! Trade fees: proportional to p(1 − p), so nothing at the edges where nothing is uncertain.

use crate::{
    fixed::{scale_up, ONE, ONE_BITS},
    quantity::{Atoms, Bps, Lots},
    Fault,
};

/// The highest rate: all of p(1 − p). A higher one is taken for it.
const BPS_MAX: u16 = 10_000;

/// What a trade with a pool moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charge {
    /// What the trader pays for the shares, or receives for them.
    pub gross: Atoms,
    /// What the trader pays on top, or out of that.
    pub fee: Atoms,
}

/// `fee · ∫ p(1 − p) dq` over the lots of a trade rounded up once, for an integral of `path` in Q63 times the
/// pool's liquidity: what the same trade would pay in infinitely many parts.
///
/// # Errors
/// [`Fault::Domain`] for a `path` above one, [`Fault::Overflow`] for a liquidity of 2⁶⁴ / 10,000 lots or more.
#[inline(always)]
pub fn path_fee_up(path: u64, liquidity: Lots, fee: Bps) -> Result<Atoms, Fault> {
    if path > ONE {
        return Err(Fault::Domain);
    }
    if liquidity.0 > u64::MAX / u64::from(BPS_MAX) {
        return Err(Fault::Overflow);
    }
    // Lots × bps: 10,000 ticks a lot, times the rate in 10,000ths.
    let rated = liquidity.0.wrapping_mul(u64::from(fee.0.min(BPS_MAX)));
    let fee_atoms = scale_up::<ONE_BITS>(path.min(ONE - 1) as i64, rated)?;
    Ok(Atoms(fee_atoms as u64))
}
