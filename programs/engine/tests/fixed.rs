//! Rounding, and the error bounds that `fixed` states, against values computed with mpmath to 120 digits and
//! rounded to the nearest unit, and against each other on dense grids.

use proptest::prelude::*;
use secant_engine::fixed::*;
use secant_engine::Fault;

/// x in Q57; e^x as significand in Q63 and exponent.
const EXP: [(i64, u64, i32); 24] = [
    (1, 4611686018427387936, 1),
    (-1, 9223372036854775744, 0),
    (144115188075855872, 6267931151224907085, 2),
    (-144115188075855872, 6786177901268885275, -1),
    (9223372036854775807, 5806935095052809305, 93),
    (-9223372036854775808, 7324913257831149232, -92),
    (72057594037927936, 7603384832371617574, 1),
    (-72057594037927936, 5594257926288582650, 0),
    (6485183463413514240, 8733567764371273837, 65),
    (-6485183463413514240, 4870322989722563562, -64),
    (-3068030775492, 9223175684975193797, 0),
    (26186347218559, 4612524057673737099, 1),
    (-744494352875950, 9175847259685708256, 0),
    (1138712929986937893, 6082298959517777490, 12),
    (-12726951016447, 9222557547954402039, 0),
    (-25369510981914698, 7734604537049933552, 0),
    (-370266111380650, 9199705421320245501, 0),
    (1538626286314413, 4661185828413505572, 1),
    (-1071992981369406986, 5555380644063217287, -10),
    (-1361909898155, 9223284875033140607, 0),
    (-952298344690, 9223311089962081270, 0),
    (29232883371483490, 5648767597580840558, 1),
    (-244084719458, 9223356415445959318, 0),
    (8479211520333169, 4891161838017148695, 1),
];

/// x; ln x in Q58.
const LN: [(u64, u64); 24] = [
    (2, 199786072581291495),
    (3, 316653433207702182),
    (4, 399572145162582989),
    (5, 463888894893706459),
    (7, 560870414219646421),
    (10, 663674967474997953),
    (16, 799144290325165979),
    (100, 1327349934949995907),
    (1000000000, 5973074707274981581),
    (1000000000000000000, 11946149414549963162),
    (4294967295, 6393154322534218966),
    (4294967296, 6393154322601327830),
    (9223372036854775807, 12586522572621364165),
    (9223372036854775808, 12586522572621364165),
    (18446744073709551615, 12786308645202655660),
    (56093470, 5142759123146139266),
    (60, 1180114473263991630),
    (415432117, 5719882752806835821),
    (16805650717035693, 10768428540443118022),
    (28, 960442559382229410),
    (951134850234069, 9940684335108402555),
    (1185052386, 6022012472733334756),
    (8434675607810125, 10569732917127677711),
    (1376, 2083022487034674701),
];

