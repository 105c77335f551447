//! From findings to payout vectors: exact at every boundary, and never a tick created or lost.

use proptest::prelude::*;
use proptest::sample::{select, Index};
use secant_engine::payout::{binary, is_complete, value_atoms, void, Payout};
use secant_engine::quantity::{OUTCOMES_MAX, TICKS_PER_UNIT};
use secant_engine::statistic::{Evidence, Finding, Statistic, Terms};
use secant_engine::Fault;

const YES: Result<Option<u64>, Fault> = Ok(Some(TICKS_PER_UNIT));
const NO: Result<Option<u64>, Fault> = Ok(Some(0));

fn ratio(numerator: i128, denominator: u64) -> Finding {
    Finding::Value {
        numerator,
        denominator,
    }
}

fn digital(strike: i64, finding: Finding) -> Result<Option<u64>, Fault> {
    Payout::Digital { strike }.yes_ticks(finding)
}

fn linear(low: i64, high: i64, finding: Finding) -> Result<Option<u64>, Fault> {
    Payout::Linear { low, high }.yes_ticks(finding)
}

/// Any integer, small or extreme.
fn level() -> impl Strategy<Value = i64> {
    prop_oneof![
        4 => -50..=50i64,
        2 => any::<i64>(),
        1 => select(vec![i64::MIN, i64::MIN + 1, -1, 0, 1, i64::MAX - 1, i64::MAX]),
    ]
}

/// The denominator of an average: covered seconds of a window of up to 2³¹ − 1.
fn covered_s() -> impl Strategy<Value = u64> {
    prop_oneof![3 => 1..=100u64, 1 => 1..=i32::MAX as u64, 1 => Just(i32::MAX as u64)]
}

/// Two bounds of a linear payout in order.
fn bounds() -> impl Strategy<Value = (i64, i64)> {
    (level(), level())
        .prop_filter("the same bound twice", |(one, other)| one != other)
        .prop_map(|(one, other)| (one.min(other), one.max(other)))
}

