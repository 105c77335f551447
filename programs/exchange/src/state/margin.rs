//! A margin account: a cash ledger, event legs and perp legs, solvent in every state of every event.
use {
    crate::error::ExchangeError,
    anchor_lang::prelude::*,
    secant_engine::quantity::{signed_face_value, OUTCOMES_MAX},
};

/// Legs of each kind.
pub const LEGS_MAX: usize = 8;

/// Most lots of one outcome, long or short: eight legs of them still add up in 64 bits, so whatever is
/// entered can be valued, reduced and redeemed.
pub const POSITION_MAX_LOTS: u64 = 100_000_000_000_000;

/// What one owner holds. Positions are signed: a short is a negative number of lots.
#[account]
pub struct MarginAccount {
    /// Exchange whose collateral this is.
    pub exchange: Address,
    /// Who may trade and withdraw.
    pub owner: Address,
    /// Collateral; negative only as far as complete sets or better back it.
    pub cash_atoms: i64,
    /// Σ over event legs of `floor_lots`.
    pub floor_lots: i64,
    /// Worst case of open orders; 0 until order books exist.
    pub orders_reserve_atoms: u64,
    /// Which of the owner's accounts this is.
    pub index: u8,
    /// PDA bump.
    pub bump: u8,
    /// Layout of this account; 1.
    pub layout: u8,
    pub reserved: [u8; 69],
    /// Positions in events; a free leg has the zero address.
    pub event_legs: [EventLeg; 8],
    /// Positions in perpetuals; all free until perpetuals exist.
    pub perp_legs: [PerpLeg; 8],
}

/// Signed shares of one event's outcomes.
#[derive(Clone, Copy, IdlType, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct EventLeg {
    /// The event; the zero address if the leg is free.
    pub event: Address,
    /// The least of `lots` over the event's outcomes: what the leg is worth at worst.
    pub floor_lots: i64,
    /// Lots of each outcome.
    pub lots: [i64; 16],
}

/// A position in one perpetual.
#[derive(Clone, Copy, IdlType, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct PerpLeg {
    /// The market; the zero address if the leg is free.
    pub market: Address,
    /// Signed size in the market's lots.
    pub position_lots: i64,
    /// Signed cost of the position.
    pub quote_atoms: i64,
    /// Cumulative funding index at the last settlement.
    pub funding_index: PodI128,
    pub reserved: [u8; 48],
}

impl MarginAccount {
    /// The leg of `event`.
    pub fn leg(&self, event: &Address) -> Result<usize> {
        self.event_legs
            .iter()
            .position(|leg| anchor_lang::address_eq(&leg.event, event))
            .ok_or_else(|| ExchangeError::LegAbsent.into())
    }

    /// The leg of `event`, opened if there is none.
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
        let position = &mut self.event_legs[leg].lots[outcome];
        *position = bounded(position.checked_add(lots))?;
        self.restate_floor(leg, outcomes)
    }

    /// Adds signed `lots` of every outcome; the leg's floor moves with them.
    pub fn add_sets(&mut self, leg: usize, outcomes: usize, lots: i64) -> Result<()> {
        let leg = &mut self.event_legs[leg];
        let mut occupied = 0;
        for position in &mut leg.lots[..outcomes] {
            *position = bounded(position.checked_add(lots))?;
            occupied |= *position;
        }
        leg.floor_lots += lots; // the least of the positions just added to
        self.floor_lots = self.floor_lots.checked_add(lots).ok_or(ExchangeError::Overflow)?;
        if occupied == 0 {
            leg.event = Address::default();
        }
        Ok(())
    }

    /// Takes `lots` of each outcome off the leg and restates its floor.
    pub fn sub_outcomes(&mut self, leg: usize, outcomes: usize, lots: &[i64]) -> Result<()> {
        for (position, lots) in self.event_legs[leg].lots[..outcomes].iter_mut().zip(lots) {
            *position = bounded(position.checked_sub(*lots))?;
        }
        self.restate_floor(leg, outcomes)
    }

    /// Empties a leg.
    pub fn clear_leg(&mut self, leg: usize) -> Result<()> {
        let floor_lots = self.event_legs[leg].floor_lots;
        self.event_legs[leg] = bytemuck::Zeroable::zeroed();
        self.floor_lots = self
            .floor_lots
            .checked_sub(floor_lots)
            .ok_or(ExchangeError::Overflow)?;
        Ok(())
    }

    /// Adds signed atoms to the cash.
    pub fn add_cash(&mut self, atoms: i64) -> Result<()> {
        self.cash_atoms = self
            .cash_atoms
            .checked_add(atoms)
            .ok_or(ExchangeError::Overflow)?;
        Ok(())
    }

    fn restate_floor(&mut self, leg: usize, outcomes: usize) -> Result<()> {
        let leg = &mut self.event_legs[leg];
        let mut floor_lots = i64::MAX;
        let mut occupied = 0;
        for lots in &leg.lots[..outcomes] {
            floor_lots = floor_lots.min(*lots);
            occupied |= *lots;
        }
        self.floor_lots = self
            .floor_lots
            .checked_sub(leg.floor_lots)
            .and_then(|sum| sum.checked_add(floor_lots))
            .ok_or(ExchangeError::Overflow)?;
        leg.floor_lots = floor_lots;
        if occupied == 0 {
            leg.event = Address::default();
        }
        Ok(())
    }

    /// Atoms that may leave: the cash, with every event at its worst outcome and every order filled.
    pub fn free_atoms(&self) -> Result<i64> {
        let floor_atoms = signed_face_value(self.floor_lots).map_err(ExchangeError::from)?;
        self.cash_atoms
            .checked_add(floor_atoms)
            .and_then(|atoms| atoms.checked_sub_unsigned(self.orders_reserve_atoms))
            .ok_or_else(|| ExchangeError::Overflow.into())
    }

    /// The rule this account keeps at every write: solvent in every state.
    pub fn assert_invariants(&self) -> Result<()> {
        require!(self.free_atoms()? >= 0, ExchangeError::InsolventAccount);
        Ok(())
    }

    /// Whether closing the account loses nothing.
    pub fn is_empty(&self) -> bool {
        self.cash_atoms == 0
            && self.orders_reserve_atoms == 0
            && self.event_legs.iter().all(EventLeg::is_free)
            && self.perp_legs.iter().all(|leg| leg.market == Address::default())
    }
}

/// A position within [`POSITION_MAX_LOTS`].
fn bounded(lots: Option<i64>) -> Result<i64> {
    match lots {
        Some(lots) if lots.unsigned_abs() <= POSITION_MAX_LOTS => Ok(lots),
        _ => Err(ExchangeError::PositionTooLarge.into()),
    }
}

impl EventLeg {
    /// Whether the leg may take a new event.
    pub fn is_free(&self) -> bool {
        anchor_lang::address_eq(&self.event, &Address::new_from_array([0; 32]))
    }
}

const _: () = assert!(OUTCOMES_MAX == 16, "EventLeg::lots holds one entry an outcome");
