//! The pm-AMM's cost function: published vectors, exact vectors, and the promises of its module page.

// Vectors keep the digits they were published with.
#![allow(clippy::excessive_precision)]

use proptest::prelude::*;
use secant_engine::fixed::ONE;
use secant_engine::pm_amm::{self, funding_up, price, LIQUIDITY_MAX, SOLD_MAX};
use secant_engine::quantity::{Atoms, Bps, Lots};
use secant_engine::Fault;

/// Lots in a unit of the published vectors: they then show 15 digits of an amount in atoms.
const UNIT: u64 = 100_000_000;
const ATOMS: f64 = 10_000.0 * UNIT as f64;

/// Sold, liquidity, outcome, size; ⌈cost⌉, ⌊proceeds⌋ in atoms and the price in Q63, by mpmath to 120 digits.
type Exact = ([i64; 2], u64, usize, u64, u64, u64, u64);

const EXACT: [Exact; 28] = [
    ([-9176, 1770], 3051, 1, 164, 1639753, 1639696, 9221833401778405997),
    (
        [-10080, -31215],
        8298,
        0,
        403,
        4009569,
        4006518,
        9173264381158751039,
    ),
    (
        [152314002, 121262024],
        18620881,
        0,
        3425,
        32616634,
        32616007,
        8783429524559499548,
    ),
    (
        [-582415136, -419342242],
        92262450,
        0,
        28648978,
        15516271311,
        7947682475,
        355774595593684515,
    ),
    ([-35, -27], 4, 1, 1, 9830, 9692, 9013539106009183245),
    (
        [260270, -640328],
        254429,
        0,
        2317,
        23165439,
        23165278,
        9221524558762695308,
    ),
    ([8259, 5706], 741, 1, 2, 6, 5, 2630195758607944),
    ([-900, -8884], 6486, 0, 6, 53456, 53444, 8216464797128237770),
    ([2248, 2253], 366, 1, 1, 5060, 5049, 4661952119845264731),
    (
        [14542644, -5572266],
        5929720,
        0,
        1479486,
        14791519227,
        14786590944,
        9220174803173119288,
    ),
    (
        [248428, 189436],
        99841,
        0,
        1488,
        10790709,
        10716408,
        6665663702301719456,
    ),
    ([-5076, -5155], 873, 0, 1, 5363, 5358, 4944207901478491595),
    (
        [-132751, -138150],
        15350,
        0,
        23,
        146685,
        146555,
        5879699196558994982,
    ),
    (
        [-7981538, -86248059],
        23549328,
        0,
        3577114,
        35758919307,
        35750092782,
        9219272664656461024,
    ),
    (
        [-27582786, -2237022215],
        673828161,
        0,
        15421209,
        154134923768,
        154128405366,
        9218566694310638557,
    ),
    (
        [-33803768, -27090148],
        11813839,
        1,
        2723,
        19472668,
        19470537,
        6595440144230271927,
    ),
    ([-11, -8], 21, 1, 1, 5662, 5473, 5135559685699785711),
    (
        [-51250137937, -33619395542],
        5375239156,
        0,
        1835789,
        9534430,
        9522894,
        4787389603277381,
    ),
    (
        [-25558564422, -22207021018],
        2740863489,
        0,
        43109633,
        48367544703,
        47086732281,
        1021041603406595383,
    ),
    (
        [-12029349391, -11519035985],
        1750649910,
        0,
        1031595028,
        5170683169003,
        2906108211865,
        3554085293866494942,
    ),
    ([-26322, -24572], 3384, 1, 26, 181691, 180993, 6433030848892362984),
    ([283, 177], 47, 0, 2, 19772, 19745, 9112169052116753256),
    (
        [424354847276, 177575831262],
        92510149997,
        0,
        239126209,
        2382162789769,
        2382092522910,
        9188139790443011611,
    ),
    (
        [250329954215, 412266698870],
        143315486095,
        0,
        69079685,
        89322272571,
        89252114807,
        1192143459803410966,
    ),
    (
        [131878480242, 77915338743],
        26422763386,
        0,
        78912011,
        772953285762,
        772836469703,
        9033730109833830496,
    ),
    (
        [58353160201, 42525191876],
        20908518898,
        0,
        28513423224,
        259316750324086,
        150490458206864,
        7152524072152678729,
    ),
    (
        [-54857958225, -45920112109],
        10457004017,
        0,
        8984889,
        17652711941,
        17631337693,
        1811028875710267822,
    ),
    (
        [719850983061, 804729513550],
        140555559432,
        0,
        34520196,
        94241142993,
        94212957765,
        2517630940320569210,
    ),
];

