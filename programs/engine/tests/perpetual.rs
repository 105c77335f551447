//! Marks, funding, margin, liquidation and losses of perpetuals, as properties.

use proptest::prelude::*;
use secant_engine::fixed::ONE;
use secant_engine::funding::{
    payment_up, premium_ticks, Funding, HOUR_S, INDEX_BITS, PREMIUM_HOLDS_S, RATE_BITS,
};
use secant_engine::liquidation::{Terms, Unhealthy};
use secant_engine::loss::{loss_index_up, Borne, Insurance, Recovery, INSURANCE_WINDOW_S};
use secant_engine::margin::{Health, Position, Prices, Schedule, Tier, PERP_LOTS_MAX};
use secant_engine::mark::{
    average, index_ticks_down, median, nearer_zero, Band, Sources, AVERAGE_BITS, AVERAGE_WINDOW_S,
};
use secant_engine::matching::PRICE_MAX;
use secant_engine::outflow::{Outflow, OUTFLOW_WINDOW_S};
use secant_engine::quality::{Action, Quality, LONG_STALE_TIMES};

const TEN_TIMES: Schedule = Schedule {
    tiers: [
        Tier {
            from_atoms: 0,
            initial_bps: 1_000,
            maintenance_bps: 500,
        },
        Tier {
            from_atoms: 1_000_000_000_000,
            initial_bps: 2_000,
            maintenance_bps: 1_000,
        },
        Tier {
            from_atoms: 10_000_000_000_000,
            initial_bps: 5_000,
            maintenance_bps: 2_500,
        },
        Tier {
            from_atoms: 0,
            initial_bps: 0,
            maintenance_bps: 0,
        },
    ],
    count: 3,
    size_premium_ppb: 2_000,
};

const TERMS: Terms = Terms {
    reward_bps: 50,
    reward_max_bps: 250,
    insurance_bps: 50,
    dust_atoms: 50_000_000,
};

fn at(price_ticks: u32) -> Prices {
    Prices {
        mark_ticks: price_ticks,
        low_ticks: price_ticks,
        high_ticks: price_ticks,
        face_ticks: 0,
        is_doubtful: false,
    }
}

#[test]
fn marks_meet_their_vectors() {
    let near = Band { ticks: 0, bps: 500 };
    let shock = Band { ticks: 0, bps: 5_000 };
    let calm = Sources {
        index_ticks: 1_000,
        average_ticks: 1_000,
        impact_ticks: Some((1_005, 1_015)),
        last_ticks: Some(1_010),
        basis_ticks: 4,
    };
    assert_eq!(calm.mark(near, shock), 1_004);
    assert_eq!(
        Sources {
            basis_ticks: 40,
            ..calm
        }
        .mark(near, shock),
        1_010
    );
    // A book without two sides says nothing: the index stands in for it.
    assert_eq!(
        Sources {
            impact_ticks: None,
            ..calm
        }
        .mark(near, shock),
        1_000
    );
    // Whoever moves the whole book, or trades at any price, moves the mark between the index and the held basis.
    for price in [1, 500, 2_000, PRICE_MAX] {
        let moved = Sources {
            impact_ticks: Some((price, price)),
            last_ticks: Some(price),
            ..calm
        };
        assert!((1_000..=1_004).contains(&moved.mark(near, shock)));
    }
    // A basis held for minutes takes it to the edge of the band, no further.
    let pushed = Sources {
        impact_ticks: Some((9_000, 9_000)),
        last_ticks: None,
        basis_ticks: 8_000,
        ..calm
    };
    assert_eq!(pushed.mark(near, shock), 1_050);
    // An index that leaps takes the mark as far as the shock.
    let leap = Sources {
        index_ticks: 4_000,
        ..calm
    };
    assert_eq!(leap.mark(near, shock), 1_500);
    // Guards of a probability are points: the same distance at 1 % as at 99 %.
    let points = Band { ticks: 300, bps: 0 };
    assert_eq!(points.around(100), (1, 400));
    assert_eq!(points.around(9_900), (9_600, 10_200));
}

