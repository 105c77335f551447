//! What a record finds, against a model that keeps every sample and reads the definitions of
//! ARCHITECTURE.md's "Observation" section literally, in 128 bits and quadratic time.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::select;
use secant_engine::statistic::{Evidence, Finding, Statistic, Terms, NEVER, PPM};
use secant_engine::Fault;

const STATISTICS: [Statistic; 8] = [
    Statistic::First,
    Statistic::Last,
    Statistic::Average,
    Statistic::TouchUp,
    Statistic::TouchDown,
    Statistic::Range,
    Statistic::Change,
    Statistic::Variance,
];

/// A hundred seconds from 1,000 on, observed if no two samples are more than 10 s apart.
const TERMS: Terms = Terms {
    statistic: Statistic::Last,
    start: 1_000,
    end: 1_100,
    barrier: 50,
    sustain_s: 20,
    max_gap_s: 10,
    grid_s: 10,
    coverage_min_ppm: 0,
};

fn terms_of(statistic: Statistic) -> Terms {
    Terms { statistic, ..TERMS }
}

fn terms_with(statistic: Statistic, change: impl FnOnce(&mut Terms)) -> Terms {
    let mut terms = terms_of(statistic);
    change(&mut terms);
    terms
}

fn ratio(numerator: i128, denominator: u64) -> Finding {
    Finding::Value {
        numerator,
        denominator,
    }
}

fn value(numerator: i128) -> Finding {
    ratio(numerator, 1)
}

/// The evidence of `samples`, of which each must be accepted.
fn observe(terms: &Terms, samples: &[(i64, i64)]) -> Evidence {
    let mut evidence = Evidence::EMPTY;
    for (time, value) in samples {
        assert_eq!(evidence.accept(terms, *time, *value), Ok(true), "at {time}");
    }
    evidence
}

fn assert_finds(terms: &Terms, samples: &[(i64, i64)], finding: Finding) {
    let evidence = observe(terms, samples);
    assert_eq!(evidence.finding_at_end(terms), Ok(finding), "of {samples:?}");
}

/// One sample every `interval_s` over the whole of `TERMS`' window, all of `value`.
fn steady(interval_s: usize, value: i64) -> Vec<(i64, i64)> {
    (TERMS.start..=TERMS.end)
        .step_by(interval_s)
        .map(|time| (time, value))
        .collect()
}

/// The accepted samples, and nothing else.
struct Model {
    terms: Terms,
    samples: Vec<(i64, i64)>,
}

impl Model {
    fn gap(&self, from: i64, to: i64) -> bool {
        i128::from(to) - i128::from(from) > i128::from(self.terms.max_gap_s)
    }

    /// Each covered interval's value and length, the tail with it if `tail`.
    fn covered(&self, tail: bool) -> Vec<(i128, i128)> {
        let mut ends: Vec<i64> = self.samples.iter().skip(1).map(|sample| sample.0).collect();
        ends.extend(tail.then_some(self.terms.end));
        let intervals = self.samples.iter().zip(ends);
        intervals
            .filter(|((time, _), end)| !self.gap(*time, *end))
            .map(|((time, value), end)| (i128::from(*value), i128::from(end) - i128::from(*time)))
            .collect()
    }

    fn covered_s(&self, tail: bool) -> i128 {
        self.covered(tail).iter().map(|(_, interval_s)| interval_s).sum()
    }

    fn longest_gap_s(&self) -> u64 {
        let intervals = self.samples.windows(2).map(|pair| pair[1].0.abs_diff(pair[0].0));
        intervals.max().unwrap_or(0)
    }

