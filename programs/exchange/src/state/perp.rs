//! A perpetual: the rules of its positions, what is open, what its losers have paid in, and its prices.
//!
//! One lot moves one atom a tick. A position is signed lots and what was received for them less what was paid; its
//! claim at a price is `lots × price + quote`. Trades move no cash: what is lost reaches the market's pool, and what is
//! won leaves it, only by settling. At any one price all claims, the fees due and the insurance due together are the
//! pool, but for the dust of roundings against holders, which stays in it.
use {
    crate::{error::ExchangeError, MarginAccount, Order, PerpLeg, Seat},
    anchor_lang::prelude::*,
    secant_engine::{
        feed::aggregate,
        fixed::portion_up,
        funding::{payment_up, premium_ticks, Funding},
        liquidation::Terms,
        loss::{loss_index_up, Insurance},
        margin::{Position, Prices, Schedule, Tier, PERP_LOTS_MAX, TIERS_MAX},
        mark::{average, impact_ticks, index_ticks_down, Band, Sources, AVERAGE_BITS, LAST_HOLDS_S},
        matching::{Ladder, Side, PRICE_MAX},
        quality::{Action, Quality},
    },
    secant_oracle::Feed,
};

/// `PerpMarket::pause_bits`: positions cannot be raised.
#[constant]
pub const PERP_PAUSE_OPEN: u8 = 1;
/// `PerpMarket::pause_bits`: nothing is liquidated, and no bankruptcy resolved.
#[constant]
pub const PERP_PAUSE_LIQUIDATE: u8 = 2;
/// `PerpMarket::pause_bits`: no profit leaves the pool.
#[constant]
pub const PERP_PAUSE_PROFITS: u8 = 4;
/// All pause bits of a perpetual.
pub const PERP_PAUSE_ALL: u8 = PERP_PAUSE_OPEN | PERP_PAUSE_LIQUIDATE | PERP_PAUSE_PROFITS;

/// The highest taker's fee of a perpetual, in millionths of the value.
#[constant]
pub const PERP_FEE_MAX_PPM: u32 = 10_000;

/// Seconds of the window in which a market's profits are limited.
#[constant]
pub const PROFITS_WINDOW_S: i64 = 3_600;

/// Seconds before a market closes in which positions can only be reduced, and over whose index it settles.
#[constant]
pub const CLOSING_WINDOW_S: i64 = 3_600;

/// Seconds that the losers of a closed market have to pay before its winners are paid.
#[constant]
pub const LOSSES_FIRST_S: i64 = 86_400;

/// Seconds before changes of a market come into force: of its rules, or its close.
#[constant]
pub const NOTICE_S: i64 = 172_800;

/// The most of its insurance that may be removed in a day, and the least of the open value that must stay, in bps.
#[constant]
pub const INSURANCE_REMOVABLE_BPS: u16 = 1_000;

/// The most that a market may let its profits leave in an hour, in atoms.
pub const PROFITS_MAX_ATOMS: u64 = 10_000_000_000_000;

/// The most that may count as dust, in atoms.
#[constant]
pub const DUST_MAX_ATOMS: u64 = 1_000_000_000;

/// The least of its balance that insurance may pay in a day, in bps.
#[constant]
pub const INSURANCE_CAP_MIN_BPS: u16 = 100;

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
    /// How many lots the impact prices are for.
    pub impact_lots: u64,
    /// Least lots of an order that rests.
    pub lots_min: u64,
    /// A position that a liquidation would leave worth less is closed whole, in atoms.
    pub dust_atoms: u64,
    /// Most atoms of profits that leave the pool in an hour; 1 to 10¹³.
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
    /// What a lot is worth at most, in ticks, if the price is a probability; 0 if it is not. What positions could be
    /// short of whatever the price jumps to must then lie in insurance before they are opened.
    pub face_ticks: u32,
    pub near_bps: u16,
    pub shock_bps: u16,
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

