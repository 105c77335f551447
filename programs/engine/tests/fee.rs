//! The taker's fee, against exact rationals in 128 bits.

use proptest::prelude::*;
use secant_engine::fee::taker_fee_up;
use secant_engine::quantity::{Atoms, Bps, Lots, TICKS_PER_UNIT};
use secant_engine::Fault;

const BPS_PER_UNIT: u128 = 10_000;

/// The greatest size that is served.
const SIZE_MAX: u64 = u64::MAX / TICKS_PER_UNIT / TICKS_PER_UNIT;

fn fee(gross: u64, size: u64, fee_bps: u16) -> u64 {
    taker_fee_up(Atoms(gross), Lots(size), Bps(fee_bps)).unwrap().0
}

/// A size of every magnitude and a gross amount from nothing to its face value.
fn trade() -> impl Strategy<Value = (u64, u64)> {
    (0..64u32, 1..=u64::MAX, any::<u64>(), 0..8u8).prop_map(|(cut, size, gross, edge)| {
        let size = (size >> cut).clamp(1, SIZE_MAX);
        let face = size * TICKS_PER_UNIT;
        let gross = match edge {
            0 => gross % 3,
            1 => face - gross % 3,
            2 => face / 2 + gross % 3,
            _ => (u128::from(gross) * u128::from(face) / u128::from(u64::MAX)) as u64,
        };
        (gross, size)
    })
}

fn rate() -> impl Strategy<Value = u16> {
    prop_oneof![4 => 0..=1_000u16, 1 => 0..=10_000u16, 1 => Just(10_000), 1 => Just(0)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn a_fee_is_at_most_the_rate_on_a_quarter((gross, size) in trade(), fee_bps in rate()) {
        let quarter = u128::from(size) * u128::from(TICKS_PER_UNIT) / 4;
        let bound = (quarter * u128::from(fee_bps)).div_ceil(BPS_PER_UNIT);
        prop_assert!(u128::from(fee(gross, size, fee_bps)) <= bound);
    }

    #[test]
    fn a_fee_is_the_formula_rounded_up((gross, size) in trade(), fee_bps in rate()) {
        let face = u128::from(size * TICKS_PER_UNIT);
        let exact = u128::from(gross) * (face - u128::from(gross)) * u128::from(fee_bps);
        let charged = u128::from(fee(gross, size, fee_bps)) * face * BPS_PER_UNIT;
        prop_assert!(charged >= exact);
        prop_assert!(charged - exact < face * BPS_PER_UNIT);
    }

    #[test]
    fn a_fee_is_symmetric_in_the_price((gross, size) in trade(), fee_bps in rate()) {
        let complement = size * TICKS_PER_UNIT - gross;
        prop_assert_eq!(fee(gross, size, fee_bps), fee(complement, size, fee_bps));
    }

    #[test]
    fn a_fee_grows_with_the_rate((gross, size) in trade(), one in rate(), other in rate()) {
        let (lower, higher) = (one.min(other), one.max(other));
        prop_assert!(fee(gross, size, lower) <= fee(gross, size, higher));
    }

    #[test]
    fn splitting_a_trade_saves_nothing((gross, size) in trade(), fee_bps in rate(), parts in 2..50u64) {
        let size = size.min(SIZE_MAX / 50);
        let gross = gross.min(size * TICKS_PER_UNIT);
        let together = fee(gross * parts, size * parts, fee_bps);
        prop_assert!(fee(gross, size, fee_bps) * parts >= together);
    }

    #[test]
    fn no_argument_panics(gross: u64, size: u64, cut in 0..64u32, fee_bps: u16) {
        let size = size >> cut;
        let answer = taker_fee_up(Atoms(gross), Lots(size), Bps(fee_bps));
        match answer {
            Ok(fee) => prop_assert!(fee.0 <= size * TICKS_PER_UNIT / 4),
            Err(Fault::Domain) => prop_assert!(size == 0 || gross > size * TICKS_PER_UNIT),
            Err(Fault::Overflow) => prop_assert!(size > SIZE_MAX),
        }
    }
}

#[test]
fn amounts_by_hand() {
    // 100 shares at 0.50 and 7 %: 0.07 · 100 · 0.25 = 1.75.
    assert_eq!(fee(50_000_000, 10_000, 700), 1_750_000);
    // 100 shares at 0.10: 0.07 · 100 · 0.09 = 0.63.
    assert_eq!(fee(10_000_000, 10_000, 700), 630_000);
    // One lot at a tick: a basis point of 0.9999 atom rounds to one.
    assert_eq!(fee(1, 1, 1), 1);
    assert_eq!(fee(1, 1, 10_000), 1);
    assert_eq!(fee(5_000, 1, 10_000), 2_500);
    assert_eq!(fee(5_000, 1, 1), 1);
}

#[test]
fn the_edges_are_free() {
    for size in [1, 2, 10_000, SIZE_MAX] {
        let face = size * TICKS_PER_UNIT;
        for fee_bps in [0, 1, 700, 10_000, u16::MAX] {
            assert_eq!(fee(0, size, fee_bps), 0);
            assert_eq!(fee(face, size, fee_bps), 0);
        }
        assert_eq!(fee(face / 2, size, 0), 0);
    }
}

#[test]
fn more_than_the_face_value_is_outside_the_domain() {
    assert_eq!(taker_fee_up(Atoms(10_001), Lots(1), Bps(700)), Err(Fault::Domain));
}

#[test]
fn nothing_to_trade_is_outside_the_domain() {
    for gross in [0, 1, u64::MAX] {
        assert_eq!(taker_fee_up(Atoms(gross), Lots(0), Bps(0)), Err(Fault::Domain));
        assert_eq!(taker_fee_up(Atoms(gross), Lots(0), Bps(100)), Err(Fault::Domain));
    }
}

#[test]
fn an_overflow_is_a_fault() {
    for size in [SIZE_MAX + 1, u64::MAX] {
        for gross in [0, 1, u64::MAX] {
            assert_eq!(
                taker_fee_up(Atoms(gross), Lots(size), Bps(1)),
                Err(Fault::Overflow)
            );
        }
    }
    let half = Atoms(SIZE_MAX * (TICKS_PER_UNIT / 2));
    // The greatest size is served at every rate; one above all is taken for all.
    for rate in [10_000, u16::MAX] {
        assert_eq!(
            taker_fee_up(half, Lots(SIZE_MAX), Bps(rate)),
            Ok(Atoms(SIZE_MAX * 2_500))
        );
    }
}
