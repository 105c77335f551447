//! Price-time priority, whatever rests.
//!
//! A book is one slice: bids from its start, the best last; asks to its end, the best first; free room
//! between. Prices rise all along, the best orders lie beside the gap, and taking one moves nothing. An order
//! elsewhere moves the better ones of its side, in one copy: on chain a 250th of a unit a byte.
//!
//! An order's number says its side, price and age, so that it is found by halving: no index can go stale.

use crate::Fault;

/// Which side of the book an order is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Buys.
    Bid,
    /// Sells.
    Ask,
}

impl Side {
    /// The other side.
    pub fn opposite(self) -> Self {
        match self {
            Self::Bid => Self::Ask,
            Self::Ask => Self::Bid,
        }
    }
}

/// An order's number: price in ticks (24 bits), age (39 bits), 1 for an ask.
///
/// Unique in its book, and ordered by price, then age. Ages last: at 30 orders a transaction, using them up
/// takes 18 billion transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderId(pub u64);

/// Bits below the price: the age and the side.
const PRICE_SHIFT: u32 = 40;

/// The highest price an order's number can hold.
pub const PRICE_MAX: u32 = (1 << (64 - PRICE_SHIFT)) - 1;

/// The age of the last order that a book can number.
pub const AGE_MAX: u64 = (1 << (PRICE_SHIFT - 1)) - 1;

impl OrderId {
    /// The number of an order.
    ///
    /// # Errors
    /// [`Fault::Domain`] for a price above [`PRICE_MAX`] or an age above [`AGE_MAX`].
    pub fn new(side: Side, price_ticks: u32, age: u64) -> Result<Self, Fault> {
        if price_ticks > PRICE_MAX || age > AGE_MAX {
            return Err(Fault::Domain);
        }
        let ask = u64::from(side == Side::Ask);
        Ok(Self(u64::from(price_ticks) << PRICE_SHIFT | age << 1 | ask))
    }

    /// The side.
    #[inline(always)]
    pub fn side(self) -> Side {
        if self.0 & 1 == 0 {
            Side::Bid
        } else {
            Side::Ask
        }
    }

    /// The price in ticks.
    #[inline(always)]
    pub fn price_ticks(self) -> u32 {
        (self.0 >> PRICE_SHIFT) as u32
    }

    /// Where it stands on its side, rising along the slice: of equal bids the younger comes first.
    #[inline(always)]
    fn rank(self, side: Side) -> u64 {
        match side {
            Side::Bid => self.0 ^ ((1 << PRICE_SHIFT) - 1),
            Side::Ask => self.0,
        }
    }
}

/// What a book holds.
pub trait Resting: Copy {
    /// Its number.
    fn id(&self) -> OrderId;
    /// Lots still open.
    fn lots(&self) -> u64;
    /// Sets the lots still open.
    fn set_lots(&mut self, lots: u64);
    /// The seat of its owner.
    fn seat(&self) -> u16;
    /// Whether it no longer trades at `now`, Unix seconds.
    fn is_expired(&self, now: i64) -> bool;
}

/// The resting orders of a book.
pub struct Ladder<'a, T> {
    slots: &'a mut [T],
    bids: usize,
    asks: usize,
}

impl<'a, T: Resting> Ladder<'a, T> {
    /// A book over `slots` whose first `bids` and last `asks` are taken.
    ///
    /// # Errors
    /// [`Fault::Domain`] if they are more than there are slots.
    #[inline(always)]
    pub fn new(slots: &'a mut [T], bids: usize, asks: usize) -> Result<Self, Fault> {
        if bids > slots.len() || asks > slots.len() - bids {
            return Err(Fault::Domain);
        }
        Ok(Self { slots, bids, asks })
    }

    /// How many orders rest on a side.
    #[inline(always)]
    pub fn len(&self, side: Side) -> usize {
        match side {
            Side::Bid => self.bids,
            Side::Ask => self.asks,
        }
    }

    /// Whether nothing rests.
    pub fn is_empty(&self) -> bool {
        self.bids + self.asks == 0
    }

    /// How many orders there is room for in all.
    #[inline(always)]
    pub fn capacity(&self) -> usize {
        self.slots.len()
    }

    /// How many more orders there is room for.
    pub fn room(&self) -> usize {
        self.slots.len() - self.bids - self.asks
    }

    /// The orders of a side by rising price.
    #[inline(always)]
    pub fn orders(&self, side: Side) -> &[T] {
        let range = self.range(side);
        self.slots.get(range).unwrap_or_default()
    }

