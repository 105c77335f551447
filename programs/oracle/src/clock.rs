//! The clock, read from its account: 64 compute units less than the syscall.
use {crate::error::OracleError, anchor_lang::prelude::*};

pub use anchor_lang::pinocchio::sysvars::clock::CLOCK_ID;

/// Unix seconds: the clock sysvar's last word.
pub fn unix_timestamp(clock: &AccountView) -> Result<i64> {
    let data = clock.try_borrow()?;
    match data.get(32..40).and_then(|bytes| bytes.try_into().ok()) {
        Some(bytes) => Ok(i64::from_le_bytes(bytes)),
        None => Err(OracleError::ClockInvalid.into()),
    }
}
