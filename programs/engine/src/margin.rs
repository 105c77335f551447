//! What reduces a position in an event.

use crate::matching::Side;

/// Lots of `outcome` whose trade on `side` only reduces: buying back what was sold short, selling what is held
/// beyond what complete sets take of it, and of two outcomes nearing the one to the other.
///
/// A set is no exposure: to sell one of its outcomes opens one. 0 for an `outcome` that is none; `held` within
/// ±2⁶² lots each.
pub fn reducible_lots(held: &[i64], outcome: usize, side: Side) -> u64 {
    let Some(own) = held.get(outcome).copied() else {
        return 0;
    };
    let others = || {
        held.iter()
            .enumerate()
            .filter(|(index, _)| *index != outcome)
            .map(|(_, lots)| *lots)
    };
    let (Some(least), Some(greatest)) = (others().min(), others().max()) else {
        return 0;
    };
    let lots = match side {
        Side::Ask => (own - greatest).max(own.min(own - least)),
        Side::Bid => (least - own).max((-own).min(greatest - own)),
    };
    lots.max(0).unsigned_abs()
}
