//! A margin account: a cash ledger, event legs and perp legs, solvent in every state of every event.
use {
    crate::{error::ExchangeError, event::CollateralMissing, Book},
    anchor_lang::prelude::*,
    secant_engine::{
        fee::{tiered_up, worn_down},
        margin::Health,
        quantity::{Atoms, Bps, OUTCOMES_MAX, TICKS_PER_UNIT},
    },
    secant_oracle::event::log_event,
};

/// Legs of each kind.
pub const LEGS_MAX: usize = 8;

/// Most lots of one outcome, long or short, that an owner's own instructions lead to: with what the orders of
/// eight legs can add ([`crate::SEAT_LOTS_MAX`] a book) they still sum up in 64 bits, so whatever is entered
/// can be valued, reduced and redeemed.
pub const POSITION_MAX_LOTS: u64 = 90_000_000_000_000;

/// What one owner holds. Positions are signed: a short is a negative number of lots.
#[account]
pub struct MarginAccount {
    /// Exchange whose collateral this is.
    pub exchange: Address,
    /// Who may trade and withdraw.
    pub owner: Address,
    /// Collateral; negative only as far as complete sets or better back it.
    pub cash_atoms: i64,
    /// Σ over event legs of `floor_atoms`.
    pub floor_atoms: i64,
    /// What it has taken, Σ lots × p × (1 − p), as it was at `volume_time`; it wears off in 30 days.
    pub volume_atoms: u64,
    /// When it last took something, Unix seconds.
    pub volume_time: i64,
    /// What its perpetuals need of its free collateral to open more, as it was in `reserve_slot`.
    pub reserve_atoms: u64,
    /// The slot in which that was stated.
    pub reserve_slot: u64,
    /// Free collateral as it was last checked.
    pub checked_free_atoms: i64,
    /// May trade for the owner, and not withdraw; the zero address for nobody.
    pub delegate: Address,
    /// Which of the owner's accounts this is.
    pub index: u8,
    /// PDA bump.
    pub bump: u8,
    /// Layout of this account; 1.
    pub layout: u8,
    /// How many perpetual legs are in use.
    pub perps: u8,
    /// Greater than the `opening` of any leg that was given up.
    pub openings: u16,
    pub reserved: [u8; 2],
    /// Positions in events; a free leg has the zero address.
    pub event_legs: [EventLeg; 8],
    /// Positions in perpetuals; a free leg has the zero address.
    pub perp_legs: [PerpLeg; 8],
}

/// Signed shares of one event's outcomes.
#[derive(Clone, Copy, IdlType, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct EventLeg {
    /// The event; the zero address if the leg is free.
    pub event: Address,
    /// What the leg is worth at worst: the least over the outcomes of 10,000 · `lots` − `risk_atoms`.
    pub floor_atoms: i64,
    /// Lots of each outcome.
    pub lots: [i64; 16],
    /// What the open orders lose at worst if the outcome wins: bids on the others filled, and asks on it.
    pub risk_atoms: [u64; 16],
    /// Seat in the book of each outcome, counted from 1; 0 without.
    pub seats: [u16; 16],
}

/// A position in one perpetual.
#[derive(Clone, Copy, IdlType, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct PerpLeg {
    /// The market; the zero address if the leg is free.
    pub market: Address,
    /// Signed size in the market's lots.
    pub position_lots: i64,
    /// What was received for it, less what was paid.
    pub quote_atoms: i64,
    /// The market's cumulative funding index when the leg was last settled.
    pub funding_index: i64,
    /// The loss index of the position's side then.
    pub loss_index: i64,
    /// Lots of open bids, as the leg last knew them.
    pub bid_lots: u64,
    /// What they pay at most: all of them at the highest of their prices.
    pub bid_atoms: u64,
    /// Lots of open asks, as the leg last knew them.
    pub ask_lots: u64,
    /// What they bring at least: all of them at the lowest of their prices.
    pub ask_atoms: u64,
    /// What it has borne of losers' debts, and not had returned.
    pub haircut_atoms: u64,
    /// The market's `recovery_share` when that was noted.
    pub recovery_share: u64,
    /// The slot in which its seat was last drawn.
    pub drawn_slot: u64,
    /// The market's `recovery_epoch` then.
    pub recovery_epoch: u32,
    /// Seat in the market's book, counted from 1; 0 without.
    pub seat: u16,
    /// Another number for each position that the account has had here, one after the other.
    pub opening: u16,
}

