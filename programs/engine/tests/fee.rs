//! The fee of a trade with a pool: the rate on p(1 − p) over the path of its price.

use proptest::prelude::*;
use secant_engine::fee::{
    fill_basis, fills_fee_up, fills_volume_down, path_fee_up, rebate_down, tiered_up, worn_down, Charge,
    FEE_TIERS, FILL_LOTS_MAX, VOLUME_WINDOW_S,
};
use secant_engine::fixed::ONE;
use secant_engine::quantity::{Atoms, Bps, Lots};
use secant_engine::{lmsr, pm_amm, Fault};

/// All of p(1 − p).
const WHOLE: Bps = Bps(10_000);

/// Sold, liquidity, outcome, size; ⌈∫ p(1 − p) dq⌉ in atoms of a buy, by mpmath to 60 digits.
type Vector<S> = (S, u64, usize, u64, u64);

#[rustfmt::skip]
const LMSR: [Vector<&[i64]>; 14] = [
    (&[-158679793521, -681500283732, 484706532192], 251450004080, 0, 59900384, 39618701828),
    (&[-156694054207, -227406915241], 91537010797, 1, 260409, 562798653),
    (&[-18177091, 2698539], 6871371, 0, 86320, 37889263),
    (&[115844408276, -155233872271, 715556173727, -681243221015, 538585971985, -316104483274, -534493947438, -574253421072, -287749173784, 474968489135, -479697135570, 122601312196, 208712492814, -191718104463, 71734343209, -656893846398], 250410674631, 1, 2643718401, 338932776451),
    (&[-91735125, -235461615, 108400472, -59311888, -253680218], 211154184, 1, 7380121, 6043336642),
    (&[-32, 0], 27, 1, 1, 1776),
    (&[-81546154, 2279940, -64013841], 31844080, 1, 309, 424283),
    (&[619927, -566740, 77924, 387900, 427160], 223630, 2, 7395, 3387666),
    (&[2900746, -4213348, -3970719, -2247779, 1925175, -4250113, 2258513, -1860207, 761563, 1770755, -531110, 2116535, 3781529, -1494816, 4305302, -1412169], 1628396, 3, 2634, 137255),
    (&[-4806246922, -3272611437], 2161122413, 1, 1967817586, 3555037059814),
    (&[-7, 7, 59, 49, 56], 26, 2, 1, 2314),
    (&[-161082223, -362760265, -561847465], 224551097, 0, 7228, 16755492),
    (&[7, -7], 4, 1, 1, 321),
    (&[2928187, -4836783, -9986399, 9578245, 12005379], 4444225, 0, 4130, 2852451),
];

#[rustfmt::skip]
const PM_AMM: [Vector<[i64; 2]>; 14] = [
    ([109527546659, 62973445130], 34839215176, 0, 150430077, 123671703990),
    ([-88423, -66843], 157829, 0, 63, 155643),
    ([1071, 1384], 714, 0, 1, 2214),
    ([-33739659, -48949323], 30776416, 0, 94675, 202524170),
    ([-721842026431, 120526830527], 264923797562, 0, 5954062, 43864332),
    ([349426, 48070], 89411, 0, 734, 2713),
    ([-1858948, -1758057], 1142645, 0, 2592751, 3416634900),
    ([-4551630, -1011633], 1344202, 0, 100310, 4713262),
    ([1554820716, -99539865], 1164042497, 0, 2643280, 1888921691),
    ([819, 1887], 1044, 0, 31, 40965),
    ([-49440140973, 110603182022], 107114273251, 0, 1617366226, 1032891262391),
    ([80, 73], 53, 0, 42, 86162),
    ([-41988, -58107], 52404, 0, 97, 228262),
    ([201651522, 35302741], 77945986, 0, 6620480, 963911188),
];

/// The arithmetic's error of a path is under 2⁻⁵⁵ of the liquidity's face value.
fn assert_near(fee: u64, exact: u64, liquidity: u64) {
    let slack = 1 + ((liquidity * 10_000) >> 55);
    assert!(fee.abs_diff(exact) <= slack, "{fee} for {exact}");
}

#[test]
fn lmsr_fees_meet_their_vectors() {
    for (sold, liquidity, outcome, size, fee) in LMSR {
        let charge = lmsr::buy_up(sold, Lots(liquidity), outcome, Lots(size), WHOLE).unwrap();
        assert_near(charge.fee.0, fee, liquidity);
    }
}

#[test]
fn pm_amm_fees_meet_their_vectors() {
    for (sold, liquidity, outcome, size, fee) in PM_AMM {
        let charge = pm_amm::buy_up(&sold, Lots(liquidity), outcome, Lots(size), WHOLE).unwrap();
        assert_near(charge.fee.0, fee, liquidity);
    }
}

