//! A perpetual's prices: brought up to date with its feed and its book, how good they are, and what they count for.
use {
    super::perp::load_feed,
    crate::{error::ExchangeError, Order, PerpMarket, CLOSING_WINDOW_S, LOSSES_FIRST_S},
    anchor_lang::prelude::*,
    secant_engine::{
        feed::{aggregate, Sample},
        fixed::portion_up,
        funding::{premium_ticks, Funding},
        margin::Prices,
        mark::{
            average, impact_ticks, index_ticks_down, nearer_zero, Band, Sources, AVERAGE_BITS, LAST_HOLDS_S,
        },
        matching::{Ladder, Side},
        quality::{Action, Quality},
    },
};

impl PerpMarket {
    /// Brings prices and funding up to date, and says how good the price is; after the close, fixes the settlement.
    ///
    /// The index is averaged as it was seen before, the basis and the premium as far as they stood at both ends of the
    /// interval: whoever moves a price for a moment pays nobody and gets nothing.
    ///
    /// # Errors
    /// FeedMismatch for a feed that contradicts itself.
    #[inline(never)]
    pub fn accrue(&mut self, feed: &AccountView, ladder: &Ladder<Order>, clock: &Clock) -> Result<Quality> {
        self.updated_slot = clock.slot;
        if self.settlement_ticks != 0 {
            return Ok(Quality::default());
        }
        // A feed that was closed says nothing any more: its last price stands, and reducing goes on.
        let feed = load_feed(feed).ok();
        let sample = match &feed {
            Some(feed) => aggregate(feed.readings_set(), usize::from(feed.quorum), feed.width_max)
                .map_err(|_| ExchangeError::FeedMismatch)?,
            None => None,
        };
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
        self.take_sample(sample, end);
        let lots = self.rules.impact_lots;
        let impact_bid = impact_ticks(ladder, Side::Bid, lots, now);
        let impact_ask = impact_ticks(ladder, Side::Ask, lots, now);
        let near = self.rules.near();
        let mid_ticks = impact_bid.zip(impact_ask).map(|(bid, ask)| (bid + ask) / 2);
        let basis_ticks = mid_ticks.map_or(0, |mid| {
            i64::from(near.clamp(i64::from(mid), self.index_ticks)) - i64::from(self.index_ticks)
        });
        let held_ticks = nearer_zero(self.basis_ticks, basis_ticks);
        self.basis_average = average(self.basis_average, held_ticks, elapsed_s);
        self.basis_ticks = basis_ticks;
        self.mark_ticks = Sources {
            index_ticks: self.index_ticks,
            average_ticks: self.average_ticks(),
            impact_ticks: impact_bid.zip(impact_ask),
            last_ticks: (now.saturating_sub(self.traded_at) <= LAST_HOLDS_S).then_some(self.last_ticks),
            basis_ticks: self.basis_average >> AVERAGE_BITS,
        }
        .mark(near, self.rules.shock())
        .min(self.rules.price_max_ticks());
        if self.is_closing(now) {
            // What positions will settle at, and not what the index is for a moment.
            self.mark_ticks = self.closing_ticks(now).max(1);
        }
        let quality = self.quality_known(now, self.agreed_at);
        let premium = if quality.permits(Action::Open) {
            premium_ticks(self.index_ticks, impact_bid, impact_ask)
        } else {
            0
        };
        self.premium_ticks = nearer_zero(self.premium_ticks, premium);
        self.advance_funding(premium, now);
        if self.is_closed(clock.unix_timestamp) {
            // With the first look after the close: nobody comes in between.
            self.settle(clock.unix_timestamp);
            return Ok(Quality::default());
        }
        Ok(quality)
    }

    /// Takes a sample in that was taken before `end`.
    #[inline(always)]
    fn take_sample(&mut self, sample: Option<Sample>, end: i64) {
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
    }

    /// Counts the index as it was seen last towards the average at which the market settles.
    #[inline(always)]
    fn count_closing(&mut self, now: i64) {
        let start = self.updated_at.max(self.close_time - CLOSING_WINDOW_S);
        // A gap earns no credit: what was seen counts for as long as it would have been fresh.
        let fresh_s = i64::from(self.rules.stale_s);
        let seconds = now.min(self.close_time).saturating_sub(start).min(fresh_s);
        let is_known = self.quality(self.updated_at).permits(Action::Liquidate);
        if self.close_time != 0 && seconds > 0 && is_known {
            // An hour of prices below 2²⁴.
            self.closing_sum += u64::from(self.index_ticks) * seconds as u64;
            self.closing_seconds += seconds as u64;
        }
    }

    /// The average at which the market settles if the index stays: what was seen of the last hour, and the index for the
    /// seconds that are left.
    #[inline(always)]
    fn closing_ticks(&self, now: i64) -> u32 {
        let left = self.close_time.saturating_sub(now).max(0) as u64;
        let sum = self.closing_sum + u64::from(self.index_ticks) * left;
        sum.checked_div(self.closing_seconds + left)
            .map_or(self.index_ticks, |ticks| ticks as u32)
    }

    /// Fixes the price at which the market settles, once it has closed.
    #[inline(always)]
    fn settle(&mut self, now: i64) {
        let ticks = self.closing_ticks(now).max(1);
        self.settlement_ticks = ticks;
        self.settled_time = now;
        self.index_ticks = ticks;
        self.mark_ticks = ticks;
        self.index_average = i64::from(ticks) << AVERAGE_BITS;
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
        self.settlement_ticks != 0 && now >= self.settled_time.saturating_add(LOSSES_FIRST_S)
    }

    /// Refuses to raise what is open in a bounded market beyond what its insurance covers, whatever the price jumps to.
    ///
    /// # Errors
    /// InsuranceInsufficient.
    #[inline(always)]
    pub fn require_jump_covered(&self) -> Result<()> {
        require!(
            self.jump_atoms()? <= self.insurance_atoms,
            ExchangeError::InsuranceInsufficient
        );
        Ok(())
    }

    /// What positions in a bounded market could be short of, had the price jumped to either end at once.
    ///
    /// # Errors
    /// None for a share of at most 10,000 bps.
    #[inline(always)]
    pub fn jump_atoms(&self) -> Result<u64> {
        if self.rules.face_ticks == 0 {
            return Ok(0);
        }
        let face_atoms = self.open_lots.saturating_mul(u64::from(self.rules.face_ticks));
        let uncovered_bps = 10_000 - u64::from(self.rules.tiers[0].maintenance_bps);
        portion_up(face_atoms, uncovered_bps, 10_000).map_err(|fault| ExchangeError::from(fault).into())
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
        let (low, high) = self.rules.near().around(self.mark_ticks);
        (low, high.min(self.rules.price_max_ticks()))
    }
}