    /// The first sample that ends a stretch at the barrier, without a gap, of at least `sustain_s`.
    fn passage_time(&self) -> Option<i64> {
        let reached = |value: i64| match self.terms.statistic {
            Statistic::TouchUp => value >= self.terms.barrier,
            Statistic::TouchDown => value <= self.terms.barrier,
            _ => false,
        };
        let sustained = |stretch: &[(i64, i64)]| {
            let held_s = stretch[stretch.len() - 1].0.abs_diff(stretch[0].0);
            stretch.iter().all(|sample| reached(sample.1))
                && stretch.windows(2).all(|pair| !self.gap(pair[0].0, pair[1].0))
                && held_s >= u64::from(self.terms.sustain_s)
        };
        (0..self.samples.len())
            .find(|last| (0..=*last).any(|first| sustained(&self.samples[first..=*last])))
            .map(|last| self.samples[last].0)
    }

    /// Σ (Δ)² between the first samples of consecutive cells, `None` from 2¹²⁸ on.
    fn squares(&self) -> Option<u128> {
        if self.terms.statistic != Statistic::Variance {
            return Some(0);
        }
        let mut cells = BTreeMap::new();
        for (time, value) in &self.samples {
            let cell = (time - self.terms.start) / i64::from(self.terms.grid_s);
            cells.entry(cell).or_insert(*value);
        }
        let mut sum: u128 = 0;
        for (cell, value) in &cells {
            if let Some(before) = cells.get(&(cell - 1)) {
                let step = u128::from(value.abs_diff(*before));
                sum = sum.checked_add(step * step)?;
            }
        }
        Some(sum)
    }

    fn accept(&mut self, time: i64, value: i64) -> Result<bool, Fault> {
        let inside = self.terms.start <= time && time <= self.terms.end;
        if !inside || self.samples.last().is_some_and(|last| time <= last.0) {
            return Ok(false);
        }
        self.samples.push((time, value));
        if self.squares().is_none() {
            self.samples.pop();
            return Err(Fault::Overflow);
        }
        Ok(true)
    }

    fn finding_early(&self) -> Option<Finding> {
        let first = self.samples.first()?;
        if self.terms.statistic == Statistic::First {
            return Some(value(first.1.into()));
        }
        self.passage_time().map(|_| Finding::Touched)
    }

    fn finding_at_end(&self) -> Result<Finding, Fault> {
        if let Some(finding) = self.finding_early() {
            return Ok(finding);
        }
        let (Some(first), Some(last)) = (self.samples.first(), self.samples.last()) else {
            return Ok(Finding::Void);
        };
        let window_s = i128::from(self.terms.end) - i128::from(self.terms.start);
        let covered_s = self.covered_s(true);
        if covered_s * i128::from(PPM) < i128::from(self.terms.coverage_min_ppm) * window_s {
            return Ok(Finding::Void);
        }
        let values = || self.samples.iter().map(|sample| i128::from(sample.1));
        Ok(match self.terms.statistic {
            Statistic::First => unreachable!("found early"),
            Statistic::Last if self.gap(last.0, self.terms.end) => Finding::Void,
            Statistic::Last => value(last.1.into()),
            Statistic::Average if covered_s == 0 => Finding::Void,
            Statistic::Average => ratio(
                self.covered(true).iter().map(|(value, s)| value * s).sum(),
                covered_s as u64,
            ),
            Statistic::TouchUp | Statistic::TouchDown => Finding::Untouched,
            Statistic::Range => value(values().max().unwrap() - values().min().unwrap()),
            Statistic::Change => value(i128::from(last.1) - i128::from(first.1)),
            Statistic::Variance => {
                let squares = self.squares().ok_or(Fault::Overflow)?;
                value(i128::try_from(squares).map_err(|_| Fault::Overflow)?)
            }
        })
    }