/// One perpetual.
#[account]
pub struct PerpMarket {
    /// Exchange whose collateral it pays.
    pub exchange: Address,
    /// The oracle program's feed that it follows.
    pub feed: Address,
    /// Name given at creation, UTF-8 padded with zeros; unique on the exchange.
    pub market_id: [u8; 32],
    pub rules: PerpRules,
    /// The rules from `rules_time` on.
    pub next_rules: PerpRules,
    /// When `next_rules` may come into force, Unix seconds; 0 while none are proposed.
    pub rules_time: i64,
    /// When the market closes, Unix seconds; 0 for never.
    pub close_time: i64,
    /// Σ index × seconds of the last hour before that.
    pub closing_sum: u64,
    /// Seconds that sum is over.
    pub closing_seconds: u64,
    /// Lots open on either side; both are the same.
    pub open_lots: u64,
    /// Losses paid in, less profits paid out.
    pub pool_atoms: u64,
    /// Fees that the pool has paid, not yet collected.
    pub fees_atoms: u64,
    /// Fees that the pool owes.
    pub fees_due_atoms: u64,
    /// What the pool owes insurance.
    pub insurance_due_atoms: u64,
    /// What insurance holds.
    pub insurance_atoms: u64,
    /// What it held when its window began.
    pub insurance_window_atoms: u64,
    /// What it has paid since.
    pub insurance_paid_atoms: u64,
    /// When its window began, Unix seconds.
    pub insurance_window_start: i64,
    /// Profits paid out since `profits_window_start`.
    pub profits_paid_atoms: u64,
    pub profits_window_start: i64,
    /// What the winners of this market have borne of its losers' debts in all.
    pub haircut_atoms: u64,
    /// What a long lot has paid in funding since the beginning, in 2⁻³² atoms; it wraps.
    pub funding_index: i64,
    /// What a long lot pays a day at present, in 2⁻¹⁶ ticks.
    pub funding_rate: i64,
    /// Σ premium × seconds of the present hour.
    pub premium_seconds: i64,
    /// The premium as it was last seen, in ticks.
    pub premium_ticks: i64,
    /// When the market was last brought up to date, Unix seconds.
    pub updated_at: i64,
    /// The slot in which that was.
    pub updated_slot: u64,
    /// What a long lot has borne of losers' debts, in 2⁻³² atoms; it wraps.
    pub loss_long_index: i64,
    /// What a short lot has.
    pub loss_short_index: i64,
    /// The index's average over five minutes, in 2⁻¹⁶ ticks.
    pub index_average: i64,
    /// By how much the book's middle has been above the index, averaged over five minutes, in 2⁻¹⁶ ticks.
    pub basis_average: i64,
    /// By how much it was when the market was last brought up to date.
    pub basis_ticks: i64,
    /// When the feed's last agreed reading was taken, Unix seconds.
    pub agreed_at: i64,
    /// When anything last traded, Unix seconds.
    pub traded_at: i64,
    /// The feed's last agreed reading.
    pub index_ticks: u32,
    /// The mark.
    pub mark_ticks: u32,
    /// What last traded.
    pub last_ticks: u32,
    /// At what positions are settled, once the market has closed; 0 before.
    pub settlement_ticks: u32,
    /// 1 while the feed's publishers do not agree.
    pub is_uncertain: u8,
    /// 1 open, 2 liquidate, 4 profits.
    pub pause_bits: u8,
    /// PDA bump.
    pub bump: u8,
    /// Bump of its book.
    pub book_bump: u8,
    /// Layout of this account; 1.
    pub layout: u8,
    pub reserved: [u8; 251],
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
            && (1..=PERP_LOTS_MAX).contains(&self.impact_lots)
            && (1..=self.position_max_lots).contains(&self.lots_min)
            && (1..=3_600).contains(&self.stale_s)
            && self.dust_atoms <= DUST_MAX_ATOMS
            && (1..=PROFITS_MAX_ATOMS).contains(&self.profits_max_atoms)
            && self.face_ticks <= PRICE_MAX;
        // Of a bounded market insurance is locked for the worst jump, and pays it whole.
        let bounded = self.face_ticks == 0
            || (self.insurance_cap_bps == 10_000 && self.near_bps == 0 && self.shock_bps == 0);
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

