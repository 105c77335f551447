//! What each action tolerates of its oracle.
//!
//! | action | stale | long stale | uncertain | volatile |
//! | --- | --- | --- | --- | --- |
//! | [`Action::Reduce`]: reducing, cancelling, depositing, paying losses | yes | yes | yes | yes |
//! | [`Action::Liquidate`]: liquidating, resolving a bankruptcy | yes | no | no | yes |
//! | [`Action::Open`]: raising a position, taking profits out, new funding rates | no | no | no | no |
//!
//! Each row tolerates what the next one does.

/// How long a reading that is stale for opening still serves for liquidating, as a multiple.
pub const LONG_STALE_TIMES: i64 = 6;

/// What is wrong with a market's price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Quality {
    /// The feed's last agreed reading is older than the market allows.
    pub stale: bool,
    /// It is [`LONG_STALE_TIMES`] as old.
    pub long_stale: bool,
    /// The feed's publishers do not agree on a value now.
    pub uncertain: bool,
    /// The index is further from its average than the market allows.
    pub volatile: bool,
}

/// What the price is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// What lowers risk: nothing about an oracle stops it.
    Reduce,
    /// Taking an unhealthy position over.
    Liquidate,
    /// What raises risk, or pays out.
    Open,
}

impl Quality {
    /// The quality of a price that was agreed at `agreed_at`.
    #[inline(always)]
    pub fn of_age(now: i64, agreed_at: i64, stale_s: u32) -> Self {
        let age_s = now.saturating_sub(agreed_at);
        let stale_s = i64::from(stale_s);
        Self {
            stale: age_s > stale_s,
            long_stale: age_s > stale_s * LONG_STALE_TIMES,
            ..Self::default()
        }
    }

    /// Whether it is good enough for an action.
    #[inline(always)]
    pub fn permits(self, action: Action) -> bool {
        match action {
            Action::Reduce => true,
            Action::Liquidate => !self.long_stale && !self.uncertain,
            Action::Open => !(self.stale || self.long_stale || self.uncertain || self.volatile),
        }
    }
}
