//! The harness from end to end: this program is a file of benchmarks, and the test that runs it.

// What people write in their Cargo.toml: `tachy = { package = "tachy-bench" }`.
extern crate tachy_bench as tachy;

use std::hint::black_box;
use std::path::Path;
use std::process::{Command, ExitCode, Output};

use serde_json::Value;
use tachy::Bencher;
use tachy_measure::Metric;
use tachy_store::{OpenOptions, Outcome, Place, Run};

#[global_allocator]
static ALLOCATOR: tachy::AllocationCounter = tachy::AllocationCounter::system();

#[tachy::bench]
fn plain() -> u64 {
    println!("What a benchmark prints does not disturb the harness.");
    (0..black_box(100)).sum()
}

#[tachy::bench(args = [1, 3], bytes = 100 * count)]
fn allocates(count: usize) -> Vec<Vec<u8>> {
    let mut all = Vec::with_capacity(count);
    all.extend((0..count).map(|_| black_box(Vec::with_capacity(100))));
    all
}

#[tachy::bench]
fn grows() -> Vec<u8> {
    let mut bytes = black_box(Vec::with_capacity(10));
    bytes.resize(10, 0);
    bytes.reserve_exact(30);
    black_box(bytes)
}

#[tachy::bench(args = ["short" => "abc".to_owned(), "long" => "abc".repeat(100)], bytes = text.len())]
fn reads(text: &str) -> usize {
    text.chars().count()
}

fn sizes() -> Vec<(String, usize)> {
    [10, 20].map(|size| (format!("{size} things"), size)).to_vec()
}

#[tachy::bench(named_args = sizes(), items = size)]
fn prepared(bencher: Bencher, size: usize) {
    bencher.with_inputs(|| vec![1_u64; size]).bench_refs(|values| values.reverse());
}

#[tachy::bench(args = 5..7)]
fn consumed(bencher: Bencher, size: usize) {
    bencher.with_inputs(|| vec![1_u64; size]).bench_values(|values| values.into_boxed_slice());
}

#[tachy::bench(types = [u8, Vec<u8>, dyn Fn(u8) -> u8], consts = [4, 16])]
fn generic<const N: usize, T: ?Sized>(bencher: Bencher) {
    let kind = std::any::type_name::<T>();
    bencher.items(N as u64).bench(|| black_box([0_u8; N]).len() + black_box(kind).len());
}

#[tachy::bench]
fn panics() {
    panic!("out of luck");
}

#[tachy::bench(args = [0, 1 / black_box(0)])]
fn has_no_arguments(_n: u32) {}

#[tachy::bench]
fn aborts() {
    std::process::abort();
}

#[tachy::bench]
fn hangs() {
    if std::env::args().any(|word| word == "__worker") {
        loop {
            std::thread::park();
        }
    }
}

#[tachy::bench]
fn measures_nothing(_: Bencher) {}

fn main() -> ExitCode {
    if std::env::args()
        .skip(1)
        .any(|word| ["__worker", "--bench", "--list"].contains(&word.as_str()))
    {
        return tachy::__bench::main();
    }
    what_there_is_is_listed();
    parts_make_the_whole();
    what_is_measured_is_told_and_stored();
    what_fails_is_a_row();
    what_is_run_once_is_not_measured();
    ExitCode::SUCCESS
}

const ALL: [&str; 20] = [
    "harness::plain",
    "harness::allocates(count=1)",
    "harness::allocates(count=3)",
    "harness::grows",
    "harness::reads(text=short)",
    "harness::reads(text=long)",
    "harness::prepared(size=10 things)",
    "harness::prepared(size=20 things)",
    "harness::consumed(size=5)",
    "harness::consumed(size=6)",
    "harness::generic(N=4, T=u8)",
    "harness::generic(N=16, T=u8)",
    "harness::generic(N=4, T=Vec<u8>)",
    "harness::generic(N=16, T=Vec<u8>)",
    "harness::generic(N=4, T=dyn Fn(u8)->u8)",
    "harness::generic(N=16, T=dyn Fn(u8)->u8)",
    "harness::panics",
    "harness::has_no_arguments",
    "harness::aborts",
    "harness::hangs",
];

/// A folder of its own, so that no `tachy.toml` and no store of the project has a say.
fn start(folder: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let unset = ["TACHY_STORE", "GITHUB_RUN_ID", "SLURM_ARRAY_JOB_ID"];
    for name in unset {
        command.env_remove(name);
    }
    command.args(words).current_dir(folder).output().unwrap()
}

