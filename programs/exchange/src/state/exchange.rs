//! The exchange of one collateral mint: its keys, its vault, its pause bits.
use {crate::error::ExchangeError, anchor_lang::prelude::*};

/// Pauses deposits.
#[constant]
pub const PAUSE_DEPOSIT: u8 = 1;
/// Pauses new events, pools and complete sets.
#[constant]
pub const PAUSE_CREATE: u8 = 2;
/// Pauses trades, except those that reduce a position.
#[constant]
pub const PAUSE_TRADE: u8 = 4;
/// Pauses tokenizing; the way back stays open.
#[constant]
pub const PAUSE_TOKENIZE: u8 = 8;
/// All pause bits.
pub const PAUSE_ALL: u8 = PAUSE_DEPOSIT | PAUSE_CREATE | PAUSE_TRADE | PAUSE_TOKENIZE;

/// The highest trade fee, in bps of lots × p × (1 − p).
#[constant]
pub const FEE_MAX_BPS: u16 = 1_000;

/// One per collateral mint and admin. Its address is the vault's authority.
#[account]
pub struct Exchange {
    /// May remove pause bits.
    pub admin: Address,
    /// May add pause bits.
    pub pauser: Address,
    /// Collateral mint, 6 decimals.
    pub mint: Address,
    /// Token account that holds all collateral.
    pub vault: Address,
    /// Token account that fees are paid to.
    pub treasury: Address,
    /// Fees of pools that are closed, not yet collected.
    pub fees_atoms: u64,
    /// Fee of pools created from now on, in bps of lots × p × (1 − p).
    pub fee_bps: u16,
    /// Bits of what is paused: 1 deposit, 2 create, 4 trade, 8 tokenize.
    pub pause_bits: u8,
    /// PDA bump.
    pub bump: u8,
    /// Layout of this account; 1.
    pub layout: u8,
    pub reserved: [u8; 123],
}

impl Exchange {
    /// Refuses what `pause_bit` pauses.
    pub fn require_running(&self, pause_bit: u8) -> Result<()> {
        require!(self.pause_bits & pause_bit == 0, ExchangeError::Paused);
        Ok(())
    }

    /// Seeds with which the exchange signs for its vault.
    pub fn signer_seeds(&self) -> [&[u8]; 4] {
        let bump = core::slice::from_ref(&self.bump);
        [b"exchange", self.mint.as_ref(), self.admin.as_ref(), bump]
    }

    /// The rules this account keeps at every write.
    pub fn assert_invariants(&self) -> Result<()> {
        require!(self.pause_bits & !PAUSE_ALL == 0, ExchangeError::PauseBitsInvalid);
        require!(self.fee_bps <= FEE_MAX_BPS, ExchangeError::FeeInvalid);
        Ok(())
    }
}
