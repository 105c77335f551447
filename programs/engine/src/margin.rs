//! What reduces a position in an event, and what positions in perpetuals require.
//!
//! | level | equity counts | must cover |
//! | --- | --- | --- |
//! | initial: to open, to withdraw | free collateral and losses at the strict price; no unrealised profit | [`Health::initial_atoms`]: every order of a side filled, size premium included |
//! | exposed: for orders to stay | free collateral, losses and profits at the mark | [`Health::exposed_atoms`]: as maintenance, every order of a side filled |
//! | maintenance: not to be liquidated | the same | [`Health::maintenance_atoms`]: the positions as they are |
//!
//! Free collateral is cash less what events hold at worst: no loss here reaches an event's reserve.

use crate::{
    fixed::{portion_up, sqrt_word_down},
    matching::Side,
    Fault,
};

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

/// Most lots of a perpetual that an account can hold, its open orders included: a position's value stays below
/// 2⁵⁸ atoms at any price, and eight of them below 2⁶¹.
pub const PERP_LOTS_MAX: u64 = 1 << 34;

/// How many leverage tiers a market has at most.
pub const TIERS_MAX: usize = 4;

/// What a position requires from a value on: the share of each part of it by the tier that the part lies in, as with
/// a progressive tax, so that no position requires more for being one atom larger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tier {
    /// From which position value on, in atoms; 0 for the first, rising.
    pub from_atoms: u64,
    /// Share that opening requires.
    pub initial_bps: u16,
    /// Share that keeping requires.
    pub maintenance_bps: u16,
}

/// What positions in a market require.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The tiers; those after `count` are not there.
    pub tiers: [Tier; TIERS_MAX],
    /// How many there are, at least one.
    pub count: usize,
    /// Share of a position's value that opening requires at least, in 10⁻⁹ for each √lot.
    pub size_premium_ppb: u32,
}

/// All of a value, in 10⁻⁹.
const PPB_MAX: u64 = 1_000_000_000;

impl Schedule {
    /// Of positions that require nothing.
    pub const NOTHING: Self = Self {
        tiers: [Tier {
            from_atoms: 0,
            initial_bps: 0,
            maintenance_bps: 0,
        }; TIERS_MAX],
        count: 0,
        size_premium_ppb: 0,
    };

    /// The same for opening, and nothing for keeping.
    pub fn without_maintenance(mut self) -> Self {
        for tier in &mut self.tiers {
            tier.maintenance_bps = 0;
        }
        self
    }

    /// Whether there are 1 to 4 tiers, from rising values, each asking for more than the one before, opening for more
    /// than keeping, at most all of the value.
    pub fn is_sound(&self) -> bool {
        let Some(tiers) = self.tiers.get(..self.count) else {
            return false;
        };
        let rising = tiers.windows(2).all(|pair| {
            pair[0].from_atoms < pair[1].from_atoms
                && pair[0].initial_bps < pair[1].initial_bps
                && pair[0].maintenance_bps < pair[1].maintenance_bps
        });
        let sound = |tier: &Tier| {
            0 < tier.maintenance_bps && tier.maintenance_bps < tier.initial_bps && tier.initial_bps <= 10_000
        };
        tiers.first().is_some_and(|tier| tier.from_atoms == 0) && rising && tiers.iter().all(sound)
    }

    /// What opening, or keeping, a position worth `value_atoms` requires of its tiers.
    #[inline(always)]
    fn tiered_up(&self, value_atoms: u64, bps: impl Fn(&Tier) -> u16) -> u64 {
        let (mut whole, mut parts, mut top) = (0, 0, value_atoms);
        for tier in self.tiers[..self.count.min(TIERS_MAX)].iter().rev() {
            if top > tier.from_atoms {
                let part = top - tier.from_atoms;
                top = tier.from_atoms;
                let bps = u64::from(bps(tier));
                whole += part / 10_000 * bps;
                parts += part % 10_000 * bps;
            }
        }
        whole + parts.div_ceil(10_000)
    }

    /// What keeping a position worth `value_atoms` requires, rounded up.
    #[inline(always)]
    pub fn maintenance_up(&self, value_atoms: u64) -> u64 {
        self.tiered_up(value_atoms, |tier| tier.maintenance_bps)
    }

    /// What opening a position of `lots` worth `value_atoms` requires, rounded up: the more of what its tiers and its
    /// size ask for.
    ///
    /// The size premium is the margin fraction k·√size of FTX and Drift: what it costs to leave a market grows with
    /// the root of what is left there.
    #[inline(always)]
    pub fn initial_up(&self, lots: u64, value_atoms: u64) -> u64 {
        let tiered = self.tiered_up(value_atoms, |tier| tier.initial_bps);
        if self.size_premium_ppb == 0 {
            return tiered;
        }
        let share = u64::from(self.size_premium_ppb).saturating_mul(sqrt_word_down(lots));
        let premium = portion_up(value_atoms, share.min(PPB_MAX), PPB_MAX);
        tiered.max(premium.unwrap_or(value_atoms))
    }
}