/// A payout vector that sums to one over its first outcomes, and their number.
fn complete() -> impl Strategy<Value = ([u16; OUTCOMES_MAX], usize)> {
    (2..=OUTCOMES_MAX)
        .prop_flat_map(|outcomes| prop::collection::vec(0..=TICKS_PER_UNIT, outcomes - 1))
        .prop_map(|mut cuts| {
            cuts.sort_unstable();
            cuts.push(TICKS_PER_UNIT);
            let mut vector = [0; OUTCOMES_MAX];
            let mut before = 0;
            for (ticks, cut) in vector.iter_mut().zip(&cuts) {
                *ticks = (cut - before) as u16;
                before = *cut;
            }
            (vector, cuts.len())
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn a_digital_compares_exactly(strike in level(), denominator in prop_oneof![covered_s(), 1..=u64::MAX]) {
        let tie = i128::from(strike) * i128::from(denominator);
        prop_assert_eq!(digital(strike, ratio(tie, denominator)), YES);
        prop_assert_eq!(digital(strike, ratio(tie + 1, denominator)), YES);
        prop_assert_eq!(digital(strike, ratio(tie - 1, denominator)), NO);
        prop_assert_eq!(digital(strike, ratio(i128::MAX, denominator)), YES);
        prop_assert_eq!(digital(strike, ratio(i128::MIN, denominator)), NO);
    }

    #[test]
    fn a_linear_is_the_proportion_rounded_down(
        (low, high) in bounds(), seconds in covered_s(), whole in level(), part in any::<Index>(),
        inside: bool,
    ) {
        let denominator = i128::from(seconds);
        let span = (i128::from(high) - i128::from(low)) * denominator;
        let numerator = if inside {
            let from_low = (part.index(1 << 32) as i128 * span) >> 32;
            i128::from(low) * denominator + from_low
        } else {
            i128::from(whole) * denominator + part.index(seconds as usize) as i128
        };
        let above_low = numerator - i128::from(low) * denominator;
        let ticks = linear(low, high, ratio(numerator, seconds)).unwrap().unwrap();
        if above_low <= 0 {
            prop_assert_eq!(ticks, 0);
        } else if above_low >= span {
            prop_assert_eq!(ticks, TICKS_PER_UNIT);
        } else {
            let scaled = above_low * i128::from(TICKS_PER_UNIT);
            prop_assert!(ticks < TICKS_PER_UNIT);
            prop_assert!(i128::from(ticks) * span <= scaled && scaled < (i128::from(ticks) + 1) * span);
        }
    }

    #[test]
    fn a_linear_reaches_each_tick_where_it_is_due(
        (low, high) in bounds(), seconds in covered_s(), tick in 1..TICKS_PER_UNIT,
    ) {
        let span = (i128::from(high) - i128::from(low)) * i128::from(seconds);
        let due = (i128::from(tick) * span + 9_999).div_euclid(10_000);
        let numerator = i128::from(low) * i128::from(seconds) + due;
        let ticks = |numerator| linear(low, high, ratio(numerator, seconds)).unwrap().unwrap();
        prop_assert!(ticks(numerator) >= tick);
        prop_assert!(ticks(numerator - 1) < tick);
    }

    #[test]
    fn a_payout_does_not_fall_with_the_value(
        (low, high) in bounds(), seconds in covered_s(), one in level(), other in level(),
        more in 0..1_000i128,
    ) {
        let (less, greater) = (one.min(other), one.max(other));
        let numerator = |value: i64| i128::from(value) * i128::from(seconds);
        for payout in [Payout::Linear { low, high }, Payout::Digital { strike: low }] {
            let before = payout.yes_ticks(ratio(numerator(less), seconds)).unwrap();
            let after = payout.yes_ticks(ratio(numerator(greater) + more, seconds)).unwrap();
            prop_assert!(before <= after);
        }
    }

    #[test]
    fn no_finding_panics(
        low in level(), high in level(), denominator in prop_oneof![any::<u64>(), 0..3u64],
        high_word: i64, low_word: u64, shift in 0..128u32,
    ) {
        let numerator = (i128::from(high_word) << 64 | i128::from(low_word)) >> shift;
        let finding = ratio(numerator, denominator);
        prop_assert!(matches!(digital(low, finding), Ok(Some(0 | TICKS_PER_UNIT))));
        match linear(low, high, finding) {
            Ok(ticks) => prop_assert!(low < high && ticks.is_some_and(|ticks| ticks <= TICKS_PER_UNIT)),
            Err(Fault::Domain) => prop_assert!(low >= high),
            Err(Fault::Overflow) => prop_assert!(low < high && (shift < 16 || denominator > 1 << 31)),
        }
    }

    #[test]
    fn holders_of_whole_sets_are_paid_to_the_atom(
        (vector, outcomes) in complete(),
        sets in 0..=100_000_000_000i64,
        holders in prop::collection::vec(prop::collection::vec(-1_000_000_000..=1_000_000_000i64, 16), 0..12),
    ) {
        // The last holder has whatever makes every outcome sum to the same number of sets.
        let mut rest = vec![sets; outcomes];
        let mut paid = 0;
        for holder in &holders {
            let lots = &holder[..outcomes];
            paid += value_atoms(lots, &vector).unwrap();
            rest.iter_mut().zip(lots).for_each(|(rest, lots)| *rest -= lots);
        }
        paid += value_atoms(&rest, &vector).unwrap();
        prop_assert_eq!(paid, sets * 10_000);
    }

    #[test]
    fn a_position_is_worth_no_less_than_its_worst_state(
        (vector, outcomes) in complete(),
        lots in prop::collection::vec(-1_000_000_000..=1_000_000_000i64, 16),
    ) {
        let lots = &lots[..outcomes];
        let atoms = value_atoms(lots, &vector).unwrap();
        prop_assert!(lots.iter().min().unwrap() * 10_000 <= atoms);
        prop_assert!(atoms <= lots.iter().max().unwrap() * 10_000);
        let turned: Vec<i64> = lots.iter().map(|lots| -lots).collect();
        prop_assert_eq!(value_atoms(&turned, &vector), Ok(-atoms));
    }

    #[test]
    fn a_value_is_exact_or_a_fault(
        lots in prop::collection::vec(prop_oneof![level(), -(1i64 << 47)..=1 << 47], 0..=16),
        vector: [u16; OUTCOMES_MAX],
    ) {
        let parts = lots.iter().zip(vector).map(|(lots, ticks)| i128::from(*lots) * i128::from(ticks));
        let exact: i128 = parts.clone().sum();
        // While the positions are valued and their magnitudes fit together, so does every sum on the way.
        let certain = lots.iter().all(|lots| lots.unsigned_abs() <= 1 << 47)
            && parts.map(i128::abs).sum::<i128>() <= i128::from(i64::MAX);
        match value_atoms(&lots, &vector) {
            Ok(atoms) => prop_assert_eq!(i128::from(atoms), exact),
            Err(fault) => prop_assert!(fault == Fault::Overflow && !certain),
        }
    }

    #[test]
    fn a_vector_is_complete_if_it_sums_to_one(
        (mut vector, outcomes) in complete(), place in any::<Index>(), ticks: u16, claimed in 0..20usize,
    ) {
        prop_assert!(is_complete(&vector, outcomes));
        let place = place.index(OUTCOMES_MAX);
        let unchanged = vector[place] == ticks;
        vector[place] = ticks;
        prop_assert_eq!(is_complete(&vector, outcomes), unchanged);
        let inside: u64 = vector.iter().take(claimed).map(|ticks| u64::from(*ticks)).sum();
        let beyond = vector.iter().skip(claimed).any(|ticks| *ticks != 0);
        prop_assert_eq!(is_complete(&vector, claimed), claimed <= 16 && inside == 10_000 && !beyond);
    }
}

#[test]
fn every_finding_under_every_payout() {
    let (low, high) = (-10, 30);
    assert_eq!(digital(0, Finding::Void), Ok(None));
    assert_eq!(digital(0, Finding::Touched), YES);
    assert_eq!(digital(0, Finding::Untouched), NO);
    assert_eq!(digital(5, ratio(5, 1)), YES);
    assert_eq!(digital(5, ratio(4, 1)), NO);
    assert_eq!(digital(i64::MAX, Finding::Touched), YES);
    assert_eq!(digital(i64::MIN, Finding::Untouched), NO);
    assert_eq!(linear(low, high, Finding::Void), Ok(None));
    assert_eq!(linear(low, high, Finding::Touched), Err(Fault::Domain));
    assert_eq!(linear(low, high, Finding::Untouched), Err(Fault::Domain));
    for (value, ticks) in [
        (-11, 0),
        (-10, 0),
        (-9, 250),
        (10, 5_000),
        (29, 9_750),
        (30, 10_000),
        (31, 10_000),
    ] {
        assert_eq!(linear(low, high, ratio(value, 1)), Ok(Some(ticks)), "{value}");
        assert_eq!(linear(low, high, ratio(value * 7, 7)), Ok(Some(ticks)), "{value}");
    }
    // A third of the way is 3,333.3 ticks, an atom short of the end 9,999.99….
    assert_eq!(linear(0, 3, ratio(1, 1)), Ok(Some(3_333)));
    assert_eq!(linear(0, 3, ratio(2, 1)), Ok(Some(6_666)));
    assert_eq!(linear(0, 1_000_000, ratio(999_999, 1)), Ok(Some(9_999)));
    assert_eq!(linear(0, 1_000_000, ratio(99, 1)), Ok(Some(0)));
    assert_eq!(linear(0, 1_000_000, ratio(100, 1)), Ok(Some(1)));
}

#[test]
fn a_linear_needs_its_bounds_in_order() {
    for (low, high) in [(0, 0), (1, 0), (i64::MAX, i64::MIN), (i64::MIN, i64::MIN)] {
        assert_eq!(linear(low, high, ratio(0, 1)), Err(Fault::Domain));
    }
}

#[test]
fn a_linear_beyond_128_bits_is_a_fault() {
    assert_eq!(linear(-1, 1, ratio(i128::MAX, 1)), Err(Fault::Overflow));
    assert_eq!(linear(1, 2, ratio(i128::MIN, 1)), Err(Fault::Overflow));
    assert_eq!(
        linear(i64::MIN, i64::MAX, ratio(0, u64::MAX)),
        Err(Fault::Overflow)
    );
    assert_eq!(
        linear(0, i64::MAX, ratio(i128::MAX / 4, u64::MAX)),
        Err(Fault::Overflow)
    );
    // The widest bounds and the longest window fit.
    let seconds = i32::MAX as u64;
    assert_eq!(linear(i64::MIN, i64::MAX, ratio(0, seconds)), Ok(Some(5_000)));
}

#[test]
fn an_average_at_the_strike_pays_yes() {
    let terms = Terms {
        statistic: Statistic::Average,
        start: 1_000,
        end: 1_003,
        barrier: 0,
        sustain_s: 0,
        max_gap_s: 3,
        grid_s: 0,
        coverage_min_ppm: 1_000_000,
    };
    // 1 for a second and 10 for two are 21 / 3 = 7; one unit less for a second is just under it.
    for (first, paid) in [(1, YES), (0, NO), (2, YES)] {
        let mut evidence = Evidence::EMPTY;
        assert_eq!(evidence.accept(&terms, 1_000, first), Ok(true));
        assert_eq!(evidence.accept(&terms, 1_001, 10), Ok(true));
        let finding = evidence.finding_at_end(&terms).unwrap();
        assert_eq!(digital(7, finding), paid);
        assert_eq!(digital(-7, finding), YES);
    }
}

#[test]
fn a_binary_vector_pays_one_in_all() {
    for yes_ticks in 0..=TICKS_PER_UNIT {
        let vector = binary(yes_ticks).unwrap();
        assert!(is_complete(&vector, 2));
        assert_eq!(u64::from(vector[0]), yes_ticks);
        assert_eq!(u64::from(vector[1]), TICKS_PER_UNIT - yes_ticks);
    }
    for yes_ticks in [TICKS_PER_UNIT + 1, 65_536, u64::MAX] {
        assert_eq!(binary(yes_ticks), Err(Fault::Domain));
    }
}

#[test]
fn a_void_shares_evenly() {
    for outcomes in 2..=OUTCOMES_MAX {
        let vector = void(outcomes).unwrap();
        assert!(is_complete(&vector, outcomes));
        let share = 10_000 / outcomes as u16;
        assert!(vector[..outcomes - 1].iter().all(|ticks| *ticks == share));
        assert!((share..share + outcomes as u16).contains(&vector[outcomes - 1]));
    }
    assert_eq!(void(3).unwrap()[..4], [3_333, 3_333, 3_334, 0]);
    for outcomes in [0, 1, OUTCOMES_MAX + 1, usize::MAX] {
        assert_eq!(void(outcomes), Err(Fault::Domain));
    }
}

#[test]
fn a_sum_that_wraps_sixteen_bits_is_not_complete() {
    let mut vector = [0; OUTCOMES_MAX];
    (vector[0], vector[1]) = (u16::MAX, 10_001);
    assert!(!is_complete(&vector, 2));
    assert!(!is_complete(&[0; OUTCOMES_MAX], 2));
    assert!(!is_complete(&[10_000; OUTCOMES_MAX], OUTCOMES_MAX));
    let certain = binary(10_000).unwrap();
    assert!(!is_complete(&certain, 0) && !is_complete(&certain, 17) && !is_complete(&certain, usize::MAX));
}

#[test]
fn unheld_outcomes_are_worth_nothing() {
    let vector = void(4).unwrap();
    assert_eq!(value_atoms(&[], &vector), Ok(0));
    assert_eq!(value_atoms(&[3], &vector), Ok(7_500));
    assert_eq!(value_atoms(&[3, -1, 0, 0], &vector), Ok(5_000));
    assert_eq!(value_atoms(&[-8; 4], &vector), Ok(-80_000));
}

#[test]
fn a_value_beyond_64_bits_is_a_fault() {
    let overflow = Err(Fault::Overflow);
    let most = 1 << 47;
    // The greatest position is valued at any ticks; a vector that pays far more than one leaves the integer.
    for lots in [most, -most] {
        assert_eq!(value_atoms(&[lots; 16], &void(16).unwrap()), Ok(lots * 10_000));
        assert_eq!(value_atoms(&[lots], &[u16::MAX; OUTCOMES_MAX]), Ok(lots * 65_535));
        assert_eq!(value_atoms(&[lots; 2], &[u16::MAX; OUTCOMES_MAX]), overflow);
        assert_eq!(value_atoms(&[lots, -lots], &binary(5_000).unwrap()), Ok(0));
    }
    for lots in [most * 2, -most * 2, i64::MAX, i64::MIN] {
        assert_eq!(value_atoms(&[0, lots], &binary(10_000).unwrap()), overflow);
    }
}