impl MarginAccount {
    /// The leg of `event`.
    pub fn leg(&self, event: &Address) -> Result<usize> {
        self.event_legs
            .iter()
            .position(|leg| anchor_lang::address_eq(&leg.event, event))
            .ok_or_else(|| ExchangeError::LegAbsent.into())
    }

    /// The leg of a book's event, if the account has a seat in the book.
    #[inline(always)]
    pub fn leg_at(&self, book: &Book) -> Option<usize> {
        let leg = self.leg(&book.event).ok()?;
        let seat = self.event_legs[leg].seats.get(usize::from(book.outcome))?;
        (*seat != 0).then_some(leg)
    }

    /// The leg of `event`, opened if there is none.
    #[inline(always)]
    pub fn leg_or_open(&mut self, event: &Address) -> Result<usize> {
        let mut free = LEGS_MAX;
        for (place, leg) in self.event_legs.iter().enumerate() {
            if anchor_lang::address_eq(&leg.event, event) {
                return Ok(place);
            }
            if free == LEGS_MAX && leg.is_free() {
                free = place;
            }
        }
        let leg = self.event_legs.get_mut(free).ok_or(ExchangeError::LegsFull)?;
        leg.event = *event;
        Ok(free)
    }

    /// Adds signed `lots` of one outcome and restates the leg's floor.
    pub fn add_outcome(&mut self, leg: usize, outcomes: usize, outcome: usize, lots: i64) -> Result<()> {
        self.add_lots(leg, outcome, lots)?;
        self.restate_floor(leg, outcomes)
    }

    /// Adds signed `lots` of one outcome; [`Self::restate_floor`] must follow.
    pub fn add_lots(&mut self, leg: usize, outcome: usize, lots: i64) -> Result<()> {
        let position = &mut self.event_legs[leg].lots[outcome];
        *position = bounded(*position, position.checked_add(lots))?;
        Ok(())
    }

    /// Adds signed `lots` of every outcome; the leg's floor moves with them.
    pub fn add_sets(&mut self, leg: usize, outcomes: usize, lots: i64) -> Result<()> {
        let leg = &mut self.event_legs[leg];
        let mut occupied = 0;
        for position in &mut leg.lots[..outcomes] {
            *position = bounded(*position, position.checked_add(lots))?;
            occupied |= *position;
        }
        let face_atoms = lots.wrapping_mul(TICKS_PER_UNIT as i64); // of a position within its limit
        leg.floor_atoms += face_atoms;
        self.floor_atoms = self
            .floor_atoms
            .checked_add(face_atoms)
            .ok_or(ExchangeError::Overflow)?;
        if occupied == 0 && !leg.has_orders() {
            leg.event = Address::default();
        }
        Ok(())
    }

    /// Takes `lots` of each outcome off the leg and restates its floor.
    pub fn sub_outcomes(&mut self, leg: usize, outcomes: usize, lots: &[i64]) -> Result<()> {
        for (position, lots) in self.event_legs[leg].lots[..outcomes].iter_mut().zip(lots) {
            *position = bounded(*position, position.checked_sub(*lots))?;
        }
        self.restate_floor(leg, outcomes)
    }

    /// Takes off whatever the leg holds; its open orders stay.
    pub fn clear_positions(&mut self, leg: usize, outcomes: usize) -> Result<()> {
        self.event_legs[leg].lots = [0; 16];
        self.restate_floor(leg, outcomes)
    }

    /// Adds signed atoms to the cash.
    pub fn add_cash(&mut self, atoms: i64) -> Result<()> {
        self.cash_atoms = self
            .cash_atoms
            .checked_add(atoms)
            .ok_or(ExchangeError::Overflow)?;
        Ok(())
    }