#[test]
fn a_day_of_a_premium_pays_it_once() {
    let mut funding = Funding {
        index: 0,
        rate: 0,
        premium_seconds: 0,
        premium_ticks: 24,
        updated_at: 0,
    };
    for minute in 1..=25 * 60 {
        funding = funding.advanced(minute * 60, 24, 100);
    }
    // The first hour pays nothing yet; the 24 after it pay the premium of a day.
    let paid = payment_up(1_000, 0, funding.index).unwrap();
    assert!((23_999..=24_000).contains(&paid), "{paid}");
    assert_eq!(funding.rate, 24 << RATE_BITS);
}

#[test]
fn premiums_need_an_impact_price() {
    assert_eq!(premium_ticks(100, Some(110), Some(120)), 10);
    assert_eq!(premium_ticks(100, Some(80), Some(90)), -10);
    assert_eq!(premium_ticks(100, Some(90), Some(110)), 0);
    assert_eq!(premium_ticks(100, None, None), 0);
}

#[test]
fn an_hour_that_nobody_saw_pays_nothing() {
    let start = Funding {
        index: 0,
        rate: 0,
        premium_seconds: 0,
        premium_ticks: 100,
        updated_at: 10,
    };
    // Seen once, a premium counts for five minutes.
    let next = start.advanced(HOUR_S, 0, 1_000);
    assert_eq!(next.rate, ((100 * PREMIUM_HOLDS_S) << RATE_BITS) / HOUR_S);
    let later = start.advanced(3 * HOUR_S, 0, 1_000);
    assert_eq!((later.rate, later.index), (0, 0));
    // And a rate is paid until the end of its hour.
    let paid = next.advanced(5 * HOUR_S, 0, 1_000);
    let hour = next
        .advanced(2 * HOUR_S - 1, 0, 1_000)
        .advanced(2 * HOUR_S, 0, 1_000);
    assert!((paid.index - hour.index).abs() <= 2);
    assert_eq!(paid.rate, 0);
}

#[test]
fn qualities_permit_less_the_more_an_action_risks() {
    for bits in 0..16u8 {
        let quality = Quality {
            stale: bits & 1 > 0,
            long_stale: bits & 2 > 0,
            uncertain: bits & 4 > 0,
            volatile: bits & 8 > 0,
        };
        let [open, liquidate, reduce] =
            [Action::Open, Action::Liquidate, Action::Reduce].map(|action| quality.permits(action));
        assert!(reduce && (liquidate || !open));
        assert_eq!(open, bits == 0);
        assert_eq!(liquidate, bits & 0b0110 == 0);
    }
    let age = |age_s| Quality::of_age(1_000 + age_s, 1_000, 60);
    assert_eq!(age(60), Quality::default());
    assert!(age(61).stale && !age(60 * LONG_STALE_TIMES).long_stale);
    assert!(age(60 * LONG_STALE_TIMES + 1).long_stale);
}

#[test]
fn schedules_are_refused_that_ask_less_for_more() {
    assert!(TEN_TIMES.is_sound());
    let with = |edit: fn(&mut Schedule)| {
        let mut schedule = TEN_TIMES;
        edit(&mut schedule);
        schedule.is_sound()
    };
    assert!(!with(|schedule| schedule.count = 0));
    assert!(!with(|schedule| schedule.count = 5));
    assert!(!with(|schedule| schedule.tiers[0].from_atoms = 1));
    assert!(!with(|schedule| schedule.tiers[1].from_atoms = 0));
    assert!(!with(|schedule| schedule.tiers[1].initial_bps = 1_000));
    assert!(!with(|schedule| schedule.tiers[1].maintenance_bps = 500));
    assert!(!with(|schedule| schedule.tiers[0].maintenance_bps = 0));
    assert!(!with(|schedule| schedule.tiers[0].maintenance_bps = 1_000));
    assert!(!with(|schedule| schedule.tiers[2].initial_bps = 10_001));
}