fn bench(folder: &Path, words: &[&str]) -> Output {
    let mut all = vec!["--bench", "--processes", "2", "--time", "0.04", "--format", "json"];
    all.extend(words);
    start(folder, &all)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn list(words: &[&str]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let mut all = vec!["--list"];
    all.extend(words);
    let output = start(folder.path(), &all);
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout).lines().map(str::to_owned).collect()
}

fn what_there_is_is_listed() {
    let mut all: Vec<String> = ALL.map(str::to_owned).to_vec();
    all.push("harness::measures_nothing".to_owned());
    assert_eq!(list(&[]), all);
    assert_eq!(list(&["reads", "=5"]), [&ALL[4..6], &ALL[8..9]].concat());
    assert_eq!(list(&["harness::reads", "--exact"]), &ALL[4..6]);
    assert_eq!(list(&["harness::reads(text=long)", "--exact"]), &ALL[5..6]);
    assert_eq!(list(&["read", "--exact"]), Vec::<String>::new());
    assert_eq!(list(&["plain", "--format", "terse"]), ["harness::plain: benchmark"]);
    assert!(list(&["--ignored"]).is_empty());
}

fn parts_make_the_whole() {
    let parts: Vec<Vec<String>> =
        (1..=3).map(|part| list(&["--partition", &format!("{part}/3")])).collect();
    let mut whole = parts.concat();
    whole.sort();
    let mut all = list(&[]);
    all.sort();
    assert_eq!(whole, all);
    // What a filter leaves stays in its part.
    for (number, part) in parts.iter().enumerate() {
        let filtered = list(&["generic", "--partition", &format!("{}/3", number + 1)]);
        let expected: Vec<&String> = part.iter().filter(|id| id.contains("generic")).collect();
        assert_eq!(filtered.iter().collect::<Vec<_>>(), expected);
    }
}

/// The benchmark of this id, and its figures.
fn find<'a>(document: &'a Value, id: &str) -> (&'a Value, &'a Value) {
    let in_list = |path: &str| {
        let list = document.pointer(path).unwrap().as_array().unwrap();
        list.iter().find(|row| row["id"] == id).unwrap_or_else(|| panic!("{id} is not in {path}"))
    };
    (in_list("/benchmarks"), in_list("/summary/benchmarks"))
}

fn median(figures: &Value, metric: &str) -> f64 {
    let list = figures["figures"].as_array().unwrap();
    let figure = list.iter().find(|figure| figure["metric"] == metric).unwrap();
    figure["pooled"]["median"].as_f64().unwrap()
}