    #[inline(always)]
    fn near(&self) -> Band {
        Band {
            ticks: self.near_ticks,
            bps: self.near_bps,
        }
    }

    #[inline(always)]
    fn shock(&self) -> Band {
        Band {
            ticks: self.shock_ticks,
            bps: self.shock_bps,
        }
    }
}

impl PerpMarket {
    /// Brings prices and funding up to `now`, and says how good the price is.
    ///
    /// What is averaged is what was seen before: whoever moves a price for a moment pays nobody and gets nothing.
    ///
    /// # Errors
    /// FeedMismatch for a feed that contradicts itself.
    #[inline(never)]
    pub fn accrue(&mut self, feed: &AccountView, ladder: &Ladder<Order>, clock: &Clock) -> Result<Quality> {
        self.updated_slot = clock.slot;
        let feed = load_feed(feed)?;
        let sample = aggregate(feed.readings_set(), usize::from(feed.quorum), feed.width_max)
            .map_err(|_| ExchangeError::FeedMismatch)?;
        if self.settlement_ticks != 0 {
            return Ok(Quality::default());
        }
        // Prices and funding end with trading.
        let end = if self.close_time == 0 {
            i64::MAX
        } else {
            self.close_time
        };
        let now = clock.unix_timestamp.min(end);
        let elapsed_s = now.saturating_sub(self.updated_at).clamp(0, i64::from(u32::MAX)) as u32;
        self.count_closing(now);
        self.index_average = average(self.index_average, i64::from(self.index_ticks), elapsed_s);
        self.basis_average = average(self.basis_average, self.basis_ticks, elapsed_s);
        if let Some(sample) = sample.filter(|sample| (self.agreed_at..=end).contains(&sample.time)) {
            let index_ticks = sample
                .value
                .and_then(|value| index_ticks_down(value, self.rules.units_per_tick))
                .map(|index_ticks| index_ticks.min(self.rules.price_max_ticks()));
            self.is_uncertain = u8::from(index_ticks.is_none());
            if let Some(index_ticks) = index_ticks {
                self.index_ticks = index_ticks;
                self.agreed_at = sample.time;
            }
        }
        let lots = self.rules.impact_lots;
        let impact_bid = impact_ticks(ladder, Side::Bid, lots, now);
        let impact_ask = impact_ticks(ladder, Side::Ask, lots, now);
        let near = self.rules.near();
        let mid_ticks = impact_bid.zip(impact_ask).map(|(bid, ask)| (bid + ask) / 2);
        self.basis_ticks = mid_ticks.map_or(0, |mid| {
            i64::from(near.clamp(i64::from(mid), self.index_ticks)) - i64::from(self.index_ticks)
        });
        self.mark_ticks = Sources {
            index_ticks: self.index_ticks,
            average_ticks: self.average_ticks(),
            impact_ticks: impact_bid.zip(impact_ask),
            last_ticks: (now.saturating_sub(self.traded_at) <= LAST_HOLDS_S).then_some(self.last_ticks),
            basis_ticks: self.basis_average >> AVERAGE_BITS,
        }
        .mark(near, self.rules.shock())
        .min(self.rules.price_max_ticks());
        let quality = self.quality_known(now, self.agreed_at);
        let premium = if quality.permits(Action::Open) {
            premium_ticks(self.index_ticks, impact_bid, impact_ask)
        } else {
            0
        };
        self.advance_funding(premium, now);
        Ok(quality)
    }

