//! Checks against baselines, of runs that are known.

mod support;

use support::{benchmark, measurement, run};
use tachy_measure::Metric;
use tachy_measure::gate::{Class, Compared, Conclusion, Status, Thresholds};
use tachy_stats::Severity;
use tachy_store::{
    BaselineCheck, BaselineComparison, Benchmark, Confirmation, Outcome, REFERENCE, Run,
};

/// Times of five processes that differ by some thousandths, around a typical one.
fn times(typical: f64) -> [[f64; 3]; 5] {
    [0.998, 1.003, 1.001, 0.997, 1.002]
        .map(|process| [0.999, 1.0, 1.001].map(|sample| typical * process * sample))
}

fn timed(name: &str, metric: Metric, typical: f64) -> Benchmark {
    let times = times(typical);
    let processes: Vec<&[f64]> = times.iter().map(|process| &process[..]).collect();
    benchmark(name, vec![measurement(metric, &processes)])
}

/// A run of four benchmarks whose second takes so many times as long.
fn four(started: u64, second: f64) -> Run {
    let of = |(place, factor): (usize, f64)| {
        timed(&format!("benchmark {place}"), Metric::Run, 1e-3 * factor)
    };
    run(started, [1.0, second, 1.0, 1.0].into_iter().enumerate().map(of).collect())
}

fn check(reference: Run, candidate: Run, confirmation: Confirmation) -> BaselineCheck {
    BaselineCheck {
        name: "release".to_owned(),
        comparisons: vec![BaselineComparison { reference, candidate, confirmation }],
        thresholds: Thresholds::default(),
        margin: 0.01,
        started: 0,
        duration: 0.0,
    }
}

fn classes(conclusion: &Conclusion) -> Vec<Class> {
    conclusion.verdicts.iter().map(|verdict| verdict.class).collect()
}

#[test]
fn a_slow_down_is_a_regression_once_it_has_shown_twice() {
    let (before, now) = (four(1, 1.0), four(2, 1.2));
    let mut check = check(before, now, Confirmation::Pending);
    let awaiting: Vec<&str> =
        check.awaiting_confirmation()[0].iter().map(|benchmark| &*benchmark.name).collect();
    assert_eq!(awaiting, ["benchmark 1"]);
    assert_eq!(check.conclusion().status(), Status::AllPass, "once is not enough");
    assert_eq!(check.conclusion().verdicts[1].class, Class::Unsure);

    check.comparisons[0].confirmation = Confirmation::Measured(Box::new(four(3, 1.2)));
    let conclusion = check.conclusion();
    assert_eq!(conclusion.status(), Status::HasRegressions);
    let expected = [Class::Same, Class::Regression(Severity::Moderate), Class::Same, Class::Same];
    assert_eq!(classes(&conclusion), expected);
    assert!((conclusion.verdicts[1].ratio.value - 1.2).abs() < 1e-9);

    check.comparisons[0].confirmation = Confirmation::Measured(Box::new(four(3, 1.0)));
    let conclusion = check.conclusion();
    assert_eq!(conclusion.status(), Status::AllPass);
    assert!(conclusion.verdicts[1].reason.contains("did not show"), "{conclusion:?}");
}

#[test]
fn a_slow_down_within_the_threshold_is_tolerated_and_each_metric_has_its_own() {
    let metrics = [Metric::Run, Metric::Compile, Metric::FirstCall, Metric::PeakMemory];
    let of = |started, factor: f64| {
        let of = |metric: Metric| timed(metric.name(), metric, 1e6 * factor);
        run(started, metrics.into_iter().map(of).collect())
    };
    let mut check = check(of(1, 1.0), of(2, 1.2), Confirmation::Impossible);
    let moderate = Class::Regression(Severity::Moderate);
    assert_eq!(classes(&check.conclusion()), [moderate; 4]);
    check.thresholds = Thresholds { time: 0.3, compile: 0.1, first_call: 0.3, memory: 0.1 };
    let expected = [Class::Tolerated, moderate, Class::Tolerated, moderate];
    assert_eq!(classes(&check.conclusion()), expected);
}

#[test]
fn what_begins_to_allocate_is_a_regression() {
    let allocating = |started, counts: [f64; 2]| {
        let counts: Vec<Vec<f64>> = vec![counts.to_vec(); 5];
        let processes: Vec<&[f64]> = counts.iter().map(|process| &process[..]).collect();
        let allocations = measurement(Metric::Allocations, &processes);
        run(started, vec![benchmark("parse", vec![allocations])])
    };
    let conclude = |before, now| {
        check(allocating(1, before), allocating(2, now), Confirmation::Impossible).conclusion()
    };
    let conclusion = conclude([0.0, 0.0], [1.0, 1.0]);
    assert_eq!(classes(&conclusion), [Class::Regression(Severity::Critical)]);
    assert_eq!(conclusion.verdicts[0].medians, [0.0, 1.0]);
    assert!(conclusion.verdicts[0].reason.ends_with("counted from one, as there were none"));
    assert_eq!(classes(&conclude([1.0, 1.0], [0.0, 0.0])), [Class::Improvement]);
    assert_eq!(classes(&conclude([0.0, 0.0], [0.0, 0.0])), [Class::Same]);
    assert_eq!(classes(&conclude([8.0, 8.0], [8.0, 8.0])), [Class::Same]);
}

#[test]
fn a_slower_machine_is_no_slower_code() {
    let with_kernel = |started, kernel: f64, code: f64| {
        let mut run = four(started, 1.0);
        for benchmark in &mut run.benchmarks {
            *benchmark = timed(&benchmark.name, Metric::Run, 1e-3 * code);
        }
        run.benchmarks.push(timed("memory", Metric::PeakMemory, 1e6));
        run.benchmarks
            .push(Benchmark { name: REFERENCE.into(), ..timed("", Metric::Time, kernel) });
        run
    };
    let conclude =
        |now: Run| check(with_kernel(1, 2e-5, 1.0), now, Confirmation::Impossible).conclusion();
    let conclusion = conclude(with_kernel(2, 2.6e-5, 1.3));
    assert_eq!(conclusion.status(), Status::AllPass);
    assert!(conclusion.verdicts.iter().all(|verdict| (verdict.ratio.value - 1.0).abs() < 1e-9));
    assert!(matches!(conclusion.compared, Compared::Baseline { speed_removed: true, .. }));
    // What the kernel has not become slower by, the code has; and memory knows no speed.
    let conclusion = conclude(with_kernel(2, 2e-5, 1.3));
    let major = Class::Regression(Severity::Major);
    assert_eq!(classes(&conclusion), [major, major, major, major, Class::Same]);
}

#[test]
fn what_was_measured_and_no_longer_can_be_is_a_failure() {
    let mut now = four(2, 1.0);
    now.benchmarks[1].outcome =
        Outcome::Failed { stage: None, message: "the engine crashed.".to_owned() };
    now.benchmarks.remove(3);
    let conclusion = check(four(1, 1.0), now, Confirmation::Impossible).conclusion();
    assert_eq!(conclusion.status(), Status::HasFailures);
    let told: Vec<&str> = conclusion.failures.iter().map(|failure| &*failure.how).collect();
    assert_eq!(told.len(), 2);
    assert!(told[0].ends_with("the engine crashed") && told[1].contains("was not measured now"));
    assert_eq!(conclusion.measured, (2, 4));
}
