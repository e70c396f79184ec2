//! Measurements that nobody made: a suite of many benchmarks twice, devices side by side, a history with steps.

use std::collections::BTreeMap;
use std::sync::Arc;

use tachy_measure::{Agreement, Environment, Measurement, Metric, Series, WarmUp};
use tachy_profile::memory::{MemoryTracker, optimizations};
use tachy_profile::trace::{Machine, Operation, Overhead, Span, Thread, Trace, Work};
use tachy_report::whole::{MemoryInput, ReportInput};
use tachy_stats::Samples;
use tachy_store::{
    Benchmark, History, Outcome, Point, Run, RunHeader, RunId, SeriesKey, machine_identity,
};

/// 2026-05-01, in milliseconds.
const START: u64 = 1_777_593_600_000;

/// Processes of every benchmark.
const PROCESSES: usize = 5;

/// Splitmix64 (Steele, Lea and Flood 2014).
pub struct Random(pub u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Nearly normal: the sum of twelve uniform ones.
    pub fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}

fn environment() -> Environment {
    Environment {
        tachy: "0.1.0".to_owned(),
        system: "Linux (Debian GNU/Linux 13)".to_owned(),
        architecture: "x86_64".to_owned(),
        processor: "Example Processor 9000".to_owned(),
        logical_processors: 8,
        memory: 33_000_000_000,
        load: Some(0.4),
        commit: Some("4f1d2c7a90be".to_owned()),
        ..Environment::default()
    }
}

fn measurement(
    metric: Metric,
    typical: f64,
    samples: usize,
    noise: f64,
    random: &mut Random,
) -> Measurement {
    let mut series = || {
        let shift = 1.0 + 0.004 * random.normal();
        let sample = |random: &mut Random| {
            let late = if random.uniform() < 0.02 { 8.0 } else { 0.0 };
            let z = random.normal();
            (typical * shift * (1.0 + noise * (z + 0.5 * z.max(0.0) + late))).max(typical * 0.1)
        };
        let values = (0..samples).map(|_| sample(random)).collect();
        Series {
            samples: Samples::new(values).expect("positive numbers"),
            rounds: Vec::new(),
            calls_per_sample: 1,
        }
    };
    Measurement {
        metric,
        unit: metric.unit(),
        processes: (0..PROCESSES).map(|_| series()).collect(),
    }
}

fn benchmark(
    name: &str,
    device: &str,
    run: f64,
    noise: f64,
    samples: usize,
    random: &mut Random,
) -> Benchmark {
    let metrics = [
        (Metric::Run, run, samples),
        (Metric::Call, run * 1.004 + 2e-6, samples),
        (Metric::Compile, run * 8.0 + 4e-3, 1),
        (Metric::PeakMemory, 9e7 + run * 2e9, 1),
    ];
    let measurements =
        metrics.map(|(metric, typical, count)| measurement(metric, typical, count, noise, random));
    Benchmark {
        name: name.to_owned(),
        parameters: BTreeMap::from([
            ("device".to_owned(), device.to_owned()),
            ("threads".to_owned(), "4".to_owned()),
        ]),
        outcome: Outcome::Measured {
            agreement: Some(Agreement {
                max_absolute: 2e-6,
                max_relative: 1e-5,
                relative_l2: 3.1e-7,
                tolerance: 1e-4,
                output: "logits".to_owned(),
                fault: None,
            }),
            measurements: measurements.into(),
            warm_ups: (0..PROCESSES)
                .map(|_| WarmUp { calls: 30, seconds: 0.4, steady: true })
                .collect(),
        },
    }
}

fn run(started: u64, command: &str, benchmarks: Vec<Benchmark>) -> Run {
    Run {
        id: RunId::new(started),
        started,
        command: command.to_owned(),
        environment: environment(),
        labels: BTreeMap::new(),
        benchmarks,
    }
}