/// x in Q57; 1 − Φ(x), φ(x) and E[(Z − x)⁺] in Q63.
const NORMAL: [(i64, u64, u64, u64); 28] = [
    (1, 4611686018427387878, 3679593073373651226, 3679593073373651194),
    (
        18014398509481983,
        4152931866366528790,
        3650958252899477151,
        3131841769603661081,
    ),
    (
        18014398509481984,
        4152931866366528765,
        3650958252899477148,
        3131841769603661052,
    ),
    (
        18014398509481985,
        4152931866366528740,
        3650958252899477144,
        3131841769603661023,
    ),
    (
        36028797018963968,
        3701280854262828844,
        3566383896062695652,
        2641063682496988441,
    ),
    (
        72057594037927936,
        2845756507005265030,
        3247229490023979091,
        1824351236521346575,
    ),
    (
        144115188075855872,
        1463336432611494702,
        2231786014267357041,
        768449581655862339,
    ),
    (
        288230376151711744,
        209832930845592563,
        497978770780501276,
        78312909089316149,
    ),
    (
        432345564227567616,
        12450611757542318,
        40876586714248261,
        3524751441621308,
    ),
    (
        536108499642183843,
        918752899632733,
        3637721220065436,
        219960433431668,
    ),
    (
        576460752303423488,
        292115646296063,
        1234365962005805,
        65903376821551,
    ),
    (720575940379279360, 2643894092391, 13712567198847, 493096736892),
    (864691128455135232, 9099664897, 56040127976, 1442138593),
    (1008806316530991104, 11804187, 84252925, 1623614),
    (1152921504606846975, 5738, 46599, 696),
    (1152921504606846976, 5738, 46599, 696),
    (
        28023822802633511,
        3900656959782060179,
        3610679292559290325,
        2852179644366381248,
    ),
    (
        29221580229969322,
        3870672781876195427,
        3604724172590773364,
        2819885483832866966,
    ),
    (
        107524427031684521,
        2101114827844262985,
        2785616245707025262,
        1217973230365603290,
    ),
    (
        132391636928692549,
        1652265061080844458,
        2412930197071171245,
        895074383279769184,
    ),
    (
        262418575045262456,
        316467141701490056,
        701154865015637922,
        124901539583762014,
    ),
    (
        378378207802891415,
        39898066328470285,
        117197838017519873,
        12444417967016158,
    ),
    (
        448257043786297552,
        8615968804204347,
        29172843832907304,
        2373664946260556,
    ),
    (
        463584853655918560,
        5978785247073626,
        20837730877713588,
        1605377086204086,
    ),
    (
        483046931873000285,
        3702477763618741,
        13372997743116204,
        962990526509246,
    ),
    (
        522029840882362803,
        1346539785811129,
        5206947211985556,
        329363110587712,
    ),
    (
        552949771548948939,
        574697094721325,
        2339204440086263,
        134172260766367,
    ),
    (894757944400675649, 2464869921, 15682132366, 378665928),
];

/// x in Q57; ∫ Φ(1 − Φ) from x on in Q63.
const VARIANCE: [(u64, u64); 16] = [
    (0, 2601865214189558307),
    (1, 2601865214189558291),
    (18014398509481983, 2314587552778917811),
    (18014398509481984, 2314587552778917795),
    (36028797018963968, 2032955427414385884),
    (72057594037927936, 1507172889820776447),
    (144115188075855872, 701717776374205400),
    (216172782113783808, 260631671620107362),
    (288230376151711744, 77373033260024485),
    (432345564227567616, 3522290658347736),
    (536108499642183843, 219949198783580),
    (576460752303423488, 65902309303902),
    (720575940379279360, 493096665079),
    (864691128455135232, 1442138593),
    (1152921504606846975, 696),
    (1152921504606846976, 696),
];

/// p in Q63; Φ⁻¹(p) in Q57.
const QUANTILE: [(u64, i64); 20] = [
    (5800, -1152730231920473555),
    (6000, -1152128393115419455),
    (10000, -1143022705365616704),
    (1000000, -1057514468057665808),
    (1000000000, -914974911612432890),
    (1000000000000, -747134789369499648),
    (1000000000000000, -533016251127772427),
    (100000000000000000, -330867902692469079),
    (1000000000000000000, -177978412012711273),
    (4000000000000000000, -24068758623855767),
    (4611686018427387903, 0),
    (4611686018427387905, 0),
    (8223372036854775808, 177978412012711273),
    (9223371036854775808, 747134789369499648),
    (9223372036854765808, 1143022705365616704),
    (8822463702676, -686333764111846386),
    (126246789458525, -604457731681455412),
    (25763182278824378, -399359504360956589),
    (27836075177, -838139006317141547),
    (42727611596570377, -375004313704235400),
];

