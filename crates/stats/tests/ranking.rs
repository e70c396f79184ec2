//! Verdicts and rankings.

mod support;

use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use support::{ProcessEffect, device};
use tachy_stats::{
    Candidate, ComparisonOptions, Outcome, Reason, Remedy, ReplicationUnit, Samples,
    StatisticsError, Verdict, compare, rank, typical,
};

fn samples(values: &[f64]) -> Samples {
    Samples::new(values.to_vec()).expect("valid samples")
}

/// Processes with exactly these medians.
fn processes(medians: &[f64]) -> Vec<Samples> {
    medians.iter().map(|&m| samples(&[0.999 * m, m, 1.001 * m, 0.9995 * m, 1.0005 * m])).collect()
}

fn candidate(name: &str, processes: Vec<Samples>) -> Candidate {
    Candidate { name: name.into(), processes }
}

fn verdict(a: &[f64], b: &[f64]) -> Verdict {
    compare(&processes(a), &processes(b), &ComparisonOptions::default()).unwrap()
}

#[test]
fn verdicts_say_what_the_data_say() {
    let reference = [100.0, 101.0, 99.0, 100.5, 99.5];
    let faster = verdict(&[80.0, 81.0, 79.0, 80.5, 79.5], &reference);
    assert_eq!((faster.outcome, faster.remedy), (Outcome::Faster, None));
    assert!(faster.ratio.interval.unwrap().contains(0.8));
    assert_eq!(faster.ratio.replication.count, 5);
    assert_eq!(verdict(&[125.0, 126.0, 124.0], &reference).outcome, Outcome::Slower);

    let calm = [100.0, 100.1, 99.9, 100.05, 99.95];
    let same = verdict(&calm, &calm.map(|x| 1.003 * x));
    assert_eq!((same.outcome, same.reason), (Outcome::Same, Reason::WithinMargin(0.01)));

    let unsure = verdict(&[100.0, 103.0, 98.0], &[101.0, 97.0, 106.0]);
    assert_eq!((unsure.outcome, unsure.reason), (Outcome::Unsure, Reason::IntervalIncludesOne));
    assert!(unsure.remedy.is_some());
}

#[test]
fn one_process_is_never_sure_however_many_samples() {
    let series = |scale: f64| {
        samples(&(0..1000).map(|i| scale * (1.0 + 0.01 * (i % 7) as f64)).collect::<Vec<_>>())
    };
    let verdict = compare(&[series(1.0)], &[series(10.0)], &ComparisonOptions::default()).unwrap();
    assert_eq!((verdict.outcome, verdict.reason), (Outcome::Unsure, Reason::OneProcess));
    assert_eq!(verdict.ratio.replication.unit, ReplicationUnit::Block);
    assert!(verdict.ratio.interval.unwrap().high < 0.2);
    assert!(matches!(verdict.remedy, Some(Remedy::MoreProcesses(_))));
}

#[test]
fn five_samples_of_one_process_have_no_interval() {
    let options = ComparisonOptions::default();
    let interval = |n: usize| {
        let series: Vec<f64> = (0..n).map(|i| 1.0 + 0.01 * (i * 7 % 11) as f64).collect();
        typical(&[samples(&series)], &options).unwrap().interval
    };
    assert_eq!(interval(5), None);
    assert!(interval(8).is_some());
}

/// The remedy is a promise: with that many processes of the same spread, the verdict is sure.
#[test]
fn the_remedy_settles_it() {
    let spread = |scale: f64, count: usize| -> Vec<f64> {
        (0..count).map(|i| scale * (1.0 + 0.02 * [-1.0, 0.0, 1.0][i % 3])).collect()
    };
    let unsure = verdict(&spread(1.03, 3), &spread(1.0, 3));
    let Some(Remedy::MoreProcesses(count)) = unsure.remedy else { panic!("{unsure}") };
    // t(8) · √(2 · 0.02² / 5) = 0.029 is below ln 1.03 = 0.030; with four processes, 0.035 is not.
    assert_eq!(count, 5);
    assert_eq!(
        verdict(&spread(1.03, count.next_multiple_of(3)), &spread(1.0, count.next_multiple_of(3)))
            .outcome,
        Outcome::Slower
    );

    let hopeless = verdict(&[1.0, 2.0, 0.5], &[1.01, 0.5, 2.0]);
    assert_eq!(hopeless.remedy, Some(Remedy::QuieterMachine));
}

#[test]
fn verdicts_read_as_sentences() {
    let lines = [
        verdict(&[80.0, 81.0, 79.0, 80.5, 79.5], &[100.0, 101.0, 99.0, 100.5, 99.5]),
        verdict(&[100.0, 103.0, 98.0], &[101.0, 97.0, 106.0]),
        verdict(&[100.0, 100.1, 99.9], &[0.12, 0.122, 0.121]).reversed(),
    ]
    .map(|verdict| verdict.to_string());
    assert_eq!(
        lines,
        [
            "faster: 0.800× (0.790 to 0.811 at 95%, 5 processes): the interval of the ratio leaves 1 out",
            "unsure: 0.991× (0.904 to 1.085 at 95%, 3 processes): the interval of the ratio holds 1; \
             use a quieter machine: processes of one device differ too much for more of them to help",
            "faster: 0.00121× (0.00119 to 0.00123 at 95%, 3 processes): the interval of the ratio leaves 1 out",
        ]
    );
}