    /// The order that trades first.
    #[inline(always)]
    pub fn best(&self, side: Side) -> Option<&T> {
        match side {
            Side::Bid => self.orders(side).last(),
            Side::Ask => self.orders(side).first(),
        }
    }

    /// The order that trades after `place` others.
    #[inline(always)]
    pub fn nth_best(&self, side: Side, place: usize) -> Option<&T> {
        let orders = self.orders(side);
        match side {
            Side::Bid => orders.iter().nth_back(place),
            Side::Ask => orders.get(place),
        }
    }

    /// The order that trades last.
    pub fn worst(&self, side: Side) -> Option<&T> {
        match side {
            Side::Bid => self.orders(side).first(),
            Side::Ask => self.orders(side).last(),
        }
    }

    /// An order by its number: where `hint` says it is, or else by halving.
    #[inline(always)]
    pub fn find(&self, id: OrderId, hint: usize) -> Option<usize> {
        if self.range(id.side()).contains(&hint) && self.slots.get(hint)?.id() == id {
            return Some(hint);
        }
        let place = self.place_of(id);
        (self.slots.get(place)?.id() == id && self.range(id.side()).contains(&place)).then_some(place)
    }

    /// Puts an order in its place.
    ///
    /// # Errors
    /// [`Fault::Overflow`] if there is no room; [`Fault::Domain`] if its number is taken.
    #[inline(always)]
    pub fn insert(&mut self, order: T) -> Result<(), Fault> {
        if self.room() == 0 {
            return Err(Fault::Overflow);
        }
        let side = order.id().side();
        let place = self.place_of(order.id());
        if self.range(side).contains(&place) && self.slots[place].id() == order.id() {
            return Err(Fault::Domain);
        }
        match side {
            Side::Bid => {
                self.slots.copy_within(place..self.bids, place + 1);
                self.slots[place] = order;
                self.bids += 1;
            }
            Side::Ask => {
                let first = self.slots.len() - self.asks;
                self.slots.copy_within(first..place, first - 1);
                self.slots[place - 1] = order;
                self.asks += 1;
            }
        }
        Ok(())
    }

    /// Takes out the order at a place that [`Self::find`] has named.
    ///
    /// # Errors
    /// [`Fault::Domain`] if no order is there.
    #[inline(always)]
    pub fn remove(&mut self, place: usize) -> Result<T, Fault> {
        let first = self.slots.len() - self.asks;
        let order = *self.slots.get(place).ok_or(Fault::Domain)?;
        if place < self.bids {
            self.slots.copy_within(place + 1..self.bids, place);
            self.bids -= 1;
        } else if place >= first {
            self.slots.copy_within(first..place, first + 1);
            self.asks -= 1;
        } else {
            return Err(Fault::Domain);
        }
        Ok(order)
    }

    /// Takes out every order of a side that `leaves` names, in one pass; the others keep their order.
    ///
    /// # Errors
    /// What `leaves` returns.
    pub fn sweep<E>(&mut self, side: Side, mut leaves: impl FnMut(&T) -> Result<bool, E>) -> Result<(), E> {
        match side {
            Side::Bid => {
                let mut kept = 0;
                for place in 0..self.bids {
                    let order = self.slots[place];
                    if !leaves(&order)? {
                        self.slots[kept] = order;
                        kept += 1;
                    }
                }
                self.bids = kept;
            }
            Side::Ask => {
                let end = self.slots.len();
                let mut first = end;
                for place in (end - self.asks..end).rev() {
                    let order = self.slots[place];
                    if !leaves(&order)? {
                        first -= 1;
                        self.slots[first] = order;
                    }
                }
                self.asks = end - first;
            }
        }
        Ok(())
    }

    /// Takes out the best order of a side.
    #[inline(always)]
    fn drop_best(&mut self, side: Side) {
        match side {
            Side::Bid => self.bids -= 1,
            Side::Ask => self.asks -= 1,
        }
    }

    #[inline(always)]
    fn best_mut(&mut self, side: Side) -> Option<&mut T> {
        let place = match side {
            Side::Bid => self.bids.checked_sub(1)?,
            Side::Ask if self.asks == 0 => return None,
            Side::Ask => self.slots.len() - self.asks,
        };
        self.slots.get_mut(place)
    }

    #[inline(always)]
    fn range(&self, side: Side) -> core::ops::Range<usize> {
        match side {
            Side::Bid => 0..self.bids,
            Side::Ask => self.slots.len() - self.asks..self.slots.len(),
        }
    }