/// Devices side by side, with samples enough for their shapes.
fn comparison(random: &mut Random) -> Run {
    let devices =
        [("cpu", 30.2e-3), ("ort:cpu", 38.1e-3), ("openvino:cpu", 30.6e-3), ("rten", 71.9e-3)];
    let benchmarks =
        devices.map(|(device, time)| benchmark("zoo:resnet-18", device, time, 0.012, 40, random));
    run(START + 7_200_000, "compare", benchmarks.into())
}

/// A small suite, then the same a day later with one benchmark slower and one faster.
fn pair(random: &mut Random) -> [Run; 2] {
    let suite = |changes: [f64; 6], random: &mut Random| {
        let names = ["tokenise", "embed", "attention", "softmax", "decode", "detokenise"];
        let benchmarks = names.iter().zip(changes).enumerate();
        let time = |place: usize| 1e-4 * 1.9f64.powi(place as i32);
        benchmarks
            .map(|(place, (name, change))| {
                benchmark(name, "cpu", time(place) * change, 0.01 + 0.01 * place as f64, 60, random)
            })
            .collect()
    };
    let before = run(START, "bench", suite([1.0; 6], random));
    let after = run(START + 86_400_000, "bench", suite([1.0, 1.0, 1.22, 1.0, 0.9, 1.0], random));
    [before, after]
}

fn history(name: &str, levels: &[(usize, f64)], random: &mut Random) -> History {
    let machine = machine_identity(&environment());
    let mut number = 0;
    let mut points = Vec::new();
    for (count, level) in levels {
        for _ in 0..*count {
            let started = START + number * 43_200_000;
            number += 1;
            let header = RunHeader {
                id: RunId::new(started),
                started,
                command: "bench".to_owned(),
                environment: Environment {
                    commit: Some(format!("{:012x}", number * 7_919_131_071)),
                    ..environment()
                },
                labels: BTreeMap::new(),
            };
            let medians = (0..3).map(|_| level * (1.0 + 0.008 * random.normal())).collect();
            points.push(Point { run: Arc::new(header), medians, reference: None });
        }
    }
    let parameters = BTreeMap::from([("device".to_owned(), "cpu".to_owned())]);
    let key = SeriesKey { benchmark: name.to_owned(), parameters, metric: Metric::Run, machine };
    History { key, points }
}

/// So many measurements, and everything else that a report may hold.
pub fn input(count: usize) -> ReportInput {
    let mut random = Random(7);
    let mut runs = vec![comparison(&mut random)];
    runs.extend(pair(&mut random));
    let there: usize = runs.iter().map(|run| run.benchmarks.len() * 4).sum();
    let many = (0..count.saturating_sub(there).div_ceil(4))
        .map(|place| {
            let name = format!("model-{:03}/layer-{:02}", place / 20, place % 20);
            let time = 1e-5 * (1.0 + (place % 97) as f64);
            benchmark(&name, "cpu", time, 0.01 + 0.002 * (place % 13) as f64, 20, &mut random)
        })
        .collect();
    runs.push(run(START + 90_000_000, "cargo-bench", many));
    let histories = vec![
        history("zoo:resnet-18", &[(22, 33.1e-3), (18, 30.2e-3)], &mut random),
        history("attention", &[(14, 3.1e-4), (16, 2.6e-4), (12, 3.2e-4)], &mut random),
        history("tokenise", &[(40, 1.0e-4)], &mut random),
    ];
    ReportInput {
        title: "Nightly suite".to_owned(),
        runs,
        histories,
        traces: vec![trace()],
        memory: vec![memory()],
        ..ReportInput::default()
    }
}

