//! A perpetual: the rules of its positions, what is open, what its losers have paid in, and its prices.
//!
//! One lot moves one atom a tick. A position is signed lots and what was received for them less what was paid; its
//! claim at a price is `lots × price + quote`. Trades move no cash: what is lost reaches the market's pool, and what is
//! won leaves it, only by settling. At any one price all claims, the fees due and the insurance due together are the
//! pool, but for the dust of roundings against holders, which stays in it.
use {
    crate::{error::ExchangeError, MarginAccount, PerpLeg, PerpRules, Seat},
    anchor_lang::prelude::*,
    secant_engine::{
        fixed::portion_up,
        funding::payment_up,
        loss::{loss_index_up, Borne, Insurance, Recovery},
        margin::Position,
        matching::PRICE_MAX,
        outflow::{Outflow, OUTFLOW_WINDOW_S},
    },
    secant_oracle::Feed,
};

/// `PerpMarket::pause_bits`: positions cannot be raised.
#[constant]
pub const PERP_PAUSE_OPEN: u8 = 1;
/// `PerpMarket::pause_bits`: nothing is liquidated, and no bankruptcy resolved.
#[constant]
pub const PERP_PAUSE_LIQUIDATE: u8 = 2;
/// `PerpMarket::pause_bits`: no profit leaves the pool before the market has settled.
#[constant]
pub const PERP_PAUSE_PROFITS: u8 = 4;
/// All pause bits of a perpetual.
pub const PERP_PAUSE_ALL: u8 = PERP_PAUSE_OPEN | PERP_PAUSE_LIQUIDATE | PERP_PAUSE_PROFITS;

/// Seconds of the window in which a market's profits are limited.
#[constant]
pub const PROFITS_WINDOW_S: u64 = 3_600;
const _: () = assert!(PROFITS_WINDOW_S == OUTFLOW_WINDOW_S);

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

/// One perpetual.
#[account]
pub struct PerpMarket {
    /// Exchange whose collateral it pays.
    pub exchange: Address,
    /// The oracle program's feed that it follows.
    pub feed: Address,
    /// Name given at creation, UTF-8 padded with zeros; unique on the exchange.
    pub market_id: [u8; 32],
    /// The rules in force.
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
    /// When the price it settles at was fixed, Unix seconds; 0 before.
    pub settled_time: i64,
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
    /// Profits paid out that still count towards the hour's limit.
    pub profits_held_atoms: u64,
    /// Until when time has made them count less, Unix seconds.
    pub profits_let_go_at: i64,
    /// What the winners of this market have borne of its losers' debts in all.
    pub haircut_atoms: u64,
    /// What of that is not returned.
    pub haircut_open_atoms: u64,
    /// Which share of it is not returned since the epoch began, in 2⁻⁶³.
    pub recovery_share: u64,
    /// That share when something was last borne.
    pub haircut_share: u64,
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
    /// The slot in which somebody's debt was last borne by others.
    pub loss_slot: u64,
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
    /// How often all that was borne has been returned.
    pub recovery_epoch: u32,
    /// How often it had been when something was last borne.
    pub haircut_epoch: u32,
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
    pub reserved: [u8; 219],
}

impl PerpMarket {
    /// The loss index of a position's side.
    #[inline(always)]
    fn loss_index(&self, lots: i64) -> i64 {
        if lots < 0 {
            self.loss_short_index
        } else {
            self.loss_long_index
        }
    }

    /// What a position owes in funding, and in losses, since its indices, both against its holder.
    ///
    /// # Errors
    /// Overflow outside 64 bits.
    #[inline(never)]
    pub fn owed_up(&self, lots: i64, funding_index: i64, loss_index: i64) -> Result<(i64, i64)> {
        let funding = payment_up(lots, funding_index, self.funding_index).map_err(ExchangeError::from)?;
        let moved = self.loss_index(lots);
        let loss = payment_up(lots.abs(), loss_index, moved).map_err(ExchangeError::from)?;
        Ok((funding, loss))
    }

