//! The book against a sorted list that is obviously right, order by order.

use proptest::prelude::*;
use secant_engine::matching::{
    slide, take, Ladder, OrderId, Resting, SelfTrade, Settle, Side, Taken, Taker, AGE_MAX, PRICE_MAX,
};
use secant_engine::Fault;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Order {
    id: OrderId,
    lots: u64,
    seat: u16,
    expires_at: i64,
}

const NOBODY: Order = Order {
    id: OrderId(0),
    lots: 0,
    seat: 0,
    expires_at: 0,
};

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

/// What happened, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Happened {
    Filled(OrderId, u64),
    Released(OrderId, u64),
}

#[derive(Default)]
struct Log(Vec<Happened>);

impl Settle<Order> for Log {
    fn fill(&mut self, maker: &Order, lots: u64) -> Result<(), Fault> {
        self.0.push(Happened::Filled(maker.id, lots));
        Ok(())
    }
    fn release(&mut self, order: &Order, lots: u64) -> Result<(), Fault> {
        self.0.push(Happened::Released(order.id, lots));
        Ok(())
    }
}

/// The reference: two lists, sorted anew after every change, best first.
#[derive(Default)]
struct Reference {
    bids: Vec<(u32, u64, Order)>,
    asks: Vec<(u32, u64, Order)>,
}

impl Reference {
    fn side(&mut self, side: Side) -> &mut Vec<(u32, u64, Order)> {
        match side {
            Side::Bid => &mut self.bids,
            Side::Ask => &mut self.asks,
        }
    }

    fn rest(&mut self, side: Side, price: u32, age: u64, order: Order) {
        let orders = self.side(side);
        orders.push((price, age, order));
        match side {
            Side::Bid => orders.sort_by_key(|(price, age, _)| (u32::MAX - price, *age)),
            Side::Ask => orders.sort_by_key(|(price, age, _)| (*price, *age)),
        }
    }

    fn cancel(&mut self, side: Side, age: u64) -> Option<Order> {
        let orders = self.side(side);
        let place = orders.iter().position(|(_, other, _)| *other == age)?;
        Some(orders.remove(place).2)
    }

    fn take(&mut self, taker: &Taker, now: i64) -> (Taken, Vec<Happened>) {
        let orders = self.side(taker.side.opposite());
        let reaches = |price: u32| match taker.side {
            Side::Bid => price <= taker.limit_ticks,
            Side::Ask => price >= taker.limit_ticks,
        };
        let (mut left, mut happened, mut stopped, mut met) = (taker.lots, vec![], false, 0);
        while met < taker.meets_max && left > 0 && !stopped {
            let Some((price, _, maker)) = orders.first_mut() else {
                break;
            };
            if !reaches(*price) {
                break;
            }
            met += 1;
            let smaller = left.min(maker.lots);
            if maker.expires_at <= now {
                happened.push(Happened::Released(maker.id, maker.lots));
                maker.lots = 0;
            } else if taker.seat != Some(maker.seat) {
                happened.push(Happened::Filled(maker.id, smaller));
                maker.lots -= smaller;
                left -= smaller;
            } else {
                match taker.self_trade {
                    SelfTrade::CancelTake => stopped = true,
                    SelfTrade::CancelProvide => {
                        happened.push(Happened::Released(maker.id, maker.lots));
                        maker.lots = 0;
                    }
                    SelfTrade::Decrement => {
                        happened.push(Happened::Released(maker.id, smaller));
                        maker.lots -= smaller;
                        left -= smaller;
                    }
                }
            }
            orders.retain(|(_, _, order)| order.lots > 0);
        }
        let crossed = orders.first().is_some_and(|(price, ..)| reaches(*price));
        // An order that is done has nothing to rest, whatever still lies there.
        let may_rest = !stopped && (!crossed || left == 0);
        (Taken { left, may_rest, met }, happened)
    }
}

#[derive(Clone, Debug)]
enum Step {
    Place {
        side: Side,
        price: u32,
        lots: u64,
        seat: u16,
        lasts: i64,
        self_trade: u8,
        meets_max: u32,
        rests: bool,
    },
    Cancel {
        side: Side,
        age: prop::sample::Index,
        hint: usize,
    },
    Sweep {
        side: Side,
        seat: u16,
    },
    Wait(i64),
}

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Bid), Just(Side::Ask)]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (side(), 1..24u32, 1..40u64, 0..4u16, 1..60i64, 0..3u8, 0..12u32, any::<bool>()).prop_map(
            |(side, price, lots, seat, lasts, self_trade, meets_max, rests)| Step::Place {
                side, price, lots, seat, lasts, self_trade, meets_max, rests,
            }
        ),
        2 => (side(), any::<prop::sample::Index>(), 0..40usize)
            .prop_map(|(side, age, hint)| Step::Cancel { side, age, hint }),
        1 => (side(), 0..4u16).prop_map(|(side, seat)| Step::Sweep { side, seat }),
        1 => (0..20i64).prop_map(Step::Wait),
    ]
}