/// distance, scale; e^(−distance/scale) in Q63.
const DECAY: [(u64, u64, u64); 14] = [
    (47337010626, 329092878399, 7987675706485144929),
    (990598227, 66352141, 3027819190499),
    (21684211830388, 8138540203252, 642335062804077940),
    (3559829, 168149, 5896297335),
    (0, 3, 9223372036854775808),
    (8, 1, 3094096621605846),
    (18855, 597, 177257),
    (2092, 84, 140892884),
    (49019065830, 61222033418, 4141523998445450210),
    (48587159757833248, 4146611906383620, 75183802003399),
    (22354166969324, 6124848352027, 239785722920984563),
    (43, 2, 4241879878),
    (2, 3, 4735437098927749206),
    (71, 4, 180369322107),
];

/// The largest argument of the normal distribution.
const EIGHT: i64 = 8 << ARGUMENT_BITS;

/// Units of Q63 in 2⁻⁵⁷, 2⁻⁶⁰ and 1e−17.
const UNITS_57: u64 = 64;
const UNITS_60: u64 = 8;
const UNITS_LOSS: u64 = 92;

fn cdf(x: i64) -> u64 {
    normal_cdf(x).unwrap()
}

fn log(x: u64) -> u64 {
    ln(x).unwrap()
}

fn significand(power: Power) -> f64 {
    power.significand as f64 / ONE as f64
}

/// A weak increase of powers: the exponent decides first, as significands lie in (½, 1].
fn at_most(low: Power, high: Power) -> bool {
    (low.exponent, low.significand) <= (high.exponent, high.significand)
}

#[test]
fn exp_meets_its_vectors() {
    for (x, significand, exponent) in EXP {
        let power = exp(x);
        assert_eq!(power.exponent, exponent, "x = {x}");
        // Relative 2⁻⁵⁶ of a significand.
        assert!(
            power.significand.abs_diff(significand) <= significand >> 56,
            "x = {x}"
        );
        if x <= 0 {
            let value = significand.checked_shr(exponent.unsigned_abs()).unwrap_or(0);
            assert!(exp_neg(x.unsigned_abs()).abs_diff(value) <= UNITS_57, "x = {x}");
        }
    }
    assert_eq!(
        exp(0),
        Power {
            significand: ONE,
            exponent: 0
        }
    );
    assert_eq!((exp_neg(0), exp_neg(u64::MAX)), (ONE, 0));
}

#[test]
fn ln_meets_its_vectors() {
    assert_eq!((ln(0), ln(1)), (Err(Fault::Domain), Ok(0)));
    for (x, log) in LN {
        let error = ln(x).unwrap().abs_diff(log) as f64;
        assert!(error <= 1e-17 * (1u64 << LN_BITS) as f64 + 0.5, "x = {x}");
        assert!(error <= 1.1e-17 * log as f64 + 0.5, "x = {x}");
    }
}

#[test]
fn normal_distribution_meets_its_vectors() {
    for (x, tail, density, loss) in NORMAL {
        assert!(normal_cdf(-x).unwrap().abs_diff(tail) <= UNITS_60, "x = {x}");
        assert!(normal_cdf(x).unwrap().abs_diff(ONE - tail) <= UNITS_60, "x = {x}");
        assert!(normal_pdf(x).unwrap().abs_diff(density) <= UNITS_57, "x = {x}");
        assert_eq!(normal_pdf(x), normal_pdf(-x));
        assert!(loss_at(x as u64).abs_diff(loss) <= UNITS_LOSS, "x = {x}");
    }
    assert_eq!(normal_cdf(0), Ok(ONE / 2));
    let density = normal_pdf(0).unwrap();
    assert!(density <= DENSITY_AT_ZERO_UP && DENSITY_AT_ZERO_UP - density <= UNITS_57);
}

#[test]
fn variance_meets_its_vectors() {
    for (x, variance) in VARIANCE {
        let error = variance_at(x).abs_diff(variance);
        // Beyond 8/√2 a tail of 3.6e−16 stands in for a smaller one.
        let bound = if x <= 5 << ARGUMENT_BITS {
            UNITS_LOSS
        } else {
            3_400
        };
        assert!(error <= bound, "x = {x}: {error}");
    }
    assert!(variance_at(0).abs_diff(VARIANCE_AT_ZERO) <= 1);
}

