//! Quantiles and summaries, against NumPy's `quantile(..., method="median_unbiased")` and by simulation.

mod support;

use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use support::normal;
use tachy_stats::{InvalidSample, Samples, samples_needed};

fn samples(values: &[f64]) -> Samples {
    Samples::new(values.to_vec()).expect("valid samples")
}

#[test]
fn quantiles_agree_with_numpy() {
    let few = samples(&[12.1, 11.9, 12.4, 30.0, 11.9, 12.0, 12.7, 13.1, 12.2, 12.3, 15.5, 11.8]);
    // (i · 7919 mod 1009 / 7)² visits 1009 different values in a scrambled order.
    let many: Vec<f64> = (0..1009).map(|i| ((i * 7919 % 1009) as f64 / 7.0).powi(2)).collect();
    let many = samples(&many);
    for (samples, p, expected) in [
        (&few, 0.1, 11.856666666666667),
        (&few, 0.25, 11.941666666666666),
        (&few, 0.5, 12.25),
        (&few, 0.75, 12.933333333333334),
        (&few, 0.9, 21.78333333333334),
        (&many, 0.001, 0.0069931972789115645),
        (&many, 0.01, 1.8185034013605441),
        (&many, 0.05, 50.616326530612255),
        (&many, 0.5, 5184.0),
        (&many, 0.95, 18737.702040816326),
        (&many, 0.99, 20349.978503401362),
        (&many, 0.999, 20721.908707482995),
    ] {
        let found = samples.sorted().unwrap().quantile(p).unwrap();
        assert!((found / expected - 1.0).abs() < 1e-12, "p = {p}: {found}, expected {expected}");
    }
    let summary = few.summary().unwrap();
    assert!((summary.median_absolute_deviation - 0.35).abs() < 1e-12);
    assert!((summary.mean - 13.991_666_666_666_667).abs() < 1e-12);
}

#[test]
fn a_quantile_needs_a_sample_beyond_it() {
    let needed = [0.5, 0.25, 0.75, 0.9, 0.95, 0.99, 0.999, 0.01, 0.9999].map(samples_needed);
    assert_eq!(needed, [1, 4, 4, 10, 20, 100, 1000, 100, 10_000].map(Some));
    assert_eq!([0.0, 1.0, -0.1, 1.1, f64::NAN].map(samples_needed), [None; 5]);

    let summary_of = |n: usize| samples(&vec![1.0; n]).summary().unwrap();
    assert_eq!((summary_of(99).p99, summary_of(100).p99), (None, Some(1.0)));
    assert_eq!((summary_of(999).p99_9, summary_of(1000).p99_9), (None, Some(1.0)));
    assert_eq!(summary_of(1).median, 1.0);
    assert_eq!(Samples::default().summary(), None);
}

/// The reason for type 8: about half of all samples put their p99 above the true one, whereas the
/// common type 7 does so much more rarely.
#[test]
fn tail_quantiles_are_median_unbiased() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let truth = (0.3_f64 * 2.326_347_874).exp();
    let (mut above, mut above_type_7) = (0, 0);
    let trials = 2000;
    for _ in 0..trials {
        let values: Vec<f64> = (0..100).map(|_| (0.3 * normal(&mut rng)).exp()).collect();
        let sorted = samples(&values).sorted().unwrap();
        above += usize::from(sorted.quantile(0.99).unwrap() > truth);
        let (low, high) = (sorted.values()[98], sorted.values()[99]);
        above_type_7 += usize::from(low + 0.01 * (high - low) > truth);
    }
    let share = |count: usize| count as f64 / trials as f64;
    assert!((share(above) - 0.5).abs() < 0.08, "type 8: {}", share(above));
    assert!(share(above_type_7) < 0.35, "type 7: {}", share(above_type_7));
}

#[test]
fn values_that_no_clock_gives_are_refused() {
    assert!(matches!(
        Samples::new(vec![1.0, f64::NAN]),
        Err(InvalidSample::NotFinite { index: 1, .. })
    ));
    assert!(Samples::new(vec![f64::INFINITY]).is_err());
    assert_eq!(Samples::new(vec![-1.0]), Err(InvalidSample::Negative { index: 0, value: -1.0 }));
    let mut series = samples(&[2.0]);
    assert!(series.push(-0.5).is_err());
    series.push(0.0).unwrap();
    assert_eq!(series.values(), [2.0, 0.0]);
    assert!(serde_json::from_str::<Samples>("[1.0, -2.0]").is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_plain_list_round_trips(values in prop::collection::vec(0.0..1e12_f64, 0..50)) {
        let series = samples(&values);
        let json = serde_json::to_string(&series).unwrap();
        prop_assert_eq!(&json, &serde_json::to_string(&values).unwrap());
        prop_assert_eq!(serde_json::from_str::<Samples>(&json).unwrap(), series);
    }

    #[test]
    fn a_summary_is_ordered_and_scales(values in prop::collection::vec(0.0..1e9_f64, 1..300)) {
        let summary = samples(&values).summary().unwrap();
        let ladder = [
            Some(summary.min), summary.p25, Some(summary.median), summary.p75,
            summary.p90, summary.p95, summary.p99, Some(summary.max),
        ];
        let ladder: Vec<f64> = ladder.into_iter().flatten().collect();
        prop_assert!(ladder.is_sorted(), "{:?}", ladder);
        prop_assert!(summary.min <= summary.mean && summary.mean <= summary.max);

        let doubled: Vec<f64> = values.iter().rev().map(|x| 2.0 * x).collect();
        let doubled = samples(&doubled).summary().unwrap();
        prop_assert_eq!(doubled.median, 2.0 * summary.median);
        prop_assert_eq!(doubled.median_absolute_deviation, 2.0 * summary.median_absolute_deviation);
        prop_assert_eq!(doubled.p90, summary.p90.map(|x| 2.0 * x));
    }
}