#[test]
fn requirements_meet_their_vectors() {
    // 1,000,000 of the first tier at 5 %, 500,000 of the second at 10 %.
    assert_eq!(TEN_TIMES.maintenance_up(1_500_000_000_000), 100_000_000_000);
    assert_eq!(TEN_TIMES.initial_up(1, 1_500_000_000_000), 200_000_000_000);
    assert_eq!(TEN_TIMES.maintenance_up(1), 1);
    // √10¹⁰ lots at 2,000 · 10⁻⁹ each: a fifth of the value.
    assert_eq!(
        TEN_TIMES.initial_up(10_000_000_000, 10_000_000_000),
        2_000_000_000
    );
    let short = Position {
        lots: -100,
        quote_atoms: 100_000,
        ..Position::default()
    };
    let mut health = Health::new(10_000);
    health.add(&short, &at(1_050), &TEN_TIMES).unwrap();
    assert_eq!((health.claims_atoms, health.losses_atoms), (-5_000, -5_000));
    assert_eq!((health.initial_atoms, health.maintenance_atoms), (10_500, 5_250));
    assert_eq!(health.initial_surplus(), Ok(-5_500));
    assert_eq!(health.maintenance_surplus(), Ok(-250));
}

#[test]
fn profits_are_no_collateral_and_doubt_doubles() {
    let long = Position {
        lots: 100,
        quote_atoms: -50_000,
        ..Position::default()
    };
    let mut health = Health::new(5_000);
    health.add(&long, &at(1_000), &TEN_TIMES).unwrap();
    assert_eq!((health.claims_atoms, health.losses_atoms), (50_000, 0));
    assert_eq!(health.initial_surplus(), Ok(-5_000));
    let mut doubtful = Health::new(5_000);
    doubtful
        .add(
            &long,
            &Prices {
                is_doubtful: true,
                ..at(1_000)
            },
            &TEN_TIMES,
        )
        .unwrap();
    assert_eq!(doubtful.initial_atoms, 2 * health.initial_atoms);
    assert_eq!(doubtful.maintenance_atoms, health.maintenance_atoms);
}

#[test]
fn a_bounded_market_s_shorts_require_what_they_can_lose() {
    let whole = Schedule {
        tiers: [Tier {
            from_atoms: 0,
            initial_bps: 10_000,
            maintenance_bps: 9_999,
        }; 4],
        count: 1,
        size_premium_ppb: 0,
    };
    let prices = Prices {
        face_ticks: 10_000,
        ..at(100)
    };
    let requires = |lots: i64| {
        let mut health = Health::new(0);
        let position = Position {
            lots,
            quote_atoms: -lots * 100,
            ..Position::default()
        };
        health.add(&position, &prices, &whole).unwrap();
        health.initial_atoms
    };
    assert_eq!((requires(50), requires(-50)), (5_000, 495_000));
}

#[test]
fn insurance_pays_no_faster_than_its_window_allows() {
    let mut fund = Insurance {
        balance_atoms: 1_000,
        window_atoms: 0,
        paid_atoms: 0,
        window_start: 0,
    };
    let day = INSURANCE_WINDOW_S;
    assert_eq!(fund.pay(10_000, 2_000, day), Ok(200));
    assert_eq!(fund.pay(10_000, 2_000, 2 * day - 1), Ok(0));
    assert_eq!(fund.pay(100, 2_000, 2 * day), Ok(100));
    assert_eq!(fund.pay(100, 2_000, 2 * day), Ok(60));
    assert_eq!(fund.balance_atoms, 640);
}