/// The integral of its own Φ(1 − Φ), by Simpson's rule.
#[test]
fn variance_is_the_integral_it_says() {
    let step = ARGUMENT_ONE as u64 / 512;
    let product = |x: u64| {
        let tail = u128::from(normal_cdf(-(x as i64)).unwrap());
        ((tail * (u128::from(ONE) - tail)) >> ONE_BITS) as u64
    };
    for k in 0..5 * 512 {
        let low = k * step;
        let sum = u128::from(product(low))
            + 4 * u128::from(product(low + step / 2))
            + u128::from(product(low + step));
        let fall = variance_at(low) - variance_at(low + step);
        assert!(fall.abs_diff((sum / 6 / 512) as u64) < 1000, "k = {k}");
    }
}

fn loss_at(x: u64) -> u64 {
    UpperTail::at(x).unwrap().loss()
}

fn variance_at(x: u64) -> u64 {
    UpperTail::at(x).unwrap().variance().unwrap()
}

#[test]
fn quantile_meets_its_vectors() {
    for (p, x) in QUANTILE {
        let error = normal_quantile(p).unwrap().abs_diff(x) as f64 / ARGUMENT_ONE as f64;
        let bound = if x.abs() <= 4 * ARGUMENT_ONE { 1e-16 } else { 1e-12 };
        assert!(error < bound, "p = {p}: {error:e}");
    }
    assert_eq!(normal_quantile(ONE / 2), Ok(0));
}

#[test]
fn decay_meets_its_vectors() {
    for (distance, scale, value) in DECAY {
        let got = Decay::over(scale).unwrap().at(distance);
        assert!(got.abs_diff(value) <= UNITS_57, "{distance} / {scale}");
    }
}

#[test]
fn arguments_outside_the_domain_are_faults() {
    for x in [EIGHT + 1, -EIGHT - 1, i64::MAX, i64::MIN] {
        assert_eq!(normal_cdf(x), Err(Fault::Domain));
        assert_eq!(normal_pdf(x), Err(Fault::Domain));
        assert_eq!(UpperTail::at(x.unsigned_abs()).err(), Some(Fault::Domain));
    }
    let least = normal_cdf(-EIGHT).unwrap();
    for p in [0, least, ONE - least, ONE, ONE + 1, u64::MAX] {
        assert_eq!(normal_quantile(p), Err(Fault::Domain), "p = {p}");
    }
    assert!(normal_quantile(least + 1).is_ok() && normal_quantile(ONE - least - 1).is_ok());
    for scale in [0, 1 << 57, u64::MAX] {
        assert_eq!(Decay::over(scale).err(), Some(Fault::Domain));
    }
    assert_eq!(mul_div_down(1, 1, 0), Err(Fault::Domain));
    assert_eq!(mul_div_up(u64::MAX, u64::MAX, u64::MAX - 1), Err(Fault::Overflow));
    assert_eq!(mul_div_up(u64::MAX, 2, 2), Ok(u64::MAX));
    assert_eq!(mul_div_down(u64::MAX, 7, 6), Err(Fault::Overflow));
    assert_eq!(scale_up::<63>(i64::MIN, u64::MAX), Err(Fault::Overflow));
    assert_eq!(scale_down::<1>(i64::MAX, 2), Err(Fault::Overflow));
}

/// Where two pieces of a table meet, and around powers of two, neighbours keep their order.
#[test]
fn functions_are_monotone_across_every_seam() {
    for seam in 1..8 * 128i64 {
        let x = seam << (ARGUMENT_BITS - 7);
        for x in x - 3..x + 3 {
            assert!(cdf(x) <= cdf(x + 1), "x = {x}");
            assert!(cdf(-x) >= cdf(-x - 1), "x = {x}");
        }
    }
    for seam in 1..64 << 14 {
        // Seams of the exponential's tables are at multiples of ln 2 / 2¹⁴.
        let t = ((seam * 0xb172_17f7_d1cf_79abu128) >> 21) as u64;
        for t in t - 3..t + 3 {
            assert!(exp_neg(t) >= exp_neg(t + 1), "t = {t}");
            assert!(at_most(exp(-(t as i64) - 1), exp(-(t as i64))), "t = {t}");
        }
    }
    for seam in 1..128 * 64u64 {
        for shift in 0..50 {
            let x = (8192 + seam) << shift;
            assert!(log(x - 1) <= log(x) && log(x) <= log(x + 1), "x = {x}");
        }
    }
    for shift in 1..64 {
        assert!(log((1 << shift) - 1) <= log(1 << shift), "2^{shift}");
    }
}

