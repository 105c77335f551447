//! The LMSR's cost function: published vectors, exact vectors, and the promises of its module page.

// Vectors keep the digits they were published with.
#![allow(clippy::excessive_precision)]

use proptest::prelude::*;
use secant_engine::fixed::ONE;
use secant_engine::lmsr::{self, funding_up, price, prices, LIQUIDITY_MAX, SOLD_MAX};
use secant_engine::quantity::{Atoms, Bps, Lots, OUTCOMES_MAX};
use secant_engine::Fault;

/// Lots in a unit of the published vectors: they then show 15 digits of an amount in atoms.
const UNIT: u64 = 100_000_000;
const ATOMS: f64 = 10_000.0 * UNIT as f64;

/// Sold, liquidity, outcome, size; ⌈cost⌉, ⌊proceeds⌋ in atoms and the price in Q63, by mpmath to 120 digits.
type Exact = (&'static [i64], u64, usize, u64, u64, u64, u64);

const EXACT: [Exact; 26] = [
    (
        &[240950716, -155581393, -449376305, -610419024, -301338749],
        8051154,
        3,
        17749,
        1,
        0,
        0,
    ),
    (
        &[
            -637, -35, -394, 725, 768, -537, 1012, 244, -170, -22, -862, -467, -1109, 305, 298, 339,
        ],
        18,
        12,
        1,
        1,
        0,
        0,
    ),
    (
        &[
            5245414, -53735293, -57388005, 17495114, 20218957, 48925567, 7820587, 51419619,
        ],
        11120571,
        5,
        26256,
        108080872,
        107930764,
        3794095604653149681,
    ),
    (
        &[
            608, -29, 337, -100, 282, 220, 55, -1173, 204, -1122, -59, -230, -333, -249, -855, -1679,
        ],
        1508,
        14,
        25,
        9853,
        9696,
        360603853944895098,
    ),
    (
        &[42711, 10023, 20705, 27554, 25136, -65646, 13467, 17288],
        68632,
        1,
        67397,
        119107308,
        50533439,
        1046803929052974394,
    ),
    (
        &[
            -336439608, -138020360, -971168392, 107077812, 387140755, -506505636, 216482699, -239403447,
            274869909, 118567188, -286407104, -802618388, -390355976, 256501184, 356965189, -286542951,
        ],
        972829482,
        4,
        34653575,
        35014522054,
        33909117425,
        917093530043855998,
    ),
    (&[15194943, -13149401], 889414, 1, 2137210, 1, 0, 133214),
    (
        &[
            -2454050573,
            24496412537,
            64239644069,
            -15553809532,
            -35912446955,
            9869019913,
            -4276604659,
            -27517261249,
        ],
        1203160962,
        1,
        36513980,
        1,
        0,
        41603,
    ),
    (
        &[
            -22532606, -2911553, 9294916, -1502552, 9388055, 16635654, 11157302, -11606455,
        ],
        435047,
        3,
        22295,
        1,
        0,
        7,
    ),
    (
        &[-221282, 72192],
        126616,
        0,
        392805,
        1350361874,
        113343389,
        826942156941587565,
    ),
    (&[150, 1271, -234], 425, 2, 1, 264, 263, 242875042413463069),
    (&[-3, -58, 23], 1, 2, 1, 10000, 9999, 9223372036807652779),
    (&[0, 0], 1, 1, 1, 6202, 3798, 4611686018427387904),
    (
        &[40748209131, 5697438779, -32628679101, -13926505499, 25903542704],
        902956538,
        1,
        116108956,
        1,
        0,
        128,
    ),
    (
        &[21190916, 50753491],
        27222745,
        0,
        79224,
        200164295,
        199729264,
        2327807949962797823,
    ),
    (&[3, -2], 3, 1, 1, 1829, 1382, 1465308859478781385),
    (
        &[-39367, -11039, 113030, -101444, 33903, 2324, -87406, -2995],
        2568,
        2,
        3,
        30000,
        29999,
        9223372036854392887,
    ),
    (&[8, -31, 44], 18, 1, 1, 139, 131, 124255254423987891),
    (&[-1, 4], 15, 1, 109, 1009030, 130899, 5373261751789226597),
    (
        &[-322865526, -27214764, 415713438],
        3600661991,
        0,
        14111058,
        42648054695,
        42531521220,
        2783782626622426526,
    ),
    (
        &[2125518, -10254861, 13455133],
        10711417,
        2,
        18734382,
        155246162062,
        89687463020,
        6332283590462659924,
    ),
    (
        &[-750, 6934, -3988, 16380, -36364],
        633,
        3,
        1344,
        13439999,
        13439984,
        9223368988306596876,
    ),
    (
        &[1857454319, -25944702061],
        11199150875,
        0,
        79487157862,
        785894660122940,
        285902803648965,
        8512319615092610550,
    ),
    (
        &[
            -2628805591,
            -5264378554,
            -10353426441,
            23991215988,
            -46018213121,
            21525916630,
            8678389624,
            1437097842,
            53793257889,
            48769170322,
            42199598858,
            -68484936623,
            29300680904,
            -28275650752,
            328033970,
            54355644804,
        ],
        112739536282,
        2,
        40106096596,
        24287372216578,
        17334245359988,
        470121812996560777,
    ),
    (
        &[54997188065, -86653001009],
        270006872894,
        1,
        418475453465,
        2340773741592901,
        935626029029319,
        3429003142581373294,
    ),
    (
        &[4103493405, -10301901731, 3199413359, -8314977429, 11412715711],
        12248643774,
        4,
        501144368,
        2085800216611,
        2036158731124,
        3793043977329219439,
    ),
];

fn buy_up(sold: &[i64], liquidity: Lots, outcome: usize, size: Lots) -> Result<Atoms, Fault> {
    Ok(lmsr::buy_up(sold, liquidity, outcome, size, Bps(0))?.gross)
}

fn sell_down(sold: &[i64], liquidity: Lots, outcome: usize, size: Lots) -> Result<Atoms, Fault> {
    Ok(lmsr::sell_down(sold, liquidity, outcome, size, Bps(0))?.gross)
}

fn buy(sold: &[i64], liquidity: u64, outcome: usize, size: u64) -> u64 {
    buy_up(sold, Lots(liquidity), outcome, Lots(size)).unwrap().0
}

fn sell(sold: &[i64], liquidity: u64, outcome: usize, size: u64) -> u64 {
    sell_down(sold, Lots(liquidity), outcome, Lots(size)).unwrap().0
}

fn probability(sold: &[i64], liquidity: u64, outcome: usize) -> f64 {
    price(sold, Lots(liquidity), outcome).unwrap() as f64 / ONE as f64
}

/// The amount is the smallest whole number of atoms from `exact` on, or one more.
fn assert_ceil(atoms: u64, exact: f64) {
    let excess = atoms as f64 - exact * ATOMS;
    assert!((-0.01..=1.02).contains(&excess), "{atoms} for {}", exact * ATOMS);
}

#[test]
fn published_vectors_of_two_outcomes() {
    let liquidity = 100 * UNIT;
    assert_ceil(funding_up(Lots(liquidity), 2).unwrap().0, 69.3147180559945309);
    assert_ceil(buy(&[0, 0], liquidity, 0, 10 * UNIT), 5.12494795136255854);
    assert_ceil(buy(&[0, 0], liquidity, 1, 100 * UNIT), 62.0114506958277525);
    let ten = [10 * UNIT as i64, 0];
    assert!((probability(&ten, liquidity, 0) - 0.524979187478939986).abs() < 1e-15);
    assert!((probability(&[0, 100 * UNIT as i64], liquidity, 1) - 0.731058578630004879).abs() < 1e-15);
    // Spending 50 at (10, 0) buys 80.4558202568968747; the last part of a lot costs its price.
    let cost = buy(&ten, liquidity, 0, 8_045_582_025);
    let price_after = probability(&[9_045_582_025, 0], liquidity, 0);
    assert_ceil(cost, 50.0 - 0.68968747 * price_after / UNIT as f64);
}

#[test]
fn published_vectors_of_five_outcomes() {
    let liquidity = 100 * UNIT;
    assert_ceil(funding_up(Lots(liquidity), 5).unwrap().0, 160.943791243410037);
    let unit = UNIT as i64;
    let paid = buy(&[0; 5], liquidity, 0, 50 * UNIT) + buy(&[50 * unit, 0, 0, 0, 0], liquidity, 1, 20 * UNIT)
        - sell(&[50 * unit, 20 * unit, 0, 0, 0], liquidity, 4, 30 * UNIT);
    let excess = paid as f64 - 11.5280751917129758 * ATOMS;
    assert!((-0.01..=3.05).contains(&excess), "{excess}");
}

/// Augur prints 56.2¢ then 57.4¢, 50.6¢ then 50.7¢, 92.1¢ then 95.2¢: here to 15 digits.
#[test]
fn published_vectors_of_augur() {
    for (liquidity, cost, price_after) in [
        (10, 0.562163750869353, 0.574442516811659),
        (100, 0.506249661481422, 0.507499437550620),
        (1, 0.921659340530770, 0.952574126822433),
    ] {
        let (five, three) = (5 * UNIT as i64, 3 * UNIT as i64);
        assert_ceil(buy(&[five, three], liquidity * UNIT, 0, UNIT), cost);
        let after = probability(&[five + UNIT as i64, three], liquidity * UNIT, 0);
        assert!((after - price_after).abs() < 1e-15);
    }
}

#[test]
fn amounts_are_the_exact_ones_rounded_once() {
    for (sold, liquidity, outcome, size, cost, proceeds, exact_price) in EXACT {
        let excess = buy(sold, liquidity, outcome, size) - cost;
        let shortfall = proceeds - sell(sold, liquidity, outcome, size);
        // Up to 10¹⁰ lots of liquidity the error's bound is 0.01 atom.
        let allowed = u64::from(liquidity > 10_000_000_000);
        assert!(
            excess <= allowed && shortfall <= allowed,
            "{sold:?}: {excess}, {shortfall}"
        );
        let got = price(sold, Lots(liquidity), outcome).unwrap();
        assert!(got.abs_diff(exact_price) <= 256, "{sold:?}");
    }
}

#[test]
fn arguments_outside_the_domain_are_faults() {
    let domain = Err(Fault::Domain);
    let one = Lots(1);
    let edge = SOLD_MAX as i64;
    for liquidity in [Lots(0), Lots(LIQUIDITY_MAX.0 + 1), Lots(u64::MAX)] {
        assert_eq!(funding_up(liquidity, 2), domain);
        assert_eq!(buy_up(&[0, 0], liquidity, 0, one), domain);
        assert_eq!(sell_down(&[0, 0], liquidity, 0, one), domain);
        assert_eq!(price(&[0, 0], liquidity, 0), Err(Fault::Domain));
    }
    for outcomes in [0, 1, OUTCOMES_MAX + 1] {
        assert_eq!(funding_up(one, outcomes), domain);
        assert_eq!(buy_up(&vec![0; outcomes], one, 0, one), domain);
        assert_eq!(price(&vec![0; outcomes], one, 0), Err(Fault::Domain));
    }
    assert_eq!(buy_up(&[0, 0], one, 2, one), domain);
    assert_eq!(price(&[0, 0], one, 2), Err(Fault::Domain));
    assert_eq!(prices(&[0, 0], one, &mut [0; 3]), Err(Fault::Domain));
    for sold in [
        [edge + 1, 0],
        [0, edge + 1],
        [0, -edge - 1],
        [i64::MIN, 0],
        [0, i64::MAX],
    ] {
        assert_eq!(buy_up(&sold, one, 0, Lots(0)), domain);
        assert_eq!(sell_down(&sold, one, 1, Lots(0)), domain);
        assert_eq!(price(&sold, one, 0), Err(Fault::Domain));
    }
    assert_eq!(buy_up(&[edge, 0], one, 0, one), domain);
    assert_eq!(sell_down(&[-edge, 0], one, 0, one), domain);
    assert_eq!(buy_up(&[0, 0], one, 0, Lots(u64::MAX)), domain);
}

#[test]
fn the_whole_range_is_served() {
    let edge = SOLD_MAX as i64;
    for liquidity in [Lots(1), LIQUIDITY_MAX] {
        let all = Lots(2 * SOLD_MAX);
        let cost = buy_up(&[-edge, 0], liquidity, 0, all).unwrap();
        let proceeds = sell_down(&[edge, 0], liquidity, 0, all).unwrap();
        assert!(proceeds < cost && cost.0 - proceeds.0 <= 4);
        assert!(funding_up(liquidity, OUTCOMES_MAX).is_ok());
    }
    // A lot that is nearly certain costs its face value, and one that is nearly impossible an atom.
    assert_eq!(buy_up(&[edge - 1, 0], Lots(1), 0, Lots(1)), Ok(Atoms(10_000)));
    assert_eq!(buy_up(&[0, edge], Lots(1), 0, Lots(1)), Ok(Atoms(1)));
    assert_eq!(sell_down(&[0, edge], Lots(1), 0, Lots(1)), Ok(Atoms(0)));
    assert_eq!(buy_up(&[0, 0], LIQUIDITY_MAX, 0, Lots(0)), Ok(Atoms(0)));
}

/// Liquidity of every magnitude.
fn liquidity() -> impl Strategy<Value = u64> {
    (0u32..40, any::<u64>()).prop_map(|(bits, word)| (word % (2 << bits)).clamp(1, LIQUIDITY_MAX.0))
}

/// A pool: its liquidity, lots sold within 20 times of it, and an outcome.
fn pool() -> impl Strategy<Value = (u64, Vec<i64>, usize)> {
    (
        liquidity(),
        prop::collection::vec(-1.0..1.0f64, 2..=16),
        0.1..20.0f64,
        any::<prop::sample::Index>(),
    )
        .prop_map(|(liquidity, spread, width, outcome)| {
            let bound = (width * liquidity as f64).min(4e11);
            let sold: Vec<i64> = spread.iter().map(|part| (part * bound) as i64).collect();
            let outcome = outcome.index(sold.len());
            (liquidity, sold, outcome)
        })
}

/// A trade's size in proportion to the liquidity, at least one lot.
fn size(liquidity: u64, part: f64) -> u64 {
    ((part * liquidity as f64) as u64).clamp(1, 100_000_000_000)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn prices_are_a_distribution((liquidity, sold, outcome) in pool()) {
        let mut all = vec![0; sold.len()];
        prices(&sold, Lots(liquidity), &mut all).unwrap();
        prop_assert!(all.iter().all(|price| (1..ONE).contains(price)));
        prop_assert!(all.iter().sum::<u64>().abs_diff(ONE) <= ONE >> 58);
        prop_assert_eq!(price(&sold, Lots(liquidity), outcome), Ok(all[outcome]));
    }

    #[test]
    fn cost_is_the_potential_in_doubles((liquidity, sold, outcome) in pool(), part in 1e-6..5.0f64) {
        let liquidity = liquidity % 1_000_000 + 1;
        let sold: Vec<i64> = sold.iter().map(|q| q % (20 * liquidity as i64)).collect();
        let size = size(liquidity, part);
        let scale = liquidity as f64;
        let potential = |own: i64| {
            let lots = |index| if index == outcome { own } else { sold[index] };
            let max = (0..sold.len()).map(lots).max().unwrap();
            let sum: f64 = (0..sold.len()).map(|index| ((lots(index) - max) as f64 / scale).exp()).sum();
            max as f64 + scale * sum.ln()
        };
        let own = sold[outcome];
        let cost = (potential(own + size as i64) - potential(own)) * 1e4;
        let proceeds = (potential(own) - potential(own - size as i64)) * 1e4;
        prop_assert!((-0.01..1.01).contains(&(buy(&sold, liquidity, outcome, size) as f64 - cost)));
        prop_assert!((-0.01..1.01).contains(&(proceeds - sell(&sold, liquidity, outcome, size) as f64)));
    }

    #[test]
    fn cost_is_between_the_prices_and_grows(
        (liquidity, sold, outcome) in pool(), part in 1e-6..5.0f64, more in 1u64..1000,
    ) {
        let size = size(liquidity, part);
        let cost = buy(&sold, liquidity, outcome, size);
        prop_assert!(cost >= 1 && cost <= size * 10_000);
        prop_assert!(buy(&sold, liquidity, outcome, size + more) >= cost);
        let proceeds = sell(&sold, liquidity, outcome, size);
        prop_assert!(proceeds <= size * 10_000);
        prop_assert!(sell(&sold, liquidity, outcome, size + more) >= proceeds);
        let mut after = sold.clone();
        after[outcome] += size as i64;
        let (low, high) = (price(&sold, Lots(liquidity), outcome), price(&after, Lots(liquidity), outcome));
        let (low, high) = (low.unwrap(), high.unwrap());
        prop_assert!(low <= high);
        prop_assert!(proceeds as f64 <= size as f64 * 1e4 * (low as f64 / ONE as f64) + 1.0);
        prop_assert!(cost as f64 >= size as f64 * 1e4 * (low as f64 / ONE as f64) * (1.0 - 1e-12));
        prop_assert!(cost as f64 <= size as f64 * 1e4 * (high as f64 / ONE as f64) * (1.0 + 1e-12) + 3.0);
    }

    /// Any path that ends where it began has cost its traders something.
    #[test]
    fn no_round_trip_has_a_profit(
        (liquidity, sold, _) in pool(),
        path in prop::collection::vec((any::<prop::sample::Index>(), 1e-7..3.0f64), 1..12),
        order in any::<u64>(),
    ) {
        let mut state = sold.clone();
        let mut paid = 0i128;
        let mut step = |state: &mut Vec<i64>, outcome: usize, lots: i64| {
            let size = lots.unsigned_abs();
            if lots > 0 {
                paid += i128::from(buy(state, liquidity, outcome, size));
            } else {
                paid -= i128::from(sell(state, liquidity, outcome, size));
            }
            state[outcome] += lots;
        };
        for (index, (outcome, part)) in path.iter().enumerate() {
            let lots = size(liquidity, *part).min(10_000_000_000) as i64;
            let side = if order >> index & 1 == 0 { 1 } else { -1 };
            step(&mut state, outcome.index(sold.len()), side * lots);
        }
        for outcome in 0..sold.len() {
            let back = sold[outcome] - state[outcome];
            for lots in [back / 3, back - back / 3] {
                step(&mut state, outcome, lots);
            }
        }
        prop_assert_eq!(&state, &sold);
        prop_assert!(paid >= 0, "{}", paid);
    }

    /// Funding and what traders paid cover the payout of every outcome.
    #[test]
    fn pool_is_solvent_after_any_trades(
        liquidity in liquidity(),
        outcomes in 2usize..=16,
        trades in prop::collection::vec((any::<prop::sample::Index>(), -8.0..8.0f64), 1..40),
    ) {
        let mut sold = vec![0i64; outcomes];
        let mut cash = i128::from(funding_up(Lots(liquidity), outcomes).unwrap().0);
        for (outcome, part) in trades {
            let (outcome, size) = (outcome.index(outcomes), Lots(size(liquidity, part.abs())));
            if part > 0.0 {
                let Ok(cost) = buy_up(&sold, Lots(liquidity), outcome, size) else { continue };
                cash += i128::from(cost.0);
                sold[outcome] += size.0 as i64;
            } else {
                let Ok(proceeds) = sell_down(&sold, Lots(liquidity), outcome, size) else { continue };
                cash -= i128::from(proceeds.0);
                sold[outcome] -= size.0 as i64;
            }
            let payout = i128::from(*sold.iter().max().unwrap()) * 10_000;
            prop_assert!(cash >= payout, "{} < {}", cash, payout);
        }
    }

    #[test]
    fn no_argument_panics(
        sold in prop::collection::vec(wild(), 0..20), liquidity: u64, cut in 0u32..64, outcome in 0usize..20,
        size: u64, cut_size in 0u32..64,
    ) {
        let (liquidity, size) = (Lots(liquidity >> cut), Lots(size >> cut_size));
        let _ = (buy_up(&sold, liquidity, outcome, size), sell_down(&sold, liquidity, outcome, size));
        let _ = (price(&sold, liquidity, outcome), prices(&sold, liquidity, &mut vec![0; sold.len()]));
        let _ = funding_up(liquidity, outcome);
    }
}

/// Any word, most often one in range.
fn wild() -> impl Strategy<Value = i64> {
    prop_oneof![
        8 => any::<i64>().prop_map(|word| word >> 24),
        1 => any::<i64>(),
        1 => prop::sample::select(vec![i64::MIN, i64::MAX, SOLD_MAX as i64, -(SOLD_MAX as i64), 0]),
    ]
}
