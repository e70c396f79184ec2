//! Results of other tools, as the tools wrote them.

use std::path::{Path, PathBuf};

use tachy_measure::Metric;
use tachy_store::{Benchmark, Outcome, Run, import};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// The run in a file. Reading it again gives the same name.
fn read(name: &str) -> Run {
    let run = import::read(&data(name)).unwrap();
    assert_eq!(import::read(&data(name)).unwrap(), run);
    run.check().unwrap();
    run
}

/// The samples of a metric, process by process.
fn samples(benchmark: &Benchmark, metric: Metric) -> Vec<Vec<f64>> {
    let found = benchmark.outcome.measurements().iter().find(|m| m.metric == metric);
    let processes = found.unwrap_or_else(|| panic!("{} has no {}", benchmark.name, metric.name()));
    processes.processes.iter().map(|series| series.samples.values().to_vec()).collect()
}

fn names(run: &Run) -> Vec<&str> {
    run.benchmarks.iter().map(|benchmark| benchmark.name.as_str()).collect()
}

fn close(found: f64, expected: f64) {
    assert!((found / expected - 1.0).abs() < 1e-12, "{found} is not {expected}");
}

#[test]
fn criterion_keeps_every_sample() {
    let run = read("criterion");
    assert_eq!(run.command, "import:criterion");
    assert_eq!(names(&run), ["sum 1000", "sums/xor", "sums/xor"]);
    assert_eq!(run.benchmarks[2].parameters["value"], "10000");
    let times = samples(&run.benchmarks[2], Metric::Time);
    assert_eq!((times.len(), times[0].len()), (1, 10));
    close(times[0][0], 665_740.0 / 325.0 * 1e-9);
    assert_eq!(run.benchmarks[2].outcome.measurements()[0].processes[0].calls_per_sample, 1788);
    // The samples of this one were not kept: the estimate stands for them.
    assert_eq!(samples(&run.benchmarks[1], Metric::Time)[0].len(), 1);
}

#[test]
fn divan_tells_medians_and_allocations() {
    let run = read("divan.txt");
    assert_eq!(
        names(&run),
        [
            "div::add",
            "div::sum::10",
            "div::sum::1000",
            "div::sum::100000",
            "div::vectors::make::String::10",
            "div::vectors::make::String::1000",
            "div::vectors::make::u8::10",
            "div::vectors::make::u8::1000",
        ]
    );
    close(samples(&run.benchmarks[0], Metric::Time)[0][0], 0.658e-9);
    close(samples(&run.benchmarks[3], Metric::Time)[0][0], 20.22e-6);
    assert_eq!(samples(&run.benchmarks[5], Metric::Allocations), [[1.0]]);
    assert_eq!(samples(&run.benchmarks[5], Metric::AllocatedBytes), [[24_000.0]]);
    assert_eq!(run.benchmarks[0].outcome.measurements()[0].processes[0].calls_per_sample, 4096);
    assert_eq!(run.benchmarks[0].outcome.measurements().len(), 1);
}

#[test]
fn hyperfine_times_processes() {
    let run = read("hyperfine.json");
    assert_eq!(names(&run), ["expr 1 + 1", "true", "expr 2 + 1", "true"]);
    assert_eq!(run.benchmarks[0].parameters["n"], "1");
    let times = samples(&run.benchmarks[0], Metric::Time);
    assert_eq!((times.len(), times[0].len()), (6, 1));
    close(times[0][0], 0.000_948_91);
    assert_eq!(samples(&run.benchmarks[0], Metric::ProcessorTime).len(), 1);
}

#[test]
fn google_benchmark_repeats_in_one_process() {
    let run = read("google-benchmark.json");
    assert_eq!(names(&run), ["BM_Fill/8/repeats:3", "BM_Fill/4096/repeats:3", "BM_Skip"]);
    let times = samples(&run.benchmarks[0], Metric::Time);
    assert_eq!((times.len(), times[0].len()), (1, 3));
    close(times[0][0], 6.744_097_745_604_763e-8);
    close(samples(&run.benchmarks[0], Metric::ProcessorTime)[0][0], 2.135_663_445_411_225e-8);
    let Outcome::Failed { message, .. } = &run.benchmarks[2].outcome else {
        panic!("{:?}", run.benchmarks[2])
    };
    assert_eq!(message, "no device here");
    assert_eq!(run.environment.logical_processors, 2);
    assert_eq!(run.environment.caches.len(), 4);
    assert_eq!(run.started, 1_795_255_207_000);
}

#[test]
fn pytest_benchmark_tells_commit_and_machine() {
    let run = read("pytest-benchmark.json");
    assert_eq!(
        names(&run),
        ["test_sums.py::test_sum", "test_sums.py::test_sum", "test_sums.py::test_sort"]
    );
    assert_eq!(run.benchmarks[1].parameters["n"], "1000");
    assert_eq!(samples(&run.benchmarks[0], Metric::Time)[0].len(), 12);
    assert_eq!(run.benchmarks[0].outcome.measurements()[0].processes[0].calls_per_sample, 50);
    assert_eq!(run.environment.dirty, Some(true));
    assert_eq!(run.environment.commit.as_deref().map(str::len), Some(40));
    assert!(run.environment.processor.contains("Xeon"), "{}", run.environment.processor);
    assert!(run.labels["python"].starts_with("CPython 3"));
}

#[test]
fn what_is_no_result_is_told_so() {
    let message = |content: &str| import::parse(content.as_bytes(), 0).unwrap_err();
    assert!(message("Hello").starts_with("it is none of the formats"));
    assert!(message("{}").starts_with("it is none of the formats"));
    assert!(message("{\"results\"").starts_with("it is no valid JSON"));
    assert!(message("{\"results\": [{}]}").contains("missing field `command`"));
    assert!(message("{\"results\": []}").contains("no benchmark of hyperfine"));
    let negative = r#"{"results": [{"command": "a", "median": 1, "times": [-1]}]}"#;
    assert!(message(negative).contains("cannot be negative"));
    let folder = import::read(&data("criterion/sum 1000/new")).unwrap_err().to_string();
    assert!(folder.contains("no results of criterion"), "{folder}");
}
