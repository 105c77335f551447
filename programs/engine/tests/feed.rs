//! A sample of k-of-n readings, against a model that sorts, filters and takes the middle in 128 bits; and
//! what a minority of publishers cannot do.

use proptest::prelude::*;
use proptest::sample::select;
use secant_engine::feed::{aggregate, clamp_step, Reading, Sample, NO_ASK, NO_BID, PUBLISHERS_MAX};
use secant_engine::Fault;

fn reading(source_time: i64, bid: i64, ask: i64) -> Reading {
    Reading {
        source_time,
        bid,
        ask,
    }
}

/// A reading without width.
fn point(source_time: i64, value: i64) -> Reading {
    reading(source_time, value, value)
}

/// The middle of two values, rounded down.
fn middle_down(a: i64, b: i64) -> i64 {
    (i128::from(a) + i128::from(b)).div_euclid(2) as i64
}

fn passes(reading: &Reading, width_max: u64) -> bool {
    let width = i128::from(reading.ask) - i128::from(reading.bid);
    reading.bid != NO_BID && reading.ask != NO_ASK && (0..=i128::from(width_max)).contains(&width)
}

/// Middles of the readings that have reached `time` and pass, ascending.
fn middles(readings: &[Reading], time: i64, width_max: u64) -> Vec<i64> {
    let passing = readings
        .iter()
        .filter(|reading| reading.source_time >= time)
        .filter(|reading| passes(reading, width_max));
    let mut middles: Vec<i64> = passing
        .map(|reading| middle_down(reading.bid, reading.ask))
        .collect();
    middles.sort_unstable();
    middles
}

/// The sample by definition, for arguments in the domain.
fn model(readings: &[Reading], quorum: usize, width_max: u64) -> Option<Sample> {
    let mut times: Vec<i64> = readings.iter().map(|reading| reading.source_time).collect();
    times.sort_unstable_by(|a, b| b.cmp(a));
    let time = times[quorum - 1];
    if time <= 0 {
        return None;
    }
    let middles = middles(readings, time, width_max);
    let count = middles.len();
    let median = match count {
        0 => return Some(Sample { time, value: None }),
        _ if count % 2 == 1 => middles[count / 2],
        _ => middle_down(middles[count / 2 - 1], middles[count / 2]),
    };
    let agree = middles
        .iter()
        .filter(|middle| middle.abs_diff(median) <= width_max)
        .count();
    let value = (agree >= quorum).then_some(median);
    Some(Sample { time, value })
}

/// A price or a missing side.
fn level() -> impl Strategy<Value = i64> {
    prop_oneof![
        20 => -20..=20i64,
        2 => any::<i64>(),
        2 => select(vec![NO_BID, NO_BID + 1, NO_ASK - 1, NO_ASK]),
    ]
}

/// A reading of any shape: none yet, around second 100, or anywhere in time.
fn any_reading() -> impl Strategy<Value = Reading> {
    let time = prop_oneof![12 => 90..=110i64, 1 => 1..=i64::MAX, 1 => i64::MIN..0, 1 => Just(i64::MAX)];
    let wild = (time.clone(), level(), level()).prop_map(|(time, bid, ask)| reading(time, bid, ask));
    let quote = (time, level(), 0..=12i64)
        .prop_map(|(time, bid, width)| reading(time, bid, bid.saturating_add(width)));
    prop_oneof![8 => quote, 3 => wild, 1 => Just(Reading::NONE)]
}

/// Readings and a quorum of them.
fn panel() -> impl Strategy<Value = (Vec<Reading>, usize)> {
    prop::collection::vec(any_reading(), 1..=PUBLISHERS_MAX)
        .prop_flat_map(|readings| (1..=readings.len()).prop_map(move |quorum| (readings.clone(), quorum)))
}

fn width_max() -> impl Strategy<Value = u64> {
    prop_oneof![8 => 0..=16u64, 1 => any::<u64>(), 1 => Just(u64::MAX)]
}

