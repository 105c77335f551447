//! One order between a book and a pool: no other split is cheaper, and no lot is beyond the limit.

use proptest::prelude::*;
use secant_engine::fixed::ONE;
use secant_engine::matching::{Ladder, OrderId, Resting, SelfTrade, Settle, Side, Taker};
use secant_engine::quantity::{Bps, Lots};
use secant_engine::routing::{route, Curve, Routed};
use secant_engine::{lmsr, pm_amm, Fault};

#[derive(Clone, Copy, Debug)]
struct Order {
    id: OrderId,
    lots: u64,
    seat: u16,
    expires_at: i64,
}

impl Resting for Order {
    fn id(&self) -> OrderId {
        self.id
    }
    fn lots(&self) -> u64 {
        self.lots
    }
    fn set_lots(&mut self, lots: u64) {
        self.lots = lots;
    }
    fn seat(&self) -> u16 {
        self.seat
    }
    fn is_expired(&self, now: i64) -> bool {
        self.expires_at <= now
    }
}

/// What the book traded: lots by price, and how many orders were met.
#[derive(Default)]
struct Book {
    fills: Vec<(u64, u64)>,
    met: usize,
}

impl Settle<Order> for Book {
    fn fill(&mut self, maker: &Order, lots: u64) -> Result<(), Fault> {
        self.fills.push((u64::from(maker.id.price_ticks()), lots));
        self.met += 1;
        Ok(())
    }
    fn release(&mut self, _: &Order, _: u64) -> Result<(), Fault> {
        self.met += 1;
        Ok(())
    }
}

#[derive(Clone, Copy, Debug)]
struct Pool {
    normal: bool,
    liquidity: u64,
    sold: [i64; 2],
}

impl Pool {
    fn price(&self, lots: i64) -> f64 {
        let sold = [self.sold[0] + lots, self.sold[1]];
        let price = if self.normal {
            pm_amm::price(&sold, Lots(self.liquidity), 0)
        } else {
            lmsr::price(&sold, Lots(self.liquidity), 0)
        };
        price.unwrap() as f64 / ONE as f64
    }

    /// Atoms paid, or received.
    fn amount(&self, side: Side, lots: u64) -> Option<u64> {
        let (size, liquidity, free) = (Lots(lots), Lots(self.liquidity), Bps(0));
        let charge = match (self.normal, side) {
            (false, Side::Bid) => lmsr::buy_up(&self.sold, liquidity, 0, size, free),
            (false, Side::Ask) => lmsr::sell_down(&self.sold, liquidity, 0, size, free),
            (true, Side::Bid) => pm_amm::buy_up(&self.sold, liquidity, 0, size, free),
            (true, Side::Ask) => pm_amm::sell_down(&self.sold, liquidity, 0, size, free),
        };
        charge.ok().map(|charge| charge.gross.0)
    }

    fn lots_down(&self, side: Side, price_ticks: u64) -> Result<u64, Fault> {
        let liquidity = Lots(self.liquidity);
        match (self.normal, side) {
            (false, Side::Bid) => lmsr::Depth::new(&self.sold, liquidity, 0)?.buyable_down(price_ticks),
            (false, Side::Ask) => lmsr::Depth::new(&self.sold, liquidity, 0)?.sellable_down(price_ticks),
            (true, Side::Bid) => pm_amm::Depth::new(&self.sold, liquidity, 0)?.buyable_down(price_ticks),
            (true, Side::Ask) => pm_amm::Depth::new(&self.sold, liquidity, 0)?.sellable_down(price_ticks),
        }
    }
}

impl Curve for Pool {
    fn lots_down(&self, side: Side, price_ticks: u64) -> Result<u64, Fault> {
        Pool::lots_down(self, side, price_ticks)
    }
}

fn pool(digits: std::ops::Range<f64>) -> impl Strategy<Value = Pool> {
    (any::<bool>(), digits, -2.0..2.0f64, -2.0..2.0f64).prop_map(|(normal, digits, imbalance, base)| {
        let liquidity = 10f64.powf(digits) as u64;
        let other = (base * liquidity as f64) as i64;
        let sold = [other + (imbalance * liquidity as f64) as i64, other];
        Pool {
            normal,
            liquidity,
            sold,
        }
    })
}

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Bid), Just(Side::Ask)]
}

