//! What a store answers.

mod support;

use support::{benchmark, measurement, run, small, store};
use tachy_measure::Metric;
use tachy_store::{Baseline, HistoryFilter, InvalidRun, REFERENCE, RunId, StoreError, merge};

#[test]
fn runs_are_found_by_the_beginning_of_their_names() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = store(&folder.path().join("store.sqlite"));
    assert!(matches!(store.find("latest"), Err(StoreError::Empty(_))));
    let (early, late) = (small(1_000), small(1_795_000_000_000));
    // The order of saving does not matter: a run that is imported later may be older.
    store.save(&late).unwrap();
    store.save(&early).unwrap();
    assert_eq!(store.find("latest").unwrap(), late.id);
    assert_eq!(store.find(&early.id.to_string()[..8]).unwrap(), early.id);
    assert!(matches!(store.find("0"), Err(StoreError::Ambiguous { count: 2, .. })));
    assert!(matches!(store.find("f"), Err(StoreError::NoRun(_))));
    assert!(matches!(store.run(RunId::new(5)), Err(StoreError::NoRun(_))));
    let started: Vec<u64> = store.runs(9).unwrap().iter().map(|run| run.started).collect();
    assert_eq!(started, [1_795_000_000_000, 1_000]);
}

#[test]
fn a_history_holds_the_medians_of_every_process_in_order_of_time() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = store(&folder.path().join("store.sqlite"));
    for started in [30, 10, 20] {
        let mut run = small(started);
        let kernel = measurement(Metric::Time, &[&[0.5], &[0.25], &[1.0]]);
        if started != 20 {
            run.benchmarks.push(benchmark(REFERENCE, vec![kernel]));
        }
        store.save(&run).unwrap();
    }
    let filter = HistoryFilter {
        words: vec!["first".to_owned(), "device=cpu".to_owned()],
        metrics: vec![Metric::Run],
        ..HistoryFilter::default()
    };
    let histories = store.history(&filter).unwrap();
    assert_eq!(histories.len(), 1);
    assert_eq!(histories[0].key.to_string(), "first device=cpu: run on Example 9000, 2 processors");
    let points: Vec<_> = histories[0]
        .points
        .iter()
        .map(|point| (point.run.started, point.medians.clone(), point.reference))
        .collect();
    assert_eq!(
        points,
        [
            (10, vec![11.0, 10.0], Some(0.5)),
            (20, vec![21.0, 20.0], None),
            (30, vec![31.0, 30.0], Some(0.5))
        ]
    );
    let latest = store.history(&HistoryFilter { points: 1, ..filter.clone() }).unwrap();
    assert_eq!(latest[0].points[0].run.started, 30);
    assert_eq!(store.history(&HistoryFilter::default()).unwrap().len(), 4);
    assert_eq!(store.history(&HistoryFilter { series: 2, ..Default::default() }).unwrap().len(), 2);
    let nothing = HistoryFilter { words: vec!["third".to_owned()], ..filter };
    assert!(store.history(&nothing).unwrap().is_empty());
}

#[test]
fn baselines_are_made_moved_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = store(&folder.path().join("store.sqlite"));
    let (first, second) = (small(10), small(20));
    store.save(&first).unwrap();
    store.save(&second).unwrap();
    let baseline = |run: RunId, saved| Baseline { name: "release".to_owned(), run, saved };
    store.save_baseline(&baseline(first.id, 1)).unwrap();
    store.save_baseline(&baseline(second.id, 2)).unwrap();
    assert_eq!(store.baseline("release").unwrap().run, second.id);
    let message = store.baseline("main").unwrap_err().to_string();
    assert_eq!(message, "there is no baseline `main`: there are `release`.");
    assert!(matches!(store.save_baseline(&baseline(RunId::new(1), 3)), Err(StoreError::NoRun(_))));
    store.remove_baseline("release").unwrap();
    assert!(matches!(store.remove_baseline("release"), Err(StoreError::NoBaseline { .. })));
    assert_eq!(store.run(second.id).unwrap(), second);
}

#[test]
fn merging_twice_is_merging_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut into = store(&folder.path().join("into.sqlite"));
    let mut from = store(&folder.path().join("from.sqlite"));
    let runs: Vec<_> = (1..=4).map(|place| small(place * 10)).collect();
    for run in &runs[..3] {
        from.save(run).unwrap();
    }
    for run in &runs[2..] {
        into.save(run).unwrap();
    }
    let baseline = |name: &str, run: usize, saved| Baseline {
        name: name.to_owned(),
        run: runs[run].id,
        saved,
    };
    from.save_baseline(&baseline("later here", 2, 1)).unwrap();
    from.save_baseline(&baseline("later there", 0, 9)).unwrap();
    into.save_baseline(&baseline("later here", 3, 5)).unwrap();
    into.save_baseline(&baseline("later there", 3, 5)).unwrap();
    let merged = merge(&mut *from, &mut *into).unwrap();
    assert_eq!((merged.added, merged.known, merged.baselines), (2, 1, 1));
    let again = merge(&mut *from, &mut *into).unwrap();
    assert_eq!((again.added, again.known, again.baselines), (0, 3, 0));
    for run in &runs {
        assert_eq!(&into.run(run.id).unwrap(), run);
    }
    assert_eq!(into.baseline("later here").unwrap().run, runs[3].id);
    assert_eq!(into.baseline("later there").unwrap().run, runs[0].id);
}

#[test]
fn a_run_that_contradicts_itself_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = store(&folder.path().join("store.sqlite"));
    let time = || measurement(Metric::Time, &[&[1.0]]);
    let twice = run(1, vec![benchmark("a", vec![time()]), benchmark("a", vec![])]);
    let error = store.save(&twice).unwrap_err();
    assert!(matches!(error, StoreError::Invalid(InvalidRun::SameBenchmark { .. })), "{error}");
    let metric = run(1, vec![benchmark("a", vec![time(), time()])]);
    let error = store.save(&metric).unwrap_err();
    assert!(matches!(error, StoreError::Invalid(InvalidRun::SameMetric { .. })), "{error}");
    assert!(store.runs(1).unwrap().is_empty());
}
