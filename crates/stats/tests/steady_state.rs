//! Warm-up of simulated series: when it is found to be over, and what is left of it then.

mod support;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use support::normal;
use tachy_stats::{Phase, SteadyState, SteadyStateOptions};

/// What multiplies the level of a series from sample to sample.
#[derive(Clone, Copy, Debug)]
enum Noise {
    None,
    /// A standard deviation of 1%.
    Small,
    /// A standard deviation of 5%, and every twentieth sample ten times as long.
    Outliers,
    /// A standard deviation of 3%, neighbours correlated by 0.9.
    Correlated,
    /// As small noise, on a clock whose tick is 5% of a sample.
    Quantised,
}

const NOISES: [Noise; 5] =
    [Noise::None, Noise::Small, Noise::Outliers, Noise::Correlated, Noise::Quantised];

/// Feeds `level(i)` with noise until the detector decides.
fn run(level: impl Fn(usize) -> f64, noise: Noise, seed: u64) -> Phase {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut steady =
        SteadyState::new(SteadyStateOptions { patience: 3000, ..SteadyStateOptions::default() });
    let mut state = 0.0;
    let mut i = 0;
    while steady.phase() == Phase::WarmingUp {
        let z = normal(&mut rng);
        let duration = level(i)
            * match noise {
                Noise::None => 1.0,
                Noise::Small | Noise::Quantised => 1.0 + 0.01 * z,
                Noise::Outliers => {
                    (1.0 + 0.05 * z) * if rng.random::<f64>() < 0.05 { 10.0 } else { 1.0 }
                }
                Noise::Correlated => {
                    state = 0.9 * state + 0.436 * z;
                    1.0 + 0.03 * state
                }
            };
        let duration = if matches!(noise, Noise::Quantised) {
            (duration * 20.0).round() / 20.0
        } else {
            duration
        };
        steady.observe(duration).expect("simulated durations are valid");
        i += 1;
    }
    steady.phase()
}

/// In 100 runs: how often it became steady, and after how many samples, ascending.
fn steady_after(level: impl Fn(usize) -> f64, noise: Noise) -> Vec<usize> {
    let phases = (0..100).map(|seed| run(&level, noise, seed));
    let mut after: Vec<usize> = phases
        .filter_map(|phase| if let Phase::Steady { after } = phase { Some(after) } else { None })
        .collect();
    after.sort_unstable();
    after
}

#[test]
fn a_steady_series_is_soon_found_steady() {
    for noise in NOISES {
        let after = steady_after(|_| 1.0, noise);
        println!(
            "constant, {noise:?}: steady in {}, median after {}",
            after.len(),
            after[after.len() / 2]
        );
        let (least, latest) =
            if matches!(noise, Noise::Correlated) { (95, 300) } else { (100, 40) };
        assert!(after.len() >= least && after[50] <= latest, "{noise:?}: {after:?}");
    }
}

/// Interpreter, first compiler, second compiler; then an exponential approach. In nearly every run less
/// than 1% of the excess is left, and the wait is in proportion to the warm-up.
#[test]
fn warm_ups_are_waited_for() {
    let steps = |i: usize| match i {
        0..8 => 9.0,
        8..20 => 3.0,
        20..60 => 1.0 + (60 - i) as f64 / 40.0,
        _ => 1.0,
    };
    let quick = |i: usize| 1.0 + 4.0 * (-(i as f64) / 10.0).exp();
    let slow = |i: usize| 1.0 + 4.0 * (-(i as f64) / 50.0).exp();
    type Level = fn(usize) -> f64;
    let series: [(&str, Level, usize); 3] =
        [("steps", steps, 250), ("quick decay", quick, 250), ("slow decay", slow, 1100)];
    for (name, level, latest) in series {
        for noise in [Noise::None, Noise::Small, Noise::Outliers, Noise::Quantised] {
            let after = steady_after(level, noise);
            let left = level(after[5]) - 1.0;
            println!(
                "{name}, {noise:?}: steady in {}, after {} … {} … {}, left {left:.4}",
                after.len(),
                after[5],
                after[50],
                after[94]
            );
            assert_eq!(after.len(), 100, "{name}, {noise:?}");
            assert!(left < 0.01 && after[50] <= latest, "{name}, {noise:?}: {after:?}");
        }
    }
}

#[test]
fn a_drift_is_never_steady() {
    for (share, noise) in
        [(0.01, Noise::None), (0.01, Noise::Small), (0.01, Noise::Outliers), (0.002, Noise::Small)]
    {
        let rising = steady_after(|i| 1.0 + share * i as f64, noise);
        println!("drift of {share}, {noise:?}: taken for steady in {}", rising.len());
        assert!(rising.len() <= 3, "{share} {noise:?}: {rising:?}");
    }
    assert_eq!(run(|i| 1.0 + 0.01 * i as f64, Noise::None, 0), Phase::NeverSteady { after: 3000 });
}

#[test]
fn patience_and_window_may_be_given_in_time() {
    let options = SteadyStateOptions {
        window_time: 1000.0,
        patience_time: 5000.0,
        ..SteadyStateOptions::default()
    };
    let mut flat = SteadyState::new(options);
    while flat.observe(10.0).unwrap() == Phase::WarmingUp {}
    let Phase::Steady { after } = flat.phase() else { panic!("{:?}", flat.phase()) };
    assert!((100..200).contains(&after), "{after}");
    assert_eq!(flat.warm_up().len(), after);
    assert_eq!(flat.observe(1e9).unwrap(), flat.phase());

    let mut rising = SteadyState::new(options);
    let mut duration = 10.0;
    while rising.observe(duration).unwrap() == Phase::WarmingUp {
        duration += 1.0;
    }
    assert!(matches!(rising.phase(), Phase::NeverSteady { after } if after < 100));
    assert!(SteadyState::new(options).observe(f64::NAN).is_err());
}
