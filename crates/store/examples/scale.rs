//! How quickly a large store answers: ten million measurements, 10,000 series over 1,000 runs.
//!
//! `cargo run --release -p tachy-store --example scale -- FILE [RUNS]` makes the store in FILE (about 3 GB) if it is not
//! there, then times what `tachy history` and a check ask for.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

use tachy_measure::{Clock, Environment, Measurement, Metric, Series};
use tachy_stats::Samples;
use tachy_store::{Benchmark, HistoryFilter, Outcome, Place, Run, RunId, Store};

const BENCHMARKS: u64 = 2_500;
const METRICS: [Metric; 4] = [Metric::Run, Metric::Call, Metric::Compile, Metric::PeakMemory];
const PROCESSES: u64 = 5;
/// 2026-01-01, in milliseconds.
const START: u64 = 1_767_225_600_000;

/// Splitmix64 (Steele, Lea and Flood 2014), from 0 to 1.
fn random(state: &mut u64) -> f64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)) as f64 / u64::MAX as f64
}

fn run(number: u64, environment: &Environment, state: &mut u64) -> Run {
    let started = START + number * 3_600_000;
    let mut measurement = |metric: Metric, base: f64| {
        let per_process = if metric == Metric::Run || metric == Metric::Call { 3 } else { 1 };
        let series = |_| {
            let values = (0..per_process).map(|_| base * (1.0 + 0.01 * random(state))).collect();
            Series {
                samples: Samples::new(values).expect("positive numbers"),
                rounds: Vec::new(),
                calls_per_sample: 1,
            }
        };
        let processes = (0..PROCESSES).map(series).collect();
        Measurement { metric, unit: metric.unit(), processes }
    };
    let benchmark = |place: u64| Benchmark {
        name: format!("model-{:03}", place / 10),
        parameters: BTreeMap::from([
            ("device".to_owned(), "cpu".to_owned()),
            ("batch".to_owned(), (place % 10 + 1).to_string()),
        ]),
        outcome: Outcome::Measured {
            agreement: None,
            measurements: METRICS.map(|metric| measurement(metric, 1e-3)).into(),
            warm_ups: Vec::new(),
        },
    };
    Run {
        id: RunId::new(started),
        started,
        command: "bench".to_owned(),
        environment: environment.clone(),
        labels: BTreeMap::new(),
        benchmarks: (0..BENCHMARKS).map(benchmark).collect(),
    }
}

/// The time of each of several repetitions, in milliseconds.
fn timed<T>(what: &str, mut work: impl FnMut() -> T) -> T {
    let mut times = Vec::new();
    let mut result = None;
    for _ in 0..7 {
        let start = Instant::now();
        result = Some(work());
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    let first = times[0];
    times.sort_by(f64::total_cmp);
    println!(
        "{what}: first {first:.1} ms, median of 7 {:.1} ms, slowest {:.1} ms",
        times[3], times[6]
    );
    result.expect("it ran")
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = PathBuf::from(arguments.next().ok_or("name the file of the store")?);
    let runs: u64 = arguments.next().map_or(Ok(1_000), |text| text.parse())?;
    let environment = Environment::of_this_machine(Clock::measure());
    println!(
        "{}, {} processors, {}, {}; commit {}",
        environment.processor,
        environment.logical_processors,
        environment.system,
        environment.compiler.as_deref().unwrap_or("compiler unknown"),
        environment.commit.as_deref().unwrap_or("unknown"),
    );
    let mut store = tachy_store::open(&Place::File(path.clone()))?;
    let present = store.ids()?.len() as u64;
    let start = Instant::now();
    let mut state = present;
    for number in present..runs {
        store.save(&run(number, &environment, &mut state))?;
    }
    let made = runs.saturating_sub(present);
    if made > 0 {
        let each = start.elapsed().as_secs_f64() / made as f64;
        println!(
            "{made} runs of {} measurements stored, {:.0} ms each",
            BENCHMARKS * 4,
            each * 1e3
        );
    }
    println!("{} bytes for {} measurements", path.metadata()?.len(), runs * BENCHMARKS * 4);

    drop(store);
    let mut store = timed("open", || tachy_store::open(&Place::File(path.clone())))?;
    ask(&mut *store)
}

fn ask(store: &mut dyn Store) -> Result<(), Box<dyn std::error::Error>> {
    let one = HistoryFilter {
        words: vec!["model-123".to_owned(), "batch=7".to_owned()],
        metrics: vec![Metric::Run],
        ..HistoryFilter::default()
    };
    let found = timed("history of one series", || store.history(&one))?;
    assert_eq!(found.len(), 1);
    let screen = HistoryFilter {
        metrics: vec![Metric::Run, Metric::Time],
        series: 21,
        ..HistoryFilter::default()
    };
    let found = timed("history without a filter, 21 series", || store.history(&screen))?;
    println!("  {} points", found.iter().map(|history| history.points.len()).sum::<usize>());
    let latest = store.find("latest")?;
    let run = timed("check: a baseline with all that was measured in it", || store.run(latest))?;
    println!("  {} measurements", run.benchmarks.len() * METRICS.len());
    Ok(())
}
