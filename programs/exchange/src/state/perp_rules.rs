//! The rules of a perpetual, and the bounds that they are held to.
use {
    crate::error::ExchangeError,
    anchor_lang::prelude::*,
    secant_engine::{
        liquidation::Terms,
        margin::{Schedule, Tier, PERP_LOTS_MAX, TIERS_MAX},
        mark::{Band, IMPACT_ORDERS_MAX},
        matching::PRICE_MAX,
    },
};

/// The highest taker's fee of a perpetual, in millionths of the value.
#[constant]
pub const PERP_FEE_MAX_PPM: u32 = 10_000;

/// The most that a market may let its profits leave in an hour, in atoms.
pub const PROFITS_MAX_ATOMS: u64 = 10_000_000_000_000;

/// The most that may count as dust, in atoms.
#[constant]
pub const DUST_MAX_ATOMS: u64 = 1_000_000_000;

/// The least of its balance that insurance may pay in a day, in bps.
#[constant]
pub const INSURANCE_CAP_MIN_BPS: u16 = 100;

/// The least share that keeping a position in a bounded market requires, in bps; opening requires all.
#[constant]
pub const BOUNDED_MAINTENANCE_MIN_BPS: u16 = 9_900;

/// One leverage tier: what the part of a position's value from here on requires.
#[derive(Clone, Copy, AnchorDeserialize, AnchorSerialize, IdlType, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct PerpTier {
    /// From which value on, in atoms.
    pub from_atoms: u64,
    /// Share that opening requires.
    pub initial_bps: u16,
    /// Share that keeping requires.
    pub maintenance_bps: u16,
    pub reserved: u32,
}

/// The rules of a perpetual.
#[derive(Clone, Copy, AnchorDeserialize, AnchorSerialize, IdlType, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct PerpRules {
    /// Leverage tiers by rising value, the first from 0; those after `tier_count` are zero.
    pub tiers: [PerpTier; 4],
    /// Feed units in a tick.
    pub units_per_tick: u64,
    /// Most lots that an account holds, its open orders included; at most 2³⁴.
    pub position_max_lots: u64,
    /// Most lots that are open in all, counted on one side.
    pub open_max_lots: u64,
    /// How many lots the impact prices are for; at most eight orders of `lots_min`, so that no dust hides a book.
    pub impact_lots: u64,
    /// Least lots of an order that rests.
    pub lots_min: u64,
    /// A position that a liquidation would leave worth less is closed whole, in atoms.
    pub dust_atoms: u64,
    /// Most atoms of profits that leave the pool in any hour, half of them at once; 2 to 10¹³.
    pub profits_max_atoms: u64,
    /// Share of the value that opening requires at least, in 10⁻⁹ for each √lot.
    pub size_premium_ppb: u32,
    /// How far the book and the last trade take the mark from the index: ticks, plus `near_bps` of it.
    pub near_ticks: u32,
    /// How far the mark may be from the index's five-minute average: ticks, plus `shock_bps` of it.
    pub shock_ticks: u32,
    /// Most that a lot pays in funding a day: ticks, plus `funding_bps` of the index.
    pub funding_ticks: u32,
    /// Seconds after which a reading is too old to open by; 1 to 3,600.
    pub stale_s: u32,
    /// What a taker pays, in millionths of the value.
    pub taker_fee_ppm: u32,
    /// What a maker gets out of that.
    pub maker_rebate_ppm: u32,
    /// What a lot is worth at most, in ticks, if the price is a probability; 0 if it is not. Such a market lends nothing,
    /// and what positions could be short of whatever the price jumps to must lie in insurance before they are opened.
    pub face_ticks: u32,
    /// Share of the index added to `near_ticks`; at most what keeping a position requires.
    pub near_bps: u16,
    /// Share of the index's average added to `shock_ticks`; at most 9,000.
    pub shock_bps: u16,
    /// Share of the index added to `funding_ticks`; at most 2,000.
    pub funding_bps: u16,
    /// Least reward of a liquidation, in bps of the value.
    pub reward_bps: u16,
    /// The reward of liquidating an account that is worth nothing.
    pub reward_max_bps: u16,
    /// What insurance earns by a liquidation, in bps of the value.
    pub insurance_bps: u16,
    /// Most of its balance that insurance pays in a day; 100 to 10,000.
    pub insurance_cap_bps: u16,
    /// How many tiers there are, 1 to 4.
    pub tier_count: u8,
    pub reserved: u8,
}