/// The prices at which a market's positions count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prices {
    /// The mark: keeping, and closing, counts by it.
    pub mark_ticks: u32,
    /// Strict price of what is long: the least of mark, index and the index's average.
    pub low_ticks: u32,
    /// Strict price of what is short: the greatest of them.
    pub high_ticks: u32,
    /// What a lot is worth at most, in a market whose price is bounded: what is short is worth this less the mark,
    /// which is what it can lose. 0 for a market without a bound, where it is worth the mark.
    pub face_ticks: u32,
    /// Whether opening is not permitted at these prices: what it requires is then doubled.
    pub is_doubtful: bool,
}

impl Prices {
    /// What a lot of a position counts for in what it requires.
    #[inline(always)]
    pub fn value_ticks(&self, lots: i64) -> u32 {
        if lots < 0 && self.face_ticks != 0 {
            self.face_ticks.saturating_sub(self.mark_ticks)
        } else {
            self.mark_ticks
        }
    }

    /// The value of a position, in atoms.
    #[inline(always)]
    fn value(&self, lots: i64) -> u64 {
        lots.unsigned_abs()
            .wrapping_mul(u64::from(self.value_ticks(lots)))
    }
}

/// A position in one market, funding and losses of its side settled, with its open orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Position {
    /// Signed size, within ±[`PERP_LOTS_MAX`].
    pub lots: i64,
    /// What was received for it, less what was paid.
    pub quote_atoms: i64,
    /// Lots of open bids.
    pub bid_lots: u64,
    /// What they pay at most: all of them at the highest of their prices.
    pub bid_atoms: u64,
    /// Lots of open asks.
    pub ask_lots: u64,
    /// What they bring at least: all of them at the lowest of their prices.
    pub ask_atoms: u64,
}

impl Position {
    /// What the position is worth at a price, its cost deducted: its unrealised profit.
    ///
    /// # Errors
    /// [`Fault::Overflow`] outside 64 bits.
    #[inline(always)]
    pub fn claim(&self, price_ticks: u32) -> Result<i64, Fault> {
        // |lots| ≤ 2³⁵ with what fills can add, prices below 2²⁴.
        let value = self.lots.wrapping_mul(i64::from(price_ticks));
        value.checked_add(self.quote_atoms).ok_or(Fault::Overflow)
    }

    /// What keeping would require, were all bids or all asks filled: the more of both, and what both would have paid too
    /// much or sold too cheap by the mark.
    #[inline(always)]
    fn exposed_up(&self, prices: &Prices, schedule: &Schedule) -> u64 {
        let required = |lots: i64| schedule.maintenance_up(prices.value(lots));
        let long = required(self.lots.wrapping_add(self.bid_lots as i64));
        let required = long.max(required(self.lots.wrapping_sub(self.ask_lots as i64)));
        required + self.misplaced_atoms(prices.mark_ticks, prices.mark_ticks)
    }

    /// What all bids would pay beyond one price, and all asks bring less than another.
    #[inline(always)]
    fn misplaced_atoms(&self, low_ticks: u32, high_ticks: u32) -> u64 {
        let bought = self.bid_lots.wrapping_mul(u64::from(low_ticks));
        let sold = self.ask_lots.wrapping_mul(u64::from(high_ticks));
        self.bid_atoms.saturating_sub(bought) + sold.saturating_sub(self.ask_atoms)
    }

    /// Whether something rests on the side that reduces the position.
    #[inline(always)]
    pub fn has_reducing(&self) -> bool {
        if self.lots < 0 {
            self.bid_lots != 0
        } else {
            self.ask_lots != 0
        }
    }

    /// The position once all that rests on the side that reduces it is filled, at the dearest price of it, and no better
    /// than the mark: what nobody may ever take earns nothing.
    #[inline(always)]
    pub fn reduced(mut self, mark_ticks: u32) -> Self {
        let value = |lots: u64| lots.wrapping_mul(u64::from(mark_ticks));
        if self.lots < 0 {
            let paid = self.bid_atoms.max(value(self.bid_lots));
            self.lots = self.lots.wrapping_add(self.bid_lots as i64);
            self.quote_atoms = self.quote_atoms.wrapping_sub(paid as i64);
            (self.bid_lots, self.bid_atoms) = (0, 0);
        } else {
            let received = self.ask_atoms.min(value(self.ask_lots));
            self.lots = self.lots.wrapping_sub(self.ask_lots as i64);
            self.quote_atoms = self.quote_atoms.wrapping_add(received as i64);
            (self.ask_lots, self.ask_atoms) = (0, 0);
        }
        self
    }