/// Orders of one side, as (price, lots, seat, whether expired).
fn orders() -> impl Strategy<Value = Vec<(u32, u64, u16, bool)>> {
    let order = (1..10_000u32, 1..30u64, 0..3u16, prop::bool::weighted(0.1));
    prop::collection::vec(order, 0..8)
}

/// The slots of a ladder with the orders on `side`, in their places.
fn slots(side: Side, orders: &[(u32, u64, u16, bool)]) -> Vec<Order> {
    let mut slots: Vec<Order> = orders
        .iter()
        .enumerate()
        .map(|(age, (price, lots, seat, expired))| Order {
            id: OrderId::new(side, *price, age as u64).unwrap(),
            lots: *lots,
            seat: *seat,
            expires_at: if *expired { 0 } else { 10 },
        })
        .collect();
    slots.sort_by_key(|order| {
        let age = order.id.0 & ((1 << 40) - 1);
        (
            order.id.price_ticks(),
            if side == Side::Bid { u64::MAX - age } else { age },
        )
    });
    slots
}

fn ladder(side: Side, slots: &mut [Order]) -> Ladder<'_, Order> {
    let count = slots.len();
    let (bids, asks) = if side == Side::Bid { (count, 0) } else { (0, count) };
    Ladder::new(slots, bids, asks).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    /// The price after the lots is not beyond, and one lot more would be, as far as a lot moves the price.
    #[test]
    fn a_depth_ends_at_its_price(pool in pool(1.0..11.3), side in side(), price_ticks in 1..10_000u64) {
        let lots = pool.lots_down(side, price_ticks).unwrap() as i64;
        let price = price_ticks as f64 / 10_000.0;
        let direction = if side == Side::Bid { 1 } else { -1 };
        let beyond = |lots: i64| (pool.price(direction * lots) - price) * direction as f64;
        let slack = 1e-9 * price.min(1.0 - price);
        if lots > 0 {
            prop_assert!(beyond(lots) <= slack, "{} lots go {} beyond", lots, beyond(lots));
        }
        let after = pool.sold[0] + direction * (lots + 1);
        if after.unsigned_abs() <= lmsr::SOLD_MAX {
            prop_assert!(beyond(lots + 1) >= -slack, "after {} lots {} is left", lots, beyond(lots + 1));
        }
    }

    /// Every other split of the same lots costs as much or more, but for the lot in which the prices cross.
    #[test]
    fn no_other_split_is_better(
        pool in pool(1.5..3.5), side in side(), orders in orders(), lots in 1..200u64, limit_ticks in 1..10_000u32,
    ) {
        let makers = side.opposite();
        let mut slots = slots(makers, &orders);
        let mut best_first: Vec<(u64, u64)> = slots
            .iter()
            .filter(|order| !order.is_expired(5))
            .map(|order| (u64::from(order.id.price_ticks()), order.lots))
            .collect();
        if makers == Side::Bid {
            best_first.reverse();
        }
        let taker = Taker {
            side, limit_ticks, lots, seat: None, self_trade: SelfTrade::CancelTake, meets_max: 99,
        };
        let mut book = Book::default();
        let routed = route(&mut ladder(makers, &mut slots), &pool, &taker, 5, &mut book).unwrap();
        let booked: u64 = book.fills.iter().map(|(_, lots)| lots).sum();
        prop_assert_eq!(booked + routed.curve_lots + routed.left, lots);
        let crosses = |price: u64| match side {
            Side::Bid => price <= u64::from(limit_ticks),
            Side::Ask => price >= u64::from(limit_ticks),
        };
        prop_assert!(book.fills.iter().all(|(price, _)| crosses(*price)));
        // All that is within the limit trades.
        let within: u64 = best_first.iter().filter(|(price, _)| crosses(*price)).map(|(_, lots)| lots).sum();
        let pooled = pool.lots_down(side, u64::from(limit_ticks)).unwrap();
        prop_assert_eq!(booked + routed.curve_lots, lots.min(within + pooled));

        let amount = |from_book: u64, from_pool: u64| -> Option<i64> {
            let (mut left, mut atoms) = (from_book, 0);
            for (price, open) in &best_first {
                let taken = left.min(*open);
                atoms += taken * price;
                left -= taken;
            }
            let pooled = if from_pool == 0 { 0 } else { pool.amount(side, from_pool)? };
            let total = (atoms + pooled) as i64;
            (left == 0).then_some(if side == Side::Bid { total } else { -total })
        };
        let traded = booked + routed.curve_lots;
        let ours = amount(booked, routed.curve_lots).unwrap();
        let slack = 2 + 10_000 / (2 * pool.liquidity as i64);
        for from_book in 0..=traded {
            if let Some(other) = amount(from_book, traded - from_book) {
                prop_assert!(ours <= other + slack, "{ours} is more than {other} with {from_book} from the book");
            }
        }
    }

    /// Whatever bounds it, an order meets no more orders than it may, takes none of its owner's, and the
    /// pool's part never passes a better order that still rests.
    #[test]
    fn a_bound_stops_before_a_better_order(
        pool in pool(1.5..3.5), side in side(), orders in orders(), lots in 1..400u64, meets_max in 0..6u32,
        self_trade in 0..3usize,
    ) {
        let makers = side.opposite();
        let mut slots = slots(makers, &orders);
        let self_trade = [SelfTrade::CancelProvide, SelfTrade::CancelTake, SelfTrade::Decrement][self_trade];
        let limit_ticks = if side == Side::Bid { 9_000 } else { 1_000 };
        let taker = Taker { side, limit_ticks, lots, seat: Some(0), self_trade, meets_max };
        let mut book = Book::default();
        let mut resting = ladder(makers, &mut slots);
        let routed = route(&mut resting, &pool, &taker, 5, &mut book).unwrap();
        prop_assert!(book.met <= meets_max as usize);
        let crosses = |price: &u64| match side {
            Side::Bid => *price <= u64::from(limit_ticks),
            Side::Ask => *price >= u64::from(limit_ticks),
        };
        let best = resting.best(makers).map(|order| u64::from(order.id.price_ticks()));
        if let Some(best) = best.filter(crosses) {
            let most = pool.lots_down(side, best).unwrap();
            prop_assert!(routed.curve_lots <= most, "past an order that rests");
        }
        prop_assert!(routed.curve_lots <= pool.lots_down(side, u64::from(limit_ticks)).unwrap());
    }
}

