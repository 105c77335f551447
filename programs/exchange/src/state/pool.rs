//! A pool: an automated market maker with its own cash, short what it has sold.
use {
    crate::error::ExchangeError,
    anchor_lang::prelude::*,
    secant_engine::{
        fee::Charge,
        lmsr, pm_amm,
        quantity::{signed_face_value, Atoms, Bps, Lots, OUTCOMES_MAX},
        Fault,
    },
};

/// `Pool::kind`: logarithmic market scoring rule, 2 to 16 outcomes.
#[constant]
pub const POOL_LMSR: u8 = 0;
/// `Pool::kind`: static pm-AMM, 2 outcomes.
#[constant]
pub const POOL_PM_AMM: u8 = 1;

/// One per event and creator.
#[account]
pub struct Pool {
    /// The event whose outcomes it trades.
    pub event: Address,
    /// Who funded it and gets its rent.
    pub creator: Address,
    /// The margin account that funded it and gets back what is left.
    pub account: Address,
    /// Collateral, at least what the worst outcome costs.
    pub cash_atoms: i64,
    /// Fees not yet collected.
    pub fees_atoms: u64,
    /// Scale of the cost function: LMSR's b, pm-AMM's L.
    pub liquidity_lots: u64,
    /// Net lots sold of each outcome.
    pub sold_lots: [i64; 16],
    /// Trade fee in bps of lots × p × (1 − p), over the path of the price.
    pub fee_bps: u16,
    /// 0 LMSR, 1 pm-AMM.
    pub kind: u8,
    /// How many outcomes the event has.
    pub outcomes: u8,
    /// PDA bump.
    pub bump: u8,
    /// Layout of this account; 1.
    pub layout: u8,
    pub reserved: [u8; 34],
}

impl Pool {
    /// Collateral that a pool needs before its first trade, rounded up.
    pub fn funding_up(kind: u8, liquidity: Lots, outcomes: usize) -> Result<Atoms> {
        let funding = match kind {
            POOL_LMSR => lmsr::funding_up(liquidity, outcomes),
            POOL_PM_AMM if outcomes == 2 => pm_amm::funding_up(liquidity),
            _ => return Err(ExchangeError::PoolKindInvalid.into()),
        };
        funding.map_err(|_| ExchangeError::LiquidityInvalid.into())
    }

    /// What `size` lots of `outcome` cost now, rounded up, and the fee on top.
    pub fn buy_up(&self, outcome: usize, size: Lots) -> core::result::Result<Charge, Fault> {
        let (liquidity, fee) = (Lots(self.liquidity_lots), Bps(self.fee_bps));
        match self.kind {
            POOL_LMSR => lmsr::buy_up(
                &self.sold_lots[..usize::from(self.outcomes)],
                liquidity,
                outcome,
                size,
                fee,
            ),
            _ => {
                let sold = [self.sold_lots[0], self.sold_lots[1]];
                pm_amm::buy_up(&sold, liquidity, outcome, size, fee)
            }
        }
    }

    /// What `size` lots of `outcome` yield now, rounded down, and the fee out of it.
    pub fn sell_down(&self, outcome: usize, size: Lots) -> core::result::Result<Charge, Fault> {
        let (liquidity, fee) = (Lots(self.liquidity_lots), Bps(self.fee_bps));
        match self.kind {
            POOL_LMSR => lmsr::sell_down(
                &self.sold_lots[..usize::from(self.outcomes)],
                liquidity,
                outcome,
                size,
                fee,
            ),
            _ => {
                let sold = [self.sold_lots[0], self.sold_lots[1]];
                pm_amm::sell_down(&sold, liquidity, outcome, size, fee)
            }
        }
    }

    /// The rule this account keeps at every write: whichever outcome wins, the cash pays it.
    pub fn assert_invariants(&self) -> Result<()> {
        let mut worst_lots = i64::MIN;
        for lots in &self.sold_lots[..usize::from(self.outcomes).min(OUTCOMES_MAX)] {
            worst_lots = worst_lots.max(*lots);
        }
        let owed_atoms = signed_face_value(worst_lots).map_err(ExchangeError::from)?;
        require!(self.cash_atoms >= owed_atoms, ExchangeError::InsolventPool);
        Ok(())
    }
}