    /// Counts the index as it was seen last towards the average at which the market settles.
    #[inline(always)]
    fn count_closing(&mut self, now: i64) {
        let start = self.updated_at.max(self.close_time - CLOSING_WINDOW_S);
        let seconds = now.min(self.close_time).saturating_sub(start);
        let is_known = self.quality(self.updated_at).permits(Action::Liquidate);
        if self.close_time != 0 && seconds > 0 && is_known {
            // An hour of prices below 2²⁴.
            self.closing_sum += u64::from(self.index_ticks) * seconds as u64;
            self.closing_seconds += seconds as u64;
        }
    }

    /// Whether positions can no longer be raised at `now`: the market closes within the hour.
    #[inline(always)]
    pub fn is_closing(&self, now: i64) -> bool {
        self.close_time != 0 && now >= self.close_time - CLOSING_WINDOW_S
    }

    /// Whether nothing trades at `now` any more.
    #[inline(always)]
    pub fn is_closed(&self, now: i64) -> bool {
        self.close_time != 0 && now >= self.close_time
    }

    /// Whether, `now`, losers of a closed market have had their time to pay, and its winners are paid.
    #[inline(always)]
    pub fn is_paying(&self, now: i64) -> bool {
        self.settlement_ticks != 0 && now >= self.close_time.saturating_add(LOSSES_FIRST_S)
    }

    /// Refuses to raise what is open in a bounded market beyond what its insurance covers, whatever the price jumps to.
    ///
    /// # Errors
    /// InsuranceInsufficient.
    #[inline(always)]
    pub fn require_jump_covered(&self) -> Result<()> {
        if self.rules.face_ticks == 0 {
            return Ok(());
        }
        let face_atoms = self.open_lots.saturating_mul(u64::from(self.rules.face_ticks));
        let uncovered_bps = 10_000 - u64::from(self.rules.tiers[0].maintenance_bps);
        let jump_atoms = portion_up(face_atoms, uncovered_bps, 10_000).map_err(ExchangeError::from)?;
        require!(
            jump_atoms <= self.insurance_atoms,
            ExchangeError::InsuranceInsufficient
        );
        Ok(())
    }

    #[inline(always)]
    fn advance_funding(&mut self, premium_ticks: i64, now: i64) {
        let cap = Band {
            ticks: self.rules.funding_ticks,
            bps: self.rules.funding_bps,
        };
        let funding = Funding {
            index: self.funding_index,
            rate: self.funding_rate,
            premium_seconds: self.premium_seconds,
            premium_ticks: self.premium_ticks,
            updated_at: self.updated_at,
        }
        .advanced(now, premium_ticks, cap.distance_up(self.index_ticks));
        self.funding_index = funding.index;
        self.funding_rate = funding.rate;
        self.premium_seconds = funding.premium_seconds;
        self.premium_ticks = funding.premium_ticks;
        self.updated_at = funding.updated_at;
    }

    /// The index's average, in ticks.
    #[inline(always)]
    pub fn average_ticks(&self) -> u32 {
        (self.index_average >> AVERAGE_BITS) as u32
    }

    /// How good the price is at `now`, as it was last brought up to date.
    #[inline(always)]
    pub fn quality(&self, now: i64) -> Quality {
        self.quality_known(now, self.agreed_at.min(self.updated_at))
    }

    /// How good the price is at `now`, known to be so at `known_at`.
    #[inline(always)]
    fn quality_known(&self, now: i64, known_at: i64) -> Quality {
        if self.settlement_ticks != 0 {
            return Quality::default();
        }
        let (low, high) = self.rules.shock().around(self.average_ticks());
        Quality {
            uncertain: self.is_uncertain != 0,
            volatile: !(low..=high).contains(&self.index_ticks),
            ..Quality::of_age(now, known_at, self.rules.stale_s)
        }
    }