fn buy_up(sold: &[i64; 2], liquidity: Lots, outcome: usize, size: Lots) -> Result<Atoms, Fault> {
    Ok(pm_amm::buy_up(sold, liquidity, outcome, size, Bps(0))?.gross)
}

fn sell_down(sold: &[i64; 2], liquidity: Lots, outcome: usize, size: Lots) -> Result<Atoms, Fault> {
    Ok(pm_amm::sell_down(sold, liquidity, outcome, size, Bps(0))?.gross)
}

fn buy(sold: [i64; 2], liquidity: u64, outcome: usize, size: u64) -> u64 {
    buy_up(&sold, Lots(liquidity), outcome, Lots(size)).unwrap().0
}

fn sell(sold: [i64; 2], liquidity: u64, outcome: usize, size: u64) -> u64 {
    sell_down(&sold, Lots(liquidity), outcome, Lots(size)).unwrap().0
}

fn probability(sold: [i64; 2], liquidity: u64) -> f64 {
    price(&sold, Lots(liquidity), 0).unwrap() as f64 / ONE as f64
}

/// Reserves of YES and NO per L at a price of YES and its quantile: the pool starts even and sells to there.
#[test]
fn published_reserves_at_a_price() {
    let liquidity = 1000 * UNIT;
    for (probability_yes, quantile, reserve_yes, reserve_no) in [
        (
            0.1,
            -1.2815515655446004670,
            1.32889474092262722690,
            0.04734317537802675997,
        ),
        (
            0.3,
            -0.5244005127080407840,
            0.71477297309570231196,
            0.19037246038766152792,
        ),
        (0.5, 0.0, 0.39894228040143267794, 0.39894228040143267794),
        (
            0.05,
            -1.6448536269514727149,
            1.66574658597927038,
            0.0208929590277976652,
        ),
        (
            0.99,
            2.3263478740408411009,
            0.00338866346304963712,
            2.32973653750389074,
        ),
        (
            0.999,
            3.0902323061678135415,
            0.000276857770896176891,
            3.09050916393870972,
        ),
        (
            0.9999,
            3.7190164854556805644,
            0.0000239463182143668226,
            3.71904043177389493,
        ),
    ] {
        let exact = quantile * liquidity as f64;
        let imbalance = exact.round() as i64;
        let (outcome, size) = (usize::from(imbalance < 0), imbalance.unsigned_abs());
        let paid = funding_up(Lots(liquidity)).unwrap().0 + buy([0, 0], liquidity, outcome, size);
        let mut sold = [0; 2];
        sold[outcome] = size as i64;
        // The imbalance is a whole number of lots, and NO's reserve moves by Φ per lot, YES's by Φ − 1.
        let rest = imbalance as f64 - exact;
        for (held, reserve, slope) in [
            (sold[0], reserve_yes, probability_yes - 1.0),
            (sold[1], reserve_no, probability_yes),
        ] {
            let got = (paid as i64 - held * 10_000) as f64;
            let expected = reserve * 1000.0 * ATOMS + slope * rest * 1e4;
            // Doubles hold the expected number to about an atom; two amounts are rounded up.
            assert!(
                (-1.0..=3.1).contains(&(got - expected)),
                "{probability_yes}: {got} for {expected}"
            );
        }
        let got = probability(sold, liquidity);
        assert!((got - probability_yes).abs() < 1e-11, "{probability_yes}: {got}");
    }
}

