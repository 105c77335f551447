//! What a trader asks of a book.
use {
    crate::{error::ExchangeError, trade::SWEEP_MAX, SEAT_LOTS_MAX},
    anchor_lang::prelude::*,
    secant_engine::matching::{SelfTrade, Side},
};

/// `OrderRequest::side`: buy.
#[constant]
pub const SIDE_BID: u8 = 0;
/// `OrderRequest::side`: sell.
#[constant]
pub const SIDE_ASK: u8 = 1;

/// `OrderRequest::kind`: takes what it can, and the rest rests.
#[constant]
pub const ORDER_LIMIT: u8 = 0;
/// `OrderRequest::kind`: takes what it can, and the rest is dropped.
#[constant]
pub const ORDER_IMMEDIATE_OR_CANCEL: u8 = 1;
/// `OrderRequest::kind`: takes all of its lots, or nothing happens.
#[constant]
pub const ORDER_FILL_OR_KILL: u8 = 2;
/// `OrderRequest::kind`: rests whole, or is refused.
#[constant]
pub const ORDER_POST_ONLY: u8 = 3;
/// `OrderRequest::kind`: rests whole, at a worse price if it would take.
#[constant]
pub const ORDER_POST_ONLY_SLIDE: u8 = 4;

/// `OrderRequest::self_trade`: own resting orders that it meets are cancelled.
#[constant]
pub const SELF_TRADE_CANCEL_PROVIDE: u8 = 0;
/// `OrderRequest::self_trade`: what is left of it is dropped when it meets an own order.
#[constant]
pub const SELF_TRADE_CANCEL_TAKE: u8 = 1;
/// `OrderRequest::self_trade`: both lose the smaller's lots.
#[constant]
pub const SELF_TRADE_DECREMENT: u8 = 2;

/// The most that a builder's fee can be, in bps of lots × p × (1 − p).
#[constant]
pub const BUILDER_FEE_MAX_BPS: u16 = 100;

/// An order to be placed.
#[derive(Clone, Copy, AnchorDeserialize, AnchorSerialize, IdlType)]
pub struct OrderRequest {
    /// The owner's own mark; any number.
    pub client_id: u64,
    /// How much.
    pub lots: u64,
    /// When it stops trading, Unix seconds; 0 for never.
    pub expires_at: u32,
    /// The worst price it takes, and where it rests: 1 to 9,999; at a perpetual, to 16,777,215.
    pub price_ticks: u32,
    /// How many resting orders it may meet, at most 256. What still crosses then is dropped, never rested.
    pub meets_max: u16,
    /// One of the SIDE constants.
    pub side: u8,
    /// One of the ORDER constants.
    pub kind: u8,
    /// One of the SELF_TRADE constants.
    pub self_trade: u8,
    /// Whether it is cut down to the position that it reduces.
    pub reduce_only: bool,
}

/// An order to be cancelled.
#[derive(Clone, Copy, AnchorDeserialize, AnchorSerialize, IdlType)]
pub struct Cancellation {
    /// Its number.
    pub order_id: u64,
    /// Where it was last seen among the room for orders; found without it too.
    pub hint: u16,
}

impl OrderRequest {
    /// Its side.
    ///
    /// # Errors
    /// OrderInvalid for no known side.
    #[inline(always)]
    pub fn side(&self) -> Result<Side> {
        match self.side {
            SIDE_BID => Ok(Side::Bid),
            SIDE_ASK => Ok(Side::Ask),
            _ => Err(ExchangeError::OrderInvalid.into()),
        }
    }

    /// What happens to its owner's own orders.
    ///
    /// # Errors
    /// OrderInvalid for no known rule.
    #[inline(always)]
    pub fn self_trade(&self) -> Result<SelfTrade> {
        match self.self_trade {
            SELF_TRADE_CANCEL_PROVIDE => Ok(SelfTrade::CancelProvide),
            SELF_TRADE_CANCEL_TAKE => Ok(SelfTrade::CancelTake),
            SELF_TRADE_DECREMENT => Ok(SelfTrade::Decrement),
            _ => Err(ExchangeError::OrderInvalid.into()),
        }
    }

    /// Refuses what is out of range at `now`, in a book with prices up to `price_max_ticks`.
    ///
    /// # Errors
    /// OrderInvalid, AmountZero.
    #[inline(always)]
    pub fn require_sound(&self, price_max_ticks: u32, now: i64) -> Result<()> {
        let sound = (1..=price_max_ticks).contains(&self.price_ticks)
            && self.kind <= ORDER_POST_ONLY_SLIDE
            && self.self_trade <= SELF_TRADE_DECREMENT
            && self.lots <= SEAT_LOTS_MAX
            && usize::from(self.meets_max) <= SWEEP_MAX
            && (self.expires_at == 0 || i64::from(self.expires_at) > now);
        require!(sound, ExchangeError::OrderInvalid);
        require!(self.lots > 0, ExchangeError::AmountZero);
        Ok(())
    }

    /// Refuses what could rest.
    ///
    /// # Errors
    /// OrderInvalid.
    #[inline(always)]
    pub fn require_taking(&self) -> Result<()> {
        let takes = self.kind == ORDER_IMMEDIATE_OR_CANCEL || self.kind == ORDER_FILL_OR_KILL;
        require!(takes, ExchangeError::OrderInvalid);
        Ok(())
    }
}

/// Bids and asks.
pub const BOTH_SIDES: &[Side] = &[Side::Bid, Side::Ask];

/// A side, or both without one.
///
/// # Errors
/// OrderInvalid for no known side.
pub fn sides(side: Option<u8>) -> Result<&'static [Side]> {
    match side {
        None => Ok(BOTH_SIDES),
        Some(SIDE_BID) => Ok(&[Side::Bid]),
        Some(SIDE_ASK) => Ok(&[Side::Ask]),
        Some(_) => Err(ExchangeError::OrderInvalid.into()),
    }
}
