//! Histories: flat ones left alone, steps named by their commit, drifts found, the machine's speed taken out.

mod support {
    pub mod machine;
    pub mod series;
}

use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use support::machine::{SPREADS, Spread, normal};
use support::series::{analysed, drifts, flagged, series, steps, steps_of_three};
use tachy_stats::{
    Balance, DivisiveOptions, HistoryOptions, InvalidReference, Outcome, Samples, Severity,
    SpeedRemoval, analyse, e_divisive, potts, remove_machine_speed,
};

fn samples(values: Vec<f64>) -> Samples {
    Samples::new(values).expect("valid samples")
}

#[test]
fn flat_series_are_left_alone() {
    for spread in SPREADS {
        for (count, trials) in [(30, 2000), (100, 1500), (1000, 300)] {
            let share = flagged(spread, count, trials);
            println!("{spread:?}, {count} values: {:.2}%", 100.0 * share);
            // Half a percent is promised; four standard errors of 300 trials are 1.6%.
            let slack = 4.0 * (0.005 * 0.995 / trials as f64).sqrt();
            assert!(share <= 0.005 + slack, "{spread:?} {count}: {share}");
        }
    }
}

/// Two of the four noises leave room for an exact place at three deviations: whoever knew levels and
/// noise would name the commit in 85.7% (normal), 95.6% (log-normal), 95.4% (bimodal), 73.9% (heavy-tailed).
#[test]
fn steps_are_named_by_their_commit() {
    let least = [(0.80, 0.90), (0.82, 0.90), (0.90, 0.93), (0.60, 0.83)];
    for (spread, (least_of_one, least_of_three)) in SPREADS.into_iter().zip(least) {
        for count in [100, 400] {
            let (found, exact) = steps(spread, 3.0, count, 400);
            let of_three = steps_of_three(spread, 3.0, count, 400);
            println!(
                "{spread:?}, {count}: found {found:.3}, exact {exact:.3}, of three {of_three:.3}"
            );
            assert!(found >= 0.93, "{spread:?} {count}: {found}");
            assert!(exact >= least_of_one && of_three >= least_of_three, "{exact} {of_three}");
        }
    }
}

#[test]
fn drifts_of_a_tenth_are_found() {
    for spread in SPREADS {
        let share = drifts(spread, 0.03, 100, 300);
        println!("{spread:?}: {share:.3}");
        assert!(share >= 0.95, "{spread:?}: {share}");
    }
    let drift = series(Spread::Normal, 0.01, 200, 1, |i| 2.0 - 0.5 * i as f64 / 199.0);
    let drift = analysed(&drift).drift.unwrap();
    assert!((drift.ratio() - 0.75).abs() < 0.01, "{drift:?}");
    assert_eq!(drift.outcome(), Outcome::Faster);
}

#[test]
fn many_levels_are_told_apart() {
    let level = |i: usize| [1.0, 1.2, 1.1, 1.1, 1.4, 0.9, 0.9, 0.9, 1.0, 1.3][i / 60];
    let analysis = analysed(&series(Spread::Normal, 0.01, 600, 4, level));
    let found: Vec<usize> = analysis.changes.iter().map(|change| change.index).collect();
    assert_eq!(found, [60, 120, 240, 300, 480, 540]);
    let worst = analysis.changes[2];
    assert!(
        (worst.ratio() - 1.4 / 1.1).abs() < 0.01 && worst.severity() == Some(Severity::Moderate)
    );
    assert_eq!(analysis.changes[3].outcome(), Outcome::Faster);
    assert_eq!(Balance::of(analysis.outcomes()), Balance { faster: 2, slower: 4 });
    let json = serde_json::to_string(&analysis).unwrap();
    assert_eq!(serde_json::from_str::<tachy_stats::Analysis>(&json).unwrap(), analysis);
}