    /// Refuses an action that the price is not good enough for.
    ///
    /// # Errors
    /// PriceUnfit.
    #[inline(always)]
    pub fn require_quality(quality: Quality, action: Action) -> Result<()> {
        require!(quality.permits(action), ExchangeError::PriceUnfit);
        Ok(())
    }

    /// The prices at which positions count at `now`.
    #[inline(always)]
    pub fn prices(&self, now: i64) -> Prices {
        let average_ticks = self.average_ticks();
        Prices {
            mark_ticks: self.mark_ticks,
            low_ticks: self.mark_ticks.min(self.index_ticks).min(average_ticks),
            high_ticks: self.mark_ticks.max(self.index_ticks).max(average_ticks),
            face_ticks: self.rules.face_ticks,
            is_doubtful: !self.quality(now).permits(Action::Open),
        }
    }

    /// The lowest and the highest price at which anything is bought or sold on purpose.
    #[inline(always)]
    pub fn near_mark(&self) -> (u32, u32) {
        self.rules.near().around(self.mark_ticks)
    }

    /// The loss index of a position's side.
    #[inline(always)]
    fn loss_index(&self, lots: i64) -> i64 {
        if lots < 0 {
            self.loss_short_index
        } else {
            self.loss_long_index
        }
    }

    /// What a position owes in funding and losses since its indices, against its holder.
    ///
    /// # Errors
    /// Overflow outside 64 bits.
    #[inline(never)]
    pub fn owed_up(&self, lots: i64, funding_index: i64, loss_index: i64) -> Result<i64> {
        let funding = payment_up(lots, funding_index, self.funding_index).map_err(ExchangeError::from)?;
        let moved = self.loss_index(lots);
        let loss = payment_up(lots.abs(), loss_index, moved).map_err(ExchangeError::from)?;
        funding
            .checked_add(loss)
            .ok_or_else(|| ExchangeError::Overflow.into())
    }

    /// Settles a leg's funding and losses into its cost.
    ///
    /// # Errors
    /// Overflow outside 64 bits.
    #[inline(always)]
    pub fn settle_leg(&self, leg: &mut PerpLeg) -> Result<()> {
        let owed = self.owed_up(leg.position_lots, leg.funding_index, leg.loss_index)?;
        leg.quote_atoms = leg.quote_atoms.checked_sub(owed).ok_or(ExchangeError::Overflow)?;
        self.mark_leg(leg);
        Ok(())
    }

    /// Notes that a leg is settled, after its lots have changed.
    #[inline(always)]
    pub fn mark_leg(&self, leg: &mut PerpLeg) {
        leg.funding_index = self.funding_index;
        leg.loss_index = self.loss_index(leg.position_lots);
    }

    /// Moves signed lots of a settled leg at a cost, and counts what is open.
    ///
    /// # Errors
    /// Overflow outside 64 bits.
    #[inline(always)]
    pub fn move_leg(&mut self, leg: &mut PerpLeg, lots: i64, quote_atoms: i64) -> Result<()> {
        let before = leg.position_lots;
        leg.position_lots += lots;
        leg.quote_atoms = leg
            .quote_atoms
            .checked_add(quote_atoms)
            .ok_or(ExchangeError::Overflow)?;
        self.count_open(before, leg.position_lots);
        self.mark_leg(leg);
        Ok(())
    }

    /// As [`Self::move_leg`], for the seat of a maker.
    ///
    /// # Errors
    /// Overflow outside 64 bits.
    #[inline(always)]
    pub fn move_seat(&mut self, seat: &mut Seat, lots: i64, quote_atoms: i64) -> Result<()> {
        let owed = self.owed_up(seat.lots, seat.funding_index, seat.loss_index)?;
        let before = seat.lots;
        seat.lots += lots;
        seat.cash_atoms = seat
            .cash_atoms
            .checked_sub(owed)
            .and_then(|cash| cash.checked_add(quote_atoms))
            .ok_or(ExchangeError::Overflow)?;
        self.count_open(before, seat.lots);
        seat.funding_index = self.funding_index;
        seat.loss_index = self.loss_index(seat.lots);
        Ok(())
    }