#[test]
fn a_pool_dearer_than_the_book_gets_nothing() {
    let id = OrderId::new(Side::Ask, 4_000, 0).unwrap();
    let mut slots = [Order {
        id,
        lots: 50,
        seat: 1,
        expires_at: 10,
    }];
    let even = Pool {
        normal: false,
        liquidity: 1_000,
        sold: [0, 0],
    };
    let taker = Taker {
        side: Side::Bid,
        limit_ticks: 5_000,
        lots: 60,
        seat: None,
        self_trade: SelfTrade::CancelTake,
        meets_max: 9,
    };
    let mut book = Book::default();
    let routed = route(&mut ladder(Side::Ask, &mut slots), &even, &taker, 5, &mut book);
    assert_eq!(
        routed,
        Ok(Routed {
            curve_lots: 0,
            left: 10
        })
    );
    assert_eq!(book.fills, [(4_000, 50)]);
}

#[test]
fn a_price_that_is_none_has_no_depth() {
    for normal in [false, true] {
        let pool = Pool {
            normal,
            liquidity: 1_000,
            sold: [0, 0],
        };
        for side in [Side::Bid, Side::Ask] {
            assert_eq!(pool.lots_down(side, 0), Err(Fault::Domain));
            assert_eq!(pool.lots_down(side, 10_000), Err(Fault::Domain));
        }
    }
}
