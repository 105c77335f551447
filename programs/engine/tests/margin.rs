//! What reduces a position, by what it is worth at worst.

use proptest::prelude::*;
use secant_engine::margin::reducible_lots;
use secant_engine::matching::Side;

const SIDES: [Side; 2] = [Side::Bid, Side::Ask];

/// The distance from complete sets: what a position can win or lose by the outcome.
fn spread(held: &[i64]) -> i64 {
    held.iter().max().unwrap() - held.iter().min().unwrap()
}

fn after(held: &[i64], outcome: usize, side: Side, lots: u64) -> Vec<i64> {
    let mut held = held.to_vec();
    held[outcome] += match side {
        Side::Bid => lots as i64,
        Side::Ask => -(lots as i64),
    };
    held
}

#[test]
fn examples() {
    let reducible = |held: &[i64], outcome, side| reducible_lots(held, outcome, side);
    assert_eq!(reducible(&[100, 0], 0, Side::Ask), 100);
    assert_eq!(reducible(&[0, 100], 0, Side::Bid), 100);
    assert_eq!(reducible(&[0, -100], 0, Side::Ask), 100);
    assert_eq!(reducible(&[100, 100], 0, Side::Ask), 0);
    assert_eq!(reducible(&[100, 100], 0, Side::Bid), 0);
    assert_eq!(reducible(&[100, 0], 0, Side::Bid), 0);
    assert_eq!(reducible(&[130, 100, 100], 0, Side::Ask), 30);
    assert_eq!(reducible(&[100, 100, 0], 0, Side::Ask), 100);
    assert_eq!(reducible(&[0, 0, -100], 0, Side::Ask), 0);
    assert_eq!(reducible(&[-100, -100, 0], 0, Side::Bid), 100);
    assert_eq!(reducible(&[100, 0, 0], 2, Side::Bid), 0);
    assert_eq!(reducible(&[100], 0, Side::Ask), 0);
    assert_eq!(reducible(&[100, 0], 2, Side::Ask), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    /// No exposure grows, and what is worth least after it is worth no less than the cash it brings allows.
    #[test]
    fn a_reduction_never_widens_a_position(
        held in prop::collection::vec(-50..=50i64, 2..=6), place in any::<prop::sample::Index>(), ask: bool,
    ) {
        let (outcome, side) = (place.index(held.len()), SIDES[usize::from(ask)]);
        let lots = reducible_lots(&held, outcome, side);
        for part in 0..=lots {
            let reduced = after(&held, outcome, side, part);
            prop_assert!(spread(&reduced) <= spread(&held));
        }
        if held.len() == 2 {
            // Of two outcomes it is exactly the way to complete sets.
            let reduced = after(&held, outcome, side, lots);
            let towards = match side {
                Side::Bid => held[1 - outcome] > held[outcome],
                Side::Ask => held[1 - outcome] < held[outcome],
            };
            prop_assert_eq!(towards, lots > 0);
            prop_assert!(!towards || reduced[0] == reduced[1]);
        }
        // Both sides never reduce at once, but where a long of one and a short of another hedge each other.
        if lots > 0 && held.len() == 2 {
            prop_assert_eq!(reducible_lots(&held, outcome, side.opposite()), 0);
        }
    }
}