    fn assert_agrees(&self, evidence: &Evidence) {
        let values = || self.samples.iter().map(|sample| sample.1);
        let first = self.samples.first().copied().unwrap_or((NEVER, 0));
        let last = self.samples.last().copied().unwrap_or((NEVER, 0));
        assert_eq!(evidence.accepted, self.samples.len() as u64);
        assert_eq!(evidence.first_value, first.1);
        assert_eq!((evidence.last_time, evidence.last_value), last);
        assert_eq!(evidence.min_value, values().min().unwrap_or(0));
        assert_eq!(evidence.max_value, values().max().unwrap_or(0));
        assert_eq!(i128::from(evidence.covered_s), self.covered_s(false));
        let sum: i128 = self.covered(false).iter().map(|(value, s)| value * s).sum();
        assert_eq!(evidence.weighted_sum, sum);
        assert_eq!(evidence.longest_gap_s, self.longest_gap_s());
        assert_eq!(evidence.passage_time, self.passage_time().unwrap_or(NEVER));
        assert_eq!(Some(evidence.squares), self.squares());
        let terms = &self.terms;
        assert_eq!(i128::from(evidence.covered_at_end_s(terms)), self.covered_s(true));
        assert_eq!(evidence.finding_early(terms), self.finding_early());
        assert_eq!(evidence.finding_at_end(terms), self.finding_at_end());
    }
}

/// A length in seconds: most often of a small window's order, at times the greatest there is.
fn seconds(most: u32) -> impl Strategy<Value = u32> {
    prop_oneof![20 => 0..=most, 1 => Just(u32::MAX), 1 => any::<u32>()]
}

/// Small values around a small barrier, and extremes.
fn level() -> impl Strategy<Value = i64> {
    prop_oneof![
        40 => -6..=6i64,
        2 => any::<i64>(),
        2 => select(vec![i64::MIN, i64::MIN + 1, i64::MAX, i64::MAX - 1]),
    ]
}

/// Terms that can be answered.
fn terms() -> impl Strategy<Value = Terms> {
    let longest_s = i64::from(i32::MAX);
    let window_s = prop_oneof![12 => 1..=150i64, 1 => Just(longest_s), 1 => 1..=longest_s];
    let start = prop_oneof![4 => 1..=2_000_000_000i64, 1 => Just(1), 1 => Just(i64::MAX)];
    let lengths = (seconds(25), seconds(20), seconds(20));
    let coverage = prop_oneof![3 => Just(0), 5 => 0..=PPM as u32, 1 => Just(PPM as u32)];
    let parts = (
        select(STATISTICS.to_vec()),
        start,
        window_s,
        level(),
        lengths,
        coverage,
    );
    parts.prop_map(|(statistic, start, window_s, barrier, lengths, coverage)| {
        let start = start.min(i64::MAX - window_s);
        let is_first = statistic == Statistic::First;
        Terms {
            statistic,
            start,
            end: start + window_s,
            barrier,
            sustain_s: lengths.0,
            max_gap_s: lengths.1.max(1),
            grid_s: lengths.2.max(1),
            coverage_min_ppm: if is_first { 0 } else { coverage },
        }
    })
}