    /// Counts the long part of a position that changes: over all of them it is what is open.
    #[inline(always)]
    pub fn count_open(&mut self, before: i64, after: i64) {
        // Of all positions together never negative.
        self.open_lots = self
            .open_lots
            .wrapping_add(after.max(0) as u64)
            .wrapping_sub(before.max(0) as u64);
    }

    /// Insurance pays what it may of a deficit, the other side of `lots` bears the rest; both sides of a position that
    /// is closed already. Returns what both cover: all of it, unless nothing is open any more.
    ///
    /// # Errors
    /// Overflow outside 64 bits.
    pub fn cover(&mut self, deficit_atoms: u64, lots: i64, now: i64) -> Result<u64> {
        let mut insurance = self.insurance();
        let insured = insurance
            .pay(deficit_atoms, self.rules.insurance_cap_bps, now)
            .map_err(ExchangeError::from)?;
        self.set_insurance(&insurance);
        self.pool_atoms = self
            .pool_atoms
            .checked_add(insured)
            .ok_or(ExchangeError::Overflow)?;
        // Nobody bears more than the highest price for a lot; what is beyond that stays the bankrupt's debt.
        let most = self.open_lots.saturating_mul(u64::from(PRICE_MAX));
        // Once winners are paid, those still to be paid would bear what all have won.
        let most = if self.is_paying(now) { 0 } else { most };
        let left = (deficit_atoms - insured).min(most);
        if left == 0 {
            return Ok(insured);
        }
        let (longs, shorts) = match lots.signum() {
            1 => (0, left),
            -1 => (left, 0),
            _ => (left / 2, left - left / 2),
        };
        let rise = |atoms: u64| loss_index_up(atoms, self.open_lots).map_err(ExchangeError::from);
        let (long_rise, short_rise) = (rise(longs)?, rise(shorts)?);
        self.loss_long_index = self.loss_long_index.wrapping_add(long_rise);
        self.loss_short_index = self.loss_short_index.wrapping_add(short_rise);
        self.haircut_atoms = self.haircut_atoms.saturating_add(left);
        Ok(insured + left)
    }

    /// Takes out of insurance what may be removed of `amount_atoms`; returns what was.
    ///
    /// # Errors
    /// InsuranceInsufficient if what must stay for the open positions would not.
    pub fn remove_insurance(&mut self, amount_atoms: u64, now: i64) -> Result<u64> {
        let mut insurance = self.insurance();
        let removed_atoms = insurance
            .pay(amount_atoms, INSURANCE_REMOVABLE_BPS, now)
            .map_err(ExchangeError::from)?;
        self.set_insurance(&insurance);
        let value_atoms = self.open_lots.saturating_mul(u64::from(self.mark_ticks));
        let needed_atoms = portion_up(value_atoms, u64::from(INSURANCE_REMOVABLE_BPS), 10_000)
            .map_err(ExchangeError::from)?;
        require!(
            self.insurance_atoms >= needed_atoms,
            ExchangeError::InsuranceInsufficient
        );
        self.require_jump_covered()?;
        Ok(removed_atoms)
    }

    #[inline(always)]
    fn insurance(&self) -> Insurance {
        Insurance {
            balance_atoms: self.insurance_atoms,
            window_atoms: self.insurance_window_atoms,
            paid_atoms: self.insurance_paid_atoms,
            window_start: self.insurance_window_start,
        }
    }

    #[inline(always)]
    fn set_insurance(&mut self, insurance: &Insurance) {
        self.insurance_atoms = insurance.balance_atoms;
        self.insurance_window_atoms = insurance.window_atoms;
        self.insurance_paid_atoms = insurance.paid_atoms;
        self.insurance_window_start = insurance.window_start;
    }