/// Simpson's rule on intervals of 2⁻⁹ has an error under 1e−16 for all three: φ integrates to Φ, and
/// 1 − Φ to the loss.
#[test]
fn normal_functions_are_each_others_integrals() {
    let step = ARGUMENT_ONE >> 9;
    let simpson = |low: u64, middle: u64, high: u64| {
        ((u128::from(low) + 4 * u128::from(middle) + u128::from(high)) / 6 / 512) as u64
    };
    for k in -8 * 512..8 * 512 {
        let (low, middle, high) = (k * step, k * step + step / 2, (k + 1) * step);
        let [a, b, c] = [low, middle, high].map(|x| normal_pdf(x).unwrap());
        let mass = cdf(high) - cdf(low);
        assert!(mass.abs_diff(simpson(a, b, c)) < 1000, "k = {k}");
        if k >= 0 {
            let [a, b, c] = [low, middle, high].map(|x| cdf(-x));
            let fall = loss_at(low as u64) - loss_at(high as u64);
            assert!(fall.abs_diff(simpson(a, b, c)) < 1000, "k = {k}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn mul_div_is_exact(a: u64, b: u64, d in 1u64.., cut in 0u32..64, cut_d in 0u32..64) {
        let (a, d) = (a >> cut, (d >> cut_d).max(1));
        let product = u128::from(a) * u128::from(b);
        let wide = u128::from(d);
        let down = u64::try_from(product / wide).map_err(|_| Fault::Overflow);
        let up = u64::try_from(product.div_ceil(wide)).map_err(|_| Fault::Overflow);
        prop_assert_eq!(mul_div_down(a, b, d), down);
        prop_assert_eq!(mul_div_up(a, b, d), up);
    }

    /// Quotient digits that the long division first guesses too high come from divisors and dividends near
    /// powers of two.
    #[test]
    fn mul_div_is_exact_at_the_edges(
        a in edge(), b in edge(), d in edge().prop_filter("a divisor", |d| *d != 0),
    ) {
        let quotient = u128::from(a) * u128::from(b) / u128::from(d);
        prop_assert_eq!(mul_div_down(a, b, d), u64::try_from(quotient).map_err(|_| Fault::Overflow));
    }

    #[test]
    fn scaling_rounds_to_its_side(factor: i64, amount: u64, cut in 0u32..64) {
        let amount = amount >> cut;
        let product = i128::from(factor) * i128::from(amount);
        for (down, up, exact) in [
            (scale_down::<58>(factor, amount), scale_up::<58>(factor, amount), 1i128 << 58),
            (scale_down::<63>(factor, amount), scale_up::<63>(factor, amount), 1i128 << 63),
            (scale_down::<1>(factor, amount), scale_up::<1>(factor, amount), 2),
        ] {
            let floor = product.div_euclid(exact);
            let ceil = -(-product).div_euclid(exact);
            if floor.abs().max(ceil.abs()) < i128::from(i64::MAX) {
                prop_assert_eq!((down.map(i128::from), up.map(i128::from)), (Ok(floor), Ok(ceil)));
            } else {
                prop_assert!(down == Err(Fault::Overflow) || down.map(i128::from) == Ok(floor));
                prop_assert!(up == Err(Fault::Overflow) || up.map(i128::from) == Ok(ceil));
            }
        }
    }

    #[test]
    fn sqrt_is_the_floor(value: u128, cut in 0u32..128, root: u64) {
        let square = u128::from(root).pow(2);
        for value in [value >> cut, square, square.saturating_sub(1), u128::MAX] {
            let root = u128::from(sqrt_down(value));
            prop_assert!(root * root <= value);
            prop_assert!((root + 1).checked_mul(root + 1).is_none_or(|above| above > value));
        }
    }

    #[test]
    fn exp_is_a_homomorphism(a in -(31i64 << 57)..31 << 57, b in -(31i64 << 57)..31 << 57) {
        let (left, right, both) = (exp(a), exp(b), exp(a + b));
        let product = significand(left) * significand(right);
        let scale = f64::from(left.exponent + right.exponent - both.exponent).exp2();
        prop_assert!((product * scale / significand(both) - 1.0).abs() < 1e-15);
    }

    #[test]
    fn ln_undoes_exp(x in 0i64..43 << 57) {
        let power = exp(x);
        // Any integer near e^x·2^20 has a logarithm near x + 20·ln 2.
        let shift = 63 - (power.exponent as u32 + 20).min(63);
        let integer = power.significand >> shift;
        let rise = i128::from(log(integer)) - i128::from(log(1 << (63 - shift - power.exponent as u32)));
        let error = (rise - 2 * i128::from(x)).unsigned_abs() as f64 / (1u64 << 58) as f64;
        prop_assert!(error < 3e-17 + 1.0 / integer as f64);
    }

    #[test]
    fn neighbours_keep_their_order(x: i64, cut in 0u32..60, step in 1i64..64) {
        let x = x >> cut;
        prop_assert!(at_most(exp(x), exp(x.saturating_add(step))));
        let t = x.unsigned_abs();
        prop_assert!(exp_neg(t) >= exp_neg(t + 1));
        prop_assert!(log(t.max(1)) <= log(t.max(1) + step as u64));
        let (low, high) = (x.clamp(-EIGHT, EIGHT - step), x.clamp(-EIGHT, EIGHT - step) + step);
        prop_assert!(cdf(low) <= cdf(high));
        prop_assert_eq!(cdf(low) + cdf(-low), ONE);
    }

    #[test]
    fn quantile_undoes_cdf(p in 6000u64..=ONE / 2, cut in 0u32..50) {
        let p = (p >> cut).max(6000);
        let x = normal_quantile(p).unwrap();
        prop_assert!(normal_cdf(x).unwrap().abs_diff(p) <= UNITS_57);
        prop_assert_eq!(normal_quantile(ONE - p), Ok(-x));
    }

    #[test]
    fn decay_falls_with_distance(scale in 1u64..1 << 57, distance: u64, cut in 0u32..64, step in 1u64..100) {
        let decay = Decay::over(scale).unwrap();
        let distance = distance >> cut;
        prop_assert!(decay.at(distance) >= decay.at(distance.saturating_add(step)));
        prop_assert_eq!(decay.at(0), ONE);
    }

    #[test]
    fn no_argument_panics(a: u64, b: u64, c: u64) {
        let _ = (mul_div_down(a, b, c), mul_div_up(a, b, c), sqrt_down(u128::from(a) << 64 | u128::from(b)));
        let _ = (scale_down::<63>(a as i64, b), scale_up::<58>(a as i64, b));
        let _ = (exp(a as i64), exp_neg(a), ln(a), normal_cdf(a as i64), normal_pdf(a as i64));
        let _ = (UpperTail::at(a).map(|tail| (tail.loss(), tail.variance())), normal_quantile(a), Decay::over(b).map(|decay| decay.at(a)));
    }
}

/// Words within a few units of a power of two or of a multiple of 2³².
fn edge() -> impl Strategy<Value = u64> {
    (0u32..64, any::<u32>(), -3i64..=3).prop_map(|(shift, upper, offset)| {
        let base = if upper % 2 == 0 {
            1 << shift
        } else {
            u64::from(upper) << 32
        };
        base.wrapping_add_signed(offset)
    })
}
