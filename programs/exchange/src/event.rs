//! What happened, for indexers. Amounts are atoms, sizes lots, times Unix seconds.
use {
    alloc::vec::Vec,
    anchor_lang::{event::sol_log_data, prelude::*},
    bytemuck::{Pod, Zeroable},
};

#[event]
pub struct ExchangeInitialized {
    pub exchange: Address,
    pub admin: Address,
    pub mint: Address,
}

#[event]
pub struct PauseChanged {
    pub exchange: Address,
    pub signer: Address,
    /// All bits now set.
    pub pause_bits: u8,
}

#[event]
pub struct FeesCollected {
    pub exchange: Address,
    pub amount_atoms: u64,
}

#[event]
pub struct AccountOpened {
    pub account: Address,
    pub owner: Address,
}

#[event]
pub struct AccountClosed {
    pub account: Address,
}

#[event(bytemuck)]
pub struct Deposited {
    pub account: Address,
    pub amount_atoms: u64,
}

#[event(bytemuck)]
pub struct Withdrawn {
    pub account: Address,
    pub amount_atoms: u64,
}

/// What an account lacks for an instruction that is refused for it.
#[event(bytemuck)]
pub struct CollateralMissing {
    pub amount_atoms: u64,
}

/// A builder's front end earned its fee on what a trader took: a margin account, or a wallet without one.
#[event(bytemuck)]
pub struct BuilderPaid {
    pub builder: Address,
    pub trader: Address,
    pub amount_atoms: u64,
}

#[event]
pub struct EventCreated {
    pub event: Address,
    pub creator: Address,
    pub outcomes: u8,
}

#[event]
pub struct EventLocked {
    pub event: Address,
    pub locker: Address,
}

/// An event has its payout vector, by its record, its authority or a void.
#[event]
pub struct EventSettled {
    pub event: Address,
    /// 2 resolved, 3 void.
    pub status: u8,
    pub payout_ticks: [u16; 16],
}

/// Complete sets were minted (positive) or merged (negative).
#[event(bytemuck)]
pub struct SetsChanged {
    pub account: Address,
    pub event: Address,
    pub lots: i64,
}

/// Ledger shares became tokens (positive) or tokens ledger shares (negative).
#[event]
pub struct TokensChanged {
    pub account: Address,
    pub event: Address,
    pub outcome: u8,
    pub lots: i64,
}

#[event]
pub struct PoolCreated {
    pub pool: Address,
    pub event: Address,
    pub funding_atoms: u64,
}

/// A pool sold `lots` of `outcome` (bought, if negative) for `cost_atoms`, fee apart.
#[event(bytemuck)]
pub struct PoolTraded {
    pub pool: Address,
    pub account: Address,
    pub lots: i64,
    pub cost_atoms: i64,
    pub fee_atoms: u64,
    pub outcome: u64,
}

/// A pool minted the complete sets it had sold (merged those it had bought, if negative).
#[event(bytemuck)]
pub struct PoolNetted {
    pub pool: Address,
    pub lots: i64,
}

#[event]
pub struct PoolClosed {
    pub pool: Address,
    pub returned_atoms: i64,
}

#[event(bytemuck)]
pub struct Redeemed {
    pub account: Address,
    pub event: Address,
    /// Negative where a short position pays.
    pub amount_atoms: i64,
}

#[event]
pub struct TokensRedeemed {
    pub event: Address,
    pub holder: Address,
    pub outcome: u8,
    pub lots: u64,
    pub amount_atoms: u64,
}

#[event]
pub struct BookCreated {
    pub book: Address,
    pub event: Address,
    pub outcome: u8,
}

#[event]
pub struct BookClosed {
    pub book: Address,
    pub fees_atoms: u64,
}

#[event]
pub struct DelegateSet {
    pub account: Address,
    /// The zero address for nobody.
    pub delegate: Address,
}

#[event]
pub struct PerpCreated {
    pub market: Address,
    pub feed: Address,
}

#[event]
pub struct PerpPauseChanged {
    pub market: Address,
    pub signer: Address,
    /// All bits of the market now set.
    pub pause_bits: u8,
}

/// What an account's perpetuals amount to.
#[event(bytemuck)]
pub struct MarginStated {
    pub account: Address,
    /// Free collateral with unrealised profits and losses at the marks.
    pub equity_atoms: i64,
    /// Cash less what events hold at worst.
    pub free_atoms: i64,
    /// Unrealised losses at the strict prices, none positive.
    pub losses_atoms: i64,
    /// What opening requires.
    pub initial_atoms: u64,
    /// What keeping requires.
    pub maintenance_atoms: u64,
}

/// A perpetual's profit was paid into an account's cash, or its loss out of it, if negative.
#[event(bytemuck)]
pub struct PnlSettled {
    pub account: Address,
    pub market: Address,
    pub amount_atoms: i64,
}

/// A position was taken over at the mark.
#[event(bytemuck)]
pub struct Liquidated {
    pub account: Address,
    pub taker: Address,
    pub market: Address,
    pub lots: u64,
    pub mark_ticks: u64,
    /// What the taker earned.
    pub reward_atoms: u64,
    /// What insurance earned.
    pub insurance_atoms: u64,
    /// What a bankrupt account was short of.
    pub shortfall_atoms: u64,
    /// How much of that the other side bore.
    pub haircut_atoms: u64,
}

