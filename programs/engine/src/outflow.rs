//! How fast profits leave a market.

use crate::fixed::{mul_div_down, mul_div_up};

/// In which time no more than the limit is paid, in seconds, whenever it begins.
pub const OUTFLOW_WINDOW_S: u64 = 3_600;

/// A bucket that holds half of the limit and lets the other half go in each window. A counter that begins anew with
/// each window would let twice the limit pass at its edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outflow {
    /// What was paid and has not been let go yet.
    pub held_atoms: u64,
    /// Until when it has been let go, Unix seconds.
    pub let_go_at: i64,
}

impl Outflow {
    /// Pays as much of `wanted_atoms` as `limit_atoms` a window, at least 2, allow at `now`; returns what it paid.
    pub fn pay(&mut self, wanted_atoms: u64, limit_atoms: u64, now: i64) -> u64 {
        let refill_atoms = limit_atoms / 2;
        let most_atoms = limit_atoms - refill_atoms;
        // More is held only since a higher limit.
        self.held_atoms = self.held_atoms.min(most_atoms);
        self.let_go(refill_atoms, now);
        let paid_atoms = wanted_atoms.min(most_atoms - self.held_atoms);
        self.held_atoms += paid_atoms;
        paid_atoms
    }

    /// Lets go what the time since has, and counts no more of that time than it took.
    fn let_go(&mut self, refill_atoms: u64, now: i64) {
        let elapsed_s = now.saturating_sub(self.let_go_at).max(0).unsigned_abs();
        let gone_atoms = mul_div_down(refill_atoms, elapsed_s, OUTFLOW_WINDOW_S).unwrap_or(u64::MAX);
        if gone_atoms >= self.held_atoms {
            self.held_atoms = 0;
            self.let_go_at = self.let_go_at.max(now);
        } else if gone_atoms > 0 {
            self.held_atoms -= gone_atoms;
            let taken_s = mul_div_up(gone_atoms, OUTFLOW_WINDOW_S, refill_atoms).unwrap_or(elapsed_s);
            self.let_go_at = self.let_go_at.saturating_add_unsigned(taken_s.min(elapsed_s));
        }
    }
}