impl PerpRules {
    /// Refuses rules outside their ranges, or that leave an account less than its liquidation costs.
    ///
    /// # Errors
    /// PerpRulesInvalid.
    pub fn require_sound(&self) -> Result<()> {
        let schedule = self.schedule();
        let terms = self.terms();
        let first = schedule.tiers[0];
        let quantities = self.units_per_tick > 0
            && (1..=PERP_LOTS_MAX).contains(&self.position_max_lots)
            && (1..=PERP_LOTS_MAX << 4).contains(&self.open_max_lots)
            && (1..=self.position_max_lots).contains(&self.lots_min)
            && (1..=self.lots_min.saturating_mul(IMPACT_ORDERS_MAX as u64)).contains(&self.impact_lots)
            && (1..=3_600).contains(&self.stale_s)
            && self.dust_atoms <= DUST_MAX_ATOMS
            && (2..=PROFITS_MAX_ATOMS).contains(&self.profits_max_atoms)
            && self.face_ticks <= PRICE_MAX;
        // What jumps is not lent: whoever held both sides would be paid the difference, whichever way it ends. Insurance
        // is locked for what fees and funding can take of the rest, and pays it whole.
        let bounded = self.face_ticks == 0
            || (self.insurance_cap_bps == 10_000
                && self.near_bps == 0
                && self.shock_bps == 0
                && first.initial_bps == 10_000
                && first.maintenance_bps >= BOUNDED_MAINTENANCE_MIN_BPS);
        let fees = self.taker_fee_ppm <= PERP_FEE_MAX_PPM && self.maker_rebate_ppm <= self.taker_fee_ppm;
        // A fill at the band's edge, and the dearest liquidation, cost less than keeping requires.
        let near = self.near_bps <= first.maintenance_bps && self.near_ticks + u32::from(self.near_bps) > 0;
        let shock = self.shock_bps <= 9_000 && self.shock_ticks + u32::from(self.shock_bps) > 0;
        let ticks = [self.near_ticks, self.shock_ticks, self.funding_ticks];
        let bands =
            near && shock && self.funding_bps <= 2_000 && ticks.iter().all(|ticks| *ticks <= PRICE_MAX);
        let liquidation = 0 < terms.reward_bps
            && terms.reward_bps <= terms.reward_max_bps
            && terms.reward_max_bps + terms.insurance_bps <= first.maintenance_bps
            && (INSURANCE_CAP_MIN_BPS..=10_000).contains(&self.insurance_cap_bps);
        require!(
            schedule.is_sound() && quantities && bounded && fees && bands && liquidation,
            ExchangeError::PerpRulesInvalid
        );
        Ok(())
    }

    /// The highest price.
    #[inline(always)]
    pub fn price_max_ticks(&self) -> u32 {
        if self.face_ticks == 0 {
            PRICE_MAX
        } else {
            self.face_ticks - 1
        }
    }

    /// What positions require.
    #[inline(always)]
    pub fn schedule(&self) -> Schedule {
        let mut tiers = [Tier {
            from_atoms: 0,
            initial_bps: 0,
            maintenance_bps: 0,
        }; TIERS_MAX];
        for (tier, stored) in tiers.iter_mut().zip(&self.tiers) {
            *tier = Tier {
                from_atoms: stored.from_atoms,
                initial_bps: stored.initial_bps,
                maintenance_bps: stored.maintenance_bps,
            };
        }
        Schedule {
            tiers,
            count: usize::from(self.tier_count),
            size_premium_ppb: self.size_premium_ppb,
        }
    }

    /// What liquidating costs.
    pub fn terms(&self) -> Terms {
        Terms {
            reward_bps: self.reward_bps,
            reward_max_bps: self.reward_max_bps,
            insurance_bps: self.insurance_bps,
            dust_atoms: self.dust_atoms,
        }
    }

    /// How far the book takes the mark from the index.
    #[inline(always)]
    pub fn near(&self) -> Band {
        Band {
            ticks: self.near_ticks,
            bps: self.near_bps,
        }
    }

    /// How far the mark may be from the index's average.
    #[inline(always)]
    pub fn shock(&self) -> Band {
        Band {
            ticks: self.shock_ticks,
            bps: self.shock_bps,
        }
    }
}
