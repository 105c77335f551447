//! One order, a book and a pool beside it: every lot from whichever is cheaper.
//!
//! A pool's price moves with every lot, a book's with every level. Up to the price of the best resting order the pool
//! is cheaper, by as many lots as move its price there; at that price the book is; and so on from level to
//! level. Both take the same rate of p(1 − p), and p + rate·p(1 − p) rises with p, so the fee changes nothing.

use crate::{
    matching::{crosses, take, Ladder, Resting, SelfTrade, Settle, Side, Taker},
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
/// The pool is not asked at every level, but ahead: twice as far each time, until the order ends before, and from
/// then on half as far. Whatever rests up to there is taken without asking again, if all of it is left to take
/// beside what the pool then has.
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
    let (mut ahead, mut is_near) = (1, false);
    loop {
        let next = look_ahead(ladder, taker, ahead.min(meets_max), now);
        let curve_lots = curve
            .lots_down(taker.side, u64::from(next.price_ticks))?
            .min(left);
        if next.orders == 0 {
            left -= curve_lots;
            return Ok(Routed { curve_lots, left });
        }
        let is_short = left == curve_lots || left - curve_lots < next.lots;
        is_near |= is_short;
        ahead = if is_near {
            next.orders.div_ceil(2)
        } else {
            next.orders * 2
        };
        if is_short && next.orders > 1 {
            continue;
        }
        if curve_lots == left {
            return Ok(Routed { curve_lots, left: 0 });
        }
        let reaching = Taker {
            limit_ticks: next.price_ticks,
            lots: left - curve_lots,
            meets_max: next.orders,
            ..*taker
        };
        let taken = take(ladder, &reaching, now, settle)?;
        if taken.left == 0 {
            return Ok(Routed { curve_lots, left: 0 });
        }
        meets_max -= taken.met;
        left = curve_lots + taken.left;
    }
}

/// The next resting orders that an incoming one meets.
struct Ahead {
    orders: u32,
    /// What the incoming order loses to them if it meets them all.
    lots: u64,
    /// The price of the last of them; without any, the price beyond which the pool may not go.
    price_ticks: u32,
}

/// At most so many of the next orders, none of them one that stops the taker.
#[inline(always)]
fn look_ahead<T: Resting>(ladder: &Ladder<T>, taker: &Taker, orders_max: u32, now: i64) -> Ahead {
    let side = taker.side.opposite();
    let mut ahead = Ahead {
        orders: 0,
        lots: 0,
        price_ticks: taker.limit_ticks,
    };
    while let Some(order) = ladder.nth_best(side, ahead.orders as usize) {
        if !crosses(taker, order.id()) {
            break;
        }
        let is_expired = order.is_expired(now);
        let is_own = taker.seat == Some(order.seat()) && !is_expired;
        let stops = is_own && taker.self_trade == SelfTrade::CancelTake;
        if ahead.orders == orders_max || stops {
            if ahead.orders == 0 {
                ahead.price_ticks = order.id().price_ticks();
            }
            break;
        }
        ahead.orders += 1;
        let leaves = is_expired || is_own && taker.self_trade == SelfTrade::CancelProvide;
        if !leaves {
            ahead.lots = ahead.lots.saturating_add(order.lots());
        }
        ahead.price_ticks = order.id().price_ticks();
    }
    ahead
}