    /// Pays what the pool owes, insurance first, as far as it reaches.
    #[inline(always)]
    pub fn pay_dues(&mut self) {
        let insured = self.insurance_due_atoms.min(self.pool_atoms);
        let fees = self.fees_due_atoms.min(self.pool_atoms - insured);
        self.pool_atoms -= insured + fees;
        self.insurance_due_atoms -= insured;
        self.fees_due_atoms -= fees;
        self.insurance_atoms += insured;
        self.fees_atoms += fees;
    }

    /// Takes a loss of a leg out of its account's free collateral, as far as that reaches; returns what moved.
    ///
    /// # Errors
    /// Overflow outside 64 bits.
    pub fn settle_loss(&mut self, account: &mut MarginAccount, leg: usize, loss_atoms: u64) -> Result<u64> {
        let free_atoms = account.free_atoms()?.max(0) as u64;
        let paid_atoms = loss_atoms.min(free_atoms);
        account.add_cash(-(paid_atoms as i64))?;
        let leg = &mut account.perp_legs[leg];
        leg.quote_atoms += paid_atoms as i64; // towards zero
        self.pool_atoms = self
            .pool_atoms
            .checked_add(paid_atoms)
            .ok_or(ExchangeError::Overflow)?;
        Ok(paid_atoms)
    }

    /// Pays a profit of a leg from the pool into its account's cash, as far as the pool and the hour's limit reach;
    /// returns what moved.
    ///
    /// # Errors
    /// Overflow outside 64 bits.
    pub fn settle_profit(
        &mut self,
        account: &mut MarginAccount,
        leg: usize,
        profit_atoms: u64,
        now: i64,
    ) -> Result<u64> {
        if now.saturating_sub(self.profits_window_start) >= PROFITS_WINDOW_S {
            self.profits_window_start = now;
            self.profits_paid_atoms = 0;
        }
        let limit_atoms = if self.settlement_ticks == 0 {
            self.rules
                .profits_max_atoms
                .saturating_sub(self.profits_paid_atoms)
        } else {
            u64::MAX
        };
        let paid_atoms = profit_atoms.min(self.pool_atoms).min(limit_atoms);
        self.pool_atoms -= paid_atoms;
        self.profits_paid_atoms += paid_atoms;
        account.add_cash(paid_atoms as i64)?;
        account.perp_legs[leg].quote_atoms -= paid_atoms as i64; // not beyond the claim
        Ok(paid_atoms)
    }

    /// The rules this account keeps at every write.
    ///
    /// # Errors
    /// PauseBitsInvalid, PriceUnfit.
    pub fn assert_invariants(&self) -> Result<()> {
        require!(
            self.pause_bits & !PERP_PAUSE_ALL == 0,
            ExchangeError::PauseBitsInvalid
        );
        require!(
            self.mark_ticks > 0 && self.open_lots <= i64::MAX as u64,
            ExchangeError::PriceUnfit
        );
        Ok(())
    }
}

/// A feed of the oracle program.
///
/// # Errors
/// FeedMismatch for any other account.
#[inline(always)]
pub fn load_feed(view: &AccountView) -> Result<Account<Feed>> {
    Account::<Feed>::load(*view).map_err(|_| ExchangeError::FeedMismatch.into())
}

impl PerpLeg {
    /// The position as it counts for margin, settled or not.
    ///
    /// # Errors
    /// Overflow outside 64 bits.
    #[inline(always)]
    pub fn position(&self, market: &PerpMarket) -> Result<Position> {
        let owed = market.owed_up(self.position_lots, self.funding_index, self.loss_index)?;
        Ok(Position {
            lots: self.position_lots,
            quote_atoms: self
                .quote_atoms
                .checked_sub(owed)
                .ok_or(ExchangeError::Overflow)?,
            bid_lots: self.bid_lots,
            bid_atoms: self.bid_atoms,
            ask_lots: self.ask_lots,
            ask_atoms: self.ask_atoms,
        })
    }
}
