//! An event market: its outcomes, its resolver, its payout vector.
use {crate::error::ExchangeError, anchor_lang::prelude::*, secant_engine::payout};

/// `EventMarket::status`: trades until its lock time.
#[constant]
pub const EVENT_OPEN: u8 = 0;
/// `EventMarket::status`: trades no more, not settled yet.
#[constant]
pub const EVENT_LOCKED: u8 = 1;
/// `EventMarket::status`: settled by its resolver.
#[constant]
pub const EVENT_RESOLVED: u8 = 2;
/// `EventMarket::status`: settled by a void, every outcome alike.
#[constant]
pub const EVENT_VOID: u8 = 3;

/// `EventMarket::resolver_kind`: a record of the oracle program.
#[constant]
pub const RESOLVER_RECORD: u8 = 0;
/// `EventMarket::resolver_kind`: a key that signs the payout vector.
#[constant]
pub const RESOLVER_AUTHORITY: u8 = 1;

/// 2 to 16 mutually exclusive, exhaustive outcomes.
#[account]
pub struct EventMarket {
    /// Exchange whose collateral it pays.
    pub exchange: Address,
    /// Who created it.
    pub creator: Address,
    /// The record or the authority that settles it.
    pub resolver: Address,
    /// Name given at creation; unique per creator.
    pub event_id: [u8; 32],
    /// Title for people, UTF-8 padded with zeros.
    pub title: [u8; 64],
    /// Label of each outcome, UTF-8 padded with zeros.
    pub labels: [[u8; 16]; 16],
    /// Lots of each outcome that exist as tokens.
    pub tokenized_lots: [u64; 16],
    /// Collateral behind the event's shares: the complete sets before settlement, what is left to pay
    /// after it. Negative while shorts have yet to pay in what is owed. As wide as no number of accounts
    /// can fill, because a full escrow would block everybody else's settlement.
    pub escrow_atoms: PodI128,
    /// Trades stop at this time, Unix seconds.
    pub lock_time: i64,
    /// After this time anyone may void, Unix seconds.
    pub settlement_deadline: i64,
    /// When it was settled; 0 before.
    pub settled_time: i64,
    /// What a lot of each outcome pays, in atoms; sums to 10,000 once settled.
    pub payout_ticks: [u16; 16],
    /// Bump of each outcome's mint; 0 while it does not exist.
    pub mint_bumps: [u8; 16],
    /// How many outcomes there are.
    pub outcomes: u8,
    /// 0 a record, 1 an authority.
    pub resolver_kind: u8,
    /// 0 open, 1 locked, 2 resolved, 3 void.
    pub status: u8,
    /// PDA bump.
    pub bump: u8,
    /// Layout of this account; 1.
    pub layout: u8,
    pub reserved: [u8; 51],
}

impl EventMarket {
    /// Seeds with which the event signs for its outcomes' mints.
    pub fn signer_seeds(&self) -> [&[u8]; 5] {
        let bump = core::slice::from_ref(&self.bump);
        [
            b"event",
            self.exchange.as_ref(),
            self.creator.as_ref(),
            &self.event_id,
            bump,
        ]
    }

    /// How many outcomes there are, as an index bound.
    pub fn outcome_count(&self) -> usize {
        usize::from(self.outcomes)
    }

    /// Whether the payout vector stands.
    pub fn is_settled(&self) -> bool {
        self.status >= EVENT_RESOLVED
    }

    /// Whether the event trades at `now`.
    pub fn trades(&self, now: i64) -> bool {
        self.status == EVENT_OPEN && now < self.lock_time
    }

    /// Refuses unless the event trades at `now`.
    pub fn require_open(&self, now: i64) -> Result<()> {
        require!(self.trades(now), ExchangeError::EventNotOpen);
        Ok(())
    }

    /// Refuses once the payout vector stands.
    pub fn require_unsettled(&self) -> Result<()> {
        require!(!self.is_settled(), ExchangeError::EventSettled);
        Ok(())
    }

    /// Refuses until the payout vector stands.
    pub fn require_settled(&self) -> Result<()> {
        require!(self.is_settled(), ExchangeError::EventNotSettled);
        Ok(())
    }

    /// The index of an outcome of this event.
    pub fn outcome_index(&self, outcome: u8) -> Result<usize> {
        require!(outcome < self.outcomes, ExchangeError::OutcomeUnknown);
        Ok(usize::from(outcome))
    }

    /// Adds signed atoms to the escrow.
    pub fn add_escrow(&mut self, atoms: i64) {
        // 2¹²⁷ is out of reach of any number of 64-bit terms.
        self.escrow_atoms = self.escrow_atoms.get().wrapping_add(i128::from(atoms)).into();
    }

    /// Fixes the payout vector, for good.
    pub fn settle(&mut self, status: u8, payout_ticks: [u16; 16], now: i64) -> Result<()> {
        self.payout_ticks = payout_ticks;
        self.status = status;
        self.settled_time = now.max(1);
        self.assert_invariants()
    }

    /// The rules this account keeps at every write.
    pub fn assert_invariants(&self) -> Result<()> {
        let payout_sound = if self.is_settled() {
            payout::is_complete(&self.payout_ticks, self.outcome_count())
        } else {
            self.payout_ticks == [0; 16]
        };
        require!(payout_sound, ExchangeError::PayoutInvalid);
        Ok(())
    }
}
