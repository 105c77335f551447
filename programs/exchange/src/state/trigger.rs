//! A trigger order: an order that reduces a perpetual position, placed by anyone once the mark has reached its price.
use {
    crate::{
        error::ExchangeError, MarginAccount, OrderRequest, PerpMarket, ORDER_IMMEDIATE_OR_CANCEL, SIDE_ASK,
        SIDE_BID,
    },
    anchor_lang::prelude::*,
    secant_engine::matching::PRICE_MAX,
};

/// What its owner asks of a trigger order.
#[derive(Clone, Copy, AnchorDeserialize, AnchorSerialize, IdlType, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct TriggerTerms {
    /// Most lots to close.
    pub lots: u64,
    /// When it lapses, Unix seconds; 0 for never.
    pub expires_at: i64,
    /// At which mark it is placed; of a trailing stop, at first.
    pub trigger_ticks: u32,
    /// Of a trailing stop, how far the trigger stays behind the best mark seen; 0 for a fixed trigger.
    pub trail_ticks: u32,
    /// How far from the mark the order may trade when it is placed.
    pub slip_ticks: u32,
    /// 0 buys a short back, 1 sells a long.
    pub side: u8,
    /// 1 if it is placed at marks of the trigger or above, 0 at the trigger or below.
    pub is_above: u8,
    pub reserved: [u8; 2],
}

/// One trigger order.
#[account]
pub struct TriggerOrder {
    /// The margin account whose position it reduces.
    pub account: Address,
    pub market: Address,
    /// Who gets the rent.
    pub payer: Address,
    pub terms: TriggerTerms,
    /// The `opening` of the leg when it was placed.
    pub opening: u16,
    /// Which of the account's trigger orders this is.
    pub id: u8,
    /// PDA bump.
    pub bump: u8,
    /// Layout of this account; 1.
    pub layout: u8,
    pub reserved: [u8; 27],
}

impl TriggerOrder {
    /// Whether the position that it was placed for, or to come then, is no more.
    pub fn is_void(&self, account: &MarginAccount) -> bool {
        let leg = account.perp_leg(&self.market);
        leg.map_or(true, |leg| account.perp_legs[leg].opening != self.opening)
    }
}

impl TriggerTerms {
    /// Refuses terms that can never be met.
    ///
    /// # Errors
    /// OrderInvalid; AmountZero.
    pub fn require_sound(&self, now: i64) -> Result<()> {
        let ticks = [self.trigger_ticks, self.trail_ticks, self.slip_ticks];
        // A trailing stop sells below the best mark, or buys back above it.
        let trails = self.trail_ticks == 0 || (self.is_above == 1) == (self.side == SIDE_BID);
        let sound = self.trigger_ticks > 0
            && ticks.iter().all(|ticks| *ticks <= PRICE_MAX)
            && matches!(self.side, SIDE_BID | SIDE_ASK)
            && self.is_above <= 1
            && trails
            && (self.expires_at == 0 || self.expires_at > now);
        require!(sound, ExchangeError::OrderInvalid);
        require!(self.lots > 0, ExchangeError::AmountZero);
        Ok(())
    }

    /// Moves the trigger of a trailing stop after the mark; whether it moved.
    pub fn trail(&mut self, mark_ticks: u32) -> bool {
        if self.trail_ticks == 0 {
            return false;
        }
        let before = self.trigger_ticks;
        self.trigger_ticks = if self.is_above == 0 {
            before.max(mark_ticks.saturating_sub(self.trail_ticks))
        } else {
            before.min(mark_ticks.saturating_add(self.trail_ticks))
        };
        self.trigger_ticks != before
    }

    /// Whether the mark has reached the trigger, and the order has not lapsed.
    pub fn is_reached(&self, mark_ticks: u32, now: i64) -> bool {
        let reached = if self.is_above == 0 {
            mark_ticks <= self.trigger_ticks
        } else {
            mark_ticks >= self.trigger_ticks
        };
        reached && (self.expires_at == 0 || self.expires_at > now)
    }

    /// The order that is placed then.
    pub fn order(&self, market: &PerpMarket) -> OrderRequest {
        let price_ticks = if self.side == SIDE_BID {
            market.mark_ticks.saturating_add(self.slip_ticks)
        } else {
            market.mark_ticks.saturating_sub(self.slip_ticks)
        };
        OrderRequest {
            client_id: 0,
            lots: self.lots.min(market.rules.position_max_lots),
            expires_at: 0,
            price_ticks: price_ticks.clamp(1, market.rules.price_max_ticks()),
            meets_max: MEETS_MAX,
            side: self.side,
            kind: ORDER_IMMEDIATE_OR_CANCEL,
            self_trade: 0,
            reduce_only: true,
        }
    }
}

/// How many resting orders it may meet.
const MEETS_MAX: u16 = 64;
