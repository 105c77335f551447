//! One order, a book and a pool beside it: every lot from whichever is cheaper.
//!
//! A pool's price moves with every lot, a book's with every level. Up to the price of the best resting order the pool
//! is cheaper, by as many lots as move its price there; at that price the book is; and so on from level to
//! level. Both take the same rate of p(1 − p), and p + rate·p(1 − p) rises with p, so the fee changes nothing.

use crate::{
    matching::{crosses, take, Ladder, OrderId, Resting, Settle, Side, Taker},
    Fault,
};

/// A price that moves with every lot.
pub trait Curve {
    /// How many lots an order of `side` trades before the price passes `price_ticks`.
    ///
    /// # Errors
    /// [`Fault::Domain`] for a price that is none.
    fn lots_down(&self, side: Side, price_ticks: u64) -> Result<u64, Fault>;
}

/// How a routing went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Routed {
    /// Lots that are left for the pool, none of them at a price beyond the limit.
    pub curve_lots: u64,
    /// Lots that neither traded, nor will with the pool, nor were decremented.
    pub left: u64,
}

/// Trades an incoming order against a book as far as the pool is dearer, and says how much is the pool's. Once
/// the bound of orders is met, the pool takes what it can at no worse price than the next one.
///
/// # Errors
/// What `settle` and `curve` return.
#[inline(always)]
pub fn route<T: Resting>(
    ladder: &mut Ladder<T>,
    curve: &impl Curve,
    taker: &Taker,
    now: i64,
    settle: &mut impl Settle<T>,
) -> Result<Routed, Fault> {
    let mut left = taker.lots;
    let mut meets_max = taker.meets_max;
    loop {
        let best = ladder.best(taker.side.opposite()).map(Resting::id);
        let best = best.filter(|id| crosses(taker, *id));
        let limit_ticks = best.map_or(taker.limit_ticks, OrderId::price_ticks);
        let curve_lots = curve.lots_down(taker.side, u64::from(limit_ticks))?.min(left);
        if best.is_none() || meets_max == 0 || curve_lots == left {
            left -= curve_lots;
            return Ok(Routed { curve_lots, left });
        }
        let at_level = Taker {
            limit_ticks,
            lots: left - curve_lots,
            meets_max,
            ..*taker
        };
        let taken = take(ladder, &at_level, now, settle)?;
        if taken.left == 0 || !taken.may_rest {
            let left = taken.left;
            return Ok(Routed { curve_lots, left });
        }
        meets_max -= taken.met;
        left = curve_lots + taken.left;
    }
}