    /// What opening requires: the larger of the positions that all bids or all asks would lead to, and what both would
    /// have paid too much or sold too cheap by the strict prices.
    #[inline(always)]
    fn initial_up(&self, prices: &Prices, schedule: &Schedule) -> u64 {
        let required = |lots: i64| schedule.initial_up(lots.unsigned_abs(), prices.value(lots));
        if self.bid_lots | self.ask_lots == 0 {
            return required(self.lots);
        }
        let long = required(self.lots.wrapping_add(self.bid_lots as i64));
        let required = long.max(required(self.lots.wrapping_sub(self.ask_lots as i64)));
        required + self.misplaced_atoms(prices.low_ticks, prices.high_ticks)
    }
}

/// An account's perpetuals against its free collateral.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    /// Cash less what events hold at worst, what it was made of.
    pub free_atoms: i64,
    /// Σ unrealised profits and losses at the marks.
    pub claims_atoms: i64,
    /// Σ unrealised losses at the strict prices, none positive.
    pub losses_atoms: i64,
    /// What opening requires.
    pub initial_atoms: u64,
    /// What keeping requires.
    pub maintenance_atoms: u64,
    /// What keeping would require, were every order of a side filled.
    pub exposed_atoms: u64,
}

impl Health {
    /// Of an account without perpetuals.
    #[inline(always)]
    pub fn new(free_atoms: i64) -> Self {
        Self {
            free_atoms,
            claims_atoms: 0,
            losses_atoms: 0,
            initial_atoms: 0,
            maintenance_atoms: 0,
            exposed_atoms: 0,
        }
    }

    /// Adds a position.
    ///
    /// # Errors
    /// [`Fault::Overflow`] if a sum leaves 64 bits.
    #[inline(always)]
    pub fn add(&mut self, position: &Position, prices: &Prices, schedule: &Schedule) -> Result<(), Fault> {
        let strict_ticks = if position.lots < 0 {
            prices.high_ticks
        } else {
            prices.low_ticks
        };
        let claim = position.claim(prices.mark_ticks)?;
        let loss = position.claim(strict_ticks)?.min(0);
        let initial = position.initial_up(prices, schedule);
        let initial = if prices.is_doubtful { 2 * initial } else { initial };
        self.claims_atoms = self.claims_atoms.checked_add(claim).ok_or(Fault::Overflow)?;
        self.losses_atoms = self.losses_atoms.checked_add(loss).ok_or(Fault::Overflow)?;
        self.initial_atoms = self.initial_atoms.checked_add(initial).ok_or(Fault::Overflow)?;
        let maintenance = schedule.maintenance_up(prices.value(position.lots));
        self.maintenance_atoms += maintenance;
        self.exposed_atoms += if position.bid_lots | position.ask_lots == 0 {
            maintenance
        } else {
            position.exposed_up(prices, schedule)
        };
        Ok(())
    }

    /// What all is worth at the marks.
    ///
    /// # Errors
    /// [`Fault::Overflow`] outside 64 bits.
    #[inline(always)]
    pub fn equity(&self) -> Result<i64, Fault> {
        self.free_atoms
            .checked_add(self.claims_atoms)
            .ok_or(Fault::Overflow)
    }

    /// What is left beyond what opening requires; negative where it is missing.
    ///
    /// # Errors
    /// [`Fault::Overflow`] outside 64 bits.
    #[inline(always)]
    pub fn initial_surplus(&self) -> Result<i64, Fault> {
        self.free_atoms
            .checked_add(self.losses_atoms)
            .and_then(|collateral| collateral.checked_sub_unsigned(self.initial_atoms))
            .ok_or(Fault::Overflow)
    }

    /// What is left beyond what keeping requires; an account with less than nothing left is liquidated.
    ///
    /// # Errors
    /// [`Fault::Overflow`] outside 64 bits.
    #[inline(always)]
    pub fn maintenance_surplus(&self) -> Result<i64, Fault> {
        self.equity()?
            .checked_sub_unsigned(self.maintenance_atoms)
            .ok_or(Fault::Overflow)
    }

    /// What is left beyond what keeping would require, were every order of a side filled; of an account with less than
    /// nothing left the orders go, before a fill leaves it unhealthy.
    ///
    /// # Errors
    /// [`Fault::Overflow`] outside 64 bits.
    #[inline(always)]
    pub fn exposed_surplus(&self) -> Result<i64, Fault> {
        self.equity()?
            .checked_sub_unsigned(self.exposed_atoms)
            .ok_or(Fault::Overflow)
    }
}