#[test]
fn bad_paths_are_faults() {
    assert_eq!(path_fee_up(ONE + 1, Lots(1), WHOLE), Err(Fault::Domain));
    assert_eq!(
        path_fee_up(0, Lots(u64::MAX / 10_000 + 1), WHOLE),
        Err(Fault::Overflow)
    );
    assert_eq!(path_fee_up(ONE, Lots(7), WHOLE), Ok(Atoms(70_000)));
    assert_eq!(path_fee_up(1, Lots(1), Bps(1)), Ok(Atoms(1)));
    assert_eq!(
        path_fee_up(ONE, Lots(7), Bps(u16::MAX)),
        path_fee_up(ONE, Lots(7), WHOLE)
    );
    assert_eq!(path_fee_up(ONE, Lots(7), Bps(0)), Ok(Atoms(0)));
}

/// Kalshi's worked examples, but rounded up to an atom: 100 contracts at 50 and at 10 cents, at 7 %.
#[test]
fn published_fees_of_fills() {
    assert_eq!(
        fills_fee_up(fill_basis(5_000, 10_000), Bps(700)),
        Ok(Atoms(1_750_000))
    );
    assert_eq!(
        fills_fee_up(fill_basis(1_000, 10_000), Bps(700)),
        Ok(Atoms(630_000))
    );
    assert_eq!(fills_fee_up(fill_basis(1, 1), Bps(1)), Ok(Atoms(1)));
    assert_eq!(fills_fee_up(fill_basis(9_999, 1), Bps(0)), Ok(Atoms(0)));
    let most = fill_basis(5_000, FILL_LOTS_MAX);
    assert_eq!(fills_fee_up(most, WHOLE), Ok(Atoms(FILL_LOTS_MAX * 2_500)));
    assert_eq!(fills_fee_up(most, Bps(u16::MAX)), fills_fee_up(most, WHOLE));
}

/// A binary pool of either kind: what all of them promise.
#[derive(Clone, Copy, Debug)]
struct Pool {
    normal: bool,
    liquidity: u64,
    sold: [i64; 2],
}

impl Pool {
    fn buy(self, lots: u64, fee: Bps) -> Result<Charge, Fault> {
        let (liquidity, size) = (Lots(self.liquidity), Lots(lots));
        if self.normal {
            pm_amm::buy_up(&self.sold, liquidity, 0, size, fee)
        } else {
            lmsr::buy_up(&self.sold, liquidity, 0, size, fee)
        }
    }

    fn sell(self, lots: u64, fee: Bps) -> Result<Charge, Fault> {
        let (liquidity, size) = (Lots(self.liquidity), Lots(lots));
        if self.normal {
            pm_amm::sell_down(&self.sold, liquidity, 0, size, fee)
        } else {
            lmsr::sell_down(&self.sold, liquidity, 0, size, fee)
        }
    }

    fn after(mut self, lots: i64) -> Self {
        self.sold[0] += lots;
        self
    }

    fn variance(self) -> f64 {
        let liquidity = Lots(self.liquidity);
        let price = if self.normal {
            pm_amm::price(&self.sold, liquidity, 0)
        } else {
            lmsr::price(&self.sold, liquidity, 0)
        };
        let p = price.unwrap() as f64 / ONE as f64;
        p * (1.0 - p)
    }
}

