//! Who bears what a bankrupt account cannot pay: the market's insurance as fast as it may, then those on the other
//! side of the same market, each by the lots held.
//!
//! What was borne is noted in each position when it is settled, and insurance that has recovered returns it, to those who
//! bore it, each the same share.
//!
//! The other side is who won what the bankrupt lost. A cumulative index a lot charges all of it at once, in whatever
//! order its positions are touched, and never anybody else.

use crate::{
    fixed::{mul_div_down, mul_div_up, portion_up, ONE},
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

/// What a market's winners have borne and not had returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recovery {
    /// What was borne and not returned, noted or not yet.
    pub open_atoms: u64,
    /// Which share of a note from the beginning of the epoch is not returned, in 2⁻⁶³.
    pub share: u64,
    /// How often everything was returned.
    pub epoch: u32,
}

/// The least share: notes lose less than the 2³¹st part by it. What is open then is only returned as a whole.
const SHARE_MIN: u64 = 1 << 31;

/// What one position has borne, as it was when it was last settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Borne {
    /// Not returned.
    pub atoms: u64,
    /// The market's share then.
    pub share: u64,
    /// The market's epoch then.
    pub epoch: u32,
}

impl Recovery {
    /// Nothing borne yet.
    pub const NONE: Self = Self {
        open_atoms: 0,
        share: ONE,
        epoch: 0,
    };

    /// Returns as much of `atoms` as is open, the same share of every note; returns how much that takes. Nothing where
    /// the share left would be too small to tell it.
    ///
    /// # Errors
    /// None for a share of at most one.
    pub fn give(&mut self, atoms: u64) -> Result<u64, Fault> {
        let given = atoms.min(self.open_atoms);
        if given == self.open_atoms {
            *self = Self {
                epoch: self.epoch.wrapping_add(u32::from(given > 0)),
                ..Self::NONE
            };
            return Ok(given);
        }
        // The share is rounded up, and with it what is open: never less than the notes add up to, and never more is
        // returned than was given.
        let share = mul_div_up(self.share, self.open_atoms - given, self.open_atoms)?;
        let open_atoms = mul_div_up(self.open_atoms, share, self.share)?;
        if share < SHARE_MIN || self.open_atoms - open_atoms < given / 2 {
            return Ok(0);
        }
        self.share = share;
        self.open_atoms = open_atoms;
        Ok(given)
    }
}

impl Borne {
    /// What is left of it now, rounded up and down.
    fn left(&self, recovery: &Recovery) -> Result<(u64, u64), Fault> {
        if self.atoms == 0 || self.epoch != recovery.epoch {
            return Ok((0, 0));
        }
        Ok((
            mul_div_up(self.atoms, recovery.share, self.share)?,
            mul_div_down(self.atoms, recovery.share, self.share)?,
        ))
    }

    /// Notes what was borne since the last note, and returns what has been given back of both, rounded down. What is
    /// `fresh` may have been borne in parts, as long as its share and epoch are those of the last of them.
    ///
    /// # Errors
    /// [`Fault::Overflow`] if a sum leaves 64 bits; [`Fault::Domain`] for a note of no market's.
    pub fn settle(&mut self, recovery: &Recovery, fresh: Self) -> Result<u64, Fault> {
        let (left_up, left_down) = self.left(recovery)?;
        let (fresh_up, fresh_down) = fresh.left(recovery)?;
        let returned = self.atoms.saturating_sub(left_up);
        let returned = returned.saturating_add(fresh.atoms.saturating_sub(fresh_up));
        *self = Self {
            atoms: left_down.checked_add(fresh_down).ok_or(Fault::Overflow)?,
            share: recovery.share,
            epoch: recovery.epoch,
        };
        Ok(returned)
    }

    /// Gives up what is not returned, so that the others have it.
    ///
    /// # Errors
    /// As [`Self::settle`].
    pub fn waive(&mut self, recovery: &mut Recovery) -> Result<u64, Fault> {
        let returned = self.settle(recovery, Self::default())?;
        recovery.open_atoms = recovery.open_atoms.saturating_sub(self.atoms);
        *self = Self::default();
        Ok(returned)
    }
}