/// Terms and a stream of samples that mostly walks through the window, with repeats, steps back, gaps,
/// times outside and times nowhere near.
fn stream() -> impl Strategy<Value = (Terms, Vec<(i64, i64)>)> {
    let step = prop_oneof![12 => 1..=8i64, 2 => -4..=0i64, 2 => 8..=40i64];
    let jump = prop_oneof![30 => Just(None), 1 => (0..=8i64).prop_map(Some)];
    let sample = (step, jump, level(), any::<i64>());
    (terms(), -4..=6i64, prop::collection::vec(sample, 0..60)).prop_map(|(terms, lead_s, steps)| {
        let stride = (terms.end - terms.start) / 200 + 1;
        let mut clock = terms.start.saturating_add(lead_s);
        let samples = steps
            .into_iter()
            .map(|(step, jump, value, anywhere)| {
                clock = clock.saturating_add(step.saturating_mul(stride));
                let window_s = terms.end - terms.start + 1;
                let time = match jump {
                    None => clock,
                    Some(0) => i64::MIN,
                    Some(1) => i64::MAX,
                    Some(2) => terms.start,
                    Some(3) => terms.start - 1,
                    Some(4) => terms.end,
                    Some(5) => terms.end.saturating_add(1),
                    Some(6) => anywhere,
                    Some(_) => terms.start + anywhere.rem_euclid(window_s),
                };
                (time, value)
            })
            .collect();
        (terms, samples)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn evidence_is_the_definitions((terms, samples) in stream()) {
        prop_assert_eq!(terms.validate(), Ok(()));
        let mut model = Model { terms, samples: Vec::new() };
        let mut evidence = Evidence::EMPTY;
        model.assert_agrees(&evidence);
        for (time, value) in samples {
            let before = evidence;
            let accepted = evidence.accept(&terms, time, value);
            prop_assert_eq!(accepted, model.accept(time, value));
            if accepted != Ok(true) {
                prop_assert_eq!(evidence, before);
            }
            model.assert_agrees(&evidence);
        }
    }

    #[test]
    fn what_is_found_early_is_found_at_the_end((terms, samples) in stream()) {
        let mut evidence = Evidence::EMPTY;
        let mut early = None;
        let mut covered_s = 0;
        for (time, value) in samples {
            let _ = evidence.accept(&terms, time, value);
            if early.is_some() {
                prop_assert_eq!(evidence.finding_early(&terms), early);
            }
            early = evidence.finding_early(&terms);
            prop_assert!(evidence.covered_s >= covered_s);
            covered_s = evidence.covered_s;
            prop_assert!(evidence.covered_at_end_s(&terms) <= terms.end.abs_diff(terms.start));
        }
        if let Some(finding) = early {
            prop_assert_eq!(evidence.finding_at_end(&terms), Ok(finding));
        }
    }

    #[test]
    fn a_touch_down_is_a_touch_up_of_the_mirror_image((terms, samples) in stream()) {
        // The least integer has no mirror image.
        let mirror = |value: i64| -value.max(-i64::MAX);
        let up = Terms { statistic: Statistic::TouchUp, barrier: terms.barrier.max(-i64::MAX), ..terms };
        let down = Terms { statistic: Statistic::TouchDown, barrier: mirror(terms.barrier), ..terms };
        let (mut above, mut below) = (Evidence::EMPTY, Evidence::EMPTY);
        for (time, value) in samples {
            let value = value.max(-i64::MAX);
            prop_assert_eq!(above.accept(&up, time, value), below.accept(&down, time, mirror(value)));
            prop_assert_eq!(above.passage_time, below.passage_time);
        }
        prop_assert_eq!(above.finding_at_end(&up), below.finding_at_end(&down));
    }

    #[test]
    fn validate_is_the_conjunction_of_its_rules(
        statistic in select(STATISTICS.to_vec()),
        start in prop_oneof![-3..=3i64, any::<i64>()],
        window_s in prop_oneof![-3..=3i64, any::<i64>(), (1 << 31) - 3..=(1 << 31) + 3i64],
        lengths in (0..=2u32, 0..=2u32, any::<u32>()),
        barrier: i64,
        coverage_min_ppm in prop_oneof![Just(0), Just(1_000_000), 999_998..=1_000_002u32, any::<u32>()],
    ) {
        let (max_gap_s, grid_s, sustain_s) = lengths;
        let end = start.wrapping_add(window_s);
        let terms = Terms { statistic, start, end, barrier, sustain_s, max_gap_s, grid_s, coverage_min_ppm };
        let length_s = i128::from(end) - i128::from(start);
        let broken = start <= 0
            || length_s <= 0
            || length_s >= 1 << 31
            || max_gap_s == 0
            || coverage_min_ppm > 1_000_000
            || (statistic == Statistic::Variance && grid_s == 0)
            || (statistic == Statistic::First && coverage_min_ppm != 0);
        prop_assert_eq!(terms.validate(), if broken { Err(Fault::Domain) } else { Ok(()) });
    }
}

#[test]
fn terms_without_an_answer_are_faults() {
    let domain = Err(Fault::Domain);
    let longest_s = i64::from(i32::MAX);
    for statistic in STATISTICS {
        let check = |change: fn(&mut Terms)| terms_with(statistic, change).validate();
        assert_eq!(check(|_| ()), Ok(()));
        assert_eq!(check(|terms| terms.end = terms.start), domain);
        assert_eq!(check(|terms| terms.end = terms.start - 1), domain);
        assert_eq!(check(|terms| terms.start = 0), domain);
        assert_eq!(check(|terms| terms.start = -1), domain);
        assert_eq!(
            check(|terms| (terms.start, terms.end) = (i64::MIN, i64::MAX)),
            domain
        );
        let window = |window_s| terms_with(statistic, |terms| terms.end = terms.start + window_s).validate();
        assert_eq!(window(1), Ok(()));
        assert_eq!(window(longest_s), Ok(()));
        assert_eq!(window(longest_s + 1), domain);
        assert_eq!(check(|terms| terms.max_gap_s = 0), domain);
        let expected = |broken: bool| if broken { domain } else { Ok(()) };
        let is_first = statistic == Statistic::First;
        assert_eq!(check(|terms| terms.coverage_min_ppm = 1), expected(is_first));
        assert_eq!(
            check(|terms| terms.coverage_min_ppm = 1_000_000),
            expected(is_first)
        );
        assert_eq!(check(|terms| terms.coverage_min_ppm = 1_000_001), domain);
        let is_variance = statistic == Statistic::Variance;
        assert_eq!(check(|terms| terms.grid_s = 0), expected(is_variance));
    }
}

#[test]
fn no_sample_is_a_void() {
    for statistic in STATISTICS {
        let terms = terms_of(statistic);
        assert_finds(&terms, &[], Finding::Void);
        assert_eq!(Evidence::EMPTY.finding_early(&terms), None);
        assert_eq!(Evidence::EMPTY.covered_at_end_s(&terms), 0);
    }
}

#[test]
fn the_window_includes_both_ends_and_nothing_beyond() {
    let terms = terms_of(Statistic::Last);
    for time in [terms.start, terms.end] {
        assert_eq!({ Evidence::EMPTY }.accept(&terms, time, 1), Ok(true));
    }
    for time in [terms.start - 1, terms.end + 1, 0, -1, i64::MIN, i64::MAX] {
        let mut evidence = Evidence::EMPTY;
        assert_eq!(evidence.accept(&terms, time, 1), Ok(false));
        assert_eq!(evidence, Evidence::EMPTY);
    }
}

#[test]
fn a_time_counts_once() {
    let terms = terms_of(Statistic::Range);
    let mut evidence = observe(&terms, &[(1_050, 5)]);
    for time in [1_050, 1_049, 1_000] {
        assert_eq!(evidence.accept(&terms, time, 99), Ok(false));
    }
    assert_eq!(evidence, observe(&terms, &[(1_050, 5)]));
}

#[test]
fn coverage_at_exactly_the_minimum_suffices() {
    // Covered: 1,000 to 1,010, then a gap, then 1,060 to the tail's end at 1,070.
    let tail = terms_with(Statistic::Change, |terms| terms.end = 1_070);
    let samples = [(1_000, 3), (1_010, 4), (1_060, 8)];
    assert_eq!(observe(&tail, &samples).covered_at_end_s(&tail), 20);
    let over = |end: i64, coverage_min_ppm: u32| {
        terms_with(Statistic::Change, |terms| {
            (terms.end, terms.coverage_min_ppm) = (end, coverage_min_ppm)
        })
    };
    // 20 of 70 seconds are 285,714.28… millionths.
    assert_finds(&over(1_070, 285_714), &samples, value(5));
    assert_finds(&over(1_070, 285_715), &samples, Finding::Void);
    let half = over(1_040, 500_000);
    assert_finds(&half, &[(1_000, 3), (1_010, 4), (1_030, 8)], value(5));
    assert_finds(&half, &[(1_000, 3), (1_009, 4), (1_030, 8)], Finding::Void);
    let all = terms_with(Statistic::Change, |terms| terms.coverage_min_ppm = 1_000_000);
    assert_finds(&all, &steady(10, 7), value(0));
    assert_finds(&all, &steady(10, 7)[1..], Finding::Void);
}

#[test]
fn a_gap_is_longer_than_its_maximum() {
    let terms = terms_of(Statistic::Average);
    let covered_s = |samples: &[(i64, i64)]| observe(&terms, samples).covered_at_end_s(&terms);
    assert_eq!(covered_s(&[(1_000, 1), (1_010, 1)]), 10);
    assert_eq!(covered_s(&[(1_000, 1), (1_011, 1)]), 0);
    assert_eq!(covered_s(&[(1_090, 1)]), 10);
    assert_eq!(covered_s(&[(1_089, 1)]), 0);
    assert_eq!(covered_s(&[(1_100, 1)]), 0);
    let apart = observe(&terms, &[(1_000, 1), (1_003, 1), (1_020, 1)]);
    assert_eq!(apart.longest_gap_s, 17);
}

#[test]
fn a_proven_touch_stands_without_coverage() {
    for statistic in [Statistic::TouchUp, Statistic::TouchDown] {
        let terms = terms_with(statistic, |terms| terms.coverage_min_ppm = 1_000_000);
        let mut evidence = observe(&terms, &[(1_040, 50), (1_050, 50)]);
        assert_eq!(evidence.finding_early(&terms), None);
        assert_eq!(evidence.finding_at_end(&terms), Ok(Finding::Void));
        assert_eq!(evidence.accept(&terms, 1_060, 50), Ok(true));
        assert_eq!(evidence.passage_time, 1_060);
        assert_eq!(evidence.finding_early(&terms), Some(Finding::Touched));
        // Neither a value on the other side nor the rest of the window unseen undoes it.
        for (time, away) in [(1_061, i64::MIN), (1_062, i64::MAX)] {
            assert_eq!(evidence.accept(&terms, time, away), Ok(true));
            assert_eq!(evidence.passage_time, 1_060);
        }
        assert_eq!(evidence.finding_at_end(&terms), Ok(Finding::Touched));
    }
}

#[test]
fn a_run_breaks_at_the_other_side_and_at_a_gap() {
    let terms = terms_of(Statistic::TouchUp);
    let early = |samples: &[(i64, i64)]| observe(&terms, samples).finding_early(&terms);
    let at = |time: i64| (time, 50);
    assert_eq!(early(&[at(1_000), at(1_010), at(1_020)]), Some(Finding::Touched));
    assert_eq!(early(&[at(1_000), at(1_010), at(1_019)]), None);
    assert_eq!(early(&[at(1_000), (1_010, 49), at(1_020)]), None);
    assert_eq!(early(&[at(1_000), at(1_011), at(1_020)]), None);
    // The sample after a gap begins a run of its own.
    let again = [at(1_000), at(1_011), at(1_021), at(1_031)];
    assert_eq!(early(&again), Some(Finding::Touched));
    // However quiet the window, the answer no waits for its end.
    let quiet = observe(&terms, &steady(10, 49));
    assert_eq!(quiet.finding_early(&terms), None);
    assert_eq!(quiet.finding_at_end(&terms), Ok(Finding::Untouched));
}

#[test]
fn an_unsustained_touch_is_the_first_sample_at_the_barrier() {
    let terms = terms_with(Statistic::TouchDown, |terms| terms.sustain_s = 0);
    let evidence = observe(&terms, &[(1_000, 51), (1_090, 50)]);
    assert_eq!((evidence.passage_time, evidence.run_start), (1_090, 1_090));
    let evidence = observe(&terms, &[(1_000, 51), (1_090, 51)]);
    assert_eq!(evidence.passage_time, NEVER);
}

#[test]
fn the_last_value_must_be_near_the_end() {
    let terms = terms_of(Statistic::Last);
    assert_finds(&terms, &[(1_000, 3), (1_090, 8)], value(8));
    assert_finds(&terms, &[(1_000, 3), (1_089, 8)], Finding::Void);
}

#[test]
fn the_first_value_needs_no_coverage() {
    let terms = terms_of(Statistic::First);
    let evidence = observe(&terms, &[(1_100, i64::MIN)]);
    assert_eq!(evidence.finding_early(&terms), Some(value(i64::MIN.into())));
    assert_finds(&terms, &[(1_001, 4), (1_002, 5)], value(4));
}

#[test]
fn an_average_weighs_values_by_covered_time() {
    let terms = terms_of(Statistic::Average);
    // 10 for 10 s, a gap, 40 for 5 s, 70 for a tail of 4 s.
    let samples = [(1_000, 10), (1_010, 20), (1_091, 40), (1_096, 70)];
    let expected = ratio(100 + 200 + 280, 19);
    assert_finds(&terms, &samples, expected);
    // A sample at the very end closes an interval and opens none.
    assert_finds(&terms, &[(1_095, 6), (1_100, i64::MAX)], ratio(30, 5));
    // Never covered, even where no coverage is asked for.
    assert_finds(&terms, &[(1_000, 10), (1_050, 20)], Finding::Void);
}

#[test]
fn differences_of_extremes_are_exact() {
    let samples = [(1_000, i64::MAX), (1_001, i64::MIN)];
    let span = i128::from(u64::MAX);
    assert_finds(&terms_of(Statistic::Range), &samples, value(span));
    assert_finds(&terms_of(Statistic::Change), &samples, value(-span));
    let longest = terms_with(Statistic::Average, |terms| {
        (terms.end, terms.max_gap_s) = (1_000 + i64::from(i32::MAX), u32::MAX)
    });
    for extreme in [i64::MIN, i64::MAX] {
        let numerator = i128::from(extreme) * i128::from(i32::MAX);
        let expected = ratio(numerator, i32::MAX as u64);
        assert_finds(&longest, &[(1_000, extreme)], expected);
        assert_finds(&longest, &[(1_000, extreme), (2_000_000_000, extreme)], expected);
    }
}

#[test]
fn a_variance_chains_first_samples_of_consecutive_cells() {
    let terms = terms_of(Statistic::Variance);
    // Cells 0, 1 and 2: the second sample of cell 1 does not count; cell 3 is empty; 4 and 5 begin anew.
    let before = [(1_009, 1), (1_010, 4), (1_019, 99), (1_020, 2)];
    let after = [(1_045, 50), (1_050, 57)];
    assert_finds(&terms, &[&before[..], &after[..]].concat(), value(9 + 4 + 49));
    // The last cell of the window holds its last second alone.
    assert_finds(&terms, &[(1_099, 1), (1_100, 4)], value(9));
    assert_finds(&terms, &[(1_000, 1)], value(0));
}

#[test]
fn a_variance_beyond_its_integer_is_a_fault() {
    let terms = terms_of(Statistic::Variance);
    let mut evidence = observe(&terms, &[(1_000, i64::MIN), (1_010, i64::MAX)]);
    assert_eq!(evidence.squares, u128::from(u64::MAX) * u128::from(u64::MAX));
    assert_eq!(evidence.finding_at_end(&terms), Err(Fault::Overflow));
    let before = evidence;
    assert_eq!(evidence.accept(&terms, 1_020, i64::MIN), Err(Fault::Overflow));
    assert_eq!(evidence, before);
    // The faulty sample has left no trace: the same second can still be observed.
    assert_eq!(evidence.accept(&terms, 1_020, i64::MAX), Ok(true));
}
