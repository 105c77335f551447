//! What happened, for indexers. Amounts are atoms, sizes lots, times Unix seconds.
use anchor_lang::prelude::*;

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
