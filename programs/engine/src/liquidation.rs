//! How much of an unhealthy position is closed, and what whoever takes it over earns.
//!
//! The least is closed that restores health with a tenth to spare. The reward is a share of what is closed; it ramps
//! up the deeper the account has sunk, so that a liquidation that nobody wants gets dearer until somebody does, and
//! never exceeds what the account is worth.

use crate::{
    fixed::{mul_div_down, portion_down, portion_up},
    margin::Schedule,
    Fault,
};

/// What a liquidated account is restored to, in bps of what keeping requires.
pub const TARGET_BPS: u64 = 11_000;

/// What liquidating costs the account in a market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Least reward of whoever takes a position over, in bps of its value; below what an account must be worth.
    pub reward_bps: u16,
    /// The reward of an account that is worth nothing.
    pub reward_max_bps: u16,
    /// What insurance earns on top, in bps of the value.
    pub insurance_bps: u16,
    /// A position that would be left worth less is closed whole.
    pub dust_atoms: u64,
}

/// An account about to be liquidated in one market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unhealthy {
    /// What all of it is worth at the marks.
    pub equity_atoms: i64,
    /// What keeping its positions in other markets requires.
    pub elsewhere_atoms: u64,
    /// Size of the position, without its sign.
    pub lots: u64,
    /// What a lot of it counts for: the mark, or what a short can lose in a bounded market.
    pub value_ticks: u32,
}

/// What is taken over, and for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closing {
    /// Lots that are closed.
    pub lots: u64,
    /// What whoever takes them over earns.
    pub reward_atoms: u64,
    /// What insurance earns.
    pub insurance_atoms: u64,
}

impl Unhealthy {
    #[inline(always)]
    fn value(&self, lots: u64) -> u64 {
        lots.wrapping_mul(u64::from(self.value_ticks))
    }

    /// Whether the account cannot pay the least reward for its position: no one is asked to take it over for less, and
    /// what is missing is a deficit.
    ///
    /// # Errors
    /// None for a share of at most 10,000 bps.
    #[inline(always)]
    pub fn is_bankrupt(&self, terms: &Terms) -> Result<bool, Fault> {
        Ok(self.equity_atoms < self.least_reward_up(terms)? as i64)
    }

    /// The least reward for the whole position.
    ///
    /// # Errors
    /// As [`Self::is_bankrupt`].
    #[inline(always)]
    pub fn least_reward_up(&self, terms: &Terms) -> Result<u64, Fault> {
        portion_up(self.value(self.lots), u64::from(terms.reward_bps), 10_000)
    }

    /// The reward in bps: from the least for an account that has just become unhealthy to the greatest for one that is
    /// worth nothing, at most what it is worth.
    #[inline(always)]
    pub fn reward_bps(&self, schedule: &Schedule, terms: &Terms) -> u64 {
        let value = self.value(self.lots);
        let required = self
            .elsewhere_atoms
            .saturating_add(schedule.maintenance_up(value))
            .max(1);
        let equity = self.equity_atoms.max(0) as u64;
        let sunk = required.saturating_sub(equity);
        let least = u64::from(terms.reward_bps);
        let ramp = u64::from(terms.reward_max_bps).saturating_sub(least);
        // In thousandths, which 64 bits hold for any requirement below 2⁵⁴; beyond, the ratio is taken of its thousandths.
        let sunk_permille = if required < 1 << 54 {
            sunk * 1_000 / required
        } else {
            sunk / (required / 1_000)
        };
        let affordable = if value < 10_000 {
            u64::MAX
        } else {
            equity / (value / 10_000 + 1)
        };
        (least + ramp * sunk_permille.min(1_000) / 1_000).min(affordable.max(least))
    }