#[test]
fn half_of_the_limit_is_paid_at_once_and_half_an_hour() {
    let mut outflow = Outflow {
        held_atoms: 0,
        let_go_at: 0,
    };
    let hour = i64::try_from(OUTFLOW_WINDOW_S).unwrap();
    assert_eq!(outflow.pay(10_000, 1_000, 5 * hour), 500);
    assert_eq!(outflow.pay(10_000, 1_000, 5 * hour), 0);
    assert_eq!(outflow.pay(10_000, 1_000, 5 * hour + hour / 2), 250);
    assert_eq!(outflow.pay(10_000, 1_000, 6 * hour), 250);
    assert_eq!(outflow.pay(10_000, 1_000, 9 * hour), 500);
    assert_eq!(outflow.pay(10_000, 2, 99 * hour), 1);
    assert_eq!(outflow.pay(10_000, 2, 100 * hour), 1);
}

fn any_schedule() -> impl Strategy<Value = Schedule> {
    (1usize..=4, 20u16..400, 1u64..1 << 40, 0u32..5_000).prop_map(|(count, bps, step, size_premium_ppb)| {
        let mut tiers = [Tier {
            from_atoms: 0,
            initial_bps: 0,
            maintenance_bps: 0,
        }; 4];
        for (place, tier) in tiers.iter_mut().enumerate() {
            let place = place as u16;
            *tier = Tier {
                from_atoms: step * u64::from(place * place),
                initial_bps: 2 * (bps + 57 * place),
                maintenance_bps: bps + 57 * place,
            };
        }
        Schedule {
            tiers,
            count,
            size_premium_ppb,
        }
    })
}