/// Honest publishers, who agree to within six and quote around second 100, some of them with a side
/// missing, and a minority below the quorum who do anything.
fn attack() -> impl Strategy<Value = (Vec<Reading>, Vec<Reading>, usize)> {
    let honest = (95..=105i64, -2..=2i64, 0..=4i64, prop::bool::weighted(0.2));
    (
        prop::collection::vec(honest, 1..=8),
        prop::collection::vec(any_reading(), 0..=7),
    )
        .prop_flat_map(|(honest, mut minority)| {
            let honest: Vec<Reading> = honest
                .into_iter()
                .map(|(time, bid, width, one_sided)| {
                    reading(time, bid, if one_sided { NO_ASK } else { bid + width })
                })
                .collect();
            minority.truncate((PUBLISHERS_MAX - honest.len()).min(honest.len() - 1));
            let quorum = minority.len() + 1..=honest.len();
            quorum.prop_map(move |quorum| (honest.clone(), minority.clone(), quorum))
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn a_sample_is_the_quorums_time_and_median(
        (readings, quorum) in panel(), width_max in width_max(),
    ) {
        let expected = model(&readings, quorum, width_max);
        prop_assert_eq!(aggregate(&readings, quorum, width_max), Ok(expected));
    }

    #[test]
    fn the_order_of_publishers_is_nothing(
        (readings, quorum) in panel(), width_max in width_max(),
        turn in 0..8usize,
    ) {
        let sample = aggregate(&readings, quorum, width_max);
        let mut other = readings.clone();
        other.rotate_left(turn % readings.len());
        prop_assert_eq!(aggregate(&other, quorum, width_max), sample);
        other.reverse();
        prop_assert_eq!(aggregate(&other, quorum, width_max), sample);
    }

    #[test]
    fn a_minority_moves_neither_time_nor_value_out_of_range(
        (honest, minority, quorum) in attack(), turn in 0..8usize,
    ) {
        let width_max = 8;
        let mut readings = [honest.clone(), minority.clone()].concat();
        readings.rotate_left(turn % honest.len());
        let sample = aggregate(&readings, quorum, width_max).unwrap().unwrap();
        let mut times: Vec<i64> = honest.iter().map(|reading| reading.source_time).collect();
        times.sort_unstable();
        prop_assert!(sample.time <= times[times.len() - 1]);
        prop_assert!(sample.time >= times[times.len() - quorum]);
        let sound = middles(&honest, sample.time, width_max);
        let bad = middles(&minority, sample.time, width_max);
        if let Some(value) = sample.value {
            prop_assert!(sound.iter().any(|middle| middle.abs_diff(value) <= width_max));
            if bad.len() < sound.len() {
                prop_assert!(sound[0] <= value && value <= sound[sound.len() - 1]);
            }
        }
        if sound.len() == honest.len() {
            // All of the honest have reached the time and pass, so that they decide alone.
            prop_assert!(sample.value.is_some());
        }
    }

    #[test]
    fn a_reading_that_cannot_pass_never_counts(
        (readings, quorum) in panel(), width_max in 0..=16u64,
        place in 0..8usize, bid in -20..=20i64, excess in 1..=9i64,
    ) {
        let place = place % readings.len();
        let time = readings[place].source_time;
        let with = |bid: i64, ask: i64| {
            let mut readings = readings.clone();
            readings[place] = reading(time, bid, ask);
            aggregate(&readings, quorum, width_max)
        };
        let missing = with(NO_BID, NO_ASK);
        prop_assert_eq!(with(bid, NO_ASK), missing);
        prop_assert_eq!(with(NO_BID, bid), missing);
        prop_assert_eq!(with(bid, bid - excess), missing);
        prop_assert_eq!(with(NO_ASK, NO_BID), missing);
        prop_assert_eq!(with(bid, bid + width_max as i64 + excess), missing);
    }

    #[test]
    fn a_width_is_that_of_two_sides_in_order(one in level(), other in level()) {
        let difference = i128::from(other) - i128::from(one);
        let is_book = one != NO_BID && other != NO_ASK && difference >= 0;
        let expected = is_book.then_some(difference as u64);
        prop_assert_eq!(reading(1, one, other).width(), expected);
    }

    #[test]
    fn a_step_goes_towards_its_target_as_far_as_it_may(
        value in level(), target in level(), step_max in width_max(),
    ) {
        let moved = i128::from(clamp_step(value, target, step_max));
        let (value, target, step_max) = (i128::from(value), i128::from(target), i128::from(step_max));
        prop_assert_eq!(moved, target.clamp(value - step_max, value + step_max));
    }
}

#[test]
fn a_quorum_must_be_among_the_readings() {
    let domain = Err(Fault::Domain);
    let eight = [point(100, 5); PUBLISHERS_MAX];
    assert_eq!(aggregate::<Reading>(&[], 0, 1), domain);
    assert_eq!(aggregate::<Reading>(&[], 1, 1), domain);
    assert_eq!(aggregate(&eight, 0, 1), domain);
    assert_eq!(aggregate(&eight, 9, 1), domain);
    assert_eq!(aggregate(&eight, usize::MAX, 1), domain);
    assert_eq!(aggregate(&[point(100, 5); PUBLISHERS_MAX + 1], 1, 1), domain);
    let sample = Sample {
        time: 100,
        value: Some(5),
    };
    for quorum in 1..=PUBLISHERS_MAX {
        assert_eq!(aggregate(&eight, quorum, 0), Ok(Some(sample)));
    }
}

#[test]
fn nothing_is_known_before_a_quorum_has_published() {
    assert_eq!(aggregate(&[Reading::NONE], 1, u64::MAX), Ok(None));
    let readings = [point(100, 5), Reading::NONE, Reading::NONE];
    assert_eq!(aggregate(&readings, 2, u64::MAX), Ok(None));
    assert_eq!(aggregate(&[point(-1, 5)], 1, u64::MAX), Ok(None));
    assert_eq!(aggregate(&[point(i64::MIN, 5); 2], 2, u64::MAX), Ok(None));
    // A publisher who has not begun does not count as a reading of any kind.
    let one = Some(Sample {
        time: 100,
        value: Some(5),
    });
    assert_eq!(aggregate(&readings, 1, u64::MAX), Ok(one));
}

#[test]
fn a_quorum_in_time_may_lack_one_in_quality() {
    let readings = [point(100, 5), point(101, 6), reading(102, 0, NO_ASK)];
    let sample = |quorum: usize| aggregate(&readings, quorum, 1).unwrap().unwrap();
    let none = |time: i64| Sample { time, value: None };
    assert_eq!(sample(3), none(100));
    assert_eq!(sample(2), none(101));
    assert_eq!(sample(1), none(102));
}

/// Whoever has fallen silent is no witness for a liar, however lately he spoke.
#[test]
fn a_reading_from_before_the_sample_counts_for_nothing() {
    let value = |readings: &[Reading], quorum| aggregate(readings, quorum, 3).unwrap().unwrap().value;
    let (now, before) = (point(100, 45), point(99, 63));
    assert_eq!(value(&[now, point(100, 64), before], 2), None);
    assert_eq!(value(&[now, point(101, 64), before], 2), None);
    assert_eq!(value(&[now, point(100, 46), before], 2), Some(45));
    // A quorum of half: the others' price of a second ago does not outvote what it says now.
    let old = point(99, 70);
    assert_eq!(
        value(&[point(100, 40), point(100, 40), old, old, old], 2),
        Some(40)
    );
}

#[test]
fn a_width_at_its_maximum_passes() {
    let quote = [reading(100, -3, 4)];
    assert_eq!(quote[0].width(), Some(7));
    let value = |width_max: u64| aggregate(&quote, 1, width_max).unwrap().unwrap().value;
    assert_eq!(value(7), Some(0));
    assert_eq!(value(6), None);
    // Half a unit below zero rounds down.
    assert_eq!(
        aggregate(&[reading(100, -4, 3)], 1, 7).unwrap().unwrap().value,
        Some(-1)
    );
}

#[test]
fn an_even_number_of_readings_has_its_middle_rounded_down() {
    let sample = |values: [i64; 4]| {
        let readings = values.map(|value| point(100, value));
        aggregate(&readings, 4, u64::MAX).unwrap().unwrap().value
    };
    assert_eq!(sample([9, 1, 4, 3]), Some(3));
    assert_eq!(sample([-9, -1, -4, -3]), Some(-4));
    let edge = i64::MAX - 1;
    assert_eq!(sample([edge; 4]), Some(edge));
    assert_eq!(sample([i64::MIN + 1, i64::MIN + 1, edge, edge]), Some(-1));
}

#[test]
fn of_two_who_disagree_neither_decides() {
    let readings = [point(100, 10), point(100, 17)];
    let value = |width_max: u64| aggregate(&readings, 1, width_max).unwrap().unwrap().value;
    assert_eq!(value(3), Some(13));
    assert_eq!(value(2), None);
    // The one beyond cannot decide either: no quorum of two lies near any middle.
    let third = [point(100, 10), point(100, 17), point(100, i64::MAX - 1)];
    assert_eq!(aggregate(&third, 2, 6).unwrap().unwrap().value, None);
    assert_eq!(aggregate(&third, 2, 7).unwrap().unwrap().value, Some(17));
}

#[test]
fn steps_of_extremes() {
    assert_eq!(clamp_step(i64::MIN, i64::MAX, u64::MAX), i64::MAX);
    assert_eq!(clamp_step(i64::MAX, i64::MIN, u64::MAX), i64::MIN);
    assert_eq!(clamp_step(i64::MIN, i64::MAX, u64::MAX - 1), i64::MAX - 1);
    assert_eq!(clamp_step(i64::MAX, i64::MIN, 0), i64::MAX);
    assert_eq!(clamp_step(10, 20, 5), 15);
    assert_eq!(clamp_step(20, 10, 5), 15);
    assert_eq!(clamp_step(10, 15, 5), 15);
    assert_eq!(clamp_step(10, 10, 0), 10);
}