/// A short excursion up and back is what cutting in two misses.
#[test]
fn an_excursion_is_two_steps() {
    let excursion = |i: usize| if (480..520).contains(&i) { 1.06 } else { 1.0 };
    let analysis = analysed(&series(Spread::Normal, 0.02, 1000, 5, excursion));
    let found: Vec<usize> = analysis.changes.iter().map(|change| change.index).collect();
    assert!(matches!(found[..], [478..=482, 518..=522]), "{found:?}");
}

/// A regression is seen a few commits after it came, and no outlier passes for one.
#[test]
fn a_fresh_step_is_seen_soon() {
    let stepped =
        |count: usize| series(Spread::Normal, 0.01, count, 6, |i| if i < 300 { 1.0 } else { 1.3 });
    assert!(analysed(&stepped(302)).is_flat());
    let analysis = analysed(&stepped(303));
    assert_eq!(analysis.changes.iter().map(|change| change.index).collect::<Vec<_>>(), [300]);
    let outliers = series(Spread::Normal, 0.01, 300, 6, |i| if i % 97 == 96 { 5.0 } else { 1.0 });
    assert!(analysed(&outliers).is_flat());
}

#[test]
fn what_is_too_short_or_without_spread_is_flat() {
    for count in [0, 1, 7, 8, 500] {
        assert!(analysed(&samples(vec![3.0; count])).is_flat());
    }
    // A noiseless step, on a clock that ticks coarsely.
    let stepped = samples((0..60).map(|i| if i < 33 { 4.0 } else { 5.0 }).collect());
    let changes = analysed(&stepped).changes;
    assert_eq!((changes.len(), changes[0].index), (1, 33));
    assert_eq!((changes[0].before, changes[0].after), (4.0, 5.0));
}

#[test]
fn energy_distance_sees_steps_and_spread() {
    let options = DivisiveOptions::default();
    let stepped = series(Spread::LogNormal, 0.02, 120, 7, |i| if i < 50 { 1.0 } else { 1.08 });
    assert_eq!(e_divisive(stepped.values(), &options), [50]);
    let mut rng = ChaCha8Rng::seed_from_u64(8);
    let widened: Vec<f64> =
        (0..160).map(|i| if i < 80 { 1.0 } else { 8.0 } * normal(&mut rng)).collect();
    let found = e_divisive(&widened, &options);
    assert!(matches!(found[..], [76..=84]), "{found:?}");
    assert!(
        analyse(&samples(widened.iter().map(|x| x + 100.0).collect()), &HistoryOptions::default())
            .is_flat()
    );
    assert!(e_divisive(&[1.0; 40], &options).is_empty() && e_divisive(&[], &options).is_empty());

    let flat = (0..60).filter(|&seed| {
        let flat = series(Spread::HeavyTailed, 0.02, 40, seed, |_| 1.0);
        let options = DivisiveOptions { permutations: 99, ..options };
        !e_divisive(flat.values(), &options).is_empty()
    });
    // 0.6 are expected.
    assert!(flat.count() <= 4);
}

