//! A pool: an automated market maker with its own cash, short what it has sold.
use {
    crate::error::ExchangeError,
    anchor_lang::prelude::*,
    secant_engine::{
        fee::Charge,
        lmsr,
        matching::Side,
        pm_amm,
        quantity::{signed_face_value, Atoms, Bps, Lots, OUTCOMES_MAX},
        routing::Curve,
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

    /// Sells `lots` of `outcome` to a trader, buys them if negative, at a fee of `fee`.
    ///
    /// # Errors
    /// PriceOutOfRange if the pool cannot; InsolventPool; Overflow.
    #[inline(never)]
    pub fn trade(&mut self, outcome: usize, lots: i64, fee: Bps) -> Result<Charge> {
        let charge = self.price(outcome, lots, fee).map_err(ExchangeError::from)?;
        let gross_atoms = i64::try_from(charge.gross.0).map_err(|_| ExchangeError::Overflow)?;
        let cost_atoms = if lots > 0 { gross_atoms } else { -gross_atoms };
        let total = |before: i64, more: i64| before.checked_add(more).ok_or(ExchangeError::Overflow);
        self.sold_lots[outcome] = total(self.sold_lots[outcome], lots)?;
        self.cash_atoms = total(self.cash_atoms, cost_atoms)?;
        self.fees_atoms = self
            .fees_atoms
            .checked_add(charge.fee.0)
            .ok_or(ExchangeError::Overflow)?;
        self.assert_invariants()?;
        Ok(charge)
    }

    /// What `lots` of `outcome` cost now, rounded up, or yield if negative, rounded down; a fee is no more than
    /// the yield.
    #[inline(always)]
    fn price(&self, outcome: usize, lots: i64, fee: Bps) -> core::result::Result<Charge, Fault> {
        let (size, liquidity) = (Lots(lots.unsigned_abs()), Lots(self.liquidity_lots));
        let sold = &self.sold_lots[..usize::from(self.outcomes).min(OUTCOMES_MAX)];
        let pair = [self.sold_lots[0], self.sold_lots[1]];
        let mut charge = match (self.kind, lots > 0) {
            (POOL_LMSR, true) => lmsr::buy_up(sold, liquidity, outcome, size, fee),
            (POOL_LMSR, false) => lmsr::sell_down(sold, liquidity, outcome, size, fee),
            (_, true) => pm_amm::buy_up(&pair, liquidity, outcome, size, fee),
            (_, false) => pm_amm::sell_down(&pair, liquidity, outcome, size, fee),
        }?;
        if lots < 0 {
            charge.fee = charge.fee.min(charge.gross);
        }
        Ok(charge)
    }

    /// Where the pool has which price of `outcome`.
    ///
    /// # Errors
    /// PriceOutOfRange if the pool has left its range.
    #[inline(always)]
    pub fn depth(&self, outcome: usize) -> Result<PoolDepth> {
        let liquidity = Lots(self.liquidity_lots);
        let depth = if self.kind == POOL_LMSR {
            let sold = &self.sold_lots[..usize::from(self.outcomes).min(OUTCOMES_MAX)];
            lmsr::Depth::new(sold, liquidity, outcome).map(PoolDepth::Lmsr)
        } else {
            let sold = [self.sold_lots[0], self.sold_lots[1]];
            pm_amm::Depth::new(&sold, liquidity, outcome).map(PoolDepth::PmAmm)
        };
        depth.map_err(|fault| ExchangeError::from(fault).into())
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

/// A pool's depth, by its kind.
pub enum PoolDepth {
    Lmsr(lmsr::Depth),
    PmAmm(pm_amm::Depth),
}

impl Curve for PoolDepth {
    #[inline(always)]
    fn lots_down(&self, side: Side, price_ticks: u64) -> core::result::Result<u64, Fault> {
        match (self, side) {
            (Self::Lmsr(depth), Side::Bid) => depth.buyable_down(price_ticks),
            (Self::Lmsr(depth), Side::Ask) => depth.sellable_down(price_ticks),
            (Self::PmAmm(depth), Side::Bid) => depth.buyable_down(price_ticks),
            (Self::PmAmm(depth), Side::Ask) => depth.sellable_down(price_ticks),
        }
    }
}