    /// What is closed, at most `lots_max`.
    ///
    /// # Errors
    /// [`Fault::Overflow`] if a sum leaves 64 bits.
    pub fn closing(&self, schedule: &Schedule, terms: &Terms, lots_max: u64) -> Result<Closing, Fault> {
        let reward_bps = self.reward_bps(schedule, terms);
        let cost_bps = (reward_bps + u64::from(terms.insurance_bps)).min(10_000);
        let mut lots = self.least_restoring(schedule, cost_bps)?;
        if self.value(self.lots - lots) < terms.dust_atoms {
            lots = self.lots;
        }
        let lots = lots.min(lots_max);
        let value = self.value(lots);
        let equity = self.equity_atoms.max(0) as u64;
        let reward_atoms = portion_down(value, reward_bps.min(10_000), 10_000)?.min(equity);
        let insurance_bps = u64::from(terms.insurance_bps.min(10_000));
        let insurance_atoms = portion_down(value, insurance_bps, 10_000)?.min(equity - reward_atoms);
        Ok(Closing {
            lots,
            reward_atoms,
            insurance_atoms,
        })
    }

    /// Whether closing so many lots at a cost of `cost_bps` restores the account.
    ///
    /// # Errors
    /// [`Fault::Overflow`] if a sum leaves 64 bits.
    #[inline(always)]
    pub fn is_restored_by(&self, schedule: &Schedule, cost_bps: u64, lots: u64) -> Result<bool, Fault> {
        let cost = portion_up(self.value(lots), cost_bps, 10_000)?;
        let required = self
            .elsewhere_atoms
            .checked_add(schedule.maintenance_up(self.value(self.lots - lots)))
            .ok_or(Fault::Overflow)?;
        let left = self
            .equity_atoms
            .checked_sub_unsigned(cost)
            .ok_or(Fault::Overflow)?;
        Ok(left >= target_up(required)?)
    }

    /// The least lots whose closing restores the account; all of them if none does.
    ///
    /// What is missing falls with each lot closed by a rate that is one number in each tier: so tier by tier from the
    /// top, and the last steps, which the roundings leave, one by one.
    fn least_restoring(&self, schedule: &Schedule, cost_bps: u64) -> Result<u64, Fault> {
        let price = u64::from(self.value_ticks.max(1));
        let mut closed = 0;
        for tier in schedule.tiers[..schedule.count.min(schedule.tiers.len())]
            .iter()
            .rev()
        {
            let part = self.value(self.lots - closed).saturating_sub(tier.from_atoms);
            let Some(missing) = self.missing(schedule, cost_bps, closed)?.filter(|_| part > 0) else {
                continue;
            };
            let saved = u64::from(tier.maintenance_bps) * TARGET_BPS;
            let needed = match saved.saturating_sub(cost_bps * 10_000) {
                0 => part,
                rate => mul_div_down(missing, 100_000_000, rate)?.min(part),
            };
            closed += needed / price;
            if needed < part {
                break;
            }
        }
        let mut lots = closed.saturating_sub(2);
        for _ in 0..LAST_STEPS_MAX {
            if lots >= self.lots || self.is_restored_by(schedule, cost_bps, lots)? {
                return Ok(lots.min(self.lots));
            }
            lots += 1;
        }
        Ok(lots.min(self.lots))
    }

    /// What is missing to the target once so many lots are closed.
    fn missing(&self, schedule: &Schedule, cost_bps: u64, lots: u64) -> Result<Option<u64>, Fault> {
        let cost = portion_up(self.value(lots), cost_bps, 10_000)?;
        let required = self.elsewhere_atoms + schedule.maintenance_up(self.value(self.lots - lots));
        let left = self
            .equity_atoms
            .checked_sub_unsigned(cost)
            .ok_or(Fault::Overflow)?;
        let missing = target_up(required)?.checked_sub(left).ok_or(Fault::Overflow)?;
        Ok(u64::try_from(missing).ok().filter(|missing| *missing > 0))
    }
}

/// Most steps from the estimate to the least number of lots.
const LAST_STEPS_MAX: u32 = 8;

/// What a liquidated account is restored to.
fn target_up(required: u64) -> Result<i64, Fault> {
    let spare = portion_up(required, TARGET_BPS - 10_000, 10_000)?;
    i64::try_from(required + spare).map_err(|_| Fault::Overflow)
}