#[test]
fn published_swaps_from_even_odds() {
    let liquidity = 1000 * UNIT;
    for (spent, out, price_after) in [
        (10.0, 19.84292495387397, 0.50791566227317643),
        (50.0, 96.30296218904049, 0.53836002073130431),
        (100.0, 186.20724876010620, 0.57385888015697762),
        (200.0, 351.27333916919763, 0.63730835282186219),
    ] {
        let lots = out * UNIT as f64;
        let size = lots.floor() as u64;
        for outcome in [0, 1] {
            let cost = buy([0, 0], liquidity, outcome, size) as f64;
            let exact = spent * ATOMS - lots.fract() * 1e4 * price_after;
            // The shares are printed to 1e−14, which is 0.01 lot, 50 atoms, at the last of them.
            assert!(
                (cost - exact).abs() < 1.1 + 1e-13 * UNIT as f64 * 1e4,
                "{spent}: {cost} for {exact}"
            );
        }
        assert!((probability([size as i64, 0], liquidity) - price_after).abs() < 1e-11);
    }
}

#[test]
fn amounts_are_the_exact_ones_rounded_once() {
    for (sold, liquidity, outcome, size, cost, proceeds, exact_price) in EXACT {
        let excess = buy(sold, liquidity, outcome, size) - cost;
        let shortfall = proceeds - sell(sold, liquidity, outcome, size);
        // Up to 10¹⁰ lots of liquidity the error's bound is 0.006 atom.
        let allowed = u64::from(liquidity > 10_000_000_000);
        assert!(
            excess <= allowed && shortfall <= allowed,
            "{sold:?}: {excess}, {shortfall}"
        );
        assert!(
            price(&sold, Lots(liquidity), outcome)
                .unwrap()
                .abs_diff(exact_price)
                <= 40,
            "{sold:?}"
        );
    }
}

#[test]
fn arguments_outside_the_domain_are_faults() {
    let domain = Err(Fault::Domain);
    let (hundred, one) = (Lots(100), Lots(1));
    let edge = SOLD_MAX as i64;
    for liquidity in [Lots(0), Lots(LIQUIDITY_MAX.0 + 1), Lots(u64::MAX)] {
        assert_eq!(funding_up(liquidity), domain);
        assert_eq!(buy_up(&[0, 0], liquidity, 0, one), domain);
        assert_eq!(sell_down(&[0, 0], liquidity, 0, one), domain);
        assert_eq!(price(&[0, 0], liquidity, 0), Err(Fault::Domain));
    }
    assert_eq!(buy_up(&[0, 0], hundred, 2, one), domain);
    assert_eq!(price(&[0, 0], hundred, 2), Err(Fault::Domain));
    for sold in [
        [edge + 1, edge],
        [edge, edge + 1],
        [-edge - 1, -edge],
        [i64::MIN, i64::MIN],
        [i64::MIN, i64::MAX],
    ] {
        assert_eq!(buy_up(&sold, hundred, 0, Lots(0)), domain);
        assert_eq!(sell_down(&sold, hundred, 1, Lots(0)), domain);
        assert_eq!(price(&sold, hundred, 0), Err(Fault::Domain));
    }
    assert_eq!(buy_up(&[edge, edge], hundred, 0, one), domain);
    assert_eq!(sell_down(&[-edge, -edge], hundred, 0, one), domain);
    assert_eq!(buy_up(&[0, 0], hundred, 0, Lots(u64::MAX)), domain);
    // A trade may go to an imbalance of 3.72 and come back from one of 8.
    assert!(buy_up(&[0, 0], hundred, 0, Lots(372)).is_ok());
    assert_eq!(buy_up(&[0, 0], hundred, 0, Lots(373)), domain);
    assert_eq!(sell_down(&[0, 0], hundred, 1, Lots(373)), domain);
    assert!(sell_down(&[800, 0], hundred, 0, Lots(428)).is_ok());
    assert_eq!(sell_down(&[800, 0], hundred, 0, Lots(427)), domain);
    assert_eq!(sell_down(&[801, 0], hundred, 0, Lots(429)), domain);
    assert_eq!(price(&[801, 0], hundred, 0), Err(Fault::Domain));
}