#[test]
fn clear_winners_are_ordered_and_ties_share_a_rank() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let mut make =
        |name, scale| candidate(name, device(&mut rng, scale, ProcessEffect::Normal, &[0.0; 5]));
    let candidates = [
        make("slow", 2.0),
        make("b", 1.0),
        make("fast", 0.5),
        make("a", 1.005),
        make("slowest", 4.0),
    ];
    let ranking = rank(&candidates, &ComparisonOptions::default()).unwrap();
    let ranks: Vec<(usize, bool)> =
        ranking.places.iter().map(|place| (place.rank, place.tied)).collect();
    assert_eq!(ranks, [(1, false), (2, true), (2, true), (4, false), (5, false)]);
    assert_eq!(
        (ranking.places[0].name.as_str(), ranking.places[4].name.as_str()),
        ("fast", "slowest")
    );
    assert_eq!(ranking.pairs, 10);
    assert!((ranking.pair_level - 0.995).abs() < 1e-12);
    let ranges: Vec<(usize, usize)> =
        ranking.places.iter().map(|place| (place.best_rank, place.worst_rank)).collect();
    assert_eq!(ranges, [(1, 1), (2, 3), (2, 3), (4, 4), (5, 5)]);
    assert!(ranking.places[0].to_previous.is_none() && ranking.places[1].to_previous.is_some());

    let json = serde_json::to_string(&ranking).unwrap();
    assert_eq!(serde_json::from_str::<tachy_stats::Ranking>(&json).unwrap(), ranking);
}

/// Eight equal devices must rarely be ordered: 5% of the rankings at most, all pairs together.
#[test]
fn equal_devices_are_rarely_ordered() {
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    let trials = 400;
    let mut ordered = 0;
    for _ in 0..trials {
        let candidates: Vec<Candidate> = (0..8)
            .map(|i| {
                candidate(&i.to_string(), device(&mut rng, 1.0, ProcessEffect::Normal, &[0.0; 4]))
            })
            .collect();
        let ranking =
            rank(&candidates, &ComparisonOptions { margin: 0.0, ..ComparisonOptions::default() })
                .unwrap();
        ordered += usize::from(ranking.places.iter().any(|place| place.best_rank > 1));
    }
    println!("falsely ordered rankings: {ordered} of {trials}");
    assert!(ordered as f64 / trials as f64 <= 0.07, "{ordered} of {trials}");
}

#[test]
fn errors_name_the_device() {
    let good = candidate("good", processes(&[1.0, 1.1]));
    let options = ComparisonOptions::default();
    let error =
        rank(&[good.clone(), candidate("idle", vec![samples(&[0.0])])], &options).unwrap_err();
    assert!(
        error.to_string().contains("\"idle\"") && error.to_string().contains("process 0 is zero"),
        "{error}"
    );
    assert_eq!(
        rank(&[good.clone(), good.clone()], &options),
        Err(StatisticsError::DuplicateName { name: "good".into() })
    );
    assert!(
        rank(std::slice::from_ref(&good), &ComparisonOptions { level: 1.0, ..options }).is_err()
    );
    assert!(rank(&[good], &ComparisonOptions { margin: f64::NAN, ..options }).is_err());
    assert!(rank(&[], &options).unwrap().places.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the data: the order of the input does not matter, ranks never fall, neighbours of
    /// different rank are clearly different, and every rank lies in its own range.
    #[test]
    fn rankings_are_consistent(
        medians in prop::collection::vec(prop::collection::vec(1.0..1.4_f64, 1..5), 0..6),
        shift in 0..6_usize,
    ) {
        let options = ComparisonOptions {
            resampling: tachy_stats::Resampling { resamples: 100, seed: 0 },
            ..ComparisonOptions::default()
        };
        let mut candidates: Vec<Candidate> = medians
            .iter()
            .enumerate()
            .map(|(i, medians)| candidate(&format!("device {i}"), processes(medians)))
            .collect();
        let ranking = rank(&candidates, &options).unwrap();
        if !candidates.is_empty() {
            let count = candidates.len();
            candidates.rotate_left(shift % count);
        }
        prop_assert_eq!(&rank(&candidates, &options).unwrap(), &ranking);
        for pair in ranking.places.windows(2) {
            prop_assert!(pair[0].typical.value <= pair[1].typical.value);
            prop_assert!(pair[0].rank <= pair[1].rank);
            if pair[0].rank < pair[1].rank {
                let verdict = pair[1].to_previous.unwrap();
                prop_assert!(verdict.ratio.interval.unwrap().low > 1.0);
            }
        }
        for place in &ranking.places {
            prop_assert!(place.best_rank <= place.worst_rank && place.worst_rank <= ranking.places.len());
        }
    }

    #[test]
    fn exchanging_the_sides_reverses_the_verdict(
        a in prop::collection::vec(1.0..1.2_f64, 2..6),
        b in prop::collection::vec(1.0..1.2_f64, 2..6),
    ) {
        let (there, back) = (verdict(&a, &b), verdict(&b, &a).reversed());
        prop_assert_eq!(there.outcome, back.outcome);
        let (there, back) = (there.ratio.interval.unwrap(), back.ratio.interval.unwrap());
        prop_assert!((there.low / back.low - 1.0).abs() < 1e-9 && (there.high / back.high - 1.0).abs() < 1e-9);
    }
}