fn pool() -> impl Strategy<Value = Pool> {
    (any::<bool>(), 1.0..10.0f64, -3.0..3.0f64, -2.0..2.0f64).prop_map(|(normal, digits, imbalance, base)| {
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    /// The parts of a trade pay what the whole does, and the rounding of each.
    #[test]
    fn splitting_saves_nothing_and_costs_an_atom_a_part(
        pool in pool(), cuts in prop::collection::vec(0.0..0.2f64, 1..20), fee in 0..=10_000u16,
    ) {
        let (mut state, mut parts, mut total) = (pool, 0, 0);
        for cut in &cuts {
            let lots = 1 + (cut * pool.liquidity as f64) as u64;
            let Ok(charge) = state.buy(lots, Bps(fee)) else { continue };
            parts += charge.fee.0;
            total += lots;
            state = state.after(lots as i64);
        }
        if total > 0 {
            let whole = pool.buy(total, Bps(fee)).unwrap().fee.0;
            prop_assert!(whole <= parts && parts <= whole + cuts.len() as u64, "{whole} {parts}");
        }
    }

    /// Between the variances at its ends, or up to a quarter where it passes even odds.
    #[test]
    fn a_fee_lies_between_the_variances_of_its_path(
        pool in pool(), part in 1e-6..1.0f64, fee in 0..=10_000u16,
    ) {
        let lots = 1 + (part * pool.liquidity as f64) as u64;
        let after = pool.after(lots as i64);
        let Ok(charge) = pool.buy(lots, Bps(fee)) else { return Ok(()) };
        let rated = lots as f64 * f64::from(fee);
        let (start, end) = (pool.variance(), after.variance());
        let crosses = pool.sold[0] < pool.sold[1] && after.sold[0] > after.sold[1];
        let greatest = if crosses { 0.25 } else { start.max(end) };
        prop_assert!(charge.fee.0 as f64 >= rated * start.min(end) * (1.0 - 1e-9) - 1.0);
        prop_assert!(charge.fee.0 as f64 <= rated * greatest * (1.0 + 1e-9) + 1.1);
    }

    #[test]
    fn the_way_back_costs_the_same_fee(pool in pool(), part in 1e-6..1.0f64, fee in 0..=10_000u16) {
        let lots = 1 + (part * pool.liquidity as f64) as u64;
        let Ok(there) = pool.buy(lots, Bps(fee)) else { return Ok(()) };
        let back = pool.after(lots as i64).sell(lots, Bps(fee)).unwrap();
        prop_assert_eq!(there.fee, back.fee);
        prop_assert!(there.gross >= back.gross);
    }

    /// However many makers share a taker's fills, their rebates are at most his fee.
    #[test]
    fn rebates_never_exceed_the_fee(
        fills in prop::collection::vec((1..10_000u64, 1..FILL_LOTS_MAX / 20), 1..20),
        fee in 0..=10_000u16, part in 0..=10_000u16,
    ) {
        let rebate = Bps((u32::from(fee) * u32::from(part) / 10_000) as u16);
        let bases: Vec<u64> = fills.iter().map(|(price, lots)| fill_basis(*price, *lots)).collect();
        let exact: u128 = fills
            .iter()
            .map(|(price, lots)| u128::from(*price) * u128::from(10_000 - price) * u128::from(*lots))
            .sum();
        let charged = fills_fee_up(bases.iter().sum(), Bps(fee)).unwrap().0;
        prop_assert_eq!(u128::from(charged), (exact * u128::from(fee)).div_ceil(100_000_000));
        let paid: u64 = bases.iter().map(|basis| rebate_down(*basis, rebate).unwrap().0).sum();
        prop_assert!(paid <= charged);
    }

    #[test]
    fn a_fee_grows_with_the_rate(pool in pool(), part in 1e-6..1.0f64, one: u16, other: u16) {
        let lots = 1 + (part * pool.liquidity as f64) as u64;
        let (low, high) = (one.min(other), one.max(other));
        if let (Ok(less), Ok(more)) = (pool.buy(lots, Bps(low)), pool.buy(lots, Bps(high))) {
            prop_assert!(less.fee <= more.fee);
            prop_assert_eq!(less.gross, more.gross);
        }
    }
}

#[test]
fn a_volume_wears_off_evenly_within_its_window() {
    let volume = Atoms(9_000_000);
    assert_eq!(worn_down(volume, 0), Ok(volume));
    assert_eq!(worn_down(volume, VOLUME_WINDOW_S / 3), Ok(Atoms(6_000_000)));
    assert_eq!(worn_down(Atoms(1), 1), Ok(Atoms(0)));
    assert_eq!(worn_down(Atoms(u64::MAX), 0), Ok(Atoms(u64::MAX)));
    assert_eq!(worn_down(volume, VOLUME_WINDOW_S), Ok(Atoms(0)));
    assert_eq!(worn_down(volume, u64::MAX), Ok(Atoms(0)));
}

#[test]
fn a_steady_taker_has_the_volume_of_the_window() {
    let (mut volume, mut days) = (Atoms(0), 0);
    while days < 400 {
        volume = Atoms(worn_down(volume, 86_400).unwrap().0 + 1_000_000);
        days += 1;
    }
    assert!((29_990_000..=30_000_000).contains(&volume.0), "{volume:?}");
}

#[test]
fn tiers_start_where_they_say_and_round_up() {
    assert_eq!(tiered_up(Bps(100), Atoms(9_999_999_999)), Bps(100));
    assert_eq!(tiered_up(Bps(100), Atoms(10_000_000_000)), Bps(90));
    assert_eq!(tiered_up(Bps(100), Atoms(100_000_000_000)), Bps(80));
    assert_eq!(tiered_up(Bps(100), Atoms(u64::MAX)), Bps(70));
    assert_eq!(tiered_up(Bps(7), Atoms(10_000_000_000)), Bps(7));
    assert_eq!(tiered_up(Bps(u16::MAX), Atoms(u64::MAX)), Bps(45_875));
    assert_eq!(tiered_up(Bps(0), Atoms(u64::MAX)), Bps(0));
    assert!(FEE_TIERS
        .windows(2)
        .all(|pair| pair[0].0 > pair[1].0 && pair[0].1 .0 < pair[1].1 .0));
}

#[test]
fn a_volume_is_what_all_of_p_times_one_less_p_would_cost() {
    assert_eq!(fills_volume_down(fill_basis(5_000, 100)), Atoms(250_000));
    assert_eq!(fills_volume_down(fill_basis(1, 1)), Atoms(0));
    for (sold, liquidity, outcome, size, fee) in LMSR {
        let charge = lmsr::buy_up(sold, Lots(liquidity), outcome, Lots(size), Bps(3)).unwrap();
        assert_near(charge.volume.0, fee - 1, liquidity);
    }
    for (sold, liquidity, outcome, size, fee) in PM_AMM {
        let charge = pm_amm::buy_up(&sold, Lots(liquidity), outcome, Lots(size), Bps(0)).unwrap();
        assert_near(charge.volume.0, fee - 1, liquidity);
    }
}