    /// The first place on its side that ranks at or after `id`.
    #[inline(always)]
    fn place_of(&self, id: OrderId) -> usize {
        let side = id.side();
        let rank = id.rank(side);
        let range = self.range(side);
        let (mut low, mut high) = (range.start, range.end);
        while low < high {
            let middle = (low + high) / 2;
            if self.slots[middle].id().rank(side) < rank {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }
}

/// What an order meets that is its owner's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SelfTrade {
    /// The resting order is cancelled, and the incoming one goes on.
    CancelProvide,
    /// What is left of the incoming order is dropped.
    CancelTake,
    /// Both lose the smaller's lots, without a trade.
    Decrement,
}

/// An incoming order, as far as it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taker {
    /// Its own side.
    pub side: Side,
    /// The worst price it takes.
    pub limit_ticks: u32,
    /// How much it takes at most.
    pub lots: u64,
    /// The seat of its owner, if it has one.
    pub seat: Option<u16>,
    /// What happens to its owner's own orders.
    pub self_trade: SelfTrade,
    /// How many resting orders it may meet: the bound of its work.
    pub meets_max: u32,
}

/// Whoever keeps the books of those that trade.
pub trait Settle<T> {
    /// `lots` of `maker` trade at its price.
    ///
    /// # Errors
    /// What the keeper of the books finds; everything is then undone.
    fn fill(&mut self, maker: &T, lots: u64) -> Result<(), Fault>;

    /// `lots` of `order` leave the book without a trade.
    ///
    /// # Errors
    /// As [`Self::fill`].
    fn release(&mut self, order: &T, lots: u64) -> Result<(), Fault>;
}

/// How a taking went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Lots that neither traded nor were decremented.
    pub left: u64,
    /// Whether what is left may rest: nothing on the other side crosses it any more.
    pub may_rest: bool,
    /// How many resting orders it met.
    pub met: u32,
}

/// Trades an incoming order against the best of the other side until its lots, its limit or its bound is met.
/// Expired orders it meets leave the book.
///
/// # Errors
/// What `settle` returns.
#[inline(always)]
pub fn take<T: Resting>(
    ladder: &mut Ladder<T>,
    taker: &Taker,
    now: i64,
    settle: &mut impl Settle<T>,
) -> Result<Taken, Fault> {
    let side = taker.side.opposite();
    let mut left = taker.lots;
    for met in 0..taker.meets_max {
        let maker = ladder.best_mut(side).filter(|maker| crosses(taker, maker.id()));
        let Some(maker) = maker.filter(|_| left > 0) else {
            let may_rest = true;
            return Ok(Taken { left, may_rest, met });
        };
        let order = *maker;
        if order.is_expired(now) {
            settle.release(&order, order.lots())?;
            ladder.drop_best(side);
            continue;
        }
        let own = taker.seat == Some(order.seat());
        if own && taker.self_trade == SelfTrade::CancelTake {
            return Ok(Taken {
                left,
                may_rest: false,
                met: met + 1,
            });
        }
        let gone = if own && taker.self_trade == SelfTrade::CancelProvide {
            order.lots()
        } else {
            left.min(order.lots())
        };
        if own {
            settle.release(&order, gone)?;
        } else {
            settle.fill(&order, gone)?;
        }
        if !own || taker.self_trade == SelfTrade::Decrement {
            left -= gone;
        }
        if gone == order.lots() {
            ladder.drop_best(side);
        } else {
            maker.set_lots(order.lots() - gone);
        }
    }
    let crossed = ladder.best(side).is_some_and(|maker| crosses(taker, maker.id()));
    Ok(Taken {
        left,
        may_rest: left == 0 || !crossed,
        met: taker.meets_max,
    })
}

/// Whether an incoming order takes from a resting one.
#[inline(always)]
pub(crate) fn crosses(taker: &Taker, maker: OrderId) -> bool {
    match taker.side {
        Side::Bid => taker.limit_ticks >= maker.price_ticks(),
        Side::Ask => taker.limit_ticks <= maker.price_ticks(),
    }
}

/// The price nearest to `price_ticks` at which an order of `side` takes nothing from what rests, between 1 and
/// `price_max_ticks`; `None` if there is none.
pub fn slide<T: Resting>(
    ladder: &Ladder<T>,
    side: Side,
    price_ticks: u32,
    price_max_ticks: u32,
) -> Option<u32> {
    let Some(best) = ladder.best(side.opposite()) else {
        return Some(price_ticks);
    };
    let touch = best.id().price_ticks();
    let slid = match side {
        Side::Bid => price_ticks.min(touch.checked_sub(1)?),
        Side::Ask => price_ticks.max(touch.checked_add(1)?),
    };
    (1..=price_max_ticks).contains(&slid).then_some(slid)
}