    /// Restates what a leg is worth at worst; without lots and orders it becomes free.
    pub fn restate_floor(&mut self, leg: usize, outcomes: usize) -> Result<()> {
        let leg = &mut self.event_legs[leg];
        let mut floor_atoms = i64::MAX;
        let mut occupied = 0;
        for (lots, risk_atoms) in leg.lots[..outcomes].iter().zip(&leg.risk_atoms) {
            // Below 2⁶¹ for lots and risks within their limits.
            let worst_atoms = lots
                .wrapping_mul(TICKS_PER_UNIT as i64)
                .wrapping_sub(*risk_atoms as i64);
            floor_atoms = floor_atoms.min(worst_atoms);
            occupied |= *lots | *risk_atoms as i64;
        }
        self.floor_atoms = self
            .floor_atoms
            .checked_sub(leg.floor_atoms)
            .and_then(|sum| sum.checked_add(floor_atoms))
            .ok_or(ExchangeError::Overflow)?;
        leg.floor_atoms = floor_atoms;
        if occupied == 0 {
            leg.event = Address::default();
        }
        Ok(())
    }

    /// The rate that the account pays of a full one, by what it has taken lately.
    ///
    /// # Errors
    /// None in practice: a volume cannot leave 64 bits.
    #[inline(always)]
    pub fn fee_up(&self, full: Bps, now: i64) -> Result<Bps> {
        Ok(tiered_up(full, self.volume_down(now)?))
    }

    /// Adds to what the account has taken.
    ///
    /// # Errors
    /// As [`Self::fee_up`].
    #[inline(always)]
    pub fn add_volume(&mut self, volume: Atoms, now: i64) -> Result<()> {
        self.volume_atoms = self.volume_down(now)?.0.saturating_add(volume.0);
        self.volume_time = now;
        Ok(())
    }

    /// What is left at `now` of what the account has taken.
    #[inline(always)]
    fn volume_down(&self, now: i64) -> Result<Atoms> {
        let age_s = now.saturating_sub(self.volume_time).max(0) as u64;
        worn_down(Atoms(self.volume_atoms), age_s).map_err(|fault| ExchangeError::from(fault).into())
    }

    /// Atoms that may leave: the cash, with every event at its worst outcome and every order filled.
    pub fn free_atoms(&self) -> Result<i64> {
        self.cash_atoms
            .checked_add(self.floor_atoms)
            .ok_or_else(|| ExchangeError::Overflow.into())
    }

    /// The leg of a perpetual.
    ///
    /// # Errors
    /// PerpLegAbsent.
    #[inline(always)]
    pub fn perp_leg(&self, market: &Address) -> Result<usize> {
        self.perp_legs
            .iter()
            .position(|leg| anchor_lang::address_eq(&leg.market, market))
            .ok_or_else(|| ExchangeError::PerpLegAbsent.into())
    }

    /// The leg of a perpetual, opened if there is none.
    ///
    /// # Errors
    /// PerpLegsFull.
    #[inline(always)]
    pub fn perp_leg_or_open(&mut self, market: &Address) -> Result<usize> {
        if let Ok(leg) = self.perp_leg(market) {
            return Ok(leg);
        }
        let free = self.perp_legs.iter().position(PerpLeg::is_free);
        let leg = free.ok_or(ExchangeError::PerpLegsFull)?;
        self.perp_legs[leg].market = *market;
        self.perp_legs[leg].opening = self.openings;
        self.perps += 1;
        Ok(leg)
    }

    /// Frees a perpetual's leg that holds nothing any more.
    #[inline(always)]
    pub fn free_perp_leg(&mut self, leg: usize) {
        let leg = &mut self.perp_legs[leg];
        let is_empty = leg.position_lots == 0 && leg.quote_atoms == 0 && leg.haircut_atoms == 0;
        if is_empty && leg.seat == 0 && !leg.is_free() {
            self.openings = self.openings.max(leg.opening.wrapping_add(1));
            *leg = bytemuck::Zeroable::zeroed();
            self.perps -= 1;
        }
    }