fn what_is_measured_is_told_and_stored() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("tachy.toml"), "store = \"runs.sqlite\"\nseed = 7\n")
        .unwrap();
    let wanted = ["plain", "allocates", "grows", "reads", "prepared", "consumed"];
    let words = ["--save", "--label", "branch=main", "--partition", "1/1", "--suite", "nightly"];
    let output = bench(folder.path(), &[&wanted[..], &words[..]].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["summary"]["headline"], "10 benchmarks timed.");
    assert_eq!(document["settings"]["seed"], 7);

    // Allocations are exact.
    let counts = |id: &str| {
        let figures = find(&document, id).1;
        (median(figures, "allocations"), median(figures, "allocated_bytes"))
    };
    let spine = size_of::<Vec<u8>>() as f64;
    assert_eq!(counts("harness::plain"), (0.0, 0.0));
    assert_eq!(counts("harness::allocates(count=1)"), (2.0, 100.0 + spine));
    assert_eq!(counts("harness::allocates(count=3)"), (4.0, 300.0 + 3.0 * spine));
    assert_eq!(counts("harness::grows"), (2.0, 40.0));
    assert_eq!(counts("harness::prepared(size=10 things)"), (0.0, 0.0));
    assert_eq!(counts("harness::consumed(size=6)"), (0.0, 0.0));

    let (row, figures) = find(&document, "harness::reads(text=long)");
    assert_eq!(row["name"], "harness::reads");
    assert_eq!(row["parameters"]["text"], "long");
    assert_eq!(row["parameters"]["package"], "tachy-bench");
    assert_eq!(row["throughput"]["bytes"], 300);
    let time = figures["figures"][0]["typical"]["value"].as_f64().unwrap();
    let rate = figures["per_second"].as_f64().unwrap();
    assert!((rate * time / 300.0 - 1.0).abs() < 1e-9, "{rate} {time}");
    assert_eq!(find(&document, "harness::prepared(size=20 things)").0["throughput"]["items"], 20);

    // The run has what the document has.
    let place = Place::new(folder.path().join("runs.sqlite").to_str().unwrap());
    let mut store =
        tachy_store::open_with(&place, OpenOptions { create: false, ..OpenOptions::default() })
            .unwrap();
    let id = store.find("latest").unwrap();
    let run: Run = store.run(id).unwrap();
    assert_eq!(run.command, "cargo-bench");
    for (name, value) in [("branch", "main"), ("partition", "1/1"), ("suite", "nightly")] {
        assert_eq!(run.labels[name], value);
    }
    let is_long = |text: &String| text == "long";
    let mut benchmarks = run.benchmarks.iter();
    let reads = benchmarks.find(|benchmark| benchmark.parameters.get("text").is_some_and(is_long));
    assert_eq!(reads.unwrap().parameters["bytes"], "300");
    // The last one is the kernel that never changes, of all processes.
    assert_eq!(run.benchmarks.len(), 11);
    assert_eq!(run.benchmarks[10].name, tachy_store::REFERENCE);
    assert_eq!(run.benchmarks[10].outcome.measurements()[0].processes.len(), 2 * 10);
    let tick = run.environment.clock_tick;
    for (benchmark, row) in run.benchmarks.iter().zip(document["benchmarks"].as_array().unwrap()) {
        assert_eq!(row["name"], benchmark.name.as_str());
        let Outcome::Measured { measurements, warm_ups, .. } = &benchmark.outcome else {
            panic!("{} was not measured", benchmark.name)
        };
        assert_eq!(serde_json::to_value(measurements).unwrap(), row["outcome"]["measurements"]);
        assert_eq!(warm_ups.len(), 2);
        let time = &measurements[0];
        assert_eq!((time.metric, time.processes.len()), (Metric::Time, 2));
        for series in &time.processes {
            assert!(!series.samples.is_empty());
            // Every process finds out about the clock by itself, so this one's tick is no strict bound.
            let lasts = series.samples.values()[0] * f64::from(series.calls_per_sample);
            assert!(lasts > 100.0 * tick, "{}: {lasts} s, tick {tick} s", benchmark.name);
        }
    }
}

fn what_fails_is_a_row() {
    let folder = tempfile::tempdir().unwrap();
    let wanted =
        ["plain", "panics", "has_no", "aborts", "hangs", "measures_nothing", "--timeout", "2"];
    let output = bench(folder.path(), &wanted);
    assert_eq!(output.status.code(), Some(1));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["summary"]["headline"], "1 benchmark timed, 5 failed.");
    let message = |name: &str| {
        let rows = document["benchmarks"].as_array().unwrap();
        let row = rows.iter().find(|row| row["id"] == format!("harness::{name}")).unwrap();
        assert_eq!(row["outcome"]["state"], "failed");
        row["outcome"]["message"].as_str().unwrap().to_owned()
    };
    let contains = |name: &str, expected: &str| {
        let message = message(name);
        assert!(message.contains(expected), "{name}: {message}");
    };
    contains("panics", "it panicked at ");
    contains("panics", ": out of luck");
    contains("has_no_arguments", "divide by zero");
    contains("aborts", if cfg!(unix) { "signal 6 (abort)" } else { "its process ended early" });
    contains("hangs", "did not answer within 2 s");
    contains("measures_nothing", "without measuring anything");
    // Nothing was said about storing.
    assert!(!folder.path().join(".tachy").exists());

    let table =
        start(folder.path(), &["--bench", "plain", "panics", "--processes", "2", "--time", "0.02"]);
    let table = text(&table.stdout);
    assert!(table.starts_with("1 benchmark timed, 1 failed.\n"), "{table}");
    assert!(table.contains("\nharness::plain "), "{table}");
    assert!(table.contains("out of luck"), "{table}");
}

fn what_is_run_once_is_not_measured() {
    let folder = tempfile::tempdir().unwrap();
    let output = bench(folder.path(), &["--test", "plain", "generic", "prepared"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let told = text(&output.stdout);
    assert_eq!(told.matches("ok     harness::").count(), 9, "{told}");
    let output = bench(folder.path(), &["--test", "plain", "panics", "measures_nothing"]);
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output.stdout);
    assert_eq!(told.matches("FAILED harness::").count(), 2, "{told}");
}