const SELF_TRADES: [SelfTrade; 3] = [
    SelfTrade::CancelProvide,
    SelfTrade::CancelTake,
    SelfTrade::Decrement,
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn the_book_is_the_sorted_list(steps in prop::collection::vec(step(), 1..120)) {
        let mut slots = [NOBODY; 32];
        let mut counts = (0, 0);
        let mut reference = Reference::default();
        let (mut age, mut now) = (0, 0);
        for step in steps {
            let mut ladder = Ladder::new(&mut slots, counts.0, counts.1).unwrap();
            match step {
                Step::Wait(seconds) => now += seconds,
                Step::Sweep { side, seat } => {
                    let swept = ladder.sweep(side, |order| Ok::<_, Fault>(order.seat == seat));
                    prop_assert_eq!(swept, Ok(()));
                    reference.side(side).retain(|(_, _, order)| order.seat != seat);
                }
                Step::Cancel { side, age: which, hint } => {
                    let listed = reference.side(side).len();
                    if listed > 0 {
                        let (price, age, _) = reference.side(side)[which.index(listed)];
                        let place = ladder.find(OrderId::new(side, price, age).unwrap(), hint).unwrap();
                        prop_assert_eq!(Some(ladder.remove(place).unwrap()), reference.cancel(side, age));
                    }
                    prop_assert_eq!(ladder.find(OrderId::new(side, 7, AGE_MAX).unwrap(), hint), None);
                }
                Step::Place { side, price, lots, seat, lasts, self_trade, meets_max, rests } => {
                    let self_trade = SELF_TRADES[usize::from(self_trade)];
                    let taker = Taker { side, limit_ticks: price, lots, seat: Some(seat), self_trade, meets_max };
                    let mut log = Log::default();
                    let taken = take(&mut ladder, &taker, now, &mut log).unwrap();
                    let (expected, happened) = reference.take(&taker, now);
                    prop_assert_eq!(&log.0, &happened);
                    prop_assert_eq!(taken, expected);
                    if taken.left > 0 && taken.may_rest && rests {
                        age += 1;
                        let id = OrderId::new(side, price, age).unwrap();
                        let order = Order { id, lots: taken.left, seat, expires_at: now + lasts };
                        let room = ladder.room();
                        prop_assert_eq!(ladder.insert(order).is_ok(), room > 0);
                        if room > 0 {
                            prop_assert_eq!(ladder.insert(order), if room > 1 { Err(Fault::Domain) } else { Err(Fault::Overflow) });
                            reference.rest(side, price, age, order);
                        }
                    }
                }
            }
            for side in [Side::Bid, Side::Ask] {
                let mut listed: Vec<Order> = reference.side(side).iter().map(|(_, _, order)| *order).collect();
                prop_assert_eq!(ladder.best(side), listed.first());
                prop_assert_eq!(ladder.worst(side), listed.last());
                if side == Side::Bid {
                    listed.reverse();
                }
                prop_assert_eq!(ladder.orders(side), &listed[..]);
            }
            counts = (ladder.len(Side::Bid), ladder.len(Side::Ask));
        }
    }

    #[test]
    fn a_number_says_what_it_was_made_of(side in side(), price: u32, age in 0..=AGE_MAX) {
        let price = price % (PRICE_MAX + 1);
        let id = OrderId::new(side, price, age).unwrap();
        prop_assert_eq!((id.side(), id.price_ticks()), (side, price));
        prop_assert_eq!(id.0 >> 1 & AGE_MAX, age);
    }

    #[test]
    fn a_slid_order_takes_nothing(side in side(), price in 0..30u32, touch in 0..30u32) {
        let id = OrderId::new(side.opposite(), touch, 1).unwrap();
        let mut slots = [Order { id, lots: 1, seat: 0, expires_at: 1 }];
        let counts = if side == Side::Bid { (0, 1) } else { (1, 0) };
        let ladder = Ladder::new(&mut slots, counts.0, counts.1).unwrap();
        match (slide(&ladder, side, price, 25), side) {
            (Some(slid), Side::Bid) => prop_assert!(slid < touch && slid <= price && slid >= 1),
            (Some(slid), Side::Ask) => prop_assert!(slid > touch && slid >= price && slid <= 25),
            (None, Side::Bid) => prop_assert!(price.min(touch) <= 1 || price > 25 && touch > 26),
            (None, Side::Ask) => prop_assert!(price.max(touch) >= 25 || price == 0 && touch == u32::MAX),
        }
    }
}

#[test]
fn what_cannot_be_is_a_fault() {
    let mut slots = [NOBODY; 2];
    assert_eq!(Ladder::new(&mut slots, 2, 1).err(), Some(Fault::Domain));
    assert_eq!(Ladder::new(&mut slots, 3, 0).err(), Some(Fault::Domain));
    assert_eq!(OrderId::new(Side::Ask, 1, AGE_MAX + 1), Err(Fault::Domain));
    assert_eq!(OrderId::new(Side::Bid, PRICE_MAX + 1, 1), Err(Fault::Domain));
    let mut ladder = Ladder::new(&mut slots, 0, 0).unwrap();
    assert!(ladder.is_empty());
    assert_eq!(ladder.remove(0), Err(Fault::Domain));
    assert_eq!(ladder.remove(2), Err(Fault::Domain));
    assert_eq!(ladder.find(OrderId(0), 0), None);
    assert_eq!(slide(&ladder, Side::Bid, 5, 9_999), Some(5));
}

/// An owner of the books that refuses stops the taking.
struct Refusing;

impl Settle<Order> for Refusing {
    fn fill(&mut self, _: &Order, _: u64) -> Result<(), Fault> {
        Err(Fault::Overflow)
    }
    fn release(&mut self, _: &Order, _: u64) -> Result<(), Fault> {
        Err(Fault::Overflow)
    }
}

#[test]
fn a_refusal_is_passed_on() {
    for expires_at in [0, 10] {
        let id = OrderId::new(Side::Ask, 5, 1).unwrap();
        let mut slots = [Order {
            id,
            lots: 3,
            seat: 0,
            expires_at,
        }];
        let mut ladder = Ladder::new(&mut slots, 0, 1).unwrap();
        let taker = Taker {
            side: Side::Bid,
            limit_ticks: 5,
            lots: 1,
            seat: None,
            self_trade: SelfTrade::CancelTake,
            meets_max: 1,
        };
        assert_eq!(take(&mut ladder, &taker, 5, &mut Refusing), Err(Fault::Overflow));
    }
}