proptest! {
    #[test]
    fn marks_stay_in_both_bands(
        index in 1..=PRICE_MAX, average in 1..=PRICE_MAX, book in proptest::option::of((1..=PRICE_MAX, 1..=PRICE_MAX)),
        last in proptest::option::of(1..=PRICE_MAX), basis in -20_000_000i64..20_000_000, near in 0u16..5_000, shock in 0u16..9_000,
    ) {
        let (near, shock) = (Band { ticks: 1, bps: near }, Band { ticks: 1, bps: shock });
        let sources = Sources { index_ticks: index, average_ticks: average, impact_ticks: book, last_ticks: last, basis_ticks: basis };
        let mark = sources.mark(near, shock);
        let (low, high) = shock.around(average);
        prop_assert!((low..=high).contains(&mark) && (1..=PRICE_MAX).contains(&mark));
        let (near_low, near_high) = near.around(index);
        prop_assert!((near_low..=near_high).contains(&mark) || mark == low || mark == high);
    }

    #[test]
    fn what_stood_at_both_ends_counts(before in -1_000i64..1_000, after in -1_000i64..1_000) {
        let counted = nearer_zero(before, after);
        prop_assert_eq!(counted.abs(), if before.signum() * after.signum() > 0 { before.abs().min(after.abs()) } else { 0 });
        prop_assert!(counted * before >= 0 && counted * after >= 0);
    }

    #[test]
    fn medians_are_in_the_middle(a in any::<i64>(), b in any::<i64>(), c in any::<i64>()) {
        let mut sorted = [a, b, c];
        sorted.sort_unstable();
        prop_assert_eq!(median(a, b, c), sorted[1]);
    }

    #[test]
    fn averages_never_leave_what_they_average(from in 1i64..1 << 24, to in 1i64..1 << 24, seconds in any::<u32>()) {
        let start = from << AVERAGE_BITS;
        let now = average(start, to, seconds);
        prop_assert!(now >= start.min(to << AVERAGE_BITS) && now <= start.max(to << AVERAGE_BITS));
        if seconds >= AVERAGE_WINDOW_S {
            prop_assert_eq!(now, to << AVERAGE_BITS);
        }
    }

    #[test]
    fn an_index_is_a_price_or_none(value in any::<i64>(), units in 0u64..1 << 40) {
        match index_ticks_down(value, units) {
            // A price of nothing is a price: who owes by it is liquidated, and not spared.
            Some(ticks) => prop_assert_eq!(u64::from(ticks), (value as u64 / units).clamp(1, u64::from(PRICE_MAX))),
            None => prop_assert!(units == 0 || value < 0),
        }
    }

    /// Funding is zero-sum: what all holders pay is at least nothing, and less than an atom a holder.
    #[test]
    fn funding_is_zero_sum_but_for_dust(
        lots in proptest::collection::vec(1i64..1 << 30, 1..12), before in any::<i64>(), moved in -(1i64 << 52)..1 << 52,
    ) {
        let after = before.wrapping_add(moved);
        let mut paid = 0;
        for size in &lots {
            paid += payment_up(*size, before, after).unwrap();
        }
        paid += payment_up(-lots.iter().sum::<i64>(), before, after).unwrap();
        prop_assert!(paid >= 0 && paid <= lots.len() as i64);
    }

    #[test]
    fn rates_stay_in_their_cap_and_time_only_goes_on(
        premiums in proptest::collection::vec((-5_000i64..5_000, 0i64..5_000), 1..80), cap in 0u32..2_000,
    ) {
        let mut funding = Funding { index: 0, rate: 0, premium_seconds: 0, premium_ticks: 0, updated_at: 1_000_000 };
        for (premium, seconds) in premiums {
            let now = funding.updated_at + seconds;
            let next = funding.advanced(now, premium, cap);
            prop_assert_eq!(next.updated_at, now.max(funding.updated_at));
            prop_assert!(next.rate.unsigned_abs() <= u64::from(cap) << RATE_BITS);
            prop_assert!(next.premium_seconds.unsigned_abs() <= u64::from(cap) * HOUR_S as u64);
            // A second pays at most its part of a day's cap.
            let most = (u64::from(cap) << INDEX_BITS) / 86_400 * (seconds as u64) + 2;
            prop_assert!((next.index - funding.index).unsigned_abs() <= most + seconds as u64);
            prop_assert_eq!(next.advanced(now - 1, 7, cap).index, next.index);
            funding = next;
        }
    }

    /// Requirements never fall with size, and splitting a position never raises what it requires in all by more than dust.
    #[test]
    fn requirements_rise_with_size(schedule in any_schedule(), lots in 1u64..1 << 34, more in 0u64..1 << 33, price in 1u64..1 << 24) {
        prop_assert!(schedule.is_sound());
        let most = (lots + more).min(PERP_LOTS_MAX);
        for required in [Schedule::maintenance_up as fn(&Schedule, u64) -> u64, |schedule, value| schedule.initial_up(0, value)] {
            prop_assert!(required(&schedule, lots.min(most) * price) <= required(&schedule, most * price));
        }
        prop_assert!(schedule.initial_up(lots.min(most), lots.min(most) * price) <= schedule.initial_up(most, most * price));
        prop_assert!(schedule.maintenance_up(most * price) <= schedule.initial_up(most, most * price));
        prop_assert!(schedule.initial_up(most, most * price) <= most * price + 1);
    }

    /// What opening requires covers every way in which the open orders can fill.
    #[test]
    fn orders_count_at_their_worst(
        schedule in any_schedule(), lots in -100_000i64..100_000, bid in 0u64..50_000, ask in 0u64..50_000,
        bid_price in 1u64..2_000, ask_price in 1u64..2_000, filled in 0u64..50_000, is_bid in any::<bool>(), price in 100u32..1_500,
    ) {
        let open = Position {
            lots, quote_atoms: -lots * 700, bid_lots: bid, bid_atoms: bid * bid_price, ask_lots: ask, ask_atoms: ask * ask_price,
        };
        let filled = filled.min(if is_bid { bid } else { ask });
        let after = if is_bid {
            Position { lots: lots + filled as i64, quote_atoms: open.quote_atoms - (filled * bid_price) as i64,
                bid_lots: bid - filled, bid_atoms: (bid - filled) * bid_price, ..open }
        } else {
            Position { lots: lots - filled as i64, quote_atoms: open.quote_atoms + (filled * ask_price) as i64,
                ask_lots: ask - filled, ask_atoms: (ask - filled) * ask_price, ..open }
        };
        let surplus = |position: &Position| {
            let mut health = Health::new(0);
            health.add(position, &at(price), &schedule).unwrap();
            health.initial_surplus().unwrap()
        };
        // But for an atom of each rounding.
        prop_assert!(surplus(&after) >= surplus(&open) - 4, "{} {}", surplus(&after), surplus(&open));
    }

    /// The least is closed that restores the account, and the reward never takes more than it is worth.
    #[test]
    fn liquidation_closes_the_least(
        schedule in any_schedule(), lots in 1u64..1 << 30, price in 1u32..1 << 20, health in 0u64..10_000, elsewhere in 0u64..1 << 40,
    ) {
        let value = lots * u64::from(price);
        let required = elsewhere + schedule.maintenance_up(value);
        let account = Unhealthy {
            equity_atoms: (required / 10_000 * health) as i64, elsewhere_atoms: elsewhere, lots, value_ticks: price,
        };
        if account.is_bankrupt(&TERMS).unwrap() {
            prop_assert!(account.equity_atoms < account.least_reward_up(&TERMS).unwrap() as i64);
            return Ok(());
        }
        let closing = account.closing(&schedule, &TERMS, u64::MAX).unwrap();
        prop_assert!(closing.lots >= 1 && closing.lots <= lots);
        prop_assert!(closing.reward_atoms + closing.insurance_atoms <= account.equity_atoms as u64);
        let cost_bps = (account.reward_bps(&schedule, &TERMS) + u64::from(TERMS.insurance_bps)).min(10_000);
        if closing.lots < lots {
            prop_assert!(account.is_restored_by(&schedule, cost_bps, closing.lots).unwrap());
            prop_assert!((lots - closing.lots) * u64::from(price) >= TERMS.dust_atoms);
            prop_assert!(!account.is_restored_by(&schedule, cost_bps, closing.lots - 1).unwrap());
        } else if lots > 1 && u64::from(price) > TERMS.dust_atoms {
            prop_assert!(!account.is_restored_by(&schedule, cost_bps, lots - 1).unwrap());
        }
        let capped = account.closing(&schedule, &TERMS, closing.lots / 2).unwrap();
        prop_assert_eq!(capped.lots, closing.lots / 2);
    }

    /// The deeper, the dearer.
    #[test]
    fn rewards_ramp(lots in 1_000u64..1 << 30, price in 100u32..1 << 20, deep in 0u64..100, deeper in 0u64..100) {
        let required = TEN_TIMES.maintenance_up(lots * u64::from(price));
        let reward = |percent: u64| {
            let equity_atoms = (required / 100 * percent) as i64;
            Unhealthy { equity_atoms, elsewhere_atoms: 0, lots, value_ticks: price }.reward_bps(&TEN_TIMES, &TERMS)
        };
        let affordable = |percent: u64| required / 100 * percent * 10_000 / (lots * u64::from(price));
        let (low, high) = (deep.min(deeper), deep.max(deeper));
        if affordable(low) > u64::from(TERMS.reward_max_bps) {
            prop_assert!(reward(low) >= reward(high));
        }
        prop_assert!((u64::from(TERMS.reward_bps)..=u64::from(TERMS.reward_max_bps)).contains(&reward(low)));
    }

    /// Haircuts are the loss and less than an atom a position more, in whatever order they are settled.
    #[test]
    fn no_hour_pays_more_than_the_limit(
        limit in 2u64..100_000,
        payments in proptest::collection::vec((0i64..2_000, 1u64..100_000), 1..40),
    ) {
        let mut outflow = Outflow { held_atoms: 0, let_go_at: 0 };
        let mut now = 1_000_000;
        let mut paid: Vec<(i64, u64)> = Vec::new();
        for (seconds, wanted) in payments {
            now += seconds;
            paid.push((now, outflow.pay(wanted, limit, now)));
            let hour: u64 = paid
                .iter()
                .filter(|(time, _)| now - time <= OUTFLOW_WINDOW_S as i64)
                .map(|(_, atoms)| atoms)
                .sum();
            prop_assert!(hour <= limit, "{hour} of {limit}");
        }
        // Nobody keeps a limit shut by asking often.
        for _ in 0..OUTFLOW_WINDOW_S / 2 {
            now += 2;
            let atoms = outflow.pay(1, limit, now);
            paid.push((now, atoms));
        }
        let asked: u64 = paid.iter().rev().take(OUTFLOW_WINDOW_S as usize / 2).map(|(_, atoms)| atoms).sum();
        prop_assert!(asked + 1 >= (limit / 4).min(OUTFLOW_WINDOW_S / 4), "{asked} of {limit}");
    }

    #[test]
    fn haircuts_are_the_loss(lots in proptest::collection::vec(1i64..1 << 30, 1..12), loss in 1u64..1 << 50, before in any::<i64>()) {
        let all: i64 = lots.iter().sum();
        prop_assume!(loss / (all as u64) < 1 << 30);
        let after = before.wrapping_add(loss_index_up(loss, all as u64).unwrap());
        let charged: i64 = lots.iter().map(|size| payment_up(*size, before, after).unwrap()).sum();
        prop_assert!(charged as u64 >= loss);
        prop_assert!(charged as u64 - loss <= lots.len() as u64 + (all as u64 >> 32) + 1);
        // In parts, as losses come: each part rounds once.
        let half = before.wrapping_add(loss_index_up(loss / 2, all as u64).unwrap());
        for size in &lots {
            let whole = payment_up(*size, before, after).unwrap();
            let parts = payment_up(*size, before, half).unwrap() + payment_up(*size, half, after).unwrap();
            prop_assert!(parts - whole <= 1 && parts >= whole);
        }
    }

    /// Whatever is borne, given back, and noted at whatever time: nobody gets back more than he bore, all together no more
    /// than was given, and who notes late gets no less than who notes at once.
    #[test]
    fn what_was_borne_returns_to_who_bore_it(
        steps in proptest::collection::vec((0u64..1 << 40, 0u64..1 << 41, any::<bool>()), 1..40), end in any::<bool>(),
    ) {
        let mut recovery = Recovery::NONE;
        // Both bear the same; one notes each time, the other now and then.
        let (mut prompt, mut late) = (Borne::default(), Borne::default());
        let (mut borne, mut unnoted, mut given) = (0u64, Borne { share: ONE, ..Borne::default() }, 0u64);
        let (mut to_prompt, mut to_late) = (0, 0);
        for (bears, gives, notes) in steps {
            recovery.open_atoms += 2 * bears;
            borne += bears;
            to_prompt += prompt.settle(&recovery, Borne { atoms: bears, share: recovery.share, epoch: recovery.epoch }).unwrap();
            unnoted = Borne { atoms: unnoted.atoms + bears, share: recovery.share, epoch: recovery.epoch };
            given += recovery.give(gives).unwrap();
            if notes {
                to_late += late.settle(&recovery, unnoted).unwrap();
                unnoted.atoms = 0;
            }
        }
        if end {
            given += recovery.give(u64::MAX).unwrap();
            prop_assert_eq!(recovery.open_atoms, 0);
        }
        to_prompt += prompt.settle(&recovery, Borne::default()).unwrap();
        to_late += late.settle(&recovery, unnoted).unwrap();
        prop_assert!(to_prompt <= borne && to_late <= borne && to_prompt + to_late <= given);
        if end {
            // But for an atom of each note.
            prop_assert_eq!((prompt.atoms, late.atoms), (0, 0));
            let dust = 40 + (borne >> 20);
            prop_assert!(to_prompt + dust >= borne && to_late + dust >= borne);
        }
    }
}