    /// Settles a leg's funding and losses into its cost, with what has been returned of its losses.
    ///
    /// # Errors
    /// Overflow outside 64 bits.
    #[inline(always)]
    pub fn settle_leg(&mut self, leg: &mut PerpLeg) -> Result<()> {
        let (funding, loss) = self.owed_up(leg.position_lots, leg.funding_index, leg.loss_index)?;
        let returned = self.note_haircut(leg, loss)?;
        leg.quote_atoms = leg
            .quote_atoms
            .checked_sub(funding)
            .and_then(|quote| quote.checked_sub(loss))
            .and_then(|quote| quote.checked_add_unsigned(returned))
            .ok_or(ExchangeError::Overflow)?;
        self.mark_leg(leg);
        Ok(())
    }

    /// Notes in a leg what it bears, and returns what has been given back of what it bore.
    ///
    /// # Errors
    /// Overflow outside 64 bits.
    #[inline(always)]
    pub fn note_haircut(&mut self, leg: &mut PerpLeg, loss_atoms: i64) -> Result<u64> {
        if leg.haircut_atoms == 0 && loss_atoms <= 0 {
            return Ok(0);
        }
        let (mut borne, recovery) = (leg.borne(), self.recovery());
        let fresh = Borne {
            atoms: loss_atoms.max(0) as u64,
            share: self.haircut_share,
            epoch: self.haircut_epoch,
        };
        let returned = borne.settle(&recovery, fresh);
        leg.set_borne(&borne);
        returned.map_err(|fault| ExchangeError::from(fault).into())
    }

    /// Gives back what insurance may pay of what winners have borne; returns how much that is.
    ///
    /// # Errors
    /// Overflow outside 64 bits.
    pub fn return_haircut(&mut self, now: i64) -> Result<u64> {
        let (mut insurance, mut recovery) = (self.insurance(), self.recovery());
        // Half of a day's allowance, and what open positions need, stay for the next bankrupt.
        let spare_atoms = self.insurance_atoms.saturating_sub(self.insurance_needed()?);
        let paid_atoms = insurance
            .pay(
                recovery.open_atoms.min(spare_atoms),
                self.rules.insurance_cap_bps / 2,
                now,
            )
            .map_err(ExchangeError::from)?;
        if recovery.give(paid_atoms).map_err(ExchangeError::from)? == 0 {
            return Ok(0);
        }
        self.set_insurance(&insurance);
        self.set_recovery(&recovery);
        self.pool_atoms = self
            .pool_atoms
            .checked_add(paid_atoms)
            .ok_or(ExchangeError::Overflow)?;
        Ok(paid_atoms)
    }

    /// Gives up what a leg has borne and not had returned.
    ///
    /// # Errors
    /// Overflow outside 64 bits.
    pub fn waive_haircut(&mut self, leg: &mut PerpLeg) -> Result<u64> {
        self.settle_leg(leg)?;
        let (mut borne, mut recovery) = (leg.borne(), self.recovery());
        let waived_atoms = borne.atoms;
        borne.waive(&mut recovery).map_err(ExchangeError::from)?;
        leg.set_borne(&borne);
        self.set_recovery(&recovery);
        Ok(waived_atoms)
    }

    #[inline(always)]
    fn recovery(&self) -> Recovery {
        Recovery {
            open_atoms: self.haircut_open_atoms,
            share: self.recovery_share,
            epoch: self.recovery_epoch,
        }
    }