/// The machine slows down by a fifth half-way, which half of the code follows in full.
#[test]
fn the_speed_of_the_machine_is_taken_out() {
    let mut rng = ChaCha8Rng::seed_from_u64(10);
    let speed: Vec<f64> = (0..200)
        .map(|i| (0.02 * normal(&mut rng)).exp() * if i < 100 { 1.0 } else { 1.2 })
        .collect();
    let reference = samples(speed.iter().map(|speed| 5.0 * speed).collect());
    for (exponent, step) in [(1.0, 1.0), (0.5, 1.0), (0.0, 1.0), (1.0, 1.1)] {
        let values = samples(
            speed
                .iter()
                .enumerate()
                .map(|(i, speed)| {
                    let own = if i < 60 { 1.0 } else { step };
                    own * speed.powf(exponent) * (0.005 * normal(&mut rng)).exp()
                })
                .collect(),
        );
        let (freed, found) =
            remove_machine_speed(&values, &reference, SpeedRemoval::Regression).unwrap();
        assert!((found - exponent).abs() < 0.06, "{exponent}: {found}");
        let changes = analysed(&freed).changes;
        let places: Vec<usize> = changes.iter().map(|change| change.index).collect();
        let expected: &[usize] = if step == 1.0 { &[] } else { &[60] };
        // What noise is left in the exponent may leave a trace of the machine's own step, far below a percent.
        let own: Vec<usize> = changes
            .iter()
            .filter(|change| (change.ratio() - 1.0).abs() > 0.02)
            .map(|change| change.index)
            .collect();
        assert_eq!(own, expected, "{exponent} {step}: {places:?}");
    }
    let halved = samples(speed.iter().map(|speed| 3.0 * speed).collect());
    let (freed, exponent) =
        remove_machine_speed(&halved, &reference, SpeedRemoval::Division).unwrap();
    assert_eq!(exponent, 1.0);
    let first = freed.values()[0];
    assert!(freed.values().iter().all(|value| (value / first - 1.0).abs() < 1e-12));

    let removal = SpeedRemoval::Division;
    let error = remove_machine_speed(&samples(vec![1.0; 2]), &samples(vec![1.0]), removal);
    assert_eq!(error, Err(InvalidReference::Unequal { values: 2, references: 1 }));
    let error = remove_machine_speed(&samples(vec![1.0]), &samples(vec![0.0]), removal);
    assert_eq!(error, Err(InvalidReference::Zero { index: 0 }));
}

/// The cost of a division into levels.
fn cost(values: &[f64], splits: &[usize], penalty: f64) -> f64 {
    let ends = splits.iter().copied().chain([values.len()]);
    let mut from = 0;
    let mut total = penalty * splits.len() as f64;
    for to in ends {
        let level = values[from..to].iter().sum::<f64>() / (to - from) as f64;
        total += values[from..to].iter().map(|x| (x - level) * (x - level)).sum::<f64>();
        from = to;
    }
    total
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// No other division of a short series costs less.
    #[test]
    fn potts_finds_the_optimum(
        values in prop::collection::vec(-3.0..3.0_f64, 1..11),
        penalty in 0.0..5.0_f64,
    ) {
        let found = cost(&values, &potts(&values, penalty), penalty);
        for chosen in 0..1_u32 << (values.len() - 1) {
            let splits: Vec<usize> = (1..values.len()).filter(|k| chosen >> (k - 1) & 1 == 1).collect();
            prop_assert!(found <= cost(&values, &splits, penalty) + 1e-9);
        }
    }

    /// Whatever the series: findings lie in order and apart, and neither a unit nor any increasing change of
    /// scale moves a step.
    #[test]
    fn analyses_are_consistent(
        levels in prop::collection::vec((0.5..2.0_f64, 1..40_usize), 1..6),
        seed in any::<u64>(),
    ) {
        let levels: Vec<f64> = levels.iter().flat_map(|&(level, count)| vec![level; count]).collect();
        let series = series(Spread::HeavyTailed, 0.05, levels.len(), seed, |i| levels[i]);
        let options = HistoryOptions::default();
        let analysis = analyse(&series, &options);
        let places = |series: &Samples| -> Vec<usize> {
            analyse(series, &options).changes.iter().map(|change| change.index).collect()
        };
        let indices = places(&series);
        let bounds: Vec<usize> =
            [0].into_iter().chain(indices.iter().copied()).chain([series.len()]).collect();
        if !indices.is_empty() {
            prop_assert!(bounds.windows(2).all(|pair| pair[0] + options.fewest <= pair[1]));
            prop_assert!(analysis.drift.is_none());
        }
        for change in &analysis.changes {
            prop_assert!(change.p_value <= options.false_alarm);
        }
        let scaled = samples(series.values().iter().map(|x| 4096.0 * x).collect());
        prop_assert_eq!(places(&scaled), indices.clone());
        let bent = samples(series.values().iter().map(|x| x.powi(3)).collect());
        prop_assert_eq!(places(&bent), indices);
    }
}