/// A network of layers of four kinds, run many times, with a thread that fetches.
fn trace() -> Trace {
    let operation = |name: String, category: &str, flops: f64, bytes: f64| Operation {
        name,
        category: category.to_owned(),
        device: "cpu".to_owned(),
        detail: String::new(),
        work: (flops > 0.0).then_some(Work { flops, bytes, transferred: 0.0 }),
    };
    let mut random = Random(11);
    let mut operations = vec![
        operation("run".to_owned(), "Model", 0.0, 0.0),
        operation("fetch".to_owned(), "Input", 0.0, 0.0),
    ];
    let mut nanoseconds = vec![0.0, 40_000.0];
    for layer in 0..16 {
        let size = 1.0 + f64::from(layer % 5);
        let parts = [
            ("conv", "Conv", 4.0e7 * size, 1.1e6 * size, 1.5e6),
            ("norm", "BatchNormalization", 4.0e5 * size, 8.0e5 * size, 9.0e4),
            ("relu", "Relu", 1.0e5 * size, 8.0e5 * size, 6.0e4),
            ("add", "Add", 1.0e5, 4.0e3, 9.0e3),
        ];
        for (name, category, flops, bytes, time) in parts {
            operations.push(operation(format!("{name}{layer}"), category, flops, bytes));
            nanoseconds.push(time * size / 3.0);
        }
    }
    let mut spans = Vec::new();
    let mut at = 20_000;
    for _ in 0..40 {
        let start = at;
        let first = spans.len();
        spans.push(Span { operation: 0, thread: 0, start, duration: 0, depth: 0 });
        for (place, nanoseconds) in nanoseconds.iter().enumerate().skip(2) {
            let time = (nanoseconds * (1.0 + 0.05 * random.normal())).max(500.0) as u64;
            spans.push(Span {
                operation: place as u32,
                thread: 0,
                start: at + 300,
                duration: time,
                depth: 1,
            });
            at += time + 600;
        }
        spans[first].duration = at - start;
        at += 150_000;
    }
    let wall = at + 30_000;
    let step = wall / 400;
    spans.extend((0..400).map(|place| Span {
        operation: 1,
        thread: 1,
        start: place * step,
        duration: step / 3,
        depth: 0,
    }));
    let thread = |name: &str, id| Thread { name: name.to_owned(), id };
    Trace {
        name: "zoo:resnet-18 on cpu".to_owned(),
        started: START * 1_000_000,
        wall,
        operations,
        threads: vec![thread("main", 1), thread("loader", 2)],
        spans,
        stacks: None,
        memory: None,
        overhead: Overhead { per_span: 14.0, ..Overhead::default() },
        machine: Some(Machine {
            flops: 9.6e10,
            bandwidth: vec![(1.0e6, 2.4e11), (3.2e7, 9.0e10), (1.0e18, 2.1e10)],
            overhead: 2.0e-8,
            transfer: 0.0,
        }),
    }
}

/// What a tracker sees of a program that keeps its weights, makes buffers anew in each step and forgets a few.
fn memory() -> MemoryInput {
    let tracker = MemoryTracker::new();
    let weights = tracker.account("cpu", "weights");
    let buffers = tracker.account("cpu", "activations");
    let cache = tracker.account("cpu", "cache");
    let copies = tracker.account("gpu", "inputs");
    (0..24).for_each(|layer| weights.allocated(layer, 2 << 20));
    for step in 0..400u64 {
        let first = 1_000 + 10 * step;
        (first..first + 8).for_each(|id| buffers.allocated(id, (id % 8 + 1) << 17));
        copies.allocated(first, 1 << 20);
        (first..first + 8).for_each(|id| buffers.freed(id));
        copies.freed(first);
        cache.allocated(1 << 40 | step, 48 << 10);
        if step % 10 > 0 {
            cache.freed(1 << 40 | step);
        }
        // What is held is charted in stretches of microseconds.
        std::thread::sleep(std::time::Duration::from_micros(50));
    }
    let report = tracker.report();
    let events = tracker.events();
    let proposals =
        report.devices.iter().flat_map(|device| optimizations(&events, device)).collect();
    MemoryInput { optimizations: proposals, ..MemoryInput::of(report) }
}