    /// Refuses whoever is neither the owner nor the delegate.
    ///
    /// # Errors
    /// OwnerMismatch.
    #[inline(always)]
    pub fn require_trader(&self, signer: &Address) -> Result<()> {
        let delegated = anchor_lang::address_eq(&self.delegate, signer);
        require!(
            delegated || anchor_lang::address_eq(&self.owner, signer),
            ExchangeError::OwnerMismatch
        );
        Ok(())
    }

    /// Free collateral less what its perpetuals need, as that was last stated.
    ///
    /// # Errors
    /// Overflow outside 64 bits.
    pub fn spare_atoms(&self) -> Result<u64> {
        let reserve_atoms = if self.perps == 0 { 0 } else { self.reserve_atoms };
        Ok((self.free_atoms()?.max(0) as u64).saturating_sub(reserve_atoms))
    }

    /// States what the account's perpetuals need of its free collateral in this slot.
    #[inline(always)]
    pub fn state_reserve(&mut self, health: &Health, slot: u64) {
        let losses_atoms = health.losses_atoms.unsigned_abs();
        self.reserve_atoms = health.initial_atoms.saturating_add(losses_atoms);
        self.reserve_slot = slot;
        self.checked_free_atoms = health.free_atoms;
    }

    /// Notes that a perpetual's instruction has changed what is free, and that the reserve stated before is void.
    ///
    /// # Errors
    /// Overflow outside 64 bits.
    #[inline(always)]
    pub fn void_reserve(&mut self) -> Result<()> {
        self.checked_free_atoms = self.free_atoms()?;
        self.reserve_slot = 0;
        Ok(())
    }

    /// The rule this account keeps at every write: solvent in every state of every event; and what its perpetuals
    /// need is not spent on anything else.
    ///
    /// # Errors
    /// InsolventAccount; MarginStale if what is free falls while perpetuals are open, and their need was not stated in
    /// this slot.
    pub fn assert_invariants(&mut self) -> Result<()> {
        let free_atoms = self.free_atoms()?;
        let mut left_atoms = free_atoms;
        if self.perps != 0 && free_atoms < self.checked_free_atoms {
            require!(
                Clock::get()?.slot == self.reserve_slot,
                ExchangeError::MarginStale
            );
            left_atoms = free_atoms.saturating_sub_unsigned(self.reserve_atoms);
        }
        if left_atoms < 0 {
            log_event(CollateralMissing {
                amount_atoms: left_atoms.unsigned_abs(),
            });
            return Err(ExchangeError::InsolventAccount.into());
        }
        self.checked_free_atoms = free_atoms;
        Ok(())
    }

    /// Whether closing the account loses nothing.
    pub fn is_empty(&self) -> bool {
        self.cash_atoms == 0
            && self.event_legs.iter().all(EventLeg::is_free)
            && self.perp_legs.iter().all(PerpLeg::is_free)
    }
}

/// A position within [`POSITION_MAX_LOTS`], or nearer to it than before.
fn bounded(before: i64, lots: Option<i64>) -> Result<i64> {
    match lots {
        Some(lots) if lots.unsigned_abs() <= POSITION_MAX_LOTS.max(before.unsigned_abs()) => Ok(lots),
        _ => Err(ExchangeError::PositionTooLarge.into()),
    }
}

impl EventLeg {
    /// Whether any book holds an order of this account, as far as it knows.
    pub fn has_orders(&self) -> bool {
        self.seats.iter().any(|seat| *seat != 0)
    }

    /// Whether the leg may take a new event.
    pub fn is_free(&self) -> bool {
        anchor_lang::address_eq(&self.event, &Address::new_from_array([0; 32]))
    }
}

impl PerpLeg {
    /// Whether the leg may take a new perpetual.
    pub fn is_free(&self) -> bool {
        anchor_lang::address_eq(&self.market, &Address::new_from_array([0; 32]))
    }
}

const _: () = assert!(OUTCOMES_MAX == 16, "EventLeg::lots holds one entry an outcome");
