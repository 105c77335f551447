//! From a record's finding to a payout vector: ticks of 1/10,000 per outcome, always summing to one.

use crate::{
    quantity::{OUTCOMES_MAX, TICKS_PER_UNIT},
    statistic::Finding,
    Fault,
};

/// How a value becomes the payout of the first outcome, YES.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payout {
    /// YES pays one if the value is at or above the strike, else nothing. A touch pays one if proven.
    Digital { strike: i64 },
    /// YES pays 0 at or below `low`, one at or above `high`, and in between in proportion, rounded
    /// down to a tick; NO pays the rest.
    Linear { low: i64, high: i64 },
}

impl Payout {
    /// Ticks that YES pays, or `None` for a void.
    ///
    /// # Errors
    /// [`Fault::Domain`] for a linear payout of a touch, or of a value without `low < high`; [`Fault::Overflow`] if
    /// the comparison leaves 128 bits.
    pub fn yes_ticks(self, finding: Finding) -> Result<Option<u64>, Fault> {
        let ticks = match (finding, self) {
            (Finding::Void, _) => return Ok(None),
            (Finding::Touched, Self::Digital { .. }) => TICKS_PER_UNIT,
            (Finding::Untouched, Self::Digital { .. }) => 0,
            (Finding::Touched | Finding::Untouched, Self::Linear { .. }) => return Err(Fault::Domain),
            (
                Finding::Value {
                    numerator,
                    denominator,
                },
                Self::Digital { strike },
            ) => {
                // A 64-bit strike times a 64-bit denominator stays below 2¹²⁷.
                let threshold = i128::from(strike) * i128::from(denominator);
                if numerator >= threshold {
                    TICKS_PER_UNIT
                } else {
                    0
                }
            }
            (
                Finding::Value {
                    numerator,
                    denominator,
                },
                Self::Linear { low, high },
            ) => linear_down(numerator, denominator, low, high)?,
        };
        Ok(Some(ticks))
    }
}

fn linear_down(numerator: i128, denominator: u64, low: i64, high: i64) -> Result<u64, Fault> {
    if low >= high {
        return Err(Fault::Domain);
    }
    let denominator = i128::from(denominator);
    let above_low = numerator
        .checked_sub(i128::from(low) * denominator)
        .ok_or(Fault::Overflow)?;
    let span = (i128::from(high) - i128::from(low))
        .checked_mul(denominator)
        .ok_or(Fault::Overflow)?;
    if above_low <= 0 {
        return Ok(0);
    }
    if above_low >= span {
        return Ok(TICKS_PER_UNIT);
    }
    let scaled = above_low
        .checked_mul(i128::from(TICKS_PER_UNIT))
        .ok_or(Fault::Overflow)?;
    // 0 < above_low < span, so the quotient is below TICKS_PER_UNIT.
    u64::try_from(scaled / span).map_err(|_| Fault::Overflow)
}

/// The payout vector of a binary event whose first outcome pays `yes_ticks`.
pub fn binary(yes_ticks: u64) -> Result<[u16; OUTCOMES_MAX], Fault> {
    let no_ticks = TICKS_PER_UNIT.checked_sub(yes_ticks).ok_or(Fault::Domain)?;
    let mut vector = [0; OUTCOMES_MAX];
    vector[0] = u16::try_from(yes_ticks).map_err(|_| Fault::Domain)?;
    vector[1] = u16::try_from(no_ticks).map_err(|_| Fault::Domain)?;
    Ok(vector)
}

/// The payout vector of a void: every outcome the same, the last one takes the ticks left over.
pub fn void(outcomes: usize) -> Result<[u16; OUTCOMES_MAX], Fault> {
    if !(2..=OUTCOMES_MAX).contains(&outcomes) {
        return Err(Fault::Domain);
    }
    let share = TICKS_PER_UNIT / outcomes as u64;
    let mut vector = [0; OUTCOMES_MAX];
    for ticks in &mut vector[..outcomes] {
        *ticks = share as u16;
    }
    vector[outcomes - 1] += (TICKS_PER_UNIT % outcomes as u64) as u16;
    Ok(vector)
}

/// Whether `vector` pays exactly one over its first `outcomes` entries and nothing beyond.
pub fn is_complete(vector: &[u16; OUTCOMES_MAX], outcomes: usize) -> bool {
    let sum = |ticks: &[u16]| ticks.iter().map(|ticks| u64::from(*ticks)).sum::<u64>();
    outcomes <= OUTCOMES_MAX && sum(&vector[..outcomes]) == TICKS_PER_UNIT && sum(&vector[outcomes..]) == 0
}

/// More lots of one outcome than this are not valued; their product with any ticks fits 64 bits.
const LOTS_MAX: u64 = i64::MAX as u64 / u16::MAX as u64;

/// Atoms that signed `lots` of each outcome are worth under `vector`, exactly.
///
/// # Errors
/// [`Fault::Domain`] for more than 16 positions; [`Fault::Overflow`] if one exceeds (2⁶³ − 1) / 65,535 lots or
/// the sum 64 bits.
pub fn value_atoms(lots: &[i64], vector: &[u16; OUTCOMES_MAX]) -> Result<i64, Fault> {
    if lots.len() > OUTCOMES_MAX {
        return Err(Fault::Domain);
    }
    let mut atoms: i64 = 0;
    for (lots, ticks) in lots.iter().zip(vector) {
        if lots.unsigned_abs() > LOTS_MAX {
            return Err(Fault::Overflow);
        }
        atoms = atoms
            .checked_add(lots * i64::from(*ticks))
            .ok_or(Fault::Overflow)?;
    }
    Ok(atoms)
}