#[event]
pub struct PerpRulesProposed {
    pub market: Address,
    /// From when on they may come into force.
    pub rules_time: i64,
}

#[event]
pub struct PerpRulesApplied {
    pub market: Address,
}

#[event]
pub struct PerpClosing {
    pub market: Address,
    pub close_time: i64,
}

#[event]
pub struct PerpSettled {
    pub market: Address,
    pub settlement_ticks: u32,
}

#[event]
pub struct InsuranceRemoved {
    pub market: Address,
    pub account: Address,
    pub amount_atoms: u64,
}

#[event]
pub struct TriggerPlaced {
    pub trigger: Address,
    pub account: Address,
    pub market: Address,
}

/// A trailing stop has followed the mark.
#[event]
pub struct TriggerMoved {
    pub trigger: Address,
    pub trigger_ticks: u32,
}

/// A trigger order is done, or was cancelled.
#[event]
pub struct TriggerClosed {
    pub trigger: Address,
    pub filled_lots: u64,
}

/// Insurance gave back a part of what a market's winners had borne.
#[event(bytemuck)]
pub struct HaircutReturned {
    pub market: Address,
    pub amount_atoms: u64,
}

/// An account gave up what it had borne and not had returned.
#[event(bytemuck)]
pub struct HaircutWaived {
    pub account: Address,
    pub market: Address,
    pub amount_atoms: u64,
}

/// Collateral moved between two margin accounts of one owner.
#[event(bytemuck)]
pub struct Transferred {
    pub source: Address,
    pub destination: Address,
    pub amount_atoms: u64,
}

#[event(bytemuck)]
pub struct InsuranceAdded {
    pub market: Address,
    pub account: Address,
    pub amount_atoms: u64,
}

/// The orders of a book changed: everything one instruction did there. Whose instruction it was, its accounts
/// tell.
#[event]
pub struct BookChanged {
    pub book: Address,
    /// How often the orders had changed before: one more than in the log before, or logs are missing.
    pub changes: u64,
    /// Resting orders that traded, best first.
    pub fills: Vec<OrderLots>,
    /// Resting orders that lost lots without a trade: cancelled, expired, evicted, or their owner's own.
    pub dropped: Vec<OrderLots>,
    pub placed: Vec<PlacedOrder>,
}

/// Lots that an order lost, at its own price.
#[derive(Clone, Copy, AnchorSerialize, AnchorDeserialize, IdlType, Pod, Zeroable)]
#[repr(C)]
pub struct OrderLots {
    pub order_id: u64,
    pub lots: u64,
}

/// What became of an order.
#[derive(Clone, Copy, AnchorSerialize, AnchorDeserialize, IdlType, Pod, Zeroable)]
#[repr(C)]
pub struct PlacedOrder {
    /// The owner's own mark.
    pub client_id: u64,
    /// Number of what rests; 0 if nothing does.
    pub order_id: u64,
    /// Lots that traded in the book; what a pool beside it traded, its own log says.
    pub filled_lots: u64,
    /// What they cost, or brought, fee apart.
    pub paid_atoms: u64,
    /// The taker's fee, a builder's apart.
    pub fee_atoms: u64,
    /// Lots that rest.
    pub rested_lots: u64,
    /// When it stops trading, Unix seconds; 0 for never.
    pub expires_at: u32,
    /// The seat it rests in, counted from 0.
    pub seat: u16,
    pub reserved: u16,
}

impl BookChanged {
    /// The log before anything has happened, with room for the rows that may come: growing it costs more.
    #[inline(always)]
    pub fn new(book: &Address, changes: u64, fills: usize, dropped: usize, placed: usize) -> Self {
        Self {
            book: *book,
            changes,
            fills: Vec::with_capacity(fills),
            dropped: Vec::with_capacity(dropped),
            placed: Vec::with_capacity(placed),
        }
    }

    /// Logs what `emit!` would: the rows' bytes are their encoding, copied as they are.
    #[inline(always)]
    pub fn log(&self) {
        const HEAD_LEN: usize = 48;
        let (fills_len, dropped_len) = (self.fills.len() * 16, self.dropped.len() * 16);
        let placed_at = HEAD_LEN + 8 + fills_len + dropped_len;
        let mut bytes = alloc::vec![0; placed_at + 4 + self.placed.len() * 56];
        let (head, tail) = bytes.split_at_mut(HEAD_LEN);
        head[..8].copy_from_slice(Self::DISCRIMINATOR);
        head[8..40].copy_from_slice(self.book.as_ref());
        head[40..].copy_from_slice(&self.changes.to_le_bytes());
        let tail = put_rows(tail, &self.fills);
        let tail = put_rows(tail, &self.dropped);
        put_rows(tail, &self.placed);
        sol_log_data(&[&bytes]);
    }
}

/// Writes a count and its rows, and returns the bytes after them.
#[inline(always)]
fn put_rows<'a, T: Pod>(bytes: &'a mut [u8], rows: &[T]) -> &'a mut [u8] {
    let (count, tail) = bytes.split_at_mut(4);
    count.copy_from_slice(&(rows.len() as u32).to_le_bytes());
    if rows.is_empty() {
        return tail;
    }
    let (row_bytes, tail) = tail.split_at_mut(core::mem::size_of_val(rows));
    row_bytes.copy_from_slice(bytemuck::cast_slice(rows));
    tail
}