#[test]
fn the_whole_range_is_served() {
    let edge = SOLD_MAX as i64;
    for sold in [[edge - 1, edge], [1 - edge, -edge], [0, edge], [edge - 1, 0]] {
        assert!(
            buy_up(&sold, LIQUIDITY_MAX, 0, Lots(1)).unwrap()
                >= sell_down(&sold, LIQUIDITY_MAX, 0, Lots(1)).unwrap()
        );
    }
    assert_eq!(buy_up(&[0, 0], LIQUIDITY_MAX, 0, Lots(0)), Ok(Atoms(0)));
    assert_eq!(sell_down(&[0, 0], Lots(1), 1, Lots(0)), Ok(Atoms(0)));
}

/// A pool: its liquidity of any magnitude, and lots sold with an imbalance within bounds.
fn pool() -> impl Strategy<Value = (u64, [i64; 2])> {
    (0u32..38, any::<u64>(), -3.7..3.7f64, -2.0..2.0f64).prop_map(|(bits, word, imbalance, base)| {
        let liquidity = (word % (2 << bits)).clamp(3, 100_000_000_000);
        let other = (base * liquidity as f64) as i64;
        (liquidity, [other + (imbalance * liquidity as f64) as i64, other])
    })
}

/// A trade's size in proportion to the liquidity, at least one lot.
fn size(liquidity: u64, part: f64) -> u64 {
    ((part * liquidity as f64) as u64).max(1)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6_000))]

    #[test]
    fn prices_are_a_distribution((liquidity, sold) in pool()) {
        let [yes, no] = [0, 1].map(|outcome| price(&sold, Lots(liquidity), outcome).unwrap());
        prop_assert_eq!(yes + no, ONE);
        prop_assert!(yes > ONE / 10_100 && no > ONE / 10_100);
    }

    #[test]
    fn cost_is_between_the_prices_and_grows(
        (liquidity, sold) in pool(), outcome in 0usize..2, part in 1e-6..3.0f64, more in 1u64..1000,
    ) {
        let size = size(liquidity, part);
        let bounds = Lots(liquidity);
        let face = size as f64 * 1e4 / ONE as f64;
        let marginal = |sold: &[i64; 2]| price(sold, bounds, outcome).unwrap() as f64 * face;
        if let Ok(Atoms(cost)) = buy_up(&sold, bounds, outcome, Lots(size)) {
            let mut after = sold;
            after[outcome] += size as i64;
            prop_assert!(cost >= 1 && cost <= size * 10_000);
            prop_assert!(price(&sold, bounds, outcome).unwrap() <= price(&after, bounds, outcome).unwrap());
            prop_assert!(cost as f64 >= marginal(&sold) * (1.0 - 1e-12));
            prop_assert!(cost as f64 <= marginal(&after) * (1.0 + 1e-12) + 2.0);
            if let Ok(Atoms(larger)) = buy_up(&sold, bounds, outcome, Lots(size + more)) {
                prop_assert!(larger >= cost);
            }
        }
        if let Ok(Atoms(proceeds)) = sell_down(&sold, bounds, outcome, Lots(size)) {
            prop_assert!(proceeds <= size * 10_000);
            prop_assert!(proceeds as f64 <= marginal(&sold) * (1.0 + 1e-12));
            if let Ok(Atoms(larger)) = sell_down(&sold, bounds, outcome, Lots(size + more)) {
                prop_assert!(larger >= proceeds);
            }
        }
    }

    /// C(q + s·YES) = C(q − s·NO) + s: what YES costs is a complete set less what NO brings, to the atom.
    #[test]
    fn both_outcomes_follow_one_potential((liquidity, sold) in pool(), part in 1e-6..3.0f64) {
        let size = size(liquidity, part);
        let cost = buy_up(&sold, Lots(liquidity), 0, Lots(size));
        let proceeds = sell_down(&sold, Lots(liquidity), 1, Lots(size));
        prop_assert_eq!(cost.is_ok(), proceeds.is_ok());
        if let (Ok(cost), Ok(proceeds)) = (cost, proceeds) {
            prop_assert_eq!(cost.0 + proceeds.0, size * 10_000);
        }
    }

    /// Any path that ends where it began has cost its traders something.
    #[test]
    fn no_round_trip_has_a_profit(
        (liquidity, sold) in pool(),
        path in prop::collection::vec((0usize..2, -2.0..2.0f64), 1..12),
    ) {
        let mut state = sold;
        let mut paid = 0i128;
        for (outcome, part) in path {
            let lots = size(liquidity, part.abs()) as i64 * part.signum() as i64;
            if let Ok(amount) = trade(&state, liquidity, outcome, lots) {
                paid += amount;
                state[outcome] += lots;
            }
        }
        // Back by way of an even pool: towards it, then both sides in turn by steps that stay within bounds.
        let step = liquidity as i64;
        while state != sold {
            for outcome in [0, 1] {
                let lots = (sold[outcome] - state[outcome]).clamp(-step, step);
                if let Ok(amount) = trade(&state, liquidity, outcome, lots) {
                    paid += amount;
                    state[outcome] += lots;
                }
            }
        }
        prop_assert!(paid >= 0, "{}", paid);
    }

    /// Funding and what traders paid cover the payout of either outcome.
    #[test]
    fn pool_is_solvent_after_any_trades(
        liquidity in 1u64..LIQUIDITY_MAX.0,
        cut in 0u32..40,
        trades in prop::collection::vec((0usize..2, -4.0..4.0f64), 1..40),
    ) {
        let liquidity = (liquidity >> cut).max(1);
        let mut sold = [0i64; 2];
        let mut cash = i128::from(funding_up(Lots(liquidity)).unwrap().0);
        for (outcome, part) in trades {
            let lots = size(liquidity, part.abs()) as i64 * part.signum() as i64;
            if let Ok(amount) = trade(&sold, liquidity, outcome, lots) {
                cash += amount;
                sold[outcome] += lots;
            }
            let payout = i128::from(*sold.iter().max().unwrap()) * 10_000;
            prop_assert!(cash >= payout, "{} < {}", cash, payout);
        }
    }

    #[test]
    fn no_argument_panics(
        yes in wild(), no in wild(), liquidity: u64, cut in 0u32..64, outcome in 0usize..4,
        size: u64, cut_size in 0u32..64,
    ) {
        let (sold, liquidity, size) = ([yes, no], Lots(liquidity >> cut), Lots(size >> cut_size));
        let _ = (buy_up(&sold, liquidity, outcome, size), sell_down(&sold, liquidity, outcome, size));
        let _ = (price(&sold, liquidity, outcome), funding_up(liquidity));
    }
}

/// What a trader pays (negative: receives) for a signed number of lots.
fn trade(sold: &[i64; 2], liquidity: u64, outcome: usize, lots: i64) -> Result<i128, Fault> {
    let size = Lots(lots.unsigned_abs());
    Ok(if lots > 0 {
        i128::from(buy_up(sold, Lots(liquidity), outcome, size)?.0)
    } else {
        -i128::from(sell_down(sold, Lots(liquidity), outcome, size)?.0)
    })
}

/// Any word, most often one in range.
fn wild() -> impl Strategy<Value = i64> {
    prop_oneof![
        8 => any::<i64>().prop_map(|word| word >> 24),
        1 => any::<i64>(),
        1 => prop::sample::select(vec![i64::MIN, i64::MAX, SOLD_MAX as i64, -(SOLD_MAX as i64), 0]),
    ]
}
