//! Who bears what a bankrupt account cannot pay: the market's insurance as fast as it may, then those on the other
//! side of the same market, each by the lots held.
//!
//! The other side is who won what the bankrupt lost. A cumulative index a lot charges all of it at once, in whatever
//! order its positions are touched, and never anybody else.

use crate::{
    fixed::{mul_div_up, portion_up},
    Fault,
};

/// Seconds after which insurance may pay its share anew.
pub const INSURANCE_WINDOW_S: i64 = 86_400;

/// A market's insurance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Insurance {
    /// What it holds.
    pub balance_atoms: u64,
    /// What it held when the window began.
    pub window_atoms: u64,
    /// What it has paid since.
    pub paid_atoms: u64,
    /// When that was, Unix seconds.
    pub window_start: i64,
}

impl Insurance {
    /// With a new window if the old one has passed.
    #[inline(always)]
    fn at(self, now: i64) -> Self {
        if now.saturating_sub(self.window_start) < INSURANCE_WINDOW_S {
            return self;
        }
        Self {
            window_atoms: self.balance_atoms,
            paid_atoms: 0,
            window_start: now,
            ..self
        }
    }

    /// Pays as much of `deficit_atoms` as it may: what it holds, and no more in a window than `cap_bps` of what it held
    /// when that began. Returns what it paid.
    ///
    /// # Errors
    /// [`Fault::Domain`] for a cap above 10,000 bps.
    pub fn pay(&mut self, deficit_atoms: u64, cap_bps: u16, now: i64) -> Result<u64, Fault> {
        *self = self.at(now);
        let cap_atoms = portion_up(self.window_atoms, u64::from(cap_bps), 10_000)?;
        let paid_atoms = deficit_atoms
            .min(self.balance_atoms)
            .min(cap_atoms.saturating_sub(self.paid_atoms));
        self.balance_atoms -= paid_atoms;
        self.paid_atoms += paid_atoms;
        Ok(paid_atoms)
    }
}

/// By how much a side's loss index rises for `loss_atoms` borne by `lots`, in 2⁻³² atoms a lot, rounded up; to be
/// settled by [`crate::funding::payment_up`].
///
/// # Errors
/// [`Fault::Domain`] for no lots, [`Fault::Overflow`] from 2³¹ atoms a lot on.
pub fn loss_index_up(loss_atoms: u64, lots: u64) -> Result<i64, Fault> {
    let rise = mul_div_up(loss_atoms, 1 << crate::funding::INDEX_BITS, lots)?;
    i64::try_from(rise).map_err(|_| Fault::Overflow)
}