    #[inline(always)]
    fn set_recovery(&mut self, recovery: &Recovery) {
        self.haircut_open_atoms = recovery.open_atoms;
        self.recovery_share = recovery.share;
        self.recovery_epoch = recovery.epoch;
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
        if before != 0 && leg.position_lots.signum() != before.signum() {
            leg.opening = leg.opening.wrapping_add(1);
        }
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
        let (funding, loss) = self.owed_up(seat.lots, seat.funding_index, seat.loss_index)?;
        let before = seat.lots;
        seat.lots += lots;
        seat.haircut_atoms = seat.haircut_atoms.saturating_add(loss.max(0) as u64);
        seat.cash_atoms = seat
            .cash_atoms
            .checked_sub(funding)
            .and_then(|cash| cash.checked_sub(loss))
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

    /// Insurance pays what it may of a deficit, the other side of `lots` bears the rest. Returns what both cover: of a
    /// position that is closed already what insurance pays.
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
        // Nobody bears a debt that no lots are left of, nor more than the highest price for a lot: what is beyond that
        // stays the bankrupt's debt.
        let most = if lots == 0 {
            0
        } else {
            self.open_lots.saturating_mul(u64::from(PRICE_MAX))
        };
        // Once winners are paid, those still to be paid would bear what all have won.
        let most = if self.is_paying(now) { 0 } else { most };
        let left = (deficit_atoms - insured).min(most);
        if left == 0 {
            return Ok(insured);
        }
        let rise = loss_index_up(left, self.open_lots).map_err(ExchangeError::from)?;
        let index = if lots > 0 {
            &mut self.loss_short_index
        } else {
            &mut self.loss_long_index
        };
        *index = index.wrapping_add(rise);
        self.loss_slot = self.updated_slot;
        self.haircut_atoms = self.haircut_atoms.saturating_add(left);
        self.haircut_open_atoms = self.haircut_open_atoms.saturating_add(left);
        self.haircut_share = self.recovery_share;
        self.haircut_epoch = self.recovery_epoch;
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
        require!(
            self.insurance_atoms >= self.insurance_needed()?,
            ExchangeError::InsuranceInsufficient
        );
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
        self.insurance_window_atoms += insured;
        self.fees_atoms += fees;
    }

    /// Adds to insurance, and to what it may pay in the present window.
    ///
    /// # Errors
    /// Overflow outside 64 bits.
    pub fn add_insurance(&mut self, amount_atoms: u64) -> Result<()> {
        self.insurance_atoms = self
            .insurance_atoms
            .checked_add(amount_atoms)
            .ok_or(ExchangeError::Overflow)?;
        self.insurance_window_atoms = self.insurance_window_atoms.saturating_add(amount_atoms);
        Ok(())
    }

    /// What insurance must hold for the open positions.
    ///
    /// # Errors
    /// None for shares of at most 10,000 bps.
    fn insurance_needed(&self) -> Result<u64> {
        let value_atoms = self.open_lots.saturating_mul(u64::from(self.mark_ticks));
        let share = portion_up(value_atoms, u64::from(INSURANCE_REMOVABLE_BPS), 10_000)
            .map_err(ExchangeError::from)?;
        Ok(share.max(self.jump_atoms()?))
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
        let wanted_atoms = profit_atoms.min(self.pool_atoms);
        let paid_atoms = if self.settlement_ticks == 0 {
            let mut outflow = Outflow {
                held_atoms: self.profits_held_atoms,
                let_go_at: self.profits_let_go_at,
            };
            let paid_atoms = outflow.pay(wanted_atoms, self.rules.profits_max_atoms, now);
            self.profits_held_atoms = outflow.held_atoms;
            self.profits_let_go_at = outflow.let_go_at;
            paid_atoms
        } else {
            wanted_atoms
        };
        self.pool_atoms -= paid_atoms;
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
    #[inline(always)]
    fn borne(&self) -> Borne {
        Borne {
            atoms: self.haircut_atoms,
            share: self.recovery_share,
            epoch: self.recovery_epoch,
        }
    }

    #[inline(always)]
    fn set_borne(&mut self, borne: &Borne) {
        self.haircut_atoms = borne.atoms;
        self.recovery_share = borne.share;
        self.recovery_epoch = borne.epoch;
    }

    /// The position as it counts for margin, settled or not.
    ///
    /// # Errors
    /// Overflow outside 64 bits.
    #[inline(always)]
    pub fn position(&self, market: &PerpMarket) -> Result<Position> {
        let (funding, loss) = market.owed_up(self.position_lots, self.funding_index, self.loss_index)?;
        Ok(Position {
            lots: self.position_lots,
            quote_atoms: self
                .quote_atoms
                .checked_sub(funding)
                .and_then(|quote| quote.checked_sub(loss))
                .ok_or(ExchangeError::Overflow)?,
            bid_lots: self.bid_lots,
            bid_atoms: self.bid_atoms,
            ask_lots: self.ask_lots,
            ask_atoms: self.ask_atoms,
        })
    }
}
