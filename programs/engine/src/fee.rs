//! Trade fees: proportional to p(1 − p), so nothing at the edges where nothing is uncertain.

use crate::{
    fixed::{mul_div_down, mul_div_up, scale_down, scale_up, ONE, ONE_BITS},
    quantity::{Atoms, Bps, Lots, TICKS_PER_UNIT},
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
    /// What the fee is a share of, rounded down: Σ lots × p × (1 − p).
    pub volume: Atoms,
}

impl Charge {
    /// What a trade for `gross` moves along an integral of `path`, as [`path_fee_up`].
    ///
    /// # Errors
    /// As [`path_fee_up`].
    #[inline(always)]
    pub(crate) fn along(path: u64, liquidity: Lots, gross: Atoms, fee: Bps) -> Result<Self, Fault> {
        let fee = path_fee_up(path, liquidity, fee)?;
        // The fee's check of the liquidity stands for this product too.
        let volume =
            scale_down::<ONE_BITS>(path.min(ONE - 1) as i64, liquidity.0.wrapping_mul(TICKS_PER_UNIT))?;
        Ok(Self {
            gross,
            fee,
            volume: Atoms(volume as u64),
        })
    }
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

/// Lots × ticks × ticks × bps in an atom.
const BASIS_PER_ATOM: u64 = TICKS_PER_UNIT * BPS_MAX as u64;

/// The most lots whose [`fill_basis`] together fit 64 bits, at any prices.
pub const FILL_LOTS_MAX: u64 = 500_000_000_000;

/// What the fees of one fill are a share of: lots × p × (1 − p) in ticks, for a price of 1 to 9,999 ticks. For
/// at most [`FILL_LOTS_MAX`] lots in all, sums of it do not overflow.
#[inline(always)]
pub fn fill_basis(price_ticks: u64, lots: u64) -> u64 {
    lots.wrapping_mul(price_ticks.wrapping_mul(TICKS_PER_UNIT.wrapping_sub(price_ticks)))
}

/// The taker's fee on a sum of [`fill_basis`], rounded up once.
///
/// # Errors
/// [`Fault::Overflow`] from 2⁶⁴ atoms on, which no sum in range reaches.
#[inline(always)]
pub fn fills_fee_up(basis: u64, fee: Bps) -> Result<Atoms, Fault> {
    mul_div_up(basis, u64::from(fee.0.min(BPS_MAX)), BASIS_PER_ATOM).map(Atoms)
}

/// A maker's rebate on one fill, rounded down.
///
/// # Errors
/// As [`fills_fee_up`].
#[inline(always)]
pub fn rebate_down(basis: u64, rebate: Bps) -> Result<Atoms, Fault> {
    mul_div_down(basis, u64::from(rebate.0.min(BPS_MAX)), BASIS_PER_ATOM).map(Atoms)
}

/// What a sum of [`fill_basis`] adds to its taker's volume, rounded down: Σ lots × p × (1 − p).
#[inline(always)]
pub fn fills_volume_down(basis: u64) -> Atoms {
    Atoms(basis / TICKS_PER_UNIT)
}

/// A share of a volume, rounded up.
///
/// # Errors
/// None for a rate of at most 10,000 bps, and a higher one is taken for it.
#[inline(always)]
pub fn volume_fee_up(volume: Atoms, fee: Bps) -> Result<Atoms, Fault> {
    mul_div_up(volume.0, u64::from(fee.0.min(BPS_MAX)), u64::from(BPS_MAX)).map(Atoms)
}

/// Seconds in which a volume to which nothing is added wears off to nothing.
pub const VOLUME_WINDOW_S: u64 = 30 * 86_400;

/// A taker's volume after `age_s` seconds without a trade, rounded down: it wears off evenly. Whoever trades
/// steadily has what was traded in the window.
///
/// # Errors
/// None, as no product leaves its range.
#[inline(always)]
pub fn worn_down(volume: Atoms, age_s: u64) -> Result<Atoms, Fault> {
    let left_s = VOLUME_WINDOW_S.saturating_sub(age_s);
    mul_div_down(volume.0, left_s, VOLUME_WINDOW_S).map(Atoms)
}

/// From which volume on a taker pays which share of the rate.
pub const FEE_TIERS: [(Atoms, Bps); 3] = [
    (Atoms(1_000_000_000_000), Bps(7_000)),
    (Atoms(100_000_000_000), Bps(8_000)),
    (Atoms(10_000_000_000), Bps(9_000)),
];

/// The rate that a taker of this volume pays, rounded up.
#[inline(always)]
pub fn tiered_up(fee: Bps, volume: Atoms) -> Bps {
    for (from, share) in FEE_TIERS {
        if volume >= from {
            return Bps((u32::from(fee.0) * u32::from(share.0)).div_ceil(u32::from(BPS_MAX)) as u16);
        }
    }
    fee
}
